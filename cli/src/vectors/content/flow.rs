//! Cases of the sealed identifier, and of the whole flow of Figures 3 and 4 with registered parties, one record, one
//! request, and one cloud or two of three clouds.

use super::super::case::{Fault, Input, clamped, hex, malformed, read_hex};
use super::super::file::File;
use super::super::operations::flow::{DELIVERIES, FLOW, IDENTIFIER, SEAL_IDENTIFIER, introduced};
use super::draw::{bytes, encoded, flip, lengths, put, random};
use super::handshake::Sides;
use super::world::{NOW, World};
use phi_pre::contract::Action;
use phi_pre::envelope::{Header, Sealer, Suite};
use phi_pre::flow::{Delivery, Fetch, Grant, SealedIdentifier, Signed, Upload};
use phi_pre::hash::{Digest, sha256};
use phi_pre::identifier::Pseudonym;
use phi_pre::identity::{Certificate, Role, Sealed, SealingKey, seal};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::{Nonce, Signer, TxId};
use phi_pre::pre::{
    DecryptionKey, KeyShare, Params, ReKey, ReencryptionProof, Scope, Seed, SharedSecret, Statement, Threshold,
};
use phi_pre::secret::Secret;
use phi_pre::time::Millis;
use phi_pre::wire::{Wire, Writer};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

const NOTES: &[(&str, &str)] = &[
    ("Identifier", "ID_i on its way from the user to the hospital."),
    ("CannotOpen", "Another sk or txid, or an altered message."),
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
    ("Deliveries", "The deliveries of a completed request, which anybody can check."),
];

