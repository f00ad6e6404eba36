//! The re-encryption key, and its use by the proxy.
//!
//! Paper: section 3.2, Equations 1 and 2.

use super::capsule::Capsule;
use super::keys::EncryptionKey;
use crate::error::{Coded, DecodeError};
use crate::group::traits::ark_canonical;
use crate::group::{G2, G2Prepared, pair_and_multiply, pair_and_multiply_bytes, pair_each_and_multiply, pairing};
use crate::secret::{Secret, wiped, wiped_short};
use crate::wire::forms::{secret_forms, try_from_bytes};

/// k_re = k'_e / k_e, in G2: 96 bytes, secret between the user and the proxy.
///
/// Alone it decrypts nothing. Together with k'_e it gives k_e (collusion, C3), its inverse re-encrypts in the other
/// direction, and products of two compose (C4): keep it as secret as a key.
///
/// ```
/// use phi_pre::pre::{DecryptionKey, Params, ReKey, SameKey, Seed};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// let params = Params::new(Seed([1; 32]));
/// let (delegator, delegatee) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
/// let (k_e, k_e_prime) = (delegator.encryption_key(&params), delegatee.encryption_key(&params));
/// let (capsule, m) = delegator.public_key(&params).encapsulate(&params, rng);
///
/// let k_re = ReKey::new(&k_e, &k_e_prime)?; // Equation (1)
/// let again = k_re.reencrypt(&capsule); // Equation (2), by the proxy
/// assert!(k_e_prime.decapsulate(&again) == m); // Equation (3)
///
/// assert!(ReKey::new(&k_e, &k_e).is_err());
/// # Ok::<(), SameKey>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReKey(Secret<G2>);

try_from_bytes!(ReKey);
secret_forms!(ReKey);
ark_canonical!(ReKey, secret);

/// Both keys of Equation (1) are the same: k_re would be 1, and re-encryption would change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("k_e and k'_e are the same key")]
pub struct SameKey;

impl Coded for SameKey {
    fn code(&self) -> &'static str {
        "same-key"
    }
}

impl ReKey {
    /// Bytes of an encoding.
    pub const BYTES: usize = G2::BYTES;

    /// Equation (1): k_re = k'_e / k_e.
    ///
    /// # Errors
    /// [`SameKey`] where both keys are equal.
    pub fn new(k_e: &EncryptionKey, k_e_prime: &EncryptionKey) -> Result<Self, SameKey> {
        wiped_short(|| Self::checked(*k_e_prime.0.expose() / *k_e.0.expose()))
    }

    /// k_{a→c} = k_{a→b} · k_{b→c}: two re-encryptions in one.
    ///
    /// # Errors
    /// [`SameKey`] where `next` is the inverse of this key.
    pub fn compose(&self, next: &Self) -> Result<Self, SameKey> {
        wiped_short(|| Self::checked(*self.0.expose() * *next.0.expose()))
    }

    /// k_{b→a} = k_{a→b}^{-1}: the re-encryption key of the other direction. Every holder of k_re can compute it.
    #[must_use]
    pub fn inverse(&self) -> Self {
        wiped_short(|| Self(Secret::new(self.0.expose().inverse())))
    }

    pub(super) const fn element(&self) -> &G2 {
        self.0.expose()
    }

    /// A key that is not 1.
    pub(super) fn from_element(k_re: G2) -> Self {
        Self(Secret::new(k_re))
    }

    fn checked(k_re: G2) -> Result<Self, SameKey> {
        if k_re.is_identity() { Err(SameKey) } else { Ok(Self(Secret::new(k_re))) }
    }

    /// Equation (2) on one capsule: C' = C · e(Z, k_re).
    pub fn reencrypt(&self, capsule: &Capsule) -> Capsule {
        wiped(|| Capsule { z: capsule.z, c: capsule.c * pairing(&capsule.z, self.0.expose()) })
    }

    /// Equation (2) on capsules that each have their own key, as records of scope [`Record`](super::Scope::Record) do. On
    /// all cores; the results are in the order of the inputs.
    pub fn reencrypt_each(batch: &[(Capsule, &Self)]) -> Vec<Capsule> {
        wiped(|| {
            let items: Vec<_> = batch.iter().map(|(capsule, k_re)| (capsule.z, k_re.0.expose(), capsule.c)).collect();
            let shifted = batch.iter().zip(pair_each_and_multiply(&items));
            shifted.map(|((capsule, _), c)| Capsule { z: capsule.z, c }).collect()
        })
    }

    /// The key prepared for many capsules: k_re with the lines of its Miller loop, about 20 KB.
    pub fn prepare(&self) -> PreparedReKey {
        wiped(|| PreparedReKey(G2Prepared::new(self.0.expose())))
    }

    /// The secret bytes.
    pub fn to_bytes(&self) -> Secret<[u8; Self::BYTES]> {
        wiped_short(|| Secret::new(self.0.expose().to_bytes()))
    }

    /// Reads 96 bytes.
    ///
    /// # Errors
    /// Those of [`G2::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        wiped_short(|| G2::from_bytes(bytes).map(|k_re| Self(Secret::new(k_re))))
    }
}

/// k_re with the lines of its Miller loop, for a proxy that re-encrypts many capsules under one key.
///
/// ```
/// use phi_pre::pre::{Capsule, DecryptionKey, Params, ReKey, Seed};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// # let params = Params::new(Seed([1; 32]));
/// # let [a, b] = [DecryptionKey::random(rng), DecryptionKey::random(rng)];
/// # let sealed = a.public_key(&params).encapsulate_many(&params, 3, rng);
/// # let capsules: Vec<Capsule> = sealed.iter().map(|(capsule, _)| *capsule).collect();
/// # let k_re = ReKey::new(&a.encryption_key(&params), &b.encryption_key(&params))?;
/// let prepared = k_re.prepare();
/// let mut bytes = Capsule::encode_batch(&capsules); // 240 bytes each
/// bytes[1][48] ^= 0x80; // one of them is damaged
///
/// let again = prepared.reencrypt_bytes(&bytes);
/// assert_eq!(again[0], Ok(k_re.reencrypt(&capsules[0]).to_bytes()));
/// assert!(again[1].is_err() && again[2].is_ok());
/// # Ok::<(), phi_pre::pre::SameKey>(())
/// ```
#[derive(Clone, Debug)]
pub struct PreparedReKey(G2Prepared);

impl PreparedReKey {
    /// Equation (2) on each capsule, on all cores. The results are in the order of the capsules.
    pub fn reencrypt(&self, capsules: &[Capsule]) -> Vec<Capsule> {
        let pairs: Vec<_> = capsules.iter().map(|capsule| (capsule.z, capsule.c)).collect();
        let shifted = pair_and_multiply(&pairs, &self.0);
        capsules.iter().zip(shifted).map(|(capsule, c)| Capsule { z: capsule.z, c }).collect()
    }

    /// Equation (2) from bytes to bytes, with every check of [`Capsule::from_bytes`]. The results are in the order of the
    /// inputs: a bad capsule gives an error in its own place, and the others are re-encrypted.
    pub fn reencrypt_bytes(&self, capsules: &[[u8; Capsule::BYTES]]) -> Vec<Result<[u8; Capsule::BYTES], DecodeError>> {
        pair_and_multiply_bytes(capsules, &self.0)
    }
}
