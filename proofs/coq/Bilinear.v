(** Bilinear groups of type 3.

    Paper: section 3.2, "two constructors g1, g2"; the paper's pairing e.
    Stated: a record of three finite groups of one prime order with a bilinear,
    non-degenerate map, the facts every other file uses, and an instance of it,
    so that no theorem about the record is empty.
    Assumed: nothing beyond the fields of the record.

    Groups are written multiplicatively, as in the paper and in the crate. *)
From mathcomp Require Import all_ssreflect all_fingroup all_solvable all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GroupScope.

Record bilinear_group := BilinearGroup {
  p   : nat;              p_pr : prime p;
  G1 : finGroupType;      G2 : finGroupType;      GT : finGroupType;
  card1 : #|[set: G1]| = p;  card2 : #|[set: G2]| = p;  cardT : #|[set: GT]| = p;
  g1 : G1;                g2 : G2;
  e  : G1 -> G2 -> GT;
  eMl : forall x x' y, e (x * x') y = e x y * e x' y;
  eMr : forall x y y', e x (y * y') = e x y * e x y';
  e_ndeg : e g1 g2 != 1 }.

(** ** Groups of prime order *)
Lemma prime_comm (gT : finGroupType) :
  prime #|[set: gT]| -> forall x y : gT, x * y = y * x.
Proof.
move=> pr x y; have /cyclic_abelian/centsP ab := prime_cyclic pr.
exact: (ab x (in_setT x) y (in_setT y)).
Qed.

Lemma prime_order (gT : finGroupType) (x : gT) :
  prime #|[set: gT]| -> x != 1 -> #[x] = #|[set: gT]|.
Proof.
move=> pr nx; have /primeP [_ /(_ _ (order_dvdG (in_setT x)))] := pr.
by rewrite order_eq1 (negbTE nx) /= => /eqP.
Qed.

Lemma expg_gen (gT : finGroupType) (x : gT) :
  prime #|[set: gT]| -> x != 1 -> forall y, exists n, y = x ^+ n.
Proof.
move=> pr nx y; have ox := prime_order pr nx.
have gen : <[x]> = [set: gT] by apply/eqP; rewrite eqEcard subsetT /= -ox.
have /cycleP [n ->] : y \in <[x]> by rewrite gen in_setT.
by exists n.
Qed.

(** An integer as an exponent. *)
Definition power (gT : finGroupType) (x : gT) (z : int) : gT :=
  match z with Posz n => x ^+ n | Negz n => x ^- n.+1 end.

Lemma powerE (gT : finGroupType) (x : gT) q z :
  0 < q -> x ^+ q = 1 -> power x z = x ^+ `|(z %% q)%Z|.
Proof.
move=> q0 x1; case: z => n /=; first by rewrite modz_nat absz_nat expg_mod.
apply: (mulIg (x ^+ n.+1)); rewrite mulVg -expgD -(expg_mod _ x1).
suff qd : q %| `|(Negz n %% q)%Z| + n.+1 by rewrite (eqnP qd).
have nz : Posz q != 0%R by rewrite -lt0n.
have := gez0_abs (modz_ge0 (Negz n) nz).
move: (absz _) => m em; have : (q %| Posz (m + n.+1))%Z.
  by apply/dvdz_mod0P; rewrite PoszD em modzDml NegzE GRing.addNr mod0z.
by rewrite dvdzE absz_nat.
Qed.

Section Theory.
Variable B : bilinear_group.
Local Notation p := (p B).   Local Notation e := (@e B).
Local Notation g1 := (g1 B). Local Notation g2 := (g2 B).
Local Notation G1 := (G1 B). Local Notation G2 := (G2 B). Local Notation GT := (GT B).

Lemma pr1 : prime #|[set: G1]|. Proof. by rewrite card1 p_pr. Qed.
Lemma pr2 : prime #|[set: G2]|. Proof. by rewrite card2 p_pr. Qed.
Lemma prT : prime #|[set: GT]|. Proof. by rewrite cardT p_pr. Qed.
Lemma G1C (x y : G1) : x * y = y * x.  Proof. exact: prime_comm pr1 x y. Qed.
Lemma G2C (x y : G2) : x * y = y * x.  Proof. exact: prime_comm pr2 x y. Qed.
Lemma GTC (x y : GT) : x * y = y * x.  Proof. exact: prime_comm prT x y. Qed.
Lemma p_gt0 : 0 < p. Proof. exact: prime_gt0 (p_pr B). Qed.

