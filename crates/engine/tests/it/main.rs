//! The engine as a whole: against receivers on loopback, and with the embedded store behind it.

mod breaking;
mod building;
mod delivering;
mod guarding;
mod keeping;
mod script;
mod sending;
mod skipping;
mod world;
