//! The contract as chaincode of Hyperledger Fabric: a server that a peer dials ("chaincode as a service").
//!
//! Paper: section 3.1, the chaincode of each peer. The protocol is Fabric's (peer/chaincode_shim.proto, service
//! `protos.Chaincode`); the private module `conversation` has its messages. The same contract runs on both ledgers:
//! this service gives it the state of the peer in place of the embedded ledger's.
//!
//! - `conversation`: one connection; `calls`: the questions to the peer that are open on it;
//! - `call`: one call; `state`: the peer's state as the contract sees it.
//!
//! The service keeps no state: the state stays at the peer. Anybody who can reach the service can therefore only run
//! the contract, which is public, on a state that they supply themselves. With mutual TLS, the service accepts only
//! clients with a certificate of the given authorities.

mod call;
mod calls;
mod conversation;
mod state;

pub use conversation::Limits;

use super::codec::{Frames, chain};
use super::messages::ChaincodeMessage;
use super::tls::{TlsIdentity, TlsRoot};
use crate::identity::Organisations;
use crate::ledger::Contract;
use conversation::{Host, Incoming, converse};
use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::codegen::{BoxFuture, BoxStream, Service as TowerService, http};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};

/// Why a chaincode could not be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Other machines can reach the address, so the service needs TLS.
    #[error("{address} can be reached from other machines: the chaincode needs a TLS certificate there")]
    NoTls {
        /// The address.
        address: SocketAddr,
    },
    /// The identifier of the package is empty.
    #[error("the package identifier is empty")]
    NoPackage,
    /// The operating system refused.
    #[error("cannot {action}: {source}")]
    Io {
        /// The operation.
        action: &'static str,
        /// The cause.
        source: std::io::Error,
    },
    /// rustls cannot use the TLS files. The text has its reason, such as a key that is not the certificate's.
    #[error("TLS: {0}")]
    Tls(String),
    /// The server has failed.
    #[error("server: {}", chain(.0))]
    Server(#[from] tonic::transport::Error),
    /// Calls were running when the time for the end was over. They were cut off.
    #[error("the calls of the chaincode have not ended within {0:?} and were cut off")]
    StillRunning(Duration),
    /// The server's task has panicked.
    #[error("the server has panicked")]
    Panicked,
}

/// A contract that is to be served.
#[derive(Clone)]
pub struct Chaincode {
    /// The identifier that the peer gave to the installed package: [`Package::id`](super::Package::id).
    pub package: String,
    /// The contract.
    pub contract: Arc<dyn Contract>,
    /// The participant group of each organisation. All endorsers must have the same map.
    pub organisations: Organisations,
    /// The bounds.
    pub limits: Limits,
}

impl fmt::Debug for Chaincode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { package, contract, organisations, limits } = self;
        let mut shown = f.debug_struct("Chaincode");
        shown.field("package", package).field("contract", &contract.name());
        shown.field("organisations", organisations).field("limits", limits).finish()
    }
}

/// TLS of the service.
#[derive(Debug)]
pub struct ServerTls {
    /// The service's own certificate and key.
    pub identity: TlsIdentity,
    /// The authorities whose certificates a peer must have: mutual TLS. `None`: every peer is served.
    pub client_root: Option<TlsRoot>,
}

/// A chaincode that is being served, on threads of its own. Dropping the value ends the service at once.
#[derive(Debug)]
pub struct Service {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    server: JoinHandle<Result<(), tonic::transport::Error>>,
    /// The permits of calls, and their bounds.
    admitted: Arc<Semaphore>,
    limits: Limits,
    /// `None` after the end.
    runtime: Option<Runtime>,
}

