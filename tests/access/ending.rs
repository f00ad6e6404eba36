//! The effects of a revocation and of a new epoch, and their limits.

use crate::acts::Copied;
use crate::consortium::signer;
use crate::scene::{NOW, ORGANISATIONS, Scene, root_of};
use phi_pre::contract::PhiContract;
use phi_pre::envelope::{DecryptError, Header, Opener, Sealer, Suite};
use phi_pre::flow::FlowError;
use phi_pre::hash::Digest;
use phi_pre::identity::{IdentityError, Institution, Role};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::*;
use phi_pre::pre::{EncryptionKey, Params, ReKey, Scope, Seed, SharedSecret};
use phi_pre::wire::Wire;
use std::sync::Arc;

fn revoke(scene: &mut Scene, who: &Institution) {
    let subject = who.certificate.subject();
    let ca = scene.authorities.get_mut(root_of(subject.role, &subject.organisation)).unwrap();
    ca.revoke(&subject.id).unwrap();
    let list = ca.revocations();
    scene.network.revoke(&list).unwrap();
    scene.cloud.revoke(&list).unwrap();
}

/// A confirmation by a new user that all peers have endorsed and the orderer does not have yet.
fn endorsed(scene: &mut Scene) -> (Institution, SignedTransaction, TxId) {
    let bob = scene.fresh(Role::User, "users", NOW);
    let action = phi_pre::contract::Action::Confirmation {
        record: phi_pre::contract::RecordId(Digest([1; 32])),
        id: phi_pre::identifier::Pseudonym(bob.certificate.subject().id.0),
        commitment: Commitment(Digest([2; 32])),
        hospital: scene.hospitals[0].certificate.subject().id,
    };
    let config = scene.network.config();
    let nonce = Nonce::random(&mut scene.rng);
    let proposal =
        Proposal::new(&config.channel, &config.contract, nonce, &bob.certificate, NOW.millis(), action.to_bytes());
    let signed = proposal.sign(&bob.signing_key);
    let answers = scene.network.endorse(&signed, &Transient::default(), NOW.millis()).unwrap();
    let (proposal, txid) = (signed.proposal.clone(), signed.proposal.txid);
    let signed = Transaction::assemble(proposal, answers).unwrap().sign(&bob.signing_key).unwrap();
    (bob, signed, txid)
}

/// The orderer refuses the transaction of a participant who was revoked after the endorsement.
#[test]
fn a_revocation_counts_at_the_orderer_at_once() {
    let mut scene = Scene::new();
    let (bob, signed, txid) = endorsed(&mut scene);
    revoke(&mut scene, &bob);
    match scene.network.broadcast(&signed, NOW.millis()) {
        Err(NetworkError::Order(OrderError::Identity(IdentityError::Revoked))) => {}
        other => panic!("{other:?}"),
    }
    scene.network.flush().unwrap();
    assert_eq!(scene.network.outcome(&txid).unwrap(), None);
}

/// A revoked peer gets no proposals, and an honest orderer accepts none of its endorsements. The other two peers
/// continue. Validation uses neither the clock nor revocation lists, so a peer that replays the blocks in ten years
/// gives the same verdicts.
#[test]
fn a_revoked_peer_endorses_no_more_and_blocks_keep_their_verdicts() {
    let mut scene = Scene::new();
    let (_, before, _) = endorsed(&mut scene);
    let agreed = scene.network.agreement().unwrap();
    let peer = scene.peers[0].clone();
    revoke(&mut scene, &peer);
    match scene.network.broadcast(&before, NOW.millis()) {
        Err(NetworkError::Order(OrderError::Endorser(IdentityError::Revoked))) => {}
        other => panic!("{other:?}"),
    }
    let (_, after, txid) = endorsed(&mut scene);
    let by: Vec<_> = Transaction::from_bytes(&after.transaction).unwrap().endorsements;
    let by: Vec<_> = by.iter().map(|endorsement| endorsement.endorser.subject().organisation.as_str()).collect();
    assert_eq!(by, ORGANISATIONS[1..]);
    scene.network.broadcast(&after, NOW.millis()).unwrap();
    scene.network.flush().unwrap();
    assert_eq!(scene.network.outcome(&txid).unwrap().unwrap().code, Code::Valid);
    // After a second peer is revoked, the policy cannot be satisfied, and the network reports this.
    let second = scene.peers[1].clone();
    revoke(&mut scene, &second);
    match Copied::confirm(&mut scene, Commitment(Digest([3; 32]))).map(drop) {
        Err(NetworkError::Policy { endorsed: 1, .. }) => {}
        other => panic!("{other:?}"),
    }

    // A new peer without a list replays the chain, including the endorsements of the revoked peers.
    let folder = tempfile::tempdir().unwrap();
    let block = |number| scene.network.peer(2).unwrap().block(number).unwrap().block;
    let (path, node) = (folder.path().join("new"), signer(&scene.peers[2]));
    let mut new = Peer::create(&path, &block(0), node, Arc::new(PhiContract)).unwrap();
    (1..agreed.height).for_each(|number| drop(new.commit(&block(number)).unwrap()));
    assert_eq!(new.savepoint(), Some(agreed));
    new.commit(&block(agreed.height)).unwrap();
    assert_eq!(new.savepoint(), scene.network.agreement());
}

