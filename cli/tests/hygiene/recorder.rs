//! A random generator that records its output, and a generator that replays it.

use core::convert::Infallible;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng, TryCryptoRng, TryRng};

pub(crate) struct Recorder {
    rng: ChaCha20Rng,
    /// The output of every call, in order.
    pub(crate) draws: Vec<Vec<u8>>,
}

impl Recorder {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: ChaCha20Rng::seed_from_u64(seed), draws: Vec::new() }
    }
}

impl TryRng for Recorder {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let value = self.rng.next_u32();
        self.draws.push(value.to_le_bytes().to_vec());
        Ok(value)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let value = self.rng.next_u64();
        self.draws.push(value.to_le_bytes().to_vec());
        Ok(value)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.rng.fill_bytes(out);
        self.draws.push(out.to_vec());
        Ok(())
    }
}

impl TryCryptoRng for Recorder {}

/// A generator that replays recorded outputs of `fill_bytes`. It panics where none is left.
pub(crate) struct Replay(pub(crate) Vec<Vec<u8>>);

impl TryRng for Replay {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("only whole draws are replayed")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("only whole draws are replayed")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.copy_from_slice(&self.0.remove(0));
        Ok(())
    }
}

impl TryCryptoRng for Replay {}
