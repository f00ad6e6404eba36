//! The errors of encryption and decryption. The decryption error does not say why an envelope was refused.

use crate::error::{Coded, DecodeError};
use std::io;
#[cfg(not(target_family = "wasm"))]
use std::path::Path;
use std::path::PathBuf;

/// Why a record was not encrypted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// The record could not be read, or the envelope could not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The AEAD refused a chunk. This does not occur with chunks of 64 KiB.
    #[error("the AEAD refused a chunk")]
    Aead,
}

/// Why an envelope was not decrypted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// The envelope could not be read, or the record could not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The header is malformed. Headers are public, so the error may name the field.
    #[error("envelope header: {0}")]
    Header(#[from] DecodeError),
    /// The key is wrong, or the envelope was changed, cut or reordered.
    #[error("refused: wrong key, or the envelope was altered")]
    Refused,
}

/// An error, with the file that it concerns.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct FileError<E: std::error::Error + 'static> {
    /// The file.
    pub path: PathBuf,
    /// The error.
    #[source]
    pub source: E,
}

#[cfg(not(target_family = "wasm"))]
impl<E: std::error::Error + 'static> FileError<E> {
    /// For `map_err`: adds the path of the file.
    pub(super) fn at<F: Into<E>>(path: &Path) -> impl Fn(F) -> Self + '_ {
        |source| Self { path: path.to_owned(), source: source.into() }
    }
}

impl Coded for EncryptError {
    fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "io",
            Self::Aead => "aead",
        }
    }
}

impl Coded for DecryptError {
    fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "io",
            Self::Header(error) => error.code(),
            Self::Refused => "refused",
        }
    }
}

impl<E: Coded + 'static> Coded for FileError<E> {
    fn code(&self) -> &'static str {
        self.source.code()
    }
}
