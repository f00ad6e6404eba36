(** What the scheme does not withstand, as equations.

    Paper: section 4.2, "Confidentiality"; Equations 1 and 2.
    Stated: k_e decrypts; a proxy and its delegatee compute k_e; blocks under one
    pad leak their quotient; ciphertexts can be shifted; a re-encryption oracle on
    chosen ciphertexts opens the challenge; messages and points outside the groups
    of order p. BrokenGames.v turns the first and third into games.
    Assumed: the bilinear group of Bilinear.v, nothing else. *)
From mathcomp Require Import all_ssreflect all_fingroup all_solvable.
From PhiPre Require Import Bilinear Scheme.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GroupScope.

Section Attacks.
Variable B : bilinear_group.
Local Notation e := (@e B).
Local Notation g1 := (g1 B).
Local Notation G1 := (G1 B). Local Notation G2 := (G2 B). Local Notation GT := (GT B).

(** C2: k_e alone decrypts, k_d is not needed. *)
Definition open_with (k : G2) (c : ciphertext B) : GT := c.1 * (e c.2 k)^-1.
Theorem ke_decrypts k M r : open_with k (enc k M r) = M.
Proof. by rewrite /open_with /= eXl mulgK. Qed.

(** C3: k_re of the proxy and k_d' of the delegatee give k_e of the delegator. *)
Theorem collusion (d d' : nat) : (rk (pk B d) (pk B d'))^-1 * pk B d' = pk B d.
Proof. by rewrite rk_inv /rk mulgKV. Qed.
Corollary collusion_decrypts d d' M r :
  open_with ((rk (pk B d) (pk B d'))^-1 * pk B d') (enc (pk B d) M r) = M.
Proof. by rewrite collusion ke_decrypts. Qed.

(** C5: one k_re opens every record of the pair of keys, granted or not. *)
Theorem over_delegation d d' (records : seq (GT * nat)) :
  [seq dec d' (reenc (rk (pk B d) (pk B d')) (enc (pk B d) x.1 x.2)) | x <- records]
  = [seq x.1 | x <- records].
Proof. by apply: eq_map => x /=; exact: dec_reenc. Qed.

(** C1: blocks under one (k_e, r) leak their quotient; one known block opens all. *)
Theorem shared_pad k r (Mi Mj : GT) :
  (enc k Mi r).1 * ((enc k Mj r).1)^-1 = Mi * Mj^-1.
Proof. by rewrite /= invMg mulgA mulgK. Qed.
Corollary shared_pad_known k r (Mi Mj : GT) :
  (enc k Mi r).1 * ((enc k Mj r).1)^-1 * Mj = Mi.
Proof. by rewrite shared_pad mulgKV. Qed.

(** C6: a factor on C is a factor on M ... *)
Theorem malleable d (M h : GT) r (c := enc (pk B d) M r) : dec d (c.1 * h, c.2) = M * h.
Proof.
by rewrite /dec /= eXl -!mulgA (GTC h) !mulgA mulgK.
Qed.
(** ... and one answer of a re-encryption oracle on the chosen ciphertext (1, Z)
    opens the record that Z belongs to, for the holder of k_e'. *)
Theorem oracle_opens k k' (M : GT) r (c := enc k M r) :
  c.1 * (reenc (rk k k') (1, c.2)).1 * (e c.2 k')^-1 = M.
Proof.
have := ke_decrypts k' M r; rewrite -(equation3 k k' M r) /open_with /reenc /=.
by rewrite mul1g.
Qed.
End Attacks.

(** C8: a message outside the group of order p. Every pad has order dividing p,
    so C^p = M^p is public: it tells apart any two M with different p-th powers. *)
Theorem message_outside_gt (gT : finGroupType) (p : nat) (M pad : gT) :
  commute M pad -> pad ^+ p = 1 -> (M * pad) ^+ p = M ^+ p.
Proof. by move=> cM pad1; rewrite expgMn // pad1 mulg1. Qed.

(** C9: a component of order t coprime to p on Z changes no pairing value. *)
Theorem torsion_invisible (H1 HT : finGroupType) (pairing : H1 -> HT) (p t : nat) (Z T : H1) :
  (forall x y, pairing (x * y) = pairing x * pairing y) ->
  (forall x, pairing x ^+ p = 1) -> T ^+ t = 1 -> coprime p t ->
  pairing (Z * T) = pairing Z.
Proof.
move=> hom ordp Tt cop.
have e1 : pairing 1 = 1 by apply: (mulgI (pairing 1)); rewrite -hom !mulg1.
have pT : pairing T ^+ t = 1.
  by rewrite -e1 -Tt; elim: t {Tt cop} => [|n IH]; rewrite ?expg0 ?e1 // !expgS hom IH.
rewrite hom -[RHS]mulg1; congr (_ * _); apply/eqP; rewrite -order_eq1 -dvdn1.
by rewrite -(eqP cop) dvdn_gcd !order_dvdn ordp pT !eqxx.
Qed.
