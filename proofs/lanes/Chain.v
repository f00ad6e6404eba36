(** The chain of the final exponentiation, and the power by |x|: which power of the input the output is.

    [powers] walks through the steps once more and keeps the twelve registers that the kernels return together, with the
    exponent of the input. The coefficients that another kernel takes must be these registers, up to carries, weakening and
    the sign of the last six, which is the conjugate and thereby the p^6-th power. [powers_sound] is about any group with
    the listed properties: what the product, the inverse, the Frobenius maps, the squarings and the power by |x| are, which
    the theorems about these kernels say by their formulas. *)
Require Import ZArith List Lia Bool FMapPositive.
From Lanes Require Import Poly Statements Congruence Words Methods Steps Kernels Loops.
Import ListNotations.
Open Scope Z_scope.
Local Arguments Z.add : simpl never.
Local Arguments Z.sub : simpl never.
Local Arguments Z.mul : simpl never.
Local Arguments Z.pow : simpl never.
Local Arguments Z.modulo : simpl never.
Local Arguments Z.div : simpl never.

(** What a used kernel does to powers. *)
Inductive action :=
| Product12
| Inverse12
| Power (e : Z)
(** The same, for elements of the cyclotomic subgroup. *)
| CyclotomicPower (e : Z)
(** The same, and the coefficients a00 and a11 are not read. *)
| CompressedPower (e : Z).

(** (p^6 - 1)(p^2 + 1): a power by this is in the cyclotomic subgroup. *)
Definition easy : Z := (p ^ 6 - 1) * (p ^ 2 + 1).

(** The order of the group of F_p^12: exponents are taken modulo it, so that they stay short. *)
Definition order : Z := p ^ 12 - 1.

Definition read_by_compressed : list nat := [2; 3; 4; 5; 6; 7; 10; 11]%nat.

Section Chain.
Variable action_of : nat -> option action.
Variable s : state.

(** The register whose element a register has, and whether the sign is the same. *)
Definition origin (x : reg) : option (reg * bool) :=
  match PositiveMap.find x (known_of s) with
  | Some (Sum _ q _) =>
      match expand s [] (lift 1 q) with
      | [([b], c)] => if c =? 1 then Some (b, true) else if c =? p - 1 then Some (b, false) else None
      | _ => None
      end
  | _ => None
  end.

(** Whether the register [x] is the coefficient [i] of the element from the register [n] on, with this sign. *)
Definition is_coefficient (n : reg) (sign : bool) (t : nat * reg) : bool :=
  match origin (snd t) with
  | Some (b, c) => Pos.eqb b (Pos.of_nat (Pos.to_nat n + fst t)) && Bool.eqb c sign
  | None => false
  end.

Definition indexed (args : list reg) : list (nat * reg) := combine (seq 0 12) args.

(** The exponent of an element of which the coefficients [which] are given: that of a tuple, or of its conjugate. *)
Definition exponent_of (tuples : list (reg * Z)) (which : list nat) (args : list reg) : option Z :=
  let given := filter (fun t => existsb (Nat.eqb (fst t)) which) (indexed args) in
  let low := filter (fun t => Nat.ltb (fst t) 6) given in
  let high := filter (fun t => negb (Nat.ltb (fst t) 6)) given in
  match find (fun t => forallb (is_coefficient (fst t) true) given) tuples with
  | Some t => Some (snd t)
  | None =>
      match find (fun t => forallb (is_coefficient (fst t) true) low && forallb (is_coefficient (fst t) false) high) tuples
      with
      | Some t => Some (snd t * p ^ 6 mod order)
      | None => None
      end
  end.

Definition whole : list nat := seq 0 12.

