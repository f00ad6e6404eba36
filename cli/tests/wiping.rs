//! A key file leaves no key in freed memory: neither when its text is made, nor when the text is read.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../tests/wiping/memory.rs"]
mod memory;

use memory::{Keeping, STACK, after};
use phi_pre_cli::{KeyFile, key_file_text, parse_key_file};
use std::hint::black_box;

#[global_allocator]
static ALLOCATOR: Keeping = Keeping;

#[test]
fn a_key_file_leaves_no_key() {
    std::thread::Builder::new().stack_size(STACK).spawn(on_a_known_stack).unwrap().join().unwrap();
}

fn on_a_known_stack() {
    let key: [u8; 96] = std::array::from_fn(|i| u8::try_from(7 * i % 251).unwrap());
    let digits = hex::encode(key).into_bytes();
    let text = key_file_text(KeyFile::ReKey, &key);
    // Eight bytes of the key, or of its digits.
    let found = |memory: &[u8]| {
        let mut parts = key.windows(8).chain(digits.windows(8));
        parts.any(|part| memory.windows(8).any(|window| window == part))
    };
    let left = |operation: &mut dyn FnMut()| {
        after(operation, |remains| remains.heap.iter().map(|block| found(block)).collect::<Vec<_>>())
    };
    for (name, operation) in [
        ("written", &mut (|| _ = black_box(key_file_text(KeyFile::ReKey, &key))) as &mut dyn FnMut()),
        ("read", &mut || _ = black_box(parse_key_file(KeyFile::ReKey, &text).unwrap())),
    ] {
        let blocks = left(operation);
        assert!(!blocks.is_empty() && !blocks.contains(&true), "{name}: {blocks:?}");
    }
    let control = left(&mut || _ = black_box(Box::new(key)));
    assert_eq!(control, [true], "a key that is left is found");
}
