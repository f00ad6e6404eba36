//! The cloud's store: a process that stores objects is killed and runs again; then the power is lost. Every listed
//! object is whole, and every acknowledged object exists.

use crate::kill::{begin, below, done};
use crate::log::Log;
use crate::scene::{Scene, memory};
use crate::trace::Limit;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{GetOptions, ObjectStore};
use phi_pre::flow::Store;
use phi_pre::hash::sha256;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::path::Path;

/// Random objects by their keys: envelopes, notes that name them, and deliveries.
fn objects(life: u64) -> Vec<(String, Vec<u8>)> {
    let rng = &mut ChaCha20Rng::seed_from_u64(life);
    let mut all = Vec::new();
    for n in 0..4 {
        let mut bytes = vec![0; 1 + usize::try_from(below(rng, 30_000)).unwrap()];
        rng.fill_bytes(&mut bytes);
        let digest = sha256(&[&bytes]);
        all.push((format!("envelopes/{digest}"), bytes));
        all.push((format!("records/{n}"), digest.to_string().into_bytes()));
        all.push((format!("deliveries/{n}"), digest.0.repeat(9)));
    }
    all
}

pub fn life(folder: &Path, life: u64) {
    begin("store");
    let store = Store::local(&folder.join("cloud/store")).unwrap();
    done("store", "");
    for (key, bytes) in objects(life) {
        begin("put");
        if key.starts_with("envelopes") {
            store.upload(&key, &mut &bytes[..], &sha256(&[&bytes]), u64::MAX).unwrap();
        } else {
            store.create(&key, &bytes).unwrap();
        }
        done("put", &key);
    }
}

#[test]
fn power_is_lost_while_the_cloud_takes_in_objects() {
    let mut scene = Scene::new("cloud", 2000);
    let (states, mut listed) = (scene.states, 0);
    let histories = 1 + states / 20;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for life in 0..histories as u64 {
        let folder = memory();
        let mut log = Log::new(folder.path());
        let limit = scene.limit();
        for limit in [limit, Limit::Never] {
            if !scene.life("cloud", folder.path(), life, &mut log, limit) {
                return;
            }
        }
        let objects = objects(life);
        scene.draw(&log, states.div_ceil(histories), |folder, loss, _| {
            let place = folder.join("cloud/store");
            if !place.exists() {
                assert!(log.said(loss.cut).0.is_empty(), "the store was there");
                return;
            }
            let store = LocalFileSystem::new_with_prefix(&place).unwrap();
            let get =
                |key: &Key| runtime.block_on(async { store.get_opts(key, GetOptions::default()).await?.bytes().await });
            for (_, key) in log.said(loss.cut).0.iter().filter(|(what, _)| *what == "put") {
                let found: object_store::Result<_> = get(&Key::from(*key));
                assert!(found.is_ok(), "{key} was acknowledged: {found:?}");
            }
            for prefix in ["envelopes", "records", "deliveries"] {
                let all = runtime.block_on(store.list_with_delimiter(Some(&Key::from(prefix)))).unwrap().objects;
                for object in all {
                    let name = object.location.as_ref();
                    let (_, expected) = objects.iter().find(|(key, _)| key == name).expect(name);
                    assert!(get(&object.location).unwrap()[..] == expected[..], "{name} is not whole");
                    listed += 1;
                }
            }
        });
    }
    scene.report(&format!("{listed} whole objects"));
}
