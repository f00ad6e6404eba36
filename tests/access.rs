//! Access control: every operation that checks an identity, for every role and every state of the identity.
//!
//! The table below holds the expected result of each cell as one word. Each cell is tried on a consortium that has a
//! record at each stage. `cargo test --release --test access -- --nocapture` prints the table.
//!
//! | column | the actor |
//! |---|---|
//! | own | the entitled member; in the rows of other roles, a member of that role |
//! | other | another member of the same role |
//! | namesake | a member of that role with the identifier of the entitled member |
//! | revoked, expired, early | own, with a revoked certificate, after its validity, before its validity |
//! | wrong CA | the subject of own in a certificate of an authority that is not trusted |
//! | forged | own's certificate without its key; where nothing is signed, a certificate with an altered signature |
//! | replayed | repeats the message of the entitled member; other roles copy its content under their own certificate |
//!
//! `PASS`: the operation succeeds. `same`: nothing changes, and the answer equals the first answer. `PASS!`: the
//! operation succeeds although a refusal may be expected; tests/README.md gives the reason for each. `-`: the case does
//! not exist. All other words are typed errors, named in `access/acts.rs`; `rule-N` is the contract's refusal N,
//! `code-N` the verdict in the block.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "access/acts.rs"]
#[allow(unreachable_pub, reason = "a room of this test")]
mod acts;
#[path = "support/consortium.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with other tests")]
mod consortium;
#[path = "access/ending.rs"]
mod ending;
#[path = "access/scene.rs"]
#[allow(unreachable_pub, reason = "a room of this test")]
mod scene;

use acts::{Cell, Row};
use phi_pre::contract::Ledger;
use phi_pre::identity::{
    Authority, IdentityError, Institution, MemberId, Msp, ParticipantGroup, RevocationList, Role, Subject,
};
use phi_pre::ledger::{Code, EndorseError, NetworkError, TxId};
use scene::{NOW, Scene, group};
use std::fmt::Write as _;
use std::io::Write as _;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Own,
    Other,
    Namesake,
    Revoked,
    Expired,
    Early,
    WrongCa,
    Forged,
    Replayed,
}

/// In the order of the columns.
const STATES: [(State, &str); 9] = [
    (State::Own, "own"),
    (State::Other, "other"),
    (State::Namesake, "namesake"),
    (State::Revoked, "revoked"),
    (State::Expired, "expired"),
    (State::Early, "early"),
    (State::WrongCa, "wrong CA"),
    (State::Forged, "forged"),
    (State::Replayed, "replayed"),
];

const TABLE: &str = "
                    own       other     namesake  revoked   expired   early     wrong CA  forged    replayed
0000 medical-record
  authority         role      role      exists    no-list   role      role      issuer    role      role
  user              rule-2    rule-2    rule-2    revoked   expired   early     issuer    signature txid
  hospital          PASS      rule-3    exists    revoked   expired   early     issuer    signature duplicate
  cloud             rule-2    rule-2    rule-2    revoked   expired   early     issuer    signature txid
  peer              access    access    access    revoked   expired   early     issuer    signature txid
  orderer           access    access    access    revoked   expired   early     issuer    signature txid
  admin             access    access    access    revoked   expired   early     issuer    signature txid
0001 confirmation
  authority         role      role      role      no-list   role      role      issuer    role      role
  user              PASS      rule-6    exists    revoked   expired   early     issuer    signature duplicate
  hospital          rule-2    rule-2    rule-2    revoked   expired   early     issuer    signature txid
  cloud             rule-2    rule-2    rule-2    revoked   expired   early     issuer    signature txid
  peer              access    access    access    revoked   expired   early     issuer    signature txid
  orderer           access    access    access    revoked   expired   early     issuer    signature txid
  admin             access    access    access    revoked   expired   early     issuer    signature txid
0002 share-request
  authority         role      role      role      no-list   role      role      issuer    role      role
  user              PASS      rule-6    exists    revoked   expired   early     issuer    signature duplicate
  hospital          rule-2    rule-2    rule-2    revoked   expired   early     issuer    signature txid
  cloud             rule-2    rule-2    rule-2    revoked   expired   early     issuer    signature txid
  peer              access    access    access    revoked   expired   early     issuer    signature txid
  orderer           access    access    access    revoked   expired   early     issuer    signature txid
  admin             access    access    access    revoked   expired   early     issuer    signature txid
