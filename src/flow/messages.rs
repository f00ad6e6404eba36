//! The messages between participants that do not go through the ledger.
//!
//! Paper: section 3.2. Figure 3: the alarm with txid (here the record's identifier), ID_i "encrypted with a symmetric
//! key with the hospital", the upload. Figure 4: the keys "associated with the proxy re-encryption key".
//!
//! Departure: the paper puts the sealed keys into the share-request-transaction. Here the ledger holds only their
//! digest, since an attacker can keep a copy of the ledger for ever and break the encryption later (C13).

use super::FlowError;
use crate::aead::{Aead, Algorithm, NONCE_BYTES};
use crate::contract::{Record, RecordId, RequestId, ShareRequest};
use crate::envelope::{Header, open_file};
use crate::error::DecodeError;
use crate::group::Gt;
use crate::hash::{Digest, hkdf, label, tagged};
use crate::identifier::Pseudonym;
use crate::identity::{Certificate, Member, MemberId, Msp, Sealed, Signature, SigningKey};
use crate::integrity::{Commitment, literal};
use crate::ledger::Nonce as IdNonce;
use crate::pre::{EncryptionKey, NamedPublic, PublicKey, PublicReKey, ReencryptionProof, SharePublic, SharedSecret};
use crate::secret::wiped;
use crate::time::Seconds;
use crate::wire::forms::wire_newtype;
use crate::wire::{Reader, Wire, Writer, concat};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes of the longest name of a record.
pub(super) const RECORD_NAME_LIMIT: u32 = 4096;

/// Hospital to user: the alarm that a record is ready for confirmation.
#[derive(Clone, Debug)]
pub struct Alert {
    /// The identifier under which the hospital will write the record.
    pub record: RecordId,
    /// The nonce of the identifier, which shows that the identifier belongs to the hospital: the identifier is
    /// SHA-256(nonce || certificate).
    pub nonce: IdNonce,
    /// The hospital's certificate at the time when it drew the nonce. The certificate may have been renewed since.
    pub certificate: Certificate,
    /// The record's name at the hospital.
    pub name: String,
    /// The commitment that the transaction will carry.
    pub commitment: Commitment,
    /// The note about the envelope, signed by the hospital. The user keeps the note.
    pub note: Signed<Upload>,
    /// The path of the envelope, from which the user checks the record before confirming it.
    pub envelope: PathBuf,
}

/// User to hospital: ID_i, encrypted under a key that both derive from sk and the record's identifier. 48 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedIdentifier([u8; 48]);

wire_newtype!(SealedIdentifier, 48, "sealed identifier");

impl SealedIdentifier {
    /// Encrypts ID_i for the hospital. The nonce is fixed: each record has its own key, and
    /// [`User::check`](super::User::check) encrypts only one ID_i for each record.
    ///
    /// # Errors
    /// [`FlowError::Identifier`], which does not occur.
    pub fn seal(id: &Pseudonym, sk: &SharedSecret, record: &RecordId) -> Result<Self, FlowError> {
        wiped(|| {
            let mut sealed = [0; 48];
            sealed[..32].copy_from_slice(&id.0);
            let key = identifier_key(sk, record)?;
            key.seal(IDENTIFIER_NONCE, &[], &mut sealed).map_err(|_| FlowError::Identifier)?;
            Ok(Self(sealed))
        })
    }

    /// Decrypts ID_i.
    ///
    /// # Errors
    /// [`FlowError::Identifier`] for another sk or record, or an altered message.
    pub fn open(&self, sk: &SharedSecret, record: &RecordId) -> Result<Pseudonym, FlowError> {
        wiped(|| {
            let mut bytes = self.0;
            let key = identifier_key(sk, record)?;
            let opened = key.open(IDENTIFIER_NONCE, &[], &mut bytes);
            let id = opened.map_err(|_| FlowError::Identifier)?.try_into().map_err(|_| FlowError::Identifier)?;
            Ok(Pseudonym(id))
        })
    }
}

/// Each key encrypts one identifier.
const IDENTIFIER_NONCE: [u8; NONCE_BYTES] = [0; NONCE_BYTES];

fn identifier_key(sk: &SharedSecret, record: &RecordId) -> Result<Aead, FlowError> {
    let key = zeroize::Zeroizing::new(hkdf::<32>(sk.expose(), &record.0.0, label::SEALED_IDENTIFIER, &[]));
    Aead::new(Algorithm::Aes256Gcm, key.as_ref()).ok_or(FlowError::Identifier)
}

/// A message with the signature of a participant. The signature covers the signer's certificate, so that a key with two
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

    /// Verifies the signature alone, where the caller knows the certificate already.
    ///
    /// # Errors
    /// [`FlowError::Identity`].
    pub(super) fn verify_signature(&self) -> Result<(), FlowError> {
        let key = self.certificate.verifying_key();
        Ok(key.verify(&Self::statement(&self.content, &self.certificate), &self.signature)?)
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

/// Hospital to user and cloud: the note about the envelope of a record. 544 bytes.
///
/// The signed note fixes the capsule and its public key. If the two do not fit together, the signer is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The record on the ledger.
    pub record: RecordId,
    /// The epoch of the key: the number of times that the key of the stored record was replaced. It is 0 in a note of
    /// the hospital; the user signs all later notes.
    pub epoch: u32,
    /// The header with the capsule. The cloud needs nothing else of the envelope to re-encrypt.
    pub header: Header,
    /// SHA-256 of the body, which is the envelope without its header.
    pub body: Digest,
    /// Y, the public key of the capsule.
    pub public_key: PublicKey,
}

