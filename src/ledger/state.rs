//! What a contract sees, and what a simulation of it leaves behind.
//!
//! Paper: section 3.1, the chaincode and the distributed ledger of each node. Semantics: Hyperledger Fabric's
//! (core/ledger/kvledger/txmgmt/txmgr/query_executor.go).
//!
//! ```text
//! get(key)         = the committed value, never one that this simulation put; the version read is recorded
//! put(key, value)  : recorded; the last one stands
//! read-write set   = ([key, version read], [key, value written]), each sorted by key
//! version          = (block, number of the transaction in it)
//! ```
//!
//! Endorsers at the same height therefore produce equal bytes, and committers can tell a stale simulation by its
//! versions alone, without running the contract.

use super::proposal::{Transient, TxId};
use super::store::StoreError;
use crate::error::DecodeError;
use crate::identity::Member;
use crate::wire::{Reader, Wire, Writer};
use std::collections::BTreeMap;

/// The longest key in bytes.
pub const KEY_LIMIT: u32 = 256;
/// The longest value in bytes.
pub const VALUE_LIMIT: u32 = 64 * 1024;
/// The most keys that one transaction may read, and may write.
pub const KEYS_LIMIT: u32 = 1024;

/// The place of a transaction in the chain, and so the version of all that it wrote. 12 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version {
    /// The number of the block.
    pub block: u64,
    /// The number of the transaction in the block, from 0.
    pub tx: u32,
}

/// A value with the transaction that wrote it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The transaction.
    pub version: Version,
    /// The value.
    pub value: Vec<u8>,
}

/// The state as of some block.
pub trait Committed {
    /// The entry under `key`.
    ///
    /// # Errors
    /// [`StoreError`] where the storage fails.
    fn entry(&self, key: &str) -> Result<Option<Entry>, StoreError>;

    /// Whether a transaction of this identifier stands in the chain.
    ///
    /// # Errors
    /// [`StoreError`] where the storage fails.
    fn knows(&self, txid: &TxId) -> Result<bool, StoreError>;
}

/// Why a contract could not read or write.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key, a value or the number of keys is above its limit.
    #[error("{what}: {got} is above the limit of {limit}")]
    Limit {
        /// What was too large.
        what: &'static str,
        /// The largest size that is accepted.
        limit: u32,
        /// The size.
        got: usize,
    },
}

/// All that a contract can do: the same two calls that Fabric's `GetState` and `PutState` are.
pub trait State {
    /// The committed value under `key`; a value put by this transaction is not seen.
    ///
    /// # Errors
    /// [`StateError`].
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, StateError>;

    /// Puts `value` under `key` if the transaction is committed as valid.
    ///
    /// # Errors
    /// [`StateError::Limit`].
    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), StateError>;
}

/// All that a contract knows of the transaction that calls it.
#[derive(Clone, Copy, Debug)]
pub struct Invocation<'a> {
    /// Who signed the proposal.
    pub creator: &'a Member,
    /// The transaction.
    pub txid: TxId,
    /// The proposal's time in milliseconds since 1970. The only time a contract may use.
    pub timestamp: u64,
    /// What never reaches a block.
    pub transient: &'a Transient,
    /// What is to be done, in the contract's own encoding.
    pub action: &'a [u8],
}

/// Why a contract refused. The code is stable; the reason is for people and holds no personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("refused by the contract (code {code}): {reason}")]
pub struct Refusal {
    /// The contract's own number.
    pub code: u16,
    /// The rule that was broken.
    pub reason: String,
}

/// What a contract answers where it does not answer with a response.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvokeError {
    /// The rules of the contract.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The state.
    #[error(transparent)]
    State(#[from] StateError),
}

/// A pure function of the state and the invocation: no clock, no randomness, nothing else.
pub trait Contract: Send + Sync {
    /// The name that a proposal calls it by.
    fn name(&self) -> &str;

    /// Runs one transaction.
    ///
    /// # Errors
    /// [`InvokeError`]; then nothing of the transaction is endorsed.
    fn invoke(&self, state: &mut dyn State, call: &Invocation<'_>) -> Result<Vec<u8>, InvokeError>;
}

/// A key that was read, and the version that it had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Read {
    /// The key.
    pub key: String,
    /// The version; none where there was no value.
    pub version: Option<Version>,
}

/// A key that is to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Write {
    /// The key.
    pub key: String,
    /// The value.
    pub value: Vec<u8>,
}

/// What a simulation read and wrote, each list strictly ascending by key.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReadWriteSet {
    reads: Vec<Read>,
    writes: Vec<Write>,
}

impl ReadWriteSet {
    /// The keys read.
    pub fn reads(&self) -> &[Read] {
        &self.reads
    }

    /// The keys written.
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }
}

/// One run of a contract against a snapshot of the state.
#[derive(Debug)]
pub struct Simulation<'a, C: ?Sized> {
    committed: &'a C,
    reads: BTreeMap<String, Option<Version>>,
    writes: BTreeMap<String, Vec<u8>>,
}

impl<'a, C: Committed + ?Sized> Simulation<'a, C> {
    /// Starts with nothing read and nothing written.
    pub const fn new(committed: &'a C) -> Self {
        Self { committed, reads: BTreeMap::new(), writes: BTreeMap::new() }
    }

    /// What was read and written.
    pub fn finish(self) -> ReadWriteSet {
        ReadWriteSet {
            reads: self.reads.into_iter().map(|(key, version)| Read { key, version }).collect(),
            writes: self.writes.into_iter().map(|(key, value)| Write { key, value }).collect(),
        }
    }
}

impl<C: Committed + ?Sized> State for Simulation<'_, C> {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        within("key", key.len(), KEY_LIMIT)?;
        let entry = self.committed.entry(key)?;
        self.reads.insert(key.to_owned(), entry.as_ref().map(|entry| entry.version));
        within("keys read", self.reads.len(), KEYS_LIMIT)?;
        Ok(entry.map(|entry| entry.value))
    }

    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), StateError> {
        within("key", key.len(), KEY_LIMIT)?;
        within("value", value.len(), VALUE_LIMIT)?;
        self.writes.insert(key.to_owned(), value);
        within("keys written", self.writes.len(), KEYS_LIMIT)
    }
}

const fn within(what: &'static str, got: usize, limit: u32) -> Result<(), StateError> {
    if got > limit as usize { Err(StateError::Limit { what, limit, got }) } else { Ok(()) }
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
