//! The credentials that a participant receives from its authority: encrypted during delivery, and kept secret after it.
//!
//! Paper: section 3.2, "Initial data transmission between CA and participants is performed through a secure channel".
//! The channel is HPKE to a key that the participant sends with the code. HPKE's base mode does not authenticate the
//! sender; the certificates inside do. They also bind all other values: CN_i = HMAC-SHA256(v_i, "id" || uid), and pk_i
//! belongs to sk_i.

use super::certificate::Certificate;
use super::error::IdentityError;
use super::keys::SigningKey;
use super::msp::Msp;
use super::registration::Ticket;
use super::role::Role;
use super::sealed::{Sealed, SealingKey, SealingPublicKey, seal};
use super::subject::MemberId;
use crate::error::DecodeError;
use crate::hash::label;
use crate::identifier::{Pseudonym, UserId, Vector};
use crate::secret::Secret;
use crate::wire::{Reader, Wire, Writer};
use rand_core::CryptoRng;

/// A person's credentials: uid, v_1..v_k, and for each ID_i a certificate with its private key. About 610 bytes for
/// each ID_i.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The unique identifier.
    pub uid: UserId,
    /// v_1..v_k.
    pub vectors: Vec<Vector>,
    /// The certificates and private keys. The i-th certificate names ID_i and the public key of the i-th private key.
    pub members: Vec<(Certificate, SigningKey)>,
}

impl Credentials {
    /// The largest number of pseudonyms that is accepted.
    pub const LIMIT: u32 = 256;
    const MAGIC: &'static [u8] = b"phi-pre credentials 1\n";
    const NAME: &'static str = "credentials";

    /// ID_1..ID_k.
    pub fn pseudonyms(&self) -> impl ExactSizeIterator<Item = Pseudonym> {
        self.members.iter().map(|(certificate, _)| certificate.subject().id.into())
    }

    /// Returns the certificate and private key that sign transactions under `id`.
    pub fn member(&self, id: &Pseudonym) -> Option<&(Certificate, SigningKey)> {
        self.members.iter().find(|(certificate, _)| certificate.subject().id == MemberId::from(*id))
    }

    /// Encodes the credentials, for a file that only its owner can read (mode 0600).
    pub fn to_bytes(&self) -> Secret<Vec<u8>> {
        // The buffer has its final size from the start: growing it would leave a copy of the keys in freed memory.
        let mut out = Writer::with_capacity(64 + self.members.len() * 4400);
        out.raw(Self::MAGIC).raw(&self.uid.0);
        out.u32(u32::try_from(self.members.len()).unwrap_or(u32::MAX));
        for (vector, (certificate, key)) in self.vectors.iter().zip(&self.members) {
            out.raw(vector.expose());
            certificate.write(&mut out);
            out.raw(key.to_bytes().expose());
        }
        Secret::new(out.into_bytes())
    }

    /// Reads credentials and checks that their parts belong together. Does not check who issued them; use
    /// [`Msp::validate`] for that.
    ///
    /// # Errors
    /// [`IdentityError::Decode`], [`IdentityError::BadKey`], [`IdentityError::Inconsistent`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IdentityError> {
        let mut input = Reader::new(bytes);
        magic(&mut input, Self::NAME, Self::MAGIC)?;
        let uid = UserId(input.array(Self::NAME)?);
        let count = input.count(Self::NAME, Self::LIMIT)?;
        let (mut vectors, mut members) = (Vec::new(), Vec::new());
        for _ in 0..count {
            vectors.push(Vector::from_bytes(input.array(Self::NAME)?));
            let certificate = Certificate::read(&mut input)?;
            members.push((certificate, read_key(&mut input, Self::NAME)?));
        }
        input.end(Self::NAME)?;
        let credentials = Self { uid, vectors, members };
        credentials.check()?;
        Ok(credentials)
    }

    fn check(&self) -> Result<(), IdentityError> {
        if self.members.is_empty() {
            return Err(IdentityError::PseudonymCount(0));
        }
        for (vector, (certificate, key)) in self.vectors.iter().zip(&self.members) {
            let subject = certificate.subject();
            if subject.role != Role::User {
                return Err(IdentityError::Inconsistent { what: "role" });
            }
            if Pseudonym::from(subject.id) != Pseudonym::derive(&self.uid, vector) {
                return Err(IdentityError::Inconsistent { what: "pseudonym" });
            }
            if *certificate.verifying_key() != key.verifying_key() {
                return Err(IdentityError::Inconsistent { what: "signing key" });
            }
        }
        Ok(())
    }
}

/// An institution's credentials: one certificate and the two private keys that belong to it. About 700 bytes.
#[derive(Clone, Debug)]
pub struct Institution {
    /// The certificate, which names the organisation, the role and both public keys.
    pub certificate: Certificate,
    /// The private key that signs messages and transactions.
    pub signing_key: SigningKey,
    /// The private key that opens messages sealed to the institution.
    pub sealing_key: SealingKey,
}

impl Institution {
    const MAGIC: &'static [u8] = b"phi-pre institution 1\n";
    const NAME: &'static str = "institution";

