//! Authenticated Diffie-Hellman: how a user and a hospital come to sk.
//!
//! Paper: section 3.2, "Transmission of medical data". X25519 (RFC 7748), each side with a fresh share.
//!
//! ```text
//! initiator -> responder   X_I
//! responder -> initiator   X_R, signature_R(statement_R)
//! initiator -> responder   signature_I(statement_I)
//! statement_S = H("diffie-hellman", S, name_I, name_R, X_I, X_R)
//! sk          = HKDF(ikm = X25519(x, X), salt = statement_I, info = "sk")
//! ```
//!
//! Departure: the paper's exchange is unauthenticated, so a man in the middle would hold sk (C10). Here both sides sign
//! their names and shares with their MSP keys. This module says what is signed; the caller signs and verifies.

use super::keys::SharedSecret;
use crate::error::Coded;
use crate::hash::{Digest, hkdf, label, tagged};
use crate::secret::wiped;
use crate::wire::forms::wire_newtype;
use rand_core::CryptoRng;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::ZeroizeOnDrop;

/// X = x·B, the Diffie-Hellman public key of one side (its share): 32 public bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DhPublicKey(pub [u8; 32]);

wire_newtype!(DhPublicKey, 32, "Diffie-Hellman share", hex);

/// The side of a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// Sends the first share.
    Initiator,
    /// Answers.
    Responder,
}

/// What both sides must agree on: who they are (the bytes of their certificates) and what they sent.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    /// Name and share of the initiator.
    pub initiator: (&'a [u8], DhPublicKey),
    /// Name and share of the responder.
    pub responder: (&'a [u8], DhPublicKey),
}

impl Session<'_> {
    /// The 32 bytes that `signer` signs.
    pub fn statement(&self, signer: Party) -> Digest {
        let side: &[u8] = match signer {
            Party::Initiator => b"I",
            Party::Responder => b"R",
        };
        let ((name_i, x_i), (name_r, x_r)) = (self.initiator, self.responder);
        tagged(label::HANDSHAKE, &[side, name_i, name_r, &x_i.0, &x_r.0])
    }
}

/// Why a handshake gave no sk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The other side's signature is not valid for the session.
    #[error("the other side's signature is not valid for this session")]
    Unauthenticated,
    /// The session does not hold the share that this side made.
    #[error("the session does not contain this side's own share")]
    ForeignShare,
    /// The other side's share has small order (RFC 7748, section 6.1).
    #[error("the other side's share has small order")]
    SmallOrder,
}

impl Coded for HandshakeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::ForeignShare => "foreign-share",
            Self::SmallOrder => "small-order",
        }
    }
}

/// One side's ephemeral secret, which [`finish`](Self::finish) consumes.
///
/// ```
/// use phi_pre::pre::{Handshake, HandshakeError, Party, Session};
/// # use rand_chacha::ChaCha20Rng;
/// # use rand_core::SeedableRng;
/// # let rng = &mut ChaCha20Rng::seed_from_u64(1);
/// let (user, hospital) = (Handshake::new(Party::Initiator, rng), Handshake::new(Party::Responder, rng));
/// let session = Session { initiator: (b"user", user.share()), responder: (b"hospital", hospital.share()) };
///
/// // `verify` checks the other side's signature of the statement; here both sides sign nothing and accept.
/// let sk = user.finish(&session, |_statement| true)?;
/// assert!(hospital.finish(&session, |_statement| true)? == sk);
///
/// let refused = Handshake::new(Party::Initiator, rng).finish(&session, |_| true);
/// assert_eq!(refused, Err(HandshakeError::ForeignShare));
/// # Ok::<(), HandshakeError>(())
/// ```
pub struct Handshake {
    /// In a box, so that a move leaves no copy.
    secret: Box<StaticSecret>,
    me: Party,
}

impl ZeroizeOnDrop for Handshake {}

impl core::fmt::Debug for Handshake {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Handshake").field("me", &self.me).field("secret", &"<redacted>").finish()
    }
}

impl Handshake {
    /// A fresh secret for the side `me`.
    pub fn new(me: Party, rng: &mut impl CryptoRng) -> Self {
        wiped(|| Self { secret: Box::new(StaticSecret::random_from_rng(rng)), me })
    }

    /// This side's share.
    pub fn share(&self) -> DhPublicKey {
        wiped(|| DhPublicKey(PublicKey::from(&*self.secret).to_bytes()))
    }

    /// sk, if `verify` accepts the other side's signature of the statement that it gets: 32 bytes.
    ///
    /// # Errors
    /// [`HandshakeError`].
    pub fn finish(
        self,
        session: &Session<'_>,
        verify: impl FnOnce(&Digest) -> bool,
    ) -> Result<SharedSecret, HandshakeError> {
        wiped(|| {
            let (other, mine, theirs) = match self.me {
                Party::Initiator => (Party::Responder, session.initiator.1, session.responder.1),
                Party::Responder => (Party::Initiator, session.responder.1, session.initiator.1),
            };
            if mine != self.share() {
                return Err(HandshakeError::ForeignShare);
            }
            if !verify(&session.statement(other)) {
                return Err(HandshakeError::Unauthenticated);
            }
            let shared = self.secret.diffie_hellman(&PublicKey::from(theirs.0));
            if !shared.was_contributory() {
                return Err(HandshakeError::SmallOrder);
            }
            let salt = session.statement(Party::Initiator);
            Ok(SharedSecret::from_bytes(hkdf(shared.as_bytes(), &salt.0, label::SHARED_SECRET, &[])))
        })
    }
}
