//! Derives the content key, its commitment and the salt from M, and applies the AEAD to one chunk.

use super::error::{DecryptError, EncryptError};
use super::header::{Header, Suite};
use crate::aead::{Aead, NONCE_BYTES, TAG_BYTES};
use crate::group::G1;
use crate::hash::{Digest, hkdf, label};
use crate::integrity::{Leaf, Salt};
use crate::pre::Message;
use crate::secret::{wiped, wiped_short};
use zeroize::Zeroizing;

/// K, com and the salt of one envelope.
pub(super) struct Content {
    aead: Aead,
    pub(super) key_commitment: Digest,
    pub(super) salt: Salt,
}

impl Content {
    /// Derives K, com and the salt from M and Z. Never returns `None`: the AEAD accepts every key of 32 bytes.
    pub(super) fn derive(m: &Message, z: &G1, suite: Suite) -> Option<Self> {
        wiped(|| {
            let info = Header::version_and_suite(suite);
            let okm = Zeroizing::new(hkdf::<96>(m.to_bytes().expose(), &z.to_bytes(), label::CONTENT_KEY, &[&info]));
            let ([key, com, salt], _) = okm.as_chunks::<32>() else { return None };
            Some(Self {
                aead: Aead::new(suite.algorithm(), key)?,
                key_commitment: Digest(*com),
                salt: Salt::from_bytes(*salt),
            })
        })
    }

    /// Encrypts a chunk in place: all of `slot` except for its last 16 bytes, where the tag is written. Returns the leaf
    /// of the chunk.
    pub(super) fn seal_chunk(&self, at: Place, aad: &[u8], slot: &mut [u8]) -> Result<Leaf, EncryptError> {
        let leaf = self.salt.leaf(at.index, &slot[..slot.len().saturating_sub(TAG_BYTES)]);
        wiped_short(|| self.aead.seal(at.nonce(), aad, slot)).map_err(|_| EncryptError::Aead)?;
        Ok(leaf)
    }

    /// Decrypts `slot` in place: all of it except for its last 16 bytes is then the chunk. Returns the leaf of the chunk.
    /// After a refusal the content of the slot must not be used.
    pub(super) fn open_chunk(&self, at: Place, aad: &[u8], slot: &mut [u8]) -> Result<Leaf, DecryptError> {
        match wiped_short(|| self.aead.open(at.nonce(), aad, slot)) {
            Ok(chunk) if at.index == 0 || !chunk.is_empty() => Ok(self.salt.leaf(at.index, chunk)),
            _ => Err(DecryptError::Refused), // only an empty record has an empty chunk
        }
    }
}

/// The place of a chunk in its envelope, which determines the nonce. Each K encrypts one envelope, so no nonce repeats.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) index: u64,
    pub(super) last: bool,
}

impl Place {
    fn nonce(self) -> [u8; NONCE_BYTES] {
        let mut nonce = [0; NONCE_BYTES];
        nonce[3..11].copy_from_slice(&self.index.to_be_bytes());
        nonce[11] = self.last.into();
        nonce
    }
}
