//! The chaincode service of `fabric`, driven over a real socket by a peer's side of the protocol: the same results as
//! on the embedded ledger, and the ways in which a peer, or another client of the service, can break the protocol.
#![cfg(feature = "fabric")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "chaincode/peer.rs"]
#[allow(unreachable_pub, reason = "a module of the test")]
mod peer;

use peer::*;
use phi_pre::contract::{Action, PhiContract, Query, RecordId, RequestId};
use phi_pre::fabric::messages::*;
use phi_pre::fabric::{Chaincode, Limits, ServeError, ServerTls, Service, TlsIdentity};
use phi_pre::hash::{Digest, sha256};
use phi_pre::identifier::Pseudonym;
use phi_pre::identity::{Organisations, ParticipantGroup, Role};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::{
    BlockVerdict, Changes, Code, Contract, Entry, Invocation, InvokeError, Nonce, Simulation, State, Transient, Version,
};
use phi_pre::secret::Secret;
use phi_pre::time::Millis;
use phi_pre::wire::Wire;
use prost::Message;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const LOOPBACK: &str = "127.0.0.1:0";

fn organisations() -> Organisations {
    let groups = [("UsersMSP", ParticipantGroup::Users), ("HospitalsMSP", ParticipantGroup::Hospitals)];
    Organisations::new(groups).unwrap()
}

fn serve(contract: Arc<dyn Contract>, limits: Limits, tls: Option<ServerTls>) -> Service {
    let chaincode = Chaincode { package: PACKAGE.to_owned(), contract, organisations: organisations(), limits };
    Service::start(chaincode, LOOPBACK.parse().unwrap(), tls).unwrap()
}

/// Two users and two hospitals.
struct Cast {
    rng: ChaCha20Rng,
    users: [Member; 2],
    hospitals: [Member; 2],
}

impl Cast {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut users = authority(ParticipantGroup::Users, &mut rng);
        let mut hospitals = authority(ParticipantGroup::Hospitals, &mut rng);
        let users = [(); 2].map(|()| enrol(&mut users, "UsersMSP", "users", Role::User, &mut rng));
        let hospitals =
            ["north", "south"].map(|name| enrol(&mut hospitals, "HospitalsMSP", name, Role::Hospital, &mut rng));
        Self { rng, users, hospitals }
    }

    /// A member by a number from 0 to 3.
    fn member(&self, i: usize) -> &Member {
        if i < 2 { &self.users[i] } else { &self.hospitals[i - 2] }
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.rng.next_u32()).unwrap() % n
    }
}

/// Calls of the contract, most of them with arguments that fit an earlier call.
struct Schedule {
    cast: Cast,
    nonces: Vec<Nonce>,
    commitments: Vec<Commitment>,
    /// What was written, with the user, and for a request with its recipient.
    records: Vec<(RecordId, usize)>,
    requests: Vec<(RequestId, usize, usize)>,
}

impl Schedule {
    fn new(seed: u64) -> Self {
        let mut cast = Cast::new(seed);
        let nonces = (0..3).map(|_| Nonce::random(&mut cast.rng)).collect();
        let commitments = (0..3_u8).map(|i| Commitment(sha256(&[&[i]]))).collect();
        Self { cast, nonces, commitments, records: Vec::new(), requests: Vec::new() }
    }

