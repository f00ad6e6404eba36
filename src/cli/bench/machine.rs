//! What the figures were taken on.

use serde_json::{Value, json};

/// The processor's own name.
pub(super) fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown processor");
    name.to_owned()
}

pub(super) fn describe(cores: usize) -> Value {
    let versions: Vec<_> = ["ark-bls12-381", "ark-ec", "ark-ff", "blst", "aws-lc-rs", "sha2", "rayon"]
        .into_iter()
        .map(|name| format!("{name} {}", version(name).unwrap_or("unknown")))
        .collect();
    json!({
        "processor": processor(),
        "cores": cores,
        "architecture": std::env::consts::ARCH,
        "system": std::env::consts::OS,
        "avx512ifma": avx512ifma(),
        "compiled_for_avx512ifma": cfg!(target_feature = "avx512ifma"),
        "debug_assertions": cfg!(debug_assertions),
        "phi_pre": env!("CARGO_PKG_VERSION"),
        "versions": versions,
    })
}

#[cfg(target_arch = "x86_64")]
fn avx512ifma() -> bool {
    is_x86_feature_detected!("avx512ifma")
}

#[cfg(not(target_arch = "x86_64"))]
fn avx512ifma() -> bool {
    false
}

/// The version of a dependency, as the lock file of this build has it.
fn version(name: &str) -> Option<&'static str> {
    let lock = include_str!("../../../Cargo.lock");
    let (_, after) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    after.split('"').next()
}
