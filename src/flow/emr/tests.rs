use super::*;
use std::fs;
use std::io::{Read, Write};
use std::thread;

const SETTLE: Duration = EmrWatch::SETTLE;
const UNCLOSED: Duration = EmrWatch::UNCLOSED;
/// Long enough for a busy machine. A wait ends as soon as a record is yielded.
const PATIENCE: Duration = Duration::from_secs(60);

/// A watched folder, and a folder beside it on the same file system.
struct Emr {
    _dir: tempfile::TempDir,
    folder: PathBuf,
    beside: PathBuf,
}

impl Emr {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap();
        let [folder, beside] = ["emr", "beside"].map(|name| path.join(name));
        fs::create_dir(&folder).unwrap();
        fs::create_dir(&beside).unwrap();
        Self { _dir: dir, folder, beside }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    /// A watch by events, after its first scan.
    fn watch(&self) -> EmrWatch {
        let mut watch = EmrWatch::new(&self.folder).unwrap();
        assert_eq!(next_within(&mut watch, Duration::ZERO), None);
        watch
    }

    fn polling(&self) -> EmrWatch {
        EmrWatch::polling(&self.folder, SHORTEST_INTERVAL).unwrap()
    }
}

fn read(mut file: EmrFile) -> (String, String) {
    let mut content = String::new();
    file.read_to_string(&mut content).unwrap();
    (file.name().to_str().unwrap().to_owned(), content)
}

fn next_within(watch: &mut EmrWatch, patience: Duration) -> Option<(String, String)> {
    watch.next(patience).unwrap().map(read)
}

/// The name and content of the next record.
fn next(watch: &mut EmrWatch) -> (String, String) {
    next_within(watch, PATIENCE).unwrap()
}

fn record(name: &str, content: &str) -> (String, String) {
    (name.to_owned(), content.to_owned())
}

/// Nothing is yielded for a time in which each waiting file is looked at.
fn nothing_more(watch: &mut EmrWatch) {
    assert_eq!(next_within(watch, SETTLE + Duration::from_millis(500)), None);
}

/// Both kinds of watch, with a folder each.
fn both(test: impl Fn(&Emr, EmrWatch) + Sync) {
    thread::scope(|scope| {
        for polls in [false, true] {
            let test = &test;
            scope.spawn(move || {
                let emr = Emr::new();
                let watch = if polls { emr.polling() } else { emr.watch() };
                test(&emr, watch);
            });
        }
    });
}

/// Processor time of this thread. The watch has no other.
#[cfg(target_os = "linux")]
fn processor_time() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn a_missing_folder_is_named() {
    for made in [EmrWatch::new, |folder: &Path| EmrWatch::polling(folder, SETTLE)] {
        let error = made(Path::new("/no/such/folder")).unwrap_err();
        assert!(error.to_string().starts_with("/no/such/folder: "), "{error}");
    }
}

#[test]
fn old_and_new_records_come_once_each() {
    both(|emr, mut watch| {
        emr.write("old", "1");
        watch = if matches!(watch.source, Source::Polling { .. }) {
            emr.polling()
        } else {
            EmrWatch::new(&emr.folder).unwrap()
        };
        assert_eq!(next(&mut watch), record("old", "1"));
        emr.write("written", "2");
        assert_eq!(next(&mut watch), record("written", "2"));
        fs::write(emr.beside.join("made"), "3").unwrap();
        fs::rename(emr.beside.join("made"), emr.path("moved to")).unwrap();
        assert_eq!(next(&mut watch), record("moved to", "3"));
        nothing_more(&mut watch);
    });
}

/// An idle folder, with a subfolder, costs no processor time, and `next` returns by its deadline.
#[cfg(target_os = "linux")]
#[test]
fn an_idle_folder_costs_nothing() {
    let emr = Emr::new();
    fs::create_dir(emr.path("before")).unwrap();
    let mut watch = emr.watch();
    fs::create_dir(emr.path("after")).unwrap();
    assert_eq!(next_within(&mut watch, Duration::from_millis(100)), None);
    let (began, busy) = (Instant::now(), processor_time());
    for _ in 0..5 {
        assert_eq!(next_within(&mut watch, Duration::from_secs(1)), None);
    }
    let (took, busy) = (began.elapsed(), processor_time().saturating_sub(busy));
    assert!(took < Duration::from_secs(9), "{took:?}");
    assert!(busy < Duration::from_millis(20), "{busy:?}");
}

