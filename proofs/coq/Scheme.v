(** The scheme of the paper and its correctness.

    Paper: section 3.2 and Equations 1, 2 and 3.
    Stated: decryption inverts encryption; Equation 3 step by step, for one block
    and for l blocks under one Z; any number of hops; composition and inverse of
    re-encryption keys; the public variant gives the very same ciphertexts.
    Assumed: the bilinear group of Bilinear.v, nothing else.

    The paper prints k_{dr} in the second line of Equation 3. The product k_d * r
    is the only reading with a type, and the one proved here. *)
From mathcomp Require Import all_ssreflect all_fingroup.
From PhiPre Require Import Bilinear.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GroupScope.

Section Scheme.
Variable B : bilinear_group.
Local Notation e := (@e B).
Local Notation g1 := (g1 B). Local Notation g2 := (g2 B).
Local Notation G1 := (G1 B). Local Notation G2 := (G2 B). Local Notation GT := (GT B).

Definition ciphertext := (GT * G1)%type.                        (* (C, Z) *)

Definition pk (d : nat) : G2 := g2 ^+ d.                         (* k_e = g2^k_d *)
Definition enc (k : G2) (M : GT) (r : nat) : ciphertext :=       (* C = M e(g1,k_e)^r *)
  (M * e g1 k ^+ r, g1 ^+ r).
