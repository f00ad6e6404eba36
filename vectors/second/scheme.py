"""Keys, capsules, envelopes and the Diffie-Hellman: README.md, "Scheme" and "Envelope"."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from . import errors, groups, hashes, identity, tower
from .errors import Refused
from .groups import G1, G2, q
from .wire import whole

SAME_KEY = "k_e and k'_e are the same key"
REFUSED = "refused: wrong key, or the envelope was altered"


def key(encoding):
    k_d = groups.scalar(encoding)
    if k_d == 0:
        raise errors.identity("k_d")
    return k_d


def k_e(k_d):
    return groups.power_g(G2, k_d)


def public_key(k_d):
    return tower.power(groups.GENERATOR, k_d)


def read_public_key(reader):
    y = groups.read_t6(reader.raw("public key", 192))
    if y == tower.ONE:
        raise errors.identity("public key")
    return y


def derive(sk, k_s, scope, name):
    kind = {"relationship": 0, "folder": 1, "record": 2}[scope]
    for counter in range(256):
        okm = hashes.hkdf(sk, k_s, "phi-pre/1/k_d", [bytes([kind]), name, bytes([counter])], 48)
        k_d = int.from_bytes(okm, "big") % q
        if k_d:
            return okm, k_d
    raise AssertionError("256 zeros")


def read_parameters(reader):
    g1 = groups.read_g1(reader.raw("g1", 48))
    g2 = groups.read_g2(reader.raw("g2", 96))
    return g1, g2, reader.raw("k_s", 32)


def read_capsule(reader):
    z = groups.read_g1(reader.raw("Z", 48))
    return z, groups.read_t6(reader.raw("C", 192))


def capsule(encoding):
    return whole(encoding, "capsule", read_capsule)


def write_capsule(z, c):
    return groups.write_g1(z) + groups.write_t6(c)


def encapsulate(y, m, r):
    return groups.power_g(G1, r), tower.mul(m, tower.power(y, r))


def rekey(k_e_, k_e_prime):
    k_re = groups.divide_g(k_e_prime, k_e_)
    return same_key(k_re)


def same_key(k_re):
    if groups.is_inf(k_re):
        raise Refused(SAME_KEY)
    return k_re


def reencrypt(k_re, z, c):
    return z, tower.mul(c, groups.pairing(z, k_re))


def decapsulate(k_e_, z, c):
    return tower.mul(c, tower.conjugate(groups.pairing(z, k_e_)))


def record_key(m, z, name):
    return hashes.hkdf(groups.write_t6(m), groups.write_g1(z), "phi-pre/1/record-key", [name], 32)


# Envelope

MAGIC = b"phi-pre\0"
SLOT = hashes.CHUNK + 16


def read_header(reader):
    if reader.raw("envelope magic", 8) != MAGIC:
        raise errors.magic("envelope")
    version = reader.u8("envelope version")
    if version != 1:
        raise errors.unknown("envelope version", version)
    suite = reader.u8("envelope suite")
    if suite not in (1, 2):
        raise errors.unknown("envelope suite", suite)
    reserved = reader.integer("reserved bytes", 2)
    if reserved:
        raise errors.unknown("reserved bytes", reserved)
    return suite, reader.raw("digest", 32), *read_capsule(reader)


def header(encoding):
    return whole(encoding, "envelope header", read_header)


def content(m, z, suite):
    """K, com, salt."""
    okm = hashes.hkdf(
        groups.write_t6(m), groups.write_g1(z), "phi-pre/1/content-key", [bytes([1, suite])], 96
    )
    return okm[:32], okm[32:64], okm[64:]


def nonce(index, last):
    return bytes(3) + index.to_bytes(8, "big") + bytes([last])


def aead(suite, k):
    return AESGCM(k) if suite == 1 else ChaCha20Poly1305(k)


def pieces(data, size):
    return [data[i : i + size] for i in range(0, len(data), size)] or [b""]


def seal(suite, k_d, t, r, data):
    m = tower.power(groups.GENERATOR, t)
    z, c = encapsulate(public_key(k_d), m, r)
    k, com, _ = content(m, z, suite)
    invariant = MAGIC + bytes([1, suite, 0, 0]) + com + groups.write_g1(z)
    chunks = pieces(data, hashes.CHUNK)
    body = [
        aead(suite, k).encrypt(nonce(i, i + 1 == len(chunks)), chunk, invariant) for i, chunk in enumerate(chunks)
    ]
    return invariant + groups.write_t6(c) + b"".join(body)


def open_envelope(envelope, k_d):
    head, body = envelope[:284], envelope[284:]
    try:
        suite, com, z, c = header(head)
    except Refused as refusal:
        raise Refused(f"envelope header: {refusal}") from None
    m = decapsulate(k_e(k_d), z, c)
    salt, record = open_body(envelope, suite, com, z, m)
    return head, body, content(m, z, suite)[0], salt, record


def open_body(envelope, suite, com, z, m):
    """salt, record."""
    k, expected, salt = content(m, z, suite)
    if expected != com:
        raise Refused(REFUSED)
    slots = pieces(envelope[284:], SLOT)
    record = []
    for i, slot in enumerate(slots):
        try:
            if len(slot) < 16:
                raise InvalidTag
            record.append(aead(suite, k).decrypt(nonce(i, i + 1 == len(slots)), slot, envelope[:92]))
        except InvalidTag:
            raise Refused(REFUSED) from None
        if i and not record[-1]:
            raise Refused(REFUSED)
    return salt, b"".join(record)


def edit(envelope, rule):
    at, to, count, data = rule["at"], rule["to"], rule["count"], bytes.fromhex(rule["bytes"])
    kind = rule["edit"]
    if kind == "xor" and at + len(data) <= len(envelope):
        middle = bytes(a ^ b for a, b in zip(envelope[at:], data))
        return envelope[:at] + middle + envelope[at + len(data) :]
    if kind == "remove" and at + count <= len(envelope):
        return envelope[:at] + envelope[at + count :]
    if kind == "insert" and at <= len(envelope):
        return envelope[:at] + data + envelope[at:]
    if kind == "swap" and at + count <= to and to + count <= len(envelope):
        a, b = envelope[at : at + count], envelope[to : to + count]
        return envelope[:at] + b + envelope[at + count : to] + a + envelope[to + count :]
    raise errors.Malformed("an edit outside the envelope")


# Diffie-Hellman


def clamped(secret):
    if len(secret) != 32 or secret[0] & 7 or secret[31] & 0xC0 != 0x40:
        raise errors.Malformed("the secret is not clamped")
    return X25519PrivateKey.from_private_bytes(secret)


def handshake(case):
    names, shares = (case["name_I"], case["name_R"]), (case["X_I"], case["X_R"])
    own = {"I": 0, "R": 1}[case["side"]]
    secret = clamped(case["secret"])
    verifying_key = identity.read_key(case["verifying_key"])
    statements = [hashes.tagged("phi-pre/1/diffie-hellman", side, *names, *shares) for side in (b"I", b"R")]
    if secret.public_key().public_bytes_raw() != shares[own]:
        raise Refused("the session does not contain this side's own share")
    try:
        identity.verify(verifying_key, statements[1 - own], identity.read_signature(case["signature"]))
    except Refused:
        raise Refused("the other side's signature is not valid for this session") from None
    try:
        shared = secret.exchange(X25519PublicKey.from_public_bytes(shares[1 - own]))
    except ValueError:  # all zeros
        raise Refused("the other side's share has small order") from None
    return *statements, hashes.hkdf(shared, statements[0], "phi-pre/1/sk", [], 32)
