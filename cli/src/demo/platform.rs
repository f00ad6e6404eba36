//! The ledgers on which the demo runs: the embedded one, and a Fabric network.

use super::report::Report;
use crate::output::Failure;
#[cfg(feature = "fabric")]
use phi_pre::contract::Meaning;
use phi_pre::contract::{Creator, Ledger};
use phi_pre::flow::{Consortium, Handset};
use phi_pre::ledger::Network;
use phi_pre::pre::{Params, Seed};
use rand_core::CryptoRng;
use std::path::Path;

/// The organisations of Figure 2. Each has one peer.
const ORGANISATIONS: [&str; 4] = ["user group", "hospital A", "hospital B", "cloud group"];

/// A ledger on which the demo runs.
pub(super) trait Platform: Ledger + Sized {
    /// Adds to a failure what the ledger knows about it.
    fn explained(&self, failure: Failure) -> Failure;

    /// Compares and verifies the chains of all peers. All that the peers have stored is below `folder` afterwards. `by`
    /// asks the peers.
    fn chains(&self, folder: &Path, by: &Creator<'_>) -> Result<Chains, Failure>;
}

/// What the peers of a ledger have stored.
pub(super) struct Chains {
    /// The number of peers.
    pub(super) peers: usize,
    /// The number of blocks, if all peers have the same ones.
    pub(super) agreed: Option<u64>,
    /// The number of peers whose chains verify from block 0.
    pub(super) verified: usize,
}

/// The embedded ledger in `folder`, with new authorities.
pub(super) fn embedded(
    folder: &Path,
    phone: &mut Handset,
    mut rng: impl CryptoRng,
    report: &mut Report,
) -> Result<Consortium, Failure> {
    let params = Params::new(Seed::random(&mut rng));
    let now = crate::system::seconds();
    let consortium = Consortium::create(folder, &ORGANISATIONS, params, phone, now, &mut rng)?;
    report.step("consortium", &format!("8 authorities, 1 orderer, 4 peers ({})", ORGANISATIONS.join(", ")), []);
    report.step("policy", &format!("{} endorse", consortium.network.config().policy), []);
    Ok(consortium)
}

impl Platform for Network {
    fn explained(&self, failure: Failure) -> Failure {
        let stopped = (0..self.peers()).filter_map(|i| Some((i, self.failure(i)?)));
        stopped.fold(failure, |failure, (i, why)| format!("{failure}; peer {i} was stopped: {why}").into())
    }

    fn chains(&self, _: &Path, _: &Creator<'_>) -> Result<Chains, Failure> {
        let running = (0..self.peers()).filter_map(|i| self.peer(i));
        let verified = running.filter(|peer| peer.verify().is_ok()).count();
        Ok(Chains { peers: self.peers(), agreed: self.agreement().map(|savepoint| savepoint.height), verified })
    }
}

/// A Fabric network, with the authorities of the profile.
#[cfg(feature = "fabric")]
pub(super) fn fabric(
    profile: crate::fabric::Profile,
    mut rng: impl CryptoRng,
    report: &mut Report,
) -> Result<Consortium<phi_pre::fabric::Client>, Failure> {
    let crate::fabric::Profile { client, authorities } = profile;
    let phi_pre::fabric::Settings { channel, chaincode, endorsers, .. } = client.settings();
    report.step(
        "consortium",
        &format!("Fabric: channel {channel}, chaincode {chaincode}, 3 authorities of members"),
        [],
    );
    let peers: Vec<_> = endorsers.organisations.iter().map(|peer| peer.mspid.as_str()).collect();
    report.step("policy", &format!("at least {} of {} endorse", endorsers.at_least, peers.join(", ")), []);
    let params = Params::new(Seed::random(&mut rng));
    Ok(Consortium::over(client, params, authorities)?)
}

/// Each peer's blocks are fetched from the peer and kept in `folder`, one file for each peer.
#[cfg(feature = "fabric")]
impl Platform for phi_pre::fabric::Client {
    fn explained(&self, failure: Failure) -> Failure {
        failure
    }

    fn chains(&self, folder: &Path, by: &Creator<'_>) -> Result<Chains, Failure> {
        use std::io::Write;
        std::fs::create_dir_all(folder).map_err(|error| crate::output::named(folder, &error))?;
        let peers: Vec<_> = self.settings().endorsers.organisations.iter().map(|peer| peer.mspid.as_str()).collect();
        // A peer that does not have the last block yet is asked for the block again, by the client.
        let heights = peers.iter().map(|peer| self.height(Some(peer), by)).collect::<Result<Vec<_>, _>>()?;
        let height = heights.into_iter().max().unwrap_or_default();
        let (mut chains, mut verified) = (Vec::new(), 0);
        for (i, peer) in peers.iter().enumerate() {
            let path = folder.join(format!("peer-{i}"));
            let failed = |error: std::io::Error| crate::output::named(&path, &error);
            let mut file = std::fs::File::create_new(&path).map_err(failed)?;
            let (mut hashes, mut previous, mut whole) = (Vec::new(), None, true);
            for number in 0..height {
                let block = match self.block(number, previous, Some(peer), by) {
                    // What the peer says is no chain.
                    Err(error) if error.meaning == Meaning::Malformed => {
                        whole = false;
                        break;
                    }
                    block => block?,
                };
                block.transactions.iter().try_for_each(|transaction| file.write_all(transaction)).map_err(failed)?;
                previous = Some(block.hash);
                hashes.push((block.hash, block.codes));
            }
            verified += usize::from(whole);
            chains.push(hashes);
        }
        let same = verified == peers.len() && chains.windows(2).all(|two| two[0] == two[1]);
        Ok(Chains { peers: peers.len(), agreed: same.then_some(height), verified })
    }
}
