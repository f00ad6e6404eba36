(** The group order of BLS12-381 is prime.

    Paper: section 3.2 takes groups of prime order for granted.
    Stated: r = 52435...84513, the order of G1, G2 and GT in the crate, is prime
    ([prime_r]) and greater than 2^128 ([weights_fit]), so that the weights and the
    challenges of Verifiable.v, 16 bytes each, are distinct mod r.
    Assumed for [prime_r]: Coq's primitive 63-bit integers, with which the kernel evaluates the
    Pocklington certificate (listed by name in assumptions.expected). *)
Require Import ZArith Znumtheory List.
From Coqprime.PrimalityTest Require Import Pocklington PocklingtonCertificat.
From Coqprime.num Require Import Pock.
Import ListNotations.
Open Scope list_scope.
Local Open Scope positive_scope.

Theorem prime_r : prime 52435875175126190479447740508185965837690552500527637822603658699938581184513.
Proof.
 apply (Pocklington_refl
  (Pock_certif 52435875175126190479447740508185965837690552500527637822603658699938581184513 5 ((2,32)::(254760293,2)::(52437899,1)::(2529403,1)::nil) 1)
  ((Pock_certif 2529403 2 ((2,1)::(18329,1)::nil) 1)
   ::(Pock_certif 18329 3 ((2,3)::(79,1)::nil) 1)
   ::(Pock_certif 79 3 ((2,1)::(13,1)::nil) 1)
   ::(Pock_certif 13 2 ((2,2)::nil) 1)
   ::(Pock_certif 52437899 2 ((2,1)::(609743,1)::nil) 1)
   ::(Pock_certif 609743 5 ((2,1)::(449,1)::nil) 1)
   ::(Pock_certif 449 3 ((2,6)::nil) 1)
   ::(Pock_certif 254760293 2 ((2,2)::(63690073,1)::nil) 1)
   ::(Pock_certif 63690073 5 ((2,3)::(2653753,1)::nil) 1)
   ::(Pock_certif 2653753 5 ((2,3)::(110573,1)::nil) 1)
   ::(Pock_certif 110573 2 ((2,2)::(359,1)::nil) 1)
   ::(Pock_certif 359 7 ((2,1)::(179,1)::nil) 1)
   ::(Pock_certif 179 2 ((2,1)::(89,1)::nil) 1)
   ::(Pock_certif 89 3 ((2,3)::(11,1)::nil) 1)
   ::(Pock_certif 11 2 ((2,1)::(5,1)::nil) 1)
   ::(Pock_certif 5 2 ((2,2)::nil) 1)
   ::(Proof_certif 2 prime_2)
   ::nil)).
 vm_cast_no_check (refl_equal true).
Qed.

Theorem weights_fit :
  (2 ^ 128 < 52435875175126190479447740508185965837690552500527637822603658699938581184513)%Z.
Proof. reflexivity. Qed.
