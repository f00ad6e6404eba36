//! Two operations: `envelope` seals a record, edits the envelope and opens the envelope; `header` decodes and re-encrypts
//! a header.

use super::scheme::key;
use crate::vectors::case::{Fault, Input, Kind, Operation, OrRefused, hex, malformed, wire};
use phi_pre::envelope::{DecryptError, Header, Opener, Sealer, Suite};
use phi_pre::group::Scalar;
use phi_pre::hash::{hkdf, label, sha256};
use phi_pre::integrity::CHUNK_BYTES;
use phi_pre::pre::hazmat::Given;
use phi_pre::pre::{Params, ReKey, Seed};
use serde_json::json;

pub(in crate::vectors) const ALL: &[&Operation] = &[&ENVELOPE, &HEADER];

/// The longest record of a case, in bytes: 1000 chunks.
const RECORD_LIMIT: usize = 1000 * CHUNK_BYTES;

/// A record that is computed from a seed: SHA-256(seed || 0) || SHA-256(seed || 1) || ..., with each number as
/// eight bytes, big-endian, truncated to `bytes` bytes.
pub(in crate::vectors) const RECORD: Kind = Kind::Object(&[("seed", Kind::Hex), ("bytes", Kind::Number)]);

pub(in crate::vectors) fn record(rule: Input<'_>) -> Result<Vec<u8>, Fault> {
    let (seed, bytes) = (rule.bytes("seed")?, rule.size("bytes")?);
    if bytes > RECORD_LIMIT {
        return Err(malformed("a record of more than 1000 chunks"));
    }
    if bytes == 0 && !seed.is_empty() {
        return Err(malformed("an empty record must have an empty seed"));
    }
    let mut record = Vec::with_capacity(bytes + 32);
    for block in 0_u64.. {
        if record.len() >= bytes {
            break;
        }
        record.extend_from_slice(&sha256(&[&seed, &block.to_be_bytes()]).0);
    }
    record.truncate(bytes);
    Ok(record)
}

/// An edit of the envelope's bytes. `xor` xors the given bytes into the bytes at `at`, `remove` removes `count` bytes
/// at `at`, `insert` inserts the given bytes at `at`, and `swap` exchanges `count` bytes at `at` with `count` bytes at
/// `to`; the two ranges of `swap` do not overlap, and `at` is lower than `to`. Each edit ignores the fields that it does
/// not use.
const EDIT: Kind = Kind::Object(&[
    ("edit", Kind::Text),
    ("at", Kind::Number),
    ("to", Kind::Number),
    ("count", Kind::Number),
    ("bytes", Kind::Hex),
]);

fn edit(envelope: &mut Vec<u8>, rule: Input<'_>) -> Result<(), Fault> {
    let outside = || malformed("an edit outside the envelope");
    let (at, to, count, bytes) = (rule.size("at")?, rule.size("to")?, rule.size("count")?, rule.bytes("bytes")?);
    if at > envelope.len() {
        return Err(outside());
    }
    match rule.text("edit")? {
        "xor" => {
            for (byte, other) in envelope.get_mut(at..at + bytes.len()).ok_or_else(outside)?.iter_mut().zip(bytes) {
                *byte ^= other;
            }
        }
        "remove" if count <= envelope.len() - at => drop(envelope.drain(at..at + count)),
        "insert" => drop(envelope.splice(at..at, bytes)),
        "swap" if at + count <= to && to + count <= envelope.len() => {
            let (left, right) = envelope.split_at_mut(to);
            left[at..at + count].swap_with_slice(&mut right[..count]);
        }
        _ => return Err(outside()),
    }
    Ok(())
}

fn suite(input: Input<'_>) -> Result<Suite, Fault> {
    match input.number("suite")? {
        1 => Ok(Suite::Aes256Gcm),
        2 => Ok(Suite::ChaCha20Poly1305),
        suite => Err(malformed(format_args!("unknown suite {suite}"))),
    }
}

pub(in crate::vectors) const ENVELOPE: Operation = Operation {
    name: "envelope",
    input: &[
        ("suite", Kind::Number),
        ("k_d", Kind::Hex),
        ("t", Kind::Hex),
        ("r", Kind::Hex),
        ("record", RECORD),
        ("edits", Kind::List(&EDIT)),
        ("opened_by", Kind::Hex),
    ],
    output: &[
        ("header", Kind::Hex),
        ("key", Kind::Hex),
        ("salt", Kind::Hex),
        ("body_bytes", Kind::Number),
        ("body_sha256", Kind::Hex),
        ("body_first", Kind::Hex),
        ("body_last", Kind::Hex),
        ("record_sha256", Kind::Hex),
        ("commitment", Kind::Hex),
    ],
    run: |input| {
        let params = Params::new(Seed([0; 32]));
        let (suite, k_d, opened_by) = (suite(input)?, key(input, "k_d")?, key(input, "opened_by")?);
        let record = record(input.object("record")?)?;
        // The sealer draws t, then r. It draws 48 bytes for each and reduces them modulo q.
        let wide = |x: &Scalar| [&[0; 16][..], &x.to_bytes()].concat();
        let (t, r) = (input.scalar("t")?, input.scalar("r")?);
        if t.is_zero() || r.is_zero() {
            return Err(malformed("t or r is zero"));
        }
        let sealer =
            Sealer::new(&params, &k_d.public_key(&params), suite, &mut Given::new([wide(&t), wide(&r)].concat()));
        let mut envelope = Vec::new();
        sealer.refused()?.seal(&mut record.as_slice(), &mut envelope).refused()?;
        for rule in input.objects("edits")? {
            edit(&mut envelope, rule)?;
        }
        let (head, body) = envelope.split_at(envelope.len().min(Header::BYTES));
        let header = Header::from_bytes(head).map_err(DecryptError::from).refused()?;
        let message = opened_by.encryption_key(&params).decapsulate(&header.capsule);
        let mut again = Vec::new();
        let opened = Opener::with_message(&header, &message).and_then(|opener| opener.open(&mut &*body, &mut again));
        let sealed = opened.refused()?;
        let context = [1, header.suite as u8];
        let secret = message.to_bytes();
        let okm = hkdf::<96>(secret.expose(), &header.capsule.z().to_bytes(), label::CONTENT_KEY, &[&context]);
        Ok(json!({
            "header": hex(head),
            "key": hex(&okm[..32]),
            "salt": hex(&okm[64..]),
            "body_bytes": body.len(),
            "body_sha256": hex(sha256(&[body]).0),
            "body_first": hex(&body[..body.len().min(32)]),
            "body_last": hex(&body[body.len().saturating_sub(32)..]),
            "record_sha256": hex(sha256(&[&again]).0),
            "commitment": hex(sealed.commitment.0.0),
        }))
    },
};

pub(in crate::vectors) const HEADER: Operation = Operation {
    name: "header",
    input: &[("k_re", Kind::Hex), ("encoding", Kind::Hex)],
    output: &[("suite", Kind::Number), ("key_commitment", Kind::Hex), ("capsule", Kind::Hex), ("again", Kind::Hex)],
    run: |input| {
        let header: Header = input.wire("encoding")?;
        let k_re = ReKey::from_bytes(&input.bytes("k_re")?).refused()?;
        Ok(json!({
            "suite": header.suite as u8,
            "key_commitment": wire(&header.key_commitment),
            "capsule": wire(&header.capsule),
            "again": wire(&header.reencrypt(&k_re)),
        }))
    },
};
