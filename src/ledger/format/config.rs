//! The configuration of a channel: the only content of its first block.
//!
//! Paper: section 3.1, the participant groups of Figure 2. Fabric keeps the same things in its configuration block: the
//! organisations with their roots, the endorsement policy, and which organisation orders.
//!
//! With block 0, all other blocks can be verified offline: their order, their seals, their transactions, where each
//! block was cut, and the codes. The hash of block 0 authenticates block 0. The blocks do not contain the revocations.

use super::block::{BLOCK_BYTES_LIMIT, BLOCK_TRANSACTIONS_LIMIT, Block};
use super::endorsement::TRANSACTION_BYTES_LIMIT;
use super::policy::Policy;
use super::proposal::NAME_LIMIT;
use crate::error::DecodeError;
use crate::identity::{Certificate, IdentityError, Msp, Organisations, ParticipantGroup};
use crate::wire::{Reader, Wire, Writer};

/// An organisation of a channel, in Fabric an MSP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Organisation {
    /// The MSP identifier, by which a Fabric network names the organisation.
    pub mspid: String,
    /// The group, which decides the roles that the organisation may issue.
    pub group: ParticipantGroup,
    /// The root certificate.
    pub root: Certificate,
}

impl Organisation {
    /// The organisation of a root. Its MSP identifier is the name in the root.
    pub fn of_root(root: &Certificate) -> Self {
        let mspid = root.subject().organisation.clone();
        Self { group: ParticipantGroup::of_root(&mspid), mspid, root: root.clone() }
    }
}

/// The configuration that all peers and orderers of a channel share.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The name of the channel.
    pub channel: String,
    /// The name of the contract.
    pub contract: String,
    /// The organisations: those of the users, the hospitals and the clouds, and each organisation that has nodes.
    pub organisations: Vec<Organisation>,
    /// The endorsements that a transaction needs. The policy names organisations as certificates do.
    pub policy: Policy,
    /// The organisation, as certificates name it, whose orderers seal the blocks. The seals of other orderers are
    /// refused.
    pub orderers: String,
    /// When the orderer cuts a block.
    pub cut: CutRules,
    /// The largest difference between a proposal's time and the endorser's, in milliseconds.
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

    /// The largest number of organisations that is accepted.
    pub const ORGANISATIONS: u32 = 64;

    /// The longest MSP identifier, and the longest name of an organisation, in bytes.
    const NAME_LIMIT: u32 = 64;

    const MAGIC: &'static [u8] = b"phi-pre channel 2\n";

    /// The groups of the organisations, by their MSP identifiers.
    ///
    /// # Errors
    /// [`IdentityError::BadMspId`], [`IdentityError::SameMspId`].
    pub fn organisations(&self) -> Result<Organisations, IdentityError> {
        Organisations::new(self.organisations.iter().map(|organisation| (&organisation.mspid, organisation.group)))
    }

    /// The membership service that trusts the roots, without revocations.
    ///
    /// Blocks are validated with this membership service alone: it is the same on every peer and at every time.
    ///
    /// # Errors
    /// [`IdentityError`] if a root is not a valid root certificate, or not one of the organisation's group; those of
    /// [`organisations`](Self::organisations).
    pub fn msp(&self) -> Result<Msp, IdentityError> {
        self.organisations()?;
        let mut msp = Msp::new();
        for Organisation { group, root, .. } in &self.organisations {
            if msp.trust(root)? != *group {
                let organisation = root.subject().organisation.clone();
                return Err(IdentityError::WrongGroup { organisation, group: *group });
            }
        }
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
        out.raw(Self::MAGIC).bytes(self.channel.as_bytes()).bytes(self.contract.as_bytes()).list(&self.organisations);
        self.policy.write(out);
        out.bytes(self.orderers.as_bytes());
        self.cut.write(out);
        out.u64(self.window);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if input.raw(Self::NAME, Self::MAGIC.len())? != Self::MAGIC {
            return Err(DecodeError::Magic { what: Self::NAME });
        }
        Ok(Self {
            channel: input.text("channel", NAME_LIMIT)?.to_owned(),
            contract: input.text("contract", NAME_LIMIT)?.to_owned(),
            organisations: input.list("organisations", Self::ORGANISATIONS)?,
            policy: Policy::read(input)?,
            orderers: input.text("organisation of the orderers", Self::NAME_LIMIT)?.to_owned(),
            cut: CutRules::read(input)?,
            window: input.u64("time window")?,
        })
    }
}

/// The MSP identifier, the group (0 users, 1 hospitals, 2 cloud, 3 ledger), the root.
impl Wire for Organisation {
    const NAME: &'static str = "organisation";

    fn write(&self, out: &mut Writer) {
        out.bytes(self.mspid.as_bytes()).u8(self.group as u8);
        self.root.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mspid = input.text("MSP identifier", Config::NAME_LIMIT)?.to_owned();
        let number = input.u8("group")?;
        let group = ParticipantGroup::ALL.into_iter().find(|group| *group as u8 == number);
        let group = group.ok_or(DecodeError::Unknown { what: "group", got: number.into() })?;
        Ok(Self { mspid, group, root: Certificate::read(input)? })
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
