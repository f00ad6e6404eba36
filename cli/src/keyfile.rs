//! Key files: three lines of ASCII text, each with an LF at its end and nothing else.
//!
//! ```text
//! phi-pre KIND, version 1      the kind of key, for example: phi-pre secret key (k_d), version 1
//! KEY                          the canonical bytes of the key, in lower-case hexadecimal digits
//! SUM                          the first 8 bytes of SHA-256(KEY as bytes), in 16 lower-case hexadecimal digits
//! ```
//!
//! A key has this one form. The error of any other text says what is wrong. A file with a secret has mode 0600; where
//! others can use it, reading it prints a warning.

use crate::output::{Failure, named, open_file, readable_by_all, refuse_dash, warn, warn_if_shared, warn_unsynced};
use phi_pre::envelope::{Created, create_file};
use phi_pre::hash::sha256;
use phi_pre::pre::{
    DecryptionKey, EncryptionKey, NamedPublic, NamedSecret, Params, PublicKey, ReKey, ReencryptionProof, Scope,
    SharedSecret,
};
use std::fs::File;
use std::io::{self, Read, Write};
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
    /// A proof of re-encryption, which is no secret.
    Proof,
    /// a, which gives k_e of every scope.
    NamedSecret,
    /// A, which gives Y of every scope.
    NamedPublic,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Secret, Self::Public, Self::ReKey, Self::Shared, Self::Proof, Self::NamedSecret, Self::NamedPublic];

    /// Whether anybody may read the file.
    const fn is_public(self) -> bool {
        matches!(self, Self::Public | Self::Proof | Self::NamedPublic)
    }

    /// Whether the key needs the name of a scope.
    const fn is_by_name(self) -> bool {
        matches!(self, Self::NamedSecret | Self::NamedPublic)
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Secret => "phi-pre secret key (k_d), version 1",
            Self::Public => "phi-pre public key (Y), version 1",
            Self::ReKey => "phi-pre re-encryption key (k_re), version 1",
            Self::Shared => "phi-pre shared secret (sk), version 1",
            Self::Proof => "phi-pre proof of re-encryption, version 1",
            Self::NamedSecret => "phi-pre secret key by name (a), version 1",
            Self::NamedPublic => "phi-pre public key by name (A), version 1",
        }
    }
}

/// A key file and, for a key by name, the name of the scope. A key by name without a scope is refused, and so is any
/// other key with a scope.
#[derive(Clone, Copy)]
pub(super) struct Key<'a> {
    pub(super) path: &'a Path,
    pub(super) scope: Option<&'a str>,
    /// The argument that gives the scope.
    pub(super) argument: &'static str,
}

impl<'a> Key<'a> {
    /// The path of the file and the scope, for messages.
    pub(super) fn shown(self) -> String {
        let scope = self.scope.map_or_else(String::new, |scope| format!(" (scope {scope})"));
        format!("{}{scope}", self.path.display())
    }

    /// k_e, from k_d or from a and the scope.
    pub(super) fn secret(self, params: &Params) -> Result<EncryptionKey, Failure> {
        match self.read(Kind::Secret, Kind::NamedSecret)? {
            (bytes, None) => DecryptionKey::from_bytes(&bytes).map(|k_d| k_d.encryption_key(params)),
            (bytes, Some(scope)) => NamedSecret::from_bytes(&bytes).map(|a| a.encryption_key(params, scope)),
        }
        .map_err(|e| named(self.path, &e))
    }

    /// Y, from the file, or from A and the scope.
    pub(super) fn public(self, params: &Params) -> Result<PublicKey, Failure> {
        match self.read(Kind::Public, Kind::NamedPublic)? {
            (bytes, None) => PublicKey::from_bytes(&bytes),
            (bytes, Some(scope)) => NamedPublic::from_bytes(&bytes).map(|a| a.public_key(params, scope)),
        }
        .map_err(|e| named(self.path, &e))
    }

    fn read(self, plain: Kind, by_name: Kind) -> Result<(Zeroizing<Vec<u8>>, Option<Scope<'a>>), Failure> {
        let Self { path, scope, argument } = self;
        let (kind, bytes) = read(&[plain, by_name], path)?;
        match (kind.is_by_name(), scope) {
            (false, None) => Ok((bytes, None)),
            (true, Some(name)) => Ok((bytes, Some(Scope::Record(name.as_bytes())))),
            (true, None) => {
                let what = format_args!("a {} works with the name of a scope: add {argument} NAME", kind.title());
                Err(named(path, &what))
            }
            (false, Some(_)) => {
                let what = format_args!("a {} has no scopes: leave out {argument}", kind.title());
                Err(named(path, &what))
            }
        }
    }
}

pub(super) fn read_rekey(path: &Path) -> Result<ReKey, Failure> {
    ReKey::from_bytes(&read(&[Kind::ReKey], path)?.1).map_err(|e| named(path, &e))
}

