//! Cases of signed messages: each message of the flow, and its altered forms.

use super::super::case::{Fault, hex, malformed};
use super::super::file::File;
use super::super::operations::identity::MESSAGE;
use super::draw::{bytes, encoded, flip, lengths, put};
use super::world::{Known, NOW, high_s};
use phi_pre::contract::{RecordId, RequestId};
use phi_pre::envelope::{Sealer, Suite};
use phi_pre::flow::{Delivery, Fetch, Grant, NamedKey, Rotated, Rotation, Signed, Upload};
use phi_pre::group::Gt;
use phi_pre::hash::Digest;
use phi_pre::identity::{MemberId, ParticipantGroup, Role, SealingKey, Signature, Subject, seal};
use phi_pre::ledger::Signer;
use phi_pre::pre::{
    DecryptionKey, NamedSecret, Params, PublicReKey, ReKey, ReencryptionProof, Seed, Statement, Threshold,
};
use phi_pre::wire::Wire;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

const NOTES: &[(&str, &str)] = &[
    ("Message", "A message that the bearer of a certificate signed."),
    ("Altered", "A field, the certificate or the signature was altered."),
    ("Field", "A field is no encoding of its value."),
    ("Kind", "A message under another name: names separate what is signed."),
    ("Length", "Cut or prolonged."),
    ("Time", "Outside the certificate's time."),
    ("Issuer", "By nobody who is trusted."),
];

/// The authorities, and a good message of each kind.
struct Good {
    users: Known,
    hospitals: Known,
    clouds: Known,
    north: Signer,
    one: Signer,
    note: Signed<Upload>,
    upload: Vec<u8>,
    later: Vec<u8>,
    fetch: Vec<u8>,
    delivered: Delivery,
    delivery: Vec<u8>,
    grant: Vec<u8>,
    shared: Vec<u8>,
    rotation: Vec<u8>,
    rotated: Vec<u8>,
    named: Vec<u8>,
}

impl Good {
    fn new(rng: &mut ChaCha20Rng) -> Result<Self, Fault> {
        let mut users = Known::new(ParticipantGroup::Users, rng)?;
        let mut hospitals = Known::new(ParticipantGroup::Hospitals, rng)?;
        let mut clouds = Known::new(ParticipantGroup::Cloud, rng)?;
        let user = users.enrol("users", Role::User, rng)?;
        let north = hospitals.enrol("North Hospital", Role::Hospital, rng)?;
        let one = clouds.enrol("Cloud One", Role::Cloud, rng)?;
        let request = RequestId(Digest(bytes(rng)));
        let params = Params::new(Seed([0; 32]));
        let [k_d, k_d_prime] = [(); 2].map(|()| DecryptionKey::random(rng));
        let public_key = k_d.public_key(&params);
        let header = *Sealer::new(&params, &public_key, Suite::default(), rng).map_err(malformed)?.header();
        let upload =
            Upload { record: RecordId(Digest(bytes(rng))), epoch: 0, header, body: Digest(bytes(rng)), public_key };
        let note = Signed::new(upload, &north.certificate, &north.key);
        let k_re = ReKey::new(&k_d.encryption_key(&params), &k_d_prime.encryption_key(&params)).map_err(malformed)?;
        let again = header.reencrypt(&k_re).capsule;
        let (before, after) = ([header.capsule], [again]);
        let delta = PublicReKey::of(&params, &k_re);
        let statement = Statement::new(&params, &delta, &before, &after, &request.0.0).map_err(malformed)?;
        let proof = ReencryptionProof::new(&params, &k_re, &statement, rng);
        let delivered = Delivery { request, upload: note.clone(), c_prime: *again.c(), proof };
        let grant = |t: u8, n: u8, note: &Signed<Upload>, rng: &mut ChaCha20Rng| -> Result<Vec<u8>, Fault> {
            let (keys, public) = k_re.split(&params, Threshold::new(t, n).map_err(malformed)?, rng);
            let to = SealingKey::random(rng).public();
            let mut sealed = |info: &[u8], text: &[u8]| seal(&to, info, &request.0.0, text, rng).map_err(malformed);
            let mut shares = Vec::new();
            for (i, key) in (1..).zip(&keys) {
                shares.push((MemberId([i; 32]), sealed(Grant::K_RE, key.key().to_bytes().expose())?));
            }
            let k_e_prime = sealed(Grant::K_E_PRIME, k_d_prime.encryption_key(&params).to_bytes().expose())?;
            let grant = Grant { request, note: note.clone(), public, shares, k_e_prime };
            Ok(encoded(&Signed::new(grant, &user.certificate, &user.key)))
        };
        let later = Signed::new(Upload { epoch: u32::MAX, ..upload }, &user.certificate, &user.key);
        let (grant, shared) = (grant(1, 1, &note, rng)?, grant(2, 3, &later, rng)?);
        let context = Rotation::context(&upload.record, 1);
        let to = SealingKey::random(rng).public();
        let update = seal(&to, Rotation::UPDATE, &context, k_re.to_bytes().expose(), rng).map_err(malformed)?;
        let rotation = Rotation { record: upload.record, epoch: 1, delta, update };
        let rotation = encoded(&Signed::new(rotation, &user.certificate, &user.key));
        let statement = Statement::new(&params, &delta, &before, &after, &context).map_err(malformed)?;
        let proof_of_rotation = ReencryptionProof::new(&params, &k_re, &statement, rng);
        let rotated = Rotated { record: upload.record, epoch: 1, c: *again.c(), proof: proof_of_rotation };
        let rotated = encoded(&Signed::new(rotated, &one.certificate, &one.key));
        let later = encoded(&later);
        let upload = encoded(&note);
        let delivery = encoded(&Signed::new(delivered.clone(), &one.certificate, &one.key));
        let fetch = encoded(&Signed::new(Fetch { request }, &north.certificate, &north.key));
        let key = NamedSecret::random(rng).public(&params);
        let named = NamedKey { hospital: north.certificate.subject().id, key };
        let named = encoded(&Signed::new(named, &user.certificate, &user.key));
        Ok(Self {
            users,
            hospitals,
            clouds,
            north,
            one,
            note,
            upload,
            later,
            fetch,
            delivered,
            delivery,
            grant,
            shared,
            rotation,
            rotated,
            named,
        })
    }
}

