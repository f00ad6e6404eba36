//! Operations on policies, on whole chains, and on transactions that are validated against a chain.

use crate::vectors::case::{Fault, Kind, Operation, OrRefused, hex, malformed, wire};
use phi_pre::hash::{Digest, sha256};
use phi_pre::identity::{Member, MemberId, Role, SigningKey};
use phi_pre::ledger::{
    Block, BlockVerdict, Changes, Channel, Config, CutRules, Entry, Header, Metadata, Outcome, Policy, Proposal,
    ReadWriteSet, Savepoint, SignedTransaction, Transaction, TxId, Version, validate,
};
use phi_pre::secret::Secret;
use phi_pre::wire::Wire;
use serde_json::{Value, json};

pub(in crate::vectors) const ALL: &[&Operation] = &[&POLICY, &WIRE, &CHAIN, &TRANSACTION];

pub(in crate::vectors) const POLICY: Operation = Operation {
    name: "policy",
    input: &[
        ("encoding", Kind::Hex),
        ("signers", Kind::List(&Kind::Object(&[("id", Kind::Hex), ("organisation", Kind::Text)]))),
    ],
    output: &[("text", Kind::Text), ("satisfied", Kind::Truth), ("ids", Kind::List(&Kind::Hex))],
    run: |input| {
        let policy: Policy = input.wire("encoding")?;
        let key = SigningKey::from_bytes(&Secret::new([1; 32])).refused()?;
        let mut signers = Vec::new();
        for signer in input.objects("signers")? {
            signers.push(Member {
                organisation: signer.text("organisation")?.to_owned(),
                role: Role::Peer,
                id: MemberId(signer.array("id")?),
                verifying_key: key.verifying_key(),
                sealing_key: None,
            });
        }
        let mut ids: Vec<_> = signers.iter().map(|signer| signer.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let ids: Vec<_> = ids.iter().map(wire).collect();
        Ok(json!({ "text": policy.to_string(), "satisfied": policy.satisfied_by(&signers), "ids": ids }))
    },
};

/// Decodes a value and returns the SHA-256 digest of its encoding.
fn read<T: Wire>(bytes: &[u8]) -> Result<Digest, Fault> {
    Ok(sha256(&[&T::from_bytes(bytes).refused()?.to_bytes()]))
}

pub(in crate::vectors) const WIRE: Operation = Operation {
    name: "ledger encoding",
    input: &[("kind", Kind::Text), ("encoding", Kind::Hex)],
    output: &[("sha256", Kind::Hex)],
    run: |input| {
        let bytes = input.bytes("encoding")?;
        let digest = match input.text("kind")? {
            "proposal" => read::<Proposal>(&bytes),
            "read-write set" => read::<ReadWriteSet>(&bytes),
            "transaction" => read::<Transaction>(&bytes),
            "envelope" => read::<SignedTransaction>(&bytes),
            "block" => read::<Block>(&bytes),
            "block metadata" => read::<Metadata>(&bytes),
            "cut rules" => read::<CutRules>(&bytes),
            "configuration" => read::<Config>(&bytes),
            kind => return Err(malformed(format_args!("unknown kind {kind}"))),
        };
        Ok(json!({ "sha256": wire(&digest?) }))
    },
};

/// A chain in memory.
#[derive(Default)]
pub(in crate::vectors) struct Chain {
    channel: Option<Channel>,
    pub(in crate::vectors) savepoint: Option<Savepoint>,
    pub(in crate::vectors) state: Changes,
}

impl Chain {
    /// The channel of block 0, once block 0 is committed.
    pub(in crate::vectors) const fn channel(&self) -> Option<&Channel> {
        self.channel.as_ref()
    }

    /// Validates and commits the next block, with the library's functions.
    pub(in crate::vectors) fn commit(&mut self, block: &Block) -> Result<(BlockVerdict, Savepoint), Fault> {
        let channel = match self.channel.take() {
            Some(channel) => channel,
            None => Channel::of_genesis(block).refused()?,
        };
        let (verdict, after) = channel.validate(block, self.savepoint.as_ref(), &self.state).refused()?;
        self.channel = Some(channel);
        self.savepoint = Some(after);
        self.state.add(verdict.clone());
        Ok((verdict, after))
    }
}

fn entry(key: &str, entry: &Entry) -> Value {
    let Version { block, tx } = entry.version;
    json!({ "key": key, "block": block, "tx": tx, "value": hex(&entry.value) })
}

const ENTRY: Kind =
    Kind::Object(&[("key", Kind::Text), ("block", Kind::Number), ("tx", Kind::Number), ("value", Kind::Hex)]);
const OUTCOME: Kind =
    Kind::Object(&[("txid", Kind::Hex), ("block", Kind::Number), ("tx", Kind::Number), ("code", Kind::Number)]);
const VERDICT: Kind =
    Kind::Object(&[("codes", Kind::List(&Kind::Text)), ("header_hash", Kind::Hex), ("commit_hash", Kind::Hex)]);

pub(in crate::vectors) const CHAIN: Operation = Operation {
    name: "chain",
    input: &[("blocks", Kind::List(&Kind::Hex))],
    output: &[("verdicts", Kind::List(&VERDICT)), ("state", Kind::List(&ENTRY)), ("txids", Kind::List(&OUTCOME))],
    run: |input| {
        let mut chain = Chain::default();
        let mut verdicts = Vec::new();
        for bytes in input.byte_lists("blocks")? {
            let (verdict, after) = chain.commit(&Block::from_bytes(&bytes).refused()?)?;
            let codes: Vec<_> = verdict.codes.iter().map(ToString::to_string).collect();
            verdicts.push(json!({
                "codes": codes,
                "header_hash": wire(&after.tip),
                "commit_hash": wire(&after.commit_hash),
            }));
        }
        let outcome = |(txid, outcome): (&TxId, &Outcome)| {
            let Outcome { version: Version { block, tx }, code } = outcome;
            json!({ "txid": wire(txid), "block": block, "tx": tx, "code": code.number() })
        };
        Ok(json!({
            "verdicts": verdicts,
            "state": chain.state.updates().iter().map(|(key, value)| entry(key, value)).collect::<Vec<_>>(),
            "txids": chain.state.txids().iter().map(outcome).collect::<Vec<_>>(),
        }))
    },
};

pub(in crate::vectors) const TRANSACTION: Operation = Operation {
    name: "transaction",
    input: &[("chain", Kind::List(&Kind::Hex)), ("envelopes", Kind::List(&Kind::Hex))],
    output: &[("updates", Kind::List(&ENTRY))],
    run: |input| {
        let mut chain = Chain::default();
        let mut tail = None;
        for bytes in input.byte_lists("chain")? {
            let block = Block::from_bytes(&bytes).refused()?;
            chain.commit(&block)?;
            tail = Some(block);
        }
        let (Some(tail), Some(channel), Some(savepoint)) = (tail, &chain.channel, chain.savepoint) else {
            return Err(malformed("an empty chain"));
        };
        // The verdicts on transactions depend on the number of the block, not on its seal.
        let header = Header { number: savepoint.height, ..tail.header };
        let block = Block { header, transactions: input.byte_lists("envelopes")?, seal: tail.seal };
        let verdict = validate(&block, &channel.config, &channel.msp, &chain.state).refused()?;
        match verdict.codes.iter().find(|code| code.number() != 0) {
            Some(code) => Err(Fault::Refused(code.to_string())),
            None => Ok(json!({ "updates": verdict.updates.iter().map(|(k, v)| entry(k, v)).collect::<Vec<_>>() })),
        }
    },
};
