//! Given randomness, for test vectors alone: an r that is used twice, or that anybody knows, opens records.

use crate::capsule::{Capsule, Message};
use crate::envelope::seal;
use crate::error::Fault;
use crate::forms::Blob;
use crate::handshake::{Handshake, party};
use crate::keys::{Params, PublicKey};
use crate::machine::run;
use phi_pre::error::DecodeError;
use phi_pre::group::Scalar;
use phi_pre::pre::hazmat::{Given, encapsulate_with};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A scalar that is not zero.
fn some(bytes: &Blob, what: &'static str) -> Result<Scalar, Fault> {
    let scalar = Scalar::from_bytes(bytes)?;
    if scalar.is_zero() { Err(DecodeError::Identity { what }.into()) } else { Ok(scalar) }
}

/// The capsule of M = e(g1, g2)^t with the given r. t and r are scalars of 32 bytes.
#[pyfunction]
pub(crate) fn hazmat_encapsulate(
    py: Python<'_>,
    params: &Bound<'_, Params>,
    to: &Bound<'_, PublicKey>,
    t: Blob,
    r: Blob,
) -> Result<(Capsule, Message), Fault> {
    let (params, to, t, r) = (params.get(), to.get(), Scalar::from_bytes(&t)?, some(&r, "r")?);
    let (capsule, m) = run(py, || encapsulate_with(&params.0, &to.0, &params.0.g_t().pow(&t), &r))?;
    Ok((Capsule(capsule), Message(m)))
}

/// The envelope of a record with the given t and r.
#[pyfunction]
pub(crate) fn hazmat_encrypt<'py>(
    py: Python<'py>,
    params: &Bound<'py, Params>,
    to: &Bound<'py, PublicKey>,
    record: Blob,
    suite: &str,
    t: Blob,
    r: Blob,
) -> Result<Bound<'py, PyBytes>, Fault> {
    // The sealer draws 48 bytes for each, and reduces them modulo q.
    let wide = |x: &Scalar| [&[0; 16][..], &x.to_bytes()].concat();
    let mut given = Given::new([wide(&some(&t, "t")?), wide(&some(&r, "r")?)].concat());
    seal(py, params, to, &record, suite, &mut given)
}

/// One side of a handshake with the given X25519 secret of 32 bytes.
#[pyfunction]
pub(crate) fn hazmat_handshake(me: &str, secret: Blob) -> Result<Handshake, Fault> {
    if secret.len() != 32 {
        return Err(DecodeError::Length { what: "X25519 secret", expected: 32, got: secret.len() }.into());
    }
    Ok(Handshake::of(phi_pre::pre::Handshake::new(party(me)?, &mut Given::new(secret.to_vec()))))
}
