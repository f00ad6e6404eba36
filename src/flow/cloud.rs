//! The cloud: it stores envelopes that it cannot read, and re-encrypts a record when the ledger holds an open share
//! request for the record.

use super::evidence::check_granted_note;
use super::messages::{Delivery, Fetch, Grant, Rotated, Rotation, Signed, Upload};
use super::transaction::{self, of_role};
use super::{FlowError, Misbehaviour, Store};
use crate::contract::{Creator, Event, Events, Ledger, Record, RecordId, RequestId, ShareRequest, Shared};
use crate::envelope::Header;
use crate::identity::{Certificate, Institution, Msp, RevocationList, Role};
use crate::pre::{Capsule, Fault, Params, ReKey, ReencryptionProof, Statement};
use crate::time::Millis;
use crate::wire::Wire;
use rand_core::CryptoRng;
use std::io::Read;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The limit in bytes for a stored, signed [`Upload`]: a header, a public key, a certificate and a signature.
const UPLOAD_LIMIT: u64 = 8192;
/// The limit in bytes for a stored [`Delivery`].
const DELIVERY_LIMIT: u64 = UPLOAD_LIMIT + 1024;

/// The cloud with its credentials and storage.
#[derive(Debug)]
pub struct Cloud {
    institution: Institution,
    params: Params,
    msp: Msp,
    store: Store,
    limit: u64,
    /// Held where a note or delivery is written after another object was read, so that no call undoes another one. Two
    /// clouds on one store do not exclude each other.
    writing: Mutex<()>,
}

impl Cloud {
    /// The default limit for the body of an envelope, in bytes: 64 GiB. An S3 store takes this in parts of 8 MiB.
    pub const ENVELOPE_LIMIT: u64 = 64 << 30;

    /// Creates a cloud from its credentials. It accepts messages from the members of `msp`, which must have the
    /// revocation lists of the channel: use [`Ledger::msp`].
    pub const fn new(institution: Institution, params: Params, msp: Msp, store: Store) -> Self {
        Self { institution, params, msp, store, limit: Self::ENVELOPE_LIMIT, writing: Mutex::new(()) }
    }

    /// Sets the largest body that is accepted, in bytes.
    #[must_use]
    pub fn with_limit(self, bytes: u64) -> Self {
        Self { limit: bytes, ..self }
    }

