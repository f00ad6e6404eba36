//! Attacks by a hospital or user, made with the secrets that the attacker holds.

use super::*;
use crate::envelope::{Header, Sealer, Suite};
use crate::hash::sha256;
use crate::pre::{DecryptionKey, Params, Scope, Seed};
use crate::time::{Millis, Seconds};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::fs;

const SECONDS: Seconds = Seconds(1_800_000_000);
const NOW: Millis = SECONDS.millis();

/// Runs both figures for one record. `exchange` may replace the envelope and the note before they are uploaded.
fn share(
    name: &str,
    exchange: impl FnOnce(&Hospital, &User, &mut Draft, &mut ChaCha20Rng),
) -> Result<Received, FlowError> {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let rng = &mut ChaCha20Rng::seed_from_u64(3);
    let mut phone = Handset::new("+821055501000")?;
    let params = Params::new(Seed::random(rng));
    let mut world = Consortium::create(&path("ledger"), &["node"], params, &mut phone, SECONDS, rng)?;
    let mut user = world.register_user(&mut phone, SECONDS, rng)?;
    let mut a = world.register_hospital("A", &path("a"), &mut phone, SECONDS, rng)?;
    let mut b = world.register_hospital("B", &path("b"), &mut phone, SECONDS, rng)?;
    let cloud = world.register_cloud("cloud", Store::local(&path("cloud"))?, &mut phone, SECONDS, rng)?;
    introduce(&mut user, &mut a, &world.msp, SECONDS, rng)?;
    introduce(&mut user, &mut b, &world.msp, SECONDS, rng)?;

    fs::write(path("record"), b"committed").unwrap();
    let mut draft = a.admit(user.id()?, &mut EmrFile::open(&path("record"))?, "name", rng)?;
    let identifier = user.check(a.certificate(), draft.alert())?;
    let proposal = a.propose(&world.network, &draft, &identifier, NOW)?;
    user.confirm(&mut world.network, draft.alert().txid, NOW, rng)?;
    a.record(&mut world.network, &proposal, NOW)?;
    exchange(&a, &user, &mut draft, rng);
    a.upload(&world.network, &[&cloud], &draft, NOW)?;
    user.rename_for_test(draft.alert().txid, name);
    let (to_b, to_cloud) = (world.member(b.certificate(), SECONDS)?, world.member(cloud.certificate(), SECONDS)?);
    let consent = Consent::new(&to_b, &to_cloud);
    let (_, grant) = user.share(&mut world.network, draft.alert().txid, &consent, NOW, rng)?;
    cloud.reencrypt(&world.network, &grant, NOW, rng)?;
    let received = b.receive(&world.network, &[&cloud], &grant, &path("received"), NOW);
    if received.is_err() {
        let left = fs::read_dir(path("received")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "a refused record left something behind");
    }
    received
}

/// A key that has two certificates signs with one of them: nobody can exchange it for the other, with another name or role.
#[test]
fn a_signature_counts_under_its_certificate_alone() {
    use crate::identity::{Authority, MemberId, Msp, ParticipantGroup, Role, SigningKey, Subject};
    use crate::ledger::TxId;
    let rng = &mut ChaCha20Rng::seed_from_u64(5);
    let mut hospitals = Authority::new(ParticipantGroup::Hospitals, rng, SECONDS).unwrap();
    let mut msp = Msp::new();
    msp.trust(hospitals.root()).unwrap();
    let key = SigningKey::random(rng);
    let [first, second] = ["A", "B"].map(|name| {
        let subject = Subject::new(name, Role::Hospital, MemberId::random(rng)).unwrap();
        hospitals.issue(&subject, &key.verifying_key(), None, SECONDS, rng).unwrap()
    });
    let signed = Signed::new(Fetch { request: TxId(crate::hash::Digest([1; 32])) }, &first, &key);
    assert_eq!(signed.verify(&msp).unwrap().id, first.subject().id);
    let mut exchanged = signed;
    exchanged.certificate = second;
    let refused = exchanged.verify(&msp).map(|member| member.organisation);
    assert!(matches!(refused, Err(FlowError::Identity(crate::identity::IdentityError::BadSignature))), "{refused:?}");
}

#[test]
fn an_honest_share_arrives() {
    assert_eq!(share("name", |_, _, _, _| ()).unwrap().sealed.bytes, 9);
}

/// Hospital A uploads another record than the one that it committed to, under the right key or under another. The checks
/// name the hospital.
#[test]
fn a_record_that_is_not_the_committed_one_is_refused() {
    for right_key in [true, false] {
        let mut hospital = None;
        let exchange = |a: &Hospital, user: &User, draft: &mut Draft, rng: &mut ChaCha20Rng| {
            let params = a.params();
            let k_d = params.derive(a.secret(&user.id().unwrap()).unwrap(), Scope::Record(&draft.alert().txid.0.0));
            let to = if right_key { k_d } else { DecryptionKey::random(rng) };
            let mut envelope = Vec::new();
            let sealer = Sealer::new(params, &to.public_key(params), Suite::default(), rng).unwrap();
            sealer.seal(&mut &b"exchanged"[..], &mut envelope).unwrap();
            let (header, body) = envelope.split_at(Header::BYTES);
            let header = Header::from_bytes(header).unwrap();
            let note = Upload { header, body: sha256(&[body]), ..draft.alert().note.content };
            draft.sign_for_test(a, note);
            fs::write(&draft.alert().envelope, envelope).unwrap();
            hospital = Some(a.id());
        };
        let refused = share("name", exchange);
        let named =
            matches!(refused, Err(FlowError::Misbehaved { who, how: Misbehaviour::Record }) if Some(who) == hospital);
        assert!(named, "{refused:?}");
    }
}

/// The hospital cannot exchange the envelope without a new note.
#[test]
fn an_envelope_without_its_note_is_not_stored() {
    let exchange = |_: &Hospital, _: &User, draft: &mut Draft, _: &mut ChaCha20Rng| {
        let mut envelope = fs::read(&draft.alert().envelope).unwrap();
        *envelope.last_mut().unwrap() ^= 1;
        fs::write(&draft.alert().envelope, envelope).unwrap();
    };
    let refused = share("name", exchange);
    assert!(matches!(refused, Err(FlowError::Upload { .. })), "{refused:?}");
}

/// A user grants a record under a name that would leave hospital B's folder.
#[test]
fn a_granted_name_stays_below_the_folder() {
    for name in ["../name", "/name", ""] {
        assert!(matches!(share(name, |_, _, _, _| ()), Err(FlowError::Name(_))), "{name}");
    }
}
