(** The check of a kernel against its specification, after the walk through its steps.

    [check_sound] is the theorem for the lanes: each kernel that [check] accepts satisfies its specification. *)
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

(** ** The check *)

Fixpoint polynomial_of (f : formula) : npoly :=
  match f with
  | Var r => natom r
  | Num c => nconst c
  | Added a b => nadd (polynomial_of a) (polynomial_of b)
  | Subtracted a b => nsub (polynomial_of a) (polynomial_of b)
  | Multiplied a b => nmul (polynomial_of a) (polynomial_of b)
  end.

Definition modulo_p (q : npoly) : npoly :=
  filter (fun t => negb (snd t =? 0)) (map (fun t => (fst t, snd t mod p)) q).

(** R^m/R^k modulo p. *)
Fixpoint scale_by_R (m k : nat) : Z :=
  match m, k with
  | S m, S k => scale_by_R m k
  | O, O => 1
  | S m, O => R * scale_by_R m O mod p
  | O, S k => R_inverse * (fix powers k := match k with O => 1 | S k => R_inverse * powers k mod p end) k mod p
  end.

(** From numbers to elements: R for each factor, over R^k. *)
Definition lift (k : nat) (q : npoly) : npoly :=
  modulo_p (map (fun t => (fst t, scale_by_R (length (fst t)) k * snd t)) q).

Fixpoint power (q : npoly) (n : nat) : npoly := match n with O => nconst 1 | S n => nmul q (power q n) end.

Definition occurrences (r : reg) (mono : list reg) : nat := length (filter (Pos.eqb r) mono).
Definition others (r : reg) (mono : list reg) : list reg := filter (fun x => negb (Pos.eqb r x)) mono.

Definition occurs (r : reg) (q : npoly) : bool := existsb (fun t => existsb (Pos.eqb r) (fst t)) q.

(** [q] with [d] for [r]. *)
Definition substitute (r : reg) (d q : npoly) : npoly :=
  let kept := filter (fun t => negb (existsb (Pos.eqb r) (fst t))) q in
  let gone := filter (fun t => existsb (Pos.eqb r) (fst t)) q in
  modulo_p (fold_right (fun t s =>
    nadd (nmul [(others r (fst t), snd t)] (power d (occurrences r (fst t)))) s) kept gone).

Definition expand (s : state) (keep : list reg) (q : npoly) : npoly :=
  fold_left (fun q t =>
    if existsb (Pos.eqb (fst t)) keep then q
    else if occurs (fst t) q then substitute (fst t) (lift 2 (snd t)) q else q) (defined s) q.

Definition agrees (s : state) (keep : list reg) (q : npoly) (f : formula) : bool :=
  zero reg (modulo_p (nsub (expand s keep q) (polynomial_of f))).

(** The sum of the exponents of a product, if the element of each of its factors is a known power. *)
Fixpoint exponent (es : PositiveMap.t Z) (mono : list reg) : option Z :=
  match mono with
  | [] => Some 0
  | r :: mono =>
      match PositiveMap.find r es, exponent es mono with Some e, Some f => Some (e + f) | _, _ => None end
  end.

(** The registers whose elements are powers of that of register 1, from their definitions, the last one first. *)
Fixpoint exponents (ds : list (reg * npoly)) : PositiveMap.t Z :=
  match ds with
  | [] => PositiveMap.add 1%positive 1 (PositiveMap.empty _)
  | (n, d) :: ds =>
      let es := exponents ds in
      match lift 2 d with
      | [(mono, 1)] => match exponent es mono with Some e => PositiveMap.add n e es | None => es end
      | _ => es
      end
  end.

Definition is_power (s : state) (q : npoly) (e : Z) : bool :=
  match lift 1 q with
  | [(mono, 1)] => match exponent (exponents (defined s)) mono with Some f => e =? f | None => false end
  | _ => false
  end.

Definition check_claim (s : state) (keep : list reg) (r : reg) (c : claim) : bool :=
  match PositiveMap.find r (known_of s), c with
  | Some (Sum is q b), ValueIs f bound => within is (best s q b) bound && agrees s keep (lift 1 q) f
  | Some (Sum is q b), Within bound => within is (best s q b) bound
  | Some (Sum is q b), PowerIs e bound => within is (best s q b) bound && is_power s q e
  | Some (Wide is q b), WideIs f low high =>
      let b := best s q b in (low <=? fst b) && (snd b <=? high) && agrees s keep (lift 2 q) f
  | _, _ => false
  end.

