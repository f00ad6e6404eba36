(** The game of security against honest re-encryption attacks (HRA).

    Paper: section 4.2, "Confidentiality", and the sharing procedure of Figure 4.
    Stated: definitions only (and that keys matter by value). Cohen, eprint 2017/785, with static
    corruption, for the public variant C = M Y^r:
    - n honest keys are drawn; the adversary gets every Y_i and every re-encryption
      key between two of them (it is the cloud), so it needs no oracle for those;
    - the m corrupt keys are its own: it chooses each k_d' (stronger than drawing them);
    - for Q steps, each chosen after all answers so far, it may ask to encrypt a message
      of its choice for anybody, to be challenged, and to have any earlier
      ciphertext re-encrypted to anybody;
    - refused are only: a challenge and what was re-encrypted from it, towards a corrupt
      key; and challenges beyond the q-th. Cohen has q = 1.
    Departure from Cohen's definition: re-encryption keys between honest and corrupt users
    are never given, in either direction. Cohen refuses only those from honest to corrupt
    users. The scheme is bidirectional: each of the two is the inverse of the other
    (Scheme.rk_inv), and with one of them the scheme falls (Attacks.collusion,
    BrokenGames.corrupt_to_honest_game).

    A challenger answers the input x of the adversary with a pair of messages, one of
    which is encrypted, and a note that it hands out beside the ciphertext. For HRA
    the pair is x itself and the note is empty; Envelope.v uses both.

    Departure: k_d and r are drawn from all of Z_q; the crate excludes 0. For n keys
    and s nonces this changes a probability by at most (n + s) / q. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From PhiPre Require Import Bilinear Scheme Probability.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GroupScope.

Section Game.
Variable B : bilinear_group.
Local Notation p := (p B).   Local Notation e := (@e B).
Local Notation g1 := (g1 B).
Local Notation G1 := (G1 B). Local Notation G2 := (G2 B). Local Notation GT := (GT B).
Local Notation ciphertext := (ciphertext B).

(** Honest users, corrupt users, steps, challenges. *)
Variables n m Q q : nat.
Definition user := ('I_n + 'I_m)%type.
Definition corrupt (u : user) := if u is inr _ then true else false.

Section Play.
(** What a challenge is asked with, and the note handed out beside it. *)
Variables X S : Type.

Record challenger := Challenger {
  seed : finType;
  serve : seed -> nat -> X -> G1 -> (GT * GT) * S }.

Inductive query :=
| Encrypt of user & GT
| Challenge of 'I_n & X
| ReEncrypt of nat & user.               (* which earlier answer, to whom *)

(** What the challenger remembers of an answer. *)
Record entry := Entry {
  owner : user;  sent : ciphertext;  beside : option S;
  tainted : bool }.                      (* a challenge, or derived from one *)
Definition answer := option (ciphertext * option S).
Definition shown (x : option entry) : answer := omap (fun x => (sent x, beside x)) x.

Record adversary := Adversary {
  tape : finType;
  corrupt_key : tape -> 'I_m -> nat;                                      (* k_d' *)
  ask : tape -> {ffun 'I_n -> GT} -> {ffun 'I_n * 'I_n -> G2} -> seq answer -> query;
  verdict : tape -> {ffun 'I_n -> GT} -> {ffun 'I_n * 'I_n -> G2} -> seq answer -> bool }.

Definition key (ks : 'I_n -> G2) (ds : 'I_m -> nat) (u : user) : G2 :=
  match u with inl i => ks i | inr j => pk B (ds j) end.

Variable H : challenger.

(** One step: [side c] says which message the c-th challenge encrypts. *)
Section Step.
Variables (keys : user -> G2) (rE rC : nat -> nat) (side : nat -> bool).
Variables (s : seed H) (next : seq answer -> query).

Definition reencrypt (x : option entry) (u : user) : option entry :=
  if x is Some (Entry v c l d) then
    if d && corrupt u then None
    else Some (Entry u (reenc (rk (keys v) (keys u)) c) l d)
  else None.

Definition step (st : seq (option entry) * nat) :=
  let: (tab, c) := st in
  match next (map shown tab) with
  | Encrypt u M =>
      (rcons tab (Some (Entry u (encY (pub (keys u)) M (rE (size tab))) None false)), c)
  | Challenge i x =>
      if c < q then
        let a := serve s c x (g1 ^+ rC c) in
        let ct := encY (pub (keys (inl i))) (pick (side c) a.1) (rC c) in
        (rcons tab (Some (Entry (inl i) ct (Some a.2) true)), c.+1)
      else (rcons tab None, c)
  | ReEncrypt k u => (rcons tab (reencrypt (nth None tab k) u), c)
  end.

Definition play : seq answer := map shown (iter Q step ([::], 0)).1.
End Step.

Lemma play_keys keys keys' rE rC side (s : seed H) next : keys =1 keys' ->
  play keys rE rC side s next = play keys' rE rC side s next.
Proof.
move=> same; rewrite /play; congr (map _ (fst _)); apply: eq_iter => -[tab c].
rewrite /step; case: (next _) => [u M|i x|k u]; rewrite ?same //.
by congr (rcons _ _, _); rewrite /reencrypt; case: (nth _ _ _) => [[v C l d]|] //; rewrite !same.
Qed.

(** A tape of k numbers, read as a function of the step. *)
Definition at_ k (f : {ffun 'I_k -> 'I_p}) (c : nat) : nat :=
  if insub c is Some i then f i else 0.

Definition world (A : adversary) : finType :=
  [finType of {ffun 'I_n -> 'I_p} * {ffun 'I_Q -> 'I_p} * {ffun 'I_q -> 'I_p} * seed H * tape A].

Definition game (A : adversary) (side : nat -> bool) := Pr (fun w : world A =>
  let: (ds, rE, rC, s, t) := w in
  let ks i := pk B (ds i) in
  let Ys := [ffun i => pub (ks i)] in
  let rks := [ffun ij : 'I_n * 'I_n => rk (ks ij.1) (ks ij.2)] in
  let keys := key ks (corrupt_key t) in
  verdict t Ys rks (play keys (at_ rE) (at_ rC) side s (ask t Ys rks))).
End Play.

(** HRA proper: left or right. *)
Definition left_or_right : challenger (GT * GT) unit :=
  @Challenger (GT * GT) unit [finType of unit] (fun _ _ x _ => (x, tt)).
Definition hra_game (A : adversary (GT * GT) unit) (b : bool) :=
  game left_or_right A (fun _ => b).
End Game.
