//! The certificate authority of one group; in the ledger group, of one organisation.
//!
//! Paper: section 3.2, "The group CA transmits the unique identifier, private key, public key and multi-vector values".
//!
//! As printed, the authority makes the private keys, so it could sign in the name of every participant. Here it deletes
//! a private key as soon as the key is sealed. The authority stores which pseudonyms belong to one uid; it stores no
//! phone number, but the MAC of the numbers with which persons have registered, not joined to a uid.

use super::certificate::Certificate;
use super::crl;
use super::enrolment::{Credentials, Issuer, Renewal, SealedCode, SealedEnrolment};
use super::error::IdentityError;
use super::keys::{SigningKey, VerifyingKey};
use super::msp::Msp;
use super::profile::Statement;
use super::registration::{Delivery, PhoneNumber, Registrations, Ticket};
use super::revocation::RevocationList;
use super::role::{ParticipantGroup, Role};
use super::sealed::{SealingKey, SealingPublicKey};
use super::serial::Serial;
use super::subject::{MemberId, Subject};
use crate::identifier::{Pseudonym, UserId, Vector};
use crate::time::Seconds;
use rand_core::CryptoRng;
use std::collections::{BTreeMap, BTreeSet};

const DAY: u64 = 24 * 3600;
const YEAR: u64 = 365 * DAY;

/// The CA of one group or organisation, with a self-signed root. Its state is kept in memory only.
pub struct Authority {
    key: SigningKey,
    /// The private key to which participants seal their codes.
    sealing_key: SealingKey,
    root: Certificate,
    pseudonyms: usize,
    registrations: Registrations,
    issued: BTreeMap<MemberId, Issued>,
    revoked: BTreeSet<Serial>,
    /// Counts the changes of `revoked`.
    number: u64,
}

struct Issued {
    /// The serial numbers of all certificates for this identifier. The last one is the newest.
    serials: Vec<Serial>,
    /// The newest certificate, if it came from a renewal.
    renewed: Option<Certificate>,
    /// The person who holds this pseudonym; `None` for an institution.
    person: Option<UserId>,
}

impl Issued {
    fn first(certificate: &Certificate, person: Option<UserId>) -> Self {
        Self { serials: vec![certificate.serial()], renewed: None, person }
    }
}

impl Authority {
    /// Seconds for which a root certificate is valid: ten years.
    pub const ROOT_LIFETIME: u64 = 10 * YEAR;
    /// Seconds for which a member's certificate is valid: one year, but not longer than the root.
    pub const MEMBER_LIFETIME: u64 = YEAR;
    /// The default of k, the number of pseudonyms of a person; [`with_pseudonyms`](Self::with_pseudonyms) sets another.
    pub const PSEUDONYMS: usize = 8;

    /// Creates the authority of `group`; in the ledger group, that of the organisation `ledger`. Its root certificate
    /// is valid for ten years from the start of the day of `now`, and so from the same time on as the first
    /// certificates that it issues: Fabric validates a certificate's chain at the second after the start of the
    /// certificate's validity.
    ///
    /// # Errors
    /// [`IdentityError::Malformed`] where the root's period of validity does not end before the year 10000, the limit
    /// of X.509.
    pub fn new(group: ParticipantGroup, rng: &mut impl CryptoRng, now: Seconds) -> Result<Self, IdentityError> {
        Self::with_name(group.name(), rng, now)
    }

    /// Creates the authority of one organisation of the ledger group, as [`new`](Self::new) does. It issues for this
    /// organisation alone.
    ///
    /// # Errors
    /// [`IdentityError::WrongGroup`] for the name of another group; [`IdentityError::Malformed`] also for a name that
    /// cannot be written into a certificate.
    pub fn of_organisation(name: &str, rng: &mut impl CryptoRng, now: Seconds) -> Result<Self, IdentityError> {
        let group = ParticipantGroup::Ledger;
        if ParticipantGroup::of_root(name) != group {
            return Err(IdentityError::WrongGroup { organisation: name.to_owned(), group });
        }
        Self::with_name(name, rng, now)
    }

