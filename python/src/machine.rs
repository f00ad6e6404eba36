//! What an operation runs on: the threads, the engine, and the randomness.
//!
//! The package computes on threads of its own, with the interpreter detached. After a `fork`, the child has none of the
//! threads of its parent, so it starts its own.

use crate::error::Fault;
use phi_pre::group::{Engaged, Engine};
use pyo3::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// The threads, and the process that started them.
struct Threads {
    process: u32,
    pool: Arc<ThreadPool>,
}

static THREADS: Mutex<Option<Threads>> = Mutex::new(None);

/// The threads of this process. `wanted` asks for another number of threads.
fn pool(wanted: Option<usize>) -> Result<Arc<ThreadPool>, Fault> {
    let process = std::process::id();
    let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(there) = threads.as_ref().filter(|there| there.process == process)
        && wanted.is_none_or(|n| n == there.pool.current_num_threads())
    {
        return Ok(Arc::clone(&there.pool));
    }
    let before = threads.as_ref().map(|there| there.pool.current_num_threads());
    let builder = ThreadPoolBuilder::new().thread_name(|i| format!("phi-pre-{i}"));
    let pool = Arc::new(builder.num_threads(wanted.or(before).unwrap_or(0)).build().map_err(Fault::of("threads"))?);
    if let Some(parents) = threads.replace(Threads { process, pool: Arc::clone(&pool) })
        && parents.process != process
    {
        core::mem::forget(parents); // threads that this process does not have cannot be ended
    }
    Ok(pool)
}

/// Runs `operation` on the threads, with the interpreter detached.
pub(crate) fn run<T: Send>(py: Python<'_>, operation: impl FnOnce() -> T + Send) -> Result<T, Fault> {
    let pool = pool(None)?;
    Ok(py.detach(|| pool.install(operation)))
}

/// A random generator seeded by the operating system.
pub(crate) fn rng() -> Result<ChaCha20Rng, Fault> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(Fault::of("random"))?;
    Ok(ChaCha20Rng::from_seed(*seed))
}

/// The number of threads that batches are spread over: RAYON_NUM_THREADS, else one for each core, unless set_threads chose
/// another number.
#[pyfunction]
pub(crate) fn threads() -> Result<usize, Fault> {
    Ok(pool(None)?.current_num_threads())
}

/// Spreads batches over n threads from now on.
///
/// Raises Error with the code "threads" if n is not in 1 to 1024, or the system refuses a thread.
#[pyfunction]
pub(crate) fn set_threads(n: usize) -> Result<(), Fault> {
    if !(1..=1024).contains(&n) {
        return Err(Fault::new("threads", format!("{n} threads: there can be 1 to 1024")));
    }
    pool(Some(n)).map(drop)
}

/// The engine of the process: "plain", "blst", "lanes256" or "lanes". Without set_engine, the fastest that this machine has.
#[pyfunction]
pub(crate) fn engine() -> &'static str {
    Engaged::current().engine().name()
}

/// The engines that this machine has, slowest first.
#[pyfunction]
pub(crate) fn engines() -> Vec<&'static str> {
    Engine::available().map(|engaged| engaged.engine().name()).collect()
}

/// Computes by the engine of this name from now on. All engines give the same bytes. "plain" is not constant-time.
///
/// Raises Error with the code "engine" if there is no such engine, or this machine lacks it.
#[pyfunction]
pub(crate) fn set_engine(name: &str) -> Result<(), Fault> {
    name.parse::<Engine>()?.engage()?.install();
    Ok(())
}

/// Whether operations on secrets take constant time with the engine of the process.
#[pyfunction]
pub(crate) fn is_constant_time() -> bool {
    Engaged::current().is_constant_time()
}
