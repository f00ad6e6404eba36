//! A peer's durable copy: the block file, and in redb what follows from it.
//!
//! Paper: section 4.2, Availability ("all committer ... have a distributed ledger"). Semantics: Fabric's
//! (core/ledger/kvledger/kv_ledger.go, commit).
//!
//! ```text
//! commit:  1  append the blocks with their codes to the block file, one fsync
//!          2  in one redb transaction: values, txids, savepoint = (height, block hash, commit hash)
//! open:    the block file may be ahead of the savepoint; whoever opens replays what is missing
//! ```

use super::block::CommittedBlock;
use super::blockfile::{BlockFile, Damage, TornTail};
use super::changes::Changes;
use super::proposal::TxId;
use super::state::{Committed, Entry, Version};
use super::validation::Outcome;
use crate::error::DecodeError;
use crate::hash::Digest;
use crate::wire::{Reader, Wire, Writer};
use redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition};
use std::fs::File;
use std::path::{Path, PathBuf};

/// The name of the state in a peer's folder.
pub const STATE_NAME: &str = "state.redb";

/// key -> version || value
const STATE: TableDefinition<&str, &[u8]> = TableDefinition::new("state");
/// txid -> outcome
const TXIDS: TableDefinition<[u8; 32], &[u8]> = TableDefinition::new("txids");
/// () -> savepoint
const SAVEPOINT: TableDefinition<(), &[u8]> = TableDefinition::new("savepoint");

/// Why the ledger's files cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file system refused.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// There is a ledger in the folder.
    #[error("{path} exists")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The block file is not what was written.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// A block larger than can be kept.
    #[error("a block of {got} bytes where {limit} are the limit")]
    TooLarge {
        /// The limit.
        limit: u32,
        /// The length.
        got: usize,
    },
    /// No block has this number.
    #[error("there is no block {number}")]
    NoSuchBlock {
        /// The number.
        number: u64,
    },
    /// What was kept does not decode.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The database of the state failed.
    #[error("{}: {source}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<redb::Error>,
    },
    /// The database of the state is damaged.
    #[error("{} is damaged; without it the state is made again from the blocks", path.display())]
    StateDamaged {
        /// The file.
        path: PathBuf,
    },
}

/// Runs what reads the state of `folder`. redb panics on some damaged pages; that is an error here.
pub(super) fn unless_damaged<T, E: From<StoreError>>(
    folder: &Path,
    read: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    // Nothing that was being read is used after a panic.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(StoreError::StateDamaged { path: folder.join(STATE_NAME) }.into()))
}

impl StoreError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

/// For `map_err`: names the file of the state.
pub(super) fn failed<E: Into<redb::Error>>(path: &Path) -> impl Fn(E) -> StoreError + '_ {
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

/// How far the state has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Savepoint {
    /// The number of blocks that are in the state.
    pub height: u64,
    /// The hash of the last one's header.
    pub tip: Digest,
    /// Its commit hash.
    pub commit_hash: Digest,
}

/// The block file and the state of one peer.
#[derive(Debug)]
pub struct Store {
    blocks: BlockFile,
    state: Database,
    /// Where the state is.
    path: PathBuf,
    savepoint: Option<Savepoint>,
}

impl Store {
    /// An empty ledger in `folder`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Exists`] where there is one.
    pub fn create(folder: &Path) -> Result<Self, StoreError> {
        let blocks = BlockFile::create(folder)?;
        Ok(Self { blocks, state: open_state(folder)?, path: folder.join(STATE_NAME), savepoint: None })
    }

    /// The ledger in `folder`, and the torn tail that was cut off. A state that was deleted starts anew.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(folder: &Path) -> Result<(Self, Option<TornTail>), StoreError> {
        let path = folder.join(STATE_NAME);
        let (state, savepoint) = unless_damaged(folder, || {
            let state = open_state(folder)?;
            let savepoint = Snapshot::new(&state, &path)?.savepoint()?;
            Ok::<_, StoreError>((state, savepoint))
        })?;
        let (blocks, torn) = BlockFile::open(folder, savepoint.map_or(0, |savepoint| savepoint.height))?;
        Ok((Self { blocks, state, path, savepoint }, torn))
    }

    /// The block file.
    pub const fn blocks(&self) -> &BlockFile {
        &self.blocks
    }

    /// How far the state has come; none before block 0.
    pub const fn savepoint(&self) -> Option<Savepoint> {
        self.savepoint
    }

    /// A block of the block file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn block(&self, number: u64) -> Result<CommittedBlock, StoreError> {
        Ok(CommittedBlock::from_bytes(&self.blocks.read(number)?)?)
    }

    /// The state as of the savepoint. Later commits do not change what it shows.
    ///
    /// # Errors
    /// [`StoreError::State`].
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Snapshot::new(&self.state, &self.path)
    }

    /// Step 1 of a commit: all blocks or none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn append(&mut self, blocks: &[CommittedBlock]) -> Result<(), StoreError> {
        self.blocks.append_all(&blocks.iter().map(Wire::to_bytes).collect::<Vec<_>>())
    }

    /// Step 2 of a commit: all of it or nothing. After a failure the store has to be opened anew.
    ///
    /// # Errors
    /// [`StoreError::State`].
    pub(super) fn apply(&mut self, changes: &Changes, savepoint: Savepoint) -> Result<(), StoreError> {
        self.write(changes, &savepoint).map_err(failed(&self.path))?;
        self.savepoint = Some(savepoint);
        Ok(())
    }

    fn write(&self, changes: &Changes, savepoint: &Savepoint) -> Result<(), redb::Error> {
        let write = self.state.begin_write()?;
        {
            let mut state = write.open_table(STATE)?;
            for (key, entry) in &changes.updates {
                state.insert(key.as_str(), encode(entry).as_slice())?;
            }
            let mut txids = write.open_table(TXIDS)?;
            for (txid, outcome) in &changes.txids {
                txids.insert(txid.0.0, outcome.to_bytes().as_slice())?;
            }
            write.open_table(SAVEPOINT)?.insert((), savepoint.to_bytes().as_slice())?;
        }
        Ok(write.commit()?)
    }
}

