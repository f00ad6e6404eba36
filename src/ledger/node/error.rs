//! Why a peer, the orderer or the network refuses.

use crate::error::DecodeError;
use crate::identity::{IdentityError, Role};
use crate::ledger::error::StoreError;
use crate::ledger::format::block::BlockError;
use crate::ledger::format::endorsement::AssembleError;
use crate::ledger::format::proposal::TxId;
use crate::ledger::rules::channel::CommitError;
use crate::ledger::state::contract::{ContractRefusal, StateError};
use crate::time::Millis;

/// Why a peer cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// The chain cannot be stored or applied.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The certificate is not valid.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The certificate is not a peer's.
    #[error("a {0} cannot be a peer")]
    NotAPeer(Role),
    /// The ledger in the folder has no block.
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
    /// The creator's certificate or signature is not valid.
    #[error("creator: {0}")]
    Creator(#[from] IdentityError),
    /// The proposal's time is too far from the peer's.
    #[error("the proposal's time {timestamp} is outside the window of {window} ms around {now}")]
    Time {
        /// The proposal's time.
        timestamp: Millis,
        /// The peer's.
        now: Millis,
        /// The largest distance in milliseconds.
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
    /// The chain contains a transaction of this txid.
    #[error("the transaction {0} is in the chain already")]
    Duplicate(TxId),
    /// Only participants propose; nodes and authorities do not.
    #[error("a {0} cannot propose")]
    Access(Role),
    /// The contract refused.
    #[error(transparent)]
    Refused(ContractRefusal),
    /// The contract exceeded a limit.
    #[error(transparent)]
    Limit(StateError),
    /// The state cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why the orderer refuses a transaction, or cuts no block.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// The transaction is longer than the channel allows.
    #[error("a transaction of {got} bytes where {limit} are allowed")]
    Size {
        /// The limit.
        limit: u32,
        /// The length.
        got: usize,
    },
    /// The bytes are not the encoding of one signed transaction.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The creator's certificate or signature is not valid.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The transaction's time is too far from the orderer's.
    #[error("the transaction's time {timestamp} is outside the window of {window} ms around {now}")]
    Time {
        /// The transaction's time.
        timestamp: Millis,
        /// The orderer's.
        now: Millis,
        /// The largest distance in milliseconds.
        window: u64,
    },
    /// The orderer has accepted the transaction before: the transaction waits for a block, or is in one. A client that
    /// repeats a transaction because no answer came can treat this error as the answer, and ask a peer for the outcome.
    #[error("the transaction {0} was ordered already")]
    Duplicate(TxId),
    /// Only participants propose; nodes and authorities do not.
    #[error("a {0} cannot propose")]
    Access(Role),
    /// The certificate of an endorser is not valid.
    #[error("endorser: {0}")]
    Endorser(#[source] IdentityError),
    /// The certificate is not an orderer's.
    #[error("a {0} cannot order blocks")]
    NotAnOrderer(Role),
    /// The orderer's certificate names an organisation that does not order on this channel.
    #[error("an orderer of the organisation {0} cannot order blocks of this channel")]
    ForeignOrderer(String),
    /// The blocks cannot be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A block is not the next one of this chain.
    #[error(transparent)]
    Block(#[from] BlockError),
}

/// Why the network does not do what it is asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// No peer runs.
    #[error("no peer is running")]
    NoPeer,
    /// There is no peer of this number, or the peer is not stopped.
    #[error("there is no peer {0}, or it runs already")]
    NotStopped(usize),
    /// An endorser refused, and the other endorsements do not satisfy the policy.
    #[error("not endorsed: {0}")]
    Endorse(#[from] EndorseError),
    /// The running peers endorsed, but do not satisfy the policy.
    #[error("{endorsed} equal endorsements do not satisfy the policy {policy}")]
    Policy {
        /// The largest number of equal endorsements.
        endorsed: usize,
        /// The policy.
        policy: String,
    },
    /// The transaction cannot be assembled or signed.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// The orderer refused.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// A peer cannot start.
    #[error("peer {peer}: {source}")]
    Peer {
        /// Its number.
        peer: usize,
        /// Why.
        source: PeerError,
    },
    /// A peer cannot catch up.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A peer cannot read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A root certificate or revocation list is not valid.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The transaction was ordered, but no running peer committed it.
    #[error("the transaction {0} is in no block")]
    Lost(TxId),
}
