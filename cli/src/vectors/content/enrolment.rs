//! Cases of the answer with the code that a participant sends, and of the credentials that the authority delivers.

use super::super::case::{Fault, clamped, hex, malformed};
use super::super::file::File;
use super::super::operations::enrolment::{ENROLMENT, SEALED_CODE};
use super::draw::{bytes, encoded, flip, lengths, put};
use super::world::{Known, NOW};
use phi_pre::identity::{
    Delivery, IdentityError, ParticipantGroup, PhoneNumber, Role, SealedCode, SealedEnrolment, SealingKey,
    SealingPublicKey, Signature, Ticket, seal,
};
use phi_pre::secret::Secret;
use serde_json::{Value, json};

const NOTES: &[(&str, &str)] = &[
    ("Code", "The code and the participant's key, sealed to the authority."),
    ("Delivery", "Credentials, sealed to the participant and signed by the authority."),
    ("CannotOpen", "Another key, ticket or authority, or altered bytes."),
    ("Origin", "The authority's signature is missing, or is for something else."),
    ("Malformed", "Bytes, or an opened content, of another form."),
];
const CODE: &[u8] = b"phi-pre/1/code";

struct Phone(String);

impl Delivery for Phone {
    fn deliver(&mut self, _: &PhoneNumber, code: &str) {
        code.clone_into(&mut self.0);
    }
}

/// A participant of one authority: the ticket, the private key, the answer and the delivery.
struct Enrolled {
    ticket: Ticket,
    key: [u8; 32],
    answer: SealedCode,
    delivery: Vec<u8>,
}

impl Enrolled {
    fn new(file: &mut File, by: &mut Known, kind: &str, number: &str) -> Result<Self, Fault> {
        let key = clamped(bytes(&mut file.rng));
        let (rng, now, mut phone) = (&mut file.rng, NOW.seconds(), Phone(String::new()));
        let number = PhoneNumber::new(number).map_err(malformed)?;
        let person = kind == "person";
        let ticket = if person {
            by.authority.begin_registration(&number, now, &mut phone, rng)
        } else {
            by.authority.begin_institution("North Hospital", Role::Hospital, &number, now, &mut phone, rng)
        };
        let ticket = ticket.map_err(malformed)?;
        let answer = SealedCode::new(by.root(), &ticket, &phone.0, &public(key), rng).map_err(malformed)?;
        let sealed: Result<SealedEnrolment, IdentityError> = if person {
            by.authority.finish_registration(&ticket, &answer, now, rng)
        } else {
            by.authority.finish_institution(&ticket, &answer, now, rng)
        };
        Ok(Self { ticket, key, answer, delivery: encoded(&sealed.map_err(malformed)?) })
    }
}

fn public(key: [u8; 32]) -> SealingPublicKey {
    SealingKey::from_bytes(Secret::new(key)).public()
}

pub(super) fn enrolment() -> Result<File, Fault> {
    let mut file = File::new("enrolment", "Enrolment", NOTES);
    let mut users = Known::new(ParticipantGroup::Users, &mut file.rng)?;
    users.authority = users.authority.with_pseudonyms(2).map_err(malformed)?;
    let mut hospitals = Known::new(ParticipantGroup::Hospitals, &mut file.rng)?;
    codes(&mut file, &mut users, &hospitals)?;
    file.group(&ENROLMENT);
    deliveries(&mut file, &mut users, &hospitals, "person")?;
    deliveries(&mut file, &mut hospitals, &users, "institution")?;
    Ok(file)
}

