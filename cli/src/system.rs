//! Randomness, time and threads from the operating system, and the engine that the environment names.

use crate::output::{Failure, complain};
use phi_pre::group::Engine;
use phi_pre::time::{Millis, Seconds};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::time::SystemTime;

/// A random generator seeded by the operating system.
pub(crate) fn rng() -> Result<ChaCha20Rng, Failure> {
    let mut seed = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut())?;
    Ok(ChaCha20Rng::from_seed(*seed))
}

/// Installs the engine that the environment variable `PHI_PRE_ENGINE` names: `plain`, `blst`, `lanes256` or `lanes`. Without the
/// variable, the library chooses the fastest engine that is available.
pub(crate) fn install_engine() -> Result<(), Failure> {
    const VARIABLE: &str = "PHI_PRE_ENGINE";
    let Some(name) = std::env::var_os(VARIABLE) else { return Ok(()) };
    let engaged = name.to_string_lossy().parse::<Engine>().and_then(Engine::engage);
    let engaged = engaged.map_err(|error| format!("{VARIABLE}: {error}"))?;
    if !engaged.is_constant_time() {
        let engine = engaged.engine();
        complain(&format_args!("warning: {VARIABLE}: the engine {engine} is not constant-time; it may leak secrets"));
    }
    engaged.install();
    Ok(())
}

/// The number in `RAYON_NUM_THREADS`.
pub(crate) fn chosen_threads() -> Result<Option<usize>, Failure> {
    let Some(number) = std::env::var_os("RAYON_NUM_THREADS") else { return Ok(None) };
    let parsed = number.to_str().and_then(|number| number.parse().ok());
    Ok(Some(parsed.ok_or_else(|| format!("RAYON_NUM_THREADS: \"{}\" is no number of threads", number.display()))?))
}

/// Starts the threads on which the library computes: one for each core, or `RAYON_NUM_THREADS`. A single one is this
/// thread.
///
/// # Errors
/// The variable holds no number, or the system refuses a thread.
pub(crate) fn start_threads() -> Result<(), Failure> {
    let threads = match chosen_threads()? {
        None | Some(0) => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        Some(threads) => threads,
    };
    let mut pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    if threads == 1 {
        pool = pool.use_current_thread();
    }
    pool.build_global().map_err(|error| format!("starting {threads} threads (RAYON_NUM_THREADS): {error}").into())
}

/// The current time in seconds, the unit of certificates.
pub(crate) fn seconds() -> Seconds {
    SystemTime::now().into()
}

/// The current time in milliseconds, the unit of the ledger.
pub(crate) fn millis() -> Millis {
    SystemTime::now().into()
}
