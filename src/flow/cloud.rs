//! The cloud: it stores envelopes that it cannot read, and re-encrypts a record when the ledger holds an open share
//! request for the record.

use super::messages::{Fetch, Grant, Signed, Upload};
use super::transaction::{self, of_role};
use super::{FlowError, Store};
use crate::contract::ShareRequest;
use crate::envelope::Header;
use crate::hash::sha256;
use crate::identity::{Certificate, Institution, Msp, RevocationList, Role};
use crate::ledger::{Network, TxId};
use crate::pre::ReKey;
use crate::time::Millis;
use crate::wire::{Reader, Wire};
use std::io::Read;

/// The limit in bytes for a stored, signed [`Upload`]: digests, a certificate and a signature.
const UPLOAD_LIMIT: u64 = 8192;
/// Bytes of a stored delivery: the txid of its request, and the header.
const DELIVERY_BYTES: u64 = 32 + Header::BYTES as u64;

/// The cloud with its credentials and storage.
#[derive(Debug)]
pub struct Cloud {
    institution: Institution,
    msp: Msp,
    store: Store,
    limit: u64,
}

impl Cloud {
    /// The default of the largest envelope in bytes: 64 GiB, which stores that speak S3 take in parts of 8 MiB.
    pub const ENVELOPE_LIMIT: u64 = 64 << 30;

    /// Creates a cloud from its credentials. It accepts messages from the members of `msp`, which must have the
    /// revocation lists of the channel: use [`Network::msp`].
    pub const fn new(institution: Institution, msp: Msp, store: Store) -> Self {
        Self { institution, msp, store, limit: Self::ENVELOPE_LIMIT }
    }

    /// Sets the largest envelope that is accepted, in bytes.
    #[must_use]
    pub fn with_limit(self, bytes: u64) -> Self {
        Self { limit: bytes, ..self }
    }

    pub(super) const fn institution_mut(&mut self) -> &mut Institution {
        &mut self.institution
    }

    /// The cloud's certificate. It names the key to which k_re is sealed.
    pub const fn certificate(&self) -> &Certificate {
        &self.institution.certificate
    }

