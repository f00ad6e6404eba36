//! A consortium with a record at each stage of Figures 3 and 4, an outsider for each group, and the actors of a cell.

use crate::{Role, State};
use phi_pre::contract::PhiContract;
use phi_pre::flow::{
    Alert, Cloud, Draft, Grant, Handset, Hospital, Phone, Receipt, Signed, Store, Upload, User, introduce,
};
use phi_pre::hash::sha256;
use phi_pre::identity::{
    Authority, Certificate, Credentials, IdentityError, Institution, Member, MemberId, Msp, ParticipantGroup,
    SealingKey, SigningKey, Subject,
};
use phi_pre::ledger::{Config, CutRules, Network, Policy, Signer, TxId};
use phi_pre::pre::{Params, Seed};
use phi_pre::time::Seconds;
use phi_pre::wire::Wire;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DAY: u64 = 24 * 3600;
/// When all certificates are issued, in seconds.
pub const NOW: Seconds = Seconds(1_800_000_000);
/// Members count for a year.
pub const LATE: Seconds = Seconds(NOW.0 + 400 * DAY);
/// A certificate counts from the day of its issue.
pub const EARLY: Seconds = Seconds(NOW.0 - 2 * DAY);
pub const ORGANISATIONS: [&str; 3] = ["node of A", "node of B", "node of the cloud"];

/// The group whose authority gives the role; for an authority that of the hospitals.
pub const fn group(role: Role) -> ParticipantGroup {
    match role {
        Role::User => ParticipantGroup::Users,
        Role::Hospital | Role::Authority => ParticipantGroup::Hospitals,
        Role::Cloud => ParticipantGroup::Cloud,
        Role::Peer | Role::Orderer => ParticipantGroup::Ledger,
    }
}

/// The records, by how far each has come.
pub struct Records {
    /// The user has heard nothing of it.
    pub admitted: Draft,
    pub checked: Draft,
    pub confirmed: (Draft, phi_pre::flow::SealedIdentifier),
    pub recorded: Draft,
    pub stored: TxId,
    pub granted: Grant,
    pub reencrypted: Grant,
}

pub struct Scene {
    pub dir: tempfile::TempDir,
    pub rng: ChaCha20Rng,
    pub authorities: BTreeMap<ParticipantGroup, Authority>,
    pub strangers: BTreeMap<ParticipantGroup, Authority>,
    pub params: Params,
    pub network: Network,
    pub msp: Msp,
    pub alice: User,
    pub credentials: Credentials,
    /// A, B and C; C has never met the user.
    pub hospitals: [Institution; 3],
    pub cloud: Cloud,
    pub cloud_institution: Institution,
    pub peers: Vec<Institution>,
    /// Two members of each role that nothing here is for.
    pub bystanders: BTreeMap<Role, [Institution; 2]>,
    pub records: Records,
}

/// A certificate with fresh keys, issued at `now`.
pub fn issue(
    ca: &mut Authority,
    subject: &Subject,
    now: Seconds,
    rng: &mut ChaCha20Rng,
) -> Result<Institution, IdentityError> {
    let (signing_key, sealing_key) = (SigningKey::random(rng), SealingKey::random(rng));
    let sealing = (subject.role != Role::User).then(|| sealing_key.public());
    let certificate = ca.issue(subject, &signing_key.verifying_key(), sealing, now, rng)?;
    Ok(Institution { certificate, signing_key, sealing_key })
}

pub fn signer(institution: &Institution) -> Signer {
    Signer { certificate: institution.certificate.clone(), key: institution.signing_key.clone() }
}

