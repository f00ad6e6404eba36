//! What a disk may hold after a loss of power, from a log up to a cut.
//!
//! After ALICE (Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014), whose abstract persistence model this
//! is, and CrashMonkey (Mohan et al., "Finding Crash-Consistency Bugs with Bounded Black-Box Crash Testing", OSDI 2018).
//!
//! ```text
//! data        of a file is durable after fsync, fdatasync or syncfs, as far as it was written before that call began.
//!             Otherwise each block (a page of 4096 bytes, or a sector of 512) stands as of some moment since then, and
//!             by itself: early and late blocks of one write, and blocks of different writes, in any mixture
//! length      likewise as of some moment: longer than the data that came (then zeros), or shorter (then cut)
//! attributes  as data, but fdatasync does not keep them
//! names       are durable after fsync of their folder, or syncfs. A rename is one step and durable with its target's
//!             folder; fsync of a file makes no name of it durable. Otherwise
//!               ordered   all changes of names up to some moment, as a journal gives them
//!               any       each by itself, as POSIX allows
//! ```
//!
//! A sector is written whole or not at all, and blocks that were not written since the last sync stay as they were.

use crate::log::{Id, Log, Name, Node, Op, ROOT, give};
use rand_core::Rng;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How much of what is not durable survives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Survival {
    Nothing,
    Everything,
    /// A coin for each.
    Any,
    /// All but one.
    ButOne,
    /// Nothing but one.
    One,
}

impl Survival {
    /// As often as they are worth it.
    const MIXED: [Self; 6] = [Self::Nothing, Self::Everything, Self::Any, Self::Any, Self::ButOne, Self::One];

    /// Which of so many survive.
    fn which(self, count: usize, rng: &mut impl Rng) -> Vec<bool> {
        let chosen = below(rng, count.max(1));
        let survives = |at: usize, coin: bool| match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Any => coin,
            Self::ButOne => at != chosen,
            Self::One => at == chosen,
        };
        (0..count).map(|at| survives(at, rng.next_u32().is_multiple_of(2))).collect()
    }
}

/// Where the power goes, and what kind of disk there is.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    pub cut: usize,
    /// Names: a journal's order, or any.
    pub ordered: bool,
    pub names: Survival,
    pub data: Survival,
    pub block: usize,
}

impl Loss {
    /// One at random, often where the most was promised or the most is not durable.
    pub fn random(log: &Log, rng: &mut impl Rng) -> Self {
        let (done, syncs) = log.edges();
        let places = [&done, &syncs, &syncs][below(rng, 3)];
        let anywhere = below(rng, log.ops.len() + 1);
        let cut = if places.is_empty() || below(rng, 4) == 0 { anywhere } else { places[below(rng, places.len())] };
        Self {
            cut,
            ordered: below(rng, 2) == 0,
            names: Survival::MIXED[below(rng, Survival::MIXED.len())],
            data: Survival::MIXED[below(rng, Survival::MIXED.len())],
            block: [4096, 512][below(rng, 2)],
        }
    }

    /// All of what is not durable is there, or none of it.
    pub const fn all_or_none(cut: usize, survival: Survival) -> Self {
        Self { cut, ordered: true, names: survival, data: survival, block: 4096 }
    }
}

pub fn below(rng: &mut impl Rng, limit: usize) -> usize {
    usize::try_from(rng.next_u64() % limit as u64).unwrap()
}

/// A file as it may stand on the disk.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Content {
    pub bytes: Vec<u8>,
    pub attributes: BTreeMap<OsString, Vec<u8>>,
}

/// The folders and files that have a name, by their path below the root.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tree {
    pub folders: Vec<PathBuf>,
    pub files: BTreeMap<PathBuf, Content>,
}

impl Tree {
    /// Makes them anew in an empty folder.
    pub fn write(&self, to: &Path) {
        self.folders.iter().for_each(|folder| fs::create_dir(to.join(folder)).unwrap());
        for (path, Content { bytes, attributes }) in &self.files {
            fs::write(to.join(path), bytes).unwrap();
            for (name, value) in attributes {
                // Where there are none, none survives.
                let _ = rustix::fs::setxattr(to.join(path), name.as_bytes(), value, rustix::fs::XattrFlags::empty());
            }
        }
    }
}

