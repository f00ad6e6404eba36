//! Threshold re-encryption: k_re shared among n proxies, of which any t re-encrypt together.

use crate::capsule::Capsule;
use crate::error::Fault;
use crate::forms::{array_of, bytes_of, number_of, public_class, secret};
use crate::keys::{Params, ReKey, pair};
use crate::proof::PublicReKey;
use crate::random::rng;
use js_sys::Array;
use phi_pre::pre;
use phi_pre::wire::Wire;
use wasm_bindgen::prelude::*;

fn small(value: &JsValue) -> Result<u8, Fault> {
    Ok(u8::try_from(number_of(value, 255)?).unwrap_or(u8::MAX))
}

/// The share k_j of a proxy, with its index j from 1 on. k_j is secret.
#[wasm_bindgen]
#[derive(Debug)]
pub struct KeyShare(pre::KeyShare);

#[wasm_bindgen]
impl KeyShare {
    /// A share from its index and its key of 96 secret bytes, with the checks of `ReKey.fromBytes`. `combine` refuses an index outside
    /// 1 to n.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "number")] index: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] key: &JsValue,
    ) -> Result<Self, Fault> {
        let key = array_of(key)?;
        Ok(Self(pre::KeyShare::new(small(index)?, pre::ReKey::from_bytes(&secret(key))?)))
    }

    /// j.
    #[wasm_bindgen(getter)]
    pub fn index(&self) -> u8 {
        self.0.index()
    }

    /// k_j: a proxy applies Equation 2 with it as with k_re.
    pub fn key(&self) -> ReKey {
        ReKey(self.0.key().clone())
    }

    /// The partial re-encryption: D_j = e(Z, k_j) in GT, with j and Z 241 bytes.
    pub fn reencrypt(&self, capsule: &Capsule) -> Result<Partial, Fault> {
        let mut partials = self.0.prepare().reencrypt(&[capsule.0]).into_iter();
        partials.next().map(Partial).ok_or_else(|| Fault::new("threshold", "no partial re-encryption"))
    }
}

public_class! {
    /// (j, Z, D_j), the partial re-encryption of one proxy: 241 bytes.
    Partial(pre::Partial) {
        /// j.
        #[wasm_bindgen(getter)]
        pub fn index(&self) -> u8 {
            self.0.index()
        }
    }
}

public_class! {
    /// The public values of a shared key: 2 + 192·t bytes.
    SharePublic(pre::SharePublic) {
        /// Whether the shared key is the key of this Δ.
        #[wasm_bindgen(js_name = isOf)]
        pub fn is_of(&self, delta: &PublicReKey) -> bool {
            self.0.is_of(&delta.0)
        }

        /// Δ_j, the public key of the share j. Code: "threshold".
        #[wasm_bindgen(js_name = ofShare)]
        pub fn of_share(&self, #[wasm_bindgen(unchecked_param_type = "number")] index: &JsValue) -> Result<PublicReKey, Fault> {
            Ok(PublicReKey(self.0.of_share(small(index)?)?))
        }

        /// C' from the partial re-encryptions of exactly t proxies, each of 241 bytes. A wrong partial
        /// re-encryption gives a wrong C' and no error: check the proof of each proxy before. Code: "threshold", or that of a malformed
        /// partial re-encryption.
        pub fn combine(&self, capsule: &Capsule, #[wasm_bindgen(unchecked_param_type = "Uint8Array[]")] partials: &JsValue) -> Result<Capsule, Fault> {
            let partials: &Array = partials.dyn_ref().ok_or_else(|| Fault::new("bytes", "an array of Uint8Array is needed"))?;
            let read = partials.iter().map(|partial| Ok(pre::Partial::from_bytes(&bytes_of(&partial)?)?));
            Ok(Capsule(self.0.combine(&capsule.0, &read.collect::<Result<Vec<_>, Fault>>()?)?))
        }
    }
}

#[wasm_bindgen]
impl ReKey {
    /// Shares k_re among n proxies, of which any t re-encrypt together; 1 <= t <= n <= 16. Code: "threshold".
    #[wasm_bindgen(unchecked_return_type = "[KeyShare[], SharePublic]")]
    pub fn split(
        &self,
        params: &Params,
        #[wasm_bindgen(unchecked_param_type = "number")] t: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] n: &JsValue,
    ) -> Result<Array, Fault> {
        let (shares, public) = self.0.split(&params.0, pre::Threshold::new(small(t)?, small(n)?)?, &mut rng()?);
        let shares: Array = shares.into_iter().map(KeyShare).map(JsValue::from).collect();
        Ok(pair(shares, SharePublic(public)))
    }
}
