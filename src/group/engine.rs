//! Which arithmetic computes: one interface, three engines, the same bytes from each.
//!
//! | engine | what it is | where |
//! |---|---|---|
//! | [`Plain`](Engine::Plain) | arkworks, the reference | everywhere |
//! | [`Blst`](Engine::Blst) | blst, one operation at a time | feature `blst` |
//! | [`Lanes`](Engine::Lanes) | eight records at once (AVX-512 IFMA); blst or plain for one or two | x86-64 that has it, found at run time |
//!
//! The fastest that the machine has is taken. The environment variable `PHI_PRE_ENGINE` (`plain`, `blst`, `lanes`) or
//! [`Engaged::install`] choose another; nothing ever falls back silently to an engine that was not asked for.

use core::fmt;
use core::str::FromStr;
use core::sync::atomic::{AtomicU8, Ordering};

/// The environment variable that names the engine.
pub const ENGINE_VARIABLE: &str = "PHI_PRE_ENGINE";

/// An engine by name; [`Engine::engage`] asks the machine for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// arkworks: the reference.
    Plain,
    /// blst: the feature `blst`.
    Blst,
    /// Eight records in the lanes of AVX-512 IFMA for batches of three and more; blst or plain elsewhere.
    Lanes,
}

/// An engine cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// No engine has this name.
    #[error("no engine is called {0:?} (there are plain, blst, lanes)")]
    Unknown(String),
    /// This build or this machine lacks the engine.
    #[error("the engine {0} is not available: {1}")]
    Unavailable(Engine, &'static str),
}

impl Engine {
    /// All engines, slowest first.
    pub const ALL: [Self; 3] = [Self::Plain, Self::Blst, Self::Lanes];

    /// The name that `PHI_PRE_ENGINE` takes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Blst => "blst",
            Self::Lanes => "lanes",
        }
    }

    /// Asks for the engine.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`] where this build or this machine lacks it.
    pub fn engage(self) -> Result<Engaged, EngineError> {
        match self {
            Self::Plain => Ok(Engaged(self)),
            Self::Blst if cfg!(feature = "blst") => Ok(Engaged(self)),
            Self::Blst => Err(EngineError::Unavailable(self, "built without the feature `blst`")),
            Self::Lanes if super::lanes::Ifma::detect().is_some() => Ok(Engaged(self)),
            Self::Lanes => Err(EngineError::Unavailable(self, "the processor lacks AVX-512 IFMA")),
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

/// An engine that this build and this machine are known to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engaged(Engine);

/// The engine of the process: 0 before the first use, else 1 + its index in [`Engine::ALL`].
static CURRENT: AtomicU8 = AtomicU8::new(0);

impl Engaged {
    /// Which engine it is.
    pub const fn engine(self) -> Engine {
        self.0
    }

    /// The engine that `PHI_PRE_ENGINE` names or, where it is not set, the fastest available.
    ///
    /// # Errors
    /// [`EngineError`] for an unknown name and for an engine that is not available.
    pub fn from_env() -> Result<Self, EngineError> {
        match std::env::var_os(ENGINE_VARIABLE) {
            Some(name) => name.to_string_lossy().parse::<Engine>()?.engage(),
            None => Ok(Engine::available().last().unwrap_or(Self(Engine::Plain))),
        }
    }

    /// Makes this the engine of the process from now on. All engines give the same bytes, so this may happen at any time.
    pub fn install(self) {
        CURRENT.store(self.0 as u8 + 1, Ordering::Relaxed);
    }

    /// The engine of the process: the installed one, or that of [`Self::from_env`].
    ///
    /// A program that lets its user set `PHI_PRE_ENGINE` calls [`Self::from_env`] first and reports its error. Where it
    /// did not and the variable asks for what there is not, this ends the process' thread with that error: computing
    /// with another engine than the one asked for would be the silent fallback that this module excludes.
    #[allow(clippy::missing_panics_doc)] // told in words above
    pub fn current() -> Self {
        match CURRENT.load(Ordering::Relaxed) {
            0 => {
                let engaged = Self::from_env().unwrap_or_else(|e| panic!("{ENGINE_VARIABLE}: {e}"));
                engaged.install();
                engaged
            }
            n => Self(Engine::ALL[usize::from(n) - 1]),
        }
    }

    /// The inversion in F_p of [`Self::single`].
    pub(super) fn inverse(self) -> super::torus::Inverse {
        match self.single() {
            Single::Plain => super::plain::inverse,
            #[cfg(feature = "blst")]
            Single::Blst => super::blst::inverse,
        }
    }

    /// The engine for one operation at a time: plain, or blst.
    pub(super) const fn single(self) -> Single {
        match self.0 {
            #[cfg(feature = "blst")]
            Engine::Blst | Engine::Lanes => Single::Blst,
            _ => Single::Plain,
        }
    }
}

/// What computes one operation at a time.
#[derive(Clone, Copy)]
pub(super) enum Single {
    Plain,
    #[cfg(feature = "blst")]
    Blst,
}

/// Calls the function of this name in the module of the engine for single operations.
macro_rules! by_single {
    ($engaged:expr, $function:ident($($argument:expr),*)) => {
        match $engaged.single() {
            $crate::group::engine::Single::Plain => $crate::group::plain::$function($($argument),*),
            #[cfg(feature = "blst")]
            $crate::group::engine::Single::Blst => $crate::group::blst::$function($($argument),*),
        }
    };
}
pub(super) use by_single;

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
        assert_eq!(Engine::Lanes.engage().is_ok(), crate::group::lanes::Ifma::detect().is_some());
    }
}
