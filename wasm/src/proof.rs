//! Proofs of re-encryption: anybody checks Equation 2 without a secret.

use crate::error::Fault;
use crate::forms::{bytes_of, public_class};
use crate::keys::{Params, PublicKey, ReKey, records};
use crate::random::rng;
use phi_pre::pre;
use wasm_bindgen::prelude::*;

public_class! {
    /// Δ = e(g1, k_re) = Y'/Y, in GT: 192 bytes. It is public.
    PublicReKey(pre::PublicReKey) {
        /// Δ of the keys before and after re-encryption. Code: "same-key".
        #[wasm_bindgen(constructor)]
        pub fn new(from: &PublicKey, to: &PublicKey) -> Result<Self, Fault> {
            Ok(Self(pre::PublicReKey::new(&from.0, &to.0)?))
        }

        /// Checks that k_re is the key of this Δ. Code: "fault-rekey".
        pub fn check(&self, params: &Params, key: &ReKey) -> Result<(), Fault> {
            Ok(self.0.check(&params.0, &key.0)?)
        }
    }
}

public_class! {
    /// A proof that each capsule of a list was re-encrypted with the k_re of a Δ: 112 bytes.
    ReencryptionProof(pre::ReencryptionProof) {
        /// Proves that `after` follows from `before` by k_re: n·240 bytes each. The context binds the proof to its occasion.
        /// If `after` does not follow from `before`, `verify` refuses the proof.
        /// Codes: "length", "other-z", or the code of a malformed capsule.
        pub fn prove(
            params: &Params,
            key: &ReKey,
            #[wasm_bindgen(unchecked_param_type = "Uint8Array")] before: &JsValue,
            #[wasm_bindgen(unchecked_param_type = "Uint8Array")] after: &JsValue,
            #[wasm_bindgen(unchecked_param_type = "Uint8Array")] context: &JsValue,
        ) -> Result<Self, Fault> {
            let before = &*bytes_of(before)?;
            let after = &*bytes_of(after)?;
            let context = &*bytes_of(context)?;
            let delta = pre::PublicReKey::of(&params.0, &key.0);
            let statement = statement(params, &delta, before, after, context)?;
            Ok(Self(pre::ReencryptionProof::new(&params.0, &key.0, &statement, &mut rng()?)))
        }

        /// Checks the proof, without a secret. Code: "fault-proof", and those of `prove`.
        pub fn verify(
            &self,
            params: &Params,
            delta: &PublicReKey,
            #[wasm_bindgen(unchecked_param_type = "Uint8Array")] before: &JsValue,
            #[wasm_bindgen(unchecked_param_type = "Uint8Array")] after: &JsValue,
            #[wasm_bindgen(unchecked_param_type = "Uint8Array")] context: &JsValue,
        ) -> Result<(), Fault> {
            let before = &*bytes_of(before)?;
            let after = &*bytes_of(after)?;
            let context = &*bytes_of(context)?;
            Ok(self.0.verify(&params.0, &statement(params, &delta.0, before, after, context)?)?)
        }
    }
}

fn statement(
    params: &Params,
    delta: &pre::PublicReKey,
    before: &[u8],
    after: &[u8],
    context: &[u8],
) -> Result<pre::Statement<'static>, Fault> {
    Ok(pre::Statement::from_encoded(&params.0, delta, records(before)?, records(after)?, context)?)
}
