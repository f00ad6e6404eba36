//! The messages of the ledger: what the participants, the orderer and the peers sign, hash, send and store.
//!
//! Each type has one canonical encoding ([`wire`](crate::wire)). Nothing here reads a state, a file or a clock.

pub mod block;
pub mod config;
pub mod endorsement;
pub mod policy;
pub mod proposal;
pub mod rwset;
pub mod verdict;
