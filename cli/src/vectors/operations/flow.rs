//! Operations on the sealed identifier, on the alarm, and on a transcript of the whole flow of Figures 3 and 4.
//!
//! The library's actors need a ledger on a disk and keys that they draw, so the checks of `User::check`, `Cloud::accept`,
//! `Cloud::reencrypt`, `Cloud::deliver`, `Hospital::receive` and `verify_deliveries` are written again here, with the
//! library's errors.

use super::deliveries::{commit, fault, of_role, party, record, shared, verify_deliveries};
use super::identity::{certificate, sealing_key};
use super::ledger::Chain;
use super::scheme::HANDSHAKE;
use crate::vectors::case::{Fault, Input, Kind, Operation, OrRefused, hex, malformed, read_hex, t6, wire};
use phi_pre::contract::{RecordId, RequestId, Shared};
use phi_pre::envelope::{Header, Opener, SealedRecord};
use phi_pre::flow::{
    Delivery, Fetch, FlowError, Grant, Misbehaviour, SealedIdentifier, Signed, Upload, check_delivery,
    check_granted_note, check_open,
};
use phi_pre::hash::{label, sha256, tagged};
use phi_pre::identity::{Certificate, MemberId, Msp, Role, SealingKey, Signature};
use phi_pre::ledger::Nonce;
use phi_pre::pre::{EncryptionKey, NamedSecret, Params, Partial, PublicKey, ReKey, Scope, Seed, SharedSecret};
use phi_pre::time::Millis;
use phi_pre::wire::Wire;
use serde_json::{Value, json};
use std::path::{Component, Path};

pub(in crate::vectors) const ALL: &[&Operation] = &[&SEAL_IDENTIFIER, &IDENTIFIER, &CHECK_ALARM, &FLOW];

fn shared_secret(input: Input<'_>) -> Result<SharedSecret, Fault> {
    Ok(SharedSecret::from_bytes(input.array("sk")?))
}

pub(in crate::vectors) const SEAL_IDENTIFIER: Operation = Operation {
    name: "seal identifier",
    input: &[("sk", Kind::Hex), ("record", Kind::Hex), ("id", Kind::Hex)],
    output: &[("sealed", Kind::Hex)],
    run: |input| {
        let sealed = SealedIdentifier::seal(&input.wire("id")?, &shared_secret(input)?, &input.wire("record")?);
        Ok(json!({ "sealed": wire(&sealed.refused()?) }))
    },
};

pub(in crate::vectors) const IDENTIFIER: Operation = Operation {
    name: "sealed identifier",
    input: &[("sk", Kind::Hex), ("record", Kind::Hex), ("sealed", Kind::Hex)],
    output: &[("id", Kind::Hex)],
    run: |input| {
        let sealed: SealedIdentifier = input.wire("sealed")?;
        Ok(json!({ "id": wire(&sealed.open(&shared_secret(input)?, &input.wire("record")?).refused()?) }))
    },
};

/// Computes sk from a case of the handshake.
pub(in crate::vectors) fn introduced(case: Input<'_>) -> Result<SharedSecret, Fault> {
    let output = (HANDSHAKE.run)(case)?;
    let sk = read_hex(&output["sk"])?;
    Ok(SharedSecret::from_bytes(sk.try_into().map_err(|_| malformed("sk"))?))
}

fn open_share(chain: &Chain, request: RequestId, now: Millis) -> Result<Shared, FlowError> {
    let shared = shared(chain, request)?;
    check_open(request, &shared, now)?;
    Ok(shared)
}

fn open(header: &Header, body: &[u8], key: &EncryptionKey) -> Result<(SealedRecord, Vec<u8>), FlowError> {
    let mut plain = Vec::new();
    Ok((Opener::new(header, key)?.open(&mut &*body, &mut plain)?, plain))
}

/// A case, with what all parties know.
struct Flow<'a> {
    input: Input<'a>,
    params: Params,
    now: Millis,
    chain: Chain,
}

/// An alarm that the user has checked.
struct Checked {
    record: RecordId,
    public_key: PublicKey,
    body: Vec<u8>,
    plain: Vec<u8>,
}

/// From what the key of a record comes.
enum First {
    Sk(SharedSecret),
    Named(NamedSecret),
}

