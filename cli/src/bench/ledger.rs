//! `phi-pre bench --ledger`: committed transactions a second, and the processor time of each, on the embedded ledger and on
//! a Fabric network.
//!
//! Each client is a pseudonym that confirms records of its own, so no two transactions touch the same key. The embedded
//! ledger has three peers in this process, each of which endorses and commits, and a policy of two of three
//! organisations. The processor time counts this process and, for Fabric, the processes `peer`, `orderer` and `phi-pre`
//! of this machine.

use crate::output::Failure;
use crate::system;
use clap::Args;
use phi_pre::contract::{self, Action, PhiContract, RecordId};
use phi_pre::hash::Digest;
use phi_pre::identity::{Authority, Certificate, MemberId, ParticipantGroup, Role, SigningKey, Subject};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::{Config, CutRules, Network, Nonce, Organisation, Policy, Proposal, Signer, Transient};
use phi_pre::time::Seconds;
use phi_pre::wire::Wire;
use rand_core::CryptoRng;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The organisations of the embedded ledger, with one peer each.
const ORGANISATIONS: [&str; 3] = ["north", "south", "west"];

/// A ledger to measure.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Name {
    /// Three peers and an orderer in this process.
    Embedded,
    /// The network of --fabric.
    #[cfg(feature = "fabric")]
    Fabric,
}

/// Which ledger, how many clients, and how long they work.
#[derive(Clone, Args)]
pub(crate) struct Load {
    /// Measures committed transactions on this ledger.
    #[arg(long, value_enum, conflicts_with_all = ["schemes", "rounds", "json", "csv", "plot"])]
    ledger: Option<Name>,
    /// The description of the Fabric network.
    #[cfg(feature = "fabric")]
    #[arg(long, value_name = "PROFILE", required_if_eq("ledger", "fabric"), requires = "ledger")]
    fabric: Option<std::path::PathBuf>,
    /// The number of clients on the ledger.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..), requires = "ledger")]
    clients: u16,
    /// How long the clients work, in seconds.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..), requires = "ledger")]
    seconds: u64,
}

/// A pseudonym with its key.
struct Client(Certificate, SigningKey);

impl Load {
    /// Measures the chosen ledger. Returns whether one was chosen.
    pub(crate) fn run(&self) -> Result<bool, Failure> {
        match self.ledger {
            None => return Ok(false),
            #[cfg(feature = "fabric")]
            Some(Name::Embedded) if self.fabric.is_some() => return Err("--fabric is for --ledger fabric".into()),
            Some(Name::Embedded) => embedded(self)?,
            #[cfg(feature = "fabric")]
            Some(Name::Fabric) => {
                let profile = self.fabric.as_deref().ok_or("--fabric is needed")?;
                fabric(self, crate::fabric::Profile::read(profile, &mut system::rng()?)?)?;
            }
        }
        Ok(true)
    }

    fn clients(&self, users: &mut Authority, rng: &mut impl CryptoRng) -> Result<Vec<Client>, Failure> {
        let issue = |_| Ok(issue(users, "users", Role::User, system::seconds(), rng)?);
        (0..self.clients).map(issue).collect()
    }
}

fn issue(
    authority: &mut Authority,
    organisation: &str,
    role: Role,
    now: Seconds,
    rng: &mut impl CryptoRng,
) -> Result<Client, phi_pre::identity::IdentityError> {
    let (key, subject) = (SigningKey::random(rng), Subject::new(organisation, role, MemberId::random(rng))?);
    Ok(Client(authority.issue(&subject, &key.verifying_key(), None, now, rng)?, key))
}

/// A confirmation of a record that nobody writes.
fn confirmation(Client(certificate, _): &Client, rng: &mut impl CryptoRng) -> Action {
    let mut random = || {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        bytes
    };
    let (record, commitment) = (RecordId(Digest(random())), Commitment(Digest(random())));
    Action::Confirmation { record, id: certificate.subject().id.into(), commitment, hospital: MemberId(random()) }
}

/// Measures the embedded ledger: all clients submit a transaction, then the blocks are cut.
fn embedded(load: &Load) -> Result<(), Failure> {
    let (folder, mut rng, now) = (tempfile::tempdir()?, system::rng()?, system::seconds());
    let mut users = Authority::new(ParticipantGroup::Users, &mut rng, now)?;
    let (mut organisations, mut nodes) = (vec![Organisation::of_root(users.root())], Vec::new());
    for name in std::iter::once("orderer").chain(ORGANISATIONS) {
        let mut authority = Authority::of_organisation(name, &mut rng, now)?;
        let role = if nodes.is_empty() { Role::Orderer } else { Role::Peer };
        let Client(certificate, key) = issue(&mut authority, name, role, now, &mut rng)?;
        nodes.push(Signer { certificate, key });
        organisations.push(Organisation::of_root(authority.root()));
    }
    let config = Config {
        channel: "phi".to_owned(),
        contract: contract::NAME.to_owned(),
        organisations,
        policy: Policy::majority(&ORGANISATIONS),
        orderers: "orderer".to_owned(),
        cut: CutRules::default(),
        window: Config::WINDOW,
    };
    let peers = nodes.split_off(1);
    let orderer = nodes.remove(0);
    let mut network = Network::create(folder.path(), &config, orderer, peers, Arc::new(PhiContract))?;
    let clients = load.clients(&mut users, &mut rng)?;
    let (mut committed, used, start) = (0, Used::now(false), Instant::now());
    while start.elapsed() < Duration::from_secs(load.seconds) {
        for client @ Client(certificate, key) in &clients {
            let (action, now, nonce) = (confirmation(client, &mut rng), system::millis(), Nonce::random(&mut rng));
            let proposal = Proposal::new(&config.channel, &config.contract, nonce, certificate, now, action.to_bytes());
            network.submit(&proposal.sign(key), &Transient::default(), key, now)?;
        }
        network.flush()?;
        committed += clients.len();
    }
    report("embedded", load, committed, start.elapsed());
    used.report(committed);
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "a rate")]
fn report(what: &str, load: &Load, committed: usize, time: Duration) {
    let rate = committed as f64 / time.as_secs_f64();
    say!("{what}: {} clients, {:.1} s: {committed} transactions, {rate:.0} a second", load.clients, time.as_secs_f64());
}

