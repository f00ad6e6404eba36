//! Entry points that take the randomness itself. For test vectors alone: r used twice, or known to anybody, opens records
//! (C1 and C11 in `paper-notes.md`).

use super::{Capsule, Message, Params, PublicKey};
use crate::group::{Gt, Scalar};

/// (Z, C) for the given M and r.
pub fn encapsulate_with(params: &Params, key: &PublicKey, m: &Gt, r: &Scalar) -> (Capsule, Message) {
    (Capsule::seal(params, key, m, r), Message::new(*m))
}
