//! The checks of an endorsing peer, and its signature: the same for peers with files and for those in memory.
//!
//! ```text
//! certificate's time, proposal's time window, txid, channel and contract, signature    at ingress
//! duplicate txid, role                                                                 before simulation
//! run the contract on the state, check the response's size; sign payload || own certificate
//! ```

use super::error::EndorseError;
use super::signer::Signer;
use crate::identity::Msp;
use crate::ledger::format::config::Config;
use crate::ledger::format::endorsement::{Endorsed, Endorsement, Payload, RESPONSE_LIMIT, verify};
use crate::ledger::format::proposal::{Proposal, SignedProposal, Transient};
use crate::ledger::state::contract::{Contract, Invocation, InvokeError, Simulation, StateError};
use crate::ledger::state::view::Committed;
use crate::time::Millis;
use crate::wire::Wire;

/// What an endorsing peer knows beside the state.
pub(super) struct Endorser<'a> {
    pub(super) config: &'a Config,
    /// Who may propose.
    pub(super) ingress: &'a Msp,
    pub(super) contract: &'a dyn Contract,
    pub(super) signer: &'a Signer,
}

impl Endorser<'_> {
    /// Simulates a proposal on `state` and signs the result. `now` is the peer's time.
    pub(super) fn endorse(
        &self,
        state: &impl Committed,
        signed: &SignedProposal,
        transient: &Transient,
        now: Millis,
    ) -> Result<Endorsed, EndorseError> {
        let SignedProposal { proposal, signature } = signed;
        let creator = self.ingress.validate_at(&proposal.creator, now.seconds())?;
        self.ingress_checks(proposal, now)?;
        verify(&creator.verifying_key, &proposal.to_bytes(), signature)?;
        if state.knows(&proposal.txid)? {
            return Err(EndorseError::Duplicate(proposal.txid));
        }
        if !creator.role.proposes() {
            return Err(EndorseError::Access(creator.role));
        }
        let mut simulation = Simulation::new(state);
        let call = Invocation {
            creator: &creator,
            certificate: &proposal.creator,
            timestamp: proposal.timestamp,
            transient,
            action: &proposal.action,
        };
        let response = self.contract.invoke(&mut simulation, &call).map_err(|error| match error {
            InvokeError::Refused(refusal) => EndorseError::Refused(refusal),
            InvokeError::State(StateError::Store(error)) => EndorseError::Store(error),
            InvokeError::State(error) => EndorseError::Limit(error),
        })?;
        if response.len() > RESPONSE_LIMIT as usize {
            let error = StateError::Limit { what: "response", limit: RESPONSE_LIMIT, got: response.len() };
            return Err(EndorseError::Limit(error));
        }
        let payload = Payload { proposal: proposal.digest(), response, rwset: simulation.finish() };
        let endorsement = Endorsement::sign(&payload.to_bytes(), &self.signer.certificate, &self.signer.key);
        Ok(Endorsed { payload, endorsement })
    }

    fn ingress_checks(&self, proposal: &Proposal, now: Millis) -> Result<(), EndorseError> {
        let Config { channel, contract, window, .. } = self.config;
        let (timestamp, window) = (proposal.timestamp, *window);
        if timestamp.0.abs_diff(now.0) > window {
            return Err(EndorseError::Time { timestamp, now, window });
        }
        if proposal.txid != proposal.txid() {
            return Err(EndorseError::TxId);
        }
        if proposal.channel != *channel {
            return Err(EndorseError::Channel(proposal.channel.clone()));
        }
        if proposal.contract != *contract {
            return Err(EndorseError::Contract(proposal.contract.clone()));
        }
        Ok(())
    }
}
