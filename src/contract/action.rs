//! What a proposal asks the contract for.
//!
//! Paper: section 3.2 and the field `txtype` of Fig. 5 (0000 there is a medical-record).

use crate::error::DecodeError;
use crate::hash::Digest;
use crate::identifier::Pseudonym;
use crate::identity::{MemberId, Role};
use crate::ledger::TxId;
use crate::wire::{Reader, Wire, Writer};
use core::fmt;

/// The four kinds of transaction. Printed as the four digits of Fig. 5.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TxType {
    /// medical-record-transaction.
    MedicalRecord,
    /// medical-record-confirmation-transaction.
    Confirmation,
    /// share-request-transaction.
    ShareRequest,
    /// share-complete-transaction.
    ShareComplete,
}

impl TxType {
    /// The four digits.
    pub const fn code(self) -> &'static str {
        match self {
            Self::MedicalRecord => "0000",
            Self::Confirmation => "0001",
            Self::ShareRequest => "0002",
            Self::ShareComplete => "0003",
        }
    }

    /// The paper's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MedicalRecord => "medical-record",
            Self::Confirmation => "medical-record-confirmation",
            Self::ShareRequest => "share-request",
            Self::ShareComplete => "share-complete",
        }
    }

    /// Who may do it.
    pub const fn role(self) -> Role {
        match self {
            Self::MedicalRecord | Self::ShareComplete => Role::Hospital,
            Self::Confirmation | Self::ShareRequest => Role::User,
        }
    }
}

impl fmt::Display for TxType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An action with its arguments: two bytes for the type, then 32 bytes for each argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// 0000: the hospital writes a record, under the txid of this transaction. 66 bytes.
    MedicalRecord {
        /// ID_i, whose record it is.
        id: Pseudonym,
        /// The salted commitment to its content.
        commitment: Digest,
    },
    /// 0001: the user has checked the record. 130 bytes.
    Confirmation {
        /// The transaction in which the hospital will write it.
        record: TxId,
        /// ID_i, the creator.
        id: Pseudonym,
        /// The commitment that the user has checked.
        commitment: Digest,
        /// The hospital.
        hospital: MemberId,
    },
    /// 0002: the user consents to sharing one record with one hospital. 98 bytes.
    ShareRequest {
        /// The transaction that wrote the record.
        record: TxId,
        /// Who is to receive it.
        recipient: MemberId,
        /// The digest of the sealed keys, which travel beside the ledger.
        grant: Digest,
    },
    /// 0003: the recipient has it. 34 bytes.
    ShareComplete {
        /// The transaction of the request.
        request: TxId,
    },
}

impl Action {
    /// The kind.
    pub const fn txtype(&self) -> TxType {
        match self {
            Self::MedicalRecord { .. } => TxType::MedicalRecord,
            Self::Confirmation { .. } => TxType::Confirmation,
            Self::ShareRequest { .. } => TxType::ShareRequest,
            Self::ShareComplete { .. } => TxType::ShareComplete,
        }
    }
}

impl Wire for Action {
    const NAME: &'static str = "action";

    fn write(&self, out: &mut Writer) {
        out.u8(0).u8(self.txtype() as u8);
        match self {
            Self::MedicalRecord { id, commitment } => {
                id.write(out);
                commitment.write(out);
            }
            Self::Confirmation { record, id, commitment, hospital } => {
                record.write(out);
                id.write(out);
                commitment.write(out);
                hospital.write(out);
            }
            Self::ShareRequest { record, recipient, grant } => {
                record.write(out);
                recipient.write(out);
                grant.write(out);
            }
            Self::ShareComplete { request } => request.write(out),
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u16::from_be_bytes(input.array("txtype")?) {
            0 => Ok(Self::MedicalRecord { id: Pseudonym::read(input)?, commitment: Digest::read(input)? }),
            1 => Ok(Self::Confirmation {
                record: TxId::read(input)?,
                id: Pseudonym::read(input)?,
                commitment: Digest::read(input)?,
                hospital: MemberId::read(input)?,
            }),
            2 => Ok(Self::ShareRequest {
                record: TxId::read(input)?,
                recipient: MemberId::read(input)?,
                grant: Digest::read(input)?,
            }),
            3 => Ok(Self::ShareComplete { request: TxId::read(input)? }),
            got => Err(DecodeError::Unknown { what: "txtype", got: got.into() }),
        }
    }
}
