use super::super::fixture::{NOW, Phone, rng};
use super::super::{MemberId, Role};
use super::*;

fn phone(text: &str) -> PhoneNumber {
    PhoneNumber::new(text).unwrap()
}

/// An open registration, its ticket and its code.
fn open_registration() -> (Registrations, Ticket, String) {
    let mut registrations = Registrations::new(&mut rng(1));
    let mut sent = Phone::default();
    let ticket = registrations.begin(&phone("+82 10-1234-5678"), None, NOW, &mut sent, &mut rng(2)).unwrap();
    assert_eq!(sent.0.len(), 1);
    assert_eq!(sent.0[0].0, "+821012345678");
    assert!(sent.last().len() == 6 && sent.last().bytes().all(|b| b.is_ascii_digit()));
    (registrations, ticket, sent.last().to_owned())
}

/// A code that is not `code`.
fn wrong(code: &str, n: u32) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1 + n) % 1_000_000)
}

/// RFC 4226 appendix D: the code of counter 0 under the secret "12345678901234567890".
#[test]
fn rfc4226_value() {
    struct Fixed;
    impl rand_core::TryRng for Fixed {
        type Error = core::convert::Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            Ok(0)
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            Ok(0)
        }
        fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Self::Error> {
            dst.iter_mut().zip(b"12345678901234567890".iter().cycle()).for_each(|(d, s)| *d = *s);
            Ok(())
        }
    }
    impl rand_core::TryCryptoRng for Fixed {}
    let mut sent = Phone::default();
    Registrations::new(&mut rng(1)).begin(&phone("+4930123456"), None, NOW, &mut sent, &mut Fixed).unwrap();
    assert_eq!(sent.last(), "755224");
}

#[test]
fn the_code_is_accepted_once_and_in_time() {
    let (mut registrations, ticket, code) = open_registration();
    assert_eq!(registrations.check(&ticket, &code, NOW + CODE_LIFETIME), Err(IdentityError::CodeExpired));
    assert_eq!(registrations.check(&ticket, &code, NOW + CODE_LIFETIME - 1), Ok(None));
    registrations.close(&ticket);
    assert_eq!(registrations.check(&ticket, &code, NOW), Err(IdentityError::CodeReused));
    assert_eq!(registrations.check(&Ticket([0; 16]), &code, NOW), Err(IdentityError::UnknownTicket));
}

#[test]
fn three_wrong_codes_close_the_registration() {
    let (mut registrations, ticket, code) = open_registration();
    for left in [2, 1, 0] {
        let refused = registrations.check(&ticket, &wrong(&code, left), NOW);
        assert_eq!(refused, Err(IdentityError::WrongCode { left: u8::try_from(left).unwrap() }));
    }
    assert_eq!(registrations.check(&ticket, &code, NOW), Err(IdentityError::TooManyAttempts));
}

#[test]
fn other_forms_of_the_code_are_wrong() {
    for form in [
        |c: &str| format!("+{}", &c[1..]),
        |c: &str| format!(" {c}"),
        |c: &str| format!("0{c}"),
        |_: &str| String::new(),
    ] {
        let (mut registrations, ticket, code) = open_registration();
        assert_eq!(registrations.check(&ticket, &form(&code), NOW), Err(IdentityError::WrongCode { left: 2 }));
    }
}

#[test]
fn a_phone_has_one_registration_at_a_time() {
    let (mut registrations, _, _) = open_registration();
    let (same, other) = (phone("+821012345678"), phone("+821012345679"));
    let (rng, sent) = (&mut rng(3), &mut Phone::default());
    assert_eq!(registrations.begin(&same, None, NOW + 1, sent, rng), Err(IdentityError::RegistrationOpen));
    assert!(sent.0.is_empty());
    assert!(registrations.begin(&other, None, NOW + 1, sent, rng).is_ok());
    assert!(registrations.begin(&same, None, NOW + CODE_LIFETIME, sent, rng).is_ok());
}

/// A person registers once with a phone, and an institution as often as the operator wants.
#[test]
fn a_person_registers_once_with_a_phone() {
    let (mut registrations, ticket, code) = open_registration();
    registrations.check(&ticket, &code, NOW).unwrap();
    registrations.close(&ticket);
    let (same, rng, sent) = (phone("+821012345678"), &mut rng(3), &mut Phone::default());
    let subject = Subject::new("Hospital A", Role::Hospital, MemberId([1; 32])).unwrap();
    for later in [1, REMEMBERED, FORGOTTEN, 100 * FORGOTTEN] {
        assert_eq!(registrations.begin(&same, None, NOW + later, sent, rng), Err(IdentityError::AlreadyRegistered));
        let ticket = registrations.begin(&same, Some(subject.clone()), NOW + later, sent, rng).unwrap();
        assert_eq!(registrations.check(&ticket, sent.last(), NOW + later), Ok(Some(subject.clone())));
        registrations.close(&ticket);
    }
    assert_eq!(registrations.check(&ticket, &code, NOW), Err(IdentityError::UnknownTicket));
    registrations.allow(&same);
    assert!(registrations.begin(&same, None, NOW, sent, rng).is_ok());
}

