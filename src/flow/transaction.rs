//! What the participants read on the ledger before they act.

use super::FlowError;
use crate::contract::{Creator, Ledger, Record, RecordId, RequestId, ShareStatus, Shared};
use crate::identity::{Member, Role};
use crate::time::Millis;

/// Refuses a member of another role.
pub(super) fn of_role(role: Role, member: &Member) -> Result<(), FlowError> {
    if member.role == role { Ok(()) } else { Err(FlowError::WrongParty(member.id)) }
}

/// Reads a record.
pub(super) fn record(ledger: &dyn Ledger, id: RecordId, by: &Creator<'_>) -> Result<Record, FlowError> {
    ledger.record(id, by)?.ok_or(FlowError::NoRecord(id))
}

/// Reads a share request with its record, whatever the status of the request.
pub(super) fn share(ledger: &dyn Ledger, id: RequestId, by: &Creator<'_>) -> Result<Shared, FlowError> {
    ledger.share(id, by)?.ok_or(FlowError::NoRequest(id))
}

/// Reads a share request with its record. The request must be open at `now`.
pub(super) fn open_share(
    ledger: &dyn Ledger,
    id: RequestId,
    by: &Creator<'_>,
    now: Millis,
) -> Result<Shared, FlowError> {
    let shared = share(ledger, id, by)?;
    check_open(id, &shared, now)?;
    Ok(shared)
}

/// Checks a share request at `now`, the time of the participant who acts: it must be the latest request of its record
/// and recipient, neither completed nor withdrawn, and the consent must not have ended.
///
/// # Errors
/// [`FlowError::Closed`], [`FlowError::Withdrawn`], [`FlowError::Ended`].
pub fn check_open(id: RequestId, shared: &Shared, now: Millis) -> Result<(), FlowError> {
    match shared.share.status {
        ShareStatus::Withdrawn { .. } => Err(FlowError::Withdrawn(id)),
        ShareStatus::Completed { .. } => Err(FlowError::Closed(id)),
        ShareStatus::Open if !shared.is_latest => Err(FlowError::Closed(id)),
        ShareStatus::Open if shared.share.has_ended(now) => Err(FlowError::Ended(id)),
        ShareStatus::Open => Ok(()),
    }
}
