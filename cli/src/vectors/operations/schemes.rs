//! Operations of the schemes to compare with, each in every scheme, with intermediate values.

use crate::vectors::case::{Fault, Input, Kind, Operation, OrRefused, hex, malformed};
use phi_pre::group::{G1, G2, Gt, Scalar, pairing};
use phi_pre::hash::label::{self, dst};
use phi_pre::hash::{framed, tagged};
use phi_pre::pre::hazmat::Given;
use phi_pre::schemes::{Afgh06, Bbs98, BongJang, ByName, Decoding, Encoding, Ga07, Lv08, Scheme, ga07};
use serde_json::{Value, json};

pub(in crate::vectors) const ALL: &[&Operation] = &[&WALK, &READ, &REENCRYPT, &OPEN];

/// How many 32-byte values an algorithm draws, each an exponent; with `raw`, the last one of Enc is a seed.
struct Draws {
    setup: usize,
    key_gen: usize,
    re_key_gen: usize,
    enc: usize,
    re_enc: usize,
    raw: bool,
    /// The name of a key pair has an effect.
    named: bool,
}

const NONE: Draws = Draws { setup: 0, key_gen: 1, re_key_gen: 0, enc: 2, re_enc: 0, raw: false, named: false };

/// A scheme as the operations use it.
trait Case: Scheme {
    const DRAWS: Draws;

    /// pk read and written.
    fn pk(bytes: &[u8], known: &[u8]) -> Result<Vec<u8>, Fault>;

    fn rk(bytes: &[u8], known: &[u8]) -> Result<Self::ReKey, Fault>;

    /// Values on the way, by the operations of the groups alone; `c` is C.
    fn intermediate(drawn: &Drawn, c: &[u8]) -> Result<Vec<(&'static str, Vec<u8>)>, Fault>;
}

/// What each algorithm draws, and the names.
struct Drawn {
    setup: Vec<Scalar>,
    keys: [Vec<Scalar>; 2],
    re_key: Vec<Scalar>,
    enc: Vec<Scalar>,
    seed: Vec<u8>,
    names: [Vec<u8>; 2],
}

fn inverse(k: &Scalar) -> Result<Scalar, Fault> {
    k.inverse().ok_or_else(|| malformed("an exponent is 0"))
}

fn g1(k: &Scalar) -> G1 {
    G1::generator().pow(k)
}

fn g2(k: &Scalar) -> G2 {
    G2::generator().pow(k)
}

fn g_t(k: &Scalar) -> Gt {
    Gt::generator().pow(k)
}

/// A value that needs nothing that is known before.
fn decoded<T: Decoding<Known = ()>>(bytes: &[u8], known: &[u8]) -> Result<T, Fault> {
    nothing(known)?;
    T::decode(bytes, &()).refused()
}

/// Such a value, read and written again.
fn again<T: Decoding<Known = ()>>(bytes: &[u8], known: &[u8]) -> Result<Vec<u8>, Fault> {
    Ok(decoded::<T>(bytes, known)?.encoding().to_vec())
}

fn nothing(known: &[u8]) -> Result<(), Fault> {
    if known.is_empty() { Ok(()) } else { Err(malformed("known has no use here")) }
}

impl Case for BongJang {
    const DRAWS: Draws = NONE;

    fn pk(bytes: &[u8], known: &[u8]) -> Result<Vec<u8>, Fault> {
        again::<Self::PublicKey>(bytes, known)
    }

    fn rk(bytes: &[u8], known: &[u8]) -> Result<Self::ReKey, Fault> {
        decoded(bytes, known)
    }

    fn intermediate(drawn: &Drawn, _: &[u8]) -> Result<Vec<(&'static str, Vec<u8>)>, Fault> {
        let [k_d, k_d_prime] = [&drawn.keys[0][0], &drawn.keys[1][0]];
        let (t, r) = (&drawn.enc[0], &drawn.enc[1]);
        let k_re = g2(k_d_prime) / g2(k_d);
        Ok(vec![
            ("k_e", g2(k_d).to_bytes().into()),
            ("k'_e", g2(k_d_prime).to_bytes().into()),
            ("M", g_t(t).to_bytes().into()),
            ("Y^r", g_t(k_d).pow(r).to_bytes().into()),
            ("e(Z, k_re)", pairing(&g1(r), &k_re).to_bytes().into()),
        ])
    }
}

impl Case for ByName {
    const DRAWS: Draws = Draws { re_key_gen: 1, named: true, ..NONE };

