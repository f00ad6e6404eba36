//! Parameters, scopes and keys: section 3.2 of the paper.

use crate::capsule::{Capsule, Message};
use crate::column::{Batch, Column, Records};
use crate::error::Fault;
use crate::forms::{Blob, Name, public_class, secret_class};
use crate::keyfile;
use crate::machine::{rng, run};
use phi_pre::pre;
use phi_pre_cli::KeyFile;
use pyo3::prelude::*;
use std::path::PathBuf;

public_class! {
    /// The public parameters g1, g2 and k_s: 176 bytes. seed is k_s, 32 public bytes.
    Params(pre::Params) {
        #[new]
        fn new(seed: Blob) -> Result<Self, Fault> {
            Ok(Self(pre::Params::new(phi_pre::wire::Wire::from_bytes(&seed)?)))
        }

        /// Parameters with a fresh k_s.
        #[staticmethod]
        fn random() -> Result<Self, Fault> {
            Ok(Self(pre::Params::new(pre::Seed::random(&mut rng()?))))
        }

        /// g1, in G1: 48 bytes.
        #[getter]
        fn g1(&self) -> [u8; 48] {
            self.0.g1().to_bytes()
        }

        /// g2, in G2: 96 bytes.
        #[getter]
        fn g2(&self) -> [u8; 96] {
            self.0.g2().to_bytes()
        }

        /// e(g1, g2), in GT: 192 bytes.
        #[getter]
        fn g_t(&self) -> [u8; 192] {
            self.0.g_t().to_bytes()
        }

        /// k_s: 32 bytes.
        #[getter]
        fn seed(&self) -> [u8; 32] {
            self.0.seed().0
        }

        /// k_d = f(sk, k_s || scope).
        fn derive(&self, py: Python<'_>, sk: &Bound<'_, SharedSecret>, scope: &Bound<'_, Scope>) -> Result<DecryptionKey, Fault> {
            let (sk, scope) = (sk.get(), scope.get());
            run(py, || DecryptionKey(self.0.derive(&sk.0, scope.get())))
        }
    }
}

/// What one key pair covers, and so what one re-encryption key opens: a record, a folder, or a whole relationship.
#[pyclass(frozen, eq, module = "phi_pre")]
#[derive(Clone, PartialEq)]
pub(crate) struct Scope {
    kind: Kind,
    name: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq)]
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

#[pymethods]
impl Scope {
    /// One record.
    #[staticmethod]
    fn record(name: Name) -> Self {
        Self { kind: Kind::Record, name: name.to_vec() }
    }

    /// The records of one folder.
    #[staticmethod]
    fn folder(name: Name) -> Self {
        Self { kind: Kind::Folder, name: name.to_vec() }
    }

    /// All records between two parties, as the paper reads.
    #[staticmethod]
    fn relationship() -> Self {
        Self { kind: Kind::Relationship, name: Vec::new() }
    }

    fn __repr__(&self) -> String {
        let name = String::from_utf8_lossy(&self.name);
        match self.kind {
            Kind::Relationship => "Scope.relationship()".into(),
            Kind::Folder => format!("Scope.folder({name:?})"),
            Kind::Record => format!("Scope.record({name:?})"),
        }
    }
}

secret_class! {
    /// sk: the secret of a user and a hospital, from their Handshake. 32 bytes.
    SharedSecret(pre::SharedSecret) {
        /// Reads a key file of the command phi-pre: NAME.sk or another file of phi-pre shared. Raises Error ("key-file", "io", or the code of a malformed key).
        #[staticmethod]
        fn read(path: PathBuf) -> Result<Self, Fault> {
            let bytes = keyfile::read(KeyFile::Shared, &path)?;
            Ok(Self(pre::SharedSecret::try_from(bytes.as_slice())?))
        }

        /// Reads 32 bytes.
        #[staticmethod]
        fn from_bytes(bytes: Blob) -> Result<Self, Fault> {
            Ok(Self(pre::SharedSecret::try_from(&*bytes)?))
        }

        /// A fresh secret, for two parties that have a secret channel and no Handshake.
        #[staticmethod]
        fn random() -> Result<Self, Fault> {
            use rand_core::Rng;
            let mut bytes = zeroize::Zeroizing::new([0; 32]);
            rng()?.fill_bytes(&mut *bytes);
            Ok(Self(pre::SharedSecret::from_bytes(*bytes)))
        }
    }
}

