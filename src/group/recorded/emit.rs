//! The programs: each method of `Eight`, and each kernel as calls of these methods.

use super::base::{Base, Constant, Factor, LIMBS, Mask, Multiple, Sum};
use super::curve::{CurveKernels, Jacobian};
use super::cyclotomic::{self, Compressed, CyclotomicKernels, OFFSETS, RUN};
use super::eight::{Eight, WideEight};
use super::fp2::{Fp2, Fp2Kernels, Wide2};
use super::glv::{self, GlvKernels};
use super::miller::{Homogeneous, Lines, MillerKernels, PointG1, PointG2};
use super::one::{INPUT, Kernel, Masks, Method, One, Step, inverted, list, name, record as record_steps};
use super::portable::{EDGES, V as Words};
use super::torus::TorusKernels;
use super::tower::{Fp6, Fp12, Line, Slots6, TowerKernels, Wide6};
use super::using::{Known, using};
use super::vector::{Program, V, record, rows};
use ark_bls12_381::Fq;
use ark_ff::AdditiveGroup;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::mem::MaybeUninit;

fn eight(words: &[V], i: usize) -> Eight {
    Eight(words[LIMBS * i..][..LIMBS].try_into().unwrap())
}

fn wide(words: &[V]) -> WideEight {
    WideEight(words[..2 * LIMBS].try_into().unwrap())
}

/// `f` on `n` values.
fn values(n: u32, f: impl FnOnce(&[Eight]) -> Vec<Vec<V>>) -> Program {
    record(8 * n, |words| f(&(0..n as usize).map(|i| eight(words, i)).collect::<Vec<_>>()))
}

/// `f` on `n` wide values.
fn wides(n: u32, f: impl FnOnce(&[WideEight]) -> Vec<Vec<V>>) -> Program {
    record(16 * n, |words| f(&words.chunks(2 * LIMBS).map(wide).collect::<Vec<_>>()))
}

fn words1(x: Eight) -> Vec<Vec<V>> {
    vec![x.0.to_vec()]
}

fn words2(x: &[WideEight]) -> Vec<Vec<V>> {
    x.iter().map(|x| x.0.to_vec()).collect()
}

macro_rules! reduce {
    ($k:expr; $($n:literal),*) => {
        match $k { $($n => wides(1, |w| words1(Eight::reduce_sum::<$n>(&w[0]).0)),)* k => panic!("Reduce {k}") }
    };
}

macro_rules! reduce_two {
    ($k:expr; $(($m:literal, $n:literal)),*) => {
        match $k {
            $(($m, $n) => wides(2, |w| {
                Eight::reduce_sums::<$m, $n>(&w[0], &w[1]).iter().map(|x| x.0.0.to_vec()).collect()
            }),)*
            k => panic!("ReduceTwo {k:?}")
        }
    };
}

fn program(method: Method) -> Program {
    use Factor as F;
    match method {
        Method::Add => values(2, |x| words1(Eight::add(&Sum(x[0]), &Sum(x[1])).0)),
        Method::Subtract(k) => values(2, |x| words1(Eight::subtract(&Sum(x[0]), &Sum(x[1]), &Multiple::new(k)).0)),
        Method::Value => values(1, |x| words1(Eight::value(&Sum(x[0])))),
        Method::Factor => values(1, |x| words1(Eight::factor(&Sum(x[0])).0)),
        Method::Weakened => values(1, |x| words1(Eight::weakened(&Sum(x[0])))),
        Method::Product => values(2, |x| words2(&[Eight::product(&F(x[0]), &F(x[1]))])),
        Method::Products => values(4, |x| words2(&Eight::products(&F(x[0]), &F(x[1]), &F(x[2]), &F(x[3])))),
        Method::Square => values(1, |x| words2(&[Eight::square(&F(x[0]))])),
        Method::Squares => values(2, |x| words2(&Eight::squares(&F(x[0]), &F(x[1])))),
        Method::WidePlus => wides(2, |w| words2(&[Eight::wide_plus(&w[0], &w[1])])),
        Method::WideMinus => wides(2, |w| words2(&[Eight::wide_minus(&w[0], &w[1])])),
        Method::Mixed => wides(3, |w| words2(&[Eight::mixed(&w[0], &w[1], &w[2])])),
        Method::Raise => record(24, |x| words2(&[eight(x, 0).raise(&wide(&x[LIMBS..]))])),
        Method::Lower => record(24, |x| words2(&[eight(x, 0).lower(&wide(&x[LIMBS..]))])),
        Method::Reduce(k) => reduce!(k; 0, 1, 4, 7, 10, 16, 17),
        Method::ReduceTwo(k, l) => reduce_two!((k, l); (0, 0), (1, 0), (1, 1), (4, 4), (16, 16)),
    }
}

