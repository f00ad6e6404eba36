//! The engine [`Lanes`]: single operations by blst or arkworks, several records in the lanes of the processor.
//!
//! Operations on several records take them in groups of eight. A last group that is smaller is filled up with copies of
//! its last record; a group of one record is computed as a single operation.

use super::base::Mask;
use super::count::Rates;
use super::ifma::Ifma;
use super::pipeline::{self, Coordinates, GROUPS, Verdict};
use super::product::PointRows;
use super::single::{Single, constant};
use super::{miller, table};
use crate::constant_time::{self, declassify};
use crate::error::DecodeError;
use crate::group::backend::{Backend, Decoded};
use crate::group::buckets;
use crate::group::encoding::{RECORD_BYTES, T6_BYTES, flags, integer, replace_c, split_record};
use crate::group::exponent::{Comb, Digits, Halves};
use crate::group::power::Table;
use crate::group::torus;
use crate::group::traits::is_identity;
use crate::parallel;
use ark_bls12_381::{Fq, Fq2, Fq6, Fq12, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field, Zero};
use std::array::from_fn;
use std::hint::black_box;
use std::sync::{LazyLock, OnceLock};
use std::time::Instant;
use zeroize::{Zeroize, Zeroizing};

/// Fewer records than this are computed one by one: two single pairings take less time than eight in lanes.
const LEAST: usize = 3;

/// Products of fewer powers than this are computed without lanes.
const LEAST_PRODUCT: usize = 16;

/// Where the sums of points start in the lanes, so that they do not start at the identity: a power of the generator.
static START: LazyLock<(G1Affine, PointRows)> = LazyLock::new(|| {
    let start = Single.pow_g1(&G1Affine::generator(), Fr::from(0x7068_692d_7072_6500_u64));
    (start, [start.x, start.y].map(|x| constant(x).limbs))
});

/// The engine; the [`Ifma`] in it proves that this processor has the instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::group) struct Lanes(Ifma);

impl Lanes {
    /// The engine, where this processor has AVX-512 F, DQ and IFMA.
    pub(in crate::group) fn detect() -> Option<Self> {
        Ifma::detect().map(Self)
    }

    /// What this processor executes, by the best of some short measurements.
    pub(in crate::group) fn rates(self) -> Rates {
        const ROUNDS: u32 = 20_000;
        let rate = |additions: bool| {
            let measure = |_| {
                let start = Instant::now();
                black_box(pipeline::issue(self.0, black_box(ROUNDS), additions));
                let nanoseconds = start.elapsed().as_secs_f64() * 1e9;
                f64::from(ROUNDS * if additions { 24 } else { 12 }) / nanoseconds
            };
            (0..20).map(measure).fold(0.0, f64::max)
        };
        Rates { ifma: rate(false), mixed: rate(true) }
    }
}

/// The lines of Q for single pairings, and those for the lanes (17,408 bytes), which are computed at the first group.
#[derive(Clone)]
pub(in crate::group) struct Lines {
    single: <Single as Backend>::Lines,
    eight: OnceLock<Option<miller::Lines>>,
}

impl Lines {
    /// None for the identity, whose pairing is 1.
    fn eight(&self) -> Option<&miller::Lines> {
        let normalised = || Some(miller::Lines::new(&Zeroizing::new(Single.line_quotients(&self.single)?)));
        self.eight.get_or_init(normalised).as_ref()
    }
}

/// Single operations, handed to [`Single`].
macro_rules! single_operations {
    ($(fn $name:ident($($a:ident: $t:ty),*) -> $r:ty;)*) => { $(
        fn $name(self, $($a: $t),*) -> $r {
            Single.$name($($a),*)
        }
    )* };
}

impl Backend for Lanes {
    type Lines = Lines;

