//! The user: checks records, confirms them, and consents to sharing them.

use super::messages::{Alert, Grant, Hashed, NamedKey, Rotated, Rotation, SealedIdentifier, Signed, Upload};
use super::transaction::of_role;
use super::{Cloud, FlowError, Misbehaviour};
use crate::contract::{Action, Creator, Event, Events, Ledger, Receipt, RecordId, RequestId};
use crate::envelope::{FileError, Header, Opener};
use crate::identifier::{Pseudonym, rotate};
use crate::identity::{Certificate, Credentials, IdentityError, Member, MemberId, Msp, Role, SigningKey, seal};
use crate::integrity::Commitment;
use crate::ledger::Nonce;
use crate::pre::{
    DecryptionKey, EncryptionKey, NamedSecret, Params, PublicKey, PublicReKey, ReKey, Scope, SharedSecret, Statement,
    Threshold, ThresholdError,
};
use crate::time::Millis;
use crate::wire::Writer;
use rand_core::CryptoRng;
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;
use zeroize::Zeroizing;

/// A record that the user has checked.
#[derive(Clone, Debug)]
struct Held {
    hospital: MemberId,
    name: String,
    commitment: Commitment,
    id: Pseudonym,
    /// The introduction under which the hospital encrypted the record.
    with: Introduction,
    /// The note about the envelope, signed by the hospital or, after a rotation, by this user.
    note: Signed<Upload>,
    /// The notes before it, in the order of their epochs. A cloud that took no part in a rotation gets those that it
    /// lacks.
    earlier: Vec<Upload>,
    /// The keys that replaced the key of the introduction.
    rotation: Keys,
}

/// The secret that a user and a hospital share since an introduction, and the user's key by name for this hospital.
#[derive(Clone, Debug)]
struct Introduction {
    sk: SharedSecret,
    /// The secret a, if the user has given the hospital a key by name: then the keys of the records do not come from
    /// sk.
    named: Option<NamedSecret>,
}

/// The keys of a record that was rotated.
#[derive(Clone, Debug, Default)]
struct Keys {
    /// The key to which the note belongs. `None` means the key of the introduction.
    current: Option<DecryptionKey>,
    /// The key of a rotation that is under way.
    next: Option<DecryptionKey>,
}

/// The recipient of a record, the clouds that re-encrypt it, and the end of the consent.
#[derive(Clone, Copy, Debug)]
pub struct Consent<'a> {
    /// The hospital that is to receive the record.
    pub recipient: &'a Member,
    /// The clouds among which k_re is shared, at most 16.
    pub clouds: &'a [Member],
    /// t, the number of clouds that re-encrypt together.
    pub t: u8,
    /// The end of the consent: the last time at which the record may be received. `None` means no end.
    pub until: Option<Millis>,
}

impl<'a> Consent<'a> {
    /// A consent with one cloud and without an end.
    pub const fn new(recipient: &'a Member, cloud: &'a Member) -> Self {
        Self { recipient, clouds: core::slice::from_ref(cloud), t: 1, until: None }
    }
}

/// A registered person with the secrets of the user DApp.
#[derive(Debug)]
pub struct User {
    credentials: Credentials,
    params: Params,
    /// The introductions to each hospital. The last one is the newest.
    hospitals: BTreeMap<MemberId, Vec<Introduction>>,
    records: BTreeMap<RecordId, Held>,
}

impl User {
    /// Creates a user from the credentials of the authority.
    pub const fn new(credentials: Credentials, params: Params) -> Self {
        Self { credentials, params, hospitals: BTreeMap::new(), records: BTreeMap::new() }
    }

    /// The certificate and key of the first pseudonym.
    pub(super) fn first_member(&self) -> Result<&(Certificate, SigningKey), FlowError> {
        self.credentials.members.first().ok_or_else(|| IdentityError::PseudonymCount(0).into())
    }

    /// The identifier under which hospitals know this user: the first pseudonym.
    ///
    /// # Errors
    /// [`FlowError::Identity`] for credentials without a pseudonym.
    pub fn id(&self) -> Result<MemberId, FlowError> {
        Ok(self.first_member()?.0.subject().id)
    }

