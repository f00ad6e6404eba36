//! A peer: endorses proposals, commits blocks, answers reads. Each peer has a folder of its own.
//!
//! Paper: section 3.1, "it can be an endorsing node (endorser) or a commit node (committer)"; here each peer is both.
//! Semantics: Fabric's (core/endorser/endorser.go, core/committer).
//!
//! ```text
//! endorse:  endorse.rs, on a snapshot of the state
//! commit:   committer.rs
//! ```

use super::chain;
use super::committer::Committer;
use super::endorse::Endorser;
use super::error::{EndorseError, PeerError};
use super::signer::Signer;
use super::verify::{Report, VerifyError, verify_chain};
use crate::identity::{Certificate, IdentityError, Msp, RevocationList, Role};
use crate::ledger::error::{StoreError, TornTail};
use crate::ledger::format::block::{Block, CommittedBlock, Metadata, Savepoint};
use crate::ledger::format::config::Config;
use crate::ledger::format::endorsement::Endorsed;
use crate::ledger::format::proposal::{SignedProposal, Transient};
use crate::ledger::rules::channel::{Channel, CommitError};
use crate::ledger::state::contract::Contract;
use crate::ledger::state::view::Changes;
use crate::ledger::storage::snapshot::Snapshot;
use crate::ledger::storage::store::PeerStore;
use crate::time::Millis;
use core::fmt;
use std::path::Path;
use std::sync::Arc;

/// A running peer.
pub struct Peer {
    signer: Signer,
    contract: Arc<dyn Contract>,
    /// Who may propose: the channel's members without those whose certificates were revoked.
    ingress: Msp,
    committer: Committer,
}

/// What a peer had to repair when it was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Opened {
    /// The incomplete block that was cut off.
    pub torn: Option<TornTail>,
    /// How many blocks the state was behind the block file.
    pub replayed: u64,
    /// How many of these blocks were validated again because their codes were lost.
    pub revalidated: u64,
}

