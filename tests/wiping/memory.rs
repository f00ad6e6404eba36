//! What an attacker finds in freed memory: an allocator that keeps freed blocks, and the dead part of the stack.
#![allow(dead_code, reason = "each test uses a part")]
#![allow(unsafe_code)] // an allocator, and reads of dead memory; each block states why it is sound

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};
use std::hint::black_box;

/// Hands out the system's memory. While a thread records, the blocks that the thread frees stay as they are, and every
/// reallocation moves its block.
pub(crate) struct Keeping;

/// The blocks that one recording can keep.
const KEPT: usize = 1 << 14;

/// The address, size and alignment of each block, and the number of blocks.
type Freed = ([(usize, usize, usize); KEPT], usize);

thread_local! {
    static RECORDING: Cell<bool> = const { Cell::new(false) };
    static FREED: RefCell<Freed> = const { RefCell::new(([(0, 0, 0); KEPT], 0)) };
}

// SAFETY: every block comes from the system's allocator and goes back to it once, with its own layout.
unsafe impl GlobalAlloc for Keeping {
    /// A block that is handed out during a recording begins with zeros, so that nothing older is found in the block.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { if RECORDING.get() { System.alloc_zeroed(layout) } else { System.alloc(layout) } }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if RECORDING.get() {
            FREED.with_borrow_mut(|(blocks, n)| {
                assert!(*n < KEPT, "too many blocks were freed");
                blocks[*n] = (block.expose_provenance(), layout.size(), layout.align());
                *n += 1;
            });
        } else {
            // SAFETY: as above.
            unsafe { System.dealloc(block, layout) }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !RECORDING.get() {
            // SAFETY: as above.
            return unsafe { System.realloc(block, layout, size) };
        }
        // SAFETY: the new layout is valid by the caller's promise; both blocks have the bytes that are copied.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, size.min(layout.size()));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

/// Bytes between the frame that starts an operation and the operation's own frames. The search runs within them, and so
/// does not overwrite what the operation left.
const GAP: usize = 1 << 15;
/// Bytes of the stack below the gap that are searched. No operation reaches further.
const DEPTH: usize = 1 << 20;
/// The bytes before an operation.
const PAINT: u8 = 0xa5;
/// The size of the stack of the thread that runs the operations.
pub(crate) const STACK: usize = 8 << 20;

/// What an operation left behind.
pub(crate) struct Remains<'a> {
    /// Each freed block.
    pub(crate) heap: Vec<&'a [u8]>,
    /// The dead stack, the deepest byte first.
    pub(crate) stack: &'a [u8],
}

impl Remains<'_> {
    /// Whether the deepest KiB that the operation has used was overwritten: if an operation uses the stack below the
    /// overwritten part, other words are left there. The calls that overwrite the stack leave a few return addresses.
    pub(crate) fn deepest_is_zero(&self) -> bool {
        let untouched = self.stack.iter().take_while(|byte| **byte == PAINT).count();
        let deepest = self.stack[untouched..].iter().take(1024).collect::<Vec<_>>();
        deepest.chunks(8).filter(|word| word.iter().any(|byte| **byte != 0)).count() < 16
    }
}

/// Runs an operation, and shows what it left to `search`. Only on a thread with a stack of [`STACK`] bytes.
#[inline(never)]
pub(crate) fn after<T>(operation: &mut dyn FnMut(), search: impl FnOnce(&Remains<'_>) -> T) -> T {
    let here = 0_u8;
    let bottom = black_box(&raw const here).wrapping_sub(GAP + DEPTH).cast_mut();
    // SAFETY: dead memory of this thread's own stack, which nothing uses: the frames of the calls here end within the gap.
    unsafe { bottom.write_bytes(PAINT, DEPTH) };
    RECORDING.set(true);
    beneath(operation);
    RECORDING.set(false);
    let (blocks, n) = FREED.with_borrow(|(blocks, n)| (blocks.as_ptr(), *n));
    // SAFETY: the blocks are initialised and not given back before the end of this function; the stack as above.
    let found = unsafe {
        let blocks = std::slice::from_raw_parts(blocks, n);
        let block = |(at, size, _): &(usize, usize, usize)| {
            std::slice::from_raw_parts(std::ptr::with_exposed_provenance::<u8>(*at), *size)
        };
        search(&Remains { heap: blocks.iter().map(block).collect(), stack: std::slice::from_raw_parts(bottom, DEPTH) })
    };
    FREED.with_borrow_mut(|(blocks, n)| {
        for (at, size, align) in &blocks[..std::mem::take(n)] {
            // SAFETY: the block was kept in place of being given back, with this layout.
            unsafe {
                System.dealloc(
                    std::ptr::with_exposed_provenance_mut(*at),
                    Layout::from_size_align_unchecked(*size, *align),
                );
            }
        }
    });
    found
}

/// Runs the operation below the gap.
#[inline(never)]
fn beneath(operation: &mut dyn FnMut()) {
    #[allow(clippy::large_stack_arrays, reason = "the gap lies on the stack")]
    let gap = [0_u8; GAP];
    black_box(&gap);
    operation();
    black_box(&gap);
}
