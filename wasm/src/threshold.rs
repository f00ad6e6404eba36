//! Threshold re-encryption: k_re shared among n proxies, of which any t re-encrypt together.

use crate::capsule::Capsule;
use crate::error::Fault;
use crate::forms::{public_class, secret};
use crate::keys::{Params, ReKey, pair};
use crate::proof::PublicReKey;
use crate::random::rng;
use js_sys::{Array, Uint8Array};
use phi_pre::pre;
use phi_pre::wire::Wire;
use wasm_bindgen::prelude::*;

/// The share k_j of a proxy, with its index j from 1 on. k_j is secret.
#[wasm_bindgen]
#[derive(Debug)]
pub struct KeyShare(pre::KeyShare);

#[wasm_bindgen]
impl KeyShare {
    /// A share from its index and its key of 96 secret bytes, with the checks of `ReKey.fromBytes`. `combine` refuses an index outside
    /// 1 to n.
    #[wasm_bindgen(constructor)]
    pub fn new(index: u8, key: &Uint8Array) -> Result<Self, Fault> {
        Ok(Self(pre::KeyShare::new(index, pre::ReKey::from_bytes(&secret(key))?)))
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
        pub fn of_share(&self, index: u8) -> Result<PublicReKey, Fault> {
            Ok(PublicReKey(self.0.of_share(index)?))
        }

        /// C' from the partial re-encryptions of exactly t proxies, each of 241 bytes. A wrong partial
        /// re-encryption gives a wrong C' and no error: check the proof of each proxy before. Code: "threshold", or that of a malformed
        /// partial re-encryption.
        pub fn combine(&self, capsule: &Capsule, partials: Vec<Uint8Array>) -> Result<Capsule, Fault> {
            let read = partials.iter().map(|partial| pre::Partial::from_bytes(&partial.to_vec()));
            Ok(Capsule(self.0.combine(&capsule.0, &read.collect::<Result<Vec<_>, _>>()?)?))
        }
    }
}

#[wasm_bindgen]
impl ReKey {
    /// Shares k_re among n proxies, of which any t re-encrypt together; 1 <= t <= n <= 16. Code: "threshold".
    #[wasm_bindgen(unchecked_return_type = "[KeyShare[], SharePublic]")]
    pub fn split(&self, params: &Params, t: u8, n: u8) -> Result<Array, Fault> {
        let (shares, public) = self.0.split(&params.0, pre::Threshold::new(t, n)?, &mut rng()?);
        let shares: Array = shares.into_iter().map(KeyShare).map(JsValue::from).collect();
        Ok(pair(shares, SharePublic(public)))
    }
}
