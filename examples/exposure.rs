//! Measures the n/k claim of section 4.2: `cargo run --release --example exposure [n] [k]`.

use phi_pre::identifier::exposure::measure;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<usize>());
    let n = arguments.next().transpose()?.unwrap_or(120);
    let most = arguments.next().transpose()?;
    let ks = most.map_or_else(|| vec![1, 4, 12, 40, 120, 240], |k| vec![k]);

    println!("one person with n = {n} records among 50 others; what is found on the ledger by whom");
    println!();
    println!("                       paper's  measured: records exposed by          pairs linkable");
    println!("     n     k   claim n/k       uid    uid + one v_i   uid + all v_i   without any secret");
    for k in ks {
        let seen = measure(n, k, 50, &mut ChaCha20Rng::seed_from_u64(1));
        let claim = (10 * n + k / 2).checked_div(k).unwrap_or(0); // tenths
        println!(
            "{:>6}{:>6}{:>10}.{}{:>10}{:>17}{:>16}{:>12} of {}",
            seen.n,
            k,
            claim / 10,
            claim % 10,
            seen.by_uid,
            seen.by_uid_and_one_vector,
            seen.by_uid_and_all_vectors,
            seen.linkable_pairs,
            seen.pairs()
        );
    }
    println!();
    println!(
        "The claim says that an exposed uid exposes n/k records. It exposes none while the v_i are secret; with one"
    );
    println!(
        "v_i it exposes that bucket, about n/k; with all, everything. Inside a bucket records are linked by their"
    );
    println!("common ID_i, secrets or not: only k >= n leaves no pair. Certificates, times and Z link too.");
    Ok(())
}
