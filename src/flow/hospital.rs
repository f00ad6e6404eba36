//! The hospital: it encrypts, proposes and uploads its records, and receives records of other hospitals.

use super::evidence::{check_delivery, check_granted_note};
use super::messages::{
    Alert, Delivery, Fetch, Grant, Hashed, NamedKey, RECORD_NAME_LIMIT, SealedIdentifier, Signed, Upload,
};
use super::transaction::{self, of_role};
use super::{Cloud, EmrFile, FlowError, Misbehaviour};
use crate::contract::{Action, Creator, Ledger, Receipt, Record, RecordId, RequestId, Shared};
use crate::envelope::{self, Created, DecryptError, EncryptError, Header, Opener, SealedRecord, Sealer, Suite};
use crate::identifier::Pseudonym;
use crate::identity::{Certificate, Institution, MemberId, Msp, Role, SigningKey};
use crate::ledger::Nonce;
use crate::pre::{EncryptionKey, NamedPublic, Params, Partial, Scope, SharedSecret};
use crate::time::{Millis, Seconds};
use crate::wire::Wire;
use rand_core::CryptoRng;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// A record that is encrypted and not yet on the ledger.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The sk under which the record is encrypted. A later introduction gives another one.
    sk: SharedSecret,
    alert: Alert,
    sealed: SealedRecord,
}

impl Draft {
    /// The alarm for the user.
    pub const fn alert(&self) -> &Alert {
        &self.alert
    }

    #[cfg(test)]
    pub(super) fn sign_for_test(&mut self, hospital: &Hospital, note: Upload) {
        self.alert.note = hospital.sign(note);
    }

    /// The commitment to the record and its size.
    pub const fn sealed(&self) -> &SealedRecord {
        &self.sealed
    }
}

/// A record received from another hospital.
#[derive(Debug)]
pub struct Received {
    /// The share request.
    pub request: RequestId,
    /// The record's name at the sending hospital.
    pub name: String,
    /// The path of the decrypted file.
    pub path: PathBuf,
    /// The commitment, which equals the one on the ledger, and the size.
    pub sealed: SealedRecord,
    /// Whether the name of the file survives a loss of power. False where the folder could not be synced.
    pub durable: bool,
    /// The deliveries, which the clouds signed: each has the cloud's C'_j with its proof.
    /// [`verify_deliveries`](super::verify_deliveries) checks them without a secret.
    pub deliveries: Vec<Signed<Delivery>>,
    /// The clouds that were asked without success, each with the reason. [`FlowError::Misbehaved`] names the
    /// participant at fault.
    pub refused: Vec<(MemberId, FlowError)>,
}

/// A hospital with the secrets of its DApp.
#[derive(Debug)]
pub struct Hospital {
    institution: Institution,
    params: Params,
    folder: PathBuf,
    /// The newest introduction to each patient.
    patients: BTreeMap<MemberId, Patient>,
}

/// The secret that the hospital shares with a patient, and the patient's key by name.
#[derive(Clone, Debug)]
struct Patient {
    sk: SharedSecret,
    /// A, if the patient has given a key by name: then the keys of the records do not come from sk.
    key: Option<NamedPublic>,
    /// The keys by name that the patient has replaced. A message that somebody kept does not bring them back.
    earlier: Vec<NamedPublic>,
}

impl Hospital {
    /// Creates a hospital from its credentials. It keeps the envelopes that are not yet uploaded in `folder`.
    ///
    /// # Errors
    /// [`FlowError::File`].
    pub fn new(institution: Institution, params: Params, folder: &Path) -> Result<Self, FlowError> {
        crate::folder::make(folder).map_err(FlowError::file(folder))?;
        Ok(Self { institution, params, folder: folder.to_owned(), patients: BTreeMap::new() })
    }

    /// The hospital's certificate.
    pub const fn certificate(&self) -> &Certificate {
        &self.institution.certificate
    }

    /// The hospital's identifier.
    pub fn id(&self) -> MemberId {
        self.certificate().subject().id
    }

    pub(super) const fn institution_mut(&mut self) -> &mut Institution {
        &mut self.institution
    }

    pub(super) const fn signing_key(&self) -> &SigningKey {
        &self.institution.signing_key
    }

