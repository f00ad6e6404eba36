"""The schemes to compare with: README.md, "Schemes to compare with"."""

from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from py_ecc.bls.hash_to_curve import hash_to_G2

from . import errors, groups, hashes, named, scheme, tower
from .errors import Malformed, Refused
from .groups import G1, G2, pairing, q
from .wire import whole

SAME = "k_e and k'_e are the same key"


def hash_g2(message, application):
    dst = f"phi-pre-{application}-V01-CS01-with-BLS12381G2_XMD:SHA-256_SSWU_RO_".encode()
    return hash_to_G2(message, dst, sha256)


def g1(k):
    return groups.power_g(G1, k)


def g2(k):
    return groups.power_g(G2, k)


def g_t(k):
    return tower.power(groups.GENERATOR, k)


def inverse(k):
    return pow(k, -1, q)


def over(a, b):
    return tower.mul(a, tower.conjugate(b))


def equal_g(a, b):
    return groups.is_inf(groups.divide_g(a, b))


def parts(what, encoding, sizes):
    if len(encoding) != sum(sizes):
        raise errors.length(what, sum(sizes), len(encoding))
    out, at = [], 0
    for size in sizes:
        out.append(encoding[at : at + size])
        at += size
    return out


def gt_not_one(what, encoding):
    element = groups.read_t6(encoding)
    if element == tower.ONE:
        raise errors.identity(what)
    return element


READERS = {48: groups.read_g1, 96: groups.read_g2, 192: groups.read_t6}
w1, w2, wt, ws = groups.write_g1, groups.write_g2, groups.write_t6, groups.write_scalar


class Scheme:
    """What most schemes have in common. DRAWS: the exponents of Setup, KeyGen, ReKeyGen, Enc, ReEnc."""

    DRAWS = (0, 1, 0, 2, 0)
    NAMED = False
    SEEDED = False

    def elements(self, what, encoding, sizes):
        return [READERS[size](part) for size, part in zip(sizes, parts(what, encoding, sizes))]

    def read_c(self, encoding):
        return self.elements("ciphertext", encoding, (48, 192))

    def write_c(self, c):
        return w1(c[0]) + wt(c[1])

    read_c_prime, write_c_prime = read_c, write_c

    def read_rk(self, encoding, known):
        return groups.read_g2(encoding)

    def write_rk(self, rk):
        return w2(rk)

    def setup(self, draws):
        return None

    def write_m(self, m):
        return wt(m)


class BongJang(Scheme):
    def read_pk(self, encoding):
        return whole(encoding, "public key", scheme.read_public_key)

    def write_pk(self, y):
        return wt(y)

    def read_c(self, encoding):
        return scheme.capsule(encoding)

    read_c_prime = read_c

    def key_gen(self, setup, name, draws):
        return g_t(draws[0]), g2(draws[0])

    def re_key_gen(self, sk, pk, sk_b, draws):
        return scheme.rekey(sk, sk_b)

    def enc(self, pk, draws):
        m = g_t(draws[0])
        return scheme.encapsulate(pk, m, draws[1]), m

    def re_enc(self, rk, c, draws):
        return scheme.reencrypt(rk, *c)

    def dec(self, sk, c):
        return scheme.decapsulate(sk, *c)

    dec_re = dec

    def intermediate(self, case, c):
        k, k_prime, (t, r) = case.keys[0][0], case.keys[1][0], case.enc
        k_re = groups.divide_g(g2(k_prime), g2(k))
        return {
            "k_e": w2(g2(k)),
            "k'_e": w2(g2(k_prime)),
            "M": wt(g_t(t)),
            "Y^r": wt(g_t(k * r)),
            "e(Z, k_re)": wt(pairing(g1(r), k_re)),
        }


