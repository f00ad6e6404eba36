//! Cases of framing, identifiers, commitments and the record of Fig. 5.

use super::super::case::{Fault, hex};
use super::super::file::File;
use super::super::operations::hashes::{COMMITMENT, FIG5, HKDF, HMAC, PROVE_RANGE, PSEUDONYM, RANGE, TAGGED};
use super::draw::{bytes, flip, lengths, put, random, seed};
use phi_pre::hash::Digest;
use phi_pre::hash::label;
use phi_pre::integrity::{CHUNK_BYTES, Fig5Record, TxType};
use serde_json::{Value, json};

pub(super) fn hashes() -> Result<File, Fault> {
    let notes = &[
        ("Framing", "Every part stands behind its length as eight bytes."),
        ("Label", "A domain label of the crate."),
    ];
    let mut file = File::new("hashes", "SHA-256, HMAC-SHA256, HKDF-SHA256", notes);
    file.group(&TAGGED);
    for (comment, parts) in [
        ("no parts", vec![]),
        ("an empty part", vec![hex([])]),
        ("ab, c", vec![hex(b"ab"), hex(b"c")]),
        ("a, bc: another digest", vec![hex(b"a"), hex(b"bc")]),
    ] {
        file.valid(comment, &["Framing"], json!({ "label": label::GRANT, "parts": parts }))?;
    }
    for label in [
        label::SHARED_SECRET,
        label::HANDSHAKE,
        label::CONTENT_KEY,
        label::DECRYPTION_KEY,
        label::REVOCATIONS,
        label::SIGNED_MESSAGE,
        label::COMMITMENT_ROOT,
    ] {
        let part = random::<40>(&mut file.rng);
        file.valid("one part", &["Label"], json!({ "label": label, "parts": [part] }))?;
    }
    file.group(&HMAC);
    for label in [label::PSEUDONYM, label::COMMITMENT_LEAF, label::PHONE] {
        let (key, message) = (random::<32>(&mut file.rng), random::<32>(&mut file.rng));
        file.valid("a key", &["Label"], json!({ "key": key, "label": label, "message": message }))?;
    }
    let long = json!({ "key": random::<100>(&mut file.rng), "label": "", "message": "" });
    file.valid("a key longer than a block", &["Framing"], long)?;
    file.group(&HKDF);
    for (comment, context) in [
        ("no context", vec![]),
        ("an empty part", vec![hex([])]),
        ("three parts", vec![hex([2]), hex(b"name"), hex([0])]),
    ] {
        let (secret, salt) = (random::<32>(&mut file.rng), random::<32>(&mut file.rng));
        let input = json!({ "secret": secret, "salt": salt, "label": label::CONTENT_KEY, "context": context });
        file.valid(comment, &["Framing"], input)?;
    }
    Ok(file)
}

pub(super) fn identifiers() -> Result<File, Fault> {
    let notes = &[("Identifier", "ID_i of the crate, and the literal reading of the paper.")];
    let mut file = File::new("identifiers", "Multi-vector identifiers", notes);
    file.group(&PSEUDONYM);
    let uid = random::<32>(&mut file.rng);
    for i in 1..=8 {
        let v = random::<32>(&mut file.rng);
        file.valid(&format!("one person, v_{i}"), &["Identifier"], json!({ "uid": uid, "v": v }))?;
    }
    file.valid("zeros", &["Identifier"], json!({ "uid": hex([0; 32]), "v": hex([0; 32]) }))?;
    Ok(file)
}

pub(super) fn commitments() -> Result<File, Fault> {
    let notes = &[
        ("Commitment", "The salted commitment of a record that a rule makes, and its bare SHA-256."),
        ("Range", "Some chunks of a record, shown under its commitment."),
        ("NoRange", "Chunks that the record does not have, or none."),
        ("AnotherRange", "A proof for other bytes, another place, length or commitment."),
        ("Encoding", "Bytes that are no proof."),
        ("Figure5", "The record of Fig. 5 as text."),
        ("Text", "Text that is not what the record prints."),
        ("Respelled", "Text of the same values in another spelling."),
    ];
    let mut file = File::new("commitments", "Record commitments", notes);
    file.group(&COMMITMENT);
    for n in [0, 1, 65_535, 65_536, 65_537, 131_072, 131_073, 196_608, 300_000, 458_752, 524_289, 65_536_000] {
        let (salt, seed) = (random::<32>(&mut file.rng), seed(&mut file.rng, n));
        let input = json!({ "salt": salt, "record": { "seed": seed, "bytes": n } });
        file.valid(&format!("{n} bytes"), &["Commitment"], input)?;
    }
    ranges(&mut file)?;
    file.group(&FIG5);
    let times = [0, 1_557_223_099_576, 951_782_400_000, 253_402_300_799_999, 1_748_779_200_000];
    for (txtype, timestamp) in TxType::ALL.into_iter().zip(times) {
        let record = fig5(&mut file, txtype, timestamp);
        file.valid("a record", &["Figure5"], json!({ "text": record.to_string() }))?;
    }
    let text = fig5(&mut file, TxType::MedicalRecord, 1_557_223_099_576).to_string();
    for (comment, from, to) in [
        ("an unknown txtype", "'0000'", "'0005'"),
        ("a txtype of three digits", "'0000'", "'000'"),
        ("no time", "2019-05-07T", "2019-05-07"),
        ("the 32nd of May", "2019-05-07", "2019-05-32"),
        ("another brace", "{ ", "[ "),
        ("a field renamed", "uid", "uidd"),
        ("two fields on one line", ",\n  hash", ", hash"),
        ("a hash of 63 digits", "hash: '", "hash: 'x"),
        ("a signature of 17 bytes", "signature: '", "signature: '=="),
    ] {
        file.invalid(comment, &["Text"], json!({ "text": text.replacen(from, to, 1) }))?;
    }
    for (comment, from, to) in
        [("a time without milliseconds", ".576Z", ".5760Z"), ("a sixth field", "' }", "',\n  more: 'x' }")]
    {
        file.invalid(comment, &["Respelled"], json!({ "text": text.replacen(from, to, 1) }))?;
    }
    Ok(file)
}

