//! Compares the ledger with a small sequential model under random schedules: proposals, endorsements, blocks, peers
//! that stop and restart, replayed transactions, stale reads and false endorsements.
//!
//! `PHI_PRE_SCHEDULES` sets the number of schedules for each variant and `PHI_PRE_SEED` their seed, which is printed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "consistency/drive.rs"]
#[allow(unreachable_pub, reason = "a room of this test")]
mod drive;
#[path = "consistency/model.rs"]
#[allow(unreachable_pub, reason = "a room of this test")]
mod model;
#[path = "consistency/schedule.rs"]
#[allow(unreachable_pub, reason = "a room of this test")]
mod schedule;
#[path = "ledger/world.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the bench")]
mod world;

use drive::{FULL, Ledger, block_files};
use model::{Caller, Model, Question, Sheet, Txid, answer};
use phi_pre::contract::{Action, PhiContract, RecordId, RequestId};
use phi_pre::hash::{Digest, sha256};
use phi_pre::identifier::Pseudonym;
use phi_pre::identity::{Authority, Certificate, IdentityError, MemberId, ParticipantGroup, Role};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::*;
use phi_pre::wire::Wire;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use schedule::{Ask, Op, Schedule, Twist, schedule};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use world::*;

/// A transaction with its description for the model.
#[derive(Clone)]
struct Kept {
    signed: SignedTransaction,
    sheet: Sheet,
    /// The error with which an honest orderer refuses it.
    refusal: Option<Refusal>,
}

/// Why an honest orderer refuses a transaction that it has not accepted before.
#[derive(Clone, Debug, PartialEq)]
enum Refusal {
    Identity(IdentityError),
    /// The creator signed something else than a transaction.
    Form,
}

/// The results that must be equal in two runs of one schedule.
#[derive(PartialEq, Debug)]
struct Trace {
    files: Vec<Vec<u8>>,
    savepoint: Savepoint,
    state: Vec<(String, Entry)>,
    outcomes: Vec<(TxId, Outcome)>,
}

/// The number of times that each verdict, refusal or other result of a step occurred.
type Met = BTreeMap<String, u64>;

struct Run<'a> {
    world: World,
    folder: &'a Path,
    contract: Arc<dyn Contract>,
    stranger: Signer,
    ledger: Ledger,
    honest: bool,
    model: Model,
    waiting: Vec<Sheet>,
    /// What the creators signed, of the waiting transactions and of those in blocks: an honest orderer takes it once.
    waiting_bytes: Vec<Vec<u8>>,
    sealed_bytes: Vec<Vec<u8>>,
    kept: Vec<Kept>,
    ordered: Vec<Kept>,
    nonces: Vec<[u8; 24]>,
    requests: Vec<Txid>,
    met: &'a RefCell<Met>,
}

impl<'a> Run<'a> {
    fn new(schedule: &Schedule, folder: &'a Path, met: &'a RefCell<Met>) -> Self {
        let mut world = World::new();
        let contract: Arc<dyn Contract> = if schedule.paper { Arc::new(PhiContract) } else { Arc::new(Counter) };
        let start = if schedule.honest { Ledger::honest } else { Ledger::dishonest };
        let ledger = start(&world, folder, Arc::clone(&contract));
        let mut fake = Authority::new(ParticipantGroup::Users, &mut world.rng, NOW.seconds()).unwrap();
        let stranger = enrol(&mut fake, "users", Role::User, &mut world.rng);
        let (honest, model, nonces) = (schedule.honest, Model::new(), vec![[0; 24]; 4]);
        let (waiting, kept, ordered, requests) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (waiting_bytes, sealed_bytes) = (Vec::new(), Vec::new());
        Self {
            world,
            folder,
            contract,
            stranger,
            ledger,
            honest,
            model,
            waiting,
            waiting_bytes,
            sealed_bytes,
            kept,
            ordered,
            nonces,
            requests,
            met,
        }
    }

    fn meet(&self, what: impl Into<String>) {
        *self.met.borrow_mut().entry(what.into()).or_default() += 1;
    }

    /// A participant by number: two users, then two hospitals.
    fn participant(&self, who: usize) -> &Signer {
        [&self.world.alice, &self.world.bob, &self.world.north, &self.world.south][who]
    }

    fn name(&self, who: usize) -> Txid {
        id(&self.participant(who).certificate).0
    }

    fn record(&self, hospital: usize, slot: usize) -> Txid {
        entry(&record_nonce(slot), &self.participant(2 + hospital).certificate)
    }

