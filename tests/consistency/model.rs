//! A sequential model of the ledger: a map and lists of codes, without signatures, peers and files. The test describes
//! each transaction to the model. The model uses nothing of the crate.

use std::collections::BTreeMap;

/// The number of a block, and the position in the block.
pub type Place = (u64, u32);
pub type Txid = [u8; 32];

/// The description of a transaction by the test that made it.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    pub txid: Txid,
    /// 0, or the code of a fault that does not depend on the state.
    pub fault: u8,
    /// The organisations of the valid endorsements, one entry for each endorsement.
    pub endorsers: Vec<usize>,
    pub reads: BTreeMap<String, Option<Place>>,
    pub writes: BTreeMap<String, Vec<u8>>,
}

/// The answer of a contract: the response, the keys read and the values written; or the number of a refusal.
pub type Answer = Result<(Vec<u8>, Vec<String>, BTreeMap<String, Vec<u8>>), u16>;

/// A function that reads the value of a key.
pub type Get<'a> = dyn Fn(&str) -> Option<Vec<u8>> + 'a;

/// The number of organisations, of three, whose endorsements suffice.
const MAJORITY: usize = 2;

pub struct Model {
    /// For each key, all values that it has had.
    history: BTreeMap<String, Vec<(Place, Vec<u8>)>>,
    /// For each txid, its place and its verdict.
    txids: BTreeMap<Txid, (Place, u8)>,
    /// For each block, its verdicts.
    pub codes: Vec<Vec<u8>>,
}

impl Model {
    /// A model with block 0, which is valid.
    pub fn new() -> Self {
        Self { history: BTreeMap::new(), txids: BTreeMap::new(), codes: vec![vec![0]] }
    }

    pub fn height(&self) -> u64 {
        self.codes.len() as u64
    }

    /// The value under `key` after the first `height` blocks.
    pub fn value(&self, key: &str, height: u64) -> Option<&(Place, Vec<u8>)> {
        self.history.get(key)?.iter().rev().find(|((block, _), _)| *block < height)
    }

    pub fn state(&self, height: u64) -> BTreeMap<String, (Place, Vec<u8>)> {
        let at = |key: &String| Some((key.clone(), self.value(key, height)?.clone()));
        self.history.keys().filter_map(at).collect()
    }

    pub fn txids(&self, height: u64) -> BTreeMap<Txid, (Place, u8)> {
        let there = |(_, ((block, _), _)): &(&Txid, &(Place, u8))| *block < height;
        self.txids.iter().filter(there).map(|(txid, outcome)| (*txid, *outcome)).collect()
    }

    pub fn knows(&self, txid: &Txid, height: u64) -> bool {
        self.txids.get(txid).is_some_and(|((block, _), _)| *block < height)
    }

    /// Validates and adds the next block.
    pub fn block(&mut self, sheets: &[Sheet]) {
        let number = self.height();
        let mut codes: Vec<u8> = Vec::new();
        for (at, sheet) in sheets.iter().enumerate() {
            let place = (number, u32::try_from(at).unwrap());
            let code = self.judge(number, sheet, &sheets[..at], &codes);
            if code == 0 {
                for (key, value) in &sheet.writes {
                    self.history.entry(key.clone()).or_default().push((place, value.clone()));
                }
            }
            codes.push(code);
        }
        // A txid belongs to its valid transaction or, without one, to the first well-formed transaction.
        for (at, (sheet, code)) in sheets.iter().zip(&codes).enumerate() {
            let outcome = ((number, u32::try_from(at).unwrap()), *code);
            if sheet.fault == 0 && !self.knows(&sheet.txid, number) {
                let known = self.txids.entry(sheet.txid).or_insert(outcome);
                if *code == 0 {
                    *known = outcome;
                }
            }
        }
        self.codes.push(codes);
    }

    fn judge(&self, number: u64, sheet: &Sheet, before: &[Sheet], codes: &[u8]) -> u8 {
        if sheet.fault != 0 {
            return sheet.fault;
        }
        if self.knows(&sheet.txid, number) {
            return 9;
        }
        let mut organisations = sheet.endorsers.clone();
        organisations.sort_unstable();
        organisations.dedup();
        if organisations.len() < MAJORITY {
            return 10;
        }
        // Earlier in the block there is a well-formed and endorsed transaction with this txid, valid or not.
        if before.iter().zip(codes).any(|(other, code)| other.txid == sheet.txid && [0, 9, 11].contains(code)) {
            return 9;
        }
        let fresh = |(key, seen): (&String, &Option<Place>)| match self.history.get(key).and_then(|all| all.last()) {
            Some((now, _)) => now.0 < number && Some(*now) == *seen,
            None => seen.is_none(),
        };
        if sheet.reads.iter().all(fresh) { 0 } else { 11 }
    }
}

/// A call of the contract, with all names as bytes.
#[derive(Clone, Copy, Debug)]
pub enum Question<'a> {
    Count(&'a str),
    Record { id: Txid, commitment: Txid },
    Confirm { record: Txid, id: Txid, commitment: Txid, hospital: Txid },
    Share { record: Txid, recipient: Txid, delta: Txid, grant: Txid, until: Option<u64> },
    Complete { request: Txid, deliveries: Txid },
    Withdraw { request: Txid },
}

