//! Operations on shards of a job: the shard of a name, and the text of a shard.

use crate::vectors::case::{Kind, Operation, OrRefused, malformed, wire};
use core::num::NonZeroU32;
use phi_pre::envelope::Shard;
use phi_pre::hash::{label, tagged};
use serde_json::json;

pub(in crate::vectors) const ALL: &[&Operation] = &[&OF_NAME, &TEXT];

pub(in crate::vectors) const OF_NAME: Operation = Operation {
    name: "shard of a name",
    input: &[("name", Kind::Hex), ("of", Kind::Number)],
    output: &[("digest", Kind::Hex), ("shard", Kind::Number)],
    run: |input| {
        let of = u32::try_from(input.number("of")?).ok().and_then(NonZeroU32::new);
        let of = of.ok_or_else(|| malformed("of is not in 1 to 2^32 - 1"))?;
        let name = input.bytes("name")?;
        let digest = tagged(label::SHARD, &[&name]);
        Ok(json!({ "digest": wire(&digest), "shard": Shard::number(&name, of) }))
    },
};

pub(in crate::vectors) const TEXT: Operation = Operation {
    name: "shard",
    input: &[("text", Kind::Text)],
    output: &[("index", Kind::Number), ("of", Kind::Number)],
    run: |input| {
        let shard: Shard = input.text("text")?.parse().refused()?;
        Ok(json!({ "index": shard.index(), "of": shard.of() }))
    },
};
