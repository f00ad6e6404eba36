//! Each security fact C1 to C15 of `paper-notes.md` as an attack that runs. The attack succeeds against the scheme as
//! printed (the literal form). Against the scheme of this crate (our form) it fails, or a sentence says why it still
//! succeeds.
//!
//! `cargo test --release attacks` runs the attacks and prints the results against both forms.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "ledger/world.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the ledger")]
mod world;

mod attacks {
    use ark_bls12_381::{Bls12_381, Fq, Fq12, Fr, G1Affine};
    use ark_ec::pairing::{Pairing, PairingOutput};
    use ark_ec::{AffineRepr, CurveGroup};
    use ark_ff::{AdditiveGroup, Field, PrimeField};
    use num_bigint::BigUint;
    use phi_pre::envelope::{self, DecryptError, Header};
    use phi_pre::error::DecodeError;
    use phi_pre::group::{G1, G2, Gt, Scalar};
    use phi_pre::hash::sha256;
    use phi_pre::identifier::Pseudonym;
    use phi_pre::identity::{
        Authority, Certificate, Credentials, Delivery, IdentityError, Msp, ParticipantGroup, PhoneNumber, Role, Sealed,
        SealedCode, SealedEnrolment, SealingKey, SigningKey, Ticket, seal,
    };
    use phi_pre::integrity::{Commitment, Committer, Salt, literal};
    use phi_pre::paper::{self, Setup};
    use phi_pre::pre::{
        Capsule, DecryptionKey, EncryptionKey, Handshake, HandshakeError, Params, Party, PublicKey, ReKey, Scope, Seed,
        Session, SharedSecret, hazmat,
    };
    use phi_pre::wire::Wire;
    use rand_chacha::ChaCha20Rng;
    use rand_core::{Rng, SeedableRng};
    use std::collections::BTreeSet;
    use std::io::Write;

    type E = Bls12_381;

    fn rng(seed: u64) -> ChaCha20Rng {
        ChaCha20Rng::seed_from_u64(seed)
    }

    fn fr(rng: &mut ChaCha20Rng) -> Fr {
        let mut wide = [0; 48];
        rng.fill_bytes(&mut wide);
        Fr::from_le_bytes_mod_order(&wide)
    }

    /// The literal form: a key pair, and two blocks that are encrypted with one pad.
    struct Literal {
        k_e: <E as Pairing>::G2Affine,
        k_e_prime: <E as Pairing>::G2Affine,
        m: Vec<PairingOutput<E>>,
        c: paper::Ciphertext<E>,
    }

    impl Literal {
        fn new(rng: &mut ChaCha20Rng) -> Self {
            let setup = Setup::<E>::standard();
            let g_t = E::pairing(setup.g1, setup.g2);
            let m = vec![g_t * fr(rng), g_t * fr(rng)];
            let (k_e, k_e_prime) = (setup.encryption_key(fr(rng)), setup.encryption_key(fr(rng)));
            let c = setup.encrypt(k_e, &m, fr(rng));
            Self { k_e, k_e_prime, m, c }
        }

        fn k_re(&self) -> <E as Pairing>::G2Affine {
            paper::re_encryption_key::<E>(self.k_e, self.k_e_prime)
        }
    }

    /// Our form: the keys of one scope between the user and hospitals A and B.
    struct Ours {
        params: Params,
        public: PublicKey,
        k_e: EncryptionKey,
        k_e_prime: EncryptionKey,
        k_re: ReKey,
    }

    impl Ours {
        fn new(scope: Scope<'_>) -> Self {
            let params = Params::new(Seed([1; 32]));
            let k_d = params.derive(&SharedSecret::from_bytes([2; 32]), scope);
            let k_e = k_d.encryption_key(&params);
            let k_e_prime = params.derive(&SharedSecret::from_bytes([3; 32]), scope).encryption_key(&params);
            Self {
                public: k_d.public_key(&params),
                k_re: ReKey::new(&k_e, &k_e_prime).unwrap(),
                k_e,
                k_e_prime,
                params,
            }
        }

        fn envelope(&self, record: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
            envelope::encrypt(&self.params, &self.public, record, rng).unwrap()
        }
    }

