//! Cases of the sealed identifier, of the alarm, and of the whole flow of Figures 3 and 4 with registered parties, one
//! record, one request, and one cloud or two of three clouds.

use super::super::case::{Fault, clamped, hex, malformed, read_hex};
use super::super::file::File;
use super::super::operations::flow::{CHECK_ALARM, FLOW, IDENTIFIER, SEAL_IDENTIFIER};
use super::draw::{bytes, encoded, flip, lengths, random};
use super::transcript::{Plan, Transcript, Twist, with};
use super::world::NOW;
use phi_pre::contract::{RecordId, RequestId};
use phi_pre::envelope::{Header, Suite};
use phi_pre::flow::{Delivery, Fetch, Grant, SealedIdentifier, Signed, Upload};
use phi_pre::hash::Digest;
use phi_pre::identifier::Pseudonym;
use phi_pre::ledger::Signer;
use phi_pre::pre::DecryptionKey;
use serde_json::{Value, json};

const NOTES: &[(&str, &str)] = &[
    ("Identifier", "ID_i on its way from the user to the hospital."),
    ("CannotOpen", "Another sk or record, or an altered message."),
    ("Length", "Too short or too long."),
    ("Flow", "A record from hospital A to hospital B, from the handshake to the completed request."),
    ("Refused", "A cloud is asked in vain, and others deliver the record."),
    ("Alarm", "The user refuses the alarm or the note of the hospital."),
    ("Upload", "The cloud refuses the upload."),
    ("Record", "The record is not the one on the ledger."),
    ("Consent", "Nobody asked on the ledger for this to be shared, or no longer."),
    ("Keys", "Sealed keys that do not open, or that are not the keys of their public values."),
    ("Signature", "A message that its sender did not sign."),
    ("Reader", "Fetched by another than the request names."),
    ("Cloud", "A cloud delivers something else than it must."),
    ("TooFew", "Fewer clouds than are needed deliver the record."),
    ("Hospital", "The hospital that wrote the record signed something else than it must."),
    ("Verdict", "A block with a transaction that is not valid."),
];

pub(super) fn flow() -> Result<File, Fault> {
    let mut file = File::new("flow", "The flow of Figures 3 and 4", NOTES);
    identifiers(&mut file)?;
    alarms(&mut file)?;
    file.group(&FLOW);
    one_cloud(&mut file)?;
    two_of_three(&mut file)?;
    for (comment, flag, twist) in [
        ("the record on the ledger has another commitment", "Record", Twist::Commitment),
        ("the capsule of another M in the upload and in the grant, with the right Y", "Hospital", Twist::Capsule),
        ("another note in the upload than in the grant", "Hospital", Twist::TwoNotes),
        ("the note in the grant is signed by hospital B", "Consent", Twist::GrantedBy),
        ("the note in the grant is of another record", "Consent", Twist::GrantedRecord),
        ("a newer request has taken its place", "Consent", Twist::Replaced),
        ("the user has withdrawn the consent", "Consent", Twist::Withdrawn),
        ("the grant begins at another epoch than the record", "Consent", Twist::Epoch),
        ("another k_re than that of its public value", "Keys", Twist::Share),
        ("another k'_e than that of Δ·Y", "Keys", Twist::RecipientKey),
        ("k_re and its public value lead to a third hospital", "Keys", Twist::ThirdKey),
        ("a name that leaves the folder", "Keys", Twist::Name("../01.dcm")),
        ("a name without a character", "Keys", Twist::Name("")),
        ("a name from the root", "Keys", Twist::Name("/01.dcm")),
        ("a name that begins with the folder itself", "Keys", Twist::Name("./01.dcm")),
        ("the completion lacks endorsements", "Verdict", Twist::Endorsements),
        ("the completion names other deliveries", "Verdict", Twist::Completion),
    ] {
        let made = Transcript::new(&mut file.rng, &Plan { twist, ..Plan::ONE })?;
        file.invalid(comment, &[flag], made.input())?;
    }
    // Where a cloud is asked, it refuses the grant before hospital B does.
    let made = Transcript::new(&mut file.rng, &Plan { twist: Twist::GrantedBy, asked: &[], ..Plan::ONE })?;
    file.invalid("hospital B refuses the note in the grant", &["Consent"], made.input())?;
    Ok(file)
}

