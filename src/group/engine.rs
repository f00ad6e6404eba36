//! The choice of an engine: one interface, four engines, the same bytes from each.
//!
//! | engine | what it is | where | constant-time |
//! |---|---|---|---|
//! | [`Plain`](Engine::Plain) | arkworks, the reference | everywhere, but on WebAssembly only without the feature `blst`, for the size | no |
//! | [`Blst`](Engine::Blst) | blst, one operation at a time | feature `blst` | yes |
//! | [`Lanes`](Engine::Lanes) | AVX-512 IFMA lanes: eight records, each in one 64-bit lane of a 512-bit register; blst or arkworks for one or two records | x86-64 processors that have the instructions, found at run time | with the feature `blst` |
//! | [`Lanes256`](Engine::Lanes256) | the code of the lanes on pairs of 256-bit registers | x86-64 processors with AVX-IFMA, found at run time; tested and measured through the same instructions of AVX-512, never on AVX-IFMA itself | with the feature `blst` |
//!
//! The fastest engine that the machine has is used, unless [`Engaged::install`] chooses another one. An engine that was
//! chosen is never replaced by another one silently. The library reads no environment variable; the command reads
//! `PHI_PRE_ENGINE`.
//!
//! [`Engaged`] implements [`Backend`] by handing each operation to the chosen engine. One decision is made for each call,
//! so a batch decides once for a group of records.

use super::backend::{Backend, Decoded};
#[cfg(feature = "blst")]
use super::blst::{self, Blst};
use super::encoding::{RECORD_BYTES, T6_BYTES};
use super::lanes::{self, Lanes};
#[cfg(all(target_arch = "x86_64", not(feature = "portable-lanes")))]
use super::lanes256::{self, Lanes256};
#[cfg(not(all(target_family = "wasm", feature = "blst")))]
use super::plain::{self, Plain};
use super::power::Table;
use crate::error::{Coded, DecodeError};
use crate::secret::Secret;
use ark_bls12_381::{Fq, Fq2, Fq6, Fq12, Fr, G1Affine, G2Affine};
use core::fmt;
use core::str::FromStr;
use core::sync::atomic::{AtomicU8, Ordering};
use std::sync::OnceLock;

/// The name of an engine; [`Engine::engage`] asks the machine for the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// arkworks: the reference.
    Plain,
    /// blst: the feature `blst`.
    Blst,
    /// As [`Lanes`](Self::Lanes), in pairs of 256-bit registers: AVX-IFMA.
    Lanes256,
    /// Eight records in AVX-512 IFMA lanes for batches of three records and more; blst or arkworks for smaller ones.
    Lanes,
}

/// The engine is unknown or unavailable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// No engine has this name.
    #[error("no engine is called {0:?} (there are plain, blst, lanes256, lanes)")]
    Unknown(String),
    /// This build or this machine lacks the engine.
    #[error("the engine {0} is not available: {1}")]
    Unavailable(Engine, &'static str),
}

impl Coded for EngineError {
    fn code(&self) -> &'static str {
        "engine"
    }
}

impl Engine {
    /// All engines, slowest first.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Blst, Self::Lanes256, Self::Lanes];