impl Peer {
    /// A new peer in `folder`, on the channel that `genesis` opens. Where that was interrupted, the same call goes on.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn create(
        folder: &Path,
        genesis: &Block,
        signer: Signer,
        contract: Arc<dyn Contract>,
    ) -> Result<Self, PeerError> {
        let channel = Channel::of_genesis(genesis)?;
        channel.validate(genesis, None, &Changes::default())?;
        let mut peer = Self::with(channel, signer, contract, || PeerStore::create(folder, genesis))?;
        peer.committer.recover()?;
        peer.checkpoint()?;
        Ok(peer)
    }

    /// The peer in `folder`, as it was when it stopped, for whatever reason. The folder is locked as long as the peer exists.
    ///
    /// # Errors
    /// [`PeerError`]; [`StoreError::InUse`].
    pub fn open(folder: &Path, signer: Signer, contract: Arc<dyn Contract>) -> Result<(Self, Opened), PeerError> {
        let (store, torn) = PeerStore::open(folder)?;
        if store.blocks().is_empty() {
            return Err(PeerError::NoGenesis);
        }
        let channel = Channel::of_genesis(&store.read_block(0)?)?;
        // The blocks that are not in the state are verified and validated when they are applied to it.
        if let Some(reached) = store.savepoint() {
            let last = chain::walk::<CommitError>(reached.height, |number| store.read_block(number), |_| ())?;
            if last.is_none_or(|last| last.header.hash() != reached.tip) {
                return Err(CommitError::OtherState(reached.height.saturating_sub(1)).into());
            }
        }
        let mut peer = Self::with(channel, signer, contract, || Ok(store))?;
        let recovered = peer.committer.recover()?;
        Ok((peer, Opened { torn, replayed: recovered.blocks, revalidated: recovered.revalidated }))
    }

    fn with(
        channel: Channel,
        signer: Signer,
        contract: Arc<dyn Contract>,
        store: impl FnOnce() -> Result<PeerStore, StoreError>,
    ) -> Result<Self, PeerError> {
        match signer.member(&channel.msp)?.role {
            Role::Peer => {}
            role => return Err(PeerError::NotAPeer(role)),
        }
        if contract.name() != channel.config.contract {
            return Err(PeerError::OtherContract(channel.config.contract));
        }
        let ingress = channel.config.msp()?;
        let committer = Committer { channel, store: store()? };
        Ok(Self { signer, contract, ingress, committer })
    }

    /// Refuses proposals of these certificates from now on. Codes of blocks never change.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn revoke(&mut self, list: &RevocationList) -> Result<(), IdentityError> {
        self.ingress.revoke(list)
    }

    /// Endorses under the certificate that the authority has issued anew.
    ///
    /// # Errors
    /// [`IdentityError`]; [`IdentityError::UnknownMember`] for another subject.
    pub fn renewed(&mut self, certificate: &Certificate) -> Result<(), IdentityError> {
        self.signer.renewed(certificate, &self.committer.channel.msp)
    }

    /// Simulates a proposal and signs the result. `now` is the peer's time.
    ///
    /// # Errors
    /// [`EndorseError`]; then nothing was signed and nothing is remembered.
    pub fn endorse(
        &self,
        signed: &SignedProposal,
        transient: &Transient,
        now: Millis,
    ) -> Result<Endorsed, EndorseError> {
        let snapshot = self.committer.store.snapshot()?;
        let (config, contract) = (&self.committer.channel.config, &*self.contract);
        let endorser = Endorser { config, ingress: &self.ingress, contract, signer: &self.signer };
        endorser.endorse(&snapshot, signed, transient, now)
    }

    /// Verifies, validates and stores the next block. When this returns, the block is on the disk.
    ///
    /// # Errors
    /// [`CommitError`].
    pub fn commit(&mut self, block: &Block) -> Result<Metadata, CommitError> {
        let committed = self.commit_all(core::slice::from_ref(block))?;
        committed.into_iter().next().ok_or_else(|| StoreError::NoSuchBlock { number: self.height() }.into())
    }

    /// As [`commit`](Self::commit) for consecutive blocks, with one fsync. When this returns, all of them are on the disk,
    /// or after an error those before the bad one ([`height`](Self::height)).
    ///
    /// # Errors
    /// [`CommitError`] of the first block that does not continue the chain.
    pub fn commit_all(&mut self, blocks: &[Block]) -> Result<Vec<Metadata>, CommitError> {
        self.committer.commit_all(blocks)
    }

    /// Writes the changes since the last checkpoint to the database of the state. A peer does this by itself once there
    /// are enough changes, and when it is dropped; a peer that was killed before replays those blocks.
    ///
    /// # Errors
    /// [`StoreError`]; the blocks are on the disk regardless.
    pub fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.committer.store.checkpoint()
    }

    /// The rules of the channel.
    pub const fn config(&self) -> &Config {
        &self.committer.channel.config
    }

    /// The certificate under which this peer endorses.
    pub const fn certificate(&self) -> &Certificate {
        &self.signer.certificate
    }

    /// The number of committed blocks.
    pub fn height(&self) -> u64 {
        self.committer.height()
    }

    /// Height, hash of the last header and commit hash: equal on peers that agree.
    pub const fn savepoint(&self) -> Option<Savepoint> {
        self.committer.savepoint()
    }

    /// A committed block.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn block(&self, number: u64) -> Result<CommittedBlock, StoreError> {
        self.committer.store.block(number)
    }

    /// The state, for reading.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.committer.store.snapshot()
    }

    /// Checks everything that this peer has on the disk, from block 0.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(&self) -> Result<Report, VerifyError> {
        let store = &self.committer.store;
        verify_chain(store.blocks(), |number| store.verdicts().read(number), &store.snapshot()?, None)
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("certificate", &self.signer.certificate).finish_non_exhaustive()
    }
}