Definition initial (bs : list Z) (rs : list reg) : state :=
  fold_right (fun t s =>
    State (PositiveMap.add (fst t) (Sum (limbs_below (snd t)) (natom (fst t)) (0, snd t)) (known_of s))
      (PositiveMap.add (fst t) (0, snd t) (range_of s)) []) (State (PositiveMap.empty _) (PositiveMap.empty _) [])
    (combine rs bs).

Definition check_using (codes : list (method * code)) (contracts : list (list (list Z * list Z))) (k : kernel) (s : specification)
  : bool :=
  let rs := registers 1 (Pos.to_nat (inputs k)) in
  Nat.eqb (length rs) (length (bounds_of_inputs s)) && Nat.eqb (length (outputs k)) (length (claims s)) &&
  match walk codes contracts (Pos.succ (inputs k)) (steps k) (initial (bounds_of_inputs s) rs) with
  | Some st => forallb (fun t => check_claim st (kept s) (fst t) (snd t)) (combine (outputs k) (claims s))
  | None => false
  end.

(** ** Soundness *)

Lemma polynomial_of_sound v f : nval v (polynomial_of f) = denoted v f.
Proof.
  induction f; cbn [polynomial_of denoted];
    rewrite ?eval_add, ?eval_sub, ?eval_mul, ?eval_constant, ?eval_atom by exact Pos.compare_eq; congruence.
Qed.

Lemma modulo_p_sound v q : congruent (nval v (modulo_p q)) (nval v q).
Proof.
  induction q as [|[mono c] q IH]; [apply congruent_refl|].
  unfold modulo_p in *. simpl map. simpl filter.
  assert (M : congruent (c mod p) c).
  { apply congruent_sym, congruent_divide. exists (c / p). pose proof (Z.div_mod c p ltac:(discriminate)). lia. }
  destruct (Z.eqb_spec (c mod p) 0) as [E|E]; simpl negb; cbv iota.
  - simpl. replace (nval v _) with (0 * eval_monomial reg v mono + nval v (filter (fun t => negb (snd t =? 0)) (map (fun t => (fst t, snd t mod p)) q))) at 1 by ring.
    apply congruent_add; [|exact IH]. apply congruent_mul; [rewrite <- E; exact M|apply congruent_refl].
  - simpl. apply congruent_add; [|exact IH]. apply congruent_mul; [exact M|apply congruent_refl].
Qed.

Lemma scale_by_R_sound m : forall k, congruent (scale_by_R m k) (R ^ Z.of_nat m * R_inverse ^ Z.of_nat k).
Proof.
  induction m as [|m IH]; intros k.
  - assert (P : forall k, congruent ((fix powers k := match k with O => 1 | S k => R_inverse * powers k mod p end) k)
      (R_inverse ^ Z.of_nat k)).
    { clear. induction k as [|k IH]; [apply congruent_refl|].
      rewrite Nat2Z.inj_succ, Z.pow_succ_r by lia. eapply congruent_trans; [apply congruent_mod|].
      apply congruent_mul; [apply congruent_refl|exact IH]. }
    destruct k as [|k]; [apply congruent_refl|].
    cbn [scale_by_R]. eapply congruent_trans; [apply congruent_mod|].
    rewrite Nat2Z.inj_succ, Z.pow_succ_r, Z.mul_1_l by lia. apply congruent_mul; [apply congruent_refl|apply P].
  - rewrite Nat2Z.inj_succ, Z.pow_succ_r by lia. destruct k as [|k].
    + cbn [scale_by_R]. eapply congruent_trans; [apply congruent_mod|].
      rewrite <- Z.mul_assoc. apply congruent_mul; [apply congruent_refl|apply (IH O)].
    + cbn [scale_by_R]. eapply congruent_trans; [apply IH|].
      rewrite Nat2Z.inj_succ, Z.pow_succ_r by lia.
      replace (R * R ^ Z.of_nat m * (R_inverse * R_inverse ^ Z.of_nat k))
        with (R * R_inverse * (R ^ Z.of_nat m * R_inverse ^ Z.of_nat k)) by ring.
      rewrite <- (Z.mul_1_l (R ^ Z.of_nat m * _)) at 1.
      apply congruent_mul; [apply congruent_sym, R_inverse_spec|apply congruent_refl].
