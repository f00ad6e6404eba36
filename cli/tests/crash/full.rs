//! Full disks and files without write permission. Each operation must return an error that names the file, lose nothing,
//! and succeed once there is space or permission again.
//!
//! Each test runs in a child process: with a limit on the file size (RLIMIT_FSIZE); on a small tmpfs, where one can be
//! mounted; or without write permission, where a test started by root runs as the user `nobody`.

use crate::cloud::{self, recorded};
use crate::consortium::{self, Platform};
use crate::envelopes::Keys;
use crate::kill::in_role;
use crate::world::{Counter, NOW, World, count, increment, signed_transaction};
use phi_pre::envelope::{
    EncryptError, Sealer, Suite, check_file, decrypt_file, encrypt_file, reencrypt_file, reencrypt_file_to,
};
use phi_pre::flow::FlowError;
use phi_pre::ledger::{
    Code, CommitError, Network, NetworkError, Opened, OrderError, Orderer, Peer, PeerError, StoreError, Transient,
    TxId, repair_peer,
};
use phi_pre::wire::Wire;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rustix::process::{Resource, Rlimit, geteuid, getrlimit, setrlimit};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

/// The size of the small file system, in bytes.
const SMALL: u64 = 16 << 20;
const NOBODY: u32 = 65534;

pub fn run(role: &str, folder: &Path) {
    match role {
        "ledger at a limit" => ledger_at_a_limit(folder),
        "cloud at a limit" => cloud_at_a_limit(folder),
        "envelopes at a limit" => envelopes_at_a_limit(folder),
        "ledger on a full disk" => ledger_on_a_full_disk(folder),
        "cloud on a full disk" => cloud_on_a_full_disk(folder),
        "envelopes on a full disk" => envelopes_on_a_full_disk(folder),
        "without rights" => without_rights(folder),
        other => panic!("no role {other:?}"),
    }
}

fn ended_well(output: &Output, role: &str) {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{role}: {}\n{out}\n{err}", output.status);
    // The test harness can print its own text at the beginning of the line.
    out.lines()
        .filter_map(|line| line.split_once(&format!("{role}: ")))
        .for_each(|(_, told)| println!("{role}: {told}"));
    assert!(out.contains("1 passed"), "{role}: {out}");
}

/// Runs the role in a process that ignores SIGXFSZ, so that a write beyond the limit is an error. The shell sets this.
fn at_a_limit(role: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(std::env::current_exe().unwrap());
    in_role(&mut command, role, folder.path(), 0);
    ended_well(&command.output().unwrap(), role);
}

/// Sets the largest size of a file, or removes the limit.
fn limit(bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: bytes.or(maximum), maximum }).unwrap();
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::FileTooLarge | io::ErrorKind::StorageFull)
}

/// The file that could not be written because of the limit or a full disk.
fn full_file(error: &StoreError) -> Option<&Path> {
    match error {
        StoreError::Io { path, source, .. } if is_full(source) => Some(path),
        StoreError::State { path, source } => {
            let full = match &**source {
                redb::Error::Io(error) => is_full(error),
                redb::Error::PreviousIo => true,
                _ => false,
            };
            full.then_some(path)
        }
        _ => None,
    }
}

/// The file whose error stopped a peer.
fn stopped_by(network: &Network, i: usize) -> &Path {
    match network.failure(i).unwrap() {
        CommitError::Store(error) => full_file(error).unwrap_or_else(|| panic!("{error}")),
        error => panic!("{error}"),
    }
}

