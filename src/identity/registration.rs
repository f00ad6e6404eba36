//! Registration by phone: a one-time code proves that the person holds the number.
//!
//! Paper: section 3.2, "carry out user registration process by using mobile phone authentication".
//!
//! ```text
//! K <- 20 random bytes, for this registration only
//! code = TOTP(K, t) = HOTP(K, floor((t - T0) / X)) mod 10^6      RFC 6238, T0 = the time of sending, X = 180 s
//! accepted: once, while t - T0 < X, within three attempts
//! after n unfinished registrations of a phone, the next one begins min(X 2^(n-1), one day) after the last code
//! nine wrong codes for a phone, in all its registrations: no more codes for 30 days
//! ```
//!
//! So a guesser has a chance of 9 in 10^6 for each phone and month.
//!
//! The phone number is not stored: it is dropped as soon as the code is sent. A MAC of the number under a key of the
//! authority is kept, with nothing that joins it to a uid: for 30 days at most while nobody has registered with the phone,
//! and for ever after a person has. A person registers once with a phone; an institution as often as the operator wants.
//!
//! Whoever knows the number of somebody else can begin registrations for it, and so keep its holder out for up to a day each
//! time, or for a month with wrong codes, and learns whether a person has registered with it. Whoever begins registrations for
//! very many numbers keeps everybody out until they are forgotten: what accepts registrations from a network must limit how
//! many come from one sender. No rule on phone numbers alone prevents both this and unlimited guesses.
//! [`Authority::allow_phone`](super::Authority::allow_phone) is the answer: the operator, who has checked the person in
//! another way, clears what is known of the phone. The same call serves a person who has lost the credentials, after
//! [`Authority::revoke_person`](super::Authority::revoke_person), and the next holder of a number.

use super::error::IdentityError;
use super::subject::Subject;
use crate::hash::{Digest, hmac, label};
use crate::secret::{Secret, wiped_short};
use crate::time::Seconds;
use crate::wire::forms::wire_newtype;
use rand_core::CryptoRng;
use std::collections::{HashMap, HashSet};
use totp_rs::Totp;
use zeroize::Zeroizing;

/// Seconds for which a code is accepted: X.
pub const CODE_LIFETIME: u64 = 180;
/// The number of wrong codes after which a registration is closed.
pub const ATTEMPTS: u8 = 3;
/// Seconds after which a registration is forgotten. Until then, a late code gets the exact reason for its refusal.
pub const REMEMBERED: u64 = 3600;
/// Wrong codes for one phone, in all its registrations, after which it gets no more codes.
pub const BUDGET: u8 = 9;
/// Seconds of the longest wait between two registrations of one phone: one day.
pub const LONGEST_WAIT: u64 = 24 * 3600;
/// Seconds after the last code for which the wrong codes of a phone count: 30 days.
pub const FORGOTTEN: u64 = 30 * 24 * 3600;
/// The largest number of registrations that an authority remembers, about 200 bytes each.
pub const REGISTRATIONS: usize = 1 << 16;
/// The largest number of phones with unfinished registrations that an authority remembers, about 80 bytes each.
pub const PHONES: usize = 1 << 20;

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
        wiped_short(|| {
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
        })
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
    /// The phones with unfinished registrations, by the MAC of the number.
    phones: HashMap<Digest, Phone>,
    /// The phones with which a person has registered.
    registered: HashSet<Digest>,
    /// When old entries were last removed.
    swept: Seconds,
}

struct Registration {
    code: Totp,
    sent: Seconds,
    left: u8,
    used: bool,
    phone: Digest,
    /// The subject of an institution, as the operator has chosen it; `None` for a person.
    institution: Option<Subject>,
}

/// What is known of a phone whose last registration is not finished.
#[derive(Clone, Copy)]
struct Phone {
    /// When the last code was sent.
    sent: Seconds,
    /// Registrations since the last finished one.
    unfinished: u32,
    /// Wrong codes in them.
    wrong: u8,
}

impl Phone {
    const fn remembered(&self, now: Seconds) -> bool {
        let limit = if self.wrong > 0 { FORGOTTEN } else { LONGEST_WAIT };
        now.0.saturating_sub(self.sent.0) < limit
    }