/// However much happens, a call ends by its deadline, and no folder that has gone is an error.
#[test]
fn folders_that_come_and_go_are_no_errors() {
    both(|emr, mut watch| {
        let end = Instant::now() + Duration::from_secs(3);
        thread::scope(|scope| {
            scope.spawn(|| {
                while Instant::now() < end {
                    fs::create_dir_all(emr.path("a/b/c")).unwrap();
                    emr.write("a/b/c/record", "1");
                    fs::remove_dir_all(emr.path("a")).unwrap();
                }
            });
            while Instant::now() < end {
                let began = Instant::now();
                watch.next(Duration::from_millis(50)).unwrap();
                let took = began.elapsed();
                assert!(took < Duration::from_secs(2), "{took:?}");
            }
        });
        fs::create_dir_all(emr.path("a/b")).unwrap();
        emr.write("a/b/last", "2");
        while next(&mut watch) != record("a/b/last", "2") {}
        fs::remove_dir_all(emr.path("a")).unwrap();
        nothing_more(&mut watch);
        assert_eq!((watch.files.len(), watch.queue.len(), watch.scan.len()), (0, 0, 0));
    });
}

/// The memory is bounded by the files that are there, not by those that have been.
#[test]
fn what_has_gone_is_forgotten() {
    both(|emr, mut watch| {
        for round in 0..20 {
            let names: Vec<_> = (0..20).map(|i| format!("{round}-{i}")).collect();
            for name in &names {
                emr.write(name, "1");
            }
            let _ = watch.next(Duration::from_millis(20)).unwrap();
            for name in &names {
                fs::remove_file(emr.path(name)).unwrap();
            }
        }
        nothing_more(&mut watch);
        assert_eq!((watch.files.len(), watch.queue.len()), (0, 0));
    });
}

/// A file that is written slowly comes once, whole, whatever happens around it.
#[cfg(target_os = "linux")]
#[test]
fn an_unfinished_file_is_not_taken() {
    let emr = Emr::new();
    let mut watch = emr.watch();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = fs::File::create(emr.path("slow")).unwrap();
            thread::sleep(Duration::from_millis(500));
            fs::create_dir(emr.path("a folder")).unwrap();
            thread::sleep(SETTLE + Duration::from_secs(1)); // longer than a file without a writer would wait
            for _ in 0..4 {
                file.write_all(b"part ").unwrap();
                thread::sleep(Duration::from_millis(500));
            }
        });
        assert_eq!(next(&mut watch), record("slow", "part part part part "));
    });
    nothing_more(&mut watch);
}

/// Where closing cannot be seen, a file is taken when it has not changed for `SETTLE`.
#[test]
fn a_growing_file_settles_first() {
    let emr = Emr::new();
    emr.write("grows", "");
    let mut watches = [emr.polling(), EmrWatch::new(&emr.folder).unwrap()];
    let mut file = fs::File::options().append(true).open(emr.path("grows")).unwrap();
    for _ in 0..6 {
        file.write_all(b"x").unwrap();
        for watch in &mut watches {
            assert_eq!(next_within(watch, SETTLE / 4), None);
        }
    }
    let last = Instant::now();
    for watch in &mut watches {
        assert_eq!(next(watch), record("grows", "xxxxxx"));
    }
    assert!(last.elapsed() > SETTLE / 2);
}

#[test]
fn a_corrected_record_comes_again() {
    both(|emr, mut watch| {
        for content in ["first", "second", "third"] {
            emr.write("record", content);
            assert_eq!(next(&mut watch), record("record", content));
        }
        // Opened for writing, and closed without other content.
        drop(fs::File::options().append(true).open(emr.path("record")).unwrap());
        nothing_more(&mut watch);
    });
}

/// Changes of the same size in the shortest time are not missed: the last content always comes.
#[cfg(target_os = "linux")]
#[test]
fn a_quick_correction_is_not_missed() {
    let emr = Emr::new();
    let mut watch = emr.watch();
    for i in 100..200 {
        emr.write("record", &format!("{i}"));
        if i % 2 == 0 {
            let _ = watch.next(Duration::from_millis(1)).unwrap();
        } else {
            let last = format!("{i}");
            while next(&mut watch).1 != last {}
        }
    }
}

