//! Blocks and their chain.
//!
//! Paper: section 4.2, Integrity, and Fig. 5 (what stands in the ledger of every node). Semantics: Fabric's
//! (protoutil/blockutils.go, core/ledger/kvledger/kv_ledger.go).
//!
//! ```text
//! dataHash    = SHA-256(envelope_0 || envelope_1 || ...)
//! header      = DER SEQUENCE { INTEGER number, OCTET STRING previous, OCTET STRING dataHash }
//! hash        = SHA-256(header)            previous = hash of the block before; empty in block 0
//! seal        = orderer, Sign(orderer; header || orderer)
//! commit hash = SHA-256(codes || updates || commit hash of the block before)
//! ```
//!
//! The orderer makes header, data and seal. Each committing peer finds codes and commit hash for itself and keeps them
//! beside the block: equal commit hashes say that two peers agree on every verdict and every value since block 0.

use super::endorsement::{ENVELOPE_LIMIT, signed_bytes, verify};
use super::state::Entry;
use super::validation::Code;
use crate::error::DecodeError;
use crate::hash::{Digest, sha256};
use crate::identity::{Certificate, IdentityError, Msp, Role, SigningKey};
use crate::wire::{Reader, Wire, Writer};
use std::collections::BTreeMap;

/// The most envelopes of one block.
pub const ENVELOPES_LIMIT: u32 = 1 << 16;

/// What the orderer signs. At most 81 bytes of DER.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// The place in the chain, from 0.
    pub number: u64,
    /// The hash of the block before; none in block 0.
    pub previous: Option<Digest>,
    /// SHA-256 of the concatenated envelopes.
    pub data_hash: Digest,
}

impl Header {
    /// DER SEQUENCE { INTEGER number, OCTET STRING previous, OCTET STRING dataHash }.
    pub fn der(&self) -> Vec<u8> {
        let number = self.number.to_be_bytes();
        // An INTEGER is as short as can be and begins with a zero byte where its first bit would be a sign.
        let zeros = number.iter().take(7).take_while(|byte| **byte == 0).count();
        let digits = &number[zeros..];
        let sign: &[u8] = if digits[0] & 0x80 == 0 { &[] } else { &[0] };
        let integer = [sign, digits].concat();
        let previous = self.previous.as_ref().map_or(&[][..], |digest| &digest.0);
        let content = [tlv(0x02, &integer).as_slice(), &tlv(0x04, previous), &tlv(0x04, &self.data_hash.0)].concat();
        tlv(0x30, &content)
    }

    /// The hash that the next block names: SHA-256 of the DER.
    pub fn hash(&self) -> Digest {
        sha256(&[&self.der()])
    }
}

/// Tag, length and value, where one byte holds the length.
#[expect(clippy::cast_possible_truncation, reason = "all lengths here are below 128")]
fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    [&[tag, value.len() as u8], value].concat()
}

/// The orderer's signature over a header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seal {
    /// Who signed.
    pub orderer: Certificate,
    /// r || s over header || orderer, unchecked.
    pub signature: [u8; 64],
}

/// A block as the orderer delivers it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// Number and hashes.
    pub header: Header,
    /// The encodings of [`Envelope`](super::endorsement::Envelope)s; in block 0 that of a
    /// [`Config`](super::config::Config).
    pub envelopes: Vec<Vec<u8>>,
    /// The orderer's signature.
    pub seal: Seal,
}

/// Why a block does not continue the chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlockError {
    /// Another block is next.
    #[error("block {got} where block {expected} is next")]
    Number {
        /// The number that is next.
        expected: u64,
        /// The number in the header.
        got: u64,
    },
    /// The header names another block before it.
    #[error("block {number} continues another chain")]
    Previous {
        /// The block.
        number: u64,
    },
    /// The envelopes are not those of the header.
    #[error("block {number}: the data does not have the hash in the header")]
    Data {
        /// The block.
        number: u64,
    },
    /// The orderer's certificate or signature is bad.
    #[error("block {number}: seal: {source}")]
    Seal {
        /// The block.
        number: u64,
        /// What is wrong.
        source: IdentityError,
    },
    /// The seal is not an orderer's.
    #[error("block {number}: sealed by a {role}")]
    NotAnOrderer {
        /// The block.
        number: u64,
        /// The signer's role.
        role: Role,
    },
}

