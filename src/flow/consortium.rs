//! The platform of Figure 2 in one process: one CA for each group, in the ledger group one CA for each organisation;
//! the peers of the organisations; and an orderer. [`Consortium::over`] uses a ledger that runs elsewhere, with its own
//! peers and orderers.
//!
//! Paper: sections 3.1 and 3.2, "User registration procedure". Every participant registers in the same way: a one-time
//! code is sent to a phone, and the keys and certificates are then delivered under HPKE.

use super::{Cloud, FlowError, Hospital, Store, User};
use crate::contract::{self, Ledger, PhiContract};
use crate::identity::{
    Authority, Certificate, Delivery, IdentityError, Institution, Member, MemberId, Msp, ParticipantGroup, PhoneNumber,
    RevocationList, Role, SealedCode, SealingKey,
};
use crate::ledger::{Config, CutRules, Network, Organisation, Policy, Signer};
use crate::pre::Params;
use crate::time::Seconds;
use rand_core::CryptoRng;
use std::path::Path;
use std::sync::Arc;

/// A phone that shows the code that was delivered to it.
pub trait Phone: Delivery {
    /// The phone number.
    fn number(&self) -> &PhoneNumber;
    /// The code that was delivered last.
    fn code(&self) -> &str;
}

/// The authorities and the ledger that all participants share. The ledger is the embedded one, unless another one is
/// given.
#[derive(Debug)]
pub struct Consortium<L = Network> {
    /// The public parameters.
    pub params: Params,
    /// The ledger. The embedded ledger contains the peers, the orderer and the configuration.
    pub network: L,
    /// The membership service that validates certificates.
    pub msp: Msp,
    users: Authority,
    hospitals: Authority,
    clouds: Authority,
    /// The authorities of the orderer's organisation and of the peers' organisations.
    nodes: Vec<Authority>,
}

impl Consortium<Network> {
    /// The organisation of the orderer.
    pub const ORDERERS: &'static str = "orderer";

