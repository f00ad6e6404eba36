//! A transaction on the ledger: proposed, endorsed, ordered, committed; and what the ledger then holds.

use super::FlowError;
use crate::contract::{self, Action, Record, ShareRequest};
use crate::identity::{Certificate, Member, Role, SigningKey};
use crate::ledger::{
    Code, Network, Nonce, Outcome, Proposal, SignedProposal, Simulation, State, Transient, TxId, Version,
};
use crate::time::Millis;
use crate::wire::Wire;

/// A transaction that was committed as valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Which.
    pub txid: TxId,
    /// Block and place in it.
    pub version: Version,
    /// The verdict: always [`Code::Valid`].
    pub code: Code,
}

/// Refuses a member of another role.
pub(super) fn of_role(role: Role, member: &Member) -> Result<(), FlowError> {
    if member.role == role { Ok(()) } else { Err(FlowError::WrongParty(member.id)) }
}

/// The transaction that `action` becomes, signed.
pub(super) fn propose(
    network: &Network,
    action: &Action,
    nonce: Nonce,
    certificate: &Certificate,
    key: &SigningKey,
    now: Millis,
) -> SignedProposal {
    let config = network.config();
    Proposal::new(&config.channel, &config.contract, nonce, certificate, now, action.to_bytes()).sign(key)
}

/// Endorsement, ordering and commit.
///
/// # Errors
/// [`FlowError::Network`] where the endorsers refuse, [`FlowError::Invalid`] where the committers do.
pub(super) fn commit(
    network: &mut Network,
    proposal: &SignedProposal,
    key: &SigningKey,
    now: Millis,
) -> Result<Receipt, FlowError> {
    let txid = proposal.proposal.txid;
    let Outcome { version, code } = network.transact(proposal, &Transient::default(), key, now)?;
    match code {
        Code::Valid => Ok(Receipt { txid, version, code }),
        code => Err(FlowError::Invalid { txid, code }),
    }
}

/// The record on the ledger.
pub(super) fn record(network: &Network, txid: TxId) -> Result<Record, FlowError> {
    network.read(|snapshot| Ok(record_in(&mut Simulation::new(snapshot), txid)))?
}

/// The share request on the ledger, if it is the latest of its kind and not completed.
pub(super) fn open_share(network: &Network, txid: TxId) -> Result<ShareRequest, FlowError> {
    network.read(|snapshot| Ok(open_share_in(&mut Simulation::new(snapshot), txid)))?
}

/// The record of this transaction in any state, for example that of a chain that is replayed.
///
/// # Errors
/// [`FlowError::NotOnLedger`]; [`FlowError::Contract`] where the state cannot be read.
pub fn record_in(state: &mut impl State, txid: TxId) -> Result<Record, FlowError> {
    contract::record(state, txid)?.ok_or(FlowError::NotOnLedger { what: "record", txid })
}

/// The share request of this transaction in any state, if it is the latest of its kind and not completed.
///
/// # Errors
/// [`FlowError::NotOnLedger`], [`FlowError::Closed`]; [`FlowError::Contract`] where the state cannot be read.
pub fn open_share_in(state: &mut impl State, txid: TxId) -> Result<ShareRequest, FlowError> {
    let found = contract::share(state, txid)?.ok_or(FlowError::NotOnLedger { what: "share request", txid })?;
    let latest = contract::latest_share(state, found.record, found.recipient)?;
    if found.completed.is_none() && latest == Some(txid) { Ok(found) } else { Err(FlowError::Closed(txid)) }
}
