//! The participants of the demo (Figure 2), and the steps of one record (Figures 3 and 4).

use super::report::{Report, short};
use crate::output::Failure;
use crate::system;
use phi_pre::flow::{
    Cloud, Consortium, EmrFile, FlowError, Grant, Handset, Hospital, Received, Store, User, introduce,
};
use phi_pre::hash::Digest;
use phi_pre::integrity::{Fig5Record, TxType};
use phi_pre::ledger::TxId;
use phi_pre::pre::{Params, Seed};
use rand_core::CryptoRng;
use std::path::{Path, PathBuf};

/// The organisations of Figure 2. Each has one peer.
const ORGANISATIONS: [&str; 4] = ["user group", "hospital A", "hospital B", "cloud group"];

/// All participants and the ledger.
pub(super) struct World<R> {
    pub(super) consortium: Consortium,
    pub(super) user: User,
    /// The hospital that writes the records.
    pub(super) a: Hospital,
    /// The hospital that receives the records.
    pub(super) b: Hospital,
    /// A registered hospital to which the user grants nothing.
    pub(super) c: Hospital,
    pub(super) cloud: Cloud,
    pub(super) rng: R,
}

/// A record that was shared, with the results of its steps.
pub(super) struct Shared {
    pub(super) original: PathBuf,
    pub(super) record: TxId,
    pub(super) request: TxId,
    pub(super) grant: Grant,
    pub(super) received: Received,
    /// The answer to hospital C, which requested the record with the same grant before hospital B completed the
    /// request.
    pub(super) stranger: Result<Received, FlowError>,
}

/// Figure 2: founds the consortium, registers the participants, and introduces the user to hospitals A and B.
///
/// Hospital A keeps its outbox in `temporary`, since nobody needs it after the demo.
pub(super) fn register<R: CryptoRng>(
    folder: &Path,
    temporary: &Path,
    mut rng: R,
    report: &mut Report,
) -> Result<World<R>, Failure> {
    report.figure("Figure 2", "registration: a one-time code, then keys, certificates and vectors under HPKE");
    let now = system::seconds();
    let params = Params::new(Seed::random(&mut rng));
    let mut phone = Handset::new("+82 10 5550 0100")?;
    let ledger = folder.join("ledger");
    let mut consortium = Consortium::create(&ledger, &ORGANISATIONS, params, &mut phone, now, &mut rng)?;
    report.step("consortium", &format!("4 authorities, 1 orderer, 4 peers ({})", ORGANISATIONS.join(", ")), []);
    report.step("policy", &format!("{} endorse", consortium.network.config().policy), []);

    let mut user = consortium.register_user(&mut phone, now, &mut rng)?;
    report.step(
        "user",
        &format!("uid, 8 vectors, 8 certificates, the first for introductions, {}", short(&user.id()?)),
        [],
    );
    let mut hospital = |name: &str, folder: PathBuf, rng: &mut R| {
        let hospital = consortium.register_hospital(name, &folder, &mut phone, now, rng)?;
        report.step(name, &format!("certificate for {}", short(&hospital.id())), []);
        Ok::<_, FlowError>(hospital)
    };
    let mut a = hospital("hospital A", temporary.join("outbox"), &mut rng)?;
    let mut b = hospital("hospital B", folder.join("received"), &mut rng)?;
    let c = hospital("hospital C", folder.join("hospital-c"), &mut rng)?;
    let store = Store::local(&folder.join("cloud"))?;
    let cloud = consortium.register_cloud("cloud", store, &mut phone, now, &mut rng)?;
    report.step("cloud", &format!("certificate for {}", short(&cloud.certificate().subject().id)), []);

    for (name, hospital) in [("hospital A", &mut a), ("hospital B", &mut b)] {
        introduce(&mut user, hospital, &consortium.msp, now, &mut rng)?;
        report.step(&format!("user <-> {name}"), "Diffie-Hellman, signed by both: sk", []);
    }
    Ok(World { consortium, user, a, b, c, cloud, rng })
}

