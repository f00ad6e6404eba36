//! Requests to valgrind's memcheck (valgrind.h, memcheck.h). A request is a sequence of instructions that changes nothing
//! on a processor and that valgrind recognises.
#![allow(unsafe_code)] // the sequence; memory is marked, and neither read nor written

use std::hint::black_box;

const RUNNING_ON_VALGRIND: usize = 0x1001;
const COUNT_ERRORS: usize = 0x1201;
const MAKE_MEM_UNDEFINED: usize = 0x4d43_0001;
const MAKE_MEM_DEFINED: usize = 0x4d43_0002;

/// Whether this architecture has the requests here.
pub(crate) const SUPPORTED: bool = cfg!(all(target_arch = "x86_64", target_os = "linux"));

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn request(request: usize, address: usize, length: usize) -> usize {
    let arguments = [request, address, length, 0, 0, 0];
    let mut answer = 0_usize;
    // SAFETY: the rotations add up to 128 bits, and rbx is exchanged with itself, so nothing changes. Valgrind writes rdx.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            in("rax") arguments.as_ptr(), inout("rdx") answer, out("rdi") _,
        );
    }
    answer
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn request(_: usize, _: usize, _: usize) -> usize {
    0
}

/// Whether this process runs under valgrind.
pub(crate) fn running() -> bool {
    request(RUNNING_ON_VALGRIND, 0, 0) != 0
}

/// The number of complaints so far, without the suppressed ones.
pub(crate) fn complaints() -> usize {
    request(COUNT_ERRORS, 0, 0)
}

/// Marks the bytes of a value as undefined: from here on they count as secret.
pub(crate) fn mark_secret<T: ?Sized>(value: &mut T) {
    request(MAKE_MEM_UNDEFINED, std::ptr::from_mut(value).cast::<u8>() as usize, size_of_val(value));
    black_box(value);
}

/// Marks the bytes of a value as defined: from here on they count as public.
pub(crate) fn mark_public<T: ?Sized>(value: &mut T) {
    request(MAKE_MEM_DEFINED, std::ptr::from_mut(value).cast::<u8>() as usize, size_of_val(value));
    black_box(value);
}
