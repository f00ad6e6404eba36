//! The operations of the rows of the table. Each function performs the operation as the actor and returns the result as
//! one word.

use crate::consortium::signer;
use crate::scene::{EARLY, LATE, NOW, ORGANISATIONS, Scene, altered, group, home, root_of};
use crate::{Role, State};
use phi_pre::contract::{Action, PhiContract, RecordId};
use phi_pre::flow::{Cloud, Consent, Fetch, FlowError, Handset, Phone, Store, User, introduce};
use phi_pre::hash::Digest;
use phi_pre::identifier::Pseudonym;
use phi_pre::identity::{Credentials, IdentityError, Institution, Member, ParticipantGroup, SealedCode, SealingKey};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::*;
use phi_pre::pre::HandshakeError;
use phi_pre::time::Seconds;
use rand_core::Rng;
use std::sync::Arc;

/// A cell of the table: the actor with its role and state.
pub struct Cell {
    pub role: Role,
    pub state: State,
    pub actor: Institution,
    /// The entitled member.
    pub rightful: Institution,
}

impl Cell {
    pub const fn now(&self) -> Seconds {
        match self.state {
            State::Expired => LATE,
            State::Early => EARLY,
            _ => NOW,
        }
    }

    fn entitled(&self) -> bool {
        self.role == self.rightful.certificate.subject().role
    }

    fn replayed(&self) -> bool {
        self.state == State::Replayed
    }

    /// Whether the same bytes are sent again. Members of other roles can only copy the content.
    fn again(&self) -> bool {
        self.replayed() && self.entitled()
    }
}

/// A row: its name, the entitled member and another member of its role, and the operation.
pub struct Row {
    pub name: &'static str,
    pub rightful: fn(&Scene) -> [Institution; 2],
    pub act: fn(&mut Scene, &Cell) -> String,
}

pub fn identity(error: &IdentityError, role: Role) -> String {
    match error {
        IdentityError::UnknownIssuer => "issuer".into(),
        IdentityError::BadSignature => "signature".into(),
        IdentityError::WrongRole { role: named, group: by } if *named == role && *by == group(role) => "role".into(),
        IdentityError::WrongRole { role: Role::Authority, .. } if role == Role::Authority => "role".into(),
        IdentityError::Revoked => "revoked".into(),
        IdentityError::Expired => "expired".into(),
        IdentityError::NotYetValid => "early".into(),
        IdentityError::Exists => "exists".into(),
        IdentityError::UnknownMember => "no list".into(),
        IdentityError::CannotOpen => "sealed".into(),
        IdentityError::Inconsistent { what: "signing key" } => "key".into(),
        IdentityError::WrongCode { left: 2 } => "code".into(),
        IdentityError::CodeExpired => "late".into(),
        IdentityError::CodeReused => "used".into(),
        other => format!("{other:?}"),
    }
}

fn order(error: &OrderError, role: Role) -> String {
    match error {
        OrderError::Identity(error) | OrderError::Endorser(error) => identity(error, role),
        OrderError::Access(named) if *named == role => "access".into(),
        OrderError::NotAnOrderer(named) if *named == role => "node".into(),
        OrderError::Duplicate(_) => "duplicate".into(),
        other => format!("{other:?}"),
    }
}

fn endorse(error: &EndorseError, role: Role) -> String {
    match error {
        EndorseError::Creator(error) => identity(error, role),
        EndorseError::Access(named) if *named == role => "access".into(),
        EndorseError::TxId => "txid".into(),
        EndorseError::Duplicate(_) => "duplicate".into(),
        EndorseError::Refused(ContractRefusal { code, .. }) => format!("rule {code}"),
        other => format!("{other:?}"),
    }
}

