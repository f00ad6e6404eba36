use super::super::fixture::{NOW, Phone, Rogue, authority, issued, issued_at, rng};
use super::super::{Msp, SealingKey, SealingPublicKey};
use super::*;
use crate::wire::Wire;

const NUMBER: &str = "+821012345678";

/// Begins a person's registration, up to the delivery of the code.
fn begin(ca: &mut Authority, number: &str, now: Seconds) -> (Ticket, String) {
    let mut phone = Phone::default();
    let number = PhoneNumber::new(number).unwrap();
    let ticket = ca.begin_registration(&number, now, &mut phone, &mut rng(10)).unwrap();
    (ticket, phone.last().to_owned())
}

/// Sends the code and the key as a participant does, in the registration of a person.
fn finish(
    ca: &mut Authority,
    ticket: &Ticket,
    code: &str,
    now: Seconds,
    key: &SealingPublicKey,
) -> Result<SealedEnrolment, IdentityError> {
    let answer = SealedCode::new(ca.root(), ticket, code, key, &mut rng(3)).unwrap();
    ca.finish_registration(ticket, &answer, now, &mut rng(u64::from(key.0[0])))
}

/// The same in the registration of an institution.
fn finish_institution(
    ca: &mut Authority,
    ticket: &Ticket,
    code: &str,
    key: &SealingPublicKey,
) -> Result<SealedEnrolment, IdentityError> {
    let answer = SealedCode::new(ca.root(), ticket, code, key, &mut rng(3)).unwrap();
    ca.finish_institution(ticket, &answer, NOW, &mut rng(4))
}

fn register(ca: &mut Authority, number: &str, now: Seconds, seed: u64) -> Credentials {
    let (ticket, code) = begin(ca, number, now);
    let key = SealingKey::random(&mut rng(seed));
    let sealed = finish(ca, &ticket, &code, now, &key.public()).unwrap();
    sealed.open(&key, &ticket, ca.root()).unwrap()
}

#[test]
fn a_person_receives_k_certified_pseudonyms() {
    let mut ca = authority(ParticipantGroup::Users, 1);
    let credentials = register(&mut ca, NUMBER, NOW + 12_345, 2);
    assert_eq!((credentials.vectors.len(), credentials.members.len()), (3, 3));
    let mut msp = Msp::new();
    msp.trust(ca.root()).unwrap();
    for ((certificate, key), vector) in credentials.members.iter().zip(&credentials.vectors) {
        let member = msp.validate_at(certificate, NOW + 12_345).unwrap();
        assert_eq!(Pseudonym::from(member.id), Pseudonym::derive(&credentials.uid, vector));
        assert_eq!((member.role, member.organisation.as_str()), (Role::User, "users"));
        assert_eq!(member.verifying_key.verify(b"tx", &key.sign(b"tx")), Ok(()));
        assert_eq!(ca.person(&member.id), Some(credentials.uid));
        assert_eq!(credentials.member(&member.id.into()).unwrap().0, *certificate);
    }
    assert_eq!(ca.person(&MemberId([0; 32])), None);
}

/// Two certificates of one person have no more in common than two certificates of two persons of the same day.
#[test]
fn certificates_do_not_link_the_pseudonyms() {
    let mut ca = authority(ParticipantGroup::Users, 1);
    let alice = register(&mut ca, NUMBER, NOW + 12_345, 2);
    let bob = register(&mut ca, "+821087654321", NOW + 54_321, 3);
    let all: Vec<_> = alice.members.iter().chain(&bob.members).map(|(certificate, _)| certificate).collect();
    for (n, a) in all.iter().enumerate() {
        assert_eq!((a.not_before(), a.not_after()), (NOW, NOW + Authority::MEMBER_LIFETIME));
        assert_eq!((a.issuer(), a.sealing_key()), (ca.root().subject(), None));
        assert_eq!(a.subject().organisation, "users");
        for b in &all[n + 1..] {
            assert_ne!(a.subject().id, b.subject().id);
            assert_ne!(a.serial(), b.serial());
            assert_ne!(a.verifying_key(), b.verifying_key());
        }
    }
}

