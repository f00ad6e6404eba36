//! A client of one peer's gateway (service `gateway.Gateway`, gateway/gateway.proto).
//!
//! ```text
//! client                        gateway               endorsers, orderers
//!   Endorse (signed proposal) -->  simulates ---------->  endorse
//!   <----------- transaction      assembled from equal responses; the client checks all of it (`endorsed`)
//!   Submit (signed transaction) ->  -------------------->  order
//!   CommitStatus (signed) ------->  waits for the block
//!   <----------- code, block
//!   Evaluate (signed proposal) -->  one peer answers; nothing is ordered
//!   ChaincodeEvents (signed) ---->  a stream
//! ```
//!
//! The answers to `Evaluate`, `CommitStatus` and `ChaincodeEvents` come from one peer, and nothing proves them. Blocks
//! can be compared with the blocks of other peers ([`super::blocks`]).

use super::codec::{Frames, chain};
use super::draft::{AskedEvents, AskedStatus, Call, Draft, Endorsed, Proposed, Signed};
use super::endorsed::{EndorsedError, Endorsers, LIMIT, check};
use super::identity::Identity;
use super::messages::{
    Block, BlockchainInfo, ChaincodeEvent, ChaincodeEventsResponse, CommitStatusResponse, EndorseRequest,
    EndorseResponse, ErrorDetail, EvaluateRequest, EvaluateResponse, MessageError, RpcStatus,
    SignedChaincodeEventsRequest, SignedCommitStatusRequest, SubmitRequest, SubmitResponse, decode,
};
use super::tls::{TlsIdentity, TlsRoot};
use crate::identity::IdentityError;
use crate::ledger::{Nonce, Transient};
use crate::time::Millis;
use prost::Message;
use std::error::Error;
use std::fmt;
use std::time::Duration;
use tonic::codegen::BoxFuture;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, ConnectError, Request, Status, Streaming, TimeoutExpired};

/// The longest block that is read, in bytes: Fabric's own limit for a message.
const BLOCK_LIMIT: usize = 100 << 20;

/// The address of a gateway.
#[derive(Clone, Debug)]
pub struct GatewayAddress {
    /// `https://host:port`, or `http://host:port` on the loopback interface.
    pub url: String,
    /// TLS. It must be present for `https` and absent for `http`.
    pub tls: Option<ClientTls>,
}

/// TLS from a client to a gateway.
#[derive(Clone, Debug)]
pub struct ClientTls {
    /// The authorities of the gateway's TLS certificate.
    pub root: TlsRoot,
    /// The name in the gateway's certificate, where it is not the host of the address.
    pub name: Option<String>,
    /// The client's TLS certificate, where the gateway demands one. The gateway can link all members that use this
    /// certificate.
    pub identity: Option<TlsIdentity>,
}

/// The report of one peer or orderer on an error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Detail {
    /// Its address.
    pub address: String,
    /// Its organisation.
    pub mspid: String,
    /// Its error text.
    pub message: String,
}

/// Why a gateway did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// The address is not that of a gateway.
    #[error("{url}: not the address of a gateway: {why}")]
    Address {
        /// The address.
        url: String,
        /// Why.
        why: String,
    },
    /// No connection: nothing was sent.
    #[error("{gateway}: cannot be reached: {why}")]
    Unreachable {
        /// The gateway.
        gateway: String,
        /// Why.
        why: String,
    },
    /// The gateway answered with an error, or the connection broke.
    #[error("{gateway}: {}: {message}{}", name(*.code), Lines(.details))]
    Status {
        /// The gateway.
        gateway: String,
        /// The code.
        code: Code,
        /// The gateway's error text.
        message: String,
        /// One for each peer or orderer that said something.
        details: Vec<Detail>,
    },
    /// No answer in time.
    #[error("{gateway}: no answer within {} ms", patience.as_millis())]
    Timeout {
        /// The gateway.
        gateway: String,
        /// How long the client waited.
        patience: Duration,
    },
    /// The answer cannot be decoded.
    #[error("{gateway}: {source}")]
    Malformed {
        /// The gateway.
        gateway: String,
        /// Why.
        source: MessageError,
    },
    /// The endorsed transaction is not to be signed.
    #[error("{gateway}: {source}")]
    Endorsed {
        /// The gateway.
        gateway: String,
        /// Why.
        source: EndorsedError,
    },
    /// A certificate or signature cannot be written, which is not known to happen.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

