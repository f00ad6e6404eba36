//! Canonical bytes: one value, one encoding.
//!
//! Integers are big-endian; a field of variable length stands behind its length as four bytes; a list behind its count.
//! Reading checks each length against a limit and against the bytes that are there before anything is allocated, and
//! refuses what is left over at the end.

use crate::error::DecodeError;
use crate::hash::Digest;

/// A value with a canonical encoding.
pub trait Wire: Sized {
    /// The name that errors carry.
    const NAME: &'static str;

    /// Appends the encoding to `out`.
    fn write(&self, out: &mut Writer);

    /// Reads one value.
    ///
    /// # Errors
    /// [`DecodeError`], naming the field.
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// The encoding.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        self.write(&mut out);
        out.into_bytes()
    }

    /// Reads a value that is all of `bytes`.
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
    /// Room for `bytes` without growing, which would leave a copy of what was written behind.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Bytes of a length that the reader knows.
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

    /// Bytes behind their length. A field longer than `u32::MAX` cannot be read back: no limit admits it.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).raw(bytes)
    }

    /// Values behind their count.
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

/// Takes fields from a slice.
#[derive(Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next `n` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Length`] where fewer are left.
    pub fn raw(&mut self, what: &'static str, n: usize) -> Result<&'a [u8], DecodeError> {
        let (head, tail) =
            self.0.split_at_checked(n).ok_or(DecodeError::Length { what, expected: n, got: self.0.len() })?;
        self.0 = tail;
        Ok(head)
    }

    /// The next `N` bytes as an array.
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
    /// [`DecodeError::Length`] at the end.
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

    /// Bytes behind their length, at most `limit` of them.
    ///
    /// # Errors
    /// [`DecodeError::Limit`] or [`DecodeError::Length`].
    pub fn bytes(&mut self, what: &'static str, limit: u32) -> Result<&'a [u8], DecodeError> {
        let n = self.count(what, limit)?;
        self.raw(what, n)
    }

    /// UTF-8 text behind its length, at most `limit` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Limit`], [`DecodeError::Length`] or [`DecodeError::Text`].
    pub fn text(&mut self, what: &'static str, limit: u32) -> Result<&'a str, DecodeError> {
        core::str::from_utf8(self.bytes(what, limit)?).map_err(|_| DecodeError::Text { what })
    }

    /// Values behind their count, at most `limit` of them. Memory grows with what is read, not with the count.
    ///
    /// # Errors
    /// [`DecodeError::Limit`], or the error of the first value that cannot be read.
    pub fn list<T: Wire>(&mut self, what: &'static str, limit: u32) -> Result<Vec<T>, DecodeError> {
        let n = self.count(what, limit)?;
        (0..n).map(|_| T::read(self)).collect()
    }

    /// A count or length of four bytes, at most `limit`.
    ///
    /// # Errors
    /// [`DecodeError::Limit`] or [`DecodeError::Length`].
    pub fn count(&mut self, what: &'static str, limit: u32) -> Result<usize, DecodeError> {
        match self.u32(what)? {
            n if n <= limit => Ok(n as usize),
            n => Err(DecodeError::Limit { what, limit: limit.into(), got: n.into() }),
        }
    }

    /// Checks that nothing is left.
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

impl Wire for Digest {
    const NAME: &'static str = "digest";

    fn write(&self, out: &mut Writer) {
        out.raw(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array(Self::NAME).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_was_written() {
        let mut out = Writer::default();
        out.u8(7).u32(1 << 20).u64(u64::MAX).bytes(b"abc").list(&[Digest([1; 32]), Digest([2; 32])]);
        let bytes = out.into_bytes();
        let mut input = Reader::new(&bytes);
        assert_eq!(input.u8("a"), Ok(7));
        assert_eq!(input.u32("b"), Ok(1 << 20));
        assert_eq!(input.u64("c"), Ok(u64::MAX));
        assert_eq!(input.text("d", 3), Ok("abc"));
        assert_eq!(input.list("e", 2), Ok(vec![Digest([1; 32]), Digest([2; 32])]));
        assert_eq!(input.end("f"), Ok(()));
    }

    #[test]
    fn a_huge_count_asks_for_no_memory() {
        let bytes = [0xff, 0xff, 0xff, 0xff];
        let limit = DecodeError::Limit { what: "x", limit: 9, got: u32::MAX.into() };
        assert_eq!(Reader::new(&bytes).bytes("x", 9), Err(limit.clone()));
        assert_eq!(Reader::new(&bytes).list::<Digest>("x", 9), Err(limit));
        let short = DecodeError::Length { what: "digest", expected: 32, got: 0 };
        assert_eq!(Reader::new(&bytes).list::<Digest>("x", u32::MAX), Err(short));
    }

    #[test]
    fn short_and_long_inputs_are_named() {
        assert_eq!(Digest::from_bytes(&[0; 31]), Err(DecodeError::Length { what: "digest", expected: 32, got: 31 }));
        assert_eq!(Digest::from_bytes(&[0; 33]), Err(DecodeError::Trailing { what: "digest", extra: 1 }));
        assert_eq!(Reader::new(&[0, 0, 0, 1, 0xff]).text("t", 9), Err(DecodeError::Text { what: "t" }));
    }
}
