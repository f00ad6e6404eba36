//! Contracts, and the simulation of their transactions.
//!
//! Paper: section 3.1, the chaincode and the distributed ledger of each node. Semantics: Hyperledger Fabric's
//! (core/ledger/kvledger/txmgmt/txmgr/query_executor.go).
//!
//! ```text
//! get(key)         = the committed value, never one that this simulation put; the version read is recorded
//! put(key, value)  : recorded; a later put of the same key replaces it
//! ```
//!
//! So endorsers at the same height produce equal bytes, and committers recognise a stale simulation by its versions alone,
//! without running the contract.

use super::view::Committed;
use crate::identity::{Certificate, Member};
use crate::ledger::error::StoreError;
use crate::ledger::format::proposal::Transient;
use crate::ledger::format::rwset::{KEY_LIMIT, KEYS_LIMIT, ReadWriteSet, VALUE_LIMIT, Version};
use crate::time::Millis;
use std::collections::BTreeMap;

/// Why a read or write of a contract failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key, a value or the number of keys is above its limit.
    #[error("{what}: {got} is above the limit of {limit}")]
    Limit {
        /// What is too large.
        what: &'static str,
        /// The largest size that is accepted.
        limit: u32,
        /// The size.
        got: usize,
    },
    /// The peer that holds the state did not answer a read or write, or refused it.
    #[error("peer: {0}")]
    Peer(String),
}

/// The state as a contract sees it: Fabric's `GetState` and `PutState`.
pub trait State {
    /// The committed value under `key`, never a value that this transaction put.
    ///
    /// # Errors
    /// [`StateError`].
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, StateError>;

    /// Puts `value` under `key` if the transaction is committed as valid.
    ///
    /// # Errors
    /// [`StateError::Limit`].
    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), StateError>;
}

/// The arguments of a contract.
#[derive(Clone, Copy, Debug)]
pub struct Invocation<'a> {
    /// The member that signed the proposal.
    pub creator: &'a Member,
    /// The certificate of this member, under which the proposal was signed.
    pub certificate: &'a Certificate,
    /// The proposal's time. The only time a contract may use.
    pub timestamp: Millis,
    /// Data that never reaches a block.
    pub transient: &'a Transient,
    /// What the contract is asked to do, in the contract's own encoding.
    pub action: &'a [u8],
}

/// Why a contract refused. The code is stable; the reason is for people, and holds no personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("refused by the contract (code {code}): {reason}")]
pub struct ContractRefusal {
    /// The contract's number of the reason.
    pub code: u16,
    /// The rule that was broken.
    pub reason: String,
}

/// Why an invocation of a contract failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvokeError {
    /// A rule of the contract was broken.
    #[error(transparent)]
    Refused(#[from] ContractRefusal),
    /// A read or write failed.
    #[error(transparent)]
    State(#[from] StateError),
}

/// A contract: a pure function of the state and the invocation, without clock and randomness.
pub trait Contract: Send + Sync {
    /// The name by which a proposal calls the contract.
    fn name(&self) -> &str;

    /// Runs one transaction.
    ///
    /// # Errors
    /// [`InvokeError`]; then the transaction is not endorsed.
    fn invoke(&self, state: &mut dyn State, call: &Invocation<'_>) -> Result<Vec<u8>, InvokeError>;

    /// The name and the payload of the event that a valid transaction causes. No event is the default.
    fn event(&self, _call: &Invocation<'_>) -> Option<(String, Vec<u8>)> {
        None
    }

    /// Answers a question about the state, without a transaction. Question and answer have the contract's own encoding.
    ///
    /// # Errors
    /// [`InvokeError`]; a contract that answers no questions refuses each with code 1.
    fn query(&self, _state: &mut dyn State, _question: &[u8]) -> Result<Vec<u8>, InvokeError> {
        Err(ContractRefusal { code: 1, reason: "the contract answers no questions".to_owned() }.into())
    }
}

/// One run of a contract against a snapshot of the state.
#[derive(Debug)]
pub struct Simulation<'a, C: ?Sized> {
    committed: &'a C,
    reads: BTreeMap<String, Option<Version>>,
    writes: BTreeMap<String, Vec<u8>>,
}

impl<'a, C: Committed + ?Sized> Simulation<'a, C> {
    /// A simulation without reads and writes.
    pub const fn new(committed: &'a C) -> Self {
        Self { committed, reads: BTreeMap::new(), writes: BTreeMap::new() }
    }

    /// The read-write set.
    pub fn finish(self) -> ReadWriteSet {
        ReadWriteSet::new(self.reads, self.writes)
    }
}

impl<C: Committed + ?Sized> State for Simulation<'_, C> {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        within("key", key.len(), KEY_LIMIT)?;
        let entry = self.committed.entry(key)?;
        self.reads.insert(key.to_owned(), entry.as_ref().map(|entry| entry.version));
        within("keys read", self.reads.len(), KEYS_LIMIT)?;
        Ok(entry.map(|entry| entry.value))
    }

    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), StateError> {
        within("key", key.len(), KEY_LIMIT)?;
        within("value", value.len(), VALUE_LIMIT)?;
        self.writes.insert(key.to_owned(), value);
        within("keys written", self.writes.len(), KEYS_LIMIT)
    }
}

/// The limits of a simulation, which a state at a peer of Fabric has as well.
pub(crate) const fn within(what: &'static str, got: usize, limit: u32) -> Result<(), StateError> {
    if got > limit as usize { Err(StateError::Limit { what, limit, got }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
