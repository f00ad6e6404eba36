//! Jobs against an S3 server on the loopback interface: moto by `cli/tests/store.py`, or the program that
//! `PHI_PRE_S3_SERVER` names, which must accept `-H HOST -p PORT`.

use crate::world::{Counts, World, files};
use phi_pre::envelope::Header;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const STORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/store.py");

struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// The server; `None`, with the reason printed, where there is no server or no support for it.
    fn start() -> Option<Self> {
        if !cfg!(feature = "s3") {
            println!("skipped: the command is built without the feature `s3`");
            return None;
        }
        let server = Self::spawn();
        if server.is_none() {
            assert!(std::env::var_os("PHI_PRE_S3_SERVER").is_none(), "the server of PHI_PRE_S3_SERVER does not start");
            println!("skipped: no S3 server; install moto[server] or name one in PHI_PRE_S3_SERVER");
        }
        server
    }

    fn spawn() -> Option<Self> {
        let command = std::env::var_os("PHI_PRE_S3_SERVER").unwrap_or_else(|| STORE.into());
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
        self.request("PUT", name, b"");
    }

    /// Sends a request for the path as it is written here, and returns the body of the answer.
    fn request(&self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let (host, bytes) = (format!("127.0.0.1:{}", self.port), body.len());
        let head = format!("{method} /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {bytes}\r\n");
        // The server checks no signature.
        let signed = "Authorization: AWS4-HMAC-SHA256 Credential=test/20220101/us-east-1/s3/aws4_request, \
            SignedHeaders=host, Signature=0\r\n";
        let rest = "Content-Type: application/octet-stream\r\nConnection: close\r\n\r\n";
        stream.write_all(&[head.as_bytes(), signed.as_bytes(), rest.as_bytes(), body].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        answer.split_off(head + 4)
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
    let Some(server) = Server::start() else { return };
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
/// Shards into one prefix at the same time, one of them twice: each object is written once, and none is replaced.
#[test]
fn shards_over_s3() {
    let Some(server) = Server::start() else { return };
    server.bucket("shards");
    let world = World::new(21);
    world.shapes("many", 200);
    let expected = world.expected();
    let start = |shard: &str| {
        let arguments = ["reencrypt", "--rekey", "ab.rekey", "--in", "in", "--out", "s3://shards/b", "--shard", shard];
        let mut command = world.command(&arguments);
        environment(&mut command, server.port);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    for job in ["0/3", "1/3", "1/3", "2/3"].map(start) {
        let output = job.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
    }
    let mut back = world.command(&["reencrypt", "--rekey", "bc.rekey", "--in", "s3://shards/b", "--out", "c"]);
    environment(&mut back, server.port);
    assert!(back.output().unwrap().status.success());
    let named = |name: &std::path::PathBuf| name.to_str().unwrap().to_owned();
    assert_eq!(
        files(&world.path("c")).keys().map(named).collect::<Vec<_>>(),
        expected.keys().map(named).collect::<Vec<_>>()
    );
    for (name, bytes) in &expected {
        let key = format!("shards/b/{}", name.display());
        assert!(server.request("GET", &key, b"") == *bytes, "{key}");
    }
}

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

/// A job from `from` to `to` against the server at `port`. Returns the exit code and the printed text.
fn job(world: &World, port: u16, from: &str, to: &str) -> (Option<i32>, String) {
    let _ = std::fs::remove_file(world.path("report"));
    let mut command =
        world.command(&["reencrypt", "--rekey", "ab.rekey", "--in", from, "--out", to, "--report", "report"]);
    environment(&mut command, port);
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
}

/// Keys that S3 takes and no path can name are refused one by one, and all others are done, from a source and beside
/// other objects of a target.
#[test]
fn each_key_is_done_or_refused_by_its_own_bytes() {
    let Some(server) = Server::start() else { return };
    server.bucket("bucket");
    let world = World::new(21);
    world.seal("x", 10);
    world.seal("y/z", 70_000);
    let (x, z) = (std::fs::read(world.path("in/x")).unwrap(), std::fs::read(world.path("in/y/z")).unwrap());
    for prefix in ["p", "t"] {
        // A folder marker has no bytes. `x/` is an object of its own beside `x`.
        for key in ["/", "/y/", "/more/"] {
            server.request("PUT", &format!("bucket/{prefix}{key}"), b"");
        }
        for key in ["//c", "/./c", "/../c", "/%01a", "/x/"] {
            server.request("PUT", &format!("bucket/{prefix}{key}"), &x);
        }
    }
    for (key, bytes) in [("p/x", &x), ("p/y/z", &z)] {
        server.request("PUT", &format!("bucket/{key}"), bytes);
    }
    let refused = ["/c", "./c", "../c", "\u{1}a", "x/"];
    let check = |code, text: &str, reencrypted, marked| {
        assert_eq!(code, Some(1), "{text}");
        let (names, counts) = world.report();
        assert_eq!(counts, Counts { reencrypted, marked, compared: 0, refused: 5 }, "{text}");
        assert_eq!(names.keys().map(String::as_str).collect::<std::collections::BTreeSet<_>>(), refused.into());
        assert!(names.values().all(|why| why.contains("this key")), "{names:?}");
    };
    let (code, text) = job(&world, server.port, "s3://bucket/p", "out");
    check(code, &text, 2, 0);
    assert_eq!(files(&world.path("out")), world.expected());
    let (code, text) = job(&world, server.port, "s3://bucket/p/", "s3://bucket/t");
    check(code, &text, 2, 0);
    let (code, text) = job(&world, server.port, "s3://bucket/p", "s3://bucket/t/");
    check(code, &text, 0, 2);
    for (name, bytes) in world.expected() {
        assert!(server.request("GET", &format!("bucket/t/{}", name.display()), b"") == bytes, "{}", name.display());
    }
}

/// What does not exist is an error, and nothing promises that the same command would go on.
#[test]
fn a_missing_bucket_or_prefix_is_an_error() {
    let Some(server) = Server::start() else { return };
    server.bucket("bucket");
    let world = World::new(22);
    world.seal("x", 10);
    server.request("PUT", "bucket/p/x", &std::fs::read(world.path("in/x")).unwrap());
    for (from, to, why) in [
        ("s3://no-such-bucket/p", "out", "no-such-bucket: no such bucket"),
        ("in", "s3://no-such-bucket/p", "no-such-bucket: no such bucket"),
        ("s3://bucket/q", "out", "bucket/q: no object has a key below this prefix"),
        ("s3://bucket/p/x", "out", "bucket/p/x: no object has a key below this prefix"),
        ("s3://bucket//p", "out", "the prefix \"/p\""),
        ("s3://bucket/p//", "out", "the prefix \"p//\""),
        ("s3://bucket/./p", "out", "the prefix \"./p\""),
        ("in", "s3://bucket//p", "the prefix \"/p\""),
    ] {
        let (code, text) = job(&world, server.port, from, to);
        assert_eq!(code, Some(1), "{from} {to}: {text}");
        assert!(text.contains(why) && !text.contains("to resume"), "{from} {to}: {text}");
    }
}

/// Two jobs with different keys write the same names at the same time. Each object belongs to the job that reported it.
#[test]
fn two_jobs_never_replace_each_others_objects() {
    let Some(server) = Server::start() else { return };
    server.bucket("bucket");
    let world = World::new(23);
    for i in 0..10 {
        world.seal(&format!("small {i}"), 100);
        world.seal(&format!("large {i}"), 70_000);
    }
    let start = |rekey: &str, report: &str| {
        let mut command = world.command(&[
            "reencrypt",
            "--rekey",
            rekey,
            "--in",
            "in",
            "--out",
            "s3://bucket/two",
            "--report",
            report,
        ]);
        environment(&mut command, server.port);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let jobs = [start("ab.rekey", "report"), start("ac.rekey", "other")];
    let codes = jobs.map(|mut job| job.wait().unwrap().code());
    let (_, first) = world.report();
    std::fs::rename(world.path("other"), world.path("report")).unwrap();
    let (_, second) = world.report();
    println!("{first:?} {second:?}");
    assert_eq!((first.reencrypted + second.reencrypted, first.refused + second.refused), (20, 20));
    for (code, counts) in codes.into_iter().zip([first, second]) {
        assert_eq!(code, Some(i32::from(counts.refused > 0)));
    }
    let of_the_first = world.expected().into_iter().filter(|(name, bytes)| {
        let path = format!("bucket/two/{}", name.display()).replace(' ', "%20");
        server.request("GET", &path, b"") == *bytes
    });
    assert_eq!(of_the_first.count() as u64, first.reencrypted);
}

/// A store that sends more than a range is cut off, and the object is refused.
#[test]
fn a_store_that_sends_more_than_asked_is_cut_off() {
    const MORE: usize = 256 << 20;
    if !cfg!(feature = "s3") {
        return println!("skipped: the command is built without the feature `s3`");
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let sent = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = sent.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, counted) = (stream.unwrap(), counted.clone());
            std::thread::spawn(move || {
                let Some(request) = head(&mut stream) else { return };
                if request.starts_with(b"GET /bucket?") {
                    let list = "<ListBucketResult><Contents><Key>p/a</Key><Size>400</Size>\
                        <LastModified>2022-01-01T00:00:00.000Z</LastModified></Contents></ListBucketResult>";
                    let _ = write!(stream, "HTTP/1.1 200 OK\r\n{OBJECT}\r\n{list}");
                    return;
                }
                let range = "Content-Range: bytes 0-399/400\r\nContent-Length: 268435456\r\n";
                let _ = write!(stream, "HTTP/1.1 206 Partial Content\r\n{OBJECT}{range}\r\n");
                while counted.load(std::sync::atomic::Ordering::Relaxed) < MORE
                    && stream.write_all(&[7; 1 << 14]).is_ok()
                {
                    counted.fetch_add(1 << 14, std::sync::atomic::Ordering::Relaxed);
                }
            });
        }
    });
    let world = World::new(24);
    let (code, text) = job(&world, port, "s3://bucket/p", "out");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("refused   \"a\"") && text.contains("sent more than the 400 bytes"), "{text}");
    assert!(sent.load(std::sync::atomic::Ordering::Relaxed) < MORE / 2, "the store was not cut off");
}

