use super::*;
use crate::fabric::fixture::{NOW, Parts, World, endorse, enrol, organisation};
use crate::identity::ParticipantGroup;
use crate::ledger::Transient;
use crate::time::Millis;

/// The check of a transaction of these parts, with these endorsements.
fn checked(
    world: &World,
    proposed: &Proposed,
    parts: Parts,
    endorsements: Vec<Endorsement>,
) -> Result<Draft<Endorsed>, EndorsedError> {
    check(proposed, parts.assemble(endorsements), &world.endorsers(2), NOW)
}

#[test]
fn an_honest_transaction_is_signed_as_it_is() {
    let mut world = World::new();
    let mut transient = Transient::default();
    transient.insert("salt", b"for the endorsers alone".to_vec());
    let signed = world.propose(&transient);
    let parts = Parts::of(signed.content());
    let endorsements: Vec<_> = world.peers.iter().map(|peer| endorse(&parts.response(), peer)).collect();
    let bytes = parts.clone().assemble(endorsements.clone());
    let draft = checked(&world, signed.content(), parts, endorsements).unwrap();
    assert_eq!(draft.bytes(), bytes);
    let Endorsed { txid, organisations, value, .. } = draft.content();
    assert_eq!((*txid, value.as_slice()), (signed.content().txid, b"value".as_slice()));
    assert_eq!(organisations.as_slice(), World::MSPS);
    // The transient data was in the proposal and is not in the transaction.
    let secret = b"for the endorsers alone";
    let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret);
    assert!(holds(&signed.message().proposal) && !holds(&bytes));
}

type Change = fn(&mut Parts, &Proposed);

/// A change of any part by the gateway is detected.
#[test]
fn a_changed_part_is_found() {
    let mut world = World::new();
    let signed = world.propose(&Transient::default());
    let other = world.propose(&Transient::default());
    let (proposed, other) = (signed.content(), other.content());
    let changes: [(Change, EndorsedError); 9] = [
        (|parts, other| parts.payload.header = Some(other.header.clone()), EndorsedError::Changed("header")),
        (|parts, _| parts.payload.header = None, EndorsedError::Changed("header")),
        (|parts, _| parts.actions.clear(), EndorsedError::Changed("number of actions")),
        (|parts, _| parts.actions.push(parts.actions[0].clone()), EndorsedError::Changed("number of actions")),
        (
            |parts, other| parts.actions[0].header.clone_from(&other.header.signature_header),
            EndorsedError::Changed("creator of the action"),
        ),
        (|parts, _| parts.action.proposal.push(0), EndorsedError::Changed("proposal")),
        (
            |parts, other| parts.response.proposal_hash = other.hash().0.to_vec(),
            EndorsedError::Changed("hash of the proposal"),
        ),
        (
            |parts, _| parts.result.chaincode_id = Some(super::super::messages::ChaincodeId { name: "qscc".into() }),
            EndorsedError::Changed("chaincode"),
        ),
        (|parts, _| parts.result.response.as_mut().unwrap().status = 500, EndorsedError::Status(500)),
    ];
    for (change, expected) in changes {
        let mut parts = Parts::of(proposed);
        change(&mut parts, other);
        // The endorsers collude with the gateway: they sign the changed response.
        let endorsements = world.peers.iter().map(|peer| endorse(&parts.response(), peer)).collect();
        assert_eq!(checked(&world, proposed, parts, endorsements), Err(expected));
    }
    let torn = check(proposed, vec![0xff; 40], &world.endorsers(2), NOW);
    assert!(matches!(torn, Err(EndorsedError::Message(MessageError::Malformed { .. }))), "{torn:?}");
    let long = check(proposed, vec![0; LIMIT + 1], &world.endorsers(2), NOW);
    assert!(matches!(long, Err(EndorsedError::Message(MessageError::TooLong { .. }))), "{long:?}");
}

#[test]
fn each_endorsement_is_checked() {
    let mut world = World::new();
    let signed = world.propose(&Transient::default());
    let proposed = signed.content();
    let parts = Parts::of(proposed);
    let response = parts.response();
    let good = |i: usize| endorse(&response, &world.peers[i]);
    let outcome = |endorsements| checked(&world, proposed, parts.clone(), endorsements).map(drop);
    assert_eq!(outcome(vec![good(0), good(2)]), Ok(()));
    let too_few = |got| Err(EndorsedError::TooFew { needed: 2, got });
    assert_eq!(outcome(vec![]), too_few(0));
    assert_eq!(outcome(vec![good(1)]), too_few(1));
    assert_eq!(outcome(vec![good(1), good(1)]), too_few(1), "one organisation counts once");

    let endorser = |mspid: &str, source| Err(EndorsedError::Endorser { mspid: mspid.into(), source });
    let mut forged = good(1);
    forged.signature = good(0).signature;
    assert_eq!(outcome(vec![good(0), forged]), endorser("SouthMSP", IdentityError::BadSignature));
    let stale = endorse(b"another response", &world.peers[1]);
    assert_eq!(outcome(vec![good(0), stale]), endorser("SouthMSP", IdentityError::BadSignature));
    // North's peer poses as a peer of South and of an organisation that nobody listed.
    for (mspid, expected) in [
        ("SouthMSP", endorser("SouthMSP", IdentityError::UnknownIssuer)),
        ("OtherMSP", Err(EndorsedError::UnknownOrganisation("OtherMSP".into()))),
    ] {
        let mut posing = world.peers[0].clone();
        posing.identity.mspid = mspid.to_owned();
        assert_eq!(outcome(vec![good(0), endorse(&response, &posing)]), expected);
    }
    let torn = Endorsement { endorser: b"nobody".to_vec(), ..good(1) };
    assert!(matches!(outcome(vec![good(0), torn]), Err(EndorsedError::Identity(_))));
}

/// A member of an endorsing organisation that is no peer, and a peer whose certificate is not valid now.
#[test]
fn endorsers_are_peers_with_a_valid_certificate() {
    let mut world = World::new();
    let signed = world.propose(&Transient::default());
    let parts = Parts::of(signed.content());
    let response = parts.response();
    let orderer = enrol(&mut world.authorities[1], "SouthMSP", "South", Role::Orderer, &mut world.rng);
    let endorsements = vec![endorse(&response, &world.peers[0]), endorse(&response, &orderer)];
    let (group, role) = (ParticipantGroup::Ledger, Role::Orderer);
    let expected =
        EndorsedError::Endorser { mspid: "SouthMSP".into(), source: IdentityError::WrongRole { group, role } };
    assert_eq!(checked(&world, signed.content(), parts.clone(), endorsements), Err(expected));
    let endorsements: Vec<_> = world.peers.iter().map(|peer| endorse(&response, peer)).collect();
    let year = 366 * 24 * 3600 * 1000;
    for (now, source) in [(NOW + year, IdentityError::Expired), (Millis(0), IdentityError::NotYetValid)] {
        let checked = check(signed.content(), parts.clone().assemble(endorsements.clone()), &world.endorsers(2), now);
        assert_eq!(checked, Err(EndorsedError::Endorser { mspid: "NorthMSP".into(), source }));
    }
    // The creator's own organisation does not endorse, unless the creator lists it.
    let mut endorsers = world.endorsers(1);
    endorsers.organisations = vec![organisation("HospitalsMSP", world.hospitals.root())];
    let bytes = parts.assemble(vec![endorse(&response, &world.north)]);
    let checked = check(signed.content(), bytes, &endorsers, NOW);
    assert!(matches!(checked, Err(EndorsedError::Endorser { source: IdentityError::WrongRole { .. }, .. })));
}
