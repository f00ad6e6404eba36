//! The two things that all actors do: agree on sk, and put a transaction on the ledger.

use super::{FlowError, Hospital, User};
use crate::contract::{self, Action, Record, Share};
use crate::identity::{Certificate, Member, Msp, Role, SigningKey};
use crate::ledger::{
    Code, Network, Nonce, Outcome, Proposal, SignedProposal, Simulation, State, Transient, TxId, Version,
};
use crate::pre::{Handshake, Party, Session};
use crate::time::{Millis, Seconds};
use crate::wire::Wire;
use rand_core::CryptoRng;

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

/// Authenticated Diffie-Hellman between a user and a hospital: both then hold sk.
///
/// The user goes by the certificate of the first pseudonym, which stands under no record: hospitals that compare what
/// they know of a user do not find each other's records by it.
///
/// # Errors
/// [`FlowError::Identity`], [`FlowError::WrongParty`] for another role, [`FlowError::Handshake`].
pub fn introduce(
    user: &mut User,
    hospital: &mut Hospital,
    msp: &Msp,
    now: Seconds,
    rng: &mut impl CryptoRng,
) -> Result<(), FlowError> {
    let (user_certificate, user_key) = user.first_member()?;
    let hospital_certificate = hospital.certificate();
    let initiator = Handshake::new(Party::Initiator, rng);
    let responder = Handshake::new(Party::Responder, rng);
    let session = Session {
        initiator: (user_certificate.der(), initiator.share()),
        responder: (hospital_certificate.der(), responder.share()),
    };
    let signed_i = user_key.sign(&session.statement(Party::Initiator).0);
    let signed_r = hospital.signing_key().sign(&session.statement(Party::Responder).0);
    // Each side checks the other's certificate, then its signature.
    let hospital_member = msp.validate_at(hospital_certificate, now)?;
    let user_member = msp.validate_at(user_certificate, now)?;
    of_role(Role::Hospital, &hospital_member)?;
    of_role(Role::User, &user_member)?;
    let sk_user = initiator.finish(&session, |s| hospital_member.verifying_key.verify(&s.0, &signed_r).is_ok())?;
    let sk_hospital = responder.finish(&session, |s| user_member.verifying_key.verify(&s.0, &signed_i).is_ok())?;
    user.remember(hospital_member.id, sk_user);
    hospital.remember(user_member.id, sk_hospital);
    Ok(())
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
pub(super) fn open_share(network: &Network, txid: TxId) -> Result<Share, FlowError> {
    network.read(|snapshot| Ok(open_share_in(&mut Simulation::new(snapshot), txid)))?
}

/// As [`record`], in any state.
pub(crate) fn record_in(state: &mut impl State, txid: TxId) -> Result<Record, FlowError> {
    contract::record(state, txid)?.ok_or(FlowError::NotOnLedger { what: "record", txid })
}

/// As [`open_share`], in any state.
pub(crate) fn open_share_in(state: &mut impl State, txid: TxId) -> Result<Share, FlowError> {
    let found = contract::share(state, txid)?.ok_or(FlowError::NotOnLedger { what: "share request", txid })?;
    let latest = contract::latest_share(state, found.record, found.recipient)?;
    if found.completed.is_none() && latest == Some(txid) { Ok(found) } else { Err(FlowError::Closed(txid)) }
}
