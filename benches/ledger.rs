//! The endorsement of a proposal and the validation of a block: the steps of the load that `load.rs` measures as a
//! whole.
//!
//! Every transaction has its own creator, as with pseudonyms: for each, one certificate, one transaction signature and
//! three endorsements are verified.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench")]

#[path = "../tests/ledger/world.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests")]
mod world;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use phi_pre::identity::Role;
use phi_pre::ledger::{Block, Channel, Network, Proposal, Signer, Transient, validate};
use phi_pre::wire::Wire;
use std::hint::black_box;
use world::{CHANNEL, NOW, World, enrol, signed_transaction};

const SIZES: [usize; 3] = [10, 100, 500];

/// Transactions of different creators that write different keys.
fn transactions(world: &mut World, network: &Network, count: usize) -> Vec<Vec<u8>> {
    let one = |n: usize| {
        let creator = enrol(&mut world.users, "users", Role::User, &mut world.rng);
        let action = format!("record/{n}").into_bytes();
        let proposal = Proposal::new(CHANNEL, "counter", world.nonce(), &creator.certificate, NOW, action);
        signed_transaction(network, proposal, &creator).to_bytes()
    };
    (0..count).map(one).collect()
}

fn ledger(c: &mut Criterion) {
    let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let network = world.counters(folder.path());
    let genesis = network.peer(0).unwrap().block(0).unwrap().block;

    let proposal = world.increment("n").sign(&world.alice.key);
    c.bench_function("ledger/endorse", |b| {
        let peer = network.peer(0).unwrap();
        b.iter(|| peer.endorse(black_box(&proposal), &Transient::default(), NOW).unwrap());
    });

    let all = transactions(&mut world, &network, 500);
    let Signer { certificate, key } = &world.orderer;
    let mut group = c.benchmark_group("ledger");
    group.sample_size(10);
    for size in SIZES {
        let block = Block::seal(1, Some(genesis.header.hash()), all[..size].to_vec(), certificate, key);
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(format!("validate/{size}"), |b| {
            let snapshot = network.peer(0).unwrap().snapshot().unwrap();
            b.iter_batched(
                || Channel::of_genesis(&genesis).unwrap(),
                |Channel { config, msp }| validate(black_box(&block), &config, &msp, &snapshot).unwrap(),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, ledger);
criterion_main!(benches);
