//! The rules of the transactions.

use super::action::{self, Action};
use super::error::ContractError;
use super::event::Event;
use super::id::{RecordId, RequestId};
use super::query;
use super::records::{
    self, Confirmation, Record, ShareRequest, ShareStatus, claim, confirmation, latest_share, record, share,
};
use crate::hash::Digest;
use crate::identifier::Pseudonym;
use crate::integrity::Commitment;
use crate::ledger::{Contract, Invocation, InvokeError, State};
use crate::wire::Wire;

/// The name of the contract in a channel's configuration, with the version of its actions and values.
pub const NAME: &str = "phi-3";

/// The contract in the form that peers run.
#[derive(Clone, Copy, Debug, Default)]
pub struct PhiContract;

impl Contract for PhiContract {
    fn name(&self) -> &str {
        NAME
    }

    fn invoke(&self, state: &mut dyn State, call: &Invocation<'_>) -> Result<Vec<u8>, InvokeError> {
        Ok(invoke(state, call)?)
    }

    fn event(&self, call: &Invocation<'_>) -> Option<(String, Vec<u8>)> {
        let event = Event::of(&Action::from_bytes(call.action).ok()?, call.certificate);
        Some((event.txtype().to_string(), event.payload().to_vec()))
    }

    fn query(&self, state: &mut dyn State, query: &[u8]) -> Result<Vec<u8>, InvokeError> {
        Ok(query::answer(state, query)?)
    }
}

/// Runs one transaction. The result depends on `state` and `call` alone. Returns the encoding of the value that was
/// written.
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
        Action::MedicalRecord { nonce, id, commitment } => {
            medical_record(state, call, RecordId::new(&nonce, call.certificate), id, commitment)
        }
        Action::Confirmation { record, id, commitment, hospital } => {
            confirm(state, call, record, &Confirmation { id, commitment, hospital, timestamp: call.timestamp })
        }
        Action::ShareRequest { nonce, record, recipient, delta, grant, until } => {
            let (request, requested, status) =
                (RequestId::new(&nonce, call.certificate), call.timestamp, ShareStatus::Open);
            share_request(
                state,
                call,
                request,
                &ShareRequest { record, recipient, delta, grant, requested, until, status },
            )
        }
        Action::ShareComplete { request, deliveries } => share_complete(state, call, request, deliveries),
        Action::ShareWithdrawal { request } => share_withdrawal(state, call, request),
    }
}

/// 0000: requires a confirmation by the holder of ID_i, the same ID_i and commitment in both, the confirmed hospital,
/// and a commitment that no record has. The record then claims its commitment. Every record reads this key before it
/// writes it, so of two records with one commitment that were simulated on one state, only the first is valid.
fn medical_record(
    state: &mut (impl State + ?Sized),
    call: &Invocation<'_>,
    record_id: RecordId,
    id: Pseudonym,
    commitment: Commitment,
) -> Result<Vec<u8>, ContractError> {
    if record(state, record_id)?.is_some() {
        return Err(ContractError::Exists);
    }
    let confirmed = confirmation(state, record_id, id)?.ok_or(ContractError::Unconfirmed)?;
    if (confirmed.id, confirmed.commitment) != (id, commitment) {
        return Err(ContractError::Mismatch);
    }
    if confirmed.hospital != call.creator.id {
        return Err(ContractError::OtherHospital);
    }
    if claim(state, commitment)?.is_some() {
        return Err(ContractError::Copied);
    }
    state.put(&records::claim_key(commitment), record_id.to_bytes().into())?;
    let record = Record { id, commitment, hospital: call.creator.id, timestamp: call.timestamp };
    put(state, &records::record_key(record_id), &record)
}

