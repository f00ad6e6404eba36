//! Key files of the command phi-pre.

use crate::error::Fault;
use phi_pre_cli::{KeyFile, parse_key_file};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use zeroize::Zeroizing;

/// The bytes of the key in a key file of this kind.
pub(crate) fn read(kind: KeyFile, path: &Path) -> Result<Zeroizing<Vec<u8>>, Fault> {
    const LIMIT: usize = 4096;
    // Room for the whole file, so that the buffer does not grow and leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * LIMIT));
    let fault = |code, why: String| Fault::new(code, format!("{}: {why}", path.display()));
    let read = File::open(path).and_then(|file| file.take(LIMIT as u64).read_to_end(&mut bytes));
    read.map_err(|error| fault("io", error.to_string()))?;
    // A file that is no text begins with no title.
    let text = core::str::from_utf8(&bytes).unwrap_or_default();
    parse_key_file(kind, text).map_err(|why| fault("key-file", why))
}
