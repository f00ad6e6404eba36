//! Proofs of re-encryption: anybody checks that the one k_re of Δ was applied to n capsules.
//!
//! Not in the paper, whose Equations 1 to 3 stay as printed. Δ = Y'/Y = e(g1, k_re) is public, and e(g1, x) = Δ holds for
//! x = k_re alone. A proof shows one k with e(g1, k) = Δ and e(Z_i, k) = C'_i/C_i for i = 1 to n, and reveals no more.
//!
//! ```text
//! h            = H("statement"; context, g1, Δ, Z_1 || C_1 || C'_1 || ... || Z_n || C_n || C'_n)
//! ρ_1          = 1;  ρ_(2j+1) || ρ_(2j+2) = H("weight"; h, j), 16 bytes each, signed, j = 0, 1, ...
//! Z*, D*       = ∏ Z_i^ρ_i,  ∏ (C'_i/C_i)^ρ_i
//! s            = HKDF(k_re || 32 fresh bytes, salt h, "nonce") mod q;  S = g2^s
//! T1, T2       = e(g1, S) = e(g1, g2)^s,  e(Z*, S)
//! c            = the first 16 bytes of H("challenge"; h, T1, T2), an integer
//! W            = S · k_re^c
//! proof        W || c                                            96 + 16 = 112 bytes for all n capsules
//! verify       T1 = e(g1, W)/Δ^c,  T2 = e(Z*, W)/D*^c, and c follows from them
//! ```
//!
//! H is [`tagged`]. The protocol is Chaum and Pedersen's proof of equal exponents (CRYPTO '92) with elements of G2 in the
//! place of exponents, made non-interactive by Fiat and Shamir's transform; the weights are those of batch verification
//! (Bellare, Garay and Rabin, EUROCRYPT '98). In the random-oracle model, a prover who makes Q queries should pass with a
//! false statement with probability at most (2Q + 1)/2^128 + Q²/2^257. This bound is not machine-checked;
//! `proofs/coq/Verifiable.v` proves soundness for a verifier who draws the weights and the challenge.
//!
//! # Who checks what
//!
//! | check | by whom | if it fails, at fault |
//! |---|---|---|
//! | e(g1, k_re) = Δ: [`PublicReKey::check`] | the proxy, before it acts | who granted k_re |
//! | e(g1, k'_e) = Δ·Y: [`PublicReKey::check_recipient`] | the delegatee | who granted k'_e or Δ |
//! | the proof: [`ReencryptionProof::verify`] | anybody | the proxy |
//!
//! Where all three hold, C' opens under k'_e to what C opens to under k_e.
//!
//! The prover's operations on k_re and s are constant-time; a verifier has no secrets.

use super::capsule::Capsule;
use super::keys::{EncryptionKey, PublicKey};
use super::params::Params;
use super::rekey::{ReKey, SameKey};
use crate::error::{Coded, DecodeError};
use crate::group::traits::ark_canonical;
use crate::group::{
    G1, G2, Gt, Scalar, encode_gt, multiexp_g1_vartime, multiexp_gt_quotients_vartime, pairing, pairing_batch,
    pow_gt_batch, pow_table_batch,
};
use crate::hash::{Digest, hkdf, label, tagged};
use crate::secret::wiped;
use crate::wire::forms::public_forms;
use crate::wire::{Reader, Wire, Writer, concat};
use rand_core::CryptoRng;
use std::borrow::Cow;
use zeroize::Zeroizing;

/// Δ = Y'/Y = e(g1, k_re): the public key of k_re, as Y is that of k_e. 192 bytes.
///
/// ```
/// use phi_pre::pre::{DecryptionKey, Params, PublicReKey, ReKey, Seed};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// let params = Params::new(Seed([1; 32]));
/// let (a, b) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
/// let delta = PublicReKey::new(&a.public_key(&params), &b.public_key(&params))?;
///
/// let k_re = ReKey::new(&a.encryption_key(&params), &b.encryption_key(&params))?;
/// assert!(delta.check(&params, &k_re).is_ok());
/// assert!(delta.check(&params, &k_re.inverse()).is_err());
/// # Ok::<(), phi_pre::pre::SameKey>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicReKey(Gt);