class ByName(Scheme):
    DRAWS = (0, 1, 1, 2, 0)
    NAMED = True

    def read_pk(self, encoding):
        return groups.read_g1(encoding), None

    def write_pk(self, pk):
        return w1(pk[0])

    def read_rk(self, encoding, known):
        return self.elements("re-encryption key", encoding, (96, 48))

    def write_rk(self, rk):
        return w2(rk[0]) + w1(rk[1])

    def read_c_prime(self, encoding):
        return self.elements("re-encrypted ciphertext", encoding, (48, 192, 48))

    def write_c_prime(self, c):
        return w1(c[0]) + wt(c[1]) + w1(c[2])

    def key_gen(self, setup, scope, draws):
        h2 = named.element(bytes(32), "record", scope)
        return (g1(draws[0]), h2), (draws[0], groups.power_g(h2, draws[0]))

    @staticmethod
    def k_e_prime(x, b, shared):
        return hash_g2(w1(x) + w1(b) + w1(shared), "grant")

    def re_key_gen(self, sk, pk, sk_b, draws):
        x = g1(draws[0])
        k_e_prime = self.k_e_prime(x, pk[0], groups.power_g(pk[0], draws[0]))
        return groups.divide_g(k_e_prime, sk[1]), x

    def enc(self, pk, draws):
        m = g_t(draws[0])
        return (g1(draws[1]), tower.mul(m, pairing(groups.power_g(pk[0], draws[1]), pk[1]))), m

    def re_enc(self, rk, c, draws):
        return c[0], tower.mul(c[1], pairing(c[0], rk[0])), rk[1]

    def dec(self, sk, c):
        return over(c[1], pairing(c[0], sk[1]))

    def dec_re(self, sk, c):
        k_e_prime = self.k_e_prime(c[2], g1(sk[0]), groups.power_g(c[2], sk[0]))
        return over(c[1], pairing(c[0], k_e_prime))

    def intermediate(self, case, c):
        a, b, x = case.keys[0][0], case.keys[1][0], case.re_key[0]
        h2 = named.element(bytes(32), "record", case.names[0])
        shared = g1(b * x)
        return {
            "H2(scope)": w2(h2),
            "k_e": w2(groups.power_g(h2, a)),
            "Y": wt(pairing(g1(a), h2)),
            "B^x": w1(shared),
            "k'_e": w2(self.k_e_prime(g1(x), g1(b), shared)),
        }


class Afgh06(Scheme):
    DRAWS = (0, 2, 0, 2, 0)

    def read_pk(self, encoding):
        z_a1, g2_a2 = parts("public key", encoding, (192, 96))
        return gt_not_one("public key", z_a1), groups.read_g2(g2_a2)

    def write_pk(self, pk):
        return wt(pk[0]) + w2(pk[1])

    def read_c_prime(self, encoding):
        alpha, beta = parts("first-level ciphertext", encoding, (192, 192))
        return gt_not_one("first-level ciphertext", alpha), groups.read_t6(beta)

    def write_c_prime(self, c):
        return wt(c[0]) + wt(c[1])

    def key_gen(self, setup, name, draws):
        return (g_t(draws[0]), g2(draws[1])), draws

    def re_key_gen(self, sk, pk, sk_b, draws):
        return groups.power_g(pk[1], sk[0])

    def enc(self, pk, draws):
        m = g_t(draws[0])
        return (g1(draws[1]), tower.mul(m, tower.power(pk[0], draws[1]))), m

    def re_enc(self, rk, c, draws):
        return pairing(c[0], rk), c[1]

    def dec(self, sk, c):
        return over(c[1], tower.power(pairing(c[0], G2), sk[0]))

    def dec_re(self, sk, c):
        return over(c[1], tower.power(c[0], inverse(sk[1])))

    def intermediate(self, case, c):
        a1, b2 = case.keys[0][0], case.keys[1][1]
        k_prime = a1 * case.enc[1] % q
        return {
            "M": wt(g_t(case.enc[0])),
            "k' = a1 k": ws(k_prime),
            "Z^k'": wt(g_t(k_prime)),
            "Z^(b2 k')": wt(g_t(b2 * k_prime)),
            "1/b2": ws(inverse(b2)),
        }