    /// Encodes the credentials, for a file that only its owner can read (mode 0600).
    pub fn to_bytes(&self) -> Secret<Vec<u8>> {
        let mut out = Writer::with_capacity(4400);
        out.raw(Self::MAGIC);
        self.certificate.write(&mut out);
        out.raw(self.signing_key.to_bytes().expose()).raw(self.sealing_key.to_bytes().expose());
        Secret::new(out.into_bytes())
    }

    /// Reads credentials and checks that both keys match the certificate.
    ///
    /// # Errors
    /// [`IdentityError::Decode`], [`IdentityError::BadKey`], [`IdentityError::Inconsistent`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IdentityError> {
        let mut input = Reader::new(bytes);
        magic(&mut input, Self::NAME, Self::MAGIC)?;
        let certificate = Certificate::read(&mut input)?;
        let signing_key = read_key(&mut input, Self::NAME)?;
        let sealing_key = SealingKey::from_bytes(Secret::new(input.array(Self::NAME)?));
        input.end(Self::NAME)?;
        Self::new(certificate, signing_key, sealing_key)
    }

    fn new(certificate: Certificate, signing_key: SigningKey, sealing_key: SealingKey) -> Result<Self, IdentityError> {
        if *certificate.verifying_key() != signing_key.verifying_key() {
            return Err(IdentityError::Inconsistent { what: "signing key" });
        }
        if certificate.sealing_key() != Some(&sealing_key.public()) {
            return Err(IdentityError::Inconsistent { what: "sealing key" });
        }
        Ok(Self { certificate, signing_key, sealing_key })
    }
}

/// Credentials as the authority delivers them, sealed to the key of the participant who registered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SealedEnrolment(Sealed);

impl SealedEnrolment {
    const INSTITUTION: &'static str = "sealed institution";

    /// Opens a person's credentials. `key` is the private key whose public key was sent with the code. `root` is the
    /// authority's root certificate.
    ///
    /// # Errors
    /// [`IdentityError::CannotOpen`]; those of [`Credentials::from_bytes`] and of [`Msp::validate`] where this
    /// authority did not issue the content.
    pub fn open(&self, key: &SealingKey, ticket: &Ticket, root: &Certificate) -> Result<Credentials, IdentityError> {
        let bytes = key.open(label::ENROLMENT.as_bytes(), &context(root, ticket), &self.0)?;
        let credentials = Credentials::from_bytes(bytes.expose())?;
        let mut msp = Msp::new();
        msp.trust(root)?;
        credentials.members.iter().try_for_each(|(certificate, _)| msp.validate(certificate).map(drop))?;
        Ok(credentials)
    }

    /// Opens an institution's credentials. `key` becomes part of them.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_institution(
        &self,
        key: &SealingKey,
        ticket: &Ticket,
        root: &Certificate,
    ) -> Result<Institution, IdentityError> {
        let bytes = key.open(label::INSTITUTION.as_bytes(), &context(root, ticket), &self.0)?;
        let mut input = Reader::new(bytes.expose());
        let certificate = Certificate::read(&mut input)?;
        let signing_key = read_key(&mut input, Self::INSTITUTION)?;
        input.end(Self::INSTITUTION)?;
        let mut msp = Msp::new();
        msp.trust(root)?;
        msp.validate(&certificate)?;
        Institution::new(certificate, signing_key, key.clone())
    }

    pub(super) fn person(
        credentials: &Credentials,
        root: &Certificate,
        ticket: &Ticket,
        recipient: &SealingPublicKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, IdentityError> {
        let bytes = credentials.to_bytes();
        seal(recipient, label::ENROLMENT.as_bytes(), &context(root, ticket), bytes.expose(), rng).map(Self)
    }

    pub(super) fn institution(
        certificate: &Certificate,
        key: &SigningKey,
        root: &Certificate,
        ticket: &Ticket,
        recipient: &SealingPublicKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, IdentityError> {
        let mut out = Writer::default();
        certificate.write(&mut out);
        out.raw(key.to_bytes().expose());
        let bytes = Secret::new(out.into_bytes());
        seal(recipient, label::INSTITUTION.as_bytes(), &context(root, ticket), bytes.expose(), rng).map(Self)
    }
}

impl Wire for SealedEnrolment {
    const NAME: &'static str = "sealed enrolment";

    fn write(&self, out: &mut Writer) {
        self.0.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Sealed::read(input).map(Self)
    }
}

/// The associated data of the seal: the authority's fingerprint and the ticket.
fn context(root: &Certificate, ticket: &Ticket) -> Vec<u8> {
    [root.fingerprint().0.as_slice(), &ticket.0].concat()
}

fn magic(input: &mut Reader<'_>, what: &'static str, magic: &[u8]) -> Result<(), DecodeError> {
    if input.raw(what, magic.len())? == magic { Ok(()) } else { Err(DecodeError::Magic { what }) }
}

fn read_key(input: &mut Reader<'_>, what: &'static str) -> Result<SigningKey, IdentityError> {
    SigningKey::from_bytes(&Secret::new(input.array(what)?))
}

#[cfg(test)]
mod tests;
