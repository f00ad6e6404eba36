//! The format of a case: operations, the kinds of their fields, the functions that read and check fields, and the JSON
//! schema of a kind.

use core::fmt::Display;
use phi_pre::group::{Gt, Scalar};
use phi_pre::wire::Wire;
use serde_json::{Map, Value, json};

/// The kind of value that a field holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Lower-case hexadecimal digits, two for each byte.
    Hex,
    /// An integer from 0 to 2^53.
    Number,
    /// Text.
    Text,
    /// true or false.
    Truth,
    /// A list of any number of values of this kind.
    List(&'static Kind),
    /// A value of this kind, or null.
    Maybe(&'static Kind),
    /// An object with exactly these fields.
    Object(Fields),
}

/// The names and kinds of the fields, in the order of the file.
pub(super) type Fields = &'static [(&'static str, Kind)];

/// An operation: the fields of its input, the fields of its output, and the function that computes it.
pub(super) struct Operation {
    pub(super) name: &'static str,
    pub(super) input: Fields,
    pub(super) output: Fields,
    pub(super) run: fn(Input<'_>) -> Result<Value, Fault>,
}

/// The reason why an operation gives no output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// The library refuses the input. The text is the `error` of an invalid case.
    #[error("{0}")]
    Refused(String),
    /// The case or the file is not valid, or the generator made a case with an unexpected result.
    #[error("not a test vector: {0}")]
    Malformed(String),
}

/// Converts an error of the library to [`Fault::Refused`].
pub(super) trait OrRefused<T> {
    fn refused(self) -> Result<T, Fault>;
}

impl<T, E: std::error::Error> OrRefused<T> for Result<T, E> {
    fn refused(self) -> Result<T, Fault> {
        self.map_err(|error| Fault::Refused(error.to_string()))
    }
}

pub(super) fn malformed(what: impl Display) -> Fault {
    Fault::Malformed(what.to_string())
}

/// Bytes, as a JSON string of hexadecimal digits.
pub(super) fn hex(bytes: impl AsRef<[u8]>) -> Value {
    Value::String(hex::encode(bytes))
}

/// The wire encoding of a value, as a JSON string of hexadecimal digits.
pub(super) fn wire(value: &impl Wire) -> Value {
    hex(value.to_bytes())
}

/// An element of GT in its form of 192 bytes (T6), as a JSON string of hexadecimal digits.
pub(super) fn t6(value: &Gt) -> Value {
    hex(value.to_bytes())
}

/// A JSON object whose fields are read by name.
#[derive(Clone, Copy)]
pub(super) struct Input<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Input<'a> {
    fn get(self, name: &str) -> Result<&'a Value, Fault> {
        self.0.get(name).ok_or_else(|| malformed(format_args!("no field {name}")))
    }

    pub(super) fn text(self, name: &str) -> Result<&'a str, Fault> {
        self.get(name)?.as_str().ok_or_else(|| malformed(format_args!("{name} is no text")))
    }

    pub(super) fn bytes(self, name: &str) -> Result<Vec<u8>, Fault> {
        read_hex(self.get(name)?)
    }

    pub(super) fn array<const N: usize>(self, name: &str) -> Result<[u8; N], Fault> {
        self.bytes(name)?.try_into().map_err(|_| malformed(format_args!("{name} is not {N} bytes")))
    }

    /// An X25519 secret, refused unless it is clamped: X25519 ignores the clamped bits, so digits in them would have no
    /// effect.
    pub(super) fn clamped(self, name: &str) -> Result<[u8; 32], Fault> {
        let secret: [u8; 32] = self.array(name)?;
        if clamped(secret) == secret { Ok(secret) } else { Err(malformed(format_args!("{name} is not clamped"))) }
    }

    pub(super) fn number(self, name: &str) -> Result<u64, Fault> {
        self.get(name)?.as_u64().ok_or_else(|| malformed(format_args!("{name} is no number")))
    }

    pub(super) fn size(self, name: &str) -> Result<usize, Fault> {
        usize::try_from(self.number(name)?).map_err(malformed)
    }

    pub(super) fn list(self, name: &str) -> Result<&'a [Value], Fault> {
        self.get(name)?.as_array().map(Vec::as_slice).ok_or_else(|| malformed(format_args!("{name} is no list")))
    }

    pub(super) fn byte_lists(self, name: &str) -> Result<Vec<Vec<u8>>, Fault> {
        self.list(name)?.iter().map(read_hex).collect()
    }

    pub(super) fn objects(self, name: &str) -> Result<Vec<Input<'a>>, Fault> {
        let object = |value: &'a Value| value.as_object().map(Input).ok_or_else(|| malformed("no object"));
        self.list(name)?.iter().map(object).collect()
    }

    pub(super) fn object(self, name: &str) -> Result<Input<'a>, Fault> {
        self.get(name)?.as_object().map(Input).ok_or_else(|| malformed(format_args!("{name} is no object")))
    }

    pub(super) fn scalar(self, name: &str) -> Result<Scalar, Fault> {
        Scalar::from_bytes(&self.bytes(name)?).refused()
    }

    pub(super) fn scalars(self, name: &str) -> Result<Vec<Scalar>, Fault> {
        self.byte_lists(name)?.iter().map(|bytes| Scalar::from_bytes(bytes).refused()).collect()
    }

    /// A value, decoded from its wire encoding. The library's error becomes [`Fault::Refused`].
    pub(super) fn wire<T: Wire>(self, name: &str) -> Result<T, Fault> {
        T::from_bytes(&self.bytes(name)?).refused()
    }
}

