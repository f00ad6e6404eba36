//! The one error class, `PhiPreError`, and the codes of its instances.

use phi_pre::error::Coded;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/js/error.js")]
extern "C" {
    type PhiPreError;

    #[wasm_bindgen(constructor)]
    fn new(message: &str, code: &str) -> PhiPreError;
}

/// A refusal on its way to JavaScript: the code and the text.
#[derive(Debug)]
pub struct Fault {
    code: &'static str,
    text: String,
}

impl Fault {
    pub(crate) fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl<E: Coded> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<Fault> for JsValue {
    fn from(Fault { code, text }: Fault) -> Self {
        PhiPreError::new(&text, code).into()
    }
}
