//! Cases of envelopes: intact ones, and a selection of alterations, each of which must be refused.

use super::super::case::{Fault, hex, malformed};
use super::super::file::File;
use super::super::operations::envelopes::{ENVELOPE, HEADER};
use super::draw::{encoded, flip, lengths, put, seed};
use super::groups::outside;
use phi_pre::envelope::{Header, Sealer, Suite, TAG_BYTES};
use phi_pre::group::{Gt, Scalar};
use phi_pre::integrity::CHUNK_BYTES;
use phi_pre::pre::{DecryptionKey, Params, ReKey, Seed};
use serde_json::{Value, json};

const NOTES: &[(&str, &str)] = &[
    ("Envelope", "A record, its envelope and what opening it gives."),
    ("Header", "A header alone, re-encrypted."),
    ("Length", "Cut or prolonged."),
    ("Magic", "The first eight bytes."),
    ("Version", "Another version, suite or reserved byte than this one knows."),
    ("KeyCommitment", "com is altered, or belongs to another key."),
    ("Z", "Z is altered."),
    ("C", "C is altered."),
    ("Chunk", "A chunk or its tag is altered, moved, left out, repeated or added."),
    ("WrongKey", "Another key than the one that it was encrypted for."),
];

/// Bytes of a chunk with its tag.
const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;
/// Bytes of the header.
const HEADER_BYTES: usize = Header::BYTES;

pub(super) fn envelopes() -> Result<File, Fault> {
    let mut file = File::new("envelopes", "Envelopes", NOTES);
    file.group(&ENVELOPE);
    for suite in [1, 2] {
        for bytes in [0, 1, 65_535, 65_536, 65_537, 200_000] {
            let case = case(&mut file, suite, bytes);
            file.valid(&format!("suite {suite}, {bytes} bytes"), &["Envelope"], case)?;
        }
    }
    for suite in [1, 2] {
        altered_headers(&mut file, suite)?;
        altered_bodies(&mut file, suite)?;
    }
    headers(&mut file)?;
    Ok(file)
}

fn case(file: &mut File, suite: u8, bytes: usize) -> Value {
    let rng = &mut file.rng;
    let [k_d, t, r] = [(); 3].map(|()| hex(Scalar::random(rng).to_bytes()));
    let record = json!({ "seed": seed(rng, bytes as u64), "bytes": bytes });
    json!({ "suite": suite, "k_d": k_d, "t": t, "r": r, "record": record, "edits": [], "opened_by": k_d })
}

fn edit(name: &str, at: usize, to: usize, count: usize, bytes: &[u8]) -> Value {
    json!({ "edit": name, "at": at, "to": to, "count": count, "bytes": hex(bytes) })
}

fn xor(at: usize, bytes: &[u8]) -> Vec<Value> {
    vec![edit("xor", at, 0, 0, bytes)]
}

/// The edits that overwrite the bytes at `at` with `bytes`.
fn replace(at: usize, bytes: &[u8]) -> Vec<Value> {
    vec![edit("remove", at, 0, bytes.len(), &[]), edit("insert", at, 0, 0, bytes)]
}

fn altered_headers(file: &mut File, suite: u8) -> Result<(), Fault> {
    let good = case(file, suite, 100);
    let infinity = [&[0xc0][..], &[0; 47]].concat();
    let another = Suite::ChaCha20Poly1305 as u8 ^ Suite::Aes256Gcm as u8;
    for (comment, flag, edits) in [
        ("the first byte", "Magic", xor(0, &[1])),
        ("the last byte of the magic", "Magic", xor(7, &[1])),
        ("version 0", "Version", xor(8, &[1])),
        ("version 2", "Version", xor(8, &[3])),
        ("suite 0", "Version", xor(9, &[suite])),
        ("suite 4", "Version", xor(9, &[suite ^ 4])),
        ("the other suite", "KeyCommitment", xor(9, &[another])),
        ("the first reserved byte", "Version", xor(10, &[1])),
        ("the second reserved byte", "Version", xor(11, &[1])),
        ("the first bit of com", "KeyCommitment", xor(12, &[0x80])),
        ("the last bit of com", "KeyCommitment", xor(43, &[1])),
        ("com is zero", "KeyCommitment", replace(12, &[0; 32])),
        ("the sign of Z", "Z", xor(44, &[0x20])),
        ("Z without flag", "Z", xor(44, &[0x80])),
        ("Z = 1", "Z", replace(44, &infinity)),
        ("Z off the curve", "Z", replace(44, &outside("g1_off_curve")?)),
        ("Z of any order", "Z", replace(44, &outside("g1_wrong_subgroup")?)),
        ("C without flag", "C", xor(92, &[0x80])),
        ("the last bit of C", "C", xor(283, &[1])),
        ("C = 1", "C", replace(92, &Gt::identity().to_bytes())),
        ("C = e(g1, g2)", "C", replace(92, &Gt::generator().to_bytes())),
        ("C of order 4513", "C", replace(92, &outside("gt_order_4513_t6")?)),
        ("no byte at all", "Length", vec![edit("remove", 0, 0, HEADER_BYTES + 116, &[])]),
        ("half the header", "Length", vec![edit("remove", 142, 0, HEADER_BYTES - 142 + 116, &[])]),
    ] {
        refuse(file, &good, comment, flag, &edits)?;
    }
    let mut wrong = good;
    wrong["opened_by"] = hex(Scalar::random(&mut file.rng).to_bytes());
    file.invalid(&format!("suite {suite}: another key"), &["WrongKey"], wrong)
}