pub(super) fn flow() -> Result<File, Fault> {
    let mut file = File::new("flow", "The flow of Figures 3 and 4", NOTES);
    identifiers(&mut file)?;
    file.group(&FLOW);
    let one = one_cloud(&mut file)?;
    let shared = two_of_three(&mut file)?;
    for (comment, flag, twist) in [
        ("the record on the ledger has another commitment", "Record", Twist::Commitment),
        ("the capsule of another M, with the right Y", "Hospital", Twist::Capsule),
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
    deliveries(&mut file, &one, &shared)?;
    Ok(file)
}

fn identifiers(file: &mut File) -> Result<(), Fault> {
    let [sk, txid, id] = [(); 3].map(|()| random::<32>(&mut file.rng));
    file.group(&SEAL_IDENTIFIER);
    let made = file.valid("ID_i", &["Identifier"], json!({ "sk": sk, "txid": txid, "id": id }))?;
    file.group(&IDENTIFIER);
    let input = |sk: &Value, txid: &Value, sealed: Value| json!({ "sk": sk, "txid": txid, "sealed": sealed });
    file.valid("ID_i", &["Identifier"], input(&sk, &txid, made["sealed"].clone()))?;
    let sealed = read_hex(&made["sealed"])?;
    let other = random::<32>(&mut file.rng);
    file.invalid("another sk", &["CannotOpen"], input(&other, &txid, made["sealed"].clone()))?;
    file.invalid("another txid", &["CannotOpen"], input(&sk, &other, made["sealed"].clone()))?;
    file.invalid("a bit of the ciphertext", &["CannotOpen"], input(&sk, &txid, hex(flip(&sealed, 0, 1))))?;
    file.invalid("a bit of the tag", &["CannotOpen"], input(&sk, &txid, hex(flip(&sealed, 47, 1))))?;
    for (comment, bytes) in lengths(&sealed) {
        file.invalid(comment, &["Length"], input(&sk, &txid, hex(bytes)))?;
    }
    Ok(())
}

/// A copy of a case in which the value at this JSON pointer is another one.
fn with(input: &Value, pointer: &str, value: Value) -> Result<Value, Fault> {
    let mut altered = input.clone();
    *altered.pointer_mut(pointer).ok_or_else(|| malformed(format_args!("no {pointer}")))? = value;
    Ok(altered)
}

/// Cases with one cloud, whose share is k_re.
fn one_cloud(file: &mut File) -> Result<Transcript, Fault> {
    let made = Transcript::new(&mut file.rng, &Plan::ONE)?;
    let good = made.input();
    file.valid("one cloud", &["Flow"], good.clone())?;
    let renewed = Transcript::new(&mut file.rng, &Plan { twist: Twist::Renewed, ..Plan::ONE })?;
    file.valid("the hospital renews its certificate before the upload", &["Flow"], renewed.input())?;
    let limited = Transcript::new(&mut file.rng, &Plan { until: Some(NOW + 5), ..Plan::ONE })?.input();
    file.valid("at the end of the consent", &["Flow"], with(&limited, "/now", json!(NOW.0 + 5))?)?;
    file.invalid("a millisecond after its end", &["Consent"], with(&limited, "/now", json!(NOW.0 + 6))?)?;

    let Transcript { world, envelope, record, grant, .. } = &made;
    let unknown = TxId(Digest([7; 32]));
    let upload = made.note.content;
    let signed = |upload: Upload, who: &Signer| hex(encoded(&Signed::new(upload, &who.certificate, &who.key)));
    let north = |upload: Upload| signed(upload, &world.north);
    let other_header = Header { suite: Suite::ChaCha20Poly1305, ..upload.header };
    let other_y = DecryptionKey::random(&mut file.rng).public_key(&made.params);
    let altered = |message: &Value, at_end: usize| -> Result<Value, Fault> {
        let message = read_hex(message)?;
        Ok(hex(flip(&message, message.len() - at_end, 1)))
    };
    for (comment, pointer, value) in [
        ("an alarm with another txid", "/alarm/txid", hex(unknown.0.0)),
        ("an alarm with another nonce", "/alarm/nonce", hex([1; 24])),
        ("an alarm under the certificate of hospital B", "/alarm/certificate", hex(world.south.certificate.der())),
        ("an alarm with another commitment", "/alarm/commitment", hex([2; 32])),
        ("another k_s, so another k_d", "/k_s", hex([3; 32])),
        ("a bit of C", "/envelope", hex(made.c_altered()?)),
        ("a bit of the body", "/envelope", hex(flip(envelope, 300, 1))),
        ("half a header", "/envelope", hex(&envelope[..100])),
        ("a note that hospital B has signed", "/note", signed(upload, &world.south)),
        ("a bit of the signature of the note", "/note", altered(&good["note"], 1)?),
        ("a note about another record", "/note", north(Upload { record: unknown, ..upload })),
        ("a note of epoch 1", "/note", north(Upload { epoch: 1, ..upload })),
        ("a note with another header", "/note", north(Upload { header: other_header, ..upload })),
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
    // Right in all that the user checks, and the cloud has another Y: e(g1, k'_e) is not Δ·Y.
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
    file.invalid("another epoch in the grant", &["Consent"], with(&good, "/grant", hex(flip(&bytes_of, 35, 1)))?)?;
    file.invalid("a grant for no request", &["Consent"], with(&good, "/grant", hex(flip(&bytes_of, 0, 1)))?)?;
    let public = Grant { public: renewed.grant.public, ..grant.clone() };
    file.invalid("other public values", &["Consent"], with(&good, "/grant", hex(encoded(&public)))?)?;
    let [other, another] = [(); 2].map(|()| hex(clamped(bytes(&mut file.rng))));
    file.invalid("another key of the cloud", &["Keys"], with(&good, "/clouds/0/key", other)?)?;
    file.invalid("another key of hospital B", &["Keys"], with(&good, "/b_key", another)?)?;
    file.invalid("a cloud without a share", &["Keys"], with(&good, "/clouds/0/id", hex([5; 32]))?)?;
    let fetch = |who: &Signer, request: TxId| hex(encoded(&Signed::new(Fetch { request }, &who.certificate, &who.key)));
    for (comment, flag, value) in [
        ("fetched by hospital A", "Reader", fetch(&world.north, grant.request)),
        ("fetched by the user", "Reader", fetch(&world.alice, grant.request)),
        ("fetched for no request", "Reader", fetch(&world.south, unknown)),
        ("a bit of the signature of the fetch", "Signature", altered(&good["fetch"], 1)?),
    ] {
        file.invalid(comment, &[flag], with(&good, "/fetch", value)?)?;
    }
    file.invalid("two years later", &["Upload"], with(&good, "/now", json!(NOW.0 + 731 * 86_400_000))?)?;
    let blocks = |take: &[usize]| Value::from(take.iter().map(|i| good["blocks"][*i].clone()).collect::<Vec<_>>());
    file.invalid("a block is missing", &["Verdict"], with(&good, "/blocks", blocks(&[0, 1, 3, 4]))?)?;
    false_deliveries(file, &made, &good)?;
    Ok(made)
}

/// What the one cloud may deliver instead.
fn false_deliveries(file: &mut File, made: &Transcript, good: &Value) -> Result<(), Fault> {
    let (world, right) = (&made.world, &made.honest[0]);
    let upload = right.upload.content;
    let by = |who: &Signer, upload: Upload| Signed::new(upload, &who.certificate, &who.key);
    let mut unsigned = encoded(&right.upload);
    let at = unsigned.len() - 1;
    unsigned[at] ^= 1;
    let unsigned = Signed::<Upload>::from_bytes(&unsigned).map_err(malformed)?;
    let unknown = TxId(Digest([7; 32]));
    let next_epoch = by(&world.alice, Upload { epoch: 1, ..upload });
    let noted = |upload: Signed<Upload>| Delivery { upload, ..right.clone() };
    let elsewhere = made.act(0, &right.upload, unknown, &mut file.rng)?;
    let garbage = Delivery { c_prime: *made.params.g_t(), ..right.clone() };
    let unchanged = Delivery { c_prime: *upload.header.capsule.c(), ..right.clone() };
    for (comment, delivery) in [
        ("C' = gT", garbage.clone()),
        ("C' = C", unchanged),
        ("the proof for another request", Delivery { proof: elsewhere.proof, ..right.clone() }),
        ("a delivery for another request", elsewhere),
        ("an upload that hospital B has signed", noted(by(&world.south, upload))),
        ("an upload that nobody has signed", noted(unsigned)),
        ("an upload about another record", noted(by(&world.north, Upload { record: unknown, ..upload }))),
        ("an upload of epoch 1 by the user", noted(next_epoch)),
    ] {
        file.invalid(comment, &["Cloud"], with(good, "/clouds/0", made.cloud(0, &delivery))?)?;
    }
    let delivered = "/clouds/0/delivery";
    let signed = encoded(&made.sign(0, right));
    for (comment, value) in [
        ("a bit of the signature of the delivery", flip(&signed, signed.len() - 1, 1)),
        ("signed by a cloud without a share", encoded(&made.sign(1, right))),
        ("signed by hospital A", encoded(&Signed::new(right.clone(), &world.north.certificate, &world.north.key))),
        ("a delivery that is cut off", signed[..signed.len() - 1].to_vec()),
    ] {
        file.invalid(comment, &["Signature"], with(good, delivered, hex(value))?)?;
    }
    let body = &made.envelope[Header::BYTES..];
    for (comment, body) in [("a bit of the delivered body", flip(body, 7, 1)), ("no body", Vec::new())] {
        file.invalid(comment, &["Cloud"], with(good, "/clouds/0/body", hex(body))?)?;
    }
    file.invalid("no cloud", &["TooFew"], with(good, "/clouds", json!([]))?)
}

/// Cases with three clouds, of which two are needed.
fn two_of_three(file: &mut File) -> Result<Transcript, Fault> {
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
    file.invalid("another k_1 than that of its public value", &["Keys"], wrong.input())?;
    Ok(made)
}

/// Cases of the deliveries of a completed request.
fn deliveries(file: &mut File, one: &Transcript, shared: &Transcript) -> Result<(), Fault> {
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
        file.invalid(comment, &["Deliveries"], case(shared, &deliveries))?;
    }
    let twice = Transcript::new(&mut file.rng, &Plan { asked: &[0, 0], ..Plan::SHARED })?;
    let delivery = signed(&twice, 0);
    file.invalid("one cloud twice, as the completion says", &["Deliveries"], case(&twice, &[&delivery, &delivery]))?;
    let blocks = shared.blocks();
    file.invalid("the request is open", &["Deliveries"], with(&good, "/blocks", blocks[..blocks.len() - 1].into())?)?;
    file.invalid("there is no request", &["Deliveries"], with(&good, "/blocks", blocks[..blocks.len() - 2].into())?)?;
    let grant = encoded(&shared.grant);
    file.invalid("another grant", &["Deliveries"], with(&good, "/grant", hex(flip(&grant, grant.len() - 1, 1)))?)
}

/// The single fault of a flow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Twist {
    None,
    /// The upload is signed under another certificate of hospital A. No fault.
    Renewed,
    Commitment,
    Capsule,
    Replaced,
    Withdrawn,
    Epoch,
    Share,
    RecipientKey,
    ThirdKey,
    Name(&'static str),
    Endorsements,
    Completion,
}

/// How a flow goes.
struct Plan {
    t: u8,
    /// The clouds that hospital B asks, from 0 on.
    asked: &'static [usize],
    until: Option<Millis>,
    suite: Suite,
    twist: Twist,
}

impl Plan {
    const ONE: Self = Self { t: 1, asked: &[0], until: None, suite: Suite::Aes256Gcm, twist: Twist::None };
    const SHARED: Self = Self { t: 2, asked: &[0, 2], ..Self::ONE };

    const fn n(&self) -> u8 {
        if self.t == 1 { 1 } else { 3 }
    }
}

/// Everything that the parties send and store.
struct Transcript {
    world: World,
    params: Params,
    k_s: [u8; 32],
    with_a: Sides,
    sk_a: SharedSecret,
    nonce: Nonce,
    envelope: Vec<u8>,
    record: TxId,
    commitment: Commitment,
    note: Signed<Upload>,
    sealed_identifier: SealedIdentifier,
    upload: Signed<Upload>,
    grant: Grant,
    shares: Vec<KeyShare>,
    /// What each cloud makes of the upload.
    honest: Vec<Delivery>,
    fetch: Signed<Fetch>,
    /// Three clouds, of which the first n have a share, with their keys to which shares are sealed.
    clouds: Vec<(Signer, [u8; 32])>,
    b_key: [u8; 32],
    asked: &'static [usize],
}

/// What the user seals to the clouds and to hospital B.
struct Sealing<'a> {
    t: Threshold,
    k_re: &'a ReKey,
    k_e_prime: &'a [u8],
    clouds: &'a [(Signer, [u8; 32])],
    b_key: [u8; 32],
    twist: Twist,
}

