//! The one exception class, `phi_pre.Error`, and the codes of its instances.

use phi_pre::error::Coded;
use pyo3::prelude::*;

pyo3::create_exception!(
    phi_pre,
    Error,
    pyo3::exceptions::PyException,
    "An operation was refused. `code` is a short word for programs; the text names what is wrong."
);

/// A refusal on its way to Python: the code and the text.
#[derive(Debug)]
pub(crate) struct Fault {
    code: &'static str,
    text: String,
}

impl Fault {
    pub(crate) fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    /// For `map_err`: the code of an error of another crate.
    pub(crate) fn of<E: core::fmt::Display>(code: &'static str) -> impl Fn(E) -> Self {
        move |error| Self::new(code, error.to_string())
    }
}

impl From<Fault> for PyErr {
    fn from(Fault { code, text }: Fault) -> Self {
        Python::attach(|py| {
            let error = Error::new_err(text);
            match error.value(py).setattr("code", code) {
                Ok(()) => error,
                Err(failed) => failed,
            }
        })
    }
}

impl<E: Coded> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