    pub(super) fn remember(&mut self, hospital: MemberId, sk: SharedSecret) {
        self.hospitals.entry(hospital).or_default().push(Introduction { sk, named: None });
    }

    /// Draws a key by name for a hospital, and signs the public key for
    /// [`Hospital::take_key`](super::Hospital::take_key). From then on, the user opens new records of this introduction
    /// with this key alone.
    ///
    /// # Errors
    /// [`FlowError::Stranger`] before [`introduce`](super::introduce); [`FlowError::Identity`] for credentials without
    /// a pseudonym.
    pub fn give_key(&mut self, hospital: MemberId, rng: &mut impl CryptoRng) -> Result<Signed<NamedKey>, FlowError> {
        let secret = NamedSecret::random(rng);
        let key = NamedKey { hospital, key: secret.public(&self.params) };
        let (certificate, signing_key) = self.first_member()?;
        let signed = Signed::new(key, certificate, signing_key);
        let newest = self.hospitals.get_mut(&hospital).and_then(|all| all.last_mut());
        newest.ok_or(FlowError::Stranger(hospital))?.named = Some(secret);
        Ok(signed)
    }

    /// The newest introduction to a hospital, and the earlier ones.
    fn introductions(&self, hospital: &MemberId) -> Result<(&Introduction, &[Introduction]), FlowError> {
        self.hospitals.get(hospital).and_then(|all| all.split_last()).ok_or(FlowError::Stranger(*hospital))
    }

    /// k_e of a record that a hospital encrypts after an introduction, before any rotation.
    fn first_k_e(&self, with: &Introduction, record: RecordId) -> EncryptionKey {
        let scope = Scope::Record(&record.0.0);
        match &with.named {
            Some(a) => a.encryption_key(&self.params, scope),
            None => self.params.derive(&with.sk, scope).encryption_key(&self.params),
        }
    }

    /// Y to which a hospital encrypts a record after an introduction.
    fn first_public_key(&self, with: &Introduction, record: RecordId) -> PublicKey {
        let scope = Scope::Record(&record.0.0);
        match &with.named {
            Some(a) => a.public(&self.params).public_key(&self.params, scope),
            None => self.params.derive(&with.sk, scope).public_key(&self.params),
        }
    }

    /// The introduction under which the envelope of an alert was encrypted: the newest one, or an earlier one for a
    /// record that was under way during a new introduction. Compares the envelope with the hospital's signed note.
    fn opening(&self, hospital: &MemberId, alert: &Alert) -> Result<Introduction, FlowError> {
        let (newest, earlier) = self.introductions(hospital)?;
        let check = |with: &Introduction| {
            // One pass: what is decrypted is what the note is compared with, whoever writes to the file meanwhile.
            let (body, header) = Upload::open_file(&alert.envelope)?;
            let mut body = Hashed::new(body);
            let opener = Opener::new(&header, &self.first_k_e(with, alert.record));
            let sealed = opener
                .and_then(|opener| opener.open(&mut body, &mut io::sink()))
                .map_err(|source| FileError { path: alert.envelope.clone(), source })?;
            if sealed.commitment != alert.commitment {
                return Err(FlowError::Commitment);
            }
            let public_key = self.first_public_key(with, alert.record);
            let note = Upload { record: alert.record, epoch: 0, header, body: body.digest(), public_key };
            if note == alert.note.content { Ok(with.clone()) } else { Err(Misbehaviour::Note.by(*hospital)) }
        };
        check(newest).or_else(|refused| match refused {
            FlowError::DecryptFile(_) => earlier.iter().rev().find_map(|with| check(with).ok()).ok_or(refused),
            other => Err(other),
        })
    }

    pub(super) const fn credentials_mut(&mut self) -> &mut Credentials {
        &mut self.credentials
    }

