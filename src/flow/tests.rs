//! Attacks by a hospital or user, made with the secrets that the attacker holds.

use super::*;
use crate::contract::{Action, Creator, Ledger, RecordId, RequestId};
use crate::envelope::{Header, Opener, Sealer, Suite};
use crate::hash::sha256;
use crate::identity::{
    Authority, Certificate, MemberId, Msp, ParticipantGroup, SealingPublicKey, SigningKey, Subject, seal,
};
use crate::ledger::Nonce;
use crate::pre::{DecryptionKey, Params, ReKey, Scope, Seed};
use crate::time::{Millis, Seconds};
use crate::wire::Wire;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::{fs, io};

const SECONDS: Seconds = Seconds(1_800_000_000);
const NOW: Millis = SECONDS.millis();

/// A world with one record in the cloud.
struct Stage {
    dir: tempfile::TempDir,
    world: Consortium,
    user: User,
    b: Hospital,
    a: Hospital,
    cloud: Cloud,
    record: RecordId,
    rng: ChaCha20Rng,
}

impl Stage {
    /// Runs Figure 3 for one record. `exchange` may replace the envelope and the note before they are uploaded.
    fn new(exchange: impl FnOnce(&Hospital, &User, &mut Draft, &mut ChaCha20Rng)) -> Result<Self, FlowError> {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let mut phone = Handset::new("+821055501000")?;
        let params = Params::new(Seed::random(&mut rng));
        let mut world = Consortium::create(&path("ledger"), &["node"], params, &mut phone, SECONDS, &mut rng)?;
        let mut user = world.register_user(&mut phone, SECONDS, &mut rng)?;
        let mut a = world.register_hospital("A", &path("a"), &mut phone, SECONDS, &mut rng)?;
        let b = world.register_hospital("B", &path("b"), &mut phone, SECONDS, &mut rng)?;
        let cloud = world.register_cloud("cloud", Store::local(&path("cloud"))?, &mut phone, SECONDS, &mut rng)?;
        introduce(&mut user, &mut a, &world.msp, SECONDS, &mut rng)?;

        fs::write(path("record"), b"committed").unwrap();
        let mut draft = a.admit(user.id()?, &mut EmrFile::open(&path("record"))?, "name", &mut rng)?;
        let identifier = user.check(a.certificate(), draft.alert())?;
        user.confirm(&mut world.network, draft.alert().record, NOW, &mut rng)?;
        a.record(&mut world.network, &draft, &identifier, NOW, &mut rng)?;
        exchange(&a, &user, &mut draft, &mut rng);
        a.upload(&world.network, &[&cloud], &draft, NOW)?;
        let record = draft.alert().record;
        Ok(Self { dir, world, user, b, a, cloud, record, rng })
    }

    /// Figure 4 up to the grant.
    fn grant(&mut self) -> Result<Grant, FlowError> {
        let member = |certificate| self.world.member(certificate, SECONDS);
        let (to_b, to_cloud) = (member(self.b.certificate())?, member(self.cloud.certificate())?);
        let consent = Consent::new(&to_b, &to_cloud);
        Ok(self.user.share(&mut self.world.network, self.record, &consent, NOW, &mut self.rng)?.1)
    }

    /// Commits a request for a grant with other keys, as a user with an altered DApp can.
    fn regrant(&mut self, change: impl FnOnce(&mut Grant, [SealingPublicKey; 2], &mut ChaCha20Rng)) -> Grant {
        let mut grant = self.grant().unwrap();
        let id = self.user.pseudonym(self.record).unwrap();
        let (certificate, key) = self.user.credentials_mut().member(&id).unwrap().clone();
        let nonce = Nonce::random(&mut self.rng);
        grant.request = RequestId::new(&nonce, &certificate);
        let keys = [self.cloud.certificate(), self.b.certificate()].map(|c| *c.sealing_key().unwrap());
        change(&mut grant, keys, &mut self.rng);
        let (record, recipient) = (self.record, self.b.id());
        let action =
            Action::ShareRequest { nonce, record, recipient, delta: grant.delta(), grant: grant.digest(), until: None };
        let creator = Creator { certificate: &certificate, key: &key };
        Ledger::transact(&mut self.world.network, &action, &creator, NOW, &mut self.rng).unwrap();
        grant
    }

