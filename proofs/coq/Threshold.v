(** Threshold re-encryption: k_re shared among n clouds, t + 1 of them needed.

    Paper: Equation 2, which stays as it is; the shares are ours.
    Stated: [check_root], [check_share] the public commitments decide which share belongs to
    a cloud; [combine] partial results, raised to integer Lagrange coefficients, give
    Equation 2 under k_re; [coefficients_exist] any t + 1 clouds have such coefficients, and
    [two_of_three] are those of the case of three clouds; [private] the shares of any t clouds
    have one distribution whatever k_re is; [private_images] the commitments and the partial
    results of the other clouds are computed from these shares, Y'/Y and the C'/C.
    Assumed: the bilinear group of Bilinear.v, nothing else. *)
From mathcomp Require Import all_ssreflect all_fingroup all_solvable all_algebra.
From PhiPre Require Import Bilinear Scheme Probability Verifiable.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GroupScope.

(** Vandermonde's matrix has an inverse. *)
Lemma vandermonde (F : fieldType) n (a : 'I_n -> F) : injective a ->
  exists w : 'M[F]_n, forall i i' : 'I_n, (\sum_x w i x * a x ^+ i' = (i == i')%:R)%R.
Proof.
move=> inj; pose V : 'M[F]_n := (\matrix_(x, i) a x ^+ i)%R.
have /mulVmx inv : V \in unitmx.
  rewrite -unitmx_tr -row_free_unit -kermx_eq0; apply/rowV0P => u /sub_kermxP uV.
  suff u0 : rVpoly u = 0%R by rewrite -(rVpolyK u) u0 GRing.linear0.
  apply: (@roots_geq_poly_eq0 _ _ [seq a x | x <- enum 'I_n]); last 1 first.
  - by rewrite size_map size_enum_ord size_poly.
  - apply/allP => y /mapP[x _ ->]; rewrite /root horner_poly; apply/eqP.
    have := congr1 (fun A : 'rV_n => A ord0 x) uV; rewrite !mxE; apply: etrans.
    by apply: eq_bigr => i _; rewrite valK !mxE.
  - by rewrite map_inj_uniq ?enum_uniq.
exists (invmx V) => i i'; have := congr1 (fun A : 'M_n => A i i') inv; rewrite !mxE; apply: etrans.
by apply: eq_bigr => x _; rewrite !mxE.
Qed.

Section Threshold.
Variable B : bilinear_group.
Local Notation p := (p B).   Local Notation e := (@e B).
Local Notation g1 := (g1 B). Local Notation g2 := (g2 B).
Local Notation G1 := (G1 B). Local Notation G2 := (G2 B). Local Notation GT := (GT B).

Variable t : nat.                                   (* A_1 .. A_t: t + 1 clouds needed *)
Implicit Type A : {ffun 'I_t -> G2}.
(** f(X) = k A_1^X ... A_t^(X^t), with k^L = k_re; cloud j gets f(j). *)
Definition share (k : G2) A (j : nat) : G2 := k * \prod_(i < t) A i ^+ (j ^ i.+1).

(** *** What e(Z,.) shows of the polynomial, and of the share of cloud j. *)
Definition images (Z : G1) (k : G2) A : GT * {ffun 'I_t -> GT} := (e Z k, [ffun i => e Z (A i)]).
Definition share_image (V : GT * {ffun 'I_t -> GT}) (j : nat) : GT :=
  V.1 * \prod_(i < t) V.2 i ^+ (j ^ i.+1).
Lemma share_imageE Z k A j : share_image (images Z k A) j = e Z (share k A j).
Proof.
rewrite eMr; congr (_ * _); elim/big_rec2: _ => [|i y z _ ->]; first by rewrite e1r.
by rewrite eMr eXr ffunE.
Qed.

(** For Z = g1 this is published: V_0 = e(g1,k), V_i = e(g1,A_i). *)
Definition commitments (k : G2) A := images g1 k A.
Theorem check_root L k k_re A : (commitments k A).1 ^+ L = e g1 k_re <-> k ^+ L = k_re.
Proof. by rewrite -eXr; split=> [/delta_unique|->]. Qed.
Theorem check_share k A j x : e g1 x = share_image (commitments k A) j <-> x = share k A j.
Proof. by rewrite share_imageE; split=> [/delta_unique|->]. Qed.

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

(** Equation 2 from partial results e(Z,k_j). Each is a re-encryption of (1, Z) under k_j and
    has a proof of its own (Verifiable.v), with [share_image] of the commitments for Y'/Y. *)
Theorem combine k A L jm (c : ciphertext B) : lagrange L jm ->
  (c.1 * \prod_(x <- jm) power (e c.2 (share k A x.1)) x.2, c.2) = reenc (k ^+ L) c.
Proof.
move=> lag; rewrite /reenc -(combine_keys k A lag); congr (_ * _, _).
elim: jm {lag} => [|[j m] jm IH]; first by rewrite !big_nil e1r.
by rewrite !big_cons eMr IH; congr (_ * _); case: m => m /=; rewrite ?eVr eXr.
Qed.

(** Any t + 1 clouds have coefficients. *)
Theorem coefficients_exist L (js : 'I_t.+1 -> nat) : injective js -> (forall x, js x < p) ->
  exists m : 'I_t.+1 -> int, lagrange L [seq (js x, m x) | x <- enum 'I_t.+1].
Proof.
move=> inj lt; pose a x : 'F_p := (js x)%:R%R.
have a_inj : injective a.
  by move=> x x' /(congr1 val) /=; rewrite !val_Fp_nat ?p_pr // !modn_small //; exact: inj.
have [w wa] := vandermonde a_inj; pose m x : nat := nat_of_ord (w ord0 x).
have mE x : (m x)%:R%R = w ord0 x by exact: natr_Zp.
exists (fun x => Posz (L * m x)); split=> [|i]; rewrite big_map big_enum /=.
  rewrite -(big_morph Posz PoszD (erefl _)) !modz_nat; congr Posz.
  rewrite -big_distrr /= -modnMmr; suff -> : ((\sum_i m i) %% p = 1)%N by rewrite muln1.
  have := congr1 (fun x : 'F_p => val x) (wa ord0 ord0).
  rewrite eqxx (eq_bigr (fun x => (m x)%:R)%R) => [|x _]; last first.
    by rewrite mE GRing.expr0 GRing.mulr1.
  by rewrite -GRing.natr_sum /= !val_Fp_nat ?p_pr // modn_small ?prime_gt1 ?p_pr.
have -> : (\sum_x Posz (L * m x) * Posz (js x ^ i.+1)%N =
           Posz (\sum_x L * (m x * js x ^ i.+1))%N)%R.
  rewrite (big_morph Posz PoszD (erefl _)); apply: eq_bigr => x _.
  by rewrite -PoszM mulnA.
rewrite -big_distrr /= dvdzE !absz_nat dvdn_mull //.
have := wa ord0 (fintype.lift ord0 i); rewrite (eq_bigr (fun x => (m x * js x ^ i.+1)%N%:R)%R).
  by rewrite -GRing.natr_sum => /eqP; rewrite -(GRing.dvdn_charf (char_Fp (p_pr B))).
by move=> x _; rewrite lift0 GRing.natrM GRing.natrX mE.
Qed.

(** What t clouds hold tells nothing about k: for every k their shares are uniform. *)
Section Private.
Variable js : 'I_t -> nat.
Hypothesis js_inj : injective js.
Hypothesis js_ok : forall x, 0 < js x < p.

Definition view k A : {ffun 'I_t -> G2} := [ffun x => share k A (js x)].

(** The t shares and k give the A_i, by interpolation at 0 and the js. *)
Lemma recover : exists (m0 : 'I_t -> nat) (m : 'I_t -> 'I_t -> nat),
  forall k A i, A i = k ^+ m0 i * \prod_x view k A x ^+ m i x.
Proof.
pose a (x : 'I_t.+1) : 'F_p := (if unlift ord0 x is Some y then js y else 0)%:R%R.
have a_inj : injective a.
  move=> x x' /(congr1 val) /=; rewrite !val_Fp_nat ?p_pr // !modn_small.
  - case: unliftP => [y|] ->; case: unliftP => [y'|] -> //.
    + by move/js_inj ->.
    + by move=> y0; have := js_ok y; rewrite y0.
    + by move=> y0; have := js_ok y'; rewrite -y0.
  - by case: (unlift _ _) => [y|]; [case/andP: (js_ok y) | exact: p_gt0].
  - by case: (unlift _ _) => [y|]; [case/andP: (js_ok y) | exact: p_gt0].
have [w wa] := vandermonde a_inj.
pose m i x : nat := nat_of_ord (w (fintype.lift ord0 i) x).
have mE i x : (m i x)%:R%R = w (fintype.lift ord0 i) x by exact: natr_Zp.
exists (m^~ ord0), (fun i x => m i (fintype.lift ord0 x)) => k A i.
pose c (i' : 'I_t.+1) : 'F_p := (if unlift ord0 i' is Some y then lg (A y) else lg k)%:R%R.
have at_ x : (\sum_i' c i' * a x ^+ i' =
    (lg k + \sum_i' lg (A i') * (if unlift ord0 x is Some y then js y else 0) ^ i'.+1)%N%:R)%R.
  rewrite big_ord_recl /c unlift_none GRing.expr0 GRing.mulr1 GRing.natrD; congr (_ + _)%R.
  rewrite GRing.natr_sum; apply: eq_bigr => y _.
  by rewrite fintype.liftK lift0 GRing.natrM GRing.natrX.
have whole : (\sum_x w (fintype.lift ord0 i) x * (\sum_i' c i' * a x ^+ i') = (lg (A i))%:R)%R.
  transitivity (\sum_i' c i' * \sum_x w (fintype.lift ord0 i) x * a x ^+ i')%R.
    rewrite (eq_bigr (fun x => \sum_i' c i' * (w (fintype.lift ord0 i) x * a x ^+ i'))%R).
      by rewrite exchange_big; apply: eq_bigr => i' _; rewrite GRing.mulr_sumr.
    by move=> x _; rewrite GRing.mulr_sumr; apply: eq_bigr => i' _; rewrite GRing.mulrCA.
  rewrite (bigD1 (fintype.lift ord0 i)) // wa eqxx GRing.mulr1 /c fintype.liftK.
  rewrite big1 => [|i' ne]; first exact: GRing.addr0.
  by rewrite wa eq_sym (negbTE ne) GRing.mulr0.
rewrite (eq_bigr (fun x => g2 ^+ ((lg k + \sum_(i' < t) lg (A i') * js x ^ i'.+1) *
    m i (fintype.lift ord0 x))%N)); last by move=> x _; rewrite ffunE shareE -expgM.
rewrite prodX {1}(lgK (A i)) {1}(lgK k) -expgM -expgD; apply: expg2_mod; rewrite eq_sym.
apply/eqP; have := congr1 (fun x : 'F_p => val x) whole; rewrite /= !val_Fp_nat ?p_pr // => <-.
rewrite -(val_Fp_nat (p_pr B)); congr (val _).
rewrite big_ord_recl at_ unlift_none GRing.natrD GRing.natrM -mE GRing.mulrC; congr (_ * _ + _)%R.
  by rewrite big1 ?addn0 // => i' _; rewrite exp0n // muln0.
rewrite GRing.natr_sum; apply: eq_bigr => x _.
by rewrite at_ fintype.liftK GRing.natrM -mE GRing.mulrC.
Qed.

Lemma view_inj k : injective (view k).
Proof.
by move=> A A' eq; have [m0 [m rec]] := recover; apply/ffunP => i; rewrite (rec k A) (rec k A') eq.
Qed.

Theorem private k k' (test : {ffun 'I_t -> G2} -> bool) :
  Pr (fun A => test (view k A)) = Pr (fun A => test (view k' A)).
Proof.
have uniform x : Pr (fun A => test (view x A)) = Pr test.
  exact: Pr_bij (injF_bij (@view_inj x)) (fun _ => erefl).
by rewrite !uniform.
Qed.

(** Beside their shares, the t clouds and B see the commitments (Z = g1) and, for each
    ciphertext with this Z, the partial results of the others. All of it is a product of powers
    of e(Z,k) and of the e(Z,.) of their own shares. And e(Z,k) is the L-th root of C'/C, or of
    Y'/Y for g1: nothing that Equation 2 does not show. *)
Definition interpolated (m0 : 'I_t -> nat) (m : 'I_t -> 'I_t -> nat)
    (Z : G1) (V0 : GT) (S : {ffun 'I_t -> G2}) : GT * {ffun 'I_t -> GT} :=
  (V0, [ffun i => V0 ^+ m0 i * \prod_x e Z (S x) ^+ m i x]).

Theorem private_images : exists m0 m, forall k
    (test : {ffun 'I_t -> G2} -> {ffun G1 -> GT * {ffun 'I_t -> GT}} -> bool),
  Pr (fun A => test (view k A) [ffun Z => images Z k A]) =
  Pr (fun S => test S [ffun Z => interpolated m0 m Z (e Z k) S]).
Proof.
have [m0 [m rec]] := recover; exists m0, m => k test.
apply: Pr_bij (injF_bij (@view_inj k)) _ => A; congr (test _ _); apply/ffunP => Z; rewrite !ffunE.
congr (_, _); apply/ffunP => i; rewrite !ffunE {1}(rec k A i) eMr eXr; congr (_ * _).
elim/big_rec2: _ => [|x y z _ <-]; first by rewrite e1r.
by rewrite eMr eXr.
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
