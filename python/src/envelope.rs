//! Envelopes: a capsule with the encrypted record, in memory and in files.

use crate::capsule::Capsule;
use crate::error::Fault;
use crate::forms::{Blob, Name, public_class};
use crate::keys::{EncryptionKey, Params, PublicKey, ReKey};
use crate::machine::{rng, run};
use phi_pre::envelope::{self, Created, Header as Inner, Sealer, Shard, Suite};
use pyo3::exceptions::PyRuntimeWarning;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rand_core::CryptoRng;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const AES: &str = "aes-256-gcm";
const CHACHA: &str = "chacha20-poly1305";

fn suite(name: &str) -> Result<Suite, Fault> {
    match name {
        AES => Ok(Suite::Aes256Gcm),
        CHACHA => Ok(Suite::ChaCha20Poly1305),
        _ => Err(Fault::new("suite", format!("{name:?} is neither {AES:?} nor {CHACHA:?}"))),
    }
}

public_class! {
    /// The header of an envelope: 284 bytes. Re-encryption rewrites the last 192.
    Header(HeaderBytes) {
        /// "aes-256-gcm" or "chacha20-poly1305".
        #[getter]
        fn suite(&self) -> &'static str {
            match self.0.0.suite {
                Suite::Aes256Gcm => AES,
                Suite::ChaCha20Poly1305 => CHACHA,
            }
        }

        /// The commitment to the content key: 32 bytes.
        #[getter]
        fn key_commitment(&self) -> [u8; 32] {
            self.0.0.key_commitment.0
        }

        /// (Z, C).
        #[getter]
        fn capsule(&self) -> Capsule {
            Capsule(self.0.0.capsule)
        }

        /// Equation 2 on the header.
        fn reencrypt(&self, py: Python<'_>, k_re: &Bound<'_, ReKey>) -> Result<Self, Fault> {
            let k_re = k_re.get();
            run(py, || Self(HeaderBytes(self.0.0.reencrypt(&k_re.0))))
        }
    }
}

/// A header that prints as hexadecimal digits.
#[derive(Clone, PartialEq)]
pub(crate) struct HeaderBytes(Inner);

impl HeaderBytes {
    const BYTES: usize = Inner::BYTES;
}

impl core::fmt::Display for HeaderBytes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl phi_pre::wire::Wire for HeaderBytes {
    const NAME: &'static str = <Inner as phi_pre::wire::Wire>::NAME;

    fn write(&self, out: &mut phi_pre::wire::Writer) {
        self.0.write(out);
    }

    fn read(input: &mut phi_pre::wire::Reader<'_>) -> Result<Self, phi_pre::error::DecodeError> {
        Inner::read(input).map(Self)
    }
}

/// The commitment to a record (32 bytes, as on the ledger), and the size of the record in bytes.
#[pyclass(frozen, eq, get_all, module = "phi_pre")]
#[derive(Clone, PartialEq)]
pub(crate) struct SealedRecord {
    commitment: [u8; 32],
    bytes: u64,
}

impl From<envelope::SealedRecord> for SealedRecord {
    fn from(sealed: envelope::SealedRecord) -> Self {
        Self { commitment: sealed.commitment.0.0, bytes: sealed.bytes }
    }
}

/// What an envelope shows without a key: its header, and the size of the record in bytes and chunks.
#[pyclass(frozen, module = "phi_pre")]
pub(crate) struct Inspection(envelope::Inspection);

#[pymethods]
impl Inspection {
    #[getter]
    fn header(&self) -> Header {
        Header(HeaderBytes(self.0.header))
    }

    #[getter]
    const fn record_bytes(&self) -> u64 {
        self.0.record_bytes
    }

    #[getter]
    const fn chunks(&self) -> u64 {
        self.0.chunks
    }
}

/// Encrypts a record to Y. Returns the envelope: a header of 284 bytes, and the record with 16 bytes for each 64 KiB.
#[pyfunction]
#[pyo3(signature = (params, to, record, suite = "aes-256-gcm"))]
pub(crate) fn encrypt<'py>(
    py: Python<'py>,
    params: &Bound<'py, Params>,
    to: &Bound<'py, PublicKey>,
    record: Blob,
    suite: &str,
) -> Result<Bound<'py, PyBytes>, Fault> {
    seal(py, params, to, &record, suite, &mut rng()?)
}

pub(crate) fn seal<'py>(
    py: Python<'py>,
    params: &Bound<'py, Params>,
    to: &Bound<'py, PublicKey>,
    record: &[u8],
    name: &str,
    rng: &mut (impl CryptoRng + Send),
) -> Result<Bound<'py, PyBytes>, Fault> {
    let (params, to, suite) = (params.get(), to.get(), suite(name)?);
    let envelope = run(py, || {
        let mut envelope = Vec::with_capacity(Inner::BYTES + record.len() + record.len() / 4000 + 16);
        Sealer::new(&params.0, &to.0, suite, rng)?.seal(&mut &*record, &mut envelope)?;
        Ok::<_, envelope::EncryptError>(envelope)
    })??;
    Ok(PyBytes::new(py, &envelope))
}

