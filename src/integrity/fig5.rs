//! The transaction record of Fig. 5, printed and parsed in the figure's form.

use crate::error::DecodeError;
use crate::hash::Digest;
use base64ct::{Base64, Encoding};
use core::fmt;
use core::str::FromStr;
use std::time::{Duration, SystemTime};

/// The txtype of the paper's four transactions, and of the withdrawal of a consent. The paper shows 0000; the numbers
/// 0001 to 0003 follow the order of events in the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TxType {
    /// 0000 medical-record-transaction.
    MedicalRecord = 0,
    /// 0001 medical-record-confirmation-transaction.
    Confirmation = 1,
    /// 0002 share-request-transaction.
    ShareRequest = 2,
    /// 0003 share-complete-transaction.
    ShareComplete = 3,
    /// 0004 share-withdrawal-transaction. Departure: the paper has no withdrawal.
    ShareWithdrawal = 4,
}

impl TxType {
    /// All types, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::MedicalRecord, Self::Confirmation, Self::ShareRequest, Self::ShareComplete, Self::ShareWithdrawal];

    /// Returns the type with this number.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The name of the transaction: the paper's, except for the withdrawal.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MedicalRecord => "medical-record",
            Self::Confirmation => "medical-record-confirmation",
            Self::ShareRequest => "share-request",
            Self::ShareComplete => "share-complete",
            Self::ShareWithdrawal => "share-withdrawal",
        }
    }
}

/// Four digits, as in Fig. 5.
impl fmt::Display for TxType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", *self as u8)
    }
}

/// The five fields of Fig. 5.
///
/// Departure: the figure's signature has 24 characters, which encode 18 bytes. No known signature scheme has this size,
/// so here the field holds the first 18 bytes of a full signature. The figure's uid is the pseudonym ID_i.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fig5Record {
    /// The transaction type.
    pub txtype: TxType,
    /// Milliseconds since 1970, UTC.
    pub timestamp: u64,
    /// The digest or commitment of the record.
    pub hash: Digest,
    /// The first 18 bytes of the transaction's signature.
    pub signature: [u8; 18],
    /// ID_i.
    pub uid: Digest,
}

impl fmt::Display for Fig5Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { txtype, timestamp, hash, signature, uid } = self;
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis((*timestamp).min(LAST_TIMESTAMP));
        let time = humantime::format_rfc3339_millis(time);
        let signature = Base64::encode_string(signature);
        writeln!(f, "{{ txtype: '{txtype}',")?;
        writeln!(f, "  timestamp: '{time}',")?;
        writeln!(f, "  hash: '{hash}',")?;
        writeln!(f, "  signature: '{signature}',")?;
        write!(f, "  uid: '{uid}' }}")
    }
}

/// 9999-12-31T23:59:59.999Z, the last time that RFC 3339 can express.
const LAST_TIMESTAMP: u64 = 253_402_300_799_999;

impl FromStr for Fig5Record {
    type Err = DecodeError;

    /// Reads exactly what `Display` prints.
    fn from_str(text: &str) -> Result<Self, DecodeError> {
        let malformed = |what| DecodeError::Text { what };
        let mut fields = text
            .strip_prefix("{ ")
            .and_then(|rest| rest.strip_suffix(" }"))
            .ok_or(malformed("Fig. 5 record"))?
            .split(",\n  ");
        let mut field = |name: &'static str| {
            let value = fields.next()?.strip_prefix(name)?.strip_prefix(": '")?.strip_suffix('\'')?;
            Some(value)
        };
        let txtype = field("txtype").and_then(|v| TxType::ALL.into_iter().find(|t| t.to_string() == v));
        let timestamp = field("timestamp").and_then(|v| {
            let time = humantime::parse_rfc3339(v).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            u64::try_from(time.as_millis()).ok()
        });
        let hash = field("hash").and_then(|v| Digest::from_hex(v).ok());
        let signature = field("signature").and_then(|v| {
            let mut bytes = [0; 18];
            (Base64::decode(v, &mut bytes).ok()?.len() == bytes.len()).then_some(bytes)
        });
        let uid = field("uid").and_then(|v| Digest::from_hex(v).ok());
        let record = Self {
            txtype: txtype.ok_or(malformed("txtype"))?,
            timestamp: timestamp.ok_or(malformed("timestamp"))?,
            hash: hash.ok_or(malformed("hash"))?,
            signature: signature.ok_or(malformed("signature"))?,
            uid: uid.ok_or(malformed("uid"))?,
        };
        // A record has one text: other spellings of the same time, and fields after the fifth, are refused here.
        if record.to_string() == text { Ok(record) } else { Err(DecodeError::NonCanonical { what: "Fig. 5 record" }) }
    }
}
