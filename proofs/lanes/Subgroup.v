(** The cyclotomic subgroup: why the short formulas square and decompress, and why the tests of membership suffice.

    An element f of the subgroup has f f^(p^4) = f^(p^2), since its order divides p^4 - p^2 + 1, and f conj(f) = 1. These are
    equations in the coefficients, and the formulas of Granger and Scott and of Karabina differ from the plain ones by
    multiples of them. *)
Require Import ZArith List Lia Bool.
From Lanes Require Import Poly Statements Congruence Words Methods Steps Kernels Tower Specifications Loops.
Import ListNotations.
Open Scope Z_scope.
Local Arguments Z.pow : simpl never.
Local Arguments Z.mul : simpl never.
Local Arguments Z.add : simpl never.
Local Arguments Z.sub : simpl never.
Local Arguments Z.modulo : simpl never.

Definition identity (a b : formula) : bool := zero reg (modulo_p (nsub (polynomial_of a) (polynomial_of b))).

Lemma identity_sound v a b : identity a b = true -> congruent (denoted v a) (denoted v b).
Proof.
  intros H. apply (eval_zero reg v) in H.
  pose proof (modulo_p_sound v (nsub (polynomial_of a) (polynomial_of b))) as P.
  rewrite H, eval_sub, !polynomial_of_sound in P by exact Pos.compare_eq.
  apply congruent_divide in P. destruct P as [k P]. apply congruent_divide. exists (- k). lia.
Qed.

(** Each formula is 0. *)
Definition vanish (v : reg -> Z) (fs : list formula) : Prop := Forall (fun f => congruent (denoted v f) 0) fs.

(** Each formula is the other one, plus a multiple of a formula that is 0. *)
Fixpoint identities (xs ys ks qs : list formula) : bool :=
  match xs, ys, ks, qs with
  | x :: xs, y :: ys, k :: ks, q :: qs => identity x (Added y (Multiplied k q)) && identities xs ys ks qs
  | [], [], [], [] => true
  | _, _, _, _ => false
  end.

Lemma identities_sound v xs : forall ys ks qs, identities xs ys ks qs = true -> vanish v qs ->
  Forall2 (fun a b => congruent (denoted v a) (denoted v b)) xs ys.
Proof.
  induction xs as [|x xs IH]; intros [|y ys] [|k ks] [|q qs] H Z; try discriminate; [constructor|].
  cbn [identities] in H. apply andb_prop in H. destruct H as [I H]. inversion Z; subst.
  constructor; [|apply (IH ys ks qs); assumption].
  eapply congruent_trans; [apply identity_sound, I|]. cbn [denoted].
  rewrite <- (Z.add_0_r (denoted v y)) at 2. apply congruent_add; [apply congruent_refl|].
  rewrite <- (Z.mul_0_r (denoted v k)). apply congruent_mul; [apply congruent_refl|assumption].
Qed.

Definition f : F12 := x12 1.
Definition subtracted (a b : F12) : list formula :=
  map (fun t => Subtracted (fst t) (snd t)) (combine (coefficients12 a) (coefficients12 b)).
Definition one12 : F12 := ((one2, zero2, zero2), (zero2, zero2, zero2)).
Definition conjugate12 (a : F12) : F12 :=
  let '(b0, b1, b2) := snd a in (fst a, (sub2 zero2 b0, sub2 zero2 b1, sub2 zero2 b2)).

(** f f^(p^4) - f^(p^2) and f conj(f) - 1. *)
Definition cyclotomic_relations : list formula := subtracted (mul12 f (frobenius12 4 f)) (frobenius12 2 f).
Definition unitary_relations : list formula := subtracted (mul12 f (conjugate12 f)) one12.

(** gamma^2 is a sixth root of 1 in F_p. *)
Theorem gamma_2 : snd (gamma 2) = 0 /\ (fst (gamma 2) ^ 2 - fst (gamma 2) + 1) mod p = 0.
Proof. vm_compute. split; reflexivity. Qed.

(** Of the coefficient of w^k: 2 (-1)^k gamma_2^(-k). *)
Definition multiplier (k : nat) : formula :=
  Num ((2 * (-1) ^ Z.of_nat k * fst (gamma 2) ^ (6 - Z.of_nat k)) mod p).
