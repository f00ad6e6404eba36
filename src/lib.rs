//! draft
#[cfg(feature = "envelope")]
pub mod envelope;
pub mod error;
pub mod group;
pub mod hash;
pub mod identifier;
#[cfg(feature = "ledger")]
pub mod identity;
pub mod integrity;
pub mod paper;
pub mod pre;
pub mod secret;
pub mod wire;
