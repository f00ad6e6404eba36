//! Multi-vector identifiers ID_i, and the commitments to records on the ledger.

use crate::error::Fault;
use crate::forms::{Blob, public_class, secret_class, unpicklable};
use crate::machine::{rng, run};
use phi_pre::identifier;
use phi_pre::integrity::{self, Committer};
use phi_pre::wire::Wire;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// uid, the identifier that the authority gives a person: 32 random bytes. It prints no value.
#[pyclass(frozen, eq, module = "phi_pre")]
#[derive(Clone, PartialEq)]
pub(crate) struct UserId(identifier::UserId);

#[pymethods]
impl UserId {
    /// Bytes of an encoding.
    #[classattr]
    const BYTES: usize = 32;

    /// Draws a fresh identifier.
    #[staticmethod]
    fn random() -> Result<Self, Fault> {
        Ok(Self(identifier::UserId::random(&mut rng()?)))
    }

    /// Reads 32 bytes.
    #[staticmethod]
    fn from_bytes(bytes: Blob) -> Result<Self, Fault> {
        Ok(Self(Wire::from_bytes(&bytes)?))
    }

    /// The 32 bytes.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.0)
    }

    fn __repr__(&self) -> &'static str {
        "UserId(<redacted>)"
    }

    fn __reduce__(&self) -> Result<(), Fault> {
        Err(unpicklable("UserId"))
    }
}

secret_class! {
    /// One of the k vectors v_i of a person: 32 secret bytes.
    Vector(identifier::Vector) {
        /// Draws a fresh vector.
        #[staticmethod]
        fn random() -> Result<Self, Fault> {
            Ok(Self(identifier::Vector::random(&mut rng()?)))
        }

        /// Reads 32 bytes.
        #[staticmethod]
        fn from_bytes(bytes: Blob) -> Result<Self, Fault> {
            Ok(Self(identifier::Vector::try_from(&*bytes)?))
        }
    }
}

public_class! {
    /// ID_i, the pseudonym under which a record is on the ledger: 32 bytes. Pseudonym(uid, v) = HMAC-SHA256(v, "id" || uid).
    Pseudonym(identifier::Pseudonym) {
        #[new]
        fn new(uid: &Bound<'_, UserId>, vector: &Bound<'_, Vector>) -> Self {
            Self(identifier::Pseudonym::derive(&uid.get().0, &vector.get().0))
        }

        /// The paper's literal reading, SHA-256(uid || v_i), to compare with other implementations.
        #[staticmethod]
        fn literal(uid: &Bound<'_, UserId>, vector: &Bound<'_, Vector>) -> Self {
            Self(identifier::literal(&uid.get().0, &vector.get().0))
        }
    }
}

/// The experiment on the n/k claim of section 4.2: how many of a person's n records an attacker finds, by what the attacker
/// knows. others is the number of other people on the ledger, with as many records and vectors each.
///
/// At most ten million records and vectors of all people together, else Error ("limit").
///
/// Returns a dictionary with the counts by_uid, by_uid_and_one_vector, by_uid_and_all_vectors, linkable_pairs and pairs.
#[pyfunction]
pub(crate) fn exposure(py: Python<'_>, n: usize, k: usize, others: usize) -> PyResult<Bound<'_, pyo3::types::PyDict>> {
    use pyo3::types::PyDictMethods;
    const MOST: usize = 10_000_000;
    let people = others.saturating_add(1);
    if n.saturating_mul(people).max(k.saturating_mul(people)) > MOST {
        let text = format!("{n} records and {k} vectors of {people} people, more than the limit of {MOST} of either");
        return Err(Fault::new("limit", text).into());
    }
    let mut rng = rng()?;
    let found = run(py, || identifier::exposure::measure(n, k, others, &mut rng))?;
    let counts = pyo3::types::PyDict::new(py);
    counts.set_item("by_uid", found.by_uid)?;
    counts.set_item("by_uid_and_one_vector", found.by_uid_and_one_vector)?;
    counts.set_item("by_uid_and_all_vectors", found.by_uid_and_all_vectors)?;
    counts.set_item("linkable_pairs", found.linkable_pairs)?;
    counts.set_item("pairs", found.pairs())?;
    Ok(counts)
}

secret_class! {
    /// The salt of a record's commitment: 32 bytes, known to those who may read the record.
    Salt(integrity::Salt) {
        /// Reads 32 bytes.
        #[staticmethod]
        fn from_bytes(bytes: Blob) -> Result<Self, Fault> {
            Ok(Self(integrity::Salt::try_from(&*bytes)?))
        }

        /// The commitment to a record: 32 bytes that hide the record and bind to it.
        fn commit<'py>(&self, py: Python<'py>, record: Blob) -> Result<Bound<'py, PyBytes>, Fault> {
            let commitment = run(py, || Committer::commit(&self.0, &record))?;
            Ok(PyBytes::new(py, &commitment.0.0))
        }

        /// A proof for chunks first to end (of 64 KiB each) of a record.
        fn prove(&self, py: Python<'_>, record: Blob, first: u64, end: u64) -> Result<RangeProof, Fault> {
            Ok(RangeProof(run(py, || integrity::RangeProof::new(&self.0, &record, first..end))??))
        }
    }
}

/// SHA-256 of a record, the literal form of Fig. 5: 32 bytes.
#[pyfunction]
pub(crate) fn literal_digest(py: Python<'_>, record: Blob) -> Result<Bound<'_, PyBytes>, Fault> {
    let digest = run(py, || phi_pre::hash::sha256(&[&record]))?;
    Ok(PyBytes::new(py, &digest.0))
}

/// A proof that some chunks of 64 KiB are those of a committed record. Only for those who may read these chunks.
#[pyclass(frozen, module = "phi_pre")]
pub(crate) struct RangeProof(integrity::RangeProof);

#[pymethods]
impl RangeProof {
    /// Reads a proof.
    #[staticmethod]
    fn from_bytes(bytes: Blob) -> Result<Self, Fault> {
        Ok(Self(Wire::from_bytes(&bytes)?))
    }

    /// The encoding: 20 bytes, 32 for each chunk, and 32 for each root.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.to_bytes())
    }

    /// The size of the whole record in bytes.
    #[getter]
    fn length(&self) -> u64 {
        self.0.length()
    }

    /// The first chunk, and the one after the last.
    #[getter]
    fn range(&self) -> (u64, u64) {
        (self.0.range().start, self.0.range().end)
    }

    /// Checks that shown are these chunks of the record with this commitment (32 bytes). Raises Error ("refused", "range").
    fn verify(&self, py: Python<'_>, commitment: Blob, shown: Blob) -> Result<(), Fault> {
        let commitment = integrity::Commitment::from_bytes(&commitment)?;
        Ok(run(py, || self.0.verify(&commitment, &shown))??)
    }
}
