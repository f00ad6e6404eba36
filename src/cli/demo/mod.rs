//! `phi-pre demo`: Figures 2 to 5 on real files, step by step, and a list of checks of what must hold afterwards.

mod checks;
mod report;

use super::Failure;
use crate::flow::{
    Cloud, Consortium, EmrWatch, FlowError, Grant, Handset, Hospital, Received, Store, User, files, introduce,
};
use crate::hash::Digest;
use crate::integrity::{Fig5Record, TxType};
use crate::ledger::TxId;
use crate::pre::{Params, Seed};
use crate::time::{Millis, Seconds};
use rand_core::CryptoRng;
use report::Report;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How long a record that was saved may take to be noticed.
const PATIENCE: Duration = Duration::from_secs(60);
/// The organisations of Figure 2, each with a peer.
const ORGANISATIONS: [&str; 4] = ["user group", "hospital A", "hospital B", "cloud group"];

/// All that takes part.
struct World<R> {
    consortium: Consortium,
    user: User,
    /// Writes the records.
    a: Hospital,
    /// Receives them.
    b: Hospital,
    /// Registered like the others; nobody consents to anything for it.
    c: Hospital,
    cloud: Cloud,
    rng: R,
}

/// A record that went the whole way.
struct Shared {
    original: PathBuf,
    record: TxId,
    request: TxId,
    grant: Grant,
    received: Received,
    /// Hospital C asked for it too, with the grant's messages in hand, before it was completed.
    stranger: Result<Received, FlowError>,
}

/// Runs it; all randomness comes from `rng`.
///
/// # Errors
/// What could not be done, or that a check does not hold.
pub fn run(emr: Option<&Path>, out: Option<&Path>, rng: impl CryptoRng) -> Result<(), Failure> {
    let source = match emr {
        Some(folder) => folder.to_owned(),
        None => samples(),
    };
    let records = files(&source)?;
    if records.is_empty() {
        return Err(format!("{}: no files", source.display()).into());
    }
    let temporary = tempfile::tempdir()?;
    let folder = match out {
        Some(out) => fresh(out)?,
        None => temporary.path().to_owned(),
    };

    // Nothing begins before all records can be read and named.
    for record in &records {
        fs::File::open(record).map_err(|e| format!("{}: {e}", record.display()))?;
        record.strip_prefix(&source)?.to_str().ok_or_else(|| format!("{}: the name is not UTF-8", record.display()))?;
    }

    let mut report = Report::default();
    let mut world = register(&folder, rng, &mut report)?;
    let mut shared = Vec::new();
    let emr = EmrFolder::new(&source, &records, &folder)?;
    let mut watch = EmrWatch::new(&emr.0.join("emr"))?;
    for (i, original) in records.iter().enumerate() {
        let name = original.strip_prefix(&source)?;
        report.record(i, records.len(), name, fs::metadata(original)?.len());
        emr.save(original, name)?;
        let seen = watch.next(PATIENCE)?.ok_or("the EMR folder did not report the record")?;
        if seen.strip_prefix(watch.folder())? != name {
            return Err(format!("the EMR folder reported {} instead", seen.display()).into());
        }
        shared.push(world.share(original, &seen, name, &folder, &mut report)?);
    }
    drop((watch, emr));

    let holds = checks::run(&world, &shared, &folder, &mut report)?;
    if let Some(out) = out {
        report.write(&out.join("transcript.json"))?;
        say!("\nkept in {}: ledger, cloud, received, transcript.json", out.display());
    }
    if holds { Ok(()) } else { Err("a check does not hold".into()) }
}

/// The records beside the sources, wherever cargo is called from.
fn samples() -> PathBuf {
    let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    root.join("examples").join("records")
}

/// An output folder: new, or empty.
fn fresh(out: &Path) -> Result<PathBuf, Failure> {
    fs::create_dir_all(out).map_err(|e| format!("{}: {e}", out.display()))?;
    match fs::read_dir(out)?.next() {
        None => Ok(out.to_owned()),
        Some(_) => Err(format!("{}: not empty", out.display()).into()),
    }
}

/// Figure 2: authorities, ledger, participants.
fn register<R: CryptoRng>(folder: &Path, mut rng: R, report: &mut Report) -> Result<World<R>, Failure> {
    report.figure("Figure 2", "registration: a one-time code, then keys, certificates and vectors under HPKE");
    let now = seconds();
    let params = Params::new(Seed::random(&mut rng));
    let mut phone = Handset::new("+82 10 5550 0100")?;
    let ledger = folder.join("ledger");
    let mut consortium = Consortium::found(&ledger, &ORGANISATIONS, params, &mut phone, now, &mut rng)?;
    report.step("consortium", &format!("4 authorities, 1 orderer, 4 peers ({})", ORGANISATIONS.join(", ")), []);
    report.step("policy", &format!("{} endorse", consortium.network.config().policy), []);

    let mut user = consortium.register_user(&mut phone, now, &mut rng)?;
    report.step(
        "user",
        &format!("uid, 8 vectors, 8 certificates, the first for introductions, {}", short(&user.id()?)),
        [],
    );
    let mut hospital = |name: &str, folder: &str, rng: &mut R| {
        let hospital = consortium.register_hospital(name, &ledger.with_file_name(folder), &mut phone, now, rng)?;
        report.step(name, &format!("certificate for {}", short(&hospital.id())), []);
        Ok::<_, FlowError>(hospital)
    };
    let mut a = hospital("hospital A", "hospital-a/outbox", &mut rng)?;
    let mut b = hospital("hospital B", "received", &mut rng)?;
    let c = hospital("hospital C", "hospital-c", &mut rng)?;
    let store = Store::local(&folder.join("cloud"))?;
    let cloud = consortium.register_cloud("cloud", store, &mut phone, now, &mut rng)?;
    report.step("cloud", &format!("certificate for {}", short(&cloud.certificate().subject().id)), []);

    for (name, hospital) in [("hospital A", &mut a), ("hospital B", &mut b)] {
        introduce(&mut user, hospital, &consortium.msp, now, &mut rng)?;
        report.step(&format!("user <-> {name}"), "Diffie-Hellman, signed by both: sk", []);
    }
    Ok(World { consortium, user, a, b, c, cloud, rng })
}

