//! Cases of deliveries: what a cloud signs, and the deliveries of a completed request.

use super::super::case::{Fault, hex, malformed};
use super::super::file::File;
use super::super::operations::deliveries::{DELIVERIES, DELIVERY};
use super::draw::{encoded, flip};
use super::transcript::{Plan, Transcript, Twist, with};
use super::world::NOW;
use phi_pre::contract::{Record, RecordId, RequestId, ShareRequest, ShareStatus};
use phi_pre::flow::{Delivery, Grant, Signed, Upload};
use phi_pre::hash::Digest;
use phi_pre::ledger::Signer;
use phi_pre::pre::ReencryptionProof;
use phi_pre::wire::Wire;
use serde_json::{Value, json};

const NOTES: &[(&str, &str)] = &[
    ("Delivery", "What a cloud signs about a record that it re-encrypted."),
    ("Unbound", "Signed by nobody, or by nobody who has a share."),
    ("Request", "For another request."),
    (
        "Note",
        "Without the note of the record's author: the cloud is at fault. With a second note of the author: the author is.",
    ),
    ("Proof", "C' does not follow from C by the key of Δ_j: the cloud is at fault."),
    ("Deliveries", "The deliveries of a completed request."),
    ("Ledger", "Not the deliveries that complete the request on the ledger."),
    ("Grant", "The note in the grant is not about the record, or not by its author: the user is at fault."),
];

pub(super) fn deliveries() -> Result<File, Fault> {
    let mut file = File::new("deliveries", "Deliveries", NOTES);
    let one = Transcript::new(&mut file.rng, &Plan::ONE)?;
    let shared = Transcript::new(&mut file.rng, &Plan::SHARED)?;
    single(&mut file, &one, &shared)?;
    completed(&mut file, &one, &shared)?;
    Ok(file)
}

/// A delivery, with the record and the request as they stand in the state.
fn case(made: &Transcript, delivery: &impl Wire) -> Value {
    let Transcript { world, grant, .. } = made;
    let roots: Vec<_> = world.roots().map(|root| hex(root.der())).collect();
    let record = Record {
        id: world.alice.certificate.subject().id.into(),
        commitment: made.commitment,
        hospital: world.north.certificate.subject().id,
        timestamp: NOW,
    };
    let share = ShareRequest {
        record: made.record,
        recipient: world.south.certificate.subject().id,
        delta: grant.delta(),
        grant: grant.digest(),
        requested: NOW,
        until: None,
        status: ShareStatus::Open,
    };
    json!({
        "roots": roots,
        "record": hex(encoded(&record)),
        "share": hex(encoded(&share)),
        "grant": hex(encoded(grant)),
        "delivery": hex(encoded(delivery)),
    })
}

