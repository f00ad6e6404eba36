//! The profile of `phi-pre demo --fabric` and `phi-pre bench --ledger fabric`.

use super::{PROGRAM, done, entries, refused};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROFILE: &str = r#"channel = "phi"
chaincode = "phi"
endorsements = 2
users = { mspid = "UsersMSP", authority = "users" }
hospitals = { mspid = "HospitalsMSP", authority = "hospitals" }
cloud = { mspid = "CloudMSP", authority = "cloud" }
[[peers]]
mspid = "NorthMSP"
root = "north/msp/cacerts/root.pem"
gateway = "http://127.0.0.1:1"
[[peers]]
mspid = "SouthMSP"
root = "south/msp/cacerts/root.pem"
gateway = "http://127.0.0.1:1"
"#;

/// A folder with a profile and its authorities in `net`. No gateway listens.
fn with_network() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let net = dir.path().join("net");
    fs::create_dir(&net).unwrap();
    for group in ["users", "hospitals", "cloud"] {
        done(&net, &["msp", group, group]);
    }
    for name in ["north", "south"] {
        done(&net, &["msp", "ledger", "--organisation", name, "--peer", "p", name]);
    }
    fs::write(net.join("profile.toml"), PROFILE).unwrap();
    fs::create_dir(dir.path().join("emr")).unwrap();
    fs::write(dir.path().join("emr/record"), b"a record").unwrap();
    dir
}

fn demo(profile: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["demo", "--emr", "emr", "--out", "out", "--fabric", profile]);
    command
}

/// Checks that the demo refuses the profile with these words, and makes nothing.
fn refuses(dir: &Path, profile: impl AsRef<[u8]>, why: &[&str]) {
    fs::write(dir.join("net/profile.toml"), profile).unwrap();
    refused(dir, 1, &mut demo("net/profile.toml"), why);
}

