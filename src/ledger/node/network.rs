//! Several peers and an orderer in one process: the path of a transaction from proposal to commit.
//!
//! Paper: Figure 2, and section 4.2, Availability.
//!
//! ```text
//! submit:   every running peer endorses -> equal answers that satisfy the policy -> creator signs -> orderer
//! deliver:  each block that the orderer cuts goes to every running peer, which commits it by itself
//! restart:  a peer that was down opens its folder and fetches what it missed from the others, verifying each block
//! read:     any running peer answers
//! ```
//!
//! Time is an argument: whoever drives the network calls [`Network::tick`] when [`Network::deadline`] has come.

use super::catch_up;
use super::error::{NetworkError, OrderError};
use super::orderer::Orderer;
use super::peer::{Opened, Peer};
use super::revocations;
use super::signer::Signer;
use crate::identity::{Certificate, Member, Msp, Renewal, RevocationList, SigningKey};
use crate::ledger::error::StoreError;
use crate::ledger::format::block::{Block, Savepoint};
use crate::ledger::format::config::Config;
use crate::ledger::format::endorsement::{Endorsed, SignedTransaction, Transaction};
use crate::ledger::format::proposal::{SignedProposal, Transient, TxId};
use crate::ledger::format::verdict::Outcome;
use crate::ledger::rules::channel::CommitError;
use crate::ledger::state::contract::Contract;
use crate::ledger::state::view::Committed;
use crate::ledger::storage::snapshot::Snapshot;
use crate::parallel;
use crate::time::Millis;
use crate::wire::Wire;
use std::path::{Path, PathBuf};
use std::sync::Arc;

struct Node {
    folder: PathBuf,
    signer: Signer,
    peer: Option<Peer>,
    /// The error that stopped the peer; none if it runs or [`Network::stop`] stopped it.
    failure: Option<CommitError>,
}

/// The peers and the orderer of one channel.
pub struct Network {
    folder: PathBuf,
    contract: Arc<dyn Contract>,
    config: Config,
    /// The members whose endorsements are accepted: as at the orderer, without revoked certificates.
    ingress: Msp,
    orderer: Orderer,
    nodes: Vec<Node>,
    /// The newest list of each authority.
    revocations: Vec<RevocationList>,
}

impl Network {
    /// Starts a channel under `folder`: the orderer in `orderer`, the peers in `peer-0`, `peer-1`, ... If that was
    /// interrupted, the same call completes it; once there is a block 1 the call is refused. Revocation lists that
    /// [`revoke`](Self::revoke) has kept apply.
    ///
    /// # Errors
    /// [`NetworkError`].
    pub fn create(
        folder: &Path,
        config: &Config,
        orderer: Signer,
        peers: Vec<Signer>,
        contract: Arc<dyn Contract>,
    ) -> Result<Self, NetworkError> {
        let orderer = Orderer::create(&folder.join("orderer"), config, orderer)?;
        let genesis = orderer.block(0)?;
        let start = |(i, signer): (usize, Signer)| {
            let folder = folder.join(format!("peer-{i}"));
            let peer = Peer::create(&folder, &genesis, signer.clone(), Arc::clone(&contract))
                .map_err(|source| NetworkError::Peer { peer: i, source })?;
            Ok(Node { folder, signer, peer: Some(peer), failure: None })
        };
        let nodes = peers.into_iter().enumerate().map(start).collect::<Result<_, NetworkError>>()?;
        let (kept, config) = (revocations::kept(folder)?, config.clone());
        let (folder, ingress) = (folder.to_owned(), config.msp()?);
        let mut this = Self { folder, ingress, config, contract, orderer, nodes, revocations: Vec::new() };
        kept.iter().try_for_each(|list| this.apply(list))?;
        Ok(this)
    }

