//! The npm package `phi-pre`: the classes that JavaScript sees.
//!
//! Most classes wrap one type of the library, under the same name. Doc comments become those of the TypeScript types. Secret
//! bytes are copied between JavaScript's memory and that of WebAssembly in buffers that are overwritten.

#![allow(
    clippy::missing_errors_doc,
    clippy::needless_pass_by_value,
    reason = "the doc comments name the codes, and vectors come from JavaScript by value"
)]
#![allow(unreachable_pub, reason = "JavaScript reaches what is pub")]

mod capsule;
mod envelope;
mod error;
mod forms;
mod handshake;
mod hazmat;
mod integrity;
mod keys;
#[cfg(feature = "page")]
mod page;
mod proof;
mod random;
mod threshold;

use phi_pre::group::Engaged;
use wasm_bindgen::prelude::*;

/// The engine that computes: "blst", or "plain" in a build without blst, which is not constant-time.
#[wasm_bindgen]
pub fn engine() -> String {
    Engaged::current().engine().name().to_owned()
}

/// The version of the package.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// The memory of the module, for a program that watches its size.
#[wasm_bindgen(js_name = moduleMemory, unchecked_return_type = "WebAssembly.Memory")]
pub fn module_memory() -> JsValue {
    wasm_bindgen::memory()
}
