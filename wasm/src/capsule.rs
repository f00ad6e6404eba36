//! Capsules (Z, C), and the element M that a capsule carries.

use crate::error::Fault;
use crate::forms::{bytes_of, public_class, secret_class};
use js_sys::Uint8Array;
use phi_pre::pre;
use wasm_bindgen::prelude::*;

public_class! {
    /// (Z, C), before or after re-encryption: 48 + 192 = 240 bytes.
    Capsule(pre::Capsule) {
        /// Z, in G1: 48 bytes.
        #[wasm_bindgen(getter)]
        pub fn z(&self) -> Vec<u8> {
            self.0.z().to_bytes().to_vec()
        }

        /// C, in GT: 192 bytes.
        #[wasm_bindgen(getter)]
        pub fn c(&self) -> Vec<u8> {
            self.0.c().to_bytes().to_vec()
        }
    }
}

secret_class! {
    /// M, in GT: 192 secret bytes, from which the key of a record is derived.
    Message(pre::Message) {
        /// The 32-byte key of one record of a folder: HKDF of M, Z of the folder's capsule, and the bytes of the record's
        /// name.
        #[wasm_bindgen(js_name = recordKey)]
        pub fn record_key(&self, folder: &Capsule, #[wasm_bindgen(unchecked_param_type = "Uint8Array")] record: &JsValue) -> Result<Uint8Array, Fault> {
            let record = &*bytes_of(record)?;
            let keys = pre::RecordKeys::new(&folder.0, &self.0);
            Ok(Uint8Array::from(&keys.key(record).expose()[..]))
        }
    }
}
