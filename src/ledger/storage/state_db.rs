//! The database of the state: values, txids and their savepoint, in redb.

use crate::error::DecodeError;
use crate::folder;
use crate::ledger::error::StoreError;
use crate::ledger::format::block::Savepoint;
use crate::ledger::format::proposal::TxId;
use crate::ledger::format::rwset::{Entry, Version};
use crate::ledger::format::verdict::Outcome;
use crate::ledger::state::view::{Changes, Committed};
use crate::wire::{Reader, Wire, Writer};
use redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition};
use std::path::{Path, PathBuf};

/// key -> version || value
const STATE: TableDefinition<&str, &[u8]> = TableDefinition::new("state");
/// txid -> outcome
const TXIDS: TableDefinition<[u8; 32], &[u8]> = TableDefinition::new("txids");
/// () -> savepoint
const SAVEPOINT: TableDefinition<(), &[u8]> = TableDefinition::new("savepoint");

/// The name of the database in a peer's folder.
pub const STATE_NAME: &str = "state.redb";

/// The open database of a peer.
#[derive(Debug)]
pub(super) struct StateDb {
    database: Database,
    path: PathBuf,
}

impl StateDb {
    /// Opens the database in `folder`, or creates it. It is created under another name first, because redb does not open a
    /// database whose creation was interrupted.
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(STATE_NAME);
        if !path.try_exists().map_err(StoreError::io("open", &path))? {
            let new = folder.join(format!("{STATE_NAME}.new"));
            if new.try_exists().map_err(StoreError::io("open", &new))? {
                std::fs::remove_file(&new).map_err(StoreError::io("remove", &new))?;
            }
            create(&new).map_err(database_error(&new))?;
            std::fs::rename(&new, &path).map_err(StoreError::io("make", &path))?;
            folder::sync(folder).map_err(StoreError::io("sync", folder))?;
        }
        Ok(Self { database: open_checked(&path)?, path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The tables at this moment.
    pub(super) fn tables(&self) -> Result<Tables, StoreError> {
        Tables::new(&self.database, &self.path)
    }

    /// Writes changes and savepoint in one transaction, and returns when they are on the disk.
    pub(super) fn write(&self, changes: &Changes, savepoint: &Savepoint) -> Result<(), StoreError> {
        let write = || {
            let write = self.database.begin_write()?;
            {
                let mut state = write.open_table(STATE)?;
                for (key, entry) in changes.updates() {
                    state.insert(key.as_str(), encode(entry).as_slice())?;
                }
                let mut txids = write.open_table(TXIDS)?;
                for (txid, outcome) in changes.txids() {
                    txids.insert(txid.0.0, outcome.to_bytes().as_slice())?;
                }
                write.open_table(SAVEPOINT)?.insert((), savepoint.to_bytes().as_slice())?;
            }
            Ok::<(), redb::Error>(write.commit()?)
        };
        write().map_err(database_error(&self.path))
    }
}

/// Opens an existing database and checks every page of it: redb by itself trusts a file that was closed properly.
pub(in crate::ledger) fn open_checked(path: &Path) -> Result<Database, StoreError> {
    Database::builder().set_check_integrity_on_open(true).open(path).map_err(database_error(path))
}

fn create(path: &Path) -> Result<(), redb::Error> {
    let write = Database::create(path)?.begin_write()?;
    write.open_table(STATE)?;
    write.open_table(TXIDS)?;
    write.open_table(SAVEPOINT)?;
    Ok(write.commit()?)
}

/// Runs `read`, which reads the database in `folder`. redb panics on some damaged pages; here that is an error.
pub(in crate::ledger) fn catch_damage<T, E: From<StoreError>>(
    folder: &Path,
    read: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    // Nothing that `read` was reading is used after a panic.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(StoreError::StateDamaged { path: folder.join(STATE_NAME) }.into()))
}

/// For `map_err`: an error of redb as an error of the database at `path`.
pub(in crate::ledger) fn database_error<E: Into<redb::Error>>(path: &Path) -> impl Fn(E) -> StoreError + '_ {
    use std::io::ErrorKind::{InvalidData, UnexpectedEof};
    move |error| match error.into() {
        redb::Error::Corrupted(_) | redb::Error::UpgradeRequired(_) => {
            StoreError::StateDamaged { path: path.to_owned() }
        }
        redb::Error::Io(error) if matches!(error.kind(), InvalidData | UnexpectedEof) => {
            StoreError::StateDamaged { path: path.to_owned() }
        }
        source => StoreError::State { path: path.to_owned(), source: Box::new(source) },
    }
}

/// The tables at one moment.
#[derive(Debug)]
pub(super) struct Tables {
    path: PathBuf,
    state: ReadOnlyTable<&'static str, &'static [u8]>,
    txids: ReadOnlyTable<[u8; 32], &'static [u8]>,
    savepoint: ReadOnlyTable<(), &'static [u8]>,
}

impl Tables {
    pub(super) fn new(database: &impl ReadableDatabase, path: &Path) -> Result<Self, StoreError> {
        let open = || -> Result<Self, redb::Error> {
            let read = database.begin_read()?;
            let (state, txids) = (read.open_table(STATE)?, read.open_table(TXIDS)?);
            Ok(Self { path: path.to_owned(), state, txids, savepoint: read.open_table(SAVEPOINT)? })
        };
        open().map_err(database_error(path))
    }

