//! A consortium for the tests of several folders: Figure 2 with fixed keys, and the steps of Figures 3 and 4.
//!
//! [`Platform`] registers its participants through the library's `Consortium`. A test that needs the keys of
//! authorities or institutions builds its own participants, with [`issue`], [`register`] and [`config`].

use phi_pre::contract::{self, RecordId};
use phi_pre::flow::{
    Cloud, Consent, Consortium, Draft, EmrFile, Grant, Handset, Hospital, Phone, SealedIdentifier, Store, User,
    introduce,
};
use phi_pre::identity::{
    Authority, Credentials, IdentityError, Institution, Member, Role, SealedCode, SealingKey, SigningKey, Subject,
};
use phi_pre::ledger::{Config, CutRules, Network, Organisation, Policy, Signer};
use phi_pre::pre::{Params, Seed};
use phi_pre::time::{Millis, Seconds};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng};
use std::fs;
use std::path::Path;

/// The time of all registrations and transactions.
pub const SECONDS: Seconds = Seconds(1_800_000_000);
/// The same time in the unit of the ledger.
pub const NOW: Millis = SECONDS.millis();

/// The organisation of the orderer.
pub const ORDERERS: &str = "orderer";

/// The user's phone.
pub fn phone() -> Handset {
    Handset::new("+821055501000").unwrap()
}

/// Issues a certificate for fresh keys. The certificate of a user has no sealing key.
pub fn issue(
    ca: &mut Authority,
    subject: &Subject,
    now: Seconds,
    rng: &mut impl CryptoRng,
) -> Result<Institution, IdentityError> {
    let (signing_key, sealing_key) = (SigningKey::random(rng), SealingKey::random(rng));
    let sealing = (subject.role != Role::User).then(|| sealing_key.public());
    let certificate = ca.issue(subject, &signing_key.verifying_key(), sealing, now, rng)?;
    Ok(Institution { certificate, signing_key, sealing_key })
}

/// The certificate and signing key of an institution, as a node of the ledger.
pub fn signer(institution: &Institution) -> Signer {
    Signer { certificate: institution.certificate.clone(), key: institution.signing_key.clone() }
}

/// Registers a user by phone and returns the credentials that the authority sends.
pub fn register(users: &mut Authority, phone: &mut Handset, rng: &mut impl CryptoRng) -> Credentials {
    let number = phone.number().clone();
    let ticket = users.begin_registration(&number, SECONDS, phone, rng).unwrap();
    let key = SealingKey::random(rng);
    let answer = SealedCode::new(users.root(), &ticket, phone.code(), &key.public(), rng).unwrap();
    let sealed = users.finish_registration(&ticket, &answer, SECONDS, rng).unwrap();
    sealed.open(&key, &ticket, users.root()).unwrap()
}

/// The configuration of the channel `phi`. Its policy is the majority of the organisations.
pub fn config<'a>(authorities: impl IntoIterator<Item = &'a Authority>, organisations: &[&str]) -> Config {
    Config {
        channel: "phi".into(),
        contract: contract::NAME.into(),
        organisations: authorities.into_iter().map(|authority| Organisation::of_root(authority.root())).collect(),
        policy: Policy::majority(organisations),
        orderers: ORDERERS.into(),
        cut: CutRules::default(),
        window: Config::WINDOW,
    }
}

/// The steps of Figures 3 and 4 with hospital A. Each step of Figure 3 includes the steps before it.
pub struct Steps<'a, R> {
    /// The folder into which the records are written.
    pub folder: &'a Path,
    pub user: &'a mut User,
    pub a: &'a Hospital,
    pub network: &'a mut Network,
    pub rng: &'a mut R,
}

