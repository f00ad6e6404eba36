//! The capsule (Z, C) and the element M that it carries.

use super::keys::PublicKey;
use super::params::Params;
use crate::error::DecodeError;
use crate::group::{G1, Gt, Scalar};
use crate::secret::Secret;
use crate::wire::{Reader, Wire, Writer};

/// (Z, C), before or after any number of re-encryptions: 48 + 192 = 240 bytes.
///
/// Malleable by construction, since re-encryption multiplies C: the envelope binds Z and commits to the key that M gives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Capsule {
    pub(super) z: G1,
    pub(super) c: Gt,
}

impl Capsule {
    /// Bytes of an encoding.
    pub const BYTES: usize = G1::BYTES + Gt::BYTES;

    /// Z = g1^r, C = M · Y^r.
    pub(super) fn seal(params: &Params, key: &PublicKey, m: &Gt, r: &Scalar) -> Self {
        Self { z: params.g1().pow(r), c: *m * key.0.pow(r) }
    }

    /// Z: the same through all re-encryptions.
    pub const fn z(&self) -> &G1 {
        &self.z
    }

    /// C, the element that Equation (2) rewrites.
    pub const fn c(&self) -> &Gt {
        &self.c
    }
}

impl core::fmt::Debug for Capsule {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Capsule({})", hex::encode(self.to_bytes()))
    }
}

impl Wire for Capsule {
    const NAME: &'static str = "capsule";

    fn write(&self, out: &mut Writer) {
        out.raw(&self.z.to_bytes()).raw(&self.c.to_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let z = G1::from_bytes(input.raw("Z", G1::BYTES)?)?;
        let c = Gt::from_bytes(input.raw("C", Gt::BYTES)?)?;
        Ok(Self { z, c })
    }
}

/// M: a secret element of GT, the seed of a record's content key. Never bytes of the record itself.
#[derive(Clone, Debug)]
pub struct Message(Secret<Gt>);

impl Message {
    pub(super) const fn new(m: Gt) -> Self {
        Self(Secret::new(m))
    }

    /// The canonical bytes of M, input of a key derivation.
    pub fn to_bytes(&self) -> Secret<[u8; Gt::BYTES]> {
        Secret::new(self.0.expose().to_bytes())
    }
}

/// For tests and protocols that must compare; not constant-time.
impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose() == other.0.expose()
    }
}

impl Eq for Message {}
