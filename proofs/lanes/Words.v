(** Two analyses of programs on words.

    [ranges] computes an interval for each register and refuses a program in which an addition, subtraction or shift may
    leave the 64 bits. [polynomials] computes each register as a polynomial, and [residual] reduces a difference of such
    polynomials by the two identities
      x = x mod 2^52 + 2^52 (x / 2^52),   a b = lo + 2^52 hi. *)
Require Import ZArith List Lia Bool FMapPositive.
From Lanes Require Import Poly Statements.
Import ListNotations.
Open Scope Z_scope.
Local Arguments Z.add : simpl never.
Local Arguments Z.sub : simpl never.
Local Arguments Z.mul : simpl never.
Local Arguments Z.pow : simpl never.
Local Arguments Z.div : simpl never.
Local Arguments Z.modulo : simpl never.

(** The same without a limit to the size of words. *)
Fixpoint exact (n : reg) (p : list instr) (e : reg -> Z) : Prop :=
  match p with
  | [] => True
  | i :: p => e n = unbounded i e /\ exact (Pos.succ n) p e
  end.

(** ** Ranges *)

Notation intervals := (PositiveMap.t interval).

Definition word (i : interval) : bool := (- half_word <=? fst i) && (snd i <? half_word).
Definition below (i : interval) (n : Z) : bool := (0 <=? fst i) && (snd i <? n).

(** Upper bounds of the low 52 bits, and of the halves of a product. Large products are not computed: their low half may be
    anything, and their high half is at most each factor. *)
Definition low_bits (x : interval) : Z := if below x limb then snd x else limb - 1.
Definition small (x y : Z) : bool := Z.log2 x + Z.log2 y <=? 50.
Definition low_bound (x y : interval) : Z :=
  let a := low_bits x in let b := low_bits y in if small a b then a * b else limb - 1.
Definition high_bound (x y : interval) : Z :=
  let a := low_bits x in let b := low_bits y in if small a b then 0 else Z.min a b.

Definition range (m : intervals) (i : instr) : option interval :=
  let get a k := match PositiveMap.find a m with Some x => k x | None => None end in
  let checked x := if word x then Some x else None in
  match i with
  | Splat c => checked (c, c)
  | Plus a b => get a (fun x => get b (fun y => checked (fst x + fst y, snd x + snd y)))
  | Minus a b => get a (fun x => get b (fun y => checked (fst x - snd y, snd x - fst y)))
  | And a b => get a (fun x => get b (fun y => if 0 <=? fst y then checked (0, snd y) else None))
  | Or a b =>
      get a (fun x => get b (fun y =>
        if word x && word y then checked (- half_word, half_word - 1) else None))
  | PlusLow c a b =>
      get c (fun z => get a (fun x => get b (fun y => checked (fst z, snd z + low_bound x y))))
  | PlusHigh c a b =>
      get c (fun z => get a (fun x => get b (fun y => checked (fst z, snd z + high_bound x y))))
  | Times32 a b =>
      get a (fun x => get b (fun y =>
        if below x 4294967296 && below y 4294967296 then checked (0, snd x * snd y) else None))
  | ShiftRight n a =>
      get a (fun x =>
        if 0 <=? n
        then checked (if below x half_word then (fst x / 2 ^ n, snd x / 2 ^ n) else (0, 2 ^ 64 / 2 ^ n)) else None)
  | SignedShift n a => get a (fun x => if 0 <=? n then checked (fst x / 2 ^ n, snd x / 2 ^ n) else None)
  | ShiftLeft n a => get a (fun _ => checked (- half_word, half_word - 1))
  | LessAtLeastZero n a =>
      get a (fun x =>
        if word (fst x - n, snd x - n) then checked (Z.max (fst x - n) 0, Z.max (snd x - n) 0) else None)
  | Blend k a b =>
      get k (fun _ => get a (fun x => get b (fun y => checked (Z.min (fst x) (fst y), Z.max (snd x) (snd y)))))
  | IsNegative a => get a (fun _ => checked (0, 1))
  | IsZero a => get a (fun _ => checked (0, 1))
  end.