    /// The name, which [`FromStr`] reads.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Blst => "blst",
            Self::Lanes256 => "lanes256",
            Self::Lanes => "lanes",
        }
    }

    /// The engine of this name, where this build and this machine have it.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`] where this build or this machine lacks it.
    pub fn engage(self) -> Result<Engaged, EngineError> {
        let unavailable = |reason| EngineError::Unavailable(self, reason);
        match self {
            #[cfg(not(all(target_family = "wasm", feature = "blst")))]
            Self::Plain => Ok(Engaged(Choice::Plain(Plain))),
            #[cfg(all(target_family = "wasm", feature = "blst"))]
            Self::Plain => Err(unavailable("left out of WebAssembly with the feature `blst`")),
            #[cfg(feature = "blst")]
            Self::Blst => Ok(Engaged(Choice::Blst(Blst))),
            #[cfg(not(feature = "blst"))]
            Self::Blst => Err(unavailable("built without the feature `blst`")),
            #[cfg(all(target_arch = "x86_64", not(feature = "portable-lanes")))]
            Self::Lanes256 => Lanes256::detect()
                .map(|lanes| Engaged(Choice::Lanes256(lanes)))
                .ok_or_else(|| unavailable("the processor lacks AVX-IFMA")),
            #[cfg(not(all(target_arch = "x86_64", not(feature = "portable-lanes"))))]
            Self::Lanes256 => Err(unavailable("not in this build")),
            Self::Lanes => Lanes::detect()
                .map(|lanes| Engaged(Choice::Lanes(lanes)))
                .ok_or_else(|| unavailable("the processor lacks AVX-512 IFMA")),
        }
    }

    /// The engines of this build and machine, slowest first.
    pub fn available() -> impl Iterator<Item = Engaged> {
        Self::ALL.into_iter().filter_map(|engine| engine.engage().ok())
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Engine {
    type Err = EngineError;

    fn from_str(name: &str) -> Result<Self, EngineError> {
        Self::ALL.into_iter().find(|e| e.name() == name).ok_or_else(|| EngineError::Unknown(name.to_owned()))
    }
}

/// An engine that this build and this machine have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engaged(Choice);

/// The implementation behind each name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    #[cfg(not(all(target_family = "wasm", feature = "blst")))]
    Plain(Plain),
    #[cfg(feature = "blst")]
    Blst(Blst),
    #[cfg(all(target_arch = "x86_64", not(feature = "portable-lanes")))]
    Lanes256(Lanes256),
    Lanes(Lanes),
}

/// The engine of the process: 0 as long as there is none, else 1 + its index in [`Engine::ALL`].
static CURRENT: AtomicU8 = AtomicU8::new(0);

impl Engaged {
    /// The name of the engine.
    pub const fn engine(self) -> Engine {
        match self.0 {
            #[cfg(not(all(target_family = "wasm", feature = "blst")))]
            Choice::Plain(_) => Engine::Plain,
            #[cfg(feature = "blst")]
            Choice::Blst(_) => Engine::Blst,
            #[cfg(all(target_arch = "x86_64", not(feature = "portable-lanes")))]
            Choice::Lanes256(_) => Engine::Lanes256,
            Choice::Lanes(_) => Engine::Lanes,
        }
    }

    /// Whether operations on secrets take constant time: yes for all but `plain` in a build with the feature `blst`.
    /// SECURITY.md has the table of operations.
    pub const fn is_constant_time(self) -> bool {
        cfg!(feature = "blst") && !matches!(self.engine(), Engine::Plain)
    }

    /// Makes this the engine of the process from now on. All engines give the same bytes, so this may happen at any time.
    pub fn install(self) {
        CURRENT.store(self.index(), Ordering::Relaxed);
    }

    /// The engine of the process: the installed one, else the fastest available one.
    pub fn current() -> Self {
        if let Some(installed) = Self::installed() {
            return installed;
        }
        // An engine that another thread has installed meanwhile stays.
        let first = Self::first();
        _ = CURRENT.compare_exchange(0, first.index(), Ordering::Relaxed, Ordering::Relaxed);
        Self::installed().unwrap_or(first)
    }

    fn installed() -> Option<Self> {
        let index = CURRENT.load(Ordering::Relaxed).checked_sub(1)?;
        Engine::ALL[usize::from(index)].engage().ok() // it was available when it was installed
    }

    const fn index(self) -> u8 {
        self.engine() as u8 + 1
    }

    /// An engine that the build has in any case.
    #[cfg(feature = "blst")]
    const FALLBACK: Self = Self(Choice::Blst(Blst));
    #[cfg(not(feature = "blst"))]
    const FALLBACK: Self = Self(Choice::Plain(Plain));

    /// The fastest available engine. Portable lanes are slow, and no engine but one that was asked for.
    fn fastest() -> Self {
        let fast = |engine: &Self| engine.engine() != Engine::Lanes || !cfg!(feature = "portable-lanes");
        Engine::available().filter(fast).last().unwrap_or(Self::FALLBACK)
    }

    #[cfg(not(test))]
    fn first() -> Self {
        Self::fastest()
    }

    /// Unit tests run on the engine that `PHI_PRE_ENGINE` names.
    #[cfg(test)]
    fn first() -> Self {
        let named = |name: String| name.parse::<Engine>()?.engage();
        std::env::var("PHI_PRE_ENGINE").map_or_else(|_| Self::fastest(), |name| named(name).unwrap())
    }
}

