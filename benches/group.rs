//! Operations of the groups, the phases of a pairing, and batches, by every engine of the machine in one run.
//!
//! `cargo bench --bench group --no-default-features --features blst` measures one thread; with the default features the
//! batches use all cores. Compare only times of one run. A time is for eight phases, or for the whole batch of 64.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use phi_pre::group::{Engine, G1, G2, G2Prepared, Gt, GtTable, RECORD_BYTES, Scalar, phase};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::array::from_fn;
use std::time::Duration;

const RECORDS: usize = 64;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

/// Measures one operation by each engine. The inputs are made once.
macro_rules! by_engine {
    ($criterion:expr, $name:literal, $elements:expr, |$engaged:ident| $body:expr) => {{
        let mut group = $criterion.benchmark_group($name);
        group.throughput(Throughput::Elements($elements as u64));
        for $engaged in Engine::available() {
            group.bench_function(BenchmarkId::from_parameter($engaged.engine()), |b| b.iter(|| $body));
        }
        group.finish();
    }};
}

fn phases(criterion: &mut Criterion) {
    let mut rng = rng();
    let p: [G1; 8] = from_fn(|_| G1::random(&mut rng));
    let f: [Gt; 8] = from_fn(|_| Gt::random(&mut rng));
    let q = G2Prepared::new(&G2::random(&mut rng));
    by_engine!(criterion, "8 Miller loops with lines", 8, |e| phase::miller_loop(e, &p, &q));
    by_engine!(criterion, "8 final exponentiations", 8, |e| phase::final_exponentiation(e, &f));
    by_engine!(criterion, "8 products in GT", 8, |e| phase::multiply(e, &f));
}

fn singles(criterion: &mut Criterion) {
    let mut rng = rng();
    let (p, q) = (G1::random(&mut rng), G2::random(&mut rng));
    let (c, k) = (Gt::random(&mut rng), Scalar::random(&mut rng));
    let prepared = G2Prepared::new(&q);
    let table = GtTable::new(&c);
    let mut record = [0; RECORD_BYTES];
    record[..G1::BYTES].copy_from_slice(&p.to_bytes());
    record[G1::BYTES..].copy_from_slice(&c.to_bytes());
    by_engine!(criterion, "1 re-encryption with lines", 1, |e| e.pair_and_multiply(&[(p, c)], &prepared));
    by_engine!(criterion, "1 pairing", 1, |e| e.pairing_batch(&[(p, q)]));
    by_engine!(criterion, "1 power in GT", 1, |e| e.pow_gt_batch(&[(c, k)]));
    by_engine!(criterion, "1 power in GT by table", 1, |e| e.pow_table_batch(&table, &[k]));
    by_engine!(criterion, "1 record decoded", 1, |e| e.decode_records(&[record]));
    by_engine!(criterion, "1 element of GT encoded", 1, |e| e.encode_gt(&[c]));
    criterion.bench_function("1 table of 8-bit windows", |b| {
        b.iter_batched(|| c, |c| GtTable::new(&c), BatchSize::SmallInput);
    });
}

fn batches(criterion: &mut Criterion) {
    let mut rng = rng();
    let prepared = G2Prepared::new(&G2::random(&mut rng));
    let values: Vec<(G1, Gt)> = (0..RECORDS).map(|_| (G1::random(&mut rng), Gt::random(&mut rng))).collect();
    let elements: Vec<Gt> = values.iter().map(|v| v.1).collect();
    let pairs: Vec<(G1, G2)> = values.iter().map(|v| (v.0, G2::random(&mut rng))).collect();
    let exponents: Vec<Scalar> = values.iter().map(|_| Scalar::random(&mut rng)).collect();
    let powers: Vec<(Gt, Scalar)> = elements.iter().copied().zip(exponents.iter().copied()).collect();
    let table = GtTable::new(&elements[0]);
    let records: Vec<[u8; RECORD_BYTES]> = values
        .iter()
        .map(|(z, c)| {
            let mut record = [0; RECORD_BYTES];
            record[..G1::BYTES].copy_from_slice(&z.to_bytes());
            record[G1::BYTES..].copy_from_slice(&c.to_bytes());
            record
        })
        .collect();
    by_engine!(criterion, "64 re-encryptions in memory", RECORDS, |e| e.pair_and_multiply(&values, &prepared));
    by_engine!(criterion, "64 re-encryptions from bytes to bytes", RECORDS, |e| e
        .pair_and_multiply_bytes(&records, &prepared));
    by_engine!(criterion, "64 records decoded", RECORDS, |e| e.decode_records(&records));
    by_engine!(criterion, "64 elements of GT encoded", RECORDS, |e| e.encode_gt(&elements));
    by_engine!(criterion, "64 pairings, a Q each", RECORDS, |e| e.pairing_batch(&pairs));
    by_engine!(criterion, "64 powers in GT", RECORDS, |e| e.pow_gt_batch(&powers));
    by_engine!(criterion, "64 powers in GT by table", RECORDS, |e| e.pow_table_batch(&table, &exponents));
    criterion.bench_function("64 powers of the generator of G1 by table", |b| {
        b.iter(|| phi_pre::group::pow_generator_batch(&exponents));
    });
}

criterion_group! {
    name = group;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    targets = phases, singles, batches
}
criterion_main!(group);