    fn reencrypt(&mut self, grant: &Grant) -> Result<Header, FlowError> {
        self.cloud.reencrypt(&self.world.network, grant, NOW, &mut self.rng)
    }

    /// Figure 4 from the delivery on. A refused record leaves nothing behind.
    fn receive(&self, grant: &Grant) -> Result<Received, FlowError> {
        let folder = self.dir.path().join("received");
        let received = self.b.receive(&self.world.network, &[&self.cloud], grant, &folder, NOW);
        if received.is_err() {
            assert_eq!(fs::read_dir(&folder).map_or(0, Iterator::count), 0, "a refused record left something behind");
        }
        received
    }

    /// The identifier of the participant that a check names as the one at fault.
    fn user_id(&self) -> MemberId {
        self.user.pseudonym(self.record).unwrap().into()
    }
}

/// Runs both figures for one record.
fn share(
    name: &str,
    exchange: impl FnOnce(&Hospital, &User, &mut Draft, &mut ChaCha20Rng),
) -> Result<Received, FlowError> {
    let mut stage = Stage::new(exchange)?;
    stage.user.rename_for_test(stage.record, name);
    let grant = stage.grant()?;
    stage.reencrypt(&grant)?;
    stage.receive(&grant)
}

/// Who is named as the one at fault.
fn named<T>(result: &Result<T, FlowError>) -> Option<(MemberId, Misbehaviour)> {
    match result {
        Err(FlowError::Misbehaved { who, how }) => Some((*who, *how)),
        _ => None,
    }
}

/// The user grants another k_re than the one of Δ: the cloud does not act on it.
#[test]
fn a_wrong_rekey_is_the_users_fault() {
    let mut stage = Stage::new(|_, _, _, _| ()).unwrap();
    let grant = stage.regrant(|grant, [cloud, _], rng| {
        let (one, other) = (DecryptionKey::random(rng), DecryptionKey::random(rng));
        let params = Params::new(Seed([1; 32]));
        let k_re = ReKey::new(&one.encryption_key(&params), &other.encryption_key(&params)).unwrap();
        let sealed = seal(&cloud, Grant::K_RE, &grant.request.0.0, k_re.to_bytes().expose(), rng).unwrap();
        grant.shares[0].1 = sealed;
    });
    let refused = stage.reencrypt(&grant);
    assert_eq!(named(&refused), Some((stage.user_id(), Misbehaviour::ReKey)), "{refused:?}");
    assert!(stage.receive(&grant).is_err(), "a delivery");
}

/// The user grants another k'_e than the one of Δ·Y: hospital B knows that neither the cloud nor hospital A is at fault.
#[test]
fn a_wrong_recipient_key_is_the_users_fault() {
    let mut stage = Stage::new(|_, _, _, _| ()).unwrap();
    let honest = stage.grant().unwrap();
    let k_re = stage.cloud.unseal(&honest).unwrap();
    let public = honest.public;
    let grant = stage.regrant(|grant, [cloud, b], rng| {
        let params = Params::new(Seed([1; 32]));
        let mut text = crate::wire::Writer::default();
        text.raw(DecryptionKey::random(rng).encryption_key(&params).to_bytes().expose()).bytes(b"name");
        let request = grant.request.0.0;
        grant.k_e_prime = seal(&b, Grant::K_E_PRIME, &request, &text.into_bytes(), rng).unwrap();
        grant.shares[0].1 = seal(&cloud, Grant::K_RE, &request, k_re.to_bytes().expose(), rng).unwrap();
        grant.public = public;
    });
    stage.reencrypt(&grant).unwrap();
    let refused = stage.receive(&grant);
    assert_eq!(named(&refused), Some((stage.user_id(), Misbehaviour::RecipientKey)), "{refused:?}");
}

