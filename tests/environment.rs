//! The library reads no environment variable: a program that links it decides what its environment means.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use phi_pre::group::{Engaged, Engine, Gt};
use std::process::Command;

/// Computes with the library, in a process that the next test starts.
#[test]
fn the_fastest_engine_computes() {
    assert_eq!(Engine::available().last(), Some(Engaged::current()));
    assert_eq!(Gt::generator() / Gt::generator(), Gt::identity());
}

#[test]
fn the_variable_of_the_command_means_nothing_to_the_library() {
    for engine in ["", "abacus", "plain", "lanes"] {
        let mut test = Command::new(std::env::current_exe().unwrap());
        let run = test.args(["--exact", "the_fastest_engine_computes"]).env("PHI_PRE_ENGINE", engine).output().unwrap();
        let report = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && report.contains("1 passed"), "{engine:?}: {report}");
    }
}
