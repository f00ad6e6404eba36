//! `phi-pre ledger`: `show` and `verify` read the folder of a stopped peer and change nothing; `repair` changes files.

use crate::output::Failure;
use phi_pre::contract::Action;
use phi_pre::hash::Digest;
use phi_pre::ledger::{
    BLOCKS_NAME, Block, BlockFile, SignedTransaction, read_verdicts, repair_orderer, repair_peer, verify,
};
use phi_pre::wire::Wire;
use std::path::{Path, PathBuf};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Prints blocks and transactions.
    Show {
        /// A peer's folder, or a folder that holds the folders of peers; then the first peer is shown.
        dir: PathBuf,
    },
    /// Checks hashes, signatures, verdicts and state from block 0 on.
    Verify {
        /// A peer's folder, or a folder that holds the folders of peers; then all peers are verified.
        dir: PathBuf,
        /// The hash that block 0 must have, 64 hex digits.
        #[arg(long, value_name = "HASH")]
        genesis: Option<String>,
    },
    /// Repairs damaged files from the files of the other nodes. All peers and the orderer must be stopped.
    Repair {
        /// The folder that holds the folders of the peers and the orderer.
        dir: PathBuf,
    },
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Repair { dir } => repair(dir),
        Command::Show { dir } => peers(dir)?.first().map_or(Ok(()), |peer| show(peer)),
        Command::Verify { dir, genesis } => {
            let genesis = genesis.as_deref().map(Digest::from_hex).transpose()?;
            let mut savepoints = Vec::new();
            for peer in peers(dir)? {
                let report = verify(&peer, genesis).map_err(|e| format!("{}: {e}", peer.display()))?;
                say!("{}   {} blocks, {} keys", peer.display(), report.savepoint.height, report.keys);
                say!("  block 0       {}", report.genesis);
                say!("  commit hash   {}", report.savepoint.commit_hash);
                for (code, count) in &report.codes {
                    say!("  {count:>6} transactions   {code}");
                }
                if let Some(torn) = report.torn {
                    say!("  an incomplete block at the end, never acknowledged: {torn:?}");
                }
                savepoints.push(report.savepoint);
            }
            savepoints.dedup();
            match savepoints.len() {
                1 => Ok(()),
                _ => Err("the peers are not at the same block".into()),
            }
        }
    }
}

/// Returns the folders `peer-N` of `dir/ledger`, or of `dir` where there is no `ledger`; without any, that folder
/// itself.
fn peers(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let below = dir.join("ledger");
    let dir = if below.is_dir() { &below } else { dir };
    let entries = std::fs::read_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut peers = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| name.starts_with("peer-")) && entry.path().is_dir() {
            peers.push(entry.path());
        }
    }
    peers.sort();
    if peers.is_empty() && !dir.join(BLOCKS_NAME).exists() {
        return Err(format!("{}: no ledger is in this folder", dir.display()).into());
    }
    Ok(if peers.is_empty() { vec![dir.to_owned()] } else { peers })
}

fn repair(dir: &Path) -> Result<(), Failure> {
    let peers = peers(dir)?;
    let orderer = peers.first().and_then(|peer| peer.parent()).map(|folder| folder.join("orderer"));
    let orderer = orderer.filter(|folder| folder.is_dir());
    let nodes: Vec<&Path> = orderer.iter().chain(&peers).map(PathBuf::as_path).collect();
    let mut failed = 0;
    for node in &nodes {
        let others: Vec<&Path> = nodes.iter().filter(|other| *other != node).copied().collect();
        let is_orderer = orderer.as_deref() == Some(*node);
        match if is_orderer { repair_orderer(node, &others) } else { repair_peer(node, &others) } {
            Ok(done) => {
                let state = if done.state { ", the state is rebuilt when the peer opens" } else { "" };
                say!("{}   {} blocks, {} from other nodes{state}", node.display(), done.blocks, done.fetched);
            }
            Err(error) => {
                say!("{}   {error}", node.display());
                failed += 1;
            }
        }
    }
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} nodes were not repaired", nodes.len()).into()) }
}

fn show(peer: &Path) -> Result<(), Failure> {
    let named = |e: &dyn std::fmt::Display| format!("{}: {e}", peer.display());
    let (blocks, torn) = BlockFile::open_read_only(peer, 0).map_err(|e| named(&e))?;
    let mut verdicts = read_verdicts(peer)?.into_iter();
    for number in 0..blocks.len() {
        let block = Block::from_bytes(&blocks.read(number)?).map_err(|e| named(&e))?;
        let codes = verdicts.next().map(|metadata| metadata.codes).unwrap_or_default();
        say!("block {number}   {}", block.header.hash());
        if number == 0 {
            say!("  channel configuration");
            continue;
        }
        for (i, signed) in block.transactions.iter().enumerate() {
            let code = codes.get(i).map_or_else(|| "no verdict".to_owned(), ToString::to_string);
            match SignedTransaction::from_bytes(signed).and_then(|signed| signed.proposal()) {
                Ok(proposal) => {
                    let action = Action::from_bytes(&proposal.action)
                        .map_or_else(|e| e.to_string(), |action| action.txtype().name().to_owned());
                    let subject = proposal.creator.subject();
                    say!("  {}   {code}   {action} by {} {}", proposal.txid, subject.role, subject.id);
                }
                Err(error) => say!("  {code}   {error}"),
            }
        }
    }
    match torn {
        None => Ok(()),
        Some(torn) => Err(format!("{}: the file ends inside a block: {torn:?}", peer.display()).into()),
    }
}
