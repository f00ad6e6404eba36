//! The messages between participants that do not go through the ledger.
//!
//! Paper: section 3.2. Figure 3: the alarm with txid, ID_i "encrypted with a symmetric key with the hospital", the upload.
//! Figure 4: the keys "associated with the proxy re-encryption key".
//!
//! Departure: the paper puts the sealed keys into the share-request-transaction. Here the ledger holds only their
//! digest, since an attacker can keep a copy of the ledger for ever and break the encryption later (C13).

use super::FlowError;
use crate::error::DecodeError;
use crate::hash::{Digest, hkdf, label, tagged};
use crate::identifier::Pseudonym;
use crate::identity::{Certificate, Member, Msp, Sealed, Signature, SigningKey};
use crate::integrity::Commitment;
use crate::ledger::{Nonce as TxNonce, TxId};
use crate::pre::{EncryptionKey, SharedSecret};
use crate::secret::wiped;
use crate::time::Seconds;
use crate::wire::forms::wire_newtype;
use crate::wire::{Reader, Wire, Writer};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::path::PathBuf;

/// Bytes of the longest name of a record.
pub(super) const RECORD_NAME_LIMIT: u32 = 4096;

/// Hospital to user: the alarm that a record waits for confirmation under this txid.
#[derive(Clone, Debug)]
pub struct Alert {
    /// The transaction that the hospital will propose.
    pub txid: TxId,
    /// Proves that the txid belongs to the hospital: txid = SHA-256(nonce || certificate).
    pub nonce: TxNonce,
    /// The hospital's certificate when it drew the txid. The hospital may have a newer one since.
    pub certificate: Certificate,
    /// The record's name at the hospital.
    pub name: String,
    /// The commitment that the transaction will carry.
    pub commitment: Commitment,
    /// The path of the envelope, from which the user checks the record before confirming it.
    pub envelope: PathBuf,
}

/// User to hospital: ID_i, encrypted under a key that both derive from sk and the txid. 48 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedIdentifier([u8; 48]);

wire_newtype!(SealedIdentifier, 48, "sealed identifier");

impl SealedIdentifier {
    /// Encrypts ID_i for the hospital. The nonce is fixed: each txid has its own key, and
    /// [`User::check`](super::User::check) encrypts only one ID_i for each txid.
    ///
    /// # Errors
    /// [`FlowError::Identifier`], which does not occur.
    pub fn seal(id: &Pseudonym, sk: &SharedSecret, txid: &TxId) -> Result<Self, FlowError> {
        wiped(|| {
            let mut sealed = [0; 48];
            let (body, room) = sealed.split_at_mut(32);
            body.copy_from_slice(&id.0);
            let tag = identifier_key(sk, txid)?.seal_in_place_separate_tag(nonce(), Aad::empty(), body);
            room.copy_from_slice(tag.map_err(|_| FlowError::Identifier)?.as_ref());
            Ok(Self(sealed))
        })
    }

    /// Decrypts ID_i.
    ///
    /// # Errors
    /// [`FlowError::Identifier`] for another sk or txid, or an altered message.
    pub fn open(&self, sk: &SharedSecret, txid: &TxId) -> Result<Pseudonym, FlowError> {
        wiped(|| {
            let mut bytes = self.0;
            let opened = identifier_key(sk, txid)?.open_in_place(nonce(), Aad::empty(), &mut bytes);
            let id = opened.map_err(|_| FlowError::Identifier)?.try_into().map_err(|_| FlowError::Identifier)?;
            Ok(Pseudonym(id))
        })
    }
}

fn identifier_key(sk: &SharedSecret, txid: &TxId) -> Result<LessSafeKey, FlowError> {
    let key = zeroize::Zeroizing::new(hkdf::<32>(sk.expose(), &txid.0.0, label::SEALED_IDENTIFIER, &[]));
    let key = UnboundKey::new(&AES_256_GCM, key.as_ref()).map_err(|_| FlowError::Identifier)?;
    Ok(LessSafeKey::new(key))
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

/// A signed message from a participant to the cloud. The signature covers the signer's certificate, so that a key with two
/// certificates signs under one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed<T> {
    /// The message.
    pub content: T,
    /// The certificate of the signer.
    pub certificate: Certificate,
    signature: Signature,
}

