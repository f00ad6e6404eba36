//! Verification of blocks that peers of Fabric have sent.
//!
//! ```text
//! hash_n = SHA-256(DER(number, previous hash, data hash))       as in the embedded ledger
//! block n follows block n - 1:  number = n,  previous hash = hash_(n-1),  data hash = SHA-256(transactions joined)
//! ```
//!
//! Equal hashes on the peers of several organisations mean equal chains up to this block. The hash does not cover the
//! codes of a block, so nothing proves the codes that a peer sends. The orderers' signatures are not checked here.

use super::messages::{Block, BlockHeader, ChannelHeader, Envelope, MessageError, Payload, decode};
use crate::hash::{Digest, sha256};
use crate::ledger::{Header, TxId};

/// The longest transaction that is read from a block, in bytes: Fabric's own limit for a message.
const LIMIT: usize = 100 << 20;

/// Why a block does not belong in its place of the chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlockError {
    /// A part cannot be decoded, or is missing.
    #[error("block {number}: {source}")]
    Message {
        /// The number of the block that was asked for.
        number: u64,
        /// Why.
        source: MessageError,
    },
    /// The block has another number.
    #[error("block {got} in the place of block {expected}")]
    Number {
        /// The number that was asked for.
        expected: u64,
        /// The number of the block.
        got: u64,
    },
    /// The block does not follow the block before it.
    #[error("block {number} does not follow the block before it")]
    Previous {
        /// The number of the block.
        number: u64,
    },
    /// The transactions are not those of the header.
    #[error("block {number}: the transactions are not those of the header")]
    Data {
        /// The number of the block.
        number: u64,
    },
    /// The block has no code for one of its transactions.
    #[error("block {number}: {got} codes for {expected} transactions")]
    Codes {
        /// The number of the block.
        number: u64,
        /// The number of transactions.
        expected: usize,
        /// The number of codes.
        got: usize,
    },
}

/// A block in its place of the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Linked {
    /// The number of the block.
    pub number: u64,
    /// The hash of its header.
    pub hash: Digest,
    /// The transactions in their order, each the encoding of a `common.Envelope`.
    pub transactions: Vec<Vec<u8>>,
    /// Fabric's validation code of each transaction.
    pub codes: Vec<u8>,
}

impl Linked {
    /// Checks that `block` is block `number`, and that it follows a block with the hash `previous`; `None` for the
    /// first block that is checked.
    ///
    /// # Errors
    /// [`BlockError`].
    pub fn check(block: Block, number: u64, previous: Option<Digest>) -> Result<Self, BlockError> {
        let missing = |what| BlockError::Message { number, source: MessageError::missing(what) };
        let digest = |bytes: &[u8], what| {
            let malformed = |_| BlockError::Message { number, source: MessageError::Malformed { what } };
            <[u8; 32]>::try_from(bytes).map(Digest).map_err(malformed)
        };
        let BlockHeader { number: got, previous_hash, data_hash } = block.header.ok_or(missing("header"))?;
        if got != number {
            return Err(BlockError::Number { expected: number, got });
        }
        let stated = if number == 0 { None } else { Some(digest(&previous_hash, "previous hash")?) };
        if previous.is_some() && stated != previous {
            return Err(BlockError::Previous { number });
        }
        let transactions = block.data.unwrap_or_default().data;
        let parts: Vec<&[u8]> = transactions.iter().map(Vec::as_slice).collect();
        let data_hash = digest(&data_hash, "data hash")?;
        if sha256(&parts) != data_hash {
            return Err(BlockError::Data { number });
        }
        let codes = block.metadata.unwrap_or_default().metadata.into_iter().nth(2).unwrap_or_default();
        if codes.len() != transactions.len() {
            return Err(BlockError::Codes { number, expected: transactions.len(), got: codes.len() });
        }
        let header = Header { number, previous: stated, data_hash };
        Ok(Self { number, hash: header.hash(), transactions, codes })
    }

    /// The txid that each transaction claims; `None` for a transaction that changes the configuration.
    ///
    /// # Errors
    /// [`BlockError::Message`].
    pub fn txids(&self) -> Result<Vec<Option<TxId>>, BlockError> {
        let number = self.number;
        let txid = |envelope: &Vec<u8>| {
            let envelope: Envelope = decode("transaction", envelope, LIMIT)?;
            let payload: Payload = decode("transaction", &envelope.payload, LIMIT)?;
            let header = payload.header.ok_or(MessageError::missing("header"))?;
            let channel: ChannelHeader = decode("header", &header.channel_header, LIMIT)?;
            Ok(Digest::from_hex(&channel.txid).ok().map(TxId))
        };
        let found = self.transactions.iter().map(txid).collect::<Result<_, MessageError>>();
        found.map_err(|source| BlockError::Message { number, source })
    }
}

#[cfg(test)]
mod tests;
