//! Outputs with named temporary files, as on file systems without `O_TMPFILE`; names and limits of outputs.

use super::folder::JOB_FOLDER;
use super::output::Sharing;
use super::*;
use crate::envelope::{Header, Shard, Suite};
use crate::hash::Digest;
use crate::pre::{DecryptionKey, Params, ReKey, Seed};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

fn rekey(rng: &mut ChaCha20Rng) -> (Params, DecryptionKey, ReKey) {
    let params = Params::new(Seed::random(rng));
    let (from, to) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
    let k_re = ReKey::new(&from.encryption_key(&params), &to.encryption_key(&params)).unwrap();
    (params, from, k_re)
}

/// Writes small and large envelopes with bodies of the right length below `folder`. Returns k_re and the expected
/// outputs.
fn envelopes(folder: &Path, rng: &mut ChaCha20Rng) -> (ReKey, Vec<(PathBuf, Vec<u8>)>) {
    let (params, from, k_re) = rekey(rng);
    let mut expected = Vec::new();
    for (i, (capsule, _)) in from.public_key(&params).encapsulate_many(&params, 9, rng).into_iter().enumerate() {
        let name = PathBuf::from(format!("{}/{i}", i % 3));
        let header = Header { suite: Suite::default(), key_commitment: Digest([1; 32]), capsule };
        let body = vec![7; if i == 8 { 65_000 } else { 16 + i }];
        fs::create_dir_all(folder.join(&name).parent().unwrap()).unwrap();
        fs::write(folder.join(&name), [&header.to_bytes()[..], &body].concat()).unwrap();
        expected.push((name, [&header.reencrypt(&k_re).to_bytes()[..], &body].concat()));
    }
    (k_re, expected)
}

fn named(_: &File) -> bool {
    false
}

#[test]
fn named_temporary_files_are_removed() {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let dir = tempfile::tempdir().unwrap();
    let (input, output) = (dir.path().join("in"), dir.path().join("out"));
    let (k_re, expected) = envelopes(&input, rng);
    let source = Folder::open(&input).unwrap();
    fs::create_dir_all(output.join(JOB_FOLDER)).unwrap();
    fs::write(output.join(JOB_FOLDER).join("1-0.phi-pre-tmp"), b"of a killed job").unwrap();
    let target = FolderTarget::with(&output, Some(&source), Sharing::Alone, named).unwrap();
    assert!(output.join(JOB_FOLDER).is_dir());
    assert!(matches!(FolderTarget::create(&output, None), Err(BulkError::Busy(_))));
    let summary = reencrypt_all(&k_re, &source, &target, &|_| ()).unwrap();
    assert_eq!(summary, Summary { reencrypted: 9, ..Summary::default() });
    assert_eq!(fs::read_dir(output.join(JOB_FOLDER)).unwrap().count(), 0);
    drop(target);
    assert!(!output.join(JOB_FOLDER).exists());
    for (name, bytes) in &expected {
        assert!(fs::read(output.join(name)).unwrap() == *bytes, "{}", name.display());
    }
}

/// A file that appears under an output's name during a job is kept, with and without named temporary files.
#[test]
fn a_name_that_is_taken_during_the_job_is_refused() {
    let rng = &mut ChaCha20Rng::seed_from_u64(2);
    for unnamed in [named as fn(&File) -> bool, |_: &File| cfg!(target_os = "linux")] {
        let dir = tempfile::tempdir().unwrap();
        let (input, output) = (dir.path().join("in"), dir.path().join("out"));
        let (k_re, expected) = envelopes(&input, rng);
        let source = Folder::open(&input).unwrap();
        let target = FolderTarget::with(&output, Some(&source), Sharing::Alone, unnamed).unwrap();
        let (taken, _) = &expected[4];
        fs::create_dir_all(output.join(taken).parent().unwrap()).unwrap();
        fs::write(output.join(taken), b"mine").unwrap();
        // Another job has named the same output meanwhile, and is done with it.
        let (same, bytes) = &expected[5];
        fs::create_dir_all(output.join(same).parent().unwrap()).unwrap();
        fs::write(output.join(same), bytes).unwrap();
        let refused = std::sync::Mutex::new(Vec::new());
        let watch = |event: Event<'_>| {
            if let Event::Refused(name, Refusal::Exists) = event {
                refused.lock().unwrap().push(name.to_owned());
            }
        };
        let summary = reencrypt_all(&k_re, &source, &target, &watch).unwrap();
        assert_eq!(summary, Summary { reencrypted: 8, refused: 1, ..Summary::default() });
        assert_eq!(*refused.lock().unwrap(), std::slice::from_ref(taken));
        assert_eq!(fs::read(output.join(taken)).unwrap(), b"mine");
    }
}