/// Opens the state. One that is not there is made under another name first, because redb does not open one whose making
/// was interrupted.
fn open_state(folder: &Path) -> Result<Database, StoreError> {
    let path = folder.join(STATE_NAME);
    if !path.try_exists().map_err(StoreError::io("open", &path))? {
        let new = folder.join(format!("{STATE_NAME}.new"));
        if new.try_exists().map_err(StoreError::io("open", &new))? {
            std::fs::remove_file(&new).map_err(StoreError::io("remove", &new))?;
        }
        make_state(&new).map_err(failed(&new))?;
        std::fs::rename(&new, &path).map_err(StoreError::io("make", &path))?;
        sync_folder(folder)?;
    }
    open_checked(&path)
}

/// Opens a state that is there, and checks every page of it: redb by itself trusts a file that was closed in good order.
pub(super) fn open_checked(path: &Path) -> Result<Database, StoreError> {
    Database::builder().set_check_integrity_on_open(true).open(path).map_err(failed(path))
}

/// The name of a file that is new, replaced or removed is durable only once its folder is.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::io("sync", folder))
}

fn make_state(path: &Path) -> Result<(), redb::Error> {
    let write = Database::create(path)?.begin_write()?;
    write.open_table(STATE)?;
    write.open_table(TXIDS)?;
    write.open_table(SAVEPOINT)?;
    Ok(write.commit()?)
}

/// The state at one height.
#[derive(Debug)]
pub struct Snapshot {
    path: PathBuf,
    state: ReadOnlyTable<&'static str, &'static [u8]>,
    txids: ReadOnlyTable<[u8; 32], &'static [u8]>,
    savepoint: ReadOnlyTable<(), &'static [u8]>,
}

impl Snapshot {
    pub(super) fn new(database: &impl ReadableDatabase, path: &Path) -> Result<Self, StoreError> {
        let open = || -> Result<Self, redb::Error> {
            let read = database.begin_read()?;
            let (state, txids) = (read.open_table(STATE)?, read.open_table(TXIDS)?);
            Ok(Self { path: path.to_owned(), state, txids, savepoint: read.open_table(SAVEPOINT)? })
        };
        open().map_err(failed(path))
    }

    fn read<T>(&self, result: Result<T, redb::StorageError>) -> Result<T, StoreError> {
        result.map_err(failed(&self.path))
    }

    /// Its height and hashes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn savepoint(&self) -> Result<Option<Savepoint>, StoreError> {
        let bytes = self.read(self.savepoint.get(()))?;
        Ok(bytes.map(|bytes| Savepoint::from_bytes(bytes.value())).transpose()?)
    }

    /// Where a transaction stands, and the verdict on it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn outcome(&self, txid: &TxId) -> Result<Option<Outcome>, StoreError> {
        let bytes = self.read(self.txids.get(txid.0.0))?;
        Ok(bytes.map(|bytes| Outcome::from_bytes(bytes.value())).transpose()?)
    }

    /// All keys and entries that begin with `prefix`, in ascending order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn scan(&self, prefix: &str) -> Result<Vec<(String, Entry)>, StoreError> {
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
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn outcomes(&self) -> Result<Vec<(TxId, Outcome)>, StoreError> {
        let mut found = Vec::new();
        for item in self.read(self.txids.iter())? {
            let (txid, value) = self.read(item)?;
            found.push((TxId(Digest(txid.value())), Outcome::from_bytes(value.value())?));
        }
        Ok(found)
    }
}

impl Committed for Snapshot {
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

impl Wire for Savepoint {
    const NAME: &'static str = "savepoint";

    fn write(&self, out: &mut Writer) {
        out.u64(self.height);
        self.tip.write(out);
        self.commit_hash.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { height: input.u64(Self::NAME)?, tip: Digest::read(input)?, commit_hash: Digest::read(input)? })
    }
}