/// Values of the tower from registers, and back.
trait Registers {
    /// The number of registers.
    const COUNT: usize;
    fn of(x: &[One]) -> Self;
    fn registers(&self) -> Vec<u32>;
}

impl Registers for One {
    const COUNT: usize = 1;

    fn of(x: &[One]) -> Self {
        x[0]
    }

    fn registers(&self) -> Vec<u32> {
        vec![self.0]
    }
}

/// A type of the tower by its coefficients, each of which takes `$n` registers.
macro_rules! registers {
    ($($type:ident($($i:tt),*): $n:literal;)*) => { $(
        impl Registers for $type<One> {
            const COUNT: usize = [$($i),*].len() * $n;

            fn of(x: &[One]) -> Self {
                Self($(Registers::of(&x[$n * $i..])),*)
            }

            fn registers(&self) -> Vec<u32> {
                [$(self.$i.registers()),*].concat()
            }
        }
    )* };
}

registers! {
    Fp2(0, 1): 1;
    Fp6(0, 1, 2): 2;
    Fp12(0, 1): 6;
    Line(0, 1): 2;
    Jacobian(0, 1, 2): 1;
    Homogeneous(0, 1, 2): 2;
}

impl Registers for Compressed<One> {
    const COUNT: usize = 8;

    fn of(x: &[One]) -> Self {
        Self([0, 2, 4, 6].map(|i| Fp2::of(&x[i..])))
    }

    fn registers(&self) -> Vec<u32> {
        self.0.iter().flat_map(Registers::registers).collect()
    }
}

impl Registers for Wide2<One> {
    const COUNT: usize = 2;

    fn of(_: &[One]) -> Self {
        unreachable!("no kernel takes wide values from outside")
    }

    fn registers(&self) -> Vec<u32> {
        vec![self.0.register(), self.1.register()]
    }
}

impl Registers for Wide6<'_, One> {
    const COUNT: usize = 6;

    fn of(_: &[One]) -> Self {
        unreachable!("no kernel takes wide values from outside")
    }

    fn registers(&self) -> Vec<u32> {
        [self.0.registers(), self.1.registers(), self.2.registers()].concat()
    }
}

impl Registers for PointG1<One> {
    const COUNT: usize = 2;

    fn of(x: &[One]) -> Self {
        Self { x_over_2y: x[0], inverse_of_2y: x[1] }
    }

    fn registers(&self) -> Vec<u32> {
        vec![self.x_over_2y.0, self.inverse_of_2y.0]
    }
}

impl Registers for PointG2<One> {
    const COUNT: usize = 4;

    fn of(x: &[One]) -> Self {
        Self { x: Fp2::of(x), y: Fp2::of(&x[2..]) }
    }

    fn registers(&self) -> Vec<u32> {
        [self.x.registers(), self.y.registers()].concat()
    }
}

/// The values of one type after another.
struct Inputs<'a>(&'a [One]);

