//! `phi-pre reencrypt --in --out`: re-encrypts a folder or a store as a job.

use crate::keyfile;
use crate::output::Failure;
#[cfg(unix)]
use crate::output::warn;
use crate::proof::{self, Pair};
use crate::tools;
use phi_pre::envelope::Shard;
#[cfg(unix)]
use phi_pre::envelope::bulk::{Folder, FolderTarget};
use phi_pre::pre::ReKey;
use std::ffi::OsStr;
use std::path::Path;

/// What a job re-encrypts, and to where.
pub(super) struct Job<'a> {
    pub(super) from: &'a OsStr,
    pub(super) to: &'a OsStr,
    pub(super) shard: Option<Shard>,
    pub(super) report: Option<&'a Path>,
}

#[cfg(unix)]
pub(super) fn run(rekey: &Path, job: &Job<'_>, proof: Option<&Path>) -> Result<(), Failure> {
    let k_re = &keyfile::read_rekey(rekey)?;
    proof.map_or(Ok(()), |proof| proof::place(proof, Some(Path::new(job.to))))?;
    let done = reencrypt(k_re, job);
    // Refused envelopes have no output. Those that have one are proved.
    let proved = proof.map_or(Ok(()), |proof| proof::make(&tools::params(), k_re, &headers(job.from, job.to)?, proof));
    done.and(proved)
}

#[cfg(unix)]
fn reencrypt(k_re: &ReKey, job: &Job<'_>) -> Result<(), Failure> {
    use phi_pre::flow::StoreTarget;
    let Job { shard, report, .. } = *job;
    match (job::Place::of(job.from)?, job::Place::of(job.to)?) {
        (job::Place::Folder(from), job::Place::Folder(to)) => {
            let from = Folder::open(&from)?;
            job::run(k_re, &from, &folder(&to, Some(&from), shard)?, shard, report)
        }
        (job::Place::Folder(from), job::Place::Store(to)) => {
            job::run(k_re, &Folder::open(&from)?, &StoreTarget::new(store(&to)?, None)?, shard, report)
        }
        (job::Place::Store(from), job::Place::Folder(to)) => {
            job::run(k_re, &store(&from)?, &folder(&to, None, shard)?, shard, report)
        }
        (job::Place::Store(from), job::Place::Store(to)) => {
            let from = store(&from)?;
            job::run(k_re, &from, &StoreTarget::new(store(&to)?, Some(&from))?, shard, report)
        }
    }
}

/// The headers of all envelopes of `after`, by name, and those of the same names of `before`.
#[cfg(unix)]
pub(super) fn headers(before: &OsStr, after: &OsStr) -> Result<Pair, Failure> {
    let after = match job::Place::of(after)? {
        job::Place::Folder(path) => job::headers(&Folder::open(&path)?, None),
        job::Place::Store(url) => job::headers(&store(&url)?, None),
    }?;
    let names = Some(after.iter().map(|(name, _)| name.clone()).collect());
    let before = match job::Place::of(before)? {
        job::Place::Folder(path) => job::headers(&Folder::open(&path)?, names),
        job::Place::Store(url) => job::headers(&store(&url)?, names),
    }?;
    Ok(Pair { before, after })
}

#[cfg(not(unix))]
pub(super) fn headers(_: &OsStr, _: &OsStr) -> Result<Pair, Failure> {
    Err("folders and stores need a Unix system".into())
}

/// Opens the output folder. The jobs of shards share it.
#[cfg(unix)]
fn folder(path: &Path, from: Option<&Folder>, shard: Option<Shard>) -> Result<FolderTarget, Failure> {
    let target = if shard.is_some() { FolderTarget::shared(path, from) } else { FolderTarget::create(path, from) }?;
    if let Some(error) = target.unlocked()
        && shard.is_none()
    {
        warn(path, &format_args!("its file system has no locks ({error}); run no second job on it"));
    }
    Ok(target)
}

/// Opens the store of a URL with the credentials of the environment.
#[cfg(all(unix, feature = "s3"))]
fn store(url: &str) -> Result<phi_pre::flow::StorePrefix, Failure> {
    // Without any of these variables, the client would request credentials from the metadata server of a cloud
    // provider's network, and wait for its answer.
    const CREDENTIALS: [&str; 6] = [
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_METADATA_ENDPOINT",
        "AWS_SKIP_SIGNATURE",
    ];
    if CREDENTIALS.iter().all(|name| std::env::var_os(name).is_none_or(|value| value.is_empty())) {
        return Err(format!("{url}: AWS_ACCESS_KEY_ID is not set").into());
    }
    Ok(phi_pre::flow::StorePrefix::s3(url)?)
}

