(** Keys by name: IND-CPA and HRA from DBDH, with H2 as a random oracle.

    Paper: none; a departure of the crate (src/pre/named.rs). One user has a secret a and
    A = g1^a; the key of a scope l is k_e(l) = H2(l)^a, and anybody computes
    Y = e(A, H2(l)).
    Stated: [named_public], [named_dec] Y is the public key of k_e, which decrypts.
    [named_hra] bounds the advantage on one scope, the target, against an adversary that is
    the cloud and corrupt hospitals together: it gets A, H2 on all scopes, k_e itself for
    each granted scope, so that it makes the re-encryption key of a granted scope to any key
    ([granted_rekey]); every Y of n honest delegatees and every re-encryption key between
    two of them and from and to the target; and the oracles of HraGame.v, with corrupt keys
    that it chooses after all of this. [named_ind_cpa] is the case without delegatees,
    [named_leaky] the case of any challenger. [late_hra], [late_leaky]: the adversary first asks
    for the keys of scopes, each after the answers so far, then names the target, and then
    gets the keys of all other scopes; the bound has one term for each scope.
    [granted_target_game] if the target itself is granted, the game is lost with
    advantage 1.
    Assumed: DBDH ([adv_dbdh]): from g1^a, g1^r, g2^a, g2^h, the element e(g1,g2)^(ahr)
    looks uniform in GT. g2^a gives the keys of the granted scopes. H2 is a random oracle
    on a finite set of scopes. The adversary gets its whole table, which is more than the
    answers to any number of questions.

    Proof. H2(target) = g2^h and H2(l) = g2^(s_l) with s_l known for the other l, so that
    k_e(l) = (g2^a)^(s_l); the honest keys are k_e(target) d_i with d_i uniform. With
    (Aa, X) = (A^h, T) this is the reduction of Hra.v, whose lemmas do the rest. A late
    target is guessed.

    Limits. As in HraGame.v, no re-encryption key between the target or an honest key and a
    corrupt one is given, and k_d, r and a are drawn from all of Z_q. The honest keys of
    [late_hra] come after the target. There is one user: other users draw
    their own a, so the adversary can play them. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From PhiPre Require Import Bilinear Scheme Probability Ddh HraGame Hra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GroupScope.

(** ** The assumption *)
Section Dbdh.
Variable B : bilinear_group.
Local Notation p := (p B).   Local Notation e := (@e B).
Local Notation g1 := (g1 B). Local Notation g2 := (g2 B).
Local Notation G1 := (G1 B). Local Notation G2 := (G2 B). Local Notation GT := (GT B).

(** A test with its own coins, of g1^a, g1^r, g2^a, g2^h and an element of GT. *)
Record dbdh_test := DbdhTest {
  dbdh_coins : finType;  dbdh_judge : dbdh_coins -> G1 -> G1 -> G2 -> G2 -> GT -> bool }.

Definition dbdh_real (D : dbdh_test) := Pr (fun w : 'I_p * 'I_p * 'I_p * dbdh_coins D =>
  let: (a, r, h, c) := w in
  dbdh_judge c (g1 ^+ a) (g1 ^+ r) (g2 ^+ a) (g2 ^+ h) (e g1 g2 ^+ (a * h * r))).
Definition dbdh_rand (D : dbdh_test) := Pr (fun w : 'I_p * 'I_p * 'I_p * dbdh_coins D * GT =>
  let: (a, r, h, c, T) := w in
  dbdh_judge c (g1 ^+ a) (g1 ^+ r) (g2 ^+ a) (g2 ^+ h) T).
Definition adv_dbdh D : rat := gap (dbdh_real D) (dbdh_rand D).
End Dbdh.

(** ** The keys *)
Section Keys.
Variable B : bilinear_group.
Local Notation e := (@e B).  Local Notation g1 := (g1 B).
Implicit Types (a : nat) (h : G2 B).

Definition named_k a h : G2 B := h ^+ a.                         (* k_e = H2(scope)^a *)
Definition named_Y (A : G1 B) h : GT B := e A h.                 (* Y = e(A, H2(scope)) *)

Theorem named_public a h : named_Y (g1 ^+ a) h = pub (named_k a h).
Proof. by rewrite /named_Y /pub /named_k eXl eXr. Qed.
Theorem named_dec a h M r :
  let: (C, Z) := encY (named_Y (g1 ^+ a) h) M r in C * (e Z (named_k a h))^-1 = M.
Proof. by rewrite /= named_public /pub eXl mulgK. Qed.
End Keys.

Section Named.
Variable B : bilinear_group.
Local Notation p := (p B).   Local Notation e := (@e B).
Local Notation g1 := (g1 B). Local Notation g2 := (g2 B).
Local Notation G1 := (G1 B). Local Notation G2 := (G2 B). Local Notation GT := (GT B).

(** Scopes, one of them the target, and whether a scope is granted; n honest delegatees, m
    corrupt keys, Q steps, q challenges. *)
Variables (L : finType) (target : L) (granted : pred L).
Variables n m Q q : nat.
Local Notation honest := 'I_n.+1.                     (* ord0: the key of the target *)
Local Notation user := (user n.+1 m).
Variables (X S : Type) (H : challenger B X S).

(** What the adversary sees before the first step. *)
Record view := View {
  goal : L;                                           (* the target *)
  point : G1;                                         (* A *)
  oracle : {ffun L -> G2};                            (* H2 *)
  extracted : {ffun L -> G2};                         (* k_e of each granted scope *)
  publics : {ffun honest -> GT};                      (* Y *)
  rekeys : {ffun honest * honest -> G2} }.
Record named_adversary := NamedAdversary {
  ntape : finType;
  nkey : ntape -> view -> 'I_m -> G2;                 (* k_e' of the corrupt *)
  nask : ntape -> view -> seq (answer B S) -> query B n.+1 m X;
  nverdict : ntape -> view -> seq (answer B S) -> bool }.

