(** Conversions between eight limbs of 52 bits and six words of 64 bits.

    [bits_of] follows each bit through masks, shifts and disjunctions to the bit of a word that it is. *)
Require Import ZArith List Lia Bool FMapPositive.
From Lanes Require Import Poly Statements Congruence Words Methods Steps Kernels Forms.
Import ListNotations.
Open Scope Z_scope.
Local Arguments Z.add : simpl never.
Local Arguments Z.sub : simpl never.
Local Arguments Z.mul : simpl never.
Local Arguments Z.pow : simpl never.
Local Arguments Z.div : simpl never.
Local Arguments Z.modulo : simpl never.

(** A bit of a register, or 0. *)
Definition bit := option (reg * nat).
Definition value_of (e : reg -> Z) (x : bit) : bool :=
  match x with Some (r, k) => Z.testbit (e r) (Z.of_nat k) | None => false end.

Definition is_none (x : bit) : bool := match x with None => true | Some _ => false end.

(** The first [n] bits of a register. *)
Definition own_bits (r : reg) (n : nat) : list bit := map (fun k => Some (r, k)) (seq 0 n).
Definition padded (n : nat) (l : list bit) : list bit := firstn n (l ++ repeat None n).

Fixpoint disjoint (x y : list bit) : option (list bit) :=
  match x, y with
  | [], [] => Some []
  | a :: x, b :: y =>
      match disjoint x y with
      | Some l => if is_none a then Some (b :: l) else if is_none b then Some (a :: l) else None
      | None => None
      end
  | _, _ => None
  end.

Notation bit_map := (PositiveMap.t (list bit)).

Definition bits_of_instr (constants : polynomials_of) (m : bit_map) (i : instr) : option (list bit) :=
  match i with
  | Or a b =>
      match PositiveMap.find a m, PositiveMap.find b m with Some x, Some y => disjoint x y | _, _ => None end
  | And a b =>
      match PositiveMap.find a m, as_constant (find_polynomial constants b) with
      | Some x, Some c => if c =? limb - 1 then Some (padded 64 (firstn 52 x)) else None
      | _, _ => None
      end
  | ShiftRight k a =>
      match PositiveMap.find a m with
      | Some x => if (0 <=? k) && (k <? 64) then Some (padded 64 (skipn (Z.to_nat k) x)) else None
      | None => None
      end
  | ShiftLeft k a =>
      match PositiveMap.find a m with
      | Some x => if (0 <=? k) && (k <? 64) then Some (padded 64 (repeat None (Z.to_nat k) ++ x)) else None
      | None => None
      end
  | _ => None
  end.

Fixpoint bits_of (n : reg) (b : list instr) (constants : polynomials_of) (m : bit_map) : bit_map :=
  match b with
  | [] => m
  | i :: b =>
      let m' :=
        match PositiveMap.find n m, bits_of_instr constants m i with
        | None, Some x => PositiveMap.add n x m
        | _, _ => m
        end in
      bits_of (Pos.succ n) b constants m'
  end.

Definition true_bits (e : reg -> Z) (r : reg) (l : list bit) : Prop :=
  length l = 64%nat /\ forall k, (k < 64)%nat -> Z.testbit (e r) (Z.of_nat k) = value_of e (nth k l None).

Lemma padded_length n l : length (padded n l) = n.
Proof. unfold padded. rewrite firstn_length, app_length, repeat_length. lia. Qed.

Lemma padded_nth n l k : (k < n)%nat -> nth k (padded n l) None = nth k l None.
Proof.
  intros H. unfold padded.
  assert (N : forall (l : list bit) k n, (k < n)%nat -> nth k (firstn n l) None = nth k l None).
  { clear. induction l as [|x l IH]; intros k n H; destruct n, k; try lia; try reflexivity. simpl. apply IH. lia. }
  rewrite N by exact H. destruct (Nat.lt_ge_cases k (length l)).
  - apply app_nth1. assumption.
  - rewrite app_nth2, nth_repeat, nth_overflow by assumption. reflexivity.
Qed.

Lemma firstn_nth n (l : list bit) : forall k, nth k (firstn n l) None = if (k <? n)%nat then nth k l None else None.
Proof.
  revert l. induction n as [|n IH]; intros l k.
  - simpl. destruct k; reflexivity.
  - destruct l as [|x l]; [simpl; destruct k; [reflexivity|destruct (Nat.ltb_spec (S k) (S n)); reflexivity]|].
    destruct k; [reflexivity|]. simpl nth at 1. rewrite IH.
    destruct (Nat.ltb_spec k n), (Nat.ltb_spec (S k) (S n)); try lia; reflexivity.
