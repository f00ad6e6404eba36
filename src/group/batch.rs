//! Batches: Equation 2 and its neighbours over many records, from values or from bytes.
//!
//! Batches of three and more go through the lanes, eight at a time, where the engine is [`Engine::Lanes`]; others go
//! one by one. With the feature `parallel` the groups of eight are spread over all cores. A bad record is an error in
//! its own place and costs the others nothing. All results are those of the single operations, bit for bit.

use super::engine::{Engaged, Engine, by_single};
use super::lanes::{Ifma, pipeline};
use super::pairing::G2Prepared;
use super::{G1, G2, Gt, GtTable, Scalar, plain, power, torus};
use crate::error::DecodeError;
use std::array::from_fn;

/// Bytes of a record (Z, C): 48 and 192.
pub const RECORD_BYTES: usize = G1::BYTES + Gt::BYTES;

/// Fewer than this go one by one: two single pairings take less time than eight in lanes.
const LEAST: usize = 3;

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

/// a^k for each pair.
pub fn pow_gt_batch(pairs: &[(Gt, Scalar)]) -> Vec<Gt> {
    Engaged::current().pow_gt_batch(pairs)
}

/// The powers of the table's base.
pub fn pow_table_batch(table: &GtTable, exponents: &[Scalar]) -> Vec<Gt> {
    Engaged::current().pow_table_batch(table, exponents)
}

/// The powers of the generator of G1, by a table of its multiples (852 KB, made once) and one inversion for 64 of them.
pub fn pow_generator_batch(exponents: &[Scalar]) -> Vec<G1> {
    map_chunks(exponents, 64, |chunk| {
        let exponents: Vec<_> = chunk.iter().map(|k| k.0).collect();
        plain::pow_generator_batch(&exponents).into_iter().map(G1).collect()
    })
}

/// The same operations by a chosen engine.
impl Engaged {
    /// See [`pair_and_multiply`].
    pub fn pair_and_multiply(self, batch: &[(G1, Gt)], q: &G2Prepared) -> Vec<Gt> {
        let one = |(z, c): &(G1, Gt)| self.multiply(c, &q.pairing_with(self, z));
        let lines = self.lanes_for(batch.len()).and_then(|ifma| Some((ifma, q.lanes()?)));
        over(batch, lines, one, |(ifma, lines), batch| {
            // The identity has no place in the lanes: e(1, Q) = 1.
            let z = batch.map(|(z, _)| if z.is_identity() { G1::generator().0 } else { z.0 });
            let out = pipeline::pair_and_multiply(ifma, &z, &batch.map(|(_, c)| c.0), lines).map(Gt);
            from_fn(|i| if batch[i].0.is_identity() { batch[i].1 } else { out[i] })
        })
    }

    /// See [`pairing_batch`].
    pub fn pairing_batch(self, pairs: &[(G1, G2)]) -> Vec<Gt> {
        let one = |(p, q): &(G1, G2)| Gt(by_single!(self, pairing(&p.0, &q.0)));
        over(pairs, self.lanes_for(pairs.len()), one, |ifma, pairs| {
            let trivial = pairs.map(|(p, q)| p.is_identity() || q.is_identity());
            let p = from_fn(|i| if trivial[i] { G1::generator().0 } else { pairs[i].0.0 });
            let q = from_fn(|i| if trivial[i] { G2::generator().0 } else { pairs[i].1.0 });
            let out = pipeline::pairing_each(ifma, &p, &q).map(Gt);
            from_fn(|i| if trivial[i] { Gt::identity() } else { out[i] })
        })
    }

    /// See [`pow_gt_batch`].
    pub fn pow_gt_batch(self, pairs: &[(Gt, Scalar)]) -> Vec<Gt> {
        let one = |(a, k): &(Gt, Scalar)| Gt(by_single!(self, pow_gt(&a.0, power::digits(k.limbs()))));
        over(pairs, self.lanes_for(pairs.len()), one, |ifma, pairs| {
            pipeline::pow_gt(ifma, &pairs.map(|(a, _)| a.0), &pairs.map(|(_, k)| power::digits(k.limbs()))).map(Gt)
        })
    }