/// The lines of one Q, for each engine that was asked for them. Overwritten when dropped.
#[derive(Clone)]
pub(super) struct Lines {
    q: Secret<G2Affine>,
    #[cfg(not(all(target_family = "wasm", feature = "blst")))]
    plain: OnceLock<plain::Lines>,
    #[cfg(feature = "blst")]
    blst: OnceLock<blst::Lines>,
    #[cfg(all(target_arch = "x86_64", not(feature = "portable-lanes")))]
    lanes256: OnceLock<lanes256::Lines>,
    lanes: OnceLock<lanes::Lines>,
}

impl Lines {
    #[cfg(not(all(target_family = "wasm", feature = "blst")))]
    fn plain(&self, engine: Plain) -> &plain::Lines {
        self.plain.get_or_init(|| engine.prepare(self.q.expose()))
    }

    #[cfg(feature = "blst")]
    fn blst(&self, engine: Blst) -> &blst::Lines {
        self.blst.get_or_init(|| engine.prepare(self.q.expose()))
    }

    #[cfg(all(target_arch = "x86_64", not(feature = "portable-lanes")))]
    fn lanes256(&self, engine: Lanes256) -> &lanes256::Lines {
        self.lanes256.get_or_init(|| engine.prepare(self.q.expose()))
    }

    fn lanes(&self, engine: Lanes) -> &lanes::Lines {
        self.lanes.get_or_init(|| engine.prepare(self.q.expose()))
    }
}

/// Hands operations to the chosen engine, with its own lines for those that take lines.
macro_rules! dispatch {
    ($(fn $name:ident($($a:ident: $t:ty),* $(; $lines:ident)?) $(-> $r:ty)?;)*) => { $(
        #[inline]
        fn $name(self, $($a: $t,)* $($lines: &Lines)?) $(-> $r)? {
            match self.0 {
                #[cfg(not(all(target_family = "wasm", feature = "blst")))]
                Choice::Plain(engine) => engine.$name($($a,)* $($lines.plain(engine))?),
                #[cfg(feature = "blst")]
                Choice::Blst(engine) => engine.$name($($a,)* $($lines.blst(engine))?),
                #[cfg(all(target_arch = "x86_64", not(feature = "portable-lanes")))]
                Choice::Lanes256(engine) => engine.$name($($a,)* $($lines.lanes256(engine))?),
                Choice::Lanes(engine) => engine.$name($($a,)* $($lines.lanes(engine))?),
            }
        }
    )* };
}

impl Backend for Engaged {
    type Lines = Lines;

    /// Computes the lines for single pairings by this engine. Those of the other engines, and those for the lanes, follow
    /// at their first use.
    fn prepare(self, q: &G2Affine) -> Lines {
        let lines = Lines {
            q: Secret::new(*q),
            #[cfg(not(all(target_family = "wasm", feature = "blst")))]
            plain: OnceLock::new(),
            #[cfg(feature = "blst")]
            blst: OnceLock::new(),
            #[cfg(all(target_arch = "x86_64", not(feature = "portable-lanes")))]
            lanes256: OnceLock::new(),
            lanes: OnceLock::new(),
        };
        match self.0 {
            #[cfg(not(all(target_family = "wasm", feature = "blst")))]
            Choice::Plain(engine) => _ = lines.plain(engine),
            #[cfg(feature = "blst")]
            Choice::Blst(engine) => _ = lines.blst(engine),
            #[cfg(all(target_arch = "x86_64", not(feature = "portable-lanes")))]
            Choice::Lanes256(engine) => _ = lines.lanes256(engine),
            Choice::Lanes(engine) => _ = lines.lanes(engine),
        }
        lines
    }