Definition result_power (tuples : list (reg * Z)) (a : action) (args : list reg) : option Z :=
  match a with
  | Product12 =>
      match exponent_of tuples whole (firstn 12 args), exponent_of tuples whole (skipn 12 args) with
      | Some e, Some f => Some (e + f)
      | _, _ => None
      end
  | Inverse12 => match exponent_of tuples whole args with Some e => Some (- e) | None => None end
  | Power k => match exponent_of tuples whole args with Some e => Some (k * e) | None => None end
  | CyclotomicPower k =>
      match exponent_of tuples whole args with Some e => if e mod easy =? 0 then Some (k * e) else None | None => None end
  | CompressedPower k =>
      match exponent_of tuples read_by_compressed args with
      | Some e => if e mod easy =? 0 then Some (k * e) else None
      | None => None
      end
  end.

Definition arguments (a : action) : nat := match a with Product12 => 24 | _ => 12 end.

Fixpoint powers (n : reg) (ss : list step) (tuples : list (reg * Z)) : list (reg * Z) :=
  match ss with
  | [] => tuples
  | st :: ss =>
      let next :=
        match st with
        | Use k c args =>
            match action_of k with
            | Some a =>
                if (Pos.eqb c 12 || Pos.eqb c 13) && Nat.eqb (length args) (arguments a)
                then match result_power tuples a args with Some e => (n, e mod order) :: tuples | None => tuples end
                else tuples
            | None => tuples
            end
        | _ => tuples
        end in
      powers (n + count st) ss next
  end.

(** ** Soundness *)

Variable w : reg -> list Z.
Hypothesis M : models w s.
Variable used : list (list (list Z) -> list (list Z) -> Prop).

(** A group, and what it means that twelve elements are the coefficients of a member. *)
Variable G : Type.
Variable times : G -> G -> G.
Variable power : Z -> G -> G.
Variable stands : list Z -> G -> Prop.
Variable g : G.
Hypothesis power_power : forall a b, power a (power b g) = power (a * b) g.
Hypothesis times_power : forall a b, times (power a g) (power b g) = power (a + b) g.
Hypothesis power_order : forall a, power (a mod order) g = power a g.
Hypothesis stands_congruent : forall x y h, Forall2 congruent x y -> stands x h -> stands y h.
Hypothesis conjugate_stands : forall x h, stands x h -> stands (firstn 6 x ++ map Z.opp (skipn 6 x)) (power (p ^ 6) h).

(** The elements of words. *)
Definition elements_of (xs : list (list Z)) : list Z := map element xs.

(** What the used kernels do. *)
Definition acts (a : action) (ins outs : list (list Z)) : Prop :=
  let result := elements_of (firstn 12 outs) in
  match a with
  | Product12 => forall h k,
      stands (elements_of (firstn 12 ins)) h -> stands (elements_of (skipn 12 ins)) k -> stands result (times h k)
  | Inverse12 => forall h, stands (elements_of ins) h -> stands result (power (-1) h)
  | Power e => forall h, stands (elements_of ins) h -> stands result (power e h)
  | CyclotomicPower e => forall h,
      stands (elements_of ins) (power easy h) -> stands result (power e (power easy h))
  | CompressedPower e => forall x h, stands x (power easy h) -> length x = 12%nat ->
      Forall (fun i => congruent (nth i x 0) (element (nth i ins []))) read_by_compressed ->
      stands result (power e (power easy h))
  end.

Hypothesis actions : forall k f a ins outs,
  nth_error used k = Some f -> action_of k = Some a -> f ins outs -> length outs = 12%nat \/ length outs = 13%nat ->
  acts a ins outs.

Lemma origin_sound x b c : origin x = Some (b, c) ->
  congruent (element (w x)) (if c then element (w b) else - element (w b)).
Proof.
  unfold origin. destruct (PositiveMap.find x (known_of s)) as [[is q i| | |]|] eqn:K; try discriminate.
  apply (models_known _ _ M) in K. destruct K as [_ [N _]].
  intros H.
  assert (E : congruent (element (w x)) (eval reg (fun r => element (w r)) (expand s [] (lift 1 q)))).
  { eapply congruent_trans; [apply element_of_polynomial, N|]. apply congruent_sym, expand_sound, M. }
  destruct (expand s [] (lift 1 q)) as [|[[|y [|]] d] [|]]; try discriminate.
  simpl in E. rewrite Z.add_0_r, Z.mul_1_r in E.
  destruct (Z.eqb_spec d 1) as [D|]; [injection H as <- <-; rewrite D, Z.mul_1_l in E; exact E|].
  destruct (Z.eqb_spec d (p - 1)) as [D|]; [|discriminate]. injection H as <- <-.
  eapply congruent_trans; [exact E|]. rewrite D. apply congruent_divide. exists (element (w y)). ring.
