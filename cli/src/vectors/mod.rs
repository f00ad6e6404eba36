//! Test vectors: made from a written seed, and checked.
//!
//! Paper: all of section 3.2; each byte format of the crate. The shape is that of C2SP/wycheproof. `vectors/README.md`
//! describes every format so that another implementation can be written from it; `vectors/check.py` is one.
//!
//! ```text
//! case = operation, input, and either the output or the error that must come
//! generate: the inputs are chosen here, the outputs are what the library answers
//! check:    the library answers the same, and no field, flag or operation is unknown
//! ```

mod case;
mod content;
mod file;
mod operations;

pub use file::Counts;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The longest file that is read: JSON takes many times its length in memory.
const FILE_LIMIT: u64 = 16 << 20;

/// Why vectors were not made or do not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VectorError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file does not hold.
    #[error("{file}: {reason}")]
    Mismatch {
        /// The file's name.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// Some files do not hold.
    #[error("{failed} of {of} files do not hold")]
    Failed {
        /// How many.
        failed: usize,
        /// Of how many.
        of: usize,
    },
}

impl VectorError {
    fn io(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| Self::Io { path: path.to_owned(), source }
    }

    fn mismatch(file: &str, reason: impl core::fmt::Display) -> Self {
        Self::Mismatch { file: file.to_owned(), reason: reason.to_string() }
    }
}

/// All files: name relative to the folder, and text.
///
/// # Errors
/// [`VectorError::Mismatch`] where a case does not do what it is there for.
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

/// Writes all files into `folder`, which is made where it is missing.
///
/// # Errors
/// [`VectorError`].
pub fn write(folder: &Path) -> Result<usize, VectorError> {
    let texts = generate()?;
    let schemas = folder.join("schemas");
    fs::create_dir_all(&schemas).map_err(VectorError::io(&schemas))?;
    for (name, text) in &texts {
        let path = folder.join(name);
        fs::write(&path, text).map_err(VectorError::io(&path))?;
    }
    Ok(texts.len())
}

/// Checks that `folder` holds exactly what [`generate`] makes, to the byte.
///
/// # Errors
/// [`VectorError`], naming the first file that differs.
pub fn compare(folder: &Path) -> Result<usize, VectorError> {
    let texts = generate()?;
    for (name, text) in &texts {
        let path = folder.join(name);
        if fs::read(&path).map_err(VectorError::io(&path))? != text.as_bytes() {
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

/// The names of the JSON files of a folder, in order.
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

/// Checks every JSON file of `folder`, and those that are missing although their schema is there; `report` is called
/// with the name of each file and its counts, or the first case that does not hold.
///
/// # Errors
/// [`VectorError::Failed`] where a file does not hold or is missing; [`VectorError::Mismatch`] where there is no file at
/// all; [`VectorError::Io`] for the folder.
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
    let bytes = match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(VectorError::mismatch(name, "missing, although its schema is there"));
        }
        metadata => metadata.map_err(VectorError::io(&path))?.len(),
    };
    if bytes > FILE_LIMIT {
        return Err(VectorError::mismatch(name, format_args!("more than {FILE_LIMIT} bytes")));
    }
    check_text(name, &fs::read_to_string(&path).map_err(VectorError::io(&path))?)
}

/// Checks the text of the file `name`, for example `groups.json`.
///
/// # Errors
/// [`VectorError::Mismatch`].
pub fn check_text(name: &str, text: &str) -> Result<Counts, VectorError> {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    file::check(stem, text, &operations::all()).map_err(|fault| VectorError::mismatch(name, fault))
}