fn codes(file: &mut File, users: &mut Known, others: &Known) -> Result<(), Fault> {
    let Enrolled { ticket, key: participant, answer, .. } = Enrolled::new(file, users, "person", "+821000000001")?;
    let (good, key) = (encoded(&answer), clamped(*users.sealing_key.to_bytes().expose()));
    let root = users.root().der();
    let input = |key: [u8; 32], ticket: &[u8], root: &[u8], encoding: &[u8]| json!({ "key": hex(key), "ticket": hex(ticket), "root": hex(root), "encoding": hex(encoding) });
    file.group(&SEALED_CODE);
    file.valid("a code and a key", &["Code"], input(key, &ticket.0, root, &good))?;
    let aad = [&users.root().fingerprint().0[..], &ticket.0].concat();
    let mut sealed = |content: &[u8], info: &[u8]| -> Result<Vec<u8>, Fault> {
        Ok(encoded(&seal(&users.sealing_key.public(), info, &aad, content, &mut file.rng).map_err(malformed)?))
    };
    let content = |code: &[u8]| {
        [&public(participant).0[..], &u32::try_from(code.len()).unwrap_or(u32::MAX).to_be_bytes(), code].concat()
    };
    let empty = sealed(&content(b""), CODE)?;
    let malformed = [
        ("a code that is not UTF-8", sealed(&content(&[0xff]), CODE)?),
        ("a code longer than may be", sealed(&content(&[b'1'; 65]), CODE)?),
        ("a byte behind the code", sealed(&[&content(b"123456")[..], &[0]].concat(), CODE)?),
        ("a key that is cut", sealed(&[7; 31], CODE)?),
    ];
    let elsewhere = sealed(&content(b"123456"), b"phi-pre/2/enrolment")?;
    file.valid("an empty code, which is a wrong one", &["Code"], input(key, &ticket.0, root, &empty))?;
    let foreign = clamped(*others.sealing_key.to_bytes().expose());
    for (comment, key, ticket, root, encoding) in [
        ("another key", foreign, ticket.0, root, good.clone()),
        ("another ticket", key, [9; 16], root, good.clone()),
        ("another authority", key, ticket.0, others.root().der(), good.clone()),
        ("the content altered", key, ticket.0, root, flip(&good, 40, 1)),
        ("sealed for another use", key, ticket.0, root, elsewhere),
    ] {
        file.invalid(comment, &["CannotOpen"], input(key, &ticket, root, &encoding))?;
    }
    for (comment, encoding) in malformed.into_iter().chain(lengths(&good)) {
        file.invalid(comment, &["Malformed"], input(key, &ticket.0, root, &encoding))?;
    }
    Ok(())
}

fn deliveries(file: &mut File, by: &mut Known, others: &Known, kind: &str) -> Result<(), Fault> {
    let mallory = Enrolled::new(file, by, kind, "+821000000002")?;
    let Enrolled { ticket, key, delivery: good, .. } = Enrolled::new(file, by, kind, "+821000000003")?;
    let root = by.root().der();
    let input = |kind: &str, key: [u8; 32], ticket: &[u8], root: &[u8], encoding: &[u8]| -> Value {
        json!({ "kind": kind, "key": hex(key), "ticket": hex(ticket), "root": hex(root), "encoding": hex(encoding) })
    };
    let normal = |encoding: &[u8]| input(kind, key, &ticket.0, root, encoding);
    file.valid(&format!("the credentials of a {kind}"), &["Delivery"], normal(&good))?;
    // An attacker with an account seals the own credentials to the victim's key under the victim's ticket.
    let info: &[u8] = if kind == "person" { b"phi-pre/2/enrolment" } else { b"phi-pre/2/institution" };
    let (sealed, signature) = mallory.delivery.split_at(mallory.delivery.len() - 64);
    let context = |ticket: &Ticket| [&by.root().fingerprint().0[..], &ticket.0].concat();
    let hers = SealingKey::from_bytes(Secret::new(mallory.key));
    let known = <phi_pre::identity::Sealed as phi_pre::wire::Wire>::from_bytes(sealed).map_err(malformed)?;
    let known = hers.open(info, &context(&mallory.ticket), &known).map_err(malformed)?;
    let swapped = seal(&public(key), info, &context(&ticket), known.expose(), &mut file.rng).map_err(malformed)?;
    let swapped = [&encoded(&swapped)[..], signature].concat();
    let own = by.key.sign(b"something else");
    let other_kind = if kind == "person" { "institution" } else { "person" };
    let at = good.len() - 64;
    for (comment, input) in [
        ("an attacker's credentials, sealed to the victim", normal(&swapped)),
        ("an attacker's delivery", normal(&mallory.delivery)),
        ("another key", input(kind, mallory.key, &ticket.0, root, &good)),
        ("another ticket", input(kind, key, &mallory.ticket.0, root, &good)),
        ("another authority", input(kind, key, &ticket.0, others.root().der(), &good)),
        ("the other kind", input(other_kind, key, &ticket.0, root, &good)),
        ("the content altered", normal(&flip(&good, 40, 1))),
        ("a signature of the authority over something else", normal(&put(&good, at, own.as_bytes()))),
    ] {
        file.invalid(comment, &["Origin"], input)?;
    }
    let signature: [u8; 64] = good[at..].try_into().map_err(malformed)?;
    debug_assert!(Signature::from_bytes(&signature).is_ok());
    for (comment, bytes) in [
        ("without a signature, as in version 1", good[..at].to_vec()),
        ("a signature that is none", put(&good, at, &[0; 64])),
    ]
    .into_iter()
    .chain(lengths(&good))
    {
        file.invalid(comment, &["Malformed"], normal(&bytes))?;
    }
    Ok(())
}
