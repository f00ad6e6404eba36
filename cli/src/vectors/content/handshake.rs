//! Cases of the Diffie-Hellman handshake, and the messages that either side refuses.

use super::super::case::{Fault, clamped, hex, read_hex};
use super::super::file::File;
use super::super::operations::scheme::HANDSHAKE;
use super::draw::{bytes, flip, put};
use phi_pre::identity::SigningKey;
use phi_pre::pre::{DhPublicKey, Party, Session};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

pub(super) fn diffie_hellman() -> Result<File, Fault> {
    let notes = &[
        ("Handshake", "Both sides come to the same sk."),
        ("SmallOrder", "A share of small order: the secret would be zero (RFC 7748, section 6.1)."),
        ("ForeignShare", "The session does not hold the share of this side's secret."),
        ("Unauthenticated", "The other side did not sign this session."),
    ];
    let mut file = File::new("diffie-hellman", "Authenticated X25519", notes);
    file.group(&HANDSHAKE);
    for (name_i, name_r) in [(&b"user"[..], &b"hospital"[..]), (b"", b""), (&[0x30; 300], &[0x31; 300])] {
        let sides = Sides::new(&mut file.rng, name_i, name_r);
        file.valid("the initiator", &["Handshake"], sides.case("I", None, None, None))?;
        file.valid("the responder", &["Handshake"], sides.case("R", None, None, None))?;
    }
    let sides = Sides::new(&mut file.rng, b"user", b"hospital");
    for point in SMALL_ORDER {
        let low = read_hex(&(*point).into())?;
        file.invalid("a share of small order", &["SmallOrder"], sides.case("I", Some(("X_R", low)), None, None))?;
    }
    let other = Sides::new(&mut file.rng, b"user", b"hospital");
    let foreign = other.shares[0].to_vec();
    file.invalid("another X_I", &["ForeignShare"], sides.case("I", Some(("X_I", foreign.clone())), None, None))?;
    let foreign = Some(("X_R", other.shares[1].to_vec()));
    file.invalid("another X_R", &["ForeignShare"], sides.case("R", foreign, None, None))?;
    let signed = sides.signature("I");
    let faults = [
        ("another responder's name", Some(("name_R", b"hospitals".to_vec())), None, None),
        ("another initiator's name", Some(("name_I", b"userh".to_vec())), None, None),
        ("another responder's share", Some(("X_R", other.shares[1].to_vec())), Some(signed), None),
        ("the other session's signature", None, Some(other.signature("I")), None),
        ("this side's own signature", None, Some(sides.signature("R")), None),
        ("a bit of r", None, Some(flip(&sides.signature("I"), 5, 1)), None),
        ("a bit of s", None, Some(flip(&sides.signature("I"), 40, 1)), None),
        ("r = 0", None, Some(put(&sides.signature("I"), 0, &[0; 32])), None),
        ("another key", None, None, Some(other.keys[1].verifying_key().as_bytes().to_vec())),
    ];
    for (comment, fault, signature, key) in faults {
        file.invalid(comment, &["Unauthenticated"], sides.case("I", fault, signature, key))?;
    }
    Ok(file)
}

/// Points of order 1, 2, 4 and 8, and their encodings that are at least p.
const SMALL_ORDER: &[&str] = &[
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

pub(super) struct Sides {
    names: [Vec<u8>; 2],
    secrets: [[u8; 32]; 2],
    shares: [[u8; 32]; 2],
    keys: [SigningKey; 2],
}

impl Sides {
    fn new(rng: &mut ChaCha20Rng, name_i: &[u8], name_r: &[u8]) -> Self {
        let secrets = [bytes::<32>(rng), bytes::<32>(rng)];
        Self::between([name_i, name_r], secrets, [SigningKey::random(rng), SigningKey::random(rng)])
    }

    /// A session of these parties. The secrets are clamped.
    pub(super) fn between(names: [&[u8]; 2], secrets: [[u8; 32]; 2], keys: [SigningKey; 2]) -> Self {
        let secrets = secrets.map(clamped);
        let share = |secret: [u8; 32]| {
            phi_pre::identity::SealingKey::from_bytes(phi_pre::secret::Secret::new(secret)).public().0
        };
        Self { names: names.map(<[u8]>::to_vec), secrets, shares: secrets.map(share), keys }
    }

    fn session(&self) -> Session<'_> {
        let side = |i: usize| (self.names[i].as_slice(), DhPublicKey(self.shares[i]));
        Session { initiator: side(0), responder: side(1) }
    }

    /// The valid case of the initiator.
    pub(super) fn good(&self) -> Value {
        self.case("I", None, None, None)
    }

    /// The other side's signature, which `side` has to check.
    fn signature(&self, side: &str) -> Vec<u8> {
        self.sign(&self.session(), side)
    }

    fn sign(&self, session: &Session<'_>, side: &str) -> Vec<u8> {
        let (signer, key) =
            if side == "I" { (Party::Responder, &self.keys[1]) } else { (Party::Initiator, &self.keys[0]) };
        key.sign(&session.statement(signer).0).as_bytes().to_vec()
    }

    /// The case of `side`, with at most one field replaced. Unless a signature is given, a replaced share is signed
    /// anew, so that the share is the only fault.
    fn case(
        &self,
        side: &str,
        fault: Option<(&str, Vec<u8>)>,
        signature: Option<Vec<u8>>,
        key: Option<Vec<u8>>,
    ) -> Value {
        let own = usize::from(side == "R");
        let mut session = self.session();
        match &fault {
            Some(("X_I", share)) => session.initiator.1 = DhPublicKey(share.as_slice().try_into().unwrap_or_default()),
            Some(("X_R", share)) => session.responder.1 = DhPublicKey(share.as_slice().try_into().unwrap_or_default()),
            _ => {}
        }
        let signature = signature.unwrap_or_else(|| self.sign(&session, side));
        let key = key.unwrap_or_else(|| self.keys[1 - own].verifying_key().as_bytes().to_vec());
        let mut case = json!({
            "side": side,
            "secret": hex(self.secrets[own]),
            "name_I": hex(&self.names[0]),
            "name_R": hex(&self.names[1]),
            "X_I": hex(self.shares[0]),
            "X_R": hex(self.shares[1]),
            "verifying_key": hex(key),
            "signature": hex(signature),
        });
        if let Some((name, bytes)) = fault {
            case[name] = hex(bytes);
        }
        case
    }
}
