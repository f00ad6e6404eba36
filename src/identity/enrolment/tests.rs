use super::super::fixture::{NOW, Phone, Rogue, authority, issued, rng};
use super::super::{Authority, ParticipantGroup, PhoneNumber};
use super::*;

/// A person's registration: the authority, the sealed credentials and the key that opens them.
fn person() -> (Authority, SealedEnrolment, SealingKey, Ticket) {
    let mut ca = authority(ParticipantGroup::Users, 1);
    let mut phone = Phone::default();
    let number = PhoneNumber::new("+821012345678").unwrap();
    let ticket = ca.begin_registration(&number, NOW, &mut phone, &mut rng(2)).unwrap();
    let key = SealingKey::random(&mut rng(3));
    let answer = SealedCode::new(ca.root(), &ticket, phone.last(), &key.public(), &mut rng(4)).unwrap();
    let sealed = ca.finish_registration(&ticket, &answer, NOW, &mut rng(4)).unwrap();
    (ca, sealed, key, ticket)
}

fn institution() -> Institution {
    let mut ca = authority(ParticipantGroup::Hospitals, 1);
    let (certificate, signing_key) = issued(&mut ca, "Hospital A", Role::Hospital, 2);
    // The fixture draws the signing key, the identifier and the sealing key in this order.
    let rng = &mut rng(2);
    let _ = (SigningKey::random(rng), MemberId::random(rng));
    Institution::new(certificate, signing_key, SealingKey::random(rng)).unwrap()
}

#[test]
fn only_the_registered_participant_can_open() {
    let (ca, sealed, key, ticket) = person();
    assert!(sealed.open(&key, &ticket, ca.root()).is_ok());
    let refused = |sealed: &SealedEnrolment, key: &SealingKey, ticket: &Ticket, root: &Certificate| {
        assert_eq!(sealed.open(key, ticket, root).unwrap_err(), IdentityError::BadSignature);
    };
    refused(&sealed, &SealingKey::random(&mut rng(9)), &ticket, ca.root());
    refused(&sealed, &key, &Ticket([0; 16]), ca.root());
    refused(&sealed, &key, &ticket, authority(ParticipantGroup::Users, 9).root());
    let opened = sealed.open_institution(&key, &ticket, ca.root());
    assert_eq!(opened.unwrap_err(), IdentityError::BadSignature);
    let mut changed = sealed.to_bytes();
    changed[100] ^= 1;
    refused(&<SealedEnrolment as Wire>::from_bytes(&changed).unwrap(), &key, &ticket, ca.root());
}

/// Anybody can seal credentials to a public key. Only the authority can say for which ticket and key they are, and only
/// the authority can certify them.
#[test]
fn credentials_from_somebody_else_are_refused() {
    let (ca, sealed, key, ticket) = person();
    let genuine = sealed.open(&key, &ticket, ca.root()).unwrap();
    let other = Rogue::new(ParticipantGroup::Users, 9);
    let by = Issuer { root: &other.root, key: &other.key };
    let forged = SealedEnrolment::person(&genuine, &by, &ticket, &key.public(), &mut rng(5)).unwrap();
    assert_eq!(forged.open(&key, &ticket, &other.root).unwrap_err(), IdentityError::UnknownIssuer);
    let by = Issuer { root: ca.root(), key: &other.key };
    let forged = SealedEnrolment::person(&genuine, &by, &ticket, &key.public(), &mut rng(5)).unwrap();
    assert_eq!(forged.open(&key, &ticket, ca.root()).unwrap_err(), IdentityError::BadSignature);
}

