//! What is wrong with a configuration.

use std::fmt;

/// One thing that is wrong, or one that is merely odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The part of the configuration, if the text does not name it: `workflow a`.
    pub(crate) place: Option<String>,
    /// A sentence; those the contract knows word by word are so (9.2, 9.3).
    pub(crate) text: String,
}

impl Problem {
    /// Of the configuration as a whole.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { place: None, text: text.into() }
    }

    /// Of a part of it.
    pub(super) fn of(place: &str, text: impl Into<String>) -> Self {
        Self { place: Some(place.to_owned()), text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.text)
    }
}
