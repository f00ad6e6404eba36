//! A small consortium, made from the file's random generator, and certificates that no authority of the crate issues.

use super::super::case::{Fault, malformed};
use super::super::operations::ledger::Chain;
use phi_pre::contract::{self, Action, NAME};
use phi_pre::identity::{
    Authority, Certificate, Member, MemberId, ParticipantGroup, Role, SealingKey, SigningKey, Subject,
};
use phi_pre::ledger::{
    Block, Config, CutRules, Endorsed, Endorsement, Invocation, Nonce, Organisation, Payload, Policy, Proposal,
    SignedTransaction, Signer, Simulation, Transaction, Transient,
};
use phi_pre::time::Millis;
use phi_pre::wire::Wire;
use rand_chacha::ChaCha20Rng;

/// 2025-06-01T12:00:00Z in milliseconds.
pub(super) const NOW: Millis = Millis(1_748_779_200_000);
pub(super) const CHANNEL: &str = "records";
/// The organisation of the orderer.
pub(super) const ORDERERS: &str = "ledger";
pub(super) const ORGANISATIONS: [&str; 3] = ["North Hospital", "South Hospital", "Cloud One"];

/// An authority with its private keys. They are the first values that the authority draws.
pub(super) struct Known {
    pub(super) authority: Authority,
    pub(super) key: SigningKey,
    pub(super) sealing_key: SealingKey,
}

impl Known {
    pub(super) fn new(group: ParticipantGroup, rng: &mut ChaCha20Rng) -> Result<Self, Fault> {
        let drawn = &mut rng.clone();
        Self::with(Authority::new(group, rng, NOW.seconds()).map_err(malformed)?, drawn)
    }

    /// The authority of an organisation of the ledger group.
    pub(super) fn of(organisation: &str, rng: &mut ChaCha20Rng) -> Result<Self, Fault> {
        let drawn = &mut rng.clone();
        Self::with(Authority::of_organisation(organisation, rng, NOW.seconds()).map_err(malformed)?, drawn)
    }

    fn with(authority: Authority, drawn: &mut ChaCha20Rng) -> Result<Self, Fault> {
        let (key, sealing_key) = (SigningKey::random(drawn), SealingKey::random(drawn));
        let public = (*authority.root().verifying_key(), authority.root().sealing_key());
        if public == (key.verifying_key(), Some(&sealing_key.public())) {
            Ok(Self { authority, key, sealing_key })
        } else {
            Err(malformed("the authority draws otherwise"))
        }
    }

    pub(super) fn root(&self) -> &Certificate {
        self.authority.root()
    }

    pub(super) fn enrol(&mut self, organisation: &str, role: Role, rng: &mut ChaCha20Rng) -> Result<Signer, Fault> {
        let key = SigningKey::random(rng);
        let subject = Subject::new(organisation, role, MemberId::random(rng)).map_err(malformed)?;
        let certificate = self.authority.issue(&subject, &key.verifying_key(), None, NOW.seconds(), rng);
        Ok(Signer { certificate: certificate.map_err(malformed)?, key })
    }

    /// Replaces the last `from` in the signed part of the certificate by `to`, of the same length, and signs it again.
    pub(super) fn reissue(&self, certificate: &Certificate, from: &[u8], to: &[u8]) -> Result<Vec<u8>, Fault> {
        let der = certificate.der();
        let mut tbs = signed_part(der).ok_or_else(|| malformed("no certificate"))?.to_vec();
        let at = tbs.windows(from.len()).rposition(|window| window == from).ok_or_else(|| malformed("not found"))?;
        tbs.splice(at..at + to.len(), to.iter().copied());
        Ok(assemble(&tbs, self.key.sign(&tbs).as_bytes()))
    }
}

/// The tbsCertificate of a certificate of 256 to 65535 bytes.
fn signed_part(der: &[u8]) -> Option<&[u8]> {
    let tbs = der.get(4..)?;
    let length = usize::from(u16::from_be_bytes([*tbs.get(2)?, *tbs.get(3)?]));
    tbs.get(..4 + length)
}

