//! Keys as small text files: a line that says what it is, and a line of hex. Files with secrets are mode 0600.

use super::Failure;
use crate::pre::{DecryptionKey, PublicKey, ReKey};
use crate::wire::Wire;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// A kind of key file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Secret,
    Public,
    ReKey,
}

impl Kind {
    const fn title(self) -> &'static str {
        match self {
            Self::Secret => "phi-pre secret key (k_d), version 1",
            Self::Public => "phi-pre public key (Y), version 1",
            Self::ReKey => "phi-pre re-encryption key (k_re), version 1",
        }
    }
}

pub(super) fn read_secret(path: &Path) -> Result<DecryptionKey, Failure> {
    DecryptionKey::from_bytes(&read(Kind::Secret, path)?).map_err(|e| named(path, &e))
}

pub(super) fn read_public(path: &Path) -> Result<PublicKey, Failure> {
    PublicKey::from_bytes(&read(Kind::Public, path)?).map_err(|e| named(path, &e))
}

pub(super) fn read_rekey(path: &Path) -> Result<ReKey, Failure> {
    ReKey::from_bytes(&read(Kind::ReKey, path)?).map_err(|e| named(path, &e))
}

/// Writes a new key file; an existing one is never overwritten.
pub(super) fn write(kind: Kind, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if !matches!(kind, Kind::Public) {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let text = Zeroizing::new(format!("{}\n{}\n", kind.title(), *Zeroizing::new(hex::encode(bytes))));
    let mut file = options.open(path).map_err(|e| named(path, &e))?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|e| {
        // Half a key is no key: take it away again, and say what happened whether or not that works.
        let _ = std::fs::remove_file(path);
        named(path, &e)
    })
}

fn read(kind: Kind, path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    const LIMIT: u64 = 4096;
    let mut text = Zeroizing::new(String::new());
    let file = std::fs::File::open(path).map_err(|e| named(path, &e))?;
    file.take(LIMIT).read_to_string(&mut text).map_err(|e| named(path, &e))?;
    let hex = text.strip_prefix(kind.title()).and_then(|rest| rest.strip_prefix('\n')?.strip_suffix('\n'));
    let bytes = hex.and_then(|hex| hex::decode(hex).ok());
    bytes.map(Zeroizing::new).ok_or_else(|| format!("{}: not a {}", path.display(), kind.title()).into())
}

fn named(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    format!("{}: {error}", path.display()).into()
}
