(** The methods of `Eight` (src/group/lanes/eight.rs), one by one: what each must compute, and the check of its program.

    A value has eight words, its limbs, and a wide value sixteen, its columns. [equation] says what a method must do with
    their numbers. [verify_sound] says that a program which [verify] accepts does so whenever no word overflows. *)
Require Import ZArith List Lia Bool FMapPositive.
From Lanes Require Import Poly Statements Words.
Import ListNotations.
Open Scope Z_scope.
Local Arguments Z.add : simpl never.
Local Arguments Z.sub : simpl never.
Local Arguments Z.mul : simpl never.
Local Arguments Z.pow : simpl never.
Local Arguments Z.div : simpl never.
Local Arguments Z.modulo : simpl never.

(** What a product reads of a factor: the low 52 bits of each limb. *)
Definition low_number (words : list Z) : Z := number (map (fun x => x mod limb) words).

(** The low 52 bits of all limbs but the last. *)
Fixpoint factor_number (words : list Z) : Z :=
  match words with
  | [] => 0
  | [x] => x
  | x :: words => x mod limb + limb * factor_number words
  end.

(** ** What the methods do *)

(** A reduction adds a multiple of p that is below 2 R p. *)
Definition reduces (k : Z) (a c : list Z) : Prop :=
  exists q, 0 <= q < 2 * R /\ R * number c = number a + k * p * R + p * q.

(** A quotient by p that is never too large, from the top limb, which may be wrong by 256. *)
Definition quotient : Z := 2 ^ 40 / (p / 2 ^ 364 + 1).
Definition weakening (top : Z) : Z := Z.max (top - 256) 0 * quotient / 2 ^ 40.

Definition equation (m : method) (ins outs : list (list Z)) : Prop :=
  match m, ins, outs with
  | Add, [a; b], [c] => number c = number a + number b
  | Subtract k, [a; b], [c] => number c = number a - number b + k * p
  | Value, [a], [c] => number c = number a
  | Factor, [a], [c] => factor_number c = number a
  | Weakened, [a], [c] =>
      - 2 ^ 62 <= last a 0 < 2 ^ 32 -> number c mod R = (number a - weakening (last a 0) * p) mod R
  | Product, [a; b], [c] => number c = low_number a * low_number b
  | Products, [a; b; c; d], [x; y] =>
      number x = low_number a * low_number b /\ number y = low_number c * low_number d
  | Square, [a], [c] => number c = low_number a * low_number a
  | Squares, [a; b], [x; y] =>
      number x = low_number a * low_number a /\ number y = low_number b * low_number b
  | WidePlus, [a; b], [c] => number c = number a + number b
  | WideMinus, [a; b], [c] => number c = number a - number b
  | Mixed, [a; b; d], [c] => number c = number a - number b - number d
  | Raise, [x; a], [c] => number c = number a + R * number x
  | Lower, [x; a], [c] => number c = number a - R * number x
  | Reduce k, [a], [c] => reduces k a c
  | ReduceTwo k l, [a; b], [c; d] => reduces k a c /\ reduces l b d
  | _, _, _ => False
  end.

(** ** The check of values *)

Definition sum_of (f : reg -> polynomial) (rs : list reg) : polynomial :=
  fold_right (fun r q => padd (f r) (pscale limb q)) [] rs.

Fixpoint factor_sum (m : polynomials_of) (rs : list reg) : polynomial :=
  match rs with
  | [] => []
  | [r] => find_polynomial m r
  | r :: rs => padd (low_polynomial m r) (pscale limb (factor_sum m rs))
  end.

(** Whether a polynomial is a sum of low bits with coefficients that are multiples of p, below 2 R p in all. *)
Definition slack (q : polynomial) : bool :=
  forallb (fun t => match fst t with [Low _] => (0 <=? snd t) && (snd t mod p =? 0) | _ => false end) q &&
  (fold_right (fun t s => snd t * (limb - 1) + s) 0 q <? 2 * R * p).

