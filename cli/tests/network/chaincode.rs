//! `phi-pre chaincode`: packages, and the service without a peer.

use super::{PROGRAM, done, entries, refused};
use phi_pre::hash::sha256;
use rcgen::{CertificateParams, KeyPair};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A folder with two TLS certificates and their keys, and files that are none.
fn with_tls() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
        fs::write(dir.path().join(format!("{name}.crt")), certificate.pem()).unwrap();
        let file = dir.path().join(format!("{name}.key"));
        fs::write(&file, key.serialize_pem()).unwrap();
        fs::set_permissions(file, PermissionsExt::from_mode(0o600)).unwrap();
    }
    let whole = fs::read(dir.path().join("a.crt")).unwrap();
    fs::write(dir.path().join("cut"), &whole[..whole.len() / 2]).unwrap();
    fs::write(dir.path().join("text"), "no PEM").unwrap();
    fs::write(dir.path().join("binary"), [0xff; 64]).unwrap();
    fs::write(dir.path().join("large"), vec![b'\n'; 3 << 20]).unwrap();
    assert!(Command::new("mkfifo").arg(dir.path().join("pipe")).status().unwrap().success());
    dir
}

#[test]
fn a_package_is_new_and_as_secret_as_its_key() {
    let dir = with_tls();
    let dir = dir.path();
    let cases: [(&str, &[&str], u32); 3] = [
        ("plain", &[], 0o644),
        ("secured", &["--tls-root", "a.crt"], 0o644),
        ("mutual", &["--tls-root", "a.crt", "--tls-certificate", "b.crt", "--tls-key", "b.key"], 0o600),
    ];
    for (name, tls, mode) in cases {
        let label = ["--label", "phi_1.0+a-b"];
        let arguments = [&["chaincode", "package", "--address", "cc.example:7052"], &label[..], tls, &[name]].concat();
        let id = done(dir, &arguments);
        let bytes = fs::read(dir.join(name)).unwrap();
        assert_eq!(id, format!("phi_1.0+a-b:{}\n", sha256(&[&bytes])));
        assert!(entries(dir).contains(&(name.to_owned(), mode)), "{name}");
        refused(dir, 1, Command::new(PROGRAM).args(&arguments), &[name, "exists already"]);
        assert!(fs::read(dir.join(name)).unwrap() == bytes);
    }
}

#[test]
fn a_package_that_a_peer_cannot_use_is_not_made() {
    let dir = with_tls();
    let dir = dir.path();
    let package = |code, arguments: &[&str], why: &[&str]| {
        refused(dir, code, Command::new(PROGRAM).args(["chaincode", "package"]).args(arguments).arg("new"), why);
    };
    for address in ["", "cc", "cc:", ":1", "cc:0", "cc:+1", "cc:65536", "http://cc:1", "a b:1", "::1:7052"] {
        package(1, &["--address", address], &[&format!("{address:?} is not host:port")]);
    }
    for label in ["", "-phi", "phi:1", "phi/1", "phi 1"] {
        package(1, &["--address", "cc:1", &format!("--label={label}")], &[&format!("{label:?} is no label")]);
    }
    let not_files = [
        ("text", "in PEM"),
        ("cut", "in PEM"),
        ("binary", "UTF-8"),
        ("large", "longer than 1 MiB"),
        ("pipe", "a named pipe"),
        ("none", "No such file"),
        (".", "Is a directory"),
    ];
    for (file, why) in not_files {
        let why = [&format!("{file}: ")[..], why];
        package(1, &["--address", "cc:1", "--tls-root", file], &why);
        let mutual = ["--address", "cc:1", "--tls-root", "a.crt"];
        package(1, &[&mutual[..], &["--tls-certificate", file, "--tls-key", "a.key"]].concat(), &why);
        package(1, &[&mutual[..], &["--tls-certificate", "a.crt", "--tls-key", file]].concat(), &why);
    }
    package(1, &["--address", "cc:1", "--tls-root", "a.key"], &["a.key: no certificate in PEM"]);
    let swapped = ["--address", "cc:1", "--tls-root", "a.crt", "--tls-certificate", "a.crt", "--tls-key", "b.crt"];
    package(1, &swapped, &["b.crt: no private key in PEM"]);
    package(2, &["--address", "cc:1", "--tls-root", "a.crt", "--tls-key", "a.key"], &["--tls-certificate"]);
    package(2, &["--address", "cc:1", "--tls-root", "a.crt", "--tls-certificate", "a.crt"], &["--tls-key"]);
    let no_root = ["--address", "cc:1", "--tls-certificate", "a.crt", "--tls-key", "a.key"];
    package(1, &no_root, &["--tls-certificate needs --tls-root"]);
}

