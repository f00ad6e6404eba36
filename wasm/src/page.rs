//! The platform of the page: the authorities, the members of Figures 3 and 4 and the ledger with its contract, in memory.
//!
//! Everything is the library's: certificates, the endorsing peers, the orderer's blocks, the contract's rules and codes. The page
//! adds the cryptography through the classes of the package.

use crate::error::Fault;
use crate::forms::bytes_of;
use crate::keys::SharedSecret;
use crate::random::rng;
use js_sys::Array;
use phi_pre::contract::{self, Action, Creator, Ledger, PhiContract, RecordId, RequestId, ShareStatus};
use phi_pre::hash::Digest;
use phi_pre::identifier::Pseudonym;
use phi_pre::identity::{
    Authority, Certificate, Credentials, Delivery, IdentityError, Institution, ParticipantGroup, PhoneNumber, Role,
    SealedCode, SealingKey, SigningKey,
};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::{
    Config, CutRules, MemoryNetwork, Nonce, Organisation, Policy, SignedTransaction, Signer, Transaction,
};
use phi_pre::pre::{Handshake, Party, Session};
use phi_pre::time::{Millis, Seconds};
use phi_pre::wire::Wire;
use std::sync::Arc;
use wasm_bindgen::prelude::*;

/// The organisations of the peers, as in the demo of the command.
const ORGANISATIONS: [&str; 3] = ["hospital-a", "hospital-b", "clinic"];

/// A phone that shows the code that was delivered to it.
struct Phone(String);

impl Delivery for Phone {
    fn deliver(&mut self, _: &PhoneNumber, code: &str) {
        code.clone_into(&mut self.0);
    }
}

/// All members and the ledger of one run.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Platform {
    network: MemoryNetwork,
    user: Credentials,
    hospitals: [Institution; 2],
    cloud: Institution,
    /// The records and the requests of this run.
    drafts: Vec<(RecordId, Nonce)>,
    requests: Vec<RequestId>,
    /// Bytes of the sealed code and of the sealed enrolment of the user.
    registration: [usize; 2],
}

