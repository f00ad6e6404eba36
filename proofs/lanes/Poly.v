(** Polynomials with integer coefficients, as the checkers compute with them.

    A polynomial is a list of monomials with coefficients, and a monomial is a list of atoms. The
    lists are kept sorted, so that equal polynomials cancel; no proof depends on the order. *)
Require Import ZArith List Lia.
Import ListNotations.
Open Scope Z_scope.
Local Arguments Z.add : simpl never.
Local Arguments Z.mul : simpl never.

Section Poly.

Variable A : Type.
Variable compare : A -> A -> comparison.
Hypothesis compare_eq : forall a b, compare a b = Eq -> a = b.

Definition monomial := list A.
Definition poly := list (monomial * Z).

Fixpoint compare_monomials (m n : monomial) : comparison :=
  match m, n with
  | [], [] => Eq
  | [], _ => Lt
  | _, [] => Gt
  | a :: m, b :: n => match compare a b with Eq => compare_monomials m n | c => c end
  end.

Fixpoint times_atom (a : A) (m : monomial) : monomial :=
  match m with
  | [] => [a]
  | b :: n => match compare a b with Gt => b :: times_atom a n | _ => a :: m end
  end.

Definition times_monomial (m n : monomial) : monomial := fold_right times_atom n m.

Definition cons_term (m : monomial) (c : Z) (p : poly) : poly :=
  if c =? 0 then p else (m, c) :: p.

Fixpoint add (p : poly) : poly -> poly :=
  fix add_p (q : poly) : poly :=
    match p, q with
    | [], _ => q
    | _, [] => p
    | (m, c) :: p', (n, d) :: q' =>
        match compare_monomials m n with
        | Eq => cons_term m (c + d) (add p' q')
        | Lt => (m, c) :: add p' q
        | Gt => (n, d) :: add_p q'
        end
    end.

Definition constant (c : Z) : poly := cons_term [] c [].
Definition atom (a : A) : poly := [([a], 1)].
Definition scale (c : Z) (p : poly) : poly :=
  if c =? 0 then [] else map (fun t => (fst t, c * snd t)) p.
(** Each monomial of the result is inserted in its place, since a product of monomials changes their order. *)
Definition times_term (m : monomial) (c : Z) (p : poly) : poly :=
  fold_right (fun t q => add [(times_monomial m (fst t), c * snd t)] q) [] p.
Definition mul (p q : poly) : poly :=
  fold_right (fun t s => add (times_term (fst t) (snd t) q) s) [] p.
Definition sub (p q : poly) : poly := add p (scale (-1) q).
Definition zero (p : poly) : bool := match p with [] => true | _ => false end.

(** The value of a polynomial, for values of the atoms. *)
Section Eval.
Variable v : A -> Z.

Fixpoint eval_monomial (m : monomial) : Z :=
  match m with [] => 1 | a :: m => v a * eval_monomial m end.
Fixpoint eval (p : poly) : Z :=
  match p with [] => 0 | (m, c) :: p => c * eval_monomial m + eval p end.

Lemma compare_monomials_eq m : forall n, compare_monomials m n = Eq -> m = n.
Proof.
  induction m as [|a m IH]; intros [|b n]; simpl; try congruence.
  destruct (compare a b) eqn:E; try congruence.
  intros H. rewrite (compare_eq _ _ E), (IH _ H). reflexivity.
Qed.

Lemma eval_times_atom a m : eval_monomial (times_atom a m) = v a * eval_monomial m.
Proof.
  induction m as [|b n IH]; simpl; [reflexivity|].
  destruct (compare a b); simpl; try ring. rewrite IH. ring.
Qed.

Lemma eval_times_monomial m n : eval_monomial (times_monomial m n) = eval_monomial m * eval_monomial n.
Proof.
  induction m as [|a m IH]; [simpl; ring|].
  unfold times_monomial in *. simpl. rewrite eval_times_atom, IH. ring.
Qed.

Lemma eval_cons_term m c p : eval (cons_term m c p) = c * eval_monomial m + eval p.
Proof. unfold cons_term. destruct (Z.eqb_spec c 0); subst; simpl; ring. Qed.

Lemma eval_add p : forall q, eval (add p q) = eval p + eval q.
Proof.
  induction p as [|[m c] p IHp]; intros q.
  - destruct q; reflexivity.
  - induction q as [|[n d] q IHq]; [simpl; ring|].
    change (add ((m, c) :: p) ((n, d) :: q)) with
      (match compare_monomials m n with
       | Eq => cons_term m (c + d) (add p q)
       | Lt => (m, c) :: add p ((n, d) :: q)
       | Gt => (n, d) :: add ((m, c) :: p) q
       end).
    destruct (compare_monomials m n) eqn:E.
    + apply compare_monomials_eq in E. subst n. rewrite eval_cons_term, IHp. simpl. ring.
    + change (c * eval_monomial m + eval (add p ((n, d) :: q)) = eval ((m, c) :: p) + eval ((n, d) :: q)).
      rewrite IHp. simpl. ring.
    + change (d * eval_monomial n + eval (add ((m, c) :: p) q) = eval ((m, c) :: p) + eval ((n, d) :: q)).
      rewrite IHq. simpl. ring.
Qed.

Lemma eval_constant c : eval (constant c) = c.
Proof. unfold constant. rewrite eval_cons_term. simpl. ring. Qed.

Lemma eval_atom a : eval (atom a) = v a.
Proof. simpl. ring. Qed.

Lemma eval_scale c p : eval (scale c p) = c * eval p.
Proof.
  unfold scale. destruct (Z.eqb_spec c 0); [subst; reflexivity|].
  induction p as [|[m d] p IH]; simpl; [ring|]. rewrite IH. ring.
Qed.

Lemma eval_times_term m c p : eval (times_term m c p) = c * eval_monomial m * eval p.
Proof.
  induction p as [|[n d] p IH]; [simpl; ring|].
  change (eval (add [(times_monomial m n, c * d)] (times_term m c p)) = c * eval_monomial m * eval ((n, d) :: p)).
  rewrite eval_add, IH. simpl. rewrite eval_times_monomial. ring.
Qed.

Lemma eval_mul p q : eval (mul p q) = eval p * eval q.
Proof.
  induction p as [|[m c] p IH]; [simpl; ring|].
  change (eval (add (times_term m c q) (mul p q)) = eval ((m, c) :: p) * eval q).
  rewrite eval_add, IH, eval_times_term. simpl. ring.
Qed.

Lemma eval_sub p q : eval (sub p q) = eval p - eval q.
Proof. unfold sub. rewrite eval_add, eval_scale. ring. Qed.

Lemma eval_zero p : zero p = true -> eval p = 0.
Proof. destruct p; [reflexivity|discriminate]. Qed.

End Eval.
End Poly.