    /// Figure 3: decrypts the envelope of an alert from the hospital of this certificate, compares the record with the
    /// commitment and the envelope with the hospital's signed note, and answers with ID_i. The records use the
    /// pseudonyms in turn. The first pseudonym is used for introductions only. A repeated alert gets the same answer.
    ///
    /// # Errors
    /// [`FlowError::Stranger`]; [`FlowError::WrongParty`] for an identifier that does not belong to this hospital;
    /// [`FlowError::KnownRecord`]; [`FlowError::DecryptFile`]; [`FlowError::Commitment`]; [`FlowError::Identity`] where
    /// the note has no signature of the hospital; [`FlowError::Misbehaved`] where the note does not describe the
    /// envelope.
    pub fn check(&mut self, hospital: &Certificate, alert: &Alert) -> Result<SealedIdentifier, FlowError> {
        let from = hospital.subject().id;
        self.introductions(&from)?;
        // A renewal keeps subject and key.
        let identity = |certificate: &Certificate| (certificate.subject().clone(), *certificate.verifying_key());
        let its_own =
            [&alert.certificate, &alert.note.certificate].iter().all(|one| identity(one) == identity(hospital));
        if !its_own || RecordId::new(&alert.nonce, &alert.certificate) != alert.record {
            return Err(FlowError::WrongParty(from));
        }
        if let Some(held) = self.records.get(&alert.record) {
            if held.commitment != alert.commitment {
                return Err(FlowError::KnownRecord(alert.record));
            }
            return SealedIdentifier::seal(&held.id, &held.with.sk, &alert.record);
        }
        alert.note.verify_signature()?;
        let with = self.opening(&from, alert)?;
        let k = self.credentials.vectors.len();
        let turn = rotate(self.records.len(), k.saturating_sub(1));
        let id = turn.and_then(|i| self.credentials.pseudonyms().nth(i + 1)).ok_or(IdentityError::PseudonymCount(k))?;
        let sealed = SealedIdentifier::seal(&id, &with.sk, &alert.record)?;
        let (name, commitment, note) = (alert.name.clone(), alert.commitment, alert.note.clone());
        let (earlier, rotation) = (Vec::new(), Keys::default());
        self.records.insert(alert.record, Held { hospital: from, name, commitment, id, with, note, earlier, rotation });
        Ok(sealed)
    }

    /// Figure 3: commits the medical-record-confirmation-transaction, signed under ID_i. The hospital's note must be
    /// one that the members of the channel accept: a grant of another one would make the user look guilty.
    ///
    /// # Errors
    /// [`FlowError::UnknownRecord`]; [`FlowError::Identity`] where the certificate of the note is not from an authority
    /// of the channel, or is revoked; [`FlowError::Ledger`].
    pub fn confirm(
        &self,
        ledger: &mut dyn Ledger,
        record: RecordId,
        now: Millis,
        rng: &mut impl CryptoRng,
    ) -> Result<Receipt, FlowError> {
        let (held, creator) = self.held(record)?;
        held.note.verify(&ledger.msp()?)?;
        let action = Action::Confirmation { record, id: held.id, commitment: held.commitment, hospital: held.hospital };
        Ok(ledger.transact(&action, &creator, now, rng)?)
    }

    /// Reads from the ledger which records of this user were committed from block `from` on ([`Ledger::events`]).
    /// Returns them, and the block from which to read next. The question is signed under the first pseudonym.
    ///
    /// # Errors
    /// [`FlowError::Identity`] for credentials without a pseudonym; [`FlowError::Ledger`].
    pub fn written(
        &self,
        ledger: &dyn Ledger,
        from: u64,
        patience: Duration,
    ) -> Result<(Vec<RecordId>, u64), FlowError> {
        let (certificate, key) = self.first_member()?;
        let Events { next, events } = ledger.events(from, patience, &Creator { certificate, key })?;
        let records = events.into_iter().filter_map(|(_, event)| match event {
            Event::Record(record) if self.records.contains_key(&record) => Some(record),
            _ => None,
        });
        Ok((records.collect(), next))
    }

