//! The owner and the mode of a node's files.

use std::fs::{File, Metadata};
use std::io;

/// Gives `file` the owner and the group of `like`, if they differ.
#[cfg(unix)]
pub(in crate::ledger) fn copy(like: &Metadata, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let now = file.metadata()?;
    let (uid, gid) = (like.uid(), like.gid());
    if (now.uid(), now.gid()) == (uid, gid) { Ok(()) } else { fchown(file, Some(uid), Some(gid)) }
}

/// Files have no owner that this crate knows of.
#[cfg(not(unix))]
pub(in crate::ledger) fn copy(_: &Metadata, _: &File) -> io::Result<()> {
    Ok(())
}