impl Sealing<'_> {
    fn grant(&self, params: &Params, request: TxId, rng: &mut ChaCha20Rng) -> Result<(Vec<KeyShare>, Grant), Fault> {
        let (keys, public) = self.k_re.split(params, self.t, rng);
        let sealed = |key: [u8; 32], info: &[u8], text: &[u8], rng: &mut ChaCha20Rng| -> Result<Sealed, Fault> {
            let to = SealingKey::from_bytes(Secret::new(key)).public();
            seal(&to, info, &request.0.0, text, rng).map_err(malformed)
        };
        let mut shares = Vec::new();
        for ((cloud, key), share) in self.clouds.iter().zip(&keys) {
            let wrong = self.twist == Twist::Share && share.index() == 1;
            let k_j = if wrong { share.key().inverse() } else { share.key().clone() };
            let sealed = sealed(*key, Grant::K_RE, k_j.to_bytes().expose(), rng)?;
            shares.push((cloud.certificate.subject().id, sealed));
        }
        let name = if let Twist::Name(name) = self.twist { name } else { "영상/2026-01.dcm" };
        let mut text = Writer::default();
        text.raw(self.k_e_prime).bytes(name.as_bytes());
        let k_e_prime = sealed(self.b_key, Grant::K_E_PRIME, &text.into_bytes(), rng)?;
        let epoch = u32::from(self.twist == Twist::Epoch);
        Ok((keys, Grant { request, epoch, public, shares, k_e_prime }))
    }
}

