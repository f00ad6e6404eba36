//! A random generator whose output is part of a case.

use core::convert::Infallible;
use rand_core::{TryCryptoRng, TryRng};

/// A generator that returns these bytes, and then zeros.
pub(super) struct Given(pub(super) Vec<u8>);

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        let n = self.0.len().min(out.len());
        let rest = self.0.split_off(n);
        out.fill(0);
        out[..n].copy_from_slice(&self.0);
        self.0 = rest;
        Ok(())
    }
}

impl TryCryptoRng for Given {}
