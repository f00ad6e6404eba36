(** What each kernel must do: the bounds of its inputs and, for each output, its formula and its bound.

    The names are those of the kernels in src/group/lanes. A bound is the greatest number of a value, in units of p. The
    outputs of a kernel are listed as its coefficients, c0 before c1; where a kernel inverts, the number that it inverts
    comes last, and the formulas name the register of the inverse. *)
Require Import ZArith List.
From Lanes Require Import Statements Tower.
Import ListNotations.
Open Scope Z_scope.

(** p times a number of hundredths. *)
Definition hundredths (n : Z) : Z := n * p / 100.
Definition times_p (n : Z) : Z := n * p.

Definition values (bound : Z) (fs : list formula) : list claim := map (fun f => ValueIs f bound) fs.
(** A wide value is below R p / 1000 in size, and not negative where it says so. *)
Definition wide (f : formula) : claim := WideIs f (- (R * p / 1000)) (R * p / 1000).
Definition wide_positive (f : formula) : claim := WideIs f 0 (R * p / 1000).
Definition wide2 (a : F2) : list claim := [wide (fst a); wide (snd a)].
Definition product2 (a : F2) : list claim := [wide (fst a); wide_positive (snd a)].

Definition inputs_below (n : nat) (bound : Z) : list Z := repeat (times_p bound) n.
Definition kernel_is (bounds : list Z) (cs : list claim) : specification := Specification bounds cs [].

Open Scope formula_scope.

(** ** F_p and F_p^2 *)

Definition multiply1_is := kernel_is (inputs_below 2 64) (values (hundredths 201) [Var 1 * Var 2]).
Definition square1_is := kernel_is (inputs_below 1 64) (values (hundredths 201) [Var 1 * Var 1]).
Definition square1_times_is := kernel_is (inputs_below 1 64) [PowerIs 16 (hundredths 201)].
Definition norm2_is := kernel_is (inputs_below 2 64) (values (hundredths 201) [Var 1 * Var 1 + Var 2 * Var 2]).
Definition multiply2_wide_is := kernel_is (inputs_below 4 64) (product2 (mul2 (x2 1) (x2 3))).
Definition multiply_sums2_wide_is :=
  kernel_is (inputs_below 8 64) (product2 (mul2 (add2 (x2 1) (x2 3)) (add2 (x2 5) (x2 7)))).
Definition multiply_factors2_wide_is := kernel_is (inputs_below 4 64) (product2 (mul2 (x2 1) (x2 3))).
Definition multiply2_is := kernel_is (inputs_below 4 64) (values (hundredths 301) (coefficients2 (mul2 (x2 1) (x2 3)))).
Definition square2_is := kernel_is (inputs_below 2 64) (values (hundredths 301) (coefficients2 (mul2 (x2 1) (x2 1)))).
Definition scale2_is :=
  kernel_is (inputs_below 3 64) (values (hundredths 201) (coefficients2 (scale2 (x2 1) (x1 3)))).
Definition square2_wide_is := kernel_is (inputs_below 2 64) (product2 (mul2 (x2 1) (x2 1))).
Definition square_sum2_wide_is :=
  kernel_is (inputs_below 4 64) (product2 (mul2 (add2 (x2 1) (x2 3)) (add2 (x2 1) (x2 3)))).
(** The reductions, of a product. *)
Definition reduce2_is := kernel_is (inputs_below 4 64) (values (hundredths 301) (coefficients2 (mul2 (x2 1) (x2 3)))).
Definition reduce2_raised_is :=
  kernel_is (inputs_below 4 64) (values (hundredths 1801) (coefficients2 (mul2 (x2 1) (x2 3)))).
Definition reduce2_weak_is :=
  kernel_is (inputs_below 4 64) (values (hundredths 110) (coefficients2 (mul2 (x2 1) (x2 3)))).
Definition weaken_is := kernel_is (inputs_below 1 8192) (values (hundredths 110) [Var 1]).
Definition weaken_most_is := kernel_is (inputs_below 1 40000) (values (hundredths 140) [Var 1]).