Definition named_view (A : G1) (table : {ffun L -> G2}) (k : L -> G2) (ks : honest -> G2) :=
  View target A table [ffun l => if granted l then k l else 1] [ffun i => pub (ks i)]
    [ffun ij => rk (ks ij.1) (ks ij.2)].
Definition named_keys (ks : honest -> G2) (ks' : 'I_m -> G2) (u : user) : G2 :=
  match u with inl i => ks i | inr j => ks' j end.

(** The game: a, the exponents of H2, and the keys of the honest delegatees. *)
Definition named_world (Ad : named_adversary) : finType :=
  [finType of 'I_p * {ffun L -> 'I_p} * {ffun 'I_n -> 'I_p} *
   {ffun 'I_Q -> 'I_p} * {ffun 'I_q -> 'I_p} * seed H * ntape Ad].
Definition named_game (Ad : named_adversary) (side : nat -> bool) := Pr (fun w : named_world Ad =>
  let: (a, hs, ds, rE, rC, s, t) := w in
  let table := [ffun l => g2 ^+ hs l] in
  let k l := named_k a (table l) in
  let ks i := if unlift ord0 i is Some j then pk B (ds j) else k target in
  let v := named_view (g1 ^+ a) table k ks in
  nverdict t v (play Q q (named_keys ks (nkey t v)) (at_ rE) (at_ rC) side s (nask t v))).

