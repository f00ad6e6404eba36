//! draft
#[cfg(feature = "ledger")]
pub mod contract;
pub mod error;
pub mod group;
pub mod hash;
pub mod identifier;
#[cfg(feature = "ledger")]
pub mod identity;
#[cfg(feature = "ledger")]
pub mod ledger;
pub mod secret;
pub mod wire;