    /// Opens the channel under `folder`. All peers are opened, and catch up with the highest one. The revocation lists of
    /// [`revoke`](Self::revoke) apply again.
    ///
    /// # Errors
    /// [`NetworkError`].
    pub fn open(
        folder: &Path,
        orderer: Signer,
        peers: Vec<Signer>,
        contract: Arc<dyn Contract>,
    ) -> Result<(Self, Vec<Opened>), NetworkError> {
        let (orderer, _) = Orderer::open(&folder.join("orderer"), orderer)?;
        let config = Config::of_genesis(&orderer.block(0)?).map_err(CommitError::from)?;
        let node = |(i, signer)| Node { folder: folder.join(format!("peer-{i}")), signer, peer: None, failure: None };
        let nodes: Vec<_> = peers.into_iter().enumerate().map(node).collect();
        let (kept, folder, ingress) = (revocations::kept(folder)?, folder.to_owned(), config.msp()?);
        let mut this = Self { folder, ingress, config, contract, orderer, nodes, revocations: Vec::new() };
        kept.iter().try_for_each(|list| this.apply(list))?;
        let opened = (0..this.nodes.len()).map(|i| this.restart(i)).collect::<Result<_, _>>()?;
        let highest = this.nodes.iter().filter_map(|node| node.peer.as_ref()).max_by_key(|peer| peer.height());
        if let Some(highest) = highest {
            catch_up::restore_orderer(&mut this.orderer, highest)?;
        }
        for i in 0..this.nodes.len() {
            this.catch_up(i)?;
        }
        Ok((this, opened))
    }

    /// The rules of the channel.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The number of peers, running or not.
    pub fn peers(&self) -> usize {
        self.nodes.len()
    }

    /// A running peer.
    pub fn peer(&self, i: usize) -> Option<&Peer> {
        self.nodes.get(i)?.peer.as_ref()
    }

    /// Why a peer stopped by itself.
    pub fn failure(&self, i: usize) -> Option<&CommitError> {
        self.nodes.get(i)?.failure.as_ref()
    }

    /// Refuses these certificates: their proposals at every peer, also at peers that start later, and their transactions
    /// and endorsements at the orderer. The codes of blocks do not change. The list is kept in the folder of the
    /// channel, so that it applies again after [`open`](Self::open).
    ///
    /// # Errors
    /// [`NetworkError::Identity`]; [`NetworkError::Store`] where the list cannot be kept.
    pub fn revoke(&mut self, list: &RevocationList) -> Result<(), NetworkError> {
        self.apply(list)?;
        Ok(revocations::keep(&self.folder, list)?)
    }

    /// An MSP with the roots of the channel and the revocation lists that the network has, for a party that starts.
    ///
    /// # Errors
    /// [`NetworkError::Identity`].
    pub fn msp(&self) -> Result<Msp, NetworkError> {
        let mut msp = self.config.msp()?;
        self.revocations.iter().try_for_each(|list| msp.revoke(list))?;
        Ok(msp)
    }

    /// The requests for new certificates of the orderer and of all peers. Without new ones, no transaction is endorsed after
    /// the certificates of the peers have expired.
    pub fn renewals(&self) -> Vec<Renewal> {
        let peers = self.nodes.iter().map(|node| node.signer.renewal());
        std::iter::once(self.orderer.renewal()).chain(peers).collect()
    }

    /// Replaces the certificate of the node that it names, running or not. Whoever opens the network again passes the new
    /// certificate to [`open`](Self::open).
    ///
    /// # Errors
    /// [`NetworkError::Identity`], for example where no node has this subject.
    pub fn renewed(&mut self, certificate: &Certificate) -> Result<(), NetworkError> {
        let same = |node: &&mut Node| node.signer.certificate.subject() == certificate.subject();
        let Some(node) = self.nodes.iter_mut().find(same) else { return Ok(self.orderer.renewed(certificate)?) };
        node.signer.renewed(certificate, &self.config.msp()?)?;
        if let Some(peer) = &mut node.peer {
            peer.renewed(certificate)?;
        }
        Ok(())
    }

    fn apply(&mut self, list: &RevocationList) -> Result<(), NetworkError> {
        self.ingress.revoke(list)?;
        self.orderer.revoke(list)?;
        self.nodes.iter_mut().filter_map(|node| node.peer.as_mut()).try_for_each(|peer| peer.revoke(list))?;
        self.revocations.retain(|earlier| earlier.authority() != list.authority());
        self.revocations.push(list.clone());
        Ok(())
    }