fn transact(network: &mut Network, world: &mut World) -> (TxId, Result<Code, NetworkError>) {
    let proposal = world.increment("n").sign(&world.alice.key);
    let outcome = network.transact(&proposal, &Transient::default(), &world.alice.key, NOW);
    (proposal.proposal.txid, outcome.map(|outcome| outcome.code))
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

fn ledger_at_a_limit(folder: &Path) {
    let mut world = World::new();
    let refused = |bytes| {
        limit(Some(bytes));
        let begun = folder.join(format!("never {bytes}"));
        let config = world.config("counter");
        let made = Network::create(&begun, &config, world.orderer.clone(), world.peers.clone(), Arc::new(Counter));
        limit(None);
        made.unwrap_err()
    };
    // Creating the ledger fails at the orderer's block file, then at the state file of peer 0.
    let error = refused(10);
    let file = |error: &StoreError, end: &str| assert!(full_file(error).unwrap().ends_with(end), "{error}");
    match &error {
        NetworkError::Order(OrderError::Store(error)) => file(error, "never 10/orderer/blocks"),
        error => panic!("{error}"),
    }
    match &refused(20_000) {
        NetworkError::Peer { peer: 0, source: PeerError::Commit(CommitError::Store(error)) } => {
            file(error, "never 20000/peer-0/state.redb.new");
        }
        error => panic!("{error}"),
    }

    let folder = folder.join("ledger");
    let mut network = world.counters(&folder);
    let orderer = folder.join("orderer/blocks");
    at_the_state(&mut network, &mut world, &folder);
    for _ in 0..11 {
        increment(&mut network, &mut world, "n");
    }
    let (mut before, mut expected) = (length(&orderer), 12);

    // At the orderer's file: the transaction waits, keeps its place in the order, and goes into the next block.
    for room in [0, 1, 19, 20, 500] {
        limit(Some(before + room));
        let (txid, refused) = transact(&mut network, &mut world);
        let Err(NetworkError::Order(OrderError::Store(error))) = refused else { panic!("{refused:?}") };
        file(&error, "orderer/blocks");
        assert_eq!((length(&orderer), network.deadline()), (before, Some(NOW + 2000)));
        assert!(network.tick(NOW + 2000).is_err() && network.outcome(&txid).unwrap().is_none());
        limit(None);
        network.tick(NOW + 2000).unwrap();
        assert_eq!(network.outcome(&txid).unwrap().unwrap().code, Code::Valid);
        assert!((0..3).all(|i| network.failure(i).is_none()));
        (before, expected) = (length(&orderer), expected + 1);
    }
    an_envelope_that_is_refused_changes_nothing(&mut network, &mut world, &orderer);
    expected += 1; // all ten transactions read the same version of the value, so one is valid
    room_for_the_first_of_two_blocks(&network, &mut world, &folder.join("two"));
    before = length(&orderer);

    // At a peer's block file: the peer stops, and fetches the block after a restart.
    network.stop(1);
    increment(&mut network, &mut world, "n");
    expected += 1;
    let (record, blocks) = (length(&orderer) - before, folder.join("peer-1/blocks"));
    limit(Some(before + record - 1));
    match network.restart(1) {
        Err(NetworkError::Commit(CommitError::Store(error))) => file(&error, "peer-1/blocks"),
        other => panic!("{other:?}"),
    }
    assert_eq!(length(&blocks), before);
    limit(None);
    assert_eq!(network.restart(1).unwrap(), Opened { torn: None, replayed: 0, revalidated: 0 });
    assert!(length(&blocks) == length(&orderer) && network.agreement().unwrap().height == network.height());

    assert_eq!(count(&network, "n"), expected);

    // A repair without room does not change the damaged file.
    network.stop(2);
    let blocks = folder.join("peer-2/blocks");
    let whole = fs::read(&blocks).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    fs::write(&blocks, &damaged).unwrap();
    limit(Some(whole.len() as u64 - 1));
    let refused = repair_peer(&folder.join("peer-2"), &[&folder.join("peer-0")]).unwrap_err();
    assert!(refused.to_string().contains("peer-2/blocks.repair-"), "{refused}");
    limit(None);
    assert!(fs::read(&blocks).unwrap() == damaged);
    let left = |entry: fs::DirEntry| entry.file_name().to_string_lossy().contains("repair");
    assert!(!fs::read_dir(folder.join("peer-2")).unwrap().any(|entry| left(entry.unwrap())));
    repair_peer(&folder.join("peer-2"), &[&folder.join("peer-0")]).unwrap();
    assert!(fs::read(&blocks).unwrap() == whole);
    network.restart(2).unwrap();
    assert!(network.agreement().is_some() && (0..3).all(|i| network.peer(i).unwrap().verify().is_ok()));
}

/// The block is on the disk, and the state is not: the next start replays the block.
fn at_the_state(network: &mut Network, world: &mut World, folder: &Path) {
    // The state file is larger than the block file here, so this limit has room for one more block and none for the state.
    limit(Some(length(&folder.join("peer-0/blocks")) + 8000));
    let (txid, committed) = transact(network, world);
    assert_eq!(committed.unwrap(), Code::Valid);
    network.checkpoint();
    for i in 0..3 {
        assert!(stopped_by(network, i).ends_with(format!("peer-{i}/state.redb")));
    }
    limit(None);
    for i in 0..3 {
        assert_eq!(network.restart(i).unwrap(), Opened { torn: None, replayed: 1, revalidated: 0 });
    }
    assert_eq!(network.outcome(&txid).unwrap().unwrap().code, Code::Valid);
}

/// Nine transactions wait. The tenth would complete a block, which cannot be written: the tenth is refused, and the
/// nine still wait.
fn an_envelope_that_is_refused_changes_nothing(network: &mut Network, world: &mut World, orderer: &Path) {
    let made = |_| {
        let proposal = world.increment("n");
        (proposal.txid, signed_transaction(network, proposal, &world.alice))
    };
    let mut transactions: Vec<_> = (0..10).map(made).collect();
    let (last, tenth) = transactions.pop().unwrap();
    for (_, signed) in &transactions {
        network.broadcast(signed, NOW + 5).unwrap();
    }
    limit(Some(length(orderer) + 100));
    for _ in 0..3 {
        assert!(matches!(network.broadcast(&tenth, NOW + 9), Err(NetworkError::Order(OrderError::Store(_)))));
        assert_eq!(network.deadline(), Some(NOW + 2005));
    }
    limit(None);
    network.flush().unwrap();
    assert!(transactions.iter().all(|(txid, _)| network.outcome(txid).unwrap().is_some()));
    assert!(network.outcome(&last).unwrap().is_none());
    network.broadcast(&tenth, NOW + 9).unwrap();
    network.flush().unwrap();
    assert!(network.outcome(&last).unwrap().is_some());
}

/// A transaction completes two blocks, and there is room for the first only: the first is written, and the transaction
/// waits.
fn room_for_the_first_of_two_blocks(network: &Network, world: &mut World, folder: &Path) {
    let [small, large] = [1, 200].map(|n| {
        let proposal = world.increment(&"n".repeat(n));
        signed_transaction(network, proposal, &world.alice).to_bytes()
    });
    let mut config = world.config("counter");
    config.cut.preferred_bytes = u32::try_from(small.len()).unwrap();
    let mut orderer = Orderer::create(folder, &config, world.orderer.clone()).unwrap();
    assert!(orderer.order(&small, NOW).unwrap().is_empty());
    limit(Some(length(&folder.join("blocks")) + small.len() as u64 + 1500));
    let first = orderer.order(&large, NOW + 1).unwrap();
    limit(None);
    assert_eq!((first.len(), &first[0].transactions[0], orderer.height()), (1, &small, 2));
    assert_eq!(orderer.deadline(), Some(NOW + 2001));
    assert_eq!(orderer.flush().unwrap().unwrap().transactions, [large]);
}

fn cannot_write(result: Result<impl Sized, FlowError>, expected: &str) {
    match result.err().expect("it was written") {
        FlowError::Write { key, source } => {
            assert!(key.starts_with(expected), "{key}");
            let text = format!("{source}");
            assert!(text.contains("too large") || text.contains("No space") || text.contains("denied"), "{text}");
        }
        error => panic!("{error}"),
    }
}

fn cloud_at_a_limit(store: &Path) {
    let mut platform = Platform::with_store(store, 7);
    for bytes in [200_000, 9 << 20] {
        let draft = recorded(&mut platform, bytes);
        let network = &platform.consortium.network;
        for room in [0, 150, 100_000] {
            limit(Some(room));
            let refused = platform.a.upload(network, &[&platform.cloud], &draft, consortium::NOW);
            limit(None);
            cannot_write(refused, "bodies/");
            assert_eq!(cloud::check(store).1, 0, "the part of an upload stays behind");
        }
        platform.a.upload(network, &[&platform.cloud], &draft, consortium::NOW).unwrap();
        let grant = platform.granted(draft.alert().record);
        let network = &platform.consortium.network;
        for room in [0, 100] {
            limit(Some(room));
            let refused = platform.cloud.reencrypt(network, &grant, consortium::NOW, &mut platform.rng);
            limit(None);
            cannot_write(refused, "deliveries/");
        }
        platform.cloud.reencrypt(network, &grant, consortium::NOW, &mut platform.rng).unwrap();
        // Hospital B has no room for the record.
        let folder = platform.dir.path().join(format!("received {bytes}"));
        limit(Some(100_000));
        let refused = platform.b.receive(network, &[&platform.cloud], &grant, &folder, consortium::NOW);
        limit(None);
        match refused {
            Err(FlowError::File { path, source }) if is_full(&source) => assert_eq!(path, folder.join(Platform::NAME)),
            refused => panic!("{refused:?}"),
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        platform.b.receive(network, &[&platform.cloud], &grant, &folder, consortium::NOW).unwrap();
    }
    let (objects, left) = cloud::check(store);
    assert_eq!((objects, left), (6, 0));
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Checks that every function that writes a new file fails with the expected error, which names the file, and leaves no
/// file.
fn new_files_fail(folder: &Path, keys: &Keys, expected: &dyn Fn(&io::Error) -> bool) {
    let (record, envelope, to) = (folder.join("record"), folder.join("envelope.phi"), folder.join("new"));
    let before = names(folder);
    let rng = &mut ChaCha20Rng::seed_from_u64(9);
    let refused = encrypt_file(&keys.0, &keys.public(0), Suite::default(), rng, &record, &to, &|_| ()).unwrap_err();
    assert!(refused.path == to && matches!(&refused.source, EncryptError::Io(error) if expected(error)), "{refused}");
    let refused = [
        decrypt_file(&keys.key(0), &envelope, &to, &|_| ()).unwrap_err(),
        reencrypt_file_to(&keys.hop(0), &envelope, &to).unwrap_err(),
    ];
    for refused in refused {
        let io = matches!(&refused.source, phi_pre::envelope::DecryptError::Io(error) if expected(error));
        assert!(refused.path == to && io, "{refused}");
    }
    assert_eq!(names(folder), before);
}

fn some_envelope(folder: &Path, keys: &Keys) {
    fs::write(folder.join("record"), vec![5; 1 << 20]).unwrap();
    let rng = &mut ChaCha20Rng::seed_from_u64(8);
    keys.encrypt(0, rng, &folder.join("record"), &folder.join("envelope.phi"));
}

fn envelopes_at_a_limit(folder: &Path) {
    let keys = Keys::new();
    some_envelope(folder, &keys);
    for room in [0, 200, 300, 1 << 19] {
        limit(Some(room));
        new_files_fail(folder, &keys, &is_full);
        limit(None);
    }
    // Re-encryption in place: the limit stops the write of C before or inside C, and the old C is written back.
    let envelope = folder.join("envelope.phi");
    let before = fs::read(&envelope).unwrap();
    for room in [0, 92, 93, 150, 283] {
        limit(Some(room));
        let refused = reencrypt_file(&keys.hop(0), &envelope).unwrap_err();
        limit(None);
        assert_eq!(refused.path, envelope);
        assert!(fs::read(&envelope).unwrap() == before, "the capsule was torn at byte {room}");
    }
    for k_re in [keys.hop(0), keys.hop(0).inverse()] {
        reencrypt_file(&k_re, &envelope).unwrap();
    }
    assert!(check_file(&keys.key(0), &envelope).is_ok());
    // Sealing into a device that is always full.
    if let Ok(mut full) = OpenOptions::new().write(true).open("/dev/full") {
        let sealer =
            Sealer::new(&keys.0, &keys.public(0), Suite::default(), &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
        let refused = sealer.seal(&mut &[0; 1000][..], &mut full).unwrap_err();
        assert!(matches!(refused, EncryptError::Io(error) if is_full(&error)));
    }
    // `keygen` writes both keys or none.
    for blocks in ["0", "1"] {
        let mut keygen = Command::new("sh");
        keygen.args(["-c", "ulimit -f \"$1\"; exec \"$0\" keygen \"$2\"", env!("CARGO_BIN_EXE_phi-pre"), blocks]);
        let made = keygen.arg(folder.join("pair")).output().unwrap();
        let pair =
            names(folder).into_iter().filter(|name| name.starts_with("pair") || name.starts_with(".tmp")).count();
        assert_eq!((made.status.success(), pair), if blocks == "0" { (false, 0) } else { (true, 2) });
        let told = String::from_utf8_lossy(&made.stderr).into_owned();
        assert!(made.status.success() || told.contains("pair.secret"), "{told}");
    }
}

/// Runs the role on a file system of `SMALL` bytes that is mounted for this process only.
fn on_a_full_disk(role: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mount = |then: &str| {
        let mut command = Command::new("unshare");
        if !geteuid().is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        let mounted = format!("mount -t tmpfs -o size={SMALL} none \"$1\" && shift && {then}");
        command.args(["--mount", "sh", "-c", &mounted, "sh"]).arg(folder.path());
        command
    };
    match mount("true").output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return println!("skipped: {role}: no file system of our own can be mounted here: {why}");
        }
        Err(error) => return println!("skipped: {role}: unshare: {error}"),
    }
    let mut command = mount("exec \"$@\"");
    command.arg(std::env::current_exe().unwrap());
    in_role(&mut command, role, folder.path(), 0);
    ended_well(&command.output().unwrap(), role);
}

/// A file that fills the file system except for a number of pages. It is removed on drop.
struct Ballast(PathBuf);

impl Ballast {
    fn leave(folder: &Path, pages: u64) -> Self {
        let path = folder.join("ballast");
        let mut file = File::create(&path).unwrap();
        let mut bytes = 0;
        loop {
            match file.write(&[7; 4096]) {
                Ok(n) => bytes += n as u64,
                Err(error) => break assert!(is_full(&error), "{error}"),
            }
        }
        file.set_len(bytes.saturating_sub(pages * 4096)).unwrap();
        Self(path)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

fn ledger_on_a_full_disk(folder: &Path) {
    let mut world = World::new();
    let ledger = folder.join("ledger");
    let mut network = world.counters(&ledger);
    let mut sent = Vec::new();
    let (mut orderer, mut blocks, mut state) = (0, 0, 0);
    for pages in (0..24).chain(0..8).chain([0; 8]) {
        let ballast = Ballast::leave(folder, pages);
        for _ in 0..6 {
            // With fewer than two endorsing peers, the transaction does not reach the orderer.
            let endorsed = (0..3).filter(|i| network.peer(*i).is_some()).count() >= 2;
            let (txid, outcome) = transact(&mut network, &mut world);
            match outcome {
                Ok(code) => assert!(matches!(code, Code::Valid | Code::MvccReadConflict), "{code}"),
                Err(NetworkError::Order(OrderError::Store(error))) => {
                    assert!(full_file(&error).unwrap().ends_with("orderer/blocks"), "{error}");
                    orderer += 1;
                }
                Err(NetworkError::NoPeer) if endorsed => {}
                Err(NetworkError::NoPeer | NetworkError::Policy { .. }) if !endorsed => continue,
                Err(error) => panic!("{error}"),
            }
            sent.push(txid);
        }
        network.checkpoint();
        for i in (0..3).filter(|i| network.peer(*i).is_none()) {
            let path = stopped_by(&network, i);
            (blocks, state) = if path.ends_with("blocks") { (blocks + 1, state) } else { (blocks, state + 1) };
        }
        drop(ballast);
        for i in 0..3 {
            if network.peer(i).is_none() {
                network.restart(i).unwrap();
            }
        }
        network.flush().unwrap();
        network.agreement().unwrap();
        increment(&mut network, &mut world, "m");
    }
    // The blocks hold the ordered transactions and no others.
    let ordered = (1..network.height()).map(|n| network.peer(0).unwrap().block(n).unwrap().block.transactions.len());
    let ordered: usize = ordered.sum();
    assert!(sent.iter().all(|txid| network.outcome(txid).unwrap().is_some()));
    let known = sent.len();
    assert_eq!(ordered, known + 40);
    let agreed = network.agreement().unwrap();
    drop(network);
    for i in 0..3 {
        let (peer, _) =
            Peer::open(&ledger.join(format!("peer-{i}")), world.peers[i].clone(), Arc::new(Counter)).unwrap();
        assert_eq!((peer.savepoint(), peer.verify().unwrap().savepoint), (Some(agreed), agreed));
    }
    // It is random which file gets the last page. The failures at the state are counted here, and tested under a limit.
    assert!(orderer > 0 && blocks + state > 0, "{orderer} {blocks} {state}");
    println!(
        "ledger on a full disk: {known} transactions; refused {orderer} times at the orderer, peers stopped {blocks} \
         times at their blocks and {state} times at their state"
    );
}

fn cloud_on_a_full_disk(folder: &Path) {
    let store = folder.join("store");
    let mut platform = Platform::with_store(&store, 9);
    let draft = recorded(&mut platform, 1 << 20);
    let network = &platform.consortium.network;
    // The free space grows until the body fits (about 256 pages) and then until its note fits, too.
    let (mut envelope, mut note) = (0, 0);
    for pages in [0, 1, 100].into_iter().chain(255..300) {
        let ballast = Ballast::leave(folder, pages);
        let tried = platform.a.upload(network, &[&platform.cloud], &draft, consortium::NOW);
        drop(ballast);
        assert_eq!(cloud::check(&store).1, 0, "the part of an upload stays behind");
        match tried {
            Ok(_) => break,
            Err(FlowError::Write { key, source }) => {
                assert!(source.to_string().contains("No space"), "{source}");
                let note_failed = key.starts_with("records/");
                assert!(note_failed || key.starts_with("bodies/"), "{key}");
                (envelope, note) = (envelope + u32::from(!note_failed), note + u32::from(note_failed));
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(envelope > 0 && note > 0, "{envelope} {note}");
    assert!(!draft.alert().envelope.exists(), "the draft leaves the hospital once it is stored");
    let grant = platform.granted(draft.alert().record);
    let ballast = Ballast::leave(folder, 0);
    cannot_write(
        platform.cloud.reencrypt(&platform.consortium.network, &grant, consortium::NOW, &mut platform.rng),
        "deliveries/",
    );
    drop(ballast);
    platform.cloud.reencrypt(&platform.consortium.network, &grant, consortium::NOW, &mut platform.rng).unwrap();
    assert_eq!(cloud::check(&store), (3, 0));
    println!("cloud on a full disk: refused {envelope} times at the envelope, {note} times at its note");
}

fn envelopes_on_a_full_disk(folder: &Path) {
    let keys = Keys::new();
    some_envelope(folder, &keys);
    for pages in [0, 1, 100] {
        let ballast = Ballast::leave(folder, pages);
        new_files_fail(folder, &keys, &is_full);
        // Re-encryption in place needs no room.
        let envelope = folder.join("envelope.phi");
        reencrypt_file(&keys.hop(0), &envelope).unwrap();
        reencrypt_file(&keys.hop(0).inverse(), &envelope).unwrap();
        drop(ballast);
    }
    decrypt_file(&keys.key(0), &folder.join("envelope.phi"), &folder.join("again"), &|_| ()).unwrap();
    assert!(fs::read(folder.join("again")).unwrap() == fs::read(folder.join("record")).unwrap());
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn denied(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

fn without_rights(folder: &Path) {
    assert!(!geteuid().is_root());
    let mut world = World::new();
    let ledger = folder.join("ledger");
    let mut network = world.counters(&ledger);
    increment(&mut network, &mut world, "n");

    // A peer may not write its files, one after the other: the other peers continue, and the error names the file.
    network.stop(1);
    let peer = ledger.join("peer-1");
    let before = fs::read(peer.join("blocks")).unwrap();
    for file in ["blocks", "verdicts", "state.redb"] {
        mode(&peer.join(file), 0o400);
        let refused = network.restart(1).unwrap_err().to_string();
        let named = peer.join(file).display().to_string();
        assert!(refused.contains("peer 1") && refused.contains(&named) && refused.contains("denied"), "{refused}");
        mode(&peer.join(file), 0o600);
        increment(&mut network, &mut world, "n");
    }
    assert!(fs::read(peer.join("blocks")).unwrap() == before);
    network.restart(1).unwrap();
    assert_eq!((count(&network, "n"), network.agreement().unwrap().height), (4, 5));
    drop(network);

    // The orderer may not write its file, and a folder may not be changed.
    let orderer = ledger.join("orderer/blocks");
    mode(&orderer, 0o400);
    match Orderer::open(&ledger.join("orderer"), world.orderer.clone()) {
        Err(OrderError::Store(StoreError::Io { path, source, .. })) if denied(&source) => assert_eq!(path, orderer),
        other => panic!("{other:?}"),
    }
    mode(&orderer, 0o600);
    let closed = folder.join("closed");
    fs::create_dir(&closed).unwrap();
    mode(&closed, 0o500);
    let config = world.config("counter");
    let made = Network::create(&closed.join("new"), &config, world.orderer.clone(), vec![], Arc::new(Counter));
    match made {
        Err(NetworkError::Order(OrderError::Store(StoreError::Io { path, source, .. }))) if denied(&source) => {
            assert_eq!(path, closed.join("new/orderer"));
        }
        other => panic!("{other:?}"),
    }

    // The store's folder is read-only, so its subfolders cannot be created.
    let store = folder.join("store");
    let mut platform = Platform::with_store(&store, 3);
    let draft = recorded(&mut platform, 1000);
    mode(&store, 0o500);
    let refused = platform.a.upload(&platform.consortium.network, &[&platform.cloud], &draft, consortium::NOW);
    mode(&store, 0o700);
    cannot_write(refused, "bodies/");
    platform.a.upload(&platform.consortium.network, &[&platform.cloud], &draft, consortium::NOW).unwrap();
    assert_eq!(cloud::check(&store), (2, 0));
    match cloud_in(&closed) {
        Err(FlowError::File { path, source }) if denied(&source) => assert_eq!(path, closed.join("store")),
        other => panic!("{other:?}"),
    }

    // Envelopes: a folder that may not be changed, and an envelope that may only be read.
    let (keys, place) = (Keys::new(), folder.join("envelopes"));
    fs::create_dir(&place).unwrap();
    some_envelope(&place, &keys);
    mode(&place, 0o500);
    new_files_fail(&place, &keys, &denied);
    mode(&place, 0o700);
    let envelope = place.join("envelope.phi");
    mode(&envelope, 0o400);
    let refused = reencrypt_file(&keys.hop(0), &envelope).unwrap_err();
    assert!(refused.path == envelope && check_file(&keys.key(0), &envelope).is_ok(), "{refused}");
    // The test removes the folder at its end.
    mode(&closed, 0o700);
}

fn cloud_in(folder: &Path) -> Result<phi_pre::flow::Store, FlowError> {
    phi_pre::flow::Store::local(&folder.join("store"))
}

#[test]
fn a_ledger_at_a_limit() {
    at_a_limit("ledger at a limit");
}

#[test]
fn a_cloud_at_a_limit() {
    at_a_limit("cloud at a limit");
}

#[test]
fn envelopes_and_keys_at_a_limit() {
    at_a_limit("envelopes at a limit");
}

#[test]
fn a_ledger_on_a_full_disk() {
    on_a_full_disk("ledger on a full disk");
}

#[test]
fn a_cloud_on_a_full_disk() {
    on_a_full_disk("cloud on a full disk");
}

#[test]
fn envelopes_on_a_disk_that_is_full() {
    on_a_full_disk("envelopes on a full disk");
}

/// Root may write every file, so a test run by root changes to the user nobody.
#[test]
fn files_that_may_not_be_written() {
    let (role, folder) = ("without rights", tempfile::tempdir().unwrap());
    let (exe, place) = (folder.path().join("test"), folder.path().join("place"));
    fs::create_dir(&place).unwrap();
    if !geteuid().is_root() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        in_role(&mut command, role, &place, 0);
        return ended_well(&command.output().unwrap(), role);
    }
    // The test's binary may be in a folder that the user nobody cannot read.
    fs::copy(std::env::current_exe().unwrap(), &exe).unwrap();
    mode(folder.path(), 0o755);
    mode(&exe, 0o755);
    chown(&place, Some(NOBODY), Some(NOBODY)).unwrap();
    let mut command = Command::new(&exe);
    command.uid(NOBODY).gid(NOBODY).current_dir(&place);
    in_role(&mut command, role, &place, 0);
    match command.output() {
        Ok(output) => ended_well(&output, role),
        Err(error) => println!("skipped: {role}: no process as nobody: {error}"),
    }
}
