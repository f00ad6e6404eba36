"""Threshold re-encryption: README.md, "Threshold re-encryption"."""

from fractions import Fraction
from itertools import combinations
from math import lcm

from . import errors, groups, scheme, tower
from .errors import Refused
from .groups import G2, q

MOST = 16


def numbers(t, n):
    return 1 <= t <= n <= MOST


def coefficient(indices, j):
    product = Fraction(1)
    for i in indices:
        if i != j:
            product *= Fraction(i, i - j)
    return product


def scale(t, n):
    sets = combinations(range(1, n + 1), t)
    return lcm(*(coefficient(indices, j).denominator for indices in sets for j in indices))


def split(k_re, t, n, a):
    """k_1..k_n, V_0..V_(t-1)."""
    if not numbers(t, n):
        raise Refused(f"{t} of {n} proxies: 1 <= t <= n <= 16 is needed")
    constant = groups.power_g(k_re, pow(scale(t, n), -1, q))
    shares = []
    for j in range(1, n + 1):
        exponent = sum(a_i * j**i for i, a_i in enumerate(a, 1)) % q
        power = groups.power_g(G2, exponent)
        shares.append(groups.add(constant, power) if exponent else constant)
    v = [groups.pairing(groups.G1, constant)] + [tower.power(groups.GENERATOR, a_i) for a_i in a]
    return shares, v


def read_public(reader):
    t, n = reader.u8("t"), reader.u8("n")
    if not numbers(t, n):
        raise errors.unknown("t of n", t)
    return t, n, [groups.read_t6(reader.raw("V", 192)) for _ in range(t)]


def write_public(t, n, v):
    return bytes([t, n]) + b"".join(map(groups.write_t6, v))


def of_share(n, v, j):
    if not 1 <= j <= n:
        raise Refused(f"there is no share {j} among {n}")
    product = tower.ONE
    for i, v_i in enumerate(v):
        product = tower.mul(product, tower.power(v_i, j**i % q))
    return product


def read_partial(reader):
    j = reader.u8("index")
    if not 1 <= j <= MOST:
        raise errors.unknown("index", j)
    return j, *scheme.read_capsule(reader)


def combine(t, n, capsule, partials):
    if len(partials) != t:
        raise Refused(f"{len(partials)} partial re-encryptions where {t} are needed")
    z, c = capsule
    indices = [j for j, _, _ in partials]
    for i, (j, z_j, _) in enumerate(partials):
        if j > n:
            raise Refused(f"there is no share {j} among {n}")
        if j in indices[:i]:
            raise Refused(f"share {j} is given twice")
        if groups.write_g1(z_j) != groups.write_g1(z):
            raise Refused(f"the partial re-encryption of share {j} is of another Z")
    for j, _, d in partials:
        c = tower.mul(c, tower.power(d, int(scale(t, n) * coefficient(indices, j)) % q))
    return z, c
