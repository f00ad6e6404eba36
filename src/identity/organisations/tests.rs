use super::super::fixture::{Rogue, authority, issued, of_organisation};
use super::*;

fn network() -> Organisations {
    let all = [("UsersMSP", "users"), ("CareMSP", "hospitals"), ("CloudMSP", "cloud"), ("NorthMSP", "ledger")];
    Organisations::new(all.map(|(mspid, group)| (mspid, ParticipantGroup::named(group).unwrap()))).unwrap()
}

#[test]
fn an_msp_says_the_roles_of_its_group_alone() {
    for group in ParticipantGroup::ALL {
        let rogue = Rogue::new(group, 1);
        for role in Role::ALL {
            let certificate = rogue.certify(group.name(), role);
            for (mspid, of) in network().iter() {
                let expected = match group {
                    _ if group != of => {
                        Err(IdentityError::WrongGroup { organisation: group.name().to_owned(), group: of })
                    }
                    _ if !group.may_issue(role) => Err(IdentityError::WrongRole { group, role }),
                    _ => Ok(role),
                };
                let member = network().member_proved_by_peer(mspid, &certificate).map(|member| member.role);
                assert_eq!(member, expected, "{mspid} {role} of {group}");
            }
        }
    }
}

#[test]
fn the_member_is_that_of_a_validation() {
    let mut ca = authority(ParticipantGroup::Hospitals, 1);
    let (hospital, key) = issued(&mut ca, "Hospital A", Role::Hospital, 2);
    let mut msp = super::super::Msp::new();
    msp.trust(ca.root()).unwrap();
    assert_eq!(network().member_proved_by_peer("CareMSP", &hospital), msp.validate(&hospital));

    let unknown = Err(IdentityError::UnknownMspId("OtherMSP".to_owned()));
    assert_eq!(network().member_proved_by_peer("OtherMSP", &hospital), unknown);
    // A member is no issuer, and an organisation of the ledger names itself alone.
    let child = Rogue::sign(&key, hospital.subject(), hospital.subject(), key.verifying_key());
    assert_eq!(network().member_proved_by_peer("CareMSP", &child), Err(IdentityError::NotARoot));
    let south = of_organisation("south", 3);
    let peer = Rogue::of("south", 4).certify("north", Role::Peer);
    let wrong =
        Err(IdentityError::WrongOrganisation { authority: "south".to_owned(), organisation: "north".to_owned() });
    assert_eq!(network().member_proved_by_peer("NorthMSP", &peer), wrong);
    assert_eq!(south.group(), ParticipantGroup::Ledger);
}

#[test]
fn entries_are_read_as_they_are_written() {
    let text = "CareMSP=hospitals,CloudMSP=cloud,NorthMSP=ledger,UsersMSP=users";
    assert_eq!(text.parse(), Ok(network()));
    let written: Vec<_> = network().iter().map(|(mspid, group)| format!("{mspid}={group}")).collect();
    assert_eq!(written.join(","), text);
    for bad in ["", "UsersMSP", "UsersMSP=", "UsersMSP=Users", "UsersMSP=users=users", "UsersMSP= users"] {
        assert_eq!(bad.parse::<Organisations>(), Err(IdentityError::BadOrganisation(bad.to_owned())), "{bad:?}");
    }
    for id in ["", "a\nb", "a=b", &"m".repeat(65)] {
        let pair = (id, ParticipantGroup::Users);
        assert_eq!(Organisations::new([pair]), Err(IdentityError::BadMspId(id.to_owned())), "{id:?}");
    }
    assert_eq!("A=users,A=cloud".parse::<Organisations>(), Err(IdentityError::SameMspId("A".to_owned())));
}
