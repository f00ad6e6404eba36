"""Each operation of the vectors: from the fields of `input` to those of `output`, or `Refused`."""

from hashlib import sha256

from . import (
    errors,
    flow,
    groups,
    hashes,
    identity,
    ledger,
    messages,
    named,
    proofs,
    records,
    scheme,
    schemes,
    threshold,
    tower,
)
from .errors import Malformed, Refused
from .groups import G1, G2, q
from .wire import whole


OPERATIONS = {}


def operation(name):
    def register(function):
        OPERATIONS[name] = function
        return function

    return register


def field(case, name, size=None):
    raw = bytes.fromhex(case[name])
    if size is not None and len(raw) != size:
        raise Malformed(f"{name} is not {size} bytes")
    return raw


def scalar(case, name):
    return groups.scalar(field(case, name))


# Groups


@operation("scalar")
def _(case):
    value = scalar(case, "encoding")
    inverse = groups.write_scalar(pow(value, -1, q)).hex() if value else None
    return {"negative": groups.write_scalar(-value).hex(), "inverse": inverse}


@operation("G1")
def _(case):
    a = groups.read_g1(field(case, "encoding"))
    return {"inverse": groups.write_g1(groups.neg(a)).hex(), "square": groups.write_g1(groups.add(a, a)).hex()}


@operation("G2")
def _(case):
    a = groups.read_g2(field(case, "encoding"))
    return {"inverse": groups.write_g2(groups.neg(a)).hex(), "square": groups.write_g2(groups.add(a, a)).hex()}


@operation("G1 power")
def _(case):
    base = groups.read_g1(field(case, "base"))
    return {"power": groups.write_g1(groups.power_g(base, scalar(case, "exponent"))).hex()}


@operation("G2 power")
def _(case):
    base = groups.read_g2(field(case, "base"))
    return {"power": groups.write_g2(groups.power_g(base, scalar(case, "exponent"))).hex()}


@operation("GT")
def _(case):
    a = groups.READ[case["form"]](field(case, "encoding"))
    return {"t6": groups.write_t6(a).hex(), "t2": groups.write_t2(a).hex(), "plain": groups.write_plain(a).hex()}


def t6(case, name):
    return groups.read_t6(field(case, name))


@operation("GT power")
def _(case):
    return {"power": groups.write_t6(tower.power(t6(case, "base"), scalar(case, "exponent"))).hex()}


@operation("GT product")
def _(case):
    a, b = t6(case, "a"), t6(case, "b")
    product, quotient = tower.mul(a, b), tower.mul(a, tower.conjugate(b))
    return {"product": groups.write_t6(product).hex(), "quotient": groups.write_t6(quotient).hex()}


@operation("pairing")
def _(case):
    e = groups.pairing(groups.read_g1(field(case, "p")), groups.read_g2(field(case, "q")))
    return {"t6": groups.write_t6(e).hex(), "plain": groups.write_plain(e).hex()}


# Scheme


def key(case, name):
    return scheme.key(field(case, name))


def g2(case, name):
    return groups.read_g2(field(case, name))


def gt_hex(a):
    return groups.write_t6(a).hex()


def g2_hex(a):
    return groups.write_g2(a).hex()


def some(value):
    if value == 0:
        raise Malformed("zero")
    return value


@operation("equations")
def _(case):
    k_d, k_d_prime, r = key(case, "k_d"), key(case, "k_d_prime"), some(scalar(case, "r"))
    k_e, k_e_prime = scheme.k_e(k_d), scheme.k_e(k_d_prime)
    k_re = scheme.rekey(k_e, k_e_prime)
    z = groups.power_g(G1, r)
    # The paper's own pad: e(g1, k_e)^r.
    pad = tower.power(groups.pairing(G1, k_e), r)
    factor, unpad = groups.pairing(z, k_re), tower.conjugate(groups.pairing(z, k_e_prime))
    ms = [tower.power(groups.GENERATOR, groups.scalar(bytes.fromhex(t))) for t in case["t"]]
    cs = [tower.mul(m, pad) for m in ms]
    again = [tower.mul(c, factor) for c in cs]
    return {
        "k_e": g2_hex(k_e),
        "k_e_prime": g2_hex(k_e_prime),
        "Y": gt_hex(scheme.public_key(k_d)),
        "Z": groups.write_g1(z).hex(),
        "pad": gt_hex(pad),
        "M": [gt_hex(m) for m in ms],
        "C": [gt_hex(c) for c in cs],
        "k_re": g2_hex(k_re),
        "factor": gt_hex(factor),
        "C_prime": [gt_hex(c) for c in again],
        "M_again": [gt_hex(tower.mul(c, unpad)) for c in again],
    }


