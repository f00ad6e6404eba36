//! Runs a process and its children under ptrace, and logs their changes of the watched folder.
//!
//! The process waits for a line on its standard input, so that it is traced from its first step on. Its lines "begin"
//! and "done" are entries of the log, too. The registers are known for x86-64 and aarch64.

use crate::calls::{Call, Calls, Durable, changes};
use crate::log::{Log, Node, Op};
use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The line that a process prints before it waits for the tracer.
const READY: &str = "ready";

/// In the child: waits until the parent traces it.
pub fn ready() {
    println!("\n{READY}");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// The end of a traced process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The process ended by itself, without an error.
    Done,
    /// The process was killed at its limit.
    Killed,
    /// The system allows no tracing.
    NotTraced,
}

/// The point at which a process is killed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    Never,
    /// After this number of new entries of the log.
    Entries(usize),
    /// Before the `nth` sync, counted from 1. There, the number of changes that are not durable is largest.
    Sync {
        nth: usize,
        of_folders: bool,
    },
}

/// Runs `command` up to the limit and logs its changes.
pub fn record(mut command: Command, log: &mut Log, limit: Limit) -> End {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut out = child.stdout.take().unwrap();
    while !said.ends_with(&format!("\n{READY}\n")) {
        let mut byte = [0];
        out.read_exact(&mut byte).expect("the child ended before it was ready");
        said.push(char::from(byte[0]));
    }
    let root = Pid::from_raw(i32::try_from(child.id()).unwrap());
    if let Err(error) = seize(root) {
        println!("skipped: ptrace: {error}");
        child.kill().unwrap();
        child.wait().unwrap();
        return End::NotTraced;
    }
    let stdout = fs::read_link(format!("/proc/{root}/fd/1")).unwrap();
    let limit = match limit {
        Limit::Entries(entries) => Limit::Entries(log.ops.len() + entries),
        other => other,
    };
    let mut tracer = Tracer { threads: BTreeMap::new(), out, stdout, limit, closing: false };
    tracer.run(root, &mut child, log)
}

/// Attaches to all threads of the process and stops them.
fn seize(root: Pid) -> nix::Result<()> {
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    for thread in fs::read_dir(format!("/proc/{root}/task")).unwrap() {
        let name = thread.unwrap().file_name().into_string().unwrap();
        let thread = Pid::from_raw(name.parse().unwrap());
        ptrace::seize(thread, options)?;
        ptrace::interrupt(thread)?;
    }
    Ok(())
}

struct Tracer {
    /// The threads, each with the system call that it is in.
    threads: BTreeMap<Pid, Option<Call>>,
    out: std::process::ChildStdout,
    /// The target of the link `/proc/PID/fd/1` of the first process.
    stdout: PathBuf,
    limit: Limit,
    /// The limit is reached: no thread begins another call, and once all calls have ended, all processes are killed.
    closing: bool,
}

