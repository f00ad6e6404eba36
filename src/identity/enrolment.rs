//! The credentials that a participant receives from its authority: encrypted during delivery, and kept secret after it.
//!
//! Paper: section 3.2, "Initial data transmission between CA and participants is performed through a secure channel".
//!
//! ```text
//! participant, who knows root                        group CA
//!   SealedCode = HPKE(root's key; pk, code)  ----->    code right?  then pk belongs to the holder of the phone
//!              <-----  SealedEnrolment = HPKE(pk; credentials), Sign(CA; kind, root, ticket, pk, HPKE(pk; credentials))
//! ```
//!
//! Both seals have the root's fingerprint and the ticket as associated data.
//! - The code reaches the authority sealed, together with pk. A MAC of pk under the code would not do: whoever reads it
//!   finds the code among 10^6 within the lifetime of the code, and uses it with another key.
//! - HPKE's base mode does not authenticate the sender. The authority's signature does. Without it, somebody with an
//!   account of his own could seal his credentials to pk, and would then know the keys and identifiers of the
//!   participant.
//! - The certificates inside bind the other values: CN_i = HMAC-SHA256(v_i, "id" || uid), and pk_i belongs to sk_i.
//!
//! The code proves that its sender reads the messages of the phone, and nothing else: whoever else can read them can
//! register in its place.

use super::certificate::Certificate;
use super::error::IdentityError;
use super::keys::{Signature, SigningKey};
use super::msp::Msp;
use super::registration::Ticket;
use super::role::Role;
use super::sealed::{Sealed, SealingKey, SealingPublicKey, seal};
use super::subject::MemberId;
use crate::error::DecodeError;
use crate::hash::{label, tagged};
use crate::identifier::{Pseudonym, UserId, Vector};
use crate::secret::{Secret, wiped};
use crate::wire::{Reader, Wire, Writer};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

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

    /// Asks the authority for a new certificate of each ID_i. See [`Authority::renew`](super::Authority::renew).
    pub fn renewals(&self) -> Vec<Renewal> {
        self.members.iter().map(|(certificate, key)| Renewal::new(certificate, key)).collect()
    }

    /// Replaces the certificate of an ID_i by the one that the authority has issued anew. `root` is the authority's root
    /// certificate.
    ///
    /// # Errors
    /// [`IdentityError::UnknownMember`] for another identifier; [`IdentityError::Inconsistent`] for another key;
    /// [`IdentityError::Superseded`] for an earlier certificate; those of [`Msp::trust`] and of [`Msp::validate`].
    pub fn renewed(&mut self, certificate: Certificate, root: &Certificate) -> Result<(), IdentityError> {
        let same = |old: &Certificate| old.subject() == certificate.subject();
        let (old, _) = self.members.iter_mut().find(|(old, _)| same(old)).ok_or(IdentityError::UnknownMember)?;
        renew(old, certificate, root)
    }

    /// Encodes the credentials, for a file that only its owner can read (mode 0600).
    pub fn to_bytes(&self) -> Secret<Vec<u8>> {
        wiped(|| {
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
        })
    }

    /// Reads credentials and checks that their parts belong together. Does not check who issued them; use
    /// [`Msp::validate`] for that.
    ///
    /// # Errors
    /// [`IdentityError::Decode`], [`IdentityError::BadKey`], [`IdentityError::Inconsistent`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IdentityError> {
        wiped(|| {
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
        })
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

    /// Asks the authority for a new certificate. See [`Authority::renew`](super::Authority::renew).
    pub fn renewal(&self) -> Renewal {
        Renewal::new(&self.certificate, &self.signing_key)
    }

    /// Replaces the certificate by the one that the authority has issued anew. `root` is the authority's root certificate.
    ///
    /// # Errors
    /// As [`Credentials::renewed`].
    pub fn renewed(&mut self, certificate: Certificate, root: &Certificate) -> Result<(), IdentityError> {
        renew(&mut self.certificate, certificate, root)
    }

    /// Encodes the credentials, for a file that only its owner can read (mode 0600).
    pub fn to_bytes(&self) -> Secret<Vec<u8>> {
        wiped(|| {
            let mut out = Writer::with_capacity(4400);
            out.raw(Self::MAGIC);
            self.certificate.write(&mut out);
            out.raw(self.signing_key.to_bytes().expose()).raw(self.sealing_key.to_bytes().expose());
            Secret::new(out.into_bytes())
        })
    }

    /// Reads credentials and checks that both keys match the certificate.
    ///
    /// # Errors
    /// [`IdentityError::Decode`], [`IdentityError::BadKey`], [`IdentityError::Inconsistent`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IdentityError> {
        wiped(|| {
            let mut input = Reader::new(bytes);
            magic(&mut input, Self::NAME, Self::MAGIC)?;
            let certificate = Certificate::read(&mut input)?;
            let signing_key = read_key(&mut input, Self::NAME)?;
            let sealing_key = SealingKey::from_bytes(Secret::new(input.array(Self::NAME)?));
            input.end(Self::NAME)?;
            Self::new(certificate, signing_key, sealing_key)
        })
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

