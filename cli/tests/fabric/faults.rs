//! Nodes that are killed and come back, and connections that are cut: what was acknowledged stays, and nothing is
//! written twice.

use crate::network::{Network, Ordering, PEERS};
use crate::organisations::msp_id;
use crate::programs::patiently;
use crate::proxy::{Cut, Proxy};
use crate::schedule::{Cast, Who, random};
use phi_pre::contract::{Action, Creator, Ledger, LedgerError, Meaning, Receipt, RecordId};
use phi_pre::fabric::{Client, GatewayAddress};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::{Code, Nonce};
use phi_pre::time::Millis;
use phi_pre::wire::Wire;
use rand_chacha::ChaCha20Rng;
use std::time::{Duration, SystemTime};

/// A client, and the members for whom it acts.
pub struct Scene {
    pub client: Client,
    pub cast: Cast,
    pub rng: ChaCha20Rng,
}

impl Scene {
    pub fn new(network: &mut Network, gateways: Vec<GatewayAddress>, patience: Duration) -> Self {
        Self { cast: Cast::new(network), client: network.client(gateways, patience), rng: network.fork() }
    }

    pub fn creator(&self, who: Who) -> Creator<'_> {
        let signer = self.cast.signer(who);
        Creator { certificate: &signer.certificate, key: &signer.key }
    }

    pub fn transact(&mut self, who: Who, action: &Action) -> Result<Receipt, LedgerError> {
        let signer = self.cast.signer(who);
        let creator = Creator { certificate: &signer.certificate, key: &signer.key };
        self.client.transact(action, &creator, Millis::from(SystemTime::now()), &mut self.rng)
    }

    /// A record that hospital North is to write, and its confirmation by Alice.
    fn record(&mut self) -> (RecordId, Action, Action) {
        let (nonce, commitment) = (Nonce::random(&mut self.rng), Commitment(random(&mut self.rng)));
        let record = RecordId::new(&nonce, &self.cast.signer(Who::North).certificate);
        let (id, hospital) = (self.cast.id(Who::Alice).into(), self.cast.id(Who::North));
        let confirm = Action::Confirmation { record, id, commitment, hospital };
        (record, confirm, Action::MedicalRecord { nonce, id, commitment })
    }

    /// Writes a record.
    pub fn write(&mut self, network: &Network) -> RecordId {
        let (record, confirm, write) = self.record();
        network.settle(self.transact(Who::Alice, &confirm).unwrap().block);
        network.settle(self.transact(Who::North, &write).unwrap().block);
        record
    }

    fn has(&self, record: RecordId) -> bool {
        self.client.record(record, &self.creator(Who::Alice)).unwrap().is_some()
    }

    /// The chain of the peer of `organisation`, whose links are checked: each transaction with its code.
    pub fn chain(&self, organisation: &str) -> Vec<(Vec<u8>, u8)> {
        let (by, organisation) = (self.creator(Who::Alice), Some(organisation));
        let (mut chain, mut previous) = (Vec::new(), None);
        for number in 0..self.client.height(organisation, &by).unwrap() {
            let block = self.client.block(number, previous, organisation, &by).unwrap();
            previous = Some(block.hash);
            chain.extend(block.transactions.into_iter().zip(block.codes));
        }
        chain
    }

    /// The number of valid transactions with this action.
    fn valid(&self, action: &Action) -> usize {
        let chain = self.chain(&msp_id(PEERS[0]));
        let valid = chain.iter().filter(|(_, code)| *code == Code::Valid.number());
        valid.filter(|(transaction, _)| contains(transaction, &action.to_bytes())).count()
    }
}

/// Whether `bytes` contain `part`.
pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The patience of a client.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// The patience of a client where the test expects the failure.
const SHORT: Duration = Duration::from_secs(4);

/// With one peer killed, the other two endorse. With another one stopped, nothing can be endorsed. Both come back and
/// catch up.
pub fn a_peer_is_killed(network: &mut Network) {
    let gateways = [2, 1, 0].map(|i| network.gateway(i)).to_vec();
    let mut scene = Scene::new(network, gateways, PATIENCE);
    let before = scene.write(network);
    network.kill_peer(2);
    let while_away = scene.write(network);
    network.stop_peer(1);
    let alone = vec![network.gateway(0)];
    scene.client = network.client(alone, SHORT);
    let (_, confirm, _) = scene.record();
    let error = scene.transact(Who::Alice, &confirm).unwrap_err();
    assert!(matches!(error.meaning, Meaning::Unavailable | Meaning::Timeout), "{:?}: {error}", error.meaning);
    network.start_peer(1);
    network.start_peer(2);
    let returned = vec![network.gateway(2)];
    scene.client = network.client(returned, PATIENCE);
    patiently(60, || if scene.has(while_away) { Ok(()) } else { Err("the peer does not catch up") }).unwrap();
    assert!(scene.has(before));
    network.settle(scene.transact(Who::Alice, &confirm).unwrap().block);
    assert_eq!(scene.valid(&confirm), 1);
}