def key_pair(k_d):
    return {"k_e": g2_hex(scheme.k_e(k_d)), "Y": gt_hex(scheme.public_key(k_d))}


def derive(case, secret):
    name = field(case, "name")
    if case["scope"] not in ("relationship", "folder", "record") or (case["scope"] == "relationship" and name):
        raise Malformed("unknown scope")
    return scheme.derive(field(case, secret, 32), field(case, "k_s", 32), case["scope"], name)


@operation("key derivation")
def _(case):
    okm, k_d = derive(case, "sk")
    return {"okm": okm.hex(), "k_d": groups.write_scalar(k_d).hex(), **key_pair(k_d)}


@operation("k_d")
def _(case):
    return key_pair(key(case, "encoding"))


@operation("public key")
def _(case):
    return {"Y": gt_hex(whole(field(case, "encoding"), "public key", scheme.read_public_key))}


@operation("parameters")
def _(case):
    g1, g2_, k_s = whole(field(case, "encoding"), "parameters", scheme.read_parameters)
    return {
        "g1": groups.write_g1(g1).hex(),
        "g2": g2_hex(g2_),
        "gT": gt_hex(groups.pairing(g1, g2_)),
        "k_s": k_s.hex(),
    }


def shake_hands(case):
    sizes = {"secret": 32, "X_I": 32, "X_R": 32, "verifying_key": 65, "signature": 64, "name_I": None, "name_R": None}
    fields = {name: field(case, name, size) for name, size in sizes.items()}
    if case["side"] not in ("I", "R"):
        raise Malformed("unknown side")
    return scheme.handshake({"side": case["side"], **fields})


@operation("handshake")
def _(case):
    statement_i, statement_r, sk = shake_hands(case)
    return {"statement_I": statement_i.hex(), "statement_R": statement_r.hex(), "sk": sk.hex()}


def capsule(case, name):
    return scheme.capsule(field(case, name))


@operation("capsule")
def _(case):
    z, c = capsule(case, "encoding")
    return {"Z": groups.write_g1(z).hex(), "C": gt_hex(c)}


@operation("encapsulate")
def _(case):
    y = whole(field(case, "Y"), "public key", scheme.read_public_key)
    m = tower.power(groups.GENERATOR, scalar(case, "t"))
    return {"M": gt_hex(m), "capsule": scheme.write_capsule(*scheme.encapsulate(y, m, scalar(case, "r"))).hex()}


@operation("k_re")
def _(case):
    k_re = scheme.rekey(g2(case, "k_e"), g2(case, "k_e_prime"))
    return {"k_re": g2_hex(k_re), "inverse": g2_hex(groups.neg(k_re))}


@operation("compose")
def _(case):
    return {"k_re": g2_hex(scheme.same_key(groups.add(g2(case, "first"), g2(case, "second"))))}


@operation("re-encrypt")
def _(case):
    k_re, (z, c) = g2(case, "k_re"), capsule(case, "capsule")
    factor = groups.pairing(z, k_re)
    return {"factor": gt_hex(factor), "capsule": scheme.write_capsule(z, tower.mul(c, factor)).hex()}


