//! Ends the process by a signal only after a folder with records in the clear is removed.

use crate::output::{Failure, complain};
use std::path::Path;

/// Removes a folder with its content. Another thread may still be writing into it, so this is tried again for some time.
pub(crate) fn remove(folder: &Path) {
    let mut last = None;
    for _ in 0..100 {
        match std::fs::remove_dir_all(folder) {
            Ok(()) => return,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => last = Some(error),
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    if let Some(error) = last {
        complain(&format_args!("{} holds records in the clear and cannot be removed: {error}", folder.display()));
    }
}

/// From now on, the signals that ask the process to end (INT, TERM, HUP, QUIT) remove this folder first. A signal that
/// the process ignores, as under nohup, stays ignored.
///
/// # Errors
/// The thread that waits for the signals cannot be started.
#[cfg(unix)]
pub(crate) fn remove_before_the_end(folder: &Path) -> Result<(), Failure> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    let ignored = ignored();
    let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT].into_iter().filter(|signal| ignored & 1 << (signal - 1) == 0);
    let mut signals = signal_hook::iterator::Signals::new(signals)?;
    let folder = folder.to_owned();
    let wait = move || {
        for signal in signals.forever() {
            ENDING.store(true, Ordering::SeqCst);
            remove(&folder);
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    };
    std::thread::Builder::new().spawn(wait).map_err(|error| format!("starting a thread for signals: {error}"))?;
    Ok(())
}

/// The other systems have no such signals.
#[cfg(not(unix))]
pub(crate) fn remove_before_the_end(_: &Path) -> Result<(), Failure> {
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

/// The signals that the process ignores, as bits. Linux alone tells them without unsafe code.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
