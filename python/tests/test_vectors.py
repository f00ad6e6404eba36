"""The vectors of the scheme through the classes of the package; and all vectors through its checker."""

import json
from hashlib import sha256

import pytest
from conftest import REPOSITORY
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

import phi_pre as phi
from phi_pre import hazmat

VECTORS = REPOSITORY / "vectors"
# Intermediate values that the package does not give.
HIDDEN = {"okm", "pad", "factor", "H2", "key", "salt", "chunks", "statement_I", "statement_R"}

OPERATIONS = {}


def operation(name):
    def register(function):
        OPERATIONS[name] = function
        return function

    return register


def field(case, name):
    return bytes.fromhex(case[name])


def params(case):
    return phi.Params(field(case, "k_s") if "k_s" in case else bytes(32))


def scope(case):
    name = field(case, "name")
    return phi.Scope.relationship() if case["scope"] == "relationship" else getattr(phi.Scope, case["scope"])(name)


def hexed(value):
    if isinstance(value, list):
        return [hexed(item) for item in value]
    return value.hex() if isinstance(value, bytes) else value.to_bytes().hex()


def k_e(case, name):
    return phi.EncryptionKey.from_bytes(field(case, name))


def keys(case, *names):
    return [phi.DecryptionKey.from_bytes(field(case, name)).encryption_key(params({})) for name in names]


def reencrypted(k_re, capsule):
    """Equation 2 by each way that the package has."""
    again, prepared = k_re.reencrypt(capsule), k_re.prepare()
    assert again == phi.Capsule.from_bytes(prepared.reencrypt(capsule.to_bytes() * 9).values[8])
    assert again == phi.Capsule.from_bytes(phi.reencrypt_each([k_re] * 3, capsule.to_bytes() * 3).values[2])
    return again


def decapsulated(key, capsule):
    """Equation 3 by each way that the package has."""
    m = key.decapsulate(capsule)
    assert key.prepare().decapsulate(capsule.to_bytes() * 9)[0] == [m] * 9
    return m


@operation("key derivation")
def _(case):
    k_d = params(case).derive(phi.SharedSecret.from_bytes(field(case, "sk")), scope(case))
    return {"k_d": k_d, "k_e": k_d.encryption_key(params(case)), "Y": k_d.public_key(params(case))}


@operation("k_d")
def _(case):
    k_d = phi.DecryptionKey.from_bytes(field(case, "encoding"))
    return {"k_e": k_d.encryption_key(params({})), "Y": k_d.public_key(params({}))}


@operation("public key")
def _(case):
    return {"Y": phi.PublicKey.from_bytes(field(case, "encoding"))}


@operation("parameters")
def _(case):
    read = phi.Params.from_bytes(field(case, "encoding"))
    return {"g1": read.g1, "g2": read.g2, "gT": read.g_t, "k_s": read.seed}