#[test]
fn a_service_that_cannot_be_is_refused() {
    let dir = with_tls();
    let dir = dir.path();
    let serve = |code, arguments: &[&str], why: &[&str]| {
        refused(dir, code, Command::new(PROGRAM).args(["chaincode", "serve"]).args(arguments), why);
    };
    let whole = |address: &'static str| ["--package", "phi:0", "--group", "U=users", "--address", address];
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        serve(1, &whole(address), &[address, "can be reached from other machines", "a TLS certificate"]);
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = taken.local_addr().unwrap().to_string();
    let arguments = ["--package", "phi:0", "--group", "U=users", "--address", &busy];
    serve(1, &arguments, &["cannot listen", "in use"]);
    let local = whole("127.0.0.1:0");
    serve(2, &local[2..], &["--package"]);
    serve(2, &[&local[..2], &local[4..]].concat(), &["--group"]);
    serve(2, &whole("localhost:7052"), &["localhost:7052"]);
    serve(1, &[&["--package", ""], &local[2..]].concat(), &["the package identifier is empty"]);
    for group in ["U=doctors", "U", "U=", ""] {
        serve(2, &[&local[..], &["--group", group]].concat(), &["--group", "users, hospitals, cloud or ledger"]);
    }
    serve(1, &[&local[..], &["--group", "U=users"]].concat(), &["the MSP identifier U is given twice"]);
    serve(1, &[&local[..], &["--group", "=users"]].concat(), &["MSP identifier"]);
    let tls = |certificate, key| [&local[..], &["--tls-certificate", certificate, "--tls-key", key]].concat();
    serve(1, &tls("a.crt", "b.key"), &["TLS: ", "key"]);
    serve(1, &tls("cut", "a.key"), &["cut: no certificate in PEM"]);
    serve(1, &tls("a.crt", "a.crt"), &["a.crt: no private key in PEM"]);
    serve(2, &[&local[..], &["--tls-certificate", "a.crt"]].concat(), &["--tls-key"]);
    serve(2, &[&local[..], &["--tls-client-root", "a.crt"]].concat(), &["--tls-certificate"]);
    let client_root = |file| [&tls("a.crt", "a.key")[..], &["--tls-client-root", file]].concat();
    serve(1, &client_root("text"), &["text: no certificate in PEM"]);
    serve(1, &client_root("a.key"), &["a.key: no certificate in PEM"]);
}

/// A service that listens.
struct Serving(Child, SocketAddr);

impl Serving {
    /// Starts the service by `program` and waits for its line.
    fn start(dir: &Path, program: &[&str], tls: &[&str]) -> Self {
        let mut command = Command::new(program[0]);
        command.current_dir(dir).args(&program[1..]).args(["chaincode", "serve", "--address", "127.0.0.1:0"]);
        command.args(["--package", "phi:0", "--group", "U=users"]).args(tls);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("chaincode phi:0 at ").unwrap().parse().unwrap();
        Self(child, address)
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// Checks that the signal ends the service with exit code 0 within a second.
    fn ends(mut self, signal: Signal) {
        self.signal(signal);
        let begin = Instant::now();
        let status = loop {
            match self.0.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(begin.elapsed() < Duration::from_secs(1), "the service goes on"),
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((status.code(), said.as_str()), (Some(0), ""));
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn a_signal_ends_the_service_with_and_without_connections() {
    let dir = with_tls();
    let tls = ["--tls-certificate", "a.crt", "--tls-key", "a.key", "--tls-client-root", "b.crt"];
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        Serving::start(dir.path(), &[PROGRAM], &[]).ends(signal);
    }
    // Connections of whoever speaks no TLS, no HTTP/2, or the beginning of it.
    let hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    for tls in [&tls[..], &[]] {
        let serving = Serving::start(dir.path(), &[PROGRAM], tls);
        let connections = [0, 5, hello.len()].map(|length| {
            let mut connection = TcpStream::connect(serving.1).unwrap();
            connection.write_all(&hello[..length]).unwrap();
            connection
        });
        std::thread::sleep(Duration::from_millis(200));
        serving.ends(Signal::TERM);
        drop(connections);
    }
}

/// As under nohup: the end of a session is no end of the service.
#[test]
fn an_ignored_signal_stays_ignored() {
    let dir = with_tls();
    let program = ["sh", "-c", "trap '' HUP; exec \"$0\" \"$@\"", PROGRAM];
    let mut serving = Serving::start(dir.path(), &program, &[]);
    serving.signal(Signal::HUP);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(serving.0.try_wait().unwrap(), None, "the service has ended");
    serving.ends(Signal::TERM);
}

/// The line that names the address reaches standard output, or the service ends.
#[test]
fn an_output_that_takes_nothing() {
    let dir = with_tls();
    let serve = "chaincode serve --address 127.0.0.1:0 --package phi:0 --group U=users";
    let full = format!("exec \"$0\" {serve} > /dev/full");
    refused(dir.path(), 1, Command::new("sh").args(["-c", &full, PROGRAM]), &["standard output: No space left"]);
    for nowhere in [">&-", "| true"] {
        let script = format!("trap '' HUP; timeout -s TERM 2 \"$0\" {serve} {nowhere}");
        let output = Command::new("sh").current_dir(dir.path()).args(["-c", &script, PROGRAM]).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{nowhere}");
    }
}