    fn header(envelope: &[u8]) -> Header {
        Header::from_bytes(&envelope[..Header::BYTES]).unwrap()
    }

    fn reencrypted(envelope: &[u8], k_re: &ReKey) -> Vec<u8> {
        let mut envelope = envelope.to_vec();
        envelope::reencrypt(k_re, &mut envelope).unwrap();
        envelope
    }

    fn refused(key: &EncryptionKey, envelope: &[u8]) -> bool {
        matches!(envelope::decrypt(key, envelope), Err(DecryptError::Refused))
    }

    fn fell(fact: &str, literal: &str, ours: &str) {
        // Writes to the standard output directly, so that the test runner does not capture the result.
        let _ = writeln!(std::io::stdout(), "{fact:<4} literal form: {literal:<52} our form: {ours}");
    }

    /// C1: one known block reveals all blocks of the record.
    #[test]
    fn c1_shared_pad() {
        let rng = &mut rng(1);
        let w = Literal::new(rng);
        let recovered = w.c.c[1] - w.c.c[0] + w.m[0];
        assert_eq!(recovered, w.m[1]);

        let ours = Ours::new(Scope::Relationship);
        let m = [Gt::random(rng), Gt::random(rng)];
        let [(a, _), (b, _)] =
            m.map(|m| hazmat::encapsulate_with(&ours.params, &ours.public, &m, &Scalar::random(rng)));
        assert_ne!((*b.c() / *a.c() * m[0]).to_bytes(), m[1].to_bytes());
        fell("C1", "FELL, one known block gives the next", "stands, a fresh r and one element for each record");
    }

    /// C2: the holder of the "encryption key" decrypts.
    #[test]
    fn c2_ke_decrypts() {
        let rng = &mut rng(2);
        let w = Literal::new(rng);
        assert_eq!(paper::decrypt(&w.c, w.k_e), w.m);

        // A sender holds Y. Decrypting (Z, C) with powers of Y fails; computing k_e from Y is the inversion of the
        // pairing.
        let ours = Ours::new(Scope::Relationship);
        let m = Gt::random(rng);
        let (capsule, _) = hazmat::encapsulate_with(&ours.params, &ours.public, &m, &Scalar::random(rng));
        let y = Gt::from_bytes(&ours.public.to_bytes()).unwrap();
        let z_pad = phi_pre::group::pairing(capsule.z(), &G2::generator());
        for guess in [*capsule.c() / y, *capsule.c() / z_pad, *capsule.c() / (y * z_pad)] {
            assert_ne!(guess.to_bytes(), m.to_bytes());
        }
        assert!(EncryptionKey::from_bytes(&ours.public.to_bytes()).is_err());
        fell("C2", "FELL, k_e decrypts", "stands, encryption needs Y alone and k_e is secret");
    }

    /// C3: proxy and delegatee together compute k_e.
    #[test]
    fn c3_collusion() {
        let rng = &mut rng(3);
        let w = Literal::new(rng);
        let stolen = (w.k_e_prime.into_group() - w.k_re()).into_affine();
        assert_eq!(paper::decrypt(&w.c, stolen), w.m);

        let steal = |w: &Ours| {
            let k_e_prime = G2::from_bytes(w.k_e_prime.to_bytes().expose()).unwrap();
            let k_re = G2::from_bytes(w.k_re.to_bytes().expose()).unwrap();
            EncryptionKey::from_bytes(&(k_e_prime / k_re).to_bytes()).unwrap()
        };
        let (one, other) = (Ours::new(Scope::Record(b"1")), Ours::new(Scope::Record(b"2")));
        let stolen = steal(&one);
        let (granted, withheld) = (one.envelope(b"granted", rng), other.envelope(b"withheld", rng));
        assert_eq!(envelope::decrypt(&stolen, &granted).unwrap(), b"granted");
        assert!(refused(&stolen, &withheld));
        fell(
            "C3",
            "FELL, k_e of all records",
            "falls for the granted record alone, which the delegatee may read anyway",
        );
    }

