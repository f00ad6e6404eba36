//! The steps of the scheme: `cargo bench --bench pre`. Compare only times of one run. `PHI_PRE_ENGINE` selects an
//! engine other than the fastest.

#![allow(clippy::expect_used, missing_docs, reason = "a bench that cannot be set up has nothing to measure")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use phi_pre::group::Engine;
use phi_pre::pre::{Capsule, DecryptionKey, Handshake, Params, Party, ReKey, Scope, Seed, Session, SharedSecret};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::hint::black_box;

fn phases(c: &mut Criterion) {
    if let Ok(name) = std::env::var("PHI_PRE_ENGINE") {
        name.parse().and_then(Engine::engage).expect("an engine of this machine").install();
    }
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let params = Params::new(Seed::random(rng));
    let sk = SharedSecret::from_bytes([7; 32]);
    let k_d = DecryptionKey::random(rng);
    let (k_e, k_e_prime) = (k_d.encryption_key(&params), DecryptionKey::random(rng).encryption_key(&params));
    let public = k_d.public_key(&params);
    let k_re = ReKey::new(&k_e, &k_e_prime).expect("two keys");
    let (capsule, _) = public.encapsulate(&params, rng);
    let again = k_re.reencrypt(&capsule);
    let bytes = capsule.to_bytes();

    let mut group = c.benchmark_group("one record");
    group.bench_function("Diffie-Hellman, both sides", |b| {
        b.iter(|| {
            let (i, r) = (Handshake::new(Party::Initiator, rng), Handshake::new(Party::Responder, rng));
            let session = Session { initiator: (b"I", i.share()), responder: (b"R", r.share()) };
            (i.finish(&session, |_| true), r.finish(&session, |_| true))
        });
    });
    group.bench_function("derive k_d", |b| b.iter(|| params.derive(black_box(&sk), Scope::Record(b"id"))));
    group.bench_function("k_e", |b| b.iter(|| black_box(&k_d).encryption_key(&params)));
    group.bench_function("Y", |b| b.iter(|| black_box(&k_d).public_key(&params)));
    group.bench_function("encapsulate", |b| b.iter(|| public.encapsulate(&params, rng)));
    group.bench_function("k_re, Equation 1", |b| b.iter(|| ReKey::new(black_box(&k_e), &k_e_prime)));
    group.bench_function("prepare k_re", |b| b.iter(|| black_box(&k_re).prepare()));
    group.bench_function("re-encrypt, Equation 2", |b| b.iter(|| k_re.reencrypt(black_box(&capsule))));
    group.bench_function("decapsulate, Equation 3", |b| b.iter(|| k_e_prime.decapsulate(black_box(&again))));
    group.bench_function("capsule to bytes", |b| b.iter(|| black_box(&capsule).to_bytes()));
    group.bench_function("capsule from bytes, every check", |b| b.iter(|| Capsule::from_bytes(black_box(&bytes))));
    group.finish();

    let prepared = k_re.prepare();
    let mut group = c.benchmark_group("re-encrypt with prepared k_re");
    for n in [1, 8, 64] {
        let capsules: Vec<_> =
            public.encapsulate_many(&params, n, rng).into_iter().map(|(capsule, _)| capsule).collect();
        group.throughput(Throughput::Elements(n as u64));
        group.bench_with_input(BenchmarkId::from_parameter(n), &capsules, |b, capsules| {
            b.iter(|| prepared.reencrypt(black_box(capsules)));
        });
    }
    group.finish();
}

criterion_group! { name = benches; config = Criterion::default().sample_size(20); targets = phases }
criterion_main!(benches);
