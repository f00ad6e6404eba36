//! What the scenarios share: lives that follow each other in one folder, and states of the disk drawn from their log.

use crate::disk::{Loss, Survival, Tree, below};
use crate::kill::{child, plan};
use crate::log::Log;
use crate::trace::{End, record};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use std::path::Path;

/// A folder in memory where there is such: the calls are the same, and no disk is waited for.
pub fn memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// The states of one scenario.
pub struct Scene {
    what: &'static str,
    pub rng: ChaCha20Rng,
    /// How many states are to be drawn.
    pub states: usize,
    drawn: usize,
    lives: usize,
    killed: usize,
    entries: usize,
    partly: usize,
}

impl Scene {
    /// `percent` of `PHI_PRE_CRASH_KILLS` states.
    pub fn new(what: &'static str, percent: u64) -> Self {
        let (states, rng) = plan(&format!("power: {what}"), percent);
        let states = usize::try_from(states).unwrap();
        Self { what, rng, states, drawn: 0, lives: 0, killed: 0, entries: 0, partly: 0 }
    }

    /// One more process in this folder, killed after so many entries; false where nothing can be traced.
    pub fn life(&mut self, role: &str, folder: &Path, life: u64, log: &mut Log, limit: usize) -> bool {
        let before = log.ops.len();
        let end = record(child(role, folder, life), log, limit);
        self.lives += 1;
        self.killed += usize::from(end == End::Killed);
        self.entries += log.ops.len() - before;
        end != End::NotTraced
    }

    /// Draws `count` states from the log, nothing and everything first, and checks each in a fresh folder.
    pub fn draw(&mut self, log: &Log, count: usize, mut check: impl FnMut(&Path, &Loss, &Tree)) {
        for nth in 0..count {
            let mut loss = Loss::random(log, &mut self.rng);
            match nth % 8 {
                0 => loss = Loss::all_or_none(loss.cut, Survival::Nothing),
                1 => loss = Loss::all_or_none(loss.cut, Survival::Everything),
                _ => {}
            }
            let tree = log.after(loss, &mut self.rng);
            let folder = memory();
            tree.write(folder.path());
            let seen = log.seen(loss.cut);
            self.partly += usize::from(
                tree != seen && tree != log.after(Loss::all_or_none(loss.cut, Survival::Nothing), &mut self.rng),
            );
            let said = Said { what: self.what, loss, log };
            check(folder.path(), &loss, &tree);
            drop(said);
            self.drawn += 1;
        }
    }

    /// Some entry of a log that has so many.
    pub fn somewhere(&mut self, entries: usize) -> usize {
        1 + below(&mut self.rng, entries.max(1))
    }

    pub fn coin(&mut self) -> bool {
        self.rng.next_u32().is_multiple_of(2)
    }

    /// One line for the report.
    pub fn report(&self, rest: &str) {
        let Self { what, drawn, lives, killed, entries, partly, .. } = self;
        println!(
            "power: {what}: {drawn} states, {partly} of them neither all nor nothing, of {entries} entries by {lives} \
             processes, {killed} of them killed; {rest}"
        );
        assert!(*drawn > 0);
    }
}

/// Names the state in which a check fails.
struct Said<'a> {
    what: &'static str,
    loss: Loss,
    log: &'a Log,
}

impl Drop for Said<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let from = self.loss.cut.saturating_sub(12);
            println!("power: {}: this state fails: {:?}; before it:", self.what, self.loss);
            for (at, op) in self.log.ops[..self.loss.cut].iter().enumerate().skip(from) {
                println!("{at:6} {}", self.log.line(op));
            }
        }
    }
}
