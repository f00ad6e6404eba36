//! The cost of proofs of re-encryption, in re-encryptions of the same capsules: `cargo bench --bench proof`.
//!
//! One thread. Re-encryption, proving and verifying take turns in each round, and the table has medians. Re-encryption is
//! by the same engine, with lines of k_re; in the last row of each engine, without lines. Statements are made from encoded capsules before the measurement, since a
//! verifier reads and checks the capsules in any case; `read` is the time of that.
#![allow(clippy::cast_precision_loss, clippy::unwrap_used, missing_docs, reason = "a bench")]

use phi_pre::group::Engine;
use phi_pre::pre::{Capsule, DecryptionKey, Params, PublicReKey, ReKey, ReencryptionProof, Seed, Statement};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 7;

/// Medians in microseconds for each capsule.
fn medians(n: usize, mut operations: Vec<Box<dyn FnMut() + '_>>) -> Vec<f64> {
    let mut times = vec![Vec::new(); operations.len()];
    for _ in 0..ROUNDS {
        for (operation, times) in operations.iter_mut().zip(&mut times) {
            let start = Instant::now();
            operation();
            times.push(start.elapsed().as_secs_f64() * 1e6 / n as f64);
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    };
    times.into_iter().map(median).collect()
}

fn print(engine: Engine, what: &str, medians: &[f64]) {
    let [reencrypt, read, prove, verify] = medians else { unreachable!("four operations") };
    print!("{:6} {what:34} {reencrypt:9.1} {read:9.1}", engine.name());
    println!(" {prove:9.1} {:6.3} {verify:9.1} {:6.3}", prove / reencrypt, verify / reencrypt);
}

fn main() {
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().unwrap();
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let params = Params::new(Seed([1; 32]));
    let (a, b) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
    let k_re = ReKey::new(&a.encryption_key(&params), &b.encryption_key(&params)).unwrap();
    let delta = PublicReKey::of(&params, &k_re);
    println!("microseconds for each capsule, and in re-encryptions");
    println!("engine                             capsules re-encrypt      read     prove           verify");
    for engaged in Engine::available().filter(|engaged| engaged.engine() != Engine::Plain) {
        engaged.install();
        let engine = engaged.engine();
        let before = a.public_key(&params).prepare(&params).encapsulate_many(10_000, rng);
        let before: Vec<Capsule> = before.into_iter().map(|(capsule, _)| capsule).collect();
        let prepared = k_re.prepare();
        let after = prepared.reencrypt(&before);
        let (encoded, encoded_after) = (Capsule::encode_batch(&before), Capsule::encode_batch(&after));
        for n in [1, 64, 10_000] {
            let read = || Statement::from_encoded(&params, &delta, &encoded[..n], &encoded_after[..n], b"").unwrap();
            let statement = read();
            let mut rng = ChaCha20Rng::seed_from_u64(2);
            let proof = ReencryptionProof::new(&params, &k_re, &statement, &mut rng);
            let operations: Vec<Box<dyn FnMut()>> = vec![
                Box::new(|| drop(black_box(prepared.reencrypt(&before[..n])))),
                Box::new(|| drop(black_box(read()))),
                Box::new(|| _ = black_box(ReencryptionProof::new(&params, &k_re, &statement, &mut rng))),
                Box::new(|| assert!(proof.verify(&params, &statement).is_ok())),
            ];
            print(engine, &format!("{n:6}, one k_re, one proof"), &medians(n, operations));
        }
        let read =
            |i: usize| Statement::from_encoded(&params, &delta, &[encoded[i]], &[encoded_after[i]], b"").unwrap();
        let statements: Vec<_> = (0..64).map(read).collect();
        let items: Vec<_> = statements.iter().map(|statement| (&k_re, statement)).collect();
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let proofs = ReencryptionProof::new_each(&params, &items, &mut rng);
        let pairs: Vec<_> = proofs.iter().zip(&statements).collect();
        let each: Vec<_> = before[..64].iter().map(|capsule| (*capsule, &k_re)).collect();
        let operations: Vec<Box<dyn FnMut()>> = vec![
            Box::new(|| drop(black_box(ReKey::reencrypt_each(&each)))),
            Box::new(|| drop(black_box((0..64).map(read).collect::<Vec<_>>()))),
            Box::new(|| drop(black_box(ReencryptionProof::new_each(&params, &items, &mut rng)))),
            Box::new(|| assert!(ReencryptionProof::verify_each(&params, &pairs).iter().all(Result::is_ok))),
        ];
        print(engine, "    64, a k_re and a proof each", &medians(64, operations));
    }
}
