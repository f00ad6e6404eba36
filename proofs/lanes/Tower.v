(** The textbook formulas of the tower and the curves, for the claims about the kernels.

    F_p^2 = F_p(u), u^2 = -1; F_p^6 = F_p^2(v), v^3 = xi = 1 + u; F_p^12 = F_p^6(w), w^2 = v. Products are written out, without
    Karatsuba or Toom. *)
Require Import ZArith List.
From Lanes Require Import Statements.
Import ListNotations.
Open Scope Z_scope.

Declare Scope formula_scope.
Bind Scope formula_scope with formula.
Infix "+" := Added : formula_scope.
Infix "-" := Subtracted : formula_scope.
Infix "*" := Multiplied : formula_scope.
Definition number_formula (n : Z) : formula := Num n.
Coercion number_formula : Z >-> formula.
Open Scope formula_scope.

Definition F1 := formula.
Definition F2 := (F1 * F1)%type.
Definition F6 := (F2 * F2 * F2)%type.
Definition F12 := (F6 * F6)%type.

(** ** F_p^2 *)

Definition add2 (a b : F2) : F2 := (fst a + fst b, snd a + snd b).
Definition sub2 (a b : F2) : F2 := (fst a - fst b, snd a - snd b).
Definition mul2 (a b : F2) : F2 := (fst a * fst b - snd a * snd b, fst a * snd b + snd a * fst b).
Definition scale2 (a : F2) (x : F1) : F2 := (fst a * x, snd a * x).
Definition conjugate2 (a : F2) : F2 := (fst a, Num 0 - snd a).
(** xi = 1 + u. *)
Definition xi (a : F2) : F2 := (fst a - snd a, fst a + snd a).
Definition zero2 : F2 := (Num 0, Num 0).
Definition one2 : F2 := (Num 1, Num 0).
Definition times2 (n : Z) (a : F2) : F2 := (Num n * fst a, Num n * snd a).

(** ** F_p^6 *)

Definition add6 (a b : F6) : F6 :=
  let '(a0, a1, a2) := a in let '(b0, b1, b2) := b in (add2 a0 b0, add2 a1 b1, add2 a2 b2).
Definition mul6 (a b : F6) : F6 :=
  let '(a0, a1, a2) := a in let '(b0, b1, b2) := b in
  (add2 (mul2 a0 b0) (xi (add2 (mul2 a1 b2) (mul2 a2 b1))),
   add2 (add2 (mul2 a0 b1) (mul2 a1 b0)) (xi (mul2 a2 b2)),
   add2 (add2 (mul2 a0 b2) (mul2 a1 b1)) (mul2 a2 b0)).
Definition times_v (a : F6) : F6 := let '(a0, a1, a2) := a in (xi a2, a0, a1).

(** ** F_p^12 *)

Definition mul12 (a b : F12) : F12 :=
  (add6 (mul6 (fst a) (fst b)) (times_v (mul6 (snd a) (snd b))),
   add6 (mul6 (fst a) (snd b)) (mul6 (snd a) (fst b))).

(** ** Inputs by their first register *)

Definition x1 (r : positive) : F1 := Var r.
Definition x2 (r : positive) : F2 := (Var r, Var (r + 1)).
Definition x6 (r : positive) : F6 := (x2 r, x2 (r + 2), x2 (r + 4)).
Definition x12 (r : positive) : F12 := (x6 r, x6 (r + 6)).

Definition coefficients2 (a : F2) : list formula := [fst a; snd a].
Definition coefficients6 (a : F6) : list formula :=
  let '(a0, a1, a2) := a in coefficients2 a0 ++ coefficients2 a1 ++ coefficients2 a2.
Definition coefficients12 (a : F12) : list formula := coefficients6 (fst a) ++ coefficients6 (snd a).

(** ** Curves with a = 0 in Jacobian coordinates (X/Z^2, Y/Z^3) *)

(** Twice a point. *)
Definition doubled (x y z : F1) : list formula :=
  let d := Num 4 * x * y * y in
  let x3 := Num 9 * x * x * x * x - Num 2 * d in
  [x3; Num 3 * x * x * (d - x3) - Num 8 * y * y * y * y; Num 2 * y * z].

(** The sum of two points with u1 = X1 Z2^2 and so on: h = u2 - u1 and r = s2 - s1 are zero where the x or y are equal.
    Both coordinates are those of the chord, X and Y times 4 and 8, Z times 2. *)
Definition summed (x1 y1 z1 x2 y2 z2 : F1) : list formula :=
  let u1 := x1 * z2 * z2 in
  let h := x2 * z1 * z1 - u1 in
  let s1 := y1 * z2 * z2 * z2 in
  let r := y2 * z1 * z1 * z1 - s1 in
  let x3 := r * r - h * h * h - Num 2 * u1 * h * h in
  [Num 4 * x3; Num 8 * (r * (u1 * h * h - x3) - s1 * h * h * h); Num 2 * z1 * z2 * h].

(** The same for Z2 = 1, not multiplied. *)
Definition summed_affine (x1 y1 z1 x2 y2 : F1) : list formula :=
  let h := x2 * z1 * z1 - x1 in
  let r := y2 * z1 * z1 * z1 - y1 in
  let x3 := r * r - h * h * h - Num 2 * x1 * h * h in
  [x3; r * (x1 * h * h - x3) - y1 * h * h * h; z1 * h].
