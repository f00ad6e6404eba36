//! Who is at fault if a record does not arrive: signatures and the proofs of `pre::proof` decide.
//!
//! ```text
//! check                                                    who checks              at fault if it fails
//! the note has Y, the header and the body of the envelope  user, before confirming the record's hospital
//! the grant has a note of the record's author              anybody                 user
//! e(g1, k_j) = Δ_j                                         cloud j, before acting  user (k_j)
//! the delivery has the author's note, of the grant's epoch anybody                 cloud j
//! the note of the delivery is that of the grant            anybody                 the author, who signed both
//! the note of the cloud is that of the user                user, before a rotation who signed both
//! proof of re-encryption against Δ_j, Z, C, C'_j           anybody                 cloud j
//! e(g1, k'_e) = Δ·Y                                        hospital B              user (k'_e or Δ)
//! the body has the digest of the note                      hospital B              the cloud that sent it
//! com, tags, commitment on the ledger, after all the above hospital B              the author of the note
//! ```
//!
//! The author of a note is the hospital that wrote the record or, after a rotation, the user. The cloud compares its
//! stored note with the granted one before it acts.
//!
//! If all checks but the last hold, C' decrypts to the M to which the key of Y decrypts C: then the clouds are not at
//! fault, and the granted keys are right. The checks of a delivery need signed and public values alone, so hospital B
//! can show a false delivery to anybody. The grant has the note that the user checked. If a hospital signs another
//! header or Y for the cloud, there are two notes with its signature, which show that the hospital, and not the user,
//! is at fault.

use super::messages::{Delivery, Grant, Signed, Upload};
use super::transaction::{self, of_role};
use super::{FlowError, Misbehaviour};
use crate::contract::{Creator, Ledger, Record, ShareRequest, ShareStatus, Shared};
use crate::identity::{IdentityError, MemberId, Msp, Role};
use crate::pre::{Params, Statement};

/// Checks a delivery of a cloud, without a secret. Returns the index of the cloud's share.
///
/// # Errors
/// [`FlowError::Identity`] where the signature of the delivery does not hold, or a certificate is refused, so that
/// nobody can be blamed; [`FlowError::WrongParty`]; [`FlowError::NotReencrypted`] for a delivery for another request;
/// [`FlowError::Misbehaved`], which names the cloud, or the author of two notes.
pub fn check_delivery(
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
    let author = match written_by(msp, upload, record) {
        Ok(author) if upload.content.record == share.record => author,
        Err(unsure @ FlowError::Identity(_)) => return Err(unsure),
        _ => return Err(Misbehaviour::Delivery.by(signer.id)),
    };
    let note = &upload.content;
    if note.epoch != grant.note.content.epoch {
        return Err(Misbehaviour::Delivery.by(signer.id));
    }
    if *note != grant.note.content {
        return Err(Misbehaviour::Note.by(author));
    }
    let delta = grant.public.of_share(index)?;
    let (before, after) = ([note.header.capsule], [note.header.capsule.with_c(*c_prime)]);
    let holds = Statement::new(params, &delta, &before, &after, &request.0.0)
        .is_ok_and(|statement| proof.verify(params, &statement).is_ok());
    if holds { Ok(index) } else { Err(Misbehaviour::Proof.by(signer.id)) }
}

/// The author of a signed note: the hospital that wrote the record, or the holder of its ID_i after a rotation.
///
/// # Errors
/// [`FlowError::WrongParty`] for a note that the author has not signed; [`FlowError::Identity`] where nobody can tell
/// whether the author has signed, for example because the certificate is revoked.
fn written_by(msp: &Msp, note: &Signed<Upload>, record: &Record) -> Result<MemberId, FlowError> {
    let author = note.content.author(record);
    match note.verify(msp) {
        Ok(signer) if signer.id == author => Ok(author),
        Ok(_) => Err(FlowError::WrongParty(author)),
        Err(FlowError::Identity(IdentityError::BadSignature | IdentityError::UnknownIssuer)) => {
            Err(FlowError::WrongParty(author))
        }
        Err(error) => Err(error),
    }
}

/// Checks the note in a grant: it must be about the record, with the signature of its author.
///
/// # Errors
/// [`FlowError::Misbehaved`], which names the user; [`FlowError::Identity`].
pub fn check_granted_note(
    msp: &Msp,
    (share, record): (&ShareRequest, &Record),
    grant: &Grant,
) -> Result<(), FlowError> {
    match written_by(msp, &grant.note, record) {
        Ok(_) if grant.note.content.record == share.record => Ok(()),
        Err(unsure @ FlowError::Identity(_)) => Err(unsure),
        _ => Err(Misbehaviour::Grant.by(record.id.into())),
    }
}

/// Checks the deliveries of a completed request, without a secret: their digest is the one on the ledger, at least t
/// clouds signed them, and their proofs hold. `by` signs the question to the ledger; any member of the channel can do
/// so.
///
/// # Errors
/// [`FlowError::NoRequest`]; [`FlowError::Ledger`]; [`FlowError::Grant`]; [`FlowError::Deliveries`];
/// [`FlowError::Misbehaved`], which names the participant at fault; [`FlowError::NotReencrypted`];
/// [`FlowError::Identity`]; [`FlowError::WrongParty`].
pub fn verify_deliveries(
    ledger: &dyn Ledger,
    by: &Creator<'_>,
    params: &Params,
    grant: &Grant,
    deliveries: &[Signed<Delivery>],
) -> Result<(), FlowError> {
    let Shared { share, record, .. } = transaction::share(ledger, grant.request, by)?;
    grant.check(&share)?;
    let completed = match share.status {
        ShareStatus::Completed { deliveries: digest, .. } => digest == Delivery::digest(deliveries),
        ShareStatus::Open | ShareStatus::Withdrawn { .. } => false,
    };
    let msp = ledger.msp()?;
    check_granted_note(&msp, (&share, &record), grant)?;
    let mut indices = deliveries
        .iter()
        .map(|delivery| check_delivery(params, &msp, (&share, &record), grant, delivery))
        .collect::<Result<Vec<_>, _>>()?;
    indices.sort_unstable();
    indices.dedup();
    let enough = indices.len() >= usize::from(grant.public.threshold().t());
    if completed && enough { Ok(()) } else { Err(FlowError::Deliveries) }
}
