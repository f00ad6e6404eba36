//! The values of the contract in the state, their keys, and functions that read them.
//!
//! ```text
//! record/<record>                 Record          written by 0000
//! confirmation/<record>/<ID_i>    Confirmation    written by 0001
//! commitment/<commitment>         record          written by 0000: the one record of this commitment
//! share/<request>                 ShareRequest    written by 0002, then by 0003 or 0004
//! latest/<record>/<recipient>     request         the last share-request of this record to this recipient
//! ```
//!
//! Each record has its own key. There is no list of the records of one patient, since concurrent transactions on such a
//! list would conflict.

use super::action::{read_until, write_until};
use super::error::ContractError;
use super::id::{RecordId, RequestId};
use crate::error::DecodeError;
use crate::hash::Digest;
use crate::identifier::Pseudonym;
use crate::identity::MemberId;
use crate::integrity::Commitment;
use crate::ledger::State;
use crate::time::Millis;
use crate::wire::{Reader, Wire, Writer};

/// A medical record on the ledger. 104 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    /// ID_i of the patient.
    pub id: Pseudonym,
    /// The salted commitment to the record.
    pub commitment: Commitment,
    /// The hospital that wrote the record.
    pub hospital: MemberId,
    /// The time of the hospital's proposal.
    pub timestamp: Millis,
}

/// A user's confirmation of a record. 104 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Confirmation {
    /// ID_i of the user who confirmed.
    pub id: Pseudonym,
    /// The confirmed commitment.
    pub commitment: Commitment,
    /// The hospital that may write the record.
    pub hospital: MemberId,
    /// The time of the user's proposal.
    pub timestamp: Millis,
}

/// A user's consent to share one record with one hospital. 138 to 186 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShareRequest {
    /// The record.
    pub record: RecordId,
    /// The hospital that is to receive the record.
    pub recipient: MemberId,
    /// The digest of the public values of the shares of k_re; with one cloud, of Δ.
    pub delta: Digest,
    /// The digest of the grant with the sealed keys.
    pub grant: Digest,
    /// The time of the user's proposal.
    pub requested: Millis,
    /// The end of the consent: the last time at which the request may be completed. `None`: no end.
    pub until: Option<Millis>,
    /// Whether the request is open, completed or withdrawn.
    pub status: ShareStatus,
}

/// The status of a share request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShareStatus {
    /// The request waits for its completion.
    Open,
    /// The recipient has received the record.
    Completed {
        /// The time of the recipient's proposal.
        at: Millis,
        /// The digest of the deliveries that the clouds signed.
        deliveries: Digest,
    },
    /// The user has withdrawn the consent.
    Withdrawn {
        /// The time of the user's proposal.
        at: Millis,
    },
}

impl ShareRequest {
    /// Whether the consent has ended at `now`.
    pub fn has_ended(&self, now: Millis) -> bool {
        self.until.is_some_and(|until| now > until)
    }
}

/// The key of a [`Record`].
pub(super) fn record_key(record: RecordId) -> String {
    format!("record/{record}")
}

/// The key of a [`Confirmation`].
pub(super) fn confirmation_key(record: RecordId, id: Pseudonym) -> String {
    format!("confirmation/{record}/{id}")
}

/// The key of the record to which a commitment belongs.
pub(super) fn claim_key(commitment: Commitment) -> String {
    format!("commitment/{}", commitment.0)
}

/// The key of a [`ShareRequest`].
pub(super) fn share_key(request: RequestId) -> String {
    format!("share/{request}")
}

/// The key of the latest request for this record and recipient.
pub(super) fn latest_key(record: RecordId, recipient: MemberId) -> String {
    format!("latest/{record}/{recipient}")
}

/// Reads a record.
///
/// # Errors
/// [`ContractError::Corrupt`], [`ContractError::State`].
pub fn record(state: &mut (impl State + ?Sized), id: RecordId) -> Result<Option<Record>, ContractError> {
    get(state, &record_key(id))
}

/// Reads the confirmation of a record by `id`.
///
/// # Errors
/// [`ContractError::Corrupt`], [`ContractError::State`].
pub fn confirmation(
    state: &mut (impl State + ?Sized),
    record: RecordId,
    id: Pseudonym,
) -> Result<Option<Confirmation>, ContractError> {
    get(state, &confirmation_key(record, id))
}

/// Reads the record to which `commitment` belongs.
///
/// # Errors
/// [`ContractError::Corrupt`], [`ContractError::State`].
pub fn claim(state: &mut (impl State + ?Sized), commitment: Commitment) -> Result<Option<RecordId>, ContractError> {
    get(state, &claim_key(commitment))
}

/// Reads a share request.
///
/// # Errors
/// [`ContractError::Corrupt`], [`ContractError::State`].
pub fn share(state: &mut (impl State + ?Sized), request: RequestId) -> Result<Option<ShareRequest>, ContractError> {
    get(state, &share_key(request))
}

/// Reads the latest request to share `record` with `recipient`.
///
/// # Errors
/// [`ContractError::Corrupt`], [`ContractError::State`].
pub fn latest_share(
    state: &mut (impl State + ?Sized),
    record: RecordId,
    recipient: MemberId,
) -> Result<Option<RequestId>, ContractError> {
    get(state, &latest_key(record, recipient))
}

fn get<T: Wire>(state: &mut (impl State + ?Sized), key: &str) -> Result<Option<T>, ContractError> {
    state.get(key)?.map(|bytes| T::from_bytes(&bytes).map_err(ContractError::Corrupt)).transpose()
}

impl Wire for Record {
    const NAME: &'static str = "record";

    fn write(&self, out: &mut Writer) {
        self.id.write(out);
        self.commitment.write(out);
        self.hospital.write(out);
        out.u64(self.timestamp.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            id: Pseudonym::read(input)?,
            commitment: Commitment::read(input)?,
            hospital: MemberId::read(input)?,
            timestamp: Millis(input.u64("timestamp")?),
        })
    }
}

impl Wire for Confirmation {
    const NAME: &'static str = "confirmation";

    fn write(&self, out: &mut Writer) {
        self.id.write(out);
        self.commitment.write(out);
        self.hospital.write(out);
        out.u64(self.timestamp.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            id: Pseudonym::read(input)?,
            commitment: Commitment::read(input)?,
            hospital: MemberId::read(input)?,
            timestamp: Millis(input.u64("timestamp")?),
        })
    }
}

impl Wire for ShareRequest {
    const NAME: &'static str = "share";

    fn write(&self, out: &mut Writer) {
        self.record.write(out);
        self.recipient.write(out);
        self.delta.write(out);
        self.grant.write(out);
        out.u64(self.requested.0);
        write_until(self.until, out);
        match &self.status {
            ShareStatus::Open => _ = out.u8(0),
            ShareStatus::Completed { at, deliveries } => {
                out.u8(1).u64(at.0);
                deliveries.write(out);
            }
            ShareStatus::Withdrawn { at } => _ = out.u8(2).u64(at.0),
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            record: RecordId::read(input)?,
            recipient: MemberId::read(input)?,
            delta: Digest::read(input)?,
            grant: Digest::read(input)?,
            requested: Millis(input.u64("time of the request")?),
            until: read_until(input)?,
            status: match input.u8("status of the request")? {
                0 => ShareStatus::Open,
                1 => ShareStatus::Completed {
                    at: Millis(input.u64("time of the completion")?),
                    deliveries: Digest::read(input)?,
                },
                2 => ShareStatus::Withdrawn { at: Millis(input.u64("time of the withdrawal")?) },
                got => return Err(DecodeError::Unknown { what: "status of the request", got: got.into() }),
            },
        })
    }
}
