(** Congruence modulo p. *)
Require Import ZArith Lia.
From Lanes Require Import Statements.
Open Scope Z_scope.
Local Arguments Z.mul : simpl never.
Local Arguments Z.modulo : simpl never.

Lemma R_inverse_spec : congruent (R * R_inverse) 1.
Proof. vm_compute. reflexivity. Qed.

Lemma congruent_refl x : congruent x x.
Proof. unfold congruent. rewrite Z.sub_diag. reflexivity. Qed.

Lemma congruent_divide x y : congruent x y <-> exists k, x = y + k * p.
Proof.
  unfold congruent. split.
  - intros H. apply Z.mod_divide in H; [|discriminate]. destruct H as [k K]. exists k. lia.
  - intros [k ->]. replace (y + k * p - y) with (k * p) by ring. apply Z_mod_mult.
Qed.

Lemma congruent_sym x y : congruent x y -> congruent y x.
Proof. intros H. apply congruent_divide in H. destruct H as [k ->]. apply congruent_divide. exists (- k). ring. Qed.

Lemma congruent_trans x y z : congruent x y -> congruent y z -> congruent x z.
Proof.
  intros H K. apply congruent_divide in H, K. destruct H as [h ->], K as [k ->].
  apply congruent_divide. exists (h + k). ring.
Qed.

Lemma congruent_add a b c d : congruent a b -> congruent c d -> congruent (a + c) (b + d).
Proof.
  intros H K. apply congruent_divide in H, K. destruct H as [h ->], K as [k ->].
  apply congruent_divide. exists (h + k). ring.
Qed.

Lemma congruent_mul a b c d : congruent a b -> congruent c d -> congruent (a * c) (b * d).
Proof.
  intros H K. apply congruent_divide in H, K. destruct H as [h ->], K as [k ->].
  apply congruent_divide. exists (b * k + d * h + h * k * p). ring.
Qed.

Lemma congruent_mod x : congruent (x mod p) x.
Proof.
  apply congruent_sym, congruent_divide. exists (x / p). pose proof (Z.div_mod x p ltac:(discriminate)). lia.
Qed.

Lemma congruent_divided x y : congruent (R * x) y -> congruent x (R_inverse * y).
Proof.
  intros H. apply congruent_trans with (x * (R * R_inverse)).
  - rewrite <- (Z.mul_1_r x) at 1. apply congruent_mul; [apply congruent_refl|apply congruent_sym, R_inverse_spec].
  - replace (x * (R * R_inverse)) with (R_inverse * (R * x)) by ring.
    apply congruent_mul; [apply congruent_refl|exact H].
Qed.
