//! The orderer: puts envelopes in an order and cuts them into sealed blocks.
//!
//! Semantics: Fabric's (orderer/common/blockcutter/blockcutter.go, msgprocessor). The orderer looks at size, creator and
//! signature, and at whose endorsements there are: signatures of endorsers, versions and duplicates are for the committing
//! peers to judge.
//!
//! Departure: an envelope with an endorser whose certificate was taken back, or does not count now, is refused. Blocks are
//! judged without a clock and without lists, so this is where a stolen peer key ends; Fabric updates the channel instead.
//!
//! ```text
//! on envelope e:  e larger than preferred_bytes:         cut what waits; cut e alone
//!                 e would bring it over preferred_bytes: cut what waits; e waits
//!                 e is the max_messages-th:              cut
//! on time:        timeout after the first that waits:    cut
//! ```

use super::block::{Block, BlockError, ENVELOPES_LIMIT};
use super::blockfile::{BlockFile, CONTENT_LIMIT, TornTail};
use super::config::Config;
use super::endorsement::{ENVELOPE_LIMIT, Endorsement, Envelope, Transaction};
use super::peer::Signer;
use super::store::StoreError;
use crate::error::DecodeError;
use crate::hash::Digest;
use crate::identity::{IdentityError, Msp, RevocationList, Role};
use crate::wire::{Reader, Wire, Writer};
use std::path::Path;

/// When a block is cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CutRules {
    /// The most envelopes of a block.
    pub max_messages: u32,
    /// The most bytes of a block, unless a single envelope has more.
    pub preferred_bytes: u32,
    /// The most bytes of an envelope.
    pub max_bytes: u32,
    /// How long an envelope may wait, in milliseconds.
    pub timeout: u64,
}

/// Fabric's sample configuration: 500 messages, 2 MiB preferred, 10 MiB at most, two seconds.
impl Default for CutRules {
    fn default() -> Self {
        Self { max_messages: 500, preferred_bytes: 2 << 20, max_bytes: 10 << 20, timeout: 2000 }
    }
}

/// The envelopes that wait for the next block.
#[derive(Debug)]
pub struct Cutter {
    rules: CutRules,
    waiting: Vec<Vec<u8>>,
    bytes: usize,
    deadline: Option<u64>,
}

impl Cutter {
    /// Nothing waits.
    pub const fn new(rules: CutRules) -> Self {
        Self { rules, waiting: Vec::new(), bytes: 0, deadline: None }
    }

    /// Adds an envelope; returns the batches that this completes, none to two.
    pub fn push(&mut self, envelope: Vec<u8>, now: u64) -> Vec<Vec<Vec<u8>>> {
        let preferred = self.rules.preferred_bytes as usize;
        let mut batches = Vec::new();
        if self.bytes + envelope.len() > preferred {
            batches.extend(self.cut());
        }
        self.bytes += envelope.len();
        self.waiting.push(envelope);
        if self.bytes > preferred || self.waiting.len() >= self.rules.max_messages as usize {
            batches.extend(self.cut());
        } else if self.deadline.is_none() {
            self.deadline = Some(now.saturating_add(self.rules.timeout));
        }
        batches
    }

    /// When what waits is to be cut: the timeout after the first of it came.
    pub const fn deadline(&self) -> Option<u64> {
        self.deadline
    }

    /// Cuts what waits.
    pub fn cut(&mut self) -> Option<Vec<Vec<u8>>> {
        (self.bytes, self.deadline) = (0, None);
        (!self.waiting.is_empty()).then(|| core::mem::take(&mut self.waiting))
    }

    fn drop_last(&mut self) {
        self.bytes -= self.waiting.pop().map_or(0, |envelope| envelope.len());
        if self.waiting.is_empty() {
            self.deadline = None;
        }
    }

    /// Takes back a batch that could not be sealed, in front of what waits.
    fn restore(&mut self, mut batch: Vec<Vec<u8>>, deadline: Option<u64>) {
        self.bytes += batch.iter().map(Vec::len).sum::<usize>();
        batch.append(&mut self.waiting);
        (self.waiting, self.deadline) = (batch, deadline);
    }
}

