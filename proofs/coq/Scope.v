(** Scoped keys: a grant for one scope gives nothing on another.

    Paper: section 3.2 derives one k_d from sk for all records of a hospital and a
    user; section 4.2 claims access control. Departure of the crate:
    k_d = f(sk, k_s || scope), one key for each scope.
    Stated: the keys of n + m scopes come from one sk. The adversary is the cloud and
    a hospital together: for the m granted scopes it holds k_d itself, for the n
    others every Y and every re-encryption key between two of them, and the HRA
    oracles. [scoped] bounds its advantage on the others. [pair_wide_game]: with the
    paper's one key for all scopes the same game is lost with advantage 1.
    Assumed: DDH in G1 ([adv_ddh]); f is a PRF on sk ([adv_prf]). *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From PhiPre Require Import Bilinear Scheme Probability Ddh HraGame Hra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GroupScope.

Section Scope.
Variable B : bilinear_group.
Local Notation p := (p B).   Local Notation G2 := (G2 B). Local Notation GT := (GT B).

(** n scopes without a grant, m with one. *)
Variables n m Q q : nat.
Local Notation scope := ('I_n + 'I_m)%type.
Local Notation answer := (answer B unit).
Local Notation query := (query B n m (GT * GT)).
Local Notation lr := (left_or_right B).

(** *** Assumption on f: values under one uniform sk look like independent ones. *)
Variable SK : finType.
Variable f : SK -> scope -> 'I_p.
Record prf_test := PrfTest {
  prf_coins : finType;  prf_judge : prf_coins -> {ffun scope -> 'I_p} -> bool }.
Definition prf_real D := Pr (fun w : prf_coins D * SK => prf_judge w.1 [ffun u => f w.2 u]).
Definition prf_rand D := Pr (fun w : prf_coins D * {ffun scope -> 'I_p} => prf_judge w.1 w.2).
Definition adv_prf D := gap (prf_real D) (prf_rand D).

(** *** The game *)
Record scope_adversary := ScopeAdversary {
  stape : finType;
  sask : stape -> {ffun 'I_m -> 'I_p} -> {ffun 'I_n -> GT} -> {ffun 'I_n * 'I_n -> G2} ->
         seq answer -> query;
  sverdict : stape -> {ffun 'I_m -> 'I_p} -> {ffun 'I_n -> GT} -> {ffun 'I_n * 'I_n -> G2} ->
         seq answer -> bool }.
Variable A : scope_adversary.

Definition srest : finType := [finType of {ffun 'I_Q -> 'I_p} * {ffun 'I_q -> 'I_p} * stape A].
Definition outcome (b : bool) (w : srest) (kd : {ffun scope -> 'I_p}) : bool :=
  let: (rE, rC, t) := w in
  let granted := [ffun j => kd (inr j)] in
  let ks i := pk B (kd (inl i)) in
  let Ys := [ffun i => pub (ks i)] in
  let rks := [ffun ij : 'I_n * 'I_n => rk (ks ij.1) (ks ij.2)] in
  let keys := key ks (fun j => granted j) in
  sverdict t granted Ys rks
    (play Q q keys (at_ rE) (at_ rC) (fun _ => b) (tt : seed lr) (sask t granted Ys rks)).
Definition scope_game (b : bool) := Pr (fun w : srest * SK =>
  outcome b w.1 [ffun u => f w.2 u]).

(** *** The reductions *)
Definition prf_reduction (b : bool) : prf_test := @PrfTest srest (outcome b).
(** It draws the granted keys itself and plays HRA with them as the corrupt ones. *)
Definition hra_adversary : adversary B n m (GT * GT) unit :=
  @Adversary B n m (GT * GT) unit [finType of {ffun 'I_m -> 'I_p} * stape A]
    (fun w j => w.1 j)
    (fun w Ys rks => sask w.2 w.1 Ys rks)
    (fun w Ys rks => sverdict w.2 w.1 Ys rks).

Lemma random_keys b : prf_rand (prf_reduction b) = hra_game Q q hra_adversary b.
Proof.
pose F (w : srest * {ffun scope -> 'I_p}) : world Q q lr hra_adversary :=
  let: ((rE, rC, t), kd) := w in
  ([ffun i => kd (inl i)], rE, rC, tt, ([ffun j => kd (inr j)], t)).
pose G (w : world Q q lr hra_adversary) : srest * {ffun scope -> 'I_p} :=
  let: (ds, rE, rC, _, (gs, t)) := w in
  ((rE, rC, t), [ffun u => match u with inl i => ds i | inr j => gs j end]).
apply: (@Pr_bij _ _ F).
  exists G => [[[[rE rC] t] kd]|[[[[ds rE] rC] []] [gs t]]] /=.
    by congr (_, _); apply/ffunP => -[i|j]; rewrite !ffunE.
  by congr (_, _, _, _, (_, _)); apply/ffunP => i; rewrite !ffunE.
case=> [[[rE rC] t] kd] /=.
have -> : [ffun i => pub (pk B (kd (inl i)))] =
          [ffun i => pub (pk B ([ffun i => kd (inl i)] i))].
  by apply/ffunP => i; rewrite !ffunE.
have -> : [ffun ij : 'I_n * 'I_n => rk (pk B (kd (inl ij.1))) (pk B (kd (inl ij.2)))] =
  [ffun ij => rk (pk B ([ffun i => kd (inl i)] ij.1)) (pk B ([ffun i => kd (inl i)] ij.2))].
  by apply/ffunP => ij; rewrite !ffunE.
congr (sverdict _ _ _ _ _); apply: play_keys => -[i|j] //=.
by rewrite ffunE.
Qed.

Theorem scoped :
  (gap (scope_game true) (scope_game false) <=
    adv_prf (prf_reduction true) +
    \sum_(t < q) (adv_ddh (reduction Q lr hra_adversary t true) +
                  adv_ddh (reduction Q lr hra_adversary t false)) +
    adv_prf (prf_reduction false))%R.
Proof.
have real b : scope_game b = prf_real (prf_reduction b) by [].
apply: Order.POrderTheory.le_trans (gap_trans (prf_rand (prf_reduction false)) _ _) _.
apply: Num.Theory.ler_add; last by rewrite gapC real.
apply: Order.POrderTheory.le_trans (gap_trans (prf_rand (prf_reduction true)) _ _) _.
by apply: Num.Theory.ler_add; rewrite ?real // !random_keys; exact: hra.
Qed.
End Scope.

(** ** One key for all scopes, as printed: one granted scope opens the other *)
Section PairWide.
Variable B : bilinear_group.
Local Notation gT := (e (g1 B) (g2 B)).
Variables (SK : finType) (f : SK -> 'I_(p B)).
Hypothesis some_key : 0 < #|SK|.

Definition use_the_grant : scope_adversary B 1 1 :=
  @ScopeAdversary B 1 1 [finType of unit]
    (fun _ _ _ _ _ => @Challenge B 1 1 _ ord0 (1, gT))
    (fun _ granted _ _ answers =>
       if nth None answers 0 is Some (c, _) then dec (granted ord0) c == 1 else false).

Theorem pair_wide_game :
  gap (scope_game 1 1 (fun sk _ => f sk) use_the_grant true)
      (scope_game 1 1 (fun sk _ => f sk) use_the_grant false) = 1%R.
Proof.
have open b (w : srest 1 1 use_the_grant) sk : outcome b w [ffun u => f sk] = (pick b (1, gT) == 1) :> bool.
  case: w => [[rE rC] t]; rewrite /outcome /play /step /=.
  by rewrite public_same_ciphertext !ffunE dec_enc.
rewrite /scope_game Pr_sure.
- rewrite Pr_never => [|w]; first by rewrite /gap GRing.subr0 Num.Theory.normr1.
  by rewrite open e_ndeg.
- by rewrite !card_prod !card_ffun !card_ord card_unit muln1 !muln_gt0 !expn_gt0 p_gt0 some_key.
- by move=> w; rewrite open eqxx.
Qed.
End PairWide.