    /// Asks every running peer for an endorsement. The answers returned are equal, come from peers with valid certificates,
    /// and satisfy the policy.
    ///
    /// # Errors
    /// [`NetworkError::NoPeer`], [`NetworkError::Endorse`] with the first refusal, [`NetworkError::Policy`].
    pub fn endorse(
        &self,
        proposal: &SignedProposal,
        transient: &Transient,
        now: Millis,
    ) -> Result<Vec<Endorsed>, NetworkError> {
        let mut refusal = None;
        let mut groups: Vec<Vec<Endorsed>> = Vec::new();
        let valid = |peer: &Peer| self.ingress.validate_at(peer.certificate(), now.seconds()).is_ok();
        for peer in self.running() {
            match peer.endorse(proposal, transient, now) {
                Err(error) => refusal = refusal.or(Some(error)),
                // The orderer would refuse this endorsement.
                Ok(_) if !valid(peer) => {}
                Ok(answer) => match groups.iter_mut().find(|group| group.iter().any(|a| a.payload == answer.payload)) {
                    Some(group) => group.push(answer),
                    None => groups.push(vec![answer]),
                },
            }
        }
        if self.running().next().is_none() {
            return Err(NetworkError::NoPeer);
        }
        let endorsed = groups.iter().map(Vec::len).max().unwrap_or(0);
        if let Some(group) = groups.into_iter().find(|group| self.satisfies(group)) {
            return Ok(group);
        }
        match refusal {
            Some(refusal) => Err(refusal.into()),
            None => Err(NetworkError::Policy { endorsed, policy: self.config.policy.to_string() }),
        }
    }

    fn satisfies(&self, answers: &[Endorsed]) -> bool {
        let member = |answer: &Endorsed| self.ingress.validate(&answer.endorsement.endorser).ok();
        let signers: Vec<Member> = answers.iter().filter_map(member).collect();
        self.config.policy.satisfied_by(&signers)
    }

    /// Gives a transaction to the orderer and delivers the blocks that this completes.
    ///
    /// # Errors
    /// [`NetworkError::Order`].
    pub fn broadcast(&mut self, transaction: &SignedTransaction, now: Millis) -> Result<(), NetworkError> {
        let blocks = self.orderer.order(&transaction.to_bytes(), now)?;
        self.deliver(&blocks);
        Ok(())
    }

    /// Endorses, assembles, signs and orders a transaction. It is committed with its block, at the latest at
    /// [`deadline`](Self::deadline).
    ///
    /// # Errors
    /// [`NetworkError`].
    pub fn submit(
        &mut self,
        proposal: &SignedProposal,
        transient: &Transient,
        key: &SigningKey,
        now: Millis,
    ) -> Result<TxId, NetworkError> {
        let answers = self.endorse(proposal, transient, now)?;
        let transaction = Transaction::assemble(proposal.proposal.clone(), answers)?;
        match self.broadcast(&transaction.sign(key)?, now) {
            // Whoever has seen the transaction can send it first.
            Err(NetworkError::Order(OrderError::Duplicate(_))) => {}
            sent => sent?,
        }
        Ok(proposal.proposal.txid)
    }

    /// Submits a transaction, cuts its block and returns its code.
    ///
    /// # Errors
    /// [`NetworkError`].
    pub fn transact(
        &mut self,
        proposal: &SignedProposal,
        transient: &Transient,
        key: &SigningKey,
        now: Millis,
    ) -> Result<Outcome, NetworkError> {
        let txid = self.submit(proposal, transient, key, now)?;
        self.flush()?;
        self.outcome(&txid)?.ok_or(NetworkError::Lost(txid))
    }

    /// When the orderer cuts the next block, if transactions wait.
    pub const fn deadline(&self) -> Option<Millis> {
        self.orderer.deadline()
    }

    /// Cuts and delivers a block if the [`deadline`](Self::deadline) has come.
    ///
    /// # Errors
    /// [`NetworkError::Order`].
    pub fn tick(&mut self, now: Millis) -> Result<(), NetworkError> {
        let block = self.orderer.tick(now)?;
        self.deliver(block.as_slice());
        Ok(())
    }

    /// Cuts and delivers a block of all waiting transactions now.
    ///
    /// # Errors
    /// [`NetworkError::Order`].
    pub fn flush(&mut self) -> Result<(), NetworkError> {
        let block = self.orderer.flush()?;
        self.deliver(block.as_slice());
        Ok(())
    }

