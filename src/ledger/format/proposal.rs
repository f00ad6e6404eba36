//! What a participant proposes, before anybody has endorsed it.
//!
//! Paper: section 3.2, "creates a medical-record-transaction ... and transmits it". Semantics: Fabric's
//! (core/endorser/msgvalidation.go).
//!
//! ```text
//! txid      = SHA-256(nonce || creator)
//! Proposal  = channel, contract, nonce, creator, timestamp, txid, action        signed by the creator
//! Transient = sent with the proposal to the endorsers alone: never hashed, never signed, never in a block
//! ```
//!
//! The txid depends on the nonce and the certificate alone, so a creator can sign the same attempt again with a later time.
//! A txid names an attempt, not what the action writes: a new attempt draws another nonce.

use crate::error::DecodeError;
use crate::hash::{Digest, sha256};
use crate::identity::{Certificate, SigningKey};
use crate::secret::Secret;
use crate::time::Millis;
use crate::wire::forms::wire_newtype;
use crate::wire::{Reader, Wire, Writer};
use core::fmt;
use rand_core::CryptoRng;
use std::collections::BTreeMap;

/// The longest action in bytes.
pub const ACTION_LIMIT: u32 = 64 * 1024;
/// The longest name of a channel or contract in bytes.
pub const NAME_LIMIT: u32 = 64;

/// The name of a transaction: SHA-256(nonce || creator), 32 bytes, printed as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxId(pub Digest);

wire_newtype!(TxId, 32, "txid", hex);

impl TxId {
    /// The transaction that `creator` makes with `nonce`.
    pub fn new(nonce: &Nonce, creator: &Certificate) -> Self {
        Self(sha256(&[&nonce.0, creator.der()]))
    }
}

/// What makes two transactions of one creator different: 24 bytes, as in Fabric.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nonce(pub [u8; 24]);

impl Nonce {
    /// A fresh nonce.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 24];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

/// The transaction that a creator asks for. About 700 bytes and the action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposal {
    /// The name of the channel.
    pub channel: String,
    /// The name of the contract.
    pub contract: String,
    /// What makes the txid unique.
    pub nonce: Nonce,
    /// Who proposes and signs.
    pub creator: Certificate,
    /// The creator's time.
    pub timestamp: Millis,
    /// The txid that the creator claims, untrusted. [`Proposal::txid`] computes it.
    pub txid: TxId,
    /// What the contract is asked to do, in the contract's encoding.
    pub action: Vec<u8>,
}

impl Proposal {
    /// A proposal with the txid of nonce and creator.
    pub fn new(
        channel: &str,
        contract: &str,
        nonce: Nonce,
        creator: &Certificate,
        timestamp: Millis,
        action: Vec<u8>,
    ) -> Self {
        Self {
            channel: channel.to_owned(),
            contract: contract.to_owned(),
            nonce,
            creator: creator.clone(),
            timestamp,
            txid: TxId::new(&nonce, creator),
            action,
        }
    }

    /// SHA-256(nonce || creator).
    pub fn txid(&self) -> TxId {
        TxId::new(&self.nonce, &self.creator)
    }

    /// SHA-256 of the encoding, which the endorsed payload names.
    pub fn digest(&self) -> Digest {
        sha256(&[&self.to_bytes()])
    }

    /// The proposal with the creator's signature.
    pub fn sign(self, key: &SigningKey) -> SignedProposal {
        let signature = key.sign(&self.to_bytes());
        SignedProposal { proposal: self, signature: *signature.as_bytes() }
    }
}

/// A proposal on its way to the endorsers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedProposal {
    /// The proposal.
    pub proposal: Proposal,
    /// r || s over its encoding, unchecked.
    pub signature: [u8; 64],
}

/// Data that the endorsers see and no block holds: Fabric's transient map.
#[derive(Clone, Default, Debug)]
pub struct Transient(BTreeMap<String, Secret<Vec<u8>>>);

impl Transient {
    /// Adds a field.
    pub fn insert(&mut self, name: &str, value: Vec<u8>) -> &mut Self {
        self.0.insert(name.to_owned(), Secret::new(value));
        self
    }

    /// The field of that name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(|value| value.expose().as_slice())
    }

    /// All fields with their names.
    #[cfg(feature = "fabric")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.expose().as_slice()))
    }
}

impl fmt::Debug for TxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TxId({})", self.0)
    }
}

impl Wire for Proposal {
    const NAME: &'static str = "proposal";

    fn write(&self, out: &mut Writer) {
        out.bytes(self.channel.as_bytes()).bytes(self.contract.as_bytes()).raw(&self.nonce.0);
        self.creator.write(out);
        out.u64(self.timestamp.0);
        self.txid.write(out);
        out.bytes(&self.action);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            channel: input.text("channel", NAME_LIMIT)?.to_owned(),
            contract: input.text("contract", NAME_LIMIT)?.to_owned(),
            nonce: Nonce(input.array("nonce")?),
            creator: Certificate::read(input)?,
            timestamp: Millis(input.u64("timestamp")?),
            txid: TxId::read(input)?,
            action: input.bytes("action", ACTION_LIMIT)?.to_vec(),
        })
    }
}

impl Wire for SignedProposal {
    const NAME: &'static str = "signed proposal";

    fn write(&self, out: &mut Writer) {
        self.proposal.write(out);
        out.raw(&self.signature);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { proposal: Proposal::read(input)?, signature: input.array("signature")? })
    }
}
