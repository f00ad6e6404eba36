//! The seeds of the mutations: the test vectors, and encodings made here where no vector has them.

use super::decoders::{ALL, Decoder, KINDS};
use super::fixture::{FIXTURE, Fixture};
use phi_pre::contract::{Creator, Ledger, Query, Shared};
use phi_pre::envelope::{Header, Sealer, Suite};
use phi_pre::flow::{Delivery, Fetch, Grant, NamedKey, Rotated, Rotation, Signed, Upload};
use phi_pre::group::G1;
use phi_pre::hash::{Digest, sha256};
use phi_pre::identity::{Institution, MemberId, SealingKey, seal};
use phi_pre::ledger::{Code, Metadata, SignedTransaction, Transaction};
use phi_pre::pre::{NamedSecret, PublicReKey, ReencryptionProof, Statement, Threshold};
use phi_pre::wire::Wire;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The largest number of seeds of one decoder.
const MOST: usize = 48;

/// The seeds of every decoder, in the order of the table.
pub(crate) fn all() -> Vec<(&'static Decoder, Vec<Vec<u8>>)> {
    let vectors = vectors();
    ALL.iter().map(|decoder| (decoder, of(decoder, &vectors))).collect()
}

/// Every string of the vectors by its operation and path: the bytes of its hexadecimal digits, or its text.
type Vectors = BTreeMap<String, BTreeSet<Vec<u8>>>;

/// The folder of the vectors.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors")
}

fn vectors() -> Vectors {
    let mut found = Vectors::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            for group in file["testGroups"].as_array().unwrap() {
                for case in group["tests"].as_array().unwrap() {
                    let kind = case["input"].get("kind").or(case["input"].get("form"));
                    let at = format!("{}/{}", group["type"], kind.unwrap_or(&Value::Null));
                    strings(&case["input"], &at, &mut found);
                    strings(&case["output"], &at, &mut found);
                }
            }
        }
    }
    assert!(found.len() > 100, "{}", found.len());
    found
}

fn strings(value: &Value, at: &str, found: &mut Vectors) {
    match value {
        Value::String(text) => {
            let bytes = hex::decode(text).unwrap_or_else(|_| text.as_bytes().to_vec());
            found.entry(at.to_owned()).or_default().insert(bytes);
        }
        Value::Array(items) => items.iter().for_each(|item| strings(item, at, found)),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| strings(value, &format!("{at}/{name}"), found));
        }
        _ => {}
    }
}

/// The seeds of a decoder. If it accepts one string of a field of the vectors, all strings of this field are seeds,
/// also the invalid ones.
fn of(decoder: &Decoder, vectors: &Vectors) -> Vec<Vec<u8>> {
    let mut seeds = own(decoder.name);
    if decoder.every == 1 {
        for field in vectors.values().filter(|field| field.iter().any(|bytes| (decoder.run)(bytes))) {
            seeds.extend(field.iter().take(MOST / 2).cloned());
        }
    }
    seeds.dedup();
    seeds.truncate(MOST);
    seeds
}

fn listings() -> Vec<Vec<u8>> {
    let keys = ["p/x", "p//c", "a&amp;b&#1;", "<![CDATA[x<y]]>"].map(|key| format!("<Key>{key}</Key>"));
    let listing = |keys: &str| format!("<?xml version=\"1.0\"?><R><Contents>{keys}</Contents></R>").into_bytes();
    vec![listing(&keys.concat()), listing(""), listing("<Key>")]
}