secret_class! {
    /// k_d, in Z_q^*: 32 secret bytes.
    DecryptionKey(pre::DecryptionKey) {
        /// Reads a key file of the command phi-pre: NAME.secret. Raises Error ("key-file", "io", or the code of a malformed key).
        #[staticmethod]
        fn read(path: PathBuf) -> Result<Self, Fault> {
            let bytes = keyfile::read(KeyFile::Secret, &path)?;
            Ok(Self(pre::DecryptionKey::from_bytes(&bytes)?))
        }

        /// Reads 32 bytes. Raises Error ("non-canonical", "identity", "length").
        #[staticmethod]
        fn from_bytes(bytes: Blob) -> Result<Self, Fault> {
            Ok(Self(pre::DecryptionKey::from_bytes(&bytes)?))
        }

        /// A fresh key that comes from no SharedSecret.
        #[staticmethod]
        fn random() -> Result<Self, Fault> {
            Ok(Self(pre::DecryptionKey::random(&mut rng()?)))
        }

        /// k_e = g2^{k_d}, which is secret too.
        fn encryption_key(&self, py: Python<'_>, params: &Bound<'_, Params>) -> Result<EncryptionKey, Fault> {
            let params = params.get();
            run(py, || EncryptionKey(self.0.encryption_key(&params.0)))
        }

        /// Y = e(g1, g2)^{k_d}, which is public.
        fn public_key(&self, py: Python<'_>, params: &Bound<'_, Params>) -> Result<PublicKey, Fault> {
            let params = params.get();
            run(py, || PublicKey(self.0.public_key(&params.0)))
        }
    }
}

secret_class! {
    /// k_e, in G2: 96 secret bytes. It decrypts by Equation 3, and ReKey makes k_re from two of them.
    EncryptionKey(pre::EncryptionKey) {
        /// Reads 96 bytes, with every check of G2.
        #[staticmethod]
        fn from_bytes(bytes: Blob) -> Result<Self, Fault> {
            Ok(Self(pre::EncryptionKey::from_bytes(&bytes)?))
        }

        /// Equation 3: M = C / e(Z, k_e). A wrong key gives another M and no error.
        fn decapsulate(&self, py: Python<'_>, capsule: &Bound<'_, Capsule>) -> Result<Message, Fault> {
            let capsule = capsule.get();
            run(py, || Message(self.0.decapsulate(&capsule.0)))
        }

        /// The key prepared for many capsules.
        fn prepare(&self, py: Python<'_>) -> Result<PreparedKey, Fault> {
            run(py, || PreparedKey(self.0.prepare()))
        }
    }
}

/// k_e^{-1} with the lines of its Miller loop, about 20 KB.
#[pyclass(frozen, module = "phi_pre")]
pub(crate) struct PreparedKey(pre::PreparedKey);

#[pymethods]
impl PreparedKey {
    /// Equation 3 on a column of capsules: FixedSizeBinary(240), uint8[n, 240] or n * 240 bytes.
    ///
    /// Returns M of each capsule in order, and None for a bad one; and the column of errors.
    fn decapsulate(&self, py: Python<'_>, capsules: &Bound<'_, PyAny>) -> PyResult<(Vec<Option<Message>>, Column)> {
        let records = Records::read::<{ pre::Capsule::BYTES }>(capsules, "capsules")?;
        let (messages, errors) = run(py, || {
            records.each(|bytes: &[[u8; pre::Capsule::BYTES]]| {
                let read = pre::Capsule::decode_batch(bytes);
                let good: Vec<_> = read.iter().filter_map(|capsule| capsule.as_ref().ok().copied()).collect();
                let mut messages = self.0.decapsulate(&good).into_iter();
                // One message for each good capsule, in order.
                read.into_iter().filter_map(|capsule| capsule.map(|_| messages.next()).transpose()).collect()
            })
        })?;
        Ok((messages.into_iter().map(|m| m.map(Message)).collect(), errors))
    }

    fn __reduce__(&self) -> Result<(), Fault> {
        Err(crate::forms::unpicklable("PreparedKey"))
    }
}

public_class! {
    /// Y = e(g1, g2)^{k_d}, in GT: 192 bytes. It encrypts and cannot decrypt.
    PublicKey(pre::PublicKey) {
        /// Reads a key file of the command phi-pre: NAME.public. Raises Error ("key-file", "io", or the code of a malformed key).
        #[staticmethod]
        fn read(path: PathBuf) -> Result<Self, Fault> {
            let bytes = keyfile::read(KeyFile::Public, &path)?;
            Ok(Self(pre::PublicKey::from_bytes(&bytes)?))
        }

        /// A fresh M in GT and its capsule: Z = g1^r, C = M * Y^r.
        fn encapsulate(&self, py: Python<'_>, params: &Bound<'_, Params>) -> Result<(Capsule, Message), Fault> {
            let (params, mut rng) = (params.get(), rng()?);
            let (capsule, m) = run(py, || self.0.encapsulate(&params.0, &mut rng))?;
            Ok((Capsule(capsule), Message(m)))
        }

        /// The key with tables of the powers of Y and e(g1, g2), for many records.
        fn prepare(&self, py: Python<'_>, params: &Bound<'_, Params>) -> Result<PreparedPublicKey, Fault> {
            let params = params.get();
            run(py, || PreparedPublicKey(self.0.prepare(&params.0)))
        }
    }
}