/// Why the orderer takes no envelope, or makes no block.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// The envelope is longer than the channel allows.
    #[error("an envelope of {got} bytes where {limit} are allowed")]
    Size {
        /// The limit.
        limit: u32,
        /// The length.
        got: usize,
    },
    /// The envelope names no creator.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The creator or the signature does not count.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Participants write; nodes and authorities do not.
    #[error("a {0} cannot propose")]
    Access(Role),
    /// The certificate of an endorser does not count.
    #[error("endorser: {0}")]
    Endorser(#[source] IdentityError),
    /// The signer's role is not one that orders.
    #[error("a {0} cannot order blocks")]
    NotAnOrderer(Role),
    /// The blocks cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A block is not the next one of this chain.
    #[error(transparent)]
    Block(#[from] BlockError),
}

/// The ordering node, with a block file of its own. What waits is lost when it stops; what was cut is not.
#[derive(Debug)]
pub struct Orderer {
    signer: Signer,
    config: Config,
    /// Whose blocks count: the same for ever.
    msp: Msp,
    /// Whose envelopes are taken: the channel's members without those whose certificates were taken back.
    ingress: Msp,
    cutter: Cutter,
    file: BlockFile,
    tip: Digest,
}

impl Orderer {
    /// Starts a channel: makes block 0 and keeps it under `folder`. Where that was interrupted, the same call goes on.
    ///
    /// # Errors
    /// [`OrderError`]; [`StoreError::Exists`] where the folder holds other blocks, or more.
    pub fn create(folder: &Path, config: &Config, signer: Signer) -> Result<Self, OrderError> {
        let msp = orderer_msp(config, &signer)?;
        let genesis = Block::seal(0, None, vec![config.to_bytes()], &signer.certificate, &signer.key);
        let (file, tip) = (BlockFile::found(folder, &genesis.to_bytes())?, genesis.header.hash());
        let (ingress, cutter) = (config.msp()?, Cutter::new(config.cut));
        Ok(Self { signer, config: config.clone(), msp, ingress, cutter, file, tip })
    }

    /// Goes on with the chain under `folder`. A damaged last block is cut off and reported; if
    /// it was delivered, the peers have it, and [`Network::open`](super::Network::open) gives it back.
    ///
    /// # Errors
    /// [`OrderError`].
    pub fn open(folder: &Path, signer: Signer) -> Result<(Self, Option<TornTail>), OrderError> {
        let (file, torn) = BlockFile::open(folder, 1)?;
        let config = Config::of_genesis(&read(&file, 0)?)?;
        let msp = orderer_msp(&config, &signer)?;
        let tip = read(&file, file.len().saturating_sub(1))?.header.hash();
        let (ingress, cutter) = (config.msp()?, Cutter::new(config.cut));
        Ok((Self { signer, config, msp, ingress, cutter, file, tip }, torn))
    }

    /// Refuses envelopes by these certificates, and endorsed by them, from now on. Blocks are not concerned.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn revoke(&mut self, list: &RevocationList) -> Result<(), IdentityError> {
        self.ingress.revoke(list)
    }

    /// Takes an envelope; returns the blocks that this completes.
    ///
    /// # Errors
    /// [`OrderError`]. The envelope was then not taken, and what waited goes on waiting.
    pub fn order(&mut self, envelope: &[u8], now: u64) -> Result<Vec<Block>, OrderError> {
        let limit = self.config.cut.max_bytes;
        if envelope.len() > limit as usize {
            return Err(OrderError::Size { limit, got: envelope.len() });
        }
        let signed = Envelope::from_bytes(envelope)?;
        let creator = self.ingress.validate_at(&signed.proposal()?.creator, now / 1000)?;
        signed.verify(&creator)?;
        if !creator.role.proposes() {
            return Err(OrderError::Access(creator.role));
        }
        // What is no transaction gets its verdict from the peers.
        if let Ok(transaction) = Transaction::from_bytes(&signed.transaction) {
            for Endorsement { endorser, .. } in &transaction.endorsements {
                self.ingress.validate_at(endorser, now / 1000).map_err(OrderError::Endorser)?;
            }
        }
        let deadline = self.cutter.deadline;
        let mut batches = self.cutter.push(envelope.to_vec(), now).into_iter();
        let mut blocks = Vec::new();
        while let Some(batch) = batches.next() {
            match self.seal(batch) {
                Ok(block) => blocks.push(block),
                Err((error, batch)) if blocks.is_empty() => {
                    let envelopes = batch.into_iter().chain(batches.flatten()).collect();
                    self.cutter.restore(envelopes, deadline);
                    self.cutter.drop_last();
                    return Err(error);
                }
                // What came first is sealed; the envelope itself waits.
                Err((_, batch)) => self.cutter.restore(batch, Some(now.saturating_add(self.config.cut.timeout))),
            }
        }
        Ok(blocks)
    }

    /// When [`tick`](Self::tick) will cut, if nothing else does before.
    pub const fn deadline(&self) -> Option<u64> {
        self.cutter.deadline()
    }

    /// Cuts a block if its time has come.
    ///
    /// # Errors
    /// [`OrderError::Store`].
    pub fn tick(&mut self, now: u64) -> Result<Option<Block>, OrderError> {
        match self.cutter.deadline() {
            Some(deadline) if deadline <= now => self.flush(),
            _ => Ok(None),
        }
    }

    /// Cuts what waits.
    ///
    /// # Errors
    /// [`OrderError::Store`]. What waited then goes on waiting.
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

    /// Takes back a block of its own that the peers have and it has lost.
    ///
    /// # Errors
    /// [`OrderError::Block`] where it is not the next block of this chain.
    pub fn adopt(&mut self, block: &Block) -> Result<(), OrderError> {
        block.verify(self.file.len(), Some(self.tip), &self.msp)?;
        self.file.append(&block.to_bytes())?;
        self.tip = block.header.hash();
        Ok(())
    }

    /// The next block, on the disk; the envelopes come back where it cannot be kept.
    fn seal(&mut self, envelopes: Vec<Vec<u8>>) -> Result<Block, (OrderError, Vec<Vec<u8>>)> {
        let Signer { certificate, key } = &self.signer;
        let block = Block::seal(self.file.len(), Some(self.tip), envelopes, certificate, key);
        match self.file.append(&block.to_bytes()) {
            Ok(()) => {
                self.tip = block.header.hash();
                Ok(block)
            }
            Err(error) => Err((error.into(), block.envelopes)),
        }
    }
}