    /// C4: k_re re-encrypts in both directions.
    #[test]
    fn c4_bidirectional() {
        let rng = &mut rng(4);
        let w = Literal::new(rng);
        let setup = Setup::<E>::standard();
        let for_b = setup.encrypt(w.k_e_prime, &w.m, fr(rng));
        let back = (-w.k_re().into_group()).into_affine();
        assert_eq!(paper::decrypt(&paper::re_encrypt(&for_b, back), w.k_e), w.m);

        let ours = Ours::new(Scope::Record(b"1"));
        // The flow draws k'_e for each grant, and nobody encrypts to it. Here, k'_e is derived, as in the paper.
        let k_d_prime = ours.params.derive(&SharedSecret::from_bytes([3; 32]), Scope::Record(b"1"));
        let (for_b, m) = k_d_prime.public_key(&ours.params).encapsulate(&ours.params, rng);
        assert!(ours.k_e.decapsulate(&ours.k_re.inverse().reencrypt(&for_b)) == m);
        let elsewhere = ours.params.derive(&SharedSecret::from_bytes([3; 32]), Scope::Record(b"2"));
        let (of_b, m) = elsewhere.public_key(&ours.params).encapsulate(&ours.params, rng);
        assert!(ours.k_e.decapsulate(&ours.k_re.inverse().reencrypt(&of_b)) != m);
        fell("C4", "FELL, B's records open for A", "falls inside the scope, where B encrypts nothing; stands outside");
    }

    /// C5: k_re of one record re-encrypts all records.
    #[test]
    fn c5_over_delegation() {
        let rng = &mut rng(5);
        let pair_wide = Ours::new(Scope::Relationship);
        let (first, second) = (pair_wide.envelope(b"consented", rng), pair_wide.envelope(b"never shown", rng));
        for (envelope, record) in [(&first, &b"consented"[..]), (&second, b"never shown")] {
            let moved = reencrypted(envelope, &pair_wide.k_re);
            assert_eq!(envelope::decrypt(&pair_wide.k_e_prime, &moved).unwrap(), record);
        }

        let (one, other) = (Ours::new(Scope::Record(b"1")), Ours::new(Scope::Record(b"2")));
        let withheld = other.envelope(b"never shown", rng);
        let moved = reencrypted(&withheld, &one.k_re);
        for key in [&one.k_e_prime, &other.k_e_prime] {
            assert!(refused(key, &moved));
        }
        fell(
            "C5",
            "FELL, one k_re opens every record of the pair",
            "stands under scope Record, the default of the flow",
        );
    }

    /// C6: C·h decrypts to M·h, and a re-encryption oracle gives e(Z, k_re).
    #[test]
    fn c6_malleability() {
        let rng = &mut rng(6);
        let mut w = Literal::new(rng);
        let h = w.m[1];
        w.c.c[0] += h;
        assert_eq!(paper::decrypt(&w.c, w.k_e)[0], w.m[0] + h);

        let ours = Ours::new(Scope::Record(b"1"));
        let envelope = ours.envelope(b"record", rng);
        let honest = header(&envelope);
        let h = Gt::random(rng);
        let bytes = [&honest.capsule.z().to_bytes()[..], &(*honest.capsule.c() * h).to_bytes()].concat();
        let altered = Header { capsule: Capsule::from_bytes(&bytes).unwrap(), ..honest };
        assert!(refused(&ours.k_e, &[&altered.to_bytes(), &envelope[Header::BYTES..]].concat()));

        // The oracle still answers those who may use it: its answer to (Z, C·h) gives e(Z, k_re), and thus C'.
        let shift = *ours.k_re.reencrypt(&altered.capsule).c() / *altered.capsule.c();
        assert_eq!((*honest.capsule.c() * shift).to_bytes(), honest.reencrypt(&ours.k_re).capsule.c().to_bytes());
        fell(
            "C6",
            "FELL, M·h is accepted",
            "stands for records (key commitment); the oracle falls, and the cloud re-encrypts stored, signed uploads only",
        );
    }

