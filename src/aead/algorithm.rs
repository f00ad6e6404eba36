//! The names of the AEADs, their sizes, and their one error.

/// Bytes of a nonce.
pub(crate) const NONCE_BYTES: usize = 12;
/// Bytes of a tag.
pub(crate) const TAG_BYTES: usize = 16;

/// One of the two AEADs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Aes256Gcm,
    ChaCha20Poly1305,
}

/// The AEAD refused: the ciphertext is not authentic or shorter than a tag, or the plaintext is longer than the AEAD allows.
#[derive(Debug)]
pub(crate) struct Refused;
