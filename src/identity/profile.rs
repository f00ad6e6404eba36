//! The X.509 profile of this crate (RFC 5280): conversion between a certificate's content and its DER.
//!
//! ```text
//! issuer, subject     O = organisation, OU = role, CN = identifier      UTF8String, one attribute each, this order
//! serialNumber        16 random bytes, positive
//! root                basicConstraints CA:true pathlen:0 (critical), keyUsage keyCertSign cRLSign (critical), SKI
//! member              keyUsage digitalSignature (critical), AKI
//! both                the sealing key, if the subject has one
//! signature           ecdsa-with-SHA256, low-S
//! ```

use super::error::IdentityError;
use super::keys::{SigningKey, VerifyingKey};
use super::role::Role;
use super::sealed::SealingPublicKey;
use super::serial::Serial;
use super::subject::{MemberId, Subject};
use crate::hash::Digest;
use crate::time::Seconds;
use der::asn1::{Any, BitString, ObjectIdentifier, OctetString, Utf8StringRef};
use der::{Decode, Encode, oid::AssociatedOid};
use x509_cert::TbsCertificate;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder, Result as BuilderResult};
use x509_cert::certificate::Version;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};
use x509_cert::time::{Time, Validity};

const ORGANISATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const ORGANISATIONAL_UNIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.11");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
/// OCTET STRING of 32 bytes: an X25519 public key. The identifier is under the arc that RFC 5612 reserves for
/// documentation.
const SEALING_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.25519.1");

/// The content of a certificate, without the signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Statement {
    pub(super) issuer: Subject,
    pub(super) subject: Subject,
    pub(super) serial: Serial,
    pub(super) not_before: Seconds,
    pub(super) not_after: Seconds,
    pub(super) verifying_key: VerifyingKey,
    pub(super) sealing_key: Option<SealingPublicKey>,
}

impl Statement {
    /// Encodes the certificate as DER, signed by the issuer's key.
    pub(super) fn certify(&self, issuer_key: &SigningKey) -> Result<Vec<u8>, IdentityError> {
        let key = SubjectPublicKeyInfo::from_key(&self.verifying_key.inner()?).map_err(|_| IdentityError::BadKey)?;
        let validity = Validity::new(time(self.not_before)?, time(self.not_after)?);
        let serial = SerialNumber::new(&self.serial.0).map_err(|_| IdentityError::malformed("serial number"))?;
        let profile = Profile {
            issuer: write_name(&self.issuer)?,
            subject: write_name(&self.subject)?,
            root: self.subject.role == Role::Authority,
            sealing_key: self.sealing_key,
        };
        let built = || -> BuilderResult<Vec<u8>> {
            let mut builder = CertificateBuilder::new(profile, serial, validity, key)?;
            let tbs = builder.finalize(issuer_key.inner())?;
            let signature = issuer_key.sign(&tbs).to_der();
            let signature = signature.map_err(|_| x509_cert::builder::Error::MissingAttributes)?;
            Ok(builder.assemble(BitString::from_bytes(&signature)?, issuer_key.inner())?.to_der()?)
        };
        built().map_err(|_| IdentityError::malformed("content"))
    }

    /// Reads the signed part of a certificate.
    pub(super) fn read(tbs: &TbsCertificate) -> Result<Self, IdentityError> {
        if tbs.version() != Version::V3 || tbs.issuer_unique_id().is_some() || tbs.subject_unique_id().is_some() {
            return Err(IdentityError::malformed("version"));
        }
        let algorithm = tbs.signature();
        if algorithm.oid != ECDSA_WITH_SHA256 || algorithm.parameters.is_some() {
            return Err(IdentityError::malformed("signature algorithm"));
        }
        let subject = read_name(tbs.subject())?;
        let serial =
            tbs.serial_number().as_bytes().try_into().map_err(|_| IdentityError::malformed("serial number"))?;
        let not_before = Seconds(tbs.validity().not_before.to_unix_duration().as_secs());
        let not_after = Seconds(tbs.validity().not_after.to_unix_duration().as_secs());
        if not_before > not_after {
            return Err(IdentityError::malformed("validity"));
        }
        let extensions = tbs.extensions().map_or(&[][..], Vec::as_slice);
        Ok(Self {
            issuer: read_name(tbs.issuer())?,
            serial: Serial(serial),
            not_before,
            not_after,
            verifying_key: read_key(tbs.subject_public_key_info())?,
            sealing_key: read_extensions(extensions, subject.role == Role::Authority)?,
            subject,
        })
    }
}

struct Profile {
    issuer: Name,
    subject: Name,
    root: bool,
    sealing_key: Option<SealingPublicKey>,
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, _: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        key: SubjectPublicKeyInfoRef<'_>,
        issuer_key: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> BuilderResult<Vec<Extension>> {
        let name = tbs.subject();
        let mut extensions = Vec::new();
        if self.root {
            let root = BasicConstraints { ca: true, path_len_constraint: Some(0) };
            extensions.push(root.to_extension(name, &[])?);
            extensions.push(KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign).to_extension(name, &[])?);
            extensions.push(SubjectKeyIdentifier::try_from(key)?.to_extension(name, &[])?);
        } else {
            extensions.push(KeyUsage(KeyUsages::DigitalSignature.into()).to_extension(name, &[])?);
            extensions.push(AuthorityKeyIdentifier::try_from(issuer_key)?.to_extension(name, &[])?);
        }
        if let Some(SealingPublicKey(bytes)) = self.sealing_key {
            let extn_value = OctetString::new(OctetString::new(bytes)?.to_der()?)?;
            extensions.push(Extension { extn_id: SEALING_KEY, critical: false, extn_value });
        }
        Ok(extensions)
    }
}