fn name(code: Code) -> String {
    format!("{code:?}")
}

struct Lines<'a>(&'a [Detail]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|Detail { address, mspid, message }| write!(f, "; {mspid} {address}: {message}"))
    }
}

/// The verdict on a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Fabric's validation code; 0 is valid.
    pub code: i32,
    /// The number of the block.
    pub block: u64,
}

/// A connection to one peer's gateway. It is made at the first call, and made again after it broke.
#[derive(Clone, Debug)]
pub struct Gateway {
    url: String,
    channel: Channel,
}

impl Gateway {
    /// Prepares a connection. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// [`GatewayError::Address`].
    pub fn new(address: &GatewayAddress) -> Result<Self, GatewayError> {
        let url = address.url.clone();
        let wrong = |why: String| GatewayError::Address { url: url.clone(), why };
        let endpoint = Endpoint::from_shared(url.clone()).map_err(|error| wrong(chain(&error)))?;
        let uri = endpoint.uri();
        let host = uri.host().unwrap_or_default();
        let loopback = host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(is_loopback);
        let endpoint = match (uri.scheme_str(), &address.tls) {
            (Some("https"), Some(tls)) => {
                let mut config = ClientTlsConfig::new().ca_certificate(tls.root.to_tonic());
                if let Some(name) = &tls.name {
                    config = config.domain_name(name);
                }
                if let Some(identity) = &tls.identity {
                    config = config.identity(identity.to_tonic());
                }
                endpoint.tls_config(config).map_err(|error| wrong(chain(&error)))?
            }
            (Some("http"), None) if loopback => endpoint,
            (Some("http"), None) => return Err(wrong("no TLS towards another machine".to_owned())),
            _ => return Err(wrong("https with a TLS root, or http without".to_owned())),
        };
        let endpoint = endpoint.connect_timeout(CONNECT).tcp_nodelay(true).http2_keep_alive_interval(KEEPALIVE);
        Ok(Self { url, channel: endpoint.connect_lazy() })
    }

    /// The address.
    pub fn url(&self) -> &str {
        &self.url
    }

    async fn unary<Q, A>(&self, method: &'static str, request: Q, bounds: Bounds) -> Result<A, GatewayError>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut request = Request::new(request);
        request.set_timeout(bounds.patience);
        let call = async {
            let mut grpc = tonic::client::Grpc::new(self.channel.clone()).max_decoding_message_size(bounds.bytes);
            grpc.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
            grpc.unary(request, PathAndQuery::from_static(method), Frames::<Q, A>::default()).await
        };
        let late = || GatewayError::Timeout { gateway: self.url.clone(), patience: bounds.patience };
        match tokio::time::timeout(bounds.patience, call).await {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            Ok(Err(status)) if has_cause::<TimeoutExpired>(&status) => Err(late()),
            Ok(Err(status)) => Err(self.error(&status)),
            Err(_) => Err(late()),
        }
    }

    fn error(&self, status: &Status) -> GatewayError {
        let gateway = self.url.clone();
        if has_cause::<ConnectError>(status) {
            return GatewayError::Unreachable { gateway, why: chain(status.source().unwrap_or(status)) };
        }
        // A detail that cannot be decoded is left out; the message is kept.
        let rpc: RpcStatus = decode("details", status.details(), LIMIT).unwrap_or_default();
        let detail = |any: super::messages::Any| {
            let ErrorDetail { address, mspid, message } = decode("detail", &any.value, LIMIT).ok()?;
            Some(Detail { address, mspid, message })
        };
        let details = rpc.details.into_iter().filter_map(detail).collect();
        GatewayError::Status { gateway, code: status.code(), message: status.message().to_owned(), details }
    }

    fn malformed(&self, source: MessageError) -> GatewayError {
        GatewayError::Malformed { gateway: self.url.clone(), source }
    }

