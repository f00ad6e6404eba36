//! The calls that run on one connection, and the questions that they have asked the peer.
//!
//! ```text
//! absent -- begin --> idle -- ask --> asked -- answer --> idle -- end --> absent
//!                                       |
//!                                       +---- no answer in time --> abandoned -- late answer --> absent
//! ```
//!
//! A call asks one question at a time. Channel and txid of an abandoned question stay in use until its answer has come:
//! otherwise a later call of the same txid could take the late answer for its own.

use crate::fabric::messages::ChaincodeMessage;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};

/// Channel and txid, which identify a call on a connection.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct CallId {
    pub channel: String,
    pub txid: String,
}

impl CallId {
    pub(super) fn of(message: &ChaincodeMessage) -> Self {
        Self { channel: message.channel_id.clone(), txid: message.txid.clone() }
    }
}

enum Call {
    Idle,
    Asked(oneshot::Sender<ChaincodeMessage>),
    Abandoned,
}

/// The calls of one connection.
pub(super) struct Calls {
    /// `None` after the end of the connection.
    calls: Mutex<Option<HashMap<CallId, Call>>>,
    /// Notified whenever a call ends.
    ended: Notify,
}

impl Calls {
    /// The most abandoned questions of a connection; after one more, the connection ends.
    const ABANDONED: usize = 64;

    pub(super) fn new() -> Self {
        Self { calls: Mutex::new(Some(HashMap::new())), ended: Notify::new() }
    }

    /// Every state is correct even after a panic in another thread, so a poisoned lock is ignored.
    fn lock(&self) -> MutexGuard<'_, Option<HashMap<CallId, Call>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a call. Returns false if a call of this channel and txid is running, or the connection has ended.
    pub(super) fn begin(&self, id: &CallId) -> bool {
        match self.lock().as_mut() {
            Some(calls) if !calls.contains_key(id) => {
                calls.insert(id.clone(), Call::Idle);
                true
            }
            _ => false,
        }
    }

    /// Ends a call. An abandoned call stays until its answer comes.
    pub(super) fn end(&self, id: &CallId) {
        if let Some(calls) = self.lock().as_mut()
            && !matches!(calls.get(id), Some(Call::Abandoned))
        {
            calls.remove(id);
        }
        self.ended.notify_waiters();
    }

    /// Waits until no call runs.
    pub(super) async fn idle(&self) {
        loop {
            let mut ended = pin!(self.ended.notified());
            ended.as_mut().enable();
            let runs = |calls: &HashMap<_, _>| calls.values().any(|call| !matches!(call, Call::Abandoned));
            if !self.lock().as_ref().is_some_and(runs) {
                return;
            }
            ended.await;
        }
    }

    /// Expects the answer to a question. `None` after the end of the connection.
    pub(super) fn ask(&self, id: &CallId) -> Option<oneshot::Receiver<ChaincodeMessage>> {
        let (sender, receiver) = oneshot::channel();
        self.lock().as_mut()?.insert(id.clone(), Call::Asked(sender));
        Some(receiver)
    }

    /// Abandons a question, unless its answer has just arrived. Returns whether the connection has too many abandoned
    /// questions.
    pub(super) fn abandon(&self, id: &CallId) -> bool {
        let mut calls = self.lock();
        let Some(calls) = calls.as_mut() else { return false };
        if let Some(call @ Call::Asked(_)) = calls.get_mut(id) {
            *call = Call::Abandoned;
        }
        calls.values().filter(|call| matches!(call, Call::Abandoned)).count() > Self::ABANDONED
    }

    /// Passes an answer to the call that asked the question. Returns false if no call has asked, not even an abandoned
    /// one.
    pub(super) fn answer(&self, id: &CallId, answer: ChaincodeMessage) -> bool {
        let mut calls = self.lock();
        let Some(calls) = calls.as_mut() else { return false };
        match calls.remove(id) {
            Some(Call::Asked(call)) => {
                calls.insert(id.clone(), Call::Idle);
                // A call whose receiver is gone has just abandoned the question.
                _ = call.send(answer);
                true
            }
            Some(Call::Abandoned) => true,
            Some(Call::Idle) => {
                calls.insert(id.clone(), Call::Idle);
                false
            }
            None => false,
        }
    }

    /// Whether the connection has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().is_none()
    }

    /// The end of the connection: no call gets an answer any more.
    pub(super) fn close(&self) {
        *self.lock() = None;
    }
}