fn flow<T>(result: Result<T, FlowError>, cell: &Cell) -> String {
    let id = cell.actor.certificate.subject().id;
    match result {
        Ok(_) => "PASS".into(),
        Err(FlowError::Identity(error)) => identity(&error, cell.role),
        Err(FlowError::WrongParty(party)) if party == id => "party".into(),
        Err(FlowError::Stranger(party)) if party == id => "stranger".into(),
        Err(FlowError::Handshake(HandshakeError::Unauthenticated)) => "signature".into(),
        Err(FlowError::File { source, .. }) if source.kind() == std::io::ErrorKind::AlreadyExists => "there".into(),
        Err(other) => format!("{other:?}"),
    }
}

/// Submits a proposal of the actor. In a replay, it is the proposal of the entitled member with the actor as its
/// creator.
fn transact(scene: &mut Scene, cell: &Cell, action: &Action) -> String {
    use phi_pre::wire::Wire;
    let (now, height) = (cell.now().millis(), scene.network.height());
    let nonce = Nonce::random(&mut scene.rng);
    let propose = |by: &Institution| {
        let config = scene.network.config();
        Proposal::new(&config.channel, &config.contract, nonce, &by.certificate, now, action.to_bytes())
    };
    let mut signed = propose(&cell.actor).sign(&cell.actor.signing_key);
    if cell.replayed() {
        let rightful = propose(&cell.rightful).sign(&cell.rightful.signing_key);
        let first = scene.network.transact(&rightful, &Transient::default(), &cell.rightful.signing_key, now);
        assert_eq!(first.unwrap().code, Code::Valid);
        let copy = Proposal { creator: cell.actor.certificate.clone(), ..rightful.proposal.clone() };
        signed = if cell.entitled() { rightful } else { copy.sign(&cell.actor.signing_key) };
    }
    let height = height + u64::from(cell.replayed());
    let answer = scene.network.peer(0).unwrap().endorse(&signed, &Transient::default(), now);
    if let Err(error) = answer {
        assert!(scene.network.transact(&signed, &Transient::default(), &cell.actor.signing_key, now).is_err());
        assert_eq!(scene.network.height(), height);
        return endorse(&error, cell.role);
    }
    let outcome = scene.network.transact(&signed, &Transient::default(), &cell.actor.signing_key, now).unwrap();
    if outcome.code == Code::Valid { "PASS".into() } else { format!("code {}", outcome.code.number()) }
}

pub fn medical_record(scene: &mut Scene, cell: &Cell) -> String {
    let draft = &scene.records.confirmed.0;
    let id = scene.alice.pseudonym(draft.alert().record).unwrap();
    let (commitment, nonce) = (draft.alert().commitment, draft.alert().nonce);
    transact(scene, cell, &Action::MedicalRecord { nonce, id, commitment })
}

pub fn confirmation(scene: &mut Scene, cell: &Cell) -> String {
    let alert = scene.records.checked.alert();
    let (record, commitment) = (alert.record, alert.commitment);
    let id = scene.alice.pseudonym(record).unwrap();
    let hospital = scene.hospitals[0].certificate.subject().id;
    transact(scene, cell, &Action::Confirmation { record, id, commitment, hospital })
}

pub fn share_request(scene: &mut Scene, cell: &Cell) -> String {
    let recipient = scene.hospitals[1].certificate.subject().id;
    let (delta, grant) = (Digest([5; 32]), Digest([6; 32]));
    let (nonce, record) = (Nonce::random(&mut scene.rng), scene.records.stored);
    transact(scene, cell, &Action::ShareRequest { nonce, record, recipient, delta, grant, until: None })
}

pub fn share_complete(scene: &mut Scene, cell: &Cell) -> String {
    let action = Action::ShareComplete { request: scene.records.reencrypted.request, deliveries: Digest([7; 32]) };
    transact(scene, cell, &action)
}

pub fn share_withdrawal(scene: &mut Scene, cell: &Cell) -> String {
    let action = Action::ShareWithdrawal { request: scene.records.granted.request };
    transact(scene, cell, &action)
}

/// New peers of two organisations, certified at the time of the cell.
fn fresh_peers(scene: &mut Scene, now: Seconds) -> [Institution; 2] {
    [ORGANISATIONS[0], ORGANISATIONS[2]].map(|name| scene.fresh(Role::Peer, name, now))
}

