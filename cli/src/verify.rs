//! `phi-pre verify`: anybody checks a proof of re-encryption.

use crate::output::Failure;
use crate::proof::{self, Pair};
use crate::{bulk, keyfile, tools};
use phi_pre::pre::PublicReKey;
use std::ffi::OsStr;
use std::path::Path;

pub(super) fn run(from: &Path, to: &Path, proof: &Path, before: &OsStr, after: &OsStr) -> Result<(), Failure> {
    let delta = PublicReKey::new(&keyfile::read_public(from)?, &keyfile::read_public(to)?)?;
    let [one, other] = [before, after].map(Path::new);
    let envelopes = if one.is_file() && other.is_file() {
        let header = |path: &Path| Ok::<_, Failure>(vec![(path.to_owned(), tools::header(path)?)]);
        Pair { before: header(one)?, after: header(other)? }
    } else {
        bulk::headers(before, after)?
    };
    proof::check(&tools::params(), &delta, &envelopes, proof)?;
    say!("holds: {} re-encrypted from {} to {}", envelopes.counted(), from.display(), to.display());
    Ok(())
}
