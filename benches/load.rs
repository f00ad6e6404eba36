//! The number of transactions that a peer commits per second, the bound that its signature checks set, and the effect
//! of a long chain: `cargo bench --bench load [-- RECORDS]`.
//!
//! The bare line verifies exactly the signatures that a commit must verify: for each transaction the creator's
//! certificate (each creator has its own, as with pseudonyms), the creator's signature, and one endorsement for each
//! organisation of the policy; all of this once for each peer. Both lines use all cores and are measured in turn. The
//! result is the best round.
#![allow(clippy::cast_precision_loss, clippy::unwrap_used, missing_docs, reason = "a bench")]

#[path = "../tests/ledger/world.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests")]
mod world;

use indicatif::{ProgressBar, ProgressStyle};
use phi_pre::identity::{Certificate, Member, Role, Signature, VerifyingKey};
use phi_pre::ledger::{
    Block, Committed, Config, Contract, CutRules, Endorsed, Endorsement, Entry, Invocation, Nonce, Payload, Peer,
    Policy, Proposal, SignedTransaction, Signer, Simulation, StoreError, Transaction, Transient, TxId,
};
use phi_pre::wire::Wire;
use rayon::prelude::*;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use world::{CHANNEL, Counter, NOW, ORGANISATIONS, World, enrol};

const TRANSACTIONS: usize = 1000;
const ROUNDS: usize = 5;
const CREATORS: usize = 64;

/// The state of an empty chain, in which no key exists.
struct Empty;

impl Committed for Empty {
    fn entry(&self, _: &str) -> Result<Option<Entry>, StoreError> {
        Ok(None)
    }

    fn knows(&self, _: &TxId) -> Result<bool, StoreError> {
        Ok(false)
    }
}

/// A transaction that writes its own key, simulated and endorsed by `endorsers`.
fn transaction(n: usize, creator: &Signer, endorsers: &[Signer]) -> SignedTransaction {
    let mut nonce = [0; 24];
    nonce[..8].copy_from_slice(&(n as u64).to_be_bytes());
    let action = format!("record/{n:064}").into_bytes();
    let nonce = Nonce(nonce);
    let proposal = Proposal::new(CHANNEL, "counter", nonce, &creator.certificate, NOW, action);
    let creator_member = member(&creator.certificate);
    let mut simulation = Simulation::new(&Empty);
    let call = Invocation {
        creator: &creator_member,
        certificate: &creator.certificate,
        timestamp: NOW,
        transient: &Transient::default(),
        action: &proposal.action,
    };
    let response = Counter.invoke(&mut simulation, &call).unwrap();
    let payload = Payload { proposal: proposal.digest(), response, rwset: simulation.finish() };
    let endorse = |peer: &Signer| {
        let endorsement = Endorsement::sign(&payload.to_bytes(), &peer.certificate, &peer.key);
        Endorsed { payload: payload.clone(), endorsement }
    };
    let answers = endorsers.iter().map(endorse).collect();
    Transaction::assemble(proposal, answers).unwrap().sign(&creator.key).unwrap()
}

fn member(certificate: &Certificate) -> Member {
    Member {
        organisation: certificate.subject().organisation.clone(),
        role: certificate.subject().role,
        id: certificate.subject().id,
        verifying_key: *certificate.verifying_key(),
        sealing_key: None,
    }
}

/// The parsed signatures of a transaction.
struct Bare {
    creator: Certificate,
    signed: Vec<(VerifyingKey, Vec<u8>, Signature)>,
}

impl Bare {
    fn new(signed: &SignedTransaction) -> Self {
        let transaction = Transaction::from_bytes(&signed.transaction).unwrap();
        let creator = transaction.proposal.creator.clone();
        let signature = |bytes: &[u8; 64]| Signature::from_bytes(bytes).unwrap();
        let own = (*creator.verifying_key(), signed.transaction.clone(), signature(&signed.signature));
        let payload = transaction.payload.to_bytes();
        let endorsed = transaction.endorsements.iter().map(|endorsement| {
            let message = [payload.as_slice(), endorsement.endorser.der()].concat();
            (*endorsement.endorser.verifying_key(), message, signature(&endorsement.signature))
        });
        let signed = core::iter::once(own).chain(endorsed).collect();
        Self { creator, signed }
    }

