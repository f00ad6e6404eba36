//! One connection of a peer, to its end.
//!
//! ```text
//! chaincode                                  peer
//!   Register (package identifier) ----------->
//!   <---------------------------- Registered, Ready (what the peer offers)
//!   <---------------------------- Transaction (channel, txid, arguments, signed proposal)
//!   GetState ------> <------ Response            as often as the contract reads
//!   WriteBatchState -> <------ Response            until all writes are sent, if the contract accepted; else PutState
//!   Completed (status, value, event) -------->
//!   <-- Keepalive, Keepalive -->
//! ```
//!
//! A message in the wrong place is answered by an error and ends the connection, as in Fabric's own shim
//! (fabric-chaincode-go, shim/handler.go); the peer dials again at its next call. Departures from that shim:
//! - the number of calls is bounded: [`Limits::running`] run, [`Limits::waiting`] wait, and further calls are refused;
//! - a call ends after [`Limits::patience`];
//! - a message above the limit fails only the call to which it belongs. Otherwise, anybody who may propose could end
//!   the connection;
//! - `Init` is refused, since the contract has no initial state.

use super::call::{MESSAGE_LIMIT, run};
use super::calls::{CallId, Calls};
use super::state::RemoteState;
use crate::fabric::codec::Frame;
use crate::fabric::messages::{AdditionalParams, ChaincodeId, ChaincodeMessage, Kind, MessageHead, decode};
use crate::identity::Organisations;
use crate::ledger::Contract;
use prost::Message;
use prost::bytes::Buf;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tonic::Streaming;
use tonic::codec::DecodeBuf;

/// The bounds of a chaincode.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most calls that run at one time on all connections together, each on a thread.
    pub running: usize,
    /// The most calls that wait until others have ended, each with at most 512 KiB.
    pub waiting: usize,
    /// How long a call may take, including the peer's answers. Fabric's own limit, `executetimeout`, is 30 seconds.
    pub patience: Duration,
}

/// How long an answer may wait for a peer that does not read, beyond the patience of its call.
const GRACE: Duration = Duration::from_secs(5);

impl Default for Limits {
    fn default() -> Self {
        Self { running: 32, waiting: 256, patience: Duration::from_secs(30) }
    }
}

/// What all connections share.
pub(super) struct Host {
    pub id: String,
    pub organisations: Organisations,
    pub contract: Arc<dyn Contract>,
    pub limits: Limits,
    /// A permit for each connection.
    pub connections: Arc<Semaphore>,
    /// A permit for each call that runs or waits.
    pub admitted: Arc<Semaphore>,
    /// True when the chaincode is to stop.
    pub stop: watch::Receiver<bool>,
}

/// A message of the peer; of a message that is too long, only the head and the length in bytes.
pub(super) enum Incoming {
    Message(ChaincodeMessage),
    TooLong(MessageHead, usize),
}

impl Frame for Incoming {
    fn read(frame: &mut DecodeBuf<'_>) -> Result<Self, prost::DecodeError> {
        match frame.remaining() {
            bytes if bytes > MESSAGE_LIMIT => Ok(Self::TooLong(MessageHead::decode(frame)?, bytes)),
            _ => ChaincodeMessage::decode(frame).map(Self::Message),
        }
    }
}

/// The state of a connection.
#[derive(Clone, Copy)]
enum Phase {
    /// The chaincode has sent the identifier of its package.
    Created,
    /// The peer has accepted the identifier of the package.
    Established,
    /// The peer may send calls. `batch`: the most writes in one message; 0: the peer accepts no batches.
    Ready { batch: usize },
}

/// Why a connection ends.
enum End {
    /// The peer has gone, or the chaincode stops.
    Gone,
    /// The peer has broken the protocol.
    Broken(String),
}

/// Serves the connection of a peer until either side ends it.
pub(super) async fn converse(host: Arc<Host>, input: Streaming<Incoming>, out: mpsc::Sender<ChaincodeMessage>) {
    let calls = Arc::new(Calls::new());
    let mut conversation = Conversation { host, calls: Arc::clone(&calls), out, phase: Phase::Created };
    let end = conversation.run(input).await;
    calls.close();
    if let End::Broken(why) = end {
        conversation.say(error(CallId::default(), &why)).await;
    }
}

struct Conversation {
    host: Arc<Host>,
    calls: Arc<Calls>,
    out: mpsc::Sender<ChaincodeMessage>,
    phase: Phase,
}

