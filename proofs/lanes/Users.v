(** The kernels that use kernels: every number that they pass on is within the bounds of the kernel that takes it, and so are the
    words on the way. *)
Require Import ZArith List.
From Lanes Require Import Statements Kernels Specifications Programs Verified Fields Towers.
Import ListNotations.

Theorem multiply_by_line_first_proved : satisfies codes multiply_by_line multiply_by_line_first.
Proof. checked. Qed.
Theorem multiply_by_line_second_proved : satisfies codes multiply_by_line multiply_by_line_second.
Proof. checked. Qed.
Theorem multiply_by_chord_proved : satisfies codes multiply_by_full_line multiply_by_chord.
Proof. checked. Qed.
Theorem square12_after_lines_proved : satisfies codes square12 square12_after_lines.
Proof. checked. Qed.
Theorem inverses12_after_loop_proved : satisfies codes inverses12 inverses12_after_loop.
Proof. checked. Qed.

Ltac kept t := apply Forall_cons; [apply satisfies_keeps; [exact t|discriminate]|].

(** ** What may be used *)

Definition base_specifications : list (list specification) := [
  [multiply1_is];
  [square1_is];
  [square1_times_is];
  [norm2_is];
  [multiply2_is];
  [square2_is];
  [scale2_is];
  [reduce2_is];
  [reduce2_raised_is];
  [reduce2_weak_is];
  [weaken_is];
  [(inverses1_is inverses1_inverse)];
  [(inverses1_of_zero_is inverses1_of_zero_inverse)];
  [(inverses2_is inverses2_inverse)];
  [multiply12_is];
  [square12_is; square12_after_lines];
  [multiply_by_line_first; multiply_by_line_second; multiply_by_line_is];
  [multiply_by_torus_is];
  [multiply_by_full_line_is; multiply_by_chord];
  [(inverses6_is inverses6_inverse)];
  [inverses12_is; inverses12_after_loop];
  [square_root_is];
  [double_g1_is];
  [double_g1_four_times_is];
  [add_g1_is];
  [add_affine_g1_is];
  [(point_g1_is point_g1_inverse)];
  [line_is];
  [double_step_is];
  [add_step_is];
  [numerator_is];
  [decompress_a00_is];
  [decompress_gt_is];
  [compress_gt_is];
  [(frobenius_is 1)];
  [(frobenius_is 2)];
  [(frobenius_is 3)];
  [(cyclotomic_square_is 0)];
  [(compressed_square_is 0)];
  [(cyclotomic_square_is 1)];
  [(compressed_square_is 1)];
  [(cyclotomic_square_is 2)];
  [(compressed_square_is 2)];
  [(cyclotomic_square_is 3)];
  [(compressed_square_is 3)];
  [(cyclotomic_square_is 4)];
  [(compressed_square_is 4)];
  [(cyclotomic_square_is 5)];
  [(compressed_square_is 5)];
  [(cyclotomic_square_is 6)];
  [(compressed_square_is 6)];
  [(cyclotomic_square_is 7)];
  [(compressed_square_is 7)];
  [(cyclotomic_square_is 8)];
  [(compressed_square_is 8)];
  [(cyclotomic_square_is 9)];
  [(compressed_square_is 9)];
  [(cyclotomic_square_is 10)];
  [(compressed_square_is 10)]].
Definition contracts_of := map (map contract).
Definition base_used := map (behaviour codes []) base_kernels.

