//! Figures 2 to 4 from registration to completion, and every refusal of their steps.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/consortium.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with other tests")]
mod consortium;

use consortium::{NOW, Platform, SECONDS};
use phi_pre::contract::{Event, Events, Ledger, Meaning, RecordId, RequestId};
use phi_pre::envelope::{DecryptError, Header, Opener};
use phi_pre::flow::{
    Cloud, Consent, Delivery, Draft, EmrFile, EmrWatch, Fetch, FlowError, Grant, Hospital, Misbehaviour, NamedKey,
    Received, SealedIdentifier, Signed, Store, Upload, introduce, introduce_by_name, verify_deliveries,
};
use phi_pre::hash::sha256;
use phi_pre::identity::{IdentityError, Member, MemberId, Msp};
use phi_pre::ledger::{EndorseError, NetworkError};
use phi_pre::time::Millis;
use phi_pre::wire::Wire;
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What the tests of the flow do with the participants.
impl Platform {
    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join("record");
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Figure 3 up to the identifier.
    fn draft(&mut self, bytes: &[u8]) -> (Draft, SealedIdentifier) {
        self.steps().check(Self::NAME, bytes)
    }

    /// Figure 3 up to the envelope in the cloud.
    fn stored(&mut self, bytes: &[u8]) -> RecordId {
        let draft = self.recorded(bytes);
        self.a.upload(&self.consortium.network, &[&self.cloud], &draft, NOW).unwrap();
        draft.alert().record
    }

    fn member(&self, hospital: &Hospital) -> Member {
        self.consortium.member(hospital.certificate(), SECONDS).unwrap()
    }

    fn receive(&self, by: &Hospital, grant: &Grant) -> Result<Vec<u8>, FlowError> {
        Ok(fs::read(self.received(by, grant)?.path).unwrap())
    }

    fn received(&self, by: &Hospital, grant: &Grant) -> Result<Received, FlowError> {
        let folder = self.dir.path().join("received");
        let received = by.receive(&self.consortium.network, &[&self.cloud], grant, &folder, NOW)?;
        assert_eq!(received.name, Self::NAME);
        Ok(received)
    }
}

/// Who is named as the one at fault.
fn named<T>(result: &Result<T, FlowError>) -> Option<(MemberId, Misbehaviour)> {
    match result {
        Err(FlowError::Misbehaved { who, how }) => Some((*who, *how)),
        _ => None,
    }
}

/// What an error of the ledger means.
fn meaning<T>(result: &Result<T, FlowError>) -> Option<Meaning> {
    match result {
        Err(FlowError::Ledger(error)) => Some(error.meaning),
        _ => None,
    }
}

/// The error of the embedded ledger.
fn embedded<T>(result: &Result<T, FlowError>) -> Option<&NetworkError> {
    match result {
        Err(FlowError::Ledger(error)) => error.words().downcast_ref(),
        _ => None,
    }
}

/// Why an endorser refused.
fn refusal<T>(result: &Result<T, FlowError>) -> Option<String> {
    match embedded(result) {
        Some(NetworkError::Endorse(refusal)) => Some(refusal.to_string()),
        _ => None,
    }
}

/// How many peers endorsed where the policy asks for more.
fn endorsed<T>(result: &Result<T, FlowError>) -> Option<usize> {
    match embedded(result) {
        Some(NetworkError::Policy { endorsed, .. }) if meaning(result) == Some(Meaning::Policy) => Some(*endorsed),
        _ => None,
    }
}

#[test]
fn a_record_goes_from_a_to_b() {
    let mut w = Platform::new();
    for record in [&b""[..], b"x", &vec![7; 200_000]] {
        let id = w.stored(record);
        let grant = w.granted(id);
        w.cloud.reencrypt(&w.consortium.network, &grant, NOW, &mut w.rng).unwrap();
        let received = w.received(&w.b, &grant).unwrap();
        assert_eq!(fs::read(&received.path).unwrap(), record);
        fs::remove_file(&received.path).unwrap(); // the next record has the same name
        w.b.complete(&mut w.consortium.network, &received, NOW, &mut w.rng).unwrap();
        let (network, params) = (&w.consortium.network, &w.consortium.params);
        verify_deliveries(network, &w.c.creator(), params, &grant, &received.deliveries).unwrap();
        assert!(matches!(verify_deliveries(network, &w.c.creator(), params, &grant, &[]), Err(FlowError::Deliveries)));
    }
    let network = &w.consortium.network;
    assert_eq!(network.agreement().unwrap().height, 1 + 3 * 4);
    let Events { next, events } = network.events(9, Duration::ZERO, &w.c.creator()).unwrap();
    assert_eq!((next, events.iter().map(|(block, _)| *block).collect::<Vec<_>>()), (13, vec![9, 10, 11, 12]));
    assert!(matches!(events[1].1, Event::Record(record) if network.record(record, &w.c.creator()).unwrap().is_some()));
    assert!(matches!(events[2].1, Event::ShareRequest(id) if network.share(id, &w.c.creator()).unwrap().is_some()));
    assert!((0..network.peers()).all(|i| network.peer(i).unwrap().verify().is_ok()));
    // Hospital A removes a draft once the cloud has stored it.
    assert_eq!(fs::read_dir(w.dir.path().join("A")).unwrap().count(), 0);
}

/// The records use the pseudonyms in turn, and each record has its own on the ledger.
#[test]
fn records_have_rotating_pseudonyms() {
    let mut w = Platform::new();
    let ids: Vec<_> = (0..9_u8)
        .map(|i| {
            let record = w.recorded(&[i]).alert().record;
            let found = w.consortium.network.record(record, &w.a.creator()).unwrap().unwrap();
            assert_eq!(Some(found.id), w.user.pseudonym(record));
            found.id
        })
        .collect();
    assert_eq!(ids[0], ids[7]);
    let mut distinct = ids[..7].to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 7);
    // The first pseudonym introduces the user to hospitals. No record has it.
    assert!(!ids.contains(&w.user.id().unwrap().into()));
}

#[test]
fn no_record_without_its_confirmation() {
    let mut w = Platform::new();
    let (draft, identifier) = w.draft(b"record");
    let network = &mut w.consortium.network;
    let refused = w.a.record(network, &draft, &identifier, NOW, &mut w.rng);
    assert_eq!(meaning(&refused), Some(Meaning::Refused(3)), "{refused:?}");
    let upload = w.a.upload(network, &[&w.cloud], &draft, NOW);
    assert!(matches!(upload, Err(FlowError::NoRecord(_))), "{upload:?}");
}

#[test]
fn the_user_confirms_no_other_record_than_was_sent() {
    let mut w = Platform::new();
    let user = w.user.id().unwrap();
    let path = w.file(b"true");
    let honest = w.a.admit(user, &mut EmrFile::open(&path).unwrap(), "n", &mut w.rng).unwrap();
    let mut forged = honest.alert().clone();
    forged.commitment.0.0[0] ^= 1;
    assert!(matches!(w.user.check(w.a.certificate(), &forged), Err(FlowError::Commitment)));

    let mut envelope = fs::read(&honest.alert().envelope).unwrap();
    *envelope.last_mut().unwrap() ^= 1;
    fs::write(&honest.alert().envelope, envelope).unwrap();
    let refused = w.user.check(w.a.certificate(), honest.alert());
    assert!(matches!(refused, Err(FlowError::DecryptFile(e)) if matches!(e.source, DecryptError::Refused)));
    let unknown = w.user.confirm(&mut w.consortium.network, honest.alert().record, NOW, &mut w.rng);
    assert!(matches!(unknown, Err(FlowError::UnknownRecord(_))));
}