/// Seeds that the vectors do not have. Some are for decoders that refuse only a wrong length.
fn own(name: &str) -> Vec<Vec<u8>> {
    let rng = &mut ChaCha20Rng::seed_from_u64(2);
    let Fixture { hospital: (certificate, key), sealing_key, .. } = &*FIXTURE;
    match name {
        "records" => vec![FIXTURE.capsule.to_bytes().repeat(9), FIXTURE.capsule.to_bytes().to_vec()],
        "statement" => statements(),
        "handshake" => {
            let share = [9; 32];
            let signature = key.sign(b"").as_bytes().to_vec();
            vec![[&share[..], &signature, b"name"].concat(), [&[0; 32][..], &signature].concat()]
        }
        "certificate-pem" => vec![certificate.to_pem().unwrap().into_bytes()],
        "signing-key-pem" => vec![key.to_pkcs8_pem().unwrap().expose().clone().into_bytes()],
        "signature-der" => vec![key.sign(b"").to_der().unwrap(), key.sign(b"m").to_der().unwrap()],
        "sealed-opened" | "sealed" => {
            let sealed = seal(&sealing_key.public(), Fixture::INFO, b"", b"plaintext", rng).unwrap();
            vec![sealed.to_bytes()]
        }
        "institution" => {
            let institution = Institution {
                certificate: certificate.clone(),
                signing_key: key.clone(),
                sealing_key: SealingKey::from_bytes(sealing_key.to_bytes().clone()),
            };
            vec![institution.to_bytes().expose().clone()]
        }
        "store-listing" => listings(),
        "code-opened" => vec![[&[9; 32][..], &[0, 0, 0, 6], b"123456"].concat()],
        "ticket" | "sealed-identifier" => vec![vec![7; 16], vec![7; 48]],
        "grant-opened" => vec![[FIXTURE.k_e.to_bytes().expose(), &[0, 0, 0, 4][..], b"name"].concat()],
        "organisations" => vec![b"UsersMSP=users,CareMSP=hospitals".to_vec(), b"A=cloud".to_vec()],
        "phone-number" => vec![b"+82 10-5550 0100".to_vec(), b"+1234567".to_vec()],
        "envelope" | "envelope-in-memory" | "envelope-file" => {
            let mut seeds = Vec::new();
            for (suite, bytes) in [(Suite::Aes256Gcm, 0), (Suite::ChaCha20Poly1305, 100), (Suite::Aes256Gcm, 65_600)] {
                let key = FIXTURE.k_d.public_key(&FIXTURE.params);
                let mut envelope = Vec::new();
                let sealer = Sealer::new(&FIXTURE.params, &key, suite, rng).unwrap();
                sealer.seal(&mut &vec![7; bytes][..], &mut envelope).unwrap();
                seeds.push(envelope);
            }
            seeds
        }
        "signed-proposal" | "endorse" => FIXTURE.proposals.iter().map(Wire::to_bytes).collect(),
        "payload" => transactions().iter().map(|transaction| transaction.payload.to_bytes()).collect(),
        "endorsement" => transactions().iter().map(|transaction| transaction.endorsements[0].to_bytes()).collect(),
        "validation" | "order" => {
            FIXTURE.committed[1..].iter().flat_map(|block| block.block.transactions.clone()).collect()
        }
        "block" => FIXTURE.committed.iter().map(|block| block.block.to_bytes()).collect(),
        "block-metadata" => FIXTURE.committed.iter().map(|block| block.metadata.to_bytes()).collect(),
        "savepoint" => vec![[&[0; 7][..], &[9; 65]].concat()],
        "outcome" => vec![vec![0; 13]],
        "block-file" | "repair" => {
            let whole = FIXTURE.blocks.clone();
            vec![whole[..whole.len() - 5].to_vec(), [&whole[..], &[0; 64]].concat(), whole]
        }
        "verdicts-file" => verdicts_files(),
        "state-file" => {
            // No change; then changes at offsets all over the file.
            let patch = |at: usize, bytes: &[u8]| {
                [&at.to_be_bytes()[5..], &[u8::try_from(bytes.len()).unwrap()], bytes].concat()
            };
            let places = (0..FIXTURE.state.len()).step_by(FIXTURE.state.len() / 20);
            let mut seeds = vec![Vec::new(), patch(0, &[0; 64]), patch(4096, &[])];
            seeds.extend(places.map(|at| patch(at + rng.next_u32() as usize % 200, &[0xff; 8])));
            seeds.extend((0..300).step_by(24).map(|at| patch(at, &[1; 3])));
            seeds
        }
        "organisation" => FIXTURE.config.organisations.iter().map(Wire::to_bytes).collect(),
        "query" => {
            [Query::Record(FIXTURE.record), Query::Share(FIXTURE.request)].map(|query| query.to_bytes()).to_vec()
        }
        "shared-record" => vec![shared().to_bytes()],
        "question" => {
            let (share, record) = (shared().share.to_bytes(), shared().record.to_bytes());
            let [of_record, of_share] =
                [Query::Record(FIXTURE.record), Query::Share(FIXTURE.request)].map(|q| q.to_bytes());
            let all =
                [(1, &of_record, &record), (0, &of_record, &record), (4, &of_share, &share), (5, &of_share, &share)];
            all.map(|(kinds, question, value)| [&[kinds][..], question, value].concat()).to_vec()
        }
        "contract" => {
            let actions = FIXTURE.proposals.iter().map(|signed| signed.proposal.action.clone());
            let transactions = transactions();
            let writes = transactions.iter().flat_map(|transaction| transaction.payload.rwset.writes());
            let values: Vec<_> =
                writes.flat_map(|write| (0..KINDS.len()).map(|kind| (1 << kind, write.value.clone()))).collect();
            actions
                .flat_map(|action| {
                    let length = u8::try_from(action.len()).unwrap();
                    let seed = |(kind, value): &(u8, Vec<u8>)| [&[*kind, length][..], &action, value].concat();
                    values.iter().map(seed).collect::<Vec<_>>()
                })
                .collect()
        }
        "upload" | "delivery" | "rotated" | "rotation" | "fetch" | "named-key" | "grant" => vec![message(name, rng)],
        "digest" => vec![sha256(&[]).to_string().into_bytes()],
        "key-file" => key_files(),
        "vectors" => ["identifiers.json", "hashes.json"].map(|name| fs::read(folder().join(name)).unwrap()).to_vec(),
        _ => Vec::new(),
    }
}

