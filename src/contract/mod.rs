//! The contract: the paper's four transactions as one pure function over the state.
//!
//! Paper: section 3.2, Figures 3 and 4, and the shape of Fig. 5.
//!
//! ```text
//! 0000 medical-record               hospital   (ID_i, commitment), under its own txid; the txid goes to the user
//! 0001 medical-record-confirmation  user       (txid of 0000, ID_i, commitment, hospital): committed first
//!                                              the commitment is this txid's from now on
//! 0000 is endorsed once a confirmation for its txid stands in the state and the two values match
//! 0002 share-request                user       (txid of the record, recipient, digest of the grant)
//! 0003 share-complete               recipient  (txid of the request)
//! ```
//!
//! The paper has the endorsers check that record and confirmation match and that a shared item exists. Checked here as
//! well: each action's role; that the holder of ID_i and nobody else confirms and consents; that the confirmed hospital
//! and no other writes the record; that a commitment stands for one record alone, so that nobody files a copy of another's
//! under a txid of his own; that nothing is overwritten; that a completion is the recipient's, once. There is no
//! clock and no randomness; the state holds pseudonyms, salted commitments and digests: nothing personal and no key.
//!
//! Departure: the paper puts the sealed keys into the share-request. What stands on a ledger can be harvested for ever,
//! so they travel beside it and the request carries their digest.

mod action;
mod records;

pub use action::{Action, role};
pub use records::{Confirmation, Record, Share, claim, confirmation, latest_share, record, share};

use crate::error::DecodeError;
use crate::hash::Digest;
use crate::identifier::Pseudonym;
use crate::identity::{MemberId, Role};
use crate::integrity::{Commitment, TxType};
use crate::ledger::{Contract, ContractRefusal, Invocation, InvokeError, State, StateError, TxId};
use crate::wire::Wire;

/// The name that a channel's configuration calls the contract by.
pub const NAME: &str = "phi";

/// Why an action is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContractError {
    /// The action does not decode.
    #[error("action: {0}")]
    Malformed(DecodeError),
    /// The action is not for this role.
    #[error("{} is not for a {role}", action.name())]
    Role {
        /// The action.
        action: TxType,
        /// The creator's role.
        role: Role,
    },
    /// No confirmation by the holder of ID_i names this transaction.
    #[error("the record is not confirmed")]
    Unconfirmed,
    /// The user confirmed another commitment.
    #[error("record and confirmation do not match")]
    Mismatch,
    /// The user confirmed the record of another hospital.
    #[error("the confirmation is for another hospital")]
    OtherHospital,
    /// Only the holder of ID_i confirms and consents.
    #[error("the creator does not hold the identifier")]
    NotTheHolder,
    /// There is a record or confirmation of this name.
    #[error("it exists already")]
    Exists,
    /// The shared item was never written.
    #[error("there is no such record")]
    NoSuchRecord,
    /// The recipient has the record already: it wrote it.
    #[error("the recipient is the record's own hospital")]
    SameHospital,
    /// A newer request for this record and recipient has taken its place.
    #[error("a newer request for this record and recipient has taken its place")]
    Superseded,
    /// There is no such request.
    #[error("there is no such request")]
    NoSuchRequest,
    /// Only the recipient completes.
    #[error("the creator is not the recipient")]
    NotTheRecipient,
    /// The request is completed.
    #[error("the request is completed already")]
    Completed,
    /// The commitment stands for another record: this one would be a copy.
    #[error("the commitment stands for another record")]
    Copied,
    /// A value in the state is not one that this contract wrote.
    #[error("state: {0}")]
    Corrupt(DecodeError),
    /// The state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
}

impl ContractError {
    /// The number of the refusal. It never changes. 0 stands for the state's own failures, which are no refusals.
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

/// The contract as peers run it.
#[derive(Clone, Copy, Debug, Default)]
pub struct PhiContract;

impl Contract for PhiContract {
    fn name(&self) -> &str {
        NAME
    }

