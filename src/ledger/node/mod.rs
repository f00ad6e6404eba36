//! The nodes of a channel, and what is done with the folders of stopped ones.

mod accepted;
mod catch_up;
mod chain;
mod committer;
mod endorse;
pub mod error;
pub mod memory;
pub mod network;
pub mod orderer;
pub mod peer;
pub mod repair;
mod revocations;
pub mod signer;
pub mod verify;
