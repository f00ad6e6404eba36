//! The file tools: one step of the scheme each.

use super::keyfile::{self, Kind};
use super::{Failure, system_rng};
use crate::envelope::{self, Header, Suite};
use crate::pre::{DecryptionKey, Params, ReKey, Seed};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};

/// The standard generators. k_s enters no file tool: their keys are drawn, not derived from a shared secret.
fn params() -> Params {
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

pub(super) fn keygen(name: &Path) -> Result<(), Failure> {
    let with = |extension: &str| {
        let mut path = name.as_os_str().to_owned();
        path.push(extension);
        PathBuf::from(path)
    };
    let (secret, public) = (with(".secret"), with(".public"));
    let k_d = DecryptionKey::random(&mut system_rng()?);
    keyfile::write(Kind::Secret, &secret, k_d.to_bytes().expose())?;
    if let Err(failure) = keyfile::write(Kind::Public, &public, &k_d.public_key(&params()).to_bytes()) {
        std::fs::remove_file(&secret)?; // a pair, or nothing
        return Err(failure);
    }
    say!("{}   k_d, keep it", secret.display());
    say!("{}   Y, give it to those who encrypt", public.display());
    Ok(())
}

pub(super) fn encrypt(to: &Path, suite: SuiteName, record: &Path, envelope: &Path) -> Result<(), Failure> {
    let key = keyfile::read_public(to)?;
    let bar = progress(record);
    let rng = &mut system_rng()?;
    let receipt =
        envelope::encrypt_file(&params(), &key, suite.into(), rng, record, envelope, &|n| bar.set_position(n))?;
    bar.finish_and_clear();
    say!("{}   {} bytes of record", envelope.display(), receipt.sealed.bytes);
    say!("commitment   {}", receipt.sealed.commitment);
    Ok(())
}

pub(super) fn rekey(from: &Path, to: &Path, rekey: &Path) -> Result<(), Failure> {
    let [k_e, k_e_prime] = [from, to].map(|path| keyfile::read_secret(path).map(|k_d| k_d.encryption_key(&params())));
    let k_re = ReKey::new(&k_e?, &k_e_prime?)?;
    keyfile::write(Kind::ReKey, rekey, k_re.to_bytes().expose())?;
    say!("{}   k_re = k'_e / k_e, for the proxy alone", rekey.display());
    Ok(())
}

pub(super) fn reencrypt(rekey: &Path, envelope: &Path, out: Option<&Path>) -> Result<(), Failure> {
    let k_re = keyfile::read_rekey(rekey)?;
    let header = match out {
        None => envelope::reencrypt_file(&k_re, envelope)?,
        Some(out) => envelope::reencrypt_file_to(&k_re, envelope, out)?,
    };
    say!("{}   C is now {}...", out.unwrap_or(envelope).display(), hex::encode(&header.capsule.c().to_bytes()[..16]));
    Ok(())
}

pub(super) fn decrypt(key: &Path, envelope: &Path, record: &Path) -> Result<(), Failure> {
    let k_e = keyfile::read_secret(key)?.encryption_key(&params());
    let bar = progress(envelope);
    let sealed = envelope::decrypt_file(&k_e, envelope, record, &|n| bar.set_position(n))?;
    bar.finish_and_clear();
    say!("{}   {} bytes", record.display(), sealed.bytes);
    say!("commitment   {}", sealed.commitment);
    Ok(())
}

pub(super) fn inspect(envelope: &Path) -> Result<(), Failure> {
    let envelope::Inspection { header, record_bytes, chunks } = envelope::inspect_file(envelope)?;
    say!("suite            {}", header.suite);
    say!("record           {record_bytes} bytes in {chunks} chunk{}", if chunks == 1 { "" } else { "s" });
    say!("key commitment   {}", header.key_commitment);
    say!("Z                {}", hex::encode(header.capsule.z().to_bytes()));
    say!("C                {}", hex::encode(header.capsule.c().to_bytes()));
    say!("header           {} bytes, of which re-encryption rewrites the last 192", Header::BYTES);
    Ok(())
}

/// A bar over the bytes of a file; hidden where stderr is no terminal.
fn progress(path: &Path) -> ProgressBar {
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let bar = ProgressBar::new(bytes);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {bytes_per_sec}") {
        bar.set_style(style);
    }
    bar
}
