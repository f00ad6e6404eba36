//! Envelopes: a capsule with the encrypted record, in memory and by pieces.

use crate::capsule::Capsule;
use crate::error::Fault;
use crate::forms::{array_of, bytes_of, public_class};
use crate::integrity::Salt;
use crate::keys::{EncryptionKey, Params, PublicKey, ReKey};
use crate::random::rng;
use js_sys::Uint8Array;
use phi_pre::envelope::{self, Opener, Opening, Sealer, Sealing, Suite};
use phi_pre::integrity::CHUNK_BYTES;
use rand_core::CryptoRng;
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

const AES: &str = "aes-256-gcm";
const CHACHA: &str = "chacha20-poly1305";

/// The suite of this name. If none is given, the one that is faster here.
fn suite(name: &JsValue) -> Result<Suite, Fault> {
    match name.as_string().as_deref() {
        Some(AES) => Ok(Suite::Aes256Gcm),
        Some(CHACHA) => Ok(Suite::ChaCha20Poly1305),
        None if name.is_undefined() => Ok(Suite::ChaCha20Poly1305),
        _ => Err(Fault::new("suite", format!("a suite is {AES:?} or {CHACHA:?}"))),
    }
}

public_class! {
    /// The header of an envelope: 284 bytes. Re-encryption rewrites the last 192.
    Header(envelope::Header) {
        /// "aes-256-gcm" or "chacha20-poly1305".
        #[wasm_bindgen(getter)]
        pub fn suite(&self) -> String {
            match self.0.suite {
                Suite::Aes256Gcm => AES,
                Suite::ChaCha20Poly1305 => CHACHA,
            }.to_owned()
        }

        /// The commitment to the content key: 32 bytes.
        #[wasm_bindgen(getter, js_name = keyCommitment)]
        pub fn key_commitment(&self) -> Vec<u8> {
            self.0.key_commitment.0.to_vec()
        }

        /// (Z, C): 240 bytes.
        #[wasm_bindgen(getter)]
        pub fn capsule(&self) -> Capsule {
            Capsule(self.0.capsule)
        }

        /// Equation 2: the header with C' (192 bytes) in the place of C.
        pub fn reencrypt(&self, key: &ReKey) -> Self {
            Self(self.0.reencrypt(&key.0))
        }
    }
}

/// Encrypts a record to Y. Returns the envelope: a header of 284 bytes, the record, and a tag of 16 bytes for each chunk of
/// 64 KiB; an empty record has one empty chunk. The suite is "chacha20-poly1305" if none is given, since WebAssembly has no
/// instructions for AES; every reader opens both. Codes: "suite", "random".
#[wasm_bindgen]
pub fn encrypt(
    params: &Params,
    to: &PublicKey,
    #[wasm_bindgen(unchecked_param_type = "Uint8Array")] record: &JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "\"aes-256-gcm\" | \"chacha20-poly1305\"")] suite: &JsValue,
) -> Result<Vec<u8>, Fault> {
    let record = array_of(record)?;
    seal(params, to, record, suite, &mut rng()?)
}

pub(crate) fn seal(
    params: &Params,
    to: &PublicKey,
    record: &Uint8Array,
    name: &JsValue,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, Fault> {
    let bytes = record.length() as usize;
    let mut envelope = Vec::with_capacity(envelope::Header::BYTES + bytes + bytes / 4000 + 16);
    let mut sealing = Sealing::new(Sealer::new(&params.0, &to.0, suite(name)?, rng)?, &mut envelope);
    pieces(record, |piece| sealing.update(piece, &mut envelope))?;
    sealing.finish(&mut envelope)?;
    Ok(envelope)
}

/// Copies an array piece by piece into memory that is overwritten afterwards.
fn pieces<E>(bytes: &Uint8Array, mut work: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let (mut piece, end) = (Zeroizing::new(Vec::new()), bytes.length());
    let step = u32::try_from(CHUNK_BYTES).unwrap_or(u32::MAX);
    for at in (0..end).step_by(CHUNK_BYTES) {
        let part = bytes.subarray(at, end.min(at.saturating_add(step)));
        piece.resize(part.length() as usize, 0);
        part.copy_to(&mut piece);
        work(&piece)?;
    }
    Ok(())
}

/// Decrypts an envelope with k_e or k'_e. Code: "refused" for a wrong key or an altered envelope, or the code of a malformed
/// header. The record is the caller's to overwrite.
#[wasm_bindgen]
pub fn decrypt(
    key: &EncryptionKey,
    #[wasm_bindgen(unchecked_param_type = "Uint8Array")] envelope: &JsValue,
) -> Result<Uint8Array, Fault> {
    let envelope = &*bytes_of(envelope)?;
    let record = Zeroizing::new(envelope::decrypt(&key.0, envelope)?);
    Ok(Uint8Array::from(record.as_slice()))
}

/// Equation 2 on an envelope. Returns the envelope that opens under k'_e; a wrong k_re cannot be noticed here. Codes: those of a
/// malformed header, and "length" for a body that was cut off where its length shows this.
#[wasm_bindgen]
pub fn reencrypt(
    key: &ReKey,
    #[wasm_bindgen(unchecked_param_type = "Uint8Array")] envelope: &JsValue,
) -> Result<Vec<u8>, Fault> {
    let mut again = bytes_of(envelope)?;
    envelope::reencrypt(&key.0, &mut again)?;
    Ok(again)
}

/// The commitment to a record (32 bytes, as on the ledger), and the size of the record in bytes.
#[wasm_bindgen]
#[derive(Debug)]
pub struct SealedRecord(envelope::SealedRecord);

#[wasm_bindgen]
impl SealedRecord {
    /// 32 bytes.
    #[wasm_bindgen(getter)]
    pub fn commitment(&self) -> Vec<u8> {
        self.0.commitment.0.0.to_vec()
    }

    /// The size of the record in bytes.
    #[wasm_bindgen(getter)]
    #[allow(clippy::cast_precision_loss, reason = "sizes below 2^53")]
    pub fn bytes(&self) -> f64 {
        self.0.bytes as f64
    }
}

/// One record that is being encrypted piece by piece: `encryptStream` uses this class.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Encryption {
    header: Vec<u8>,
    sealing: Option<Sealing>,
}

