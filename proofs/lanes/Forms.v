(** The canonical form of a value, and the questions whether it is 0 and whether it is above p/2.

    The value is weakened to below 2p; p is subtracted; and the sign of the top limb selects one of both. [read] finds
    the registers of these steps in the program, from its result backwards, and checks each step. *)
Require Import ZArith List Lia Bool FMapPositive.
From Lanes Require Import Poly Statements Congruence Words Methods Steps.
Import ListNotations.
Open Scope Z_scope.
Local Arguments Z.add : simpl never.
Local Arguments Z.sub : simpl never.
Local Arguments Z.mul : simpl never.
Local Arguments Z.pow : simpl never.
Local Arguments Z.div : simpl never.
Local Arguments Z.modulo : simpl never.

Section Form.
Variable b : list instr.
Let n : reg := 9.
(** The intervals of the inputs. *)
Variable given : list interval.

Definition found : option intervals :=
  ranges n b (fold_left put (combine (registers 1 8) given) (PositiveMap.empty _)).
Definition known_polynomials : polynomials_of := polynomials n b (PositiveMap.empty _).
Definition at_ (r : reg) : option instr := instr_at n b r.

Definition intervals_at (m : intervals) (rs : list reg) : option (list interval) :=
  all (map (fun r => PositiveMap.find r m) rs).

(** Limbs that are carried, all but the last one. *)
Definition all_carried (m : intervals) (rs : list reg) : bool :=
  match intervals_at m rs with Some is => carried is | None => false end.
Definition all_limbs (m : intervals) (rs : list reg) : bool :=
  match intervals_at m rs with Some is => Nat.eqb (length is) 8 && forallb (fun i => below i limb) is | None => false end.

(** The operands of a selection: the mask, and both values. *)
Fixpoint operands (o : list reg) : option (list (reg * reg * reg)) :=
  match o with
  | [] => Some []
  | r :: o =>
      match at_ r, operands o with Some (Blend k x y), Some l => Some ((k, x, y) :: l) | _, _ => None end
  end.

(** The value [g] made canonical in [o]. *)
Definition makes_canonical (m : intervals) (g o : list reg) : bool :=
  match operands o with
  | Some l =>
      let w := map (fun t => snd (fst t)) l in
      let d := map snd l in
      let k := hd 1%positive (map (fun t => fst (fst t)) l) in
      forallb (fun t => Pos.eqb (fst (fst t)) k) l &&
      match at_ k with Some (IsNegative t) => Pos.eqb t (last d 1%positive) | _ => false end &&
      all_limbs m w && all_carried m d &&
      equal known_polynomials (sum_of (find_polynomial known_polynomials) d)
        (psub (sum_of (find_polynomial known_polynomials) w) (pconst p)) &&
      match find_quotient n b known_polynomials (last g 1%positive), intervals_at m g with
      | Some q, Some is =>
          weakens known_polynomials g w q && weakable is (0, 0) && (weak_bound (snd (nth 7 is (0, 0))) <? 2 * p)
      | _, _ => false
      end
  | None => false
  end.

Variable e : reg -> Z.
Hypothesis T : trace n b e.
Hypothesis I : fit (map e (registers 1 8)) given.
Variable m : intervals.
Hypothesis F : found = Some m.

Lemma known_holds : holds e m /\ exact n b e.
Proof.
  apply (ranges_sound _ _ _ _ e F); [|exact T].
  apply fold_put_holds; [|apply fit_combine; exact I]. intros r x. rewrite PositiveMap.gempty. discriminate.
Qed.

Lemma known_correct : correct e known_polynomials.
Proof.
  apply polynomials_sound; [|apply known_holds]. intros r q. rewrite PositiveMap.gempty. discriminate.
Qed.

Lemma at_sound r i : at_ r = Some i -> e r = unbounded i e.
Proof. apply instr_at_sound, known_holds. Qed.

Lemma intervals_at_sound rs is : intervals_at m rs = Some is -> fit (map e rs) is.
Proof.
  unfold intervals_at. intros H. apply all_spec in H. revert is H.
  induction rs as [|r rs IH]; intros is H; inversion H; subst; constructor; [|apply IH; assumption].
  apply (proj1 known_holds). assumption.
Qed.

Lemma operands_sound o : forall l k, operands o = Some l -> forallb (fun t => Pos.eqb (fst (fst t)) k) l = true ->
  map e o = map e (if e k =? 0 then map snd l else map (fun t => snd (fst t)) l).
