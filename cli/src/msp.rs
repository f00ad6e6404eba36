//! `phi-pre msp`: an authority in a folder, and the folders that a Fabric network reads of it.
//!
//! ```text
//! DIR/ca       root.pem, key.pem (PKCS#8), sealing.key     the authority; secret but for the root
//! DIR/msp      cacerts/root.pem, config.yaml               the organisation, for the configuration of a channel
//! DIR/nodes/NAME/msp, DIR/admin/msp                        nodes and the administrator of a ledger organisation:
//!              also signcerts/cert.pem, keystore/key.pem
//! ```
//!
//! All of DIR appears at once. Fabric tells roles by the OU of a certificate; `config.yaml` names the words of this crate.

use crate::output::{Failure, named, refuse_dash, warn_unsynced};
use crate::system;
use clap::Args;
use phi_pre::identity::{Authority, MemberId, ParticipantGroup, Role, SigningKey, Subject};
use rand_core::CryptoRng;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The group: users, hospitals, cloud or ledger.
    #[arg(value_parser = group)]
    group: ParticipantGroup,
    /// The folder to make.
    folder: PathBuf,
    /// The organisation of the ledger group.
    #[arg(long, value_name = "NAME", required_if_eq("group", "ledger"))]
    organisation: Option<String>,
    /// A peer of the organisation. May be given several times.
    #[arg(long, value_name = "NAME", requires = "organisation")]
    peer: Vec<String>,
    /// An orderer of the organisation. May be given several times.
    #[arg(long, value_name = "NAME", requires = "organisation")]
    orderer: Vec<String>,
}

fn group(name: &str) -> Result<ParticipantGroup, String> {
    ParticipantGroup::named(name).ok_or_else(|| "users, hospitals, cloud or ledger".to_owned())
}

/// Makes the authority and its folders.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { group, folder, organisation, peer, orderer } = arguments;
    refuse_dash(folder)?;
    if folder.symlink_metadata().is_ok() {
        return Err(named(folder, &"exists already; choose another name"));
    }
    let peers = peer.iter().map(|node| (node, Role::Peer));
    let nodes: Vec<_> = peers.chain(orderer.iter().map(|node| (node, Role::Orderer))).collect();
    for (i, (node, _)) in nodes.iter().enumerate() {
        if Path::new(node).file_name() != Some(node.as_ref()) {
            return Err(format!("{node:?} is no name of a folder").into());
        }
        if nodes[..i].iter().any(|(other, _)| other == node) {
            return Err(format!("two nodes have the name {node:?}").into());
        }
    }
    let (mut rng, now) = (system::rng()?, system::seconds());
    let mut authority = match (group, organisation) {
        (ParticipantGroup::Ledger, Some(name)) => Authority::of_organisation(name, &mut rng, now)
            .map_err(|error| format!("--organisation {name:?}: {error}"))?,
        (ParticipantGroup::Ledger, None) => return Err("--organisation: the ledger group needs one".into()),
        (_, Some(_)) => return Err("--organisation is for the group ledger".into()),
        (group, None) => Authority::new(*group, &mut rng, now)?,
    };
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The folder gets its name once everything is in it.
    let made =
        tempfile::Builder::new().prefix(".phi-msp-").tempdir_in(parent).map_err(|error| named(parent, &error))?;
    keep(&authority, &made.path().join("ca"))?;
    organisation_folder(&authority, &made.path().join("msp"))?;
    if let Some(name) = organisation {
        for (node, role) in nodes {
            member(&mut authority, name, role, &made.path().join("nodes").join(node).join("msp"), &mut rng)?;
        }
        member(&mut authority, name, Role::Administrator, &made.path().join("admin").join("msp"), &mut rng)?;
    }
    let synced = sync(made.path());
    fs::rename(made.path(), folder).map_err(|error| named(folder, &error))?;
    let _ = made.keep();
    warn_unsynced(folder, synced.and_then(|()| File::open(parent)?.sync_all()).err().as_ref());
    say!("{}: authority of {}", folder.display(), authority.root().subject().organisation);
    Ok(())
}

