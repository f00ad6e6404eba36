//! A channel in memory: where there are no files, as in a web page. The checks of the endorsing peers, the blocks and the
//! rules of validation are those of [`Network`](super::network::Network).
//!
//! Departures: every peer must endorse; the orderer checks nothing, so validation alone refuses a transaction; each transaction
//! gets a block of its own; the peers share one state, which each of them would compute.

use super::endorse::Endorser;
use super::error::NetworkError;
use super::signer::Signer;
use crate::identity::{Member, Msp, SigningKey};
use crate::ledger::format::block::{Block, CommittedBlock, Metadata, Savepoint};
use crate::ledger::format::config::Config;
use crate::ledger::format::endorsement::{SignedTransaction, Transaction};
use crate::ledger::format::proposal::{SignedProposal, Transient, TxId};
use crate::ledger::format::verdict::Outcome;
use crate::ledger::rules::channel::Channel;
use crate::ledger::state::contract::Contract;
use crate::ledger::state::view::Changes;
use crate::time::Millis;
use crate::wire::Wire;
use std::sync::Arc;

/// The peers and the orderer of one channel, in memory.
pub struct MemoryNetwork {
    channel: Channel,
    contract: Arc<dyn Contract>,
    orderer: Signer,
    peers: Vec<Signer>,
    blocks: Vec<CommittedBlock>,
    state: Changes,
    savepoint: Savepoint,
}

impl MemoryNetwork {
    /// Starts a channel with block 0.
    ///
    /// # Errors
    /// [`NetworkError::Commit`].
    pub fn create(
        config: &Config,
        orderer: Signer,
        peers: Vec<Signer>,
        contract: Arc<dyn Contract>,
    ) -> Result<Self, NetworkError> {
        let genesis = Block::seal(0, None, vec![config.to_bytes()], &orderer.certificate, &orderer.key);
        let channel = Channel::of_genesis(&genesis)?;
        let (verdict, savepoint) = channel.validate(&genesis, None, &Changes::default())?;
        let blocks = vec![CommittedBlock { block: genesis, metadata: Metadata::new(&verdict, &savepoint) }];
        Ok(Self { channel, contract, orderer, peers, blocks, state: verdict.into(), savepoint })
    }

    /// The rules of the channel.
    pub const fn config(&self) -> &Config {
        &self.channel.config
    }

    /// An MSP with the roots of the channel.
    ///
    /// # Errors
    /// [`NetworkError::Identity`].
    pub fn msp(&self) -> Result<Msp, NetworkError> {
        Ok(self.channel.config.msp()?)
    }

    /// The committed blocks, from block 0 on.
    pub fn blocks(&self) -> &[CommittedBlock] {
        &self.blocks
    }

    /// The state after the last block.
    pub const fn state(&self) -> &Changes {
        &self.state
    }

    /// Endorses, assembles, signs and commits a transaction, and returns its code.
    ///
    /// # Errors
    /// [`NetworkError::Endorse`] with the first refusal; [`NetworkError::Policy`], [`NetworkError::Identity`],
    /// [`NetworkError::Assemble`], [`NetworkError::Commit`].
    pub fn transact(
        &mut self,
        proposal: &SignedProposal,
        transient: &Transient,
        key: &SigningKey,
        now: Millis,
    ) -> Result<Outcome, NetworkError> {
        let ingress = self.msp()?;
        let endorse = |signer| {
            let (config, contract) = (&self.channel.config, &*self.contract);
            Endorser { config, ingress: &ingress, contract, signer }.endorse(&self.state, proposal, transient, now)
        };
        let answers = self.peers.iter().map(endorse).collect::<Result<Vec<_>, _>>()?;
        let member = |signer: &Signer| ingress.validate_at(&signer.certificate, now.seconds()).ok();
        let signers: Vec<Member> = self.peers.iter().filter_map(member).collect();
        if !self.channel.config.policy.satisfied_by(&signers) {
            let policy = self.channel.config.policy.to_string();
            return Err(NetworkError::Policy { endorsed: signers.len(), policy });
        }
        self.commit(&Transaction::assemble(proposal.proposal.clone(), answers)?.sign(key)?)?;
        self.outcome(&proposal.proposal.txid).ok_or(NetworkError::Lost(proposal.proposal.txid))
    }

    /// Commits a signed transaction in a block of its own, whatever its code; the code is in the last of
    /// [`blocks`](Self::blocks).
    ///
    /// # Errors
    /// [`NetworkError::Commit`].
    pub fn commit(&mut self, transaction: &SignedTransaction) -> Result<(), NetworkError> {
        let Signer { certificate, key } = &self.orderer;
        let Savepoint { height, tip, .. } = self.savepoint;
        let block = Block::seal(height, Some(tip), vec![transaction.to_bytes()], certificate, key);
        let (verdict, after) = self.channel.validate(&block, Some(&self.savepoint), &self.state)?;
        self.blocks.push(CommittedBlock { block, metadata: Metadata::new(&verdict, &after) });
        self.state.add(verdict);
        self.savepoint = after;
        Ok(())
    }

    /// The place of a transaction in the chain, and its code.
    pub fn outcome(&self, txid: &TxId) -> Option<Outcome> {
        self.state.txids().get(txid).copied()
    }
}

impl core::fmt::Debug for MemoryNetwork {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "MemoryNetwork({:?}, {} blocks)", self.channel.config.channel, self.blocks.len())
    }
}
