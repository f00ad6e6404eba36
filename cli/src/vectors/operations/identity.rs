//! Operations on signatures, certificates, revocation lists, and sealed and signed messages.

use crate::vectors::case::{Fault, Input, Kind, Operation, OrRefused, hex, malformed, t6, wire};
use phi_pre::flow::{Delivery, Fetch, Grant, NamedKey, Rotated, Rotation, Signed, Upload};
use phi_pre::hash::sha256;
use phi_pre::identity::{
    Certificate, Credentials, Institution, Msp, RevocationList, Sealed, SealingKey, Signature, SigningKey, Subject,
    VerifyingKey,
};
use phi_pre::secret::Secret;
use phi_pre::time::Seconds;
use phi_pre::wire::Wire;
use serde_json::json;

pub(in crate::vectors) const ALL: &[&Operation] =
    &[&SIGN, &VERIFY, &CERTIFICATE, &REVOCATIONS, &SEALED, &MESSAGE, &CREDENTIALS, &INSTITUTION];

pub(in crate::vectors) const SIGN: Operation = Operation {
    name: "sign",
    input: &[("d", Kind::Hex), ("message", Kind::Hex)],
    output: &[("verifying_key", Kind::Hex), ("signature", Kind::Hex)],
    run: |input| {
        let key = SigningKey::from_bytes(&Secret::new(input.array("d")?)).refused()?;
        let signature = key.sign(&input.bytes("message")?);
        Ok(json!({ "verifying_key": wire(&key.verifying_key()), "signature": wire(&signature) }))
    },
};

pub(in crate::vectors) const VERIFY: Operation = Operation {
    name: "verify",
    input: &[("verifying_key", Kind::Hex), ("message", Kind::Hex), ("signature", Kind::Hex)],
    output: &[("digest", Kind::Hex)],
    run: |input| {
        let key = VerifyingKey::from_bytes(&input.array("verifying_key")?).refused()?;
        let message = input.bytes("message")?;
        key.verify(&message, &Signature::from_bytes(&input.array("signature")?).refused()?).refused()?;
        Ok(json!({ "digest": hex(sha256(&[&message]).0) }))
    },
};

pub(super) fn certificate(input: Input<'_>, name: &str) -> Result<Certificate, Fault> {
    Certificate::from_der(&input.bytes(name)?).refused()
}

pub(in crate::vectors) const CERTIFICATE: Operation = Operation {
    name: "certificate",
    input: &[
        ("root", Kind::Hex),
        ("revocations", Kind::Maybe(&Kind::Hex)),
        ("now", Kind::Number),
        ("certificate", Kind::Hex),
    ],
    output: &[
        ("organisation", Kind::Text),
        ("role", Kind::Text),
        ("id", Kind::Hex),
        ("serial", Kind::Hex),
        ("not_before", Kind::Number),
        ("not_after", Kind::Number),
        ("verifying_key", Kind::Hex),
        ("sealing_key", Kind::Maybe(&Kind::Hex)),
        ("fingerprint", Kind::Hex),
    ],
    run: |input| {
        let mut msp = Msp::new();
        msp.trust(&certificate(input, "root")?).refused()?;
        if !input.0.get("revocations").is_some_and(serde_json::Value::is_null) {
            msp.revoke(&input.wire::<RevocationList>("revocations")?).refused()?;
        }
        let certificate = certificate(input, "certificate")?;
        msp.validate_at(&certificate, Seconds(input.number("now")?)).refused()?;
        let Subject { organisation, role, id } = certificate.subject();
        Ok(json!({
            "organisation": organisation,
            "role": role.name(),
            "id": wire(id),
            "serial": wire(&certificate.serial()),
            "not_before": certificate.not_before().0,
            "not_after": certificate.not_after().0,
            "verifying_key": wire(certificate.verifying_key()),
            "sealing_key": certificate.sealing_key().map(wire),
            "fingerprint": wire(&certificate.fingerprint()),
        }))
    },
};

pub(in crate::vectors) const REVOCATIONS: Operation = Operation {
    name: "revocations",
    input: &[("root", Kind::Hex), ("lists", Kind::List(&Kind::Hex))],
    output: &[("authority", Kind::Hex), ("number", Kind::Number), ("serials", Kind::List(&Kind::Hex))],
    run: |input| {
        let mut msp = Msp::new();
        msp.trust(&certificate(input, "root")?).refused()?;
        let mut last = None;
        for bytes in input.byte_lists("lists")? {
            let list = RevocationList::from_bytes(&bytes).refused()?;
            msp.revoke(&list).refused()?;
            last = Some(list);
        }
        let list = last.ok_or_else(|| malformed("no list"))?;
        let serials: Vec<_> = list.serials().iter().map(wire).collect();
        Ok(json!({ "authority": wire(&list.authority()), "number": list.number(), "serials": serials }))
    },
};

