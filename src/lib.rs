//! draft
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "envelope")]
pub mod envelope;
pub mod error;
#[cfg(feature = "flow")]
pub mod flow;
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
