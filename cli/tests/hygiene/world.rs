//! The flow of the demo, with all keys known to the test.

use super::consortium::{NOW, ORDERERS, SECONDS, config, issue, phone, register, signer};
use super::recorder::{Recorder, Replay};
use phi_pre::contract::PhiContract;
use phi_pre::contract::RecordId;
use phi_pre::flow::{Cloud, Consent, EmrFile, Handset, Hospital, Phone, Store, User, introduce};
use phi_pre::identity::{
    Authority, Certificate, Credentials, Institution, MemberId, Msp, ParticipantGroup, Role, SealedCode, SealingKey,
    Subject,
};
use phi_pre::ledger::{Network, Signer};
use phi_pre::pre::{Handshake, Params, Party, Seed, Session, SharedSecret};
use std::fs;
use std::path::Path;
use std::sync::Arc;

pub(crate) struct World {
    pub(crate) params: Params,
    pub(crate) msp: Msp,
    pub(crate) network: Network,
    pub(crate) authorities: [Authority; 5],
    pub(crate) nodes: [Signer; 2],
    pub(crate) credentials: Credentials,
    /// Hospitals A and B, and the cloud.
    pub(crate) institutions: [Institution; 3],
    pub(crate) user: User,
    pub(crate) a: Hospital,
    pub(crate) b: Hospital,
    pub(crate) cloud: Cloud,
    /// sk with hospital A and with hospital B.
    pub(crate) shared: [SharedSecret; 2],
    /// The bytes that both sides of each Diffie-Hellman exchange drew.
    pub(crate) exchanged: Vec<Vec<u8>>,
    pub(crate) phone: Handset,
    pub(crate) rng: Recorder,
}

impl World {
    pub(crate) fn new(folder: &Path) -> Self {
        let rng = &mut Recorder::new(2);
        let params = Params::new(Seed::random(rng));
        let mut phone = phone();
        let groups = [ParticipantGroup::Users, ParticipantGroup::Hospitals, ParticipantGroup::Cloud];
        let [users, hospitals, clouds] = groups.map(|group| Authority::new(group, rng, SECONDS).unwrap());
        let [orderers, peers] =
            [ORDERERS, "user group"].map(|name| Authority::of_organisation(name, rng, SECONDS).unwrap());
        let mut authorities = [users, hospitals, clouds, orderers, peers];
        let config = config(&authorities, &["user group"]);
        let [users, hospitals, clouds, orderers, peers] = &mut authorities;

        let mut node = |authority: &mut Authority, role| {
            let organisation = authority.root().subject().organisation.clone();
            let subject = Subject::new(&organisation, role, MemberId::random(rng)).unwrap();
            signer(&issue(authority, &subject, SECONDS, rng).unwrap())
        };
        let nodes = [node(orderers, Role::Orderer), node(peers, Role::Peer)];
        let [orderer, peer] = nodes.clone();
        let network =
            Network::create(&folder.join("ledger"), &config, orderer, vec![peer], Arc::new(PhiContract)).unwrap();
        let msp = config.msp().unwrap();

        let number = phone.number().clone();
        let credentials = register(users, &mut phone, rng);
        let mut enrol = |authority: &mut Authority, organisation: &str, role: Role| {
            let ticket = authority.begin_institution(organisation, role, &number, SECONDS, &mut phone, rng).unwrap();
            let key = SealingKey::random(rng);
            let answer = SealedCode::new(authority.root(), &ticket, phone.code(), &key.public(), rng).unwrap();
            let sealed = authority.finish_institution(&ticket, &answer, SECONDS, rng).unwrap();
            sealed.open_institution(&key, &ticket, authority.root()).unwrap()
        };
        let institutions = [
            enrol(hospitals, "hospital A", Role::Hospital),
            enrol(hospitals, "hospital B", Role::Hospital),
            enrol(clouds, "cloud", Role::Cloud),
        ];
        let mut user = User::new(credentials.clone(), params.clone());
        let hospital =
            |i: usize, name| Hospital::new(institutions[i].clone(), params.clone(), &folder.join(name)).unwrap();
        let (mut a, mut b) = (hospital(0, "hospital-a"), hospital(1, "hospital-b"));
        let store = Store::local(&folder.join("cloud")).unwrap();
        let cloud = Cloud::new(institutions[2].clone(), params.clone(), config.msp().unwrap(), store);
        let mut exchanged = Vec::new();
        let shared = [&mut a, &mut b].map(|hospital| {
            let before = rng.draws.len();
            introduce(&mut user, hospital, &msp, SECONDS, rng).unwrap();
            let draws = rng.draws[before..].to_vec();
            exchanged.extend(draws.clone());
            agreed(draws, &credentials.members[0].0, hospital.certificate())
        });
        let rng = core::mem::replace(rng, Recorder::new(3));
        Self {
            params,
            msp,
            network,
            authorities,
            nodes,
            credentials,
            institutions,
            user,
            a,
            b,
            cloud,
            shared,
            exchanged,
            phone,
            rng,
        }
    }

