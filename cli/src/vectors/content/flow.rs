//! Cases of the sealed identifier, and of the whole flow of Figures 3 and 4 with registered parties, one record and one
//! request.

use super::super::case::{Fault, Input, clamped, hex, malformed};
use super::super::file::File;
use super::super::operations::flow::{FLOW, IDENTIFIER, SEAL_IDENTIFIER, introduced};
use super::draw::{bytes, encoded, flip, lengths, random};
use super::handshake::Sides;
use super::world::{NOW, World};
use phi_pre::contract::Action;
use phi_pre::envelope::{Header, Sealer, Suite};
use phi_pre::flow::{Fetch, Grant, SealedIdentifier, Signed, Upload};
use phi_pre::hash::{Digest, sha256};
use phi_pre::identifier::Pseudonym;
use phi_pre::identity::{Role, SealingKey, seal};
use phi_pre::ledger::{Nonce, Signer, TxId};
use phi_pre::pre::{DecryptionKey, Params, ReKey, Scope, Seed, SharedSecret};
use phi_pre::secret::Secret;
use phi_pre::wire::Writer;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

const NOTES: &[(&str, &str)] = &[
    ("Identifier", "ID_i on its way from the user to the hospital."),
    ("CannotOpen", "Another sk or txid, or an altered message."),
    ("Length", "Too short or too long."),
    ("Flow", "A record from hospital A to hospital B, from the handshakes to the completed request."),
    ("Upload", "Not the envelope that the record's hospital signed for."),
    ("Record", "The record is not the one on the ledger."),
    ("Consent", "Nobody asked on the ledger for this to be shared, or no longer."),
    ("Keys", "Sealed keys that do not open, or open nothing."),
    ("Signature", "A message that its sender did not sign."),
    ("Reader", "Fetched by another than the request names."),
    ("Verdict", "A block with a transaction that is not valid."),
];

pub(super) fn flow() -> Result<File, Fault> {
    let mut file = File::new("flow", "The flow of Figures 3 and 4", NOTES);
    identifiers(&mut file)?;
    file.group(&FLOW);
    let made = Transcript::new(&mut file.rng, Twist::None)?;
    let good = made.input();
    file.valid("one record, shared once", &["Flow"], good.clone())?;
    let with = |name: &str, value: Value| {
        let mut input = good.clone();
        input[name] = value;
        input
    };
    let envelope = &made.envelope;
    let note = |who: &Signer, record: TxId| {
        let upload = Upload { record, header: sha256(&[&envelope[..Header::BYTES]]), envelope: sha256(&[envelope]) };
        hex(encoded(&Signed::new(upload, &who.certificate, &who.key)))
    };
    let unknown = TxId(Digest([7; 32]));
    let world = &made.world;
    file.invalid("uploaded by hospital B", &["Upload"], with("upload", note(&world.south, made.record)))?;
    file.invalid("an upload for no record", &["Upload"], with("upload", note(&world.north, unknown)))?;
    file.invalid("a bit of C", &["Upload"], with("envelope", hex(made.c_altered()?)))?;
    file.invalid("a bit of the body", &["Upload"], with("envelope", hex(flip(envelope, 300, 1))))?;
    file.invalid("half a header", &["Upload"], with("envelope", hex(&envelope[..100])))?;
    let other = SealedIdentifier::seal(&Pseudonym([1; 32]), &made.sk_a, &made.record).map_err(malformed)?;
    file.invalid("another ID_i than the record's", &["Record"], with("sealed_identifier", hex(encoded(&other))))?;
    file.invalid("another k_s: another k_e", &["Record"], with("k_s", hex([3; 32])))?;
    let grant = encoded(&made.grant);
    file.invalid("a bit of the grant", &["Consent"], with("grant", hex(flip(&grant, 40, 1))))?;
    file.invalid("a grant for no request", &["Consent"], with("grant", hex(flip(&grant, 0, 1))))?;
    let [other, another] = [(); 2].map(|()| hex(clamped(bytes(&mut file.rng))));
    file.invalid("another key of the cloud", &["Keys"], with("cloud_key", other))?;
    file.invalid("another key of hospital B", &["Keys"], with("b_key", another))?;
    let fetch = |who: &Signer, request: TxId| hex(encoded(&Signed::new(Fetch { request }, &who.certificate, &who.key)));
    file.invalid("fetched by hospital A", &["Reader"], with("fetch", fetch(&world.north, made.grant.request)))?;
    file.invalid("fetched for no request", &["Reader"], with("fetch", fetch(&world.south, unknown)))?;
    for (name, message) in [("upload", &made.upload), ("fetch", &made.fetch)] {
        let altered = hex(flip(message, message.len() - 1, 1));
        file.invalid(&format!("a bit of the signature of {name}"), &["Signature"], with(name, altered))?;
    }
    file.invalid("two years later", &["Upload"], with("now", json!(NOW.seconds().0 + 731 * 86_400)))?;
    let blocks = |take: &[usize]| Value::from(take.iter().map(|i| made.blocks[*i].clone()).collect::<Vec<_>>());
    file.invalid("a block is missing", &["Verdict"], with("blocks", blocks(&[0, 1, 3, 4])))?;
    for (comment, flag, twist) in [
        ("the commitment of another record", "Record", Twist::Commitment),
        ("a newer request has taken its place", "Consent", Twist::Replaced),
        ("k_re to a third hospital", "Keys", Twist::OtherKey),
        ("the completion lacks endorsements", "Verdict", Twist::Completion),
    ] {
        let made = Transcript::new(&mut file.rng, twist)?;
        file.invalid(comment, &[flag], made.input())?;
    }
    Ok(file)
}

