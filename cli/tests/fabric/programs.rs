//! Fabric's programs, and the processes of a network.

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The environment variable that names the folder of the programs.
pub const FOLDER: &str = "PHI_PRE_FABRIC_BIN";
/// The first argument of a process that is to execute another program.
const BECOME: &str = "become";

/// The folders of `peer`, `orderer`, `configtxgen` and `osnadmin`.
pub struct Programs([(&'static str, PathBuf); 4]);

impl Programs {
    /// Looks in `PHI_PRE_FABRIC_BIN` if it is set, and on the path otherwise.
    ///
    /// # Errors
    /// The reason for which the tests are skipped.
    pub fn find() -> Result<Self, String> {
        let (named, place) = match std::env::var_os(FOLDER) {
            Some(folder) => (folder, FOLDER),
            None => (std::env::var_os("PATH").unwrap_or_default(), "PATH"),
        };
        let find = |name: &'static str| {
            let found = std::env::split_paths(&named).map(|folder| folder.join(name)).find(|path| path.is_file());
            found
                .map(|path| (name, path))
                .ok_or_else(|| format!("no program `{name}` of Hyperledger Fabric in {place}"))
        };
        Ok(Self([find("peer")?, find("orderer")?, find("configtxgen")?, find("osnadmin")?]))
    }

    /// A command with its configuration in `config`.
    pub fn command(&self, name: &str, config: &Path) -> Command {
        let (_, path) = self.0.iter().find(|(known, _)| *known == name).unwrap();
        let mut command = Command::new(path);
        command.env("FABRIC_CFG_PATH", config).env("FABRIC_LOGGING_SPEC", "warning");
        command.env("FABRIC_LOGGING_FORMAT", "%{time:15:04:05.000} %{module} %{level} %{message}").stdin(Stdio::null());
        command
    }
}

/// Runs a command to its end.
///
/// # Errors
/// The command and what it printed, if it failed.
pub fn run(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    Err(format!("{command:?}: {}\n{printed}", output.status))
}

/// Repeats `attempt` until it succeeds, for at most `seconds`: a process needs some time before it listens, and a peer
/// before it has discovered the other peers.
///
/// # Errors
/// The error of the last attempt.
pub fn patiently<T, E>(seconds: u64, mut attempt: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        match attempt() {
            Err(_) if Instant::now() < end => thread::sleep(Duration::from_millis(100)),
            result => return result,
        }
    }
}

/// A process of the network. The process is killed when the value is dropped, and when this test ends in another way.
pub struct Process {
    name: String,
    child: Child,
}

impl Process {
    /// Starts `command`. Its output is appended to `log`.
    pub fn start(name: &str, command: &Command, log: &Path) -> Self {
        fs::create_dir_all(log.parent().unwrap()).unwrap();
        let output = File::options().create(true).append(true).open(log).unwrap();
        // The new process arranges to be killed when the test ends, and then executes the other program.
        let mut process = Command::new(std::env::current_exe().unwrap());
        process.arg(BECOME).arg(command.get_program()).args(command.get_args());
        process.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        process.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        Self { name: name.to_owned(), child: process.spawn().unwrap() }
    }

    /// Waits until the process listens.
    pub fn listens(&mut self, address: SocketAddr) {
        let end = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(address).is_err() {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{} ended: {status}", self.name);
            }
            assert!(Instant::now() < end, "{} does not listen on {address}", self.name);
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// SIGTERM, and waits for the end.
    pub fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap();
    }
}

/// SIGKILL.
impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In a process that [`Process::start`] has started: executes the program that the arguments name.
pub fn becomes_another() {
    let mut args = std::env::args_os().skip(1);
    if args.next() != Some(OsString::from(BECOME)) {
        return;
    }
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).unwrap();
    let error = Command::new(args.next().unwrap()).args(args).exec();
    panic!("{error}");
}

/// Ports of the loopback interface that no process uses, below the range of outgoing connections, so that the port of a
/// killed process stays free.
pub struct Ports {
    next: u16,
    /// Keeps the ports until the processes start.
    held: Vec<TcpListener>,
}

impl Ports {
    const RANGE: std::ops::Range<u16> = 15_000..32_000;

    /// The search begins at a port that depends on this process.
    pub fn new() -> Self {
        let places = u32::from(Self::RANGE.end - Self::RANGE.start);
        let place = std::process::id().wrapping_mul(97) % places;
        Self { next: Self::RANGE.start + u16::try_from(place).unwrap(), held: Vec::new() }
    }

    /// A free port.
    pub fn take(&mut self) -> SocketAddr {
        for _ in Self::RANGE {
            let address = SocketAddr::from(([127, 0, 0, 1], self.next));
            self.next = if self.next + 1 < Self::RANGE.end { self.next + 1 } else { Self::RANGE.start };
            if let Ok(listener) = TcpListener::bind(address) {
                self.held.push(listener);
                return address;
            }
        }
        panic!("no free port");
    }
}
