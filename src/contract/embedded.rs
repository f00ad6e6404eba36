//! The ledger of this crate ([`Network`]) as a [`Ledger`].

use super::action::Action;
use super::error::ContractError;
use super::event::{Event, Events};
use super::ledger::{Creator, Ledger, LedgerError, Meaning, Receipt};
use super::query::{Query, answer};
use crate::error::DecodeError;
use crate::identity::{IdentityError, Msp, Signature};
use crate::ledger::{
    Code, CommittedBlock, EndorseError, Network, NetworkError, Nonce, OrderError, Proposal, SignedTransaction,
    Simulation, Transaction, Transient, TxId,
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
        let (config, nonce) = (self.config(), Nonce::random(&mut rng));
        let proposal =
            Proposal::new(&config.channel, &config.contract, nonce, creator.certificate, now, action.to_bytes());
        let proposal = proposal.sign(creator.key);
        let txid = proposal.proposal.txid;
        let outcome = Self::transact(self, &proposal, &Transient::default(), creator.key, now)?;
        match Meaning::of_code(outcome.code) {
            None => Ok(Receipt {
                txid,
                block: outcome.version.block,
                signature: Signature::from_bytes(&proposal.signature)?,
            }),
            Some(meaning) => {
                Err(LedgerError::new(meaning, format!("transaction {txid} was committed as {}", outcome.code)))
            }
        }
    }

    fn ask(&self, query: &Query, _: &Creator<'_>) -> Result<Vec<u8>, LedgerError> {
        let answered = self.read(|snapshot| Ok(answer(&mut Simulation::new(snapshot), &query.to_bytes())))?;
        answered.map_err(|error: ContractError| LedgerError::new(meaning_of_refusal(&error), error))
    }

    /// Does not wait: nobody writes to this ledger while it is borrowed.
    fn events(&self, from: u64, _: Duration, _: &Creator<'_>) -> Result<Events, LedgerError> {
        let peer = (0..self.peers()).find_map(|i| self.peer(i)).ok_or(NetworkError::NoPeer)?;
        let (mut events, next) = (Vec::new(), peer.height());
        // Block 0 is the configuration.
        for number in from.max(1)..next {
            let CommittedBlock { block, metadata } = peer.block(number).map_err(NetworkError::from)?;
            for (code, transaction) in metadata.codes.iter().zip(&block.transactions) {
                if *code == Code::Valid {
                    let malformed = |error| LedgerError::new(Meaning::Malformed, error);
                    events.push((number, event(transaction).map_err(malformed)?));
                }
            }
        }
        Ok(Events { next, events })
    }

    fn outcome(&self, txid: TxId, _: &Creator<'_>) -> Result<Option<Code>, LedgerError> {
        Ok(Self::outcome(self, &txid)?.map(|outcome| outcome.code))
    }
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
