//! The transactions that the orderer has accepted, as far as somebody could send them again.
//!
//! ```text
//! transaction t is accepted at time now:   |time(t) - now| <= window, and SHA-256(t) is not in the set
//! the set holds:                           (time(t), SHA-256(t)) of each accepted t with time(t) >= now - window
//! ```
//!
//! t is what the creator signs, so a new signature makes no new transaction. An entry of 40 bytes is forgotten at most two
//! windows after it came: the set is bounded by the transactions that the orderer accepts in two windows. A transaction that
//! was forgotten is too old to be accepted. After a restart the set is read from the chain.
//!
//! Departure: Fabric's orderer orders a transaction as often as it comes, at any time, and the peers give the code 9. The
//! code stays, for an orderer that is not honest.

use super::error::OrderError;
use crate::hash::{Digest, sha256};
use crate::ledger::format::block::Block;
use crate::ledger::format::endorsement::SignedTransaction;
use crate::ledger::format::proposal::Proposal;
use crate::time::Millis;
use crate::wire::Wire;
use std::collections::BTreeSet;

/// The set of accepted transactions.
#[derive(Debug)]
pub(super) struct Accepted {
    /// How far a transaction's time may be from the orderer's, in milliseconds.
    window: u64,
    /// No transaction was accepted after this time, as far as the orderer knows. It never decreases, so a clock that is set
    /// back makes no forgotten transaction acceptable.
    latest: Millis,
    known: BTreeSet<(Millis, Digest)>,
}

impl Accepted {
    /// The empty set.
    pub(super) const fn new(window: u64) -> Self {
        Self { window, latest: Millis(0), known: BTreeSet::new() }
    }

    /// Refuses a transaction that was accepted before, or whose time is outside the window around `now`.
    pub(super) fn check(&self, signed: &SignedTransaction, proposal: &Proposal, now: Millis) -> Result<(), OrderError> {
        let (timestamp, window) = (proposal.timestamp, self.window);
        if timestamp.0 > now.0.saturating_add(window) || timestamp < self.oldest(now) {
            return Err(OrderError::Time { timestamp, now, window });
        }
        if self.known.contains(&entry(signed, proposal)) {
            return Err(OrderError::Duplicate(proposal.txid()));
        }
        Ok(())
    }

    /// Adds a transaction that was accepted at `now`.
    pub(super) fn add(&mut self, signed: &SignedTransaction, proposal: &Proposal, now: Millis) {
        self.known.insert(entry(signed, proposal));
        self.advance(now);
    }

    /// Adds the transactions of the next block of the chain. Each was accepted at most one window before its time.
    pub(super) fn add_block(&mut self, block: &Block) {
        for bytes in &block.transactions {
            let Ok(signed) = SignedTransaction::from_bytes(bytes) else { continue };
            let Ok(proposal) = signed.proposal() else { continue };
            self.add(&signed, &proposal, Millis(proposal.timestamp.0.saturating_sub(self.window)));
        }
    }

    fn advance(&mut self, now: Millis) {
        self.latest = self.latest.max(now);
        let oldest = self.oldest(now);
        while self.known.first().is_some_and(|(timestamp, _)| *timestamp < oldest) {
            self.known.pop_first();
        }
    }

    /// The earliest time of a transaction that can be accepted at `now`.
    fn oldest(&self, now: Millis) -> Millis {
        Millis(self.latest.max(now).0.saturating_sub(self.window))
    }
}

fn entry(signed: &SignedTransaction, proposal: &Proposal) -> (Millis, Digest) {
    (proposal.timestamp, sha256(&[&signed.transaction]))
}
