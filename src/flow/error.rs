//! The errors of the flow.

use crate::contract::{LedgerError, RecordId, RequestId};
use crate::envelope::{DecryptError, EncryptError, FileError};
use crate::error::DecodeError;
use crate::hash::Digest;
use crate::identity::{IdentityError, MemberId};
use crate::ledger::NetworkError;
use crate::pre::{HandshakeError, SameKey, StatementError, ThresholdError};
use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a step of Figures 3 and 4 failed. An error holds no content of a record, no key and no personal data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// A file or folder could not be used.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Reading a stream or writing a new file failed.
    #[error("input or output: {0}")]
    Io(#[source] io::Error),
    /// The system cannot watch a folder.
    #[error("{}: cannot be watched: {source}", path.display())]
    Watch {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A record was changed while it was encrypted. It is encrypted again once it is complete.
    #[error("record {0:?} was changed while it was read")]
    Changed(String),
    /// The runtime for the store could not be started.
    #[error("starting the store: {0}")]
    Runtime(#[source] io::Error),
    /// The store failed.
    #[error("cloud store: {0}")]
    Store(#[from] object_store::Error),
    /// A prefix of a store that no path of `object_store` can name.
    #[error("the prefix {0:?} has an empty, . or .. part, or a control character")]
    Prefix(String),
    /// An object could not be written, for example to a full or read-only disk.
    #[error("cloud store: {key} cannot be written: {source}")]
    Write {
        /// Its key.
        key: String,
        /// Why.
        source: object_store::Error,
    },
    /// The key is in use. Objects are never overwritten.
    #[error("cloud store: {0} exists already")]
    Exists(String),
    /// An object is larger than the limit for its kind.
    #[error("cloud store: {key} has {bytes} bytes where at most {limit} are sensible")]
    TooLarge {
        /// Its key.
        key: String,
        /// Its size.
        bytes: u64,
        /// The largest size that is read.
        limit: u64,
    },
    /// An upload is longer than the cloud takes.
    #[error("the upload has more than {limit} bytes")]
    UploadLimit {
        /// The largest size in bytes.
        limit: u64,
    },
    /// An upload does not have the digest that its sender announced.
    #[error("upload announced as {announced} has digest {found}")]
    Upload {
        /// The digest that the sender signed.
        announced: Digest,
        /// The digest of the received bytes.
        found: Digest,
    },
    /// A message could not be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A certificate, signature or sealed message was refused.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The Diffie-Hellman exchange failed.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// Equation (1) with the same key on both sides.
    #[error(transparent)]
    ReKey(#[from] SameKey),
    /// The numbers of clouds or shares do not fit together, or a cloud is named twice.
    #[error(transparent)]
    Threshold(#[from] ThresholdError),
    /// The ledger refused a transaction or a question, or did not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The embedded ledger could not be created or changed.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The record that the step needs is not on the ledger.
    #[error("record {0} does not stand on the ledger")]
    NoRecord(RecordId),
    /// The share request that the step needs is not on the ledger.
    #[error("share request {0} does not stand on the ledger")]
    NoRequest(RequestId),
    /// There was no Diffie-Hellman exchange with this participant.
    #[error("no shared secret with {0}")]
    Stranger(MemberId),
    /// This participant has given the hospital another key by name since, or met it again.
    #[error("{0} has replaced this key by name")]
    EarlierKey(MemberId),
    /// This participant does not know the record.
    #[error("unknown record {0}")]
    UnknownRecord(RecordId),
    /// The record does not match the commitment.
    #[error("the record does not match its commitment")]
    Commitment,
    /// The sender or recipient of a message is not the participant that the ledger names, or has the wrong role.
    #[error("{0} is not the participant that the ledger names")]
    WrongParty(MemberId),
    /// The grant does not have the digest to which the user consented on the ledger.
    #[error("the grant is not the one that stands on the ledger")]
    Grant,
    /// The consent has ended.
    #[error("request {0} has ended")]
    Ended(RequestId),
    /// The user has withdrawn the consent.
    #[error("request {0} is withdrawn")]
    Withdrawn(RequestId),
    /// A participant did what the protocol does not allow, as a check has shown.
    #[error("{who} is at fault: {how}")]
    Misbehaved {
        /// The participant.
        who: MemberId,
        /// What the check has shown.
        how: Misbehaviour,
    },
    /// The key of the stored record has another epoch than the grant or rotation needs.
    #[error("the stored record has epoch {stored}, which does not fit epoch {asked}")]
    Epoch {
        /// The epoch of the stored record.
        stored: u32,
        /// The epoch that the grant or the rotation needs.
        asked: u32,
    },
    /// The values do not make a statement about a re-encryption.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// Fewer clouds than are needed delivered the record.
    #[error("{delivered} of {needed} clouds delivered the record{}", refusals(.refused))]
    TooFewClouds {
        /// t, the number of clouds that re-encrypt together.
        needed: u8,
        /// The number of clouds whose deliveries passed the checks.
        delivered: usize,
        /// The other clouds that were asked, each with the reason.
        refused: Vec<(MemberId, Self)>,
    },
    /// The deliveries do not have the digest that is on the ledger.
    #[error("the deliveries are not the ones that stand on the ledger")]
    Deliveries,
    /// The request is completed, or a newer request has replaced it. It no longer gives access.
    #[error("request {0} is completed or was replaced")]
    Closed(RequestId),
    /// The record is not re-encrypted for this request yet. The store may hold the delivery of an earlier request.
    #[error("the record is not re-encrypted for request {0} yet")]
    NotReencrypted(RequestId),
    /// The user has already checked another record under this identifier.
    #[error("another record was checked under {0}")]
    KnownRecord(RecordId),
    /// The message with ID_i could not be decrypted.
    #[error("the sealed identifier cannot be opened")]
    Identifier,
    /// The member's certificate has no sealing key.
    #[error("{0} has no sealing key")]
    NoSealingKey(MemberId),
    /// A record's name is not a relative path that stays below a folder, or a URL names no bucket.
    #[error("unusable record name {0:?}")]
    Name(String),
    /// A record could not be encrypted.
    #[error(transparent)]
    Encrypt(#[from] EncryptError),
    /// An envelope was refused.
    #[error(transparent)]
    Decrypt(#[from] DecryptError),
    /// An envelope file was refused.
    #[error(transparent)]
    DecryptFile(#[from] FileError<DecryptError>),
}

/// What a participant did that the protocol does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misbehaviour {
    /// The user: the note in the grant is not about this record, or its author has not signed it.
    Grant,
    /// The user: e(g1, k_j) ≠ Δ_j, or e(g1, u) ≠ Δ in a rotation.
    ReKey,
    /// The user: e(g1, k'_e) ≠ Δ·Y.
    RecipientKey,
    /// A cloud: the note in the signed delivery is not about this record, has another epoch than the note in the grant,
    /// or is not signed by its author.
    Delivery,
    /// A cloud: the proof of re-encryption in a signed delivery or rotation does not hold.
    Proof,
    /// A cloud: the body does not have the digest of the note.
    Body,
    /// The author of a note: the note does not describe the envelope, or the author signed two different notes.
    Note,
    /// The author of a note: the capsule or the body does not open to the record on the ledger.
    Record,
}

impl fmt::Display for Misbehaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Grant => "the grant lacks the note about this record",
            Self::ReKey => "the key for the cloud is not the key of its public value",
            Self::RecipientKey => "the granted k'_e is not the key of Δ·Y",
            Self::Delivery => "the signed delivery lacks the note about this record",
            Self::Proof => "the proof of re-encryption that was signed does not hold",
            Self::Body => "the body is not the one that the note announces",
            Self::Note => "the signed note does not describe the envelope, or is not the only one",
            Self::Record => "the envelope does not hold the record on the ledger",
        })
    }
}

impl Misbehaviour {
    pub(super) const fn by(self, who: MemberId) -> FlowError {
        FlowError::Misbehaved { who, how: self }
    }
}

/// The clouds that did not deliver, each with its reason.
fn refusals(refused: &[(MemberId, FlowError)]) -> String {
    let each = refused.iter().map(|(cloud, why)| format!("{cloud}: {why}"));
    core::iter::once(String::new()).chain(each).collect::<Vec<_>>().join("; ")
}

impl From<io::Error> for FlowError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl FlowError {
    /// For `map_err`: names the folder that cannot be watched.
    pub(super) fn watch(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| Self::Watch { path: path.to_owned(), source }
    }

    /// For `map_err`: names the file.
    pub(crate) fn file(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| Self::File { path: path.to_owned(), source }
    }
}
