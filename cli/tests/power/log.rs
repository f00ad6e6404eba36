//! The log of the changes of a folder, in order, and the current names in the folder.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// A file or folder. Unlike an inode number, which the kernel may reuse, an identifier is unique in the log.
pub type Id = usize;
/// A name in a folder.
pub type Name = (Id, OsString);
/// The watched folder itself.
pub const ROOT: Id = 0;

/// A file or folder at the beginning of the log, when all of its content is durable.
#[derive(Debug)]
pub enum Node {
    Folder,
    File { content: Vec<u8>, attributes: BTreeMap<OsString, Vec<u8>> },
}

/// An entry of the log: a change, a sync, or a line that a process printed.
#[derive(Debug)]
pub enum Op {
    Write {
        file: Id,
        at: u64,
        data: Vec<u8>,
    },
    SetLength {
        file: Id,
        length: u64,
    },
    Attribute {
        file: Id,
        name: OsString,
        value: Vec<u8>,
    },
    /// Names that are added or removed in one step. The change is durable with `folder`.
    Names {
        folder: Id,
        names: Vec<(Name, Option<Id>)>,
    },
    /// A sync of one file or folder, or of all. It makes the changes durable that are among the first `began` entries.
    Sync {
        what: Option<Id>,
        attributes: bool,
        began: usize,
    },
    Said(String),
}

/// The log of a watched folder.
pub struct Log {
    pub root: PathBuf,
    pub nodes: Vec<Node>,
    pub first: BTreeMap<Name, Id>,
    pub ops: Vec<Op>,
    /// The entries that change the data of a file.
    pub data: BTreeMap<Id, Vec<usize>>,
    now: BTreeMap<Name, Id>,
    inodes: BTreeMap<u64, Id>,
}

impl Log {
    /// Begins a log with the current content of the folder.
    pub fn new(root: &Path) -> Self {
        let mut this = Self {
            root: root.canonicalize().unwrap(),
            nodes: Vec::new(),
            first: BTreeMap::new(),
            ops: Vec::new(),
            data: BTreeMap::new(),
            now: BTreeMap::new(),
            inodes: BTreeMap::new(),
        };
        let inode = fs::metadata(root).unwrap().ino();
        this.add(inode, Node::Folder);
        this.scan(ROOT, root);
        this.first.clone_from(&this.now);
        this
    }

    fn scan(&mut self, folder: Id, path: &Path) {
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let (path, metadata) = (entry.path(), entry.metadata().unwrap());
            let node = if metadata.is_dir() {
                Node::Folder
            } else {
                Node::File { content: fs::read(&path).unwrap(), attributes: attributes(&path) }
            };
            let id = self.add(metadata.ino(), node);
            self.now.insert((folder, entry.file_name()), id);
            if metadata.is_dir() {
                self.scan(id, &path);
            }
        }
    }

    /// Adds a new file or folder with this inode number.
    pub fn add(&mut self, inode: u64, node: Node) -> Id {
        self.nodes.push(node);
        self.inodes.insert(inode, self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    /// The file or folder that has this inode number now.
    pub fn id(&self, inode: u64) -> Option<Id> {
        self.inodes.get(&inode).copied()
    }

    /// The folder and the name of a path below the root, or none for another path.
    pub fn name(&self, path: &Path) -> Option<Name> {
        let mut parts = path.strip_prefix(&self.root).ok()?.components().peekable();
        let mut folder = ROOT;
        while let Some(Component::Normal(part)) = parts.next() {
            if parts.peek().is_none() {
                return Some((folder, part.to_owned()));
            }
            folder = self.at(&(folder, part.to_owned()))?;
        }
        None
    }

    /// The file or folder that has this name now.
    pub fn at(&self, name: &Name) -> Option<Id> {
        self.now.get(name).copied()
    }

    pub fn push(&mut self, op: Op) {
        match &op {
            Op::Write { file, .. } | Op::SetLength { file, .. } | Op::Attribute { file, .. } => {
                self.data.entry(*file).or_default().push(self.ops.len());
            }
            Op::Names { names, .. } => give(&mut self.now, names),
            Op::Sync { .. } | Op::Said(_) => {}
        }
        self.ops.push(op);
    }

    /// The reports before the cut: every "done" with its acknowledgement, and the call that has begun and not ended.
    pub fn said(&self, cut: usize) -> (Vec<(&str, &str)>, Option<&str>) {
        let (mut done, mut inside) = (Vec::new(), None);
        for op in &self.ops[..cut] {
            let Op::Said(line) = op else { continue };
            if let Some(what) = line.strip_prefix("begin ") {
                inside = Some(what);
            } else if let Some(rest) = line.strip_prefix("done ") {
                done.push(rest.split_once(' ').unwrap());
                inside = None;
            }
        }
        (done, inside)
    }

    /// An entry as a line of text.
    pub fn line(&self, op: &Op) -> String {
        let of = |id: &Id| {
            let name = |((folder, name), _): (&Name, &Id)| format!("{folder}/{}", name.display());
            let now = self.now.iter().find(|(_, now)| *now == id).map(name);
            now.unwrap_or_else(|| "nameless".to_owned()) + &format!(" ({id})")
        };
        match op {
            Op::Write { file, at, data } => format!("write {} at {at}, {} bytes", of(file), data.len()),
            Op::SetLength { file, length } => format!("length of {}: {length}", of(file)),
            Op::Attribute { file, name, .. } => format!("attribute of {}: {}", of(file), name.display()),
            Op::Names { folder, names } => format!("names, durable with {}: {names:?}", of(folder)),
            Op::Sync { what: Some(id), attributes, began } => {
                format!("sync {} before {began}{}", of(id), if *attributes { "" } else { ", data alone" })
            }
            Op::Sync { what: None, began, .. } => format!("sync all before {began}"),
            Op::Said(line) => line.clone(),
        }
    }

    /// The cuts after each "done", where an acknowledgement must hold, and before each sync, where most may be lost.
    pub fn edges(&self) -> (Vec<usize>, Vec<usize>) {
        let places = |wanted: fn(&Op) -> bool| (0..self.ops.len()).filter(move |at| wanted(&self.ops[*at]));
        let done = places(|op| matches!(op, Op::Said(line) if line.starts_with("done "))).map(|at| at + 1);
        (done.collect(), places(|op| matches!(op, Op::Sync { .. })).collect())
    }
}

/// Applies a change of names.
pub fn give(all: &mut BTreeMap<Name, Id>, names: &[(Name, Option<Id>)]) {
    for (name, id) in names {
        match id {
            Some(id) => all.insert(name.clone(), *id),
            None => all.remove(name),
        };
    }
}

/// The extended attributes of a file. A file system without them gives none.
fn attributes(path: &Path) -> BTreeMap<OsString, Vec<u8>> {
    use std::os::unix::ffi::OsStrExt;
    let mut list = vec![0; 4096];
    let length = rustix::fs::listxattr(path, &mut list[..]).unwrap_or(0);
    let names = list[..length].split(|byte| *byte == 0).filter(|name| name.starts_with(b"user."));
    names
        .map(|name| {
            let mut value = vec![0; 4096];
            let length = rustix::fs::getxattr(path, name, &mut value[..]).unwrap();
            value.truncate(length);
            (std::ffi::OsStr::from_bytes(name).to_owned(), value)
        })
        .collect()
}