(** Whether a register holds the quotient by p of a top limb. *)
Definition is_quotient (n : reg) (b : list instr) (m : polynomials_of) (top q : reg) : bool :=
  match instr_at n b q with
  | Some (ShiftRight k t) =>
      match instr_at n b t with
      | Some (Times32 r s) =>
          match instr_at n b r, as_constant (find_polynomial m s) with
          | Some (LessAtLeastZero l a), Some c => (k =? 40) && (l =? 256) && Pos.eqb a top && (c =? quotient)
          | _, _ => false
          end
      | _ => false
      end
  | _ => false
  end.

Definition find_quotient (n : reg) (b : list instr) (m : polynomials_of) (top : reg) : option reg :=
  find (is_quotient n b m top) (registers n (length b)).

Lemma is_quotient_sound n b m e top q :
  exact n b e -> correct e m -> is_quotient n b m top q = true -> - 2 ^ 62 <= e top < 2 ^ 32 ->
  low e q = weakening (e top).
Proof.
  intros X C H T. unfold is_quotient in H.
  destruct (instr_at n b q) as [[]|] eqn:Q; try discriminate.
  destruct (instr_at n b a) as [[]|] eqn:E; try discriminate.
  destruct (instr_at n b a0) as [[]|] eqn:L; try discriminate.
  destruct (as_constant (find_polynomial m b0)) as [c|] eqn:K; [|discriminate].
  rewrite !andb_true_iff, !Z.eqb_eq, Pos.eqb_eq in H. destruct H as [[[-> ->] ->] ->].
  apply (instr_at_sound _ _ _ _ _ X) in Q, E, L. simpl in Q, E, L.
  apply (as_constant_sound e) in K. rewrite (find_correct e m b0 C) in K.
  rewrite wrap_small in L by lia.
  assert (B : 0 <= quotient < 2 ^ 24) by (vm_compute; split; congruence).
  unfold low. rewrite Q, E, L, K, !Z.mod_small with (b := 2 ^ 32) by lia.
  unfold weakening. set (k := Z.max (e top - 256) 0) in *.
  assert (0 <= k < 2 ^ 32) by lia.
  rewrite (Z.mod_small (k * quotient)) by nia.
  rewrite Z.mod_small; [reflexivity|]. split; [apply Z.div_pos; nia|apply Z.div_lt_upper_bound; nia].
Qed.

Section Verify.
Variable m : polynomials_of.

Let number_of := sum_of (find_polynomial m).
Let low_of := sum_of (low_polynomial m).
Definition difference (a b : polynomial) : polynomial := residual 1000 m (psub a b).
Definition equal (a b : polynomial) : bool := zero atom (difference a b).

(** Whether the low bits of a register are zero: its polynomial is a multiple of 2^52 when the low half of a product by
    a low half of a product, as the last quotient of a reduction, stands for the whole product. *)
Definition open_low (t : list atom * Z) : polynomial :=
  match t with
  | ([LowOf a b], c) =>
      match find_polynomial m a with
      | [([LowOf x y], 1)] =>
          match as_constant (find_polynomial m y), as_constant (find_polynomial m b) with
          | Some d, Some f =>
              if (d * f + 1) mod limb =? 0
              then pscale c (pmul (pmul (find_polynomial m x) (find_polynomial m y)) (find_polynomial m b)) else [t]
          | _, _ => [t]
          end
      | _ => [t]
      end
  | _ => [t]
  end.

Definition vanishing (r : reg) : bool :=
  forallb (fun t => snd t mod limb =? 0) (fold_right (fun t q => padd (open_low t) q) [] (find_polynomial m r)).

Definition without_vanishing (q : polynomial) : polynomial :=
  filter (fun t => match t with ([Low r], c) => (c mod p =? 0) || negb (vanishing r) | _ => true end) q.

Definition reduced (k : Z) (a c : list reg) : bool :=
  slack (without_vanishing (difference (pscale R (number_of c)) (padd (number_of a) (pconst (k * p * R))))).

