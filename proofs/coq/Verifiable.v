(** Verifiable re-encryption: a proof that C' is Equation 2 of C under the k_re of (Y, Y').

    Paper: Equations 1 and 2, which stay as they are; the proof is ours.
    Stated: the image of k_re under e(g1,.) is Y'/Y and belongs to no other key
    ([delta_rk], [check_rk]). One ciphertext: [complete]; [special_sound], so that a false
    statement leaves at most one challenge with an answer for each commitment
    ([one_challenge]), and a nonce for two challenges gives k_re away ([nonce_reuse]);
    [hvzk], the honest and the simulated transcripts have one distribution. Many
    ciphertexts under one k_re, in one weighted product: the weights are signed integers of
    two's complement, distinct mod p ([signed_distinct]); a false product passes for at most
    one in 2h of the weights ([batch_sound]); [reencryptions_sound]: with random weights and a
    random challenge, a wrong ciphertext passes with probability at most 1/2h + 1/N, whatever
    the prover does; [reencryptions_simulatable]: re-encryptions for a corrupt key can be
    simulated together with their proof.
    Assumed: the bilinear group of Bilinear.v, nothing else. The random oracle, which makes
    the weights and the challenge out of a hash (Fiat, Shamir), is outside.

    The crate: 2h = N = 2^128 (PrimeR.v: below r); the first weight is 1. *)
From mathcomp Require Import all_ssreflect all_fingroup all_solvable all_algebra.
From PhiPre Require Import Bilinear Scheme Probability.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GroupScope.