#[cfg(all(unix, not(feature = "s3")))]
fn store(url: &str) -> Result<phi_pre::flow::StorePrefix, Failure> {
    Err(format!("{url}: this build does not support stores; build the command with the feature `s3`").into())
}

#[cfg(not(unix))]
pub(super) fn run(rekey: &Path, _: &Job<'_>, _: Option<&Path>) -> Result<(), Failure> {
    keyfile::read_rekey(rekey)?;
    Err("--in needs a Unix system".into())
}

#[cfg(unix)]
mod job {
    use crate::output::{Failure, complain, escaped_json, named, progress};
    use crate::proof::Headers;
    use crate::tools::not_an_envelope;
    use indicatif::ProgressBar;
    use phi_pre::envelope::bulk::{
        BulkError, Event, Fault, Part, ReadEnvelopes, Refusal, Source, Summary, Target, reencrypt_all,
    };
    use phi_pre::envelope::{Header, Shard};
    use phi_pre::pre::ReKey;
    use rayon::prelude::*;
    use serde_json::{Value, json};
    use std::ffi::OsStr;
    use std::fs::File;
    use std::io::{Read, Seek, SeekFrom, Write};
    use std::ops::ControlFlow;
    use std::os::unix::ffi::OsStrExt;
    use std::path::{Path, PathBuf};
    use std::sync::{Mutex, PoisonError};

    pub(super) enum Place {
        Folder(PathBuf),
        Store(String),
    }

    impl Place {
        /// Parses a URL (`file:///...`, `s3://...`) or the path of a folder.
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

    /// The headers of the envelopes of these names, else of all envelopes, in the order of the names as bytes.
    pub(super) fn headers<S: Source>(source: &S, names: Option<Vec<PathBuf>>) -> Result<Headers, Failure> {
        let names = match names {
            Some(names) => names,
            None => listed(source)?,
        };
        let read = |names: &[PathBuf]| -> Result<Headers, String> {
            let mut reader = source.reader();
            let header = |name: &PathBuf| {
                let mut bytes = Vec::new();
                reader.read(name, Header::BYTES, &mut bytes).map_err(|fault| match fault {
                    Fault::Refused(why) => why.to_string(),
                    Fault::Fatal(error) => error.to_string(),
                })?;
                let header = bytes.first_chunk::<{ Header::BYTES }>().ok_or("shorter than a header")?;
                Ok((name.clone(), Header::from_bytes(header).map_err(|error| not_an_envelope(&error))?))
            };
            let named =
                |(name, read): (&PathBuf, Result<_, String>)| read.map_err(|why| format!("{}: {why}", name.display()));
            names.iter().zip(names.iter().map(header)).map(named).collect()
        };
        let parts: Result<Vec<Headers>, String> = names.par_chunks(256).map(read).collect();
        Ok(parts?.concat())
    }

    /// The names of all envelopes, as bytes in order. What a job leaves in its folder is no envelope.
    fn listed<S: Source>(source: &S) -> Result<Vec<PathBuf>, Failure> {
        let (mut names, mut refused) = (Vec::new(), None);
        source.walk(&mut |(name, found)| match found {
            Ok(()) => {
                names.push(name);
                ControlFlow::Continue(())
            }
            Err(_) if name == Path::new(".phi-pre-job") => ControlFlow::Continue(()),
            Err(why) => {
                refused = Some(named(&name, &why));
                ControlFlow::Break(())
            }
        })?;
        names.sort_unstable_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
        refused.map_or(Ok(names), Err)
    }

    pub(super) fn run<S: Source, T: Target>(
        k_re: &ReKey,
        from: &S,
        to: &T,
        shard: Option<Shard>,
        report: Option<&Path>,
    ) -> Result<(), Failure> {
        match shard {
            Some(shard) => run_all(k_re, &Part::new(from, shard), to, report),
            None => run_all(k_re, from, to, report),
        }
    }