#[test]
fn temporary_names_are_left_alone_until_they_are_renamed() {
    let names =
        [".rec", ".rec.tmp", "rec.tmp", "rec.TMP", "rec.part", "rec~", ".rec.swp", "#rec#", "~$rec", "rec.crdownload"];
    both(|emr, mut watch| {
        for name in names {
            emr.write(name, name);
        }
        fs::create_dir_all(emr.path("study.part/series")).unwrap();
        emr.write("study.part/series/image", "image");
        nothing_more(&mut watch);
        let mut expected = BTreeSet::from([record("study/series/image", "image")]);
        for (i, name) in names.iter().enumerate() {
            fs::rename(emr.path(name), emr.path(&format!("final {i}"))).unwrap();
            expected.insert(record(&format!("final {i}"), name));
        }
        fs::rename(emr.path("study.part"), emr.path("study")).unwrap();
        let found: BTreeSet<_> = expected.iter().map(|_| next(&mut watch)).collect();
        assert_eq!(found, expected);
        nothing_more(&mut watch);
    });
    for name in ["record", "a.b", "part", "tmp", "4913", "#", "a#", "~a"] {
        assert!(!is_temporary(name.as_ref()), "{name}");
    }
}

/// As editors save: a backup and a new file, or a new file over the old one.
#[test]
fn editors_that_save_by_rename() {
    both(|emr, mut watch| {
        emr.write("note", "1");
        assert_eq!(next(&mut watch), record("note", "1"));
        fs::rename(emr.path("note"), emr.path("note~")).unwrap();
        emr.write("note", "2");
        fs::remove_file(emr.path("note~")).unwrap();
        assert_eq!(next(&mut watch), record("note", "2"));
        emr.write(".note.swp", "3");
        fs::rename(emr.path(".note.swp"), emr.path("note")).unwrap();
        assert_eq!(next(&mut watch), record("note", "3"));
        // The probe of an editor for the right to write.
        emr.write("4913", "");
        fs::remove_file(emr.path("4913")).unwrap();
        nothing_more(&mut watch);
    });
}

#[test]
fn a_burst_is_complete() {
    both(|emr, mut watch| {
        let names: BTreeSet<_> = (0..2000).map(|i| format!("record {i}")).collect();
        thread::scope(|scope| {
            scope.spawn(|| {
                for name in &names {
                    emr.write(name, name);
                }
            });
            let mut found = BTreeSet::new();
            while found.len() < names.len() {
                let (name, content) = next(&mut watch);
                assert_eq!(name, content);
                assert!(found.insert(name.clone()), "{name} twice");
            }
            assert_eq!(found, names);
        });
        nothing_more(&mut watch);
    });
}

#[test]
fn a_deep_tree_made_at_once_is_complete() {
    both(|emr, mut watch| {
        let mut expected = BTreeSet::new();
        for tree in 0..10 {
            let mut path = format!("tree {tree}");
            for level in 0..10 {
                fs::create_dir(emr.path(&path)).unwrap();
                let name = format!("{path}/record");
                emr.write(&name, &name);
                expected.insert(name);
                path = format!("{path}/{level}");
            }
        }
        // A tree that was made elsewhere and is renamed into the folder.
        fs::create_dir_all(emr.beside.join("moved/deep")).unwrap();
        fs::write(emr.beside.join("moved/deep/record"), "moved/deep/record").unwrap();
        fs::rename(emr.beside.join("moved"), emr.path("moved")).unwrap();
        expected.insert("moved/deep/record".into());
        let mut found = BTreeSet::new();
        while found.len() < expected.len() {
            let (name, content) = next(&mut watch);
            assert_eq!(name, content);
            assert!(found.insert(name.clone()), "{name} twice");
        }
        assert_eq!(found, expected);
        // A renamed folder is followed under its new name.
        fs::rename(emr.path("moved"), emr.path("renamed")).unwrap();
        assert_eq!(next(&mut watch), record("renamed/deep/record", "moved/deep/record"));
        emr.write("renamed/deep/new", "new");
        assert_eq!(next(&mut watch), record("renamed/deep/new", "new"));
        nothing_more(&mut watch);
    });
}

/// A folder that is renamed out of the tree is not watched any more.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_has_left_is_not_watched() {
    let emr = Emr::new();
    fs::create_dir_all(emr.path("a/b")).unwrap();
    let mut watch = emr.watch();
    fs::rename(emr.path("a"), emr.beside.join("a")).unwrap();
    nothing_more(&mut watch);
    fs::write(emr.beside.join("a/b/record"), "1").unwrap();
    nothing_more(&mut watch);
    assert!(watch.files.is_empty());
}

