//! Outputs whose temporary files have names, as on file systems without `O_TMPFILE`.

use super::output::JOB_FOLDER;
use super::*;
use crate::envelope::Suite;
use crate::pre::{DecryptionKey, Params, ReKey, Seed};
use crate::wire::Wire;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::fs;

fn rekey(rng: &mut ChaCha20Rng) -> (Params, DecryptionKey, ReKey) {
    let params = Params::new(Seed::random(rng));
    let (from, to) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
    let k_re = ReKey::new(&from.encryption_key(&params), &to.encryption_key(&params)).unwrap();
    (params, from, k_re)
}

/// Envelopes by shape below `folder`, small and large, and what they become.
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
fn temporary_files_with_names_come_and_go() {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let dir = tempfile::tempdir().unwrap();
    let (input, output) = (dir.path().join("in"), dir.path().join("out"));
    let (k_re, expected) = envelopes(&input, rng);
    let source = Folder::open(&input).unwrap();
    fs::create_dir_all(output.join(JOB_FOLDER)).unwrap();
    fs::write(output.join(JOB_FOLDER).join("0"), b"of a killed job").unwrap();
    let target = FolderTarget::with(&output, Some(&source), named).unwrap();
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

/// What appears under a name while a job is under way stays, by either way of writing.
#[test]
fn a_name_that_is_taken_meanwhile_is_refused() {
    let rng = &mut ChaCha20Rng::seed_from_u64(2);
    for unnamed in [named as fn(&File) -> bool, |_: &File| cfg!(target_os = "linux")] {
        let dir = tempfile::tempdir().unwrap();
        let (input, output) = (dir.path().join("in"), dir.path().join("out"));
        let (k_re, expected) = envelopes(&input, rng);
        let source = Folder::open(&input).unwrap();
        let target = FolderTarget::with(&output, Some(&source), unnamed).unwrap();
        let (taken, _) = &expected[4];
        fs::create_dir_all(output.join(taken).parent().unwrap()).unwrap();
        fs::write(output.join(taken), b"mine").unwrap();
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

/// A name such as a store could send is not a way out of the folder, nor into the temporary files.
#[test]
fn names_stay_inside_the_output() {
    let dir = tempfile::tempdir().unwrap();
    let target = FolderTarget::with(&dir.path().join("out"), None, named).unwrap();
    let mut writer = target.writer();
    for name in ["../a", "b/../../a", "..", "", ".", "/a/b", ".phi-pre-job/a"] {
        let written = writer.write(Path::new(name), b"x", Rest::None, 1, &Digest([0; 32]));
        let named = written.map(|pending| target.settle(&[(name.into(), pending)]).unwrap().remove(0));
        assert!(matches!(named, Err(Fault::Refused(_)) | Ok(Err(Fault::Refused(_)))), "{name}: {named:?}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}
