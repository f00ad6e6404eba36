use super::super::fixture::{NOW, authority, issued};
use super::super::{Authority, Group, MemberId, Msp, Role, SigningKey};
use super::*;
use proptest::prelude::*;
use proptest::sample::Index;

fn hospital() -> (Authority, Certificate, SigningKey) {
    let mut ca = authority(Group::Hospitals, 1);
    let (certificate, key) = issued(&mut ca, "Hospital Ä, \"north\" = 1", Role::Hospital, 2);
    (ca, certificate, key)
}

#[test]
fn says_what_was_certified() {
    let (ca, certificate, key) = hospital();
    let read = Certificate::from_der(certificate.der()).unwrap();
    assert_eq!(read, certificate);
    assert_eq!(read.subject().organisation, "Hospital Ä, \"north\" = 1");
    assert_eq!(read.subject().role, Role::Hospital);
    assert_eq!(read.issuer(), ca.root().subject());
    assert_eq!(*read.verifying_key(), key.verifying_key());
    assert_eq!((read.not_before(), read.not_after()), (NOW, NOW + Authority::MEMBER_LIFETIME));
    assert_eq!(read.fingerprint(), sha256(&[certificate.der()]));
    assert!(read.sealing_key().is_some());
    assert_eq!(read.verify(ca.root().verifying_key()), Ok(()));
    assert_eq!(read.verify(&key.verifying_key()), Err(IdentityError::BadSignature));
    assert_eq!(<Certificate as Wire>::from_bytes(&certificate.to_bytes()), Ok(certificate));
}

#[test]
fn too_long_is_refused_before_it_is_read() {
    let mut out = Writer::default();
    out.bytes(&[0x30; 4097]);
    let limit = DecodeError::Limit { what: "certificate", limit: 4096, got: 4097 };
    assert_eq!(<Certificate as Wire>::from_bytes(&out.into_bytes()), Err(limit));
    assert_eq!(Certificate::from_der(&[0x30; 4097]), Err(IdentityError::malformed("length")));
}
