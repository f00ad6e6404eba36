(** Scoped keys: a grant for one scope gives nothing on another.

    Paper: section 3.2 derives one k_d from sk for all records of a hospital and a
    user; section 4.2 claims access control. Departure of the crate:
    k_d = f(sk, k_s || scope), one key for each scope.
    Stated: the keys of n + m scopes come from one sk. The adversary is the cloud and
    a hospital together: for the m granted scopes it holds k_d itself, for the n
    others every Y and every re-encryption key between two of them, and the HRA
    oracles. [scoped] bounds its advantage on the others, [scoped_envelope] does so for
    the envelope of a whole record. [pair_wide_game]: with the
    paper's one key for all scopes the same game is lost with advantage 1.
    Assumed: DDH in G1 ([adv_ddh]); f is a PRF on sk ([adv_prf], on fixed labels); for
    envelopes also KDF, AEAD and commitment as in Envelope.v. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From PhiPre Require Import Bilinear Scheme Probability Ddh HraGame Hra Envelope.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GroupScope.

Section Scope.
Variable B : bilinear_group.
Local Notation p := (p B).   Local Notation G2 := (G2 B). Local Notation GT := (GT B).

(** n scopes without a grant, m with one. *)
Variables n m Q q : nat.
Local Notation scope := ('I_n + 'I_m)%type.

(** *** Assumption on f: values under one uniform sk look like independent ones. *)
Variable SK : finType.
Variable f : SK -> scope -> 'I_p.
Record prf_test := PrfTest {
  prf_coins : finType;  prf_judge : prf_coins -> {ffun scope -> 'I_p} -> bool }.
Definition prf_real D := Pr (fun w : prf_coins D * SK => prf_judge w.1 [ffun u => f w.2 u]).
Definition prf_rand D := Pr (fun w : prf_coins D * {ffun scope -> 'I_p} => prf_judge w.1 w.2).
Definition adv_prf D := gap (prf_real D) (prf_rand D).

(** *** The game: that of HraGame.v with keys from f, the granted ones handed out *)
Section Play.
Variables X S : Type.
Record scope_adversary := ScopeAdversary {
  stape : finType;
  sask : stape -> {ffun 'I_m -> 'I_p} -> {ffun 'I_n -> GT} -> {ffun 'I_n * 'I_n -> G2} ->
         seq (answer B S) -> query B n m X;
  sverdict : stape -> {ffun 'I_m -> 'I_p} -> {ffun 'I_n -> GT} -> {ffun 'I_n * 'I_n -> G2} ->
         seq (answer B S) -> bool }.
Variables (H : challenger B X S) (side : nat -> bool) (A : scope_adversary).

Definition srest : finType :=
  [finType of {ffun 'I_Q -> 'I_p} * {ffun 'I_q -> 'I_p} * seed H * stape A].
Definition outcome (w : srest) (kd : {ffun scope -> 'I_p}) : bool :=
  let: (rE, rC, s, t) := w in
  let granted := [ffun j => kd (inr j)] in
  let ks i := pk B (kd (inl i)) in
  let Ys := [ffun i => pub (ks i)] in
  let rks := [ffun ij : 'I_n * 'I_n => rk (ks ij.1) (ks ij.2)] in
  let keys := key ks (fun j => granted j) in
  sverdict t granted Ys rks
    (play Q q keys (at_ rE) (at_ rC) side s (sask t granted Ys rks)).
Definition scope_game := Pr (fun w : srest * SK => outcome w.1 [ffun u => f w.2 u]).

(** The PRF test is the game itself; without f, the granted keys are drawn by the
    adversary, which plays HRA with them as the corrupt ones. *)
Definition prf_reduction : prf_test := @PrfTest srest outcome.
Definition hra_adversary : adversary B n m X S :=
  @Adversary B n m X S [finType of {ffun 'I_m -> 'I_p} * stape A]
    (fun w j => w.1 j)
    (fun w Ys rks => sask w.2 w.1 Ys rks)
    (fun w Ys rks => sverdict w.2 w.1 Ys rks).

Lemma random_keys : prf_rand prf_reduction = game Q q H hra_adversary side.
Proof.
pose F (w : srest * {ffun scope -> 'I_p}) : world Q q H hra_adversary :=
  let: ((rE, rC, s, t), kd) := w in
  ([ffun i => kd (inl i)], rE, rC, s, ([ffun j => kd (inr j)], t)).
pose G (w : world Q q H hra_adversary) : srest * {ffun scope -> 'I_p} :=
  let: (ds, rE, rC, s, (gs, t)) := w in
  ((rE, rC, s, t), [ffun u => match u with inl i => ds i | inr j => gs j end]).
apply: (@Pr_bij _ _ F).
  exists G => [[[[[rE rC] s] t] kd]|[[[[ds rE] rC] s] [gs t]]] /=.
    by congr (_, _); apply/ffunP => -[i|j]; rewrite !ffunE.
  by congr (_, _, _, _, (_, _)); apply/ffunP => i; rewrite !ffunE.
case=> [[[[rE rC] s] t] kd] /=.
have -> : [ffun i => pub (pk B (kd (inl i)))] =
          [ffun i => pub (pk B ([ffun i => kd (inl i)] i))].
  by apply/ffunP => i; rewrite !ffunE.
have -> : [ffun ij : 'I_n * 'I_n => rk (pk B (kd (inl ij.1))) (pk B (kd (inl ij.2)))] =
  [ffun ij => rk (pk B ([ffun i => kd (inl i)] ij.1)) (pk B ([ffun i => kd (inl i)] ij.2))].
  by apply/ffunP => ij; rewrite !ffunE.
congr (sverdict _ _ _ _ _); apply: play_keys => -[i|j] //=.
by rewrite ffunE.
Qed.

Lemma without_f :
  gap scope_game (game Q q H hra_adversary side) = adv_prf prf_reduction.
Proof. by rewrite -random_keys. Qed.
End Play.

Lemma swap_f X S (H H' : challenger B X S) side side' A bound :
  (gap (game Q q H (hra_adversary A) side) (game Q q H' (hra_adversary A) side') <= bound)%R ->
  (gap (scope_game H side A) (scope_game H' side' A) <=
    adv_prf (prf_reduction H side A) + bound + adv_prf (prf_reduction H' side' A))%R.
Proof.
move=> le; rewrite -!without_f.
apply: Order.POrderTheory.le_trans (gap_trans (game Q q H' (hra_adversary A) side') _ _) _.
apply: Num.Theory.ler_add; last by rewrite gapC.
apply: Order.POrderTheory.le_trans (gap_trans (game Q q H (hra_adversary A) side) _ _) _.
exact: Num.Theory.ler_add.
Qed.
End Scope.

Section Bounds.
Variable B : bilinear_group.
Variables n m Q : nat.
Variables (SK : finType) (f : SK -> 'I_n + 'I_m -> 'I_(p B)).
Local Notation lr := (left_or_right B).

Theorem scoped q (A : scope_adversary B n m (GT B * GT B) unit) :
  (gap (scope_game Q q f lr (fun _ => true) A) (scope_game Q q f lr (fun _ => false) A) <=
    adv_prf f (prf_reduction Q q lr (fun _ => true) A) +
    \sum_(t < q) (adv_ddh (reduction Q lr (hra_adversary A) t true) +
                  adv_ddh (reduction Q lr (hra_adversary A) t false)) +
    adv_prf f (prf_reduction Q q lr (fun _ => false) A))%R.
Proof. exact: swap_f (hra _ _ _). Qed.

(** The same for a whole envelope: the end-to-end bound of the crate's default. *)
Section Records.
Variables (demkey tag salt : finType) (info header aad record body commitment : Type).
Variable kdf : GT B -> info -> demkey * tag * salt.
Variable seal : demkey -> aad -> record -> body.
Variable context : header -> G1 B -> info.
Variable bind : header -> G1 B -> tag -> aad.
Variable commit : salt -> record -> commitment.
Variable length : record -> nat.
Local Notation requests := (request header length).
Local Notation envelope :=
  (@envelope B demkey tag salt info header aad record body commitment
     kdf seal context bind commit length).
Variable A : scope_adversary B n m requests (outside tag body commitment).
Variable x0 : requests.

Theorem scoped_envelope :
  (gap (scope_game Q 1 f (envelope true) (fun _ => true) A)
       (scope_game Q 1 f (envelope false) (fun _ => true) A) <=
    adv_prf f (prf_reduction Q 1 (envelope true) (fun _ => true) A) +
    ((adv_ddh (reduction Q (envelope true) (hra_adversary A) (ord0 : 'I_1) true) +
      adv_ddh (reduction Q (envelope true) (hra_adversary A) (ord0 : 'I_1) false)) +
     adv_kdf kdf (kdf_reduction seal context bind commit Q (hra_adversary A) x0 true) +
     adv_aead seal (aead_reduction bind commit Q (hra_adversary A) x0 true) +
     adv_commit commit (commit_reduction seal bind Q (hra_adversary A) x0) +
     adv_kdf kdf (kdf_reduction seal context bind commit Q (hra_adversary A) x0 false) +
     (adv_ddh (reduction Q (envelope false) (hra_adversary A) (ord0 : 'I_1) true) +
      adv_ddh (reduction Q (envelope false) (hra_adversary A) (ord0 : 'I_1) false))) +
    adv_prf f (prf_reduction Q 1 (envelope false) (fun _ => true) A))%R.
Proof. by apply: swap_f; exact: envelope_hra. Qed.
End Records.
End Bounds.

(** ** One key for all scopes, as printed: one granted scope opens the other *)
Section PairWide.
Variable B : bilinear_group.
Local Notation gT := (e (g1 B) (g2 B)).
Local Notation lr := (left_or_right B).
Variables (SK : finType) (f : SK -> 'I_(p B)).
Hypothesis some_key : 0 < #|SK|.

Definition use_the_grant : scope_adversary B 1 1 (GT B * GT B) unit :=
  @ScopeAdversary B 1 1 (GT B * GT B) unit [finType of unit]
    (fun _ _ _ _ _ => @Challenge B 1 1 _ ord0 (1, gT))
    (fun _ granted _ _ answers =>
       if nth None answers 0 is Some (c, _) then dec (granted ord0) c == 1 else false).

Theorem pair_wide_game :
  gap (scope_game 1 1 (fun sk _ => f sk) lr (fun _ => true) use_the_grant)
      (scope_game 1 1 (fun sk _ => f sk) lr (fun _ => false) use_the_grant) = 1%R.
Proof.
have open b (w : srest 1 1 lr use_the_grant) sk :
    outcome (fun _ => b) w [ffun u => f sk] = (pick b (1, gT) == 1) :> bool.
  case: w => [[[rE rC] s] t]; rewrite /outcome /play /step /=.
  by rewrite public_same_ciphertext !ffunE dec_enc.
rewrite /scope_game Pr_sure.
- rewrite Pr_never => [|w]; first by rewrite /gap GRing.subr0 Num.Theory.normr1.
  by rewrite open e_ndeg.
- by rewrite !card_prod !card_ffun !card_ord !card_unit !muln1 !muln_gt0 !expn_gt0 p_gt0 some_key.
- by move=> w; rewrite open eqxx.
Qed.
End PairWide.