    /// The next action, with its creator and time. One part of it may not fit.
    fn next(&mut self) -> (Action, usize, Millis) {
        let cast = &mut self.cast;
        let [kind, n, a, user, hospital] = [12, 3, 2, 2, 2].map(|n| cast.below(n));
        let c = if cast.below(6) == 0 { cast.below(3) } else { n };
        if cast.below(12) == 0 {
            self.nonces[n] = Nonce::random(&mut cast.rng);
            self.commitments[c] = Commitment(sha256(&[&self.nonces[n].0]));
        }
        let (nonce, commitment) = (self.nonces[n], self.commitments[c]);
        let time = NOW + u64::try_from(cast.below(5)).unwrap();
        let until = [None, Some(NOW + 2)][cast.below(2)];
        let stranger = if cast.below(12) == 0 { Some(cast.below(4)) } else { None };
        let old = cast.below(self.records.len() + 1);
        let (known, owner) = self.records.get(old).copied().unwrap_or((RecordId(Digest([9; 32])), user));
        let old = cast.below(self.requests.len() + 1);
        let none = (RequestId(Digest([9; 32])), user, a);
        let (request, asker, asked) = self.requests.get(old).copied().unwrap_or(none);
        let by = &cast.hospitals[hospital].certificate;
        let record = RecordId::new(&nonce, by);
        let (id, recipient) = (Pseudonym(cast.users[user].certificate.subject().id.0), cast.hospitals[a].id());
        let (delta, grant) = (Digest([1; 32]), Digest([2; 32]));
        let (action, creator) = match kind {
            0..3 => (Action::Confirmation { record, id, commitment, hospital: by.subject().id }, user),
            3..7 => (Action::MedicalRecord { nonce, id, commitment }, 2 + hospital),
            7..9 => (Action::ShareRequest { nonce, record: known, recipient, delta, grant, until }, owner),
            9..11 => (Action::ShareComplete { request, deliveries: Digest([3; 32]) }, 2 + asked),
            _ => (Action::ShareWithdrawal { request }, asker),
        };
        // Sometimes, another member signs.
        (action, stranger.unwrap_or(creator), time)
    }

    /// Records a valid action.
    fn done(&mut self, action: &Action, creator: usize) {
        let certificate = &self.cast.member(creator).certificate;
        match action {
            Action::MedicalRecord { nonce, id, .. } => {
                let user = self.cast.users.iter().position(|user| user.id().0 == id.0).unwrap();
                self.records.push((RecordId::new(nonce, certificate), user));
            }
            Action::ShareRequest { nonce, recipient, .. } => {
                let asked = self.cast.hospitals.iter().position(|hospital| hospital.id() == *recipient).unwrap();
                self.requests.push((RequestId::new(nonce, certificate), creator, asked));
            }
            _ => {}
        }
    }
}

/// Every call gives the value, the refusal, the event and the read-write set of the embedded ledger, byte for byte,
/// whether the peer takes writes one by one or in batches.
#[test]
fn random_schedules_give_the_read_write_sets_of_the_embedded_ledger() {
    const CALLS: u64 = 400;
    let (runtime, tls) = (Runtime::new().unwrap(), Tls::new());
    let service = serve(Arc::new(PhiContract), Limits::default(), Some(tls.server(true)));
    for (seed, batch) in [(1, 0), (2, 1), (3, 100)] {
        let mut schedule = Schedule::new(seed);
        let mut peer = runtime.block_on(Peer::ready(service.address(), &tls, batch));
        let (mut state, mut valid, mut refused) = (Changes::default(), [0; 5], std::collections::BTreeSet::new());
        for block in 1..=CALLS {
            let (action, creator, time) = schedule.next();
            let bytes = action.to_bytes();
            let member = schedule.cast.member(creator);
            // The embedded ledger.
            let proved = organisations().member_proved_by_peer(member.mspid, &member.certificate).unwrap();
            let transient = Transient::default();
            let invocation = Invocation {
                creator: &proved,
                certificate: &member.certificate,
                timestamp: time,
                transient: &transient,
                action: &bytes,
            };
            let mut embedded = Simulation::new(&state);
            let expected = PhiContract.invoke(&mut embedded, &invocation);
            let embedded = embedded.finish();
            // The chaincode.
            let mut rng = ChaCha20Rng::seed_from_u64(block);
            let call = Call { time, ..Call::new("invoke", &bytes, member, &mut rng) };
            let mut remote = Simulation::new(&state);
            let (completed, writes) = runtime.block_on(peer.call(call.message(), &mut remote));
            let (response, remote) = (response(&completed), remote.finish());
            assert_eq!(remote.reads(), embedded.reads(), "{action:?}");
            match expected {
                Ok(value) => {
                    assert_eq!((response.status, response.payload), (200, value), "{}", response.message);
                    assert_eq!(remote.to_bytes(), embedded.to_bytes());
                    let event = completed.event.map(|event| (event.name, event.payload));
                    assert_eq!(event, PhiContract.event(&invocation));
                    let messages = if batch == 100 { 1 } else { remote.writes().len() };
                    assert_eq!(writes, messages, "batches of {batch}");
                    valid[action.txtype() as usize] += 1;
                    schedule.done(&action, creator);
                }
                Err(InvokeError::Refused(refusal)) => {
                    assert_eq!((response.status, response.message), (400, refusal.to_string()));
                    assert!(remote.writes().is_empty() && completed.event.is_none(), "a refusal leaves something");
                    refused.insert(refusal.code);
                }
                Err(error) => panic!("{error}"),
            }
            let entry = |value: &[u8]| Entry { version: Version { block, tx: 0 }, value: value.to_vec() };
            let updates = remote.writes().iter().map(|write| (write.key.clone(), entry(&write.value))).collect();
            state.add(BlockVerdict { codes: vec![Code::Valid], updates, ..BlockVerdict::default() });
        }
        assert!(valid.iter().all(|n| *n > 0), "some action was never valid: {valid:?}");
        assert!(refused.len() >= 8, "few refusals were reached: {refused:?}");
        // Questions: the same answers, and nothing is written.
        for (nonce, hospital) in [(0, 0), (1, 1), (2, 0)] {
            let id = RecordId::new(&schedule.nonces[nonce], &schedule.cast.hospitals[hospital].certificate);
            let question = Query::Record(id).to_bytes();
            let expected = PhiContract.query(&mut Simulation::new(&state), &question).unwrap();
            let call = Call::new("query", &question, &schedule.cast.users[0], &mut schedule.cast.rng);
            let (completed, writes) = runtime.block_on(peer.call(call.message(), &mut Simulation::new(&state)));
            assert_eq!((response(&completed).payload, writes), (expected, 0));
        }
    }
    service.stop().unwrap();
}