/// The fields of an object's answer.
const OBJECT: &str = "Last-Modified: Sat, 01 Jan 2022 00:00:00 GMT\r\nETag: \"e\"\r\nConnection: close\r\n";

/// The head of a request; none where the connection ends before it.
fn head(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    Some(head)
}

/// A store on the loopback interface that answers each request (its head, as text) as `answer` says.
fn store(answer: impl Fn(&str) -> (u16, String, Vec<u8>) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = std::sync::Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer) = (stream.unwrap(), answer.clone());
            std::thread::spawn(move || {
                let Some(request) = head(&mut stream) else { return };
                let head = String::from_utf8(request).unwrap().to_lowercase();
                let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next());
                let length: u64 = length.map_or(0, |length| length.parse().unwrap());
                let _ = std::io::copy(&mut Read::by_ref(&mut stream).take(length), &mut std::io::sink());
                let (status, fields, body) = answer(&head);
                let head = format!("HTTP/1.1 {status} -\r\n{OBJECT}{fields}Content-Length: {}\r\n\r\n", body.len());
                let _ = stream.write_all(&[head.as_bytes(), &body].concat());
            });
        }
    });
    port
}

/// A listing of these names below `p`, all of one size.
fn listing(names: &[String], size: u64) -> (u16, String, Vec<u8>) {
    let entry = |name: &String| {
        let fields = format!("<Size>{size}</Size><LastModified>2022-01-01T00:00:00.000Z</LastModified>");
        format!("<Contents><Key>p/{name}</Key>{fields}</Contents>")
    };
    let entries: String = names.iter().map(entry).collect();
    (200, String::new(), format!("<ListBucketResult>{entries}</ListBucketResult>").into())
}

