//! Serial numbers of certificates.

use crate::wire::forms::wire_newtype;
use core::fmt;
use rand_core::CryptoRng;

/// The number that an authority gives each certificate: 16 bytes, 126 of its bits random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(pub [u8; 16]);

wire_newtype!(Serial, 16, "serial number", hex);

impl Serial {
    /// A fresh number, positive and always of 16 bytes as an ASN.1 INTEGER.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        bytes[0] = bytes[0] & 0x7f | 0x40;
        Self(bytes)
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({self})")
    }
}
