use super::super::fixture::{NOW, Phone, rng};
use super::*;

fn phone(text: &str) -> PhoneNumber {
    PhoneNumber::new(text).unwrap()
}

/// An open registration, its ticket and its code.
fn open_registration() -> (Registrations, Ticket, String) {
    let mut registrations = Registrations::new(&mut rng(1));
    let mut sent = Phone::default();
    let ticket = registrations.begin(&phone("+82 10-1234-5678"), NOW, &mut sent, &mut rng(2)).unwrap();
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
    Registrations::new(&mut rng(1)).begin(&phone("+4930123456"), NOW, &mut sent, &mut Fixed).unwrap();
    assert_eq!(sent.last(), "755224");
}

#[test]
fn the_code_is_accepted_once_and_in_time() {
    let (mut registrations, ticket, code) = open_registration();
    assert_eq!(registrations.check(&ticket, &code, NOW + CODE_LIFETIME), Err(IdentityError::CodeExpired));
    assert_eq!(registrations.check(&ticket, &code, NOW + CODE_LIFETIME - 1), Ok(()));
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
    assert_eq!(registrations.begin(&same, NOW + 1, sent, rng), Err(IdentityError::RegistrationOpen));
    assert!(sent.0.is_empty());
    assert!(registrations.begin(&other, NOW + 1, sent, rng).is_ok());
    assert!(registrations.begin(&same, NOW + CODE_LIFETIME, sent, rng).is_ok());
}

#[test]
fn a_finished_registration_leaves_the_phone_free() {
    let (mut registrations, ticket, code) = open_registration();
    registrations.check(&ticket, &code, NOW).unwrap();
    registrations.close(&ticket);
    let (same, rng) = (phone("+821012345678"), &mut rng(3));
    assert!(registrations.begin(&same, NOW + 1, &mut Phone::default(), rng).is_ok());
    assert_eq!(registrations.check(&ticket, &code, NOW), Err(IdentityError::CodeReused));
}

#[test]
fn registrations_are_forgotten() {
    let (mut registrations, ticket, code) = open_registration();
    let later = NOW + REMEMBERED;
    assert_eq!(registrations.check(&ticket, &code, later), Err(IdentityError::CodeExpired));
    registrations.begin(&phone("+4930123456"), later, &mut Phone::default(), &mut rng(3)).unwrap();
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
