use super::*;
use crate::ledger::format::proposal::TxId;
use crate::ledger::format::rwset::{Entry, Read, Write};
use crate::wire::Wire;

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
