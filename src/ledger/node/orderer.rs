//! The orderer: puts transactions in an order and cuts them into sealed blocks.
//!
//! Semantics: Fabric's (orderer/common/blockcutter/blockcutter.go, msgprocessor). The orderer checks the size of a
//! transaction, its form, its creator and the creator's signature, and the certificates of its endorsers. It orders a
//! transaction only once (`accepted.rs`). The committing peers repeat these checks, except for periods of validity and
//! revocations, and also check the endorsers' signatures and the versions.
//!
//! Departure: the orderer refuses a transaction if the certificate of an endorser is revoked or not valid now. Peers
//! validate blocks without a clock and without revocation lists, so only the orderer can refuse endorsements with a
//! stolen key of a peer. In Fabric, an update of the channel's configuration does this.
//!
//! ```text
//! on transaction t:  t larger than preferred_bytes:                     cut the waiting ones; cut t alone
//!                    t and the waiting ones exceed preferred_bytes:     cut the waiting ones; t waits
//!                    t is the max_messages-th:                          cut
//! on time:           timeout after the first waiting one arrived:       cut
//! ```

use super::accepted::Accepted;
use super::chain;
use super::error::OrderError;
use super::signer::Signer;
use crate::hash::Digest;
use crate::identity::{Certificate, IdentityError, Msp, Renewal, RevocationList, Role};
use crate::ledger::error::{StoreError, TornTail};
use crate::ledger::format::block::Block;
use crate::ledger::format::config::{Config, CutRules};
use crate::ledger::format::endorsement::{Endorsement, SignedTransaction};
use crate::ledger::storage::blocks::BlockFile;
use crate::time::Millis;
use crate::wire::Wire;
use std::path::Path;

/// The transactions that wait for the next block.
#[derive(Debug)]
pub struct Cutter {
    rules: CutRules,
    waiting: Vec<Vec<u8>>,
    bytes: usize,
    deadline: Option<Millis>,
}

impl Cutter {
    /// A cutter without waiting transactions.
    pub const fn new(rules: CutRules) -> Self {
        Self { rules, waiting: Vec::new(), bytes: 0, deadline: None }
    }

    /// Adds a transaction; returns the batches that this completes, none to two.
    pub fn push(&mut self, transaction: Vec<u8>, now: Millis) -> Vec<Vec<Vec<u8>>> {
        let preferred = self.rules.preferred_bytes as usize;
        let mut batches = Vec::new();
        if self.bytes + transaction.len() > preferred {
            batches.extend(self.cut());
        }
        self.bytes += transaction.len();
        self.waiting.push(transaction);
        if self.bytes > preferred || self.waiting.len() >= self.rules.max_messages as usize {
            batches.extend(self.cut());
        } else if self.deadline.is_none() {
            self.deadline = Some(now + self.rules.timeout);
        }
        batches
    }

    /// When the waiting transactions are to be cut: the timeout after the first of them arrived.
    pub const fn deadline(&self) -> Option<Millis> {
        self.deadline
    }

    /// Cuts all waiting transactions.
    pub fn cut(&mut self) -> Option<Vec<Vec<u8>>> {
        (self.bytes, self.deadline) = (0, None);
        (!self.waiting.is_empty()).then(|| core::mem::take(&mut self.waiting))
    }

    fn drop_last(&mut self) {
        self.bytes -= self.waiting.pop().map_or(0, |transaction| transaction.len());
        if self.waiting.is_empty() {
            self.deadline = None;
        }
    }

    /// Puts a batch that could not be sealed back in front of the waiting transactions.
    fn restore(&mut self, mut batch: Vec<Vec<u8>>, deadline: Option<Millis>) {
        self.bytes += batch.iter().map(Vec::len).sum::<usize>();
        batch.append(&mut self.waiting);
        (self.waiting, self.deadline) = (batch, deadline);
    }
}

/// The ordering node, with a block file of its own. When it stops, waiting transactions are lost, and blocks are not.
#[derive(Debug)]
pub struct Orderer {
    signer: Signer,
    config: Config,
    /// The membership service for verifying blocks. It never changes.
    msp: Msp,
    /// The membership service for incoming transactions, with the revocation lists.
    ingress: Msp,
    cutter: Cutter,
    accepted: Accepted,
    file: BlockFile,
    tip: Digest,
}