@operation("re-encryption")
def _(case):
    (_, k_d), (_, k_d_prime), r = derive(case, "sk"), derive(case, "sk_prime"), some(scalar(case, "r"))
    k_e, k_e_prime = scheme.k_e(k_d), scheme.k_e(k_d_prime)
    k_re = scheme.rekey(k_e, k_e_prime)
    z = groups.power_g(G1, r)
    pad = tower.power(scheme.public_key(k_d), r)
    m = tower.power(groups.GENERATOR, scalar(case, "t"))
    c, factor = tower.mul(m, pad), groups.pairing(z, k_re)
    c_prime = tower.mul(c, factor)
    return {
        "k_d": groups.write_scalar(k_d).hex(),
        "k_d_prime": groups.write_scalar(k_d_prime).hex(),
        "k_e": g2_hex(k_e),
        "k_e_prime": g2_hex(k_e_prime),
        "Y": gt_hex(scheme.public_key(k_d)),
        "Z": groups.write_g1(z).hex(),
        "pad": gt_hex(pad),
        "M": gt_hex(m),
        "C": gt_hex(c),
        "k_re": g2_hex(k_re),
        "inverse": g2_hex(groups.neg(k_re)),
        "factor": gt_hex(factor),
        "C_prime": gt_hex(c_prime),
        "M_again": gt_hex(scheme.decapsulate(k_e_prime, z, c_prime)),
    }


@operation("decapsulate")
def _(case):
    k_e = g2(case, "k_e")
    return {"M": gt_hex(scheme.decapsulate(k_e, *capsule(case, "capsule")))}


@operation("hops")
def _(case):
    keys = [scheme.key(bytes.fromhex(k_d)) for k_d in case["k_d"]]
    m = tower.power(groups.GENERATOR, scalar(case, "t"))
    capsules = [scheme.encapsulate(scheme.public_key(keys[0]), m, scalar(case, "r"))]
    composed = None
    for a, b in zip(keys, keys[1:]):
        k_re = scheme.rekey(scheme.k_e(a), scheme.k_e(b))
        capsules.append(scheme.reencrypt(k_re, *capsules[-1]))
        composed = k_re if composed is None else scheme.same_key(groups.add(composed, k_re))
    return {
        "capsules": [scheme.write_capsule(*c).hex() for c in capsules],
        "k_re": g2_hex(composed),
        "M": gt_hex(scheme.decapsulate(scheme.k_e(keys[-1]), *capsules[-1])),
    }


@operation("folder")
def _(case):
    k_d, k_d_prime = key(case, "k_d"), key(case, "k_d_prime")
    k_re = scheme.rekey(scheme.k_e(k_d), scheme.k_e(k_d_prime))
    m = tower.power(groups.GENERATOR, scalar(case, "t"))
    capsule_ = scheme.encapsulate(scheme.public_key(k_d), m, some(scalar(case, "r")))
    again = scheme.reencrypt(k_re, *capsule_)
    found = scheme.decapsulate(scheme.k_e(k_d_prime), *again)
    return {
        "capsule": scheme.write_capsule(*capsule_).hex(),
        "again": scheme.write_capsule(*again).hex(),
        "M": gt_hex(found),
        "keys": [scheme.record_key(found, again[0], bytes.fromhex(name)).hex() for name in case["names"]],
    }


# Proofs of re-encryption


def delta(case):
    return whole(field(case, "delta"), proofs.NAME, proofs.read_public_rekey)


def statement(case, delta_):
    before, after = ([bytes.fromhex(encoding) for encoding in case[name]] for name in ("before", "after"))
    if any(len(encoding) != 240 for encoding in before + after):
        raise Malformed("a capsule is not 240 bytes")
    return proofs.Statement(delta_, before, after, field(case, "context"))


@operation("public re-encryption key")
def _(case):
    y, y_prime = (whole(field(case, name), "public key", scheme.read_public_key) for name in ("Y", "Y_prime"))
    return {"delta": gt_hex(proofs.public_rekey(y, y_prime))}


@operation("check k_re")
def _(case):
    if delta(case) != groups.pairing(G1, g2(case, "k_re")):
        raise Refused("k_re is not the key of Δ: who granted it is at fault")
    return {"holds": True}