(** ** Weights: the integer of two's complement whose unsigned reading is w < 2h *)
Definition signed (h w : nat) : int := if w < h then Posz w else (Posz w - Posz (h + h))%R.

Theorem signed_range h w : w < h + h -> (- Posz h <= signed h w < Posz h)%R.
Proof.
move=> lt; rewrite /signed; case: ltnP => wh.
  by rewrite ltz_nat wh andbT (Order.POrderTheory.le_trans (y := 0%R)) // Num.Theory.oppr_le0.
rewrite PoszD Num.Theory.ler_subr_addr Num.Theory.ltr_subl_addr.
rewrite GRing.addrA GRing.addNr GRing.add0r lez_nat wh -!PoszD ltz_nat.
by rewrite (leq_trans lt) // leq_addl.
Qed.

Lemma signed_residue h q w : h + h <= q -> w < h + h ->
  (signed h w %% q)%Z = Posz (if w < h then w else w + (q - (h + h)))%N.
Proof.
move=> hq lt; rewrite /signed; case: ifP => _.
  by rewrite modz_nat modn_small // (leq_trans lt hq).
rewrite -(modzDr (Posz w - _)%R) -GRing.addrA [(- _ + _)%R]GRing.addrC subzn // -PoszD.
rewrite modz_nat modn_small //; apply: (@leq_trans (h + h + (q - (h + h)))).
  by rewrite ltn_add2r.
by rewrite subnKC.
Qed.

Theorem signed_distinct h q w w' : h + h <= q -> w < h + h -> w' < h + h ->
  (signed h w = signed h w' %[mod q])%Z -> w = w'.
Proof.
move=> hq lt lt'; rewrite !signed_residue // => -[].
have half x y : x < h -> h <= y -> x = y + (q - (h + h)) -> False.
  by move=> xh hy eq; move: xh; rewrite eq ltnNge (leq_trans hy) ?leq_addr.
case: ltnP => a; case: ltnP => a' //; first by case/(half _ _ a a').
- by move=> /esym /(half _ _ a' a).
- exact: addIn.
Qed.

Section Verifiable.
Variable B : bilinear_group.
Local Notation p := (p B).   Local Notation e := (@e B).
Local Notation g1 := (g1 B). Local Notation g2 := (g2 B).
Local Notation G1 := (G1 B). Local Notation G2 := (G2 B). Local Notation GT := (GT B).

(** ** The key behind Y'/Y *)
Definition delta (Y Y' : GT) : GT := Y' * Y^-1.
Theorem delta_rk k k' : e g1 (rk k k') = delta (pub k) (pub k').
Proof. by rewrite eMr eVr. Qed.
Theorem delta_unique x y : e g1 x = e g1 y -> x = y.
Proof. have [f K _] := pad_bij (g1_n1 B); exact: can_inj K x y. Qed.
(** So the proxy's check decides: it passes for the k_re of Equation 1 alone. *)
Theorem check_rk k k' x : e g1 x = delta (pub k) (pub k') <-> x = rk k k'.
Proof. by split=> [|->]; [rewrite -delta_rk => /delta_unique | exact: delta_rk]. Qed.

(** ** The protocol. Statement: P and D, both images of one k. *)
Definition true_for (Z : G1) (P D : GT) (k : G2) := e g1 k = P /\ e Z k = D.
Definition transcript := (GT * GT * nat * G2)%type.              (* T1, T2, c, W *)
Definition commit (Z : G1) (s : G2) : GT * GT := (e g1 s, e Z s).
Definition respond (k s : G2) (c : nat) : G2 := s * k ^+ c.
Definition accepts (Z : G1) (P D : GT) (t : transcript) :=
  let: (T1, T2, c, W) := t in (e g1 W == T1 * P ^+ c) && (e Z W == T2 * D ^+ c).
Definition honest (Z : G1) (k s : G2) (c : nat) : transcript :=
  (commit Z s, c, respond k s c).

Theorem complete Z P D k s c : true_for Z P D k -> accepts Z P D (honest Z k s c).
Proof. by case=> <- <-; rewrite /= !eMr !eXr !eqxx. Qed.

(** What a re-encryption makes is such a statement, and nothing else is. *)
Theorem reenc_true k k' (c : ciphertext B) (c' := reenc (rk k k') c) :
  true_for c.2 (delta (pub k) (pub k')) (delta c.1 c'.1) (rk k k').
Proof. by split; rewrite ?delta_rk // /delta /= GTC mulKg. Qed.
Theorem true_reenc k k' (c : ciphertext B) (C' : GT) x :
  true_for c.2 (delta (pub k) (pub k')) (delta c.1 C') x ->
  (C', c.2) = reenc (rk k k') c.
Proof. by case=> /check_rk -> eD; rewrite /reenc eD /delta GTC mulgKV. Qed.

Lemma delta_reenc (x : G2) (c : ciphertext B) (C' : GT) :
  (delta c.1 C' == e c.2 x) = ((C', c.2) == reenc x c).
Proof.
rewrite /reenc /delta xpair_eqE eqxx andbT -[X in _ == X](mulKg c.1) GTC (inj_eq (mulgI _)).
by rewrite GTC.
Qed.

(** ** Special soundness *)
Definition extract (c c' : nat) (W W' : G2) : G2 :=
  (W * W'^-1) ^+ (egcdn (c - c') p).1.

Lemma expg_root (gT : finGroupType) (x y : gT) n : #|[set: gT]| = p -> 0 < n < p ->
  x ^+ n = y -> y ^+ (egcdn n p).1 = x.
Proof.
move=> card /andP[n0 np] <-; rewrite -expgM.
have cop : coprime n p.
  rewrite coprime_sym prime_coprime ?p_pr //; apply/negP => /(dvdn_leq n0).
  by rewrite leqNgt np.
case: egcdnP => //= km kn eq _.
have -> : (n * km = (kn * p).+1)%N by rewrite mulnC eq -addn1; congr (_ + _)%N; apply/eqP.
by rewrite expgS mulnC expgM -card expg_cardG ?inE // expg1n mulg1.
Qed.

Theorem special_sound Z P D T1 T2 c c' W W' :
  c' < c -> c < p ->
  accepts Z P D (T1, T2, c, W) -> accepts Z P D (T1, T2, c', W') ->
  true_for Z P D (extract c c' W W').
Proof.
move=> lt cp /andP[/eqP a1 /eqP a2] /andP[/eqP b1 /eqP b2].
have bound : 0 < c - c' < p by rewrite subn_gt0 lt (leq_ltn_trans (leq_subr _ _) cp).
have quotient (X T R : GT) : X = T * R ^+ c ->
    forall X', X' = T * R ^+ c' -> R ^+ (c - c') = X * X'^-1.
  move=> -> X' ->; rewrite !(GTC T) invMg mulgA mulgK.
  by rewrite -[X in _ = R ^+ X * _](subnK (ltnW lt)) expgD mulgK.
split; rewrite /extract eXr eMr eVr; apply: expg_root; rewrite ?cardT //.
- exact: quotient a1 _ b1.
- exact: quotient a2 _ b2.
Qed.

(** So one s for two challenges gives k_re away. *)
Theorem nonce_reuse k s c c' : c' < c -> c < p ->
  extract c c' (respond k s c) (respond k s c') = k.
Proof.
move=> lt cp; have bound : 0 < c - c' < p by rewrite subn_gt0 lt (leq_ltn_trans (leq_subr _ _) cp).
rewrite /extract /respond; apply: (expg_root (card2 B) bound).
have -> : s * k ^+ c = k ^+ (c - c') * (s * k ^+ c').
  by rewrite mulgA (G2C _ s) -mulgA -expgD (subnK (ltnW lt)).
by rewrite mulgK.
Qed.

(** A false statement: each commitment has at most one challenge that can be answered.
    So a cheating proxy survives a uniform challenge below N <= p with 1/N at most,
    whatever it computes. *)
Theorem one_challenge Z P D T1 T2 c c' W W' : (forall k, ~ true_for Z P D k) ->
  c < p -> c' < p ->
  accepts Z P D (T1, T2, c, W) -> accepts Z P D (T1, T2, c', W') -> c = c'.
Proof.
move=> none cp cp' a a'; case: (ltngtP c c') => // lt.
- by case: (none _ (special_sound lt cp' a' a)).
- by case: (none _ (special_sound lt cp a a')).
Qed.

(** ** Honest-verifier zero knowledge, perfect *)
Definition simulated (Z : G1) (P D : GT) (W : G2) (c : nat) : transcript :=
  (e g1 W * (P ^+ c)^-1, e Z W * (D ^+ c)^-1, c, W).
Theorem simulated_accepts Z P D W c : accepts Z P D (simulated Z P D W c).
Proof. by rewrite /= !mulgKV !eqxx. Qed.

Variable N : nat.                                    (* challenges 0 .. N-1 *)
Theorem hvzk Z P D k (test : transcript -> bool) : true_for Z P D k ->
  Pr (fun w : G2 * 'I_N => test (honest Z k w.1 w.2)) =
  Pr (fun w : G2 * 'I_N => test (simulated Z P D w.1 w.2)).
Proof.
move=> [eP eD]; pose f (w : G2 * 'I_N) := (w.1 * k ^+ w.2, w.2).
apply: (@Pr_bij _ _ f); first exists (fun w : G2 * 'I_N => (w.1 * (k ^+ w.2)^-1, w.2)).
- by case=> s c; rewrite /f /= mulgK.
- by case=> W c; rewrite /f /= mulgKV.
by case=> s c; rewrite /honest /simulated /respond /commit /= -eP -eD !eMr !eXr !mulgK.
Qed.

(** ** Many ciphertexts, one k: the first has weight 1, the n others random weights *)
Section Batch.
Variables (n h : nat) (Z0 : G1) (D0 : GT) (Z : 'I_n -> G1) (D : 'I_n -> GT).
Implicit Type r : {ffun 'I_n -> 'I_(h + h)}.

Definition Z_star r : G1 := Z0 * \prod_i power (Z i) (signed h (r i)).
Definition D_star r : GT := D0 * \prod_i power (D i) (signed h (r i)).

Variable k : G2.
Definition all_true := (D0 == e Z0 k) && [forall j, D j == e (Z j) k].
Definition passes r : bool := D_star r == e (Z_star r) k.

Let pow1 (gT : finGroupType) (x : gT) : #|[set: gT]| = p -> x ^+ p = 1.
Proof. by move=> <-; rewrite expg_cardG ?inE. Qed.
Let rho (w : 'I_(h + h)) : nat := `|(signed h w %% p)%Z|.
Let Z_starE r : Z_star r = Z0 * \prod_i Z i ^+ rho (r i).
Proof. by congr (_ * _); apply: eq_bigr => i _; rewrite (powerE _ (p_gt0 B)) ?pow1 ?card1. Qed.
Let D_starE r : D_star r = D0 * \prod_i D i ^+ rho (r i).
Proof. by congr (_ * _); apply: eq_bigr => i _; rewrite (powerE _ (p_gt0 B)) ?pow1 ?cardT. Qed.
Let rho_lt w : rho w < p.
Proof.
have nz : Posz p != 0%R by rewrite -lt0n p_gt0.
by rewrite -ltz_nat gez0_abs ?modz_ge0 // ltz_mod.
Qed.
Let rho_inj : h + h <= p -> injective rho.
Proof.
move=> hp w w' eq; apply: val_inj; apply: (signed_distinct hp) => //=.
have nz : Posz p != 0%R by rewrite -lt0n p_gt0.
by rewrite -(gez0_abs (modz_ge0 _ nz)) -[RHS](gez0_abs (modz_ge0 _ nz)); congr Posz.
Qed.

Theorem batch_complete r : all_true -> true_for (Z_star r) (e g1 k) (D_star r) k.
Proof.
case/andP=> /eqP t0 /forallP t; split=> //; rewrite Z_starE D_starE t0 eMl; congr (_ * _).
symmetry; elim/big_rec2: _ => [|i x y _ ->]; first by rewrite e1l.
by rewrite eMl eXl (eqP (t i)).
Qed.

Let log (y : GT) : {a | y = e g1 g2 ^+ a}.
Proof. by apply: sig_eqW; have [a ->] := expg_gen (prT B) (e_ndeg B) y; exists a. Qed.
Let err y z := sval (log (y * (e z k)^-1)).
Let errE y z : y = e g1 g2 ^+ err y z * e z k.
Proof. by rewrite /err; case: (log _) => a /= <-; rewrite mulgKV. Qed.
Let total r := (err D0 Z0 + \sum_i err (D i) (Z i) * rho (r i))%N.

Let passesE r : passes r = (p %| total r).
Proof.
have collect (s : seq 'I_n) : \prod_(i <- s) D i ^+ rho (r i) =
    e g1 g2 ^+ (\sum_(i <- s) err (D i) (Z i) * rho (r i)) * e (\prod_(i <- s) Z i ^+ rho (r i)) k.
  elim: s => [|i s IH]; first by rewrite !big_nil e1l mulg1.
  rewrite !big_cons IH {1}(errE (D i) (Z i)) expgMn; last exact: GTC.
  rewrite -expgM eMl eXl expgD !mulgA; congr (_ * _).
  by rewrite -!mulgA; congr (_ * _); exact: GTC.
rewrite /passes Z_starE D_starE {1}(errE D0 Z0) collect eMl.
have -> (x y z t : GT) : (x * y * (z * t) == y * t) = (x * z == 1).
  rewrite -(mulgA x) (mulgA y) (GTC y) -(mulgA z) (mulgA x).
  by rewrite -[X in _ == X]mul1g (inj_eq (mulIg _)).
by rewrite -expgD -order_dvdn (prime_order (prT B) (e_ndeg B)) cardT.
Qed.

(** Two weights that differ in one place alone, and there at a false ciphertext. *)
Lemma passes_once r r' j : D j != e (Z j) k -> h + h <= p ->
  (forall i, i != j -> r i = r' i) -> passes r -> passes r' -> r = r'.
Proof.
move=> bad hp same; rewrite !passesE => a a'.
apply/ffunP => i; have [->|/same //] := altP (i =P j).
have ej : ~~ (p %| err (D j) (Z j)).
  apply: contra bad => /dvdnP[m em]; apply/eqP; rewrite [LHS](errE _ (Z j)) em mulnC expgM.
  by rewrite pow1 ?cardT // expg1n mul1g.
have eq : (err (D j) (Z j) * rho (r j) == err (D j) (Z j) * rho (r' j) %[mod p])%N.
  have : (total r == total r' %[mod p])%N.
    by move: a a'; rewrite /dvdn => /eqP -> /eqP ->.
  rewrite /total (bigD1 j) //= [in X in _ == X %[mod p] -> _](bigD1 j) //=.
  rewrite (eq_bigr (fun i => err (D i) (Z i) * rho (r' i))%N) => [|x nx]; last by rewrite same.
  by rewrite !(addnCA (err D0 Z0)) eqn_modDr.
apply: (rho_inj hp); wlog le : r r' a a' same eq / rho (r' j) <= rho (r j).
  move=> W; case: (leqP (rho (r' j)) (rho (r j))) => [|/ltnW] le; first exact: (W r r').
  by symmetry; apply: (W r' r) => // [x /same -> //|]; rewrite eq_sym.
move: eq; rewrite eqn_mod_dvd ?leq_mul2l ?le ?orbT // -mulnBr Euclid_dvdM ?p_pr // (negbTE ej) /=.
have lt : rho (r j) - rho (r' j) < p by rewrite (leq_ltn_trans (leq_subr _ _)).
rewrite /dvdn modn_small // subn_eq0 => ge.
by apply/eqP; rewrite eqn_leq ge le.
Qed.

Theorem batch_sound : 0 < h -> h + h <= p -> ~~ all_true ->
  (Pr passes <= 1 / (h + h)%:R)%R.
Proof.
move=> h0 hp; have hh0 : 0 < h + h by rewrite addn_gt0 h0.
rewrite Num.Theory.ler_pdivl_mulr ?Num.Theory.ltr0n //.
have [/existsP[j bad] _|] := boolP [exists j, D j != e (Z j) k]; last first.
  rewrite negb_exists => /forallP none; rewrite negb_and => /orP[bad|/forallPn[j]]; last first.
    by move=> bad; have := none j; rewrite bad.
  rewrite Pr_never ?GRing.mul0r ?Num.Theory.ler01 // => r.
  rewrite /passes Z_starE D_starE eMl.
  have -> : \prod_i D i ^+ rho (r i) = e (\prod_i Z i ^+ rho (r i)) k.
    elim/big_rec2: _ => [|i x y _ ->]; first by rewrite e1l.
    by rewrite eMl eXl; congr (_ ^+ _ * _); apply/eqP; have := none i; rewrite negbK.
  by rewrite (inj_eq (mulIg _)).
pose put (w : {ffun 'I_n -> 'I_(h + h)} * 'I_(h + h)) := [ffun i => if i == j then w.2 else w.1 i].
pose A := setX [set r | passes r] [set: 'I_(h + h)].
have inj : {in A &, injective put}.
  move=> [r a] [r' a']; rewrite !inE !andbT => /= pr pr' /ffunP eq.
  have := eq j; rewrite !ffunE eqxx /= => ->; congr (_, _).
  apply: (passes_once bad hp) => // i ne.
  by have := eq i; rewrite !ffunE (negbTE ne).
have := max_card (mem (put @: A)); rewrite card_in_imset // cardsX cardsT card_ord cardsE => le.
have nz : 0 < #|[finType of {ffun 'I_n -> 'I_(h + h)}]|.
  by rewrite card_ffun !card_ord expn_gt0 hh0.
rewrite /Pr GRing.mulrAC Num.Theory.ler_pdivr_mulr ?Num.Theory.ltr0n // GRing.mul1r.
by rewrite -GRing.natrM Num.Theory.ler_nat.
Qed.

(** *** The whole proof: weights, then a commitment, then a challenge, then an answer.
    The prover may compute the commitment from the weights, and the answer from the
    weights and the challenge, in any way. *)
Section Prover.
Variable P : GT.
Variable commitment : {ffun 'I_n -> 'I_(h + h)} -> GT * GT.
Variable response : {ffun 'I_n -> 'I_(h + h)} -> 'I_N -> G2.

Definition convinced (w : {ffun 'I_n -> 'I_(h + h)} * 'I_N) : bool :=
  let: (r, c) := w in let: (T1, T2) := commitment r in
  accepts (Z_star r) P (D_star r) (T1, T2, nat_of_ord c, response r c).

Lemma proof_sound : P = e g1 k -> 0 < h -> h + h <= p -> 0 < N <= p -> ~~ all_true ->
  (Pr convinced <= 1 / (h + h)%:R + 1 / N%:R)%R.
Proof.
move=> eP h0 hp /andP[N0 Np] false_.
apply: Order.POrderTheory.le_trans (_ : Pr passes + 1 / N%:R <= _)%R.
  have R0 : 0 < #|[finType of {ffun 'I_n -> 'I_(h + h)}]|.
    by rewrite card_ffun !card_ord expn_gt0 addn_gt0 h0.
  have once r : #|[pred c | convinced (r, c)]| <= passes r * N + 1.
    have [_|no] := boolP (passes r).
      by rewrite mul1n (leq_trans (max_card _)) // card_ord leq_addr.
    rewrite /= mul0n add0n; apply/card_le1_eqP => c' c; rewrite !inE /convinced.
    case: (commitment r) => T1 T2 a' a; apply: val_inj.
    have lt (x : 'I_N) : x < p by exact: leq_trans (ltn_ord x) Np.
    refine (one_challenge _ (lt c) (lt c') a a').
    by move=> x []; rewrite eP => /delta_unique -> eD; rewrite /passes eD eqxx in no.
  have all_ : #|convinced| <= #|passes| * N + #|[finType of {ffun 'I_n -> 'I_(h + h)}]|.
    have -> : #|convinced| = \sum_r #|[pred c | convinced (r, c)]|.
      by rewrite -card_fibres; apply: eq_card => -[].
    apply: (@leq_trans (\sum_r (passes r * N + 1))); first by apply: leq_sum => r _; exact: once.
    rewrite big_split /= sum1_card -big_distrl /= leq_add2r leq_mul2r; apply/orP; right.
    rewrite -[X in _ <= X]sum1_card [X in _ <= X]big_mkcond /=; apply: leq_sum => r _.
    by rewrite unfold_in -/(passes r); case: (passes r).
  rewrite /Pr card_prod card_ord Num.Theory.ler_pdivr_mulr ?Num.Theory.ltr0n ?muln_gt0 ?R0 //.
  rewrite GRing.natrM GRing.mulrDl.
  rewrite GRing.mulrA GRing.mulfVK ?Num.Theory.pnatr_eq0 -?lt0n //.
  rewrite GRing.mulrCA GRing.mul1r GRing.mulVf ?Num.Theory.pnatr_eq0 -?lt0n //.
  by rewrite GRing.mulr1 -!GRing.natrM -GRing.natrD Num.Theory.ler_nat.
by rewrite Num.Theory.ler_add2r batch_sound.
Qed.
End Prover.
End Batch.

(** Answers to a corrupt hospital with their proof are made of the M, its own k_d', the weights
    and public values alone: what the proof of HRA security needs to go through with proofs
    handed out. *)
Theorem reencryptions_simulatable n h k d' (M0 : GT) r0 (M : 'I_n -> GT) (r : 'I_n -> nat)
    (w : {ffun 'I_n -> 'I_(h + h)}) (test : transcript -> bool) (k' := pk B d')
    (c0 := enc k M0 r0) (c := fun i => enc k (M i) (r i))
    (C0 := M0 * e c0.2 k') (C := fun i => M i * e (c i).2 k')
    (Zs := Z_star c0.2 (fun i => (c i).2) w)
    (Ds := D_star (delta c0.1 C0) (fun i => delta (c i).1 (C i)) w) :
  [/\ reenc (rk k k') c0 = (C0, c0.2), forall i, reenc (rk k k') (c i) = (C i, (c i).2) &
      Pr (fun v : G2 * 'I_N => test (honest Zs (rk k k') v.1 v.2)) =
      Pr (fun v : G2 * 'I_N => test (simulated Zs (delta (pub k) (pub k')) Ds v.1 v.2))].
Proof.
have eqC x y : reenc (rk k k') (enc k x y) = (x * e (enc k x y).2 k', (enc k x y).2).
  by rewrite equation3 /= eXl.
split=> [|i|]; try exact: eqC.
rewrite -delta_rk; apply/hvzk/batch_complete; rewrite /all_true delta_reenc eqC eqxx.
by apply/forallP => i; rewrite delta_reenc eqC eqxx.
Qed.

(** In ciphertexts: somebody who returns one C' that is not Equation 2 is found out. *)
Theorem reencryptions_sound n h k k' (c0 : ciphertext B) (C0 : GT)
    (c : 'I_n -> ciphertext B) (C : 'I_n -> GT)
    (commitment : {ffun 'I_n -> 'I_(h + h)} -> GT * GT)
    (response : {ffun 'I_n -> 'I_(h + h)} -> 'I_N -> G2) :
  0 < h -> h + h <= p -> 0 < N <= p ->
  (C0, c0.2) <> reenc (rk k k') c0 \/ (exists j, (C j, (c j).2) <> reenc (rk k k') (c j)) ->
  (Pr (convinced c0.2 (delta c0.1 C0) (fun j => (c j).2) (fun j => delta (c j).1 (C j))
        (delta (pub k) (pub k')) commitment response)
    <= 1 / (h + h)%:R + 1 / N%:R)%R.
Proof.
move=> h0 hp Np wrong; apply: (proof_sound _ _ (k := rk k k')) => //; first by rewrite delta_rk.
rewrite /all_true delta_reenc negb_and; case: wrong => [/eqP -> //|[j /eqP bad]].
by apply/orP; right; apply/forallPn; exists j; rewrite delta_reenc.
Qed.
End Verifiable.
