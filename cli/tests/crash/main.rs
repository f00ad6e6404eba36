//! Crash safety: processes that are killed, files that are cut or changed, disks that are full.
//!
//! `PHI_PRE_CRASH_KILLS` is the number of processes to kill, `PHI_PRE_CRASH_SEED` chooses where.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, reason = "the rooms of one test")]

mod cloud;
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
    let Ok(role) = std::env::var(kill::ROLE) else {
        println!("skipped: no role in {}", kill::ROLE);
        return;
    };
    let folder = std::path::PathBuf::from(std::env::var(kill::FOLDER).unwrap());
    let seed = std::env::var(kill::LIFE).unwrap().parse().unwrap();
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
