use super::*;
use crate::hash::Digest;
use crate::identifier::Pseudonym;
use crate::identity::{Authority, Certificate, Member, MemberId, ParticipantGroup, Role, SigningKey, Subject};
use crate::integrity::Commitment;
use crate::ledger::{
    Committed, Entry, Invocation, Nonce, ReadWriteSet, Simulation, StoreError, Transient, TxId, Version,
};
use crate::time::Millis;
use crate::wire::Wire;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A state in memory, read and written through the ledger's simulation.
#[derive(Default)]
struct World(BTreeMap<String, Vec<u8>>);

impl Committed for World {
    fn entry(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let version = Version { block: 1, tx: 0 };
        Ok(self.0.get(key).map(|value| Entry { version, value: value.clone() }))
    }

    fn knows(&self, _: &TxId) -> Result<bool, StoreError> {
        Ok(false)
    }
}

/// A certificate of a member with this identifier. It is the same at each call.
fn certificate(role: Role, id: u8) -> Certificate {
    let groups = ParticipantGroup::ALL.into_iter();
    let group = groups.clone().find(|group| group.may_issue(role)).unwrap_or(ParticipantGroup::Users);
    let role = if group.may_issue(role) { role } else { Role::User };
    let rng = &mut ChaCha20Rng::seed_from_u64(id.into());
    let mut authority = Authority::new(group, rng, NOW.seconds()).unwrap();
    let subject = Subject::new(group.name(), role, MemberId([id; 32])).unwrap();
    authority.issue(&subject, &SigningKey::random(rng).verifying_key(), None, NOW.seconds(), rng).unwrap()
}

fn member(role: Role, certificate: &Certificate) -> Member {
    let (organisation, id) = (role.name().to_owned(), certificate.subject().id);
    Member { organisation, role, id, verifying_key: *certificate.verifying_key(), sealing_key: None }
}

const COMMITMENT: Commitment = Commitment(Digest([0xc0; 32]));
const DELTA: Digest = Digest([0xde; 32]);
const GRANT: Digest = Digest([0x60; 32]);
const DELIVERIES: Digest = Digest([0xdd; 32]);
const ALICE: u8 = 10;
const BOB: u8 = 11;
const NORTH: u8 = 20;
const SOUTH: u8 = 21;
const NOW: Millis = Millis(1_748_736_000_000);
const ONE: Nonce = Nonce([1; 24]);
const OTHER: Nonce = Nonce([2; 24]);

/// The record that hospital North writes with the nonce [`ONE`].
static RECORD: LazyLock<RecordId> = LazyLock::new(|| RecordId::new(&ONE, &certificate(Role::Hospital, NORTH)));
/// The record that hospital South would write with the nonce [`ONE`].
static SOUTHS: LazyLock<RecordId> = LazyLock::new(|| RecordId::new(&ONE, &certificate(Role::Hospital, SOUTH)));
/// The requests that Alice makes with the two nonces.
static REQUEST: LazyLock<RequestId> = LazyLock::new(|| RequestId::new(&ONE, &certificate(Role::User, ALICE)));
static NEWER: LazyLock<RequestId> = LazyLock::new(|| RequestId::new(&OTHER, &certificate(Role::User, ALICE)));

const WRITE: Action = Action::MedicalRecord { nonce: ONE, id: Pseudonym([ALICE; 32]), commitment: COMMITMENT };
static CONFIRMS: LazyLock<Action> = LazyLock::new(|| confirms(*RECORD, ALICE, NORTH));
static ASK: LazyLock<Action> = LazyLock::new(|| ask(ONE, SOUTH, None));
static DONE: LazyLock<Action> = LazyLock::new(|| done(*REQUEST));
static WITHDRAW: LazyLock<Action> = LazyLock::new(|| Action::ShareWithdrawal { request: *REQUEST });

fn confirms(record: RecordId, id: u8, hospital: u8) -> Action {
    let (id, hospital) = (Pseudonym([id; 32]), MemberId([hospital; 32]));
    Action::Confirmation { record, id, commitment: COMMITMENT, hospital }
}

