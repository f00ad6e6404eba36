use super::super::Certificate;
use super::super::fixture::{NOW, rng};
use super::*;

/// A correctly signed certificate with freely chosen names, extensions and key, so that only its form can be wrong.
struct Free {
    issuer: Name,
    subject: Name,
    extensions: Vec<Extension>,
    key: SubjectPublicKeyInfo<Any, BitString>,
    serial: Vec<u8>,
    validity: (Seconds, Seconds),
}

impl BuilderProfile for &Free {
    fn get_issuer(&self, _: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        _: &TbsCertificate,
    ) -> BuilderResult<Vec<Extension>> {
        Ok(self.extensions.clone())
    }
}

impl Free {
    /// A well-formed certificate.
    fn new() -> Self {
        let key = SigningKey::random(&mut rng(1)).verifying_key().inner().unwrap();
        let usage = KeyUsage(KeyUsages::DigitalSignature.into());
        Self {
            issuer: name(&[("O", "users"), ("OU", "authority"), ("CN", &"1".repeat(64))]),
            subject: name(&[("O", "users"), ("OU", "user"), ("CN", &"a".repeat(64))]),
            extensions: vec![usage.to_extension(&Name::default(), &[]).unwrap()],
            key: SubjectPublicKeyInfo::from_key(&key).unwrap(),
            serial: vec![0x55; 16],
            validity: (NOW, NOW),
        }
    }

    fn read(&self) -> Result<Certificate, IdentityError> {
        let signer = SigningKey::random(&mut rng(2));
        let serial = SerialNumber::new(&self.serial).unwrap();
        let validity = Validity::new(time(self.validity.0).unwrap(), time(self.validity.1).unwrap());
        let mut builder = CertificateBuilder::new(self, serial, validity, self.key.clone()).unwrap();
        let signature = signer.sign(&builder.finalize(signer.inner()).unwrap()).to_der().unwrap();
        let signature = BitString::from_bytes(&signature).unwrap();
        Certificate::from_der(&builder.assemble(signature, signer.inner()).unwrap().to_der().unwrap())
    }

    fn refused(&self, what: &'static str) {
        assert_eq!(self.read().unwrap_err(), IdentityError::Malformed { what });
    }
}

/// The attributes in order, as UTF8Strings.
fn name(attributes: &[(&str, &str)]) -> Name {
    let mut rdns = RdnSequence::default();
    for (kind, text) in attributes {
        let oid = match *kind {
            "O" => ORGANISATION,
            "OU" => ORGANISATIONAL_UNIT,
            "CN" => COMMON_NAME,
            other => ObjectIdentifier::new_unwrap(other),
        };
        let value = Any::encode_from(&Utf8StringRef::new(text).unwrap()).unwrap();
        rdns.push(RelativeDistinguishedName::try_from(vec![AttributeTypeAndValue { oid, value }]).unwrap());
    }
    Name::from_der(&rdns.to_der().unwrap()).unwrap()
}

fn extension(oid: &str, critical: bool, value: &[u8]) -> Extension {
    Extension { extn_id: ObjectIdentifier::new_unwrap(oid), critical, extn_value: OctetString::new(value).unwrap() }
}

#[test]
fn a_certificate_has_exactly_one_role() {
    assert!(Free::new().read().is_ok());
    let id = "a".repeat(64);
    let subject = |attributes: &[(&str, &str)]| Free { subject: name(attributes), ..Free::new() };
    subject(&[("O", "users"), ("CN", &id)]).refused("name");
    subject(&[("O", "users"), ("OU", "administrator"), ("CN", &id)]).refused("role");
    subject(&[("O", "users"), ("OU", "User"), ("CN", &id)]).refused("role");
    subject(&[("O", "users"), ("OU", "user"), ("OU", "cloud"), ("CN", &id)]).refused("name");
    subject(&[("O", "users"), ("OU", "user"), ("OU", "user"), ("CN", &id)]).refused("name");
}

#[test]
fn names_have_one_form() {
    let id = "a".repeat(64);
    let subject = |attributes: &[(&str, &str)]| Free { subject: name(attributes), ..Free::new() };
    subject(&[]).refused("name");
    subject(&[("OU", "user"), ("CN", &id)]).refused("name");
    subject(&[("O", "users"), ("OU", "user")]).refused("name");
    subject(&[("O", ""), ("OU", "user"), ("CN", &id)]).refused("organisation");
    subject(&[("O", &"x".repeat(65)), ("OU", "user"), ("CN", &id)]).refused("organisation");
    subject(&[("OU", "user"), ("O", "users"), ("CN", &id)]).refused("name");
    subject(&[("O", "users"), ("OU", "user"), ("CN", &id), ("2.5.4.42", "Hong Gildong")]).refused("name");
    for cn in [&id[1..], &id.to_uppercase(), "Hong Gildong"] {
        subject(&[("O", "users"), ("OU", "user"), ("CN", cn)]).refused("name");
    }
    subject(&[("O", "users"), ("O", "users"), ("OU", "user"), ("CN", &id)]).refused("name");
    Free { issuer: name(&[("O", "users")]), ..Free::new() }.refused("name");
}