/// The participant's answer to a registration: its public key and the code, sealed to the authority. 94 bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SealedCode(Sealed);

impl SealedCode {
    const NAME: &'static str = "sealed code";
    /// Bytes of the longest code that is accepted.
    const LIMIT: u32 = 64;

    /// Seals the code that came to the phone. The credentials will be sealed to `recipient`, whose private key the
    /// participant holds. `root` is the root certificate of the authority, which the participant has from a source that
    /// it trusts.
    ///
    /// # Errors
    /// [`IdentityError::NoSealingKey`], [`IdentityError::BadSealingKey`] for a root to which nothing can be sealed.
    pub fn new(
        root: &Certificate,
        ticket: &Ticket,
        code: &str,
        recipient: &SealingPublicKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, IdentityError> {
        wiped(|| {
            let authority = root.sealing_key().ok_or(IdentityError::NoSealingKey)?;
            let mut content = Writer::with_capacity(36 + code.len());
            content.raw(&recipient.0).bytes(code.as_bytes());
            let content = Zeroizing::new(content.into_bytes());
            seal(authority, label::CODE.as_bytes(), &context(root, ticket), &content, rng).map(Self)
        })
    }

    /// Opens the answer with the authority's private key: the participant's public key, and the code.
    ///
    /// # Errors
    /// [`IdentityError::CannotOpen`], [`IdentityError::Decode`].
    pub fn open(
        &self,
        key: &SealingKey,
        root: &Certificate,
        ticket: &Ticket,
    ) -> Result<(SealingPublicKey, Secret<String>), IdentityError> {
        wiped(|| {
            let bytes = key.open(label::CODE.as_bytes(), &context(root, ticket), &self.0)?;
            let mut input = Reader::new(bytes.expose());
            let recipient = SealingPublicKey::read(&mut input)?;
            let code = Secret::new(input.text(Self::NAME, Self::LIMIT)?.to_owned());
            input.end(Self::NAME)?;
            Ok((recipient, code))
        })
    }
}

impl Wire for SealedCode {
    const NAME: &'static str = Self::NAME;

    fn write(&self, out: &mut Writer) {
        self.0.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Sealed::read(input).map(Self)
    }
}

/// Credentials as the authority delivers them: sealed to the key of the participant who registered, and signed by the
/// authority. 116 bytes more than the content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SealedEnrolment {
    sealed: Sealed,
    signature: Signature,
}

impl SealedEnrolment {
    const INSTITUTION: &'static str = "sealed institution";

    /// Opens a person's credentials. `key` is the private key whose public key was sent with the code. `root` is the
    /// authority's root certificate.
    ///
    /// # Errors
    /// [`IdentityError::BadSignature`] where this authority did not make this delivery for this ticket and key;
    /// [`IdentityError::CannotOpen`]; those of [`Credentials::from_bytes`], of [`Msp::trust`] and of [`Msp::validate`].
    pub fn open(&self, key: &SealingKey, ticket: &Ticket, root: &Certificate) -> Result<Credentials, IdentityError> {
        let (msp, bytes) = self.unseal(label::ENROLMENT, key, ticket, root)?;
        let credentials = Credentials::from_bytes(bytes.expose())?;
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
        let (msp, bytes) = self.unseal(label::INSTITUTION, key, ticket, root)?;
        let mut input = Reader::new(bytes.expose());
        let certificate = Certificate::read(&mut input)?;
        let signing_key = read_key(&mut input, Self::INSTITUTION)?;
        input.end(Self::INSTITUTION)?;
        msp.validate(&certificate)?;
        Institution::new(certificate, signing_key, key.clone())
    }

