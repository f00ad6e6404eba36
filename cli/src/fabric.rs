//! The description of a Fabric network: a file in TOML that names the gateways, the peers' organisations and the
//! participants' authorities.
//!
//! ```toml
//! channel = "phi"
//! chaincode = "phi"          # the name under which the contract was committed
//! endorsements = 2           # how many of the organisations below must endorse before a participant signs
//!
//! [users]                    # likewise [hospitals] and [cloud]
//! mspid = "UsersMSP"
//! authority = "users"        # the folder that `phi-pre msp users` made, from this file on
//!
//! [[peers]]                  # each endorsing organisation
//! mspid = "NorthMSP"
//! root = "north/msp/cacerts/root.pem"
//! gateway = "https://north.example:7051"
//! tls_root = "north/tls/ca.crt"
//! tls_name = "peer0.north"   # only where the certificate has another name than the address
//! ```

use crate::output::{Failure, named, open_file};
use phi_pre::fabric::{ClientTls, Endorsers, GatewayAddress, Organisation, Settings};
use phi_pre::identity::{Authority, Certificate, ParticipantGroup};
use rand_core::CryptoRng;
use std::io::Read;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// A network, and the authorities that enrol the participants.
pub(crate) struct Profile {
    pub(crate) settings: Settings,
    /// Of the users, the hospitals and the clouds.
    pub(crate) authorities: [Authority; 3],
}

/// The longest file that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// A table of the profile. It refuses what nobody has asked for, so that a misspelt name is no silent default.
struct Section<'a> {
    path: &'a Path,
    name: String,
    table: Table,
}

impl Section<'_> {
    fn take(&mut self, key: &str) -> Option<Value> {
        self.table.remove(key)
    }

    fn wrong(&self, key: &str, what: &str) -> Failure {
        named(self.path, &format_args!("{}{key}: {what}", self.name))
    }

    fn text(&mut self, key: &str) -> Result<String, Failure> {
        self.optional(key)?.ok_or_else(|| self.wrong(key, "missing"))
    }

    fn optional(&mut self, key: &str) -> Result<Option<String>, Failure> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(key, "not a text")),
        }
    }

    /// A path from the folder of the profile on.
    fn place(&mut self, key: &str) -> Result<PathBuf, Failure> {
        let text = self.text(key)?;
        Ok(self.path.parent().unwrap_or(Path::new("")).join(text))
    }

    fn section(&mut self, key: &str) -> Result<Section<'_>, Failure> {
        match self.take(key) {
            Some(Value::Table(table)) => Ok(Section { path: self.path, name: format!("{key}."), table }),
            _ => Err(self.wrong(key, "a table is needed")),
        }
    }

    fn end(self) -> Result<(), Failure> {
        match self.table.keys().next() {
            Some(unknown) => Err(self.wrong(unknown, "unknown")),
            None => Ok(()),
        }
    }
}

/// Reads a text file of at most a megabyte.
fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    open_file(path)?.take(LIMIT).read_to_string(&mut text).map_err(|error| named(path, &error))?;
    Ok(text)
}

impl Profile {
    /// Reads the profile at `path` and the files that it names.
    pub(crate) fn read(path: &Path, rng: &mut impl CryptoRng) -> Result<Self, Failure> {
        let table = read(path)?.parse::<Table>().map_err(|error| named(path, &error))?;
        let mut root = Section { path, name: String::new(), table };
        let (channel, chaincode) = (root.text("channel")?, root.text("chaincode")?);
        let at_least = match root.take("endorsements") {
            Some(Value::Integer(number)) => usize::try_from(number).unwrap_or(0),
            _ => return Err(root.wrong("endorsements", "a number is needed")),
        };
        let mut members = Vec::new();
        let mut group = |root: &mut Section<'_>, group: ParticipantGroup| -> Result<Authority, Failure> {
            let mut section = root.section(group.name())?;
            let (mspid, folder) = (section.text("mspid")?, section.place("authority")?);
            section.end()?;
            let authority = crate::msp::open(&folder, rng)?;
            if authority.group() != group {
                return Err(named(&folder, &format_args!("an authority of the group {}", authority.group())));
            }
            members.push(Organisation { mspid, root: authority.root().clone() });
            Ok(authority)
        };
        let authorities = [
            group(&mut root, ParticipantGroup::Users)?,
            group(&mut root, ParticipantGroup::Hospitals)?,
            group(&mut root, ParticipantGroup::Cloud)?,
        ];
        let Some(Value::Array(peers)) = root.take("peers") else { return Err(root.wrong("peers", "missing")) };
        let (mut gateways, mut organisations) = (Vec::new(), Vec::new());
        for peer in peers {
            let Value::Table(table) = peer else { return Err(root.wrong("peers", "tables are needed")) };
            let mut section = Section { path, name: "peers.".to_owned(), table };
            let (mspid, file) = (section.text("mspid")?, section.place("root")?);
            let root = Certificate::from_pem(&read(&file)?).map_err(|error| named(&file, &error))?;
            organisations.push(Organisation { mspid, root });
            let url = section.text("gateway")?;
            let (tls_root, name) = (section.optional("tls_root")?, section.optional("tls_name")?);
            section.end()?;
            let tls_root = tls_root.map(|file| path.parent().unwrap_or(Path::new("")).join(file));
            let root = tls_root.as_deref().map(read).transpose()?;
            gateways.push(GatewayAddress { url, tls: root.map(|root| ClientTls { root, name, identity: None }) });
        }
        root.end()?;
        let endorsers = Endorsers { organisations, at_least };
        let (patience, commit_patience) = (Settings::PATIENCE, Settings::COMMIT_PATIENCE);
        let settings = Settings { gateways, channel, chaincode, members, endorsers, patience, commit_patience };
        Ok(Self { settings, authorities })
    }
}
