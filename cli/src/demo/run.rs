//! The order of the demo: registration, the records one after the other, then the checks.

use super::checks;
use super::clouds::Setting;
use super::emr::EmrFolder;
use super::platform::{self, Platform};
use super::report::Report;
use super::scene::register;
use super::temporary::Temporary;
use crate::output::{Failure, new_file};
use phi_pre::flow::{Consortium, EmrWatch, Handset, files, is_temporary};
use rand_core::CryptoRng;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest time from saving a record until the watcher reports it.
const WATCH_TIMEOUT: Duration = Duration::from_secs(60);

/// What the demo leaves behind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kept<'a> {
    /// The folder for the ledger, the cloud's store, the received records and the transcript.
    pub out: Option<&'a Path>,
    /// The file for the report, a page.
    pub report: Option<&'a Path>,
}

/// Runs the demo on a new embedded ledger. All randomness comes from `rng`.
///
/// # Errors
/// A step failed, or a check does not hold.
pub fn run(emr: Option<&Path>, kept: Kept<'_>, setting: Setting, rng: impl CryptoRng) -> Result<(), Failure> {
    run_on(emr, kept, setting, rng, |folder, phone, rng, report| {
        platform::embedded(&folder.join("ledger"), phone, rng, report)
    })
}

/// Runs the demo on a Fabric network.
#[cfg(feature = "fabric")]
pub(crate) fn run_on_fabric(
    profile: crate::fabric::Profile,
    emr: Option<&Path>,
    kept: Kept<'_>,
    setting: Setting,
    rng: impl CryptoRng,
) -> Result<(), Failure> {
    run_on(emr, kept, setting, rng, |_, _, rng, report| platform::fabric(profile, rng, report))
}

fn run_on<L: Platform, R: CryptoRng>(
    emr: Option<&Path>,
    kept: Kept<'_>,
    setting: Setting,
    mut rng: R,
    found: impl FnOnce(&Path, &mut Handset, &mut R, &mut Report) -> Result<Consortium<L>, Failure>,
) -> Result<(), Failure> {
    setting.check()?;
    let Kept { out, report: page } = kept;
    let page = page.map(new_file).transpose()?; // a path that cannot be written is an error before the work
    let source = match emr {
        Some(folder) => folder.to_owned(),
        None => samples()?,
    };
    let (left_alone, records): (Vec<_>, Vec<_>) = files(&source)?
        .into_iter()
        .partition(|record| record.strip_prefix(&source).is_ok_and(|name| name.iter().any(is_temporary)));
    for name in left_alone {
        say!("left alone, since the name is temporary: {}", name.display());
    }
    if records.is_empty() {
        return Err(format!("{}: no files", source.display()).into());
    }
    let temporary = Temporary::new()?;
    let folder = match out {
        Some(out) => empty_folder(out)?,
        None => temporary.path().to_owned(),
    };

    // The demo starts only if all records can be read and have names in UTF-8.
    for record in &records {
        fs::File::open(record).map_err(|e| format!("{}: {e}", record.display()))?;
        record.strip_prefix(&source)?.to_str().ok_or_else(|| format!("{}: the name is not UTF-8", record.display()))?;
    }

    let (mut report, mut phone) = (Report::default(), Handset::new("+82 10 5550 0100")?);
    report.figure("Figure 2", "registration: a one-time code, then keys, certificates and vectors under HPKE");
    let consortium = found(&folder, &mut phone, &mut rng, &mut report)?;
    let mut world = register((&folder, temporary.path()), consortium, phone, setting, rng, &mut report)?;
    let mut shared = Vec::new();
    let emr = EmrFolder::new(&source, &records, temporary.path())?;
    let mut watch = EmrWatch::new(&emr.watched())?;
    for (i, original) in records.iter().enumerate() {
        let name = original.strip_prefix(&source)?;
        report.record(i, records.len(), name, fs::metadata(original)?.len());
        emr.save(original, name)?;
        let mut seen = watch.next(WATCH_TIMEOUT)?.ok_or("the EMR folder did not report the record")?;
        if seen.name() != name {
            return Err(format!("the EMR folder reported {} instead", seen.name().display()).into());
        }
        let done = world.share(original, &mut seen, name, &folder, &mut report);
        shared.push(done.map_err(|failure| world.consortium.network.explained(failure))?);
    }

    let first = shared.first().ok_or("no record was shared")?.record;
    let lapsed = world.lapse(first, &mut report).map_err(|failure| world.consortium.network.explained(failure))?;

    let failed = checks::run(&world, &shared, &lapsed, &folder, &mut report)?;
    if let Some(out) = out {
        report.write(&out.join("transcript.json"))?;
        say!();
        say!("kept in {}: ledger, cloud, received, transcript.json", out.display());
    }
    if let Some(page) = page {
        report.write_page(&page)?;
        say!("report: {}", page.display());
    }
    say!();
    match failed {
        0 => {
            let (done, all) = (shared.len(), records.len());
            say!("Every check holds: {done} of {all} records went from hospital A to hospital B.");
        }
        failed => return Err(world.consortium.network.explained(format!("{failed} checks do not hold").into())),
    }
    Ok(())
}

/// The folder of the sample records: in the checkout where cargo runs the command, or in the current folder.
fn samples() -> Result<PathBuf, Failure> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(|package| PathBuf::from(package).join(".."));
    let checkouts = package.into_iter().chain([PathBuf::from(".")]);
    let folder = checkouts.map(|checkout| checkout.join("examples").join("records")).find(|folder| folder.is_dir());
    folder.ok_or_else(|| {
        "the sample records are in the repository, not in the installed command; \
         use --emr DIR to run the demo on the files of another folder"
            .into()
    })
}

/// Creates the output folder, or checks that it is empty.
fn empty_folder(out: &Path) -> Result<PathBuf, Failure> {
    fs::create_dir_all(out).map_err(|e| format!("{}: {e}", out.display()))?;
    match fs::read_dir(out)?.next() {
        None => Ok(out.to_owned()),
        Some(_) => Err(format!("{}: not empty", out.display()).into()),
    }
}
