(** Scoped keys: a grant for one scope gives nothing on another.

    Paper: section 3.2 derives one k_d from sk for all records of a hospital and a
    user; section 4.2 claims access control. Departure of the crate:
    k_d = f(sk, k_s || scope), one key for each scope.
    Stated: there are n + m scopes. The adversary is the cloud and a hospital together:
    for the m granted scopes it holds k_d itself, for the n others every Y and every
    re-encryption key between two of them, and the HRA oracles. [scoped] bounds its
    advantage on the others, [scoped_envelope] does so for the envelope of a whole record;
    all keys come from one sk, that of one hospital and one user. [scoped_pairs],
    [scoped_envelope_pairs]: the scopes belong to h pairs of a hospital and a user, each
    with an sk of its own, and the cloud sees all of them; the bound has one term of f for
    each pair ([multi_key]), and the last one also 2/p, since the crate never draws R = 1.
    [pair_wide_game]: with the paper's one key for all scopes the same game is lost with
    advantage 1.
    Assumed: DDH in G1 ([adv_ddh]); f is a PRF on sk ([adv_prf], on fixed labels); for
    envelopes also KDF, AEAD and commitment as in Envelope.v.

    Limits. As in HraGame.v, and unlike Cohen's definition, no re-encryption key between an
    honest and a corrupt scope is given, in either direction. Which scopes are granted is
    fixed beforehand. No theorem here is about grants that depend on what was seen; the
    usual reduction guesses the challenged scope, loses a factor of the number of scopes,
    and cannot hand out the keys between scopes. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From PhiPre Require Import Bilinear Scheme Probability Ddh HraGame Hra Envelope.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GroupScope.

(** ** Assumption on f: values under one uniform sk look like independent ones. *)
Section Prf.
Variables (p : nat) (SK L : finType) (f : SK -> L -> 'I_p).
Record prf_test := PrfTest {
  prf_coins : finType;  prf_judge : prf_coins -> {ffun L -> 'I_p} -> bool }.
Definition prf_real D := Pr (fun w : prf_coins D * SK => prf_judge w.1 [ffun u => f w.2 u]).
Definition prf_rand D := Pr (fun w : prf_coins D * {ffun L -> 'I_p} => prf_judge w.1 w.2).
Definition adv_prf D := gap (prf_real D) (prf_rand D).
End Prf.

(** ** Several sk: label u is evaluated under that of its owner. *)
Section MultiKey.
Variables (p h : nat) (K L : finType) (f : K -> L -> 'I_p) (owner : L -> 'I_h).
Hypotheses (p0 : 0 < p) (K0 : 0 < #|K|).

Definition keyed (sks : {ffun 'I_h -> K}) (u : L) : 'I_p := f (sks (owner u)) u.
(** One of them: only the labels of i. *)
Definition label_of (i : 'I_h) : finType := [finType of {u | owner u == i}].
Definition keyed_one i (sk : K) (u : label_of i) : 'I_p := f sk (val u).

(** The test on the i-th sk: the owners before i have random values, those after it keys. *)
Variable D : prf_test p L.
Definition one_key_test (i : 'I_h) : prf_test p (label_of i) :=
  @PrfTest p (label_of i) [finType of prf_coins D * {ffun 'I_h -> K} * {ffun L -> 'I_p}]
    (fun w v => let: (c, sks, y) := w in prf_judge c [ffun u =>
       if owner u < i then y u else if insub u is Some x then v x else f (sks (owner u)) u]).

Theorem multi_key : (adv_prf keyed D <= \sum_(i < h) adv_prf (@keyed_one i) (one_key_test i))%R.
Proof.
pose values k (w : prf_coins D * {ffun 'I_h -> K} * {ffun L -> 'I_p}) : {ffun L -> 'I_p} :=
  [ffun u => if owner u < k then w.2 u else f (w.1.2 (owner u)) u].
pose hyb k := Pr (fun w : prf_coins D * {ffun 'I_h -> K} * {ffun L -> 'I_p} =>
  prf_judge w.1.1 (values k w)).
have y0 : 0 < #|[finType of {ffun L -> 'I_p}]| by rewrite card_ffun card_ord expn_gt0 p0.
have s0 : 0 < #|[finType of {ffun 'I_h -> K}]| by rewrite card_ffun card_ord expn_gt0 K0.
have first : prf_real keyed D = hyb 0.
  rewrite /prf_real -(Pr_unused _ y0).
  pose g (w : {ffun L -> 'I_p} * (prf_coins D * {ffun 'I_h -> K})) := (w.2, w.1).
  apply: (@Pr_bij _ _ g); first by exists (fun w => (w.2, w.1)) => -[].
  by case=> y [c sks].
have last : prf_rand D = hyb h.
  rewrite /prf_rand -(Pr_unused _ s0).
  pose g (w : {ffun 'I_h -> K} * (prf_coins D * {ffun L -> 'I_p})) := (w.2.1, w.1, w.2.2).
  apply: (@Pr_bij _ _ g); first by exists (fun w => (w.1.2, (w.1.1, w.2))) => [[? []]|[[]]].
  case=> sks [c y] /=; congr (prf_judge _ _).
  by apply/ffunP => u; rewrite !ffunE ltn_ord.
rewrite /adv_prf first last; apply: Order.POrderTheory.le_trans (hybrid hyb h) _.
apply: Num.Theory.ler_sum => i _.
have -> : hyb i = prf_real (@keyed_one i) (one_key_test i).
  rewrite /hyb -(Pr_unused _ K0).
  pose put (sks : {ffun 'I_h -> K}) k := [ffun j => if j == i then k else sks j].
  have putK sks k : put (put sks k) (sks i) = sks.
    by apply/ffunP => j; rewrite !ffunE; case: eqP => [->|].
  have puti sks k : put sks k i = k by rewrite ffunE eqxx.
  pose g (w : K * (prf_coins D * {ffun 'I_h -> K} * {ffun L -> 'I_p})) :=
    let: (k, (c, sks, y)) := w in ((c, put sks k, y), sks i).
  apply: (@Pr_bij _ _ g).
    exists (fun w : prf_coins D * {ffun 'I_h -> K} * {ffun L -> 'I_p} * K =>
      let: ((c, sks, y), k) := w in (sks i, (c, put sks k, y))).
      by case=> k [[c sks] y] /=; rewrite puti putK.
    by case=> [[[c sks] y] k] /=; rewrite puti putK.
  case=> k [[c sks] y] /=; congr (prf_judge _ _); apply/ffunP => u; rewrite !ffunE.
  case: ifP => // _; case: insubP => [x _ xu|ne]; last by rewrite (negbTE ne).
  by rewrite ffunE /keyed_one xu; have /eqP <- := valP x; rewrite xu.
suff -> : hyb i.+1 = prf_rand (one_key_test i) by [].
rewrite /hyb -(Pr_unused _ (_ : 0 < #|[finType of {ffun label_of i -> 'I_p}]|)); last first.
  by rewrite card_ffun card_ord expn_gt0 p0.
pose put (y : {ffun L -> 'I_p}) (v : {ffun label_of i -> 'I_p}) : {ffun L -> 'I_p} :=
  [ffun u => if insub u is Some x then v x else y u].
pose get (y : {ffun L -> 'I_p}) : {ffun label_of i -> 'I_p} := [ffun x => y (val x)].
have putK y v : put (put y v) (get y) = y.
  by apply/ffunP => u; rewrite !ffunE; case: insubP => // x _ <-; rewrite ffunE.
have getK y v : get (put y v) = v.
  by apply/ffunP => x; rewrite !ffunE valK.
pose g (w : {ffun label_of i -> 'I_p} * (prf_coins D * {ffun 'I_h -> K} * {ffun L -> 'I_p})) :=
  let: (v, (c, sks, y)) := w in ((c, sks, put y v), get y).
apply: (@Pr_bij _ _ g).
  exists (fun w : prf_coins D * {ffun 'I_h -> K} * {ffun L -> 'I_p} * {ffun label_of i -> 'I_p} =>
    let: ((c, sks, y), v) := w in (get y, (c, sks, put y v))).
    by case=> v [[c sks] y] /=; rewrite getK putK.
  by case=> [[[c sks] y] v] /=; rewrite getK putK.
case=> v [[c sks] y] /=; congr (prf_judge _ _); apply/ffunP => u; rewrite !ffunE ltnS.
case: insubP => [x /eqP xi xu|ne]; first by rewrite xi leqnn ltnn ffunE xu.
by rewrite leq_eqVlt val_eqE (negbTE ne).
Qed.
End MultiKey.

Section Scope.
Variable B : bilinear_group.
Local Notation p := (p B).   Local Notation G2 := (G2 B). Local Notation GT := (GT B).

(** n scopes without a grant, m with one. *)
Variables n m Q q : nat.
Local Notation scope := ('I_n + 'I_m)%type.
Variable SK : finType.
Variable f : SK -> scope -> 'I_p.

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
Definition prf_reduction : prf_test p [finType of scope] := @PrfTest p _ srest outcome.
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
  gap scope_game (game Q q H hra_adversary side) = adv_prf f prf_reduction.
Proof. by rewrite -random_keys. Qed.
End Play.

Lemma swap_f X S (H H' : challenger B X S) side side' A bound :
  (gap (game Q q H (hra_adversary A) side) (game Q q H' (hra_adversary A) side') <= bound)%R ->
  (gap (scope_game H side A) (scope_game H' side' A) <=
    adv_prf f (prf_reduction H side A) + bound + adv_prf f (prf_reduction H' side' A))%R.
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

(** ** Several hospitals and users, and R as the crate draws it *)
Section Pairs.
Variable B : bilinear_group.
Local Notation p := (p B).
Variables n m Q h : nat.
Local Notation scope := [finType of 'I_n + 'I_m].
(** [owner u]: the pair of a hospital and a user whose sk gives the key of scope u. *)
Variables (K : finType) (f : K -> scope -> 'I_p) (owner : scope -> 'I_h).
Hypothesis K0 : 0 < #|K|.
Local Notation lr := (left_or_right B).

(** The sum of the advantages against the h keys. *)
Definition adv_prf_pairs (D : prf_test p scope) : rat :=
  (\sum_(i < h) adv_prf (@keyed_one _ _ _ _ f owner i) (one_key_test f owner D i))%R.
Lemma prf_pairs D : (adv_prf (keyed f owner) D <= adv_prf_pairs D)%R.
Proof. exact: multi_key (p_gt0 B) K0 D. Qed.

Theorem scoped_pairs q (A : scope_adversary B n m (GT B * GT B) unit) :
  (gap (scope_game Q q (keyed f owner) lr (fun _ => true) A)
       (scope_game Q q (keyed f owner) lr (fun _ => false) A) <=
    adv_prf_pairs (prf_reduction Q q lr (fun _ => true) A) +
    \sum_(t < q) (adv_ddh (reduction Q lr (hra_adversary A) t true) +
                  adv_ddh (reduction Q lr (hra_adversary A) t false)) +
    adv_prf_pairs (prf_reduction Q q lr (fun _ => false) A))%R.
Proof.
apply: Order.POrderTheory.le_trans (scoped Q (keyed f owner) q A) _.
apply: Num.Theory.ler_add (prf_pairs _); rewrite Num.Theory.ler_add2r; exact: prf_pairs.
Qed.

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
Local Notation envelope_not_one :=
  (@envelope_not_one B demkey tag salt info header aad record body commitment
     kdf seal context bind commit length).
Variable A : scope_adversary B n m requests (outside tag body commitment).
Variable x0 : requests.

Lemma scope_never_one (SK : finType) (g : SK -> scope -> 'I_p) b :
  (gap (scope_game Q 1 g (envelope b) (fun _ => true) A)
       (scope_game Q 1 g (envelope_not_one b) (fun _ => true) A) <= 1 / p%:R)%R.
Proof.
pose left : finType := [finType of
  {ffun 'I_Q -> 'I_p} * {ffun 'I_1 -> 'I_p} * stape A * SK].
pose E (w : left) (R : GT B) : bool := let: (rE, rC, t, sk) := w in
  outcome (H := envelope b) (fun _ => true) ((rE, rC, R, t) : srest Q 1 (envelope b) A)
    [ffun u => g sk u].
have -> : scope_game Q 1 g (envelope b) (fun _ => true) A =
          Pr (fun w : left * GT B => E w.1 w.2).
  pose F (w : srest Q 1 (envelope b) A * SK) : left * GT B :=
    let: ((rE, rC, R, t), sk) := w in ((rE, rC, t, sk), R).
  apply: (@Pr_bij _ _ F) => [|[[[[rE rC] R] t] sk] //].
  by exists (fun w : left * GT B => let: ((rE, rC, t, sk), R) := w in ((rE, rC, R, t), sk));
     [case=> [[[[rE rC] R] t] sk] | case=> [[[[rE rC] t] sk] R]].
have -> : scope_game Q 1 g (envelope_not_one b) (fun _ => true) A =
          Pr (fun w : left * {R : GT B | R != 1} => E w.1 (val w.2)).
  pose F (w : srest Q 1 (envelope_not_one b) A * SK) : left * {R : GT B | R != 1} :=
    let: ((rE, rC, R, t), sk) := w in ((rE, rC, t, sk), R).
  apply: (@Pr_bij _ _ F) => [|[[[[rE rC] R] t] sk] //].
  by exists (fun w : left * {R : GT B | R != 1} =>
       let: ((rE, rC, t, sk), R) := w in ((rE, rC, R, t), sk));
     [case=> [[[[rE rC] R] t] sk] | case=> [[[[rE rC] t] sk] R]].
have -> : p = #|GT B| by rewrite -cardsT cardT.
by apply: Pr_exclude; rewrite -cardsT cardT prime_gt1 ?p_pr.
Qed.

Theorem scoped_envelope_pairs :
  (gap (scope_game Q 1 (keyed f owner) (envelope_not_one true) (fun _ => true) A)
       (scope_game Q 1 (keyed f owner) (envelope_not_one false) (fun _ => true) A) <=
    1 / p%:R +
    (adv_prf_pairs (prf_reduction Q 1 (envelope true) (fun _ => true) A) +
     ((adv_ddh (reduction Q (envelope true) (hra_adversary A) (ord0 : 'I_1) true) +
       adv_ddh (reduction Q (envelope true) (hra_adversary A) (ord0 : 'I_1) false)) +
      adv_kdf kdf (kdf_reduction seal context bind commit Q (hra_adversary A) x0 true) +
      adv_aead seal (aead_reduction bind commit Q (hra_adversary A) x0 true) +
      adv_commit commit (commit_reduction seal bind Q (hra_adversary A) x0) +
      adv_kdf kdf (kdf_reduction seal context bind commit Q (hra_adversary A) x0 false) +
      (adv_ddh (reduction Q (envelope false) (hra_adversary A) (ord0 : 'I_1) true) +
       adv_ddh (reduction Q (envelope false) (hra_adversary A) (ord0 : 'I_1) false))) +
     adv_prf_pairs (prf_reduction Q 1 (envelope false) (fun _ => true) A)) +
    1 / p%:R)%R.
Proof.
apply: (gap_step _ (scope_never_one (keyed f owner) false)).
apply: (gap_step (y := scope_game Q 1 (keyed f owner) (envelope true) (fun _ => true) A)).
  by rewrite gapC; exact: scope_never_one.
apply: Order.POrderTheory.le_trans
  (scoped_envelope Q (keyed f owner) kdf seal context bind commit A x0) _.
apply: Num.Theory.ler_add (prf_pairs _); rewrite Num.Theory.ler_add2r; exact: prf_pairs.
Qed.
End Records.
End Pairs.

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