impl Transcript {
    fn new(rng: &mut ChaCha20Rng, plan: &Plan) -> Result<Self, Fault> {
        let twist = plan.twist;
        let mut world = World::new(rng)?;
        let config = encoded(&world.config());
        world.block(vec![config])?;
        let mut clouds = Vec::new();
        for name in ["Cloud One", "Cloud Two", "Cloud Three"] {
            clouds.push((world.clouds.enrol(name, Role::Cloud, rng)?, clamped(bytes(rng))));
        }
        let k_s = bytes(rng);
        let params = Params::new(Seed(k_s));
        let first = world.users.enrol("users", Role::User, rng)?;
        let names = [first.certificate.der(), world.north.certificate.der()];
        let with_a = Sides::between(names, [bytes(rng), bytes(rng)], [first.key.clone(), world.north.key.clone()]);
        let (sk_a, b_key) = (shared(&with_a)?, clamped(bytes(rng)));

        // Figure 3: the envelope and its note, ID_i, confirmation and record, the upload.
        let nonce = Nonce(bytes(rng));
        let record = TxId::new(&nonce, &world.north.certificate);
        let k_d = params.derive(&sk_a, Scope::Record(&record.0.0));
        let public_key = k_d.public_key(&params);
        let mut envelope = Vec::new();
        let sealer = Sealer::new(&params, &public_key, plan.suite, rng).map_err(malformed)?;
        let header = *sealer.header();
        let sealed = sealer.seal(&mut &bytes::<100>(rng)[..], &mut envelope).map_err(malformed)?;
        let body = sha256(&[&envelope[Header::BYTES..]]);
        let note = Upload { record, epoch: 0, header, body, public_key };
        let note = Signed::new(note, &world.north.certificate, &world.north.key);
        let commitment = if twist == Twist::Commitment { Commitment(Digest([8; 32])) } else { sealed.commitment };
        let id: Pseudonym = world.alice.certificate.subject().id.into();
        let sealed_identifier = SealedIdentifier::seal(&id, &sk_a, &record).map_err(malformed)?;
        let hospital = world.north.certificate.subject().id;
        let confirm = Action::Confirmation { record, id, commitment, hospital };
        let confirm = world.envelope(Nonce(bytes(rng)), &world.alice, &confirm, 3)?;
        world.block(vec![encoded(&confirm)])?;
        let write = world.envelope(nonce, &world.north, &Action::MedicalRecord { id, commitment }, 3)?;
        world.block(vec![encoded(&write)])?;
        let upload = match twist {
            Twist::Capsule => {
                let capsule = public_key.encapsulate(&params, rng).0;
                let upload = Upload { header: Header { capsule, ..header }, ..note.content };
                Signed::new(upload, &world.north.certificate, &world.north.key)
            }
            Twist::Renewed => Signed::new(note.content, &renewed(&world, rng)?, &world.north.key),
            _ => note.clone(),
        };

        // Figure 4: the request with its sealed keys, what the clouds make, the fetch, the completion.
        let random = |rng: &mut ChaCha20Rng| DecryptionKey::random(rng).encryption_key(&params);
        let (k_e, k_e_prime) = (k_d.encryption_key(&params), random(rng));
        let to = if twist == Twist::ThirdKey { random(rng) } else { k_e_prime.clone() };
        let granted = if twist == Twist::RecipientKey { random(rng) } else { k_e_prime };
        let k_e_prime = granted.to_bytes();
        let sealing = Sealing {
            t: Threshold::new(plan.t, plan.n()).map_err(malformed)?,
            k_re: &ReKey::new(&k_e, &to).map_err(malformed)?,
            k_e_prime: k_e_prime.expose(),
            clouds: &clouds,
            b_key,
            twist,
        };
        let recipient = world.south.certificate.subject().id;
        let ask = |world: &mut World, rng: &mut ChaCha20Rng| -> Result<(Vec<KeyShare>, Grant), Fault> {
            let nonce = Nonce(bytes(rng));
            let request = TxId::new(&nonce, &world.alice.certificate);
            let (shares, grant) = sealing.grant(&params, request, rng)?;
            let (delta, digest, until) = (grant.delta(), grant.digest(), plan.until);
            let action = Action::ShareRequest { record, recipient, delta, grant: digest, until };
            let request = world.envelope(nonce, &world.alice, &action, 3)?;
            world.block(vec![encoded(&request)])?;
            Ok((shares, grant))
        };
        let (shares, grant) = ask(&mut world, rng)?;
        let request = grant.request;
        if twist == Twist::Replaced {
            ask(&mut world, rng)?;
        }
        let fetch = Signed::new(Fetch { request }, &world.south.certificate, &world.south.key);
        let (honest, asked) = (Vec::new(), plan.asked);
        let commitment = sealed.commitment;
        let mut made = Self {
            world,
            params: params.clone(),
            k_s,
            with_a,
            sk_a,
            nonce,
            envelope,
            record,
            commitment,
            note,
            sealed_identifier,
            upload,
            grant,
            shares,
            honest,
            fetch,
            clouds,
            b_key,
            asked,
        };
        made.honest =
            (0..plan.n().into()).map(|j| made.act(j, &made.upload, request, rng)).collect::<Result<_, _>>()?;
        made.close(twist, rng)?;
        Ok(made)
    }

