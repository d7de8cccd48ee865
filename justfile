# The tasks of this repository. `./test` needs none of this; these are shorter names.

# Lists the tasks
default:
    @just --list

# The inner loop: format, lints, Rust tests
check:
    ./test --quick

# Everything, published clients and crash loops included
test-all:
    ./test

# Tests of one crate: `just test domain`
test crate:
    cargo nextest run -p {{ crate }}

# Formats the Rust code
fmt:
    cargo fmt --all

# Lints as CI does
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# Runs the server, with hooks to this machine allowed
run *flags:
    cargo run -- serve --egress-allow loopback {{ flags }}

# One file of the suites with published clients: `just interop stories/push.test.mjs`
interop file:
    cargo build -p postrider
    node --test interop/{{ file }}
