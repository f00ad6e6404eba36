//! Cases of signatures, certificates, revocation lists, and sealed and signed messages.

use super::super::case::{Fault, clamped, hex, malformed};
use super::super::file::File;
use super::super::operations::identity::{CERTIFICATE, MESSAGE, REVOCATIONS, SEALED, SIGN, VERIFY};
use super::draw::{bytes, encoded, flip, lengths, put};
use super::world::{Known, NOW, assemble, high_s};
use phi_pre::envelope::{Sealer, Suite};
use phi_pre::flow::{Delivery, Fetch, Grant, Signed, Upload};
use phi_pre::group::Gt;
use phi_pre::hash::Digest;
use phi_pre::identity::{
    Certificate, MemberId, ParticipantGroup, Role, SealingKey, Signature, SigningKey, Subject, seal,
};
use phi_pre::ledger::{Signer, TxId};
use phi_pre::pre::{DecryptionKey, Params, PublicReKey, ReKey, ReencryptionProof, Seed, Statement, Threshold};
use phi_pre::secret::Secret;
use phi_pre::wire::Wire;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

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
    let mut ledger = Known::new(ParticipantGroup::Ledger, rng)?;
    let impostor = Known::new(ParticipantGroup::Users, rng)?;
    let user = users.enrol("users", Role::User, rng)?;
    let north = hospitals.enrol("North Hospital", Role::Hospital, rng)?;
    let peer = ledger.enrol("North Hospital", Role::Peer, rng)?;
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