    single_operations! {
        fn pairing(p: &G1Affine, q: &G2Affine) -> Fq12;
        fn final_exponentiation(f: &Fq12) -> Fq12;
        fn pow_g1(p: &G1Affine, k: Fr) -> G1Affine;
        fn pow_g2(q: &G2Affine, k: Fr) -> G2Affine;
        fn multiply_g1(a: &G1Affine, b: &G1Affine) -> G1Affine;
        fn hash_g2(message: &[u8], dst: &[u8]) -> G2Affine;
        fn multiply_g2(a: &G2Affine, b: &G2Affine) -> G2Affine;
        fn invert_g1(p: &G1Affine) -> G1Affine;
        fn invert_g2(q: &G2Affine) -> G2Affine;
        fn encode_g1(p: &G1Affine) -> [u8; 48];
        fn encode_g2(q: &G2Affine) -> [u8; 96];
        fn decode_g1(bytes: &[u8; 48]) -> Result<G1Affine, DecodeError>;
        fn decode_g2(bytes: &[u8; 96]) -> Result<G2Affine, DecodeError>;
        fn multiply_gt(a: &Fq12, b: &Fq12) -> Fq12;
        fn conjugate(a: &Fq12) -> Fq12;
        fn pow_gt(a: &Fq12, k: Fr) -> Fq12;
        fn table(base: &Fq12) -> Table;
        fn pow_table(table: &Table, k: Fr) -> Fq12;
        fn in_gt(f: &Fq12) -> bool;
        fn frobenius_is_x(f: &Fq12) -> bool;
        fn multiply(x: &Fq, y: &Fq) -> Fq;
        fn inverse(x: &Fq) -> Fq;
        fn torus(g: &Fq12) -> Fq6;
    }

    fn prepare(self, q: &G2Affine) -> Lines {
        Lines { single: Single.prepare(q), eight: OnceLock::new() }
    }

    fn line_quotients(self, lines: &Lines) -> Option<Vec<[Fq2; 2]>> {
        Single.line_quotients(&lines.single)
    }

    fn miller_loop(self, p: &G1Affine, lines: &Lines) -> Fq12 {
        Single.miller_loop(p, &lines.single)
    }

    fn multiexp_g1_vartime(self, powers: &[(&G1Affine, i128)]) -> G1Affine {
        let finite: Vec<_> = powers.iter().filter(|(p, _)| !is_identity(p)).collect();
        if finite.len() < LEAST_PRODUCT {
            return Single.multiexp_g1_vartime(powers);
        }
        let (start, start_rows) = &*START;
        let points: Vec<_> = finite.iter().map(|(p, _)| **p).collect();
        let rows = eights(&points, |points| pipeline::point_rows(self.0, &points));
        let exponents: Vec<_> = finite.iter().map(|(_, w)| *w).collect();
        let width = buckets::width(rows.len(), 8);
        let Some(windows) = pipeline::product_g1(self.0, &rows, &exponents, width, start_rows) else {
            return Single.multiexp_g1_vartime(powers);
        };
        let point = |[x, y, z]: &[Fq; 3]| G1Projective::new_unchecked(*x, *y, *z) - start;
        let windows: Vec<_> = windows.iter().flatten().map(point).collect();
        buckets::join(&windows, width, G1Projective::zero(), AdditiveGroup::double, |a, b| *a + b).into_affine()
    }

    fn multiexp_gt_quotients_vartime(self, powers: &[(&Fq12, &Fq12, i128)]) -> Fq12 {
        if powers.len() < LEAST_PRODUCT {
            return Single.multiexp_gt_quotients_vartime(powers);
        }
        let pairs: Vec<_> = powers.iter().map(|(a, b, _)| (*a, *b)).collect();
        let rows =
            eights(&pairs, |pairs| pipeline::quotient_rows(self.0, &pairs.map(|(a, _)| *a), &pairs.map(|(_, b)| *b)));
        let exponents: Vec<_> = powers.iter().map(|power| power.2).collect();
        let width = buckets::width(rows.len(), 8);
        let windows = pipeline::product_gt(self.0, &rows, &exponents, width).concat();
        buckets::join(&windows, width, Fq12::ONE, |f| self.multiply_gt(f, f), |a, b| self.multiply_gt(a, b))
    }

    fn group_size(self, len: usize) -> usize {
        if len < LEAST { 1 } else { parallel::eights(len, 8 * GROUPS) }
    }

