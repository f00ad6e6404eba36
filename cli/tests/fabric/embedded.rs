//! The ledger of the library in one process, with the organisations and the policy of the Fabric network.

use crate::network::{CHANNEL, ENDORSERS, Network, PEERS};
use crate::now;
use crate::organisations::Organisation;
use crate::schedule::{Cast, Fault, Side, Verdict, Who};
use p256::ecdsa::Signature;
use phi_pre::contract::{self, Action, PhiContract, Record, RecordId};
use phi_pre::identity::{RevocationList, Role};
use phi_pre::ledger::{
    self, Code, Config, CutRules, EndorseError, NetworkError, Nonce, Policy, Proposal, SignedTransaction, Simulation,
    Transaction, Transient, TxId,
};
use phi_pre::time::Millis;
use phi_pre::wire::Wire;
use rand_chacha::ChaCha20Rng;
use std::sync::Arc;

pub struct Embedded {
    network: ledger::Network,
    rng: ChaCha20Rng,
    _folder: tempfile::TempDir,
}

impl Embedded {
    pub fn new(network: &mut Network) -> Self {
        let (folder, now) = (tempfile::tempdir().unwrap(), now());
        let organisation = |found: &Organisation| ledger::Organisation {
            mspid: found.msp_id(),
            group: found.authority.group(),
            root: found.authority.root().clone(),
        };
        let config = Config {
            channel: CHANNEL.into(),
            contract: contract::NAME.into(),
            organisations: network.organisations().iter().map(organisation).collect(),
            policy: Policy::at_least(ENDORSERS.try_into().unwrap(), PEERS.map(Policy::organisation).to_vec()),
            orderers: "orderer".into(),
            cut: CutRules::default(),
            window: Config::WINDOW,
        };
        let rng = &mut network.fork();
        let mut node = |name, role| network.organisation(name).enrol(name, role, now, rng);
        let (orderer, peers) = (node("orderer", Role::Orderer), PEERS.map(|name| node(name, Role::Peer)));
        let network = ledger::Network::create(folder.path(), &config, orderer, peers.to_vec(), Arc::new(PhiContract));
        Self { network: network.unwrap(), rng: rng.clone(), _folder: folder }
    }
}

impl Embedded {
    /// Revokes certificates.
    pub fn revoke(&mut self, list: &RevocationList) {
        self.network.revoke(list).unwrap();
    }
}

/// The other signature that satisfies the equation of ECDSA: (r, n - s).
pub fn high_s(signature: &[u8; 64]) -> Signature {
    let (r, s) = Signature::from_slice(signature).unwrap().split_scalars();
    Signature::from_scalars(r, -s).unwrap()
}

/// The time of a proposal.
pub fn time(fault: Fault) -> Millis {
    let late = if fault == Fault::Late { 16 * 60 * 1000 } else { 0 };
    Millis(Millis::from(std::time::SystemTime::now()).0 - late)
}

impl Side for Embedded {
    type Envelope = SignedTransaction;

    fn endorse(&mut self, cast: &Cast, who: Who, action: &Action, fault: Fault) -> Result<SignedTransaction, Verdict> {
        let (signer, nonce) = (cast.signer(who), Nonce::random(&mut self.rng));
        let proposal =
            Proposal::new(CHANNEL, contract::NAME, nonce, &signer.certificate, time(fault), action.to_bytes());
        let signed = proposal.sign(&signer.key);
        let mut answers =
            self.network.endorse(&signed, &Transient::default(), time(Fault::None)).map_err(|error| match error {
                NetworkError::Endorse(EndorseError::Refused(refusal)) => Verdict::Contract(refusal.code),
                NetworkError::Endorse(_) => Verdict::Endorsers,
                other => panic!("{other}"),
            })?;
        answers.truncate(if fault == Fault::OneEndorser { 1 } else { ENDORSERS });
        let mut transaction = Transaction::assemble(signed.proposal, answers).unwrap();
        if let Fault::Txid(txid) = fault {
            transaction.proposal.txid = txid;
        }
        let mut envelope = transaction.sign(&signer.key).unwrap();
        match fault {
            Fault::Signature => envelope.signature = *signer.key.sign(b"something else").as_bytes(),
            Fault::HighS => envelope.signature = high_s(&envelope.signature).to_bytes().into(),
            _ => {}
        }
        Ok(envelope)
    }

    fn txid(&self, envelope: &SignedTransaction) -> TxId {
        envelope.proposal().unwrap().txid
    }

    fn order(&mut self, envelopes: &[SignedTransaction]) -> Verdict {
        let before = self.network.height();
        for envelope in envelopes {
            match self.network.broadcast(envelope, time(Fault::None)) {
                Ok(()) => {}
                Err(NetworkError::Order(_)) => return Verdict::Orderer,
                Err(other) => panic!("{other}"),
            }
        }
        self.network.flush().unwrap();
        let block = |number| self.network.peer(0).unwrap().block(number).unwrap();
        let blocks = (before..self.network.height()).map(block);
        Verdict::Codes(blocks.flat_map(|block| block.metadata.codes).map(Code::number).collect())
    }

    fn record(&mut self, _: &Cast, id: RecordId) -> Option<Record> {
        self.network.read(|snapshot| Ok(contract::record(&mut Simulation::new(snapshot), id))).unwrap().unwrap()
    }

    fn outcome(&mut self, _: &Cast, txid: TxId) -> Option<u8> {
        self.network.outcome(&txid).unwrap().map(|outcome| outcome.code.number())
    }
}
