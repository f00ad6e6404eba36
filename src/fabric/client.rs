//! The ledger of a Fabric network as the participants see it: several gateways behind one blocking client.
//!
//! ```text
//! transact(action)   propose, endorse           at one gateway after the other, until one answers or the patience ends
//!                    submit                     likewise, while it is certain that no orderer has the transaction
//!                    status                     at one gateway after the other, until the patience ends
//! ask(query)         evaluate                   at one gateway after the other
//! events(from)       chaincode events           at one gateway after the other
//! ```
//!
//! - Endorsing and asking change nothing, so the client repeats them where a repetition can succeed.
//! - A transaction is not submitted again once an orderer may have it. From then on, the client only asks for its
//!   outcome; where no gateway gives the outcome in time, the error is [`Meaning::Unknown`] with the txid.
//! - Peers commit a block at different times. Where one gateway refuses, the client asks the others before the refusal
//!   stands; where one peer has endorsed and another has refused, it asks again for a short time.
//! - A gateway sees which certificates share a connection, so each certificate has connections of its own. All
//!   connections still come from one network address.
//!
//! The functions can be called inside and outside of a tokio runtime; they block their thread.

use super::blocks::{BlockError, Linked};
use super::draft::{AskedEvents, AskedStatus, Call, Draft, Endorsed, Proposed, Signed};
use super::endorsed::{EndorsedError, Endorsers};
use super::gateway::{Detail, Gateway, GatewayAddress, GatewayError, Verdict, block_by_number, chain_info};
use super::identity::{Identity, Organisation};
use super::messages::ChaincodeEvent;
use crate::contract::{Action, Creator, Event, Events, Ledger, LedgerError, Meaning, Query, Receipt};
use crate::hash::{Digest, sha256};
use crate::identity::{Certificate, IdentityError, Msp, ParticipantGroup, RevocationList};
use crate::ledger::{Code as ValidationCode, Nonce, Transient, TxId};
use crate::time::Millis;
use crate::wire::Wire;
use rand_core::CryptoRng;
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, SystemTime};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep, timeout};
use tonic::Code;

/// What a client needs to use a network.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The gateways, at least one. They should belong to different organisations.
    pub gateways: Vec<GatewayAddress>,
    /// The channel.
    pub channel: String,
    /// The name under which the contract was committed on the channel.
    pub chaincode: String,
    /// The organisations of the participants, with their roots.
    pub members: Vec<Organisation>,
    /// Whose endorsements a transaction must have before it is signed.
    pub endorsers: Endorsers,
    /// How long endorsing, submitting and asking may take, each.
    pub patience: Duration,
    /// How long the verdict on a transaction may take after it was submitted.
    pub commit_patience: Duration,
}

impl Settings {
    /// A default for [`patience`](Self::patience).
    pub const PATIENCE: Duration = Duration::from_secs(30);
    /// A default for [`commit_patience`](Self::commit_patience).
    pub const COMMIT_PATIENCE: Duration = Duration::from_secs(60);
}

/// The errors of a client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The settings name no gateway.
    #[error("the settings name no gateway")]
    NoGateway,
    /// The settings demand more organisations than they list, or none.
    #[error("{at_least} endorsing organisations are demanded where {listed} are listed")]
    Endorsers {
        /// The number that is demanded.
        at_least: usize,
        /// The number that is listed.
        listed: usize,
    },
    /// Two endorsing organisations have the same MSP identifier or root, so one peer could endorse for both.
    #[error("the endorsing organisations {0} and {1} have the same MSP identifier or the same root")]
    SameOrganisation(String, String),
    /// No organisation of the settings has issued the certificate.
    #[error("no organisation of the settings has issued the certificate of {0}")]
    UnknownOrganisation(crate::identity::MemberId),
    /// The last error of each gateway.
    #[error("{}", Lines(.0))]
    Gateways(Vec<GatewayError>),
    /// The transaction is in a block, and not valid.
    #[error("transaction {txid} is in block {block} with code {code}")]
    Invalid {
        /// The transaction.
        txid: TxId,
        /// The block.
        block: u64,
        /// Fabric's validation code.
        code: i32,
    },
    /// A certificate or root was refused.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A block does not belong in its place of the chain.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// The operating system refused to start threads.
    #[error("cannot start threads: {0}")]
    Threads(#[from] std::io::Error),
    /// A task of the client has panicked.
    #[error("a task of the client has panicked")]
    Panicked,
}