/// Reads a sealing key from a clamped X25519 secret.
pub(super) fn sealing_key(input: Input<'_>, name: &str) -> Result<SealingKey, Fault> {
    Ok(SealingKey::from_bytes(Secret::new(input.clamped(name)?)))
}

pub(in crate::vectors) const SEALED: Operation = Operation {
    name: "sealed message",
    input: &[("key", Kind::Hex), ("info", Kind::Hex), ("aad", Kind::Hex), ("sealed", Kind::Hex)],
    output: &[("public_key", Kind::Hex), ("plaintext", Kind::Hex)],
    run: |input| {
        let key = sealing_key(input, "key")?;
        let sealed: Sealed = input.wire("sealed")?;
        let plaintext = key.open(&input.bytes("info")?, &input.bytes("aad")?, &sealed).refused()?;
        Ok(json!({ "public_key": wire(&key.public()), "plaintext": hex(plaintext.expose()) }))
    },
};

fn signed<T: Wire>(input: Input<'_>, fields: fn(&T) -> Vec<serde_json::Value>) -> Result<serde_json::Value, Fault> {
    let signed: Signed<T> = input.wire("encoding")?;
    let mut msp = Msp::new();
    msp.trust(&certificate(input, "root")?).refused()?;
    let member = signed.verify_at(&msp, Seconds(input.number("now")?)).refused()?;
    Ok(json!({ "fields": fields(&signed.content), "member": wire(&member.id), "role": member.role.name() }))
}

pub(in crate::vectors) const MESSAGE: Operation = Operation {
    name: "signed message",
    input: &[("kind", Kind::Text), ("root", Kind::Hex), ("now", Kind::Number), ("encoding", Kind::Hex)],
    output: &[("fields", Kind::List(&Kind::Hex)), ("member", Kind::Hex), ("role", Kind::Text)],
    run: |input| match input.text("kind")? {
        "upload" => signed::<Upload>(input, |content| {
            let Upload { record, epoch, header, body, public_key } = content;
            vec![wire(record), hex(epoch.to_be_bytes()), wire(header), wire(body), wire(public_key)]
        }),
        "fetch" => signed::<Fetch>(input, |content| vec![wire(&content.request)]),
        "re-encrypted record" => signed::<Delivery>(input, |content| {
            let Delivery { request, upload, c_prime, proof } = content;
            vec![wire(request), wire(upload), t6(c_prime), wire(proof)]
        }),
        "grant" => signed::<Grant>(input, |content| {
            let Grant { request, note, public, shares, k_e_prime } = content;
            let head = [wire(request), wire(note), wire(public)];
            let shares = shares.iter().flat_map(|(cloud, sealed)| [wire(cloud), wire(sealed)]);
            let digests = [wire(k_e_prime), wire(&content.delta()), wire(&content.digest())];
            head.into_iter().chain(shares).chain(digests).collect()
        }),
        "rotation" => signed::<Rotation>(input, |content| {
            let Rotation { record, epoch, delta, update } = content;
            vec![wire(record), hex(epoch.to_be_bytes()), wire(delta), wire(update)]
        }),
        "rotated record" => signed::<Rotated>(input, |content| {
            let Rotated { record, epoch, c, proof } = content;
            vec![wire(record), hex(epoch.to_be_bytes()), t6(c), wire(proof)]
        }),
        "key by name" => signed::<NamedKey>(input, |content| vec![wire(&content.hospital), wire(&content.key)]),
        kind => Err(malformed(format_args!("unknown kind {kind}"))),
    },
};

pub(in crate::vectors) const CREDENTIALS: Operation = Operation {
    name: "credentials",
    input: &[("encoding", Kind::Hex)],
    output: &[("uid", Kind::Hex), ("ids", Kind::List(&Kind::Hex)), ("sha256", Kind::Hex)],
    run: |input| {
        let credentials = Credentials::from_bytes(&input.bytes("encoding")?).refused()?;
        let ids: Vec<_> = credentials.pseudonyms().map(|id| wire(&id)).collect();
        let digest = sha256(&[credentials.to_bytes().expose()]);
        Ok(json!({ "uid": hex(credentials.uid.0), "ids": ids, "sha256": wire(&digest) }))
    },
};

pub(in crate::vectors) const INSTITUTION: Operation = Operation {
    name: "institution",
    input: &[("encoding", Kind::Hex)],
    output: &[("id", Kind::Hex), ("verifying_key", Kind::Hex), ("sealing_key", Kind::Hex), ("sha256", Kind::Hex)],
    run: |input| {
        let institution = Institution::from_bytes(&input.bytes("encoding")?).refused()?;
        Ok(json!({
            "id": wire(&institution.certificate.subject().id),
            "verifying_key": wire(&institution.signing_key.verifying_key()),
            "sealing_key": wire(&institution.sealing_key.public()),
            "sha256": wire(&sha256(&[institution.to_bytes().expose()])),
        }))
    },
};