    fn step(&mut self, number: usize, op: &Op) {
        match op {
            Op::Propose { who, ask, endorsers, twist, at_once } => {
                let ask = &self.next(ask);
                if let Some(kept) = self.propose(number, who.unwrap_or(ask.by()), ask, *endorsers, *twist) {
                    if *at_once {
                        self.order(kept);
                        self.step(number, &Op::Cut);
                    } else {
                        self.kept.push(kept);
                    }
                }
            }
            Op::Order(n) if !self.kept.is_empty() => {
                let kept = self.kept.remove(n % self.kept.len());
                self.order(kept);
            }
            Op::Again(n) if !self.ordered.is_empty() => self.order(self.ordered[n % self.ordered.len()].clone()),
            Op::Order(_) | Op::Again(_) => {}
            Op::Cut => {
                self.ledger.cut();
                self.blocked();
            }
            Op::Stop(i) => self.ledger.stop(*i),
            Op::CutOff(i) => self.ledger.cut_off(*i),
            Op::Rejoin(i) => {
                self.ledger.rejoin(*i, self.folder);
                self.compare(*i);
            }
            Op::Reopen => {
                if self.ledger.reopen(&self.world, self.folder, &self.contract) {
                    self.waiting.clear();
                    self.waiting_bytes.clear();
                }
                (0..3).for_each(|i| self.compare(i));
            }
        }
    }

    /// Replaces [`Ask::Next`] by the next transaction of the record: confirmation, record, request, or completion.
    fn next(&self, ask: &Ask) -> Ask {
        let Ask::Next { slot, other } = *ask else { return ask.clone() };
        let record = Digest(self.record(0, slot));
        let value = |key: String| self.model.value(&key, u64::MAX);
        let stands = |key: String| value(key).is_some();
        let confirmed = value(format!("confirmation/{record}/{}", Digest(self.name(0))));
        let Some((_, confirmed)) = confirmed else {
            return Ask::Confirm { hospital: 0, slot, id: 0, commitment: schedule::own(slot, other), named: 0 };
        };
        if !stands(format!("record/{record}")) {
            Ask::Record { hospital: 0, slot, id: 0, commitment: confirmed[32] }
        } else if other == 1 || !stands(format!("latest/{record}/{}", Digest(self.name(3)))) {
            Ask::Share { id: 0, hospital: 0, slot, recipient: 1, grant: 0, lasts: None }
        } else if other == 3 {
            Ask::Withdraw { id: 0, request: 0 }
        } else {
            Ask::Complete { hospital: 1, request: usize::from(other == 2) }
        }
    }

    /// The request on the ledger that has `back` newer ones; if there is none, an identifier that is not on the ledger.
    fn request(&self, back: usize) -> Txid {
        let stands = |txid: &&Txid| self.model.value(&format!("share/{}", Digest(**txid)), u64::MAX).is_some();
        self.requests.iter().rev().filter(stands).nth(back).copied().unwrap_or_else(|| self.record(0, 7))
    }

    /// The question for the model, its encoding for the contract, and the nonce of a new record or request.
    fn ask(&self, number: usize, ask: &Ask) -> (Question<'static>, Vec<u8>, Option<Nonce>) {
        const KEYS: [&str; 3] = ["a", "b", "c"];
        let (question, action, nonce) = match *ask {
            Ask::Count { key } => return (Question::Count(KEYS[key]), KEYS[key].as_bytes().to_vec(), None),
            Ask::Record { slot, id, commitment, .. } => {
                let (id, commitment) = (self.name(id), [commitment; 32]);
                let nonce = record_nonce(slot);
                let action =
                    Action::MedicalRecord { nonce, id: Pseudonym(id), commitment: Commitment(Digest(commitment)) };
                (Question::Record { id, commitment }, action, Some(nonce))
            }
            Ask::Confirm { hospital, slot, id, commitment, named } => {
                let (record, id, commitment) = (self.record(hospital, slot), self.name(id), [commitment; 32]);
                let hospital = self.name(2 + named);
                let question = Question::Confirm { record, id, commitment, hospital };
                let (record, commitment) = (RecordId(Digest(record)), Commitment(Digest(commitment)));
                let action =
                    Action::Confirmation { record, id: Pseudonym(id), commitment, hospital: MemberId(hospital) };
                (question, action, None)
            }
            Ask::Next { .. } => unreachable!("resolved before"),
            Ask::Share { hospital, slot, recipient, grant, lasts, .. } => {
                let (record, recipient, grant) = (self.record(hospital, slot), self.name(2 + recipient), [grant; 32]);
                let (delta, until) = ([!grant[0]; 32], lasts.map(|lasts| NOW.0 + lasts));
                // Few nonces, so that some requests exist already.
                let nonce = record_nonce(64 + number % 4);
                let action = Action::ShareRequest {
                    nonce,
                    record: RecordId(Digest(record)),
                    recipient: MemberId(recipient),
                    delta: Digest(delta),
                    grant: Digest(grant),
                    until: until.map(phi_pre::time::Millis),
                };
                (Question::Share { record, recipient, delta, grant, until }, action, Some(nonce))
            }
            Ask::Complete { request, .. } => {
                let (request, deliveries) = (self.request(request), [0xdd; 32]);
                let action =
                    Action::ShareComplete { request: RequestId(Digest(request)), deliveries: Digest(deliveries) };
                (Question::Complete { request, deliveries }, action, None)
            }
            Ask::Withdraw { request, .. } => {
                let request = self.request(request);
                (Question::Withdraw { request }, Action::ShareWithdrawal { request: RequestId(Digest(request)) }, None)
            }
        };
        (question, action.to_bytes(), nonce)
    }