Qed.

Section Elements.
Variable w : reg -> list Z.
Local Notation numbers := (Steps.numbers w).
Let elements r := element (w r).

Lemma monomial_lift mono :
  congruent (eval_monomial reg numbers mono) (R ^ Z.of_nat (length mono) * eval_monomial reg elements mono).
Proof.
  induction mono as [|r mono IH]; [apply congruent_refl|]. cbn [length eval_monomial].
  rewrite Nat2Z.inj_succ, Z.pow_succ_r by lia.
  replace (R * R ^ Z.of_nat (length mono) * (elements r * eval_monomial reg elements mono))
    with (R * elements r * (R ^ Z.of_nat (length mono) * eval_monomial reg elements mono)) by ring.
  apply congruent_mul; [|exact IH].
  unfold elements, element. replace (R * (number (w r) * R_inverse)) with (number (w r) * (R * R_inverse)) by ring.
  replace (numbers r) with (number (w r) * 1) by (unfold Steps.numbers; ring).
  apply congruent_mul; [apply congruent_refl|]. apply congruent_sym, R_inverse_spec.
Qed.

Lemma lift_sound k q : congruent (nval elements (lift k q)) (R_inverse ^ Z.of_nat k * nval numbers q).
Proof.
  eapply congruent_trans; [apply modulo_p_sound|].
  induction q as [|[mono d] q IH]; [simpl; rewrite Z.mul_0_r; apply congruent_refl|]. simpl.
  rewrite Z.mul_add_distr_l. apply congruent_add; [|exact IH].
  apply congruent_trans with
    (R ^ Z.of_nat (length mono) * R_inverse ^ Z.of_nat k * d * eval_monomial reg elements mono).
  - apply congruent_mul; [|apply congruent_refl]. apply congruent_mul; [|apply congruent_refl].
    apply scale_by_R_sound.
  - replace (R ^ Z.of_nat (length mono) * R_inverse ^ Z.of_nat k * d * eval_monomial reg elements mono)
      with (R_inverse ^ Z.of_nat k * (d * (R ^ Z.of_nat (length mono) * eval_monomial reg elements mono))) by ring.
    apply congruent_mul; [apply congruent_refl|]. apply congruent_mul; [apply congruent_refl|].
    apply congruent_sym, monomial_lift.
Qed.

Lemma power_sound q n : nval elements (power q n) = nval elements q ^ Z.of_nat n.
Proof.
  induction n as [|n IH]; [apply eval_constant|].
  simpl power. rewrite eval_mul, IH, Nat2Z.inj_succ, Z.pow_succ_r by (exact Pos.compare_eq || lia). reflexivity.
Qed.

Lemma monomial_split r mono :
  eval_monomial reg elements mono =
  eval_monomial reg elements (others r mono) * elements r ^ Z.of_nat (occurrences r mono).
Proof.
  unfold others, occurrences. induction mono as [|x mono IH]; [reflexivity|].
  cbn [filter eval_monomial]. destruct (Pos.eqb_spec r x) as [->|N]; cbn [negb length eval_monomial]; rewrite IH.
  - rewrite Nat2Z.inj_succ, Z.pow_succ_r by lia. ring.
  - ring.
Qed.

Lemma congruent_pow a b n : congruent a b -> congruent (a ^ Z.of_nat n) (b ^ Z.of_nat n).
Proof.
  intros H. induction n as [|n IH]; [apply congruent_refl|].
  rewrite Nat2Z.inj_succ, !Z.pow_succ_r by lia. apply congruent_mul; assumption.
Qed.

Lemma substitute_sound r d q :
  congruent (elements r) (nval elements d) -> congruent (nval elements (substitute r d q)) (nval elements q).
Proof.
  intros E. unfold substitute. eapply congruent_trans; [apply modulo_p_sound|].
  set (kept_terms := filter (fun t => negb (existsb (Pos.eqb r) (fst t))) q).
  set (gone := filter (fun t => existsb (Pos.eqb r) (fst t)) q).
  replace (nval elements q) with (nval elements gone + nval elements kept_terms).
  - induction gone as [|[mono c] gone IH]; [apply congruent_refl|].
    cbn [fold_right fst snd]. rewrite eval_add, eval_mul, power_sound by exact Pos.compare_eq. simpl.
    rewrite <- Z.add_assoc. apply congruent_add; [|exact IH].
    rewrite (monomial_split r mono), Z.add_0_r, Z.mul_assoc.
    apply congruent_mul; [apply congruent_refl|]. apply congruent_pow, congruent_sym, E.
  - subst gone kept_terms. induction q as [|[mono c] q IH]; [reflexivity|]. simpl.
    destruct (existsb (Pos.eqb r) mono); simpl; lia.
