//! The rules of a channel: the only content of its first block.
//!
//! Paper: section 3.1, the participant groups of Figure 2. Fabric keeps the same things in its configuration block.
//! Who holds the first block can check all others without asking anybody; who knows its hash can trust it.

use super::block::{Block, BlockError, CommittedBlock, Metadata, commit_hash};
use super::ordering::CutRules;
use super::policy::Policy;
use super::proposal::NAME_LIMIT;
use super::state::Committed;
use super::store::{Savepoint, StoreError};
use super::validation::{Checked, Code, Verdict, check_all, conclude, revalidate};
use crate::error::DecodeError;
use crate::hash::Digest;
use crate::identity::{Certificate, Group, IdentityError, Msp};
use crate::wire::{Reader, Wire, Writer};

/// What all peers and orderers of a channel agree on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The chain's name.
    pub channel: String,
    /// The contract that runs on it.
    pub contract: String,
    /// The roots of the groups, at most one for each.
    pub roots: Vec<Certificate>,
    /// Whose endorsements make a transaction valid.
    pub policy: Policy,
    /// When the orderer cuts a block.
    pub cut: CutRules,
    /// How far a proposal's time may be from the endorser's, in milliseconds. Fabric: 15 minutes.
    pub window: u64,
}

impl Config {
    /// The configuration in block 0.
    ///
    /// # Errors
    /// [`DecodeError`] where the block holds anything else.
    pub fn of_genesis(block: &Block) -> Result<Self, DecodeError> {
        match block.envelopes.as_slice() {
            [config] => Self::from_bytes(config),
            envelopes => Err(DecodeError::Length { what: "block 0", expected: 1, got: envelopes.len() }),
        }
    }

    /// Fabric's authentication time window, 15 minutes.
    pub const WINDOW: u64 = 15 * 60 * 1000;

    /// The membership service that trusts the roots and has revoked nothing.
    ///
    /// Blocks are validated with this one alone: it is the same on every peer and at every time.
    ///
    /// # Errors
    /// [`IdentityError`] where a root is not one.
    pub fn msp(&self) -> Result<Msp, IdentityError> {
        let mut msp = Msp::new();
        self.roots.iter().try_for_each(|root| msp.trust(root).map(drop))?;
        Ok(msp)
    }
}

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
    /// Block 0 names roots that are none.
    #[error("block 0: {0}")]
    Roots(#[from] IdentityError),
    /// Codes or commit hash beside a block are not those that follow from the chain.
    #[error("block {0}: the verdicts on the disk are not those of the chain")]
    Diverged(u64),
}

/// The rules with the membership service that follows from them.
#[derive(Debug)]
pub struct Channel {
    /// The rules.
    pub config: Config,
    /// Who counts, without a clock and without revocations.
    pub msp: Msp,
}

impl Channel {
    /// The channel that block 0 opens.
    ///
    /// # Errors
    /// [`CommitError::Config`], [`CommitError::Roots`].
    pub fn of_genesis(block: &Block) -> Result<Self, CommitError> {
        let config = Config::of_genesis(block)?;
        let msp = config.msp()?;
        Ok(Self { config, msp })
    }

    /// All that follows from `block` after the chain up to `before`, whose state is `state`.
    ///
    /// # Errors
    /// [`CommitError::Block`], [`CommitError::Store`].
    pub fn judge(
        &self,
        block: &Block,
        before: Option<&Savepoint>,
        state: &(impl Committed + Sync + ?Sized),
    ) -> Result<(Verdict, Savepoint), CommitError> {
        self.verify(block, before)?;
        let checks = self.check(core::slice::from_ref(block)).pop().unwrap_or_default();
        Ok(find(block, checks, before, state)?)
    }

    /// As [`judge`](Self::judge), for a block with verdicts, which must be the same.
    ///
    /// # Errors
    /// As before, and [`CommitError::Diverged`].
    pub fn replay(
        &self,
        stored: &CommittedBlock,
        before: Option<&Savepoint>,
        state: &(impl Committed + Sync + ?Sized),
    ) -> Result<(Verdict, Savepoint), CommitError> {
        stored.confirm(self.judge(&stored.block, before, state)?)
    }