@operation("prove re-encryption")
def _(case):
    k_re, fresh = g2(case, "k_re"), field(case, "fresh", 32)
    delta_ = groups.pairing(G1, k_re)
    statement_ = statement(case, delta_)
    s, t1, t2, proof = proofs.prove(k_re, statement_, fresh)
    proofs.verify(statement_, groups.read_g2(proof[:96]), proof[96:])
    z, d = statement_.products()
    return {
        "delta": gt_hex(delta_),
        "statement": statement_.digest.hex(),
        "weights": [weight.to_bytes(16, "big", signed=True).hex() for weight in statement_.weights()],
        "Z_star": groups.write_g1(z).hex(),
        "D_star": gt_hex(d),
        "s": groups.write_scalar(s).hex(),
        "T1": gt_hex(t1),
        "T2": gt_hex(t2),
        "proof": proof.hex(),
    }


@operation("verify re-encryption")
def _(case):
    delta_ = delta(case)
    w, c = whole(field(case, "proof"), "proof of re-encryption", proofs.read_proof)
    proofs.verify(statement(case, delta_), w, c)
    return {"holds": True}


# Threshold re-encryption


@operation("split k_re")
def _(case):
    t, n, a = case["t"], case["n"], [groups.scalar(bytes.fromhex(a)) for a in case["a"]]
    shares, v = threshold.split(g2(case, "k_re"), t, n, a)
    if len(a) + 1 != t:
        raise Malformed("a does not have t - 1 exponents")
    deltas = [threshold.of_share(n, v, j) for j in range(1, n + 1)]
    if any(groups.pairing(G1, share) != delta_j for share, delta_j in zip(shares, deltas)):
        raise Malformed("a share is not the key of its public value")
    return {
        "public": threshold.write_public(t, n, v).hex(),
        "shares": [g2_hex(share) for share in shares],
        "deltas": [gt_hex(delta_j) for delta_j in deltas],
    }


def shared(case):
    return whole(field(case, "public"), "public values of a shared key", threshold.read_public)


@operation("shared key")
def _(case):
    t, n, v = shared(case)
    of_delta = tower.power(v[0], threshold.scale(t, n)) == delta(case)
    return {"of_delta": of_delta, "delta_j": gt_hex(threshold.of_share(n, v, case["index"]))}


@operation("partial re-encryption")
def _(case):
    z, _ = capsule(case, "capsule")
    shifted = scheme.write_capsule(z, groups.pairing(z, g2(case, "share")))
    return {"partial": (bytes([case["index"]]) + shifted).hex()}


@operation("combine")
def _(case):
    t, n, _ = shared(case)
    partials = [whole(bytes.fromhex(p), "partial re-encryption", threshold.read_partial) for p in case["partials"]]
    capsule_ = capsule(case, "capsule")
    return {"capsule": scheme.write_capsule(*threshold.combine(t, n, capsule_, partials)).hex()}


# Keys by name


def scope_element(case):
    name = field(case, "name")
    if case["scope"] not in ("relationship", "folder", "record") or (case["scope"] == "relationship" and name):
        raise Malformed("unknown scope")
    return named.element(field(case, "k_s", 32), case["scope"], name)


@operation("key by name")
def _(case):
    a, element = named.secret(field(case, "a")), scope_element(case)
    public = groups.power_g(G1, a)
    return {
        "A": groups.write_g1(public).hex(),
        "H2": g2_hex(element),
        "k_e": g2_hex(groups.power_g(element, a)),
        "Y": gt_hex(groups.pairing(public, element)),
    }


@operation("public key by name")
def _(case):
    public = whole(field(case, "A"), "public key by name", named.read_public)
    return {"Y": gt_hex(groups.pairing(public, scope_element(case)))}