/// An envelope that is exchanged while the user checks it is not taken for the one that was decrypted.
#[cfg(target_os = "linux")]
#[test]
fn an_envelope_that_is_exchanged_during_the_check_is_refused() {
    let mut w = Platform::new();
    let draft = w.steps().admit(Platform::NAME, &vec![7; 64 << 20]);
    let other = w.steps().admit(Platform::NAME, b"other");
    let mut alert = draft.alert().clone();
    let Upload { header, body, .. } = other.alert().note.content;
    alert.note = w.a.sign(Upload { header, body, ..alert.note.content });
    let path = alert.envelope.clone();
    let exchange = std::thread::spawn(move || {
        let opened = || {
            let mut open = fs::read_dir("/proc/self/fd").unwrap().filter_map(|fd| fs::read_link(fd.ok()?.path()).ok());
            open.any(|file| file == path)
        };
        while !opened() {}
        fs::rename(&other.alert().envelope, &path).unwrap();
    });
    let refused = w.user.check(w.a.certificate(), &alert);
    exchange.join().unwrap();
    assert_eq!(named(&refused), Some((w.a.id(), Misbehaviour::Note)), "{refused:?}");
}

/// What is sent is the file that the watch has opened, whatever is put under its name afterwards.
#[cfg(unix)]
#[test]
fn a_record_that_is_swapped_for_a_link_is_sent_as_it_was() {
    let mut w = Platform::new();
    let user = w.user.id().unwrap();
    let other = w.file(b"a file outside the EMR folder");
    let emr = w.dir.path().join("emr");
    fs::create_dir(&emr).unwrap();
    fs::write(emr.join("n"), b"record").unwrap();
    let mut watch = EmrWatch::new(&emr).unwrap();
    let mut record = watch.next(Duration::from_secs(60)).unwrap().unwrap();
    fs::remove_file(emr.join("n")).unwrap();
    std::os::unix::fs::symlink(&other, emr.join("n")).unwrap();
    let draft = w.a.admit(user, &mut record, "n", &mut w.rng).unwrap();
    assert_eq!(draft.sealed().bytes, b"record".len() as u64);
}

/// A record is encrypted whole, however much of it was read before, for example by an attempt that failed.
#[test]
fn a_record_is_admitted_from_its_beginning() {
    let mut w = Platform::new();
    let user = w.user.id().unwrap();
    let path = w.file(b"record");
    let mut record = EmrFile::open(&path).unwrap();
    record.read_exact(&mut [0; 3]).unwrap();
    for _ in 0..2 {
        let draft = w.a.admit(user, &mut record, "n", &mut w.rng).unwrap();
        assert_eq!(draft.sealed().bytes, b"record".len() as u64);
    }
}

#[test]
fn a_record_that_is_written_to_meanwhile_is_refused() {
    let mut w = Platform::new();
    let user = w.user.id().unwrap();
    let path = w.file(b"record");
    let mut record = EmrFile::open(&path).unwrap();
    fs::write(&path, b"").unwrap();
    let refused = w.a.admit(user, &mut record, "n", &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Changed(name)) if name == "n"));
}

#[test]
fn strangers_share_no_secret() {
    let mut w = Platform::new();
    let path = w.file(b"record");
    let nobody = w.c.admit(w.user.id().unwrap(), &mut EmrFile::open(&path).unwrap(), "n", &mut w.rng);
    assert!(matches!(nobody, Err(FlowError::Stranger(_))));
}

/// k'_e needs no exchange with the recipient.
#[test]
fn a_record_goes_to_a_hospital_that_the_user_has_not_met() {
    let mut w = Platform::new();
    let record = w.stored(b"record");
    let (c, cloud) = (w.member(&w.c), w.consortium.member(w.cloud.certificate(), SECONDS).unwrap());
    let consent = Consent::new(&c, &cloud);
    let (_, grant) = w.user.share(&mut w.consortium.network, record, &consent, NOW, &mut w.rng).unwrap();
    w.cloud.reencrypt(&w.consortium.network, &grant, NOW, &mut w.rng).unwrap();
    assert_eq!(w.receive(&w.c, &grant).unwrap(), b"record");
}

#[test]
fn names_stay_below_their_folder() {
    let mut w = Platform::new();
    let path = w.file(b"record");
    let user = w.user.id().unwrap();
    for name in ["", "/etc/passwd", "../up", "a/../../up", "."] {
        let refused = w.a.admit(user, &mut EmrFile::open(&path).unwrap(), name, &mut w.rng);
        assert!(matches!(refused, Err(FlowError::Name(_))), "{name}");
    }
    assert!(w.a.admit(user, &mut EmrFile::open(&path).unwrap(), "a folder/기록.txt", &mut w.rng).is_ok());
}

#[test]
fn a_sealed_identifier_opens_for_its_transaction_alone() {
    let mut w = Platform::new();
    let (first, identifier) = w.draft(b"1");
    let (second, _) = w.draft(b"2");
    assert!(w.a.identifier(&first, &identifier).is_ok());
    assert!(matches!(w.a.identifier(&second, &identifier), Err(FlowError::Identifier)));
}

#[test]
fn the_cloud_stores_what_the_records_own_hospital_signed() {
    let mut w = Platform::new();
    let draft = w.recorded(b"record");
    let network = &w.consortium.network;
    // Hospital B uploads A's record with its own signature, but the ledger names A.
    let envelope = &fs::read(&draft.alert().envelope).unwrap()[Header::BYTES..];
    let content = draft.alert().note.content;
    let foreign = w.b.sign(content);
    let refused = w.cloud.accept(network, &foreign, &mut &envelope[..], NOW);
    assert!(matches!(refused, Err(FlowError::WrongParty(_))), "{refused:?}");

    let honest = w.a.sign(content);
    let refused = w.cloud.accept(network, &honest, &mut &envelope[..envelope.len() - 1], NOW);
    assert!(matches!(refused, Err(FlowError::Upload { .. })), "{refused:?}");
    let later = w.a.sign(Upload { epoch: 1, ..content });
    let refused = w.cloud.accept(network, &later, &mut &envelope[..], NOW);
    assert!(matches!(refused, Err(FlowError::WrongParty(_))), "{refused:?}");
    let mut bytes = honest.to_bytes();
    *bytes.last_mut().unwrap() ^= 1;
    let forged = Signed::<Upload>::from_bytes(&bytes).unwrap();
    let refused = w.cloud.accept(network, &forged, &mut &envelope[..], NOW);
    assert!(matches!(refused, Err(FlowError::Identity(_))), "{refused:?}");

    assert!(w.cloud.header(network, draft.alert().record).is_err());
    w.cloud.accept(network, &honest, &mut &envelope[..], NOW).unwrap();
    // The same upload is accepted again. Another envelope for the same record is refused.
    w.cloud.accept(network, &honest, &mut &envelope[..], NOW).unwrap();
    let mut other = envelope.to_vec();
    *other.last_mut().unwrap() ^= 1;
    let replaced = w.a.sign(Upload { body: sha256(&[&other]), ..content });
    let refused = w.cloud.accept(network, &replaced, &mut &other[..], NOW);
    assert!(matches!(refused, Err(FlowError::Exists(_))), "{refused:?}");
}

