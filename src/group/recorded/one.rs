//! The base field as symbols: each method writes one step of `proofs/lanes/Statements.v`, the call of the method of `Eight`
//! with that name or an instruction on two columns.

use super::base::{Base, Constant, Factor, LIMBS, Mask, Multiple, Sum};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::ops::Range;

thread_local! {
    static TAPE: RefCell<Tape> = RefCell::default();
}

/// What was written since the last call of [`record`].
#[derive(Default)]
struct Tape {
    /// The registers that are in use: those of the inputs and of all results so far.
    registers: u32,
    steps: Vec<Step>,
    calls: Vec<KernelCall>,
    constants: HashMap<[u64; LIMBS], u32>,
    methods: BTreeSet<Method>,
    masks: Masks,
    /// The numbers that were inverted, and their inverses.
    inverses: Vec<(u32, u32)>,
}

/// How a program treats masks.
#[derive(Clone, Default)]
pub(super) enum Masks {
    /// The questions get these answers, in turn. After the last one, no value is zero.
    Answers(VecDeque<Mask>),
    /// A selection may be of either value.
    #[default]
    Free,
}

impl Masks {
    pub(super) fn answers(answers: &[Mask]) -> Self {
        Self::Answers(answers.iter().copied().collect())
    }
}

/// A step of `Statements.v`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) arguments: Vec<u32>,
    /// What follows the arguments.
    pub(super) rest: String,
    pub(super) first_result: u32,
    pub(super) results: u32,
}

impl Step {
    pub(super) fn is_constant(&self) -> bool {
        self.name.starts_with("Constant")
    }
}

/// As a term of Coq.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { name, arguments, rest, .. } = self;
        if name.starts_with("Call") || name.starts_with("Assemble") || name.starts_with("Use") {
            return write!(f, "{name} {}", list(arguments));
        }
        write!(f, "{name}")?;
        arguments.iter().try_for_each(|a| write!(f, " {a}"))?;
        write!(f, "{rest}")
    }
}

/// The steps of a kernel that another kernel called.
#[derive(Clone)]
pub(super) struct KernelCall {
    pub(super) name: &'static str,
    pub(super) steps: Range<usize>,
}

/// A method of `Eight` with its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Method {
    Add,
    Subtract(usize),
    Value,
    Factor,
    Weakened,
    Product,
    Products,
    Square,
    Squares,
    WidePlus,
    WideMinus,
    Mixed,
    Raise,
    Lower,
    Reduce(usize),
    ReduceTwo(usize, usize),
}

impl Tape {
    fn step(&mut self, name: String, arguments: &[u32], rest: String, results: u32) -> u32 {
        let first_result = self.registers + 1;
        self.registers += results;
        self.steps.push(Step { name, arguments: arguments.to_vec(), rest, first_result, results });
        first_result
    }
}

/// The steps of a kernel.
#[derive(Clone)]
pub(super) struct Kernel {
    pub(super) inputs: u32,
    pub(super) steps: Vec<Step>,
    pub(super) outputs: Vec<u32>,
    pub(super) calls: Vec<KernelCall>,
    /// The registers of the inverses.
    pub(super) inverses: Vec<u32>,
    pub(super) methods: BTreeSet<Method>,
}

/// The steps of `f` on `inputs` values.
pub(super) fn record(inputs: u32, masks: Masks, f: impl FnOnce(&[One]) -> Vec<u32>) -> Kernel {
    TAPE.set(Tape { registers: inputs, masks, ..Tape::default() });
    let outputs = f(&(1..=inputs).map(One).collect::<Vec<_>>());
    let Tape { steps, calls, methods, inverses, .. } = TAPE.take();
    Kernel { inputs, steps, outputs, calls, inverses: inverses.iter().map(|(_, inverse)| *inverse).collect(), methods }
}

/// Calls a kernel by its name.
pub(super) fn called<R>(name: &'static str, kernel: impl FnOnce() -> R) -> R {
    let steps = || TAPE.with_borrow(|tape| tape.steps.len());
    let start = steps();
    let result = kernel();
    let steps = start..steps();
    TAPE.with_borrow_mut(|tape| tape.calls.push(KernelCall { name, steps }));
    result
}