/// A case of the message of this kind under this root, at this time in seconds.
fn case(kind: &str, root: &Known, now: u64, bytes: &[u8]) -> Value {
    json!({ "kind": kind, "root": hex(root.root().der()), "now": now, "encoding": hex(bytes) })
}

const DELIVERY: &str = "re-encrypted record";

pub(super) fn messages() -> Result<File, Fault> {
    let mut file = File::new("messages", "Signed messages", NOTES);
    let mut good = Good::new(&mut file.rng)?;
    // A second certificate of the hospital's key.
    let second = Subject::new("South Hospital", Role::Hospital, MemberId::random(&mut file.rng)).map_err(malformed)?;
    let key = good.north.key.verifying_key();
    let second =
        good.hospitals.authority.issue(&second, &key, None, NOW.seconds(), &mut file.rng).map_err(malformed)?;
    let Good { users, hospitals, clouds, north, one, note, upload, delivered, .. } = &good;
    let now = NOW.seconds().0;
    file.group(&MESSAGE);
    for (kind, comment, root, message) in [
        ("upload", "upload", hospitals, &good.upload),
        ("upload", "an upload by the user, of a later epoch", users, &good.later),
        ("fetch", "fetch", hospitals, &good.fetch),
        (DELIVERY, DELIVERY, clouds, &good.delivery),
        ("grant", "a grant to one cloud", users, &good.grant),
        ("grant", "a grant to three clouds", users, &good.shared),
        ("rotation", "rotation", users, &good.rotation),
        ("rotated record", "rotated record", clouds, &good.rotated),
        ("key by name", "key by name", users, &good.named),
    ] {
        file.valid(comment, &["Message"], case(kind, root, now, message))?;
        file.invalid("a bit of the content", &["Altered"], case(kind, root, now, &flip(message, 31, 1)))?;
        file.invalid("a bit of r", &["Altered"], case(kind, root, now, &flip(message, message.len() - 40, 1)))?;
        let signature: [u8; 64] = message[message.len() - 64..].try_into().map_err(malformed)?;
        let signature = Signature::from_bytes(&signature).map_err(malformed)?;
        let high = put(message, message.len() - 64, &high_s(signature.as_bytes()));
        file.invalid("high s", &["Altered"], case(kind, root, now, &high))?;
        for (comment, cut) in lengths(message) {
            file.invalid(comment, &["Length"], case(kind, root, now, &cut))?;
        }
        file.invalid("a year later", &["Time"], case(kind, root, now + 366 * 86_400, message))?;
    }
    fields(&mut file, &good)?;
    // The upload inside a delivery is no part of the operation's checks. Its signature is checked where it is used.
    let foreign = Delivery { upload: Signed::new(note.content, &one.certificate, &one.key), ..delivered.clone() };
    let foreign = encoded(&Signed::new(foreign, &one.certificate, &one.key));
    file.valid("a delivery whose upload the cloud has signed", &["Message"], case(DELIVERY, clouds, now, &foreign))?;
    // The message was signed under the first certificate.
    let exchanged = [&upload[..544], &encoded(&second), &upload[upload.len() - 64..]].concat();
    file.invalid("another certificate of the same key", &["Altered"], case("upload", hospitals, now, &exchanged))?;
    file.invalid("signed as an upload of another name", &["Kind"], {
        let text = Signed::new(Other(note.content), &north.certificate, &north.key);
        case("upload", hospitals, now, &encoded(&text))
    })?;
    let foreign: Value = case("upload", users, now, upload);
    file.invalid("another group's root", &["Issuer"], foreign)?;
    Ok(file)
}

