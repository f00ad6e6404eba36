//! `phi-pre vectors`: makes and checks the files of test vectors.

use crate::output::Failure;
use crate::vectors::{self, Counts};
use std::path::PathBuf;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Checks every file of a folder and prints one line for each, with its counts.
    Check {
        /// The folder.
        #[arg(default_value = "vectors", value_name = "DIR")]
        folder: PathBuf,
    },
    /// Makes the files from their fixed seeds.
    Generate {
        /// The folder.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Writes nothing, and fails where a file differs from what would be written.
        #[arg(long)]
        check: bool,
        /// Replaces existing files that differ from what is written. Without this option, they are an error.
        #[arg(long, conflicts_with = "check")]
        replace: bool,
    },
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Check { folder } if folder.is_file() => {
            return Err(format!("{}: a file; name the folder of the vectors", folder.display()).into());
        }
        Command::Check { folder } => {
            let line = |name: &str, Counts { valid, invalid }: Counts| {
                say!("{name:<24} {valid:>4} valid {invalid:>4} invalid");
            };
            let sum = vectors::check(folder, |name, result| match result {
                Ok(counts) => line(name, *counts),
                Err(failure) => say!("FAILED   {failure}"),
            })?;
            line("all", sum);
        }
        Command::Generate { folder, check: true, .. } => {
            say!("{} files are what the generator makes", vectors::compare(folder)?);
        }
        Command::Generate { folder, replace, .. } => say!("{} files written", vectors::write(folder, *replace)?),
    }
    Ok(())
}
