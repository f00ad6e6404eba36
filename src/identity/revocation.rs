//! Revocation: each authority signs a numbered list of its revoked certificates.
//!
//! Departure: this is not an X.509 CRL, since reasons, dates and deltas are not needed. The list names its authority,
//! has an ascending number and is signed. So it cannot be forged, attributed to another authority, or replaced by an
//! older list.

use super::error::IdentityError;
use super::keys::{Signature, SigningKey, VerifyingKey};
use super::serial::Serial;
use super::subject::MemberId;
use crate::error::DecodeError;
use crate::hash::{label, tagged};
use crate::wire::{Reader, Wire, Writer};
use std::collections::BTreeSet;

/// The serial numbers that an authority has revoked, in ascending order. 124 bytes, and 16 for each serial number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RevocationList {
    authority: MemberId,
    number: u64,
    serials: Vec<Serial>,
    signature: Signature,
}

impl RevocationList {
    /// The largest number of serial numbers that is accepted.
    pub const LIMIT: u32 = 1 << 20;

    pub(super) fn sign(authority: MemberId, number: u64, revoked: &BTreeSet<Serial>, key: &SigningKey) -> Self {
        let serials: Vec<_> = revoked.iter().copied().collect();
        let signature = key.sign(&message(authority, number, &serials));
        Self { authority, number, serials, signature }
    }

    /// The identifier of the authority.
    pub const fn authority(&self) -> MemberId {
        self.authority
    }

    /// The number of the list, which grows with each change.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The revoked serial numbers, in ascending order.
    pub fn serials(&self) -> &[Serial] {
        &self.serials
    }

    /// Checks that the holder of `authority` signed the list.
    ///
    /// # Errors
    /// [`IdentityError::BadSignature`].
    pub fn verify(&self, authority: &VerifyingKey) -> Result<(), IdentityError> {
        authority.verify(&message(self.authority, self.number, &self.serials), &self.signature)
    }
}

/// The signed message: the hash of all fields under the label of revocation lists.
fn message(authority: MemberId, number: u64, serials: &[Serial]) -> [u8; 32] {
    let mut fields = Writer::default();
    fields.raw(&authority.0).u64(number).list(serials);
    tagged(label::REVOCATIONS, &[&fields.into_bytes()]).0
}

impl Wire for RevocationList {
    const NAME: &'static str = "revocation list";

    fn write(&self, out: &mut Writer) {
        self.authority.write(out);
        out.u64(self.number).list(&self.serials);
        self.signature.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let authority = MemberId::read(input)?;
        let number = input.u64(Self::NAME)?;
        let serials: Vec<Serial> = input.list(Self::NAME, Self::LIMIT)?;
        if !serials.is_sorted_by(|a, b| a < b) {
            return Err(DecodeError::NonCanonical { what: Self::NAME });
        }
        Ok(Self { authority, number, serials, signature: Signature::read(input)? })
    }
}
