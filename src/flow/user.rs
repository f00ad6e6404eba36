//! The user: checks records, confirms them, and consents to sharing them.

use super::FlowError;
use super::messages::{Alert, Grant, SealedIdentifier};
use super::transaction::{Receipt, commit, of_role, propose};
use crate::contract::Action;
use crate::envelope;
use crate::identifier::{Pseudonym, rotate};
use crate::identity::{Certificate, Credentials, IdentityError, Member, MemberId, Role, SigningKey, seal};
use crate::integrity::Commitment;
use crate::ledger::{Network, Nonce, TxId};
use crate::pre::{Params, ReKey, Scope, SharedSecret};
use crate::time::Millis;
use crate::wire::Writer;
use rand_core::CryptoRng;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// A record that the user has checked.
#[derive(Clone, Debug)]
struct Held {
    hospital: MemberId,
    name: String,
    commitment: Commitment,
    id: Pseudonym,
    /// The sk under which the hospital encrypted the record.
    sk: SharedSecret,
}

/// A registered person with the secrets of the user DApp.
#[derive(Debug)]
pub struct User {
    credentials: Credentials,
    params: Params,
    /// The sk of each introduction to a hospital. The last one is the newest.
    secrets: BTreeMap<MemberId, Vec<SharedSecret>>,
    records: BTreeMap<TxId, Held>,
}

impl User {
    /// Creates a user from the credentials of the authority.
    pub const fn new(credentials: Credentials, params: Params) -> Self {
        Self { credentials, params, secrets: BTreeMap::new(), records: BTreeMap::new() }
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
        self.secrets.entry(hospital).or_default().push(sk);
    }

    /// The newest sk with a hospital, and the earlier ones.
    fn secrets(&self, hospital: &MemberId) -> Result<(&SharedSecret, &[SharedSecret]), FlowError> {
        self.secrets.get(hospital).and_then(|all| all.split_last()).ok_or(FlowError::Stranger(*hospital))
    }

    /// The sk under which the envelope of an alert was encrypted: the newest one, or an earlier one for a record that
    /// was under way during a new introduction.
    fn opening_secret(&self, hospital: &MemberId, alert: &Alert) -> Result<SharedSecret, FlowError> {
        let (newest, earlier) = self.secrets(hospital)?;
        let check = |sk: &SharedSecret| {
            let k_e = self.params.derive(sk, Scope::Record(&alert.txid.0.0)).encryption_key(&self.params);
            let sealed = envelope::check_file(&k_e, &alert.envelope)?;
            if sealed.commitment == alert.commitment { Ok(sk.clone()) } else { Err(FlowError::Commitment) }
        };
        check(newest).or_else(|refused| match refused {
            FlowError::DecryptFile(_) => earlier.iter().rev().find_map(|sk| check(sk).ok()).ok_or(refused),
            other => Err(other),
        })
    }

    pub(super) const fn credentials_mut(&mut self) -> &mut Credentials {
        &mut self.credentials
    }

    /// Figure 3: decrypts the envelope of an alert from the hospital of this certificate, compares the record with the
    /// commitment, and answers with ID_i. The records use the pseudonyms in rotation. The first pseudonym is used for
    /// introductions only. A repeated alert gets the same answer.
    ///
    /// # Errors
    /// [`FlowError::Stranger`]; [`FlowError::WrongParty`] for a txid that does not belong to this hospital;
    /// [`FlowError::KnownRecord`]; [`FlowError::DecryptFile`]; [`FlowError::Commitment`].
    pub fn check(&mut self, hospital: &Certificate, alert: &Alert) -> Result<SealedIdentifier, FlowError> {
        let from = hospital.subject().id;
        self.secrets(&from)?;
        // A renewal keeps subject and key.
        let identity = |certificate: &Certificate| (certificate.subject().clone(), *certificate.verifying_key());
        let its_own = identity(&alert.certificate) == identity(hospital);
        if !its_own || TxId::new(&alert.nonce, &alert.certificate) != alert.txid {
            return Err(FlowError::WrongParty(from));
        }
        if let Some(held) = self.records.get(&alert.txid) {
            if held.commitment != alert.commitment {
                return Err(FlowError::KnownRecord(alert.txid));
            }
            return SealedIdentifier::seal(&held.id, &held.sk, &alert.txid);
        }
        let sk = self.opening_secret(&from, alert)?;
        let k = self.credentials.vectors.len();
        let turn = rotate(self.records.len(), k.saturating_sub(1));
        let id = turn.and_then(|i| self.credentials.pseudonyms().nth(i + 1)).ok_or(IdentityError::PseudonymCount(k))?;
        let sealed = SealedIdentifier::seal(&id, &sk, &alert.txid)?;
        let (name, commitment) = (alert.name.clone(), alert.commitment);
        self.records.insert(alert.txid, Held { hospital: from, name, commitment, id, sk });
        Ok(sealed)
    }

