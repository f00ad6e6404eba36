//! What can stop a step of the flow.

use crate::contract::ContractError;
use crate::envelope::{DecryptError, EncryptError, FileError};
use crate::error::DecodeError;
use crate::hash::Digest;
use crate::identity::{IdentityError, MemberId};
use crate::ledger::{Code, NetworkError, TxId};
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
    /// A stream or a new file failed.
    #[error("input or output: {0}")]
    Io(#[source] io::Error),
    /// The system cannot watch the EMR folder.
    #[error("watching the EMR folder: {0}")]
    Watch(#[from] notify::Error),
    /// No runtime for the store.
    #[error("starting the store: {0}")]
    Runtime(#[source] io::Error),
    /// The store failed.
    #[error("cloud store: {0}")]
    Store(#[from] object_store::Error),
    /// An object could not be written: the disk is full, or may not be written to.
    #[error("cloud store: {key} cannot be written: {source}")]
    Write {
        /// Its key.
        key: String,
        /// Why.
        source: object_store::Error,
    },
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
    /// The ledger did not take a transaction.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A transaction stands in a block and is not valid.
    #[error("transaction {txid} was committed as {code}")]
    Invalid {
        /// The transaction.
        txid: TxId,
        /// The verdict on it.
        code: Code,
    },
    /// The ledger's state could not be read.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// What the step builds on does not stand on the ledger.
    #[error("{what} {txid} does not stand on the ledger")]
    NotOnLedger {
        /// The kind of thing.
        what: &'static str,
        /// Its transaction.
        txid: TxId,
    },
    /// No Diffie-Hellman with this party has taken place.
    #[error("no shared secret with {0}")]
    Stranger(MemberId),
    /// This participant does not know the record.
    #[error("unknown record {0}")]
    UnknownRecord(TxId),
    /// A record is not the one that was committed to.
    #[error("the record does not match its commitment")]
    Commitment,
    /// A message comes from, or is for, another participant than the ledger names.
    #[error("{0} is not the participant that the ledger names")]
    WrongParty(MemberId),
    /// The sealed keys are not those to which the user consented on the ledger.
    #[error("the grant is not the one that stands on the ledger")]
    Grant,
    /// A request is completed, or a newer one took its place: it opens nothing any more.
    #[error("request {0} is completed or was replaced")]
    Closed(TxId),
    /// The user has checked another record under this txid.
    #[error("another record was checked under {0}")]
    KnownRecord(TxId),
    /// The message with ID_i does not open.
    #[error("the sealed identifier cannot be opened")]
    Identifier,
    /// A certificate without a key to seal to.
    #[error("{0} has no sealing key")]
    NoSealingKey(MemberId),
    /// A record's name is no path below a folder.
    #[error("unusable record name {0:?}")]
    Name(String),
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

impl From<io::Error> for FlowError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl FlowError {
    /// For `map_err`: names the file.
    pub(crate) fn file(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| Self::File { path: path.to_owned(), source }
    }
}