pub(super) fn messages() -> Result<File, Fault> {
    let notes = &[
        ("Message", "A message that the bearer of a certificate signed."),
        ("Altered", "A field, the certificate or the signature was altered."),
        ("Field", "A field is no encoding of its value."),
        ("Kind", "A message under another name: names separate what is signed."),
        ("Length", "Cut or prolonged."),
        ("Time", "Outside the certificate's time."),
        ("Issuer", "By nobody who is trusted."),
    ];
    let mut file = File::new("messages", "Signed messages", notes);
    let rng = &mut file.rng;
    let mut users = Known::new(ParticipantGroup::Users, rng)?;
    let mut hospitals = Known::new(ParticipantGroup::Hospitals, rng)?;
    let mut clouds = Known::new(ParticipantGroup::Cloud, rng)?;
    let Signer { certificate: user, key: user_key } = users.enrol("users", Role::User, rng)?;
    let Signer { certificate: north, key: north_key } = hospitals.enrol("North Hospital", Role::Hospital, rng)?;
    let Signer { certificate: one, key: one_key } = clouds.enrol("Cloud One", Role::Cloud, rng)?;
    let txid = TxId(Digest(bytes(rng)));
    let params = Params::new(Seed([0; 32]));
    let [k_d, k_d_prime] = [(); 2].map(|()| DecryptionKey::random(rng));
    let public_key = k_d.public_key(&params);
    let header = *Sealer::new(&params, &public_key, Suite::default(), rng).map_err(malformed)?.header();
    let upload = Upload { record: TxId(Digest(bytes(rng))), epoch: 0, header, body: Digest(bytes(rng)), public_key };
    let note = Signed::new(upload, &north, &north_key);
    let k_re = ReKey::new(&k_d.encryption_key(&params), &k_d_prime.encryption_key(&params)).map_err(malformed)?;
    let again = header.reencrypt(&k_re).capsule;
    let (before, after) = ([header.capsule], [again]);
    let delta = PublicReKey::of(&params, &k_re);
    let statement = Statement::new(&params, &delta, &before, &after, &txid.0.0).map_err(malformed)?;
    let proof = ReencryptionProof::new(&params, &k_re, &statement, rng);
    let delivery = Delivery { request: txid, upload: note.clone(), c_prime: *again.c(), proof };
    let grant = |t: u8, n: u8, epoch: u32, rng: &mut ChaCha20Rng| -> Result<Vec<u8>, Fault> {
        let (keys, public) = k_re.split(&params, Threshold::new(t, n).map_err(malformed)?, rng);
        let to = SealingKey::random(rng).public();
        let mut sealed = |info: &[u8], text: &[u8]| seal(&to, info, &txid.0.0, text, rng).map_err(malformed);
        let mut shares = Vec::new();
        for (i, key) in (1..).zip(&keys) {
            shares.push((MemberId([i; 32]), sealed(Grant::K_RE, key.key().to_bytes().expose())?));
        }
        let k_e_prime = sealed(Grant::K_E_PRIME, k_d_prime.encryption_key(&params).to_bytes().expose())?;
        let grant = Grant { request: txid, epoch, public, shares, k_e_prime };
        Ok(encoded(&Signed::new(grant, &user, &user_key)))
    };
    let (grant, shared) = (grant(1, 1, 0, rng)?, grant(2, 3, 7, rng)?);
    let later = encoded(&Signed::new(Upload { epoch: u32::MAX, ..upload }, &user, &user_key));
    let upload = encoded(&note);
    let delivery = encoded(&Signed::new(delivery, &one, &one_key));
    let fetch = encoded(&Signed::new(Fetch { request: txid }, &north, &north_key));
    let now = NOW.seconds().0;
    let input = |kind: &str, root: &Known, now: u64, bytes: &[u8]| json!({ "kind": kind, "root": hex(root.root().der()), "now": now, "encoding": hex(bytes) });
    file.group(&MESSAGE);
    let delivered = "re-encrypted record";
    for (kind, comment, root, good) in [
        ("upload", "upload", &hospitals, &upload),
        ("upload", "an upload by the user, of a later epoch", &users, &later),
        ("fetch", "fetch", &hospitals, &fetch),
        (delivered, delivered, &clouds, &delivery),
        ("grant", "a grant to one cloud", &users, &grant),
        ("grant", "a grant to three clouds", &users, &shared),
    ] {
        file.valid(comment, &["Message"], input(kind, root, now, good))?;
        file.invalid("a bit of the content", &["Altered"], input(kind, root, now, &flip(good, 31, 1)))?;
        file.invalid("a bit of r", &["Altered"], input(kind, root, now, &flip(good, good.len() - 40, 1)))?;
        let signature: [u8; 64] = good[good.len() - 64..].try_into().map_err(malformed)?;
        let signature = Signature::from_bytes(&signature).map_err(malformed)?;
        let high = put(good, good.len() - 64, &high_s(signature.as_bytes()));
        file.invalid("high s", &["Altered"], input(kind, root, now, &high))?;
        for (comment, bytes) in lengths(good) {
            file.invalid(comment, &["Length"], input(kind, root, now, &bytes))?;
        }
        file.invalid("a year later", &["Time"], input(kind, root, now + 366 * 86_400, good))?;
    }
    // In an upload: record 0, epoch 32, header 36, body 320, Y 352. In a delivery: request 0, upload 32. In a grant: request 0,
    // epoch 32, t and n 36, V_0 38, ..., identifier of the first cloud.
    let c_prime = 32 + upload.len();
    for (comment, kind, root, bytes) in [
        ("an envelope of version 2", "upload", &hospitals, put(&upload, 44, &[2])),
        ("an envelope of suite 3", "upload", &hospitals, put(&upload, 45, &[3])),
        ("the flags of Z", "upload", &hospitals, flip(&upload, 80, 0x80)),
        ("the flags of C", "upload", &hospitals, flip(&upload, 128, 0x80)),
        ("the flags of Y", "upload", &hospitals, flip(&upload, 352, 0x80)),
        ("Y = 1", "upload", &hospitals, put(&upload, 352, &Gt::identity().to_bytes())),
        ("an upload cut off in its header", "upload", &hospitals, upload[..319].to_vec()),
        ("an upload cut off in its epoch", "upload", &hospitals, upload[..35].to_vec()),
        ("the flags of Y in the upload of a delivery", delivered, &clouds, flip(&delivery, 32 + 352, 0x80)),
        ("the flags of C'", delivered, &clouds, flip(&delivery, c_prime, 0x80)),
        ("the flags of W", delivered, &clouds, flip(&delivery, c_prime + 192, 0x80)),
        ("a delivery cut off in C'", delivered, &clouds, delivery[..c_prime + 191].to_vec()),
        ("a delivery cut off in its proof", delivered, &clouds, delivery[..c_prime + 303].to_vec()),
        ("high s in the upload of a delivery", delivered, &clouds, {
            let at = c_prime - 64;
            let signature: [u8; 64] = delivery[at..c_prime].try_into().map_err(malformed)?;
            put(&delivery, at, &high_s(&signature))
        }),
        ("t = 0", "grant", &users, put(&grant, 36, &[0])),
        ("2 of 1", "grant", &users, put(&grant, 36, &[2])),
        ("1 of 17", "grant", &users, put(&grant, 37, &[17])),
        ("the flags of V_0", "grant", &users, flip(&grant, 38, 0x80)),
        ("the flags of V_1", "grant", &users, flip(&shared, 38 + 192, 0x80)),
        ("a grant cut off in the identifier of a cloud", "grant", &users, grant[..38 + 192 + 31].to_vec()),
        ("a sealed k_re of 2^20 + 1 bytes", "grant", &users, put(&grant, 38 + 192 + 64, &[0, 0x10, 0, 1])),
    ] {
        file.invalid(comment, &["Field"], input(kind, root, now, &bytes))?;
    }
    // The upload inside a delivery is no part of the operation's checks. Its signature is checked where it is used.
    let foreign = Signed::new(note.content, &one, &one_key);
    let foreign = Delivery { request: txid, upload: foreign, c_prime: *again.c(), proof };
    let foreign = encoded(&Signed::new(foreign, &one, &one_key));
    file.valid("a delivery whose upload the cloud has signed", &["Message"], input(delivered, &clouds, now, &foreign))?;
    // A second certificate of the hospital's key: the message was signed under the first.
    let second = Subject::new("South Hospital", Role::Hospital, MemberId::random(&mut file.rng)).map_err(malformed)?;
    let second = hospitals.authority.issue(&second, &north_key.verifying_key(), None, NOW.seconds(), &mut file.rng);
    let second = second.map_err(malformed)?;
    let exchanged = [&upload[..544], &encoded(&second), &upload[upload.len() - 64..]].concat();
    file.invalid("another certificate of the same key", &["Altered"], input("upload", &hospitals, now, &exchanged))?;
    file.invalid("signed as an upload of another name", &["Kind"], {
        let text = Signed::new(Other(note.content), &north, &north_key);
        input("upload", &hospitals, now, &encoded(&text))
    })?;
    let foreign: Value = input("upload", &users, now, &upload);
    file.invalid("another group's root", &["Issuer"], foreign)?;
    Ok(file)
}

/// A message with the encoding of an [`Upload`] and another wire name.
struct Other(Upload);

impl Wire for Other {
    const NAME: &'static str = "another upload";

    fn write(&self, out: &mut phi_pre::wire::Writer) {
        self.0.write(out);
    }

    fn read(input: &mut phi_pre::wire::Reader<'_>) -> Result<Self, phi_pre::error::DecodeError> {
        Ok(Self(Upload::read(input)?))
    }
}