#[test]
fn another_machine_reaches_the_service_by_tls_alone() {
    let chaincode = || Chaincode {
        package: PACKAGE.to_owned(),
        contract: Arc::new(PhiContract),
        organisations: organisations(),
        limits: Limits::default(),
    };
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let address = address.parse().unwrap();
        let refused = Service::start(chaincode(), address, None);
        assert!(matches!(refused, Err(ServeError::NoTls { address: named }) if named == address), "{refused:?}");
    }
    let tls = Tls::new();
    Service::start(chaincode(), "0.0.0.0:0".parse().unwrap(), Some(tls.server(false))).unwrap().stop().unwrap();
    let nameless = Chaincode { package: String::new(), ..chaincode() };
    assert!(matches!(Service::start(nameless, LOOPBACK.parse().unwrap(), None), Err(ServeError::NoPackage)));
    let foreign_key = TlsIdentity::new(tls.client.0.clone(), Secret::new(Tls::new().client.1)).unwrap();
    let inconsistent = ServerTls { identity: foreign_key, client_root: None };
    let refused = Service::start(chaincode(), LOOPBACK.parse().unwrap(), Some(inconsistent));
    assert!(matches!(&refused, Err(ServeError::Tls(why)) if why.contains("key")), "{refused:?}");
}

/// With mutual TLS, only a client with a certificate of the peer's authority reaches the contract.
#[test]
fn a_peer_without_tls_or_certificate_is_refused() {
    let (runtime, tls, other) = (Runtime::new().unwrap(), Tls::new(), Tls::new());
    let service = serve(Arc::new(PhiContract), Limits::default(), Some(tls.server(true)));
    let address = service.address();
    let refused = |tls: Option<(&str, Option<&(String, String)>)>| {
        runtime.block_on(async {
            match Peer::dial(address, tls).await {
                Err(_) => true,
                // In TLS 1.3 the client learns of the refusal when it reads.
                Ok(mut peer) => peer.hear().await.is_none(),
            }
        })
    };
    assert!(refused(None), "without TLS");
    assert!(refused(Some((&tls.root, None))), "without a certificate");
    assert!(refused(Some((&tls.root, Some(&other.client)))), "with the certificate of another authority");
    assert!(refused(Some((&other.root, Some(&tls.client)))), "a peer does not take another chaincode");
    assert!(!refused(Some((&tls.root, Some(&tls.client)))), "the peer itself");
    service.stop().unwrap();
}