impl Block {
    /// Makes and seals the block after `previous`.
    pub fn seal(
        number: u64,
        previous: Option<Digest>,
        envelopes: Vec<Vec<u8>>,
        orderer: &Certificate,
        key: &SigningKey,
    ) -> Self {
        let header = Header { number, previous, data_hash: data_hash(&envelopes) };
        let signature = *key.sign(&signed_bytes(&header.der(), orderer)).as_bytes();
        Self { header, envelopes, seal: Seal { orderer: orderer.clone(), signature } }
    }

    /// Checks number, previous hash, data hash and seal.
    ///
    /// # Errors
    /// [`BlockError`].
    pub fn verify(&self, number: u64, previous: Option<Digest>, msp: &Msp) -> Result<(), BlockError> {
        if self.header.number != number {
            return Err(BlockError::Number { expected: number, got: self.header.number });
        }
        if self.header.previous != previous {
            return Err(BlockError::Previous { number });
        }
        if self.header.data_hash != data_hash(&self.envelopes) {
            return Err(BlockError::Data { number });
        }
        let seal = |source| BlockError::Seal { number, source };
        let orderer = msp.validate(&self.seal.orderer).map_err(seal)?;
        if orderer.role != Role::Orderer {
            return Err(BlockError::NotAnOrderer { number, role: orderer.role });
        }
        let message = signed_bytes(&self.header.der(), &self.seal.orderer);
        verify(&orderer.verifying_key, &message, &self.seal.signature).map_err(seal)
    }
}

/// What a peer found about a block, and keeps beside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Metadata {
    /// One verdict for each envelope.
    pub codes: Vec<Code>,
    /// The chain over all verdicts and values so far.
    pub commit_hash: Digest,
}

/// A block with what a peer found about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommittedBlock {
    /// The orderer's block.
    pub block: Block,
    /// The peer's verdicts.
    pub metadata: Metadata,
}

fn data_hash(envelopes: &[Vec<u8>]) -> Digest {
    let parts: Vec<&[u8]> = envelopes.iter().map(Vec::as_slice).collect();
    sha256(&parts)
}

/// SHA-256(codes || updates || previous), codes and updates behind their counts.
pub fn commit_hash(codes: &[Code], updates: &BTreeMap<String, Entry>, previous: &Digest) -> Digest {
    let mut out = Writer::default();
    out.list(codes);
    out.u64(updates.len() as u64);
    for (key, entry) in updates {
        entry.version.write(out.bytes(key.as_bytes()).bytes(&entry.value));
    }
    previous.write(&mut out);
    sha256(&[&out.into_bytes()])
}

impl Wire for Block {
    const NAME: &'static str = "block";

    fn write(&self, out: &mut Writer) {
        out.u64(self.header.number);
        match self.header.previous {
            None => {
                out.u8(0);
            }
            Some(previous) => previous.write(out.u8(1)),
        }
        self.header.data_hash.write(out);
        out.u32(u32::try_from(self.envelopes.len()).unwrap_or(u32::MAX));
        for envelope in &self.envelopes {
            out.bytes(envelope);
        }
        self.seal.orderer.write(out);
        out.raw(&self.seal.signature);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let number = input.u64("block number")?;
        let previous = match input.u8("previous hash")? {
            0 => None,
            1 => Some(Digest::read(input)?),
            got => return Err(DecodeError::Unknown { what: "previous hash", got: got.into() }),
        };
        let header = Header { number, previous, data_hash: Digest::read(input)? };
        let count = input.count("envelopes", ENVELOPES_LIMIT)?;
        let envelopes = (0..count)
            .map(|_| input.bytes("envelope", ENVELOPE_LIMIT).map(<[u8]>::to_vec))
            .collect::<Result<_, _>>()?;
        let seal = Seal { orderer: Certificate::read(input)?, signature: input.array("seal")? };
        Ok(Self { header, envelopes, seal })
    }
}

impl Wire for Metadata {
    const NAME: &'static str = "block metadata";

    fn write(&self, out: &mut Writer) {
        self.commit_hash.write(out.list(&self.codes));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { codes: input.list("validation codes", ENVELOPES_LIMIT)?, commit_hash: Digest::read(input)? })
    }
}

#[cfg(test)]
mod tests;