    fn propose(&mut self, number: usize, who: usize, ask: &Ask, endorsers: u8, twist: Twist) -> Option<Kept> {
        let (question, action, id_nonce) = self.ask(number, ask);
        let mut fresh = [0; 24];
        fresh[16..].copy_from_slice(&(number as u64 + 1).to_be_bytes());
        let nonce = if twist == Twist::SameNonce { self.nonces[who] } else { fresh };
        self.nonces[who] = nonce;
        let signer = if twist == Twist::Stranger { &self.stranger } else { self.participant(who) }.clone();
        let time = NOW + number as u64;
        let mut proposal =
            Proposal::new(CHANNEL, self.contract.name(), Nonce(nonce), &signer.certificate, time, action);
        let txid = proposal.txid.0.0;
        match twist {
            Twist::WrongTxid => proposal.txid = TxId(Digest(nonce_digest(number))),
            Twist::OtherChannel => proposal.channel = "elsewhere".into(),
            Twist::OtherContract => proposal.contract = "other".into(),
            _ => {}
        }
        let entry = id_nonce.map_or([0; 32], |nonce| entry(&nonce, &signer.certificate));
        let caller = Caller { id: id(&signer.certificate).0, hospital: who >= 2, txid, entry, time: time.0 };
        let asked: Vec<usize> = (0..3).filter(|i| endorsers & 1 << i != 0).collect();
        let answers = self.endorsed(&proposal, &signer, &caller, &question, &asked, twist);
        let answers = match twist {
            Twist::MadeUp { liars, version } => {
                let liars = (0..3).filter(|i| liars & 1 << i != 0).collect::<Vec<_>>();
                self.lies(&proposal, &liars, made_up(version))
            }
            // Honest peers always refuse these proposals, and dishonest peers sign them.
            Twist::Stranger | Twist::WrongTxid | Twist::OtherChannel | Twist::OtherContract => {
                assert!(answers.is_empty());
                self.lies(&proposal, &asked, made_up(None))
            }
            _ => answers,
        };
        let (first, _) = answers.first()?;
        let payload = first.payload.clone();
        let (same, others): (Vec<_>, Vec<_>) = answers.iter().partition(|(answer, _)| answer.payload == payload);
        let assembled = Transaction::assemble(proposal.clone(), answers.iter().map(|(a, _)| a.clone()).collect());
        assert_eq!(assembled.is_ok(), others.is_empty());
        let mut transaction = Transaction {
            proposal,
            payload,
            endorsements: same.iter().map(|(answer, _)| answer.endorsement.clone()).collect(),
        };
        let mut endorsers: Vec<usize> = same.iter().map(|(_, i)| *i).collect();
        self.spoil(&mut transaction, &mut endorsers, twist);
        if let (Question::Share { .. }, Twist::None) = (&question, twist) {
            self.requests.retain(|earlier| *earlier != entry);
            self.requests.push(entry);
        }
        let reads = transaction.payload.rwset.reads().iter();
        let writes = transaction.payload.rwset.writes().iter();
        let place = |version: Version| (version.block, version.tx);
        let mut sheet = Sheet {
            txid,
            fault: 0,
            endorsers,
            reads: reads.map(|read| (read.key.clone(), read.version.map(place))).collect(),
            writes: writes.map(|write| (write.key.clone(), write.value.clone())).collect(),
        };
        let mut signed = transaction.sign(&signer.key).unwrap();
        if twist == Twist::NoTransaction {
            signed.transaction.push(0);
            signed.signature = *signer.key.sign(&signed.transaction).as_bytes();
        }
        let refusal;
        (sheet.fault, refusal) = match twist {
            Twist::NoTransaction => (2, Some(Refusal::Form)),
            Twist::ForgedCreator => {
                let other = self.participant((who + 1) % 4);
                signed.signature = *other.key.sign(&signed.transaction).as_bytes();
                (4, Some(Refusal::Identity(IdentityError::BadSignature)))
            }
            Twist::HighCreator => {
                signed.signature = negate_s(&signed.signature);
                (4, Some(Refusal::Identity(IdentityError::HighS)))
            }
            Twist::Stranger => (4, Some(Refusal::Identity(IdentityError::UnknownIssuer))),
            Twist::OtherProposal => (5, None),
            Twist::WrongTxid => (8, None),
            Twist::OtherChannel => (14, None),
            Twist::OtherContract => (25, None),
            _ => (0, None),
        };
        Some(Kept { signed, sheet, refusal })
    }