    dispatch! {
        fn pairing(p: &G1Affine, q: &G2Affine) -> Fq12;
        fn miller_loop(p: &G1Affine; lines) -> Fq12;
        fn final_exponentiation(f: &Fq12) -> Fq12;
        fn pow_g1(p: &G1Affine, k: Fr) -> G1Affine;
        fn pow_g2(q: &G2Affine, k: Fr) -> G2Affine;
        fn pow_generator_all(exponents: &[Fr]) -> Vec<G1Affine>;
        fn multiply_g1(a: &G1Affine, b: &G1Affine) -> G1Affine;
        fn multiply_g2(a: &G2Affine, b: &G2Affine) -> G2Affine;
        fn invert_g1(p: &G1Affine) -> G1Affine;
        fn invert_g2(q: &G2Affine) -> G2Affine;
        fn hash_g2(message: &[u8], dst: &[u8]) -> G2Affine;
        fn encode_g1(p: &G1Affine) -> [u8; 48];
        fn encode_g2(q: &G2Affine) -> [u8; 96];
        fn decode_g1(bytes: &[u8; 48]) -> Result<G1Affine, DecodeError>;
        fn decode_g2(bytes: &[u8; 96]) -> Result<G2Affine, DecodeError>;
        fn multiply_gt(a: &Fq12, b: &Fq12) -> Fq12;
        fn conjugate(a: &Fq12) -> Fq12;
        fn pow_gt(a: &Fq12, k: Fr) -> Fq12;
        fn table(base: &Fq12) -> Table;
        fn pow_table(table: &Table, k: Fr) -> Fq12;
        fn in_gt(f: &Fq12) -> bool;
        fn frobenius_is_x(f: &Fq12) -> bool;
        fn line_quotients(; lines) -> Option<Vec<[Fq2; 2]>>;
        fn multiply(x: &Fq, y: &Fq) -> Fq;
        fn inverse(x: &Fq) -> Fq;
        fn torus(g: &Fq12) -> Fq6;

        fn pairing_prepared(p: &G1Affine; lines) -> Fq12;
        fn multiply_by_pairing(p: &G1Affine, c: &Fq12; lines) -> Fq12;
        fn encode_t6(g: &Fq12) -> [u8; T6_BYTES];
        fn decode_t6(bytes: &[u8; T6_BYTES]) -> Result<Fq12, DecodeError>;
        fn decode_record(record: &[u8; RECORD_BYTES]) -> Decoded;
        fn reencrypt_record(record: &[u8; RECORD_BYTES]; lines) -> Result<[u8; RECORD_BYTES], DecodeError>;

        fn multiexp_g1_vartime(powers: &[(&G1Affine, i128)]) -> G1Affine;
        fn multiexp_gt_quotients_vartime(powers: &[(&Fq12, &Fq12, i128)]) -> Fq12;

        fn group_size(len: usize) -> usize;
        fn pair_each_and_multiply_all(items: &[(&G1Affine, &G2Affine, &Fq12)]) -> Vec<Fq12>;
        fn multiply_by_pairing_all(pairs: &[(&G1Affine, &Fq12)]; lines) -> Vec<Fq12>;
        fn pow_g1_all(powers: &[(&G1Affine, &Fr)]) -> Vec<G1Affine>;
        fn pow_gt_all(powers: &[(&Fq12, &Fr)]) -> Vec<Fq12>;
        fn pow_table_all(table: &Table, exponents: &[Fr]) -> Vec<Fq12>;
        fn encode_t6_all(elements: &[&Fq12]) -> Vec<[u8; T6_BYTES]>;
        fn decode_record_all(records: &[[u8; RECORD_BYTES]]) -> Vec<Decoded>;
        fn reencrypt_record_all(
            records: &[[u8; RECORD_BYTES]]; lines
        ) -> Vec<Result<[u8; RECORD_BYTES], DecodeError>>;

        fn measure_miller_loops(p: &[G1Affine; 8]; lines);
        fn measure_final_exponentiations(f: &[Fq12; 8]);
        fn measure_products(a: &[Fq12; 8]) -> [Fq12; 8];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_and_others_are_refused() {
        for engine in Engine::ALL {
            assert_eq!(engine.name().parse(), Ok(engine));
        }
        for name in ["", "Lanes", "avx", "plain "] {
            assert_eq!(name.parse::<Engine>(), Err(EngineError::Unknown(name.to_owned())));
        }
    }

    #[test]
    fn what_is_lacking_is_an_error() {
        assert_eq!(Engine::Plain.engage().map(Engaged::engine), Ok(Engine::Plain));
        assert_eq!(Engine::Blst.engage().is_ok(), cfg!(feature = "blst"));
        assert_eq!(Engine::Lanes.engage().is_ok(), Lanes::detect().is_some());
    }

    #[test]
    fn the_default_is_constant_time_where_the_build_has_blst() {
        assert_eq!(Engaged::fastest().is_constant_time(), cfg!(feature = "blst"));
        assert!(!Engine::Plain.engage().unwrap().is_constant_time());
    }
}
