(** Identifiers: what k of them can and cannot hide.

    Paper: section 4.2, "Dis-connectivity"; ID_i, i = 1..k.
    Stated: if a user has more records than identifiers, two of them carry the same
    one, however they are assigned; two uniformly assigned records do so with
    probability 1/k. So "it shouldn't be possible to know whether two medical pieces
    of information belong to the same data subject" (Table 2) fails for k < n.
    Assumed: nothing. That distinct ID_i look unrelated to who lacks v_i is the PRF
    assumption on HMAC itself and is not restated as a theorem. *)
From mathcomp Require Import all_ssreflect all_algebra.
From PhiPre Require Import Probability.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory.

Section Linking.
Variables n k : nat.

Theorem records_collide (id : 'I_n -> 'I_k) : k < n -> exists i j, i != j /\ id i = id j.
Proof.
move=> kn; case: (pickP (fun ij : 'I_n * 'I_n => (ij.1 != ij.2) && (id ij.1 == id ij.2))).
  by case=> i j /andP[ne /eqP eq]; exists i, j.
move=> none; have /leq_card : injective id.
  by move=> i j eq; apply/eqP; have := none (i, j); rewrite /= eq eqxx andbT => /negbFE.
by rewrite !card_ord leqNgt kn.
Qed.

Theorem linked_pair : 0 < k -> Pr (fun w : 'I_k * 'I_k => w.1 == w.2) = (1 / k%:R)%R.
Proof.
move=> k0; rewrite /Pr card_prod card_ord.
have -> : #|(fun w : 'I_k * 'I_k => w.1 == w.2)| = k.
  rewrite -[RHS]card_ord -(card_codom (f := fun i : 'I_k => (i, i))); last by move=> i j [].
  apply: eq_card => -[i j]; rewrite [LHS]unfold_in /=; apply/eqP/codomP.
    by move=> ->; exists j.
  by case=> x [-> ->].
by rewrite natrM invfM mulrA divff ?mul1r // pnatr_eq0 -lt0n.
Qed.
End Linking.
