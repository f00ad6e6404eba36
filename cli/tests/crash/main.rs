//! Tests of crash safety: killed processes, truncated and damaged files, full disks.
//!
//! `PHI_PRE_CRASH_KILLS` scales the number of kills, and `PHI_PRE_CRASH_SEED` seeds the points at which they happen.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, reason = "the rooms of one test")]

#[path = "../support/child.rs"]
mod child;
mod cloud;
#[path = "../../../tests/support/consortium.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod consortium;
mod damage;
mod envelopes;
mod full;
mod kill;
mod ledger;
#[path = "../../../tests/ledger/world.rs"]
#[allow(dead_code, reason = "shared with the other tests of the ledger")]
mod world;

/// The process that the other tests start, kill or let run into a full disk.
#[test]
#[ignore = "a process of its own, started by the other tests"]
fn child() {
    let Some((role, folder, seed)) = child::role() else { return };
    match role.as_str() {
        "commit" => ledger::commit(&folder, seed),
        "catch-up" => ledger::catch_up(&folder, seed),
        "found" => ledger::found(&folder),
        "repair" => ledger::repair(&folder),
        "cloud" => drop(cloud::life(&folder, seed)),
        "envelopes" => envelopes::life(&folder, seed),
        _ => full::run(&role, &folder),
    }
}
