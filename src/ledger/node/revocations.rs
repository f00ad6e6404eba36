//! The revocation lists of a channel, kept beside its nodes, so that a network that is opened again has them.
//!
//! ```text
//! revocations/ID        phi-pre revocations 1 LF, the newest list of the authority with this identifier
//! ```

use crate::error::DecodeError;
use crate::identity::{MemberId, RevocationList};
use crate::ledger::error::StoreError;
use crate::ledger::storage::file;
use crate::wire::Wire;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8] = b"phi-pre revocations 1\n";

fn failed<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> StoreError + 'a {
    move |source| StoreError::Io { action, path: path.to_owned(), source }
}

/// Writes a list, which takes the place of the earlier list of its authority. The list is on the disk afterwards.
pub(super) fn keep(folder: &Path, list: &RevocationList) -> Result<(), StoreError> {
    let folder = folder.join("revocations");
    crate::folder::make(&folder).map_err(failed("make", &folder))?;
    let path = folder.join(list.authority().to_string());
    let new = path.with_extension("tmp");
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(&[MAGIC, &list.to_bytes()].concat())?;
        file.sync_all()
    });
    written.map_err(failed("write", &new))?;
    fs::rename(&new, &path).map_err(failed("write", &path))?;
    crate::folder::sync(&folder).map_err(failed("sync", &folder))
}

/// Reads the lists that were kept. The caller verifies their signatures. Files whose names are no identifiers are ignored.
pub(super) fn kept(folder: &Path) -> Result<Vec<RevocationList>, StoreError> {
    let folder = folder.join("revocations");
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed("read", &folder))?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<PathBuf>>>();
    let named = |path: &PathBuf| path.file_name()?.to_str()?.parse::<MemberId>().ok();
    let lists = paths.map_err(failed("read", &folder))?.into_iter().filter(|path| named(path).is_some());
    let read = |path: PathBuf| {
        let bytes = file::read(&path)?.unwrap_or_default();
        let list = bytes.strip_prefix(MAGIC).ok_or(DecodeError::Magic { what: RevocationList::NAME })?;
        Ok(RevocationList::from_bytes(list)?)
    };
    lists.map(read).collect()
}
