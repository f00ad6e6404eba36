//! draft
pub mod error;
pub mod group;
pub mod hash;
pub mod identifier;
#[cfg(feature = "ledger")]
pub mod identity;
pub mod secret;
pub mod wire;
