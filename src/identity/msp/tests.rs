use super::super::fixture::{NOW, Rogue, authority, issued, of_organisation};
use super::super::{Authority, SigningKey, Subject};
use super::*;
use crate::error::DecodeError;
use crate::wire::Wire;

fn trusting(authorities: &[&Authority]) -> Msp {
    let mut msp = Msp::new();
    for ca in authorities {
        assert_eq!(msp.trust(ca.root()), Ok(ca.group()));
    }
    msp
}

#[test]
fn a_valid_certificate_names_its_member() {
    let mut ca = of_organisation("peers of hospital A", 1);
    let (peer, key) = issued(&mut ca, "peers of hospital A", Role::Peer, 2);
    let msp = trusting(&[&ca]);
    for _cold_then_cached in 0..2 {
        let member = msp.validate(&peer).unwrap();
        assert_eq!(member.organisation, "peers of hospital A");
        assert_eq!((member.role, member.id), (Role::Peer, peer.subject().id));
        assert_eq!(member.verifying_key, key.verifying_key());
        assert_eq!(member.sealing_key.as_ref(), peer.sealing_key());
    }
}

#[test]
fn each_group_issues_its_own_roles() {
    for group in ParticipantGroup::ALL {
        let rogue = Rogue::new(group, 1);
        let mut msp = Msp::new();
        msp.trust(&rogue.root).unwrap();
        for role in Role::ALL {
            let validated = msp.validate(&rogue.certify(group.name(), role)).map(|member| member.role);
            let allowed = match group {
                ParticipantGroup::Users => role == Role::User,
                ParticipantGroup::Hospitals => role == Role::Hospital,
                ParticipantGroup::Cloud => role == Role::Cloud,
                ParticipantGroup::Ledger => matches!(role, Role::Peer | Role::Orderer | Role::Administrator),
            };
            assert_eq!(validated, if allowed { Ok(role) } else { Err(IdentityError::WrongRole { group, role }) });
        }
    }
}

#[test]
fn no_group_issues_in_the_name_of_another() {
    let rogue = Rogue::new(ParticipantGroup::Hospitals, 1);
    let mut msp = Msp::new();
    msp.trust(&rogue.root).unwrap();
    let (authority, organisation) = ("hospitals".to_owned(), "cloud".to_owned());
    let refused = Err(IdentityError::WrongOrganisation { authority, organisation });
    assert_eq!(msp.validate(&rogue.certify("cloud", Role::Hospital)), refused);
    assert!(msp.validate(&rogue.certify("clouds", Role::Hospital)).is_ok());
}

/// An endorsement policy counts organisations, so an organisation must not issue for another one.
#[test]
fn an_organisation_of_the_ledger_issues_for_itself_alone() {
    let [north, south] = [of_organisation("north", 1), of_organisation("south", 2)];
    let msp = trusting(&[&north, &south]);
    let rogue = Rogue::of("south", 2);
    let mut both = Msp::new();
    both.trust(north.root()).unwrap();
    both.trust(&rogue.root).unwrap();
    for role in [Role::Peer, Role::Orderer, Role::Administrator] {
        for (of, refused) in [("south", false), ("north", true), ("South", true), ("ledger", true), ("users", true)] {
            let (authority, organisation) = ("south".to_owned(), of.to_owned());
            let expected = if refused {
                Err(IdentityError::WrongOrganisation { authority, organisation })
            } else {
                Ok(organisation)
            };
            assert_eq!(both.validate(&rogue.certify(of, role)).map(|member| member.organisation), expected);
        }
    }
    // The authority itself refuses, too.
    let mut south = south;
    let subject = Subject::new("north", Role::Peer, MemberId([1; 32])).unwrap();
    let refused = south.issue(&subject, rogue.root.verifying_key(), None, NOW, &mut super::super::fixture::rng(1));
    assert_eq!(refused.unwrap_err().to_string(), "the authority of south may not issue for the organisation north");
    // The revocation lists of two organisations are independent.
    let (peer, _) = issued(&mut south, "south", Role::Peer, 3);
    let mut msp = msp;
    south.revoke(&peer.subject().id).unwrap();
    msp.revoke(&north.revocations()).unwrap();
    assert!(msp.validate(&peer).is_ok());
    msp.revoke(&south.revocations()).unwrap();
    assert_eq!(msp.validate(&peer), Err(IdentityError::Revoked));
}

