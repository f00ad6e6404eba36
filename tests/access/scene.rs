//! A consortium with a record at each stage of Figures 3 and 4, untrusted authorities, and the actor of a cell.

use crate::consortium::{ORDERERS, SECONDS, Steps, config, issue, phone, register, signer};
use crate::{Role, State};
use phi_pre::contract::{Ledger, PhiContract, RecordId};
use phi_pre::flow::{Cloud, Draft, Grant, Hospital, Signed, Store, Upload, User, introduce};
use phi_pre::identity::{
    Authority, Certificate, Credentials, IdentityError, Institution, MemberId, Msp, ParticipantGroup, SigningKey,
    Subject,
};
use phi_pre::ledger::Network;
use phi_pre::pre::{Params, Seed};
use phi_pre::time::Seconds;
use phi_pre::wire::Wire;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

const DAY: u64 = 24 * 3600;
/// The time at which all certificates are issued.
pub const NOW: Seconds = SECONDS;
/// A time at which the certificates, which are valid for a year, have expired.
pub const LATE: Seconds = Seconds(NOW.0 + 400 * DAY);
/// A time before the certificates are valid.
pub const EARLY: Seconds = Seconds(NOW.0 - 2 * DAY);
pub const ORGANISATIONS: [&str; 3] = ["node of A", "node of B", "node of the cloud"];

/// The group whose authority certifies the role. For an authority, it is the group of the hospitals.
pub const fn group(role: Role) -> ParticipantGroup {
    match role {
        Role::User => ParticipantGroup::Users,
        Role::Hospital | Role::Authority => ParticipantGroup::Hospitals,
        Role::Cloud => ParticipantGroup::Cloud,
        Role::Peer | Role::Orderer | Role::Administrator => ParticipantGroup::Ledger,
    }
}

/// The organisation of the members of a role that are entitled to nothing.
pub const fn home(role: Role) -> &'static str {
    match role {
        Role::Peer | Role::Administrator => ORGANISATIONS[1],
        Role::Orderer => ORDERERS,
        _ => group(role).name(),
    }
}

/// The organisation in the root that certifies the role for this organisation.
pub fn root_of(role: Role, organisation: &str) -> &str {
    if group(role) == ParticipantGroup::Ledger { organisation } else { group(role).name() }
}

/// The records, named by the last step that is done.
pub struct Records {
    /// The user has not got the alarm yet.
    pub admitted: Draft,
    pub checked: Draft,
    pub confirmed: (Draft, phi_pre::flow::SealedIdentifier),
    pub recorded: Draft,
    pub stored: RecordId,
    pub granted: Grant,
    pub reencrypted: Grant,
}

pub struct Scene {
    pub dir: tempfile::TempDir,
    pub rng: ChaCha20Rng,
    /// By the organisation in the root.
    pub authorities: BTreeMap<&'static str, Authority>,
    /// Of the same names, and not trusted.
    pub strangers: BTreeMap<&'static str, Authority>,
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
    /// Two members of each role that are entitled to nothing here.
    pub bystanders: BTreeMap<Role, [Institution; 2]>,
    pub records: Records,
}

