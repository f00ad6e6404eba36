//! The package that an administrator installs at a peer: the address of a chaincode that runs as a service ("ccaas").
//!
//! ```text
//! package.tar.gz
//!   metadata.json       type "ccaas", label
//!   code.tar.gz
//!     connection.json   address, and with TLS: root, and with mutual TLS: the peer's certificate and key
//! ```
//!
//! The peer names the package `label:SHA-256(package)`, and the service registers under this identifier. The same
//! arguments give the same bytes: no time, no owner, no compression. Fabric:
//! core/chaincode/persistence/chaincode_package.go, core/container/externalbuilder/instance.go.

use super::tls::{TlsIdentity, TlsRoot};
use crate::hash::sha256;
use crate::secret::Secret;
use flate2::{Compression, GzBuilder};
use std::io;
use std::net::Ipv6Addr;

/// The address of a chaincode, and how a peer connects to it.
#[derive(Debug)]
pub struct Place<'a> {
    /// The label of the package: letters, digits and `_.+-`, beginning with a letter or digit.
    pub label: &'a str,
    /// The address that the peer dials, as `host:port`.
    pub address: &'a str,
    /// TLS from the peer to the chaincode. `None`: no TLS.
    pub tls: Option<PeerTls<'a>>,
}

/// TLS from the peer to the chaincode.
#[derive(Debug)]
pub struct PeerTls<'a> {
    /// The authorities of the chaincode's TLS certificate.
    pub root: &'a TlsRoot,
    /// The certificate and key under which the peer dials: mutual TLS. The package is then as secret as this key.
    pub identity: Option<&'a TlsIdentity>,
}

/// Why a package cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// A peer would refuse the label.
    #[error("{0:?} is no label: letters, digits and _.+- after a letter or digit")]
    Label(String),
    /// The address is not `host:port`.
    #[error("{0:?} is not host:port, with an IPv6 address in brackets")]
    Address(String),
    /// The archive cannot be written, which is not known to happen.
    #[error("archive: {0}")]
    Archive(#[from] io::Error),
}

/// A package of a chaincode.
#[derive(Clone, Debug)]
pub struct Package {
    /// The identifier that the peer gives to the package.
    pub id: String,
    /// The bytes of the `.tar.gz`. With mutual TLS, they contain the peer's private key. [`new`](Self::new) then leaves
    /// copies of the key in freed memory.
    pub bytes: Secret<Vec<u8>>,
    /// Whether the package holds a private key.
    pub has_key: bool,
}

impl Package {
    /// Makes the package.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn new(place: &Place<'_>) -> Result<Self, PackageError> {
        let Place { label, address, tls } = place;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.+-".contains(c);
        if !label.starts_with(|c: char| c.is_ascii_alphanumeric()) || !label.chars().all(allowed) {
            return Err(PackageError::Label((*label).to_owned()));
        }
        if !can_be_dialled(address) {
            return Err(PackageError::Address((*address).to_owned()));
        }
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let identity = tls.as_ref().and_then(|tls| tls.identity);
        let mut fields = vec![
            ("address", quoted(address)),
            ("dial_timeout", quoted("10s")),
            ("tls_required", tls.is_some().to_string()),
            ("client_auth_required", identity.is_some().to_string()),
        ];
        if let Some(tls) = tls {
            fields.push(("root_cert", quoted(tls.root.pem())));
        }
        if let Some(identity) = identity {
            fields.push(("client_cert", quoted(identity.certificate())));
            fields.push(("client_key", quoted(identity.key().expose())));
        }
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let connection = Secret::new(format!("{{{}}}", fields.join(",")));
        let code = Secret::new(archive(&[("connection.json", connection.expose().as_bytes())])?);
        let metadata = format!("{{\"type\":\"ccaas\",\"label\":{}}}", quoted(label));
        let bytes = archive(&[("metadata.json", metadata.as_bytes()), ("code.tar.gz", code.expose())])?;
        let id = format!("{label}:{}", sha256(&[&bytes]));
        Ok(Self { id, bytes: Secret::new(bytes), has_key: identity.is_some() })
    }
}

/// Whether the address is a host (a name, an IPv4 address, or an IPv6 address in brackets) and a port.
fn can_be_dialled(address: &str) -> bool {
    let Some((host, port)) = address.rsplit_once(':') else { return false };
    let port = port.starts_with(|digit: char| digit.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    let name = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    port && (name || bracketed.is_some_and(|host| host.parse::<Ipv6Addr>().is_ok()))
}

/// A `.tar.gz` of these files.
fn archive(files: &[(&str, &[u8])]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzBuilder::new().write(Vec::new(), Compression::none()));
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_entry_type(tar::EntryType::Regular);
        archive.append_data(&mut header, name, *content)?;
    }
    archive.into_inner()?.finish()
}

#[cfg(test)]
mod tests;
