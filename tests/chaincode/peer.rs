//! A peer's side of the chaincode protocol, over a real socket: it dials, answers the questions of calls, and can break
//! the protocol. The messages are the crate's; the frames are raw bytes.

use phi_pre::fabric::messages::*;
use phi_pre::fabric::{ServerTls, TlsIdentity, TlsRoot};
use phi_pre::identity::{Authority, Certificate, MemberId, ParticipantGroup, Role, SigningKey, Subject};
use phi_pre::ledger::{Nonce, State, TxId};
use phi_pre::secret::Secret;
use phi_pre::time::Millis;
use prost::Message;
use rand_chacha::ChaCha20Rng;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Certificate as Root, ClientTlsConfig, Endpoint, Identity as TlsClient};
use tonic::{Request, Status, Streaming};

pub const CHANNEL: &str = "records";
pub const PACKAGE: &str = "phi:0123";

/// Frames: any bytes go out, messages come in.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = ChaincodeMessage;
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
        prost::bytes::BufMut::put_slice(out, &frame);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = ChaincodeMessage;
    type Error = Status;

    fn decode(&mut self, frame: &mut DecodeBuf<'_>) -> Result<Option<ChaincodeMessage>, Status> {
        ChaincodeMessage::decode(frame).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}

/// TLS certificates of a chaincode and of a peer, under one root.
pub struct Tls {
    pub root: String,
    server: (String, String),
    pub client: (String, String),
}

impl Tls {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let issue = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
            (params.signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
        };
        Self { root, server: issue("127.0.0.1"), client: issue("peer") }
    }

    pub fn server(&self, mutual: bool) -> ServerTls {
        let (certificate, key) = self.server.clone();
        let identity = TlsIdentity::new(certificate, Secret::new(key)).unwrap();
        ServerTls { identity, client_root: mutual.then(|| TlsRoot::new(self.root.clone()).unwrap()) }
    }
}

/// A peer's connection to the chaincode.
pub struct Peer {
    out: mpsc::Sender<Vec<u8>>,
    input: Streaming<ChaincodeMessage>,
}

impl Peer {
    /// Dials with TLS; with the root's own client certificate, another one, or none.
    pub async fn dial(
        address: SocketAddr,
        tls: Option<(&str, Option<&(String, String)>)>,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let mut endpoint = Endpoint::from_shared(format!("{scheme}://{address}"))?;
        if let Some((root, client)) = tls {
            let mut config = ClientTlsConfig::new().ca_certificate(Root::from_pem(root));
            if let Some((certificate, key)) = client {
                config = config.identity(TlsClient::from_pem(certificate, key));
            }
            endpoint = endpoint.tls_config(config)?;
        }
        let channel = endpoint.connect_timeout(Duration::from_secs(5)).connect().await?;
        let (out, frames) = mpsc::channel(64);
        let mut grpc = tonic::client::Grpc::new(channel).max_encoding_message_size(usize::MAX);
        grpc.ready().await?;
        let request = Request::new(ReceiverStream::new(frames));
        let path = PathAndQuery::from_static("/protos.Chaincode/Connect");
        let input = grpc.streaming(request, path, Raw).await?.into_inner();
        Ok(Self { out, input })
    }

    /// Dials, and brings the connection to the point where calls may come.
    pub async fn ready(address: SocketAddr, tls: &Tls, batch: u32) -> Self {
        let mut peer = Self::dial(address, Some((&tls.root, Some(&tls.client)))).await.unwrap();
        let register = peer.hear().await.unwrap();
        assert_eq!(register.kind(), Kind::Register);
        assert_eq!(ChaincodeId::decode(&*register.payload).unwrap().name, PACKAGE);
        peer.say(message(Kind::Registered, "", Vec::new())).await;
        let params = AdditionalParams { use_write_batch: batch > 0, max_size_write_batch: batch };
        peer.say(message(Kind::Ready, "", params.encode_to_vec())).await;
        peer
    }

    pub async fn say(&mut self, message: ChaincodeMessage) {
        self.say_raw(message.encode_to_vec()).await;
    }

    pub async fn say_raw(&mut self, frame: Vec<u8>) {
        // Sending on an ended connection is ignored; the test notices the end when it reads.
        _ = self.out.send(frame).await;
    }

    /// Sends a frame without reading. Returns false if nobody takes the frame for a second.
    pub async fn say_unread(&mut self, frame: Vec<u8>) -> bool {
        matches!(tokio::time::timeout(Duration::from_secs(1), self.out.send(frame)).await, Ok(Ok(())))
    }

    /// The next message; `None` after the end of the connection.
    pub async fn hear(&mut self) -> Option<ChaincodeMessage> {
        let heard = tokio::time::timeout(Duration::from_secs(20), self.input.message()).await;
        heard.expect("the chaincode says nothing").ok().flatten()
    }

