//! The state at one height: the tables of the database, and over them the changes that are not in the database yet.

use super::state_db::{Tables, Unchanged};
use crate::ledger::error::StoreError;
use crate::ledger::format::block::Savepoint;
use crate::ledger::format::proposal::TxId;
use crate::ledger::format::rwset::Entry;
use crate::ledger::format::verdict::Outcome;
use crate::ledger::state::view::{Changes, Committed};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

/// The state at one height. Later commits do not change it. Drop it before the next commit: a commit has to copy the
/// changes in memory while a snapshot holds them.
#[derive(Debug)]
pub struct Snapshot {
    /// The changes that are not in the tables, the newest first.
    pub(super) changes: [Arc<Changes>; 2],
    pub(super) tables: Tables,
    pub(super) savepoint: Option<Savepoint>,
}

impl Snapshot {
    /// The state in the database at `path`.
    pub(in crate::ledger) fn of_database(database: &Unchanged, path: &Path) -> Result<Self, StoreError> {
        let tables = database.tables(path)?;
        Ok(Self { changes: <[_; 2]>::default(), savepoint: tables.savepoint()?, tables })
    }

    /// Height and hashes; none before block 0.
    pub const fn savepoint(&self) -> Option<Savepoint> {
        self.savepoint
    }

    /// The place of a transaction in the chain, and its code.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn outcome(&self, txid: &TxId) -> Result<Option<Outcome>, StoreError> {
        let recent = self.changes.iter().find_map(|changes| changes.txids().get(txid));
        recent.map_or_else(|| self.tables.outcome(txid), |outcome| Ok(Some(*outcome)))
    }

    /// All keys and entries that begin with `prefix`, in ascending order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn scan(&self, prefix: &str) -> Result<Vec<(String, Entry)>, StoreError> {
        let mut found: BTreeMap<_, _> = self.tables.scan(prefix)?.into_iter().collect();
        for changes in self.changes.iter().rev() {
            let from = (Bound::Included(prefix), Bound::Unbounded);
            let entries = changes.updates().range::<str, _>(from).take_while(|(key, _)| key.starts_with(prefix));
            found.extend(entries.map(|(key, entry)| (key.clone(), entry.clone())));
        }
        Ok(found.into_iter().collect())
    }

    /// All txids with their outcomes, in ascending order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn outcomes(&self) -> Result<Vec<(TxId, Outcome)>, StoreError> {
        let mut found: BTreeMap<_, _> = self.tables.outcomes()?.into_iter().collect();
        found.extend(self.changes.iter().flat_map(|changes| changes.txids()).map(|(txid, outcome)| (*txid, *outcome)));
        Ok(found.into_iter().collect())
    }
}

impl Committed for Snapshot {
    fn entry(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let [recent, before] = &self.changes;
        recent.over(&before.over(&self.tables)).entry(key)
    }

    fn knows(&self, txid: &TxId) -> Result<bool, StoreError> {
        let [recent, before] = &self.changes;
        recent.over(&before.over(&self.tables)).knows(txid)
    }
}