    fn pair_each_and_multiply_all(self, items: &[(&G1Affine, &G2Affine, &Fq12)]) -> Vec<Fq12> {
        type Item<'a> = (&'a G1Affine, &'a G2Affine, &'a Fq12);
        // The lanes have no representation of the identity; its pairing is 1.
        let trivial = |(p, q, _): &Item<'_>| is_identity(p) || is_identity(q);
        let groups = |items: &[[Item<'_>; 8]]| {
            let point1 = |item: Item<'_>| if trivial(&item) { G1Affine::generator() } else { *item.0 };
            let point2 = |item: Item<'_>| if trivial(&item) { G2Affine::generator() } else { *item.1 };
            let p: Vec<_> = items.iter().map(|items| items.map(point1)).collect();
            let q = Zeroizing::new(items.iter().map(|items| items.map(point2)).collect::<Vec<_>>());
            let c = Zeroizing::new(items.iter().map(|items| items.map(|item| *item.2)).collect::<Vec<_>>());
            let mut out = pipeline::pair_each_and_multiply(self.0, &p, &q, &c);
            for (item, out) in items.iter().flatten().zip(out.as_flattened_mut()) {
                if trivial(item) {
                    *out = *item.2;
                }
            }
            out
        };
        in_groups(items, |(p, q, c)| Single.multiply_gt(c, &Single.pairing(p, q)), groups)
    }

    fn multiply_by_pairing_all(self, pairs: &[(&G1Affine, &Fq12)], lines: &Lines) -> Vec<Fq12> {
        let one = |&(p, c): &(&G1Affine, &Fq12)| self.multiply_by_pairing(p, c, lines);
        if pairs.len() == 1 {
            return vec![one(&pairs[0])];
        }
        let Some(prepared) = lines.eight() else {
            return pairs.iter().map(one).collect();
        };
        in_groups(pairs, one, |pairs| {
            // As in `pair_each_and_multiply_all`.
            let p =
                pairs.iter().map(|pairs| pairs.map(|(p, _)| if is_identity(p) { G1Affine::generator() } else { *p }));
            let c = Zeroizing::new(pairs.iter().map(|pairs| pairs.map(|(_, c)| *c)).collect::<Vec<_>>());
            let mut out = pipeline::pair_and_multiply(self.0, &p.collect::<Vec<_>>(), &c, prepared);
            for ((p, c), out) in pairs.iter().flatten().zip(out.as_flattened_mut()) {
                if is_identity(p) {
                    *out = **c;
                }
            }
            out
        })
    }

    fn pow_gt_all(self, powers: &[(&Fq12, &Fr)]) -> Vec<Fq12> {
        in_eights(
            powers,
            |(a, k)| self.pow_gt(a, **k),
            |powers| {
                let digits = Zeroizing::new(powers.map(|(_, k)| Digits::new(*k)));
                pipeline::pow_gt(self.0, &powers.map(|(a, _)| *a), &digits)
            },
        )
    }

    fn pow_table_all(self, table: &Table, exponents: &[Fr]) -> Vec<Fq12> {
        in_eights(
            exponents,
            |k| self.pow_table(table, *k),
            |exponents| {
                let windows = table.in_lanes.get_or_init(|| table::torus_windows(table));
                pipeline::pow_table(self.0, windows, &Zeroizing::new(exponents.map(Digits::new)))
            },
        )
    }

    fn pow_generator_all(self, exponents: &[Fr]) -> Vec<G1Affine> {
        in_eights(
            exponents,
            |k| Zeroizing::new(Single.pow_generator_all(&[*k]))[0],
            |exponents| {
                let (points, exceptions) = pipeline::pow_generator(self.0, &Zeroizing::new(exponents.map(Comb::new)));
                // The sum has exceptions for 0 and for a few other exponents, none of which is drawn at random.
                if declassify(constant_time::equal(exceptions.into(), 0)) {
                    points
                } else {
                    exponents.map(|k| Zeroizing::new(Single.pow_generator_all(&[k]))[0])
                }
            },
        )
    }