    /// Figure 4: commits the share-request-transaction, signed under ID_i. Seals k_re (Equation 1), or its shares, to
    /// the clouds, and k'_e to the recipient.
    ///
    /// Departure: k'_e is drawn for this grant; the paper derives k'_e from a Diffie-Hellman exchange with the
    /// recipient. So each grant has its own k'_e, which opens nothing that is re-encrypted for another grant.
    ///
    /// # Errors
    /// [`FlowError::UnknownRecord`]; [`FlowError::WrongParty`] where the recipient is not a hospital or a cloud is not
    /// a cloud; [`FlowError::Threshold`] for numbers of clouds that do not fit together, or a cloud that is named
    /// twice; [`FlowError::NoSealingKey`]; [`FlowError::Ledger`], for example where the end is past.
    pub fn share(
        &self,
        ledger: &mut dyn Ledger,
        record: RecordId,
        consent: &Consent<'_>,
        now: Millis,
        rng: &mut impl CryptoRng,
    ) -> Result<(Receipt, Grant), FlowError> {
        let Consent { recipient, clouds, t, until } = *consent;
        of_role(Role::Hospital, recipient)?;
        clouds.iter().try_for_each(|cloud| of_role(Role::Cloud, cloud))?;
        let threshold = Threshold::new(t, u8::try_from(clouds.len()).unwrap_or(u8::MAX))?;
        if let Some(twice) = (1..).zip(clouds).find(|(j, cloud)| clouds[*j..].iter().any(|other| other.id == cloud.id))
        {
            return Err(ThresholdError::Twice(u8::try_from(twice.0).unwrap_or(u8::MAX)).into());
        }
        let (held, creator) = self.held(record)?;
        let k_e = self.k_e(record, held);
        let k_e_prime = DecryptionKey::random(rng).encryption_key(&self.params);
        let k_re = ReKey::new(&k_e, &k_e_prime)?;
        let (shares, public) = k_re.split(&self.params, threshold, rng);

        let nonce = Nonce::random(rng);
        let request = RequestId::new(&nonce, creator.certificate);
        let mut to = |member: &Member, info: &[u8], secret: &[u8]| {
            let key = member.sealing_key.ok_or(FlowError::NoSealingKey(member.id))?;
            Ok::<_, FlowError>(seal(&key, info, &request.0.0, secret, rng)?)
        };
        let sealed = clouds.iter().zip(&shares).map(|(cloud, share)| {
            Ok::<_, FlowError>((cloud.id, to(cloud, Grant::K_RE, share.key().to_bytes().expose())?))
        });
        let shares = sealed.collect::<Result<Vec<_>, _>>()?;
        let k_e_prime = to(recipient, Grant::K_E_PRIME, &decryption(&k_e_prime, &held.name))?;
        let grant = Grant { request, note: held.note.clone(), public, shares, k_e_prime };
        let (recipient, delta, digest) = (recipient.id, grant.delta(), grant.digest());
        let action = Action::ShareRequest { nonce, record, recipient, delta, grant: digest, until };
        Ok((ledger.transact(&action, &creator, now, rng)?, grant))
    }

    /// Commits the share-withdrawal-transaction, signed under ID_i. From then on, no cloud re-encrypts or delivers for
    /// the request, and no endorser accepts its completion. The withdrawal does not take back what the recipient has
    /// read, or what a cloud has kept.
    ///
    /// # Errors
    /// [`FlowError::UnknownRecord`]; [`FlowError::Ledger`], for example where the request is not on the ledger, or is
    /// completed.
    pub fn withdraw(
        &self,
        ledger: &mut dyn Ledger,
        record: RecordId,
        request: RequestId,
        now: Millis,
        rng: &mut impl CryptoRng,
    ) -> Result<Receipt, FlowError> {
        let (_, creator) = self.held(record)?;
        Ok(ledger.transact(&Action::ShareWithdrawal { request }, &creator, now, rng)?)
    }

