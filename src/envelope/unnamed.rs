//! Files without a name, by Linux's `O_TMPFILE` and `linkat`. They get a name once they are complete, and disappear if
//! their process is killed before.

use rustix::fs::{AtFlags, Mode, OFlags, linkat, open, openat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

/// Opens a folder as the place of files. The folder itself need not be readable.
pub(super) fn place(folder: &Path) -> io::Result<OwnedFd> {
    Ok(open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Creates a file without a name in the folder, with this mode less the umask.
pub(super) fn create(folder: impl AsFd, mode: u32) -> io::Result<File> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    Ok(openat(folder, ".", flags, Mode::from_raw_mode(mode))?.into())
}

/// Whether such a file can be named through /proc, which kernels before 6.10 need.
pub(super) fn can_be_named(file: &File) -> bool {
    std::fs::metadata(descriptor(file)).is_ok()
}

/// Gives the file its name. Fails if the name is in use. From Linux 6.10 on, the file descriptor is enough.
pub(super) fn link(file: &File, folder: impl AsFd + Copy, name: &OsStr) -> io::Result<()> {
    match linkat(file, "", folder, name, AtFlags::EMPTY_PATH) {
        linked @ (Ok(()) | Err(Errno::EXIST)) => Ok(linked?),
        Err(_) => link_by_path(file, folder, name),
    }
}

/// As [`link`], through /proc.
pub(super) fn link_by_path(file: &File, folder: impl AsFd, name: &OsStr) -> io::Result<()> {
    Ok(linkat(rustix::fs::CWD, descriptor(file), folder, name, AtFlags::SYMLINK_FOLLOW)?)
}

fn descriptor(file: &File) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}