impl<R> World<R> {
    /// Adds to a failure why peers were stopped.
    pub(super) fn explained(&self, failure: Failure) -> Failure {
        let network = &self.consortium.network;
        let stopped = (0..ORGANISATIONS.len()).filter_map(|i| Some((i, network.failure(i)?)));
        stopped.fold(failure, |failure, (i, why)| format!("{failure}; peer {i} was stopped: {why}").into())
    }
}

impl<R: CryptoRng> World<R> {
    /// Runs Figures 3 and 4 for one record.
    pub(super) fn share(
        &mut self,
        original: &Path,
        seen: &mut EmrFile,
        name: &Path,
        folder: &Path,
        report: &mut Report,
    ) -> Result<Shared, Failure> {
        let name = name.to_str().ok_or_else(|| format!("{}: the name is not UTF-8", name.display()))?;
        let Self { consortium, user, a, b, c, cloud, rng } = self;
        let network = &mut consortium.network;

        report.figure("Figure 3", "the record is made, confirmed, written to the ledger and stored");
        report.step("EMR system -> hospital A", "new record seen", []);
        let draft = a.admit(user.id()?, seen, name, rng)?;
        let txid = draft.alert().txid;
        let commitment = draft.sealed().commitment;
        report.step(
            "hospital A",
            &format!("encrypted, {} bytes; commitment {}", draft.sealed().bytes, short(&commitment)),
            [("bytes", draft.sealed().bytes.to_string()), ("commitment", commitment.to_string())],
        );
        report.step("hospital A -> user", &format!("alarm, txid {}", short(&txid)), [("txid", txid.to_string())]);
        let identifier = user.check(a.certificate(), draft.alert())?;
        let id = a.identifier(&draft, &identifier)?;
        report.step("user -> hospital A", &format!("record checked; ID_i {}", short(&id)), [("id", id.to_string())]);
        let proposal = a.propose(network, &draft, &identifier, system::millis())?;
        report.step("hospital A -> endorsers", "medical-record, waits for its confirmation", []);
        let confirmed = user.confirm(network, txid, system::millis(), rng)?;
        report.committed("user -> ledger", "medical-record-confirmation", &confirmed);
        let recorded = a.record(network, &proposal, system::millis())?;
        report.committed("endorsers: values match", "medical-record", &recorded);
        if report.is_first() {
            let signature = proposal.signature.first_chunk().copied().unwrap_or_default();
            let timestamp = proposal.proposal.timestamp.0;
            let (hash, uid) = (commitment.0, Digest(id.0));
            let fig5 = Fig5Record { txtype: TxType::MedicalRecord, timestamp, hash, signature, uid };
            report.text("Figure 5", &fig5.to_string());
        }
        let stored = a.upload(network, &[&cloud], &draft, system::millis())?;
        report.step("hospital A -> cloud", &format!("{stored} bytes stored"), [("bytes", stored.to_string())]);

        report.figure("Figure 4", "the user consents, the cloud re-encrypts, hospital B reads");
        let now = system::seconds();
        let (to_b, to_cloud) =
            (self.consortium.member(b.certificate(), now)?, self.consortium.member(cloud.certificate(), now)?);
        let network = &mut self.consortium.network;
        let (requested, grant) = user.share(network, txid, &Consent::new(&to_b, &to_cloud), system::millis(), rng)?;
        report.committed("user -> ledger", "share-request", &requested);
        report.step("user -> cloud", "k_re (Equation 1), sealed", []);
        report.step("user -> hospital B", "k'_e, sealed", []);
        cloud.reencrypt(network, &grant)?;
        report.step("cloud", "request found on the ledger; C' = C·e(Z, k_re) (Equation 2), 192 bytes rewritten", []);
        let stranger = c.receive(network, &[&cloud], &grant, &folder.join("hospital-c"), system::millis());
        let received = b.receive(network, &[&cloud], &grant, &folder.join("received"), system::millis())?;
        report.step(
            "cloud -> hospital B",
            &format!("decrypted (Equation 3), {} bytes; commitment as on the ledger", received.sealed.bytes),
            [("bytes", received.sealed.bytes.to_string())],
        );
        let completed = b.complete(network, grant.request, system::millis(), rng)?;
        report.committed("hospital B -> ledger", "share-complete", &completed);
        Ok(Shared { original: original.to_owned(), record: txid, request: grant.request, grant, received, stranger })
    }
}
