"""G1, G2, GT and the pairing: README.md, "Groups". The curves and the pairing are py_ecc's."""

from py_ecc.fields import optimized_bls12_381_FQ as FQ, optimized_bls12_381_FQ2 as FQ2
from py_ecc.optimized_bls12_381 import G1, G2, add, is_inf, multiply, neg, normalize
from py_ecc.optimized_bls12_381 import pairing as py_pairing

from . import errors, tower
from .tower import p, q

THIRD = (pow(3, -1, p), 0)


def scalar(encoding, what="scalar"):
    if len(encoding) != 32:
        raise errors.length(what, 32, len(encoding))
    value = int.from_bytes(encoding, "big")
    if value >= q:
        raise errors.non_canonical(what)
    return value


def write_scalar(value):
    return (value % q).to_bytes(32, "big")


def coefficient(what, raw):
    value = int.from_bytes(raw, "big")
    if value >= p:
        raise errors.non_canonical(what)
    return value


def point_flags(what, encoding, size):
    if len(encoding) != size:
        raise errors.length(what, size, len(encoding))
    flags, rest = encoding[0] >> 5, bytes([encoding[0] & 0x1F]) + encoding[1:]
    if flags == 0b110:
        raise errors.identity(what) if not any(rest) else errors.non_canonical(what)
    if flags not in (0b100, 0b101):
        raise errors.flags(what)
    return flags == 0b101, rest


def read_g1(encoding):
    larger, rest = point_flags("G1", encoding, 48)
    x = coefficient("G1", rest)
    y = tower.sqrt1((x**3 + 4) % p)
    if y is None:
        raise errors.not_on_curve("G1")
    if (y > p - y) != larger:
        y = -y % p
    point = (FQ(x), FQ(y), FQ(1))
    if not is_inf(multiply(point, q)):
        raise errors.not_in_subgroup("G1")
    return point


def read_g2(encoding):
    larger, rest = point_flags("G2", encoding, 96)
    x1, x0 = coefficient("G2", rest[:48]), coefficient("G2", rest[48:])
    x = (x0, x1)
    y = tower.sqrt2(tower.add2(tower.mul2(tower.mul2(x, x), x), (4, 4)))
    if y is None:
        raise errors.not_on_curve("G2")
    if larger2(y) != larger:
        y = tower.neg2(y)
    point = (FQ2(x), FQ2(y), FQ2.one())
    if not is_inf(multiply(point, q)):
        raise errors.not_in_subgroup("G2")
    return point


def larger2(y):
    return (y[1], y[0]) > (-y[1] % p, -y[0] % p)


def flagged(flags, raw):
    return bytes([raw[0] | flags << 5]) + raw[1:]


def write_g1(point):
    if is_inf(point):
        return flagged(0b110, bytes(48))
    x, y = (int(c) for c in normalize(point))
    return flagged(0b101 if y > p - y else 0b100, x.to_bytes(48, "big"))


def write_g2(point):
    if is_inf(point):
        return flagged(0b110, bytes(96))
    x, y = (tuple(int(i) for i in c.coeffs) for c in normalize(point))
    raw = x[1].to_bytes(48, "big") + x[0].to_bytes(48, "big")
    return flagged(0b101 if larger2(y) else 0b100, raw)


def power_g(point, exponent):
    return multiply(point, exponent % q)


def divide_g(a, b):
    return add(a, neg(b))


def pairing(point1, point2):
    """Three times what py_ecc computes, inverted, in our tower: README.md, "GT"."""
    if is_inf(point1) or is_inf(point2):
        return tower.ONE
    c = [int(i) for i in py_pairing(point2, point1).coeffs]
    w = [((c[k] + c[k + 6]) % p, c[k + 6]) for k in range(6)]
    e = ((w[0], w[2], w[4]), (w[1], w[3], w[5]))
    return tower.conjugate(tower.mul(tower.mul(e, e), e))


def member(f):
    if not tower.in_gt(f):
        raise errors.not_in_subgroup("GT")
    return f


def coefficients(encoding, size):
    if len(encoding) != size:
        raise errors.length("GT", size, len(encoding))
    rest = bytes([encoding[0] & 0x1F]) + encoding[1:]
    values = [coefficient("GT", rest[i : i + 48]) for i in range(0, size, 48)]
    return encoding[0] >> 5, [(values[i], values[i + 1]) for i in range(0, len(values), 2)]


def from_torus(c):
    """(c + w)/(c - w)."""
    square = tower.mul6(c, c)
    inverse = tower.inv6(tower.sub6(square, tower.V6))
    double = tower.add6(c, c)
    return (tower.mul6(tower.add6(square, tower.V6), inverse), tower.mul6(double, inverse))


def read_t6(encoding):
    flag, (first, a2) = coefficients(encoding, 192)
    t = tower.add2(tower.xi2(tower.mul2(a2, a2)), THIRD)
    if flag == 0b110:
        if (first, a2) != (tower.ZERO2, tower.ZERO2):
            raise errors.non_canonical("GT")
        return tower.ONE
    if flag == 0b100:
        if first == tower.ZERO2:
            raise errors.non_canonical("GT")
        return member(from_torus((first, tower.mul2(t, tower.inv2(first)), a2)))
    if flag == 0b101:
        if t != tower.ZERO2:
            raise errors.not_in_subgroup("GT")
        return member(from_torus((tower.ZERO2, first, a2)))
    raise errors.flags("GT")


def read_t2(encoding):
    flag, c = coefficients(encoding, 288)
    if flag == 0b110:
        if any(part != tower.ZERO2 for part in c):
            raise errors.non_canonical("GT")
        return tower.ONE
    if flag == 0b100:
        return member(from_torus(tuple(c)))
    raise errors.flags("GT")


def read_plain(encoding):
    if len(encoding) != 576:
        raise errors.length("GT", 576, len(encoding))
    v = [coefficient("GT", encoding[i : i + 48]) for i in range(0, 576, 48)]
    v = [(v[i], v[i + 1]) for i in range(0, 12, 2)]
    return member((tuple(v[:3]), tuple(v[3:])))


def to_torus(f):
    """(1 + g0)/g1; none for 1."""
    if f[1] == tower.ZERO6:
        return None
    return tower.mul6(tower.add6(f[0], tower.ONE6), tower.inv6(f[1]))


def raw2(*elements):
    return b"".join(i.to_bytes(48, "big") for e in elements for i in e)


def write_t6(f):
    c = to_torus(f)
    if c is None:
        return flagged(0b110, bytes(192))
    if c[0] == tower.ZERO2:
        return flagged(0b101, raw2(c[1], c[2]))
    return flagged(0b100, raw2(c[0], c[2]))


def write_t2(f):
    c = to_torus(f)
    return flagged(0b110, bytes(288)) if c is None else flagged(0b100, raw2(*c))


def write_plain(f):
    return raw2(*f[0], *f[1])


READ = {"t6": read_t6, "t2": read_t2, "plain": read_plain}

GENERATOR = pairing(G1, G2)