    fn read<T>(&self, result: Result<T, redb::StorageError>) -> Result<T, StoreError> {
        result.map_err(database_error(&self.path))
    }

    pub(super) fn savepoint(&self) -> Result<Option<Savepoint>, StoreError> {
        let bytes = self.read(self.savepoint.get(()))?;
        Ok(bytes.map(|bytes| Savepoint::from_bytes(bytes.value())).transpose()?)
    }

    pub(super) fn outcome(&self, txid: &TxId) -> Result<Option<Outcome>, StoreError> {
        let bytes = self.read(self.txids.get(txid.0.0))?;
        Ok(bytes.map(|bytes| Outcome::from_bytes(bytes.value())).transpose()?)
    }

    /// All keys and entries that begin with `prefix`, in ascending order.
    pub(super) fn scan(&self, prefix: &str) -> Result<Vec<(String, Entry)>, StoreError> {
        let mut found = Vec::new();
        for item in self.read(self.state.range(prefix..))? {
            let (key, value) = self.read(item)?;
            if !key.value().starts_with(prefix) {
                break;
            }
            found.push((key.value().to_owned(), decode_entry(value.value())?));
        }
        Ok(found)
    }

    /// All txids with their outcomes, in ascending order.
    pub(super) fn outcomes(&self) -> Result<Vec<(TxId, Outcome)>, StoreError> {
        let mut found = Vec::new();
        for item in self.read(self.txids.iter())? {
            let (txid, value) = self.read(item)?;
            found.push((TxId(crate::hash::Digest(txid.value())), Outcome::from_bytes(value.value())?));
        }
        Ok(found)
    }
}

impl Committed for Tables {
    fn entry(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let bytes = self.read(self.state.get(key))?;
        Ok(bytes.map(|bytes| decode_entry(bytes.value())).transpose()?)
    }

    fn knows(&self, txid: &TxId) -> Result<bool, StoreError> {
        Ok(self.read(self.txids.get(txid.0.0))?.is_some())
    }
}

fn encode(entry: &Entry) -> Vec<u8> {
    let mut out = Writer::default();
    entry.version.write(&mut out);
    out.raw(&entry.value);
    out.into_bytes()
}

fn decode_entry(bytes: &[u8]) -> Result<Entry, DecodeError> {
    const VERSION: usize = 12;
    let mut input = Reader::new(bytes);
    let version = Version::read(&mut input)?;
    Ok(Entry { version, value: input.raw("value", bytes.len() - VERSION)?.to_vec() })
}
