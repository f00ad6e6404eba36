//! Why a peer does not start, or does not endorse.

use crate::identity::{IdentityError, Role};
use crate::ledger::config::CommitError;
use crate::ledger::proposal::TxId;
use crate::ledger::state::{Refusal, StateError};
use crate::ledger::store::StoreError;

/// Why a peer cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// The chain cannot be kept or replayed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The certificate does not count.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The certificate's role is not that of a peer.
    #[error("a {0} cannot be a peer")]
    NotAPeer(Role),
    /// The ledger in the folder was never begun.
    #[error("there is no block 0")]
    NoGenesis,
    /// The channel runs another contract.
    #[error("the channel runs the contract {0:?}")]
    OtherContract(String),
}

impl From<StoreError> for PeerError {
    fn from(error: StoreError) -> Self {
        Self::Commit(error.into())
    }
}

/// Why a proposal is not endorsed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndorseError {
    /// The creator's certificate or signature does not count.
    #[error("creator: {0}")]
    Creator(#[from] IdentityError),
    /// The proposal's time is too far from the peer's.
    #[error("the proposal's time {timestamp} is outside the window of {window} ms around {now}")]
    Time {
        /// The proposal's time.
        timestamp: u64,
        /// The peer's.
        now: u64,
        /// The largest distance.
        window: u64,
    },
    /// The txid is not SHA-256(nonce || creator).
    #[error("the txid is not that of nonce and creator")]
    TxId,
    /// The proposal is for another channel.
    #[error("unknown channel {0:?}")]
    Channel(String),
    /// The proposal is for another contract.
    #[error("unknown contract {0:?}")]
    Contract(String),
    /// The chain has a transaction of this txid.
    #[error("the transaction {0} stands in the chain already")]
    Duplicate(TxId),
    /// Participants write; nodes and authorities do not.
    #[error("a {0} cannot propose")]
    Access(Role),
    /// The contract refused.
    #[error(transparent)]
    Refused(Refusal),
    /// The contract asked for too much.
    #[error(transparent)]
    Limit(StateError),
    /// The state cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}
