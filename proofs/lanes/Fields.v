(** The kernels of F_p, F_p^2, F_p^6's inverse and G1: each program does what `Specifications.v` says, for all inputs within their bounds. *)
Require Import ZArith List.
From Lanes Require Import Statements Kernels Specifications Programs Verified.

Theorem multiply1_proved : satisfies codes multiply1 multiply1_is.
Proof. checked. Qed.
Theorem square1_proved : satisfies codes square1 square1_is.
Proof. checked. Qed.
Theorem square1_times_proved : satisfies codes square1_times square1_times_is.
Proof. checked. Qed.
Theorem norm2_proved : satisfies codes norm2 norm2_is.
Proof. checked. Qed.
Theorem multiply2_wide_proved : satisfies codes multiply2_wide multiply2_wide_is.
Proof. checked. Qed.
Theorem multiply_sums2_wide_proved : satisfies codes multiply_sums2_wide multiply_sums2_wide_is.
Proof. checked. Qed.
Theorem multiply_factors2_wide_proved : satisfies codes multiply_factors2_wide multiply_factors2_wide_is.
Proof. checked. Qed.
Theorem multiply2_proved : satisfies codes multiply2 multiply2_is.
Proof. checked. Qed.
Theorem square2_proved : satisfies codes square2 square2_is.
Proof. checked. Qed.
Theorem scale2_proved : satisfies codes scale2 scale2_is.
Proof. checked. Qed.
Theorem square2_wide_proved : satisfies codes square2_wide square2_wide_is.
Proof. checked. Qed.
Theorem square_sum2_wide_proved : satisfies codes square_sum2_wide square_sum2_wide_is.
Proof. checked. Qed.
Theorem reduce2_proved : satisfies codes reduce2 reduce2_is.
Proof. checked. Qed.
Theorem reduce2_raised_proved : satisfies codes reduce2_raised reduce2_raised_is.
Proof. checked. Qed.
Theorem reduce2_weak_proved : satisfies codes reduce2_weak reduce2_weak_is.
Proof. checked. Qed.
Theorem weaken_proved : satisfies codes weaken weaken_is.
Proof. checked. Qed.
Theorem inverses1_proved : satisfies codes inverses1 (inverses1_is inverses1_inverse).
Proof. checked. Qed.
Theorem inverses1_of_zero_proved : satisfies codes inverses1_of_zero (inverses1_of_zero_is inverses1_of_zero_inverse).
Proof. checked. Qed.
Theorem inverses2_proved : satisfies codes inverses2 (inverses2_is inverses2_inverse).
Proof. checked. Qed.
Theorem square_root_proved : satisfies codes square_root square_root_is.
Proof. checked. Qed.
Theorem double_g1_proved : satisfies codes double_g1 double_g1_is.
Proof. checked. Qed.
Theorem double_g1_four_times_proved : satisfies codes double_g1_four_times double_g1_four_times_is.
Proof. checked. Qed.
Theorem add_g1_proved : satisfies codes add_g1 add_g1_is.
Proof. checked. Qed.
Theorem add_affine_g1_proved : satisfies codes add_affine_g1 add_affine_g1_is.
Proof. checked. Qed.
Theorem inverses6_proved : satisfies codes inverses6 (inverses6_is inverses6_inverse).
Proof. checked. Qed.