/// A guesser has nine attempts in a month, with growing waits between the codes. Before, it had three in each 180
/// seconds.
#[test]
fn a_phone_has_a_budget_of_wrong_codes() {
    let mut registrations = Registrations::new(&mut rng(1));
    let (victim, rng, sent) = (phone("+821012345678"), &mut rng(3), &mut Phone::default());
    let (mut guesses, mut waits, mut last) = (0, Vec::new(), NOW);
    let mut now = NOW;
    while now.0 < NOW.0 + FORGOTTEN {
        match registrations.begin(&victim, None, now, sent, rng) {
            Ok(ticket) => {
                waits.push(now.0 - last.0);
                last = now;
                let wrong = wrong(sent.last(), 1);
                guesses += (0..9)
                    .take_while(|_| {
                        matches!(registrations.check(&ticket, &wrong, now), Err(IdentityError::WrongCode { .. }))
                    })
                    .count();
            }
            Err(IdentityError::RegistrationOpen | IdentityError::BackOff { .. }) => {}
            Err(other) => assert_eq!(other, IdentityError::PhoneLocked),
        }
        now = now + 60;
    }
    assert_eq!((guesses, &waits[..]), (usize::from(BUDGET), &[0, 180, 360][..]));
    let again = registrations.begin(&victim, None, last + FORGOTTEN, sent, rng);
    assert!(again.is_ok());
    registrations.allow(&victim);
    assert!(registrations.begin(&victim, None, now, sent, rng).is_ok());
}

/// Codes that nobody enters do not lock a phone, but they come ever more slowly.
#[test]
fn unfinished_registrations_have_growing_waits() {
    let mut registrations = Registrations::new(&mut rng(1));
    let (victim, rng, sent) = (phone("+821012345678"), &mut rng(3), &mut Phone::default());
    let mut now = NOW;
    for n in 0..20 {
        let wait = (CODE_LIFETIME << n).min(LONGEST_WAIT);
        registrations.begin(&victim, None, now, sent, rng).unwrap();
        let early = registrations.begin(&victim, None, now + (wait - 1), sent, rng);
        let expected = if n == 0 { IdentityError::RegistrationOpen } else { IdentityError::BackOff { wait: 1 } };
        assert_eq!(early, Err(expected));
        now = now + wait;
        if wait == LONGEST_WAIT {
            break; // after a day without a wrong code, the waits begin anew
        }
    }
    assert!(now.0 - NOW.0 > LONGEST_WAIT);
    assert!(registrations.begin(&victim, None, now, sent, rng).is_ok());
}

/// One begin takes constant time: it does not look at all others.
#[test]
fn registrations_take_linear_time() {
    let mut registrations = Registrations::new(&mut rng(1));
    let rng = &mut rng(3);
    let mut round = |numbers: std::ops::Range<u32>| {
        let start = std::time::Instant::now();
        for n in numbers {
            let phone = phone(&format!("+82{:08}", 10_000_000 + n));
            registrations.begin(&phone, None, NOW + u64::from(n / 100), &mut Phone::default(), rng).unwrap();
        }
        start.elapsed()
    };
    let first = round(0..5_000);
    round(5_000..35_000);
    let last = round(35_000..40_000);
    // The half second is for a machine that is busy with something else.
    let allowed = first * 4 + std::time::Duration::from_millis(500);
    assert!(last < allowed, "{first:?} for the first 5,000, {last:?} for the last");
}

/// The authority remembers a limited number of registrations.
#[test]
fn too_many_registrations_are_refused() {
    let mut registrations = Registrations::new(&mut rng(1));
    let rng = &mut rng(3);
    let mut begin = |n: usize, now| {
        registrations.begin(&phone(&format!("+82{:08}", 10_000_000 + n)), None, now, &mut Phone::default(), rng)
    };
    assert!((0..REGISTRATIONS).all(|n| begin(n, NOW).is_ok()));
    assert_eq!(begin(REGISTRATIONS, NOW), Err(IdentityError::TooManyRegistrations));
    assert_eq!(begin(REGISTRATIONS, NOW + (REMEMBERED - 1)), Err(IdentityError::TooManyRegistrations));
    assert!(begin(REGISTRATIONS, NOW + (REMEMBERED - 1 + CODE_LIFETIME)).is_ok());
}

#[test]
fn registrations_are_forgotten() {
    let (mut registrations, ticket, code) = open_registration();
    let later = NOW + REMEMBERED;
    assert_eq!(registrations.check(&ticket, &code, later), Err(IdentityError::CodeExpired));
    registrations.begin(&phone("+4930123456"), None, later, &mut Phone::default(), &mut rng(3)).unwrap();
    assert_eq!(registrations.check(&ticket, &code, later), Err(IdentityError::UnknownTicket));
}

#[test]
fn numbers_are_international_and_do_not_print() {
    for bad in [
        "",
        "+",
        "030123456",
        "+0301234567",
        "+12345",
        "+1234567890123456",
        "+4930x23456",
        "+49/30123456",
        "++4930123456",
    ] {
        assert_eq!(PhoneNumber::new(bad).unwrap_err(), IdentityError::BadPhoneNumber, "{bad}");
    }
    assert_eq!(format!("{:?}", phone("+4930123456")), "PhoneNumber(<redacted>)");
}
