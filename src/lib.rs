//! Pairing-based proxy re-encryption of health records, with the patient's consent on an endorse-and-commit ledger: the
//! scheme of Bong and Jang (Journal of Mobile Multimedia 19(4), 2023, doi 10.13052/jmm1550-4646.1944).
//!
//! **Research code. Not audited.** Operations on secrets are constant-time with the feature `blst`, except by the engine
//! `plain`; SECURITY.md has the table. The scheme is bidirectional, multi-hop,
//! interactive and not collusion-resistant. The README of the repository has the security status in full.
//!
//! ```
//! use phi_pre::pre::{Params, ReKey, Scope, Seed, SharedSecret};
//! use rand_chacha::ChaCha20Rng;
//! use rand_core::SeedableRng;
//!
//! let rng = &mut ChaCha20Rng::seed_from_u64(1); // a deployment seeds from the operating system
//! let params = Params::new(Seed::random(rng)); // g1, g2, k_s
//!
//! // The patient shares sk with each hospital; k_d = f(sk, k_s || record).
//! let k_d = params.derive(&SharedSecret::from_bytes([1; 32]), Scope::Record(b"2026-0417"));
//! let k_d_prime = params.derive(&SharedSecret::from_bytes([2; 32]), Scope::Record(b"2026-0417"));
//! let (k_e, k_e_prime) = (k_d.encryption_key(&params), k_d_prime.encryption_key(&params));
//!
//! let (capsule, m) = k_d.public_key(&params).encapsulate(&params, rng); // hospital A
//! let k_re = ReKey::new(&k_e, &k_e_prime)?; // the patient, Equation 1
//! let again = k_re.reencrypt(&capsule); // the cloud, Equation 2
//! assert!(k_e_prime.decapsulate(&again) == m); // hospital B, Equation 3
//! # Ok::<(), phi_pre::pre::SameKey>(())
//! ```
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
#![cfg_attr(feature = "schemes", doc = "| not in the paper: schemes to compare with | [`schemes`] |")]
#![cfg_attr(feature = "ledger", doc = "| section 2.3, MSP and registration | [`identity`] |")]
#![cfg_attr(feature = "ledger", doc = "| sections 2.3 and 3.1, Fig. 2, the ledger | [`ledger`] |")]
#![cfg_attr(feature = "ledger", doc = "| section 3.2, the four transactions | [`contract`] |")]
#![cfg_attr(feature = "fabric", doc = "| the paper's own platform, Hyperledger Fabric | [`fabric`] |")]
#![cfg_attr(feature = "flow", doc = "| Figs. 3 and 4, the actors | [`flow`] |")]
//!
//! # Features
//!
//! | feature | brings | default |
//! |---|---|---|
//! | `parallel` | batches and chunks on all cores (rayon) | yes |
//! | `blst` | single curve operations by blst in place of arkworks | yes |
//! | `envelope` | encrypted records: bytes, streams, files, bulk jobs | |
//! | `ledger` | the membership service, the ledger and its contract | |
//! | `fabric` | the contract as chaincode of Hyperledger Fabric, and a client of Fabric's gateways; includes `ledger` | |
//! | `flow` | the actors of Figures 2 to 4, storage; includes `envelope` and `ledger` | |
//! | `s3` | stores that speak S3; includes `flow` | |
//! | `schemes` | this scheme, keys by name, and AFGH 2006, BBS 1998, GA 2007 and LV 2008 to compare with; includes `blst` | |
//! | `serde` | serde's traits on public types | |
//! | `hazmat` | entry points that take the randomness itself: for test vectors alone | |
//!
//! Each module uses only those below it: `flow`, `fabric`, `contract`, `ledger`, `identity`, `envelope`, `integrity`, `identifier`,
//! `schemes`, `pre`, `group`, and at the bottom [`wire`], [`hash`], [`secret`], [`error`] and times. [`paper`] stands alone.
#![cfg_attr(docsrs, feature(doc_cfg))]

/// The examples of the README are compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(feature = "envelope")]
mod aead;
mod constant_time;
#[cfg(feature = "ledger")]
pub mod contract;
#[cfg(feature = "envelope")]
pub mod envelope;
pub mod error;
#[cfg(feature = "fabric")]
pub mod fabric;
#[cfg(feature = "flow")]
pub mod flow;
#[cfg(any(feature = "ledger", all(feature = "envelope", not(target_family = "wasm"))))]
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
mod parallel;
pub mod pre;
#[cfg(feature = "schemes")]
pub mod schemes;
pub mod secret;
#[cfg(feature = "ledger")]
pub mod time;
pub mod wire;