/// The peer checks that a creator belongs to an organisation; the chaincode checks the roles of this organisation.
#[test]
fn an_organisation_says_its_own_roles_alone() {
    let (runtime, tls, mut cast) = (Runtime::new().unwrap(), Tls::new(), Cast::new(4));
    let service = serve(Arc::new(PhiContract), Limits::default(), Some(tls.server(true)));
    let mut peer = runtime.block_on(Peer::ready(service.address(), &tls, 100));
    let action = Action::ShareWithdrawal { request: RequestId(Digest([1; 32])) }.to_bytes();
    let mut outcome = |call: ChaincodeMessage| {
        let (completed, _) = runtime.block_on(peer.call(call, &mut Simulation::new(&Changes::default())));
        let Response { status, message, .. } = response(&completed);
        (status, message)
    };
    let Cast { users: [alice, _], rng, .. } = &mut cast;
    assert_eq!(outcome(Call::new("invoke", &action, alice, rng).message()).0, 400, "no such request");
    for mspid in ["HospitalsMSP", "OtherMSP", ""] {
        let alice = Member { mspid, certificate: alice.certificate.clone() };
        let (status, message) = outcome(Call::new("invoke", &action, &alice, rng).message());
        assert!(status == 403 && message.starts_with("creator: "), "{mspid}: {status} {message}");
    }
    // The txids of proposal and call must be equal.
    let call = Call::new("invoke", &action, alice, rng);
    let other = Call::new("invoke", &action, alice, rng);
    let differing = ChaincodeMessage { proposal: Some(other.proposal(&[])), ..call.message() };
    assert_eq!(outcome(differing), (500, "txid of proposal and call differ".to_owned()));
    let absent = ChaincodeMessage { proposal: None, ..call.message() };
    assert_eq!(outcome(absent), (500, "proposal: missing".to_owned()));
    let torn = SignedProposal { proposal: vec![0xff; 9], signature: Vec::new() };
    let torn = ChaincodeMessage { proposal: Some(torn), ..call.message() };
    assert_eq!(outcome(torn), (500, "proposal: malformed".to_owned()));
    for args in [vec![], vec![b"invoke".to_vec()], vec![b"delete".to_vec(), action.clone()], vec![action.clone(); 3]] {
        let call = Call { args, ..Call::new("", &[], alice, rng) };
        let (status, message) = outcome(call.message());
        assert!(status == 500 && message.starts_with("the arguments are not"), "{status} {message}");
    }
    service.stop().unwrap();
}

#[test]
fn messages_in_the_wrong_place_end_the_connection_with_an_error() {
    let (runtime, tls, mut cast) = (Runtime::new().unwrap(), Tls::new(), Cast::new(5));
    let service = serve(Arc::new(PhiContract), Limits::default(), Some(tls.server(true)));
    let call = Call::new("invoke", &[], &cast.users[0], &mut cast.rng).message();
    let unknown = ChaincodeMessage { kind: 99, ..ChaincodeMessage::default() };
    let txid = call.txid.clone();
    let wrong = [
        (false, call.clone()),
        (false, message(Kind::Ready, "", Vec::new())),
        (false, message(Kind::Response, &txid, Vec::new())),
        (false, unknown.clone()),
        (true, unknown),
        (true, message(Kind::Registered, "", Vec::new())),
        (true, message(Kind::Ready, "", Vec::new())),
        (true, message(Kind::Register, "", Vec::new())),
        (true, message(Kind::GetState, &txid, Vec::new())),
        (true, message(Kind::Completed, &txid, Vec::new())),
        (true, message(Kind::Response, &txid, Vec::new())),
        (true, message(Kind::Error, &txid, Vec::new())),
    ];
    runtime.block_on(async {
        for (ready, message) in wrong {
            let mut peer = if ready {
                Peer::ready(service.address(), &tls, 100).await
            } else {
                let mut peer = Peer::dial(service.address(), Some((&tls.root, Some(&tls.client)))).await.unwrap();
                assert_eq!(peer.hear().await.unwrap().kind(), Kind::Register);
                peer
            };
            let shown = format!("{message:?}");
            peer.say(message).await;
            let said = error(&peer.hear().await.unwrap());
            assert!(said.contains("wrong place") || said.contains("without a question"), "{shown}: {said}");
            assert!(peer.hear().await.is_none(), "{shown}: the connection goes on");
        }
    });
    service.stop().unwrap();
}

