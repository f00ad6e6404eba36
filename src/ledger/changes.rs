//! What follows from blocks, gathered in memory: before it goes into the state, or instead of one.
//!
//! Semantics: Fabric's (core/ledger/kvledger/txmgmt/privacyenabledstate/update_batch.go).

use super::proposal::TxId;
use super::state::{Committed, Entry};
use super::store::StoreError;
use super::validation::{Outcome, Verdict};
use std::collections::BTreeMap;

/// The values and txids of some blocks in a row.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) updates: BTreeMap<String, Entry>,
    pub(crate) txids: BTreeMap<TxId, Outcome>,
}

impl Changes {
    /// Adds those of the next block.
    pub(crate) fn add(&mut self, verdict: Verdict) {
        self.updates.extend(verdict.updates);
        self.txids.extend(verdict.txids);
    }

    /// `state` as it will be with them.
    pub(crate) const fn over<'a, S: Committed>(&'a self, state: &'a S) -> Over<'a, S> {
        Over { changes: self, state }
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