fn identifiers(file: &mut File) -> Result<(), Fault> {
    let [sk, txid, id] = [(); 3].map(|()| random::<32>(&mut file.rng));
    file.group(&SEAL_IDENTIFIER);
    let made = file.valid("ID_i", &["Identifier"], json!({ "sk": sk, "txid": txid, "id": id }))?;
    file.group(&IDENTIFIER);
    let input = |sk: &Value, txid: &Value, sealed: Value| json!({ "sk": sk, "txid": txid, "sealed": sealed });
    file.valid("ID_i", &["Identifier"], input(&sk, &txid, made["sealed"].clone()))?;
    let sealed = super::super::case::read_hex(&made["sealed"])?;
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

/// The single fault of a flow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Twist {
    None,
    Commitment,
    Replaced,
    OtherKey,
    Completion,
}

/// Everything that the parties send and store.
struct Transcript {
    world: World,
    k_s: [u8; 32],
    with_a: Sides,
    with_b: Sides,
    sk_a: SharedSecret,
    blocks: Vec<Value>,
    envelope: Vec<u8>,
    record: TxId,
    sealed_identifier: Vec<u8>,
    upload: Vec<u8>,
    grant: Grant,
    fetch: Vec<u8>,
    cloud_key: [u8; 32],
    b_key: [u8; 32],
}

