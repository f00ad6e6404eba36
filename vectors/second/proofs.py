"""Proofs of re-encryption: README.md, "Proofs of re-encryption"."""

from . import errors, groups, hashes, scheme, tower
from .errors import Refused
from .groups import G1, G2, q
from .wire import u64

NAME = "public re-encryption key"


def read_public_rekey(reader):
    delta = groups.read_t6(reader.raw(NAME, 192))
    if delta == tower.ONE:
        raise errors.identity(NAME)
    return delta


def public_rekey(y, y_prime):
    delta = quotient(y_prime, y)
    if delta == tower.ONE:
        raise Refused(scheme.SAME_KEY)
    return delta


def quotient(a, b):
    return tower.mul(a, tower.conjugate(b))


def read_proof(reader):
    w = groups.read_g2(reader.raw("W", 96))
    return w, reader.raw("c", 16)


class Statement:
    def __init__(self, delta, before, after, context):
        if len(before) != len(after):
            raise Refused(f"{len(before)} capsules before re-encryption, and {len(after)} after it")
        if not before:
            raise Refused("a statement needs at least one capsule")
        for i, (b, a) in enumerate(zip(before, after)):
            if b[:48] != a[:48]:
                raise Refused(f"capsule {i} has another Z after re-encryption")
        self.delta = delta
        self.before, self.after = decoded(before), decoded(after)
        records = b"".join(b + a[48:] for b, a in zip(before, after))
        parts = [context, groups.write_g1(G1), groups.write_t6(delta), records]
        self.digest = hashes.tagged("phi-pre/1/reencryption/statement", *parts)

    def weights(self):
        pairs = range(-(-len(self.before) // 2))
        hashed = b"".join(hashes.tagged("phi-pre/1/reencryption/weight", self.digest, u64(j)) for j in pairs)
        rho = [int.from_bytes(hashed[16 * i : 16 * i + 16], "big", signed=True) for i in range(len(self.before))]
        return [1, *rho[1:]]

    def products(self):
        """Z*, D*."""
        z, d = None, tower.ONE
        for (z_i, c), (_, c_prime), rho in zip(self.before, self.after, self.weights()):
            power = groups.power_g(z_i, rho)
            z = power if z is None else groups.add(z, power)
            d = tower.mul(d, tower.power(quotient(c_prime, c), rho % q))
        return z, d

    def challenge(self, t1, t2):
        parts = [self.digest, groups.write_t6(t1), groups.write_t6(t2)]
        return hashes.tagged("phi-pre/1/reencryption/challenge", *parts)[:16]


def decoded(capsules):
    out = []
    for i, encoding in enumerate(capsules):
        try:
            out.append(scheme.capsule(encoding))
        except Refused as refusal:
            raise Refused(f"capsule {i}: {refusal}") from None
    return out


def prove(k_re, statement, fresh):
    """s, T1, T2, proof."""
    secret = groups.write_g2(k_re) + fresh
    s = int.from_bytes(hashes.hkdf(secret, statement.digest, "phi-pre/1/reencryption/nonce", [], 48), "big") % q
    z, _ = statement.products()
    big_s = groups.power_g(G2, s)
    t1, t2 = tower.power(groups.GENERATOR, s), groups.pairing(z, big_s)
    c = statement.challenge(t1, t2)
    w = groups.add(big_s, groups.power_g(k_re, int.from_bytes(c, "big")))
    return s, t1, t2, groups.write_g2(w) + c


def verify(statement, w, c):
    exponent = int.from_bytes(c, "big")
    z, d = statement.products()
    t1 = quotient(groups.pairing(G1, w), tower.power(statement.delta, exponent))
    t2 = quotient(groups.pairing(z, w), tower.power(d, exponent))
    if statement.challenge(t1, t2) != c:
        raise Refused("the proof of re-encryption does not hold: the proxy is at fault")
