//! Cases of shards.

use super::super::case::{Fault, hex};
use super::super::file::File;
use super::super::operations::shards::{OF_NAME, TEXT};
use super::draw::random;
use serde_json::json;

pub(super) fn shards() -> Result<File, Fault> {
    let notes = &[
        ("Name", "The shard of an envelope's name. Names are bytes, with / between folder and file."),
        ("NotUtf8", "A name that is no text."),
        ("Text", "The text I/N of a shard."),
        ("NoShard", "Numbers that name no shard."),
        ("Malformed", "Text that is not I/N."),
    ];
    let mut file = File::new("shards", "Shards of a job", notes);
    file.group(&OF_NAME);
    for of in [1, 2, 3, 16, 1000, u32::MAX] {
        for name in ["scan.phi", "2026/0417/scan.phi", "안과 2026/결과.phi"] {
            let comment = format!("{name}, {of} shards");
            file.valid(&comment, &["Name"], json!({ "name": hex(name), "of": of }))?;
        }
    }
    file.valid("a name without bytes", &["Name"], json!({ "name": "", "of": 7 }))?;
    for of in [2, 5, 64] {
        let name = random::<40>(&mut file.rng);
        file.valid("random bytes", &["NotUtf8"], json!({ "name": name, "of": of }))?;
    }
    file.group(&TEXT);
    for text in ["0/1", "0/16", "15/16", "4294967294/4294967295", "007/016"] {
        file.valid(text, &["Text"], json!({ "text": text }))?;
    }
    for (text, comment) in [("0/0", "no shards"), ("16/16", "behind the last shard"), ("1/1", "counted from 1")] {
        file.invalid(comment, &["NoShard"], json!({ "text": text }))?;
    }
    for text in ["", "/", "3", "/16", "3/", "3/16/1", "+3/16", "-3/16", " 3/16", "3/16 ", "3/4294967296", "٣/١٦"] {
        file.invalid(&format!("\"{text}\""), &["Malformed"], json!({ "text": text }))?;
    }
    Ok(file)
}
