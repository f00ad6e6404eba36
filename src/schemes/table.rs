//! The table of all schemes.

use super::afgh06::Afgh06;
use super::bbs98::Bbs98;
use super::bong_jang::BongJang;
use super::by_name::ByName;
use super::ga07::Ga07;
use super::lv08::Lv08;
use super::scheme::{Bytes, Direction, Notion, Properties, Scheme};
use core::any::TypeId;
use core::convert::Infallible;
use core::fmt::Write;

/// A scheme's properties, those that its types say included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// What the types do not say.
    pub properties: Properties,
    /// Whether ReKeyGen takes B's secret.
    pub interactive: bool,
    /// Whether C' can be re-encrypted again.
    pub multi_hop: bool,
    /// Whether ReEnc and Dec check the ciphertext.
    pub checks: bool,
}

impl Row {
    /// The row of one scheme.
    pub fn of<S: Scheme>() -> Self {
        Self {
            properties: S::PROPERTIES,
            interactive: TypeId::of::<S::Delegatee>() == TypeId::of::<S::SecretKey>(),
            multi_hop: TypeId::of::<S::ReEncrypted>() == TypeId::of::<S::Ciphertext>(),
            checks: TypeId::of::<S::Refusal>() != TypeId::of::<Infallible>(),
        }
    }
}

/// The rows of all schemes.
pub fn rows() -> [Row; 6] {
    [
        Row::of::<BongJang>(),
        Row::of::<ByName>(),
        Row::of::<Afgh06>(),
        Row::of::<Bbs98>(),
        Row::of::<Ga07>(),
        Row::of::<Lv08>(),
    ]
}

/// The rows as a table in Markdown.
pub fn markdown(rows: &[Row]) -> String {
    let mut out = String::from(
        "| scheme | direction | hops | ReKeyGen takes of B | proxy and B find | transferable | notion | assumption \
         | pk | rk | C | C' |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for Row { properties, interactive, multi_hop, checks: _ } in rows {
        let Properties { name, direction, collusion, transferable, notion, assumption, bytes } = properties;
        let Bytes { public_key, re_key, ciphertext, re_encrypted } = bytes;
        let direction = match direction {
            Direction::OneWay => "one way",
            Direction::BothWays => "both ways",
        };
        let hops = match (multi_hop, re_encrypted > ciphertext) {
            (false, _) => "one",
            (true, false) => "many",
            (true, true) => "many, C' grows",
        };
        let of_b = if *interactive { "secret key" } else { "public key" };
        let transferable = if *transferable { "yes" } else { "no" };
        let notion = match notion {
            Notion::Cpa => "CPA",
            Notion::Hra => "HRA",
            Notion::Rcca => "RCCA",
            Notion::Unproved => "unproved",
        };
        // Writing to a string does not fail.
        _ = writeln!(
            out,
            "| {name} | {direction} | {hops} | {of_b} | {collusion} | {transferable} | {notion} | {assumption} \
             | {public_key} | {re_key} | {ciphertext} | {re_encrypted} |"
        );
    }
    out
}