    fn invoke(&self, state: &mut dyn State, call: &Invocation<'_>) -> Result<Vec<u8>, InvokeError> {
        Ok(invoke(state, call)?)
    }
}

/// One transaction: a function of `state` and `call` alone. Returns the encoding of the value that it wrote.
///
/// # Errors
/// [`ContractError`].
pub fn invoke(state: &mut (impl State + ?Sized), call: &Invocation<'_>) -> Result<Vec<u8>, ContractError> {
    let action = Action::from_bytes(call.action).map_err(ContractError::Malformed)?;
    let (action_type, role) = (action.txtype(), call.creator.role);
    if role != action::role(action_type) {
        return Err(ContractError::Role { action: action_type, role });
    }
    match action {
        Action::MedicalRecord { id, commitment } => medical_record(state, call, id, commitment),
        Action::Confirmation { record, id, commitment, hospital } => {
            confirm(state, call, record, &Confirmation { id, commitment, hospital, timestamp: call.timestamp })
        }
        Action::ShareRequest { record, recipient, grant } => share_request(state, call, record, recipient, grant),
        Action::ShareComplete { request } => share_complete(state, call, request),
    }
}

/// 0000: the confirmation is there, by the holder of ID_i; the two values match; the hospital is the confirmed one.
fn medical_record(
    state: &mut (impl State + ?Sized),
    call: &Invocation<'_>,
    id: Pseudonym,
    commitment: Commitment,
) -> Result<Vec<u8>, ContractError> {
    if record(state, call.txid)?.is_some() {
        return Err(ContractError::Exists);
    }
    let confirmed = confirmation(state, call.txid, id)?.ok_or(ContractError::Unconfirmed)?;
    if (confirmed.id, confirmed.commitment) != (id, commitment) {
        return Err(ContractError::Mismatch);
    }
    if confirmed.hospital != call.creator.id {
        return Err(ContractError::OtherHospital);
    }
    let record = Record { id, commitment, hospital: call.creator.id, timestamp: call.timestamp };
    put(state, &records::record_key(call.txid), &record)
}

/// 0001: by the holder of ID_i, once. It stands under (txid, ID_i), so that nobody can take another's place. The first
/// confirmation of a commitment gives it to its txid; 0000 needs one, so no other txid can have a record of it.
fn confirm(
    state: &mut (impl State + ?Sized),
    call: &Invocation<'_>,
    record: TxId,
    new: &Confirmation,
) -> Result<Vec<u8>, ContractError> {
    if call.creator.id != new.id.into() {
        return Err(ContractError::NotTheHolder);
    }
    if confirmation(state, record, new.id)?.is_some() {
        return Err(ContractError::Exists);
    }
    match claim(state, new.commitment)? {
        Some(other) if other != record => return Err(ContractError::Copied),
        Some(_) => {}
        None => state.put(&records::claim_key(new.commitment), record.to_bytes().into())?,
    }
    put(state, &records::confirmation_key(record, new.id), new)
}

/// 0002: the record exists; its ID_i is the creator; the recipient is another hospital. A request takes the place of an
/// earlier one for the same record and recipient: keys that were lost on the way can be granted anew.
fn share_request(
    state: &mut (impl State + ?Sized),
    call: &Invocation<'_>,
    item: TxId,
    recipient: MemberId,
    grant: Digest,
) -> Result<Vec<u8>, ContractError> {
    let shared = record(state, item)?.ok_or(ContractError::NoSuchRecord)?;
    if call.creator.id != shared.id.into() {
        return Err(ContractError::NotTheHolder);
    }
    if recipient == shared.hospital {
        return Err(ContractError::SameHospital);
    }
    if share(state, call.txid)?.is_some() {
        return Err(ContractError::Exists);
    }
    // Read, so that of two requests made on the same state only one is valid.
    latest_share(state, item, recipient)?;
    state.put(&records::latest_key(item, recipient), call.txid.to_bytes().into())?;
    let share = Share { record: item, recipient, grant, requested: call.timestamp, completed: None };
    put(state, &records::share_key(call.txid), &share)
}

/// 0003: the request exists, is the creator's to complete, is the latest of its kind, and is not completed.
fn share_complete(
    state: &mut (impl State + ?Sized),
    call: &Invocation<'_>,
    request: TxId,
) -> Result<Vec<u8>, ContractError> {
    let share = share(state, request)?.ok_or(ContractError::NoSuchRequest)?;
    if call.creator.id != share.recipient {
        return Err(ContractError::NotTheRecipient);
    }
    if share.completed.is_some() {
        return Err(ContractError::Completed);
    }
    if latest_share(state, share.record, share.recipient)? != Some(request) {
        return Err(ContractError::Superseded);
    }
    put(state, &records::share_key(request), &Share { completed: Some(call.timestamp), ..share })
}

fn put(state: &mut (impl State + ?Sized), key: &str, value: &impl Wire) -> Result<Vec<u8>, ContractError> {
    let bytes = value.to_bytes();
    state.put(key, bytes.clone())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
