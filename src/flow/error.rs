//! What can stop a step of the flow.

use crate::envelope::{DecryptError, EncryptError, FileError};
use crate::error::DecodeError;
use crate::hash::Digest;
use crate::identity::IdentityError;
use crate::pre::{HandshakeError, SameKey};
use std::io;
use std::path::{Path, PathBuf};

/// Why a step of Figures 3 and 4 did not happen. Nothing of a record, a key or a person is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// A file or folder could not be used.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A stream could not be read.
    #[error("reading: {0}")]
    Read(#[source] io::Error),
    /// The system cannot watch the EMR folder.
    #[error("watching the EMR folder: {0}")]
    Watch(#[from] notify::Error),
    /// No runtime for the store.
    #[error("starting the store: {0}")]
    Runtime(#[source] io::Error),
    /// The store failed.
    #[error("cloud store: {0}")]
    Store(#[from] object_store::Error),
    /// The key is taken; objects are never overwritten.
    #[error("cloud store: {0} exists already")]
    Exists(String),
    /// An object is larger than one of its kind can be.
    #[error("cloud store: {key} has {bytes} bytes where at most {limit} are sensible")]
    TooLarge {
        /// Its key.
        key: String,
        /// Its size.
        bytes: u64,
        /// The largest size that is read.
        limit: u64,
    },
    /// An upload was not what its sender announced.
    #[error("upload announced as {announced} has digest {found}")]
    Upload {
        /// The digest that the sender signed.
        announced: Digest,
        /// The digest of what came.
        found: Digest,
    },
    /// A message could not be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A certificate, signature or sealed message was refused.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Diffie-Hellman gave no key.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// Equation (1) from a key to itself.
    #[error(transparent)]
    ReKey(#[from] SameKey),
    /// A record could not be encrypted.
    #[error(transparent)]
    Encrypt(#[from] EncryptError),
    /// A record could not be encrypted to a file.
    #[error(transparent)]
    EncryptFile(#[from] FileError<EncryptError>),
    /// An envelope was refused.
    #[error(transparent)]
    Decrypt(#[from] DecryptError),
    /// An envelope file was refused.
    #[error(transparent)]
    DecryptFile(#[from] FileError<DecryptError>),
}

impl FlowError {
    /// For `map_err`: names the file.
    pub(crate) fn file(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| Self::File { path: path.to_owned(), source }
    }
}