Qed.

Lemma is_coefficient_sound n sign i x : is_coefficient n sign (i, x) = true ->
  let y := element (w (Pos.of_nat (Pos.to_nat n + i))) in congruent (element (w x)) (if sign then y else - y).
Proof.
  unfold is_coefficient. cbn [fst snd]. destruct (origin x) as [[b c]|] eqn:O; [|discriminate].
  intros H. apply andb_prop in H. destruct H as [A B]. apply Pos.eqb_eq in A. apply Bool.eqb_prop in B. subst.
  exact (origin_sound _ _ _ O).
Qed.
Definition tuple (n : reg) : list Z := map (fun x => element (w x)) (registers n 12).

Lemma tuple_nth n i : (i < 12)%nat -> nth i (tuple n) 0 = element (w (Pos.of_nat (Pos.to_nat n + i))).
Proof.
  intros H. unfold tuple, registers. rewrite map_map.
  rewrite (nth_indep _ _ (element (w (Pos.of_nat (Pos.to_nat n + 0))))) by (rewrite map_length, seq_length; exact H).
  rewrite (map_nth (fun i => element (w (Pos.of_nat (Pos.to_nat n + i))))), seq_nth by exact H. reflexivity.
Qed.

Lemma indexed_in args i : length args = 12%nat -> (i < 12)%nat -> In (i, nth i args 1%positive) (indexed args).
Proof.
  intros L H. unfold indexed.
  replace (i, nth i args 1%positive) with (nth i (combine (seq 0 12) args) (0%nat, 1%positive)).
  - apply nth_In. rewrite combine_length, seq_length, L. exact H.
  - rewrite combine_nth by (rewrite seq_length; congruence). rewrite seq_nth by exact H. reflexivity.
Qed.

Definition known_powers (tuples : list (reg * Z)) : Prop :=
  forall n e, In (n, e) tuples -> stands (tuple n) (power e g).

Lemma exponent_of_sound tuples which args e :
  known_powers tuples -> length args = 12%nat -> Forall (fun i => (i < 12)%nat) which ->
  exponent_of tuples which args = Some e ->
  exists x, stands x (power e g) /\ length x = 12%nat /\
    Forall (fun i => congruent (nth i x 0) (element (w (nth i args 1%positive)))) which.
