//! The cloud's store: killed while it takes in envelopes and deliveries; what it lists is whole, and a repetition ends well.

use crate::kill::{Killer, begin, below, child, done, plan};
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, path::Path as Key};
use phi_pre::envelope::Header;
use phi_pre::flow::{Cloud, Consortium, Draft, Handset, Hospital, Signed, Store, Upload, User, introduce};
use phi_pre::hash::sha256;
use phi_pre::ledger::TxId;
use phi_pre::pre::{Params, Seed};
use phi_pre::time::{Millis, Seconds};
use phi_pre::wire::Wire;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const SECONDS: Seconds = Seconds(1_800_000_000);
pub const NOW: Millis = SECONDS.millis();
const RECORDS: usize = 3;

/// Figure 2 on a ledger of its own, always with the same keys, and a store that may have been there before.
pub struct Platform {
    pub folder: tempfile::TempDir,
    pub consortium: Consortium,
    pub user: User,
    pub a: Hospital,
    pub b: Hospital,
    pub cloud: Cloud,
    pub rng: ChaCha20Rng,
}

impl Platform {
    pub fn new(store: &Path, life: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rng = &mut ChaCha20Rng::seed_from_u64(1);
        let params = Params::new(Seed::random(rng));
        let mut phone = Handset::new("+821055501000").unwrap();
        let nodes = ["users node", "A node", "B node"];
        let ledger = folder.path().join("ledger");
        let mut consortium = Consortium::create(&ledger, &nodes, params, &mut phone, SECONDS, rng).unwrap();
        let mut user = consortium.register_user(&mut phone, SECONDS, rng).unwrap();
        let mut hospital = |name: &str| {
            consortium.register_hospital(name, &folder.path().join(name), &mut phone, SECONDS, rng).unwrap()
        };
        let (mut a, mut b) = (hospital("A"), hospital("B"));
        let cloud = consortium.register_cloud("cloud", Store::local(store).unwrap(), &mut phone, SECONDS, rng).unwrap();
        introduce(&mut user, &mut a, &consortium.msp, SECONDS, rng).unwrap();
        introduce(&mut user, &mut b, &consortium.msp, SECONDS, rng).unwrap();
        Self { folder, consortium, user, a, b, cloud, rng: ChaCha20Rng::seed_from_u64(life) }
    }

    /// Figure 3 up to the ledger, with a record of that many bytes.
    pub fn recorded(&mut self, bytes: usize) -> Draft {
        let mut record = vec![0; bytes];
        self.rng.fill_bytes(&mut record);
        let path = self.folder.path().join("record");
        fs::write(&path, record).unwrap();
        let network = &mut self.consortium.network;
        let draft = self.a.admit(self.user.id().unwrap(), &path, "name", &mut self.rng).unwrap();
        let identifier = self.user.check(self.a.certificate(), draft.alert()).unwrap();
        self.user.confirm(network, draft.alert().txid, NOW, &mut self.rng).unwrap();
        let proposal = self.a.propose(network, &draft, &identifier, NOW).unwrap();
        self.a.record(network, &proposal, NOW).unwrap();
        draft
    }

    /// Figure 4 up to the re-encryption.
    pub fn granted(&mut self, record: TxId) -> phi_pre::flow::Grant {
        let b = self.consortium.member(self.b.certificate(), SECONDS).unwrap();
        let cloud = self.consortium.member(self.cloud.certificate(), SECONDS).unwrap();
        self.user.share(&mut self.consortium.network, record, &b, &cloud, NOW, &mut self.rng).unwrap().1
    }
}

/// A few records of one hospital go to the cloud and are re-encrypted; the same ones for the same `life`.
pub fn life(store: &Path, life: u64) -> usize {
    let mut platform = Platform::new(store, life);
    for _ in 0..RECORDS {
        let bytes = [1_000, 1 << 20, 9 << 20][usize::try_from(below(&mut platform.rng, 3)).unwrap()];
        let draft = platform.recorded(bytes);
        let record = draft.alert().txid;
        begin("upload");
        platform.a.upload(&platform.consortium.network, &platform.cloud, &draft, NOW).unwrap();
        done("upload", &format!("records/{record}"));
        let grant = platform.granted(record);
        begin("deliver");
        platform.cloud.reencrypt(&platform.consortium.network, &grant).unwrap();
        done("deliver", &format!("deliveries/{}", grant.request));
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

/// Everything that is listed is whole and named by what it is; returns how many objects and how many leftovers.
pub fn check(store: &Path) -> (usize, usize) {
    let (mut objects, mut left) = (0, 0);
    let envelopes = listed(store, "envelopes");
    for name in &envelopes {
        let bytes = fs::read(store.join("envelopes").join(name)).unwrap();
        assert_eq!(sha256(&[&bytes]).to_string(), *name, "an envelope is not the one of its name");
    }
    for name in listed(store, "records") {
        let note = Signed::<Upload>::from_bytes(&fs::read(store.join("records").join(&name)).unwrap()).unwrap().content;
        assert_eq!(note.record.to_string(), name);
        assert!(envelopes.contains(&note.envelope.to_string()), "a note without its envelope");
        objects += 1;
    }
    for name in listed(store, "deliveries") {
        Header::from_bytes(&fs::read(store.join("deliveries").join(&name)).unwrap()).unwrap();
        objects += 1;
    }
    for folder in ["envelopes", "records", "deliveries"] {
        let names = listed(store, folder);
        let Ok(entries) = fs::read_dir(store.join(folder)) else { continue };
        for name in entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
            // What is not listed is the part of an upload: NAME#NUMBER.
            assert!(names.contains(&name) || name.contains('#'), "{name}");
            left += usize::from(!names.contains(&name));
        }
    }
    (objects + envelopes.len(), left)
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
        // The same once more, to its end.
        life(store.path(), seed);
        check(store.path());
    }
    let (objects, _) = check(store.path());
    let told = acknowledged.len();
    killer
        .report("cloud", &format!("{told} objects acknowledged, {objects} kept, {left} parts of uploads left behind"));
}