(** ** F_p^6 and F_p^12 *)

Definition wide6 (a : F6) : list claim := map wide (coefficients6 a).
Definition line (l0 l1 : F2) : F6 := (times2 2 l0, times2 2 l1, zero2).

Definition multiply6_wide_is := kernel_is (inputs_below 12 64) (wide6 (mul6 (x6 1) (x6 7))).
(** The line is given by its halves. *)
Definition multiply6_by_line_wide_is :=
  kernel_is (inputs_below 6 64 ++ inputs_below 4 4) (wide6 (mul6 (x6 1) (line (x2 7) (x2 9)))).
Definition multiply12_is := kernel_is (inputs_below 24 128) (values (hundredths 301) (coefficients12 (mul12 (x12 1) (x12 13)))).
Definition square12_is := kernel_is (inputs_below 12 32) (values (hundredths 301) (coefficients12 (mul12 (x12 1) (x12 1)))).
Definition multiply_by_line_is :=
  kernel_is (inputs_below 12 12 ++ inputs_below 4 4)
    (values (hundredths 4300) (coefficients12 (mul12 (x12 1) (line (x2 13) (x2 15), (zero2, one2, zero2))))).
Definition multiply_by_torus_is :=
  kernel_is (inputs_below 12 2 ++ inputs_below 6 2)
    (values (hundredths 110) (coefficients12 (mul12 (x12 1) (x6 13, (one2, zero2, zero2))))).
(** All three coefficients of the line are halved. *)
Definition multiply_by_full_line_is :=
  kernel_is (inputs_below 12 32 ++ inputs_below 6 4)
    (values (hundredths 301)
      (coefficients12 (mul12 (x12 1) (line (x2 13) (x2 15), (zero2, times2 2 (x2 17), zero2))))).

(** ** Curves *)

Definition jacobian (x y z : Z) : list Z := [times_p x; times_p y; times_p z].
Definition of_bounds (bounds : list Z) (fs : list formula) : list claim :=
  map (fun t => ValueIs (fst t) (snd t)) (combine fs bounds).

Definition double_g1_is := kernel_is (jacobian 28 5 7) (of_bounds (jacobian 27 4 5) (doubled (Var 1) (Var 2) (Var 3))).
Definition add_g1_is :=
  kernel_is (jacobian 28 5 7 ++ jacobian 28 5 7)
    (of_bounds (jacobian 10 4 3) (summed (Var 1) (Var 2) (Var 3) (Var 4) (Var 5) (Var 6))).
Definition add_affine_g1_is :=
  kernel_is (jacobian 28 5 7 ++ inputs_below 2 16)
    (of_bounds (jacobian 13 4 3) (summed_affine (Var 1) (Var 2) (Var 3) (Var 4) (Var 5))).
Definition double_g1_four_times_is := kernel_is (jacobian 28 5 7) [Within (times_p 27); Within (times_p 4); Within (times_p 5)].
Definition square_root_is := kernel_is (inputs_below 1 16) [PowerIs ((p + 1) / 4)%Z (hundredths 201)].

(** ** The Miller loop *)

(** The bounds of X, Y and Z, each of two coefficients. *)
Definition homogeneous : list Z := inputs_below 2 4 ++ inputs_below 2 68 ++ inputs_below 2 4.

