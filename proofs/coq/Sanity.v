(** The HRA game says something: its oracles answer, and it can be won.

    Paper: none; a check of HraGame.v.
    Stated: [oracles_answer] a record encrypted for an honest user and re-encrypted to
    a corrupt one is read by the corrupt one, with probability 1. [search_wins] an
    adversary that searches k_d exhaustively wins with advantage 1: the bound of
    Hra.v is not reached by a game that nobody can win.
    Assumed: the bilinear group of Bilinear.v, nothing else. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From PhiPre Require Import Bilinear Scheme Probability HraGame.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GroupScope.

Section Sanity.
Variable B : bilinear_group.
Local Notation p := (p B).   Local Notation e := (@e B).
Local Notation gT := (e (g1 B) (g2 B)).
Local Notation lr_adversary n m := (adversary B n m (GT B * GT B) unit).

Definition ask_and_read (M : GT B) (d : nat) : lr_adversary 1 1 :=
  @Adversary B 1 1 (GT B * GT B) unit [finType of unit] (fun _ _ => d)
    (fun _ _ _ answers =>
       if answers is [::] then @Encrypt B 1 1 _ (inl ord0) M
       else @ReEncrypt B 1 1 _ 0 (inr ord0))
    (fun _ _ _ answers =>
       if nth None answers 1 is Some (c, _) then dec d c == M else false).

Lemma world_gt0 n m Q q (A : lr_adversary n m) :
  0 < #|tape A| -> 0 < #|world Q q (left_or_right B) A|.
Proof.
by move=> t0; rewrite !card_prod !card_ffun !card_ord card_unit muln1 !muln_gt0 !expn_gt0 p_gt0.
Qed.

Theorem oracles_answer M d b : hra_game 2 0 (ask_and_read M d) b = 1%R.
Proof.
apply: Pr_sure => [|[[[[ds rE] rC] s] t]]; first by apply: world_gt0; rewrite card_unit.
rewrite /play /= /encY /reenc /dec /pub /rk /= eMr eVr !eXl (GTC (e _ (pk B d) ^+ _)).
by rewrite !mulgA mulgK mulgK.
Qed.

Definition search : lr_adversary 1 0 :=
  @Adversary B 1 0 (GT B * GT B) unit [finType of unit] (fun _ _ => 0)
    (fun _ _ _ _ => @Challenge B 1 0 _ ord0 (1, gT))
    (fun _ Ys _ answers =>
       if nth None answers 0 is Some (c, _)
       then [exists d : 'I_p, (pub (pk B d) == Ys ord0) && (dec d c == 1)] else false).

Theorem search_wins : gap (hra_game 1 1 search true) (hra_game 1 1 search false) = 1%R.
Proof.
have open d d' M r : pub (pk B d) = pub (pk B d') ->
    dec d (encY (pub (pk B d')) M r) = M.
  by move=> eqY; rewrite -eqY public_same_ciphertext dec_enc.
rewrite /hra_game /game Pr_sure.
- rewrite Pr_never => [|[[[[ds rE] rC] s] t]].
    by rewrite /gap GRing.subr0 Num.Theory.normr1.
  rewrite /play /step; apply/existsP => -[d]; rewrite /= ffunE => /andP[/eqP eqY].
  by rewrite open // (negbTE (e_ndeg B)).
- by apply: world_gt0; rewrite card_unit.
- case=> [[[[ds rE] rC] s] t]; rewrite /play /step; apply/existsP; exists (ds ord0).
  by rewrite /= ffunE eqxx open ?eqxx.
Qed.
End Sanity.
