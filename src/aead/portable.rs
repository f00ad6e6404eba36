//! The AEADs by aes-gcm and chacha20poly1305.

use super::algorithm::{Algorithm, NONCE_BYTES, Refused, TAG_BYTES};
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Tag};
use chacha20poly1305::ChaCha20Poly1305;

/// An AEAD under one key, which the crates overwrite when it is dropped.
pub(crate) enum Aead {
    Aes256Gcm(Box<Aes256Gcm>),
    ChaCha20Poly1305(Box<ChaCha20Poly1305>),
}

impl Aead {
    /// Returns `None` for a key that does not have 32 bytes.
    pub(crate) fn new(algorithm: Algorithm, key: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::Aes256Gcm => Aes256Gcm::new_from_slice(key).ok().map(Box::new).map(Self::Aes256Gcm),
            Algorithm::ChaCha20Poly1305 => {
                ChaCha20Poly1305::new_from_slice(key).ok().map(Box::new).map(Self::ChaCha20Poly1305)
            }
        }
    }

    /// Encrypts `slot` in place, except for its last 16 bytes, where the tag is written.
    pub(crate) fn seal(&self, nonce: [u8; NONCE_BYTES], aad: &[u8], slot: &mut [u8]) -> Result<(), Refused> {
        let (text, room) = slot.split_at_mut(slot.len().saturating_sub(TAG_BYTES));
        let tag = match self {
            Self::Aes256Gcm(aead) => aead.encrypt_inout_detached(&nonce.into(), aad, text.into()),
            Self::ChaCha20Poly1305(aead) => aead.encrypt_inout_detached(&nonce.into(), aad, text.into()),
        };
        room.copy_from_slice(&tag.map_err(|_| Refused)?);
        Ok(())
    }

    /// Decrypts `slot` in place. After a refusal the content of the slot must not be used.
    pub(crate) fn open<'a>(
        &self,
        nonce: [u8; NONCE_BYTES],
        aad: &[u8],
        slot: &'a mut [u8],
    ) -> Result<&'a [u8], Refused> {
        let (text, tag) = slot.split_last_chunk_mut::<TAG_BYTES>().ok_or(Refused)?;
        let tag = Tag::from(*tag);
        let opened = match self {
            Self::Aes256Gcm(aead) => aead.decrypt_inout_detached(&nonce.into(), aad, (&mut *text).into(), &tag),
            Self::ChaCha20Poly1305(aead) => aead.decrypt_inout_detached(&nonce.into(), aad, (&mut *text).into(), &tag),
        };
        opened.map(|()| &*text).map_err(|_| Refused)
    }
}
