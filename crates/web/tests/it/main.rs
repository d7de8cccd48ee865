//! The whole server in one process, on a clock of our own: every surface, a real store, a real engine, real receivers.

mod bitrise;
mod breaker;
mod incoming;
mod oversize;
mod register_webhook;
mod three_dialects;
mod topics;
mod websub;
mod world;