0003 share-complete
  authority         role      role      exists    no-list   role      role      issuer    role      role
  user              rule-2    rule-2    rule-2    revoked   expired   early     issuer    signature txid
  hospital          PASS      rule-12   exists    revoked   expired   early     issuer    signature duplicate
  cloud             rule-2    rule-2    rule-2    revoked   expired   early     issuer    signature txid
  peer              access    access    access    revoked   expired   early     issuer    signature txid
  orderer           access    access    access    revoked   expired   early     issuer    signature txid
  admin             access    access    access    revoked   expired   early     issuer    signature txid
0004 share-withdrawal
  authority         role      role      role      no-list   role      role      issuer    role      role
  user              PASS      rule-6    exists    revoked   expired   early     issuer    signature duplicate
  hospital          rule-2    rule-2    rule-2    revoked   expired   early     issuer    signature txid
  cloud             rule-2    rule-2    rule-2    revoked   expired   early     issuer    signature txid
  peer              access    access    access    revoked   expired   early     issuer    signature txid
  orderer           access    access    access    revoked   expired   early     issuer    signature txid
  admin             access    access    access    revoked   expired   early     issuer    signature txid
have an envelope ordered
  authority         role      role      role      no-list   role      role      issuer    role      role
  user              PASS      PASS      exists    revoked   expired   early     issuer    signature duplicate
  hospital          PASS      PASS      PASS      revoked   expired   early     issuer    signature code-8
  cloud             PASS      PASS      PASS      revoked   expired   early     issuer    signature code-8
  peer              access    access    access    revoked   expired   early     issuer    signature access
  orderer           access    access    access    revoked   expired   early     issuer    signature access
  admin             access    access    access    revoked   expired   early     issuer    signature access
endorse
  authority         role      role      role      no-list   role      role      issuer    role      role
  user              code-10   code-10   code-10   revoked   expired   early     issuer    code-10   code-10
  hospital          code-10   code-10   code-10   revoked   expired   early     issuer    code-10   code-10
  cloud             code-10   code-10   code-10   revoked   expired   early     issuer    code-10   code-10
  peer              PASS      PASS      exists    revoked   expired   early     issuer    code-10   code-10
  orderer           code-10   code-10   code-10   revoked   expired   early     issuer    code-10   code-10
  admin             code-10   code-10   exists    revoked   expired   early     issuer    code-10   code-10
seal a block
  authority         role      role      role      no-list   role      role      issuer    role      number
  user              node      node      node      node      node      node      issuer    node      number
  hospital          node      node      node      node      node      node      issuer    node      number
  cloud             node      node      node      node      node      node      issuer    node      number
  peer              node      node      node      node      node      node      issuer    node      number
  orderer           PASS      PASS      exists    PASS!     PASS!     PASS!     issuer    signature number
  admin             node      node      node      node      node      node      issuer    node      number
start as a peer
  authority         role      role      role      no-list   role      role      issuer    role      -
  user              node      node      node      node      node      node      issuer    key       -
  hospital          node      node      node      node      node      node      issuer    key       -
  cloud             node      node      node      node      node      node      issuer    key       -
  peer              PASS      PASS      exists    PASS!     PASS!     PASS!     issuer    key       -
  orderer           node      node      node      node      node      node      issuer    key       -
  admin             node      node      exists    node      node      node      issuer    key       -
start as the orderer
  authority         role      role      role      no-list   role      role      issuer    role      -
  user              node      node      node      node      node      node      issuer    key       -
  hospital          node      node      node      node      node      node      issuer    key       -
  cloud             node      node      node      node      node      node      issuer    key       -
  peer              node      node      node      node      node      node      issuer    key       -
  orderer           PASS      PASS      exists    PASS!     PASS!     PASS!     issuer    key       -
  admin             node      node      node      node      node      node      issuer    key       -
upload a record
  authority         role      role      exists    no-list   role      role      issuer    role      role
  user              party     party     party     revoked   expired   early     issuer    signature party
  hospital          PASS      party     exists    revoked   expired   early     issuer    signature same
  cloud             party     party     party     revoked   expired   early     issuer    signature party
  peer              party     party     party     revoked   expired   early     issuer    signature party
  orderer           party     party     party     revoked   expired   early     issuer    signature party
  admin             party     party     party     revoked   expired   early     issuer    signature party