/// Fabric checks a chain at the second after the member's first (msp/mspimpl.go, getValidityOptsForCert).
#[test]
fn a_root_is_valid_as_early_as_what_it_issues_on_its_first_day() {
    let now = NOW + 12_345;
    let mut ca = Authority::new(ParticipantGroup::Hospitals, &mut rng(1), now).unwrap();
    let (hospital, _) = issued_at(&mut ca, "Hospital A", Role::Hospital, now, 2);
    assert!(
        ca.root().not_before() <= hospital.not_before(),
        "{} > {}",
        ca.root().not_before().0,
        hospital.not_before().0
    );
    assert_eq!((ca.root().not_before(), ca.root().not_after()), (NOW, NOW + Authority::ROOT_LIFETIME));
    let subject = Subject::new("Hospital B", Role::Hospital, MemberId([1; 32])).unwrap();
    let early = ca.issue(&subject, hospital.verifying_key(), None, NOW - 1, &mut rng(3));
    assert_eq!(early, Err(IdentityError::NotYetValid));
}

/// The same randomness with another phone number gives the same uid, vectors and keys: none depends on the number.
#[test]
fn nothing_is_made_of_the_phone_number() {
    let bytes = |number| register(&mut authority(ParticipantGroup::Users, 1), number, NOW, 2).to_bytes();
    let (one, other) = (bytes(NUMBER), bytes("+4930123456"));
    assert_eq!(one.expose(), other.expose());
    assert!(!one.expose().windows(NUMBER.len() - 1).any(|w| w == &NUMBER.as_bytes()[1..]));
    let ca = authority(ParticipantGroup::Users, 1);
    assert_eq!(format!("{ca:?}"), "Authority { organisation: \"users\", issued: 0, .. }");
}

#[test]
fn refused_codes_issue_nothing() {
    let mut ca = authority(ParticipantGroup::Users, 1);
    let (ticket, code) = begin(&mut ca, NUMBER, NOW);
    let key = SealingKey::random(&mut rng(2)).public();
    let finished =
        |ca: &mut Authority, code: &str, now, key: &SealingPublicKey| finish(ca, &ticket, code, now, key).map(drop);
    assert_eq!(finished(&mut ca, "", NOW, &key), Err(IdentityError::WrongCode { left: 2 }));
    assert_eq!(finished(&mut ca, &code, NOW + 180, &key), Err(IdentityError::CodeExpired));
    // Credentials that cannot be sealed do not use up the code.
    assert_eq!(finished(&mut ca, &code, NOW, &SealingPublicKey([0; 32])), Err(IdentityError::BadSealingKey));
    assert!(ca.issued.is_empty());
    assert_eq!(finished(&mut ca, &code, NOW, &key), Ok(()));
    assert_eq!(ca.issued.len(), 3);
    assert_eq!(finished(&mut ca, &code, NOW, &key), Err(IdentityError::CodeReused));
    assert_eq!(ca.issued.len(), 3);
}

#[test]
fn an_institution_receives_one_certified_key() {
    let mut ca = authority(ParticipantGroup::Hospitals, 1);
    let (mut phone, number) = (Phone::default(), PhoneNumber::new(NUMBER).unwrap());
    let mut begin_as = |ca: &mut Authority, role| {
        ca.begin_institution("Hospital A", role, &number, NOW, &mut phone, &mut rng(10))
            .map(|t| (t, phone.last().to_owned()))
    };
    let wrong = IdentityError::WrongRole { group: ParticipantGroup::Hospitals, role: Role::Cloud };
    assert_eq!(begin_as(&mut ca, Role::Cloud), Err(wrong));
    assert_eq!(begin_as(&mut ca, Role::User), Err(IdentityError::NotAnInstitution));
    let (ticket, code) = begin_as(&mut ca, Role::Hospital).unwrap();
    let key = SealingKey::random(&mut rng(2));
    let public = key.public();
    // The ticket of an institution cannot register a person, and (below) the ticket of a person cannot register an
    // institution.
    let person = finish(&mut ca, &ticket, &code, NOW, &public);
    assert_eq!(person, Err(IdentityError::UnknownTicket));
    let sealed = finish_institution(&mut ca, &ticket, &code, &public).unwrap();
    assert_eq!(finish_institution(&mut ca, &ticket, &code, &public), Err(IdentityError::CodeReused));
    let sealed = SealedEnrolment::from_bytes(&sealed.to_bytes()).unwrap();
    let hospital = sealed.open_institution(&key, &ticket, ca.root()).unwrap();
    let mut msp = Msp::new();
    msp.trust(ca.root()).unwrap();
    let member = msp.validate(&hospital.certificate).unwrap();
    assert_eq!((member.organisation.as_str(), member.role), ("Hospital A", Role::Hospital));
    assert_eq!(member.sealing_key, Some(key.public()));
    assert_eq!(member.verifying_key, hospital.signing_key.verifying_key());
    // A person cannot register with the hospitals' authority.
    let (ticket, code) = begin(&mut ca, "+4930123456", NOW);
    let institution = finish_institution(&mut ca, &ticket, &code, &key.public());
    assert_eq!(institution, Err(IdentityError::NotAnInstitution));
    let wrong = IdentityError::WrongRole { group: ParticipantGroup::Hospitals, role: Role::User };
    assert_eq!(finish(&mut ca, &ticket, &code, NOW, &key.public()), Err(wrong));
}