/// The processor time that processes have used.
struct Used(Vec<(String, u32, f64)>);

impl Used {
    /// This process, and with `network` all processes of this machine that belong to a Fabric network.
    fn now(network: bool) -> Self {
        let own = std::process::id();
        let mut found: Vec<_> = std::fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
            .filter_map(|pid| {
                let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim().to_owned();
                let counts = pid == own || network && ["peer", "orderer", "phi-pre"].contains(&name.as_str());
                counts.then_some((name, pid, seconds(pid)?))
            })
            .collect();
        for (name, pid, _) in &mut found {
            *name = if *pid == own { "this process".to_owned() } else { format!("{name} {pid}") };
        }
        Self(found)
    }

    /// Prints what each process has used since.
    #[allow(clippy::cast_precision_loss, reason = "a mean")]
    fn report(&self, transactions: usize) {
        let mut sum = 0.0;
        for (name, pid, before) in &self.0 {
            let used = seconds(*pid).map_or(0.0, |now| now - before) * 1000.0 / transactions.max(1) as f64;
            sum += used;
            say!("  {name:<20} {used:>7.2} ms a transaction");
        }
        say!("  {:<20} {sum:>7.2} ms a transaction", "all");
    }
}

/// The processor time of a process, in seconds: user and system, in ticks of 10 ms (proc(5)).
fn seconds(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// Measures a Fabric network: each client waits for its transaction before it sends the next one.
#[cfg(feature = "fabric")]
fn fabric(load: &Load, profile: crate::fabric::Profile) -> Result<(), Failure> {
    use std::sync::{Mutex, OnceLock, PoisonError};
    let crate::fabric::Profile { client: gateways, authorities: [mut users, ..] } = profile;
    let clients = load.clients(&mut users, &mut system::rng()?)?;
    // The first failure ends the measurement.
    let (times, failed) = (Mutex::new(Vec::new()), OnceLock::new());
    let (used, start, length) = (Used::now(true), Instant::now(), Duration::from_secs(load.seconds));
    std::thread::scope(|scope| {
        for client in &clients {
            let mut rng = system::rng().map_err(|error| error.to_string());
            let (gateways, times, failed) = (&gateways, &times, &failed);
            let work = move || {
                while failed.get().is_none() && start.elapsed() < length {
                    let begin = Instant::now();
                    let done = rng.as_mut().map_err(|error| error.clone()).and_then(|rng| {
                        let (action, nonce) = (confirmation(client, rng), Nonce::random(rng));
                        transaction(gateways, client, &action, nonce).map_err(|error| error.to_string())
                    });
                    match done {
                        Ok(endorsed) => {
                            let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
                            times.push((endorsed - begin, begin.elapsed()));
                        }
                        Err(error) => _ = failed.set(format!("a client stopped: {error}")),
                    }
                }
            };
            if let Err(error) = std::thread::Builder::new().spawn_scoped(scope, work) {
                _ = failed.set(format!("starting a thread for a client: {error}"));
                break;
            }
        }
    });
    let times = times.into_inner().unwrap_or_default();
    report("fabric", load, times.len(), start.elapsed());
    for (what, quantity) in [("endorsement", 0), ("whole", 1)] {
        let mut one: Vec<_> = times.iter().map(|time| [time.0, time.1][quantity]).collect();
        one.sort_unstable();
        let at = |share: usize| one.get(one.len() * share / 100).map_or(0, Duration::as_millis);
        say!("  {what:<20} median {} ms, 95 % within {} ms", at(50), at(95));
    }
    used.report(times.len());
    failed.into_inner().map_or(Ok(()), |failure| Err(failure.into()))
}

/// Commits one transaction. Returns when it was endorsed.
#[cfg(feature = "fabric")]
fn transaction(
    gateways: &phi_pre::fabric::Client,
    Client(certificate, key): &Client,
    action: &Action,
    nonce: Nonce,
) -> Result<Instant, Failure> {
    let now = system::millis();
    let proposal = gateways.propose(action, certificate, &nonce, now)?.sign(key)?;
    let txid = proposal.content().txid;
    let transaction = gateways.endorse(proposal, certificate, now)?.sign(key)?;
    let endorsed = Instant::now();
    let asked = gateways.ask_status(txid, certificate)?.sign(key)?;
    match gateways.submit(transaction, asked, certificate)?.code {
        0 => Ok(endorsed),
        code => Err(format!("transaction {txid} was committed with code {code}").into()),
    }
}
