//! Cases of signatures, certificates, revocation lists, and sealed messages.

use super::super::case::{Fault, clamped, hex, malformed};
use super::super::file::File;
use super::super::operations::identity::{CERTIFICATE, REVOCATIONS, SEALED, SIGN, VERIFY};
use super::draw::{bytes, encoded, flip, lengths, put};
use super::world::{Known, NOW, assemble, high_s};
use phi_pre::identity::{Certificate, MemberId, ParticipantGroup, Role, SealingKey, SigningKey, Subject, seal};
use phi_pre::ledger::Signer;
use phi_pre::secret::Secret;
use serde_json::json;

const NOTES: &[(&str, &str)] = &[
    ("Signature", "Deterministic ECDSA (RFC 6979) with low s."),
    ("BadSignature", "A signature or a key that is none, or not of this message."),
    ("HighS", "(r, n - s): verifies by the textbook, refused here."),
    ("Certificate", "A certificate that counts."),
    ("Form", "A certificate that breaks the profile or its DER."),
    ("Issuer", "Issued by nobody who is trusted, or not for this role or organisation."),
    ("Time", "Outside its time."),
    ("Revoked", "Taken back, or a list that cannot take back."),
    ("Sealed", "HPKE, base mode."),
    ("CannotOpen", "A sealed message that was altered, or another key, info or aad."),
];

pub(super) fn identity() -> Result<File, Fault> {
    let mut file = File::new("identity", "ECDSA P-256, X.509, HPKE", NOTES);
    signatures(&mut file)?;
    certificates(&mut file)?;
    sealed(&mut file)?;
    Ok(file)
}

fn signatures(file: &mut File) -> Result<(), Fault> {
    file.group(&SIGN);
    for message in [vec![], b"sample".to_vec(), vec![0; 200]] {
        let d = SigningKey::random(&mut file.rng).to_bytes();
        let input = json!({ "d": hex(d.expose()), "message": hex(message) });
        file.valid("a signature", &["Signature"], input)?;
    }
    file.invalid("d = 0", &["BadSignature"], json!({ "d": hex([0; 32]), "message": "" }))?;
    file.invalid("d above n", &["BadSignature"], json!({ "d": hex([0xff; 32]), "message": "" }))?;
    let key = SigningKey::random(&mut file.rng);
    let (q, message) = (*key.verifying_key().as_bytes(), b"a message");
    let good = *key.sign(message).as_bytes();
    let input = |q: &[u8], message: &[u8], signature: &[u8]| json!({ "verifying_key": hex(q), "message": hex(message), "signature": hex(signature) });
    file.group(&VERIFY);
    file.valid("a signature", &["Signature"], input(&q, message, &good))?;
    file.invalid("high s", &["HighS"], input(&q, message, &high_s(&good)))?;
    let other = *SigningKey::random(&mut file.rng).verifying_key().as_bytes();
    for (comment, q, message, signature) in [
        ("another message", &q[..], &b"b message"[..], good.to_vec()),
        ("another key", &other, message, good.to_vec()),
        ("r = 0", &q, message, put(&good, 0, &[0; 32])),
        ("s = 0", &q, message, put(&good, 32, &[0; 32])),
        ("r above n", &q, message, put(&good, 0, &[0xff; 32])),
        ("s above n", &q, message, put(&good, 32, &[0xff; 32])),
        ("a bit of r", &q, message, flip(&good, 31, 1)),
        ("a bit of s", &q, message, flip(&good, 63, 1)),
        ("another bit of r", &q, message, flip(&good, 0, 0x40)),
        ("a key off the curve", &flip(&q, 64, 1), message, good.to_vec()),
        ("a key that does not begin with 4", &flip(&q, 0, 1), message, good.to_vec()),
    ] {
        file.invalid(comment, &["BadSignature"], input(q, message, &signature))?;
    }
    Ok(())
}