pub(super) fn read_proof(path: &Path) -> Result<ReencryptionProof, Failure> {
    ReencryptionProof::from_bytes(&read(&[Kind::Proof], path)?.1).map_err(|e| named(path, &e))
}

pub(super) fn read_shared(path: &Path) -> Result<SharedSecret, Failure> {
    let (_, bytes) = read(&[Kind::Shared], path)?;
    let sk = bytes.as_slice().try_into().map_err(|_| named(path, &"not 32 bytes"))?;
    Ok(SharedSecret::from_bytes(sk))
}

/// Writes a new key file, either whole or not at all. An existing file is never overwritten. The mode is set before the
/// file has its name, so nothing can fail after that.
pub(super) fn write(kind: Kind, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    refuse_dash(path)?;
    let text = text(kind, bytes);
    let write = |file: &mut File| {
        file.write_all(text.as_bytes())?;
        Ok(if kind.is_public() { readable_by_all(file).err() } else { None })
    };
    let Created { value: private, unsynced } = create_file(path, write).map_err(|e: io::Error| named(path, &e))?;
    if let Some(error) = private {
        warn(path, &format_args!("only you can read the file: its mode cannot be set ({error})"));
    }
    warn_unsynced(path, unsynced.as_ref());
    Ok(())
}

/// The text of a key file.
pub fn text(kind: Kind, bytes: &[u8]) -> Zeroizing<String> {
    // The buffers have their final size from the start: growing them would leave a copy of the key in freed memory.
    let mut digits = Zeroizing::new(vec![0; 2 * bytes.len()]);
    // Fails only for another length.
    _ = base16ct::lower::encode(bytes, &mut digits);
    let lines = [kind.title(), std::str::from_utf8(&digits).unwrap_or_default(), &sum(bytes)];
    let mut text = Zeroizing::new(String::with_capacity(lines.iter().map(|line| line.len() + 1).sum()));
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The third line of a key file. It distinguishes a mistyped or damaged key from a valid but wrong key.
fn sum(bytes: &[u8]) -> String {
    hex::encode(&sha256(&[bytes]).0[..8])
}

/// Reads a key file of one of these kinds, all secret or all public.
fn read(kinds: &[Kind], path: &Path) -> Result<(Kind, Zeroizing<Vec<u8>>), Failure> {
    const LIMIT: usize = 4096;
    refuse_dash(path)?;
    // Room for the whole file, so that the buffer does not grow and leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * LIMIT));
    let file = open_file(path)?;
    if !kinds.iter().all(|kind| kind.is_public()) {
        warn_if_shared(path, &file);
    }
    file.take(LIMIT as u64).read_to_end(&mut bytes).map_err(|e| named(path, &e))?;
    // A file that is no text begins with no title.
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let kind = *kinds.iter().find(|kind| kind.title() == title(text)).unwrap_or(&kinds[0]);
    Ok((kind, parse(kind, text).map_err(|e| named(path, &e))?))
}

/// The first line of a text, also after a byte order mark.
fn title(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text).lines().next().unwrap_or_default()
}

/// Reads the key from the text of a key file.
///
/// # Errors
/// The text is of another kind than `kind`, or damaged.
pub fn parse(kind: Kind, text: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let first = title(text);
    if first != kind.title() {
        let other = Kind::ALL.iter().find(|other| other.title() == first);
        let other = other.map_or_else(String::new, |other| format!(": this is a {}", other.title()));
        return Err(format!("not a {}{other}", kind.title()));
    }
    let key = if text.starts_with('\u{feff}') { Err("it begins with a byte order mark") } else { body(text) };
    key.map_err(|why| format!("malformed {}: {why}", kind.title()))
}

/// Reads the lines of a key file after its title.
fn body(text: &str) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    if text.contains('\r') {
        return Err("its lines end in CR LF, not in LF");
    }
    let lines: Vec<_> = text.split('\n').skip(1).collect();
    let (key, check) = match lines[..] {
        [] | [""] => return Err("the second line, the key, is missing"),
        ["", ..] => return Err("the second line is blank"),
        [_] | [_, ""] => return Err("the third line, the checksum, is missing"),
        [_, "", ..] => return Err("the third line is blank"),
        [_, _] => return Err("the last line has no LF"),
        [key, check, ""] => (key, check),
        _ => return Err("there is a fourth line"),
    };
    if [key, check].iter().any(|line| line.bytes().any(|digit| matches!(digit, b'A'..=b'F'))) {
        return Err("it has capital hexadecimal digits");
    }
    let mut bytes = Zeroizing::new(vec![0; key.len() / 2]);
    base16ct::lower::decode(key, &mut bytes)
        .map_err(|_| "the second line is not an even number of hexadecimal digits")?;
    if check == sum(&bytes) { Ok(bytes) } else { Err("the checksum does not match the key") }
}