fn millis(now: f64) -> Millis {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time after 1970")]
    Millis(now as u64)
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn identity(error: IdentityError) -> Fault {
    Fault::new("identity", error.to_string())
}

/// The ledger's own words, which name a refusal of the contract with its number.
fn ledger(error: impl core::fmt::Display) -> Fault {
    Fault::new("ledger", error.to_string())
}

fn enrol(
    authority: &mut Authority,
    organisation: &str,
    role: Role,
    number: &PhoneNumber,
    now: Seconds,
    rng: &mut impl rand_core::CryptoRng,
) -> Result<Institution, IdentityError> {
    let mut phone = Phone(String::new());
    let ticket = authority.begin_institution(organisation, role, number, now, &mut phone, rng)?;
    let key = SealingKey::random(rng);
    let answer = SealedCode::new(authority.root(), &ticket, &phone.0, &key.public(), rng)?;
    authority.finish_institution(&ticket, &answer, now, rng)?.open_institution(&key, &ticket, authority.root())
}

#[wasm_bindgen]
impl Platform {
    /// Figure 2: creates the authorities, registers all members, and starts the ledger. `now` is in milliseconds since 1970.
    #[wasm_bindgen(constructor)]
    pub fn new(now: f64) -> Result<Self, Fault> {
        let (rng, now) = (&mut rng()?, millis(now).seconds());
        let mut authority = |group| Authority::new(group, rng, now);
        let mut users = authority(ParticipantGroup::Users).map_err(identity)?;
        let mut hospitals = authority(ParticipantGroup::Hospitals).map_err(identity)?;
        let mut clouds = authority(ParticipantGroup::Cloud).map_err(identity)?;
        let number = PhoneNumber::new("+15550000000").map_err(identity)?;
        let mut nodes = Vec::new();
        let mut node = |name: &str, role| {
            let mut authority = Authority::of_organisation(name, rng, now)?;
            let enrolled = enrol(&mut authority, name, role, &number, now, rng)?;
            nodes.push(authority);
            Ok::<_, IdentityError>(Signer { certificate: enrolled.certificate, key: enrolled.signing_key })
        };
        let orderer = node("orderer", Role::Orderer).map_err(identity)?;
        let peers =
            ORGANISATIONS.iter().map(|name| node(name, Role::Peer)).collect::<Result<_, _>>().map_err(identity)?;
        let roots = [&users, &hospitals, &clouds].into_iter().chain(&nodes);
        let config = Config {
            channel: "phi".to_owned(),
            contract: contract::NAME.to_owned(),
            organisations: roots.map(|authority| Organisation::of_root(authority.root())).collect(),
            policy: Policy::majority(&ORGANISATIONS),
            orderers: "orderer".to_owned(),
            cut: CutRules::default(),
            window: Config::WINDOW,
        };
        let network = MemoryNetwork::create(&config, orderer, peers, Arc::new(PhiContract)).map_err(ledger)?;

        let mut phone = Phone(String::new());
        let ticket = users.begin_registration(&number, now, &mut phone, rng).map_err(identity)?;
        let key = SealingKey::random(rng);
        let answer = SealedCode::new(users.root(), &ticket, &phone.0, &key.public(), rng).map_err(identity)?;
        let sealed = users.finish_registration(&ticket, &answer, now, rng).map_err(identity)?;
        let registration = [answer.to_bytes().len(), sealed.to_bytes().len()];
        let user = sealed.open(&key, &ticket, users.root()).map_err(identity)?;
        let mut hospital = |name| enrol(&mut hospitals, name, Role::Hospital, &number, now, rng).map_err(identity);
        let hospitals = [hospital("hospital-a")?, hospital("hospital-b")?];
        let cloud = enrol(&mut clouds, "cloud", Role::Cloud, &number, now, rng).map_err(identity)?;
        Ok(Self { network, user, hospitals, cloud, drafts: Vec::new(), requests: Vec::new(), registration })
    }

    /// Bytes of the sealed code and of the sealed enrolment of the user.
    #[wasm_bindgen(getter)]
    pub fn registration(&self) -> Vec<u32> {
        self.registration.iter().map(|bytes| u32::try_from(*bytes).unwrap_or(u32::MAX)).collect()
    }

    /// ID_i under which the records of this run are written: 32 bytes.
    #[wasm_bindgen(getter)]
    pub fn pseudonym(&self) -> Result<Vec<u8>, Fault> {
        Ok(self.member()?.0.0.to_vec())
    }

    /// Figure 3, Diffie-Hellman with hospital A (0) or B (1). Returns the user's sk, the hospital's, and both shares.
    #[wasm_bindgen(unchecked_return_type = "[SharedSecret, SharedSecret, Uint8Array, Uint8Array]")]
    pub fn introduce(&self, hospital: usize) -> Result<Array, Fault> {
        let rng = &mut rng()?;
        let hospital = self.hospitals.get(hospital).ok_or_else(|| Fault::new("member", "there are two hospitals"))?;
        let (certificate, key) = self.user.members.first().ok_or_else(|| Fault::new("member", "no pseudonym"))?;
        let (initiator, responder) = (Handshake::new(Party::Initiator, rng), Handshake::new(Party::Responder, rng));
        let (of_user, of_hospital) = (initiator.share(), responder.share());
        let session =
            Session { initiator: (certificate.der(), of_user), responder: (hospital.certificate.der(), of_hospital) };
        let signed = |party, key: &SigningKey| key.sign(&session.statement(party).0);
        let (by_user, by_hospital) = (signed(Party::Initiator, key), signed(Party::Responder, &hospital.signing_key));
        let signer = hospital.certificate.verifying_key();
        let user = initiator.finish(&session, |statement| signer.verify(&statement.0, &by_hospital).is_ok())?;
        let signer = certificate.verifying_key();
        let other = responder.finish(&session, |statement| signer.verify(&statement.0, &by_user).is_ok())?;
        let shares = [of_user, of_hospital].map(|share| js_sys::Uint8Array::from(&share.0[..]));
        let secrets = [user, other].map(SharedSecret).map(JsValue::from);
        Ok(secrets.into_iter().chain(shares.map(JsValue::from)).collect())
    }

    /// Hospital A draws the identifier of a record: 32 bytes.
    pub fn draft(&mut self) -> Result<Vec<u8>, Fault> {
        let nonce = Nonce::random(&mut rng()?);
        let record = RecordId::new(&nonce, &self.hospitals[0].certificate);
        self.drafts.push((record, nonce));
        Ok(record.0.0.to_vec())
    }

    /// 0001: the user confirms a draft, counted from 0.
    pub fn confirm(
        &mut self,
        draft: usize,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] commitment: &JsValue,
        now: f64,
    ) -> Result<String, Fault> {
        let commitment = &*bytes_of(commitment)?;
        let (id, certificate, key) = self.member()?;
        let action = Action::Confirmation {
            record: self.drafted(draft)?.0,
            id,
            commitment: Commitment::from_bytes(commitment)?,
            hospital: self.hospitals[0].certificate.subject().id,
        };
        self.transact(&action, &certificate, &key, now)
    }

    /// 0000: hospital A writes the record.
    pub fn record(
        &mut self,
        draft: usize,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] commitment: &JsValue,
        now: f64,
    ) -> Result<String, Fault> {
        let commitment = &*bytes_of(commitment)?;
        let (id, ..) = self.member()?;
        let action = Action::MedicalRecord {
            nonce: self.drafted(draft)?.1,
            id,
            commitment: Commitment::from_bytes(commitment)?,
        };
        let (certificate, key) = of(&self.hospitals[0]);
        self.transact(&action, &certificate, &key, now)
    }

    /// The commitment of a record as the ledger has it: 32 bytes.
    pub fn commitment(&self, draft: usize) -> Result<Vec<u8>, Fault> {
        let record = self.network.record(self.drafted(draft)?.0, &self.creator()).map_err(ledger)?;
        let record = record.ok_or_else(|| Fault::new("ledger", "there is no such record"))?;
        Ok(record.commitment.0.0.to_vec())
    }

    /// 0002: the user consents. `delta` and `grant` are digests of 32 bytes.
    pub fn share(
        &mut self,
        draft: usize,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] delta: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] grant: &JsValue,
        now: f64,
    ) -> Result<String, Fault> {
        let delta = &*bytes_of(delta)?;
        let grant = &*bytes_of(grant)?;
        let (_, certificate, key) = self.member()?;
        let nonce = Nonce::random(&mut rng()?);
        let action = Action::ShareRequest {
            nonce,
            record: self.drafted(draft)?.0,
            recipient: self.hospitals[1].certificate.subject().id,
            delta: Digest::from_bytes(delta)?,
            grant: Digest::from_bytes(grant)?,
            until: None,
        };
        let written = self.transact(&action, &certificate, &key, now)?;
        self.requests.push(RequestId::new(&nonce, &certificate));
        Ok(written)
    }

    /// 0003: hospital B has received the record of a request, counted from 0. `deliveries` is a digest of 32 bytes.
    pub fn complete(
        &mut self,
        request: usize,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] deliveries: &JsValue,
        now: f64,
    ) -> Result<String, Fault> {
        let deliveries = &*bytes_of(deliveries)?;
        let action =
            Action::ShareComplete { request: self.requested(request)?, deliveries: Digest::from_bytes(deliveries)? };
        let (certificate, key) = of(&self.hospitals[1]);
        self.transact(&action, &certificate, &key, now)
    }

    /// 0004: the user withdraws the consent.
    pub fn withdraw(&mut self, request: usize, now: f64) -> Result<String, Fault> {
        let (_, certificate, key) = self.member()?;
        let action = Action::ShareWithdrawal { request: self.requested(request)? };
        self.transact(&action, &certificate, &key, now)
    }

    /// What the cloud and hospital B read on the ledger before they act: whether the consent is open. The answer is "open", or
    /// the reason why not.
    pub fn consent(&self, request: usize) -> Result<String, Fault> {
        let shared = self.network.share(self.requested(request)?, &self.creator()).map_err(ledger)?;
        let shared = shared.ok_or_else(|| Fault::new("ledger", "there is no such request"))?;
        Ok(match shared.share.status {
            ShareStatus::Open => "open",
            ShareStatus::Completed { .. } => "completed",
            ShareStatus::Withdrawn { .. } => "withdrawn",
        }
        .to_owned())
    }

    /// Commits the last transaction again, without the checks of an orderer. The new block and its code are in `blocks`.
    pub fn replay(&mut self) -> Result<(), Fault> {
        let last = self.network.blocks().last().and_then(|committed| committed.block.transactions.first().cloned());
        let last = last.ok_or_else(|| Fault::new("ledger", "there is no transaction"))?;
        self.network.commit(&SignedTransaction::from_bytes(&last)?).map_err(ledger)
    }

    /// The blocks as JSON: number, hash, previous, bytes, and of each transaction its txid, type, creator and code.
    pub fn blocks(&self) -> Result<String, Fault> {
        let mut blocks = Vec::new();
        for committed in self.network.blocks() {
            let header = &committed.block.header;
            let mut transactions = Vec::new();
            // Block 0 is the configuration.
            let signed = if header.number == 0 { &[][..] } else { &committed.block.transactions[..] };
            for (bytes, code) in signed.iter().zip(&committed.metadata.codes) {
                let proposal = Transaction::from_bytes(&SignedTransaction::from_bytes(bytes)?.transaction)?.proposal;
                let txtype = Action::from_bytes(&proposal.action)?.txtype() as u8;
                let (txid, creator, size) = (proposal.txid, proposal.creator.subject().id, bytes.len());
                transactions.push(format!(
                    r#"{{"txid":"{txid}","type":"{txtype:04}","creator":"{creator}","code":{},"meaning":"{code}","bytes":{size}}}"#,
                    *code as u8
                ));
            }
            let bytes = committed.block.to_bytes().len();
            let previous = header.previous.map_or_else(String::new, |hash| hash.to_string());
            let (number, hash) = (header.number, header.hash());
            blocks.push(format!(
                r#"{{"number":{number},"hash":"{hash}","previous":"{previous}","bytes":{bytes},"transactions":[{}]}}"#,
                transactions.join(",")
            ));
        }
        Ok(format!("[{}]", blocks.join(",")))
    }
}

