//! A re-encryption job is killed by SIGKILL at random moments. After each kill every output is complete, and the next run
//! keeps every output of earlier runs.
//!
//! `PHI_PRE_CRASH_KILLS` is the number of kills. `PHI_PRE_CRASH_SEED` seeds the generator that makes the envelopes and
//! chooses the moments. The same seed does not reproduce the same kills exactly, since the moments are times.

use crate::JOB;
use crate::world::{Counts, World, files, names};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

const ENVELOPES: u64 = 1500;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn a_killed_job_resumes() {
    let (seed, kills) = (number("PHI_PRE_CRASH_SEED", 1), number("PHI_PRE_CRASH_KILLS", 10));
    println!("PHI_PRE_CRASH_SEED={seed} PHI_PRE_CRASH_KILLS={kills}");
    let rng = &mut ChaCha20Rng::seed_from_u64(seed);
    let world = World::new(seed);
    world.shapes("small", 1490);
    for i in 0..10 {
        world.seal(&format!("large/{i}"), 200_000);
    }
    let expected = world.expected();
    let start = Instant::now();
    assert_eq!(world.job(&JOB).reencrypted, ENVELOPES);
    let full_run = start.elapsed();
    assert_eq!(files(&world.path("out")), expected); // the run that is not killed gives the expected outputs
    fs::remove_dir_all(world.path("out")).unwrap();

    let (mut killed, mut part, mut finished) = (0, 0, 0);
    let mut before: BTreeMap<PathBuf, (u64, i64, i64)> = BTreeMap::new();
    for attempt in 0.. {
        assert!(
            attempt < 20 * kills,
            "{kills} kills were not reached in {attempt} attempts: most runs end before they are killed"
        );
        if killed == kills {
            break;
        }
        let _ = fs::remove_file(world.path("report"));
        let mut child = world.command(&JOB).args(["--report", "report"]).stdout(Stdio::null()).spawn().unwrap();
        if attempt % 2 == 0 {
            // A random time within the duration of a full run.
            let micros = u64::try_from(full_run.as_micros()).unwrap();
            std::thread::sleep(Duration::from_micros(rng.next_u64() % micros));
        } else {
            // After a random number of new outputs, at least one: the kill comes in the middle of the job, however busy the
            // machine is.
            let wanted = before.len() + 1 + usize::try_from(rng.next_u64() % (ENVELOPES / 8)).unwrap();
            let outputs = || if world.path("out").is_dir() { names(&world.path("out")).len() } else { 0 };
            while child.try_wait().unwrap().is_none() && outputs() < wanted {
                std::thread::yield_now();
            }
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        let begun = world.path("out").exists();
        let there = if begun { files(&world.path("out")) } else { BTreeMap::new() };
        for (name, bytes) in &there {
            assert!(expected.get(name) == Some(bytes), "seed {seed}, attempt {attempt}: {}", name.display());
        }
        let after = if begun { world.inodes() } else { BTreeMap::new() };
        for (name, file) in &before {
            assert_eq!(
                after.get(name),
                Some(file),
                "seed {seed}, attempt {attempt}: {} is missing, or was written again",
                name.display()
            );
        }
        if status.signal().is_some() {
            killed += 1;
            part += u64::from(there.len() > before.len() && there.len() < expected.len());
            before = after;
        } else {
            // The job ended before the kill, so all outputs exist, and the next series begins.
            assert!(status.success(), "seed {seed}, attempt {attempt}");
            let counts = world.report().1;
            assert_eq!(counts.reencrypted, ENVELOPES - before.len() as u64);
            assert_eq!(counts.marked + counts.compared, before.len() as u64);
            assert_eq!(there.len(), expected.len());
            finished += 1;
            before.clear();
            fs::remove_dir_all(world.path("out")).unwrap();
        }
    }
    let counts = world.job(&JOB);
    let expected_counts =
        Counts { reencrypted: ENVELOPES - before.len() as u64, marked: before.len() as u64, ..Counts::default() };
    assert_eq!(counts, expected_counts);
    assert_eq!(files(&world.path("out")), expected);
    println!("{killed} kills, {part} of them with new outputs but not all, {finished} runs that ended first");
    assert!(part > 0 || kills < 10, "no kill came in the middle of a job");
}
