use super::*;
use crate::hash::Digest;
use crate::identifier::Pseudonym;
use crate::identity::{Member, MemberId, Role, SigningKey};
use crate::integrity::Commitment;
use crate::ledger::{Committed, Entry, Invocation, Simulation, StoreError, Transient, TxId, Version};
use crate::time::Millis;
use crate::wire::Wire;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::BTreeMap;

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

fn member(role: Role, id: u8) -> Member {
    let key = SigningKey::random(&mut ChaCha20Rng::seed_from_u64(id.into()));
    let organisation = role.name().to_owned();
    Member { organisation, role, id: MemberId([id; 32]), verifying_key: key.verifying_key(), sealing_key: None }
}

const RECORD: TxId = TxId(Digest([1; 32]));
const CONFIRM: TxId = TxId(Digest([2; 32]));
const REQUEST: TxId = TxId(Digest([3; 32]));
const COMPLETE: TxId = TxId(Digest([4; 32]));
const NEW: TxId = TxId(Digest([5; 32]));
const COMMITMENT: Commitment = Commitment(Digest([0xc0; 32]));
const DELTA: Digest = Digest([0xde; 32]);
const GRANT: Digest = Digest([0x60; 32]);
const DELIVERIES: Digest = Digest([0xdd; 32]);
const ALICE: u8 = 10;
const BOB: u8 = 11;
const NORTH: u8 = 20;
const SOUTH: u8 = 21;
const NOW: Millis = Millis(1_748_736_000_000);

const WRITE: Action = Action::MedicalRecord { id: Pseudonym([ALICE; 32]), commitment: COMMITMENT };
const CONFIRMS: Action = Action::Confirmation {
    record: RECORD,
    id: Pseudonym([ALICE; 32]),
    commitment: COMMITMENT,
    hospital: MemberId([NORTH; 32]),
};
const ASK: Action = ask(RECORD, SOUTH, None);
const DONE: Action = Action::ShareComplete { request: REQUEST, deliveries: DELIVERIES };
const WITHDRAW: Action = Action::ShareWithdrawal { request: REQUEST };

const fn ask(record: TxId, recipient: u8, until: Option<Millis>) -> Action {
    Action::ShareRequest { record, recipient: MemberId([recipient; 32]), delta: DELTA, grant: GRANT, until }
}

impl World {
    fn call(&mut self, role: Role, id: u8, txid: TxId, action: &[u8]) -> Result<Vec<u8>, ContractError> {
        self.call_at(NOW, role, id, txid, action)
    }

    fn call_at(
        &mut self,
        timestamp: Millis,
        role: Role,
        id: u8,
        txid: TxId,
        action: &[u8],
    ) -> Result<Vec<u8>, ContractError> {
        let (creator, transient) = (member(role, id), Transient::default());
        let call = Invocation { creator: &creator, txid, timestamp, transient: &transient, action };
        let mut simulation = Simulation::new(&*self);
        let response = invoke(&mut simulation, &call)?;
        let written = simulation.finish();
        self.0.extend(written.writes().iter().map(|write| (write.key.clone(), write.value.clone())));
        Ok(response)
    }

    fn act(&mut self, role: Role, id: u8, txid: TxId, action: Action) -> Result<Vec<u8>, ContractError> {
        self.call(role, id, txid, &action.to_bytes())
    }

    /// Returns the number of the refusal, and checks that the state did not change.
    fn refuses(&mut self, role: Role, id: u8, txid: TxId, action: Action) -> u16 {
        let before = self.0.clone();
        let error = self.act(role, id, txid, action).expect_err("an action that breaks a rule");
        assert_eq!(self.0, before);
        error.code()
    }

    fn confirmed() -> Self {
        let mut world = Self::default();
        world.act(Role::User, ALICE, CONFIRM, CONFIRMS).unwrap();
        world
    }

    fn recorded() -> Self {
        let mut world = Self::confirmed();
        world.act(Role::Hospital, NORTH, RECORD, WRITE).unwrap();
        world
    }

