//! Changes of the channel while participants use it: an upgrade of the chaincode, and a revoked certificate.

use crate::embedded::Embedded;
use crate::faults::{PATIENCE, Scene};
use crate::gateway::Fabric;
use crate::network::{Network, PEERS};
use crate::now;
use crate::schedule::{Cast, Fault, Side, Verdict, Who, random};
use phi_pre::contract::{Action, Meaning, RecordId};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::Code;

/// A transaction that was endorsed before an upgrade of the chaincode and is ordered after the upgrade is invalid; a
/// new attempt is valid.
pub fn the_chaincode_is_upgraded(network: &mut Network) {
    let cast = Cast::new(network);
    let mut fabric = Fabric::new(network);
    let [record, commitment] = [(); 2].map(|()| random(&mut network.rng));
    let (record, commitment) = (RecordId(record), Commitment(commitment));
    let confirm =
        Action::Confirmation { record, id: cast.id(Who::Bob).into(), commitment, hospital: cast.id(Who::North) };
    let endorsed = fabric.endorse(&cast, Who::Bob, &confirm, Fault::None).unwrap();
    network.deploy();
    fabric.skip(cast.signer(Who::Bob));
    assert_eq!(fabric.order(&[endorsed]), Verdict::Codes(vec![Code::MvccReadConflict.number()]));
    let gateways = vec![network.gateway(0)];
    let mut scene = Scene { cast, ..Scene::new(network, gateways, PATIENCE) };
    scene.transact(Who::Bob, &confirm).unwrap();
}

/// A revocation list that the organisation's authority has not signed revokes nobody.
pub fn a_stranger_revokes_nobody(network: &mut Network) {
    let gateways: Vec<_> = (0..PEERS.len()).map(|i| network.gateway(i)).collect();
    let mut scene = Scene::new(network, gateways, PATIENCE);
    scene.write(network);
    let serial = scene.cast.signer(Who::North).certificate.serial();
    let crl = network.organisation("hospitals").foreign_crl(serial);
    network.install_crl("hospitals", &crl);
    scene.write(network);
}

/// A user whose certificate a CRL revokes can no longer propose, and a transaction that was endorsed before is not
/// ordered. The other user is not affected. The library's ledger does the same.
pub fn a_certificate_is_revoked(network: &mut Network) {
    let cast = Cast::new(network);
    let mut fabric = Fabric::new(network);
    let mut embedded = Embedded::new(network);
    let mut confirm = |hospital| {
        let [record, commitment] = [(); 2].map(|()| random(&mut network.rng));
        let (record, commitment) = (RecordId(record), Commitment(commitment));
        Action::Confirmation { record, id: cast.id(Who::Alice).into(), commitment, hospital: cast.id(hospital) }
    };
    let (before, after) = (confirm(Who::North), confirm(Who::North));
    let by_alice = fabric.endorse(&cast, Who::Alice, &before, Fault::None).unwrap();
    let here = embedded.endorse(&cast, Who::Alice, &before, Fault::None).unwrap();
    let users = &mut network.organisation("users").authority;
    users.revoke(&cast.id(Who::Alice)).unwrap();
    let (crl, list) = (users.crl_pem(now()).unwrap(), users.revocations());
    network.install_crl("users", &crl);
    embedded.revoke(&list);
    assert_eq!(fabric.endorse(&cast, Who::Alice, &after, Fault::None).unwrap_err(), Verdict::Endorsers);
    assert_eq!(embedded.endorse(&cast, Who::Alice, &after, Fault::None).unwrap_err(), Verdict::Endorsers);
    fabric.skip(cast.signer(Who::Bob));
    assert_eq!(fabric.order(&[by_alice]), Verdict::Orderer);
    assert_eq!(embedded.order(&[here]), Verdict::Orderer);
    let gateways = (0..PEERS.len()).map(|i| network.gateway(i)).collect();
    let mut scene = Scene { cast, ..Scene::new(network, gateways, PATIENCE) };
    let error = scene.transact(Who::Alice, &after).unwrap_err();
    assert_eq!(error.meaning, Meaning::Denied, "{error}");
    let Action::Confirmation { record, commitment, hospital, .. } = after else { unreachable!() };
    let of_bob = Action::Confirmation { record, id: scene.cast.id(Who::Bob).into(), commitment, hospital };
    scene.transact(Who::Bob, &of_bob).unwrap();
}