#[test]
fn all_certificates_of_a_person_can_be_revoked() {
    let mut ca = authority(ParticipantGroup::Users, 1);
    let alice = register(&mut ca, NUMBER, NOW, 2);
    let bob = register(&mut ca, "+821087654321", NOW, 3);
    let mut msp = Msp::new();
    msp.trust(ca.root()).unwrap();
    ca.revoke_person(&alice.members[1].0.subject().id).unwrap();
    msp.revoke(&ca.revocations()).unwrap();
    assert!(alice.members.iter().all(|(c, _)| msp.validate(c) == Err(IdentityError::Revoked)));
    assert!(bob.members.iter().all(|(c, _)| msp.validate(c).is_ok()));
    assert_eq!(ca.revoke_person(&MemberId([0; 32])), Err(IdentityError::UnknownMember));
}

/// Whoever stands between a participant and the authority reads neither the code nor replaces the key.
#[test]
fn the_code_is_bound_to_the_key() {
    let mut ca = authority(ParticipantGroup::Users, 1);
    let (ticket, code) = begin(&mut ca, NUMBER, NOW);
    let key = SealingKey::random(&mut rng(2)).public();
    let answer = SealedCode::new(ca.root(), &ticket, &code, &key, &mut rng(3)).unwrap();
    assert!(!answer.to_bytes().windows(6).any(|part| part == code.as_bytes()));
    let mut bytes = answer.to_bytes();
    for at in (0..32).chain(36..bytes.len()) {
        bytes[at] ^= 1;
        let altered = SealedCode::from_bytes(&bytes).unwrap();
        let refused = ca.finish_registration(&ticket, &altered, NOW, &mut rng(4));
        assert_eq!(refused, Err(IdentityError::CannotOpen), "byte {at}");
        bytes[at] ^= 1;
    }
    // The answer counts for its own ticket and authority only. None of the above has used up an attempt.
    let number = PhoneNumber::new("+821087654321").unwrap();
    let other = ca.begin_registration(&number, NOW, &mut Phone::default(), &mut rng(11)).unwrap();
    let elsewhere = ca.finish_registration(&other, &answer, NOW, &mut rng(4));
    assert_eq!(elsewhere, Err(IdentityError::CannotOpen));
    let mut stranger = authority(ParticipantGroup::Users, 9);
    assert_eq!(stranger.finish_registration(&ticket, &answer, NOW, &mut rng(4)), Err(IdentityError::CannotOpen));
    assert!(ca.finish_registration(&ticket, &answer, NOW, &mut rng(4)).is_ok());
    let keyless = Rogue::new(ParticipantGroup::Users, 5).root;
    let refused = SealedCode::new(&keyless, &ticket, &code, &key, &mut rng(3));
    assert_eq!(refused, Err(IdentityError::NoSealingKey));
}

