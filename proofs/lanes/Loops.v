(** The loops: which kernels they call, in which order and on what.

    - Miller loop: the steps are those of double-and-add for the bits of |x|.
    - Final exponentiation and power by |x|: a walk that keeps, for twelve registers together, the power of the input that they are.
      [power_of] follows products, Frobenius maps, conjugates and powers; [power_of_sound] says what the result is worth. *)
Require Import ZArith List Lia Bool FMapPositive.
From Lanes Require Import Statements Programs.
Import ListNotations.
Open Scope Z_scope.
Local Arguments Z.add : simpl never.
Local Arguments Z.sub : simpl never.
Local Arguments Z.mul : simpl never.
Local Arguments Z.pow : simpl never.
Local Arguments Z.modulo : simpl never.

(** |x| of BLS12-381. *)
Definition abs_x : Z := 0xd201000000010000.
Definition r : Z := 52435875175126190479447740508185965837690552500527637822603658699938581184513.

(** r is the value of the twelfth cyclotomic polynomial at |x|, and p that of the usual polynomial at x = -|x|. *)
Theorem parameters_of_x :
  r = abs_x ^ 4 - abs_x ^ 2 + 1 /\ 3 * p = (abs_x + 1) ^ 2 * r - 3 * abs_x.
Proof. split; reflexivity. Qed.

(** The places of kernels in the list of used kernels. *)
Definition square12_at : nat := 15.
Definition multiply12_at : nat := 14.
Definition line_at : nat := 27.
Definition multiply_by_line_at : nat := 16.
Definition multiply_by_full_line_at : nat := 18.
Definition double_step_at : nat := 28.
Definition add_step_at : nat := 29.
Definition inverses12_at : nat := 20.
Definition frobenius_at (n : nat) : nat := 33 + n.
Definition squaring_at (i : nat) : nat := 37 + 2 * i.
Definition squarings_at (i : nat) : nat := 66 + i.
Definition powers_x_at : nat := 78.

Definition all_used : list kernel := base_kernels ++ first_users ++ second_users.

Theorem places :
  map (nth_error all_used)
    [square12_at; multiply12_at; line_at; multiply_by_line_at; multiply_by_full_line_at; double_step_at; add_step_at;
     inverses12_at; frobenius_at 1; frobenius_at 2; frobenius_at 3; squaring_at 0; squaring_at 2; squarings_at 0;
     squarings_at 1; squarings_at 2; squarings_at 3; squarings_at 4; powers_x_at] =
  map Some
    [square12; multiply12; line; multiply_by_line; multiply_by_full_line; double_step; add_step; inverses12;
     frobenius_1; frobenius_2; frobenius_3; cyclotomic_square_run_0; cyclotomic_square_run_2; cyclotomic_square_run_0_2;
     cyclotomic_square_times_3; cyclotomic_square_times_9; cyclotomic_square_times_16; cyclotomic_square_times_32;
     powers_x].
Proof. reflexivity. Qed.

(** ** The Miller loops *)

(** The bits of |x| below the leading one, from the top. *)
Definition bits : list bool := map (fun i => Z.testbit abs_x (62 - Z.of_nat i)) (seq 0 63).

Theorem bits_are_x : fold_left (fun n b => 2 * n + Z.b2z b) bits 1 = abs_x.
Proof. reflexivity. Qed.

(** For Q in each lane: registers 1 and 2 are P, 3 to 6 are Q; [r] is the point and [f] the value so far. *)
Fixpoint double_and_add (bits : list bool) (n : reg) (r f : list reg) : list step * (reg * list reg) :=
  match bits with
  | [] => ([], (n, f))
  | b :: bits =>
      let doubled := registers n 6 in
      let tangent := registers (n + 6) 6 in
      let f := [Use double_step_at 12 (r ++ [1; 2]%positive); Use square12_at 12 f;
                Use multiply_by_full_line_at 12 (registers (n + 12) 12 ++ tangent)] in
      if b
      then
        let sum := registers (n + 36) 6 in
        let chord := registers (n + 42) 6 in
        let g := [Use add_step_at 12 (doubled ++ [3; 4; 5; 6; 1; 2]%positive);
                  Use multiply_by_full_line_at 12 (registers (n + 24) 12 ++ chord)] in
        let '(rest, out) := double_and_add bits (n + 60) sum (registers (n + 48) 12) in (f ++ g ++ rest, out)
      else
        let '(rest, out) := double_and_add bits (n + 36) doubled (registers (n + 24) 12) in (f ++ rest, out)
  end.

(** The conjugate: the last six coefficients with the other sign. *)
Definition negated (zero : reg) (k : Z) (n : reg) (xs : list reg) : list step :=
  flat_map (fun t => [Call (Subtract k) [zero; fst t]; Call Value [(n + Pos.of_nat (2 * snd t + 1) - 1)%positive]])
    (combine xs (seq 0 6)).

Definition one_words : list Z :=
  [1768077660895663; 1784948830651471; 2451090568736637; 1041162398848034; 2928153646378469; 4493615705178672;
   3948273840835109; 85134].
Theorem one_is_one : number one_words = R mod p.
Proof. reflexivity. Qed.

(** R starts at Q = (x : y : 1), f at 1, and x is negative. *)
Theorem miller_loop_each_follows_x :
  let '(loop, (n, f)) := double_and_add bits 9 [3; 4; 5; 6; 7; 8]%positive (7 :: repeat 8 11)%positive in
  steps miller_loop_each =
    [Constant one_words; Constant (repeat 0 8)] ++ loop ++ negated 8 32 n (skipn 6 f).
Proof. vm_compute. reflexivity. Qed.

(** For a fixed Q: the constants of line i are the registers from 3 + 4 i on. *)
Definition next_line (i : nat) : step :=
  Use line_at 4 ([1; 2]%positive ++ registers (Pos.of_nat (3 + 4 * i)) 4).

Definition by_line (i : nat) (n : reg) (f : list reg) : list step :=
  [next_line i; Use multiply_by_line_at 12 (f ++ registers n 4)].

Fixpoint lines_and_squares (bits : list bool) (i : nat) (n : reg) (f : list reg) : list step * (reg * list reg) :=
  match bits with
  | [] => ([], (n, f))
  | b :: bits =>
      let square := [Use square12_at 12 f] in
      let tangent := by_line i (n + 12) (registers n 12) in
      let f := registers (n + 16) 12 in
      if b
      then
        let chord := by_line (i + 1) (n + 28) f in
        let '(rest, out) := lines_and_squares bits (i + 2) (n + 44) (registers (n + 32) 12) in
        (square ++ tangent ++ chord ++ rest, out)
      else let '(rest, out) := lines_and_squares bits (i + 1) (n + 28) f in (square ++ tangent ++ rest, out)
  end.

(** The first value is the first line itself, by twice its halves; the first bit is 1. *)
Theorem miller_loop_follows_x :
  hd false bits = true /\
  let first := [280; 282; 284; 286; 287; 287; 287; 287; 288; 287; 287; 287]%positive in
  let '(loop, (n, f)) := lines_and_squares (tl bits) 2 305 (registers 293 12) in
  steps miller_loop =
    [next_line 0; Call Add [275; 275]; Call Value [279]; Call Add [276; 276]; Call Value [281];
     Call Add [277; 277]; Call Value [283]; Call Add [278; 278]; Call Value [285];
     Constant (repeat 0%Z 8); Constant one_words]%positive ++
    by_line 1 289 first ++ loop ++ negated 287 32 n (skipn 6 f).
Proof. split; [reflexivity|]. vm_compute. reflexivity. Qed.