    fn with_name(organisation: &str, rng: &mut impl CryptoRng, now: Seconds) -> Result<Self, IdentityError> {
        let (key, sealing_key) = (SigningKey::random(rng), SealingKey::random(rng));
        let subject = Subject::new(organisation, Role::Authority, MemberId::random(rng))?;
        let statement = Statement {
            issuer: subject.clone(),
            subject,
            serial: Serial::random(rng),
            not_before: start_of_day(now),
            not_after: start_of_day(now) + Self::ROOT_LIFETIME,
            verifying_key: key.verifying_key(),
            sealing_key: Some(sealing_key.public()),
        };
        let root = Certificate::from_der(&statement.certify(&key)?)?;
        let registrations = Registrations::new(rng);
        let (issued, revoked, pseudonyms) = (BTreeMap::new(), BTreeSet::new(), Self::PSEUDONYMS);
        Ok(Self { key, sealing_key, root, pseudonyms, registrations, issued, revoked, number: 0 })
    }

    /// An authority from its root certificate and its two private keys. It has no data of earlier registrations and
    /// certificates: it can neither renew nor revoke these certificates, and a person can register again. The numbers
    /// of its revocation lists start again, so a node that has an earlier list refuses the new ones until their number
    /// is at least as high.
    ///
    /// # Errors
    /// [`IdentityError::NotARoot`]; [`IdentityError::BadSignature`] for a root that the key has not signed;
    /// [`IdentityError::Inconsistent`] for keys that are not those of the root.
    pub fn restore(
        root: Certificate,
        key: SigningKey,
        sealing_key: SealingKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, IdentityError> {
        Msp::new().trust(&root)?;
        if *root.verifying_key() != key.verifying_key() {
            return Err(IdentityError::Inconsistent { what: "signing key" });
        }
        if root.sealing_key() != Some(&sealing_key.public()) {
            return Err(IdentityError::Inconsistent { what: "sealing key" });
        }
        let registrations = Registrations::new(rng);
        let (issued, revoked, pseudonyms) = (BTreeMap::new(), BTreeSet::new(), Self::PSEUDONYMS);
        Ok(Self { key, sealing_key, root, pseudonyms, registrations, issued, revoked, number: 0 })
    }

    /// The private keys, for storage: the signing key, and the key to which participants seal their codes.
    pub const fn keys(&self) -> (&SigningKey, &SealingKey) {
        (&self.key, &self.sealing_key)
    }

    /// Sets k, the number of pseudonyms of each person: 1 to 256.
    ///
    /// # Errors
    /// [`IdentityError::PseudonymCount`].
    pub fn with_pseudonyms(mut self, k: usize) -> Result<Self, IdentityError> {
        if !(1..=Credentials::LIMIT as usize).contains(&k) {
            return Err(IdentityError::PseudonymCount(k));
        }
        self.pseudonyms = k;
        Ok(self)
    }

    /// The group.
    pub fn group(&self) -> ParticipantGroup {
        ParticipantGroup::of_root(&self.root.subject().organisation)
    }

    /// The self-signed root certificate, which every [`Msp`] must trust.
    pub const fn root(&self) -> &Certificate {
        &self.root
    }

    /// Issues a certificate that `subject` holds `verifying_key` and `sealing_key`. It is valid for one year from the
    /// day of `now`.
    ///
    /// The caller must have checked the identity of the subject, and that the subject holds the private keys.
    /// Participants register through [`begin_registration`](Self::begin_registration) instead.
    ///
    /// # Errors
    /// [`IdentityError::WrongRole`]; [`IdentityError::WrongOrganisation`]; [`IdentityError::Malformed`] for an
    /// organisation that cannot be written into a certificate; [`IdentityError::NotYetValid`] before the root's first
    /// second, [`IdentityError::Expired`] after its last;
    /// [`IdentityError::Exists`] for an identifier that has a certificate already.
    pub fn issue(
        &mut self,
        subject: &Subject,
        verifying_key: &VerifyingKey,
        sealing_key: Option<SealingPublicKey>,
        now: Seconds,
        rng: &mut impl CryptoRng,
    ) -> Result<Certificate, IdentityError> {
        if self.issued.contains_key(&subject.id) {
            return Err(IdentityError::Exists); // the first certificate could no longer be revoked
        }
        let certificate = self.certify(subject, verifying_key, sealing_key, now, rng)?;
        self.issued.insert(subject.id, Issued::first(&certificate, None));
        Ok(certificate)
    }

    /// Opens the registration of a person: sends a one-time code to `phone` and returns the ticket of the registration.
    /// See [`registration`](super::registration) for the limits.
    ///
    /// # Errors
    /// [`IdentityError::RegistrationOpen`] during the lifetime of the last code to this phone;
    /// [`IdentityError::BackOff`] for some time after unfinished registrations; [`IdentityError::PhoneLocked`] after
    /// too many wrong codes; [`IdentityError::AlreadyRegistered`] after a person has registered with this phone;
    /// [`IdentityError::TooManyRegistrations`].
    pub fn begin_registration(
        &mut self,
        phone: &PhoneNumber,
        now: Seconds,
        delivery: &mut impl Delivery,
        rng: &mut impl CryptoRng,
    ) -> Result<Ticket, IdentityError> {
        self.registrations.begin(phone, None, now, delivery, rng)
    }

    /// Registers a person who has received the code. Draws uid, v_1..v_k and k certified keys, seals them to the key
    /// that was sealed with the code, and signs the delivery.
    ///
    /// # Errors
    /// [`IdentityError::CannotOpen`] for an answer that is not sealed to this authority for this ticket, which uses up
    /// no attempt; [`IdentityError::UnknownTicket`]; [`IdentityError::WrongCode`]; [`IdentityError::CodeExpired`];
    /// [`IdentityError::CodeReused`]; [`IdentityError::TooManyAttempts`]; [`IdentityError::BadSealingKey`], after which
    /// the code can be used with another key; [`IdentityError::WrongRole`] in a group without users.
    pub fn finish_registration(
        &mut self,
        ticket: &Ticket,
        answer: &SealedCode,
        now: Seconds,
        rng: &mut impl CryptoRng,
    ) -> Result<SealedEnrolment, IdentityError> {
        let (recipient, institution) = self.answered(ticket, answer, now)?;
        if institution.is_some() {
            return Err(IdentityError::UnknownTicket);
        }
        let uid = UserId::random(rng);
        let vectors: Vec<_> = (0..self.pseudonyms).map(|_| Vector::random(rng)).collect();
        let mut members = Vec::with_capacity(vectors.len());
        for vector in &vectors {
            let id = Pseudonym::derive(&uid, vector).into();
            let subject = Subject::new(&self.root.subject().organisation, Role::User, id)?;
            let key = SigningKey::random(rng);
            members.push((self.certify(&subject, &key.verifying_key(), None, now, rng)?, key));
        }
        let credentials = Credentials { uid, vectors, members };
        let sealed = SealedEnrolment::person(&credentials, &self.issuer(), ticket, &recipient, rng)?;
        for (certificate, _) in &credentials.members {
            self.issued.insert(certificate.subject().id, Issued::first(certificate, Some(uid)));
        }
        self.registrations.close(ticket);
        Ok(sealed)
    }

    /// Opens the registration of an institution. The operator chooses its organisation and role; the code is sent to
    /// the phone of the institution's officer.
    ///
    /// # Errors
    /// Those of [`begin_registration`](Self::begin_registration) except [`IdentityError::AlreadyRegistered`], since one
    /// officer may register several institutions; [`IdentityError::NotAnInstitution`] for a user,
    /// [`IdentityError::WrongRole`], [`IdentityError::WrongOrganisation`], [`IdentityError::Malformed`].
    pub fn begin_institution(
        &mut self,
        organisation: &str,
        role: Role,
        phone: &PhoneNumber,
        now: Seconds,
        delivery: &mut impl Delivery,
        rng: &mut impl CryptoRng,
    ) -> Result<Ticket, IdentityError> {
        if role == Role::User {
            return Err(IdentityError::NotAnInstitution);
        }
        let subject = Subject::new(organisation, role, MemberId::random(rng))?;
        self.root.subject().check_issues(&subject)?;
        self.registrations.begin(phone, Some(subject), now, delivery, rng)
    }

    /// Registers an institution whose officer has received the code. Makes one certified key under a random identifier,
    /// seals it to the key that was sealed with the code, and signs the delivery. The certificate names that key as the
    /// institution's sealing key.
    ///
    /// # Errors
    /// Those of [`finish_registration`](Self::finish_registration) and [`issue`](Self::issue);
    /// [`IdentityError::NotAnInstitution`] for the ticket of a person.
    pub fn finish_institution(
        &mut self,
        ticket: &Ticket,
        answer: &SealedCode,
        now: Seconds,
        rng: &mut impl CryptoRng,
    ) -> Result<SealedEnrolment, IdentityError> {
        let (recipient, institution) = self.answered(ticket, answer, now)?;
        let subject = institution.ok_or(IdentityError::NotAnInstitution)?;
        let key = SigningKey::random(rng);
        let certificate = self.certify(&subject, &key.verifying_key(), Some(recipient), now, rng)?;
        let sealed = SealedEnrolment::institution(&certificate, &key, &self.issuer(), ticket, &recipient, rng)?;
        self.issued.insert(subject.id, Issued::first(&certificate, None));
        self.registrations.close(ticket);
        Ok(sealed)
    }

    /// Opens a participant's answer and checks its code. Returns its key, and the subject of an institution.
    fn answered(
        &mut self,
        ticket: &Ticket,
        answer: &SealedCode,
        now: Seconds,
    ) -> Result<(SealingPublicKey, Option<Subject>), IdentityError> {
        let (recipient, code) = answer.open(&self.sealing_key, &self.root, ticket)?;
        Ok((recipient, self.registrations.check(ticket, code.expose(), now)?))
    }

    const fn issuer(&self) -> Issuer<'_> {
        Issuer { root: &self.root, key: &self.key }
    }

