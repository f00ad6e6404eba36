//! The participants of the tests and benches of the ledger: authorities, certificates and keys from a fixed seed, and a
//! contract that increments counters.

use phi_pre::contract::{Action, PhiContract};
use phi_pre::identity::{Authority, Certificate, MemberId, ParticipantGroup, Role, SigningKey, Subject};
use phi_pre::ledger::{
    Config, Contract, ContractRefusal, CutRules, Endorsed, Endorsement, Invocation, InvokeError, Network, Nonce,
    Organisation, Outcome, Payload, Policy, Proposal, ReadWriteSet, SignedProposal, SignedTransaction, Signer, State,
    Transaction, Transient,
};
use phi_pre::time::Millis;
use phi_pre::wire::Wire;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::path::Path;
use std::sync::Arc;

/// 2025-06-01T12:00:00Z in milliseconds.
pub const NOW: Millis = Millis(1_748_779_200_000);
pub const CHANNEL: &str = "records";
/// The organisation of the orderer.
pub const ORDERERS: &str = "ledger";
pub const ORGANISATIONS: [&str; 3] = ["North Hospital", "South Hospital", "Cloud One"];

pub struct World {
    pub rng: ChaCha20Rng,
    pub users: Authority,
    pub hospitals: Authority,
    /// The authorities of the orderer's organisation and of the three organisations of the peers.
    pub nodes: Vec<Authority>,
    pub orderer: Signer,
    pub peers: Vec<Signer>,
    pub north: Signer,
    pub south: Signer,
    pub alice: Signer,
    pub bob: Signer,
}

pub fn enrol(ca: &mut Authority, organisation: &str, role: Role, rng: &mut ChaCha20Rng) -> Signer {
    let key = SigningKey::random(rng);
    let subject = Subject::new(organisation, role, MemberId::random(rng)).unwrap();
    let certificate = ca.issue(&subject, &key.verifying_key(), None, NOW.seconds(), rng).unwrap();
    Signer { certificate, key }
}

impl World {
    pub fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(23);
        let mut users = Authority::new(ParticipantGroup::Users, &mut rng, NOW.seconds()).unwrap();
        let mut hospitals = Authority::new(ParticipantGroup::Hospitals, &mut rng, NOW.seconds()).unwrap();
        let mut nodes = Vec::new();
        let mut node = |name: &str, role| {
            let mut authority = Authority::of_organisation(name, &mut rng, NOW.seconds()).unwrap();
            let signer = enrol(&mut authority, name, role, &mut rng);
            nodes.push(authority);
            signer
        };
        let orderer = node(ORDERERS, Role::Orderer);
        let peers = ORGANISATIONS.map(|name| node(name, Role::Peer)).to_vec();
        let north = enrol(&mut hospitals, ORGANISATIONS[0], Role::Hospital, &mut rng);
        let south = enrol(&mut hospitals, ORGANISATIONS[1], Role::Hospital, &mut rng);
        let alice = enrol(&mut users, "users", Role::User, &mut rng);
        let bob = enrol(&mut users, "users", Role::User, &mut rng);
        Self { rng, users, hospitals, nodes, orderer, peers, north, south, alice, bob }
    }

    /// The configuration: the majority of the three organisations endorses, and a block has at most ten transactions.
    pub fn config(&self, contract: &str) -> Config {
        Config {
            channel: CHANNEL.into(),
            contract: contract.into(),
            organisations: [&self.users, &self.hospitals]
                .into_iter()
                .chain(&self.nodes)
                .map(|ca| Organisation::of_root(ca.root()))
                .collect(),
            policy: Policy::majority(&ORGANISATIONS),
            orderers: ORDERERS.into(),
            cut: CutRules { max_messages: 10, ..CutRules::default() },
            window: Config::WINDOW,
        }
    }

    pub fn network(&self, folder: &Path, contract: Arc<dyn Contract>) -> Network {
        let config = self.config(contract.name());
        Network::create(folder, &config, self.orderer.clone(), self.peers.clone(), contract).unwrap()
    }

    pub fn counters(&self, folder: &Path) -> Network {
        self.network(folder, Arc::new(Counter))
    }

    pub fn records(&self, folder: &Path) -> Network {
        self.network(folder, Arc::new(PhiContract))
    }

    pub fn nonce(&mut self) -> Nonce {
        Nonce::random(&mut self.rng)
    }

    pub fn increment(&mut self, key: &str) -> Proposal {
        let nonce = self.nonce();
        Proposal::new(CHANNEL, Counter.name(), nonce, &self.alice.certificate, NOW, key.as_bytes().to_vec())
    }

    pub fn act(&mut self, who: &Signer, action: &Action) -> SignedProposal {
        let (nonce, contract) = (self.nonce(), phi_pre::contract::NAME);
        Proposal::new(CHANNEL, contract, nonce, &who.certificate, NOW, action.to_bytes()).sign(&who.key)
    }
}

