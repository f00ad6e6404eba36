//! The client against simulated gateways: what the client repeats, what it never repeats, and what the errors mean.
//! Proposals and endorsements are real; tests with Fabric's own programs are in `cli/tests/fabric`.

use super::*;
use crate::contract::RequestId;
use crate::fabric::fixture::{NOW, Parts, Signer, World, endorse, organisation};
use crate::fabric::messages::{
    Any, ChaincodeEventsResponse, ChaincodeProposalPayload, CommitStatusResponse, EndorseRequest, EndorseResponse,
    Envelope, ErrorDetail, EvaluateResponse, Header, Proposal, Response, RpcStatus, SignedProposal, SubmitRequest,
};
use crate::identity::Role;
use prost::Message;
use prost::bytes::{Buf, BufMut};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use tokio::net::TcpListener;
use tokio_stream::StreamExt;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::{BoxFuture, BoxStream, Service, http};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response as Answered, Status};

/// Frames of any bytes.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, frame: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&frame);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, frame: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(frame.copy_to_bytes(frame.remaining()).to_vec()))
    }
}

/// What a gateway does when it is asked.
#[derive(Clone)]
enum Act {
    /// Endorses by these peers.
    Endorse(Vec<usize>),
    /// Answers with these messages, and keeps a stream open after them.
    Say(Vec<Vec<u8>>),
    /// An error, with the reports of peers.
    Fail(Code, &'static str, Vec<&'static str>),
    /// Never answers.
    Silent,
}

const TAKE: Act = Act::Say(Vec::new());

fn verdict(result: i32) -> Act {
    Act::Say(vec![CommitStatusResponse { result, block: 7 }.encode_to_vec()])
}

/// A gateway that follows a script: the acts of each method in order, and the last one again and again.
#[derive(Clone)]
struct Script {
    world: Arc<World>,
    acts: Arc<Mutex<VecDeque<(&'static str, Act)>>>,
    /// The methods, and the transactions that were submitted.
    asked: Arc<Mutex<Vec<String>>>,
    submitted: Arc<Mutex<Vec<Vec<u8>>>>,
    connections: Arc<Mutex<BTreeSet<SocketAddr>>>,
}

impl Script {
    async fn act(&self, method: &str, request: Request<Vec<u8>>) -> Result<Vec<Vec<u8>>, Status> {
        self.connections.lock().unwrap().extend(request.remote_addr());
        self.asked.lock().unwrap().push(method.to_owned());
        let bytes = request.into_inner();
        if method == "Submit" {
            self.submitted.lock().unwrap().push(SubmitRequest::decode(&*bytes).unwrap().transaction.unwrap().payload);
        }
        let act = {
            let mut acts = self.acts.lock().unwrap();
            let mut own = acts.iter().enumerate().filter(|(_, (name, _))| *name == method).map(|(at, _)| at);
            match (own.next(), own.next()) {
                (Some(first), Some(_)) => acts.remove(first),
                (first, _) => first.map(|first| acts[first].clone()),
            }
        };
        match act {
            Some((_, Act::Endorse(peers))) => {
                let proposal = EndorseRequest::decode(&*bytes).unwrap().proposal.unwrap();
                let payload = self.assemble(&proposal, &peers);
                let transaction = Some(Envelope { payload, signature: Vec::new() });
                Ok(vec![EndorseResponse { transaction }.encode_to_vec()])
            }
            Some((_, Act::Say(messages))) if messages.is_empty() => Ok(vec![Vec::new()]),
            Some((_, Act::Say(messages))) => Ok(messages),
            Some((_, Act::Fail(code, message, peers))) => {
                let detail = |message: &&str| {
                    let (address, mspid) = ("peer:7051".to_owned(), "NorthMSP".to_owned());
                    let detail = ErrorDetail { address, mspid, message: (*message).to_owned() };
                    Any { type_url: String::new(), value: detail.encode_to_vec() }
                };
                let details = RpcStatus { details: peers.iter().map(detail).collect(), ..RpcStatus::default() };
                Err(Status::with_details(code, message, details.encode_to_vec().into()))
            }
            Some((_, Act::Silent)) => std::future::pending().await,
            None => Err(Status::unavailable("not in the script")),
        }
    }