    fn pk(bytes: &[u8], known: &[u8]) -> Result<Vec<u8>, Fault> {
        // The scope does not change what is written.
        nothing(known)?;
        Ok(<Self as Scheme>::PublicKey::decode(bytes, &[]).refused()?.encoding().to_vec())
    }

    fn rk(bytes: &[u8], known: &[u8]) -> Result<Self::ReKey, Fault> {
        decoded(bytes, known)
    }

    fn intermediate(drawn: &Drawn, _: &[u8]) -> Result<Vec<(&'static str, Vec<u8>)>, Fault> {
        let ([a, b], x) = ([&drawn.keys[0][0], &drawn.keys[1][0]], &drawn.re_key[0]);
        // The scope of one record under k_s zero, whose first hash is not 1.
        let h2 = G2::hash(&framed(label::SCOPE, &[&[0; 32], &[2], &drawn.names[0], &[0]]), dst::SCOPE);
        let shared = g1(b).pow(x);
        let message = [g1(x), g1(b), shared].map(|point| point.to_bytes()).concat();
        Ok(vec![
            ("H2(scope)", h2.to_bytes().into()),
            ("k_e", h2.pow(a).to_bytes().into()),
            ("Y", pairing(&g1(a), &h2).to_bytes().into()),
            ("B^x", shared.to_bytes().into()),
            ("k'_e", G2::hash(&message, dst::GRANT).to_bytes().into()),
        ])
    }
}

impl Case for Afgh06 {
    const DRAWS: Draws = Draws { key_gen: 2, ..NONE };

    fn pk(bytes: &[u8], known: &[u8]) -> Result<Vec<u8>, Fault> {
        again::<Self::PublicKey>(bytes, known)
    }

    fn rk(bytes: &[u8], known: &[u8]) -> Result<Self::ReKey, Fault> {
        decoded(bytes, known)
    }

    fn intermediate(drawn: &Drawn, _: &[u8]) -> Result<Vec<(&'static str, Vec<u8>)>, Fault> {
        let ([a1, _], [_, b2]) = (two(&drawn.keys[0])?, two(&drawn.keys[1])?);
        let k_prime = *a1 * drawn.enc[1];
        Ok(vec![
            ("M", g_t(&drawn.enc[0]).to_bytes().into()),
            ("k' = a1 k", k_prime.to_bytes().into()),
            ("Z^k'", g_t(&k_prime).to_bytes().into()),
            ("Z^(b2 k')", g_t(&(*b2 * k_prime)).to_bytes().into()),
            ("1/b2", inverse(b2)?.to_bytes().into()),
        ])
    }
}

fn two(exponents: &[Scalar]) -> Result<[&Scalar; 2], Fault> {
    let [a, b] = exponents else { return Err(malformed("two exponents are needed")) };
    Ok([a, b])
}

impl Case for Bbs98 {
    const DRAWS: Draws = NONE;

    fn pk(bytes: &[u8], known: &[u8]) -> Result<Vec<u8>, Fault> {
        again::<Self::PublicKey>(bytes, known)
    }

    fn rk(bytes: &[u8], known: &[u8]) -> Result<Self::ReKey, Fault> {
        decoded(bytes, known)
    }

    fn intermediate(drawn: &Drawn, _: &[u8]) -> Result<Vec<(&'static str, Vec<u8>)>, Fault> {
        let (b, [m, k]) = (&drawn.keys[1][0], two(&drawn.enc)?);
        Ok(vec![
            ("m", g1(m).to_bytes().into()),
            ("g^k", g1(k).to_bytes().into()),
            ("1/b", inverse(b)?.to_bytes().into()),
        ])
    }
}

impl Case for Ga07 {
    const DRAWS: Draws = Draws { setup: 1, key_gen: 0, re_key_gen: 2, named: true, ..NONE };

