//! Authenticated Diffie-Hellman: how a user and a hospital come to sk.

use crate::error::Fault;
use crate::forms::{Blob, Name, unpicklable};
use crate::keys::SharedSecret;
use crate::machine::rng;
use phi_pre::pre::{self, DhPublicKey, Party};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Mutex, PoisonError};

pub(crate) fn party(name: &str) -> Result<Party, Fault> {
    match name {
        "initiator" => Ok(Party::Initiator),
        "responder" => Ok(Party::Responder),
        _ => Err(Fault::new("party", format!("{name:?} is neither \"initiator\" nor \"responder\""))),
    }
}

/// What both sides of a handshake agree on: the name and the share (32 bytes) of the initiator and of the responder.
#[pyclass(frozen, module = "phi_pre")]
pub(crate) struct Session {
    initiator: (Vec<u8>, DhPublicKey),
    responder: (Vec<u8>, DhPublicKey),
}

impl Session {
    fn get(&self) -> pre::Session<'_> {
        pre::Session {
            initiator: (&self.initiator.0, self.initiator.1),
            responder: (&self.responder.0, self.responder.1),
        }
    }
}

#[pymethods]
impl Session {
    #[new]
    fn new(initiator: (Name, Blob), responder: (Name, Blob)) -> Result<Self, Fault> {
        let side = |(name, share): (Name, Blob)| Ok::<_, Fault>((name.to_vec(), DhPublicKey::from_bytes(&share)?));
        Ok(Self { initiator: side(initiator)?, responder: side(responder)? })
    }

    /// The 32 bytes that a side ("initiator" or "responder") signs.
    fn statement<'py>(&self, py: Python<'py>, signer: &str) -> Result<Bound<'py, PyBytes>, Fault> {
        Ok(PyBytes::new(py, &self.get().statement(party(signer)?).0))
    }
}

/// One side of a handshake, "initiator" or "responder", with a fresh secret. It can finish once.
#[pyclass(frozen, module = "phi_pre")]
pub(crate) struct Handshake(pub(crate) Mutex<Option<pre::Handshake>>);

impl Handshake {
    pub(crate) fn of(handshake: pre::Handshake) -> Self {
        Self(Mutex::new(Some(handshake)))
    }

    fn spent() -> Fault {
        Fault::new("spent", "the handshake is finished")
    }
}

#[pymethods]
impl Handshake {
    #[new]
    fn new(me: &str) -> Result<Self, Fault> {
        Ok(Self::of(pre::Handshake::new(party(me)?, &mut rng()?)))
    }

    /// This side's share: 32 public bytes.
    #[getter]
    fn share<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>, Fault> {
        let handshake = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(PyBytes::new(py, &handshake.as_ref().ok_or_else(Self::spent)?.share().0))
    }

    /// sk, if verify returns True for the statement (32 bytes) that the other side signed.
    ///
    /// Raises Error ("unauthenticated", "foreign-share", "small-order", "spent"), and whatever verify raises.
    fn finish(
        &self,
        py: Python<'_>,
        session: &Bound<'_, Session>,
        verify: &Bound<'_, PyAny>,
    ) -> PyResult<SharedSecret> {
        let handshake = self.0.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(Self::spent)?;
        let mut raised = None;
        let finished = handshake.finish(&session.get().get(), |statement| {
            let answer = verify.call1((PyBytes::new(py, &statement.0),)).and_then(|answer| answer.extract());
            answer.unwrap_or_else(|error| {
                raised = Some(error);
                false
            })
        });
        match raised {
            Some(error) => Err(error),
            None => Ok(SharedSecret(finished.map_err(Fault::from)?)),
        }
    }

    fn __reduce__(&self) -> Result<(), Fault> {
        Err(unpicklable("Handshake"))
    }
}