/// A grant must have the hospital's note about this record; otherwise the user is at fault.
#[test]
fn a_grant_without_the_note_is_the_users_fault() {
    let mut stage = Stage::new(|_, _, _, _| ()).unwrap();
    let content = stage.grant().unwrap().note.content;
    let other = Upload { record: RecordId(crate::hash::Digest([1; 32])), ..content };
    for note in [stage.b.sign(content), stage.a.sign(other), stage.a.sign(Upload { epoch: 1, ..content })] {
        let grant = stage.regrant(|grant, _, _| grant.note = note);
        for refused in [stage.reencrypt(&grant).map(drop), stage.receive(&grant).map(drop)] {
            assert_eq!(named(&refused), Some((stage.user_id(), Misbehaviour::Grant)), "{refused:?}");
        }
    }
}

/// The cloud is at fault if it signs a wrong C', the proof of another request, or a note of somebody else.
#[test]
fn a_false_delivery_names_the_cloud() {
    let mut stage = Stage::new(|_, _, _, _| ()).unwrap();
    let first = stage.grant().unwrap();
    stage.reencrypt(&first).unwrap();
    let folder = stage.dir.path().join("cloud/deliveries");
    let path = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let read = || Delivery::from_bytes(&fs::read(&path).unwrap()).unwrap();
    let other = read();
    let grant = stage.grant().unwrap();
    stage.reencrypt(&grant).unwrap();
    let honest = read();
    let cloud = stage.cloud.certificate().subject().id;
    let forged = stage.b.sign(honest.upload.content);
    let mut flipped = honest.upload.to_bytes();
    *flipped.last_mut().unwrap() ^= 1;
    let another = Upload { epoch: 1, ..honest.upload.content };
    let stranger = {
        let mut authority = Authority::new(ParticipantGroup::Hospitals, &mut stage.rng, SECONDS).unwrap();
        let (subject, key) = (stage.a.certificate().subject().clone(), SigningKey::random(&mut stage.rng));
        let certificate = authority.issue(&subject, &key.verifying_key(), None, SECONDS, &mut stage.rng).unwrap();
        Signed::new(honest.upload.content, &certificate, &key)
    };
    for (delivery, how) in [
        (Delivery { c_prime: *honest.upload.content.header.capsule.c(), ..honest.clone() }, Misbehaviour::Proof),
        (Delivery { proof: other.proof, ..honest.clone() }, Misbehaviour::Proof),
        (Delivery { proof: other.proof, c_prime: other.c_prime, ..honest.clone() }, Misbehaviour::Proof),
        (Delivery { upload: forged, ..honest.clone() }, Misbehaviour::Delivery),
        (Delivery { upload: stage.a.sign(another), ..honest.clone() }, Misbehaviour::Delivery),
        (Delivery { upload: Signed::from_bytes(&flipped).unwrap(), ..honest.clone() }, Misbehaviour::Delivery),
        (Delivery { upload: stranger, ..honest.clone() }, Misbehaviour::Delivery),
    ] {
        fs::write(&path, delivery.to_bytes()).unwrap();
        let refused = stage.receive(&grant);
        assert_eq!(named(&refused), Some((cloud, how)), "{refused:?}");
    }
    // The hospital also signed a note with another Y: the check of the two notes names the hospital, and not the user.
    let y = DecryptionKey::random(&mut stage.rng).public_key(stage.a.params());
    let second = stage.a.sign(Upload { public_key: y, ..honest.upload.content });
    fs::write(&path, Delivery { upload: second.clone(), ..honest.clone() }.to_bytes()).unwrap();
    let refused = stage.receive(&grant);
    assert_eq!(named(&refused), Some((stage.a.id(), Misbehaviour::Note)), "{refused:?}");
    let records = stage.dir.path().join(format!("cloud/records/{}", stage.record));
    let note = fs::read(&records).unwrap();
    fs::write(&records, second.to_bytes()).unwrap();
    let refused = stage.reencrypt(&grant);
    assert_eq!(named(&refused), Some((stage.a.id(), Misbehaviour::Note)), "{refused:?}");
    fs::write(&records, note).unwrap();
    // A delivery for another request is not sent.
    fs::write(&path, other.to_bytes()).unwrap();
    assert!(matches!(stage.receive(&grant), Err(FlowError::NotReencrypted(_))));
    fs::write(&path, honest.to_bytes()).unwrap();
    stage.receive(&grant).unwrap();
}

