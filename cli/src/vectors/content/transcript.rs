//! Everything that registered parties send and store in one flow of Figures 3 and 4: one record, one request, and one cloud
//! or three clouds of which two are needed.

use super::super::case::{Fault, Input, clamped, hex, malformed};
use super::super::operations::flow::introduced;
use super::draw::{bytes, encoded, put};
use super::handshake::Sides;
use super::world::{NOW, World};
use phi_pre::contract::{Action, RecordId, RequestId};
use phi_pre::envelope::{Header, Sealer, Suite};
use phi_pre::flow::{Delivery, Fetch, Grant, SealedIdentifier, Signed, Upload};
use phi_pre::hash::{Digest, sha256};
use phi_pre::identifier::Pseudonym;
use phi_pre::identity::{Certificate, Role, Sealed, SealingKey, seal};
use phi_pre::integrity::Commitment;
use phi_pre::ledger::{Nonce, Signer};
use phi_pre::pre::{
    DecryptionKey, KeyShare, NamedSecret, Params, ReKey, ReencryptionProof, Scope, Seed, SharedSecret, Statement,
    Threshold,
};
use phi_pre::secret::Secret;
use phi_pre::time::Millis;
use phi_pre::wire::Writer;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

/// A copy of a case in which the value at this JSON pointer is another one.
pub(super) fn with(input: &Value, pointer: &str, value: Value) -> Result<Value, Fault> {
    let mut altered = input.clone();
    *altered.pointer_mut(pointer).ok_or_else(|| malformed(format_args!("no {pointer}")))? = value;
    Ok(altered)
}

/// The single fault of a flow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Twist {
    None,
    /// The upload is signed under another certificate of hospital A. No fault.
    Renewed,
    /// The record is encrypted under a key by name. No fault.
    Named,
    Commitment,
    Capsule,
    TwoNotes,
    GrantedBy,
    GrantedRecord,
    Replaced,
    Withdrawn,
    Epoch,
    Share,
    RecipientKey,
    ThirdKey,
    Name(&'static str),
    Endorsements,
    Completion,
}

/// How a flow goes.
pub(super) struct Plan {
    pub(super) t: u8,
    /// The clouds that hospital B asks, from 0 on.
    pub(super) asked: &'static [usize],
    pub(super) until: Option<Millis>,
    pub(super) suite: Suite,
    pub(super) twist: Twist,
}

impl Plan {
    pub(super) const ONE: Self = Self { t: 1, asked: &[0], until: None, suite: Suite::Aes256Gcm, twist: Twist::None };
    pub(super) const SHARED: Self = Self { t: 2, asked: &[0, 2], ..Self::ONE };

    pub(super) const fn n(&self) -> u8 {
        if self.t == 1 { 1 } else { 3 }
    }
}

/// Everything that the parties send and store.
pub(super) struct Transcript {
    pub(super) world: World,
    pub(super) params: Params,
    pub(super) k_s: [u8; 32],
    pub(super) with_a: Sides,
    pub(super) sk_a: SharedSecret,
    pub(super) a: Option<NamedSecret>,
    pub(super) nonce: Nonce,
    pub(super) envelope: Vec<u8>,
    pub(super) record: RecordId,
    pub(super) commitment: Commitment,
    pub(super) note: Signed<Upload>,
    pub(super) sealed_identifier: SealedIdentifier,
    pub(super) upload: Signed<Upload>,
    pub(super) grant: Grant,
    pub(super) shares: Vec<KeyShare>,
    /// What each cloud makes of the upload.
    pub(super) honest: Vec<Delivery>,
    pub(super) fetch: Signed<Fetch>,
    /// Three clouds, of which the first n have a share, with their keys to which shares are sealed.
    pub(super) clouds: Vec<(Signer, [u8; 32])>,
    pub(super) b_key: [u8; 32],
    pub(super) asked: &'static [usize],
}

/// What the user seals to the clouds and to hospital B.
struct Sealing<'a> {
    t: Threshold,
    k_re: &'a ReKey,
    k_e_prime: &'a [u8],
    clouds: &'a [(Signer, [u8; 32])],
    b_key: [u8; 32],
    note: &'a Signed<Upload>,
    twist: Twist,
}

