//! A peer: endorses proposals, commits blocks, answers reads. It has a folder of its own.
//!
//! Paper: section 3.1, "it can be an endorsing node (endorser) or a commit node (committer)"; here each is both.
//! Semantics: Fabric's (core/endorser/endorser.go, core/committer).
//!
//! ```text
//! endorse:  certificate's time, proposal's time window, signature, txid, channel and contract    at ingress
//!           duplicate txid, role                                                                 before simulation
//!           run the contract on a snapshot; sign payload || own certificate                      only if it succeeds
//! commit:   commit.rs
//! ```

mod commit;
mod error;

pub use error::{EndorseError, PeerError};

use super::block::{Block, CommittedBlock};
use super::blockfile::TornTail;
use super::changes::Changes;
use super::config::{Channel, Config};
use super::endorsement::{Endorsed, Endorsement, Payload, RESPONSE_LIMIT, verify};
use super::proposal::{Proposal, SignedProposal, Transient};
use super::state::{Committed, Contract, Invocation, InvokeError, Simulation, StateError};
use super::store::{Savepoint, Snapshot, Store, StoreError};
use super::verify::{Report, VerifyError, verify_chain};
use crate::identity::{Certificate, IdentityError, Member, Msp, RevocationList, Role, SigningKey};
use crate::wire::Wire;
use core::fmt;
use std::path::Path;
use std::sync::Arc;

/// A certificate with its private key: whoever signs as a node of the ledger.
#[derive(Clone, Debug)]
pub struct Signer {
    /// The certificate.
    pub certificate: Certificate,
    /// Its private key.
    pub key: SigningKey,
}

impl Signer {
    /// The member that it is, if the key is the certificate's.
    pub(super) fn member(&self, msp: &Msp) -> Result<Member, IdentityError> {
        let member = msp.validate(&self.certificate)?;
        if member.verifying_key != self.key.verifying_key() {
            return Err(IdentityError::Inconsistent { what: "signing key" });
        }
        Ok(member)
    }
}

/// A running peer.
pub struct Peer {
    signer: Signer,
    contract: Arc<dyn Contract>,
    channel: Channel,
    /// Who may propose: the channel's members without those whose certificates were taken back.
    ingress: Msp,
    store: Store,
}

