//! octocrab as it is against Postrider: checks 38 and 40 of the GitHub contract.

mod deliveries;
mod goldens;
mod organizations;
mod receiver;
mod server;
