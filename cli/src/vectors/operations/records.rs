//! Operations of the contract: decoding actions and stored values, and invoking the contract.

use crate::vectors::case::{Kind, Operation, OrRefused, hex, malformed, wire};
use phi_pre::contract::{self, Action, Confirmation, Record, ShareRequest, ShareStatus};
use phi_pre::hash::{Digest, sha256};
use phi_pre::identity::{Member, MemberId, Role, SigningKey};
use phi_pre::ledger::{Committed, Entry, Invocation, Simulation, StoreError, Transient, TxId, Version};
use phi_pre::secret::Secret;
use phi_pre::time::Millis;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(in crate::vectors) const ALL: &[&Operation] = &[&ACTION, &STATE_VALUE, &INVOKE];

pub(in crate::vectors) const ACTION: Operation = Operation {
    name: "action",
    input: &[("encoding", Kind::Hex)],
    output: &[("txtype", Kind::Number), ("role", Kind::Text), ("arguments", Kind::List(&Kind::Hex))],
    run: |input| {
        let action: Action = input.wire("encoding")?;
        let arguments = match action {
            Action::MedicalRecord { id, commitment } => vec![wire(&id), wire(&commitment)],
            Action::Confirmation { record, id, commitment, hospital } => {
                vec![wire(&record), wire(&id), wire(&commitment), wire(&hospital)]
            }
            Action::ShareRequest { record, recipient, delta, grant, until } => {
                vec![wire(&record), wire(&recipient), wire(&delta), wire(&grant), end(until)]
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

pub(in crate::vectors) const STATE_VALUE: Operation = Operation {
    name: "state value",
    input: &[("kind", Kind::Text), ("encoding", Kind::Hex)],
    output: &[("fields", Kind::List(&Kind::Hex))],
    run: |input| {
        let fields = match input.text("kind")? {
            "record" => {
                let Record { id, commitment, hospital, timestamp } = input.wire("encoding")?;
                vec![wire(&id), wire(&commitment), wire(&hospital), time(timestamp)]
            }
            "confirmation" => {
                let Confirmation { id, commitment, hospital, timestamp } = input.wire("encoding")?;
                vec![wire(&id), wire(&commitment), wire(&hospital), time(timestamp)]
            }
            "share" => {
                let share: ShareRequest = input.wire("encoding")?;
                let ShareRequest { record, recipient, delta, grant, requested, until, status } = share;
                let status = match status {
                    ShareStatus::Open => vec![0],
                    ShareStatus::Completed { at, deliveries } => [&tagged_time(1, at)[..], &deliveries.0].concat(),
                    ShareStatus::Withdrawn { at } => tagged_time(2, at),
                };
                let digests = [wire(&record), wire(&recipient), wire(&delta), wire(&grant)];
                digests.into_iter().chain([time(requested), end(until), hex(status)]).collect()
            }
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

const KEY_VALUE: Kind = Kind::Object(&[("key", Kind::Text), ("value", Kind::Hex)]);

pub(in crate::vectors) const INVOKE: Operation = Operation {
    name: "contract",
    input: &[
        ("role", Kind::Text),
        ("creator", Kind::Hex),
        ("txid", Kind::Hex),
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
        let role = Role::named(input.text("role")?).ok_or_else(|| malformed("no role"))?;
        // The contract does not read the creator's keys, so any valid key can be used here.
        let key = SigningKey::from_bytes(&Secret::new([1; 32])).refused()?;
        let creator = Member {
            organisation: String::new(),
            role,
            id: MemberId(input.array("creator")?),
            verifying_key: key.verifying_key(),
            sealing_key: None,
        };
        let mut values = BTreeMap::new();
        for entry in input.objects("state")? {
            values.insert(entry.text("key")?.to_owned(), entry.bytes("value")?);
        }
        let (values, action) = (Values(values), input.bytes("action")?);
        let mut simulation = Simulation::new(&values);
        let call = Invocation {
            creator: &creator,
            txid: TxId(Digest(input.array("txid")?)),
            timestamp: Millis(input.number("timestamp")?),
            transient: &Transient::default(),
            action: &action,
        };
        let response = contract::invoke(&mut simulation, &call).refused()?;
        let outcome = simulation.finish();
        let mut after = values.0.clone();
        after.extend(outcome.writes().iter().map(|write| (write.key.clone(), write.value.clone())));
        // Some actions use neither the creator nor the txid, and a value that is replaced does not stand in `after`. With
        // this digest, every digit of the input affects the output.
        let parts =
            [&creator.id.0[..], &call.txid.0.0, &action].into_iter().chain(values.0.values().map(Vec::as_slice));
        let digest = sha256(&parts.collect::<Vec<_>>());
        Ok(json!({
            "call": wire(&digest),
            "response": hex(response),
            "reads": outcome.reads().iter().map(|read| read.key.as_str()).collect::<Vec<_>>(),
            "after": after.iter().map(|(key, value)| json!({ "key": key, "value": hex(value) })).collect::<Vec<_>>(),
        }))
    },
};