fn ask(nonce: Nonce, recipient: u8, until: Option<Millis>) -> Action {
    let (record, recipient) = (*RECORD, MemberId([recipient; 32]));
    Action::ShareRequest { nonce, record, recipient, delta: DELTA, grant: GRANT, until }
}

const fn done(request: RequestId) -> Action {
    Action::ShareComplete { request, deliveries: DELIVERIES }
}

impl World {
    fn call(&mut self, role: Role, id: u8, action: &[u8]) -> Result<Vec<u8>, ContractError> {
        self.call_at(NOW, role, id, action)
    }

    fn call_at(&mut self, timestamp: Millis, role: Role, id: u8, action: &[u8]) -> Result<Vec<u8>, ContractError> {
        let (response, written) = self.simulate(timestamp, role, id, action)?;
        self.0.extend(written.writes().iter().map(|write| (write.key.clone(), write.value.clone())));
        Ok(response)
    }

    fn simulate(
        &self,
        timestamp: Millis,
        role: Role,
        id: u8,
        action: &[u8],
    ) -> Result<(Vec<u8>, ReadWriteSet), ContractError> {
        let (certificate, transient) = (certificate(role, id), Transient::default());
        let creator = member(role, &certificate);
        let call =
            Invocation { creator: &creator, certificate: &certificate, timestamp, transient: &transient, action };
        let mut simulation = Simulation::new(self);
        Ok((invoke(&mut simulation, &call)?, simulation.finish()))
    }

    fn act(&mut self, role: Role, id: u8, action: Action) -> Result<Vec<u8>, ContractError> {
        self.call(role, id, &action.to_bytes())
    }

    /// Returns the number of the refusal, and checks that the state did not change.
    fn refuses(&mut self, role: Role, id: u8, action: Action) -> u16 {
        let before = self.0.clone();
        let error = self.act(role, id, action).expect_err("an action that breaks a rule");
        assert_eq!(self.0, before);
        error.code()
    }

    fn confirmed() -> Self {
        let mut world = Self::default();
        world.act(Role::User, ALICE, *CONFIRMS).unwrap();
        world
    }

    fn recorded() -> Self {
        let mut world = Self::confirmed();
        world.act(Role::Hospital, NORTH, WRITE).unwrap();
        world
    }

    fn requested() -> Self {
        let mut world = Self::recorded();
        world.act(Role::User, ALICE, *ASK).unwrap();
        world
    }

    fn completed() -> Self {
        let mut world = Self::requested();
        world.act(Role::Hospital, SOUTH, *DONE).unwrap();
        world
    }
}

/// The transactions of Figures 3 and 4, in order, and the values that they leave in the state.
#[test]
fn the_transactions_in_the_papers_order() {
    let mut world = World::default();
    assert_eq!(world.refuses(Role::Hospital, NORTH, WRITE), 3);
    let world = World::completed();
    let world = &mut Simulation::new(&world);
    let (id, hospital) = (Pseudonym([ALICE; 32]), MemberId([NORTH; 32]));
    let expected = Record { id, commitment: COMMITMENT, hospital, timestamp: NOW };
    assert_eq!(record(world, *RECORD).unwrap(), Some(expected));
    let expected = Confirmation { id, commitment: COMMITMENT, hospital, timestamp: NOW };
    assert_eq!(confirmation(world, *RECORD, id).unwrap(), Some(expected));
    let recipient = MemberId([SOUTH; 32]);
    let expected = ShareRequest {
        record: *RECORD,
        recipient,
        delta: DELTA,
        grant: GRANT,
        requested: NOW,
        until: None,
        status: ShareStatus::Completed { at: NOW, deliveries: DELIVERIES },
    };
    assert_eq!(share(world, *REQUEST).unwrap(), Some(expected));
    assert_eq!(latest_share(world, *RECORD, recipient).unwrap(), Some(*REQUEST));
}