(** ** Bilinearity *)
Lemma e1l y : e 1 y = 1.
Proof. by apply: (mulgI (e 1 y)); rewrite -eMl !mulg1. Qed.
Lemma e1r x : e x 1 = 1.
Proof. by apply: (mulgI (e x 1)); rewrite -eMr !mulg1. Qed.
Lemma eVr x y : e x y^-1 = (e x y)^-1.
Proof. by apply: (mulgI (e x y)); rewrite -eMr !mulgV e1r. Qed.
Lemma eVl x y : e x^-1 y = (e x y)^-1.
Proof. by apply: (mulgI (e x y)); rewrite -eMl !mulgV e1l. Qed.
Lemma eXl x y n : e (x ^+ n) y = e x y ^+ n.
Proof. by elim: n => [|n IH]; rewrite ?expg0 ?e1l // !expgS eMl IH. Qed.
Lemma eXr x y n : e x (y ^+ n) = e x y ^+ n.
Proof. by elim: n => [|n IH]; rewrite ?expg0 ?e1r // !expgS eMr IH. Qed.

(** The textbook form. *)
Lemma bilinear a b : e (g1 ^+ a) (g2 ^+ b) = e g1 g2 ^+ (a * b).
Proof. by rewrite eXl eXr -expgM mulnC. Qed.

(** ** Non-degeneracy *)
Lemma g1_n1 : g1 != 1. Proof. by apply: contraNneq (e_ndeg B) => ->; rewrite e1l. Qed.
Lemma g2_n1 : g2 != 1. Proof. by apply: contraNneq (e_ndeg B) => ->; rewrite e1r. Qed.

Theorem nondeg_strong x y : x != 1 -> y != 1 -> e x y != 1.
Proof.
move=> nx ny.
have [a ea] := expg_gen pr1 nx g1; have [b eb] := expg_gen pr2 ny g2.
by apply: contraNneq (e_ndeg B) => e0; rewrite ea eb eXl eXr e0 !expg1n.
Qed.

(** For Z <> 1 the map k |-> e(Z,k) is a bijection from G2 to GT ... *)
Theorem pad_bij (Z : G1) : Z != 1 -> bijective (e Z).
Proof.
move=> nZ; apply: inj_card_bij; last by rewrite -!cardsT cardT card2.
move=> k k' eq; apply/eqP; apply: contraT; rewrite eq_mulgV1 => nk.
by have := nondeg_strong nZ nk; rewrite eMr eVr eq mulgV eqxx.
Qed.

(** ... and X |-> e(X,g2) one from G1 to GT; [lift] is its inverse. *)
Lemma e_onto (y : GT) : exists x : G1, e x g2 = y.
Proof.
have inj : injective (fun x : G1 => e x g2).
  move=> x x' eq; apply/eqP; apply: contraT; rewrite eq_mulgV1 => nx.
  by have := nondeg_strong nx g2_n1; rewrite eMl eVl eq mulgV eqxx.
have [f _ Kf] : bijective (fun x : G1 => e x g2).
  by apply: inj_card_bij => //; rewrite -!cardsT cardT card1.
by exists (f y).
Qed.
Lemma e_ontoP (y : GT) : {x : G1 | e x g2 == y}.
Proof. by apply: sigW; have [x <-] := e_onto y; exists x. Qed.
Definition lift y := sval (e_ontoP y).
Lemma liftK y : e (lift y) g2 = y.
Proof. by rewrite /lift; case: (e_ontoP y) => x /= /eqP. Qed.

(** Exponents below p name each element of G2 exactly once. *)
Lemma expg2_bij : bijective (fun d : 'I_p => g2 ^+ d).
Proof.
apply: inj_card_bij; last by rewrite card_ord -cardsT card2.
move=> d d' /eqP; rewrite eq_expg_mod_order (prime_order pr2 g2_n1) card2.
by rewrite !modn_small // => /eqP/val_inj.
Qed.
End Theory.

(** ** The record is inhabited: the additive group of F_5, e the product *)
Section Model.
Let F := [finGroupType of 'F_5 for +%R].
Local Open Scope ring_scope.
Definition F5_bilinear : bilinear_group.
Proof.
refine (@BilinearGroup 5 isT F F F _ _ _ (1 : 'F_5) (1 : 'F_5)
         (fun x y : 'F_5 => x * y) _ _ _).
- by rewrite cardsT card_Fp.
- by rewrite cardsT card_Fp.
- by rewrite cardsT card_Fp.
- by move=> x x' y; exact: GRing.mulrDl.
- by move=> x y y'; exact: GRing.mulrDr.
- by [].
Defined.
End Model.