Qed.

Lemma skipn_nth n (l : list bit) : forall k, nth k (skipn n l) None = nth (n + k) l None.
Proof. revert l. induction n; intros [|x l] k; try reflexivity; [destruct k; reflexivity|]. simpl. apply IHn. Qed.

Lemma disjoint_sound e x : forall y l, disjoint x y = Some l ->
  length l = length x /\ length x = length y /\
  forall k, value_of e (nth k l None) = value_of e (nth k x None) || value_of e (nth k y None).
Proof.
  induction x as [|a x IH]; intros [|b y] l H; simpl in H; try discriminate.
  - injection H as <-. split; [reflexivity|]. split; [reflexivity|]. intros []; reflexivity.
  - destruct (disjoint x y) as [l'|] eqn:E; [|discriminate]. destruct (IH _ _ E) as [L1 [L2 V]].
    destruct a as [a|]; simpl in H; [destruct b as [b|]; simpl in H; [discriminate|]|]; injection H as <-;
      (split; [simpl; lia|]; split; [simpl; lia|]; intros [|k]; [simpl; try rewrite orb_false_r; reflexivity|apply V]).
Qed.

Lemma wrap_testbit z k : (k < 64)%nat -> Z.testbit (wrap z) (Z.of_nat k) = Z.testbit z (Z.of_nat k).
Proof.
  intros H. unfold wrap.
  replace ((z + 2 ^ 63) mod 2 ^ 64 - 2 ^ 63) with (z + (- ((z + 2 ^ 63) / 2 ^ 64)) * 2 ^ 64)
    by (pose proof (Z.div_mod (z + 2 ^ 63) (2 ^ 64) ltac:(lia)); lia).
  rewrite <- (Z.mod_pow2_bits_low _ 64), Z_mod_plus_full, Z.mod_pow2_bits_low by lia. reflexivity.
Qed.

Lemma bits_of_instr_sound e constants m n i l :
  correct e constants -> (forall r l, PositiveMap.find r m = Some l -> true_bits e r l) ->
  e n = meaning i e -> bits_of_instr constants m i = Some l -> true_bits e n l.
Proof.
  intros C M V H. unfold meaning in V.
  assert (W : forall k, (k < 64)%nat -> Z.testbit (e n) (Z.of_nat k) = Z.testbit (unbounded i e) (Z.of_nat k))
    by (intros k K; rewrite V; apply wrap_testbit; exact K).
  destruct i; cbn [bits_of_instr] in H; try discriminate.
  - destruct (PositiveMap.find a m) as [x|] eqn:A; [|discriminate].
    destruct (as_constant _) as [c|] eqn:B; [|discriminate].
    destruct (Z.eqb_spec c (limb - 1)) as [->|]; [|discriminate].
    assert (E : l = padded 64 (firstn 52 x)) by congruence. subst l. clear H.
    apply (as_constant_sound e) in B. rewrite (find_correct e constants b C) in B.
    destruct (M _ _ A) as [L T]. split; [apply padded_length|]. intros k K.
    rewrite (W k K), padded_nth, firstn_nth by exact K. simpl unbounded. rewrite B, land_limb.
    change limb with (2 ^ 52). destruct (Nat.ltb_spec k 52).
    + rewrite Z.mod_pow2_bits_low by lia. apply T, K.
    + rewrite Z.mod_pow2_bits_high by lia. reflexivity.
  - destruct (PositiveMap.find a m) as [x|] eqn:A; [|discriminate].
    destruct (PositiveMap.find b m) as [y|] eqn:B; [|discriminate].
    destruct (disjoint_sound e _ _ _ H) as [L1 [L2 D]].
    destruct (M _ _ A) as [LA TA]. destruct (M _ _ B) as [LB TB]. split; [congruence|]. intros k K.
    rewrite (W k K), D. simpl unbounded. rewrite Z.lor_spec, (TA k K), (TB k K). reflexivity.
  - destruct (PositiveMap.find a m) as [x|] eqn:A; [|discriminate].
    destruct ((0 <=? n0) && (n0 <? 64)) eqn:B; [|discriminate]. injection H as <-.
    apply andb_prop in B. destruct B as [B1 B2]. apply Z.leb_le in B1. apply Z.ltb_lt in B2.
    destruct (M _ _ A) as [L T]. split; [apply padded_length|]. intros k K.
    rewrite (W k K), padded_nth, skipn_nth by exact K. simpl unbounded.
    rewrite Z.div_pow2_bits by lia.
    destruct (Nat.lt_ge_cases (Z.to_nat n0 + k) 64).
    + rewrite Z.mod_pow2_bits_low by lia. rewrite <- T by assumption. f_equal. lia.
    + rewrite Z.mod_pow2_bits_high, nth_overflow by lia. reflexivity.
  - destruct (PositiveMap.find a m) as [x|] eqn:A; [|discriminate].
    destruct ((0 <=? n0) && (n0 <? 64)) eqn:B; [|discriminate]. injection H as <-.
    apply andb_prop in B. destruct B as [B1 B2]. apply Z.leb_le in B1. apply Z.ltb_lt in B2.
    destruct (M _ _ A) as [L T]. split; [apply padded_length|]. intros k K.
    rewrite (W k K), padded_nth by exact K. simpl unbounded. rewrite wrap_testbit by exact K.
    destruct (Nat.lt_ge_cases k (Z.to_nat n0)).
    + rewrite Z.mul_pow2_bits_low by lia. rewrite app_nth1, nth_repeat by (rewrite repeat_length; lia). reflexivity.
    + rewrite Z.mul_pow2_bits by lia. rewrite app_nth2 by (rewrite repeat_length; lia). rewrite repeat_length.
      rewrite <- T by lia. f_equal. lia.
Qed.

Lemma bits_of_sound b : forall e n constants m,
  correct e constants -> (forall r l, PositiveMap.find r m = Some l -> true_bits e r l) -> trace n b e ->
  forall r l, PositiveMap.find r (bits_of n b constants m) = Some l -> true_bits e r l.
Proof.
  induction b as [|i b IH]; intros e n constants m C M T; [exact M|]. destruct T as [V T]. cbn [bits_of].
  apply IH; [exact C| |exact T].
  destruct (PositiveMap.find n m) eqn:N; [exact M|].
  destruct (bits_of_instr constants m i) as [x|] eqn:B; [|exact M].
  intros r l. destruct (Pos.eq_dec r n) as [->|D].
  - rewrite PositiveMap.gss. intros E. injection E as <-. eapply bits_of_instr_sound; eassumption.
  - rewrite PositiveMap.gso by exact D. apply M.
Qed.

(** ** Numbers from bits *)

Fixpoint from_bits (l : list bool) : Z :=
  match l with [] => 0 | b :: l => Z.b2z b + 2 * from_bits l end.

Lemma from_bits_app l k : from_bits (l ++ k) = from_bits l + 2 ^ Z.of_nat (length l) * from_bits k.
Proof.
  induction l as [|b l IH]; [cbn [app from_bits length]; change (2 ^ Z.of_nat 0) with 1; ring|].
  cbn [app from_bits length]. rewrite IH, Nat2Z.inj_succ, Z.pow_succ_r by lia. ring.
Qed.

Lemma from_bits_mod n : forall x, from_bits (map (fun k => Z.testbit x (Z.of_nat k)) (seq 0 n)) = x mod 2 ^ Z.of_nat n.
Proof.
  induction n as [|n IH]; intros x.
  - change (2 ^ Z.of_nat 0) with 1. rewrite Z.mod_1_r. reflexivity.
  - cbn [seq map from_bits]. rewrite <- seq_shift, map_map.
    rewrite (map_ext _ (fun k => Z.testbit (x / 2) (Z.of_nat k)))
      by (intros k; rewrite Nat2Z.inj_succ, <- Z.div2_bits by lia; reflexivity).
    rewrite IH, Nat2Z.inj_succ, Z.pow_succ_r by lia. change (Z.of_nat 0) with 0.
    rewrite Z.bit0_mod.
    rewrite (Z.rem_mul_r x 2) by (try apply Z.pow_nonzero; lia || (apply Z.pow_pos_nonneg; lia)). ring.
Qed.

Definition same_bit (x y : bit) : bool :=
  match x, y with
  | None, None => true
  | Some (r, k), Some (s, l) => Pos.eqb r s && Nat.eqb k l
  | _, _ => false
  end.

Fixpoint same_bits (x y : list bit) : bool :=
  match x, y with
  | [], [] => true
  | a :: x, b :: y => same_bit a b && same_bits x y
  | _, _ => false
  end.

Lemma same_bits_eq x : forall y, same_bits x y = true -> x = y.
Proof.
  induction x as [|a x IH]; intros [|b y] H; try discriminate; [reflexivity|].
  simpl in H. apply andb_prop in H. destruct H as [A B]. rewrite (IH _ B). f_equal.
  destruct a as [[r k]|], b as [[s l]|]; try discriminate; [|reflexivity].
  simpl in A. apply andb_prop in A. destruct A as [A1 A2].
  apply Pos.eqb_eq in A1. apply Nat.eqb_eq in A2. congruence.
Qed.

(** The first [n] bits of some registers, one register after the other. *)
Definition all_bits (m : bit_map) (n : nat) (rs : list reg) : option (list bit) :=
  match all (map (fun r => PositiveMap.find r m) rs) with
  | Some ls => Some (concat (map (firstn n) ls))
  | None => None
  end.

Fixpoint number_in (n : nat) (words : list Z) : Z :=
  match words with [] => 0 | x :: words => x mod 2 ^ Z.of_nat n + 2 ^ Z.of_nat n * number_in n words end.

Lemma true_bits_number e r l n : true_bits e r l -> (n <= 64)%nat ->
  length (firstn n l) = n /\ from_bits (map (value_of e) (firstn n l)) = e r mod 2 ^ Z.of_nat n.
Proof.
  intros [L T] N. assert (K : length (firstn n l) = n) by (rewrite firstn_length; lia). split; [exact K|].
  rewrite <- from_bits_mod. f_equal.
  apply (nth_ext _ _ false false); [rewrite !map_length, seq_length; exact K|].
  intros k Hk. rewrite map_length, K in Hk.
  change false with (value_of e None) at 1. rewrite map_nth, firstn_nth.
  destruct (Nat.ltb_spec k n); [|lia].
  rewrite (nth_indep _ _ (Z.testbit (e r) (Z.of_nat 0))) by (rewrite map_length, seq_length; exact Hk).
  rewrite (map_nth (fun k => Z.testbit (e r) (Z.of_nat k))), seq_nth by exact Hk. symmetry. apply T. lia.
Qed.

Lemma all_bits_number e m n rs : forall l,
  (forall r l, PositiveMap.find r m = Some l -> true_bits e r l) -> (n <= 64)%nat ->
  all_bits m n rs = Some l ->
  length l = (n * length rs)%nat /\ from_bits (map (value_of e) l) = number_in n (map e rs).
Proof.
  unfold all_bits. intros l M N H. destruct (all _) as [ls|] eqn:A; [|discriminate].
  assert (E : l = concat (map (firstn n) ls)) by congruence. subst l. clear H.
  apply all_spec in A. revert ls A.
  induction rs as [|r rs IH]; intros ls A; inversion A; subst; [split; [simpl; lia|reflexivity]|].
  match goal with F : PositiveMap.find r m = Some ?x |- _ => destruct (true_bits_number e r x n (M _ _ F) N) as [L V] end.
  match goal with F : Forall2 _ _ _ |- _ => destruct (IH _ F) as [L' V'] end.
  cbn [map concat number_in]. rewrite map_app, from_bits_app, map_length, L, V, V'.
  split; [rewrite app_length, L, L'; simpl length; lia|reflexivity].
Qed.

Lemma own_bits_true e r n : (n <= 64)%nat -> n = 64%nat \/ 0 <= e r < 2 ^ Z.of_nat n -> true_bits e r (padded 64 (own_bits r n)).
Proof.
  intros N B. split; [apply padded_length|]. intros k K. rewrite padded_nth by exact K. unfold own_bits.
  destruct (Nat.lt_ge_cases k n).
  - rewrite (nth_indep _ _ (Some (r, 0%nat))) by (rewrite map_length, seq_length; assumption).
    rewrite (map_nth (fun k => Some (r, k))), seq_nth by assumption. reflexivity.
  - rewrite nth_overflow by (rewrite map_length, seq_length; assumption). simpl.
    destruct B as [B|B]; [lia|].
    rewrite <- (Z.mod_small (e r) (2 ^ Z.of_nat n)) by exact B. apply Z.mod_pow2_bits_high. lia.
Qed.

Definition initial_bits (n : nat) (rs : list reg) : bit_map :=
  fold_right (fun r m => PositiveMap.add r (padded 64 (own_bits r n)) m) (PositiveMap.empty _) rs.

Lemma initial_bits_true e n rs : (n <= 64)%nat -> Forall (fun r => n = 64%nat \/ 0 <= e r < 2 ^ Z.of_nat n) rs ->
  forall r l, PositiveMap.find r (initial_bits n rs) = Some l -> true_bits e r l.
Proof.
  intros N F. induction F as [|s rs B F IH]; intros r l.
  - simpl. rewrite PositiveMap.gempty. discriminate.
  - cbn [initial_bits fold_right]. destruct (Pos.eq_dec r s) as [->|D].
    + rewrite PositiveMap.gss. intros E. injection E as <-. apply own_bits_true; assumption.
    + rewrite PositiveMap.gso by exact D. apply IH.
Qed.

Lemma number_in_52 ws : number_in 52 ws = low_number ws.
Proof. unfold low_number. induction ws as [|x ws IH]; [reflexivity|]. simpl. rewrite IH. reflexivity. Qed.

Lemma number_in_64 ws : number_in 64 ws = unsigned_number ws.
Proof. induction ws as [|x ws IH]; [reflexivity|]. cbn [number_in unsigned_number]. rewrite IH. reflexivity. Qed.

Lemma from_bits_firstn l : forall n, (n <= length l)%nat -> from_bits (firstn n l) = from_bits l mod 2 ^ Z.of_nat n.
Proof.
  intros n H.
  rewrite <- (firstn_skipn n l) at 2. rewrite from_bits_app, firstn_length, Nat.min_l by exact H.
  rewrite Z.mul_comm, Z_mod_plus_full. symmetry. apply Z.mod_small.
  assert (B : forall l, 0 <= from_bits l < 2 ^ Z.of_nat (length l)).
  { clear. induction l as [|b l IH]; [simpl; lia|].
    cbn [from_bits length]. rewrite Nat2Z.inj_succ, Z.pow_succ_r by lia. destruct b; simpl Z.b2z; lia. }
  specialize (B (firstn n l)). rewrite firstn_length, Nat.min_l in B by exact H. exact B.
Qed.

(** ** From words *)

Definition any_word : interval := (- half_word, half_word - 1).

(** The left operands of the first products. *)
Fixpoint first_factors (n : nat) (b : list instr) : list reg :=
  match n, b with
  | S n, PlusLow _ x _ :: b => x :: first_factors n b
  | S n, _ :: b => first_factors (S n) b
  | _, _ => []
  end.

(** R times the number of [g] is F times the number of the low bits of [l], up to a multiple of p. *)
Definition is_multiple (b : list instr) (F : Z) (l g : list reg) : bool :=
  let ps := known_polynomials b in
  slack (without_vanishing ps (difference ps (pscale R (sum_of (find_polynomial ps) g))
    (padd (pscale F (sum_of (low_polynomial ps) l)) (pconst (p * R))))).

Lemma is_multiple_sound b F l g e :
  correct e (known_polynomials b) -> is_multiple b F l g = true ->
  exists k, 0 <= k < 2 * R /\ R * number (map e g) = F * low_number (map e l) + p * R + p * k.
Proof.
  intros C H. destruct (slack_sound e _ H) as [k [K V]]. exists k. split; [exact K|].
  rewrite (without_vanishing_sound _ _ C), (difference_sound _ _ C), eval_add, !eval_scale, eval_constant,
    (number_of_sound _ _ C), (low_of_sound _ _ C) in V by exact compare_atoms_eq. lia.
Qed.

Definition check_loads (c : code) (F A bound : Z) : bool :=
  let b := body c in
  let ps := known_polynomials b in
  let m := bits_of 9 b ps (initial_bits 64 (registers 1 8)) in
  let l := first_factors 8 b in
  match found b (repeat any_word 8), results c with
  | Some found, [o] =>
      match all_bits m 52 l, all_bits m 64 (registers 1 6), intervals_at found o with
      | Some x, Some y, Some is =>
          same_bits x (y ++ repeat None 32) && is_multiple b F l o && (0 <=? F) && (F <? p) &&
          ((F * A * R_inverse * R_inverse - 1) mod p =? 0) && (F * 2 ^ 384 + 3 * p * R <=? R * bound) &&
          carried is && subsumed (limbs_of is (0, bound)) (limbs_below bound)
      | _, _, _ => false
      end
  | _, _ => false
  end.

Lemma unsigned_bound ws : 0 <= unsigned_number ws < 2 ^ (64 * Z.of_nat (length ws)).
Proof.
  induction ws as [|x ws IH]; [simpl; lia|]. cbn [unsigned_number length].
  rewrite Nat2Z.inj_succ. replace (64 * Z.succ (Z.of_nat (length ws))) with (64 + 64 * Z.of_nat (length ws)) by ring.
  rewrite Z.pow_add_r by lia. pose proof (Z.mod_pos_bound x (2 ^ 64) ltac:(lia)). nia.
Qed.

Theorem check_loads_sound c F A bound : check_loads c F A bound = true -> loads c A bound.
Proof.
  unfold check_loads. intros H e T I.
  destruct (found (body c) (repeat any_word 8)) as [m|] eqn:Fo; [|discriminate].
  destruct (results c) as [|o [|]] eqn:O; try discriminate.
  destruct (all_bits _ 52 _) as [x|] eqn:X; [|discriminate].
  destruct (all_bits _ 64 _) as [y|] eqn:Y; [|discriminate].
  destruct (intervals_at m o) as [is|] eqn:J; [|discriminate].
  rewrite !andb_true_iff, !Z.leb_le, Z.ltb_lt, Z.eqb_eq in H.
  destruct H as [[[[[[[B M] F0] F1] G] K] Ca] S].
  assert (Fit : fit (map e (registers 1 8)) (repeat any_word 8)).
  { clear - I. change (repeat any_word 8) with (map (fun _ : reg => any_word) (registers 1 8)).
    revert I. generalize (registers 1 8). induction l as [|r l IH]; intros I; [constructor|].
    inversion I; subst. constructor; [unfold inside, any_word; simpl; lia|apply IH; assumption]. }
  pose proof (known_correct (body c) _ e T Fit m Fo) as C.
  assert (Bits : forall r l, PositiveMap.find r (bits_of 9 (body c) (known_polynomials (body c))
      (initial_bits 64 (registers 1 8))) = Some l -> true_bits e r l).
  { apply (bits_of_sound _ _ _ _ _ C); [|exact T]. apply initial_bits_true; [lia|].
    apply Forall_forall. auto. }
  destruct (all_bits_number e _ 52 _ _ Bits ltac:(lia) X) as [_ NX].
  destruct (all_bits_number e _ 64 _ _ Bits ltac:(lia) Y) as [_ NY].
  apply same_bits_eq in B. rewrite B, map_app, from_bits_app, NY, number_in_52, number_in_64 in NX.
  assert (Zeros : from_bits (map (value_of e) (repeat None 32)) = 0) by reflexivity.
  rewrite Zeros, Z.mul_0_r, Z.add_0_r in NX.
  destruct (is_multiple_sound _ _ _ _ _ C M) as [k [K0 V]]. rewrite <- NX in V.
  set (W := unsigned_number (map e (registers 1 6))) in *.
  assert (WB : 0 <= W < 2 ^ 384) by apply (unsigned_bound (map e (registers 1 6))).
  assert (P : 0 < p) by reflexivity. assert (RP : 0 < R) by reflexivity.
  assert (N : inside (number (map e o)) (0, bound)) by (unfold inside; simpl; nia).
  exists o. split; [reflexivity|]. split.
  - split; [|exact N]. eapply subsumed_sound; [|exact S].
    eapply limbs_fit; [apply (intervals_at_sound (body c) _ e T Fit m Fo); exact J|exact Ca|reflexivity|exact N].
  - assert (Q : congruent (number (map e o)) (R_inverse * (F * W))).
    { apply congruent_divided, congruent_divide. exists (R + k). lia. }
    unfold element. apply congruent_trans with (R_inverse * (F * W) * R_inverse * A).
    + apply congruent_mul; [|apply congruent_refl]. apply congruent_mul; [exact Q|apply congruent_refl].
    + replace (R_inverse * (F * W) * R_inverse * A) with (F * A * R_inverse * R_inverse * W) by ring.
      rewrite <- (Z.mul_1_l W) at 2. apply congruent_mul; [exact G|apply congruent_refl].
Qed.

(** ** To words *)

(** The registers of selections, as the canonical form ends with. *)
Fixpoint blends (n : reg) (b : list instr) : list reg :=
  match b with
  | [] => []
  | Blend _ _ _ :: b => n :: blends (Pos.succ n) b
  | _ :: b => blends (Pos.succ n) b
  end.

Definition check_stores (c : code) (A bound : Z) : bool :=
  let b := body c in
  let ps := known_polynomials b in
  let o := blends 9 b in
  let m := bits_of 9 b ps (initial_bits 52 o) in
  match found b (limbs_below bound), results c, find_quotient 9 b ps (weakened_top b) with
  | Some found, [ws], Some q =>
      let g := firstn 8 (weakened_by q b) in
      match all_bits m 64 (firstn 6 ws), all_bits m 52 o with
      | Some x, Some y =>
          same_bits x (firstn 384 y) && Nat.eqb (length (firstn 6 ws)) 6 && Nat.eqb (length o) 8 &&
          is_multiple b A (registers 1 8) g && (0 <=? A) && forallb (fun i => below i limb) (limbs_below bound) &&
          makes_canonical b found g o
      | _, _ => false
      end
  | _, _, _ => false
  end.

Theorem check_stores_sound c A bound : check_stores c A bound = true -> for_each_value c bound (stores A c).
Proof.
  unfold check_stores. intros H e T I.
  destruct (found (body c) (limbs_below bound)) as [m|] eqn:Fo; [|discriminate].
  destruct (results c) as [|ws [|]] eqn:O; try discriminate.
  destruct (find_quotient _ _ _ _) as [q|]; [|discriminate].
  set (o := blends 9 (body c)) in *. set (g := firstn 8 (weakened_by q (body c))) in *.
  destruct (all_bits _ 64 _) as [x|] eqn:X; [|discriminate].
  destruct (all_bits _ 52 o) as [y|] eqn:Y; [|discriminate].
  rewrite !andb_true_iff, !Nat.eqb_eq, Z.leb_le in H. destruct H as [[[[[[B L6] L8] M] A0] Lb] Can].
  pose proof (known_correct (body c) _ e T (proj1 I) m Fo) as C.
  destruct (is_multiple_sound _ _ _ _ _ C M) as [k [K0 V]].
  rewrite (low_number_small _ _ (proj1 I) Lb) in V. set (v := number (map e (registers 1 8))) in *.
  assert (V0 : 0 <= v) by apply (proj2 I).
  assert (P : 0 < p) by reflexivity. assert (RP : 0 < R) by reflexivity.
  assert (G0 : 0 <= number (map e g)) by nia.
  destruct (makes_canonical_sound (body c) _ e T (proj1 I) m Fo _ _ Can G0) as [Lo No].
  assert (Bits : forall r l, PositiveMap.find r (bits_of 9 (body c) (known_polynomials (body c))
      (initial_bits 52 o)) = Some l -> true_bits e r l).
  { apply (bits_of_sound _ _ _ _ _ C); [|exact T]. apply initial_bits_true; [lia|].
    apply Forall_map in Lo. eapply Forall_impl; [|exact Lo]. intros r Hr. right. exact Hr. }
  destruct (all_bits_number e _ 64 _ _ Bits ltac:(lia) X) as [LX NX].
  destruct (all_bits_number e _ 52 _ _ Bits ltac:(lia) Y) as [LY NY].
  apply same_bits_eq in B.
  exists (firstn 6 ws), (skipn 6 ws). split; [rewrite firstn_skipn; exact O|]. split; [exact L6|].
  rewrite <- number_in_64, <- NX, B, <- firstn_map, from_bits_firstn by (rewrite map_length, LY, L8; lia).
  rewrite NY, number_in_52.
  assert (E : low_number (map e o) = number (map e o)).
  { clear - Lo. unfold low_number. induction Lo as [|z zs Hz Lo IH]; [reflexivity|].
    simpl. rewrite IH, Z.mod_small by exact Hz. reflexivity. }
  assert (Small : 0 <= number (map e o) < p) by (rewrite No; apply Z.mod_pos_bound; reflexivity).
  rewrite E, Z.mod_small by (split; [apply Small|]; pose proof (eq_refl : p < 2 ^ Z.of_nat 384); lia).
  rewrite No. assert (Q : congruent (number (map e g)) (R_inverse * (A * v))).
  { apply congruent_divided, congruent_divide. exists (R + k). lia. }
  apply congruent_divide in Q. destruct Q as [j ->]. rewrite Z_mod_plus_full. f_equal. unfold element. fold v. ring.
Qed.
