//! What the command prints: lines on standard output, errors on standard error, progress on a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::{Arguments, Display};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::OnceLock;

/// The error that ended a command. Its text is what the user sees.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// The first error of standard output, other than a closed pipe.
static LOST: OnceLock<std::io::Error> = OnceLock::new();

/// `println!` that never panics: a closed pipe (`| head`) is ignored, and [`flush`] returns the first other error.
macro_rules! say {
    ($($text:tt)*) => { $crate::output::say(format_args!($($text)*)) };
}

/// Prints a line: the function behind [`say!`].
pub(crate) fn say(line: Arguments<'_>) {
    keep(writeln!(std::io::stdout().lock(), "{line}"));
}

fn keep(written: std::io::Result<()>) {
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        let _ = LOST.set(error); // a later error says nothing new
    }
}

/// Ends the output of a command.
///
/// # Errors
/// The first line that standard output did not take.
pub(crate) fn flush() -> Result<(), Failure> {
    keep(std::io::stdout().lock().flush());
    LOST.get().map_or(Ok(()), |error| Err(format!("standard output: {error}").into()))
}

/// Puts `path` in front of an error of that file.
pub(crate) fn named(path: &Path, error: &dyn Display) -> Failure {
    format!("{}: {error}", path.display()).into()
}

/// Prints a warning about a file on standard error.
pub(crate) fn warn(path: &Path, what: &dyn Display) {
    eprintln!("phi-pre: warning: {}: {what}", path.display());
}

/// Warns where the folder of a new file could not be synced.
pub(crate) fn warn_unsynced(path: &Path, unsynced: Option<&std::io::Error>) {
    if let Some(error) = unsynced {
        let what = format!("written, but its folder cannot be synced ({error}); a loss of power may take the name");
        warn(path, &what);
    }
}

/// Opens a file or a terminal's input for reading, and refuses what would block without a word: a named pipe.
pub(crate) fn open_file(path: &Path) -> Result<std::fs::File, Failure> {
    refuse_pipe(path)?;
    std::fs::File::open(path).map_err(|e| named(path, &e))
}

/// Refuses a named pipe, also behind links: opening one waits, without an end, for somebody who writes to the pipe. A
/// descriptor that the process already has (`/dev/stdin`) is no named pipe.
pub(crate) fn refuse_pipe(path: &Path) -> Result<(), Failure> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let mut place = path.to_owned();
        for _ in 0..40 {
            let Ok(found) = std::fs::symlink_metadata(&place) else { break };
            if found.file_type().is_fifo() {
                return Err(named(path, &"a named pipe, not a file"));
            }
            let folder = place.parent().unwrap_or(Path::new(""));
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let descriptor = folder.canonicalize().is_ok_and(|at| at.starts_with("/proc") && at.ends_with("fd"));
            let Ok(target) = std::fs::read_link(&place) else { break };
            if descriptor {
                break;
            }
            place = folder.join(target);
        }
    }
    Ok(())
}

/// Refuses `-` as the name of a file: it would not mean standard input or output.
pub(crate) fn refuse_dash(path: &Path) -> Result<(), Failure> {
    if path.as_os_str() == "-" {
        return Err("- is not a file; use /dev/stdin for standard input, or ./- for a file of that name".into());
    }
    Ok(())
}

/// A progress bar with this length and template. It is hidden where standard error is no terminal.
pub(crate) fn progress(length: Option<u64>, template: &str) -> ProgressBar {
    let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
