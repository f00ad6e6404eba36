//! The AEADs by aws-lc-rs.

use super::algorithm::{Algorithm, NONCE_BYTES, Refused, TAG_BYTES};
use aws_lc_rs::aead::{AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

/// An AEAD under one key.
pub(crate) struct Aead(LessSafeKey);

impl Aead {
    /// Returns `None` for a key that does not have 32 bytes.
    pub(crate) fn new(algorithm: Algorithm, key: &[u8]) -> Option<Self> {
        let algorithm = match algorithm {
            Algorithm::Aes256Gcm => &AES_256_GCM,
            Algorithm::ChaCha20Poly1305 => &CHACHA20_POLY1305,
        };
        Some(Self(LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?)))
    }

    /// Encrypts `slot` in place, except for its last 16 bytes, where the tag is written.
    pub(crate) fn seal(&self, nonce: [u8; NONCE_BYTES], aad: &[u8], slot: &mut [u8]) -> Result<(), Refused> {
        let (text, room) = slot.split_at_mut(slot.len().saturating_sub(TAG_BYTES));
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(aad), text);
        room.copy_from_slice(tag.map_err(|_| Refused)?.as_ref());
        Ok(())
    }

    /// Decrypts `slot` in place. After a refusal the content of the slot must not be used.
    pub(crate) fn open<'a>(
        &self,
        nonce: [u8; NONCE_BYTES],
        aad: &[u8],
        slot: &'a mut [u8],
    ) -> Result<&'a [u8], Refused> {
        match self.0.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(aad), slot) {
            Ok(text) => Ok(text),
            Err(_) => Err(Refused),
        }
    }
}