/// Clamps an X25519 secret (RFC 7748, section 5).
pub(super) const fn clamped(mut secret: [u8; 32]) -> [u8; 32] {
    secret[0] &= 0xf8;
    secret[31] = secret[31] & 0x7f | 0x40;
    secret
}

pub(super) fn read_hex(value: &Value) -> Result<Vec<u8>, Fault> {
    let text = value.as_str().ok_or_else(|| malformed("no hexadecimal text"))?;
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(malformed("capital hexadecimal digits"));
    }
    hex::decode(text).map_err(malformed)
}

/// Checks that `value` is of this kind, with no extra and no missing field.
pub(super) fn conforms(value: &Value, kind: Kind) -> Result<(), Fault> {
    const LARGEST: u64 = 1 << 53;
    match (kind, value) {
        (Kind::Hex, _) => read_hex(value).map(drop),
        (Kind::Number, _) if value.as_u64().is_some_and(|n| n <= LARGEST) => Ok(()),
        (Kind::Text, Value::String(_)) | (Kind::Truth, Value::Bool(_)) | (Kind::Maybe(_), Value::Null) => Ok(()),
        (Kind::Maybe(kind), _) => conforms(value, *kind),
        (Kind::List(kind), Value::Array(items)) => items.iter().try_for_each(|item| conforms(item, *kind)),
        (Kind::Object(fields), Value::Object(object)) => conforms_to_fields(object, fields),
        _ => Err(malformed(format_args!("a field of another kind: {value}"))),
    }
}

/// Checks that `object` has exactly these fields.
pub(super) fn conforms_to_fields(object: &Map<String, Value>, fields: Fields) -> Result<(), Fault> {
    if let Some(name) = object.keys().find(|name| !fields.iter().any(|(known, _)| known == name)) {
        return Err(malformed(format_args!("unknown field {name}")));
    }
    fields.iter().try_for_each(|(name, kind)| conforms(Input(object).get(name)?, *kind))
}

/// The JSON schema of a kind.
pub(super) fn schema(kind: Kind) -> Value {
    match kind {
        Kind::Hex => json!({ "type": "string", "pattern": "^([0-9a-f]{2})*$" }),
        Kind::Number => json!({ "type": "integer", "minimum": 0, "maximum": 1_u64 << 53 }),
        Kind::Text => json!({ "type": "string" }),
        Kind::Truth => json!({ "type": "boolean" }),
        Kind::List(kind) => json!({ "type": "array", "items": schema(*kind) }),
        Kind::Maybe(kind) => json!({ "anyOf": [{ "type": "null" }, schema(*kind)] }),
        Kind::Object(fields) => schema_of_fields(fields),
    }
}

/// The JSON schema of an object with exactly these fields.
pub(super) fn schema_of_fields(fields: Fields) -> Value {
    let properties: Map<_, _> = fields.iter().map(|(name, kind)| ((*name).to_owned(), schema(*kind))).collect();
    let required: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}
