//! The arguments of the command `phi-pre`, and which function each subcommand calls.
//!
//! Exit codes: 0, the operation succeeded; 1, the operation failed, and standard error gives the reason; 2, the arguments
//! are invalid, `PHI_PRE_ENGINE` names no engine that is available, or `RAYON_NUM_THREADS` is no number. Long operations show a progress bar if standard
//! error is a terminal.

#[cfg(feature = "fabric")]
use crate::chaincode;
use crate::keyfile::Key;
use crate::{bench, bulk, demo, ledger, msp, output, signals, system, tools, vector_files, verify};
use clap::builder::NonEmptyStringValueParser;
use clap::{Parser, Subcommand};
use phi_pre::envelope::Shard;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "phi-pre", version, about = "Pairing-based proxy re-encryption of health records (research code)")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the paper's whole flow (Figures 2-5) on real files and prints a list of checks at the end.
    Demo {
        /// The folder of records (EMR: electronic medical records). The default is examples/records of the checkout.
        #[arg(long, value_name = "DIR")]
        emr: Option<PathBuf>,
        /// Keeps the ledger, the cloud store, the received records and a transcript in this new or empty folder.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Writes the run as a page, one HTML file: what travelled, the ledger's blocks, the checks.
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
        /// The number of clouds among which each re-encryption key is shared, at most 16.
        #[arg(long, value_name = "N", default_value_t = 1)]
        clouds: u8,
        /// The number of clouds that must re-encrypt together.
        #[arg(long, value_name = "T", default_value_t = 1)]
        threshold: u8,
        /// This cloud, counted from 1, delivers C in the place of C'. May be given several times.
        #[arg(long, value_name = "J")]
        lie: Vec<u8>,
        /// This cloud, counted from 1, does not re-encrypt. May be given several times.
        #[arg(long, value_name = "J")]
        down: Vec<u8>,
        /// Hospital A encrypts under keys by name, and keeps nothing that opens the records.
        #[arg(long)]
        named: bool,
        /// Runs on the Hyperledger Fabric network that this file describes, in the place of a new embedded ledger.
        #[cfg(feature = "fabric")]
        #[arg(long, value_name = "PROFILE")]
        fabric: Option<PathBuf>,
    },
    /// Measures the throughput of every engine on this machine, alternating between the engines in one process.
    Bench {
        #[command(flatten)]
        files: bench::Files,
        /// The number of measurements of each case, at least 3; the median is printed.
        #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u16).range(3..))]
        rounds: u16,
        #[command(flatten)]
        load: bench::Load,
        /// Measures the schemes to compare with: KeyGen, Enc, ReKeyGen, ReEnc and Dec of each, with sizes.
        #[arg(long)]
        schemes: bool,
    },
    /// Makes a key pair: NAME.secret (k_d) and NAME.public (Y). With --named, the files have a and A.
    ///
    /// Without --shared and --named, the pair is random. A re-encryption key made from such a pair works on every
    /// record that is encrypted to the pair.
    Keygen {
        #[command(flatten)]
        scope: tools::KeyScope,
        /// The path of the two files, without their extensions.
        name: PathBuf,
    },
    /// Makes a random secret (sk) that two parties share. keygen --shared derives key pairs from this secret.
    Shared {
        /// The file to write.
        file: PathBuf,
    },
    /// Encrypts a record for a public key.
    Encrypt {
        /// The public key (NAME.public).
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// The name of the scope, for a public key by name: of one record, or of the records that are granted together.
        #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
        scope: Option<String>,
        /// The cipher (AEAD) that encrypts the record.
        #[arg(long, value_enum, default_value_t = tools::SuiteName::Aes256Gcm)]
        suite: tools::SuiteName,
        /// The record.
        record: PathBuf,
        /// The envelope to write.
        envelope: PathBuf,
    },
    /// Equation 1 of the paper: makes a re-encryption key (k_re) from two secret keys.
    Rekey {
        /// The secret key that decrypts the envelopes now (NAME.secret).
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// The name of the scope of --from, if --from is a key by name.
        #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
        scope: Option<String>,
        /// The secret key that decrypts them after re-encryption (NAME.secret).
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// The name of the scope of --to, if --to is a key by name.
        #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
        to_scope: Option<String>,
        /// The re-encryption key to write.
        rekey: PathBuf,
    },
    /// Equation 2 of the paper: re-encrypts an envelope in place, or to --out. With --in, re-encrypts a whole folder or store to
    /// --out.
    ///
    /// If a job (--in, --out) was interrupted, the same command resumes the job. A store is s3://bucket/prefix; credentials,
    /// region and endpoint come from the environment (AWS_...). If an envelope is refused, its name is printed, the
    /// other envelopes are re-encrypted, and the exit code is 1.
    Reencrypt {
        /// The re-encryption key.
        #[arg(long, value_name = "FILE")]
        rekey: PathBuf,
        /// Re-encrypts every envelope below this folder or store.
        #[arg(long = "in", value_name = "DIR|STORE", requires = "out")]
        from: Option<OsString>,
        /// Writes new envelopes here and does not change the old ones.
        #[arg(long, value_name = "FILE|DIR|STORE")]
        out: Option<OsString>,
        /// Writes a proof that every output was re-encrypted by this key; phi-pre verify checks it. A job that is resumed
        /// proves all its outputs.
        #[arg(long, value_name = "FILE", requires = "out")]
        proof: Option<PathBuf>,
        /// Re-encrypts only the envelopes of shard I of N, counted from 0, so that N jobs can run beside each other on one
        /// target. An envelope's shard depends on its name and N alone.
        #[arg(long, value_name = "I/N", requires = "from", conflicts_with = "proof")]
        shard: Option<Shard>,
        /// Appends to this file one line of JSON for each refused envelope (name and reason), and one with the counts.
        #[arg(long, value_name = "FILE", requires = "from")]
        report: Option<PathBuf>,
        /// The envelope.
        #[arg(required_unless_present = "from", conflicts_with = "from")]
        envelope: Option<PathBuf>,
    },
    /// Checks a proof of re-encryption: two envelopes, or all envelopes of two folders or stores, before and after it.
    ///
    /// The check needs no secret. If the proof does not hold, the exit code is 1.
    Verify {
        /// The public key of the envelopes before re-encryption (NAME.public).
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// The name of the scope of --from, if --from is a key by name.
        #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
        scope: Option<String>,
        /// The public key of the envelopes after re-encryption (NAME.public).
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// The name of the scope of --to, if --to is a key by name.
        #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
        to_scope: Option<String>,
        /// The proof, as reencrypt --proof wrote it.
        #[arg(long, value_name = "FILE")]
        proof: PathBuf,
        /// The envelope, folder or store before re-encryption.
        before: OsString,
        /// The envelope, folder or store after re-encryption.
        after: OsString,
    },
    /// Equation 3 of the paper: decrypts an envelope.
    Decrypt {
        /// The secret key (NAME.secret).
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The name of the scope, for a secret key by name.
        #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
        scope: Option<String>,
        /// The envelope.
        envelope: PathBuf,
        /// The record to write.
        record: PathBuf,
    },
    /// Prints the fields of an envelope that need no key.
    Inspect {
        /// The envelope.
        envelope: PathBuf,
    },
    /// Reads, verifies or repairs the ledger files of stopped peers and of the orderer.
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Serves the contract as chaincode of Hyperledger Fabric, or packages it for peers.
    #[cfg(feature = "fabric")]
    #[command(subcommand)]
    Chaincode(chaincode::Command),
    /// Makes a certificate authority, and the folders (MSP) that a Hyperledger Fabric network reads of it.
    Msp(msp::Arguments),
    /// Checks or makes the test vectors.
    #[command(subcommand)]
    Vectors(vector_files::Command),
}