impl Scene {
    pub fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let dir = tempfile::tempdir().unwrap();
        let mut found = || -> BTreeMap<ParticipantGroup, Authority> {
            ParticipantGroup::ALL
                .into_iter()
                .map(|group| (group, Authority::new(group, &mut rng, NOW).unwrap()))
                .collect()
        };
        let (mut authorities, strangers) = (found(), found());
        let mut member = |role: Role, organisation: &str| {
            let subject = Subject::new(organisation, role, MemberId::random(&mut rng)).unwrap();
            issue(authorities.get_mut(&group(role)).unwrap(), &subject, NOW, &mut rng).unwrap()
        };
        let orderer = member(Role::Orderer, "orderer");
        let peers = ORGANISATIONS.map(|name| member(Role::Peer, name)).to_vec();
        let hospitals = ["A", "B", "C"].map(|name| member(Role::Hospital, name));
        let cloud_institution = member(Role::Cloud, "cloud");
        let mut bystanders = BTreeMap::new();
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Authority) {
            let organisation = if role == Role::Peer { ORGANISATIONS[1] } else { group(role).name() };
            bystanders.insert(role, [(); 2].map(|()| member(role, organisation)));
        }
        let config = Config {
            channel: "phi".into(),
            contract: phi_pre::contract::NAME.into(),
            roots: ParticipantGroup::ALL.map(|group| authorities[&group].root().clone()).to_vec(),
            policy: Policy::majority(&ORGANISATIONS),
            cut: CutRules::default(),
            window: Config::WINDOW,
        };
        // An authority's key stays inside it: whoever acts with its certificate has another key.
        let root = |group| Institution {
            certificate: authorities[&group].root().clone(),
            signing_key: peers[0].signing_key.clone(),
            sealing_key: peers[0].sealing_key.clone(),
        };
        bystanders.insert(Role::Authority, [root(ParticipantGroup::Hospitals), root(ParticipantGroup::Users)]);
        let nodes = peers.iter().map(signer).collect();
        let ledger = dir.path().join("ledger");
        let mut network = Network::create(&ledger, &config, signer(&orderer), nodes, Arc::new(PhiContract)).unwrap();
        let msp = config.msp().unwrap();
        let params = Params::new(Seed::random(&mut rng));

        let mut phone = Handset::new("+821055501000").unwrap();
        let users = authorities.get_mut(&ParticipantGroup::Users).unwrap();
        let number = phone.number().clone();
        let ticket = users.begin_registration(&number, NOW, &mut phone, &mut rng).unwrap();
        let key = SealingKey::random(&mut rng);
        let sealed = users.finish_registration(&ticket, phone.code(), NOW, &key.public(), &mut rng).unwrap();
        let credentials = sealed.open(&key, &ticket, users.root()).unwrap();
        let mut alice = User::new(credentials.clone(), params.clone());

        let hospital = |i: usize| {
            Hospital::new(hospitals[i].clone(), params.clone(), &dir.path().join(format!("hospital {i}"))).unwrap()
        };
        let (mut a, mut b) = (hospital(0), hospital(1));
        introduce(&mut alice, &mut a, &msp, NOW, &mut rng).unwrap();
        introduce(&mut alice, &mut b, &msp, NOW, &mut rng).unwrap();
        let store = Store::local(&dir.path().join("cloud")).unwrap();
        let cloud = Cloud::new(cloud_institution.clone(), config.msp().unwrap(), store);
        let (b, proxy) = (msp.validate(&hospitals[1].certificate).unwrap(), msp.validate(cloud.certificate()).unwrap());
        let mut story =
            Story { dir: dir.path(), rng: &mut rng, network: &mut network, alice: &mut alice, a: &a, cloud: &cloud };
        let admitted = story.admit(0);
        let checked = story.check(1).0;
        let confirmed = story.confirm(2);
        let recorded = story.record(3);
        let stored = story.store(4);
        let granted = story.grant(5, &b, &proxy).1;
        let reencrypted = story.grant(6, &b, &proxy).1;
        cloud.reencrypt(&network, &reencrypted).unwrap();
        let records = Records { admitted, checked, confirmed, recorded, stored, granted, reencrypted };
        Self {
            dir,
            rng,
            authorities,
            strangers,
            params,
            network,
            msp,
            alice,
            credentials,
            hospitals,
            cloud,
            cloud_institution,
            peers,
            bystanders,
            records,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Somebody of this role whom the authority has just certified.
    pub fn fresh(&mut self, role: Role, organisation: &str, now: Seconds) -> Institution {
        let subject = Subject::new(organisation, role, MemberId::random(&mut self.rng)).unwrap();
        issue(self.authorities.get_mut(&group(role)).unwrap(), &subject, now, &mut self.rng).unwrap()
    }

    /// The user as the holder of a record's ID_i.
    pub fn holder(&self, record: TxId) -> Institution {
        let id = self.alice.pseudonym(record).unwrap();
        let (certificate, signing_key) = self.credentials.member(&id).unwrap().clone();
        Institution { certificate, signing_key, sealing_key: self.cloud_institution.sealing_key.clone() }
    }

    pub fn hospital(&self, institution: Institution) -> Hospital {
        Hospital::new(institution, self.params.clone(), &self.path("of the actor")).unwrap()
    }

    pub fn upload(&self) -> (Upload, Vec<u8>) {
        let alert = self.records.recorded.alert();
        let bytes = std::fs::read(&alert.envelope).unwrap();
        let header = sha256(&[&bytes[..phi_pre::envelope::Header::BYTES]]);
        (Upload { record: alert.txid, header, envelope: sha256(&[&bytes]) }, bytes)
    }

    /// The same content under another's certificate.
    pub fn sign<T: Wire>(content: T, by: &Institution) -> Signed<T> {
        Signed::new(content, &by.certificate, &by.signing_key)
    }

    /// Who acts in a cell: somebody of `role`, where `rightful` is meant to act and `rival` is another of its role.
    /// An error where nobody can be that.
    pub fn actor(
        &mut self,
        role: Role,
        state: State,
        rightful: &Institution,
        rival: &Institution,
    ) -> Result<Institution, IdentityError> {
        let entitled = rightful.certificate.subject().role == role;
        let [one, other] = if entitled { [rightful, rival].map(Clone::clone) } else { self.bystanders[&role].clone() };
        let subject = one.certificate.subject().clone();
        match state {
            State::Own | State::Expired | State::Early | State::Replayed => Ok(one),
            State::Other => Ok(other),
            State::Namesake => {
                let id = rightful.certificate.subject().id;
                let subject = Subject::new(group(role).name(), role, id)?;
                issue(self.authorities.get_mut(&group(role)).unwrap(), &subject, NOW, &mut self.rng)
            }
            State::Revoked => {
                let ca = self.authorities.get_mut(&group(role)).unwrap();
                ca.revoke(&subject.id)?;
                let list = ca.revocations();
                self.network.revoke(&list).unwrap();
                self.msp.revoke(&list).unwrap();
                self.cloud.revoke(&list).unwrap();
                Ok(one)
            }
            State::WrongCa => {
                let ca = self.strangers.get_mut(&group(role)).unwrap();
                if role == Role::Authority {
                    return Ok(Institution { certificate: ca.root().clone(), ..one });
                }
                issue(ca, &subject, NOW, &mut self.rng)
            }
            State::Forged => Ok(Institution { signing_key: SigningKey::random(&mut self.rng), ..one }),
        }
    }
}