    /// C7: a record with few possible values is found from its unsalted digest by trying the values.
    #[test]
    fn c7_digest_dictionary() {
        let dictionary = ["HIV-1 antigen: negative", "HIV-1 antigen: positive"].map(str::as_bytes);
        let on_ledger = literal(&mut &dictionary[1][..]).unwrap();
        assert_eq!(dictionary.iter().position(|guess| sha256(&[guess]) == on_ledger), Some(1));

        let commitment = Committer::commit(&Salt::from_bytes([9; 32]), dictionary[1]);
        assert!(dictionary.iter().all(|guess| sha256(&[guess]) != commitment.0));
        assert!(dictionary.iter().all(|guess| Committer::commit(&Salt::from_bytes([0; 32]), guess) != commitment));
        assert_ne!(commitment, Committer::commit(&Salt::from_bytes([8; 32]), dictionary[1]));
        fell("C7", "FELL, the digest names the record", "stands, the salt is secret and equal records differ");
    }

    /// C8: if M is outside GT, C^q = M^q reveals which of two messages was encrypted.
    #[test]
    fn c8_message_outside_gt() {
        let rng = &mut rng(8);
        let w = Literal::new(rng);
        let q = Fr::MODULUS;
        let candidates = [Fq12::from(7_u64), Fq12::from(11_u64)];
        let pad = (w.c.c[0] - w.m[0]).0;
        let c = candidates[1] * pad;
        assert_eq!(candidates.iter().position(|m| m.pow(q) == c.pow(q)), Some(1));

        for m in candidates {
            assert_eq!(Gt::from_bytes_plain(&plain(&m)), Err(DecodeError::NotInSubgroup { what: "GT" }));
        }
        fell("C8", "FELL, C^q = M^q tells M from M'", "stands, M is drawn in GT and decoding checks");
    }

    /// C9: elements outside the subgroups are accepted without checks: Z·T has the pairings of Z, and an element of
    /// order 4513 is taken for one of GT.
    #[test]
    fn c9_invalid_elements() {
        let rng = &mut rng(9);
        let w = Literal::new(rng);
        let torsion = (1_u64..1000)
            .filter_map(|x| G1Affine::get_point_from_x_unchecked(Fq::from(x), false))
            .map(|point| point.mul_bigint(Fr::MODULUS).into_affine())
            .find(|point| !point.is_zero())
            .unwrap();
        let z = (w.c.z.into_group() + torsion).into_affine();
        assert_eq!(E::pairing(z, w.k_e), E::pairing(w.c.z, w.k_e));
        assert_eq!(G1::from_bytes(&compressed(&z)), Err(DecodeError::NotInSubgroup { what: "G1" }));
        assert!(G1::from_bytes(&compressed(&w.c.z)).is_ok());

        let small = of_order_4513();
        assert_ne!(small, Fq12::ONE);
        assert_eq!(small.pow([4513_u64]), Fq12::ONE);
        let c = PairingOutput::<E>(w.c.c[0].0 * small);
        let decrypted = paper::decrypt(&paper::Ciphertext { c: vec![c], z: w.c.z }, w.k_e);
        assert_eq!(decrypted[0].0, w.m[0].0 * small);
        assert_eq!(Gt::from_bytes_plain(&plain(&small)), Err(DecodeError::NotInSubgroup { what: "GT" }));
        assert_eq!(Gt::from_bytes_plain(&plain(&c.0)), Err(DecodeError::NotInSubgroup { what: "GT" }));
        fell("C9", "FELL, foreign elements pass", "stands, each decoder checks its subgroup");
    }

