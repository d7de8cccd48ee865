//! The cases of contract bitrise section 12, and what they leave open.

mod cases;
mod robust;
mod signatures;
