//! Figure 3, "Diffie-Hellman": a user and a hospital agree on sk. In addition, the user can give the hospital a key by
//! name.

use super::transaction::of_role;
use super::{FlowError, Hospital, User};
use crate::identity::{Msp, Role};
use crate::pre::{Handshake, Party, Session};
use crate::time::Seconds;
use rand_core::CryptoRng;

/// Runs the authenticated Diffie-Hellman between a user and a hospital. Both then hold sk.
///
/// The user is identified by the certificate of the first pseudonym. No record is written under this pseudonym, so
/// hospitals cannot use it to find each other's records of the user.
///
/// A further introduction of the same two gives another sk. Records that were encrypted before keep their own sk; new
/// records, and new shares to this hospital, use the new one.
///
/// # Errors
/// [`FlowError::Identity`]; [`FlowError::WrongParty`] for a member of another role; [`FlowError::Handshake`].
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

/// Does what [`introduce`] does; then the user signs a fresh A = g1^a for the hospital. The hospital encrypts the
/// user's records under Y = e(A, H2(record)), and keeps no secret that opens what it wrote: sk protects ID_i alone.
///
/// Departure: in the paper, the hospital's key comes from sk. See [`NamedSecret`](crate::pre::NamedSecret).
///
/// # Errors
/// Those of [`introduce`].
pub fn introduce_by_name(
    user: &mut User,
    hospital: &mut Hospital,
    msp: &Msp,
    now: Seconds,
    rng: &mut impl CryptoRng,
) -> Result<(), FlowError> {
    introduce(user, hospital, msp, now, rng)?;
    let key = user.give_key(hospital.id(), rng)?;
    hospital.take_key(&key, msp, now)
}