class Bbs98(Scheme):
    def read_pk(self, encoding):
        return groups.read_g1(encoding)

    def write_pk(self, pk):
        return w1(pk)

    def read_rk(self, encoding, known):
        pi = groups.scalar(encoding)
        if pi in (0, 1):
            raise errors.identity("re-encryption key")
        return pi

    def write_rk(self, pi):
        return ws(pi)

    def read_c(self, encoding):
        return self.elements("ciphertext", encoding, (48, 48))

    def write_c(self, c):
        return w1(c[0]) + w1(c[1])

    read_c_prime, write_c_prime = read_c, write_c

    def write_m(self, m):
        return w1(m)

    def key_gen(self, setup, name, draws):
        return g1(draws[0]), draws[0]

    def re_key_gen(self, sk, pk, sk_b, draws):
        if sk == sk_b:
            raise Refused(SAME)
        return sk_b * inverse(sk) % q

    def enc(self, pk, draws):
        m = g1(draws[0])
        return (groups.add(m, g1(draws[1])), groups.power_g(pk, draws[1])), m

    def re_enc(self, pi, c, draws):
        return c[0], groups.power_g(c[1], pi)

    def dec(self, sk, c):
        return groups.divide_g(c[0], groups.power_g(c[1], inverse(sk)))

    dec_re = dec

    def intermediate(self, case, c):
        return {
            "m": w1(g1(case.enc[0])),
            "g^k": w1(g1(case.enc[1])),
            "1/b": ws(inverse(case.keys[1][0])),
        }


