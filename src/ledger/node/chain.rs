//! The check of the blocks that a node has in its own block file, when the node opens the file.

use crate::ledger::error::StoreError;
use crate::ledger::format::block::{Block, BlockError};

/// Reads the blocks 0 to `to` - 1, checks that each continues the one before it and has the data of its header, and hands
/// each to `each`. Returns the last block. The seals are not checked: this node verified them when it wrote the blocks.
pub(super) fn walk<E: From<StoreError> + From<BlockError>>(
    to: u64,
    read: impl Fn(u64) -> Result<Block, StoreError>,
    mut each: impl FnMut(&Block),
) -> Result<Option<Block>, E> {
    let mut last: Option<Block> = None;
    for number in 0..to {
        let block = read(number)?;
        block.verify_content(number, last.map(|last| last.header.hash()))?;
        each(&block);
        last = Some(block);
    }
    Ok(last)
}