    fn pow_g1_all(self, powers: &[(&G1Affine, &Fr)]) -> Vec<G1Affine> {
        let mut out = Vec::with_capacity(powers.len());
        for powers in powers.chunks(8 * pipeline::TOGETHER) {
            if let [(p, k)] = powers {
                out.push(self.pow_g1(p, **k));
                continue;
            }
            let group = |powers: &[(&G1Affine, &Fr)]| {
                let at = |i: usize| powers[i.min(powers.len() - 1)];
                // The lanes have no representation of the identity; its powers are 1.
                let point = |p: &G1Affine| if is_identity(p) { G1Affine::generator() } else { *p };
                (from_fn(|i| point(at(i).0)), from_fn(|i| Halves::new(*at(i).1)))
            };
            let groups = Zeroizing::new(Groups(powers.chunks(8).map(group).collect()));
            let results = pipeline::pow_g1(self.0, &groups.0);
            for (powers, (points, ones)) in powers.chunks(8).zip(&results) {
                let result = |(i, (p, _)): (usize, &(&G1Affine, &Fr))| {
                    if is_identity(p) || lane(*ones, i) { G1Affine::identity() } else { points[i] }
                };
                out.extend(powers.iter().enumerate().map(result));
            }
        }
        out
    }

    fn encode_t6_all(self, elements: &[&Fq12]) -> Vec<[u8; T6_BYTES]> {
        let groups = |elements: &[[&Fq12; 8]]| {
            let values = Zeroizing::new(elements.iter().map(|elements| elements.map(|g| *g)).collect::<Vec<_>>());
            let encoded = pipeline::encode_gt(self.0, &values);
            from_fn(|group| {
                let (coordinates, special) = &encoded[group];
                from_fn(|i| match elements.get(group) {
                    Some(elements) if lane(*special, i) => self.encode_t6(elements[i]),
                    _ => torus::write_regular(&coordinates[i]),
                })
            })
        };
        in_groups(elements, |g| self.encode_t6(g), groups)
    }

    fn decode_record_all(self, records: &[[u8; RECORD_BYTES]]) -> Vec<Decoded> {
        regular_in_groups(
            records,
            |record| self.decode_record(record),
            |_, coordinates| {
                let (values, verdicts) = pipeline::decode(self.0, coordinates);
                let result = |group: usize, i| verdicts[group].of_lane(i).map(|()| values[group][i]);
                (0..8 * coordinates.len()).map(|i| result(i / 8, i % 8)).collect()
            },
        )
    }

    fn reencrypt_record_all(
        self,
        records: &[[u8; RECORD_BYTES]],
        lines: &Lines,
    ) -> Vec<Result<[u8; RECORD_BYTES], DecodeError>> {
        let one = |record: &[u8; RECORD_BYTES]| self.reencrypt_record(record, lines);
        if records.len() == 1 {
            return vec![one(&records[0])];
        }
        let Some(prepared) = lines.eight() else {
            return records.iter().map(one).collect();
        };
        regular_in_groups(records, one, |records, coordinates| {
            let (encoded, verdicts) = pipeline::reencrypt(self.0, coordinates, prepared);
            let result = |group: usize, i: usize| {
                let (out, special) = &encoded[group];
                if lane(*special, i) {
                    return one(records[group][i]);
                }
                verdicts[group].of_lane(i).map(|()| replace_c(records[group][i], &torus::write_regular(&out[i])))
            };
            (0..8 * coordinates.len()).map(|i| result(i / 8, i % 8)).collect()
        })
    }

    fn measure_miller_loops(self, p: &[G1Affine; 8], lines: &Lines) {
        match lines.eight() {
            Some(lines) => _ = black_box(pipeline::miller_loop_alone(self.0, p, lines)),
            None => p.iter().for_each(|p| _ = black_box(self.miller_loop(p, lines))),
        }
    }

    fn measure_final_exponentiations(self, f: &[Fq12; 8]) {
        black_box(pipeline::final_exponentiation_alone(self.0, f));
    }

    fn measure_products(self, a: &[Fq12; 8]) -> [Fq12; 8] {
        pipeline::multiply_gt(self.0, a, a)
    }
}

/// Points with recoded exponents, for each lane.
struct Groups(Vec<([G1Affine; 8], [Halves; 8])>);

impl Zeroize for Groups {
    fn zeroize(&mut self) {
        self.0.iter_mut().for_each(|(_, exponents)| exponents.zeroize());
    }
}

/// `eight` on each group of eight items; a last group is filled up with copies of its last item.
fn eights<T: Copy, R: Copy>(items: &[T], eight: impl Fn([T; 8]) -> [R; 8]) -> Vec<R> {
    let mut out = Vec::with_capacity(items.len());
    for group in items.chunks(8) {
        out.extend_from_slice(&eight(full(group))[..group.len()]);
    }
    out
}