impl Orderer {
    /// Starts a channel: makes block 0 and writes it to `folder`. The same call completes an interrupted one. The
    /// folder is locked as long as the orderer exists.
    ///
    /// # Errors
    /// [`OrderError`]; [`OrderError::Decode`] for a configuration above a limit; [`StoreError::Exists`] if the folder
    /// holds other blocks, or more; [`StoreError::InUse`].
    pub fn create(folder: &Path, config: &Config, signer: Signer) -> Result<Self, OrderError> {
        let msp = orderer_msp(config, &signer)?;
        let genesis = Block::seal(0, None, vec![config.to_bytes()], &signer.certificate, &signer.key);
        Config::of_genesis(&genesis)?; // above a limit, it could not be read again
        let (file, tip) = (BlockFile::create_with_genesis(folder, &genesis.to_bytes())?, genesis.header.hash());
        let (ingress, cutter, accepted) = (config.msp()?, Cutter::new(config.cut), Accepted::new(config.window));
        Ok(Self { signer, config: config.clone(), msp, ingress, cutter, accepted, file, tip })
    }

    /// Opens the chain under `folder`, which is locked as long as the orderer exists. Each block must continue the one
    /// before it, and the last must have an orderer's seal. A torn tail is cut off and reported. If blocks in the torn
    /// tail were delivered, the peers have these blocks, and [`adopt`](Self::adopt) stores them again.
    ///
    /// # Errors
    /// [`OrderError`]; [`OrderError::Block`] where the chain is broken; [`StoreError::InUse`].
    pub fn open(folder: &Path, signer: Signer) -> Result<(Self, Option<TornTail>), OrderError> {
        let (file, torn) = BlockFile::open(folder, 1)?;
        let config = Config::of_genesis(&read(&file, 0)?)?;
        let msp = orderer_msp(&config, &signer)?;
        let (ingress, cutter, mut accepted) = (config.msp()?, Cutter::new(config.cut), Accepted::new(config.window));
        let last =
            chain::walk::<OrderError>(file.len(), |number| read(&file, number), |block| accepted.add_block(block))?;
        let last = last.ok_or(StoreError::NoSuchBlock { number: 0 })?;
        last.verify_seal(&msp, &config.orderers)?; // of the last block, whose header fixes all others
        let tip = last.header.hash();
        Ok((Self { signer, config, msp, ingress, cutter, accepted, file, tip }, torn))
    }

