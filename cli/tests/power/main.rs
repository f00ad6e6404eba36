//! Simulated loss of power: the test records what processes do to a folder. From every state of the disk that the
//! record allows, everything that was acknowledged must be recovered.
//!
//! `PHI_PRE_CRASH_KILLS` scales the number of tested states, and `PHI_PRE_CRASH_SEED` seeds their choice.

#![cfg(all(target_os = "linux", target_env = "gnu", any(target_arch = "x86_64", target_arch = "aarch64")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, reason = "the rooms of one test")]

mod calls;
#[path = "../support/child.rs"]
mod child;
mod cloud;
mod disk;
mod files;
mod job;
#[path = "../crash/kill.rs"]
#[allow(dead_code, reason = "shared with the tests that kill processes")]
mod kill;
mod ledger;
mod log;
mod model;
mod repair;
mod scene;
mod trace;
#[path = "../../../tests/ledger/world.rs"]
#[allow(dead_code, reason = "shared with the other tests of the ledger")]
mod world;

/// The process that the other tests trace.
#[test]
#[ignore = "a process of its own, started by the other tests"]
fn child() {
    let Some((role, folder, seed)) = child::role() else { return };
    trace::ready();
    match role.as_str() {
        "commit" | "catch-up" => ledger::life(&role, &folder, seed),
        "repair" => repair::life(&folder, seed),
        "files" => files::life(&folder),
        "job" => job::life(&folder),
        "cloud" => cloud::life(&folder, seed),
        "model" => model::life(&folder),
        _ => unreachable!("{role}"),
    }
}