/// A new certificate keeps the identifier and the keys, so the consents of an ID_i go on after a certificate expires.
#[test]
fn a_certificate_is_renewed_for_the_same_identifier() {
    let mut ca = authority(ParticipantGroup::Users, 1);
    let mut alice = register(&mut ca, NUMBER, NOW, 2);
    let bob = register(&mut ca, "+821087654321", NOW, 3);
    let mut msp = Msp::new();
    msp.trust(ca.root()).unwrap();
    let later = NOW + (Authority::MEMBER_LIFETIME + 10 * DAY);
    let old = alice.members[1].0.clone();
    assert_eq!(msp.validate_at(&old, later), Err(IdentityError::Expired));
    let request = alice.renewals()[1].clone();
    let new = ca.renew(&request, later, &mut rng(5)).unwrap();
    assert!(msp.validate_at(&new, later).is_ok());
    assert_eq!((new.subject(), new.verifying_key()), (old.subject(), old.verifying_key()));
    assert_eq!(ca.person(&new.subject().id), Some(alice.uid));
    // A request that comes again, because the answer was lost, gets the same answer.
    assert_eq!(ca.renew(&request, later, &mut rng(6)), Ok(new.clone()));
    let much_later = later + 2 * Authority::MEMBER_LIFETIME;
    let newest = ca.renew(&request, much_later, &mut rng(6)).unwrap();
    assert!(msp.validate_at(&newest, much_later).is_ok(), "the answer expired before it came");
    // A request needs the old key, and the certificate must be one of this authority.
    let forged = Renewal::new(&bob.members[0].0, &alice.members[0].1);
    assert_eq!(ca.renew(&forged, later, &mut rng(5)), Err(IdentityError::BadSignature));
    let foreign = register(&mut authority(ParticipantGroup::Users, 9), NUMBER, NOW, 2).renewals()[0].clone();
    assert_eq!(ca.renew(&foreign, later, &mut rng(5)), Err(IdentityError::BadSignature));
    let too_late = NOW + 2 * Authority::ROOT_LIFETIME;
    assert_eq!(ca.renew(&bob.renewals()[0], too_late, &mut rng(5)), Err(IdentityError::Expired));
    // The credentials take the new certificate, and no other.
    assert_eq!(alice.renewed(bob.members[0].0.clone(), ca.root()), Err(IdentityError::UnknownMember));
    alice.renewed(new.clone(), ca.root()).unwrap();
    assert_eq!(Credentials::from_bytes(alice.to_bytes().expose()).unwrap().members[1].0, new);
    // A revocation covers the old certificate and the new one, and nothing revoked is renewed.
    ca.revoke(&new.subject().id).unwrap();
    msp.revoke(&ca.revocations()).unwrap();
    for certificate in [&old, &new, &newest] {
        assert_eq!(msp.validate(certificate), Err(IdentityError::Revoked));
    }
    assert_eq!(ca.renew(&alice.renewals()[1], later, &mut rng(5)), Err(IdentityError::Revoked));
}

#[test]
fn an_institution_renews_its_certificate() {
    let mut ca = authority(ParticipantGroup::Hospitals, 1);
    let (mut phone, number) = (Phone::default(), PhoneNumber::new(NUMBER).unwrap());
    let ticket = ca.begin_institution("A", Role::Hospital, &number, NOW, &mut phone, &mut rng(10)).unwrap();
    let key = SealingKey::random(&mut rng(2));
    let sealed = finish_institution(&mut ca, &ticket, phone.last(), &key.public()).unwrap();
    let mut hospital = sealed.open_institution(&key, &ticket, ca.root()).unwrap();
    let later = NOW + 2 * Authority::MEMBER_LIFETIME;
    let new = ca.renew(&hospital.renewal(), later, &mut rng(5)).unwrap();
    hospital.renewed(new.clone(), ca.root()).unwrap();
    assert_eq!((hospital.certificate, new.sealing_key()), (new.clone(), Some(&key.public())));
}

#[test]
fn an_identifier_has_one_certificate() {
    let mut ca = authority(ParticipantGroup::Hospitals, 1);
    let key = SigningKey::random(&mut rng(2)).verifying_key();
    let subject = Subject::new("Hospital A", Role::Hospital, MemberId([1; 32])).unwrap();
    assert!(ca.issue(&subject, &key, None, NOW, &mut rng(3)).is_ok());
    assert_eq!(ca.issue(&subject, &key, None, NOW, &mut rng(3)), Err(IdentityError::Exists));
}

