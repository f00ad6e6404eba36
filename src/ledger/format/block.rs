//! Blocks and their chain.
//!
//! Paper: section 4.2, Integrity, and Fig. 5 (the ledger of every node). Semantics: Fabric's
//! (protoutil/blockutils.go, core/ledger/kvledger/kv_ledger.go).
//!
//! ```text
//! dataHash    = H("phi-pre/1/block-data", transaction_0, transaction_1, ...)     the encodings of signed transactions
//! header      = DER SEQUENCE { INTEGER number, OCTET STRING previous, OCTET STRING dataHash }
//! hash        = SHA-256(header)            previous = hash of the block before; empty in block 0
//! seal        = orderer, Sign(orderer; header || orderer)
//! commit hash = SHA-256(codes || updates || commit hash of the block before)
//! ```
//!
//! H frames each transaction with its length ([`hash`](crate::hash)), so the seal fixes where each transaction begins and
//! ends. A block above 0 holds nothing but signed transactions, and block 0 one configuration.
//!
//! Departure: Fabric hashes the concatenation. There the same bytes under the same seal could be cut into other transactions.
//!
//! The orderer makes header, data and seal. Each committing peer computes codes and commit hash by itself and stores them
//! beside the block. Two peers with equal commit hashes agree on every code and every value since block 0.

use super::endorsement::{SignedTransaction, TRANSACTION_BYTES_LIMIT, signed_bytes, verify};
use super::rwset::Entry;
use super::verdict::{BlockVerdict, Code};
use crate::error::DecodeError;
use crate::hash::{Digest, label, sha256, tagged};
use crate::identity::{Certificate, IdentityError, Msp, Role, SigningKey};
use crate::wire::{Reader, Wire, Writer};
use std::collections::BTreeMap;

/// The most transactions of one block.
pub const BLOCK_TRANSACTIONS_LIMIT: u32 = 1 << 16;

/// The longest encoded block, in bytes.
pub const BLOCK_BYTES_LIMIT: u32 = 256 << 20;

/// The header, which the orderer signs. At most 81 bytes of DER.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// The number of the block, from 0.
    pub number: u64,
    /// The hash of the block before; none in block 0.
    pub previous: Option<Digest>,
    /// The hash of the transactions with their cuts.
    pub data_hash: Digest,
}

impl Header {
    /// DER SEQUENCE { INTEGER number, OCTET STRING previous, OCTET STRING dataHash }.
    pub fn der(&self) -> Vec<u8> {
        let number = self.number.to_be_bytes();
        // A DER INTEGER is as short as possible, and begins with a zero byte if its first bit would be a sign.
        let zeros = number.iter().take(7).take_while(|byte| **byte == 0).count();
        let digits = &number[zeros..];
        let sign: &[u8] = if digits[0] & 0x80 == 0 { &[] } else { &[0] };
        let integer = [sign, digits].concat();
        let previous = self.previous.as_ref().map_or(&[][..], |digest| &digest.0);
        let content = [tlv(0x02, &integer).as_slice(), &tlv(0x04, previous), &tlv(0x04, &self.data_hash.0)].concat();
        tlv(0x30, &content)
    }

    /// SHA-256 of the DER, the `previous` of the next block.
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
    /// The encodings of [`SignedTransaction`]s; in block 0 of one configuration.
    pub transactions: Vec<Vec<u8>>,
    /// The orderer's signature.
    pub seal: Seal,
}

/// Why a block does not continue the chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlockError {
    /// The number is not the next one.
    #[error("block {got} where block {expected} is next")]
    Number {
        /// The number that is next.
        expected: u64,
        /// The number in the header.
        got: u64,
    },
    /// The previous hash is not that of the block before.
    #[error("block {number} continues another chain")]
    Previous {
        /// The block.
        number: u64,
    },
    /// The data hash is not that of the transactions.
    #[error("block {number}: the data does not have the hash in the header")]
    Data {
        /// The block.
        number: u64,
    },
    /// An entry of a block above 0 is not the encoding of one signed transaction.
    #[error("block {number}: transaction {index}: {source}")]
    Transaction {
        /// The block.
        number: u64,
        /// The place of the entry in the block, from 0.
        index: usize,
        /// What is wrong.
        source: DecodeError,
    },
    /// The orderer's certificate or signature is not valid.
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
    /// The seal is that of an orderer of another organisation than the one that orders.
    #[error("block {number}: sealed by an orderer of the organisation {organisation}")]
    ForeignOrderer {
        /// The block.
        number: u64,
        /// The signer's organisation.
        organisation: String,
    },
}

impl Block {
    /// Makes and seals the block after `previous`.
    pub fn seal(
        number: u64,
        previous: Option<Digest>,
        transactions: Vec<Vec<u8>>,
        orderer: &Certificate,
        key: &SigningKey,
    ) -> Self {
        let header = Header { number, previous, data_hash: data_hash(&transactions) };
        let signature = *key.sign(&signed_bytes(&header.der(), orderer)).as_bytes();
        Self { header, transactions, seal: Seal { orderer: orderer.clone(), signature } }
    }

