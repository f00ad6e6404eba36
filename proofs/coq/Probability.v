(** Probability by counting on finite sample spaces.

    Paper: none; the ground of the games.
    Stated: a game is a predicate on a finite random tape, its probability the
    share of tapes that satisfy it; the three steps that games are moved by
    (bijection, unused randomness, equal fibres) and the hybrid inequality.
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

Lemma gapC x y : gap x y = gap y x.
Proof. by rewrite /gap distrC. Qed.
Lemma gap_trans y x z : (gap x z <= gap x y + gap y z)%R.
Proof. exact: ler_dist_add. Qed.

Lemma hybrid (h : nat -> rat) q : (gap (h 0%N) (h q) <= \sum_(t < q) gap (h t) (h t.+1))%R.
Proof.
elim: q => [|q IH]; first by rewrite big_ord0 /gap subrr normr0.
by rewrite big_ord_recr /=; apply: Order.POrderTheory.le_trans (gap_trans (h q) _ _) _; rewrite ler_add2r.
Qed.