#[test]
fn each_action_has_its_role() {
    for (action, allowed) in [
        (WRITE, Role::Hospital),
        (*CONFIRMS, Role::User),
        (*ASK, Role::User),
        (*DONE, Role::Hospital),
        (*WITHDRAW, Role::User),
    ] {
        for role in Role::ALL.into_iter().filter(|role| *role != allowed) {
            assert_eq!(World::default().refuses(role, ALICE, action), 2, "{action:?} {role}");
        }
    }
}

#[test]
fn a_record_must_be_the_one_confirmed() {
    let mut world = World::confirmed();
    let id = Pseudonym([ALICE; 32]);
    let other = Action::MedicalRecord { nonce: ONE, id, commitment: Commitment(GRANT) };
    assert_eq!(world.refuses(Role::Hospital, NORTH, other), 4);
    // Nobody else can write under the identifier: another certificate or nonce gives another identifier.
    assert_eq!(world.refuses(Role::Hospital, SOUTH, WRITE), 3);
    let unknown = Action::MedicalRecord { nonce: OTHER, id, commitment: COMMITMENT };
    assert_eq!(world.refuses(Role::Hospital, NORTH, unknown), 3);
    let bobs = Action::MedicalRecord { nonce: ONE, id: Pseudonym([BOB; 32]), commitment: COMMITMENT };
    assert_eq!(world.refuses(Role::Hospital, NORTH, bobs), 3);
    assert_eq!(World::recorded().refuses(Role::Hospital, NORTH, WRITE), 7);
    let mut world = World::default();
    world.act(Role::User, ALICE, confirms(*RECORD, ALICE, SOUTH)).unwrap();
    assert_eq!(world.refuses(Role::Hospital, NORTH, WRITE), 5);
}

/// Another user cannot confirm for the holder, and another user's confirmation does not prevent the holder's.
#[test]
fn only_the_holder_confirms_and_once() {
    assert_eq!(World::default().refuses(Role::User, BOB, *CONFIRMS), 6);
    assert_eq!(World::confirmed().refuses(Role::User, ALICE, *CONFIRMS), 7);
    let mut world = World::default();
    world.act(Role::User, BOB, confirms(*RECORD, BOB, NORTH)).unwrap();
    world.act(Role::User, ALICE, *CONFIRMS).unwrap();
    world.act(Role::Hospital, NORTH, WRITE).unwrap();
}

/// Whoever sees a commitment before its confirmation confirms it first, also for a record that nobody writes. The holder still
/// confirms, and the hospital still writes the record.
#[test]
fn a_confirmation_claims_nothing() {
    let mut world = World::default();
    world.act(Role::User, BOB, confirms(*SOUTHS, BOB, SOUTH)).unwrap();
    world.act(Role::User, BOB, confirms(*RECORD, BOB, SOUTH)).unwrap();
    assert_eq!(claim(&mut Simulation::new(&world), COMMITMENT).unwrap(), None);
    world.act(Role::User, ALICE, *CONFIRMS).unwrap();
    world.act(Role::Hospital, NORTH, WRITE).unwrap();
    assert_eq!(claim(&mut Simulation::new(&world), COMMITMENT).unwrap(), Some(*RECORD));
}

/// Hospital South and its accomplice Bob try to file a copy of a record under an identifier of South.
#[test]
fn a_commitment_belongs_to_one_record() {
    let confirms = confirms(*SOUTHS, BOB, SOUTH);
    let files = Action::MedicalRecord { nonce: ONE, id: Pseudonym([BOB; 32]), commitment: COMMITMENT };
    let mut world = World::recorded();
    world.act(Role::User, BOB, confirms).unwrap();
    assert_eq!(world.refuses(Role::Hospital, SOUTH, files), 15);
    // Simulated on one state, both records read the commitment's key as absent and write it, so the validation of a
    // block accepts the first one only.
    let mut world = World::confirmed();
    world.act(Role::User, BOB, confirms).unwrap();
    let key = records::claim_key(COMMITMENT);
    for (creator, action) in [(NORTH, WRITE), (SOUTH, files)] {
        let set = world.simulate(NOW, Role::Hospital, creator, &action.to_bytes()).unwrap().1;
        assert!(set.reads().iter().any(|read| read.key == key && read.version.is_none()));
        assert!(set.writes().iter().any(|write| write.key == key));
    }
}

