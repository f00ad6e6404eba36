//! `phi-pre verify`: anybody checks a proof of re-encryption.

use crate::keyfile::Key;
use crate::output::Failure;
use crate::proof::{self, Pair};
use crate::{bulk, tools};
use phi_pre::pre::PublicReKey;
use std::ffi::OsStr;
use std::path::Path;

pub(super) fn run(from: Key<'_>, to: Key<'_>, proof: &Path, before: &OsStr, after: &OsStr) -> Result<(), Failure> {
    let delta = PublicReKey::new(&from.public(&tools::params())?, &to.public(&tools::params())?)?;
    let [one, other] = [before, after].map(Path::new);
    let envelopes = if one.is_file() && other.is_file() {
        let header = |path: &Path| Ok::<_, Failure>(vec![(path.to_owned(), tools::header(path)?)]);
        Pair { before: header(one)?, after: header(other)? }
    } else {
        bulk::headers(before, after)?
    };
    proof::check(&tools::params(), &delta, &envelopes, proof)?;
    say!("holds: {} re-encrypted from {} to {}", envelopes.counted(), from.shown(), to.shown());
    Ok(())
}
