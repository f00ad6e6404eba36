//! The actions of the contract and their encoding.
//!
//! Paper: section 3.2, and the field `txtype` of Fig. 5, where 0000 is a medical-record.

use super::id::{RecordId, RequestId};
use crate::error::DecodeError;
use crate::hash::Digest;
use crate::identifier::Pseudonym;
use crate::identity::{MemberId, Role};
use crate::integrity::{Commitment, TxType};
use crate::ledger::Nonce;
use crate::time::Millis;
use crate::wire::{Reader, Wire, Writer};

/// The role that may create a transaction of this type.
pub const fn role(txtype: TxType) -> Role {
    match txtype {
        TxType::MedicalRecord | TxType::ShareComplete => Role::Hospital,
        TxType::Confirmation | TxType::ShareRequest | TxType::ShareWithdrawal => Role::User,
    }
}

/// An action with its arguments: 2 bytes for the type, 24 bytes for a nonce, 1 or 9 bytes for the end of a share
/// request, and 32 bytes for each other argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// 0000: the hospital writes a record, under the identifier that follows from the nonce and the hospital's
    /// certificate. 90 bytes.
    MedicalRecord {
        /// The nonce of the record's identifier.
        nonce: Nonce,
        /// ID_i of the patient.
        id: Pseudonym,
        /// The salted commitment to the record.
        commitment: Commitment,
    },
    /// 0001: the user has checked the record. 130 bytes.
    Confirmation {
        /// The identifier under which the hospital will write the record.
        record: RecordId,
        /// ID_i of the user, who creates this transaction.
        id: Pseudonym,
        /// The commitment that the user has checked.
        commitment: Commitment,
        /// The hospital that may write the record.
        hospital: MemberId,
    },
    /// 0002: the user consents to sharing one record with one hospital. 155 or 163 bytes.
    ShareRequest {
        /// The nonce of the request's identifier.
        nonce: Nonce,
        /// The record.
        record: RecordId,
        /// The hospital that is to receive the record.
        recipient: MemberId,
        /// The digest of the public values of the shares of k_re; with one cloud, of Δ.
        delta: Digest,
        /// The digest of the grant with the sealed keys, which is sent beside the ledger.
        grant: Digest,
        /// The end of the consent: the last time at which the request may be completed. `None`: no end.
        until: Option<Millis>,
    },
    /// 0003: the recipient has received the record. 66 bytes.
    ShareComplete {
        /// The request.
        request: RequestId,
        /// The digest of the deliveries that the clouds signed, with their proofs of re-encryption.
        deliveries: Digest,
    },
    /// 0004: the user withdraws a consent. 34 bytes. Departure: the paper has no such transaction.
    ShareWithdrawal {
        /// The request.
        request: RequestId,
    },
}

impl Action {
    /// The transaction type.
    pub const fn txtype(&self) -> TxType {
        match self {
            Self::MedicalRecord { .. } => TxType::MedicalRecord,
            Self::Confirmation { .. } => TxType::Confirmation,
            Self::ShareRequest { .. } => TxType::ShareRequest,
            Self::ShareComplete { .. } => TxType::ShareComplete,
            Self::ShareWithdrawal { .. } => TxType::ShareWithdrawal,
        }
    }
}

impl Wire for Action {
    const NAME: &'static str = "action";

    fn write(&self, out: &mut Writer) {
        out.u8(0).u8(self.txtype() as u8);
        match self {
            Self::MedicalRecord { nonce, id, commitment } => {
                out.raw(&nonce.0);
                id.write(out);
                commitment.write(out);
            }
            Self::Confirmation { record, id, commitment, hospital } => {
                record.write(out);
                id.write(out);
                commitment.write(out);
                hospital.write(out);
            }
            Self::ShareRequest { nonce, record, recipient, delta, grant, until } => {
                out.raw(&nonce.0);
                record.write(out);
                recipient.write(out);
                delta.write(out);
                grant.write(out);
                write_until(*until, out);
            }
            Self::ShareComplete { request, deliveries } => {
                request.write(out);
                deliveries.write(out);
            }
            Self::ShareWithdrawal { request } => request.write(out),
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u16::from_be_bytes(input.array("txtype")?) {
            0 => Ok(Self::MedicalRecord {
                nonce: Nonce(input.array("nonce")?),
                id: Pseudonym::read(input)?,
                commitment: Commitment::read(input)?,
            }),
            1 => Ok(Self::Confirmation {
                record: RecordId::read(input)?,
                id: Pseudonym::read(input)?,
                commitment: Commitment::read(input)?,
                hospital: MemberId::read(input)?,
            }),
            2 => Ok(Self::ShareRequest {
                nonce: Nonce(input.array("nonce")?),
                record: RecordId::read(input)?,
                recipient: MemberId::read(input)?,
                delta: Digest::read(input)?,
                grant: Digest::read(input)?,
                until: read_until(input)?,
            }),
            3 => Ok(Self::ShareComplete { request: RequestId::read(input)?, deliveries: Digest::read(input)? }),
            4 => Ok(Self::ShareWithdrawal { request: RequestId::read(input)? }),
            got => Err(DecodeError::Unknown { what: "txtype", got: got.into() }),
        }
    }
}

/// The end of a consent: 0, or 1 and the time.
pub(super) fn write_until(until: Option<Millis>, out: &mut Writer) {
    match until {
        None => out.u8(0),
        Some(until) => out.u8(1).u64(until.0),
    };
}

pub(super) fn read_until(input: &mut Reader<'_>) -> Result<Option<Millis>, DecodeError> {
    match input.u8("end")? {
        0 => Ok(None),
        1 => Ok(Some(Millis(input.u64("time of the end")?))),
        got => Err(DecodeError::Unknown { what: "end", got: got.into() }),
    }
}
