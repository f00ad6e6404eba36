use super::*;
use std::io::Read;

const ROOT: &str = "-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nQg==\n-----END PRIVATE KEY-----\n";

/// The files of a `.tar.gz`.
fn files(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        assert_eq!(entry.header().entry_type(), tar::EntryType::Regular, "a peer takes no other entry");
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.path().unwrap().to_str().unwrap().to_owned(), content)
    });
    entries.collect()
}

fn connection(package: &Package) -> serde_json::Value {
    let [(metadata, text), (code, inner)] = files(package.bytes.expose()).try_into().unwrap();
    assert_eq!((metadata.as_str(), code.as_str()), ("metadata.json", "code.tar.gz"));
    let text: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(text, serde_json::json!({ "type": "ccaas", "label": "phi" }));
    let [(name, content)] = files(&inner).try_into().unwrap();
    assert_eq!(name, "connection.json");
    serde_json::from_slice(&content).unwrap()
}

#[test]
fn a_package_says_where_the_chaincode_is() {
    let plain = Package::new(&Place { label: "phi", address: "127.0.0.1:9999", tls: None }).unwrap();
    let expected = serde_json::json!({
        "address": "127.0.0.1:9999", "dial_timeout": "10s", "tls_required": false, "client_auth_required": false,
    });
    assert_eq!((connection(&plain), plain.has_key), (expected, false));

    let identity = TlsIdentity::new(ROOT.to_owned(), Secret::new(KEY.to_owned())).unwrap();
    let root = TlsRoot::new(ROOT.to_owned()).unwrap();
    let tls = Some(PeerTls { root: &root, identity: Some(&identity) });
    let mutual = Package::new(&Place { label: "phi", address: "cc.example:9999", tls }).unwrap();
    let expected = serde_json::json!({
        "address": "cc.example:9999", "dial_timeout": "10s", "tls_required": true, "client_auth_required": true,
        "root_cert": ROOT, "client_cert": ROOT, "client_key": KEY,
    });
    assert_eq!((connection(&mutual), mutual.has_key), (expected, true));
    assert_ne!(plain.id, mutual.id);
    assert!(!format!("{mutual:?}").contains("Qg=="), "the key is printed");
}

/// The identifier is a part of each approved definition, so the bytes must not depend on time, place or the features of
/// the build.
#[test]
fn the_same_arguments_give_the_same_package() {
    let package = || Package::new(&Place { label: "phi", address: "127.0.0.1:9999", tls: None }).unwrap();
    assert_eq!(package().bytes.expose(), package().bytes.expose());
    assert_eq!(package().id, format!("phi:{}", sha256(&[package().bytes.expose()])));
    assert_eq!(package().id, "phi:9e7237d95e9a310c3667724437a58ad7c3a5678eefa80a503be555227e971325");
}

#[test]
fn labels_and_addresses_that_a_peer_refuses() {
    for label in ["", "-phi", "phi:1", "phi 1", "ph\u{ef}"] {
        let made = Package::new(&Place { label, address: "127.0.0.1:9999", tls: None });
        assert!(matches!(&made, Err(PackageError::Label(got)) if got == label), "{made:?}");
    }
    for address in [
        "",
        "127.0.0.1",
        ":9999",
        "127.0.0.1:",
        "127.0.0.1:99999",
        "cc:0",
        "cc:+1",
        "a b:1",
        "http://cc:1",
        "::1:1",
        "[cc]:1",
    ] {
        let made = Package::new(&Place { label: "phi", address, tls: None });
        assert!(matches!(&made, Err(PackageError::Address(got)) if got == address), "{made:?}");
    }
    for address in ["localhost:1", "a-b.example_1:65535", "[::1]:7052"] {
        Package::new(&Place { label: "phi", address, tls: None }).unwrap();
    }
}
