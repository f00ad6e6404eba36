//! The state of a peer as a contract sees it: questions and answers over the peer's connection.
//!
//! The read-write set is the one that [`Simulation`](crate::ledger::Simulation) makes of the same call, except that
//! Fabric adds the version of the chaincode's definition:
//! - `get` asks the peer, which answers from one snapshot and records the version;
//! - a `put` is kept here until the contract has accepted the call, so that a refusal leaves nothing behind. The writes
//!   are then sent in ascending order of the keys, in batches where the peer takes batches;
//! - the limits of keys and values are those of the simulation.
//!
//! Departure from Fabric's own shim: no `GetStateMultiple`. The contract names its keys one by one, and most of them
//! depend on the value before. Reading keys in advance would add keys to the read set that the embedded ledger does not
//! read, and would save only one or two messages.

use super::calls::{CallId, Calls};
use crate::fabric::messages::{ChaincodeMessage, GetState, Kind, PutState, WriteBatchState, WriteRecord};
use crate::ledger::format::rwset::{KEY_LIMIT, KEYS_LIMIT, VALUE_LIMIT};
use crate::ledger::state::contract::within;
use crate::ledger::{State, StateError};
use prost::Message;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// The peer's state, for one call.
pub(super) struct RemoteState {
    id: CallId,
    calls: Arc<Calls>,
    out: mpsc::Sender<ChaincodeMessage>,
    runtime: Handle,
    /// The time at which the call ends without the peer's answer.
    deadline: Instant,
    reads: BTreeSet<String>,
    writes: BTreeMap<String, Vec<u8>>,
    /// Whether the peer has failed to answer. No further question is asked.
    failed: bool,
}

impl RemoteState {
    pub(super) fn new(
        id: CallId,
        calls: Arc<Calls>,
        out: mpsc::Sender<ChaincodeMessage>,
        runtime: Handle,
        deadline: Instant,
    ) -> Self {
        Self { id, calls, out, runtime, deadline, reads: BTreeSet::new(), writes: BTreeMap::new(), failed: false }
    }

    /// Asks one question and waits for the answer. Blocks its thread.
    fn ask(&mut self, kind: Kind, payload: Vec<u8>) -> Result<Vec<u8>, StateError> {
        let failed = |why: &str| StateError::Peer(why.to_owned());
        if self.failed {
            return Err(failed("it has not answered an earlier question"));
        }
        self.failed = true;
        let answer = self.calls.ask(&self.id).ok_or_else(|| failed("the connection has ended"))?;
        let CallId { channel, txid } = self.id.clone();
        let message =
            ChaincodeMessage { kind: kind.into(), payload, txid, channel_id: channel, ..ChaincodeMessage::default() };
        let exchange = async {
            self.out.send(message).await.ok()?;
            answer.await.ok()
        };
        let answer = match self.runtime.block_on(timeout_at(self.deadline, exchange)) {
            Ok(Some(answer)) => answer,
            Ok(None) => return Err(failed("the connection has ended")),
            Err(_) => {
                if self.calls.abandon(&self.id) {
                    self.calls.close();
                }
                return Err(failed("it has not answered in time"));
            }
        };
        self.failed = false;
        match answer.kind() {
            Kind::Response => Ok(answer.payload),
            _ => Err(StateError::Peer(String::from_utf8_lossy(&answer.payload).into_owned())),
        }
    }

    /// Sends the writes, at most `batch` of them in one message; one by one if `batch` is 0.
    pub(super) fn finish(&mut self, batch: usize) -> Result<(), StateError> {
        let mut writes = std::mem::take(&mut self.writes).into_iter();
        if batch == 0 {
            return writes.try_for_each(|(key, value)| {
                self.ask(Kind::PutState, PutState { key, value }.encode_to_vec()).map(drop)
            });
        }
        loop {
            let record = |(key, value)| WriteRecord { key, value, kind: Kind::PutState.into() };
            let records: Vec<_> = writes.by_ref().take(batch).map(record).collect();
            if records.is_empty() {
                return Ok(());
            }
            self.ask(Kind::WriteBatchState, WriteBatchState { records }.encode_to_vec())?;
        }
    }
}

impl State for RemoteState {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        within("key", key.len(), KEY_LIMIT)?;
        self.reads.insert(key.to_owned());
        within("keys read", self.reads.len(), KEYS_LIMIT)?;
        let value = self.ask(Kind::GetState, GetState { key: key.to_owned() }.encode_to_vec())?;
        within("value", value.len(), VALUE_LIMIT)?;
        // Fabric does not tell an absent value from an empty one. `put` refuses empty values.
        Ok(Some(value).filter(|value| !value.is_empty()))
    }

    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), StateError> {
        within("key", key.len(), KEY_LIMIT)?;
        within("value", value.len(), VALUE_LIMIT)?;
        if value.is_empty() {
            return Err(StateError::Peer("an empty value cannot be told from an absent one".to_owned()));
        }
        self.writes.insert(key.to_owned(), value);
        within("keys written", self.writes.len(), KEYS_LIMIT)
    }
}
