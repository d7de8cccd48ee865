//! The variables a build's command gets: the platform's, then those its parameters and secrets bring.

use std::collections::HashMap;

/// The longest variable that is set, name and `=` included: Linux takes no longer string.
const MAX_VARIABLE: usize = 128 * 1024 - 1;
/// The most that all variables may have together; Linux takes some 2 MiB, the command's arguments included.
const MAX_ALL: usize = 1024 * 1024;

/// Names that say how programs are found or started: whoever may trigger a build could make the operator's command
/// another one with them.
const RESERVED: [&str; 8] = ["PATH", "HOME", "TMPDIR", "IFS", "ENV", "BASH_ENV", "SHELLOPTS", "PS4"];
/// Beginnings of such names.
const RESERVED_PREFIXES: [&str; 4] = ["LD_", "DYLD_", "BASH_FUNC_", "POSTRIDER_"];

/// Variables, in the order in which they were set.
#[derive(Debug, Default)]
pub(super) struct Variables {
    all: Vec<(String, String)>,
    places: HashMap<String, usize>,
    /// How many of them the platform set; those stay as they are.
    platform: usize,
    size: usize,
    /// What was left out, and why: for the build's log. Names only.
    pub(super) left_out: Vec<String>,
}

impl Variables {
    /// The platform's own.
    pub(super) fn new(platform: Vec<(String, String)>) -> Self {
        let mut variables = Self::default();
        for (name, value) in platform {
            variables.set(name, value);
        }
        variables.platform = variables.all.len();
        variables
    }

    /// Adds one that somebody gave. With `expand`, `$NAME` and `${NAME}` in its value become what was set before. Returns
    /// its value, unless it was left out.
    pub(super) fn add(&mut self, name: &str, value: &str, expand: bool) -> Option<&str> {
        let protected = self.places.get(name).is_some_and(|place| *place < self.platform);
        let refusal = if !is_name(name) {
            Some("is no name of a variable")
        } else if protected || RESERVED.contains(&name) || RESERVED_PREFIXES.iter().any(|start| name.starts_with(start))
        {
            Some("is set by the platform")
        } else {
            None
        };
        if let Some(refusal) = refusal {
            self.left_out.push(format!("{} {refusal}", shown(name)));
            return None;
        }
        let value = if expand { self.expand(value) } else { value.to_owned() };
        self.set(name.to_owned(), value)
    }

    /// All of them.
    pub(super) fn into_pairs(self) -> Vec<(String, String)> {
        self.all
    }

    fn set(&mut self, name: String, value: String) -> Option<&str> {
        let length = name.len() + value.len() + 1;
        if value.contains('\0') {
            self.left_out.push(format!("{name} contains a NUL"));
            None
        } else if length > MAX_VARIABLE || self.size + length > MAX_ALL {
            self.left_out.push(format!("{name} is too long for a variable"));
            None
        } else {
            self.size += length;
            let place = *self.places.entry(name.clone()).or_insert(self.all.len());
            if place == self.all.len() {
                self.all.push((name, value));
            } else {
                self.all[place].1 = value;
            }
            Some(&self.all[place].1)
        }
    }

    /// What is not set is empty, as in a shell.
    fn expand(&self, value: &str) -> String {
        let mut out = String::with_capacity(value.len());
        let mut rest = value;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let braced = after.strip_prefix('{').and_then(|inner| inner.split_once('}')).map(|(name, _)| name);
            let plain = &after[..after.find(|c: char| !is_name_char(c)).unwrap_or(after.len())];
            let (name, length) = match braced {
                Some(name) => (name, name.len() + 2),
                None => (plain, plain.len()),
            };
            if is_name(name) {
                out.push_str(self.places.get(name).map_or("", |place| &self.all[*place].1));
                rest = &after[length..];
            } else {
                out.push('$');
                rest = after;
            }
            // A value that names others over and over would double with each.
            if out.len() > MAX_VARIABLE {
                return out;
            }
        }
        out.push_str(rest);
        out
    }
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Can it name a variable in a shell?
fn is_name(name: &str) -> bool {
    name.len() <= 256 && name.starts_with(|c: char| !c.is_ascii_digit()) && name.chars().all(is_name_char)
}

/// A stranger's name, safe in a log.
fn shown(name: &str) -> String {
    name.chars().take(40).collect::<String>().escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform() -> Variables {
        let own = [("PATH", "/bin"), ("BITRISE_BUILD_NUMBER", "7"), ("BITRISE_GIT_BRANCH", "main")];
        Variables::new(own.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }

    fn value<'a>(variables: &'a Variables, name: &str) -> &'a str {
        &variables.all[variables.places[name]].1
    }

    #[test]
    fn values_may_name_what_was_set_before() {
        let mut variables = platform();
        variables.add("A", "build ${BITRISE_BUILD_NUMBER} of $BITRISE_GIT_BRANCH!", true);
        variables.add("B", "$A $A", true);
        variables.add("C", "$A ${A}", false);
        variables.add("D", "$MISSING|$5|${|$|${not a name}|$B", true);
        assert_eq!(value(&variables, "A"), "build 7 of main!");
        assert_eq!(value(&variables, "B"), "build 7 of main! build 7 of main!");
        assert_eq!(value(&variables, "C"), "$A ${A}");
        assert_eq!(value(&variables, "D"), format!("|$5|${{|$|${{not a name}}|{}", value(&variables, "B")));
    }

    #[test]
    fn what_is_no_name_or_the_platforms_is_left_out() {
        let mut variables = platform();
        for name in ["", "A=B", "1A", "A B", "Ä", "PATH", "LD_PRELOAD", "BASH_ENV", "BITRISE_BUILD_NUMBER", "A\nB"] {
            variables.add(name, "x", true);
        }
        variables.add("NUL", "a\0b", true);
        variables.add("LONG", &"x".repeat(MAX_VARIABLE), true);
        assert_eq!(variables.all.len(), 3);
        assert_eq!(variables.left_out.len(), 12);
        assert_eq!(variables.left_out[8], "BITRISE_BUILD_NUMBER is set by the platform");
        assert!(variables.left_out[9].starts_with("A\\nB "));
    }

    #[test]
    fn the_last_of_a_name_wins_and_all_together_stay_small() {
        let mut variables = platform();
        variables.add("A", "1", true);
        variables.add("A", "2", true);
        assert_eq!(value(&variables, "A"), "2");
        variables.add("A0", &"x".repeat(100_000), true);
        for n in 1..40 {
            variables.add(&format!("A{n}"), &format!("${{A{}}}$A{}", n - 1, n - 1), true);
        }
        let size: usize = variables.all.iter().map(|(name, value)| name.len() + value.len() + 1).sum();
        assert!(size <= MAX_ALL);
    }
}