#[test]
fn credentials_read_back() {
    let (ca, sealed, key, ticket) = person();
    let credentials = sealed.open(&key, &ticket, ca.root()).unwrap();
    let bytes = credentials.to_bytes();
    let read = Credentials::from_bytes(bytes.expose()).unwrap();
    assert_eq!(read.to_bytes().expose(), bytes.expose());
    assert!(read.pseudonyms().eq(credentials.pseudonyms()));
    let institution = institution();
    let bytes = institution.to_bytes();
    assert_eq!(Institution::from_bytes(bytes.expose()).unwrap().to_bytes().expose(), bytes.expose());
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let (ca, sealed, key, ticket) = person();
    let good = sealed.open(&key, &ticket, ca.root()).unwrap();
    let refused = |bad: &Credentials, error: IdentityError| {
        assert_eq!(Credentials::from_bytes(bad.to_bytes().expose()).unwrap_err(), error);
    };
    let mut bad = good.clone();
    bad.uid.0[0] ^= 1;
    refused(&bad, IdentityError::Inconsistent { what: "pseudonym" });
    let mut bad = good.clone();
    bad.vectors.swap(0, 1);
    refused(&bad, IdentityError::Inconsistent { what: "pseudonym" });
    let mut bad = good.clone();
    bad.members[0].1 = good.members[1].1.clone();
    refused(&bad, IdentityError::Inconsistent { what: "signing key" });
    let mut bad = good.clone();
    let hospital = institution();
    bad.members[0] = (hospital.certificate.clone(), hospital.signing_key.clone());
    refused(&bad, IdentityError::Inconsistent { what: "role" });
    let bad = Credentials { uid: good.uid, vectors: vec![], members: vec![] };
    refused(&bad, IdentityError::PseudonymCount(0));

    let refused = |signing_key: &SigningKey, sealing_key: &SealingKey, what| {
        let parts = (hospital.certificate.clone(), signing_key.clone(), sealing_key.clone());
        let bad = Institution { certificate: parts.0, signing_key: parts.1, sealing_key: parts.2 };
        assert_eq!(Institution::from_bytes(bad.to_bytes().expose()).unwrap_err(), IdentityError::Inconsistent { what });
    };
    refused(&good.members[0].1, &hospital.sealing_key, "signing key");
    refused(&hospital.signing_key, &key, "sealing key");
}

/// Reading a damaged file never panics and never returns other credentials than were written.
#[test]
fn flipped_bytes_of_a_file_are_refused() {
    let (ca, sealed, key, ticket) = person();
    let mut msp = Msp::new();
    msp.trust(ca.root()).unwrap();
    let credentials = sealed.open(&key, &ticket, ca.root()).unwrap();
    let mut bytes = credentials.to_bytes().expose().clone();
    for at in 0..bytes.len() {
        bytes[at] ^= 0x10;
        let read = Credentials::from_bytes(&bytes);
        let valid = read.and_then(|c| c.members.iter().try_for_each(|(c, _)| msp.validate(c).map(drop)));
        assert!(valid.is_err(), "byte {at}");
        bytes[at] ^= 0x10;
    }
    for bytes in [&bytes[..bytes.len() - 1], &bytes[..30], &[], &[&bytes[..], &[0]].concat()] {
        assert!(matches!(Credentials::from_bytes(bytes), Err(IdentityError::Decode(_))));
    }
    let hospital = institution().to_bytes();
    let magic = IdentityError::Decode(DecodeError::Magic { what: "credentials" });
    assert_eq!(Credentials::from_bytes(hospital.expose()).unwrap_err(), magic);
}

#[test]
fn nothing_secret_prints() {
    let (ca, sealed, key, ticket) = person();
    let credentials = sealed.open(&key, &ticket, ca.root()).unwrap();
    let printed = format!("{credentials:?} {:?}", institution());
    let (_, signing_key) = &credentials.members[0];
    for secret in [signing_key.to_bytes().expose(), credentials.vectors[0].expose(), &credentials.uid.0] {
        assert!(!printed.contains(&hex::encode(secret)) && !printed.contains(&format!("{secret:?}")));
    }
    assert_eq!(printed.matches("<redacted>").count(), 1 + 3 + 3 + 2);
}
