//! All hashes and key derivations of the crate, and all labels that separate them.
//!
//! SHA-256 (the 64 hex digits of the paper's Fig. 5), HMAC-SHA256 (RFC 2104) and HKDF-SHA256 (RFC 5869). A structured
//! input is framed: the label, then each part, each preceded by its length. Two different inputs never have the same
//! frame.

use crate::secret::wiped_short;
use crate::wire::forms::wire_newtype;
use core::fmt;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};

/// Domain labels. Each use has its own label. A label never changes without a new version.
pub mod label {
    /// f of section 3.2: k_d from sk, k_s and a scope.
    pub const DECRYPTION_KEY: &str = "phi-pre/1/k_d";
    /// sk from the X25519 shared secret and the transcript.
    pub const SHARED_SECRET: &str = "phi-pre/1/sk";
    /// The statement that both sides of the Diffie-Hellman sign.
    pub const HANDSHAKE: &str = "phi-pre/1/diffie-hellman";
    /// The message that H2 hashes to G2 for keys by name: k_s and a scope.
    pub const SCOPE: &str = "phi-pre/1/scope";
    /// Content key and key commitment from M.
    pub const CONTENT_KEY: &str = "phi-pre/1/content-key";
    /// The key of one record of a folder from the folder's M.
    pub const RECORD_KEY: &str = "phi-pre/1/record-key";
    /// The pseudonym ID_i of section 3.2.
    pub const PSEUDONYM: &str = "id";
    /// A revocation list, as its authority signs it.
    pub const REVOCATIONS: &str = "phi-pre/1/revocations";
    /// HPKE info of the one-time code and the participant's key.
    pub const CODE: &str = "phi-pre/1/code";
    /// HPKE info of a person's credentials.
    pub const ENROLMENT: &str = "phi-pre/2/enrolment";
    /// HPKE info of an institution's credentials.
    pub const INSTITUTION: &str = "phi-pre/2/institution";
    /// Sealed credentials, as the authority signs them.
    pub const DELIVERY: &str = "phi-pre/1/delivery";
    /// The request for a new certificate, as the holder of the old one signs it.
    pub const RENEWAL: &str = "phi-pre/1/renewal";
    /// The MAC of a phone number.
    pub const PHONE: &str = "phi-pre/1/phone";
    /// The key that encrypts ID_i from the user to the hospital.
    pub const SEALED_IDENTIFIER: &str = "phi-pre/1/sealed-identifier";
    /// The mark of an envelope that a job has re-encrypted, under k_re.
    pub const REENCRYPTED: &str = "phi-pre/1/reencrypted";
    /// The shard of a job that an envelope's name falls into.
    pub const SHARD: &str = "phi-pre/1/shard";
    /// What a proof of re-encryption says.
    pub const REENCRYPTION_STATEMENT: &str = "phi-pre/1/reencryption/statement";
    /// The weights of the capsules in a proof of re-encryption.
    pub const REENCRYPTION_WEIGHT: &str = "phi-pre/1/reencryption/weight";
    /// The prover's secret exponent in a proof of re-encryption.
    pub const REENCRYPTION_NONCE: &str = "phi-pre/1/reencryption/nonce";
    /// The challenge of a proof of re-encryption.
    pub const REENCRYPTION_CHALLENGE: &str = "phi-pre/1/reencryption/challenge";
    /// A signed message between participants. Version 2 covers the signer's certificate. Version 3 has the header
    /// and Y in the note, and signed deliveries.
    pub const SIGNED_MESSAGE: &str = "phi-pre/3/signed-message";
    /// The data hash of a block.
    pub const BLOCK_DATA: &str = "phi-pre/1/block-data";
    /// The digest of a grant on the ledger.
    pub const GRANT: &str = "phi-pre/2/grant";
    /// The digest, on the ledger, of the public values of the shares of a re-encryption key.
    pub const PUBLIC_VALUES: &str = "phi-pre/1/public-values";
    /// The digest, on the ledger, of the deliveries with which a request is completed.
    pub const DELIVERIES: &str = "phi-pre/1/deliveries";
    /// The salt of a leaf of a record commitment.
    pub const COMMITMENT_LEAF: &str = "phi-pre/1/commitment/leaf";
    /// The salted root of a record commitment.
    pub const COMMITMENT_ROOT: &str = "phi-pre/1/commitment/root";
    /// The one-time verification key of Libert-Vergnaud 2008, as an exponent.
    #[cfg(feature = "schemes")]
    pub const LV08_SVK: &str = "phi-pre/1/schemes/lv08/svk";

