//! Proofs that envelopes were re-encrypted by one key: `phi-pre reencrypt --proof`, and the check for `phi-pre verify`.
//!
//! A proof is about the capsules of all envelopes of the output, in the order of their names as bytes, before and after
//! re-encryption. It is one file of the form of a key file, whatever the number of envelopes. It says nothing about the
//! bodies, which their own tags protect.

use crate::keyfile::{self, Kind};
use crate::output::{Failure, named, new_file, refuse_dash};
use crate::system;
use phi_pre::envelope::Header;
use phi_pre::pre::{Capsule, Params, PublicReKey, ReKey, ReencryptionProof, Statement, StatementError};
use std::path::{Path, PathBuf};

/// The headers of envelopes by their names.
pub(super) type Headers = Vec<(PathBuf, Header)>;

/// The same envelopes before and after re-encryption, in the same order.
pub(super) struct Pair {
    pub(super) before: Headers,
    pub(super) after: Headers,
}

/// Refuses the name of a proof that cannot be written, or that lies among the outputs, before any work is done.
pub(super) fn place(proof: &Path, outputs: Option<&Path>) -> Result<(), Failure> {
    refuse_dash(proof)?;
    let place = new_file(proof)?;
    if outputs.and_then(|outputs| outputs.canonicalize().ok()).is_some_and(|outputs| place.starts_with(outputs)) {
        return Err(named(proof, &"lies among the outputs, which hold envelopes alone; choose another folder"));
    }
    Ok(())
}

/// Writes the proof that k_re leads from the envelopes before to those after.
pub(super) fn make(params: &Params, k_re: &ReKey, envelopes: &Pair, proof: &Path) -> Result<(), Failure> {
    let capsules = envelopes.capsules()?;
    let statement = envelopes.statement(params, &PublicReKey::of(params, k_re), &capsules)?;
    let made = ReencryptionProof::new(params, k_re, &statement, &mut system::rng()?);
    made.verify(params, &statement).map_err(|_| {
        named(proof, &"no proof was written: an output is not the re-encryption of its input by this key")
    })?;
    keyfile::write(Kind::Proof, proof, &made.to_bytes())?;
    say!("{}   proves {}", proof.display(), envelopes.counted());
    Ok(())
}

/// Checks the proof of this file.
pub(super) fn check(params: &Params, delta: &PublicReKey, envelopes: &Pair, proof: &Path) -> Result<(), Failure> {
    let found = keyfile::read_proof(proof)?;
    let capsules = envelopes.capsules()?;
    let statement = envelopes.statement(params, delta, &capsules)?;
    let why = "the proof does not hold: the proxy is at fault, or the proof is of other keys or other envelopes";
    found.verify(params, &statement).map_err(|_| named(proof, &why))
}

impl Pair {
    /// The number of envelopes, in words.
    pub(super) fn counted(&self) -> String {
        let n = self.after.len();
        format!("{n} envelope{}", if n == 1 { "" } else { "s" })
    }

    /// The capsules before and after re-encryption. An envelope keeps all but C.
    fn capsules(&self) -> Result<[Vec<Capsule>; 2], Failure> {
        for ((_, before), (name, after)) in self.before.iter().zip(&self.after) {
            if (Header { capsule: before.capsule, ..*after }) != *before {
                return Err(named(name, &"not the same envelope before and after re-encryption"));
            }
        }
        Ok([&self.before, &self.after].map(|headers| headers.iter().map(|(_, header)| header.capsule).collect()))
    }

    fn statement<'a>(
        &self,
        params: &Params,
        delta: &PublicReKey,
        [before, after]: &'a [Vec<Capsule>; 2],
    ) -> Result<Statement<'a>, Failure> {
        Statement::new(params, delta, before, after, b"").map_err(|error| match error {
            StatementError::OtherZ(i) => named(&self.after[i].0, &"another Z after re-encryption"),
            StatementError::Empty => "there is no envelope to prove anything about".into(),
            other => other.into(),
        })
    }
}