    /// See [`pow_table_batch`].
    pub fn pow_table_batch(self, table: &GtTable, exponents: &[Scalar]) -> Vec<Gt> {
        let one = |k: &Scalar| table.pow_with(self, k);
        over(exponents, self.lanes_for(exponents.len()), one, |ifma, exponents| {
            pipeline::pow_fixed(ifma, &table.windows, &exponents.map(|k| power::digits(k.limbs()))).map(Gt)
        })
    }

    /// See [`encode_gt`].
    pub fn encode_gt(self, elements: &[Gt]) -> Vec<[u8; Gt::BYTES]> {
        over(
            elements,
            self.lanes_for(elements.len()),
            |g| torus::encode_t6(&g.0, self.inverse()),
            |ifma, elements| {
                let (coordinates, special) = pipeline::encode_gt(ifma, &elements.map(|g| g.0));
                from_fn(|i| match special >> i & 1 {
                    0 => torus::write_regular(&coordinates[i]),
                    _ => elements[i].to_bytes(),
                })
            },
        )
    }

    /// See [`decode_records`].
    pub fn decode_records(self, records: &[[u8; RECORD_BYTES]]) -> Vec<Result<(G1, Gt), DecodeError>> {
        let one = |record: &[u8; RECORD_BYTES]| self.decode_record(record);
        self.over_regular(records, one, |ifma, _, coordinates| {
            let (values, verdict) = pipeline::decode(ifma, coordinates);
            from_fn(|i| verdict.lane(i).map(|()| (G1(values[i].0), Gt(values[i].1))))
        })
    }

    /// See [`pair_and_multiply_bytes`].
    pub fn pair_and_multiply_bytes(
        self,
        records: &[[u8; RECORD_BYTES]],
        q: &G2Prepared,
    ) -> Vec<Result<[u8; RECORD_BYTES], DecodeError>> {
        let one = |record: &[u8; RECORD_BYTES]| {
            let (z, c) = self.decode_record(record)?;
            let out = self.multiply(&c, &q.pairing_with(self, &z));
            Ok(join(record, &torus::encode_t6(&out.0, self.inverse())))
        };
        let Some(lines) = q.lanes() else {
            return map_chunks(records, 1, |chunk| chunk.iter().map(&one).collect());
        };
        self.over_regular(records, one, |ifma, records, coordinates| {
            let (out, special, verdict) = pipeline::reencrypt(ifma, coordinates, lines);
            from_fn(|i| match special >> i & 1 {
                0 => verdict.lane(i).map(|()| join(records[i], &torus::write_regular(&out[i]))),
                _ => one(records[i]),
            })
        })
    }

    fn multiply(self, a: &Gt, b: &Gt) -> Gt {
        Gt(by_single!(self, multiply_gt(&a.0, &b.0)))
    }

    fn decode_record(self, record: &[u8; RECORD_BYTES]) -> Result<(G1, Gt), DecodeError> {
        let (z, c) = split(record);
        let z = by_single!(self, decode_g1(z))?;
        let c = torus::decode_t6(c, self.inverse())?;
        if by_single!(self, frobenius_is_x(&c)) {
            Ok((G1(z), Gt(c)))
        } else {
            Err(DecodeError::NotInSubgroup { what: "GT" })
        }
    }

    /// The lanes, where they are the engine and the batch is worth them.
    fn lanes_for(self, len: usize) -> Option<Ifma> {
        if self.engine() == Engine::Lanes && len >= LEAST { Ifma::detect() } else { None }
    }