/// Encodes the certificate with this signed part and this signature r || s.
pub(super) fn assemble(tbs: &[u8], signature: &[u8; 64]) -> Vec<u8> {
    const ECDSA_WITH_SHA256: [u8; 12] = [0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    let integer = |bytes: &[u8]| {
        let digits: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = digits.first().is_none_or(|byte| byte & 0x80 != 0);
        tlv(2, &[&[0][usize::from(!sign)..], &digits].concat())
    };
    let (r, s) = signature.split_at(32);
    let signature = tlv(0x30, &[integer(r), integer(s)].concat());
    tlv(0x30, &[tbs, &ECDSA_WITH_SHA256, &tlv(3, &[&[0], signature.as_slice()].concat())].concat())
}

/// Encodes tag, length and value (X.690). The value has at most 65535 bytes.
#[expect(clippy::cast_possible_truncation, reason = "a certificate has less than 4096 bytes")]
fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len();
    let head = match length {
        0..128 => vec![tag, length as u8],
        128..256 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [head.as_slice(), value].concat()
}

/// Replaces s of the signature by n - s.
pub(super) fn high_s(signature: &[u8; 64]) -> [u8; 64] {
    const N: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let (mut out, mut borrow) = (*signature, 0_i16);
    for i in (0..32).rev() {
        let difference = i16::from(N[i]) - i16::from(signature[32 + i]) - borrow;
        borrow = i16::from(difference < 0);
        out[32 + i] = difference.rem_euclid(256).to_le_bytes()[0];
    }
    out
}

/// The authorities, nodes and participants, and the chain.
pub(super) struct World {
    pub(super) users: Known,
    pub(super) hospitals: Known,
    pub(super) clouds: Known,
    /// The authorities of the orderer's organisation and of the peers' organisations.
    pub(super) nodes: Vec<Known>,
    pub(super) orderer: Signer,
    pub(super) peers: Vec<Signer>,
    pub(super) north: Signer,
    pub(super) south: Signer,
    pub(super) alice: Signer,
    pub(super) bob: Signer,
    pub(super) chain: Chain,
    pub(super) blocks: Vec<Block>,
}

impl World {
    pub(super) fn new(rng: &mut ChaCha20Rng) -> Result<Self, Fault> {
        let mut users = Known::new(ParticipantGroup::Users, rng)?;
        let mut hospitals = Known::new(ParticipantGroup::Hospitals, rng)?;
        let clouds = Known::new(ParticipantGroup::Cloud, rng)?;
        let mut nodes = vec![Known::of(ORDERERS, rng)?];
        let orderer = nodes[0].enrol(ORDERERS, Role::Orderer, rng)?;
        let mut peers = Vec::new();
        for organisation in ORGANISATIONS {
            let mut known = Known::of(organisation, rng)?;
            peers.push(known.enrol(organisation, Role::Peer, rng)?);
            nodes.push(known);
        }
        let north = hospitals.enrol(ORGANISATIONS[0], Role::Hospital, rng)?;
        let south = hospitals.enrol(ORGANISATIONS[1], Role::Hospital, rng)?;
        let [alice, bob] = [users.enrol("users", Role::User, rng)?, users.enrol("users", Role::User, rng)?];
        let (chain, blocks) = (Chain::default(), Vec::new());
        Ok(Self { users, hospitals, clouds, nodes, orderer, peers, north, south, alice, bob, chain, blocks })
    }

    /// The roots of all authorities.
    pub(super) fn roots(&self) -> impl Iterator<Item = &Certificate> {
        [&self.users, &self.hospitals, &self.clouds].into_iter().chain(&self.nodes).map(Known::root)
    }

    /// The configuration: its policy is the majority of the three organisations.
    pub(super) fn config(&self) -> Config {
        Config {
            channel: CHANNEL.into(),
            contract: NAME.into(),
            organisations: self.roots().map(Organisation::of_root).collect(),
            policy: Policy::majority(&ORGANISATIONS),
            orderers: ORDERERS.into(),
            cut: CutRules::default(),
            window: Config::WINDOW,
        }
    }

    /// Seals and commits the next block. Returns the validation codes.
    pub(super) fn block(&mut self, envelopes: Vec<Vec<u8>>) -> Result<Vec<u8>, Fault> {
        let block = self.next_block(envelopes);
        let (verdict, _) = self.chain.commit(&block)?;
        self.blocks.push(block);
        Ok(verdict.codes.iter().map(|code| code.number()).collect())
    }

    pub(super) fn next_block(&self, envelopes: Vec<Vec<u8>>) -> Block {
        let Signer { certificate, key } = &self.orderer;
        let (number, previous) = match self.chain.savepoint {
            None => (0, None),
            Some(savepoint) => (savepoint.height, Some(savepoint.tip)),
        };
        Block::seal(number, previous, envelopes, certificate, key)
    }

    /// A signed transaction that the first `n` peers endorse on the current state.
    pub(super) fn envelope(
        &self,
        nonce: Nonce,
        who: &Signer,
        action: &Action,
        n: usize,
    ) -> Result<SignedTransaction, Fault> {
        let proposal = propose(nonce, who, action);
        let answers = self.peers.iter().take(n).map(|peer| self.endorse(&proposal, peer)).collect::<Result<_, _>>()?;
        Transaction::assemble(proposal, answers).map_err(malformed)?.sign(&who.key).map_err(malformed)
    }

    /// The answer of `peer` to the proposal.
    pub(super) fn endorse(&self, proposal: &Proposal, peer: &Signer) -> Result<Endorsed, Fault> {
        let subject = proposal.creator.subject();
        let creator = Member {
            organisation: subject.organisation.clone(),
            role: subject.role,
            id: subject.id,
            verifying_key: *proposal.creator.verifying_key(),
            sealing_key: None,
        };
        let mut simulation = Simulation::new(&self.chain.state);
        let call = Invocation {
            creator: &creator,
            certificate: &proposal.creator,
            timestamp: proposal.timestamp,
            transient: &Transient::default(),
            action: &proposal.action,
        };
        let response = contract::invoke(&mut simulation, &call).map_err(malformed)?;
        let payload = Payload { proposal: proposal.digest(), response, rwset: simulation.finish() };
        let endorsement = Endorsement::sign(&payload.to_bytes(), &peer.certificate, &peer.key);
        Ok(Endorsed { payload, endorsement })
    }
}

pub(super) fn propose(nonce: Nonce, who: &Signer, action: &Action) -> Proposal {
    Proposal::new(CHANNEL, NAME, nonce, &who.certificate, NOW, action.to_bytes())
}