#[test]
fn a_root_of_another_group_cannot_be_made_for_an_organisation() {
    for group in [ParticipantGroup::Users, ParticipantGroup::Hospitals, ParticipantGroup::Cloud] {
        let refused = Authority::of_organisation(group.name(), &mut super::super::fixture::rng(1), NOW);
        let (organisation, group) = (group.name().to_owned(), ParticipantGroup::Ledger);
        assert_eq!(refused.map(drop), Err(IdentityError::WrongGroup { organisation, group }));
    }
}

#[test]
fn unknown_issuers_and_forgeries_are_refused() {
    let mut ca = authority(ParticipantGroup::Cloud, 1);
    let (certificate, key) = issued(&mut ca, "cloud", Role::Cloud, 2);
    assert_eq!(Msp::new().validate(&certificate), Err(IdentityError::UnknownIssuer));
    let other = trusting(&[&authority(ParticipantGroup::Cloud, 3), &authority(ParticipantGroup::Users, 4)]);
    assert_eq!(other.validate(&certificate), Err(IdentityError::UnknownIssuer));

    // A certificate with the right names that the member itself has signed.
    let msp = trusting(&[&ca]);
    let forged = Rogue::sign(&key, ca.root().subject(), certificate.subject(), key.verifying_key());
    assert_eq!(msp.validate(&forged), Err(IdentityError::BadSignature));
    // A member cannot issue, even for a group's name.
    let child = Rogue::sign(&key, certificate.subject(), certificate.subject(), key.verifying_key());
    assert_eq!(msp.validate(&child), Err(IdentityError::UnknownIssuer));
    // A root certificate does not make its authority a member.
    let root = IdentityError::WrongRole { group: ParticipantGroup::Cloud, role: Role::Authority };
    assert_eq!(msp.validate(ca.root()), Err(root));
}

#[test]
fn only_one_self_signed_root_for_each_organisation() {
    let mut ca = authority(ParticipantGroup::Users, 1);
    let mut msp = trusting(&[&ca]);
    assert_eq!(msp.trust(ca.root()), Ok(ParticipantGroup::Users));
    let second = authority(ParticipantGroup::Users, 2);
    assert_eq!(msp.trust(second.root()), Err(IdentityError::RootConflict("users".to_owned())));

    let (member, key) = issued(&mut ca, "users", Role::User, 3);
    assert_eq!(Msp::new().trust(&member), Err(IdentityError::NotARoot));
    let named = |organisation: &str| Subject::new(organisation, Role::Authority, MemberId([1; 32])).unwrap();
    let (users, nobody) = (named("users"), named("nobody"));
    let below = Rogue::sign(&key, ca.root().subject(), &users, key.verifying_key());
    assert_eq!(Msp::new().trust(&below), Err(IdentityError::NotARoot));
    // Any name but those of the groups is an organisation of the ledger.
    let other = Rogue::sign(&key, &nobody, &nobody, key.verifying_key());
    assert_eq!(Msp::new().trust(&other), Ok(ParticipantGroup::Ledger));
    let stolen = Rogue::sign(&key, &users, &users, *ca.root().verifying_key());
    assert_eq!(Msp::new().trust(&stolen), Err(IdentityError::BadSignature));
}

