//! The common part of all scenarios: processes that run one after the other in a folder, and random states of the disk,
//! drawn from the log of these processes.

use crate::disk::{Loss, Survival, Tree, below};
use crate::kill::{child, plan};
use crate::log::{Log, Node, Op};
use crate::trace::{End, Limit, record};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use std::path::Path;

/// A folder in memory, where the system has such folders. The system calls are the same, and no disk slows them down.
pub fn memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// The states of one scenario.
pub struct Scene {
    what: &'static str,
    pub rng: ChaCha20Rng,
    /// The number of states to be drawn.
    pub states: usize,
    drawn: usize,
    lives: usize,
    killed: usize,
    entries: usize,
    partly: usize,
    /// The number of syncs, of syncs of folders, and of entries in the previous log.
    before: (usize, usize, usize),
}

impl Scene {
    /// A scenario with `percent` of `PHI_PRE_CRASH_KILLS` states.
    pub fn new(what: &'static str, percent: u64) -> Self {
        let (states, rng) = plan(&format!("power: {what}"), percent);
        let states = usize::try_from(states).unwrap();
        Self { what, rng, states, drawn: 0, lives: 0, killed: 0, entries: 0, partly: 0, before: (20, 5, 60) }
    }

    /// Runs a process in this folder until it ends or reaches the limit. Returns false where the system allows no
    /// tracing.
    pub fn life(&mut self, role: &str, folder: &Path, life: u64, log: &mut Log, limit: Limit) -> bool {
        let before = log.ops.len();
        let end = record(child(role, folder, life), log, limit);
        self.lives += 1;
        self.killed += usize::from(end == End::Killed);
        self.entries += log.ops.len() - before;
        end != End::NotTraced
    }

    /// Draws `count` states from the log and checks each in a fresh folder. Of eight states, one keeps nothing and one
    /// everything that is not durable.
    pub fn draw(&mut self, log: &Log, count: usize, mut check: impl FnMut(&Path, &Loss, &Tree)) {
        let of_folder =
            |op: &&Op| matches!(op, Op::Sync { what: Some(id), .. } if matches!(log.nodes[*id], Node::Folder));
        self.before = (log.edges().1.len(), log.ops.iter().filter(of_folder).count(), log.ops.len());
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
            let print = PrintOnPanic { what: self.what, loss, log };
            check(folder.path(), &loss, &tree);
            drop(print);
            self.drawn += 1;
        }
    }

    /// A random number from 1 to `most`.
    pub fn somewhere(&mut self, most: usize) -> usize {
        1 + below(&mut self.rng, most.max(1))
    }

    /// A random limit of a process: a number of entries, or a sync, within the counts of the previous log.
    pub fn limit(&mut self) -> Limit {
        let (syncs, folders, entries) = self.before;
        let mut one_of = |many: usize| 1 + below(&mut self.rng, many.max(1));
        match one_of(3) {
            1 => Limit::Entries(one_of(entries)),
            2 => Limit::Sync { nth: one_of(syncs), of_folders: false },
            _ => Limit::Sync { nth: one_of(folders), of_folders: true },
        }
    }

    pub fn coin(&mut self) -> bool {
        self.rng.next_u32().is_multiple_of(2)
    }

    /// Prints the counts as one line.
    pub fn report(&self, rest: &str) {
        let Self { what, drawn, lives, killed, entries, partly, .. } = self;
        println!(
            "power: {what}: {drawn} states, {partly} of them neither all nor nothing, of {entries} entries by {lives} \
             processes, {killed} of them killed; {rest}"
        );
        assert!(*drawn > 0);
    }
}

/// Prints the state if its check panics.
struct PrintOnPanic<'a> {
    what: &'static str,
    loss: Loss,
    log: &'a Log,
}

impl Drop for PrintOnPanic<'_> {
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
