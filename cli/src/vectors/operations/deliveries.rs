//! Operations on deliveries: what anybody checks by signed and public values alone.

use super::ledger::Chain;
use crate::vectors::case::{Fault, Kind, Operation, OrRefused, hex, malformed, wire};
use phi_pre::contract::{self, ShareStatus};
use phi_pre::flow::{Delivery, FlowError, Grant, Misbehaviour, Signed, record_in};
use phi_pre::hash::sha256;
use phi_pre::identity::{Certificate, IdentityError, Member, MemberId, Msp, Role};
use phi_pre::ledger::{Block, Simulation, TxId};
use phi_pre::pre::{Params, Seed, Statement};
use phi_pre::wire::Wire;
use serde_json::json;

pub(in crate::vectors) const ALL: &[&Operation] = &[&DELIVERY, &DELIVERIES];

pub(super) fn commit(chain: &mut Chain, bytes: &[u8]) -> Result<(), Fault> {
    let block = Block::from_bytes(bytes).refused()?;
    let number = block.header.number;
    let (verdict, _) = chain.commit(&block)?;
    match verdict.codes.iter().find(|code| code.number() != 0) {
        Some(code) => Err(Fault::Refused(format!("block {number}: {code}"))),
        None => Ok(()),
    }
}

pub(super) fn record(chain: &Chain, txid: TxId) -> Result<contract::Record, FlowError> {
    record_in(&mut Simulation::new(&chain.state), txid)
}

pub(super) fn share(chain: &Chain, txid: TxId) -> Result<contract::ShareRequest, FlowError> {
    let found = contract::share(&mut Simulation::new(&chain.state), txid)?;
    found.ok_or(FlowError::NotOnLedger { what: "share request", txid })
}

pub(super) fn of_role(role: Role, member: &Member) -> Result<(), FlowError> {
    party(member.role == role, member.id)
}

pub(super) fn party(named: bool, found: MemberId) -> Result<(), FlowError> {
    if named { Ok(()) } else { Err(FlowError::WrongParty(found)) }
}

pub(super) fn digests(share: &contract::ShareRequest, grant: &Grant) -> Result<(), FlowError> {
    if (share.delta, share.grant) == (grant.delta(), grant.digest()) { Ok(()) } else { Err(FlowError::Grant) }
}

pub(super) const fn fault(how: Misbehaviour, who: MemberId) -> FlowError {
    FlowError::Misbehaved { who, how }
}

/// Checks a delivery by signed and public values alone. Returns the index of the cloud's share.
pub(super) fn check_delivery(
    params: &Params,
    msp: &Msp,
    (share, record): (&contract::ShareRequest, &contract::Record),
    grant: &Grant,
    delivery: &Signed<Delivery>,
) -> Result<u8, FlowError> {
    let signer = delivery.verify(msp)?;
    of_role(Role::Cloud, &signer)?;
    let index = grant.index(signer.id)?;
    let Delivery { request, upload, c_prime, proof } = &delivery.content;
    if *request != grant.request {
        return Err(FlowError::NotReencrypted(grant.request));
    }
    let author = match upload.verify(msp) {
        Err(FlowError::Identity(IdentityError::BadSignature)) => {
            return Err(fault(Misbehaviour::Delivery, signer.id));
        }
        author => author?,
    };
    let note = &upload.content;
    if (note.record, note.epoch) != (share.record, grant.epoch) || author.id != note.author(record) {
        return Err(fault(Misbehaviour::Delivery, signer.id));
    }
    let delta = grant.public.of_share(index)?;
    let (before, after) = ([note.header.capsule], [note.header.capsule.with_c(*c_prime)]);
    let holds = Statement::new(params, &delta, &before, &after, &request.0.0)
        .is_ok_and(|statement| proof.verify(params, &statement).is_ok());
    if holds { Ok(index) } else { Err(fault(Misbehaviour::Proof, signer.id)) }
}