@operation("re-encryption by name")
def _(case):
    a, element = named.secret(field(case, "a")), scope_element(case)
    k_e, k_e_prime, r = groups.power_g(element, a), g2(case, "k_e_prime"), some(scalar(case, "r"))
    k_re = scheme.rekey(k_e, k_e_prime)
    m = tower.power(groups.GENERATOR, scalar(case, "t"))
    # Y from A, as hospital A computes it.
    z, c = scheme.encapsulate(groups.pairing(groups.power_g(G1, a), element), m, r)
    again = scheme.reencrypt(k_re, z, c)
    return {
        "k_e": g2_hex(k_e),
        "M": gt_hex(m),
        "capsule": scheme.write_capsule(z, c).hex(),
        "k_re": g2_hex(k_re),
        "again": scheme.write_capsule(*again).hex(),
        "M_again": gt_hex(scheme.decapsulate(k_e_prime, *again)),
    }


# Envelopes


@operation("envelope")
def _(case):
    if case["suite"] not in (1, 2):
        raise Malformed("unknown suite")
    k_d, opened_by = key(case, "k_d"), key(case, "opened_by")
    record = hashes.record(case["record"])
    envelope = scheme.seal(case["suite"], k_d, some(scalar(case, "t")), some(scalar(case, "r")), record)
    for rule in case["edits"]:
        envelope = scheme.edit(envelope, rule)
    head, body, k, salt, opened = scheme.open_envelope(envelope, opened_by)
    return {
        "header": head.hex(),
        "key": k.hex(),
        "salt": salt.hex(),
        "body_bytes": len(body),
        "body_sha256": sha256(body).hexdigest(),
        "body_first": body[:32].hex(),
        "body_last": body[-32:].hex(),
        "record_sha256": sha256(opened).hexdigest(),
        "commitment": hashes.commitment(salt, opened)[1].hex(),
    }


@operation("header")
def _(case):
    encoding = field(case, "encoding")
    suite, com, z, c = scheme.header(encoding)
    again = scheme.write_capsule(*scheme.reencrypt(g2(case, "k_re"), z, c))
    return {
        "suite": suite,
        "key_commitment": com.hex(),
        "capsule": scheme.write_capsule(z, c).hex(),
        "again": (encoding[:44] + again).hex(),
    }


# Hashes


@operation("tagged hash")
def _(case):
    return {"digest": hashes.tagged(case["label"], *map(bytes.fromhex, case["parts"])).hex()}


@operation("HMAC")
def _(case):
    return {"mac": hashes.hmac(field(case, "key"), case["label"], field(case, "message")).hex()}


@operation("HKDF")
def _(case):
    context = [bytes.fromhex(part) for part in case["context"]]
    return {"okm": hashes.hkdf(field(case, "secret"), field(case, "salt"), case["label"], context, 96).hex()}


@operation("identifier")
def _(case):
    uid, v = field(case, "uid", 32), field(case, "v", 32)
    return {"id": hashes.identifier(uid, v).hex(), "literal": hashes.sha256(uid, v).hex()}


@operation("commitment")
def _(case):
    record = hashes.record(case["record"])
    chunks, commitment = hashes.commitment(field(case, "salt", 32), record)
    return {"chunks": chunks, "commitment": commitment.hex(), "literal": sha256(record).hexdigest()}


@operation("prove range")
def _(case):
    proof, commitment = hashes.prove_range(
        field(case, "salt", 32), hashes.record(case["record"]), case["first"], case["end"]
    )
    return {"proof": proof.hex(), "commitment": commitment.hex()}


@operation("range proof")
def _(case):
    record = hashes.record(case["record"])
    if not case["from"] <= case["to"] <= len(record):
        raise Malformed("not in the record")
    expected = whole(field(case, "commitment"), "record commitment", lambda r: r.raw("record commitment", 32))
    proof = whole(field(case, "proof"), "range proof", hashes.read_range)
    return hashes.check_range(expected, proof, record[case["from"] : case["to"]])


@operation("Fig. 5 record")
def _(case):
    txtype, timestamp, hash_, signature, uid = hashes.fig5(case["text"])
    return {
        "txtype": txtype,
        "timestamp": timestamp,
        "hash": hash_.hex(),
        "signature": signature.hex(),
        "uid": uid.hex(),
    }