    /// Creates the authorities of the users, of the hospitals, of the clouds, of the orderer and of each of
    /// `organisations`; and, in `folder`, the ledger with one peer for each of these organisations. The endorsement
    /// policy is a majority of them. `phone` belongs to the officer who enrols the nodes.
    ///
    /// # Errors
    /// [`FlowError::Identity`], [`FlowError::Network`].
    pub fn create(
        folder: &Path,
        organisations: &[&str],
        params: Params,
        phone: &mut impl Phone,
        now: Seconds,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, FlowError> {
        let mut authority = |group| Authority::new(group, rng, now);
        let (users, hospitals) = (authority(ParticipantGroup::Users)?, authority(ParticipantGroup::Hospitals)?);
        let clouds = authority(ParticipantGroup::Cloud)?;
        let mut nodes = Vec::with_capacity(1 + organisations.len());
        let mut node = |organisation: &str, role| {
            let mut authority = Authority::of_organisation(organisation, rng, now)?;
            let enrolled = enrol(&mut authority, organisation, role, phone, now, rng)?;
            nodes.push(authority);
            Ok::<_, FlowError>(Signer { certificate: enrolled.certificate, key: enrolled.signing_key })
        };
        let orderer = node(Self::ORDERERS, Role::Orderer)?;
        let peers = organisations.iter().map(|name| node(name, Role::Peer)).collect::<Result<_, _>>()?;
        let authorities = [&users, &hospitals, &clouds].into_iter().chain(&nodes);
        let of = authorities.map(|authority| Organisation::of_root(authority.root())).collect();
        let config = Config {
            channel: "phi".to_owned(),
            contract: contract::NAME.to_owned(),
            organisations: of,
            policy: Policy::majority(organisations),
            orderers: Self::ORDERERS.to_owned(),
            cut: CutRules::default(),
            window: Config::WINDOW,
        };
        let network = Network::create(folder, &config, orderer, peers, Arc::new(PhiContract))?;
        Ok(Self { params, network, msp: config.msp()?, users, hospitals, clouds, nodes })
    }

    /// Revokes the certificates of a member; of a user, only the certificates of this ID_i. From then on, the peers,
    /// the orderer and [`member`](Self::member) refuse the member's proposals and messages, and the endorsements of a
    /// peer; so do peers and clouds that start later, and the network when it is opened again. Pass the returned list
    /// to each [`Cloud::revoke`] that runs already. The verdicts in existing blocks stay as they are.
    ///
    /// # Errors
    /// [`FlowError::Identity`] for an unknown member, [`FlowError::Network`].
    pub fn revoke(&mut self, id: &MemberId) -> Result<RevocationList, FlowError> {
        let mut revoked = Err(IdentityError::UnknownMember);
        let groups = [&mut self.users, &mut self.hospitals, &mut self.clouds];
        for authority in groups.into_iter().chain(&mut self.nodes) {
            if authority.revoke(id).is_ok() {
                revoked = Ok(authority.revocations());
            }
        }
        self.apply(revoked?)
    }

    /// Revokes all certificates of the person who holds this ID_i, as [`revoke`](Self::revoke) does.
    ///
    /// # Errors
    /// [`FlowError::Identity`] for an identifier of no person, [`FlowError::Network`].
    pub fn revoke_person(&mut self, id: &MemberId) -> Result<RevocationList, FlowError> {
        self.users.revoke_person(id)?;
        self.apply(self.users.revocations())
    }

    fn apply(&mut self, list: RevocationList) -> Result<RevocationList, FlowError> {
        self.msp.revoke(&list)?;
        self.network.revoke(&list)?;
        Ok(list)
    }

    /// Renews the certificates of the orderer and of all peers. After the certificates have expired, no transaction is
    /// endorsed.
    ///
    /// # Errors
    /// [`FlowError::Identity`], [`FlowError::Network`]: the first one; the certificates of the other nodes are renewed
    /// anyway.
    pub fn renew_nodes(&mut self, now: Seconds, rng: &mut impl CryptoRng) -> Result<(), FlowError> {
        let mut first = Ok(());
        for request in self.network.renewals() {
            let issuer = request.certificate.issuer();
            let authority = self.nodes.iter_mut().find(|authority| authority.root().subject() == issuer);
            let new = authority.ok_or(IdentityError::UnknownIssuer).and_then(|it| it.renew(&request, now, rng));
            let new = new.map_err(FlowError::from);
            first = first.and(new.and_then(|new| Ok(self.network.renewed(&new)?)));
        }
        first
    }
}

impl<L: Ledger> Consortium<L> {
    /// A consortium on a ledger that runs already. The authorities are those of the users, the hospitals and the
    /// clouds, whose roots the ledger trusts.
    ///
    /// # Errors
    /// [`FlowError::Ledger`].
    pub fn over(network: L, params: Params, [users, hospitals, clouds]: [Authority; 3]) -> Result<Self, FlowError> {
        let msp = network.msp()?;
        Ok(Self { params, network, msp, users, hospitals, clouds, nodes: Vec::new() })
    }

    /// Registers a person, who receives k pseudonyms.
    ///
    /// # Errors
    /// [`FlowError::Identity`].
    pub fn register_user(
        &mut self,
        phone: &mut impl Phone,
        now: Seconds,
        rng: &mut impl CryptoRng,
    ) -> Result<User, FlowError> {
        let number = phone.number().clone();
        let ticket = self.users.begin_registration(&number, now, phone, rng)?;
        let key = SealingKey::random(rng);
        let answer = SealedCode::new(self.users.root(), &ticket, phone.code(), &key.public(), rng)?;
        let sealed = self.users.finish_registration(&ticket, &answer, now, rng)?;
        let credentials = sealed.open(&key, &ticket, self.users.root())?;
        Ok(User::new(credentials, self.params.clone()))
    }

    /// Registers a hospital that keeps its drafts in `folder`.
    ///
    /// # Errors
    /// [`FlowError::Identity`], [`FlowError::File`].
    pub fn register_hospital(
        &mut self,
        name: &str,
        folder: &Path,
        phone: &mut impl Phone,
        now: Seconds,
        rng: &mut impl CryptoRng,
    ) -> Result<Hospital, FlowError> {
        let institution = enrol(&mut self.hospitals, name, Role::Hospital, phone, now, rng)?;
        Hospital::new(institution, self.params.clone(), folder)
    }

