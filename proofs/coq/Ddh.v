(** The assumption: decisional Diffie-Hellman in G1.

    Paper: none (the paper names no assumption).
    Stated: the two games of DDH in G1 and the advantage in telling them apart. On a
    curve of type 3, such as BLS12-381, it is one half of SXDH; on a type-1 pairing
    it is false.
    Assumed: nothing here; the theorems bound their games by [adv_ddh]. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From PhiPre Require Import Bilinear Probability.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GroupScope.

Section Ddh.
Variable B : bilinear_group.
Local Notation p := (p B).   Local Notation g1 := (g1 B).   Local Notation G1 := (G1 B).

(** A test with its own coins, of three elements of G1. *)
Record dist := Dist { coins : finType; test : coins -> G1 -> G1 -> G1 -> bool }.

Definition ddh_real (D : dist) := Pr (fun w : 'I_p * 'I_p * coins D =>
  let: (a, r, t) := w in test t (g1 ^+ a) (g1 ^+ r) (g1 ^+ (a * r))).
Definition ddh_rand (D : dist) := Pr (fun w : 'I_p * 'I_p * coins D * G1 =>
  let: (a, r, t, X) := w in test t (g1 ^+ a) (g1 ^+ r) X).
Definition adv_ddh D : rat := gap (ddh_real D) (ddh_rand D).
End Ddh.