    /// C10: a man in the middle of an unauthenticated Diffie-Hellman exchange computes sk, and thus k_d.
    #[test]
    fn c10_man_in_the_middle() {
        let rng = &mut rng(10);
        let run = |verify_user: &dyn Fn(&[u8]) -> bool, rng: &mut ChaCha20Rng| {
            let user = Handshake::new(Party::Initiator, rng);
            let attacker = Handshake::new(Party::Responder, rng);
            let session = Session { initiator: (b"user", user.share()), responder: (b"hospital", attacker.share()) };
            let attackers_sk = attacker.finish(&session, |_| true).unwrap();
            (user.finish(&session, |statement| verify_user(&statement.0)), attackers_sk)
        };
        let (unauthenticated, attackers_sk) = run(&|_| true, rng);
        assert_eq!(unauthenticated.unwrap().expose(), attackers_sk.expose());

        // Mallory relays the signature that the hospital made in a session with her.
        let hospital = SigningKey::random(rng);
        let honest = Handshake::new(Party::Responder, rng);
        let hers = Handshake::new(Party::Initiator, rng);
        let other = Session { initiator: (b"mallory", hers.share()), responder: (b"hospital", honest.share()) };
        let relayed = hospital.sign(&other.statement(Party::Responder).0);
        let check = |statement: &[u8]| hospital.verifying_key().verify(statement, &relayed).is_ok();
        assert!(check(&other.statement(Party::Responder).0));
        let (authenticated, _) = run(&check, rng);
        assert_eq!(authenticated.unwrap_err(), HandshakeError::Unauthenticated);
        fell("C10", "FELL, the man in the middle holds sk", "stands, both sides sign names and shares");
    }

    /// C11: if r is used twice, equal Z reveal it, and one known record reveals the other.
    #[test]
    fn c11_reused_nonce() {
        let rng = &mut rng(11);
        let setup = Setup::<E>::standard();
        let w = Literal::new(rng);
        let r = fr(rng);
        let (a, b) = (setup.encrypt(w.k_e, &w.m[..1], r), setup.encrypt(w.k_e, &w.m[1..], r));
        assert_eq!(a.z, b.z);
        assert_eq!(b.c[0] - a.c[0] + w.m[0], w.m[1]);

        let ours = Ours::new(Scope::Relationship);
        let capsules = ours.public.encapsulate_many(&ours.params, 64, rng);
        let mut z: Vec<_> = capsules.iter().map(|(capsule, _)| capsule.z().to_bytes()).collect();
        z.sort_unstable();
        z.dedup();
        assert_eq!(z.len(), 64);
        fell("C11", "FELL, one known record opens the other", "stands, r is drawn inside and no call takes it");
    }

    /// C12: the identifiers differ, but one certificate for all of them links every record, and Z links an envelope to
    /// its re-encryption.
    #[test]
    fn c12_linking() {
        let rng = &mut rng(12);
        let credentials = register(4, rng);
        // The ledger shows ID_i and the signer's certificate for each record.
        let people = |ledger: &[(Pseudonym, &Certificate)]| {
            ledger.iter().map(|(_, certificate)| certificate.verifying_key().as_bytes()).collect::<BTreeSet<_>>().len()
        };
        let ids: Vec<_> = credentials.pseudonyms().collect();
        let one = &credentials.members[0].0;
        assert_eq!(people(&ids.iter().map(|id| (*id, one)).collect::<Vec<_>>()), 1);

        let each = |id: &Pseudonym| &credentials.member(id).unwrap().0;
        assert_eq!(people(&ids.iter().map(|id| (*id, each(id))).collect::<Vec<_>>()), 4);
        assert_eq!(ids.iter().map(|id| each(id).serial().0).collect::<BTreeSet<_>>().len(), 4);

        let ours = Ours::new(Scope::Record(b"1"));
        let (capsule, _) = ours.public.encapsulate(&ours.params, rng);
        assert_eq!(ours.k_re.reencrypt(&capsule).z(), capsule.z());
        fell(
            "C12",
            "FELL, one certificate links all ID_i",
            "stands by certificate (one for each ID_i); falls by Z, which the cloud sees anyway, and inside a bucket",
        );
    }

    /// C13: hospital B keeps its key of a record. A new epoch protects later records.
    #[test]
    fn c13_no_revocation() {
        let rng = &mut rng(13);
        let old = Ours::new(Scope::Relationship);
        let envelope = old.envelope(b"seen", rng);
        let moved = reencrypted(&envelope, &old.k_re);
        assert_eq!(envelope::decrypt(&old.k_e_prime, &moved).unwrap(), b"seen");

        let epoch = Params::new(Seed([77; 32]));
        let sk = SharedSecret::from_bytes([2; 32]);
        let k_d: DecryptionKey = epoch.derive(&sk, Scope::Relationship);
        let later = envelope::encrypt(&epoch, &k_d.public_key(&epoch), b"after revocation", rng).unwrap();
        let moved = reencrypted(&later, &old.k_re);
        assert!(refused(&old.k_e_prime, &moved));
        fell(
            "C13",
            "FELL, old k_re and k'_e work for ever",
            "falls for what B has seen; a new k_s (epoch) ends the grant",
        );
    }

