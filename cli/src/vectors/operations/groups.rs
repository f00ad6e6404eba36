//! Operations on scalars and on elements of the groups, and the pairing.

use crate::vectors::case::{Input, Kind, Operation, OrRefused, hex, malformed, t6};
use phi_pre::group::{G1, G2, Gt, pairing};
use serde_json::json;

pub(in crate::vectors) const ALL: &[&Operation] =
    &[&SCALAR, &G1_ELEMENT, &G2_ELEMENT, &G1_POWER, &G2_POWER, &GT_ELEMENT, &GT_POWER, &GT_PRODUCT, &PAIRING];

pub(in crate::vectors) const SCALAR: Operation = Operation {
    name: "scalar",
    input: &[("encoding", Kind::Hex)],
    output: &[("negative", Kind::Hex), ("inverse", Kind::Maybe(&Kind::Hex))],
    run: |input| {
        let x = input.scalar("encoding")?;
        let inverse = x.inverse().map(|inverse| hex(inverse.to_bytes()));
        Ok(json!({ "negative": hex((-x).to_bytes()), "inverse": inverse }))
    },
};

macro_rules! source_group {
    ($element:ident, $power:ident, $group:ident, $element_name:literal, $power_name:literal) => {
        pub(in crate::vectors) const $element: Operation = Operation {
            name: $element_name,
            input: &[("encoding", Kind::Hex)],
            output: &[("inverse", Kind::Hex), ("square", Kind::Hex)],
            run: |input| {
                let a = $group::from_bytes(&input.bytes("encoding")?).refused()?;
        Ok(json!({ "inverse": hex(a.inverse().to_bytes()), "square": hex((a * a).to_bytes()) }))
            },
        };

        pub(in crate::vectors) const $power: Operation = Operation {
            name: $power_name,
            input: &[("base", Kind::Hex), ("exponent", Kind::Hex)],
            output: &[("power", Kind::Hex)],
            run: |input| {
                let base = $group::from_bytes(&input.bytes("base")?).refused()?;
        Ok(json!({ "power": hex(base.pow(&input.scalar("exponent")?).to_bytes()) }))
            },
        };
    };
}

source_group!(G1_ELEMENT, G1_POWER, G1, "G1", "G1 power");
source_group!(G2_ELEMENT, G2_POWER, G2, "G2", "G2 power");

pub(in crate::vectors) const GT_ELEMENT: Operation = Operation {
    name: "GT",
    input: &[("form", Kind::Text), ("encoding", Kind::Hex)],
    output: &[("t6", Kind::Hex), ("t2", Kind::Hex), ("plain", Kind::Hex)],
    run: |input| {
        let bytes = input.bytes("encoding")?;
        let a = match input.text("form")? {
            "t6" => Gt::from_bytes(&bytes),
            "t2" => Gt::from_bytes_t2(&bytes),
            "plain" => Gt::from_bytes_plain(&bytes),
            form => return Err(malformed(format_args!("unknown form {form}"))),
        };
        let a = a.refused()?;
        Ok(json!({ "t6": t6(&a), "t2": hex(a.to_bytes_t2()), "plain": hex(a.to_bytes_plain()) }))
    },
};

fn gt(input: Input<'_>, name: &str) -> Result<Gt, crate::vectors::case::Fault> {
    Gt::from_bytes(&input.bytes(name)?).refused()
}

pub(in crate::vectors) const GT_POWER: Operation = Operation {
    name: "GT power",
    input: &[("base", Kind::Hex), ("exponent", Kind::Hex)],
    output: &[("power", Kind::Hex)],
    run: |input| Ok(json!({ "power": t6(&gt(input, "base")?.pow(&input.scalar("exponent")?)) })),
};

pub(in crate::vectors) const GT_PRODUCT: Operation = Operation {
    name: "GT product",
    input: &[("a", Kind::Hex), ("b", Kind::Hex)],
    output: &[("product", Kind::Hex), ("quotient", Kind::Hex)],
    run: |input| {
        let (a, b) = (gt(input, "a")?, gt(input, "b")?);
        Ok(json!({ "product": t6(&(a * b)), "quotient": t6(&(a / b)) }))
    },
};

pub(in crate::vectors) const PAIRING: Operation = Operation {
    name: "pairing",
    input: &[("p", Kind::Hex), ("q", Kind::Hex)],
    output: &[("t6", Kind::Hex), ("plain", Kind::Hex)],
    run: |input| {
        let p = G1::from_bytes(&input.bytes("p")?).refused()?;
        let q = G2::from_bytes(&input.bytes("q")?).refused()?;
        let e = pairing(&p, &q);
        Ok(json!({ "t6": t6(&e), "plain": hex(e.to_bytes_plain()) }))
    },
};
