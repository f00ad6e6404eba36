//! Multi-vector identifiers: one person, k pseudonyms.
//!
//! Paper: section 3.2, user registration and "Transmission of medical data" (ID_i, i = 1..k), and the dis-connectivity
//! claim of section 4.2.
//!
//! ```text
//! v_1..v_k  <- independent 256-bit values, delivered at registration
//! ID_i       = HMAC-SHA256(v_i, "id" || uid)
//! ```
//!
//! ```
//! use phi_pre::identifier::{Pseudonym, UserId, Vector};
//! # use rand_chacha::ChaCha20Rng;
//! # use rand_core::SeedableRng;
//! # let rng = &mut ChaCha20Rng::seed_from_u64(1);
//! let (uid, v_1, v_2) = (UserId::random(rng), Vector::random(rng), Vector::random(rng));
//! let id_1 = Pseudonym::derive(&uid, &v_1);
//! assert_ne!(id_1, Pseudonym::derive(&uid, &v_2)); // without v_1 and v_2 nobody can link the two
//! assert_eq!(id_1.to_string().parse(), Ok(id_1)); // 64 hex digits
//! ```
//!
//! Departure: the paper hashes v_i "to" the unique identifier. The literal reading is H(uid || v_i), which [`literal`]
//! computes. HMAC with the secret v_i as the key is the standard form of this idea, and a PRF by assumption.

pub mod exposure;

use crate::hash::{hmac, label, sha256};
use crate::secret::{Secret, wiped_short};
use crate::wire::forms::{secret_newtype, wire_newtype};
use core::fmt;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// The unique identifier that the authority gives a person: 32 random bytes, independent of all personal data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub [u8; 32]);

impl UserId {
    /// Draws a fresh identifier.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

wire_newtype!(UserId, 32, "user identifier");

/// The value is never printed: with uid and one v_i, all records under ID_i can be linked.
impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserId(<redacted>)")
    }
}

/// One of the k vectors v_i: 32 secret bytes.
#[derive(Clone, Debug)]
pub struct Vector(Secret<[u8; 32]>);

impl Vector {
    /// Draws a fresh vector, independent of all others.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        wiped_short(|| {
            let mut bytes = Zeroizing::new([0; Self::BYTES]);
            rng.fill_bytes(&mut *bytes);
            Self::from_bytes(*bytes)
        })
    }
}

secret_newtype!(Vector, 32, "vector");

/// ID_i: the pseudonym under which a record is on the ledger. 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym(pub [u8; 32]);

wire_newtype!(Pseudonym, 32, "pseudonym", hex);

impl Pseudonym {
    /// Computes ID_i = HMAC-SHA256(v_i, "id" || uid).
    pub fn derive(uid: &UserId, vector: &Vector) -> Self {
        wiped_short(|| Self(hmac(vector.expose(), label::PSEUDONYM, &uid.0).0))
    }
}

/// Computes the literal reading H(uid || v_i), for comparison with other implementations of the paper.
pub fn literal(uid: &UserId, vector: &Vector) -> Pseudonym {
    wiped_short(|| Pseudonym(sha256(&[&uid.0, vector.expose()]).0))
}

/// The index of the vector for the n-th record (from 0) of a person with `k` vectors. The records use the vectors in
/// rotation, so each pseudonym has at most ⌈n/k⌉ of n records. `None` where `k` is zero.
pub const fn rotate(n: usize, k: usize) -> Option<usize> {
    n.checked_rem(k)
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ID({self})")
    }
}

#[cfg(test)]
mod tests;
