//! Capsules (Z, C), the element M that a capsule carries, and the keys of a folder's records.

use crate::forms::{Name, public_class, secret_class};
use phi_pre::group::{G1, Gt};
use phi_pre::pre;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

public_class! {
    /// (Z, C), before or after re-encryption: 48 + 192 = 240 bytes.
    Capsule(pre::Capsule) {
        /// Z, in G1: 48 bytes.
        #[getter]
        fn z(&self) -> [u8; G1::BYTES] {
            self.0.z().to_bytes()
        }

        /// C, in GT: 192 bytes.
        #[getter]
        fn c(&self) -> [u8; Gt::BYTES] {
            self.0.c().to_bytes()
        }
    }
}

secret_class! {
    /// M, in GT: 192 secret bytes, from which the key of a record is derived. Compared in constant time.
    Message(pre::Message) {
        /// The 32-byte key of one record of a folder: HKDF of M, Z of the folder's capsule, and the name of the record.
        fn record_key<'py>(&self, py: Python<'py>, folder: &Bound<'py, Capsule>, record: Name) -> Bound<'py, PyBytes> {
            let keys = pre::RecordKeys::new(&folder.get().0, &self.0);
            PyBytes::new(py, keys.key(&record).expose())
        }
    }
}
