(** HRA security from DDH in G1.

    Paper: section 4.2, "Confidentiality": "even a cloud administrator cannot decrypt".
    Stated: [leaky_hra] for any challenger, [hra] for left-or-right challenges (q of
    them, chosen adaptively), [hra_single] for one challenge, [ind_cpa_many] for no
    corrupt user. Loss: 2 Adv_DDH for each challenge.
    Assumed: DDH in G1, as the term [adv_ddh] of the bound. No random oracle.

    Proof. By Equation 3 a re-encrypted ciphertext is a fresh one with the same r, so
    a re-encryption to a corrupt key is M e(Z,k_e'), computable from M; and with
    k_i = g2^a d_i for uniform d_i all keys between honest users are d_j / d_i. So the
    whole game can be played out of A = g1^a, with (R, X) = (g1^r, g1^(ar)) in the
    t-th challenge (a hybrid over t). With X uniform, both sides are equally likely. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From PhiPre Require Import Bilinear Scheme Probability Ddh HraGame.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GroupScope.

Section MapAll.
Variables (T U : Type) (P : pred T).
Lemma map_all (f g : T -> U) s : (forall x, P x -> f x = g x) -> all P s -> map f s = map g s.
Proof. by move=> fg; elim: s => //= x s IH /andP[/fg -> /IH ->]. Qed.
Lemma nth_all x0 s k : P x0 -> all P s -> P (nth x0 s k).
Proof. by move=> P0; elim: s k => [|x s IH] [|k] //= /andP[Px /IH]. Qed.
End MapAll.

Section Hra.
Variable B : bilinear_group.
Local Notation p := (p B).   Local Notation e := (@e B).
Local Notation g1 := (g1 B). Local Notation g2 := (g2 B).
Local Notation G1 := (G1 B). Local Notation G2 := (G2 B). Local Notation GT := (GT B).
Variables n m Q q : nat.
Variables (Ask S : Type) (H : challenger B Ask S).
Local Notation user := (user n m).
Local Notation query := (query B n m Ask).
Local Notation answer := (answer B S).
Local Notation adversary := (adversary B n m Ask S).

(** ** The game in symbols: an answer is remembered as its messages and its origin,
    the s-th step (inl s) or the c-th challenge (inr c). *)
Definition origin := (nat + nat)%type.
Record symbol := Symbol {
  holder : user;  messages : GT * GT;  from : origin;  aside : option S;
  marked : bool }.

Section Symbols.
Variables (Z : origin -> G1) (pad : origin -> user -> GT) (side : nat -> bool).
Variables (s : seed H) (next : seq (answer) -> query).

Definition side_of (o : origin) := if o is inr c then side c else true.
Definition value (x : symbol) : ciphertext B :=
  (pick (side_of (from x)) (messages x) * pad (from x) (holder x), Z (from x)).
Definition show (x : option symbol) : answer := omap (fun x => (value x, aside x)) x.

Definition move (x : option symbol) (u : user) : option symbol :=
  if x is Some (Symbol v M o l d) then
    if d && corrupt u then None else Some (Symbol u M o l d)
  else None.

Definition sym_step (st : seq (option symbol) * nat) :=
  let: (tab, c) := st in
  match next (map show tab) with
  | Encrypt u M => (rcons tab (Some (Symbol u (M, M) (inl (size tab)) None false)), c)
  | Challenge i x =>
      if c < q then
        let a := serve s c x (Z (inr c)) in
        (rcons tab (Some (Symbol (inl i) a.1 (inr c) (Some a.2) true)), c.+1)
      else (rcons tab None, c)
  | ReEncrypt k u => (rcons tab (move (nth None tab k) u), c)
  end.
Definition sym_run k st : seq (answer) := map show (iter k sym_step st).1.
Definition sym_play := sym_run Q ([::], 0).
End Symbols.

(** The real game is the symbolic one with the true pads (Equation 3). *)
Section Real.
Variables (keys : user -> G2) (rE rC : nat -> nat) (side : nat -> bool).
Variables (s : seed H) (next : seq (answer) -> query).
Variables (Z : origin -> G1) (pad : origin -> user -> GT).
Hypothesis Z_E : forall k, Z (inl k) = g1 ^+ rE k.
Hypothesis Z_C : forall c, Z (inr c) = g1 ^+ rC c.
Hypothesis padE : forall o u, pad o u = e (Z o) (keys u).

Definition concrete (x : symbol) : entry B n m S :=
  Entry (holder x) (value Z pad side x) (aside x) (marked x).

Lemma real_step tab c :
  step q keys rE rC side s next (map (omap concrete) tab, c) =
  let: (tab', c') := sym_step Z pad side s next (tab, c) in (map (omap concrete) tab', c').
Proof.
have seen : map (@shown B n m S) (map (omap concrete) tab) = map (show Z pad side) tab.
  by rewrite -map_comp; apply: eq_map => -[].
rewrite /step /sym_step seen; case: (next _) => [u M|i x|k u].
- rewrite map_rcons size_map /concrete /value /side_of /= padE Z_E eXl.
  by rewrite /encY /pub.
- rewrite Z_C; case: ifP => _; rewrite map_rcons //.
  by rewrite /concrete /value /side_of /= padE Z_C eXl.
- rewrite map_rcons; congr (rcons _ _, _).
  have -> : nth None (map (omap concrete) tab) k = omap concrete (nth None tab k).
    by elim: tab k {seen} => [|y tab IH] [|k] //=.
  case: (nth None tab k) => [[v M o l d]|] //=; case: ifP => //= _.
  rewrite /concrete /value /reenc /rk /= !padE; congr (Some (Entry _ (_, _) _ _)).
  by rewrite eMr eVr (GTC (e _ (keys u))) !mulgA mulgK.
Qed.

Lemma real_play : play Q q keys rE rC side s next = sym_play Z pad side s next.
Proof.
rewrite /play /sym_play /sym_run.
have -> k : iter k (step q keys rE rC side s next) ([::], 0) =
  let: (tab, c) := iter k (sym_step Z pad side s next) ([::], 0) in
  (map (omap concrete) tab, c).
  by elim: k => //= k ->; case: (iter _ _ _) => tab c; rewrite real_step.
case: (iter _ _ _) => tab c /=; rewrite -map_comp.
by apply: eq_map => -[].
Qed.
End Real.

(** ** The reduction: embeds (A, R, X) in the t-th challenge *)
Section Reduction.
Variables (A : adversary) (t : 'I_q).

Definition is_t (o : origin) := if o is inr c then c == t :> nat else false.
Definition rnd (rE rC : nat -> nat) (o : origin) :=
  match o with inl k => rE k | inr c => rC c end.
Definition red_Z rE rC (R : G1) o := if is_t o then R else g1 ^+ rnd rE rC o.
Definition red_Y (Aa : G1) (ds : {ffun 'I_n -> G2}) i := e Aa g2 * e g1 (ds i).
Definition red_pad rE rC (ks' : 'I_m -> nat) (ds : {ffun 'I_n -> G2}) (Aa R X : G1)
    (o : origin) (u : user) : GT :=
  match u with
  | inl i => if is_t o then e X g2 * e R (ds i) else red_Y Aa ds i ^+ rnd rE rC o
  | inr j => e (red_Z rE rC R o) (pk B (ks' j))
  end.
(** Challenges before the t-th take the left message, those after it the right one. *)
Definition red_side (b : bool) (c : nat) := if c == t :> nat then b else c < t.

Definition red_coins : finType := [finType of
  {ffun 'I_n -> G2} * {ffun 'I_Q -> 'I_p} * {ffun 'I_q -> 'I_p} * seed H * tape A].
Definition reduction (b : bool) : dist B := @Dist B red_coins (fun w Aa R X =>
  let: (ds, fE, fC, s, tp) := w in
  let rE := at_ fE in let rC := at_ fC in
  let Ys := [ffun i => red_Y Aa ds i] in
  let rks := [ffun ij : 'I_n * 'I_n => rk (ds ij.1) (ds ij.2)] in
  verdict tp Ys rks
    (sym_play (red_Z rE rC R) (red_pad rE rC (corrupt_key tp) ds Aa R X)
       (red_side b) s (ask tp Ys rks))).

(** With a true DDH triple it plays the game. *)
Lemma real_game b : ddh_real (reduction b) = game Q q H A (red_side b).
Proof.
pose W := world Q q H A.
pose E (w : W) : bool :=
  let: (ds, rE, rC, s, t) := w in
  let ks i := pk B (ds i) in
  let Ys := [ffun i => pub (ks i)] in
  let rks := [ffun ij : 'I_n * 'I_n => rk (ks ij.1) (ks ij.2)] in
  let keys := key ks (corrupt_key t) in
  verdict t Ys rks (play Q q keys (at_ rE) (at_ rC) (red_side b) s (ask t Ys rks)).
have U0 : 0 < #|[finType of 'I_p * 'I_p]|.
  by rewrite card_prod !card_ord muln_gt0 p_gt0.
rewrite /game -/E -(Pr_unused E U0).
have [log pkK logK] := expg2_bij B.
pose put (f : {ffun 'I_q -> 'I_p}) r := [ffun c => if c == t then r else f c].
pose f (w : 'I_p * 'I_p * red_coins) : 'I_p * 'I_p * W :=
  let: (a, r, (ds, fE, fC, s, tp)) := w in
  (a, fC t, ([ffun i => log (pk B a * ds i)], fE, put fC r, s, tp)).
pose h (w : 'I_p * 'I_p * W) : 'I_p * 'I_p * red_coins :=
  let: (a, r, (kd, fE, fC, s, tp)) := w in
  (a, fC t, ([ffun i => (pk B a)^-1 * pk B (kd i)], fE, put fC r, s, tp)).
have putK g r : put (put g r) (g t) = g.
  by apply/ffunP => c; rewrite !ffunE; case: eqP => [->|].
have putt g r : put g r t = r by rewrite ffunE eqxx.
apply: (@Pr_bij _ _ f).
  exists h => [[[a r] [[[[ds fE] fC] s] tp]]|[[a r] [[[[kd fE] fC] s] tp]]] /=;
  rewrite putt putK; do !congr (_, _); apply/ffunP => i; rewrite !ffunE.
    by rewrite /pk logK mulKg.
  by rewrite mulKVg /pk pkK.
case=> [[a r] [[[[ds fE] fC] s] tp]] /=.
pose kd : {ffun 'I_n -> 'I_p} := [ffun i => log (pk B a * ds i)]; rewrite -/kd.
have kdE i : pk B (kd i) = pk B a * ds i by rewrite ffunE /pk logK.
have -> : [ffun i => red_Y (g1 ^+ a) ds i] = [ffun i => pub (pk B (kd i))].
  by apply/ffunP => i; rewrite [LHS]ffunE [RHS]ffunE /pub kdE eMr /red_Y /pk eXl eXr.
have -> : [ffun ij : 'I_n * 'I_n => rk (ds ij.1) (ds ij.2)] =
          [ffun ij : 'I_n * 'I_n => rk (pk B (kd ij.1)) (pk B (kd ij.2))].
  apply/ffunP => ij; rewrite [LHS]ffunE [RHS]ffunE !kdE /rk invMg.
  by rewrite (G2C (pk B a) (ds ij.2)) -!mulgA; congr (_ * _); rewrite G2C mulgKV.
congr (verdict _ _ _ _); symmetry; apply: real_play => [k|c|o u] //.
- rewrite /red_Z /=; case: (c =P t :> nat) => [->|ne] //=.
    by rewrite /at_ valK putt.
  rewrite /at_; case: insubP => // i _ ic; rewrite ffunE.
  by case: eqP => // it; case: ne; rewrite -ic it.
- case: u => [i|j] //=; rewrite kdE.
  rewrite /red_Z; case: (is_t o); rewrite eMr !eXl /red_Y /pk ?eXl eXr.
    by rewrite -expgM.
  by rewrite expgMn //; exact: GTC.
Qed.

(** With a uniform X the two sides of the t-th challenge are equally likely. *)
Section Uniform.
Variables (rE rC : nat -> nat) (ks' : 'I_m -> nat) (ds : {ffun 'I_n -> G2}) (Aa R : G1).
Variables (s : seed H) (next : seq (answer) -> query) (judge : seq (answer) -> bool).
Local Notation Z := (red_Z rE rC R).
Local Notation pad := (red_pad rE rC ks' ds Aa R).
Local Notation stepX X b := (sym_step Z (pad X) (red_side b) s next).

(** Before it: nothing on the table depends on X or on the side. *)
Definition clean (x : option symbol) := if x is Some x then ~~ is_t (from x) else true.
Lemma show_clean X b X' b' x : clean x ->
  show Z (pad X) (red_side b) x = show Z (pad X') (red_side b') x.
Proof.
case: x => [[u M o l d]|] //= /negbTE no; rewrite /value /=.
have -> : side_of (red_side b) o = side_of (red_side b') o.
  by case: o no => //= c; rewrite /red_side => ->.
by case: u => [i|j] //=; rewrite no.
Qed.

(** After it: its answers belong to honest users and carry the pair M. *)
Definition settled M (x : option symbol) :=
  if x is Some x then is_t (from x) ==> [&& ~~ corrupt (holder x), messages x == M & marked x]
  else true.
Lemma show_settled M X1 X0 x : M.1 * e X1 g2 = M.2 * e X0 g2 -> settled M x ->
  show Z (pad X1) (red_side true) x = show Z (pad X0) (red_side false) x.
Proof.
move=> eqM; case: x => [[u N o l d]|] //=; case ot: (is_t o) => /=; last first.
  by move=> _; have := @show_clean X1 true X0 false (Some (Symbol u N o l d));
     rewrite /= ot => /(_ isT).
case: u => // i /and3P[_ /eqP -> _]; rewrite /value /= ot.
have side_t b : side_of (red_side b) o = b by case: o ot => //= c; rewrite /red_side => ->.
by rewrite !side_t /pick !mulgA eqM.
Qed.

Lemma settled_step M X b tab c : t < c -> all (settled M) tab ->
  let: (tab', c') := stepX X b (tab, c) in (t < c') && all (settled M) tab'.
Proof.
move=> tc ok; rewrite /sym_step; case: (next _) => [u N|i x|k u].
- by rewrite tc all_rcons ok.
- case: ifP => _; rewrite all_rcons ok /= ?tc //.
  by rewrite (gtn_eqF tc) (ltn_trans tc (ltnSn c)).
- rewrite tc all_rcons ok andbT /=.
  have : settled M (nth None tab k) by apply: nth_all.
  case: (nth None tab k) => [[v N o l d]|] //=; case: ifP => //= /negbT.
  by case: (is_t o) => //= nd /and3P[_ -> dd]; move: nd; rewrite dd /= andbT.
Qed.

Lemma settled_run M X1 X0 k tab c : M.1 * e X1 g2 = M.2 * e X0 g2 ->
  t < c -> all (settled M) tab ->
  sym_run Z (pad X1) (red_side true) s next k (tab, c) =
  sym_run Z (pad X0) (red_side false) s next k (tab, c).
Proof.
move=> eqM; rewrite /sym_run; elim: k tab c => [|k IH] tab c tc ok.
  by apply: (map_all _ ok) => x; exact: show_settled.
rewrite !iterSr.
have -> : stepX X1 true (tab, c) = stepX X0 false (tab, c).
  rewrite /sym_step; suff -> : map (show Z (pad X1) (red_side true)) tab =
    map (show Z (pad X0) (red_side false)) tab by [].
  by apply: (map_all _ ok) => x; exact: show_settled.
have := settled_step X0 false tc ok.
by case: (stepX X0 false _) => tab' c' /andP[]; exact: IH.
Qed.

Lemma uniform_run k tab c : c <= t -> all clean tab ->
  #|[pred X | judge (sym_run Z (pad X) (red_side true) s next k (tab, c))]| =
  #|[pred X | judge (sym_run Z (pad X) (red_side false) s next k (tab, c))]|.
Proof.
elim: k tab c => [|k IH] tab c ct ok.
  apply: eq_card => X; rewrite !inE /sym_run /=; congr (judge _).
  by apply: (map_all _ ok) => x; exact: show_clean.
have seen X b : map (show Z (pad X) (red_side b)) tab = map (show Z (pad 1) (red_side true)) tab.
  by apply: (map_all _ ok) => x; exact: show_clean.
have stepE X b : stepX X b (tab, c) = stepX 1 true (tab, c) by rewrite /sym_step seen.
have runE X b : sym_run Z (pad X) (red_side b) s next k.+1 (tab, c) =
                sym_run Z (pad X) (red_side b) s next k (stepX 1 true (tab, c)).
  by rewrite /sym_run iterSr stepE.
rewrite (eq_card (B := [pred X | judge (sym_run Z (pad X) (red_side true) s next k
  (stepX 1 true (tab, c)))])) => [|X]; last by rewrite !inE runE.
rewrite [RHS](eq_card (B := [pred X | judge (sym_run Z (pad X) (red_side false) s next k
  (stepX 1 true (tab, c)))])) => [|X]; last by rewrite !inE runE.
rewrite /sym_step; case: (next _) => [u N|i x|j u].
- by apply: IH; rewrite // all_rcons ok.
- case: ifP => _; last by apply: IH; rewrite // all_rcons ok.
  case: (ltngtP c t) ct => // [lt|eq] _.
    by apply: IH; rewrite // all_rcons ok /= (ltn_eqF lt).
  set a := serve _ _ _ _; set st := rcons _ _.
  have st_ok : all (settled a.1) st.
    rewrite all_rcons /= eqxx implybT /=; apply: sub_all ok => -[y|] //=.
    by move/negbTE ->.
  rewrite -!sum1_card [RHS](reindex (fun X => lift (a.1.2^-1 * a.1.1) * X)) /=.
    apply: eq_bigl => X; rewrite !inE; congr (judge _).
    by apply: settled_run st_ok; rewrite ?eq // eMl liftK mulgA mulKVg.
  by exists (fun X => (lift (a.1.2^-1 * a.1.1))^-1 * X) => X _; rewrite (mulKg, mulKVg).
- apply: IH; rewrite // all_rcons ok andbT.
  have : clean (nth None tab j) by apply: nth_all.
  by case: (nth None tab j) => [[v N o l d]|] //=; case: ifP.
Qed.
End Uniform.

Lemma rand_game : ddh_rand (reduction true) = ddh_rand (reduction false).
Proof.
pose E b (v : 'I_p * 'I_p * red_coins) (X : G1) :=
  test (d := reduction b) v.2 (g1 ^+ v.1.1) (g1 ^+ v.1.2) X.
rewrite /ddh_rand.
rewrite (@Pr_ext _ _ (fun w : 'I_p * 'I_p * red_coins * G1 => E true w.1 w.2)); last first.
  by case=> [[[a r] w] X].
rewrite [RHS](@Pr_ext _ _ (fun w : 'I_p * 'I_p * red_coins * G1 => E false w.1 w.2)); last first.
  by case=> [[[a r] w] X].
apply: Pr_fibre => -[[a r] [[[[ds fE] fC] s] tp]].
exact: uniform_run.
Qed.

Lemma one_challenge :
  (gap (game Q q H A (red_side true)) (game Q q H A (red_side false))
    <= adv_ddh (reduction true) + adv_ddh (reduction false))%R.
Proof.
rewrite -!real_game /adv_ddh [X in (_ <= _ + X)%R]gapC -rand_game.
exact: gap_trans.
Qed.
End Reduction.

(** ** The hybrid over the challenges *)
Lemma game_ext (A : adversary) side side' : (forall c, c < q -> side c = side' c) ->
  game Q q H A side = game Q q H A side'.
Proof.
move=> same; apply: Pr_ext => -[[[[ds fE] fC] s] tp]; congr (verdict _ _ _ _).
rewrite /play; congr (map _ (fst _)); apply: eq_iter => -[tab c]; rewrite /step.
by case: (ask _ _ _) => // i x; case: ltnP => // cq; rewrite (same _ cq).
Qed.

Theorem leaky_hra (A : adversary) :
  (gap (game Q q H A (fun _ => true)) (game Q q H A (fun _ => false)) <=
    \sum_(t < q) (adv_ddh (reduction A t true) + adv_ddh (reduction A t false)))%R.
Proof.
pose h k := game Q q H A (fun c => c < k).
have -> : game Q q H A (fun _ => true) = h q by apply: game_ext => c ->.
have -> : game Q q H A (fun _ => false) = h 0 by [].
rewrite gapC; apply: Order.POrderTheory.le_trans (hybrid h q) _; apply: Num.Theory.ler_sum => t _.
have -> : h t.+1 = game Q q H A (red_side t true).
  by apply: game_ext => c _; rewrite /red_side ltnS leq_eqVlt; case: eqP.
have -> : h t = game Q q H A (red_side t false).
  by apply: game_ext => c _; rewrite /red_side; case: eqP => // ->; rewrite ltnn.
by rewrite gapC; exact: one_challenge.
Qed.
End Hra.

Section Corollaries.
Variable B : bilinear_group.
Local Notation left_or_right := (left_or_right B).
Local Notation lr_adversary n m := (adversary B n m (GT B * GT B) unit).

(** q challenges, corrupt users, honest re-encryptions. *)
Theorem hra n m Q q (A : lr_adversary n m) :
  (gap (hra_game Q q A true) (hra_game Q q A false) <=
    \sum_(t < q) (adv_ddh (reduction Q left_or_right A t true) +
                  adv_ddh (reduction Q left_or_right A t false)))%R.
Proof. exact: leaky_hra. Qed.

(** One challenge, as in Cohen's definition, but not this definition word for word: there
    the adversary also gets the re-encryption keys from corrupt to honest users, and only
    those from honest to corrupt users are refused. Here both are refused, as for every
    bidirectional scheme: either of them gives the other (Scheme.rk_inv), and the game with
    one of them is lost (BrokenGames.corrupt_to_honest_game). *)
Corollary hra_single n m Q (A : lr_adversary n m) :
  (gap (hra_game Q 1 A true) (hra_game Q 1 A false) <=
    adv_ddh (reduction Q left_or_right A (ord0 : 'I_1) true) +
    adv_ddh (reduction Q left_or_right A (ord0 : 'I_1) false))%R.
Proof. by have := hra Q 1 A; rewrite big_ord1. Qed.

(** Nobody corrupt: IND-CPA for q challenges against the cloud, which holds every
    re-encryption key. *)
Corollary ind_cpa_many n Q q (A : lr_adversary n 0) :
  (gap (hra_game Q q A true) (hra_game Q q A false) <=
    \sum_(t < q) (adv_ddh (reduction Q left_or_right A t true) +
                  adv_ddh (reduction Q left_or_right A t false)))%R.
Proof. exact: hra. Qed.
End Corollaries.
