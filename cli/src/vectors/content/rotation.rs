//! Cases of the rotation of the key of a stored record.

use super::super::case::{Fault, clamped, hex, malformed};
use super::super::file::File;
use super::super::operations::rotation::ROTATION;
use super::draw::{bytes, encoded, flip};
use super::transcript::with;
use super::world::{NOW, World};
use phi_pre::contract::{Record, RecordId};
use phi_pre::envelope::{Header, Sealer, Suite};
use phi_pre::flow::{Rotated, Rotation, Signed, Upload};
use phi_pre::hash::Digest;
use phi_pre::identity::{Role, SealingKey, seal};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::Signer;
use phi_pre::pre::{DecryptionKey, Params, PublicReKey, ReKey, ReencryptionProof, Seed, Statement};
use phi_pre::secret::Secret;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

const NOTES: &[(&str, &str)] = &[
    ("Rotation", "The stored capsule gets another key, and the user signs a new note."),
    ("Sender", "Not by the holder of the record's ID_i, or not now."),
    ("Stored", "The stored note is not of this record or its signer."),
    ("Epoch", "The number of the new key is not one more than the stored one."),
    ("Update", "u does not open, or is not the key of Δ."),
    ("Answer", "The cloud answers something else than it must."),
    ("New", "The cloud does not take the new note."),
];

/// The parties, and what they send for one rotation.
struct Parties {
    params: Params,
    world: World,
    cloud: Signer,
    other_cloud: Signer,
    key: [u8; 32],
    record: Record,
}

/// The messages of one rotation.
#[derive(Clone)]
struct Messages {
    stored: Upload,
    rotation: Rotation,
    answer: Rotated,
    new: Upload,
}

impl Parties {
    fn new(rng: &mut ChaCha20Rng) -> Result<Self, Fault> {
        let mut world = World::new(rng)?;
        let mut enrol = |name: &str| world.clouds.enrol(name, Role::Cloud, rng);
        let (cloud, other_cloud) = (enrol("Cloud One")?, enrol("Cloud Two")?);
        let record = Record {
            id: world.alice.certificate.subject().id.into(),
            commitment: Commitment(Digest(bytes(rng))),
            hospital: world.north.certificate.subject().id,
            timestamp: NOW,
        };
        let (params, key) = (Params::new(Seed([0; 32])), clamped(bytes(rng)));
        Ok(Self { params, world, cloud, other_cloud, key, record })
    }

    /// u, sealed to the cloud for this record and epoch.
    fn rotation(
        &self,
        record: RecordId,
        epoch: u32,
        delta: PublicReKey,
        u: &ReKey,
        rng: &mut ChaCha20Rng,
    ) -> Result<Rotation, Fault> {
        let to = SealingKey::from_bytes(Secret::new(self.key)).public();
        let context = Rotation::context(&record, epoch);
        let update = seal(&to, Rotation::UPDATE, &context, u.to_bytes().expose(), rng).map_err(malformed)?;
        Ok(Rotation { record, epoch, delta, update })
    }

    /// A rotation from this epoch to the next one, and u.
    fn messages(&self, epoch: u32, rng: &mut ChaCha20Rng) -> Result<(Messages, ReKey), Fault> {
        let [old, next] = [(); 2].map(|()| DecryptionKey::random(rng));
        let [y, y_next] = [&old, &next].map(|k_d| k_d.public_key(&self.params));
        let header = *Sealer::new(&self.params, &y, Suite::default(), rng).map_err(malformed)?.header();
        let (record, body) = (RecordId(Digest(bytes(rng))), Digest(bytes(rng)));
        let stored = Upload { record, epoch, header, body, public_key: y };
        let u = ReKey::new(&old.encryption_key(&self.params), &next.encryption_key(&self.params)).map_err(malformed)?;
        let delta = PublicReKey::new(&y, &y_next).map_err(malformed)?;
        let next = epoch.wrapping_add(1);
        let rotation = self.rotation(record, next, delta, &u, rng)?;
        let again = header.reencrypt(&u);
        let proof = self.prove(&u, &header, &again, &Rotation::context(&record, next), rng)?;
        let answer = Rotated { record, epoch: next, c: *again.capsule.c(), proof };
        let new = Upload { epoch: next, header: again, public_key: y_next, ..stored };
        Ok((Messages { stored, rotation, answer, new }, u))
    }

    fn prove(
        &self,
        u: &ReKey,
        before: &Header,
        after: &Header,
        context: &[u8],
        rng: &mut ChaCha20Rng,
    ) -> Result<ReencryptionProof, Fault> {
        let (before, after) = ([before.capsule], [after.capsule]);
        let delta = PublicReKey::of(&self.params, u);
        let statement = Statement::new(&self.params, &delta, &before, &after, context).map_err(malformed)?;
        Ok(ReencryptionProof::new(&self.params, u, &statement, rng))
    }

    /// A case in which everybody signs what is theirs.
    fn case(&self, messages: &Messages) -> Value {
        let World { north, alice, .. } = &self.world;
        let Messages { stored, rotation, answer, new } = messages.clone();
        let author = if stored.epoch == 0 { north } else { alice };
        let roots: Vec<_> = self.world.roots().map(|root| hex(root.der())).collect();
        json!({
            "roots": roots,
            "now": NOW.seconds().0,
            "record": hex(encoded(&self.record)),
            "stored": signed(stored, author),
            "rotation": signed(rotation, alice),
            "cloud": hex(self.cloud.certificate.subject().id.0),
            "cloud_key": hex(self.key),
            "answer": signed(answer, &self.cloud),
            "new": signed(new, alice),
        })
    }
}