fn transaction(scene: &Scene, creator: &Institution, nonce: Nonce, now: Seconds) -> Transaction {
    let config = scene.network.config();
    let proposal =
        Proposal::new(&config.channel, &config.contract, nonce, &creator.certificate, now.millis(), b"x".to_vec());
    let payload = Payload { proposal: proposal.digest(), response: Vec::new(), rwset: ReadWriteSet::default() };
    Transaction { proposal, payload, endorsements: Vec::new() }
}

fn endorsement(payload: &Payload, by: &Institution) -> Endorsement {
    use phi_pre::wire::Wire;
    Endorsement::sign(&payload.to_bytes(), &by.certificate, &by.signing_key)
}

fn signed_transaction(transaction: &Transaction, by: &Institution) -> SignedTransaction {
    use phi_pre::wire::Wire;
    let transaction = transaction.to_bytes();
    let signature = *by.signing_key.sign(&transaction).as_bytes();
    SignedTransaction { transaction, signature }
}

/// Sends a transaction to the orderer. Returns the refusal, or the verdict on the last transaction of the block.
fn broadcast(scene: &mut Scene, signed: &SignedTransaction, cell: &Cell) -> String {
    let height = scene.network.height();
    if let Err(error) = scene.network.broadcast(signed, cell.now().millis()) {
        assert_eq!(scene.network.height(), height);
        let NetworkError::Order(error) = error else { return format!("{error:?}") };
        return order(&error, cell.role);
    }
    scene.network.flush().unwrap();
    match scene.network.peer(0).unwrap().block(height).unwrap().metadata.codes.last() {
        Some(Code::Valid) => "PASS".into(),
        code => format!("code {}", code.unwrap().number()),
    }
}

/// Acts as the creator of a transaction that two peers have endorsed, whatever its content.
pub fn have_ordered(scene: &mut Scene, cell: &Cell) -> String {
    let peers = fresh_peers(scene, cell.now());
    let nonce = Nonce::random(&mut scene.rng);
    let by = if cell.replayed() { &cell.rightful } else { &cell.actor };
    let mut whole = transaction(scene, by, nonce, cell.now());
    whole.endorsements = peers.iter().map(|peer| endorsement(&whole.payload, peer)).collect();
    if cell.replayed() {
        assert_eq!(broadcast(scene, &signed_transaction(&whole, by), cell), "PASS");
        whole.proposal.creator = cell.actor.certificate.clone();
    }
    broadcast(scene, &signed_transaction(&whole, &cell.actor), cell)
}

/// Acts as the second of two necessary endorsers.
pub fn endorse_it(scene: &mut Scene, cell: &Cell) -> String {
    let [first, _] = fresh_peers(scene, cell.now());
    let creator = scene.fresh(Role::User, "users", cell.now());
    let [nonce, earlier] = [(); 2].map(|()| Nonce::random(&mut scene.rng));
    let mut whole = transaction(scene, &creator, nonce, cell.now());
    let about =
        if cell.replayed() { transaction(scene, &creator, earlier, cell.now()).payload } else { whole.payload.clone() };
    whole.endorsements = vec![endorsement(&whole.payload, &first), endorsement(&about, &cell.actor)];
    broadcast(scene, &signed_transaction(&whole, &creator), cell)
}

/// Acts as the orderer that seals the block after block 0, for a peer that has only block 0.
pub fn seal_a_block(scene: &mut Scene, cell: &Cell) -> String {
    let genesis = scene.network.peer(0).unwrap().block(0).unwrap().block;
    let folder = tempfile::tempdir().unwrap();
    let node = signer(&scene.peers[0]);
    let mut peer = Peer::create(&folder.path().join("peer"), &genesis, node, Arc::new(PhiContract)).unwrap();
    let seal =
        |by: &Institution| Block::seal(1, Some(genesis.header.hash()), Vec::new(), &by.certificate, &by.signing_key);
    if cell.replayed() {
        peer.commit(&seal(&cell.rightful)).unwrap();
    }
    match peer.commit(&seal(&cell.actor)) {
        Ok(_) => "PASS".into(),
        Err(CommitError::Block(BlockError::Seal { source, .. })) => identity(&source, cell.role),
        Err(CommitError::Block(BlockError::NotAnOrderer { role, .. })) if role == cell.role => "node".into(),
        Err(CommitError::Block(BlockError::Number { expected: 2, got: 1 })) => "number".into(),
        Err(other) => format!("{other:?}"),
    }
}