@operation("handshake")
def _(case):
    side = {"I": "initiator", "R": "responder"}[case["side"]]
    session = phi.Session(*((field(case, f"name_{s}"), field(case, f"X_{s}")) for s in "IR"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), field(case, "verifying_key"))
    signature = field(case, "signature")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

    def verify(statement):
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        if s > order // 2:  # signatures have the smaller s
            return False
        try:
            key.verify(utils.encode_dss_signature(r, s), statement, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    sk = hazmat.handshake(side, field(case, "secret")).finish(session, verify)
    return {"sk": sk}


@operation("capsule")
def _(case):
    capsule = phi.Capsule.from_bytes(field(case, "encoding"))
    return {"Z": capsule.z, "C": capsule.c}


@operation("encapsulate")
def _(case):
    y = phi.PublicKey.from_bytes(field(case, "Y"))
    capsule, m = hazmat.encapsulate(params({}), y, field(case, "t"), field(case, "r"))
    return {"M": m, "capsule": capsule}


@operation("k_re")
def _(case):
    k_re = phi.ReKey(k_e(case, "k_e"), k_e(case, "k_e_prime"))
    return {"k_re": k_re, "inverse": k_re.inverse()}


@operation("compose")
def _(case):
    first, second = (phi.ReKey.from_bytes(field(case, name)) for name in ("first", "second"))
    return {"k_re": first.compose(second)}


@operation("re-encrypt")
def _(case):
    k_re, capsule = phi.ReKey.from_bytes(field(case, "k_re")), phi.Capsule.from_bytes(field(case, "capsule"))
    return {"capsule": reencrypted(k_re, capsule)}


@operation("equations")
def _(case):
    key, key_prime = keys(case, "k_d", "k_d_prime")
    y = phi.DecryptionKey.from_bytes(field(case, "k_d")).public_key(params({}))
    k_re = phi.ReKey(key, key_prime)
    sealed = [hazmat.encapsulate(params({}), y, bytes.fromhex(t), field(case, "r")) for t in case["t"]]
    again = [reencrypted(k_re, capsule) for capsule, _ in sealed]
    return {
        "k_e": key,
        "k_e_prime": key_prime,
        "Y": y,
        "Z": sealed[0][0].z,
        "M": [m for _, m in sealed],
        "C": [capsule.c for capsule, _ in sealed],
        "k_re": k_re,
        "C_prime": [capsule.c for capsule in again],
        "M_again": [decapsulated(key_prime, capsule) for capsule in again],
    }


@operation("re-encryption")
def _(case):
    of = params(case)
    k_d, k_d_prime = (of.derive(phi.SharedSecret.from_bytes(field(case, sk)), scope(case)) for sk in ("sk", "sk_prime"))
    key, key_prime = k_d.encryption_key(of), k_d_prime.encryption_key(of)
    capsule, m = hazmat.encapsulate(of, k_d.public_key(of), field(case, "t"), field(case, "r"))
    k_re = phi.ReKey(key, key_prime)
    again = reencrypted(k_re, capsule)
    return {
        "k_d": k_d,
        "k_d_prime": k_d_prime,
        "k_e": key,
        "k_e_prime": key_prime,
        "Y": k_d.public_key(of),
        "Z": capsule.z,
        "M": m,
        "C": capsule.c,
        "k_re": k_re,
        "inverse": k_re.inverse(),
        "C_prime": again.c,
        "M_again": decapsulated(key_prime, again),
    }


@operation("decapsulate")
def _(case):
    key = k_e(case, "k_e")
    return {"M": decapsulated(key, phi.Capsule.from_bytes(field(case, "capsule")))}


@operation("hops")
def _(case):
    k_d = [phi.DecryptionKey.from_bytes(bytes.fromhex(k)) for k in case["k_d"]]
    hops = [key.encryption_key(params({})) for key in k_d]
    rekeys = [phi.ReKey(a, b) for a, b in zip(hops, hops[1:])]
    capsules = [hazmat.encapsulate(params({}), k_d[0].public_key(params({})), field(case, "t"), field(case, "r"))[0]]
    composed = rekeys[0]
    for k_re in rekeys[1:]:
        composed = composed.compose(k_re)
    for k_re in rekeys:
        capsules.append(reencrypted(k_re, capsules[-1]))
    return {"capsules": capsules, "k_re": composed, "M": hops[-1].decapsulate(capsules[-1])}


@operation("folder")
def _(case):
    key, key_prime = keys(case, "k_d", "k_d_prime")
    k_re = phi.ReKey(key, key_prime)
    y = phi.DecryptionKey.from_bytes(field(case, "k_d")).public_key(params({}))
    capsule, _ = hazmat.encapsulate(params({}), y, field(case, "t"), field(case, "r"))
    again = reencrypted(k_re, capsule)
    m = key_prime.decapsulate(again)
    names = [bytes.fromhex(name) for name in case["names"]]
    return {"capsule": capsule, "again": again, "M": m, "keys": [m.record_key(again, name) for name in names]}


@operation("key by name")
def _(case):
    a = phi.NamedSecret.from_bytes(field(case, "a"))
    public = a.public(params(case))
    return {
        "A": public,
        "k_e": a.encryption_key(params(case), scope(case)),
        "Y": public.public_key(params(case), scope(case)),
    }


@operation("public key by name")
def _(case):
    return {"Y": phi.NamedPublic.from_bytes(field(case, "A")).public_key(params(case), scope(case))}


@operation("re-encryption by name")
def _(case):
    a = phi.NamedSecret.from_bytes(field(case, "a"))
    key, key_prime = a.encryption_key(params(case), scope(case)), k_e(case, "k_e_prime")
    y = a.public(params(case)).public_key(params(case), scope(case))
    k_re = phi.ReKey(key, key_prime)
    capsule, m = hazmat.encapsulate(params(case), y, field(case, "t"), field(case, "r"))
    again = reencrypted(k_re, capsule)
    m_again = decapsulated(key_prime, again)
    return {"k_e": key, "M": m, "capsule": capsule, "k_re": k_re, "again": again, "M_again": m_again}


def record(rule):
    seed, size = bytes.fromhex(rule["seed"]), rule["bytes"]
    return b"".join(sha256(seed + n.to_bytes(8, "big")).digest() for n in range(-(-size // 32)))[:size]


def edited(envelope, rule):
    at, to, n, new = rule["at"], rule["to"], rule["count"], bytes.fromhex(rule["bytes"])
    match rule["edit"]:
        case "xor":
            for i, byte in enumerate(new):
                envelope[at + i] ^= byte
        case "remove":
            del envelope[at : at + n]
        case "insert":
            envelope[at:at] = new
        case "swap":
            envelope[at : at + n], envelope[to : to + n] = envelope[to : to + n], envelope[at : at + n]
        case other:
            raise AssertionError(other)


@operation("envelope")
def _(case):
    y = phi.DecryptionKey.from_bytes(field(case, "k_d")).public_key(params({}))
    (opened_by,) = keys(case, "opened_by")
    suite = {1: "aes-256-gcm", 2: "chacha20-poly1305"}[case["suite"]]
    sealed = hazmat.encrypt(params({}), y, record(case["record"]), suite, field(case, "t"), field(case, "r"))
    envelope = bytearray(sealed)
    for rule in case["edits"]:
        edited(envelope, rule)
    opened = phi.decrypt(opened_by, envelope)
    head, body = bytes(envelope[:284]), bytes(envelope[284:])
    return {
        "header": head,
        "body_bytes": len(body),
        "body_sha256": sha256(body).digest(),
        "body_first": body[:32],
        "body_last": body[-32:],
        "record_sha256": sha256(opened).digest(),
    }


@operation("header")
def _(case):
    header, k_re = phi.Header.from_bytes(field(case, "encoding")), phi.ReKey.from_bytes(field(case, "k_re"))
    again = header.reencrypt(k_re)
    assert k_re.prepare().reencrypt_headers(header.to_bytes() * 3).values[1] == again.to_bytes()
    suite = {"aes-256-gcm": 1, "chacha20-poly1305": 2}[header.suite]
    return {"suite": suite, "key_commitment": header.key_commitment, "capsule": header.capsule, "again": again}


@operation("identifier")
def _(case):
    uid, v = phi.UserId.from_bytes(field(case, "uid")), phi.Vector.from_bytes(field(case, "v"))
    return {"id": phi.Pseudonym(uid, v), "literal": phi.Pseudonym.literal(uid, v)}


@operation("commitment")
def _(case):
    data = record(case["record"])
    salt = phi.Salt.from_bytes(field(case, "salt"))
    return {"commitment": salt.commit(data), "literal": phi.literal_digest(data)}


@operation("prove range")
def _(case):
    data, salt = record(case["record"]), phi.Salt.from_bytes(field(case, "salt"))
    return {"proof": salt.prove(data, case["first"], case["end"]), "commitment": salt.commit(data)}


@operation("range proof")
def _(case):
    proof = phi.RangeProof.from_bytes(field(case, "proof"))
    proof.verify(field(case, "commitment"), record(case["record"])[case["from"] : case["to"]])
    first, end = proof.range
    return {"length": proof.length, "first": first, "end": end}


@operation("shard of a name")
def _(case):
    return {"shard": phi.shard(field(case, "name"), case["of"])}


# What the package has no class for.
OUTSIDE = {"Fig. 5 record", "shard"}
FILES = (
    "keys diffie-hellman capsules re-encryption equations named envelopes identifiers commitments shards".split()
)


@pytest.mark.parametrize("name", FILES)
def test_vectors(name):
    file = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    checked = 0
    for group in file["testGroups"]:
        if group["type"] in OUTSIDE:
            continue
        run = OPERATIONS[group["type"]]
        for case in group["tests"]:
            where = (group["type"], case["tcId"])
            if case["result"] == "invalid":
                with pytest.raises(phi.Error) as refusal:
                    run(case["input"])
                assert str(refusal.value) == case["error"], where
                assert refusal.value.code, where
            else:
                found = {key: value if isinstance(value, int) else hexed(value) for key, value in run(case["input"]).items()}
                expected = {key: value for key, value in case["output"].items() if key in found}
                assert found == expected, where
                assert set(case["output"]) - set(found) <= HIDDEN | {"commitment", "digest"}, where
            checked += 1
    assert checked > 5


def test_every_vector_by_the_checker(tmp_path):
    counts = phi.check_vectors(VECTORS)
    total = sum(json.loads(path.read_text(encoding="utf-8"))["numberOfTests"] for path in VECTORS.glob("*.json"))
    assert sum(map(sum, counts.values())) == total
    assert len(counts) == len(list(VECTORS.glob("*.json")))
    with pytest.raises(phi.Error) as refusal:
        phi.check_vectors(tmp_path)
    assert refusal.value.code in ("vectors", "io")