struct Lines<'a>(&'a [GatewayError]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if i == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// A client of a Fabric network.
pub struct Client {
    shared: Arc<Shared>,
    msp: Vec<RevocationList>,
    /// The nonces of questions are derived from this seed and `asked`.
    seed: [u8; 32],
    asked: AtomicU64,
    /// `None` after the end.
    runtime: Option<Runtime>,
}

struct Shared {
    settings: Settings,
    /// The gateway that answered last.
    good: AtomicUsize,
    /// The gateways by the fingerprint of the certificate that uses the connections, the last one used last.
    connections: Mutex<VecDeque<(Digest, Gateways)>>,
}

type Gateways = Arc<[Gateway]>;

/// The most certificates that have connections at one time. The connections of the least recently used certificate are
/// closed first.
const CONNECTIONS: usize = 64;
/// The longest wait for one gateway before the next one is asked.
const TURN: Duration = Duration::from_secs(10);
/// How long another gateway is asked after one has refused.
const LAG: Duration = Duration::from_secs(1);
/// How long after the first question a difference between peers is taken for a block that one of them has not committed
/// yet, and a lack of endorsers for a gateway that has just started.
const SETTLE: Duration = Duration::from_secs(5);
/// How long [`Ledger::outcome`] waits for a transaction that is in no block.
const GLANCE: Duration = Duration::from_secs(1);
/// After this time without a further event, a stream is taken to have no more events.
const LULL: Duration = Duration::from_millis(50);
/// The most blocks with events that are read at once.
const EVENT_BLOCKS: usize = 1024;
/// The first pause between two rounds over all gateways; it doubles up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

impl Client {
    /// A client of the network. It connects when it is used. `rng` seeds the nonces of questions.
    ///
    /// # Errors
    /// [`LedgerError`] with [`ClientError`] or [`GatewayError`].
    pub fn new(settings: Settings, rng: &mut impl CryptoRng) -> Result<Self, LedgerError> {
        let unavailable = |error: ClientError| LedgerError::new(Meaning::Unavailable, error);
        if settings.gateways.is_empty() {
            return Err(unavailable(ClientError::NoGateway));
        }
        let (at_least, listed) = (settings.endorsers.at_least, settings.endorsers.organisations.len());
        if !(1..=listed).contains(&at_least) {
            return Err(unavailable(ClientError::Endorsers { at_least, listed }));
        }
        for (i, one) in settings.endorsers.organisations.iter().enumerate() {
            let group = ParticipantGroup::Ledger;
            if Msp::new().trust(&one.root)? != group {
                let organisation = one.root.subject().organisation.clone();
                return Err(IdentityError::WrongGroup { organisation, group }.into());
            }
            let same = |other: &&Organisation| other.mspid == one.mspid || other.root == one.root;
            if let Some(other) = settings.endorsers.organisations[..i].iter().find(same) {
                let (other, one) = (other.mspid.clone(), one.mspid.clone());
                return Err(unavailable(ClientError::SameOrganisation(other, one)));
            }
        }
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| unavailable(error.into()))?;
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let (good, connections) = (AtomicUsize::new(0), Mutex::new(VecDeque::new()));
        let shared = Arc::new(Shared { settings, good, connections });
        let client = Self { shared, msp: Vec::new(), seed, asked: AtomicU64::new(0), runtime: Some(runtime) };
        // Detects wrong addresses and roots.
        client.enter(|| open(&client.shared.settings.gateways))?;
        client.msp()?;
        Ok(client)
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// Adds a revocation list to those of [`Ledger::msp`]. The peers do not use this list: they read the CRLs of the
    /// MSPs in the channel's configuration.
    ///
    /// # Errors
    /// [`LedgerError`] if no participants' root of the settings has signed the list, or a newer list was added.
    pub fn revoke(&mut self, list: RevocationList) -> Result<(), LedgerError> {
        self.msp()?.revoke(&list)?;
        self.msp.push(list);
        Ok(())
    }

