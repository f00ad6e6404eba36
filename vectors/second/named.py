"""Keys by name: README.md, "Keys by name". The hash to G2 is py_ecc's."""

from hashlib import sha256

from py_ecc.bls.hash_to_curve import hash_to_G2

from . import errors, groups, hashes

TAG = b"phi-pre-scope-V01-CS01-with-BLS12381G2_XMD:SHA-256_SSWU_RO_"


def secret(encoding):
    a = groups.scalar(encoding)
    if a == 0:
        raise errors.identity("a")
    return a


def read_public(reader):
    return groups.read_g1(reader.raw("public key by name", 48))


def element(k_s, scope, name):
    """H2 of the scope."""
    kind = {"relationship": 0, "folder": 1, "record": 2}[scope]
    for counter in range(256):
        message = hashes.frame("phi-pre/1/scope", [k_s, bytes([kind]), name, bytes([counter])])
        point = hash_to_G2(message, TAG, sha256)
        if not groups.is_inf(point):
            return point
    raise AssertionError("256 identities")