fn identifiers(file: &mut File) -> Result<(), Fault> {
    let [sk, record, id] = [(); 3].map(|()| random::<32>(&mut file.rng));
    file.group(&SEAL_IDENTIFIER);
    let made = file.valid("ID_i", &["Identifier"], json!({ "sk": sk, "record": record, "id": id }))?;
    file.group(&IDENTIFIER);
    let input = |sk: &Value, record: &Value, sealed: Value| json!({ "sk": sk, "record": record, "sealed": sealed });
    file.valid("ID_i", &["Identifier"], input(&sk, &record, made["sealed"].clone()))?;
    let sealed = read_hex(&made["sealed"])?;
    let other = random::<32>(&mut file.rng);
    file.invalid("another sk", &["CannotOpen"], input(&other, &record, made["sealed"].clone()))?;
    file.invalid("another record", &["CannotOpen"], input(&sk, &other, made["sealed"].clone()))?;
    file.invalid("a bit of the ciphertext", &["CannotOpen"], input(&sk, &record, hex(flip(&sealed, 0, 1))))?;
    file.invalid("a bit of the tag", &["CannotOpen"], input(&sk, &record, hex(flip(&sealed, 47, 1))))?;
    for (comment, bytes) in lengths(&sealed) {
        file.invalid(comment, &["Length"], input(&sk, &record, hex(bytes)))?;
    }
    Ok(())
}

/// A message with one bit altered in the byte at this distance from its end.
fn altered(message: &Value, at_end: usize) -> Result<Value, Fault> {
    let message = read_hex(message)?;
    Ok(hex(flip(&message, message.len() - at_end, 1)))
}

fn signed(upload: Upload, who: &Signer) -> Value {
    hex(encoded(&Signed::new(upload, &who.certificate, &who.key)))
}

/// What the user checks before the confirmation.
fn alarms(file: &mut File) -> Result<(), Fault> {
    file.group(&CHECK_ALARM);
    let made = Transcript::new(&mut file.rng, &Plan::ONE)?;
    let flow = made.input();
    let good = json!({
        "k_s": flow["k_s"], "sk": hex(made.sk_a.expose()), "a": null, "hospital": flow["alarm"]["certificate"],
        "alarm": flow["alarm"], "note": flow["note"], "envelope": flow["envelope"],
    });
    file.valid("an alarm with its note", &["Alarm"], good.clone())?;
    let renewed = Transcript::new(&mut file.rng, &Plan { twist: Twist::Renewed, ..Plan::ONE })?;
    let renewed_note = json!({
        "k_s": hex(renewed.k_s), "sk": hex(renewed.sk_a.expose()), "a": null, "hospital": renewed.input()["alarm"]["certificate"],
        "alarm": renewed.input()["alarm"], "note": renewed.input()["upload"], "envelope": hex(&renewed.envelope),
    });
    file.valid("a note under another certificate of the same subject and key", &["Alarm"], renewed_note)?;

    let by_name = Transcript::new(&mut file.rng, &Plan { twist: Twist::Named, ..Plan::ONE })?.input();
    let by_name = json!({
        "k_s": by_name["k_s"], "sk": null, "a": by_name["a"], "hospital": by_name["alarm"]["certificate"],
        "alarm": by_name["alarm"], "note": by_name["note"], "envelope": by_name["envelope"],
    });
    file.valid("a record under a key by name", &["Alarm"], by_name.clone())?;
    file.invalid("another a", &["Alarm"], with(&by_name, "/a", hex([3; 32]))?)?;
    file.invalid("another k_s, so another H2", &["Alarm"], with(&by_name, "/k_s", hex([3; 32]))?)?;

    let (world, envelope, upload) = (&made.world, &made.envelope, made.note.content);
    let unknown = RecordId(Digest([7; 32]));
    let north = |upload: Upload| signed(upload, &world.north);
    let other_header = Header { suite: Suite::ChaCha20Poly1305, ..upload.header };
    let other_y = DecryptionKey::random(&mut file.rng).public_key(&made.params);
    let other_z = other_y.encapsulate(&made.params, &mut file.rng).0;
    let south = || hex(world.south.certificate.der());
    let note_of_south = Signed::new(upload, &world.north.certificate, &world.south.key);
    for (comment, pointer, value) in [
        ("another record", "/alarm/record", hex(unknown.0.0)),
        ("another nonce", "/alarm/nonce", hex([1; 24])),
        ("the certificate of hospital B", "/alarm/certificate", south()),
        ("from hospital B", "/hospital", south()),
        ("another commitment", "/alarm/commitment", hex([2; 32])),
        ("another k_s, so another k_d", "/k_s", hex([3; 32])),
        ("another sk", "/sk", hex([3; 32])),
        ("another C in the envelope", "/envelope", hex(made.c_altered())),
        ("a bit of the body", "/envelope", hex(flip(envelope, 300, 1))),
        ("half a header", "/envelope", hex(&envelope[..100])),
        ("a note that hospital B has signed", "/note", signed(upload, &world.south)),
        (
            "a note that hospital B has signed under the certificate of hospital A",
            "/note",
            hex(encoded(&note_of_south)),
        ),
        ("a bit of the signature of the note", "/note", altered(&good["note"], 1)?),
        ("a note about another record", "/note", north(Upload { record: unknown, ..upload })),
        ("a note of epoch 1", "/note", north(Upload { epoch: 1, ..upload })),
        ("a note with another suite", "/note", north(Upload { header: other_header, ..upload })),
        (
            "a note with another capsule",
            "/note",
            north(Upload { header: Header { capsule: other_z, ..upload.header }, ..upload }),
        ),
        ("a note with another Y", "/note", north(Upload { public_key: other_y, ..upload })),
    ] {
        file.invalid(comment, &["Alarm"], with(&good, pointer, value)?)?;
    }
    Ok(())
}