    /// Forgets all registrations of a phone, so that it can register at once and again. For an operator who has checked
    /// the holder of the phone in another way: after a lock-out by somebody else, after the loss of credentials (which
    /// should be revoked first), or for the next holder of a number.
    pub fn allow_phone(&mut self, phone: &PhoneNumber) {
        self.registrations.allow(phone);
    }

    /// Issues a new certificate for the subject and the keys of an old one, before or after the old one expires. So
    /// consents and records of an ID_i outlive a certificate. The signature in `request` proves the old key. A request
    /// that comes again gets the same answer as long as the new certificate is valid, so that a lost answer is no loss.
    /// The old certificate remains valid until it expires.
    ///
    /// Renewing the certificates of several ID_i on one day links them to the persons who renew on that day.
    ///
    /// # Errors
    /// [`IdentityError::UnknownMember`]; [`IdentityError::BadSignature`]; [`IdentityError::Revoked`];
    /// [`IdentityError::Expired`] after the root has expired.
    pub fn renew(
        &mut self,
        request: &Renewal,
        now: Seconds,
        rng: &mut impl CryptoRng,
    ) -> Result<Certificate, IdentityError> {
        let old = &request.certificate;
        old.verify(self.root.verifying_key())?;
        request.verify()?;
        let id = old.subject().id;
        let issued = self.issued.get(&id).filter(|issued| issued.serials.contains(&old.serial()));
        let issued = issued.ok_or(IdentityError::UnknownMember)?;
        if self.revoked.contains(&old.serial()) {
            return Err(IdentityError::Revoked);
        }
        if let Some(answer) = issued.renewed.as_ref().filter(|new| *new != old && now <= new.not_after()) {
            return Ok(answer.clone());
        }
        let certificate = self.certify(old.subject(), old.verifying_key(), old.sealing_key().copied(), now, rng)?;
        if let Some(issued) = self.issued.get_mut(&id) {
            issued.serials.push(certificate.serial());
            issued.renewed = Some(certificate.clone());
        }
        Ok(certificate)
    }

