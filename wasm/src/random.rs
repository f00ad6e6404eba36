//! Randomness: each operation seeds a generator of its own from `crypto.getRandomValues`.

use crate::error::Fault;
use core::convert::Infallible;
use core::hint::black_box;
use phi_pre::secret::wiped;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng, TryCryptoRng, TryRng};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn get_random_values(bytes: &mut [u8]) -> Result<JsValue, JsValue>;
}

/// A generator, in a box so that a move leaves no copy. It is overwritten when it is dropped: its state gives all that it drew.
pub(crate) struct Generator(Box<ChaCha20Rng>);

/// A generator that is seeded with 32 bytes from the platform.
pub(crate) fn rng() -> Result<Generator, Fault> {
    wiped(|| {
        let mut seed = Zeroizing::new([0; 32]);
        get_random_values(&mut *seed).map_err(|_| Fault::new("random", "crypto.getRandomValues failed"))?;
        Ok(Generator(Box::new(ChaCha20Rng::from_seed(*seed))))
    })
}

impl Drop for Generator {
    fn drop(&mut self) {
        *self.0 = ChaCha20Rng::from_seed([0; 32]);
        black_box(&mut self.0);
    }
}

impl TryRng for Generator {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(out);
        Ok(())
    }
}

impl TryCryptoRng for Generator {}