#[test]
fn consent_is_the_holders_for_a_record_that_exists() {
    assert_eq!(World::confirmed().refuses(Role::User, ALICE, *ASK), 8);
    let mut world = World::recorded();
    assert_eq!(world.refuses(Role::User, BOB, *ASK), 6);
    assert_eq!(world.refuses(Role::User, ALICE, ask(ONE, NORTH, None)), 9);
}

/// A request is never overwritten; a newer one for the same record and recipient replaces it.
#[test]
fn a_newer_request_replaces_an_earlier_one() {
    let mut world = World::requested();
    assert_eq!(world.refuses(Role::User, ALICE, *ASK), 7);
    world.act(Role::User, ALICE, ask(Nonce([3; 24]), 99, None)).unwrap();
    world.act(Role::User, ALICE, ask(OTHER, SOUTH, None)).unwrap();
    assert_eq!(world.refuses(Role::Hospital, SOUTH, *DONE), 10);
    world.act(Role::Hospital, SOUTH, done(*NEWER)).unwrap();
}

/// A withdrawn consent cannot be used, and only the holder of the record's ID_i withdraws it.
#[test]
fn a_withdrawn_request_is_completed_by_nobody() {
    assert_eq!(World::recorded().refuses(Role::User, ALICE, *WITHDRAW), 11);
    let mut world = World::requested();
    assert_eq!(world.refuses(Role::User, BOB, *WITHDRAW), 6);
    world.act(Role::User, ALICE, *WITHDRAW).unwrap();
    let status = share(&mut Simulation::new(&world), *REQUEST).unwrap().map(|share| share.status);
    assert_eq!(status, Some(ShareStatus::Withdrawn { at: NOW }));
    assert_eq!(world.refuses(Role::Hospital, SOUTH, *DONE), 17);
    assert_eq!(world.refuses(Role::User, ALICE, *WITHDRAW), 17);
    assert_eq!(World::completed().refuses(Role::User, ALICE, *WITHDRAW), 13);
    // The user may consent again.
    world.act(Role::User, ALICE, ask(OTHER, SOUTH, None)).unwrap();
    world.act(Role::Hospital, SOUTH, done(*NEWER)).unwrap();
}

/// A consent lasts to its end and no longer. A request that was replaced, or whose consent has
/// ended, can still be withdrawn.
#[test]
fn a_request_ends() {
    let until = |end| ask(ONE, SOUTH, Some(end)).to_bytes();
    let past = World::recorded().call(Role::User, ALICE, &until(Millis(NOW.0 - 1)));
    assert_eq!(past.unwrap_err().code(), 16);
    let requested = || {
        let mut world = World::recorded();
        world.call(Role::User, ALICE, &until(NOW)).unwrap();
        world
    };
    requested().act(Role::Hospital, SOUTH, *DONE).unwrap();
    let mut world = requested();
    let late = world.call_at(NOW + 1, Role::Hospital, SOUTH, &DONE.to_bytes());
    assert_eq!(late.unwrap_err().code(), 16);
    world.act(Role::User, ALICE, ask(OTHER, SOUTH, None)).unwrap();
    world.call_at(NOW + 1, Role::User, ALICE, &WITHDRAW.to_bytes()).unwrap();
}

#[test]
fn only_the_recipient_completes_and_once() {
    assert_eq!(World::recorded().refuses(Role::Hospital, SOUTH, *DONE), 11);
    assert_eq!(World::requested().refuses(Role::Hospital, NORTH, *DONE), 12);
    assert_eq!(World::completed().refuses(Role::Hospital, SOUTH, *DONE), 13);
}

#[test]
fn malformed_actions_and_foreign_values_are_refused() {
    let mut world = World::default();
    for bytes in [&[][..], &[0], &[0, 5], &[1, 0], &WRITE.to_bytes()[..89], &[&DONE.to_bytes()[..], &[0]].concat()] {
        assert_eq!(world.call(Role::Hospital, NORTH, bytes).unwrap_err().code(), 1);
    }
    world.0.insert(records::share_key(*REQUEST), vec![7; 9]);
    assert_eq!(world.refuses(Role::Hospital, SOUTH, *DONE), 14);
}

