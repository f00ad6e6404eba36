(** Threshold re-encryption: k_re shared among n clouds, t + 1 of them needed.

    Paper: Equation 2, which stays as it is; the shares are ours.
    Stated: [check_root], [check_share] the public commitments decide which share belongs to
    a cloud; [combine] partial results, raised to integer Lagrange coefficients, give
    Equation 2 under k_re; [two_of_three] such coefficients for two of three clouds;
    [private] the shares of any t clouds have one distribution whatever k_re is.
    Assumed: the bilinear group of Bilinear.v, nothing else.

    [private] is about the shares alone. The commitments name the k that they belong to; that
    they tell no more than Y'/Y and the t shares do, by interpolation in GT, is not proved. *)
From mathcomp Require Import all_ssreflect all_fingroup all_solvable all_algebra.
From PhiPre Require Import Bilinear Scheme Probability Verifiable.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GroupScope.

Section Threshold.
Variable B : bilinear_group.
Local Notation p := (p B).   Local Notation e := (@e B).
Local Notation g1 := (g1 B). Local Notation g2 := (g2 B).
Local Notation G1 := (G1 B). Local Notation G2 := (G2 B). Local Notation GT := (GT B).

Variable t : nat.                                   (* A_1 .. A_t: t + 1 clouds needed *)
Implicit Type A : {ffun 'I_t -> G2}.
(** f(X) = k A_1^X ... A_t^(X^t), with k^L = k_re; cloud j gets f(j). *)
Definition share (k : G2) A (j : nat) : G2 := k * \prod_(i < t) A i ^+ (j ^ i.+1).

(** *** What is published: V_0 = e(g1,k) and V_i = e(g1,A_i) *)
Definition commitments (k : G2) A : GT * {ffun 'I_t -> GT} := (e g1 k, [ffun i => e g1 (A i)]).
Definition share_delta (V : GT * {ffun 'I_t -> GT}) (j : nat) : GT :=
  V.1 * \prod_(i < t) V.2 i ^+ (j ^ i.+1).

Theorem check_root L k k_re A : (commitments k A).1 ^+ L = e g1 k_re <-> k ^+ L = k_re.
Proof. by rewrite -eXr; split=> [/delta_unique|->]. Qed.
Theorem check_share k A j x : e g1 x = share_delta (commitments k A) j <-> x = share k A j.
Proof.
have -> : share_delta (commitments k A) j = e g1 (share k A j).
  rewrite eMr; congr (_ * _); elim/big_rec2: _ => [|i y z _ ->]; first by rewrite e1r.
  by rewrite eMr eXr ffunE.
by split=> [/delta_unique|->].
Qed.

(** *** Coefficients m_j for the clouds j: sum m_j = L and sum m_j j^i = 0 for 0 < i <= t. *)
Definition lagrange (L : nat) (jm : seq (nat * int)) :=
  ((\sum_(x <- jm) x.2)%R = Posz L %[mod p])%Z /\
  forall i : 'I_t, (p %| (\sum_(x <- jm) x.2 * Posz (x.1 ^ i.+1)%N)%R)%Z.

Lemma expg2_mod (x : G2) a b : (a == b %[mod p])%N -> x ^+ a = x ^+ b.
Proof.
move=> /eqP eq; have x1 : x ^+ p = 1 by rewrite -(card2 B) expg_cardG ?inE.
have red c : x ^+ c = x ^+ (c %% p) by rewrite {1}(divn_eq c p) expgD mulnC expgM x1 expg1n mul1g.
by rewrite red eq -red.
Qed.

Lemma prodX (I : Type) (s : seq I) (f : I -> nat) :
  \prod_(i <- s) g2 ^+ f i = g2 ^+ (\sum_(i <- s) f i).
Proof. by elim: s => [|i s IH]; rewrite ?big_nil // !big_cons expgD IH. Qed.

Let log (y : G2) : {a | y = g2 ^+ a}.
Proof. by apply: sig_eqW; have [a ->] := expg_gen (pr2 B) (g2_n1 B) y; exists a. Qed.
Let lg y := sval (log y).
Let lgK y : y = g2 ^+ lg y. Proof. exact: svalP (log y). Qed.

Lemma shareE k A j : share k A j = g2 ^+ (lg k + \sum_(i < t) lg (A i) * j ^ i.+1)%N.
Proof.
rewrite /share {1}(lgK k) expgD -prodX; congr (_ * _).
by apply: eq_bigr => i _; rewrite {1}(lgK (A i)) -expgM.
Qed.

(** The coefficient as a natural number. *)
Let res (z : int) : nat := `|(z %% p)%Z|.
Let resE z : (Posz (res z) = z %[mod p])%Z.
Proof. by rewrite gez0_abs ?modz_mod // modz_ge0 // -lt0n p_gt0. Qed.
Let sum_res jm (f : nat -> nat) :
  (Posz (\sum_(x <- jm) res x.2 * f x.1)%N = (\sum_(x <- jm) x.2 * Posz (f x.1))%R %[mod p])%Z.
Proof.
elim: jm => [|x jm IH]; first by rewrite !big_nil.
by rewrite !big_cons PoszD -modzDm IH PoszM -modzMml resE modzMml modzDm.
Qed.

Lemma combine_keys k A L jm : lagrange L jm ->
  \prod_(x <- jm) power (share k A x.1) x.2 = k ^+ L.
Proof.
move=> [one zero].
have pow (x : G2) z : power x z = x ^+ res z.
  by apply: powerE (p_gt0 B) _; rewrite -(card2 B) expg_cardG ?inE.
rewrite (eq_bigr (fun x => g2 ^+ (res x.2 * (lg k + \sum_(i < t) lg (A i) * x.1 ^ i.+1))%N)).
  2: by move=> x _; rewrite pow shareE -expgM mulnC.
rewrite prodX {2}(lgK k) -expgM; apply: expg2_mod.
rewrite (eq_bigr (fun x => res x.2 * lg k + \sum_(i < t) lg (A i) * (res x.2 * x.1 ^ i.+1))%N).
  2: by move=> x _; rewrite mulnDr big_distrr /=; congr (_ + _)%N; apply: eq_bigr => i _;
        rewrite mulnCA.
rewrite big_split /= -big_distrl /= exchange_big /=.
have rest : p %| (\sum_(i < t) \sum_(x <- jm) lg (A i) * (res x.2 * x.1 ^ i.+1))%N.
  apply: dvdn_sum => i _; rewrite -big_distrr /= dvdn_mull //.
  have := zero i; rewrite -[(p %| _)%N]/(Posz p %| Posz _)%Z => /dvdz_mod0P eq.
  by apply/dvdz_mod0P; rewrite (sum_res jm (fun j => j ^ i.+1)%N).
have total : (\sum_(x <- jm) res x.2 = L %[mod p])%N.
  have := sum_res jm (fun _ => 1%N).
  under eq_bigr do rewrite muln1; under [in RHS]eq_bigr do rewrite GRing.mulr1.
  by rewrite one !modz_nat => -[].
by rewrite -modnDmr (eqnP rest) addn0 mulnC -modnMmr total modnMmr.
Qed.

(** Equation 2 from partial results e(Z,k_j), each with its proof against Y'/Y of its own
    ([share_delta], Verifiable.v). *)
Theorem combine k A L jm (c : ciphertext B) : lagrange L jm ->
  (c.1 * \prod_(x <- jm) power (e c.2 (share k A x.1)) x.2, c.2) = reenc (k ^+ L) c.
Proof.
move=> lag; rewrite /reenc -(combine_keys k A lag); congr (_ * _, _).
elim: jm {lag} => [|[j m] jm IH]; first by rewrite !big_nil e1r.
by rewrite !big_cons eMr IH; congr (_ * _); case: m => m /=; rewrite ?eVr eXr.
Qed.

(** What t clouds hold tells nothing about k: for every k their shares are uniform. *)
Section Private.
Variable js : 'I_t -> nat.
Hypothesis js_inj : injective js.
Hypothesis js_ok : forall x, 0 < js x < p.

Definition view k A : {ffun 'I_t -> G2} := [ffun x => share k A (js x)].

Lemma view_inj k : injective (view k).
Proof.
move=> A A' /ffunP eq; have Fp : pdiv p = p by rewrite pdiv_id ?p_pr.
have zeroP (a : nat) : ((a%:R : 'F_p) == 0)%R = (p %| a).
  by rewrite -(GRing.dvdn_charf (char_Fp (p_pr B))).
pose d i : 'F_p := ((lg (A i))%:R - (lg (A' i))%:R)%R.
pose P : {poly 'F_p} := (\poly_(i < t) (if insub i is Some i then d i else 0))%R.
have coefP (i : 'I_t) : (P`_i = d i)%R by rewrite coef_poly ltn_ord valK.
suff P0 : P = 0%R.
  apply/ffunP => i; rewrite (lgK (A i)) (lgK (A' i)); apply: expg2_mod.
  have := coefP i; rewrite P0 coef0 => /esym/eqP.
  rewrite GRing.subr_eq0 => /eqP eqd.
  have := congr1 (fun x : 'F_p => val x) eqd.
  by rewrite /= !val_Fp_nat ?p_pr // => ->.
pose xs : seq 'F_p := [seq (js x)%:R%R | x <- enum 'I_t].
apply: (@roots_geq_poly_eq0 _ P xs); last by rewrite size_map size_enum_ord size_poly.
- apply/allP => y /mapP[x _ ->]; rewrite /root.
  have := eq x; rewrite !ffunE !shareE.
  move/eqP; rewrite eq_expg_mod_order (prime_order (pr2 B) (g2_n1 B)) card2 eqn_modDl => eqx.
  have nz : ((js x)%:R : 'F_p)%R != 0%R by rewrite zeroP gtnNdvd //; case/andP: (js_ok x).
  rewrite -(GRing.mulrI_eq0 _ (GRing.mulfI nz)) horner_poly.
  have -> : ((js x)%:R * (\sum_(i < t) (if insub (i : nat) is Some i then d i else 0) * (js x)%:R ^+ i) =
      (\sum_(i < t) lg (A i) * js x ^ i.+1)%N%:R - (\sum_(i < t) lg (A' i) * js x ^ i.+1)%N%:R :> 'F_p)%R.
    rewrite !GRing.natr_sum -GRing.sumrB GRing.mulr_sumr; apply: eq_bigr => i _.
    by rewrite valK !GRing.natrM !GRing.natrX -GRing.mulrBl GRing.mulrCA GRing.exprS.
  rewrite GRing.subr_eq0; apply/eqP/val_inj => /=.
  by rewrite !val_Fp_nat ?p_pr //; exact/eqP.
- rewrite map_inj_in_uniq ?enum_uniq // => x y _ _ /(congr1 val) /=.
  rewrite !val_Fp_nat ?p_pr // !modn_small; try by case/andP: (js_ok x); case/andP: (js_ok y).
  exact: js_inj.
Qed.

Theorem private k k' (test : {ffun 'I_t -> G2} -> bool) :
  Pr (fun A => test (view k A)) = Pr (fun A => test (view k' A)).
Proof.
have uniform x : Pr (fun A => test (view x A)) = Pr test.
  exact: Pr_bij (injF_bij (@view_inj x)) (fun _ => erefl).
by rewrite !uniform.
Qed.
End Private.
End Threshold.

(** Two of three clouds, L = 2. *)
Theorem two_of_three (B : bilinear_group) :
  [/\ lagrange B 1 2 [:: (1, 4%Z); (2, (-2)%Z)]%N,
      lagrange B 1 2 [:: (1, 3%Z); (3, (-1)%Z)]%N &
      lagrange B 1 2 [:: (2, 6%Z); (3, (-4)%Z)]%N].
Proof.
by split; split=> [|i]; rewrite !big_cons !big_nil // ord1 dvdz0.
Qed.