    /// C14: hospital B files a record of its own under the Z of a record of hospital A: C_B = N·e(Z, k_e(B)), which B can
    /// compute without r. If the user shares this record with A, C'/N is the pad of A's record.
    #[test]
    fn c14_copied_z() {
        let rng = &mut rng(14);
        let pairing = phi_pre::group::pairing;
        let element = |key: &EncryptionKey| G2::from_bytes(key.to_bytes().expose()).unwrap();
        // What B reads of A's record after the user has shared B's record, which has a copied Z, with A under `to_a`.
        let read = |a: &Capsule, of_b: &EncryptionKey, to_a: &EncryptionKey, rng: &mut ChaCha20Rng| {
            let n = Gt::random(rng);
            let filed = a.with_c(n * pairing(a.z(), &element(of_b)));
            let opened = G2::from_bytes(of_b.to_bytes().expose()).unwrap();
            assert_eq!(*filed.c() / pairing(filed.z(), &opened), n, "the user's check of B's record passes");
            let delivered = ReKey::new(of_b, to_a).unwrap().reencrypt(&filed);
            *a.c() / (*delivered.c() / n)
        };
        // One key for each pair of user and hospital, k'_e = k_e(A): the paper's derived k'_e.
        let pair_wide = Ours::new(Scope::Relationship);
        let m = Gt::random(rng);
        let r = Scalar::random(rng);
        let (of_a, _) = hazmat::encapsulate_with(&pair_wide.params, &pair_wide.public, &m, &r);
        assert_eq!(read(&of_a, &pair_wide.k_e_prime, &pair_wide.k_e, rng), m);
        // A fresh k'_e for each grant, with the same keys of the pairs.
        let fresh = DecryptionKey::random(rng).encryption_key(&pair_wide.params);
        assert_ne!(read(&of_a, &pair_wide.k_e_prime, &fresh, rng), m);
        // Keys of one record, even with a derived k'_e: B's record has another identifier, and so another key for A.
        let [one, other] = [&b"of A"[..], b"of B"].map(|record| Ours::new(Scope::Record(record)));
        let (of_a, _) = hazmat::encapsulate_with(&one.params, &one.public, &m, &r);
        assert_ne!(read(&of_a, &other.k_e_prime, &other.k_e, rng), m);
        fell(
            "C14",
            "FELL, C'/N opens a record of another hospital",
            "stands: a fresh k'_e for each grant, and keys of one record; falls between long-lived keys of both sides",
        );
    }

    /// C15: an attacker uses up the txid of a hospital's transaction. On Fabric, an envelope that claims the txid is
    /// enough. The ledger of this crate indexes no claimed txids; here the attacker assembles the hospital's transaction
    /// and leaves endorsements out. As printed, the record has the txid that the user has confirmed, so no other attempt
    /// can write the record.
    #[test]
    fn c15_burned_txid() {
        use crate::world::{NOW, World, block_of, id};
        use phi_pre::contract::{Action, Creator, Ledger, RecordId};
        use phi_pre::ledger::{EndorseError, NetworkError, Transaction, Transient};
        let (mut world, folder) = (World::new(), tempfile::tempdir().unwrap());
        let mut network = world.records(folder.path());
        let (north, alice) = (world.north.clone(), world.alice.clone());
        let (holder, commitment) = (id(&alice.certificate).into(), Commitment(sha256(&[b"record"])));
        let nonce = world.nonce();
        let record = RecordId::new(&nonce, &north.certificate);
        let by_alice = Creator { certificate: &alice.certificate, key: &alice.key };
        let confirm = Action::Confirmation { record, id: holder, commitment, hospital: id(&north.certificate) };
        Ledger::transact(&mut network, &confirm, &by_alice, NOW, &mut world.rng).unwrap();

        let write = Action::MedicalRecord { nonce, id: holder, commitment };
        let attempt = world.act(&north, &write);
        let mut answers = network.endorse(&attempt, &Transient::default(), NOW).unwrap();
        answers.truncate(1);
        let spoiled = Transaction::assemble(attempt.proposal.clone(), answers).unwrap().sign(&north.key).unwrap();
        assert_eq!(block_of(&mut network, &[spoiled]), [10]);

        let txid = attempt.proposal.txid;
        let literal = network.transact(&attempt, &Transient::default(), &north.key, NOW);
        assert!(matches!(literal, Err(NetworkError::Endorse(EndorseError::Duplicate(used))) if used == txid));
        let by_north = Creator { certificate: &north.certificate, key: &north.key };
        Ledger::transact(&mut network, &write, &by_north, NOW, &mut world.rng).unwrap();
        assert_eq!(network.record(record, &by_alice).unwrap().unwrap().commitment, commitment);
        fell(
            "C15",
            "FELL, a record under a txid that is used up is refused for ever",
            "stands: the next attempt writes it",
        );
    }

