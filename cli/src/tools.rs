//! The commands on single files. Each performs one step of the scheme.

use crate::keyfile::{self, Key, Kind};
use crate::output::{Failure, named, progress, refuse_dash, refuse_pipe, warn_unsynced};
use crate::proof::{self, Pair as Envelopes};
use crate::system;
use indicatif::ProgressBar;
use phi_pre::envelope::{self, Created, DecryptError, FileError, Header, Suite};
use phi_pre::error::DecodeError;
use phi_pre::pre::{DecryptionKey, NamedSecret, Params, ReKey, Scope, Seed};
use phi_pre::secret::Secret;
use rand_core::Rng;
use std::path::{Path, PathBuf};

/// The standard generators and an all-zero k_s. The outputs of f then depend on sk and the scope alone, and those of H2 on
/// the scope alone.
pub(super) fn params() -> Params {
    Params::new(Seed([0; 32]))
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum SuiteName {
    #[value(name = "aes-256-gcm")]
    Aes256Gcm,
    #[value(name = "chacha20-poly1305")]
    ChaCha20Poly1305,
}

impl From<SuiteName> for Suite {
    fn from(name: SuiteName) -> Self {
        match name {
            SuiteName::Aes256Gcm => Self::Aes256Gcm,
            SuiteName::ChaCha20Poly1305 => Self::ChaCha20Poly1305,
        }
    }
}

/// Which records a key pair is for.
#[derive(clap::Args)]
pub(super) struct KeyScope {
    /// Makes a key pair by name: one pair gives a key for each scope. encrypt, decrypt, rekey and verify then take the
    /// name of the scope, and to encrypt, one needs NAME.public and this name alone. Make one pair for each pseudonym
    /// or hospital.
    #[arg(long, conflicts_with_all = ["shared", "scope"])]
    named: bool,
    /// The shared secret (sk) from which the pair is derived. The same file and name always give the same pair.
    #[arg(long, value_name = "FILE", requires = "scope")]
    shared: Option<PathBuf>,
    /// The one record that the pair is for.
    #[arg(long, value_name = "NAME", group = "scope", requires = "shared")]
    record: Option<String>,
    /// The folder of records that the pair is for.
    #[arg(long, value_name = "NAME", group = "scope", requires = "shared")]
    folder: Option<String>,
}

impl KeyScope {
    /// k_d = f(sk, k_s || scope), or a random key where no shared secret is given.
    fn key(&self) -> Result<DecryptionKey, Failure> {
        let scope = match (&self.record, &self.folder) {
            (Some(record), _) => Scope::Record(record.as_bytes()),
            (None, Some(folder)) => Scope::Folder(folder.as_bytes()),
            (None, None) => Scope::Relationship,
        };
        match &self.shared {
            Some(shared) => Ok(params().derive(&keyfile::read_shared(shared)?, scope)),
            None => Ok(DecryptionKey::random(&mut system::rng()?)),
        }
    }
}

pub(super) fn shared(path: &Path) -> Result<(), Failure> {
    let mut sk = zeroize::Zeroizing::new([0; 32]);
    system::rng()?.fill_bytes(sk.as_mut());
    keyfile::write(Kind::Shared, path, sk.as_ref())?;
    say!("{}   sk: give one copy to the other party, over a channel that keeps it secret", path.display());
    Ok(())
}

/// The bytes of a key pair. Each file has its kind, and a text that the command prints.
struct Pair {
    secret: (Kind, Secret<[u8; 32]>, &'static str),
    public: (Kind, Vec<u8>, &'static str),
}

pub(super) fn keygen(name: &Path, scope: &KeyScope) -> Result<(), Failure> {
    refuse_dash(name)?;
    let bytes = name.as_os_str().as_encoded_bytes();
    if name.file_name().is_none() || [&b"/"[..], b"/."].iter().any(|end| bytes.ends_with(end)) {
        return Err(named(name, &"the name of a folder, not of a file"));
    }
    let with = |extension: &str| {
        let mut path = name.as_os_str().to_owned();
        path.push(extension);
        PathBuf::from(path)
    };
    let (secret, public) = (with(".secret"), with(".public"));
    let pair = if scope.named {
        let a = NamedSecret::random(&mut system::rng()?);
        Pair {
            secret: (Kind::NamedSecret, a.to_bytes(), "a, keep it secret: it gives the key of every scope"),
            public: (
                Kind::NamedPublic,
                a.public(&params()).to_bytes().to_vec(),
                "A, give it to those who encrypt; they add the name of the scope",
            ),
        }
    } else {
        let k_d = scope.key()?;
        Pair {
            secret: (Kind::Secret, k_d.to_bytes(), "k_d, keep it secret"),
            public: (Kind::Public, k_d.public_key(&params()).to_bytes().to_vec(), "Y, give it to those who encrypt"),
        }
    };
    if public.symlink_metadata().is_ok() {
        return Err(named(&public, &"exists already; choose another name"));
    }
    // The secret key is durable before the public key has its name. It is removed only if there is no public key to
    // which somebody could encrypt.
    keyfile::write(pair.secret.0, &secret, pair.secret.1.expose())?;
    if let Err(failure) = keyfile::write(pair.public.0, &public, &pair.public.1) {
        let no_public = public.symlink_metadata().is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound);
        if no_public && std::fs::remove_file(&secret).is_ok() {
            return Err(failure);
        }
        return Err(format!("{failure}; {} is written and was kept", secret.display()).into());
    }
    say!("{}   {}", secret.display(), pair.secret.2);
    say!("{}   {}", public.display(), pair.public.2);
    if scope.shared.is_none() && !scope.named {
        say!(
            "A re-encryption key made from this pair works on every record encrypted to it. To make a pair for one record"
        );
        say!("alone, run phi-pre keygen --shared FILE --record NAME, where FILE comes from phi-pre shared.");
    }
    Ok(())
}

pub(super) fn encrypt(to: Key<'_>, suite: SuiteName, record: &Path, envelope: &Path) -> Result<(), Failure> {
    [record, envelope].into_iter().try_for_each(refuse_dash)?;
    refuse_pipe(record)?;
    let key = to.public(&params())?;
    let bar = bytes_of(record);
    let rng = &mut system::rng()?;
    let written =
        envelope::encrypt_file(&params(), &key, suite.into(), rng, record, envelope, &|n| bar.set_position(n))?;
    bar.finish_and_clear();
    warn_unsynced(envelope, written.unsynced.as_ref());
    let sealed = written.value.sealed;
    say!("{}   {} bytes of record", envelope.display(), sealed.bytes);
    say!("commitment   {}", sealed.commitment);
    Ok(())
}

pub(super) fn rekey(from: Key<'_>, to: Key<'_>, rekey: &Path) -> Result<(), Failure> {
    let params = params();
    let k_re = ReKey::new(&from.secret(&params)?, &to.secret(&params)?)?;
    keyfile::write(Kind::ReKey, rekey, k_re.to_bytes().expose())?;
    say!("{}   k_re = k'_e / k_e, for the proxy alone", rekey.display());
    Ok(())
}

/// The header of an envelope.
pub(super) fn header(envelope: &Path) -> Result<Header, Failure> {
    refuse_pipe(envelope)?;
    refuse_dash(envelope)?;
    Ok(envelope::inspect_file(envelope).map_err(|error| readable(&error))?.header)
}

pub(super) fn reencrypt(
    rekey: &Path,
    envelope: &Path,
    out: Option<&Path>,
    proof: Option<&Path>,
) -> Result<(), Failure> {
    refuse_pipe(envelope)?;
    [Some(envelope), out].into_iter().flatten().try_for_each(refuse_dash)?;
    let k_re = keyfile::read_rekey(rekey)?;
    proof.map_or(Ok(()), |proof| proof::place(proof, None))?;
    let before = proof.map(|_| header(envelope)).transpose()?;
    let header = match out {
        None => envelope::reencrypt_file(&k_re, envelope),
        Some(out) => envelope::reencrypt_file_to(&k_re, envelope, out).map(|written| {
            warn_unsynced(out, written.unsynced.as_ref());
            written.value
        }),
    };
    let header = header.map_err(|error| readable(&error))?;
    say!("{}   C is now {}...", out.unwrap_or(envelope).display(), hex::encode(&header.capsule.c().to_bytes()[..16]));
    if let (Some(proof), Some(before)) = (proof, before) {
        let headers = |header| vec![(out.unwrap_or(envelope).to_owned(), header)];
        proof::make(&params(), &k_re, &Envelopes { before: headers(before), after: headers(header) }, proof)?;
    }
    Ok(())
}

pub(super) fn decrypt(key: Key<'_>, envelope: &Path, record: &Path) -> Result<(), Failure> {
    refuse_pipe(envelope)?;
    [envelope, record].into_iter().try_for_each(refuse_dash)?;
    let k_e = key.secret(&params())?;
    // A pipe has no length to check, and can be read only once.
    if std::fs::metadata(envelope).is_ok_and(|found| found.is_file()) {
        envelope::inspect_file(envelope).map_err(|error| readable(&error))?;
    }
    let bar = bytes_of(envelope);
    let sealed = envelope::decrypt_file(&k_e, envelope, record, &|n| bar.set_position(n));
    let Created { value: sealed, unsynced } = sealed.map_err(|error| readable(&error))?;
    bar.finish_and_clear();
    warn_unsynced(record, unsynced.as_ref());
    say!("{}   {} bytes", record.display(), sealed.bytes);
    say!("commitment   {}", sealed.commitment);
    Ok(())
}

pub(super) fn inspect(envelope: &Path) -> Result<(), Failure> {
    refuse_pipe(envelope)?;
    refuse_dash(envelope)?;
    let envelope::Inspection { header, record_bytes, chunks } =
        envelope::inspect_file(envelope).map_err(|error| readable(&error))?;
    say!("suite            {}", header.suite);
    say!("record           {record_bytes} bytes in {chunks} chunk{}", if chunks == 1 { "" } else { "s" });
    say!("key commitment   {}", header.key_commitment);
    say!("Z                {}", hex::encode(header.capsule.z().to_bytes()));
    say!("C                {}", hex::encode(header.capsule.c().to_bytes()));
    say!("header           {} bytes, of which re-encryption rewrites the last 192", Header::BYTES);
    Ok(())
}

/// The error of an envelope, in words for the user.
fn readable(error: &FileError<DecryptError>) -> Failure {
    match &error.source {
        DecryptError::Header(malformed) => named(&error.path, &not_an_envelope(malformed)),
        DecryptError::Refused => format!(
            "{error}. Was the envelope re-encrypted to this key, and is it of this scope if the key is by name? If a re-encryption key was applied twice, or to the wrong \
             envelope, the inverse key undoes this. For a key made with --from A.secret --to B.secret, phi-pre rekey --from B.secret --to A.secret makes it."
        )
        .into(),
        _ => named(&error.path, &error.source),
    }
}

/// The reason why bytes are not a valid envelope.
pub(super) fn not_an_envelope(error: &DecodeError) -> String {
    match error {
        DecodeError::Magic { .. } | DecodeError::Length { what: "envelope magic", .. } => {
            "not a phi-pre envelope".into()
        }
        DecodeError::Length { .. } => format!("a truncated phi-pre envelope: {error}"),
        error => format!("a damaged phi-pre envelope: {error}"),
    }
}

/// A progress bar over the bytes of a file.
fn bytes_of(path: &Path) -> ProgressBar {
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    progress(Some(bytes), "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
}
