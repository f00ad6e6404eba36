//! The schemes to compare with: `cargo bench --bench schemes --features schemes`. One thread. `PHI_PRE_ENGINE` selects an
//! engine other than the fastest. `phi-pre bench --schemes` measures all engines in one run, and prints sizes.

#![allow(clippy::expect_used, missing_docs, reason = "a bench that cannot be set up has nothing to measure")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use phi_pre::group::Engine;
use phi_pre::schemes::{Afgh06, Bbs98, BongJang, ByName, Ga07, Lv08, Scheme};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::hint::black_box;

const BATCH: usize = 64;

fn all(c: &mut Criterion) {
    if let Ok(name) = std::env::var("PHI_PRE_ENGINE") {
        name.parse().and_then(Engine::engage).expect("an engine of this machine").install();
    }
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().expect("a pool");
    scheme::<BongJang>(c);
    scheme::<ByName>(c);
    scheme::<Afgh06>(c);
    scheme::<Bbs98>(c);
    scheme::<Ga07>(c);
    scheme::<Lv08>(c);
}

fn scheme<S: Scheme>(c: &mut Criterion) {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let setup = S::setup(rng);
    let [(pk_a, sk_a), (pk_b, sk_b)] = [&b"A"[..], b"B"].map(|name| S::key_gen(&setup, name, rng));
    let to = S::delegatee(&pk_b, &sk_b);
    let rk = S::re_key_gen(&sk_a, to, rng).expect("two keys");
    let batch: Vec<_> = (0..BATCH).map(|_| S::enc(&pk_a, rng).0).collect();
    let moved = S::re_enc_many(&rk, &batch, rng).into_iter();
    let moved: Vec<_> = moved.map(|c| c.map_err(|error| error.to_string()).expect("valid")).collect();

    let mut group = c.benchmark_group(S::PROPERTIES.name);
    group.bench_function("KeyGen", |b| b.iter(|| S::key_gen(&setup, b"A", rng)));
    group.bench_function("Enc", |b| b.iter(|| S::enc(black_box(&pk_a), rng)));
    group.bench_function("ReKeyGen", |b| b.iter(|| S::re_key_gen(black_box(&sk_a), to, rng)));
    group.bench_function("ReEnc", |b| b.iter(|| S::re_enc(&rk, black_box(&batch[0]), rng)));
    group.bench_function("Dec of C", |b| b.iter(|| S::dec(&sk_a, black_box(&batch[0]))));
    group.bench_function("Dec of C'", |b| b.iter(|| S::dec_re(&sk_b, black_box(&moved[0]))));
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function(BenchmarkId::new("Enc", BATCH), |b| b.iter(|| S::enc_many(black_box(&pk_a), BATCH, rng)));
    group.bench_function(BenchmarkId::new("ReEnc", BATCH), |b| b.iter(|| S::re_enc_many(&rk, black_box(&batch), rng)));
    group.bench_function(BenchmarkId::new("Dec of C'", BATCH), |b| b.iter(|| S::dec_re_many(&sk_b, black_box(&moved))));
    group.finish();
}

criterion_group! { name = benches; config = Criterion::default().sample_size(20); targets = all }
criterion_main!(benches);
