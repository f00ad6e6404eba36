//! An experiment on the n/k claim of section 4.2: which records of a person an attacker finds on the ledger, by the
//! attacker's knowledge.
//!
//! The claim: with k vectors and n records, an exposed uid exposes n/k records. It is measured here on a ledger with
//! the records of one person and of others (C12 in `paper-notes.md`):
//! - uid alone exposes nothing, since each v_i is secret;
//! - uid and one v_i expose the records under this ID_i (a bucket): ⌈n/k⌉ or ⌊n/k⌋ records;
//! - uid and all v_i expose all n;
//! - the records in a bucket can be linked without any secret, since they have the same ID_i.

use super::{Pseudonym, UserId, Vector, rotate};
use rand_core::CryptoRng;
use std::collections::HashMap;

/// Counts for one person with n records and k vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// Records of the person.
    pub n: usize,
    /// Vectors of the person.
    pub k: usize,
    /// Records found with uid and no vector.
    pub by_uid: usize,
    /// The most records found with uid and one vector.
    pub by_uid_and_one_vector: usize,
    /// Records found with uid and every vector.
    pub by_uid_and_all_vectors: usize,
    /// Pairs of the person's records with the same identifier.
    pub linkable_pairs: usize,
    /// Records with the same identifier as a record of another person.
    pub confused_with_others: usize,
}

impl Exposure {
    /// The number of all pairs of the person's records.
    pub const fn pairs(&self) -> usize {
        self.n * self.n.saturating_sub(1) / 2
    }
}

/// Fills a ledger with n records of the person and n records of each of `others` people, all with k vectors, and
/// searches it. With k = 0 there is no identifier for a record, so n is taken as 0.
pub fn measure(n: usize, k: usize, others: usize, rng: &mut impl CryptoRng) -> Exposure {
    let mut ledger: HashMap<Pseudonym, usize> = HashMap::new();
    let mut person = |rng: &mut _| {
        let uid = UserId::random(rng);
        let vectors: Vec<_> = (0..k).map(|_| Vector::random(rng)).collect();
        for index in (0..n).filter_map(|record| rotate(record, k)) {
            *ledger.entry(Pseudonym::derive(&uid, &vectors[index])).or_default() += 1;
        }
        (uid, vectors)
    };
    let (uid, vectors) = person(rng);
    for _ in 0..others {
        person(rng);
    }
    let found = |vector: &Vector| ledger.get(&Pseudonym::derive(&uid, vector)).copied().unwrap_or(0);
    let buckets: Vec<usize> = vectors.iter().map(found).collect();
    let all = buckets.iter().sum();
    let own: usize = (0..n).filter_map(|record| rotate(record, k)).count();
    Exposure {
        n: own,
        k,
        // Without any v_i, an attacker can only guess one.
        by_uid: found(&Vector::random(rng)),
        by_uid_and_one_vector: buckets.iter().copied().max().unwrap_or(0),
        by_uid_and_all_vectors: all,
        linkable_pairs: buckets.iter().map(|b| b * b.saturating_sub(1) / 2).sum(),
        confused_with_others: all - own,
    }
}
