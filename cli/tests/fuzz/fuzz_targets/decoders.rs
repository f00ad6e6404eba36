//! Runs the decoder that `PHI_PRE_DECODER` names on the inputs of libFuzzer. A failed property, a panic that leaves the
//! decoder, and memory above the decoder's bound end the process.
#![no_main]

#[path = "../../hostile/decoders.rs"]
mod decoders;
#[path = "../../hostile/fixture.rs"]
mod fixture;

use decoders::Decoder;
use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

static DECODER: OnceLock<&Decoder> = OnceLock::new();
/// The text of the last panic. The library catches panics inside redb, but libFuzzer's own hook would end the process.
static PANIC: Mutex<String> = Mutex::new(String::new());

fn begin() {
    let name = std::env::var("PHI_PRE_DECODER").expect("PHI_PRE_DECODER names a decoder");
    let decoder = decoders::named(&name).unwrap_or_else(|| panic!("no decoder {name}"));
    std::panic::set_hook(Box::new(|panic| *PANIC.lock().expect("no panic while it is held") = panic.to_string()));
    // Builds the tables that are made once, so that their memory is not attributed to the input.
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
