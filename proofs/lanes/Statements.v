(** What the theorems about the lanes say: words, programs, executions and claims.

    The theorems rest on this file, on the formulas in `Tower.v` and on the bounds in `Specifications.v`. All other files
    contain checks and proofs.

    - [instr] are the methods of `V` (src/group/lanes/vector.rs), and [unbounded] and [meaning] what each computes in one lane.
    - [method] are the methods of `Eight` (eight.rs); [call] executes the program of a method.
    - [step] are the steps of a kernel, and [execution] says what its registers hold.
    - [satisfies] says that a kernel does what is claimed, whatever its inputs are within their bounds.

    `src/group/recorded/` writes the programs: one instruction or step in a line, each with a register of its own. *)
Require Import ZArith List.
Import ListNotations.
Open Scope Z_scope.
Local Arguments Z.add : simpl never.
Local Arguments Z.sub : simpl never.
Local Arguments Z.mul : simpl never.
Local Arguments Z.pow : simpl never.
Local Arguments Z.div : simpl never.
Local Arguments Z.modulo : simpl never.

(** ** Words and instructions *)

Notation reg := positive.
(** 2^52 and 2^63, as numbers, since the checks compute with them. *)
Notation limb := 4503599627370496.
Notation half_word := 9223372036854775808.

(** A mask is a register that holds the bit of the lane. *)
Inductive instr :=
| Splat (c : Z)
| Plus (a b : reg)
| Minus (a b : reg)
| And (a b : reg)
| Or (a b : reg)
| PlusLow (c a b : reg)
| PlusHigh (c a b : reg)
| Times32 (a b : reg)
| ShiftRight (n : Z) (a : reg)
| SignedShift (n : Z) (a : reg)
| ShiftLeft (n : Z) (a : reg)
| LessAtLeastZero (n : Z) (a : reg)
| Blend (mask a b : reg)
| IsNegative (a : reg)
| IsZero (a : reg).

Definition wrap (z : Z) : Z := (z + 2 ^ 63) mod 2 ^ 64 - 2 ^ 63.

(** The integer that an instruction computes, before the 64 bits cut it off. *)
Definition unbounded (i : instr) (e : reg -> Z) : Z :=
  match i with
  | Splat c => c
  | Plus a b => e a + e b
  | Minus a b => e a - e b
  | And a b => Z.land (e a) (e b)
  | Or a b => Z.lor (e a) (e b)
  | PlusLow c a b => e c + ((e a mod limb) * (e b mod limb)) mod limb
  | PlusHigh c a b => e c + ((e a mod limb) * (e b mod limb)) / limb
  | Times32 a b => (e a mod 2 ^ 32) * (e b mod 2 ^ 32)
  | ShiftRight n a => (e a mod 2 ^ 64) / 2 ^ n
  | SignedShift n a => e a / 2 ^ n
  | ShiftLeft n a => wrap (e a * 2 ^ n)
  | LessAtLeastZero n a => Z.max (wrap (e a - n)) 0
  | Blend mask a b => if e mask =? 0 then e b else e a
  | IsNegative a => if e a <? 0 then 1 else 0
  | IsZero a => if e a =? 0 then 1 else 0
  end.

Definition meaning (i : instr) (e : reg -> Z) : Z := wrap (unbounded i e).

(** An instruction on the first registers, their words and the result. *)
Definition agrees_with (sample : instr * list Z * Z) : bool :=
  let '(i, words, x) := sample in meaning i (fun r => nth (Pos.to_nat r - 1) words 0) =? x.

(** [e] has in its registers what the program computes, whose first instruction has the register [n]. *)
Fixpoint trace (n : reg) (p : list instr) (e : reg -> Z) : Prop :=
  match p with
  | [] => True
  | i :: p => e n = meaning i e /\ trace (Pos.succ n) p e
  end.

Definition interval := (Z * Z)%type.
Definition inside (x : Z) (i : interval) : Prop := fst i <= x <= snd i.

(** ** Methods *)

(** The prime of BLS12-381, and the Montgomery factor. *)
Definition p : Z := 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab.
Definition R : Z := 2 ^ 416.

Inductive method :=
| Add | Subtract (k : Z) | Value | Factor | Weakened
| Product | Products | Square | Squares
| WidePlus | WideMinus | Mixed | Raise | Lower
| Reduce (k : Z) | ReduceTwo (k l : Z).

(** Words as a number. *)
Fixpoint number (words : list Z) : Z :=
  match words with [] => 0 | x :: words => x + limb * number words end.

Record code := Code { body : list instr; results : list (list reg) }.

Definition registers (first : reg) (n : nat) : list reg :=
  map (fun i => Pos.of_nat (Pos.to_nat first + i)) (seq 0 n).

