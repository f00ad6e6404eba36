//! A network of Hyperledger Fabric on loopback, made in a temporary folder from the certificates of
//! `phi_pre::identity`.
//!
//! ```text
//! folder/north/{ca, msp, admin, nodes/north/{msp, tls, chaincode, core.yaml, data}}     likewise south, west
//! folder/orderer/{ca, msp, admin, nodes/orderer-1/{msp, tls, orderer.yaml, data}, ...}
//! folder/{users, hospitals, cloud}/{ca, msp}                                           organisations without nodes
//! folder/{builder, configtx.yaml, phi.block, logs}
//! ```

use crate::chaincode::Chaincode;
use crate::organisations::{Organisation, msp_id, write};
use crate::programs::{Ports, Process, Programs, patiently, run};
use phi_pre::fabric::{self, Client, ClientTls, Endorsers, GatewayAddress, Settings, TlsRoot};
use phi_pre::identity::{ParticipantGroup, Role};
use phi_pre::ledger::Signer;
use phi_pre::time::Seconds;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

/// The channel, which is also the name of the chaincode.
pub const CHANNEL: &str = "phi";
/// The organisations with a peer.
pub const PEERS: [&str; 3] = ["north", "south", "west"];
/// The number of organisations that must endorse.
pub const ENDORSERS: usize = 2;

/// How the orderers agree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ordering {
    /// Crash faults: one orderer.
    Raft,
    /// Byzantine faults: four orderers.
    Bft,
}

struct Node {
    name: String,
    /// `msp`, `tls`, the configuration and the data.
    folder: PathBuf,
    address: SocketAddr,
    /// Where a peer listens for chaincodes, and an orderer for its administrator.
    second: SocketAddr,
    process: Option<Process>,
}

/// The processes of a channel, and the organisations with their authorities.
pub struct Network {
    folder: tempfile::TempDir,
    programs: Programs,
    pub rng: ChaCha20Rng,
    pub ordering: Ordering,
    /// Those of [`PEERS`] first, then the orderers', `users`, `hospitals` and `cloud`.
    organisations: Vec<Organisation>,
    peers: Vec<Node>,
    orderers: Vec<Node>,
    chaincodes: Vec<Chaincode>,
    /// How often the chaincode's definition was committed.
    sequence: u32,
}