    /// Seals the last block. It completes the request, where the request is open.
    fn close(&mut self, twist: Twist, rng: &mut ChaCha20Rng) -> Result<(), Fault> {
        let request = self.grant.request;
        let delivered: Vec<_> = self.asked.iter().map(|j| self.sign(*j, &self.honest[*j])).collect();
        let mut deliveries = Delivery::digest(&delivered);
        if twist == Twist::Completion {
            deliveries.0[0] ^= 1;
        }
        let world = &mut self.world;
        if twist == Twist::Withdrawn {
            let withdraw = Action::ShareWithdrawal { request };
            let withdraw = world.envelope(Nonce(bytes(rng)), &world.alice, &withdraw, 3)?;
            world.block(vec![encoded(&withdraw)])?;
        }
        if matches!(twist, Twist::Withdrawn | Twist::Replaced) {
            world.block(Vec::new())?;
            return Ok(());
        }
        let endorsers = if twist == Twist::Endorsements { 1 } else { 3 };
        let complete = Action::ShareComplete { request, deliveries };
        let complete = world.envelope(Nonce(bytes(rng)), &world.south, &complete, endorsers)?;
        world.block(vec![encoded(&complete)])?;
        Ok(())
    }

    /// What cloud `j` makes of this upload by its share, for this request.
    fn act(&self, j: usize, upload: &Signed<Upload>, request: TxId, rng: &mut ChaCha20Rng) -> Result<Delivery, Fault> {
        let (share, header) = (&self.shares[j], upload.content.header);
        let delta = self.grant.public.of_share(share.index()).map_err(malformed)?;
        let again = header.reencrypt(share.key());
        let (before, after) = ([header.capsule], [again.capsule]);
        let statement = Statement::new(&self.params, &delta, &before, &after, &request.0.0).map_err(malformed)?;
        let proof = ReencryptionProof::new(&self.params, share.key(), &statement, rng);
        Ok(Delivery { request, upload: upload.clone(), c_prime: *again.capsule.c(), proof })
    }

