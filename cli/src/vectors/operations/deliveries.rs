//! Operations on deliveries: what anybody checks by signed and public values alone.

use super::ledger::Chain;
use crate::vectors::case::{Fault, Kind, Operation, OrRefused, hex, malformed, wire};
use phi_pre::contract::{self, ContractError, LedgerError, Meaning, RecordId, RequestId, ShareStatus, Shared};
use phi_pre::flow::{Delivery, FlowError, Grant, Misbehaviour, Signed, check_delivery, check_granted_note};
use phi_pre::hash::sha256;
use phi_pre::identity::{Certificate, Member, MemberId, Msp, Role};
use phi_pre::ledger::{Block, Simulation};
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

pub(super) fn record(chain: &Chain, id: RecordId) -> Result<contract::Record, FlowError> {
    let found = contract::record(&mut Simulation::new(&chain.state), id).map_err(corrupt)?;
    found.ok_or(FlowError::NoRecord(id))
}

pub(super) fn shared(chain: &Chain, id: RequestId) -> Result<Shared, FlowError> {
    let found = contract::shared(&mut Simulation::new(&chain.state), id).map_err(corrupt)?;
    found.ok_or(FlowError::NoRequest(id))
}

/// No case has a chain whose state the contract cannot read.
fn corrupt(error: ContractError) -> LedgerError {
    LedgerError::new(Meaning::Refused(error.code()), error)
}

pub(super) fn of_role(role: Role, member: &Member) -> Result<(), FlowError> {
    party(member.role == role, member.id)
}

pub(super) fn party(named: bool, found: MemberId) -> Result<(), FlowError> {
    if named { Ok(()) } else { Err(FlowError::WrongParty(found)) }
}

pub(super) const fn fault(how: Misbehaviour, who: MemberId) -> FlowError {
    FlowError::Misbehaved { who, how }
}

/// Checks the deliveries of a completed request. Returns the share request and the indices.
pub(super) fn verify_deliveries(
    chain: &Chain,
    params: &Params,
    msp: &Msp,
    grant: &Grant,
    deliveries: &[Signed<Delivery>],
) -> Result<(contract::ShareRequest, Vec<u8>), FlowError> {
    let Shared { share, record, .. } = shared(chain, grant.request)?;
    grant.check(&share)?;
    let named = Delivery::digest(deliveries);
    let completed = matches!(share.status, ShareStatus::Completed { deliveries, .. } if deliveries == named);
    check_granted_note(msp, (&share, &record), grant)?;
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