impl Network {
    /// Makes a network and waits until the chaincode answers at all gateways.
    pub fn start(programs: Programs, ordering: Ordering, mut rng: ChaCha20Rng) -> Self {
        let folder = tempfile::Builder::new().prefix("phi-pre-fabric-").tempdir().unwrap();
        let (at, mut ports) = (folder.path().to_owned(), Ports::new());
        let number = if ordering == Ordering::Raft { 1 } else { 4 };
        let names: Vec<_> = (1..=number).map(|i| format!("orderer-{i}")).collect();
        let mut organisations =
            Vec::from(PEERS.map(|name| Organisation::of_nodes(name, "--peer", &[name.to_owned()], &at, &mut rng)));
        organisations.push(Organisation::of_nodes("orderer", "--orderer", &names, &at, &mut rng));
        let groups = [ParticipantGroup::Users, ParticipantGroup::Hospitals, ParticipantGroup::Cloud];
        organisations.extend(groups.map(|group| Organisation::of_members(group, &at, &mut rng)));
        let mut node = |organisation: &Organisation, name: &str| {
            let folder = organisation.node(name);
            Node { name: name.into(), folder, address: ports.take(), second: ports.take(), process: None }
        };
        let peers: Vec<_> = organisations[..PEERS.len()].iter().map(|found| node(found, found.name)).collect();
        let orderers: Vec<_> = names.iter().map(|name| node(&organisations[PEERS.len()], name)).collect();
        builder(&at.join("builder/bin"));
        let chaincodes = Vec::new();
        let mut this =
            Self { folder, programs, rng, ordering, organisations, peers, orderers, chaincodes, sequence: 0 };
        this.configure();
        for i in 0..PEERS.len() {
            let tls = this.peers[i].folder.join("chaincode/tls");
            this.organisations[i].tls(&tls);
            this.chaincodes.push(Chaincode::new(&this.peers[i].folder.join("chaincode"), &tls, ports.take()));
        }
        drop(ports);
        this.create_channel();
        this.deploy();
        this
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// An organisation of the channel.
    pub fn organisation(&mut self, name: &str) -> &mut Organisation {
        self.organisations.iter_mut().find(|organisation| organisation.name == name).unwrap()
    }

    /// Issues a certificate of `group`, which must have no peers.
    pub fn enrol(&mut self, group: ParticipantGroup, organisation: &str, role: Role, now: Seconds) -> Signer {
        let found = self.organisations.iter_mut().find(|found| found.name == group.name());
        found.unwrap().enrol(organisation, role, now, &mut self.rng)
    }

    /// All organisations of the channel.
    pub fn organisations(&self) -> &[Organisation] {
        &self.organisations
    }

    /// A separate random generator for a part of a test.
    pub fn fork(&mut self) -> ChaCha20Rng {
        ChaCha20Rng::from_rng(&mut self.rng)
    }

    /// The gateway of a peer.
    pub fn gateway(&self, i: usize) -> GatewayAddress {
        let tls =
            ClientTls { root: TlsRoot::new(self.organisations[i].tls_root()).unwrap(), name: None, identity: None };
        GatewayAddress { url: format!("https://{}", self.peers[i].address), tls: Some(tls) }
    }

    /// Writes the description of the network for the command.
    pub fn profile(&self) -> PathBuf {
        let mut text = format!("channel = \"{CHANNEL}\"\nchaincode = \"{CHANNEL}\"\nendorsements = {ENDORSERS}\n");
        for organisation in &self.organisations[PEERS.len() + 1..] {
            let (name, mspid) = (organisation.name, organisation.msp_id());
            write!(text, "\n[{name}]\nmspid = \"{mspid}\"\nauthority = \"{name}\"\n").unwrap();
        }
        for (peer, organisation) in self.peers.iter().zip(&self.organisations) {
            let (name, mspid, address) = (organisation.name, organisation.msp_id(), peer.address);
            write!(
                text,
                "\n[[peers]]\nmspid = \"{mspid}\"\nroot = \"{name}/msp/cacerts/root.pem\"\n\
                 gateway = \"https://{address}\"\ntls_root = \"{name}/msp/tlscacerts/root.pem\"\n"
            )
            .unwrap();
        }
        let profile = self.path().join("profile.toml");
        write(&profile, text);
        profile
    }

    /// The organisations with peers, of which `at_least` must endorse.
    pub fn endorsers(&self, at_least: usize) -> Endorsers {
        let organisations = self.organisations[..PEERS.len()].iter();
        let endorsing =
            |found: &Organisation| fabric::Organisation { mspid: found.msp_id(), root: found.authority.root().clone() };
        Endorsers { organisations: organisations.map(endorsing).collect(), at_least }
    }

    /// A client of these gateways, which gives up after `patience`.
    pub fn client(&mut self, gateways: Vec<GatewayAddress>, patience: Duration) -> Client {
        let members = self.organisations[PEERS.len() + 1..].iter();
        let member =
            |found: &Organisation| fabric::Organisation { mspid: found.msp_id(), root: found.authority.root().clone() };
        let settings = Settings {
            gateways,
            channel: CHANNEL.into(),
            chaincode: CHANNEL.into(),
            members: members.map(member).collect(),
            endorsers: self.endorsers(ENDORSERS),
            patience,
            commit_patience: patience,
        };
        Client::new(settings, &mut self.rng).unwrap()
    }

    /// Writes the configuration of the channel and of all nodes.
    fn configure(&self) {
        let fill = |template: &str, node: &Node, msp: &str| {
            template
                .replace("@NAME@", &node.name)
                .replace("@NODE@", node.folder.to_str().unwrap())
                .replace("@MSP@", msp)
                .replace("@ADDRESS@", &node.address.to_string())
                .replace("@PORT@", &node.address.port().to_string())
                .replace("@CHAINCODES@", &node.second.to_string())
                .replace("@ADMIN@", &node.second.port().to_string())
                .replace("@BUILDER@", self.path().join("builder").to_str().unwrap())
        };
        for (node, organisation) in self.peers.iter().zip(&self.organisations) {
            let text = fill(include_str!("core.yaml"), node, &organisation.msp_id());
            write(&node.folder.join("core.yaml"), text);
        }
        for node in &self.orderers {
            let text = fill(include_str!("orderer.yaml"), node, &msp_id("orderer"));
            write(&node.folder.join("orderer.yaml"), text);
        }
        let ids = |role: &str| PEERS.map(|name| format!("'{}.{role}'", msp_id(name))).join(", ");
        let administrators = format!("OutOf(2, {})", ids("admin"));
        let members: Vec<_> = self.organisations.iter().filter(|found| found.name != "orderer").collect();
        let anchor = |name: &str| self.peers.iter().find(|peer| peer.name == name).map(|peer| peer.address);
        let text = include_str!("configtx.yaml")
            .replace("@CONSENSUS@", &self.consensus())
            .replace("@ORDERER@", &self.definition(&self.organisations[PEERS.len()], None, &administrators))
            .replace(
                "@MEMBERS@",
                &members
                    .iter()
                    .map(|organisation| self.definition(organisation, anchor(organisation.name), &administrators))
                    .collect::<String>(),
            )
            .replace("@ENDORSERS@", &format!("OutOf({ENDORSERS}, {})", ids("peer")))
            .replace("@ADMINISTRATORS@", &administrators);
        write(&self.path().join("configtx.yaml"), text);
    }

    /// The lines of configtx.yaml for an organisation. An organisation without nodes has no administrator: those of the
    /// peers' organisations administer it.
    fn definition(&self, organisation: &Organisation, anchor: Option<SocketAddr>, administrators: &str) -> String {
        let (name, id) = (organisation.name, organisation.msp_id());
        let folder = organisation.definition();
        let mut lines = format!("        - Name: {name}\n          ID: {id}\n          MSPDir: {}\n", folder.display());
        if let Some(anchor) = anchor {
            let (host, port) = (anchor.ip(), anchor.port());
            writeln!(lines, "          AnchorPeers: [{{ Host: {host}, Port: {port} }}]").unwrap();
        }
        let nodes = organisation.authority.group() == ParticipantGroup::Ledger;
        let own = format!("OR('{id}.admin')");
        if name == "orderer" {
            let addresses: Vec<_> = self.orderers.iter().map(|node| format!("\"{}\"", node.address)).collect();
            writeln!(lines, "          OrdererEndpoints: [{}]", addresses.join(", ")).unwrap();
        }
        let member = format!("OR('{id}.{}')", if nodes { "member" } else { "client" });
        writeln!(lines, "          Policies:").unwrap();
        for (policy, rule) in [
            ("Readers", member.as_str()),
            ("Writers", member.as_str()),
            ("Admins", if nodes { own.as_str() } else { administrators }),
            ("Endorsement", &format!("OR('{id}.peer')")),
        ] {
            writeln!(lines, "            {policy}: {{ Type: Signature, Rule: \"{rule}\" }}").unwrap();
        }
        lines
    }

    /// The lines of configtx.yaml that name the orderers and how they agree.
    fn consensus(&self) -> String {
        let mut lines = String::new();
        for (i, node) in self.orderers.iter().enumerate() {
            let (folder, port) = (node.folder.display(), node.address.port());
            let tls = format!("ClientTLSCert: {folder}/tls/cert.pem, ServerTLSCert: {folder}/tls/cert.pem");
            let identity = match self.ordering {
                Ordering::Raft => String::new(),
                Ordering::Bft => {
                    let id = msp_id("orderer");
                    format!("ID: {}, MSPID: {id}, Identity: {folder}/msp/signcerts/cert.pem, ", i + 1)
                }
            };
            writeln!(lines, "          - {{ {identity}Host: 127.0.0.1, Port: {port}, {tls} }}").unwrap();
        }
        match self.ordering {
            Ordering::Raft => format!(
                "      OrdererType: etcdraft\n      EtcdRaft:\n        Consenters:\n{lines}        Options: \
                 {{ TickInterval: 100ms, ElectionTick: 10, HeartbeatTick: 1, MaxInflightBlocks: 5, \
                 SnapshotIntervalSize: 16 MB }}"
            ),
            Ordering::Bft => format!(
                "      OrdererType: BFT\n      ConsenterMapping:\n{lines}      SmartBFT: {{ \
                 RequestBatchMaxInterval: 200ms, RequestForwardTimeout: 2s, RequestComplainTimeout: 10s, \
                 RequestAutoRemoveTimeout: 3m, ViewChangeResendInterval: 5s, ViewChangeTimeout: 20s, \
                 LeaderHeartbeatTimeout: 10s, CollectTimeout: 1s, IncomingMessageBufferSize: 200, \
                 RequestPoolSize: 100000, LeaderHeartbeatCount: 10 }}"
            ),
        }
    }

    /// Starts all nodes and lets them join the new channel.
    fn create_channel(&mut self) {
        let block = self.path().join("phi.block");
        let mut configtxgen = self.programs.command("configtxgen", self.path());
        configtxgen.args(["-profile", "Phi", "-channelID", CHANNEL, "-outputBlock"]).arg(&block);
        run(&mut configtxgen).unwrap();
        for i in 0..self.orderers.len() {
            self.launch_orderer(i);
        }
        for i in 0..PEERS.len() {
            self.launch_peer(i);
            self.start_chaincode(i);
        }
        for i in 0..self.orderers.len() {
            let node = self.listening_orderer(i);
            let mut join = self.programs.command("osnadmin", self.path());
            join.args(["channel", "join", "--channelID", CHANNEL, "-o", &node.to_string(), "--config-block"])
                .arg(&block);
            let answer = patiently(30, || run(&mut join)).unwrap();
            let answer = String::from_utf8_lossy(&answer);
            assert!(answer.contains("Status: 201"), "{answer}"); // osnadmin exits with 0 after a refusal as well
        }
        for i in 0..PEERS.len() {
            self.listening_peer(i);
        }
        thread::scope(|scope| {
            for i in 0..PEERS.len() {
                let (this, block) = (&*self, &block);
                scope.spawn(move || {
                    let join = ["channel", "join", "-b", block.to_str().unwrap()];
                    patiently(30, || this.administrator(i, &join)).unwrap();
                    let package = this.chaincodes[i].package.to_str().unwrap();
                    let install = ["lifecycle", "chaincode", "install", package];
                    patiently(30, || this.administrator(i, &install)).unwrap();
                });
            }
        });
    }

    /// Runs `peer ...` as the administrator of an organisation with a peer.
    ///
    /// # Errors
    /// The command and what it printed.
    pub fn administrator(&self, i: usize, args: &[&str]) -> Result<Vec<u8>, String> {
        let node = &self.peers[i];
        let mut peer = self.programs.command("peer", &node.folder);
        run(peer.env("CORE_PEER_MSPCONFIGPATH", self.organisations[i].administrator()).args(args))
    }

    /// The arguments of a command that talks to an orderer.
    pub fn ordering_service(&self) -> [String; 5] {
        let orderer = self.orderers.iter().find(|orderer| orderer.process.is_some()).unwrap();
        let root = orderer.folder.join("tls/root.pem").to_str().unwrap().to_owned();
        ["-o".into(), orderer.address.to_string(), "--tls".into(), "--cafile".into(), root]
    }

    /// Approves and commits the definition of the chaincode: the first one, or its upgrade to the next sequence number.
    pub fn deploy(&mut self) {
        self.sequence += 1;
        let (version, sequence) = (format!("1.{}", self.sequence), self.sequence.to_string());
        let ids = PEERS.map(|name| format!("'{}.peer'", msp_id(name))).join(",");
        let policy = format!("OutOf({ENDORSERS},{ids})");
        let ordering = self.ordering_service();
        let mut definition = vec!["--channelID", CHANNEL, "--name", CHANNEL, "--version", &version];
        definition.extend(["--sequence", &sequence, "--signature-policy", &policy]);
        definition.extend(ordering.iter().map(String::as_str));
        thread::scope(|scope| {
            for i in 0..PEERS.len() {
                let (this, definition) = (&*self, &definition);
                scope.spawn(move || {
                    let id = &this.chaincodes[i].id;
                    let approve = ["lifecycle", "chaincode", "approveformyorg", "--package-id", id];
                    patiently(60, || this.administrator(i, &[&approve[..], definition].concat())).unwrap();
                });
            }
        });
        let nodes: Vec<_> = self
            .peers
            .iter()
            .map(|peer| (peer.address.to_string(), peer.folder.join("tls/root.pem").to_str().unwrap().to_owned()))
            .collect();
        let mut commit = [&["lifecycle", "chaincode", "commit"][..], &definition].concat();
        for (address, root) in &nodes {
            commit.extend(["--peerAddresses", address, "--tlsRootCertFiles", root]);
        }
        patiently(60, || self.administrator(0, &commit)).unwrap();
    }

    /// The number of blocks that a peer has committed.
    ///
    /// # Errors
    /// What the command printed, for example where the peer does not run.
    pub fn height(&self, i: usize) -> Result<u64, String> {
        let printed = self.administrator(i, &["channel", "getinfo", "-c", CHANNEL])?;
        let text = String::from_utf8_lossy(&printed);
        let found = text.split_once("\"height\":").and_then(|(_, rest)| rest.split([',', '}']).next()?.parse().ok());
        found.ok_or_else(|| format!("no height: {text}"))
    }

    /// Waits until every running peer has committed a block, so that another gateway gives the same answers.
    pub fn settle(&self, block: u64) {
        for i in (0..PEERS.len()).filter(|&i| self.peers[i].process.is_some()) {
            let has = || self.height(i)?.checked_sub(block + 1).ok_or_else(|| format!("peer {i} has no block {block}"));
            patiently(30, has).unwrap();
        }
    }

    fn launch(&self, name: &str, command: &Command) -> Process {
        Process::start(name, command, &self.path().join("logs").join(name))
    }

    fn launch_peer(&mut self, i: usize) {
        let mut command = self.programs.command("peer", &self.peers[i].folder);
        command.args(["node", "start"]);
        self.peers[i].process = Some(self.launch(&format!("peer-{}", PEERS[i]), &command));
    }

    fn listening_peer(&mut self, i: usize) {
        let peer = &mut self.peers[i];
        peer.process.as_mut().unwrap().listens(peer.address);
    }

    fn launch_orderer(&mut self, i: usize) {
        let node = &self.orderers[i];
        let process = self.launch(&node.name, &self.programs.command("orderer", &node.folder));
        self.orderers[i].process = Some(process);
    }

    /// The address for the administrator, once an orderer listens.
    fn listening_orderer(&mut self, i: usize) -> SocketAddr {
        let node = &mut self.orderers[i];
        let process = node.process.as_mut().unwrap();
        process.listens(node.address);
        process.listens(node.second);
        node.second
    }

    /// Starts a peer that was stopped or killed, and waits until it listens.
    pub fn start_peer(&mut self, i: usize) {
        self.launch_peer(i);
        self.listening_peer(i);
    }

    /// SIGKILL to a peer.
    pub fn kill_peer(&mut self, i: usize) {
        self.peers[i].process = None;
    }

    /// SIGTERM to a peer.
    pub fn stop_peer(&mut self, i: usize) {
        self.peers[i].process.take().unwrap().stop();
    }

    /// Starts an orderer that was killed, and waits until it listens.
    pub fn start_orderer(&mut self, i: usize) {
        self.launch_orderer(i);
        self.listening_orderer(i);
    }

    /// SIGKILL to an orderer.
    pub fn kill_orderer(&mut self, i: usize) {
        self.orderers[i].process = None;
    }

    /// Starts the chaincode of a peer, and waits until it listens.
    pub fn start_chaincode(&mut self, i: usize) {
        let log = self.path().join("logs").join(format!("chaincode-{}", PEERS[i]));
        self.chaincodes[i].start(&log);
    }

    /// SIGKILL to the chaincode of a peer.
    pub fn kill_chaincode(&mut self, i: usize) {
        self.chaincodes[i].process = None;
    }

    /// The last lines that each process printed.
    pub fn logs(&self) -> String {
        let mut text = String::new();
        let mut files: Vec<_> = fs::read_dir(self.path().join("logs")).unwrap().map(|file| file.unwrap()).collect();
        files.sort_by_key(fs::DirEntry::file_name);
        for file in files {
            let log = String::from_utf8_lossy(&fs::read(file.path()).unwrap()).into_owned();
            let lines: Vec<_> = log.lines().collect();
            writeln!(text, "---- {}", file.file_name().display()).unwrap();
            for line in &lines[lines.len().saturating_sub(10)..] {
                writeln!(text, "{line:.300}").unwrap();
            }
        }
        text
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("{}", self.logs());
        }
    }
}

/// Writes a builder for chaincode as a service. A release of Fabric contains one, but the four programs do not.
fn builder(bin: &Path) {
    for (name, line) in [
        ("detect", "grep -q '\"type\" *: *\"ccaas\"' \"$2/metadata.json\""),
        ("build", "cp \"$1/connection.json\" \"$3/\""),
        ("release", "mkdir -p \"$2/chaincode/server\" && cp \"$1/connection.json\" \"$2/chaincode/server/\""),
    ] {
        write(&bin.join(name), format!("#!/bin/sh\n{line}\n"));
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
}
