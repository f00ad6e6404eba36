//! Cases of actions, of the values that the contract stores, of questions and answers, and of each answer of the contract.

use super::super::case::{Fault, hex};
use super::super::file::File;
use super::super::operations::records::{ACTION, ANSWER, INVOKE, QUERY, STATE_VALUE};
use super::draw::{bytes, encoded, lengths, put};
use super::transcript::renewed;
use super::world::World;
use phi_pre::contract::{Action, Confirmation, Query, Record, RecordId, RequestId, ShareRequest, ShareStatus, Shared};
use phi_pre::hash::Digest;
use phi_pre::identifier::Pseudonym;
use phi_pre::identity::{Certificate, MemberId, Role};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::Nonce;
use phi_pre::time::Millis;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

const NOTES: &[(&str, &str)] = &[
    ("Encoding", "An action, a value of the state or an answer in its one encoding."),
    ("Malformed", "Bytes that are no action, no value, no question and no answer."),
    ("Accepted", "What the contract does."),
    ("Role", "The action is not for the creator's role."),
    ("Identifier", "The identifier of a record belongs to the nonce and to the certificate of its hospital."),
    ("Rule", "Another rule of the contract is broken."),
    ("Consent", "The request is not open: nobody made it, or it is completed, withdrawn, ended or replaced."),
    ("Question", "A question about a state, and its answer."),
    ("Corrupt", "A question about a state that the contract does not write."),
];
const TIME: Millis = super::world::NOW;

/// The certificates of the creators.
struct Creators {
    user: Certificate,
    /// Another user.
    stranger: Certificate,
    hospital: Certificate,
    /// Another certificate of this hospital, for the same subject and key.
    renewed: Certificate,
    recipient: Certificate,
    cloud: Certificate,
    peer: Certificate,
    authority: Certificate,
}

impl Creators {
    fn new(rng: &mut ChaCha20Rng) -> Result<Self, Fault> {
        let mut world = World::new(rng)?;
        Ok(Self {
            renewed: renewed(&world, rng)?,
            cloud: world.clouds.enrol("Cloud One", Role::Cloud, rng)?.certificate,
            peer: world.peers[0].certificate.clone(),
            authority: world.users.root().clone(),
            user: world.alice.certificate,
            stranger: world.bob.certificate,
            hospital: world.north.certificate,
            recipient: world.south.certificate,
        })
    }
}

struct Names {
    nonce: Nonce,
    record: RecordId,
    request_nonce: Nonce,
    request: RequestId,
    id: Pseudonym,
    commitment: Commitment,
    hospital: MemberId,
    recipient: MemberId,
    delta: Digest,
    grant: Digest,
    deliveries: Digest,
    other: [u8; 32],
}

impl Names {
    fn new(creators: &Creators, rng: &mut ChaCha20Rng) -> Self {
        let (nonce, request_nonce) = (Nonce(bytes(rng)), Nonce(bytes(rng)));
        Self {
            nonce,
            record: RecordId::new(&nonce, &creators.hospital),
            request_nonce,
            request: RequestId::new(&request_nonce, &creators.user),
            id: creators.user.subject().id.into(),
            commitment: Commitment(Digest(bytes(rng))),
            hospital: creators.hospital.subject().id,
            recipient: creators.recipient.subject().id,
            delta: Digest(bytes(rng)),
            grant: Digest(bytes(rng)),
            deliveries: Digest(bytes(rng)),
            other: bytes(rng),
        }
    }

    fn actions(&self) -> [Action; 5] {
        let Self { nonce, record, request, id, commitment, hospital, deliveries, .. } = *self;
        [
            Action::MedicalRecord { nonce, id, commitment },
            Action::Confirmation { record, id, commitment, hospital },
            self.ask(self.request_nonce, None),
            Action::ShareComplete { request, deliveries },
            Action::ShareWithdrawal { request },
        ]
    }

    fn ask(&self, nonce: Nonce, until: Option<Millis>) -> Action {
        let Self { record, recipient, delta, grant, .. } = *self;
        Action::ShareRequest { nonce, record, recipient, delta, grant, until }
    }

    fn confirmation(&self) -> Confirmation {
        Confirmation { id: self.id, commitment: self.commitment, hospital: self.hospital, timestamp: TIME }
    }

    fn record(&self) -> Record {
        Record { id: self.id, commitment: self.commitment, hospital: self.hospital, timestamp: TIME }
    }

    fn share(&self, until: Option<Millis>, status: ShareStatus) -> ShareRequest {
        let Self { record, recipient, delta, grant, .. } = *self;
        ShareRequest { record, recipient, delta, grant, requested: TIME, until, status }
    }

    fn completed(&self) -> ShareStatus {
        ShareStatus::Completed { at: TIME + 1, deliveries: self.deliveries }
    }

