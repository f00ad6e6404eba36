//! The refusals of the contract, each with a number that never changes.

use crate::error::DecodeError;
use crate::identity::Role;
use crate::integrity::TxType;
use crate::ledger::{ContractRefusal, InvokeError, StateError};

/// Why an action is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContractError {
    /// The action cannot be decoded.
    #[error("action: {0}")]
    Malformed(DecodeError),
    /// The question cannot be decoded.
    #[error("question: {0}")]
    Question(DecodeError),
    /// A member of this role may not create the action.
    #[error("{} is not for a {role}", action.name())]
    Role {
        /// The action.
        action: TxType,
        /// The creator's role.
        role: Role,
    },
    /// No confirmation by the holder of ID_i names this record.
    #[error("the record is not confirmed")]
    Unconfirmed,
    /// The user confirmed another commitment.
    #[error("record and confirmation do not match")]
    Mismatch,
    /// The user confirmed the record of another hospital.
    #[error("the confirmation is for another hospital")]
    OtherHospital,
    /// The creator is not the holder of ID_i. Only the holder confirms and consents.
    #[error("the creator does not hold the identifier")]
    NotTheHolder,
    /// The record, confirmation or request exists already.
    #[error("it exists already")]
    Exists,
    /// The record to be shared does not exist.
    #[error("there is no such record")]
    NoSuchRecord,
    /// The recipient is the hospital that wrote the record.
    #[error("the recipient is the record's own hospital")]
    SameHospital,
    /// A newer request for this record and recipient has replaced the request.
    #[error("a newer request for this record and recipient has taken its place")]
    Superseded,
    /// The request does not exist.
    #[error("there is no such request")]
    NoSuchRequest,
    /// The creator is not the recipient. Only the recipient completes a request.
    #[error("the creator is not the recipient")]
    NotTheRecipient,
    /// The request is completed already.
    #[error("the request is completed already")]
    Completed,
    /// The commitment belongs to another record, so this record would be a copy.
    #[error("the commitment stands for another record")]
    Copied,
    /// The consent has ended by the time of the action.
    #[error("the consent has ended")]
    Expired,
    /// The user has withdrawn the consent.
    #[error("the consent is withdrawn")]
    Withdrawn,
    /// A value in the state cannot be decoded.
    #[error("state: {0}")]
    Corrupt(DecodeError),
    /// The state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
}

impl ContractError {
    /// The number of the refusal, which never changes. 0 means a failure of the state, which is not a refusal.
    pub const fn code(&self) -> u16 {
        match self {
            Self::State(_) => 0,
            Self::Malformed(_) => 1,
            Self::Role { .. } => 2,
            Self::Unconfirmed => 3,
            Self::Mismatch => 4,
            Self::OtherHospital => 5,
            Self::NotTheHolder => 6,
            Self::Exists => 7,
            Self::NoSuchRecord => 8,
            Self::SameHospital => 9,
            Self::Superseded => 10,
            Self::NoSuchRequest => 11,
            Self::NotTheRecipient => 12,
            Self::Completed => 13,
            Self::Corrupt(_) => 14,
            Self::Copied => 15,
            Self::Expired => 16,
            Self::Withdrawn => 17,
            Self::Question(_) => 18,
        }
    }
}

impl From<ContractError> for InvokeError {
    fn from(error: ContractError) -> Self {
        match error {
            ContractError::State(error) => Self::State(error),
            refusal => Self::Refused(ContractRefusal { code: refusal.code(), reason: refusal.to_string() }),
        }
    }
}
