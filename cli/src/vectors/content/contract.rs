//! Cases of actions, of the values that the contract stores, and of each answer of the contract.

use super::super::case::{Fault, hex};
use super::super::file::File;
use super::super::operations::records::{ACTION, INVOKE, STATE_VALUE};
use super::draw::{bytes, encoded, lengths, put};
use phi_pre::contract::{Action, Confirmation, Record, ShareRequest};
use phi_pre::hash::Digest;
use phi_pre::identifier::Pseudonym;
use phi_pre::identity::MemberId;
use phi_pre::integrity::Commitment;
use phi_pre::ledger::TxId;
use phi_pre::time::Millis;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

const NOTES: &[(&str, &str)] = &[
    ("Encoding", "An action or a value of the state in its one encoding."),
    ("Malformed", "Bytes that are no action and no value."),
    ("Accepted", "What the contract does."),
    ("Role", "The action is not for the creator's role."),
    ("Rule", "Another rule of the contract is broken."),
];
const TIME: Millis = super::world::NOW;

struct Names {
    txid: TxId,
    request: TxId,
    id: Pseudonym,
    commitment: Commitment,
    hospital: MemberId,
    recipient: MemberId,
    grant: Digest,
    stranger: [u8; 32],
}

impl Names {
    fn new(rng: &mut ChaCha20Rng) -> Self {
        Self {
            txid: TxId(Digest(bytes(rng))),
            request: TxId(Digest(bytes(rng))),
            id: Pseudonym(bytes(rng)),
            commitment: Commitment(Digest(bytes(rng))),
            hospital: MemberId(bytes(rng)),
            recipient: MemberId(bytes(rng)),
            grant: Digest(bytes(rng)),
            stranger: bytes(rng),
        }
    }

    fn actions(&self) -> [Action; 4] {
        let Self { txid, request, id, commitment, hospital, recipient, grant, .. } = *self;
        [
            Action::MedicalRecord { id, commitment },
            Action::Confirmation { record: txid, id, commitment, hospital },
            Action::ShareRequest { record: txid, recipient, grant },
            Action::ShareComplete { request },
        ]
    }

    fn confirmation(&self) -> Confirmation {
        Confirmation { id: self.id, commitment: self.commitment, hospital: self.hospital, timestamp: TIME }
    }

    fn record(&self) -> Record {
        Record { id: self.id, commitment: self.commitment, hospital: self.hospital, timestamp: TIME }
    }

    fn share(&self, completed: Option<Millis>) -> ShareRequest {
        let Self { txid, recipient, grant, .. } = *self;
        ShareRequest { record: txid, recipient, grant, requested: TIME, completed }
    }

    fn confirmation_entry(&self, value: &Confirmation) -> Value {
        entry(&format!("confirmation/{}/{}", self.txid, self.id), &encoded(value))
    }

    fn record_entry(&self) -> Value {
        entry(&format!("record/{}", self.txid), &encoded(&self.record()))
    }

    fn share_entries(&self, completed: Option<Millis>) -> [Value; 2] {
        [
            entry(&format!("latest/{}/{}", self.txid, self.recipient), &encoded(&self.request)),
            entry(&format!("share/{}", self.request), &encoded(&self.share(completed))),
        ]
    }
}

fn entry(key: &str, value: &[u8]) -> Value {
    json!({ "key": key, "value": hex(value) })
}

pub(super) fn contract() -> Result<File, Fault> {
    let mut file = File::new("contract", "The contract", NOTES);
    let names = Names::new(&mut file.rng);
    encodings(&mut file, &names)?;
    answers(&mut file, &names)?;
    Ok(file)
}

fn encodings(file: &mut File, names: &Names) -> Result<(), Fault> {
    file.group(&ACTION);
    for action in names.actions() {
        let good = encoded(&action);
        file.valid(action.txtype().name(), &["Encoding"], json!({ "encoding": hex(&good) }))?;
        for (comment, bytes) in lengths(&good) {
            file.invalid(comment, &["Malformed"], json!({ "encoding": hex(bytes) }))?;
        }
    }
    let good = encoded(&names.actions()[0]);
    for (comment, bytes) in [
        ("txtype 4", put(&good, 0, &[0, 4])),
        ("txtype 256", put(&good, 0, &[1, 0])),
        ("txtype 65535", put(&good, 0, &[0xff, 0xff])),
        ("one byte", vec![0]),
        ("no bytes", vec![]),
    ] {
        file.invalid(comment, &["Malformed"], json!({ "encoding": hex(bytes) }))?;
    }
    file.group(&STATE_VALUE);
    let share = encoded(&names.share(Some(TIME + 1)));
    for (kind, good) in [
        ("record", encoded(&names.record())),
        ("confirmation", encoded(&names.confirmation())),
        ("share", encoded(&names.share(None))),
        ("share", share.clone()),
    ] {
        file.valid("a value", &["Encoding"], json!({ "kind": kind, "encoding": hex(&good) }))?;
        for (comment, bytes) in lengths(&good) {
            file.invalid(comment, &["Malformed"], json!({ "kind": kind, "encoding": hex(bytes) }))?;
        }
    }
    let bad = json!({ "kind": "share", "encoding": hex(put(&share, 104, &[2])) });
    file.invalid("neither completed nor open", &["Malformed"], bad)
}

