//! Encryption and decryption of a body as a stream, in batches of chunks: one batch is processed on all cores while the
//! next one is read.

use super::content::{Content, Place};
use super::{DecryptError, EncryptError, Header, Suite, TAG_BYTES};
use crate::constant_time::declassify_choice;
use crate::integrity::{CHUNK_BYTES, Commitment, Committer, Salt};
use crate::parallel;
use crate::pre::{EncryptionKey, Message, Params, PublicKey};
use crate::secret::wiped;
use rand_core::CryptoRng;
use std::io::{self, BufRead, BufReader, Read, Write};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Chunks in one batch: 4 MiB. Two batches are in memory: one is processed while the other is read.
const BATCH: usize = 64;
/// Bytes of a chunk with its tag.
pub(super) const SLOT_BYTES: usize = CHUNK_BYTES + TAG_BYTES;

/// The commitment and size of the record in an envelope; both encryption and decryption return them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedRecord {
    /// The commitment to the record, as it is written on the ledger.
    pub commitment: Commitment,
    /// The size of the record in bytes.
    pub bytes: u64,
}

/// Encrypts one record under a fresh M, which is used once.
pub struct Sealer {
    header: Header,
    pub(super) content: Content,
}

impl Sealer {
    /// Draws M and r and makes the header.
    ///
    /// # Errors
    /// [`EncryptError::Aead`], which does not occur.
    pub fn new(params: &Params, key: &PublicKey, suite: Suite, rng: &mut impl CryptoRng) -> Result<Self, EncryptError> {
        wiped(|| {
            let (capsule, m) = key.encapsulate(params, rng);
            let content = Content::derive(&m, capsule.z(), suite).ok_or(EncryptError::Aead)?;
            Ok(Self { header: Header { suite, key_commitment: content.key_commitment, capsule }, content })
        })
    }

    /// The header that [`seal`](Self::seal) will write.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Writes the header and the body. Uses 8 MiB of memory, whatever the size of the record.
    ///
    /// # Errors
    /// [`EncryptError::Io`].
    pub fn seal(
        self,
        record: &mut (impl Read + Send),
        envelope: &mut (impl Write + Send),
    ) -> Result<SealedRecord, EncryptError> {
        envelope.write_all(&self.header.to_bytes())?;
        let aad = self.header.invariant();
        let mut committer = Committer::default();
        let mut bytes = 0;
        for_each_batch::<EncryptError>(record, CHUNK_BYTES, TAG_BYTES, |slots, first, last| {
            let n = slots.len();
            let seal = |i: usize, slot: &mut [u8]| {
                self.content.seal_chunk(Place { index: first + i as u64, last: last && i + 1 == n }, &aad, slot)
            };
            for leaf in parallel::map(slots.iter_mut().enumerate().collect(), |(i, slot)| seal(i, slot)) {
                let leaf = leaf?;
                bytes += leaf.bytes();
                committer.push(leaf);
            }
            slots.iter().try_for_each(|slot| Ok(envelope.write_all(slot)?))
        })?;
        Ok(SealedRecord { commitment: committer.finish(), bytes })
    }
}

/// Decrypts one envelope. [`new`](Self::new) refuses a header that does not belong to the key.
pub struct Opener {
    pub(super) aad: [u8; Header::INVARIANT_BYTES],
    pub(super) content: Content,
}

impl Opener {
    /// Decapsulates M by Equation (3), and checks the key commitment.
    ///
    /// # Errors
    /// [`DecryptError::Refused`] for any key but the right one.
    pub fn new(header: &Header, key: &EncryptionKey) -> Result<Self, DecryptError> {
        Self::with_message(header, &key.decapsulate(&header.capsule))
    }

    /// As [`new`](Self::new), with an M that was decapsulated before, for example in a batch.
    ///
    /// # Errors
    /// [`DecryptError::Refused`] for another M.
    pub fn with_message(header: &Header, m: &Message) -> Result<Self, DecryptError> {
        wiped(|| {
            let content = Content::derive(m, header.capsule.z(), header.suite).ok_or(DecryptError::Refused)?;
            let same = content.key_commitment.0.ct_eq(&header.key_commitment.0);
            if declassify_choice(same) {
                Ok(Self { aad: header.invariant(), content })
            } else {
                Err(DecryptError::Refused)
            }
        })
    }

    /// The salt of the record's commitment, for a [`RangeProof`](crate::integrity::RangeProof).
    pub const fn salt(&self) -> &Salt {
        &self.content.salt
    }