    /// As `over`, for records: those of the regular form in lanes, in groups of eight, all others by `one`.
    fn over_regular<R: Clone + Send>(
        self,
        records: &[[u8; RECORD_BYTES]],
        one: impl Fn(&[u8; RECORD_BYTES]) -> R + Send + Sync,
        eight: impl Fn(Ifma, [&[u8; RECORD_BYTES]; 8], &[pipeline::Coordinates; 8]) -> [R; 8] + Send + Sync,
    ) -> Vec<R> {
        let Some(ifma) = self.lanes_for(records.len()) else {
            return map_chunks(records, 1, |chunk| chunk.iter().map(&one).collect());
        };
        map_chunks(records, 8, |chunk| {
            let regular: Vec<_> = chunk.iter().enumerate().filter_map(|(i, r)| Some((i, r, coordinates(r)?))).collect();
            let mut in_lanes = [const { None }; 8];
            if regular.len() > 1 {
                let at = |i: usize| &regular[i.min(regular.len() - 1)];
                let results = eight(ifma, from_fn(|i| at(i).1), &from_fn(|i| at(i).2));
                for ((i, ..), result) in regular.iter().zip(results) {
                    in_lanes[*i] = Some(result);
                }
            }
            chunk.iter().zip(in_lanes).map(|(record, result)| result.unwrap_or_else(|| one(record))).collect()
        })
    }
}

/// `eight` over groups of eight where there are `lanes`, the last filled up with its own last item; else `one`.
fn over<T: Copy + Sync, L: Copy + Send + Sync, R: Copy + Send>(
    items: &[T],
    lanes: Option<L>,
    one: impl Fn(&T) -> R + Send + Sync,
    eight: impl Fn(L, [T; 8]) -> [R; 8] + Send + Sync,
) -> Vec<R> {
    match lanes {
        None => map_chunks(items, 1, |chunk| chunk.iter().map(&one).collect()),
        Some(lanes) => map_chunks(items, 8, |chunk| match chunk {
            [single] => vec![one(single)],
            _ => eight(lanes, from_fn(|i| chunk[i.min(chunk.len() - 1)]))[..chunk.len()].to_vec(),
        }),
    }
}

/// `f` over chunks of the items, on all cores with the feature `parallel`, in order.
fn map_chunks<T: Sync, R: Send>(items: &[T], size: usize, f: impl Fn(&[T]) -> Vec<R> + Send + Sync) -> Vec<R> {
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        items.par_chunks(size).flat_map_iter(f).collect()
    }
    #[cfg(not(feature = "parallel"))]
    items.chunks(size).flat_map(f).collect()
}

fn split(record: &[u8; RECORD_BYTES]) -> (&[u8; G1::BYTES], &[u8; Gt::BYTES]) {
    match (record.first_chunk(), record.last_chunk()) {
        (Some(z), Some(c)) => (z, c),
        _ => unreachable!("240 = 48 + 192"),
    }
}

/// Z of the record, and this C.
fn join(record: &[u8; RECORD_BYTES], c: &[u8; Gt::BYTES]) -> [u8; RECORD_BYTES] {
    let mut out = *record;
    out[G1::BYTES..].copy_from_slice(c);
    out
}

/// The coordinates of a record of the regular form; none for any other, and for what cannot be read.
fn coordinates(record: &[u8; RECORD_BYTES]) -> Option<pipeline::Coordinates> {
    let (z, c) = split(record);
    let (larger, x) = plain::flags("G1", z).ok()?;
    Some(pipeline::Coordinates { x: plain::integer(&x)?, larger, c: torus::read_regular(c)? })
}

impl pipeline::Verdict {
    /// The first check that the record in this lane fails.
    fn lane(self, lane: usize) -> Result<(), DecodeError> {
        let passes = |mask: u8| mask >> lane & 1 == 1;
        match () {
            () if !passes(self.on_curve) => Err(DecodeError::NotOnCurve { what: "G1" }),
            () if !passes(self.in_g1) => Err(DecodeError::NotInSubgroup { what: "G1" }),
            () if !passes(self.a0_not_zero) => Err(DecodeError::NonCanonical { what: "GT" }),
            () if !passes(self.in_gt) => Err(DecodeError::NotInSubgroup { what: "GT" }),
            () => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