Proof.
  intros T L W H. unfold exponent_of in H.
  set (given := filter (fun t => existsb (Nat.eqb (fst t)) which) (indexed args)) in *.
  assert (Given : forall i, In i which -> In (i, nth i args 1%positive) given).
  { intros i I. apply filter_In. split; [apply indexed_in; [exact L|]|].
    - rewrite Forall_forall in W. apply W, I.
    - apply existsb_exists. exists i. split; [exact I|]. apply Nat.eqb_refl. }
  rewrite Forall_forall in W.
  destruct (find _ tuples) as [[n f]|] eqn:F.
  - injection H as <-. apply find_some in F. destruct F as [I A]. cbn [fst snd] in *.
    exists (tuple n). split; [exact (T _ _ I)|]. split; [unfold tuple; rewrite map_length; apply map_length|].
    rewrite Forall_forall. intros i Hi. rewrite forallb_forall in A.
    rewrite tuple_nth by (apply W, Hi). apply congruent_sym.
    exact (is_coefficient_sound _ _ _ _ (A _ (Given i Hi))).
  - clear F. destruct (find _ tuples) as [[n f]|] eqn:F; [|discriminate].
    injection H as <-. apply find_some in F. destruct F as [I A]. cbn [fst snd] in *.
    apply andb_prop in A. destruct A as [A B]. rewrite forallb_forall in A, B.
    exists (firstn 6 (tuple n) ++ map Z.opp (skipn 6 (tuple n))).
    assert (Lt : length (tuple n) = 12%nat) by (unfold tuple; rewrite map_length; apply map_length).
    split; [|split].
    + rewrite power_order, Z.mul_comm, <- power_power. apply conjugate_stands, (T _ _ I).
    + rewrite app_length, map_length, firstn_length, skipn_length, Lt. reflexivity.
    + rewrite Forall_forall. intros i Hi. pose proof (W i Hi) as Wi. apply congruent_sym.
      destruct (Nat.ltb_spec i 6).
      * rewrite app_nth1 by (rewrite firstn_length, Lt; lia).
        assert (E : nth i (firstn 6 (tuple n)) 0 = nth i (tuple n) 0).
        { rewrite <- (firstn_skipn 6 (tuple n)) at 2. rewrite app_nth1 by (rewrite firstn_length, Lt; lia). reflexivity. }
        rewrite E, tuple_nth by exact Wi.
        apply (is_coefficient_sound n true). apply A, filter_In. split; [apply Given, Hi|].
        cbn [fst]. apply Nat.ltb_lt. assumption.
      * rewrite app_nth2 by (rewrite firstn_length, Lt; lia). rewrite firstn_length, Lt, Nat.min_l by lia.
        change 0 with (- 0). rewrite map_nth.
        assert (E : nth (i - 6) (skipn 6 (tuple n)) 0 = nth i (tuple n) 0).
        { rewrite <- (firstn_skipn 6 (tuple n)) at 2. rewrite app_nth2 by (rewrite firstn_length, Lt; lia).
          rewrite firstn_length, Lt, Nat.min_l by lia. reflexivity. }
        change (- 0) with 0. rewrite E, tuple_nth by exact Wi.
        apply (is_coefficient_sound n false). apply B, filter_In. split; [apply Given, Hi|].
        cbn [fst]. apply negb_true_iff, Nat.ltb_ge. assumption.
Qed.

Lemma whole_stands tuples args e :
  known_powers tuples -> length args = 12%nat -> exponent_of tuples whole args = Some e ->
  stands (elements_of (map w args)) (power e g).
Proof.
  intros T L H.
  assert (W : Forall (fun i => (i < 12)%nat) whole) by (repeat constructor).
  destruct (exponent_of_sound _ _ _ _ T L W H) as [x [S [Lx C]]].
  apply (stands_congruent x); [|exact S]. unfold elements_of. rewrite map_map.
  do 12 (destruct x as [|? x]; [discriminate|]). destruct x; [|discriminate].
  do 12 (destruct args as [|? args]; [discriminate|]). destruct args; [|discriminate].
  change whole with [0; 1; 2; 3; 4; 5; 6; 7; 8; 9; 10; 11]%nat in C.
  repeat match goal with C : Forall _ (_ :: _) |- _ => inversion C; clear C end. cbn [nth] in *.
  cbn [map]. repeat (apply Forall2_cons; [assumption|]). apply Forall2_nil.
Qed.

Lemma result_power_sound tuples a args e ins outs n c :
  known_powers tuples -> length args = arguments a -> result_power tuples a args = Some e -> acts a ins outs ->
  ins = map w args -> outs = map w (registers n c) -> (12 <= c)%nat -> stands (tuple n) (power e g).
