//! The machine of a measurement: processor, system, load and build.

use serde_json::{Value, json};

/// The value of the first line `NAME: value` with this name in a file of `/proc`.
fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.split(':').next().is_some_and(|found| found.trim() == name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}

/// The text of a file of `/proc` that holds one line.
fn line(file: &str) -> String {
    std::fs::read_to_string(file).map_or_else(|_| "unknown".into(), |text| text.trim().to_owned())
}

/// The processor's name with its family, model and stepping. These distinguish processors that have the same name.
pub(super) fn processor() -> String {
    let get = |name| field("/proc/cpuinfo", name);
    let name = get("model name").unwrap_or_else(|| "unknown processor".into());
    match (get("cpu family"), get("model"), get("stepping")) {
        (Some(family), Some(model), Some(stepping)) => {
            format!("{name} (family {family}, model {model}, stepping {stepping})")
        }
        _ => name,
    }
}

/// The machine, the build and the load at this moment.
pub(super) fn describe(cores: usize) -> Value {
    let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
    json!({
        "date": now,
        "processor": processor(),
        "cores": cores,
        "architecture": std::env::consts::ARCH,
        "kernel": line("/proc/sys/kernel/osrelease"),
        "load_average": line("/proc/loadavg"),
        "avx512ifma": avx512ifma(),
        "phi_pre": env!("CARGO_PKG_VERSION"),
        "commit": env!("PHI_PRE_COMMIT"),
        "rustc": env!("PHI_PRE_RUSTC"),
        "libraries": env!("PHI_PRE_LIBRARIES"),
        "compiled_for_avx512ifma": cfg!(target_feature = "avx512ifma"),
        "debug_assertions": cfg!(debug_assertions),
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
