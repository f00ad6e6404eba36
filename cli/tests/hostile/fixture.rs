//! The keys, roots and ledger that the decoders need in addition to their input. They are the same in every run.

use phi_pre::contract::{self, Action, PhiContract, RecordId, RequestId};
use phi_pre::hash::Digest;
use phi_pre::identifier::Pseudonym;
use phi_pre::identity::{
    Authority, Certificate, Member, MemberId, Msp, ParticipantGroup, Role, SealingKey, SigningKey, Subject,
};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::{
    self, Block, Channel, CommittedBlock, Config, CutRules, Network, Nonce, Orderer, Organisation, Policy, Proposal,
    SignedProposal, Signer, Transient,
};
use phi_pre::pre::{Capsule, DecryptionKey, EncryptionKey, Params, ReKey, Seed};
use phi_pre::schemes::{Lv08, Scheme, lv08};
use phi_pre::time::{Millis, Seconds};
use phi_pre::wire::Wire;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::fs;
use std::sync::{Arc, LazyLock, Mutex};

/// The fixture of all decoders, built once.
pub(crate) static FIXTURE: LazyLock<Fixture> = LazyLock::new(Fixture::new);

pub(crate) struct Fixture {
    pub params: Params,
    pub k_d: DecryptionKey,
    pub k_e: EncryptionKey,
    pub k_re: ReKey,
    pub capsule: Capsule,
    pub lv08: (lv08::PublicKey, lv08::SecretKey),
    pub sealing_key: SealingKey,
    pub config: Config,
    pub msp: Msp,
    pub channel: Channel,
    pub hospital: (Certificate, SigningKey),
    pub member: Member,
    pub signer: SigningKey,
    pub peer: Signer,
    pub network: Mutex<Network>,
    pub orderer: Mutex<Orderer>,
    /// Block 1 of the ledger.
    pub block: Block,
    /// The record and the completed request on the ledger.
    pub record: RecordId,
    pub request: RequestId,
    /// Signed proposals: four that were committed, and one that was not sent.
    pub proposals: Vec<SignedProposal>,
    /// All blocks with their verdicts.
    pub committed: Vec<CommittedBlock>,
    /// The files of a stopped peer.
    pub blocks: Vec<u8>,
    pub state: Vec<u8>,
    pub verdicts: Vec<u8>,
    _dir: tempfile::TempDir,
}

impl Fixture {
    pub(crate) const SECONDS: Seconds = Seconds(1_800_000_000);
    pub(crate) const NOW: Millis = Self::SECONDS.millis();
    /// The HPKE info of the sealed seeds.
    pub(crate) const INFO: &'static [u8] = b"hostile";