/// Checks that the extensions fit the role, and returns the sealing key if there is one.
fn read_extensions(extensions: &[Extension], root: bool) -> Result<Option<SealingPublicKey>, IdentityError> {
    const BROKEN: IdentityError = IdentityError::malformed("extensions");
    let (mut ca, mut usage, mut sealing_key) = (false, None, None);
    for (n, extension) in extensions.iter().enumerate() {
        if extensions[..n].iter().any(|earlier| earlier.extn_id == extension.extn_id) {
            return Err(BROKEN);
        }
        let value = extension.extn_value.as_bytes();
        match extension.extn_id {
            BasicConstraints::OID => ca = BasicConstraints::from_der(value).map_err(|_| BROKEN)?.ca,
            KeyUsage::OID => usage = Some(KeyUsage::from_der(value).map_err(|_| BROKEN)?),
            SEALING_KEY => {
                let bytes = OctetString::from_der(value).map_err(|_| BROKEN)?;
                sealing_key = Some(SealingPublicKey(bytes.as_bytes().try_into().map_err(|_| BROKEN)?));
            }
            // RFC 5280 section 4.2: an unknown critical extension must be refused.
            _ if extension.critical && extension.extn_id != SubjectKeyIdentifier::OID => return Err(BROKEN),
            _ => {}
        }
    }
    let suits = |usage: KeyUsage| if root { usage.key_cert_sign() } else { usage.digital_signature() };
    if ca == root && usage.is_some_and(suits) { Ok(sealing_key) } else { Err(BROKEN) }
}

fn read_key(info: &SubjectPublicKeyInfo<Any, BitString>) -> Result<VerifyingKey, IdentityError> {
    let curve = info.algorithm.parameters.as_ref().and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
    if info.algorithm.oid != EC_PUBLIC_KEY || curve != Some(P256) {
        return Err(IdentityError::malformed("public key algorithm"));
    }
    let point = info.subject_public_key.as_bytes().and_then(|bytes| bytes.try_into().ok());
    VerifyingKey::from_bytes(point.ok_or(IdentityError::malformed("public key"))?)
}

/// A time of X.509.
pub(super) fn time(seconds: Seconds) -> Result<Time, IdentityError> {
    let since_epoch = core::time::Duration::from_secs(seconds.0);
    let date = der::DateTime::from_unix_duration(since_epoch).map_err(|_| IdentityError::malformed("validity"))?;
    Ok(Time::from(date))
}

fn write_name(subject: &Subject) -> Result<Name, IdentityError> {
    // The fields are public, so a caller may have changed them: check the bounds again.
    let Subject { organisation, role, id } = Subject::new(&subject.organisation, subject.role, subject.id)?;
    let attribute = |oid, text: &str| -> der::Result<RelativeDistinguishedName> {
        let mut rdn = RelativeDistinguishedName::default();
        rdn.insert(AttributeTypeAndValue { oid, value: Any::encode_from(&Utf8StringRef::new(text)?)? })?;
        Ok(rdn)
    };
    let name = || -> der::Result<Name> {
        let mut rdns = RdnSequence::default();
        rdns.push(attribute(ORGANISATION, &organisation)?);
        rdns.push(attribute(ORGANISATIONAL_UNIT, role.name())?);
        rdns.push(attribute(COMMON_NAME, &id.to_string())?);
        Name::from_der(&rdns.to_der()?)
    };
    name().map_err(|_| IdentityError::malformed("name"))
}

/// Reads exactly the three attributes that [`write_name`] writes, each in its own RDN and in this order.
fn read_name(name: &Name) -> Result<Subject, IdentityError> {
    const BROKEN: IdentityError = IdentityError::malformed("name");
    let mut attributes = name.iter_rdn().map(|rdn| match rdn.as_ref().as_slice() {
        [attribute] => Some((attribute.oid, attribute.value.decode_as::<Utf8StringRef<'_>>().ok()?)),
        _ => None,
    });
    let mut text = |oid| match attributes.next() {
        Some(Some((found, text))) if found == oid => Ok(text),
        _ => Err(BROKEN),
    };
    let (organisation, role, id) = (text(ORGANISATION)?, text(ORGANISATIONAL_UNIT)?, text(COMMON_NAME)?);
    if attributes.next().is_some() {
        return Err(BROKEN);
    }
    let role = Role::named(role.as_str()).ok_or(IdentityError::malformed("role"))?;
    let id = Digest::from_hex(id.as_str()).map_err(|_| BROKEN)?;
    Subject::new(organisation.as_str(), role, MemberId(id.0))
}

#[cfg(test)]
mod tests;