    /// Checks number, previous hash, data hash, the form of the transactions, and the seal, which must be that of an orderer of
    /// the organisation `orderers` ([`Config::orderers`](super::config::Config::orderers)). Whoever uses the transactions of
    /// block 0 reads them with [`Config::of_genesis`](super::config::Config::of_genesis).
    ///
    /// # Errors
    /// [`BlockError`].
    pub fn verify(&self, number: u64, previous: Option<Digest>, msp: &Msp, orderers: &str) -> Result<(), BlockError> {
        self.verify_content(number, previous)?;
        self.verify_seal(msp, orderers)
    }

    /// As [`verify`](Self::verify), without the seal: for a block whose seal was verified before, or follows from the seal of
    /// a later block.
    pub(in crate::ledger) fn verify_content(&self, number: u64, previous: Option<Digest>) -> Result<(), BlockError> {
        if self.header.number != number {
            return Err(BlockError::Number { expected: number, got: self.header.number });
        }
        if self.header.previous != previous {
            return Err(BlockError::Previous { number });
        }
        if self.header.data_hash != data_hash(&self.transactions) {
            return Err(BlockError::Data { number });
        }
        if number > 0 {
            for (index, transaction) in self.transactions.iter().enumerate() {
                let read = SignedTransaction::from_bytes(transaction);
                read.map_err(|source| BlockError::Transaction { number, index, source })?;
            }
        }
        Ok(())
    }

    /// Checks the seal.
    pub(in crate::ledger) fn verify_seal(&self, msp: &Msp, orderers: &str) -> Result<(), BlockError> {
        let number = self.header.number;
        let seal = |source| BlockError::Seal { number, source };
        let orderer = msp.validate(&self.seal.orderer).map_err(seal)?;
        if orderer.role != Role::Orderer {
            return Err(BlockError::NotAnOrderer { number, role: orderer.role });
        }
        if orderer.organisation != orderers {
            return Err(BlockError::ForeignOrderer { number, organisation: orderer.organisation });
        }
        let message = signed_bytes(&self.header.der(), &self.seal.orderer);
        verify(&orderer.verifying_key, &message, &self.seal.signature).map_err(seal)
    }
}

/// What a peer computed about a block, and stores beside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Metadata {
    /// One code for each transaction.
    pub codes: Vec<Code>,
    /// The hash over all codes and values up to this block.
    pub commit_hash: Digest,
}

impl Metadata {
    /// The metadata for a verdict and the savepoint after the block.
    pub(in crate::ledger) fn new(verdict: &BlockVerdict, after: &Savepoint) -> Self {
        Self { codes: verdict.codes.clone(), commit_hash: after.commit_hash }
    }
}

/// A block with its metadata.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommittedBlock {
    /// The orderer's block.
    pub block: Block,
    /// The peer's codes and commit hash.
    pub metadata: Metadata,
}

/// A height of the chain with its hashes: how far a state has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Savepoint {
    /// The number of blocks.
    pub height: u64,
    /// The hash of the last block's header.
    pub tip: Digest,
    /// The commit hash of the last block.
    pub commit_hash: Digest,
}

fn data_hash(transactions: &[Vec<u8>]) -> Digest {
    let parts: Vec<&[u8]> = transactions.iter().map(Vec::as_slice).collect();
    tagged(label::BLOCK_DATA, &parts)
}

/// SHA-256(codes || updates || previous); codes and updates are preceded by their counts.
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
        out.u32(u32::try_from(self.transactions.len()).unwrap_or(u32::MAX));
        for transaction in &self.transactions {
            out.bytes(transaction);
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
        let count = input.count("envelopes", BLOCK_TRANSACTIONS_LIMIT)?;
        let transactions = (0..count)
            .map(|_| input.bytes("envelope", TRANSACTION_BYTES_LIMIT).map(<[u8]>::to_vec))
            .collect::<Result<_, _>>()?;
        let seal = Seal { orderer: Certificate::read(input)?, signature: input.array("seal")? };
        Ok(Self { header, transactions, seal })
    }
}

impl Wire for Metadata {
    const NAME: &'static str = "block metadata";

    fn write(&self, out: &mut Writer) {
        self.commit_hash.write(out.list(&self.codes));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { codes: input.list("validation codes", BLOCK_TRANSACTIONS_LIMIT)?, commit_hash: Digest::read(input)? })
    }
}

impl Wire for Savepoint {
    const NAME: &'static str = "savepoint";

    fn write(&self, out: &mut Writer) {
        out.u64(self.height);
        self.tip.write(out);
        self.commit_hash.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { height: input.u64(Self::NAME)?, tip: Digest::read(input)?, commit_hash: Digest::read(input)? })
    }
}

#[cfg(test)]
mod tests;
