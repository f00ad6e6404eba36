//! The active mutant: the one whose number is in `PHI_PRE_MUTANT`. If the variable holds a path, no mutant is active,
//! and the numbers of all reached mutants are appended to this file. `schemata.py` copies this module beside the
//! rewritten sources.
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

const UNREAD: usize = usize::MAX;
const TRACE: usize = usize::MAX - 1;
static ACTIVE: AtomicUsize = AtomicUsize::new(UNREAD);
static SEEN: [AtomicBool; 8192] = [const { AtomicBool::new(false) }; 8192];

#[inline]
pub(crate) fn is(n: usize) -> bool {
    let active = ACTIVE.load(Relaxed);
    if active < TRACE { active == n } else { look(n) }
}

#[cold]
fn look(n: usize) -> bool {
    let variable = std::env::var("PHI_PRE_MUTANT").unwrap_or_else(|_| "0".to_owned());
    let active = variable.parse().unwrap_or(TRACE);
    ACTIVE.store(active, Relaxed);
    if active == TRACE && !SEEN[n].swap(true, Relaxed) {
        let file = std::fs::OpenOptions::new().append(true).open(variable);
        let _ = file.and_then(|mut file| file.write_all(format!("{n}\n").as_bytes()));
    }
    active == n
}
