//! draft
pub mod error;
pub mod group;
pub mod hash;
pub mod identifier;
pub mod secret;
pub mod wire;