Definition verify_values (meth : method) (ins outs : list (list reg)) : bool :=
  match meth, ins, outs with
  | Add, [a; b], [c] => equal (number_of c) (padd (number_of a) (number_of b))
  | Subtract k, [a; b], [c] => equal (number_of c) (padd (psub (number_of a) (number_of b)) (pconst (k * p)))
  | Value, [a], [c] => equal (number_of c) (number_of a)
  | Factor, [a], [c] => equal (factor_sum m c) (number_of a)
  | Product, [a; b], [c] => equal (number_of c) (pmul (low_of a) (low_of b))
  | Products, [a; b; c; d], [x; y] =>
      equal (number_of x) (pmul (low_of a) (low_of b)) && equal (number_of y) (pmul (low_of c) (low_of d))
  | Square, [a], [c] => equal (number_of c) (pmul (low_of a) (low_of a))
  | Squares, [a; b], [x; y] =>
      equal (number_of x) (pmul (low_of a) (low_of a)) && equal (number_of y) (pmul (low_of b) (low_of b))
  | WidePlus, [a; b], [c] => equal (number_of c) (padd (number_of a) (number_of b))
  | WideMinus, [a; b], [c] => equal (number_of c) (psub (number_of a) (number_of b))
  | Mixed, [a; b; d], [c] => equal (number_of c) (psub (psub (number_of a) (number_of b)) (number_of d))
  | Raise, [x; a], [c] => equal (number_of c) (padd (number_of a) (pscale R (number_of x)))
  | Lower, [x; a], [c] => equal (number_of c) (psub (number_of a) (pscale R (number_of x)))
  | Reduce k, [a], [c] => reduced k a c
  | ReduceTwo k l, [a; b], [c; d] => reduced k a c && reduced l b d
  | _, _, _ => false
  end.

(** As [replace] does, but modulo R and for the low halves, where their upper halves are multiples of R. *)
Fixpoint replace_low (q : polynomial) : option (polynomial * polynomial) :=
  match q with
  | [] => None
  | (mono, c) :: q =>
      let next := match replace_low q with Some (q, x) => Some ((mono, c) :: q, x) | None => None end in
      if (c * limb mod R =? 0) && negb (c mod R =? 0)
      then match mono with
           | [Low r] => Some (q, pscale c (find_polynomial m r))
           | [LowOf a b] => Some (q, pscale c (pmul (low_polynomial m a) (low_polynomial m b)))
           | _ => next
           end
      else next
  end.

Fixpoint residual_low (fuel : nat) (q : polynomial) : polynomial :=
  match fuel with
  | O => q
  | S fuel => match replace_low q with Some (q, x) => residual_low fuel (padd q x) | None => q end
  end.

Definition vanishes (q : polynomial) : bool := forallb (fun t => snd t mod R =? 0) q.

(** Whether a value is another one less q times p, modulo R. *)
Definition weakens (from out : list reg) (q : reg) : bool :=
  vanishes (residual_low 100 (residual 1000 m (residual_low 100
    (difference (number_of out) (psub (number_of from) (pscale p (low_polynomial m q))))))).

Definition verify_weakened (n : reg) (c : code) : bool :=
  match find_quotient n (body c) m 8, results c with
  | Some q, [out] => weakens (registers 1 8) out q
  | _, _ => false
  end.

Variable e : reg -> Z.
Hypothesis C : correct e m.

Lemma number_of_sound rs : evaluate e (number_of rs) = number (map e rs).
Proof.
  unfold number_of. induction rs as [|r rs IH]; [reflexivity|]. simpl.
  rewrite eval_add, eval_scale, find_correct, IH by (exact compare_atoms_eq || exact C). reflexivity.
Qed.

Lemma low_of_sound rs : evaluate e (low_of rs) = low_number (map e rs).
Proof.
  unfold low_of, low_number. induction rs as [|r rs IH]; [reflexivity|]. simpl.
  rewrite eval_add, eval_scale, low_correct, IH by (exact compare_atoms_eq || exact C). reflexivity.
Qed.

