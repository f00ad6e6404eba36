//! The participants of the demo (Figure 2), and the steps of one record (Figures 3 and 4).

use super::clouds::{Falsified, Setting};
use super::platform::Platform;
use super::report::{Report, short};
use crate::output::Failure;
use crate::system;
use phi_pre::contract::{RecordId, RequestId};
use phi_pre::flow::{
    Cloud, Consent, Consortium, EmrFile, FlowError, Grant, Handset, Hospital, Misbehaviour, Received, Store, User,
    introduce, introduce_by_name,
};
use phi_pre::hash::Digest;
use phi_pre::identity::{Certificate, Member, MemberId};
use phi_pre::integrity::{Fig5Record, TxType};
use rand_core::CryptoRng;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest time from a commit until the ledger reports its event.
const EVENT_TIMEOUT: Duration = Duration::from_secs(30);

/// All participants and the ledger.
pub(super) struct World<R, L> {
    pub(super) consortium: Consortium<L>,
    pub(super) user: User,
    /// The hospital that writes the records.
    pub(super) a: Hospital,
    /// The hospital that receives the records.
    pub(super) b: Hospital,
    /// A registered hospital to which the user grants nothing.
    pub(super) c: Hospital,
    /// The clouds that hold the shares of each k_re.
    pub(super) clouds: Vec<Cloud>,
    pub(super) setting: Setting,
    pub(super) rng: R,
}

/// A record that was shared, with the results of its steps.
pub(super) struct Shared {
    pub(super) original: PathBuf,
    pub(super) record: RecordId,
    pub(super) request: RequestId,
    pub(super) grant: Grant,
    pub(super) received: Received,
    /// The answer to hospital C, which requested the record with the same grant before hospital B completed the
    /// request.
    pub(super) stranger: Result<Received, FlowError>,
    /// The cloud that delivered a wrong C' in a trial, and the result of the checks of hospital B.
    pub(super) trial: (MemberId, Result<Received, FlowError>),
}

/// The answers of a cloud to a consent that was withdrawn, and to a consent that has ended.
pub(super) struct Lapsed {
    pub(super) withdrawn: Result<(), FlowError>,
    pub(super) ended: Result<(), FlowError>,
}

/// The participants at fault whom an error of hospital B names, with their misbehaviour.
pub(super) fn named(error: &FlowError) -> Vec<(MemberId, Misbehaviour)> {
    match error {
        FlowError::Misbehaved { who, how } => vec![(*who, *how)],
        FlowError::TooFewClouds { refused, .. } => refused.iter().flat_map(|(_, error)| named(error)).collect(),
        _ => Vec::new(),
    }
}

/// Figure 2: registers the participants, and introduces the user to hospital A.
///
/// Hospital A keeps its outbox in `temporary`, since nobody needs it after the demo.
pub(super) fn register<R: CryptoRng, L: Platform>(
    (folder, temporary): (&Path, &Path),
    mut consortium: Consortium<L>,
    mut phone: Handset,
    setting: Setting,
    mut rng: R,
    report: &mut Report,
) -> Result<World<R, L>, Failure> {
    let now = system::seconds();
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
    let b = hospital("hospital B", folder.join("received"), &mut rng)?;
    let c = hospital("hospital C", folder.join("hospital-c"), &mut rng)?;
    let mut clouds = Vec::new();
    for number in setting.numbers() {
        let name = setting.name(number);
        let store = Store::local(&folder.join(&name))?;
        let cloud = consortium.register_cloud(&name, store, &mut phone, now, &mut rng)?;
        report.step(&name, &format!("certificate for {}", short(&cloud.certificate().subject().id)), []);
        clouds.push(cloud);
    }

    let introduce = if setting.named { introduce_by_name } else { introduce };
    introduce(&mut user, &mut a, &consortium.msp, now, &mut rng)?;
    report.step("user <-> hospital A", "Diffie-Hellman, signed by both: sk", []);
    if setting.named {
        report.step("user -> hospital A", "A = g1^a, signed: the hospital encrypts under Y = e(A, H2(record))", []);
    }
    Ok(World { consortium, user, a, b, c, clouds, setting, rng })
}

