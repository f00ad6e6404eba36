//! Encryption, decryption and re-encryption of whole envelopes in memory.

use super::{DecryptError, EncryptError, Header, Opener, Sealer, Suite, TAG_BYTES};
use crate::error::DecodeError;
use crate::integrity::CHUNK_BYTES;
use crate::pre::{EncryptionKey, Params, PublicKey, ReKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// Encrypts `record` to Y with AES-256-GCM. The envelope has a header of 284 bytes, and the record with 16 bytes more
/// for each chunk of 64 KiB. Use [`Sealer`] for the commitment to the record, for another suite, or for a record that
/// does not fit into memory.
///
/// ```
/// use phi_pre::envelope::{self, DecryptError};
/// use phi_pre::pre::{DecryptionKey, Params, ReKey, Seed};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// let params = Params::new(Seed::random(rng));
/// let (delegator, delegatee) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
/// let (k_e, k_e_prime) = (delegator.encryption_key(&params), delegatee.encryption_key(&params));
///
/// let mut envelope = envelope::encrypt(&params, &delegator.public_key(&params), b"a record", rng)?;
/// assert_eq!(envelope::decrypt(&k_e, &envelope)?, b"a record");
///
/// envelope::reencrypt(&ReKey::new(&k_e, &k_e_prime)?, &mut envelope)?; // the proxy
/// assert_eq!(envelope::decrypt(&k_e_prime, &envelope)?, b"a record");
///
/// assert!(matches!(envelope::decrypt(&k_e, &envelope), Err(DecryptError::Refused)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`EncryptError::Aead`], which does not occur.
pub fn encrypt(
    params: &Params,
    to: &PublicKey,
    record: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, EncryptError> {
    let chunks = record.len().div_ceil(CHUNK_BYTES).max(1);
    let mut envelope = Vec::with_capacity(Header::BYTES + record.len() + chunks * TAG_BYTES);
    Sealer::new(params, to, Suite::default(), rng)?.seal(&mut &*record, &mut envelope)?;
    Ok(envelope)
}

/// Decrypts an envelope with k_e or k'_e and returns the record. The caller must overwrite the record after use.
///
/// # Errors
/// [`DecryptError::Header`] for a malformed header; [`DecryptError::Refused`] for a wrong key or an altered envelope.
pub fn decrypt(key: &EncryptionKey, envelope: &[u8]) -> Result<Vec<u8>, DecryptError> {
    let (header, mut body) = envelope.split_at(envelope.len().min(Header::BYTES));
    let opener = Opener::new(&Header::from_bytes(header)?, key)?;
    // The capacity is enough for the whole record, so the buffer does not grow and leaves no copy behind. It is
    // overwritten if a chunk is refused.
    let mut record = Zeroizing::new(Vec::with_capacity(body.len()));
    opener.open(&mut body, &mut *record)?;
    Ok(core::mem::take(&mut *record))
}

/// Re-encrypts an envelope in place by Equation (2): rewrites C, 192 bytes of the header, so that the envelope opens
/// under k'_e. The body is not changed.
///
/// A wrong k_re cannot be detected here: the envelope then opens under no key until the inverse is applied.
///
/// # Errors
/// [`DecodeError`] for a malformed header, and for a body that is cut off where its length shows this. The envelope is then unchanged.
pub fn reencrypt(k_re: &ReKey, envelope: &mut [u8]) -> Result<(), DecodeError> {
    let end = envelope.len().min(Header::BYTES);
    let bytes = envelope.len() as u64;
    let header = &mut envelope[..end];
    let again = Header::from_bytes(header)?;
    super::header::body(bytes)?;
    let again = again.reencrypt(k_re);
    header.copy_from_slice(&again.to_bytes());
    Ok(())
}
