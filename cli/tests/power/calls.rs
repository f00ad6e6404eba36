//! Translates system calls into entries of the log. A call that could change a watched file, and that this module does
//! not know, fails the test.

use crate::log::{Log, Name, Node, Op};
use crate::trace::{memory, text};
use nix::libc;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A system call with its arguments and its result.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub number: i64,
    pub arguments: [u64; 6],
    pub result: i64,
    /// The length of the log when the call began.
    pub began: usize,
}

/// Whether a call of this number can add an entry to the log.
pub fn changes(number: i64) -> bool {
    #[cfg(target_arch = "x86_64")]
    if matches!(
        number,
        libc::SYS_open | libc::SYS_mkdir | libc::SYS_rmdir | libc::SYS_unlink | libc::SYS_rename | libc::SYS_link
    ) {
        return true;
    }
    matches!(
        number,
        libc::SYS_openat
            | libc::SYS_mkdirat
            | libc::SYS_unlinkat
            | libc::SYS_renameat
            | libc::SYS_renameat2
            | libc::SYS_linkat
            | libc::SYS_write
            | libc::SYS_writev
            | libc::SYS_pwrite64
            | libc::SYS_pwritev
            | libc::SYS_pwritev2
            | libc::SYS_copy_file_range
            | libc::SYS_sendfile
            | libc::SYS_splice
            | libc::SYS_ftruncate
            | libc::SYS_fallocate
            | libc::SYS_fsync
            | libc::SYS_fdatasync
            | libc::SYS_syncfs
            | libc::SYS_sync
            | libc::SYS_fsetxattr
    )
}

/// The scope of a sync: a watched file or folder, or all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durable {
    Nothing,
    One(usize),
    All,
}

/// A stopped thread, and the log of its calls.
pub struct Calls<'a> {
    pub thread: i32,
    pub log: &'a mut Log,
}

