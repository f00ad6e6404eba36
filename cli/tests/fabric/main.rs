//! Tests on a real network of Hyperledger Fabric 3, which is made on loopback in a temporary folder.
//!
//! The programs `peer`, `orderer`, `configtxgen` and `osnadmin` must be in the folder that `PHI_PRE_FABRIC_BIN` names,
//! or on the path; without them the tests are skipped. `PHI_PRE_FABRIC_ORDERING=bft` runs the tests with four orderers
//! that tolerate Byzantine faults. All tests share one network, so they run one after the other, in the order of
//! [`TESTS`]. Arguments select the tests whose names contain one of them.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, reason = "the modules of one test")]

mod chaincode;
mod changes;
mod channel;
mod embedded;
mod faults;
mod flow;
mod gateway;
mod network;
mod organisations;
mod programs;
mod proxy;
mod schedule;

use network::{Network, Ordering};
use phi_pre::time::Seconds;
use programs::Programs;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Instant, SystemTime};

/// A test on the network that all tests share.
type Test = fn(&mut Network);

/// The tests, in their order.
const TESTS: &[(&str, Test)] = &[
    ("same_verdicts", schedule::same_verdicts),
    ("figures_2_to_4", flow::figures_2_to_4),
    ("a_peer_is_killed", faults::a_peer_is_killed),
    ("the_orderer_is_killed", faults::the_orderer_is_killed),
    ("a_chaincode_is_killed", faults::a_chaincode_is_killed),
    ("a_gateway_is_cut_in_a_submit", faults::a_gateway_is_cut_in_a_submit),
    ("the_chaincode_is_upgraded", changes::the_chaincode_is_upgraded),
    ("a_stranger_revokes_nobody", changes::a_stranger_revokes_nobody),
    ("a_certificate_is_revoked", changes::a_certificate_is_revoked),
    ("the_demo", flow::the_demo),
];

/// The time of the system's clock.
fn now() -> Seconds {
    SystemTime::now().into()
}

fn main() -> ExitCode {
    programs::becomes_another();
    let named: Vec<_> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let chosen: Vec<_> = TESTS
        .iter()
        .filter(|(name, _)| named.is_empty() || named.iter().any(|part| name.contains(part.as_str())))
        .collect();
    let programs = match Programs::find() {
        Ok(programs) => programs,
        Err(reason) => {
            for (name, _) in chosen {
                println!("test {name} ... skipped: {reason}");
            }
            return ExitCode::SUCCESS;
        }
    };
    if chosen.is_empty() {
        return ExitCode::SUCCESS;
    }
    let ordering = match std::env::var("PHI_PRE_FABRIC_ORDERING").as_deref() {
        Err(_) | Ok("raft") => Ordering::Raft,
        Ok("bft") => Ordering::Bft,
        Ok(other) => panic!("PHI_PRE_FABRIC_ORDERING={other}: neither raft nor bft"),
    };
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).unwrap();
    let started = Instant::now();
    let mut network = Network::start(programs, ordering, ChaCha20Rng::from_seed(seed));
    println!("the network was started in {:.1?}", started.elapsed());
    let mut failed = Vec::new();
    for (name, test) in chosen {
        let started = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| test(&mut network)));
        println!("test {name} ... {} in {:.1?}", if result.is_ok() { "ok" } else { "FAILED" }, started.elapsed());
        if result.is_err() {
            println!("{}", network.logs());
            failed.push(*name);
        }
    }
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