/// Runs the command that this process's arguments name, and returns its exit code.
pub fn run() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(mut said) => {
            if said.use_stderr() {
                // The error can quote an argument, so it is made again from arguments that a terminal can show.
                let shown = std::env::args_os().map(|argument| output::escaped(&argument.to_string_lossy()));
                said = Cli::try_parse_from(shown).err().unwrap_or(said);
            }
            let (code, printed) = (said.exit_code(), output::say_usage(&said));
            return printed.map_or_else(|failure| failed(&failure), |()| ExitCode::from(u8::from(code != 0) * 2));
        }
    };
    if let Err(failure) = system::install_engine().and_then(|()| system::chosen_threads().map(drop)) {
        output::complain(&failure);
        return ExitCode::from(2);
    }
    let done = command.threads().and_then(|()| perform(command)).and_then(|()| output::flush());
    signals::leave_the_end_to_a_signal();
    done.map_or_else(|failure| failed(&failure), |()| ExitCode::SUCCESS)
}

fn failed(failure: &output::Failure) -> ExitCode {
    output::complain(failure);
    ExitCode::FAILURE
}

impl Command {
    /// Starts the threads for the commands that compute on all cores.
    fn threads(&self) -> Result<(), output::Failure> {
        let few = matches!(
            self,
            Self::Keygen { .. }
                | Self::Shared { .. }
                | Self::Rekey { .. }
                | Self::Inspect { .. }
                | Self::Reencrypt { from: None, .. }
        );
        if few { Ok(()) } else { system::start_threads() }
    }
}