/// A group of eight; a smaller one is filled up with copies of its last item.
fn full<T: Copy>(group: &[T]) -> [T; 8] {
    from_fn(|i| group[i.min(group.len() - 1)])
}

/// `eight` on each group of eight items, `one` on a last group of one item.
fn in_eights<T: Copy, R: Copy>(items: &[T], one: impl Fn(&T) -> R, eight: impl Fn([T; 8]) -> [R; 8]) -> Vec<R> {
    let mut out = Vec::with_capacity(items.len());
    for group in items.chunks(8) {
        match group {
            [single] => out.push(one(single)),
            _ => out.extend_from_slice(&eight(full(group))[..group.len()]),
        }
    }
    out
}

/// `groups` on up to [`GROUPS`] groups of eight items, `one` on an item that
/// remains alone.
fn in_groups<T: Copy, R: Copy>(
    items: &[T],
    one: impl Fn(&T) -> R,
    groups: impl Fn(&[[T; 8]]) -> [[R; 8]; GROUPS],
) -> Vec<R> {
    let mut out = Vec::with_capacity(items.len());
    let (grouped, alone) = items.split_at(in_lanes(items.len()));
    for part in grouped.chunks(8 * GROUPS) {
        out.extend_from_slice(&groups(&filled(part)).as_flattened()[..part.len()]);
    }
    out.extend(alone.iter().map(one));
    out
}

/// The number of items that are computed in lanes: all, or all but one that would be alone in its group.
const fn in_lanes(n: usize) -> usize {
    if n % 8 == 1 { n - 1 } else { n }
}

/// Groups of eight items.
fn filled<T: Copy>(items: &[T]) -> Vec<[T; 8]> {
    items.chunks(8).map(full).collect()
}

/// As [`in_groups`], for records: `groups` on the records of the regular form, `one` on all others.
fn regular_in_groups<R>(
    records: &[[u8; RECORD_BYTES]],
    one: impl Fn(&[u8; RECORD_BYTES]) -> R,
    groups: impl Fn(&[[&[u8; RECORD_BYTES]; 8]], &[[Coordinates; 8]]) -> Vec<R>,
) -> Vec<R> {
    let mut out = Vec::with_capacity(records.len());
    for part in records.chunks(8 * GROUPS) {
        let mut regular: Vec<_> =
            part.iter().enumerate().filter_map(|(i, record)| Some((i, record, coordinates(record)?))).collect();
        regular.truncate(in_lanes(regular.len()));
        let mut results: Vec<Option<R>> = part.iter().map(|_| None).collect();
        if !regular.is_empty() {
            let sources: Vec<_> = regular.iter().map(|(_, record, _)| *record).collect();
            let coordinates: Vec<_> = regular.iter().map(|(.., coordinates)| *coordinates).collect();
            for ((i, ..), result) in regular.iter().zip(groups(&filled(&sources), &filled(&coordinates))) {
                results[*i] = Some(result);
            }
        }
        out.extend(part.iter().zip(results).map(|(record, result)| result.unwrap_or_else(|| one(record))));
    }
    out
}

/// The coordinates of a record of the regular form; none for any other record, and for one that cannot be read.
fn coordinates(record: &[u8; RECORD_BYTES]) -> Option<Coordinates> {
    let (z, c) = split_record(record);
    let (larger, x) = flags("G1", z).ok()?;
    Some(Coordinates { x: integer(&x)?, larger, c: torus::read_regular(c)? })
}

/// Whether the lane is in the mask. The answer becomes public: it is that a result is 1, or that a record is refused.
fn lane(lanes: Mask, lane: usize) -> bool {
    declassify(constant_time::mask(u64::from(lanes >> lane)))
}

impl Verdict {
    /// The error of the first check that the record in this lane fails.
    fn of_lane(self, lane: usize) -> Result<(), DecodeError> {
        for (passed, error) in [
            (self.on_curve, DecodeError::NotOnCurve { what: "G1" }),
            (self.in_g1, DecodeError::NotInSubgroup { what: "G1" }),
            (self.a0_not_zero, DecodeError::NonCanonical { what: "GT" }),
            (self.in_gt, DecodeError::NotInSubgroup { what: "GT" }),
        ] {
            if passed >> lane & 1 == 0 {
                return Err(error);
            }
        }
        Ok(())
    }
}