public_forms!(PublicReKey, "public re-encryption key");
ark_canonical!(PublicReKey);

impl core::fmt::Debug for PublicReKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PublicReKey({self})")
    }
}

impl PublicReKey {
    /// Bytes of an encoding.
    pub const BYTES: usize = Gt::BYTES;

    /// Δ = Y'/Y, from the public keys of the delegator and of the delegatee.
    ///
    /// # Errors
    /// [`SameKey`] where both are equal.
    pub fn new(y: &PublicKey, y_prime: &PublicKey) -> Result<Self, SameKey> {
        let delta = *y_prime.element() / *y.element();
        if delta.is_identity() { Err(SameKey) } else { Ok(Self(delta)) }
    }

    /// An element that is not 1.
    pub(super) const fn from_element(delta: Gt) -> Self {
        Self(delta)
    }

    /// Δ = e(g1, k_re).
    pub fn of(params: &Params, k_re: &ReKey) -> Self {
        wiped(|| Self(pairing(params.g1(), k_re.element())))
    }

    /// Whether k_re is the key of Δ.
    ///
    /// # Errors
    /// [`Fault::ReKey`] where it is not.
    pub fn check(&self, params: &Params, k_re: &ReKey) -> Result<(), Fault> {
        if Self::of(params, k_re) == *self { Ok(()) } else { Err(Fault::ReKey) }
    }

    /// Whether k'_e is the key that k_re leads to from the key of Y: e(g1, k'_e) = Δ·Y.
    ///
    /// # Errors
    /// [`Fault::RecipientKey`] where it is not.
    pub fn check_recipient(&self, params: &Params, y: &PublicKey, k_e_prime: &EncryptionKey) -> Result<(), Fault> {
        let y_prime = wiped(|| pairing(params.g1(), k_e_prime.element()));
        if y_prime == self.0 * *y.element() { Ok(()) } else { Err(Fault::RecipientKey) }
    }

    /// The canonical encoding of Δ.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        self.0.to_bytes()
    }

    /// Reads the canonical encoding.
    ///
    /// # Errors
    /// Those of [`Gt::from_bytes`] and another length; [`DecodeError::Identity`] for 1.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Wire::from_bytes(bytes)
    }
}

impl Wire for PublicReKey {
    const NAME: &'static str = "public re-encryption key";

    fn write(&self, out: &mut Writer) {
        out.raw(&self.to_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let delta = Gt::from_bytes(input.raw(Self::NAME, Gt::BYTES)?)?;
        if delta.is_identity() { Err(DecodeError::Identity { what: Self::NAME }) } else { Ok(Self(delta)) }
    }
}

/// A check of a re-encryption that failed, and who is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// e(g1, k_re) ≠ Δ.
    #[error("k_re is not the key of Δ: who granted it is at fault")]
    ReKey,
    /// e(g1, k'_e) ≠ Δ·Y.
    #[error("k'_e is not the key of Δ·Y: whoever granted k'_e or Δ is at fault")]
    RecipientKey,
    /// The proof does not hold for the statement.
    #[error("the proof of re-encryption does not hold: the proxy is at fault")]
    Proof,
}

impl Coded for Fault {
    fn code(&self) -> &'static str {
        match self {
            Self::ReKey => "fault-rekey",
            Self::RecipientKey => "fault-recipient-key",
            Self::Proof => "fault-proof",
        }
    }
}

/// Capsules that are no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// There is no capsule.
    #[error("a statement needs at least one capsule")]
    Empty,
    /// The numbers of capsules before and after re-encryption differ.
    #[error("{before} capsules before re-encryption, and {after} after it")]
    Lengths {
        /// Before.
        before: usize,
        /// After.
        after: usize,
    },
    /// The capsule at this index, counted from 0, has another Z after re-encryption.
    #[error("capsule {0} has another Z after re-encryption")]
    OtherZ(usize),
    /// The capsule at this index, counted from 0, cannot be read before or after re-encryption.
    #[error("capsule {0}: {1}")]
    Decode(usize, DecodeError),
}

