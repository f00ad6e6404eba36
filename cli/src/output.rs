//! What the command prints: lines on standard output, errors on standard error, progress on a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::{Arguments, Display};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// The error that ended a command. Its text is what the user sees.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// `println!` that never panics: a closed pipe (`| head`) is ignored, and every other error is printed.
macro_rules! say {
    ($($text:tt)*) => { $crate::output::say(format_args!($($text)*)) };
}

/// Prints a line: the function behind [`say!`].
pub(crate) fn say(line: Arguments<'_>) {
    match writeln!(std::io::stdout().lock(), "{line}") {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => eprintln!("phi-pre: standard output: {e}"),
        _ => {}
    }
}

/// Puts `path` in front of an error of that file.
pub(crate) fn named(path: &Path, error: &dyn Display) -> Failure {
    format!("{}: {error}", path.display()).into()
}

/// A progress bar with this length and template. It is hidden where standard error is no terminal.
pub(crate) fn progress(length: Option<u64>, template: &str) -> ProgressBar {
    let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