#[wasm_bindgen]
impl Encryption {
    /// Draws M and r. The suite is "chacha20-poly1305" if none is given. Codes: "suite", "random".
    #[wasm_bindgen(constructor)]
    pub fn new(
        params: &Params,
        to: &PublicKey,
        #[wasm_bindgen(unchecked_optional_param_type = "\"aes-256-gcm\" | \"chacha20-poly1305\"")] suite: &JsValue,
    ) -> Result<Self, Fault> {
        let suite = self::suite(suite)?;
        let mut header = Vec::with_capacity(envelope::Header::BYTES);
        let sealing = Sealing::new(Sealer::new(&params.0, &to.0, suite, &mut rng()?)?, &mut header);
        Ok(Self { header, sealing: Some(sealing) })
    }

    /// The header: the first 284 bytes of the envelope.
    #[wasm_bindgen(getter)]
    pub fn header(&self) -> Vec<u8> {
        self.header.clone()
    }

    /// Takes the next bytes of the record. Returns the chunks that are complete, the next bytes of the envelope. Code: "spent".
    pub fn update(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] record: &JsValue,
    ) -> Result<Vec<u8>, Fault> {
        let record = array_of(record)?;
        let mut envelope = Vec::new();
        let sealing = self.sealing.as_mut().ok_or_else(spent)?;
        pieces(record, |piece| sealing.update(piece, &mut envelope))?;
        Ok(envelope)
    }

    /// The last bytes of the envelope, and the commitment. Code: "spent".
    pub fn finish(&mut self) -> Result<Last, Fault> {
        let mut bytes = Vec::new();
        let sealed = self.sealing.take().ok_or_else(spent)?.finish(&mut bytes)?;
        Ok(Last { bytes: Zeroizing::new(bytes), sealed })
    }
}

/// One envelope that is being decrypted piece by piece: `decryptStream` uses this class.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Decryption(Option<Opening>);

#[wasm_bindgen]
impl Decryption {
    /// Decapsulates by Equation 3 and checks the key. `header` is the first 284 bytes of the envelope. Code: "refused" for a
    /// wrong key, or that of a malformed header.
    #[wasm_bindgen(constructor)]
    pub fn new(
        key: &EncryptionKey,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] header: &JsValue,
    ) -> Result<Self, Fault> {
        let header = &*bytes_of(header)?;
        let header = envelope::Header::from_bytes(header).map_err(envelope::DecryptError::Header)?;
        Ok(Self(Some(Opening::new(Opener::new(&header, &key.0)?))))
    }

    /// The salt of the record's commitment. Code: "spent".
    pub fn salt(&self) -> Result<Salt, Fault> {
        Ok(Salt(self.0.as_ref().ok_or_else(spent)?.salt().clone()))
    }

    /// Takes the next bytes after the header. Returns the plaintext of the chunks that are complete. All of it is
    /// authenticated, but it is the whole record only once `finish` has returned. Codes: "refused", "spent".
    pub fn update(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] body: &JsValue,
    ) -> Result<Uint8Array, Fault> {
        let body = &*bytes_of(body)?;
        let mut record = Zeroizing::new(Vec::with_capacity(body.len() + CHUNK_BYTES));
        self.0.as_mut().ok_or_else(spent)?.update(body, &mut record)?;
        Ok(Uint8Array::from(record.as_slice()))
    }

    /// The last bytes of the record. Codes: "refused", also for an envelope that was cut off; "spent".
    pub fn finish(&mut self) -> Result<Last, Fault> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(CHUNK_BYTES));
        let sealed = self.0.take().ok_or_else(spent)?.finish(&mut bytes)?;
        Ok(Last { bytes, sealed })
    }
}

/// The last bytes of an envelope or of a record, and the commitment to the record.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Last {
    bytes: Zeroizing<Vec<u8>>,
    sealed: envelope::SealedRecord,
}

#[wasm_bindgen]
impl Last {
    /// The last bytes.
    #[wasm_bindgen(getter)]
    pub fn bytes(&self) -> Uint8Array {
        Uint8Array::from(self.bytes.as_slice())
    }

    /// The commitment and the size.
    #[wasm_bindgen(getter)]
    pub fn sealed(&self) -> SealedRecord {
        SealedRecord(self.sealed)
    }
}

fn spent() -> Fault {
    Fault::new("spent", "the stream is finished")
}