impl Conversation {
    async fn run(&mut self, mut input: Streaming<Incoming>) -> End {
        let payload = ChaincodeId { name: self.host.id.clone() }.encode_to_vec();
        self.say(ChaincodeMessage { kind: Kind::Register.into(), payload, ..ChaincodeMessage::default() }).await;
        let mut stop = self.host.stop.clone();
        let mut stopping = false;
        loop {
            if self.calls.is_closed() {
                return End::Broken("the peer does not read, or does not answer".to_owned());
            }
            let message = tokio::select! {
                message = input.message() => message,
                // The running calls continue to their end. New calls are refused.
                _ = stop.wait_for(|stop| *stop), if !stopping => {
                    stopping = true;
                    continue;
                }
                () = self.calls.idle(), if stopping => return End::Gone,
            };
            // A frame that is not a message, or the end of the connection.
            let Ok(Some(message)) = message else { return End::Gone };
            if let Err(why) = self.take(message).await {
                return End::Broken(why);
            }
        }
    }

    async fn take(&mut self, message: Incoming) -> Result<(), String> {
        let message = match message {
            Incoming::Message(message) => message,
            Incoming::TooLong(MessageHead { kind, txid, channel_id }, bytes) => {
                let id = CallId { channel: channel_id, txid };
                let why = format!("a message of {bytes} bytes, more than the limit of {MESSAGE_LIMIT}");
                // An answer that is too long reaches its call as an error.
                let head = error(id.clone(), &why);
                match Kind::try_from(kind) {
                    Ok(Kind::Transaction | Kind::Init) => self.say(head).await,
                    Ok(Kind::Response) if self.calls.answer(&id, head) => {}
                    _ => return Err(why),
                }
                return Ok(());
            }
        };
        let kind = message.kind();
        match (self.phase, kind) {
            (_, Kind::Keepalive) => self.say(message).await,
            (Phase::Created, Kind::Registered) => self.phase = Phase::Established,
            (Phase::Established, Kind::Ready) => self.phase = Phase::Ready { batch: batch(&message.payload) },
            (Phase::Ready { .. }, Kind::Response | Kind::Error) => {
                let id = CallId::of(&message);
                if !self.calls.answer(&id, message) {
                    return Err("an answer without a question".to_owned());
                }
            }
            (Phase::Ready { .. }, Kind::Init) => {
                self.say(error(CallId::of(&message), "the contract has no Init")).await;
            }
            (Phase::Ready { batch }, Kind::Transaction) => {
                let id = CallId::of(&message);
                if let Some(why) = self.begin(message, batch) {
                    self.say(error(id, why)).await;
                }
            }
            _ => return Err(format!("a message of kind {kind:?} in the wrong place")),
        }
        Ok(())
    }

    /// Begins a call. Returns why it cannot.
    fn begin(&self, message: ChaincodeMessage, batch: usize) -> Option<&'static str> {
        let Host { admitted, limits, stop, .. } = &*self.host;
        let admitted = Arc::clone(admitted).try_acquire_owned();
        // A chaincode that stops takes all permits, so this comes second.
        if *stop.borrow() {
            return Some("the chaincode stops");
        }
        let Ok(admitted) = admitted else { return Some("too many calls") };
        let id = CallId::of(&message);
        if !self.calls.begin(&id) {
            return Some("a call of this channel and txid is running");
        }
        let (host, calls, out) = (Arc::clone(&self.host), Arc::clone(&self.calls), self.out.clone());
        let (runtime, deadline) = (Handle::current(), Instant::now() + limits.patience);
        tokio::spawn(async move {
            let state = RemoteState::new(id.clone(), Arc::clone(&calls), out.clone(), runtime, deadline);
            let call = move || run(&*host.contract, &host.organisations, &message, state, batch);
            // Waits for one of the threads that run calls.
            let answer = tokio::task::spawn_blocking(call).await;
            // The peer may use the txid again as soon as it has the answer.
            calls.end(&id);
            let answer = answer.unwrap_or_else(|_| error(id, "the contract has panicked"));
            // A peer that does not read gets no answer.
            _ = timeout_at(deadline + GRACE, out.send(answer)).await;
            drop(admitted);
        });
        None
    }

    /// Sends a message. Ends the connection of a peer that does not read within the patience of a call.
    async fn say(&self, message: ChaincodeMessage) {
        if timeout(self.host.limits.patience, self.out.send(message)).await.is_err() {
            self.calls.close();
        }
    }
}

/// The most writes that the peer accepts in one message; 0: no batches.
fn batch(ready: &[u8]) -> usize {
    // Older peers send an empty payload. A payload that cannot be decoded is ignored, as in Fabric's shim.
    let params: AdditionalParams = decode("offer of the peer", ready, MESSAGE_LIMIT).unwrap_or_default();
    if params.use_write_batch { params.max_size_write_batch as usize } else { 0 }
}

fn error(id: CallId, why: &str) -> ChaincodeMessage {
    let CallId { channel, txid } = id;
    let payload = why.as_bytes().to_vec();
    ChaincodeMessage { kind: Kind::Error.into(), payload, txid, channel_id: channel, ..ChaincodeMessage::default() }
}
