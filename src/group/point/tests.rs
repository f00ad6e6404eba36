use super::*;
use crate::group::Engine;
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

/// RFC 9380, appendix J.10.1: all five vectors, the points compressed.
#[test]
fn hashes_to_g2_are_those_of_rfc_9380() {
    let (long, longer) = (format!("q128_{}", "q".repeat(128)), format!("a512_{}", "a".repeat(512)));
    let vectors = [
        (
            "",
            "a5cb8437535e20ecffaef7752baddf98034139c38452458baeefab379ba13dff5bf5dd71b72418717047f5b0f37da03d\
             0141ebfbdca40eb85b87142e130ab689c673cf60f1a3e98d69335266f30d9b8d4ac44c1038e9dcdd5393faf5c41fb78a",
        ),
        (
            "abc",
            "939cddbccdc5e91b9623efd38c49f81a6f83f175e80b06fc374de9eb4b41dfe4ca3a230ed250fbe3a2acf73a41177fd8\
             02c2d18e033b960562aae3cab37a27ce00d80ccd5ba4b7fe0e7a210245129dbec7780ccc7954725f4168aff2787776e6",
        ),
        (
            "abcdef0123456789",
            "990d119345b94fbd15497bcba94ecf7db2cbfd1e1fe7da034d26cbba169fb3968288b3fafb265f9ebd380512a71c3f2c\
             121982811d2491fde9ba7ed31ef9ca474f0e1501297f68c298e9f4c0028add35aea8bb83d53c08cfc007c1e005723cd0",
        ),
        (
            &long,
            "8934aba516a52d8ae479939a91998299c76d39cc0c035cd18813bec433f587e2d7a4fef038260eef0cef4d02aae3eb91\
             19a84dd7248a1066f737cc34502ee5555bd3c19f2ecdb3c7d9e24dc65d4e25e50d83f0f77105e955d78f4762d33c17da",
        ),
        (
            &longer,
            "91fca2ff525572795a801eed17eb12785887c7b63fb77a42be46ce4a34131d71f7a73e95fee3f812aea3de78b4d01569\
             01a6ba2f9a11fa5598b2d8ace0fbe0a0eacb65deceb476fbbcb64fd24557c2f4b18ecfc5663e54ae16a84f5ab7f62534",
        ),
    ];
    for (message, point) in vectors {
        let dst = b"QUUX-V01-CS02-with-BLS12381G2_XMD:SHA-256_SSWU_RO_";
        let hash = G2::hash(message.as_bytes(), dst);
        assert_eq!(hash.to_string(), point, "{message}");
        assert_eq!(G2::from_bytes(&hash.to_bytes()), Ok(hash)); // in the group
        assert_eq!(G2(Plain.hash_g2(message.as_bytes(), dst)), hash);
    }
    // Tags below, at and above 255 bytes, where section 5.3.3 hashes the tag.
    for length in [1, 254, 255, 256, 300] {
        let dst = vec![b'd'; length];
        for engine in Engine::available() {
            assert_eq!(engine.hash_g2(b"message", &dst), Plain.hash_g2(b"message", &dst), "{length}");
        }
    }
}