/// More events than the kernel's queue holds lead to one scan, and no file is lost.
#[cfg(target_os = "linux")]
#[test]
fn an_overflow_leads_to_one_scan() {
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let files = limit.trim().parse::<usize>().unwrap() / 2 + 1000; // two events for each
    let emr = Emr::new();
    let mut watch = emr.watch();
    assert_eq!(watch.scans, 1);
    for i in 0..files {
        emr.write(&i.to_string(), "1");
    }
    let mut found = BTreeSet::new();
    while found.len() < files {
        assert!(found.insert(next(&mut watch).0));
    }
    nothing_more(&mut watch);
    assert_eq!(watch.scans, 2);
}

/// A file that gets its name by a link is never seen to be closed.
#[cfg(target_os = "linux")]
#[test]
fn a_linked_file_is_taken_after_a_while() {
    let emr = Emr::new();
    let mut watch = emr.watch();
    fs::write(emr.beside.join("made"), "1").unwrap();
    fs::hard_link(emr.beside.join("made"), emr.path("linked")).unwrap();
    let began = Instant::now();
    assert_eq!(next_within(&mut watch, UNCLOSED * 4), Some(record("linked", "1")));
    assert!(began.elapsed() >= UNCLOSED);
}

/// Two files that exchange their names are two new files; so are those below two folders.
#[cfg(target_os = "linux")]
#[test]
fn exchanged_names_are_new_files() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    both(|emr, mut watch| {
        for (folder, file) in [("a", "1"), ("b", "2")] {
            fs::create_dir(emr.path(folder)).unwrap();
            emr.write(&format!("{folder}/file"), file);
            emr.write(&format!("file {folder}"), file);
        }
        let mut all = |expected: [(&str, &str); 4]| {
            let found = expected.map(|_| next_within(&mut watch, UNCLOSED * 2).unwrap_or_default());
            assert_eq!(BTreeSet::from(found), BTreeSet::from(expected.map(|(name, content)| record(name, content))));
        };
        all([("a/file", "1"), ("file a", "1"), ("b/file", "2"), ("file b", "2")]);
        for [one, other] in [["a", "b"], ["file a", "file b"]] {
            renameat_with(CWD, emr.path(one), CWD, emr.path(other), RenameFlags::EXCHANGE).unwrap();
        }
        all([("a/file", "2"), ("file a", "2"), ("b/file", "1"), ("file b", "1")]);
        nothing_more(&mut watch);
    });
}

/// Where the system ends a watch, as it does at an unmount, the folder is watched and listed again.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_is_watched_again_after_its_watch_has_ended() {
    let emr = Emr::new();
    fs::create_dir_all(emr.path("mount")).unwrap();
    let mut watch = emr.watch();
    let Source::Events(inotify) = &watch.source else { panic!("no events") };
    inotify.end(Path::new("mount"));
    for name in ["mount/first", "mount/second"] {
        emr.write(name, name);
        assert_eq!(next(&mut watch), record(name, name));
    }
}

/// A record that grows while it is read comes to an end.
#[test]
fn a_record_is_not_read_beyond_its_size() {
    let emr = Emr::new();
    emr.write("record", "1234567890");
    let mut found = EmrFile::open(&emr.path("record")).unwrap();
    emr.write("record", &"1".repeat(1 << 20));
    let mut bytes = Vec::new();
    let error = found.read_to_end(&mut bytes).unwrap_err().to_string();
    assert!(error.contains("record") && error.ends_with("has grown since it was opened"), "{error}");
    assert!(bytes.len() < 1 << 16, "{}", bytes.len());
}

/// After `next` has returned a record, a link under its name leads nowhere else.
#[cfg(unix)]
#[test]
fn a_record_stays_the_same_file() {
    use std::os::unix::fs::symlink;
    both(|emr, mut watch| {
        fs::write(emr.beside.join("other"), "another file").unwrap();
        emr.write("record", "1");
        let found = watch.next(PATIENCE).unwrap().unwrap();
        fs::remove_file(emr.path("record")).unwrap();
        symlink(emr.beside.join("other"), emr.path("record")).unwrap();
        assert_eq!(read(found), record("record", "1"));
        nothing_more(&mut watch);
    });
}

