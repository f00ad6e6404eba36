(** Conversions, and the kernels of F_p, F_p^2, G1 and of inverses: each program does what `Specifications.v` says, for all inputs within their bounds. *)
Require Import ZArith List.
From Lanes Require Import Statements Kernels Specifications Forms Conversions Programs Verified.
Open Scope Z_scope.

Theorem canonical_proved : for_each_value canonical (8192 * p) (canonical_form canonical).
Proof. apply check_canonical_sound. vm_cast_no_check (eq_refl true). Qed.
Theorem zeros_proved : for_each_value zeros (8192 * p) (answers zeros is_zero).
Proof. apply check_zeros_sound. vm_cast_no_check (eq_refl true). Qed.
Theorem larger_half_proved : for_each_value larger_half (8192 * p) (answers larger_half is_in_larger_half).
Proof. apply check_larger_half_sound. vm_cast_no_check (eq_refl true). Qed.
(** arkworks keeps x 2^384 mod p. *)
Theorem load_proved : loads load (2 ^ 384) (hundredths 301).
Proof. apply (check_loads_sound load (2 ^ 448 mod p)). vm_cast_no_check (eq_refl true). Qed.
Theorem store_proved : for_each_value store (8192 * p) (stores (2 ^ 384 mod p) store).
Proof. apply check_stores_sound. vm_cast_no_check (eq_refl true). Qed.
Theorem from_integers_proved : loads from_integers 1 (hundredths 301).
Proof. apply (check_loads_sound from_integers (2 ^ 832 mod p)). vm_cast_no_check (eq_refl true). Qed.
Theorem to_integers_proved : for_each_value to_integers (8192 * p) (stores 1 to_integers).
Proof. apply check_stores_sound. vm_cast_no_check (eq_refl true). Qed.

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
Theorem weaken_most_proved : satisfies codes weaken weaken_most_is.
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
