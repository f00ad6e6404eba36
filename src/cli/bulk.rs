//! `phi-pre reencrypt --in --out`: a job over a folder or a store.

use super::{Failure, keyfile};
use std::ffi::OsStr;
use std::path::Path;

#[cfg(unix)]
pub(super) fn run(rekey: &Path, from: &OsStr, to: &OsStr, report: Option<&Path>) -> Result<(), Failure> {
    use crate::envelope::bulk::{Folder, FolderTarget};
    use crate::flow::{Objects, ObjectsTarget};
    let k_re = &keyfile::read_rekey(rekey)?;
    match (job::Place::of(from)?, job::Place::of(to)?) {
        (job::Place::Folder(from), job::Place::Folder(to)) => {
            let from = Folder::open(&from)?;
            job::run(k_re, &from, &FolderTarget::create(&to, Some(&from))?, report)
        }
        (job::Place::Folder(from), job::Place::Store(to)) => {
            job::run(k_re, &Folder::open(&from)?, &ObjectsTarget::new(Objects::s3(&to)?, None)?, report)
        }
        (job::Place::Store(from), job::Place::Folder(to)) => {
            job::run(k_re, &Objects::s3(&from)?, &FolderTarget::create(&to, None)?, report)
        }
        (job::Place::Store(from), job::Place::Store(to)) => {
            let from = Objects::s3(&from)?;
            job::run(k_re, &from, &ObjectsTarget::new(Objects::s3(&to)?, Some(&from))?, report)
        }
    }
}

#[cfg(not(unix))]
pub(super) fn run(rekey: &Path, _: &OsStr, _: &OsStr, _: Option<&Path>) -> Result<(), Failure> {
    keyfile::read_rekey(rekey)?;
    Err("--in needs a Unix system".into())
}

#[cfg(unix)]
mod job {
    use super::Failure;
    use crate::envelope::bulk::{Event, Refusal, Source, Summary, Target, reencrypt_all};
    use crate::pre::ReKey;
    use indicatif::{ProgressBar, ProgressStyle};
    use serde_json::{Value, json};
    use std::ffi::OsStr;
    use std::fs::File;
    use std::io::{BufWriter, Write};
    use std::os::unix::ffi::OsStrExt;
    use std::path::{Path, PathBuf};
    use std::sync::{Mutex, PoisonError};

    pub(super) enum Place {
        Folder(PathBuf),
        Store(String),
    }

    impl Place {
        /// A URL, or else the path of a folder.
        pub(super) fn of(place: &OsStr) -> Result<Self, Failure> {
            match place.to_str().and_then(|place| place.split_once("://")) {
                None => Ok(Self::Folder(place.into())),
                Some(("file", path)) if path.starts_with('/') => {
                    let path = object_store::path::Path::from_url_path(path).map_err(|e| e.to_string())?;
                    Ok(Self::Folder(format!("/{path}").into()))
                }
                Some(("s3", rest)) => Ok(Self::Store(format!("s3://{rest}"))),
                Some(_) => Err(format!("{}: neither a folder, file:///..., nor s3://...", place.display()).into()),
            }
        }
    }

    pub(super) fn run<S: Source, T: Target>(
        k_re: &ReKey,
        from: &S,
        to: &T,
        report: Option<&Path>,
    ) -> Result<(), Failure> {
        let report = report.map(Report::open).transpose()?;
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} envelopes, {per_sec}") {
            bar.set_style(style);
        }
        let watch = |event: Event<'_>| {
            if let Event::Refused(name, why) = event {
                bar.suspend(|| say!("refused   {name:?}: {why}"));
                if let Some(report) = &report {
                    report.refused(name, why);
                }
            }
            bar.inc(1);
        };
        let done = reencrypt_all(k_re, from, to, &watch);
        bar.finish_and_clear();
        let (summary, stopped) = match done {
            Ok(summary) => (summary, None),
            Err(stopped) => (stopped.summary, Some(stopped)),
        };
        let Summary { reencrypted, marked, compared, refused } = summary;
        say!("{reencrypted} envelopes re-encrypted, {} were there already, {refused} refused", marked + compared);
        if compared > 0 {
            say!("{compared} of those were there without a mark, and were computed again and compared");
        }
        report.map_or(Ok(()), |report| report.close(&summary, stopped.is_none()))?;
        match stopped {
            Some(stopped) => Err(format!("{stopped}; the same command goes on from here").into()),
            None if refused > 0 => Err(format!("{refused} refused").into()),
            None => Ok(()),
        }
    }

    /// Lines of JSON.
    struct Report(Mutex<(BufWriter<File>, std::io::Result<()>)>, PathBuf);

    impl Report {
        fn open(path: &Path) -> Result<Self, Failure> {
            let file = File::options().append(true).create(true).open(path);
            let file = file.map_err(|e| format!("{}: {e}", path.display()))?;
            Ok(Self(Mutex::new((BufWriter::new(file), Ok(()))), path.to_owned()))
        }

        fn line(&self, line: &Value) {
            let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (file, result) = &mut *guard;
            if result.is_ok() {
                *result = writeln!(file, "{line}");
            }
        }

        fn refused(&self, name: &Path, why: &Refusal) {
            let mut line = json!({ "refused": name.to_string_lossy(), "reason": why.to_string() });
            if name.to_str().is_none() {
                line["bytes"] = hex::encode(name.as_os_str().as_bytes()).into();
            }
            self.line(&line);
        }

        /// The last line of a run, and the first error of all.
        fn close(self, summary: &Summary, whole: bool) -> Result<(), Failure> {
            let Summary { reencrypted, marked, compared, refused } = *summary;
            self.line(&json!({
                "reencrypted": reencrypted, "marked": marked, "compared": compared, "refusals": refused, "whole": whole
            }));
            let (mut file, result) = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
            let done = result.and_then(|()| file.flush()).and_then(|()| file.get_ref().sync_all());
            Ok(done.map_err(|e| format!("{}: {e}", self.1.display()))?)
        }
    }
}