fetch a record
  authority         role      role      exists    no-list   role      role      issuer    role      role
  user              party     party     party     revoked   expired   early     issuer    signature party
  hospital          PASS      party     exists    revoked   expired   early     issuer    signature same
  cloud             party     party     party     revoked   expired   early     issuer    signature party
  peer              party     party     party     revoked   expired   early     issuer    signature party
  orderer           party     party     party     revoked   expired   early     issuer    signature party
  admin             party     party     party     revoked   expired   early     issuer    signature party
receive a record
  authority         party     party     exists    no-list   party     party     party     party     party
  user              party     party     sealed    party     party     party     party     party     party
  hospital          PASS      party     exists    revoked   expired   early     sealed    signature there
  cloud             party     party     sealed    party     party     party     party     party     party
  peer              party     party     sealed    party     party     party     party     party     party
  orderer           party     party     sealed    party     party     party     party     party     party
  admin             party     party     sealed    party     party     party     party     party     party
re-encrypt
  authority         party     party     role      no-list   -         -         party     -         party
  user              party     party     sealed    party     -         -         party     -         party
  hospital          party     party     sealed    party     -         -         party     -         party
  cloud             PASS      party     exists    PASS!     -         -         sealed    -         same
  peer              party     party     sealed    party     -         -         party     -         party
  orderer           party     party     sealed    party     -         -         party     -         party
  admin             party     party     sealed    party     -         -         party     -         party
be granted k'_e
  authority         role      role      exists    no-list   role      role      issuer    signature role
  user              party     party     party     revoked   expired   early     issuer    signature party
  hospital          PASS      PASS      exists    revoked   expired   early     issuer    signature PASS
  cloud             party     party     party     revoked   expired   early     issuer    signature party
  peer              party     party     party     revoked   expired   early     issuer    signature party
  orderer           party     party     party     revoked   expired   early     issuer    signature party
  admin             party     party     party     revoked   expired   early     issuer    signature party
be granted k_re
  authority         role      role      role      no-list   role      role      issuer    signature role
  user              party     party     party     revoked   expired   early     issuer    signature party
  hospital          party     party     party     revoked   expired   early     issuer    signature party
  cloud             PASS      PASS      exists    revoked   expired   early     issuer    signature PASS
  peer              party     party     party     revoked   expired   early     issuer    signature party
  orderer           party     party     party     revoked   expired   early     issuer    signature party
  admin             party     party     party     revoked   expired   early     issuer    signature party
alert the user
  authority         stranger  stranger  exists    no-list   -         -         stranger  -         stranger
  user              stranger  stranger  party     stranger  -         -         stranger  -         stranger
  hospital          PASS      party     exists    PASS!     -         -         party     -         same
  cloud             stranger  stranger  party     stranger  -         -         stranger  -         stranger
  peer              stranger  stranger  party     stranger  -         -         stranger  -         stranger
  orderer           stranger  stranger  party     stranger  -         -         stranger  -         stranger
  admin             stranger  stranger  party     stranger  -         -         stranger  -         stranger
meet a hospital
  authority         role      role      role      no-list   role      role      issuer    role      role
  user              PASS      PASS      exists    revoked   expired   early     issuer    signature PASS
  hospital          party     party     party     revoked   expired   early     issuer    party     party
  cloud             party     party     party     revoked   expired   early     issuer    party     party
  peer              party     party     party     revoked   expired   early     issuer    party     party
  orderer           party     party     party     revoked   expired   early     issuer    party     party
  admin             party     party     party     revoked   expired   early     issuer    party     party
meet a user
  authority         role      role      exists    no-list   role      role      issuer    role      role
  user              party     party     party     revoked   expired   early     issuer    party     party
  hospital          PASS      PASS      exists    revoked   expired   early     issuer    signature PASS
  cloud             party     party     party     revoked   expired   early     issuer    party     party
  peer              party     party     party     revoked   expired   early     issuer    party     party
  orderer           party     party     party     revoked   expired   early     issuer    party     party
  admin             party     party     party     revoked   expired   early     issuer    party     party
