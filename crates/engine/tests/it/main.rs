//! The engine as a whole, against receivers on loopback and a store that only records.

mod sending;
mod world;
