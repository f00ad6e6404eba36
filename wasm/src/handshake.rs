//! Authenticated Diffie-Hellman: how a user and a hospital come to sk.

use crate::error::Fault;
use crate::forms::bytes_of;
use crate::keys::SharedSecret;
use crate::random::rng;
use js_sys::{Function, Uint8Array};
use phi_pre::pre::{self, DhPublicKey, Party};
use wasm_bindgen::prelude::*;

pub(crate) fn party(name: &JsValue) -> Result<Party, Fault> {
    match name.as_string().as_deref() {
        Some("initiator") => Ok(Party::Initiator),
        Some("responder") => Ok(Party::Responder),
        _ => Err(Fault::new("party", "a party is \"initiator\" or \"responder\"")),
    }
}

/// What both sides of a handshake agree on: the name (bytes) and the share (32 bytes) of the initiator and of the responder.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Session {
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

#[wasm_bindgen]
impl Session {
    /// The session of these names and shares. Code: "length".
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] initiator: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] initiator_share: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] responder: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] responder_share: &JsValue,
    ) -> Result<Self, Fault> {
        let initiator = bytes_of(initiator)?;
        let initiator_share = &*bytes_of(initiator_share)?;
        let responder = bytes_of(responder)?;
        let responder_share = &*bytes_of(responder_share)?;
        let share = |bytes| DhPublicKey::from_bytes(bytes);
        Ok(Self { initiator: (initiator, share(initiator_share)?), responder: (responder, share(responder_share)?) })
    }

    /// The 32 bytes that a side signs. Code: "party".
    pub fn statement(
        &self,
        #[wasm_bindgen(unchecked_param_type = "\"initiator\" | \"responder\"")] signer: &JsValue,
    ) -> Result<Vec<u8>, Fault> {
        Ok(self.get().statement(party(signer)?).0.to_vec())
    }
}

/// One side of a handshake, with a fresh secret. `finish` works once, also if it fails.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Handshake(Option<pre::Handshake>);

impl Handshake {
    pub(crate) const fn of(handshake: pre::Handshake) -> Self {
        Self(Some(handshake))
    }

    fn spent() -> Fault {
        Fault::new("spent", "the handshake is finished")
    }
}

#[wasm_bindgen]
impl Handshake {
    /// One side, with a fresh secret. Codes: "party", "random".
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "\"initiator\" | \"responder\"")] me: &JsValue,
    ) -> Result<Self, Fault> {
        Ok(Self::of(pre::Handshake::new(party(me)?, &mut rng()?)))
    }

    /// This side's share: 32 public bytes. Code: "spent".
    #[wasm_bindgen(getter)]
    pub fn share(&self) -> Result<Vec<u8>, Fault> {
        Ok(self.0.as_ref().ok_or_else(Self::spent)?.share().0.to_vec())
    }

    /// sk, if `verify` returns true for the statement (32 bytes) that the other side signed. `verify` must
    /// answer at once, and WebCrypto does not: check the signature over `session.statement` before, and let `verify` return the
    /// result.
    ///
    /// Codes: "unauthenticated", "foreign-share", "small-order", "spent". An error that
    /// `verify` throws is passed to the caller.
    pub fn finish(
        &mut self,
        session: &Session,
        #[wasm_bindgen(unchecked_param_type = "(statement: Uint8Array) => boolean")] verify: &JsValue,
    ) -> Result<SharedSecret, JsValue> {
        let verify: &Function = verify.dyn_ref().ok_or_else(|| Fault::new("function", "verify is a function"))?;
        let handshake = self.0.take().ok_or_else(Self::spent)?;
        let mut thrown = None;
        let finished = handshake.finish(&session.get(), |statement| {
            match verify.call1(&JsValue::UNDEFINED, &Uint8Array::from(&statement.0[..])) {
                Ok(answer) => answer.as_bool() == Some(true),
                Err(error) => {
                    thrown = Some(error);
                    false
                }
            }
        });
        match thrown {
            Some(error) => Err(error),
            None => Ok(SharedSecret(finished.map_err(Fault::from)?)),
        }
    }
}