(** The registers of the arguments. *)
Definition parameters (m : method) : list (list reg) :=
  let v i := registers (Pos.of_nat (8 * i + 1)) 8 in
  let w i := registers (Pos.of_nat (16 * i + 1)) 16 in
  match m with
  | Value | Factor | Weakened | Square => [v 0%nat]
  | Add | Subtract _ | Product | Squares => [v 0%nat; v 1%nat]
  | Products => [v 0%nat; v 1%nat; v 2%nat; v 3%nat]
  | Reduce _ => [w 0%nat]
  | WidePlus | WideMinus | ReduceTwo _ _ => [w 0%nat; w 1%nat]
  | Mixed => [w 0%nat; w 1%nat; w 2%nat]
  | Raise | Lower => [registers 1 8; registers 9 16]
  end.

Definition first (m : method) : reg := Pos.of_nat (length (concat (parameters m)) + 1).

Definition call (m : method) (c : code) (ins outs : list (list Z)) : Prop :=
  exists e, trace (first m) (body c) e /\ ins = map (map e) (parameters m) /\ outs = map (map e) (results c).

(** ** Kernels *)

Inductive step :=
| Constant (words : list Z)
| Call (m : method) (args : list reg)
| ColumnOf (r : reg) (i : nat)
| ColumnPlus (a b : reg)
| ColumnMinus (a b : reg)
| Assemble (columns : list reg)
(** One of two values, by a mask that is not followed. *)
| Select (a b : reg)
(** Questions whose answers are masks. A program is recorded for given answers; that the answers are right is tested. *)
| Zeros (a : reg)
| LargerHalf (a : reg)
(** 1/a, which another engine computes. Only its bound is assumed here ([result]). *)
| Inverse (a : reg)
(** The value again, as a number of its own. *)
| Cut (a : reg)
(** The kernel with this number in a list, with so many results. *)
| Use (k : nat) (results : positive) (args : list reg).

Record kernel := Kernel { inputs : positive; steps : list step; outputs : list reg }.

Definition count (s : step) : positive :=
  match s with Call Products _ | Call Squares _ | Call (ReduceTwo _ _) _ => 2 | Use _ c _ => c | _ => 1 end.

Section Codes.
Variable codes : list (method * code).
(** What the used kernels do: from the words of their inputs to those of their outputs. *)
Variable used : list (list (list Z) -> list (list Z) -> Prop).

Definition same_method (x y : method) : bool :=
  match x, y with
  | Add, Add | Value, Value | Factor, Factor | Weakened, Weakened | Product, Product | Products, Products
  | Square, Square | Squares, Squares | WidePlus, WidePlus | WideMinus, WideMinus | Mixed, Mixed
  | Raise, Raise | Lower, Lower => true
  | Subtract k, Subtract l | Reduce k, Reduce l => k =? l
  | ReduceTwo k l, ReduceTwo i j => (k =? i) && (l =? j)
  | _, _ => false
  end.

Definition code_of (m : method) : option code :=
  match find (fun t => same_method m (fst t)) codes with Some t => Some (snd t) | None => None end.

Definition runs (m : method) (ins outs : list (list Z)) : Prop :=
  exists c, code_of m = Some c /\ call m c ins outs.

Definition fit (ws : list Z) (is : list interval) : Prop := Forall2 inside ws is.

(** The limbs of a value with carries, whose number is at most [bound]. *)
Definition limbs_below (bound : Z) : list interval := repeat (0, limb - 1) 7 ++ [(0, Z.shiftr bound 364)].

Definition word_of (ws : list Z) : Z := hd 0 ws.

Definition result (n : reg) (s : step) (w : reg -> list Z) : Prop :=
  match s with
  | Constant ws => w n = ws
  | Call m args => runs m (map w args) (map w (registers n (Pos.to_nat (count s))))
  | ColumnOf r i => w n = [nth i (w r) 0]
  | ColumnPlus a b => w n = [wrap (word_of (w a) + word_of (w b))]
  | ColumnMinus a b => w n = [wrap (word_of (w a) - word_of (w b))]
  | Assemble columns => w n = map (fun r => word_of (w r)) columns
  | Select a b => w n = w a \/ w n = w b
  | Zeros _ | LargerHalf _ => True
  | Inverse _ => fit (w n) (limbs_below (11 * p / 10)) /\ inside (number (w n)) (0, 11 * p / 10)
  | Cut a => w n = w a
  | Use k c args =>
      exists f, nth_error used k = Some f /\ f (map w args) (map w (registers n (Pos.to_nat c)))
  end.

Fixpoint execution (n : reg) (ss : list step) (w : reg -> list Z) : Prop :=
  match ss with
  | [] => True
  | s :: ss => result n s w /\ execution (n + count s) ss w
  end.

(** What a kernel does. *)
Definition behaviour (k : kernel) (ins outs : list (list Z)) : Prop :=
  exists w, execution (Pos.succ (inputs k)) (steps k) w /\
    ins = map w (registers 1 (Pos.to_nat (inputs k))) /\ outs = map w (outputs k).
End Codes.

(** ** Formulas *)

