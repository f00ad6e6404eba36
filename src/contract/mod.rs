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
mod error;
mod records;
mod rules;

pub use action::{Action, role};
pub use error::ContractError;
pub use records::{Confirmation, Record, ShareRequest, claim, confirmation, latest_share, record, share};
pub use rules::{NAME, PhiContract, invoke};

#[cfg(test)]
mod tests;
