//! The demo is ended by a signal, or killed: no record stays in the clear.

use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// The command.
const PROGRAM: &str = env!("CARGO_BIN_EXE_phi-pre");
/// What every record holds.
const RECORD: &str = "a record in the clear: 14 mmHg";

/// A folder of records, and the folder that the demo takes for the system's temporary folder.
struct Place {
    _dir: tempfile::TempDir,
    emr: PathBuf,
    temporary: PathBuf,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let [emr, temporary] = ["emr", "temporary"].map(|name| dir.path().join(name));
        for folder in [&emr, &temporary] {
            fs::create_dir(folder).unwrap();
        }
        for i in 0..60 {
            fs::write(emr.join(i.to_string()), RECORD).unwrap();
        }
        Self { _dir: dir, emr, temporary }
    }

    fn demo(&self) -> Command {
        // The tests may run with ignored signals, as background jobs do, and children inherit them. GNU's env resets them.
        let mut command = Command::new(if cfg!(target_os = "linux") { "env" } else { PROGRAM });
        if cfg!(target_os = "linux") {
            command.args(["--default-signal=INT,TERM,HUP,QUIT", PROGRAM]);
        }
        command.args(["demo", "--emr"]);
        command.arg(&self.emr).env("TMPDIR", &self.temporary);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts the demo, and waits until hospital B has received a record. The demo then goes on only as long as somebody
    /// reads its output, since the pipe is short.
    fn at_work(mut command: Command) -> (Child, BufReader<ChildStdout>) {
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        #[cfg(target_os = "linux")]
        rustix::pipe::fcntl_setpipe_size(&stdout, 4096).unwrap();
        let mut output = BufReader::with_capacity(256, stdout);
        assert!(output.by_ref().lines().any(|line| line.unwrap().contains("share-complete")));
        (child, output)
    }

    /// The number of files below the temporary folder that hold a record.
    fn in_the_clear(&self) -> usize {
        fn count(folder: &Path) -> usize {
            let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
            let is_record = |path: &Path| fs::read(path).is_ok_and(|bytes| bytes == RECORD.as_bytes());
            entries.map(|path| if path.is_dir() { count(&path) } else { usize::from(is_record(&path)) }).sum()
        }
        count(&self.temporary)
    }

    fn names(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.temporary).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn a_signal_leaves_no_record_in_the_clear() {
    let place = Place::new();
    let of_limits = [Signal::XCPU, Signal::XFSZ, Signal::ALARM, Signal::USR1, Signal::USR2];
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT].into_iter().chain(of_limits) {
        let (child, _output) = Place::at_work(place.demo());
        assert!(place.in_the_clear() > 0, "the test does not see the records");
        send(&child, signal);
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.signal(), Some(signal.as_raw()), "{:?}", String::from_utf8_lossy(&ended.stderr));
        assert!(place.names().is_empty(), "{signal:?}: {:?}", place.names());
    }
}

/// With `--out`, the received records are kept on purpose; the copies in the EMR folder are not.
#[test]
fn a_signal_leaves_no_emr_folder_beside_the_output() {
    let place = Place::new();
    let mut command = place.demo();
    let out = place.emr.with_file_name("out");
    command.arg("--out").arg(&out);
    let (child, _output) = Place::at_work(command);
    send(&child, Signal::TERM);
    child.wait_with_output().unwrap();
    assert!(place.names().is_empty(), "{:?}", place.names());
    assert!(!out.join("hospital-a").exists() && out.join("received").exists());
}

#[test]
fn the_next_demo_removes_what_a_killed_one_has_left() {
    let place = Place::new();
    let (child, _output) = Place::at_work(place.demo());
    send(&child, Signal::KILL);
    child.wait_with_output().unwrap();
    assert!(place.in_the_clear() > 0);
    let other = place.temporary.join("phi-pre-demo-is-not-a-folder");
    fs::write(&other, "").unwrap();

    // A demo that lives keeps its folder.
    let (alive, mut output) = Place::at_work(place.demo());
    send(&alive, Signal::STOP);
    let mine = |name: &PathBuf| *name != other;
    let of_the_living: Vec<_> = place.names().into_iter().filter(mine).collect();
    assert_eq!(of_the_living.len(), 1, "{of_the_living:?}");
    let next = place.demo().output().unwrap();
    assert!(next.status.success(), "{}", String::from_utf8_lossy(&next.stderr));
    assert_eq!(place.names().into_iter().filter(mine).collect::<Vec<_>>(), of_the_living);
    send(&alive, Signal::CONT);
    std::io::copy(&mut output, &mut std::io::sink()).unwrap();
    assert!(alive.wait_with_output().unwrap().status.success());
    assert_eq!(place.names(), [other]);
}