    /// Decrypts the body in whole chunks. All bytes written to `record` are authenticated, but they are the whole
    /// record only once this method returns `Ok`. [`decrypt_file`](super::decrypt_file) creates no file before then.
    ///
    /// # Errors
    /// [`DecryptError::Refused`]; [`DecryptError::Io`].
    pub fn open(
        self,
        body: &mut (impl Read + Send),
        record: &mut (impl Write + Send),
    ) -> Result<SealedRecord, DecryptError> {
        let mut committer = Committer::default();
        let mut bytes = 0;
        for_each_batch::<DecryptError>(body, SLOT_BYTES, 0, |slots, first, last| {
            let n = slots.len();
            let open = |i: usize, slot: &mut [u8]| {
                self.content.open_chunk(Place { index: first + i as u64, last: last && i + 1 == n }, &self.aad, slot)
            };
            // The whole batch is authenticated before its first byte is written.
            for leaf in parallel::map(slots.iter_mut().enumerate().collect(), |(i, slot)| open(i, slot)) {
                let leaf = leaf?;
                bytes += leaf.bytes();
                committer.push(leaf);
            }
            slots.iter().try_for_each(|slot| Ok(record.write_all(&slot[..slot.len().saturating_sub(TAG_BYTES)])?))
        })?;
        Ok(SealedRecord { commitment: committer.finish(), bytes })
    }
}

impl core::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Sealer").field("header", &self.header).finish_non_exhaustive()
    }
}

impl core::fmt::Debug for Opener {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Opener").finish_non_exhaustive()
    }
}

/// Reads `input` in batches of slots. A slot has `piece` bytes of input and `room` bytes more at its end. Calls `work`
/// with the slots of each batch, the index of the first slot, and whether the batch is the last. The next batch is read
/// while `work` runs. An empty input gives one empty slot; an input that ends at the end of a slot gives no empty slot
/// after it.
fn for_each_batch<E: From<io::Error> + Send>(
    input: &mut (impl Read + Send),
    piece: usize,
    room: usize,
    mut work: impl FnMut(&mut [&mut [u8]], u64, bool) -> Result<(), E> + Send,
) -> Result<(), E> {
    // For the look-ahead: a single byte, so that no plaintext stays in a buffer. Reads of whole pieces bypass the buffer.
    let mut input = BufReader::with_capacity(1, input);
    // The buffers grow only as far as the input needs. They are overwritten when dropped, since encryption reads
    // plaintext.
    let (mut current, mut next) = (Zeroizing::new(Vec::new()), Zeroizing::new(Vec::new()));
    let mut filled = fill(&mut input, &mut current, piece, room)?;
    let mut first = 0;
    loop {
        let mut slots = slots(&mut current, filled, piece, room);
        if filled < BATCH * piece || at_end(&mut input)? {
            return work(&mut slots, first, true);
        }
        let (done, read) =
            parallel::join(|| work(&mut slots, first, false), || fill(&mut input, &mut next, piece, room));
        done?;
        filled = read?;
        first += BATCH as u64;
        core::mem::swap(&mut current, &mut next);
    }
}

fn at_end(input: &mut impl BufRead) -> io::Result<bool> {
    loop {
        match input.fill_buf() {
            Ok(ahead) => return Ok(ahead.is_empty()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// Fills the pieces of a batch in order, and returns the number of bytes read.
fn fill(input: &mut impl Read, batch: &mut Vec<u8>, piece: usize, room: usize) -> io::Result<usize> {
    let stride = piece + room;
    let mut total = 0;
    for i in 0..BATCH {
        if batch.len() < (i + 1) * stride {
            if batch.capacity() < (i + 1) * stride {
                let mut larger = Vec::with_capacity(if i == 0 { stride } else { BATCH * stride });
                larger.extend_from_slice(batch);
                drop(Zeroizing::new(core::mem::replace(batch, larger)));
            }
            batch.resize((i + 1) * stride, 0);
        }
        let got = read_full(input, &mut batch[i * stride..][..piece])?;
        total += got;
        if got < piece {
            break;
        }
    }
    Ok(total)
}

/// The slots that hold `filled` bytes. The last slot is cut to its content and `room`.
fn slots(batch: &mut [u8], filled: usize, piece: usize, room: usize) -> Vec<&mut [u8]> {
    let n = filled.div_ceil(piece).max(1);
    let tail = filled - (n - 1) * piece;
    let mut slots: Vec<_> = batch.chunks_exact_mut(piece + room).take(n).collect();
    if let Some(last) = slots.pop() {
        slots.push(&mut last[..tail + room]);
    }
    slots
}

/// Reads until `buffer` is full or the input ends.
fn read_full(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match input.read(&mut buffer[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(got)
}