enrol with a code
  authority         role      role      -         -         role      -         role      role      role
  user              PASS      code      -         -         late      -         signature code      used
  hospital          PASS      code      -         -         late      -         signature code      used
  cloud             PASS      code      -         -         late      -         signature code      used
  peer              PASS      code      -         -         late      -         signature code      used
  orderer           PASS      code      -         -         late      -         signature code      used
  admin             PASS      code      -         -         late      -         signature code      used
";

fn bystanders(scene: &Scene, role: Role) -> [Institution; 2] {
    scene.bystanders[&role].clone()
}

fn hospital(scene: &Scene, own: usize, other: usize) -> [Institution; 2] {
    [own, other].map(|i| scene.hospitals[i].clone())
}

macro_rules! rows {
    ($($test:ident: $name:literal, $rightful:expr, $act:ident;)*) => {
        /// The sections of the table that have a test.
        const TRIED: &[&str] = &[$($name),*];

        $(#[test]
        fn $test() {
            try_row(&Row { name: $name, rightful: $rightful, act: acts::$act });
        })*
    };
}

rows! {
    medical_record: "0000 medical-record", |s| hospital(s, 0, 1), medical_record;
    confirmation: "0001 confirmation", |s| [s.holder(s.records.checked.alert().record), bystanders(s, Role::User)[0].clone()],
        confirmation;
    share_request: "0002 share-request", |s| [s.holder(s.records.stored), bystanders(s, Role::User)[0].clone()],
        share_request;
    share_complete: "0003 share-complete", |s| hospital(s, 1, 0), share_complete;
    share_withdrawal: "0004 share-withdrawal",
        |s| [s.holder(s.record_of(&s.records.granted)), bystanders(s, Role::User)[0].clone()], share_withdrawal;
    have_an_envelope_ordered: "have an envelope ordered", |s| bystanders(s, Role::User), have_ordered;
    endorse: "endorse", |s| bystanders(s, Role::Peer), endorse_it;
    seal_a_block: "seal a block", |s| bystanders(s, Role::Orderer), seal_a_block;
    start_as_a_peer: "start as a peer", |s| bystanders(s, Role::Peer), be_a_peer;
    start_as_the_orderer: "start as the orderer", |s| bystanders(s, Role::Orderer), be_the_orderer;
    upload_a_record: "upload a record", |s| hospital(s, 0, 1), upload;
    fetch_a_record: "fetch a record", |s| hospital(s, 1, 0), fetch;
    receive_a_record: "receive a record", |s| hospital(s, 1, 0), receive;
    reencrypt: "re-encrypt", |s| [s.cloud_institution.clone(), bystanders(s, Role::Cloud)[0].clone()], reencrypt;
    be_granted: "be granted k'_e", |s| hospital(s, 1, 2), be_granted;
    be_the_proxy: "be granted k_re", |s| [s.cloud_institution.clone(), bystanders(s, Role::Cloud)[0].clone()], be_the_proxy;
    alert_the_user: "alert the user", |s| hospital(s, 0, 1), alert;
    meet_a_hospital: "meet a hospital", |s| bystanders(s, Role::User), meet_as_a_user;
    meet_a_user: "meet a user", |s| bystanders(s, Role::Hospital), meet_as_a_hospital;
    enrol_with_a_code: "enrol with a code", |s| bystanders(s, Role::User), enrol;
}

/// The rows of a section: a role and nine words each.
fn section(name: &str) -> Vec<(Role, Vec<&'static str>)> {
    let lines = TABLE.lines().skip_while(|line| *line != name).skip(1).take_while(|line| line.starts_with("  "));
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            (Role::named(words.next().unwrap()).unwrap(), words.collect())
        })
        .collect()
}

