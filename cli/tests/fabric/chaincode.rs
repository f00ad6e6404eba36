//! The chaincode of each peer: its package and its process, both by the command.

use crate::organisations::msp_id;
use crate::programs::{Process, run};
use phi_pre::identity::ParticipantGroup;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The chaincode of one peer.
pub struct Chaincode {
    address: SocketAddr,
    /// Label and SHA-256 of the package.
    pub id: String,
    pub package: PathBuf,
    /// Certificate, key and root of the organisation: the peer and its chaincode demand them of each other.
    tls: PathBuf,
    pub process: Option<Process>,
}

impl Chaincode {
    /// Makes the package in `folder`.
    pub fn new(folder: &Path, tls: &Path, address: SocketAddr) -> Self {
        let package = folder.join("package.tar.gz");
        let mut command = Self::command("package", tls);
        command.args(["--address", &address.to_string(), "--tls-root"]).arg(tls.join("root.pem"));
        let id = String::from_utf8(run(command.arg(&package)).unwrap()).unwrap().trim_end().to_owned();
        Self { address, id, package, tls: tls.to_owned(), process: None }
    }

    fn command(name: &str, tls: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phi-pre"));
        command.args(["chaincode", name, "--tls-certificate"]).arg(tls.join("cert.pem"));
        command.arg("--tls-key").arg(tls.join("key.pem"));
        command
    }

    /// Starts the process and waits until it listens.
    pub fn start(&mut self, log: &Path) {
        let mut command = Self::command("serve", &self.tls);
        command.args(["--address", &self.address.to_string(), "--package", &self.id]);
        command.arg("--tls-client-root").arg(self.tls.join("root.pem"));
        for group in [ParticipantGroup::Users, ParticipantGroup::Hospitals, ParticipantGroup::Cloud] {
            command.args(["--group", &format!("{}={group}", msp_id(group.name()))]);
        }
        let mut process = Process::start("the chaincode", &command, log);
        process.listens(self.address);
        self.process = Some(process);
    }
}