/// Cases with one cloud, whose share is k_re.
fn one_cloud(file: &mut File) -> Result<(), Fault> {
    let made = Transcript::new(&mut file.rng, &Plan::ONE)?;
    let good = made.input();
    file.valid("one cloud", &["Flow"], good.clone())?;
    let renewed = Transcript::new(&mut file.rng, &Plan { twist: Twist::Renewed, ..Plan::ONE })?;
    file.valid("the hospital renews its certificate before the upload", &["Flow"], renewed.input())?;
    let by_name = Transcript::new(&mut file.rng, &Plan { twist: Twist::Named, ..Plan::ONE })?.input();
    file.valid("a record under a key by name", &["Flow"], by_name.clone())?;
    file.invalid(
        "the record is under a key by name, not under that of sk",
        &["Alarm"],
        with(&by_name, "/a", Value::Null)?,
    )?;
    let limited = Transcript::new(&mut file.rng, &Plan { until: Some(NOW + 5), ..Plan::ONE })?.input();
    file.valid("at the end of the consent", &["Flow"], with(&limited, "/now", json!(NOW.0 + 5))?)?;
    file.invalid("a millisecond after its end", &["Consent"], with(&limited, "/now", json!(NOW.0 + 6))?)?;

    let Transcript { world, record, grant, .. } = &made;
    let unknown = RecordId(Digest([7; 32]));
    let upload = made.note.content;
    let north = |upload: Upload| signed(upload, &world.north);
    let other_y = DecryptionKey::random(&mut file.rng).public_key(&made.params);
    for (comment, pointer, value) in [
        ("an alarm with another commitment", "/alarm/commitment", hex([2; 32])),
        ("a note with another Y", "/note", north(Upload { public_key: other_y, ..upload })),
    ] {
        file.invalid(comment, &["Alarm"], with(&good, pointer, value)?)?;
    }
    let other = SealedIdentifier::seal(&Pseudonym([1; 32]), &made.sk_a, record).map_err(malformed)?;
    file.invalid(
        "another ID_i than the record's",
        &["Record"],
        with(&good, "/sealed_identifier", hex(encoded(&other)))?,
    )?;
    for (comment, value) in [
        ("uploaded by hospital B", signed(upload, &world.south)),
        ("uploaded by the user", signed(upload, &world.alice)),
        ("uploaded by the user, as epoch 1", signed(Upload { epoch: 1, ..upload }, &world.alice)),
        ("an upload for no record", north(Upload { record: unknown, ..upload })),
        ("an upload of epoch 1", north(Upload { epoch: 1, ..upload })),
        ("an upload of another body", north(Upload { body: Digest([4; 32]), ..upload })),
        ("a bit of the signature of the upload", altered(&good["upload"], 1)?),
    ] {
        file.invalid(comment, &["Upload"], with(&good, "/upload", value)?)?;
    }
    // Right in all that the user checks, and the cloud has another Y.
    let mut two_notes = with(&good, "/upload", north(Upload { public_key: other_y, ..upload }))?;
    let note = Signed::new(Upload { public_key: other_y, ..upload }, &world.north.certificate, &world.north.key);
    two_notes["clouds"][0] = made.cloud(0, &made.act(0, &note, grant.request, &mut file.rng)?);
    file.invalid("another Y in the upload than in the note", &["Hospital"], two_notes)?;
    let bytes_of = encoded(grant);
    file.invalid(
        "a bit of the sealed k'_e",
        &["Consent"],
        with(&good, "/grant", hex(flip(&bytes_of, bytes_of.len() - 1, 1)))?,
    )?;
    let noted = Grant { note: renewed.grant.note.clone(), ..grant.clone() };
    file.invalid("another note in the grant", &["Consent"], with(&good, "/grant", hex(encoded(&noted)))?)?;
    file.invalid("a grant for no request", &["Consent"], with(&good, "/grant", hex(flip(&bytes_of, 0, 1)))?)?;
    let public = Grant { public: renewed.grant.public, ..grant.clone() };
    file.invalid("other public values", &["Consent"], with(&good, "/grant", hex(encoded(&public)))?)?;
    let [other, another] = [(); 2].map(|()| hex(clamped(bytes(&mut file.rng))));
    file.invalid("another key of the cloud", &["Keys"], with(&good, "/clouds/0/key", other)?)?;
    file.invalid("another key of hospital B", &["Keys"], with(&good, "/b_key", another)?)?;
    file.invalid("a cloud without a share", &["Keys"], with(&good, "/clouds/0/id", hex([5; 32]))?)?;
    let fetch =
        |who: &Signer, request: RequestId| hex(encoded(&Signed::new(Fetch { request }, &who.certificate, &who.key)));
    for (comment, flag, value) in [
        ("fetched by hospital A", "Reader", fetch(&world.north, grant.request)),
        ("fetched by the user", "Reader", fetch(&world.alice, grant.request)),
        ("fetched for no request", "Reader", fetch(&world.south, RequestId(unknown.0))),
        ("a bit of the signature of the fetch", "Signature", altered(&good["fetch"], 1)?),
    ] {
        file.invalid(comment, &[flag], with(&good, "/fetch", value)?)?;
    }
    file.invalid("two years later", &["Upload"], with(&good, "/now", json!(NOW.0 + 731 * 86_400_000))?)?;
    let blocks = |take: &[usize]| Value::from(take.iter().map(|i| good["blocks"][*i].clone()).collect::<Vec<_>>());
    file.invalid("a block is missing", &["Verdict"], with(&good, "/blocks", blocks(&[0, 1, 3, 4]))?)?;
    false_deliveries(file, &made, &good)
}