    /// Figure 3: stores the envelope of a record on the ledger, sent by the hospital that wrote the record. Returns the
    /// size of the envelope in bytes. The call can be repeated after an error.
    ///
    /// # Errors
    /// [`FlowError::Identity`]; [`FlowError::NotOnLedger`]; [`FlowError::WrongParty`]; [`FlowError::Upload`] where the
    /// bytes do not have the announced digest; [`FlowError::UploadLimit`]; [`FlowError::Decode`] where they do not begin with the header of an
    /// envelope; [`FlowError::Exists`] where the record has another envelope; [`FlowError::Write`] where the storage is
    /// full.
    pub fn accept(
        &self,
        network: &Network,
        upload: &Signed<Upload>,
        envelope: &mut impl Read,
        now: Millis,
    ) -> Result<u64, FlowError> {
        let sender = upload.verify_at(&self.msp, now.seconds())?;
        of_role(Role::Hospital, &sender)?;
        let Upload { record, header: announced, envelope: digest } = upload.content;
        if transaction::record(network, record)?.hospital != sender.id {
            return Err(FlowError::WrongParty(sender.id));
        }
        // A record has one envelope. A different one is refused before any of it is stored. The same upload may come again,
        // also after the hospital has renewed its certificate; the first message stays.
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
        let mut header = Vec::new();
        Read::by_ref(envelope).take(Header::BYTES as u64).read_to_end(&mut header).map_err(FlowError::Io)?;
        Header::from_bytes(&header)?;
        if sha256(&[&header]) != announced {
            return Err(FlowError::Upload { announced, found: sha256(&[&header]) });
        }
        let bytes = self.store.upload(&envelope_key(upload), &mut header.chain(envelope), &digest, self.limit)?;
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

    /// Figure 4: checks the request on the ledger, opens k_re, and re-encrypts the record (Equation 2): makes a new
    /// header of 284 bytes, whatever the size of the record. The header takes the place of the one for an earlier
    /// request of the same record and recipient.
    ///
    /// # Errors
    /// [`FlowError::NotOnLedger`] without a committed request; [`FlowError::Closed`] for a request that is completed or
    /// replaced; [`FlowError::Grant`] where the grant does not have the digest on the ledger; [`FlowError::Identity`]
    /// where k_re cannot be opened; [`FlowError::WrongParty`]; [`FlowError::Upload`] where the stored header is not the
    /// one that was accepted; [`FlowError::Write`].
    pub fn reencrypt(&self, network: &Network, grant: &Grant) -> Result<Header, FlowError> {
        let share = transaction::open_share(network, grant.request)?;
        if share.grant != grant.digest() {
            return Err(FlowError::Grant);
        }
        let header = self.header(network, share.record)?.reencrypt(&self.unseal(grant)?);
        let delivery = [&grant.request.to_bytes()[..], &header.to_bytes()].concat();
        self.store.replace(&delivery_key(&share), &delivery)?;
        Ok(header)
    }

    /// Deletes the deliveries whose requests are completed or replaced. [`deliver`](Self::deliver) refuses them anyway;
    /// call this from time to time, so that the store does not keep them. Returns their number.
    ///
    /// # Errors
    /// [`FlowError::Network`], [`FlowError::Store`], [`FlowError::Decode`], [`FlowError::Write`].
    pub fn tidy(&self, network: &Network) -> Result<u64, FlowError> {
        let mut deleted = 0;
        for key in self.store.keys("deliveries")? {
            let (request, _) = read_delivery(&self.store.get(&key, DELIVERY_BYTES)?)?;
            // A request that is not on the ledger may be newer than the state of the peer that answers.
            if matches!(transaction::open_share(network, request), Err(FlowError::Closed(_))) {
                self.store.delete(&key)?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }

    /// Opens k_re in a grant to this cloud.
    ///
    /// # Errors
    /// [`FlowError::Identity`] where the grant is sealed to another member; [`FlowError::Decode`].
    pub fn unseal(&self, grant: &Grant) -> Result<ReKey, FlowError> {
        let opened = self.institution.sealing_key.open(Grant::K_RE, &grant.request.0.0, &grant.k_re)?;
        Ok(ReKey::from_bytes(opened.expose())?)
    }

    /// Figure 4: delivers the re-encrypted record to the hospital that the request names: its header, and a reader of
    /// its body.
    ///
    /// # Errors
    /// [`FlowError::Identity`], [`FlowError::NotOnLedger`], [`FlowError::Closed`], [`FlowError::WrongParty`];
    /// [`FlowError::Store`] or [`FlowError::NotReencrypted`] before [`reencrypt`](Self::reencrypt).
    pub fn deliver(
        &self,
        network: &Network,
        fetch: &Signed<Fetch>,
        now: Millis,
    ) -> Result<(Header, impl Read + Send + use<>), FlowError> {
        let reader = fetch.verify_at(&self.msp, now.seconds())?;
        of_role(Role::Hospital, &reader)?;
        let share = transaction::open_share(network, fetch.content.request)?;
        if share.recipient != reader.id {
            return Err(FlowError::WrongParty(reader.id));
        }
        let (request, header) = read_delivery(&self.store.get(&delivery_key(&share), DELIVERY_BYTES)?)?;
        if request != fetch.content.request {
            return Err(FlowError::NotReencrypted(fetch.content.request));
        }
        let key = envelope_key(&self.checked_upload(network, share.record)?);
        Ok((header, self.store.reader(&key, Header::BYTES as u64)?))
    }

    /// Reads the header of a stored record, as its hospital encrypted it.
    ///
    /// # Errors
    /// [`FlowError::Store`], [`FlowError::Decode`], [`FlowError::WrongParty`], [`FlowError::Upload`].
    pub fn header(&self, network: &Network, record: TxId) -> Result<Header, FlowError> {
        let upload = self.checked_upload(network, record)?;
        let mut bytes = Vec::new();
        let reader = self.store.reader(&envelope_key(&upload), 0)?;
        reader.take(Header::BYTES as u64).read_to_end(&mut bytes)?;
        let (announced, found) = (upload.content.header, sha256(&[&bytes]));
        if announced == found { Ok(Header::from_bytes(&bytes)?) } else { Err(FlowError::Upload { announced, found }) }
    }

    /// Reads the signed upload of a record and checks it again. Otherwise an attacker who can write to the storage
    /// could get a re-encryption of a capsule that no hospital has signed (C6).
    fn checked_upload(&self, network: &Network, record: TxId) -> Result<Signed<Upload>, FlowError> {
        let upload = Signed::<Upload>::from_bytes(&self.store.get(&record_key(record), UPLOAD_LIMIT)?)?;
        let sender = upload.verify(&self.msp)?;
        of_role(Role::Hospital, &sender)?;
        let rightful = upload.content.record == record && transaction::record(network, record)?.hospital == sender.id;
        if rightful { Ok(upload) } else { Err(FlowError::WrongParty(sender.id)) }
    }
}

fn envelope_key(upload: &Signed<Upload>) -> String {
    format!("envelopes/{}", upload.content.envelope)
}

fn record_key(record: TxId) -> String {
    format!("records/{record}")
}

fn delivery_key(share: &ShareRequest) -> String {
    format!("deliveries/{}-{}", share.record, share.recipient)
}

/// A stored delivery: the txid of its request, then the header.
fn read_delivery(bytes: &[u8]) -> Result<(TxId, Header), FlowError> {
    let mut input = Reader::new(bytes);
    let request = TxId::read(&mut input)?;
    let header = Header::from_bytes(input.raw("delivery", Header::BYTES)?)?;
    input.end("delivery")?;
    Ok((request, header))
}