    /// The hospital as the creator of transactions and questions.
    pub const fn creator(&self) -> Creator<'_> {
        Creator { certificate: self.certificate(), key: self.signing_key() }
    }

    /// Signs a message to the cloud.
    pub fn sign<T: Wire>(&self, content: T) -> Signed<T> {
        Signed::new(content, self.certificate(), self.signing_key())
    }

    pub(super) fn remember(&mut self, patient: MemberId, sk: SharedSecret) {
        let old = self.patients.remove(&patient);
        let earlier = old.map_or_else(Vec::new, |old| old.earlier.into_iter().chain(old.key).collect());
        self.patients.insert(patient, Patient { sk, key: None, earlier });
    }

    /// Takes a key by name from a patient. The next records are encrypted under it.
    ///
    /// # Errors
    /// [`FlowError::Identity`]; [`FlowError::WrongParty`] for a key that is for another hospital, or not from a user;
    /// [`FlowError::Stranger`] before [`introduce`](super::introduce); [`FlowError::EarlierKey`] for a key that another
    /// one, or another introduction, has replaced.
    pub fn take_key(&mut self, key: &Signed<NamedKey>, msp: &Msp, now: Seconds) -> Result<(), FlowError> {
        let sender = key.verify_at(msp, now)?;
        of_role(Role::User, &sender)?;
        if key.content.hospital != self.id() {
            return Err(FlowError::WrongParty(key.content.hospital));
        }
        let patient = self.patients.get_mut(&sender.id).ok_or(FlowError::Stranger(sender.id))?;
        if patient.earlier.contains(&key.content.key) {
            return Err(FlowError::EarlierKey(sender.id));
        }
        let replaced = patient.key.replace(key.content.key);
        patient.earlier.extend(replaced.filter(|old| *old != key.content.key));
        Ok(())
    }

    #[cfg(test)]
    pub(super) const fn params(&self) -> &Params {
        &self.params
    }

    #[cfg(test)]
    pub(super) fn secret(&self, patient: &MemberId) -> &SharedSecret {
        &self.patients[patient].sk
    }

    /// Figure 3: draws the identifier of a new record, encrypts the record under the key of this identifier, and makes
    /// the alarm. The record is read from its beginning.
    ///
    /// # Errors
    /// [`FlowError::Stranger`], [`FlowError::Name`], [`FlowError::Encrypt`], [`FlowError::File`];
    /// [`FlowError::Changed`] where somebody wrote to the record meanwhile; [`FlowError::DecryptFile`] where the new
    /// envelope cannot be read.
    pub fn admit(
        &self,
        patient: MemberId,
        record: &mut EmrFile,
        name: &str,
        rng: &mut impl CryptoRng,
    ) -> Result<Draft, FlowError> {
        below(&self.folder, name)?;
        let nonce = Nonce::random(rng);
        // A renewed certificate would give another identifier, so the draft keeps this certificate.
        let Patient { sk, key, .. } = self.patients.get(&patient).ok_or(FlowError::Stranger(patient))?.clone();
        let certificate = self.certificate().clone();
        let id = RecordId::new(&nonce, &certificate);
        let scope = Scope::Record(&id.0.0);
        let public = key.map_or_else(
            || self.params.derive(&sk, scope).public_key(&self.params),
            |key| key.public_key(&self.params, scope),
        );
        let envelope = self.folder.join(format!("{id}.phi"));
        let sealer = Sealer::new(&self.params, &public, Suite::default(), rng)?;
        let sealed = envelope::create_file(&envelope, |file| {
            record.rewind()?;
            let sealed = sealer.seal(&mut *record, file);
            if record.is_unchanged()? { Ok(sealed?) } else { Err(FlowError::Changed(name.to_owned())) }
        });
        // A draft whose name a loss of power takes is made again.
        let written = sealed.map_err(|error| match error {
            FlowError::Io(source) | FlowError::Encrypt(EncryptError::Io(source)) => FlowError::file(&envelope)(source),
            error => error,
        })?;
        let sealed = written.value;
        let upload = Upload::of_file(id, &envelope, public)?;
        let (note, name, commitment) = (self.sign(upload), name.to_owned(), sealed.commitment);
        Ok(Draft { sk, alert: Alert { record: id, nonce, certificate, name, commitment, note, envelope }, sealed })
    }

    /// Figure 3: commits the medical-record-transaction with the user's ID_i, after the endorsers have compared it
    /// with the user's confirmation. The call can be repeated after an error.
    ///
    /// # Errors
    /// [`FlowError::Identifier`]; [`FlowError::Ledger`], for example where no confirmation matches.
    pub fn record(
        &self,
        ledger: &mut dyn Ledger,
        draft: &Draft,
        identifier: &SealedIdentifier,
        now: Millis,
        rng: &mut impl CryptoRng,
    ) -> Result<Receipt, FlowError> {
        let id = self.identifier(draft, identifier)?;
        let action = Action::MedicalRecord { nonce: draft.alert.nonce, id, commitment: draft.sealed.commitment };
        // The record's identifier was computed from the certificate of the draft.
        let creator = Creator { certificate: &draft.alert.certificate, key: self.signing_key() };
        Ok(ledger.transact(&action, &creator, now, rng)?)
    }

    /// Figure 3: sends the envelope of a committed record to each cloud, and then removes the hospital's copy. Returns
    /// the size of the envelope in bytes. The call can be repeated after an error.
    ///
    /// # Errors
    /// [`FlowError::File`], and those of [`Cloud::accept`].
    pub fn upload(&self, ledger: &dyn Ledger, clouds: &[&Cloud], draft: &Draft, now: Millis) -> Result<u64, FlowError> {
        let path = &draft.alert.envelope;
        // The certificate of the note may have been renewed since.
        let upload = self.sign(draft.alert.note.content);
        let mut bytes = 0;
        for cloud in clouds {
            let (mut body, _) = Upload::open_file(path)?;
            bytes = Header::BYTES as u64 + cloud.accept(ledger, &upload, &mut body, now)?;
        }
        std::fs::remove_file(path).map_err(FlowError::file(path))?;
        Ok(bytes)
    }

    /// Figure 4: opens k'_e, fetches the deliveries of as many clouds as are needed, checks the deliveries, decrypts
    /// the record into `folder` (Equation 3) and compares it with the commitment on the ledger. The file gets its name
    /// only after all these steps have succeeded. An existing file is never replaced. The sender chooses the name, so
    /// use a separate folder for each patient.
    ///
    /// # Errors
    /// [`FlowError::WrongParty`]; [`FlowError::Closed`], [`FlowError::Withdrawn`], [`FlowError::Ended`];
    /// [`FlowError::Grant`]; [`FlowError::Misbehaved`], which names the participant at fault; [`FlowError::Name`];
    /// [`FlowError::File`] where the file exists. If fewer clouds than are needed delivered the record: the error of
    /// the one cloud that was asked, or [`FlowError::TooFewClouds`].
    pub fn receive(
        &self,
        ledger: &dyn Ledger,
        clouds: &[&Cloud],
        grant: &Grant,
        folder: &Path,
        now: Millis,
    ) -> Result<Received, FlowError> {
        let Shared { share, record, .. } = transaction::open_share(ledger, grant.request, &self.creator(), now)?;
        if share.recipient != self.id() {
            return Err(FlowError::WrongParty(self.id()));
        }
        grant.check(&share)?;
        let msp = ledger.msp()?;
        check_granted_note(&msp, (&share, &record), grant)?;
        let (k_e_prime, name) = self.unseal(grant)?;
        let path = below(folder, &name)?;

        // The next cloud whose delivery passes the checks. The clouds that were asked before are added to `refused`.
        let (fetch, mut asked) = (self.sign(Fetch { request: grant.request }), clouds.iter());
        let mut next_delivery = |refused: &mut Vec<(MemberId, FlowError)>| {
            asked.find_map(|cloud| {
                let delivered = cloud.deliver(ledger, &fetch, now).and_then(|(delivery, body)| {
                    let index = check_delivery(&self.params, &msp, (&share, &record), grant, &delivery)?;
                    Ok(Found { index, delivery, body })
                });
                delivered.map_err(|why| refused.push((cloud.certificate().subject().id, why))).ok()
            })
        };
        let (mut refused, mut found) = (Vec::new(), Vec::<Found<_>>::new());
        while found.len() < usize::from(grant.public.threshold().t()) {
            match next_delivery(&mut refused) {
                None => return Err(too_few(grant, found.len(), refused)),
                Some(new) if found.iter().any(|one| one.index == new.index) => {} // the same cloud is named twice
                Some(new) => found.push(new),
            }
        }
        let note = grant.note.content; // the deliveries have the same note
        let by = note.author(&record);
        let delta = grant.public.delta();
        if delta.is_none_or(|delta| delta.check_recipient(&self.params, &note.public_key, &k_e_prime).is_err()) {
            return Err(Misbehaviour::RecipientKey.by(record.id.into()));
        }
        let capsule = note.header.capsule;
        let partials = found
            .iter()
            .map(|found| Partial::of(found.index, &capsule, &capsule.with_c(found.delivery.content.c_prime)));
        let capsule = grant.public.combine(&capsule, &partials.collect::<Vec<_>>())?;
        let header = Header { capsule, ..note.header };

        let parent = path.parent().unwrap_or(folder);
        crate::folder::make(parent).map_err(FlowError::file(parent))?;
        let (mut deliveries, mut found) = (Vec::new(), found.into_iter());
        let created = loop {
            // After the bodies of t clouds, those of the others.
            let Some(Found { delivery, body, .. }) = found.next().or_else(|| next_delivery(&mut refused)) else {
                return Err(too_few(grant, deliveries.len(), refused));
            };
            let cloud = delivery.certificate.subject().id;
            deliveries.push(delivery);
            let opener = Opener::new(&header, &k_e_prime).map_err(|_| Misbehaviour::Record.by(by))?;
            match open_body(opener, body, &path, &note, &record, cloud) {
                Err(why @ (FlowError::Misbehaved { how: Misbehaviour::Body, .. } | FlowError::Io(_))) => {
                    refused.push((cloud, why));
                }
                created => break created?,
            }
        };
        deliveries.extend(found.map(|found| found.delivery));
        let durable = created.unsynced.is_none();
        Ok(Received { request: grant.request, name, path, sealed: created.value, durable, deliveries, refused })
    }

    /// Opens k'_e and the record's name in a grant to this hospital.
    ///
    /// # Errors
    /// [`FlowError::Identity`] where the grant is sealed to another member; [`FlowError::Decode`].
    pub fn unseal(&self, grant: &Grant) -> Result<(EncryptionKey, String), FlowError> {
        let opened = self.institution.sealing_key.open(Grant::K_E_PRIME, &grant.request.0.0, &grant.k_e_prime)?;
        Ok(Grant::read_k_e_prime(opened.expose())?)
    }

    /// Figure 4: commits the share-complete-transaction, with the digest of the deliveries.
    ///
    /// # Errors
    /// [`FlowError::Ledger`].
    pub fn complete(
        &self,
        ledger: &mut dyn Ledger,
        received: &Received,
        now: Millis,
        rng: &mut impl CryptoRng,
    ) -> Result<Receipt, FlowError> {
        let deliveries = Delivery::digest(&received.deliveries);
        let action = Action::ShareComplete { request: received.request, deliveries };
        Ok(ledger.transact(&action, &self.creator(), now, rng)?)
    }

    /// Decrypts the ID_i that the user has sent for a draft.
    ///
    /// # Errors
    /// [`FlowError::Identifier`].
    pub fn identifier(&self, draft: &Draft, identifier: &SealedIdentifier) -> Result<Pseudonym, FlowError> {
        identifier.open(&draft.sk, &draft.alert.record)
    }
}