fn answers(file: &mut File, names: &Names) -> Result<(), Fault> {
    let [write, confirm, ask, complete] = names.actions().map(|action| encoded(&action));
    let (user, hospital, recipient) = (&names.id.0, &names.hospital.0, &names.recipient.0);
    let call = |role: &str, creator: &[u8; 32], txid: &TxId, action: &[u8], state: &[Value]| {
        json!({
            "role": role, "creator": hex(creator), "txid": hex(txid.0.0), "timestamp": TIME.0,
            "action": hex(action), "state": state,
        })
    };
    let confirmation = names.confirmation();
    let confirmed = [names.confirmation_entry(&confirmation)];
    let recorded = [confirmed[0].clone(), names.record_entry()];
    let with = |share: [Value; 2]| [&recorded[..], &share].concat();
    let (open, done) = (with(names.share_entries(None)), with(names.share_entries(Some(TIME))));
    let (txid, request) = (&names.txid, &names.request);
    let other = &TxId(Digest(names.stranger));
    let [_, share] = names.share_entries(None);
    let replaced = with([entry(&format!("latest/{}/{}", names.txid, names.recipient), &encoded(other)), share]);
    let claim = entry(&format!("commitment/{}", names.commitment), &encoded(other));
    let claimed = [claim, confirmed[0].clone()];
    let (stranger, &Names { commitment, hospital: by, .. }) = (&names.stranger, names);
    let theirs = Action::Confirmation { record: *txid, id: Pseudonym(*stranger), commitment, hospital: by };
    let theirs = encoded(&theirs);
    file.group(&INVOKE);
    for (comment, input) in [
        ("0001: a confirmation", call("user", user, other, &confirm, &[])),
        ("0001: another's confirmation of the same record", call("user", stranger, other, &theirs, &confirmed)),
        ("0001: a confirmation of a commitment that has a record", call("user", user, other, &confirm, &claimed[..1])),
        ("0000: a confirmed record", call("hospital", hospital, txid, &write, &confirmed)),
        ("0002: a request", call("user", user, request, &ask, &recorded)),
        ("0003: a completion", call("hospital", recipient, other, &complete, &open)),
    ] {
        file.valid(comment, &["Accepted"], input)?;
    }
    for (role, creator, actions) in [
        ("user", user, [&write, &complete].as_slice()),
        ("hospital", hospital, &[&confirm, &ask]),
        ("cloud", hospital, &[&write, &confirm, &ask, &complete]),
        ("peer", hospital, &[&write]),
        ("authority", hospital, &[&ask]),
    ] {
        for action in actions {
            let input = call(role, creator, txid, action, &open);
            file.invalid(&format!("000{} by the role {role}", action[1]), &["Role"], input)?;
        }
    }
    let mismatch = Confirmation { commitment: Commitment(Digest(*stranger)), ..confirmation };
    let elsewhere = Confirmation { hospital: names.recipient, ..confirmation };
    let to_itself = Action::ShareRequest { record: names.txid, recipient: names.hospital, grant: names.grant };
    let corrupt = entry(&format!("record/{txid}"), &[0; 103]);
    for (comment, input) in [
        ("an action that does not decode", call("user", user, txid, &[0, 9], &[])),
        ("a record without confirmation", call("hospital", hospital, txid, &write, &[])),
        ("a confirmation under another txid", call("hospital", hospital, other, &write, &confirmed)),
        ("another commitment", call("hospital", hospital, txid, &write, &[names.confirmation_entry(&mismatch)])),
        (
            "another hospital's record",
            call("hospital", hospital, txid, &write, &[names.confirmation_entry(&elsewhere)]),
        ),
        ("by another hospital", call("hospital", recipient, txid, &write, &confirmed)),
        ("a record twice", call("hospital", hospital, txid, &write, &recorded)),
        ("a confirmation twice", call("user", user, other, &confirm, &confirmed)),
        ("a copy of another record", call("hospital", hospital, txid, &write, &claimed)),
        ("a confirmation for somebody else", call("user", stranger, other, &confirm, &[])),
        ("a request for no record", call("user", user, request, &ask, &[])),
        ("a request for somebody else's record", call("user", stranger, request, &ask, &recorded)),
        ("a request to the record's own hospital", call("user", user, request, &encoded(&to_itself), &recorded)),
        ("a request under a txid that has one", call("user", user, request, &ask, &done)),
        ("a completion of no request", call("hospital", recipient, other, &complete, &recorded)),
        ("a completion by another hospital", call("hospital", hospital, other, &complete, &open)),
        ("a completion of a request that was replaced", call("hospital", recipient, other, &complete, &replaced)),
        ("a completion twice", call("hospital", recipient, other, &complete, &done)),
        ("a corrupt record", call("user", user, request, &ask, &[corrupt])),
    ] {
        file.invalid(comment, &["Rule"], input)?;
    }
    Ok(())
}