    /// The identity of the holder of this certificate, with the MSP identifier of the organisation that issued it.
    ///
    /// # Errors
    /// [`LedgerError`] with [`ClientError::UnknownOrganisation`].
    pub fn identity(&self, certificate: &Certificate) -> Result<Identity, LedgerError> {
        let settings = self.settings();
        let mut organisations = settings.members.iter().chain(&settings.endorsers.organisations);
        let issuer = organisations.find(|organisation| organisation.root.subject() == certificate.issuer());
        let unknown = || LedgerError::new(Meaning::Denied, ClientError::UnknownOrganisation(certificate.subject().id));
        let mspid = issuer.ok_or_else(unknown)?.mspid.clone();
        Ok(Identity { mspid, certificate: certificate.clone() })
    }

    /// A proposal of `action`, to be signed.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn propose(
        &self,
        action: &Action,
        creator: &Certificate,
        nonce: &Nonce,
        now: Millis,
    ) -> Result<Draft<Proposed>, LedgerError> {
        let (settings, action) = (self.settings(), action.to_bytes());
        let call = Call {
            channel: &settings.channel,
            chaincode: &settings.chaincode,
            args: &[b"invoke", &action],
            transient: &Transient::default(),
        };
        Ok(Draft::propose(&call, &self.identity(creator)?, nonce, now)?)
    }

    /// Asks for endorsements and checks them. The result is the transaction, to be signed.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn endorse(
        &self,
        proposal: Signed<Proposed>,
        by: &Certificate,
        now: Millis,
    ) -> Result<Draft<Endorsed>, LedgerError> {
        let (shared, gateways) = self.connect(by)?;
        self.run(async move { shared.endorse(&gateways, &proposal, now).await })
    }

    /// Submits a transaction to the orderers and waits for its verdict. `asked` is the signed question for the verdict.
    ///
    /// # Errors
    /// [`LedgerError`]; [`Meaning::Unknown`] where an orderer may have the transaction and the outcome is unknown.
    pub fn submit(
        &self,
        transaction: Signed<Endorsed>,
        asked: Signed<AskedStatus>,
        by: &Certificate,
    ) -> Result<Verdict, LedgerError> {
        let txid = transaction.content().txid;
        let (shared, gateways) = self.connect(by)?;
        let committed = self.run(async move { shared.submit(&gateways, &transaction, &asked).await });
        // The task may have submitted the transaction before it panicked.
        committed.map_err(|error| match error.words().downcast_ref() {
            Some(ClientError::Panicked) => LedgerError::new(Meaning::Unknown(txid), ClientError::Panicked),
            _ => error,
        })
    }

    /// The question for the verdict on a transaction, to be signed.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn ask_status(&self, txid: TxId, by: &Certificate) -> Result<Draft<AskedStatus>, LedgerError> {
        Ok(Draft::status(&self.settings().channel, txid, &self.identity(by)?)?)
    }

    /// The length of the chain of a peer of `organisation`; without one, of any peer.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn height(&self, organisation: Option<&str>, by: &Creator<'_>) -> Result<u64, LedgerError> {
        let (identity, settings) = (self.identity(by.certificate)?, self.settings());
        let asked = chain_info(&settings.channel, &identity, &self.nonce(), clock())?.sign(by.key)?;
        let (shared, gateways) = self.connect(by.certificate)?;
        let organisations: Vec<_> = organisation.map(str::to_owned).into_iter().collect();
        self.run(async move {
            let ask = async |gateway: Gateway, turn| gateway.chain_info(&asked, &organisations, turn).await;
            Ok(shared.any(&gateways, ask).await?.height)
        })
    }

    /// Block `number` of a peer of `organisation`; without one, of any peer. It must follow a block with the hash
    /// `previous`, if one is given.
    ///
    /// # Errors
    /// [`LedgerError`]; [`Meaning::Malformed`] with [`BlockError`].
    pub fn block(
        &self,
        number: u64,
        previous: Option<Digest>,
        organisation: Option<&str>,
        by: &Creator<'_>,
    ) -> Result<Linked, LedgerError> {
        let (identity, settings) = (self.identity(by.certificate)?, self.settings());
        let asked = block_by_number(&settings.channel, number, &identity, &self.nonce(), clock())?.sign(by.key)?;
        let (shared, gateways) = self.connect(by.certificate)?;
        let organisations: Vec<_> = organisation.map(str::to_owned).into_iter().collect();
        let block = self.run(async move {
            let ask = async |gateway: Gateway, turn| gateway.block(&asked, &organisations, turn).await;
            shared.any(&gateways, ask).await
        })?;
        let wrong = |error| LedgerError::new(Meaning::Malformed, ClientError::Block(error));
        Linked::check(block, number, previous).map_err(wrong)
    }

    /// The connections of this certificate.
    fn connect(&self, by: &Certificate) -> Result<(Arc<Shared>, Gateways), LedgerError> {
        let fingerprint = by.fingerprint();
        let mut connections = self.shared.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let known = connections.iter().position(|(known, _)| *known == fingerprint);
        let gateways = match known.and_then(|at| connections.remove(at)) {
            Some((_, gateways)) => gateways,
            None => self.enter(|| open(&self.shared.settings.gateways))?,
        };
        if connections.len() >= CONNECTIONS {
            connections.pop_front();
        }
        connections.push_back((fingerprint, Arc::clone(&gateways)));
        Ok((Arc::clone(&self.shared), gateways))
    }

    /// A nonce that this client has not used.
    fn nonce(&self) -> Nonce {
        let number = self.asked.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut nonce = [0; 24];
        nonce.copy_from_slice(&sha256(&[&self.seed, &number]).0[..24]);
        Nonce(nonce)
    }

    /// Runs `operation` in the context of the client's tokio runtime.
    fn enter<T>(&self, operation: impl FnOnce() -> T) -> T {
        let _entered = self.runtime.as_ref().map(Runtime::enter);
        operation()
    }

    /// Runs a task on the client's own threads and waits for its result. Unlike `block_on`, it does not panic inside
    /// another runtime.
    fn run<T: Send + 'static>(
        &self,
        task: impl Future<Output = Result<T, LedgerError>> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let run = async move { _ = sender.send(task.await) };
        match &self.runtime {
            Some(runtime) => drop(runtime.spawn(run)),
            None => drop(run),
        }
        receiver.recv().unwrap_or_else(|_| Err(LedgerError::new(Meaning::Unavailable, ClientError::Panicked)))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn open(addresses: &[GatewayAddress]) -> Result<Gateways, LedgerError> {
    let gateways = addresses.iter().map(Gateway::new).collect::<Result<Vec<_>, _>>();
    Ok(gateways.map_err(|error| LedgerError::new(Meaning::Unavailable, error))?.into())
}