impl Coded for StatementError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty | Self::Lengths { .. } => "length",
            Self::OtherZ(_) => "other-z",
            Self::Decode(_, error) => error.code(),
        }
    }
}

/// What a proof says: the capsules `after` follow from the capsules `before` by the k_re of Δ. The context binds the proof
/// to its occasion, for example to the request for a record.
#[derive(Clone, Debug)]
pub struct Statement<'a> {
    delta: PublicReKey,
    before: Cow<'a, [Capsule]>,
    after: Cow<'a, [Capsule]>,
    digest: Digest,
}

impl<'a> Statement<'a> {
    /// The statement about these capsules, in this order.
    ///
    /// # Errors
    /// [`StatementError::Empty`], [`StatementError::Lengths`], [`StatementError::OtherZ`].
    pub fn new(
        params: &Params,
        delta: &PublicReKey,
        before: &'a [Capsule],
        after: &'a [Capsule],
        context: &[u8],
    ) -> Result<Self, StatementError> {
        same_z(before, after, |capsule| capsule.z)?;
        let digest = digest(params, delta, &Capsule::encode_batch(before), &Capsule::encode_batch(after), context);
        Ok(Self { delta: *delta, before: Cow::Borrowed(before), after: Cow::Borrowed(after), digest })
    }

    /// The statement about encoded capsules, with every check of [`Capsule::from_bytes`].
    ///
    /// # Errors
    /// [`StatementError`].
    pub fn from_encoded(
        params: &Params,
        delta: &PublicReKey,
        before: &[[u8; Capsule::BYTES]],
        after: &[[u8; Capsule::BYTES]],
        context: &[u8],
    ) -> Result<Self, StatementError> {
        same_z(before, after, |capsule| *capsule.first_chunk::<{ G1::BYTES }>().unwrap_or(&[0; G1::BYTES]))?;
        let decode = |encoded| -> Result<Vec<Capsule>, StatementError> {
            let capsules = Capsule::decode_batch(encoded).into_iter().enumerate();
            capsules.map(|(i, capsule)| capsule.map_err(|error| StatementError::Decode(i, error))).collect()
        };
        let digest = digest(params, delta, before, after, context);
        Ok(Self { delta: *delta, before: Cow::Owned(decode(before)?), after: Cow::Owned(decode(after)?), digest })
    }

    /// h, the digest that binds a proof to everything in the statement.
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// ρ_1, ρ_2, ...
    fn weights(&self) -> Vec<i128> {
        let mut weights = Vec::with_capacity(self.before.len() + 1);
        for j in 0..self.before.len().div_ceil(2) as u64 {
            let Digest(bytes) = tagged(label::REENCRYPTION_WEIGHT, &[&self.digest.0, &j.to_be_bytes()]);
            let (halves, _) = bytes.as_chunks();
            weights.extend(halves.iter().map(|half| i128::from_be_bytes(*half)));
        }
        weights.truncate(self.before.len());
        weights[0] = 1; // a statement has a capsule
        weights
    }

    /// Z*.
    fn z(&self, weights: &[i128]) -> G1 {
        match &*self.before {
            [only] => only.z,
            many => {
                multiexp_g1_vartime(&many.iter().zip(weights).map(|(before, w)| (&before.z, *w)).collect::<Vec<_>>())
            }
        }
    }

    /// D*.
    fn d(&self, weights: &[i128]) -> Gt {
        match (&*self.before, &*self.after) {
            ([before], [after]) => after.c / before.c,
            (before, after) => {
                let quotients = before.iter().zip(after).zip(weights);
                multiexp_gt_quotients_vartime(&quotients.map(|((b, a), w)| (&b.c, &a.c, *w)).collect::<Vec<_>>())
            }
        }
    }
}

