//! The AEADs of envelopes and messages: AES-256-GCM (NIST SP 800-38D) and ChaCha20-Poly1305 (RFC 8439), with keys of 32
//! bytes, nonces of 12 and tags of 16.
//!
//! aws-lc-rs computes them. Departure: it cannot be built for WebAssembly, where the crates aes-gcm and chacha20poly1305
//! take its place. Their source is constant-time too, and both pass the same cases of Wycheproof.

mod algorithm;
#[cfg(not(target_family = "wasm"))]
mod aws_lc;
#[cfg(any(test, target_family = "wasm"))]
mod portable;

#[cfg(not(target_family = "wasm"))]
pub(crate) use aws_lc::Aead;
#[cfg(target_family = "wasm")]
pub(crate) use portable::Aead;

pub(crate) use algorithm::{Algorithm, NONCE_BYTES, TAG_BYTES};

#[cfg(test)]
mod tests;