Lemma factor_sum_sound rs : evaluate e (factor_sum m rs) = factor_number (map e rs).
Proof.
  induction rs as [|r rs IH]; [reflexivity|]. destruct rs as [|r' rs].
  - simpl. apply find_correct, C.
  - change (evaluate e (padd (low_polynomial m r) (pscale limb (factor_sum m (r' :: rs)))) =
      e r mod limb + limb * factor_number (map e (r' :: rs))).
    rewrite eval_add, eval_scale, low_correct, IH by (exact compare_atoms_eq || exact C). reflexivity.
Qed.

Lemma difference_sound a b : evaluate e (difference a b) = evaluate e a - evaluate e b.
Proof. unfold difference. rewrite residual_sound, eval_sub by (exact compare_atoms_eq || exact C). reflexivity. Qed.

Lemma equal_sound a b : equal a b = true -> evaluate e a = evaluate e b.
Proof. intros H. apply (eval_zero atom (value e)) in H. rewrite difference_sound in H. lia. Qed.

Lemma products_mod c x y z :
  (c * (x * y * z)) mod limb = (c * ((((x mod limb * (y mod limb)) mod limb) mod limb * (z mod limb)) mod limb)) mod limb.
Proof.
  rewrite Z.mod_mod by lia. rewrite <- (Z.mul_mod x y), <- (Z.mul_mod (x * y) z) by lia.
  rewrite Zmult_mod_idemp_r. reflexivity.
Qed.

Lemma open_low_sound t : (evaluate e (open_low t)) mod limb = (evaluate e [t]) mod limb.
Proof.
  destruct t as [[|[r|r|r|a b|a b] [|]] c]; try reflexivity.
  simpl open_low. destruct (find_polynomial m a) as [|[[|[r|r|r|x y|x y] [|]] d] [|]] eqn:F; try reflexivity.
  all: destruct d as [|[]|]; try reflexivity.
  destruct (as_constant (find_polynomial m y)), (as_constant (find_polynomial m b)); try reflexivity.
  match goal with |- context [if ?x then _ else _] => destruct x; [|reflexivity] end.
  pose proof (find_correct e m a C) as A. rewrite F in A. simpl in A.
  rewrite eval_scale, !eval_mul, !find_correct by (exact compare_atoms_eq || exact C). simpl. unfold low in *.
  rewrite <- A.
  replace (1 * ((e x mod limb * (e y mod limb)) mod limb * 1) + 0) with ((e x mod limb * (e y mod limb)) mod limb) by ring.
  rewrite Z.mul_1_r, Z.add_0_r. apply products_mod.
Qed.

Lemma vanishing_sound r : vanishing r = true -> low e r = 0.
Proof.
  unfold vanishing. intros H. unfold low. rewrite <- (find_correct e m r C).
  assert (S : forall q, evaluate e (fold_right (fun t q => padd (open_low t) q) [] q) mod limb = evaluate e q mod limb).
  { induction q as [|t q IH]; [reflexivity|]. cbn [fold_right].
    rewrite eval_add by exact compare_atoms_eq. rewrite Z.add_mod, open_low_sound, IH, <- Z.add_mod by lia.
    destruct t. simpl. f_equal. ring. }
  rewrite <- S. clear S. induction (fold_right _ _ _) as [|[mono c] q IH]; [reflexivity|].
  simpl in H. apply andb_prop in H. destruct H as [A B]. apply Z.eqb_eq in A.
  simpl. rewrite Z.add_mod, Z.mul_mod, A, (IH B) by lia. reflexivity.
Qed.

Lemma without_vanishing_sound q : evaluate e (without_vanishing q) = evaluate e q.
Proof.
  induction q as [|[mono c] q IH]; [reflexivity|]. simpl.
  destruct mono as [|[r|r|r|x y|x y] [|]]; simpl; rewrite ?IH; try reflexivity.
  destruct ((c mod p =? 0) || negb (vanishing r)) eqn:V; simpl; rewrite IH; [reflexivity|].
  apply orb_false_elim in V. destruct V as [_ V]. apply negb_false_iff in V.
  rewrite (vanishing_sound r V). ring.
Qed.

Lemma slack_sound q : slack q = true -> exists k, 0 <= k < 2 * R /\ evaluate e q = p * k.
Proof.
  unfold slack. intros H. apply andb_prop in H. destruct H as [F S]. apply Z.ltb_lt in S.
  assert (P : 0 < p) by reflexivity.
  enough (exists k, 0 <= k /\ evaluate e q = p * k /\ p * k <= fold_right (fun t s => snd t * (limb - 1) + s) 0 q)
    as [k [K [V B]]] by (exists k; split; [nia|exact V]).
  clear S. induction q as [|[mono c] q IH]; [exists 0; simpl; lia|].
  simpl in F. apply andb_prop in F. destruct F as [T F].
  destruct (IH F) as [k [K [V B]]].
  destruct mono as [|[r|r|r|x y|x y] [|]]; try discriminate.
  apply andb_prop in T. destruct T as [T0 T1]. apply Z.leb_le in T0. apply Z.eqb_eq in T1.
  pose proof (Z.div_mod c p ltac:(lia)) as D. rewrite T1 in D.
  assert (L : 0 <= low e r < limb) by (apply Z.mod_pos_bound; lia).
  exists (c / p * low e r + k). simpl. rewrite V. split; [|split].
  - assert (0 <= c / p) by (apply Z.div_pos; lia). nia.
  - rewrite D at 1. ring.
  - replace (p * (c / p * low e r + k)) with (c * low e r + p * k) by (rewrite D at 1; ring). nia.
Qed.

Lemma reduced_sound k a c : reduced k a c = true -> reduces k (map e a) (map e c).
Proof.
  intros H. destruct (slack_sound _ H) as [q [Q V]]. exists q. split; [exact Q|].
  rewrite without_vanishing_sound, difference_sound, eval_scale, eval_add, eval_constant, !number_of_sound in V
    by exact compare_atoms_eq. lia.
Qed.

Lemma verify_values_sound meth ins outs :
  verify_values meth ins outs = true -> equation meth (map (map e) ins) (map (map e) outs).
Proof.
  intros H.
  destruct meth; destruct ins as [|a [|b [|c [|d [|]]]]]; destruct outs as [|x [|y [|]]]; simpl in H; try discriminate H;
    simpl map; unfold equation; rewrite ?andb_true_iff in H;
    repeat match goal with
    | |- _ /\ _ => split
    | H : _ /\ _ |- _ => destruct H
    end; try (apply reduced_sound; assumption);
    match goal with
    | H : equal ?l _ = true, H' : equal _ _ = true |- number (map e ?x) = _ =>
        match l with context [x] => apply equal_sound in H; clear H' end
    | H : equal _ _ = true |- _ => apply equal_sound in H
    end;
    rewrite ?eval_add, ?eval_sub, ?eval_scale, ?eval_mul, ?eval_constant, ?number_of_sound, ?low_of_sound,
      ?factor_sum_sound in * by exact compare_atoms_eq;
    rewrite ?eval_add, ?eval_sub, ?eval_scale, ?eval_mul, ?eval_constant, ?number_of_sound, ?low_of_sound,
      ?factor_sum_sound in * by exact compare_atoms_eq; congruence || lia.
Qed.

Lemma multiple_of_R c z x y : c * limb mod R = 0 -> (z + c * (x - limb * y)) mod R = (z + c * x) mod R.
Proof.
  intros H. destruct (Z.mod_divide (c * limb) R) as [D _]; [discriminate|]. destruct (D H) as [k K].
  replace (z + c * (x - limb * y)) with (z + c * x - c * limb * y) by ring. rewrite K.
  replace (z + c * x - k * R * y) with (z + c * x + - (k * y) * R) by ring. apply Z_mod_plus_full.
Qed.

Lemma replace_low_sound q : forall q' x,
  replace_low q = Some (q', x) -> evaluate e q mod R = (evaluate e q' + evaluate e x) mod R.
Proof.
  induction q as [|[mono c] q IH]; intros q' x H; [discriminate|]. simpl in H.
  assert (Next : match replace_low q with Some (q, x) => Some ((mono, c) :: q, x) | None => None end = Some (q', x) ->
    evaluate e ((mono, c) :: q) mod R = (evaluate e q' + evaluate e x) mod R).
  { destruct (replace_low q) as [[q0 x0]|]; [|discriminate]. intros E. injection E as <- <-. simpl.
    rewrite Zplus_mod, (IH _ _ eq_refl), <- Zplus_mod. f_equal. ring. }
  destruct ((c * limb mod R =? 0) && negb (c mod R =? 0)) eqn:B; [|exact (Next H)].
  apply andb_prop in B. destruct B as [B _]. apply Z.eqb_eq in B.
  destruct mono as [|[r|r|r|a b|a b] [|]]; try exact (Next H); injection H as <- <-; simpl.
  - rewrite eval_scale, find_correct by exact C.
    replace (e r) with (low e r - limb * (- (e r / limb)))
      by (unfold low; pose proof (Z.div_mod (e r) limb ltac:(lia)); lia).
    rewrite multiple_of_R by exact B. f_equal. ring.
  - rewrite eval_scale, eval_mul, !low_correct by (exact compare_atoms_eq || exact C).
    replace (low e a * low e b) with ((low e a * low e b) mod limb - limb * (- (low e a * low e b / limb))) at 2
      by (pose proof (Z.div_mod (low e a * low e b) limb ltac:(lia)); lia).
    rewrite multiple_of_R by exact B. f_equal. ring.
Qed.

Lemma residual_low_sound fuel : forall q, evaluate e (residual_low fuel q) mod R = evaluate e q mod R.
Proof.
  induction fuel as [|fuel IH]; intros q; [reflexivity|]. simpl.
  destruct (replace_low q) as [[q' x]|] eqn:E; [|reflexivity].
  rewrite IH, eval_add by exact compare_atoms_eq. symmetry. apply replace_low_sound, E.
Qed.

Lemma same_mod x y : (x - y) mod R = 0 -> x mod R = y mod R.
Proof.
  intros H. replace x with (x - y + y) by ring. rewrite Zplus_mod, H. apply Zmod_mod.
Qed.

Lemma vanishes_sound q : vanishes q = true -> evaluate e q mod R = 0.
Proof.
  induction q as [|[mono c] q IH]; [reflexivity|]. intros H. simpl in H. apply andb_prop in H. destruct H as [A B].
  apply Z.eqb_eq in A. simpl. rewrite Zplus_mod, Zmult_mod, A, (IH B). reflexivity.
Qed.

Lemma weakens_sound from out q :
  weakens from out q = true -> number (map e out) mod R = (number (map e from) - low e q * p) mod R.
Proof.
  intros H. apply vanishes_sound in H.
  rewrite residual_low_sound, residual_sound, residual_low_sound, difference_sound, eval_sub, eval_scale, !number_of_sound,
    low_correct in H by (exact compare_atoms_eq || exact C).
  apply same_mod. rewrite <- H. f_equal. ring.
Qed.

Lemma verify_weakened_sound n c :
  verify_weakened n c = true -> exact n (body c) e ->
  equation Weakened (map (map e) (parameters Weakened)) (map (map e) (results c)).
Proof.
  intros H X. unfold verify_weakened in H.
  destruct (find_quotient n (body c) m 8) as [q|] eqn:Q; [|discriminate].
  destruct (results c) as [|out [|]]; try discriminate.
  apply find_some in Q. destruct Q as [_ Q]. intros T.
  rewrite (weakens_sound _ _ _ H). f_equal. f_equal. f_equal. eapply is_quotient_sound; eassumption.
Qed.
End Verify.

Definition verify (m : method) (c : code) : bool :=
  let ps := polynomials (first m) (body c) (PositiveMap.empty _) in
  match m with
  | Weakened => verify_weakened ps (first m) c
  | _ => verify_values ps m (parameters m) (results c)
  end.

Theorem verify_sound m c e :
  verify m c = true -> exact (first m) (body c) e ->
  equation m (map (map e) (parameters m)) (map (map e) (results c)).
Proof.
  intros V X.
  assert (correct e (polynomials (first m) (body c) (PositiveMap.empty _))).
  { apply polynomials_sound; [|exact X]. intros r q. rewrite PositiveMap.gempty. discriminate. }
  destruct m; try (eapply verify_values_sound; [eassumption|exact V]).
  eapply verify_weakened_sound; eassumption.
Qed.
