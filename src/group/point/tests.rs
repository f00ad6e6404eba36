use super::*;
use crate::group::plain::Plain;
use crate::group::tests::rng;

/// The generators as the CFRG draft on pairing-friendly curves prints them, compressed.
#[test]
fn generators_have_the_standard_encoding() {
    assert_eq!(
        hex::encode(G1::generator().to_bytes()),
        "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
    );
    assert_eq!(
        hex::encode(G2::generator().to_bytes()),
        "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e\
         024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
    );
}

#[test]
fn encodings_read_back_and_lengths_are_checked() {
    let (p, q) = (G1::random(&mut rng(1)), G2::random(&mut rng(1)));
    assert_eq!(G1::from_bytes(&p.to_bytes()), Ok(p));
    assert_eq!(G2::from_bytes(&q.to_bytes()), Ok(q));
    assert_eq!(G1::from_bytes(&[0; 47]), Err(DecodeError::Length { what: "G1", expected: 48, got: 47 }));
    assert_eq!(G2::from_bytes(&[0; 97]), Err(DecodeError::Length { what: "G2", expected: 96, got: 97 }));
}

#[test]
fn the_identity_is_written_and_refused_by_name() {
    let (mut p, mut q) = (G1::identity().to_bytes(), G2::identity().to_bytes());
    assert_eq!(
        (hex::encode(p), hex::encode(q)),
        ("c0".to_owned() + &"00".repeat(47), "c0".to_owned() + &"00".repeat(95))
    );
    assert_eq!(Plain.decode_g1(&p), Err(DecodeError::Identity { what: "G1" }));
    assert_eq!(Plain.decode_g2(&q), Err(DecodeError::Identity { what: "G2" }));
    (p[47], q[95]) = (1, 1);
    assert_eq!(Plain.decode_g1(&p), Err(DecodeError::NonCanonical { what: "G1" }));
    assert_eq!(Plain.decode_g2(&q), Err(DecodeError::NonCanonical { what: "G2" }));
    assert_eq!(Plain.decode_g1(&[0; 48]), Err(DecodeError::Flags { what: "G1" }));
}

#[test]
fn division_undoes_multiplication() {
    let (p, q) = (G1::random(&mut rng(2)), G1::random(&mut rng(3)));
    assert_eq!(p * q / q, p);
    assert!((p * p.inverse()).is_identity());
}
