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
//! tls_root = "north/tls/ca.crt"   # for https
//! tls_name = "peer0.north"   # only where the certificate has another name than the address
//! ```

use crate::chaincode::tls_root;
use crate::output::{Failure, named, read_text};
use phi_pre::fabric::{Client, ClientTls, Endorsers, GatewayAddress, Organisation, Settings};
use phi_pre::identity::{Authority, Certificate, ParticipantGroup};
use rand_core::CryptoRng;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// A network, and the authorities that enrol the participants.
pub(crate) struct Profile {
    pub(crate) client: Client,
    /// Of the users, the hospitals and the clouds.
    pub(crate) authorities: [Authority; 3],
}

/// A table of the profile. It refuses what nobody has asked for, so that a misspelt name is no silent default.
struct Section<'a> {
    path: &'a Path,
    /// Stands before the key in an error.
    name: String,
    table: Table,
}

impl Section<'_> {
    fn wrong(&self, key: &str, what: &str) -> Failure {
        named(self.path, &format_args!("{}{key}: {what}", self.name))
    }

    fn take(&mut self, key: &str) -> Result<Value, Failure> {
        self.table.remove(key).ok_or_else(|| self.wrong(key, "missing"))
    }

    fn text(&mut self, key: &str) -> Result<String, Failure> {
        match self.take(key)? {
            Value::String(text) => Ok(text),
            _ => Err(self.wrong(key, "not a string")),
        }
    }

    /// A path from the folder of the profile on.
    fn place(&mut self, key: &str) -> Result<PathBuf, Failure> {
        let text = self.text(key)?;
        Ok(self.path.parent().unwrap_or(Path::new("")).join(text))
    }

    /// What `read` reads from a key that may be missing.
    fn optional<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Self, &str) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        self.table.contains_key(key).then(|| read(self, key)).transpose()
    }

    fn section(&mut self, key: &str) -> Result<Section<'_>, Failure> {
        match self.take(key)? {
            Value::Table(table) => Ok(Section { path: self.path, name: format!("{key}."), table }),
            _ => Err(self.wrong(key, "not a table")),
        }
    }

    fn end(self) -> Result<(), Failure> {
        match self.table.keys().next() {
            Some(unknown) => Err(self.wrong(unknown, "unknown")),
            None => Ok(()),
        }
    }
}

fn table(path: &Path) -> Result<Table, Failure> {
    let text = read_text(path)?;
    text.parse().map_err(|error: toml::de::Error| {
        let before = text.bytes().take(error.span().map_or(0, |span| span.start));
        let line = 1 + before.filter(|byte| *byte == b'\n').count();
        named(path, &format_args!("line {line}: {}", error.message().trim_end()))
    })
}

impl Profile {
    /// Reads the profile at `path` and the files that it names.
    pub(crate) fn read(path: &Path, rng: &mut impl CryptoRng) -> Result<Self, Failure> {
        let mut root = Section { path, name: String::new(), table: table(path)? };
        let (channel, chaincode) = (root.text("channel")?, root.text("chaincode")?);
        let Value::Integer(at_least) = root.take("endorsements")? else {
            return Err(root.wrong("endorsements", "not a number"));
        };
        let at_least = usize::try_from(at_least).map_err(|_| root.wrong("endorsements", "not a positive number"))?;
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
        let Value::Array(peers) = root.take("peers")? else {
            return Err(root.wrong("peers", "not an array of tables"));
        };
        let (mut gateways, mut organisations) = (Vec::new(), Vec::new());
        for (i, peer) in peers.into_iter().enumerate() {
            let Value::Table(table) = peer else { return Err(root.wrong("peers", "not an array of tables")) };
            let mut section = Section { path, name: format!("[[peers]] {}: ", i + 1), table };
            let (mspid, file) = (section.text("mspid")?, section.place("root")?);
            let certificate = Certificate::from_pem(&read_text(&file)?).map_err(|error| named(&file, &error))?;
            organisations.push(Organisation { mspid, root: certificate });
            let url = section.text("gateway")?;
            let file = section.optional("tls_root", Section::place)?;
            let name = section.optional("tls_name", Section::text)?;
            if name.is_some() && file.is_none() {
                return Err(section.wrong("tls_name", "only with tls_root"));
            }
            section.end()?;
            let tls = file.as_deref().map(tls_root).transpose()?;
            gateways.push(GatewayAddress { url, tls: tls.map(|root| ClientTls { root, name, identity: None }) });
        }
        root.end()?;
        let endorsers = Endorsers { organisations, at_least };
        let (patience, commit_patience) = (Settings::PATIENCE, Settings::COMMIT_PATIENCE);
        let settings = Settings { gateways, channel, chaincode, members, endorsers, patience, commit_patience };
        let client = Client::new(settings, rng).map_err(|error| named(path, &error))?;
        Ok(Self { client, authorities })
    }
}