    fn new() -> Self {
        let rng = &mut ChaCha20Rng::seed_from_u64(1);
        let params = Params::new(Seed::random(rng));
        let (k_d, other) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
        let (k_e, k_e_prime) = (k_d.encryption_key(&params), other.encryption_key(&params));
        let (capsule, _) = k_d.public_key(&params).encapsulate(&params, rng);

        let groups = [ParticipantGroup::Users, ParticipantGroup::Hospitals, ParticipantGroup::Cloud];
        let mut authorities = Vec::from(groups.map(|group| Authority::new(group, rng, Self::SECONDS).unwrap()));
        for name in ["orderer", "hospital A"] {
            authorities.push(Authority::of_organisation(name, rng, Self::SECONDS).unwrap());
        }
        let sealing_key = SealingKey::random(rng);
        let mut enrol = |group: ParticipantGroup, organisation: &str, role: Role| {
            let (key, subject) = (SigningKey::random(rng), Subject::new(organisation, role, MemberId::random(rng)));
            let root = if group == ParticipantGroup::Ledger { organisation } else { group.name() };
            let mut all = authorities.iter_mut();
            let authority = all.find(|authority| authority.root().subject().organisation == root).unwrap();
            let seals = matches!(role, Role::Hospital | Role::Cloud).then(|| sealing_key.public());
            let certificate = authority.issue(&subject.unwrap(), &key.verifying_key(), seals, Self::SECONDS, rng);
            (certificate.unwrap(), key)
        };
        let hospital = enrol(ParticipantGroup::Hospitals, "hospital A", Role::Hospital);
        let other_hospital = enrol(ParticipantGroup::Hospitals, "hospital B", Role::Hospital);
        let user = enrol(ParticipantGroup::Users, "users", Role::User);
        let mut signer = |organisation, role| {
            let (certificate, key) = enrol(ParticipantGroup::Ledger, organisation, role);
            Signer { certificate, key }
        };
        let (orderer, peer) = (signer("orderer", Role::Orderer), signer("hospital A", Role::Peer));
        let config = Config {
            channel: "phi".to_owned(),
            contract: contract::NAME.to_owned(),
            organisations: authorities.iter().map(|authority| Organisation::of_root(authority.root())).collect(),
            policy: Policy::majority(&["hospital A"]),
            orderers: "orderer".to_owned(),
            cut: CutRules::default(),
            window: Config::WINDOW,
        };
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("network");
        let mut network =
            Network::create(&folder, &config, orderer.clone(), vec![peer.clone()], Arc::new(PhiContract)).unwrap();

        // The transactions of one record: confirmation, record, a request and its completion, a request and its
        // withdrawal.
        let id = Pseudonym::from(user.0.subject().id);
        let commitment = Commitment(Digest([7; 32]));
        let nonce = Nonce([1; 24]);
        let record = RecordId::new(&nonce, &hospital.0);
        let other = Nonce([3; 24]);
        let [request, withdrawn] = [nonce, other].map(|nonce| RequestId::new(&nonce, &user.0));
        let recipient = other_hospital.0.subject().id;
        let (delta, grant) = (Digest([11; 32]), Digest([8; 32]));
        let mut proposals = Vec::new();
        for (nonce, action, (certificate, key)) in [
            (2, Action::Confirmation { record, id, commitment, hospital: hospital.0.subject().id }, &user),
            (1, Action::MedicalRecord { nonce, id, commitment }, &hospital),
            (3, Action::ShareRequest { nonce, record, recipient, delta, grant, until: Some(Self::NOW) }, &user),
            (4, Action::ShareComplete { request, deliveries: Digest([12; 32]) }, &other_hospital),
            (6, Action::ShareRequest { nonce: other, record, recipient, delta, grant, until: None }, &user),
            (7, Action::ShareWithdrawal { request: withdrawn }, &user),
        ] {
            let (nonce, action) = (Nonce([nonce; 24]), action.to_bytes());
            let proposal = Proposal::new("phi", contract::NAME, nonce, certificate, Self::NOW, action).sign(key);
            network.transact(&proposal, &Transient::default(), key, Self::NOW).unwrap();
            proposals.push(proposal);
        }
        // A proposal that is not sent, with another commitment.
        let commitment = Commitment(Digest([10; 32]));
        let (waits, hospital_id) = (RecordId(Digest([9; 32])), hospital.0.subject().id);
        let action = Action::Confirmation { record: waits, id, commitment, hospital: hospital_id }.to_bytes();
        let waiting = Proposal::new("phi", contract::NAME, Nonce([5; 24]), &user.0, Self::NOW, action);
        proposals.push(waiting.sign(&user.1));
        let committed: Vec<_> = (0..network.height()).map(|n| network.peer(0).unwrap().block(n).unwrap()).collect();
        network.checkpoint();
        let read = |name| fs::read(folder.join("peer-0").join(name)).unwrap();
        let [blocks, state, verdicts] = [ledger::BLOCKS_NAME, ledger::STATE_NAME, ledger::VERDICTS_NAME].map(read);
        let msp = config.msp().unwrap();
        Self {
            record,
            request,
            k_re: ReKey::new(&k_e, &k_e_prime).unwrap(),
            params,
            k_d,
            k_e,
            capsule,
            lv08: Lv08::key_gen(&(), b"", rng),
            sealing_key,
            channel: Channel { config: config.clone(), msp: config.msp().unwrap() },
            member: msp.validate(&hospital.0).unwrap(),
            signer: hospital.1.clone(),
            orderer: Mutex::new(Orderer::create(&dir.path().join("orderer"), &config, orderer).unwrap()),
            msp,
            config,
            hospital,
            peer,
            network: Mutex::new(network),
            block: committed[1].block.clone(),
            proposals,
            committed,
            blocks,
            state,
            verdicts,
            _dir: dir,
        }
    }
}
