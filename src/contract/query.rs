//! Questions about the state of the contract. Each answer comes from one snapshot.
//!
//! ```text
//! 0 || record     -> 0, or 1 || Record
//! 1 || request    -> 0, or 1 || ShareRequest || whether it is the latest of its record and recipient || Record
//! ```

use super::error::ContractError;
use super::id::{RecordId, RequestId};
use super::records::{Record, ShareRequest, latest_share, record, share};
use crate::error::DecodeError;
use crate::ledger::State;
use crate::wire::{Reader, Wire, Writer};

/// A question about the state. 33 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Query {
    /// The record of this identifier. Answer: [`Record`].
    Record(RecordId),
    /// The share request of this identifier, with its record. Answer: [`Shared`].
    Share(RequestId),
}

/// A share request and its record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shared {
    /// The request.
    pub share: ShareRequest,
    /// Whether the request is the latest one of its record and recipient.
    pub is_latest: bool,
    /// The record.
    pub record: Record,
}

/// Answers a question from `state`, and returns the encoded answer.
///
/// # Errors
/// [`ContractError::Question`], [`ContractError::Corrupt`], [`ContractError::NoSuchRecord`] as in [`shared`];
/// [`ContractError::State`].
pub fn answer(state: &mut (impl State + ?Sized), question: &[u8]) -> Result<Vec<u8>, ContractError> {
    match Query::from_bytes(question).map_err(ContractError::Question)? {
        Query::Record(id) => Ok(encode(record(state, id)?)),
        Query::Share(id) => Ok(encode(shared(state, id)?)),
    }
}

/// Reads a share request and its record.
///
/// # Errors
/// [`ContractError::NoSuchRecord`] for a request without a record, which the contract does not write;
/// [`ContractError::Corrupt`], [`ContractError::State`].
pub fn shared(state: &mut (impl State + ?Sized), id: RequestId) -> Result<Option<Shared>, ContractError> {
    let Some(share) = share(state, id)? else { return Ok(None) };
    let is_latest = latest_share(state, share.record, share.recipient)? == Some(id);
    let record = record(state, share.record)?.ok_or(ContractError::NoSuchRecord)?;
    Ok(Some(Shared { share, is_latest, record }))
}

fn encode(found: Option<impl Wire>) -> Vec<u8> {
    let mut out = Writer::default();
    match found {
        None => _ = out.u8(0),
        Some(found) => found.write(out.u8(1)),
    }
    out.into_bytes()
}

/// Reads an answer: a [`Record`] for [`Query::Record`], a [`Shared`] for [`Query::Share`]. `None`: the state has no
/// such record or request.
///
/// # Errors
/// [`DecodeError`].
pub fn read_answer<T: Wire>(answer: &[u8]) -> Result<Option<T>, DecodeError> {
    let mut input = Reader::new(answer);
    let found = match input.u8("answer")? {
        0 => None,
        1 => Some(T::read(&mut input)?),
        got => return Err(DecodeError::Unknown { what: "answer", got: got.into() }),
    };
    input.end("answer")?;
    Ok(found)
}

impl Wire for Query {
    const NAME: &'static str = "query";

    fn write(&self, out: &mut Writer) {
        match self {
            Self::Record(id) => id.write(out.u8(0)),
            Self::Share(id) => id.write(out.u8(1)),
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.u8("query")? {
            0 => Ok(Self::Record(RecordId::read(input)?)),
            1 => Ok(Self::Share(RequestId::read(input)?)),
            got => Err(DecodeError::Unknown { what: "query", got: got.into() }),
        }
    }
}

impl Wire for Shared {
    const NAME: &'static str = "shared record";

    fn write(&self, out: &mut Writer) {
        self.share.write(out);
        out.u8(self.is_latest.into());
        self.record.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let share = ShareRequest::read(input)?;
        let is_latest = match input.u8("latest")? {
            0 => false,
            1 => true,
            got => return Err(DecodeError::Unknown { what: "latest", got: got.into() }),
        };
        Ok(Self { share, is_latest, record: Record::read(input)? })
    }
}