impl First {
    fn keys(&self, params: &Params, scope: Scope<'_>) -> (EncryptionKey, PublicKey) {
        match self {
            Self::Sk(sk) => {
                let k_d = params.derive(sk, scope);
                (k_d.encryption_key(params), k_d.public_key(params))
            }
            Self::Named(a) => (a.encryption_key(params, scope), a.public(params).public_key(params, scope)),
        }
    }
}

/// The field `name`, if it is not null.
fn given<'a>(input: Input<'a>, name: &str) -> Option<&'a Value> {
    input.0.get(name).filter(|value| !value.is_null())
}

/// a of a key by name, if the case has one.
fn named(input: Input<'_>) -> Result<Option<NamedSecret>, Fault> {
    given(input, "a").map(|value| NamedSecret::from_bytes(&read_hex(value)?).refused()).transpose()
}

/// Figure 3: the user checks the alarm and the note of the hospital of this certificate.
fn check_alarm(input: Input<'_>, params: &Params, hospital: &Certificate, first: &First) -> Result<Checked, Fault> {
    let (alarm, note): (_, Signed<Upload>) = (input.object("alarm")?, input.wire("note")?);
    let (own, envelope) = (certificate(alarm, "certificate")?, input.bytes("envelope")?);
    let record: RecordId = alarm.wire("record")?;
    let identity = |one: &Certificate| (one.subject().clone(), *one.verifying_key());
    let its_own = [&own, &note.certificate].iter().all(|one| identity(one) == identity(hospital));
    let from = hospital.subject().id;
    party(its_own && RecordId::new(&Nonce(alarm.array("nonce")?), &own) == record, from).refused()?;
    let encoded = note.to_bytes();
    let signature = Signature::from_bytes(encoded.last_chunk().ok_or_else(|| malformed("short"))?).refused()?;
    let parts = [Upload::NAME.as_bytes(), &note.content.to_bytes(), note.certificate.der()];
    let statement = tagged(label::SIGNED_MESSAGE, &parts);
    hospital.verifying_key().verify(&statement.0, &signature).refused()?;

    let header = Header::from_bytes(envelope.get(..Header::BYTES).unwrap_or(&envelope)).refused()?;
    let (k_e, y) = first.keys(params, Scope::Record(&record.0.0));
    let body = envelope[Header::BYTES..].to_vec();
    let (sealed, plain) = open(&header, &body, &k_e).refused()?;
    if sealed.commitment != alarm.wire("commitment")? {
        return Err(FlowError::Commitment).refused();
    }
    if note.content != (Upload { record, epoch: 0, header, body: sha256(&[&body]), public_key: y }) {
        return Err(fault(Misbehaviour::Note, from)).refused();
    }
    Ok(Checked { record, public_key: y, body, plain })
}

/// A cloud of the case.
struct Cloud {
    id: MemberId,
    key: SealingKey,
    delivery: Signed<Delivery>,
    body: Vec<u8>,
}

/// What hospital B has received.
struct Received {
    k_e_prime: EncryptionKey,
    name: String,
    again: Header,
    partials: Vec<Partial>,
    deliveries: Vec<Signed<Delivery>>,
    refused: Vec<(MemberId, FlowError)>,
    plain: Vec<u8>,
}

