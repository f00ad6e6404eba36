//! Verifies a peer's folder from block 0, without the network and without trust in the peer.
//!
//! ```text
//! every record of the block file has its checksum
//! every block continues the one before it, has the data of its header and an orderer's seal
//! every stored code and commit hash is the one that follows from the chain, and every block in the state has them
//! every value, version and txid of the state is the one that follows from the chain, and there are no others
//! ```
//!
//! Trust comes from the hash of block 0 alone, because block 0 names the root certificates. Compare this hash with one from
//! another source.

use crate::hash::Digest;
use crate::ledger::error::{Damage, StoreError, TornTail};
use crate::ledger::format::block::{Block, CommittedBlock, Metadata, Savepoint};
use crate::ledger::format::proposal::TxId;
use crate::ledger::format::verdict::Code;
use crate::ledger::rules::channel::{Channel, CommitError};
use crate::ledger::state::view::Changes;
use crate::ledger::storage::blocks::BlockFile;
use crate::ledger::storage::snapshot::Snapshot;
use crate::ledger::storage::state_db::{STATE_NAME, open_unchanged};
use crate::ledger::storage::verdicts::read_verdicts;
use crate::wire::Wire;
use std::collections::BTreeMap;
use std::path::Path;

/// Why the verification of a folder fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The files cannot be read, or are damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The chain is broken, or the stored codes are not those of the chain.
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
    /// There is no block 0, or the state is empty.
    #[error("there is no block 0")]
    Empty,
    /// The savepoint of the state is not that of the chain.
    #[error("the savepoint at height {0} is not that of the chain")]
    Savepoint(u64),
    /// A value in the state is not that of the chain.
    #[error("the value under {0:?} is not that of the chain")]
    Value(String),
    /// The index of transactions is not that of the chain.
    #[error("the transaction {0} is indexed otherwise than in the chain")]
    Index(TxId),
}

/// The result of a verification.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// The hash of block 0.
    pub genesis: Digest,
    /// Height, last hash and commit hash of the block file.
    pub savepoint: Savepoint,
    /// The height of the state, which may be lower after a crash.
    pub state_height: u64,
    /// How many transactions have each code, without block 0.
    pub codes: BTreeMap<Code, u64>,
    /// The number of keys in the state.
    pub keys: u64,
    /// Incomplete blocks at the end, which were never acknowledged.
    pub torn: Option<TornTail>,
}

/// Verifies the folder of a stopped peer and changes nothing in it. `genesis` is the hash that block 0 must have.
///
/// # Errors
/// [`VerifyError`], naming the first fault.
pub fn verify(folder: &Path, genesis: Option<Digest>) -> Result<Report, VerifyError> {
    let path = folder.join(STATE_NAME);
    let database = open_unchanged(&path, false)?;
    let snapshot = Snapshot::of_database(&database, &path)?;
    let verdicts = read_verdicts(folder)?;
    let state_height = snapshot.savepoint().map_or(0, |savepoint| savepoint.height);
    let with_codes = verdicts.len() as u64;
    let (blocks, torn) = BlockFile::open_read_only(folder, state_height.max(with_codes))?;
    if with_codes < state_height {
        return Err(StoreError::from(Damage::Verdicts(with_codes)).into());
    }
    let metadata = |number| Ok(usize::try_from(number).ok().and_then(|n| verdicts.get(n)).cloned());
    Ok(Report { torn, ..verify_chain(&blocks, metadata, &snapshot, genesis)? })
}

/// Verifies a chain with its stored metadata, and the state at its savepoint.
pub(super) fn verify_chain(
    blocks: &BlockFile,
    metadata: impl Fn(u64) -> Result<Option<Metadata>, StoreError>,
    snapshot: &Snapshot,
    genesis: Option<Digest>,
) -> Result<Report, VerifyError> {
    let reached = snapshot.savepoint().ok_or(VerifyError::Empty)?;
    let mut chain: Option<(Channel, Savepoint, Digest)> = None;
    let mut replay = Changes::default();
    let (mut codes, mut compared) = (BTreeMap::new(), false);
    for number in 0..blocks.len() {
        let block = Block::from_bytes(&blocks.read(number)?).map_err(StoreError::from)?;
        let (channel, before, first) = match chain.take() {
            Some((channel, before, first)) => (channel, Some(before), first),
            None => (Channel::of_genesis(&block)?, None, block.header.hash()),
        };
        if let Some(expected) = genesis.filter(|expected| *expected != first) {
            return Err(VerifyError::Genesis { expected, got: first });
        }
        let (verdict, after) = match metadata(number)? {
            Some(metadata) => channel.revalidate(&CommittedBlock { block, metadata }, before.as_ref(), &replay)?,
            None => channel.validate(&block, before.as_ref(), &replay)?,
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
            compare_state(&replay, snapshot)?;
            compared = true;
        }
        chain = Some((channel, after, first));
    }
    let (_, savepoint, genesis) = chain.ok_or(VerifyError::Empty)?;
    if !compared {
        return Err(VerifyError::Savepoint(reached.height));
    }
    let keys = replay.updates().len() as u64;
    Ok(Report { genesis, savepoint, state_height: reached.height, codes, keys, torn: None })
}

/// Refuses a state that differs from the replayed one in any key or txid.
pub(super) fn compare_state(replayed: &Changes, snapshot: &Snapshot) -> Result<(), VerifyError> {
    let found: BTreeMap<_, _> = snapshot.scan("")?.into_iter().collect();
    if let Some(key) = first_difference(replayed.updates(), &found) {
        return Err(VerifyError::Value(key));
    }
    let found: BTreeMap<_, _> = snapshot.outcomes()?.into_iter().collect();
    match first_difference(replayed.txids(), &found) {
        Some(txid) => Err(VerifyError::Index(txid)),
        None => Ok(()),
    }
}

/// The first key that is in one map alone, or has different values.
fn first_difference<K: Ord + Clone, V: PartialEq>(a: &BTreeMap<K, V>, b: &BTreeMap<K, V>) -> Option<K> {
    let missing = a.iter().find(|(key, value)| b.get(key) != Some(value)).map(|(key, _)| key);
    let extra = b.keys().find(|key| !a.contains_key(key));
    missing.into_iter().chain(extra).min().cloned()
}
