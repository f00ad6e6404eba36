#![doc = include_str!("../README.md")]
//!
//! # From the paper to the modules
//!
//! | paper | module |
//! |---|---|
//! | section 3.2, Equations 1-3 as printed | [`paper`] |
//! | g1, g2, e, Z_q | [`group`] |
//! | sk, k_s, f, k_d, k_e, k_re, C, C', Z | [`pre`] |
//! | ID_i, multi-vectors | [`identifier`] |
//! | Fig. 5, integrity | [`integrity`] |
#![cfg_attr(feature = "envelope", doc = "| encrypted records in the cloud | [`envelope`] |")]
#![cfg_attr(feature = "ledger", doc = "| section 2.3, MSP and registration | [`identity`] |")]
#![cfg_attr(feature = "ledger", doc = "| sections 2.3 and 3.1, Fig. 2, the ledger | [`ledger`] |")]
#![cfg_attr(feature = "ledger", doc = "| section 3.2, the four transactions | [`contract`] |")]
#![cfg_attr(feature = "flow", doc = "| Figs. 3 and 4, the actors | [`flow`] |")]
//!
//! Each floor uses only those below it: `flow`, `contract`, `ledger`, `identity`, `envelope`, `integrity`,
//! `identifier`, `pre`, `group`, and on the ground [`wire`], [`hash`], [`secret`], [`error`]. [`paper`] stands alone.

#[cfg(feature = "ledger")]
pub mod contract;
#[cfg(feature = "envelope")]
pub mod envelope;
pub mod error;
#[cfg(feature = "flow")]
pub mod flow;
#[cfg(any(feature = "envelope", feature = "ledger"))]
mod folder;
pub mod group;
pub mod hash;
pub mod identifier;
#[cfg(feature = "ledger")]
pub mod identity;
pub mod integrity;
#[cfg(feature = "ledger")]
pub mod ledger;
pub mod paper;
#[cfg(any(feature = "envelope", feature = "ledger"))]
mod parallel;
pub mod pre;
pub mod secret;
#[cfg(feature = "ledger")]
pub mod time;
pub mod wire;