#[test]
fn extensions_suit_the_role() {
    let with = |more: Extension| {
        let mut free = Free::new();
        free.extensions.push(more);
        free
    };
    let ca = BasicConstraints { ca: true, path_len_constraint: None }.to_der().unwrap();
    with(extension("2.5.29.19", true, &ca)).refused("extensions");
    with(Free::new().extensions[0].clone()).refused("extensions");
    with(extension("1.2.3.4", true, &[5, 0])).refused("extensions");
    assert!(with(extension("1.2.3.4", false, &[5, 0])).read().is_ok());
    Free { extensions: vec![], ..Free::new() }.refused("version");
    Free { extensions: vec![extension("1.2.3.4", false, &[5, 0])], ..Free::new() }.refused("extensions");
    let usage = KeyUsage(KeyUsages::KeyCertSign.into()).to_extension(&Name::default(), &[]).unwrap();
    Free { extensions: vec![usage], ..Free::new() }.refused("extensions");
    // A root without the right to sign certificates.
    Free { subject: Free::new().issuer, ..Free::new() }.refused("extensions");

    let sealing = |value: &[u8]| with(extension("1.3.6.1.4.1.32473.25519.1", false, value));
    let good = sealing(&[&[4, 32][..], &[9; 32]].concat()).read().unwrap();
    assert_eq!(good.sealing_key(), Some(&SealingPublicKey([9; 32])));
    sealing(&[&[4, 31][..], &[9; 31]].concat()).refused("extensions");
    sealing(&[9; 32]).refused("extensions");
}

#[test]
fn keys_are_uncompressed_points_of_p256() {
    let with = |edit: fn(&mut SubjectPublicKeyInfo<Any, BitString>)| {
        let mut free = Free::new();
        edit(&mut free.key);
        free
    };
    let p384 = |key: &mut SubjectPublicKeyInfo<Any, BitString>| {
        key.algorithm.parameters = Some(Any::encode_from(&ObjectIdentifier::new_unwrap("1.3.132.0.34")).unwrap());
    };
    with(p384).refused("public key algorithm");
    with(|key| key.algorithm.parameters = None).refused("public key algorithm");
    with(|key| key.algorithm.oid = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1"))
        .refused("public key algorithm");
    let compressed = |key: &mut SubjectPublicKeyInfo<Any, BitString>| {
        let point = key.subject_public_key.raw_bytes();
        let short = [&[2 + (point[64] & 1)], &point[1..33]].concat();
        key.subject_public_key = BitString::from_bytes(&short).unwrap();
    };
    with(compressed).refused("public key");
    let off_curve = |key: &mut SubjectPublicKeyInfo<Any, BitString>| {
        let mut point = key.subject_public_key.raw_bytes().to_vec();
        point[64] ^= 1;
        key.subject_public_key = BitString::from_bytes(&point).unwrap();
    };
    assert_eq!(with(off_curve).read().unwrap_err(), IdentityError::BadKey);
}

#[test]
fn serials_and_times_have_one_form() {
    Free { serial: vec![1; 15], ..Free::new() }.refused("serial number");
    Free { serial: vec![1; 17], ..Free::new() }.refused("serial number");
    Free { validity: (NOW, NOW - 1), ..Free::new() }.refused("validity");
    // UTCTime up to 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5).
    for year_2049_or_2050 in [Seconds(2_524_607_999), Seconds(2_524_608_000)] {
        let certificate = Free { validity: (NOW, year_2049_or_2050), ..Free::new() }.read().unwrap();
        assert_eq!(certificate.not_after(), year_2049_or_2050);
    }
}

/// A certificate reads back with the content that was certified.
#[test]
fn root_and_member_read_back() {
    let key = SigningKey::random(&mut rng(3));
    let root = Subject::new("cloud", Role::Authority, MemberId([1; 32])).unwrap();
    let member = Subject::new("cloud", Role::Cloud, MemberId([2; 32])).unwrap();
    for (subject, sealing_key) in [(root.clone(), None), (member, Some(SealingPublicKey([3; 32])))] {
        let statement = Statement {
            issuer: root.clone(),
            subject,
            serial: Serial::random(&mut rng(4)),
            not_before: NOW,
            not_after: NOW + 1,
            verifying_key: key.verifying_key(),
            sealing_key,
        };
        let der = statement.certify(&key).unwrap();
        assert_eq!(Statement::read(x509_cert::Certificate::from_der(&der).unwrap().tbs_certificate()), Ok(statement));
    }
}

/// BER may write out the default `critical FALSE`; DER (X.690 section 11.5) must not. Two encodings of one certificate
/// would have two fingerprints.
#[test]
fn a_second_encoding_is_refused() {
    let mut free = Free::new();
    free.extensions.push(extension("1.2.3.4", false, &[5, 0]));
    let mut der = free.read().unwrap().der().to_vec();
    let last = [0x30, 9, 6, 3, 0x2a, 3, 4, 4, 2, 5, 0];
    let at = der.windows(last.len()).position(|w| w == last).unwrap();
    der.splice(at + 7..at + 7, [1, 1, 0]);
    // The enclosing lengths: the extension, the list after the 16 bytes of keyUsage, [3], tbsCertificate, the
    // certificate.
    for short in [at + 1, at - 17, at - 19] {
        der[short] += 3;
    }
    for long in [6, 2] {
        let length = u16::from_be_bytes([der[long], der[long + 1]]) + 3;
        der[long..long + 2].copy_from_slice(&length.to_be_bytes());
    }
    assert!(x509_cert::Certificate::from_der(&der).is_ok(), "the lengths are right");
    assert_eq!(Certificate::from_der(&der).unwrap_err(), IdentityError::Malformed { what: "DER" });
}
