//! Macros that implement the standard conversions of a type of a fixed size: to bytes, to text, and the traits of other
//! libraries.

/// `TryFrom<&[u8]>` for a type that has `from_bytes`.
macro_rules! try_from_bytes {
    ($type:ident) => {
        /// As `from_bytes`.
        impl TryFrom<&[u8]> for $type {
            type Error = $crate::error::DecodeError;

            fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
                Self::from_bytes(bytes)
            }
        }
    };
}

/// Serde's traits for a public type that has `BYTES`, `to_bytes` and `TryFrom<&[u8]>`.
macro_rules! serde_forms {
    ($type:ident, $name:literal) => {
        /// Writes lower-case hex digits in human-readable formats, and bytes in binary formats.
        #[cfg(feature = "serde")]
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::wire::serial::serialize(&self.to_bytes(), serializer)
            }
        }

        /// Reads with every check of `from_bytes`.
        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::wire::serial::deserialize::<Self, D, { Self::BYTES }>($name, deserializer)
            }
        }
    };
}

/// The conversions of a public type that has `BYTES`, `to_bytes` and `from_bytes`: `TryFrom<&[u8]>`, hex digits and
/// serde.
macro_rules! public_forms {
    ($type:ident, $name:literal) => {
        $crate::wire::forms::try_from_bytes!($type);
        $crate::wire::forms::serde_forms!($type, $name);

        /// Lower-case hex digits.
        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(&hex::encode(self.to_bytes()))
            }
        }

        /// Reads exactly what `Display` prints.
        impl core::str::FromStr for $type {
            type Err = $crate::error::DecodeError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::from_bytes(&$crate::wire::from_hex::<{ Self::BYTES }>($name, text)?)
            }
        }
    };
}

/// The traits of a secret type whose field 0 is a [`Secret`](crate::secret::Secret): comparison in constant time, and
/// overwriting in `Drop`, which the field does.
macro_rules! secret_forms {
    ($type:ident) => {
        impl subtle::ConstantTimeEq for $type {
            fn ct_eq(&self, other: &Self) -> subtle::Choice {
                $crate::secret::wiped_short(|| self.0.expose().ct_eq(other.0.expose()))
            }
        }

        /// Compares in constant time.
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                subtle::ConstantTimeEq::ct_eq(self, other).into()
            }
        }

        impl Eq for $type {}

        impl zeroize::ZeroizeOnDrop for $type {}
    };
}

/// The methods of a secret type around `Secret<[u8; N]>`, for which every value is valid.
macro_rules! secret_newtype {
    ($type:ident, $bytes:literal, $name:literal) => {
        impl $type {
            /// Bytes of an encoding.
            pub const BYTES: usize = $bytes;

            /// Creates the secret from its bytes. Every value is valid.
            pub fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self($crate::secret::Secret::new(bytes))
            }

            /// Returns a copy of the secret bytes, which is overwritten in `Drop`.
            pub fn to_bytes(&self) -> $crate::secret::Secret<[u8; $bytes]> {
                self.0.clone()
            }

            /// Returns the secret bytes, for storage or transport under the owner's own protection.
            pub const fn expose(&self) -> &[u8; $bytes] {
                self.0.expose()
            }
        }

        impl TryFrom<&[u8]> for $type {
            type Error = $crate::error::DecodeError;

            /// Fails only for a wrong length.
            fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
                let error = $crate::error::DecodeError::Length { what: $name, expected: $bytes, got: bytes.len() };
                bytes.try_into().map(Self::from_bytes).map_err(|_| error)
            }
        }

        $crate::wire::forms::secret_forms!($type);
    };
}

/// The encoding of a type around `[u8; N]` or a [`Digest`](crate::hash::Digest) for which every value is valid: the
/// bytes alone. With `hex`, the type is public and gets [`public_forms`] too.
macro_rules! wire_newtype {
    ($type:ident, $bytes:literal, $name:literal, hex) => {
        $crate::wire::forms::wire_newtype!(@bytes $type, $bytes, $name);
        $crate::wire::forms::public_forms!($type, $name);
    };
    ($type:ident, $bytes:literal, $name:literal) => {
        $crate::wire::forms::wire_newtype!(@bytes $type, $bytes, $name);
        $crate::wire::forms::try_from_bytes!($type);
    };
    (@bytes $type:ident, $bytes:literal, $name:literal) => {
        impl $type {
            /// Bytes of an encoding.
            pub const BYTES: usize = $bytes;

            /// The bytes.
            pub fn to_bytes(&self) -> [u8; $bytes] {
                self.0.into()
            }

            /// Reads the bytes, every value of which is valid.
            ///
            /// # Errors
            /// [`DecodeError::Length`](crate::error::DecodeError::Length) for fewer bytes,
            /// [`DecodeError::Trailing`](crate::error::DecodeError::Trailing) for more.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, $crate::error::DecodeError> {
                $crate::wire::Wire::from_bytes(bytes)
            }
        }

        impl $crate::wire::Wire for $type {
            const NAME: &'static str = $name;

            fn write(&self, out: &mut $crate::wire::Writer) {
                out.raw(self.as_ref());
            }

            fn read(input: &mut $crate::wire::Reader<'_>) -> Result<Self, $crate::error::DecodeError> {
                input.array(Self::NAME).map(Self::from)
            }
        }

        impl From<[u8; $bytes]> for $type {
            fn from(bytes: [u8; $bytes]) -> Self {
                Self(bytes.into())
            }
        }

        impl From<$type> for [u8; $bytes] {
            fn from(value: $type) -> Self {
                value.0.into()
            }
        }

        impl AsRef<[u8]> for $type {
            fn as_ref(&self) -> &[u8] {
                self.0.as_ref()
            }
        }
    };
}

pub(crate) use {public_forms, secret_forms, secret_newtype, serde_forms, try_from_bytes, wire_newtype};
