(** The walk through the steps of a kernel.

    [walk] keeps, for each register, an interval for each word, an interval for its number, and its number as a polynomial
    in the numbers of other registers, over the integers. Where a reduction or weakening makes a new number, it keeps the
    equation modulo p that defines the number. [walk_sound] says that all this is true of each execution, in which therefore
    no word overflows. *)
Require Import ZArith List Lia Bool FMapPositive.
From Lanes Require Import Poly Statements Words Methods.
Import ListNotations.
Open Scope Z_scope.
Local Arguments Z.add : simpl never.
Local Arguments Z.sub : simpl never.
Local Arguments Z.mul : simpl never.
Local Arguments Z.pow : simpl never.
Local Arguments Z.div : simpl never.
Local Arguments Z.modulo : simpl never.

(** Polynomials in the numbers of registers. *)
Notation npoly := (poly reg).
Notation nadd := (add reg Pos.compare).
Notation nsub := (sub reg Pos.compare).
Notation nmul := (mul reg Pos.compare).
Notation nscale := (scale reg).
Notation nconst := (constant reg).
Notation natom := (Poly.atom reg).
Notation nval := (eval reg).

Section Codes.
Variable codes : list (method * code).
(** The greatest numbers of the inputs and of the outputs of the used kernels, with alternatives for each kernel. *)
Variable contracts : list (list (list Z * list Z)).

(** ** Ranges of a method *)

Definition put (m : intervals) (x : reg * interval) : intervals := PositiveMap.add (fst x) (snd x) m.

Fixpoint all {A} (l : list (option A)) : option (list A) :=
  match l with
  | [] => Some []
  | Some x :: l => match all l with Some xs => Some (x :: xs) | None => None end
  | None :: _ => None
  end.

Definition call_ranges (m : method) (c : code) (ins : list (list interval)) : option (list (list interval)) :=
  match ranges (first m) (body c)
          (fold_left put (combine (concat (parameters m)) (concat ins)) (PositiveMap.empty _)) with
  | Some found => all (map (fun rs => all (map (fun r => PositiveMap.find r found) rs)) (results c))
  | None => None
  end.

(** ** Numbers as polynomials *)

(** What is known about a register: intervals of its words, its number as a polynomial, and an interval of its number. *)
Inductive known :=
(** A value, or a sum whose limbs have no carries yet; and a factor, of which only the low bits count. *)
| Sum (is : list interval) (q : npoly) (b : interval)
| Fact (is : list interval) (q : npoly) (b : interval)
| Wide (is : list interval) (q : npoly) (b : interval)
(** A column: the column [i] of a sum of wide values, a polynomial of degree 1 in their registers. *)
| Column (is : interval) (i : nat) (q : npoly).

Record state := State {
  known_of : PositiveMap.t known;
  (** The range of the number of a register. *)
  range_of : PositiveMap.t interval;
  (** R times the number of a register is congruent to this, modulo p. *)
  defined : list (reg * npoly)
}.

Definition set (n : reg) (k : known) (s : state) : state :=
  State (PositiveMap.add n k (known_of s)) (range_of s) (defined s).

(** A register whose number is an atom. *)
Definition set_atom (n : reg) (is : list interval) (i : interval) (d : npoly) (s : state) : state :=
  State (PositiveMap.add n (Sum is (natom n) i) (known_of s)) (PositiveMap.add n i (range_of s)) ((n, d) :: defined s).

(** The same without an equation. *)
Definition set_free (n : reg) (is : list interval) (i : interval) (s : state) : state :=
  State (PositiveMap.add n (Sum is (natom n) i) (known_of s)) (PositiveMap.add n i (range_of s)) (defined s).

(** Bounds of a polynomial whose atoms are not negative. *)
Fixpoint monomial_bounds (m : PositiveMap.t interval) (mono : list reg) : option interval :=
  match mono with
  | [] => Some (1, 1)
  | r :: mono =>
      match PositiveMap.find r m, monomial_bounds m mono with
      | Some x, Some y => if 0 <=? fst x then Some (fst x * fst y, snd x * snd y) else None
      | _, _ => None
      end
  end.

Fixpoint bounds (m : PositiveMap.t interval) (q : npoly) : option interval :=
  match q with
  | [] => Some (0, 0)
  | (mono, c) :: q =>
      match monomial_bounds m mono, bounds m q with
      | Some x, Some y =>
          if 0 <=? c then Some (c * fst x + fst y, c * snd x + snd y)
          else Some (c * snd x + fst y, c * fst x + snd y)
      | _, _ => None
      end
  end.

(** The limbs of a value with carries, for its number: all but the top one are below 2^52, and the top one is the quotient
    of the number by 2^364. *)
Definition limbs_of (is : list interval) (b : interval) : list interval :=
  firstn 7 is ++ [(Z.shiftr (fst b) 364, Z.shiftr (snd b) 364)].
Definition carried (is : list interval) : bool :=
  Nat.eqb (length is) 8 && forallb (fun i => below i limb) (firstn 7 is).

(** The bound of a value after it was weakened, for the largest top limb. *)
Definition weak_bound (top : Z) : Z :=
  ((512 * 2 ^ 364 + p) * 2 ^ 40 + Z.max (top - 256) 0 * (2 ^ 404 - quotient * p)) / 2 ^ 40 + 1.

(** Whether the limbs below the top one are worth at most 256 of its units. *)
Definition near (is : list interval) : bool :=
  let sum f := fold_right (fun i s => f i + limb * s) 0 (firstn 7 is) in
  (- 256 * 2 ^ 364 <=? sum fst) && (sum snd <=? 256 * 2 ^ 364).

(** Whether a value can be weakened. *)
Definition weakable (is : list interval) (b : interval) : bool :=
  Nat.eqb (length is) 8 && near is && (- 2 ^ 62 <=? fst (nth 7 is (0, 0))) && (snd (nth 7 is (0, 0)) <? 2 ^ 32) &&
  (0 <=? fst b) && (weak_bound (snd (nth 7 is (0, 0))) <? R).

Definition reduced_range (k : Z) (b : interval) : interval :=
  (- Z.shiftr (- (fst b + k * p * R)) 416, Z.shiftr (snd b + k * p * R + p * (2 * R - 1)) 416).

(** Sums, differences and products of intervals. *)
Definition plus (x y : interval) : interval := (fst x + fst y, snd x + snd y).
Definition minus (x y : interval) : interval := (fst x - snd y, snd x - fst y).
Definition times (x y : interval) : interval :=
  let a := fst x * fst y in let b := fst x * snd y in let c := snd x * fst y in let d := snd x * snd y in
  (Z.min (Z.min a b) (Z.min c d), Z.max (Z.max a b) (Z.max c d)).
Definition by_R (x : interval) : interval := (R * fst x, R * snd x).
Definition intersection (x y : interval) : interval := (Z.max (fst x) (fst y), Z.min (snd x) (snd y)).

Definition subsumed (is js : list interval) : bool :=
  Nat.eqb (length is) (length js) &&
  forallb (fun t => (fst (snd t) <=? fst (fst t)) && (snd (fst t) <=? snd (snd t))) (combine is js).

(** Whether a value with these words and this number has carries and is at most [bound]. *)
Definition within (is : list interval) (b : interval) (bound : Z) : bool :=
  (0 <=? fst b) && (snd b <=? bound) && subsumed is (limbs_below bound).

(** Values that are known by their bounds alone. *)
Fixpoint set_all (n : reg) (bounds : list Z) (s : state) : state :=
  match bounds with
  | [] => s
  | b :: bs => set_all (Pos.succ n) bs (set_free n (limbs_below b) (0, b) s)
  end.

