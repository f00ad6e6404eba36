//! Keys by name: one key pair gives a key for each scope. To encrypt, one needs the public key A and the name of the
//! scope.
//!
//! Departure: the paper derives k_e from a Diffie-Hellman secret of the user and hospital A (section 3.2, k_d = f(sk, k_s)),
//! so that hospital A, too, can compute the key that opens what it wrote, as long as it keeps sk. Here k_e comes from a
//! secret of the user alone. This is the key extraction of Boneh and Franklin (CRYPTO 2001), with each user as the
//! authority for their own scopes. The paper does not have it. Equations 1 to 3 stay as they are:
//!
//! ```text
//! KeyGen       a <- Z_q^*,  A = g1^a                NamedSecret (32 bytes), NamedPublic (48 bytes)
//! H2           H2(scope), a hash to G2              RFC 9380 of the frame of k_s, the scope and a counter
//! Key          k_e = H2(scope)^a                    NamedSecret::encryption_key -> EncryptionKey    by the user alone
//! Public key   Y   = e(A, H2(scope)) = e(g1, k_e)   NamedPublic::public_key     -> PublicKey        by anybody
//! ```
//!
//! The keys are those of the scheme, so capsules, re-encryption keys, proofs, shares and envelopes are the same as
//! with k_d. There is no k_d: k_e decrypts, and nobody knows its exponent.
//!
//! - Hospital A needs A, k_s and the scope, which are public, and keeps no secret that opens what it wrote.
//! - Hospital A must get A from the user over an authentic channel, for example with a signature: the maker of A can
//!   decrypt.
//! - Whoever steals the secret a opens every scope of this key pair, past and future. A stolen k_e opens one scope,
//!   and so do a proxy and a delegatee together (C3).
//! - Use one key pair for each pseudonym or hospital: records under the same A belong to the same user.
//! - The delegatee's k'_e can come from any sort of key, also from a key by name with its own scope.
//!
//! `proofs/coq/Named.v` has the game. The security rests on a Diffie-Hellman assumption with the pairing (DBDH) and on
//! H2 as a random oracle. Keys from k_d rest on DDH in G1 and on f as a pseudorandom function.

use super::keys::{EncryptionKey, PublicKey};
use super::params::{Params, Scope, Seed};
use crate::error::DecodeError;
use crate::group::traits::ark_canonical;
use crate::group::{G1, G2, Scalar, pairing};
use crate::hash::{framed, label};
use crate::secret::{Secret, wiped, wiped_short};
use crate::wire::forms::{public_forms, secret_forms, try_from_bytes};
use crate::wire::{Reader, Wire, Writer};
use rand_core::CryptoRng;

/// H2 maps k_s and a scope to an element of G2, never to 1. The name has any length and is public.
pub(crate) fn scope_element(k_s: &Seed, scope: Scope<'_>) -> G2 {
    let (kind, name) = scope.parts();
    let hash = |counter: u8| G2::hash(&framed(label::SCOPE, &[&k_s.0, &[kind], name, &[counter]]), label::dst::SCOPE);
    let mut counter = 0;
    let mut element = hash(counter);
    while element.is_identity() {
        counter = counter.wrapping_add(1); // reached once in 2^255 scopes
        element = hash(counter);
    }
    element
}

/// The secret a, in Z_q^*: 32 bytes that the user alone keeps. It gives k_e of every scope.
///
/// ```
/// use phi_pre::pre::{DecryptionKey, NamedSecret, Params, ReKey, Scope, Seed};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// let params = Params::new(Seed([1; 32]));
/// let a = NamedSecret::random(rng); // by the user
/// let public = a.public(&params); // A, given to hospital A
///
/// // Hospital A, with public values alone.
/// let y = public.public_key(&params, Scope::Record(b"2026-0417"));
/// let (capsule, m) = y.encapsulate(&params, rng);
///
/// // The user grants this record to hospital B.
/// let k_e = a.encryption_key(&params, Scope::Record(b"2026-0417"));
/// assert!(k_e.decapsulate(&capsule) == m);
/// let k_e_prime = DecryptionKey::random(rng).encryption_key(&params);
/// let again = ReKey::new(&k_e, &k_e_prime)?.reencrypt(&capsule);
/// assert!(k_e_prime.decapsulate(&again) == m);
///
/// // The key of another scope opens nothing.
/// assert!(a.encryption_key(&params, Scope::Record(b"2026-0418")).decapsulate(&capsule) != m);
/// # Ok::<(), phi_pre::pre::SameKey>(())
/// ```
#[derive(Clone, Debug)]
pub struct NamedSecret(Secret<Scalar>);