/// Whether there are as many capsules after as before, at least one, with the same Z each.
fn same_z<T, Z: PartialEq>(before: &[T], after: &[T], z: impl Fn(&T) -> Z) -> Result<(), StatementError> {
    if before.len() != after.len() {
        return Err(StatementError::Lengths { before: before.len(), after: after.len() });
    }
    if before.is_empty() {
        return Err(StatementError::Empty);
    }
    let other = before.iter().zip(after).position(|(before, after)| z(before) != z(after));
    other.map_or(Ok(()), |i| Err(StatementError::OtherZ(i)))
}

/// h.
fn digest(
    params: &Params,
    delta: &PublicReKey,
    before: &[[u8; Capsule::BYTES]],
    after: &[[u8; Capsule::BYTES]],
    context: &[u8],
) -> Digest {
    let records: Vec<u8> = before
        .iter()
        .zip(after)
        .flat_map(|(before, after)| [&before[..], &after[G1::BYTES..]])
        .flatten()
        .copied()
        .collect();
    tagged(label::REENCRYPTION_STATEMENT, &[context, &params.g1().to_bytes(), &delta.to_bytes(), &records])
}

/// The proof of a [`Statement`]: W and the challenge c, 96 + 16 = 112 bytes.
///
/// ```
/// use phi_pre::pre::{Capsule, DecryptionKey, Fault, Params, PublicReKey, ReKey, ReencryptionProof, Seed, Statement};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// let params = Params::new(Seed([1; 32]));
/// # let (a, b) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
/// # let k_re = ReKey::new(&a.encryption_key(&params), &b.encryption_key(&params))?;
/// # let sealed = a.public_key(&params).encapsulate_many(&params, 3, rng);
/// # let before: Vec<Capsule> = sealed.iter().map(|(capsule, _)| *capsule).collect();
/// let delta = PublicReKey::new(&a.public_key(&params), &b.public_key(&params))?;
/// let mut after = k_re.prepare().reencrypt(&before); // Equation (2)
///
/// let statement = Statement::new(&params, &delta, &before, &after, b"request 7")?;
/// let proof = ReencryptionProof::new(&params, &k_re, &statement, rng); // by the proxy
/// assert_eq!(proof.verify(&params, &statement), Ok(())); // by anybody
///
/// after[2] = before[2]; // one of them is not re-encrypted
/// let statement = Statement::new(&params, &delta, &before, &after, b"request 7")?;
/// assert_eq!(proof.verify(&params, &statement), Err(Fault::Proof));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ReencryptionProof {
    w: G2,
    c: [u8; 16],
}

public_forms!(ReencryptionProof, "proof of re-encryption");
ark_canonical!(ReencryptionProof);

impl core::fmt::Debug for ReencryptionProof {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "ReencryptionProof({self})")
    }
}

impl ReencryptionProof {
    /// Bytes of an encoding.
    pub const BYTES: usize = G2::BYTES + 16;

    /// Proves the statement with its k_re. A proof with another key, or of a false statement, does not verify.
    pub fn new(params: &Params, k_re: &ReKey, statement: &Statement<'_>, rng: &mut impl CryptoRng) -> Self {
        Self::new_each(params, &[(k_re, statement)], rng)[0] // one proof for one statement
    }