    /// The transaction of a proposal, with endorsements by these peers.
    fn assemble(&self, proposal: &SignedProposal, peers: &[usize]) -> Vec<u8> {
        let Proposal { header, payload } = Proposal::decode(&*proposal.proposal).unwrap();
        let ChaincodeProposalPayload { input, .. } = ChaincodeProposalPayload::decode(&*payload).unwrap();
        let visible = ChaincodeProposalPayload { input, ..ChaincodeProposalPayload::default() }.encode_to_vec();
        let header = Header::decode(&*header).unwrap();
        let (txid, channel, chaincode) = (TxId(Digest([0; 32])), String::new(), "phi".to_owned());
        let parts = Parts::of(&Proposed { txid, channel, chaincode, header, visible });
        let endorsements = peers.iter().map(|&i| endorse(&parts.response(), &self.world.peers[i])).collect();
        parts.assemble(endorsements)
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// One method of a script.
struct Method(Script, String);

impl tonic::server::ServerStreamingService<Vec<u8>> for Method {
    type Response = Vec<u8>;
    type ResponseStream = BoxStream<Vec<u8>>;
    type Future = BoxFuture<Answered<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Vec<u8>>) -> Self::Future {
        let (script, method) = (self.0.clone(), self.1.clone());
        Box::pin(async move {
            let messages = tokio_stream::iter(script.act(&method, request).await?.into_iter().map(Ok));
            let stream: Self::ResponseStream = match method.as_str() {
                "ChaincodeEvents" => Box::pin(messages.chain(tokio_stream::pending())),
                _ => Box::pin(messages),
            };
            Ok(Answered::new(stream))
        })
    }
}

impl Service<http::Request<tonic::body::Body>> for Script {
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
        let method = Method(self.clone(), method);
        Box::pin(async move { Ok(tonic::server::Grpc::new(Raw).server_streaming(method, request).await) })
    }
}

/// A client with gateways that follow scripts.
struct Scene {
    client: Client,
    gateways: Vec<Script>,
    north: Signer,
    rng: ChaCha20Rng,
    _runtime: Runtime,
}

impl Scene {
    fn new(scripts: Vec<Vec<(&'static str, Act)>>) -> Self {
        Self::with(scripts, |_| {})
    }

    fn with(scripts: Vec<Vec<(&'static str, Act)>>, change: impl FnOnce(&mut Settings)) -> Self {
        let world = Arc::new(World::new());
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (mut gateways, mut addresses) = (Vec::new(), Vec::new());
        for acts in scripts {
            let acts = Arc::new(Mutex::new(acts.into()));
            let (asked, submitted, connections) = Default::default();
            let script = Script { world: Arc::clone(&world), acts, asked, submitted, connections };
            let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
            addresses.push(GatewayAddress { url: format!("http://{}", listener.local_addr().unwrap()), tls: None });
            runtime.spawn(Server::builder().serve_with_incoming(script.clone(), TcpIncoming::from(listener)));
            gateways.push(script);
        }
        let mut settings = Settings {
            gateways: addresses,
            channel: "records".into(),
            chaincode: "phi".into(),
            members: vec![organisation("HospitalsMSP", world.hospitals.root())],
            endorsers: world.endorsers(2),
            patience: Duration::from_millis(1500),
            commit_patience: Duration::from_millis(1500),
        };
        change(&mut settings);
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let client = Client::new(settings, &mut rng).unwrap();
        Self { client, gateways, north: world.north.clone(), rng, _runtime: runtime }
    }

    fn transact(&mut self) -> Result<Receipt, LedgerError> {
        let creator = Creator { certificate: &self.north.identity.certificate, key: &self.north.key };
        let action = Action::ShareComplete { request: RequestId(Digest([1; 32])), deliveries: Digest([2; 32]) };
        self.client.transact(&action, &creator, NOW, &mut self.rng)
    }

    fn creator(&self) -> Creator<'_> {
        Creator { certificate: &self.north.identity.certificate, key: &self.north.key }
    }

    fn submitted(&self) -> usize {
        self.gateways.iter().map(|gateway| gateway.submitted.lock().unwrap().len()).sum()
    }
}

const ABORTED: &str = "failed to endorse transaction, see attached details for more info";
const REFUSED: &str = "chaincode response 400, refused by the contract (code 12): the creator is not the recipient";

#[test]
fn a_transaction_is_committed() {
    let mut scene =
        Scene::new(vec![vec![("Endorse", Act::Endorse(vec![0, 1])), ("Submit", TAKE), ("CommitStatus", verdict(0))]]);
    let receipt = scene.transact().unwrap();
    assert_eq!(receipt.block, 7);
    assert_eq!(scene.gateways[0].asked(), ["Endorse", "Submit", "CommitStatus"]);
}

/// A gateway is down, is not ready, or has a dead chaincode: the next gateway is asked, and later the first one again.
#[test]
fn gateways_take_the_place_of_each_other() {
    let failures = [
        Act::Fail(Code::Unavailable, "no peer", vec![]),
        Act::Fail(Code::FailedPrecondition, "no peers available", vec![]),
        Act::Fail(
            Code::Aborted,
            "failed to endorse transaction",
            vec!["error in simulation: chaincode stream terminated"],
        ),
        Act::Endorse(vec![0]),
    ];
    for failure in failures {
        let mut scene = Scene::new(vec![
            vec![("Endorse", failure.clone()), ("Submit", TAKE), ("CommitStatus", verdict(0))],
            vec![("Endorse", Act::Endorse(vec![1, 2])), ("Submit", failure), ("CommitStatus", verdict(0))],
        ]);
        // The second gateway endorses. If it has certainly not submitted, the first one submits.
        _ = scene.transact().map_err(|error| panic!("{error}")).is_ok();
        assert_eq!(scene.gateways[0].asked()[0], "Endorse");
    }
    let again = [
        ("Endorse", Act::Fail(Code::FailedPrecondition, "no combination of peers can be derived", vec![])),
        ("Endorse", Act::Fail(Code::Unavailable, "", vec![])),
        ("Endorse", Act::Endorse(vec![0, 1])),
        ("Submit", Act::Fail(Code::Unavailable, "no orderers could successfully process transaction", vec![])),
        ("Submit", Act::Fail(Code::Unavailable, "no orderer nodes available", vec![])),
        ("Submit", TAKE),
        ("CommitStatus", verdict(0)),
    ];
    let mut scene = Scene::new(vec![again.to_vec()]);
    scene.transact().unwrap();
    assert_eq!(scene.gateways[0].asked().len(), 7);
    let unreachable = GatewayAddress { url: "http://127.0.0.1:1".into(), tls: None };
    let mut scene = Scene::with(
        vec![vec![("Endorse", Act::Endorse(vec![0, 1])), ("Submit", TAKE), ("CommitStatus", verdict(0))]],
        |settings| settings.gateways.insert(0, unreachable),
    );
    scene.transact().unwrap();
}

/// After a cut in the middle of a submit, the transaction is never submitted again: the other gateways are asked.
#[test]
fn an_unknown_outcome_is_asked_for_and_not_sent_again() {
    let cuts = [
        Act::Fail(Code::Unavailable, "transport is closing", vec![]),
        Act::Fail(Code::Unavailable, "no orderers could successfully process transaction", vec!["EOF"]),
        Act::Fail(Code::Cancelled, "h2", vec![]),
        Act::Fail(Code::DeadlineExceeded, "submit timeout expired", vec![]),
        Act::Silent,
    ];
    for cut in cuts {
        let endorse = ("Endorse", Act::Endorse(vec![0, 1]));
        let quick = |settings: &mut Settings| {
            settings.patience = Duration::from_millis(600);
            settings.commit_patience = settings.patience;
        };
        let told = vec![("Submit", TAKE), ("CommitStatus", verdict(0))];
        let mut scene = Scene::with(vec![vec![endorse.clone(), ("Submit", cut.clone())], told], quick);
        scene.transact().unwrap();
        assert_eq!(scene.submitted(), 1);

        let mut scene = Scene::with(vec![vec![endorse, ("Submit", cut)], vec![("Submit", TAKE)]], quick);
        let error = scene.transact().unwrap_err();
        let Meaning::Unknown(txid) = error.meaning else { panic!("{error}") };
        assert_eq!(scene.submitted(), 1);
        // Later, a gateway gives the outcome.
        scene.gateways[1].acts.lock().unwrap().push_back(("CommitStatus", verdict(11)));
        assert_eq!(scene.client.outcome(txid, &scene.creator()).unwrap(), Some(ValidationCode::MvccReadConflict));
    }
}

/// However short the patience is, the other gateways are still asked after one that does not answer.
#[test]
fn a_silent_gateway_does_not_use_up_the_patience() {
    let quick = |settings: &mut Settings| {
        settings.patience = Duration::from_millis(1500);
        settings.commit_patience = settings.patience;
    };
    let silent = ["Endorse", "Evaluate"]
        .map(|method| vec![(method, Act::Silent), ("Submit", TAKE), ("CommitStatus", Act::Silent)]);
    for silent in silent {
        let answer = EvaluateResponse { result: Some(Response { status: 200, ..Response::default() }) };
        let others = vec![
            ("Endorse", Act::Endorse(vec![0, 1])),
            ("Evaluate", Act::Say(vec![answer.encode_to_vec()])),
            ("Submit", TAKE),
            ("CommitStatus", verdict(0)),
        ];
        let mut scene = Scene::with(vec![silent, others], quick);
        scene.client.ask(&Query::Share(RequestId(Digest([1; 32]))), &scene.creator()).unwrap();
        scene.transact().unwrap();
    }
    let endorses = vec![("Endorse", Act::Endorse(vec![0, 1])), ("Submit", TAKE), ("CommitStatus", Act::Silent)];
    let mut scene = Scene::with(vec![endorses, vec![("CommitStatus", verdict(0))]], quick);
    scene.transact().unwrap();
}

#[test]
fn errors_have_the_meaning_of_their_words() {
    let endorse = |code, message, peers| vec![("Endorse", Act::Fail(code, message, peers))];
    let committed =
        |code| vec![("Endorse", Act::Endorse(vec![0, 1])), ("Submit", TAKE), ("CommitStatus", verdict(code))];
    let refused_by_orderer = "received unsuccessful response from orderer: status=FORBIDDEN, info=implicit policy";
    let table = [
        (endorse(Code::Aborted, ABORTED, vec![REFUSED]), Meaning::Refused(12)),
        (endorse(Code::Aborted, ABORTED, vec!["error in simulation", REFUSED]), Meaning::Refused(12)),
        (endorse(Code::Aborted, ABORTED, vec!["chaincode response 403, creator: role"]), Meaning::Denied),
        (endorse(Code::Aborted, ABORTED, vec!["error validating proposal: access denied"]), Meaning::Denied),
        (endorse(Code::Aborted, ABORTED, vec!["duplicate transaction found [ab]. Creator [cd]"]), Meaning::Duplicate),
        (endorse(Code::PermissionDenied, "", vec![]), Meaning::Denied),
        // Texts that only resemble a refusal.
        (
            endorse(Code::Aborted, ABORTED, vec!["chaincode response 500, refused by the contract (code 12): x"]),
            Meaning::Unavailable,
        ),
        (
            endorse(Code::Aborted, ABORTED, vec!["chaincode response 400, refused by the contract (code +12): x"]),
            Meaning::Unavailable,
        ),
        (
            endorse(Code::Aborted, ABORTED, vec!["chaincode response 400, refused by the contract (code 99999): x"]),
            Meaning::Unavailable,
        ),
        (endorse(Code::Aborted, REFUSED, vec![]), Meaning::Unavailable),
        (vec![("Endorse", Act::Endorse(vec![2]))], Meaning::Policy),
        (vec![("Endorse", Act::Say(vec![vec![0xff; 9]]))], Meaning::Malformed),
        (vec![("Endorse", Act::Say(vec![]))], Meaning::Malformed),
        (committed(11), Meaning::Conflict),
        (committed(10), Meaning::Policy),
        (committed(9), Meaning::Duplicate),
        (committed(8), Meaning::Invalid(ValidationCode::BadProposalTxid)),
        (committed(4), Meaning::Denied),
        (
            vec![
                ("Endorse", Act::Endorse(vec![0, 1])),
                ("Submit", Act::Fail(Code::Aborted, refused_by_orderer, vec![])),
            ],
            Meaning::Denied,
        ),
    ];
    for (script, expected) in table {
        let mut scene = Scene::with(vec![script], |settings| settings.patience = Duration::from_millis(300));
        let error = scene.transact().unwrap_err();
        assert_eq!(error.meaning, expected, "{error}");
    }
    let silent = vec![("Endorse", Act::Silent)];
    let mut scene = Scene::with(vec![silent], |settings| settings.patience = Duration::from_millis(100));
    assert_eq!(scene.transact().unwrap_err().meaning, Meaning::Timeout);
}

/// One peer has endorsed and another refuses: the other one may not have the last block yet.
#[test]
fn peers_that_differ_are_asked_again() {
    const DIFFER: &str = "failed to collect enough transaction endorsements, see attached details for more info";
    let differ = ("Endorse", Act::Fail(Code::Aborted, DIFFER, vec![REFUSED]));
    let done = [("Endorse", Act::Endorse(vec![0, 1])), ("Submit", TAKE), ("CommitStatus", verdict(0))];
    let mut scene = Scene::new(vec![[&[differ.clone(), differ.clone()][..], &done].concat()]);
    scene.transact().unwrap();
    let mut scene = Scene::with(vec![vec![differ; 100]], |settings| settings.patience = Duration::from_millis(300));
    assert_eq!(scene.transact().unwrap_err().meaning, Meaning::Refused(12));
}

/// A gateway that has refused has answered: the next call begins there, and not at one that is down.
#[test]
fn the_gateway_that_answered_last_is_asked_first() {
    let refuse = ("Endorse", Act::Fail(Code::Aborted, ABORTED, vec![REFUSED]));
    let down = ("Endorse", Act::Fail(Code::Unavailable, "", vec![]));
    let done = [("Endorse", Act::Endorse(vec![0, 1])), ("Submit", TAKE), ("CommitStatus", verdict(0))];
    let mut scene = Scene::new(vec![vec![down], [&[refuse][..], &done].concat()]);
    assert_eq!(scene.transact().unwrap_err().meaning, Meaning::Refused(12));
    scene.transact().unwrap();
    assert_eq!([scene.gateways[0].asked().len(), scene.gateways[1].asked().len()], [1, 4]);
}

/// A peer that has not committed the last block refuses what another peer accepts. A refusal stands if no other gateway
/// has a better answer.
#[test]
fn a_peer_that_lags_behind_refuses_nothing_for_good() {
    let refuse = ("Endorse", Act::Fail(Code::Aborted, ABORTED, vec![REFUSED]));
    let done = vec![("Endorse", Act::Endorse(vec![0, 1])), ("Submit", TAKE), ("CommitStatus", verdict(0))];
    Scene::new(vec![vec![refuse.clone()], done]).transact().unwrap();
    let mut scene = Scene::new(vec![vec![refuse], vec![("Endorse", Act::Silent)]]);
    assert_eq!(scene.transact().unwrap_err().meaning, Meaning::Refused(12));
}

/// The error texts of all gateways and peers, one line each.
#[test]
fn errors_carry_the_words_of_the_network() {
    let fail = |words| vec![("Evaluate", Act::Fail(Code::Unavailable, "out of order", vec![words]))];
    let scene = Scene::with(vec![fail("disk full"), fail("no chaincode")], |settings| {
        settings.patience = Duration::from_millis(300);
    });
    let error = scene.client.ask(&Query::Share(RequestId(Digest([1; 32]))), &scene.creator()).unwrap_err();
    let shown = error.to_string();
    for words in ["out of order", "; NorthMSP peer:7051: disk full", "; NorthMSP peer:7051: no chaincode"] {
        assert!(shown.contains(words), "{shown}");
    }
}

/// A gateway must not see by its connections which certificates belong together.
#[test]
fn each_certificate_has_its_own_connection() {
    let answer = Act::Say(vec![
        EvaluateResponse { result: Some(Response { status: 200, ..Response::default() }) }.encode_to_vec(),
    ]);
    let scene = Scene::new(vec![vec![("Evaluate", answer)]]);
    let mut world = World::new();
    let query = Query::Share(RequestId(Digest([1; 32])));
    let mut members = vec![scene.north.clone()];
    for _ in 0..CONNECTIONS + 3 {
        let World { hospitals, rng, .. } = &mut world;
        members.push(crate::fabric::fixture::enrol(hospitals, "HospitalsMSP", "north", Role::Hospital, rng));
    }
    let ask = |member: &Signer| {
        let by = Creator { certificate: &member.identity.certificate, key: &member.key };
        scene.client.ask(&query, &by).unwrap();
    };
    for n in 1..=3 {
        members[..n].iter().for_each(&ask);
        assert_eq!(scene.gateways[0].connections.lock().unwrap().len(), n);
    }
    members.iter().for_each(&ask);
    assert_eq!(scene.client.shared.connections.lock().unwrap().len(), CONNECTIONS, "the connections are bounded");
}

/// Blocking calls work on threads of another runtime, too.
#[test]
fn a_runtime_around_the_client_makes_no_difference() {
    let mut scene =
        Scene::new(vec![vec![("Endorse", Act::Endorse(vec![0, 1])), ("Submit", TAKE), ("CommitStatus", verdict(0))]]);
    let outer = Builder::new_current_thread().build().unwrap();
    outer.block_on(async { scene.transact().map(drop) }).unwrap();
    let client = scene.client;
    outer.block_on(async { drop(client) });
}

#[test]
fn events_are_read_block_by_block() {
    let event = |name: &str, byte| ChaincodeEvent { name: name.into(), payload: vec![byte; 32], ..Default::default() };
    let block = |block, events| ChaincodeEventsResponse { events, block }.encode_to_vec();
    let blocks = vec![block(4, vec![event("0002", 1), event("0004", 2)]), block(9, vec![event("0000", 3)])];
    let scene = Scene::new(vec![vec![
        ("ChaincodeEvents", Act::Say(blocks)),
        ("ChaincodeEvents", Act::Silent),
        ("ChaincodeEvents", Act::Say(vec![block(4, vec![event("0009", 1)])])),
    ]]);
    let read = |patience| scene.client.events(3, Duration::from_millis(patience), &scene.creator());
    let id = |byte| Digest([byte; 32]);
    let expected = vec![
        (4, Event::ShareRequest(RequestId(id(1)))),
        (4, Event::ShareWithdrawal(RequestId(id(2)))),
        (9, Event::Record(crate::contract::RecordId(id(3)))),
    ];
    assert_eq!(read(5000).unwrap(), Events { next: 10, events: expected });
    assert_eq!(read(100).unwrap(), Events { next: 3, events: Vec::new() }, "nothing has happened");
    assert_eq!(read(5000).unwrap_err().meaning, Meaning::Malformed);
}

type Change = Box<dyn Fn(&mut Settings)>;

#[test]
fn settings_that_cannot_work() {
    let scene = Scene::new(vec![vec![]]);
    let root = crate::fabric::TlsRoot::new(scene.client.settings().members[0].root.to_pem().unwrap()).unwrap();
    let tls = crate::fabric::ClientTls { root, name: None, identity: None };
    let address = |url: &str, tls| vec![GatewayAddress { url: url.into(), tls }];
    let changes: Vec<Change> = vec![
        Box::new(|settings| settings.gateways.clear()),
        Box::new(|settings| settings.endorsers.at_least = 0),
        Box::new(|settings| settings.endorsers.at_least = 4),
        Box::new(|settings| settings.endorsers.organisations[1].mspid = "NorthMSP".into()),
        Box::new(|settings| {
            settings.endorsers.organisations[2].root = settings.endorsers.organisations[0].root.clone();
        }),
        Box::new(move |settings| settings.gateways = address("http://192.0.2.1:7051", None)),
        Box::new(move |settings| settings.gateways = address("https://192.0.2.1:7051", None)),
        Box::new(move |settings| settings.gateways = address("http://127.0.0.1:7051", Some(tls.clone()))),
        Box::new(move |settings| settings.gateways = address("127.0.0.1:7051", None)),
        Box::new(move |settings| settings.gateways = address("", None)),
    ];
    for (i, change) in changes.iter().enumerate() {
        let mut settings = scene.client.settings().clone();
        change(&mut settings);
        let made = Client::new(settings, &mut ChaCha20Rng::seed_from_u64(1));
        assert_eq!(made.map(drop).map_err(|error| error.meaning), Err(Meaning::Unavailable), "change {i}");
    }
    let members = &scene.client.settings().members;
    let wrong_roots = [
        (members[0].root.clone(), "the root of the organisation"),
        (scene.north.identity.certificate.clone(), "not the root certificate"),
    ];
    for (root, why) in wrong_roots {
        let mut settings = scene.client.settings().clone();
        settings.endorsers.organisations[0].root = root;
        let refused = Client::new(settings, &mut ChaCha20Rng::seed_from_u64(1)).unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
    }
    let mut other = World::new();
    let World { authorities, rng, .. } = &mut other;
    let mut stranger = crate::identity::Authority::new(ParticipantGroup::Cloud, rng, NOW.seconds()).unwrap();
    let cloud = crate::fabric::fixture::enrol(&mut stranger, "CloudMSP", "cloud", Role::Cloud, rng);
    assert_eq!(authorities.len(), 3);
    let unknown = scene.client.identity(&cloud.identity.certificate).unwrap_err();
    assert_eq!(unknown.meaning, Meaning::Denied);
}
