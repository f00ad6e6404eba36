//! The events of valid transactions, from which the participants learn what was committed.
//!
//! ```text
//! name     the transaction type, four digits as in Fig. 5
//! payload  the identifier of the record (0000, 0001) or of the request (0002 to 0004), 32 bytes
//! ```

use super::action::Action;
use super::id::{RecordId, RequestId};
use crate::error::DecodeError;
use crate::hash::Digest;
use crate::identity::Certificate;
use crate::integrity::TxType;

/// The event of a valid transaction: its type, and the record or request that it concerns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// 0000: a hospital has written this record.
    Record(RecordId),
    /// 0001: a user has confirmed this record.
    Confirmation(RecordId),
    /// 0002: a user has made this request.
    ShareRequest(RequestId),
    /// 0003: the recipient has completed this request.
    ShareComplete(RequestId),
    /// 0004: the user has withdrawn this request.
    ShareWithdrawal(RequestId),
}

impl Event {
    /// The event of an action whose creator has this certificate.
    pub fn of(action: &Action, creator: &Certificate) -> Self {
        match action {
            Action::MedicalRecord { nonce, .. } => Self::Record(RecordId::new(nonce, creator)),
            Action::Confirmation { record, .. } => Self::Confirmation(*record),
            Action::ShareRequest { nonce, .. } => Self::ShareRequest(RequestId::new(nonce, creator)),
            Action::ShareComplete { request, .. } => Self::ShareComplete(*request),
            Action::ShareWithdrawal { request } => Self::ShareWithdrawal(*request),
        }
    }

    /// The transaction type.
    pub const fn txtype(&self) -> TxType {
        match self {
            Self::Record(_) => TxType::MedicalRecord,
            Self::Confirmation(_) => TxType::Confirmation,
            Self::ShareRequest(_) => TxType::ShareRequest,
            Self::ShareComplete(_) => TxType::ShareComplete,
            Self::ShareWithdrawal(_) => TxType::ShareWithdrawal,
        }
    }

    /// The identifier of the record or request, 32 bytes.
    pub const fn payload(&self) -> [u8; 32] {
        match self {
            Self::Record(RecordId(Digest(id)))
            | Self::Confirmation(RecordId(Digest(id)))
            | Self::ShareRequest(RequestId(Digest(id)))
            | Self::ShareComplete(RequestId(Digest(id)))
            | Self::ShareWithdrawal(RequestId(Digest(id))) => *id,
        }
    }

    /// Reads an event from its name and payload.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn read(name: &str, payload: &[u8]) -> Result<Self, DecodeError> {
        let (record, request) = (|| RecordId::from_bytes(payload), || RequestId::from_bytes(payload));
        let unknown = DecodeError::Unknown { what: "event", got: name.parse::<u16>().unwrap_or(u16::MAX).into() };
        match TxType::ALL.into_iter().find(|txtype| txtype.to_string() == name).ok_or(unknown)? {
            TxType::MedicalRecord => record().map(Self::Record),
            TxType::Confirmation => record().map(Self::Confirmation),
            TxType::ShareRequest => request().map(Self::ShareRequest),
            TxType::ShareComplete => request().map(Self::ShareComplete),
            TxType::ShareWithdrawal => request().map(Self::ShareWithdrawal),
        }
    }
}

/// The events of some blocks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Events {
    /// The first block that was not read.
    pub next: u64,
    /// The events in the order of the chain, each with the number of its block.
    pub events: Vec<(u64, Event)>,
}