Proof.
  induction o as [|r o IH]; intros l k H K; simpl in H.
  - injection H as <-. destruct (e k =? 0); reflexivity.
  - destruct (at_ r) as [[]|] eqn:E; try discriminate. destruct (operands o) as [l'|]; [|discriminate].
    injection H as <-. simpl in K. apply andb_prop in K. destruct K as [K1 K2]. apply Pos.eqb_eq in K1. subst mask.
    apply at_sound in E. simpl in E. simpl map at 1. rewrite (IH _ _ eq_refl K2), E.
    destruct (e k =? 0); reflexivity.
Qed.

Lemma number_of_eight ws is : fit ws is -> Nat.eqb (length is) 8 = true -> forallb (fun i => below i limb) is = true ->
  Forall (fun y => 0 <= y < limb) ws.
Proof.
  intros H _. revert is H. induction ws as [|x ws IH]; intros is H B; inversion H; subst; constructor.
  - simpl in B. apply andb_prop in B. destruct B. eapply below_spec; eassumption.
  - eapply IH; [eassumption|]. simpl in B. apply andb_prop in B. apply B.
Qed.

(** The sign of a value with carries is that of its top limb. *)
Lemma sign_of_top ws is : fit ws is -> carried is = true -> (last ws 0 <? 0) = (number ws <? 0).
Proof.
  intros H C. unfold carried in C. apply andb_prop in C. destruct C as [L C]. apply Nat.eqb_eq in L.
  do 8 (destruct is as [|? is]; [discriminate|]). destruct is; [|discriminate]. clear L.
  simpl in C. rewrite !andb_true_iff in C. destruct C as [C0 [C1 [C2 [C3 [C4 [C5 [C6 _]]]]]]].
  unfold fit in H. repeat match goal with F : Forall2 _ _ _ |- _ => inversion F; subst; clear F end.
  repeat match goal with I : inside ?x ?i, C : below ?i limb = true |- _ => apply (below_spec _ _ _ C) in I; clear C end.
  simpl last. simpl number. apply Bool.eq_iff_eq_true. rewrite !Z.ltb_lt. lia.
Qed.

Lemma makes_canonical_sound g o :
  makes_canonical m g o = true -> 0 <= number (map e g) ->
  Forall (fun y => 0 <= y < limb) (map e o) /\ number (map e o) = number (map e g) mod p.
Proof.
  unfold makes_canonical. destruct (operands o) as [l|] eqn:O; [|discriminate].
  set (k := hd 1%positive (map (fun t => fst (fst t)) l)).
  set (w := map (fun t => snd (fst t)) l). set (d := map snd l).
  destruct (at_ k) as [[]|] eqn:K; try (rewrite ?andb_false_r; discriminate).
  destruct (find_quotient n b known_polynomials (last g 1%positive)) as [q|] eqn:Q;
    [|rewrite ?andb_false_r; discriminate].
  destruct (intervals_at m g) as [is|] eqn:G; [|rewrite ?andb_false_r; discriminate].
  unfold all_limbs, all_carried.
  destruct (intervals_at m w) as [ws|] eqn:W; [|rewrite ?andb_false_r; discriminate].
  destruct (intervals_at m d) as [ds|] eqn:D; [|rewrite ?andb_false_r; discriminate].
  intros H P. rewrite !andb_true_iff in H.
  destruct H as [[[[[A B] [C1 C2]] D1] E1] [[W1 W2] W3]].
  apply Pos.eqb_eq in B. subst a. apply Z.ltb_lt in W3.
  apply intervals_at_sound in G, W, D. pose proof known_correct as C. pose proof (proj2 known_holds) as X.
  apply (equal_sound _ _ C) in E1. rewrite eval_sub, eval_constant, !number_of_sound in E1
    by (exact compare_atoms_eq || exact C).
  apply (weakens_sound _ _ C) in W1. apply find_some in Q. destruct Q as [_ Q].
  unfold weakable in W2. rewrite !andb_true_iff, Nat.eqb_eq, !Z.leb_le, !Z.ltb_lt in W2.
  destruct W2 as [[[[[L N] T0] T1] _] U].
  assert (Last : last (map e g) 0 = e (last g 1%positive)).
  { clear - G L. destruct g as [|x g]; [inversion G; subst; discriminate|].
    clear. revert x. induction g as [|y g IH]; intros x; [reflexivity|]. exact (IH y). }
  destruct (weak_fit (map e g) is (0, number (map e g)) ws (map e w) (number (map e g)) G L N eq_refl) as [[z Z] Y];
    try assumption.
  - unfold inside. simpl. lia.
  - simpl. lia.
  - intros T'. rewrite W1, Last. do 2 f_equal. f_equal. eapply is_quotient_sound; [exact X|exact C|exact Q|].
    rewrite <- Last. exact T'.
  - apply Nat.eqb_eq. exact C1.
  - assert (Sign : (e (last d 1%positive) <? 0) = (number (map e d) <? 0)).
    { rewrite <- (sign_of_top _ _ D D1). f_equal.
      assert (d <> []) as NE by (intros Z0; rewrite Z0 in D; inversion D; subst; discriminate).
      clear - NE. destruct d as [|x d']; [congruence|]. clear.
      revert x. induction d' as [|y d' IH]; intros x; [reflexivity|]. exact (IH y). }
    rewrite (operands_sound _ _ _ O A). apply at_sound in K. simpl in K. rewrite K, Sign.
    fold w d. unfold inside in Y. simpl in Y.
    pose proof (number_of_eight _ _ W C1 C2) as Wl.
    destruct (Z.ltb_spec (number (map e d)) 0).
    + simpl. split; [exact Wl|]. apply (Zmod_unique _ _ z); lia.
    + simpl. split.
      * assert (Z0 : 0 <= number (map e d) < R) by (unfold R; pose proof (eq_refl : 2 * p < 2 ^ 416); lia).
        clear - D D1 Z0. apply andb_prop in D1. destruct D1 as [L C]. apply Nat.eqb_eq in L.
        do 8 (destruct ds as [|? ds]; [discriminate|]). destruct ds; [|discriminate]. clear L.
        simpl in C. rewrite !andb_true_iff in C. destruct C as [C0 [C1 [C2 [C3 [C4 [C5 [C6 _]]]]]]].
        unfold fit in D. repeat match goal with F : Forall2 _ _ _ |- _ => inversion F; subst; clear F end.
        repeat match goal with I : inside ?x ?i, C : below ?i limb = true |- _ => apply (below_spec _ _ _ C) in I; clear C end.
        match goal with H : _ = map e d |- _ => rewrite <- H in * end.
        simpl number in Z0. unfold R in Z0. repeat constructor; lia.
      * apply (Zmod_unique _ _ (z + 1)); lia.
Qed.
End Form.

(** ** The canonical form *)

Definition check_canonical (c : code) (bound : Z) : bool :=
  match found (body c) (limbs_below bound), results c with
  | Some m, [o] => makes_canonical (body c) m (registers 1 8) o
  | _, _ => false
  end.

Theorem check_canonical_sound c bound : check_canonical c bound = true -> for_each_value c bound (canonical_form c).
Proof.
  unfold check_canonical. intros H e T I.
  destruct (found (body c) (limbs_below bound)) as [m|] eqn:F; [|discriminate].
  destruct (results c) as [|o [|]] eqn:O; try discriminate.
  exists o. split; [exact O|].
  apply (makes_canonical_sound (body c) _ e T (proj1 I) m F); [exact H|]. destruct I as [_ [A _]]. exact A.
Qed.

(** ** Whether a value is 0 *)

Fixpoint leaves (fuel : nat) (b : list instr) (r : reg) : list reg :=
  match fuel with
  | O => [r]
  | S fuel =>
      match at_ b r with Some (Or x y) => leaves fuel b x ++ leaves fuel b y | _ => [r] end
  end.

Lemma leaves_sound b given e m fuel : forall r,
  trace 9 b e -> fit (map e (registers 1 8)) given -> found b given = Some m ->
  (e r = 0 <-> Forall (fun x => e x = 0) (leaves fuel b r)).
Proof.
  induction fuel as [|fuel IH]; intros r T I F; simpl.
  - split; intros H; [repeat constructor; exact H|inversion H; assumption].
  - destruct (at_ b r) as [[]|] eqn:E;
      try (split; intros H; [repeat constructor; exact H|inversion H; assumption]).
    apply (at_sound b given e T I m F) in E. simpl in E.
    rewrite Forall_app, <- !IH by assumption. rewrite E. apply Z.lor_eq_0_iff.
Qed.

Lemma number_zero ws : Forall (fun y => 0 <= y < limb) ws -> (number ws = 0 <-> Forall (fun y => y = 0) ws).
Proof.
  induction ws as [|x ws IH]; intros H; [split; [constructor|reflexivity]|]. inversion H; subst. simpl.
  assert (P : 0 <= number ws).
  { clear - H3. induction ws as [|y ws IH]; simpl; [lia|]. inversion H3; subst. specialize (IH H2). lia. }
  specialize (IH H3). split.
  - intros E. constructor; [|apply IH]; lia.
  - intros E. inversion E; subst. apply IH in H5. lia.
Qed.

Lemma is_zero_number x : is_zero x <-> number x mod p = 0.
Proof.
  unfold is_zero, element.
  assert (Z : forall y, y mod p = 0 <-> congruent y 0) by (intros; unfold congruent; rewrite Z.sub_0_r; reflexivity).
  rewrite !Z. split; intros H.
  - apply congruent_trans with (R * R_inverse * number x).
    + rewrite <- (Z.mul_1_l (number x)) at 1. apply congruent_mul; [apply congruent_sym, R_inverse_spec|apply congruent_refl].
    + replace (R * R_inverse * number x) with (R * (number x * R_inverse)) by ring.
      rewrite <- (Z.mul_0_r R). apply congruent_mul; [apply congruent_refl|exact H].
  - rewrite <- (Z.mul_0_l R_inverse). apply congruent_mul; [exact H|apply congruent_refl].
Qed.

Definition check_zeros (c : code) (bound : Z) : bool :=
  match found (body c) (limbs_below bound), results c with
  | Some m, [[z]] =>
      match at_ (body c) z with
      | Some (IsZero r) => makes_canonical (body c) m (registers 1 8) (leaves 8 (body c) r)
      | _ => false
      end
  | _, _ => false
  end.

Theorem check_zeros_sound c bound : check_zeros c bound = true -> for_each_value c bound (answers c is_zero).
Proof.
  unfold check_zeros. intros H e T I.
  destruct (found (body c) (limbs_below bound)) as [m|] eqn:F; [|discriminate].
  destruct (results c) as [|[|z [|]] [|]] eqn:O; try discriminate.
  destruct (at_ (body c) z) as [[]|] eqn:Z; try discriminate.
  exists z. split; [exact O|].
  apply (at_sound (body c) _ e T (proj1 I) m F) in Z. simpl in Z.
  destruct (makes_canonical_sound (body c) _ e T (proj1 I) m F _ _ H) as [L N]; [apply I|].
  pose proof (leaves_sound (body c) _ e m 8 a T (proj1 I) F) as V.
  rewrite is_zero_number, <- N, (number_zero _ L), Forall_map, <- V, Z.
  destruct (Z.eqb_spec (e a) 0); lia.
Qed.

(** ** Whether a value is above p/2 *)

(** The registers that a quotient is taken of: those to which products by it are added first. *)
Fixpoint weakened_by (q : reg) (b : list instr) : list reg :=
  match b with
  | [] => []
  | PlusLow x y _ :: b => if Pos.eqb y q then x :: weakened_by q b else weakened_by q b
  | _ :: b => weakened_by q b
  end.

(** The value [g] is 1/R times the value in the first registers. *)
Definition divides_by_R (b : list instr) (g : list reg) : bool :=
  let ps := known_polynomials b in
  slack (without_vanishing ps (difference ps (pscale R (sum_of (find_polynomial ps) g))
    (padd (sum_of (low_polynomial ps) (registers 1 8)) (pconst (p * R))))).

(** The limbs of a value whose carries were added and not yet taken off, from its top limb. *)
Fixpoint chain (fuel : nat) (b : list instr) (r : reg) : list reg :=
  match fuel with
  | O => [r]
  | S fuel =>
      match at_ b r with
      | Some (Plus _ x) =>
          match at_ b x with Some (SignedShift k y) => if k =? 52 then chain fuel b y ++ [r] else [r] | _ => [r] end
      | _ => [r]
      end
  end.

(** What was subtracted in a limb of a difference, before the carry was added. *)
Definition subtrahend (b : list instr) (r : reg) : reg :=
  match at_ b r with
  | Some (Minus _ x) => x
  | Some (Plus y _) => match at_ b y with Some (Minus _ x) => x | _ => 1%positive end
  | _ => 1%positive
  end.

Definition weakened_top (b : list instr) : reg :=
  match find (fun i => match i with LessAtLeastZero _ _ => true | _ => false end) b with
  | Some (LessAtLeastZero _ a) => a
  | _ => 1%positive
  end.

Definition check_larger_half (c : code) (bound : Z) : bool :=
  let b := body c in
  let ps := known_polynomials b in
  match found b (limbs_below bound), results c with
  | Some m, [[z]] =>
      match at_ b z, find_quotient 9 b ps (weakened_top b) with
      | Some (IsNegative t), Some q =>
          let xs := chain 7 b t in
          let o := map (subtrahend b) xs in
          let g := firstn 8 (weakened_by q b) in
          Nat.eqb (length xs) 8 && Pos.eqb (last xs 1%positive) t &&
          equal ps (factor_sum ps xs) (psub (pconst p) (pscale 2 (sum_of (find_polynomial ps) o))) &&
          divides_by_R b g && forallb (fun i => below i limb) (limbs_below bound) && makes_canonical b m g o
      | _, _ => false
      end
  | _, _ => false
  end.

Lemma top_of_factor ws : length ws = 8%nat -> (last ws 0 <? 0) = (factor_number ws <? 0).
Proof.
  intros L. do 8 (destruct ws as [|? ws]; [discriminate|]). destruct ws; [|discriminate]. simpl last. simpl factor_number.
  repeat match goal with |- context [?x mod limb] => 
    let y := fresh "y" in pose proof (Z.mod_pos_bound x limb ltac:(lia)); set (y := x mod limb) in * end.
  apply Bool.eq_iff_eq_true. rewrite !Z.ltb_lt. lia.
Qed.

Lemma last_map (e : reg -> Z) xs d : xs <> [] -> last (map e xs) 0 = e (last xs d).
Proof.
  intros N. destruct xs as [|x xs]; [congruence|]. clear. revert x.
  induction xs as [|y xs IH]; intros x; [reflexivity|]. exact (IH y).
Qed.

Theorem check_larger_half_sound c bound :
  check_larger_half c bound = true -> for_each_value c bound (answers c is_in_larger_half).
Proof.
  unfold check_larger_half. intros H e T I.
  destruct (found (body c) (limbs_below bound)) as [m|] eqn:F; [|discriminate].
  destruct (results c) as [|[|z [|]] [|]] eqn:O; try discriminate.
  destruct (at_ (body c) z) as [[]|] eqn:Z; try discriminate.
  destruct (find_quotient _ _ _ _) as [q|]; [|discriminate].
  set (xs := chain 7 (body c) a) in *. set (o := map (subtrahend (body c)) xs) in *.
  set (g := firstn 8 (weakened_by q (body c))) in *.
  rewrite !andb_true_iff in H. destruct H as [[[[[L B] E] D] S] G].
  apply Nat.eqb_eq in L. apply Pos.eqb_eq in B.
  exists z. split; [exact O|].
  apply (at_sound (body c) _ e T (proj1 I) m F) in Z. simpl in Z.
  pose proof (known_correct (body c) _ e T (proj1 I) m F) as C.
  apply (equal_sound _ _ C) in E.
  rewrite eval_sub, eval_constant, eval_scale, (factor_sum_sound _ _ C), (number_of_sound _ _ C) in E
    by exact compare_atoms_eq.
  destruct (slack_sound e _ D) as [k [K V]].
  rewrite (without_vanishing_sound _ _ C), (difference_sound _ _ C), eval_scale, eval_add, eval_constant,
    (number_of_sound _ _ C), (low_of_sound _ _ C) in V by exact compare_atoms_eq.
  rewrite (low_number_small _ _ (proj1 I) S) in V. set (x := number (map e (registers 1 8))) in *.
  assert (P : 0 <= number (map e g)).
  { assert (0 <= x) by apply (proj2 I). assert (0 <= R * number (map e g)) by (pose proof (eq_refl : 0 < p * R); nia).
    pose proof (eq_refl : 0 < R). nia. }
  destruct (makes_canonical_sound (body c) _ e T (proj1 I) m F _ _ G P) as [Lo No].
  assert (Eo : number (map e o) = element (map e (registers 1 8)) mod p).
  { rewrite No. assert (Q : congruent (number (map e g)) (element (map e (registers 1 8)))).
    { unfold element. fold x.
      apply congruent_trans with (number (map e g) * (R * R_inverse)).
      - rewrite <- (Z.mul_1_r (number (map e g))) at 1.
        apply congruent_mul; [apply congruent_refl|apply congruent_sym, R_inverse_spec].
      - replace (number (map e g) * (R * R_inverse)) with (R * number (map e g) * R_inverse) by ring.
        apply congruent_mul; [|apply congruent_refl]. apply congruent_divide. exists (R + k). lia. }
    apply congruent_divide in Q. destruct Q as [j ->]. apply Z_mod_plus_full. }
  unfold is_in_larger_half. rewrite <- Eo, Z.
  assert (Sign : (e a <? 0) = (p - 2 * number (map e o) <? 0)).
  { rewrite <- E, <- top_of_factor by (rewrite map_length; exact L).
    rewrite (last_map e xs 1%positive), B; [reflexivity|]. intros X. rewrite X in L. discriminate. }
  rewrite Sign. destruct (Z.ltb_spec (p - 2 * number (map e o)) 0); lia.
Qed.
