//! Parameters, scopes and keys: section 3.2 of the paper.

use crate::capsule::{Capsule, Message};
use crate::error::Fault;
use crate::forms::{array_of, bytes_of, public_class, secret, secret_class};
use crate::random::rng;
use js_sys::{Array, JsString};
use phi_pre::error::DecodeError;
use phi_pre::pre;
use phi_pre::secret::wiped;
use phi_pre::wire::Wire;
use rand_core::Rng;
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

public_class! {
    /// The public parameters g1, g2 and k_s: 176 bytes.
    Params(pre::Params) {
        /// The parameters with this k_s: 32 public bytes. Code: "length".
        #[wasm_bindgen(constructor)]
        pub fn new(#[wasm_bindgen(unchecked_param_type = "Uint8Array")] seed: &JsValue) -> Result<Self, Fault> {
            let seed = &*bytes_of(seed)?;
            Ok(Self(pre::Params::new(Wire::from_bytes(seed)?)))
        }

        /// Parameters with a fresh k_s.
        pub fn random() -> Result<Self, Fault> {
            Ok(Self(pre::Params::new(pre::Seed::random(&mut rng()?))))
        }

        /// g1, in G1: 48 bytes.
        #[wasm_bindgen(getter)]
        pub fn g1(&self) -> Vec<u8> {
            self.0.g1().to_bytes().to_vec()
        }

        /// g2, in G2: 96 bytes.
        #[wasm_bindgen(getter)]
        pub fn g2(&self) -> Vec<u8> {
            self.0.g2().to_bytes().to_vec()
        }

        /// e(g1, g2), in GT: 192 bytes.
        #[wasm_bindgen(getter, js_name = gT)]
        pub fn g_t(&self) -> Vec<u8> {
            self.0.g_t().to_bytes().to_vec()
        }

        /// k_s: 32 bytes.
        #[wasm_bindgen(getter)]
        pub fn seed(&self) -> Vec<u8> {
            self.0.seed().0.to_vec()
        }

        /// k_d = f(sk, k_s || scope), in Z_q^*: 32 bytes.
        pub fn derive(&self, sk: &SharedSecret, scope: &Scope) -> DecryptionKey {
            DecryptionKey(self.0.derive(&sk.0, scope.get()))
        }
    }
}

/// What one key pair covers, and so what one re-encryption key opens: a record, a folder, or a whole relationship.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Scope {
    kind: Kind,
    name: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Relationship,
    Folder,
    Record,
}

impl Scope {
    fn get(&self) -> pre::Scope<'_> {
        match self.kind {
            Kind::Relationship => pre::Scope::Relationship,
            Kind::Folder => pre::Scope::Folder(&self.name),
            Kind::Record => pre::Scope::Record(&self.name),
        }
    }
}

/// The bytes of a name: UTF-8 of a string, or the bytes of an array.
fn name_bytes(name: &JsValue) -> Result<Vec<u8>, Fault> {
    match name.dyn_ref::<JsString>() {
        // Different texts with lone surrogates would become the same bytes.
        Some(text) if !text.is_valid_utf16() => Err(Fault::new("name", "a name with a lone surrogate")),
        Some(text) => Ok(String::from(text).into_bytes()),
        None => bytes_of(name).map_err(|_| Fault::new("name", "a name is a string or a Uint8Array")),
    }
}

#[wasm_bindgen]
impl Scope {
    /// One record. A name is a string, in UTF-8, or bytes. Code: "name".
    pub fn record(#[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] name: &JsValue) -> Result<Self, Fault> {
        Ok(Self { kind: Kind::Record, name: name_bytes(name)? })
    }

    /// The records of one folder. A name is a string, in UTF-8, or bytes. Code: "name".
    pub fn folder(#[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] name: &JsValue) -> Result<Self, Fault> {
        Ok(Self { kind: Kind::Folder, name: name_bytes(name)? })
    }

    /// All records between two parties, as the paper reads.
    pub fn relationship() -> Self {
        Self { kind: Kind::Relationship, name: Vec::new() }
    }
}

secret_class! {
    /// sk: the secret of a user and a hospital, from their Handshake. 32 bytes.
    SharedSecret(pre::SharedSecret) {
        /// Reads 32 bytes. Code: "length".
        #[wasm_bindgen(js_name = fromBytes)]
        pub fn from_bytes(#[wasm_bindgen(unchecked_param_type = "Uint8Array")] bytes: &JsValue) -> Result<Self, Fault> {
            let bytes = array_of(bytes)?;
            Ok(Self(pre::SharedSecret::try_from(secret(bytes).as_slice())?))
        }

        /// A fresh secret, for two parties that have a secret channel and no Handshake.
        pub fn random() -> Result<Self, Fault> {
            wiped(|| {
                let mut bytes = Zeroizing::new([0; 32]);
                rng()?.fill_bytes(&mut *bytes);
                Ok(Self(pre::SharedSecret::from_bytes(*bytes)))
            })
        }
    }
}