fn answer() -> Mask {
    TAPE.with_borrow_mut(|tape| match &mut tape.masks {
        Masks::Answers(answers) => answers.pop_front().unwrap_or(0),
        Masks::Free => 0,
    })
}

/// The numbers that were inverted so far.
pub(super) fn inverted() -> Vec<u32> {
    TAPE.with_borrow(|tape| tape.inverses.iter().map(|(number, _)| *number).collect())
}

/// As a term of Coq.
pub(super) fn list(registers: &[u32]) -> String {
    format!("[{}]", registers.iter().map(u32::to_string).collect::<Vec<_>>().join(";"))
}

/// A step with one result.
fn step(name: &str, arguments: &[u32]) -> u32 {
    TAPE.with_borrow_mut(|tape| tape.step(name.to_owned(), arguments, String::new(), 1))
}

/// The call of a method with `N` results.
fn call<const N: usize>(method: Method, arguments: &[u32]) -> [u32; N] {
    TAPE.with_borrow_mut(|tape| {
        tape.methods.insert(method);
        let results = u32::try_from(N).unwrap();
        let first = tape.step(format!("Call {}", name(method)), arguments, String::new(), results);
        std::array::from_fn(|i| first + u32::try_from(i).unwrap())
    })
}

/// The method as a term of `Statements.v`.
pub(super) fn name(method: Method) -> String {
    match method {
        Method::Subtract(k) => format!("(Subtract {k})"),
        Method::Reduce(k) => format!("(Reduce {k})"),
        Method::ReduceTwo(k, l) => format!("(ReduceTwo {k} {l})"),
        method => format!("{method:?}"),
    }
}

/// The top limb of a constant that stands for an input.
pub(super) const INPUT: u64 = u64::MAX;

/// A value.
#[derive(Clone, Copy)]
pub(super) struct One(pub(super) u32);

/// A column of a wide value.
#[derive(Clone, Copy)]
pub(super) struct Column(u32);

/// A wide value: a result, of which some columns were exchanged.
#[derive(Clone, Copy)]
pub(super) struct Wide {
    whole: u32,
    exchanged: [Option<Column>; 2 * LIMBS],
}

impl Wide {
    const fn new(whole: u32) -> Self {
        Self { whole, exchanged: [None; 2 * LIMBS] }
    }

    /// As one register.
    pub(super) fn register(&self) -> u32 {
        if self.exchanged.iter().all(Option::is_none) {
            return self.whole;
        }
        let columns: Vec<u32> = (0..2 * LIMBS).map(|i| One::column(self, i).0).collect();
        step("Assemble", &columns)
    }
}

impl Base for One {
    type Wide = Wide;
    type Column = Column;
    const COLUMNS: usize = 2 * LIMBS;

    /// A constant whose top limb is [`INPUT`] is the input that its lowest limb names.
    fn constant(constant: &Constant) -> Self {
        if constant.limbs[LIMBS - 1] == INPUT {
            return Self(u32::try_from(constant.limbs[0]).unwrap());
        }
        TAPE.with_borrow_mut(|tape| {
            let register = tape.constants.get(&constant.limbs).copied();
            Self(register.unwrap_or_else(|| {
                let limbs = constant.limbs.map(|limb| limb.to_string()).join(";");
                let register = tape.step(format!("Constant [{limbs}]%Z"), &[], String::new(), 1);
                tape.constants.insert(constant.limbs, register);
                register
            }))
        })
    }

    fn add(Sum(a): &Sum<Self>, Sum(b): &Sum<Self>) -> Sum<Self> {
        let [out] = call(Method::Add, &[a.0, b.0]);
        Sum(Self(out))
    }

    fn subtract(Sum(a): &Sum<Self>, Sum(b): &Sum<Self>, k: &Multiple) -> Sum<Self> {
        let [out] = call(Method::Subtract(k.k), &[a.0, b.0]);
        Sum(Self(out))
    }

