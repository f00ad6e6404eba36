"""Given randomness, for test vectors alone: an r that is used twice, or that anybody knows, opens records."""

from phi_pre._native import hazmat_encapsulate as encapsulate
from phi_pre._native import hazmat_encrypt as encrypt
from phi_pre._native import hazmat_handshake as handshake

__all__ = ["encapsulate", "encrypt", "handshake"]