    /// As [`replay`](Self::replay), for a block that this peer has committed before: its codes are believed where
    /// signatures decided. Fabric does not verify them again either (core/ledger/kvledger/kv_ledger.go, recommitLostBlocks).
    ///
    /// # Errors
    /// As before.
    pub fn recover(
        &self,
        stored: &CommittedBlock,
        before: Option<&Savepoint>,
        state: &(impl Committed + Sync + ?Sized),
    ) -> Result<(Verdict, Savepoint), CommitError> {
        self.verify(&stored.block, before)?;
        stored.confirm(follow(&stored.block, before, || revalidate(stored, state))?)
    }

    /// How many of `blocks` continue the chain up to `before` one after the other, and why the next one does not.
    pub(super) fn continued(&self, blocks: &[Block], before: Option<&Savepoint>) -> (usize, Option<BlockError>) {
        let mut tip = before.map(|before| before.tip);
        for (good, number) in (0..blocks.len()).zip(before.map_or(0, |before| before.height)..) {
            if let Err(bad) = blocks[good].verify(number, tip, &self.msp) {
                return (good, Some(bad));
            }
            tip = Some(blocks[good].header.hash());
        }
        (blocks.len(), None)
    }

    /// What can be said of the transactions of these blocks without a state.
    pub(super) fn check(&self, blocks: &[Block]) -> Vec<Vec<Result<Checked, Code>>> {
        check_all(blocks, &self.config, &self.msp)
    }

    fn verify(&self, block: &Block, before: Option<&Savepoint>) -> Result<(), BlockError> {
        block.verify(before.map_or(0, |before| before.height), before.map(|before| before.tip), &self.msp)
    }
}

/// All that follows from a block that continues the chain, and was checked.
pub(super) fn find(
    block: &Block,
    checks: Vec<Result<Checked, Code>>,
    before: Option<&Savepoint>,
    state: &(impl Committed + Sync + ?Sized),
) -> Result<(Verdict, Savepoint), StoreError> {
    follow(block, before, || conclude(block, checks, state))
}

fn follow(
    block: &Block,
    before: Option<&Savepoint>,
    verdict: impl FnOnce() -> Result<Verdict, StoreError>,
) -> Result<(Verdict, Savepoint), StoreError> {
    let verdict = before.map_or_else(|| Ok(Verdict::genesis()), |_| verdict())?;
    let (height, previous) = before.map_or((0, Digest([0; 32])), |before| (before.height, before.commit_hash));
    let commit_hash = commit_hash(&verdict.codes, &verdict.updates, &previous);
    Ok((verdict, Savepoint { height: height + 1, tip: block.header.hash(), commit_hash }))
}

impl Metadata {
    /// What a peer keeps of a verdict.
    pub(super) fn of(verdict: &Verdict, after: &Savepoint) -> Self {
        Self { codes: verdict.codes.clone(), commit_hash: after.commit_hash }
    }
}

impl CommittedBlock {
    /// What follows from the block, if codes and commit hash are those that it was kept with.
    fn confirm(&self, (verdict, after): (Verdict, Savepoint)) -> Result<(Verdict, Savepoint), CommitError> {
        if self.metadata != Metadata::of(&verdict, &after) {
            return Err(CommitError::Diverged(self.block.header.number));
        }
        Ok((verdict, after))
    }
}

impl Wire for Config {
    const NAME: &'static str = "channel configuration";

    fn write(&self, out: &mut Writer) {
        out.bytes(self.channel.as_bytes()).bytes(self.contract.as_bytes()).list(&self.roots);
        self.policy.write(out);
        self.cut.write(out);
        out.u64(self.window);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        const GROUPS: u32 = 4;
        const { assert!(Group::ALL.len() == GROUPS as usize) };
        Ok(Self {
            channel: input.text("channel", NAME_LIMIT)?.to_owned(),
            contract: input.text("contract", NAME_LIMIT)?.to_owned(),
            roots: input.list("roots", GROUPS)?,
            policy: Policy::read(input)?,
            cut: CutRules::read(input)?,
            window: input.u64("time window")?,
        })
    }
}