    struct Phone(String);

    impl Delivery for Phone {
        fn deliver(&mut self, _: &PhoneNumber, code: &str) {
            code.clone_into(&mut self.0);
        }
    }

    /// A registration that has begun: the ticket, the code, and the participant's key.
    fn begun(ca: &mut Authority, number: &str, role: Role, rng: &mut ChaCha20Rng) -> (Ticket, String, SealingKey) {
        let (now, mut phone) = (phi_pre::time::Seconds(1_700_000_000), Phone(String::new()));
        let number = PhoneNumber::new(number).unwrap();
        let ticket = match role {
            Role::User => ca.begin_registration(&number, now, &mut phone, rng),
            role => ca.begin_institution("North", role, &number, now, &mut phone, rng),
        };
        (ticket.unwrap(), phone.0, SealingKey::random(rng))
    }

    /// What the participant sends, and what the authority delivers.
    fn finished(
        ca: &mut Authority,
        role: Role,
        (ticket, code, key): &(Ticket, String, SealingKey),
        rng: &mut ChaCha20Rng,
    ) -> (SealedCode, SealedEnrolment) {
        let now = phi_pre::time::Seconds(1_700_000_000);
        let answer = SealedCode::new(ca.root(), ticket, code, &key.public(), rng).unwrap();
        let sealed = match role {
            Role::User => ca.finish_registration(ticket, &answer, now, rng),
            _ => ca.finish_institution(ticket, &answer, now, rng),
        };
        (answer, sealed.unwrap())
    }

