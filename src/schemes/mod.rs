//! Schemes of proxy re-encryption to compare with, on the groups and engines of this crate. **For research alone.**
//!
//! [`Scheme`] has the algorithms in the words of the field: KeyGen, ReKeyGen, Enc, ReEnc, Dec. Each scheme is one file,
//! which begins with its source and its equations in the letters of its paper.
//!
//! A delegates to B. `transferable`: whether the proxy and B can hand on, without A, the power to read what A receives.
//! Sizes are bytes; names (identities, scopes) are not counted.
//!
#![doc = include_str!("table.md")]
//!
//! The types of a scheme say the hops, and what ReKeyGen takes of B. An experiment decides what it can decide: round
//! trips, wrong keys, hops, inverted and joined keys, collusion and what it hands on, altered ciphertexts, sizes. An
//! experiment cannot show that something is impossible. Two statements therefore rest on the papers: that no method
//! makes a one-way key work backwards, and that a collusion finds nothing else. The proofs in the papers are for other
//! pairings than Type 3, and are not repeated here.
//!
//! ReEnc and the decryption of C' have forms for many ciphertexts, [`Scheme::re_enc_many`] and [`Scheme::dec_re_many`],
//! which use the batches of the engines for pairings, powers in GT and powers in G1. Every value has a checked decoder,
//! [`Decoding`].
//!
//! Departure of all files: Enc draws M itself (a KEM), as [`pre`](crate::pre) does.
//!
//! ```
//! use phi_pre::schemes::{Afgh06, Scheme};
//! use rand_chacha::ChaCha20Rng;
//! use rand_core::SeedableRng;
//!
//! fn deliver<S: Scheme>() -> bool {
//!     let rng = &mut ChaCha20Rng::seed_from_u64(1); // a deployment seeds from the operating system
//!     let setup = S::setup(rng);
//!     let (pk_a, sk_a) = S::key_gen(&setup, b"A", rng);
//!     let (pk_b, sk_b) = S::key_gen(&setup, b"B", rng);
//!     let (c, m) = S::enc(&pk_a, rng);
//!     let Ok(rk) = S::re_key_gen(&sk_a, S::delegatee(&pk_b, &sk_b), rng) else { return false };
//!     let Ok(c_prime) = S::re_enc(&rk, &c, rng) else { return false };
//!     S::dec_re(&sk_b, &c_prime).is_ok_and(|read| read == m)
//! }
//! assert!(deliver::<Afgh06>());
//! ```

pub mod afgh06;
pub mod bbs98;
pub mod bong_jang;
pub mod by_name;
pub mod ga07;
pub mod lv08;
mod scheme;
mod table;

pub use afgh06::Afgh06;
pub use bbs98::Bbs98;
pub use bong_jang::BongJang;
pub use by_name::ByName;
pub use ga07::Ga07;
pub use lv08::Lv08;
pub use scheme::{Bytes, Decoding, Direction, Encoding, Message, Notion, Properties, Scheme};
pub use table::{Row, markdown, rows};

#[cfg(test)]
mod tests;