/// Checks the deliveries of a completed request. Returns the share request and the indices.
pub(super) fn verify_deliveries(
    chain: &Chain,
    params: &Params,
    msp: &Msp,
    grant: &Grant,
    deliveries: &[Signed<Delivery>],
) -> Result<(contract::ShareRequest, Vec<u8>), FlowError> {
    let share = share(chain, grant.request)?;
    digests(&share, grant)?;
    let named = Delivery::digest(deliveries);
    let completed = matches!(share.status, ShareStatus::Completed { deliveries, .. } if deliveries == named);
    let record = record(chain, share.record)?;
    let check = |delivery| check_delivery(params, msp, (&share, &record), grant, delivery);
    let mut indices = deliveries.iter().map(check).collect::<Result<Vec<_>, _>>()?;
    indices.sort_unstable();
    indices.dedup();
    let enough = indices.len() >= usize::from(grant.public.threshold().t());
    if completed && enough { Ok((share, indices)) } else { Err(FlowError::Deliveries) }
}

pub(in crate::vectors) const DELIVERY: Operation = Operation {
    name: "delivery",
    input: &[
        ("roots", Kind::List(&Kind::Hex)),
        ("record", Kind::Hex),
        ("share", Kind::Hex),
        ("grant", Kind::Hex),
        ("delivery", Kind::Hex),
    ],
    output: &[
        ("call", Kind::Hex),
        ("index", Kind::Number),
        ("delta_j", Kind::Hex),
        ("author", Kind::Hex),
        ("statement", Kind::Hex),
    ],
    run: |input| {
        let mut msp = Msp::new();
        for root in input.byte_lists("roots")? {
            msp.trust(&Certificate::from_der(&root).refused()?).refused()?;
        }
        let (record, share): (contract::Record, _) = (input.wire("record")?, input.wire("share")?);
        let (grant, delivery): (Grant, Signed<Delivery>) = (input.wire("grant")?, input.wire("delivery")?);
        let params = Params::new(Seed([0; 32]));
        let index = check_delivery(&params, &msp, (&share, &record), &grant, &delivery).refused()?;
        let delta = grant.public.of_share(index).refused()?;
        let capsule = delivery.content.upload.content.header.capsule;
        let (before, after) = ([capsule], [capsule.with_c(delivery.content.c_prime)]);
        let statement = Statement::new(&params, &delta, &before, &after, &grant.request.0.0).refused()?;
        // Not every byte of the record, the request and the grant enters the checks. With this digest, every digit of
        // the input affects the output.
        let call = sha256(&[&record.to_bytes(), &share.to_bytes(), &grant.to_bytes(), &delivery.to_bytes()]);
        Ok(json!({
            "call": wire(&call),
            "index": index,
            "delta_j": wire(&delta),
            "author": wire(&delivery.content.upload.content.author(&record)),
            "statement": hex(statement.digest().0),
        }))
    },
};

pub(in crate::vectors) const DELIVERIES: Operation = Operation {
    name: "deliveries",
    input: &[("blocks", Kind::List(&Kind::Hex)), ("grant", Kind::Hex), ("deliveries", Kind::List(&Kind::Hex))],
    output: &[("request", Kind::Hex), ("indices", Kind::List(&Kind::Number)), ("digest", Kind::Hex)],
    run: |input| {
        let mut chain = Chain::default();
        input.byte_lists("blocks")?.iter().try_for_each(|block| commit(&mut chain, block))?;
        let grant: Grant = input.wire("grant")?;
        let read = |bytes: &Vec<u8>| Signed::from_bytes(bytes).refused();
        let deliveries = input.byte_lists("deliveries")?.iter().map(read).collect::<Result<Vec<_>, Fault>>()?;
        let channel = chain.channel().ok_or_else(|| malformed("no chain"))?;
        let params = Params::new(Seed([0; 32]));
        let (_, indices) = verify_deliveries(&chain, &params, &channel.msp, &grant, &deliveries).refused()?;
        Ok(
            json!({ "request": wire(&grant.request), "indices": indices, "digest": wire(&Delivery::digest(&deliveries)) }),
        )
    },
};
