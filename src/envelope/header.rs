//! The header of an envelope: 284 bytes. Re-encryption rewrites the last 192.

use crate::aead::{self, Algorithm};
use crate::error::DecodeError;
use crate::group::{G1, Gt};
use crate::hash::Digest;
use crate::integrity::CHUNK_BYTES;
use crate::pre::{Capsule, PreparedReKey, ReKey};
use crate::wire::forms::try_from_bytes;
use crate::wire::{Reader, Wire, Writer, concat};

const MAGIC: &[u8; 8] = b"phi-pre\0";
const VERSION: u8 = 1;

/// Bytes of the tag of a chunk.
pub const TAG_BYTES: usize = aead::TAG_BYTES;

/// The AEAD of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Suite {
    /// AES-256-GCM (NIST SP 800-38D).
    #[default]
    Aes256Gcm = 1,
    /// ChaCha20-Poly1305 (RFC 8439).
    ChaCha20Poly1305 = 2,
}

impl Suite {
    pub(super) const fn algorithm(self) -> Algorithm {
        match self {
            Self::Aes256Gcm => Algorithm::Aes256Gcm,
            Self::ChaCha20Poly1305 => Algorithm::ChaCha20Poly1305,
        }
    }
}

impl core::fmt::Display for Suite {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Aes256Gcm => "AES-256-GCM",
            Self::ChaCha20Poly1305 => "ChaCha20-Poly1305",
        })
    }
}

/// The header of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The AEAD of the body.
    pub suite: Suite,
    /// com, the commitment to the content key.
    pub key_commitment: Digest,
    /// (Z, C).
    pub capsule: Capsule,
}

impl Header {
    /// Bytes of an encoding.
    pub const BYTES: usize = Self::INVARIANT_BYTES + Gt::BYTES;
    /// Bytes before C. Re-encryption does not change them.
    pub const INVARIANT_BYTES: usize = MAGIC.len() + 4 + Digest::BYTES + G1::BYTES;

    /// Re-encrypts the header by Equation (2).
    #[must_use]
    pub fn reencrypt(&self, k_re: &ReKey) -> Self {
        Self { capsule: k_re.reencrypt(&self.capsule), ..*self }
    }

    /// Re-encrypts many headers by Equation (2).
    pub fn reencrypt_many(headers: &[Self], k_re: &PreparedReKey) -> Vec<Self> {
        let capsules: Vec<_> = headers.iter().map(|header| header.capsule).collect();
        let again = k_re.reencrypt(&capsules);
        headers.iter().zip(again).map(|(header, capsule)| Self { capsule, ..*header }).collect()
    }

    /// Re-encrypts encoded headers by Equation (2), with every check of [`from_bytes`](Self::from_bytes), on all cores. The
    /// results are in the order of the inputs: a bad header gives an error in its own place, and the others are
    /// re-encrypted.
    pub fn reencrypt_bytes(
        headers: &[[u8; Self::BYTES]],
        k_re: &PreparedReKey,
    ) -> Vec<Result<[u8; Self::BYTES], DecodeError>> {
        let preamble = |header: &[u8; Self::BYTES]| Self::preamble(&mut Reader::new(header)).map(drop);
        let (before, capsules): (Vec<_>, Vec<_>) =
            headers.iter().map(|header| (preamble(header), split(header).1)).unzip();
        let again = headers.iter().zip(before).zip(k_re.reencrypt_bytes(&capsules));
        again.map(|((header, before), capsule)| before.and(capsule).map(|c| concat(&[split(header).0, &c]))).collect()
    }

    /// Reads the fields before the key commitment.
    pub(super) fn preamble(input: &mut Reader<'_>) -> Result<Suite, DecodeError> {
        if input.array("envelope magic")? != *MAGIC {
            return Err(DecodeError::Magic { what: "envelope" });
        }
        match input.u8("envelope version")? {
            VERSION => {}
            got => return Err(DecodeError::Unknown { what: "envelope version", got: got.into() }),
        }
        let suite = match input.u8("envelope suite")? {
            1 => Suite::Aes256Gcm,
            2 => Suite::ChaCha20Poly1305,
            got => return Err(DecodeError::Unknown { what: "envelope suite", got: got.into() }),
        };
        match u16::from_be_bytes(input.array("reserved bytes")?) {
            0 => Ok(suite),
            got => Err(DecodeError::Unknown { what: "reserved bytes", got: got.into() }),
        }
    }

    /// The associated data of each chunk: the header without C.
    pub(super) fn invariant(&self) -> [u8; Self::INVARIANT_BYTES] {
        let [version, suite] = Self::version_and_suite(self.suite);
        concat(&[MAGIC, &[version, suite, 0, 0], &self.key_commitment.0, &self.capsule.z().to_bytes()])
    }

    /// The canonical encoding.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        concat(&[&self.invariant(), &self.capsule.c().to_bytes()])
    }

    /// Reads the canonical encoding.
    ///
    /// # Errors
    /// [`DecodeError`], naming the field.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Wire::from_bytes(bytes)
    }

    /// The version and suite bytes, which enter the key derivation.
    pub(super) const fn version_and_suite(suite: Suite) -> [u8; 2] {
        [VERSION, suite as u8]
    }
}

/// The bytes before the capsule, and the capsule.
fn split(header: &[u8; Header::BYTES]) -> (&[u8], [u8; Capsule::BYTES]) {
    let mut capsule = [0; Capsule::BYTES];
    let (before, at) = header.split_at(Header::BYTES - Capsule::BYTES);
    capsule.copy_from_slice(at);
    (before, capsule)
}

try_from_bytes!(Header);

impl Wire for Header {
    const NAME: &'static str = "envelope header";

    fn write(&self, out: &mut Writer) {
        out.raw(&self.to_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let suite = Self::preamble(input)?;
        Ok(Self { suite, key_commitment: Digest::read(input)?, capsule: Capsule::read(input)? })
    }
}

/// Computes the number of chunks and of record bytes from the size of an envelope, which must fit complete chunks.
pub(super) fn body(bytes: u64) -> Result<(u64, u64), DecodeError> {
    let body = bytes.saturating_sub(Header::BYTES as u64);
    let (slot, tag) = ((CHUNK_BYTES + TAG_BYTES) as u64, TAG_BYTES as u64);
    let chunks = body.div_ceil(slot);
    let last = body - chunks.saturating_sub(1) * slot;
    if chunks == 0 || last < tag || (last == tag && chunks > 1) {
        return Err(DecodeError::Length {
            what: "last chunk",
            expected: TAG_BYTES + 1,
            got: usize::try_from(last).unwrap_or(usize::MAX),
        });
    }
    Ok((chunks, body - chunks * tag))
}
