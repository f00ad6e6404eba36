(** Probability by counting on finite sample spaces.

    Paper: none; the ground of the games.
    Stated: a game is a predicate on a finite random tape, its probability the
    share of tapes that satisfy it; the three steps that games are moved by
    (bijection, unused randomness, equal fibres), the price of one excluded value, and
    the hybrid inequality.
    Assumed: nothing. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory.

Definition Pr (W : finType) (E : pred W) : rat := (#|E|%:R / #|W|%:R)%R.
(** The message that side [b] of a game takes. *)
Definition pick (T : Type) (b : bool) (m : T * T) := if b then m.1 else m.2.
(** How well a test tells two games apart. *)
Definition gap (x y : rat) : rat := `|x - y|%R.

Lemma Pr_ext (W : finType) (E F : pred W) : E =1 F -> Pr E = Pr F.
Proof. by move=> EF; rewrite /Pr (eq_card EF). Qed.

Lemma Pr_bij (W V : finType) (f : W -> V) (E : pred W) (F : pred V) :
  bijective f -> (forall w, E w = F (f w)) -> Pr E = Pr F.
Proof.
move=> bf EF; rewrite /Pr (bij_eq_card bf); congr (_%:R / _)%R.
by rewrite -!sum1_card [RHS](reindex f) /=; [apply: eq_bigl | exact: onW_bij].
Qed.

(** Randomness that nobody looks at may be dropped. *)
Lemma Pr_unused (U W : finType) (E : pred W) :
  0 < #|U| -> Pr (fun w : U * W => E w.2) = Pr E.
Proof.
move=> U0; rewrite /Pr card_prod natrM.
have -> : #|(fun w : U * W => E w.2)| = #|U| * #|E|.
  rewrite -cardsT -[#|E|]cardsE -cardsX -cardsE; apply: eq_card => -[u w].
  by rewrite !inE.
by rewrite natrM -mulf_div divff ?mul1r // pnatr_eq0 -lt0n.
Qed.

(** Games whose fibres over the rest of the tape have equal size are equal. *)
Lemma card_fibres (V X : finType) (G : V -> pred X) :
  #|(fun w : V * X => G w.1 w.2)| = \sum_v #|G v|.
Proof.
rewrite -sum1_card (eq_bigr (fun v => \sum_(x | G v x) 1)).
  by rewrite pair_big_dep; apply: eq_bigl => -[v x]; rewrite unfold_in.
by move=> v _; rewrite -sum1_card.
Qed.

Lemma Pr_fibre (V X : finType) (E F : V -> pred X) :
  (forall v, #|E v| = #|F v|) ->
  Pr (fun w : V * X => E w.1 w.2) = Pr (fun w : V * X => F w.1 w.2).
Proof. by move=> EF; rewrite /Pr !card_fibres; congr (_%:R / _)%R; apply: eq_bigr. Qed.

Lemma Pr_sure (W : finType) (E : pred W) : 0 < #|W| -> (forall w, E w) -> Pr E = 1%R.
Proof.
move=> W0 all; rewrite /Pr; have -> : #|E| = #|W| by apply: eq_card => w; rewrite unfold_in all.
by rewrite divff // pnatr_eq0 -lt0n.
Qed.
Lemma Pr_never (W : finType) (E : pred W) : (forall w, ~~ E w) -> Pr E = 0%R.
Proof.
move=> no; rewrite /Pr; have -> : #|E| = 0 by apply: eq_card0 => w; rewrite unfold_in; apply/negbTE.
by rewrite mul0r.
Qed.

(** To draw x from all of X but x0, instead of all of X, changes a probability by at most 1/|X|. *)
Lemma Pr_exclude (W X : finType) (x0 : X) (E : W -> X -> bool) : 1 < #|X| ->
  (gap (Pr (fun w : W * X => E w.1 w.2)) (Pr (fun w : W * {x | x != x0} => E w.1 (val w.2)))
    <= 1 / #|X|%:R)%R.
Proof.
move=> X1; set Y := [finType of {x | x != x0}].
have [none|W0] := posnP #|W|.
  by rewrite /gap /Pr !card_prod none !mul0n invr0 !mulr0 subrr normr0 divr_ge0 ?ler0n.
have cX : #|X| = #|Y|.+1.
  have -> : #|Y| = #|predC1 x0| by rewrite card_sig; apply: eq_card => x; rewrite !inE.
  by rewrite cardC1 prednK // ltnW.
have Y0 : 0 < #|Y| by rewrite -ltnS -cX.
pose a := \sum_w #|(fun y : Y => E w (val y))|; pose b := \sum_w E w x0.
have fibre w : #|E w| = #|(fun y : Y => E w (val y))| + E w x0.
  rewrite (cardD1 x0) addnC; congr (_ + _)%N.
  rewrite -(card_image val_inj); apply: eq_card => x; rewrite !inE; apply/andP/imageP.
    by case=> ne Ex; exists (Sub x ne).
  by case=> y Ey ->; split; first exact: valP y.
have whole : #|(fun w : W * X => E w.1 w.2)| = a + b.
  by rewrite card_fibres (eq_bigr _ (fun w _ => fibre w)) big_split.
have part : #|(fun w : W * Y => E w.1 (val w.2))| = a.
  by rewrite (card_fibres (fun w (y : Y) => E w (val y))).
have a_le : a <= #|W| * #|Y|.
  by rewrite -sum_nat_const; apply: leq_sum => w _; exact: max_card.
have b_le : b <= #|W| by rewrite -sum1_card; apply: leq_sum => w _; exact: leq_b1.
rewrite /gap /Pr whole part !card_prod.
have w0 : (0 < #|W|%:R :> rat)%R by rewrite ltr0n.
have y0 : (0 < #|Y|%:R :> rat)%R by rewrite ltr0n.
have n0 : (0 < #|X|%:R :> rat)%R by rewrite ltr0n ltnW.
pose x : rat := (a%:R / (#|W| * #|Y|)%:R)%R; pose y : rat := (b%:R / #|W|%:R)%R.
have x01 : (0 <= x <= 1)%R.
  rewrite divr_ge0 ?ler0n //= ler_pdivr_mulr ?mul1r ?ler_nat //.
  by rewrite natrM mulr_gt0.
have y01 : (0 <= y <= 1)%R by rewrite divr_ge0 ?ler0n //= ler_pdivr_mulr ?mul1r ?ler_nat.
rewrite -/x; have -> : ((a + b)%:R / (#|W| * #|X|)%:R - x = (y - x) / #|X|%:R)%R.
  have ea : (a%:R = x * (#|W|%:R * #|Y|%:R))%R.
    by rewrite -natrM divfK // natrM mulf_neq0 ?lt0r_neq0.
  have eb : (b%:R = y * #|W|%:R)%R by rewrite divfK ?lt0r_neq0.
  have -> : ((a + b)%:R = (x * #|Y|%:R + y) * #|W|%:R)%R.
    by rewrite natrD ea eb mulrDl -mulrA [(#|Y|%:R * _)%R]mulrC.
  rewrite natrM invfM mulrA mulfK ?lt0r_neq0 //; apply: (mulIf (lt0r_neq0 n0)).
  rewrite mulrBl !divfK ?lt0r_neq0 // cX -addn1 natrD mulrDr mulr1 opprD addrA.
  by rewrite [(_ + y)%R]addrC addrK.
rewrite normrM [X in (_ * X)%R]ger0_norm ?invr_ge0 ?ler0n // ler_wpmul2r ?invr_ge0 ?ler0n //.
rewrite ler_norml; case/andP: x01 => xl xr; case/andP: y01 => yl yr.
apply/andP; split.
  by rewrite ler_subr_addr addrC (Order.POrderTheory.le_trans _ yl) // subr_le0.
by rewrite ler_subl_addr (Order.POrderTheory.le_trans yr) // ler_addl.
Qed.

Lemma gapC x y : gap x y = gap y x.
Proof. by rewrite /gap distrC. Qed.
Lemma gap_trans y x z : (gap x z <= gap x y + gap y z)%R.
Proof. exact: ler_dist_add. Qed.

Lemma gap_step y x z a c : (gap x y <= a -> gap y z <= c -> gap x z <= a + c)%R.
Proof. by move=> xy yz; apply: Order.POrderTheory.le_trans (gap_trans y _ _) _; exact: ler_add. Qed.

Lemma hybrid (h : nat -> rat) q : (gap (h 0%N) (h q) <= \sum_(t < q) gap (h t) (h t.+1))%R.
Proof.
elim: q => [|q IH]; first by rewrite big_ord0 /gap subrr normr0.
by rewrite big_ord_recr /=; apply: Order.POrderTheory.le_trans (gap_trans (h q) _ _) _; rewrite ler_add2r.
Qed.