Qed.

Lemma expand_sound s keep q : models w s -> congruent (nval elements (expand s keep q)) (nval elements q).
Proof.
  intros M. unfold expand.
  assert (D : forall r d, In (r, d) (defined s) -> (R * numbers r - nval numbers d) mod p = 0)
    by exact (models_defined _ _ M).
  revert q D. induction (defined s) as [|[r d] ds IH]; intros q D; [apply congruent_refl|]. simpl fold_left.
  eapply congruent_trans; [apply IH; intros; apply D; right; assumption|].
  destruct (existsb (Pos.eqb r) keep); [apply congruent_refl|].
  cbn [fst snd]. destruct (occurs r q); [|apply congruent_refl]. apply substitute_sound.
  specialize (D r d (or_introl eq_refl)). fold (congruent (R * numbers r) (nval numbers d)) in D.
  eapply congruent_trans; [|apply congruent_sym, lift_sound].
  eapply congruent_trans; [|apply congruent_mul; [apply congruent_refl|exact D]].
  replace (R_inverse ^ Z.of_nat 2 * (R * numbers r)) with (numbers r * R_inverse * (R * R_inverse))
    by (change (Z.of_nat 2) with 2; ring).
  unfold elements, element, Steps.numbers. rewrite <- (Z.mul_1_r (number (w r) * R_inverse)) at 1.
  apply congruent_mul; [apply congruent_refl|]. apply congruent_sym, R_inverse_spec.
Qed.

Lemma agrees_sound s keep q f :
  models w s -> agrees s keep q f = true -> congruent (nval elements q) (denoted elements f).
Proof.
  intros M A. apply (eval_zero reg elements) in A.
  apply congruent_trans with (nval elements (expand s keep q)); [apply congruent_sym, expand_sound, M|].
  rewrite <- polynomial_of_sound.
  pose proof (modulo_p_sound elements (nsub (expand s keep q) (polynomial_of f))) as P.
  rewrite A, eval_sub in P by exact Pos.compare_eq.
  apply congruent_divide in P. destruct P as [k P]. apply congruent_divide. exists (- k). lia.
Qed.

Lemma exponent_sound es mono : forall e,
  (forall r f, PositiveMap.find r es = Some f -> 0 <= f /\ congruent (elements r) (elements 1%positive ^ f)) ->
  exponent es mono = Some e -> 0 <= e /\ congruent (eval_monomial reg elements mono) (elements 1%positive ^ e).
Proof.
  induction mono as [|r mono IH]; intros e H E.
  - injection E as <-. split; [lia|apply congruent_refl].
  - simpl in E. destruct (PositiveMap.find r es) as [f|] eqn:F; [|discriminate].
    destruct (exponent es mono) as [g|]; [|discriminate]. injection E as <-.
    destruct (H _ _ F) as [P C]. destruct (IH _ H eq_refl) as [P' C']. split; [lia|].
    simpl. rewrite Z.pow_add_r by assumption. apply congruent_mul; assumption.
Qed.

Lemma exponents_sound s : models w s -> forall r f,
  PositiveMap.find r (exponents (defined s)) = Some f -> 0 <= f /\ congruent (elements r) (elements 1%positive ^ f).
