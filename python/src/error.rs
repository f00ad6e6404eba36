//! The one exception class, `phi_pre.Error`, and the codes of its instances.

use phi_pre::envelope::{DecryptError, EncryptError, FileError, ShardError};
use phi_pre::error::DecodeError;
use phi_pre::group::EngineError;
use phi_pre::integrity::RangeError;
use phi_pre::pre::{HandshakeError, SameKey};
use phi_pre_cli::vectors::VectorError;
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

/// An error of the library, with its code.
trait Coded: core::error::Error {
    fn code(&self) -> &'static str;
}

impl<E: Coded> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl Coded for DecodeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "length",
            Self::Trailing { .. } => "trailing",
            Self::Magic { .. } => "magic",
            Self::Unknown { .. } => "unknown",
            Self::Limit { .. } => "limit",
            Self::Text { .. } => "text",
            Self::Flags { .. } => "flags",
            Self::NonCanonical { .. } => "non-canonical",
            Self::NotOnCurve { .. } => "not-on-curve",
            Self::NotInSubgroup { .. } => "not-in-subgroup",
            Self::Identity { .. } => "identity",
            _ => "malformed",
        }
    }
}

impl Coded for SameKey {
    fn code(&self) -> &'static str {
        "same-key"
    }
}

impl Coded for HandshakeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::ForeignShare => "foreign-share",
            Self::SmallOrder => "small-order",
            _ => "handshake",
        }
    }
}

impl Coded for EncryptError {
    fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "io",
            _ => "aead",
        }
    }
}

impl Coded for DecryptError {
    fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "io",
            Self::Header(error) => error.code(),
            _ => "refused",
        }
    }
}

impl<E: Coded + 'static> Coded for FileError<E> {
    fn code(&self) -> &'static str {
        self.source.code()
    }
}

impl Coded for RangeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Commitment => "refused",
            _ => "range",
        }
    }
}

impl Coded for ShardError {
    fn code(&self) -> &'static str {
        "shard"
    }
}

impl Coded for EngineError {
    fn code(&self) -> &'static str {
        "engine"
    }
}

impl Coded for VectorError {
    fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "io",
            _ => "vectors",
        }
    }
}

impl Coded for getrandom::Error {
    fn code(&self) -> &'static str {
        "random"
    }
}

impl Coded for rayon::ThreadPoolBuildError {
    fn code(&self) -> &'static str {
        "threads"
    }
}