#[test]
fn the_cloud_acts_on_the_ledger_alone() {
    let mut w = Platform::new();
    let (first, second) = (w.stored(b"first"), w.stored(b"second"));
    let (grant, other) = (w.granted(first), w.granted(second));
    let network = &w.consortium.network;

    let never_asked = Grant { request: RequestId(first.0), ..grant.clone() };
    let refused = w.cloud.reencrypt(network, &never_asked, NOW, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::NoRequest(_))), "{refused:?}");
    for swapped in [
        Grant { shares: other.shares.clone(), ..grant.clone() },
        Grant { public: other.public.clone(), ..grant.clone() },
        Grant { note: other.note.clone(), ..grant.clone() },
        Grant { k_e_prime: other.k_e_prime.clone(), ..grant.clone() },
        Grant { request: other.request, ..grant.clone() },
    ] {
        assert!(matches!(w.cloud.reencrypt(network, &swapped, NOW, &mut w.rng), Err(FlowError::Grant)));
    }

    let header = w.cloud.reencrypt(network, &grant, NOW, &mut w.rng).unwrap();
    assert_eq!(w.cloud.reencrypt(network, &grant, NOW, &mut w.rng).unwrap(), header);
    let received = w.received(&w.b, &grant).unwrap();
    w.b.complete(&mut w.consortium.network, &received, NOW, &mut w.rng).unwrap();
    let network = &w.consortium.network;
    assert!(matches!(w.cloud.reencrypt(network, &grant, NOW, &mut w.rng), Err(FlowError::Closed(_))));
    assert!(matches!(w.receive(&w.b, &grant), Err(FlowError::Closed(_))));
}

#[test]
fn a_delivery_is_for_the_hospital_that_the_request_names() {
    let mut w = Platform::new();
    let record = w.stored(b"record");
    let grant = w.granted(record);
    let before = w.receive(&w.b, &grant);
    assert!(matches!(before, Err(FlowError::Store(_))), "nothing is re-encrypted yet");
    w.cloud.reencrypt(&w.consortium.network, &grant, NOW, &mut w.rng).unwrap();

    for other in [&w.a, &w.c] {
        assert!(matches!(w.receive(other, &grant), Err(FlowError::WrongParty(_))));
        let fetch = other.sign(Fetch { request: grant.request });
        let refused = w.cloud.deliver(&w.consortium.network, &fetch, NOW).map(|_| ());
        assert!(matches!(refused, Err(FlowError::WrongParty(_))));
    }
    let late = w.b.sign(Fetch { request: grant.request });
    let refused = w.cloud.deliver(&w.consortium.network, &late, (SECONDS + 3 * 366 * 86_400).millis()).map(|_| ());
    assert!(matches!(refused, Err(FlowError::Identity(IdentityError::Expired))));
    let altered = Grant { k_e_prime: grant.shares[0].1.clone(), ..grant.clone() };
    assert!(matches!(w.receive(&w.b, &altered), Err(FlowError::Grant)));
    let received = w.received(&w.b, &grant).unwrap();
    let refused = w.c.complete(&mut w.consortium.network, &received, NOW, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Ledger(_))), "{refused:?}");
    assert_eq!(fs::read(received.path).unwrap(), b"record");
}

/// A received record replaces no existing file, since the sender chooses its name.
#[test]
fn a_received_record_replaces_no_other() {
    let mut w = Platform::new();
    let (first, second) = (w.stored(b"first"), w.stored(b"second"));
    for (record, fresh) in [(first, true), (second, false)] {
        let grant = w.granted(record);
        w.cloud.reencrypt(&w.consortium.network, &grant, NOW, &mut w.rng).unwrap();
        assert_eq!(w.receive(&w.b, &grant).is_ok(), fresh);
    }
    assert_eq!(fs::read(w.dir.path().join("received/name of it")).unwrap(), b"first");
}

/// If the keys of a grant are lost, the user grants new ones. The old keys are then refused.
#[test]
fn a_newer_grant_replaces_an_older_one() {
    let mut w = Platform::new();
    let record = w.stored(b"record");
    let (lost, grant) = (w.granted(record), w.granted(record));
    assert!(matches!(w.cloud.reencrypt(&w.consortium.network, &lost, NOW, &mut w.rng), Err(FlowError::Closed(_))));
    w.cloud.reencrypt(&w.consortium.network, &grant, NOW, &mut w.rng).unwrap();
    assert!(matches!(w.receive(&w.b, &lost), Err(FlowError::Closed(_))));
    assert_eq!(w.receive(&w.b, &grant).unwrap(), b"record");
}

/// A repeated alarm gets the same ID_i, since two ID_i under one key would reveal that they belong to one person.
#[test]
fn an_alert_that_comes_again_gets_the_same_identifier() {
    let mut w = Platform::new();
    let (draft, identifier) = w.draft(b"record");
    let (_, other) = w.draft(b"another");
    assert_ne!(identifier, other);
    assert_eq!(w.user.check(w.a.certificate(), draft.alert()).unwrap(), identifier);
    let mut changed = draft.alert().clone();
    changed.commitment.0.0[0] ^= 1;
    assert!(matches!(w.user.check(w.a.certificate(), &changed), Err(FlowError::KnownRecord(_))));
    // Hospital B sends A's alarm.
    assert!(matches!(w.user.check(w.b.certificate(), draft.alert()), Err(FlowError::WrongParty(_))));
}

#[test]
fn keys_go_to_a_hospital_and_a_cloud_only() {
    let mut w = Platform::new();
    let record = w.stored(b"record");
    let (b, cloud) = (w.member(&w.b), w.consortium.member(w.cloud.certificate(), SECONDS).unwrap());
    for (recipient, proxy) in [(&b, &b), (&cloud, &cloud), (&cloud, &b)] {
        let refused = w.user.share(&mut w.consortium.network, record, &Consent::new(recipient, proxy), NOW, &mut w.rng);
        assert!(matches!(refused, Err(FlowError::WrongParty(_))));
    }
    let keyless = Member { sealing_key: None, ..b };
    let refused = w.user.share(&mut w.consortium.network, record, &Consent::new(&keyless, &cloud), NOW, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::NoSealingKey(_))));
}

#[test]
fn an_introduction_needs_valid_certificates() {
    let mut w = Platform::new();
    let late = SECONDS + 3 * 366 * 86_400;
    let refused = introduce(&mut w.user, &mut w.c, &w.consortium.msp, late, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Identity(IdentityError::Expired))), "{refused:?}");
    let refused = introduce(&mut w.user, &mut w.c, &Msp::new(), SECONDS, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Identity(IdentityError::UnknownIssuer))), "{refused:?}");
}

/// A revoked hospital can neither propose nor fetch.
#[test]
fn a_revoked_hospital_is_out() {
    let mut w = Platform::new();
    let record = w.stored(b"record");
    let grant = w.granted(record);
    w.cloud.reencrypt(&w.consortium.network, &grant, NOW, &mut w.rng).unwrap();
    let received = w.received(&w.b, &grant).unwrap();
    fs::remove_file(&received.path).unwrap();
    let list = w.consortium.revoke(&w.b.id()).unwrap();
    w.cloud.revoke(&list).unwrap();
    assert!(matches!(w.receive(&w.b, &grant), Err(FlowError::Identity(IdentityError::Revoked))));
    let refused = w.b.complete(&mut w.consortium.network, &received, NOW, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Ledger(_))), "{refused:?}");
    let unknown = w.consortium.revoke(&MemberId([0; 32]));
    assert!(matches!(unknown, Err(FlowError::Identity(IdentityError::UnknownMember))));
}