Fixpoint ranges (n : reg) (p : list instr) (m : intervals) : option intervals :=
  match p with
  | [] => Some m
  | i :: p =>
      match range m i with
      | Some x => ranges (Pos.succ n) p (PositiveMap.add n x m)
      | None => None
      end
  end.

Definition holds (e : reg -> Z) (m : intervals) : Prop :=
  forall r x, PositiveMap.find r m = Some x -> inside (e r) x.

Lemma wrap_small z : - 2 ^ 63 <= z < 2 ^ 63 -> wrap z = z.
Proof. intros H. unfold wrap. rewrite Z.mod_small; lia. Qed.

Lemma wrap_range z : - 2 ^ 63 <= wrap z < 2 ^ 63.
Proof. unfold wrap. pose proof (Z.mod_pos_bound (z + 2 ^ 63) (2 ^ 64) ltac:(lia)). lia. Qed.

Lemma word_spec x z : word x = true -> inside z x -> - 2 ^ 63 <= z < 2 ^ 63.
Proof.
  unfold word, inside. intros H [L U]. apply andb_prop in H. destruct H as [A B].
  apply Z.leb_le in A. apply Z.ltb_lt in B. lia.
Qed.

Lemma below_spec x n z : below x n = true -> inside z x -> 0 <= z < n.
Proof.
  unfold below, inside. intros H [L U]. apply andb_prop in H. destruct H as [A B].
  apply Z.leb_le in A. apply Z.ltb_lt in B. lia.
Qed.

Lemma below_snd x n z : below x n = true -> inside z x -> 0 <= z <= snd x.
Proof. intros H I. pose proof (below_spec _ _ _ H I). destruct I. lia. Qed.

Lemma low_bits_spec x a : inside a x -> 0 <= a mod limb <= low_bits x.
Proof.
  intros A. assert (0 <= a mod limb < limb) by (apply Z.mod_pos_bound; lia).
  unfold low_bits. destruct (below x limb) eqn:E; [|lia].
  pose proof (below_spec _ _ _ E A). pose proof (below_snd _ _ _ E A). rewrite Z.mod_small; lia.
Qed.

Lemma small_spec x y : 0 <= x -> 0 <= y -> small x y = true -> x * y < limb.
Proof.
  intros X Y H. unfold small in H. apply Z.leb_le in H.
  destruct (Z.eq_dec x 0) as [->|NX]; [lia|]. destruct (Z.eq_dec y 0) as [->|NY]; [lia|].
  pose proof (Z.log2_spec x ltac:(lia)) as [_ A]. pose proof (Z.log2_spec y ltac:(lia)) as [_ B].
  pose proof (Z.log2_nonneg x). pose proof (Z.log2_nonneg y).
  apply Z.lt_le_trans with (2 ^ Z.succ (Z.log2 x) * 2 ^ Z.succ (Z.log2 y)); [nia|].
  rewrite <- Z.pow_add_r by lia. change limb with (2 ^ 52). apply Z.pow_le_mono_r; lia.
Qed.

Lemma low_bound_spec x y a b :
  inside a x -> inside b y -> 0 <= (a mod limb * (b mod limb)) mod limb <= low_bound x y.
Proof.
  intros A B. apply low_bits_spec in A, B.
  assert (0 <= (a mod limb * (b mod limb)) mod limb < limb) by (apply Z.mod_pos_bound; lia).
  assert ((a mod limb * (b mod limb)) mod limb <= a mod limb * (b mod limb)) by (apply Z.mod_le; nia).
  unfold low_bound. destruct (small _ _); nia.
Qed.

Lemma high_bound_spec x y a b :
  inside a x -> inside b y -> 0 <= (a mod limb * (b mod limb)) / limb <= high_bound x y.