/// No link is followed, neither to a file nor to a folder, and a pipe is no record.
#[cfg(unix)]
#[test]
fn links_and_pipes_are_no_records() {
    use std::os::unix::fs::symlink;
    both(|emr, mut watch| {
        fs::create_dir(emr.beside.join("folder")).unwrap();
        fs::write(emr.beside.join("folder/file"), "1").unwrap();
        symlink(emr.beside.join("folder"), emr.path("folder")).unwrap();
        symlink(emr.beside.join("folder/file"), emr.path("file")).unwrap();
        symlink(emr.path("loop"), emr.path("loop")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(emr.path("pipe")).status().unwrap().success());
        nothing_more(&mut watch);
        // A folder that is swapped for a link after it was listed.
        fs::create_dir(emr.path("real")).unwrap();
        emr.write("real/file", "2");
        assert_eq!(next(&mut watch), record("real/file", "2"));
        fs::remove_dir_all(emr.path("real")).unwrap();
        symlink(emr.beside.join("folder"), emr.path("real")).unwrap();
        assert!(vanished(&watch.root.open_file(Path::new("real/file")).unwrap_err()));
        assert!(vanished(&watch.root.open_file(Path::new("file")).unwrap_err()));
        assert!(vanished(&watch.root.open_file(Path::new("pipe")).unwrap_err()));
        fs::write(emr.beside.join("folder/file"), "changed").unwrap();
        nothing_more(&mut watch);
    });
}

/// A watched folder that has gone is an error, and its files are not taken twice when it comes back.
#[test]
fn the_folder_itself_must_stay() {
    both(|emr, mut watch| {
        emr.write("record", "1");
        assert_eq!(next(&mut watch), record("record", "1"));
        if matches!(watch.source, Source::Polling { .. }) {
            fs::rename(&emr.folder, emr.beside.join("away")).unwrap();
            fs::create_dir(&emr.folder).unwrap(); // as an empty mount point
            assert!(watch.next(PATIENCE).is_err());
            fs::remove_dir(&emr.folder).unwrap();
            fs::rename(emr.beside.join("away"), &emr.folder).unwrap();
            let found = (0..20).find_map(|_| watch.next(SHORTEST_INTERVAL).ok().flatten());
            assert!(found.is_none(), "{found:?}");
        } else {
            fs::remove_dir_all(&emr.folder).unwrap();
            let error = watch.next(PATIENCE).unwrap_err().to_string();
            assert!(error.starts_with(emr.folder.to_str().unwrap()), "{error}");
        }
    });
}

/// What cannot be read is an error, nothing is forgotten for it, and it is tried again.
#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_tried_again() {
    use std::os::unix::fs::PermissionsExt;
    let emr = Emr::new();
    let mode = |name: &str, mode| fs::set_permissions(emr.path(name), fs::Permissions::from_mode(mode)).unwrap();
    fs::create_dir(emr.path("folder")).unwrap();
    emr.write("folder/before", "1");
    let mut watch = EmrWatch::new(&emr.folder).unwrap();
    assert_eq!(next(&mut watch), record("folder/before", "1"));
    emr.write("file", "2");
    mode("folder", 0o300);
    mode("file", 0);
    if fs::read_dir(emr.path("folder")).is_ok() {
        println!("skipped: this user can read every folder");
        return;
    }
    watch.rescan();
    let errors = [(); 2].map(|()| watch.next(PATIENCE).unwrap_err().to_string());
    for name in ["folder: ", "file: "] {
        assert!(errors.iter().any(|error| error.contains(name) && error.contains("ermission")), "{errors:?}");
    }
    emr.write("folder/after", "3");
    mode("folder", 0o700);
    mode("file", 0o600);
    let found = BTreeSet::from([(); 2].map(|()| next(&mut watch)));
    assert_eq!(found, BTreeSet::from([record("file", "2"), record("folder/after", "3")]));
    nothing_more(&mut watch);
}

#[test]
fn no_patience_is_too_short_or_too_long() {
    let emr = Emr::new();
    let mut watch = emr.watch();
    emr.write("record", "1");
    let tries = (0..10_000).map(|_| thread::sleep(Duration::from_millis(1)));
    assert!(tries.into_iter().any(|()| watch.next(Duration::ZERO).unwrap().is_some()));
    emr.write("record", "two");
    assert!(watch.next(Duration::MAX).unwrap().is_some());
}