    /// Domain separation tags of [`G2::hash`](crate::group::G2::hash), in the form of RFC 9380, section 3.1.
    pub mod dst {
        macro_rules! tags {
            ($($(#[$attribute:meta])* $name:ident = $application:literal;)*) => { $(
                $(#[$attribute])*
                pub const $name: &[u8] =
                    concat!("phi-pre-", $application, "-V01-CS01-with-BLS12381G2_XMD:SHA-256_SSWU_RO_").as_bytes();
            )* };
        }

        tags! {
            /// H2(scope) of keys by name.
            SCOPE = "scope";
            /// k'_e of the comparison scheme of keys by name.
            #[cfg(feature = "schemes")]
            GRANT = "grant";
            /// H1(id) of Green-Ateniese 2007.
            #[cfg(feature = "schemes")]
            GA07_H1 = "ga07-h1";
            /// H2(X) of Green-Ateniese 2007.
            #[cfg(feature = "schemes")]
            GA07_H2 = "ga07-h2";
            /// u of Libert-Vergnaud 2008.
            #[cfg(feature = "schemes")]
            LV08_U = "lv08-u";
            /// v of Libert-Vergnaud 2008.
            #[cfg(feature = "schemes")]
            LV08_V = "lv08-v";
        }
    }
}

/// A SHA-256 value: 32 bytes, printed as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Reads 64 lower-case hex digits.
    ///
    /// # Errors
    /// [`DecodeError::Text`](crate::error::DecodeError::Text) for anything else.
    pub fn from_hex(text: &str) -> Result<Self, crate::error::DecodeError> {
        text.parse()
    }
}

wire_newtype!(Digest, 32, "digest", hex);

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// SHA-256 of the concatenation of `parts`, as a standard defines it: no label, no framing.
pub fn sha256(parts: &[&[u8]]) -> Digest {
    let mut h = Sha256::new();
    for part in parts {
        h.update(part);
    }
    Digest(h.finalize().into())
}

/// SHA-256 of `label` and `parts`, each preceded by its length as eight big-endian bytes.
pub fn tagged(label: &str, parts: &[&[u8]]) -> Digest {
    let mut h = Sha256::new();
    frame(label, parts, |bytes| h.update(bytes));
    Digest(h.finalize().into())
}

/// HMAC-SHA256 of `label` followed by `message`, unframed: RFC 2104 over a fixed prefix.
pub fn hmac(key: &[u8], label: &str, message: &[u8]) -> Digest {
    wiped_short(|| {
        // HMAC accepts keys of any length; `new_from_slice` fails only for MACs with a fixed key size.
        let mut mac =
            Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        mac.update(label.as_bytes());
        mac.update(message);
        Digest(mac.finalize().into_bytes().into())
    })
}

/// HKDF-SHA256 with `salt`; `info` is the framing of `label` and `context`. `L` is at most 255·32 bytes.
pub fn hkdf<const L: usize>(secret: &[u8], salt: &[u8], label: &str, context: &[&[u8]]) -> [u8; L] {
    const { assert!(L <= 255 * 32) };
    wiped_short(|| {
        let info = framed(label, context);
        let mut out = [0; L];
        // `expand` fails only for L above 255·32, which is excluded at compile time.
        Hkdf::<Sha256>::new(Some(salt), secret)
            .expand(&info, &mut out)
            .unwrap_or_else(|_| unreachable!("L was checked at compile time"));
        out
    })
}

/// The bytes that [`tagged`] hashes.
pub fn framed(label: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    frame(label, parts, |bytes| out.extend_from_slice(bytes));
    out
}

fn frame(label: &str, parts: &[&[u8]], mut sink: impl FnMut(&[u8])) {
    for part in core::iter::once(&label.as_bytes()).chain(parts) {
        sink(&(part.len() as u64).to_be_bytes());
        sink(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4 sample "abc"; RFC 4231 test case 2 (the label stands in for the first bytes of the message).
    #[test]
    fn standard_values() {
        assert_eq!(
            sha256(&[b"a", b"bc"]).to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            hmac(b"Jefe", "what do ", b"ya want for nothing?").to_string(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn framing_separates_parts_and_labels() {
        assert_ne!(tagged("a", &[b"bc", b"d"]), tagged("a", &[b"b", b"cd"]));
        assert_ne!(tagged("ab", &[b"c"]), tagged("a", &[b"bc"]));
        assert_ne!(hkdf::<32>(b"k", b"s", "a", &[b"bc", b"d"]), hkdf::<32>(b"k", b"s", "a", &[b"b", b"cd"]));
        assert_ne!(hkdf::<32>(b"k", b"s", "a", &[]), hkdf::<32>(b"k", b"t", "a", &[]));
    }

    #[test]
    fn digest_reads_what_it_prints_and_nothing_else() {
        let digest = sha256(&[b"x"]);
        assert_eq!(Digest::from_hex(&digest.to_string()), Ok(digest));
        let text = digest.to_string();
        for bad in [&text[..63], &text.to_uppercase(), "", &format!("{text}0"), &text.replace('a', "g")] {
            assert!(Digest::from_hex(bad).is_err(), "{bad}");
        }
    }
}