fn certificates(file: &mut File) -> Result<(), Fault> {
    let rng = &mut file.rng;
    let mut users = Known::new(ParticipantGroup::Users, rng)?;
    let mut hospitals = Known::new(ParticipantGroup::Hospitals, rng)?;
    let mut ledger = Known::of("North Hospital", rng)?;
    let impostor = Known::new(ParticipantGroup::Users, rng)?;
    let user = users.enrol("users", Role::User, rng)?;
    let north = hospitals.enrol("North Hospital", Role::Hospital, rng)?;
    let peer = ledger.enrol("North Hospital", Role::Peer, rng)?;
    let admin = ledger.enrol("North Hospital", Role::Administrator, rng)?;
    let key = SigningKey::random(rng);
    let subject = Subject::new("North Hospital", Role::Hospital, MemberId::random(rng)).map_err(malformed)?;
    let sealing = SealingKey::random(rng).public();
    let sealer = hospitals.authority.issue(&subject, &key.verifying_key(), Some(sealing), NOW.seconds(), rng);
    let sealer = sealer.map_err(malformed)?;
    let now = NOW.seconds().0;
    let input = |root: &Known, now: u64, der: &[u8]| json!({ "root": hex(root.root().der()), "revocations": null, "now": now, "certificate": hex(der) });
    file.group(&CERTIFICATE);
    for (comment, root, certificate) in [
        ("a user", &users, &user.certificate),
        ("a hospital", &hospitals, &north.certificate),
        ("a hospital with a sealing key", &hospitals, &sealer),
        ("a peer", &ledger, &peer.certificate),
        ("an administrator", &ledger, &admin.certificate),
    ] {
        file.valid(comment, &["Certificate"], input(root, now, certificate.der()))?;
    }
    let der = user.certificate.der();
    let (start, end) = (user.certificate.not_before().0, user.certificate.not_after().0);
    file.valid("its first second", &["Certificate"], input(&users, start, der))?;
    file.valid("its last second", &["Certificate"], input(&users, end, der))?;
    file.invalid("a second too early", &["Time"], input(&users, start - 1, der))?;
    file.invalid("a second too late", &["Time"], input(&users, end + 1, der))?;

    let id = user.certificate.subject().id.to_string();
    let capital = id.replacen(|c: char| c.is_ascii_lowercase(), "A", 1);
    let reissue = |from: &[u8], to: &[u8]| users.reissue(&user.certificate, from, to);
    let tbs = &der[4..der.len() - 12];
    let signature = parse_signature(der).ok_or_else(|| malformed("no signature"))?;
    let tbs = tbs_of(der).unwrap_or(tbs);
    for (comment, flag, der) in [
        ("the role of a peer, by the users' authority", "Issuer", reissue(b"user", b"peer")?),
        ("an unknown role", "Form", reissue(b"user", b"usar")?),
        ("the name of another group", "Issuer", reissue(b"users", b"cloud")?),
        ("an identifier with a capital digit", "Form", reissue(id.as_bytes(), capital.as_bytes())?),
        ("an identifier that is not hexadecimal", "Form", reissue(id.as_bytes(), &put(id.as_bytes(), 5, b"x"))?),
        ("a control character in the organisation", "Form", reissue(b"users", b"use\ns")?),
        ("keyUsage without digitalSignature", "Form", reissue(&[3, 2, 7, 0x80], &[3, 2, 6, 0x40])?),
        ("an unknown critical extension", "Form", reissue(&[0x55, 0x1d, 0x0f, 1], &[0x55, 0x1d, 0x10, 1])?),
        ("version 2", "Form", reissue(&[0xa0, 3, 2, 1, 2], &[0xa0, 3, 2, 1, 1])?),
        ("another curve", "Form", reissue(&[0x3d, 3, 1, 7], &[0x3d, 3, 1, 6])?),
        ("a point off the curve", "Form", reissue(&key_tail(&user.certificate), &off(&user.certificate))?),
        ("a bit of the serial number", "Issuer", flip(der, 20, 1)),
        ("a bit of the signature", "Issuer", assemble(tbs, &flipped(&signature))),
        ("high s", "HighS", assemble(tbs, &high_s(&signature))),
        ("signed by an authority of the same name", "Issuer", impostor.reissue(&user.certificate, b"users", b"users")?),
        ("a byte behind", "Form", [der, &[0]].concat()),
        ("a byte short", "Form", der[..der.len() - 1].to_vec()),
        ("no bytes", "Form", vec![]),
        ("4097 bytes", "Form", vec![0x30; 4097]),
    ] {
        file.invalid(comment, &[flag], input(&users, now, &der))?;
    }
    let south = ledger.reissue(&peer.certificate, b"North Hospital", b"South Hospital")?;
    file.invalid("a peer of another organisation", &["Issuer"], input(&ledger, now, &south))?;
    let hospital = ledger.reissue(&admin.certificate, b"admin", b"cloud")?;
    file.invalid("the role of a cloud, by an organisation of the ledger", &["Issuer"], input(&ledger, now, &hospital))?;
    file.invalid("another group's root", &["Issuer"], input(&hospitals, now, der))?;
    file.invalid("another root of the same group", &["Issuer"], input(&impostor, now, der))?;
    let no_root = json!({ "root": hex(der), "revocations": null, "now": now, "certificate": hex(der) });
    file.invalid("a root that is none", &["Issuer"], no_root)?;
    revocations(file, &mut users, &user, &impostor)
}

fn tbs_of(der: &[u8]) -> Option<&[u8]> {
    let length = usize::from(u16::from_be_bytes([*der.get(6)?, *der.get(7)?]));
    der.get(4..8 + length)
}

/// The signature r || s of a certificate: its last two INTEGERs.
fn parse_signature(der: &[u8]) -> Option<[u8; 64]> {
    let rest = der.get(4 + tbs_of(der)?.len() + 12..)?;
    let mut integers = rest.get(5..)?;
    let mut signature = [0; 64];
    for half in signature.chunks_exact_mut(32) {
        let length = usize::from(*integers.get(1)?);
        let (value, tail) = integers.get(2..)?.split_at_checked(length)?;
        let digits = value.get(value.len().saturating_sub(32)..)?;
        half[32 - digits.len()..].copy_from_slice(digits);
        integers = tail;
    }
    Some(signature)
}