/// The uploads of a revoked hospital are not re-encrypted, since another party may have its key and may have forged the
/// note of an upload. Its records stay in the store.
#[test]
fn uploads_of_a_revoked_hospital_rest() {
    let mut scene = Scene::new();
    let a = scene.hospitals[0].clone();
    scene.cloud.reencrypt(&scene.network, &scene.records.granted, NOW.millis(), &mut scene.rng).unwrap();
    revoke(&mut scene, &a);
    for grant in [&scene.records.granted, &scene.records.reencrypted] {
        let refused = scene.cloud.reencrypt(&scene.network, grant, NOW.millis(), &mut scene.rng);
        assert!(matches!(refused, Err(FlowError::Identity(IdentityError::Revoked))), "{refused:?}");
    }
}

/// A new k_s ends a grant for later versions of the record: after re-encryption with the old k_re, neither the old nor
/// the new k'_e opens the next version. Hospital B can still open what it could open before.
#[test]
fn a_new_epoch_ends_a_grant_and_what_was_seen_stays_seen() {
    let rng = &mut <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(3);
    let (with_a, with_b) = (SharedSecret::from_bytes([2; 32]), SharedSecret::from_bytes([3; 32]));
    let scope = Scope::Record(b"the same record in both epochs");
    let mut epoch = |seed: u8, text: &[u8]| {
        let params = Params::new(Seed([seed; 32]));
        let (k_d, k_d_prime) = (params.derive(&with_a, scope), params.derive(&with_b, scope));
        let mut envelope = Vec::new();
        let sealer = Sealer::new(&params, &k_d.public_key(&params), Suite::default(), rng).unwrap();
        sealer.seal(&mut &text[..], &mut envelope).unwrap();
        (k_d.encryption_key(&params), k_d_prime.encryption_key(&params), envelope)
    };
    let open = |header: &Header, envelope: &[u8], key: &EncryptionKey| {
        let mut record = Vec::new();
        Opener::new(header, key)?.open(&mut &envelope[Header::BYTES..], &mut record).map(|_| record)
    };
    let header = |envelope: &[u8]| Header::from_bytes(&envelope[..Header::BYTES]).unwrap();
    let (k_e, k_e_prime, first) = epoch(1, b"version 1");
    let granted = ReKey::new(&k_e, &k_e_prime).unwrap();
    let seen = header(&first).reencrypt(&granted);
    assert_eq!(open(&seen, &first, &k_e_prime).unwrap(), b"version 1");

    let (new_k_e, new_k_e_prime, second) = epoch(2, b"version 2");
    let moved = header(&second).reencrypt(&granted);
    for key in [&k_e_prime, &new_k_e_prime, &k_e, &new_k_e] {
        assert!(matches!(open(&moved, &second, key), Err(DecryptError::Refused)));
    }
    // With a new grant the new version opens, and the old version still opens.
    let again = ReKey::new(&new_k_e, &new_k_e_prime).unwrap();
    assert_eq!(open(&header(&second).reencrypt(&again), &second, &new_k_e_prime).unwrap(), b"version 2");
    assert_eq!(open(&seen, &first, &k_e_prime).unwrap(), b"version 1");
}