    /// A confirmation under this identifier of a record.
    fn confirmation_entry(&self, record: RecordId, value: &Confirmation) -> Value {
        entry(&format!("confirmation/{record}/{}", self.id), &encoded(value))
    }

    fn record_entry(&self) -> Value {
        entry(&format!("record/{}", self.record), &encoded(&self.record()))
    }

    /// A request that is the latest of its record and recipient.
    fn share_entries(&self, until: Option<Millis>, status: ShareStatus) -> [Value; 2] {
        [
            self.latest_entry(self.request),
            entry(&format!("share/{}", self.request), &encoded(&self.share(until, status))),
        ]
    }

    fn latest_entry(&self, latest: RequestId) -> Value {
        entry(&format!("latest/{}/{}", self.record, self.recipient), &encoded(&latest))
    }
}

fn entry(key: &str, value: &[u8]) -> Value {
    json!({ "key": key, "value": hex(value) })
}

pub(super) fn contract() -> Result<File, Fault> {
    let mut file = File::new("contract", "The contract", NOTES);
    let creators = Creators::new(&mut file.rng)?;
    let names = Names::new(&creators, &mut file.rng);
    encodings(&mut file, &names)?;
    invocations(&mut file, &names, &creators)?;
    questions(&mut file, &names)?;
    Ok(file)
}

const WITHDRAWN: ShareStatus = ShareStatus::Withdrawn { at: Millis(TIME.0 + 2) };

