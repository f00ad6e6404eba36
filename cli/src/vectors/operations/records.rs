//! Operations of the contract: decoding actions, stored values and answers, invoking the contract, and asking it.

use super::identity::certificate;
use crate::vectors::case::{Fault, Input, Kind, Operation, OrRefused, hex, malformed, wire};
use phi_pre::contract::{self, Action, Confirmation, Record, ShareRequest, ShareStatus, Shared};
use phi_pre::hash::sha256;
use phi_pre::identity::Member;
use phi_pre::ledger::{Committed, Entry, Invocation, Nonce, Simulation, StoreError, Transient, TxId, Version};
use phi_pre::time::Millis;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(in crate::vectors) const ALL: &[&Operation] = &[&ACTION, &STATE_VALUE, &INVOKE, &QUERY, &ANSWER];

pub(in crate::vectors) const ACTION: Operation = Operation {
    name: "action",
    input: &[("encoding", Kind::Hex)],
    output: &[("txtype", Kind::Number), ("role", Kind::Text), ("arguments", Kind::List(&Kind::Hex))],
    run: |input| {
        let action: Action = input.wire("encoding")?;
        let arguments = match action {
            Action::MedicalRecord { nonce: Nonce(nonce), id, commitment } => {
                vec![hex(nonce), wire(&id), wire(&commitment)]
            }
            Action::Confirmation { record, id, commitment, hospital } => {
                vec![wire(&record), wire(&id), wire(&commitment), wire(&hospital)]
            }
            Action::ShareRequest { nonce: Nonce(nonce), record, recipient, delta, grant, until } => {
                vec![hex(nonce), wire(&record), wire(&recipient), wire(&delta), wire(&grant), end(until)]
            }
            Action::ShareComplete { request, deliveries } => vec![wire(&request), wire(&deliveries)],
            Action::ShareWithdrawal { request } => vec![wire(&request)],
        };
        let txtype = action.txtype();
        Ok(json!({ "txtype": txtype as u8, "role": contract::role(txtype).name(), "arguments": arguments }))
    },
};

fn time(time: Millis) -> Value {
    hex(time.0.to_be_bytes())
}

/// The tag and the time.
fn tagged_time(tag: u8, time: Millis) -> Vec<u8> {
    [&[tag][..], &time.0.to_be_bytes()].concat()
}

fn end(until: Option<Millis>) -> Value {
    hex(until.map_or(vec![0], |until| tagged_time(1, until)))
}

fn record_fields(Record { id, commitment, hospital, timestamp }: Record) -> Vec<Value> {
    vec![wire(&id), wire(&commitment), wire(&hospital), time(timestamp)]
}

fn share_fields(share: ShareRequest) -> Vec<Value> {
    let ShareRequest { record, recipient, delta, grant, requested, until, status } = share;
    let status = match status {
        ShareStatus::Open => vec![0],
        ShareStatus::Completed { at, deliveries } => [&tagged_time(1, at)[..], &deliveries.0].concat(),
        ShareStatus::Withdrawn { at } => tagged_time(2, at),
    };
    let digests = [wire(&record), wire(&recipient), wire(&delta), wire(&grant)];
    digests.into_iter().chain([time(requested), end(until), hex(status)]).collect()
}

pub(in crate::vectors) const STATE_VALUE: Operation = Operation {
    name: "state value",
    input: &[("kind", Kind::Text), ("encoding", Kind::Hex)],
    output: &[("fields", Kind::List(&Kind::Hex))],
    run: |input| {
        let fields = match input.text("kind")? {
            "record" => record_fields(input.wire("encoding")?),
            "confirmation" => {
                let Confirmation { id, commitment, hospital, timestamp } = input.wire("encoding")?;
                vec![wire(&id), wire(&commitment), wire(&hospital), time(timestamp)]
            }
            "share" => share_fields(input.wire("encoding")?),
            kind => return Err(malformed(format_args!("unknown kind {kind}"))),
        };
        Ok(json!({ "fields": fields }))
    },
};