/// A second introduction gives a new sk. Earlier records keep the sk under which they were encrypted.
#[test]
fn records_keep_the_secret_of_their_introduction() {
    let mut w = Platform::new();
    let user = w.user.id().unwrap();
    let (stored, granted) = (w.stored(b"first"), w.stored(b"granted"));
    let grant = w.granted(granted);
    w.cloud.reencrypt(&w.consortium.network, &grant, NOW, &mut w.rng).unwrap();
    let path = w.file(b"under way");
    let draft = w.a.admit(user, &mut EmrFile::open(&path).unwrap(), Platform::NAME, &mut w.rng).unwrap();
    introduce(&mut w.user, &mut w.a, &w.consortium.msp, SECONDS, &mut w.rng).unwrap();
    let received = |w: &mut Platform, record: Option<RecordId>, expected: &[u8]| {
        let grant = record.map_or_else(|| grant.clone(), |record| w.granted(record));
        w.cloud.reencrypt(&w.consortium.network, &grant, NOW, &mut w.rng).unwrap();
        assert_eq!(w.receive(&w.b, &grant).unwrap(), expected);
        fs::remove_file(w.dir.path().join("received/name of it")).unwrap();
    };
    received(&mut w, None, b"granted");
    received(&mut w, Some(stored), b"first");
    // A record that was under way: the user finds the sk of its alarm, and answers under it.
    let identifier = w.user.check(w.a.certificate(), draft.alert()).unwrap();
    assert_eq!(w.user.check(w.a.certificate(), draft.alert()).unwrap(), identifier);
    let network = &mut w.consortium.network;
    w.user.confirm(network, draft.alert().record, NOW, &mut w.rng).unwrap();
    w.a.record(network, &draft, &identifier, NOW, &mut w.rng).unwrap();
    w.a.upload(network, &[&w.cloud], &draft, NOW).unwrap();
    received(&mut w, Some(draft.alert().record), b"under way");
    let later = w.stored(b"later");
    received(&mut w, Some(later), b"later");
}

/// The delivery of a request that was replaced does not stay in the store.
#[test]
fn a_replaced_delivery_leaves_the_store() {
    let mut w = Platform::new();
    let record = w.stored(b"record");
    let deliveries = w.dir.path().join("cloud/deliveries");
    let kept = || fs::read_dir(&deliveries).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let first = w.granted(record);
    let old = w.cloud.reencrypt(&w.consortium.network, &first, NOW, &mut w.rng).unwrap();
    // Each grant has its own k'_e, so the old k'_e does not open the new delivery.
    let second = w.granted(record);
    let new = w.cloud.reencrypt(&w.consortium.network, &second, NOW, &mut w.rng).unwrap();
    assert_ne!(old, new);
    assert_eq!(kept().count(), 1);
    assert!(kept().all(|object| Delivery::from_bytes(&object).unwrap().c_prime == *new.capsule.c()));
    let (old_key, _) = w.b.unseal(&first).unwrap();
    assert!(Opener::new(&new, &old_key).is_err());
    assert_eq!(w.receive(&w.b, &second).unwrap(), b"record");
}

/// A cloud that starts after a revocation has the list.
#[test]
fn a_cloud_that_starts_later_knows_the_revocations() {
    let mut w = Platform::new();
    let record = w.stored(b"record");
    let grant = w.granted(record);
    w.cloud.reencrypt(&w.consortium.network, &grant, NOW, &mut w.rng).unwrap();
    w.consortium.revoke(&w.b.id()).unwrap();
    let store = Store::local(&w.dir.path().join("cloud")).unwrap();
    let (mut phone, rng) = (consortium::phone(), &mut w.rng);
    let new = w.consortium.register_cloud("second cloud", store, &mut phone, SECONDS, rng).unwrap();
    let fetch = w.b.sign(Fetch { request: grant.request });
    let refused = new.deliver(&w.consortium.network, &fetch, NOW).map(|_| ());
    assert!(matches!(refused, Err(FlowError::Identity(IdentityError::Revoked))), "{refused:?}");
}

/// Deliveries of requests that are completed or replaced can be removed, and only those.
#[test]
fn a_tidy_store_has_open_deliveries_only() {
    let mut w = Platform::new();
    let records = [w.stored(b"completed"), w.stored(b"replaced"), w.stored(b"open")];
    let [completed, replaced, open] = records.map(|record| w.granted(record));
    for grant in [&completed, &replaced, &open] {
        w.cloud.reencrypt(&w.consortium.network, grant, NOW, &mut w.rng).unwrap();
    }
    let received = w.received(&w.b, &completed).unwrap();
    fs::remove_file(&received.path).unwrap();
    w.b.complete(&mut w.consortium.network, &received, NOW, &mut w.rng).unwrap();
    let newer = w.granted(records[1]);
    let early = w.receive(&w.b, &newer);
    assert!(matches!(early, Err(FlowError::NotReencrypted(request)) if request == newer.request), "{early:?}");
    assert_eq!(w.cloud.tidy(&w.consortium.network, NOW).unwrap(), 2);
    assert_eq!(w.cloud.tidy(&w.consortium.network, NOW).unwrap(), 0);
    assert_eq!(fs::read_dir(w.dir.path().join("cloud/deliveries")).unwrap().count(), 1);
    assert_eq!(w.receive(&w.b, &open).unwrap(), b"open");
}

#[test]
fn the_cloud_takes_no_envelope_above_its_limit() {
    let mut w = Platform::new();
    let draft = w.recorded(&vec![7; 100_000]);
    let envelope = fs::metadata(&draft.alert().envelope).unwrap().len();
    let body = envelope - Header::BYTES as u64;
    w.cloud = w.cloud.with_limit(body - 1);
    let refused = w.a.upload(&w.consortium.network, &[&w.cloud], &draft, NOW);
    assert!(matches!(refused, Err(FlowError::UploadLimit { limit }) if limit == body - 1), "{refused:?}");
    let left = fs::read_dir(w.dir.path().join("cloud/bodies")).map_or(0, Iterator::count);
    assert_eq!(left, 0);
    w.cloud = w.cloud.with_limit(body);
    assert_eq!(w.a.upload(&w.consortium.network, &[&w.cloud], &draft, NOW).unwrap(), envelope);
}

/// All ID_i of a person are revoked at once, and a network that is opened again still refuses them.
#[test]
fn a_person_is_revoked_and_stays_revoked() {
    let mut w = Platform::new();
    let record = w.stored(b"record");
    let (b, cloud) = (w.member(&w.b), w.consortium.member(w.cloud.certificate(), SECONDS).unwrap());
    w.consortium.revoke_person(&w.user.id().unwrap()).unwrap();
    let refused = w.user.share(&mut w.consortium.network, record, &Consent::new(&b, &cloud), NOW, &mut w.rng);
    assert_eq!(refusal(&refused), Some(EndorseError::Creator(IdentityError::Revoked).to_string()), "{refused:?}");
    let refused = introduce(&mut w.user, &mut w.c, &w.consortium.msp, SECONDS, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Identity(IdentityError::Revoked))), "{refused:?}");
    assert!(w.consortium.revoke_person(&w.b.id()).is_err());
}

/// After the certificates of a user have expired, new ones carry on: the same ID_i consents to sharing an old record.
#[test]
fn consent_outlives_a_certificate() {
    let mut w = Platform::new();
    let record = w.stored(b"record");
    let later = SECONDS + 400 * 86_400;
    let (b, cloud) = (w.member(&w.b), w.consortium.member(w.cloud.certificate(), SECONDS).unwrap());
    let refused =
        w.user.share(&mut w.consortium.network, record, &Consent::new(&b, &cloud), later.millis(), &mut w.rng);
    assert_eq!(meaning(&refused), Some(Meaning::Denied));
    assert_eq!(refusal(&refused), Some(EndorseError::Creator(IdentityError::Expired).to_string()));
    w.consortium.renew_user(&mut w.user, later, &mut w.rng).unwrap();
    w.consortium.renew_hospital(&mut w.b, later, &mut w.rng).unwrap();
    w.consortium.renew_cloud(&mut w.cloud, later, &mut w.rng).unwrap();
    w.consortium.renew_nodes(later, &mut w.rng).unwrap();
    let shared = w.user.share(&mut w.consortium.network, record, &Consent::new(&b, &cloud), later.millis(), &mut w.rng);
    let (_, grant) = shared.unwrap();
    w.cloud.reencrypt(&w.consortium.network, &grant, NOW, &mut w.rng).unwrap();
    let folder = w.dir.path().join("received");
    let received = w.b.receive(&w.consortium.network, &[&w.cloud], &grant, &folder, later.millis()).unwrap();
    assert_eq!(fs::read(received.path).unwrap(), b"record");
}

