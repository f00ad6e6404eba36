//! The real ledger under a schedule: a network with its orderer, or peers that get their blocks from a dishonest
//! orderer.

use crate::world::World;
use phi_pre::ledger::{
    BLOCKS_NAME, Block, Contract, Network, NetworkError, OrderError, Orderer, Peer, SignedTransaction, Signer,
};
use phi_pre::time::Millis;
use phi_pre::wire::Wire;
use std::path::Path;
use std::sync::Arc;

/// The number of transactions in a full block, by the configuration of the test.
pub const FULL: usize = 10;

pub enum Ledger {
    /// A network with an honest orderer. None while it is opened again.
    Honest(Option<Box<Network>>),
    /// An orderer that accepts everything without a check. A running peer may get no blocks.
    Dishonest {
        orderer: Signer,
        contract: Arc<dyn Contract>,
        blocks: Vec<Block>,
        waiting: Vec<Vec<u8>>,
        peers: Vec<Node>,
    },
}

pub struct Node {
    signer: Signer,
    peer: Option<Peer>,
    cut_off: bool,
}

impl Ledger {
    pub fn honest(world: &World, folder: &Path, contract: Arc<dyn Contract>) -> Self {
        Self::Honest(Some(Box::new(world.network(folder, contract))))
    }

    pub fn dishonest(world: &World, folder: &Path, contract: Arc<dyn Contract>) -> Self {
        let config = world.config(contract.name());
        let genesis =
            Orderer::create(&folder.join("orderer"), &config, world.orderer.clone()).unwrap().block(0).unwrap();
        let node = |(i, signer): (usize, &Signer)| {
            let peer = Peer::create(&at(folder, i), &genesis, signer.clone(), Arc::clone(&contract)).unwrap();
            Node { signer: signer.clone(), peer: Some(peer), cut_off: false }
        };
        let peers = world.peers.iter().enumerate().map(node).collect();
        Self::Dishonest { orderer: world.orderer.clone(), contract, blocks: vec![genesis], waiting: Vec::new(), peers }
    }

    pub fn peer(&self, i: usize) -> Option<&Peer> {
        match self {
            Self::Honest(network) => network.as_ref()?.peer(i),
            Self::Dishonest { peers, .. } => peers[i].peer.as_ref(),
        }
    }

    /// Hands a transaction to the orderer.
    pub fn order(&mut self, signed: &SignedTransaction, now: Millis) -> Result<(), OrderError> {
        match self {
            Self::Honest(network) => match network.as_mut().unwrap().broadcast(signed, now) {
                Ok(()) => Ok(()),
                Err(NetworkError::Order(error)) => Err(error),
                Err(other) => panic!("{other}"),
            },
            Self::Dishonest { waiting, .. } => {
                waiting.push(signed.to_bytes());
                if waiting.len() == FULL {
                    self.cut();
                }
                Ok(())
            }
        }
    }

    pub fn cut(&mut self) {
        match self {
            Self::Honest(network) => network.as_mut().unwrap().flush().unwrap(),
            Self::Dishonest { orderer, blocks, waiting, peers, .. } => {
                if waiting.is_empty() {
                    return;
                }
                let (number, tip) = (blocks.len() as u64, blocks.last().unwrap().header.hash());
                let data = std::mem::take(waiting);
                let block = Block::seal(number, Some(tip), data, &orderer.certificate, &orderer.key);
                for node in peers.iter_mut().filter(|node| !node.cut_off) {
                    if let Some(peer) = &mut node.peer {
                        peer.commit(&block).unwrap();
                    }
                }
                blocks.push(block);
            }
        }
    }

    /// Stops the peer.
    pub fn stop(&mut self, i: usize) {
        match self {
            Self::Honest(network) => network.as_mut().unwrap().stop(i),
            Self::Dishonest { peers, .. } => peers[i].peer = None,
        }
    }

    /// The peer keeps running and gets no blocks. With an honest orderer, it is stopped instead.
    pub fn cut_off(&mut self, i: usize) {
        match self {
            Self::Honest(_) => self.stop(i),
            Self::Dishonest { peers, .. } => peers[i].cut_off = true,
        }
    }

    /// Restarts the peer, which catches up.
    pub fn rejoin(&mut self, i: usize, folder: &Path) {
        match self {
            Self::Honest(network) => {
                let network = network.as_mut().unwrap();
                if network.peer(i).is_none() {
                    network.restart(i).unwrap();
                }
            }
            Self::Dishonest { peers, blocks, contract, .. } => {
                let node = &mut peers[i];
                node.cut_off = false;
                let reopen = || Peer::open(&at(folder, i), node.signer.clone(), Arc::clone(contract)).unwrap().0;
                let mut peer = node.peer.take().unwrap_or_else(reopen);
                while peer.height() < blocks.len() as u64 {
                    peer.commit(&blocks[usize::try_from(peer.height()).unwrap()]).unwrap();
                }
                node.peer = Some(peer);
            }
        }
    }

    /// Stops and restarts all nodes. Returns whether the waiting transactions are lost.
    pub fn reopen(&mut self, world: &World, folder: &Path, contract: &Arc<dyn Contract>) -> bool {
        match self {
            Self::Honest(network) => {
                *network = None;
                let (orderer, peers) = (world.orderer.clone(), world.peers.clone());
                *network = Some(Box::new(Network::open(folder, orderer, peers, Arc::clone(contract)).unwrap().0));
                true
            }
            Self::Dishonest { peers, .. } => {
                for i in 0..peers.len() {
                    self.stop(i);
                    self.rejoin(i, folder);
                }
                false
            }
        }
    }
}

fn at(folder: &Path, i: usize) -> std::path::PathBuf {
    folder.join(format!("peer-{i}"))
}

/// The block files, the orderer's first.
pub fn block_files(folder: &Path) -> Vec<Vec<u8>> {
    let file = |name: &str| std::fs::read(folder.join(name).join(BLOCKS_NAME)).unwrap();
    ["orderer", "peer-0", "peer-1", "peer-2"].map(file).to_vec()
}