/// Without the orderer, a transaction fails and is not written later; with the orderer, it is written. With BFT, three
/// of four orderers go on.
pub fn the_orderer_is_killed(network: &mut Network) {
    let gateways: Vec<_> = (0..PEERS.len()).map(|i| network.gateway(i)).collect();
    let mut scene = Scene::new(network, gateways, PATIENCE);
    let before = scene.write(network);
    let (_, confirm, _) = scene.record();
    match network.ordering {
        Ordering::Raft => {
            network.kill_orderer(0);
            let all: Vec<_> = (0..PEERS.len()).map(|i| network.gateway(i)).collect();
            let client = std::mem::replace(&mut scene.client, network.client(all, SHORT));
            let error = scene.transact(Who::Alice, &confirm).unwrap_err();
            assert!(matches!(error.meaning, Meaning::Unavailable | Meaning::Timeout), "{:?}: {error}", error.meaning);
            assert!(scene.has(before), "the peers answer without the orderer");
            network.start_orderer(0);
            scene.client = client;
        }
        Ordering::Bft => {
            network.kill_orderer(3);
            assert!(scene.write(network) != before);
            network.start_orderer(3);
        }
    }
    network.settle(scene.transact(Who::Alice, &confirm).unwrap().block);
    assert_eq!(scene.valid(&confirm), 1);
}

/// A gateway whose chaincode was killed fails, and the client continues with another gateway. A chaincode that was
/// started again is used at the next call.
pub fn a_chaincode_is_killed(network: &mut Network) {
    let all = [0, 1].map(|i| network.gateway(i)).to_vec();
    let mut scene = Scene::new(network, all, PATIENCE);
    scene.write(network);
    network.kill_chaincode(0);
    scene.write(network);
    let alone = vec![network.gateway(0)];
    let others = std::mem::replace(&mut scene.client, network.client(alone, SHORT));
    let (record, confirm, write) = scene.record();
    let error = scene.transact(Who::Alice, &confirm).unwrap_err();
    assert!(matches!(error.meaning, Meaning::Unavailable | Meaning::Timeout), "{:?}: {error}", error.meaning);
    network.start_chaincode(0);
    let alone = vec![network.gateway(0)];
    scene.client = network.client(alone, PATIENCE);
    network.settle(scene.transact(Who::Alice, &confirm).unwrap().block);
    scene.client = others;
    scene.transact(Who::North, &write).unwrap();
    assert!(scene.has(record));
}

/// If the connection breaks after the gateway has received the transaction, the client gets the outcome from the other
/// gateway and does not send the transaction again. If the connection breaks before, the outcome is unknown, and a
/// client that then sends the action again writes it once.
pub fn a_gateway_is_cut_in_a_submit(network: &mut Network) {
    let direct = network.gateway(0);
    let proxy = Proxy::new(direct.url.strip_prefix("https://").unwrap().parse().unwrap());
    let through = GatewayAddress { url: format!("https://{}", proxy.address), ..direct };
    let gateways = vec![through, network.gateway(1)];
    let mut scene = Scene::new(network, gateways, PATIENCE);
    // The connection must be open before the cut: its handshake is as large as an answer.
    let (record, confirm, write) = scene.record();
    assert!(!scene.has(record));
    proxy.cut(Cut::AfterSubmit);
    let receipt = scene.transact(Who::Alice, &confirm).unwrap();
    assert_eq!(proxy.cuts(), 1);
    assert_eq!(scene.client.outcome(receipt.txid, &scene.creator(Who::Alice)).unwrap(), Some(Code::Valid));
    network.settle(receipt.block);
    assert_eq!(scene.valid(&confirm), 1);
    network.settle(scene.transact(Who::North, &write).unwrap().block);

    let gateways = [scene.client.settings().gateways[0].clone(), network.gateway(1)].to_vec();
    scene.client = network.client(gateways, SHORT);
    let (_, confirm, _) = scene.record();
    assert!(scene.has(record));
    proxy.cut(Cut::BeforeSubmit);
    let error = scene.transact(Who::Alice, &confirm).unwrap_err();
    assert_eq!(proxy.cuts(), 2);
    let Meaning::Unknown(txid) = error.meaning else { panic!("{:?}: {error}", error.meaning) };
    assert_eq!(scene.client.outcome(txid, &scene.creator(Who::Alice)).unwrap(), None);
    assert_eq!(scene.valid(&confirm), 0);
    network.settle(scene.transact(Who::Alice, &confirm).unwrap().block);
    let again = scene.transact(Who::Alice, &confirm).unwrap_err();
    assert_eq!(again.meaning, Meaning::Refused(7), "{again}");
    assert_eq!(scene.valid(&confirm), 1);
}