    fn requested() -> Self {
        let mut world = Self::recorded();
        world.act(Role::User, ALICE, REQUEST, ASK).unwrap();
        world
    }

    fn completed() -> Self {
        let mut world = Self::requested();
        world.act(Role::Hospital, SOUTH, COMPLETE, DONE).unwrap();
        world
    }
}

/// The transactions of Figures 3 and 4, in order, and the values that they leave in the state.
#[test]
fn the_transactions_in_the_papers_order() {
    let mut world = World::default();
    assert_eq!(world.refuses(Role::Hospital, NORTH, RECORD, WRITE), 3);
    let world = World::completed();
    let world = &mut Simulation::new(&world);
    let (id, hospital) = (Pseudonym([ALICE; 32]), MemberId([NORTH; 32]));
    let expected = Record { id, commitment: COMMITMENT, hospital, timestamp: NOW };
    assert_eq!(record(world, RECORD).unwrap(), Some(expected));
    let expected = Confirmation { id, commitment: COMMITMENT, hospital, timestamp: NOW };
    assert_eq!(confirmation(world, RECORD, id).unwrap(), Some(expected));
    let recipient = MemberId([SOUTH; 32]);
    let expected = ShareRequest {
        record: RECORD,
        recipient,
        delta: DELTA,
        grant: GRANT,
        requested: NOW,
        until: None,
        status: ShareStatus::Completed { at: NOW, deliveries: DELIVERIES },
    };
    assert_eq!(share(world, REQUEST).unwrap(), Some(expected));
    assert_eq!(latest_share(world, RECORD, recipient).unwrap(), Some(REQUEST));
}

#[test]
fn each_action_has_its_role() {
    for (action, allowed) in [
        (WRITE, Role::Hospital),
        (CONFIRMS, Role::User),
        (ASK, Role::User),
        (DONE, Role::Hospital),
        (WITHDRAW, Role::User),
    ] {
        for role in Role::ALL.into_iter().filter(|role| *role != allowed) {
            assert_eq!(World::default().refuses(role, ALICE, NEW, action), 2, "{action:?} {role}");
        }
    }
}

#[test]
fn a_record_must_be_the_one_confirmed() {
    let mut world = World::confirmed();
    let id = Pseudonym([ALICE; 32]);
    let other = Action::MedicalRecord { id, commitment: Commitment(GRANT) };
    assert_eq!(world.refuses(Role::Hospital, NORTH, RECORD, other), 4);
    assert_eq!(world.refuses(Role::Hospital, SOUTH, RECORD, WRITE), 5);
    assert_eq!(world.refuses(Role::Hospital, NORTH, NEW, WRITE), 3);
    let bobs = Action::MedicalRecord { id: Pseudonym([BOB; 32]), commitment: COMMITMENT };
    assert_eq!(world.refuses(Role::Hospital, NORTH, RECORD, bobs), 3);
    assert_eq!(World::recorded().refuses(Role::Hospital, NORTH, RECORD, WRITE), 7);
}

/// Another user cannot confirm for the holder, and another user's confirmation does not prevent the holder's.
#[test]
fn only_the_holder_confirms_and_once() {
    assert_eq!(World::default().refuses(Role::User, BOB, CONFIRM, CONFIRMS), 6);
    assert_eq!(World::confirmed().refuses(Role::User, ALICE, NEW, CONFIRMS), 7);
    let mut world = World::default();
    let (id, hospital) = (Pseudonym([BOB; 32]), MemberId([NORTH; 32]));
    let bobs = Action::Confirmation { record: RECORD, id, commitment: COMMITMENT, hospital };
    world.act(Role::User, BOB, NEW, bobs).unwrap();
    world.act(Role::User, ALICE, CONFIRM, CONFIRMS).unwrap();
    world.act(Role::Hospital, NORTH, RECORD, WRITE).unwrap();
}

