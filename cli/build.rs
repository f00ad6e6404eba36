//! Records what is needed to reproduce a figure: the commit, the compiler, and the versions of the libraries.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The libraries whose speed affects the figures.
const LIBRARIES: [&str; 7] = ["ark-bls12-381", "ark-ec", "ark-ff", "blst", "aws-lc-rs", "sha2", "rayon"];

fn main() {
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    // In a checkout the lock file lies in the workspace; in a published package it lies beside the manifest.
    let lock = [package.join("../Cargo.lock"), package.join("Cargo.lock")].into_iter().find(|path| path.is_file());
    let text = lock.as_ref().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    let versions = LIBRARIES.map(|name| format!("{name} {}", version(&text, name)));
    // Only the repository of this workspace, not one that happens to contain the package.
    let git = package.join("../.git");
    let commit = if git.exists() {
        output(Command::new("git").args(["rev-parse", "HEAD"]).current_dir(&package))
    } else {
        "unknown".into()
    };
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    for (name, value) in [
        ("PHI_PRE_LIBRARIES", versions.join(", ")),
        ("PHI_PRE_RUSTC", output(Command::new(rustc).arg("--version"))),
        ("PHI_PRE_COMMIT", commit),
    ] {
        println!("cargo::rustc-env={name}={value}");
    }
    for path in lock.iter().map(PathBuf::as_path).chain([git.join("HEAD").as_path(), git.join("logs/HEAD").as_path()]) {
        watch(path);
    }
    println!("cargo::rerun-if-changed=build.rs");
}

fn watch(path: &Path) {
    if path.exists() {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}

fn version<'a>(lock: &'a str, name: &str) -> &'a str {
    let after = lock.split_once(&format!("name = \"{name}\"\nversion = \"")).map(|(_, after)| after);
    after.and_then(|after| after.split('"').next()).unwrap_or("unknown")
}

/// The standard output of the program, or `unknown` where it fails.
fn output(command: &mut Command) -> String {
    let printed = command.output().ok().filter(|done| done.status.success()).map(|done| done.stdout);
    printed
        .and_then(|text| String::from_utf8(text).ok())
        .map_or_else(|| "unknown".into(), |text| text.trim().to_owned())
}
