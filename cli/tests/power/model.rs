//! Tests of the recorder and of the model, on a program whose possible outcomes are known.

use crate::disk::{Loss, Survival, Tree};
use crate::kill::{begin, done};
use crate::log::{Log, Op};
use crate::scene::{Scene, memory};
use crate::trace::Limit;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Makes every kind of system call that the crate makes, with and without a sync.
pub fn life(folder: &Path) {
    let path = |name: &str| folder.join(name);
    begin("files");
    let mut a = File::create_new(path("a")).unwrap();
    a.write_all(&[1; 5000]).unwrap();
    a.sync_all().unwrap();
    File::open(folder).unwrap().sync_all().unwrap();
    done("files", "a");
    a.seek(SeekFrom::Start(0)).unwrap();
    a.write_all(&[2; 10_000]).unwrap();
    a.write_all_at(&[3; 10], 4090).unwrap();
    let mut b = File::create_new(path("b")).unwrap();
    b.write_all(b"bytes of b").unwrap();
    b.sync_all().unwrap();
    fs::rename(path("b"), path("c")).unwrap();
    fs::create_dir(path("folder")).unwrap();
    fs::hard_link(path("c"), path("folder/d")).unwrap();
    let copied = std::io::copy(&mut File::open(path("c")).unwrap(), &mut File::create(path("folder/e")).unwrap());
    assert_eq!(copied.unwrap(), 10);
    begin("end");
    rustix::fs::syncfs(&a).unwrap();
    done("end", "all");
    fs::remove_file(path("folder/e")).unwrap();
    a.set_len(7).unwrap();
    a.sync_data().unwrap();
}

fn recorded() -> Option<(Scene, tempfile::TempDir, Log)> {
    let (mut scene, folder) = (Scene::new("model", 100), memory());
    let mut log = Log::new(folder.path());
    scene.life("model", folder.path(), 0, &mut log, Limit::Never).then_some((scene, folder, log))
}

/// The tree that a folder holds.
fn now(folder: &Path) -> Tree {
    let log = Log::new(folder);
    log.seen(0)
}

#[test]
fn what_was_recorded_is_what_happened() {
    let Some((_, folder, log)) = recorded() else { return };
    assert_eq!(log.seen(log.ops.len()), now(folder.path()));
    let copy = memory();
    log.seen(log.ops.len()).write(copy.path());
    assert_eq!(now(copy.path()), now(folder.path()));
}

/// Every state of the disk is one that the model allows for its cut, and each of the listed states occurs.
#[test]
fn what_is_durable_is_there_and_the_rest_may_be() {
    let Some((mut scene, _folder, log)) = recorded() else { return };
    let (done, _) = log.edges();
    let [files, end] = done[..] else { panic!("{done:?}") };
    let before_end = log.ops.iter().position(|op| matches!(op, Op::Sync { what: None, .. })).unwrap();
    let (mut contents, mut names, mut lengths) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for _ in 0..400 {
        let survival = [Survival::Any, Survival::One, Survival::ButOne][scene.somewhere(3) - 1];
        let any = |cut| Loss { cut, ordered: false, names: survival, data: survival, block: 4096 };
        // Durable data survives in every state.
        let tree = log.after(any(files), &mut scene.rng);
        assert_eq!(tree.files[Path::new("a")].bytes, [1; 5000]);
        let tree = log.after(any(end), &mut scene.rng);
        assert_eq!(tree, log.seen(end));
        // Changes that are not durable survive in any combination.
        let tree = log.after(any(before_end), &mut scene.rng);
        let a = &tree.files[Path::new("a")].bytes;
        lengths.insert(a.len());
        let first = (a[0], a[4090]);
        assert!([(1, 1), (2, 2), (2, 3)].contains(&first), "{first:?}: a page stands as of one moment");
        contents.insert((first, a.get(5000).copied(), a.get(9000).copied()));
        for path in ["b", "c", "folder/d"] {
            let kept = tree.files.get(Path::new(path)).map(|content| content.bytes.len());
            assert!(kept.is_none_or(|length| length == 10), "{path}: its data was synced");
            names.insert((path, kept));
        }
        let e = tree.files.get(Path::new("folder/e")).map(|content| content.bytes.clone());
        assert!(e.is_none_or(|e| [&b""[..], b"bytes of b", &[0; 10]].contains(&&e[..])));
        // With a journal, no change of names survives without all earlier changes.
        let tree = log.after(Loss { ordered: true, ..any(before_end) }, &mut scene.rng);
        let has = |path: &str| tree.files.contains_key(Path::new(path));
        assert!(!(has("b") && has("c")) && (!has("folder/d") || has("c")));
    }
    assert_eq!(lengths, BTreeSet::from([5000, 10_000]));
    assert_eq!(names.len(), 6, "{names:?}");
    for expected in [((1, 1), None, None), ((1, 1), Some(2), Some(0)), ((2, 3), Some(0), Some(2))] {
        assert!(contents.contains(&expected), "{expected:?} never came: {contents:?}");
    }
}