impl Log {
    /// What is durable at the cut: entry `at`, of `id`, or an attribute of it.
    fn durable(&self, cut: usize) -> impl Fn(usize, Id, bool) -> bool + use<> {
        let mut synced: BTreeMap<(Option<Id>, bool), usize> = BTreeMap::new();
        for op in &self.ops[..cut] {
            if let Op::Sync { what, attributes, began } = op {
                for kind in [false, *attributes] {
                    let end = synced.entry((*what, kind)).or_default();
                    *end = (*began).max(*end);
                }
            }
        }
        move |at, id, attribute| {
            [Some(id), None].iter().any(|what| synced.get(&(*what, attribute)).is_some_and(|end| at < *end))
        }
    }

    /// A tree that a loss of power may leave.
    pub fn after(&self, loss: Loss, rng: &mut impl Rng) -> Tree {
        let durable = self.durable(loss.cut);
        let names = self.names_after(loss, &durable, rng);
        let mut tree = Tree::default();
        self.collect(ROOT, Path::new(""), &names, &mut tree, &mut |id| self.content_after(id, loss, &durable, rng));
        tree
    }

    /// The tree as every process saw it at the cut.
    pub fn seen(&self, cut: usize) -> Tree {
        // Nothing is left to chance.
        let rng = &mut <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(0);
        self.after(Loss::all_or_none(cut, Survival::Everything), rng)
    }

    fn names_after(
        &self,
        loss: Loss,
        durable: &impl Fn(usize, Id, bool) -> bool,
        rng: &mut impl Rng,
    ) -> BTreeMap<Name, Id> {
        let changes = || {
            self.ops[..loss.cut].iter().enumerate().filter_map(|(at, op)| match op {
                Op::Names { folder, names } => Some((at, *folder, names)),
                _ => None,
            })
        };
        let pending: Vec<usize> =
            changes().filter(|(at, folder, _)| !durable(*at, *folder, false)).map(|(at, ..)| at).collect();
        let lost: Vec<usize> = if loss.ordered {
            // The journal is on the disk up to the last change that is durable, at least.
            let last = changes().filter(|(at, folder, _)| durable(*at, *folder, false)).map(|(at, ..)| at).last();
            let open: Vec<usize> = pending.into_iter().filter(|at| last.is_none_or(|last| *at > last)).collect();
            let kept = match loss.names {
                Survival::Nothing => 0,
                Survival::Everything => open.len(),
                Survival::Any => below(rng, open.len() + 1),
                Survival::ButOne => open.len().saturating_sub(1),
                Survival::One => open.len().min(1),
            };
            open[kept..].to_vec()
        } else {
            let kept = loss.names.which(pending.len(), rng);
            pending.into_iter().zip(kept).filter(|(_, kept)| !kept).map(|(at, _)| at).collect()
        };
        let mut all = self.first.clone();
        changes().filter(|(at, ..)| lost.binary_search(at).is_err()).for_each(|(_, _, names)| give(&mut all, names));
        all
    }

    fn collect(
        &self,
        folder: Id,
        path: &Path,
        names: &BTreeMap<Name, Id>,
        tree: &mut Tree,
        content: &mut impl FnMut(Id) -> Content,
    ) {
        let inside = names.range((folder, OsString::new())..).take_while(|((parent, _), _)| *parent == folder);
        for ((_, name), id) in inside {
            let path = path.join(name);
            match self.nodes[*id] {
                Node::Folder => {
                    tree.folders.push(path.clone());
                    self.collect(*id, &path, names, tree, content);
                }
                Node::File { .. } => drop(tree.files.insert(path, content(*id))),
            }
        }
    }