Proof.
  intros A B. apply low_bits_spec in A, B. unfold high_bound.
  assert (MA : 0 <= a mod limb < limb) by (apply Z.mod_pos_bound; lia).
  assert (MB : 0 <= b mod limb < limb) by (apply Z.mod_pos_bound; lia).
  split; [apply Z.div_pos; nia|].
  destruct (small (low_bits x) (low_bits y)) eqn:S.
  - apply small_spec in S; [|lia|lia]. rewrite Z.div_small by nia. lia.
  - apply Z.min_glb.
    + apply Z.le_trans with (a mod limb * limb / limb); [apply Z.div_le_mono; nia|]. rewrite Z.div_mul by lia. lia.
    + apply Z.le_trans with (b mod limb * limb / limb); [apply Z.div_le_mono; nia|]. rewrite Z.div_mul by lia. lia.
Qed.

Lemma div_inside x z n : 0 <= n -> inside z x -> inside (z / 2 ^ n) (fst x / 2 ^ n, snd x / 2 ^ n).
Proof. intros N [L U]. pose proof (Z.pow_pos_nonneg 2 n). split; simpl; apply Z.div_le_mono; lia. Qed.

Lemma lor_word x y : - half_word <= x < half_word -> - half_word <= y < half_word -> - half_word <= Z.lor x y <= half_word - 1.
Proof.
  assert (S : forall z, - half_word <= z < half_word <-> Z.shiftr z 63 = 0 \/ Z.shiftr z 63 = -1).
  { intros z. rewrite Z.shiftr_div_pow2 by discriminate. change (2 ^ 63) with half_word.
    pose proof (Z.div_mod z half_word ltac:(discriminate)). pose proof (Z.mod_pos_bound z half_word ltac:(reflexivity)). lia. }
  intros X Y. enough (- half_word <= Z.lor x y < half_word) by lia.
  rewrite S in X, Y |- *. rewrite Z.shiftr_lor. destruct X as [-> | ->], Y as [-> | ->]; auto.
Qed.

Lemma land_le a b : 0 <= b -> 0 <= Z.land a b <= b.
Proof.
  intros B. split; [apply Z.land_nonneg; lia|].
  assert (Z.ldiff (Z.land a b) b = 0) as Z.
  { apply Z.bits_inj'. intros k K. rewrite Z.ldiff_spec, Z.land_spec, Z.bits_0.
    destruct (Z.testbit a k), (Z.testbit b k); reflexivity. }
  pose proof (Z.sub_nocarry_ldiff b _ Z) as S.
  assert (0 <= Z.ldiff b (Z.land a b)) by (apply Z.ldiff_nonneg; lia). lia.
Qed.

Ltac step :=
  match goal with
  | H : match PositiveMap.find ?a ?m with _ => _ end = Some _ |- _ =>
      let E := fresh "E" in destruct (PositiveMap.find a m) eqn:E; [|discriminate H]
  | H : (if ?b then _ else None) = Some _ |- _ =>
      let E := fresh "C" in destruct b eqn:E; [|discriminate H]
  | H : Some _ = Some _ |- _ => injection H as H; subst
  end.

Lemma range_sound m i x e :
  range m i = Some x -> holds e m -> inside (unbounded i e) x /\ word x = true.