pub fn be_a_peer(scene: &mut Scene, cell: &Cell) -> String {
    let genesis = scene.network.peer(0).unwrap().block(0).unwrap().block;
    let folder = tempfile::tempdir().unwrap();
    match Peer::create(&folder.path().join("peer"), &genesis, signer(&cell.actor), Arc::new(PhiContract)) {
        Ok(_) => "PASS".into(),
        Err(PeerError::NotAPeer(role)) if role == cell.role => "node".into(),
        Err(PeerError::Identity(error)) => identity(&error, cell.role),
        Err(other) => format!("{other:?}"),
    }
}

pub fn be_the_orderer(scene: &mut Scene, cell: &Cell) -> String {
    let folder = tempfile::tempdir().unwrap();
    match Orderer::create(&folder.path().join("orderer"), scene.network.config(), signer(&cell.actor)) {
        Ok(_) => "PASS".into(),
        Err(error) => order(&error, cell.role),
    }
}

pub fn upload(scene: &mut Scene, cell: &Cell) -> String {
    let (content, bytes) = scene.upload();
    if cell.replayed() {
        let first = Scene::sign(content, &cell.rightful);
        scene.cloud.accept(&scene.network, &first, &mut &bytes[..], NOW.millis()).unwrap();
    }
    let signed = Scene::sign(content, &cell.actor);
    let word = flow(scene.cloud.accept(&scene.network, &signed, &mut &bytes[..], cell.now().millis()), cell);
    same(word, cell.again())
}

/// Replaces `PASS` by `same` for a repetition.
fn same(word: String, again: bool) -> String {
    if again && word == "PASS" { "same".into() } else { word }
}

pub fn fetch(scene: &mut Scene, cell: &Cell) -> String {
    let content = Fetch { request: scene.records.reencrypted.request };
    let mut deliveries = Vec::new();
    let mut deliver = |by: &Institution, now: Seconds| {
        let delivered = scene.cloud.deliver(&scene.network, &Scene::sign(content, by), now.millis());
        flow(delivered.map(|(delivery, _)| deliveries.push(delivery.content)), cell)
    };
    if cell.replayed() {
        assert_eq!(deliver(&cell.rightful, NOW), "PASS");
    }
    let word = deliver(&cell.actor, cell.now());
    assert!(deliveries.windows(2).all(|two| two[0] == two[1]));
    same(word, cell.again())
}

pub fn receive(scene: &mut Scene, cell: &Cell) -> String {
    let grant = &scene.records.reencrypted;
    let receive = |by: &Institution, now: Seconds| {
        scene.hospital(by.clone()).receive(
            &scene.network,
            &[&scene.cloud],
            grant,
            &scene.path("received"),
            now.millis(),
        )
    };
    if cell.replayed() {
        receive(&cell.rightful, NOW).unwrap();
    }
    flow(receive(&cell.actor, cell.now()), cell)
}

pub fn reencrypt(scene: &mut Scene, cell: &Cell) -> String {
    let cloud = |institution: Institution| {
        let store = Store::local(&scene.path("cloud")).unwrap();
        Cloud::new(institution, scene.params.clone(), scene.network.config().msp().unwrap(), store)
    };
    let (first, actor) = (cloud(cell.rightful.clone()), cloud(cell.actor.clone()));
    let (grant, now) = (&scene.records.granted, NOW.millis());
    if cell.replayed() {
        first.reencrypt(&scene.network, grant, now, &mut scene.rng).unwrap();
    }
    let again = actor.reencrypt(&scene.network, grant, now, &mut scene.rng);
    same(flow(again, cell), cell.again())
}

