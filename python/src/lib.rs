//! The native part of the Python package `phi_pre`: the scheme of the library `phi-pre` on single values and on columns.
//!
//! | file | what |
//! |---|---|
//! | `keys`, `capsule` | parameters, scopes, keys, capsules: section 3.2, Equations 1 to 3 |
//! | `keyfile` | key files of the command |
//! | `handshake` | how two parties come to sk |
//! | `integrity` | identifiers ID_i, commitments |
//! | `envelope` | encrypted records in memory and in files |
//! | `column` | Arrow, NumPy and plain buffers in, Arrow out |
//! | `machine`, `forms`, `error` | threads, engine and randomness; what all classes have; the one exception |
//! | `hazmat` | given randomness, for test vectors |

#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are made for one call")]
#![allow(clippy::unused_self, reason = "Python calls special methods with self")]

mod capsule;
mod column;
mod envelope;
mod error;
mod forms;
mod handshake;
mod hazmat;
mod integrity;
mod keyfile;
mod keys;
mod machine;

use error::Fault;
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Checks every file of a folder of test vectors. Returns the numbers of valid and invalid cases by file.
///
/// Raises Error ("vectors", "io") that names the files that do not hold.
#[pyfunction]
fn check_vectors(py: Python<'_>, folder: PathBuf) -> Result<BTreeMap<String, (u64, u64)>, Fault> {
    machine::run(py, || {
        let (mut counts, mut failed) = (BTreeMap::new(), Vec::new());
        let checked = phi_pre_cli::vectors::check(&folder, |name, result| match result {
            Ok(found) => _ = counts.insert(name.to_owned(), (found.valid, found.invalid)),
            Err(error) => failed.push(error.to_string()),
        });
        match checked {
            Ok(_) => Ok(counts),
            Err(error) if failed.is_empty() => Err(error.into()),
            Err(_) => Err(Fault::new("vectors", failed.join("; "))),
        }
    })?
}

#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use crate::capsule::{Capsule, Message};
    #[pymodule_export]
    use crate::check_vectors;
    #[pymodule_export]
    use crate::column::{Batch, Column};
    #[pymodule_export]
    use crate::envelope::{
        Header, Inspection, SealedRecord, decrypt, decrypt_file, encrypt, encrypt_file, inspect_file, reencrypt,
        reencrypt_file, shard,
    };
    #[pymodule_export]
    use crate::error::Error;
    #[pymodule_export]
    use crate::handshake::{Handshake, Session};
    #[pymodule_export]
    use crate::hazmat::{hazmat_encapsulate, hazmat_encrypt, hazmat_handshake};
    #[pymodule_export]
    use crate::integrity::{Pseudonym, RangeProof, Salt, UserId, Vector, exposure, literal_digest};
    #[pymodule_export]
    use crate::keys::{
        DecryptionKey, EncryptionKey, NamedPublic, NamedSecret, Params, PreparedKey, PreparedPublicKey, PreparedReKey,
        PublicKey, ReKey, Scope, SharedSecret, reencrypt_each,
    };
    #[pymodule_export]
    use crate::machine::{engine, engines, is_constant_time, set_engine, set_threads, threads};

    /// The version of the package.
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "the name is Python's")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