/// The receiver detects an envelope that the cloud has altered, and no file appears.
#[test]
fn an_altered_store_is_noticed_by_the_receiver() {
    let mut w = Platform::new();
    let record = w.stored(&vec![1; 100_000]);
    let grant = w.granted(record);
    w.cloud.reencrypt(&w.consortium.network, &grant, NOW, &mut w.rng).unwrap();
    for entry in fs::read_dir(w.dir.path().join("cloud/bodies")).unwrap() {
        let path = entry.unwrap().path();
        let mut envelope = fs::read(&path).unwrap();
        *envelope.last_mut().unwrap() ^= 1;
        fs::write(&path, envelope).unwrap();
    }
    let refused = w.receive(&w.b, &grant);
    assert_eq!(named(&refused), Some((w.cloud.certificate().subject().id, Misbehaviour::Body)), "{refused:?}");
    assert_eq!(fs::read_dir(w.dir.path().join("received")).unwrap().count(), 0);
}

/// While one of three peers is stopped, reads and transactions succeed. After its restart the peer catches up.
#[test]
fn a_peer_that_was_down_catches_up() {
    let mut w = Platform::new();
    w.consortium.network.stop(0);
    let record = w.stored(b"record");
    let grant = w.granted(record);
    w.cloud.reencrypt(&w.consortium.network, &grant, NOW, &mut w.rng).unwrap();
    assert_eq!(w.receive(&w.b, &grant).unwrap(), b"record");
    w.consortium.network.restart(0).unwrap();
    assert_eq!(w.consortium.network.agreement().unwrap().height, 4);
    assert_eq!(w.consortium.network.peer(0).unwrap().height(), 4);
}

/// A hospital renews its certificate while a record is under way: the user checks the alarm, and an upload whose answer was
/// lost can be repeated.
#[test]
fn a_renewal_interrupts_no_record() {
    let mut w = Platform::new();
    let draft = w.steps().admit(Platform::NAME, b"record");
    let envelope = fs::read(&draft.alert().envelope).unwrap();
    w.consortium.renew_hospital(&mut w.a, SECONDS, &mut w.rng).unwrap();
    let identifier = w.user.check(w.a.certificate(), draft.alert()).unwrap();
    w.user.confirm(&mut w.consortium.network, draft.alert().record, NOW, &mut w.rng).unwrap();
    w.a.record(&mut w.consortium.network, &draft, &identifier, NOW, &mut w.rng).unwrap();
    let size = w.a.upload(&w.consortium.network, &[&w.cloud], &draft, NOW).unwrap();
    w.consortium.renew_hospital(&mut w.a, SECONDS, &mut w.rng).unwrap();
    fs::write(&draft.alert().envelope, &envelope).unwrap();
    assert_eq!(w.a.upload(&w.consortium.network, &[&w.cloud], &draft, NOW).unwrap(), size);
    fs::write(&draft.alert().envelope, [&envelope[..], b"x"].concat()).unwrap();
    let other = w.a.upload(&w.consortium.network, &[&w.cloud], &draft, NOW);
    assert!(matches!(other, Err(FlowError::Upload { .. })), "{other:?}");
    let grant = w.granted(draft.alert().record);
    w.cloud.reencrypt(&w.consortium.network, &grant, NOW, &mut w.rng).unwrap();
    assert_eq!(w.receive(&w.b, &grant).unwrap(), b"record");
}

/// A consortium outlives the certificates of its nodes, running or stopped, and a revoked node stays out.
#[test]
fn a_consortium_renews_its_nodes() {
    let mut w = Platform::new();
    let later = SECONDS + 2 * 365 * 86_400;
    w.consortium.renew_user(&mut w.user, later, &mut w.rng).unwrap();
    w.consortium.renew_hospital(&mut w.a, later, &mut w.rng).unwrap();
    w.consortium.network.stop(2);
    let revoked = w.consortium.network.peer(1).unwrap().certificate().subject().id;
    w.consortium.revoke(&revoked).unwrap();
    let draft = w.steps().check(Platform::NAME, b"record").0;
    let record = draft.alert().record;
    let confirm = |w: &mut Platform| w.user.confirm(&mut w.consortium.network, record, later.millis(), &mut w.rng);
    let refused = confirm(&mut w);
    assert_eq!(endorsed(&refused), Some(0), "{refused:?}");
    let refused = w.consortium.renew_nodes(later, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Identity(IdentityError::Revoked))), "{refused:?}");
    let refused = confirm(&mut w);
    assert_eq!(endorsed(&refused), Some(1), "{refused:?}");
    w.consortium.network.restart(2).unwrap();
    assert_eq!(confirm(&mut w).unwrap().block, 1);
    // The orderer seals under its new certificate.
    let block = w.consortium.network.peer(0).unwrap().block(1).unwrap().block;
    assert!(w.consortium.msp.validate_at(&block.seal.orderer, later).is_ok());
}

/// One revoked ID_i does not keep the others of the same user from new certificates.
#[test]
fn a_revoked_pseudonym_keeps_no_other_from_a_renewal() {
    let mut w = Platform::new();
    let record = w.stored(b"record");
    w.consortium.revoke(&w.user.id().unwrap()).unwrap();
    let (b, cloud) = (w.member(&w.b), w.consortium.member(w.cloud.certificate(), SECONDS).unwrap());
    let later = SECONDS + 2 * 365 * 86_400;
    let refused = w.consortium.renew_user(&mut w.user, later, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Identity(IdentityError::Revoked))), "{refused:?}");
    w.consortium.renew_nodes(later, &mut w.rng).unwrap();
    w.user.share(&mut w.consortium.network, record, &Consent::new(&b, &cloud), later.millis(), &mut w.rng).unwrap();
}

/// After a withdrawal, the cloud and the endorsers refuse the request. The user can consent again.
#[test]
fn a_withdrawn_consent_is_used_by_nobody() {
    let mut w = Platform::new();
    let record = w.stored(b"record");
    let [early, late] = [w.granted(record), w.granted(record)];
    w.cloud.reencrypt(&w.consortium.network, &late, NOW, &mut w.rng).unwrap();
    let received = w.received(&w.b, &late).unwrap();
    fs::remove_file(&received.path).unwrap();
    w.user.withdraw(&mut w.consortium.network, record, late.request, NOW, &mut w.rng).unwrap();
    let refused = w.cloud.reencrypt(&w.consortium.network, &late, NOW, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Withdrawn(request)) if request == late.request), "{refused:?}");
    let fetch = w.b.sign(Fetch { request: late.request });
    let refused = w.cloud.deliver(&w.consortium.network, &fetch, NOW).map(drop);
    assert!(matches!(refused, Err(FlowError::Withdrawn(_))), "{refused:?}");
    assert!(matches!(w.receive(&w.b, &late), Err(FlowError::Withdrawn(_))));
    let refused = w.b.complete(&mut w.consortium.network, &received, NOW, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Ledger(_))), "{refused:?}");
    assert_eq!(w.cloud.tidy(&w.consortium.network, NOW).unwrap(), 1);
    // The request that was replaced before stays refused.
    let refused = w.cloud.reencrypt(&w.consortium.network, &early, NOW, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Closed(_))), "{refused:?}");
    let again = w.granted(record);
    w.cloud.reencrypt(&w.consortium.network, &again, NOW, &mut w.rng).unwrap();
    assert_eq!(w.receive(&w.b, &again).unwrap(), b"record");
}

