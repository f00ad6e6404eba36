//! Operations on the messages of a registration.

use super::identity::{certificate, sealing_key};
use crate::vectors::case::{Fault, Input, Kind, Operation, OrRefused, hex, malformed, wire};
use phi_pre::hash::sha256;
use phi_pre::identity::{SealedCode, SealedEnrolment, Ticket};
use serde_json::json;

pub(in crate::vectors) const ALL: &[&Operation] = &[&SEALED_CODE, &ENROLMENT];

fn ticket(input: Input<'_>) -> Result<Ticket, Fault> {
    Ok(Ticket(input.array("ticket")?))
}

pub(in crate::vectors) const SEALED_CODE: Operation = Operation {
    name: "sealed code",
    input: &[("key", Kind::Hex), ("ticket", Kind::Hex), ("root", Kind::Hex), ("encoding", Kind::Hex)],
    output: &[("recipient", Kind::Hex), ("code", Kind::Text)],
    run: |input| {
        let (key, ticket, root) = (sealing_key(input, "key")?, ticket(input)?, certificate(input, "root")?);
        let answer: SealedCode = input.wire("encoding")?;
        let (recipient, code) = answer.open(&key, &root, &ticket).refused()?;
        Ok(json!({ "recipient": wire(&recipient), "code": code.expose() }))
    },
};

pub(in crate::vectors) const ENROLMENT: Operation = Operation {
    name: "enrolment",
    input: &[
        ("kind", Kind::Text),
        ("key", Kind::Hex),
        ("ticket", Kind::Hex),
        ("root", Kind::Hex),
        ("encoding", Kind::Hex),
    ],
    output: &[("ids", Kind::List(&Kind::Hex)), ("sha256", Kind::Hex)],
    run: |input| {
        let (key, ticket, root) = (sealing_key(input, "key")?, ticket(input)?, certificate(input, "root")?);
        let sealed: SealedEnrolment = input.wire("encoding")?;
        let (ids, stored) = match input.text("kind")? {
            "person" => {
                let opened = sealed.open(&key, &ticket, &root).refused()?;
                (opened.pseudonyms().map(|id| wire(&id)).collect::<Vec<_>>(), opened.to_bytes())
            }
            "institution" => {
                let opened = sealed.open_institution(&key, &ticket, &root).refused()?;
                (vec![wire(&opened.certificate.subject().id)], opened.to_bytes())
            }
            kind => return Err(malformed(format_args!("unknown kind {kind}"))),
        };
        Ok(json!({ "ids": ids, "sha256": hex(sha256(&[stored.expose()]).0) }))
    },
};
