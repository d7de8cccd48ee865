//! The tables of the contract, and what they do not say.

mod configs;
mod robust;
mod tables;