try_from_bytes!(NamedSecret);
secret_forms!(NamedSecret);
ark_canonical!(NamedSecret, secret);

impl NamedSecret {
    /// Bytes of an encoding.
    pub const BYTES: usize = Scalar::BYTES;

    /// A fresh secret. Draw one for each pseudonym or hospital: all records under one [`NamedPublic`] can be linked.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        wiped_short(|| Self(Secret::new(Scalar::random(rng))))
    }

    /// A = g1^a.
    pub fn public(&self, params: &Params) -> NamedPublic {
        wiped(|| NamedPublic(params.powers_of_g1(&[*self.0.expose()])[0]))
    }

    /// k_e = H2(scope)^a, which decrypts what is encrypted to this scope. Equation (1) makes k_re from k_e.
    pub fn encryption_key(&self, params: &Params, scope: Scope<'_>) -> EncryptionKey {
        let element = scope_element(params.seed(), scope);
        wiped(|| EncryptionKey(Secret::new(element.pow(self.0.expose()))))
    }

    /// The secret bytes.
    pub fn to_bytes(&self) -> Secret<[u8; Self::BYTES]> {
        wiped_short(|| Secret::new(self.0.expose().to_bytes()))
    }

    /// Reads 32 bytes.
    ///
    /// # Errors
    /// Those of [`Scalar::from_bytes`]; [`DecodeError::Identity`] for zero.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        wiped_short(|| {
            let a = Secret::new(Scalar::from_bytes(bytes)?);
            if a.expose().is_zero() { Err(DecodeError::Identity { what: "a" }) } else { Ok(Self(a)) }
        })
    }
}

/// A = g1^a, in G1: 48 bytes, public. With the name of a scope, anybody computes the scope's public key.
///
/// ```
/// use phi_pre::error::DecodeError;
/// use phi_pre::group::G1;
/// use phi_pre::pre::{NamedPublic, NamedSecret, Params, Seed};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// let public = NamedSecret::random(rng).public(&Params::new(Seed([1; 32])));
/// assert_eq!(public.to_string().parse(), Ok(public)); // 96 hex digits
///
/// let identity = NamedPublic::from_bytes(&G1::identity().to_bytes());
/// assert_eq!(identity, Err(DecodeError::Identity { what: "G1" }));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NamedPublic(G1);

public_forms!(NamedPublic, "public key by name");
ark_canonical!(NamedPublic);

impl core::fmt::Debug for NamedPublic {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "NamedPublic({self})")
    }
}

impl NamedPublic {
    /// Bytes of an encoding.
    pub const BYTES: usize = G1::BYTES;

    /// Y = e(A, H2(scope)), which encrypts to this scope. The computation takes a hash to G2 and a pairing, so keep Y
    /// to encrypt many records to one scope. All values are public.
    pub fn public_key(&self, params: &Params, scope: Scope<'_>) -> PublicKey {
        PublicKey(pairing(&self.0, &scope_element(params.seed(), scope)))
    }

    /// The canonical encoding of A.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        self.0.to_bytes()
    }

    /// Reads the canonical encoding.
    ///
    /// # Errors
    /// [`DecodeError::Length`]; those of [`G1::from_bytes`], which refuses the identity, too.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Wire::from_bytes(bytes)
    }
}

impl Wire for NamedPublic {
    const NAME: &'static str = "public key by name";

    fn write(&self, out: &mut Writer) {
        out.raw(&self.to_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        G1::from_bytes(input.raw(Self::NAME, G1::BYTES)?).map(Self)
    }
}

#[cfg(test)]
mod tests;
