//! For the tests of `fabric`: endorsing organisations, a creator, and the transaction that an honest gateway assembles.

use super::draft::{Call, Draft, Proposed, Signed};
use super::endorsed::Endorsers;
use super::identity::{Identity, Organisation};
use super::messages::{
    ChaincodeAction, ChaincodeActionPayload, ChaincodeEndorsedAction, ChaincodeId, Endorsement, Payload,
    ProposalResponsePayload, Response, Transaction, TransactionAction,
};
use crate::identity::{Authority, Certificate, MemberId, ParticipantGroup, Role, SigningKey, Subject};
use crate::ledger::{Nonce, Transient};
use crate::time::Millis;
use prost::Message;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// 2025-06-01T12:00:00Z in milliseconds.
pub(super) const NOW: Millis = Millis(1_748_779_200_000);

/// A certificate with its key, in an organisation.
#[derive(Clone)]
pub(super) struct Signer {
    pub(super) identity: Identity,
    pub(super) key: SigningKey,
}

/// A network of three endorsing organisations with a peer each, and a hospital.
pub(super) struct World {
    pub(super) rng: ChaCha20Rng,
    pub(super) authorities: Vec<Authority>,
    pub(super) peers: Vec<Signer>,
    pub(super) hospitals: Authority,
    pub(super) north: Signer,
}

/// A fresh member of `mspid`.
pub(super) fn enrol(ca: &mut Authority, mspid: &str, name: &str, role: Role, rng: &mut ChaCha20Rng) -> Signer {
    let (key, id) = (SigningKey::random(rng), MemberId::random(rng));
    let subject = Subject::new(name, role, id).unwrap();
    let certificate = ca.issue(&subject, &key.verifying_key(), None, NOW.seconds(), rng).unwrap();
    Signer { identity: Identity { mspid: mspid.to_owned(), certificate }, key }
}

impl World {
    pub(super) const MSPS: [&str; 3] = ["NorthMSP", "SouthMSP", "WestMSP"];

    pub(super) fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let (mut authorities, mut peers) = (Vec::new(), Vec::new());
        for mspid in Self::MSPS {
            let name = mspid.trim_end_matches("MSP");
            let mut ca = Authority::of_organisation(name, &mut rng, NOW.seconds()).unwrap();
            peers.push(enrol(&mut ca, mspid, name, Role::Peer, &mut rng));
            authorities.push(ca);
        }
        let mut hospitals = Authority::new(ParticipantGroup::Hospitals, &mut rng, NOW.seconds()).unwrap();
        let north = enrol(&mut hospitals, "HospitalsMSP", "north", Role::Hospital, &mut rng);
        Self { rng, authorities, peers, hospitals, north }
    }

    pub(super) fn endorsers(&self, at_least: usize) -> Endorsers {
        let organisation = |(mspid, ca): (&&str, &Authority)| organisation(mspid, ca.root());
        Endorsers { organisations: Self::MSPS.iter().zip(&self.authorities).map(organisation).collect(), at_least }
    }

    pub(super) fn propose(&mut self, transient: &Transient) -> Signed<Proposed> {
        let call = Call { channel: "records", chaincode: "phi", args: &[b"invoke", b"action"], transient };
        let nonce = Nonce::random(&mut self.rng);
        Draft::propose(&call, &self.north.identity, &nonce, NOW).unwrap().sign(&self.north.key).unwrap()
    }
}

pub(super) fn organisation(mspid: &str, root: &Certificate) -> Organisation {
    Organisation { mspid: mspid.to_owned(), root: root.clone() }
}

/// A transaction in parts, so that a test can change one of them.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) payload: Payload,
    pub(super) actions: Vec<TransactionAction>,
    pub(super) action: ChaincodeActionPayload,
    pub(super) response: ProposalResponsePayload,
    pub(super) result: ChaincodeAction,
}

impl Parts {
    /// The parts that an honest gateway assembles, without endorsements.
    pub(super) fn of(proposed: &Proposed) -> Self {
        let result = ChaincodeAction {
            results: b"read-write set".to_vec(),
            events: Vec::new(),
            response: Some(Response { status: 200, message: String::new(), payload: b"value".to_vec() }),
            chaincode_id: Some(ChaincodeId { name: proposed.chaincode.clone() }),
        };
        let response =
            ProposalResponsePayload { proposal_hash: proposed.hash().0.to_vec(), extension: result.encode_to_vec() };
        Self {
            payload: Payload { header: Some(proposed.header.clone()), data: Vec::new() },
            actions: vec![TransactionAction { header: proposed.header.signature_header.clone(), payload: Vec::new() }],
            action: ChaincodeActionPayload { proposal: proposed.visible.clone(), action: None },
            response,
            result,
        }
    }

    /// The response that endorsers sign.
    pub(super) fn response(&self) -> Vec<u8> {
        let extension = self.result.encode_to_vec();
        ProposalResponsePayload { extension, ..self.response.clone() }.encode_to_vec()
    }

    /// The bytes, with these endorsements.
    pub(super) fn assemble(mut self, endorsements: Vec<Endorsement>) -> Vec<u8> {
        self.action.action = Some(ChaincodeEndorsedAction { response: self.response(), endorsements });
        let action = self.action.encode_to_vec();
        for each in &mut self.actions {
            each.payload.clone_from(&action);
        }
        self.payload.data = Transaction { actions: self.actions }.encode_to_vec();
        self.payload.encode_to_vec()
    }
}

/// One endorsement of `response`.
pub(super) fn endorse(response: &[u8], peer: &Signer) -> Endorsement {
    let endorser = peer.identity.to_bytes().unwrap();
    let signature = peer.key.sign(&[response, &endorser].concat()).to_der().unwrap();
    Endorsement { endorser, signature }
}