/// Y with the tables of its powers, about 340 KB.
#[pyclass(frozen, module = "phi_pre")]
pub(crate) struct PreparedPublicKey(pre::PreparedPublicKey);

#[pymethods]
impl PreparedPublicKey {
    /// A fresh M in GT and its capsule.
    fn encapsulate(&self, py: Python<'_>) -> Result<(Capsule, Message), Fault> {
        let mut rng = rng()?;
        let (capsule, m) = run(py, || self.0.encapsulate(&mut rng))?;
        Ok((Capsule(capsule), Message(m)))
    }

    /// n fresh capsules as a column, FixedSizeBinary(240), and M of each in order. n is at most 2^22, else Error ("limit").
    fn encapsulate_many(&self, py: Python<'_>, n: usize) -> Result<(Column, Vec<Message>), Fault> {
        const MOST: usize = 1 << 22;
        if n > MOST {
            return Err(Fault::new("limit", format!("{n} capsules, more than the limit of {MOST}")));
        }
        let mut rng = rng()?;
        let (bytes, messages) = run(py, || {
            let (capsules, messages): (Vec<_>, Vec<_>) = self.0.encapsulate_many(n, &mut rng).into_iter().unzip();
            (pre::Capsule::encode_batch(&capsules), messages)
        })?;
        Ok((
            Column::of(bytes.as_flattened().to_vec(), pre::Capsule::BYTES)?,
            messages.into_iter().map(Message).collect(),
        ))
    }
}

secret_class! {
    /// k_re = k'_e / k_e, in G2: 96 secret bytes of the proxy. ReKey(k_e, k_e_prime) is Equation 1.
    ReKey(pre::ReKey) {
        /// Reads a key file of the command phi-pre: as phi-pre rekey writes it. Raises Error ("key-file", "io", or the code of a malformed key).
        #[staticmethod]
        fn read(path: PathBuf) -> Result<Self, Fault> {
            let bytes = keyfile::read(KeyFile::ReKey, &path)?;
            Ok(Self(pre::ReKey::from_bytes(&bytes)?))
        }

        #[new]
        fn new(py: Python<'_>, k_e: &Bound<'_, EncryptionKey>, k_e_prime: &Bound<'_, EncryptionKey>) -> Result<Self, Fault> {
            let (k_e, k_e_prime) = (k_e.get(), k_e_prime.get());
            Ok(Self(run(py, || pre::ReKey::new(&k_e.0, &k_e_prime.0))??))
        }

        /// Reads 96 bytes, with every check of G2.
        #[staticmethod]
        fn from_bytes(bytes: Blob) -> Result<Self, Fault> {
            Ok(Self(pre::ReKey::from_bytes(&bytes)?))
        }

        /// Two re-encryptions in one. Raises Error ("same-key") if following is the inverse.
        fn compose(&self, following: &Bound<'_, Self>) -> Result<Self, Fault> {
            Ok(Self(self.0.compose(&following.get().0)?))
        }

        /// The re-encryption key of the other direction.
        fn inverse(&self) -> Self {
            Self(self.0.inverse())
        }

        /// Equation 2 on one capsule: C' = C * e(Z, k_re).
        fn reencrypt(&self, py: Python<'_>, capsule: &Bound<'_, Capsule>) -> Result<Capsule, Fault> {
            let capsule = capsule.get();
            run(py, || Capsule(self.0.reencrypt(&capsule.0)))
        }

        /// The key prepared for many capsules: about 20 KB.
        fn prepare(&self, py: Python<'_>) -> Result<PreparedReKey, Fault> {
            run(py, || PreparedReKey(self.0.prepare()))
        }
    }
}

/// k_re with the lines of its Miller loop, for columns.
#[pyclass(frozen, module = "phi_pre")]
pub(crate) struct PreparedReKey(pub(crate) pre::PreparedReKey);

#[pymethods]
impl PreparedReKey {
    /// Equation 2 on a column of capsules: FixedSizeBinary(240) or another binary column of any object with the Arrow PyCapsule
    /// interface, uint8[n, 240], or n * 240 bytes. A chunk whose records lie one after another without a null is read in
    /// place; other chunks are copied window by window. The interpreter is detached meanwhile, and the caller must not
    /// change the memory.
    ///
    /// A bad capsule is a null, and its reason is in the column of errors.
    fn reencrypt(&self, py: Python<'_>, capsules: &Bound<'_, PyAny>) -> PyResult<Batch> {
        let records = Records::read::<{ pre::Capsule::BYTES }>(capsules, "capsules")?;
        Ok(run(py, || records.map(|bytes: &[[u8; pre::Capsule::BYTES]]| self.0.reencrypt_bytes(bytes)))??)
    }

