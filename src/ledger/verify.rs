//! The whole check of a peer's folder, from block 0, without the network and without trust in the peer.
//!
//! ```text
//! every record of the block file has its checksum
//! every block continues the one before it, has the data of its header and an orderer's seal
//! every verdict and commit hash that was kept is the one that follows from the chain so far, and those of the blocks
//!   that are in the state were kept
//! every value, version and txid of the state is the one that follows from the chain, and there are no others
//! ```
//!
//! Trust comes from the hash of block 0 alone, which names the roots: compare it with one from elsewhere.

use super::block::{Block, CommittedBlock, Metadata};
use super::blockfile::{BlockFile, Damage, TornTail};
use super::changes::Changes;
use super::config::{Channel, CommitError};
use super::proposal::TxId;
use super::store::{STATE_NAME, Savepoint, Snapshot, StoreError, failed, kept_verdicts, unless_damaged};
use super::validation::Code;
use crate::hash::Digest;
use crate::wire::Wire;
use redb::backends::InMemoryBackend;
use redb::{Database, DatabaseError, ReadOnlyDatabase, ReadableDatabase, StorageBackend};
use std::collections::BTreeMap;
use std::path::Path;

/// Why a folder is not the ledger that it says it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The files cannot be read, or are damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The chain is broken, or its verdicts are not its own.
    #[error(transparent)]
    Chain(#[from] CommitError),
    /// The chain begins with another block than the one asked for.
    #[error("block 0 has the hash {got}, not {expected}")]
    Genesis {
        /// The hash asked for.
        expected: Digest,
        /// The hash found.
        got: Digest,
    },
    /// There is no block 0, or the state has none.
    #[error("there is no block 0")]
    Empty,
    /// The state's savepoint is not that of the chain.
    #[error("the savepoint at height {0} is not that of the chain")]
    Savepoint(u64),
    /// A value in the state is not the one that the chain gives.
    #[error("the value under {0:?} is not that of the chain")]
    Value(String),
    /// The index of transactions is not the one that the chain gives.
    #[error("the transaction {0} is indexed otherwise than in the chain")]
    Index(TxId),
}

/// What was verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// The hash of block 0, on which all rests.
    pub genesis: Digest,
    /// Height, last hash and commit hash of the block file.
    pub savepoint: Savepoint,
    /// The height of the state, which a crash can leave behind.
    pub state_height: u64,
    /// How many transactions have each code, block 0 left out.
    pub codes: BTreeMap<Code, u64>,
    /// The number of keys in the state.
    pub keys: u64,
    /// An incomplete block at the end, which no one was told was committed.
    pub torn: Option<TornTail>,
}

/// Verifies the folder of a stopped peer and changes nothing in it. `genesis` is the hash that block 0 must have.
///
/// # Errors
/// [`VerifyError`], naming the first thing that is wrong.
pub fn verify(folder: &Path, genesis: Option<Digest>) -> Result<Report, VerifyError> {
    let path = folder.join(STATE_NAME);
    unless_damaged(folder, || match ReadOnlyDatabase::open(&path) {
        Err(DatabaseError::RepairAborted) => verify_with(folder, &repaired(&path)?, genesis),
        opened => verify_with(folder, &opened.map_err(failed(&path))?, genesis),
    })
}

fn verify_with(
    folder: &Path,
    database: &impl ReadableDatabase,
    genesis: Option<Digest>,
) -> Result<Report, VerifyError> {
    let snapshot = Snapshot::of_file(database, &folder.join(STATE_NAME))?;
    let verdicts = kept_verdicts(folder)?;
    let (settled, found) = (snapshot.savepoint().map_or(0, |savepoint| savepoint.height), verdicts.len() as u64);
    let (blocks, torn) = BlockFile::open_read_only(folder, settled.max(found))?;
    if found < settled {
        return Err(StoreError::from(Damage::Verdicts(found)).into());
    }
    let metadata = |number| Ok(usize::try_from(number).ok().and_then(|n| verdicts.get(n)).cloned());
    Ok(Report { torn, ..verify_chain(&blocks, metadata, &snapshot, genesis)? })
}

/// After a crash redb has to put a database in order before it can be read. It does so on a copy in memory, because
/// the folder is not to be changed.
fn repaired(path: &Path) -> Result<Database, StoreError> {
    let io = StoreError::io("read", path);
    let bytes = std::fs::read(path).map_err(io)?;
    let copy = InMemoryBackend::new();
    let filled = copy.set_len(bytes.len() as u64).and_then(|()| copy.write(0, &bytes));
    filled.map_err(StoreError::io("read", path))?;
    redb::Builder::new().create_with_backend(copy).map_err(failed(path))
}

/// Verifies a chain and the state that goes with it.
pub(super) fn verify_chain(
    blocks: &BlockFile,
    kept: impl Fn(u64) -> Result<Option<Metadata>, StoreError>,
    snapshot: &Snapshot,
    genesis: Option<Digest>,
) -> Result<Report, VerifyError> {
    let reached = snapshot.savepoint().ok_or(VerifyError::Empty)?;
    let mut chain: Option<(Channel, Savepoint, Digest)> = None;
    let mut replay = Changes::default();
    let mut codes = BTreeMap::new();
    for number in 0..blocks.len() {
        let block = Block::from_bytes(&blocks.read(number)?).map_err(StoreError::from)?;
        let (channel, before, first) = match chain.take() {
            Some((channel, before, first)) => (channel, Some(before), first),
            None => (Channel::of_genesis(&block)?, None, block.header.hash()),
        };
        if let Some(expected) = genesis.filter(|expected| *expected != first) {
            return Err(VerifyError::Genesis { expected, got: first });
        }
        let (verdict, after) = match kept(number)? {
            Some(metadata) => channel.replay(&CommittedBlock { block, metadata }, before.as_ref(), &replay)?,
            None => channel.judge(&block, before.as_ref(), &replay)?,
        };
        if before.is_some() {
            for code in &verdict.codes {
                *codes.entry(*code).or_default() += 1;
            }
        }
        replay.add(verdict);
        if after.height == reached.height {
            if after != reached {
                return Err(VerifyError::Savepoint(after.height));
            }
            compare(&replay, snapshot)?;
        }
        chain = Some((channel, after, first));
    }
    let (_, savepoint, genesis) = chain.ok_or(VerifyError::Empty)?;
    if reached.height > savepoint.height {
        return Err(VerifyError::Savepoint(reached.height));
    }
    let keys = replay.updates.len() as u64;
    Ok(Report { genesis, savepoint, state_height: reached.height, codes, keys, torn: None })
}

/// Equal, key by key and txid by txid, and nothing more on either side.
pub(super) fn compare(replayed: &Changes, snapshot: &Snapshot) -> Result<(), VerifyError> {
    let found: BTreeMap<_, _> = snapshot.scan("")?.into_iter().collect();
    if let Some(key) = first_difference(&replayed.updates, &found) {
        return Err(VerifyError::Value(key));
    }
    let found: BTreeMap<_, _> = snapshot.outcomes()?.into_iter().collect();
    match first_difference(&replayed.txids, &found) {
        Some(txid) => Err(VerifyError::Index(txid)),
        None => Ok(()),
    }
}

/// The first key that the two maps do not have alike.
fn first_difference<K: Ord + Clone, V: PartialEq>(a: &BTreeMap<K, V>, b: &BTreeMap<K, V>) -> Option<K> {
    let missing = a.iter().find(|(key, value)| b.get(key) != Some(value)).map(|(key, _)| key);
    let extra = b.keys().find(|key| !a.contains_key(key));
    missing.into_iter().chain(extra).min().cloned()
}