fn encodings(file: &mut File, names: &Names) -> Result<(), Fault> {
    file.group(&ACTION);
    let [write, confirm, ask, ..] = names.actions();
    for action in names.actions().into_iter().chain([names.ask(names.request_nonce, Some(TIME))]) {
        let good = encoded(&action);
        file.valid(action.txtype().name(), &["Encoding"], json!({ "encoding": hex(&good) }))?;
        for (comment, bytes) in lengths(&good) {
            file.invalid(comment, &["Malformed"], json!({ "encoding": hex(bytes) }))?;
        }
    }
    let [write, confirm, ask] = [&write, &confirm, &ask].map(encoded);
    for (comment, bytes) in [
        ("txtype 5", put(&write, 0, &[0, 5])),
        ("txtype 256", put(&write, 0, &[1, 0])),
        ("txtype 65535", put(&write, 0, &[0xff, 0xff])),
        ("one byte", vec![0]),
        ("no bytes", vec![]),
        ("a record cut off in its nonce", write[..25].to_vec()),
        ("a request cut off in its nonce", ask[..25].to_vec()),
        ("a confirmation cut off in the identifier of the record", confirm[..33].to_vec()),
        ("an end with the tag 1 and no time", put(&ask, 154, &[1])),
        ("an end with the tag 2", put(&ask, 154, &[2])),
        ("an end with the tag 255", put(&ask, 154, &[255])),
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
fn call(creator: &Certificate, action: &[u8], state: &[Value]) -> Value {
    json!({ "certificate": hex(creator.der()), "timestamp": TIME.0, "action": hex(action), "state": state })
}

/// The call at another time, in milliseconds after [`TIME`].
fn after(mut input: Value, millis: u64) -> Value {
    input["timestamp"] = json!(TIME.0 + millis);
    input
}

/// Actions by members of another role.
fn roles(file: &mut File, names: &Names, creators: &Creators, open: &[Value]) -> Result<(), Fault> {
    let [write, confirm, ask, complete, withdraw] = names.actions().map(|action| encoded(&action));
    let Creators { user, hospital, cloud, peer, authority, .. } = creators;
    for (creator, actions) in [
        (user, [&write, &complete].as_slice()),
        (hospital, &[&confirm, &ask, &withdraw]),
        (cloud, &[&write, &confirm, &ask, &complete, &withdraw]),
        (peer, &[&write]),
        (authority, &[&ask]),
    ] {
        for action in actions {
            let comment = format!("000{} by the role {}", action[1], creator.subject().role);
            file.invalid(&comment, &["Role"], call(creator, action, open))?;
        }
    }
    Ok(())
}

fn invocations(file: &mut File, names: &Names, creators: &Creators) -> Result<(), Fault> {
    let [write, confirm, ask, complete, withdraw] = names.actions().map(|action| encoded(&action));
    let Creators { user, stranger, hospital, renewed, recipient, .. } = creators;
    let confirmation = names.confirmation();
    let confirmed = [names.confirmation_entry(names.record, &confirmation)];
    let recorded = [confirmed[0].clone(), names.record_entry()];
    let with = |until, status| [&recorded[..], &names.share_entries(until, status)].concat();
    let (open, done) = (with(None, ShareStatus::Open), with(None, names.completed()));
    let (limited, withdrawn) = (with(Some(TIME + 5), ShareStatus::Open), with(None, WITHDRAWN));
    let replace = |mut state: Vec<Value>| {
        state[2] = names.latest_entry(RequestId(Digest(names.other)));
        state
    };
    let replaced = replace(open.clone());
    let claim = entry(&format!("commitment/{}", names.commitment), &names.other);
    let claimed = [claim, confirmed[0].clone()];
    let &Names { nonce, record, request, id, commitment, hospital: by, .. } = names;
    let theirs = Action::Confirmation { record, id: stranger.subject().id.into(), commitment, hospital: by };
    let theirs = encoded(&theirs);
    let ask_until = |millis: u64| encoded(&names.ask(names.request_nonce, Some(Millis(TIME.0 + millis))));
    let past = encoded(&names.ask(names.request_nonce, Some(TIME - 1)));
    let again = encoded(&names.ask(nonce, None));
    let by_recipient = |state: &[Value]| call(recipient, &complete, state);
    let by_user = |state: &[Value]| call(user, &withdraw, state);
    file.group(&INVOKE);
    for (comment, input) in [
        ("0001: a confirmation", call(user, &confirm, &[])),
        ("0001: another's confirmation of the same record", call(stranger, &theirs, &confirmed)),
        ("0001: a confirmation of a commitment that has a record", call(user, &confirm, &claimed[..1])),
        ("0000: a confirmed record", call(hospital, &write, &confirmed)),
        ("0002: a request", call(user, &ask, &recorded)),
        ("0002: a request with an end", call(user, &ask_until(5), &recorded)),
        ("0002: a request whose end is its own time", call(user, &ask_until(0), &recorded)),
        ("0002: a request after one that is completed", call(user, &again, &done)),
        ("0002: a request after one that is withdrawn", call(user, &again, &withdrawn)),
        ("0003: a completion", by_recipient(&open)),
        ("0003: a completion at the end of the request", after(by_recipient(&limited), 5)),
        ("0004: a withdrawal", by_user(&open)),
        ("0004: a withdrawal after the end of the request", after(by_user(&limited), 6)),
        ("0004: a withdrawal of a request that was replaced", by_user(&replaced)),
    ] {
        file.valid(comment, &["Accepted"], input)?;
    }
    roles(file, names, creators, &open)?;
    let other_nonce = encoded(&Action::MedicalRecord { nonce: names.request_nonce, id, commitment });
    for (comment, input) in [
        ("another nonce than that of the confirmed record", call(hospital, &other_nonce, &confirmed)),
        ("the nonce of another hospital's record", call(recipient, &write, &confirmed)),
        ("another certificate of the same hospital", call(renewed, &write, &confirmed)),
    ] {
        file.invalid(comment, &["Identifier"], input)?;
    }
    let confirms = |confirmation: &Confirmation| [names.confirmation_entry(record, confirmation)];
    let mismatch = Confirmation { commitment: Commitment(Digest(names.other)), ..confirmation };
    let elsewhere = Confirmation { hospital: names.recipient, ..confirmation };
    let of_recipient = [names.confirmation_entry(RecordId::new(&nonce, recipient), &confirmation)];
    let Names { delta, grant, request_nonce, .. } = *names;
    let to_itself = Action::ShareRequest { nonce: request_nonce, record, recipient: by, delta, grant, until: None };
    let corrupt = entry(&format!("record/{record}"), &[0; 103]);
    let corrupt_share = [&open[..3], &[entry(&format!("share/{request}"), &[0; 137])]].concat();
    for (comment, input) in [
        ("an action that does not decode", call(user, &[0, 9], &[])),
        ("a record without confirmation", call(hospital, &write, &[])),
        ("another commitment", call(hospital, &write, &confirms(&mismatch))),
        ("another hospital's record", call(hospital, &write, &confirms(&elsewhere))),
        ("by another hospital than the confirmed one", call(recipient, &write, &of_recipient)),
        ("a record twice", call(hospital, &write, &recorded)),
        ("a confirmation twice", call(user, &confirm, &confirmed)),
        ("a copy of another record", call(hospital, &write, &claimed)),
        ("a confirmation for somebody else", call(stranger, &confirm, &[])),
        ("a request for no record", call(user, &ask, &[])),
        ("a request for somebody else's record", call(stranger, &ask, &recorded)),
        ("a request to the record's own hospital", call(user, &encoded(&to_itself), &recorded)),
        ("a request twice", call(user, &ask, &open)),
        ("a completed request again", call(user, &ask, &done)),
        ("a corrupt record", call(user, &ask, &[corrupt])),
    ] {
        file.invalid(comment, &["Rule"], input)?;
    }
    let limit = |status| with(Some(TIME + 5), status);
    for (comment, input) in [
        ("a request whose end is past by a millisecond", call(user, &past, &recorded)),
        ("a completion of no request", by_recipient(&recorded)),
        ("a completion by another hospital", call(hospital, &complete, &open)),
        ("a completion of a request that was replaced", by_recipient(&replaced)),
        ("a completion twice", by_recipient(&done)),
        ("a completion after the withdrawal", by_recipient(&withdrawn)),
        ("a completion a millisecond after the end", after(by_recipient(&limited), 6)),
        ("a completion twice, the second after the end", after(by_recipient(&limit(names.completed())), 6)),
        ("a completion after the withdrawal and the end", after(by_recipient(&limit(WITHDRAWN)), 6)),
        ("a completion after the end of a request that was replaced", after(by_recipient(&replace(limited)), 6)),
        ("a withdrawal of no request", by_user(&recorded)),
        ("a withdrawal by another user", call(stranger, &withdraw, &open)),
        ("a withdrawal twice", by_user(&withdrawn)),
        ("a withdrawal of a completed request", by_user(&done)),
        ("a withdrawal of a request without its record", by_user(&open[2..])),
        ("a withdrawal of a corrupt request", by_user(&corrupt_share)),
    ] {
        file.invalid(comment, &["Consent"], input)?;
    }
    Ok(())
}

fn questions(file: &mut File, names: &Names) -> Result<(), Fault> {
    let record = encoded(&Query::Record(names.record));
    let share = encoded(&Query::Share(names.request));
    let recorded = [names.record_entry()];
    let with = |until, status| [&recorded[..], &names.share_entries(until, status)].concat();
    let open = with(None, ShareStatus::Open);
    let latest = |latest: &[Value]| [&open[..1], latest, &open[2..]].concat();
    let ask = |question: &[u8], state: &[Value]| json!({ "question": hex(question), "state": state });
    file.group(&QUERY);
    for (comment, input) in [
        ("a record", ask(&record, &recorded)),
        ("no record", ask(&record, &open[1..])),
        ("a request", ask(&share, &open)),
        ("a request with an end, completed", ask(&share, &with(Some(TIME + 9), names.completed()))),
        ("a withdrawn request", ask(&share, &with(None, WITHDRAWN))),
        ("a request that was replaced", ask(&share, &latest(&[names.latest_entry(RequestId(Digest(names.other)))]))),
        ("no request", ask(&share, &open[..2])),
    ] {
        file.valid(comment, &["Question"], input)?;
    }
    for (comment, question) in [
        ("one byte short", record[..32].to_vec()),
        ("one byte long", [&share[..], &[0]].concat()),
        ("no bytes", vec![]),
        ("a question with the tag 2", put(&record, 0, &[2])),
        ("a question with the tag 255", put(&share, 0, &[255])),
    ] {
        file.invalid(comment, &["Malformed"], ask(&question, &open))?;
    }
    let corrupt = |key: String, bytes: usize| entry(&key, &vec![0; bytes]);
    for (comment, input) in [
        ("a corrupt record", ask(&record, &[corrupt(format!("record/{}", names.record), 103)])),
        ("a corrupt request", ask(&share, &[corrupt(format!("share/{}", names.request), 137)])),
        (
            "a corrupt latest request",
            ask(&share, &latest(&[corrupt(format!("latest/{}/{}", names.record, names.recipient), 31)])),
        ),
        ("a request without its record", ask(&share, &open[1..])),
    ] {
        file.invalid(comment, &["Corrupt"], input)?;
    }

    file.group(&ANSWER);
    let answer = |kind: &str, found: &[u8]| json!({ "kind": kind, "encoding": hex([&[1][..], found].concat()) });
    let shared =
        |is_latest, status| encoded(&Shared { share: names.share(None, status), is_latest, record: names.record() });
    let (record, open) = (encoded(&names.record()), shared(true, ShareStatus::Open));
    for kind in ["record", "share"] {
        file.valid("none", &["Encoding"], json!({ "kind": kind, "encoding": "00" }))?;
        for (comment, bytes) in [("no bytes", ""), ("none, one byte long", "0000"), ("an answer with the tag 2", "02")]
        {
            file.invalid(comment, &["Malformed"], json!({ "kind": kind, "encoding": bytes }))?;
        }
    }
    for (kind, comment, found) in [
        ("record", "a record", &record),
        ("share", "a request", &open),
        ("share", "a request that was replaced", &shared(false, ShareStatus::Open)),
        ("share", "a completed request", &shared(true, names.completed())),
    ] {
        file.valid(comment, &["Encoding"], answer(kind, found))?;
        for (comment, bytes) in lengths(found) {
            file.invalid(comment, &["Malformed"], answer(kind, &bytes))?;
        }
    }
    // The byte behind the request of 138 bytes.
    for tag in [2, 255] {
        let comment = format!("neither the latest request nor replaced: {tag}");
        file.invalid(&comment, &["Malformed"], answer("share", &put(&open, 138, &[tag])))?;
    }
    Ok(())
}
