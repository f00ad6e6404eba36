//! The ledgers of this crate ([`Network`], [`MemoryNetwork`]) as [`Ledger`]s.

use super::action::Action;
use super::error::ContractError;
use super::event::{Event, Events};
use super::ledger::{Creator, Ledger, LedgerError, Meaning, Receipt};
use super::query::{Query, answer};
use crate::error::DecodeError;
use crate::identity::{IdentityError, Msp, Signature};
use crate::ledger::{
    Code, CommittedBlock, Config, EndorseError, MemoryNetwork, Network, NetworkError, Nonce, OrderError, Outcome,
    Proposal, SignedProposal, SignedTransaction, Simulation, Transaction, Transient, TxId,
};
use crate::time::Millis;
use crate::wire::Wire;
use rand_core::CryptoRng;
use std::time::Duration;

impl Ledger for Network {
    fn msp(&self) -> Result<Msp, LedgerError> {
        Ok(Self::msp(self)?)
    }

    fn transact(
        &mut self,
        action: &Action,
        creator: &Creator<'_>,
        now: Millis,
        mut rng: &mut dyn CryptoRng,
    ) -> Result<Receipt, LedgerError> {
        let proposal = propose(self.config(), action, creator, now, &mut rng);
        let outcome = Self::transact(self, &proposal, &Transient::default(), creator.key, now)?;
        receipt(&proposal, outcome)
    }

    fn ask(&self, query: &Query, _: &Creator<'_>) -> Result<Vec<u8>, LedgerError> {
        let answered = self.read(|snapshot| Ok(answer(&mut Simulation::new(snapshot), &query.to_bytes())))?;
        answered.map_err(|error: ContractError| LedgerError::new(meaning_of_refusal(&error), error))
    }

    /// Does not wait: nobody writes to this ledger while it is borrowed.
    fn events(&self, from: u64, _: Duration, _: &Creator<'_>) -> Result<Events, LedgerError> {
        let peer = (0..self.peers()).find_map(|i| self.peer(i)).ok_or(NetworkError::NoPeer)?;
        let (mut events, next) = (Vec::new(), peer.height());
        for number in from.max(1)..next {
            events_of(&peer.block(number).map_err(NetworkError::from)?, &mut events)?;
        }
        Ok(Events { next, events })
    }

    fn outcome(&self, txid: TxId, _: &Creator<'_>) -> Result<Option<Code>, LedgerError> {
        Ok(Self::outcome(self, &txid)?.map(|outcome| outcome.code))
    }
}

impl Ledger for MemoryNetwork {
    fn msp(&self) -> Result<Msp, LedgerError> {
        Ok(Self::msp(self)?)
    }

    fn transact(
        &mut self,
        action: &Action,
        creator: &Creator<'_>,
        now: Millis,
        mut rng: &mut dyn CryptoRng,
    ) -> Result<Receipt, LedgerError> {
        let proposal = propose(self.config(), action, creator, now, &mut rng);
        let outcome = Self::transact(self, &proposal, &Transient::default(), creator.key, now)?;
        receipt(&proposal, outcome)
    }

    fn ask(&self, query: &Query, _: &Creator<'_>) -> Result<Vec<u8>, LedgerError> {
        let answered = answer(&mut Simulation::new(self.state()), &query.to_bytes());
        answered.map_err(|error: ContractError| LedgerError::new(meaning_of_refusal(&error), error))
    }

    /// Does not wait: nobody writes to this ledger while it is borrowed.
    fn events(&self, from: u64, _: Duration, _: &Creator<'_>) -> Result<Events, LedgerError> {
        let (mut events, next) = (Vec::new(), self.blocks().len() as u64);
        let from = usize::try_from(from.max(1)).unwrap_or(usize::MAX);
        self.blocks().iter().skip(from).try_for_each(|block| events_of(block, &mut events))?;
        Ok(Events { next, events })
    }

    fn outcome(&self, txid: TxId, _: &Creator<'_>) -> Result<Option<Code>, LedgerError> {
        Ok(Self::outcome(self, &txid).map(|outcome| outcome.code))
    }
}

/// The signed proposal of an action under a fresh txid.
fn propose(
    config: &Config,
    action: &Action,
    creator: &Creator<'_>,
    now: Millis,
    rng: &mut impl CryptoRng,
) -> SignedProposal {
    let (channel, contract, nonce) = (&config.channel, &config.contract, Nonce::random(rng));
    Proposal::new(channel, contract, nonce, creator.certificate, now, action.to_bytes()).sign(creator.key)
}

fn receipt(proposal: &SignedProposal, outcome: Outcome) -> Result<Receipt, LedgerError> {
    let txid = proposal.proposal.txid;
    match Meaning::of_code(outcome.code) {
        None => {
            Ok(Receipt { txid, block: outcome.version.block, signature: Signature::from_bytes(&proposal.signature)? })
        }
        Some(meaning) => {
            Err(LedgerError::new(meaning, format!("transaction {txid} was committed as {}", outcome.code)))
        }
    }
}

/// The events of the valid transactions of a block. Block 0 is the configuration, and has none.
fn events_of(committed: &CommittedBlock, events: &mut Vec<(u64, Event)>) -> Result<(), LedgerError> {
    let CommittedBlock { block, metadata } = committed;
    for (code, transaction) in metadata.codes.iter().zip(&block.transactions) {
        if *code == Code::Valid {
            let malformed = |error| LedgerError::new(Meaning::Malformed, error);
            events.push((block.header.number, event(transaction).map_err(malformed)?));
        }
    }
    Ok(())
}

fn event(signed: &[u8]) -> Result<Event, DecodeError> {
    let signed = SignedTransaction::from_bytes(signed)?;
    let proposal = Transaction::from_bytes(&signed.transaction)?.proposal;
    Ok(Event::of(&Action::from_bytes(&proposal.action)?, &proposal.creator))
}

const fn meaning_of_refusal(error: &ContractError) -> Meaning {
    match error.code() {
        0 => Meaning::Unavailable,
        code => Meaning::Refused(code),
    }
}

impl From<IdentityError> for LedgerError {
    fn from(error: IdentityError) -> Self {
        Self::new(Meaning::Denied, error)
    }
}

impl From<NetworkError> for LedgerError {
    fn from(error: NetworkError) -> Self {
        Self::new(meaning(&error), error)
    }
}

const fn meaning(error: &NetworkError) -> Meaning {
    match error {
        NetworkError::Endorse(EndorseError::Refused(refusal)) => Meaning::Refused(refusal.code),
        NetworkError::Endorse(EndorseError::Duplicate(_)) | NetworkError::Order(OrderError::Duplicate(_)) => {
            Meaning::Duplicate
        }
        NetworkError::Endorse(EndorseError::Store(_) | EndorseError::Limit(_))
        | NetworkError::Order(OrderError::Store(_) | OrderError::Block(_) | OrderError::NotAnOrderer(_))
        | NetworkError::NoPeer
        | NetworkError::NotStopped(_)
        | NetworkError::Peer { .. }
        | NetworkError::Commit(_)
        | NetworkError::Store(_) => Meaning::Unavailable,
        NetworkError::Endorse(_) | NetworkError::Order(_) | NetworkError::Identity(_) => Meaning::Denied,
        NetworkError::Policy { .. } => Meaning::Policy,
        NetworkError::Assemble(_) => Meaning::Malformed,
        NetworkError::Lost(txid) => Meaning::Unknown(*txid),
    }
}
