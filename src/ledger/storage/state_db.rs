//! The database of the state: values, txids and their savepoint, in redb.

use super::file;
use crate::error::DecodeError;
use crate::folder;
use crate::hash::Digest;
use crate::ledger::error::StoreError;
use crate::ledger::format::block::Savepoint;
use crate::ledger::format::proposal::TxId;
use crate::ledger::format::rwset::{Entry, Version};
use crate::ledger::format::verdict::Outcome;
use crate::ledger::state::view::{Changes, Committed};
use crate::wire::{Reader, Wire, Writer};
use redb::backends::{FileBackend, InMemoryBackend};
use redb::{
    Database, DatabaseError, ReadOnlyDatabase, ReadOnlyTable, ReadableDatabase, ReadableTable, StorageBackend,
    TableDefinition,
};
use std::fs::File;
use std::io::Read;
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
        if !is_there(&path)? {
            let new = folder.join(format!("{STATE_NAME}.new"));
            if is_there(&new)? {
                if !is_unfinished(&new)? {
                    return Err(StoreError::Exists { path: new });
                }
                std::fs::remove_file(&new).map_err(StoreError::io("remove", &new))?;
            }
            let file = file::make(&new)?;
            guarded(&new, || create(&Database::builder().create_with_backend(FileBackend::new(file)?)?))?;
            std::fs::rename(&new, &path).map_err(StoreError::io("make", &path))?;
            folder::sync(folder).map_err(StoreError::io("sync", folder))?;
        }
        file::require(&path)?;
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
        guarded(&self.path, || write(&self.database, changes, savepoint))
    }
}

/// Whether there is a file or a link, also one that leads nowhere.
fn is_there(path: &Path) -> Result<bool, StoreError> {
    Ok(file::found(std::fs::symlink_metadata(path).map_err(StoreError::io("open", path)))?.is_some())
}

/// Whether a file is what an interrupted [`StateDb::open`] leaves: redb writes its magic bytes over zeros.
fn is_unfinished(path: &Path) -> Result<bool, StoreError> {
    const MAGIC: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";
    let there = std::fs::symlink_metadata(path).map_err(StoreError::io("open", path))?;
    let mut start = Vec::new();
    if there.is_file() {
        let read = file::open(path, false)?.take(MAGIC.len() as u64).read_to_end(&mut start);
        read.map_err(StoreError::io("read", path))?;
    }
    Ok(there.is_file() && (start == MAGIC || start.iter().all(|byte| *byte == 0)))
}

fn write(database: &Database, changes: &Changes, savepoint: &Savepoint) -> Result<(), redb::Error> {
    let write = database.begin_write()?;
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
    Ok(write.commit()?)
}

/// Writes a whole state into the new, empty file at `path`.
pub(in crate::ledger) fn write_new(
    file: File,
    path: &Path,
    changes: &Changes,
    savepoint: &Savepoint,
) -> Result<(), StoreError> {
    guarded(path, || {
        let database = Database::builder().create_with_backend(FileBackend::new(file)?)?;
        write(&database, changes, savepoint)
    })
}

/// Opens an existing database and checks every page of it: redb by itself trusts a file that was closed properly.
fn open_checked(path: &Path) -> Result<Database, StoreError> {
    guarded(path, || Database::builder().set_check_integrity_on_open(true).open(path))
}

/// Opens an existing database for reading, and changes nothing. After a crash redb has to repair a database before reading
/// it; then, and where `check` asks for a check of every page, a copy in memory is opened.
pub(in crate::ledger) fn open_unchanged(path: &Path, check: bool) -> Result<Unchanged, StoreError> {
    file::require(path)?;
    if !check {
        match guarded(path, || match ReadOnlyDatabase::open(path) {
            Err(DatabaseError::RepairAborted) => Ok(None),
            opened => opened.map(Some),
        })? {
            None => {}
            Some(database) => return Ok(Unchanged::File(database)),
        }
    }
    let bytes = std::fs::read(path).map_err(StoreError::io("read", path))?;
    if bytes.is_empty() {
        return Err(StoreError::StateDamaged { path: path.to_owned() }); // redb would make a new database of it
    }
    let copy = InMemoryBackend::new();
    let filled = copy.set_len(bytes.len() as u64).and_then(|()| copy.write(0, &bytes));
    filled.map_err(StoreError::io("read", path))?;
    let open = || Database::builder().set_check_integrity_on_open(check).create_with_backend(copy);
    guarded(path, open).map(Unchanged::Copy)
}

/// A database that is only read.
pub(in crate::ledger) enum Unchanged {
    /// The file itself.
    File(ReadOnlyDatabase),
    /// A copy in memory.
    Copy(Database),
}