Inductive formula :=
| Var (r : reg)
| Num (c : Z)
| Added (a b : formula)
| Subtracted (a b : formula)
| Multiplied (a b : formula).

Fixpoint denoted (v : reg -> Z) (f : formula) : Z :=
  match f with
  | Var r => v r
  | Num c => c
  | Added a b => denoted v a + denoted v b
  | Subtracted a b => denoted v a - denoted v b
  | Multiplied a b => denoted v a * denoted v b
  end.

Definition congruent (x y : Z) : Prop := (x - y) mod p = 0.

(** 1/R modulo p. *)
Definition R_inverse : Z := 0xcf358708333688260405e9a0c4ba44fbfcacba62ee6ff12001570c7a87408dd49ad31af38b4d1ff563bfca80d3357da.

Definition element (ws : list Z) : Z := number ws * R_inverse.
Definition wide_element (ws : list Z) : Z := number ws * R_inverse * R_inverse.

Inductive claim :=
(** The element, and the greatest number. *)
| ValueIs (f : formula) (bound : Z)
(** The same of a wide value, whose number may be negative. *)
| WideIs (f : formula) (low high : Z)
(** The greatest number alone. *)
| Within (bound : Z)
(** The power of the element of register 1, and the greatest number. *)
| PowerIs (e : Z) (bound : Z).

(** A value with carries: seven limbs of 52 bits, and the number at most [bound]. *)
Definition normal (bound : Z) (ws : list Z) : Prop := fit ws (limbs_below bound) /\ inside (number ws) (0, bound).

Definition claimed (w : reg -> list Z) (ws : list Z) (c : claim) : Prop :=
  match c with
  | ValueIs f bound => normal bound ws /\ congruent (element ws) (denoted (fun r => element (w r)) f)
  | WideIs f low high =>
      inside (number ws) (low, high) /\ congruent (wide_element ws) (denoted (fun r => element (w r)) f)
  | Within bound => normal bound ws
  | PowerIs e bound => normal bound ws /\ 0 <= e /\ congruent (element ws) (element (w 1%positive) ^ e)
  end.

Record specification := Specification {
  (** The greatest number of each input. *)
  bounds_of_inputs : list Z;
  claims : list claim;
  (** Registers whose elements stay as they are in the formulas. *)
  kept : list reg
}.

Definition satisfies_using codes used (k : kernel) (s : specification) : Prop :=
  forall w,
    execution codes used (Pos.succ (inputs k)) (steps k) w ->
    Forall2 (fun r b => normal b (w r)) (registers 1 (Pos.to_nat (inputs k))) (bounds_of_inputs s) ->
    Forall2 (fun r c => claimed w (w r) c) (outputs k) (claims s).


(** A kernel that uses no other. *)
Definition satisfies codes := satisfies_using codes [].

(** ** Canonical forms *)

(** The program of a function of one value, on a value whose number is at most [bound]. *)
Definition for_each_value (c : code) (bound : Z) (claim : (reg -> Z) -> list Z -> Prop) : Prop :=
  forall e, trace 9 (body c) e -> normal bound (map e (registers 1 8)) -> claim e (map e (registers 1 8)).

(** The result has the limbs of the number modulo p. *)
Definition canonical_form (c : code) (e : reg -> Z) (x : list Z) : Prop :=
  exists o, results c = [o] /\ Forall (fun y => 0 <= y < limb) (map e o) /\ number (map e o) = number x mod p.

(** The result is a mask: 1 if and only if [P]. *)
Definition answers (c : code) (P : list Z -> Prop) (e : reg -> Z) (x : list Z) : Prop :=
  exists m, results c = [[m]] /\ (e m = 0 \/ e m = 1) /\ (e m = 1 <-> P x).

Definition is_zero (x : list Z) : Prop := element x mod p = 0.
(** Whether the element, as an integer below p, is above p/2. *)
Definition is_in_larger_half (x : list Z) : Prop := p < 2 * (element x mod p).

(** ** Conversions from and to words of 64 bits *)

(** The number of words that are read without a sign. *)
Fixpoint unsigned_number (words : list Z) : Z :=
  match words with [] => 0 | x :: words => x mod 2 ^ 64 + 2 ^ 64 * unsigned_number words end.

(** From six words, the element x with x A = their number. *)
Definition loads (c : code) (A bound : Z) : Prop :=
  forall e, trace 9 (body c) e -> Forall (fun x => - 2 ^ 63 <= x < 2 ^ 63) (map e (registers 1 8)) ->
  exists o, results c = [o] /\ normal bound (map e o) /\
    congruent (element (map e o) * A) (unsigned_number (map e (registers 1 6))).

(** To six words, whose number is x A modulo p for the element x. *)
Definition stores (A : Z) (c : code) (e : reg -> Z) (x : list Z) : Prop :=
  exists o rest, results c = [o ++ rest] /\ length o = 6%nat /\ unsigned_number (map e o) = element x * A mod p.