    /// Proves statements with a k_re each, as records of scope [`Record`](super::Scope::Record) have them. On all cores; the
    /// proofs are in the order of the statements.
    pub fn new_each(params: &Params, items: &[(&ReKey, &Statement<'_>)], rng: &mut impl CryptoRng) -> Vec<Self> {
        wiped(|| Self::prove(params, items, rng))
    }

    fn prove(params: &Params, items: &[(&ReKey, &Statement<'_>)], rng: &mut impl CryptoRng) -> Vec<Self> {
        let s: Zeroizing<Vec<_>> = Zeroizing::new(items.iter().map(|(k_re, x)| nonce(k_re, &x.digest, rng)).collect());
        let big_s = Zeroizing::new(s.iter().map(|s| params.g2().pow(s)).collect::<Vec<_>>());
        let t1 = pow_table_batch(&params.g_t_table(), &s);
        let z = items.iter().map(|(_, x)| x.z(&x.weights()));
        let t2 = pairing_batch(&Zeroizing::new(z.zip(big_s.iter().copied()).collect::<Vec<_>>()));
        let statements: Vec<_> = items.iter().map(|(_, x)| *x).collect();
        let answers = challenges(&statements, &t1, &t2).into_iter().zip(big_s.iter()).zip(items);
        answers.map(|((c, s), (k_re, _))| Self { w: *s * k_re.element().pow(&exponent(&c)), c }).collect()
    }

    /// Checks the proof. Variable time: the statement and the proof are public.
    ///
    /// # Errors
    /// [`Fault::Proof`] where it does not hold.
    pub fn verify(&self, params: &Params, statement: &Statement<'_>) -> Result<(), Fault> {
        Self::verify_each(params, &[(self, statement)])[0] // one answer for one proof
    }

    /// Checks proofs, each of its statement. On all cores; the answers are in the order of the proofs.
    pub fn verify_each(params: &Params, items: &[(&Self, &Statement<'_>)]) -> Vec<Result<(), Fault>> {
        let (mut pairs, mut powers) = (Vec::with_capacity(2 * items.len()), Vec::with_capacity(2 * items.len()));
        for (proof, x) in items {
            let (weights, c) = (x.weights(), exponent(&proof.c));
            pairs.extend([(*params.g1(), proof.w), (x.z(&weights), proof.w)]);
            powers.extend([(x.delta.0, c), (x.d(&weights), c)]);
        }
        let quotients = pairing_batch(&pairs).into_iter().zip(pow_gt_batch(&powers)).map(|(e, power)| e / power);
        let (t1, t2): (Vec<_>, Vec<_>) =
            quotients.collect::<Vec<_>>().as_chunks().0.iter().map(|[a, b]| (*a, *b)).unzip();
        let statements: Vec<_> = items.iter().map(|(_, x)| *x).collect();
        let checks = challenges(&statements, &t1, &t2).into_iter().zip(items);
        checks.map(|(c, (proof, _))| if c == proof.c { Ok(()) } else { Err(Fault::Proof) }).collect()
    }

    /// The canonical encoding: W, c.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        concat(&[&self.w.to_bytes(), &self.c])
    }

    /// Reads the canonical encoding.
    ///
    /// # Errors
    /// Those of [`G2::from_bytes`], and another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Wire::from_bytes(bytes)
    }
}

impl Wire for ReencryptionProof {
    const NAME: &'static str = "proof of re-encryption";

    fn write(&self, out: &mut Writer) {
        out.raw(&self.to_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let w = G2::from_bytes(input.raw("W", G2::BYTES)?)?;
        Ok(Self { w, c: input.array("c")? })
    }
}

/// s, from k_re, h and fresh randomness: a generator that repeats itself does not repeat s for another statement.
fn nonce(k_re: &ReKey, h: &Digest, rng: &mut impl CryptoRng) -> Scalar {
    let mut secret = Zeroizing::new([0; ReKey::BYTES + 32]);
    let (key, fresh) = secret.split_at_mut(ReKey::BYTES);
    key.copy_from_slice(k_re.to_bytes().expose());
    rng.fill_bytes(fresh);
    Scalar::from_wide(&Zeroizing::new(hkdf::<48>(&*secret, &h.0, label::REENCRYPTION_NONCE, &[])))
}

/// c for each statement, from T1 and T2.
fn challenges(statements: &[&Statement<'_>], t1: &[Gt], t2: &[Gt]) -> Vec<[u8; 16]> {
    let commitments = encode_gt(t1).into_iter().zip(encode_gt(t2));
    let challenge = |(x, (t1, t2)): (&&Statement<'_>, ([u8; Gt::BYTES], [u8; Gt::BYTES]))| {
        let Digest(bytes) = tagged(label::REENCRYPTION_CHALLENGE, &[&x.digest.0, &t1, &t2]);
        concat(&[&bytes[..16]])
    };
    statements.iter().zip(commitments).map(challenge).collect()
}

/// c as an exponent.
fn exponent(c: &[u8; 16]) -> Scalar {
    let mut wide = [0; 48];
    wide[32..].copy_from_slice(c);
    Scalar::from_wide(&wide)
}

#[cfg(test)]
mod tests;