/// A question is answered from one snapshot, and reads no other keys than it needs.
#[test]
fn questions_and_answers() {
    let mut world = World::completed();
    let asked = |world: &World, query: &[u8]| answer(&mut Simulation::new(world), query);
    let found = asked(&world, &Query::Record(*RECORD).to_bytes()).unwrap();
    let record = record(&mut Simulation::new(&world), *RECORD).unwrap();
    assert_eq!(read_answer::<Record>(&found), Ok(record));
    let found = read_answer::<Shared>(&asked(&world, &Query::Share(*REQUEST).to_bytes()).unwrap()).unwrap().unwrap();
    assert_eq!((Some(found.record), found.is_latest), (record, true));
    world.act(Role::User, ALICE, ask(OTHER, SOUTH, None)).unwrap();
    let found = read_answer::<Shared>(&asked(&world, &Query::Share(*REQUEST).to_bytes()).unwrap()).unwrap().unwrap();
    assert!(!found.is_latest);
    for query in [Query::Record(*SOUTHS), Query::Share(RequestId(RECORD.0))] {
        assert_eq!(asked(&world, &query.to_bytes()).unwrap(), [0]);
    }
    for malformed in [&[][..], &[2; 33], &[0; 32], &[1; 34]] {
        assert_eq!(asked(&world, malformed).unwrap_err().code(), 18);
    }
    for malformed in [&[][..], &[0, 0], &[1], &[2]] {
        assert!(read_answer::<Record>(malformed).is_err());
    }
}

/// The codes on the wire are those of Fig. 5.
#[test]
fn transaction_types() {
    let ending = ask(ONE, SOUTH, Some(NOW));
    let actions =
        [(WRITE, "0000"), (*CONFIRMS, "0001"), (*ASK, "0002"), (ending, "0002"), (*DONE, "0003"), (*WITHDRAW, "0004")];
    for (action, code) in actions {
        assert_eq!(action.txtype().to_string(), code);
        assert_eq!(action.to_bytes()[..2], code.parse::<u16>().unwrap().to_be_bytes());
        assert_eq!(Action::from_bytes(&action.to_bytes()), Ok(action));
        let event = Event::of(&action, &certificate(role(action.txtype()), ALICE));
        assert_eq!(event.txtype(), action.txtype());
        assert_eq!(Event::read(code, &event.payload()), Ok(event));
    }
}

#[test]
fn malformed_events_are_refused() {
    for (name, payload) in
        [("0005", &[0; 32][..]), ("5", &[0; 32]), ("", &[0; 32]), ("0002", &[0; 31]), ("0002", &[0; 33])]
    {
        assert!(Event::read(name, payload).is_err(), "{name}");
    }
}

/// The state holds pseudonyms, digests, identifiers and times: values of exactly these sizes.
#[test]
fn nothing_else_is_in_the_state() {
    let sizes: Vec<_> = World::completed().0.into_iter().map(|(key, value)| (key, value.len())).collect();
    let kinds: Vec<_> = sizes.iter().map(|(key, size)| (key.split('/').next().unwrap(), *size)).collect();
    assert_eq!(kinds, [("commitment", 32), ("confirmation", 104), ("latest", 32), ("record", 104), ("share", 178)]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The contract never panics, and every action and value that decodes has one encoding.
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..190), kind in 0_u8..6, role in 0_usize..6) {
        let bytes = [&[0, kind][..], &bytes].concat();
        if let Ok(action) = Action::from_bytes(&bytes) {
            prop_assert_eq!(action.to_bytes(), bytes.clone());
        }
        let _ = World::completed().call(Role::ALL[role], ALICE, &bytes);
        for value in [Record::from_bytes(&bytes).map(|v| v.to_bytes()), ShareRequest::from_bytes(&bytes).map(|v| v.to_bytes())] {
            prop_assert!(value.is_err() || value == Ok(bytes.clone()));
        }
    }
}