impl Flow<'_> {
    fn msp(&self) -> Result<&Msp, Fault> {
        Ok(&self.chain.channel().ok_or_else(|| malformed("no chain"))?.msp)
    }

    /// Figure 3: a cloud accepts an upload with this body.
    fn accept(&self, body: &[u8]) -> Result<Signed<Upload>, Fault> {
        let upload: Signed<Upload> = self.input.wire("upload")?;
        let sender = upload.verify_at(self.msp()?, self.now.seconds()).refused()?;
        of_role(Role::Hospital, &sender).refused()?;
        let Upload { record: id, epoch, body: announced, .. } = upload.content;
        let hospital = record(&self.chain, id).refused()?.hospital;
        party(hospital == sender.id && epoch == 0, sender.id).refused()?;
        let found = sha256(&[body]);
        if announced == found { Ok(upload) } else { Err(FlowError::Upload { announced, found }).refused() }
    }

    /// Figure 4: a cloud re-encrypts the record by its share k_j. Returns the output of the case for this cloud.
    fn reencrypt(&self, msp: &Msp, grant: &Grant, upload: &Signed<Upload>, cloud: &Cloud) -> Result<Value, FlowError> {
        let Shared { share, record, .. } = open_share(&self.chain, grant.request, self.now)?;
        grant.check(&share)?;
        check_granted_note(msp, (&share, &record), grant)?;
        let index = grant.index(cloud.id)?;
        let delta = grant.public.of_share(index)?;
        let (_, sealed) = &grant.shares[usize::from(index) - 1];
        let k_j = cloud.key.open(Grant::K_RE, &grant.request.0.0, sealed)?;
        let k_j = ReKey::from_bytes(k_j.expose())?;
        delta.check(&self.params, &k_j).map_err(|_| fault(Misbehaviour::ReKey, record.id.into()))?;
        let author = upload.certificate.subject().id;
        party(upload.content.record == share.record && author == upload.content.author(&record), author)?;
        let (stored, granted) = (&upload.content, &grant.note.content);
        if stored.epoch != granted.epoch {
            return Err(FlowError::Epoch { stored: stored.epoch, asked: granted.epoch });
        }
        if stored != granted {
            return Err(fault(Misbehaviour::Note, stored.author(&record)));
        }
        let before = upload.content.header.capsule;
        let after = k_j.reencrypt(&before);
        Ok(json!({
            "index": index,
            "k_j": hex(k_j.to_bytes().expose()),
            "delta_j": wire(&delta),
            "C_prime_j": t6(after.c()),
            "D_j": t6(Partial::of(index, &before, &after).after().c()),
            "delivered": hex(sha256(&[&cloud.delivery.to_bytes(), &cloud.body]).0),
        }))
    }

    /// Figure 4: hospital B asks the clouds, checks what they deliver and opens the record.
    fn receive(&self, grant: &Grant, clouds: &[Cloud]) -> Result<Received, Fault> {
        let (fetch, b_key): (Signed<Fetch>, _) = (self.input.wire("fetch")?, sealing_key(self.input, "b_key")?);
        let Shared { share, record, .. } = open_share(&self.chain, grant.request, self.now).refused()?;
        let own = fetch.certificate.subject().id;
        party(share.recipient == own, own).refused()?;
        grant.check(&share).refused()?;
        check_granted_note(self.msp()?, (&share, &record), grant).refused()?;
        let opened = b_key.open(Grant::K_E_PRIME, &grant.request.0.0, &grant.k_e_prime).refused()?;
        let (k_e_prime, name) = Grant::read_k_e_prime(opened.expose()).refused()?;
        if name.is_empty() || !Path::new(&name).components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(FlowError::Name(name)).refused();
        }

        let (t, msp) = (grant.public.threshold().t(), self.msp()?);
        let (mut found, mut refused, mut asked) = (Vec::<(u8, &Cloud)>::new(), Vec::new(), 0);
        for cloud in clouds {
            if found.len() == usize::from(t) {
                break;
            }
            asked += 1;
            let index = self
                .deliver(msp, &fetch, cloud)
                .and_then(|()| check_delivery(&self.params, msp, (&share, &record), grant, &cloud.delivery));
            match index {
                Ok(index) if found.iter().any(|(other, _)| *other == index) => {}
                Ok(index) => found.push((index, cloud)),
                Err(why) => refused.push((cloud.id, why)),
            }
        }
        if found.len() != usize::from(t) {
            return Err(too_few(t, found.len(), refused)).refused();
        }
        if asked != clouds.len() {
            return Err(malformed("a cloud that hospital B does not ask"));
        }

        let note = grant.note.content;
        let by = note.author(&record);
        let holds =
            |delta: phi_pre::pre::PublicReKey| delta.check_recipient(&self.params, &note.public_key, &k_e_prime);
        if grant.public.delta().is_none_or(|delta| holds(delta).is_err()) {
            return Err(fault(Misbehaviour::RecipientKey, record.id.into())).refused();
        }
        let capsule = note.header.capsule;
        let of = |(index, cloud): &(u8, &Cloud)| {
            Partial::of(*index, &capsule, &capsule.with_c(cloud.delivery.content.c_prime))
        };
        let partials: Vec<_> = found.iter().map(of).collect();
        let again = Header { capsule: grant.public.combine(&capsule, &partials).refused()?, ..note.header };
        Opener::new(&again, &k_e_prime).map_err(|_| fault(Misbehaviour::Record, by)).refused()?;
        let mut plain = None;
        for (_, cloud) in &found {
            if plain.is_some() {
                break;
            }
            match open(&again, &cloud.body, &k_e_prime) {
                Ok((sealed, opened)) if sealed.commitment == record.commitment => plain = Some(opened),
                _ if sha256(&[&cloud.body]) == note.body => return Err(fault(Misbehaviour::Record, by)).refused(),
                _ => refused.push((cloud.id, fault(Misbehaviour::Body, cloud.id))),
            }
        }
        let deliveries: Vec<_> = found.iter().map(|(_, cloud)| cloud.delivery.clone()).collect();
        match plain {
            None => Err(too_few(t, deliveries.len(), refused)).refused(),
            Some(plain) => Ok(Received { k_e_prime, name, again, partials, deliveries, refused, plain }),
        }
    }

    /// Figure 4: what a cloud checks before it delivers.
    fn deliver(&self, msp: &Msp, fetch: &Signed<Fetch>, cloud: &Cloud) -> Result<(), FlowError> {
        let reader = fetch.verify_at(msp, self.now.seconds())?;
        of_role(Role::Hospital, &reader)?;
        let request = fetch.content.request;
        party(open_share(&self.chain, request, self.now)?.share.recipient == reader.id, reader.id)?;
        if cloud.delivery.content.request == request { Ok(()) } else { Err(FlowError::NotReencrypted(request)) }
    }
}

