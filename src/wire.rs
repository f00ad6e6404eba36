//! The canonical encoding: each value has exactly one encoding.
//!
//! Integers are big-endian. A field of variable length is preceded by its length in four bytes; a list is preceded by
//! its count in four bytes. Reading checks each length against a limit and against the number of available bytes before
//! it allocates, and refuses bytes after the end.
//!
//! Types of a fixed size also have inherent methods, so that their users need not import [`Wire`]: the constant
//! `BYTES`, `to_bytes` (an array; for a secret, an array inside a [`Secret`](crate::secret::Secret)) and `from_bytes`,
//! beside `TryFrom<&[u8]>`. The macros of `forms` define them. Public types are printed and parsed as lower-case hex
//! digits, and implement serde's traits under the feature `serde`. Secret types do neither, and are compared in
//! constant time.

use crate::error::DecodeError;

/// A value with a canonical encoding.
pub trait Wire: Sized {
    /// The name of the type in errors.
    const NAME: &'static str;

    /// Appends the encoding to `out`.
    fn write(&self, out: &mut Writer);

    /// Reads one value from the input.
    ///
    /// # Errors
    /// [`DecodeError`], naming the field.
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Returns the encoding.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        self.write(&mut out);
        out.into_bytes()
    }

    /// Reads a value whose encoding is exactly `bytes`.
    ///
    /// # Errors
    /// [`DecodeError`], naming the field; [`DecodeError::Trailing`] where bytes are left over.
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let value = Self::read(&mut input)?;
        input.end(Self::NAME)?;
        Ok(value)
    }
}

/// Appends fields to a buffer.
#[derive(Default, Debug)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Creates a buffer with room for `bytes` bytes. A buffer that grows beyond this leaves copies of its content in
    /// freed memory.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Appends bytes without a length, for a field of a fixed length.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.raw(&[value])
    }

    /// Four bytes, big-endian.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// Eight bytes, big-endian.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// Appends the length of `bytes`, then `bytes`. No reader accepts a field longer than `u32::MAX`, since limits have
    /// 32 bits.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).raw(bytes)
    }

    /// Appends the number of values, then the values.
    pub fn list<T: Wire>(&mut self, items: &[T]) -> &mut Self {
        self.u32(u32::try_from(items.len()).unwrap_or(u32::MAX));
        for item in items {
            item.write(self);
        }
        self
    }

    /// The bytes written so far.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Reads fields from a slice.
#[derive(Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Creates a reader at the first byte.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Reads the next `n` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Length`] where fewer are left.
    pub fn raw(&mut self, what: &'static str, n: usize) -> Result<&'a [u8], DecodeError> {
        let (head, tail) =
            self.0.split_at_checked(n).ok_or(DecodeError::Length { what, expected: n, got: self.0.len() })?;
        self.0 = tail;
        Ok(head)
    }

    /// Reads the next `N` bytes as an array.
    ///
    /// # Errors
    /// [`DecodeError::Length`] where fewer are left.
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        let (head, tail) =
            self.0.split_first_chunk().ok_or(DecodeError::Length { what, expected: N, got: self.0.len() })?;
        self.0 = tail;
        Ok(*head)
    }

    /// One byte.
    ///
    /// # Errors
    /// [`DecodeError::Length`] where no byte is left.
    pub fn u8(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        self.array(what).map(u8::from_be_bytes)
    }

    /// Four bytes, big-endian.
    ///
    /// # Errors
    /// [`DecodeError::Length`] where fewer are left.
    pub fn u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        self.array(what).map(u32::from_be_bytes)
    }

    /// Eight bytes, big-endian.
    ///
    /// # Errors
    /// [`DecodeError::Length`] where fewer are left.
    pub fn u64(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        self.array(what).map(u64::from_be_bytes)
    }

    /// Reads a length of at most `limit`, then this many bytes.
    ///
    /// # Errors
    /// [`DecodeError::Limit`] or [`DecodeError::Length`].
    pub fn bytes(&mut self, what: &'static str, limit: u32) -> Result<&'a [u8], DecodeError> {
        let n = self.count(what, limit)?;
        self.raw(what, n)
    }

    /// Reads a length of at most `limit` bytes, then UTF-8 text of this length.
    ///
    /// # Errors
    /// [`DecodeError::Limit`], [`DecodeError::Length`] or [`DecodeError::Text`].
    pub fn text(&mut self, what: &'static str, limit: u32) -> Result<&'a str, DecodeError> {
        core::str::from_utf8(self.bytes(what, limit)?).map_err(|_| DecodeError::Text { what })
    }

    /// Reads a count of at most `limit`, then this many values. Memory grows with the values that are read, not with
    /// the count.
    ///
    /// # Errors
    /// [`DecodeError::Limit`], or the error of the first value that cannot be read.
    pub fn list<T: Wire>(&mut self, what: &'static str, limit: u32) -> Result<Vec<T>, DecodeError> {
        let n = self.count(what, limit)?;
        (0..n).map(|_| T::read(self)).collect()
    }

    /// Reads a count or length of four bytes, at most `limit`.
    ///
    /// # Errors
    /// [`DecodeError::Limit`] or [`DecodeError::Length`].
    pub fn count(&mut self, what: &'static str, limit: u32) -> Result<usize, DecodeError> {
        match self.u32(what)? {
            n if n <= limit => Ok(n as usize),
            n => Err(DecodeError::Limit { what, limit: limit.into(), got: n.into() }),
        }
    }

    /// Checks that all bytes were read.
    ///
    /// # Errors
    /// [`DecodeError::Trailing`].
    pub const fn end(&self, what: &'static str) -> Result<(), DecodeError> {
        match self.0.len() {
            0 => Ok(()),
            extra => Err(DecodeError::Trailing { what, extra }),
        }
    }
}

/// The concatenation of `parts`, which together have `N` bytes.
pub(crate) fn concat<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut out = [0; N];
    let mut rest = &mut out[..];
    for part in parts {
        let (head, tail) = rest.split_at_mut(part.len());
        head.copy_from_slice(part);
        rest = tail;
    }
    debug_assert!(rest.is_empty(), "the parts fill the array");
    out
}

/// Reads `N` bytes from lower-case hex digits.
pub(crate) fn from_hex<const N: usize>(what: &'static str, text: &str) -> Result<[u8; N], DecodeError> {
    let mut bytes = [0; N];
    let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
    match hex::decode_to_slice(text, &mut bytes) {
        Ok(()) if lower => Ok(bytes),
        _ => Err(DecodeError::Text { what }),
    }
}

pub(crate) mod forms;
#[cfg(feature = "serde")]
pub(crate) mod serial;
#[cfg(test)]
mod tests;