/// Makes the names in a folder, and in the folders below it, durable.
fn sync(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync(&entry.path())?;
        }
    }
    File::open(folder)?.sync_all()
}

/// The keys and the root of an authority.
fn keep(authority: &Authority, folder: &Path) -> Result<(), Failure> {
    let (key, sealing_key) = authority.keys();
    write(&folder.join("root.pem"), authority.root().to_pem()?.as_bytes(), false)?;
    write(&folder.join("key.pem"), key.to_pkcs8_pem()?.expose().as_bytes(), true)?;
    let sealing = Zeroizing::new(hex::encode(sealing_key.to_bytes().expose()));
    write(&folder.join("sealing.key"), sealing.as_bytes(), true)
}

/// Opens the authority that `phi-pre msp` has made in this folder.
#[cfg(feature = "fabric")]
pub(crate) fn open(folder: &Path, rng: &mut impl CryptoRng) -> Result<Authority, Failure> {
    use crate::output::{read_secret, read_text};
    use phi_pre::identity::{Certificate, SealingKey};
    let ca = folder.join("ca");
    let wrong = |name: &str| {
        let path = ca.join(name);
        move |error: phi_pre::identity::IdentityError| named(&path, &error)
    };
    let root = Certificate::from_pem(&read_text(&ca.join("root.pem"))?).map_err(wrong("root.pem"))?;
    let key = SigningKey::from_pkcs8_pem(&read_secret(&ca.join("key.pem"))?).map_err(wrong("key.pem"))?;
    let mut bytes = Zeroizing::new([0; 32]);
    let digits = read_secret(&ca.join("sealing.key"))?;
    let decoded = base16ct::mixed::decode(digits.trim_end(), &mut *bytes).is_ok_and(|bytes| bytes.len() == 32);
    if !decoded {
        return Err(named(&ca.join("sealing.key"), &"not 64 hex digits"));
    }
    Authority::restore(root, key, SealingKey::from_bytes(phi_pre::secret::Secret::new(*bytes)), rng)
        .map_err(wrong("root.pem"))
}

/// What the configuration of a channel reads of an organisation.
fn organisation_folder(authority: &Authority, folder: &Path) -> Result<(), Failure> {
    write(&folder.join("cacerts/root.pem"), authority.root().to_pem()?.as_bytes(), false)?;
    let word = |kind: &str, role: Role| format!("  {kind}OUIdentifier:\n    OrganizationalUnitIdentifier: {role}\n");
    let words = match authority.group() {
        ParticipantGroup::Users => word("Client", Role::User),
        ParticipantGroup::Hospitals => word("Client", Role::Hospital),
        ParticipantGroup::Cloud => word("Client", Role::Cloud),
        ParticipantGroup::Ledger => word("Peer", Role::Peer) + &word("Orderer", Role::Orderer),
    };
    let config = format!("NodeOUs:\n  Enable: true\n{words}{}", word("Admin", Role::Administrator));
    write(&folder.join("config.yaml"), config.as_bytes(), false)
}

/// Enrols a member and makes the folder that a program of Fabric reads of it.
fn member(
    authority: &mut Authority,
    organisation: &str,
    role: Role,
    folder: &Path,
    rng: &mut impl CryptoRng,
) -> Result<(), Failure> {
    let (key, subject) = (SigningKey::random(rng), Subject::new(organisation, role, MemberId::random(rng))?);
    let certificate = authority.issue(&subject, &key.verifying_key(), None, system::seconds(), rng)?;
    organisation_folder(authority, folder)?;
    write(&folder.join("signcerts/cert.pem"), certificate.to_pem()?.as_bytes(), false)?;
    write(&folder.join("keystore/key.pem"), key.to_pkcs8_pem()?.expose().as_bytes(), true)
}

/// Writes a new file, which its owner alone can read if it is secret.
fn write(path: &Path, content: &[u8], secret: bool) -> Result<(), Failure> {
    let failed = |error: io::Error| named(path, &error);
    fs::create_dir_all(path.parent().unwrap_or(path)).map_err(failed)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if secret { 0o600 } else { 0o644 });
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(failed)
}