impl Inputs<'_> {
    fn next<T: Registers>(&mut self, n: usize) -> T {
        let (x, rest) = self.0.split_at(n);
        self.0 = rest;
        T::of(x)
    }

    fn fp(&mut self) -> One {
        self.next(1)
    }

    fn fp2(&mut self) -> Fp2<One> {
        self.next(2)
    }

    fn fp6(&mut self) -> Fp6<One> {
        self.next(6)
    }

    fn fp12(&mut self) -> Fp12<One> {
        self.next(12)
    }
}

/// `f` on `n` values.
fn kernel<T: Registers>(n: u32, f: impl FnOnce(&mut Inputs) -> T) -> Kernel {
    record_steps(n, Masks::answers(&[]), |x| f(&mut Inputs(x)).registers())
}

fn in_place<T: Registers>(mut x: T, f: impl FnOnce(&mut T)) -> T {
    f(&mut x);
    x
}

/// A kernel with its name.
type Named = (String, Kernel);

fn named(name: &str, kernel: Kernel) -> Named {
    (name.to_owned(), kernel)
}

/// The kernels of `lanes/fp2.rs`.
fn fp2() -> Vec<Named> {
    let product = |x: &mut Inputs| One::multiply2_wide(&x.fp2(), &x.fp2());
    vec![
        named("multiply1", kernel(2, |x| One::multiply1(&x.fp(), &x.fp()))),
        named("square1", kernel(1, |x| One::square1(&x.fp()))),
        named("square1_times", kernel(1, |x| One::square1_times(&x.fp(), 4))),
        named("norm2", kernel(2, |x| One::norm2(&x.fp2()))),
        named("multiply2_wide", kernel(4, product)),
        named(
            "multiply_sums2_wide",
            kernel(8, |x| {
                *One::multiply_sums2_wide(&x.fp2(), &x.fp2(), &x.fp2(), &x.fp2(), &mut MaybeUninit::uninit())
            }),
        ),
        named(
            "multiply_factors2_wide",
            kernel(4, |x| {
                *One::multiply_factors2_wide(&x.fp2().factor(), &x.fp2().factor(), &mut MaybeUninit::uninit())
            }),
        ),
        named("multiply2", kernel(4, |x| One::multiply2(&x.fp2(), &x.fp2()))),
        named("square2", kernel(2, |x| One::square2(&x.fp2()))),
        named("scale2", kernel(3, |x| One::scale2(&x.fp2(), &x.fp()))),
        named("square2_wide", kernel(2, |x| One::square2_wide(&x.fp2()))),
        named("square_sum2_wide", kernel(4, |x| One::square_sum2_wide(&x.fp2(), &x.fp2()))),
        named("reduce2", kernel(4, |x| in_place(Fp2::zero(), |out| One::reduce2(&product(x), out)))),
        named("reduce2_raised", kernel(4, |x| in_place(Fp2::zero(), |out| One::reduce2_raised(&product(x), out)))),
        named("reduce2_weak", kernel(4, |x| in_place(Fp2::zero(), |out| One::reduce2_weak(&product(x), out)))),
        named("weaken", kernel(1, |x| x.fp().weaken())),
        named("inverses1", inverses(2, &[], |x| _ = One::inverses1(x))),
        named("inverses1_of_zero", inverses(2, &[1], |x| _ = One::inverses1(x))),
        named("inverses2", inverses::<Fp2<One>>(2, &[], |x| _ = One::inverses2(x))),
    ]
}