/// What the one cloud may deliver instead. The file `deliveries` has more of them.
fn false_deliveries(file: &mut File, made: &Transcript, good: &Value) -> Result<(), Fault> {
    let (world, right) = (&made.world, &made.honest[0]);
    let foreign = Signed::new(right.upload.content, &world.south.certificate, &world.south.key);
    let elsewhere = made.act(0, &right.upload, RequestId(Digest([7; 32])), &mut file.rng)?;
    for (comment, delivery) in [
        ("C' = gT", Delivery { c_prime: *made.params.g_t(), ..right.clone() }),
        ("the proof for another request", Delivery { proof: elsewhere.proof, ..right.clone() }),
        ("a delivery for another request", elsewhere),
        ("an upload that hospital B has signed", Delivery { upload: foreign, ..right.clone() }),
    ] {
        file.invalid(comment, &["Cloud"], with(good, "/clouds/0", made.cloud(0, &delivery))?)?;
    }
    let signed = encoded(&made.sign(0, right));
    for (comment, value) in [
        ("a bit of the signature of the delivery", flip(&signed, signed.len() - 1, 1)),
        ("a delivery that is cut off", signed[..signed.len() - 1].to_vec()),
    ] {
        file.invalid(comment, &["Signature"], with(good, "/clouds/0/delivery", hex(value))?)?;
    }
    let body = &made.envelope[Header::BYTES..];
    for (comment, body) in [("a bit of the delivered body", flip(body, 7, 1)), ("no body", Vec::new())] {
        file.invalid(comment, &["Cloud"], with(good, "/clouds/0/body", hex(body))?)?;
    }
    file.invalid("no cloud", &["TooFew"], with(good, "/clouds", json!([]))?)
}