/// The caller of the contract, the txid, the identifier that the action gives to a record or request, and the time.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    pub id: Txid,
    pub hospital: bool,
    pub txid: Txid,
    pub entry: Txid,
    pub time: u64,
}

/// The rules of both contracts, written after their descriptions. The values are concatenations of their fields.
pub fn answer(get: &Get<'_>, caller: &Caller, question: &Question<'_>) -> Answer {
    let mut keys = Vec::new();
    let mut read = |key: String| {
        let found = get(&key);
        keys.push(key);
        found
    };
    let (own, time) = (hex::encode(caller.entry), caller.time.to_be_bytes());
    let mut writes = BTreeMap::new();
    let for_hospital = matches!(question, Question::Record { .. } | Question::Complete { .. });
    if !matches!(question, Question::Count(_)) && for_hospital != caller.hospital {
        return Err(2);
    }
    let response = match question {
        Question::Count(key) => {
            let count = read((*key).to_owned()).map_or(0, |bytes| match bytes.try_into() {
                Ok(bytes) => u64::from_be_bytes(bytes),
                Err(_) => 0,
            });
            let next = (count + 1).to_be_bytes().to_vec();
            writes.insert((*key).to_owned(), next.clone());
            next
        }
        Question::Record { id, commitment } => {
            let key = format!("record/{own}");
            if read(key.clone()).is_some() {
                return Err(7);
            }
            let found = read(format!("confirmation/{own}/{}", hex::encode(id))).ok_or(3_u16)?;
            if found[..64] != [&id[..], commitment].concat() {
                return Err(4);
            }
            if found[64..96] != caller.id {
                return Err(5);
            }
            let claim = format!("commitment/{}", hex::encode(commitment));
            if read(claim.clone()).is_some() {
                return Err(15);
            }
            writes.insert(claim, caller.entry.to_vec());
            let value = [&id[..], commitment, &caller.id, &time].concat();
            writes.insert(key, value.clone());
            value
        }
        Question::Confirm { record, id, commitment, hospital } => {
            if caller.id != *id {
                return Err(6);
            }
            let key = format!("confirmation/{}/{}", hex::encode(record), hex::encode(id));
            if read(key.clone()).is_some() {
                return Err(7);
            }
            let value = [&id[..], commitment, hospital, &time].concat();
            writes.insert(key, value.clone());
            value
        }
        Question::Share { record, recipient, delta, grant, until } => {
            let found = read(format!("record/{}", hex::encode(record))).ok_or(8_u16)?;
            if caller.id != found[..32] {
                return Err(6);
            }
            if *recipient == found[64..96] {
                return Err(9);
            }
            if until.is_some_and(|until| caller.time > until) {
                return Err(16);
            }
            let (key, latest) =
                (format!("share/{own}"), format!("latest/{}/{}", hex::encode(record), hex::encode(recipient)));
            if read(key.clone()).is_some() {
                return Err(7);
            }
            read(latest.clone());
            let end = until.map_or(vec![0], |until| [&[1][..], &until.to_be_bytes()].concat());
            let value = [&record[..], recipient, delta, grant, &time, &end, &[0]].concat();
            writes.insert(latest, caller.entry.to_vec());
            writes.insert(key, value.clone());
            value
        }
        Question::Complete { request, .. } | Question::Withdraw { request } => {
            let key = format!("share/{}", hex::encode(request));
            let value = end_of_request(&mut read, caller, question, &key, request)?;
            writes.insert(key, value.clone());
            value
        }
    };
    keys.sort_unstable();
    Ok((response, keys, writes))
}

/// The new value of a request after its completion or withdrawal.
fn end_of_request(
    read: &mut dyn FnMut(String) -> Option<Vec<u8>>,
    caller: &Caller,
    question: &Question<'_>,
    key: &str,
    request: &Txid,
) -> Result<Vec<u8>, u16> {
    let found = read(key.to_owned()).ok_or(11_u16)?;
    let (record, recipient, time) = (hex::encode(&found[..32]), &found[32..64], caller.time.to_be_bytes());
    let completes = matches!(question, Question::Complete { .. });
    if completes && caller.id != recipient {
        return Err(12);
    }
    if !completes && caller.id != read(format!("record/{record}")).ok_or(8_u16)?[..32] {
        return Err(6);
    }
    let (end, status) = end_and_status(&found);
    match found[status] {
        1 => return Err(13),
        2 => return Err(17),
        _ => {}
    }
    let Question::Complete { deliveries, .. } = question else {
        return Ok([&found[..status], &[2], &time].concat());
    };
    if end.is_some_and(|end| caller.time > end) {
        return Err(16);
    }
    if read(format!("latest/{record}/{}", hex::encode(recipient))).as_deref() != Some(&request[..]) {
        return Err(10);
    }
    Ok([&found[..status], &[1], &time, &deliveries[..]].concat())
}

/// The end of the consent in the value of a request, and the offset of the status.
fn end_and_status(value: &[u8]) -> (Option<u64>, usize) {
    match value[136] {
        0 => (None, 137),
        _ => (value[137..145].try_into().ok().map(u64::from_be_bytes), 145),
    }
}