/// The kernels of `lanes/tower.rs`.
fn tower() -> Vec<Named> {
    vec![
        named(
            "multiply6_wide",
            record_steps(12, Masks::answers(&[]), |x| {
                One::multiply6_wide(&Fp6::of(x), &Fp6::of(&x[6..]), &mut Slots6::new()).registers()
            }),
        ),
        named(
            "multiply6_by_line_wide",
            record_steps(10, Masks::answers(&[]), |x| {
                let line: Line<One> = Line::of(&x[6..]);
                One::multiply6_by_line_wide(&Fp6::of(x), &line.factor::<4>(), &mut Slots6::new()).registers()
            }),
        ),
        named("multiply12", kernel(24, |x| in_place(x.fp12(), |f| One::multiply12(f, &x.fp12())))),
        named("square12", kernel(12, |x| in_place(x.fp12(), One::square12))),
        named("multiply_by_line", kernel(16, |x| in_place(x.fp12(), |f| One::multiply_by_line(f, &x.next(4))))),
        named("multiply_by_torus", kernel(18, |x| in_place(x.fp12(), |f| One::multiply_by_torus(f, &x.fp6())))),
        named(
            "multiply_by_full_line",
            kernel(18, |x| in_place(x.fp12(), |f| One::multiply_by_full_line(f, &x.next(4), &x.fp2()))),
        ),
        named("inverses6", inverses::<Fp6<One>>(6, &[], One::inverses6)),
        named("inverses12", inverses::<Fp12<One>>(12, &[], One::inverses12)),
    ]
}

/// The kernels of `lanes/curve.rs`.
fn curve() -> Vec<Named> {
    vec![
        named("square_root", kernel(1, |x| One::square_root(&x.fp()))),
        named("double_g1", kernel(3, |x| One::double_g1(&x.next(3)))),
        named("double_g1_four_times", kernel(3, |x| One::double_g1_four_times(&x.next(3)))),
        named("add_g1", kernel(6, |x| One::add_g1(&x.next(3), &x.next(3)))),
        named("add_affine_g1", kernel(5, |x| One::add_affine_g1(&x.next(3), &x.fp(), &x.fp()))),
    ]
}

/// The kernels of `lanes/miller.rs`.
fn miller() -> Vec<Named> {
    vec![
        named(
            "point_g1",
            record_steps(2, Masks::answers(&[]), |x| {
                [PointG1::all(&[(x[0], x[1])])[0].registers(), inverted()].concat()
            }),
        ),
        named(
            "line",
            kernel(6, |x| {
                let p: PointG1<One> = x.next(2);
                // The body of the kernel `line`, whose constants are inputs here.
                Line(x.fp2().scaled(&p.inverse_of_2y), x.fp2().scaled(&p.x_over_2y))
            }),
        ),
        named(
            "double_step",
            record_steps(8, Masks::answers(&[]), |x| {
                let (r, line, l4) = One::double_step(&Homogeneous::of(x), &PointG1::of(&x[6..]));
                [r.registers(), line.registers(), l4.registers()].concat()
            }),
        ),
        named(
            "add_step",
            record_steps(12, Masks::answers(&[]), |x| {
                let (r, line, l4) = One::add_step(&Homogeneous::of(x), &PointG2::of(&x[6..]), &PointG1::of(&x[10..]));
                [r.registers(), line.registers(), l4.registers()].concat()
            }),
        ),
    ]
}

/// The kernels of `lanes/cyclotomic.rs` and `lanes/torus.rs`.
fn cyclotomic() -> Vec<Named> {
    let mut out = vec![
        named("numerator", kernel(8, |x| in_place(Fp2::zero(), |out| One::numerator(&x.next(8), out)))),
        named(
            "decompress_a00",
            kernel(10, |x| in_place(Fp2::zero(), |out| One::decompress_a00(&x.next(8), &x.fp2(), out))),
        ),
        named(
            "decompress_gt",
            record_steps(4, Masks::answers(&[]), |x| {
                let mut out = [Fp12::one()];
                One::decompress_gt(&[(Fp2::of(x), Fp2::of(&x[2..]))], &mut out);
                [out[0].registers(), inverted()].concat()
            }),
        ),
        named(
            "compress_gt",
            record_steps(12, Masks::answers(&[]), |x| {
                let mut out = [(Fp2::zero(), Fp2::zero())];
                One::compress_gt(&[Fp12::of(x)], &mut out);
                [out[0].0.registers(), out[0].1.registers(), inverted()].concat()
            }),
        ),
    ];
    for n in 1..4 {
        out.push((format!("frobenius_{n}"), kernel(12, |x| One::frobenius(&x.fp12(), n))));
    }
    for i in 0..RUN {
        let full = kernel(12, |x| in_place(x.fp12(), |f| One::cyclotomic_square_run(f, i, i + 1)));
        let compressed = kernel(8, |x| {
            in_place(x.next::<Compressed<One>>(8), |f| cyclotomic::square_pairs(f.0.each_mut(), &OFFSETS[i]))
        });
        out.extend([(format!("cyclotomic_square_run_{i}"), full), (format!("compressed_square_{i}"), compressed)]);
    }
    out
}

