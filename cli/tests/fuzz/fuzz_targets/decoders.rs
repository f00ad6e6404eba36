//! One decoder of the table, named by `PHI_PRE_DECODER`, on what libFuzzer thinks of. A property that fails, a panic that
//! gets out of the decoder and memory above its bound end the process.
#![no_main]

#[path = "../../hostile/decoders.rs"]
mod decoders;
#[path = "../../hostile/fixture.rs"]
mod fixture;

use decoders::Decoder;
use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;
use phi_pre::wire::Wire;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

static DECODER: OnceLock<&Decoder> = OnceLock::new();
/// The last panic. Those inside redb are caught by the library; libFuzzer's own hook would end the process at them.
static PANIC: Mutex<String> = Mutex::new(String::new());

fn begin() {
    let name = std::env::var("PHI_PRE_DECODER").expect("PHI_PRE_DECODER names a decoder");
    let decoder = decoders::named(&name).unwrap_or_else(|| panic!("no decoder {name}"));
    std::panic::set_hook(Box::new(|panic| *PANIC.lock().expect("no panic while it is held") = panic.to_string()));
    // Tables that are made once are not the input's doing.
    let record = fixture::FIXTURE.capsule.to_bytes();
    assert!(decoders::named("records").is_some_and(|records| (records.run)(&record.repeat(9))));
    let _ = DECODER.set(decoder);
}

fuzz_target!(init: begin(), |bytes: &[u8]| {
    let decoder = DECODER.get().expect("set before the first input");
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    if catch_unwind(AssertUnwindSafe(|| (decoder.run)(bytes))).is_err() {
        eprintln!("{}: {}", decoder.name, PANIC.lock().expect("no panic while it is held"));
        std::process::abort();
    }
    let held = MEMORY.peak_usage().saturating_sub(before);
    let (base, each) = decoder.memory;
    if held > base + each * bytes.len() {
        eprintln!("{}: {held} bytes of memory for {} bytes", decoder.name, bytes.len());
        std::process::abort();
    }
});