/// The answer to a request for a range of an object.
fn range(whole: &[u8]) -> (u16, String, Vec<u8>) {
    let size = whole.len();
    (206, format!("Content-Range: bytes 0-{}/{size}\r\n", size - 1), whole.to_vec())
}

/// An object on which a store fails is refused, also where the store fails again and again on this object, and all
/// others are done. A store that fails on every object, or on whoever asks, ends the job.
#[test]
fn a_failure_on_one_object_ends_no_job() {
    if !cfg!(feature = "s3") {
        return println!("skipped: the command is built without the feature `s3`");
    }
    let world = World::new(25);
    world.seal("x", 10);
    let envelope = std::fs::read(world.path("in/x")).unwrap();
    let names: Vec<_> = (0..60).map(|i| format!("{}-{i}", ["bad", "worse", "good", "fine"][i % 4])).collect();
    let (listed, source) = (names.clone(), envelope.clone());
    let failing = |what: &'static str| (400, String::new(), format!("<Error><Code>{what}</Code></Error>").into_bytes());
    let puts = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = puts.clone();
    let port = store(move |head| match head {
        _ if head.starts_with("put /expired/") => {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            failing("ExpiredToken")
        }
        _ if head.starts_with("get /bucket?") => listing(&listed, source.len() as u64),
        _ if head.starts_with("get /broken?") => listing(&listed, source.len() as u64),
        _ if head.starts_with("get /expired?") && head.contains("prefix=p") => listing(&listed, source.len() as u64),
        _ if head.contains("?list-type") => listing(&[], 0),
        _ if head.starts_with("get /expired") => failing("ExpiredToken"),
        _ if head.starts_with("get /broken") => (500, String::new(), Vec::new()),
        _ if head.contains("/bad-") => failing("InvalidRequest"),
        _ if head.contains("/worse-5 ") => (500, String::new(), b"damaged".to_vec()),
        _ if head.contains("/worse-") => (403, String::new(), vec![b'x'; 8 << 20]),
        _ if head.starts_with("put ") => (200, String::new(), Vec::new()),
        _ => range(&source),
    });
    let check = |code, text: &str| {
        assert_eq!(code, Some(1), "{text}");
        let (refused, counts) = world.report();
        assert_eq!(counts, Counts { reencrypted: 30, refused: 30, ..Counts::default() }, "{text}");
        assert!(refused["bad-0"].contains("400: <Error><Code>InvalidRequest</Code>"), "{}", refused["bad-0"]);
        assert!(refused["worse-5"].contains("damaged"), "{}", refused["worse-5"]);
        // What a store says in an error is cut.
        assert!(refused["worse-1"].contains("403") && refused["worse-1"].len() < 8000, "{}", refused["worse-1"].len());
    };
    let (code, text) = job(&world, port, "s3://bucket/p", "out");
    check(code, &text);
    for name in &names {
        std::fs::write(world.path("in").join(name), &envelope).unwrap();
    }
    std::fs::remove_file(world.path("in/x")).unwrap();
    let (code, text) = job(&world, port, "in", "s3://target/p");
    check(code, &text);

    // One thread has all 60 names. It does not try the others when the job has ended.
    let (code, text) = job(&world, port, "in", "s3://expired/q");
    assert!(code == Some(1) && text.contains("ExpiredToken"), "{text}");
    assert_eq!(puts.load(std::sync::atomic::Ordering::Relaxed), 1);

    for (bucket, why) in [("broken", "500"), ("expired", "ExpiredToken")] {
        let (code, text) = job(&world, port, &format!("s3://{bucket}/p"), "out-2");
        assert_eq!(code, Some(1), "{text}");
        let last = text.lines().last().unwrap();
        assert!(last.contains(why) && last.contains("; once the cause is removed"), "{text}");
    }
}