    /// Returns the person who holds a pseudonym. Only the authority knows this.
    pub fn person(&self, id: &MemberId) -> Option<UserId> {
        self.issued.get(id).and_then(|issued| issued.person)
    }

    /// Revokes all certificates of `id`.
    ///
    /// # Errors
    /// [`IdentityError::UnknownMember`].
    pub fn revoke(&mut self, id: &MemberId) -> Result<(), IdentityError> {
        let serials = self.issued.get(id).ok_or(IdentityError::UnknownMember)?.serials.clone();
        self.revoke_all(serials);
        Ok(())
    }

    /// Revokes all certificates of the person who holds the pseudonym `id`. A reader of the list may guess that
    /// pseudonyms revoked together belong to one person.
    ///
    /// # Errors
    /// [`IdentityError::UnknownMember`] where `id` is not a pseudonym of a person.
    pub fn revoke_person(&mut self, id: &MemberId) -> Result<(), IdentityError> {
        let person = self.person(id).ok_or(IdentityError::UnknownMember)?;
        let held = self.issued.values().filter(|issued| issued.person == Some(person));
        let serials = held.flat_map(|issued| issued.serials.clone()).collect();
        self.revoke_all(serials);
        Ok(())
    }

    fn revoke_all(&mut self, serials: Vec<Serial>) {
        let before = self.revoked.len();
        self.revoked.extend(serials);
        self.number += u64::from(self.revoked.len() > before);
    }