Theorem base_keeps : Forall2 (fun f => Forall (keeps f)) base_used (contracts_of base_specifications).
Proof.
  apply Forall2_cons; [kept multiply1_proved; apply Forall_nil|].
  apply Forall2_cons; [kept square1_proved; apply Forall_nil|].
  apply Forall2_cons; [kept square1_times_proved; apply Forall_nil|].
  apply Forall2_cons; [kept norm2_proved; apply Forall_nil|].
  apply Forall2_cons; [kept multiply2_proved; apply Forall_nil|].
  apply Forall2_cons; [kept square2_proved; apply Forall_nil|].
  apply Forall2_cons; [kept scale2_proved; apply Forall_nil|].
  apply Forall2_cons; [kept reduce2_proved; apply Forall_nil|].
  apply Forall2_cons; [kept reduce2_raised_proved; apply Forall_nil|].
  apply Forall2_cons; [kept reduce2_weak_proved; apply Forall_nil|].
  apply Forall2_cons; [kept weaken_proved; apply Forall_nil|].
  apply Forall2_cons; [kept inverses1_proved; apply Forall_nil|].
  apply Forall2_cons; [kept inverses1_of_zero_proved; apply Forall_nil|].
  apply Forall2_cons; [kept inverses2_proved; apply Forall_nil|].
  apply Forall2_cons; [kept multiply12_proved; apply Forall_nil|].
  apply Forall2_cons; [kept square12_proved; kept square12_after_lines_proved; apply Forall_nil|].
  apply Forall2_cons; [kept multiply_by_line_first_proved; kept multiply_by_line_second_proved; kept multiply_by_line_proved; apply Forall_nil|].
  apply Forall2_cons; [kept multiply_by_torus_proved; apply Forall_nil|].
  apply Forall2_cons; [kept multiply_by_full_line_proved; kept multiply_by_chord_proved; apply Forall_nil|].
  apply Forall2_cons; [kept inverses6_proved; apply Forall_nil|].
  apply Forall2_cons; [kept inverses12_proved; kept inverses12_after_loop_proved; apply Forall_nil|].
  apply Forall2_cons; [kept square_root_proved; apply Forall_nil|].
  apply Forall2_cons; [kept double_g1_proved; apply Forall_nil|].
  apply Forall2_cons; [kept double_g1_four_times_proved; apply Forall_nil|].
  apply Forall2_cons; [kept add_g1_proved; apply Forall_nil|].
  apply Forall2_cons; [kept add_affine_g1_proved; apply Forall_nil|].
  apply Forall2_cons; [kept point_g1_proved; apply Forall_nil|].
  apply Forall2_cons; [kept line_proved; apply Forall_nil|].
  apply Forall2_cons; [kept double_step_proved; apply Forall_nil|].
  apply Forall2_cons; [kept add_step_proved; apply Forall_nil|].
  apply Forall2_cons; [kept numerator_proved; apply Forall_nil|].
  apply Forall2_cons; [kept decompress_a00_proved; apply Forall_nil|].
  apply Forall2_cons; [kept decompress_gt_proved; apply Forall_nil|].
  apply Forall2_cons; [kept compress_gt_proved; apply Forall_nil|].
  apply Forall2_cons; [kept frobenius_1_proved; apply Forall_nil|].
  apply Forall2_cons; [kept frobenius_2_proved; apply Forall_nil|].
  apply Forall2_cons; [kept frobenius_3_proved; apply Forall_nil|].
  apply Forall2_cons; [kept cyclotomic_square_run_0_proved; apply Forall_nil|].
  apply Forall2_cons; [kept compressed_square_0_proved; apply Forall_nil|].
  apply Forall2_cons; [kept cyclotomic_square_run_1_proved; apply Forall_nil|].
  apply Forall2_cons; [kept compressed_square_1_proved; apply Forall_nil|].
  apply Forall2_cons; [kept cyclotomic_square_run_2_proved; apply Forall_nil|].
  apply Forall2_cons; [kept compressed_square_2_proved; apply Forall_nil|].
  apply Forall2_cons; [kept cyclotomic_square_run_3_proved; apply Forall_nil|].
  apply Forall2_cons; [kept compressed_square_3_proved; apply Forall_nil|].
  apply Forall2_cons; [kept cyclotomic_square_run_4_proved; apply Forall_nil|].
  apply Forall2_cons; [kept compressed_square_4_proved; apply Forall_nil|].
  apply Forall2_cons; [kept cyclotomic_square_run_5_proved; apply Forall_nil|].
  apply Forall2_cons; [kept compressed_square_5_proved; apply Forall_nil|].
  apply Forall2_cons; [kept cyclotomic_square_run_6_proved; apply Forall_nil|].
  apply Forall2_cons; [kept compressed_square_6_proved; apply Forall_nil|].
  apply Forall2_cons; [kept cyclotomic_square_run_7_proved; apply Forall_nil|].
  apply Forall2_cons; [kept compressed_square_7_proved; apply Forall_nil|].
  apply Forall2_cons; [kept cyclotomic_square_run_8_proved; apply Forall_nil|].
  apply Forall2_cons; [kept compressed_square_8_proved; apply Forall_nil|].
  apply Forall2_cons; [kept cyclotomic_square_run_9_proved; apply Forall_nil|].
  apply Forall2_cons; [kept compressed_square_9_proved; apply Forall_nil|].
  apply Forall2_cons; [kept cyclotomic_square_run_10_proved; apply Forall_nil|].
  apply Forall2_cons; [kept compressed_square_10_proved; apply Forall_nil|].
  apply Forall2_nil.
