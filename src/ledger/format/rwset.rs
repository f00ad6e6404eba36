//! Versions, and the read-write sets of simulations.
//!
//! Semantics: Fabric's (core/ledger/kvledger/txmgmt/rwsetutil).
//!
//! ```text
//! version          = (block, number of the transaction in it)
//! read-write set   = ([key, version read], [key, value written]), each sorted by key
//! ```

use crate::error::DecodeError;
use crate::wire::{Reader, Wire, Writer};
use std::collections::BTreeMap;

/// The longest key in bytes.
pub const KEY_LIMIT: u32 = 256;
/// The longest value in bytes.
pub const VALUE_LIMIT: u32 = 64 * 1024;
/// The most keys that one transaction may read, and the most that it may write.
pub const KEYS_LIMIT: u32 = 1024;

/// The place of a transaction in the chain, which is the version of every value that it wrote. 12 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version {
    /// The number of the block.
    pub block: u64,
    /// The number of the transaction in the block, from 0.
    pub tx: u32,
}

/// A value with its version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The place of the transaction that wrote it.
    pub version: Version,
    /// The value.
    pub value: Vec<u8>,
}

/// A key that was read, and its version at that time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Read {
    /// The key.
    pub key: String,
    /// The version; none if there was no value.
    pub version: Option<Version>,
}

/// A key to write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Write {
    /// The key.
    pub key: String,
    /// The value.
    pub value: Vec<u8>,
}

/// The keys that a simulation read and wrote, each list strictly ascending by key.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReadWriteSet {
    reads: Vec<Read>,
    writes: Vec<Write>,
}

impl ReadWriteSet {
    /// The set of these reads and writes.
    pub fn new(reads: BTreeMap<String, Option<Version>>, writes: BTreeMap<String, Vec<u8>>) -> Self {
        Self {
            reads: reads.into_iter().map(|(key, version)| Read { key, version }).collect(),
            writes: writes.into_iter().map(|(key, value)| Write { key, value }).collect(),
        }
    }

    /// The keys read.
    pub fn reads(&self) -> &[Read] {
        &self.reads
    }

    /// The keys written.
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }
}

impl Wire for Version {
    const NAME: &'static str = "version";

    fn write(&self, out: &mut Writer) {
        out.u64(self.block).u32(self.tx);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { block: input.u64("version")?, tx: input.u32("version")? })
    }
}

impl Wire for Read {
    const NAME: &'static str = "key read";

    fn write(&self, out: &mut Writer) {
        out.bytes(self.key.as_bytes());
        match self.version {
            None => out.u8(0),
            Some(version) => {
                version.write(out.u8(1));
                out
            }
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let key = input.text(Self::NAME, KEY_LIMIT)?.to_owned();
        let version = match input.u8("version")? {
            0 => None,
            1 => Some(Version::read(input)?),
            got => return Err(DecodeError::Unknown { what: "version", got: got.into() }),
        };
        Ok(Self { key, version })
    }
}

impl Wire for Write {
    const NAME: &'static str = "key written";

    fn write(&self, out: &mut Writer) {
        out.bytes(self.key.as_bytes()).bytes(&self.value);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let key = input.text(Self::NAME, KEY_LIMIT)?.to_owned();
        Ok(Self { key, value: input.bytes("value", VALUE_LIMIT)?.to_vec() })
    }
}

impl Wire for ReadWriteSet {
    const NAME: &'static str = "read-write set";

    fn write(&self, out: &mut Writer) {
        out.list(&self.reads).list(&self.writes);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let reads: Vec<Read> = input.list(Self::NAME, KEYS_LIMIT)?;
        let writes: Vec<Write> = input.list(Self::NAME, KEYS_LIMIT)?;
        let ascending = reads.is_sorted_by(|a, b| a.key < b.key) && writes.is_sorted_by(|a, b| a.key < b.key);
        if ascending { Ok(Self { reads, writes }) } else { Err(DecodeError::NonCanonical { what: Self::NAME }) }
    }
}

#[cfg(test)]
mod tests;