#[test]
fn a_wrong_profile_is_named_with_its_file_and_key() {
    const FILE: &str = "net/profile.toml: ";
    let dir = with_network();
    let dir = dir.path();
    let changed = |from: &str, to: &str| {
        assert!(PROFILE.contains(from), "{from}");
        PROFILE.replacen(from, to, 1)
    };
    // A line of its own, or a key of a table in one line: missing, of another type, misspelt.
    let keys = [
        (r#"channel = "phi""#, "channel"),
        (r#"chaincode = "phi""#, "chaincode"),
        ("endorsements = 2", "endorsements"),
        (r#"users = { mspid = "UsersMSP", authority = "users" }"#, "users"),
        (r#"cloud = { mspid = "CloudMSP", authority = "cloud" }"#, "cloud"),
        (r#"mspid = "NorthMSP""#, "[[peers]] 1: mspid"),
        (r#"root = "south/msp/cacerts/root.pem""#, "[[peers]] 2: root"),
        (r#"gateway = "http://127.0.0.1:1""#, "[[peers]] 1: gateway"),
    ];
    for (line, key) in keys {
        let name = key.rsplit(' ').next().unwrap();
        refuses(dir, changed(line, ""), &[&format!("{FILE}{key}: missing")]);
        refuses(dir, changed(line, &format!("{name} = true")), &[&format!("{FILE}{key}: not a ")]);
        let table = key.strip_suffix(name).unwrap();
        refuses(dir, changed(line, &format!("{line}\nx{name} = 1")), &[&format!("{FILE}{table}x{name}: unknown")]);
    }
    let cases = [
        (r#"mspid = "UsersMSP", "#, "", "users.mspid: missing"),
        (r#"authority = "cloud""#, "authority = 1", "cloud.authority: not a string"),
        (r#""HospitalsMSP""#, r#""HospitalsMSP", x = 1"#, "hospitals.x: unknown"),
        ("= 2", "= -1", "endorsements: not a positive number"),
        ("= 2", "= 2.5", "endorsements: not a number"),
        ("= 2", "= 0", "0 endorsing organisations are demanded where 2 are listed"),
        ("= 2", "= 3", "3 endorsing organisations are demanded where 2 are listed"),
        ("= 2", "= 99999999999999999999", "line 3: "),
        ("= 2", "=", "line 3: "),
        ("SouthMSP", "NorthMSP", "NorthMSP and NorthMSP have the same MSP identifier or the same root"),
        ("south/msp", "north/msp", "NorthMSP and SouthMSP have the same MSP identifier or the same root"),
        ("south/msp/cacerts", "cloud/msp/cacerts", "the root of the organisation cloud is not one of the group ledger"),
        ("south/msp/cacerts/root.pem", "south/admin/msp/signcerts/cert.pem", "not the root certificate"),
        ("http://127.0.0.1:1", "http://192.0.2.1:7051", "http://192.0.2.1:7051: not the address of a gateway: no TLS"),
        ("http://127.0.0.1:1", "http://localhost.example:1", "no TLS towards another machine"),
        ("http://127.0.0.1:1", "https://127.0.0.1:1", "https with a TLS root"),
        ("http://127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:1: not the address of a gateway"),
        ("http://127.0.0.1:1", "", "not the address of a gateway"),
        (":1\"", ":1\"\ntls_name = \"x\"", "[[peers]] 1: tls_name: only with tls_root"),
        (":1\"", ":1\"\ntls_root = 1", "[[peers]] 1: tls_root: not a string"),
    ];
    for (from, to, why) in cases {
        refuses(dir, changed(from, to), &[FILE, why]);
    }
    let no_peers = PROFILE.split("[[peers]]").next().unwrap();
    refuses(dir, no_peers, &[&format!("{FILE}peers: missing")]);
    refuses(dir, format!("{no_peers}peers = 1"), &[&format!("{FILE}peers: not an array of tables")]);
    refuses(dir, format!("{no_peers}peers = [1]"), &[&format!("{FILE}peers: not an array of tables")]);
    refuses(dir, format!("{no_peers}peers = []"), &[FILE]);
    refuses(dir, &PROFILE[..150], &[FILE, "line 5: "]);
    refuses(dir, [0xff; 100], &[FILE, "UTF-8"]);
    refuses(dir, "", &[FILE, "channel: missing"]);
    // What is above the limit is not left out without a word, whether it says something or not.
    let padded = format!("{PROFILE}{}", "\n".repeat(100 << 20));
    refuses(dir, padded, &[FILE, "longer than 1 MiB"]);
    fs::write(dir.join("net/profile.toml"), PROFILE).unwrap();
    refused(dir, 1, &mut demo("net"), &["net: "]);
    refused(dir, 1, &mut demo("none"), &["none: "]);
}

/// The files that a profile names are its folder's, and each is named where it is wrong.
#[test]
fn a_wrong_file_of_a_profile_is_named() {
    let dir = with_network();
    let dir = dir.path();
    for (from, to, why) in [
        (r#"authority = "users""#, r#"authority = "hospitals""#, "net/hospitals: an authority of the group hospitals"),
        (r#"authority = "users""#, r#"authority = "north""#, "net/north: an authority of the group ledger"),
        (r#"authority = "users""#, r#"authority = "none""#, "net/none/ca/root.pem: No such file"),
        ("north/msp/cacerts/root.pem", "north", "net/north: Is a directory"),
        ("north/msp/cacerts/root.pem", "north/ca/key.pem", "net/north/ca/key.pem: not a certificate in PEM"),
        (":1\"", ":1\"\ntls_root = \"users/ca/key.pem\"", "net/users/ca/key.pem: no certificate in PEM"),
        (":1\"", ":1\"\ntls_root = \"none\"", "net/none: No such file"),
    ] {
        refuses(dir, PROFILE.replacen(from, to, 1), &[why]);
    }
    let users = dir.join("net/users/ca");
    for (file, content, why) in [
        ("key.pem", fs::read(dir.join("net/cloud/ca/key.pem")).unwrap(), "inconsistent credentials: signing key"),
        (
            "sealing.key",
            fs::read(dir.join("net/cloud/ca/sealing.key")).unwrap(),
            "inconsistent credentials: sealing key",
        ),
        ("root.pem", fs::read(dir.join("net/cloud/ca/root.pem")).unwrap(), "inconsistent credentials: signing key"),
        ("key.pem", Vec::new(), "net/users/ca/key.pem: not a private key in PEM"),
        ("sealing.key", b"0123".to_vec(), "net/users/ca/sealing.key: not 64 hex digits"),
        ("root.pem", vec![b'\n'; 2 << 20], "net/users/ca/root.pem: longer than 1 MiB"),
    ] {
        let before = fs::read(users.join(file)).unwrap();
        fs::write(users.join(file), content).unwrap();
        refuses(dir, PROFILE, &[why]);
        fs::write(users.join(file), before).unwrap();
    }
}

/// Where no gateway can be reached, the demo says so for each of them within the patience of half a minute.
#[test]
fn gateways_that_refuse_connections() {
    let dir = with_network();
    let begin = Instant::now();
    let output = demo("net/profile.toml").current_dir(dir.path()).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert_eq!(message.matches("http://127.0.0.1:1: cannot be reached").count(), 2, "{message}");
    assert!(message.contains("Connection refused") && !message.contains("\\n"), "{message}");
    assert!(begin.elapsed() < Duration::from_secs(40));
    let files =
        entries(&dir.path().join("out")).into_iter().filter(|(name, _)| dir.path().join("out").join(name).is_file());
    assert_eq!(files.count(), 0, "a record was kept");
}

#[test]
fn arguments_of_the_bench_that_do_not_fit() {
    const PROFILE: &str = "net/profile.toml";
    let dir = with_network();
    let dir = dir.path();
    let bench = |code, arguments: &[&str], why: &[&str]| {
        refused(dir, code, Command::new(PROGRAM).arg("bench").args(arguments), why);
    };
    bench(2, &["--ledger", "fabric"], &["--fabric"]);
    bench(2, &["--ledger", "other"], &["embedded", "fabric"]);
    bench(2, &["--fabric", PROFILE], &["--ledger"]);
    bench(2, &["--clients", "2"], &["--ledger"]);
    bench(2, &["--seconds", "2"], &["--ledger"]);
    bench(1, &["--ledger", "embedded", "--fabric", PROFILE], &["--fabric is for --ledger fabric"]);
    for number in ["0", "-1", "x", "99999999999999999999"] {
        for option in ["--clients", "--seconds"] {
            bench(2, &["--ledger", "embedded", &format!("{option}={number}")], &[option, number]);
        }
    }
    for other in [&["--schemes"][..], &["--rounds", "5"], &["--json", "j"], &["--csv", "c"], &["--plot", "p.svg"]] {
        bench(2, &[&["--ledger", "embedded"], other].concat(), &[other[0], "cannot be used with"]);
    }
    bench(1, &["--ledger", "fabric", "--fabric", "none"], &["none: "]);
}

/// As many seconds as there can be, and more clients than the system has threads for.
#[test]
fn a_bench_beyond_the_system() {
    let dir = with_network();
    let bench = |limit: &str, stack: &str, clients: &str| {
        let bench = "bench --ledger fabric --fabric net/profile.toml";
        let script = format!("ulimit -v {limit}; exec \"$0\" {bench} --clients {clients} --seconds {}", u64::MAX);
        let mut command = Command::new("sh");
        command.current_dir(dir.path()).args(["-c", &script, PROGRAM]).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("RUST_MIN_STACK", stack).spawn().unwrap()
    };
    let ended = |child: Child| {
        let output = child.wait_with_output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        message
    };
    // Stacks of a gibibyte meet the limit long before anything else does.
    let (long, wide) = (bench("unlimited", "2097152", "1"), bench("20000000", "1073741824", "64"));
    let message = ended(long);
    assert!(message.contains("a client stopped: ") && message.contains("cannot be reached"), "{message}");
    let message = ended(wide);
    assert!(message.contains("starting a thread for a client: "), "{message}");
}

/// The keys of an authority are secrets: a command that reads them warns where other users can read them.
#[test]
fn shared_keys_of_an_authority_are_warned_about() {
    use std::os::unix::fs::PermissionsExt;
    let dir = with_network();
    let dir = dir.path();
    // The profile is refused after the authorities are read.
    fs::write(dir.join("net/profile.toml"), PROFILE.split("[[peers]]").next().unwrap()).unwrap();
    let said = || {
        let output = demo("net/profile.toml").current_dir(dir).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(!said().contains("warning"), "{}", said());
    for (file, warned) in [("key.pem", true), ("sealing.key", true), ("root.pem", false)] {
        let path = dir.join("net/users/ca").join(file);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let warning = format!("users/ca/{file}: other users can use the file (mode 644)");
        assert_eq!(said().contains(&warning), warned, "{}", said());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}