/// Kernels with loops and selections, whose programs use those of other kernels. The masks are free.
fn first_users() -> Vec<Named> {
    let free = |n, f: fn(&[One]) -> Vec<u32>| record_steps(n, Masks::Free, f);
    let mut out = vec![
        named("add_any_affine_g1", free(5, |x| One::add_any_affine_g1(&Jacobian::of(x), &x[3], &x[4]).registers())),
        named("decompress_g1", free(1, |x| One::decompress_g1(&x[0], 0).0.registers())),
        named(
            "miller_loop_each",
            free(6, |x| One::miller_loop_each(&PointG1::of(x), &PointG2::of(&x[2..])).registers()),
        ),
        named("miller_loop", free(2 + 4 * 68, |x| One::miller_loop(&PointG1::of(x), &lines_of_inputs(3)).registers())),
        named(
            "in_g1",
            free(2, |x| {
                One::in_g1(&x[0], &x[1]);
                Vec::new()
            }),
        ),
        named("inverses1_4", inverses(4, &[], |x| _ = One::inverses1(x))),
        named("inverses1_16", inverses(16, &[], |x| _ = One::inverses1(x))),
    ];
    out.push(named(
        "cyclotomic_square_run_0_2",
        kernel(12, |x| in_place(x.fp12(), |f| One::cyclotomic_square_run(f, 0, 2))),
    ));
    for n in [3, 9, 16, 32] {
        let power = kernel(12, |x| in_place(x.fp12(), |f| One::cyclotomic_square_times(f, n)));
        out.push((format!("cyclotomic_square_times_{n}"), power));
    }
    for n in [3, 9, 16, 32] {
        let power = kernel(8, |x| in_place(x.next::<Compressed<One>>(8), |f| One::compressed_square_times(f, n)));
        out.push((format!("compressed_square_times_{n}"), power));
    }
    out
}

/// Kernels that use those of [`first_users`], too.
fn second_users() -> Vec<Named> {
    let powers_x = |masks| {
        record_steps(12, masks, |x| {
            let mut out = [Fp12::one()];
            One::powers_x(&[Fp12::of(x)], &mut out);
            out[0].registers()
        })
    };
    vec![
        named(
            "power_g1",
            record_steps(2, Masks::Free, |x| One::power_g1(&x[0], &x[1], &glv::Windows::default()).registers()),
        ),
        named("inverses2_4", inverses::<Fp2<One>>(8, &[], |x| _ = One::inverses2(x))),
        named("inverses2_16", inverses::<Fp2<One>>(32, &[], |x| _ = One::inverses2(x))),
        named("powers_x", powers_x(Masks::answers(&[]))),
        // One of the four values to invert is 0.
        named("powers_x_uncompressed", powers_x(Masks::answers(&[1]))),
    ]
}

/// Kernels that use those of [`second_users`], too.
fn third_users() -> Vec<Named> {
    vec![
        named(
            "final_exponentiations",
            kernel(12, |x| in_place(x.fp12(), |f| One::final_exponentiations(std::slice::from_mut(f)))),
        ),
        named(
            "frobenius_is_x",
            record_steps(12, Masks::answers(&[]), |x| {
                One::frobenius_is_x(&[Fp12::of(x)]);
                Vec::new()
            }),
        ),
        named(
            "equals12",
            record_steps(24, Masks::Free, |x| {
                One::equals12(&Fp12::of(x), &Fp12::of(&x[12..]));
                Vec::new()
            }),
        ),
    ]
}

