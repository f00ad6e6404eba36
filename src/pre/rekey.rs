//! Equations 1 and 2: the re-encryption key and its use by the proxy.

use super::capsule::Capsule;
use super::keys::EncryptionKey;
use crate::error::DecodeError;
use crate::group::{G2, G2Prepared, pair_and_multiply, pair_and_multiply_bytes, pairing, pairing_batch};
use crate::secret::Secret;

/// k_re = k'_e / k_e, in G2: 96 bytes, secret between the user and the proxy.
///
/// It decrypts nothing alone. Together with k'_e it gives k_e (collusion, C3), its inverse re-encrypts back, and
/// products compose (C4): guard it like a key.
#[derive(Clone, Debug)]
pub struct ReKey(Secret<G2>);

/// Equation (1) from a key to itself: k_re would be 1 and re-encryption would do nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("k_e and k'_e are the same key")]
pub struct SameKey;

impl ReKey {
    /// Equation (1): k_re = k'_e / k_e.
    ///
    /// # Errors
    /// [`SameKey`] where both keys are equal.
    pub fn new(k_e: &EncryptionKey, k_e_prime: &EncryptionKey) -> Result<Self, SameKey> {
        Self::checked(*k_e_prime.0.expose() / *k_e.0.expose())
    }

    /// k_{a→c} = k_{a→b} · k_{b→c}: two hops in one.
    ///
    /// # Errors
    /// [`SameKey`] where the two cancel.
    pub fn compose(&self, next: &Self) -> Result<Self, SameKey> {
        Self::checked(*self.0.expose() * *next.0.expose())
    }

    /// k_{b→a} = k_{a→b}^{-1}: the way back, which every holder of k_re has.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self(Secret::new(self.0.expose().inverse()))
    }

    fn checked(k_re: G2) -> Result<Self, SameKey> {
        if k_re.is_identity() { Err(SameKey) } else { Ok(Self(Secret::new(k_re))) }
    }

    /// Equation (2) on one capsule: C' = C · e(Z, k_re).
    pub fn reencrypt(&self, capsule: &Capsule) -> Capsule {
        Capsule { z: capsule.z, c: capsule.c * pairing(&capsule.z, self.0.expose()) }
    }

    /// Equation (2) on capsules that each have their own key, as records of scope [`Record`](super::Scope::Record) do.
    pub fn reencrypt_each(batch: &[(Capsule, &Self)]) -> Vec<Capsule> {
        let pairs: Vec<_> = batch.iter().map(|(capsule, k_re)| (capsule.z, *k_re.0.expose())).collect();
        let shifts = pairing_batch(&pairs);
        batch.iter().zip(shifts).map(|((capsule, _), shift)| Capsule { z: capsule.z, c: capsule.c * shift }).collect()
    }

    /// The key with its lines, for many capsules.
    pub fn prepare(&self) -> PreparedReKey {
        PreparedReKey(G2Prepared::new(self.0.expose()))
    }

    /// The bytes, secret.
    pub fn to_bytes(&self) -> Secret<[u8; G2::BYTES]> {
        Secret::new(self.0.expose().to_bytes())
    }

    /// Reads 96 bytes.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        G2::from_bytes(bytes).map(|k_re| Self(Secret::new(k_re)))
    }
}

/// k_re with the lines of its Miller loop: what a proxy keeps while it re-encrypts in bulk.
#[derive(Clone, Debug)]
pub struct PreparedReKey(G2Prepared);

impl PreparedReKey {
    /// Equation (2) on each capsule, in parallel.
    pub fn reencrypt(&self, capsules: &[Capsule]) -> Vec<Capsule> {
        let pairs: Vec<_> = capsules.iter().map(|capsule| (capsule.z, capsule.c)).collect();
        let shifted = pair_and_multiply(&pairs, &self.0);
        capsules.iter().zip(shifted).map(|(capsule, c)| Capsule { z: capsule.z, c }).collect()
    }

    /// Equation (2) from bytes to bytes, with every check of [`Capsule::from_bytes`](crate::wire::Wire::from_bytes). A
    /// bad capsule is an error in its own place and costs the others nothing.
    pub fn reencrypt_bytes(&self, capsules: &[[u8; Capsule::BYTES]]) -> Vec<Result<[u8; Capsule::BYTES], DecodeError>> {
        pair_and_multiply_bytes(capsules, &self.0)
    }
}