    /// Asks for endorsements by `organisations`; if none is named, by as many organisations as the channel's policy
    /// demands. Checks the answer ([`check`]).
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn endorse(
        &self,
        proposal: &Signed<Proposed>,
        organisations: &[String],
        endorsers: &Endorsers,
        now: Millis,
        patience: Duration,
    ) -> Result<Draft<Endorsed>, GatewayError> {
        let proposed = proposal.content();
        let request = EndorseRequest {
            txid: proposed.txid.to_string(),
            channel_id: proposed.channel.clone(),
            proposal: Some(proposal.message()),
            organisations: organisations.to_vec(),
        };
        let bounds = Bounds { patience, bytes: LIMIT };
        let answer: EndorseResponse = self.unary("/gateway.Gateway/Endorse", request, bounds).await?;
        let envelope = answer.transaction.ok_or_else(|| self.malformed(MessageError::missing("transaction")))?;
        let wrong = |source| GatewayError::Endorsed { gateway: self.url.clone(), source };
        check(proposed, envelope.payload, endorsers, now).map_err(wrong)
    }

    /// Submits a transaction to the orderers. After an error, [`may_have_arrived`](GatewayError::may_have_arrived)
    /// tells whether an orderer may have the transaction nevertheless.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn submit(&self, transaction: &Signed<Endorsed>, patience: Duration) -> Result<(), GatewayError> {
        let endorsed = transaction.content();
        let request = SubmitRequest {
            txid: endorsed.txid.to_string(),
            channel_id: endorsed.channel.clone(),
            transaction: Some(transaction.message()),
        };
        let bounds = Bounds { patience, bytes: LIMIT };
        self.unary::<_, SubmitResponse>("/gateway.Gateway/Submit", request, bounds).await.map(drop)
    }

    /// Waits until the transaction is in a block.
    ///
    /// # Errors
    /// [`GatewayError`]; [`GatewayError::Timeout`] where the transaction is in no block in time.
    pub async fn status(&self, asked: &Signed<AskedStatus>, patience: Duration) -> Result<Verdict, GatewayError> {
        let (request, signature) = asked.parts();
        let request = SignedCommitStatusRequest { request, signature };
        let bounds = Bounds { patience, bytes: LIMIT };
        let CommitStatusResponse { result: code, block } =
            self.unary("/gateway.Gateway/CommitStatus", request, bounds).await?;
        Ok(Verdict { code, block })
    }

    /// Runs a call on one peer; if `organisations` are named, on a peer of one of them. Nothing is ordered.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn evaluate(
        &self,
        proposal: &Signed<Proposed>,
        organisations: &[String],
        patience: Duration,
    ) -> Result<Vec<u8>, GatewayError> {
        let proposed = proposal.content();
        let request = EvaluateRequest {
            txid: proposed.txid.to_string(),
            channel_id: proposed.channel.clone(),
            proposal: Some(proposal.message()),
            organisations: organisations.to_vec(),
        };
        let bounds = Bounds { patience, bytes: BLOCK_LIMIT };
        let answer: EvaluateResponse = self.unary("/gateway.Gateway/Evaluate", request, bounds).await?;
        Ok(answer.result.ok_or_else(|| self.malformed(MessageError::missing("result")))?.payload)
    }

    /// The length of the chain, from the answer to [`chain_info`].
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn chain_info(
        &self,
        proposal: &Signed<Proposed>,
        organisations: &[String],
        patience: Duration,
    ) -> Result<BlockchainInfo, GatewayError> {
        let bytes = self.evaluate(proposal, organisations, patience).await?;
        decode("chain", &bytes, LIMIT).map_err(|source| self.malformed(source))
    }

    /// A block as a peer keeps it, from the answer to [`block_by_number`].
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn block(
        &self,
        proposal: &Signed<Proposed>,
        organisations: &[String],
        patience: Duration,
    ) -> Result<Block, GatewayError> {
        let bytes = self.evaluate(proposal, organisations, patience).await?;
        decode("block", &bytes, BLOCK_LIMIT).map_err(|source| self.malformed(source))
    }

    /// The events of a chaincode, block by block. The request is sent at the first [`Events::next`], since a gateway
    /// sends not even the headers of its answer before the first event.
    pub fn events(&self, asked: &Signed<AskedEvents>) -> Events {
        let ((request, signature), channel) = (asked.parts(), self.channel.clone());
        let open = async move {
            let request = Request::new(SignedChaincodeEventsRequest { request, signature });
            let method = PathAndQuery::from_static("/gateway.Gateway/ChaincodeEvents");
            let frames = Frames::<SignedChaincodeEventsRequest, ChaincodeEventsResponse>::default();
            let mut grpc = tonic::client::Grpc::new(channel).max_decoding_message_size(BLOCK_LIMIT);
            grpc.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
            Ok(grpc.server_streaming(request, method, frames).await?.into_inner())
        };
        Events { gateway: self.clone(), stream: Stream::Opening(Box::pin(open)) }
    }
}