impl Service {
    /// Serves `chaincode` at `address`; port 0 lets the system choose. Without `tls`, the address must be a loopback
    /// address.
    ///
    /// # Errors
    /// [`ServeError`].
    pub fn start(chaincode: Chaincode, address: SocketAddr, tls: Option<ServerTls>) -> Result<Self, ServeError> {
        let io = |action| move |source| ServeError::Io { action, source };
        if tls.is_none() && !address.ip().is_loopback() {
            return Err(ServeError::NoTls { address });
        }
        let Chaincode { package: id, contract, organisations, limits } = chaincode;
        if id.is_empty() {
            return Err(ServeError::NoPackage);
        }
        let mut builder = Server::builder()
            // A peer opens one stream. More streams let a peer dial again before its old stream has ended.
            .max_concurrent_streams(4)
            .http2_keepalive_interval(Some(Duration::from_secs(60)))
            .tcp_nodelay(true);
        if let Some(ServerTls { identity, client_root }) = tls {
            let mut config = ServerTlsConfig::new().identity(identity.to_tonic()).timeout(HANDSHAKE);
            if let Some(root) = client_root {
                config = config.client_ca_root(root.to_tonic());
            }
            builder = builder.tls_config(config).map_err(|error| ServeError::Tls(chain(&error)))?;
        }
        let mut threads = Builder::new_multi_thread();
        // The blocking threads run only calls.
        threads.worker_threads(2).max_blocking_threads(limits.running.max(1)).enable_all();
        let runtime = threads.build().map_err(io("start threads"))?;
        let listener = runtime.block_on(TcpListener::bind(address)).map_err(io("listen"))?;
        let address = listener.local_addr().map_err(io("listen"))?;
        let (stop, stopped) = watch::channel(false);
        let admitted = Arc::new(Semaphore::new(limits.running + limits.waiting));
        let host = Arc::new(Host {
            id,
            organisations,
            contract,
            limits,
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
            admitted: Arc::clone(&admitted),
            stop: stopped.clone(),
        });
        let mut signal = stopped;
        let signal = async move { _ = signal.wait_for(|stop| *stop).await };
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let server = builder.serve_with_incoming_shutdown(Grpc(host), incoming, signal);
        Ok(Self { address, stop, server: runtime.spawn(server), admitted, limits, runtime: Some(runtime) })
    }

    /// The address at which peers reach the service.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether the server has ended by itself.
    pub fn has_ended(&self) -> bool {
        self.server.is_finished()
    }

    /// Refuses new calls, waits until the running calls have ended, and ends. A connection without a call is cut off if its
    /// peer does not end it at once.
    ///
    /// # Errors
    /// [`ServeError::Server`]; [`ServeError::StillRunning`] if a call ran on for longer than its patience; the service has
    /// ended all the same.
    pub fn stop(mut self) -> Result<(), ServeError> {
        _ = self.stop.send(true);
        let Some(runtime) = self.runtime.take() else { return Ok(()) };
        let grace = self.limits.patience + GRACE;
        let calls = u32::try_from(self.limits.running + self.limits.waiting).unwrap_or(u32::MAX);
        let ended = runtime.block_on(async {
            // A call has given its permit back when its answer is with the connection.
            let calls = timeout(grace, self.admitted.acquire_many(calls)).await;
            (calls.is_ok(), timeout(FAREWELL, &mut self.server).await)
        });
        runtime.shutdown_background();
        match ended {
            (false, _) => Err(ServeError::StillRunning(grace)),
            (true, Ok(Ok(ended))) => Ok(ended?),
            (true, Ok(Err(_))) => Err(ServeError::Panicked),
            // Whoever has a connection open could keep the service from its end.
            (true, Err(_)) => Ok(()),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// How long a TLS handshake may take, as in Fabric's own shim.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long calls may take to end beyond their patience.
const GRACE: Duration = Duration::from_secs(5);
/// How long connections may take to end after their last call.
const FAREWELL: Duration = Duration::from_millis(500);
/// The most connections of peers at one time. A peer has one.
const CONNECTIONS: usize = 64;
/// The longest frame: Fabric's own limit. A longer one ends the connection.
const FRAME_LIMIT: usize = 100 << 20;

/// `protos.Chaincode` in the form that tonic serves.
#[derive(Clone)]
struct Grpc(Arc<Host>);

impl TowerService<http::Request<tonic::body::Body>> for Grpc {
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let host = Arc::clone(&self.0);
        Box::pin(async move {
            if request.uri().path() != "/protos.Chaincode/Connect" {
                return Ok(Status::unimplemented("no such method").into_http());
            }
            let frames = Frames::<ChaincodeMessage, Incoming>::default();
            let mut grpc = tonic::server::Grpc::new(frames).max_decoding_message_size(FRAME_LIMIT);
            Ok(grpc.streaming(Connect(host), request).await)
        })
    }
}

/// The method `Connect`.
struct Connect(Arc<Host>);

impl tonic::server::StreamingService<Incoming> for Connect {
    type Response = ChaincodeMessage;
    type ResponseStream = BoxStream<ChaincodeMessage>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Streaming<Incoming>>) -> Self::Future {
        let host = Arc::clone(&self.0);
        Box::pin(async move {
            let Ok(connection) = Arc::clone(&host.connections).try_acquire_owned() else {
                return Err(Status::resource_exhausted("too many connections"));
            };
            // Up to 16 messages wait here for a peer that does not read. After that, the sender waits.
            let (out, messages) = mpsc::channel(16);
            tokio::spawn(converse(host, request.into_inner(), out));
            // The connection occupies its permit until its last message is sent or the peer has gone.
            let counted = move |message| {
                let _ = &connection;
                Ok(message)
            };
            let messages: Self::ResponseStream = Box::pin(ReceiverStream::new(messages).map(counted));
            Ok(Response::new(messages))
        })
    }
}
