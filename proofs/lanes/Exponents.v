(** The final exponentiation raises to 3 (p^12 - 1)/r, and the power by |x| without compression to |x|. *)
Require Import ZArith List Lia.
From Lanes Require Import Poly Statements Congruence Words Methods Steps Kernels Specifications Programs Verified Users Loops Chain.
Import ListNotations.
Open Scope Z_scope.
Local Arguments Z.pow : simpl never.

(** What the used kernels do to powers, by their places in the list ([Loops.places]). *)
Definition action_of (k : nat) : option action :=
  match find (fun t => Nat.eqb (fst t) k)
    [(multiply12_at, Product12); (inverses12_at, Inverse12);
     (frobenius_at 1, Power p); (frobenius_at 2, Power (p ^ 2)); (frobenius_at 3, Power (p ^ 3));
     (squaring_at 0, CyclotomicPower 2); (squaring_at 2, CyclotomicPower 2);
     (squarings_at 0, CyclotomicPower (2 ^ 2)); (squarings_at 1, CyclotomicPower (2 ^ 3));
     (squarings_at 2, CyclotomicPower (2 ^ 9)); (squarings_at 3, CyclotomicPower (2 ^ 16));
     (squarings_at 4, CyclotomicPower (2 ^ 32));
     (powers_x_at, CompressedPower abs_x)]
  with Some t => Some (snd t) | None => None end.

(** The exponent of the last tuple, if the outputs are this tuple. *)
Definition exponent_of_outputs (contracts : list (list (list Z * list Z))) (k : kernel) (s : specification) (e : Z)
  : option Z :=
  match walk codes contracts (Pos.succ (inputs k)) (steps k)
          (initial (bounds_of_inputs s) (registers 1 (Pos.to_nat (inputs k)))) with
  | Some st =>
      match powers action_of st (Pos.succ (inputs k)) (steps k) [(1%positive, e)] with
      | (n, e) :: _ => if list_eq_dec Pos.eq_dec (outputs k) (registers n 12) then Some e else None
      | [] => None
      end
  | None => None
  end.

(** A kernel whose outputs are the power [e] of its inputs, in any group with twelve coefficients whose product, inverse,
    Frobenius maps and powers the used kernels compute. [e0] is the power of g that the inputs are. *)
Definition raises (used : list (list (list Z) -> list (list Z) -> Prop)) (k : kernel) (s : specification) (e0 e : Z) : Prop :=
  forall (G : Type) (times : G -> G -> G) (power : Z -> G -> G) (stands : list Z -> G -> Prop) (g : G) w,
    (forall a b, power a (power b g) = power (a * b) g) ->
    (forall a b, times (power a g) (power b g) = power (a + b) g) ->
    (forall a, power (a mod (p ^ 12 - 1)) g = power a g) ->
    (forall x y h, Forall2 congruent x y -> stands x h -> stands y h) ->
    (forall x h, stands x h -> stands (firstn 6 x ++ map Z.opp (skipn 6 x)) (power (p ^ 6) h)) ->
    (forall k f a ins outs, nth_error used k = Some f -> action_of k = Some a -> f ins outs ->
      length outs = 12%nat \/ length outs = 13%nat -> acts G times power stands a ins outs) ->
    execution codes used (Pos.succ (inputs k)) (steps k) w ->
    Forall2 (fun r b => normal b (w r)) (registers 1 (Pos.to_nat (inputs k))) (bounds_of_inputs s) ->
    stands (tuple w 1) (power e0 g) -> stands (map (fun x => element (w x)) (outputs k)) (power e g).

Theorem exponent_of_outputs_sound used contracts k s e0 e :
  Forall2 (fun f => Forall (keeps f)) used contracts -> exponent_of_outputs contracts k s e0 = Some e ->
  raises used k s e0 e.
Proof.
  intros U H G times power stands g w PP TP PO SC CS A X I S.
  unfold exponent_of_outputs in H. destruct (walk _ _ _ _ _) as [st|] eqn:W; [|discriminate].
  assert (M : models w st).
  { eapply walk_sound; [exact methods_proved| |apply initial_models; exact I|exact X|exact W].
    intros j f cs c ins outs B C K. pose proof (Forall2_nth _ _ _ U _ _ _ B C) as Fa.
    rewrite Forall_forall in Fa. exact (Fa c K ins outs). }
  destruct (powers _ _ _ _ _) as [|[n d] ts] eqn:P; [discriminate|].
  destruct (list_eq_dec _ _ _) as [O|]; [|discriminate]. injection H as <-. rewrite O.
  assert (K : known_powers w G power stands g ((n, d) :: ts)).
  { rewrite <- P. eapply powers_sound; try eassumption.
    intros m b [E|[]]. injection E as <- <-. exact S. }
  exact (K n d (or_introl eq_refl)).
Qed.

Theorem r_divides : r * ((p ^ 12 - 1) / r) = p ^ 12 - 1.
Proof. vm_cast_no_check (eq_refl (p ^ 12 - 1)). Qed.

Theorem final_exponentiation_raises :
  raises second_used final_exponentiations final_exponentiations_is 1 (3 * ((p ^ 12 - 1) / r)).
Proof.
  apply (exponent_of_outputs_sound _ second_contracts); [exact second_keeps|].
  vm_cast_no_check (eq_refl (Some (3 * ((p ^ 12 - 1) / r)))).
Qed.

(** Elements of the cyclotomic subgroup, which are powers by (p^6 - 1)(p^2 + 1). *)
Theorem power_x_uncompressed_raises :
  raises first_used powers_x_uncompressed powers_x_is easy (abs_x * easy).
Proof.
  apply (exponent_of_outputs_sound _ first_contracts); [exact first_keeps|].
  vm_cast_no_check (eq_refl (Some (abs_x * easy))).
Qed.
