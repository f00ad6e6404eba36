//! What all classes have in common: bytes in and out, comparison, and how they print.
//!
//! Public values compare, hash, pickle, and print as hexadecimal digits. Secrets compare in constant time, print no value,
//! and refuse to be pickled; `to_bytes` is the one way out. They are overwritten when Python frees them. The bytes that
//! `to_bytes` returns are Python's, which overwrites nothing.

use crate::error::Fault;
use arrow_buffer::Buffer;
use core::ops::Deref;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;
use pyo3_arrow::buffer::PyArrowBuffer;

/// The bytes of any object with the buffer protocol, without a copy.
pub(crate) struct Blob(Buffer);

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<'py> FromPyObject<'_, 'py> for Blob {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let wrong = |_| PyTypeError::new_err(format!("bytes are needed, not {}", object.get_type()));
        let view: PyBuffer<u8> = object.extract().map_err(wrong)?;
        // The memory is read as one run of bytes.
        if !view.is_c_contiguous() {
            return Err(Fault::new("buffer", "a view with gaps, where one run of bytes is needed").into());
        }
        Ok(Self(object.extract::<PyArrowBuffer>()?.into_inner()))
    }
}

/// A name: text, or bytes.
pub(crate) enum Name {
    Text(String),
    Bytes(Blob),
}

impl<'py> FromPyObject<'_, 'py> for Name {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.is_instance_of::<PyString>() {
            object.extract().map(Self::Text)
        } else {
            object.extract().map(Self::Bytes)
        }
    }
}

impl Deref for Name {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// A class around a public value with the given methods.
macro_rules! public_class {
    ($(#[$meta:meta])* $name:ident($inner:ty) { $($methods:tt)* }) => {
        $(#[$meta])*
        #[pyo3::pyclass(frozen, eq, module = "phi_pre")]
        #[derive(Clone, PartialEq)]
        pub(crate) struct $name(pub(crate) $inner);

        #[pyo3::pymethods]
        impl $name {
            /// Bytes of an encoding.
            #[classattr]
            const BYTES: usize = <$inner>::BYTES;

            /// Reads the canonical encoding, with every check. Raises Error with the code of the broken rule.
            #[staticmethod]
            fn from_bytes(bytes: $crate::forms::Blob) -> Result<Self, $crate::error::Fault> {
                Ok(Self(<$inner as phi_pre::wire::Wire>::from_bytes(&bytes)?))
            }

            /// The canonical encoding.
            fn to_bytes<'py>(&self, py: pyo3::Python<'py>) -> pyo3::Bound<'py, pyo3::types::PyBytes> {
                pyo3::types::PyBytes::new(py, &phi_pre::wire::Wire::to_bytes(&self.0))
            }

            fn __bytes__<'py>(&self, py: pyo3::Python<'py>) -> pyo3::Bound<'py, pyo3::types::PyBytes> {
                self.to_bytes(py)
            }

            fn __hash__(&self) -> u64 {
                use core::hash::{Hash, Hasher};
                let mut hasher = std::hash::DefaultHasher::new();
                phi_pre::wire::Wire::to_bytes(&self.0).hash(&mut hasher);
                hasher.finish()
            }

            fn __repr__(&self) -> String {
                format!("{}({})", stringify!($name), self.0)
            }

            fn __reduce__<'py>(
                slf: &pyo3::Bound<'py, Self>,
            ) -> pyo3::PyResult<(pyo3::Bound<'py, pyo3::PyAny>, (pyo3::Bound<'py, pyo3::types::PyBytes>,))> {
                use pyo3::types::PyAnyMethods;
                Ok((slf.get_type().getattr("from_bytes")?, (slf.get().to_bytes(slf.py()),)))
            }

            $($methods)*
        }
    };
}

/// A class around a secret with the given methods.
macro_rules! secret_class {
    ($(#[$meta:meta])* $name:ident($inner:ty) { $($methods:tt)* }) => {
        $(#[$meta])*
        #[pyo3::pyclass(frozen, eq, module = "phi_pre")]
        #[derive(Clone, PartialEq)]
        pub(crate) struct $name(pub(crate) $inner);

        #[pyo3::pymethods]
        impl $name {
            /// Bytes of an encoding.
            #[classattr]
            const BYTES: usize = <$inner>::BYTES;

            /// The secret bytes, which Python does not overwrite.
            fn to_bytes<'py>(&self, py: pyo3::Python<'py>) -> pyo3::Bound<'py, pyo3::types::PyBytes> {
                pyo3::types::PyBytes::new(py, self.0.to_bytes().expose())
            }

            fn __repr__(&self) -> &'static str {
                concat!(stringify!($name), "(<redacted>)")
            }

            fn __reduce__(&self) -> Result<(), $crate::error::Fault> {
                Err($crate::forms::unpicklable(stringify!($name)))
            }

            $($methods)*
        }
    };
}

pub(crate) fn unpicklable(class: &str) -> Fault {
    Fault::new("secret", format!("{class}: a secret is not pickled; to_bytes gives its bytes"))
}

pub(crate) use {public_class, secret_class};
