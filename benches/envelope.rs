//! Sealing and opening envelopes in memory, and the re-encryption of a file, whose cost does not depend on the size of
//! the file: `cargo bench --bench envelope`.

#![allow(clippy::expect_used, missing_docs, reason = "a bench that cannot be set up has nothing to measure")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use phi_pre::envelope::{Header, Opener, Sealer, Suite, encrypt_file, reencrypt_file};
use phi_pre::integrity::{Committer, Salt, literal};
use phi_pre::pre::{DecryptionKey, Params, ReKey, Seed};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::hint::black_box;

const SIZES: [usize; 3] = [1 << 10, 1 << 20, 1 << 26];

fn envelope(c: &mut Criterion) {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let params = Params::new(Seed::random(rng));
    let k_d = DecryptionKey::random(rng);
    let (public, k_e) = (k_d.public_key(&params), k_d.encryption_key(&params));
    let k_re = ReKey::new(&k_e, &DecryptionKey::random(rng).encryption_key(&params)).expect("two keys");

    for suite in [Suite::Aes256Gcm, Suite::ChaCha20Poly1305] {
        let mut group = c.benchmark_group(format!("{suite}"));
        for size in SIZES {
            let record = vec![7; size];
            let mut sealed = Vec::with_capacity(size + size / 1000 + 1000);
            group.throughput(Throughput::Bytes(size as u64));
            group.bench_with_input(BenchmarkId::new("seal", size), &record, |b, record| {
                b.iter(|| {
                    sealed.clear();
                    let sealer = Sealer::new(&params, &public, suite, rng).expect("a sealer");
                    sealer.seal(&mut &record[..], &mut sealed).expect("in memory")
                });
            });
            let header = Header::from_bytes(&sealed[..Header::BYTES]).expect("a header");
            group.bench_with_input(BenchmarkId::new("open", size), &sealed, |b, sealed| {
                b.iter(|| {
                    let opener = Opener::new(&header, &k_e).expect("the key");
                    opener.open(&mut &sealed[Header::BYTES..], &mut std::io::sink()).expect("whole")
                });
            });
        }
        group.finish();
    }

    let mut group = c.benchmark_group("integrity");
    let record = vec![7; 1 << 26];
    group.throughput(Throughput::Bytes(record.len() as u64));
    let salt = Salt::from_bytes([1; 32]);
    group.bench_function("salted commitment, one core", |b| b.iter(|| Committer::commit(&salt, black_box(&record))));
    group.bench_function("plain SHA-256", |b| b.iter(|| literal(&mut black_box(&record[..]))));
    group.finish();

    let dir = tempfile::tempdir().expect("a folder");
    let mut group = c.benchmark_group("re-encrypt a file in place");
    for size in SIZES {
        let (record, sealed) = (dir.path().join("record"), dir.path().join(format!("sealed-{size}")));
        std::fs::write(&record, vec![7; size]).expect("a record");
        encrypt_file(&params, &public, Suite::default(), rng, &record, &sealed, &|_| ()).expect("encrypted");
        group.bench_function(BenchmarkId::from_parameter(size), |b| b.iter(|| reencrypt_file(&k_re, &sealed)));
    }
    group.finish();
}

criterion_group! { name = benches; config = Criterion::default().sample_size(10); targets = envelope }
criterion_main!(benches);
