//! `phi-pre ledger`: `show` and `verify` read the folder of a stopped peer and change nothing; `repair` changes files.

use crate::output::Failure;
use phi_pre::contract::Action;
use phi_pre::hash::Digest;
use phi_pre::ledger::{
    BLOCKS_NAME, Block, BlockFile, STATE_NAME, SignedTransaction, VERDICTS_NAME, read_verdicts, repair_orderer,
    repair_peer, verify,
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
    /// Repairs damaged files from the files of the other nodes, and makes a lost state again. The repaired nodes must be
    /// stopped. What is not damaged, and what is outside the folder, is not changed.
    Repair {
        /// The folder that holds the folders of the peers and the orderer; or the folder of one node, which alone is repaired,
        /// from the nodes beside it.
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
    let peers: Vec<_> = nodes(dir)?.into_iter().filter(|node| !is_orderer(node)).collect();
    if peers.is_empty() && !dir.join(BLOCKS_NAME).exists() {
        return Err(format!("{}: no ledger is in this folder", dir.display()).into());
    }
    Ok(if peers.is_empty() { vec![dir.to_owned()] } else { peers })
}

/// The folders `peer-N` and `orderer` of `dir`.
fn nodes(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut nodes = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if (is_peer(&path) || is_orderer(&path)) && path.is_dir() {
            nodes.push(path);
        }
    }
    nodes.sort();
    Ok(nodes)
}

fn is_peer(node: &Path) -> bool {
    let number = node.file_name().and_then(|name| name.to_str()?.strip_prefix("peer-"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
}

fn is_orderer(node: &Path) -> bool {
    node.file_name().is_some_and(|name| name == "orderer")
}

fn is_link(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
}

/// Returns the nodes to repair, and all nodes whose files can help. A node behind a link is outside the folder: its files help,
/// and are not changed.
fn to_repair(dir: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Failure> {
    if [BLOCKS_NAME, VERDICTS_NAME, STATE_NAME].iter().any(|file| dir.join(file).exists()) {
        // The name as given: beside a link are the other nodes, and perhaps not beside the folder behind the link.
        let resolve = if dir.file_name().is_some() {
            |dir: &Path| std::path::absolute(dir)
        } else {
            |dir: &Path| dir.canonicalize()
        };
        let node = resolve(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        let beside = node.parent().map_or_else(|| Ok(Vec::new()), nodes)?;
        return Ok((vec![node], beside));
    }
    let below = dir.join("ledger");
    let inside = if below.is_dir() { &below } else { dir };
    let all = nodes(inside)?;
    if all.is_empty() {
        return Err(format!("{}: no ledger is in this folder", dir.display()).into());
    }
    let (links, own): (Vec<_>, Vec<_>) = all.iter().cloned().partition(|node| is_link(inside) || is_link(node));
    for link in links {
        say!("{}   is behind a link: read, not repaired", link.display());
    }
    if own.is_empty() {
        return Err(format!("{}: name the folder of each node, since all are behind links", dir.display()).into());
    }
    Ok((own, all))
}

fn repair(dir: &Path) -> Result<(), Failure> {
    let (own, all) = to_repair(dir)?;
    let mut failed = 0;
    for node in &own {
        let others: Vec<&Path> = all.iter().filter(|other| *other != node).map(PathBuf::as_path).collect();
        // A node of another name is an orderer if it has nothing but blocks.
        let blocks_alone = !is_peer(node) && ![VERDICTS_NAME, STATE_NAME].iter().any(|file| node.join(file).exists());
        match if is_orderer(node) || blocks_alone { repair_orderer(node, &others) } else { repair_peer(node, &others) }
        {
            Ok(done) => {
                let state = if done.state { ", the state was made again" } else { "" };
                say!("{}   {} blocks, {} from other nodes{state}", node.display(), done.blocks, done.fetched);
            }
            Err(error) => {
                say!("{}   {error}", node.display());
                failed += 1;
            }
        }
    }
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} nodes were not repaired", own.len()).into()) }
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
