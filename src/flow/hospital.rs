//! The hospital: it encrypts, proposes and uploads its records, and receives records of other hospitals.

use super::messages::{Alert, Fetch, Grant, RECORD_NAME_LIMIT, SealedIdentifier, Signed, Upload};
use super::transaction::{self, Receipt, commit, propose};
use super::{Cloud, EmrFile, FlowError};
use crate::contract::Action;
use crate::envelope::{self, DecryptError, EncryptError, Header, Opener, SealedRecord, Sealer, Suite};
use crate::identifier::Pseudonym;
use crate::identity::{Certificate, Institution, MemberId, SigningKey};
use crate::integrity::literal;
use crate::ledger::{Network, Nonce, SignedProposal, TxId};
use crate::pre::{EncryptionKey, Params, Scope, SharedSecret};
use crate::time::Millis;
use crate::wire::Wire;
use rand_core::CryptoRng;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
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

    /// The commitment to the record and its size.
    pub const fn sealed(&self) -> &SealedRecord {
        &self.sealed
    }
}

/// A record received from another hospital.
#[derive(Clone, Debug)]
pub struct Received {
    /// The record's name at the sending hospital.
    pub name: String,
    /// The path of the decrypted file.
    pub path: PathBuf,
    /// The commitment, which equals the one on the ledger, and the size.
    pub sealed: SealedRecord,
    /// Whether the name of the file survives a loss of power. False where the folder could not be synced.
    pub durable: bool,
}

/// A hospital with the secrets of its DApp.
#[derive(Debug)]
pub struct Hospital {
    institution: Institution,
    params: Params,
    folder: PathBuf,
    /// The newest sk with each patient.
    secrets: BTreeMap<MemberId, SharedSecret>,
}