impl<T: Wire> Signed<T> {
    /// Signs `content`.
    pub fn new(content: T, certificate: &Certificate, key: &SigningKey) -> Self {
        let signature = key.sign(&Self::statement(&content, certificate));
        Self { content, certificate: certificate.clone(), signature }
    }

    /// Verifies the message when it arrives, at `now` in seconds, and returns the member who signed it.
    ///
    /// # Errors
    /// [`FlowError::Identity`] for a certificate that is not valid at `now`, or a wrong signature.
    pub fn verify_at(&self, msp: &Msp, now: Seconds) -> Result<Member, FlowError> {
        msp.validate_at(&self.certificate, now)?;
        self.verify(msp)
    }

    /// Verifies a stored message that was accepted when it arrived, and returns the member who signed it. Ignores the
    /// certificate's period of validity.
    ///
    /// # Errors
    /// [`FlowError::Identity`] for a certificate that is not valid or is revoked, or a wrong signature.
    pub fn verify(&self, msp: &Msp) -> Result<Member, FlowError> {
        let member = msp.validate(&self.certificate)?;
        member.verifying_key.verify(&Self::statement(&self.content, &self.certificate), &self.signature)?;
        Ok(member)
    }

    fn statement(content: &T, certificate: &Certificate) -> [u8; 32] {
        tagged(label::SIGNED_MESSAGE, &[T::NAME.as_bytes(), &content.to_bytes(), certificate.der()]).0
    }
}

impl<T: Wire> Wire for Signed<T> {
    const NAME: &'static str = T::NAME;

    fn write(&self, out: &mut Writer) {
        self.content.write(out);
        self.certificate.write(out);
        self.signature.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            content: T::read(input)?,
            certificate: Certificate::read(input)?,
            signature: Signature::read(input)?,
        })
    }
}

/// Hospital to cloud: the envelope of a committed record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The record on the ledger.
    pub record: TxId,
    /// SHA-256 of the envelope's header. With it, the cloud can check the capsule without reading the whole envelope.
    pub header: Digest,
    /// SHA-256 of the whole envelope, which is sent with this message.
    pub envelope: Digest,
}

impl Wire for Upload {
    const NAME: &'static str = "upload";

    fn write(&self, out: &mut Writer) {
        self.record.write(out);
        self.header.write(out);
        self.envelope.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { record: TxId::read(input)?, header: Digest::read(input)?, envelope: Digest::read(input)? })
    }
}

/// Hospital B to cloud: the request for the record that was re-encrypted for this share request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// The share request on the ledger.
    pub request: TxId,
}

impl Wire for Fetch {
    const NAME: &'static str = "fetch";

    fn write(&self, out: &mut Writer) {
        self.request.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { request: TxId::read(input)? })
    }
}

/// User to cloud and hospital B: the keys of one share request, each sealed to its recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The share request on the ledger.
    pub request: TxId,
    /// k_re, sealed to the cloud.
    pub k_re: Sealed,
    /// k'_e and the record's name, sealed to hospital B.
    pub k_e_prime: Sealed,
}

impl Grant {
    /// HPKE info of k_re.
    pub const K_RE: &'static [u8] = b"phi-pre/1/grant/k_re";
    /// HPKE info of k'_e.
    pub const K_E_PRIME: &'static [u8] = b"phi-pre/1/grant/k'_e";

    /// Reads k'_e and the record's name from the opened [`k_e_prime`](Self::k_e_prime).
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn read_k_e_prime(opened: &[u8]) -> Result<(EncryptionKey, String), DecodeError> {
        wiped(|| {
            let mut input = Reader::new(opened);
            let k_e_prime = EncryptionKey::from_bytes(input.raw("k'_e", EncryptionKey::BYTES)?)?;
            let name = input.text("record name", RECORD_NAME_LIMIT)?.to_owned();
            input.end("sealed k'_e")?;
            Ok((k_e_prime, name))
        })
    }

    /// The digest of the grant on the ledger. It does not cover the request's own txid; the seals bind that txid as
    /// HPKE's aad.
    pub fn digest(&self) -> Digest {
        tagged(label::GRANT, &[&self.k_re.to_bytes(), &self.k_e_prime.to_bytes()])
    }
}

impl Wire for Grant {
    const NAME: &'static str = "grant";

    fn write(&self, out: &mut Writer) {
        self.request.write(out);
        self.k_re.write(out);
        self.k_e_prime.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { request: TxId::read(input)?, k_re: Sealed::read(input)?, k_e_prime: Sealed::read(input)? })
    }
}