/// The answer of the one cloud that was asked, or those of all.
fn too_few(needed: u8, delivered: usize, mut refused: Vec<(MemberId, FlowError)>) -> FlowError {
    match refused.pop() {
        Some((_, only)) if refused.is_empty() && needed == 1 => only,
        last => {
            refused.extend(last);
            FlowError::TooFewClouds { needed, delivered, refused }
        }
    }
}

const CLOUD: Kind =
    Kind::Object(&[("id", Kind::Hex), ("key", Kind::Hex), ("delivery", Kind::Hex), ("body", Kind::Hex)]);
const ACTED: Kind = Kind::Object(&[
    ("index", Kind::Number),
    ("k_j", Kind::Hex),
    ("delta_j", Kind::Hex),
    ("C_prime_j", Kind::Hex),
    ("D_j", Kind::Hex),
    ("delivered", Kind::Hex),
]);
const ALARM: Kind =
    Kind::Object(&[("record", Kind::Hex), ("nonce", Kind::Hex), ("certificate", Kind::Hex), ("commitment", Kind::Hex)]);

pub(in crate::vectors) const CHECK_ALARM: Operation = Operation {
    name: "alarm",
    input: &[
        ("k_s", Kind::Hex),
        ("sk", Kind::Maybe(&Kind::Hex)),
        ("a", Kind::Maybe(&Kind::Hex)),
        ("hospital", Kind::Hex),
        ("alarm", ALARM),
        ("note", Kind::Hex),
        ("envelope", Kind::Hex),
    ],
    output: &[("hospital", Kind::Hex), ("Y", Kind::Hex), ("plaintext", Kind::Hex)],
    run: |input| {
        let (params, hospital) = (Params::new(Seed(input.array("k_s")?)), certificate(input, "hospital")?);
        let first = match (given(input, "sk").is_some(), named(input)?) {
            (true, None) => First::Sk(shared_secret(input)?),
            (false, Some(a)) => First::Named(a),
            _ => return Err(malformed("sk and a, or none of them")),
        };
        let checked = check_alarm(input, &params, &hospital, &first)?;
        Ok(json!({
            "hospital": wire(&hospital.fingerprint()),
            "Y": wire(&checked.public_key),
            "plaintext": hex(checked.plain),
        }))
    },
};

