//! Cases of the credentials of a user and of an institution, which they store.

use super::super::case::{Fault, clamped, hex, malformed};
use super::super::file::File;
use super::super::operations::identity::{CREDENTIALS, INSTITUTION};
use super::draw::{bytes, encoded, flip, lengths, put};
use super::world::{Known, NOW};
use phi_pre::identifier::{Pseudonym, UserId, Vector};
use phi_pre::identity::{Credentials, Institution, MemberId, ParticipantGroup, Role, SealingKey, SigningKey, Subject};
use phi_pre::secret::Secret;
use serde_json::json;

const NOTES: &[(&str, &str)] = &[
    ("Credentials", "What a participant keeps after registration."),
    ("Inconsistent", "Keys, identifiers and certificates that do not belong together."),
    ("Malformed", "Bytes that are no credentials."),
];
/// The length of the first field of either format, in bytes.
const MAGIC: usize = 22;

pub(super) fn credentials() -> Result<File, Fault> {
    let mut file = File::new("credentials", "Credentials", NOTES);
    person(&mut file)?;
    institution(&mut file)?;
    Ok(file)
}

fn person(file: &mut File) -> Result<(), Fault> {
    let rng = &mut file.rng;
    let mut users = Known::new(ParticipantGroup::Users, rng)?;
    let uid = UserId(bytes(rng));
    let vectors: Vec<_> = (0..3).map(|_| Vector::random(rng)).collect();
    let mut members = Vec::new();
    for vector in &vectors {
        let id: MemberId = Pseudonym::derive(&uid, vector).into();
        let subject = Subject::new("users", Role::User, id).map_err(malformed)?;
        let key = SigningKey::random(rng);
        let certificate = users.authority.issue(&subject, &key.verifying_key(), None, NOW.seconds(), rng);
        members.push((certificate.map_err(malformed)?, key));
    }
    let certificate_bytes = encoded(&members[0].0).len();
    let one = Credentials { uid, vectors: vectors[..1].to_vec(), members: members[..1].to_vec() };
    let three = Credentials { uid, vectors, members };
    let (one, good) = (one.to_bytes().expose().clone(), three.to_bytes().expose().clone());
    let count = MAGIC + 32;
    let d = count + 4 + 32 + certificate_bytes;
    file.group(&CREDENTIALS);
    file.valid("one pseudonym", &["Credentials"], json!({ "encoding": hex(&one) }))?;
    file.valid("three pseudonyms", &["Credentials"], json!({ "encoding": hex(&good) }))?;
    for (comment, flag, bytes) in [
        ("another uid", "Inconsistent", flip(&one, MAGIC, 1)),
        ("another v_1", "Inconsistent", flip(&one, count + 4, 1)),
        ("another private key", "Inconsistent", flip(&one, d + 31, 1)),
        ("a private key that is zero", "Malformed", put(&one, d, &[0; 32])),
        ("another first line", "Malformed", flip(&one, 20, 3)),
        ("257 pseudonyms", "Malformed", put(&one, count, &[0, 0, 1, 1])),
        ("two pseudonyms and the bytes of one", "Malformed", put(&one, count, &[0, 0, 0, 2])),
        ("a certificate that is none", "Malformed", flip(&one, count + 4 + 32 + 4, 1)),
        ("no pseudonym", "Malformed", [&one[..count], &[0; 4]].concat()),
    ] {
        file.invalid(comment, &[flag], json!({ "encoding": hex(bytes) }))?;
    }
    for (comment, bytes) in lengths(&good) {
        file.invalid(comment, &["Malformed"], json!({ "encoding": hex(bytes) }))?;
    }
    Ok(())
}

fn institution(file: &mut File) -> Result<(), Fault> {
    let rng = &mut file.rng;
    let mut hospitals = Known::new(ParticipantGroup::Hospitals, rng)?;
    let sealing_key = SealingKey::from_bytes(Secret::new(clamped(bytes(rng))));
    let signing_key = SigningKey::random(rng);
    let subject = Subject::new("North Hospital", Role::Hospital, MemberId::random(rng)).map_err(malformed)?;
    let key = signing_key.verifying_key();
    let certificate = hospitals.authority.issue(&subject, &key, Some(sealing_key.public()), NOW.seconds(), rng);
    let institution = Institution { certificate: certificate.map_err(malformed)?, signing_key, sealing_key };
    let good = institution.to_bytes().expose().clone();
    let (d, secret) = (good.len() - 64, good.len() - 32);
    let other = clamped(bytes(&mut file.rng));
    file.group(&INSTITUTION);
    file.valid("a hospital", &["Credentials"], json!({ "encoding": hex(&good) }))?;
    for (comment, flag, bytes) in [
        ("another private key", "Inconsistent", flip(&good, d + 31, 1)),
        ("another sealing key", "Inconsistent", put(&good, secret, &other)),
        ("a private key that is zero", "Malformed", put(&good, d, &[0; 32])),
        ("the first line of a person", "Malformed", put(&good, 0, b"phi-pre credentials 1\n")),
    ] {
        file.invalid(comment, &[flag], json!({ "encoding": hex(bytes) }))?;
    }
    for (comment, bytes) in lengths(&good) {
        file.invalid(comment, &["Malformed"], json!({ "encoding": hex(bytes) }))?;
    }
    Ok(())
}