    fn value(sum: &Sum<Self>) -> Self {
        let [out] = call(Method::Value, &[sum.0.0]);
        Self(out)
    }

    fn factor(sum: &Sum<Self>) -> Factor<Self> {
        let [out] = call(Method::Factor, &[sum.0.0]);
        Factor(Self(out))
    }

    fn weakened(sum: &Sum<Self>) -> Self {
        let [out] = call(Method::Weakened, &[sum.0.0]);
        Self(out)
    }

    fn product(Factor(a): &Factor<Self>, Factor(b): &Factor<Self>) -> Wide {
        let [out] = call(Method::Product, &[a.0, b.0]);
        Wide::new(out)
    }

    fn products(a: &Factor<Self>, b: &Factor<Self>, c: &Factor<Self>, d: &Factor<Self>) -> [Wide; 2] {
        call(Method::Products, &[a, b, c, d].map(|x| x.0.0)).map(Wide::new)
    }

    fn square(Factor(a): &Factor<Self>) -> Wide {
        let [out] = call(Method::Square, &[a.0]);
        Wide::new(out)
    }

    fn squares(Factor(a): &Factor<Self>, Factor(b): &Factor<Self>) -> [Wide; 2] {
        call(Method::Squares, &[a.0, b.0]).map(Wide::new)
    }

    fn wide_plus(a: &Wide, b: &Wide) -> Wide {
        let [out] = call(Method::WidePlus, &[a.register(), b.register()]);
        Wide::new(out)
    }

    fn wide_minus(a: &Wide, b: &Wide) -> Wide {
        let [out] = call(Method::WideMinus, &[a.register(), b.register()]);
        Wide::new(out)
    }

    fn mixed(cross: &Wide, low: &Wide, high: &Wide) -> Wide {
        let [out] = call(Method::Mixed, &[cross.register(), low.register(), high.register()]);
        Wide::new(out)
    }

    fn column(wide: &Wide, i: usize) -> Column {
        wide.exchanged[i].unwrap_or_else(|| {
            Column(TAPE.with_borrow_mut(|tape| tape.step("ColumnOf".to_owned(), &[wide.whole], format!(" {i}"), 1)))
        })
    }

    fn set_column(wide: &mut Wide, i: usize, column: Column) {
        wide.exchanged[i] = Some(column);
    }

    fn column_plus(a: Column, b: Column) -> Column {
        Column(step("ColumnPlus", &[a.0, b.0]))
    }

    fn column_minus(a: Column, b: Column) -> Column {
        Column(step("ColumnMinus", &[a.0, b.0]))
    }

    fn raise(&self, wide: &Wide) -> Wide {
        let [out] = call(Method::Raise, &[self.0, wide.register()]);
        Wide::new(out)
    }

    fn lower(&self, wide: &Wide) -> Wide {
        let [out] = call(Method::Lower, &[self.0, wide.register()]);
        Wide::new(out)
    }

    fn reduce_sum<const K: usize>(wide: &Wide) -> Sum<Self> {
        let [out] = call(Method::Reduce(K), &[wide.register()]);
        Sum(Self(out))
    }

    fn reduce_sums<const K: usize, const L: usize>(a: &Wide, b: &Wide) -> [Sum<Self>; 2] {
        call(Method::ReduceTwo(K, L), &[a.register(), b.register()]).map(|out| Sum(Self(out)))
    }

    fn inverse(&self) -> Self {
        let inverse = step("Inverse", &[self.0]);
        TAPE.with_borrow_mut(|tape| tape.inverses.push((self.0, inverse)));
        Self(inverse)
    }

    fn zeros(&self) -> Mask {
        step("Zeros", &[self.0]);
        answer()
    }

    fn larger_half(&self) -> Mask {
        step("LargerHalf", &[self.0]);
        answer()
    }

    fn select(&self, mask: Mask, other: &Self) -> Self {
        if TAPE.with_borrow(|tape| matches!(tape.masks, Masks::Free)) {
            return Self(step("Select", &[self.0, other.0]));
        }
        if mask & 1 == 1 { *self } else { *other }
    }
}