/// The completed request and its record, as they are on the ledger.
fn shared() -> Shared {
    let by = Creator { certificate: &FIXTURE.hospital.0, key: &FIXTURE.hospital.1 };
    FIXTURE.network.lock().unwrap().share(FIXTURE.request, &by).unwrap().unwrap()
}

/// A message of the flow. The hospital signs messages of every kind.
fn message(name: &str, rng: &mut ChaCha20Rng) -> Vec<u8> {
    fn signed<T: Wire>(content: T) -> Vec<u8> {
        let (certificate, key) = &FIXTURE.hospital;
        Signed::new(content, certificate, key).to_bytes()
    }
    let (params, k_re) = (&FIXTURE.params, &FIXTURE.k_re);
    let (record, request) = (FIXTURE.record, FIXTURE.request);
    let (before, after) = ([FIXTURE.capsule], [k_re.reencrypt(&FIXTURE.capsule)]);
    let delta = PublicReKey::of(params, k_re);
    let statement = Statement::new(params, &delta, &before, &after, b"context").unwrap();
    let proof = ReencryptionProof::new(params, k_re, &statement, rng);
    let sealed = seal(&FIXTURE.sealing_key.public(), Fixture::INFO, b"", b"plaintext", rng).unwrap();
    let (certificate, key) = &FIXTURE.hospital;
    let upload = note(rng);
    match name {
        "upload" => signed(upload),
        "delivery" => {
            let upload = Signed::new(upload, certificate, key);
            signed(Delivery { request, upload, c_prime: *after[0].c(), proof })
        }
        "rotated" => signed(Rotated { record, epoch: 1, c: *after[0].c(), proof }),
        "rotation" => signed(Rotation { record, epoch: 1, delta, update: sealed }),
        "fetch" => signed(Fetch { request }),
        "named-key" => signed(NamedKey { hospital: MemberId([1; 32]), key: NamedSecret::random(rng).public(params) }),
        _ => {
            let (shares, public) = k_re.split(params, Threshold::new(2, 3).unwrap(), rng);
            let shares = shares.iter().map(|share| (MemberId([share.index(); 32]), sealed.clone())).collect();
            let note = Signed::new(upload, certificate, key);
            signed(Grant { request, note, public, shares, k_e_prime: sealed })
        }
    }
}

