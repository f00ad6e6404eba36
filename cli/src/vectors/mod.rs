//! Generates test vectors from fixed seeds, and checks them.
//!
//! The vectors cover section 3.2 of the paper and every byte format of the crate. Their JSON has the layout of
//! C2SP/wycheproof. `vectors/README.md` describes every format, so that another implementation can be written from it;
//! `vectors/check.py` is such an implementation.
//!
//! ```text
//! case = operation, input, and either the expected output or the expected error
//! generate: this module chooses the inputs; the library computes the outputs and errors
//! check:    the library gives the same outputs and errors; no field, flag or operation is unknown
//! ```

mod case;
mod content;
mod file;
mod operations;

pub use file::Counts;

use phi_pre::envelope::create_public_file;
use phi_pre::error::Coded;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The longest file that is read, in bytes. Parsed JSON takes many times this much memory.
const FILE_LIMIT: u64 = 5 << 20;

/// An error while vectors are made or checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VectorError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A file is not as it must be.
    #[error("{file}: {reason}")]
    Mismatch {
        /// The file's name.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The check of some files failed.
    #[error("{failed} of {of} files do not hold")]
    Failed {
        /// The number of files that failed.
        failed: usize,
        /// The number of all files.
        of: usize,
    },
}

impl Coded for VectorError {
    fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "io",
            Self::Mismatch { .. } | Self::Failed { .. } => "vectors",
        }
    }
}

impl VectorError {
    fn io(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| Self::Io { path: path.to_owned(), source }
    }

    fn mismatch(file: &str, reason: impl core::fmt::Display) -> Self {
        Self::Mismatch { file: file.to_owned(), reason: reason.to_string() }
    }
}

/// Generates all files. Returns their texts by their names relative to the folder.
///
/// # Errors
/// [`VectorError::Mismatch`] where a valid case is refused or an invalid case is accepted.
pub fn generate() -> Result<BTreeMap<String, String>, VectorError> {
    let mut texts = BTreeMap::new();
    for (name, make) in content::FILES {
        let made = make().and_then(|file| Ok((file.text()?, file.schema_text()?)));
        let (text, schema) = made.map_err(|fault| VectorError::mismatch(name, fault))?;
        texts.insert(format!("{name}.json"), text);
        texts.insert(format!("schemas/{name}.schema.json"), schema);
    }
    Ok(texts)
}

/// Writes into `folder` the files that do not stand there already, and returns their number. Creates the folder where
/// it is missing. With `replace`, files of other content are replaced; without, they are an error, and nothing is
/// written.
///
/// # Errors
/// [`VectorError::Mismatch`] as for [`generate`]; [`VectorError::Io`] where a file cannot be written or, with the kind
/// [`io::ErrorKind::AlreadyExists`], where it would be replaced.
pub fn write(folder: &Path, replace: bool) -> Result<usize, VectorError> {
    let mut texts = generate()?;
    let mut kept = Ok(());
    texts.retain(|name, text| {
        let path = folder.join(name);
        let same = holds(&path, text).is_ok_and(|same| same);
        if !same && !replace && path.symlink_metadata().is_ok() && kept.is_ok() {
            let why = "exists already and differs; choose another folder, or use --replace";
            kept = Err(VectorError::io(&path)(io::Error::new(io::ErrorKind::AlreadyExists, why)));
        }
        !same
    });
    kept?;
    let schemas = folder.join("schemas");
    fs::create_dir_all(&schemas).map_err(VectorError::io(&schemas))?;
    for (name, text) in &texts {
        let path = folder.join(name);
        let removed = if replace { fs::remove_file(&path) } else { Ok(()) };
        let removed = removed.or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) });
        // A file that appeared meanwhile is not replaced either.
        let written = removed.and_then(|()| create_public_file(&path, |file| file.write_all(text.as_bytes())));
        written.map_err(VectorError::io(&path))?; // a name that is lost with the power can be made again
    }
    Ok(texts.len())
}