    fn run_all<S: Source, T: Target>(k_re: &ReKey, from: &S, to: &T, report: Option<&Path>) -> Result<(), Failure> {
        let report = report.map(Report::open).transpose()?;
        let bar = bar(from)?;
        let watch = |event: Event<'_>| {
            if let Event::Refused(name, why) = event {
                bar.suspend(|| say!("refused   {name:?}: {}", reason(why)));
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
        say!("{reencrypted} envelopes re-encrypted, {} existed already, {refused} refused", marked + compared);
        if compared > 0 {
            say!("{compared} of the existing outputs had no mark and were compared with a new computation");
        }
        let reported = report.map_or(Ok(()), |report| report.close(&summary, stopped.is_none()));
        let ended = match stopped {
            Some(stopped) if matches!(stopped.source, BulkError::Missing(_)) => Err(stopped.into()),
            Some(stopped) => {
                Err(format!("{stopped}; once the cause is removed, run the same command again to resume").into())
            }
            None if refused > 0 => Err(format!("{refused} refused").into()),
            None => Ok(()),
        };
        match (ended, reported) {
            (Err(ended), Err(lost)) => {
                complain(&lost);
                Err(ended)
            }
            (ended, reported) => ended.and(reported),
        }
    }

    /// A progress bar over all names of the source. The names are counted first, but only if a terminal shows the bar.
    fn bar(from: &impl Source) -> Result<ProgressBar, Failure> {
        let bar = progress(None, "counting envelopes: {pos}");
        if bar.is_hidden() {
            return Ok(bar);
        }
        let mut total = 0;
        from.walk(&mut |_| {
            total += 1;
            bar.set_position(total);
            ControlFlow::Continue(())
        })?;
        bar.finish_and_clear();
        Ok(progress(Some(total), "{wide_bar} {pos}/{len} envelopes, {per_sec}, {eta} left"))
    }

    /// The reason of a refusal, in words for the user.
    fn reason(why: &Refusal) -> String {
        match why {
            Refusal::Envelope(error) => not_an_envelope(error),
            why => why.to_string(),
        }
    }

    /// The file of `--report`: lines of JSON. Only the first error of writing it is kept.
    struct Report(Mutex<(File, std::io::Result<()>)>, PathBuf);

    impl Report {
        fn open(path: &Path) -> Result<Self, Failure> {
            let open = || {
                let mut file = File::options().append(true).create(true).open(path)?;
                // A killed job can leave a line without an end.
                if file.metadata()?.is_file() && !ends_a_line(path)? {
                    file.write_all(b"\n")?;
                }
                Ok(file)
            };
            let file = open().map_err(|e: std::io::Error| named(path, &e))?;
            Ok(Self(Mutex::new((file, Ok(()))), path.to_owned()))
        }

        fn line(&self, line: &Value) {
            let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (file, result) = &mut *guard;
            if result.is_ok() {
                let line = escaped_json(&line.to_string()) + "\n";
                *result = file.write_all(line.as_bytes()); // one write: lines of two jobs do not mix
            }
        }

        fn refused(&self, name: &Path, why: &Refusal) {
            let mut line = json!({ "envelope": name.to_string_lossy(), "reason": reason(why) });
            if name.to_str().is_none() {
                line["bytes"] = hex::encode(name.as_os_str().as_bytes()).into();
            }
            self.line(&line);
        }

        /// Writes the line of the counts and syncs the file; returns the first error of all writes.
        fn close(self, summary: &Summary, complete: bool) -> Result<(), Failure> {
            let Summary { reencrypted, marked, compared, refused } = *summary;
            self.line(&json!({
                "reencrypted": reencrypted, "marked": marked, "compared": compared, "refused": refused, "complete": complete
            }));
            let (file, result) = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
            // A pipe or a terminal cannot be synced.
            let sync = || if file.metadata()?.is_file() { file.sync_all() } else { Ok(()) };
            result.and_then(|()| sync()).map_err(|e| named(&self.1, &e))
        }
    }

    /// Whether a report is empty or ends with the end of a line. Refuses a file that is no report.
    fn ends_a_line(path: &Path) -> std::io::Result<bool> {
        let mut file = File::open(path)?;
        if file.metadata()?.len() == 0 {
            return Ok(true);
        }
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"{" {
            return Err(std::io::Error::other("not a report: its first character is no {"));
        }
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        Ok(last == *b"\n")
    }
}
