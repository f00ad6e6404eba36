//! Given randomness, for test vectors alone: an r that is used twice, or that anybody knows, opens records (C1 and C11 in
//! `paper-notes.md`).

use super::{Capsule, Message, Params, PublicKey};
use crate::group::{Gt, Scalar};
use core::convert::Infallible;
use rand_core::{TryCryptoRng, TryRng};

/// (Z, C) for the given M and r.
pub fn encapsulate_with(params: &Params, key: &PublicKey, m: &Gt, r: &Scalar) -> (Capsule, Message) {
    (key.seal(params, m, r), Message::new(*m))
}

/// A generator that returns these bytes, and then zeros.
#[derive(Clone)]
pub struct Given(Vec<u8>);

impl Given {
    /// A generator of these bytes.
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl core::fmt::Debug for Given {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Given(<redacted>)")
    }
}

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
