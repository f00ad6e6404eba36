//! Batches: Equation 2 and its neighbours over many records, from values or from bytes.
//!
//! Each batch is cut into parts of as many records as the engine computes together: 8 to 32 for
//! [`Engine::Lanes`](super::Engine::Lanes) in batches of three and more, else one. With the feature `parallel` the parts
//! are spread over all cores. A bad record is an error at its own index and leaves the other results as they are. All
//! results equal those of the single operations, bit for bit.

use super::backend::Backend;
use super::encoding::RECORD_BYTES;
use super::engine::{Engaged, Engine};
use super::pairing::G2Prepared;
use super::{G1, G2, Gt, GtTable, Scalar};
use crate::error::DecodeError;
use crate::parallel;
use crate::secret::{WIPED_BYTES, overwrite_stack};
use ark_bls12_381::Fq12;
use ark_ff::Field;
use zeroize::Zeroizing;

/// C·e(Z, Q) for each pair (Z, C): Equation 2 over a batch.
pub fn pair_and_multiply(batch: &[(G1, Gt)], q: &G2Prepared) -> Vec<Gt> {
    Engaged::current().pair_and_multiply(batch, q)
}

/// Reads (Z, C) of each record, with every check of [`G1::from_bytes`] and [`Gt::from_bytes`], Z first.
pub fn decode_records(records: &[[u8; RECORD_BYTES]]) -> Vec<Result<(G1, Gt), DecodeError>> {
    Engaged::current().decode_records(records)
}

/// The encodings of [`Gt::to_bytes`].
pub fn encode_gt(elements: &[Gt]) -> Vec<[u8; Gt::BYTES]> {
    Engaged::current().encode_gt(elements)
}

/// From the bytes of (Z, C) to those of (Z, C·e(Z, Q)), with every check of [`decode_records`].
pub fn pair_and_multiply_bytes(
    records: &[[u8; RECORD_BYTES]],
    q: &G2Prepared,
) -> Vec<Result<[u8; RECORD_BYTES], DecodeError>> {
    Engaged::current().pair_and_multiply_bytes(records, q)
}

/// e(P, Q) for each pair.
pub fn pairing_batch(pairs: &[(G1, G2)]) -> Vec<Gt> {
    Engaged::current().pairing_batch(pairs)
}

/// C·e(Z, Q) for each (Z, Q, C): Equation 2 with a key for each record.
pub fn pair_each_and_multiply(batch: &[(G1, &G2, Gt)]) -> Vec<Gt> {
    Engaged::current().pair_each_and_multiply(batch)
}

/// P^k for each pair.
pub fn pow_g1_batch(pairs: &[(G1, Scalar)]) -> Vec<G1> {
    Engaged::current().pow_g1_batch(pairs)
}

/// a^k for each pair.
pub fn pow_gt_batch(pairs: &[(Gt, Scalar)]) -> Vec<Gt> {
    Engaged::current().pow_gt_batch(pairs)
}

/// The powers of the table's base.
pub fn pow_table_batch(table: &GtTable, exponents: &[Scalar]) -> Vec<Gt> {
    Engaged::current().pow_table_batch(table, exponents)
}

/// The powers of the generator of G1, by a table of its odd multiples (79,872 bytes, made once).
pub fn pow_generator_batch(exponents: &[Scalar]) -> Vec<G1> {
    Engaged::current().pow_generator_batch(exponents)
}

/// ∏ P^w for each pair of a point and a signed exponent. Variable time: for public values alone.
pub fn multiexp_g1_vartime(powers: &[(&G1, i128)]) -> G1 {
    Engaged::current().multiexp_g1_vartime(powers)
}

/// ∏ (b/a)^w for each a, b and signed exponent w. Variable time: for public values alone.
pub fn multiexp_gt_quotients_vartime(powers: &[(&Gt, &Gt, i128)]) -> Gt {
    Engaged::current().multiexp_gt_quotients_vartime(powers)
}

/// The same operations by a chosen engine.
impl Engaged {
    /// See [`pair_and_multiply`].
    pub fn pair_and_multiply(self, batch: &[(G1, Gt)], q: &G2Prepared) -> Vec<Gt> {
        self.fill_groups(batch, |group| {
            let pairs: Vec<_> = group.iter().map(|(z, c)| (&z.0, &c.0)).collect();
            self.multiply_by_pairing_all(&pairs, q.lines())
        })
    }

    /// See [`pairing_batch`].
    pub fn pairing_batch(self, pairs: &[(G1, G2)]) -> Vec<Gt> {
        self.fill_groups(pairs, |group| {
            let items: Vec<_> = group.iter().map(|(p, q)| (&p.0, &q.0, &Fq12::ONE)).collect();
            self.pair_each_and_multiply_all(&items)
        })
    }

    /// See [`pair_each_and_multiply`].
    pub fn pair_each_and_multiply(self, batch: &[(G1, &G2, Gt)]) -> Vec<Gt> {
        self.fill_groups(batch, |group| {
            let items: Vec<_> = group.iter().map(|(z, q, c)| (&z.0, &q.0, &c.0)).collect();
            self.pair_each_and_multiply_all(&items)
        })
    }

    /// See [`pow_g1_batch`].
    pub fn pow_g1_batch(self, pairs: &[(G1, Scalar)]) -> Vec<G1> {
        // Up to 64 powers share one inversion.
        let size = parallel::eights(pairs.len(), 64);
        parallel::fill_chunks(pairs, size, G1::identity(), self.wipe(), |group, out| {
            let powers: Vec<_> = group.iter().map(|(p, k)| (&p.0, &k.0)).collect();
            let points = Zeroizing::new(self.pow_g1_all(&powers));
            out.iter_mut().zip(&*points).for_each(|(out, point)| *out = G1(*point));
        })
    }

