"""F_p12 = F_p6[w]/(w^2 - v), F_p6 = F_p2[v]/(v^3 - xi), F_p2 = F_p[u]/(u^2 + 1), xi = 1 + u, on tuples of integers.

F_p2 is (a, b) = a + b*u, F_p6 is (c0, c1, c2), F_p12 is (g0, g1)."""

p = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
q = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
x = -0xD201000000010000

ZERO2, ONE2 = (0, 0), (1, 0)


def add2(a, b):
    return ((a[0] + b[0]) % p, (a[1] + b[1]) % p)


def sub2(a, b):
    return ((a[0] - b[0]) % p, (a[1] - b[1]) % p)


def neg2(a):
    return (-a[0] % p, -a[1] % p)


def mul2(a, b):
    return ((a[0] * b[0] - a[1] * b[1]) % p, (a[0] * b[1] + a[1] * b[0]) % p)


def xi2(a):
    return ((a[0] - a[1]) % p, (a[0] + a[1]) % p)


def inv2(a):
    n = pow(a[0] * a[0] + a[1] * a[1], -1, p)
    return (a[0] * n % p, -a[1] * n % p)


def pow2(a, e):
    r = ONE2
    for bit in bin(e)[2:]:
        r = mul2(r, r)
        if bit == "1":
            r = mul2(r, a)
    return r


def sqrt1(a):
    """A square root in F_p (p = 3 mod 4); none for a non-square."""
    r = pow(a, (p + 1) // 4, p)
    return r if r * r % p == a % p else None


def sqrt2(a):
    """A square root in F_p2; none for a non-square."""
    if a == ZERO2:
        return ZERO2
    norm = sqrt1((a[0] * a[0] + a[1] * a[1]) % p)
    if norm is None:
        return None
    half = pow(2, -1, p)
    for n in (norm, -norm):
        c = sqrt1((a[0] + n) * half % p)
        if c:
            r = (c, a[1] * half * pow(c, -1, p) % p)
            if mul2(r, r) == a:
                return r
    c = sqrt1(-a[0] % p)  # a in F_p, not a square there
    return (0, c) if c is not None and mul2((0, c), (0, c)) == a else None


def add6(a, b):
    return tuple(add2(s, t) for s, t in zip(a, b))


def sub6(a, b):
    return tuple(sub2(s, t) for s, t in zip(a, b))


def neg6(a):
    return tuple(neg2(s) for s in a)


def mul6(a, b):
    (a0, a1, a2), (b0, b1, b2) = a, b
    c0 = add2(mul2(a0, b0), xi2(add2(mul2(a1, b2), mul2(a2, b1))))
    c1 = add2(add2(mul2(a0, b1), mul2(a1, b0)), xi2(mul2(a2, b2)))
    c2 = add2(add2(mul2(a0, b2), mul2(a2, b0)), mul2(a1, b1))
    return (c0, c1, c2)


def v6(a):
    """v*a."""
    return (xi2(a[2]), a[0], a[1])


def inv6(a):
    a0, a1, a2 = a
    t0 = sub2(mul2(a0, a0), xi2(mul2(a1, a2)))
    t1 = sub2(xi2(mul2(a2, a2)), mul2(a0, a1))
    t2 = sub2(mul2(a1, a1), mul2(a0, a2))
    n = add2(mul2(a0, t0), xi2(add2(mul2(a2, t1), mul2(a1, t2))))
    n = inv2(n)
    return (mul2(t0, n), mul2(t1, n), mul2(t2, n))


ZERO6, ONE6 = (ZERO2, ZERO2, ZERO2), (ONE2, ZERO2, ZERO2)
V6 = (ZERO2, ONE2, ZERO2)
ONE = (ONE6, ZERO6)
ZERO = (ZERO6, ZERO6)


def mul(a, b):
    (a0, a1), (b0, b1) = a, b
    s, t = mul6(a0, b0), mul6(a1, b1)
    cross = sub6(sub6(mul6(add6(a0, a1), add6(b0, b1)), s), t)
    return (add6(s, v6(t)), cross)


def conjugate(a):
    """The inverse of an element of GT."""
    return (a[0], neg6(a[1]))


def power(a, e):
    if e < 0:
        return power(conjugate(a), -e)
    r = ONE
    for bit in bin(e)[2:]:
        r = mul(r, r)
        if bit == "1":
            r = mul(r, a)
    return r


def in_gt(a):
    """The definition: a is not 0 and a^q = 1."""
    return a != ZERO and power(a, q) == ONE
