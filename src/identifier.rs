//! Multi-vector identifiers: one person, k pseudonyms.
//!
//! Paper: section 3.2, user registration and "Transmission of medical data" (ID_i, i = 1..k), and the dis-connectivity
//! claim of section 4.2.
//!
//! ```text
//! v_1..v_k  <- independent 256-bit values, handed over at registration
//! ID_i       = HMAC-SHA256(v_i, "id" || uid)
//! ```
//!
//! Departure: the paper hashes v_i "to" the unique identifier; read literally that is H(uid || v_i), which is kept as
//! [`literal`]. HMAC with the secret v_i as its key is the standard form of the same idea and a PRF by assumption.

pub mod exposure;

use crate::error::DecodeError;
use crate::hash::{Digest, hmac, label, sha256};
use crate::secret::Secret;
use crate::wire::{Reader, Wire, Writer};
use core::fmt;
use rand_core::CryptoRng;

/// The unique identifier that the authority gives a person: 32 random bytes, independent of all personal data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub [u8; 32]);

impl UserId {
    /// A fresh identifier.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

/// Never printed whole: who holds uid and one v_i links that bucket of records.
impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserId(<redacted>)")
    }
}

/// One of the k vectors v_i: 32 secret bytes.
#[derive(Clone, Debug)]
pub struct Vector(Secret<[u8; 32]>);

impl Vector {
    /// A fresh vector, independent of all others.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self::from_bytes(bytes)
    }

    /// A vector received at registration.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes, to be handed over sealed.
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// ID_i: the name under which a record stands on the ledger. 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym(pub [u8; 32]);

impl Pseudonym {
    /// ID_i = HMAC-SHA256(v_i, "id" || uid).
    pub fn derive(uid: &UserId, vector: &Vector) -> Self {
        Self(hmac(vector.expose(), label::PSEUDONYM, &uid.0).0)
    }
}

/// The literal reading H(uid || v_i), for comparison with other implementations of the paper.
pub fn literal(uid: &UserId, vector: &Vector) -> Pseudonym {
    Pseudonym(sha256(&[&uid.0, vector.expose()]).0)
}

/// The vector for the n-th record (from 0) of a person with `k` vectors: they take turns, so each pseudonym carries
/// at most ⌈n/k⌉ records. None where `k` is zero.
pub const fn rotate(n: usize, k: usize) -> Option<usize> {
    n.checked_rem(k)
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Digest(self.0).fmt(f)
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ID({self})")
    }
}

impl Wire for Pseudonym {
    const NAME: &'static str = "pseudonym";

    fn write(&self, out: &mut Writer) {
        out.raw(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(Self::NAME).map(Self)
    }
}

#[cfg(test)]
mod tests;