fn orderer_msp(config: &Config, signer: &Signer) -> Result<Msp, OrderError> {
    let msp = config.msp()?;
    match signer.member(&msp)?.role {
        Role::Orderer => Ok(msp),
        role => Err(OrderError::NotAnOrderer(role)),
    }
}

fn read(file: &BlockFile, number: u64) -> Result<Block, StoreError> {
    Ok(Block::from_bytes(&file.read(number)?)?)
}

impl Wire for CutRules {
    const NAME: &'static str = "cut rules";

    fn write(&self, out: &mut Writer) {
        out.u32(self.max_messages).u32(self.preferred_bytes).u32(self.max_bytes).u64(self.timeout);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut at_most = |what, limit| {
            let got = input.u32(what)?;
            if got <= limit { Ok(got) } else { Err(DecodeError::Limit { what, limit: limit.into(), got: got.into() }) }
        };
        let max_messages = at_most("messages of a block", ENVELOPES_LIMIT)?;
        // A block stays below the limit of the block file whatever these are.
        let preferred_bytes = at_most("bytes of a block", CONTENT_LIMIT / 2)?;
        let max_bytes = at_most("bytes of an envelope", ENVELOPE_LIMIT)?;
        Ok(Self { max_messages, preferred_bytes, max_bytes, timeout: input.u64("timeout")? })
    }
}

#[cfg(test)]
mod tests;