Definition dec (d : nat) (c : ciphertext) : GT := c.1 * (e c.2 (pk d))^-1.
Definition rk (k k' : G2) : G2 := k' * k^-1.                     (* Equation 1 *)
Definition reenc (k_re : G2) (c : ciphertext) : ciphertext :=    (* Equation 2, one block *)
  (c.1 * e c.2 k_re, c.2).

(** The public variant: Y = e(g1,g2)^k_d is published, k_e stays secret. *)
Definition pub (k : G2) : GT := e g1 k.
Definition encY (Y : GT) (M : GT) (r : nat) : ciphertext := (M * Y ^+ r, g1 ^+ r).

Theorem public_key d : pub (pk d) = e g1 g2 ^+ d.
Proof. exact: eXr. Qed.
Theorem public_same_ciphertext k M r : encY (pub k) M r = enc k M r.
Proof. by []. Qed.

Theorem dec_enc d M r : dec d (enc (pk d) M r) = M.
Proof. by rewrite /dec /= eXl mulgK. Qed.

(** ** Equation 3, one theorem for each equality sign.
    Exponents are natural numbers here, so g2^(k_d' - k_d) is written g2^k_d' / g2^k_d. *)
Section Equation3.
Variables (d d' r : nat) (M : GT).
Let C := (enc (pk d) M r).1.
Let Z := (enc (pk d) M r).2.
Let k_re := rk (pk d) (pk d').

Theorem equation3_line1 : C * e Z k_re = M * e g1 (pk d) ^+ r * e Z k_re.
Proof. by []. Qed.
Theorem equation3_line2 :
  M * e g1 (pk d) ^+ r * e Z k_re
  = M * e g1 g2 ^+ (d * r) * e (g1 ^+ r) (g2 ^+ d' * (g2 ^+ d)^-1).
Proof. by rewrite /pk eXr -expgM. Qed.
Theorem equation3_line3 :
  M * e g1 g2 ^+ (d * r) * e (g1 ^+ r) (g2 ^+ d' * (g2 ^+ d)^-1)
  = M * e g1 g2 ^+ (d * r) * (e g1 g2 ^+ (r * d') * (e g1 g2 ^+ (r * d))^-1).
Proof. by rewrite eMr eVr !bilinear. Qed.
Theorem equation3_line4 :
  M * e g1 g2 ^+ (d * r) * (e g1 g2 ^+ (r * d') * (e g1 g2 ^+ (r * d))^-1)
  = M * e g1 g2 ^+ (d' * r).
Proof.
rewrite (mulnC r d) (mulnC r d') (GTC (e g1 g2 ^+ (d' * r))) -!mulgA; congr (_ * _).
by rewrite mulgA mulgV mul1g.
Qed.
Theorem equation3_line5 : M * e g1 g2 ^+ (d' * r) = M * e g1 (pk d') ^+ r.
Proof. by rewrite /pk eXr -expgM. Qed.
End Equation3.

(** Equation 3 as a whole, for any keys in G2. *)
Theorem equation3 k k' M r : reenc (rk k k') (enc k M r) = enc k' M r.
Proof.
rewrite /reenc /rk /= eMr eVr (GTC (e _ k')) !eXl; congr (_, _).
by rewrite !mulgA mulgK.
Qed.
Corollary dec_reenc d d' M r : dec d' (reenc (rk (pk d) (pk d')) (enc (pk d) M r)) = M.
Proof. by rewrite equation3 dec_enc. Qed.

(** ** l blocks under one r and one Z, as the paper sends them: C_1 || ... || C_l || Z *)
Definition enc_blocks (k : G2) (Ms : seq GT) (r : nat) : seq GT * G1 :=
  ([seq M * e g1 k ^+ r | M <- Ms], g1 ^+ r).
Definition reenc_blocks (k_re : G2) (c : seq GT * G1) : seq GT * G1 :=
  ([seq C * e c.2 k_re | C <- c.1], c.2).
Definition dec_blocks (d : nat) (c : seq GT * G1) : seq GT :=
  [seq C * (e c.2 (pk d))^-1 | C <- c.1].

Theorem equation2_blocks k k' Ms r :
  reenc_blocks (rk k k') (enc_blocks k Ms r) = enc_blocks k' Ms r.
Proof.
congr (_, _); rewrite /= -map_comp; apply: eq_map => M /=.
by have [->] := equation3 k k' M r.
Qed.
Theorem dec_blocksK d Ms r : dec_blocks d (enc_blocks (pk d) Ms r) = Ms.
Proof.
rewrite /dec_blocks /= -map_comp -[RHS]map_id; apply: eq_map => M /=.
exact: dec_enc.
Qed.
Corollary dec_reenc_blocks d d' Ms r :
  dec_blocks d' (reenc_blocks (rk (pk d) (pk d')) (enc_blocks (pk d) Ms r)) = Ms.
Proof. by rewrite equation2_blocks dec_blocksK. Qed.

(** ** Hops, composition, inverse *)
Fixpoint hops (k : G2) (ks : seq G2) (c : ciphertext) :=
  if ks is k' :: ks' then hops k' ks' (reenc (rk k k') c) else c.
Theorem multi_hop ks k M r : hops k ks (enc k M r) = enc (last k ks) M r.
Proof. by elim: ks k => //= k' ks IH k; rewrite equation3 IH. Qed.

(** The proxy makes A -> C out of A -> B and B -> C by itself. *)
Theorem rk_trans a b c : rk b c * rk a b = rk a c.
Proof. by rewrite /rk mulgA mulgKV. Qed.
Theorem reenc_compose x y c : reenc y (reenc x c) = reenc (x * y) c.
Proof. by rewrite /reenc /= eMr mulgA. Qed.
Theorem rk_inv a b : (rk a b)^-1 = rk b a.
Proof. by rewrite /rk invMg invgK. Qed.
Theorem reenc_back k k' M r : reenc (rk k k')^-1 (enc k' M r) = enc k M r.
Proof. by rewrite rk_inv equation3. Qed.

(** ** For Z <> 1 one block under a secret k_e is a one-time pad:
    every C is explained by exactly one k_e, whatever M is. *)
Theorem perfect_hiding (Z : G1) (C M : GT) : Z != 1 ->
  exists k, C = M * e Z k /\ forall k', C = M * e Z k' -> k' = k.
Proof.
move=> nZ; have [f fK Kf] := pad_bij nZ; exists (f (M^-1 * C)); rewrite Kf mulKVg.
by split=> // k' ->; rewrite mulKg fK.
Qed.
End Scheme.