fn of(institution: &Institution) -> (Certificate, SigningKey) {
    (institution.certificate.clone(), institution.signing_key.clone())
}

impl Platform {
    /// The second ID_i: the first is for introductions.
    fn member(&self) -> Result<(Pseudonym, Certificate, SigningKey), Fault> {
        let id = self.user.pseudonyms().nth(1).ok_or_else(|| Fault::new("member", "no pseudonym"))?;
        let (certificate, key) = self.user.member(&id).ok_or_else(|| Fault::new("member", "no certificate"))?;
        Ok((id, certificate.clone(), key.clone()))
    }

    fn creator(&self) -> Creator<'_> {
        Creator { certificate: &self.cloud.certificate, key: &self.cloud.signing_key }
    }

    fn drafted(&self, draft: usize) -> Result<(RecordId, Nonce), Fault> {
        self.drafts.get(draft).copied().ok_or_else(|| Fault::new("ledger", "there is no such draft"))
    }

    fn requested(&self, request: usize) -> Result<RequestId, Fault> {
        self.requests.get(request).copied().ok_or_else(|| Fault::new("ledger", "there is no such request"))
    }

    /// Commits an action. Returns its txid; a refusal is an error with the ledger's words.
    fn transact(
        &mut self,
        action: &Action,
        certificate: &Certificate,
        key: &SigningKey,
        now: f64,
    ) -> Result<String, Fault> {
        let creator = Creator { certificate, key };
        let written = Ledger::transact(&mut self.network, action, &creator, millis(now), &mut rng()?);
        Ok(written.map_err(ledger)?.txid.to_string())
    }
}