    /// Answers one question of a call from `state`.
    pub async fn answer(&mut self, question: ChaincodeMessage, state: &mut dyn State) {
        let kind = question.kind();
        let payload = match kind {
            Kind::GetState => {
                let GetState { key } = Message::decode(&*question.payload).unwrap();
                state.get(&key).unwrap().unwrap_or_default()
            }
            Kind::PutState => {
                let PutState { key, value } = Message::decode(&*question.payload).unwrap();
                state.put(&key, value).unwrap();
                Vec::new()
            }
            Kind::WriteBatchState => {
                let WriteBatchState { records } = Message::decode(&*question.payload).unwrap();
                for WriteRecord { key, value, kind } in records {
                    assert_eq!(kind, Kind::PutState as i32);
                    state.put(&key, value).unwrap();
                }
                Vec::new()
            }
            kind => panic!("{kind:?} is no question"),
        };
        self.say(message(Kind::Response, &question.txid, payload)).await;
    }

    /// Runs a call to its end, with `state` as the peer's state. Also returns the number of messages with writes.
    pub async fn call(&mut self, call: ChaincodeMessage, state: &mut dyn State) -> (ChaincodeMessage, usize) {
        let (txid, mut writes) = (call.txid.clone(), 0);
        self.say(call).await;
        loop {
            let heard = self.hear().await.expect("the connection has ended");
            assert_eq!((&heard.txid, heard.channel_id.as_str()), (&txid, CHANNEL));
            match heard.kind() {
                Kind::Completed | Kind::Error => return (heard, writes),
                kind => {
                    writes += usize::from(kind != Kind::GetState);
                    self.answer(heard, state).await;
                }
            }
        }
    }
}

pub fn message(kind: Kind, txid: &str, payload: Vec<u8>) -> ChaincodeMessage {
    let channel_id = if txid.is_empty() { String::new() } else { CHANNEL.to_owned() };
    ChaincodeMessage { kind: kind.into(), payload, txid: txid.to_owned(), channel_id, ..Default::default() }
}

/// The answer of a completed call.
pub fn response(completed: &ChaincodeMessage) -> Response {
    assert_eq!(completed.kind(), Kind::Completed, "{:?}", String::from_utf8_lossy(&completed.payload));
    Response::decode(&*completed.payload).unwrap()
}

/// The text of an error.
pub fn error(message: &ChaincodeMessage) -> String {
    assert_eq!(message.kind(), Kind::Error);
    String::from_utf8(message.payload.clone()).unwrap()
}

/// A participant who proposes.
pub struct Member {
    pub mspid: &'static str,
    pub certificate: Certificate,
}

impl Member {
    pub fn id(&self) -> MemberId {
        self.certificate.subject().id
    }
}

pub const NOW: Millis = Millis(1_748_779_200_000);

pub fn authority(group: ParticipantGroup, rng: &mut ChaCha20Rng) -> Authority {
    Authority::new(group, rng, NOW.seconds()).unwrap()
}

pub fn enrol(ca: &mut Authority, mspid: &'static str, name: &str, role: Role, rng: &mut ChaCha20Rng) -> Member {
    let subject = Subject::new(name, role, MemberId::random(rng)).unwrap();
    let key = SigningKey::random(rng);
    let certificate = ca.issue(&subject, &key.verifying_key(), None, NOW.seconds(), rng).unwrap();
    Member { mspid, certificate }
}

/// The parts of a call, as a peer hands it to the chaincode.
pub struct Call<'a> {
    pub txid: TxId,
    pub args: Vec<Vec<u8>>,
    pub creator: &'a Member,
    pub time: Millis,
}

impl<'a> Call<'a> {
    pub fn new(function: &str, argument: &[u8], creator: &'a Member, rng: &mut ChaCha20Rng) -> Self {
        let txid = TxId::new(&Nonce::random(rng), &creator.certificate);
        Self { txid, args: vec![function.as_bytes().to_vec(), argument.to_vec()], creator, time: NOW }
    }

    /// The signed proposal. The chaincode does not check its signature, since the peer has checked it.
    pub fn proposal(&self, transient: &[(&str, &[u8])]) -> SignedProposal {
        let identity = SerializedIdentity {
            mspid: self.creator.mspid.to_owned(),
            certificate: self.creator.certificate.to_pem().unwrap().into_bytes(),
        };
        let channel = ChannelHeader {
            kind: ChannelHeader::ENDORSER_TRANSACTION,
            timestamp: Some(self.time.into()),
            channel_id: CHANNEL.to_owned(),
            txid: self.txid.to_string(),
            extension: Vec::new(),
        };
        let signature = SignatureHeader { creator: identity.encode_to_vec(), nonce: vec![7; 24] };
        let header = Header { channel_header: channel.encode_to_vec(), signature_header: signature.encode_to_vec() };
        let input = ChaincodeSpec { chaincode_id: None, input: Some(ChaincodeInput { args: self.args.clone() }) };
        let payload = ChaincodeProposalPayload {
            input: ChaincodeInvocationSpec { spec: Some(input) }.encode_to_vec(),
            transient: transient.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect(),
        };
        let proposal = Proposal { header: header.encode_to_vec(), payload: payload.encode_to_vec() };
        SignedProposal { proposal: proposal.encode_to_vec(), signature: Vec::new() }
    }

    pub fn message(&self) -> ChaincodeMessage {
        let payload = ChaincodeInput { args: self.args.clone() }.encode_to_vec();
        let proposal = Some(self.proposal(&[]));
        ChaincodeMessage { proposal, ..message(Kind::Transaction, &self.txid.to_string(), payload) }
    }
}
