//! The vectors and instructions of `lanes/vector.rs` as symbols: each method writes one line, an instruction of
//! `proofs/lanes/Statements.v` on the registers of one lane.

use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    static TAPE: RefCell<Tape> = RefCell::default();
}

/// What was written since the last call of [`record`].
#[derive(Default)]
struct Tape {
    inputs: u32,
    code: Vec<String>,
    constants: HashMap<u64, V>,
    /// The registers of the masks, which are bytes in the code: their places here.
    masks: Vec<V>,
    /// What was given to `transpose`.
    rows: Vec<V>,
}

impl Tape {
    fn push(&mut self, instruction: String) -> V {
        self.code.push(instruction);
        V(self.inputs + u32::try_from(self.code.len()).unwrap())
    }
}

/// A straight-line program.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) inputs: u32,
    pub(super) code: Vec<String>,
    pub(super) outputs: Vec<Vec<u32>>,
}

/// The program of `f` on `inputs` words. `f` returns the registers of each result.
pub(super) fn record(inputs: u32, f: impl FnOnce(&[V]) -> Vec<Vec<V>>) -> Program {
    TAPE.set(Tape { inputs, ..Tape::default() });
    let outputs = f(&(1..=inputs).map(V).collect::<Vec<_>>());
    let code = TAPE.take().code;
    Program { inputs, code, outputs: outputs.iter().map(|words| words.iter().map(|v| v.0).collect()).collect() }
}

fn push(instruction: String) -> V {
    TAPE.with_borrow_mut(|tape| tape.push(instruction))
}

/// Compiles a function as it is.
macro_rules! with_features {
    ($($function:tt)*) => { $($function)* };
}
pub(super) use with_features;

/// A register.
#[derive(Clone, Copy)]
pub(super) struct V(u32);

macro_rules! instructions {
    ($($name:ident($($argument:ident),*) = $instruction:literal;)*) => { $(
        pub(super) fn $name(self, $($argument: Self),*) -> Self {
            push([$instruction.to_owned(), self.0.to_string(), $($argument.0.to_string()),*].join(" "))
        }
    )* };
}

macro_rules! shifts {
    ($($name:ident = $instruction:literal;)*) => { $(
        pub(super) fn $name<const N: u32>(self) -> Self {
            push(format!("{} {N} {}", $instruction, self.0))
        }
    )* };
}

impl V {
    instructions! {
        plus(other) = "Plus";
        minus(other) = "Minus";
        and(other) = "And";
        or(other) = "Or";
        plus_low(a, b) = "PlusLow";
        plus_high(a, b) = "PlusHigh";
        times_32(other) = "Times32";
    }
    shifts! {
        shift_right = "ShiftRight";
        signed_shift = "SignedShift";
        shift_left = "ShiftLeft";
    }

    /// A constant has one register, however often it is used.
    pub(super) fn splat(word: u64) -> Self {
        TAPE.with_borrow_mut(|tape| {
            let known = tape.constants.get(&word).copied();
            known.unwrap_or_else(|| {
                let v = tape.push(format!("Splat ({})", word.cast_signed()));
                tape.constants.insert(word, v);
                v
            })
        })
    }

    pub(super) fn less_at_least_zero(self, n: u64) -> Self {
        push(format!("LessAtLeastZero {n} {}", self.0))
    }

    pub(super) fn select(self, mask: u8, other: Self) -> Self {
        let mask = TAPE.with_borrow(|tape| tape.masks[usize::from(mask)]);
        push(format!("Blend {} {} {}", mask.0, self.0, other.0))
    }

    fn mask(instruction: &str, v: Self) -> u8 {
        let bit = push(format!("{instruction} {}", v.0));
        TAPE.with_borrow_mut(|tape| {
            tape.masks.push(bit);
            u8::try_from(tape.masks.len() - 1).expect("a program has at most 256 masks")
        })
    }

    pub(super) fn negatives(self) -> u8 {
        Self::mask("IsNegative", self)
    }

    pub(super) fn zeros(self) -> u8 {
        Self::mask("IsZero", self)
    }

    /// The register of a mask.
    pub(super) fn of_mask(mask: u8) -> Self {
        TAPE.with_borrow(|tape| tape.masks[usize::from(mask)])
    }

    // Words that come from memory or go there. In the programs, they are inputs and outputs.

    /// The inputs, whatever the rows are, which come from memory. The rows that go to memory: see [`rows`].
    pub(super) fn transpose(rows: [Self; 8]) -> [Self; 8] {
        TAPE.with_borrow_mut(|tape| tape.rows = rows.to_vec());
        std::array::from_fn(|i| Self(u32::try_from(i + 1).unwrap()))
    }

    pub(super) const fn load(_: &[u64; 8]) -> Self {
        Self(0)
    }

    pub(super) const fn load_six(_: &[u64; 6]) -> Self {
        Self(0)
    }

    pub(super) const fn store(self) -> [u64; 8] {
        [0; 8]
    }

    pub(super) fn rotate<const N: i32>(self) -> Self {
        unimplemented!("no program moves words between lanes")
    }

    pub(super) fn look_up(_: &[u64; 16], _: Self) -> Self {
        unimplemented!("no program looks up words in lanes")
    }
}

/// What was given to the last transposition.
pub(super) fn rows() -> Vec<V> {
    TAPE.with_borrow(|tape| tape.rows.clone())
}