    /// Rotates the keys of stored records: seals the update keys u = k_e,new/k_e,old to each cloud, checks the proofs
    /// that the clouds have applied these keys, and signs new notes. From then on, an old k_re or a stolen old k_e
    /// opens nothing that these clouds store.
    ///
    /// The rotation takes nothing back: neither what a recipient has read, nor what a cloud has kept of the old
    /// capsules, of u or of k_re. The record of an open request has to be shared again. The call can be repeated after
    /// an error, also with clouds that have finished already. A cloud that took no part in earlier rotations gets
    /// their notes first.
    ///
    /// # Errors
    /// [`FlowError::UnknownRecord`]; [`FlowError::NoSealingKey`]; [`FlowError::Misbehaved`], which names a cloud whose
    /// proof does not hold, or a hospital that signed another note for the cloud than for the user; those of
    /// [`Cloud::rotate`] and [`Cloud::replace`].
    pub fn rotate(
        &mut self,
        ledger: &dyn Ledger,
        records: &[RecordId],
        clouds: &[&Cloud],
        now: Millis,
        rng: &mut impl CryptoRng,
    ) -> Result<(), FlowError> {
        for record in records {
            let held = self.records.get_mut(record).ok_or(FlowError::UnknownRecord(*record))?;
            held.rotation.next.get_or_insert_with(|| DecryptionKey::random(rng));
        }
        let msp = ledger.msp()?;
        let mut notes: BTreeMap<RecordId, Signed<Upload>> = BTreeMap::new();
        for cloud in clouds {
            let to = msp.validate_at(cloud.certificate(), now.seconds())?;
            of_role(Role::Cloud, &to)?;
            let mut open = Vec::new();
            for record in records {
                match self.catch_up(ledger, &msp, cloud, *record, now)? {
                    Some(note) => _ = notes.insert(*record, note),
                    None => open.push(*record),
                }
            }
            let asked = open.iter().map(|record| self.rotation(*record, &to, rng)).collect::<Result<Vec<_>, _>>()?;
            let answers = cloud.rotate(ledger, &asked, now, rng)?;
            for (rotation, answer) in asked.iter().zip(&answers) {
                let note = self.rotated(to.id, &msp, rotation, answer)?;
                cloud.replace(ledger, &note, now)?;
                notes.insert(note.content.record, note);
            }
        }
        for (record, note) in notes {
            if let Some(held) = self.records.get_mut(&record) {
                held.earlier.push(core::mem::replace(&mut held.note, note).content);
                held.rotation.current = held.rotation.next.take();
            }
        }
        Ok(())
    }

    /// Compares the note of a cloud with those of this user, and sends the cloud the later ones. Returns the note of
    /// the rotation that is under way, where the cloud has it already.
    fn catch_up(
        &self,
        ledger: &dyn Ledger,
        msp: &Msp,
        cloud: &Cloud,
        record: RecordId,
        now: Millis,
    ) -> Result<Option<Signed<Upload>>, FlowError> {
        let (held, creator) = self.held(record)?;
        let stored = cloud.note(ledger, record)?;
        let signer = stored.verify(msp)?.id;
        let (stored, own) = (stored.content, &held.note.content);
        let author = if stored.epoch == 0 { held.hospital } else { held.id.into() };
        if signer != author || stored.record != record {
            return Err(FlowError::WrongParty(signer));
        }
        // The certificate of an earlier note may have ended since.
        let sign = |note: Upload| Signed::new(note, creator.certificate, creator.key);
        let next = held.rotation.next.as_ref().map(|next| next.public_key(&self.params));
        if stored.epoch == own.epoch + 1 && Some(stored.public_key) == next {
            let note = sign(stored);
            cloud.replace(ledger, &note, now)?; // an earlier call may have stopped before the end of this one
            return Ok(Some(note));
        }
        let mut notes = held.earlier.iter().chain([own]).skip_while(|note| note.epoch < stored.epoch);
        match notes.next() {
            Some(same) if *same == stored => {}
            Some(_) => return Err(Misbehaviour::Note.by(author)),
            None => return Err(FlowError::Epoch { stored: stored.epoch, asked: own.epoch + 1 }),
        }
        notes.try_for_each(|note| cloud.replace(ledger, &sign(*note), now))?;
        Ok(None)
    }