    /// From now on, refuses transactions whose creator or endorser has a certificate of the list. Existing blocks are
    /// not affected.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn revoke(&mut self, list: &RevocationList) -> Result<(), IdentityError> {
        self.ingress.revoke(list)
    }

    /// The request to renew the certificate of this orderer.
    pub(super) fn renewal(&self) -> Renewal {
        self.signer.renewal()
    }

    /// Seals further blocks under the renewed certificate.
    ///
    /// # Errors
    /// [`IdentityError`]; [`IdentityError::UnknownMember`] for another subject.
    pub fn renewed(&mut self, certificate: &Certificate) -> Result<(), IdentityError> {
        self.signer.renewed(certificate, &self.msp)
    }

    /// Accepts a signed transaction in its encoding; returns the blocks that this completes.
    ///
    /// # Errors
    /// [`OrderError`]. The transaction was then not accepted, and the waiting ones still wait.
    /// [`OrderError::Duplicate`] says that it was accepted before.
    pub fn order(&mut self, transaction: &[u8], now: Millis) -> Result<Vec<Block>, OrderError> {
        let limit = self.config.cut.max_bytes;
        if transaction.len() > limit as usize {
            return Err(OrderError::Size { limit, got: transaction.len() });
        }
        let signed = SignedTransaction::from_bytes(transaction)?;
        let (proposal, rest) = signed.split()?;
        let creator = self.ingress.validate_at(&proposal.creator, now.seconds())?;
        signed.verify(&creator)?;
        if !creator.role.proposes() {
            return Err(OrderError::Access(creator.role));
        }
        for Endorsement { endorser, .. } in &rest.decode()?.1 {
            self.ingress.validate_at(endorser, now.seconds()).map_err(OrderError::Endorser)?;
        }
        self.accepted.check(&signed, &proposal, now)?;
        let deadline = self.cutter.deadline;
        let mut batches = self.cutter.push(transaction.to_vec(), now).into_iter();
        let mut blocks = Vec::new();
        while let Some(batch) = batches.next() {
            match self.seal(batch) {
                Ok(block) => blocks.push(block),
                Err((error, batch)) if blocks.is_empty() => {
                    let unsealed = batch.into_iter().chain(batches.flatten()).collect();
                    self.cutter.restore(unsealed, deadline);
                    self.cutter.drop_last();
                    return Err(error);
                }
                // The first batch is sealed; the new transaction waits.
                Err((_, batch)) => self.cutter.restore(batch, Some(now + self.config.cut.timeout)),
            }
        }
        self.accepted.add(&signed, &proposal, now);
        Ok(blocks)
    }

    /// When [`tick`](Self::tick) will cut a block, unless one is cut before.
    pub const fn deadline(&self) -> Option<Millis> {
        self.cutter.deadline()
    }

    /// Cuts a block if the [`deadline`](Self::deadline) has come.
    ///
    /// # Errors
    /// [`OrderError::Store`].
    pub fn tick(&mut self, now: Millis) -> Result<Option<Block>, OrderError> {
        match self.cutter.deadline() {
            Some(deadline) if deadline <= now => self.flush(),
            _ => Ok(None),
        }
    }

    /// Cuts a block of all waiting transactions.
    ///
    /// # Errors
    /// [`OrderError::Store`]. The transactions then still wait.
    pub fn flush(&mut self) -> Result<Option<Block>, OrderError> {
        let deadline = self.cutter.deadline;
        let Some(batch) = self.cutter.cut() else { return Ok(None) };
        self.seal(batch).map(Some).map_err(|(error, batch)| {
            self.cutter.restore(batch, deadline);
            error
        })
    }

    /// The number of blocks.
    pub fn height(&self) -> u64 {
        self.file.len()
    }

    /// The block of that number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn block(&self, number: u64) -> Result<Block, StoreError> {
        read(&self.file, number)
    }

    /// Stores a block of this orderer that the peers have and the orderer has lost.
    ///
    /// # Errors
    /// [`OrderError::Block`] if it is not the next block of this chain.
    pub fn adopt(&mut self, block: &Block) -> Result<(), OrderError> {
        block.verify(self.file.len(), Some(self.tip), &self.msp, &self.config.orderers)?;
        self.file.append(&block.to_bytes())?;
        self.accepted.add_block(block);
        self.tip = block.header.hash();
        Ok(())
    }

    /// Seals the next block and writes it to the disk. On an error the transactions are returned.
    fn seal(&mut self, transactions: Vec<Vec<u8>>) -> Result<Block, (OrderError, Vec<Vec<u8>>)> {
        let Signer { certificate, key } = &self.signer;
        let block = Block::seal(self.file.len(), Some(self.tip), transactions, certificate, key);
        match self.file.append(&block.to_bytes()) {
            Ok(()) => {
                self.tip = block.header.hash();
                Ok(block)
            }
            Err(error) => Err((error.into(), block.transactions)),
        }
    }
}

fn orderer_msp(config: &Config, signer: &Signer) -> Result<Msp, OrderError> {
    let msp = config.msp()?;
    let member = signer.member(&msp)?;
    match member.role {
        Role::Orderer if member.organisation == config.orderers => Ok(msp),
        Role::Orderer => Err(OrderError::ForeignOrderer(member.organisation)),
        role => Err(OrderError::NotAnOrderer(role)),
    }
}

fn read(file: &BlockFile, number: u64) -> Result<Block, StoreError> {
    Ok(Block::from_bytes(&file.read(number)?)?)
}

#[cfg(test)]
mod tests;