/// The path `folder`/`name`, for a relative name that does not leave the folder.
fn below(folder: &Path, name: &str) -> Result<PathBuf, FlowError> {
    let usable = !name.is_empty()
        && name.len() <= RECORD_NAME_LIMIT as usize
        && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if usable { Ok(folder.join(name)) } else { Err(FlowError::Name(name.to_owned())) }
}

/// A delivery whose proof holds.
struct Found<R> {
    index: u8,
    delivery: Signed<Delivery>,
    body: R,
}

/// Why the record cannot be received: the answer of the one cloud that was asked, or the answers of all clouds.
fn too_few(grant: &Grant, delivered: usize, mut refused: Vec<(MemberId, FlowError)>) -> FlowError {
    let needed = grant.public.threshold().t();
    match refused.pop() {
        Some((_, only)) if refused.is_empty() && needed == 1 => only,
        last => {
            refused.extend(last);
            FlowError::TooFewClouds { needed, delivered, refused }
        }
    }
}

/// Decrypts a body into a new file. If the body does not open to the record, its digest shows who is at fault: the
/// cloud, if it sent another body than the note announces, else the author of the note. [`FlowError::Io`] is an error
/// of the body alone.
pub(super) fn open_body(
    opener: Opener,
    body: impl Read + Send,
    path: &Path,
    note: &Upload,
    record: &Record,
    cloud: MemberId,
) -> Result<Created<SealedRecord>, FlowError> {
    let mut body = Hashed::new(body);
    let created = envelope::create_file(path, |file| {
        let sealed = opener.open(&mut body, file)?;
        if sealed.commitment == record.commitment { Ok(sealed) } else { Err(FlowError::Commitment) }
    });
    created.map_err(|error| match error {
        FlowError::Commitment | FlowError::Decrypt(DecryptError::Refused) => {
            match io::copy(&mut body.by_ref().take(Cloud::ENVELOPE_LIMIT), &mut io::sink()) {
                Err(source) => FlowError::Io(source),
                Ok(_) if body.digest() == note.body => Misbehaviour::Record.by(note.author(record)),
                Ok(_) => Misbehaviour::Body.by(cloud),
            }
        }
        FlowError::Io(source) | FlowError::Decrypt(DecryptError::Io(source)) if body.failed() => FlowError::Io(source),
        FlowError::Io(source) | FlowError::Decrypt(DecryptError::Io(source)) => FlowError::file(path)(source),
        error => error,
    })
}