Qed.

Ltac checked_using k := eapply check_using_sound; [exact methods_proved|exact k|vm_cast_no_check (eq_refl true)].

(** ** Kernels that use those *)

Theorem add_any_affine_g1_proved : satisfies_using codes base_used add_any_affine_g1 add_any_affine_g1_is.
Proof. checked_using base_keeps. Qed.
Theorem decompress_g1_proved : satisfies_using codes base_used decompress_g1 decompress_g1_is.
Proof. checked_using base_keeps. Qed.
Theorem miller_loop_each_proved : satisfies_using codes base_used miller_loop_each miller_loop_each_is.
Proof. checked_using base_keeps. Qed.
Theorem miller_loop_proved : satisfies_using codes base_used miller_loop miller_loop_is.
Proof. checked_using base_keeps. Qed.
Theorem in_g1_proved : satisfies_using codes base_used in_g1 in_g1_is.
Proof. checked_using base_keeps. Qed.
Theorem inverses1_4_proved : satisfies_using codes base_used inverses1_4 inverses1_4_is.
Proof. checked_using base_keeps. Qed.
Theorem inverses1_16_proved : satisfies_using codes base_used inverses1_16 inverses1_16_is.
Proof. checked_using base_keeps. Qed.
Theorem cyclotomic_square_run_0_2_proved : satisfies_using codes base_used cyclotomic_square_run_0_2 cyclotomic_square_run_0_2_is.
Proof. checked_using base_keeps. Qed.
Theorem cyclotomic_square_times_3_proved : satisfies_using codes base_used cyclotomic_square_times_3 cyclotomic_square_times_is.
Proof. checked_using base_keeps. Qed.
Theorem cyclotomic_square_times_9_proved : satisfies_using codes base_used cyclotomic_square_times_9 cyclotomic_square_times_is.
Proof. checked_using base_keeps. Qed.
Theorem cyclotomic_square_times_16_proved : satisfies_using codes base_used cyclotomic_square_times_16 cyclotomic_square_times_is.
Proof. checked_using base_keeps. Qed.
Theorem cyclotomic_square_times_32_proved : satisfies_using codes base_used cyclotomic_square_times_32 cyclotomic_square_times_is.
Proof. checked_using base_keeps. Qed.
Theorem compressed_square_times_3_proved : satisfies_using codes base_used compressed_square_times_3 compressed_square_times_is.
Proof. checked_using base_keeps. Qed.
Theorem compressed_square_times_9_proved : satisfies_using codes base_used compressed_square_times_9 compressed_square_times_is.
Proof. checked_using base_keeps. Qed.
Theorem compressed_square_times_16_proved : satisfies_using codes base_used compressed_square_times_16 compressed_square_times_is.
Proof. checked_using base_keeps. Qed.
Theorem compressed_square_times_32_proved : satisfies_using codes base_used compressed_square_times_32 compressed_square_times_is.
Proof. checked_using base_keeps. Qed.