    /// Registers the cloud with its storage.
    ///
    /// # Errors
    /// [`FlowError::Identity`].
    pub fn register_cloud(
        &mut self,
        name: &str,
        store: Store,
        phone: &mut impl Phone,
        now: Seconds,
        rng: &mut impl CryptoRng,
    ) -> Result<Cloud, FlowError> {
        let institution = enrol(&mut self.clouds, name, Role::Cloud, phone, now, rng)?;
        Ok(Cloud::new(institution, self.params.clone(), self.network.msp()?, store))
    }

    /// Renews the certificates of all ID_i of a user, before or after they expire. See [`Authority::renew`].
    ///
    /// # Errors
    /// [`FlowError::Identity`], the first one; the certificates of the other ID_i are renewed anyway.
    pub fn renew_user(&mut self, user: &mut User, now: Seconds, rng: &mut impl CryptoRng) -> Result<(), FlowError> {
        let credentials = user.credentials_mut();
        let mut first = Ok(());
        for request in credentials.renewals() {
            let new = self.users.renew(&request, now, rng);
            first = first.and(new.and_then(|new| credentials.renewed(new, self.users.root())));
        }
        Ok(first?)
    }

    /// Renews the certificate of a hospital. Drafts keep the certificate under which they were made.
    ///
    /// # Errors
    /// [`FlowError::Identity`].
    pub fn renew_hospital(
        &mut self,
        hospital: &mut Hospital,
        now: Seconds,
        rng: &mut impl CryptoRng,
    ) -> Result<(), FlowError> {
        let institution = hospital.institution_mut();
        Ok(institution.renewed(self.hospitals.renew(&institution.renewal(), now, rng)?, self.hospitals.root())?)
    }

    /// Renews the certificate of a cloud.
    ///
    /// # Errors
    /// [`FlowError::Identity`].
    pub fn renew_cloud(&mut self, cloud: &mut Cloud, now: Seconds, rng: &mut impl CryptoRng) -> Result<(), FlowError> {
        let institution = cloud.institution_mut();
        Ok(institution.renewed(self.clouds.renew(&institution.renewal(), now, rng)?, self.clouds.root())?)
    }

    /// Validates a certificate at `now` and returns its member.
    ///
    /// # Errors
    /// [`FlowError::Identity`].
    pub fn member(&self, certificate: &Certificate, now: Seconds) -> Result<Member, FlowError> {
        Ok(self.msp.validate_at(certificate, now)?)
    }
}

fn enrol(
    authority: &mut Authority,
    organisation: &str,
    role: Role,
    phone: &mut impl Phone,
    now: Seconds,
    rng: &mut impl CryptoRng,
) -> Result<Institution, FlowError> {
    let number = phone.number().clone();
    let ticket = authority.begin_institution(organisation, role, &number, now, phone, rng)?;
    let key = SealingKey::random(rng);
    let answer = SealedCode::new(authority.root(), &ticket, phone.code(), &key.public(), rng)?;
    let sealed = authority.finish_institution(&ticket, &answer, now, rng)?;
    Ok(sealed.open_institution(&key, &ticket, authority.root())?)
}

/// A simulated phone in the same process, for demonstrations and tests.
#[derive(Debug)]
pub struct Handset {
    number: PhoneNumber,
    message: String,
}

impl Handset {
    /// Creates a phone with this number.
    ///
    /// # Errors
    /// [`FlowError::Identity`] for a malformed number.
    pub fn new(number: &str) -> Result<Self, FlowError> {
        Ok(Self { number: PhoneNumber::new(number)?, message: String::new() })
    }
}

impl Delivery for Handset {
    fn deliver(&mut self, _: &PhoneNumber, code: &str) {
        code.clone_into(&mut self.message);
    }
}

impl Phone for Handset {
    fn number(&self) -> &PhoneNumber {
        &self.number
    }

    fn code(&self) -> &str {
        &self.message
    }
}
