//! What follows from blocks, gathered in memory: before it goes into the file of the state, or instead of one.
//!
//! Semantics: Fabric's (core/ledger/kvledger/txmgmt/privacyenabledstate/update_batch.go).

use super::proposal::TxId;
use super::state::{Committed, Entry};
use super::store::StoreError;
use super::validation::{Outcome, Verdict};
use std::collections::BTreeMap;

/// What a value takes in memory beside its key and its bytes, and a txid with its outcome: about as much as was measured.
const UPDATE_BYTES: usize = 128;
const TXID_BYTES: usize = 96;

/// The values and txids of some blocks in a row.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The values by key.
    pub updates: BTreeMap<String, Entry>,
    /// What became of each transaction.
    pub txids: BTreeMap<TxId, Outcome>,
    bytes: usize,
}

impl Changes {
    /// Adds those of the next block.
    pub fn add(&mut self, verdict: Verdict) {
        self.extend(verdict.updates, verdict.txids);
    }

    /// Adds those of the blocks that follow.
    pub(crate) fn append(&mut self, later: Self) {
        self.extend(later.updates, later.txids);
    }

    fn extend(&mut self, updates: BTreeMap<String, Entry>, txids: BTreeMap<TxId, Outcome>) {
        let size = |(key, entry): (&String, &Entry)| key.len() + entry.value.len() + UPDATE_BYTES;
        self.bytes += updates.iter().map(size).sum::<usize>() + txids.len() * TXID_BYTES;
        self.updates.extend(updates);
        self.txids.extend(txids);
    }

    /// About how much memory they take, what was replaced counted again.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// `state` as it will be with them.
    pub(crate) const fn over<'a, S: Committed>(&'a self, state: &'a S) -> Over<'a, S> {
        Over { changes: self, state }
    }
}

/// Those of one block.
impl From<Verdict> for Changes {
    fn from(verdict: Verdict) -> Self {
        let mut changes = Self::default();
        changes.add(verdict);
        changes
    }
}

/// The state of all blocks from block 0 on.
impl Committed for Changes {
    fn entry(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        Ok(self.updates.get(key).cloned())
    }

    fn knows(&self, txid: &TxId) -> Result<bool, StoreError> {
        Ok(self.txids.contains_key(txid))
    }
}

/// A state with changes on top of it.
pub(crate) struct Over<'a, S> {
    changes: &'a Changes,
    state: &'a S,
}

impl<S: Committed> Committed for Over<'_, S> {
    fn entry(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        self.changes.updates.get(key).map_or_else(|| self.state.entry(key), |entry| Ok(Some(entry.clone())))
    }

    fn knows(&self, txid: &TxId) -> Result<bool, StoreError> {
        if self.changes.txids.contains_key(txid) { Ok(true) } else { self.state.knows(txid) }
    }
}
