//! 10,000 capsules re-encrypted in memory, from bytes to bytes, with every check:
//! `cargo run --release --example batch`.
//!
//! In a program of your own, `Cargo.toml` needs `phi-pre`, `rand_chacha = "0.10"` and `rand_core = "0.10"`.

use phi_pre::pre::{Capsule, DecryptionKey, Params, ReKey, Seed};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::time::Instant;

const RECORDS: usize = 10_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rng = &mut ChaCha20Rng::seed_from_u64(1); // a deployment seeds from the operating system
    let params = Params::new(Seed::random(rng));
    let (delegator, delegatee) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
    let (k_e, k_e_prime) = (delegator.encryption_key(&params), delegatee.encryption_key(&params));

    // The hospital: tables of Y and of e(g1, g2) pay from about 30 capsules on.
    let public = delegator.public_key(&params).prepare(&params);
    let start = Instant::now();
    let (capsules, messages): (Vec<_>, Vec<_>) = public.encapsulate_many(RECORDS, rng).into_iter().unzip();
    report("encapsulated", start);

    // The proxy: k_re prepared once; it sees bytes, and each record that is no capsule is an error in its own place.
    let k_re = ReKey::new(&k_e, &k_e_prime)?.prepare();
    let mut stored: Vec<[u8; Capsule::BYTES]> = Capsule::encode_batch(&capsules);
    stored[17][0] = 0; // damaged on the disk
    let start = Instant::now();
    let again = k_re.reencrypt_bytes(&stored); // in the order of the input, on all cores
    report("re-encrypted", start);
    let refused: Vec<_> =
        again.iter().enumerate().filter_map(|(i, result)| Some((i, result.as_ref().err()?))).collect();
    println!("refused: {refused:?}");

    // The delegatee.
    let received: Vec<_> = again.iter().filter_map(|result| Capsule::from_bytes(result.as_ref().ok()?).ok()).collect();
    let start = Instant::now();
    let opened = k_e_prime.prepare().decapsulate(&received);
    report("decapsulated", start);
    let sent = messages.iter().enumerate().filter_map(|(i, m)| (i != 17).then_some(m));
    println!("equal to what was sent: {}", sent.zip(&opened).filter(|(sent, opened)| sent == opened).count());
    Ok(())
}

fn report(what: &str, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    println!("{what:<13} {RECORDS} capsules in {seconds:.2} s, {:.0} per second", 10_000.0 / seconds);
}
