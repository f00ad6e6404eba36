//! Multi-vector identifiers ID_i, and the commitments to records on the ledger.

use crate::error::Fault;
use crate::forms::{array_of, bytes_of, number_of, public_class, secret, secret_class};
use crate::random::rng;
use phi_pre::identifier;
use phi_pre::integrity::{self, Committer};
use phi_pre::wire::Wire;
use wasm_bindgen::prelude::*;

/// uid, the identifier that the authority gives a person: 32 random bytes.
#[wasm_bindgen]
#[derive(Debug)]
pub struct UserId(identifier::UserId);

#[wasm_bindgen]
impl UserId {
    /// Draws a fresh identifier.
    pub fn random() -> Result<Self, Fault> {
        Ok(Self(identifier::UserId::random(&mut rng()?)))
    }

    /// Reads 32 bytes.
    #[wasm_bindgen(js_name = fromBytes)]
    pub fn from_bytes(#[wasm_bindgen(unchecked_param_type = "Uint8Array")] bytes: &JsValue) -> Result<Self, Fault> {
        let bytes = &*bytes_of(bytes)?;
        Ok(Self(Wire::from_bytes(bytes)?))
    }

    /// The 32 bytes.
    #[wasm_bindgen(js_name = toBytes)]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.0.to_vec()
    }
}

secret_class! {
    /// One of the k vectors v_i of a person: 32 secret bytes.
    Vector(identifier::Vector) {
        /// Draws a fresh vector.
        pub fn random() -> Result<Self, Fault> {
            Ok(Self(identifier::Vector::random(&mut rng()?)))
        }

        /// Reads 32 bytes.
        #[wasm_bindgen(js_name = fromBytes)]
        pub fn from_bytes(#[wasm_bindgen(unchecked_param_type = "Uint8Array")] bytes: &JsValue) -> Result<Self, Fault> {
            let bytes = array_of(bytes)?;
            Ok(Self(identifier::Vector::try_from(secret(bytes).as_slice())?))
        }
    }
}

public_class! {
    /// ID_i, the pseudonym under which a record is on the ledger: 32 bytes. ID_i = HMAC-SHA256(v_i, "id" || uid).
    Pseudonym(identifier::Pseudonym) {
        /// ID_i of a person and one of the person's vectors.
        #[wasm_bindgen(constructor)]
        pub fn new(uid: &UserId, vector: &Vector) -> Self {
            Self(identifier::Pseudonym::derive(&uid.0, &vector.0))
        }

        /// The paper's literal reading, SHA-256(uid || v_i), to compare with other implementations.
        pub fn literal(uid: &UserId, vector: &Vector) -> Self {
            Self(identifier::literal(&uid.0, &vector.0))
        }
    }
}

secret_class! {
    /// The salt of a record's commitment: 32 bytes, known to those who may read the record. `Decryption` gives the salt of an
    /// envelope.
    Salt(integrity::Salt) {
        /// Reads 32 bytes.
        #[wasm_bindgen(js_name = fromBytes)]
        pub fn from_bytes(#[wasm_bindgen(unchecked_param_type = "Uint8Array")] bytes: &JsValue) -> Result<Self, Fault> {
            let bytes = array_of(bytes)?;
            Ok(Self(integrity::Salt::try_from(secret(bytes).as_slice())?))
        }

        /// The commitment to a record: 32 bytes that hide the record and bind to it.
        pub fn commit(&self, #[wasm_bindgen(unchecked_param_type = "Uint8Array")] record: &JsValue) -> Result<Vec<u8>, Fault> {
            let record = array_of(record)?;
            Ok(Committer::commit(&self.0, &secret(record)).0.0.to_vec())
        }

        /// A proof for chunks `first` to `end` (of 64 KiB each) of a record. Code: "range".
        pub fn prove(&self, #[wasm_bindgen(unchecked_param_type = "Uint8Array")] record: &JsValue, #[wasm_bindgen(unchecked_param_type = "number")] first: &JsValue, #[wasm_bindgen(unchecked_param_type = "number")] end: &JsValue) -> Result<RangeProof, Fault> {
            let record = array_of(record)?;
            Ok(RangeProof(integrity::RangeProof::new(&self.0, &secret(record), u64::from(number_of(first, u32::MAX)?)..u64::from(number_of(end, u32::MAX)?))?))
        }
    }
}

/// SHA-256 of a record, the literal form of Fig. 5: 32 bytes.
#[wasm_bindgen(js_name = literalDigest)]
pub fn literal_digest(#[wasm_bindgen(unchecked_param_type = "Uint8Array")] record: &JsValue) -> Result<Vec<u8>, Fault> {
    let record = array_of(record)?;
    Ok(phi_pre::hash::sha256(&[&secret(record)]).0.to_vec())
}

public_class! {
    /// A proof that some chunks of 64 KiB are those of a committed record: 20 bytes, 32 for each chunk, and 32 for each root.
    /// Only for those who may read these chunks.
    RangeProof(integrity::RangeProof) {
        /// The size of the whole record in bytes. It is proved only once `verify` has returned.
        #[wasm_bindgen(getter)]
        pub fn length(&self) -> u64 {
            self.0.length()
        }

        /// The first chunk.
        #[wasm_bindgen(getter)]
        pub fn first(&self) -> u64 {
            self.0.range().start
        }

        /// The chunk after the last.
        #[wasm_bindgen(getter)]
        pub fn end(&self) -> u64 {
            self.0.range().end
        }

        /// Checks that `shown` are these chunks of the record with this commitment (32 bytes). Codes: "refused", "range",
        /// "length".
        pub fn verify(&self, #[wasm_bindgen(unchecked_param_type = "Uint8Array")] commitment: &JsValue, #[wasm_bindgen(unchecked_param_type = "Uint8Array")] shown: &JsValue) -> Result<(), Fault> {
            let commitment = &*bytes_of(commitment)?;
            let shown = array_of(shown)?;
            let commitment = integrity::Commitment::from_bytes(commitment)?;
            Ok(self.0.verify(&commitment, &secret(shown))?)
        }
    }
}
