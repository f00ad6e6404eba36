//! Ends the process by a signal only after what must not stay was removed.

use crate::output::Failure;

/// From now on, the signals that end the process by default and can be caught call `clean` first: those of a user and of
/// the system (INT, TERM, HUP, QUIT), of limits (XCPU, XFSZ), timers (ALRM, VTALRM, PROF) and job schedulers (USR1,
/// USR2). A signal that the process ignores, as under nohup, stays ignored.
///
/// # Errors
/// The thread that waits for the signals cannot be started.
#[cfg(unix)]
pub(crate) fn before_the_end(clean: impl Fn() + Send + 'static) -> Result<(), Failure> {
    use signal_hook::consts::{
        SIGALRM, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ,
    };
    let ending = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGXFSZ, SIGALRM, SIGVTALRM, SIGPROF, SIGUSR1, SIGUSR2];
    let mut signals = signal_hook::iterator::Signals::new(not_ignored(ending))?;
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            ENDING.store(true, Ordering::SeqCst);
            clean();
            // The kernel does not end the first process of a container by a signal.
            if std::process::id() != 1 {
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
            std::process::exit(128 + signal);
        }
    };
    std::thread::Builder::new().spawn(wait).map_err(|error| format!("starting a thread for signals: {error}"))?;
    Ok(())
}

/// The other systems have no such signals.
#[cfg(not(unix))]
pub(crate) fn before_the_end(_: impl Fn() + Send + 'static) -> Result<(), Failure> {
    Ok(())
}

#[cfg(unix)]
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a signal is ending the process.
#[cfg(unix)]
static ENDING: AtomicBool = AtomicBool::new(false);

/// Leaves the end of the process to the signal, if there was one: what failed meanwhile failed because of the signal.
pub(crate) fn leave_the_end_to_a_signal() {
    #[cfg(unix)]
    while ENDING.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

/// Of these signals, those that the process does not ignore: as under nohup, an ignored signal stays ignored.
#[cfg(unix)]
pub(crate) fn not_ignored(signals: impl IntoIterator<Item = i32>) -> impl Iterator<Item = i32> {
    let ignored = ignored();
    signals.into_iter().filter(move |signal| ignored & 1 << (signal - 1) == 0)
}

/// The signals that the process ignores, as bits. Linux alone tells them without unsafe code.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
