(** Games that the scheme loses, each with advantage 1.

    Paper: section 3.2, Equation 2 (one Z and one r for l blocks); section 4.2,
    "Confidentiality"; k_e is called an encryption key.
    Stated: (shared_pad_game) with one pad for two blocks, an adversary that holds
    no key at all tells two records apart; (public_ke_game) if k_e is published the
    printed scheme hides nothing; (corrupt_to_honest_game) nor does the public variant to
    one that holds a re-encryption key from its own key to an honest one, which Cohen's
    definition of HRA hands out; (cca_game) a decryption oracle that refuses only
    the challenge itself opens the challenge.
    Assumed: the bilinear group of Bilinear.v, nothing else. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From PhiPre Require Import Bilinear Scheme Attacks Probability.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GroupScope.

Section BrokenGames.
Variable B : bilinear_group.
Local Notation p := (p B).   Local Notation e := (@e B).
Local Notation g1 := (g1 B). Local Notation g2 := (g2 B).
Local Notation G2 := (G2 B). Local Notation GT := (GT B).
Local Notation gT := (e g1 g2).

(** The tape of the games: k_d and r, uniform. *)
Let tape := ('I_p * 'I_p)%type.
Lemma tape_gt0 : 0 < #|[finType of tape]|.
Proof. by rewrite card_prod !card_ord muln_gt0 (p_gt0 B). Qed.

(** *** One pad for all blocks. The adversary names two records of equal length,
    sees one of them encrypted, and answers which. It holds no key. *)
Record passive := Passive {
  records : seq GT * seq GT;
  same_length : size records.1 = size records.2;
  answer : seq GT * G1 B -> bool }.
Definition blocks_game (A : passive) (b : bool) := Pr (fun w : tape =>
  answer A (enc_blocks (pk B w.1) (pick b (records A)) w.2)).

Definition compare_blocks : passive :=
  @Passive ([:: 1; 1], [:: 1; gT]) erefl (fun c => nth 1 c.1 0 == nth 1 c.1 1).

Theorem shared_pad_game :
  gap (blocks_game compare_blocks true) (blocks_game compare_blocks false) = 1%R.
Proof.
rewrite /blocks_game /= (Pr_sure tape_gt0) => [|[d r]]; last by rewrite eqxx.
rewrite Pr_never => [|[d r]] /=; first by rewrite /gap GRing.subr0 Num.Theory.normr1.
by rewrite mul1g eq_sym eq_mulgV1 mulgK e_ndeg.
Qed.

(** *** The printed scheme with k_e in public. *)
Record key_holder := KeyHolder {
  messages : G2 -> GT * GT;
  verdict : G2 -> ciphertext B -> bool }.
Definition public_ke (A : key_holder) (b : bool) := Pr (fun w : tape =>
  let k := pk B w.1 in verdict A k (enc k (pick b (messages A k)) w.2)).

Definition open_and_look : key_holder :=
  @KeyHolder (fun _ => (1, gT)) (fun k c => open_with k c == 1).

Theorem public_ke_game :
  gap (public_ke open_and_look true) (public_ke open_and_look false) = 1%R.
Proof.
rewrite /public_ke /= (Pr_sure tape_gt0) => [|[d r]]; last by rewrite ke_decrypts eqxx.
rewrite Pr_never => [|[d r]] /=; first by rewrite /gap GRing.subr0 Num.Theory.normr1.
by rewrite ke_decrypts e_ndeg.
Qed.

(** *** A re-encryption key from a corrupt user, who chose k_d', to the honest one. In a
    unidirectional scheme it would give nothing; here its inverse converts to the corrupt
    user, as in every bidirectional scheme. *)
Record key_receiver := KeyReceiver {
  own : nat;
  choose : GT -> G2 -> GT * GT;
  decide : GT -> G2 -> ciphertext B -> bool }.
Definition corrupt_to_honest (A : key_receiver) (b : bool) := Pr (fun w : tape =>
  let k := pk B w.1 in let x := rk (pk B (own A)) k in
  decide A (pub k) x (encY (pub k) (pick b (choose A (pub k) x)) w.2)).

Definition convert_back (d' : nat) : key_receiver :=
  @KeyReceiver d' (fun _ _ => (1, gT)) (fun _ x c => dec d' (reenc x^-1 c) == 1).

Theorem corrupt_to_honest_game d' :
  gap (corrupt_to_honest (convert_back d') true) (corrupt_to_honest (convert_back d') false) = 1%R.
Proof.
have open d (M : GT) r :
    dec d' (reenc (rk (pk B d') (pk B d))^-1 (encY (pub (pk B d)) M r)) = M.
  by rewrite public_same_ciphertext reenc_back dec_enc.
rewrite /corrupt_to_honest /= (Pr_sure tape_gt0) => [|[d r]]; last by rewrite open eqxx.
rewrite Pr_never => [|[d r]] /=; first by rewrite /gap GRing.subr0 Num.Theory.normr1.
by rewrite open e_ndeg.
Qed.

(** *** Chosen ciphertexts. The oracle decrypts everything but the challenge. *)
Record chosen_ciphertext := ChosenCiphertext {
  pair : GT -> GT * GT;
  judge : GT -> (ciphertext B -> option GT) -> ciphertext B -> bool }.
Definition cca (A : chosen_ciphertext) (b : bool) := Pr (fun w : tape =>
  let Y := pub (pk B w.1) in let c := encY Y (pick b (pair A Y)) w.2 in
  judge A Y (fun c' => if c' == c then None else Some (dec w.1 c')) c).

Definition shift_and_ask : chosen_ciphertext :=
  @ChosenCiphertext (fun _ => (1, gT)) (fun _ oracle c => oracle (c.1 * gT, c.2) == Some gT).

Theorem cca_game :
  gap (cca shift_and_ask true) (cca shift_and_ask false) = 1%R.
Proof.
have other (C : GT) (Z : G1 B) : ((C * gT, Z) == (C, Z)) = false.
  by rewrite xpair_eqE eqxx andbT -{2}[C]mulg1 (inj_eq (mulgI C)) (negbTE (e_ndeg B)).
have ask d r (M : GT) : dec d ((encY (pub (pk B d)) M r).1 * gT, (encY (pub (pk B d)) M r).2)
  = M * gT by rewrite public_same_ciphertext malleable.
rewrite /cca /= (Pr_sure tape_gt0) => [|[d r]]; last first.
  by rewrite other (ask d r 1) mul1g eqxx.
rewrite Pr_never => [|[d r]] /=; first by rewrite /gap GRing.subr0 Num.Theory.normr1.
rewrite other (ask d r gT); apply: contra (e_ndeg B) => /eqP[] /eqP.
by rewrite -{3}[gT]mulg1 (inj_eq (mulgI gT)).
Qed.
End BrokenGames.
