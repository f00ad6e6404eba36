use super::*;
use proptest::prelude::*;

#[test]
fn unsorted_and_doubled_keys_are_not_canonical() {
    let write = |key: &str| Write { key: key.into(), value: Vec::new() };
    for keys in [["b", "a"], ["a", "a"]] {
        let set = ReadWriteSet { reads: Vec::new(), writes: keys.map(write).to_vec() };
        let refused = Err(DecodeError::NonCanonical { what: ReadWriteSet::NAME });
        assert_eq!(ReadWriteSet::from_bytes(&set.to_bytes()), refused);
        let reads = keys.map(|key| Read { key: key.into(), version: None }).to_vec();
        assert_eq!(ReadWriteSet::from_bytes(&ReadWriteSet { reads, writes: Vec::new() }.to_bytes()), refused);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sets_read_back(keys in prop::collection::btree_map("[a-z/]{0,8}", any::<Option<(u64, u32)>>(), 0..8)) {
        let reads = keys
            .iter()
            .map(|(key, version)| Read { key: key.clone(), version: version.map(|(block, tx)| Version { block, tx }) })
            .collect();
        let writes = keys.keys().map(|key| Write { key: key.clone(), value: key.as_bytes().to_vec() }).collect();
        let set = ReadWriteSet { reads, writes };
        prop_assert_eq!(ReadWriteSet::from_bytes(&set.to_bytes()), Ok(set));
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(0_u8..4, 0..64)) {
        if let Ok(set) = ReadWriteSet::from_bytes(&bytes) {
            prop_assert_eq!(set.to_bytes(), bytes);
        }
    }
}
