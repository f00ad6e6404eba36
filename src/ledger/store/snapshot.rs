//! The state at one height: the file of the state, and over it what is not in the file yet.

use super::database::Tables;
use super::{Savepoint, StoreError};
use crate::ledger::changes::Changes;
use crate::ledger::proposal::TxId;
use crate::ledger::state::{Committed, Entry};
use crate::ledger::validation::Outcome;
use redb::ReadableDatabase;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

/// The state at one height. Later commits do not change what it shows; the first of them copies what is not in the file,
/// so it is not for keeping.
#[derive(Debug)]
pub struct Snapshot {
    /// The newest first.
    pub(super) changes: [Arc<Changes>; 2],
    pub(super) tables: Tables,
    pub(super) savepoint: Option<Savepoint>,
}

impl Snapshot {
    /// The state as it is in the file.
    pub(in crate::ledger) fn of_file(database: &impl ReadableDatabase, path: &Path) -> Result<Self, StoreError> {
        let tables = Tables::new(database, path)?;
        Ok(Self { changes: <[_; 2]>::default(), savepoint: tables.savepoint()?, tables })
    }

    /// Its height and hashes.
    pub const fn savepoint(&self) -> Option<Savepoint> {
        self.savepoint
    }

    /// Where a transaction stands, and the verdict on it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn outcome(&self, txid: &TxId) -> Result<Option<Outcome>, StoreError> {
        let recent = self.changes.iter().find_map(|changes| changes.txids.get(txid));
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
            let these = changes.updates.range::<str, _>(from).take_while(|(key, _)| key.starts_with(prefix));
            found.extend(these.map(|(key, entry)| (key.clone(), entry.clone())));
        }
        Ok(found.into_iter().collect())
    }

    /// All txids with their outcomes, in ascending order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn outcomes(&self) -> Result<Vec<(TxId, Outcome)>, StoreError> {
        let mut found: BTreeMap<_, _> = self.tables.outcomes()?.into_iter().collect();
        found.extend(self.changes.iter().flat_map(|changes| &changes.txids).map(|(txid, outcome)| (*txid, *outcome)));
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
