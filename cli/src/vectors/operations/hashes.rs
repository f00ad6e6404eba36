//! Operations: tagged hash, HMAC, HKDF, identifiers, record commitments, range proofs, and the record of Fig. 5.

use super::envelopes::{RECORD, record};
use crate::vectors::case::{Kind, Operation, OrRefused, hex, malformed, wire};
use phi_pre::hash::{hkdf, hmac, tagged};
use phi_pre::identifier::{Pseudonym, UserId, Vector, literal};
use phi_pre::integrity::{CHUNK_BYTES, Commitment, Committer, Fig5Record, RangeProof, Salt};
use serde_json::json;

pub(in crate::vectors) const ALL: &[&Operation] =
    &[&TAGGED, &HMAC, &HKDF, &PSEUDONYM, &COMMITMENT, &PROVE_RANGE, &RANGE, &FIG5];

pub(in crate::vectors) const TAGGED: Operation = Operation {
    name: "tagged hash",
    input: &[("label", Kind::Text), ("parts", Kind::List(&Kind::Hex))],
    output: &[("digest", Kind::Hex)],
    run: |input| {
        let parts = input.byte_lists("parts")?;
        let parts: Vec<_> = parts.iter().map(Vec::as_slice).collect();
        Ok(json!({ "digest": hex(tagged(input.text("label")?, &parts).0) }))
    },
};

pub(in crate::vectors) const HMAC: Operation = Operation {
    name: "HMAC",
    input: &[("key", Kind::Hex), ("label", Kind::Text), ("message", Kind::Hex)],
    output: &[("mac", Kind::Hex)],
    run: |input| {
        Ok(json!({ "mac": hex(hmac(&input.bytes("key")?, input.text("label")?, &input.bytes("message")?).0) }))
    },
};

pub(in crate::vectors) const HKDF: Operation = Operation {
    name: "HKDF",
    input: &[("secret", Kind::Hex), ("salt", Kind::Hex), ("label", Kind::Text), ("context", Kind::List(&Kind::Hex))],
    output: &[("okm", Kind::Hex)],
    run: |input| {
        let context = input.byte_lists("context")?;
        let context: Vec<_> = context.iter().map(Vec::as_slice).collect();
        let okm = hkdf::<96>(&input.bytes("secret")?, &input.bytes("salt")?, input.text("label")?, &context);
        Ok(json!({ "okm": hex(okm) }))
    },
};

pub(in crate::vectors) const PSEUDONYM: Operation = Operation {
    name: "identifier",
    input: &[("uid", Kind::Hex), ("v", Kind::Hex)],
    output: &[("id", Kind::Hex), ("literal", Kind::Hex)],
    run: |input| {
        let (uid, v) = (UserId(input.array("uid")?), Vector::from_bytes(input.array("v")?));
        Ok(json!({ "id": hex(Pseudonym::derive(&uid, &v).0), "literal": hex(literal(&uid, &v).0) }))
    },
};

pub(in crate::vectors) const COMMITMENT: Operation = Operation {
    name: "commitment",
    input: &[("salt", Kind::Hex), ("record", RECORD)],
    output: &[("chunks", Kind::Number), ("commitment", Kind::Hex), ("literal", Kind::Hex)],
    run: |input| {
        let record = record(input.object("record")?)?;
        let salt = Salt::from_bytes(input.array("salt")?);
        let literal = phi_pre::integrity::literal(&mut record.as_slice()).refused()?;
        Ok(json!({
            "chunks": record.len().div_ceil(CHUNK_BYTES).max(1),
            "commitment": hex(Committer::commit(&salt, &record).0.0),
            "literal": hex(literal.0),
        }))
    },
};

pub(in crate::vectors) const PROVE_RANGE: Operation = Operation {
    name: "prove range",
    input: &[("salt", Kind::Hex), ("record", RECORD), ("first", Kind::Number), ("end", Kind::Number)],
    output: &[("proof", Kind::Hex), ("commitment", Kind::Hex)],
    run: |input| {
        let record = record(input.object("record")?)?;
        let salt = Salt::from_bytes(input.array("salt")?);
        let proof = RangeProof::new(&salt, &record, input.number("first")?..input.number("end")?).refused()?;
        Ok(json!({ "proof": wire(&proof), "commitment": hex(Committer::commit(&salt, &record).0.0) }))
    },
};

pub(in crate::vectors) const RANGE: Operation = Operation {
    name: "range proof",
    input: &[
        ("commitment", Kind::Hex),
        ("proof", Kind::Hex),
        ("record", RECORD),
        ("from", Kind::Number),
        ("to", Kind::Number),
    ],
    output: &[("length", Kind::Number), ("first", Kind::Number), ("end", Kind::Number)],
    run: |input| {
        let record = record(input.object("record")?)?;
        let shown = record.get(input.size("from")?..input.size("to")?).ok_or_else(|| malformed("not in the record"))?;
        let commitment: Commitment = input.wire("commitment")?;
        let proof: RangeProof = input.wire("proof")?;
        proof.verify(&commitment, shown).refused()?;
        Ok(json!({ "length": proof.length(), "first": proof.range().start, "end": proof.range().end }))
    },
};

pub(in crate::vectors) const FIG5: Operation = Operation {
    name: "Fig. 5 record",
    input: &[("text", Kind::Text)],
    output: &[
        ("txtype", Kind::Number),
        ("timestamp", Kind::Number),
        ("hash", Kind::Hex),
        ("signature", Kind::Hex),
        ("uid", Kind::Hex),
    ],
    run: |input| {
        let Fig5Record { txtype, timestamp, hash, signature, uid } = input.text("text")?.parse().refused()?;
        Ok(json!({
            "txtype": txtype as u8,
            "timestamp": timestamp,
            "hash": hex(hash.0),
            "signature": hex(signature),
            "uid": hex(uid.0),
        }))
    },
};