# Contract


@operation("action")
def _(case):
    txtype, arguments = records.action(field(case, "encoding"))
    role = records.ACTIONS[txtype][1]
    return {"txtype": txtype, "role": role, "arguments": [argument.hex() for argument in arguments]}


@operation("state value")
def _(case):
    return {"fields": [value.hex() for value in records.VALUES[case["kind"]](field(case, "encoding"))]}


@operation("answer")
def _(case):
    fields = records.answer(case["kind"], field(case, "encoding"))
    return {"fields": fields and [value.hex() for value in fields]}


def state_of(case):
    return records.State({entry["key"]: bytes.fromhex(entry["value"]) for entry in case["state"]})


def call_of(state, *parts):
    entries = [part for key, value in sorted(state.values.items()) for part in (key.encode(), value)]
    return hashes.sha256(*parts, *entries).hex()


@operation("contract")
def _(case):
    state, action = state_of(case), field(case, "action")
    certificate = identity.Certificate(field(case, "certificate"))
    response, writes = records.invoke(state, certificate, case["timestamp"], action)
    after = sorted({**state.values, **writes}.items())
    return {
        "call": call_of(state, certificate.der, action),
        "response": response.hex(),
        "reads": sorted(state.reads),
        "after": [{"key": key, "value": value.hex()} for key, value in after],
    }


@operation("query")
def _(case):
    state, question = state_of(case), field(case, "question")
    answer = records.ask(state, question)
    return {"call": call_of(state, question), "answer": answer.hex(), "reads": sorted(state.reads)}


# Identity


@operation("sign")
def _(case):
    verifying_key, signature = identity.sign(field(case, "d", 32), field(case, "message"))
    return {"verifying_key": verifying_key.hex(), "signature": signature.hex()}


@operation("verify")
def _(case):
    verifying_key, message = identity.read_key(field(case, "verifying_key", 65)), field(case, "message")
    identity.verify(verifying_key, message, identity.read_signature(field(case, "signature", 64)))
    return {"digest": sha256(message).hexdigest()}


@operation("certificate")
def _(case):
    msp = identity.Msp(identity.Certificate(field(case, "root")))
    if case["revocations"] is not None:
        msp.revoke(identity.revocations(field(case, "revocations")))
    certificate = identity.Certificate(field(case, "certificate"))
    msp.validate_at(certificate, case["now"])
    return {
        "organisation": certificate.organisation,
        "role": certificate.role,
        "id": certificate.id.hex(),
        "serial": certificate.serial.hex(),
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "verifying_key": certificate.point.hex(),
        "sealing_key": certificate.sealing_key.hex() if certificate.sealing_key else None,
        "fingerprint": certificate.fingerprint.hex(),
    }


@operation("revocations")
def _(case):
    msp = identity.Msp(identity.Certificate(field(case, "root")))
    for encoding in case["lists"]:
        revocations = identity.revocations(bytes.fromhex(encoding))
        msp.revoke(revocations)
    authority, number, serials, _ = revocations
    return {"authority": authority.hex(), "number": number, "serials": [serial.hex() for serial in serials]}


@operation("sealed message")
def _(case):
    secret = scheme.clamped(field(case, "key"))
    sealed = whole(field(case, "sealed"), "sealed message", identity.read_sealed)
    public, plaintext = identity.open_sealed(secret, field(case, "info"), field(case, "aad"), sealed)
    return {"public_key": public.hex(), "plaintext": plaintext.hex()}


@operation("signed message")
def _(case):
    if case["kind"] not in messages.CONTENT:
        raise Malformed("unknown kind")
    root = field(case, "root")
    fields, member = messages.signed(
        case["kind"], field(case, "encoding"), lambda: identity.Msp(identity.Certificate(root)), case["now"]
    )
    fields = fields.fields() if case["kind"] == "grant" else fields
    return {"fields": [value.hex() for value in fields], "member": member.id.hex(), "role": member.role}