/// The certificate with another signature of its authority.
pub fn altered(certificate: &Certificate) -> Certificate {
    let der = certificate.der();
    let change = |at: usize| {
        let mut der = der.to_vec();
        der[at] ^= 1;
        Certificate::from_der(&der).ok()
    };
    (1..8).find_map(|back| change(der.len() - back)).unwrap()
}

/// Figures 3 and 4 with hospital A.
struct Story<'a> {
    dir: &'a Path,
    rng: &'a mut ChaCha20Rng,
    network: &'a mut Network,
    alice: &'a mut User,
    a: &'a Hospital,
    cloud: &'a Cloud,
}

impl Story<'_> {
    fn admit(&mut self, number: u8) -> Draft {
        let path = self.dir.join("record");
        std::fs::write(&path, [number; 100]).unwrap();
        self.a.admit(self.alice.id().unwrap(), &path, &format!("record {number}"), self.rng).unwrap()
    }

    fn check(&mut self, number: u8) -> (Draft, phi_pre::flow::SealedIdentifier) {
        let draft = self.admit(number);
        let identifier = self.alice.check(self.a.certificate(), draft.alert()).unwrap();
        (draft, identifier)
    }

    fn confirm(&mut self, number: u8) -> (Draft, phi_pre::flow::SealedIdentifier) {
        let (draft, identifier) = self.check(number);
        let Alert { txid, .. } = *draft.alert();
        self.alice.confirm(self.network, txid, NOW.millis(), self.rng).unwrap();
        (draft, identifier)
    }

    fn record(&mut self, number: u8) -> Draft {
        let (draft, identifier) = self.confirm(number);
        let proposal = self.a.propose(self.network, &draft, &identifier, NOW.millis()).unwrap();
        self.a.record(self.network, &proposal, NOW.millis()).unwrap();
        draft
    }

    fn store(&mut self, number: u8) -> TxId {
        let draft = self.record(number);
        self.a.upload(self.network, self.cloud, &draft, NOW.millis()).unwrap();
        draft.alert().txid
    }

    fn grant(&mut self, number: u8, to: &Member, proxy: &Member) -> (Receipt, Grant) {
        let record = self.store(number);
        self.alice.share(self.network, record, to, proxy, NOW.millis(), self.rng).unwrap()
    }
}