pub(in crate::vectors) const FLOW: Operation = Operation {
    name: "flow",
    input: &[
        ("k_s", Kind::Hex),
        ("with_a", Kind::Object(HANDSHAKE.input)),
        ("a", Kind::Maybe(&Kind::Hex)),
        ("blocks", Kind::List(&Kind::Hex)),
        ("now", Kind::Number),
        ("alarm", ALARM),
        ("note", Kind::Hex),
        ("envelope", Kind::Hex),
        ("sealed_identifier", Kind::Hex),
        ("upload", Kind::Hex),
        ("grant", Kind::Hex),
        ("clouds", Kind::List(&CLOUD)),
        ("fetch", Kind::Hex),
        ("b_key", Kind::Hex),
    ],
    output: &[
        ("sk_a", Kind::Hex),
        ("record", Kind::Hex),
        ("Y", Kind::Hex),
        ("id", Kind::Hex),
        ("request", Kind::Hex),
        ("delta", Kind::Hex),
        ("delta_digest", Kind::Hex),
        ("grant_digest", Kind::Hex),
        ("clouds", Kind::List(&ACTED)),
        ("refused", Kind::List(&Kind::Object(&[("cloud", Kind::Hex), ("why", Kind::Text)]))),
        ("k_e_prime", Kind::Hex),
        ("name", Kind::Text),
        ("partials", Kind::List(&Kind::Hex)),
        ("again", Kind::Hex),
        ("plaintext", Kind::Hex),
        ("deliveries", Kind::Hex),
        ("share", Kind::Hex),
        ("commit_hash", Kind::Hex),
    ],
    run: |input| {
        let params = Params::new(Seed(input.array("k_s")?));
        let sk_a = introduced(input.object("with_a")?)?;
        let blocks = input.byte_lists("blocks")?;
        let (last, before) = blocks.split_last().ok_or_else(|| malformed("no block"))?;
        let mut chain = Chain::default();
        before.iter().try_for_each(|block| commit(&mut chain, block))?;
        let mut flow = Flow { input, params, now: Millis(input.number("now")?), chain };

        let hospital = certificate(input.object("with_a")?, "name_R")?;
        let first = named(input)?.map_or_else(|| First::Sk(sk_a.clone()), First::Named);
        let checked = check_alarm(input, &flow.params, &hospital, &first)?;
        let id = input.wire::<SealedIdentifier>("sealed_identifier")?.open(&sk_a, &checked.record).refused()?;
        if id != record(&flow.chain, checked.record).refused()?.id {
            return Err(FlowError::Identifier).refused();
        }
        let upload = flow.accept(&checked.body)?;

        let grant: Grant = input.wire("grant")?;
        let clouds = input.objects("clouds")?.into_iter().map(|cloud| {
            let (id, key) = (MemberId(cloud.array("id")?), sealing_key(cloud, "key")?);
            Ok(Cloud { id, key, delivery: cloud.wire("delivery")?, body: cloud.bytes("body")? })
        });
        let clouds = clouds.collect::<Result<Vec<_>, Fault>>()?;
        let acted = clouds.iter().map(|cloud| flow.reencrypt(flow.msp()?, &grant, &upload, cloud).refused());
        let acted = acted.collect::<Result<Vec<_>, Fault>>()?;
        let received = flow.receive(&grant, &clouds)?;
        if received.plain != checked.plain {
            return Err(malformed("two records"));
        }

        commit(&mut flow.chain, last)?;
        let (share, _) =
            verify_deliveries(&flow.chain, &flow.params, flow.msp()?, &grant, &received.deliveries).refused()?;
        let (Some(delta), Some(savepoint)) = (grant.public.delta(), flow.chain.savepoint) else {
            return Err(malformed("no Δ or no block"));
        };
        let refused: Vec<_> =
            received.refused.iter().map(|(id, why)| json!({ "cloud": wire(id), "why": why.to_string() })).collect();
        Ok(json!({
            "sk_a": hex(sk_a.expose()),
            "record": wire(&checked.record),
            "Y": wire(&checked.public_key),
            "id": wire(&id),
            "request": wire(&grant.request),
            "delta": wire(&delta),
            "delta_digest": wire(&grant.delta()),
            "grant_digest": wire(&grant.digest()),
            "clouds": acted,
            "refused": refused,
            "k_e_prime": hex(received.k_e_prime.to_bytes().expose()),
            "name": received.name,
            "partials": received.partials.iter().map(wire).collect::<Vec<_>>(),
            "again": wire(&received.again),
            "plaintext": hex(received.plain),
            "deliveries": wire(&Delivery::digest(&received.deliveries)),
            "share": wire(&share),
            "commit_hash": wire(&savepoint.commit_hash),
        }))
    },
};
