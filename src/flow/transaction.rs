//! Proposes, endorses, orders and commits a transaction, and reads the ledger's state.

use super::FlowError;
use crate::contract::{self, Action, Record, ShareRequest, ShareStatus};
use crate::identity::{Certificate, Member, Role, SigningKey};
use crate::ledger::{
    Code, Network, Nonce, Outcome, Proposal, SignedProposal, Simulation, State, Transient, TxId, Version,
};
use crate::time::Millis;
use crate::wire::Wire;

/// A transaction that was committed as valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction.
    pub txid: TxId,
    /// The block and the place in the block.
    pub version: Version,
    /// The verdict: always [`Code::Valid`].
    pub code: Code,
}

/// Refuses a member of another role.
pub(super) fn of_role(role: Role, member: &Member) -> Result<(), FlowError> {
    if member.role == role { Ok(()) } else { Err(FlowError::WrongParty(member.id)) }
}

/// Makes the signed proposal of `action`.
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

/// Has a proposal endorsed, ordered and committed.
///
/// # Errors
/// [`FlowError::Network`] where the endorsers refuse the proposal; [`FlowError::Invalid`] where the committed
/// transaction is not valid.
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

/// Reads the record of this transaction on the ledger.
pub(super) fn record(network: &Network, txid: TxId) -> Result<Record, FlowError> {
    network.read(|snapshot| Ok(record_in(&mut Simulation::new(snapshot), txid)))?
}

/// Reads the share request of this transaction on the ledger. It must be open at `now`.
pub(super) fn open_share(network: &Network, txid: TxId, now: Millis) -> Result<ShareRequest, FlowError> {
    network.read(|snapshot| Ok(open_share_in(&mut Simulation::new(snapshot), txid, now)))?
}

/// Reads the share request of this transaction on the ledger, whatever its status.
pub(super) fn share(network: &Network, txid: TxId) -> Result<ShareRequest, FlowError> {
    network.read(|snapshot| Ok(share_in(&mut Simulation::new(snapshot), txid)))?
}

/// Reads the record of this transaction in any state, for example in the state of a replayed chain.
///
/// # Errors
/// [`FlowError::NotOnLedger`]; [`FlowError::Contract`] where the state cannot be read.
pub fn record_in(state: &mut impl State, txid: TxId) -> Result<Record, FlowError> {
    contract::record(state, txid)?.ok_or(FlowError::NotOnLedger { what: "record", txid })
}

fn share_in(state: &mut impl State, txid: TxId) -> Result<ShareRequest, FlowError> {
    contract::share(state, txid)?.ok_or(FlowError::NotOnLedger { what: "share request", txid })
}

/// Reads the share request of this transaction in any state. At `now`, the time of the participant who acts, it must be
/// the latest request of its record and recipient, neither completed nor withdrawn, and the consent must not have
/// ended.
///
/// # Errors
/// [`FlowError::NotOnLedger`], [`FlowError::Closed`], [`FlowError::Withdrawn`], [`FlowError::Ended`];
/// [`FlowError::Contract`] where the state cannot be read.
pub fn open_share_in(state: &mut impl State, txid: TxId, now: Millis) -> Result<ShareRequest, FlowError> {
    let found = share_in(state, txid)?;
    match found.status {
        ShareStatus::Withdrawn { .. } => return Err(FlowError::Withdrawn(txid)),
        ShareStatus::Completed { .. } => return Err(FlowError::Closed(txid)),
        ShareStatus::Open => {}
    }
    if contract::latest_share(state, found.record, found.recipient)? != Some(txid) {
        return Err(FlowError::Closed(txid));
    }
    if found.has_ended(now) { Err(FlowError::Ended(txid)) } else { Ok(found) }
}