    /// The signed list of all revoked certificates.
    pub fn revocations(&self) -> RevocationList {
        RevocationList::sign(self.root.subject().id, self.number, &self.revoked, &self.key)
    }

    /// The same list as an X.509 CRL in DER (RFC 5280), for the MSP of a Fabric network. The time of the next list in
    /// it is one year after `now`, but not later than the end of the root.
    ///
    /// # Errors
    /// [`IdentityError::Malformed`] for a time that X.509 cannot write.
    pub fn crl(&self, now: Seconds) -> Result<Vec<u8>, IdentityError> {
        let next = (now + Self::MEMBER_LIFETIME).min(self.root.not_after());
        crl::sign(&self.root, self.number, &self.revoked, (now, next), &self.key)
    }

    /// [`crl`](Self::crl) in PEM.
    ///
    /// # Errors
    /// [`IdentityError::Malformed`].
    pub fn crl_pem(&self, now: Seconds) -> Result<String, IdentityError> {
        crl::to_pem(&self.crl(now)?)
    }

    fn certify(
        &self,
        subject: &Subject,
        verifying_key: &VerifyingKey,
        sealing_key: Option<SealingPublicKey>,
        now: Seconds,
        rng: &mut impl CryptoRng,
    ) -> Result<Certificate, IdentityError> {
        self.root.subject().check_issues(subject)?;
        match now {
            _ if now < self.root.not_before() => return Err(IdentityError::NotYetValid),
            _ if now > self.root.not_after() => return Err(IdentityError::Expired),
            _ => {}
        }
        // A start to the second would link the k certificates of one person. A start to the day only links all persons
        // of that day.
        let start = start_of_day(now);
        let statement = Statement {
            issuer: self.root.subject().clone(),
            subject: subject.clone(),
            serial: Serial::random(rng),
            not_before: start,
            not_after: (start + Self::MEMBER_LIFETIME).min(self.root.not_after()),
            verifying_key: *verifying_key,
            sealing_key,
        };
        Certificate::from_der(&statement.certify(&self.key)?)
    }
}

fn start_of_day(time: Seconds) -> Seconds {
    time - time.0 % DAY
}

impl core::fmt::Debug for Authority {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Authority")
            .field("organisation", &self.root.subject().organisation)
            .field("issued", &self.issued.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
