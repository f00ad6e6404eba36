//! Registration by phone: a one-time code proves that the person holds the number.
//!
//! Paper: section 3.2, "carry out user registration process by using mobile phone authentication".
//!
//! ```text
//! K <- 20 random bytes, for this registration only
//! code = TOTP(K, t) = HOTP(K, floor((t - T0) / X)) mod 10^6      RFC 6238, T0 = the time of sending, X = 180 s
//! accepted: once, while t - T0 < X, within three attempts
//! ```
//!
//! The phone number is not stored: it is dropped as soon as the code is sent. While a registration is remembered, a MAC
//! of the number under a key of the authority is kept. With it, one phone cannot open several registrations at once,
//! which would give it more attempts.

use super::error::IdentityError;
use crate::hash::{Digest, hmac, label};
use crate::secret::Secret;
use crate::time::Seconds;
use crate::wire::forms::wire_newtype;
use rand_core::CryptoRng;
use std::collections::HashMap;
use totp_rs::Totp;
use zeroize::Zeroizing;

/// Seconds for which a code is accepted: X.
pub const CODE_LIFETIME: u64 = 180;
/// The number of wrong codes after which a registration is closed.
pub const ATTEMPTS: u8 = 3;
/// Seconds after which a registration is forgotten. Until then, a late code gets the exact reason for its refusal.
pub const REMEMBERED: u64 = 3600;

/// A phone number in the international form of ITU-T E.164: `+` and 7 to 15 digits. It is never printed, and zeroized
/// in `Drop`.
#[derive(Clone, Debug)]
pub struct PhoneNumber(Secret<String>);

impl PhoneNumber {
    /// Reads a number. Spaces and hyphens are ignored.
    ///
    /// # Errors
    /// [`IdentityError::BadPhoneNumber`].
    pub fn new(text: &str) -> Result<Self, IdentityError> {
        let mut number = Zeroizing::new(String::with_capacity(text.len()));
        number.extend(text.chars().filter(|c| !matches!(c, ' ' | '-')));
        let digits = number.strip_prefix('+').unwrap_or_default();
        let first = digits.bytes().next();
        match digits.len() {
            7..=15 if first != Some(b'0') && digits.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(Self(Secret::new(core::mem::take(&mut *number))))
            }
            _ => Err(IdentityError::BadPhoneNumber),
        }
    }

    /// The number in plain text, for the delivery of the code.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// The delivery of codes: a text message in practice, a screen or a list in a demonstration.
pub trait Delivery {
    /// Delivers `code`, six digits, to `phone`.
    fn deliver(&mut self, phone: &PhoneNumber, code: &str);
}

/// The identifier of an open registration. It is not secret: it is useless without the code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket(pub [u8; 16]);

wire_newtype!(Ticket, 16, "registration ticket");

/// The open and remembered registrations of one authority.
pub(super) struct Registrations {
    key: Secret<[u8; 32]>,
    known: HashMap<Ticket, Registration>,
}

struct Registration {
    code: Totp,
    sent: Seconds,
    left: u8,
    used: bool,
    phone: Digest,
}

impl Registration {
    /// Seconds since the code was sent.
    const fn age(&self, now: Seconds) -> u64 {
        now.0.saturating_sub(self.sent.0)
    }

    const fn live(&self, now: Seconds) -> bool {
        self.age(now) < CODE_LIFETIME
    }
}

impl Registrations {
    pub(super) fn new(rng: &mut impl CryptoRng) -> Self {
        let mut key = [0; 32];
        rng.fill_bytes(&mut key);
        Self { key: Secret::new(key), known: HashMap::new() }
    }

    pub(super) fn begin(
        &mut self,
        phone: &PhoneNumber,
        now: Seconds,
        delivery: &mut impl Delivery,
        rng: &mut impl CryptoRng,
    ) -> Result<Ticket, IdentityError> {
        self.known.retain(|_, r| r.age(now) < REMEMBERED);
        let mark = hmac(self.key.expose(), label::PHONE, phone.expose().as_bytes());
        if self.known.values().any(|r| r.phone == mark && !r.used && r.live(now)) {
            return Err(IdentityError::RegistrationOpen);
        }
        let mut ticket = [0; 16];
        rng.fill_bytes(&mut ticket);
        let mut secret = vec![0; 20];
        rng.fill_bytes(&mut secret);
        // "Noncompliant" only skips the check of the lengths, which are constant here: 160 bits, 6 digits (RFC 4226).
        let code = totp_rs::Builder::new()
            .with_secret(secret)
            .with_digits(6)
            .with_skew(0)
            .with_step_duration(CODE_LIFETIME)
            .build_noncompliant();
        delivery.deliver(phone, &Zeroizing::new(code.generate(0).to_string()));
        let registration = Registration { code, sent: now, left: ATTEMPTS, used: false, phone: mark };
        self.known.insert(Ticket(ticket), registration);
        Ok(Ticket(ticket))
    }

    /// Checks a code. A wrong code uses up an attempt. A right code can be used until [`close`](Self::close).
    pub(super) fn check(&mut self, ticket: &Ticket, code: &str, now: Seconds) -> Result<(), IdentityError> {
        let registration = self.known.get_mut(ticket).ok_or(IdentityError::UnknownTicket)?;
        match registration {
            Registration { used: true, .. } => Err(IdentityError::CodeReused),
            Registration { left: 0, .. } => Err(IdentityError::TooManyAttempts),
            late if !late.live(now) => Err(IdentityError::CodeExpired),
            open if open.code.check(code, open.age(now)).is_some() => Ok(()),
            wrong => {
                wrong.left -= 1;
                Err(IdentityError::WrongCode { left: wrong.left })
            }
        }
    }

    pub(super) fn contains(&self, ticket: &Ticket) -> bool {
        self.known.contains_key(ticket)
    }

    pub(super) fn close(&mut self, ticket: &Ticket) {
        if let Some(registration) = self.known.get_mut(ticket) {
            registration.used = true;
        }
    }
}

#[cfg(test)]
mod tests;