/// Decrypts an envelope with k_e or k'_e. Raises Error ("refused") for a wrong key or an altered envelope.
///
/// The record is a Python object, which is not overwritten.
#[pyfunction]
pub(crate) fn decrypt<'py>(
    py: Python<'py>,
    key: &Bound<'py, EncryptionKey>,
    envelope: Blob,
) -> Result<Bound<'py, PyBytes>, Fault> {
    let key = key.get();
    let record = Zeroizing::new(run(py, || envelope::decrypt(&key.0, &envelope))??);
    Ok(PyBytes::new(py, &record))
}

/// Equation 2 on an envelope. Returns the envelope that opens under k'_e; a wrong k_re cannot be noticed here.
#[pyfunction]
pub(crate) fn reencrypt<'py>(
    py: Python<'py>,
    k_re: &Bound<'py, ReKey>,
    envelope: Blob,
) -> Result<Bound<'py, PyBytes>, Fault> {
    let k_re = k_re.get();
    let mut again = envelope.to_vec();
    run(py, || envelope::reencrypt(&k_re.0, &mut again))??;
    Ok(PyBytes::new(py, &again))
}

/// Passes the value on. A name that a loss of power may take is a warning.
fn created<T>(py: Python<'_>, path: &Path, created: Created<T>) -> PyResult<T> {
    if let Some(error) = created.unsynced {
        let text =
            format!("{}: its folder cannot be synced ({error}); a loss of power may take the name", path.display());
        let text = std::ffi::CString::new(text)?;
        PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &text, 1)?;
    }
    Ok(created.value)
}

/// Encrypts a file to Y, in constant memory. The envelope appears once it is complete; no file is replaced.
///
/// Raises Error ("io").
#[pyfunction]
#[pyo3(signature = (params, to, record, envelope, suite = "aes-256-gcm"))]
pub(crate) fn encrypt_file(
    py: Python<'_>,
    params: &Bound<'_, Params>,
    to: &Bound<'_, PublicKey>,
    record: PathBuf,
    envelope: PathBuf,
    suite: &str,
) -> PyResult<SealedRecord> {
    let (params, to, suite, mut rng) = (params.get(), to.get(), self::suite(suite)?, rng()?);
    let written = run(py, || envelope::encrypt_file(&params.0, &to.0, suite, &mut rng, &record, &envelope, &|_| ()))?;
    Ok(created(py, &envelope, written.map_err(Fault::from)?)?.sealed.into())
}

/// Decrypts a file with k_e or k'_e, in constant memory. The record appears only if all of it is intact.
///
/// Raises Error ("refused", "io", or the code of a malformed header).
#[pyfunction]
pub(crate) fn decrypt_file(
    py: Python<'_>,
    key: &Bound<'_, EncryptionKey>,
    envelope: PathBuf,
    record: PathBuf,
) -> PyResult<SealedRecord> {
    let key = key.get();
    let written = run(py, || envelope::decrypt_file(&key.0, &envelope, &record, &|_| ()))?;
    Ok(created(py, &record, written.map_err(Fault::from)?)?.into())
}

/// Equation 2 on a file: rewrites 192 bytes in place, or writes the envelope to out. Returns the new header.
#[pyfunction]
#[pyo3(signature = (k_re, envelope, out = None))]
pub(crate) fn reencrypt_file(
    py: Python<'_>,
    k_re: &Bound<'_, ReKey>,
    envelope: PathBuf,
    out: Option<PathBuf>,
) -> PyResult<Header> {
    let k_re = k_re.get();
    let header = match out {
        None => run(py, || envelope::reencrypt_file(&k_re.0, &envelope))?.map_err(Fault::from)?,
        Some(out) => {
            let written = run(py, || envelope::reencrypt_file_to(&k_re.0, &envelope, &out))?;
            created(py, &out, written.map_err(Fault::from)?)?
        }
    };
    Ok(Header(HeaderBytes(header)))
}

/// Reads what the envelope in a file shows without a key.
#[pyfunction]
pub(crate) fn inspect_file(py: Python<'_>, envelope: PathBuf) -> Result<Inspection, Fault> {
    Ok(Inspection(run(py, || envelope::inspect_file(&envelope))??))
}

/// The number of the shard, counted from 0, of the envelope with this name, where of is the number of shards. phi-pre
/// reencrypt --shard computes the same number.
#[pyfunction]
pub(crate) fn shard(name: Name, of: u32) -> Result<u32, Fault> {
    Ok(Shard::number(&name, Shard::new(0, of)?.of()))
}
