//! Names that programs give to files that they have not finished.

use std::ffi::OsStr;

/// The beginnings of temporary names: hidden files, and the lock files of office programs.
const BEGINNINGS: [&str; 2] = [".", "~$"];
/// The ends of temporary names: partial copies and downloads, backups and swap files of editors.
const ENDS: [&str; 11] =
    ["~", ".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp", ".swx", ".swo"];

/// Whether a file or folder of this name is left alone until it is renamed. These are the names `.*`, `~$*`, `#*#`,
/// `*~`, `*.tmp`, `*.temp`, `*.part`, `*.partial`, `*.filepart`, `*.crdownload`, `*.download`, `*.swp`, `*.swx` and
/// `*.swo`, in upper or lower case.
pub fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes().to_ascii_lowercase();
    BEGINNINGS.iter().any(|beginning| name.starts_with(beginning.as_bytes()))
        || ENDS.iter().any(|end| name.ends_with(end.as_bytes()))
        || name.len() > 1 && name.starts_with(b"#") && name.ends_with(b"#")
}