/// The memory of a job does not grow with the size that a store states.
#[test]
fn an_object_of_any_stated_size_takes_little_memory() {
    const STATED: u64 = 1_000_000_000_000_000;
    if !cfg!(feature = "s3") {
        return println!("skipped: the command is built without the feature `s3`");
    }
    let world = World::new(26);
    world.seal("x", 10);
    let envelope = std::fs::read(world.path("in/x")).unwrap();
    let port = store(move |head| match head {
        _ if head.starts_with("get /bucket?") => listing(&["a".into()], STATED),
        _ if head.contains("?list-type") => listing(&[], 0),
        _ if head.starts_with("post ") && head.contains("uploads") => {
            (200, String::new(), b"<R><UploadId>u</UploadId></R>".to_vec())
        }
        _ if head.starts_with("get ") => {
            let range = head.split("range: bytes=").nth(1).unwrap().split('\r').next().unwrap();
            let (from, to) = range.split_once('-').unwrap();
            let mut body =
                vec![7; usize::try_from(to.parse::<u64>().unwrap() - from.parse::<u64>().unwrap()).unwrap() + 1];
            if from == "0" {
                body[..Header::BYTES].copy_from_slice(&envelope[..Header::BYTES]);
            }
            (206, format!("Content-Range: bytes {range}/{STATED}\r\n"), body)
        }
        _ => (200, String::new(), Vec::new()),
    });
    let mut command =
        world.command(&["reencrypt", "--rekey", "ab.rekey", "--in", "s3://bucket/p", "--out", "s3://to/p"]);
    environment(&mut command, port);
    // A process that needs much memory ends at this limit of its address space.
    let limit = rustix::process::Rlimit { current: Some(3 << 30), maximum: Some(3 << 30) };
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::prlimit(Some(pid), rustix::process::Resource::As, limit).unwrap();
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{text}");
    assert!(text.contains("refused   \"a\": more than 671088640000 bytes"), "{text}");
}
