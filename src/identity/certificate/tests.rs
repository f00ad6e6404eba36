use super::super::fixture::{NOW, authority, issued};
use super::super::{Authority, Msp, ParticipantGroup, Role, SigningKey};
use super::*;
use proptest::prelude::*;
use proptest::sample::Index;

fn hospital() -> (Authority, Certificate, SigningKey) {
    let mut ca = authority(ParticipantGroup::Hospitals, 1);
    let (certificate, key) = issued(&mut ca, "Hospital Ä, \"north\" = 1", Role::Hospital, 2);
    (ca, certificate, key)
}

#[test]
fn a_certificate_holds_what_was_certified() {
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
fn a_certificate_has_one_form_in_pem() {
    let (_, certificate, _) = hospital();
    let pem = certificate.to_pem().unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\nMII") && pem.ends_with("\n-----END CERTIFICATE-----\n"));
    assert!(pem.lines().all(|line| line.len() <= 64));
    assert_eq!(Certificate::from_pem(&pem), Ok(certificate));
    let not_pem = Err(IdentityError::BadPem { what: "certificate" });
    for text in [
        String::new(),
        format!("Certificate:\n{pem}"),
        format!("{pem}\n"),
        pem.trim_end().to_owned(),
        pem.replace('\n', "\r\n"),
        pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        [pem.as_str(), &pem].concat(),
        "A".repeat(9000),
    ] {
        assert_eq!(Certificate::from_pem(&text), not_pem, "{text:?}");
    }
    assert_eq!(Certificate::from_pem(&pem.replacen("MII", "MIJ", 1)), Err(IdentityError::malformed("DER")));
}

#[test]
fn a_too_long_certificate_is_refused_before_parsing() {
    let mut out = Writer::default();
    out.bytes(&[0x30; 4097]);
    let limit = DecodeError::Limit { what: "certificate", limit: 4096, got: 4097 };
    assert_eq!(<Certificate as Wire>::from_bytes(&out.into_bytes()), Err(limit));
    assert_eq!(Certificate::from_der(&[0x30; 4097]), Err(IdentityError::malformed("length")));
}

/// Checks that reading or validating refuses `der`, without a panic.
fn refused(msp: &Msp, der: &[u8]) -> IdentityError {
    Certificate::from_der(der).and_then(|certificate| msp.validate(&certificate)).expect_err("accepted")
}

/// Tries all single-bit changes, about 5,000, of a member's certificate and of a root.
#[test]
fn every_flipped_bit_is_refused() {
    let (ca, certificate, _) = hospital();
    let mut msp = Msp::new();
    msp.trust(ca.root()).unwrap();
    msp.validate(&certificate).unwrap();
    let mut der = certificate.der().to_vec();
    for bit in 0..der.len() * 8 {
        der[bit / 8] ^= 1 << (bit % 8);
        refused(&msp, &der);
        der[bit / 8] ^= 1 << (bit % 8);
    }
    let mut der = ca.root().der().to_vec();
    for bit in 0..der.len() * 8 {
        der[bit / 8] ^= 1 << (bit % 8);
        let trusted = Certificate::from_der(&der).and_then(|root| Msp::new().trust(&root));
        assert!(trusted.is_err(), "bit {bit} of a root");
        der[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn the_signature_with_high_s_is_refused() {
    let (ca, certificate, _) = hospital();
    let mut msp = Msp::new();
    msp.trust(ca.root()).unwrap();
    let with = |signature: &p256::ecdsa::Signature| {
        let bits = der::asn1::BitString::from_bytes(signature.to_der().as_bytes()).unwrap().to_der().unwrap();
        let parsed = x509_cert::Certificate::from_der(certificate.der()).unwrap();
        let content =
            [parsed.tbs_certificate().to_der().unwrap(), parsed.signature_algorithm().to_der().unwrap(), bits].concat();
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[0x30, 0x82, high, low], content.as_slice()].concat()
    };
    let low = p256::ecdsa::Signature::from_slice(certificate.0.signature.as_bytes()).unwrap();
    let high = p256::ecdsa::Signature::from_scalars(low.r(), -low.s()).unwrap();
    assert_eq!(with(&low), certificate.der());
    assert_eq!(refused(&msp, &with(&high)), IdentityError::HighS);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_and_lengths_are_refused(at: Index, with: u8, end: Index, more in prop::collection::vec(any::<u8>(), 1..9)) {
        let (ca, certificate, _) = hospital();
        let mut msp = Msp::new();
        msp.trust(ca.root()).unwrap();
        let der = certificate.der();
        let mut changed = der.to_vec();
        *at.get_mut(&mut changed) = with;
        if changed != der {
            refused(&msp, &changed);
        }
        refused(&msp, &der[..end.index(der.len())]);
        refused(&msp, &[der, &more].concat());
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(bytes: Vec<u8>) {
        prop_assert!(Certificate::from_der(&bytes).is_err());
        prop_assert!(<Certificate as Wire>::from_bytes(&bytes).is_err());
    }
}