Definition first_used := base_used ++ map (behaviour codes base_used) first_users.
Definition first_contracts := (contracts_of base_specifications) ++ contracts_of [[add_any_affine_g1_is]; [decompress_g1_is]; [miller_loop_each_is]; [miller_loop_is]; [in_g1_is]; [inverses1_4_is]; [inverses1_16_is]; [cyclotomic_square_run_0_2_is]; [cyclotomic_square_times_is]; [cyclotomic_square_times_is]; [cyclotomic_square_times_is]; [cyclotomic_square_times_is]; [compressed_square_times_is]; [compressed_square_times_is]; [compressed_square_times_is]; [compressed_square_times_is]].
Theorem first_keeps : Forall2 (fun f => Forall (keeps f)) first_used first_contracts.
Proof.
  apply Forall2_app; [exact base_keeps|].
  apply Forall2_cons; [kept add_any_affine_g1_proved; apply Forall_nil|].
  apply Forall2_cons; [kept decompress_g1_proved; apply Forall_nil|].
  apply Forall2_cons; [kept miller_loop_each_proved; apply Forall_nil|].
  apply Forall2_cons; [kept miller_loop_proved; apply Forall_nil|].
  apply Forall2_cons; [kept in_g1_proved; apply Forall_nil|].
  apply Forall2_cons; [kept inverses1_4_proved; apply Forall_nil|].
  apply Forall2_cons; [kept inverses1_16_proved; apply Forall_nil|].
  apply Forall2_cons; [kept cyclotomic_square_run_0_2_proved; apply Forall_nil|].
  apply Forall2_cons; [kept cyclotomic_square_times_3_proved; apply Forall_nil|].
  apply Forall2_cons; [kept cyclotomic_square_times_9_proved; apply Forall_nil|].
  apply Forall2_cons; [kept cyclotomic_square_times_16_proved; apply Forall_nil|].
  apply Forall2_cons; [kept cyclotomic_square_times_32_proved; apply Forall_nil|].
  apply Forall2_cons; [kept compressed_square_times_3_proved; apply Forall_nil|].
  apply Forall2_cons; [kept compressed_square_times_9_proved; apply Forall_nil|].
  apply Forall2_cons; [kept compressed_square_times_16_proved; apply Forall_nil|].
  apply Forall2_cons; [kept compressed_square_times_32_proved; apply Forall_nil|].
  apply Forall2_nil.
Qed.

(** ** Kernels that use these, too *)

Theorem power_g1_proved : satisfies_using codes first_used power_g1 power_g1_is.
Proof. checked_using first_keeps. Qed.
Theorem inverses2_4_proved : satisfies_using codes first_used inverses2_4 inverses2_4_is.
Proof. checked_using first_keeps. Qed.
Theorem inverses2_16_proved : satisfies_using codes first_used inverses2_16 inverses2_16_is.
Proof. checked_using first_keeps. Qed.
Theorem powers_x_proved : satisfies_using codes first_used powers_x powers_x_is.
Proof. checked_using first_keeps. Qed.
Theorem powers_x_uncompressed_proved : satisfies_using codes first_used powers_x_uncompressed powers_x_is.
Proof. checked_using first_keeps. Qed.

Definition second_used := first_used ++ map (behaviour codes first_used) second_users.
Definition second_contracts := first_contracts ++ contracts_of [[power_g1_is]; [inverses2_4_is]; [inverses2_16_is]; [powers_x_is]; [powers_x_is]].
Theorem second_keeps : Forall2 (fun f => Forall (keeps f)) second_used second_contracts.
Proof.
  apply Forall2_app; [exact first_keeps|].
  apply Forall2_cons; [kept power_g1_proved; apply Forall_nil|].
  apply Forall2_cons; [kept inverses2_4_proved; apply Forall_nil|].
  apply Forall2_cons; [kept inverses2_16_proved; apply Forall_nil|].
  apply Forall2_cons; [kept powers_x_proved; apply Forall_nil|].
  apply Forall2_cons; [kept powers_x_uncompressed_proved; apply Forall_nil|].
  apply Forall2_nil.
Qed.

(** ** The final exponentiation, and the test for order q *)

Theorem final_exponentiations_proved : satisfies_using codes second_used final_exponentiations final_exponentiations_is.
Proof. checked_using second_keeps. Qed.
Theorem frobenius_is_x_proved : satisfies_using codes second_used frobenius_is_x frobenius_is_x_is.
Proof. checked_using second_keeps. Qed.
Theorem equals12_proved : satisfies_using codes second_used equals12 equals12_is.
Proof. checked_using second_keeps. Qed.