    fn verify(&self, issuer: &VerifyingKey, certificate: bool) {
        if certificate {
            self.creator.verify(issuer).unwrap();
        }
        for (key, message, signature) in &self.signed {
            key.verify(message, signature).unwrap();
        }
    }
}

fn config(world: &World, organisations: usize) -> Config {
    let policy = Policy::all(ORGANISATIONS[..organisations].iter().copied().map(Policy::organisation).collect());
    Config { policy, cut: CutRules::default(), ..world.config("counter") }
}

fn genesis(world: &World, config: &Config) -> Block {
    Block::seal(0, None, vec![config.to_bytes()], &world.orderer.certificate, &world.orderer.key)
}

fn chain(world: &World, genesis: &Block, transactions: &[SignedTransaction], size: usize) -> Vec<Block> {
    let mut previous = genesis.header.hash();
    let seal = |(number, transactions): (u64, &[SignedTransaction])| {
        let transactions = transactions.iter().map(Wire::to_bytes).collect();
        let Signer { certificate, key } = &world.orderer;
        let block = Block::seal(number, Some(previous), transactions, certificate, key);
        previous = block.header.hash();
        block
    };
    (1..).zip(transactions.chunks(size)).map(seal).collect()
}

fn peer(world: &World, folder: &Path, genesis: &Block, organisation: usize) -> Peer {
    Peer::create(folder, genesis, world.peers[organisation].clone(), Arc::new(Counter)).unwrap()
}

fn seconds(f: impl FnOnce()) -> f64 {
    let start = Instant::now();
    f();
    start.elapsed().as_secs_f64()
}

/// Measures a row. With `together`, all blocks are committed at once, as by a peer that is behind its orderer.
fn row(
    world: &World,
    transactions: &[Vec<SignedTransaction>],
    peers: usize,
    organisations: usize,
    size: usize,
    together: bool,
) {
    let genesis = genesis(world, &config(world, organisations));
    let transactions = &transactions[organisations - 1];
    let blocks = chain(world, &genesis, transactions, size);
    let bare: Vec<_> = transactions.iter().map(Bare::new).collect();
    let issuer = *world.users.root().verifying_key();
    let (mut alone, mut committed) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        // All blocks at once, or one by one; then no core can begin the next block early.
        let step = if together { bare.len() } else { size };
        alone = alone.min(seconds(|| {
            for bare in bare.chunks(step) {
                (0..peers * bare.len()).into_par_iter().for_each(|i| bare[i % bare.len()].verify(&issuer, true));
            }
        }));
        let folder = tempfile::tempdir().unwrap();
        let place = |i: usize| folder.path().join(i.to_string());
        let mut nodes: Vec<_> = (0..peers).map(|i| peer(world, &place(i), &genesis, i % 3)).collect();
        let step = if together { blocks.len() } else { 1 };
        committed = committed.min(seconds(|| {
            for blocks in blocks.chunks(step) {
                nodes.par_iter_mut().for_each(|peer| drop(peer.commit_all(blocks).unwrap()));
            }
        }));
        assert!(nodes.iter().all(|peer| peer.savepoint() == nodes[0].savepoint() && peer.height() > 1));
    }
    let [bare, commit] = [alone, committed].map(|time| TRANSACTIONS as f64 / time);
    let how = if together { "queued" } else { "one by one" };
    let ratio = commit / bare;
    println!("{peers:>5} {organisations:>13} {size:>10} {how:>11} {bare:>9.0} {commit:>9.0} {ratio:>6.2}");
}

fn throughput(world: &mut World) {
    let creators: Vec<_> =
        (0..TRANSACTIONS).map(|_| enrol(&mut world.users, "users", Role::User, &mut world.rng)).collect();
    let world = &*world;
    let of = |organisations: usize| {
        let endorsers = &world.peers[..organisations];
        let one = |(n, creator)| transaction(n, creator, endorsers);
        creators.par_iter().enumerate().map(one).collect::<Vec<_>>()
    };
    let transactions: Vec<_> = (1..=3).map(of).collect();
    println!("transactions a second; {TRANSACTIONS} of them, the best of {ROUNDS} rounds");
    println!("peers organisations block size      blocks      bare    commit  ratio");
    for (peers, organisations, size, together) in [
        (1, 3, 10, false),
        (1, 3, 10, true),
        (1, 3, 100, false),
        (1, 3, 100, true),
        (1, 3, 1000, false),
        (1, 1, 100, true),
        (1, 2, 100, true),
        (2, 3, 100, true),
        (3, 3, 100, true),
        (4, 3, 100, true),
        (5, 3, 100, true),
    ] {
        row(world, &transactions, peers, organisations, size, together);
    }
}