Proof.
  intros H M.
  destruct i; simpl in H; repeat step;
    repeat match goal with E : PositiveMap.find _ m = Some _ |- _ => apply M in E end;
    repeat match goal with E : _ && _ = true |- _ => apply andb_prop in E; destruct E end;
    (split; [|assumption || reflexivity]).
  - (* Splat *) unfold inside; simpl; lia.
  - (* Plus *) unfold inside in *; simpl in *; lia.
  - (* Minus *) unfold inside in *; simpl in *; lia.
  - (* And *) unfold inside in *; simpl in *.
    match goal with E : (0 <=? _) = true |- _ => apply Z.leb_le in E end.
    pose proof (land_le (e a) (e b)). lia.
  - (* Or *)
    repeat match goal with W : word ?x = true, A : inside _ ?x |- _ => apply (word_spec _ _ W) in A; clear W end.
    unfold inside; cbn [fst snd unbounded]. apply lor_word; assumption.
  - (* PlusLow *)
    match goal with A : inside (e a) ?x, B : inside (e b) ?y |- _ => pose proof (low_bound_spec _ _ _ _ A B) end.
    unfold inside in *; simpl in *; lia.
  - (* PlusHigh *)
    match goal with A : inside (e a) ?x, B : inside (e b) ?y |- _ => pose proof (high_bound_spec _ _ _ _ A B) end.
    unfold inside in *; simpl in *; lia.
  - (* Times32 *)
    match goal with
    | X : below ?x _ = true, Y : below ?y _ = true, A : inside (e a) ?x, B : inside (e b) ?y |- _ =>
        pose proof (below_spec _ _ _ X A); pose proof (below_spec _ _ _ Y B);
        pose proof (below_snd _ _ _ X A); pose proof (below_snd _ _ _ Y B)
    end.
    unfold inside; simpl. rewrite !Z.mod_small by lia. nia.
  - (* ShiftRight *)
    match goal with E : (0 <=? n) = true |- _ => apply Z.leb_le in E end.
    simpl. destruct (below _ half_word) eqn:Q.
    + match goal with A : inside (e a) ?x |- _ => pose proof (below_spec _ _ _ Q A) end.
      rewrite Z.mod_small by lia. apply div_inside; assumption.
    + pose proof (Z.pow_pos_nonneg 2 n ltac:(lia) ltac:(assumption)).
      pose proof (Z.mod_pos_bound (e a) (2 ^ 64) ltac:(lia)).
      unfold inside; cbn [fst snd]. split; [apply Z.div_pos; lia|apply Z.div_le_mono; lia].
  - (* SignedShift *)
    match goal with E : (0 <=? n) = true |- _ => apply Z.leb_le in E end. apply div_inside; assumption.
  - (* ShiftLeft *)
    pose proof (wrap_range (e a * 2 ^ n)). unfold inside; cbn [fst snd unbounded]. lia.
  - (* LessAtLeastZero *)
    match goal with W : word (_ - n, _) = true, A : inside (e a) ?x |- _ =>
      assert (R : - 2 ^ 63 <= e a - n < 2 ^ 63) by (apply (word_spec _ _ W); unfold inside in *; simpl; lia)
    end.
    simpl. rewrite (wrap_small _ R). unfold inside in *; simpl in *; lia.
  - (* Blend *) simpl. unfold inside in *; simpl in *. destruct (e mask =? 0); lia.
  - (* IsNegative *) simpl. unfold inside; simpl. destruct (e a <? 0); lia.
  - (* IsZero *) simpl. unfold inside; simpl. destruct (e a =? 0); lia.
Qed.

Lemma holds_add e m n x : holds e m -> inside (e n) x -> holds e (PositiveMap.add n x m).
Proof.
  intros H I r y. destruct (Pos.eq_dec r n) as [->|N].
  - rewrite PositiveMap.gss. intros S; injection S as <-. exact I.
  - rewrite PositiveMap.gso by congruence. apply H.
Qed.

Theorem ranges_sound p : forall n m m' e,
  ranges n p m = Some m' -> holds e m -> trace n p e -> holds e m' /\ exact n p e.
