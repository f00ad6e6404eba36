//! Jobs against an S3 server on the loopback interface: moto, or the program that `PHI_PRE_S3_SERVER` names, which must
//! accept `-H HOST -p PORT`.

use crate::world::{Counts, World, files};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start() -> Option<Self> {
        let command = std::env::var_os("PHI_PRE_S3_SERVER").unwrap_or_else(|| "moto_server".into());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = Command::new(command)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(Self { child, port });
            }
            if child.try_wait().unwrap().is_some() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the server does not listen");
    }

    fn bucket(&self, name: &str) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let host = format!("127.0.0.1:{}", self.port);
        write!(stream, "PUT /{name} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.lines().next().unwrap().contains("200"), "{answer}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn environment(command: &mut Command, port: u16) {
    command
        .env("AWS_ENDPOINT", format!("http://127.0.0.1:{port}"))
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env_remove("AWS_PROFILE")
        .env_remove("AWS_SESSION_TOKEN");
}

/// Re-encrypts a folder to a store for b, from there to a store for c, and back to a folder for a. The result equals
/// the first folder.
#[test]
fn jobs_over_s3() {
    if !cfg!(feature = "s3") {
        println!("skipped: the command is built without the feature `s3`");
        return;
    }
    let Some(server) = Server::start() else {
        assert!(std::env::var_os("PHI_PRE_S3_SERVER").is_none(), "the server of PHI_PRE_S3_SERVER does not start");
        println!("skipped: no S3 server; install moto[server] or name one in PHI_PRE_S3_SERVER");
        return;
    };
    server.bucket("bucket");
    let world = World::new(20);
    world.shapes("many", 150);
    for (name, bytes) in [
        ("with spaces/b c.phi", 1),
        ("안과 2026/결과 [1] 100%~#?.phi", 5000),
        ("exactly small", 65_536 - 284 - 16),
        ("just large", 65_537 - 284 - 16),
        ("three parts", 12 << 20),
    ] {
        world.seal(name, bytes);
    }
    let run = |rekey: &str, from: &str, to: &str| {
        let _ = std::fs::remove_file(world.path("report"));
        let arguments = ["reencrypt", "--rekey", rekey, "--in", from, "--out", to, "--report", "report"];
        let mut command = world.command(&arguments);
        environment(&mut command, server.port);
        command
    };
    let job = |rekey: &str, from: &str, to: &str| {
        let output = run(rekey, from, to).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
    };
    let counts = |reencrypted, marked, refused| Counts { reencrypted, marked, compared: 0, refused };
    let done = |rekey: &str, from: &str, to: &str, expected: Counts| {
        let (code, text) = job(rekey, from, to);
        assert_eq!(code, Some(i32::from(expected.refused > 0)), "{text}");
        assert_eq!(world.report().1, expected, "{text}");
        text
    };

    done("ab.rekey", "in", "s3://bucket/under/b", counts(155, 0, 0));
    done("ab.rekey", "in", "s3://bucket/under/b", counts(0, 155, 0));
    done("ab.rekey", "s3://bucket/under/b", "out", counts(155, 0, 0)); // the key does not matter here
    std::fs::remove_dir_all(world.path("out")).unwrap();

    // A job between two stores that is killed three times.
    for millis in [300, 600, 900] {
        let mut child = run("bc.rekey", "s3://bucket/under/b", "s3://bucket/c").stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let (code, text) = job("bc.rekey", "s3://bucket/under/b", "s3://bucket/c/");
    assert_eq!(code, Some(0), "{text}");
    let resumed = world.report().1;
    assert_eq!(resumed.reencrypted + resumed.marked, 155, "{resumed:?}");
    println!("{} were there when the job was resumed", resumed.marked);
    done("ca.rekey", "s3://bucket/c", "out", counts(155, 0, 0));
    assert_eq!(files(&world.path("out")), files(&world.path("in")));

    // Another key, overlapping prefixes, a name that no object can have, files that are no envelopes, a missing bucket.
    let text = done("ac.rekey", "in", "s3://bucket/under/b", counts(0, 0, 155));
    assert!(text.contains("the output exists and is not this envelope"), "{text}");
    for (from, to) in [("s3://bucket/c", "s3://bucket/c/d"), ("s3://bucket/c", "s3://bucket")] {
        let (code, text) = job("ab.rekey", from, to);
        assert!(code == Some(1) && text.contains("overlap"), "{text}");
    }
    world.seal_at(std::path::Path::new(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"\xff")), 9);
    std::fs::write(world.path("in/text"), b"text").unwrap();
    std::fs::write(world.path("in/empty"), b"").unwrap();
    let text = done("ab.rekey", "in", "s3://bucket/under/b", counts(0, 155, 3));
    assert!(text.contains("the output cannot have this name: it is not UTF-8"), "{text}");
    let (code, text) = job("ab.rekey", "s3://no-such-bucket/x", "out-2");
    assert!(code == Some(1) && text.contains("no-such-bucket"), "{text}");
}

/// What a store says in an error reaches a terminal without control characters.
#[test]
fn the_answer_of_a_store_is_escaped() {
    const SAID: &str = "<Error>\n\u{1b}[2J\u{9b}31m\u{202e}refused\r\nphi-pre: done\n</Error>";
    if !cfg!(feature = "s3") {
        println!("skipped: the command is built without the feature `s3`");
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1 << 14]);
            let head = format!("HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\nConnection: close", SAID.len());
            let _ = write!(stream, "{head}\r\n\r\n{SAID}");
        }
    });
    let world = World::new(21);
    world.seal("envelope", 10);
    for (from, to) in [("s3://bucket/c", "out"), ("in", "s3://bucket/c")] {
        let mut command = world.command(&["reencrypt", "--rekey", "ab.rekey", "--in", from, "--out", to]);
        environment(&mut command, port);
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(r"\u{1b}[2J\u{9b}31m\u{202e}refused\r\nphi-pre: done"), "{text:?}");
        assert!(!text.chars().any(|c| c != '\n' && c.is_control() || c == '\u{202e}'), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("phi-pre: done")), "{text:?}");
    }
}