impl Scene {
    pub fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let dir = tempfile::tempdir().unwrap();
        let mut found = || {
            let groups = [ParticipantGroup::Users, ParticipantGroup::Hospitals, ParticipantGroup::Cloud];
            let mut found = BTreeMap::from(groups.map(|g| (g.name(), Authority::new(g, &mut rng, EARLY).unwrap())));
            for name in ORGANISATIONS.into_iter().chain([ORDERERS]) {
                found.insert(name, Authority::of_organisation(name, &mut rng, EARLY).unwrap());
            }
            found
        };
        let (mut authorities, strangers) = (found(), found());
        let mut member = |role: Role, organisation: &str| {
            let subject = Subject::new(organisation, role, MemberId::random(&mut rng)).unwrap();
            issue(authorities.get_mut(root_of(role, organisation)).unwrap(), &subject, NOW, &mut rng).unwrap()
        };
        let orderer = member(Role::Orderer, ORDERERS);
        let peers = ORGANISATIONS.map(|name| member(Role::Peer, name)).to_vec();
        let hospitals = ["A", "B", "C"].map(|name| member(Role::Hospital, name));
        let cloud_institution = member(Role::Cloud, "cloud");
        let mut bystanders = BTreeMap::new();
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Authority) {
            bystanders.insert(role, [(); 2].map(|()| member(role, home(role))));
        }
        let config = config(authorities.values(), &ORGANISATIONS);
        // The key of an authority cannot be read, so an actor with its certificate has another key.
        let root = |group: ParticipantGroup| Institution {
            certificate: authorities[group.name()].root().clone(),
            signing_key: peers[0].signing_key.clone(),
            sealing_key: peers[0].sealing_key.clone(),
        };
        bystanders.insert(Role::Authority, [root(ParticipantGroup::Hospitals), root(ParticipantGroup::Users)]);
        let nodes = peers.iter().map(signer).collect();
        let ledger = dir.path().join("ledger");
        let mut network = Network::create(&ledger, &config, signer(&orderer), nodes, Arc::new(PhiContract)).unwrap();
        let msp = config.msp().unwrap();
        let params = Params::new(Seed::random(&mut rng));

        let users = authorities.get_mut("users").unwrap();
        let credentials = register(users, &mut phone(), &mut rng);
        let mut alice = User::new(credentials.clone(), params.clone());

        let hospital = |i: usize| {
            Hospital::new(hospitals[i].clone(), params.clone(), &dir.path().join(format!("hospital {i}"))).unwrap()
        };
        let (mut a, mut b) = (hospital(0), hospital(1));
        introduce(&mut alice, &mut a, &msp, NOW, &mut rng).unwrap();
        introduce(&mut alice, &mut b, &msp, NOW, &mut rng).unwrap();
        let store = Store::local(&dir.path().join("cloud")).unwrap();
        let cloud = Cloud::new(cloud_institution.clone(), params.clone(), config.msp().unwrap(), store);
        let (b, proxy) = (msp.validate(&hospitals[1].certificate).unwrap(), msp.validate(cloud.certificate()).unwrap());
        let mut steps = Steps { folder: dir.path(), user: &mut alice, a: &a, network: &mut network, rng: &mut rng };
        let admitted = steps.admit("record 0", &[0; 100]);
        let checked = steps.check("record 1", &[1; 100]).0;
        let confirmed = steps.confirm("record 2", &[2; 100]);
        let recorded = steps.record("record 3", &[3; 100]);
        let stored = steps.store("record 4", &[4; 100], &cloud);
        let [granted, reencrypted] = [5, 6].map(|number| {
            let record = steps.store(&format!("record {number}"), &[number; 100], &cloud);
            steps.grant(record, &b, &proxy)
        });
        cloud.reencrypt(&network, &reencrypted, NOW.millis(), &mut rng).unwrap();
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

    /// A new member of this role.
    pub fn fresh(&mut self, role: Role, organisation: &str, now: Seconds) -> Institution {
        let subject = Subject::new(organisation, role, MemberId::random(&mut self.rng)).unwrap();
        issue(self.authorities.get_mut(root_of(role, organisation)).unwrap(), &subject, now, &mut self.rng).unwrap()
    }

    /// The user as the holder of a record's ID_i.
    pub fn holder(&self, record: RecordId) -> Institution {
        let id = self.alice.pseudonym(record).unwrap();
        let (certificate, signing_key) = self.credentials.member(&id).unwrap().clone();
        Institution { certificate, signing_key, sealing_key: self.cloud_institution.sealing_key.clone() }
    }

    pub fn hospital(&self, institution: Institution) -> Hospital {
        Hospital::new(institution, self.params.clone(), &self.path("of the actor")).unwrap()
    }

    /// The note about a record, and the body of its envelope.
    pub fn upload(&self) -> (Upload, Vec<u8>) {
        let alert = self.records.recorded.alert();
        let bytes = std::fs::read(&alert.envelope).unwrap();
        (alert.note.content, bytes[phi_pre::envelope::Header::BYTES..].to_vec())
    }

    /// The record of a grant, from the share request on the ledger.
    pub fn record_of(&self, grant: &Grant) -> RecordId {
        self.network.share(grant.request, &self.cloud.creator()).unwrap().unwrap().share.record
    }

    /// Signs the content as this institution.
    pub fn sign<T: Wire>(content: T, by: &Institution) -> Signed<T> {
        Signed::new(content, &by.certificate, &by.signing_key)
    }

    /// The actor of a cell. `rightful` is the entitled member and `rival` another member of its role.
    ///
    /// # Errors
    /// The authority cannot issue or revoke such a certificate.
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
                let subject = Subject::new(home(role), role, id)?;
                issue(self.authorities.get_mut(root_of(role, home(role))).unwrap(), &subject, NOW, &mut self.rng)
            }
            State::Revoked => {
                let ca = self.authorities.get_mut(root_of(role, &subject.organisation)).unwrap();
                ca.revoke(&subject.id)?;
                let list = ca.revocations();
                self.network.revoke(&list).unwrap();
                self.msp.revoke(&list).unwrap();
                self.cloud.revoke(&list).unwrap();
                Ok(one)
            }
            State::WrongCa => {
                let ca = self.strangers.get_mut(root_of(role, &subject.organisation)).unwrap();
                if role == Role::Authority {
                    return Ok(Institution { certificate: ca.root().clone(), ..one });
                }
                issue(ca, &subject, NOW, &mut self.rng)
            }
            State::Forged => Ok(Institution { signing_key: SigningKey::random(&mut self.rng), ..one }),
        }
    }
}

/// The certificate with an altered signature of its authority.
pub fn altered(certificate: &Certificate) -> Certificate {
    let der = certificate.der();
    let change = |at: usize| {
        let mut der = der.to_vec();
        der[at] ^= 1;
        Certificate::from_der(&der).ok()
    };
    (1..8).find_map(|back| change(der.len() - back)).unwrap()
}
