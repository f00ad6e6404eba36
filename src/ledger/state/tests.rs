use super::*;
use proptest::prelude::*;

#[derive(Default)]
struct Fixed(BTreeMap<String, Entry>);

impl Committed for Fixed {
    fn entry(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        Ok(self.0.get(key).cloned())
    }

    fn knows(&self, _: &TxId) -> Result<bool, StoreError> {
        Ok(false)
    }
}

const VERSION: Version = Version { block: 3, tx: 1 };

fn one(key: &str) -> Fixed {
    Fixed([(key.to_owned(), Entry { version: VERSION, value: b"old".to_vec() })].into())
}

/// As on Fabric: what a transaction put it does not get, and what it got is recorded with its version.
#[test]
fn no_read_your_writes() {
    let state = one("k");
    let mut simulation = Simulation::new(&state);
    simulation.put("k", b"new".to_vec()).unwrap();
    assert_eq!(simulation.get("k").unwrap(), Some(b"old".to_vec()));
    assert_eq!(simulation.get("absent").unwrap(), None);
    simulation.put("k", b"newest".to_vec()).unwrap();
    let set = simulation.finish();
    let absent = Read { key: "absent".into(), version: None };
    assert_eq!(set.reads(), [absent, Read { key: "k".into(), version: Some(VERSION) }]);
    assert_eq!(set.writes(), [Write { key: "k".into(), value: b"newest".to_vec() }]);
}

/// The order in which a contract reads and writes leaves no trace.
#[test]
fn sets_are_sorted() {
    let state = one("b");
    let run = |keys: [&str; 3]| {
        let mut simulation = Simulation::new(&state);
        for key in keys {
            simulation.get(key).unwrap();
            simulation.put(key, vec![1]).unwrap();
        }
        simulation.finish().to_bytes()
    };
    assert_eq!(run(["a", "b", "c"]), run(["c", "a", "b"]));
}

#[test]
fn limits_are_named() {
    let state = Fixed::default();
    let mut simulation = Simulation::new(&state);
    let long = "k".repeat(KEY_LIMIT as usize + 1);
    assert!(matches!(simulation.get(&long), Err(StateError::Limit { what: "key", .. })));
    assert!(matches!(simulation.put(&long, Vec::new()), Err(StateError::Limit { what: "key", .. })));
    let value = vec![0; VALUE_LIMIT as usize + 1];
    assert!(matches!(simulation.put("k", value), Err(StateError::Limit { what: "value", .. })));
    for n in 0..KEYS_LIMIT {
        simulation.get(&n.to_string()).unwrap();
    }
    assert!(matches!(simulation.get("one more"), Err(StateError::Limit { what: "keys read", .. })));
}

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