impl Calls<'_> {
    /// The target of the link of a descriptor in `/proc`.
    pub fn link(&self, descriptor: u64) -> Option<PathBuf> {
        fs::read_link(self.descriptor(descriptor)).ok()
    }

    fn descriptor(&self, number: u64) -> String {
        format!("/proc/{}/fd/{number}", self.thread)
    }

    /// The watched file or folder behind a descriptor.
    fn watched(&self, descriptor: u64) -> Option<usize> {
        let link = self.link(descriptor)?;
        let metadata = link.starts_with(&self.log.root).then(|| fs::metadata(self.descriptor(descriptor)))?;
        self.log.id(metadata.ok()?.ino())
    }

    /// The scope of a call that syncs.
    pub fn syncs(&self, call: &Call) -> Durable {
        match call.number {
            libc::SYS_fsync | libc::SYS_fdatasync => {
                self.watched(call.arguments[0]).map_or(Durable::Nothing, Durable::One)
            }
            libc::SYS_syncfs | libc::SYS_sync => Durable::All,
            _ => Durable::Nothing,
        }
    }

    /// The absolute path of a path argument that is relative to a descriptor's folder.
    fn path(&self, folder: u64, text: &[u8]) -> PathBuf {
        let path = Path::new(OsStr::from_bytes(text));
        // The kernel uses the lower half of the register only.
        let base = if folder & u64::from(u32::MAX) == u64::from(libc::AT_FDCWD.cast_unsigned()) {
            fs::read_link(format!("/proc/{}/cwd", self.thread)).unwrap()
        } else {
            self.link(folder).unwrap_or_default()
        };
        let mut whole = PathBuf::new();
        for part in base.join(path).components() {
            match part {
                std::path::Component::ParentDir => drop(whole.pop()),
                part => whole.push(part),
            }
        }
        whole
    }

    fn name(&self, folder: u64, text_at: u64) -> Option<Name> {
        self.log.name(&self.path(folder, &text(self.thread, text_at)))
    }

    /// Logs a call that has returned without an error.
    pub fn ended(mut self, call: &Call) {
        let here = u64::from(libc::AT_FDCWD.cast_unsigned());
        let Call { arguments: [a, b, c, d, e, _], result, began, .. } = *call;
        match call.number {
            libc::SYS_openat => self.opened(a, b, c, result),
            libc::SYS_mkdirat => self.folder_made(a, b),
            libc::SYS_unlinkat => self.unlinked(a, b),
            libc::SYS_renameat2 => {
                assert_eq!(e & u64::from(libc::RENAME_EXCHANGE | libc::RENAME_WHITEOUT), 0);
                self.renamed(a, b, c, d);
            }
            libc::SYS_linkat => self.linked(a, b, c, d),
            libc::SYS_write | libc::SYS_writev => {
                let data = self.data(call);
                self.written(a, None, data);
            }
            libc::SYS_pwrite64 | libc::SYS_pwritev | libc::SYS_pwritev2 => {
                let data = self.data(call);
                self.written(a, Some(d), data);
            }
            libc::SYS_copy_file_range => self.copied(c, d, result),
            libc::SYS_sendfile | libc::SYS_splice => {
                self.copied(if call.number == libc::SYS_sendfile { a } else { c }, 0, result);
            }
            libc::SYS_ftruncate => self.length(a, |_| b),
            libc::SYS_fallocate => {
                assert!(b == 0 || self.watched(a).is_none(), "fallocate of a kind that is not known here");
                self.length(a, |now| now.max(c + d));
            }
            libc::SYS_fsync | libc::SYS_fdatasync | libc::SYS_syncfs | libc::SYS_sync => {
                let what = match self.syncs(call) {
                    Durable::Nothing => return,
                    Durable::One(id) => Some(id),
                    Durable::All => None,
                };
                let attributes = call.number != libc::SYS_fdatasync;
                self.log.push(Op::Sync { what, attributes, began });
            }
            libc::SYS_fsetxattr => {
                if let Some(file) = self.watched(a) {
                    let name = OsString::from(OsStr::from_bytes(&text(self.thread, b)));
                    let value = memory(self.thread, c, usize::try_from(d).unwrap());
                    self.log.push(Op::Attribute { file, name, value });
                }
            }
            libc::SYS_mmap => {
                let writes = c & libc::PROT_WRITE as u64 != 0 && d & 3 == libc::MAP_SHARED as u64;
                assert!(!writes || self.watched(e).is_none(), "a watched file is mapped to be written");
            }
            libc::SYS_ioctl => assert!(b >> 8 & 0xff != 0x94 || self.watched(a).is_none(), "a clone of a file"),
            libc::SYS_truncate | libc::SYS_io_uring_setup | libc::SYS_openat2 | libc::SYS_symlinkat => {
                panic!("a call that is not known here: {call:?}")
            }
            #[cfg(target_arch = "x86_64")]
            number => match number {
                libc::SYS_open => self.opened(here, a, b, result),
                libc::SYS_creat => panic!("a call that is not known here: {call:?}"),
                libc::SYS_mkdir => self.folder_made(here, a),
                libc::SYS_rmdir | libc::SYS_unlink => self.unlinked(here, a),
                libc::SYS_rename => self.renamed(here, a, here, b),
                libc::SYS_renameat => self.renamed(a, b, c, d),
                libc::SYS_link => self.linked(here, a, here, b),
                _ => {}
            },
            #[cfg(not(target_arch = "x86_64"))]
            libc::SYS_renameat => self.renamed(a, b, c, d),
            #[cfg(not(target_arch = "x86_64"))]
            _ => {}
        }
        let _ = here;
    }

    fn opened(&mut self, folder: u64, path: u64, flags: u64, descriptor: i64) {
        let descriptor = descriptor.cast_unsigned();
        let has = |flag: i32| flags & u64::from(flag.cast_unsigned()) == u64::from(flag.cast_unsigned());
        let inode = || fs::metadata(self.descriptor(descriptor)).unwrap().ino();
        let new = || Node::File { content: Vec::new(), attributes: BTreeMap::new() };
        if has(libc::O_TMPFILE) {
            if self.path(folder, &text(self.thread, path)).starts_with(&self.log.root) {
                let inode = inode();
                self.log.add(inode, new());
            }
        } else if (has(libc::O_CREAT) || has(libc::O_TRUNC))
            && let Some(name) = self.name(folder, path)
        {
            match self.log.at(&name) {
                None => {
                    let inode = inode();
                    let id = self.log.add(inode, new());
                    self.log.push(Op::Names { folder: name.0, names: vec![(name, Some(id))] });
                }
                Some(file) if has(libc::O_TRUNC) => self.log.push(Op::SetLength { file, length: 0 }),
                Some(_) => {}
            }
        }
    }

    fn folder_made(&mut self, folder: u64, path: u64) {
        let whole = self.path(folder, &text(self.thread, path));
        if let Some(name) = self.log.name(&whole) {
            let id = self.log.add(fs::metadata(whole).unwrap().ino(), Node::Folder);
            self.log.push(Op::Names { folder: name.0, names: vec![(name, Some(id))] });
        }
    }

    fn unlinked(&mut self, folder: u64, path: u64) {
        if let Some(name) = self.name(folder, path) {
            self.log.push(Op::Names { folder: name.0, names: vec![(name, None)] });
        }
    }

    fn renamed(&mut self, from_folder: u64, from: u64, to_folder: u64, to: u64) {
        if let (Some(from), Some(to)) = (self.name(from_folder, from), self.name(to_folder, to)) {
            let id = self.log.at(&from);
            assert!(id.is_some(), "a file that nobody made is renamed: {from:?}");
            self.log.push(Op::Names { folder: to.0, names: vec![(from, None), (to, id)] });
        }
    }

    fn linked(&mut self, from_folder: u64, from: u64, to_folder: u64, to: u64) {
        let Some(to) = self.name(to_folder, to) else { return };
        let text = text(self.thread, from);
        let id = match text.strip_prefix(b"/proc/self/fd/") {
            Some(number) => self.watched(std::str::from_utf8(number).unwrap().parse().unwrap()),
            None if text.is_empty() => self.watched(from_folder), // AT_EMPTY_PATH
            None => self.log.name(&self.path(from_folder, &text)).and_then(|name| self.log.at(&name)),
        };
        assert!(id.is_some(), "a file that nobody made is linked");
        self.log.push(Op::Names { folder: to.0, names: vec![(to, id)] });
    }

    /// The data of a write, read from the memory of the thread.
    fn data(&self, call: &Call) -> Vec<u8> {
        let [descriptor, at, count, ..] = call.arguments;
        let length = usize::try_from(call.result).unwrap();
        if self.watched(descriptor).is_none() {
            return Vec::new();
        }
        if matches!(call.number, libc::SYS_write | libc::SYS_pwrite64) {
            return memory(self.thread, at, length);
        }
        let mut data = Vec::new();
        for vector in memory(self.thread, at, usize::try_from(count * 16).unwrap()).chunks(16) {
            let number = |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().unwrap());
            let wanted = usize::try_from(number(&vector[8..])).unwrap().min(length - data.len());
            data.append(&mut memory(self.thread, number(&vector[..8]), wanted));
        }
        data
    }

    /// Logs data that was written at an offset, or at the position that the file had before.
    fn written(&mut self, descriptor: u64, at: Option<u64>, data: Vec<u8>) {
        if data.is_empty() {
            return;
        }
        if let Some(file) = self.watched(descriptor) {
            let at = at.unwrap_or_else(|| self.position(descriptor) - data.len() as u64);
            self.log.push(Op::Write { file, at, data });
        }
    }

    fn position(&self, descriptor: u64) -> u64 {
        let info = fs::read_to_string(format!("/proc/{}/fdinfo/{descriptor}", self.thread)).unwrap();
        info.lines().find_map(|line| line.strip_prefix("pos:")).unwrap().trim().parse().unwrap()
    }

    /// Logs a copy by the kernel from another file. The copied data is read from the target.
    fn copied(&mut self, descriptor: u64, offset_at: u64, length: i64) {
        if self.watched(descriptor).is_none() || length == 0 {
            return;
        }
        let mut data = vec![0; usize::try_from(length).unwrap()];
        // The kernel has moved either the position of the file or the offset in memory.
        let end = match offset_at {
            0 => self.position(descriptor),
            at => u64::from_ne_bytes(memory(self.thread, at, 8).try_into().unwrap()),
        };
        let at = end - data.len() as u64;
        File::open(self.descriptor(descriptor)).unwrap().read_exact_at(&mut data, at).unwrap();
        self.written(descriptor, Some(at), data);
    }

    fn length(&mut self, descriptor: u64, length: impl FnOnce(u64) -> u64) {
        if let Some(file) = self.watched(descriptor) {
            let now = fs::metadata(self.descriptor(descriptor)).unwrap().len();
            self.log.push(Op::SetLength { file, length: length(now) });
        }
    }
}
