//! Fixtures for the tests of this module: a seeded generator, a fixed time, and a phone that stores its codes.

use super::*;
use crate::time::Seconds;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// 2025-06-01T00:00:00Z.
pub(super) const NOW: Seconds = Seconds(1_748_736_000);

pub(super) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// The codes that were sent, each with the phone number.
#[derive(Default)]
pub(super) struct Phone(pub(super) Vec<(String, String)>);

impl Phone {
    pub(super) fn last(&self) -> &str {
        &self.0.last().expect("a code was sent").1
    }
}

impl Delivery for Phone {
    fn deliver(&mut self, phone: &PhoneNumber, code: &str) {
        self.0.push((phone.expose().to_owned(), code.to_owned()));
    }
}

pub(super) fn authority(group: ParticipantGroup, seed: u64) -> Authority {
    Authority::new(group, &mut rng(seed), NOW).unwrap().with_pseudonyms(3).unwrap()
}

pub(super) fn of_organisation(name: &str, seed: u64) -> Authority {
    Authority::of_organisation(name, &mut rng(seed), NOW).unwrap()
}

/// Has the authority issue a certificate, with a sealing key, for a fresh key.
pub(super) fn issued(
    authority: &mut Authority,
    organisation: &str,
    role: Role,
    seed: u64,
) -> (Certificate, SigningKey) {
    issued_at(authority, organisation, role, NOW, seed)
}

pub(super) fn issued_at(
    authority: &mut Authority,
    organisation: &str,
    role: Role,
    now: Seconds,
    seed: u64,
) -> (Certificate, SigningKey) {
    let rng = &mut rng(seed);
    let key = SigningKey::random(rng);
    let subject = Subject::new(organisation, role, MemberId::random(rng)).unwrap();
    let sealing = SealingKey::random(rng).public();
    (authority.issue(&subject, &key.verifying_key(), Some(sealing), now, rng).unwrap(), key)
}

/// An authority that signs certificates without any check, to test certificates that a correct authority never issues.
pub(super) struct Rogue {
    pub(super) key: SigningKey,
    pub(super) root: Certificate,
}

impl Rogue {
    pub(super) fn new(group: ParticipantGroup, seed: u64) -> Self {
        Self::of(group.name(), seed)
    }

    pub(super) fn of(organisation: &str, seed: u64) -> Self {
        let key = SigningKey::random(&mut rng(seed));
        let subject = Subject::new(organisation, Role::Authority, MemberId([7; 32])).unwrap();
        let root = Self::sign(&key, &subject, &subject, key.verifying_key());
        Self { key, root }
    }

    pub(super) fn certify(&self, organisation: &str, role: Role) -> Certificate {
        let subject = Subject::new(organisation, role, MemberId([8; 32])).unwrap();
        Self::sign(&self.key, self.root.subject(), &subject, SigningKey::random(&mut rng(99)).verifying_key())
    }

    pub(super) fn sign(key: &SigningKey, issuer: &Subject, subject: &Subject, of: VerifyingKey) -> Certificate {
        let statement = profile::Statement {
            issuer: issuer.clone(),
            subject: subject.clone(),
            serial: Serial([0x55; 16]),
            not_before: NOW,
            not_after: NOW + 1,
            verifying_key: of,
            sealing_key: None,
        };
        Certificate::from_der(&statement.certify(key).unwrap()).unwrap()
    }
}
