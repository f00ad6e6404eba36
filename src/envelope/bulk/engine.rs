//! The pipeline: one walk, and threads that read, compute, write and settle by turns.
//!
//! While one thread waits for a file or a sync another computes, so no stage has threads of its own. One thread at a time
//! settles what all of them wrote; the others leave theirs to it, and wait for it only where the target's room is used up.

use super::{
    BulkError, Event, Fault, HeaderBytes, Present, ReadEnvelopes, Refusal, Rest, Source, Stopped, Summary, Target,
    Watch, WriteEnvelopes,
};
use crate::envelope::{Header, file};
use crate::error::DecodeError;
use crate::group::G2;
use crate::hash::{Digest, hmac, label};
use crate::pre::{Capsule, PreparedReKey, ReKey};
use crate::secret::Secret;
use crate::wire::Reader;
use std::ops::{ControlFlow, Range};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Names that travel together.
const NAMES: usize = 128;
/// An envelope of at most this many bytes is read and written as a whole.
const SMALL: usize = 64 << 10;
/// A batch is computed once it holds this many bytes, or this many open files.
const BATCH_BYTES: usize = 256 << 10;
const BATCH_FILES: usize = 4;
/// Threads, whatever the machine: with their buffers they bound the memory of a job.
const THREADS: usize = 32;

/// Equation (2) on every envelope of `source`, into `target`.
///
/// # Errors
/// [`Stopped`] where the job cannot go on: the source cannot be listed, the target is full or fails. Envelopes that are
/// refused do not end it; `watch` is told each of them, and the summary counts them.
pub fn reencrypt_all<S: Source, T: Target>(
    k_re: &ReKey,
    source: &S,
    target: &T,
    watch: Watch<'_>,
) -> Result<Summary, Stopped> {
    let threads = source.width().max(target.width()).min(THREADS);
    let room = target.room();
    let job = Job {
        prepared: k_re.prepare(),
        k_re: k_re.to_bytes(),
        target,
        watch,
        summary: Mutex::default(),
        share: (room / (4 * threads)).max(1),
        room: room / 3,
        written: Mutex::new((Vec::new(), false)),
        taken: Condvar::new(),
        stop: AtomicBool::new(false),
        failure: Mutex::default(),
    };
    let (names, taken) = sync_channel(2 * threads);
    let taken = Mutex::new(taken);
    std::thread::scope(|scope| {
        let (taken, job, names) = (&taken, &job, names);
        for _ in 0..threads {
            scope.spawn(move || job.work(source, taken));
        }
        job.walk(source, &names);
    });
    let summary = *lock(&job.summary);
    let finished = target.finish().err(); // what was done before a failure stays, too
    let failure = job.failure.into_inner().unwrap_or_else(PoisonError::into_inner).or(finished);
    failure.map_or(Ok(summary), |source| Err(Stopped { summary, source }))
}

struct Job<'a, T: Target> {
    prepared: PreparedReKey,
    k_re: Secret<[u8; G2::BYTES]>,
    target: &'a T,
    watch: Watch<'a>,
    summary: Mutex<Summary>,
    /// Outputs without a name that one thread may keep to itself, and that may wait for the one that settles.
    share: usize,
    room: usize,
    /// What waits, and whether a thread is settling.
    written: Mutex<(Vec<Written<T::Pending>>, bool)>,
    taken: Condvar,
    stop: AtomicBool,
    failure: Mutex<Option<BulkError>>,
}

/// An envelope on its way through a batch.
struct Item {
    name: PathBuf,
    /// Its bytes in the batch.
    at: Range<usize>,
    size: u64,
    rest: Rest,
    /// The header of the output that is there.
    present: Option<Box<HeaderBytes>>,
}

/// Written, without a name.
type Written<P> = (PathBuf, P);

