(** From capsules to envelopes: the KEM-DEM composition.

    Paper: section 4.2, "Confidentiality", for whole records instead of GT elements.
    Stated: an envelope is a capsule (C, Z) of a uniform R in GT, a tag com, a body
    sealed under K, and on the ledger a commitment to the record under a salt, where
    (K, com, salt) = KDF(R, context). Its game is the HRA game of
    HraGame.v with one challenge: the adversary names a header and two records of one
    length, and gets the envelope of one of them. [envelope_hra] bounds its advantage.
    [never_one]: the crate draws R from GT without 1, which changes each of the two games
    by at most 1/p.
    Assumed, each by name in the bound: DDH in G1 ([adv_ddh]); the KDF on one uniform
    element of GT is pseudorandom ([adv_kdf]); the AEAD hides which of two records of one
    length is sealed, once, under a fresh key ([adv_aead]); the commitment hides which of
    two records it is to, under a fresh salt ([adv_commit]).

    Honest envelopes need no oracle of their own: the adversary may draw R itself and
    have it encrypted, which tells it more. The context of the KDF is a function of the
    header and Z, the AAD ([bind]) one of the header, Z and com; neither sees C, or
    re-encryption would break. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From PhiPre Require Import Bilinear Scheme Probability Ddh HraGame Hra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GroupScope.

(** ** With one challenge, the question does not depend on the answer *)
Section Question.
Variable B : bilinear_group.
Local Notation g1 := (g1 B).
Local Notation G1 := (G1 B). Local Notation G2 := (G2 B). Local Notation GT := (GT B).
Variables n m : nat.
Variables X S : Type.
Local Notation user := (user n m).
Local Notation query := (query B n m X).
Local Notation answer := (answer B S).
Variables (keys : user -> G2) (rE rC : nat -> nat) (next : seq answer -> query).

(** What the adversary asks to be challenged on within k steps; [x0] if it never does. *)
Variable x0 : X.
Fixpoint question k (tab : seq (option (entry B n m S))) : X :=
  if k is k'.+1 then
    match next (map (@shown B n m S) tab) with
    | Encrypt u M => question k'
        (rcons tab (Some (Entry u (encY (pub (keys u)) M (rE (size tab))) None false)))
    | Challenge _ x => x
    | ReEncrypt j u => question k' (rcons tab (reencrypt keys (nth None tab j) u))
    end
  else x0.

(** The challenger that encrypts M and says s, whatever it is asked. *)
Definition fixed (M : GT) (s : S) : challenger B X S :=
  @Challenger B X S [finType of unit] (fun _ _ _ _ => ((M, M), s)).

Variables (H : challenger B X S) (side : nat -> bool) (sd : seed H).
Local Notation stepH := (step 1 keys rE rC side sd next).
Local Notation stepF M s := (step 1 keys rE rC (fun _ => true) (tt : seed (fixed M s)) next).

Lemma step_after M s tab c : 0 < c -> stepH (tab, c) = stepF M s (tab, c).
Proof. by case: c => // c _; rewrite /step; case: (next _). Qed.
Lemma iter_after M s k tab c : 0 < c ->
  iter k stepH (tab, c) = iter k (stepF M s) (tab, c).
Proof.
elim: k tab c => // k IH tab c c0; rewrite !iterSr (step_after M s) //.
have: 0 < (stepF M s (tab, c)).2.
  by rewrite /step; case: (next _) => // i x; case: ifP.
by case: (stepF M s _) => tab' c'; exact: IH.
Qed.

Lemma iter_before k tab (a := serve sd 0 (question k tab) (g1 ^+ rC 0)) :
  iter k stepH (tab, 0) = iter k (stepF (pick (side 0) a.1) a.2) (tab, 0).
Proof.
rewrite /a {a}; elim: k tab => // k IH tab; rewrite !iterSr.
rewrite [stepH _]/step /= [in RHS]/step /=.
case: (next _) => [u M|i x|j u]; [exact: IH | exact: iter_after | exact: IH].
Qed.

Lemma play_fixed Q (a := serve sd 0 (question Q [::]) (g1 ^+ rC 0)) :
  play Q 1 keys rE rC side sd next =
  play Q 1 keys rE rC (fun _ => true) (tt : seed (fixed (pick (side 0) a.1) a.2)) next.
Proof. by rewrite /play iter_before. Qed.
End Question.

(** ** The envelope *)
Section Envelope.
Variable B : bilinear_group.
Local Notation p := (p B).   Local Notation g1 := (g1 B).
Local Notation G1 := (G1 B). Local Notation G2 := (G2 B). Local Notation GT := (GT B).

Variables (demkey tag salt : finType) (info header aad record body commitment : Type).
Variable kdf : GT -> info -> demkey * tag * salt.
Variable seal : demkey -> aad -> record -> body.
Variable context : header -> G1 -> info.
Variable bind : header -> G1 -> tag -> aad.
Variable commit : salt -> record -> commitment.
Variable length : record -> nat.

(** Two records of one length: an AEAD hides no lengths. *)
Record pair := Pair { left : record; right : record; _ : length left = length right }.
Definition choice (b : bool) (x : pair) := if b then left x else right x.
Definition request := (header * pair)%type.
Definition outside := (tag * body * commitment)%type.      (* beside the capsule *)

(** *** Assumption on the KDF: one uniform R, one info of the test's choice. *)
Record kdf_test := KdfTest {
  kdf_coins : finType;  kdf_info : kdf_coins -> info;
  kdf_judge : kdf_coins -> demkey * tag * salt -> bool }.
Definition kdf_real D := Pr (fun w : kdf_coins D * GT =>
  kdf_judge w.1 (kdf w.2 (kdf_info w.1))).
Definition kdf_rand D := Pr (fun w : kdf_coins D * (demkey * tag * salt) => kdf_judge w.1 w.2).
Definition adv_kdf D := gap (kdf_real D) (kdf_rand D).

(** *** Assumption on the AEAD: one fresh key, one sealing of one of two records. *)
Record aead_test := AeadTest {
  aead_coins : finType;  aead_ask : aead_coins -> aad * pair;
  aead_judge : aead_coins -> body -> bool }.
Definition aead_game D (b : bool) := Pr (fun w : aead_coins D * demkey =>
  let: (a, x) := aead_ask w.1 in aead_judge w.1 (seal w.2 a (choice b x))).
Definition adv_aead D := gap (aead_game D true) (aead_game D false).

(** *** Assumption on the commitment: one fresh salt, one of two records. *)
Record commit_test := CommitTest {
  commit_coins : finType;  commit_ask : commit_coins -> pair;
  commit_judge : commit_coins -> commitment -> bool }.
Definition commit_game D (b : bool) := Pr (fun w : commit_coins D * salt =>
  commit_judge w.1 (commit w.2 (choice b (commit_ask w.1)))).
Definition adv_commit D := gap (commit_game D true) (commit_game D false).

(** *** The game. Side true of the challenger encapsulates R, side false 1. *)
Definition package (kcs : demkey * tag * salt) (b : bool) (x : request) (Z : G1) : outside :=
  let: (k, c, s) := kcs in (c, seal k (bind x.1 Z c) (choice b x.2), commit s (choice b x.2)).
Definition envelope (b : bool) : challenger B request outside :=
  @Challenger B request outside GT
    (fun R _ x Z => ((R, 1), package (kdf R (context x.1 Z)) b x Z)).

Variables n m Q : nat.
Variable A : adversary B n m request outside.
Definition envelope_game (b : bool) := game Q 1 (envelope b) A (fun _ => true).

(** *** The tests that the proof runs *)
Variable x0 : request.
Definition rest : finType := [finType of
  {ffun 'I_n -> 'I_p} * {ffun 'I_Q -> 'I_p} * {ffun 'I_1 -> 'I_p} * tape A].
(** The question asked in this world, and the verdict when [o] is the answer. *)
Definition asked (w : rest) : request :=
  let: (ds, rE, rC, t) := w in
  let ks i := pk B (ds i) in
  let Ys := [ffun i => pub (ks i)] in
  let rks := [ffun ij : 'I_n * 'I_n => rk (ks ij.1) (ks ij.2)] in
  question (key ks (corrupt_key t)) (at_ rE) (ask t Ys rks) x0 Q [::].
Definition capsule_z (w : rest) : G1 := let: (ds, rE, rC, t) := w in g1 ^+ at_ rC 0.
Definition answered (w : rest) (o : outside) : bool :=
  let: (ds, rE, rC, t) := w in
  let ks i := pk B (ds i) in
  let Ys := [ffun i => pub (ks i)] in
  let rks := [ffun ij : 'I_n * 'I_n => rk (ks ij.1) (ks ij.2)] in
  verdict t Ys rks (play Q 1 (key ks (corrupt_key t)) (at_ rE) (at_ rC) (fun _ => true)
    (tt : seed (fixed request 1 o)) (ask t Ys rks)).

Definition kdf_reduction (b : bool) : kdf_test :=
  @KdfTest rest (fun w => context (asked w).1 (capsule_z w))
    (fun w kc => answered w (package kc b (asked w) (capsule_z w))).
(** It commits to the record of side b, whichever of the two is sealed. *)
Definition aead_reduction (b : bool) : aead_test :=
  @AeadTest [finType of rest * tag * salt]
    (fun v => let: (w, c, s) := v in (bind (asked w).1 (capsule_z w) c, (asked w).2))
    (fun v y => let: (w, c, s) := v in answered w (c, y, commit s (choice b (asked w).2))).
(** It seals the right record, whichever of the two is committed to. *)
Definition commit_reduction : commit_test :=
  @CommitTest [finType of rest * tag * demkey]
    (fun v => let: (w, c, k) := v in (asked w).2)
    (fun v y => let: (w, c, k) := v in
       answered w (c, seal k (bind (asked w).1 (capsule_z w) c) (choice false (asked w).2), y)).

Lemma dummy_capsule b : game Q 1 (envelope b) A (fun _ => false) = kdf_real (kdf_reduction b).
Proof.
pose f (w : world Q 1 (envelope b) A) : rest * GT :=
  let: (ds, rE, rC, R, t) := w in ((ds, rE, rC, t), R).
apply: (@Pr_bij _ _ f).
  by exists (fun w : rest * GT => let: ((ds, rE, rC, t), R) := w in (ds, rE, rC, R, t));
     [case=> [[[[ds rE] rC] R] t] | case=> [[[[ds rE] rC] t] R]].
case=> [[[[ds rE] rC] R] t] /=; congr (verdict _ _ _ _).
by rewrite (play_fixed _ _ _ _ x0).
Qed.

Lemma fresh_key b : kdf_rand (kdf_reduction b) = aead_game (aead_reduction b) b.
Proof.
pose f (v : rest * (demkey * tag * salt)) : (rest * tag * salt) * demkey :=
  let: (w, (k, c, s)) := v in ((w, c, s), k).
apply: (@Pr_bij _ _ f) => [|[w [[k c] s]] //].
by exists (fun v : (rest * tag * salt) * demkey => let: ((w, c, s), k) := v in (w, (k, c, s)));
   [case=> w [[k c] s] | case=> [[[w c] s] k]].
Qed.

Lemma fresh_salt b : commit_game commit_reduction b = aead_game (aead_reduction b) false.
Proof.
pose f (v : (rest * tag * demkey) * salt) : (rest * tag * salt) * demkey :=
  let: ((w, c, k), s) := v in ((w, c, s), k).
apply: (@Pr_bij _ _ f) => [|[[[w c] k] s] //].
by exists (fun v : (rest * tag * salt) * demkey => let: ((w, c, s), k) := v in ((w, c, k), s));
   [case=> [[[w c] k] s] | case=> [[[w c] s] k]].
Qed.

Theorem envelope_hra :
  (gap (envelope_game true) (envelope_game false) <=
    (adv_ddh (reduction Q (envelope true) A (ord0 : 'I_1) true) +
     adv_ddh (reduction Q (envelope true) A (ord0 : 'I_1) false)) +
    adv_kdf (kdf_reduction true) +
    adv_aead (aead_reduction true) + adv_commit commit_reduction +
    adv_kdf (kdf_reduction false) +
    (adv_ddh (reduction Q (envelope false) A (ord0 : 'I_1) true) +
     adv_ddh (reduction Q (envelope false) A (ord0 : 'I_1) false)))%R.
Proof.
have hop b := leaky_hra Q 1 (envelope b) A.
move: (hop true) (hop false); rewrite !big_ord1 -!/(envelope_game _) !dummy_capsule => ht hf.
apply: (gap_step (y := kdf_real (kdf_reduction false))); last by rewrite gapC.
apply: (gap_step (y := kdf_rand (kdf_reduction false))); last by rewrite gapC.
apply: (gap_step (y := commit_game commit_reduction true)); last by rewrite fresh_key -fresh_salt.
apply: (gap_step (y := kdf_rand (kdf_reduction true))); last by rewrite fresh_key fresh_salt.
exact: (gap_step (y := kdf_real (kdf_reduction true))).
Qed.

(** *** The R of the crate: uniform in GT without 1 *)
Definition envelope_not_one (b : bool) : challenger B request outside :=
  @Challenger B request outside [finType of {R : GT | R != 1}]
    (fun R _ x Z => ((val R, 1), package (kdf (val R) (context x.1 Z)) b x Z)).

Theorem never_one b :
  (gap (envelope_game b) (game Q 1 (envelope_not_one b) A (fun _ => true)) <= 1 / p%:R)%R.
Proof.
pose E (w : rest) (R : GT) : bool :=
  let: (ds, rE, rC, t) := w in
  let ks i := pk B (ds i) in
  let Ys := [ffun i => pub (ks i)] in
  let rks := [ffun ij : 'I_n * 'I_n => rk (ks ij.1) (ks ij.2)] in
  verdict t Ys rks (play Q 1 (key ks (corrupt_key t)) (at_ rE) (at_ rC) (fun _ => true)
    (R : seed (envelope b)) (ask t Ys rks)).
have -> : envelope_game b = Pr (fun w : rest * GT => E w.1 w.2).
  pose f (w : world Q 1 (envelope b) A) : rest * GT :=
    let: (ds, rE, rC, R, t) := w in ((ds, rE, rC, t), R).
  apply: (@Pr_bij _ _ f) => [|[[[[ds rE] rC] R] t] //].
  by exists (fun w : rest * GT => let: ((ds, rE, rC, t), R) := w in (ds, rE, rC, R, t));
     [case=> [[[[ds rE] rC] R] t] | case=> [[[[ds rE] rC] t] R]].
have -> : game Q 1 (envelope_not_one b) A (fun _ => true) =
          Pr (fun w : rest * {R : GT | R != 1} => E w.1 (val w.2)).
  pose f (w : world Q 1 (envelope_not_one b) A) : rest * {R : GT | R != 1} :=
    let: (ds, rE, rC, R, t) := w in ((ds, rE, rC, t), R).
  apply: (@Pr_bij _ _ f) => [|[[[[ds rE] rC] R] t] //].
  by exists (fun w : rest * {R : GT | R != 1} =>
       let: ((ds, rE, rC, t), R) := w in (ds, rE, rC, R, t));
     [case=> [[[[ds rE] rC] R] t] | case=> [[[[ds rE] rC] t] R]].
have -> : p = #|GT| by rewrite -cardsT cardT.
by apply: Pr_exclude; rewrite -cardsT cardT prime_gt1 ?p_pr.
Qed.
End Envelope.