#[test]
fn torn_frames_end_their_connection_alone() {
    let (runtime, tls, mut cast) = (Runtime::new().unwrap(), Tls::new(), Cast::new(6));
    let service = serve(Arc::new(PhiContract), Limits::default(), Some(tls.server(true)));
    let whole = Call::new("query", &[0; 33], &cast.users[0], &mut cast.rng).message();
    runtime.block_on(async {
        let mut other = Peer::ready(service.address(), &tls, 100).await;
        let bytes = whole.encode_to_vec();
        let mut frames: Vec<Vec<u8>> = (1..20).map(|i| bytes[..bytes.len() * i / 20].to_vec()).collect();
        frames.extend([vec![0xff; 100], vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], vec![0x22, 2, 0xc3, 0x28]]);
        for frame in frames {
            // Some prefixes are messages themselves; those are answered or end the connection with an error.
            let is_message = ChaincodeMessage::decode(&*frame).is_ok();
            let mut peer = Peer::ready(service.address(), &tls, 100).await;
            peer.say_raw(frame).await;
            let heard = peer.hear().await;
            assert_eq!(heard.is_some(), is_message, "{heard:?}");
        }
        let (completed, _) = other.call(whole, &mut Simulation::new(&Changes::default())).await;
        assert_eq!(response(&completed).status, 200, "another connection has suffered");
    });
    service.stop().unwrap();
}

/// Any participant can send a long proposal. It must not end the connection, on which the calls of others run.
#[test]
fn a_message_that_is_too_long_refuses_its_own_call() {
    let (runtime, tls, mut cast) = (Runtime::new().unwrap(), Tls::new(), Cast::new(7));
    let service = serve(Arc::new(PhiContract), Limits::default(), Some(tls.server(true)));
    let state = Changes::default();
    runtime.block_on(async {
        let mut peer = Peer::ready(service.address(), &tls, 100).await;
        let Cast { users: [alice, _], rng, .. } = &mut cast;
        let open = Call::new("query", &[0; 33], alice, rng).message();
        peer.say(open.clone()).await;
        let question = peer.hear().await.unwrap();
        for bytes in [600 << 10, 30 << 20] {
            let long = Call::new("invoke", &vec![7; bytes], alice, rng).message();
            peer.say(long.clone()).await;
            let refused = peer.hear().await.unwrap();
            assert_eq!(refused.txid, long.txid);
            assert!(error(&refused).contains("more than the limit of 524288"), "{}", error(&refused));
        }
        // The call that was open goes on. An answer that is too long fails its call.
        peer.say(message(Kind::Response, &question.txid, vec![7; 600 << 10])).await;
        let completed = peer.hear().await.unwrap();
        let Response { status, message, .. } = response(&completed);
        assert!(status == 500 && message.contains("more than the limit"), "{status} {message}");
        let next = Call::new("query", &[0; 33], alice, rng).message();
        assert_eq!(response(&peer.call(next, &mut Simulation::new(&state)).await.0).status, 200);
    });
    service.stop().unwrap();
}

/// At most `running` calls run and `waiting` calls wait. The others are refused, and every call is answered.
#[test]
fn a_flood_of_calls_waits_or_is_refused() {
    const LIMITS: Limits = Limits { running: 2, waiting: 3, patience: Duration::from_secs(30) };
    let (runtime, tls, mut cast) = (Runtime::new().unwrap(), Tls::new(), Cast::new(8));
    let service = serve(Arc::new(PhiContract), LIMITS, Some(tls.server(true)));
    let state = Changes::default();
    runtime.block_on(async {
        let mut peer = Peer::ready(service.address(), &tls, 100).await;
        for _ in 0..50 {
            peer.say(Call::new("query", &[0; 33], &cast.users[0], &mut cast.rng).message()).await;
        }
        let (mut refused, mut questions) = (0, Vec::new());
        while refused < 45 || questions.len() < 2 {
            let heard = peer.hear().await.unwrap();
            match heard.kind() {
                Kind::Error => {
                    assert_eq!(error(&heard), "too many calls");
                    refused += 1;
                }
                _ => questions.push(heard),
            }
        }
        assert_eq!((refused, questions.len()), (45, 2), "more calls run at once than may");
        let mut completed = 0;
        for question in questions {
            peer.answer(question, &mut Simulation::new(&state)).await;
        }
        while completed < 5 {
            let heard = peer.hear().await.unwrap();
            match heard.kind() {
                Kind::Completed => completed += 1,
                _ => peer.answer(heard, &mut Simulation::new(&state)).await,
            }
        }
    });
    service.stop().unwrap();
}

