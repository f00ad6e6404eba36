//! The rules of a channel: the only content of its first block.
//!
//! Who holds the first block can check all others without asking anybody; who knows its hash can trust it.

use super::ordering::CutRules;
use super::policy::Policy;
use super::proposal::NAME_LIMIT;
use crate::error::DecodeError;
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

impl Wire for Config {
    const NAME: &'static str = "channel configuration";

    fn write(&self, out: &mut Writer) {
        out.bytes(self.channel.as_bytes()).bytes(self.contract.as_bytes()).list(&self.roots);
        self.policy.write(out);
        self.cut.write(out);
        out.u64(self.window);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        const GROUPS: u32 = Group::ALL.len() as u32;
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
