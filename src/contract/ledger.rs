//! The ledger as the participants see it, whatever runs the contract.
//!
//! ```text
//! transact(action)   endorsed, ordered, committed as valid     -> Receipt, or LedgerError with its meaning
//! ask(query)         a question about one snapshot             -> answer, not ordered, nothing on the chain
//! outcome(txid)      the outcome of an attempt                 -> its code, if it is in a block
//! events(from)       the valid transactions from this block on -> identifiers of records and requests
//! ```
//!
//! Every attempt has a fresh txid. An attempt whose outcome is unknown ([`Meaning::Unknown`]) may still be committed,
//! so no implementation sends an action again by itself. A participant who sends the action again writes nothing twice:
//! the contract refuses the second of two equal actions, since identifiers do not depend on the txid.

use super::action::Action;
use super::event::Events;
use super::id::{RecordId, RequestId};
use super::query::{Query, Shared, read_answer};
use super::records::Record;
use crate::error::DecodeError;
use crate::identity::{Certificate, Msp, Signature, SigningKey};
use crate::ledger::{Code, TxId};
use crate::time::Millis;
use crate::wire::Wire;
use core::fmt;
use rand_core::CryptoRng;
use std::error::Error;
use std::time::Duration;

/// Who signs a transaction or asks a question.
#[derive(Clone, Copy, Debug)]
pub struct Creator<'a> {
    /// The certificate under which the creator signs.
    pub certificate: &'a Certificate,
    /// The private key of the certificate.
    pub key: &'a SigningKey,
}

/// A transaction that was committed as valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction.
    pub txid: TxId,
    /// The number of its block.
    pub block: u64,
    /// The creator's signature of the proposal: the field `signature` of Fig. 5.
    pub signature: Signature,
}

/// A ledger that runs the contract.
pub trait Ledger {
    /// A membership service with the roots of the participants, on the embedded ledger also those of the nodes; and
    /// with the revocation lists that were given to this ledger.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn msp(&self) -> Result<Msp, LedgerError>;

    /// Commits one action, in one attempt under a fresh txid, which is drawn from `rng`. `now` is the creator's time,
    /// which the endorsers compare with their own clocks.
    ///
    /// # Errors
    /// [`LedgerError`]. Nothing was written, except after [`Meaning::Unknown`].
    fn transact(
        &mut self,
        action: &Action,
        creator: &Creator<'_>,
        now: Millis,
        rng: &mut dyn CryptoRng,
    ) -> Result<Receipt, LedgerError>;

    /// Asks one question. The answer has the contract's encoding; [`record`](Self::record) and [`share`](Self::share)
    /// read it. On Fabric, a member of the channel must sign the question.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn ask(&self, query: &Query, by: &Creator<'_>) -> Result<Vec<u8>, LedgerError>;

    /// The code of a transaction. `None`: the transaction is in no block yet.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn outcome(&self, txid: TxId, by: &Creator<'_>) -> Result<Option<Code>, LedgerError>;

    /// Reads the events of the valid transactions from block `from` on. Where there is none yet, a ledger to which
    /// others can write meanwhile waits for the next one, at most for `patience`.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn events(&self, from: u64, patience: Duration, by: &Creator<'_>) -> Result<Events, LedgerError>;

    /// Reads a record.
    ///
    /// # Errors
    /// [`LedgerError`]; [`Meaning::Malformed`] for an answer that cannot be decoded.
    fn record(&self, id: RecordId, by: &Creator<'_>) -> Result<Option<Record>, LedgerError> {
        read(&self.ask(&Query::Record(id), by)?)
    }

    /// Reads a share request, with its record.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    fn share(&self, id: RequestId, by: &Creator<'_>) -> Result<Option<Shared>, LedgerError> {
        read(&self.ask(&Query::Share(id), by)?)
    }
}

fn read<T: Wire>(answer: &[u8]) -> Result<Option<T>, LedgerError> {
    read_answer(answer).map_err(|error: DecodeError| LedgerError::new(Meaning::Malformed, error))
}

/// Why a ledger did not do what it was asked, with the ledger's own error.
#[derive(Debug)]
pub struct LedgerError {
    /// What follows from the error.
    pub meaning: Meaning,
    words: Box<dyn Error + Send + Sync>,
}

impl LedgerError {
    /// Creates an error of this meaning from the ledger's own error.
    pub fn new(meaning: Meaning, words: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { meaning, words: words.into() }
    }

    /// The ledger's own error, for a caller that depends on the kind of the ledger.
    pub fn words(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.words
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ledger: {}", self.words)
    }
}

impl Error for LedgerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.words.source()
    }
}

/// What an error of a ledger means, on every ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Meaning {
    /// The contract refused the action, with this number ([`ContractError::code`](super::ContractError::code)).
    Refused(u16),
    /// The ledger does not accept the creator, the creator's signature or the proposal's time.
    Denied,
    /// Another transaction changed what this transaction had read. A new attempt can succeed.
    Conflict,
    /// The txid is used already, by another transaction or an earlier submission of the same one.
    Duplicate,
    /// The endorsements do not satisfy the policy.
    Policy,
    /// The transaction is in a block and is not valid, for a reason other than those above.
    Invalid(Code),
    /// The ledger cannot be reached or cannot work. The attempt was not sent to an orderer.
    Unavailable,
    /// The ledger did not answer in time. The attempt was not sent to an orderer.
    Timeout,
    /// The attempt was sent to an orderer and its outcome is unknown. [`Ledger::outcome`] returns the outcome later.
    Unknown(TxId),
    /// The ledger's answer cannot be decoded, or does not belong to the question.
    Malformed,
}

impl Meaning {
    /// The meaning of a transaction's code. `None` for a valid transaction.
    pub const fn of_code(code: Code) -> Option<Self> {
        match code {
            Code::Valid => None,
            Code::MvccReadConflict => Some(Self::Conflict),
            Code::DuplicateTxid => Some(Self::Duplicate),
            Code::EndorsementPolicyFailure => Some(Self::Policy),
            Code::BadCreatorSignature => Some(Self::Denied),
            code => Some(Self::Invalid(code)),
        }
    }
}