fn signed<T: phi_pre::wire::Wire>(content: T, who: &Signer) -> Value {
    hex(encoded(&Signed::new(content, &who.certificate, &who.key)))
}

pub(super) fn rotation() -> Result<File, Fault> {
    let mut file = File::new("rotation", "Rotation of the keys of stored records", NOTES);
    let parties = Parties::new(&mut file.rng)?;
    file.group(&ROTATION);
    let (made, u) = parties.messages(0, &mut file.rng)?;
    let good = parties.case(&made);
    file.valid("the first rotation", &["Rotation"], good.clone())?;
    let (second, _) = parties.messages(1, &mut file.rng)?;
    file.valid("the second rotation", &["Rotation"], parties.case(&second))?;
    let (last, _) = parties.messages(u32::MAX - 1, &mut file.rng)?;
    file.valid("the last rotation", &["Rotation"], parties.case(&last))?;
    let (beyond, _) = parties.messages(u32::MAX, &mut file.rng)?;
    file.invalid("a rotation after the last", &["Epoch"], parties.case(&beyond))?;

    let World { north, south, alice, bob, .. } = &parties.world;
    let Messages { stored, rotation, answer, new } = &made;
    let unknown = RecordId(Digest([7; 32]));
    let asked = |epoch: u32, rng: &mut ChaCha20Rng| parties.rotation(rotation.record, epoch, rotation.delta, &u, rng);
    let (none, two) = (asked(0, &mut file.rng)?, asked(2, &mut file.rng)?);
    let wrong = parties.rotation(rotation.record, 1, rotation.delta, &u.inverse(), &mut file.rng)?;
    let elsewhere = parties.rotation(unknown, 1, rotation.delta, &u, &mut file.rng)?;
    let foreign = Rotation { update: two.update.clone(), ..rotation.clone() };
    let other_key = hex(clamped(bytes(&mut file.rng)));
    let proof = parties.prove(&u, &stored.header, &new.header, &Rotation::context(&stored.record, 2), &mut file.rng)?;
    let later = NOW.seconds().0 + 731 * 86_400;
    let header = |header: Header| signed(Upload { header, ..*new }, alice);
    let other_capsule = stored.public_key.encapsulate(&parties.params, &mut file.rng).0;
    let altered = |name: &str| -> Result<Value, Fault> {
        let message = hex::decode(good[name].as_str().unwrap_or_default()).map_err(malformed)?;
        Ok(hex(flip(&message, message.len() - 1, 1)))
    };
    for (comment, flag, pointer, value) in [
        ("asked by another user", "Sender", "/rotation", signed(rotation.clone(), bob)),
        ("asked by the hospital", "Sender", "/rotation", signed(rotation.clone(), north)),
        ("a bit of the signature of the rotation", "Sender", "/rotation", altered("rotation")?),
        ("two years later", "Sender", "/now", json!(later)),
        ("a rotation of another record", "Stored", "/rotation", signed(elsewhere, alice)),
        ("a stored note that hospital B has signed", "Stored", "/stored", signed(*stored, south)),
        ("a stored note of epoch 0 that the user has signed", "Stored", "/stored", signed(*stored, alice)),
        ("a bit of the signature of the stored note", "Stored", "/stored", altered("stored")?),
        ("a rotation to epoch 0", "Epoch", "/rotation", signed(none, alice)),
        ("a rotation to epoch 2", "Epoch", "/rotation", signed(two, alice)),
        ("u sealed for epoch 2", "Update", "/rotation", signed(foreign, alice)),
        ("another key of the cloud", "Update", "/cloud_key", other_key),
        ("1/u in the place of u", "Update", "/rotation", signed(wrong, alice)),
        ("by another cloud", "Answer", "/answer", signed(answer.clone(), &parties.other_cloud)),
        ("another cloud was asked", "Answer", "/cloud", hex(parties.other_cloud.certificate.subject().id.0)),
        ("a bit of the signature of the answer", "Answer", "/answer", altered("answer")?),
        (
            "the old C",
            "Answer",
            "/answer",
            signed(Rotated { c: *stored.header.capsule.c(), ..answer.clone() }, &parties.cloud),
        ),
        (
            "the proof for another epoch",
            "Answer",
            "/answer",
            signed(Rotated { proof, ..answer.clone() }, &parties.cloud),
        ),
        (
            "an answer about another record",
            "Answer",
            "/answer",
            signed(Rotated { record: unknown, ..answer.clone() }, &parties.cloud),
        ),
        ("an answer of epoch 2", "Answer", "/answer", signed(Rotated { epoch: 2, ..answer.clone() }, &parties.cloud)),
        ("a new note that the hospital has signed", "New", "/new", signed(*new, north)),
        ("a new note of epoch 0", "New", "/new", signed(Upload { epoch: 0, ..*new }, alice)),
        ("a new note of epoch 2", "New", "/new", signed(Upload { epoch: 2, ..*new }, alice)),
        ("a new note of another body", "New", "/new", signed(Upload { body: Digest([6; 32]), ..*new }, alice)),
        ("a new note of another suite", "New", "/new", header(Header { suite: Suite::ChaCha20Poly1305, ..new.header })),
        ("a new note with another Z", "New", "/new", header(Header { capsule: other_capsule, ..new.header })),
        ("a bit of the signature of the new note", "New", "/new", altered("new")?),
    ] {
        file.invalid(comment, &[flag], with(&good, pointer, value)?)?;
    }
    Ok(file)
}