/// A call of a peer that does not answer ends. A late answer does not reach another call of the same txid.
#[test]
fn a_peer_that_does_not_answer() {
    const LIMITS: Limits = Limits { running: 2, waiting: 3, patience: Duration::from_millis(300) };
    let (runtime, tls, mut cast) = (Runtime::new().unwrap(), Tls::new(), Cast::new(9));
    let service = serve(Arc::new(PhiContract), LIMITS, Some(tls.server(true)));
    let state = Changes::default();
    runtime.block_on(async {
        let mut peer = Peer::ready(service.address(), &tls, 100).await;
        let call = Call::new("query", &[0; 33], &cast.users[0], &mut cast.rng).message();
        let begin = Instant::now();
        peer.say(call.clone()).await;
        assert_eq!(peer.hear().await.unwrap().kind(), Kind::GetState);
        let Response { status, message: said, .. } = response(&peer.hear().await.unwrap());
        assert_eq!((status, said.as_str()), (500, "peer: it has not answered in time"));
        assert!((LIMITS.patience..Duration::from_secs(10)).contains(&begin.elapsed()));
        peer.say(call.clone()).await;
        assert_eq!(error(&peer.hear().await.unwrap()), "a call of this channel and txid is running");
        peer.say(message(Kind::Response, &call.txid, b"late".to_vec())).await;
        let (completed, _) = peer.call(call, &mut Simulation::new(&state)).await;
        assert_eq!(response(&completed).payload, [0], "there is no such record");
    });
    service.stop().unwrap();
}

/// A peer that sends and does not read uses bounded memory: the chaincode stops reading, and ends the connection.
#[test]
fn a_peer_that_does_not_read() {
    const LIMITS: Limits = Limits { running: 2, waiting: 3, patience: Duration::from_millis(500) };
    let (runtime, tls, mut cast) = (Runtime::new().unwrap(), Tls::new(), Cast::new(15));
    let service = serve(Arc::new(PhiContract), LIMITS, Some(tls.server(true)));
    let state = Changes::default();
    runtime.block_on(async {
        let mut deaf = Peer::ready(service.address(), &tls, 100).await;
        // The answers fill the window of the connection.
        let alive = message(Kind::Keepalive, "", vec![7; 400 << 10]).encode_to_vec();
        let mut frames = 0;
        while deaf.say_unread(alive.clone()).await {
            frames += 1;
            assert!(frames < 200, "the chaincode reads on and on");
        }
        let call = Call::new("query", &[0; 33], &cast.users[0], &mut cast.rng).message();
        let mut peer = Peer::ready(service.address(), &tls, 100).await;
        let (completed, _) = peer.call(call, &mut Simulation::new(&state)).await;
        assert_eq!(response(&completed).status, 200);
    });
    service.stop().unwrap();
}

/// More connections than peers can have are refused; the others go on.
#[test]
fn a_flood_of_connections() {
    let (runtime, tls) = (Runtime::new().unwrap(), Tls::new());
    let service = serve(Arc::new(PhiContract), Limits::default(), Some(tls.server(true)));
    runtime.block_on(async {
        let mut peers = Vec::new();
        let end = loop {
            match Peer::dial(service.address(), Some((&tls.root, Some(&tls.client)))).await {
                Ok(peer) => peers.push(peer),
                Err(error) => break error.to_string(),
            }
        };
        assert!(peers.len() == 64 && end.contains("too many connections"), "{}: {end}", peers.len());
        peers.truncate(8);
        let begin = Instant::now();
        while Peer::dial(service.address(), Some((&tls.root, Some(&tls.client)))).await.is_err() {
            assert!(begin.elapsed() < Duration::from_secs(10), "connections that have ended count on");
        }
    });
    service.stop().unwrap();
}

#[test]
fn a_repeated_txid_is_refused_while_the_call_runs() {
    let (runtime, tls, mut cast) = (Runtime::new().unwrap(), Tls::new(), Cast::new(10));
    let service = serve(Arc::new(PhiContract), Limits::default(), Some(tls.server(true)));
    let state = Changes::default();
    runtime.block_on(async {
        let mut peer = Peer::ready(service.address(), &tls, 100).await;
        let call = Call::new("query", &[0; 33], &cast.users[0], &mut cast.rng).message();
        peer.say(call.clone()).await;
        let question = peer.hear().await.unwrap();
        peer.say(call.clone()).await;
        assert_eq!(error(&peer.hear().await.unwrap()), "a call of this channel and txid is running");
        peer.answer(question, &mut Simulation::new(&state)).await;
        assert_eq!(response(&peer.hear().await.unwrap()).status, 200);
        let (completed, _) = peer.call(call, &mut Simulation::new(&state)).await;
        assert_eq!(response(&completed).status, 200, "the txid is free again");
    });
    service.stop().unwrap();
}

