//! Tests of the command where the system refuses a call: a folder that may not be read, and file systems without
//! chmod, without a sync of folders, or without locks.
//!
//! A small library, made with `cc` and preloaded, gives the errors of such file systems (CIFS, FUSE, NFS).

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const NOBODY: u32 = 65534;

/// Calls that `PHI_PRE_REFUSE` names fail as on a file system without them.
const SHIM: &str = r#"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
static int refused(const char *call) { const char *all = getenv("PHI_PRE_REFUSE"); return all && strstr(all, call); }
int fchmod(int fd, mode_t mode) {
    if (refused("chmod")) { errno = EPERM; return -1; }
    return syscall(SYS_fchmod, fd, mode);
}
int chmod(const char *path, mode_t mode) {
    if (refused("chmod")) { errno = EPERM; return -1; }
    return syscall(SYS_fchmodat, -100, path, mode);
}
int fsync(int fd) {
    struct stat found;
    if (refused("folder-sync") && fstat(fd, &found) == 0 && S_ISDIR(found.st_mode)) { errno = EINVAL; return -1; }
    return syscall(SYS_fsync, fd);
}
int flock(int fd, int operation) {
    if (refused("flock-enotsup")) { errno = EOPNOTSUPP; return -1; }
    if (refused("flock-enosys")) { errno = ENOSYS; return -1; }
    if (refused("flock-ebadf")) { errno = EBADF; return -1; }
    if (refused("flock-enolck")) { errno = ENOLCK; return -1; }
    return syscall(SYS_flock, fd, operation);
}
"#;

/// A folder with the shim and a copy of the command that every user can run, and a folder `place` to work in.
struct System(tempfile::TempDir);

impl System {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_phi-pre"), dir.path().join("phi-pre")).unwrap();
        fs::write(dir.path().join("shim.c"), SHIM).unwrap();
        let mut cc = Command::new("cc");
        cc.current_dir(dir.path()).args(["-shared", "-fPIC", "-o", "shim.so", "shim.c"]);
        assert!(cc.status().unwrap().success());
        let system = Self(dir);
        fs::create_dir(system.place()).unwrap();
        system
    }

    fn place(&self) -> PathBuf {
        self.0.path().join("place")
    }

    fn command(&self, refuse: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.0.path().join("phi-pre"));
        command.current_dir(self.place()).args(arguments);
        if !refuse.is_empty() {
            command.env("PHI_PRE_REFUSE", refuse).env("LD_PRELOAD", self.0.path().join("shim.so"));
        }
        command
    }

    /// Runs a command that must succeed. Returns standard output and standard error.
    fn done(&self, refuse: &str, arguments: &[&str]) -> (String, String) {
        succeeded(&mut self.command(refuse, arguments))
    }
}