/// A consent lasts to its end and no longer, by the clock of the participant who acts.
#[test]
fn a_consent_ends() {
    let mut w = Platform::new();
    let record = w.stored(b"record");
    let (b, cloud) = (w.member(&w.b), w.consortium.member(w.cloud.certificate(), SECONDS).unwrap());
    let end = NOW + 60_000;
    let consent = |until| Consent { until: Some(until), ..Consent::new(&b, &cloud) };
    let past = consent(Millis(NOW.0 - 1));
    let refused = w.user.share(&mut w.consortium.network, record, &past, NOW, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Ledger(_))), "{refused:?}");
    let (_, grant) = w.user.share(&mut w.consortium.network, record, &consent(end), NOW, &mut w.rng).unwrap();
    w.cloud.reencrypt(&w.consortium.network, &grant, end, &mut w.rng).unwrap();
    let folder = w.dir.path().join("received");
    let received = w.b.receive(&w.consortium.network, &[&w.cloud], &grant, &folder, end).unwrap();
    let (network, late) = (&mut w.consortium.network, end + 1);
    let refused = w.cloud.reencrypt(network, &grant, late, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Ended(request)) if request == grant.request), "{refused:?}");
    let refused = w.cloud.deliver(network, &w.b.sign(Fetch { request: grant.request }), late).map(drop);
    assert!(matches!(refused, Err(FlowError::Ended(_))), "{refused:?}");
    assert_eq!(w.cloud.tidy(network, end).unwrap(), 0);
    assert_eq!(w.cloud.tidy(network, late).unwrap(), 1);
    let refused = w.b.complete(network, &received, late, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Ledger(_))), "{refused:?}");
    w.b.complete(network, &received, end, &mut w.rng).unwrap();
}

/// Three clouds, of which two re-encrypt together.
struct Clouds {
    w: Platform,
    all: Vec<Cloud>,
    grant: Grant,
}

impl Clouds {
    fn new() -> Self {
        let mut w = Platform::new();
        let clouds: Vec<_> = (1..=3)
            .map(|i| {
                let store = Store::local(&w.dir.path().join(format!("cloud {i}"))).unwrap();
                let (mut phone, name) = (consortium::phone(), format!("cloud {i}"));
                w.consortium.register_cloud(&name, store, &mut phone, SECONDS, &mut w.rng).unwrap()
            })
            .collect();
        let draft = w.recorded(b"record");
        w.a.upload(&w.consortium.network, &clouds.iter().collect::<Vec<_>>(), &draft, NOW).unwrap();
        let members: Vec<_> =
            clouds.iter().map(|cloud| w.consortium.member(cloud.certificate(), SECONDS).unwrap()).collect();
        let b = w.member(&w.b);
        let consent = Consent { recipient: &b, clouds: &members, t: 2, until: None };
        let network = &mut w.consortium.network;
        let (_, grant) = w.user.share(network, draft.alert().record, &consent, NOW, &mut w.rng).unwrap();
        let twice = [members[0].clone(), members[1].clone(), members[0].clone()];
        for (clouds, t) in [(&twice[..], 2), (&members, 0), (&members, 4), (&[], 0)] {
            let consent = Consent { clouds, t, ..consent };
            let refused = w.user.share(network, draft.alert().record, &consent, NOW, &mut w.rng);
            assert!(matches!(refused, Err(FlowError::Threshold(_))), "{refused:?}");
        }
        Self { w, all: clouds, grant }
    }

    fn reencrypt(&mut self, number: usize) {
        let network = &self.w.consortium.network;
        self.all[number].reencrypt(network, &self.grant, NOW, &mut self.w.rng).unwrap();
    }

    /// Puts C in the place of C' in the delivery that a cloud keeps.
    fn corrupt(&self, number: usize) {
        let folder = self.w.dir.path().join(format!("cloud {}/deliveries", number + 1));
        let path = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
        let mut delivery = Delivery::from_bytes(&fs::read(&path).unwrap()).unwrap();
        delivery.c_prime = *delivery.upload.content.header.capsule.c();
        fs::write(path, delivery.to_bytes()).unwrap();
    }

    fn receive(&self) -> Result<Received, FlowError> {
        let clouds: Vec<_> = self.all.iter().collect();
        let folder = self.w.dir.path().join("received");
        self.w.b.receive(&self.w.consortium.network, &clouds, &self.grant, &folder, NOW)
    }

    fn id(&self, number: usize) -> MemberId {
        self.all[number].certificate().subject().id
    }
}

/// One cloud is down, and the record arrives. One share alone gives no record.
#[test]
fn two_of_three_clouds_suffice() {
    let mut clouds = Clouds::new();
    clouds.reencrypt(2);
    let refused = clouds.receive();
    let Err(FlowError::TooFewClouds { needed: 2, delivered: 1, refused }) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.iter().map(|(cloud, _)| *cloud).collect::<Vec<_>>(), [clouds.id(0), clouds.id(1)]);
    clouds.reencrypt(0);
    let received = clouds.receive().unwrap();
    assert_eq!(fs::read(&received.path).unwrap(), b"record");
    assert_eq!(received.refused.iter().map(|(cloud, _)| *cloud).collect::<Vec<_>>(), [clouds.id(1)]);
    let (w, grant) = (&mut clouds.w, &clouds.grant);
    w.b.complete(&mut w.consortium.network, &received, NOW, &mut w.rng).unwrap();
    verify_deliveries(&w.consortium.network, &w.c.creator(), &w.consortium.params, grant, &received.deliveries)
        .unwrap();
    let mut swapped = received.deliveries;
    swapped.swap(0, 1);
    let refused = verify_deliveries(&w.consortium.network, &w.c.creator(), &w.consortium.params, grant, &swapped);
    assert!(matches!(refused, Err(FlowError::Deliveries)), "{refused:?}");
}

/// One cloud delivers a wrong C': the check names this cloud, and the record arrives through the others.
#[test]
fn a_lying_cloud_is_named() {
    let mut clouds = Clouds::new();
    (0..3).for_each(|number| clouds.reencrypt(number));
    clouds.corrupt(0);
    let received = clouds.receive().unwrap();
    assert_eq!(fs::read(&received.path).unwrap(), b"record");
    let [(who, why)] = &received.refused[..] else { panic!("{:?}", received.refused) };
    assert_eq!(*who, clouds.id(0));
    assert!(matches!(why, FlowError::Misbehaved { who, how: Misbehaviour::Proof } if *who == clouds.id(0)), "{why}");
    // Two lying clouds of three: no record, and both are named.
    fs::remove_file(received.path).unwrap();
    clouds.corrupt(1);
    let Err(FlowError::TooFewClouds { refused, .. }) = clouds.receive() else { panic!("received") };
    assert!(refused.iter().all(|(_, why)| matches!(why, FlowError::Misbehaved { how: Misbehaviour::Proof, .. })));
    assert_eq!(refused.len(), 2);
}

/// If one cloud sends another body, it is named, and the body comes from the next cloud.
#[test]
fn a_body_that_was_exchanged_is_fetched_from_another_cloud() {
    let mut clouds = Clouds::new();
    (0..2).for_each(|number| clouds.reencrypt(number));
    let bodies = clouds.w.dir.path().join("cloud 1/bodies");
    let body = fs::read_dir(bodies).unwrap().next().unwrap().unwrap().path();
    fs::write(body, [7; 30]).unwrap();
    let received = clouds.receive().unwrap();
    assert_eq!(fs::read(&received.path).unwrap(), b"record");
    let why = &received.refused[0].1;
    assert!(matches!(why, FlowError::Misbehaved { who, how: Misbehaviour::Body } if *who == clouds.id(0)), "{why}");
}