    /// The answers of the running peers. Checks that each equals the model's answer at the peer's height.
    fn endorsed(
        &self,
        proposal: &Proposal,
        signer: &Signer,
        caller: &Caller,
        question: &Question<'_>,
        asked: &[usize],
        twist: Twist,
    ) -> Vec<(Endorsed, usize)> {
        let signed = proposal.clone().sign(&signer.key);
        let mut answers = Vec::new();
        for (i, peer) in asked.iter().filter_map(|i| Some((*i, self.ledger.peer(*i)?))) {
            let height = peer.height();
            let found = peer.endorse(&signed, &Transient::default(), NOW);
            let get = |key: &str| self.model.value(key, height).map(|(_, value)| value.clone());
            match (twist, found) {
                (Twist::Stranger, Err(EndorseError::Creator(IdentityError::UnknownIssuer)))
                | (Twist::WrongTxid, Err(EndorseError::TxId))
                | (Twist::OtherChannel, Err(EndorseError::Channel(_)))
                | (Twist::OtherContract, Err(EndorseError::Contract(_))) => {}
                (_, Err(EndorseError::Duplicate(_))) if self.model.knows(&caller.txid, height) => {
                    self.meet("endorser: duplicate");
                }
                (_, found) if !self.model.knows(&caller.txid, height) => {
                    match (answer(&get, caller, question), found) {
                        (Err(expected), Err(EndorseError::Refused(refusal))) => {
                            assert_eq!(refusal.code, expected);
                            self.meet(format!("contract: {expected}"));
                        }
                        (Ok((response, keys, writes)), Ok(answer)) => {
                            let rwset = &answer.payload.rwset;
                            assert_eq!(answer.payload.response, response);
                            let version = |key: &String| self.model.value(key, height).map(|(place, _)| *place);
                            let reads: Vec<_> = keys.iter().map(|key| (key.clone(), version(key))).collect();
                            let found = rwset.reads().iter();
                            let place = |version: Version| (version.block, version.tx);
                            let found: Vec<_> = found.map(|r| (r.key.clone(), r.version.map(place))).collect();
                            assert_eq!(found, reads);
                            let found = rwset.writes().iter();
                            let found: BTreeMap<_, _> = found.map(|w| (w.key.clone(), w.value.clone())).collect();
                            assert_eq!(found, writes);
                            answers.push((answer, i));
                        }
                        (expected, found) => panic!("{question:?}: {found:?} where the model has {expected:?}"),
                    }
                }
                (_, found) => panic!("{twist:?} {question:?}: {found:?}"),
            }
        }
        answers
    }

    /// The endorsements that these peers sign without running the contract.
    fn lies(&self, proposal: &Proposal, liars: &[usize], rwset: ReadWriteSet) -> Vec<(Endorsed, usize)> {
        let payload = Payload { proposal: proposal.digest(), response: Vec::new(), rwset };
        let sign = |i: &usize| {
            let Signer { certificate, key } = &self.world.peers[*i];
            let endorsement = Endorsement::sign(&payload.to_bytes(), certificate, key);
            (Endorsed { payload: payload.clone(), endorsement }, *i)
        };
        liars.iter().map(sign).collect()
    }