/// A revocation list names its authority by the identifier alone, so two roots with one identifier would share it.
#[test]
fn two_roots_never_have_one_identifier() {
    let [users, hospitals] =
        [ParticipantGroup::Users, ParticipantGroup::Hospitals].map(|group| Rogue::new(group, group as u64 + 1));
    assert_eq!(users.root.subject().id, hospitals.root.subject().id);
    let mut msp = Msp::new();
    msp.trust(&users.root).unwrap();
    let refused = msp.trust(&hospitals.root).unwrap_err().to_string();
    assert_eq!(refused, "the organisations users and hospitals have roots of one identifier");
    assert_eq!(msp.validate(&hospitals.certify("Hospital A", Role::Hospital)), Err(IdentityError::UnknownIssuer));
    assert_eq!(msp.trust(&users.root), Ok(ParticipantGroup::Users));
}

#[test]
fn the_period_of_validity_is_checked_at_ingress_only() {
    let mut ca = authority(ParticipantGroup::Hospitals, 1);
    let (certificate, _) = issued(&mut ca, "Hospital A", Role::Hospital, 2);
    let msp = trusting(&[&ca]);
    let end = NOW + Authority::MEMBER_LIFETIME;
    for now in [NOW, end] {
        assert!(msp.validate_at(&certificate, now).is_ok());
    }
    assert_eq!(msp.validate_at(&certificate, NOW - 1), Err(IdentityError::NotYetValid));
    assert_eq!(msp.validate_at(&certificate, end + 1), Err(IdentityError::Expired));
    assert!(msp.validate(&certificate).is_ok());
}

#[test]
fn revoked_certificates_are_refused_though_cached() {
    let mut ca = authority(ParticipantGroup::Hospitals, 1);
    let (gone, _) = issued(&mut ca, "Hospital A", Role::Hospital, 2);
    let (stays, _) = issued(&mut ca, "Hospital B", Role::Hospital, 3);
    let mut msp = trusting(&[&ca, &authority(ParticipantGroup::Users, 4)]);
    assert!(msp.validate(&gone).is_ok());
    let before = ca.revocations();
    ca.revoke(&gone.subject().id).unwrap();
    let list = ca.revocations();
    assert_eq!(RevocationList::from_bytes(&list.to_bytes()), Ok(list.clone()));
    msp.revoke(&list).unwrap();
    msp.revoke(&list).unwrap();
    assert_eq!(msp.validate(&gone), Err(IdentityError::Revoked));
    assert_eq!(msp.validate_at(&gone, NOW), Err(IdentityError::Revoked));
    assert!(msp.validate(&stays).is_ok());
    assert_eq!(msp.revoke(&before), Err(IdentityError::StaleRevocations { known: 1, got: 0 }));
    assert_eq!(ca.revoke(&MemberId([0; 32])), Err(IdentityError::UnknownMember));
    // Twice is once.
    ca.revoke(&gone.subject().id).unwrap();
    assert_eq!(ca.revocations(), list);
}

#[test]
fn foreign_and_changed_revocation_lists_are_refused() {
    let mut ca = authority(ParticipantGroup::Hospitals, 1);
    let (certificate, _) = issued(&mut ca, "Hospital A", Role::Hospital, 2);
    ca.revoke(&certificate.subject().id).unwrap();
    let list = ca.revocations();
    assert_eq!(Msp::new().revoke(&list), Err(IdentityError::UnknownIssuer));
    let mut msp = trusting(&[&ca]);
    let bytes = list.to_bytes();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let taken = RevocationList::from_bytes(&changed).map_err(IdentityError::from).and_then(|l| msp.revoke(&l));
        assert!(taken.is_err(), "bit {bit}");
    }
    assert!(msp.validate(&certificate).is_ok());

    let key = SigningKey::random(&mut super::super::fixture::rng(3));
    let serials = [Serial([1; 16]), Serial([2; 16])];
    let mut bytes = RevocationList::sign(MemberId([1; 32]), 1, &serials.into(), &key).to_bytes();
    bytes[44..76].rotate_left(16);
    let unsorted = DecodeError::NonCanonical { what: "revocation list" };
    assert_eq!(RevocationList::from_bytes(&bytes), Err(unsorted));
}