/// A signal removes the folder also in the moment in which it is made.
#[test]
fn a_signal_at_the_first_moment_leaves_nothing() {
    let place = Place::new();
    for round in 0..100 {
        let mut child = place.demo().spawn().unwrap();
        while place.names().is_empty() && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        send(&child, Signal::TERM);
        child.wait().unwrap();
        assert!(place.names().is_empty(), "round {round}: {:?}", place.names());
    }
}

/// The kernel does not end the first process of a container by a signal. The demo ends itself, with the code of a shell.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_the_first_process_of_a_container() {
    let place = Place::new();
    let unshare = |program: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--pid", "--fork", program]);
        command
    };
    if !unshare("true").status().is_ok_and(|status| status.success()) {
        println!("skipped: this user can make no namespaces");
        return;
    }
    let mut command = unshare(PROGRAM);
    command.args(["demo", "--emr"]).arg(&place.emr).env("TMPDIR", &place.temporary).stdout(Stdio::piped());
    let (mut child, _output) = Place::at_work(command);
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id())).unwrap();
    let first = Pid::from_raw(children.trim().parse().unwrap()).unwrap();
    kill_process(first, Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(128 + Signal::TERM.as_raw()));
    assert!(place.names().is_empty(), "{:?}", place.names());
}

/// A folder that no demo has made for itself is left alone, whatever its name: here the output of an earlier demo.
#[test]
fn a_folder_of_the_user_is_not_removed() {
    let place = Place::new();
    let [out, empty] = ["phi-pre-demo-out", "phi-pre-demo-empty"].map(|name| place.temporary.join(name));
    fs::create_dir(&empty).unwrap();
    assert!(place.demo().arg("--out").arg(&out).output().unwrap().status.success());
    let next = place.demo().output().unwrap();
    assert!(next.status.success());
    assert!(out.join("transcript.json").exists() && empty.exists(), "{}", String::from_utf8_lossy(&next.stdout));
    assert_eq!(place.names().len(), 2, "{:?}", place.names());
}

/// What cannot be removed is named, and nothing says that it was removed.
#[test]
fn what_cannot_be_removed_is_said() {
    const USER: u32 = 54_321;
    let place = Place::new();
    // What a killed demo has left, with a folder that may not be read.
    let (child, _output) = Place::at_work(place.demo());
    send(&child, Signal::KILL);
    child.wait_with_output().unwrap();
    let left = place.names().pop().unwrap();
    fs::create_dir(left.join("closed")).unwrap();
    fs::write(left.join("closed/record"), RECORD).unwrap();
    fs::set_permissions(left.join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    // Root can read every folder.
    let root = rustix::process::getuid().is_root();
    let top = place.emr.parent().unwrap();
    let program = top.join("phi-pre");
    fs::copy(PROGRAM, &program).unwrap();
    let mut command = Command::new(if root { "setpriv" } else { "env" });
    if root {
        assert!(Command::new("chown").arg("-R").arg(USER.to_string()).arg(top).status().unwrap().success());
        command.args([&format!("--reuid={USER}"), "--clear-groups"]);
    }
    command.arg(&program).args(["demo", "--emr"]).arg(&place.emr).env("TMPDIR", &place.temporary);
    let output = command.output().unwrap();
    let [printed, complaint] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(complaint.contains("cannot be removed") && complaint.contains(left.to_str().unwrap()), "{complaint}");
    assert!(!printed.contains("removed "), "{printed}");
    fs::set_permissions(left.join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    // The next demo tries again.
    assert!(place.demo().output().unwrap().status.success());
    assert!(root || place.names().is_empty(), "{:?}", place.names());
}

/// A signal that the process was told to ignore does not end it.
#[test]
fn an_ignored_signal_stays_ignored() {
    let place = Place::new();
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(PROGRAM);
    command.args(["demo", "--emr"]).arg(&place.emr);
    command.env("TMPDIR", &place.temporary).stdout(Stdio::piped()).process_group(0);
    let (child, mut output) = Place::at_work(command);
    send(&child, Signal::HUP);
    std::io::copy(&mut output, &mut std::io::sink()).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert!(place.names().is_empty(), "{:?}", place.names());
}
