//! Traits of other libraries: comparison in constant time (subtle) with the test for the identity, and ark-serialize for types with a canonical encoding
//! of a fixed size.
//!
//! In ark-serialize, the bytes are those of `to_bytes`. [`Compress::No`] is refused with [`SerializationError::InvalidData`], since a value
//! has one encoding. [`Validate::No`] changes nothing: reading performs every check of `from_bytes`. It is not refused,
//! because arkworks reads the items of a `Vec` with it.

use crate::constant_time::{Mask, all_zero, declassify};
use crate::error::DecodeError;
use ark_bls12_381::Fq;
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ff::Field;
use ark_serialize::{Compress, Read, SerializationError, Write};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

/// Equality of two elements of F_p or of an extension, in constant time.
pub(super) fn ct_eq<F: Field<BasePrimeField = Fq>>(a: &F, b: &F) -> Choice {
    let pairs = a.to_base_prime_field_elements().zip(b.to_base_prime_field_elements());
    pairs.fold(Choice::from(1), |equal, (a, b)| equal & a.0.0.ct_eq(&b.0.0))
}

/// Whether a point is the identity, which arkworks holds as (0, 0). The answer becomes public, and nothing else.
pub(super) fn is_identity<P: SWCurveConfig<BaseField: Field<BasePrimeField = Fq>>>(point: &Affine<P>) -> bool {
    let coordinates = point.x.to_base_prime_field_elements().chain(point.y.to_base_prime_field_elements());
    declassify(coordinates.fold(Mask::MAX, |zero, x| zero & all_zero(&x.0.0)))
}

/// The traits for a type that has `BYTES`, `to_bytes` and `from_bytes`; with `secret`, `to_bytes` gives a
/// [`Secret`](crate::secret::Secret), and the writer's buffer is the caller's to overwrite.
macro_rules! ark_canonical {
    ($type:ident) => {
        $crate::group::traits::ark_canonical!(@traits $type, |value: &$type| value.to_bytes());
    };
    ($type:ident, secret) => {
        $crate::group::traits::ark_canonical!(@traits $type, |value: &$type| *value.to_bytes().expose());
    };
    (@traits $type:ident, $to_bytes:expr) => {
        /// Every value is valid.
        impl ark_serialize::Valid for $type {
            const TRIVIAL_CHECK: bool = true;

            fn check(&self) -> Result<(), ark_serialize::SerializationError> {
                Ok(())
            }
        }

        /// The bytes of `to_bytes`; `Compress::No` is refused.
        impl ark_serialize::CanonicalSerialize for $type {
            fn serialize_with_mode<W: ark_serialize::Write>(
                &self,
                writer: W,
                compress: ark_serialize::Compress,
            ) -> Result<(), ark_serialize::SerializationError> {
                let bytes = zeroize::Zeroizing::new($to_bytes(self));
                $crate::group::traits::write(&*bytes, writer, compress)
            }

            fn serialized_size(&self, _: ark_serialize::Compress) -> usize {
                Self::BYTES
            }
        }

        /// With every check of `from_bytes`, whatever `Validate` says; `Compress::No` is refused.
        impl ark_serialize::CanonicalDeserialize for $type {
            fn deserialize_with_mode<R: ark_serialize::Read>(
                reader: R,
                compress: ark_serialize::Compress,
                _: ark_serialize::Validate,
            ) -> Result<Self, ark_serialize::SerializationError> {
                $crate::group::traits::read::<Self, R, { Self::BYTES }>(reader, compress, Self::from_bytes)
            }
        }
    };
}

pub(crate) use ark_canonical;

pub(crate) fn write<W: Write>(bytes: &[u8], mut writer: W, compress: Compress) -> Result<(), SerializationError> {
    compressed(compress)?;
    Ok(writer.write_all(bytes)?)
}

pub(crate) fn read<T, R: Read, const N: usize>(
    mut reader: R,
    compress: Compress,
    from_bytes: impl FnOnce(&[u8]) -> Result<T, DecodeError>,
) -> Result<T, SerializationError> {
    compressed(compress)?;
    let mut bytes = Zeroizing::new([0; N]);
    reader.read_exact(&mut *bytes)?;
    from_bytes(&*bytes).map_err(|_| SerializationError::InvalidData)
}

fn compressed(compress: Compress) -> Result<(), SerializationError> {
    if compress == Compress::Yes { Ok(()) } else { Err(SerializationError::InvalidData) }
}