/// One cloud would suffice and sends another body: the body comes from a cloud that was not needed before. What is cut off
/// is another body, too.
#[test]
fn a_body_comes_from_a_cloud_beyond_the_threshold() {
    let mut clouds = Clouds::new();
    let members: Vec<_> =
        clouds.all.iter().map(|cloud| clouds.w.consortium.member(cloud.certificate(), SECONDS).unwrap()).collect();
    let b = clouds.w.member(&clouds.w.b);
    let (record, w) = (clouds.grant.note.content.record, &mut clouds.w);
    let consent = Consent { recipient: &b, clouds: &members, t: 1, until: None };
    clouds.grant = w.user.share(&mut w.consortium.network, record, &consent, NOW, &mut w.rng).unwrap().1;
    (0..3).for_each(|number| clouds.reencrypt(number));
    for (number, body) in [(1, &[7; 30][..]), (2, &[])] {
        let bodies = clouds.w.dir.path().join(format!("cloud {number}/bodies"));
        fs::write(fs::read_dir(bodies).unwrap().next().unwrap().unwrap().path(), body).unwrap();
    }
    let received = clouds.receive().unwrap();
    assert_eq!(fs::read(&received.path).unwrap(), b"record");
    for (number, (who, why)) in received.refused.iter().enumerate() {
        assert_eq!(*who, clouds.id(number));
        assert!(matches!(why, FlowError::Misbehaved { how: Misbehaviour::Body, .. }), "{why}");
    }
    assert_eq!(received.refused.len(), 2);
    let w = &mut clouds.w;
    w.b.complete(&mut w.consortium.network, &received, NOW, &mut w.rng).unwrap();
    verify_deliveries(&w.consortium.network, &w.c.creator(), &w.consortium.params, &clouds.grant, &received.deliveries)
        .unwrap();
}

/// After a rotation, the old k_re and k'_e open nothing that the cloud stores. The record can be shared again.
#[test]
fn a_rotated_record_opens_by_new_grants_alone() {
    let mut w = Platform::new();
    let [record, other] = [w.stored(b"record"), w.stored(b"other")];
    let old = w.granted(record);
    w.cloud.reencrypt(&w.consortium.network, &old, NOW, &mut w.rng).unwrap();
    let before = w.cloud.header(&w.consortium.network, record).unwrap();
    let (network, cloud) = (&w.consortium.network, &w.cloud);
    w.user.rotate(network, &[record, other], &[cloud], NOW, &mut w.rng).unwrap();
    let after = cloud.header(network, record).unwrap();
    assert_ne!(before, after);
    let (k_re, (k_e_prime, _)) = (cloud.unseal(&old).unwrap(), w.b.unseal(&old).unwrap());
    assert!(Opener::new(&before.reencrypt(&k_re), &k_e_prime).is_ok());
    assert!(Opener::new(&after.reencrypt(&k_re), &k_e_prime).is_err());
    let c = before.capsule.c().to_bytes();
    for path in phi_pre::flow::files(&w.dir.path().join("cloud")).unwrap() {
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.windows(c.len()).all(|window| window != c), "{} holds the old C", path.display());
    }
    let refused = w.cloud.reencrypt(&w.consortium.network, &old, NOW, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Epoch { stored: 1, asked: 0 })), "{refused:?}");
    for epoch in 1..=2 {
        let grant = w.granted(record);
        assert_eq!(grant.note.content.epoch, epoch);
        w.cloud.reencrypt(&w.consortium.network, &grant, NOW, &mut w.rng).unwrap();
        let received = w.received(&w.b, &grant).unwrap();
        assert_eq!(fs::read(&received.path).unwrap(), b"record");
        fs::remove_file(received.path).unwrap();
        w.user.rotate(&w.consortium.network, &[record], &[&w.cloud], NOW, &mut w.rng).unwrap();
    }
    let unknown = w.user.rotate(&w.consortium.network, &[RecordId(old.request.0)], &[&w.cloud], NOW, &mut w.rng);
    assert!(matches!(unknown, Err(FlowError::UnknownRecord(_))));
}

/// A rotation that one of the clouds could not finish can be repeated.
#[test]
fn a_rotation_can_be_repeated() {
    let mut clouds = Clouds::new();
    let Clouds { w, all, grant } = &mut clouds;
    let folder = w.dir.path().join("cloud 2");
    let record = w.consortium.network.share(grant.request, &w.c.creator()).unwrap().unwrap().share.record;
    let all: Vec<_> = all.iter().collect();
    fs::rename(folder.join("records"), folder.join("away")).unwrap();
    let refused = w.user.rotate(&w.consortium.network, &[record], &all, NOW, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Store(_))), "{refused:?}");
    fs::rename(folder.join("away"), folder.join("records")).unwrap();
    for _ in 0..2 {
        w.user.rotate(&w.consortium.network, &[record], &all, NOW, &mut w.rng).unwrap();
        let notes: Vec<_> = all.iter().map(|cloud| cloud.note(&w.consortium.network, record).unwrap()).collect();
        assert!(notes.windows(2).all(|two| two[0] == two[1]));
    }
    assert_eq!(all[0].note(&w.consortium.network, record).unwrap().content.epoch, 2);
}

/// Only the holder of the record's ID_i can replace its note, one epoch after the other.
#[test]
fn a_note_is_replaced_by_its_holder_alone() {
    let mut w = Platform::new();
    let [record, other] = [w.stored(b"record"), w.stored(b"other")];
    let old = w.cloud.note(&w.consortium.network, record).unwrap();
    let by_hospital = w.a.sign(Upload { epoch: 1, ..old.content });
    let refused = w.cloud.replace(&w.consortium.network, &by_hospital, NOW);
    assert!(matches!(refused, Err(FlowError::WrongParty(id)) if id == w.a.id()), "{refused:?}");
    let refused = w.cloud.replace(&w.consortium.network, &old, NOW);
    assert!(matches!(refused, Err(FlowError::WrongParty(_))), "{refused:?}");
    w.user.rotate(&w.consortium.network, &[record, other], &[&w.cloud], NOW, &mut w.rng).unwrap();
    let first = w.cloud.note(&w.consortium.network, record).unwrap();
    w.cloud.replace(&w.consortium.network, &first, NOW).unwrap();
    w.user.rotate(&w.consortium.network, &[record], &[&w.cloud], NOW, &mut w.rng).unwrap();
    let refused = w.cloud.replace(&w.consortium.network, &first, NOW);
    assert!(matches!(refused, Err(FlowError::Epoch { stored: 2, asked: 1 })), "{refused:?}");
}

/// The hospital signed another note for the cloud than for the user: a rotation names the hospital, and not the cloud.
#[test]
fn a_rotation_of_two_notes_names_the_hospital() {
    let mut w = Platform::new();
    let draft = w.recorded(b"record");
    let other = w.steps().admit("another", b"another").alert().note.content.header;
    let note = w.a.sign(Upload { header: other, ..draft.alert().note.content });
    let envelope = fs::read(&draft.alert().envelope).unwrap();
    w.cloud.accept(&w.consortium.network, &note, &mut &envelope[Header::BYTES..], NOW).unwrap();
    let refused = w.user.rotate(&w.consortium.network, &[draft.alert().record], &[&w.cloud], NOW, &mut w.rng);
    assert_eq!(named(&refused), Some((w.a.id(), Misbehaviour::Note)), "{refused:?}");
}

