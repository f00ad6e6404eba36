//! The forms that classes share: how bytes come in and go out.

use crate::error::Fault;
use js_sys::Uint8Array;
use phi_pre::error::DecodeError;
use zeroize::Zeroizing;

/// Copies secret bytes out of JavaScript's memory. The caller's array is not overwritten.
pub(crate) fn secret(bytes: &Uint8Array) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(bytes.to_vec())
}

/// As [`secret`], for exactly N bytes.
pub(crate) fn secret_array<const N: usize>(
    bytes: &Uint8Array,
    what: &'static str,
) -> Result<Zeroizing<[u8; N]>, Fault> {
    let got = bytes.length() as usize;
    if got != N {
        return Err(DecodeError::Length { what, expected: N, got }.into());
    }
    let mut array = Zeroizing::new([0; N]);
    bytes.copy_to(&mut *array);
    Ok(array)
}

/// A class around a public value with the given methods.
macro_rules! public_class {
    ($(#[$meta:meta])* $name:ident($inner:ty) { $($methods:tt)* }) => {
        $(#[$meta])*
        #[wasm_bindgen::prelude::wasm_bindgen]
        #[derive(Debug)]
        pub struct $name(pub(crate) $inner);

        #[wasm_bindgen::prelude::wasm_bindgen]
        impl $name {
            /// Reads the canonical encoding, with every check: of length, canonical form, curve, subgroup and identity. The error's code
            /// names the rule that was broken.
            #[wasm_bindgen(js_name = fromBytes)]
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, $crate::error::Fault> {
                Ok(Self(<$inner as phi_pre::wire::Wire>::from_bytes(bytes)?))
            }

            /// The canonical encoding.
            #[wasm_bindgen(js_name = toBytes)]
            pub fn to_bytes(&self) -> Vec<u8> {
                phi_pre::wire::Wire::to_bytes(&self.0)
            }

            $($methods)*
        }
    };
}

/// A class around a secret with the given methods. `free()` overwrites the secret.
macro_rules! secret_class {
    ($(#[$meta:meta])* $name:ident($inner:ty) { $($methods:tt)* }) => {
        $(#[$meta])*
        #[wasm_bindgen::prelude::wasm_bindgen]
        #[derive(Debug)]
        pub struct $name(pub(crate) $inner);

        #[wasm_bindgen::prelude::wasm_bindgen]
        impl $name {
            /// The secret bytes. The array is the caller's to overwrite.
            #[wasm_bindgen(js_name = toBytes)]
            pub fn to_bytes(&self) -> js_sys::Uint8Array {
                js_sys::Uint8Array::from(&self.0.to_bytes().expose()[..])
            }

            /// Whether both are the same, in constant time.
            pub fn equals(&self, other: &$name) -> bool {
                self.0 == other.0
            }

            $($methods)*
        }
    };
}

pub(crate) use {public_class, secret_class};
