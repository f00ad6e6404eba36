//! Tests that the library reads no environment variable.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use phi_pre::group::{Engaged, Engine, Gt};
use std::process::Command;

/// Computes with the library. The next test runs this test in another process.
#[test]
fn the_fastest_engine_computes() {
    assert_eq!(Engine::available().last(), Some(Engaged::current()));
    assert_eq!(Gt::generator() / Gt::generator(), Gt::identity());
}

#[test]
fn the_library_ignores_the_variable_of_the_command() {
    for engine in ["", "abacus", "plain", "lanes"] {
        let mut test = Command::new(std::env::current_exe().unwrap());
        let run = test.args(["--exact", "the_fastest_engine_computes"]).env("PHI_PRE_ENGINE", engine).output().unwrap();
        let report = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && report.contains("1 passed"), "{engine:?}: {report}");
    }
}