    /// Checks that the next code may be sent.
    fn check(&self, now: Seconds) -> Result<(), IdentityError> {
        let age = now.0.saturating_sub(self.sent.0);
        let wait = CODE_LIFETIME << self.unfinished.saturating_sub(1).min(16);
        match wait.min(LONGEST_WAIT) {
            _ if age < CODE_LIFETIME => Err(IdentityError::RegistrationOpen),
            _ if self.wrong >= BUDGET => Err(IdentityError::PhoneLocked),
            wait if age < wait => Err(IdentityError::BackOff { wait: wait - age }),
            _ => Ok(()),
        }
    }
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
        let mut key = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *key);
        let (known, phones, registered) = (HashMap::new(), HashMap::new(), HashSet::new());
        Self { key: Secret::new(*key), known, phones, registered, swept: Seconds(0) }
    }

    /// Sends a code to `phone`. `institution` is the subject of an institution; `None` for a person.
    pub(super) fn begin(
        &mut self,
        phone: &PhoneNumber,
        institution: Option<Subject>,
        now: Seconds,
        delivery: &mut impl Delivery,
        rng: &mut impl CryptoRng,
    ) -> Result<Ticket, IdentityError> {
        self.sweep(now);
        let mark = self.mark(phone);
        if institution.is_none() && self.registered.contains(&mark) {
            return Err(IdentityError::AlreadyRegistered);
        }
        let earlier = self.phones.get(&mark).copied().filter(|phone| phone.remembered(now));
        earlier.map_or(Ok(()), |phone| phone.check(now))?;
        if self.known.len() >= REGISTRATIONS || (earlier.is_none() && self.phones.len() >= PHONES) {
            return Err(IdentityError::TooManyRegistrations);
        }
        let mut ticket = [0; 16];
        rng.fill_bytes(&mut ticket);
        let (code, digits) = wiped_short(|| {
            let mut secret = vec![0; 20];
            rng.fill_bytes(&mut secret);
            // "Noncompliant" only skips the check of the lengths, which are constant here: 160 bits, 6 digits (RFC 4226).
            let code = totp_rs::Builder::new()
                .with_secret(secret)
                .with_digits(6)
                .with_skew(0)
                .with_step_duration(CODE_LIFETIME)
                .build_noncompliant();
            let digits = Zeroizing::new(code.generate(0).to_string());
            (code, digits)
        });
        delivery.deliver(phone, &digits);
        let (unfinished, wrong) = earlier.map_or((0, 0), |phone| (phone.unfinished, phone.wrong));
        self.phones.insert(mark, Phone { sent: now, unfinished: unfinished + 1, wrong });
        let left = ATTEMPTS.min(BUDGET - wrong);
        let registration = Registration { code, sent: now, left, used: false, phone: mark, institution };
        self.known.insert(Ticket(ticket), registration);
        Ok(Ticket(ticket))
    }

    /// Checks a code, and returns the subject of an institution. A wrong code uses up an attempt. A right code can be
    /// used until [`close`](Self::close).
    pub(super) fn check(
        &mut self,
        ticket: &Ticket,
        code: &str,
        now: Seconds,
    ) -> Result<Option<Subject>, IdentityError> {
        let registration = self.known.get_mut(ticket).ok_or(IdentityError::UnknownTicket)?;
        match registration {
            Registration { used: true, .. } => Err(IdentityError::CodeReused),
            Registration { left: 0, .. } => Err(IdentityError::TooManyAttempts),
            late if !late.live(now) => Err(IdentityError::CodeExpired),
            open if wiped_short(|| open.code.check(code, open.age(now))).is_some() => Ok(open.institution.clone()),
            wrong => {
                wrong.left -= 1;
                if let Some(phone) = self.phones.get_mut(&wrong.phone) {
                    phone.wrong += 1;
                }
                Err(IdentityError::WrongCode { left: wrong.left })
            }
        }
    }

    /// Ends a registration with success.
    pub(super) fn close(&mut self, ticket: &Ticket) {
        if let Some(registration) = self.known.get_mut(ticket) {
            registration.used = true;
            self.phones.remove(&registration.phone);
            if registration.institution.is_none() {
                self.registered.insert(registration.phone);
            }
        }
    }

    /// Forgets everything about a phone, open registrations too.
    pub(super) fn allow(&mut self, phone: &PhoneNumber) {
        let mark = self.mark(phone);
        self.known.retain(|_, registration| registration.phone != mark);
        self.phones.remove(&mark);
        self.registered.remove(&mark);
    }

    fn mark(&self, phone: &PhoneNumber) -> Digest {
        hmac(self.key.expose(), label::PHONE, phone.expose().as_bytes())
    }

    /// Removes old entries, at most once in the lifetime of a code: doing it in each call would take quadratic time.
    fn sweep(&mut self, now: Seconds) {
        if now.0.saturating_sub(self.swept.0) >= CODE_LIFETIME {
            self.known.retain(|_, registration| registration.age(now) < REMEMBERED);
            self.phones.retain(|_, phone| phone.remembered(now));
            self.swept = now;
        }
    }
}

#[cfg(test)]
mod tests;
