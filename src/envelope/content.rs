//! Derives the content key, its commitment and the salt from M, and applies the AEAD to one chunk.

use super::error::{DecryptError, EncryptError};
use super::header::{Header, Suite};
use crate::group::G1;
use crate::hash::{Digest, hkdf, label};
use crate::integrity::Salt;
use crate::pre::Message;
use crate::secret::{wiped, wiped_short};
use aws_lc_rs::aead::{AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

/// Bytes of an AEAD tag.
pub const TAG_BYTES: usize = 16;

/// The AEAD of a suite under one key.
struct Aead(LessSafeKey);

impl Aead {
    /// Returns `None` for a key that does not have 32 bytes.
    fn new(suite: Suite, key: &[u8]) -> Option<Self> {
        let algorithm = match suite {
            Suite::Aes256Gcm => &AES_256_GCM,
            Suite::ChaCha20Poly1305 => &CHACHA20_POLY1305,
        };
        Some(Self(LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?)))
    }

    /// Encrypts `slot` in place, except for its last 16 bytes, where the tag is written.
    fn seal(&self, nonce: [u8; NONCE_LEN], aad: &[u8], slot: &mut [u8]) -> Result<(), EncryptError> {
        let (text, room) = slot.split_at_mut(slot.len().saturating_sub(TAG_BYTES));
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(aad), text);
        room.copy_from_slice(tag.map_err(|_| EncryptError::Aead)?.as_ref());
        Ok(())
    }

    /// Decrypts `slot` in place. After a refusal the content of the slot must not be used.
    fn open<'a>(&self, nonce: [u8; NONCE_LEN], aad: &[u8], slot: &'a mut [u8]) -> Result<&'a [u8], DecryptError> {
        match self.0.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(aad), slot) {
            Ok(text) => Ok(text),
            Err(_) => Err(DecryptError::Refused),
        }
    }
}

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
            Some(Self { aead: Aead::new(suite, key)?, key_commitment: Digest(*com), salt: Salt::from_bytes(*salt) })
        })
    }

    /// Encrypts a chunk in place: all of `slot` except for its last 16 bytes, where the tag is written.
    pub(super) fn seal(&self, at: Place, aad: &[u8], slot: &mut [u8]) -> Result<(), EncryptError> {
        wiped_short(|| self.aead.seal(at.nonce(), aad, slot))
    }

    /// Decrypts `slot` in place and returns the chunk. After a refusal the content of the slot must not be used.
    pub(super) fn open<'a>(&self, at: Place, aad: &[u8], slot: &'a mut [u8]) -> Result<&'a [u8], DecryptError> {
        wiped_short(|| self.aead.open(at.nonce(), aad, slot))
    }
}

/// The place of a chunk in its envelope, which determines the nonce. Each K encrypts one envelope, so no nonce repeats.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) index: u64,
    pub(super) last: bool,
}

impl Place {
    fn nonce(self) -> [u8; NONCE_LEN] {
        let mut nonce = [0; NONCE_LEN];
        nonce[3..11].copy_from_slice(&self.index.to_be_bytes());
        nonce[11] = self.last.into();
        nonce
    }
}

#[cfg(test)]
mod tests;