    /// Verifies the authority's signature, then opens the seal. Returns an MSP that trusts the authority alone.
    fn unseal(
        &self,
        kind: &str,
        key: &SealingKey,
        ticket: &Ticket,
        root: &Certificate,
    ) -> Result<(Msp, Secret<Vec<u8>>), IdentityError> {
        let mut msp = Msp::new();
        msp.trust(root)?;
        let statement = statement(kind, root, ticket, &key.public(), &self.sealed);
        root.verifying_key().verify(&statement, &self.signature)?;
        Ok((msp, key.open(kind.as_bytes(), &context(root, ticket), &self.sealed)?))
    }

    pub(super) fn person(
        credentials: &Credentials,
        by: &Issuer<'_>,
        ticket: &Ticket,
        recipient: &SealingPublicKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, IdentityError> {
        Self::new(label::ENROLMENT, &credentials.to_bytes(), by, ticket, recipient, rng)
    }

    pub(super) fn institution(
        certificate: &Certificate,
        key: &SigningKey,
        by: &Issuer<'_>,
        ticket: &Ticket,
        recipient: &SealingPublicKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, IdentityError> {
        let mut out = Writer::with_capacity(4400);
        certificate.write(&mut out);
        out.raw(key.to_bytes().expose());
        Self::new(label::INSTITUTION, &Secret::new(out.into_bytes()), by, ticket, recipient, rng)
    }

    fn new(
        kind: &str,
        content: &Secret<Vec<u8>>,
        by: &Issuer<'_>,
        ticket: &Ticket,
        recipient: &SealingPublicKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, IdentityError> {
        let sealed = seal(recipient, kind.as_bytes(), &context(by.root, ticket), content.expose(), rng)?;
        let signature = by.key.sign(&statement(kind, by.root, ticket, recipient, &sealed));
        Ok(Self { sealed, signature })
    }
}

/// The authority that makes a delivery.
pub(super) struct Issuer<'a> {
    pub(super) root: &'a Certificate,
    pub(super) key: &'a SigningKey,
}

/// What the authority signs: the hash of the kind of credentials, the root's fingerprint, the ticket, the recipient's
/// key and the sealed credentials.
fn statement(
    kind: &str,
    root: &Certificate,
    ticket: &Ticket,
    recipient: &SealingPublicKey,
    sealed: &Sealed,
) -> [u8; 32] {
    let fingerprint = root.fingerprint().0;
    tagged(label::DELIVERY, &[kind.as_bytes(), &fingerprint, &ticket.0, &recipient.0, &sealed.to_bytes()]).0
}

/// The sealed message, then the signature.
impl Wire for SealedEnrolment {
    const NAME: &'static str = "sealed enrolment";

    fn write(&self, out: &mut Writer) {
        self.sealed.write(out);
        self.signature.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { sealed: Sealed::read(input)?, signature: Signature::read(input)? })
    }
}

/// A request for a new certificate of the same subject and keys, signed with the key of the old certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Renewal {
    /// The certificate that expires, or has expired.
    pub certificate: Certificate,
    signature: Signature,
}

impl Renewal {
    /// Asks for a new certificate. `key` is the private key of the old one.
    pub fn new(certificate: &Certificate, key: &SigningKey) -> Self {
        Self { certificate: certificate.clone(), signature: key.sign(&Self::statement(certificate)) }
    }

    /// Checks that the holder of the certificate's key made the request.
    ///
    /// # Errors
    /// [`IdentityError::BadSignature`].
    pub(super) fn verify(&self) -> Result<(), IdentityError> {
        self.certificate.verifying_key().verify(&Self::statement(&self.certificate), &self.signature)
    }

    fn statement(certificate: &Certificate) -> [u8; 32] {
        tagged(label::RENEWAL, &[&certificate.fingerprint().0]).0
    }
}

/// Puts a new certificate by this authority in the place of an old one.
fn renew(old: &mut Certificate, new: Certificate, root: &Certificate) -> Result<(), IdentityError> {
    let mut msp = Msp::new();
    msp.trust(root)?;
    msp.validate(&new)?;
    new.replaces(old)?;
    *old = new;
    Ok(())
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
