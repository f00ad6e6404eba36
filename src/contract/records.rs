//! What the contract keeps in the state, and how it is read.
//!
//! ```text
//! record/<txid>                        Record          written by 0000 under its own txid
//! confirmation/<txid>/<ID_i>           Confirmation    written by 0001; txid is that of the record
//! commitment/<commitment>              txid            written by 0001: the one record that it may stand for
//! share/<txid>                         ShareRequest    written by 0002 under its own txid, completed by 0003
//! latest/<record txid>/<recipient>     txid            the last share-request of this record to this recipient
//! ```
//!
//! One record, one key: there is no list for each patient, over which concurrent transactions would conflict.

use super::error::ContractError;
use crate::error::DecodeError;
use crate::hash::Digest;
use crate::identifier::Pseudonym;
use crate::identity::MemberId;
use crate::integrity::Commitment;
use crate::ledger::{State, TxId};
use crate::time::Millis;
use crate::wire::{Reader, Wire, Writer};

/// A medical record as the ledger knows it. 104 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    /// ID_i.
    pub id: Pseudonym,
    /// The salted commitment to the content.
    pub commitment: Commitment,
    /// Who wrote it.
    pub hospital: MemberId,
    /// The time of the hospital's proposal.
    pub timestamp: Millis,
}

/// A user's word that a record is right. 104 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Confirmation {
    /// ID_i, who confirmed.
    pub id: Pseudonym,
    /// The commitment confirmed.
    pub commitment: Commitment,
    /// The hospital that may write it.
    pub hospital: MemberId,
    /// The time of the user's proposal.
    pub timestamp: Millis,
}

/// A user's consent to share one record with one hospital. 105 or 113 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShareRequest {
    /// The transaction that wrote the record.
    pub record: TxId,
    /// Who is to receive it.
    pub recipient: MemberId,
    /// The digest of the sealed keys.
    pub grant: Digest,
    /// The time of the user's proposal.
    pub requested: Millis,
    /// The time of the recipient's proposal of the completion; none while the request is open.
    pub completed: Option<Millis>,
}

/// The key of a [`Record`].
pub(super) fn record_key(txid: TxId) -> String {
    format!("record/{txid}")
}

/// The key of a [`Confirmation`].
pub(super) fn confirmation_key(record: TxId, id: Pseudonym) -> String {
    format!("confirmation/{record}/{id}")
}

/// The key of the txid that a commitment belongs to.
pub(super) fn claim_key(commitment: Commitment) -> String {
    format!("commitment/{}", commitment.0)
}

/// The key of a [`ShareRequest`].
pub(super) fn share_key(request: TxId) -> String {
    format!("share/{request}")
}

/// The key of the last request.
pub(super) fn latest_key(record: TxId, recipient: MemberId) -> String {
    format!("latest/{record}/{recipient}")
}

/// The record that `txid` wrote.
///
/// # Errors
/// [`ContractError::Corrupt`], [`ContractError::State`].
pub fn record(state: &mut (impl State + ?Sized), txid: TxId) -> Result<Option<Record>, ContractError> {
    get(state, &record_key(txid))
}

/// The confirmation by `id` of the record that `txid` is to write.
///
/// # Errors
/// [`ContractError::Corrupt`], [`ContractError::State`].
pub fn confirmation(
    state: &mut (impl State + ?Sized),
    txid: TxId,
    id: Pseudonym,
) -> Result<Option<Confirmation>, ContractError> {
    get(state, &confirmation_key(txid, id))
}

/// The transaction whose record `commitment` stands for.
///
/// # Errors
/// [`ContractError::Corrupt`], [`ContractError::State`].
pub fn claim(state: &mut (impl State + ?Sized), commitment: Commitment) -> Result<Option<TxId>, ContractError> {
    get(state, &claim_key(commitment))
}

/// The share that `request` asked for.
///
/// # Errors
/// [`ContractError::Corrupt`], [`ContractError::State`].
pub fn share(state: &mut (impl State + ?Sized), request: TxId) -> Result<Option<ShareRequest>, ContractError> {
    get(state, &share_key(request))
}

/// The transaction that last asked to share `record` with `recipient`.
///
/// # Errors
/// [`ContractError::Corrupt`], [`ContractError::State`].
pub fn latest_share(
    state: &mut (impl State + ?Sized),
    record: TxId,
    recipient: MemberId,
) -> Result<Option<TxId>, ContractError> {
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
        self.grant.write(out);
        out.u64(self.requested.0);
        match self.completed {
            None => out.u8(0),
            Some(completed) => out.u8(1).u64(completed.0),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            record: TxId::read(input)?,
            recipient: MemberId::read(input)?,
            grant: Digest::read(input)?,
            requested: Millis(input.u64("time of the request")?),
            completed: match input.u8("completed")? {
                0 => None,
                1 => Some(Millis(input.u64("time of the completion")?)),
                got => return Err(DecodeError::Unknown { what: "completed", got: got.into() }),
            },
        })
    }
}