/// The answer to a question. Its fields: null for none.
pub(in crate::vectors) const ANSWER: Operation = Operation {
    name: "answer",
    input: &[("kind", Kind::Text), ("encoding", Kind::Hex)],
    output: &[("fields", Kind::Maybe(&Kind::List(&Kind::Hex)))],
    run: |input| {
        let encoding = input.bytes("encoding")?;
        let fields = match input.text("kind")? {
            "record" => contract::read_answer(&encoding).refused()?.map(record_fields),
            "share" => contract::read_answer(&encoding).refused()?.map(|Shared { share, is_latest, record }| {
                [share_fields(share), vec![hex([u8::from(is_latest)])], record_fields(record)].concat()
            }),
            kind => return Err(malformed(format_args!("unknown kind {kind}"))),
        };
        Ok(json!({ "fields": fields }))
    },
};

struct Values(BTreeMap<String, Vec<u8>>);

impl Committed for Values {
    fn entry(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let entry = |value: &Vec<u8>| Entry { version: Version { block: 0, tx: 0 }, value: value.clone() };
        Ok(self.0.get(key).map(entry))
    }

    fn knows(&self, _: &TxId) -> Result<bool, StoreError> {
        Ok(false)
    }
}

impl Values {
    fn read(input: Input<'_>) -> Result<Self, Fault> {
        let entry = |entry: Input<'_>| Ok((entry.text("key")?.to_owned(), entry.bytes("value")?));
        Ok(Self(input.objects("state")?.into_iter().map(entry).collect::<Result<_, Fault>>()?))
    }

    /// SHA-256 of the parts and of all keys and values. Not every byte of an input enters the answer; with this digest,
    /// every digit affects the output.
    fn call(&self, parts: &[&[u8]]) -> Value {
        let entries = self.0.iter().flat_map(|(key, value)| [key.as_bytes(), value]);
        wire(&sha256(&parts.iter().copied().chain(entries).collect::<Vec<_>>()))
    }
}

fn keys(reads: &phi_pre::ledger::ReadWriteSet) -> Vec<&str> {
    reads.reads().iter().map(|read| read.key.as_str()).collect()
}

const KEY_VALUE: Kind = Kind::Object(&[("key", Kind::Text), ("value", Kind::Hex)]);

pub(in crate::vectors) const INVOKE: Operation = Operation {
    name: "contract",
    input: &[
        ("certificate", Kind::Hex),
        ("timestamp", Kind::Number),
        ("action", Kind::Hex),
        ("state", Kind::List(&KEY_VALUE)),
    ],
    output: &[
        ("call", Kind::Hex),
        ("response", Kind::Hex),
        ("reads", Kind::List(&Kind::Text)),
        ("after", Kind::List(&KEY_VALUE)),
    ],
    run: |input| {
        let certificate = certificate(input, "certificate")?;
        let subject = certificate.subject();
        let creator = Member {
            organisation: subject.organisation.clone(),
            role: subject.role,
            id: subject.id,
            verifying_key: *certificate.verifying_key(),
            sealing_key: None,
        };
        let (values, action) = (Values::read(input)?, input.bytes("action")?);
        let mut simulation = Simulation::new(&values);
        let call = Invocation {
            creator: &creator,
            certificate: &certificate,
            timestamp: Millis(input.number("timestamp")?),
            transient: &Transient::default(),
            action: &action,
        };
        let response = contract::invoke(&mut simulation, &call).refused()?;
        let outcome = simulation.finish();
        let mut after = values.0.clone();
        after.extend(outcome.writes().iter().map(|write| (write.key.clone(), write.value.clone())));
        Ok(json!({
            "call": values.call(&[certificate.der(), &action]),
            "response": hex(response),
            "reads": keys(&outcome),
            "after": after.iter().map(|(key, value)| json!({ "key": key, "value": hex(value) })).collect::<Vec<_>>(),
        }))
    },
};

pub(in crate::vectors) const QUERY: Operation = Operation {
    name: "query",
    input: &[("question", Kind::Hex), ("state", Kind::List(&KEY_VALUE))],
    output: &[("call", Kind::Hex), ("answer", Kind::Hex), ("reads", Kind::List(&Kind::Text))],
    run: |input| {
        let (values, question) = (Values::read(input)?, input.bytes("question")?);
        let mut simulation = Simulation::new(&values);
        let answer = contract::answer(&mut simulation, &question).refused()?;
        Ok(json!({
            "call": values.call(&[&question]),
            "answer": hex(answer),
            "reads": keys(&simulation.finish()),
        }))
    },
};