impl<R: CryptoRng> World<R> {
    /// Figures 3 and 4 for one record.
    fn share(
        &mut self,
        original: &Path,
        seen: &Path,
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
        let proposal = a.propose(network, &draft, &identifier, millis())?;
        report.step("hospital A -> endorsers", "medical-record, waits for its confirmation", []);
        let confirmed = user.confirm(network, txid, millis(), rng)?;
        report.committed("user -> ledger", "medical-record-confirmation", &confirmed);
        let recorded = a.record(network, &proposal, millis())?;
        report.committed("endorsers: values match", "medical-record", &recorded);
        if report.is_first() {
            let signature = proposal.signature.first_chunk().copied().unwrap_or_default();
            let timestamp = proposal.proposal.timestamp.0;
            let (hash, uid) = (commitment.0, Digest(id.0));
            let fig5 = Fig5Record { txtype: TxType::MedicalRecord, timestamp, hash, signature, uid };
            report.text("Figure 5", &fig5.to_string());
        }
        let stored = a.upload(network, cloud, &draft, millis())?;
        report.step("hospital A -> cloud", &format!("{stored} bytes stored"), [("bytes", stored.to_string())]);

        report.figure("Figure 4", "the user consents, the cloud re-encrypts, hospital B reads");
        let now = seconds();
        let (to_b, to_cloud) =
            (self.consortium.member(b.certificate(), now)?, self.consortium.member(cloud.certificate(), now)?);
        let network = &mut self.consortium.network;
        let (requested, grant) = user.share(network, txid, &to_b, &to_cloud, millis(), rng)?;
        report.committed("user -> ledger", "share-request", &requested);
        report.step("user -> cloud", "k_re (Equation 1), sealed", []);
        report.step("user -> hospital B", "k'_e, sealed", []);
        cloud.reencrypt(network, &grant)?;
        report.step("cloud", "request found on the ledger; C' = C·e(Z, k_re) (Equation 2), 192 bytes rewritten", []);
        let stranger = c.receive(network, cloud, &grant, &folder.join("hospital-c"), millis());
        let received = b.receive(network, cloud, &grant, &folder.join("received"), millis())?;
        report.step(
            "cloud -> hospital B",
            &format!("decrypted (Equation 3), {} bytes; commitment as on the ledger", received.sealed.bytes),
            [("bytes", received.sealed.bytes.to_string())],
        );
        let completed = b.complete(network, grant.request, millis(), rng)?;
        report.committed("hospital B -> ledger", "share-complete", &completed);
        Ok(Shared { original: original.to_owned(), record: txid, request: grant.request, grant, received, stranger })
    }
}

/// The hospital's EMR system: copies of the records in the clear, for the owner's eyes alone, gone at the end.
struct EmrFolder(PathBuf);

impl EmrFolder {
    /// With the subfolders that the records will need.
    fn new(source: &Path, records: &[PathBuf], folder: &Path) -> Result<Self, Failure> {
        let this = Self(folder.join("hospital-a"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&this.0, fs::Permissions::from_mode(0o700))?;
        }
        fs::create_dir_all(this.0.join("incoming"))?;
        for record in records {
            if let Some(below) = record.strip_prefix(source)?.parent() {
                fs::create_dir_all(this.0.join("emr").join(below))?;
            }
        }
        Ok(this)
    }

    /// A record is saved: written aside and moved in whole.
    fn save(&self, record: &Path, name: &Path) -> Result<(), Failure> {
        let incoming = self.0.join("incoming").join("record");
        fs::copy(record, &incoming).map_err(|e| format!("copying {} to the EMR folder: {e}", record.display()))?;
        fs::rename(incoming, self.0.join("emr").join(name))?;
        Ok(())
    }
}

impl Drop for EmrFolder {
    fn drop(&mut self) {
        if let Err(e) = fs::remove_dir_all(&self.0) {
            eprintln!("phi-pre: {} holds records in the clear and cannot be removed: {e}", self.0.display());
        }
    }
}

/// The first digits of something long.
fn short(value: &impl std::fmt::Display) -> String {
    let text = value.to_string();
    format!("{}...", text.get(..12).unwrap_or(&text))
}

fn seconds() -> Seconds {
    SystemTime::now().into()
}

fn millis() -> Millis {
    SystemTime::now().into()
}
