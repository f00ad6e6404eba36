use super::super::fixture::rng;
use super::*;
use proptest::prelude::*;

/// The order n of P-256 (FIPS 186-5, SP 800-186).
const N: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

fn array<const L: usize>(hex: &str) -> [u8; L] {
    hex::decode(hex).unwrap().try_into().unwrap()
}

/// n - s, big-endian.
fn negate(s: &[u8]) -> [u8; 32] {
    let n: [u8; 32] = array(N);
    let (mut out, mut borrow) = ([0; 32], 0);
    for i in (0..32).rev() {
        let d = i16::from(n[i]) - i16::from(s[i]) - borrow;
        borrow = i16::from(d < 0);
        out[i] = u8::try_from(d.rem_euclid(256)).unwrap();
    }
    out
}

/// RFC 6979 A.2.5, SHA-256. The s of "sample" is high in the RFC; here it is replaced by n - s.
#[test]
fn rfc6979_values() {
    let secret = Secret::new(array("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"));
    let key = SigningKey::from_bytes(&secret).unwrap();
    let point = "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6\
                 7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
    assert_eq!(*key.verifying_key().as_bytes(), array(point));
    let r: [u8; 32] = array("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716");
    let s: [u8; 32] = array("f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
    assert_eq!(key.sign(b"sample").as_bytes()[..], [r, negate(&s)].concat());
    let test = "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367\
                019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083";
    assert_eq!(*key.sign(b"test").as_bytes(), array(test));
    assert_eq!(key.to_bytes().expose(), secret.expose());
}

#[test]
fn a_signature_verifies_for_one_key_and_one_message() {
    let rng = &mut rng(1);
    let (key, other) = (SigningKey::random(rng), SigningKey::random(rng));
    let signature = key.sign(b"message");
    assert_eq!(key.verifying_key().verify(b"message", &signature), Ok(()));
    assert_eq!(key.verifying_key().verify(b"messagf", &signature), Err(IdentityError::BadSignature));
    assert_eq!(other.verifying_key().verify(b"message", &signature), Err(IdentityError::BadSignature));
}

#[test]
fn zero_n_and_high_s_are_refused() {
    let good = *SigningKey::random(&mut rng(2)).sign(b"m").as_bytes();
    let with = |r: &[u8], s: &[u8]| -> [u8; 64] { [r, s].concat().try_into().unwrap() };
    let (r, s) = good.split_at(32);
    let n: [u8; 32] = array(N);
    for bad in [with(&[0; 32], s), with(r, &[0; 32]), with(&n, s), with(r, &n), [0xff; 64]] {
        assert_eq!(Signature::from_bytes(&bad), Err(IdentityError::BadSignature));
        assert_eq!(<Signature as Wire>::from_bytes(&bad), Err(DecodeError::NonCanonical { what: "signature" }));
    }
    let high = with(r, &negate(s));
    assert_eq!(Signature::from_bytes(&high), Err(IdentityError::HighS));
    assert_eq!(<Signature as Wire>::from_bytes(&high), Err(DecodeError::NonCanonical { what: "signature" }));
    // The bound itself: (n-1)/2 is low, (n+1)/2 is high.
    let half: [u8; 32] = array("7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8");
    assert!(Signature::from_bytes(&with(r, &half)).is_ok());
    assert_eq!(Signature::from_bytes(&with(r, &negate(&half))), Err(IdentityError::HighS));
    // A library without the low-s rule also accepts the high s. This is why this crate must refuse it.
    let key = SigningKey::random(&mut rng(2)).verifying_key();
    assert_eq!(key.verify(b"m", &Signature(high)), Ok(()));
}

#[test]
fn bytes_that_are_no_keys_are_refused() {
    for bad in [[0; 32], array(N), [0xff; 32]] {
        assert_eq!(SigningKey::from_bytes(&Secret::new(bad)).unwrap_err(), IdentityError::BadKey);
    }
    let good = *SigningKey::random(&mut rng(3)).verifying_key().as_bytes();
    let (mut off_curve, mut form) = (good, good);
    off_curve[64] ^= 1;
    form[0] = 6;
    for bad in [off_curve, form, [0; 65]] {
        assert_eq!(VerifyingKey::from_bytes(&bad), Err(IdentityError::BadKey));
        assert_eq!(<VerifyingKey as Wire>::from_bytes(&bad), Err(DecodeError::NotOnCurve { what: "verifying key" }));
    }
    assert!(<VerifyingKey as Wire>::from_bytes(&good[..64]).is_err());
}

/// What `openssl pkcs8 -topk8 -nocrypt` (3.0) writes for the key of RFC 6979 A.2.5.
const OPENSSL: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgya+p2EW6dRZrXCFX
Z7HWk05Qw9s26JsSe4piKxIPZyGhRANCAARg/tS6JVqdMclh63TGNW1owEm4kjth
+mzmaWIuYPKftnkD/hAIuLyZpBrp6VYovGTy8bIMLX6fUXejwpTURiKZ
-----END PRIVATE KEY-----
";

#[test]
fn a_private_key_has_one_form_in_pem() {
    let secret = Secret::new(array("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"));
    let key = SigningKey::from_bytes(&secret).unwrap();
    assert_eq!(key.to_pkcs8_pem().unwrap().expose(), OPENSSL);
    assert_eq!(SigningKey::from_pkcs8_pem(OPENSSL).unwrap().to_bytes().expose(), secret.expose());
    let refused = |text: &str| SigningKey::from_pkcs8_pem(text).map(drop).unwrap_err();
    let not_pem = IdentityError::BadPem { what: "private key" };
    for text in [
        String::new(),
        format!(" {OPENSSL}"),
        format!("{OPENSSL}\n"),
        OPENSSL.trim_end().to_owned(),
        OPENSSL.replace('\n', "\r\n"),
        OPENSSL.replace("PRIVATE KEY", "EC PRIVATE KEY"),
        OPENSSL.replace("PRIVATE KEY", "CERTIFICATE"),
        OPENSSL.repeat(9),
    ] {
        assert_eq!(refused(&text), not_pem, "{text:?}");
    }
    // Another curve, d = 0, and a Q of another key.
    let (_, der) = der::pem::decode_vec(OPENSSL.as_bytes()).unwrap();
    for (at, bytes) in [(22, &[6][..]), (36, &[0; 32]), (137, &[0])] {
        let mut der = der.clone();
        assert_ne!(&der[at..at + bytes.len()], bytes);
        der[at..at + bytes.len()].copy_from_slice(bytes);
        let pem = der::pem::encode_string("PRIVATE KEY", LineEnding::LF, &der).unwrap();
        assert_eq!(refused(&pem), IdentityError::BadKey, "{at}");
    }
}

#[test]
fn a_signature_in_der_reads_back() {
    for seed in 0..32 {
        let signature = SigningKey::random(&mut rng(seed)).sign(b"m");
        let der = signature.to_der().unwrap();
        assert_eq!(Signature::from_der(&der), Ok(signature));
        assert_eq!(Signature::from_der(&der[1..]), Err(IdentityError::malformed("signature")));
    }
}

#[test]
fn nothing_secret_prints() {
    let key = SigningKey::random(&mut rng(4));
    assert_eq!(format!("{key:?}"), "SigningKey(<redacted>)");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    /// Every signature is low-S, reads back, and fails with any bit flipped.
    #[test]
    fn flipped_signatures_are_refused(seed: u64, message: Vec<u8>, bit in 0_usize..512) {
        let key = SigningKey::random(&mut rng(seed));
        let signature = key.sign(&message);
        prop_assert_eq!(<Signature as Wire>::from_bytes(&signature.to_bytes()), Ok(signature));
        prop_assert_eq!(key.verifying_key().verify(&message, &signature), Ok(()));
        let mut flipped = *signature.as_bytes();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let refused = Signature::from_bytes(&flipped).and_then(|s| key.verifying_key().verify(&message, &s));
        prop_assert!(matches!(refused, Err(IdentityError::BadSignature | IdentityError::HighS)));
    }
}