#[test]
fn what_cannot_stand_in_a_certificate_is_not_issued() {
    let mut ca = authority(ParticipantGroup::Hospitals, 1);
    let key = SigningKey::random(&mut rng(2)).verifying_key();
    let mut ids = rng(4);
    let mut issue = |organisation: &str, role, now| {
        let subject = Subject { organisation: organisation.to_owned(), role, id: MemberId::random(&mut ids) };
        ca.issue(&subject, &key, None, now, &mut rng(3)).map(drop)
    };
    assert_eq!(issue("Hospital A", Role::Hospital, NOW), Ok(()));
    let malformed = Err(IdentityError::Malformed { what: "organisation" });
    for bad in ["", "a\nb", &"x".repeat(65)] {
        assert_eq!(issue(bad, Role::Hospital, NOW), malformed);
    }
    let wrong = IdentityError::WrongRole { group: ParticipantGroup::Hospitals, role: Role::Authority };
    assert_eq!(issue("Hospital A", Role::Authority, NOW), Err(wrong));
    assert_eq!(
        issue("users", Role::Hospital, NOW),
        Err(IdentityError::WrongOrganisation { authority: "hospitals".to_owned(), organisation: "users".to_owned() })
    );
    assert_eq!(issue("Hospital A", Role::Hospital, Seconds(u64::MAX)), Err(IdentityError::Expired));
    let late = Authority::new(ParticipantGroup::Cloud, &mut rng(4), Seconds(u64::MAX));
    assert_eq!(late.unwrap_err(), IdentityError::Malformed { what: "validity" });
    for k in [0, 257] {
        let refused = authority(ParticipantGroup::Users, 1).with_pseudonyms(k);
        assert_eq!(refused.unwrap_err(), IdentityError::PseudonymCount(k));
    }
}

/// What was begun with a phone before it is allowed again is forgotten, and cannot be finished.
#[test]
fn an_allowed_phone_has_no_open_registration() {
    let mut ca = authority(ParticipantGroup::Users, 1);
    let key = SealingKey::random(&mut rng(2)).public();
    let begin = |ca: &mut Authority, number: &str, seed| {
        let (number, mut phone) = (PhoneNumber::new(number).unwrap(), Phone::default());
        let ticket = ca.begin_registration(&number, NOW, &mut phone, &mut rng(seed)).unwrap();
        (ticket, phone.last().to_owned())
    };
    let (ticket, code) = begin(&mut ca, NUMBER, 11);
    let (other, other_code) = begin(&mut ca, "+821087654321", 12);
    ca.allow_phone(&PhoneNumber::new(NUMBER).unwrap());
    assert_eq!(finish(&mut ca, &ticket, &code, NOW, &key).err(), Some(IdentityError::UnknownTicket));
    assert!(finish(&mut ca, &other, &other_code, NOW, &key).is_ok());
    let (ticket, code) = begin(&mut ca, NUMBER, 13);
    assert!(finish(&mut ca, &ticket, &code, NOW, &key).is_ok());
}

/// Somebody on the way from the authority can put neither a certificate of another authority in the place of the new one, nor
/// an earlier certificate.
#[test]
fn a_renewal_takes_the_answer_of_the_authority_alone() {
    let mut ca = authority(ParticipantGroup::Users, 1);
    let mut alice = register(&mut ca, NUMBER, NOW, 2);
    let old = alice.members[0].0.clone();
    let forger = SigningKey::random(&mut rng(9));
    let forged = Rogue::sign(&forger, ca.root().subject(), old.subject(), *old.verifying_key());
    assert_eq!(alice.renewed(forged, ca.root()), Err(IdentityError::BadSignature));
    let new = ca.renew(&alice.renewals()[0], NOW + Authority::MEMBER_LIFETIME, &mut rng(5)).unwrap();
    alice.renewed(new.clone(), ca.root()).unwrap();
    assert_eq!(alice.renewed(old, ca.root()), Err(IdentityError::Superseded));
    assert_eq!(alice.members[0].0, new);
}

/// A restored authority has the same root and issues under it; keys of another authority are refused.
#[test]
fn an_authority_is_restored_from_its_keys() {
    let (old, other) = (authority(ParticipantGroup::Users, 31), authority(ParticipantGroup::Users, 32));
    let restore = |root: &Authority, key: &Authority, sealing: &Authority| {
        let sealing = SealingKey::from_bytes(sealing.keys().1.to_bytes().clone());
        Authority::restore(root.root().clone(), key.keys().0.clone(), sealing, &mut rng(33))
    };
    let mut again = restore(&old, &old, &old).unwrap();
    let (certificate, _) = issued(&mut again, "users", Role::User, 34);
    assert_eq!(certificate.verify(old.root().verifying_key()), Ok(()));
    assert_eq!(restore(&old, &other, &old).unwrap_err(), IdentityError::Inconsistent { what: "signing key" });
    assert_eq!(restore(&old, &old, &other).unwrap_err(), IdentityError::Inconsistent { what: "sealing key" });
    let member = Authority::restore(certificate, old.keys().0.clone(), SealingKey::random(&mut rng(35)), &mut rng(36));
    assert_eq!(member.unwrap_err(), IdentityError::NotARoot);
}