/// The user confirms no record whose signed note differs from the envelope in Y, the header, the body or the record.
#[test]
fn a_note_that_does_not_describe_the_envelope_is_the_hospitals_fault() {
    let stage = Stage::new(|_, _, _, _| ()).unwrap();
    let Stage { mut user, a, mut rng, dir, .. } = stage;
    let file = dir.path().join("record");
    let draft = a.admit(user.id().unwrap(), &mut EmrFile::open(&file).unwrap(), "name", &mut rng).unwrap();
    let honest = draft.alert().note.content;
    let other = DecryptionKey::random(&mut rng).public_key(a.params());
    let header = Header { key_commitment: crate::hash::Digest([1; 32]), ..honest.header };
    for note in [
        Upload { public_key: other, ..honest },
        Upload { header, ..honest },
        Upload { body: crate::hash::Digest([1; 32]), ..honest },
        Upload { epoch: 1, ..honest },
        Upload { record: RecordId(crate::hash::Digest([1; 32])), ..honest },
    ] {
        let mut alert = draft.alert().clone();
        alert.note = a.sign(note);
        let refused = user.check(a.certificate(), &alert);
        assert_eq!(named(&refused), Some((a.id(), Misbehaviour::Note)), "{refused:?}");
    }
    let mut unsigned = draft.alert().to_owned();
    unsigned.note.content.epoch = 1;
    assert!(matches!(user.check(a.certificate(), &unsigned), Err(FlowError::Identity(_))));
    user.check(a.certificate(), draft.alert()).unwrap();
}

/// A certificate with a participant's subject and key from an authority of the same name that nobody trusts.
fn untrusted(group: ParticipantGroup, subject: &Subject, key: &SigningKey, rng: &mut ChaCha20Rng) -> Certificate {
    let mut authority = Authority::new(group, rng, SECONDS).unwrap();
    authority.issue(subject, &key.verifying_key(), None, SECONDS, rng).unwrap()
}

/// A note that the hospital's key signed under a certificate of no trusted authority is not confirmed: in a grant, it would
/// make the user look guilty.
#[test]
fn a_note_under_an_untrusted_certificate_is_not_confirmed() {
    let Stage { mut world, mut user, a, mut rng, dir, .. } = Stage::new(|_, _, _, _| ()).unwrap();
    let file = dir.path().join("record");
    let draft = a.admit(user.id().unwrap(), &mut EmrFile::open(&file).unwrap(), "name", &mut rng).unwrap();
    let mut alert = draft.alert().clone();
    let certificate = untrusted(ParticipantGroup::Hospitals, a.certificate().subject(), a.signing_key(), &mut rng);
    alert.note = Signed::new(alert.note.content, &certificate, a.signing_key());
    user.check(a.certificate(), &alert).unwrap();
    let refused = user.confirm(&mut world.network, alert.record, NOW, &mut rng);
    assert!(matches!(refused, Err(FlowError::Identity(_))), "{refused:?}");
}