    /// Alters the endorsements. `good` keeps one entry for each valid endorsement.
    fn spoil(&self, transaction: &mut Transaction, good: &mut Vec<usize>, twist: Twist) {
        let endorsements = &mut transaction.endorsements;
        match twist {
            Twist::Twice => {
                endorsements.push(endorsements[0].clone());
                good.push(good[0]);
            }
            Twist::Borrowed if endorsements.len() > 1 => {
                endorsements.last_mut().unwrap().signature = endorsements[0].signature;
                good.pop();
            }
            Twist::Borrowed => {
                let endorser = self.world.peers[(good[0] + 1) % 3].certificate.clone();
                endorsements.push(Endorsement { endorser, signature: endorsements[0].signature });
            }
            Twist::HighEndorsement => {
                let last = endorsements.last_mut().unwrap();
                last.signature = negate_s(&last.signature);
                good.pop();
            }
            Twist::Hospital => {
                let Signer { certificate, key } = &self.world.south;
                endorsements.push(Endorsement::sign(&transaction.payload.to_bytes(), certificate, key));
            }
            Twist::OtherProposal => transaction.proposal.timestamp.0 += 1,
            _ => {}
        }
    }

    fn order(&mut self, kept: Kept) {
        let again =
            [&self.waiting_bytes, &self.sealed_bytes].iter().any(|known| known.contains(&kept.signed.transaction));
        match (self.ledger.order(&kept.signed, NOW), &kept.refusal) {
            (Err(OrderError::Identity(error)), Some(expected)) if self.honest => {
                assert_eq!(Refusal::Identity(error.clone()), *expected);
                self.meet(format!("orderer: {error}"));
                return;
            }
            (Err(OrderError::Decode(_)), Some(Refusal::Form)) if self.honest => {
                self.meet("orderer: no transaction");
                return;
            }
            (Err(OrderError::Duplicate(txid)), None) if self.honest && again => {
                assert_eq!(txid.0.0, kept.sheet.txid);
                self.meet("orderer: duplicate");
                return;
            }
            (Ok(()), None) if !(self.honest && again) => {}
            (Ok(()), Some(_)) if !self.honest => {}
            (other, expected) => panic!("{other:?} where {expected:?} was to come"),
        }
        self.waiting.push(kept.sheet.clone());
        self.waiting_bytes.push(kept.signed.transaction.clone());
        self.ordered.push(kept);
        if self.waiting.len() == FULL {
            self.blocked();
        }
    }

    /// Moves the waiting transactions into the model's next block.
    fn blocked(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        self.model.block(&std::mem::take(&mut self.waiting));
        self.sealed_bytes.append(&mut self.waiting_bytes);
        for code in self.model.codes.last().unwrap() {
            self.meet(format!("code {code}"));
        }
        (0..3).for_each(|i| self.compare(i));
    }

    /// Checks that a running peer has the model's verdicts, state and index at its height.
    fn compare(&self, i: usize) {
        let Some(peer) = self.ledger.peer(i) else { return };
        let height = peer.height();
        let last = peer.block(height - 1).unwrap();
        let codes: Vec<u8> = last.metadata.codes.iter().map(|code| code.number()).collect();
        assert_eq!(codes, self.model.codes[usize::try_from(height - 1).unwrap()], "block {}", height - 1);
        let snapshot = peer.snapshot().unwrap();
        let place = |version: Version| (version.block, version.tx);
        let state = snapshot.scan("").unwrap().into_iter();
        let state: BTreeMap<_, _> = state.map(|(key, e)| (key, (place(e.version), e.value))).collect();
        assert_eq!(state, self.model.state(height));
        let outcomes = snapshot.outcomes().unwrap().into_iter();
        let outcomes: BTreeMap<_, _> =
            outcomes.map(|(txid, o)| (txid.0.0, (place(o.version), o.code.number()))).collect();
        assert_eq!(outcomes, self.model.txids(height));
    }

