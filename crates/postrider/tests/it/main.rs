//! Stories of the whole program, run as users run it.

mod cli;
mod git;
mod git_attach;
mod git_push;
mod git_spool;
mod running;
mod trigger;