fn ranges(file: &mut File) -> Result<(), Fault> {
    const SIZE: u64 = CHUNK_BYTES as u64;
    let (salt, seed) = (random::<32>(&mut file.rng), seed(&mut file.rng, 1));
    let record = |bytes: u64| json!({ "seed": if bytes == 0 { "".into() } else { seed.clone() }, "bytes": bytes });
    let of =
        |bytes: u64, first: u64, end: u64| json!({ "salt": salt, "record": record(bytes), "first": first, "end": end });
    file.group(&PROVE_RANGE);
    let mut made = Vec::new();
    for (bytes, first, end) in [
        (0, 0, 1),
        (1, 0, 1),
        (2 * SIZE, 1, 2),
        (5 * SIZE + 9, 2, 4),
        (5 * SIZE + 9, 5, 6),
        (7 * SIZE, 0, 7),
        (8 * SIZE, 3, 6),
        (1000 * SIZE, 500, 502),
    ] {
        let comment = format!("chunks {first} to {end} of {bytes} bytes");
        let proved = file.valid(&comment, &["Range"], of(bytes, first, end))?;
        let input = |from: u64, to: u64| json!({ "commitment": proved["commitment"], "proof": proved["proof"], "record": record(to), "from": from, "to": to });
        made.push((comment, input(first * SIZE, (end * SIZE).min(bytes))));
    }
    for (comment, bytes, first, end) in [
        ("no chunk", 2 * SIZE, 1, 1),
        ("a chunk behind the last", 2 * SIZE, 1, 3),
        ("the second chunk of an empty record", 0, 1, 2),
        ("the end before the start", 2 * SIZE, 2, 1),
    ] {
        file.invalid(comment, &["NoRange"], of(bytes, first, end))?;
    }
    file.group(&RANGE);
    for (comment, input) in &made {
        file.valid(comment, &["Range"], input.clone())?;
    }
    let good = made.swap_remove(3).1;
    let proof = super::super::case::read_hex(&good["proof"])?;
    let with = |name: &str, value: Value| {
        let mut input = good.clone();
        input[name] = value;
        input
    };
    let shifted = json!({ "commitment": good["commitment"], "proof": good["proof"], "record": record(5 * SIZE), "from": 3 * SIZE, "to": 5 * SIZE });
    file.invalid("the bytes of other chunks", &["AnotherRange"], shifted)?;
    file.invalid("a byte too few", &["AnotherRange"], with("to", json!(4 * SIZE - 1)))?;
    let other = random::<32>(&mut file.rng);
    file.invalid("another commitment", &["AnotherRange"], with("commitment", other))?;
    // The proof holds the record's length (8 bytes), the first chunk (8), the count (4), two salts, and the roots.
    for (comment, altered) in [
        ("a record a byte shorter", flip(&proof, 7, 1)),
        ("another chunk first", flip(&proof, 15, 1)),
        ("a bit of a salt", flip(&proof, 20, 1)),
        ("a bit of a root", flip(&proof, proof.len() - 1, 1)),
        ("two salts in each other's place", [&proof[..20], &proof[52..84], &proof[20..52], &proof[84..]].concat()),
    ] {
        file.invalid(comment, &["AnotherRange"], with("proof", hex(altered)))?;
    }
    let [short, long] = lengths(&proof);
    for (comment, altered) in [
        short,
        long,
        ("no chunk", put(&proof, 16, &[0; 4])),
        ("more chunks than the record has", put(&proof, 8, &5_u64.to_be_bytes())),
        ("a first chunk behind the last", put(&proof, 8, &[0xff; 8])),
        ("more chunks than a proof may show", put(&proof, 16, &[0xff; 4])),
        ("a record that needs more roots", put(&proof, 0, &[0xff; 8])),
        ("cut inside the count", proof[..18].to_vec()),
    ] {
        file.invalid(comment, &["Encoding"], with("proof", hex(altered)))?;
    }
    Ok(())
}

fn fig5(file: &mut File, txtype: TxType, timestamp: u64) -> Fig5Record {
    let (hash, uid) = (Digest(bytes(&mut file.rng)), Digest(bytes(&mut file.rng)));
    Fig5Record { txtype, timestamp, hash, signature: bytes(&mut file.rng), uid }
}