/// What was found when a peer was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Opened {
    /// The incomplete block that was cut off.
    pub torn: Option<TornTail>,
    /// How many blocks the state was behind the block file.
    pub replayed: u64,
    /// How many of these had to be judged anew, because the verdicts on them were lost.
    pub judged: u64,
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
        channel.judge(genesis, None, &Changes::default())?;
        let mut peer = Self::with(channel, signer, contract, || Store::create(folder, genesis))?;
        peer.replay()?;
        peer.checkpoint()?;
        Ok(peer)
    }

    /// The peer in `folder`, as it was when it stopped, for whatever reason.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn open(folder: &Path, signer: Signer, contract: Arc<dyn Contract>) -> Result<(Self, Opened), PeerError> {
        let (store, torn) = Store::open(folder)?;
        if store.blocks().is_empty() {
            return Err(PeerError::NoGenesis);
        }
        let channel = Channel::of_genesis(&store.stored(0)?)?;
        let mut peer = Self::with(channel, signer, contract, || Ok(store))?;
        let (replayed, judged) = peer.replay()?;
        Ok((peer, Opened { torn, replayed, judged }))
    }

    fn with(
        channel: Channel,
        signer: Signer,
        contract: Arc<dyn Contract>,
        store: impl FnOnce() -> Result<Store, StoreError>,
    ) -> Result<Self, PeerError> {
        match signer.member(&channel.msp)?.role {
            Role::Peer => {}
            role => return Err(PeerError::NotAPeer(role)),
        }
        if contract.name() != channel.config.contract {
            return Err(PeerError::OtherContract(channel.config.contract));
        }
        let ingress = channel.config.msp()?;
        Ok(Self { signer, contract, channel, ingress, store: store()? })
    }

    /// Refuses proposals of these certificates from now on. Blocks are not concerned: their verdicts never change.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn revoke(&mut self, list: &RevocationList) -> Result<(), IdentityError> {
        self.ingress.revoke(list)
    }

    /// Simulates a proposal and signs the outcome. `now` is the peer's time in milliseconds since 1970.
    ///
    /// # Errors
    /// [`EndorseError`]; then nothing was signed and nothing is remembered.
    pub fn endorse(&self, signed: &SignedProposal, transient: &Transient, now: u64) -> Result<Endorsed, EndorseError> {
        let SignedProposal { proposal, signature } = signed;
        let creator = self.ingress.validate_at(&proposal.creator, now / 1000)?;
        self.ingress_checks(proposal, now)?;
        verify(&creator.verifying_key, &proposal.to_bytes(), signature)?;
        let snapshot = self.store.snapshot()?;
        if snapshot.knows(&proposal.txid)? {
            return Err(EndorseError::Duplicate(proposal.txid));
        }
        if !creator.role.proposes() {
            return Err(EndorseError::Access(creator.role));
        }
        let mut simulation = Simulation::new(&snapshot);
        let call = Invocation {
            creator: &creator,
            txid: proposal.txid,
            timestamp: proposal.timestamp,
            transient,
            action: &proposal.action,
        };
        let response = self.contract.invoke(&mut simulation, &call).map_err(|error| match error {
            InvokeError::Refused(refusal) => EndorseError::Refused(refusal),
            InvokeError::State(StateError::Store(error)) => EndorseError::Store(error),
            InvokeError::State(error) => EndorseError::Limit(error),
        })?;
        if response.len() > RESPONSE_LIMIT as usize {
            let error = StateError::Limit { what: "response", limit: RESPONSE_LIMIT, got: response.len() };
            return Err(EndorseError::Limit(error));
        }
        let payload = Payload { proposal: proposal.digest(), response, rwset: simulation.finish() };
        let endorsement = Endorsement::sign(&payload.to_bytes(), &self.signer.certificate, &self.signer.key);
        Ok(Endorsed { payload, endorsement })
    }

    fn ingress_checks(&self, proposal: &Proposal, now: u64) -> Result<(), EndorseError> {
        let Config { channel, contract, window, .. } = &self.channel.config;
        let (timestamp, window) = (proposal.timestamp, *window);
        if timestamp.abs_diff(now) > window {
            return Err(EndorseError::Time { timestamp, now, window });
        }
        if proposal.txid != proposal.txid() {
            return Err(EndorseError::TxId);
        }
        if proposal.channel != *channel {
            return Err(EndorseError::Channel(proposal.channel.clone()));
        }
        if proposal.contract != *contract {
            return Err(EndorseError::Contract(proposal.contract.clone()));
        }
        Ok(())
    }

    /// Writes to the file of the state what the blocks changed since it was written last. It happens by itself now and
    /// then, and when the peer is dropped; a peer that was killed before replays those blocks.
    ///
    /// # Errors
    /// [`StoreError`]; the blocks are on the disk regardless.
    pub fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.store.checkpoint()
    }

    /// The rules of the channel.
    pub const fn config(&self) -> &Config {
        &self.channel.config
    }

    /// The certificate under which this peer endorses.
    pub const fn certificate(&self) -> &Certificate {
        &self.signer.certificate
    }

    /// The number of committed blocks.
    pub fn height(&self) -> u64 {
        self.store.savepoint().map_or(0, |savepoint| savepoint.height)
    }

    /// Height, hash of the last header and commit hash: equal on peers that agree.
    pub fn savepoint(&self) -> Option<Savepoint> {
        self.store.savepoint()
    }

    /// A committed block.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn block(&self, number: u64) -> Result<CommittedBlock, StoreError> {
        self.store.block(number)
    }

    /// The state, for reading.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.store.snapshot()
    }

    /// Checks everything that this peer has on the disk, from block 0.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(&self) -> Result<Report, VerifyError> {
        let verdicts = self.store.verdicts();
        verify_chain(self.store.blocks(), |number| verdicts.read(number), &self.store.snapshot()?, None)
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("certificate", &self.signer.certificate).finish_non_exhaustive()
    }
}