impl Unchanged {
    pub(super) fn tables(&self, path: &Path) -> Result<Tables, StoreError> {
        match self {
            Self::File(database) => Tables::new(database, path),
            Self::Copy(database) => Tables::new(database, path),
        }
    }
}

fn create(database: &Database) -> Result<(), redb::Error> {
    let write = database.begin_write()?;
    write.open_table(STATE)?;
    write.open_table(TXIDS)?;
    write.open_table(SAVEPOINT)?;
    Ok(write.commit()?)
}

/// Runs `call`, a call of redb on the database at `path`. redb panics on some damaged pages; here that is an error. `call` is
/// nothing but redb's own code, so that no other panic is taken for damage.
fn guarded<T, E: Into<redb::Error>>(path: &Path, call: impl FnOnce() -> Result<T, E>) -> Result<T, StoreError> {
    // Nothing that `call` was reading is used after a panic.
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(database_error(path)),
        Err(_) => Err(StoreError::StateDamaged { path: path.to_owned() }),
    }
}

/// For `map_err`: an error of redb as an error of the database at `path`.
pub(super) fn database_error<E: Into<redb::Error>>(path: &Path) -> impl Fn(E) -> StoreError + '_ {
    use std::io::ErrorKind::{InvalidData, UnexpectedEof};
    move |error| match error.into() {
        redb::Error::Corrupted(_)
        | redb::Error::UpgradeRequired(_)
        | redb::Error::TableDoesNotExist(_)
        | redb::Error::TableTypeMismatch { .. }
        | redb::Error::TableIsMultimap(_)
        | redb::Error::TypeDefinitionChanged { .. } => StoreError::StateDamaged { path: path.to_owned() },
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
        guarded(path, || -> Result<Self, redb::Error> {
            let read = database.begin_read()?;
            let (state, txids) = (read.open_table(STATE)?, read.open_table(TXIDS)?);
            Ok(Self { path: path.to_owned(), state, txids, savepoint: read.open_table(SAVEPOINT)? })
        })
    }

    fn read<T>(&self, read: impl FnOnce() -> Result<T, redb::StorageError>) -> Result<T, StoreError> {
        guarded(&self.path, read)
    }

    pub(super) fn savepoint(&self) -> Result<Option<Savepoint>, StoreError> {
        let bytes = self.read(|| Ok(self.savepoint.get(())?.map(|bytes| bytes.value().to_vec())))?;
        Ok(bytes.map(|bytes| Savepoint::from_bytes(&bytes)).transpose()?)
    }

    pub(super) fn outcome(&self, txid: &TxId) -> Result<Option<Outcome>, StoreError> {
        let bytes = self.read(|| Ok(self.txids.get(txid.0.0)?.map(|bytes| bytes.value().to_vec())))?;
        Ok(bytes.map(|bytes| Outcome::from_bytes(&bytes)).transpose()?)
    }

    /// All keys and entries that begin with `prefix`, in ascending order.
    pub(super) fn scan(&self, prefix: &str) -> Result<Vec<(String, Entry)>, StoreError> {
        let found = self.read(|| {
            let mut found = Vec::new();
            for item in self.state.range(prefix..)? {
                let (key, value) = item?;
                if !key.value().starts_with(prefix) {
                    break;
                }
                found.push((key.value().to_owned(), value.value().to_vec()));
            }
            Ok(found)
        })?;
        found.into_iter().map(|(key, bytes)| Ok((key, decode_entry(&bytes)?))).collect()
    }

    /// All txids with their outcomes, in ascending order.
    pub(super) fn outcomes(&self) -> Result<Vec<(TxId, Outcome)>, StoreError> {
        let found = self.read(|| {
            let pairs = self.txids.iter()?.map(|item| item.map(|(txid, value)| (txid.value(), value.value().to_vec())));
            pairs.collect::<Result<Vec<_>, _>>()
        })?;
        let outcome = |(txid, bytes): ([u8; 32], Vec<u8>)| Ok((TxId(Digest(txid)), Outcome::from_bytes(&bytes)?));
        found.into_iter().map(outcome).collect()
    }
}

impl Committed for Tables {
    fn entry(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let bytes = self.read(|| Ok(self.state.get(key)?.map(|bytes| bytes.value().to_vec())))?;
        Ok(bytes.map(|bytes| decode_entry(&bytes)).transpose()?)
    }

    fn knows(&self, txid: &TxId) -> Result<bool, StoreError> {
        self.read(|| Ok(self.txids.get(txid.0.0)?.is_some()))
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