impl<T: Target> Job<'_, T> {
    fn walk<S: Source>(&self, source: &S, names: &SyncSender<Vec<PathBuf>>) {
        let mut chunk = Vec::with_capacity(NAMES);
        let walked = source.walk(&mut |(name, found)| {
            match found {
                Err(refusal) => self.refuse(&name, &refusal),
                Ok(()) => chunk.push(name),
            }
            // The threads take names until there are no more, so this never fails and never waits for ever.
            let full = chunk.len() == NAMES;
            if full && names.send(std::mem::replace(&mut chunk, Vec::with_capacity(NAMES))).is_err() || self.stopped() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        match walked {
            Ok(()) => drop(names.send(chunk)),
            Err(error) => self.fail(error),
        }
    }

    fn work<S: Source>(&self, source: &S, names: &Mutex<Receiver<Vec<PathBuf>>>) {
        // The batches of this thread are computed by itself: all threads together fill the cores, and none waits for
        // another between the stages of its own batch.
        #[cfg(feature = "parallel")]
        let _alone = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
        let (mut reader, mut writer) = (source.reader(), self.target.writer());
        let (mut bytes, mut items) = (Vec::new(), Vec::with_capacity(NAMES));
        loop {
            let Ok(chunk) = lock(names).recv() else { break };
            for name in chunk {
                if self.stopped() {
                    break;
                }
                match self.take(&mut reader, &mut writer, name, &mut bytes) {
                    Ok(item) => items.extend(item),
                    Err((name, fault)) => self.fault(&name, fault),
                }
                let open = items.iter().filter(|item: &&Item| !matches!(item.rest, Rest::None)).count();
                if bytes.len() >= BATCH_BYTES || open == BATCH_FILES {
                    self.compute(&mut writer, &mut bytes, &mut items);
                }
            }
            self.compute(&mut writer, &mut bytes, &mut items);
        }
        self.settle(&mut Vec::new(), true);
    }

    /// Reads and checks one envelope; none where its output is there by its mark.
    fn take(
        &self,
        reader: &mut impl ReadEnvelopes,
        writer: &mut impl WriteEnvelopes,
        name: PathBuf,
        bytes: &mut Vec<u8>,
    ) -> Result<Option<Item>, (PathBuf, Fault)> {
        let start = bytes.len();
        let taken = (|| {
            let (size, rest) = reader.read(&name, SMALL, bytes)?;
            let header = check(&bytes[start..], size)?;
            let present = match writer.present(&name)? {
                None => None,
                Some(Present { header: Some(there), size: bytes, mark }) => {
                    let same = there[..Header::INVARIANT_BYTES] == header[..Header::INVARIANT_BYTES];
                    if !same || bytes != size {
                        return Err(Refusal::Exists.into());
                    }
                    if mark == Some(self.mark(&header, &there, size)) {
                        return Ok(None);
                    }
                    Some(Box::new(there))
                }
                Some(Present { header: None, .. }) => return Err(Refusal::Exists.into()),
            };
            Ok(Some((size, rest, present)))
        })();
        match taken {
            Ok(Some((size, rest, present))) => Ok(Some(Item { at: start..bytes.len(), name, size, rest, present })),
            Ok(None) => {
                bytes.truncate(start);
                self.count(|summary| summary.marked += 1);
                (self.watch)(Event::There(&name));
                Ok(None)
            }
            Err(fault) => {
                bytes.truncate(start);
                Err((name, fault))
            }
        }
    }

    /// Equation (2) on the batch, then its outputs. Leaves the batch empty.
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
            let Item { name, at, size, rest, present } = item;
            let capsule = match capsule {
                Ok(capsule) => capsule,
                Err(error) => {
                    self.refuse(&name, &error.into());
                    continue;
                }
            };
            // It was taken only with all of its header.
            let Some(header) = bytes[at.start..].first_chunk_mut::<{ Header::BYTES }>() else { continue };
            let before = *header;
            header[Header::BYTES - Capsule::BYTES..].copy_from_slice(&capsule);
            if let Some(there) = present {
                if *there == *header {
                    self.count(|summary| summary.compared += 1);
                    (self.watch)(Event::There(&name));
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
            if written.len() >= self.share {
                self.settle(&mut written, false);
            }
        }
        self.settle(&mut written, false);
        bytes.clear();
    }

    /// Settles what this thread and all others have written, in batches that grow while the disk is slow. Where another
    /// thread is at it, that one does these, too, and this one waits only if it must or too many wait.
    fn settle(&self, mine: &mut Vec<Written<T::Pending>>, must: bool) {
        let mut written = lock(&self.written);
        written.0.append(mine);
        while written.1 && (must || written.0.len() > self.room) {
            written = self.taken.wait(written).unwrap_or_else(PoisonError::into_inner);
        }
        if std::mem::replace(&mut written.1, true) {
            return;
        }
        drop(written);
        let _settling = Settling(self);
        loop {
            let batch = std::mem::take(&mut lock(&self.written).0);
            self.taken.notify_all();
            if batch.is_empty() {
                return;
            }
            match self.target.settle(&batch) {
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

    /// Only who holds k_re can make it, and for no other input, output or k_re.
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

    /// The first failure is the one that is told.
    fn fail(&self, error: BulkError) {
        lock(&self.failure).get_or_insert(error);
        self.stop.store(true, Ordering::Relaxed);
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// While it lives its thread settles. A thread that dies leaves the rest to another.
struct Settling<'a, 'b, T: Target>(&'a Job<'b, T>);

impl<T: Target> Drop for Settling<'_, '_, T> {
    fn drop(&mut self) {
        lock(&self.0.written).1 = false;
        self.0.taken.notify_all();
    }
}

/// Everything about an envelope but its capsule: a header of a known version, and the length of whole chunks.
fn check(bytes: &[u8], size: u64) -> Result<HeaderBytes, DecodeError> {
    Header::preamble(&mut Reader::new(bytes))?;
    let short = DecodeError::Length { what: "envelope header", expected: Header::BYTES, got: bytes.len() };
    let header = *bytes.first_chunk().ok_or(short)?;
    file::body(size)?;
    Ok(header)
}

/// What a lock guards here is whole between two statements, so that of a thread that died can be taken over.
fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