impl Tracer {
    fn run(&mut self, root: Pid, child: &mut Child, log: &mut Log) -> End {
        let mut end = None;
        // The process continues when it reads this line. Until then its threads are stopped.
        child.stdin.take().unwrap().write_all(b"go\n").unwrap();
        loop {
            // Waits only for processes that this thread traces, since other tests have their own children.
            let status = match waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD)) {
                Ok(status) => status,
                Err(Errno::ECHILD) => return end.expect("the child is gone, and nobody saw it go"),
                Err(error) => panic!("{error}"),
            };
            match status {
                WaitStatus::Exited(thread, code) => {
                    self.threads.remove(&thread);
                    if thread == root {
                        assert_eq!(code, 0, "the child failed: {:?}", log.ops.last());
                        end = Some(End::Done);
                    }
                }
                WaitStatus::Signaled(thread, signal, _) => {
                    self.threads.remove(&thread);
                    if thread == root {
                        assert!(signal == Signal::SIGKILL && self.closing, "{signal}");
                        end = Some(End::Killed);
                    }
                }
                WaitStatus::PtraceSyscall(thread) => {
                    self.step(thread, log);
                    if !self.closing {
                        go_on(thread, None);
                    } else if !self.threads.values().flatten().any(|call| changes(call.number)) {
                        for thread in self.threads.keys() {
                            let _ = kill(*thread, Signal::SIGKILL);
                        }
                    }
                }
                WaitStatus::PtraceEvent(thread, ..) => {
                    self.threads.entry(thread).or_default();
                    go_on(thread, None);
                }
                WaitStatus::Stopped(thread, signal) => go_on(thread, Some(signal)),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Handles a thread that is stopped before or after a system call.
    fn step(&mut self, thread: Pid, log: &mut Log) {
        const ENTRY: u8 = 1;
        let (Ok(info), Ok((number, arguments, result))) = (ptrace::syscall_info(thread), registers(thread)) else {
            return; // the thread was killed in the meantime
        };
        if info.op == ENTRY {
            let call = Call { number, arguments, result: 0, began: log.ops.len() };
            self.closing |= self.reached(thread, &call, log);
            self.threads.insert(thread, (!self.closing).then_some(call));
            return;
        }
        let Some(call) = self.threads.insert(thread, None).flatten() else { return };
        let call = Call { result, ..call };
        if result < 0 {
            return;
        }
        let calls = Calls { thread: thread.as_raw(), log };
        if call.number == nix::libc::SYS_write && calls.link(call.arguments[0]).as_ref() == Some(&self.stdout) {
            let mut bytes = vec![0; usize::try_from(result).unwrap()];
            self.out.read_exact(&mut bytes).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            for line in text.lines().filter(|line| line.starts_with("begin ") || line.starts_with("done ")) {
                log.push(Op::Said(line.to_owned()));
            }
        } else {
            calls.ended(&call);
        }
    }

    /// Whether the limit is reached before this call.
    fn reached(&mut self, thread: Pid, call: &Call, log: &mut Log) -> bool {
        match &mut self.limit {
            Limit::Never => false,
            Limit::Entries(entries) => log.ops.len() >= *entries,
            Limit::Sync { nth, of_folders } => {
                let wanted = match (Calls { thread: thread.as_raw(), log }).syncs(call) {
                    Durable::One(id) => !*of_folders || matches!(log.nodes[id], Node::Folder),
                    Durable::All => true,
                    Durable::Nothing => false,
                };
                *nth -= usize::from(wanted);
                *nth == 0
            }
        }
    }
}

/// Lets a thread run until its next system call. The next wait reports a thread that was killed in the meantime.
fn go_on(thread: Pid, signal: Option<Signal>) {
    match ptrace::syscall(thread, signal) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => panic!("{error}"),
    }
}

/// The number of the system call, its arguments, and its result after the call.
#[cfg(target_arch = "x86_64")]
fn registers(thread: Pid) -> nix::Result<(i64, [u64; 6], i64)> {
    let all = ptrace::getregs(thread)?;
    let arguments = [all.rdi, all.rsi, all.rdx, all.r10, all.r8, all.r9];
    Ok((all.orig_rax.cast_signed(), arguments, all.rax.cast_signed()))
}

#[cfg(target_arch = "aarch64")]
fn registers(thread: Pid) -> nix::Result<(i64, [u64; 6], i64)> {
    let all = ptrace::getregs(thread)?.regs;
    let arguments = [all[0], all[1], all[2], all[3], all[4], all[5]];
    Ok((all[8].cast_signed(), arguments, all[0].cast_signed()))
}

/// Reads the memory of a stopped thread.
pub fn memory(thread: i32, at: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    File::open(format!("/proc/{thread}/mem")).unwrap().read_exact_at(&mut bytes, at).unwrap();
    bytes
}

/// Reads a zero-terminated string from the memory of a stopped thread.
pub fn text(thread: i32, mut at: u64) -> Vec<u8> {
    let (memory, mut bytes) = (File::open(format!("/proc/{thread}/mem")).unwrap(), Vec::new());
    loop {
        // A part does not cross the end of a page, since the next page may not be mapped.
        let mut part = vec![0; 256 - usize::try_from(at % 256).unwrap()];
        memory.read_exact_at(&mut part, at).unwrap();
        if let Some(end) = part.iter().position(|byte| *byte == 0) {
            bytes.extend_from_slice(&part[..end]);
            return bytes;
        }
        at += part.len() as u64;
        bytes.append(&mut part);
    }
}