@operation("credentials")
def _(case):
    encoding = field(case, "encoding")
    uid, ids = identity.credentials(encoding)
    return {"uid": uid.hex(), "ids": [i.hex() for i in ids], "sha256": sha256(encoding).hexdigest()}


@operation("institution")
def _(case):
    encoding = field(case, "encoding")
    certificate = identity.institution(encoding, lambda s: scheme.clamped(s).public_key().public_bytes_raw())
    return {
        "id": certificate.id.hex(),
        "verifying_key": certificate.point.hex(),
        "sealing_key": certificate.sealing_key.hex(),
        "sha256": sha256(encoding).hexdigest(),
    }


@operation("sealed code")
def _(case):
    secret, root = scheme.clamped(field(case, "key")), identity.Certificate(field(case, "root"))
    recipient, code = identity.open_code(secret, field(case, "ticket", 16), root, field(case, "encoding"))
    return {"recipient": recipient.hex(), "code": code}


@operation("enrolment")
def _(case):
    if case["kind"] not in ("person", "institution"):
        raise Malformed("unknown kind")
    raw, root = field(case, "key", 32), identity.Certificate(field(case, "root"))
    ids, stored = identity.open_enrolment(
        case["kind"], scheme.clamped(raw), raw, field(case, "ticket", 16), root, field(case, "encoding")
    )
    return {"ids": [i.hex() for i in ids], "sha256": sha256(stored).hexdigest()}


# Ledger


@operation("policy")
def _(case):
    policy = whole(field(case, "encoding"), "policy", ledger.read_policy)
    signers = [(field(signer, "id", 32), signer["organisation"]) for signer in case["signers"]]
    return {
        "text": ledger.policy_text(policy),
        "satisfied": ledger.satisfied(policy, signers),
        "ids": sorted({identifier.hex() for identifier, _ in signers}),
    }


@operation("ledger encoding")
def _(case):
    what, read = ledger.FORMATS[case["kind"]]
    value = whole(field(case, "encoding"), what, read)
    return {"sha256": sha256(value.encoding).hexdigest()}


def entries(updates):
    return [
        {"key": key, "block": block, "tx": tx, "value": value.hex()}
        for key, ((block, tx), value) in sorted(updates.items())
    ]


@operation("chain")
def _(case):
    chain, verdicts = ledger.Chain(), []
    for encoding in case["blocks"]:
        codes = chain.commit(whole(bytes.fromhex(encoding), "block", ledger.Block))
        verdicts.append({
            "codes": [ledger.show(code) for code in codes],
            "header_hash": chain.tip.hex(),
            "commit_hash": chain.commit_hash.hex(),
        })
    txids = [
        {"txid": txid.hex(), "block": block, "tx": tx, "code": code}
        for txid, ((block, tx), code) in sorted(chain.txids.items())
    ]
    return {"verdicts": verdicts, "state": entries(chain.state), "txids": txids}


@operation("transaction")
def _(case):
    chain = ledger.Chain()
    for encoding in case["chain"]:
        chain.commit(whole(bytes.fromhex(encoding), "block", ledger.Block))
    codes, updates, _ = chain.judge(chain.height, [bytes.fromhex(envelope) for envelope in case["envelopes"]])
    for code in codes:
        if code:
            raise Refused(ledger.show(code))
    return {"updates": entries(updates)}


# The flow


@operation("seal identifier")
def _(case):
    sealed = flow.seal_identifier(field(case, "sk", 32), field(case, "record", 32), field(case, "id", 32))
    return {"sealed": sealed.hex()}


@operation("sealed identifier")
def _(case):
    sealed = flow.read_sealed_identifier(field(case, "sealed"))
    return {"id": flow.open_identifier(field(case, "sk", 32), field(case, "record", 32), sealed).hex()}


def fields_of(case, **sizes):
    return {name: field(case, name, size) for name, size in sizes.items()}


