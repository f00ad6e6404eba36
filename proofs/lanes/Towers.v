(** The kernels of F_p^6, F_p^12, the Miller loop and the cyclotomic subgroup: each program does what `Specifications.v` says, for all inputs within their bounds. *)
Require Import ZArith List.
From Lanes Require Import Statements Kernels Specifications Programs Verified.

Theorem multiply6_wide_proved : satisfies codes multiply6_wide multiply6_wide_is.
Proof. checked. Qed.
Theorem multiply6_by_line_wide_proved : satisfies codes multiply6_by_line_wide multiply6_by_line_wide_is.
Proof. checked. Qed.
Theorem multiply12_proved : satisfies codes multiply12 multiply12_is.
Proof. checked. Qed.
Theorem square12_proved : satisfies codes square12 square12_is.
Proof. checked. Qed.
Theorem multiply_by_line_proved : satisfies codes multiply_by_line multiply_by_line_is.
Proof. checked. Qed.
Theorem multiply_by_torus_proved : satisfies codes multiply_by_torus multiply_by_torus_is.
Proof. checked. Qed.
Theorem multiply_by_full_line_proved : satisfies codes multiply_by_full_line multiply_by_full_line_is.
Proof. checked. Qed.
Theorem inverses12_proved : satisfies codes inverses12 inverses12_is.
Proof. checked. Qed.
Theorem point_g1_proved : satisfies codes point_g1 (point_g1_is point_g1_inverse).
Proof. checked. Qed.
Theorem line_proved : satisfies codes line line_is.
Proof. checked. Qed.
Theorem double_step_proved : satisfies codes double_step double_step_is.
Proof. checked. Qed.
Theorem add_step_proved : satisfies codes add_step add_step_is.
Proof. checked. Qed.
Theorem numerator_proved : satisfies codes numerator numerator_is.
Proof. checked. Qed.
Theorem decompress_a00_proved : satisfies codes decompress_a00 decompress_a00_is.
Proof. checked. Qed.
Theorem decompress_gt_proved : satisfies codes decompress_gt decompress_gt_is.
Proof. checked. Qed.
Theorem compress_gt_proved : satisfies codes compress_gt compress_gt_is.
Proof. checked. Qed.
Theorem frobenius_1_proved : satisfies codes frobenius_1 (frobenius_is 1).
Proof. checked. Qed.
Theorem frobenius_2_proved : satisfies codes frobenius_2 (frobenius_is 2).
Proof. checked. Qed.
Theorem frobenius_3_proved : satisfies codes frobenius_3 (frobenius_is 3).
Proof. checked. Qed.
Theorem cyclotomic_square_run_0_proved : satisfies codes cyclotomic_square_run_0 (cyclotomic_square_is 0).
Proof. checked. Qed.
Theorem cyclotomic_square_run_1_proved : satisfies codes cyclotomic_square_run_1 (cyclotomic_square_is 1).
Proof. checked. Qed.
Theorem cyclotomic_square_run_2_proved : satisfies codes cyclotomic_square_run_2 (cyclotomic_square_is 2).
Proof. checked. Qed.
Theorem cyclotomic_square_run_3_proved : satisfies codes cyclotomic_square_run_3 (cyclotomic_square_is 3).
Proof. checked. Qed.
Theorem cyclotomic_square_run_4_proved : satisfies codes cyclotomic_square_run_4 (cyclotomic_square_is 4).
Proof. checked. Qed.
Theorem cyclotomic_square_run_5_proved : satisfies codes cyclotomic_square_run_5 (cyclotomic_square_is 5).
Proof. checked. Qed.
Theorem cyclotomic_square_run_6_proved : satisfies codes cyclotomic_square_run_6 (cyclotomic_square_is 6).
Proof. checked. Qed.
Theorem cyclotomic_square_run_7_proved : satisfies codes cyclotomic_square_run_7 (cyclotomic_square_is 7).
Proof. checked. Qed.
Theorem cyclotomic_square_run_8_proved : satisfies codes cyclotomic_square_run_8 (cyclotomic_square_is 8).
Proof. checked. Qed.
Theorem cyclotomic_square_run_9_proved : satisfies codes cyclotomic_square_run_9 (cyclotomic_square_is 9).
Proof. checked. Qed.
Theorem cyclotomic_square_run_10_proved : satisfies codes cyclotomic_square_run_10 (cyclotomic_square_is 10).
Proof. checked. Qed.
Theorem compressed_square_0_proved : satisfies codes compressed_square_0 (compressed_square_is 0).
Proof. checked. Qed.
Theorem compressed_square_1_proved : satisfies codes compressed_square_1 (compressed_square_is 1).
Proof. checked. Qed.
Theorem compressed_square_2_proved : satisfies codes compressed_square_2 (compressed_square_is 2).
Proof. checked. Qed.
Theorem compressed_square_3_proved : satisfies codes compressed_square_3 (compressed_square_is 3).
Proof. checked. Qed.
Theorem compressed_square_4_proved : satisfies codes compressed_square_4 (compressed_square_is 4).
Proof. checked. Qed.
Theorem compressed_square_5_proved : satisfies codes compressed_square_5 (compressed_square_is 5).
Proof. checked. Qed.
Theorem compressed_square_6_proved : satisfies codes compressed_square_6 (compressed_square_is 6).
Proof. checked. Qed.
Theorem compressed_square_7_proved : satisfies codes compressed_square_7 (compressed_square_is 7).
Proof. checked. Qed.
Theorem compressed_square_8_proved : satisfies codes compressed_square_8 (compressed_square_is 8).
Proof. checked. Qed.
Theorem compressed_square_9_proved : satisfies codes compressed_square_9 (compressed_square_is 9).
Proof. checked. Qed.
Theorem compressed_square_10_proved : satisfies codes compressed_square_10 (compressed_square_is 10).
Proof. checked. Qed.