impl Upload {
    /// The note about an envelope file, as the hospital makes it.
    ///
    /// # Errors
    /// [`FlowError::DecryptFile`] for a malformed header; [`FlowError::File`].
    pub(super) fn of_file(record: RecordId, envelope: &Path, public_key: PublicKey) -> Result<Self, FlowError> {
        let (mut file, header) = Self::open_file(envelope)?;
        let body = literal(&mut file).map_err(FlowError::file(envelope))?;
        Ok(Self { record, epoch: 0, header, body, public_key })
    }

    /// Opens an envelope file at its body, and reads the header.
    ///
    /// # Errors
    /// As [`of_file`](Self::of_file).
    pub(super) fn open_file(envelope: &Path) -> Result<(File, Header), FlowError> {
        let (file, found) = open_file(envelope)?;
        Ok((file, found.header))
    }

    /// The member who must sign the note: the hospital that wrote the record, or the holder of its ID_i after a
    /// rotation.
    pub fn author(&self, record: &Record) -> MemberId {
        if self.epoch == 0 { record.hospital } else { record.id.into() }
    }
}

/// A reader that hashes what it reads, and keeps whether this failed.
#[derive(Debug)]
pub(super) struct Hashed<R> {
    body: R,
    hasher: Sha256,
    failed: bool,
}

impl<R> Hashed<R> {
    pub(super) fn new(body: R) -> Self {
        Self { body, hasher: Sha256::new(), failed: false }
    }

    /// Whether the inner reader has failed.
    pub(super) const fn failed(&self) -> bool {
        self.failed
    }

    /// SHA-256 of what was read.
    pub(super) fn digest(self) -> Digest {
        Digest(self.hasher.finalize().into())
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.body.read(buffer).inspect_err(|_| self.failed = true)?;
        self.hasher.update(&buffer[..n]);
        Ok(n)
    }
}

impl Wire for Upload {
    const NAME: &'static str = "upload";

    fn write(&self, out: &mut Writer) {
        self.record.write(out);
        out.u32(self.epoch);
        self.header.write(out);
        self.body.write(out);
        self.public_key.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            record: RecordId::read(input)?,
            epoch: input.u32("epoch")?,
            header: Header::from_bytes(input.raw("envelope header", Header::BYTES)?)?,
            body: Digest::read(input)?,
            public_key: PublicKey::read(input)?,
        })
    }
}

/// User to hospital: the public key by name A, under which the hospital encrypts the user's records. 80 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedKey {
    /// The hospital to which the user gives the key.
    pub hospital: MemberId,
    /// A = g1^a. The user draws one key for each hospital.
    pub key: NamedPublic,
}

impl Wire for NamedKey {
    const NAME: &'static str = "key by name";

    fn write(&self, out: &mut Writer) {
        self.hospital.write(out);
        self.key.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { hospital: MemberId::read(input)?, key: NamedPublic::read(input)? })
    }
}

/// Hospital B to cloud: the request for the record that was re-encrypted for this share request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// The share request on the ledger.
    pub request: RequestId,
}

impl Wire for Fetch {
    const NAME: &'static str = "fetch";

    fn write(&self, out: &mut Writer) {
        self.request.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { request: RequestId::read(input)? })
    }
}

/// Cloud to hospital B: the re-encrypted capsule of a record. The cloud signs the delivery, so that hospital B can show
/// a false delivery to anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The share request on the ledger.
    pub request: RequestId,
    /// The note about the envelope, with the header as it was encrypted.
    pub upload: Signed<Upload>,
    /// C'_j = C·e(Z, k_j): Equation (2) with this cloud's share k_j. With one cloud, the share is k_re.
    pub c_prime: Gt,
    /// The proof that C'_j follows from C by the key of Δ_j. Its context is the request's identifier.
    pub proof: ReencryptionProof,
}

impl Wire for Delivery {
    const NAME: &'static str = "re-encrypted record";

    fn write(&self, out: &mut Writer) {
        self.request.write(out);
        self.upload.write(out);
        out.raw(&self.c_prime.to_bytes());
        self.proof.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            request: RequestId::read(input)?,
            upload: Signed::read(input)?,
            c_prime: Gt::from_bytes(input.raw("C'", Gt::BYTES)?)?,
            proof: ReencryptionProof::read(input)?,
        })
    }
}

impl Delivery {
    /// The digest of the deliveries, as it is on the ledger in the share-complete-transaction.
    pub fn digest(deliveries: &[Signed<Self>]) -> Digest {
        let encoded: Vec<_> = deliveries.iter().map(Wire::to_bytes).collect();
        tagged(label::DELIVERIES, &encoded.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }
}

/// User to a cloud: the update key u, which replaces the key of a stored record by a new key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The record on the ledger.
    pub record: RecordId,
    /// The epoch of the new key: one more than the epoch of the stored note.
    pub epoch: u32,
    /// Δ = Y_new/Y_old.
    pub delta: PublicReKey,
    /// u = k_e,new/k_e,old, sealed to the cloud.
    pub update: Sealed,
}