Definition multipliers : list formula := flat_map (fun k => [multiplier k; multiplier k]) [0; 2; 4; 1; 3; 5]%nat.

(** Granger and Scott: the short formula is the square. *)
Theorem cyclotomic_square_squares v : vanish v cyclotomic_relations ->
  Forall2 (fun a b => congruent (denoted v a) (denoted v b))
    (coefficients12 (cyclotomic_square f)) (coefficients12 (mul12 f f)).
Proof.
  intros H. apply (identities_sound v _ _ multipliers cyclotomic_relations); [|exact H].
  vm_cast_no_check (eq_refl true).
Qed.


(** Karabina: with g2, .., g5 = a10, a02, a01, a12, the numerator is 4 g2 a11, and a00 is what the decompression says. *)
Definition g2 := x2 7.
Definition g3 := x2 5.
Definition g4 := x2 3.
Definition g5 := x2 11.
Definition a11 := x2 9.
Definition a00 := x2 1.

Definition numerator_formula : F2 := sub2 (add2 (xi (mul2 g5 g5)) (times2 3 (mul2 g4 g4))) (times2 2 g3).
Definition a00_formula : F2 := add2 (xi (sub2 (add2 (times2 2 (mul2 a11 a11)) (mul2 g2 g5)) (times2 3 (mul2 g3 g4)))) one2.

Definition relation (l : list formula) (i : nat) : formula := nth i l (Num 0).

Lemma two_relations v a b k q j u : identity a (Added (Added b (Multiplied k q)) (Multiplied j u)) = true ->
  congruent (denoted v q) 0 -> congruent (denoted v u) 0 -> congruent (denoted v a) (denoted v b).
Proof.
  intros I Q U. eapply congruent_trans; [apply identity_sound, I|]. cbn [denoted].
  replace (denoted v b) with (denoted v b + denoted v k * 0 + denoted v j * 0) at 2 by ring.
  repeat apply congruent_add; try apply congruent_mul; try apply congruent_refl; assumption.
Qed.

Lemma vanish_nth v l i : vanish v l -> congruent (denoted v (relation l i)) 0.
Proof.
  intros H. unfold relation. destruct (Nat.lt_ge_cases i (length l)).
  - unfold vanish in H. rewrite Forall_forall in H. apply H, nth_In. assumption.
  - rewrite nth_overflow by assumption. apply congruent_refl.
Qed.

Theorem decompression v : vanish v cyclotomic_relations -> vanish v unitary_relations ->
  Forall2 (fun a b => congruent (denoted v a) (denoted v b))
    (coefficients2 numerator_formula ++ coefficients2 a00_formula)
    (coefficients2 (times2 4 (mul2 g2 a11)) ++ coefficients2 a00).
Proof.
  intros C U.
  assert (D : forall i j k a b,
    identity a (Added (Added b (Multiplied k (relation cyclotomic_relations i))) (Multiplied j (relation unitary_relations i)))
      = true -> congruent (denoted v a) (denoted v b)).
  { intros i j k a b I. eapply two_relations; [exact I|apply vanish_nth; exact C|apply vanish_nth; exact U]. }
  cbn [coefficients2 app].
  apply Forall2_cons; [apply (D 4%nat (Num 1) (multiplier 4)); vm_cast_no_check (eq_refl true)|].
  apply Forall2_cons; [apply (D 5%nat (Num 1) (multiplier 4)); vm_cast_no_check (eq_refl true)|].
  apply Forall2_cons; [apply (D 0%nat (Num (-1)) (Num 1)); vm_cast_no_check (eq_refl true)|].
  apply Forall2_cons; [apply (D 1%nat (Num (-1)) (Num 1)); vm_cast_no_check (eq_refl true)|].
  apply Forall2_nil.
Qed.

(** ** The torus *)

(** With g = g0 + g1 w, g conj(g) = 1: the numerator of (c + w)/(c - w) for c = (1 + g0)/g1, times g1, is g times the
    denominator. So decompression inverts compression where g1 is not 0. *)
Theorem torus_inverts v : vanish v unitary_relations ->
  Forall2 (fun a b => congruent (denoted v a) (denoted v b))
    (coefficients12 (mul12 f (conjugate12 (add6 (fst f) (fst one12), snd f))))
    (coefficients12 (add6 (fst f) (fst one12), snd f)).