const fn key<'a>(path: &'a Path, scope: Option<&'a str>) -> Key<'a> {
    Key { path, scope, argument: "--scope" }
}

/// The key of --to in a command that has two keys.
const fn key_to<'a>(path: &'a Path, scope: Option<&'a str>) -> Key<'a> {
    Key { path, scope, argument: "--to-scope" }
}

fn perform(command: Command) -> Result<(), output::Failure> {
    match command {
        Command::Demo {
            emr,
            out,
            report,
            clouds,
            threshold,
            lie,
            down,
            named,
            #[cfg(feature = "fabric")]
            fabric,
        } => {
            let setting = demo::Setting { clouds, threshold, lie, down, named };
            let kept = demo::Kept { out: out.as_deref(), report: report.as_deref() };
            #[cfg(feature = "fabric")]
            if let Some(profile) = fabric {
                let mut rng = system::rng()?;
                let profile = crate::fabric::Profile::read(&profile, &mut rng)?;
                return demo::run_on_fabric(profile, emr.as_deref(), kept, setting, rng);
            }
            system::rng().and_then(|rng| demo::run(emr.as_deref(), kept, setting, rng))
        }
        Command::Bench { files, load, rounds, schemes } => {
            if load.run()? {
                Ok(())
            } else {
                bench::run(&files, rounds, schemes)
            }
        }
        Command::Keygen { scope, name } => tools::keygen(&name, &scope),
        Command::Shared { file } => tools::shared(&file),
        Command::Encrypt { to, scope, suite, record, envelope } => {
            tools::encrypt(key(&to, scope.as_deref()), suite, &record, &envelope)
        }
        Command::Rekey { from, scope, to, to_scope, rekey } => {
            tools::rekey(key(&from, scope.as_deref()), key_to(&to, to_scope.as_deref()), &rekey)
        }
        Command::Reencrypt { rekey, from: Some(from), out: Some(out), report, proof, shard, .. } => {
            let job = bulk::Job { from: &from, to: &out, shard, report: report.as_deref() };
            bulk::run(&rekey, &job, proof.as_deref())
        }
        Command::Reencrypt { rekey, out, envelope, proof, .. } => {
            let out = out.as_deref().map(Path::new);
            tools::reencrypt(&rekey, &envelope.unwrap_or_default(), out, proof.as_deref())
        }
        Command::Verify { from, scope, to, to_scope, proof, before, after } => {
            let (from, to) = (key(&from, scope.as_deref()), key_to(&to, to_scope.as_deref()));
            verify::run(from, to, &proof, &before, &after)
        }
        Command::Decrypt { key: path, scope, envelope, record } => {
            tools::decrypt(key(&path, scope.as_deref()), &envelope, &record)
        }
        Command::Inspect { envelope } => tools::inspect(&envelope),
        Command::Ledger(command) => ledger::run(&command),
        #[cfg(feature = "fabric")]
        Command::Chaincode(command) => chaincode::run(&command),
        Command::Msp(arguments) => msp::run(&arguments),
        Command::Vectors(command) => vector_files::run(&command),
    }
}