fn single(file: &mut File, one: &Transcript, shared: &Transcript) -> Result<(), Fault> {
    file.group(&DELIVERY);
    let good = case(one, &one.sign(0, &one.honest[0]));
    file.valid("by the one cloud", &["Delivery"], good.clone())?;
    for j in 0..3 {
        let input = case(shared, &shared.sign(j, &shared.honest[j]));
        file.valid(&format!("by cloud {} of three", j + 1), &["Delivery"], input)?;
    }
    let (world, right) = (&one.world, &one.honest[0]);
    let upload = right.upload.content;
    let by = |who: &Signer, upload: Upload| Signed::new(upload, &who.certificate, &who.key);
    let noted = |upload: Signed<Upload>| Delivery { upload, ..right.clone() };
    // After a rotation, the holder of ID_i signs the notes.
    let rotated = Upload { epoch: 1, ..upload };
    let later = Grant { note: by(&world.alice, rotated), ..one.grant.clone() };
    let later = |upload: Signed<Upload>| with(&case(one, &one.sign(0, &noted(upload))), "/grant", hex(encoded(&later)));
    file.valid("of epoch 1, with a note of the user", &["Delivery"], later(by(&world.alice, rotated))?)?;
    file.invalid("of epoch 1, with a note of the hospital", &["Note"], later(by(&world.north, rotated))?)?;
    file.invalid("of epoch 1, with a note of another user", &["Note"], later(by(&world.bob, rotated))?)?;

    let mut unsigned = encoded(&right.upload);
    let at = unsigned.len() - 1;
    unsigned[at] ^= 1;
    let unsigned = Signed::<Upload>::from_bytes(&unsigned).map_err(malformed)?;
    let unknown = Digest([7; 32]);
    let elsewhere = one.act(0, &right.upload, RequestId(unknown), &mut file.rng)?;
    let garbage = |c_prime| Delivery { c_prime, ..right.clone() };
    let proved = |proof: ReencryptionProof| Delivery { proof, ..right.clone() };
    let other_proof = ReencryptionProof::from_bytes(&flip(&encoded(&right.proof), 111, 1)).map_err(malformed)?;
    for (comment, flag, delivery) in vec![
        ("C' = gT", "Proof", garbage(*one.params.g_t())),
        ("C' = C", "Proof", garbage(*upload.header.capsule.c())),
        ("C'^-1", "Proof", garbage(right.c_prime.inverse())),
        ("a bit of c in the proof", "Proof", proved(other_proof)),
        ("the proof for another request", "Proof", proved(elsewhere.proof)),
        ("for another request", "Request", elsewhere),
        ("a note that hospital B has signed", "Note", noted(by(&world.south, upload))),
        ("a note that the cloud has signed", "Note", noted(by(&one.clouds[0].0, upload))),
        ("a note that nobody has signed", "Note", noted(unsigned)),
        ("a note by a hospital of another network", "Note", noted(by(&shared.world.north, upload))),
        ("a second note of hospital A", "Note", noted(by(&world.north, Upload { body: unknown, ..upload }))),
        (
            "a note about another record",
            "Note",
            noted(by(&world.north, Upload { record: RecordId(unknown), ..upload })),
        ),
        ("a note of epoch 1 by the user", "Note", noted(by(&world.alice, rotated))),
        ("a note of epoch 1 by the hospital", "Note", noted(by(&world.north, rotated))),
    ] {
        file.invalid(comment, &[flag], case(one, &one.sign(0, &delivery)))?;
    }
    file.invalid("by cloud 1 with what cloud 3 made", &["Proof"], case(shared, &shared.sign(0, &shared.honest[2])))?;
    let signed = encoded(&one.sign(0, right));
    let north = Signed::new(right.clone(), &world.north.certificate, &world.north.key);
    for (comment, value) in [
        ("a bit of the signature", flip(&signed, signed.len() - 1, 1)),
        ("by a cloud without a share", encoded(&one.sign(1, right))),
        ("by hospital A", encoded(&north)),
        ("by a cloud of another network", encoded(&shared.sign(0, right))),
    ] {
        file.invalid(comment, &["Unbound"], with(&good, "/delivery", hex(value))?)?;
    }
    Ok(())
}

fn completed(file: &mut File, one: &Transcript, shared: &Transcript) -> Result<(), Fault> {
    file.group(&DELIVERIES);
    let signed = |made: &Transcript, j: usize| hex(encoded(&made.sign(j, &made.honest[j])));
    let case = |made: &Transcript, deliveries: &[&Value]| json!({ "blocks": made.blocks(), "grant": hex(encoded(&made.grant)), "deliveries": deliveries });
    let [first, second, third] = [0, 1, 2].map(|j| signed(shared, j));
    let only = signed(one, 0);
    file.valid("one cloud", &["Deliveries"], case(one, &[&only]))?;
    let good = case(shared, &[&first, &third]);
    file.valid("clouds 1 and 3 of three", &["Deliveries"], good.clone())?;
    let garbage = Delivery { c_prime: *shared.params.g_t(), ..shared.honest[0].clone() };
    let garbage = hex(encoded(&shared.sign(0, &garbage)));
    for (comment, deliveries) in [
        ("in another order", vec![&third, &first]),
        ("one is missing", vec![&first]),
        ("none", vec![]),
        ("all three", vec![&first, &second, &third]),
        ("C' = gT from cloud 1", vec![&garbage, &third]),
        ("of another request", vec![&first, &only]),
    ] {
        file.invalid(comment, &["Ledger"], case(shared, &deliveries))?;
    }
    let twice = Transcript::new(&mut file.rng, &Plan { asked: &[0, 0], ..Plan::SHARED })?;
    let delivery = signed(&twice, 0);
    file.invalid("one cloud twice, as the completion says", &["Ledger"], case(&twice, &[&delivery, &delivery]))?;
    let blocks = shared.blocks();
    file.invalid("the request is open", &["Ledger"], with(&good, "/blocks", blocks[..blocks.len() - 1].into())?)?;
    file.invalid("there is no request", &["Ledger"], with(&good, "/blocks", blocks[..blocks.len() - 2].into())?)?;
    let grant = encoded(&shared.grant);
    file.invalid("another grant", &["Ledger"], with(&good, "/grant", hex(flip(&grant, grant.len() - 1, 1)))?)?;
    for (comment, twist) in [
        ("the note in the grant is signed by hospital B", Twist::GrantedBy),
        ("the note in the grant is of another record", Twist::GrantedRecord),
    ] {
        let made = Transcript::new(&mut file.rng, &Plan { twist, ..Plan::ONE })?;
        file.invalid(comment, &["Grant"], case(&made, &[&signed(&made, 0)]))?;
    }
    Ok(())
}
