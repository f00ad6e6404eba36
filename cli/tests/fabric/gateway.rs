//! The Fabric side of the schedule: transactions down to single envelopes, right and wrong, through one gateway.
//!
//! The library's client makes no wrong envelopes, so this module makes them itself and sends them over its own
//! connection.

use crate::embedded::{high_s, time};
use crate::network::{CHANNEL, ENDORSERS, Network, PEERS};
use crate::organisations::msp_id;
use crate::schedule::{Cast, Fault, Side, Verdict, Who};
use phi_pre::contract::{Action, Creator, Ledger, Record, RecordId};
use phi_pre::fabric::draft::{Call, Draft, Proposed, Signed};
use phi_pre::fabric::messages::{ChannelHeader, Envelope, Payload, SubmitRequest, SubmitResponse};
use phi_pre::fabric::{Client, Endorsers, Gateway, GatewayError};
use phi_pre::identity::SigningKey;
use phi_pre::ledger::{Code, Nonce, Signer, Transient, TxId};
use phi_pre::wire::Wire;
use prost::Message;
use rand_chacha::ChaCha20Rng;
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic_prost::ProstCodec;

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The transient data of each proposal, which no block may contain.
pub const TRANSIENT: &[u8] = b"for the endorsers alone";

/// A gateway and its clients.
pub struct Fabric {
    runtime: Runtime,
    gateway: Gateway,
    client: Client,
    /// A further connection, for envelopes that the library does not make.
    raw: Channel,
    endorsers: Endorsers,
    rng: ChaCha20Rng,
    /// The number of blocks whose verdicts were read.
    seen: u64,
}

/// Repeats a call that fails because the gateway is not ready: for some seconds after a start, a peer has not
/// discovered the other peers, and the orderers have no leader.
fn patient<T>(mut call: impl FnMut() -> Result<T, GatewayError>) -> Result<T, GatewayError> {
    let end = Instant::now() + PATIENCE;
    loop {
        match call() {
            Err(GatewayError::Status { code: tonic::Code::FailedPrecondition | tonic::Code::Unavailable, .. })
                if Instant::now() < end =>
            {
                thread::sleep(Duration::from_millis(100));
            }
            result => return result,
        }
    }
}

impl Fabric {
    /// The gateway of the first peer.
    pub fn new(network: &mut Network) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let address = network.gateway(0);
        let root = Certificate::from_pem(address.tls.as_ref().unwrap().root.pem());
        let endpoint = Endpoint::from_shared(address.url.clone()).unwrap();
        let context = runtime.enter();
        let raw = endpoint.tls_config(ClientTlsConfig::new().ca_certificate(root)).unwrap().connect_lazy();
        let gateway = Gateway::new(&address).unwrap();
        drop(context);
        let (client, endorsers) = (network.client(vec![address], PATIENCE), network.endorsers(ENDORSERS));
        Self { runtime, gateway, client, raw, endorsers, rng: network.fork(), seen: network.height(0).unwrap() }
    }

    fn propose(&mut self, signer: &Signer, args: &[&[u8]], fault: Fault) -> Signed<Proposed> {
        let mut transient = Transient::default();
        transient.insert("salt", TRANSIENT.to_vec());
        let call = Call { channel: CHANNEL, chaincode: CHANNEL, args, transient: &transient };
        let nonce = Nonce::random(&mut self.rng);
        let identity = self.client.identity(&signer.certificate).unwrap();
        Draft::propose(&call, &identity, &nonce, time(fault)).unwrap().sign(&signer.key).unwrap()
    }

    fn height(&self, by: &Signer) -> u64 {
        self.client.height(None, &creator(by)).unwrap()
    }

    /// Skips the existing blocks.
    pub fn skip(&mut self, by: &Signer) {
        self.seen = self.height(by);
    }

    fn submit(&self, txid: TxId, envelope: &Envelope) -> Result<(), tonic::Status> {
        let request =
            SubmitRequest { txid: txid.to_string(), channel_id: CHANNEL.into(), transaction: Some(envelope.clone()) };
        let method = PathAndQuery::from_static("/gateway.Gateway/Submit");
        self.runtime.block_on(async {
            let mut grpc = tonic::client::Grpc::new(self.raw.clone());
            grpc.ready().await.unwrap();
            let codec = ProstCodec::<SubmitRequest, SubmitResponse>::default();
            grpc.unary(tonic::Request::new(request), method, codec).await.map(|_| ())
        })
    }

    /// Waits until `number` further transactions are in blocks, and returns their codes.
    pub fn codes(&mut self, number: usize, by: &Signer) -> Vec<u8> {
        let (mut codes, end) = (Vec::new(), Instant::now() + PATIENCE);
        while codes.len() < number {
            assert!(Instant::now() < end, "{} of {number} transactions are in blocks", codes.len());
            if self.height(by) <= self.seen {
                thread::sleep(Duration::from_millis(50));
                continue;
            }
            codes.extend(self.client.block(self.seen, None, None, &creator(by)).unwrap().codes);
            self.seen += 1;
        }
        codes
    }
}