/// Whether a file has exactly this text. Reads no more than its length, and nothing of what is no regular file.
fn holds(path: &Path, text: &str) -> io::Result<bool> {
    let found = fs::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    if found.len() != text.len() as u64 {
        return Ok(false);
    }
    let mut there = Vec::with_capacity(text.len());
    fs::File::open(path)?.take(text.len() as u64 + 1).read_to_end(&mut there)?;
    Ok(there == text.as_bytes())
}

/// Checks that `folder` holds exactly the files that [`generate`] makes, byte for byte. Returns their number.
///
/// # Errors
/// [`VectorError::Mismatch`] with the first file that differs or is not generated; [`VectorError::Io`] where a file
/// cannot be read.
pub fn compare(folder: &Path) -> Result<usize, VectorError> {
    let texts = generate()?;
    for (name, text) in &texts {
        let path = folder.join(name);
        if !holds(&path, text).map_err(VectorError::io(&path))? {
            return Err(VectorError::mismatch(name, "not what the generator makes"));
        }
    }
    for part in ["", "schemas/"] {
        for name in json_files(&folder.join(part))? {
            let name = format!("{part}{name}");
            if !texts.contains_key(&name) {
                return Err(VectorError::mismatch(&name, "not made by the generator"));
            }
        }
    }
    Ok(texts.len())
}

/// The names of the JSON files of a folder.
fn json_files(folder: &Path) -> Result<BTreeSet<String>, VectorError> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(VectorError::io(folder))? {
        let path = entry.map_err(VectorError::io(folder))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    Ok(names)
}

/// Checks every JSON file of `folder`. A file whose schema exists must exist, too. Calls `report` with the name of each
/// file, and with its counts or the error of the first case that fails. Returns the sum of the counts.
///
/// # Errors
/// [`VectorError::Failed`] where a file fails or is missing; [`VectorError::Mismatch`] where `folder` has no JSON file;
/// [`VectorError::Io`] where `folder` cannot be read.
pub fn check(folder: &Path, mut report: impl FnMut(&str, &Result<Counts, VectorError>)) -> Result<Counts, VectorError> {
    let mut names = json_files(folder)?;
    let schemas = folder.join("schemas");
    if schemas.is_dir() {
        let schemas = json_files(&schemas)?.into_iter();
        names.extend(schemas.filter_map(|name| Some(format!("{}.json", name.strip_suffix(".schema.json")?))));
    }
    if names.is_empty() {
        return Err(VectorError::mismatch(&folder.display().to_string(), "no vectors"));
    }
    let (mut sum, mut failed) = (Counts::default(), 0);
    for name in &names {
        let result = check_file(folder, name);
        report(name, &result);
        match result {
            Ok(counts) => {
                sum.valid += counts.valid;
                sum.invalid += counts.invalid;
            }
            Err(_) => failed += 1,
        }
    }
    if failed == 0 { Ok(sum) } else { Err(VectorError::Failed { failed, of: names.len() }) }
}

fn check_file(folder: &Path, name: &str) -> Result<Counts, VectorError> {
    let path = folder.join(name);
    let found = match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(VectorError::mismatch(name, "missing, although its schema is there"));
        }
        metadata => metadata.map_err(VectorError::io(&path))?,
    };
    if !found.is_file() {
        return Err(VectorError::mismatch(name, "not a regular file"));
    }
    let too_long = || VectorError::mismatch(name, format_args!("more than {FILE_LIMIT} bytes"));
    if found.len() > FILE_LIMIT {
        return Err(too_long());
    }
    let mut text = String::new();
    let file = fs::File::open(&path).map_err(VectorError::io(&path))?;
    file.take(FILE_LIMIT + 1).read_to_string(&mut text).map_err(VectorError::io(&path))?;
    if text.len() as u64 > FILE_LIMIT {
        return Err(too_long()); // the file grew
    }
    check_text(name, &text)
}

/// Checks the text of the file `name`, for example `groups.json`.
///
/// # Errors
/// [`VectorError::Mismatch`] with the first case that fails.
pub fn check_text(name: &str, text: &str) -> Result<Counts, VectorError> {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    file::check(stem, text, &operations::all()).map_err(|fault| VectorError::mismatch(name, fault))
}
