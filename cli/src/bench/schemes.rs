//! `phi-pre bench --schemes`: the algorithms of the schemes to compare with, by every engine, in one run.

use super::cases::BATCH;
use super::measure::Case;
use super::plot;
use phi_pre::group::Engaged;
use phi_pre::schemes::{Afgh06, Bbs98, BongJang, ByName, Bytes, Ga07, Lv08, Row, Scheme, rows};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};
use std::hint::black_box;
use std::sync::{Arc, Mutex, PoisonError};

/// The algorithms, and the number of records of one call. Nobody makes many keys at once.
const ALGORITHMS: [(&str, usize); 9] = [
    ("KeyGen", 1),
    ("Enc", 1),
    ("Enc", BATCH),
    ("ReKeyGen", 1),
    ("ReEnc", 1),
    ("ReEnc", BATCH),
    ("Dec of C", 1),
    ("Dec of C'", 1),
    ("Dec of C'", BATCH),
];

/// The operation that all ratios refer to, computed by the engine blst.
pub(super) fn reference() -> String {
    operation(BongJang::PROPERTIES.name, "ReEnc")
}

fn operation(scheme: &str, algorithm: &str) -> String {
    format!("{scheme}: {algorithm}")
}

/// The cases of all schemes, on one thread.
pub(super) fn cases(engines: &[Engaged]) -> Vec<Case<'static>> {
    [
        cases_of::<BongJang>(engines),
        cases_of::<ByName>(engines),
        cases_of::<Afgh06>(engines),
        cases_of::<Bbs98>(engines),
        cases_of::<Ga07>(engines),
        cases_of::<Lv08>(engines),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The keys and ciphertexts of one scheme.
struct World<S: Scheme> {
    setup: S::Setup,
    a: (S::PublicKey, S::SecretKey),
    b: (S::PublicKey, S::SecretKey),
    rk: S::ReKey,
    c: Vec<S::Ciphertext>,
    c_prime: Vec<S::ReEncrypted>,
    rng: ChaCha20Rng,
}

impl<S: Scheme> World<S> {
    fn new() -> Option<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let setup = S::setup(&mut rng);
        let [a, b] = [&b"A"[..], b"B"].map(|name| S::key_gen(&setup, name, &mut rng));
        let rk = S::re_key_gen(&a.1, S::delegatee(&b.0, &b.1), &mut rng).ok()?;
        let c: Vec<_> = (0..BATCH).map(|_| S::enc(&a.0, &mut rng).0).collect();
        let c_prime = S::re_enc_many(&rk, &c, &mut rng).into_iter().collect::<Result<_, _>>().ok()?;
        Some(Self { setup, a, b, rk, c, c_prime, rng })
    }

    fn call(&mut self, algorithm: &str, n: usize) {
        let Self { setup, a, b, rk, c, c_prime, rng } = self;
        match (algorithm, n) {
            ("KeyGen", _) => drop(black_box(S::key_gen(setup, b"A", rng))),
            ("Enc", 1) => drop(black_box(S::enc(&a.0, rng))),
            ("Enc", _) => drop(black_box(S::enc_many(&a.0, n, rng))),
            ("ReKeyGen", _) => drop(black_box(S::re_key_gen(&a.1, S::delegatee(&b.0, &b.1), rng))),
            ("ReEnc", 1) => drop(black_box(S::re_enc(rk, &c[0], rng))),
            ("ReEnc", _) => drop(black_box(S::re_enc_many(rk, c, rng))),
            ("Dec of C", _) => drop(black_box(S::dec(&a.1, &c[0]))),
            (_, 1) => drop(black_box(S::dec_re(&b.1, &c_prime[0]))),
            (..) => drop(black_box(S::dec_re_many(&b.1, c_prime))),
        }
    }
}

fn cases_of<S: Scheme>(engines: &[Engaged]) -> Vec<Case<'static>>
where
    World<S>: Send,
{
    let Some(world) = World::<S>::new().map(|world| Arc::new(Mutex::new(world))) else { return Vec::new() };
    let of_algorithm = |(algorithm, n): (&'static str, usize)| {
        let world = &world;
        engines.iter().map(move |engine| {
            let (world, engine) = (Arc::clone(world), *engine);
            let call = move || {
                engine.install();
                world.lock().unwrap_or_else(PoisonError::into_inner).call(algorithm, n);
            };
            Case::new(operation(S::PROPERTIES.name, algorithm), &engine.engine(), n, 1, call)
        })
    };
    ALGORITHMS.into_iter().flat_map(of_algorithm).collect()
}

/// The sizes of all schemes in bytes.
pub(super) fn sizes() -> Value {
    let size = |Row { properties, .. }: Row| {
        let Bytes { public_key, re_key, ciphertext, re_encrypted } = properties.bytes;
        json!({
            "scheme": properties.name, "public_key": public_key, "re_encryption_key": re_key,
            "ciphertext": ciphertext, "re_encrypted": re_encrypted,
        })
    };
    rows().into_iter().map(size).collect()
}

pub(super) fn print_sizes() {
    say!();
    say!("{:<46} {:>6} {:>6} {:>6} {:>6}   bytes", "sizes", "pk", "rk", "C", "C'");
    for Row { properties, .. } in rows() {
        let Bytes { public_key, re_key, ciphertext, re_encrypted } = properties.bytes;
        say!("  {:<44} {public_key:>6} {re_key:>6} {ciphertext:>6} {re_encrypted:>6}", properties.name);
    }
}

/// The rows of the plot.
pub(super) fn plotted() -> Vec<plot::Row> {
    let of_scheme = |row: Row| {
        ALGORITHMS.map(|(algorithm, n)| {
            let batch = if n == 1 { String::new() } else { format!(", batch of {n}") };
            let operation = operation(row.properties.name, algorithm);
            plot::Row { label: format!("{operation}{batch}"), operation, n }
        })
    };
    rows().into_iter().flat_map(of_scheme).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use phi_pre::group::Engine;

    /// Each algorithm of each scheme runs, and has a mark in the picture.
    #[test]
    fn every_algorithm_is_measured() {
        let blst = Engine::Blst.engage().unwrap();
        let mut cases = cases(&[blst]);
        assert_eq!(cases.len(), rows().len() * ALGORITHMS.len());
        cases.iter_mut().for_each(Case::sample);
        assert!(cases.iter().any(|case| case.operation == reference() && case.elements == BATCH));
        let plots = plot::of_schemes(&cases, "", &plotted()).unwrap();
        // One engine, with its place in the legend.
        assert_eq!(plots[0].1.matches("<circle").count(), cases.len() + 1);
        assert_eq!(sizes().as_array().map(Vec::len), Some(rows().len()));
    }
}