    fn sign(&self, j: usize, delivery: &Delivery) -> Signed<Delivery> {
        let (cloud, _) = &self.clouds[j];
        Signed::new(delivery.clone(), &cloud.certificate, &cloud.key)
    }

    /// Cloud `j` in a case, where it delivers this.
    fn cloud(&self, j: usize, delivery: &Delivery) -> Value {
        let (cloud, key) = &self.clouds[j];
        json!({
            "id": hex(cloud.certificate.subject().id.0),
            "key": hex(key),
            "delivery": hex(encoded(&self.sign(j, delivery))),
            "body": hex(&self.envelope[Header::BYTES..]),
        })
    }

    fn blocks(&self) -> Vec<Value> {
        self.world.blocks.iter().map(|block| hex(encoded(block))).collect()
    }

    fn input(&self) -> Value {
        json!({
            "k_s": hex(self.k_s),
            "with_a": self.with_a.good(),
            "blocks": self.blocks(),
            "now": NOW.0,
            "alarm": {
                "txid": hex(self.record.0.0),
                "nonce": hex(self.nonce.0),
                "certificate": hex(self.world.north.certificate.der()),
                "commitment": hex(encoded(&self.commitment)),
            },
            "note": hex(encoded(&self.note)),
            "envelope": hex(&self.envelope),
            "sealed_identifier": hex(encoded(&self.sealed_identifier)),
            "upload": hex(encoded(&self.upload)),
            "grant": hex(encoded(&self.grant)),
            "clouds": self.asked.iter().map(|j| self.cloud(*j, &self.honest[*j])).collect::<Vec<_>>(),
            "fetch": hex(encoded(&self.fetch)),
            "b_key": hex(self.b_key),
        })
    }

    /// The envelope with C · gT in place of C.
    fn c_altered(&self) -> Result<Vec<u8>, Fault> {
        let header = self.note.content.header;
        let c = *header.capsule.c() * *self.params.g_t();
        Ok(put(&self.envelope, 0, &Header { capsule: header.capsule.with_c(c), ..header }.to_bytes()))
    }
}

/// Another certificate of hospital A, for the same subject and key.
fn renewed(world: &World, rng: &mut ChaCha20Rng) -> Result<Certificate, Fault> {
    let first = &world.north.certificate;
    let mut serial = encoded(&first.serial());
    let old = serial.clone();
    serial[8..].copy_from_slice(&bytes::<8>(rng));
    Certificate::from_der(&world.hospitals.reissue(first, &old, &serial)?).map_err(malformed)
}

/// sk, as the initiator computes it.
fn shared(sides: &Sides) -> Result<SharedSecret, Fault> {
    let case = sides.good();
    introduced(Input(case.as_object().ok_or_else(|| malformed("no case"))?))
}