/// A contract that waits for the test, or panics.
struct Odd(Arc<AtomicUsize>);

impl Contract for Odd {
    fn name(&self) -> &'static str {
        "odd"
    }

    fn invoke(&self, state: &mut dyn State, call: &Invocation<'_>) -> Result<Vec<u8>, InvokeError> {
        assert_ne!(call.action, b"panic", "as asked");
        self.0.fetch_add(1, Ordering::SeqCst);
        let read = state.get("key");
        self.0.fetch_sub(1, Ordering::SeqCst);
        read?;
        state.put("key", call.transient.get("salt").unwrap_or(b"none").to_vec())?;
        Ok(b"done".to_vec())
    }
}

/// The calls of a peer that has gone end at once and free their places.
#[test]
fn a_connection_that_breaks_ends_its_calls() {
    const LIMITS: Limits = Limits { running: 1, waiting: 0, patience: Duration::from_secs(60) };
    let (runtime, tls, mut cast) = (Runtime::new().unwrap(), Tls::new(), Cast::new(11));
    let running = Arc::new(AtomicUsize::new(0));
    let service = serve(Arc::new(Odd(Arc::clone(&running))), LIMITS, Some(tls.server(true)));
    runtime.block_on(async {
        for _ in 0..3 {
            let mut peer = Peer::ready(service.address(), &tls, 100).await;
            loop {
                peer.say(Call::new("invoke", &[], &cast.users[0], &mut cast.rng).message()).await;
                match peer.hear().await.unwrap() {
                    refused if refused.kind() == Kind::Error => {
                        assert_eq!(error(&refused), "too many calls");
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    question => {
                        assert_eq!(question.kind(), Kind::GetState);
                        break;
                    }
                }
            }
            assert_eq!(running.load(Ordering::SeqCst), 1);
        }
        let end = Instant::now() + Duration::from_secs(10);
        while running.load(Ordering::SeqCst) > 0 {
            assert!(Instant::now() < end, "a call goes on without its peer");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    service.stop().unwrap();
}

#[test]
fn transient_data_reaches_the_contract_and_panics_stay_inside() {
    let (runtime, tls, mut cast) = (Runtime::new().unwrap(), Tls::new(), Cast::new(12));
    let service = serve(Arc::new(Odd(Arc::default())), Limits::default(), Some(tls.server(true)));
    runtime.block_on(async {
        let mut peer = Peer::ready(service.address(), &tls, 100).await;
        let (state, alice) = (Changes::default(), &cast.users[0]);
        let call = Call::new("invoke", b"panic", alice, &mut cast.rng);
        let (failed, _) = peer.call(call.message(), &mut Simulation::new(&state)).await;
        assert_eq!(error(&failed), "the contract has panicked");
        let call = Call::new("invoke", b"", alice, &mut cast.rng);
        let salted = ChaincodeMessage { proposal: Some(call.proposal(&[("salt", b"secret")])), ..call.message() };
        let mut simulation = Simulation::new(&state);
        let (completed, _) = peer.call(salted, &mut simulation).await;
        assert_eq!(response(&completed).payload, b"done");
        assert_eq!(simulation.finish().writes()[0].value, b"secret");
        let init = ChaincodeMessage { kind: Kind::Init.into(), ..call.message() };
        peer.say(init).await;
        assert_eq!(error(&peer.hear().await.unwrap()), "the contract has no Init");
        for payload in [Vec::new(), b"alive".to_vec()] {
            let alive = message(Kind::Keepalive, "", payload);
            peer.say(alive.clone()).await;
            assert_eq!(peer.hear().await.unwrap(), alive);
        }
    });
    service.stop().unwrap();
}

/// A chaincode that stops lets running calls end and refuses new ones. A chaincode that is dropped ends its
/// connections.
#[test]
fn stopped_and_killed_in_a_call() {
    let (runtime, tls, mut cast) = (Runtime::new().unwrap(), Tls::new(), Cast::new(13));
    let state = Changes::default();
    let address = {
        let service = serve(Arc::new(PhiContract), Limits::default(), Some(tls.server(true)));
        let address = service.address();
        let mut peer = runtime.block_on(Peer::ready(address, &tls, 100));
        runtime.block_on(peer.say(Call::new("query", &[0; 33], &cast.users[0], &mut cast.rng).message()));
        let question = runtime.block_on(peer.hear()).unwrap();
        let stop = std::thread::spawn(move || service.stop());
        runtime.block_on(async {
            // The refusal shows that the stop has begun.
            loop {
                let call = Call::new("query", &[0; 33], &cast.users[0], &mut cast.rng).message();
                peer.say(call).await;
                let heard = peer.hear().await.unwrap();
                if heard.kind() == Kind::Error {
                    assert_eq!(error(&heard), "the chaincode stops");
                    break;
                }
                peer.answer(heard, &mut Simulation::new(&state)).await;
                assert_eq!(peer.hear().await.unwrap().kind(), Kind::Completed);
            }
            assert!(!stop.is_finished(), "a call runs");
            peer.answer(question, &mut Simulation::new(&state)).await;
            assert_eq!(response(&peer.hear().await.unwrap()).status, 200);
            assert!(peer.hear().await.is_none());
        });
        stop.join().unwrap().unwrap();
        address
    };
    assert!(runtime.block_on(Peer::dial(address, Some((&tls.root, Some(&tls.client))))).is_err());

    let service = serve(Arc::new(PhiContract), Limits::default(), Some(tls.server(true)));
    let mut peer = runtime.block_on(Peer::ready(service.address(), &tls, 100));
    runtime.block_on(peer.say(Call::new("query", &[0; 33], &cast.users[0], &mut cast.rng).message()));
    assert_eq!(runtime.block_on(peer.hear()).unwrap().kind(), Kind::GetState);
    drop(service);
    assert!(runtime.block_on(peer.hear()).is_none());
}

/// Whatever the bytes are, the service does not panic, and the calls of others are answered.
#[test]
fn random_bytes_in_place_of_messages() {
    let (runtime, tls, mut cast) = (Runtime::new().unwrap(), Tls::new(), Cast::new(14));
    let service = serve(Arc::new(PhiContract), Limits::default(), Some(tls.server(true)));
    let state = Changes::default();
    let alice = Member { mspid: "UsersMSP", certificate: cast.users[0].certificate.clone() };
    let whole = Call::new("query", &[0; 33], &alice, &mut cast.rng);
    runtime.block_on(async {
        for round in 0..200 {
            let mut peer = Peer::ready(service.address(), &tls, 100).await;
            // A call in which some bytes of one part were changed.
            let mut bytes = match round % 3 {
                0 => whole.message().encode_to_vec(),
                1 => whole.message().payload,
                _ => whole.proposal(&[]).proposal,
            };
            for _ in 0..=cast.below(8) {
                let at = cast.below(bytes.len());
                bytes[at] ^= 1 << cast.below(8);
            }
            let frame = match round % 3 {
                0 => bytes,
                1 => ChaincodeMessage { payload: bytes, ..whole.message() }.encode_to_vec(),
                _ => {
                    let proposal = Some(SignedProposal { proposal: bytes, signature: Vec::new() });
                    ChaincodeMessage { proposal, ..whole.message() }.encode_to_vec()
                }
            };
            peer.say_raw(frame).await;
            // An answer, a question or the end, within the patience of the test.
            _ = peer.hear().await;
        }
        let mut peer = Peer::ready(service.address(), &tls, 100).await;
        let (completed, _) = peer.call(whole.message(), &mut Simulation::new(&state)).await;
        assert_eq!(response(&completed).status, 200);
    });
    service.stop().unwrap();
}

/// Whoever has a connection open and says nothing does not hold up the end of a chaincode.
#[test]
fn a_silent_connection_does_not_hold_up_the_end() {
    use std::io::Write;
    let hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let tls = Tls::new();
    for secured in [Some(tls.server(true)), None] {
        let service = serve(Arc::new(PhiContract), Limits::default(), secured);
        let said = [0, 5, hello.len()].map(|length| {
            let mut connection = std::net::TcpStream::connect(service.address()).unwrap();
            connection.write_all(&hello[..length]).unwrap();
            connection
        });
        std::thread::sleep(Duration::from_millis(200));
        let begin = Instant::now();
        service.stop().unwrap();
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
        drop(said);
    }
}
