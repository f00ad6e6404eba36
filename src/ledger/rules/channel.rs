//! The rules of a channel, applied to its blocks one after another.
//!
//! Paper: section 3.1, the commit node. Semantics: Fabric's (core/ledger/kvledger/kv_ledger.go).
//!
//! The verdict on a block and its commit hash follow from the chain before it, and from nothing else.

use super::validation;
use crate::error::DecodeError;
use crate::hash::Digest;
use crate::identity::{IdentityError, Msp};
use crate::ledger::error::StoreError;
use crate::ledger::format::block::{Block, BlockError, CommittedBlock, Metadata, Savepoint, commit_hash};
use crate::ledger::format::config::Config;
use crate::ledger::format::verdict::{BlockVerdict, Code};
use crate::ledger::state::view::Committed;
use validation::Checked;

/// Why a block is not committed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The block does not continue the chain.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// The files cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Block 0 holds no configuration.
    #[error("block 0: {0}")]
    Config(#[from] DecodeError),
    /// A root in block 0 is not a valid root certificate.
    #[error("block 0: {0}")]
    Roots(#[from] IdentityError),
    /// The state belongs to another chain than the block file.
    #[error("block {0} is not the block of this number that is in the state")]
    OtherState(u64),
    /// The stored codes or the stored commit hash of a block are not those that follow from the chain.
    #[error("block {0}: the verdicts on the disk are not those of the chain")]
    Diverged(u64),
}

/// The configuration of a channel with the membership service that follows from it.
#[derive(Debug)]
pub struct Channel {
    /// The configuration.
    pub config: Config,
    /// The members for validation: expiry and revocation are ignored, so that the verdicts never change.
    pub msp: Msp,
}

impl Channel {
    /// The channel whose configuration is in this block 0.
    ///
    /// # Errors
    /// [`CommitError::Config`], [`CommitError::Roots`].
    pub fn of_genesis(block: &Block) -> Result<Self, CommitError> {
        let config = Config::of_genesis(block)?;
        let msp = config.msp()?;
        Ok(Self { config, msp })
    }

    /// Verifies and validates `block` after the chain up to `before`, whose state is `state`. Returns the verdict and the
    /// savepoint after the block.
    ///
    /// # Errors
    /// [`CommitError::Block`], [`CommitError::Store`].
    pub fn validate(
        &self,
        block: &Block,
        before: Option<&Savepoint>,
        state: &(impl Committed + Sync + ?Sized),
    ) -> Result<(BlockVerdict, Savepoint), CommitError> {
        self.verify(block, before)?;
        let checked = self.validate_stateless(core::slice::from_ref(block)).pop().unwrap_or_default();
        Ok(validate_mvcc(block, checked, before, state)?)
    }

    /// As [`validate`](Self::validate), for a block with stored metadata, which must be the same.
    ///
    /// # Errors
    /// As before, and [`CommitError::Diverged`].
    pub fn revalidate(
        &self,
        stored: &CommittedBlock,
        before: Option<&Savepoint>,
        state: &(impl Committed + Sync + ?Sized),
    ) -> Result<(BlockVerdict, Savepoint), CommitError> {
        confirm(stored, self.validate(&stored.block, before, state)?)
    }

    /// As [`revalidate`](Self::revalidate), for a block that this peer has validated before: the results of the signature
    /// checks are taken from the stored codes. Fabric does not verify the signatures again either
    /// (core/ledger/kvledger/kv_ledger.go, recommitLostBlocks).
    ///
    /// # Errors
    /// As before.
    pub fn recommit(
        &self,
        stored: &CommittedBlock,
        before: Option<&Savepoint>,
        state: &(impl Committed + Sync + ?Sized),
    ) -> Result<(BlockVerdict, Savepoint), CommitError> {
        self.verify(&stored.block, before)?;
        confirm(stored, advance(&stored.block, before, || validation::revalidate(stored, state))?)
    }

    /// Verifies that `blocks` continue the chain up to `before` one after another. Returns how many do, and why the next
    /// one does not.
    pub(in crate::ledger) fn verify_sequence(
        &self,
        blocks: &[Block],
        before: Option<&Savepoint>,
    ) -> (usize, Option<BlockError>) {
        let mut tip = before.map(|before| before.tip);
        for (good, number) in (0..blocks.len()).zip(before.map_or(0, |before| before.height)..) {
            if let Err(bad) = blocks[good].verify(number, tip, &self.msp, &self.config.orderers) {
                return (good, Some(bad));
            }
            tip = Some(blocks[good].header.hash());
        }
        (blocks.len(), None)
    }

    /// The checks that need no state, for each transaction of these blocks.
    pub(in crate::ledger) fn validate_stateless(&self, blocks: &[Block]) -> Vec<Vec<Result<Checked, Code>>> {
        validation::validate_stateless(blocks, &self.config, &self.msp)
    }

    fn verify(&self, block: &Block, before: Option<&Savepoint>) -> Result<(), BlockError> {
        let (number, tip) = (before.map_or(0, |before| before.height), before.map(|before| before.tip));
        block.verify(number, tip, &self.msp, &self.config.orderers)
    }
}

/// The checks that need the state, for a block that was verified, and whose transactions passed through
/// [`Channel::validate_stateless`].
pub(in crate::ledger) fn validate_mvcc(
    block: &Block,
    checked: Vec<Result<Checked, Code>>,
    before: Option<&Savepoint>,
    state: &(impl Committed + Sync + ?Sized),
) -> Result<(BlockVerdict, Savepoint), StoreError> {
    advance(block, before, || validation::validate_mvcc(block, checked, state))
}

/// The verdict on a block and the savepoint after it. Block 0 is valid in any case.
fn advance(
    block: &Block,
    before: Option<&Savepoint>,
    verdict: impl FnOnce() -> Result<BlockVerdict, StoreError>,
) -> Result<(BlockVerdict, Savepoint), StoreError> {
    let verdict = before.map_or_else(|| Ok(BlockVerdict::genesis()), |_| verdict())?;
    let (height, previous) = before.map_or((0, Digest([0; 32])), |before| (before.height, before.commit_hash));
    let commit_hash = commit_hash(&verdict.codes, &verdict.updates, &previous);
    Ok((verdict, Savepoint { height: height + 1, tip: block.header.hash(), commit_hash }))
}

/// Refuses a verdict that is not the stored one.
fn confirm(
    stored: &CommittedBlock,
    (verdict, after): (BlockVerdict, Savepoint),
) -> Result<(BlockVerdict, Savepoint), CommitError> {
    if stored.metadata != Metadata::new(&verdict, &after) {
        return Err(CommitError::Diverged(stored.block.header.number));
    }
    Ok((verdict, after))
}