    /// Restarts all peers and checks that they agree on everything from block 0 on.
    fn finish(mut self) -> Trace {
        self.ledger.cut();
        self.blocked();
        for i in 0..3 {
            self.ledger.rejoin(i, self.folder);
            self.compare(i);
        }
        let peers: Vec<&Peer> = (0..3).map(|i| self.ledger.peer(i).unwrap()).collect();
        for number in 0..self.model.height() {
            let blocks: Vec<_> = peers.iter().map(|peer| peer.block(number).unwrap()).collect();
            assert!(blocks.iter().all(|block| *block == blocks[0]));
            let codes: Vec<u8> = blocks[0].metadata.codes.iter().map(|code| code.number()).collect();
            assert_eq!(codes, self.model.codes[usize::try_from(number).unwrap()]);
        }
        let savepoint = peers[0].savepoint().unwrap();
        assert_eq!(savepoint.height, self.model.height());
        assert!(peers.iter().all(|peer| peer.savepoint() == Some(savepoint) && peer.verify().is_ok()));
        let snapshot = peers[0].snapshot().unwrap();
        let (state, outcomes) = (snapshot.scan("").unwrap(), snapshot.outcomes().unwrap());
        let files = block_files(self.folder);
        // The blocks in the files are equal, as checked above. Which blocks were written together differs between
        // peers.
        assert!(files[1..].iter().all(|file| file.len() == files[1].len()));
        Trace { files, savepoint, state, outcomes }
    }
}

fn run(schedule: &Schedule, met: &RefCell<Met>) -> Trace {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::new(schedule, folder.path(), met);
    for (number, op) in schedule.ops.iter().enumerate() {
        run.step(number, op);
    }
    run.finish()
}

fn record_nonce(slot: usize) -> Nonce {
    let mut nonce = [0xff; 24];
    nonce[23] = u8::try_from(slot).unwrap();
    Nonce(nonce)
}

/// SHA-256(nonce || certificate).
fn entry(nonce: &Nonce, certificate: &Certificate) -> Txid {
    sha256(&[&nonce.0, certificate.der()]).0
}

fn nonce_digest(number: usize) -> [u8; 32] {
    sha256(&[&number.to_be_bytes()]).0
}

/// A read-write set that claims that "a" was read at this version.
fn made_up(version: Option<Version>) -> ReadWriteSet {
    struct Claim(Option<Version>);
    impl Committed for Claim {
        fn entry(&self, _: &str) -> Result<Option<Entry>, StoreError> {
            Ok(self.0.map(|version| Entry { version, value: Vec::new() }))
        }
        fn knows(&self, _: &TxId) -> Result<bool, StoreError> {
            Ok(false)
        }
    }
    let claim = Claim(version);
    let mut simulation = Simulation::new(&claim);
    simulation.get("a").unwrap();
    simulation.put("a", 1000_u64.to_be_bytes().to_vec()).unwrap();
    simulation.finish()
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text:?}")))
}

/// Runs each schedule of a variant twice, and returns the counts of the results.
fn schedules(paper: bool, short: u64) -> Met {
    let (count, seed) = (number("PHI_PRE_SCHEDULES", short), number("PHI_PRE_SEED", 1));
    let name = if paper { "the paper's contract" } else { "counters" };
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{name}: {count} schedules, PHI_PRE_SEED={seed}");
    let met = RefCell::new(Met::new());
    let cases = u32::try_from(count).unwrap();
    let config = ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 500, ..Default::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &sha256(&[&seed.to_be_bytes()]).0);
    let result = TestRunner::new_with_rng(config, rng).run(&schedule(paper), |schedule| {
        let (first, second) = (run(&schedule, &met), run(&schedule, &met));
        prop_assert!(first == second, "two runs differ");
        Ok(())
    });
    if let Err(error) = result {
        panic!("PHI_PRE_SEED={seed}: {error}");
    }
    let met = met.into_inner();
    let _ = writeln!(out, "{name}: {met:?}");
    met
}

/// The verdicts that must occur in both variants.
const CODES: [u8; 10] = [0, 2, 4, 5, 8, 9, 10, 11, 14, 25];
/// What an honest orderer must have refused in both variants.
const REFUSED: [&str; 2] = ["orderer: duplicate", "orderer: no transaction"];

#[test]
fn counters_are_what_the_model_says() {
    let met = schedules(false, 24);
    for code in CODES {
        assert!(met.contains_key(&format!("code {code}")), "no schedule met {code}");
    }
    for refused in REFUSED {
        assert!(met.contains_key(refused), "no schedule met {refused}");
    }
}

#[test]
fn the_papers_contract_is_what_the_model_says() {
    let met = schedules(true, 32);
    for code in CODES {
        assert!(met.contains_key(&format!("code {code}")), "no schedule met {code}");
    }
    for refused in REFUSED {
        assert!(met.contains_key(refused), "no schedule met {refused}");
    }
    for code in (2..=13).chain([15]) {
        assert!(met.contains_key(&format!("contract: {code}")), "no schedule met refusal {code}");
    }
}
