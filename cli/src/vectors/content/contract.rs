//! Cases of actions, of the values that the contract stores, and of each answer of the contract.

use super::super::case::{Fault, hex};
use super::super::file::File;
use super::super::operations::records::{ACTION, INVOKE, STATE_VALUE};
use super::draw::{bytes, encoded, lengths, put};
use phi_pre::contract::{Action, Confirmation, Record, ShareRequest, ShareStatus};
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
    ("Consent", "The request is not open: nobody made it, or it is completed, withdrawn, ended or replaced."),
];
const TIME: Millis = super::world::NOW;

struct Names {
    txid: TxId,
    request: TxId,
    id: Pseudonym,
    commitment: Commitment,
    hospital: MemberId,
    recipient: MemberId,
    delta: Digest,
    grant: Digest,
    deliveries: Digest,
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
            delta: Digest(bytes(rng)),
            grant: Digest(bytes(rng)),
            deliveries: Digest(bytes(rng)),
            stranger: bytes(rng),
        }
    }

    fn actions(&self) -> [Action; 5] {
        let Self { txid, request, id, commitment, hospital, deliveries, .. } = *self;
        [
            Action::MedicalRecord { id, commitment },
            Action::Confirmation { record: txid, id, commitment, hospital },
            self.ask(None),
            Action::ShareComplete { request, deliveries },
            Action::ShareWithdrawal { request },
        ]
    }

    fn ask(&self, until: Option<Millis>) -> Action {
        let Self { txid: record, recipient, delta, grant, .. } = *self;
        Action::ShareRequest { record, recipient, delta, grant, until }
    }

    fn confirmation(&self) -> Confirmation {
        Confirmation { id: self.id, commitment: self.commitment, hospital: self.hospital, timestamp: TIME }
    }

    fn record(&self) -> Record {
        Record { id: self.id, commitment: self.commitment, hospital: self.hospital, timestamp: TIME }
    }

    fn share(&self, until: Option<Millis>, status: ShareStatus) -> ShareRequest {
        let Self { txid, recipient, delta, grant, .. } = *self;
        ShareRequest { record: txid, recipient, delta, grant, requested: TIME, until, status }
    }

    fn completed(&self) -> ShareStatus {
        ShareStatus::Completed { at: TIME + 1, deliveries: self.deliveries }
    }

    fn confirmation_entry(&self, value: &Confirmation) -> Value {
        entry(&format!("confirmation/{}/{}", self.txid, self.id), &encoded(value))
    }

    fn record_entry(&self) -> Value {
        entry(&format!("record/{}", self.txid), &encoded(&self.record()))
    }

    /// A request that is the latest of its record and recipient.
    fn share_entries(&self, until: Option<Millis>, status: ShareStatus) -> [Value; 2] {
        [
            self.latest_entry(self.request),
            entry(&format!("share/{}", self.request), &encoded(&self.share(until, status))),
        ]
    }

    fn latest_entry(&self, latest: TxId) -> Value {
        entry(&format!("latest/{}/{}", self.txid, self.recipient), &encoded(&latest))
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

const WITHDRAWN: ShareStatus = ShareStatus::Withdrawn { at: Millis(TIME.0 + 2) };

fn encodings(file: &mut File, names: &Names) -> Result<(), Fault> {
    file.group(&ACTION);
    let [write, .., ask, _, _] = names.actions();
    for action in names.actions().into_iter().chain([names.ask(Some(TIME))]) {
        let good = encoded(&action);
        file.valid(action.txtype().name(), &["Encoding"], json!({ "encoding": hex(&good) }))?;
        for (comment, bytes) in lengths(&good) {
            file.invalid(comment, &["Malformed"], json!({ "encoding": hex(bytes) }))?;
        }
    }
    let (write, ask) = (encoded(&write), encoded(&ask));
    for (comment, bytes) in [
        ("txtype 5", put(&write, 0, &[0, 5])),
        ("txtype 256", put(&write, 0, &[1, 0])),
        ("txtype 65535", put(&write, 0, &[0xff, 0xff])),
        ("one byte", vec![0]),
        ("no bytes", vec![]),
        ("an end with the tag 1 and no time", put(&ask, 130, &[1])),
        ("an end with the tag 2", put(&ask, 130, &[2])),
        ("an end with the tag 255", put(&ask, 130, &[255])),
        ("an end with the tag 0 and a time", [&ask[..], &[0; 8]].concat()),
    ] {
        file.invalid(comment, &["Malformed"], json!({ "encoding": hex(bytes) }))?;
    }
    file.group(&STATE_VALUE);
    let share = |until, status| ("share", encoded(&names.share(until, status)));
    let values = [
        ("record", encoded(&names.record())),
        ("confirmation", encoded(&names.confirmation())),
        share(None, ShareStatus::Open),
        share(Some(TIME), ShareStatus::Open),
        share(None, names.completed()),
        share(Some(TIME + 9), names.completed()),
        share(None, WITHDRAWN),
        share(Some(Millis(u64::MAX)), WITHDRAWN),
    ];
    for (kind, good) in &values {
        file.valid("a value", &["Encoding"], json!({ "kind": kind, "encoding": hex(good) }))?;
        for (comment, bytes) in lengths(good) {
            file.invalid(comment, &["Malformed"], json!({ "kind": kind, "encoding": hex(bytes) }))?;
        }
    }
    let [_, _, (_, open), ..] = &values;
    for (comment, bytes) in [
        ("an end with the tag 2", put(open, 136, &[2])),
        ("an end with the tag 1 and one byte", put(open, 136, &[1])),
        ("a completion without time and digest", put(open, 137, &[1])),
        ("a withdrawal without time", put(open, 137, &[2])),
        ("neither open, completed nor withdrawn", put(open, 137, &[3])),
    ] {
        file.invalid(comment, &["Malformed"], json!({ "kind": "share", "encoding": hex(bytes) }))?;
    }
    Ok(())
}

/// A call of the contract at [`TIME`].
fn call(role: &str, creator: &[u8; 32], txid: &TxId, action: &[u8], state: &[Value]) -> Value {
    json!({
        "role": role, "creator": hex(creator), "txid": hex(txid.0.0), "timestamp": TIME.0,
        "action": hex(action), "state": state,
    })
}

/// The call at another time, in milliseconds after [`TIME`].
fn after(mut input: Value, millis: u64) -> Value {
    input["timestamp"] = json!(TIME.0 + millis);
    input
}

/// Actions by members of another role.
fn roles(file: &mut File, names: &Names, open: &[Value]) -> Result<(), Fault> {
    let [write, confirm, ask, complete, withdraw] = names.actions().map(|action| encoded(&action));
    let (user, hospital, txid) = (&names.id.0, &names.hospital.0, &names.txid);
    for (role, creator, actions) in [
        ("user", user, [&write, &complete].as_slice()),
        ("hospital", hospital, &[&confirm, &ask, &withdraw]),
        ("cloud", hospital, &[&write, &confirm, &ask, &complete, &withdraw]),
        ("peer", hospital, &[&write]),
        ("authority", hospital, &[&ask]),
    ] {
        for action in actions {
            let input = call(role, creator, txid, action, open);
            file.invalid(&format!("000{} by the role {role}", action[1]), &["Role"], input)?;
        }
    }
    Ok(())
}

fn answers(file: &mut File, names: &Names) -> Result<(), Fault> {
    let [write, confirm, ask, complete, withdraw] = names.actions().map(|action| encoded(&action));
    let (user, hospital, recipient) = (&names.id.0, &names.hospital.0, &names.recipient.0);
    let confirmation = names.confirmation();
    let confirmed = [names.confirmation_entry(&confirmation)];
    let recorded = [confirmed[0].clone(), names.record_entry()];
    let with = |until, status| [&recorded[..], &names.share_entries(until, status)].concat();
    let (open, done) = (with(None, ShareStatus::Open), with(None, names.completed()));
    let (limited, withdrawn) = (with(Some(TIME + 5), ShareStatus::Open), with(None, WITHDRAWN));
    let (txid, request) = (&names.txid, &names.request);
    let other = &TxId(Digest(names.stranger));
    let replace = |mut state: Vec<Value>| {
        state[2] = names.latest_entry(*other);
        state
    };
    let replaced = replace(open.clone());
    let claim = entry(&format!("commitment/{}", names.commitment), &encoded(other));
    let claimed = [claim, confirmed[0].clone()];
    let (stranger, &Names { commitment, hospital: by, .. }) = (&names.stranger, names);
    let theirs = Action::Confirmation { record: *txid, id: Pseudonym(*stranger), commitment, hospital: by };
    let theirs = encoded(&theirs);
    let ask_until = |millis: u64| encoded(&names.ask(Some(Millis(TIME.0 + millis))));
    let past = encoded(&names.ask(Some(TIME - 1)));
    let by_recipient = |state: &[Value]| call("hospital", recipient, other, &complete, state);
    let by_user = |state: &[Value]| call("user", user, other, &withdraw, state);
    file.group(&INVOKE);
    for (comment, input) in [
        ("0001: a confirmation", call("user", user, other, &confirm, &[])),
        ("0001: another's confirmation of the same record", call("user", stranger, other, &theirs, &confirmed)),
        ("0001: a confirmation of a commitment that has a record", call("user", user, other, &confirm, &claimed[..1])),
        ("0000: a confirmed record", call("hospital", hospital, txid, &write, &confirmed)),
        ("0002: a request", call("user", user, request, &ask, &recorded)),
        ("0002: a request with an end", call("user", user, request, &ask_until(5), &recorded)),
        ("0002: a request whose end is its own time", call("user", user, request, &ask_until(0), &recorded)),
        ("0002: a request after one that is completed", call("user", user, other, &ask, &done)),
        ("0002: a request after one that is withdrawn", call("user", user, other, &ask, &withdrawn)),
        ("0003: a completion", by_recipient(&open)),
        ("0003: a completion at the end of the request", after(by_recipient(&limited), 5)),
        ("0004: a withdrawal", by_user(&open)),
        ("0004: a withdrawal after the end of the request", after(by_user(&limited), 6)),
        ("0004: a withdrawal of a request that was replaced", by_user(&replaced)),
    ] {
        file.valid(comment, &["Accepted"], input)?;
    }
    roles(file, names, &open)?;
    let mismatch = Confirmation { commitment: Commitment(Digest(*stranger)), ..confirmation };
    let elsewhere = Confirmation { hospital: names.recipient, ..confirmation };
    let Names { delta, grant, .. } = *names;
    let to_itself = Action::ShareRequest { record: *txid, recipient: by, delta, grant, until: None };
    let corrupt = entry(&format!("record/{txid}"), &[0; 103]);
    let corrupt_share = [&open[..3], &[entry(&format!("share/{request}"), &[0; 137])]].concat();
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
        ("a corrupt record", call("user", user, request, &ask, &[corrupt])),
    ] {
        file.invalid(comment, &["Rule"], input)?;
    }
    let limit = |status| with(Some(TIME + 5), status);
    for (comment, input) in [
        ("a request whose end is past by a millisecond", call("user", user, request, &past, &recorded)),
        ("a completion of no request", by_recipient(&recorded)),
        ("a completion by another hospital", call("hospital", hospital, other, &complete, &open)),
        ("a completion of a request that was replaced", by_recipient(&replaced)),
        ("a completion twice", by_recipient(&done)),
        ("a completion after the withdrawal", by_recipient(&withdrawn)),
        ("a completion a millisecond after the end", after(by_recipient(&limited), 6)),
        ("a completion twice, the second after the end", after(by_recipient(&limit(names.completed())), 6)),
        ("a completion after the withdrawal and the end", after(by_recipient(&limit(WITHDRAWN)), 6)),
        ("a completion after the end of a request that was replaced", after(by_recipient(&replace(limited)), 6)),
        ("a withdrawal of no request", by_user(&recorded)),
        ("a withdrawal by another user", call("user", stranger, other, &withdraw, &open)),
        ("a withdrawal twice", by_user(&withdrawn)),
        ("a withdrawal of a completed request", by_user(&done)),
        ("a withdrawal of a request without its record", by_user(&open[2..])),
        ("a withdrawal of a corrupt request", by_user(&corrupt_share)),
    ] {
        file.invalid(comment, &["Consent"], input)?;
    }
    Ok(())
}
