"""The sealed identifier, and the flow of Figures 3 and 4: README.md, "The whole flow"."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import errors, groups, hashes, identity, ledger, records, scheme
from .errors import Malformed, Refused
from .wire import whole

FIELDS = ("k_s", "envelope", "sealed_identifier", "upload", "grant", "fetch", "cloud_key", "b_key")
CANNOT_OPEN = "the sealed identifier cannot be opened"


def identifier_key(sk, txid):
    return AESGCM(hashes.hkdf(sk, txid, "phi-pre/1/sealed-identifier", [], 32))


def seal_identifier(sk, txid, identifier):
    return identifier_key(sk, txid).encrypt(bytes(12), identifier, b"")


def read_sealed_identifier(encoding):
    return whole(encoding, "sealed identifier", lambda reader: reader.raw("sealed identifier", 48))


def open_identifier(sk, txid, sealed):
    try:
        return identifier_key(sk, txid).decrypt(bytes(12), sealed, b"")
    except InvalidTag:
        raise Refused(CANNOT_OPEN) from None


def commit(chain, encoding):
    block = whole(encoding, "block", ledger.Block)
    for code in chain.commit(block):
        if code:
            raise Refused(f"block {block.number}: {ledger.show(code)}")


def value(chain, key, read):
    return read(chain.state[key][1]) if key in chain.state else None


def record_of(chain, txid):
    found = value(chain, f"record/{txid.hex()}", records.VALUES["record"])
    if found is None:
        raise Refused(f"record {txid.hex()} does not stand on the ledger")
    return found


def open_share(chain, txid):
    share = value(chain, f"share/{txid.hex()}", records.share)
    if share is None:
        raise Refused(f"share request {txid.hex()} does not stand on the ledger")
    latest = value(chain, f"latest/{share[0].hex()}/{share[1].hex()}", records.txid)
    if len(share) > 4 or latest != txid:
        raise Refused(f"request {txid.hex()} is completed or was replaced")
    return share


def party(found, named):
    if found != named:
        raise Refused(f"{found.hex()} is not the participant that the ledger names")


def signed(chain, kind, encoding, now):
    return identity.signed(kind, encoding, lambda: chain.msp, now)


def opened(envelope, k_e, expected):
    suite, com, z, c = scheme.header(envelope[:284])
    salt, record = scheme.open_body(envelope, suite, com, z, scheme.decapsulate(k_e, z, c))
    if hashes.commitment(salt, record)[1] != expected:
        raise Refused("the record does not match its commitment")
    return record


def read_k_e_prime(reader):
    return groups.read_g2(reader.raw("k'_e", 96)), reader.text("record name", 4096)


def flow(sk_a, sk_b, blocks, now, case):
    chain = ledger.Chain()
    for block in blocks[:-1]:
        commit(chain, block)

    (txid, *announced), sender = signed(chain, "upload", case["upload"], now)
    committed = record_of(chain, txid)
    party(sender.id, committed[2])
    envelope = case["envelope"]
    _, _, z, c = scheme.header(envelope[:284])
    for digest, part in zip(announced, (envelope[:284], envelope)):
        if hashes.sha256(part) != digest:
            raise Refused(f"upload announced as {digest.hex()} has digest {hashes.sha256(part).hex()}")
    _, k_d = scheme.derive(sk_a, case["k_s"], "record", txid)
    record = opened(envelope, scheme.k_e(k_d), committed[1])
    identifier = open_identifier(sk_a, txid, read_sealed_identifier(case["sealed_identifier"]))
    if identifier != committed[0]:
        raise Refused(CANNOT_OPEN)

    (request, *sealed, digest), _ = whole(case["grant"], "grant", identity.read_grant)
    share = open_share(chain, request)
    if share[2] != digest:
        raise Refused("the grant is not the one that stands on the ledger")

    def unseal(key, info, message):
        message = whole(message, "sealed message", identity.read_sealed)
        return identity.open_sealed(scheme.clamped(key), info, request, message)[1]

    k_re = groups.read_g2(unseal(case["cloud_key"], b"phi-pre/1/grant/k_re", sealed[0]))
    again = envelope[:44] + scheme.write_capsule(*scheme.reencrypt(k_re, z, c))

    (asked,), reader = signed(chain, "fetch", case["fetch"], now)
    party(reader.id, open_share(chain, asked)[1])
    plain = unseal(case["b_key"], b"phi-pre/1/grant/k'_e", sealed[1])
    k_e_prime, name = whole(plain, "sealed k'_e", read_k_e_prime)
    if opened(again + envelope[284:], k_e_prime, record_of(chain, share[0])[1]) != record:
        raise Malformed("two records")

    commit(chain, blocks[-1])
    share = chain.state[f"share/{request.hex()}"][1]
    if len(records.share(share)) != 5:
        raise Malformed("the last block does not complete the request")
    return {
        "sk_a": sk_a.hex(),
        "sk_b": sk_b.hex(),
        "record": txid.hex(),
        "id": identifier.hex(),
        "request": request.hex(),
        "k_re": groups.write_g2(k_re).hex(),
        "again": again.hex(),
        "k_e_prime": groups.write_g2(k_e_prime).hex(),
        "name": name,
        "plaintext": record.hex(),
        "share": share.hex(),
        "commit_hash": chain.commit_hash.hex(),
    }