fn succeeded(command: &mut Command) -> (String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{command:?}: {out}{err}");
    (out, err)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Every command that writes a new file, and the files that it writes.
const WRITERS: [(&[&str], &[&str]); 7] = [
    (&["shared", "sk"], &["sk"]),
    (&["keygen", "b"], &["b.secret", "b.public"]),
    (&["keygen", "--named", "n"], &["n.secret", "n.public"]),
    (&["encrypt", "--to", "b.public", "record", "b.phi"], &["b.phi"]),
    (&["rekey", "--from", "b.secret", "--to", "a.secret", "ba.rekey"], &["ba.rekey"]),
    (&["reencrypt", "--rekey", "ba.rekey", "--out", "a.phi", "b.phi"], &["a.phi"]),
    (&["decrypt", "--key", "a.secret", "a.phi", "out"], &["out"]),
];

/// In a folder that may be written and not read, each file is made; a warning says that its name is not yet durable.
#[test]
fn a_folder_that_may_not_be_read_gets_its_files() {
    let system = System::new();
    let place = system.place();
    system.done("", &["keygen", "a"]);
    fs::write(place.join("record"), b"a record").unwrap();
    // Root may read every folder, so a test run by root runs the command as the user nobody.
    let root = chown(&place, Some(NOBODY), Some(NOBODY)).is_ok();
    if root {
        for name in ["a.secret", "record"] {
            chown(place.join(name), Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    fs::set_permissions(&place, Permissions::from_mode(0o300)).unwrap();
    for (arguments, files) in WRITERS {
        let mut command = system.command("", arguments);
        if root {
            command.uid(NOBODY).gid(NOBODY);
        }
        let (_, err) = succeeded(&mut command);
        for file in files {
            let warning = format!("phi-pre: warning: {file}: written, but its folder cannot be synced");
            assert!(err.contains(&warning), "{arguments:?}: {err}");
        }
    }
    assert_eq!(fs::read(place.join("out")).unwrap(), b"a record");
    assert_eq!((mode(&place.join("b.public")), mode(&place.join("b.secret"))), (0o644, 0o600));
    fs::set_permissions(&place, Permissions::from_mode(0o700)).unwrap();
    let written: usize = WRITERS.iter().map(|(_, files)| files.len()).sum();
    assert_eq!(fs::read_dir(&place).unwrap().count(), 3 + written, "no temporary file stays behind");
}

#[test]
fn a_refused_chmod_or_folder_sync_is_a_warning() {
    let system = System::new();
    let place = system.place();
    for refuse in ["chmod", "folder-sync", "chmod folder-sync"] {
        fs::remove_dir_all(&place).unwrap();
        fs::create_dir(&place).unwrap();
        system.done("", &["keygen", "a"]);
        fs::write(place.join("record"), b"a record").unwrap();
        for (arguments, files) in WRITERS {
            let (_, err) = system.done(refuse, arguments);
            for file in files {
                let unsynced = format!("warning: {file}: written, but its folder cannot be synced");
                assert_eq!(err.contains(&unsynced), refuse.contains("sync"), "{refuse}: {err}");
            }
            for file in files.iter().filter(|file| file.ends_with(".public")) {
                let private = err.contains(&format!("warning: {file}: only you can read the file"));
                assert_eq!(private, refuse.contains("chmod"), "{refuse}: {err}");
            }
            assert!(arguments[0] == "keygen" || !err.contains("only you can read"), "{refuse}: {err}");
        }
        let (_, err) = system.done(refuse, &["msp", "users", "users"]);
        let unsynced = "warning: users: written, but its folder cannot be synced";
        assert_eq!(err.contains(unsynced), refuse.contains("sync"), "{refuse}: {err}");
        assert_eq!(fs::read(place.join("out")).unwrap(), b"a record");
        let public = if refuse.contains("chmod") { 0o600 } else { 0o644 };
        for pair in ["b", "n"] {
            let [public_mode, secret_mode] = ["public", "secret"].map(|of| mode(&place.join(format!("{pair}.{of}"))));
            assert_eq!((public_mode, secret_mode), (public, 0o600), "{pair}");
        }
    }
}

/// Where a file system has no locks, files are read without one, a job goes on with a warning, and a file is not
/// changed in place.
#[test]
fn without_locks_only_a_change_in_place_is_refused() {
    let system = System::new();
    let place = system.place();
    system.done("", &["keygen", "a"]);
    system.done("", &["keygen", "b"]);
    system.done("", &["rekey", "--from", "a.secret", "--to", "b.secret", "ab.rekey"]);
    fs::write(place.join("record"), b"a record").unwrap();
    fs::create_dir(place.join("in")).unwrap();
    system.done("", &["encrypt", "--to", "a.public", "record", "in/a.phi"]);
    let sealed = fs::read(place.join("in/a.phi")).unwrap();
    for refuse in ["flock-enotsup", "flock-enosys", "flock-ebadf", "flock-enolck"] {
        let name = |what: &str| format!("{what}-{refuse}");
        assert!(system.done(refuse, &["inspect", "in/a.phi"]).0.contains("8 bytes"));
        system.done(refuse, &["decrypt", "--key", "a.secret", "in/a.phi", &name("out")]);
        assert_eq!(fs::read(place.join(name("out"))).unwrap(), b"a record");
        system.done(refuse, &["reencrypt", "--rekey", "ab.rekey", "--out", &name("b.phi"), "in/a.phi"]);
        let (out, err) =
            system.done(refuse, &["reencrypt", "--rekey", "ab.rekey", "--in", "in", "--out", &name("job")]);
        assert!(out.contains("1 envelopes re-encrypted"), "{out}");
        assert!(err.contains(&format!("warning: {}: its file system has no locks", name("job"))), "{err}");
        let moved = fs::read(place.join(name("b.phi"))).unwrap();
        assert!(fs::read(place.join(name("job")).join("a.phi")).unwrap() == moved);
        let output = system.command(refuse, &["reencrypt", "--rekey", "ab.rekey", "in/a.phi"]).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && err.contains("in/a.phi: its file system has no locks"), "{err}");
        assert!(fs::read(place.join("in/a.phi")).unwrap() == sealed);
    }
}

/// In a folder that may not be written, no authority is made.
#[test]
fn an_authority_needs_a_folder_that_may_be_written() {
    let system = System::new();
    fs::set_permissions(system.place(), Permissions::from_mode(0o555)).unwrap();
    let mut command = system.command("", &["msp", "users", "users"]);
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && message.contains("Permission denied"), "{message}");
    assert_eq!(fs::read_dir(system.place()).unwrap().count(), 0);
}