/// The lines of a fixed Q, whose constants are the inputs from `first` on.
fn lines_of_inputs(first: u64) -> Lines {
    let input = |i| Constant { value: Fq::ZERO, limbs: [i, 0, 0, 0, 0, 0, 0, INPUT] };
    Lines((0..68).map(|line| [0, 2].map(|c| [0, 1].map(|d| input(first + 4 * line + c + d)))).collect())
}

/// The inverses of as many values as `n` registers hold, and the number that was inverted.
fn inverses<T: Registers>(n: u32, masks: &[Mask], f: impl FnOnce(&mut [T])) -> Kernel {
    record_steps(n, Masks::answers(masks), |x| {
        let mut values: Vec<T> = x.chunks(T::COUNT).map(T::of).collect();
        f(&mut values);
        values.iter().flat_map(T::registers).chain(inverted()).collect()
    })
}

/// The functions of `Eight` that no kernel calls through [`Base`], and the questions for masks. Words that come from memory are
/// inputs, words that go there are outputs.
fn forms() -> Vec<(&'static str, Program)> {
    let words = |f: fn() -> Eight| record(8, |_| words1(f()));
    let stored = |f: fn(&Eight)| {
        values(1, |x| {
            f(&x[0]);
            vec![rows()]
        })
    };
    vec![
        ("canonical", values(1, |x| words1(x[0].canonical()))),
        ("zeros", values(1, |x| vec![vec![V::of_mask(x[0].zeros())]])),
        ("larger_half", values(1, |x| vec![vec![V::of_mask(x[0].larger_half())]])),
        ("load", words(|| Eight::load(&[Fq::ZERO; 8]))),
        ("from_integers", words(|| Eight::from_integers(&[[0; 6]; 8]))),
        ("store", stored(|x| _ = x.store())),
        ("to_integers", stored(|x| _ = x.to_integers())),
    ]
}

/// Instructions on registers 1, 2 and 3, the words of these registers, and the result in portable words, which are compared
/// with the processor's instructions in `lanes/vector_tests.rs`.
fn samples() -> Vec<String> {
    type Apply = fn(Words, Words, Words) -> Words;
    let with_two: [(&str, Apply); 7] = [
        ("Plus 1 2", |a, b, _| a.plus(b)),
        ("Minus 1 2", |a, b, _| a.minus(b)),
        ("And 1 2", |a, b, _| a.and(b)),
        ("Or 1 2", |a, b, _| a.or(b)),
        ("Times32 1 2", |a, b, _| a.times_32(b)),
        ("PlusLow 3 1 2", |a, b, c| c.plus_low(a, b)),
        ("PlusHigh 3 1 2", |a, b, c| c.plus_high(a, b)),
    ];
    let with_one: [(&str, Apply); 8] = [
        ("ShiftRight 4 1", |a, _, _| a.shift_right::<4>()),
        ("ShiftRight 40 1", |a, _, _| a.shift_right::<40>()),
        ("ShiftRight 52 1", |a, _, _| a.shift_right::<52>()),
        ("SignedShift 52 1", |a, _, _| a.signed_shift::<52>()),
        ("ShiftLeft 12 1", |a, _, _| a.shift_left::<12>()),
        ("ShiftLeft 52 1", |a, _, _| a.shift_left::<52>()),
        ("LessAtLeastZero 256 1", |a, _, _| a.less_at_least_zero(256)),
        ("Blend 2 1 3", |a, b, c| a.select(b.store()[0].to_le_bytes()[0], c)),
    ];
    let sample = |name: &str, f: Apply, words: [u64; 3]| {
        let [a, b, c] = words.map(|word| Words::load(&[word; 8]));
        let [a_, b_, c_] = words.map(u64::cast_signed);
        format!("({name}, [{a_}; {b_}; {c_}]%Z, ({})%Z)", f(a, b, c).store()[0].cast_signed())
    };
    let mask = |name: &str, word: u64, mask: u8| format!("({name} 1, [{}]%Z, {}%Z)", word.cast_signed(), mask & 1);
    let mut out = Vec::new();
    for (i, a) in EDGES.into_iter().enumerate() {
        for (j, b) in EDGES.into_iter().enumerate() {
            let c = EDGES[(5 * i + 7 * j) % EDGES.len()];
            out.extend(with_two.iter().map(|(name, f)| sample(name, *f, [a, b, c])));
        }
        out.extend(with_one.iter().map(|(name, f)| sample(name, *f, [a, i as u64 & 1, EDGES[17 - i]])));
        out.push(mask("IsNegative", a, Words::load(&[a; 8]).negatives()));
        out.push(mask("IsZero", a, Words::load(&[a; 8]).zeros()));
    }
    out
}

