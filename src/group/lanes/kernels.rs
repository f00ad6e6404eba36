//! The kernels: the operations that are compiled once each, as functions of their own, and the entry into the lanes.
//!
//! Each layer (`fp2.rs`, `tower.rs`, `miller.rs`, ...) declares its kernels with [`kernels!`] as one trait on top of the
//! trait of the layer below. A kernel that calls a kernel makes a function call; all other generic code is inlined into
//! the kernel that uses it. For `One` a kernel is its generic body. For [`Eight`](super::eight::Eight) each kernel is a
//! function with the target features of the lanes, so that the crate builds for any x86-64 and only these functions
//! use them.

use core::hint::black_box;
use core::mem::MaybeUninit;

/// 64 bytes, as a register has.
#[repr(align(64))]
struct Register(#[expect(dead_code)] [u8; 64]);

/// Makes the compiler align the stack of this function to 64 bytes. Otherwise the registers that the compiler stores
/// there cross the lines of the cache.
#[inline(always)]
pub(super) fn align_stack() {
    black_box(&MaybeUninit::<Register>::uninit());
}

/// Declares the kernels of a layer: a trait, its implementation for `One` by the generic bodies, and its implementation
/// for `Eight` by the same bodies with the target features of the lanes.
macro_rules! kernels {
    (
        $(#[$trait_doc:meta])* trait $kernels:ident: $below:ident;
        $($(#[$doc:meta])* fn $name:ident$(<$o:lifetime>)?($($a:ident: $t:ty),* $(,)?) $(-> $r:ty)? = $body:expr;)*
    ) => {
        $(#[$trait_doc])*
        pub(super) trait $kernels: $below {
            $($(#[$doc])* fn $name$(<$o>)?($($a: $t),*) $(-> $r)?;)*
        }

        #[cfg(test)]
        impl $kernels for super::one::One {
            $(fn $name$(<$o>)?($($a: $t),*) $(-> $r)? { super::one::called(stringify!($name), || $body($($a),*)) })*
        }

        /// The kernels of this layer for the lanes.
        impl super::eight::Eight {
            $(
                super::vector::with_features! {
                    #[inline(never)]
                    fn $name$(<$o>)?($($a: $t),*) $(-> $r)? {
                        super::kernels::align_stack();
                        $body($($a),*)
                    }
                }
            )*
        }

        #[allow(unsafe_code)] // the entry to the lanes: the one call below
        #[cfg_attr(any(not(target_arch = "x86_64"), feature = "portable-lanes"), allow(unused_unsafe))]
        impl $kernels for super::eight::Eight {
            $(
                #[inline(always)]
                fn $name$(<$o>)?($($a: $t),*) $(-> $r)? {
                    // SAFETY: the processor has these features: a kernel of the lanes is called by another one, or by
                    // a function of the lanes that was given an `Ifma`.
                    unsafe { Self::$name($($a),*) }
                }
            )*
        }
    };
}
pub(super) use kernels;