    /// The parameters.
    fn pk(bytes: &[u8], known: &[u8]) -> Result<Vec<u8>, Fault> {
        again::<ga07::Parameters>(bytes, known)
    }

    fn rk(bytes: &[u8], known: &[u8]) -> Result<Self::ReKey, Fault> {
        decoded(bytes, known)
    }

    fn intermediate(drawn: &Drawn, _: &[u8]) -> Result<Vec<(&'static str, Vec<u8>)>, Fault> {
        let s = &drawn.setup[0];
        let h1 = drawn.names.each_ref().map(|name| G2::hash(name, dst::GA07_H1));
        let x = g_t(&drawn.re_key[0]);
        Ok(vec![
            ("g^s", g1(s).to_bytes().into()),
            ("H1(A)", h1[0].to_bytes().into()),
            ("sk of A", h1[0].pow(s).to_bytes().into()),
            ("sk of B", h1[1].pow(s).to_bytes().into()),
            ("X", x.to_bytes().into()),
            ("H2(X)", G2::hash(&x.to_bytes(), dst::GA07_H2).to_bytes().into()),
        ])
    }
}

impl Case for Lv08 {
    const DRAWS: Draws = Draws { enc: 3, re_enc: 1, raw: true, ..NONE };

    fn pk(bytes: &[u8], known: &[u8]) -> Result<Vec<u8>, Fault> {
        again::<Self::PublicKey>(bytes, known)
    }

    fn rk(bytes: &[u8], known: &[u8]) -> Result<Self::ReKey, Fault> {
        Decoding::decode(bytes, &decoded(known, &[])?).refused()
    }