/// 0001: requires the holder of ID_i, who confirms a record once. The confirmation is stored under (record, ID_i), so a
/// confirmation by another user cannot take its place. A confirmation does not claim its commitment: any user can
/// confirm a commitment that they have seen, and such a confirmation must not prevent the record of this commitment.
fn confirm(
    state: &mut (impl State + ?Sized),
    call: &Invocation<'_>,
    record: RecordId,
    new: &Confirmation,
) -> Result<Vec<u8>, ContractError> {
    if call.creator.id != new.id.into() {
        return Err(ContractError::NotTheHolder);
    }
    if confirmation(state, record, new.id)?.is_some() {
        return Err(ContractError::Exists);
    }
    put(state, &records::confirmation_key(record, new.id), new)
}

/// 0002: requires an existing record, the holder of its ID_i as the creator, another hospital as the recipient, and an
/// end that is not past. The request replaces an earlier one for the same record and recipient, so that a user can send
/// new keys if the first keys were lost.
fn share_request(
    state: &mut (impl State + ?Sized),
    call: &Invocation<'_>,
    request: RequestId,
    new: &ShareRequest,
) -> Result<Vec<u8>, ContractError> {
    let shared = record(state, new.record)?.ok_or(ContractError::NoSuchRecord)?;
    if call.creator.id != shared.id.into() {
        return Err(ContractError::NotTheHolder);
    }
    if new.recipient == shared.hospital {
        return Err(ContractError::SameHospital);
    }
    if new.has_ended(call.timestamp) {
        return Err(ContractError::Expired);
    }
    if share(state, request)?.is_some() {
        return Err(ContractError::Exists);
    }
    // The read puts the key into the read set: of two requests made on the same state, only one is valid.
    latest_share(state, new.record, new.recipient)?;
    state.put(&records::latest_key(new.record, new.recipient), request.to_bytes().into())?;
    put(state, &records::share_key(request), new)
}

/// Refuses a request that is completed or withdrawn.
const fn open(share: &ShareRequest) -> Result<(), ContractError> {
    match share.status {
        ShareStatus::Open => Ok(()),
        ShareStatus::Completed { .. } => Err(ContractError::Completed),
        ShareStatus::Withdrawn { .. } => Err(ContractError::Withdrawn),
    }
}

/// 0003: requires an existing request that is open and is the latest for its record and recipient, a consent that has
/// not ended, and the recipient as the creator.
fn share_complete(
    state: &mut (impl State + ?Sized),
    call: &Invocation<'_>,
    request: RequestId,
    deliveries: Digest,
) -> Result<Vec<u8>, ContractError> {
    let share = share(state, request)?.ok_or(ContractError::NoSuchRequest)?;
    if call.creator.id != share.recipient {
        return Err(ContractError::NotTheRecipient);
    }
    open(&share)?;
    if share.has_ended(call.timestamp) {
        return Err(ContractError::Expired);
    }
    if latest_share(state, share.record, share.recipient)? != Some(request) {
        return Err(ContractError::Superseded);
    }
    let status = ShareStatus::Completed { at: call.timestamp, deliveries };
    put(state, &records::share_key(request), &ShareRequest { status, ..share })
}

/// 0004: requires an existing request that is open, and the holder of the record's ID_i as the creator. A request that
/// was replaced, or whose consent has ended, can also be withdrawn.
fn share_withdrawal(
    state: &mut (impl State + ?Sized),
    call: &Invocation<'_>,
    request: RequestId,
) -> Result<Vec<u8>, ContractError> {
    let share = share(state, request)?.ok_or(ContractError::NoSuchRequest)?;
    let shared = record(state, share.record)?.ok_or(ContractError::NoSuchRecord)?;
    if call.creator.id != shared.id.into() {
        return Err(ContractError::NotTheHolder);
    }
    open(&share)?;
    let status = ShareStatus::Withdrawn { at: call.timestamp };
    put(state, &records::share_key(request), &ShareRequest { status, ..share })
}

fn put(state: &mut (impl State + ?Sized), key: &str, value: &impl Wire) -> Result<Vec<u8>, ContractError> {
    let bytes = value.to_bytes();
    state.put(key, bytes.clone())?;
    Ok(bytes)
}