/// The time of a question, from the clock of this machine.
fn clock() -> Millis {
    SystemTime::now().into()
}

impl Shared {
    /// The gateways in turn, beginning with the one that answered last, each with the time to wait for it. The time
    /// until `end` is shared among the gateways, so that the others are still asked after one that does not answer.
    fn in_turn<'a>(
        &self,
        gateways: &'a [Gateway],
        end: Instant,
    ) -> impl Iterator<Item = (usize, &'a Gateway, Duration)> + use<'a> {
        let (first, all) = (self.good.load(Ordering::Relaxed), gateways.len());
        (0..).take(all).map(move |asked| {
            let i = (first + asked) % all;
            let left = u32::try_from(all - asked).unwrap_or(u32::MAX);
            (i, &gateways[i], TURN.min(end.saturating_duration_since(Instant::now()) / left))
        })
    }

    /// Asks the gateways in turn for something that changes nothing, until one answers, the answer is final, or the
    /// patience ends.
    async fn any<T, F>(&self, gateways: &[Gateway], ask: impl Fn(Gateway, Duration) -> F) -> Result<T, LedgerError>
    where
        F: Future<Output = Result<T, GatewayError>>,
    {
        let begin = Instant::now();
        let end = begin + self.settings.patience;
        let (mut pause, mut told) = (PAUSE, Vec::new());
        loop {
            let mut errors = Vec::new();
            let mut refused = None;
            for (i, gateway, turn) in self.in_turn(gateways, end) {
                let turn = if refused.is_some() { turn.min(LAG) } else { turn };
                match ask(gateway.clone(), turn).await {
                    Ok(answer) => {
                        self.good.store(i, Ordering::Relaxed);
                        return Ok(answer);
                    }
                    Err(error) => {
                        // A gateway that refuses has answered.
                        if refused.is_none() && is_final(&error, begin.elapsed()) {
                            self.good.store(i, Ordering::Relaxed);
                            refused = Some(errors.len());
                        }
                        errors.push(error);
                    }
                }
            }
            // A peer that has not committed the last block yet refuses what another one accepts.
            if let Some(refused) = refused {
                return Err(failed(errors.split_off(refused)));
            }
            // In the last round, all gateways may time out; the errors of the round before are then kept.
            if told.is_empty() || errors.iter().any(|error| meaning(error) != Meaning::Timeout) {
                told = errors;
            }
            if Instant::now() + pause >= end {
                return Err(failed(told));
            }
            sleep(pause).await;
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
    }

    async fn endorse(
        &self,
        gateways: &[Gateway],
        proposal: &Signed<Proposed>,
        now: Millis,
    ) -> Result<Draft<Endorsed>, LedgerError> {
        let endorsers = &self.settings.endorsers;
        self.any(gateways, async |gateway, turn| gateway.endorse(proposal, &[], endorsers, now, turn).await).await
    }

    /// Submits a transaction while it is certain that no orderer has it; then asks for its outcome.
    async fn submit(
        &self,
        gateways: &[Gateway],
        transaction: &Signed<Endorsed>,
        asked: &Signed<AskedStatus>,
    ) -> Result<Verdict, LedgerError> {
        let end = Instant::now() + self.settings.patience;
        let mut pause = PAUSE;
        let mut told = Vec::new();
        'submitted: loop {
            let mut errors = Vec::new();
            for (i, gateway, turn) in self.in_turn(gateways, end) {
                match gateway.submit(transaction, turn).await {
                    Ok(()) => {
                        self.good.store(i, Ordering::Relaxed);
                        break 'submitted;
                    }
                    Err(error) if error.may_have_arrived() => {
                        told.push(error);
                        break 'submitted;
                    }
                    Err(error) => errors.push(error),
                }
            }
            // No orderer has the transaction.
            let refused = errors.iter().any(|error| meaning(error) == Meaning::Denied);
            if refused || Instant::now() + pause >= end {
                return Err(failed(errors));
            }
            sleep(pause).await;
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
        self.outcome(gateways, asked, self.settings.commit_patience, told).await
    }

    /// Asks the gateways in turn for the outcome of a transaction that may have been ordered.
    async fn outcome(
        &self,
        gateways: &[Gateway],
        asked: &Signed<AskedStatus>,
        patience: Duration,
        mut told: Vec<GatewayError>,
    ) -> Result<Verdict, LedgerError> {
        let end = Instant::now() + patience;
        let said = told.len();
        loop {
            told.truncate(said);
            for (_, gateway, turn) in self.in_turn(gateways, end) {
                match gateway.status(asked, turn).await {
                    Ok(verdict) => return Ok(verdict),
                    Err(error) => told.push(error),
                }
            }
            if Instant::now() + PAUSE >= end {
                let txid = asked.content().txid;
                return Err(LedgerError::new(Meaning::Unknown(txid), ClientError::Gateways(told)));
            }
            sleep(PAUSE).await;
        }
    }
}

/// The events that a gateway has, block by block. Waits for the first one.
async fn read_events(
    gateway: &Gateway,
    asked: &Signed<AskedEvents>,
    patience: Duration,
) -> Result<Vec<(u64, Vec<ChaincodeEvent>)>, GatewayError> {
    let (mut stream, mut blocks, mut wait) = (gateway.events(asked), Vec::new(), patience);
    while blocks.len() < EVENT_BLOCKS {
        match timeout(wait, stream.next()).await {
            Ok(Ok(Some(block))) => blocks.push(block),
            Ok(Err(error)) if blocks.is_empty() => return Err(error),
            // The events that came before the error are valid.
            Ok(Ok(None) | Err(_)) | Err(_) => break,
        }
        wait = LULL;
    }
    Ok(blocks)
}

/// Whether neither another gateway nor a later attempt can give another answer. `elapsed`: since the first question.
fn is_final(error: &GatewayError, elapsed: Duration) -> bool {
    match (meaning(error), error) {
        // One peer has endorsed (internal/pkg/gateway/endorse.go), so the peers are not at the same block.
        (Meaning::Refused(_), GatewayError::Status { message, .. })
            if message.starts_with("failed to collect enough transaction endorsements") =>
        {
            elapsed > SETTLE
        }
        (Meaning::Policy, _) => elapsed > SETTLE,
        (Meaning::Refused(_) | Meaning::Denied | Meaning::Duplicate, _) => true,
        _ => false,
    }
}

fn failed(errors: Vec<GatewayError>) -> LedgerError {
    let unavailable = |meaning: &Meaning| matches!(meaning, Meaning::Unavailable | Meaning::Timeout);
    // The answer of a gateway takes precedence over another gateway that cannot be reached.
    let meanings: Vec<_> = errors.iter().map(meaning).collect();
    let told = meanings.iter().find(|meaning| !unavailable(meaning)).or(meanings.last());
    let meaning = told.copied().unwrap_or(Meaning::Unavailable);
    LedgerError::new(meaning, ClientError::Gateways(errors))
}

/// What the error of a gateway means.
fn meaning(error: &GatewayError) -> Meaning {
    match error {
        GatewayError::Status { code, message, details, .. } => of_status(*code, message, details),
        GatewayError::Timeout { .. } => Meaning::Timeout,
        GatewayError::Endorsed { source: EndorsedError::TooFew { .. }, .. } => Meaning::Policy,
        GatewayError::Endorsed { .. } | GatewayError::Malformed { .. } => Meaning::Malformed,
        GatewayError::Address { .. } | GatewayError::Unreachable { .. } => Meaning::Unavailable,
        GatewayError::Identity(_) => Meaning::Denied,
    }
}

/// The reason of a refusal is only in the texts of the details, one for each peer (internal/pkg/gateway/apiutils.go).
fn of_status(code: Code, message: &str, details: &[Detail]) -> Meaning {
    let refusals: Vec<u16> = details.iter().filter_map(|detail| refusal(&detail.message)).collect();
    let said = |words: &str| details.iter().any(|detail| detail.message.contains(words));
    match refusals.as_slice() {
        [first, rest @ ..] if rest.iter().all(|other| other == first) => return Meaning::Refused(*first),
        _ if said("duplicate transaction found") => return Meaning::Duplicate,
        // core/endorser, core/handlers/auth, and the chaincode's own 403.
        _ if [
            "error validating proposal",
            "request unauthorized",
            "client identity expired",
            "chaincode response 403",
        ]
        .into_iter()
        .any(said) =>
        {
            return Meaning::Denied;
        }
        _ => {}
    }
    match code {
        Code::PermissionDenied | Code::Unauthenticated | Code::InvalidArgument => Meaning::Denied,
        Code::Aborted if message.starts_with("received unsuccessful response from orderer") => Meaning::Denied,
        Code::DeadlineExceeded => Meaning::Timeout,
        // The codec found no message in the answer.
        Code::DataLoss => Meaning::Malformed,
        _ => Meaning::Unavailable,
    }
}

/// The code of a refusal, if a peer's text is `chaincode response 400, ` and the text of a
/// [`ContractRefusal`](crate::ledger::ContractRefusal).
fn refusal(message: &str) -> Option<u16> {
    let rest = message.strip_prefix("chaincode response 400, refused by the contract (code ")?;
    let (number, _) = rest.split_once("): ")?;
    let canonical = |code: &u16| code.to_string() == number;
    number.parse().ok().filter(canonical)
}

/// The validation code of a verdict, where [`ValidationCode`] has it.
fn code(verdict: Verdict, txid: TxId) -> Result<ValidationCode, LedgerError> {
    let known = u8::try_from(verdict.code).ok().and_then(|code| ValidationCode::from_bytes(&[code]).ok());
    let Verdict { code, block } = verdict;
    known.ok_or_else(|| LedgerError::new(Meaning::Malformed, ClientError::Invalid { txid, block, code }))
}

impl Ledger for Client {
    /// The roots of the participants. Those of the endorsers are in [`Settings::endorsers`].
    fn msp(&self) -> Result<Msp, LedgerError> {
        let (mut msp, settings) = (Msp::new(), self.settings());
        settings.members.iter().try_for_each(|member| msp.trust(&member.root).map(drop))?;
        for list in &self.msp {
            msp.revoke(list)?;
        }
        Ok(msp)
    }

    fn transact(
        &mut self,
        action: &Action,
        creator: &Creator<'_>,
        now: Millis,
        mut rng: &mut dyn CryptoRng,
    ) -> Result<Receipt, LedgerError> {
        let Creator { certificate, key } = *creator;
        let proposal = self.propose(action, certificate, &Nonce::random(&mut rng), now)?.sign(key)?;
        let (txid, signature) = (proposal.content().txid, proposal.signature());
        let transaction = self.endorse(proposal, certificate, now)?.sign(key)?;
        let asked = self.ask_status(txid, certificate)?.sign(key)?;
        let verdict = self.submit(transaction, asked, certificate)?;
        match Meaning::of_code(code(verdict, txid)?) {
            None => Ok(Receipt { txid, block: verdict.block, signature }),
            Some(meaning) => {
                let Verdict { code, block } = verdict;
                Err(LedgerError::new(meaning, ClientError::Invalid { txid, block, code }))
            }
        }
    }

    fn ask(&self, query: &Query, by: &Creator<'_>) -> Result<Vec<u8>, LedgerError> {
        let (identity, settings, question) = (self.identity(by.certificate)?, self.settings(), query.to_bytes());
        let call = Call {
            channel: &settings.channel,
            chaincode: &settings.chaincode,
            args: &[b"query", &question],
            transient: &Transient::default(),
        };
        let proposal = Draft::propose(&call, &identity, &self.nonce(), clock())?.sign(by.key)?;
        let (shared, gateways) = self.connect(by.certificate)?;
        self.run(async move {
            shared.any(&gateways, async |gateway: Gateway, turn| gateway.evaluate(&proposal, &[], turn).await).await
        })
    }

    /// Asks for a stream of events, and ends the stream after a short time without a further event.
    fn events(&self, from: u64, patience: Duration, by: &Creator<'_>) -> Result<Events, LedgerError> {
        let (identity, settings) = (self.identity(by.certificate)?, self.settings());
        let asked = Draft::events(&settings.channel, &settings.chaincode, Some(from), &identity)?.sign(by.key)?;
        let (shared, gateways) = self.connect(by.certificate)?;
        let blocks = self.run(async move {
            shared.any(&gateways, async |gateway, _| read_events(&gateway, &asked, patience).await).await
        })?;
        let mut read = Events { next: from, events: Vec::new() };
        for (number, events) in blocks {
            read.next = number + 1;
            for event in events {
                let wrong = |error| LedgerError::new(Meaning::Malformed, error);
                read.events.push((number, Event::read(&event.name, &event.payload).map_err(wrong)?));
            }
        }
        Ok(read)
    }

    fn outcome(&self, txid: TxId, by: &Creator<'_>) -> Result<Option<ValidationCode>, LedgerError> {
        let asked = self.ask_status(txid, by.certificate)?.sign(by.key)?;
        let (shared, gateways) = self.connect(by.certificate)?;
        let verdict = self.run(async move {
            let glance = async |gateway: Gateway, turn: Duration| match gateway.status(&asked, turn.min(GLANCE)).await {
                Err(GatewayError::Timeout { .. } | GatewayError::Status { code: Code::DeadlineExceeded, .. }) => {
                    Ok(None)
                }
                verdict => verdict.map(Some),
            };
            shared.any(&gateways, glance).await
        })?;
        verdict.map(|verdict| code(verdict, txid)).transpose()
    }
}

#[cfg(test)]
mod tests;