impl Hospital {
    /// Creates a hospital from its credentials. It keeps the envelopes that are not yet uploaded in `folder`.
    ///
    /// # Errors
    /// [`FlowError::File`].
    pub fn new(institution: Institution, params: Params, folder: &Path) -> Result<Self, FlowError> {
        crate::folder::make(folder).map_err(FlowError::file(folder))?;
        Ok(Self { institution, params, folder: folder.to_owned(), secrets: BTreeMap::new() })
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

    /// Signs a message to the cloud.
    pub fn sign<T: Wire>(&self, content: T) -> Signed<T> {
        Signed::new(content, self.certificate(), self.signing_key())
    }

    pub(super) fn remember(&mut self, patient: MemberId, sk: SharedSecret) {
        self.secrets.insert(patient, sk);
    }

    #[cfg(test)]
    pub(super) const fn params(&self) -> &Params {
        &self.params
    }

    pub(super) fn secret(&self, patient: &MemberId) -> Result<&SharedSecret, FlowError> {
        self.secrets.get(patient).ok_or(FlowError::Stranger(*patient))
    }

    /// Figure 3: draws a new txid, encrypts the patient's new record under the key of this txid, and makes the alarm. The
    /// record is read from its beginning.
    ///
    /// # Errors
    /// [`FlowError::Stranger`], [`FlowError::Name`], [`FlowError::Encrypt`], [`FlowError::File`]; [`FlowError::Changed`] where somebody
    /// wrote to the record meanwhile.
    pub fn admit(
        &self,
        patient: MemberId,
        record: &mut EmrFile,
        name: &str,
        rng: &mut impl CryptoRng,
    ) -> Result<Draft, FlowError> {
        below(&self.folder, name)?;
        let nonce = Nonce::random(rng);
        // A renewed certificate would give another txid, so the draft keeps this one.
        let (sk, certificate) = (self.secret(&patient)?.clone(), self.certificate().clone());
        let txid = TxId::new(&nonce, &certificate);
        let k_d = self.params.derive(&sk, Scope::Record(&txid.0.0));
        let envelope = self.folder.join(format!("{txid}.phi"));
        let public = k_d.public_key(&self.params);
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
        let (name, commitment) = (name.to_owned(), sealed.commitment);
        Ok(Draft { sk, alert: Alert { txid, nonce, certificate, name, commitment, envelope }, sealed })
    }

    /// Figure 3: makes the medical-record-transaction with the user's ID_i, signed for the endorsers.
    ///
    /// # Errors
    /// [`FlowError::Identifier`].
    pub fn propose(
        &self,
        network: &Network,
        draft: &Draft,
        identifier: &SealedIdentifier,
        now: Millis,
    ) -> Result<SignedProposal, FlowError> {
        let id = self.identifier(draft, identifier)?;
        let action = Action::MedicalRecord { id, commitment: draft.sealed.commitment };
        Ok(propose(network, &action, draft.alert.nonce, &draft.alert.certificate, self.signing_key(), now))
    }

    /// Figure 3: commits a medical-record-transaction, after the endorsers have compared it with the user's
    /// confirmation.
    ///
    /// # Errors
    /// [`FlowError::Network`], for example where no confirmation matches; [`FlowError::Invalid`].
    pub fn record(&self, network: &mut Network, proposal: &SignedProposal, now: Millis) -> Result<Receipt, FlowError> {
        commit(network, proposal, self.signing_key(), now)
    }

    /// Figure 3: sends the envelope of a committed record to the cloud, and then removes the hospital's copy. Returns
    /// the size of the envelope in bytes.
    ///
    /// # Errors
    /// [`FlowError::File`], and those of [`Cloud::accept`].
    pub fn upload(&self, network: &Network, cloud: &Cloud, draft: &Draft, now: Millis) -> Result<u64, FlowError> {
        let path = &draft.alert.envelope;
        let open = || File::open(path).map_err(FlowError::file(path));
        let header = literal(&mut open()?.take(Header::BYTES as u64)).map_err(FlowError::file(path))?;
        let envelope = literal(&mut open()?).map_err(FlowError::file(path))?;
        let upload = Upload { record: draft.alert.txid, header, envelope };
        let bytes = cloud.accept(network, &self.sign(upload), &mut open()?, now)?;
        std::fs::remove_file(path).map_err(FlowError::file(path))?;
        Ok(bytes)
    }

    /// Figure 4: opens k'_e, fetches the re-encrypted record, decrypts it into `folder` (Equation 3) and compares it
    /// with the commitment on the ledger. The file gets its name only after all these steps have succeeded. An existing
    /// file is never replaced. The sender chooses the name, so use a separate folder for each patient.
    ///
    /// # Errors
    /// [`FlowError::WrongParty`], [`FlowError::Closed`], [`FlowError::Grant`], [`FlowError::Decrypt`],
    /// [`FlowError::Commitment`], [`FlowError::Name`], [`FlowError::File`] where the file exists, and those of
    /// [`Cloud::deliver`].
    pub fn receive(
        &self,
        network: &Network,
        cloud: &Cloud,
        grant: &Grant,
        folder: &Path,
        now: Millis,
    ) -> Result<Received, FlowError> {
        let share = transaction::open_share(network, grant.request)?;
        if share.recipient != self.id() {
            return Err(FlowError::WrongParty(self.id()));
        }
        if share.grant != grant.digest() {
            return Err(FlowError::Grant);
        }
        let record = transaction::record(network, share.record)?;
        let (k_e_prime, name) = self.unseal(grant)?;
        let path = below(folder, &name)?;

        let fetch = self.sign(Fetch { request: grant.request });
        let (header, mut body) = cloud.deliver(network, &fetch, now)?;
        let opener = Opener::new(&header, &k_e_prime)?;
        let parent = path.parent().unwrap_or(folder);
        crate::folder::make(parent).map_err(FlowError::file(parent))?;
        let sealed = envelope::create_file(&path, |file| {
            let sealed = opener.open(&mut body, file)?;
            if sealed.commitment == record.commitment { Ok(sealed) } else { Err(FlowError::Commitment) }
        });
        let created = sealed.map_err(|error| match error {
            FlowError::Io(source) | FlowError::Decrypt(DecryptError::Io(source)) => FlowError::file(&path)(source),
            error => error,
        })?;
        Ok(Received { name, path, sealed: created.value, durable: created.unsynced.is_none() })
    }

    /// Opens k'_e and the record's name in a grant to this hospital.
    ///
    /// # Errors
    /// [`FlowError::Identity`] where the grant is sealed to another member; [`FlowError::Decode`].
    pub fn unseal(&self, grant: &Grant) -> Result<(EncryptionKey, String), FlowError> {
        let opened = self.institution.sealing_key.open(Grant::K_E_PRIME, &grant.request.0.0, &grant.k_e_prime)?;
        Ok(Grant::read_k_e_prime(opened.expose())?)
    }

    /// Figure 4: commits the share-complete-transaction.
    ///
    /// # Errors
    /// [`FlowError::Network`], [`FlowError::Invalid`].
    pub fn complete(
        &self,
        network: &mut Network,
        request: TxId,
        now: Millis,
        rng: &mut impl CryptoRng,
    ) -> Result<Receipt, FlowError> {
        let action = Action::ShareComplete { request };
        let proposal = propose(network, &action, Nonce::random(rng), self.certificate(), self.signing_key(), now);
        commit(network, &proposal, self.signing_key(), now)
    }

    /// Decrypts the ID_i that the user has sent for a draft.
    ///
    /// # Errors
    /// As [`propose`](Self::propose).
    pub fn identifier(&self, draft: &Draft, identifier: &SealedIdentifier) -> Result<Pseudonym, FlowError> {
        identifier.open(&draft.sk, &draft.alert.txid)
    }
}

/// The path `folder`/`name`, for a relative name that does not leave the folder.
fn below(folder: &Path, name: &str) -> Result<PathBuf, FlowError> {
    let usable = !name.is_empty()
        && name.len() <= RECORD_NAME_LIMIT as usize
        && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if usable { Ok(folder.join(name)) } else { Err(FlowError::Name(name.to_owned())) }
}