(** ** The reduction *)
Section Reduction.
Variables (Ad : named_adversary) (t0 : 'I_q).

(** It draws the exponents of H2 outside the target; there, k_e is a power of g2^a. *)
Definition red_table (h : G2) (hs : {ffun L -> 'I_p}) : {ffun L -> G2} :=
  [ffun l => if l == target then h else g2 ^+ hs l].
Definition red_base (ds : {ffun 'I_n -> G2}) : {ffun honest -> G2} :=
  [ffun i => if unlift ord0 i is Some j then ds j else 1].
Definition red_view (A : G1) (A2 h : G2) (hs : {ffun L -> 'I_p}) (ds : {ffun honest -> G2}) :=
  View target A (red_table h hs) [ffun l => if granted l then A2 ^+ hs l else 1]
    [ffun i => named_Y A h * e g1 (ds i)] [ffun ij => rk (ds ij.1) (ds ij.2)].
Definition named_pad rE rC (ks' : 'I_m -> G2) (ds : {ffun honest -> G2}) (Y : GT) (R : G1) (T : GT)
    (o : origin) (u : user) : GT :=
  match u with
  | inl i => if is_t t0 o then T * e R (ds i) else (Y * e g1 (ds i)) ^+ rnd rE rC o
  | inr j => e (red_Z t0 rE rC R o) (ks' j)
  end.
Definition named_coins : finType := [finType of
  {ffun L -> 'I_p} * {ffun 'I_n -> G2} * {ffun 'I_Q -> 'I_p} * {ffun 'I_q -> 'I_p} *
  seed H * ntape Ad].
Definition named_reduction (b : bool) : dbdh_test B :=
  @DbdhTest B named_coins (fun w A R A2 h T =>
  let: (hs, d, fE, fC, s, t) := w in
  let rE := at_ fE in let rC := at_ fC in let ds := red_base d in
  let v := red_view A A2 h hs ds in
  nverdict t v (sym_play Q q (red_Z t0 rE rC R)
    (named_pad rE rC (nkey t v) ds (named_Y A h) R T) (red_side t0 b) s (nask t v))).

Lemma sym_play_ext (Z : origin -> G1) (pad pad' : origin -> user -> GT) side s next :
  (forall o u, pad o u = pad' o u) ->
  sym_play Q q Z pad side (s : seed H) next = sym_play Q q Z pad' side s next.
Proof.
move=> same.
have showE x : show (S := S) Z pad side x = show Z pad' side x.
  by case: x => [[u M o l d]|] //=; rewrite /value same.
rewrite /sym_play /sym_run (eq_map showE); congr (map _ (fst _)).
by apply: eq_iter => -[tab c]; rewrite /sym_step (eq_map showE).
Qed.

(** With a true DBDH element, the reduction plays the game. *)
Hypothesis not_granted : ~~ granted target.

Lemma named_real b : dbdh_real (named_reduction b) = named_game Ad (red_side t0 b).
Proof.
pose W := named_world Ad.
pose E (w : W) : bool :=
  let: (a, hs, ds, rE, rC, s, t) := w in
  let table := [ffun l => g2 ^+ hs l] in
  let k l := named_k a (table l) in
  let ks i := if unlift ord0 i is Some j then pk B (ds j) else k target in
  let v := named_view (g1 ^+ a) table k ks in
  nverdict t v (play Q q (named_keys ks (nkey t v)) (at_ rE) (at_ rC) (red_side t0 b) s (nask t v)).
have U0 : 0 < #|[finType of 'I_p * 'I_p]|.
  by rewrite card_prod !card_ord muln_gt0 p_gt0.
rewrite /named_game -/E -(Pr_unused E U0).
have [log pkK logK] := expg2_bij B.
pose put (T : eqType) (f : T -> 'I_p) x r y := if y == x then r else f y.
pose putL (f : {ffun L -> 'I_p}) r : {ffun L -> 'I_p} := [ffun l => put _ f target r l].
pose putC (f : {ffun 'I_q -> 'I_p}) r : {ffun 'I_q -> 'I_p} := [ffun c => put _ f t0 r c].
pose kt (a h : 'I_p) : G2 := named_k a (g2 ^+ h).
pose f (w : 'I_p * 'I_p * 'I_p * named_coins) : 'I_p * 'I_p * W :=
  let: (a, r, h, (hs, d, fE, fC, s, t)) := w in
  (hs target, fC t0, (a, putL hs h, [ffun j => log (kt a h * d j)], fE, putC fC r, s, t)).
pose g (w : 'I_p * 'I_p * W) : 'I_p * 'I_p * 'I_p * named_coins :=
  let: (x, y, (a, hs, ds, fE, fC, s, t)) := w in
  (a, fC t0, hs target,
   (putL hs x, [ffun j => (kt a (hs target))^-1 * pk B (ds j)], fE, putC fC y, s, t)).
have putLK x r : putL (putL x r) (x target) = x.
  by apply/ffunP => l; rewrite !ffunE /put; case: eqP => [->|ne] //; rewrite ffunE /put; case: eqP ne.
have putCK x r : putC (putC x r) (x t0) = x.
  by apply/ffunP => l; rewrite !ffunE /put; case: eqP => [->|ne] //; rewrite ffunE /put; case: eqP ne.
have putLt x r : putL x r target = r by rewrite ffunE /put eqxx.
have putCt x r : putC x r t0 = r by rewrite ffunE /put eqxx.
apply: (@Pr_bij _ _ f).
  exists g => [[[[a r] h] [[[[[hs d] fE] fC] s] t]]|[[x y] [[[[[[a hs] ds] fE] fC] s] t]]] /=;
  rewrite ?putLt ?putCt ?putLK ?putCK; do !congr (_, _); apply/ffunP => j; rewrite !ffunE.
    by rewrite ?putLt /pk logK mulKg.
  by rewrite mulKVg /pk pkK.
case=> [[[a r] h] [[[[[hs d] fE] fC] s] t]].
rewrite /E /f /= ; set ds := red_base d.
set table := [ffun l => g2 ^+ putL hs h l].
have tableE : table = red_table (g2 ^+ h) hs.
  by apply/ffunP => l; rewrite !ffunE /put; case: eqP.
set ks := (F in named_keys F _).
have ksE i : ks i = kt a h * ds i.
  have -> : ds i = if unlift ord0 i is Some j then d j else 1 by rewrite ffunE.
  rewrite /ks; case: unliftP => [j _|_]; first by rewrite ffunE /pk logK.
  by rewrite mulg1 /table ffunE putLt.
have viewE : named_view (g1 ^+ a) table (fun l => named_k a (table l)) ks =
    red_view (g1 ^+ a) (g2 ^+ a) (g2 ^+ h) hs ds.
  rewrite /named_view /red_view tableE; congr (View _ _ _ _ _ _); apply/ffunP => i;
    rewrite [LHS]ffunE [RHS]ffunE.
  - rewrite ffunE; case gi: (granted i) => //; case: eqP => [it|_].
      by rewrite it (negbTE not_granted) in gi.
    by rewrite /named_k expgAC.
  - by rewrite ksE /pub eMr -/(pub (kt a h)) /kt -named_public.
  - by rewrite !ksE /rk invMg (G2C (kt a h) (ds i.2)) -!mulgA; congr (_ * _); rewrite G2C mulgKV.
rewrite viewE; set v := red_view _ _ _ _ _.
congr (nverdict _ _ _); symmetry; apply: real_play => [k|c|o u] //.
- rewrite /red_Z /=; case: (c =P t0 :> nat) => [->|ne] //=.
    by rewrite /at_ valK putCt.
  rewrite /at_; case: insubP => // i _ ic; rewrite ffunE /put.
  by case: eqP => // it; case: ne; rewrite -ic it.
- case: u => [i|j] //=; rewrite ksE /red_Z; case: (is_t t0 o); rewrite eMr !eXl.
    by rewrite /kt /named_k !eXr -!expgM mulnCA mulnA.
  rewrite expgMn; last exact: GTC.
  by rewrite named_public.
Qed.

(** With a uniform T the two sides of the challenge are equally likely. *)
Lemma lift_bij : bijective (@lift B).
Proof.
apply: inj_card_bij; last by rewrite -!cardsT card1 cardT.
by apply: (can_inj (g := fun x => e x g2)); exact: liftK.
Qed.

Lemma named_rand : dbdh_rand (named_reduction true) = dbdh_rand (named_reduction false).
Proof.
pose E b (v : 'I_p * 'I_p * 'I_p * named_coins) (T : GT) :=
  dbdh_judge (d := named_reduction b) v.2 (g1 ^+ v.1.1.1) (g1 ^+ v.1.1.2) (g2 ^+ v.1.1.1)
    (g2 ^+ v.1.2) T.
rewrite /dbdh_rand.
rewrite (@Pr_ext _ _ (fun w : 'I_p * 'I_p * 'I_p * named_coins * GT => E true w.1 w.2)); last first.
  by case=> [[[[a r] h] w] T].
rewrite [RHS](@Pr_ext _ _ (fun w : 'I_p * 'I_p * 'I_p * named_coins * GT => E false w.1 w.2)); last first.
  by case=> [[[[a r] h] w] T].
apply: Pr_fibre => -[[[a r] h] [[[[[hs d] fE] fC] s] t]].
rewrite /E /=; set v := red_view _ _ _ _ _; set R := g1 ^+ r; set Y := named_Y _ _.
have [log pkK logK] := expg2_bij B.
pose ks' j := log (nkey t v j) : nat.
pose play b X := nverdict t v (sym_play Q q (red_Z t0 (at_ fE) (at_ fC) R)
  (red_pad t0 (at_ fE) (at_ fC) ks' (red_base d) (lift Y) R X) (red_side t0 b) s (nask t v)).
have playE b T : nverdict t v (sym_play Q q (red_Z t0 (at_ fE) (at_ fC) R)
    (named_pad (at_ fE) (at_ fC) (nkey t v) (red_base d) Y R T) (red_side t0 b) s (nask t v)) =
    play b (lift T).
  congr (nverdict _ _ _); apply: sym_play_ext => o [i|j] /=.
    by rewrite liftK /red_Y liftK.
  by rewrite /ks' /pk logK.
have cardE b : #|[pred T | play b (lift T)]| = #|[pred X | play b X]|.
  by rewrite -!sum1_card [RHS](reindex (@lift B)) //=; exact: onW_bij lift_bij.
rewrite (eq_card (B := [pred T | play true (lift T)])) => [|T]; last by rewrite !inE -playE.
rewrite [RHS](eq_card (B := [pred T | play false (lift T)])) => [|T]; last by rewrite !inE -playE.
rewrite !cardE /play /sym_play; exact: uniform_run.
Qed.

Lemma named_one_challenge :
  (gap (named_game Ad (red_side t0 true)) (named_game Ad (red_side t0 false))
    <= adv_dbdh (named_reduction true) + adv_dbdh (named_reduction false))%R.
Proof.
rewrite -!named_real /adv_dbdh [X in (_ <= _ + X)%R]gapC -named_rand.
exact: gap_trans.
Qed.
End Reduction.

Lemma named_ext (Ad : named_adversary) side side' : (forall c, c < q -> side c = side' c) ->
  named_game Ad side = named_game Ad side'.
Proof.
move=> same; apply: Pr_ext => -[[[[[[a hs] ds] fE] fC] s] t]; congr (nverdict _ _ _).
rewrite /play; congr (map _ (fst _)); apply: eq_iter => -[tab c]; rewrite /step.
by case: (nask _ _ _) => // i x; case: ltnP => // cq; rewrite (same _ cq).
Qed.

Theorem named_leaky (Ad : named_adversary) : ~~ granted target ->
  (gap (named_game Ad (fun _ => true)) (named_game Ad (fun _ => false)) <=
    \sum_(t < q) (adv_dbdh (named_reduction Ad t true) + adv_dbdh (named_reduction Ad t false)))%R.
Proof.
move=> not_granted; pose h k := named_game Ad (fun c => c < k).
have -> : named_game Ad (fun _ => true) = h q by apply: named_ext => c ->.
have -> : named_game Ad (fun _ => false) = h 0 by [].
rewrite gapC; apply: Order.POrderTheory.le_trans (hybrid h q) _; apply: Num.Theory.ler_sum => t _.
have -> : h t.+1 = named_game Ad (red_side t true).
  by apply: named_ext => c _; rewrite /red_side ltnS leq_eqVlt; case: eqP.
have -> : h t = named_game Ad (red_side t false).
  by apply: named_ext => c _; rewrite /red_side; case: eqP => // ->; rewrite ltnn.
by rewrite gapC; exact: named_one_challenge.
Qed.

(** What the adversary makes of its view: the re-encryption key of a granted scope. *)
Theorem granted_rekey A (table : {ffun L -> G2}) k ks l k' : granted l ->
  rk (extracted (named_view A table k ks) l) k' = rk (k l) k'.
Proof. by move=> gl; rewrite /= ffunE gl. Qed.
End Named.

(** The probability that one of several disjoint events occurs is the sum of theirs. *)
Lemma Pr_split (W I : finType) (E : pred W) (F : I -> pred W) :
  (forall w, E w = \sum_i F i w :> nat) -> Pr E = (\sum_i Pr (F i))%R.
Proof.
move=> split; rewrite /Pr -GRing.mulr_suml -GRing.natr_sum; congr (_%:R / _)%R.
have count (P : pred W) : #|P| = \sum_w P w.
  by rewrite -sum1_card big_mkcond; apply: eq_bigr => w _; rewrite unfold_in; case: (P w).
rewrite count (eq_bigr _ (fun w _ => split w)) exchange_big.
by apply: eq_bigr => i _; rewrite count.
Qed.

(** ** The target chosen late: after any questions for keys, each after the answers so far *)
Section Adaptive.
Variable B : bilinear_group.
Local Notation G1 := (G1 B). Local Notation G2 := (G2 B).
Variables (L : finType) (n m K Q q : nat) (X S : Type) (H : challenger B X S).

(** K scopes are asked for, then the target is named, then the keys of all other scopes are
    handed out. A target whose key was asked for does not count. *)
Record late_adversary := LateAdversary {
  later :> named_adversary B L n m X S;
  next_scope : ntape later -> G1 -> {ffun L -> G2} -> seq (L * G2) -> L;
  late_target : ntape later -> G1 -> {ffun L -> G2} -> seq (L * G2) -> L }.

Section Play.
Variable Ad : late_adversary.
Definition learned (t : ntape Ad) A table (k : L -> G2) : seq (L * G2) :=
  iter K (fun known => let l := next_scope t A table known in rcons known (l, k l)) [::].
Definition asked (known : seq (L * G2)) (l : L) := l \in map fst known.

Definition late_game (side : nat -> bool) := Pr (fun w : named_world Q q H Ad =>
  let: (a, hs, ds, rE, rC, s, t) := w in
  let A := g1 B ^+ a in
  let table := [ffun l => g2 B ^+ hs l] in
  let k l := named_k a (table l) in
  let known := learned t A table k in
  let target := late_target t A table known in
  let ks i := if unlift ord0 i is Some j then pk B (ds j) else k target in
  let v := named_view target (predC1 target) A table k ks in
  ~~ asked known target &&
  nverdict t v (play Q q (named_keys ks (nkey t v)) (at_ rE) (at_ rC) side s (nask t v))).

(** The adversary of the fixed target l: it gives up if another target is named. *)
Definition names_l (l : L) (t : ntape Ad) A table (k : L -> G2) :=
  let known := learned t A table k in ~~ asked known l && (late_target t A table known == l).
Definition guess (l : L) : named_adversary B L n m X S :=
  @NamedAdversary B L n m X S (ntape Ad) (@nkey _ _ _ _ _ _ Ad) (@nask _ _ _ _ _ _ Ad)
    (fun t v answers => names_l l t (point v) (oracle v) (extracted v) && nverdict t v answers).

Lemma learned_ext t A table (k k' : L -> G2) l : (forall x, x != l -> k x = k' x) ->
  ~~ asked (learned t A table k) l -> learned t A table k = learned t A table k'.
Proof.
move=> same; rewrite /learned; elim: K => //= j IH.
rewrite /asked map_rcons mem_rcons inE negb_or /= => /andP[ne /IH <-].
by congr (rcons _ (_, _)); apply: same; rewrite eq_sym.
Qed.
Lemma names_ext l t A table (k k' : L -> G2) : (forall x, x != l -> k x = k' x) ->
  names_l l t A table k = names_l l t A table k'.
Proof.
move=> same; rewrite /names_l.
have [not_k|is_k] := boolP (~~ asked (learned t A table k) l).
  by rewrite -(learned_ext same not_k) not_k.
have [not_k'|//] := boolP (~~ asked (learned t A table k') l).
have same' x : x != l -> k' x = k x by move/same.
by rewrite -(learned_ext same' not_k') not_k' in is_k.
Qed.

Lemma late_sum side :
  late_game side = (\sum_(l : L) @named_game B L l (predC1 l) n m Q q X S H (guess l) side)%R.
Proof.
pose W := named_world Q q H Ad.
pose run (l : L) (w : W) : bool :=
  let: (a, hs, ds, rE, rC, s, t) := w in
  let table := [ffun l => g2 B ^+ hs l] in
  let k l := named_k a (table l) in
  let ks i := if unlift ord0 i is Some j then pk B (ds j) else k l in
  let v := named_view l (predC1 l) (g1 B ^+ a) table k ks in
  nverdict t v (play Q q (named_keys ks (nkey t v)) (at_ rE) (at_ rC) side s (nask t v)).
pose names (l : L) (w : W) : bool :=
  let: (a, hs, ds, rE, rC, s, t) := w in
  let table := [ffun l => g2 B ^+ hs l] in
  names_l l t (g1 B ^+ a) table (fun l => named_k a (table l)).
have one l : @named_game B L l (predC1 l) n m Q q X S H (guess l) side =
             Pr (fun w : W => names l w && run l w).
  apply: Pr_ext => -[[[[[[a hs] ds] rE] rC] s] t]; rewrite /names /run /=; congr (_ && _).
  by apply: names_ext => x ne; rewrite ffunE /= ne.
rewrite (eq_bigr _ (fun l _ => one l)); apply: Pr_split => -[[[[[[a hs] ds] rE] rC] s] t].
rewrite /names /run /names_l; set table := [ffun l => _]; set known := learned _ _ _ _.
rewrite (bigD1 (late_target t (g1 B ^+ a) table known)) //= eqxx andbT big1 ?addn0 //.
by move=> l /negbTE ne; rewrite eq_sym ne andbF.
Qed.

(** The bound: one term for each scope that may be the target. *)
Theorem late_leaky :
  (gap (late_game (fun _ => true)) (late_game (fun _ => false)) <=
    \sum_(l : L) \sum_(t < q)
      (adv_dbdh (named_reduction l (predC1 l) Q H (guess l) t true) +
       adv_dbdh (named_reduction l (predC1 l) Q H (guess l) t false)))%R.
Proof.
rewrite !late_sum /gap -GRing.sumrB.
apply: Order.POrderTheory.le_trans (Num.Theory.ler_norm_sum _ _ _) _.
by apply: Num.Theory.ler_sum => l _; apply: named_leaky; rewrite /= eqxx.
Qed.
End Play.
End Adaptive.

Section Corollaries.
Variable B : bilinear_group.
Local Notation gT := (e (g1 B) (g2 B)).
Local Notation lr := (left_or_right B).
Variables (L : finType) (target : L) (granted : pred L).
Local Notation lr_adversary n m := (named_adversary B L n m (GT B * GT B) unit).
Local Notation lr_game n m Q q A b :=
  (@named_game B L target granted n m Q q _ _ lr A (fun _ => b)).

(** q challenges, honest re-encryptions, re-encryption keys of granted scopes to anybody. *)
Theorem named_hra n m Q q (A : lr_adversary n m) : ~~ granted target ->
  (gap (lr_game n m Q q A true) (lr_game n m Q q A false) <=
    \sum_(t < q) (adv_dbdh (named_reduction target granted Q lr A t true) +
                  adv_dbdh (named_reduction target granted Q lr A t false)))%R.
Proof. exact: named_leaky. Qed.

(** The target chosen late, after K questions for keys. *)
Theorem late_hra n m K Q q (A : late_adversary B L n m (GT B * GT B) unit) :
  (gap (@late_game B L n m K Q q _ _ lr A (fun _ => true))
       (@late_game B L n m K Q q _ _ lr A (fun _ => false)) <=
    \sum_(l : L) \sum_(t < q)
      (adv_dbdh (named_reduction l (predC1 l) Q lr (guess K A l) t true) +
       adv_dbdh (named_reduction l (predC1 l) Q lr (guess K A l) t false)))%R.
Proof. exact: late_leaky. Qed.

(** One challenge, no honest delegatee and no oracle for re-encryption: IND-CPA with the keys
    of all granted scopes. *)
Corollary named_ind_cpa (A : lr_adversary 0 0) : ~~ granted target ->
  (gap (lr_game 0 0 1 1 A true) (lr_game 0 0 1 1 A false) <=
    adv_dbdh (named_reduction target granted 1 lr A (ord0 : 'I_1) true) +
    adv_dbdh (named_reduction target granted 1 lr A (ord0 : 'I_1) false))%R.
Proof. by move=> no; have := @named_hra 0 0 1 1 A no; rewrite big_ord1. Qed.

(** ** The target granted: nothing is hidden *)
Definition use_the_target : lr_adversary 0 0 :=
  @NamedAdversary B L 0 0 (GT B * GT B) unit [finType of unit]
    (fun _ _ _ => 1) (fun _ _ _ => @Challenge B 1 0 _ ord0 (1, gT))
    (fun _ v answers => if nth None answers 0 is Some (c, _)
       then c.1 * (e c.2 (extracted v target))^-1 == 1 else false).

Theorem granted_target_game : granted target ->
  gap (lr_game 0 0 1 1 use_the_target true) (lr_game 0 0 1 1 use_the_target false) = 1%R.
Proof.
move=> yes.
have opens (M : GT B) (k : G2 B) r : M * pub k ^+ r * (e (g1 B ^+ r) k)^-1 = M.
  by rewrite /pub eXl mulgK.
rewrite /named_game Pr_sure.
- rewrite Pr_never => [|[[[[[[a hs] ds] fE] fC] s] t]].
    by rewrite /gap GRing.subr0 Num.Theory.normr1.
  by rewrite /play /step /= unlift_none [[ffun l => if _ then _ else _] _]ffunE yes opens e_ndeg.
- by rewrite !card_prod !card_ffun !card_ord !card_unit !muln1 !muln_gt0 !expn_gt0 p_gt0.
- case=> [[[[[[a hs] ds] fE] fC] s] t].
  by rewrite /play /step /= unlift_none [[ffun l => if _ then _ else _] _]ffunE yes opens eqxx.
Qed.
End Corollaries.