pub fn id(certificate: &Certificate) -> MemberId {
    certificate.subject().id
}

/// The transaction of this proposal, endorsed by the peers of `network` and signed by `who`.
pub fn signed_transaction(network: &Network, proposal: Proposal, who: &Signer) -> SignedTransaction {
    let signed = proposal.sign(&who.key);
    let answers = network.endorse(&signed, &Transient::default(), NOW).unwrap();
    Transaction::assemble(signed.proposal, answers).unwrap().sign(&who.key).unwrap()
}

/// An endorsement of an empty read-write set, signed without a simulation.
pub fn forged(proposal: &Proposal, endorser: &Signer) -> Endorsed {
    let payload = Payload { proposal: proposal.digest(), response: Vec::new(), rwset: ReadWriteSet::default() };
    let endorsement = Endorsement::sign(&payload.to_bytes(), &endorser.certificate, &endorser.key);
    Endorsed { payload, endorsement }
}

/// Adds one to the number under the key that the action names. Refuses the empty key.
pub struct Counter;

impl Contract for Counter {
    fn name(&self) -> &'static str {
        "counter"
    }

    fn invoke(&self, state: &mut dyn State, call: &Invocation<'_>) -> Result<Vec<u8>, InvokeError> {
        let key = core::str::from_utf8(call.action).unwrap_or_default();
        if key.is_empty() {
            return Err(ContractRefusal { code: 1, reason: "no key".into() }.into());
        }
        let count = state.get(key)?.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes);
        let next = (count + 1).to_be_bytes().to_vec();
        state.put(key, next.clone())?;
        Ok(next)
    }
}

pub fn count(network: &Network, key: &str) -> u64 {
    network.get(key).unwrap().map_or(0, |bytes| u64::from_be_bytes(bytes.try_into().unwrap()))
}

pub fn increment(network: &mut Network, world: &mut World, key: &str) -> Outcome {
    let proposal = world.increment(key).sign(&world.alice.key);
    network.transact(&proposal, &Transient::default(), &world.alice.key, NOW).unwrap()
}

/// Orders these transactions as one block, checks that all peers agree, and returns its codes.
pub fn block_of(network: &mut Network, transactions: &[SignedTransaction]) -> Vec<u8> {
    for signed in transactions {
        network.broadcast(signed, NOW).unwrap();
    }
    network.flush().unwrap();
    let last = network.height() - 1;
    assert!(network.agreement().is_some_and(|savepoint| savepoint.height == last + 1));
    let block = network.peer(0).unwrap().block(last).unwrap();
    block.metadata.codes.iter().map(|code| code.number()).collect()
}

/// (r, n - s), which is also a valid ECDSA signature unless s must be low.
pub fn negate_s(signature: &[u8; 64]) -> [u8; 64] {
    const N: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut out = *signature;
    let mut borrow = false;
    for i in (0..32).rev() {
        let (difference, low) = N[i].overflowing_sub(signature[32 + i]);
        let (difference, lower) = difference.overflowing_sub(u8::from(borrow));
        (out[32 + i], borrow) = (difference, low || lower);
    }
    out
}
