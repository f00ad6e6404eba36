//! The organisations of the channel: their authorities, their members, and the folders that Fabric's programs read.
//!
//! `phi-pre msp` makes authorities, nodes and administrators. TLS has a CA of its own for each organisation, since the
//! certificates of members contain no host names.

use crate::programs::run;
use phi_pre::identity::{
    Authority, Certificate, MemberId, ParticipantGroup, Role, SealingKey, Serial, SigningKey, Subject,
};
use phi_pre::ledger::Signer;
use phi_pre::secret::Secret;
use phi_pre::time::Seconds;
use rand_chacha::ChaCha20Rng;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
    date_time_ymd,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An organisation of the channel.
pub struct Organisation {
    pub name: &'static str,
    pub authority: Authority,
    /// Where its members and nodes have their folders.
    folder: PathBuf,
    /// The CA for TLS.
    tls: CertifiedIssuer<'static, KeyPair>,
}

/// `north` has the identifier `NorthMSP`.
pub fn msp_id(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{}{rest}MSP", first.to_uppercase())
}

/// Writes a file and the folders above it.
pub fn write(path: &Path, content: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

impl Organisation {
    /// Makes the authority of a group without nodes, as `phi-pre msp` does.
    pub fn of_members(group: ParticipantGroup, folder: &Path, rng: &mut ChaCha20Rng) -> Self {
        Self::new(group.name(), &[group.name()], folder, rng)
    }

    /// Makes an organisation of the ledger group with its administrator and these nodes: `--peer` or `--orderer`.
    pub fn of_nodes(name: &'static str, kind: &str, nodes: &[String], folder: &Path, rng: &mut ChaCha20Rng) -> Self {
        let mut args = vec!["ledger", "--organisation", name];
        args.extend(nodes.iter().flat_map(|node| [kind, node]));
        let this = Self::new(name, &args, folder, rng);
        let folders = nodes.iter().map(|node| this.node(node)).chain([this.folder.join("admin")]);
        for folder in folders {
            write(&folder.join("msp/tlscacerts/root.pem"), this.tls_root());
            this.tls(&folder.join("tls"));
        }
        this
    }

    fn new(name: &'static str, args: &[&str], folder: &Path, rng: &mut ChaCha20Rng) -> Self {
        let folder = folder.join(name);
        run(Command::new(env!("CARGO_BIN_EXE_phi-pre")).arg("msp").args(args).arg(&folder)).unwrap();
        let read = |name: &str| fs::read_to_string(folder.join("ca").join(name)).unwrap();
        let root = Certificate::from_pem(&read("root.pem")).unwrap();
        let key = SigningKey::from_pkcs8_pem(&read("key.pem")).unwrap();
        let sealing: [u8; 32] = hex::decode(read("sealing.key")).unwrap().try_into().unwrap();
        let authority = Authority::restore(root, key, SealingKey::from_bytes(Secret::new(sealing)), rng).unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = named(&format!("TLS CA of {name}"));
        let tls = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        write(&folder.join("msp/tlscacerts/root.pem"), tls.pem());
        Self { name, authority, folder, tls }
    }

    /// The folder from which the channel's configuration takes the organisation's roots and roles.
    pub fn definition(&self) -> PathBuf {
        self.folder.join("msp")
    }

    /// The folder of a node: `msp`, `tls`, and what the node writes.
    pub fn node(&self, name: &str) -> PathBuf {
        self.folder.join("nodes").join(name)
    }

    /// The MSP folder of the administrator.
    pub fn administrator(&self) -> PathBuf {
        self.folder.join("admin/msp")
    }

    pub fn msp_id(&self) -> String {
        msp_id(self.name)
    }

    /// Issues a certificate.
    pub fn enrol(&mut self, organisation: &str, role: Role, now: Seconds, rng: &mut ChaCha20Rng) -> Signer {
        let key = SigningKey::random(rng);
        let subject = Subject::new(organisation, role, MemberId::random(rng)).unwrap();
        // As in a registration: institutions have a sealing key, which is an extension unknown to Fabric; users have
        // none.
        let sealing = (role != Role::User).then(|| SealingKey::random(rng).public());
        let certificate = self.authority.issue(&subject, &key.verifying_key(), sealing, now, rng).unwrap();
        Signer { certificate, key }
    }

    /// Writes a certificate and key for TLS on loopback, as server and as client.
    pub fn tls(&self, folder: &Path) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        params.distinguished_name = named(self.name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        write(&folder.join("cert.pem"), params.signed_by(&key, &self.tls).unwrap().pem());
        write(&folder.join("key.pem"), key.serialize_pem());
        write(&folder.join("root.pem"), self.tls_root());
    }

    /// The root of the organisation's TLS certificates, in PEM.
    pub fn tls_root(&self) -> String {
        self.tls.pem()
    }

    /// A CRL in PEM that revokes this certificate and names the organisation's authority by its key identifier, but
    /// which the CA for TLS has signed.
    pub fn foreign_crl(&self, serial: Serial) -> String {
        let revoked = RevokedCertParams {
            serial_number: SerialNumber::from_slice(&serial.0),
            revocation_time: date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 1, 1),
            next_update: date_time_ymd(2126, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![revoked],
            key_identifier_method: KeyIdMethod::PreSpecified(key_identifier(self.authority.root())),
        };
        list.signed_by(&self.tls).unwrap().pem().unwrap()
    }
}

/// The subject key identifier of a root: extension 2.5.29.14, an octet string of 20 bytes.
fn key_identifier(root: &Certificate) -> Vec<u8> {
    const EXTENSION: [u8; 9] = [0x06, 0x03, 0x55, 0x1d, 0x0e, 0x04, 0x16, 0x04, 0x14];
    let der = root.der();
    let at = der.windows(EXTENSION.len()).position(|window| window == EXTENSION).unwrap() + EXTENSION.len();
    der[at..at + 20].to_vec()
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}