/// Whoever sees a commitment before its confirmation confirms it first, under a txid that nobody writes. The holder still
/// confirms, and the hospital still writes the record.
#[test]
fn a_confirmation_claims_nothing() {
    let mut world = World::default();
    let (id, hospital) = (Pseudonym([BOB; 32]), MemberId([SOUTH; 32]));
    let first = |record| Action::Confirmation { record, id, commitment: COMMITMENT, hospital };
    world.act(Role::User, BOB, NEW, first(REQUEST)).unwrap();
    world.act(Role::User, BOB, COMPLETE, first(RECORD)).unwrap();
    assert_eq!(claim(&mut Simulation::new(&world), COMMITMENT).unwrap(), None);
    world.act(Role::User, ALICE, CONFIRM, CONFIRMS).unwrap();
    world.act(Role::Hospital, NORTH, RECORD, WRITE).unwrap();
    assert_eq!(claim(&mut Simulation::new(&world), COMMITMENT).unwrap(), Some(RECORD));
}

/// Hospital South and its accomplice Bob try to file a copy of a record under a txid of South.
#[test]
fn a_commitment_belongs_to_one_record() {
    let (id, hospital) = (Pseudonym([BOB; 32]), MemberId([SOUTH; 32]));
    let confirms = Action::Confirmation { record: REQUEST, id, commitment: COMMITMENT, hospital };
    let files = Action::MedicalRecord { id, commitment: COMMITMENT };
    let mut world = World::recorded();
    world.act(Role::User, BOB, NEW, confirms).unwrap();
    assert_eq!(world.refuses(Role::Hospital, SOUTH, REQUEST, files), 15);
    // Simulated on one state, both records read the commitment's key as absent and write it, so the validation of a
    // block accepts the first one only.
    let mut world = World::confirmed();
    world.act(Role::User, BOB, NEW, confirms).unwrap();
    let key = records::claim_key(COMMITMENT);
    for (creator, txid, action) in [(NORTH, RECORD, WRITE), (SOUTH, REQUEST, files)] {
        let (creator, transient, action) = (member(Role::Hospital, creator), Transient::default(), action.to_bytes());
        let call = Invocation { creator: &creator, txid, timestamp: NOW, transient: &transient, action: &action };
        let mut simulation = Simulation::new(&world);
        invoke(&mut simulation, &call).unwrap();
        let set = simulation.finish();
        assert!(set.reads().iter().any(|read| read.key == key && read.version.is_none()));
        assert!(set.writes().iter().any(|write| write.key == key));
    }
}

#[test]
fn consent_is_the_holders_for_a_record_that_exists() {
    assert_eq!(World::confirmed().refuses(Role::User, ALICE, REQUEST, ASK), 8);
    let mut world = World::recorded();
    assert_eq!(world.refuses(Role::User, BOB, REQUEST, ASK), 6);
    assert_eq!(world.refuses(Role::User, ALICE, REQUEST, ask(RECORD, NORTH, None)), 9);
    assert_eq!(World::requested().refuses(Role::User, ALICE, NEW, ask(REQUEST, SOUTH, None)), 8);
}

/// A request is never overwritten; a newer one for the same record and recipient replaces it.
#[test]
fn a_newer_request_replaces_an_earlier_one() {
    let mut world = World::requested();
    assert_eq!(world.refuses(Role::User, ALICE, REQUEST, ASK), 7);
    world.act(Role::User, ALICE, CONFIRM, ask(RECORD, 99, None)).unwrap();
    world.act(Role::User, ALICE, NEW, ASK).unwrap();
    assert_eq!(world.refuses(Role::Hospital, SOUTH, COMPLETE, DONE), 10);
    world.act(Role::Hospital, SOUTH, COMPLETE, Action::ShareComplete { request: NEW, deliveries: DELIVERIES }).unwrap();
}