impl<R: CryptoRng> Steps<'_, R> {
    /// Figure 3 up to the alarm.
    pub fn admit(&mut self, name: &str, record: &[u8]) -> Draft {
        let path = self.folder.join("record");
        fs::write(&path, record).unwrap();
        self.a.admit(self.user.id().unwrap(), &mut EmrFile::open(&path).unwrap(), name, self.rng).unwrap()
    }

    /// Figure 3 up to the identifier.
    pub fn check(&mut self, name: &str, record: &[u8]) -> (Draft, SealedIdentifier) {
        let draft = self.admit(name, record);
        let identifier = self.user.check(self.a.certificate(), draft.alert()).unwrap();
        (draft, identifier)
    }

    /// Figure 3 up to the confirmation on the ledger.
    pub fn confirm(&mut self, name: &str, record: &[u8]) -> (Draft, SealedIdentifier) {
        let (draft, identifier) = self.check(name, record);
        self.user.confirm(self.network, draft.alert().record, NOW, self.rng).unwrap();
        (draft, identifier)
    }

    /// Figure 3 up to the record on the ledger.
    pub fn record(&mut self, name: &str, record: &[u8]) -> Draft {
        let (draft, identifier) = self.confirm(name, record);
        self.a.record(self.network, &draft, &identifier, NOW, self.rng).unwrap();
        draft
    }

    /// Figure 3 up to the envelope in the cloud.
    pub fn store(&mut self, name: &str, record: &[u8], cloud: &Cloud) -> RecordId {
        let draft = self.record(name, record);
        self.a.upload(self.network, &[cloud], &draft, NOW).unwrap();
        draft.alert().record
    }

    /// Figure 4 up to the grant.
    pub fn grant(&mut self, record: RecordId, to: &Member, proxy: &Member) -> Grant {
        self.user.share(self.network, record, &Consent::new(to, proxy), NOW, self.rng).unwrap().1
    }
}

/// The participants of Figure 2: a user who has met hospitals A and B, hospital C, a cloud, and a ledger of three
/// peers.
pub struct Platform {
    pub dir: tempfile::TempDir,
    /// The source of what the participants draw after the registration.
    pub rng: ChaCha20Rng,
    pub consortium: Consortium,
    pub user: User,
    pub a: Hospital,
    pub b: Hospital,
    pub c: Hospital,
    pub cloud: Cloud,
}

impl Platform {
    /// The name of every record.
    pub const NAME: &str = "name of it";

    /// A platform with a new store in its own folder.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("cloud");
        Self::in_folder(dir, &store, 2)
    }

    /// A platform with a new ledger and a store that may exist already. The keys are the same in every run.
    pub fn with_store(store: &Path, seed: u64) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), store, seed)
    }

    fn in_folder(dir: tempfile::TempDir, store: &Path, seed: u64) -> Self {
        let rng = &mut ChaCha20Rng::seed_from_u64(1);
        let params = Params::new(Seed::random(rng));
        let (mut phone, ledger) = (phone(), dir.path().join("ledger"));
        let nodes = ["users node", "hospital A node", "hospital B node"];
        let mut consortium = Consortium::create(&ledger, &nodes, params, &mut phone, SECONDS, rng).unwrap();
        let mut user = consortium.register_user(&mut phone, SECONDS, rng).unwrap();
        let mut hospital =
            |name: &str| consortium.register_hospital(name, &dir.path().join(name), &mut phone, SECONDS, rng).unwrap();
        let (mut a, mut b, c) = (hospital("A"), hospital("B"), hospital("C"));
        let cloud = consortium.register_cloud("cloud", Store::local(store).unwrap(), &mut phone, SECONDS, rng).unwrap();
        introduce(&mut user, &mut a, &consortium.msp, SECONDS, rng).unwrap();
        introduce(&mut user, &mut b, &consortium.msp, SECONDS, rng).unwrap();
        Self { dir, rng: ChaCha20Rng::seed_from_u64(seed), consortium, user, a, b, c, cloud }
    }

    /// The steps of Figures 3 and 4.
    pub fn steps(&mut self) -> Steps<'_, ChaCha20Rng> {
        let Self { dir, user, a, consortium, rng, .. } = self;
        Steps { folder: dir.path(), user, a, network: &mut consortium.network, rng }
    }

    /// Figure 3 up to the record on the ledger.
    pub fn recorded(&mut self, record: &[u8]) -> Draft {
        self.steps().record(Self::NAME, record)
    }

    /// Figure 4 up to the grant to hospital B.
    pub fn granted(&mut self, record: RecordId) -> Grant {
        let [b, cloud] = [self.b.certificate(), self.cloud.certificate()]
            .map(|certificate| self.consortium.member(certificate, SECONDS).unwrap());
        self.steps().grant(record, &b, &cloud)
    }
}
