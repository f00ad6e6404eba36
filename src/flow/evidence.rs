//! Who is at fault where a record does not arrive, as `pre::proof` and signatures decide it.
//!
//! ```text
//! check                                                    who checks              at fault if it fails
//! Y and the header of the note are those of the envelope   user, before confirming the record's hospital
//! e(g1, k_j) = Δ_j                                         cloud j, before acting  user (k_j)
//! the delivery has the note of the record                  anybody                 cloud j
//! proof of re-encryption against Δ_j, Z, C, C'_j           anybody                 cloud j
//! e(g1, k'_e) = Δ·Y                                        hospital B              user (k'_e or Δ)
//! two notes about one record are equal                     hospital B              who signed them
//! the body has the digest of the note                      hospital B              the cloud that sent it
//! com, tags, commitment on the ledger, after all the above hospital B              who signed the note
//! ```
//!
//! If the checks above the last one hold, C' opens to what the key of Y opens: the clouds and the user are not at fault.
//! The checks of a delivery need signed and public values alone, so hospital B can show a false delivery to anybody. The
//! user keeps the note that came with the alarm: a hospital that signs another Y later has signed two.

use super::messages::{Delivery, Grant, Signed};
use super::transaction::{self, of_role};
use super::{FlowError, Misbehaviour};
use crate::contract::{Record, ShareRequest, ShareStatus};
use crate::identity::{IdentityError, Msp, Role};
use crate::ledger::Network;
use crate::pre::{Params, Statement};

/// Checks a delivery by the cloud with no secret. Returns the index.
///
/// # Errors
/// [`FlowError::Identity`] for a delivery that nobody is bound to; [`FlowError::WrongParty`]; [`FlowError::NotReencrypted`]
/// for another request; [`FlowError::Misbehaved`], which names the cloud.
pub(super) fn check_delivery(
    params: &Params,
    msp: &Msp,
    (share, record): (&ShareRequest, &Record),
    grant: &Grant,
    delivery: &Signed<Delivery>,
) -> Result<u8, FlowError> {
    let signer = delivery.verify(msp)?;
    of_role(Role::Cloud, &signer)?;
    let index = grant.index(signer.id)?;
    let Delivery { request, upload, c_prime, proof } = &delivery.content;
    if *request != grant.request {
        return Err(FlowError::NotReencrypted(grant.request));
    }
    let author = match upload.verify(msp) {
        Err(FlowError::Identity(IdentityError::BadSignature)) => return Err(Misbehaviour::Delivery.by(signer.id)),
        author => author?,
    };
    let note = &upload.content;
    if (note.record, note.epoch) != (share.record, grant.epoch) || author.id != note.author(record) {
        return Err(Misbehaviour::Delivery.by(signer.id));
    }
    let delta = grant.public.of_share(index)?;
    let (before, after) = ([note.header.capsule], [note.header.capsule.with_c(*c_prime)]);
    let holds = Statement::new(params, &delta, &before, &after, &request.0.0)
        .is_ok_and(|statement| proof.verify(params, &statement).is_ok());
    if holds { Ok(index) } else { Err(Misbehaviour::Proof.by(signer.id)) }
}

/// Checks the deliveries of a completed request, with no secret: that their digest is the one on the ledger, that at least t
/// clouds signed them, and that their proofs hold.
///
/// # Errors
/// [`FlowError::NotOnLedger`]; [`FlowError::Grant`]; [`FlowError::Deliveries`]; [`FlowError::Misbehaved`], which names the
/// cloud at fault; [`FlowError::Identity`]; [`FlowError::WrongParty`].
pub fn verify_deliveries(
    network: &Network,
    params: &Params,
    grant: &Grant,
    deliveries: &[Signed<Delivery>],
) -> Result<(), FlowError> {
    let share = transaction::share(network, grant.request)?;
    if (share.delta, share.grant) != (grant.delta(), grant.digest()) {
        return Err(FlowError::Grant);
    }
    let completed = match share.status {
        ShareStatus::Completed { deliveries: digest, .. } => digest == Delivery::digest(deliveries),
        ShareStatus::Open | ShareStatus::Withdrawn { .. } => false,
    };
    let (record, msp) = (transaction::record(network, share.record)?, network.msp()?);
    let mut indices = deliveries
        .iter()
        .map(|delivery| check_delivery(params, &msp, (&share, &record), grant, delivery))
        .collect::<Result<Vec<_>, _>>()?;
    indices.sort_unstable();
    indices.dedup();
    let enough = indices.len() >= usize::from(grant.public.threshold().t());
    if completed && enough { Ok(()) } else { Err(FlowError::Deliveries) }
}