secret_class! {
    /// k_d, in Z_q^*: 32 secret bytes.
    DecryptionKey(pre::DecryptionKey) {
        /// Reads 32 bytes, big-endian. Codes: "length", "non-canonical", "identity".
        #[wasm_bindgen(js_name = fromBytes)]
        pub fn from_bytes(#[wasm_bindgen(unchecked_param_type = "Uint8Array")] bytes: &JsValue) -> Result<Self, Fault> {
            let bytes = array_of(bytes)?;
            Ok(Self(pre::DecryptionKey::from_bytes(&secret(bytes))?))
        }

        /// A fresh key that comes from no SharedSecret.
        pub fn random() -> Result<Self, Fault> {
            Ok(Self(pre::DecryptionKey::random(&mut rng()?)))
        }

        /// k_e = g2^{k_d}, in G2: 96 bytes, secret too.
        #[wasm_bindgen(js_name = encryptionKey)]
        pub fn encryption_key(&self, params: &Params) -> EncryptionKey {
            EncryptionKey(self.0.encryption_key(&params.0))
        }

        /// Y = e(g1, g2)^{k_d}, in GT: 192 bytes, public.
        #[wasm_bindgen(js_name = publicKey)]
        pub fn public_key(&self, params: &Params) -> PublicKey {
            PublicKey(self.0.public_key(&params.0))
        }
    }
}

secret_class! {
    /// k_e, in G2: 96 secret bytes. It decrypts by Equation 3, and ReKey makes k_re from two of them.
    EncryptionKey(pre::EncryptionKey) {
        /// Reads 96 bytes. Codes: "length", "flags", "non-canonical", "not-on-curve", "not-in-subgroup", "identity".
        #[wasm_bindgen(js_name = fromBytes)]
        pub fn from_bytes(#[wasm_bindgen(unchecked_param_type = "Uint8Array")] bytes: &JsValue) -> Result<Self, Fault> {
            let bytes = array_of(bytes)?;
            Ok(Self(pre::EncryptionKey::from_bytes(&secret(bytes))?))
        }

        /// Equation 3: M = C / e(Z, k_e). A wrong key gives another M and no error.
        pub fn decapsulate(&self, capsule: &Capsule) -> Message {
            Message(self.0.decapsulate(&capsule.0))
        }

        /// Equation 3 on n·240 bytes of capsules. Returns M of each capsule in order, and undefined for a capsule that cannot be read. Code: "length".
        #[wasm_bindgen(js_name = decapsulateMany, unchecked_return_type = "(Message | undefined)[]")]
        pub fn decapsulate_many(&self, #[wasm_bindgen(unchecked_param_type = "Uint8Array")] capsules: &JsValue) -> Result<Array, Fault> {
            let capsules = &*bytes_of(capsules)?;
            let read = pre::Capsule::decode_batch(records(capsules)?);
            let good: Vec<_> = read.iter().filter_map(|capsule| capsule.as_ref().ok().copied()).collect();
            let mut messages = self.0.prepare().decapsulate(&good).into_iter();
            // One message for each good capsule, in order.
            let each = read.iter().map(|capsule| capsule.as_ref().ok().and_then(|_| messages.next()).map(Message));
            Ok(each.map(JsValue::from).collect())
        }
    }
}

public_class! {
    /// Y = e(g1, g2)^{k_d}, in GT: 192 bytes. It encrypts and cannot decrypt.
    PublicKey(pre::PublicKey) {
        /// A fresh M in GT and its capsule: Z = g1^r, C = M · Y^r.
        #[wasm_bindgen(unchecked_return_type = "[Capsule, Message]")]
        pub fn encapsulate(&self, params: &Params) -> Result<Array, Fault> {
            let (capsule, m) = self.0.encapsulate(&params.0, &mut rng()?);
            Ok(pair(Capsule(capsule), Message(m)))
        }
    }
}

/// A JavaScript array of the two.
pub(crate) fn pair(a: impl Into<JsValue>, b: impl Into<JsValue>) -> Array {
    [a.into(), b.into()].into_iter().collect()
}

/// n·240 bytes as n capsules.
pub(crate) fn records(bytes: &[u8]) -> Result<&[[u8; pre::Capsule::BYTES]], Fault> {
    match bytes.as_chunks() {
        (records, []) => Ok(records),
        (records, rest) => {
            let expected = (records.len() + 1) * pre::Capsule::BYTES;
            let got = records.len() * pre::Capsule::BYTES + rest.len();
            Err(DecodeError::Length { what: "capsules", expected, got }.into())
        }
    }
}