Proof.
  intros T L H A -> -> C.
  assert (Out : elements_of (firstn 12 (map w (registers n c))) = tuple n).
  { unfold elements_of, tuple. rewrite firstn_map, map_map. f_equal. unfold registers. rewrite firstn_map. f_equal.
    do 12 (destruct c as [|c]; [lia|]). reflexivity. }
  destruct a; unfold acts in A; cbn [result_power arguments] in *; rewrite Out in A.
  - destruct (exponent_of tuples whole (firstn 12 args)) as [i|] eqn:E; [|discriminate].
    destruct (exponent_of tuples whole (skipn 12 args)) as [j|] eqn:F; [|discriminate]. injection H as <-.
    rewrite <- times_power. apply A.
    + rewrite firstn_map. apply (whole_stands tuples); [exact T|rewrite firstn_length, L; reflexivity|exact E].
    + rewrite skipn_map. apply (whole_stands tuples); [exact T|rewrite skipn_length, L; reflexivity|exact F].
  - destruct (exponent_of tuples whole args) as [i|] eqn:E; [|discriminate]. injection H as <-.
    replace (- i) with (-1 * i) by ring. rewrite <- power_power. apply A. eapply whole_stands; eassumption.
  - destruct (exponent_of tuples whole args) as [i|] eqn:E; [|discriminate]. injection H as <-.
    rewrite <- power_power. apply A. eapply whole_stands; eassumption.
  - destruct (exponent_of tuples whole args) as [i|] eqn:E; [|discriminate].
    destruct (Z.eqb_spec (i mod easy) 0) as [D|]; [|discriminate]. injection H as <-.
    apply Z.mod_divide in D; [|vm_compute; discriminate]. destruct D as [j ->].
    rewrite <- power_power, (Z.mul_comm j), <- power_power. apply A. rewrite power_power, Z.mul_comm.
    eapply whole_stands; eassumption.
  - destruct (exponent_of tuples read_by_compressed args) as [i|] eqn:E; [|discriminate].
    destruct (Z.eqb_spec (i mod easy) 0) as [D|]; [|discriminate]. injection H as <-.
    assert (W : Forall (fun i => (i < 12)%nat) read_by_compressed) by (repeat constructor).
    destruct (exponent_of_sound _ _ _ _ T L W E) as [x [S [Lx R]]].
    apply Z.mod_divide in D; [|vm_compute; discriminate]. destruct D as [j ->].
    rewrite <- power_power, (Z.mul_comm j), <- power_power.
    apply (A x); [rewrite power_power, Z.mul_comm; exact S|exact Lx|].
    eapply Forall_impl; [|exact R]. intros i Hi. cbv beta in Hi.
    destruct (Nat.lt_ge_cases i 12).
    + rewrite (nth_indep _ _ (w 1%positive)) by (rewrite map_length, L; assumption). rewrite map_nth. exact Hi.
    + rewrite (nth_overflow (map w args)) by (rewrite map_length, L; assumption).
      rewrite (nth_overflow x) in * by lia. apply congruent_refl.
Qed.

Theorem powers_sound ss : forall codes n tuples,
  execution codes used n ss w -> known_powers tuples -> known_powers (powers n ss tuples).
Proof.
  induction ss as [|st ss IH]; intros codes n tuples X T; [exact T|]. destruct X as [X Y]. cbn [powers].
  apply (IH codes); [exact Y|]. clear IH Y.
  destruct st; try exact T. destruct (action_of k) as [a|] eqn:A; [|exact T].
  destruct ((Pos.eqb results 12 || Pos.eqb results 13) && Nat.eqb (length args) (arguments a)) eqn:B; [|exact T].
  destruct (result_power tuples a args) as [e|] eqn:E; [|exact T].
  apply andb_prop in B. destruct B as [B L]. apply Nat.eqb_eq in L.
  destruct X as [f [U X]].
  assert (C : Pos.to_nat results = 12%nat \/ Pos.to_nat results = 13%nat).
  { apply orb_prop in B. destruct B as [B|B]; apply Pos.eqb_eq in B; subst; auto. }
  intros m d [I|I]; [injection I as <- <-; rewrite power_order|exact (T _ _ I)].
  eapply (result_power_sound tuples a args e _ _ n (Pos.to_nat results)); try eassumption; try reflexivity.
  - eapply actions; [exact U|exact A|exact X|]. unfold registers. rewrite !map_length, seq_length. exact C.
  - lia.
Qed.
End Chain.