    /// Equation 2 on a column of envelope headers of 284 bytes each, as reencrypt.
    fn reencrypt_headers(&self, py: Python<'_>, headers: &Bound<'_, PyAny>) -> PyResult<Batch> {
        use phi_pre::envelope::Header;
        let records = Records::read::<{ Header::BYTES }>(headers, "envelope headers")?;
        Ok(run(py, || records.map(|bytes: &[[u8; Header::BYTES]]| Header::reencrypt_bytes(bytes, &self.0)))??)
    }

    fn __reduce__(&self) -> Result<(), Fault> {
        Err(crate::forms::unpicklable("PreparedReKey"))
    }
}

/// Equation 2 on a column of capsules that each have their own key, as records of the scope record do.
///
/// Raises Error ("length") if there is not one key for each capsule.
#[pyfunction]
pub(crate) fn reencrypt_each(py: Python<'_>, keys: Vec<Py<ReKey>>, capsules: &Bound<'_, PyAny>) -> PyResult<Batch> {
    let records = Records::read::<{ pre::Capsule::BYTES }>(capsules, "capsules")?;
    if keys.len() != records.len() {
        let text = format!("{} keys for {} capsules", keys.len(), records.len());
        return Err(Fault::new("length", text).into());
    }
    let keys: Vec<&pre::ReKey> = keys.iter().map(|key| &key.get().0).collect();
    let batch = run(py, || {
        records.map_at(|at, bytes: &[[u8; pre::Capsule::BYTES]]| {
            let read = pre::Capsule::decode_batch(bytes);
            let good: Vec<_> =
                read.iter().zip(at).filter_map(|(read, at)| Some((*read.as_ref().ok()?, keys[*at]))).collect();
            let mut again = pre::Capsule::encode_batch(&pre::ReKey::reencrypt_each(&good)).into_iter();
            read.into_iter().filter_map(|read| read.map(|_| again.next()).transpose()).collect()
        })
    })?;
    Ok(batch?)
}

secret_class! {
    /// The secret a of keys by name: 32 bytes. It gives k_e of every scope.
    NamedSecret(pre::NamedSecret) {
        /// Reads a key file of the command phi-pre: NAME.secret of keygen --named. Raises Error ("key-file", "io", or the code of a malformed key).
        #[staticmethod]
        fn read(path: PathBuf) -> Result<Self, Fault> {
            let bytes = keyfile::read(KeyFile::NamedSecret, &path)?;
            Ok(Self(pre::NamedSecret::from_bytes(&bytes)?))
        }

        /// Reads 32 bytes.
        #[staticmethod]
        fn from_bytes(bytes: Blob) -> Result<Self, Fault> {
            Ok(Self(pre::NamedSecret::from_bytes(&bytes)?))
        }

        /// A fresh secret. Draw one for each pseudonym or hospital.
        #[staticmethod]
        fn random() -> Result<Self, Fault> {
            Ok(Self(pre::NamedSecret::random(&mut rng()?)))
        }

        /// A = g1^a.
        fn public(&self, py: Python<'_>, params: &Bound<'_, Params>) -> Result<NamedPublic, Fault> {
            let params = params.get();
            run(py, || NamedPublic(self.0.public(&params.0)))
        }

        /// k_e = H2(scope)^a.
        fn encryption_key(&self, py: Python<'_>, params: &Bound<'_, Params>, scope: &Bound<'_, Scope>) -> Result<EncryptionKey, Fault> {
            let (params, scope) = (params.get(), scope.get());
            run(py, || EncryptionKey(self.0.encryption_key(&params.0, scope.get())))
        }
    }
}

public_class! {
    /// A = g1^a, in G1: 48 bytes. With the name of a scope, it gives the public key of the scope.
    NamedPublic(pre::NamedPublic) {
        /// Reads a key file of the command phi-pre: NAME.public of keygen --named. Raises Error ("key-file", "io", or the code of a malformed key).
        #[staticmethod]
        fn read(path: PathBuf) -> Result<Self, Fault> {
            let bytes = keyfile::read(KeyFile::NamedPublic, &path)?;
            Ok(Self(pre::NamedPublic::from_bytes(&bytes)?))
        }

        /// Y = e(A, H2(scope)).
        fn public_key(&self, py: Python<'_>, params: &Bound<'_, Params>, scope: &Bound<'_, Scope>) -> Result<PublicKey, Fault> {
            let (params, scope) = (params.get(), scope.get());
            run(py, || PublicKey(self.0.public_key(&params.0, scope.get())))
        }
    }
}