/// Tries all 54 cells of a section, prints the results, and compares them with the table.
fn try_row(row: &Row) {
    let expected = section(row.name);
    assert_eq!(expected.iter().map(|(role, _)| *role).collect::<Vec<_>>(), Role::ALL);
    let mut found = vec![vec![String::new(); STATES.len()]; Role::ALL.len()];
    let mut scene = None;
    // Revocations come last, since they cannot be undone.
    for revoked in [false, true] {
        for (line, (role, words)) in expected.iter().enumerate() {
            assert_eq!(words.len(), STATES.len(), "{} {role}", row.name);
            for (column, (state, _)) in
                STATES.iter().enumerate().filter(|(_, (s, _))| (*s == State::Revoked) == revoked)
            {
                if words[column] == "-" {
                    found[line][column] = "-".into();
                    continue;
                }
                let mut here = scene.take().unwrap_or_else(Scene::new);
                let height = here.network.height();
                let word = try_cell(&mut here, row, *role, *state);
                let refused = !["PASS", "same", "code"].iter().any(|done| word.starts_with(done));
                // A refused operation changes nothing, so the next cell can use the same scene.
                if refused && *state != State::Replayed {
                    assert_eq!(here.network.height(), height, "{} {role} {state:?}", row.name);
                    scene = Some(here);
                }
                let wished = word == "PASS" && words[column] == "PASS!";
                found[line][column] = if wished { "PASS!".into() } else { word.replace(' ', "-") };
            }
        }
    }
    let mut out = format!("{}\n", row.name);
    for (line, (role, _)) in expected.iter().enumerate() {
        let _ = write!(out, "  {:<18}", role.name());
        for word in &found[line] {
            let _ = write!(out, "{word:<10}");
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    let _ = write!(std::io::stdout(), "{out}");
    for (line, (role, words)) in expected.iter().enumerate() {
        for (column, (_, state)) in STATES.iter().enumerate() {
            assert_eq!(found[line][column], words[column], "{}: {role}, {state}", row.name);
        }
    }
}

fn try_cell(scene: &mut Scene, row: &Row, role: Role, state: State) -> String {
    let [rightful, rival] = (row.rightful)(scene);
    match scene.actor(role, state, &rightful, &rival) {
        Ok(actor) => (row.act)(scene, &Cell { role, state, actor, rightful }),
        Err(error) => acts::identity(&error, role),
    }
}

/// Checks that each section of the table has a test, that the columns are in order, and that no row occurs twice.
#[test]
fn the_table_is_whole() {
    let names: Vec<_> = TABLE.lines().skip(2).filter(|line| !line.is_empty() && !line.starts_with(' ')).collect();
    assert_eq!(names, TRIED);
    let head: Vec<_> = STATES.iter().map(|(_, name)| *name).collect();
    assert_eq!(
        TABLE.lines().nth(1).unwrap().split("  ").map(str::trim).filter(|w| !w.is_empty()).collect::<Vec<_>>(),
        head
    );
}

/// Each authority may certify the roles of its own group only.
#[test]
fn authorities_certify_their_own_roles() {
    let rng = &mut <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    for by in ParticipantGroup::ALL {
        let mut ca = Authority::new(by, rng, NOW).unwrap();
        for role in Role::ALL {
            for organisation in
                ParticipantGroup::ALL.map(ParticipantGroup::name).into_iter().chain(["a name of its own"])
            {
                let subject = Subject::new(organisation, role, MemberId::random(rng)).unwrap();
                let issued = consortium::issue(&mut ca, &subject, NOW, rng).map(drop);
                // The authority of the ledger group is that of the organisation `ledger`.
                let foreign = match by {
                    ParticipantGroup::Ledger => organisation != "ledger",
                    _ => ParticipantGroup::named(organisation).is_some_and(|group| group != by),
                };
                let expected = if role == Role::Authority || group(role) != by {
                    Err(IdentityError::WrongRole { group: by, role })
                } else if foreign {
                    let (authority, organisation) = (by.name().to_owned(), organisation.to_owned());
                    Err(IdentityError::WrongOrganisation { authority, organisation })
                } else {
                    Ok(())
                };
                assert_eq!(issued, expected, "{by} {role} {organisation}");
            }
        }
    }
}

/// A revocation list is accepted only if the group's own authority signed it, and never after a newer list.
#[test]
fn revocations_are_the_authoritys_own() {
    use phi_pre::wire::Wire;
    let mut scene = Scene::new();
    let hospital = scene.hospitals[0].certificate.clone();
    let id = hospital.subject().id;
    let fresh = |scene: &Scene| scene.network.config().msp().unwrap();
    let empty = scene.authorities["hospitals"].revocations();
    let stranger = scene.strangers["hospitals"].revocations();
    assert_eq!(fresh(&scene).revoke(&stranger), Err(IdentityError::UnknownIssuer));
    // The list of another authority does not affect this group, and an authority cannot revoke a member of another
    // group.
    let clouds = scene.authorities.get_mut("cloud").unwrap();
    assert_eq!(clouds.revoke(&id), Err(IdentityError::UnknownMember));
    scene.authorities.get_mut("hospitals").unwrap().revoke(&id).unwrap();
    let list = scene.authorities["hospitals"].revocations();
    let mut bytes = list.to_bytes();
    for at in 0..bytes.len() {
        bytes[at] ^= 1;
        if let Ok(forged) = RevocationList::from_bytes(&bytes) {
            let refused = fresh(&scene).revoke(&forged);
            assert!(matches!(refused, Err(IdentityError::BadSignature | IdentityError::UnknownIssuer)), "{refused:?}");
        }
        bytes[at] ^= 1;
    }
    let mut msp: Msp = fresh(&scene);
    msp.revoke(&empty).unwrap();
    assert!(msp.validate(&hospital).is_ok());
    msp.revoke(&list).unwrap();
    msp.revoke(&list).unwrap();
    assert_eq!(msp.validate(&hospital), Err(IdentityError::Revoked));
    assert_eq!(msp.revoke(&empty), Err(IdentityError::StaleRevocations { known: 1, got: 0 }));
}

/// Two records with one commitment never stand together, in whatever order they come.
#[test]
fn nobody_files_a_copy_of_a_record() {
    let mut scene = Scene::new();
    let refused = |answer: Result<TxId, NetworkError>| match answer {
        Err(NetworkError::Endorse(EndorseError::Refused(refusal))) => assert_eq!(refusal.code, 15),
        other => panic!("{other:?}"),
    };
    let code = |scene: &Scene, txid: &TxId| scene.network.outcome(txid).unwrap().unwrap().code;
    let commitment = scene.records.recorded.alert().commitment;
    let copied = acts::Copied::confirm(&mut scene, commitment).unwrap();
    refused(copied.file(&mut scene));
    // Both records in one block: the first one is valid.
    let commitment = scene.records.confirmed.0.alert().commitment;
    let copied = acts::Copied::confirm(&mut scene, commitment).unwrap();
    let [rightful, copy] = [acts::file_the_confirmed(&mut scene).unwrap(), copied.file(&mut scene).unwrap()];
    scene.network.flush().unwrap();
    assert_eq!([&rightful, &copy].map(|txid| code(&scene, txid)), [Code::Valid, Code::MvccReadConflict]);
    // A hospital and a user together can be first with a commitment that they have seen. The hospital of the record
    // then encrypts it again under a new identifier, which gives another commitment.
    let mut scene = Scene::new();
    let commitment = scene.records.confirmed.0.alert().commitment;
    let copied = acts::Copied::confirm(&mut scene, commitment).unwrap();
    let copy = copied.file(&mut scene).unwrap();
    scene.network.flush().unwrap();
    assert_eq!(code(&scene, &copy), Code::Valid);
    refused(acts::file_the_confirmed(&mut scene));
    let fresh = phi_pre::integrity::Commitment(phi_pre::hash::Digest([1; 32]));
    let other = acts::Copied::confirm(&mut scene, fresh).unwrap().file(&mut scene).unwrap();
    scene.network.flush().unwrap();
    assert_eq!(code(&scene, &other), Code::Valid);
}

/// An attacker confirms a commitment that it has seen for a record that nobody will write, before the holder does. The
/// holder's confirmation and the record are committed all the same.
#[test]
fn a_confirmation_by_somebody_else_binds_nobody() {
    let mut scene = Scene::new();
    let alert = scene.records.checked.alert().clone();
    acts::Copied::confirm(&mut scene, alert.commitment).unwrap();
    let (id, hospital) = (scene.alice.pseudonym(alert.record).unwrap(), scene.hospitals[0].certificate.subject().id);
    scene.alice.confirm(&mut scene.network, alert.record, NOW.millis(), &mut scene.rng).unwrap();
    let written = acts::file(&mut scene, 0, alert.nonce, id, alert.commitment).unwrap();
    scene.network.flush().unwrap();
    assert_eq!(scene.network.outcome(&written).unwrap().unwrap().code, Code::Valid);
    let record = scene.network.record(alert.record, &scene.cloud.creator()).unwrap().unwrap();
    assert_eq!(record.hospital, hospital);
}