/// The bounds of one call of a gateway.
#[derive(Clone, Copy)]
struct Bounds {
    patience: Duration,
    /// The longest answer.
    bytes: usize,
}

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How often an idle connection is probed; Fabric's peers accept a probe each minute.
const KEEPALIVE: Duration = Duration::from_secs(90);

const fn is_loopback(ip: std::net::IpAddr) -> bool {
    ip.is_loopback()
}

/// Whether an error of this type is among the causes.
fn has_cause<E: Error + 'static>(status: &Status) -> bool {
    std::iter::successors(status.source(), |&error| error.source()).any(<dyn Error>::is::<E>)
}

/// The events of a chaincode, in the order of the chain.
pub struct Events {
    gateway: Gateway,
    stream: Stream,
}

enum Stream {
    Opening(BoxFuture<Streaming<ChaincodeEventsResponse>, Status>),
    Open(Box<Streaming<ChaincodeEventsResponse>>),
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("gateway", &self.gateway.url).finish_non_exhaustive()
    }
}

impl Events {
    /// Waits for the next block with events: its number, and the events of its valid transactions. `None`: the gateway
    /// has ended the stream. Dropping the future loses no event.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn next(&mut self) -> Result<Option<(u64, Vec<ChaincodeEvent>)>, GatewayError> {
        let block = loop {
            match &mut self.stream {
                Stream::Opening(open) => match open.as_mut().await {
                    Ok(stream) => self.stream = Stream::Open(Box::new(stream)),
                    Err(status) => return Err(self.gateway.error(&status)),
                },
                Stream::Open(stream) => break stream.message().await,
            }
        };
        let block = block.map_err(|status| self.gateway.error(&status))?;
        Ok(block.map(|ChaincodeEventsResponse { events, block }| (block, events)))
    }
}

impl GatewayError {
    /// Whether an orderer may have the transaction of a [`submit`](Gateway::submit) that gave this error. False
    /// for errors before the request is sent, and for Fabric's texts that exclude it (internal/pkg/gateway/submit.go).
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::Status { code: Code::Unavailable, message, details, .. } => match message.as_str() {
                "no orderer nodes available" => false,
                // An orderer without a detail has refused the transaction.
                "no orderers could successfully process transaction" => {
                    !details.iter().all(|detail| detail.message.contains("Error while dialing"))
                }
                _ => true,
            },
            // The gateway has refused the request itself, or an orderer has refused the transaction.
            Self::Status { code, message, .. } => match code {
                Code::InvalidArgument | Code::FailedPrecondition | Code::NotFound | Code::PermissionDenied => false,
                Code::Aborted => !message.starts_with("received unsuccessful response from orderer"),
                _ => true,
            },
            Self::Timeout { .. } | Self::Malformed { .. } => true,
            Self::Address { .. } | Self::Unreachable { .. } | Self::Endorsed { .. } | Self::Identity(_) => false,
        }
    }
}

/// The question for the length of a channel's chain, to the system chaincode `qscc`.
///
/// # Errors
/// As [`Draft::propose`].
pub fn chain_info(channel: &str, by: &Identity, nonce: &Nonce, now: Millis) -> Result<Draft<Proposed>, IdentityError> {
    system_call(&[b"GetChainInfo", channel.as_bytes()], channel, by, nonce, now)
}

/// The question for a block, to the system chaincode `qscc`.
///
/// # Errors
/// As [`Draft::propose`].
pub fn block_by_number(
    channel: &str,
    number: u64,
    by: &Identity,
    nonce: &Nonce,
    now: Millis,
) -> Result<Draft<Proposed>, IdentityError> {
    let number = number.to_string();
    system_call(&[b"GetBlockByNumber", channel.as_bytes(), number.as_bytes()], channel, by, nonce, now)
}

fn system_call(
    args: &[&[u8]],
    channel: &str,
    by: &Identity,
    nonce: &Nonce,
    now: Millis,
) -> Result<Draft<Proposed>, IdentityError> {
    let call = Call { channel, chaincode: "qscc", args, transient: &Transient::default() };
    Draft::propose(&call, by, nonce, now)
}
