use super::*;

type Make = fn(&Path) -> PendingFile;

/// With and without `O_TMPFILE`: a file appears only when it is published, and no existing file is replaced.
#[test]
fn a_pending_file_appears_when_it_is_published() {
    let dir = tempfile::tempdir().unwrap();
    let names = || std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    let named: Make = |folder| PendingFile::Named(NamedTempFile::new_in(folder).unwrap());
    let new: Make = |folder| PendingFile::new(folder, 0o600).unwrap();
    for (make, visible) in [(new, usize::from(!cfg!(target_os = "linux"))), (named, 1)] {
        let mut pending = make(dir.path());
        pending.file().write_all(b"whole").unwrap();
        assert_eq!(names().len(), visible);
        pending.publish(&dir.path().join("name")).unwrap();
        assert_eq!(names(), ["name"]);
        let path = dir.path().join("name");
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions()) & 0o777, 0o600);
        std::fs::remove_file(path).unwrap();
    }
    for make in [new, named] {
        let pending = make(dir.path());
        let path = dir.path().join("taken");
        std::fs::write(&path, b"other").unwrap();
        assert_eq!(pending.publish(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!((std::fs::read(&path).unwrap(), names().len()), (b"other".to_vec(), 1));
        std::fs::remove_file(path).unwrap();
    }
}