impl Transcript {
    fn new(rng: &mut ChaCha20Rng, twist: Twist) -> Result<Self, Fault> {
        let mut world = World::new(rng)?;
        let config = encoded(&world.config());
        world.block(vec![config])?;
        let k_s = bytes(rng);
        let params = Params::new(Seed(k_s));
        let first = world.users.enrol("users", Role::User, rng)?;
        let mut with = |hospital: &Signer| {
            let names = [first.certificate.der(), hospital.certificate.der()];
            Sides::between(names, [bytes(rng), bytes(rng)], [first.key.clone(), hospital.key.clone()])
        };
        let (with_a, with_b) = (with(&world.north), with(&world.south));
        let (sk_a, sk_b) = (shared(&with_a)?, shared(&with_b)?);
        let (cloud_key, b_key) = (clamped(bytes(rng)), clamped(bytes(rng)));

        // Figure 3: the envelope, ID_i, confirmation and record, the upload.
        let nonce = Nonce(bytes(rng));
        let record = TxId::new(&nonce, &world.north.certificate);
        let key = |sk: &SharedSecret| params.derive(sk, Scope::Record(&record.0.0));
        let mut envelope = Vec::new();
        let sealer = Sealer::new(&params, &key(&sk_a).public_key(&params), Suite::default(), rng).map_err(malformed)?;
        let sealed = sealer.seal(&mut &bytes::<100>(rng)[..], &mut envelope).map_err(malformed)?;
        let mut commitment = sealed.commitment;
        if twist == Twist::Commitment {
            commitment.0.0[0] ^= 1;
        }
        let id: Pseudonym = world.alice.certificate.subject().id.into();
        let sealed_identifier = SealedIdentifier::seal(&id, &sk_a, &record).map_err(malformed)?;
        let hospital = world.north.certificate.subject().id;
        let confirm = Action::Confirmation { record, id, commitment, hospital };
        let confirm = world.envelope(Nonce(bytes(rng)), &world.alice, &confirm, 3)?;
        world.block(vec![encoded(&confirm)])?;
        let write = world.envelope(nonce, &world.north, &Action::MedicalRecord { id, commitment }, 3)?;
        world.block(vec![encoded(&write)])?;
        let digests = (sha256(&[&envelope[..Header::BYTES]]), sha256(&[&envelope]));
        let upload = Upload { record, header: digests.0, envelope: digests.1 };
        let upload = encoded(&Signed::new(upload, &world.north.certificate, &world.north.key));

        // Figure 4: the request with its sealed keys, the fetch, the completion.
        let k_e_prime = key(&sk_b).encryption_key(&params);
        let to = if twist == Twist::OtherKey {
            DecryptionKey::random(rng).encryption_key(&params)
        } else {
            key(&sk_b).encryption_key(&params)
        };
        let k_re = ReKey::new(&key(&sk_a).encryption_key(&params), &to).map_err(malformed)?;
        let mut ask = |world: &mut World| -> Result<Grant, Fault> {
            let nonce = Nonce(bytes(rng));
            let request = TxId::new(&nonce, &world.alice.certificate);
            let mut sealed = |key: [u8; 32], info: &[u8], text: &[u8]| {
                let to = SealingKey::from_bytes(Secret::new(key)).public();
                seal(&to, info, &request.0.0, text, rng).map_err(malformed)
            };
            let mut text = Writer::default();
            text.raw(k_e_prime.to_bytes().expose()).bytes("영상/2026-01.dcm".as_bytes());
            let grant = Grant {
                request,
                k_re: sealed(cloud_key, Grant::K_RE, k_re.to_bytes().expose())?,
                k_e_prime: sealed(b_key, Grant::K_E_PRIME, &text.into_bytes())?,
            };
            let recipient = world.south.certificate.subject().id;
            let action = Action::ShareRequest { record, recipient, grant: grant.digest() };
            let request = world.envelope(nonce, &world.alice, &action, 3)?;
            world.block(vec![encoded(&request)])?;
            Ok(grant)
        };
        let grant = ask(&mut world)?;
        let latest = if twist == Twist::Replaced { ask(&mut world)?.request } else { grant.request };
        let fetch = Fetch { request: grant.request };
        let fetch = encoded(&Signed::new(fetch, &world.south.certificate, &world.south.key));
        let complete = Action::ShareComplete { request: latest };
        let endorsers = if twist == Twist::Completion { 1 } else { 3 };
        let complete = world.envelope(Nonce(bytes(rng)), &world.south, &complete, endorsers)?;
        world.block(vec![encoded(&complete)])?;
        let blocks = world.blocks.iter().map(|block| hex(encoded(block))).collect();
        let sealed_identifier = encoded(&sealed_identifier);
        Ok(Self {
            world,
            k_s,
            with_a,
            with_b,
            sk_a,
            blocks,
            envelope,
            record,
            sealed_identifier,
            upload,
            grant,
            fetch,
            cloud_key,
            b_key,
        })
    }

    fn input(&self) -> Value {
        json!({
            "k_s": hex(self.k_s),
            "with_a": self.with_a.good(),
            "with_b": self.with_b.good(),
            "blocks": self.blocks,
            "now": NOW.seconds().0,
            "envelope": hex(&self.envelope),
            "sealed_identifier": hex(&self.sealed_identifier),
            "upload": hex(&self.upload),
            "grant": hex(encoded(&self.grant)),
            "fetch": hex(&self.fetch),
            "cloud_key": hex(self.cloud_key),
            "b_key": hex(self.b_key),
        })
    }

    /// The envelope with C · gT in place of C.
    fn c_altered(&self) -> Result<Vec<u8>, Fault> {
        let at = Header::BYTES - phi_pre::group::Gt::BYTES;
        let c = phi_pre::group::Gt::from_bytes(&self.envelope[at..Header::BYTES]).map_err(malformed)?;
        let c = c * *Params::new(Seed(self.k_s)).g_t();
        Ok([&self.envelope[..at], &c.to_bytes(), &self.envelope[Header::BYTES..]].concat())
    }
}

/// sk, as the initiator computes it.
fn shared(sides: &Sides) -> Result<SharedSecret, Fault> {
    let case = sides.good();
    introduced(Input(case.as_object().ok_or_else(|| malformed("no case"))?))
}
