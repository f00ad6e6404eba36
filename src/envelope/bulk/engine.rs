//! The pipeline of a job: one thread lists the source; the others each read, compute, write and publish in turn.
//!
//! While one thread waits for a file or a sync, another computes. So no stage has threads of its own. Outputs are
//! published in groups: one thread at a time publishes the outputs of all threads. The other threads add their outputs
//! to a queue, and wait only if the queue is full.

use super::{
    BulkError, Event, Fault, HeaderBytes, Present, ReadEnvelopes, Refusal, Rest, Source, Stopped, Summary, Target,
    Watch, WriteEnvelopes,
};
use crate::envelope::header::{self, Header};
use crate::error::DecodeError;
use crate::group::G2;
use crate::hash::{Digest, hmac, label};
use crate::pre::{Capsule, PreparedReKey, ReKey};
use crate::secret::Secret;
use crate::wire::Reader;
use std::ops::{ControlFlow, Range};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use subtle::ConstantTimeEq;

/// Names in one message to the threads.
const NAMES: usize = 128;
/// An envelope of at most this many bytes is read and written as a whole.
const SMALL: usize = 64 << 10;
/// A batch is computed once it holds this many bytes or this many open files.
const BATCH_BYTES: usize = 256 << 10;
const BATCH_FILES: usize = 4;
/// The largest number of threads. With their buffers, they bound the memory of a job.
const THREADS: usize = 32;

/// Re-encrypts every envelope of `source` into `target` by Equation (2), and returns the counts.
///
/// Uses as many threads as source and target can use and the system makes; the caller's alone where it makes none.
///
/// # Errors
/// [`Stopped`] where the job cannot continue, for example because the source cannot be listed or the target is full. A
/// refused envelope does not end the job: it is reported to `watch` and counted in the summary.
pub fn reencrypt_all<S: Source, T: Target>(
    k_re: &ReKey,
    source: &S,
    target: &T,
    watch: Watch<'_>,
) -> Result<Summary, Stopped> {
    let threads = source.threads().max(target.threads()).min(THREADS);
    let limit = target.pending_limit();
    let job = Job {
        prepared: k_re.prepare(),
        k_re: k_re.to_bytes(),
        target,
        watch,
        summary: Mutex::default(),
        own_limit: (limit / (4 * threads)).max(1),
        queue_limit: limit / 3,
        queue: Mutex::new(Queue { written: Vec::new(), publishing: false }),
        queue_changed: Condvar::new(),
        stop: AtomicBool::new(false),
        failure: Mutex::default(),
    };
    let (names, receiver) = sync_channel(2 * threads);
    let receiver = Mutex::new(receiver);
    std::thread::scope(|scope| {
        let (receiver, job, names) = (&receiver, &job, names);
        let start = || Builder::new().spawn_scoped(scope, move || job.work(source, receiver));
        if (0..threads).take_while(|_| start().is_ok()).count() > 0 {
            // The threads receive names until the channel is closed, so sending never fails and never blocks for ever.
            job.walk(source, |chunk| names.send(chunk).is_ok());
        } else {
            let mut worker = Worker::new(job, source);
            job.walk(source, |chunk| {
                worker.take(chunk);
                true
            });
            worker.end();
        }
    });
    let summary = *lock(&job.summary);
    let finished = target.finish().err(); // also after a failure: the outputs written before it stay
    let failure = job.failure.into_inner().unwrap_or_else(PoisonError::into_inner).or(finished);
    failure.map_or(Ok(summary), |source| Err(Stopped { summary, source }))
}

struct Job<'a, T: Target> {
    prepared: PreparedReKey,
    k_re: Secret<[u8; G2::BYTES]>,
    target: &'a T,
    watch: Watch<'a>,
    summary: Mutex<Summary>,
    /// The number of written outputs that one thread may keep before it adds them to the queue.
    own_limit: usize,
    /// The number of outputs in the queue above which a thread waits.
    queue_limit: usize,
    queue: Mutex<Queue<T::Pending>>,
    queue_changed: Condvar,
    stop: AtomicBool,
    failure: Mutex<Option<BulkError>>,
}

/// An envelope in a batch.
struct Item {
    name: PathBuf,
    /// The range of its bytes in the batch.
    at: Range<usize>,
    size: u64,
    rest: Rest,
    /// The header of the output, if one exists already.
    present: Option<Box<HeaderBytes>>,
}

/// A written output without its name, and the name that it will get.
type Written<P> = (PathBuf, P);

/// The outputs that wait to be published.
struct Queue<P> {
    written: Vec<Written<P>>,
    /// Whether a thread is publishing.
    publishing: bool,
}

