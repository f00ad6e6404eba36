//! X.509 certificate revocation lists (RFC 5280 section 5), for the membership services of a Fabric network.
//!
//! The nodes of this crate's ledger read [`RevocationList`](super::RevocationList). The peers of a Fabric network read
//! the X.509 list from the organisation's MSP (`crls`), after an update of the channel's configuration.
//!
//! ```text
//! version 2, ecdsa-with-SHA256 (low-S), issuer = subject of the root, thisUpdate, nextUpdate
//! entries       serial number, date: thisUpdate, since an authority keeps no dates
//! extensions    CRL number = number of the revocation list, authority key identifier
//! ```

use super::certificate::Certificate;
use super::error::IdentityError;
use super::keys::SigningKey;
use super::profile::time;
use super::serial::Serial;
use crate::time::Seconds;
use der::asn1::{BitString, Uint};
use der::pem::LineEnding;
use der::{Decode, Encode};
use std::collections::BTreeSet;
use x509_cert::builder::{Builder, CrlBuilder, Result as BuilderResult};
use x509_cert::certificate::Rfc5280;
use x509_cert::crl::RevokedCert;
use x509_cert::ext::pkix::CrlNumber;
use x509_cert::serial_number::SerialNumber;

/// The list in DER, signed by the key of `root`.
pub(super) fn sign(
    root: &Certificate,
    number: u64,
    revoked: &BTreeSet<Serial>,
    (now, next): (Seconds, Seconds),
    key: &SigningKey,
) -> Result<Vec<u8>, IdentityError> {
    let (this_update, next_update) = (time(now)?, time(next)?);
    let sign = || -> BuilderResult<Vec<u8>> {
        let issuer = x509_cert::Certificate::from_der(root.der())?;
        let number = CrlNumber(Uint::new(&number.to_be_bytes())?);
        let entry = |serial: &Serial| {
            let serial_number = SerialNumber::<Rfc5280>::new(&serial.0)?;
            Ok(RevokedCert { serial_number, revocation_date: this_update, crl_entry_extensions: None })
        };
        let entries = revoked.iter().map(entry).collect::<der::Result<Vec<_>>>()?;
        let mut builder = CrlBuilder::new_with_this_update(&issuer, number, this_update)?;
        builder = builder.with_next_update(Some(next_update));
        if !entries.is_empty() {
            builder = builder.with_certificates(entries.into_iter());
        }
        let signed = builder.finalize(key.inner())?;
        let signature = key.sign(&signed).to_der();
        let signature = signature.map_err(|_| x509_cert::builder::Error::MissingAttributes)?;
        Ok(builder.assemble(BitString::from_bytes(&signature)?, key.inner())?.to_der()?)
    };
    sign().map_err(|_| IdentityError::malformed("revocation list"))
}

/// A list in PEM.
pub(super) fn to_pem(der: &[u8]) -> Result<String, IdentityError> {
    der::pem::encode_string("X509 CRL", LineEnding::LF, der).map_err(|_| IdentityError::malformed("revocation list"))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{NOW, authority, issued};
    use super::super::{Authority, ParticipantGroup, Role, Signature};
    use super::*;
    use der::oid::AssociatedOid;
    use x509_cert::crl::CertificateList;
    use x509_cert::ext::pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier};

    /// The list names the serial numbers of the revoked certificates, has a growing number, and is signed by the root.
    #[test]
    fn a_list_for_fabric() {
        let mut hospitals = authority(ParticipantGroup::Hospitals, 1);
        let (certificate, _) = issued(&mut hospitals, "A", Role::Hospital, 2);
        let (other, _) = issued(&mut hospitals, "B", Role::Hospital, 3);
        let read = |authority: &Authority| {
            let der = authority.crl(NOW).unwrap();
            assert_eq!(
                der::pem::decode_vec(authority.crl_pem(NOW).unwrap().as_bytes()).unwrap(),
                ("X509 CRL", der.clone())
            );
            CertificateList::<Rfc5280>::from_der(&der).unwrap()
        };
        assert_eq!(read(&hospitals).tbs_cert_list.revoked_certificates, None);
        hospitals.revoke(&certificate.subject().id).unwrap();
        let list = read(&hospitals);
        let root = x509_cert::Certificate::from_der(hospitals.root().der()).unwrap();
        assert_eq!(&list.tbs_cert_list.issuer, root.tbs_certificate().subject());
        let extensions = list.tbs_cert_list.crl_extensions.iter().flatten();
        let known: Vec<_> = extensions.map(|extension| (extension.extn_id, extension.extn_value.as_bytes())).collect();
        let [(CrlNumber::OID, number), (AuthorityKeyIdentifier::OID, key)] = known[..] else { panic!("{known:?}") };
        assert_eq!(CrlNumber::from_der(number).unwrap().0.as_bytes(), [1]);
        let (_, ski) = root.tbs_certificate().get_extension::<SubjectKeyIdentifier>().unwrap().unwrap();
        assert_eq!(AuthorityKeyIdentifier::from_der(key).unwrap().key_identifier, Some(ski.0));
        let (this, next) = (list.tbs_cert_list.this_update, list.tbs_cert_list.next_update);
        assert_eq!((this, next), (time(NOW).unwrap(), Some(time(NOW + Authority::MEMBER_LIFETIME).unwrap())));
        let revoked: Vec<_> = list.tbs_cert_list.revoked_certificates.iter().flatten().collect();
        assert_eq!(revoked.len(), 1);
        assert_eq!(revoked[0].serial_number.as_bytes(), certificate.serial().0);
        assert_ne!(revoked[0].serial_number.as_bytes(), other.serial().0);
        let signature = Signature::from_der(list.signature.as_bytes().unwrap()).unwrap();
        hospitals.root().verifying_key().verify(&list.tbs_cert_list.to_der().unwrap(), &signature).unwrap();
    }
}