impl Sealing<'_> {
    fn grant(
        &self,
        params: &Params,
        request: RequestId,
        rng: &mut ChaCha20Rng,
    ) -> Result<(Vec<KeyShare>, Grant), Fault> {
        let (keys, public) = self.k_re.split(params, self.t, rng);
        let sealed = |key: [u8; 32], info: &[u8], text: &[u8], rng: &mut ChaCha20Rng| -> Result<Sealed, Fault> {
            let to = SealingKey::from_bytes(Secret::new(key)).public();
            seal(&to, info, &request.0.0, text, rng).map_err(malformed)
        };
        let mut shares = Vec::new();
        for ((cloud, key), share) in self.clouds.iter().zip(&keys) {
            let wrong = self.twist == Twist::Share && share.index() == 1;
            let k_j = if wrong { share.key().inverse() } else { share.key().clone() };
            let sealed = sealed(*key, Grant::K_RE, k_j.to_bytes().expose(), rng)?;
            shares.push((cloud.certificate.subject().id, sealed));
        }
        let name = if let Twist::Name(name) = self.twist { name } else { "영상/2026-01.dcm" };
        let mut text = Writer::default();
        text.raw(self.k_e_prime).bytes(name.as_bytes());
        let k_e_prime = sealed(self.b_key, Grant::K_E_PRIME, &text.into_bytes(), rng)?;
        Ok((keys, Grant { request, note: self.note.clone(), public, shares, k_e_prime }))
    }
}

impl Transcript {
    pub(super) fn new(rng: &mut ChaCha20Rng, plan: &Plan) -> Result<Self, Fault> {
        let twist = plan.twist;
        let mut world = World::new(rng)?;
        let config = encoded(&world.config());
        world.block(vec![config])?;
        let mut clouds = Vec::new();
        for name in ["Cloud One", "Cloud Two", "Cloud Three"] {
            clouds.push((world.clouds.enrol(name, Role::Cloud, rng)?, clamped(bytes(rng))));
        }
        let k_s = bytes(rng);
        let params = Params::new(Seed(k_s));
        let first = world.users.enrol("users", Role::User, rng)?;
        let names = [first.certificate.der(), world.north.certificate.der()];
        let with_a = Sides::between(names, [bytes(rng), bytes(rng)], [first.key.clone(), world.north.key.clone()]);
        let (sk_a, b_key) = (shared(&with_a)?, clamped(bytes(rng)));

        // Figure 3: the envelope and its note, ID_i, confirmation and record, the upload.
        let nonce = Nonce(bytes(rng));
        let record = RecordId::new(&nonce, &world.north.certificate);
        let (a, scope) = ((twist == Twist::Named).then(|| NamedSecret::random(rng)), Scope::Record(&record.0.0));
        let k_d = params.derive(&sk_a, scope);
        let (k_e, public_key) = match &a {
            Some(a) => (a.encryption_key(&params, scope), a.public(&params).public_key(&params, scope)),
            None => (k_d.encryption_key(&params), k_d.public_key(&params)),
        };
        let mut envelope = Vec::new();
        let sealer = Sealer::new(&params, &public_key, plan.suite, rng).map_err(malformed)?;
        let header = *sealer.header();
        let sealed = sealer.seal(&mut &bytes::<100>(rng)[..], &mut envelope).map_err(malformed)?;
        let body = sha256(&[&envelope[Header::BYTES..]]);
        let note = Upload { record, epoch: 0, header, body, public_key };
        let note = Signed::new(note, &world.north.certificate, &world.north.key);
        let commitment = if twist == Twist::Commitment { Commitment(Digest([8; 32])) } else { sealed.commitment };
        let id: Pseudonym = world.alice.certificate.subject().id.into();
        let sealed_identifier = SealedIdentifier::seal(&id, &sk_a, &record).map_err(malformed)?;
        let hospital = world.north.certificate.subject().id;
        let confirm = Action::Confirmation { record, id, commitment, hospital };
        let confirm = world.envelope(Nonce(bytes(rng)), &world.alice, &confirm, 2)?;
        world.block(vec![encoded(&confirm)])?;
        let write = Action::MedicalRecord { nonce, id, commitment };
        let write = world.envelope(Nonce(bytes(rng)), &world.north, &write, 2)?;
        world.block(vec![encoded(&write)])?;
        let upload = uploaded(twist, &world, &params, &note, rng)?;

        // Figure 4: the request with its sealed keys, what the clouds make, the fetch, the completion.
        let random = |rng: &mut ChaCha20Rng| DecryptionKey::random(rng).encryption_key(&params);
        let k_e_prime = random(rng);
        let to = if twist == Twist::ThirdKey { random(rng) } else { k_e_prime.clone() };
        let granted = if twist == Twist::RecipientKey { random(rng) } else { k_e_prime };
        let k_e_prime = granted.to_bytes();
        let granted_note = granted_note(twist, &world, &note, &upload);
        let sealing = Sealing {
            t: Threshold::new(plan.t, plan.n()).map_err(malformed)?,
            k_re: &ReKey::new(&k_e, &to).map_err(malformed)?,
            k_e_prime: k_e_prime.expose(),
            clouds: &clouds,
            b_key,
            note: &granted_note,
            twist,
        };
        let recipient = world.south.certificate.subject().id;
        let ask = |world: &mut World, rng: &mut ChaCha20Rng| -> Result<(Vec<KeyShare>, Grant), Fault> {
            let nonce = Nonce(bytes(rng));
            let request = RequestId::new(&nonce, &world.alice.certificate);
            let (shares, grant) = sealing.grant(&params, request, rng)?;
            let (delta, digest, until) = (grant.delta(), grant.digest(), plan.until);
            let action = Action::ShareRequest { nonce, record, recipient, delta, grant: digest, until };
            let envelope = world.envelope(Nonce(bytes(rng)), &world.alice, &action, 2)?;
            world.block(vec![encoded(&envelope)])?;
            Ok((shares, grant))
        };
        let (shares, grant) = ask(&mut world, rng)?;
        let request = grant.request;
        if twist == Twist::Replaced {
            ask(&mut world, rng)?;
        }
        let fetch = Signed::new(Fetch { request }, &world.south.certificate, &world.south.key);
        let (honest, asked) = (Vec::new(), plan.asked);
        let commitment = sealed.commitment;
        let mut made = Self {
            world,
            params: params.clone(),
            k_s,
            with_a,
            sk_a,
            a,
            nonce,
            envelope,
            record,
            commitment,
            note,
            sealed_identifier,
            upload,
            grant,
            shares,
            honest,
            fetch,
            clouds,
            b_key,
            asked,
        };
        made.honest =
            (0..plan.n().into()).map(|j| made.act(j, &made.upload, request, rng)).collect::<Result<_, _>>()?;
        made.close(twist, rng)?;
        Ok(made)
    }