    /// The rotation message to one cloud, with u, signed under ID_i.
    fn rotation(&self, record: RecordId, to: &Member, rng: &mut impl CryptoRng) -> Result<Signed<Rotation>, FlowError> {
        let (held, creator) = self.held(record)?;
        let next = held.rotation.next.as_ref().ok_or(FlowError::UnknownRecord(record))?;
        let (old, epoch) = (&held.note.content, held.note.content.epoch + 1);
        let u = ReKey::new(&self.k_e(record, held), &next.encryption_key(&self.params))?;
        let delta = PublicReKey::new(&old.public_key, &next.public_key(&self.params))?;
        let sealing_key = to.sealing_key.ok_or(FlowError::NoSealingKey(to.id))?;
        let context = Rotation::context(&record, epoch);
        let update = seal(&sealing_key, Rotation::UPDATE, &context, u.to_bytes().expose(), rng)?;
        Ok(Signed::new(Rotation { record, epoch, delta, update }, creator.certificate, creator.key))
    }

    /// Checks the answer of a cloud to a rotation, and signs the new note.
    fn rotated(
        &self,
        cloud: MemberId,
        msp: &Msp,
        rotation: &Signed<Rotation>,
        answer: &Signed<Rotated>,
    ) -> Result<Signed<Upload>, FlowError> {
        let signer = answer.verify(msp)?;
        if signer.id != cloud {
            return Err(FlowError::WrongParty(signer.id));
        }
        let Rotation { record, epoch, delta, .. } = &rotation.content;
        let (held, creator) = self.held(*record)?;
        let next = held.rotation.next.as_ref().ok_or(FlowError::UnknownRecord(*record))?;
        let note = &held.note.content;
        let (before, after) = ([note.header.capsule], [note.header.capsule.with_c(answer.content.c)]);
        let statement = Statement::new(&self.params, delta, &before, &after, &Rotation::context(record, *epoch))?;
        let holds = answer.content.proof.verify(&self.params, &statement).is_ok();
        if !holds || (answer.content.record, answer.content.epoch) != (*record, *epoch) {
            return Err(Misbehaviour::Proof.by(cloud));
        }
        let header = Header { capsule: after[0], ..note.header };
        let public_key = next.public_key(&self.params);
        Ok(Signed::new(Upload { epoch: *epoch, header, public_key, ..*note }, creator.certificate, creator.key))
    }

    /// k_e of a record: the key of the introduction, or of the last rotation.
    fn k_e(&self, record: RecordId, held: &Held) -> EncryptionKey {
        let current = held.rotation.current.as_ref();
        current.map_or_else(|| self.first_k_e(&held.with, record), |k_d| k_d.encryption_key(&self.params))
    }

    /// A record, and its ID_i as the creator of transactions.
    fn held(&self, record: RecordId) -> Result<(&Held, Creator<'_>), FlowError> {
        let held = self.records.get(&record).ok_or(FlowError::UnknownRecord(record))?;
        let (certificate, key) = self.credentials.member(&held.id).ok_or(FlowError::UnknownRecord(record))?;
        Ok((held, Creator { certificate, key }))
    }

    #[cfg(test)]
    pub(super) fn rename_for_test(&mut self, record: RecordId, name: &str) {
        if let Some(held) = self.records.get_mut(&record) {
            name.clone_into(&mut held.name);
        }
    }

    /// The ID_i of a record that this user has checked.
    pub fn pseudonym(&self, record: RecordId) -> Option<Pseudonym> {
        self.records.get(&record).map(|held| held.id)
    }
}

/// k'_e and the record's name, as they are sealed to the recipient.
fn decryption(k_e_prime: &EncryptionKey, name: &str) -> Zeroizing<Vec<u8>> {
    // The buffer has its final size from the start: growing it would leave a copy of the key in freed memory.
    let mut out = Writer::with_capacity(128 + name.len());
    out.raw(k_e_prime.to_bytes().expose()).bytes(name.as_bytes());
    Zeroizing::new(out.into_bytes())
}
