use super::super::fixture::rng;
use super::*;
use core::convert::Infallible;
use rand_core::{TryCryptoRng, TryRng};

fn hex<const L: usize>(text: &str) -> [u8; L] {
    hex::decode(text).unwrap().try_into().unwrap()
}

/// A random generator that returns the bytes of a test vector.
struct Replay(Vec<u8>);

impl TryRng for Replay {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("only bytes are asked for")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("only bytes are asked for")
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        let rest = self.0.split_off(dst.len());
        dst.copy_from_slice(&core::mem::replace(&mut self.0, rest));
        Ok(())
    }
}

impl TryCryptoRng for Replay {}

/// RFC 9180 A.2.1 and A.2.1.1, sequence number 0, in both directions.
#[test]
fn rfc9180_value() {
    let ikm_e: [u8; 32] = hex("909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b");
    let key = SealingKey(Secret::new(hex("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb")));
    let public = SealingPublicKey(hex("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a"));
    let (info, aad, plaintext) = (b"Ode on a Grecian Urn", b"Count-0", b"Beauty is truth, truth beauty");
    assert_eq!(key.public(), public);
    let sealed = seal(&public, info, aad, plaintext, &mut Replay(ikm_e.to_vec())).unwrap();
    assert_eq!(sealed.enc, hex("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"));
    let ciphertext = "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28";
    assert_eq!(sealed.ciphertext, hex::<45>(ciphertext));
    assert_eq!(key.open(info, aad, &sealed).unwrap().expose(), plaintext);
}

#[test]
fn every_change_is_refused_with_the_same_error() {
    let rng = &mut rng(1);
    let (key, other) = (SealingKey::random(rng), SealingKey::random(rng));
    let sealed = seal(&key.public(), b"info", b"aad", b"secret", rng).unwrap();
    let refused = |key: &SealingKey, info: &[u8], aad: &[u8], sealed: &Sealed| {
        assert_eq!(key.open(info, aad, sealed).unwrap_err(), IdentityError::CannotOpen);
    };
    assert_eq!(key.open(b"info", b"aad", &sealed).unwrap().expose(), b"secret");
    refused(&other, b"info", b"aad", &sealed);
    refused(&key, b"infp", b"aad", &sealed);
    refused(&key, b"info", b"aae", &sealed);
    for bit in 0..32 * 8 + sealed.ciphertext.len() * 8 {
        let mut changed = sealed.clone();
        // X25519 ignores the top bit of enc, but the key schedule uses all bits of enc.
        match bit / 8 {
            at @ 0..32 => changed.enc[at] ^= 1 << (bit % 8),
            at => changed.ciphertext[at - 32] ^= 1 << (bit % 8),
        }
        refused(&key, b"info", b"aad", &changed);
    }
    for n in 0..sealed.ciphertext.len() {
        refused(&key, b"info", b"aad", &Sealed { enc: sealed.enc, ciphertext: sealed.ciphertext[..n].to_vec() });
    }
    refused(&key, b"info", b"aad", &Sealed { enc: [0; 32], ciphertext: sealed.ciphertext });
}

/// u = 0 has order 2 (RFC 7748 section 6.1): the shared secret would be known to everybody.
#[test]
fn nothing_is_sealed_to_a_point_of_small_order() {
    let sealed = seal(&SealingPublicKey([0; 32]), b"", b"", b"secret", &mut rng(2));
    assert_eq!(sealed, Err(IdentityError::BadSealingKey));
}

#[test]
fn reads_back_and_is_limited() {
    let rng = &mut rng(3);
    let sealed = seal(&SealingKey::random(rng).public(), b"", b"", b"secret", rng).unwrap();
    let bytes = sealed.to_bytes();
    assert_eq!(bytes.len(), b"secret".len() + 52);
    assert_eq!(<Sealed as Wire>::from_bytes(&bytes), Ok(sealed));
    let mut long = bytes;
    long[32..36].copy_from_slice(&(Sealed::LIMIT + 1).to_be_bytes());
    let limit = DecodeError::Limit { what: "sealed message", limit: 1 << 20, got: (1 << 20) + 1 };
    assert_eq!(<Sealed as Wire>::from_bytes(&long), Err(limit));
}

#[test]
fn the_private_key_does_not_print() {
    assert_eq!(format!("{:?}", SealingKey::random(&mut rng(4))), "SealingKey(<redacted>)");
}
