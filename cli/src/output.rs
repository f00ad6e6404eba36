//! What the command prints: lines on standard output, errors on standard error, progress on a terminal.
//!
//! Names of files and answers of stores can hold any characters. So every line is escaped here, and only here:
//! a terminal gets no control character, and a line stays one line.

use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::{Arguments, Display, Write as _};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::OnceLock;

/// The error that ended a command. Its text is what the user sees.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// The first error of standard output, other than a closed pipe.
static LOST: OnceLock<std::io::Error> = OnceLock::new();

/// `println!` for one line, which is escaped. It never panics: a closed pipe (`| head`) is ignored, and [`flush`]
/// returns the first other error.
macro_rules! say {
    () => { $crate::output::say(format_args!("")) };
    ($($text:tt)*) => { $crate::output::say(format_args!($($text)*)) };
}

/// Prints a line: the function behind [`say!`].
pub(crate) fn say(line: Arguments<'_>) {
    keep(writeln!(std::io::stdout().lock(), "{}", escaped(&line.to_string())));
}

/// Prints an error or a warning on standard error. Where this fails, nobody can be told.
pub(crate) fn complain(line: &dyn Display) {
    let _ = writeln!(std::io::stderr().lock(), "phi-pre: {}", escaped(&line.to_string()));
}

/// Prints what clap says about the arguments: help, or an error that can quote an argument.
///
/// # Errors
/// Standard output did not take the help.
pub(crate) fn say_usage(said: &clap::Error) -> Result<(), Failure> {
    if said.use_stderr() {
        let text = said.render().to_string();
        let _ = text.lines().try_for_each(|line| writeln!(std::io::stderr().lock(), "{}", escaped(line)));
    } else {
        keep(said.print());
    }
    flush()
}

/// The text with escapes for control characters (C0, DEL, C1), for characters that change the direction of the text
/// around them, and for separators of lines.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        // Writing into a String cannot fail.
        let _ = match c {
            c if c.is_control() => write!(out, "{}", c.escape_debug()),
            c if acts_on_a_terminal(c) => write!(out, "{}", c.escape_unicode()),
            c => out.write_char(c),
        };
    }
    out
}

/// JSON in which the same characters are escaped as JSON does it: it may be written to a terminal. Outside strings, JSON
/// has none of them but ends of lines.
pub(crate) fn escaped_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        let acts = c != '\n' && acts_on_a_terminal(c);
        let _ = if acts { write!(out, "\\u{:04x}", u32::from(c)) } else { out.write_char(c) };
    }
    out
}

fn acts_on_a_terminal(c: char) -> bool {
    let turns = matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns
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
    complain(&format_args!("warning: {}: {what}", path.display()));
}

/// Warns where other users can use an open file with a secret. Only files are looked at: a pipe has no such mode.
pub(crate) fn warn_if_shared(path: &Path, file: &std::fs::File) {
    #[cfg(unix)]
    if let Ok(found) = file.metadata()
        && let mode = std::os::unix::fs::MetadataExt::mode(&found) & 0o777
        && found.is_file()
        && mode & 0o077 != 0
    {
        warn(path, &format_args!("other users can use the file (mode {mode:o}); run chmod 600 on it"));
    }
    #[cfg(not(unix))]
    let _ = (path, file);
}

/// Warns where the folder of a new file could not be synced.
pub(crate) fn warn_unsynced(path: &Path, unsynced: Option<&std::io::Error>) {
    if let Some(error) = unsynced {
        let what = format!("written, but its folder cannot be synced ({error}); a loss of power may take the name");
        warn(path, &what);
    }
}

/// Has every user read a new file, by its descriptor.
#[cfg(unix)]
pub(crate) fn readable_by_all(file: &std::fs::File) -> std::io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
}

#[cfg(not(unix))]
pub(crate) fn readable_by_all(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

/// Checks that a new file can be written at `path`, and returns the canonical path.
pub(crate) fn new_file(path: &Path) -> Result<std::path::PathBuf, Failure> {
    if path.symlink_metadata().is_ok() {
        return Err(named(path, &"exists already; choose another name"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(named(path, &"the folder does not exist"));
    }
    let canonical = folder.canonicalize().map_err(|e| named(path, &e))?;
    let name = path.file_name().ok_or_else(|| named(path, &"not the name of a file"))?;
    tempfile::tempfile_in(folder).map_err(|e| named(path, &e.kind()))?; // it has no name, and is gone at once
    Ok(canonical.join(name))
}

/// Opens a file or a terminal's input for reading, and refuses what would block without a word: a named pipe.
pub(crate) fn open_file(path: &Path) -> Result<std::fs::File, Failure> {
    refuse_pipe(path)?;
    std::fs::File::open(path).map_err(|e| named(path, &e))
}

/// The longest text that is read, in bytes.
#[cfg(feature = "fabric")]
const TEXT_LIMIT: usize = 1 << 20;

/// Reads a text. A text of more than 1 MiB is refused.
#[cfg(feature = "fabric")]
pub(crate) fn read_text(path: &Path) -> Result<zeroize::Zeroizing<String>, Failure> {
    text_of(path, open_file(path)?)
}

/// Reads a text with a secret, as [`read_text`] does. Warns where other users can use the file.
#[cfg(feature = "fabric")]
pub(crate) fn read_secret(path: &Path) -> Result<zeroize::Zeroizing<String>, Failure> {
    let file = open_file(path)?;
    warn_if_shared(path, &file);
    text_of(path, file)
}

#[cfg(feature = "fabric")]
fn text_of(path: &Path, file: std::fs::File) -> Result<zeroize::Zeroizing<String>, Failure> {
    use std::io::Read;
    // The buffer has its final size from the start: growing it would leave a copy of a key in freed memory.
    let mut text = zeroize::Zeroizing::new(String::with_capacity(TEXT_LIMIT + 1));
    let read = file.take(TEXT_LIMIT as u64 + 1).read_to_string(&mut text);
    match read.map_err(|error| named(path, &error))? {
        ..=TEXT_LIMIT => Ok(text),
        _ => Err(named(path, &"longer than 1 MiB")),
    }
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

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_terminal_gets_no_control_character() {
        assert_eq!(escaped("a\u{1b}[2Jb\r\n\t\u{7f}\u{9b}c"), r"a\u{1b}[2Jb\r\n\t\u{7f}\u{9b}c");
        assert_eq!(
            escaped("cod\u{202e}gpj.exe\u{2066}\u{200f}\u{2028}"),
            r"cod\u{202e}gpj.exe\u{2066}\u{200f}\u{2028}"
        );
        for c in ('\0'..=char::MAX).filter(|c| c.is_control()) {
            assert!(!escaped(&c.to_string()).contains(c), "{c:?}");
        }
        for plain in ["안과 2026/결과.txt", "naïve – 100 µm \\ \"quoted\" 'x'", "e\u{301}"] {
            assert_eq!(escaped(plain), plain);
        }
    }
}
