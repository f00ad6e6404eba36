//! Operations that leak on purpose: the controls of the test and of the bench `timing`.

use std::hint::black_box;

#[inline(never)]
pub(crate) fn early_exit(a: &[u8; 32], b: &[u8; 32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| black_box(**a) == **b).count()
}

#[inline(never)]
pub(crate) fn indexed(table: &[u32; 256], bytes: &[u8; 32]) -> u32 {
    bytes.iter().map(|byte| table[usize::from(*byte)]).sum()
}

#[inline(never)]
pub(crate) fn skipped_zero(digits: &[u8; 32]) -> u64 {
    let mut product = 1_u64;
    for digit in digits {
        if black_box(*digit) != 0 {
            product = black_box(product).wrapping_mul(3);
        }
    }
    product
}
