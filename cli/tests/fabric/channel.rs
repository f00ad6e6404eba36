//! Changes of the channel's configuration: a revocation list for an organisation.
//!
//! The update is written by hand, since `configtxlator` computes updates but does not belong to the programs that the
//! tests need. The messages are those of Fabric's `common/configtx.proto` and `msp/msp_config.proto`, with only the
//! fields that are used.

use crate::network::{CHANNEL, Network};
use phi_pre::fabric::messages::{Block, ChannelHeader, Envelope, Header, Payload};
use prost::Message;
use std::collections::BTreeMap;
use std::fs;

#[derive(Clone, PartialEq, Message)]
struct ConfigEnvelope {
    #[prost(message, optional, tag = "1")]
    config: Option<Config>,
}

#[derive(Clone, PartialEq, Message)]
struct Config {
    #[prost(message, optional, tag = "2")]
    channel_group: Option<ConfigGroup>,
}

#[derive(Clone, PartialEq, Message)]
struct ConfigGroup {
    #[prost(uint64, tag = "1")]
    version: u64,
    #[prost(btree_map = "string, message", tag = "2")]
    groups: BTreeMap<String, ConfigGroup>,
    #[prost(btree_map = "string, message", tag = "3")]
    values: BTreeMap<String, ConfigValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ConfigValue {
    #[prost(uint64, tag = "1")]
    version: u64,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
    #[prost(string, tag = "3")]
    mod_policy: String,
}

#[derive(Clone, PartialEq, Message)]
struct ConfigUpdateEnvelope {
    #[prost(bytes = "vec", tag = "1")]
    config_update: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct ConfigUpdate {
    #[prost(string, tag = "1")]
    channel_id: String,
    #[prost(message, optional, tag = "2")]
    read_set: Option<ConfigGroup>,
    #[prost(message, optional, tag = "3")]
    write_set: Option<ConfigGroup>,
}

/// The configuration of an organisation's membership service, in a value of the channel's configuration.
#[derive(Clone, PartialEq, Message)]
struct MspConfig {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(bytes = "vec", tag = "2")]
    config: Vec<u8>,
}

/// The one field of `FabricMSPConfig` that changes.
#[derive(Clone, PartialEq, Message)]
struct RevocationLists {
    #[prost(bytes = "vec", repeated, tag = "5")]
    revocation_list: Vec<Vec<u8>>,
}

impl ConfigGroup {
    /// This group in an update that changes none of its members.
    fn bare(&self) -> Self {
        Self { version: self.version, ..Self::default() }
    }

    /// This group in an update that changes `inner`, the member `name`, only.
    fn around(&self, name: &str, inner: Self) -> Self {
        Self { groups: BTreeMap::from([(name.to_owned(), inner)]), ..self.bare() }
    }
}

/// The type of an envelope with a change of the configuration (`common.HeaderType`).
const CONFIG_UPDATE: i32 = 2;

/// The update of the channel that adds a CRL to an organisation.
fn update(config_block: &[u8], organisation: &str, crl: &[u8]) -> Vec<u8> {
    let block = Block::decode(config_block).unwrap();
    let envelope = Envelope::decode(&*block.data.unwrap().data[0]).unwrap();
    let payload = Payload::decode(&*envelope.payload).unwrap();
    let channel = ConfigEnvelope::decode(&*payload.data).unwrap().config.unwrap().channel_group.unwrap();
    let (application, name) = (&channel.groups["Application"], "MSP".to_owned());
    let (members, value) = (&application.groups[organisation], &application.groups[organisation].values[&name]);
    // Two concatenated encodings of a message type are an encoding of the merged message.
    let mut msp = MspConfig::decode(&*value.value).unwrap();
    msp.config.extend(RevocationLists { revocation_list: vec![crl.to_vec()] }.encode_to_vec());
    let changed = ConfigValue { version: value.version + 1, value: msp.encode_to_vec(), ..value.clone() };
    let set = |members| channel.around("Application", application.around(organisation, members));
    let update = ConfigUpdate {
        channel_id: CHANNEL.into(),
        read_set: Some(set(members.bare())),
        write_set: Some(set(ConfigGroup { values: BTreeMap::from([(name, changed)]), ..members.bare() })),
    };
    let channel_header = ChannelHeader { kind: CONFIG_UPDATE, channel_id: CHANNEL.into(), ..ChannelHeader::default() };
    let data = ConfigUpdateEnvelope { config_update: update.encode_to_vec() }.encode_to_vec();
    let header = Header { channel_header: channel_header.encode_to_vec(), ..Header::default() };
    let payload = Payload { header: Some(header), data };
    Envelope { payload: payload.encode_to_vec(), ..Envelope::default() }.encode_to_vec()
}

impl Network {
    /// Adds a CRL in PEM to an organisation without nodes, signed by the administrators of two organisations, and waits
    /// until every peer has the new configuration.
    pub fn install_crl(&self, organisation: &str, crl: &str) {
        let (block, file) = (self.path().join("config.block"), self.path().join("update.tx"));
        let (block, file) = (block.to_str().unwrap(), file.to_str().unwrap());
        let ordering = self.ordering_service();
        let at = |args: &[&'static str]| -> Vec<String> {
            args.iter()
                .map(|&arg| arg.to_owned())
                .chain(["-c".into(), CHANNEL.into()])
                .chain(ordering.clone())
                .collect()
        };
        let run = |i, args: Vec<String>, rest: &[&str]| {
            let args: Vec<_> = args.iter().map(String::as_str).chain(rest.iter().copied()).collect();
            self.administrator(i, &args).unwrap();
        };
        run(0, at(&["channel", "fetch", "config"]), &[block]);
        fs::write(file, update(&fs::read(block).unwrap(), organisation, crl.as_bytes())).unwrap();
        self.administrator(0, &["channel", "signconfigtx", "-f", file]).unwrap();
        let next = self.height(0).unwrap();
        run(1, at(&["channel", "update"]), &["-f", file]);
        self.settle(next);
    }
}
