//! The forms that classes share: how bytes come in and go out.

use crate::error::Fault;
use js_sys::{Reflect, Uint8Array};
use phi_pre::error::DecodeError;
use wasm_bindgen::{JsCast, JsValue};
use zeroize::Zeroizing;

/// The most bytes that one call takes: larger records go through streams.
const MOST: u32 = 1 << 29;

/// An argument that must be a `Uint8Array`. Nothing else is taken: a value of another type would be read as other bytes.
#[inline(never)]
pub(crate) fn array_of(value: &JsValue) -> Result<&Uint8Array, Fault> {
    let array: &Uint8Array = value.dyn_ref().ok_or_else(|| Fault::new("bytes", "a Uint8Array is needed"))?;
    // `length` of js-sys has 32 bits.
    let length = Reflect::get(array, &"length".into()).ok().and_then(|length| length.as_f64());
    match length {
        Some(length) if length <= f64::from(MOST) => Ok(array),
        _ => Err(Fault::new("limit", format!("an array above the limit of {MOST} bytes; streams have no limit"))),
    }
}

/// The bytes of an argument that must be a `Uint8Array`.
#[inline(never)]
pub(crate) fn bytes_of(value: &JsValue) -> Result<Vec<u8>, Fault> {
    Ok(array_of(value)?.to_vec())
}

/// An argument that must be a whole number from 0 to `most`.
#[inline(never)]
pub(crate) fn number_of(value: &JsValue, most: u32) -> Result<u32, Fault> {
    let number = value.as_f64().filter(|number| number.fract() == 0.0 && (0.0..=f64::from(most)).contains(number));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number in the range")]
    let number = number.map(|number| number as u32);
    number.ok_or_else(|| Fault::new("number", format!("a whole number from 0 to {most} is needed")))
}

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
            pub fn from_bytes(
                #[wasm_bindgen(unchecked_param_type = "Uint8Array")] bytes: &wasm_bindgen::JsValue,
            ) -> Result<Self, $crate::error::Fault> {
                let bytes = $crate::forms::bytes_of(bytes)?;
                Ok(Self(<$inner as phi_pre::wire::Wire>::from_bytes(&bytes)?))
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
