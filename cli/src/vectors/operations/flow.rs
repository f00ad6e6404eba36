//! Operations on the sealed identifier, and on a transcript of the whole flow of Figures 3 and 4.

use super::identity::sealing_key;
use super::ledger::Chain;
use super::scheme::HANDSHAKE;
use crate::vectors::case::{Fault, Input, Kind, Operation, OrRefused, hex, malformed, read_hex, wire};
use phi_pre::contract;
use phi_pre::envelope::{Header, Opener};
use phi_pre::flow::{Fetch, FlowError, Grant, SealedIdentifier, Signed, Upload, open_share_in, record_in};
use phi_pre::hash::sha256;
use phi_pre::identity::MemberId;
use phi_pre::ledger::{Block, Simulation, TxId};
use phi_pre::pre::{EncryptionKey, Params, ReKey, Scope, Seed, SharedSecret};
use phi_pre::time::Seconds;
use phi_pre::wire::Wire;
use serde_json::json;

pub(in crate::vectors) const ALL: &[&Operation] = &[&SEAL_IDENTIFIER, &IDENTIFIER, &FLOW];

fn shared_secret(input: Input<'_>) -> Result<SharedSecret, Fault> {
    Ok(SharedSecret::from_bytes(input.array("sk")?))
}

pub(in crate::vectors) const SEAL_IDENTIFIER: Operation = Operation {
    name: "seal identifier",
    input: &[("sk", Kind::Hex), ("txid", Kind::Hex), ("id", Kind::Hex)],
    output: &[("sealed", Kind::Hex)],
    run: |input| {
        let sealed = SealedIdentifier::seal(&input.wire("id")?, &shared_secret(input)?, &input.wire("txid")?);
        Ok(json!({ "sealed": wire(&sealed.refused()?) }))
    },
};

pub(in crate::vectors) const IDENTIFIER: Operation = Operation {
    name: "sealed identifier",
    input: &[("sk", Kind::Hex), ("txid", Kind::Hex), ("sealed", Kind::Hex)],
    output: &[("id", Kind::Hex)],
    run: |input| {
        let sealed: SealedIdentifier = input.wire("sealed")?;
        Ok(json!({ "id": wire(&sealed.open(&shared_secret(input)?, &input.wire("txid")?).refused()?) }))
    },
};

/// Computes sk from a case of the handshake.
pub(in crate::vectors) fn introduced(case: Input<'_>) -> Result<SharedSecret, Fault> {
    let output = (HANDSHAKE.run)(case)?;
    let sk = read_hex(&output["sk"])?;
    Ok(SharedSecret::from_bytes(sk.try_into().map_err(|_| malformed("sk"))?))
}

fn commit(chain: &mut Chain, bytes: &[u8]) -> Result<(), Fault> {
    let block = Block::from_bytes(bytes).refused()?;
    let number = block.header.number;
    let (verdict, _) = chain.commit(&block)?;
    match verdict.codes.iter().find(|code| code.number() != 0) {
        Some(code) => Err(Fault::Refused(format!("block {number}: {code}"))),
        None => Ok(()),
    }
}

fn record(chain: &Chain, txid: TxId) -> Result<contract::Record, Fault> {
    record_in(&mut Simulation::new(&chain.state), txid).refused()
}

fn open_share(chain: &Chain, txid: TxId) -> Result<contract::ShareRequest, Fault> {
    open_share_in(&mut Simulation::new(&chain.state), txid).refused()
}

fn party(found: MemberId, named: MemberId) -> Result<(), Fault> {
    if found == named { Ok(()) } else { Err(FlowError::WrongParty(found)).refused() }
}

/// Checks an upload against the record on the ledger and against the digests of the envelope. Returns the record's
/// txid, the record on the ledger, and the header.
fn uploaded(input: Input<'_>, chain: &Chain, envelope: &[u8]) -> Result<(TxId, contract::Record, Header), Fault> {
    let channel = chain.channel().ok_or_else(|| malformed("no chain"))?;
    let upload: Signed<Upload> = input.wire("upload")?;
    let sender = upload.verify_at(&channel.msp, Seconds(input.number("now")?)).refused()?;
    let Upload { record: txid, header: announced, envelope: digest } = upload.content;
    let record = record(chain, txid)?;
    party(sender.id, record.hospital)?;
    let head = envelope.get(..Header::BYTES).unwrap_or(envelope);
    let header = Header::from_bytes(head).refused()?;
    for (announced, found) in [(announced, sha256(&[head])), (digest, sha256(&[envelope]))] {
        if announced != found {
            return Err(FlowError::Upload { announced, found }).refused();
        }
    }
    Ok((txid, record, header))
}

