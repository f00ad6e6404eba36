//! The cloud's store: a process that stores envelopes and deliveries is killed. Every listed object is whole, and the
//! same uploads succeed afterwards.

use crate::consortium::{NOW, Platform};
use crate::kill::{Killer, begin, below, child, done, plan};
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, path::Path as Key};
use phi_pre::flow::{Delivery, Draft, Signed, Upload};
use phi_pre::hash::sha256;
use phi_pre::wire::Wire;
use rand_core::Rng;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const RECORDS: usize = 3;

/// Figure 3 up to the record on the ledger, with a random record of this length.
pub fn recorded(platform: &mut Platform, bytes: usize) -> Draft {
    let mut record = vec![0; bytes];
    platform.rng.fill_bytes(&mut record);
    platform.recorded(&record)
}

/// Uploads and re-encrypts a few records of one hospital. The same `life` gives the same records. Returns their number.
pub fn life(store: &Path, life: u64) -> usize {
    let mut platform = Platform::with_store(store, life);
    for _ in 0..RECORDS {
        let bytes = [1_000, 1 << 20, 9 << 20][usize::try_from(below(&mut platform.rng, 3)).unwrap()];
        let draft = recorded(&mut platform, bytes);
        let record = draft.alert().record;
        begin("upload");
        platform.a.upload(&platform.consortium.network, &[&platform.cloud], &draft, NOW).unwrap();
        done("upload", &format!("records/{record}"));
        let grant = platform.granted(record);
        begin("deliver");
        platform.cloud.reencrypt(&platform.consortium.network, &grant, NOW, &mut platform.rng).unwrap();
        done("deliver", &format!("deliveries/{record}-{}", platform.b.id()));
    }
    RECORDS
}

/// The names that a store lists below a prefix.
fn listed(store: &Path, prefix: &str) -> BTreeSet<String> {
    let objects = LocalFileSystem::new_with_prefix(store).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let found = runtime.block_on(objects.list_with_delimiter(Some(&Key::from(prefix)))).unwrap();
    found.objects.into_iter().map(|object| object.location.filename().unwrap().to_owned()).collect()
}

/// Checks that every listed object is whole and has the name of its content. Returns the number of objects and the
/// number of parts of unfinished uploads.
pub fn check(store: &Path) -> (usize, usize) {
    let (mut objects, mut left) = (0, 0);
    let bodies = listed(store, "bodies");
    for name in &bodies {
        let bytes = fs::read(store.join("bodies").join(name)).unwrap();
        assert_eq!(sha256(&[&bytes]).to_string(), *name, "a body is not the one of its name");
    }
    for name in listed(store, "records") {
        let note = Signed::<Upload>::from_bytes(&fs::read(store.join("records").join(&name)).unwrap()).unwrap().content;
        assert_eq!(note.record.to_string(), name);
        assert!(bodies.contains(&note.body.to_string()), "a note without its body");
        objects += 1;
    }
    for name in listed(store, "deliveries") {
        let delivery = fs::read(store.join("deliveries").join(&name)).unwrap();
        Delivery::from_bytes(&delivery).unwrap();
        objects += 1;
    }
    for folder in ["bodies", "records", "deliveries"] {
        let names = listed(store, folder);
        let Ok(entries) = fs::read_dir(store.join(folder)) else { continue };
        for name in entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
            // A file that is not listed is the part of an upload: NAME#NUMBER.
            assert!(names.contains(&name) || name.contains('#'), "{name}");
            left += usize::from(!names.contains(&name));
        }
    }
    (objects + bodies.len(), left)
}

#[test]
fn killed_while_envelopes_go_to_the_cloud() {
    let (kills, mut rng) = plan("cloud", 10);
    let store = tempfile::tempdir().unwrap();
    let (mut killer, mut acknowledged, mut left) = (Killer::default(), BTreeSet::new(), 0);
    for _ in 0..kills {
        let target = if below(&mut rng, 4) == 0 { "deliver" } else { "upload" };
        let nth = 1 + below(&mut rng, RECORDS as u64);
        let seed = rng.next_u64();
        let heard = killer.life(child("cloud", store.path(), seed), target, nth, &mut rng);
        acknowledged.extend(heard.done.into_iter().map(|(_, name)| name));
        for name in &acknowledged {
            assert!(store.path().join(name).exists(), "{name} was acknowledged");
        }
        left = left.max(check(store.path()).1);
        // The same records again, without a kill.
        life(store.path(), seed);
        check(store.path());
    }
    let (objects, _) = check(store.path());
    let told = acknowledged.len();
    killer
        .report("cloud", &format!("{told} objects acknowledged, {objects} kept, {left} parts of uploads left behind"));
}