fn refuse(file: &mut File, good: &Value, comment: &str, flag: &str, edits: &[Value]) -> Result<(), Fault> {
    let mut case = good.clone();
    case["edits"] = edits.into();
    file.invalid(&format!("suite {}: {comment}", good["suite"]), &[flag], case)
}

fn altered_bodies(file: &mut File, suite: u8) -> Result<(), Fault> {
    let (small, large) = (case(file, suite, 100), case(file, suite, 150_000));
    let (empty, whole) = (case(file, suite, 0), case(file, suite, 65_536));
    let (first, second, third) =
        (HEADER_BYTES, HEADER_BYTES + SEALED_CHUNK_BYTES, HEADER_BYTES + 2 * SEALED_CHUNK_BYTES);
    let last = 150_000 - 2 * 65_536 + 16;
    for (comment, good, flag, edits) in [
        ("the first byte of the body", &small, "Chunk", xor(first, &[1])),
        ("the last byte of a chunk", &small, "Chunk", xor(first + 99, &[1])),
        ("the first byte of a tag", &small, "Chunk", xor(first + 100, &[1])),
        ("the last byte of a tag", &small, "Chunk", xor(first + 115, &[0x80])),
        ("the tag of an empty record", &empty, "Chunk", xor(first + 15, &[1])),
        ("a byte of the second chunk", &large, "Chunk", xor(second + 7, &[1])),
        ("the tag of the last chunk", &large, "Chunk", xor(third + last - 1, &[1])),
        ("no body", &small, "Length", vec![edit("remove", first, 0, 116, &[])]),
        ("half a tag", &small, "Length", vec![edit("remove", first + 108, 0, 8, &[])]),
        ("one byte cut off", &large, "Length", vec![edit("remove", third + last - 1, 0, 1, &[])]),
        ("one byte added", &small, "Length", vec![edit("insert", first + 116, 0, 0, &[0])]),
        ("a byte behind a whole chunk", &whole, "Length", vec![edit("insert", second, 0, 0, &[0])]),
        ("a tag behind a whole chunk", &whole, "Chunk", vec![edit("insert", second, 0, 0, &[0; 16])]),
        ("the last chunk cut off", &large, "Chunk", vec![edit("remove", third, 0, last, &[])]),
        ("the first chunk left out", &large, "Chunk", vec![edit("remove", first, 0, SEALED_CHUNK_BYTES, &[])]),
        ("the second chunk left out", &large, "Chunk", vec![edit("remove", second, 0, SEALED_CHUNK_BYTES, &[])]),
        ("two chunks exchanged", &large, "Chunk", vec![edit("swap", first, second, SEALED_CHUNK_BYTES, &[])]),
        ("two tags exchanged", &large, "Chunk", vec![edit("swap", second - 16, third - 16, 16, &[])]),
    ] {
        refuse(file, good, comment, flag, &edits)?;
    }
    Ok(())
}

fn headers(file: &mut File) -> Result<(), Fault> {
    let params = Params::new(Seed([0; 32]));
    let rng = &mut file.rng;
    let [a, b] = [DecryptionKey::random(rng), DecryptionKey::random(rng)];
    let [k_e, k_e_prime] = [&a, &b].map(|k_d| k_d.encryption_key(&params));
    let k_re = ReKey::new(&k_e, &k_e_prime).map_err(malformed)?;
    let k_re = hex(k_re.to_bytes().expose());
    let mut headers = Vec::new();
    for suite in [Suite::Aes256Gcm, Suite::ChaCha20Poly1305] {
        let sealer = Sealer::new(&params, &a.public_key(&params), suite, rng);
        headers.push(encoded(sealer.map_err(malformed)?.header()));
    }
    file.group(&HEADER);
    let input = |bytes: &[u8]| json!({ "k_re": k_re, "encoding": hex(bytes) });
    for good in &headers {
        file.valid("Equation 2 on a header", &["Header"], input(good))?;
        for (comment, bytes) in lengths(good) {
            file.invalid(comment, &["Length"], input(&bytes))?;
        }
    }
    let good = &headers[0];
    file.invalid("no bytes", &["Length"], input(&[]))?;
    file.invalid("the magic alone", &["Length"], input(&good[..8]))?;
    file.invalid("another magic", &["Magic"], input(&put(good, 0, b"phi-pre\n")))?;
    file.invalid("version 255", &["Version"], input(&put(good, 8, &[255])))?;
    file.invalid("suite 3", &["Version"], input(&put(good, 9, &[3])))?;
    file.invalid("reserved 256", &["Version"], input(&put(good, 10, &[1, 0])))?;
    file.invalid("C off the torus flag", &["C"], input(&flip(good, 92, 0x60)))
}
