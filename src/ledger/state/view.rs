//! Views of the committed state, and the changes that blocks make to it, gathered in memory.
//!
//! Semantics: Fabric's (core/ledger/kvledger/txmgmt/privacyenabledstate/update_batch.go).

use crate::ledger::error::StoreError;
use crate::ledger::format::proposal::TxId;
use crate::ledger::format::rwset::Entry;
use crate::ledger::format::verdict::{BlockVerdict, Outcome};
use std::collections::BTreeMap;

/// The state after some block.
pub trait Committed {
    /// The entry under `key`.
    ///
    /// # Errors
    /// [`StoreError`] if the storage fails.
    fn entry(&self, key: &str) -> Result<Option<Entry>, StoreError>;

    /// Whether the chain has a transaction of this txid.
    ///
    /// # Errors
    /// [`StoreError`] if the storage fails.
    fn knows(&self, txid: &TxId) -> Result<bool, StoreError>;
}

/// Measured memory, in bytes, of an entry beside key and value, and of a txid with its outcome.
const UPDATE_BYTES: usize = 128;
const TXID_BYTES: usize = 96;

/// The values and txids that consecutive blocks add. From block 0 on, this is the whole state.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    updates: BTreeMap<String, Entry>,
    txids: BTreeMap<TxId, Outcome>,
    bytes: usize,
}

impl Changes {
    /// The values by their keys.
    pub const fn updates(&self) -> &BTreeMap<String, Entry> {
        &self.updates
    }

    /// The transactions by their txids.
    pub const fn txids(&self) -> &BTreeMap<TxId, Outcome> {
        &self.txids
    }

    /// Adds the changes of the next block.
    pub fn add(&mut self, verdict: BlockVerdict) {
        self.extend(verdict.updates, verdict.txids);
    }

    /// Adds the changes of the blocks that follow.
    pub(in crate::ledger) fn append(&mut self, later: Self) {
        self.extend(later.updates, later.txids);
    }

    fn extend(&mut self, updates: BTreeMap<String, Entry>, txids: BTreeMap<TxId, Outcome>) {
        let size = |(key, entry): (&String, &Entry)| key.len() + entry.value.len() + UPDATE_BYTES;
        self.bytes += updates.iter().map(size).sum::<usize>() + txids.len() * TXID_BYTES;
        self.updates.extend(updates);
        self.txids.extend(txids);
    }

    /// About how many bytes of memory the changes take; a value that was replaced is still counted.
    pub(in crate::ledger) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// `state` with the changes applied.
    pub(in crate::ledger) const fn over<'a, S: Committed>(&'a self, state: &'a S) -> Over<'a, S> {
        Over { changes: self, state }
    }
}

/// The changes of one block.
impl From<BlockVerdict> for Changes {
    fn from(verdict: BlockVerdict) -> Self {
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

/// A state with changes applied.
pub(in crate::ledger) struct Over<'a, S> {
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