impl<T: Target> Job<'_, T> {
    /// Lists the source. `send` takes the names, and returns false where it takes no more.
    fn walk<S: Source>(&self, source: &S, mut send: impl FnMut(Vec<PathBuf>) -> bool) {
        let mut chunk = Vec::with_capacity(NAMES);
        let walked = source.walk(&mut |(name, found)| {
            match found {
                Err(refusal) => self.refuse(&name, &refusal),
                Ok(()) => chunk.push(name),
            }
            let full = chunk.len() == NAMES;
            if full && !send(std::mem::replace(&mut chunk, Vec::with_capacity(NAMES))) || self.stopped() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        match walked {
            Ok(()) => _ = send(chunk),
            Err(error) => self.fail(error),
        }
    }

    fn work<S: Source>(&self, source: &S, names: &Mutex<Receiver<Vec<PathBuf>>>) {
        // Each thread computes its own batches, on this thread alone. All threads together use all cores, and no thread
        // waits for another between the stages of its batch.
        #[cfg(feature = "parallel")]
        let _alone = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
        let mut worker = Worker::new(self, source);
        loop {
            let Ok(chunk) = lock(names).recv() else { break };
            worker.take(chunk);
        }
        worker.end();
    }

    /// Reads and checks one envelope. Returns `None` where the mark of an existing output shows that it is done.
    fn read(
        &self,
        reader: &mut impl ReadEnvelopes,
        writer: &mut impl WriteEnvelopes,
        name: PathBuf,
        bytes: &mut Vec<u8>,
    ) -> Result<Option<Item>, (PathBuf, Fault)> {
        let start = bytes.len();
        let result = (|| {
            let (size, rest) = reader.read(&name, SMALL, bytes)?;
            let header = check(&bytes[start..], size)?;
            let present = match writer.present(&name)? {
                None => None,
                Some(Present { header: Some(there), size: bytes, mark }) => {
                    let same = there[..Header::INVARIANT_BYTES] == header[..Header::INVARIANT_BYTES];
                    if !same || bytes != size {
                        return Err(Refusal::Exists.into());
                    }
                    if mark.is_some_and(|mark| same_mark(&mark, &self.mark(&header, &there, size))) {
                        return Ok(None);
                    }
                    Some(Box::new(there))
                }
                Some(Present { header: None, .. }) => return Err(Refusal::Exists.into()),
            };
            Ok(Some((size, rest, present)))
        })();
        match result {
            Ok(Some((size, rest, present))) => Ok(Some(Item { at: start..bytes.len(), name, size, rest, present })),
            Ok(None) => {
                bytes.truncate(start);
                self.count(|summary| summary.marked += 1);
                (self.watch)(Event::Existed(&name));
                Ok(None)
            }
            Err(fault) => {
                bytes.truncate(start);
                Err((name, fault))
            }
        }
    }

    /// Applies Equation (2) to the batch and writes its outputs. Leaves the batch empty.
    fn compute<W: WriteEnvelopes<Pending = T::Pending>>(
        &self,
        writer: &mut W,
        bytes: &mut Vec<u8>,
        items: &mut Vec<Item>,
    ) {
        let mut written = Vec::with_capacity(items.len());
        let capsules: Vec<[u8; Capsule::BYTES]> = items
            .iter()
            .filter_map(|item| bytes[item.at.start..].first_chunk::<{ Header::BYTES }>()?.last_chunk().copied())
            .collect();
        for (item, capsule) in items.drain(..).zip(self.prepared.reencrypt_bytes(&capsules)) {
            if self.stopped() {
                break; // the same job run again does the rest
            }
            let Item { name, at, size, rest, present } = item;
            let capsule = match capsule {
                Ok(capsule) => capsule,
                Err(error) => {
                    self.refuse(&name, &error.into());
                    continue;
                }
            };
            // `read` takes an envelope only with its whole header.
            let Some(header) = bytes[at.start..].first_chunk_mut::<{ Header::BYTES }>() else { continue };
            let before = *header;
            header[Header::BYTES - Capsule::BYTES..].copy_from_slice(&capsule);
            if let Some(there) = present {
                if *there == *header {
                    self.count(|summary| summary.compared += 1);
                    (self.watch)(Event::Existed(&name));
                } else {
                    self.refuse(&name, &Refusal::Exists);
                }
                continue;
            }
            let mark = self.mark(&before, header, size);
            match writer.write(&name, &bytes[at], rest, size, &mark) {
                Ok(pending) => written.push((name, pending)),
                Err(fault) => self.fault(&name, fault),
            }
            if written.len() >= self.own_limit {
                self.publish(&mut written, false);
            }
        }
        self.publish(&mut written, false);
        bytes.clear();
    }

    /// Publishes the outputs of this thread and of all others, in batches that grow while the storage is slow. If
    /// another thread is publishing, that thread also publishes these outputs; this one waits only if `wait` is set or
    /// the queue is full.
    fn publish(&self, own: &mut Vec<Written<T::Pending>>, wait: bool) {
        let mut queue = lock(&self.queue);
        queue.written.append(own);
        while queue.publishing && (wait || queue.written.len() > self.queue_limit) {
            queue = self.queue_changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if std::mem::replace(&mut queue.publishing, true) {
            return;
        }
        drop(queue);
        let _publishing = Publishing(self);
        loop {
            let batch = std::mem::take(&mut lock(&self.queue).written);
            self.queue_changed.notify_all();
            if batch.is_empty() {
                return;
            }
            match self.target.publish(&batch) {
                Err(error) => self.fail(error),
                Ok(results) => {
                    for ((name, _), result) in batch.iter().zip(results) {
                        match result {
                            Ok(()) => {
                                self.count(|summary| summary.reencrypted += 1);
                                (self.watch)(Event::Reencrypted(name));
                            }
                            Err(fault) => self.fault(name, fault),
                        }
                    }
                }
            }
        }
    }

    /// The mark of an output: HMAC under k_re of the input's header, the output's header and the size.
    fn mark(&self, input: &HeaderBytes, output: &HeaderBytes, size: u64) -> Digest {
        let message = [&input[..], output, &size.to_be_bytes()].concat();
        hmac(self.k_re.expose(), label::REENCRYPTED, &message)
    }

    fn count(&self, add: impl FnOnce(&mut Summary)) {
        add(&mut lock(&self.summary));
    }

    fn refuse(&self, name: &std::path::Path, refusal: &Refusal) {
        self.count(|summary| summary.refused += 1);
        (self.watch)(Event::Refused(name, refusal));
    }

    fn fault(&self, name: &std::path::Path, fault: Fault) {
        match fault {
            Fault::Refused(refusal) => self.refuse(name, &refusal),
            Fault::Fatal(error) => self.fail(error),
        }
    }

    /// Stops the job. Only the first failure is reported.
    fn fail(&self, error: BulkError) {
        lock(&self.failure).get_or_insert(error);
        self.stop.store(true, Ordering::Relaxed);
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// What one thread reads, computes and writes.
struct Worker<'a, 'b, S: Source + 'a, T: Target> {
    job: &'a Job<'b, T>,
    reader: S::Reader<'a>,
    writer: T::Writer<'b>,
    bytes: Vec<u8>,
    items: Vec<Item>,
}

impl<'a, 'b, S: Source, T: Target> Worker<'a, 'b, S, T> {
    fn new(job: &'a Job<'b, T>, source: &'a S) -> Self {
        let (reader, writer) = (source.reader(), job.target.writer());
        Self { job, reader, writer, bytes: Vec::new(), items: Vec::with_capacity(NAMES) }
    }

    /// Re-encrypts the envelopes of these names.
    fn take(&mut self, names: Vec<PathBuf>) {
        let Self { job, reader, writer, bytes, items } = self;
        for name in names {
            if job.stopped() {
                break;
            }
            match job.read(reader, writer, name, bytes) {
                Ok(item) => items.extend(item),
                Err((name, fault)) => job.fault(&name, fault),
            }
            let open = items.iter().filter(|item| !matches!(item.rest, Rest::None)).count();
            if bytes.len() >= BATCH_BYTES || open == BATCH_FILES {
                job.compute(writer, bytes, items);
            }
        }
        job.compute(writer, bytes, items);
    }

    /// Publishes what is left.
    fn end(self) {
        self.job.publish(&mut Vec::new(), true);
    }
}

/// Exists while its thread publishes. Dropping it, also by a panic, lets another thread publish.
struct Publishing<'a, 'b, T: Target>(&'a Job<'b, T>);

impl<T: Target> Drop for Publishing<'_, '_, T> {
    fn drop(&mut self) {
        lock(&self.0.queue).publishing = false;
        self.0.queue_changed.notify_all();
    }
}

/// Compares two marks in constant time. A mark is a MAC under k_re.
pub(crate) fn same_mark(a: &Digest, b: &Digest) -> bool {
    a.0.ct_eq(&b.0).into()
}

/// Checks an envelope except for its capsule: the fields of the header, and a length of whole chunks.
fn check(bytes: &[u8], size: u64) -> Result<HeaderBytes, DecodeError> {
    Header::preamble(&mut Reader::new(bytes))?;
    let short = DecodeError::Length { what: "envelope header", expected: Header::BYTES, got: bytes.len() };
    let header = *bytes.first_chunk().ok_or(short)?;
    header::body(size)?;
    Ok(header)
}

/// Locks a mutex. The guarded values are consistent whenever they are unlocked, so a poisoned lock is ignored.
fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