    fn intermediate(drawn: &Drawn, c: &[u8]) -> Result<Vec<(&'static str, Vec<u8>)>, Fault> {
        let (x_i, [m, r]) = (&drawn.keys[0][0], two(&drawn.enc)?);
        let [u, v] = [dst::LV08_U, dst::LV08_V].map(|dst| G2::hash(b"", dst));
        let svk = c[G1::BYTES..][..32].to_vec();
        let mut wide = [0; 48];
        wide[16..].copy_from_slice(&tagged(label::LV08_SVK, &[&svk]).0);
        let exponent = Scalar::from_wide(&wide);
        let base = u.pow(&exponent) * v;
        Ok(vec![
            ("u", u.to_bytes().into()),
            ("v", v.to_bytes().into()),
            ("svk", svk),
            ("exponent of svk", exponent.to_bytes().into()),
            ("u^svk v", base.to_bytes().into()),
            ("C4", base.pow(r).to_bytes().into()),
            ("m", g_t(m).to_bytes().into()),
            ("e(C2, g2)", g_t(&(*x_i * *r)).to_bytes().into()),
        ])
    }
}

/// Exponents as [`Scalar::random`] draws them.
fn wide(exponents: &[Scalar]) -> Vec<u8> {
    exponents.iter().flat_map(|k| [&[0; 16][..], &k.to_bytes()].concat()).collect()
}

/// `n` exponents other than 0.
fn exponents(input: Input<'_>, name: &str, n: usize) -> Result<Vec<Scalar>, Fault> {
    let exponents = input.scalars(name)?;
    if exponents.len() != n || exponents.iter().any(Scalar::is_zero) {
        return Err(malformed(format_args!("{name} has not {n} exponents other than 0")));
    }
    Ok(exponents)
}

/// Runs a function for the scheme of the case.
macro_rules! by_scheme {
    ($input:ident, $scheme:expr, $function:ident) => {
        match $scheme {
            "Bong-Jang" => $function::<BongJang>($input),
            "by name" => $function::<ByName>($input),
            "AFGH06" => $function::<Afgh06>($input),
            "BBS98" => $function::<Bbs98>($input),
            "GA07" => $function::<Ga07>($input),
            "LV08" => $function::<Lv08>($input),
            other => Err(malformed(format_args!("unknown scheme {other}"))),
        }
    };
}

const INTERMEDIATE: Kind = Kind::Object(&[("name", Kind::Text), ("value", Kind::Hex)]);

pub(in crate::vectors) const WALK: Operation = Operation {
    name: "scheme",
    input: &[
        ("scheme", Kind::Text),
        ("setup", Kind::List(&Kind::Hex)),
        ("name_A", Kind::Hex),
        ("name_B", Kind::Hex),
        ("key_A", Kind::List(&Kind::Hex)),
        ("key_B", Kind::List(&Kind::Hex)),
        ("re_key", Kind::List(&Kind::Hex)),
        ("enc", Kind::List(&Kind::Hex)),
        ("re_enc", Kind::List(&Kind::Hex)),
    ],
    output: &[
        ("pk_A", Kind::Hex),
        ("pk_B", Kind::Hex),
        ("rk", Kind::Hex),
        ("M", Kind::Hex),
        ("C", Kind::Hex),
        ("C_prime", Kind::Hex),
        ("intermediate", Kind::List(&INTERMEDIATE)),
    ],
    run: |input| by_scheme!(input, input.text("scheme")?, walk),
};

/// The name of a key pair; none where the scheme has no use for one.
fn name<S: Case>(input: Input<'_>, field: &str) -> Result<Vec<u8>, Fault> {
    let name = input.bytes(field)?;
    if S::DRAWS.named || name.is_empty() { Ok(name) } else { Err(malformed(format_args!("{field} has no effect"))) }
}

fn drawn<S: Case>(input: Input<'_>) -> Result<Drawn, Fault> {
    let draws = S::DRAWS;
    let mut enc = input.byte_lists("enc")?;
    if enc.len() != draws.enc {
        return Err(malformed("enc has another length"));
    }
    let seed = if draws.raw { enc.pop().unwrap_or_default() } else { Vec::new() };
    if draws.raw && seed.len() != 32 {
        return Err(malformed("the seed has 32 bytes"));
    }
    let enc = enc.iter().map(|bytes| Scalar::from_bytes(bytes).refused()).collect::<Result<Vec<_>, _>>()?;
    if enc.iter().any(Scalar::is_zero) {
        return Err(malformed("an exponent is 0"));
    }
    Ok(Drawn {
        setup: exponents(input, "setup", draws.setup)?,
        keys: [exponents(input, "key_A", draws.key_gen)?, exponents(input, "key_B", draws.key_gen)?],
        re_key: exponents(input, "re_key", draws.re_key_gen)?,
        enc,
        seed,
        names: [name::<S>(input, "name_A")?, name::<S>(input, "name_B")?],
    })
}

fn walk<S: Case>(input: Input<'_>) -> Result<Value, Fault> {
    let drawn = drawn::<S>(input)?;
    let setup = S::setup(&mut Given::new(wide(&drawn.setup)));
    let [(pk_a, sk_a), (pk_b, sk_b)] =
        [0, 1].map(|i| S::key_gen(&setup, &drawn.names[i], &mut Given::new(wide(&drawn.keys[i]))));
    let rk = S::re_key_gen(&sk_a, S::delegatee(&pk_b, &sk_b), &mut Given::new(wide(&drawn.re_key)));
    let rk = rk.refused()?;
    let (c, m) = S::enc(&pk_a, &mut Given::new([wide(&drawn.enc), drawn.seed.clone()].concat()));
    let c_bytes = c.encoding();
    let again = wide(&exponents(input, "re_enc", S::DRAWS.re_enc)?);
    let c_prime = S::re_enc(&rk, &c, &mut Given::new(again.clone())).refused()?;
    let read = [S::dec(&sk_a, &c).refused()?, S::dec_re(&sk_b, &c_prime).refused()?];
    if read.iter().any(|read| *read != m) {
        return Err(malformed("another M is read"));
    }
    let three = [c, decoded(&c_bytes, &[])?, decoded(&c_bytes, &[])?];
    let many = S::re_enc_many(&rk, &three, &mut Given::new(again.repeat(3)));
    let same = |many: Result<S::ReEncrypted, _>| many.is_ok_and(|many| many.encoding() == c_prime.encoding());
    if !many.into_iter().all(same) {
        return Err(malformed("a batch gives another C'"));
    }
    let named = |(name, value): (&str, Vec<u8>)| json!({ "name": name, "value": hex(value) });
    Ok(json!({
        "pk_A": hex(pk_a.encoding()),
        "pk_B": hex(pk_b.encoding()),
        "rk": hex(rk.encoding()),
        "M": hex(m.encoding()),
        "C": hex(&c_bytes),
        "C_prime": hex(c_prime.encoding()),
        "intermediate": S::intermediate(&drawn, &c_bytes)?.into_iter().map(named).collect::<Vec<_>>(),
    }))
}

pub(in crate::vectors) const READ: Operation = Operation {
    name: "scheme read",
    input: &[("kind", Kind::Text), ("encoding", Kind::Hex), ("known", Kind::Hex)],
    output: &[("encoding", Kind::Hex)],
    run: |input| by_scheme!(input, scheme_of(input)?, read),
};

/// The scheme of a kind, which is the scheme, a space, and what is read.
fn scheme_of(input: Input<'_>) -> Result<&str, Fault> {
    Ok(input.text("kind")?.rsplit_once(' ').ok_or_else(|| malformed("no kind"))?.0)
}

fn read<S: Case>(input: Input<'_>) -> Result<Value, Fault> {
    let (bytes, known) = (input.bytes("encoding")?, input.bytes("known")?);
    let written = match input.text("kind")?.rsplit_once(' ').map(|(_, what)| what) {
        Some("pk") => S::pk(&bytes, &known)?,
        Some("rk") => S::rk(&bytes, &known)?.encoding().to_vec(),
        Some("C") => again::<S::Ciphertext>(&bytes, &known)?,
        Some("C'") => again::<S::ReEncrypted>(&bytes, &known)?,
        _ => return Err(malformed("no such kind")),
    };
    Ok(json!({ "encoding": hex(written) }))
}

pub(in crate::vectors) const REENCRYPT: Operation = Operation {
    name: "scheme re-encrypt",
    input: &[
        ("scheme", Kind::Text),
        ("rk", Kind::Hex),
        ("known", Kind::Hex),
        ("C", Kind::Hex),
        ("re_enc", Kind::List(&Kind::Hex)),
    ],
    output: &[("C_prime", Kind::Hex)],
    run: |input| by_scheme!(input, input.text("scheme")?, reencrypt),
};

fn reencrypt<S: Case>(input: Input<'_>) -> Result<Value, Fault> {
    let rk = S::rk(&input.bytes("rk")?, &input.bytes("known")?)?;
    let c = decoded(&input.bytes("C")?, &[])?;
    let drawn = wide(&exponents(input, "re_enc", S::DRAWS.re_enc)?);
    Ok(json!({ "C_prime": hex(S::re_enc(&rk, &c, &mut Given::new(drawn)).refused()?.encoding()) }))
}

pub(in crate::vectors) const OPEN: Operation = Operation {
    name: "scheme open",
    input: &[
        ("kind", Kind::Text),
        ("setup", Kind::List(&Kind::Hex)),
        ("name", Kind::Hex),
        ("key", Kind::List(&Kind::Hex)),
        ("encoding", Kind::Hex),
    ],
    output: &[("M", Kind::Hex)],
    run: |input| by_scheme!(input, scheme_of(input)?, open),
};

fn open<S: Case>(input: Input<'_>) -> Result<Value, Fault> {
    let setup = S::setup(&mut Given::new(wide(&exponents(input, "setup", S::DRAWS.setup)?)));
    let key = wide(&exponents(input, "key", S::DRAWS.key_gen)?);
    let (_, sk) = S::key_gen(&setup, &name::<S>(input, "name")?, &mut Given::new(key));
    let bytes = input.bytes("encoding")?;
    let m = match input.text("kind")?.rsplit_once(' ').map(|(_, what)| what) {
        Some("C") => S::dec(&sk, &decoded(&bytes, &[])?).refused()?,
        Some("C'") => S::dec_re(&sk, &decoded(&bytes, &[])?).refused()?,
        _ => return Err(malformed("no such kind")),
    };
    Ok(json!({ "M": hex(m.encoding()) }))
}