def maybe(case, name, size=None):
    return None if case[name] is None else field(case, name, size)


def alarm_of(case):
    return fields_of(case["alarm"], record=32, nonce=24, certificate=None, commitment=32)


@operation("alarm")
def _(case):
    hospital = identity.Certificate(field(case, "hospital"))
    k_s, sk, a = field(case, "k_s", 32), maybe(case, "sk", 32), maybe(case, "a")
    if (sk is None) == (a is None):
        raise Malformed("sk and a, or none of them")
    note, envelope = field(case, "note"), field(case, "envelope")
    _, y, content = flow.check_alarm(k_s, sk, a, hospital, alarm_of(case), note, envelope)
    return {"hospital": hospital.fingerprint.hex(), "Y": y.hex(), "plaintext": content.hex()}


@operation("flow")
def _(case):
    _, _, sk_a = shake_hands(case["with_a"])
    hospital = identity.Certificate(field(case["with_a"], "name_R"))
    names = ("note", "envelope", "sealed_identifier", "upload", "grant", "fetch")
    fields = fields_of(case, k_s=32, b_key=32, **dict.fromkeys(names))
    clouds = [fields_of(cloud, id=32, key=32, delivery=None, body=None) for cloud in case["clouds"]]
    blocks = [bytes.fromhex(block) for block in case["blocks"]]
    return flow.flow(sk_a, maybe(case, "a"), hospital, blocks, case["now"], clouds, alarm_of(case), fields)


@operation("delivery")
def _(case):
    msp = identity.Msp(*(identity.Certificate(bytes.fromhex(root)) for root in case["roots"]))
    record, share = flow.record(field(case, "record")), records.share(field(case, "share"))
    grant = whole(field(case, "grant"), "grant", messages.read_grant)
    delivery = messages.read_signed("re-encrypted record", field(case, "delivery"))
    j, note = flow.check_delivery(msp, share, record, grant, delivery)
    delta_, capsule_ = flow.delta_j(grant, j), note.header[44:]
    after = capsule_[:48] + delivery.content.c_prime
    names = ("record", "share", "grant", "delivery")
    return {
        "call": hashes.sha256(*(field(case, name) for name in names)).hex(),
        "index": j,
        "delta_j": gt_hex(delta_),
        "author": flow.author(note, record).hex(),
        "statement": proofs.Statement(delta_, [capsule_], [after], grant.request).digest.hex(),
    }


@operation("deliveries")
def _(case):
    chain = ledger.Chain()
    for block in case["blocks"]:
        flow.commit(chain, bytes.fromhex(block))
    grant = whole(field(case, "grant"), "grant", messages.read_grant)
    encodings = [bytes.fromhex(delivery) for delivery in case["deliveries"]]
    _, indices = flow.verify_deliveries(chain, grant, encodings)
    return {
        "request": grant.request.hex(),
        "indices": indices,
        "digest": flow.deliveries_digest(encodings).hex(),
    }


@operation("rotation")
def _(case):
    msp = identity.Msp(*(identity.Certificate(bytes.fromhex(root)) for root in case["roots"]))
    names = ("record", "stored", "rotation", "answer", "new")
    sizes = {"cloud": 32, "cloud_key": 32, **dict.fromkeys(names)}
    return flow.rotate(msp, case["now"], fields_of(case, **sizes))


@operation("shard of a name")
def _(case):
    if not 0 < case["of"] < 2**32:
        raise Malformed("of is not in 1 to 2^32 - 1")
    digest = hashes.shard_digest(field(case, "name"))
    return {"digest": digest.hex(), "shard": int.from_bytes(digest[:8], "big") % case["of"]}


@operation("shard")
def _(case):
    index, of = hashes.shard(case["text"])
    return {"index": index, "of": of}


# Schemes to compare with


OPERATIONS["scheme"] = schemes.walk
OPERATIONS["scheme read"] = schemes.read
OPERATIONS["scheme re-encrypt"] = schemes.reencrypt
OPERATIONS["scheme open"] = schemes.open_