Proof.
  induction p as [|i p IH]; simpl; intros n m m' e R H T.
  - injection R as <-. auto.
  - destruct (range m i) as [x|] eqn:E; [|discriminate]. destruct T as [V T].
    destruct (range_sound _ _ _ _ E H) as [I W].
    unfold meaning in V. rewrite wrap_small in V by (apply (word_spec x); assumption).
    destruct (IH _ _ _ e R) as [H' X]; [|exact T|auto].
    apply holds_add; [exact H|]. rewrite V. exact I.
Qed.

(** ** Instructions by their registers *)

Definition instr_at (n : reg) (p : list instr) (r : reg) : option instr :=
  if (r <? n)%positive then None else nth_error p (Pos.to_nat r - Pos.to_nat n).

Lemma exact_nth p : forall n e k i,
  exact n p e -> nth_error p k = Some i -> e (Pos.of_nat (Pos.to_nat n + k)) = unbounded i e.
Proof.
  induction p as [|j p IH]; intros n e k i X H; destruct k; try discriminate; destruct X as [V X].
  - injection H as <-. rewrite Nat.add_0_r, Pos2Nat.id. exact V.
  - replace (Pos.to_nat n + S k)%nat with (Pos.to_nat (Pos.succ n) + k)%nat by lia. eapply IH; eassumption.
Qed.

Lemma instr_at_sound n p e r i : exact n p e -> instr_at n p r = Some i -> e r = unbounded i e.
Proof.
  unfold instr_at. destruct (Pos.ltb_spec r n) as [|L]; [discriminate|]. intros X H.
  rewrite <- (exact_nth _ _ _ _ _ X H). f_equal. lia.
Qed.

(** ** Values as polynomials *)

(** What a polynomial is made of: the value of a register, its low 52 bits, the bits above them as a signed number,
    and both halves of the product of the low 52 bits of two registers. *)
Inductive atom := Whole (r : reg) | Low (r : reg) | Upper (r : reg) | LowOf (a b : reg) | HighOf (a b : reg).

Definition low (e : reg -> Z) (r : reg) : Z := e r mod limb.

Definition value (e : reg -> Z) (a : atom) : Z :=
  match a with
  | Whole r => e r
  | Low r => low e r
  | Upper r => e r / limb
  | LowOf a b => (low e a * low e b) mod limb
  | HighOf a b => (low e a * low e b) / limb
  end.

(** Later registers come first, and [Upper] before all others, so that [residual] meets them in a good order. *)
Definition compare_atoms (x y : atom) : comparison :=
  let pair a b c d := match Pos.compare c a with Eq => Pos.compare d b | o => o end in
  match x, y with
  | Upper a, Upper b => Pos.compare b a
  | Upper _, _ => Lt
  | _, Upper _ => Gt
  | HighOf a b, HighOf c d => pair a b c d
  | HighOf _ _, _ => Lt
  | _, HighOf _ _ => Gt
  | LowOf a b, LowOf c d => pair a b c d
  | LowOf _ _, _ => Lt
  | _, LowOf _ _ => Gt
  | Low a, Low b => Pos.compare b a
  | Low _, _ => Lt
  | _, Low _ => Gt
  | Whole a, Whole b => Pos.compare b a
  end.

Lemma compare_atoms_eq x y : compare_atoms x y = Eq -> x = y.
Proof.
  destruct x, y; simpl; try discriminate;
    repeat match goal with
    | |- context [match Pos.compare ?a ?b with _ => _ end] => destruct (Pos.compare a b) eqn:?E
    end; intros H; try discriminate;
    repeat match goal with E : Pos.compare _ _ = Eq |- _ => apply Pos.compare_eq in E; subst end; reflexivity.
Qed.

Notation polynomial := (poly atom).
Notation evaluate e := (eval atom (value e)).
Notation padd := (add atom compare_atoms).
Notation psub := (sub atom compare_atoms).
Notation pmul := (mul atom compare_atoms).
Notation pscale := (scale atom).
Notation pconst := (constant atom).
Notation patom := (Poly.atom atom).

Definition as_constant (p : polynomial) : option Z :=
  match p with
  | [] => Some 0
  | [([], c)] => Some c
  | _ => None
  end.

Notation polynomials_of := (PositiveMap.t polynomial).

Definition find_polynomial (m : polynomials_of) (r : reg) : polynomial :=
  match PositiveMap.find r m with Some p => p | None => patom (Whole r) end.

Definition low_polynomial (m : polynomials_of) (r : reg) : polynomial :=
  match as_constant (find_polynomial m r) with
  | Some c => pconst (c mod limb)
  | None => patom (Low r)
  end.

(** What is not known about an instruction stays an atom of its own. *)
Definition polynomial_of (m : polynomials_of) (n : reg) (i : instr) : polynomial :=
  match i with
  | Splat c => pconst c
  | Plus a b => padd (find_polynomial m a) (find_polynomial m b)
  | Minus a b => psub (find_polynomial m a) (find_polynomial m b)
  | And a b =>
      match as_constant (find_polynomial m b) with
      | Some c => if c =? limb - 1 then low_polynomial m a else patom (Whole n)
      | None => patom (Whole n)
      end
  | PlusLow c a b => padd (find_polynomial m c) (patom (LowOf a b))
  | PlusHigh c a b => padd (find_polynomial m c) (patom (HighOf a b))
  | SignedShift k a => if k =? 52 then patom (Upper a) else patom (Whole n)
  | _ => patom (Whole n)
  end.

Fixpoint polynomials (n : reg) (p : list instr) (m : polynomials_of) : polynomials_of :=
  match p with
  | [] => m
  | i :: p => polynomials (Pos.succ n) p (PositiveMap.add n (polynomial_of m n i) m)
  end.

Definition correct (e : reg -> Z) (m : polynomials_of) : Prop :=
  forall r p, PositiveMap.find r m = Some p -> e r = evaluate e p.

Lemma find_correct e m r : correct e m -> evaluate e (find_polynomial m r) = e r.
Proof.
  intros C. unfold find_polynomial. destruct (PositiveMap.find r m) eqn:E.
  - symmetry. apply C, E.
  - apply eval_atom.
Qed.

Lemma as_constant_sound e p c : as_constant p = Some c -> evaluate e p = c.
Proof.
  destruct p as [|[m d] [|]]; simpl; try (destruct m); intros H; try discriminate; injection H as <-; simpl; ring.
Qed.

Lemma low_correct e m r : correct e m -> evaluate e (low_polynomial m r) = low e r.
Proof.
  intros C. unfold low_polynomial. destruct (as_constant (find_polynomial m r)) as [c|] eqn:E.
  - rewrite eval_constant. unfold low. rewrite <- (find_correct e m r C), (as_constant_sound _ _ _ E). reflexivity.
  - apply eval_atom.
Qed.

Lemma land_limb x : Z.land x (limb - 1) = x mod limb.
Proof. replace (limb - 1) with (Z.ones 52) by reflexivity. apply Z.land_ones. lia. Qed.

Lemma polynomial_of_sound e m n i :
  correct e m -> e n = unbounded i e -> evaluate e (polynomial_of m n i) = e n.
Proof.
  intros C V. destruct i; cbn [polynomial_of unbounded] in *; try apply eval_atom.
  - rewrite eval_constant. congruence.
  - rewrite eval_add, !find_correct by (exact compare_atoms_eq || assumption). congruence.
  - rewrite eval_sub, !find_correct by (exact compare_atoms_eq || assumption). congruence.
  - destruct (as_constant (find_polynomial m b)) as [c|] eqn:E; [|apply eval_atom].
    destruct (Z.eqb_spec c (limb - 1)) as [->|]; [|apply eval_atom].
    rewrite low_correct by assumption. unfold low. rewrite V, <- land_limb. f_equal.
    rewrite <- (find_correct e m b C), (as_constant_sound _ _ _ E). reflexivity.
  - rewrite eval_add, find_correct, eval_atom by (exact compare_atoms_eq || assumption). symmetry. exact V.
  - rewrite eval_add, find_correct, eval_atom by (exact compare_atoms_eq || assumption). symmetry. exact V.
  - destruct (Z.eqb_spec n0 52) as [->|]; [|apply eval_atom]. rewrite eval_atom. symmetry. exact V.
Qed.

Lemma polynomials_sound p : forall n m e, correct e m -> exact n p e -> correct e (polynomials n p m).
Proof.
  induction p as [|i p IH]; simpl; intros n m e C X; [exact C|]. destruct X as [V X].
  apply IH; [|exact X]. intros r q. destruct (Pos.eq_dec r n) as [->|N].
  - rewrite PositiveMap.gss. intros S; injection S as <-. symmetry. apply polynomial_of_sound; assumption.
  - rewrite PositiveMap.gso by congruence. apply C.
Qed.

(** Replaces the first [Upper] or [HighOf], if its coefficient is a multiple of 2^52. *)
Fixpoint replace (m : polynomials_of) (p : polynomial) : option (polynomial * polynomial) :=
  match p with
  | [] => None
  | ([Upper r], c) :: p =>
      if c mod limb =? 0
      then Some (p, pscale (c / limb) (psub (find_polynomial m r) (low_polynomial m r))) else None
  | ([HighOf a b], c) :: p =>
      if c mod limb =? 0
      then Some (p, pscale (c / limb) (psub (pmul (low_polynomial m a) (low_polynomial m b)) (patom (LowOf a b))))
      else None
  | t :: p => match replace m p with Some (q, x) => Some (t :: q, x) | None => None end
  end.

Fixpoint residual (fuel : nat) (m : polynomials_of) (p : polynomial) : polynomial :=
  match fuel with
  | O => p
  | S fuel => match replace m p with Some (q, x) => residual fuel m (padd q x) | None => p end
  end.

Lemma replace_sound e m p : forall q x,
  correct e m -> replace m p = Some (q, x) -> evaluate e p = evaluate e q + evaluate e x.
Proof.
  induction p as [|[mono c] p IH]; intros q x C R; [discriminate|].
  assert (Default : match replace m p with Some (q, x) => Some ((mono, c) :: q, x) | None => None end = Some (q, x) ->
    evaluate e ((mono, c) :: p) = evaluate e q + evaluate e x).
  { destruct (replace m p) as [[q' x']|] eqn:E; [|discriminate]. intros H. injection H as <- <-.
    simpl. rewrite (IH _ _ C eq_refl). ring. }
  destruct mono as [|[r|r|r|a b|a b] [|]]; try (apply Default; exact R); clear Default; simpl in R.
  - destruct (Z.eqb_spec (c mod limb) 0) as [D|]; [|discriminate]. injection R as <- <-.
    rewrite eval_scale, eval_sub, find_correct, low_correct by (exact compare_atoms_eq || assumption).
    simpl. unfold low. pose proof (Z.div_mod (e r) limb ltac:(lia)). pose proof (Z.div_mod c limb ltac:(lia)). nia.
  - destruct (Z.eqb_spec (c mod limb) 0) as [D|]; [|discriminate]. injection R as <- <-.
    rewrite eval_scale, eval_sub, eval_mul, eval_atom, !low_correct by (exact compare_atoms_eq || assumption).
    simpl. pose proof (Z.div_mod (low e a * low e b) limb ltac:(lia)). pose proof (Z.div_mod c limb ltac:(lia)). nia.
Qed.

Lemma residual_sound e m fuel : forall p, correct e m -> evaluate e (residual fuel m p) = evaluate e p.
Proof.
  induction fuel as [|fuel IH]; intros p C; [reflexivity|]. simpl.
  destruct (replace m p) as [[q x]|] eqn:E; [|reflexivity].
  rewrite IH, eval_add, (replace_sound e m p q x C E) by (exact compare_atoms_eq || assumption). reflexivity.
Qed.