/// A cloud that shows a false note during a rotation does not make the user grant it.
#[test]
fn a_false_note_in_a_rotation_is_not_taken() {
    let Stage { mut world, mut user, mut cloud, record, mut rng, dir, .. } = Stage::new(|_, _, _, _| ()).unwrap();
    let folder = dir.path().join("false");
    let certificate = {
        let id = user.pseudonym(record).unwrap();
        let (certificate, _) = user.credentials_mut().member(&id).unwrap();
        certificate.clone()
    };
    let mut authority = Authority::new(ParticipantGroup::Users, &mut rng, SECONDS).unwrap();
    let key = SigningKey::random(&mut rng);
    let false_user = authority.issue(certificate.subject(), &key.verifying_key(), None, SECONDS, &mut rng).unwrap();
    let mut msp = Msp::new();
    msp.trust(authority.root()).unwrap();
    let institution = cloud.institution_mut().clone();
    let liar = Cloud::new(institution, world.params.clone(), msp, Store::local(&folder).unwrap());
    let refused = user.rotate(&world.network, &[record], &[&cloud, &liar], NOW, &mut rng);
    assert!(matches!(refused, Err(FlowError::Store(_))), "{refused:?}");
    let honest = cloud.note(&world.network, record).unwrap().content;
    let note = Upload { body: crate::hash::Digest([1; 32]), ..honest };
    fs::create_dir_all(folder.join("records")).unwrap();
    fs::write(folder.join(format!("records/{record}")), Signed::new(note, &false_user, &key).to_bytes()).unwrap();
    let refused = user.rotate(&world.network, &[record], &[&cloud, &liar], NOW, &mut rng);
    assert!(matches!(refused, Err(FlowError::Identity(_))), "{refused:?}");
    user.rotate(&world.network, &[record], &[&cloud], NOW, &mut rng).unwrap();
    assert_eq!(cloud.note(&world.network, record).unwrap().content, honest);
    world.renew_user(&mut user, SECONDS, &mut rng).unwrap();
}

/// A reader that fails.
struct Broken;
impl io::Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("broken"))
    }
}

/// A body that cannot be read to its end is the matter of its cloud, and not of hospital B's file.
#[test]
fn an_error_of_a_body_is_told_from_one_of_the_file() {
    let mut stage = Stage::new(|_, _, _, _| ()).unwrap();
    let grant = stage.grant().unwrap();
    let header = stage.reencrypt(&grant).unwrap();
    let key = stage.b.unseal(&grant).unwrap().0;
    let record = transaction::record(&stage.world.network, stage.record, &stage.b.creator()).unwrap();
    let opened = |body: &mut (dyn io::Read + Send), path: &str| {
        let (opener, path) = (Opener::new(&header, &key).unwrap(), stage.dir.path().join(path));
        hospital::open_body(opener, body, &path, &grant.note.content, &record, MemberId([1; 32])).map(drop)
    };
    let body = || fs::File::open(stage.dir.path().join(format!("cloud/bodies/{}", grant.note.content.body))).unwrap();
    let refused = opened(&mut io::Read::chain(&[7; 5][..], Broken), "new");
    assert!(matches!(refused, Err(FlowError::Io(_))), "{refused:?}");
    let refused = opened(&mut body(), "record");
    assert!(matches!(refused, Err(FlowError::File { .. })), "{refused:?}");
    opened(&mut body(), "new").unwrap();
}

/// Two grants of one record have different k'_e: the k'_e of one grant does not open what is re-encrypted for the
/// other.
#[test]
fn each_grant_has_its_own_key() {
    let mut stage = Stage::new(|_, _, _, _| ()).unwrap();
    let [first, second] = [(); 2].map(|()| stage.grant().unwrap());
    let again = stage.reencrypt(&second).unwrap();
    let [old, new] = [&first, &second].map(|grant| stage.b.unseal(grant).unwrap().0);
    assert!(Opener::new(&again, &old).is_err());
    assert!(Opener::new(&again, &new).is_ok());
    let header = stage.cloud.header(&stage.world.network, stage.record).unwrap();
    let by_old = header.reencrypt(&stage.cloud.unseal(&first).unwrap());
    assert!(Opener::new(&by_old, &old).is_ok(), "a cloud that keeps k_re and an old k'_e together: C3");
    assert!(Opener::new(&by_old, &new).is_err());
}