/// Validates the actor's certificate, as the user does before sealing a message to its holder.
fn member(scene: &Scene, cell: &Cell) -> Result<Member, FlowError> {
    let forged = cell.state == State::Forged;
    let certificate = if forged { altered(&cell.actor.certificate) } else { cell.actor.certificate.clone() };
    Ok(scene.msp.validate_at(&certificate, cell.now())?)
}

fn share(scene: &mut Scene, cell: &Cell, recipient: &Member, proxy: &Member) -> String {
    let Scene { alice, network, records, rng, .. } = scene;
    flow(alice.share(network, records.stored, &Consent::new(recipient, proxy), NOW.millis(), rng), cell)
}

pub fn be_granted(scene: &mut Scene, cell: &Cell) -> String {
    let proxy = scene.msp.validate(scene.cloud.certificate()).unwrap();
    match member(scene, cell) {
        Err(error) => flow::<()>(Err(error), cell),
        Ok(actor) => share(scene, cell, &actor, &proxy),
    }
}

pub fn be_the_proxy(scene: &mut Scene, cell: &Cell) -> String {
    let recipient = scene.msp.validate(&scene.hospitals[1].certificate).unwrap();
    match member(scene, cell) {
        Err(error) => flow::<()>(Err(error), cell),
        Ok(actor) => share(scene, cell, &recipient, &actor),
    }
}

pub fn alert(scene: &mut Scene, cell: &Cell) -> String {
    let alert = scene.records.admitted.alert().clone();
    let first = cell.replayed().then(|| scene.alice.check(&cell.rightful.certificate, &alert).unwrap());
    let answer = scene.alice.check(&cell.actor.certificate, &alert);
    let equal = first.is_some_and(|first| answer.as_ref().is_ok_and(|answer| *answer == first));
    same(flow(answer, cell), equal)
}

pub fn meet_as_a_user(scene: &mut Scene, cell: &Cell) -> String {
    let Institution { certificate, signing_key, .. } = cell.actor.clone();
    let credentials =
        Credentials { uid: scene.credentials.uid, vectors: Vec::new(), members: vec![(certificate, signing_key)] };
    let mut user = User::new(credentials, scene.params.clone());
    let hospital = scene.fresh(Role::Hospital, "new", cell.now());
    let mut hospital = scene.hospital(hospital);
    let mut meet = || introduce(&mut user, &mut hospital, &scene.msp, cell.now(), &mut scene.rng);
    if cell.again() {
        meet().unwrap();
    }
    flow(meet(), cell)
}

pub fn meet_as_a_hospital(scene: &mut Scene, cell: &Cell) -> String {
    let Institution { certificate, signing_key, .. } = scene.fresh(Role::User, "users", cell.now());
    let credentials =
        Credentials { uid: scene.credentials.uid, vectors: Vec::new(), members: vec![(certificate, signing_key)] };
    let mut user = User::new(credentials, scene.params.clone());
    let mut hospital = scene.hospital(cell.actor.clone());
    let mut meet = || introduce(&mut user, &mut hospital, &scene.msp, cell.now(), &mut scene.rng);
    if cell.again() {
        meet().unwrap();
    }
    flow(meet(), cell)
}