    /// Figure 3: commits the medical-record-confirmation-transaction, signed under ID_i.
    ///
    /// # Errors
    /// [`FlowError::UnknownRecord`], [`FlowError::Network`], [`FlowError::Invalid`].
    pub fn confirm(
        &self,
        network: &mut Network,
        record: TxId,
        now: Millis,
        rng: &mut impl CryptoRng,
    ) -> Result<Receipt, FlowError> {
        let (held, (certificate, key)) = self.held(record)?;
        let action = Action::Confirmation { record, id: held.id, commitment: held.commitment, hospital: held.hospital };
        let proposal = propose(network, &action, Nonce::random(rng), certificate, key, now);
        commit(network, &proposal, key, now)
    }

    /// Figure 4: commits the share-request-transaction, signed under ID_i. Seals k_re (Equation 1) to the cloud and
    /// k'_e to the recipient. k_e comes from the sk of the record, and k'_e from the newest sk with the recipient.
    ///
    /// # Errors
    /// [`FlowError::UnknownRecord`]; [`FlowError::Stranger`] before [`introduce`](super::introduce);
    /// [`FlowError::WrongParty`] where the recipient is not a hospital or `cloud` is not a cloud;
    /// [`FlowError::NoSealingKey`]; [`FlowError::Network`]; [`FlowError::Invalid`].
    pub fn share(
        &self,
        network: &mut Network,
        record: TxId,
        recipient: &Member,
        cloud: &Member,
        now: Millis,
        rng: &mut impl CryptoRng,
    ) -> Result<(Receipt, Grant), FlowError> {
        of_role(Role::Hospital, recipient)?;
        of_role(Role::Cloud, cloud)?;
        let (held, (certificate, key)) = self.held(record)?;
        let scope = Scope::Record(&record.0.0);
        let k_e = self.params.derive(&held.sk, scope).encryption_key(&self.params);
        let k_e_prime = self.params.derive(self.secrets(&recipient.id)?.0, scope).encryption_key(&self.params);
        let k_re = ReKey::new(&k_e, &k_e_prime)?;

        let nonce = Nonce::random(rng);
        let request = TxId::new(&nonce, certificate);
        let mut to = |member: &Member, info: &[u8], secret: &[u8]| {
            let key = member.sealing_key.ok_or(FlowError::NoSealingKey(member.id))?;
            Ok::<_, FlowError>(seal(&key, info, &request.0.0, secret, rng)?)
        };
        // The buffer has its final size from the start: growing it would leave a copy of the key in freed memory.
        let mut decryption = Writer::with_capacity(128 + held.name.len());
        decryption.raw(k_e_prime.to_bytes().expose()).bytes(held.name.as_bytes());
        let decryption = Zeroizing::new(decryption.into_bytes());
        let grant = Grant {
            request,
            k_re: to(cloud, Grant::K_RE, k_re.to_bytes().expose())?,
            k_e_prime: to(recipient, Grant::K_E_PRIME, &decryption)?,
        };
        let action = Action::ShareRequest { record, recipient: recipient.id, grant: grant.digest() };
        let proposal = propose(network, &action, nonce, certificate, key, now);
        Ok((commit(network, &proposal, key, now)?, grant))
    }

    /// A record, with the certificate and key of its ID_i.
    fn held(&self, record: TxId) -> Result<(&Held, &(Certificate, SigningKey)), FlowError> {
        let held = self.records.get(&record).ok_or(FlowError::UnknownRecord(record))?;
        let member = self.credentials.member(&held.id).ok_or(FlowError::UnknownRecord(record))?;
        Ok((held, member))
    }

    #[cfg(test)]
    pub(super) fn rename_for_test(&mut self, record: TxId, name: &str) {
        if let Some(held) = self.records.get_mut(&record) {
            name.clone_into(&mut held.name);
        }
    }

    /// The ID_i of a record that this user has checked.
    pub fn pseudonym(&self, record: TxId) -> Option<Pseudonym> {
        self.records.get(&record).map(|held| held.id)
    }
}