fn flipped(signature: &[u8; 64]) -> [u8; 64] {
    let mut altered = *signature;
    altered[31] ^= 1;
    altered
}

fn key_tail(certificate: &Certificate) -> Vec<u8> {
    certificate.verifying_key().as_bytes()[33..].to_vec()
}

fn off(certificate: &Certificate) -> Vec<u8> {
    flip(&key_tail(certificate), 31, 1)
}

fn revocations(file: &mut File, users: &mut Known, user: &Signer, impostor: &Known) -> Result<(), Fault> {
    let none = encoded(&users.authority.revocations());
    let other = users.enrol("users", Role::User, &mut file.rng)?;
    users.authority.revoke(&other.certificate.subject().id).map_err(malformed)?;
    let first = encoded(&users.authority.revocations());
    let input = |list: &[u8], der: &[u8]| json!({ "root": hex(users.root().der()), "revocations": hex(list), "now": NOW.seconds().0, "certificate": hex(der) });
    let der = user.certificate.der();
    file.valid("another certificate is revoked", &["Certificate"], input(&first, der))?;
    file.invalid("this one is revoked", &["Revoked"], input(&first, other.certificate.der()))?;
    let foreign = encoded(&impostor.authority.revocations());
    file.invalid("a list of another authority", &["Revoked"], input(&foreign, der))?;
    users.authority.revoke(&user.certificate.subject().id).map_err(malformed)?;
    let both = encoded(&users.authority.revocations());
    file.group(&REVOCATIONS);
    let input = |lists: &[&[u8]]| json!({ "root": hex(users.root().der()), "lists": lists.iter().map(hex).collect::<Vec<_>>() });
    file.valid("nothing revoked", &["Revoked"], input(&[&none]))?;
    file.valid("two revoked, one after the other", &["Revoked"], input(&[&first, &both]))?;
    file.invalid("an older list", &["Revoked"], input(&[&both, &first]))?;
    file.invalid("a number that was not signed", &["Revoked"], input(&[&flip(&first, 39, 2)]))?;
    file.invalid("serial numbers out of order", &["Revoked"], {
        let (head, serials) = (&both[..44], &both[44..76]);
        let tail = &both[76..];
        input(&[&[head, &serials[16..], &serials[..16], tail].concat()])
    })?;
    file.invalid("more serial numbers than may be", &["Revoked"], input(&[&put(&none, 40, &[0, 0x10, 0, 1])]))?;
    for (comment, bytes) in lengths(&first) {
        file.invalid(comment, &["Revoked"], input(&[&bytes]))?;
    }
    let signature: [u8; 64] = first[60..].try_into().map_err(malformed)?;
    file.invalid("high s", &["HighS"], input(&[&put(&first, 60, &high_s(&signature))]))
}

fn sealed(file: &mut File) -> Result<(), Fault> {
    let key = clamped(bytes(&mut file.rng));
    let public = SealingKey::from_bytes(Secret::new(key)).public();
    let (info, aad) = (b"phi-pre/2/enrolment".to_vec(), bytes::<48>(&mut file.rng).to_vec());
    let input = |key: [u8; 32], info: &[u8], aad: &[u8], sealed: &[u8]| json!({ "key": hex(key), "info": hex(info), "aad": hex(aad), "sealed": hex(sealed) });
    file.group(&SEALED);
    let mut good = Vec::new();
    for plaintext in [vec![], vec![7], bytes::<96>(&mut file.rng).to_vec()] {
        good = encoded(&seal(&public, &info, &aad, &plaintext, &mut file.rng).map_err(malformed)?);
        file.valid("a message", &["Sealed"], input(key, &info, &aad, &good))?;
    }
    let other = clamped(bytes(&mut file.rng));
    for (comment, key, info, aad, sealed) in [
        ("another key", other, info.clone(), aad.clone(), good.clone()),
        ("another info", key, flip(&info, 0, 1), aad.clone(), good.clone()),
        ("another aad", key, info.clone(), flip(&aad, 0, 1), good.clone()),
        ("no aad", key, info.clone(), vec![], good.clone()),
        ("enc altered", key, info.clone(), aad.clone(), flip(&good, 3, 1)),
        ("enc of small order", key, info.clone(), aad.clone(), put(&good, 0, &[0; 32])),
        ("the ciphertext altered", key, info.clone(), aad.clone(), flip(&good, 36, 1)),
        ("the tag altered", key, info.clone(), aad.clone(), flip(&good, good.len() - 1, 1)),
        ("no ciphertext", key, info.clone(), aad.clone(), [&good[..32], &[0; 4]].concat()),
        ("a byte short", key, info.clone(), aad.clone(), good[..good.len() - 1].to_vec()),
        ("a byte behind", key, info.clone(), aad.clone(), [&good[..], &[0]].concat()),
        ("longer than may be", key, info.clone(), aad.clone(), put(&good, 32, &[0, 0x10, 0, 1])),
    ] {
        file.invalid(comment, &["CannotOpen"], input(key, &info, &aad, &sealed))?;
    }
    Ok(())
}
