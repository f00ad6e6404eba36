//! Serial numbers of certificates.

use crate::wire::forms::wire_newtype;
use core::fmt;
use rand_core::CryptoRng;

/// The number that an authority gives each certificate: 16 bytes, of which 126 bits are random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(pub [u8; 16]);

wire_newtype!(Serial, 16, "serial number", hex);

impl Serial {
    /// Draws a fresh number. As an ASN.1 INTEGER it is positive and has 16 bytes.
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