/// A withdrawn consent cannot be used, and only the holder of the record's ID_i withdraws it.
#[test]
fn a_withdrawn_request_is_completed_by_nobody() {
    assert_eq!(World::recorded().refuses(Role::User, ALICE, NEW, WITHDRAW), 11);
    let mut world = World::requested();
    assert_eq!(world.refuses(Role::User, BOB, NEW, WITHDRAW), 6);
    world.act(Role::User, ALICE, NEW, WITHDRAW).unwrap();
    let status = share(&mut Simulation::new(&world), REQUEST).unwrap().map(|share| share.status);
    assert_eq!(status, Some(ShareStatus::Withdrawn { at: NOW }));
    assert_eq!(world.refuses(Role::Hospital, SOUTH, COMPLETE, DONE), 17);
    assert_eq!(world.refuses(Role::User, ALICE, COMPLETE, WITHDRAW), 17);
    assert_eq!(World::completed().refuses(Role::User, ALICE, NEW, WITHDRAW), 13);
    // The user may consent again.
    world.act(Role::User, ALICE, CONFIRM, ASK).unwrap();
    let again = Action::ShareComplete { request: CONFIRM, deliveries: DELIVERIES };
    world.act(Role::Hospital, SOUTH, COMPLETE, again).unwrap();
}

/// A consent lasts to its end and no longer. A request that was replaced, or whose consent has
/// ended, can still be withdrawn.
#[test]
fn a_request_ends() {
    let until = |end| ask(RECORD, SOUTH, Some(end)).to_bytes();
    let past = World::recorded().call(Role::User, ALICE, REQUEST, &until(Millis(NOW.0 - 1)));
    assert_eq!(past.unwrap_err().code(), 16);
    let requested = || {
        let mut world = World::recorded();
        world.call(Role::User, ALICE, REQUEST, &until(NOW)).unwrap();
        world
    };
    requested().act(Role::Hospital, SOUTH, COMPLETE, DONE).unwrap();
    let mut world = requested();
    let late = world.call_at(NOW + 1, Role::Hospital, SOUTH, COMPLETE, &DONE.to_bytes());
    assert_eq!(late.unwrap_err().code(), 16);
    world.act(Role::User, ALICE, NEW, ASK).unwrap();
    world.call_at(NOW + 1, Role::User, ALICE, COMPLETE, &WITHDRAW.to_bytes()).unwrap();
}

#[test]
fn only_the_recipient_completes_and_once() {
    assert_eq!(World::recorded().refuses(Role::Hospital, SOUTH, COMPLETE, DONE), 11);
    assert_eq!(World::requested().refuses(Role::Hospital, NORTH, COMPLETE, DONE), 12);
    assert_eq!(World::completed().refuses(Role::Hospital, SOUTH, NEW, DONE), 13);
}

#[test]
fn malformed_actions_and_foreign_values_are_refused() {
    let mut world = World::default();
    for bytes in [&[][..], &[0], &[0, 5], &[1, 0], &WRITE.to_bytes()[..65], &[&DONE.to_bytes()[..], &[0]].concat()] {
        assert_eq!(world.call(Role::Hospital, NORTH, NEW, bytes).unwrap_err().code(), 1);
    }
    world.0.insert(records::share_key(REQUEST), vec![7; 9]);
    assert_eq!(world.refuses(Role::Hospital, SOUTH, COMPLETE, DONE), 14);
}

/// The codes on the wire are those of Fig. 5.
#[test]
fn transaction_types() {
    let ending = ask(RECORD, SOUTH, Some(NOW));
    let actions =
        [(WRITE, "0000"), (CONFIRMS, "0001"), (ASK, "0002"), (ending, "0002"), (DONE, "0003"), (WITHDRAW, "0004")];
    for (action, code) in actions {
        assert_eq!(action.txtype().to_string(), code);
        assert_eq!(action.to_bytes()[..2], code.parse::<u16>().unwrap().to_be_bytes());
        assert_eq!(Action::from_bytes(&action.to_bytes()), Ok(action));
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
        let _ = World::completed().call(Role::ALL[role], ALICE, NEW, &bytes);
        for value in [Record::from_bytes(&bytes).map(|v| v.to_bytes()), ShareRequest::from_bytes(&bytes).map(|v| v.to_bytes())] {
            prop_assert!(value.is_err() || value == Ok(bytes.clone()));
        }
    }
}