impl<R: CryptoRng, L: Platform> World<R, L> {
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
        let record = self.figure_3(seen, name, report)?;
        self.figure_4(original, record, folder, report)
    }

    fn figure_3(&mut self, seen: &mut EmrFile, name: &str, report: &mut Report) -> Result<RecordId, Failure> {
        let Self { consortium, user, a, clouds, setting, rng, .. } = self;
        let all: Vec<_> = clouds.iter().collect();
        let network = &mut consortium.network;
        report.figure("Figure 3", "the record is made, confirmed, written to the ledger and stored");
        report.step("EMR system -> hospital A", "new record seen", []);
        let draft = a.admit(user.id()?, seen, name, rng)?;
        let record = draft.alert().record;
        let commitment = draft.sealed().commitment;
        report.step(
            "hospital A",
            &format!("encrypted, {} bytes; commitment {}", draft.sealed().bytes, short(&commitment)),
            [("bytes", draft.sealed().bytes.to_string()), ("commitment", commitment.to_string())],
        );
        report.step(
            "hospital A -> user",
            &format!("alarm, record {}", short(&record)),
            [("record_id", record.to_string())],
        );
        let identifier = user.check(a.certificate(), draft.alert())?;
        let id = a.identifier(&draft, &identifier)?;
        report.step("user -> hospital A", &format!("record checked; ID_i {}", short(&id)), [("id", id.to_string())]);
        let confirmed = user.confirm(network, record, system::millis(), rng)?;
        report.committed("user -> ledger", "medical-record-confirmation", &confirmed);
        let now = system::millis();
        let recorded = a.record(network, &draft, &identifier, now, rng)?;
        report.committed("hospital A -> ledger", "medical-record, equal to its confirmation,", &recorded);
        let (seen, _) = user.written(network, recorded.block, EVENT_TIMEOUT)?;
        if !seen.contains(&record) {
            return Err("the ledger reported no record to the user".into());
        }
        report.step("ledger -> user", "event: the record is written", []);
        if report.is_first() {
            let timestamp = now.0;
            let signature = recorded.signature.as_bytes().first_chunk().copied().unwrap_or_default();
            let (hash, uid) = (commitment.0, Digest(id.0));
            let fig5 = Fig5Record { txtype: TxType::MedicalRecord, timestamp, hash, signature, uid };
            report.text("Figure 5", &fig5.to_string());
        }
        let stored = a.upload(network, &all, &draft, system::millis())?;
        for number in setting.numbers() {
            let arrow = format!("hospital A -> {}", setting.name(number));
            let what = format!("{stored} bytes stored, with a signed note of the header and Y");
            report.step(&arrow, &what, [("bytes", stored.to_string())]);
        }
        Ok(record)
    }

    fn figure_4(
        &mut self,
        original: &Path,
        record: RecordId,
        folder: &Path,
        report: &mut Report,
    ) -> Result<Shared, Failure> {
        let Self { consortium, user, b, c, clouds, setting, rng, .. } = self;
        let all: Vec<_> = clouds.iter().collect();
        let network = &mut consortium.network;
        report.figure("Figure 4", "the user consents, the cloud re-encrypts, hospital B reads");
        let now = system::seconds();
        let member = |certificate: &Certificate| consortium.msp.validate_at(certificate, now);
        let to_b = member(b.certificate())?;
        let to_clouds = clouds.iter().map(|cloud| member(cloud.certificate())).collect::<Result<Vec<_>, _>>()?;
        let consent = Consent { recipient: &to_b, clouds: &to_clouds, t: setting.threshold, until: None };
        let (requested, grant) = user.share(network, record, &consent, system::millis(), rng)?;
        report.committed("user -> ledger", "share-request with Δ's digest", &requested);
        let (shared, made) = if clouds.len() == 1 {
            ("k_re (Equation 1), sealed", "k_re fits Δ; C' = C·e(Z, k_re) (Equation 2), 192 bytes, with a proof")
        } else {
            let made = "k_j fits Δ_j; C'_j = C·e(Z, k_j) (Equation 2), 192 bytes, with a proof";
            ("k_j, a share of k_re (Equation 1), sealed", made)
        };
        for number in setting.numbers() {
            report.step(&format!("user -> {}", setting.name(number)), shared, []);
        }
        report.step("user -> hospital B", "k'_e of this grant, sealed", []);
        for (number, cloud) in setting.numbers().zip(&*clouds) {
            let name = setting.name(number);
            if setting.down.contains(&number) {
                report.step(&name, "is down", []);
                continue;
            }
            let (seen, _) = cloud.requests(network, requested.block, EVENT_TIMEOUT)?;
            if !seen.contains(&grant.request) {
                return Err(format!("the ledger reported no request to {name}").into());
            }
            report.step(&format!("ledger -> {name}"), "event: a share-request", []);
            cloud.reencrypt(network, &grant, system::millis(), rng)?;
            report.step(&name, made, []);
        }
        let stranger = c.receive(network, &all, &grant, &folder.join("hospital-c"), system::millis());
        let received = folder.join("received");
        let honest = setting.numbers().zip(&*clouds).find(|(number, _)| !setting.down.contains(number));
        let (number, cloud) = honest.ok_or("every cloud is down")?;
        let falsified = Falsified::new(&folder.join(setting.name(number)), record, b.id())?;
        let trial = b.receive(network, &[cloud], &grant, &received, system::millis());
        falsified.restore()?;
        let trial = (cloud.certificate().subject().id, trial);
        for number in &setting.lie {
            Falsified::new(&folder.join(setting.name(*number)), record, b.id())?;
        }
        let received = b.receive(network, &setting.asked(clouds), &grant, &received, system::millis())?;
        for (who, why) in &received.refused {
            let place = clouds.iter().position(|cloud| cloud.certificate().subject().id == *who);
            let name = setting.numbers().nth(place.unwrap_or_default()).map(|number| setting.name(number));
            let what =
                if named(why).is_empty() { "no delivery".to_owned() } else { format!("at fault: {}", blame(why)) };
            report.step(&name.unwrap_or_default(), &what, [("cloud", who.to_string()), ("why", why.to_string())]);
        }
        report.step(
            &format!("{} -> hospital B", if clouds.len() == 1 { "cloud" } else { "clouds" }),
            &format!(
                "proof holds; decrypted (Equation 3), {} bytes; commitment as on the ledger",
                received.sealed.bytes
            ),
            [("bytes", received.sealed.bytes.to_string())],
        );
        let completed = b.complete(network, &received, system::millis(), rng)?;
        report.committed("hospital B -> ledger", "share-complete, deliveries' digest", &completed);
        let original = original.to_owned();
        Ok(Shared { original, record, request: grant.request, grant, received, stranger, trial })
    }

    /// Consents twice to sharing a record with hospital C. The first consent is withdrawn, the second one ends.
    pub(super) fn lapse(&mut self, record: RecordId, report: &mut Report) -> Result<Lapsed, Failure> {
        let Self { consortium, user, c, clouds, setting, rng, .. } = self;
        report.figure("Consents", "one is withdrawn, one ends");
        let network = &mut consortium.network;
        let now = system::millis();
        let member = |certificate: &Certificate| consortium.msp.validate_at(certificate, now.seconds());
        let recipient = &member(c.certificate())?;
        let members: Vec<Member> = clouds.iter().map(|cloud| member(cloud.certificate())).collect::<Result<_, _>>()?;
        let consent = Consent { recipient, clouds: &members, t: setting.threshold, until: None };
        let (requested, grant) = user.share(network, record, &consent, now, rng)?;
        report.committed("user -> ledger", "share-request for hospital C", &requested);
        let withdrawn = user.withdraw(network, record, grant.request, now, rng)?;
        report.committed("user -> ledger", "share-withdrawal", &withdrawn);
        let withdrawn = clouds[0].reencrypt(network, &grant, now, rng).map(drop);
        report.step(&setting.name(1), &said(&withdrawn), []);
        let consent = Consent { until: Some(now), ..consent };
        let (requested, grant) = user.share(network, record, &consent, now, rng)?;
        report.committed("user -> ledger", "share-request for hospital C, with an end", &requested);
        let ended = clouds[0].reencrypt(network, &grant, now + 1, rng).map(drop);
        report.step(&setting.name(1), &said(&ended), []);
        Ok(Lapsed { withdrawn, ended })
    }
}

/// The answer of a cloud to a consent, for the report.
fn said(answer: &Result<(), FlowError>) -> String {
    match answer {
        Ok(()) => "re-encrypted".to_owned(),
        Err(FlowError::Withdrawn(_)) => "refuses: the consent is withdrawn".to_owned(),
        Err(FlowError::Ended(_)) => "refuses: the consent has ended".to_owned(),
        Err(error) => format!("refuses: {error}"),
    }
}

/// The misbehaviour that an error names, without the long identifier of the participant.
fn blame(error: &FlowError) -> String {
    named(error).into_iter().map(|(_, how)| how.to_string()).collect::<Vec<_>>().join("; ")
}
