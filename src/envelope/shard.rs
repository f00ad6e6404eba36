//! Shards: N jobs on one or many machines, which share the envelopes of one source and write to one target.
//!
//! ```text
//! shard of a name = OS2IP(the first 8 bytes of H("shard", name)) mod N      the name relative to the source, as bytes
//! ```
//!
//! The number depends on the name and on N alone. So the N jobs need no coordinator, any of them can run again at any
//! time, and together they handle each envelope once. Jobs with different N on one target do no harm: an output has the
//! same name and the same bytes for every N, and a job recognises the outputs of the others by their marks.

use crate::error::Coded;
use crate::hash::{label, tagged};
use core::fmt;
use core::num::NonZeroU32;
use core::str::FromStr;

/// One of N shards, counted from 0. Its text is `I/N`.
///
/// ```
/// use phi_pre::envelope::{Shard, ShardError};
///
/// let all: Vec<Shard> = (0..4).map(|index| Shard::new(index, 4)).collect::<Result<_, _>>()?;
/// assert_eq!(all.iter().filter(|shard| shard.contains(b"2026/scan.phi")).count(), 1);
/// assert_eq!("3/4".parse(), Ok(all[3]));
/// assert_eq!("4/4".parse::<Shard>(), Err(ShardError::Outside { index: 4, of: 4 }));
/// # Ok::<(), ShardError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    of: NonZeroU32,
}

/// Why a shard was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShardError {
    /// The text is not I/N.
    #[error("a shard is I/N, for example 0/16")]
    Text,
    /// N is zero.
    #[error("there must be at least one shard")]
    None,
    /// I is not below N.
    #[error("there is no shard {index} of {of}: shards are counted from 0")]
    Outside {
        /// I.
        index: u32,
        /// N.
        of: u32,
    },
}

impl Coded for ShardError {
    fn code(&self) -> &'static str {
        "shard"
    }
}

impl Shard {
    /// Shard `index` of `of` shards.
    ///
    /// # Errors
    /// [`ShardError`].
    pub fn new(index: u32, of: u32) -> Result<Self, ShardError> {
        let of = NonZeroU32::new(of).ok_or(ShardError::None)?;
        if index < of.get() { Ok(Self { index, of }) } else { Err(ShardError::Outside { index, of: of.get() }) }
    }

    /// I, counted from 0.
    pub const fn index(self) -> u32 {
        self.index
    }

    /// N.
    pub const fn of(self) -> NonZeroU32 {
        self.of
    }

    /// The number of the shard, from 0 on, that a name falls into.
    pub fn number(name: &[u8], of: NonZeroU32) -> u32 {
        let [a, b, c, d, e, f, g, h, ..] = tagged(label::SHARD, &[name]).0;
        let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % u64::from(of.get());
        u32::try_from(number).unwrap_or_default() // below `of`
    }

    /// Whether the envelope of this name is in this shard.
    pub fn contains(self, name: &[u8]) -> bool {
        Self::number(name, self.of) == self.index
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten().ok_or(ShardError::Text)
        };
        let (index, of) = text.split_once('/').ok_or(ShardError::Text)?;
        Self::new(number(index)?, number(of)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_shard_is_exact() {
        for text in ["", "1", "/", "1/", "/2", "+1/2", "-1/2", "1/2/3", " 1/2", "1/ 2", "1/4294967296", "a/b"] {
            assert_eq!(text.parse::<Shard>(), Err(ShardError::Text), "{text}");
        }
        assert_eq!("0/0".parse::<Shard>(), Err(ShardError::None));
        let last = Shard::new(4_294_967_294, 4_294_967_295).unwrap();
        assert_eq!(last.to_string().parse(), Ok(last));
    }

    /// Each of many names falls into one shard, and the shards are of similar size.
    #[test]
    fn shards_are_even() {
        let shards: Vec<_> = (0..16).map(|index| Shard::new(index, 16).unwrap()).collect();
        let mut counts = [0_u32; 16];
        for i in 0..16_000 {
            let name = format!("2026/{i:06}.phi");
            let of: Vec<_> = shards.iter().enumerate().filter(|(_, shard)| shard.contains(name.as_bytes())).collect();
            assert_eq!(of.len(), 1);
            counts[of[0].0] += 1;
        }
        assert!(counts.iter().all(|n| (850..1150).contains(n)), "{counts:?}"); // five standard deviations
    }
}
