//! What the command prints: lines on standard output, errors on standard error, progress on a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::{Arguments, Display};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Whatever stopped a command, as it is printed.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// `println!` for a command: a closed pipe (`| head`) is no failure, and nothing panics.
macro_rules! say {
    ($($text:tt)*) => { $crate::output::say(format_args!($($text)*)) };
}

/// See [`say!`].
pub(crate) fn say(line: Arguments<'_>) {
    match writeln!(std::io::stdout().lock(), "{line}") {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => eprintln!("phi-pre: standard output: {e}"),
        _ => {}
    }
}

/// An error of the file at `path`.
pub(crate) fn named(path: &Path, error: &dyn Display) -> Failure {
    format!("{}: {error}", path.display()).into()
}

/// A progress bar of this length and form; hidden where standard error is no terminal.
pub(crate) fn progress(length: Option<u64>, template: &str) -> ProgressBar {
    let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
