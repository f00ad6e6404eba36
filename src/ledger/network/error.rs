//! What can stop a transaction or a peer.

use crate::identity::IdentityError;
use crate::ledger::config::CommitError;
use crate::ledger::endorsement::AssembleError;
use crate::ledger::ordering::OrderError;
use crate::ledger::peer::{EndorseError, PeerError};
use crate::ledger::proposal::TxId;
use crate::ledger::store::StoreError;

/// Why the network does not do what it is asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// No peer runs.
    #[error("no peer is running")]
    NoPeer,
    /// There is no peer of this number, or it is not in the state for this.
    #[error("peer {0}: there is none, or it runs already")]
    NotStopped(usize),
    /// An endorser refused, and the others do not satisfy the policy.
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
    /// The transaction cannot be put together.
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
    /// A root or revocation list does not count.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The transaction was ordered and stands in no block: no running peer committed it.
    #[error("the transaction {0} stands in no block")]
    Lost(TxId),
}