Proof.
  intros M. pose proof (models_defined _ _ M) as D.
  induction (defined s) as [|[n d] ds IH]; intros r f.
  - change (exponents []) with (PositiveMap.add 1%positive 1 (PositiveMap.empty Z)).
    destruct (Pos.eq_dec r 1) as [->|N].
    + rewrite PositiveMap.gss. intros E. injection E as <-. rewrite Z.pow_1_r. split; [lia|apply congruent_refl].
    + rewrite PositiveMap.gso, PositiveMap.gempty by exact N. discriminate.
  - assert (D' : forall r d, In (r, d) ds -> (R * numbers r - nval numbers d) mod p = 0)
      by (intros; apply D; right; assumption).
    specialize (IH D'). cbn [exponents].
    destruct (lift 2 d) as [|[mono [|[]|]] [|]] eqn:L; try apply IH.
    destruct (exponent (exponents ds) mono) as [e|] eqn:E; [|apply IH].
    destruct (Pos.eq_dec r n) as [->|N]; [|rewrite PositiveMap.gso by exact N; apply IH].
    rewrite PositiveMap.gss. intros Q. injection Q as <-.
    destruct (exponent_sound _ _ _ IH E) as [P C]. split; [exact P|].
    eapply congruent_trans; [|exact C].
    specialize (D n d (or_introl eq_refl)). fold (congruent (R * numbers n) (nval numbers d)) in D.
    pose proof (lift_sound 2 d) as S. rewrite L in S. simpl nval in S.
    rewrite Z.mul_1_l, Z.add_0_r in S.
    eapply congruent_trans; [|apply congruent_sym, S].
    eapply congruent_trans; [|apply congruent_mul; [apply congruent_refl|exact D]].
    replace (R_inverse ^ Z.of_nat 2 * (R * numbers n)) with (numbers n * R_inverse * (R * R_inverse))
      by (change (Z.of_nat 2) with 2; ring).
    unfold elements, element, Steps.numbers. rewrite <- (Z.mul_1_r (number (w n) * R_inverse)) at 1.
    apply congruent_mul; [apply congruent_refl|]. apply congruent_sym, R_inverse_spec.
Qed.

Lemma element_of_polynomial r q :
  number (w r) = nval numbers q -> congruent (element (w r)) (nval elements (lift 1 q)).
Proof.
  intros N. eapply congruent_trans; [|apply congruent_sym, lift_sound].
  unfold element. rewrite N, Z.pow_1_r, Z.mul_comm. apply congruent_refl.
Qed.

Lemma check_claim_sound s keep r c : models w s -> check_claim s keep r c = true -> claimed w (w r) c.
Proof.
  intros M H. unfold check_claim in H.
  destruct (PositiveMap.find r (known_of s)) as [[is q b|is q b|is q b|]|] eqn:K; try discriminate;
    destruct c as [f bound|f low high|bound|e bound]; try discriminate;
    apply (models_known _ _ M) in K; destruct K as [F [N I]]; apply (best_sound _ _ M _ _ _ N) in I.
  - apply andb_prop in H. destruct H as [W A]. split; [eapply within_sound; eassumption|].
    eapply congruent_trans; [apply element_of_polynomial, N|]. eapply agrees_sound; eassumption.
  - eapply within_sound; eassumption.
  - apply andb_prop in H. destruct H as [W A]. split; [eapply within_sound; eassumption|].
    unfold is_power in A. destruct (lift 1 q) as [|[mono [|[]|]] [|]] eqn:L; try discriminate.
    destruct (exponent (exponents (defined s)) mono) as [f|] eqn:E; [|discriminate].
    apply Z.eqb_eq in A. subst f.
    destruct (exponent_sound _ _ _ (exponents_sound _ M) E) as [P C]. split; [exact P|].
    eapply congruent_trans; [apply element_of_polynomial, N|]. rewrite L. simpl.
    rewrite Z.mul_1_l, Z.add_0_r. exact C.
  - rewrite !andb_true_iff, !Z.leb_le in H. destruct H as [[L U] A].
    simpl. split; [unfold inside in *; simpl; lia|].
    eapply congruent_trans; [|eapply agrees_sound; eassumption].
    eapply congruent_trans; [|apply congruent_sym, lift_sound].
    unfold wide_element. rewrite N.
    replace (nval numbers q * R_inverse * R_inverse) with (R_inverse ^ Z.of_nat 2 * nval numbers q)
      by (change (Z.of_nat 2) with 2; ring).
    apply congruent_refl.
Qed.

Lemma initial_models rs : forall bs,
  Forall2 (fun r b => normal b (w r)) rs bs -> models w (initial bs rs).
Proof.
  unfold initial. induction rs as [|r rs IH]; intros bs F; inversion F; subst.
  - split; simpl; intros; try contradiction; rewrite PositiveMap.gempty in *; discriminate.
  - simpl. match goal with N : normal _ _ |- _ => destruct N as [Fits I] end.
    match goal with F : Forall2 _ rs _ |- _ => destruct (IH _ F) as [A B C] end.
    split; simpl; [| |intros; contradiction].
    + intros x k. destruct (Pos.eq_dec x r) as [->|D].
      * rewrite PositiveMap.gss. intros E. injection E as <-. split; [exact Fits|]. split; [symmetry; apply eval_atom|exact I].
      * rewrite PositiveMap.gso by exact D. apply A.
    + intros x k. destruct (Pos.eq_dec x r) as [->|D].
      * rewrite PositiveMap.gss. intros E. injection E as <-. exact I.
      * rewrite PositiveMap.gso by exact D. apply B.
Qed.
End Elements.

(** A used kernel keeps its bounds. *)
Definition keeps (f : list (list Z) -> list (list Z) -> Prop) (c : list Z * list Z) : Prop :=
  forall ins outs, f ins outs ->
  Forall2 (fun x b => normal b x) ins (fst c) -> Forall2 (fun x b => normal b x) outs (snd c).

Definition check (codes : list (method * code)) := check_using codes [].

Lemma Forall2_nth {A B} (P : A -> B -> Prop) l m : Forall2 P l m ->
  forall k a b, nth_error l k = Some a -> nth_error m k = Some b -> P a b.
Proof.
  intros F. induction F; intros [|k] a b X Y; simpl in *; try discriminate; [congruence|]. eapply IHF; eassumption.
Qed.

Theorem check_using_sound codes used contracts k s :
  forallb (fun t => verify (fst t) (snd t)) codes = true -> Forall2 (fun f => Forall (keeps f)) used contracts ->
  check_using codes contracts k s = true -> satisfies_using codes used k s.
Proof.
  intros V U C w X I. unfold check_using in C. rewrite !andb_true_iff in C. destruct C as [[_ L] C].
  apply Nat.eqb_eq in L.
  destruct (walk _ _ _ _ _) as [st|] eqn:W; [|discriminate].
  assert (M : models w st).
  { eapply walk_sound; [exact V| |apply initial_models; exact I|exact X|exact W].
    intros j f cs c ins outs A B K. pose proof (Forall2_nth _ _ _ U _ _ _ A B) as Fa.
    rewrite Forall_forall in Fa. exact (Fa c K ins outs). }
  clear W X I. revert L C. generalize (claims s). induction (outputs k) as [|r rs IH]; intros cs L C.
  - destruct cs; [constructor|discriminate].
  - destruct cs as [|c cs]; [discriminate|]. simpl in C. apply andb_prop in C. destruct C as [C1 C2].
    constructor; [eapply check_claim_sound; eassumption|]. apply IH; [injection L; auto|exact C2].
Qed.

Theorem check_sound codes k s :
  forallb (fun t => verify (fst t) (snd t)) codes = true -> check codes k s = true -> satisfies codes k s.
Proof. intros V. apply check_using_sound; [exact V|constructor]. Qed.

(** ** Kernels that use kernels *)

Fixpoint bounds_of_claims (cs : list claim) : option (list Z) :=
  match cs with
  | [] => Some []
  | c :: cs =>
      match c, bounds_of_claims cs with
      | (ValueIs _ b | Within b | PowerIs _ b), Some bs => Some (b :: bs)
      | _, _ => None
      end
  end.

Definition contract (s : specification) : list Z * list Z :=
  (bounds_of_inputs s, match bounds_of_claims (claims s) with Some bs => bs | None => [] end).

Theorem satisfies_keeps codes used k s :
  satisfies_using codes used k s -> bounds_of_claims (claims s) <> None -> keeps (behaviour codes used k) (contract s).
Proof.
  intros S B ins outs [w [X [-> ->]]] F. cbn [contract fst snd] in *.
  assert (I : Forall2 (fun r b => normal b (w r)) (registers 1 (Pos.to_nat (inputs k))) (bounds_of_inputs s)).
  { revert F. generalize (bounds_of_inputs s). induction (registers 1 (Pos.to_nat (inputs k))) as [|r rs IH];
      intros bs F; inversion F; subst; constructor; [assumption|apply IH; assumption]. }
  specialize (S w X I). clear - S B.
  destruct (bounds_of_claims (claims s)) as [bs|] eqn:E; [|congruence]. clear B. revert bs E.
  induction S as [|r c rs cs C S IH]; intros bs E; simpl in E; [injection E as <-; constructor|].
  destruct c; try discriminate; destruct (bounds_of_claims cs) as [bs'|]; try discriminate; injection E as <-;
    (constructor; [apply C|apply IH; reflexivity]).
Qed.