/// Measures a growing chain: one peer, one endorsement, blocks of 1000 transactions, each of which writes its own key.
fn growth(world: &mut World, records: usize) {
    let creators: Vec<_> =
        (0..CREATORS).map(|_| enrol(&mut world.users, "users", Role::User, &mut world.rng)).collect();
    let world = &*world;
    let (folder, genesis) = (tempfile::tempdir().unwrap(), genesis(world, &config(world, 1)));
    let mut node = peer(world, &folder.path().join("peer"), &genesis, 0);
    let issuer = *world.users.root().verifying_key();
    let bar = ProgressBar::new(records as u64);
    let style = "{msg} {wide_bar} {human_pos}/{human_len} records, {eta} left";
    bar.set_style(ProgressStyle::with_template(style).unwrap());
    println!(
        "\none peer, one organisation, blocks of {TRANSACTIONS}: medians of a tenth of the chain each, and the mean"
    );
    println!("  records   bare ms   commit ms  ratio    mean  MB on disk");
    let mut previous = genesis.header.hash();
    let blocks = records / TRANSACTIONS;
    let tenth = blocks.div_ceil(10).max(1);
    let (mut alone, mut committed) = (Vec::new(), Vec::new());
    for number in 1..=blocks {
        let first = number * TRANSACTIONS;
        let endorsers = &world.peers[..1];
        let one = |n: usize| transaction(n, &creators[n % CREATORS], endorsers);
        let transactions: Vec<_> = (first..first + TRANSACTIONS).into_par_iter().map(one).collect();
        let bare: Vec<_> = transactions.iter().map(Bare::new).collect();
        let Signer { certificate, key } = &world.orderer;
        let content = transactions.iter().map(Wire::to_bytes).collect();
        let block = Block::seal(number as u64, Some(previous), content, certificate, key);
        previous = block.header.hash();
        alone.push(seconds(|| bare.par_iter().for_each(|bare| bare.verify(&issuer, false))));
        committed.push(seconds(|| drop(node.commit(&block).unwrap())));
        bar.inc(TRANSACTIONS as u64);
        if number % tenth == 0 || number == blocks {
            // The mean includes the cost of checkpoints; the median does not.
            let mean = committed.iter().sum::<f64>() / committed.len() as f64 * 1e3;
            let [bare, commit] = [&mut alone, &mut committed].map(|times| {
                times.sort_by(f64::total_cmp);
                let median = times[times.len() / 2] * 1e3;
                times.clear();
                median
            });
            let size: u64 = std::fs::read_dir(folder.path().join("peer"))
                .unwrap()
                .map(|file| file.unwrap().metadata().unwrap().len())
                .sum();
            let (total, ratio, size) = (number * TRANSACTIONS, bare / commit, size / 1_000_000);
            bar.suspend(|| println!("{total:>9} {bare:>9.1} {commit:>11.1} {ratio:>6.2} {mean:>7.1} {size:>11}"));
        }
    }
    bar.finish_and_clear();
    let reopened = |name: &str, what: &str| {
        let start = Instant::now();
        let (node, opened) = Peer::open(&folder.path().join(name), world.peers[0].clone(), Arc::new(Counter)).unwrap();
        assert_eq!(node.height(), blocks as u64 + 1);
        let (seconds, replayed) = (start.elapsed().as_secs_f64(), opened.replayed);
        println!("opening it {what}: {seconds:.1} s, {replayed} blocks replayed");
    };
    // A copy of the files, as a killed process leaves them.
    let [live, killed] = ["peer", "killed"].map(|name| folder.path().join(name));
    std::fs::create_dir(&killed).unwrap();
    std::fs::hard_link(live.join("blocks"), killed.join("blocks")).unwrap();
    for file in ["state.redb", "verdicts"] {
        std::fs::copy(live.join(file), killed.join(file)).unwrap();
    }
    reopened("killed", "after a kill");
    println!("closing it: {:.1} s", seconds(|| drop(node)));
    reopened("peer", "again");
}

fn main() {
    let records = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(20_000);
    let mut world = World::new();
    throughput(&mut world);
    growth(&mut world, records);
}