/// Fields that are no encodings of their values.
fn fields(file: &mut File, good: &Good) -> Result<(), Fault> {
    let Good {
        users, hospitals, clouds, upload, later, delivery, grant, shared, rotation, rotated, named, fetch, ..
    } = good;
    let now = NOW.seconds().0;
    // Offsets. In an upload: record 0, epoch 32, header 36, body 320, Y 352. In a delivery: request 0, upload 32. In a
    // grant: request 0, note 32, then t and n, V_0, ..., identifier of the first cloud. In a rotation and its answer:
    // epoch 32, Δ or C 36. In a key by name: hospital 0, A 32.
    let c_prime = 32 + upload.len();
    let (t, t_shared) = (32 + upload.len(), 32 + later.len());
    for (comment, kind, root, bytes) in [
        ("an envelope of version 2", "upload", hospitals, put(upload, 44, &[2])),
        ("an envelope of suite 3", "upload", hospitals, put(upload, 45, &[3])),
        ("the flags of Z", "upload", hospitals, flip(upload, 80, 0x80)),
        ("the flags of C", "upload", hospitals, flip(upload, 128, 0x80)),
        ("the flags of Y", "upload", hospitals, flip(upload, 352, 0x80)),
        ("Y = 1", "upload", hospitals, put(upload, 352, &Gt::identity().to_bytes())),
        ("an upload cut off in the identifier of its record", "upload", hospitals, upload[..31].to_vec()),
        ("a fetch cut off in the identifier of its request", "fetch", hospitals, fetch[..31].to_vec()),
        ("an upload cut off in its header", "upload", hospitals, upload[..319].to_vec()),
        ("an upload cut off in its epoch", "upload", hospitals, upload[..35].to_vec()),
        ("the flags of Y in the upload of a delivery", DELIVERY, clouds, flip(delivery, 32 + 352, 0x80)),
        ("the flags of C'", DELIVERY, clouds, flip(delivery, c_prime, 0x80)),
        ("the flags of W", DELIVERY, clouds, flip(delivery, c_prime + 192, 0x80)),
        ("a delivery cut off in C'", DELIVERY, clouds, delivery[..c_prime + 191].to_vec()),
        ("a delivery cut off in its proof", DELIVERY, clouds, delivery[..c_prime + 303].to_vec()),
        ("high s in the upload of a delivery", DELIVERY, clouds, {
            let at = c_prime - 64;
            let signature: [u8; 64] = delivery[at..c_prime].try_into().map_err(malformed)?;
            put(delivery, at, &high_s(&signature))
        }),
        ("the flags of Δ", "rotation", users, flip(rotation, 36, 0x80)),
        ("Δ = 1", "rotation", users, put(rotation, 36, &Gt::identity().to_bytes())),
        ("a rotation cut off in Δ", "rotation", users, rotation[..36 + 191].to_vec()),
        ("a rotation cut off in its sealed u", "rotation", users, rotation[..36 + 192 + 31].to_vec()),
        ("the flags of the new C", "rotated record", clouds, flip(rotated, 36, 0x80)),
        ("a rotated record cut off in C", "rotated record", clouds, rotated[..36 + 191].to_vec()),
        ("the flags of A", "key by name", users, flip(named, 32, 0x80)),
        ("A = 1", "key by name", users, put(named, 32, &[&[0xc0][..], &[0; 47]].concat())),
        ("a key by name cut off in A", "key by name", users, named[..32 + 47].to_vec()),
        ("the flags of Y in the note of a grant", "grant", users, flip(grant, 32 + 352, 0x80)),
        ("high s in the note of a grant", "grant", users, {
            let signature: [u8; 64] = grant[t - 64..t].try_into().map_err(malformed)?;
            put(grant, t - 64, &high_s(&signature))
        }),
        ("t = 0", "grant", users, put(grant, t, &[0])),
        ("2 of 1", "grant", users, put(grant, t, &[2])),
        ("1 of 17", "grant", users, put(grant, t + 1, &[17])),
        ("the flags of V_0", "grant", users, flip(grant, t + 2, 0x80)),
        ("the flags of V_1", "grant", users, flip(shared, t_shared + 2 + 192, 0x80)),
        ("a grant cut off in the identifier of a cloud", "grant", users, grant[..t + 2 + 192 + 31].to_vec()),
        ("a sealed k_re of 2^20 + 1 bytes", "grant", users, put(grant, t + 2 + 192 + 64, &[0, 0x10, 0, 1])),
    ] {
        file.invalid(comment, &["Field"], case(kind, root, now, &bytes))?;
    }
    Ok(())
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
