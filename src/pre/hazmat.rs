//! Encapsulation with given randomness, for test vectors alone: an r that is used twice, or that anybody knows, opens
//! records (C1 and C11 in `paper-notes.md`).

use super::{Capsule, Message, Params, PublicKey};
use crate::group::{Gt, Scalar};

/// (Z, C) for the given M and r.
pub fn encapsulate_with(params: &Params, key: &PublicKey, m: &Gt, r: &Scalar) -> (Capsule, Message) {
    (key.seal(params, m, r), Message::new(*m))
}
