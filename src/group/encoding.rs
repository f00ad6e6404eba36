//! Canonical encodings as bytes, the same for every engine: F_p, finite points and the identity, and records (Z, C).
//!
//! Points are compressed and big-endian with flags in the three top bits of the first byte (the Zcash convention). The
//! decoders of points belong to the engines, since they compute square roots and test membership; see
//! [`Backend`](super::backend::Backend). The encodings of GT are in [`torus`](super::torus).

use crate::constant_time::{declassify, equal};
use crate::error::DecodeError;
use ark_bls12_381::{Fq, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger384, PrimeField};

/// Bytes of a compressed point of G1.
pub(super) const G1_BYTES: usize = 48;
/// Bytes of the T6 torus form of an element of GT.
pub(super) const T6_BYTES: usize = 192;
/// Bytes of a record (Z, C): 48 and 192.
pub const RECORD_BYTES: usize = G1_BYTES + T6_BYTES;

/// Bytes of a coefficient in F_p, big-endian.
pub(super) const FQ_BYTES: usize = 48;

/// Flag bits of the first byte of an encoding (the Zcash convention; p leaves the top three bits free).
mod flag {
    pub(super) const COMPRESSED: u8 = 0x80;
    pub(super) const INFINITY: u8 = 0x40;
    pub(super) const LARGER_Y: u8 = 0x20;
    pub(super) const ALL: u8 = COMPRESSED | INFINITY | LARGER_Y;
}

pub(super) fn encode_g1(point: &G1Affine) -> [u8; 48] {
    let mut out = [0; 48];
    match point.xy() {
        None => out[0] = flag::COMPRESSED | flag::INFINITY,
        Some((x, y)) => {
            out = encode_fq(&x);
            out[0] |= flag::COMPRESSED | if y > -y { flag::LARGER_Y } else { 0 };
        }
    }
    out
}

pub(super) fn encode_g2(point: &G2Affine) -> [u8; 96] {
    let mut out = [0; 96];
    match point.xy() {
        None => out[0] = flag::COMPRESSED | flag::INFINITY,
        Some((x, y)) => {
            // The high coefficient stands first.
            out[..48].copy_from_slice(&encode_fq(&x.c1));
            out[48..].copy_from_slice(&encode_fq(&x.c0));
            out[0] |= flag::COMPRESSED | if y > -y { flag::LARGER_Y } else { 0 };
        }
    }
    out
}

/// Checks the flags of a compressed, finite point; returns the sign bit and the bytes without flags. The sign of y, which
/// may be secret, makes no branch.
pub(super) fn flags<const N: usize>(what: &'static str, bytes: &[u8; N]) -> Result<(bool, [u8; N]), DecodeError> {
    let mut stripped = *bytes;
    stripped[0] &= !flag::ALL;
    let form = bytes[0] & (flag::COMPRESSED | flag::INFINITY);
    if declassify(equal(form.into(), flag::COMPRESSED.into())) {
        return Ok((bytes[0] & flag::LARGER_Y != 0, stripped));
    }
    match bytes[0] & flag::ALL {
        f if f == flag::COMPRESSED | flag::INFINITY && stripped == [0; N] => Err(DecodeError::Identity { what }),
        f if f == flag::COMPRESSED | flag::INFINITY => Err(DecodeError::NonCanonical { what }),
        _ => Err(DecodeError::Flags { what }),
    }
}

pub(super) fn encode_fq(x: &Fq) -> [u8; FQ_BYTES] {
    write_integer(&x.into_bigint().0)
}

/// None for a value of p or above.
pub(super) fn decode_fq(bytes: &[u8; FQ_BYTES]) -> Option<Fq> {
    integer(bytes).and_then(|limbs| Fq::from_bigint(BigInteger384::new(limbs)))
}

pub(super) fn write_integer(limbs: &[u64; 6]) -> [u8; FQ_BYTES] {
    let mut out = [0; FQ_BYTES];
    for (chunk, limb) in out.rchunks_exact_mut(8).zip(limbs) {
        chunk.copy_from_slice(&limb.to_be_bytes());
    }
    out
}

/// The integer, lowest limb first; none for a value of p or above.
pub(super) fn integer(bytes: &[u8; FQ_BYTES]) -> Option<[u64; 6]> {
    let mut limbs = [0; 6];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.as_rchunks::<8>().1.iter().rev()) {
        *limb = u64::from_be_bytes(*chunk);
    }
    (BigInteger384::new(limbs) < Fq::MODULUS).then_some(limbs)
}

/// Z and C of a record.
pub(super) fn split_record(record: &[u8; RECORD_BYTES]) -> (&[u8; G1_BYTES], &[u8; T6_BYTES]) {
    match (record.first_chunk(), record.last_chunk()) {
        (Some(z), Some(c)) => (z, c),
        _ => unreachable!("240 = 48 + 192"),
    }
}

/// Z of this record, with C replaced.
pub(super) fn replace_c(record: &[u8; RECORD_BYTES], c: &[u8; T6_BYTES]) -> [u8; RECORD_BYTES] {
    let mut out = *record;
    out[G1_BYTES..].copy_from_slice(c);
    out
}