(** 3 b' = 12 xi. *)
Definition double_step_is :=
  let '(x, y, z) := (x2 1, x2 3, x2 5) in
  let b := mul2 y y in
  let e := times2 12 (xi (mul2 z z)) in
  let f := times2 3 e in
  let s := add2 b f in
  kernel_is (homogeneous ++ inputs_below 2 4)
    (values (times_p 4) (coefficients2 (times2 2 (mul2 (mul2 x y) (sub2 b f)))) ++
     values (times_p 68) (coefficients2 (sub2 (mul2 s s) (times2 12 (mul2 e e)))) ++
     values (times_p 4)
      (coefficients2 (times2 8 (mul2 b (mul2 y z))) ++
       coefficients2 (scale2 (sub2 e b) (x1 8)) ++
       coefficients2 (scale2 (times2 3 (mul2 x x)) (x1 7)) ++
       coefficients2 (sub2 zero2 (mul2 y z)))).

Definition add_step_is :=
  let '(x, y, z) := (x2 1, x2 3, x2 5) in
  let '(xq, yq) := (x2 7, x2 9) in
  let theta := sub2 y (mul2 yq z) in
  let lambda := sub2 x (mul2 xq z) in
  let d := mul2 lambda lambda in
  let e := mul2 lambda d in
  let g := mul2 x d in
  let h := sub2 (add2 e (mul2 z (mul2 theta theta))) (times2 2 g) in
  let j := sub2 (mul2 theta xq) (mul2 lambda yq) in
  kernel_is (homogeneous ++ inputs_below 4 4 ++ inputs_below 2 4)
    (values (times_p 4) (coefficients2 (mul2 lambda h)) ++
     values (times_p 8) (coefficients2 (sub2 (mul2 theta (sub2 g h)) (mul2 e y))) ++
     values (times_p 4)
      (coefficients2 (mul2 z e) ++
       coefficients2 (scale2 (times2 2 j) (x1 12)) ++
       coefficients2 (scale2 (times2 (-2) theta) (x1 11))) ++
     values (times_p 8) (coefficients2 lambda)).

(** The constants of the line are inputs. *)
Definition line_is :=
  kernel_is (inputs_below 2 4 ++ inputs_below 4 1)
    (values (hundredths 201) (coefficients2 (scale2 (x2 3) (x1 2)) ++ coefficients2 (scale2 (x2 5) (x1 1)))).

(** ** The cyclotomic subgroup *)

(** Granger and Scott's formulas; a i j is the coefficient of w^i v^j. *)
Definition square_even (a b m : F2) : F2 := sub2 (times2 3 (add2 (mul2 a a) (xi (mul2 b b)))) (times2 2 m).
Definition square_odd (a b n : F2) : F2 := add2 (times2 6 (mul2 a b)) (times2 2 n).
Definition square_odd_xi (a b n : F2) : F2 := add2 (times2 6 (xi (mul2 a b))) (times2 2 n).

Definition cyclotomic_square (f : F12) : F12 :=
  let '((a00, a01, a02), (a10, a11, a12)) := f in
  ((square_even a00 a11 a00, square_even a10 a02 a01, square_even a01 a12 a02),
   (square_odd_xi a01 a12 a10, square_odd a00 a11 a11, square_odd a10 a02 a12)).

(** The bounds of the coefficients before each squaring between two weakenings. *)
Fixpoint run_bound (i : nat) : Z := match i with O => 5 | S i => 2 * run_bound i + 12 end.

Definition cyclotomic_square_is (i : nat) :=
  kernel_is (inputs_below 12 (run_bound i)) (values (times_p (run_bound (S i))) (coefficients12 (cyclotomic_square (x12 1)))).

(** Of a10, a02, a01, a12. *)
Definition compressed_square_is (i : nat) :=
  let '(a10, a02, a01, a12) := (x2 1, x2 3, x2 5, x2 7) in
  kernel_is (inputs_below 8 (run_bound i))
    (values (times_p (run_bound (S i)))
      (coefficients2 (square_odd_xi a01 a12 a10) ++ coefficients2 (square_even a01 a12 a02) ++
       coefficients2 (square_even a10 a02 a01) ++ coefficients2 (square_odd a10 a02 a12))).

(** Karabina's decompression with g2, .., g5 = a10, a02, a01, a12. *)
Definition numerator_is :=
  let '(g3, g4, g5) := (x2 3, x2 5, x2 7) in
  kernel_is (inputs_below 8 2)
    (values (times_p 22)
      (coefficients2 (sub2 (add2 (xi (mul2 g5 g5)) (times2 3 (mul2 g4 g4))) (times2 2 g3)))).
Definition decompress_a00_is :=
  let '(g2, g3, g4, g5, a11) := (x2 1, x2 3, x2 5, x2 7, x2 9) in
  kernel_is (inputs_below 10 4)
    (values (hundredths 401)
      (coefficients2 (add2 (xi (sub2 (add2 (times2 2 (mul2 a11 a11)) (mul2 g2 g5)) (times2 3 (mul2 g3 g4)))) one2))).

(** Powers in F_p^2, by squarings. *)
Definition mul2_Z (a b : Z * Z) : Z * Z :=
  (((fst a * fst b - snd a * snd b) mod p)%Z, ((fst a * snd b + snd a * fst b) mod p)%Z).
Fixpoint power2_Z (a : Z * Z) (e : positive) : Z * Z :=
  match e with
  | xH => a
  | xO e => let b := power2_Z a e in mul2_Z b b
  | xI e => let b := power2_Z a e in mul2_Z a (mul2_Z b b)
  end.
(** w^(p^n) = gamma_n w: gamma_1 = w^(p - 1) = xi^((p - 1)/6), and (gamma_n w)^p = conj(gamma_n) gamma_1 w. *)
Definition gamma_1 : Z * Z := power2_Z (1, 1)%Z (Z.to_pos ((p - 1) / 6)).
Fixpoint gamma (n : nat) : Z * Z :=
  match n with O => (1, 0)%Z | S n => let g := gamma n in mul2_Z (fst g, - snd g)%Z gamma_1 end.
Definition constant2 (a : Z * Z) : F2 := (Num (fst a), Num (snd a)).

(** f^(p^n): each coefficient of w^k is conjugated n times and multiplied by gamma^k. *)
Definition frobenius12 (n : nat) (f : F12) : F12 :=
  let g := gamma n in
  let image k a :=
    let a := if Nat.odd n then conjugate2 a else a in
    match k with O => a | S k => mul2 a (constant2 (power2_Z g (Pos.of_succ_nat k))) end in
  let '((a0, a2, a4), (a1, a3, a5)) := f in
  ((image 0%nat a0, image 2%nat a2, image 4%nat a4), (image 1%nat a1, image 3%nat a3, image 5%nat a5)).

Definition frobenius_is (n : nat) :=
  kernel_is (inputs_below 12 8) (values (hundredths 301) (coefficients12 (frobenius12 n (x12 1)))).

(** ** Inverses: [i] is the inverse of the last output *)

(** Two values that are not 0. *)
Definition inverses1_is (i : positive) :=
  kernel_is (inputs_below 2 64)
    (values (times_p 3) [Var i * Var 2; Var i * Var 1] ++ values (times_p 3) [Var 1 * Var 2]).
(** The first one is 0, and its inverse is 0. *)
Definition inverses1_of_zero_is (i : positive) :=
  kernel_is (inputs_below 2 64) (values (times_p 3) [Num 0; Var i] ++ values (times_p 3) [Var 2]).

Definition norm2 (a : F2) : F1 := fst a * fst a + snd a * snd a.
Definition inverse2 (a : F2) (i : formula) : F2 := scale2 (conjugate2 a) i.
Definition inverses2_is (i : positive) :=
  kernel_is (inputs_below 2 64)
    (values (times_p 4) (coefficients2 (inverse2 (x2 1) (Var i))) ++ values (times_p 3) [norm2 (x2 1)]).

Definition adjoint6 (a : F6) : F6 :=
  let '(a, b, c) := a in
  (sub2 (mul2 a a) (xi (mul2 b c)), sub2 (xi (mul2 c c)) (mul2 a b), sub2 (mul2 b b) (mul2 a c)).
Definition norm6 (a : F6) : F2 :=
  let '(x, y, z) := adjoint6 a in let '(a, b, c) := a in add2 (xi (add2 (mul2 c y) (mul2 b z))) (mul2 a x).
Definition scale6 (a : F6) (s : F2) : F6 := let '(x, y, z) := a in (mul2 x s, mul2 y s, mul2 z s).
Definition inverse6 (a : F6) (i : formula) : F6 := scale6 (adjoint6 a) (inverse2 (norm6 a) i).
Definition inverses6_is (i : positive) :=
  kernel_is (inputs_below 6 16)
    (values (times_p 4) (coefficients6 (inverse6 (x6 1) (Var i))) ++ values (times_p 3) [norm2 (norm6 (x6 1))]).

(** The point (x, y) as the lines need it: x/(2y) and 1/(2y). *)
Definition point_g1_is (i : positive) :=
  kernel_is (inputs_below 2 32) (values (times_p 4) [Var 1 * Var i; Var i] ++ values (times_p 3) [Num 2 * Var 2]).

(** Ranges alone: the formulas are too long to be written out. *)
Definition inverses12_is := kernel_is (inputs_below 12 32) (repeat (Within (times_p 8)) 12 ++ [Within (times_p 3)]).
Definition decompress_gt_is := kernel_is (inputs_below 4 4) (repeat (Within (times_p 4)) 12 ++ [Within (times_p 3)]).
Definition compress_gt_is := kernel_is (inputs_below 12 4) (repeat (Within (times_p 4)) 4 ++ [Within (times_p 3)]).

(** ** Bounds for kernels that use kernels *)

Definition bounds_only (n : nat) (input : Z) (outputs : list Z) : specification :=
  Specification (inputs_below n input) (map (fun b => Within (hundredths b)) outputs) [].

(** The coefficients of F_p^12 after one product by a line, of a value below 4.1 p, and after a second one. *)
Definition after_line : list Z := [2300; 2700; 2300; 2700; 800; 800; 2300; 2700; 800; 800; 800; 800].
Definition after_lines : list Z := [2700; 3500; 2700; 3500; 3100; 3100; 2700; 3500; 3100; 3100; 3100; 3100].
Definition given (bounds : list Z) (rest : list Z) (outputs : list Z) : specification :=
  Specification (map hundredths bounds ++ rest) (map (fun b => Within (hundredths b)) outputs) [].

Definition multiply_by_line_first := given (repeat 410 12) (inputs_below 4 4) after_line.
Definition multiply_by_line_second := given after_line (inputs_below 4 4) after_lines.
Definition square12_after_lines := given after_lines [] (repeat 301 12).
(** The third coefficient of a chord is larger than that of a tangent. *)
Definition multiply_by_chord := given (repeat 3200 12) (inputs_below 4 4 ++ inputs_below 2 8) (repeat 301 12).
Definition inverses12_after_loop := given (repeat 4000 12) [] (repeat 800 12 ++ [300]).

Definition add_any_affine_g1_is := given [2800; 500; 700; 400; 500] [] [2700; 500; 500].
Definition decompress_g1_is := given [400] [] [300].
Definition miller_loop_is := given (repeat 400 2) (inputs_below 272 1) (repeat 2700 6 ++ repeat 3200 6).
Definition miller_loop_each_is := given (repeat 400 6) [] (repeat 301 6 ++ repeat 3200 6).
Definition in_g1_is := given [400; 400] [] [].
Definition inverses1_4_is := given (repeat 6400 4) [] (repeat 300 5).
Definition inverses1_16_is := given (repeat 6400 16) [] (repeat 300 17).
Definition cyclotomic_square_run_0_2_is := given (repeat 500 12) [] (repeat 5600 12).
Definition cyclotomic_square_times_is := given (repeat 500 12) [] (repeat 140 12).
Definition compressed_square_times_is := given (repeat 500 8) [] (repeat 140 8).
Definition power_g1_is := given [400; 400] [] [2700; 500; 301].
Definition inverses2_4_is := given (repeat 6400 8) [] (repeat 400 8 ++ [300]).
Definition inverses2_16_is := given (repeat 6400 32) [] (repeat 400 32 ++ [300]).
Definition powers_x_is := given (repeat 500 12) [] (repeat 301 12).
Definition final_exponentiations_is := given (repeat 3500 12) [] (repeat 301 12).
Definition frobenius_is_x_is := given (repeat 400 12) [] [].
Definition equals12_is := given (repeat 600 24) [] [].