    fn content_after(
        &self,
        id: Id,
        loss: Loss,
        durable: &impl Fn(usize, Id, bool) -> bool,
        rng: &mut impl Rng,
    ) -> Content {
        let Node::File { content, attributes } = &self.nodes[id] else { return Content::default() };
        let (mut bytes, mut attributes) = (content.clone(), attributes.clone());
        let entries = self.data.get(&id).map_or(&[][..], Vec::as_slice);
        let mut pending = Vec::new();
        for at in entries.iter().copied().take_while(|at| *at < loss.cut) {
            match &self.ops[at] {
                Op::Attribute { name, value, .. } => {
                    if durable(at, id, true) || loss.data.which(2, rng)[0] {
                        attributes.insert(name.clone(), value.clone());
                    }
                }
                op if durable(at, id, false) => {
                    assert!(pending.is_empty(), "a sync keeps all that came before it");
                    apply(op, &mut bytes, |_| true, 1);
                }
                op => pending.push(op),
            }
        }
        mix(&pending, &mut bytes, loss, rng);
        Content { bytes, attributes }
    }
}

/// Does one entry to the blocks that have seen it. A shorter length leaves zeros where the rest was.
fn apply(op: &Op, bytes: &mut Vec<u8>, seen: impl Fn(usize) -> bool, block: usize) {
    match op {
        Op::Write { at, data, .. } => {
            let start = usize::try_from(*at).unwrap();
            bytes.resize(bytes.len().max(start + data.len()), 0);
            let mut from = start;
            while from < start + data.len() {
                let to = if block == 1 { start + data.len() } else { (from / block + 1) * block };
                let to = to.min(start + data.len());
                if seen(from / block) {
                    bytes[from..to].copy_from_slice(&data[from - start..to - start]);
                }
                from = to;
            }
        }
        Op::SetLength { length, .. } => {
            let length = usize::try_from(*length).unwrap();
            if block == 1 {
                bytes.resize(length, 0);
            } else {
                let end = bytes.len();
                bytes.resize(end.max(length), 0);
                (length..end).filter(|at| seen(at / block)).for_each(|at| bytes[at] = 0);
            }
        }
        _ => {}
    }
}

/// Applies what is not durable: to each block what came up to some moment, and the length of some moment.
fn mix(pending: &[&Op], bytes: &mut Vec<u8>, loss: Loss, rng: &mut impl Rng) {
    let (mut lengths, mut most) = (vec![bytes.len()], bytes.len());
    let mut touched: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (moment, op) in pending.iter().enumerate() {
        let now = lengths[moment];
        let (range, length) = match op {
            Op::Write { at, data, .. } => {
                let at = usize::try_from(*at).unwrap();
                (at..at + data.len(), now.max(at + data.len()))
            }
            Op::SetLength { length, .. } => {
                let length = usize::try_from(*length).unwrap();
                (length..now, length)
            }
            _ => (0..0, now),
        };
        most = most.max(length);
        lengths.push(length);
        for block in range.start / loss.block..range.end.div_ceil(loss.block) {
            touched.entry(block).or_default().push(moment + 1);
        }
    }
    // One thing more than the blocks: the length.
    let mut survive = loss.data.which(touched.len() + 1, rng);
    let length = match (survive.pop(), loss.data) {
        (Some(true), Survival::Any) => lengths[below(rng, lengths.len())],
        (Some(true), _) => lengths[pending.len()],
        _ => lengths[0],
    };
    let moment = |(kept, (block, moments)): (bool, (usize, Vec<usize>))| {
        let whole = loss.data != Survival::Any;
        let last = moments[if whole { moments.len() - 1 } else { below(rng, moments.len()) }];
        (block, if kept { last } else { 0 })
    };
    let moments: BTreeMap<usize, usize> = survive.into_iter().zip(touched).map(moment).collect();
    for (at, op) in pending.iter().enumerate() {
        apply(op, bytes, |block| moments.get(&block).is_some_and(|moment| at < *moment), loss.block);
    }
    bytes.resize(most.max(bytes.len()), 0);
    bytes.resize(length, 0);
}