Section Advance.
Variable s : state.

(** The bounds that both the steps and the polynomial give. *)
Definition best (q : npoly) (b : interval) : interval :=
  match bounds (range_of s) q with Some c => intersection b c | None => b end.

Definition intervals_of (k : known) : list interval :=
  match k with Sum is _ _ | Fact is _ _ | Wide is _ _ => is | Column i _ _ => [i] end.

Definition get (r : reg) : option known := PositiveMap.find r (known_of s).
Definition get_sum (r : reg) : option (list interval * npoly * interval) :=
  match get r with Some (Sum is q b) => Some (is, q, b) | _ => None end.
Definition get_factor (r : reg) : option (npoly * interval) :=
  match get r with
  | Some (Fact _ q b) => Some (q, b)
  | Some (Sum is q b) => if forallb (fun i => below i limb) is then Some (q, b) else None
  | _ => None
  end.
Definition get_wide (r : reg) : option (list interval * npoly * interval) :=
  match get r with Some (Wide is q b) => Some (is, q, b) | _ => None end.
Definition get_column (r : reg) : option (interval * nat * npoly) :=
  match get r with Some (Column i j q) => Some (i, j, q) | _ => None end.

Definition call_of (m : method) (args : list reg) : option (list (list interval)) :=
  match code_of codes m, all (map get args) with
  | Some c, Some ks => call_ranges m c (map intervals_of ks)
  | _, _ => None
  end.

(** A polynomial of degree 1 in wide values, by what is known of them, and its bounds. *)
Fixpoint linear (q : npoly) : option (npoly * interval) :=
  match q with
  | [] => Some ([], (0, 0))
  | ([r], c) :: q =>
      match get_wide r, linear q with
      | Some (is, x, b), Some (y, d) =>
          if Nat.eqb (length is) 16 then Some (nadd (nscale c x) y, plus (times (c, c) b) d) else None
      | _, _ => None
      end
  | _ => None
  end.

