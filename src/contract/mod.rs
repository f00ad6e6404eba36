//! The contract: the paper's four transactions, and the withdrawal of a consent, as one pure function of the state.
//!
//! Paper: section 3.2, Figures 3 and 4, and the transaction types of Fig. 5.
//!
//! ```text
//! record  = SHA-256(nonce || certificate of the hospital)
//! request = SHA-256(nonce || certificate of the user)
//! 0000 medical-record               hospital   (nonce, ID_i, commitment): the hospital announces record to the user
//! 0001 medical-record-confirmation  user       (record, ID_i, commitment, hospital): committed first
//! 0000 is endorsed once a confirmation of its record is in the state and the two values match;
//!      the commitment then belongs to this record
//! 0002 share-request                user       (nonce, record, recipient, digests of Δ and of the grant, end)
//! 0003 share-complete               recipient  (request, digest of the deliveries)
//! 0004 share-withdrawal             user       (request)
//! ```
//!
//! In the paper, the endorsers check that record and confirmation match and that a shared record exists. This contract
//! also checks:
//! - the role of the creator of each action;
//! - only the holder of ID_i confirms and consents;
//! - only the confirmed hospital writes the record;
//! - a commitment belongs to the record that was written first, so that nobody can write a copy of a record under an
//!   identifier of their own. A confirmation does not claim the commitment;
//! - nothing is overwritten;
//! - only the recipient completes a request, and only once;
//! - nobody completes a request after the end of the consent, or after the user has withdrawn the consent.
//!
//! The contract uses no clock and no randomness. The time of an action is that of its proposal, which its creator
//! states and each endorser compares with its own clock (at most [`Config::WINDOW`](crate::ledger::Config::WINDOW)
//! apart). So a request can be completed until the end of the consent plus this window. The state holds pseudonyms,
//! salted commitments and digests; it holds no personal data and no key.
//!
//! The participants use the contract through the trait [`Ledger`]: on the ledger of this crate,
//! [`Network`](crate::ledger::Network), or, with the feature `fabric`, on Hyperledger Fabric. Identifiers of records
//! and requests do not depend on the txid that a ledger gives to an attempt ([`RecordId`]).
//!
//! Departure: the paper puts the sealed keys into the share-request. An attacker can keep a copy of the ledger for
//! ever, so the keys are not on the ledger: the request contains only the digest of the grant with the sealed keys.

mod action;
mod embedded;
mod error;
mod event;
mod id;
mod ledger;
mod query;
mod records;
mod rules;

pub use action::{Action, role};
pub use error::ContractError;
pub use event::{Event, Events};
pub use id::{RecordId, RequestId};
pub use ledger::{Creator, Ledger, LedgerError, Meaning, Receipt};
pub use query::{Query, Shared, answer, read_answer, shared};
pub use records::{Confirmation, Record, ShareRequest, ShareStatus, claim, confirmation, latest_share, record, share};
pub use rules::{NAME, PhiContract, invoke};

#[cfg(test)]
mod tests;