    fn writing(&self) -> MutexGuard<'_, ()> {
        // The lock guards no data in memory.
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) const fn institution_mut(&mut self) -> &mut Institution {
        &mut self.institution
    }

    /// The cloud's certificate. It names the key to which k_re is sealed.
    pub const fn certificate(&self) -> &Certificate {
        &self.institution.certificate
    }

    /// The cloud as the creator of questions to the ledger.
    pub const fn creator(&self) -> Creator<'_> {
        Creator { certificate: &self.institution.certificate, key: &self.institution.signing_key }
    }

    /// Figure 3: stores the envelope of a record that is on the ledger: the signed note, which has the header, and the
    /// body. The sender must be the hospital that wrote the record. Returns the size of the body in bytes. The call can
    /// be repeated after an error.
    ///
    /// # Errors
    /// [`FlowError::Identity`]; [`FlowError::NoRecord`]; [`FlowError::WrongParty`]; [`FlowError::Upload`] where the
    /// body does not have the announced digest; [`FlowError::UploadLimit`]; [`FlowError::Exists`] where the record has
    /// another envelope; [`FlowError::Write`] where the storage is full.
    pub fn accept(
        &self,
        ledger: &dyn Ledger,
        upload: &Signed<Upload>,
        body: &mut impl Read,
        now: Millis,
    ) -> Result<u64, FlowError> {
        let sender = upload.verify_at(&self.msp, now.seconds())?;
        of_role(Role::Hospital, &sender)?;
        let Upload { record, epoch, body: digest, .. } = upload.content;
        if transaction::record(ledger, record, &self.creator())?.hospital != sender.id || epoch != 0 {
            return Err(FlowError::WrongParty(sender.id));
        }
        // A record has one envelope. A different one is refused before any of it is stored. The same upload may come
        // again, also after the hospital has renewed its certificate; the first message stays.
        let note = match self.store.get(&record_key(record), UPLOAD_LIMIT) {
            Err(FlowError::Store(object_store::Error::NotFound { .. })) => upload.to_bytes(),
            Err(e) => return Err(e),
            Ok(stored) => {
                let first = Signed::<Upload>::from_bytes(&stored).ok().filter(|first| first.content == upload.content);
                let by = first.and_then(|first| first.verify(&self.msp).ok());
                if by.is_none_or(|by| by.id != sender.id) {
                    return Err(FlowError::Exists(record_key(record)));
                }
                stored
            }
        };
        let bytes = self.store.upload(&body_key(&upload.content), body, &digest, self.limit)?;
        let _writing = self.writing();
        self.store.create(&record_key(record), &note)?;
        Ok(bytes)
    }

    /// Applies a revocation list: from then on, its certificates are refused.
    ///
    /// # Errors
    /// [`FlowError::Identity`].
    pub fn revoke(&mut self, list: &RevocationList) -> Result<(), FlowError> {
        Ok(self.msp.revoke(list)?)
    }

    /// Reads from the ledger which share requests were committed from block `from` on ([`Ledger::events`]). Returns
    /// them, and the block from which to read next.
    ///
    /// # Errors
    /// [`FlowError::Ledger`].
    pub fn requests(
        &self,
        ledger: &dyn Ledger,
        from: u64,
        patience: Duration,
    ) -> Result<(Vec<RequestId>, u64), FlowError> {
        let Events { next, events } = ledger.events(from, patience, &self.creator())?;
        let requests = events.into_iter().filter_map(|(_, event)| match event {
            Event::ShareRequest(request) => Some(request),
            _ => None,
        });
        Ok((requests.collect(), next))
    }

    /// Figure 4: checks the request on the ledger and the granted note, opens k_re, checks k_re against Δ, and
    /// re-encrypts the record (Equation 2): it computes a C' of 192 bytes and a proof of 112 bytes, whatever the size
    /// of the record. Returns the new header. The delivery replaces the delivery for an earlier request of the same
    /// record and recipient.
    ///
    /// Where n clouds share k_re, each cloud applies Equation 2 with its share k_j.
    ///
    /// # Errors
    /// [`FlowError::NoRequest`] without a committed request; [`FlowError::Closed`], [`FlowError::Withdrawn`],
    /// [`FlowError::Ended`] for a request that is no longer open; [`FlowError::Grant`] where the grant does not have
    /// the digests on the ledger; [`FlowError::WrongParty`]; [`FlowError::Identity`] where k_re cannot be opened;
    /// [`FlowError::Misbehaved`] where the granted note is not one of the record's author, where the granted k_re is
    /// not the key of Δ, or where the author has signed two different notes, the stored one and the granted one;
    /// [`FlowError::Decode`]; [`FlowError::Epoch`]; [`FlowError::Store`]; [`FlowError::Write`].
    pub fn reencrypt(
        &self,
        ledger: &dyn Ledger,
        grant: &Grant,
        now: Millis,
        rng: &mut impl CryptoRng,
    ) -> Result<Header, FlowError> {
        let Shared { share, record, .. } = transaction::open_share(ledger, grant.request, &self.creator(), now)?;
        grant.check(&share)?;
        check_granted_note(&self.msp, (&share, &record), grant)?;
        let delta = grant.public.of_share(grant.index(self.certificate().subject().id)?)?;
        let k_re = self.unseal(grant)?;
        delta.check(&self.params, &k_re).map_err(|_: Fault| Misbehaviour::ReKey.by(record.id.into()))?;
        let upload = self.checked_upload(share.record, &record)?;
        let (stored, granted) = (&upload.content, &grant.note.content);
        if stored.epoch != granted.epoch {
            return Err(FlowError::Epoch { stored: stored.epoch, asked: granted.epoch });
        }
        if stored != granted {
            return Err(Misbehaviour::Note.by(stored.author(&record)));
        }
        let header = upload.content.header;
        let again = header.reencrypt(&k_re);
        let (before, after) = ([header.capsule], [again.capsule]);
        let statement = Statement::new(&self.params, &delta, &before, &after, &grant.request.0.0)?;
        let proof = ReencryptionProof::new(&self.params, &k_re, &statement, rng);
        let _writing = self.writing();
        let now_stored = self.checked_upload(share.record, &record)?.content.epoch;
        if now_stored != upload.content.epoch {
            return Err(FlowError::Epoch { stored: now_stored, asked: upload.content.epoch }); // a rotation came between
        }
        let delivery = Delivery { request: grant.request, upload, c_prime: *again.capsule.c(), proof };
        self.store.replace(&delivery_key(&share), &delivery.to_bytes())?;
        Ok(again)
    }

    /// Applies the update keys u of a user's records, on all cores: computes C·e(Z, u) from C, and a proof. The store
    /// does not change until the user has checked the result and signed a new note: see [`replace`](Self::replace). The
    /// answers are in the order of the rotations.
    ///
    /// # Errors
    /// The first of: [`FlowError::Identity`]; [`FlowError::NoRecord`]; [`FlowError::WrongParty`] where the sender is
    /// not the holder of the record's ID_i; [`FlowError::Epoch`]; [`FlowError::Misbehaved`] where u is not the key of
    /// Δ; [`FlowError::Decode`]; [`FlowError::Statement`]; [`FlowError::Store`]. After an error, no record is rotated.
    pub fn rotate(
        &self,
        ledger: &dyn Ledger,
        rotations: &[Signed<Rotation>],
        now: Millis,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<Signed<Rotated>>, FlowError> {
        let opened: Vec<_> =
            rotations.iter().map(|rotation| self.update(ledger, rotation, now)).collect::<Result<_, _>>()?;
        let before: Vec<Capsule> = opened.iter().map(|(capsule, _)| *capsule).collect();
        let after = ReKey::reencrypt_each(&opened.iter().map(|(capsule, u)| (*capsule, u)).collect::<Vec<_>>());
        let statement = |((rotation, before), after): ((&Signed<Rotation>, _), _)| {
            let Rotation { record, epoch, delta, .. } = &rotation.content;
            let context = Rotation::context(record, *epoch);
            Statement::new(&self.params, delta, core::slice::from_ref(before), core::slice::from_ref(after), &context)
        };
        let statements = rotations.iter().zip(&before).zip(&after).map(statement).collect::<Result<Vec<_>, _>>()?;
        let items: Vec<_> = opened.iter().map(|(_, u)| u).zip(&statements).collect();
        let proofs = ReencryptionProof::new_each(&self.params, &items, rng);
        let results = rotations.iter().zip(&after).zip(proofs).map(|((rotation, after), proof)| {
            let Rotation { record, epoch, .. } = rotation.content;
            let rotated = Rotated { record, epoch, c: *after.c(), proof };
            Signed::new(rotated, self.certificate(), &self.institution.signing_key)
        });
        Ok(results.collect())
    }

    /// The capsule of a stored record, and u of its rotation.
    fn update(
        &self,
        ledger: &dyn Ledger,
        rotation: &Signed<Rotation>,
        now: Millis,
    ) -> Result<(Capsule, ReKey), FlowError> {
        let sender = rotation.verify_at(&self.msp, now.seconds())?;
        let Rotation { record: id, epoch, delta, update } = &rotation.content;
        let record = transaction::record(ledger, *id, &self.creator())?;
        if sender.id != record.id.into() {
            return Err(FlowError::WrongParty(sender.id));
        }
        let stored = self.checked_upload(*id, &record)?.content;
        if stored.epoch.checked_add(1) != Some(*epoch) {
            return Err(FlowError::Epoch { stored: stored.epoch, asked: *epoch });
        }
        let opened = self.institution.sealing_key.open(Rotation::UPDATE, &Rotation::context(id, *epoch), update)?;
        let u = ReKey::from_bytes(opened.expose())?;
        delta.check(&self.params, &u).map_err(|_: Fault| Misbehaviour::ReKey.by(sender.id))?;
        Ok((stored.header.capsule, u))
    }

    /// Replaces the note of a stored record by the new note that the user has signed after a rotation. The old note,
    /// with the capsule under the old key, and all deliveries of the record are deleted. Requests that were granted
    /// under the old key have to be granted again. The call can be repeated after an error.
    ///
    /// # Errors
    /// [`FlowError::Identity`]; [`FlowError::NoRecord`]; [`FlowError::WrongParty`]; [`FlowError::Epoch`];
    /// [`FlowError::Exists`] where the note is of another envelope; [`FlowError::Write`].
    pub fn replace(&self, ledger: &dyn Ledger, note: &Signed<Upload>, now: Millis) -> Result<(), FlowError> {
        let sender = note.verify_at(&self.msp, now.seconds())?;
        let new = note.content;
        let record = transaction::record(ledger, new.record, &self.creator())?;
        if new.epoch == 0 || sender.id != record.id.into() {
            return Err(FlowError::WrongParty(sender.id));
        }
        let _writing = self.writing();
        let stored = self.checked_upload(new.record, &record)?.content;
        if stored != new {
            if stored.epoch.checked_add(1) != Some(new.epoch) {
                return Err(FlowError::Epoch { stored: stored.epoch, asked: new.epoch });
            }
            let same = Header { capsule: stored.header.capsule.with_c(*new.header.capsule.c()), ..stored.header };
            if (new.header, new.body) != (same, stored.body) {
                return Err(FlowError::Exists(record_key(new.record)));
            }
            self.store.replace(&record_key(new.record), &note.to_bytes())?;
        }
        let prefix = format!("{}-", new.record);
        for key in self.store.keys("deliveries")? {
            if key.strip_prefix("deliveries/").is_some_and(|name| name.starts_with(&prefix)) {
                self.store.delete(&key)?;
            }
        }
        Ok(())
    }

    /// Deletes the deliveries whose requests are completed, replaced or withdrawn, or whose consent has ended.
    /// [`deliver`](Self::deliver) refuses these requests anyway; call `tidy` from time to time, so that the store does
    /// not keep their deliveries. Returns the number of deleted deliveries.
    ///
    /// # Errors
    /// [`FlowError::Ledger`], [`FlowError::Store`], [`FlowError::Decode`], [`FlowError::Write`].
    pub fn tidy(&self, ledger: &dyn Ledger, now: Millis) -> Result<u64, FlowError> {
        let mut deleted = 0;
        for key in self.store.keys("deliveries")? {
            let _writing = self.writing();
            let delivery = Delivery::from_bytes(&self.store.get(&key, DELIVERY_LIMIT)?)?;
            // A request that is not on the ledger may be newer than the state of the peer that answers.
            let open = transaction::open_share(ledger, delivery.request, &self.creator(), now);
            if matches!(open, Err(FlowError::Closed(_) | FlowError::Withdrawn(_) | FlowError::Ended(_))) {
                self.store.delete(&key)?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }

    /// Opens this cloud's share of k_re in a grant. With one cloud, the share is k_re.
    ///
    /// # Errors
    /// [`FlowError::WrongParty`] where the grant has no share for this cloud; [`FlowError::Identity`] where the share
    /// is sealed to another member; [`FlowError::Decode`].
    pub fn unseal(&self, grant: &Grant) -> Result<ReKey, FlowError> {
        let index = grant.index(self.certificate().subject().id)?;
        let (_, sealed) = &grant.shares[usize::from(index) - 1];
        let opened = self.institution.sealing_key.open(Grant::K_RE, &grant.request.0.0, sealed)?;
        Ok(ReKey::from_bytes(opened.expose())?)
    }

    /// Figure 4: delivers the re-encrypted record to the hospital that the request names: returns the signed delivery,
    /// which has C' and its proof, and a reader of the body.
    ///
    /// # Errors
    /// [`FlowError::Identity`], [`FlowError::NoRecord`], [`FlowError::Closed`], [`FlowError::Withdrawn`],
    /// [`FlowError::Ended`], [`FlowError::WrongParty`]; [`FlowError::Store`] or [`FlowError::NotReencrypted`] before
    /// [`reencrypt`](Self::reencrypt).
    pub fn deliver(
        &self,
        ledger: &dyn Ledger,
        fetch: &Signed<Fetch>,
        now: Millis,
    ) -> Result<(Signed<Delivery>, impl Read + Send + use<>), FlowError> {
        let reader = fetch.verify_at(&self.msp, now.seconds())?;
        of_role(Role::Hospital, &reader)?;
        let share = transaction::open_share(ledger, fetch.content.request, &self.creator(), now)?.share;
        if share.recipient != reader.id {
            return Err(FlowError::WrongParty(reader.id));
        }
        let delivery = Delivery::from_bytes(&self.store.get(&delivery_key(&share), DELIVERY_LIMIT)?)?;
        if delivery.request != fetch.content.request {
            return Err(FlowError::NotReencrypted(fetch.content.request));
        }
        let body = self.store.reader(&body_key(&delivery.upload.content))?;
        Ok((Signed::new(delivery, self.certificate(), &self.institution.signing_key), body))
    }

    /// Reads the signed note of a stored record: the note of the hospital, or after a rotation the note of the user.
    ///
    /// # Errors
    /// [`FlowError::Store`], [`FlowError::Decode`], [`FlowError::Identity`], [`FlowError::WrongParty`].
    pub fn note(&self, ledger: &dyn Ledger, record: RecordId) -> Result<Signed<Upload>, FlowError> {
        self.checked_upload(record, &transaction::record(ledger, record, &self.creator())?)
    }

    /// Reads the header of a stored record, as its hospital encrypted it or as the last rotation left it.
    ///
    /// # Errors
    /// Those of [`note`](Self::note).
    pub fn header(&self, ledger: &dyn Ledger, record: RecordId) -> Result<Header, FlowError> {
        Ok(self.note(ledger, record)?.content.header)
    }

    /// Reads the signed note of a record and checks it again. Otherwise an attacker who can write to the storage could
    /// get a re-encryption of a capsule that nobody has signed (C6).
    fn checked_upload(&self, id: RecordId, record: &Record) -> Result<Signed<Upload>, FlowError> {
        let upload = Signed::<Upload>::from_bytes(&self.store.get(&record_key(id), UPLOAD_LIMIT)?)?;
        let sender = upload.verify(&self.msp)?;
        let rightful = upload.content.record == id && sender.id == upload.content.author(record);
        if rightful { Ok(upload) } else { Err(FlowError::WrongParty(sender.id)) }
    }
}

fn body_key(upload: &Upload) -> String {
    format!("bodies/{}", upload.body)
}

fn record_key(record: RecordId) -> String {
    format!("records/{record}")
}

fn delivery_key(share: &ShareRequest) -> String {
    format!("deliveries/{}-{}", share.record, share.recipient)
}