/// The note about an envelope with the capsule of the fixture.
fn note(rng: &mut ChaCha20Rng) -> Upload {
    let public_key = FIXTURE.k_d.public_key(&FIXTURE.params);
    let envelope = phi_pre::envelope::encrypt(&FIXTURE.params, &public_key, b"a record", rng).unwrap();
    let header = Header::from_bytes(&envelope[..Header::BYTES]).unwrap();
    Upload { record: FIXTURE.record, epoch: 0, header, body: Digest([2; 32]), public_key }
}

/// Capsules before and after re-encryption.
fn statements() -> Vec<Vec<u8>> {
    let (before, after) = (FIXTURE.capsule.to_bytes(), FIXTURE.k_re.reencrypt(&FIXTURE.capsule).to_bytes());
    vec![[before.repeat(9), after.repeat(9)].concat(), [before, after].concat(), before.repeat(4)]
}

/// Files of verdicts: too few, all, too many, others, and all with trailing bytes.
fn verdicts_files() -> Vec<Vec<u8>> {
    let whole: Vec<Metadata> = FIXTURE.committed.iter().map(|block| block.metadata.clone()).collect();
    let other = Metadata { codes: vec![Code::BadPayload], ..whole[1].clone() };
    let more = [&whole[..], &whole[1..2]].concat();
    let diverged = [&whole[..1], &[other], &whole[2..]].concat();
    let mut files: Vec<_> = [&whole[..2], &whole, &more, &diverged].map(verdicts_file).into();
    files.push([&files[1][..], &[0; 9]].concat());
    files
}

/// The file in which a peer stores these verdicts.
fn verdicts_file(metadata: &[Metadata]) -> Vec<u8> {
    let record = |(number, metadata): (u64, &Metadata)| {
        let content = [&number.to_be_bytes()[..], &metadata.to_bytes()].concat();
        [&content[..], &sha256(&[&content]).0].concat()
    };
    let records: Vec<_> = (0..).zip(metadata).map(record).collect();
    [b"phi-pre verdicts 1\n", &records.concat()[..]].concat()
}

fn transactions() -> Vec<Transaction> {
    let transactions = FIXTURE.committed[1..].iter().flat_map(|block| block.block.transactions.clone());
    let read = |signed: Vec<u8>| {
        Transaction::from_bytes(&SignedTransaction::from_bytes(&signed).unwrap().transaction).unwrap()
    };
    transactions.map(read).collect()
}

/// Key files as `phi-pre keygen` and `phi-pre rekey` write them.
fn key_files() -> Vec<Vec<u8>> {
    let k_d = FIXTURE.k_d.to_bytes().expose().to_vec();
    let public = FIXTURE.k_d.public_key(&FIXTURE.params).to_bytes().to_vec();
    let k_re = FIXTURE.k_re.to_bytes().expose().to_vec();
    let sk = vec![7; 32];
    let named = G1::generator().to_bytes().to_vec();
    let proof = [&FIXTURE.k_re.to_bytes().expose()[..], &[7; 16]].concat();
    [
        ("secret key (k_d)", k_d),
        ("public key (Y)", public),
        ("re-encryption key (k_re)", k_re),
        ("shared secret (sk)", sk.clone()),
        ("secret key by name (a)", [&[1][..], &sk[1..]].concat()),
        ("public key by name (A)", named),
        ("proof of re-encryption", proof),
    ]
    .map(|(title, key)| {
        let sum = hex::encode(&sha256(&[&key]).0[..8]);
        format!("phi-pre {title}, version 1\n{}\n{sum}\n", hex::encode(key)).into_bytes()
    })
    .to_vec()
}