/// Registers a new member of the role. The state of the cell is that of the one-time code.
pub fn enrol(scene: &mut Scene, cell: &Cell) -> String {
    let Scene { authorities, strangers, rng, .. } = scene;
    let organisation = if group(cell.role) == ParticipantGroup::Ledger { home(cell.role) } else { "new" };
    let root = root_of(cell.role, home(cell.role));
    let ca = authorities.get_mut(root).unwrap();
    let mut phone = Handset::new(&format!("+8210{:08}", rng.next_u32() % 100_000_000)).unwrap();
    let number = phone.number().clone();
    let begun = match cell.role {
        Role::User => ca.begin_registration(&number, NOW, &mut phone, rng),
        role => ca.begin_institution(organisation, role, &number, NOW, &mut phone, rng),
    };
    let ticket = match begun {
        Ok(ticket) => ticket,
        Err(error) => return identity(&error, cell.role),
    };
    let key = SealingKey::random(rng);
    let user = cell.role == Role::User;
    let mut finish = |code: &str, now: Seconds| {
        let answer = SealedCode::new(ca.root(), &ticket, code, &key.public(), rng)?;
        if user {
            ca.finish_registration(&ticket, &answer, now, rng)
        } else {
            ca.finish_institution(&ticket, &answer, now, rng)
        }
    };
    let right = phone.code().to_owned();
    let wrong: String = right.chars().map(|digit| if digit == '9' { '0' } else { '9' }).collect();
    let finished = match cell.state {
        State::Expired => finish(&right, NOW + 180),
        State::Other | State::Forged => finish(&wrong, NOW),
        State::Replayed => finish(&right, NOW).and_then(|_| finish(&right, NOW)),
        _ => finish(&right, NOW),
    };
    let root = if cell.state == State::WrongCa { strangers[root].root() } else { ca.root() };
    let opened = finished.and_then(|sealed| {
        if user {
            sealed.open(&key, &ticket, root).map(drop)
        } else {
            sealed.open_institution(&key, &ticket, root).map(drop)
        }
    });
    opened.map_or_else(|error| identity(&error, cell.role), |()| "PASS".into())
}

/// A commitment that hospital C and the user Bob file as their own record.
pub struct Copied {
    bob: Institution,
    nonce: Nonce,
    commitment: Commitment,
}

impl Copied {
    /// Bob confirms the commitment for a record of hospital C.
    pub fn confirm(scene: &mut Scene, commitment: Commitment) -> Result<Self, NetworkError> {
        let bob = scene.fresh(Role::User, "users", NOW);
        let copied = Self { bob, nonce: Nonce::random(&mut scene.rng), commitment };
        let by = &scene.hospitals[2].certificate;
        let (record, id, hospital) = (RecordId::new(&copied.nonce, by), copied.id(), by.subject().id);
        let action = Action::Confirmation { record, id, commitment, hospital };
        let signed = propose(scene, &copied.bob, &action);
        let key = &copied.bob.signing_key;
        let outcome = scene.network.transact(&signed, &Transient::default(), key, NOW.millis())?;
        assert_eq!(outcome.code, Code::Valid);
        Ok(copied)
    }

    /// Hospital C submits its record with the commitment. The block is not cut yet.
    pub fn file(&self, scene: &mut Scene) -> Result<TxId, NetworkError> {
        file(scene, 2, self.nonce, self.id(), self.commitment)
    }

    fn id(&self) -> Pseudonym {
        self.bob.certificate.subject().id.into()
    }
}

fn propose(scene: &mut Scene, by: &Institution, action: &Action) -> SignedProposal {
    let nonce = Nonce::random(&mut scene.rng);
    let (config, action) = (scene.network.config(), phi_pre::wire::Wire::to_bytes(action));
    let proposal = Proposal::new(&config.channel, &config.contract, nonce, &by.certificate, NOW.millis(), action);
    proposal.sign(&by.signing_key)
}

/// A hospital submits a record. The block is not cut yet.
pub fn file(
    scene: &mut Scene,
    hospital: usize,
    nonce: Nonce,
    id: Pseudonym,
    commitment: Commitment,
) -> Result<TxId, NetworkError> {
    let by = scene.hospitals[hospital].clone();
    let signed = propose(scene, &by, &Action::MedicalRecord { nonce, id, commitment });
    scene.network.submit(&signed, &Transient::default(), &by.signing_key, NOW.millis())
}

/// Hospital A submits the record that is confirmed. The block is not cut yet.
pub fn file_the_confirmed(scene: &mut Scene) -> Result<TxId, NetworkError> {
    let alert = scene.records.confirmed.0.alert().clone();
    let id = scene.alice.pseudonym(alert.record).unwrap();
    file(scene, 0, alert.nonce, id, alert.commitment)
}
