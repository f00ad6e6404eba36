//! A child process that reports the begin and the end of each call, and is killed at a random time.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

pub const ROLE: &str = "PHI_PRE_CRASH_ROLE";
pub const FOLDER: &str = "PHI_PRE_CRASH_FOLDER";
pub const LIFE: &str = "PHI_PRE_CRASH_LIFE";

/// In the child: reports that the call `what` begins.
pub fn begin(what: &str) {
    say(&format!("begin {what}"));
}

/// In the child: reports that the call has returned, and what it has acknowledged.
pub fn done(what: &str, acknowledged: &str) {
    say(&format!("done {what} {acknowledged}"));
}

/// Prints a line with a single write, so that a kill leaves the whole line or nothing.
fn say(line: &str) {
    if std::env::var_os(ROLE).is_some() {
        println!("\n{line}");
    }
}

/// The command that runs the test binary in this role.
pub fn child(role: &str, folder: &Path, life: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    in_role(&mut command, role, folder, life);
    command
}

/// Sets the arguments and the environment of the test binary for this role.
pub fn in_role(command: &mut Command, role: &str, folder: &Path, life: u64) {
    command.args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(ROLE, role).env(FOLDER, folder).env(LIFE, life.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped());
}

/// The number of kills of a test, `percent` of `PHI_PRE_CRASH_KILLS`, and the random generator of their times.
pub fn plan(what: &str, percent: u64) -> (u64, ChaCha20Rng) {
    let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse::<u64>().unwrap());
    let (kills, seed) = (number("PHI_PRE_CRASH_KILLS", 30), number("PHI_PRE_CRASH_SEED", 1));
    println!("{what}: PHI_PRE_CRASH_KILLS={kills} PHI_PRE_CRASH_SEED={seed}");
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    rng.set_stream(what.bytes().map(u64::from).sum());
    ((kills * percent).div_ceil(100), rng)
}

/// Whether the long form of the tests is requested: 500 kills or more.
pub fn long() -> bool {
    plan("form", 100).0 >= 500
}

/// A random number below `limit`.
pub fn below(rng: &mut impl Rng, limit: u64) -> u64 {
    rng.next_u64() % limit
}

/// The reports of a child until it was killed.
pub struct Life {
    /// The calls that returned, in order, each with what it has acknowledged.
    pub done: Vec<(String, String)>,
    /// The call inside which it was killed.
    pub inside: Option<String>,
}

/// Starts children and kills them. It measures how long their calls take, so that the kills spread over the calls.
#[derive(Default)]
pub struct Killer {
    spans: BTreeMap<String, (Duration, u32)>,
    pub kills: u64,
    /// The number of kills inside each call.
    pub inside: BTreeMap<String, u64>,
}

impl Killer {
    /// Runs a child and kills it at a random point of the `nth` call of `target`, or a little after it.
    pub fn life(&mut self, mut child: Command, target: &str, nth: u64, rng: &mut impl Rng) -> Life {
        let mut process = child.spawn().unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let (send, lines) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            for line in out.lines() {
                if send.send((Instant::now(), line.unwrap())).is_err() {
                    break;
                }
            }
        });
        let mut heard = Vec::new();
        let mut left = nth;
        let marker = format!("begin {target}");
        for (at, line) in &lines {
            left -= u64::from(line == marker);
            heard.push((at, line));
            if left == 0 {
                break;
            }
        }
        assert_eq!(left, 0, "the child ended by itself: {heard:?}");
        let part = u32::try_from(below(rng, 1000)).unwrap();
        // A call that has not been measured may end before the kill. After that, the kill comes at a random time
        // between the begin and 1.14 times the mean duration of the call.
        let point = if let Some((total, count)) = self.spans.get(target) {
            *total / *count * part / 880
        } else {
            for (at, line) in &lines {
                let ended = line.starts_with(&format!("done {target} "));
                heard.push((at, line));
                if ended {
                    break;
                }
            }
            Duration::ZERO
        };
        let due = heard.last().unwrap().0 + point;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        process.kill().unwrap();
        let status = process.wait().unwrap();
        reader.join().unwrap();
        heard.extend(lines);
        // The child may have ended before the kill, but without an error.
        assert!(status.signal() == Some(9) || status.success(), "{status}: {heard:?}");
        self.kills += 1;
        self.told(&heard)
    }

    fn told(&mut self, heard: &[(Instant, String)]) -> Life {
        let mut open: Option<(Instant, &str)> = None;
        let mut done = Vec::new();
        for (at, line) in heard {
            if let Some(what) = line.strip_prefix("begin ") {
                open = Some((*at, what));
            } else if let Some(rest) = line.strip_prefix("done ") {
                let (what, acknowledged) = rest.split_once(' ').unwrap();
                let (begun, expected) = open.take().unwrap();
                assert_eq!(what, expected);
                let (total, count) = self.spans.entry(what.to_owned()).or_default();
                (*total, *count) = (*total + (*at - begun), *count + 1);
                done.push((what.to_owned(), acknowledged.to_owned()));
            }
        }
        let inside = open.map(|(_, what)| what.to_owned());
        if let Some(what) = &inside {
            *self.inside.entry(what.clone()).or_default() += 1;
        }
        Life { done, inside }
    }

    /// One line for the report.
    pub fn report(&self, what: &str, rest: &str) {
        let mid: u64 = self.inside.values().sum();
        println!("{what}: {} kills, {mid} inside a call {:?}; {rest}", self.kills, self.inside);
        // With fewer than 20 kills, too few may be inside a call by chance.
        assert!(self.kills < 20 || mid * 4 > self.kills, "the kills do not land inside calls any more");
    }
}