/// Writes the programs as a file of Coq to the path in `PHI_PRE_PROGRAMS`.
#[test]
fn programs_are_written() {
    let Some(path) = std::env::var_os("PHI_PRE_PROGRAMS") else {
        eprintln!("skipped: PHI_PRE_PROGRAMS names no file");
        return;
    };
    let base: Vec<Named> = [fp2(), tower(), curve(), miller(), cyclotomic()].concat();
    // No kernel uses one with wide results.
    let mut used: Vec<Named> = base.iter().filter(|(name, _)| !name.contains("wide")).cloned().collect();
    let names = |level: &[Named]| level.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>().join("; ");
    let mut lists = vec![("base_kernels", names(&used))];
    let mut programs = base;
    for (list, level) in
        [("first_users", first_users()), ("second_users", second_users()), ("third_users", third_users())]
    {
        lists.push((list, names(&level)));
        let known: Vec<_> = (0..).zip(&used).map(|(place, (name, kernel))| Known { place, name, kernel }).collect();
        programs.extend(level.iter().map(|(name, kernel)| (name.clone(), using(kernel, &known))));
        used.extend(level);
    }
    let methods: BTreeSet<Method> = programs.iter().flat_map(|(_, kernel)| kernel.methods.iter().copied()).collect();
    let mut out = String::from(
        "Require Import ZArith List.\nFrom Lanes Require Import Statements.\nImport ListNotations.\nOpen Scope positive_scope.\n",
    );
    writeln!(out, "Definition samples : list (instr * list Z * Z) := [\n{}].", samples().join(";\n")).unwrap();
    out.push_str("Definition codes : list (method * code) := [\n");
    let codes = methods.iter().map(|method| {
        let Program { code, outputs, .. } = program(*method);
        let outputs = outputs.iter().map(|words| list(words)).collect::<Vec<_>>().join(";");
        format!("({}, Code [{}]\n  [{outputs}])", name(*method), code.join(";"))
    });
    out.push_str(&codes.collect::<Vec<_>>().join(";\n"));
    out.push_str("].\n");
    for (name, Kernel { inputs, steps, outputs, inverses, .. }) in &programs {
        let steps = steps.iter().map(Step::to_string).collect::<Vec<_>>().join(";\n");
        writeln!(out, "Definition {name} := Kernel {inputs} [\n{steps}]\n {}.", list(outputs)).unwrap();
        if let [inverse] = inverses[..] {
            writeln!(out, "Definition {name}_inverse : positive := {inverse}.").unwrap();
        }
    }
    for (list, names) in lists {
        writeln!(out, "Definition {list} := [{names}].").unwrap();
    }
    for (name, Program { code, outputs, .. }) in forms() {
        let outputs = outputs.iter().map(|words| list(words)).collect::<Vec<_>>().join(";");
        writeln!(out, "Definition {name} := Code [{}]\n  [{outputs}].", code.join(";")).unwrap();
    }
    std::fs::write(path, out).unwrap();
}