/// A rotation that was interrupted can be repeated after the certificates were renewed.
#[test]
fn a_rotation_can_be_repeated_after_a_renewal() {
    let mut clouds = Clouds::new();
    let Clouds { w, all, grant } = &mut clouds;
    let folder = w.dir.path().join("cloud 2");
    let record = grant.note.content.record;
    let both: Vec<_> = all.iter().collect();
    fs::rename(folder.join("records"), folder.join("away")).unwrap();
    let refused = w.user.rotate(&w.consortium.network, &[record], &both, NOW, &mut w.rng);
    assert!(matches!(refused, Err(FlowError::Store(_))), "{refused:?}");
    fs::rename(folder.join("away"), folder.join("records")).unwrap();
    let later = SECONDS + 3 * 366 * 86_400;
    w.consortium.renew_user(&mut w.user, later, &mut w.rng).unwrap();
    for cloud in all.iter_mut() {
        w.consortium.renew_cloud(cloud, later, &mut w.rng).unwrap();
    }
    let all: Vec<_> = all.iter().collect();
    w.user.rotate(&w.consortium.network, &[record], &all, later.millis(), &mut w.rng).unwrap();
    assert!(all.iter().all(|cloud| cloud.note(&w.consortium.network, record).unwrap().content.epoch == 1));
}

/// A cloud that took no part in earlier rotations takes part in the next one.
#[test]
fn a_cloud_that_missed_rotations_catches_up() {
    let mut clouds = Clouds::new();
    let Clouds { w, all, grant } = &mut clouds;
    let (all, record) = (all.iter().collect::<Vec<_>>(), grant.note.content.record);
    for _ in 0..2 {
        w.user.rotate(&w.consortium.network, &[record], &all[..1], NOW, &mut w.rng).unwrap();
    }
    w.user.rotate(&w.consortium.network, &[record], &all, NOW, &mut w.rng).unwrap();
    let notes: Vec<_> = all.iter().map(|cloud| cloud.note(&w.consortium.network, record).unwrap()).collect();
    assert!(notes.iter().all(|note| note.content == notes[0].content && note.content.epoch == 3));
}

/// A hospital that sends its upload again and again while the user rotates the record does not bring its note back.
#[test]
fn an_upload_that_comes_again_during_a_rotation_does_not_undo_it() {
    let mut w = Platform::new();
    for i in 0..6_u8 {
        let draft = w.recorded(&[i]);
        let (record, note) = (draft.alert().record, w.a.sign(draft.alert().note.content));
        let body = fs::read(&draft.alert().envelope).unwrap()[Header::BYTES..].to_vec();
        let (network, cloud, user, rng) = (&w.consortium.network, &w.cloud, &mut w.user, &mut w.rng);
        cloud.accept(network, &note, &mut &body[..], NOW).unwrap();
        let rotated = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !rotated.load(Ordering::Relaxed) {
                    _ = cloud.accept(network, &note, &mut &body[..], NOW);
                }
            });
            let done = user.rotate(network, &[record], &[cloud], NOW, rng);
            rotated.store(true, Ordering::Relaxed);
            done.unwrap();
        });
        assert_eq!(cloud.note(network, record).unwrap().content.epoch, 1);
    }
}

/// A re-encryption that is under way during a rotation leaves no delivery under the old key.
#[test]
fn a_reencryption_during_a_rotation_leaves_nothing() {
    let mut w = Platform::new();
    let deliveries = w.dir.path().join("cloud/deliveries");
    for i in 0..6_u8 {
        let record = w.stored(&[i]);
        let grant = w.granted(record);
        let (network, cloud, user, rng) = (&w.consortium.network, &w.cloud, &mut w.user, &mut w.rng);
        cloud.reencrypt(network, &grant, NOW, rng).unwrap();
        let mut own = rng.clone();
        let rotated = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !rotated.load(Ordering::Relaxed) {
                    _ = cloud.reencrypt(network, &grant, NOW, &mut own);
                }
            });
            let done = user.rotate(network, &[record], &[cloud], NOW, rng);
            rotated.store(true, Ordering::Relaxed);
            done.unwrap();
        });
        assert_eq!(fs::read_dir(&deliveries).unwrap().count(), 0);
    }
}

/// Sharing and rotation work with a key by name.
#[test]
fn a_record_under_a_key_by_name_goes_from_a_to_b() {
    let mut w = Platform::new();
    introduce_by_name(&mut w.user, &mut w.a, &w.consortium.msp, SECONDS, &mut w.rng).unwrap();
    let record = w.stored(b"record");
    for rotated in [false, true] {
        if rotated {
            w.user.rotate(&w.consortium.network, &[record], &[&w.cloud], NOW, &mut w.rng).unwrap();
        }
        let grant = w.granted(record);
        w.cloud.reencrypt(&w.consortium.network, &grant, NOW, &mut w.rng).unwrap();
        let received = w.received(&w.b, &grant).unwrap();
        assert_eq!(fs::read(&received.path).unwrap(), b"record");
        fs::remove_file(received.path).unwrap();
    }
}

/// A hospital takes a key by name only if the key names this hospital and comes from a user to whom it was introduced.
#[test]
fn a_key_by_name_is_for_one_hospital() {
    let mut w = Platform::new();
    let key = w.user.give_key(w.a.id(), &mut w.rng).unwrap();
    let refused = w.b.take_key(&key, &w.consortium.msp, SECONDS);
    assert!(matches!(refused, Err(FlowError::WrongParty(id)) if id == w.a.id()), "{refused:?}");
    assert!(matches!(w.user.give_key(w.c.id(), &mut w.rng), Err(FlowError::Stranger(_))));
    let stranger = w.b.sign(NamedKey { hospital: w.a.id(), key: key.content.key });
    assert!(matches!(w.a.take_key(&stranger, &w.consortium.msp, SECONDS), Err(FlowError::WrongParty(_))));
    let mut altered = key.to_bytes();
    *altered.last_mut().unwrap() ^= 1;
    let altered = Signed::from_bytes(&altered).unwrap();
    assert!(matches!(w.a.take_key(&altered, &w.consortium.msp, SECONDS), Err(FlowError::Identity(_))));
    // The hospital goes on with the key of the exchange: the user opens nothing under it.
    let draft = w.steps().admit(Platform::NAME, b"record");
    let refused = w.user.check(w.a.certificate(), draft.alert());
    assert!(matches!(refused, Err(FlowError::DecryptFile(_))), "{refused:?}");
    w.a.take_key(&key, &w.consortium.msp, SECONDS).unwrap();
    w.stored(b"record");
}

/// Nobody brings an earlier key by name back, as with a message that was kept.
#[test]
fn an_earlier_key_by_name_does_not_come_back() {
    let mut w = Platform::new();
    let early = w.user.give_key(w.a.id(), &mut w.rng).unwrap();
    w.a.take_key(&early, &w.consortium.msp, SECONDS).unwrap();
    w.a.take_key(&early, &w.consortium.msp, SECONDS).unwrap();
    introduce_by_name(&mut w.user, &mut w.a, &w.consortium.msp, SECONDS, &mut w.rng).unwrap();
    let refused = w.a.take_key(&early, &w.consortium.msp, SECONDS);
    assert!(matches!(refused, Err(FlowError::EarlierKey(id)) if id == w.user.id().unwrap()), "{refused:?}");
    w.stored(b"record");
    introduce(&mut w.user, &mut w.a, &w.consortium.msp, SECONDS, &mut w.rng).unwrap();
    let refused = w.a.take_key(&early, &w.consortium.msp, SECONDS);
    assert!(matches!(refused, Err(FlowError::EarlierKey(id)) if id == w.user.id().unwrap()), "{refused:?}");
    w.stored(b"another");
}