impl Rotation {
    /// HPKE info of u. The aad is the [`context`](Self::context).
    pub const UPDATE: &'static [u8] = b"phi-pre/1/rotation/u";

    /// The context that binds u, and the proof that u was applied, to this rotation: the record and the epoch, 36
    /// bytes.
    pub fn context(record: &RecordId, epoch: u32) -> [u8; 36] {
        concat(&[&record.0.0, &epoch.to_be_bytes()])
    }
}

impl Wire for Rotation {
    const NAME: &'static str = "rotation";

    fn write(&self, out: &mut Writer) {
        self.record.write(out);
        out.u32(self.epoch);
        self.delta.write(out);
        self.update.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            record: RecordId::read(input)?,
            epoch: input.u32("epoch")?,
            delta: PublicReKey::read(input)?,
            update: Sealed::read(input)?,
        })
    }
}

/// Cloud to user: C under the new key. The user checks the proof and then signs the new note. 340 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The record on the ledger.
    pub record: RecordId,
    /// The epoch of the new key.
    pub epoch: u32,
    /// C·e(Z, u).
    pub c: Gt,
    /// The proof that this C follows from the stored one by the key of Δ.
    pub proof: ReencryptionProof,
}

impl Wire for Rotated {
    const NAME: &'static str = "rotated record";

    fn write(&self, out: &mut Writer) {
        self.record.write(out);
        out.u32(self.epoch).raw(&self.c.to_bytes());
        self.proof.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            record: RecordId::read(input)?,
            epoch: input.u32("epoch")?,
            c: Gt::from_bytes(input.raw("C", Gt::BYTES)?)?,
            proof: ReencryptionProof::read(input)?,
        })
    }
}

/// User to clouds and hospital B: the keys of one share request, each sealed to its recipient.
///
/// n clouds have a share of k_re each, and any t of them can re-encrypt. With one cloud, the share is k_re.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The share request on the ledger.
    pub request: RequestId,
    /// The note about the envelope under whose key k_e the k_re of this grant was made, with the signature of its
    /// author. The user has checked the note. If a cloud has another note of the same author and epoch, the two notes
    /// show that the author is at fault.
    pub note: Signed<Upload>,
    /// t, n and the public values of the shares. With one cloud, V_0 = Δ.
    pub public: SharePublic,
    /// For each share from 1 to n: the cloud, and k_j sealed to this cloud.
    pub shares: Vec<(MemberId, Sealed)>,
    /// k'_e and the record's name, sealed to hospital B.
    pub k_e_prime: Sealed,
}

impl Grant {
    /// HPKE info of k_j.
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

    /// The digest of the public values, as it is on the ledger.
    pub fn delta(&self) -> Digest {
        tagged(label::PUBLIC_VALUES, &[&self.public.to_bytes()])
    }

    /// The digest of the grant on the ledger. It does not cover the request's identifier; the seals bind the identifier
    /// as HPKE's aad.
    pub fn digest(&self) -> Digest {
        let mut shares = Writer::default();
        self.write_shares(&mut shares);
        let parts = [&self.note.to_bytes()[..], &shares.into_bytes(), &self.k_e_prime.to_bytes()];
        tagged(label::GRANT, &parts)
    }

    /// Compares the grant with the digests of the request on the ledger.
    ///
    /// # Errors
    /// [`FlowError::Grant`].
    pub fn check(&self, share: &ShareRequest) -> Result<(), FlowError> {
        if (share.delta, share.grant) == (self.delta(), self.digest()) { Ok(()) } else { Err(FlowError::Grant) }
    }

    /// The index j of a cloud's share, from 1 on.
    ///
    /// # Errors
    /// [`FlowError::WrongParty`] where the cloud has no share.
    pub fn index(&self, cloud: MemberId) -> Result<u8, FlowError> {
        let found = (1..).zip(&self.shares).find(|(_, (id, _))| *id == cloud);
        found.map(|(index, _)| index).ok_or(FlowError::WrongParty(cloud))
    }

    fn write_shares(&self, out: &mut Writer) {
        self.public.write(out);
        for (cloud, sealed) in &self.shares {
            cloud.write(out);
            sealed.write(out);
        }
    }
}

impl Wire for Grant {
    const NAME: &'static str = "grant";

    fn write(&self, out: &mut Writer) {
        self.request.write(out);
        self.note.write(out);
        self.write_shares(out);
        self.k_e_prime.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (request, note, public) = (RequestId::read(input)?, Signed::read(input)?, SharePublic::read(input)?);
        let share = |_| Ok((MemberId::read(input)?, Sealed::read(input)?));
        let shares = (0..public.threshold().n()).map(share).collect::<Result<_, DecodeError>>()?;
        Ok(Self { request, note, public, shares, k_e_prime: Sealed::read(input)? })
    }
}