fn decrypt(header: &Header, body: &[u8], key: &EncryptionKey, committed: &contract::Record) -> Result<Vec<u8>, Fault> {
    let mut plain = Vec::new();
    let sealed = Opener::new(header, key).refused()?.open(&mut &*body, &mut plain).refused()?;
    if sealed.commitment == committed.commitment { Ok(plain) } else { Err(FlowError::Commitment).refused() }
}

pub(in crate::vectors) const FLOW: Operation = Operation {
    name: "flow",
    input: &[
        ("k_s", Kind::Hex),
        ("with_a", Kind::Object(HANDSHAKE.input)),
        ("with_b", Kind::Object(HANDSHAKE.input)),
        ("blocks", Kind::List(&Kind::Hex)),
        ("now", Kind::Number),
        ("envelope", Kind::Hex),
        ("sealed_identifier", Kind::Hex),
        ("upload", Kind::Hex),
        ("grant", Kind::Hex),
        ("fetch", Kind::Hex),
        ("cloud_key", Kind::Hex),
        ("b_key", Kind::Hex),
    ],
    output: &[
        ("sk_a", Kind::Hex),
        ("sk_b", Kind::Hex),
        ("record", Kind::Hex),
        ("id", Kind::Hex),
        ("request", Kind::Hex),
        ("k_re", Kind::Hex),
        ("again", Kind::Hex),
        ("k_e_prime", Kind::Hex),
        ("name", Kind::Text),
        ("plaintext", Kind::Hex),
        ("share", Kind::Hex),
        ("commit_hash", Kind::Hex),
    ],
    run: |input| {
        let params = Params::new(Seed(input.array("k_s")?));
        let (sk_a, sk_b) = (introduced(input.object("with_a")?)?, introduced(input.object("with_b")?)?);
        let blocks = input.byte_lists("blocks")?;
        let (last, before) = blocks.split_last().ok_or_else(|| malformed("no block"))?;
        let mut chain = Chain::default();
        before.iter().try_for_each(|block| commit(&mut chain, block))?;

        let envelope = input.bytes("envelope")?;
        let (txid, committed, header) = uploaded(input, &chain, &envelope)?;
        let body = &envelope[Header::BYTES..];
        let k_e = params.derive(&sk_a, Scope::Record(&txid.0.0)).encryption_key(&params);
        let checked = decrypt(&header, body, &k_e, &committed)?;
        let id = input.wire::<SealedIdentifier>("sealed_identifier")?.open(&sk_a, &txid).refused()?;
        if id != committed.id {
            return Err(FlowError::Identifier).refused();
        }

        let grant: Grant = input.wire("grant")?;
        let share = open_share(&chain, grant.request)?;
        if share.grant != grant.digest() {
            return Err(FlowError::Grant).refused();
        }
        let aad = &grant.request.0.0;
        let k_re = sealing_key(input, "cloud_key")?.open(Grant::K_RE, aad, &grant.k_re).refused()?;
        let again = header.reencrypt(&ReKey::from_bytes(k_re.expose()).refused()?);

        let fetch: Signed<Fetch> = input.wire("fetch")?;
        let channel = chain.channel().ok_or_else(|| malformed("no chain"))?;
        let reader = fetch.verify_at(&channel.msp, Seconds(input.number("now")?)).refused()?;
        let asked = open_share(&chain, fetch.content.request)?;
        party(reader.id, asked.recipient)?;
        let opened = sealing_key(input, "b_key")?.open(Grant::K_E_PRIME, aad, &grant.k_e_prime).refused()?;
        let (k_e_prime, name) = Grant::read_k_e_prime(opened.expose()).refused()?;
        let plain = decrypt(&again, body, &k_e_prime, &record(&chain, share.record)?)?;
        if plain != checked {
            return Err(malformed("two records"));
        }

        commit(&mut chain, last)?;
        let share = contract::share(&mut Simulation::new(&chain.state), grant.request).refused()?;
        let (Some(share), Some(savepoint)) = (share.filter(|share| share.completed.is_some()), chain.savepoint) else {
            return Err(malformed("the last block does not complete the request"));
        };
        Ok(json!({
            "sk_a": hex(sk_a.expose()),
            "sk_b": hex(sk_b.expose()),
            "record": wire(&txid),
            "id": wire(&id),
            "request": wire(&grant.request),
            "k_re": hex(k_re.expose()),
            "again": wire(&again),
            "k_e_prime": hex(k_e_prime.to_bytes().expose()),
            "name": name,
            "plaintext": hex(plain),
            "share": wire(&share),
            "commit_hash": wire(&savepoint.commit_hash),
        }))
    },
};
