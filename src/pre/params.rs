//! Setup: the public parameters g1, g2, k_s and the key derivation f.

use super::keys::{DecryptionKey, SharedSecret};
use crate::error::DecodeError;
use crate::group::{G1, G2, Gt, GtTable, Scalar, pairing, pow_generator_batch};
use crate::hash::{hkdf, label};
use crate::wire::{Reader, Wire, Writer};
use rand_core::CryptoRng;
use std::borrow::Cow;
use zeroize::Zeroize;

/// k_s: the cloud's seed key, "publicly open in advance", 32 bytes. A public salt; a new one begins a new epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

impl Seed {
    /// A fresh seed.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

/// What one key pair covers, and so what one k_re opens: consent is exactly as wide as this.
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
    const fn parts(self) -> (u8, &'a [u8]) {
        match self {
            Self::Relationship => (0, &[]),
            Self::Folder(name) => (1, name),
            Self::Record(name) => (2, name),
        }
    }
}

/// The public parameters of a deployment. On the wire: g1, g2, k_s, 48 + 96 + 32 = 176 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Params {
    g1: G1,
    g2: G2,
    g_t: Gt,
    seed: Seed,
}

impl Params {
    /// The standard generators with the seed k_s.
    pub fn new(seed: Seed) -> Self {
        Self::with_generators(G1::generator(), G2::generator(), seed)
    }

    /// Other generators: any two that are not the identity, which decoding never yields.
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

    /// The table of e(g1, g2), 1.2 MB: shared by all parameters with the standard generators.
    pub(super) fn g_t_table(&self) -> Cow<'static, GtTable> {
        let standard = GtTable::generator();
        if *standard.base() == self.g_t { Cow::Borrowed(standard) } else { Cow::Owned(GtTable::new(&self.g_t)) }
    }

    /// k_d = f(sk, k_s || scope): OS2IP(HKDF-SHA256(ikm = sk, salt = k_s, info = scope, L = 48)) mod q, never zero.
    pub fn derive(&self, sk: &SharedSecret, scope: Scope<'_>) -> DecryptionKey {
        let (kind, name) = scope.parts();
        let mut counter = 0_u8;
        loop {
            let context: [&[u8]; 3] = [&[kind], name, &[counter]];
            let mut wide = hkdf::<48>(sk.expose(), &self.seed.0, label::DECRYPTION_KEY, &context);
            let k_d = Scalar::from_wide(&wide);
            wide.zeroize();
            if let Some(key) = DecryptionKey::new(k_d) {
                return key;
            }
            counter = counter.wrapping_add(1); // reached once in 2^255 derivations
        }
    }
}

impl Wire for Params {
    const NAME: &'static str = "parameters";

    fn write(&self, out: &mut Writer) {
        out.raw(&self.g1.to_bytes()).raw(&self.g2.to_bytes()).raw(&self.seed.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let g1 = G1::from_bytes(input.raw("g1", G1::BYTES)?)?;
        let g2 = G2::from_bytes(input.raw("g2", G2::BYTES)?)?;
        Ok(Self::with_generators(g1, g2, Seed(input.array("k_s")?)))
    }
}
