//! The open hub (contract websub): every check of section 16 that one server can make of itself, section 13 restated,
//! and the rules between them. Subscribers and publishers are one scripted server on loopback.

mod asking;
mod denying;
mod distributing;
mod guarding;
mod hub;
mod leases;
mod limits;
mod publishing;
mod rocks;
mod site;
mod states;
mod surviving;
mod verifying;
