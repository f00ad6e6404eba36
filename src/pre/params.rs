//! Setup: the public parameters g1, g2 and k_s, and the scopes of keys.
//!
//! Paper: section 3.2, the system parameters. The key derivation f is [`Params::derive`].

use crate::error::DecodeError;
use crate::group::traits::ark_canonical;
use crate::group::{G1, G2, Gt, GtTable, Scalar, pairing, pow_generator_batch};
use crate::wire::forms::{public_forms, wire_newtype};
use crate::wire::{Reader, Wire, Writer, concat};
use rand_core::CryptoRng;
use std::borrow::Cow;

/// k_s: the cloud's seed key, "publicly open in advance", 32 bytes. It is a public salt; a new seed gives new keys.
///
/// ```
/// use phi_pre::pre::Seed;
///
/// let k_s = Seed([1; 32]);
/// assert_eq!(k_s.to_string().parse(), Ok(k_s)); // 64 hex digits
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

wire_newtype!(Seed, 32, "k_s", hex);

impl Seed {
    /// A fresh seed.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

/// What one key pair covers, and therefore what one k_re opens: consent is exactly as wide as the scope.
///
/// ```
/// use phi_pre::pre::{Params, Scope, Seed, SharedSecret};
///
/// let (params, sk) = (Params::new(Seed([1; 32])), SharedSecret::from_bytes([2; 32]));
/// let record = params.derive(&sk, Scope::Record(b"2026-0417"));
/// assert!(record != params.derive(&sk, Scope::Record(b"2026-0418")));
/// assert!(record != params.derive(&sk, Scope::Relationship));
/// ```
///
/// Departure: the paper has one key pair for a relationship, so consent to one record converts them all (C5 in
/// `paper-notes.md`). The scope enters k_d alone; Equations 1 to 3 stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// All records between the two parties: the paper's reading.
    Relationship,
    /// The records of one folder.
    Folder(&'a [u8]),
    /// One record.
    Record(&'a [u8]),
}

impl<'a> Scope<'a> {
    /// The number of the kind, and the name.
    pub(super) const fn parts(self) -> (u8, &'a [u8]) {
        match self {
            Self::Relationship => (0, &[]),
            Self::Folder(name) => (1, name),
            Self::Record(name) => (2, name),
        }
    }
}

/// The public parameters of a deployment. Encoded: g1, g2, k_s, 48 + 96 + 32 = 176 bytes.
///
/// ```
/// use phi_pre::pre::{Params, Seed};
///
/// let params = Params::new(Seed([1; 32]));
/// let mut bytes = params.to_bytes();
/// assert_eq!(Params::from_bytes(&bytes), Ok(params));
/// bytes[0] = 0; // no point of G1 begins so
/// assert!(Params::from_bytes(&bytes).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Params {
    g1: G1,
    g2: G2,
    g_t: Gt,
    seed: Seed,
}

impl Params {
    /// Bytes of an encoding.
    pub const BYTES: usize = G1::BYTES + G2::BYTES + Seed::BYTES;

    /// The standard generators with the seed k_s.
    pub fn new(seed: Seed) -> Self {
        Self::with_generators(G1::generator(), G2::generator(), seed)
    }

    /// Other generators than those of the standard. Neither may be the identity; decoding never gives the identity.
    pub fn with_generators(g1: G1, g2: G2, seed: Seed) -> Self {
        Self { g1, g2, g_t: pairing(&g1, &g2), seed }
    }

    /// g1.
    pub const fn g1(&self) -> &G1 {
        &self.g1
    }

    /// g2.
    pub const fn g2(&self) -> &G2 {
        &self.g2
    }

    /// e(g1, g2).
    pub const fn g_t(&self) -> &Gt {
        &self.g_t
    }

    /// k_s.
    pub const fn seed(&self) -> &Seed {
        &self.seed
    }

    /// g1^r for each r.
    pub(super) fn powers_of_g1(&self, r: &[Scalar]) -> Vec<G1> {
        if self.g1 == G1::generator() {
            pow_generator_batch(r) // by a table that is made once
        } else {
            r.iter().map(|r| self.g1.pow(r)).collect()
        }
    }

    /// The table of e(g1, g2), 101 KB: shared by all parameters with the standard generators.
    pub(super) fn g_t_table(&self) -> Cow<'static, GtTable> {
        let standard = GtTable::generator();
        if *standard.base() == self.g_t { Cow::Borrowed(standard) } else { Cow::Owned(GtTable::new(&self.g_t)) }
    }

    /// The canonical encoding: g1, g2, k_s.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        concat(&[&self.g1.to_bytes(), &self.g2.to_bytes(), &self.seed.0])
    }

    /// Reads the canonical encoding and computes e(g1, g2).
    ///
    /// # Errors
    /// Those of [`G1::from_bytes`] and [`G2::from_bytes`], and another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Wire::from_bytes(bytes)
    }
}

public_forms!(Params, "parameters");
ark_canonical!(Params);

impl Wire for Params {
    const NAME: &'static str = "parameters";

    fn write(&self, out: &mut Writer) {
        out.raw(&self.to_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let g1 = G1::from_bytes(input.raw("g1", G1::BYTES)?)?;
        let g2 = G2::from_bytes(input.raw("g2", G2::BYTES)?)?;
        Ok(Self::with_generators(g1, g2, Seed::read(input)?))
    }
}
