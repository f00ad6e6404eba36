//! `phi-pre chaincode`: the contract as chaincode of Hyperledger Fabric, and the package that peers install.

use crate::output::{Failure, named, read_secret, read_text, readable_by_all, refuse_dash, warn_unsynced};
use crate::signals::not_ignored;
use clap::{Args, Subcommand};
use phi_pre::contract::PhiContract;
use phi_pre::envelope::create_file;
use phi_pre::fabric::{Chaincode, Limits, Package, PeerTls, Place, ServerTls, Service, TlsError, TlsIdentity, TlsRoot};
use phi_pre::identity::{Organisations, ParticipantGroup};
use phi_pre::secret::Secret;
use std::mem::take;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serves the contract to peers until a signal ends it (INT, TERM). Running calls are finished first.
    Serve {
        /// The address at which peers dial. Without TLS, only a loopback address is accepted.
        #[arg(long, value_name = "IP:PORT")]
        address: SocketAddr,
        /// The identifier of the installed package, as `phi-pre chaincode package` prints it.
        #[arg(long, value_name = "LABEL:SHA256")]
        package: String,
        /// The participant group of an organisation: users, hospitals or cloud. Once for each organisation; equal at
        /// all endorsers.
        #[arg(long = "group", value_name = "MSPID=GROUP", required = true, value_parser = Organisations::parse)]
        groups: Vec<(String, ParticipantGroup)>,
        #[command(flatten)]
        tls: Tls,
        /// The authorities of the peers' TLS certificates (mutual TLS). Then only these peers are served.
        #[arg(long, value_name = "FILE", requires = "certificate")]
        tls_client_root: Option<PathBuf>,
    },
    /// Writes the package with which a peer finds the chaincode, and prints the identifier of the package.
    Package {
        /// The label: letters, digits and _.+-
        #[arg(long, default_value = "phi")]
        label: String,
        /// The address of the chaincode, as the peer dials it.
        #[arg(long, value_name = "HOST:PORT")]
        address: String,
        /// The authorities of the chaincode's TLS certificate. Without it, the peer uses no TLS.
        #[arg(long, value_name = "FILE")]
        tls_root: Option<PathBuf>,
        /// The peer's own TLS certificate and key, for mutual TLS: the package is then as secret as the key.
        #[command(flatten)]
        tls: Tls,
        /// The package to write.
        file: PathBuf,
    },
}

#[derive(Args)]
pub(crate) struct Tls {
    /// The TLS certificate, in PEM.
    #[arg(long = "tls-certificate", value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// The private key of the TLS certificate, in PEM.
    #[arg(long = "tls-key", value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
}

impl Tls {
    fn read(&self) -> Result<Option<TlsIdentity>, Failure> {
        let (Some(certificate), Some(key)) = (&self.certificate, &self.key) else { return Ok(None) };
        let identity =
            TlsIdentity::new(take(&mut *read_text(certificate)?), Secret::new(take(&mut *read_secret(key)?)));
        let wrong = |error| match error {
            TlsError::NoKey => named(key, &error),
            _ => named(certificate, &error),
        };
        Ok(Some(identity.map_err(wrong)?))
    }
}

/// Reads the authorities of TLS certificates.
pub(crate) fn tls_root(path: &Path) -> Result<TlsRoot, Failure> {
    TlsRoot::new(take(&mut *read_text(path)?)).map_err(|error| named(path, &error))
}

pub(crate) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Serve { address, package, groups, tls, tls_client_root } => {
            let identity = tls.read()?;
            let client_root = tls_client_root.as_deref().map(tls_root).transpose()?;
            let tls = identity.map(|identity| ServerTls { identity, client_root });
            serve(*address, package, groups, tls)
        }
        Command::Package { label, address, tls_root, tls, file } => {
            let (root, identity) = (tls_root.as_deref().map(self::tls_root).transpose()?, tls.read()?);
            if identity.is_some() && root.is_none() {
                return Err("--tls-certificate needs --tls-root".into());
            }
            let tls = root.as_ref().map(|root| PeerTls { root, identity: identity.as_ref() });
            let package = Package::new(&Place { label, address, tls })?;
            write(file, &package)?;
            say!("{}", package.id);
            Ok(())
        }
    }
}

/// Writes a package, which others than its owner may read where the package holds no key.
fn write(path: &Path, package: &Package) -> Result<(), Failure> {
    refuse_dash(path)?;
    let write = |file: &mut std::fs::File| {
        std::io::Write::write_all(file, package.bytes.expose())?;
        if package.has_key { Ok(()) } else { readable_by_all(file) }
    };
    let created = create_file(path, write).map_err(|error: std::io::Error| named(path, &error))?;
    warn_unsynced(path, created.unsynced.as_ref());
    Ok(())
}

/// Serves the contract until a signal or an error ends it.
fn serve(
    address: SocketAddr,
    package: &str,
    groups: &[(String, ParticipantGroup)],
    tls: Option<ServerTls>,
) -> Result<(), Failure> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let organisations = Organisations::new(groups.iter().cloned())?;
    let mut signals = signal_hook::iterator::Signals::new(not_ignored([SIGINT, SIGTERM, SIGHUP]))?;
    let chaincode = Chaincode {
        package: package.to_owned(),
        contract: Arc::new(PhiContract),
        organisations,
        limits: Limits::default(),
    };
    let service = Service::start(chaincode, address, tls)?;
    say!("chaincode {package} at {}", service.address());
    crate::output::flush()?;
    while signals.pending().next().is_none() && !service.has_ended() {
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(service.stop()?)
}