/// A key that has two certificates signs with one of them: nobody can exchange it for the other, with another name or role.
#[test]
fn a_signature_counts_under_its_certificate_alone() {
    use crate::identity::{Authority, MemberId, Msp, ParticipantGroup, Role, SigningKey, Subject};
    let rng = &mut ChaCha20Rng::seed_from_u64(5);
    let mut hospitals = Authority::new(ParticipantGroup::Hospitals, rng, SECONDS).unwrap();
    let mut msp = Msp::new();
    msp.trust(hospitals.root()).unwrap();
    let key = SigningKey::random(rng);
    let [first, second] = ["A", "B"].map(|name| {
        let subject = Subject::new(name, Role::Hospital, MemberId::random(rng)).unwrap();
        hospitals.issue(&subject, &key.verifying_key(), None, SECONDS, rng).unwrap()
    });
    let signed = Signed::new(Fetch { request: RequestId(crate::hash::Digest([1; 32])) }, &first, &key);
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

/// Hospital A uploads another record than the one that it committed to, under the right key or under another, with a
/// new note. The cloud sees two notes. If the user grants the new one, hospital B finds another record. Both checks
/// name the hospital.
#[test]
fn a_record_that_is_not_the_committed_one_is_refused() {
    for right_key in [true, false] {
        let exchange = |a: &Hospital, user: &User, draft: &mut Draft, rng: &mut ChaCha20Rng| {
            let params = a.params();
            let k_d = params.derive(a.secret(&user.id().unwrap()), Scope::Record(&draft.alert().record.0.0));
            let to = if right_key { k_d } else { DecryptionKey::random(rng) };
            let mut envelope = Vec::new();
            let sealer = Sealer::new(params, &to.public_key(params), Suite::default(), rng).unwrap();
            sealer.seal(&mut &b"exchanged"[..], &mut envelope).unwrap();
            let (header, body) = envelope.split_at(Header::BYTES);
            let header = Header::from_bytes(header).unwrap();
            let note = Upload { header, body: sha256(&[body]), ..draft.alert().note.content };
            draft.sign_for_test(a, note);
            fs::write(&draft.alert().envelope, envelope).unwrap();
        };
        let mut stage = Stage::new(exchange).unwrap();
        let honest = stage.grant().unwrap();
        let refused = stage.reencrypt(&honest);
        assert_eq!(named(&refused), Some((stage.a.id(), Misbehaviour::Note)), "{refused:?}");

        let (k_re, (k_e_prime, name)) = (stage.cloud.unseal(&honest).unwrap(), stage.b.unseal(&honest).unwrap());
        let note = stage.cloud.note(&stage.world.network, stage.record).unwrap();
        let grant = stage.regrant(|grant, [cloud, b], rng| {
            let mut text = crate::wire::Writer::default();
            text.raw(k_e_prime.to_bytes().expose()).bytes(name.as_bytes());
            let request = grant.request.0.0;
            grant.k_e_prime = seal(&b, Grant::K_E_PRIME, &request, &text.into_bytes(), rng).unwrap();
            grant.shares[0].1 = seal(&cloud, Grant::K_RE, &request, k_re.to_bytes().expose(), rng).unwrap();
            (grant.note, grant.public) = (note, honest.public);
        });
        stage.reencrypt(&grant).unwrap();
        let refused = stage.receive(&grant);
        assert_eq!(named(&refused), Some((stage.a.id(), Misbehaviour::Record)), "{refused:?}");
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

/// The sk of hospital A opens the records under the key of the exchange, and no record under a key by name.
#[test]
fn a_hospital_with_a_key_by_name_keeps_no_key() {
    for by_name in [false, true] {
        let Stage { world, mut user, mut a, mut rng, dir, .. } = Stage::new(|_, _, _, _| ()).unwrap();
        if by_name {
            introduce_by_name(&mut user, &mut a, &world.msp, SECONDS, &mut rng).unwrap();
        }
        let patient = user.id().unwrap();
        let file = dir.path().join("record");
        let draft = a.admit(patient, &mut EmrFile::open(&file).unwrap(), "name", &mut rng).unwrap();
        let kept = a.params().derive(a.secret(&patient), Scope::Record(&draft.alert().record.0.0));
        let opened = Opener::new(&draft.alert().note.content.header, &kept.encryption_key(a.params()));
        assert_eq!(opened.is_ok(), !by_name);
        user.check(a.certificate(), draft.alert()).unwrap();
    }
}