    /// Enrolment in the printed form, "a secure channel" that encrypts and proves no sender. Mallory, who has an account of
    /// her own, stands between the victim and the authority. She seals her own credentials to the victim's key under the
    /// victim's ticket, and then knows all secrets of the victim. Or she reads the code on its way and sends it with a key
    /// of her own.
    #[test]
    fn enrolment_is_substituted() {
        let rng = &mut rng(14);
        let now = phi_pre::time::Seconds(1_700_000_000);
        for (role, group, info) in [
            (Role::User, ParticipantGroup::Users, &b"phi-pre/2/enrolment"[..]),
            (Role::Hospital, ParticipantGroup::Hospitals, b"phi-pre/2/institution"),
        ] {
            let ca = &mut Authority::new(group, rng, now).unwrap();
            let root = ca.root().clone();
            let context = |ticket: &Ticket| [&root.fingerprint().0[..], &ticket.0].concat();
            let (hers, his) = (begun(ca, "+821000000001", role, rng), begun(ca, "+821000000002", role, rng));
            let (_, to_her) = finished(ca, role, &hers, rng);
            let signed = to_her.to_bytes();
            let (to_open, signature) = signed.split_at(signed.len() - 64);
            let known = hers.2.open(info, &context(&hers.0), &Sealed::from_bytes(to_open).unwrap()).unwrap();
            let swapped = seal(&his.2.public(), info, &context(&his.0), known.expose(), rng).unwrap();

            // The printed form: the victim opens what is sealed to him, and finds certificates of the authority.
            let opened = his.2.open(info, &context(&his.0), &swapped).unwrap();
            let mut msp = Msp::new();
            msp.trust(&root).unwrap();
            if role == Role::User {
                let credentials = Credentials::from_bytes(opened.expose()).unwrap();
                assert!(credentials.members.iter().all(|(certificate, _)| msp.validate(certificate).is_ok()));
            }
            assert_eq!(opened.expose(), known.expose());

            // Our form: the authority signs for which ticket and key a delivery is.
            let forged = SealedEnrolment::from_bytes(&[&swapped.to_bytes()[..], signature].concat()).unwrap();
            let (answer, sealed) = finished(ca, role, &his, rng);
            let open = |sealed: &SealedEnrolment, (ticket, _, key): &(Ticket, String, SealingKey)| match role {
                Role::User => sealed.open(key, ticket, &root).map(drop),
                _ => sealed.open_institution(key, ticket, &root).map(drop),
            };
            assert_eq!(open(&forged, &his), Err(IdentityError::BadSignature));
            assert_eq!(open(&to_her, &his), Err(IdentityError::BadSignature));
            assert_eq!(open(&sealed, &(his.0, String::new(), hers.2)), Err(IdentityError::BadSignature));
            assert_eq!(open(&sealed, &his), Ok(()));
            // The code is in no message that she sees.
            for message in [answer.to_bytes(), sealed.to_bytes()] {
                assert!(!message.windows(his.1.len()).any(|part| part == his.1.as_bytes()));
            }
        }
        fell(
            "enr.",
            "FELL, the victim takes the attacker's credentials",
            "stands, the authority signs the delivery and the code travels sealed with the key",
        );
    }

    /// Registers a user with k pseudonyms.
    fn register(k: usize, rng: &mut ChaCha20Rng) -> Credentials {
        let now = phi_pre::time::Seconds(1_700_000_000);
        let mut phone = Phone(String::new());
        let mut authority = Authority::new(ParticipantGroup::Users, rng, now).unwrap().with_pseudonyms(k).unwrap();
        let number = PhoneNumber::new("+82 10 0000 0000").unwrap();
        let ticket = authority.begin_registration(&number, now, &mut phone, rng).unwrap();
        let key = SealingKey::random(rng);
        let answer = SealedCode::new(authority.root(), &ticket, &phone.0, &key.public(), rng).unwrap();
        let sealed = authority.finish_registration(&ticket, &answer, now, rng).unwrap();
        sealed.open(&key, &ticket, authority.root()).unwrap()
    }

    fn plain(f: &Fq12) -> Vec<u8> {
        f.to_base_prime_field_elements().flat_map(|x| big_endian(&x)).collect()
    }

    fn big_endian(x: &Fq) -> Vec<u8> {
        x.into_bigint().0.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect()
    }

    /// The Zcash encoding of a point, which may be outside G1. The library encodes checked elements only.
    fn compressed(point: &G1Affine) -> Vec<u8> {
        let (x, y) = point.xy().unwrap();
        let mut bytes = big_endian(&x);
        bytes[0] |= if y > -y { 0xa0 } else { 0x80 };
        bytes
    }

    /// An element of order 4513, a divisor of Φ12(p)/q.
    fn of_order_4513() -> Fq12 {
        let p = BigUint::from_bytes_be(&big_endian(&-Fq::ONE)) + 1_u32;
        let phi_12 = p.pow(4) - p.pow(2) + 1_u32;
        assert_eq!(&phi_12 % 4513_u32, BigUint::ZERO);
        let exponent = (&phi_12 / 4513_u32).to_u64_digits();
        (1_u64..1000)
            .map(|i| {
                let f = Fq12::from(i) + Fq12::new(ark_bls12_381::Fq6::ZERO, ark_bls12_381::Fq6::ONE);
                let unitary = f.frobenius_map(6) * f.inverse().unwrap();
                (unitary.frobenius_map(2) * unitary).pow(&exponent)
            })
            .find(|small| *small != Fq12::ONE)
            .unwrap()
    }
}
