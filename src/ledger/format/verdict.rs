//! The results of validation, with Fabric's numbers and names.
//!
//! Paper: section 3.1, the commit node. Semantics: Fabric's (fabric-protos, peer/transaction.proto, TxValidationCode).

use super::proposal::TxId;
use super::rwset::{Entry, Version};
use crate::error::DecodeError;
use crate::wire::{Reader, Wire, Writer};
use core::fmt;
use std::collections::BTreeMap;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal;)*) => {
        /// The validation code of a transaction, with Fabric's number and name. 1 byte.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Code {
            $($(#[$doc])* $variant = $number,)*
        }

        impl Code {
            /// Fabric's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Fabric's number.
            pub const fn number(self) -> u8 {
                self as u8
            }

            const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

codes! {
    /// The transaction is valid, and its writes are applied.
    Valid = 0, "VALID";
    /// What the creator signed is not the encoding of a transaction. An honest orderer refuses it. (A block whose entry is not
    /// even a signed transaction is refused whole: [`BlockError::Transaction`](super::block::BlockError::Transaction).)
    BadPayload = 2, "BAD_PAYLOAD";
    /// The creator's certificate or signature is not valid.
    BadCreatorSignature = 4, "BAD_CREATOR_SIGNATURE";
    /// The endorsed payload belongs to another proposal.
    InvalidEndorserTransaction = 5, "INVALID_ENDORSER_TRANSACTION";
    /// The txid is not SHA-256(nonce || creator).
    BadProposalTxid = 8, "BAD_PROPOSAL_TXID";
    /// The chain has a transaction of this txid.
    DuplicateTxid = 9, "DUPLICATE_TXID";
    /// Too few distinct valid endorsements.
    EndorsementPolicyFailure = 10, "ENDORSEMENT_POLICY_FAILURE";
    /// A value that the transaction read has changed since.
    MvccReadConflict = 11, "MVCC_READ_CONFLICT";
    /// The transaction belongs to another channel.
    TargetChainNotFound = 14, "TARGET_CHAIN_NOT_FOUND";
    /// The channel does not run this contract.
    InvalidChaincode = 25, "INVALID_CHAINCODE";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number(), self.name())
    }
}

impl Wire for Code {
    const NAME: &'static str = "validation code";

    fn write(&self, out: &mut Writer) {
        out.u8(self.number());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let got = input.u8(Self::NAME)?;
        Self::from_number(got).ok_or(DecodeError::Unknown { what: Self::NAME, got: got.into() })
    }
}

/// The place of a transaction in the chain, and its code. 13 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The place.
    pub version: Version,
    /// The code.
    pub code: Code,
}

impl Wire for Outcome {
    const NAME: &'static str = "outcome";

    fn write(&self, out: &mut Writer) {
        self.version.write(out);
        self.code.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { version: Version::read(input)?, code: Code::read(input)? })
    }
}

/// The result of validating a block.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BlockVerdict {
    /// One code for each transaction.
    pub codes: Vec<Code>,
    /// The txids that the block adds to the index.
    pub txids: BTreeMap<TxId, Outcome>,
    /// The values that the valid transactions write.
    pub updates: BTreeMap<String, Entry>,
}

impl BlockVerdict {
    /// The verdict on block 0, which holds the configuration.
    pub fn genesis() -> Self {
        Self { codes: vec![Code::Valid], ..Self::default() }
    }
}

#[cfg(test)]
mod tests;
