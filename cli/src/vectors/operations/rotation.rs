//! The rotation of the key of a stored record, by one cloud and the user.
//!
//! As for the whole flow, the checks of `Cloud::rotate`, `User::rotate` and `Cloud::replace` are written again here, with
//! the library's errors.

use super::deliveries::{fault, party};
use super::identity::sealing_key;
use crate::vectors::case::{Kind, Operation, OrRefused, hex, malformed, wire};
use phi_pre::contract::Record;
use phi_pre::envelope::Header;
use phi_pre::flow::{FlowError, Misbehaviour, Rotated, Rotation, Signed, Upload};
use phi_pre::group::Gt;
use phi_pre::hash::sha256;
use phi_pre::identity::{Certificate, MemberId, Msp};
use phi_pre::pre::{Params, PublicKey, ReKey, Seed, Statement};
use phi_pre::time::Seconds;
use phi_pre::wire::Wire;
use serde_json::json;

pub(in crate::vectors) const ALL: &[&Operation] = &[&ROTATION];

/// A rotation of the key of the stored note.
struct Case {
    params: Params,
    msp: Msp,
    now: Seconds,
    record: Record,
    stored: Signed<Upload>,
    rotation: Signed<Rotation>,
}

impl Case {
    /// The cloud checks the sender, the stored note and its epoch.
    fn check(&self) -> Result<(), FlowError> {
        let sender = self.rotation.verify_at(&self.msp, self.now)?;
        party(sender.id == self.record.id.into(), sender.id)?;
        let (rotation, stored) = (&self.rotation.content, &self.stored.content);
        let signer = self.stored.verify(&self.msp)?;
        party(stored.record == rotation.record && signer.id == stored.author(&self.record), signer.id)?;
        follows(stored.epoch, rotation.epoch)
    }

    /// The user checks the answer of this cloud. Returns the new note.
    fn answered(&self, cloud: MemberId, answer: &Signed<Rotated>) -> Result<Upload, FlowError> {
        let signer = answer.verify(&self.msp)?;
        party(signer.id == cloud, signer.id)?;
        let Rotation { record, epoch, delta, .. } = &self.rotation.content;
        let old = &self.stored.content;
        let (before, after) = ([old.header.capsule], [old.header.capsule.with_c(answer.content.c)]);
        let statement = Statement::new(&self.params, delta, &before, &after, &Rotation::context(record, *epoch))?;
        let holds = answer.content.proof.verify(&self.params, &statement).is_ok();
        if !holds || (answer.content.record, answer.content.epoch) != (*record, *epoch) {
            return Err(fault(Misbehaviour::Proof, cloud));
        }
        let y = Gt::from_bytes(&old.public_key.to_bytes())? * Gt::from_bytes(&delta.to_bytes())?;
        let public_key = PublicKey::from_bytes(&y.to_bytes())?;
        Ok(Upload { epoch: *epoch, header: Header { capsule: after[0], ..old.header }, public_key, ..*old })
    }

    /// The cloud replaces the stored note by this one.
    fn replace(&self, note: &Signed<Upload>) -> Result<(), FlowError> {
        let (sender, new, stored) = (note.verify_at(&self.msp, self.now)?, &note.content, &self.stored.content);
        party(new.epoch != 0 && sender.id == self.record.id.into(), sender.id)?;
        follows(stored.epoch, new.epoch)?;
        let same = Header { capsule: stored.header.capsule.with_c(*new.header.capsule.c()), ..stored.header };
        if (new.header, new.body) == (same, stored.body) {
            Ok(())
        } else {
            Err(FlowError::Exists(format!("records/{}", new.record)))
        }
    }
}

fn follows(stored: u32, asked: u32) -> Result<(), FlowError> {
    if stored.checked_add(1) == Some(asked) { Ok(()) } else { Err(FlowError::Epoch { stored, asked }) }
}

pub(in crate::vectors) const ROTATION: Operation = Operation {
    name: "rotation",
    input: &[
        ("roots", Kind::List(&Kind::Hex)),
        ("now", Kind::Number),
        ("record", Kind::Hex),
        ("stored", Kind::Hex),
        ("rotation", Kind::Hex),
        ("cloud", Kind::Hex),
        ("cloud_key", Kind::Hex),
        ("answer", Kind::Hex),
        ("new", Kind::Hex),
    ],
    output: &[
        ("record", Kind::Hex),
        ("context", Kind::Hex),
        ("u", Kind::Hex),
        ("C", Kind::Hex),
        ("Y", Kind::Hex),
        ("upload", Kind::Hex),
    ],
    run: |input| {
        let mut msp = Msp::new();
        for root in input.byte_lists("roots")? {
            msp.trust(&Certificate::from_der(&root).refused()?).refused()?;
        }
        let (params, now) = (Params::new(Seed([0; 32])), Seconds(input.number("now")?));
        let (record, stored, rotation) = (input.wire("record")?, input.wire("stored")?, input.wire("rotation")?);
        let case = Case { params, msp, now, record, stored, rotation };
        let (answer, new): (_, Signed<Upload>) = (input.wire("answer")?, input.wire("new")?);

        case.check().refused()?;
        let Rotation { record, epoch, delta, update } = &case.rotation.content;
        let context = Rotation::context(record, *epoch);
        let u = sealing_key(input, "cloud_key")?.open(Rotation::UPDATE, &context, update).refused()?;
        let u = ReKey::from_bytes(u.expose()).refused()?;
        let by = case.rotation.certificate.subject().id;
        delta.check(&case.params, &u).map_err(|_| fault(Misbehaviour::ReKey, by)).refused()?;
        let again = u.reencrypt(&case.stored.content.header.capsule);
        let upload = case.answered(MemberId(input.array("cloud")?), &answer).refused()?;
        if new.content.record != *record {
            return Err(malformed("a new note of another record"));
        }
        case.replace(&new).refused()?;
        Ok(json!({
            "record": wire(&sha256(&[&case.record.to_bytes()])),
            "context": hex(context),
            "u": hex(u.to_bytes().expose()),
            "C": hex(again.c().to_bytes()),
            "Y": wire(&upload.public_key),
            "upload": wire(&upload),
        }))
    },
};