secret_class! {
    /// k_re = k'_e / k_e, in G2: 96 secret bytes of the proxy. The constructor is Equation 1.
    ReKey(pre::ReKey) {
        /// Equation 1: k_re = k'_e / k_e. Code: "same-key".
        #[wasm_bindgen(constructor)]
        pub fn new(from: &EncryptionKey, to: &EncryptionKey) -> Result<Self, Fault> {
            Ok(Self(pre::ReKey::new(&from.0, &to.0)?))
        }

        /// Reads 96 bytes. Codes: "length", "flags", "non-canonical", "not-on-curve", "not-in-subgroup", "identity".
        #[wasm_bindgen(js_name = fromBytes)]
        pub fn from_bytes(#[wasm_bindgen(unchecked_param_type = "Uint8Array")] bytes: &JsValue) -> Result<Self, Fault> {
            let bytes = array_of(bytes)?;
            Ok(Self(pre::ReKey::from_bytes(&secret(bytes))?))
        }

        /// Two re-encryptions in one. Code: "same-key", if `following` is the inverse.
        pub fn compose(&self, following: &ReKey) -> Result<Self, Fault> {
            Ok(Self(self.0.compose(&following.0)?))
        }

        /// The re-encryption key of the other direction.
        pub fn inverse(&self) -> Self {
            Self(self.0.inverse())
        }

        /// Equation 2 on one capsule: C' = C · e(Z, k_re).
        pub fn reencrypt(&self, capsule: &Capsule) -> Capsule {
            Capsule(self.0.reencrypt(&capsule.0))
        }

        /// Equation 2 on n·240 bytes of capsules, with the checks of `Capsule.fromBytes`. A capsule that cannot be read becomes
        /// 240 zeros, which no decoder accepts, and its index and reason are in `errors`. Code: "length".
        #[wasm_bindgen(js_name = reencryptMany)]
        pub fn reencrypt_many(&self, #[wasm_bindgen(unchecked_param_type = "Uint8Array")] capsules: &JsValue) -> Result<Batch, Fault> {
            let capsules = &*bytes_of(capsules)?;
            let again = self.0.prepare().reencrypt_bytes(records(capsules)?);
            let mut batch = Batch { capsules: vec![0; capsules.len()], errors: Vec::new() };
            for (i, (again, room)) in again.into_iter().zip(batch.capsules.chunks_mut(pre::Capsule::BYTES)).enumerate() {
                match again {
                    Ok(again) => room.copy_from_slice(&again),
                    Err(error) => batch.errors.push((i, error)),
                }
            }
            Ok(batch)
        }
    }
}

/// What a batch gave.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Batch {
    capsules: Vec<u8>,
    errors: Vec<(usize, DecodeError)>,
}

#[wasm_bindgen]
impl Batch {
    /// n·240 bytes.
    #[wasm_bindgen(getter)]
    pub fn capsules(&self) -> Vec<u8> {
        self.capsules.clone()
    }

    /// The index of each capsule that was not re-encrypted, counted from 0, with the error.
    #[wasm_bindgen(getter, unchecked_return_type = "[number, PhiPreError][]")]
    pub fn errors(&self) -> Array {
        let each = self.errors.iter().map(|(i, error)| pair(JsValue::from(*i), Fault::from(error.clone())));
        each.map(JsValue::from).collect()
    }
}

secret_class! {
    /// The secret a of keys by name: 32 bytes. It gives k_e of every scope.
    NamedSecret(pre::NamedSecret) {
        /// Reads 32 bytes, big-endian. Codes: "length", "non-canonical", "identity".
        #[wasm_bindgen(js_name = fromBytes)]
        pub fn from_bytes(#[wasm_bindgen(unchecked_param_type = "Uint8Array")] bytes: &JsValue) -> Result<Self, Fault> {
            let bytes = array_of(bytes)?;
            Ok(Self(pre::NamedSecret::from_bytes(&secret(bytes))?))
        }

        /// A fresh secret. Draw one for each pseudonym or hospital.
        pub fn random() -> Result<Self, Fault> {
            Ok(Self(pre::NamedSecret::random(&mut rng()?)))
        }

        /// A = g1^a.
        pub fn public(&self, params: &Params) -> NamedPublic {
            NamedPublic(self.0.public(&params.0))
        }

        /// k_e = H2(scope)^a, in G2: 96 secret bytes.
        #[wasm_bindgen(js_name = encryptionKey)]
        pub fn encryption_key(&self, params: &Params, scope: &Scope) -> EncryptionKey {
            EncryptionKey(self.0.encryption_key(&params.0, scope.get()))
        }
    }
}

public_class! {
    /// A = g1^a, in G1: 48 bytes. With the name of a scope, it gives the public key of the scope.
    NamedPublic(pre::NamedPublic) {
        /// Y = e(A, H2(scope)), in GT: 192 bytes.
        #[wasm_bindgen(js_name = publicKey)]
        pub fn public_key(&self, params: &Params, scope: &Scope) -> PublicKey {
            PublicKey(self.0.public_key(&params.0, scope.get()))
        }
    }
}
