//! The possible contents of a disk after a loss of power at a given entry (the cut) of a log.
//!
//! The model is the abstract persistence model of ALICE (Pillai et al., "All File Systems Are Not Created Equal", OSDI
//! 2014); see also CrashMonkey (Mohan et al., "Finding Crash-Consistency Bugs with Bounded Black-Box Crash Testing",
//! OSDI 2018).
//!
//! ```text
//! data        Data of a file is durable after fsync, fdatasync or syncfs, if it was written before that call began.
//!             Without such a call, each block (a page of 4096 bytes, or a sector of 512) has the content of some
//!             moment since the last sync, independently of the other blocks: early and late blocks of one write, and
//!             blocks of different writes, can be combined in any way.
//! length      The length of a file is also that of some moment since the last sync. If it exceeds the surviving data,
//!             the rest is zeros; if it is shorter, the data is cut.
//! attributes  Extended attributes are durable like data, but not after fdatasync.
//! names       Names are durable after fsync of their folder, or syncfs. A rename is one step, and is durable with the
//!             folder of its target. fsync of a file does not make a name of the file durable. Of the other changes
//!             of names
//!               ordered   all changes up to some moment survive, as with a journal
//!               any       each change survives or not independently, as POSIX allows
//! ```
//!
//! A sector is written whole or not at all. Blocks that were not written since the last sync keep their content.

use crate::log::{Id, Log, Name, Node, Op, ROOT, give};
use rand_core::Rng;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The part of the changes that are not durable which survives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Survival {
    Nothing,
    Everything,
    /// Each change survives with probability 1/2.
    Any,
    /// All changes but one survive.
    ButOne,
    /// One change survives.
    One,
}

impl Survival {
    /// The distribution of the random choice.
    const MIXED: [Self; 6] = [Self::Nothing, Self::Everything, Self::Any, Self::Any, Self::ButOne, Self::One];

    /// Chooses which of `count` changes survive.
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

/// A loss of power: the cut of the log, and the behaviour of the disk.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    pub cut: usize,
    /// Whether changes of names survive in their order, as with a journal.
    pub ordered: bool,
    pub names: Survival,
    pub data: Survival,
    pub block: usize,
}

impl Loss {
    /// A random loss. Its cut is often after an acknowledgement or before a sync.
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

    /// A loss after which all changes that are not durable survive, or none.
    pub const fn all_or_none(cut: usize, survival: Survival) -> Self {
        Self { cut, ordered: true, names: survival, data: survival, block: 4096 }
    }
}

pub fn below(rng: &mut impl Rng, limit: usize) -> usize {
    usize::try_from(rng.next_u64() % limit as u64).unwrap()
}

/// A file on the disk: its bytes and extended attributes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Content {
    pub bytes: Vec<u8>,
    pub attributes: BTreeMap<OsString, Vec<u8>>,
}

/// The named folders and files, by their path below the root.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tree {
    pub folders: Vec<PathBuf>,
    pub files: BTreeMap<PathBuf, Content>,
}

impl Tree {
    /// Creates the folders and files in an empty folder.
    pub fn write(&self, to: &Path) {
        self.folders.iter().for_each(|folder| fs::create_dir(to.join(folder)).unwrap());
        for (path, Content { bytes, attributes }) in &self.files {
            fs::write(to.join(path), bytes).unwrap();
            for (name, value) in attributes {
                // A file system without extended attributes keeps none.
                let _ = rustix::fs::setxattr(to.join(path), name.as_bytes(), value, rustix::fs::XattrFlags::empty());
            }
        }
    }
}

impl Log {
    /// Tells whether the entry `at`, which changes `id` or an attribute of `id`, is durable at the cut.
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

    /// A random tree that this loss of power may leave.
    pub fn after(&self, loss: Loss, rng: &mut impl Rng) -> Tree {
        let durable = self.durable(loss.cut);
        let names = self.names_after(loss, &durable, rng);
        let mut tree = Tree::default();
        self.collect(ROOT, Path::new(""), &names, &mut tree, &mut |id| self.content_after(id, loss, &durable, rng));
        tree
    }

    /// The tree as every process saw it at the cut.
    pub fn seen(&self, cut: usize) -> Tree {
        // The result does not depend on the generator.
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
            // The journal is on the disk at least up to the last durable change.
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

/// Applies an entry to the blocks for which `seen` is true. A shorter length leaves zeros in place of the rest.
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

/// Applies the entries that are not durable: to each block those up to some moment; the length is that of some moment.
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
    // The last of the choices is for the length.
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