    /// Seals the last block. It completes the request, where the request is open.
    fn close(&mut self, twist: Twist, rng: &mut ChaCha20Rng) -> Result<(), Fault> {
        let request = self.grant.request;
        let delivered: Vec<_> = self.asked.iter().map(|j| self.sign(*j, &self.honest[*j])).collect();
        let mut deliveries = Delivery::digest(&delivered);
        if twist == Twist::Completion {
            deliveries.0[0] ^= 1;
        }
        let world = &mut self.world;
        if twist == Twist::Withdrawn {
            let withdraw = Action::ShareWithdrawal { request };
            let withdraw = world.envelope(Nonce(bytes(rng)), &world.alice, &withdraw, 2)?;
            world.block(vec![encoded(&withdraw)])?;
        }
        if matches!(twist, Twist::Withdrawn | Twist::Replaced) {
            world.block(Vec::new())?;
            return Ok(());
        }
        let endorsers = if twist == Twist::Endorsements { 1 } else { 2 };
        let complete = Action::ShareComplete { request, deliveries };
        let complete = world.envelope(Nonce(bytes(rng)), &world.south, &complete, endorsers)?;
        world.block(vec![encoded(&complete)])?;
        Ok(())
    }

    /// What cloud `j` makes of this upload by its share, for this request.
    pub(super) fn act(
        &self,
        j: usize,
        upload: &Signed<Upload>,
        request: RequestId,
        rng: &mut ChaCha20Rng,
    ) -> Result<Delivery, Fault> {
        let (share, header) = (&self.shares[j], upload.content.header);
        let delta = self.grant.public.of_share(share.index()).map_err(malformed)?;
        let again = header.reencrypt(share.key());
        let (before, after) = ([header.capsule], [again.capsule]);
        let statement = Statement::new(&self.params, &delta, &before, &after, &request.0.0).map_err(malformed)?;
        let proof = ReencryptionProof::new(&self.params, share.key(), &statement, rng);
        Ok(Delivery { request, upload: upload.clone(), c_prime: *again.capsule.c(), proof })
    }

