//! The capsule (Z, C) and the element M that it carries.

use crate::error::DecodeError;
use crate::group::traits::ark_canonical;
use crate::group::{G1, Gt, RECORD_BYTES, decode_records, encode_gt};
use crate::secret::{Secret, wiped_short};
use crate::wire::forms::{public_forms, secret_forms};
use crate::wire::{Reader, Wire, Writer, concat};

/// (Z, C), before or after any number of re-encryptions: 48 + 192 = 240 bytes.
///
/// A capsule is malleable by construction, since re-encryption multiplies C. The envelope authenticates Z and commits to
/// the key that M gives.
///
/// ```
/// use phi_pre::pre::{Capsule, DecryptionKey, Params, Seed};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// let params = Params::new(Seed([1; 32]));
/// let y = DecryptionKey::random(rng).public_key(&params);
/// let (capsule, _) = y.encapsulate(&params, rng);
///
/// let mut bytes = capsule.to_bytes(); // 240 bytes
/// assert_eq!(Capsule::from_bytes(&bytes), Ok(capsule));
/// bytes[48] ^= 0x80; // the flags of C
/// assert!(Capsule::from_bytes(&bytes).is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Capsule {
    pub(super) z: G1,
    pub(super) c: Gt,
}

impl Capsule {
    /// Bytes of an encoding.
    pub const BYTES: usize = RECORD_BYTES;

    /// The capsule (Z, `c`). With C' as `c`, it is the result of Equation (2).
    #[must_use]
    pub const fn with_c(&self, c: Gt) -> Self {
        Self { z: self.z, c }
    }

    /// Z, which no re-encryption changes.
    pub const fn z(&self) -> &G1 {
        &self.z
    }

    /// C, the element that Equation (2) rewrites.
    pub const fn c(&self) -> &Gt {
        &self.c
    }

    /// The canonical encoding: Z, C.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        Self::join(&self.z, &self.c.to_bytes())
    }

    /// Reads the canonical encoding.
    ///
    /// # Errors
    /// Those of [`G1::from_bytes`] and [`Gt::from_bytes`], and another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Wire::from_bytes(bytes)
    }

    /// [`from_bytes`](Self::from_bytes) on each, eight at a time where the machine allows it, on all cores. The results
    /// are in the order of the inputs; a bad capsule is an error in its own place.
    pub fn decode_batch(capsules: &[[u8; Self::BYTES]]) -> Vec<Result<Self, DecodeError>> {
        decode_records(capsules).into_iter().map(|read| read.map(|(z, c)| Self { z, c })).collect()
    }

    /// [`to_bytes`](Self::to_bytes) on each, in the order of the inputs.
    pub fn encode_batch(capsules: &[Self]) -> Vec<[u8; Self::BYTES]> {
        let c: Vec<_> = capsules.iter().map(|capsule| capsule.c).collect();
        capsules.iter().zip(encode_gt(&c)).map(|(capsule, c)| Self::join(&capsule.z, &c)).collect()
    }

    fn join(z: &G1, c: &[u8; Gt::BYTES]) -> [u8; Self::BYTES] {
        concat(&[&z.to_bytes(), c])
    }
}

public_forms!(Capsule, "capsule");
ark_canonical!(Capsule);

impl core::fmt::Debug for Capsule {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Capsule({self})")
    }
}

impl Wire for Capsule {
    const NAME: &'static str = "capsule";

    fn write(&self, out: &mut Writer) {
        out.raw(&self.to_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let z = G1::from_bytes(input.raw("Z", G1::BYTES)?)?;
        let c = Gt::from_bytes(input.raw("C", Gt::BYTES)?)?;
        Ok(Self { z, c })
    }
}

/// M: a secret element of GT, from which the content key of a record is derived. 192 secret bytes, never bytes of the
/// record itself.
///
/// A wrong key gives another M and no error; whoever compares two M does so in constant time.
///
/// ```
/// use phi_pre::pre::{DecryptionKey, Params, Seed};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// let params = Params::new(Seed([1; 32]));
/// let (k_d, wrong) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
/// let (capsule, m) = k_d.public_key(&params).encapsulate(&params, rng);
/// assert!(k_d.decapsulate(&params, &capsule) == m);
/// assert!(wrong.decapsulate(&params, &capsule) != m);
/// ```
#[derive(Clone, Debug)]
pub struct Message(Secret<Gt>);

impl Message {
    /// Bytes of an encoding.
    pub const BYTES: usize = Gt::BYTES;

    pub(super) fn new(m: Gt) -> Self {
        Self(Secret::new(m))
    }

    /// The canonical bytes of M, input of a key derivation.
    pub fn to_bytes(&self) -> Secret<[u8; Self::BYTES]> {
        wiped_short(|| Secret::new(self.0.expose().to_bytes()))
    }
}

secret_forms!(Message);