    /// See [`pow_gt_batch`].
    pub fn pow_gt_batch(self, pairs: &[(Gt, Scalar)]) -> Vec<Gt> {
        self.fill_groups(pairs, |group| {
            let powers: Vec<_> = group.iter().map(|(a, k)| (&a.0, &k.0)).collect();
            self.pow_gt_all(&powers)
        })
    }

    /// See [`pow_table_batch`].
    pub fn pow_table_batch(self, table: &GtTable, exponents: &[Scalar]) -> Vec<Gt> {
        self.fill_groups(exponents, |group| {
            let exponents = Zeroizing::new(group.iter().map(|k| k.0).collect::<Vec<_>>());
            self.pow_table_all(&table.table, &exponents)
        })
    }

    /// See [`pow_generator_batch`].
    pub fn pow_generator_batch(self, exponents: &[Scalar]) -> Vec<G1> {
        // 64 powers share one inversion.
        parallel::fill_chunks(exponents, 64, G1::identity(), self.wipe(), |group, out| {
            let exponents = Zeroizing::new(group.iter().map(|k| k.0).collect::<Vec<_>>());
            let points = Zeroizing::new(self.pow_generator_all(&exponents));
            out.iter_mut().zip(&*points).for_each(|(out, point)| *out = G1(*point));
        })
    }

    /// See [`encode_gt`].
    pub fn encode_gt(self, elements: &[Gt]) -> Vec<[u8; Gt::BYTES]> {
        self.map_groups(elements, |group| self.encode_t6_all(&group.iter().map(|g| &g.0).collect::<Vec<_>>()))
    }

    /// See [`decode_records`].
    pub fn decode_records(self, records: &[[u8; RECORD_BYTES]]) -> Vec<Result<(G1, Gt), DecodeError>> {
        self.map_groups(records, |group| {
            let decoded = self.decode_record_all(group).into_iter();
            decoded.map(|record| record.map(|(z, c)| (G1(z), Gt(c)))).collect()
        })
    }

    /// See [`pair_and_multiply_bytes`].
    pub fn pair_and_multiply_bytes(
        self,
        records: &[[u8; RECORD_BYTES]],
        q: &G2Prepared,
    ) -> Vec<Result<[u8; RECORD_BYTES], DecodeError>> {
        let size = self.group_size(records.len());
        parallel::fill_chunks(records, size, Ok([0; RECORD_BYTES]), self.wipe(), |group, out| {
            let again = self.reencrypt_record_all(group, q.lines());
            out.iter_mut().zip(again).for_each(|(out, record)| *out = record);
        })
    }

    /// See [`multiexp_g1_vartime`].
    pub fn multiexp_g1_vartime(self, powers: &[(&G1, i128)]) -> G1 {
        let parts = parallel::map_chunks(powers, part(powers.len()), |powers| {
            let powers: Vec<_> = powers.iter().map(|(p, w)| (&p.0, *w)).collect();
            vec![G1(Backend::multiexp_g1_vartime(self, &powers))]
        });
        parts.into_iter().reduce(|a, b| a * b).unwrap_or_else(G1::identity)
    }

    /// See [`multiexp_gt_quotients_vartime`].
    pub fn multiexp_gt_quotients_vartime(self, powers: &[(&Gt, &Gt, i128)]) -> Gt {
        let parts = parallel::map_chunks(powers, part(powers.len()), |powers| {
            let powers: Vec<_> = powers.iter().map(|(a, b, w)| (&a.0, &b.0, *w)).collect();
            vec![Gt(Backend::multiexp_gt_quotients_vartime(self, &powers))]
        });
        parts.into_iter().reduce(|a, b| a * b).unwrap_or_else(Gt::identity)
    }

    /// `f` over groups of the items, of the size that this engine computes at once.
    fn map_groups<T: Sync, R: Send>(self, items: &[T], f: impl Fn(&[T]) -> Vec<R> + Send + Sync) -> Vec<R> {
        parallel::map_chunks(items, self.group_size(items.len()), f)
    }

    /// As [`Self::map_groups`], for secret results. Overwrites all other copies of the results.
    fn fill_groups<T: Sync>(self, items: &[T], f: impl Fn(&[T]) -> Vec<Fq12> + Send + Sync) -> Vec<Gt> {
        let size = self.group_size(items.len());
        parallel::fill_chunks(items, size, Gt::identity(), self.wipe(), |group, out| {
            let results = Zeroizing::new(f(group));
            out.iter_mut().zip(&*results).for_each(|(out, result)| *out = Gt(*result));
        })
    }

    /// Overwrites the stack that this engine has used on a group.
    fn wipe(self) -> fn() {
        /// Bytes of the stack that four groups of eight pairings in lanes use at most.
        const GROUPS: usize = 704 << 10;
        match self.engine() {
            Engine::Lanes | Engine::Lanes256 => overwrite_stack::<GROUPS>,
            Engine::Plain | Engine::Blst => overwrite_stack::<WIPED_BYTES>,
        }
    }
}

/// The size of the parts of a product of n powers: one for each core, and not too small for buckets to pay.
fn part(n: usize) -> usize {
    n.div_ceil(parallel::threads()).max(256)
}

#[cfg(test)]
mod tests;