/// Kernels before 6.10 name a file through /proc. This kernel may never do so by itself.
#[cfg(target_os = "linux")]
#[test]
fn a_file_can_be_named_through_proc() {
    let dir = tempfile::tempdir().unwrap();
    let root = File::open(dir.path()).unwrap();
    let file = tempfile::tempfile_in(dir.path()).unwrap();
    crate::envelope::unnamed::link_by_path(&file, &root, "a".as_ref()).unwrap();
    let taken = crate::envelope::unnamed::link_by_path(&file, &root, "a".as_ref());
    assert_eq!(taken.unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// Names in the cached folder and names that are split into parts lead to the same files, in any order of folders.
#[test]
fn names_lead_to_their_own_folders() {
    let dir = tempfile::tempdir().unwrap();
    let target = FolderTarget::create(&dir.path().join("out"), None).unwrap();
    let mut writer = target.writer();
    let names = ["a", "b/a", "b/c/a", "b/c/d", "c", "b/.d", "d//a", "d/b", "d/./c", "d/e/.", "e"];
    let mut pending = Vec::new();
    for name in names {
        pending.push((
            (*name).into(),
            writer.write(Path::new(name), name.as_bytes(), Rest::None, name.len() as u64, &Digest([0; 32])).unwrap(),
        ));
    }
    for result in target.publish(&pending).unwrap() {
        result.unwrap();
    }
    for (name, _) in &pending {
        let there: PathBuf = name.components().collect();
        assert_eq!(fs::read(dir.path().join("out").join(there)).unwrap(), name.as_os_str().as_encoded_bytes());
    }
    for name in ["b/..", "b/../a", "/b/a", "b/c/../../../a", "d/.."] {
        let written = writer.write(Path::new(name), b"x", Rest::None, 1, &Digest([0; 32]));
        let named = written.map(|pending| target.publish(&[(name.into(), pending)]).unwrap().remove(0));
        assert!(matches!(named, Err(Fault::Refused(_)) | Ok(Err(Fault::Refused(_)))), "{name}: {named:?}");
    }
}

/// With a small limit of pending outputs, the threads publish more often and lose no output.
#[test]
fn a_small_pending_limit_loses_no_output() {
    struct Narrow(FolderTarget, std::sync::atomic::AtomicUsize);
    impl Target for Narrow {
        type Writer<'a> = <FolderTarget as Target>::Writer<'a>;
        type Pending = <FolderTarget as Target>::Pending;
        fn writer(&self) -> Self::Writer<'_> {
            self.0.writer()
        }
        fn pending_limit(&self) -> usize {
            12
        }
        fn threads(&self) -> usize {
            4
        }
        fn publish(&self, batch: &[(PathBuf, Self::Pending)]) -> Result<Vec<Result<(), Fault>>, BulkError> {
            self.1.fetch_max(batch.len(), std::sync::atomic::Ordering::Relaxed);
            std::thread::sleep(std::time::Duration::from_millis(1)); // as a slow disk, so that the other threads wait
            self.0.publish(batch)
        }
        fn finish(&self) -> Result<(), BulkError> {
            self.0.finish()
        }
    }
    let rng = &mut ChaCha20Rng::seed_from_u64(3);
    let dir = tempfile::tempdir().unwrap();
    let (input, output) = (dir.path().join("in"), dir.path().join("out"));
    let (k_re, expected) = envelopes(&input, rng);
    for i in 0..200 {
        let (name, _) = &expected[i % 9];
        fs::copy(input.join(name), input.join(format!("copy {i}"))).unwrap();
    }
    let source = Folder::open(&input).unwrap();
    let target = Narrow(FolderTarget::create(&output, Some(&source)).unwrap(), 0.into());
    let summary = reencrypt_all(&k_re, &source, &target, &|_| ()).unwrap();
    assert_eq!(summary, Summary { reencrypted: 209, ..Summary::default() });
    for i in 0..200 {
        assert!(fs::read(output.join(format!("copy {i}"))).unwrap() == expected[i % 9].1, "{i}");
    }
    // The queue may hold 12 / 3 outputs, and each thread may add one more.
    let threads = source.threads().max(4);
    assert!(target.1.into_inner() <= 4 + threads, "{threads}");
}

/// A name from a store cannot lead out of the folder or into the temporary files.
#[test]
fn names_stay_inside_the_output() {
    let dir = tempfile::tempdir().unwrap();
    let target = FolderTarget::with(&dir.path().join("out"), None, Sharing::Alone, named).unwrap();
    let mut writer = target.writer();
    for name in ["../a", "b/../../a", "..", "", ".", "/a/b", ".phi-pre-job/a"] {
        let written = writer.write(Path::new(name), b"x", Rest::None, 1, &Digest([0; 32]));
        let named = written.map(|pending| target.publish(&[(name.into(), pending)]).unwrap().remove(0));
        assert!(matches!(named, Err(Fault::Refused(_)) | Ok(Err(Fault::Refused(_)))), "{name}: {named:?}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// The jobs of shards run at the same time, with and without named temporary files, one of them twice. Together they make
/// each output once. A job without a shard is refused meanwhile, and other numbers of shards do no harm.
#[test]
fn shards_share_a_target() {
    let rng = &mut ChaCha20Rng::seed_from_u64(3);
    for unnamed in [named as fn(&File) -> bool, |_: &File| cfg!(target_os = "linux")] {
        let dir = tempfile::tempdir().unwrap();
        let (input, output) = (dir.path().join("in"), dir.path().join("out"));
        let (k_re, mut expected) = envelopes(&input, rng);
        for i in 0..100 {
            let (name, bytes) = expected[i % 9].clone();
            let copy = PathBuf::from(format!("copy {i}"));
            fs::copy(input.join(name), input.join(&copy)).unwrap();
            expected.push((copy, bytes));
        }
        let source = Folder::open(&input).unwrap();
        let open = || FolderTarget::with(&output, Some(&source), Sharing::Shards, unnamed);
        let run = |index, of, target: &FolderTarget| {
            reencrypt_all(&k_re, &Part::new(&source, Shard::new(index, of).unwrap()), target, &|_| ()).unwrap()
        };
        let targets: Vec<_> = [0, 1, 2, 2].map(|index| (index, open().unwrap())).into();
        assert!(matches!(FolderTarget::create(&output, Some(&source)), Err(BulkError::Busy(_))));
        let done: Vec<Summary> = std::thread::scope(|scope| {
            let jobs: Vec<_> = targets.iter().map(|(index, target)| scope.spawn(|| run(*index, 3, target))).collect();
            jobs.into_iter().map(|job| job.join().unwrap()).collect()
        });
        let count = |summary: &Summary| summary.reencrypted + summary.marked + summary.compared;
        assert!(done.iter().all(|summary| summary.refused == 0), "{done:?}");
        assert_eq!(done[..3].iter().map(count).sum::<u64>(), 109, "{done:?}");
        assert_eq!(count(&done[2]), count(&done[3]));
        drop(targets);
        assert!(!output.join(JOB_FOLDER).exists());
        for (name, bytes) in &expected {
            assert!(fs::read(output.join(name)).unwrap() == *bytes, "{}", name.display());
        }
        let target = open().unwrap();
        let again: Vec<_> = (0..5).map(|index| run(index, 5, &target)).collect();
        assert!(again.iter().all(|summary| summary.reencrypted + summary.refused == 0), "{again:?}");
        assert_eq!(again.iter().map(count).sum::<u64>(), 109);
    }
}

/// What a killed job left goes away with the next job that is alone. The files of a running job stay.
#[test]
fn a_shard_keeps_the_temporary_files_of_the_others() {
    let rng = &mut ChaCha20Rng::seed_from_u64(4);
    let dir = tempfile::tempdir().unwrap();
    let (input, output) = (dir.path().join("in"), dir.path().join("out"));
    envelopes(&input, rng);
    let source = Folder::open(&input).unwrap();
    let open = || FolderTarget::with(&output, Some(&source), Sharing::Shards, named).unwrap();
    let left = output.join(JOB_FOLDER).join("1-0.phi-pre-tmp");
    let leave = || {
        fs::create_dir_all(left.parent().unwrap()).unwrap();
        fs::write(&left, b"of a killed job").unwrap();
    };
    leave();
    let first = open();
    assert!(!left.exists());
    leave();
    let second = open();
    drop(first);
    assert!(left.exists(), "another job was running");
    drop(second);
    assert!(left.exists(), "a job removes only its own files at its end");
    drop(FolderTarget::create(&output, Some(&source)).unwrap());
    assert!(!left.exists());
}
