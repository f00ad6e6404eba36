//! Functions that take the randomness from the caller, for test vectors alone. Whoever knows r opens the record.

use crate::capsule::{Capsule, Message};
use crate::envelope::seal;
use crate::error::Fault;
use crate::forms::{array_of, bytes_of, secret_array};
use crate::handshake::{Handshake, party};
use crate::keys::{Params, PublicKey, pair};
use js_sys::Array;
use phi_pre::error::DecodeError;
use phi_pre::group::Scalar;
use phi_pre::pre::hazmat::{Given, encapsulate_with};
use wasm_bindgen::prelude::*;

/// A scalar that is not zero.
fn some(bytes: &[u8], what: &'static str) -> Result<Scalar, Fault> {
    let scalar = Scalar::from_bytes(bytes)?;
    if scalar.is_zero() { Err(DecodeError::Identity { what }.into()) } else { Ok(scalar) }
}

/// The capsule of M = e(g1, g2)^t with the given r. t and r are scalars of 32 bytes.
#[wasm_bindgen(unchecked_return_type = "[Capsule, Message]")]
pub fn hazmat_encapsulate(
    params: &Params,
    to: &PublicKey,
    #[wasm_bindgen(unchecked_param_type = "Uint8Array")] t: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Uint8Array")] r: &JsValue,
) -> Result<Array, Fault> {
    let t = &*bytes_of(t)?;
    let r = &*bytes_of(r)?;
    let (t, r) = (Scalar::from_bytes(t)?, some(r, "r")?);
    let (capsule, m) = encapsulate_with(&params.0, &to.0, &params.0.g_t().pow(&t), &r);
    Ok(pair(Capsule(capsule), Message(m)))
}

/// The envelope of a record with the given t and r.
#[wasm_bindgen]
pub fn hazmat_encrypt(
    params: &Params,
    to: &PublicKey,
    #[wasm_bindgen(unchecked_param_type = "Uint8Array")] record: &JsValue,
    suite: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Uint8Array")] t: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Uint8Array")] r: &JsValue,
) -> Result<Vec<u8>, Fault> {
    let record = array_of(record)?;
    let t = &*bytes_of(t)?;
    let r = &*bytes_of(r)?;
    // The sealer draws 48 bytes for each, and reduces them modulo q.
    let wide = |x: &Scalar| [&[0; 16][..], &x.to_bytes()].concat();
    let mut given = Given::new([wide(&some(t, "t")?), wide(&some(r, "r")?)].concat());
    seal(params, to, record, suite, &mut given)
}

/// One side of a handshake with the given X25519 secret of 32 bytes.
#[wasm_bindgen]
pub fn hazmat_handshake(
    me: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Uint8Array")] bytes: &JsValue,
) -> Result<Handshake, Fault> {
    let bytes = array_of(bytes)?;
    let mut given = Given::new(secret_array::<32>(bytes, "X25519 secret")?.to_vec());
    Ok(Handshake::of(phi_pre::pre::Handshake::new(party(me)?, &mut given)))
}
