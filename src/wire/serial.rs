//! Serde support for encodings of a fixed size: hex digits in human-readable formats, bytes in binary formats.
//!
//! Deserialization uses `TryFrom<&[u8]>`, with every check of `from_bytes`.

use super::from_hex;
use crate::error::DecodeError;
use core::fmt;
use core::marker::PhantomData;
use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        serializer.serialize_str(&hex::encode(bytes))
    } else {
        serializer.serialize_bytes(bytes)
    }
}

pub(crate) fn deserialize<'de, T, D, const N: usize>(what: &'static str, deserializer: D) -> Result<T, D::Error>
where
    T: for<'a> TryFrom<&'a [u8], Error = DecodeError>,
    D: Deserializer<'de>,
{
    let human_readable = deserializer.is_human_readable();
    let visitor = Fixed::<T, N> { what, human_readable, value: PhantomData };
    if human_readable { deserializer.deserialize_str(visitor) } else { deserializer.deserialize_bytes(visitor) }
}

/// A visitor that accepts only the form of the format: hex digits or bytes.
struct Fixed<T, const N: usize> {
    what: &'static str,
    human_readable: bool,
    value: PhantomData<T>,
}

impl<T: for<'a> TryFrom<&'a [u8], Error = DecodeError>, const N: usize> Visitor<'_> for Fixed<T, N> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, human_readable, .. } = self;
        if *human_readable { write!(f, "{what}: {} hex digits", 2 * N) } else { write!(f, "{what}: {N} bytes") }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        if !self.human_readable {
            return Err(E::invalid_type(serde::de::Unexpected::Str(text), &self));
        }
        let bytes = from_hex::<N>(self.what, text).map_err(E::custom)?;
        T::try_from(&bytes).map_err(E::custom)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<T, E> {
        if self.human_readable {
            return Err(E::invalid_type(serde::de::Unexpected::Bytes(bytes), &self));
        }
        T::try_from(bytes).map_err(E::custom)
    }
}