Proof.
  intros U. apply (identities_sound v _ _ (repeat (Num 1) 12) unitary_relations); [|exact U].
  vm_cast_no_check (eq_refl true).
Qed.

(** With c = a0 + a1 v + a2 v^2, n = c + w and g = n/conj(n), the equation g g^(p^4) = g^(p^2), times the three
    denominators, is the equation 3 (a0 a1 - xi a2^2) = 1. So a0 and a2 determine the elements of the cyclotomic subgroup. *)
Definition n : F12 := ((x2 1, x2 3, x2 5), (one2, zero2, zero2)).
Definition torus_equation : list formula :=
  subtracted (mul12 (mul12 n (frobenius12 4 n)) (frobenius12 2 (conjugate12 n)))
    (mul12 (mul12 (conjugate12 n) (frobenius12 4 (conjugate12 n))) (frobenius12 2 n)).
Definition t6_equation : F2 := sub2 (times2 3 (sub2 (mul2 (x2 1) (x2 3)) (xi (mul2 (x2 5) (x2 5))))) one2.

Definition all_identical (xs ys : list formula) : bool :=
  Nat.eqb (length xs) (length ys) && forallb (fun t => identity (fst t) (snd t)) (combine xs ys).

Lemma all_identical_sound v xs : forall ys, all_identical xs ys = true ->
  Forall2 (fun a b => congruent (denoted v a) (denoted v b)) xs ys.
Proof.
  unfold all_identical. induction xs as [|x xs IH]; intros [|y ys] H; try discriminate; [constructor|].
  simpl in H. rewrite !andb_true_iff in H. destruct H as [L [I H]].
  constructor; [apply identity_sound, I|]. apply IH. rewrite L, H. reflexivity.
Qed.

Theorem torus_is_cyclotomic v :
  Forall2 (fun a b => congruent (denoted v a) (denoted v b)) torus_equation
    (repeat (Num 0) 8 ++ coefficients2 (times2 (-2) t6_equation) ++ repeat (Num 0) 2).
Proof. apply all_identical_sound. vm_cast_no_check (eq_refl true). Qed.

(** ** The tests of membership (Scott, eprint 2021/1130) *)

Section Membership.
Variable G : Type.
Variable times : G -> G -> G.
Variable one : G.
Variable power : Z -> G -> G.
Hypothesis power_power : forall a b x, power a (power b x) = power (a * b) x.
Hypothesis times_power : forall a b x, times (power a x) (power b x) = power (a + b) x.
Hypothesis power_1 : forall x, power 1 x = x.

(** G1: an endomorphism with phi^2 + phi + 1 = 0 that is the power by -x^2 on P. *)
Theorem member_of_g1 (phi : G -> G) P :
  (forall a x, phi (power a x) = power a (phi x)) ->
  times (times (phi (phi P)) (phi P)) P = one ->
  phi P = power (- abs_x ^ 2) P -> power r P = one.
Proof.
  intros Hom Root E. rewrite <- Root, E, Hom, E, power_power.
  rewrite <- (power_1 P) at 4. rewrite !times_power. f_equal.
Qed.

(** GT: an element of the cyclotomic subgroup whose p-th power, p = x mod its order, is its power by x = -|x|. *)
Theorem member_of_gt f :
  power (p ^ 4 - p ^ 2 + 1) f = one -> power p f = power (- abs_x) f -> power r f = one.
Proof.
  intros C E.
  assert (P : forall n, (0 <= n) -> power (p ^ n) f = power ((- abs_x) ^ n) f).
  { intros n Hn. pattern n. apply natlike_ind; [reflexivity| |exact Hn].
    intros k Hk IH. rewrite !Z.pow_succ_r by exact Hk. rewrite <- !power_power, IH, !power_power.
    rewrite (Z.mul_comm p), (Z.mul_comm (- abs_x)), <- !power_power, E. reflexivity. }
  rewrite <- C. replace (p ^ 4 - p ^ 2 + 1) with (p ^ 4 + (-1 * p ^ 2 + 1)) by ring.
  rewrite <- times_power, <- (times_power (-1 * p ^ 2)), <- (power_power (-1)), !P, power_power, !times_power by lia.
  f_equal.
Qed.
End Membership.