    /// Every running peer commits the blocks. A peer that fails is stopped, and its error kept.
    fn deliver(&mut self, blocks: &[Block]) {
        if blocks.is_empty() {
            return;
        }
        let commit = |node: &mut Node| {
            if let Some(Err(error)) = node.peer.as_mut().map(|peer| peer.commit_all(blocks)) {
                (node.peer, node.failure) = (None, Some(error));
            }
        };
        parallel::map(self.nodes.iter_mut().collect(), commit);
    }

    /// Every running peer writes its state to the disk. A peer that fails is stopped, and its error kept.
    pub fn checkpoint(&mut self) {
        for node in &mut self.nodes {
            if let Some(Err(error)) = node.peer.as_mut().map(Peer::checkpoint) {
                (node.peer, node.failure) = (None, Some(error.into()));
            }
        }
    }

    /// Stops a peer and closes its files.
    pub fn stop(&mut self, i: usize) {
        if let Some(node) = self.nodes.get_mut(i) {
            node.peer = None;
        }
    }

    /// Starts a stopped peer again. It fetches the blocks that it missed from the running peers, else from the orderer.
    ///
    /// # Errors
    /// [`NetworkError::NotStopped`], [`NetworkError::Peer`], [`NetworkError::Commit`].
    pub fn restart(&mut self, i: usize) -> Result<Opened, NetworkError> {
        let node = self.nodes.get(i).filter(|node| node.peer.is_none()).ok_or(NetworkError::NotStopped(i))?;
        let (mut peer, opened) = Peer::open(&node.folder, node.signer.clone(), Arc::clone(&self.contract))
            .map_err(|source| NetworkError::Peer { peer: i, source })?;
        self.revocations.iter().try_for_each(|list| peer.revoke(list))?;
        if let Some(node) = self.nodes.get_mut(i) {
            (node.peer, node.failure) = (Some(peer), None);
        }
        self.catch_up(i)?;
        Ok(opened)
    }

    /// The number of blocks that the orderer has cut.
    pub fn height(&self) -> u64 {
        self.orderer.height()
    }

    /// The savepoint, if all running peers have the same one: then they agree on every block, code and value.
    pub fn agreement(&self) -> Option<Savepoint> {
        let mut savepoints = self.running().map(Peer::savepoint);
        let first = savepoints.next()??;
        savepoints.all(|savepoint| savepoint == Some(first)).then_some(first)
    }

    /// Asks the running peers in turn until one answers.
    ///
    /// # Errors
    /// [`NetworkError::NoPeer`], or the error of the last peer.
    pub fn read<T>(&self, question: impl Fn(&Snapshot) -> Result<T, StoreError>) -> Result<T, NetworkError> {
        let mut last = NetworkError::NoPeer;
        for peer in self.running() {
            match peer.snapshot().and_then(|snapshot| question(&snapshot)) {
                Ok(answer) => return Ok(answer),
                Err(error) => last = error.into(),
            }
        }
        Err(last)
    }

    /// The value under `key`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, NetworkError> {
        self.read(|snapshot| Ok(snapshot.entry(key)?.map(|entry| entry.value)))
    }

    /// The place of a transaction in the chain, and its code.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn outcome(&self, txid: &TxId) -> Result<Option<Outcome>, NetworkError> {
        self.read(|snapshot| snapshot.outcome(txid))
    }

    /// Brings a running peer up to the height of the orderer.
    fn catch_up(&mut self, i: usize) -> Result<(), NetworkError> {
        let Some(mut peer) = self.nodes.get_mut(i).and_then(|node| node.peer.take()) else { return Ok(()) };
        catch_up::catch_up(&mut peer, &self.running().collect::<Vec<_>>(), &self.orderer)?;
        self.nodes[i].peer = Some(peer);
        Ok(())
    }

    fn running(&self) -> impl Iterator<Item = &Peer> {
        self.nodes.iter().filter_map(|node| node.peer.as_ref())
    }
}

impl core::fmt::Debug for Network {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let running = self.nodes.iter().filter(|node| node.peer.is_some()).count();
        write!(f, "Network({:?}, {running} of {} peers)", self.config.channel, self.nodes.len())
    }
}
