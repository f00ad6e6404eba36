//! Randomness: each operation seeds a generator of its own from `crypto.getRandomValues`.

use crate::error::Fault;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn get_random_values(bytes: &mut [u8]) -> Result<JsValue, JsValue>;
}

/// A generator that is seeded with 32 bytes from the platform.
pub(crate) fn rng() -> Result<ChaCha20Rng, Fault> {
    let mut seed = Zeroizing::new([0; 32]);
    get_random_values(&mut *seed).map_err(|_| Fault::new("random", "crypto.getRandomValues failed"))?;
    Ok(ChaCha20Rng::from_seed(*seed))
}