Definition advance_call (n : reg) (m : method) (args : list reg) (outs : list (list interval)) : option state :=
  match m, args, outs with
  | Add, [a; b], [o] =>
      match get_sum a, get_sum b with
      | Some (_, x, i), Some (_, y, j) => Some (set n (Sum o (nadd x y) (plus i j)) s)
      | _, _ => None
      end
  | Subtract k, [a; b], [o] =>
      match get_sum a, get_sum b with
      | Some (_, x, i), Some (_, y, j) =>
          Some (set n (Sum o (nadd (nsub x y) (nconst (k * p))) (plus (minus i j) (k * p, k * p))) s)
      | _, _ => None
      end
  | Value, [a], [o] =>
      match get_sum a with
      | Some (_, x, i) =>
          let b := best x i in
          if carried o && (0 <=? fst b)
          then
            (* The bounds of products of differences are close only if a difference is a number of its own; and long
               polynomials take long. *)
            if forallb (fun t => 0 <=? snd t) x && Nat.leb (length x) 3
            then Some (set n (Sum (limbs_of o b) x b) s) else Some (set_atom n (limbs_of o b) b (nscale R x) s)
          else None
      | None => None
      end
  | Factor, [a], [o] =>
      match get_sum a with
      | Some (_, x, i) =>
          let b := best x i in
          if Nat.eqb (length o) 8 && (0 <=? fst b) && (snd b <? R)
          then Some (set n (Fact (limbs_of o b) x b) s) else None
      | None => None
      end
  | Weakened, [a], [o] =>
      match get_sum a with
      | Some (is, x, i) =>
          let bound := weak_bound (snd (nth 7 is (0, 0))) in
          if weakable is (best x i) && Nat.eqb (length o) 8 && forallb (fun i => below i limb) o
          then Some (set_atom n (limbs_of o (0, bound)) (0, bound) (nscale R x) s) else None
      | None => None
      end
  | Product, [a; b], [o] =>
      match get_factor a, get_factor b with
      | Some (x, i), Some (y, j) => Some (set n (Wide o (nmul x y) (times i j)) s)
      | _, _ => None
      end
  | Products, [a; b; c; d], [o; o'] =>
      match get_factor a, get_factor b, get_factor c, get_factor d with
      | Some (x, i), Some (y, j), Some (z, k), Some (t, l) =>
          Some (set (Pos.succ n) (Wide o' (nmul z t) (times k l)) (set n (Wide o (nmul x y) (times i j)) s))
      | _, _, _, _ => None
      end
  | Square, [a], [o] =>
      match get_factor a with Some (x, i) => Some (set n (Wide o (nmul x x) (times i i)) s) | None => None end
  | Squares, [a; b], [o; o'] =>
      match get_factor a, get_factor b with
      | Some (x, i), Some (y, j) =>
          Some (set (Pos.succ n) (Wide o' (nmul y y) (times j j)) (set n (Wide o (nmul x x) (times i i)) s))
      | _, _ => None
      end
  | WidePlus, [a; b], [o] =>
      match get_wide a, get_wide b with
      | Some (_, x, i), Some (_, y, j) => Some (set n (Wide o (nadd x y) (plus i j)) s)
      | _, _ => None
      end
  | WideMinus, [a; b], [o] =>
      match get_wide a, get_wide b with
      | Some (_, x, i), Some (_, y, j) => Some (set n (Wide o (nsub x y) (minus i j)) s)
      | _, _ => None
      end
  | Mixed, [a; b; c], [o] =>
      match get_wide a, get_wide b, get_wide c with
      | Some (_, x, i), Some (_, y, j), Some (_, z, k) =>
          let q := nsub (nsub x y) z in
          Some (set n (Wide o q (best q (minus (minus i j) k))) s)
      | _, _, _ => None
      end
  | Raise, [a; b], [o] =>
      match get_sum a, get_wide b with
      | Some (_, x, i), Some (_, y, j) => Some (set n (Wide o (nadd y (nscale R x)) (plus j (by_R i))) s)
      | _, _ => None
      end
  | Lower, [a; b], [o] =>
      match get_sum a, get_wide b with
      | Some (_, x, i), Some (_, y, j) => Some (set n (Wide o (nsub y (nscale R x)) (minus j (by_R i))) s)
      | _, _ => None
      end
  | Reduce k, [a], [o] =>
      match get_wide a with
      | Some (_, x, i) => Some (set_atom n o (reduced_range k (best x i)) x s)
      | None => None
      end
  | ReduceTwo k l, [a; b], [o; o'] =>
      match get_wide a, get_wide b with
      | Some (_, x, i), Some (_, y, j) =>
          Some (set_atom (Pos.succ n) o' (reduced_range l (best y j)) y
                 (set_atom n o (reduced_range k (best x i)) x s))
      | _, _ => None
      end
  | _, _, _ => None
  end.

Definition union (a b : interval) : interval := (Z.min (fst a) (fst b), Z.max (snd a) (snd b)).

Definition advance (n : reg) (st : step) : option state :=
  match st with
  | Constant ws =>
      if forallb (fun x => (0 <=? x) && (x <? limb)) ws
      then Some (set n (Sum (map (fun x => (x, x)) ws) (nconst (number ws)) (number ws, number ws)) s) else None
  | Call m args => match call_of m args with Some outs => advance_call n m args outs | None => None end
  | ColumnOf r i =>
      match get_wide r with
      | Some (is, _, _) =>
          if Nat.ltb i (length is) then Some (set n (Column (nth i is (0, 0)) i (natom r)) s) else None
      | None => None
      end
  | ColumnPlus a b =>
      match get_column a, get_column b with
      | Some (x, i, q), Some (y, j, t) =>
          let sum := (fst x + fst y, snd x + snd y) in
          if Nat.eqb i j && word sum then Some (set n (Column sum i (nadd q t)) s) else None
      | _, _ => None
      end
  | ColumnMinus a b =>
      match get_column a, get_column b with
      | Some (x, i, q), Some (y, j, t) =>
          let sum := (fst x - snd y, snd x - fst y) in
          if Nat.eqb i j && word sum then Some (set n (Column sum i (nsub q t)) s) else None
      | _, _ => None
      end
  | Assemble columns =>
      match all (map get_column columns) with
      | Some ((x, i, q) :: ks) =>
          if forallb (fun t => Nat.eqb (snd (fst (fst t))) (snd t) && zero reg (nsub (snd (fst t)) q))
               (combine ((x, i, q) :: ks) (seq 0 16)) && Nat.eqb (length ks) 15
          then
            match linear q with
            | Some (v, b) => Some (set n (Wide (map (fun t => fst (fst t)) ((x, i, q) :: ks)) v b) s)
            | None => None
            end
          else None
      | _ => None
      end
  | Select a b =>
      match get_sum a, get_sum b with
      | Some (is, x, i), Some (js, y, j) =>
          if Nat.eqb (length is) (length js)
          then Some (set_free n (map (fun t => union (fst t) (snd t)) (combine is js)) (union (best x i) (best y j)) s)
          else None
      | _, _ => None
      end
  | Zeros a | LargerHalf a =>
      match get_sum a with
      | Some (is, x, i) => if weakable is (best x i) then Some s else None
      | None => None
      end
  | Inverse a =>
      match get_sum a with
      | Some _ => Some (set_free n (limbs_below (11 * p / 10)) (0, 11 * p / 10) s)
      | None => None
      end
  | Cut a =>
      match get_sum a with
      | Some (is, x, i) => Some (set_atom n is (best x i) (nscale R x) s)
      | None => None
      end
  | Use k c0 args =>
      match nth_error contracts k, all (map get_sum args) with
      | Some cs, Some ks =>
          let fits c :=
            Nat.eqb (length ks) (length (fst c)) && Nat.eqb (length (snd c)) (Pos.to_nat c0) &&
            forallb (fun t => let '(is, x, i) := fst t in within is (best x i) (snd t)) (combine ks (fst c)) in
          match find fits cs with Some c => Some (set_all n (snd c) s) | None => None end
      | _, _ => None
      end
  end.
End Advance.

Fixpoint walk (n : reg) (ss : list step) (s : state) : option state :=
  match ss with
  | [] => Some s
  | st :: ss => match advance s n st with Some s => walk (n + count st) ss s | None => None end
  end.

(** ** Soundness of the walk *)

Hypothesis verified : forallb (fun t => verify (fst t) (snd t)) codes = true.

(** The used kernels keep their bounds. *)
Variable used : list (list (list Z) -> list (list Z) -> Prop).
Hypothesis kept : forall k f cs c ins outs,
  nth_error used k = Some f -> nth_error contracts k = Some cs -> In c cs -> f ins outs ->
  Forall2 (fun x b => normal b x) ins (fst c) -> Forall2 (fun x b => normal b x) outs (snd c).

Section Models.
Variable w : reg -> list Z.

Definition numbers (r : reg) : Z := number (w r).

Definition holds_for (k : known) (ws : list Z) : Prop :=
  match k with
  | Sum is q b | Wide is q b => fit ws is /\ number ws = nval numbers q /\ inside (number ws) b
  | Fact is q b => fit ws is /\ low_number ws = nval numbers q /\ inside (low_number ws) b
  | Column i j q => exists z, ws = [z] /\ inside z i /\ z = nval (fun r => nth j (w r) 0) q
  end.

Record models (s : state) : Prop := Models {
  models_known : forall r k, PositiveMap.find r (known_of s) = Some k -> holds_for k (w r);
  models_range : forall r i, PositiveMap.find r (range_of s) = Some i -> inside (numbers r) i;
  models_defined : forall r d, In (r, d) (defined s) -> (R * numbers r - nval numbers d) mod p = 0
}.

Lemma same_method_spec x y : same_method x y = true -> x = y.
Proof.
  destruct x, y; simpl; intros H; try discriminate; try reflexivity;
    rewrite ?andb_true_iff, ?Z.eqb_eq in H; destruct H || idtac; subst; reflexivity.
Qed.

Lemma code_of_verified m c : code_of codes m = Some c -> verify m c = true.
Proof.
  unfold code_of. destruct (find _ codes) as [[m' c']|] eqn:F; [|discriminate]. intros E. injection E as <-.
  apply find_some in F. destruct F as [I S]. simpl in *. apply same_method_spec in S. subst m'.
  rewrite forallb_forall in verified. apply (verified _ I).
Qed.

Lemma all_spec {A} (l : list (option A)) : forall xs, all l = Some xs -> Forall2 (fun o x => o = Some x) l xs.
Proof.
  induction l as [|[a|] l IH]; simpl; intros xs H; try discriminate.
  - injection H as <-. constructor.
  - destruct (all l); [|discriminate]. injection H as <-. constructor; auto.
Qed.

Lemma fold_put_holds e l : forall m,
  holds e m -> Forall (fun x : reg * interval => inside (e (fst x)) (snd x)) l -> holds e (fold_left put l m).
Proof.
  induction l as [|[r i] l IH]; simpl; intros m H F; [exact H|]. inversion F; subst.
  apply IH; [|assumption]. apply holds_add; assumption.
Qed.

Lemma fit_combine e rs : forall is, fit (map e rs) is -> Forall (fun x : reg * interval => inside (e (fst x)) (snd x)) (combine rs is).
Proof.
  induction rs as [|r rs IH]; intros is H; [constructor|].
  destruct is as [|i is]; [constructor|]. inversion H; subst. constructor; [assumption|]. apply IH. assumption.
Qed.

Lemma call_ranges_sound m c ins outs is os :
  call m c ins outs -> Forall2 fit ins is -> call_ranges m c is = Some os -> verify m c = true ->
  Forall2 fit outs os /\ equation m ins outs.
Proof.
  intros [e [T [-> ->]]] F H V. unfold call_ranges in H.
  destruct (ranges _ _ _) as [found|] eqn:E; [|discriminate].
  assert (L : fit (map e (concat (parameters m))) (concat is)).
  { clear E H V T. revert is F. induction (parameters m) as [|rs ps IH]; intros is F; inversion F; subst; [constructor|].
    simpl. rewrite map_app. apply Forall2_app; [assumption|apply IH; assumption]. }
  destruct (ranges_sound _ _ _ _ e E) as [S X]; [|exact T|].
  { apply fold_put_holds; [|apply fit_combine; exact L]. intros r x. rewrite PositiveMap.gempty. discriminate. }
  split; [|apply verify_sound; assumption].
  apply all_spec in H. clear E V T X L F. revert os H.
  induction (results c) as [|rs rss IH]; intros os H; inversion H; subst; [constructor|].
  constructor; [|apply IH; assumption].
  match goal with A : all _ = Some _ |- _ => apply all_spec in A; clear - A S; rename A into K end.
  match goal with K : Forall2 _ _ ?y |- _ => revert y K end.
  induction rs as [|r rs IHr]; intros y K; inversion K; subst; constructor; [|apply IHr; assumption].
  apply S. assumption.
Qed.
Section Advance.
Variable s : state.
Hypothesis M : models s.

Lemma models_set n k : holds_for k (w n) -> models (set n k s).
Proof.
  intros H. destruct M as [K A D]. split; simpl; auto.
  intros r k'. destruct (Pos.eq_dec r n) as [->|N].
  - rewrite PositiveMap.gss. intros E. injection E as <-. exact H.
  - rewrite PositiveMap.gso by exact N. apply K.
Qed.

Lemma models_atom n is i d :
  fit (w n) is -> inside (numbers n) i -> (R * numbers n - nval numbers d) mod p = 0 -> models (set_atom n is i d s).
Proof.
  intros F I C. destruct M as [K A D]. split; simpl.
  - intros r k'. destruct (Pos.eq_dec r n) as [->|N].
    + rewrite PositiveMap.gss. intros E. injection E as <-. split; [exact F|]. split; [symmetry; apply eval_atom|exact I].
    + rewrite PositiveMap.gso by exact N. apply K.
  - intros r x. destruct (Pos.eq_dec r n) as [->|N].
    + rewrite PositiveMap.gss. intros E. injection E as <-. exact I.
    + rewrite PositiveMap.gso by exact N. apply A.
  - intros r x [E|E]; [injection E as <- <-; exact C|]. apply D, E.
Qed.

Lemma get_sum_sound r is q b :
  get_sum s r = Some (is, q, b) -> fit (w r) is /\ number (w r) = nval numbers q /\ inside (number (w r)) b.
Proof.
  unfold get_sum, get. destruct (PositiveMap.find r (known_of s)) as [[]|] eqn:E; try discriminate.
  intros H. injection H as <- <- <-. apply (models_known _ M) in E. exact E.
Qed.

Lemma get_wide_sound r is q b :
  get_wide s r = Some (is, q, b) -> fit (w r) is /\ number (w r) = nval numbers q /\ inside (number (w r)) b.
Proof.
  unfold get_wide, get. destruct (PositiveMap.find r (known_of s)) as [[]|] eqn:E; try discriminate.
  intros H. injection H as <- <- <-. apply (models_known _ M) in E. exact E.
Qed.

Lemma get_column_sound r i j q :
  get_column s r = Some (i, j, q) ->
  exists z, w r = [z] /\ inside z i /\ z = nval (fun r => nth j (w r) 0) q.
Proof.
  unfold get_column, get. destruct (PositiveMap.find r (known_of s)) as [[]|] eqn:E; try discriminate.
  intros H. injection H as <- <- <-. apply (models_known _ M) in E. exact E.
Qed.

Lemma low_number_small ws : forall is,
  fit ws is -> forallb (fun i => below i limb) is = true -> low_number ws = number ws.
Proof.
  unfold low_number. induction ws as [|x ws IH]; intros is F B; [reflexivity|].
  inversion F; subst. simpl in B. apply andb_prop in B. destruct B as [B1 B2]. simpl.
  rewrite (IH _ ltac:(eassumption) B2), Z.mod_small; [reflexivity|]. eapply below_spec; eassumption.
Qed.

Lemma get_factor_sound r q b :
  get_factor s r = Some (q, b) -> low_number (w r) = nval numbers q /\ inside (low_number (w r)) b.
Proof.
  unfold get_factor, get. destruct (PositiveMap.find r (known_of s)) as [[is x i|is x i| |]|] eqn:E; try discriminate.
  - destruct (forallb _ is) eqn:B; [|discriminate]. intros H. injection H as <- <-.
    apply (models_known _ M) in E. destruct E as [F N]. rewrite (low_number_small _ _ F B). exact N.
  - intros H. injection H as <- <-. apply (models_known _ M) in E. apply E.
Qed.

Lemma times_sound a b x y : inside a x -> inside b y -> inside (a * b) (times x y).
Proof.
  unfold inside, times. simpl. intros A B.
  destruct (Z.le_gt_cases 0 b), (Z.le_gt_cases 0 (fst x)), (Z.le_gt_cases 0 (snd x)); nia.
Qed.

Lemma monomial_bounds_sound mono : forall b,
  monomial_bounds (range_of s) mono = Some b -> 0 <= fst b /\ inside (eval_monomial reg numbers mono) b.
Proof.
  induction mono as [|r mono IH]; simpl; intros b H.
  - injection H as <-. unfold inside. simpl. lia.
  - destruct (PositiveMap.find r (range_of s)) as [x|] eqn:E; [|discriminate].
    destruct (monomial_bounds (range_of s) mono) as [y|]; [|discriminate].
    destruct (Z.leb_spec 0 (fst x)) as [P|]; [|discriminate]. injection H as <-.
    apply (models_range _ M) in E. destruct (IH _ eq_refl) as [P' I]. unfold inside in *. simpl. nia.
Qed.

Lemma models_free n is i :
  fit (w n) is -> inside (numbers n) i ->
  models (set_free n is i s).
Proof.
  intros F I. destruct M as [K A D]. split; simpl; [| |exact D].
  - intros r k'. destruct (Pos.eq_dec r n) as [->|N].
    + rewrite PositiveMap.gss. intros E. injection E as <-. split; [exact F|]. split; [symmetry; apply eval_atom|exact I].
    + rewrite PositiveMap.gso by exact N. apply K.
  - intros r x. destruct (Pos.eq_dec r n) as [->|N].
    + rewrite PositiveMap.gss. intros E. injection E as <-. exact I.
    + rewrite PositiveMap.gso by exact N. apply A.
Qed.

Lemma bounds_sound q : forall b, bounds (range_of s) q = Some b -> inside (nval numbers q) b.
Proof.
  induction q as [|[mono c] q IH]; simpl; intros b H.
  - injection H as <-. unfold inside. simpl. lia.
  - destruct (monomial_bounds (range_of s) mono) as [x|] eqn:E; [|discriminate].
    destruct (bounds (range_of s) q) as [y|]; [|discriminate].
    apply monomial_bounds_sound in E. destruct E as [P I]. specialize (IH _ eq_refl).
    destruct (Z.leb_spec 0 c); injection H as <-; unfold inside in *; simpl; nia.
Qed.

Lemma best_sound q b x : x = nval numbers q -> inside x b -> inside x (best s q b).
Proof.
  intros -> I. unfold best. destruct (bounds (range_of s) q) as [c|] eqn:E; [|exact I].
  apply bounds_sound in E. unfold inside, intersection in *. simpl. lia.
Qed.

Lemma call_of_sound m args outs os :
  runs codes m (map w args) outs -> call_of s m args = Some os -> Forall2 fit outs os /\ equation m (map w args) outs.
Proof.
  intros [c [C K]] H. unfold call_of in H. rewrite C in H.
  destruct (all (map (get s) args)) as [ks|] eqn:E; [|discriminate].
  eapply call_ranges_sound; [exact K| |exact H|apply code_of_verified; exact C].
  apply all_spec in E. clear - E M. revert ks E.
  induction args as [|r args IH]; intros ks E; inversion E; subst; constructor; [|apply IH; assumption].
  match goal with G : get s r = Some _ |- _ => apply (models_known _ M) in G; rename G into H end.
  destruct y; simpl in *; try apply H. destruct H as [z [-> [I _]]]. repeat constructor; apply I.
Qed.

Lemma registers_1 n : registers n 1 = [n].
Proof. unfold registers. simpl. rewrite Nat.add_0_r, Pos2Nat.id. reflexivity. Qed.

Lemma registers_2 n : registers n 2 = [n; Pos.succ n].
Proof.
  unfold registers. simpl. rewrite Nat.add_0_r, Pos2Nat.id. do 2 f_equal. lia.
Qed.

Lemma fit_length ws : forall is, fit ws is -> length ws = length is.
Proof. induction ws; intros is F; inversion F; subst; simpl; [|f_equal]; auto. Qed.

Lemma number_linear c (f g : nat -> Z) l :
  number (map (fun i => c * f i + g i) l) = c * number (map f l) + number (map g l).
Proof. induction l as [|i l IH]; simpl; [|rewrite IH]; ring. Qed.

Lemma number_nth ws : length ws = 16%nat -> number (map (fun i => nth i ws 0) (seq 0 16)) = number ws.
Proof. intros L. do 16 (destruct ws as [|? ws]; [discriminate|]). destruct ws; [reflexivity|discriminate]. Qed.

Lemma linear_sound q : forall v b,
  linear s q = Some (v, b) ->
  number (map (fun i => nval (fun r => nth i (w r) 0) q) (seq 0 16)) = nval numbers v /\
  inside (number (map (fun i => nval (fun r => nth i (w r) 0) q) (seq 0 16))) b.
Proof.
  induction q as [|[mono c] q IH]; intros v b H.
  - injection H as <- <-. split; [reflexivity|]. unfold inside. simpl. lia.
  - destruct mono as [|r [|]]; try discriminate. cbn [linear] in H.
    destruct (get_wide s r) as [[[is x] i]|] eqn:G; [|discriminate].
    destruct (linear s q) as [[y d]|]; [|discriminate].
    destruct (Nat.eqb_spec (length is) 16) as [L|]; [|discriminate]. injection H as <- <-.
    destruct (IH _ _ eq_refl) as [E J]. destruct (get_wide_sound _ _ _ _ G) as [F [N I]].
    assert (S : number (map (fun i => nval (fun r => nth i (w r) 0) (([r], c) :: q)) (seq 0 16)) =
      c * number (w r) + number (map (fun i => nval (fun r => nth i (w r) 0) q) (seq 0 16))).
    { rewrite <- (number_nth (w r)) by (rewrite (fit_length _ _ F); exact L).
      rewrite <- number_linear. f_equal. apply map_ext. intros k. simpl. ring. }
    match goal with |- ?x = _ /\ _ => change x with (number (map (fun i => nval (fun r => nth i (w r) 0) (([r], c) :: q)) (seq 0 16))) end.
    rewrite eval_add, eval_scale by exact Pos.compare_eq. rewrite S, <- N, <- E. split; [reflexivity|].
    assert (T : inside (c * number (w r)) (times (c, c) i)) by (apply times_sound; [unfold inside; simpl; lia|exact I]).
    unfold plus, inside in *. simpl fst in *. simpl snd in *. lia.
Qed.

Lemma carried_top a b c d f g h t v :
  v = number [a; b; c; d; f; g; h; t] ->
  0 <= a < limb -> 0 <= b < limb -> 0 <= c < limb -> 0 <= d < limb -> 0 <= f < limb -> 0 <= g < limb ->
  0 <= h < limb -> t = v / 2 ^ 364.
Proof.
  intros -> A B C D F G H. simpl number.
  apply Z.div_unique with (r := a + limb * (b + limb * (c + limb * (d + limb * (f + limb * (g + limb * h)))))).
  - left. lia.
  - ring.
Qed.

Lemma limbs_fit ws is b v :
  fit ws is -> carried is = true -> number ws = v -> inside v b -> fit ws (limbs_of is b).
Proof.
  intros F C N I. apply andb_prop in C. destruct C as [L C]. apply Nat.eqb_eq in L.
  do 8 (destruct is as [|? is]; [discriminate|]). destruct is; [|discriminate]. clear L.
  unfold fit in F. repeat match goal with F : Forall2 _ _ _ |- _ => inversion F; subst; clear F end.
  unfold limbs_of. rewrite !Z.shiftr_div_pow2 by discriminate. simpl firstn. simpl in C. rewrite !andb_true_iff in C.
  destruct C as [C0 [C1 [C2 [C3 [C4 [C5 [C6 _]]]]]]].
  do 7 (apply Forall2_cons; [assumption|]). apply Forall2_cons; [|constructor].
  match goal with |- inside ?t _ => match type of I with inside ?v _ => assert (T : t = v / 2 ^ 364) end end.
  { eapply carried_top; [reflexivity|..];
      match goal with I : inside ?x ?i, C : below ?i limb = true |- 0 <= ?x < _ => exact (below_spec _ _ _ C I) end. }
  destruct I. rewrite T. split; apply Z.div_le_mono; (assumption || reflexivity).
Qed.

Lemma factor_fit ws is b v :
  fit ws is -> length is = 8%nat -> factor_number ws = v -> inside v b -> 0 <= fst b -> snd b < R ->
  fit ws (limbs_of is b) /\ low_number ws = v.
Proof.
  intros F L N I P U.
  do 8 (destruct is as [|? is]; [discriminate|]). destruct is; [|discriminate]. clear L.
  unfold fit in F. repeat match goal with F : Forall2 _ _ _ |- _ => inversion F; subst; clear F end.
  unfold low_number in *. cbn [map].
  match type of I with inside (factor_number [?a; ?b; ?c; ?d; ?f; ?g; ?h; ?t]) _ =>
    assert (V : factor_number [a; b; c; d; f; g; h; t] =
      number [a mod limb; b mod limb; c mod limb; d mod limb; f mod limb; g mod limb; h mod limb; t])
      by (simpl; ring);
    assert (T : t = factor_number [a; b; c; d; f; g; h; t] / 2 ^ 364);
    [eapply carried_top; [exact V|..]; apply Z.mod_pos_bound; reflexivity|
    set (v := factor_number [a; b; c; d; f; g; h; t]) in *;
    assert (S : 0 <= t < limb);
    [rewrite T; destruct I; split; [apply Z.div_pos; [lia|reflexivity]|
      apply Z.div_lt_upper_bound; [reflexivity|unfold R in U; lia]]|
    rewrite (Z.mod_small t) by exact S]]
  end.
  split; [|symmetry; exact V].
  unfold limbs_of. rewrite !Z.shiftr_div_pow2 by discriminate. simpl firstn. do 7 (apply Forall2_cons; [assumption|]). apply Forall2_cons; [|constructor].
  destruct I. rewrite T. split; apply Z.div_le_mono; (assumption || reflexivity).
Qed.

Lemma quotient_facts : 0 < p /\ 0 < quotient /\ quotient * p <= 2 ^ 404.
Proof. vm_compute. intuition discriminate. Qed.

Lemma weak_arithmetic rest t top :
  0 <= rest + t * 2 ^ 364 -> - 256 * 2 ^ 364 <= rest <= 256 * 2 ^ 364 -> t <= top ->
  0 <= rest + t * 2 ^ 364 - weakening t * p <= weak_bound top.
Proof.
  intros V E T. destruct quotient_facts as [P [Q B]]. unfold weak_bound, weakening.
  generalize dependent quotient. generalize dependent p. intros p P quotient Q B.
  set (m := Z.max (t - 256) 0).
  assert (N : 0 <= m /\ t - 256 <= m /\ m <= Z.max (top - 256) 0) by lia.
  set (n := Z.max (top - 256) 0) in *.
  pose proof (Z.div_mod (m * quotient) (2 ^ 40) ltac:(discriminate)) as D.
  pose proof (Z.mod_pos_bound (m * quotient) (2 ^ 40) ltac:(reflexivity)) as D'.
  set (q := m * quotient / 2 ^ 40) in *. set (r := (m * quotient) mod 2 ^ 40) in *.
  clearbody q r.
  assert (X : 2 ^ 40 * (q * p) = m * (quotient * p) - r * p) by nia.
  assert (Y : m * (quotient * p) <= m * 2 ^ 404) by nia.
  assert (Z1 : 0 <= r * p) by nia.
  assert (Z2 : r * p <= 2 ^ 40 * p) by nia.
  assert (W : m * (2 ^ 404 - quotient * p) <= n * (2 ^ 404 - quotient * p)) by nia.
  split.
  - destruct (Z.le_gt_cases 256 t).
    + assert (m = t - 256) by lia. lia.
    + assert (m = 0) by lia. replace m with 0 in * by lia. rewrite Z.mul_0_l in *.
      assert (Z0 : q = 0) by lia. rewrite Z0. lia.
  - enough (rest + t * 2 ^ 364 - q * p <= ((512 * 2 ^ 364 + p) * 2 ^ 40 + n * (2 ^ 404 - quotient * p)) / 2 ^ 40) by lia.
    apply Z.div_le_lower_bound; [reflexivity|]. lia.
Qed.

Lemma near_spec ws is :
  fit ws is -> length is = 8%nat -> near is = true ->
  exists rest, number ws = rest + last ws 0 * 2 ^ 364 /\ - 256 * 2 ^ 364 <= rest <= 256 * 2 ^ 364 /\
    inside (last ws 0) (nth 7 is (0, 0)).
Proof.
  intros F L N. do 8 (destruct is as [|? is]; [discriminate|]). destruct is; [|discriminate]. clear L.
  unfold near in N. simpl firstn in N. simpl fold_right in N. apply andb_prop in N. destruct N as [A B].
  apply Z.leb_le in A. apply Z.leb_le in B.
  unfold fit in F. repeat match goal with F : Forall2 _ _ _ |- _ => inversion F; subst; clear F end.
  simpl nth. simpl last. simpl number.
  match goal with |- exists rest, ?a + limb * (?b + limb * (?c + limb * (?d + limb * (?f + limb * (?g + limb *
    (?h + limb * (?t + _))))))) = _ /\ _ =>
    exists (a + limb * (b + limb * (c + limb * (d + limb * (f + limb * (g + limb * h))))))
  end.
  unfold inside in *. split; [ring|]. split; [|assumption]. lia.
Qed.

Lemma number_small c os :
  fit c os -> length os = 8%nat -> forallb (fun i => below i limb) os = true -> 0 <= number c < R.
Proof.
  intros F L B. do 8 (destruct os as [|? os]; [discriminate|]). destruct os; [|discriminate]. clear L.
  simpl in B. rewrite !andb_true_iff in B. destruct B as [B0 [B1 [B2 [B3 [B4 [B5 [B6 [B7 _]]]]]]]].
  unfold fit in F. repeat match goal with F : Forall2 _ _ _ |- _ => inversion F; subst; clear F end.
  repeat match goal with I : inside ?x ?i, C : below ?i limb = true |- _ => apply (below_spec _ _ _ C) in I; clear C end.
  simpl number. unfold R. lia.
Qed.

Lemma weak_fit ws is b os c v :
  fit ws is -> length is = 8%nat -> near is = true -> number ws = v -> inside v b -> 0 <= fst b ->
  - 2 ^ 62 <= fst (nth 7 is (0, 0)) -> snd (nth 7 is (0, 0)) < 2 ^ 32 ->
  (- 2 ^ 62 <= last ws 0 < 2 ^ 32 -> number c mod R = (v - weakening (last ws 0) * p) mod R) ->
  fit c os -> length os = 8%nat -> forallb (fun i => below i limb) os = true -> weak_bound (snd (nth 7 is (0, 0))) < R ->
  (exists q, number c = v - q * p) /\ inside (number c) (0, weak_bound (snd (nth 7 is (0, 0)))).
Proof.
  intros F L N V I P T0 T1 E G K B U.
  destruct (near_spec _ _ F L N) as [rest [X [Y T]]]. set (top := nth 7 is (0, 0)) in *.
  assert (T' : - 2 ^ 62 <= last ws 0 < 2 ^ 32) by (destruct T; lia). specialize (E T').
  pose proof (number_small _ _ G K B) as S. rewrite (Z.mod_small (number c)) in E by exact S.
  destruct (weak_arithmetic rest (last ws 0) (snd top)) as [W0 W1]; [destruct I; lia|exact Y|apply T|].
  rewrite <- X, V in W0, W1. rewrite Z.mod_small in E by lia.
  split; [exists (weakening (last ws 0)); exact E|]. rewrite E. split; assumption.
Qed.

Lemma reduces_sound k a c b x :
  reduces k a c -> number a = x -> inside x b ->
  inside (number c) (reduced_range k b) /\ (R * number c - x) mod p = 0.
Proof.
  intros [q [Q E]] <- [L U]. split.
  - assert (P : 0 < p) by reflexivity.
    unfold reduced_range, inside. rewrite !Z.shiftr_div_pow2 by discriminate. fold R. simpl. split.
    + enough (- number c <= - (fst b + k * p * R) / R) by lia.
      apply Z.div_le_lower_bound; [reflexivity|]. nia.
    + apply Z.div_le_lower_bound; [reflexivity|]. nia.
  - rewrite E. replace (number a + k * p * R + p * q - number a) with ((k * R + q) * p) by ring.
    apply Z_mod_mult.
Qed.

End Advance.

Ltac options :=
  repeat match goal with
  | H : match ?x with Some _ => _ | None => None end = Some _ |- _ =>
      let E := fresh "G" in destruct x eqn:E; [|discriminate H]
  | H : (let (_, _) := ?x in _) = Some _ |- _ => destruct x
  | H : (if ?x then _ else None) = Some _ |- _ => let E := fresh "B" in destruct x eqn:E; [|discriminate H]
  end.

Ltac facts M :=
  repeat match goal with
  | H : get_sum _ _ = Some _ |- _ => apply (get_sum_sound _ M) in H; destruct H as [? [? ?]]
  | H : get_wide _ _ = Some _ |- _ => apply (get_wide_sound _ M) in H; destruct H as [? [? ?]]
  | H : get_factor _ _ = Some _ |- _ => apply (get_factor_sound _ M) in H; destruct H as [? ?]
  end.

(** Of a result that is known by its polynomial: words, number and bounds. *)
Ltac number_of M E :=
  split; [assumption|]; split;
  [ rewrite ?eval_add, ?eval_sub, ?eval_scale, ?eval_mul, ?eval_constant by exact Pos.compare_eq;
    rewrite ?eval_sub by exact Pos.compare_eq; congruence
  | rewrite E; try (apply times_sound; assumption);
    unfold plus, minus, by_R, inside in *; cbn [fst snd] in *; pose proof (eq_refl : 0 < R); (lia || nia) ].

Lemma advance_call_sound s n m args os s' :
  models s -> Forall2 fit (map w (registers n (Pos.to_nat (count (Call m args))))) os ->
  equation m (map w args) (map w (registers n (Pos.to_nat (count (Call m args))))) ->
  advance_call s n m args os = Some s' -> models s'.
Proof.
  intros M F E H.
  destruct m; destruct args as [|a [|b [|c [|d [|]]]]]; try discriminate H;
    destruct os as [|o [|o' [|]]]; try discriminate H;
    change (Pos.to_nat (count _)) with 1%nat in * || change (Pos.to_nat (count _)) with 2%nat in *;
    rewrite ?registers_1, ?registers_2 in *; cbn [map] in *;
    repeat match goal with F : Forall2 _ _ _ |- _ => inversion F; subst; clear F end;
    cbn [advance_call equation] in *; options; try injection H as <-; facts M.
  - (* Add *) apply models_set; [exact M|]. number_of M E.
  - (* Subtract *) apply models_set; [exact M|]. number_of M E.
  - (* Value *)
    apply andb_prop in B. destruct B as [B P].
    assert (I : inside (number (w n)) (best s p i)) by (rewrite E; apply (best_sound _ M); assumption).
    assert (L : fit (w n) (limbs_of o (best s p i))) by (eapply limbs_fit; [eassumption|exact B|reflexivity|exact I]).
    destruct (forallb _ p && _); injection H as <-.
    + apply models_set; [exact M|]. split; [exact L|]. split; [congruence|exact I].
    + apply models_atom; [exact M|exact L|exact I|]. unfold numbers at 1. rewrite eval_scale, E.
      match goal with A : number (w a) = _ |- _ => rewrite A end. rewrite Z.sub_diag. reflexivity.
  - (* Factor *)
    rewrite !andb_true_iff in B. destruct B as [[L P] U].
    apply Nat.eqb_eq in L. apply Z.leb_le in P. apply Z.ltb_lt in U. apply models_set; [exact M|].
    assert (I : inside (number (w a)) (best s p i)) by (apply (best_sound _ M); assumption).
    match goal with F : fit (w n) o |- _ => destruct (factor_fit _ _ _ _ F L E I P U) as [F' N] end.
    split; [exact F'|]. rewrite N. split; [assumption|exact I].
  - (* Weakened *)
    unfold weakable in B. rewrite !andb_true_iff, !Nat.eqb_eq, !Z.leb_le, !Z.ltb_lt in B.
    destruct B as [[[[[[[L N] T0] T1] P] U] L'] K].
    assert (I : inside (number (w a)) (best s p i)) by (apply (best_sound _ M); assumption).
    match goal with F : fit (w a) _, F' : fit (w n) o |- _ =>
      destruct (weak_fit _ _ _ _ _ _ F L N eq_refl I P T0 T1 E F' L' K U) as [[q Q] I'];
      apply models_atom; [exact M| |exact I'|]
    end.
    + eapply limbs_fit; [eassumption| |reflexivity|exact I'].
      unfold carried. rewrite L'. simpl. clear - L' K.
      do 8 (destruct o as [|? o]; [discriminate|]). simpl in *. rewrite !andb_true_iff in *. tauto.
    + match goal with V : number (w a) = nval numbers p |- _ => rewrite V in Q end.
      unfold numbers at 1. rewrite eval_scale, Q.
      match goal with |- (R * (?v - q * ?m) - R * ?v) mod ?m = 0 =>
        replace (R * (v - q * m) - R * v) with ((- (R * q)) * m) by ring end.
      apply Z_mod_mult.
  - (* Product *) apply models_set; [exact M|]. number_of M E.
  - (* Products *)
    destruct E as [E E']. apply models_set; [apply models_set; [exact M|]|]; [number_of M E|number_of M E'].
  - (* Square *) apply models_set; [exact M|]. number_of M E.
  - (* Squares *)
    destruct E as [E E']. apply models_set; [apply models_set; [exact M|]|]; [number_of M E|number_of M E'].
  - (* WidePlus *) apply models_set; [exact M|]. number_of M E.
  - (* WideMinus *) apply models_set; [exact M|]. number_of M E.
  - (* Mixed *)
    apply models_set; [exact M|]. split; [assumption|].
    assert (N : number (w n) = nval numbers (nsub (nsub p p0) p1))
      by (rewrite !eval_sub by exact Pos.compare_eq; congruence).
    split; [exact N|]. apply (best_sound _ M); [exact N|].
    rewrite E. unfold minus, inside in *; cbn [fst snd] in *; lia.
  - (* Raise *) apply models_set; [exact M|]. number_of M E.
  - (* Lower *) apply models_set; [exact M|]. number_of M E.
  - (* Reduce *)
    destruct (reduces_sound _ _ _ (best s p i) _ E eq_refl) as [I C]; [apply (best_sound _ M); assumption|].
    apply models_atom; [exact M|assumption|exact I|].
    match goal with V : number (w a) = _ |- _ => rewrite <- V end. exact C.
  - (* ReduceTwo *)
    destruct E as [E E'].
    destruct (reduces_sound _ _ _ (best s p i) _ E eq_refl) as [I C]; [apply (best_sound _ M); assumption|].
    destruct (reduces_sound _ _ _ (best s p0 i0) _ E' eq_refl) as [I' C']; [apply (best_sound _ M); assumption|].
    apply models_atom; [apply models_atom; [exact M|assumption|exact I|]|assumption|exact I'|].
    + match goal with V : number (w a) = _ |- _ => rewrite <- V end. exact C.
    + match goal with V : number (w b) = _ |- _ => rewrite <- V end. exact C'.
Qed.

Lemma Forall2_nth_in ws is i :
  fit ws is -> (i < length is)%nat -> inside (nth i ws 0) (nth i is (0, 0)).
Proof.
  intros F. revert i. induction F; simpl; intros i L; [lia|]. destruct i; [assumption|]. apply IHF. lia.
Qed.

Lemma subsumed_sound ws is : forall js, fit ws is -> subsumed is js = true -> fit ws js.
Proof.
  unfold subsumed. revert is. induction ws as [|x ws IH]; intros is js F S; inversion F; subst.
  - destruct js; [constructor|discriminate].
  - destruct js as [|j js]; [discriminate|]. simpl in S. rewrite !andb_true_iff in S.
    destruct S as [L [[A B] C]]. apply Z.leb_le in A, B.
    constructor; [unfold inside in *; lia|]. eapply IH; [eassumption|]. rewrite C, L. reflexivity.
Qed.

Lemma within_sound is b bound ws : fit ws is -> inside (number ws) b -> within is b bound = true -> normal bound ws.
Proof.
  intros F I H. unfold within in H. rewrite !andb_true_iff, !Z.leb_le in H. destruct H as [[L U] S].
  split; [eapply subsumed_sound; eassumption|]. unfold inside in *. simpl. lia.
Qed.

Lemma registers_cons n c : registers n (S c) = n :: registers (Pos.succ n) c.
Proof.
  unfold registers. cbn [seq map]. rewrite Nat.add_0_r, Pos2Nat.id. f_equal.
  rewrite <- seq_shift, map_map. apply map_ext. intros i. f_equal. lia.
Qed.

Lemma set_all_sound bs : forall n s, models s ->
  Forall2 (fun x b => normal b x) (map w (registers n (length bs))) bs -> models (set_all n bs s).
Proof.
  induction bs as [|b bs IH]; intros n s M F; [exact M|].
  cbn [length] in F. rewrite registers_cons in F. cbn [map] in F. inversion F; subst.
  cbn [set_all]. apply IH; [|assumption]. apply models_free; [exact M|apply H2|apply H2].
Qed.

Lemma advance_sound s n st s' : models s -> result codes used n st w -> advance s n st = Some s' -> models s'.
Proof.
  intros M X H. destruct st; simpl in X; cbn [advance] in H.
  - (* Constant *)
    options. injection H as <-. apply models_set; [exact M|]. rewrite X.
    split; [|split; [symmetry; apply eval_constant|unfold inside; simpl; lia]].
    clear. induction words; constructor; [split; simpl; lia|assumption].
  - (* Call *)
    options. destruct (call_of_sound _ M _ _ _ _ X G) as [F E].
    exact (advance_call_sound _ _ _ _ _ _ M F E H).
  - (* ColumnOf *)
    options. injection H as <-. facts M. apply Nat.ltb_lt in B.
    apply models_set; [exact M|]. eexists. split; [exact X|]. split; [|symmetry; apply eval_atom].
    apply Forall2_nth_in; assumption.
  - (* ColumnPlus *)
    destruct (get_column s a) as [[[x i] q]|] eqn:A; [|discriminate].
    destruct (get_column s b) as [[[y j] t]|] eqn:B; [|discriminate].
    options. injection H as <-. apply andb_prop in B0. destruct B0 as [J W]. apply Nat.eqb_eq in J. subst j.
    destruct (get_column_sound _ M _ _ _ _ A) as [u [UA [U UV]]].
    destruct (get_column_sound _ M _ _ _ _ B) as [v [VB [V VV]]].
    rewrite UA, VB in X. cbn [word_of hd] in X.
    assert (S : inside (u + v) (fst x + fst y, snd x + snd y)) by (unfold inside in *; simpl; lia).
    rewrite wrap_small in X by (eapply word_spec; eassumption).
    apply models_set; [exact M|]. exists (u + v). split; [exact X|]. split; [exact S|].
    rewrite eval_add by exact Pos.compare_eq. congruence.
  - (* ColumnMinus *)
    destruct (get_column s a) as [[[x i] q]|] eqn:A; [|discriminate].
    destruct (get_column s b) as [[[y j] t]|] eqn:B; [|discriminate].
    options. injection H as <-. apply andb_prop in B0. destruct B0 as [J W]. apply Nat.eqb_eq in J. subst j.
    destruct (get_column_sound _ M _ _ _ _ A) as [u [UA [U UV]]].
    destruct (get_column_sound _ M _ _ _ _ B) as [v [VB [V VV]]].
    rewrite UA, VB in X. cbn [word_of hd] in X.
    assert (S : inside (u - v) (fst x - snd y, snd x - fst y)) by (unfold inside in *; simpl; lia).
    rewrite wrap_small in X by (eapply word_spec; eassumption).
    apply models_set; [exact M|]. exists (u - v). split; [exact X|]. split; [exact S|].
    rewrite eval_sub by exact Pos.compare_eq. congruence.
  - (* Assemble *)
    destruct (all (map (get_column s) columns)) as [ks|] eqn:A; [|discriminate].
    destruct ks as [|[[x i] q] ks]; [discriminate|]. remember ((x, i, q) :: ks) as all_ks eqn:Q.
    options. injection H as <-.
    apply andb_prop in B. destruct B as [B L]. apply Nat.eqb_eq in L.
    assert (L' : length all_ks = 16%nat) by (rewrite Q; simpl; congruence). clear Q.
    apply all_spec in A. rewrite <- L' in B. destruct (linear_sound _ M _ _ _ G) as [N J]. rewrite <- L' in N, J.
    apply models_set; [exact M|]. cbn [holds_for]. rewrite X, <- N. clear X N G L L' ks.
    enough (S : forall k, forallb (fun t => Nat.eqb (snd (fst (fst t))) (snd t) && zero reg (nsub (snd (fst t)) q))
        (combine all_ks (seq k (length all_ks))) = true ->
      fit (map (fun r => word_of (w r)) columns) (map (fun t => fst (fst t)) all_ks) /\
      map (fun r => word_of (w r)) columns =
      map (fun i => nval (fun r => nth i (w r) 0) q) (seq k (length all_ks)))
      by (destruct (S _ B) as [S1 S2]; split; [exact S1|rewrite S2; split; [reflexivity|exact J]]).
    clear B J. revert all_ks A. induction columns as [|r columns IH]; intros all_ks A k Y; inversion A; subst.
    + split; [constructor|reflexivity].
    + simpl in Y. rewrite !andb_true_iff in Y. destruct Y as [[Y1 Y2] Y3].
      destruct y as [[iv j] t]. simpl in *. apply Nat.eqb_eq in Y1. subst j.
      match goal with K : get_column s r = Some _ |- _ => destruct (get_column_sound _ M _ _ _ _ K) as [u [U [I V]]] end.
      match goal with K : Forall2 _ _ _ |- _ => destruct (IH _ K _ Y3) as [S1 S2] end.
      rewrite S2, U. simpl. split; [constructor; [exact I|rewrite <- S2; exact S1]|].
      f_equal. apply (eval_zero reg (fun r => nth k (w r) 0)) in Y2.
      rewrite eval_sub in Y2 by exact Pos.compare_eq. lia.
  - (* Select *)
    options. injection H as <-. facts M. apply Nat.eqb_eq in B.
    match goal with A : inside (number (w a)) _, A' : number (w a) = _, C : inside (number (w b)) _, C' : number (w b) = _ |- _ =>
      apply (best_sound _ M _ _ _ A') in A; apply (best_sound _ M _ _ _ C') in C end.
    apply models_free; [exact M| |].
    + match goal with F : fit (w a) ?is, F' : fit (w b) ?js |- _ =>
        assert (W : fit (w n) is \/ fit (w n) js) by (destruct X as [-> | ->]; auto); revert B W; generalize is js end.
      clear. induction (w n) as [|u us IH]; intros is js L W.
      { destruct is, js; try discriminate; destruct W as [W|W]; inversion W; constructor. }
      { destruct is as [|i is], js as [|j js]; try discriminate; destruct W as [W|W]; inversion W; subst;
          (constructor; [unfold union, inside in *; simpl; lia|apply IH; [simpl in L; lia|auto]]). }
    + unfold numbers, union, inside in *. simpl. destruct X as [-> | ->]; lia.
  - (* Zeros *)
    options. injection H as <-. exact M.
  - (* LargerHalf *)
    options. injection H as <-. exact M.
  - (* Inverse *)
    options. injection H as <-. apply models_free; [exact M|apply X|apply X].
  - (* Cut *)
    options. injection H as <-. facts M.
    match goal with A : number (w a) = nval numbers ?q |- _ =>
      assert (E : numbers n = nval numbers q) by (unfold numbers at 1; rewrite X; exact A) end.
    apply models_atom; [exact M|rewrite X; assumption| |].
    + apply (best_sound _ M); [exact E|]. unfold numbers. rewrite X. assumption.
    + rewrite eval_scale, E, Z.sub_diag. reflexivity.
  - (* Use *)
    destruct X as [f [Uf X]].
    destruct (nth_error contracts k) as [cs|] eqn:Ct; [|discriminate].
    destruct (all (map (get_sum s) args)) as [ks|] eqn:A; [|discriminate].
    destruct (find _ cs) as [[ins outs]|] eqn:Fi; [|discriminate]. injection H as <-.
    apply find_some in Fi. destruct Fi as [In B]. cbn [fst snd] in *.
    rewrite !andb_true_iff, !Nat.eqb_eq in B. destruct B as [[L L'] B].
    apply set_all_sound; [exact M|]. rewrite L'.
    refine (kept _ _ _ _ _ _ Uf Ct In X _). cbn [fst].
    apply all_spec in A. clear - A L B M. revert ins L B.
    match type of A with Forall2 _ ?l _ => remember l as gs eqn:G end. revert args G.
    induction A as [|g [[is x] i] gs ks Q A IH]; intros args G ins L B; destruct args as [|r args]; try discriminate.
    + destruct ins; [constructor|discriminate].
    + destruct ins as [|b ins]; [discriminate|]. injection G as G1 G2. simpl in B. apply andb_prop in B. destruct B as [B1 B2].
      constructor; [|apply (IH _ G2); [simpl in L; lia|exact B2]].
      rewrite G1 in Q. apply (get_sum_sound _ M) in Q. destruct Q as [F [N I]].
      eapply within_sound; [exact F| |exact B1]. apply (best_sound _ M); assumption.
Qed.

Lemma walk_sound ss : forall n s s', models s -> execution codes used n ss w -> walk n ss s = Some s' -> models s'.
Proof.
  induction ss as [|st ss IH]; simpl; intros n s s' M X H; [injection H as <-; exact M|].
  destruct X as [X Y]. destruct (advance s n st) as [s1|] eqn:A; [|discriminate].
  eapply IH; [|exact Y|exact H]. eapply advance_sound; eassumption.
Qed.
End Models.
End Codes.
