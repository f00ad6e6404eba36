//! Encryption and decryption of a body that arrives in pieces: for programs that cannot block on a reader, such as
//! asynchronous programs and web pages.
//!
//! The bytes are those of [`Sealer`] and [`Opener`], chunk by chunk on the caller's thread.
//!
//! ```text
//! update(piece):  append the piece to the chunk in memory; a full chunk is processed when further bytes arrive
//! finish():       the chunk in memory is the last one
//! ```

use super::content::Place;
use super::stream::SLOT_BYTES;
use super::{DecryptError, EncryptError, Header, Opener, SealedRecord, Sealer, TAG_BYTES};
use crate::integrity::{CHUNK_BYTES, Commitment, Committer, Leaf, Salt};
use core::fmt;
use zeroize::Zeroizing;

/// The chunk in memory, and what was counted of the chunks before.
struct Progress {
    chunk: Zeroizing<Vec<u8>>,
    index: u64,
    committer: Committer,
    bytes: u64,
}

impl Progress {
    fn new() -> Self {
        // The buffer never grows, so no reallocation leaves plaintext in freed memory.
        let chunk = Zeroizing::new(Vec::with_capacity(SLOT_BYTES));
        Self { chunk, index: 0, committer: Committer::default(), bytes: 0 }
    }

    /// Appends `input`, and calls `work` with each chunk of `size` bytes that is not the last. `work` empties the chunk.
    fn update<E>(
        &mut self,
        mut input: &[u8],
        size: usize,
        mut work: impl FnMut(&mut Self, bool) -> Result<(), E>,
    ) -> Result<(), E> {
        while !input.is_empty() {
            if self.chunk.len() == size {
                work(self, false)?;
            }
            let (now, later) = input.split_at(input.len().min(size - self.chunk.len()));
            self.chunk.extend_from_slice(now);
            input = later;
        }
        Ok(())
    }

    fn count(&mut self, leaf: Leaf) {
        self.bytes += leaf.bytes();
        self.committer.push(leaf);
        self.index += 1;
        self.chunk.clear();
    }

    fn finish(self) -> SealedRecord {
        let commitment: Commitment = self.committer.finish();
        SealedRecord { commitment, bytes: self.bytes }
    }
}

/// One record that is being encrypted. Uses 64 KiB of memory beside the caller's.
///
/// ```
/// use phi_pre::envelope::{self, Sealer, Sealing, Suite};
/// # use phi_pre::pre::{DecryptionKey, Params, Seed};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// # let params = Params::new(Seed::random(rng));
/// # let k_d = DecryptionKey::random(rng);
/// let mut envelope = Vec::new();
/// let sealer = Sealer::new(&params, &k_d.public_key(&params), Suite::default(), rng)?;
/// let mut sealing = Sealing::new(sealer, &mut envelope);
/// for piece in ["a ", "record"] {
///     sealing.update(piece.as_bytes(), &mut envelope)?;
/// }
/// let sealed = sealing.finish(&mut envelope)?;
/// assert_eq!(sealed.bytes, 8);
/// assert_eq!(envelope::decrypt(&k_d.encryption_key(&params), &envelope)?, b"a record");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sealing {
    sealer: Sealer,
    aad: [u8; Header::INVARIANT_BYTES],
    progress: Progress,
}

impl Sealing {
    /// Appends the header, 284 bytes, to `envelope`.
    pub fn new(sealer: Sealer, envelope: &mut Vec<u8>) -> Self {
        envelope.extend_from_slice(&sealer.header().to_bytes());
        let aad = sealer.header().invariant();
        Self { sealer, aad, progress: Progress::new() }
    }

    /// Takes the next bytes of the record, of any number, and appends the chunks that are complete to `envelope`.
    ///
    /// # Errors
    /// [`EncryptError::Aead`], which does not occur with chunks of 64 KiB.
    pub fn update(&mut self, record: &[u8], envelope: &mut Vec<u8>) -> Result<(), EncryptError> {
        let (sealer, aad) = (&self.sealer, &self.aad);
        self.progress.update(record, CHUNK_BYTES, |progress, last| seal(sealer, aad, progress, last, envelope))
    }

    /// Appends the last chunk to `envelope`.
    ///
    /// # Errors
    /// [`EncryptError::Aead`], which does not occur with chunks of 64 KiB.
    pub fn finish(mut self, envelope: &mut Vec<u8>) -> Result<SealedRecord, EncryptError> {
        seal(&self.sealer, &self.aad, &mut self.progress, true, envelope)?;
        Ok(self.progress.finish())
    }
}

fn seal(
    sealer: &Sealer,
    aad: &[u8],
    progress: &mut Progress,
    last: bool,
    envelope: &mut Vec<u8>,
) -> Result<(), EncryptError> {
    let slot = progress.chunk.len() + TAG_BYTES;
    progress.chunk.resize(slot, 0);
    let leaf = sealer.content.seal_chunk(Place { index: progress.index, last }, aad, &mut progress.chunk)?;
    envelope.extend_from_slice(&progress.chunk);
    progress.count(leaf);
    Ok(())
}

/// One body that is being decrypted. Uses 64 KiB of memory beside the caller's.
///
/// All bytes that [`update`](Self::update) appends are authenticated, but they are the whole record only once
/// [`finish`](Self::finish) has returned `Ok`.
pub struct Opening {
    opener: Opener,
    progress: Progress,
    refused: bool,
}

impl Opening {
    /// Begins with the first byte after the header.
    pub fn new(opener: Opener) -> Self {
        Self { opener, progress: Progress::new(), refused: false }
    }

    /// The salt of the record's commitment, for a [`RangeProof`](crate::integrity::RangeProof).
    pub const fn salt(&self) -> &Salt {
        self.opener.salt()
    }

    /// Takes the next bytes of the body, of any number, and appends the plaintext of the chunks that are complete to
    /// `record`. The caller must overwrite `record` after use, and reserve its space before: a vector that grows leaves plaintext in
    /// freed memory.
    ///
    /// # Errors
    /// [`DecryptError::Refused`], also for all later calls.
    pub fn update(&mut self, body: &[u8], record: &mut Vec<u8>) -> Result<(), DecryptError> {
        self.refuse_again()?;
        let opener = &self.opener;
        let opened = self.progress.update(body, SLOT_BYTES, |progress, last| open(opener, progress, last, record));
        self.refused = opened.is_err();
        opened
    }

    /// Appends the plaintext of the last chunk to `record`.
    ///
    /// # Errors
    /// [`DecryptError::Refused`], also for a body that was cut off.
    pub fn finish(mut self, record: &mut Vec<u8>) -> Result<SealedRecord, DecryptError> {
        self.refuse_again()?;
        open(&self.opener, &mut self.progress, true, record)?;
        Ok(self.progress.finish())
    }

    const fn refuse_again(&self) -> Result<(), DecryptError> {
        if self.refused { Err(DecryptError::Refused) } else { Ok(()) }
    }
}

fn open(opener: &Opener, progress: &mut Progress, last: bool, record: &mut Vec<u8>) -> Result<(), DecryptError> {
    let at = Place { index: progress.index, last };
    let leaf = opener.content.open_chunk(at, &opener.aad, &mut progress.chunk)?;
    record.extend_from_slice(&progress.chunk[..progress.chunk.len().saturating_sub(TAG_BYTES)]);
    progress.count(leaf);
    Ok(())
}

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealing").field("sealer", &self.sealer).finish_non_exhaustive()
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening").finish_non_exhaustive()
    }
}
