//! The `phi-pre` command.
//!
//! Exit codes: 0 done; 1 the operation failed, and stderr says which and why; 2 usage. Long work shows a progress bar on
//! a terminal and is silent in a pipe.

/// `println!` for a command: a reader that went away (`| head`) is no failure, and nothing panics.
macro_rules! say {
    ($($text:tt)*) => { $crate::cli::say(format_args!($($text)*)) };
}

mod bench;
mod bulk;
mod demo;
mod keyfile;
mod ledger;
mod tools;
mod vectors;

#[doc(hidden)]
pub use demo::run as demo;
#[doc(hidden)]
pub use keyfile::{Kind as KeyFile, parse as parse_key_file};

use crate::group::{Engine, EngineError};
use clap::{Parser, Subcommand};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Whatever stopped a command, as it is printed.
type Failure = Box<dyn std::error::Error>;

#[derive(Parser)]
#[command(name = "phi-pre", version, about = "Pairing-based proxy re-encryption of health records (research code)")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The paper's whole flow (Figures 2-5) on real files, with a check list at the end.
    Demo {
        /// Folder of records; the ones in examples/records where it is left out.
        #[arg(long, value_name = "DIR")]
        emr: Option<PathBuf>,
        /// Keeps ledger, cloud store, received records and a transcript in this new or empty folder.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Throughput of every engine on this machine, interleaved in one run.
    Bench {
        /// Writes machine, versions and every figure.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        /// Plots throughput by engine and batch size, and where the time goes.
        #[arg(long, value_name = "FILE.svg")]
        plot: Option<PathBuf>,
        /// Samples of each figure.
        #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u16).range(3..))]
        rounds: u16,
    },
    /// Makes a key pair: NAME.secret (k_d) and NAME.public (Y).
    Keygen {
        /// Path and name of the pair, without extension.
        name: PathBuf,
    },
    /// Encrypts a record for a public key.
    Encrypt {
        /// The public key (NAME.public).
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// The AEAD of the body.
        #[arg(long, value_enum, default_value_t = tools::SuiteName::Aes256Gcm)]
        suite: tools::SuiteName,
        /// The record.
        record: PathBuf,
        /// The envelope to write.
        envelope: PathBuf,
    },
    /// Equation 1: makes k_re from two secret keys.
    Rekey {
        /// The key under which envelopes stand (NAME.secret).
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// The key under which they shall stand (NAME.secret).
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// The re-encryption key to write.
        rekey: PathBuf,
    },
    /// Equation 2: re-encrypts an envelope in place, or to --out; with --in, a whole folder or store to --out.
    ///
    /// A job (--in, --out) can be killed and run again: it goes on where it was. A store is s3://bucket/prefix, with
    /// credentials, region and endpoint from the environment (AWS_...). Envelopes that are refused are named, and the
    /// exit code is then 1; all others are done.
    Reencrypt {
        /// The re-encryption key.
        #[arg(long, value_name = "FILE")]
        rekey: PathBuf,
        /// Re-encrypts every envelope below this folder or store.
        #[arg(long = "in", value_name = "DIR|STORE", requires = "out")]
        from: Option<OsString>,
        /// Writes new envelopes and leaves the old ones as they are.
        #[arg(long, value_name = "FILE|DIR|STORE")]
        out: Option<OsString>,
        /// Appends each refused envelope of a job and the job's counts, as lines of JSON.
        #[arg(long, value_name = "FILE", requires = "from")]
        report: Option<PathBuf>,
        /// The envelope.
        #[arg(required_unless_present = "from", conflicts_with = "from")]
        envelope: Option<PathBuf>,
    },
    /// Equation 3: decrypts an envelope.
    Decrypt {
        /// The secret key (NAME.secret).
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The envelope.
        envelope: PathBuf,
        /// The record to write.
        record: PathBuf,
    },
    /// Prints what an envelope shows without a key.
    Inspect {
        /// The envelope.
        envelope: PathBuf,
    },
    /// Reads the ledger of a stopped peer.
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Checks or makes the test vectors.
    #[command(subcommand)]
    Vectors(vectors::Command),
}

/// Runs the command of this process's arguments.
pub fn run() -> ExitCode {
    let command = Cli::parse().command;
    if let Err(failure) = install_engine() {
        eprintln!("phi-pre: {ENGINE_VARIABLE}: {failure}");
        return ExitCode::from(2);
    }
    let done = match command {
        Command::Demo { emr, out } => system_rng().and_then(|rng| demo::run(emr.as_deref(), out.as_deref(), rng)),
        Command::Bench { json, plot, rounds } => bench::run(json.as_deref(), plot.as_deref(), rounds),
        Command::Keygen { name } => tools::keygen(&name),
        Command::Encrypt { to, suite, record, envelope } => tools::encrypt(&to, suite, &record, &envelope),
        Command::Rekey { from, to, rekey } => tools::rekey(&from, &to, &rekey),
        Command::Reencrypt { rekey, from: Some(from), out: Some(out), report, .. } => {
            bulk::run(&rekey, &from, &out, report.as_deref())
        }
        Command::Reencrypt { rekey, out, envelope, .. } => {
            tools::reencrypt(&rekey, &envelope.unwrap_or_default(), out.as_deref().map(Path::new))
        }
        Command::Decrypt { key, envelope, record } => tools::decrypt(&key, &envelope, &record),
        Command::Inspect { envelope } => tools::inspect(&envelope),
        Command::Ledger(command) => ledger::run(&command),
        Command::Vectors(command) => vectors::run(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("phi-pre: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// The environment variable that names the engine: `plain`, `blst` or `lanes`.
const ENGINE_VARIABLE: &str = "PHI_PRE_ENGINE";

/// Installs the engine that [`ENGINE_VARIABLE`] names. Without the variable the fastest available engine stays.
fn install_engine() -> Result<(), EngineError> {
    if let Some(name) = std::env::var_os(ENGINE_VARIABLE) {
        name.to_string_lossy().parse::<Engine>()?.engage()?.install();
    }
    Ok(())
}

/// A generator seeded by the operating system.
fn system_rng() -> Result<ChaCha20Rng, Failure> {
    let mut seed = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut())?;
    Ok(ChaCha20Rng::from_seed(*seed))
}

fn say(line: std::fmt::Arguments<'_>) {
    use std::io::{ErrorKind, Write};
    match writeln!(std::io::stdout().lock(), "{line}") {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => eprintln!("phi-pre: stdout: {e}"),
        _ => {}
    }
}