    /// The secrets of the registration and of the exchanges, with names.
    pub(crate) fn secrets(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut secrets = vec![("uid", self.credentials.uid.0.to_vec())];
        secrets.extend(self.shared.iter().map(|sk| ("sk", sk.expose().to_vec())));
        secrets.extend(self.exchanged.iter().map(|draw| ("exponent of an exchange", draw.clone())));
        secrets.extend(self.credentials.vectors.iter().map(|vector| ("vector", vector.expose().to_vec())));
        let members = self.credentials.members.iter().map(|(_, key)| key);
        let nodes = self.nodes.iter().map(|node| &node.key);
        let signing = members.chain(nodes).chain(self.institutions.iter().map(|institution| &institution.signing_key));
        secrets.extend(signing.map(|key| ("signing key", key.to_bytes().expose().to_vec())));
        let sealing = self.institutions.iter().map(|institution| institution.sealing_key.to_bytes());
        secrets.extend(sealing.map(|key| ("sealing key", key.expose().to_vec())));
        secrets
    }

    /// Runs Figures 3 and 4 for one record. Returns its identifier and the debug output of all values.
    pub(crate) fn share(&mut self, record: &Path, received: &Path) -> (RecordId, String) {
        let Self { msp, network, user, a, b, cloud, rng, .. } = self;
        let draft = a.admit(user.id().unwrap(), &mut EmrFile::open(record).unwrap(), "record", rng).unwrap();
        let identifier = user.check(a.certificate(), draft.alert()).unwrap();
        let record = draft.alert().record;
        user.confirm(network, record, NOW, rng).unwrap();
        let recorded = a.record(network, &draft, &identifier, NOW, rng).unwrap();
        // A copy of hospital A's envelope, so that it is searched, too.
        fs::copy(&draft.alert().envelope, received.with_file_name("envelope")).unwrap();
        a.upload(network, &[cloud], &draft, NOW).unwrap();
        let [to_b, to_cloud] = [b.certificate(), cloud.certificate()].map(|c| msp.validate_at(c, SECONDS).unwrap());
        let (requested, grant) = user.share(network, record, &Consent::new(&to_b, &to_cloud), NOW, rng).unwrap();
        let header = cloud.reencrypt(network, &grant, NOW, rng).unwrap();
        let early = a.receive(network, &[cloud], &grant, received, NOW).unwrap_err();
        let got = b.receive(network, &[cloud], &grant, received, NOW).unwrap();
        let completed = b.complete(network, &got, NOW, rng).unwrap();
        let said = format!(
            "{draft:?} {identifier:?} {recorded:?} {requested:?} {grant:?} {header:?} {early:?} {early} {got:?} {completed:?}"
        );
        (record, said)
    }
}

/// Repeats the exchange with the drawn bytes of both sides and returns sk.
fn agreed(draws: Vec<Vec<u8>>, user: &Certificate, hospital: &Certificate) -> SharedSecret {
    let rng = &mut Replay(draws);
    let [initiator, responder] = [Party::Initiator, Party::Responder].map(|party| Handshake::new(party, rng));
    let session =
        Session { initiator: (user.der(), initiator.share()), responder: (hospital.der(), responder.share()) };
    initiator.finish(&session, |_| true).unwrap()
}
