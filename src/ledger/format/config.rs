//! The configuration of a channel: the only content of its first block.
//!
//! Paper: section 3.1, the participant groups of Figure 2. Fabric keeps the same things in its configuration block.
//! Whoever has block 0 can verify all other blocks offline: their order, their seals, their transactions with the cuts between
//! them, and the codes. Whoever knows the hash of block 0 can trust it. The blocks do not say which certificates were revoked.

use super::block::{BLOCK_BYTES_LIMIT, BLOCK_TRANSACTIONS_LIMIT, Block};
use super::endorsement::TRANSACTION_BYTES_LIMIT;
use super::policy::Policy;
use super::proposal::NAME_LIMIT;
use crate::error::DecodeError;
use crate::identity::{Certificate, IdentityError, Msp, ParticipantGroup};
use crate::wire::{Reader, Wire, Writer};

/// What all peers and orderers of a channel agree on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The name of the channel.
    pub channel: String,
    /// The name of the contract.
    pub contract: String,
    /// The root certificates of the participant groups, at most one for each.
    pub roots: Vec<Certificate>,
    /// The endorsements that a transaction needs.
    pub policy: Policy,
    /// When the orderer cuts a block.
    pub cut: CutRules,
    /// How far a proposal's time may be from the endorser's, in milliseconds.
    pub window: u64,
}

impl Config {
    /// The configuration in block 0.
    ///
    /// # Errors
    /// [`DecodeError`] if the block holds anything else.
    pub fn of_genesis(block: &Block) -> Result<Self, DecodeError> {
        match block.transactions.as_slice() {
            [config] => Self::from_bytes(config),
            transactions => Err(DecodeError::Length { what: "block 0", expected: 1, got: transactions.len() }),
        }
    }

    /// Fabric's authentication time window: 15 minutes, in milliseconds.
    pub const WINDOW: u64 = 15 * 60 * 1000;

    /// The membership service that trusts the roots, without revocations.
    ///
    /// Blocks are validated with this membership service alone: it is the same on every peer and at every time.
    ///
    /// # Errors
    /// [`IdentityError`] if a root is not a valid root certificate.
    pub fn msp(&self) -> Result<Msp, IdentityError> {
        let mut msp = Msp::new();
        self.roots.iter().try_for_each(|root| msp.trust(root).map(drop))?;
        Ok(msp)
    }
}

/// When the orderer cuts a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CutRules {
    /// The most transactions of a block.
    pub max_messages: u32,
    /// The most bytes of a block, unless a single transaction has more.
    pub preferred_bytes: u32,
    /// The most bytes of a signed transaction.
    pub max_bytes: u32,
    /// How long a transaction may wait, in milliseconds.
    pub timeout: u64,
}

/// Fabric's sample configuration: 500 messages, 2 MiB preferred, 10 MiB at most, two seconds.
impl Default for CutRules {
    fn default() -> Self {
        Self { max_messages: 500, preferred_bytes: 2 << 20, max_bytes: 10 << 20, timeout: 2000 }
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
        const { assert!(ParticipantGroup::ALL.len() == GROUPS as usize) };
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
        let max_messages = at_most("messages of a block", BLOCK_TRANSACTIONS_LIMIT)?;
        // With these limits a block is never longer than BLOCK_BYTES_LIMIT.
        let preferred_bytes = at_most("bytes of a block", BLOCK_BYTES_LIMIT / 2)?;
        let max_bytes = at_most("bytes of an envelope", TRANSACTION_BYTES_LIMIT)?;
        Ok(Self { max_messages, preferred_bytes, max_bytes, timeout: input.u64("timeout")? })
    }
}

#[cfg(test)]
mod tests;