class Ga07(Scheme):
    DRAWS = (1, 0, 2, 2, 0)
    NAMED = True

    def read_pk(self, encoding):
        """The parameters g^s, without an identity."""
        return groups.read_g1(encoding), None

    def write_pk(self, pk):
        return w1(pk[0]) if pk[1] is None else b""

    def read_rk(self, encoding, known):
        pair, r3 = parts("re-encryption key", encoding, (240, 96))
        return self.read_pair(pair), groups.read_g2(r3)

    def read_pair(self, encoding):
        return self.elements("ciphertext", encoding, (48, 192))

    def write_rk(self, rk):
        return self.write_c([rk[0]]) + w2(rk[1])

    def read_c(self, encoding):
        if not encoding or len(encoding) % 240:
            raise errors.length("ciphertext", max(-(-len(encoding) // 240), 1) * 240, len(encoding))
        return [self.read_pair(encoding[i : i + 240]) for i in range(0, len(encoding), 240)]

    def write_c(self, c):
        return b"".join(w1(c1) + wt(c2) for c1, c2 in c)

    read_c_prime, write_c_prime = read_c, write_c

    def setup(self, draws):
        return draws[0]

    def key_gen(self, s, identity, draws):
        h1 = hash_g2(identity, "ga07-h1")
        return (g1(s), h1), groups.power_g(h1, s)

    @staticmethod
    def h2(x):
        return hash_g2(wt(x), "ga07-h2")

    @staticmethod
    def seal(pk, m, r):
        return g1(r), tower.mul(m, pairing(groups.power_g(pk[0], r), pk[1]))

    def re_key_gen(self, sk, pk, sk_b, draws):
        x = g_t(draws[0])
        return self.seal(pk, x, draws[1]), groups.divide_g(self.h2(x), sk)

    def enc(self, pk, draws):
        m = g_t(draws[0])
        return [self.seal(pk, m, draws[1])], m

    def re_enc(self, rk, c, draws):
        c1, c2 = c[-1]
        return [*c[:-1], (c1, tower.mul(c2, pairing(c1, rk[1]))), rk[0]]

    def dec(self, sk, c):
        key = sk
        for c1, c2 in reversed(c):
            m = over(c2, pairing(c1, key))
            key = self.h2(m)
        return m

    dec_re = dec

    def intermediate(self, case, c):
        s = case.setup[0]
        h1 = [hash_g2(name, "ga07-h1") for name in case.names]
        x = g_t(case.re_key[0])
        return {
            "g^s": w1(g1(s)),
            "H1(A)": w2(h1[0]),
            "sk of A": w2(groups.power_g(h1[0], s)),
            "sk of B": w2(groups.power_g(h1[1], s)),
            "X": wt(x),
            "H2(X)": w2(self.h2(x)),
        }


class Lv08(Scheme):
    DRAWS = (0, 1, 0, 2, 1)
    SEEDED = True
    SIGNED = (32, 192, 96, 64)
    U_V = []

    def u_v(self):
        if not self.U_V:
            self.U_V.extend(hash_g2(b"", name) for name in ("lv08-u", "lv08-v"))
        return self.U_V

    @staticmethod
    def exponent(svk):
        return int.from_bytes(hashes.tagged("phi-pre/1/schemes/lv08/svk", svk), "big") % q

    def base(self, svk):
        u, v = self.u_v()
        return groups.add(groups.power_g(u, self.exponent(svk)), v)

    def read_pk(self, encoding):
        x1, x2 = self.elements("public key", encoding, (48, 96))
        if pairing(x1, G2) != pairing(G1, x2):
            raise errors.non_canonical("public key")
        return x1, x2

    def write_pk(self, pk):
        return w1(pk[0]) + w2(pk[1])

    def read_rk(self, encoding, known):
        x1, _ = self.read_pk(known)
        return groups.read_g2(encoding), x1

    def write_rk(self, rk):
        return w2(rk[0])

    def read_signed(self, encoding):
        svk, c3, c4, sigma = parts("ciphertext", encoding, self.SIGNED)
        return svk, groups.read_t6(c3), groups.read_g2(c4), sigma

    @staticmethod
    def write_signed(signed):
        svk, c3, c4, sigma = signed
        return svk + wt(c3) + w2(c4) + sigma

    def read_c(self, encoding):
        c2, signed = parts("ciphertext", encoding, (48, 384))
        return groups.read_g1(c2), self.read_signed(signed)

    def write_c(self, c):
        return w1(c[0]) + self.write_signed(c[1])

    def read_c_prime(self, encoding):
        one, two, three, signed = parts("re-encrypted ciphertext", encoding, (48, 96, 48, 384))
        points = groups.read_g1(one), groups.read_g2(two), groups.read_g1(three)
        return *points, self.read_signed(signed)

    def write_c_prime(self, c):
        return w1(c[0]) + w2(c[1]) + w1(c[2]) + self.write_signed(c[3])

    def check(self, signed, left, right):
        svk, c3, c4, sigma = signed
        try:
            Ed25519PublicKey.from_public_bytes(svk).verify(sigma, wt(c3) + w2(c4))
            right_signature = True
        except (InvalidSignature, ValueError):
            right_signature = False
        if not right_signature or pairing(left, self.base(svk)) != pairing(right, c4):
            raise Refused("the ciphertext is invalid")

    def key_gen(self, setup, name, draws):
        pk = g1(draws[0]), g2(draws[0])
        return pk, (draws[0], pk)

    def re_key_gen(self, sk, pk, sk_b, draws):
        return groups.power_g(pk[1], inverse(sk[0])), sk[1][0]

    def enc(self, pk, draws):
        m, r, seed = g_t(draws[0]), draws[1], draws[2]
        ssk = Ed25519PrivateKey.from_private_bytes(seed)
        svk = ssk.public_key().public_bytes_raw()
        c3, c4 = tower.mul(m, g_t(r)), groups.power_g(self.base(svk), r)
        return (groups.power_g(pk[0], r), (svk, c3, c4, ssk.sign(wt(c3) + w2(c4)))), m

    def re_enc(self, rk, c, draws):
        self.check(c[1], c[0], rk[1])
        t = draws[0]
        return groups.power_g(rk[1], t), groups.power_g(rk[0], inverse(t)), groups.power_g(c[0], t), c[1]

    def dec(self, sk, c):
        self.check(c[1], c[0], sk[1][0])
        return over(c[1][1], tower.power(pairing(c[0], G2), inverse(sk[0])))

    def dec_re(self, sk, c):
        one, two, three, signed = c
        if pairing(one, two) != pairing(G1, sk[1][1]):
            raise Refused("the ciphertext is invalid")
        self.check(signed, three, one)
        return over(signed[1], tower.power(pairing(three, two), inverse(sk[0])))

    def intermediate(self, case, c):
        svk, r = c[1][0], case.enc[1]
        u, v = self.u_v()
        base = self.base(svk)
        return {
            "u": w2(u),
            "v": w2(v),
            "svk": svk,
            "exponent of svk": ws(self.exponent(svk)),
            "u^svk v": w2(base),
            "C4": w2(groups.power_g(base, r)),
            "m": wt(g_t(case.enc[0])),
            "e(C2, g2)": wt(g_t(case.keys[0][0] * r)),
        }


SCHEMES = {
    "Bong-Jang": BongJang(),
    "by name": ByName(),
    "AFGH06": Afgh06(),
    "BBS98": Bbs98(),
    "GA07": Ga07(),
    "LV08": Lv08(),
}


def scheme_named(name):
    if name not in SCHEMES:
        raise Malformed(f"unknown scheme {name}")
    return SCHEMES[name]


def exponents(encodings, n):
    values = [groups.scalar(bytes.fromhex(encoding)) for encoding in encodings]
    if len(values) != n or 0 in values:
        raise Malformed(f"not {n} exponents other than 0")
    return values


def name_of(it, encoding):
    name = bytes.fromhex(encoding)
    if name and not it.NAMED:
        raise Malformed("a name without effect")
    return name


class Drawn:
    def __init__(self, it, case):
        n_setup, n_key, n_re_key, n_enc, n_re_enc = it.DRAWS
        self.setup = exponents(case["setup"], n_setup)
        self.keys = [exponents(case[f"key_{user}"], n_key) for user in "AB"]
        self.re_key = exponents(case["re_key"], n_re_key)
        enc, seed = list(case["enc"]), []
        if it.SEEDED:
            seed = [bytes.fromhex(enc.pop())] if enc else []
            if len(seed) != 1 or len(seed[0]) != 32:
                raise Malformed("the seed has 32 bytes")
        self.enc = [*exponents(enc, n_enc), *seed]
        self.re_enc = exponents(case["re_enc"], n_re_enc)
        self.names = [name_of(it, case[f"name_{user}"]) for user in "AB"]


def walk(case):
    it = scheme_named(case["scheme"])
    drawn = Drawn(it, case)
    setup = it.setup(drawn.setup)
    (pk_a, sk_a), (pk_b, sk_b) = (it.key_gen(setup, drawn.names[i], drawn.keys[i]) for i in (0, 1))
    rk = it.re_key_gen(sk_a, pk_b, sk_b, drawn.re_key)
    c, m = it.enc(pk_a, drawn.enc)
    c_prime = it.re_enc(rk, c, drawn.re_enc)
    m_bytes = it.write_m(m)
    if any(it.write_m(read) != m_bytes for read in (it.dec(sk_a, c), it.dec_re(sk_b, c_prime))):
        raise Malformed("another M is read")
    intermediate = it.intermediate(drawn, c)
    return {
        "pk_A": it.write_pk(pk_a).hex(),
        "pk_B": it.write_pk(pk_b).hex(),
        "rk": it.write_rk(rk).hex(),
        "M": m_bytes.hex(),
        "C": it.write_c(c).hex(),
        "C_prime": it.write_c_prime(c_prime).hex(),
        "intermediate": [{"name": name, "value": value.hex()} for name, value in intermediate.items()],
    }


def kind(case):
    name, _, what = case["kind"].rpartition(" ")
    return scheme_named(name), what


def read(case):
    it, what = kind(case)
    encoding, known = bytes.fromhex(case["encoding"]), bytes.fromhex(case["known"])
    if known and (what != "rk" or not isinstance(it, Lv08)):
        raise Malformed("known has no use here")
    if what == "pk":
        written = it.write_pk(it.read_pk(encoding))
    elif what == "rk":
        written = it.write_rk(it.read_rk(encoding, known))
    elif what == "C":
        written = it.write_c(it.read_c(encoding))
    elif what == "C'":
        written = it.write_c_prime(it.read_c_prime(encoding))
    else:
        raise Malformed("no such kind")
    return {"encoding": written.hex()}


def reencrypt(case):
    it = scheme_named(case["scheme"])
    if case["known"] and not isinstance(it, Lv08):
        raise Malformed("known has no use here")
    rk = it.read_rk(bytes.fromhex(case["rk"]), bytes.fromhex(case["known"]))
    c = it.read_c(bytes.fromhex(case["C"]))
    c_prime = it.re_enc(rk, c, exponents(case["re_enc"], it.DRAWS[4]))
    return {"C_prime": it.write_c_prime(c_prime).hex()}


def open_(case):
    it, what = kind(case)
    setup = it.setup(exponents(case["setup"], it.DRAWS[0]))
    key = exponents(case["key"], it.DRAWS[1])
    _, sk = it.key_gen(setup, name_of(it, case["name"]), key)
    encoding = bytes.fromhex(case["encoding"])
    if what == "C":
        m = it.dec(sk, it.read_c(encoding))
    elif what == "C'":
        m = it.dec_re(sk, it.read_c_prime(encoding))
    else:
        raise Malformed("no such kind")
    return {"M": it.write_m(m).hex()}
