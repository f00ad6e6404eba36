//! Key files: three lines of text with the kind of key, the key in hexadecimal digits, and a checksum of 16 digits.
//! A file with a secret has mode 0600.

use crate::output::{Failure, named, open_file, warn, warn_unsynced};
use phi_pre::envelope::{Created, create_file};
use phi_pre::hash::sha256;
use phi_pre::pre::{DecryptionKey, PublicKey, ReKey, SharedSecret};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// A kind of key file.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// k_d.
    Secret,
    /// Y.
    Public,
    /// k_re.
    ReKey,
    /// sk, from which the keys for one record or one folder are derived.
    Shared,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Secret, Self::Public, Self::ReKey, Self::Shared];

    const fn title(self) -> &'static str {
        match self {
            Self::Secret => "phi-pre secret key (k_d), version 1",
            Self::Public => "phi-pre public key (Y), version 1",
            Self::ReKey => "phi-pre re-encryption key (k_re), version 1",
            Self::Shared => "phi-pre shared secret (sk), version 1",
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

pub(super) fn read_shared(path: &Path) -> Result<SharedSecret, Failure> {
    let bytes = read(Kind::Shared, path)?;
    let sk = bytes.as_slice().try_into().map_err(|_| named(path, &"not 32 bytes"))?;
    Ok(SharedSecret::from_bytes(sk))
}

/// Writes a new key file, either whole or not at all. An existing file is never overwritten. The mode is set before the
/// file has its name, so nothing can fail after that.
pub(super) fn write(kind: Kind, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let text = Zeroizing::new(format!("{}\n{}\n{}\n", kind.title(), *Zeroizing::new(hex::encode(bytes)), sum(bytes)));
    let write = |file: &mut BufWriter<&mut File>| {
        file.write_all(text.as_bytes())?;
        Ok(if matches!(kind, Kind::Public) { readable_by_all(file.get_ref()).err() } else { None })
    };
    let Created { value: private, unsynced } = create_file(path, write).map_err(|e: io::Error| named(path, &e))?;
    if let Some(error) = private {
        warn(path, &format_args!("only you can read the file: its mode cannot be set ({error})"));
    }
    warn_unsynced(path, unsynced.as_ref());
    Ok(())
}

fn readable_by_all(_file: &File) -> io::Result<()> {
    #[cfg(unix)]
    _file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    Ok(())
}

/// The third line of a key file. It distinguishes a mistyped or damaged key from a valid but wrong key.
fn sum(bytes: &[u8]) -> String {
    hex::encode(&sha256(&[bytes]).0[..8])
}

fn read(kind: Kind, path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    const LIMIT: u64 = 4096;
    let mut bytes = Zeroizing::new(Vec::new());
    let file = open_file(path)?;
    file.take(LIMIT).read_to_end(&mut bytes).map_err(|e| named(path, &e))?;
    // A file that is no text begins with no title.
    parse(kind, std::str::from_utf8(&bytes).unwrap_or_default()).map_err(|e| named(path, &e))
}

/// Reads the key from the text of a key file.
///
/// # Errors
/// The text is of another kind than `kind`, or damaged.
pub fn parse(kind: Kind, text: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    if first != kind.title() {
        let other = Kind::ALL.iter().find(|other| other.title() == first);
        let other = other.map_or_else(String::new, |other| format!(": this is a {}", other.title()));
        return Err(format!("not a {}{other}", kind.title()));
    }
    let bytes = lines.next().and_then(|line| hex::decode(line).ok()).map(Zeroizing::new);
    match bytes {
        Some(bytes) if lines.next() == Some(&sum(&bytes)) && lines.next().is_none() => Ok(bytes),
        _ => Err(format!("damaged {}", kind.title())),
    }
}
