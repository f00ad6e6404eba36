(** The programs of the methods of `Eight` compute what `Methods.v` says. *)
Require Import ZArith List.
From Lanes Require Import Statements Methods Steps Kernels Programs.

Theorem methods_proved : forallb (fun t => verify (fst t) (snd t)) codes = true.
Proof. vm_cast_no_check (eq_refl true). Qed.

(** Each instruction means in Coq what it means in portable words, on words at the limits. *)
Theorem instructions_agree : forallb agrees_with samples = true.
Proof. vm_cast_no_check (eq_refl true). Qed.

Ltac checked := apply check_sound; [exact methods_proved|vm_cast_no_check (eq_refl true)].