    pub(super) fn sign(&self, j: usize, delivery: &Delivery) -> Signed<Delivery> {
        let (cloud, _) = &self.clouds[j];
        Signed::new(delivery.clone(), &cloud.certificate, &cloud.key)
    }

    /// Cloud `j` in a case, where it delivers this.
    pub(super) fn cloud(&self, j: usize, delivery: &Delivery) -> Value {
        let (cloud, key) = &self.clouds[j];
        json!({
            "id": hex(cloud.certificate.subject().id.0),
            "key": hex(key),
            "delivery": hex(encoded(&self.sign(j, delivery))),
            "body": hex(&self.envelope[Header::BYTES..]),
        })
    }

    pub(super) fn blocks(&self) -> Vec<Value> {
        self.world.blocks.iter().map(|block| hex(encoded(block))).collect()
    }

    pub(super) fn input(&self) -> Value {
        json!({
            "k_s": hex(self.k_s),
            "with_a": self.with_a.good(),
            "a": self.a.as_ref().map(|a| hex(a.to_bytes().expose())),
            "blocks": self.blocks(),
            "now": NOW.0,
            "alarm": {
                "record": hex(self.record.0.0),
                "nonce": hex(self.nonce.0),
                "certificate": hex(self.world.north.certificate.der()),
                "commitment": hex(encoded(&self.commitment)),
            },
            "note": hex(encoded(&self.note)),
            "envelope": hex(&self.envelope),
            "sealed_identifier": hex(encoded(&self.sealed_identifier)),
            "upload": hex(encoded(&self.upload)),
            "grant": hex(encoded(&self.grant)),
            "clouds": self.asked.iter().map(|j| self.cloud(*j, &self.honest[*j])).collect::<Vec<_>>(),
            "fetch": hex(encoded(&self.fetch)),
            "b_key": hex(self.b_key),
        })
    }

    /// The envelope with C · gT in place of C.
    pub(super) fn c_altered(&self) -> Vec<u8> {
        let header = self.note.content.header;
        let c = *header.capsule.c() * *self.params.g_t();
        put(&self.envelope, 0, &Header { capsule: header.capsule.with_c(c), ..header }.to_bytes())
    }
}

/// What hospital A sends to the clouds.
fn uploaded(
    twist: Twist,
    world: &World,
    params: &Params,
    note: &Signed<Upload>,
    rng: &mut ChaCha20Rng,
) -> Result<Signed<Upload>, Fault> {
    let (Signer { certificate, key }, content) = (&world.north, note.content);
    Ok(match twist {
        Twist::Capsule | Twist::TwoNotes => {
            let capsule = content.public_key.encapsulate(params, rng).0;
            Signed::new(Upload { header: Header { capsule, ..content.header }, ..content }, certificate, key)
        }
        Twist::Renewed => Signed::new(content, &renewed(world, rng)?, key),
        _ => note.clone(),
    })
}

/// The note in the grant.
fn granted_note(twist: Twist, world: &World, note: &Signed<Upload>, upload: &Signed<Upload>) -> Signed<Upload> {
    let by = |who: &Signer, content: Upload| Signed::new(content, &who.certificate, &who.key);
    let content = note.content;
    match twist {
        Twist::Epoch => by(&world.alice, Upload { epoch: 1, ..content }),
        Twist::GrantedBy => by(&world.south, content),
        Twist::GrantedRecord => by(&world.north, Upload { record: RecordId(Digest([7; 32])), ..content }),
        // The user and hospital A together: the grant has the second note of the hospital.
        Twist::Capsule => upload.clone(),
        _ => note.clone(),
    }
}

/// Another certificate of hospital A, for the same subject and key.
pub(super) fn renewed(world: &World, rng: &mut ChaCha20Rng) -> Result<Certificate, Fault> {
    let first = &world.north.certificate;
    let mut serial = encoded(&first.serial());
    let old = serial.clone();
    serial[8..].copy_from_slice(&bytes::<8>(rng));
    Certificate::from_der(&world.hospitals.reissue(first, &old, &serial)?).map_err(malformed)
}

/// sk, as the initiator computes it.
fn shared(sides: &Sides) -> Result<SharedSecret, Fault> {
    let case = sides.good();
    introduced(Input(case.as_object().ok_or_else(|| malformed("no case"))?))
}