fn creator(by: &Signer) -> Creator<'_> {
    Creator { certificate: &by.certificate, key: &by.key }
}

/// The verdict for a gateway that did not endorse, if the reason is one that the schedule expects.
fn verdict(error: &GatewayError) -> Verdict {
    let GatewayError::Status { details, .. } = error else { panic!("{error}") };
    let code = |text: &str| text.split_once("(code ")?.1.split_once(')')?.0.parse().ok();
    match details.iter().find_map(|detail| code(&detail.message)) {
        Some(code) => Verdict::Contract(code),
        None => Verdict::Endorsers,
    }
}

impl Side for Fabric {
    type Envelope = (TxId, Envelope, Signer);

    fn endorse(&mut self, cast: &Cast, who: Who, action: &Action, fault: Fault) -> Result<Self::Envelope, Verdict> {
        let signer = cast.signer(who);
        let proposal = self.propose(signer, &[b"invoke", &action.to_bytes()], fault);
        let (organisations, at_least) = match fault {
            Fault::OneEndorser => (vec![msp_id(PEERS[0])], 1),
            _ => (Vec::new(), ENDORSERS),
        };
        let endorsers = Endorsers { at_least, ..self.endorsers.clone() };
        let ask = || self.gateway.endorse(&proposal, &organisations, &endorsers, time(Fault::None), PATIENCE);
        let endorsed = patient(|| self.runtime.block_on(ask())).map_err(|error| verdict(&error))?;
        let (mut txid, mut payload) = (endorsed.content().txid, endorsed.bytes().to_vec());
        if let Fault::Txid(claimed) = fault {
            (txid, payload) = (claimed, claim(&payload, claimed));
        }
        Ok((txid, sign(&signer.key, payload, fault), signer.clone()))
    }

    fn txid(&self, (txid, ..): &Self::Envelope) -> TxId {
        *txid
    }

    fn order(&mut self, envelopes: &[Self::Envelope]) -> Verdict {
        for (txid, envelope, _) in envelopes {
            if let Err(status) = self.submit(*txid, envelope) {
                println!("the orderer refuses: {}", status.message());
                return Verdict::Orderer;
            }
        }
        Verdict::Codes(self.codes(envelopes.len(), &envelopes[0].2))
    }

    fn record(&mut self, cast: &Cast, id: RecordId) -> Option<Record> {
        self.client.record(id, &creator(cast.signer(Who::Alice))).unwrap()
    }

    fn outcome(&mut self, cast: &Cast, txid: TxId) -> Option<u8> {
        let code = self.client.outcome(txid, &creator(cast.signer(Who::Alice))).unwrap();
        code.map(Code::number)
    }
}

/// The same transaction with another txid in its header.
fn claim(payload: &[u8], txid: TxId) -> Vec<u8> {
    let mut payload = Payload::decode(payload).unwrap();
    let header = payload.header.as_mut().unwrap();
    let mut channel = ChannelHeader::decode(&*header.channel_header).unwrap();
    channel.txid = txid.to_string();
    header.channel_header = channel.encode_to_vec();
    payload.encode_to_vec()
}

fn sign(key: &SigningKey, payload: Vec<u8>, fault: Fault) -> Envelope {
    let signature = match fault {
        Fault::Signature => key.sign(b"something else").to_der().unwrap(),
        Fault::HighS => high_s(key.sign(&payload).as_bytes()).to_der().as_bytes().to_vec(),
        _ => key.sign(&payload).to_der().unwrap(),
    };
    Envelope { payload, signature }
}