/// Cases with three clouds, of which two are needed.
fn two_of_three(file: &mut File) -> Result<(), Fault> {
    let made = Transcript::new(&mut file.rng, &Plan::SHARED)?;
    let good = made.input();
    file.valid("clouds 1 and 3 of three", &["Flow"], good.clone())?;
    let other = Plan { asked: &[2, 1], suite: Suite::ChaCha20Poly1305, ..Plan::SHARED };
    let other = Transcript::new(&mut file.rng, &other)?;
    file.valid("clouds 3 and 2 of three", &["Flow"], other.input())?;

    let [first, second, third] = [0, 1, 2].map(|j| made.cloud(j, &made.honest[j]));
    let garbage = |j: usize| made.cloud(j, &Delivery { c_prime: *made.params.g_t(), ..made.honest[j].clone() });
    let (bad_1, bad_2, bad_3) = (garbage(0), garbage(1), garbage(2));
    let bodiless = |cloud: &Value| with(cloud, "/body", hex([0; 40]));
    let clouds = |list: &[&Value]| with(&good, "/clouds", list.iter().copied().cloned().collect());
    file.valid("cloud 2 delivers C' = gT and is asked first", &["Refused"], clouds(&[&bad_2, &first, &third])?)?;
    file.valid("cloud 2 delivers C' = gT between the others", &["Refused"], clouds(&[&first, &bad_2, &third])?)?;
    file.valid("cloud 1 is asked twice", &["Refused"], clouds(&[&first, &first, &third])?)?;
    file.valid("cloud 1 delivers another body", &["Refused"], clouds(&[&bodiless(&first)?, &third])?)?;
    for (comment, list) in [
        ("one cloud", vec![&first]),
        ("one cloud twice where two are needed", vec![&first, &first]),
        ("C' = gT from one of the two", vec![&first, &bad_3]),
        ("C' = gT from two of three", vec![&bad_1, &second, &bad_3]),
        ("other bodies from both", vec![&bodiless(&first)?, &bodiless(&third)?]),
    ] {
        file.invalid(comment, &["TooFew"], clouds(&list)?)?;
    }
    // Each right by itself.
    let upload = Upload { body: Digest([6; 32]), ..made.note.content };
    let note = Signed::new(upload, &made.world.north.certificate, &made.world.north.key);
    let differs = made.cloud(2, &made.act(2, &note, made.grant.request, &mut file.rng)?);
    file.invalid("two clouds deliver two notes", &["Hospital"], clouds(&[&first, &differs])?)?;
    // The share of cloud 3 by the public value of cloud 1.
    let swapped = made.sign(0, &made.honest[2]);
    let swapped = with(&first, "/delivery", hex(encoded(&swapped)))?;
    file.invalid("cloud 1 signs what cloud 3 made", &["TooFew"], clouds(&[&swapped, &third])?)?;
    file.invalid("the order of the completion is another", &["Verdict"], clouds(&[&third, &first])?)?;
    let wrong = Transcript::new(&mut file.rng, &Plan { twist: Twist::Share, ..Plan::SHARED })?;
    file.invalid("another k_1 than that of its public value", &["Keys"], wrong.input())
}
