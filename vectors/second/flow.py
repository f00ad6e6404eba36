"""The sealed identifier, the alarm, and the flow of Figures 3 and 4: README.md, "The whole flow"."""

import re
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import groups, hashes, identity, ledger, messages, named, proofs, records, scheme, threshold, tower
from .errors import Malformed, Refused
from .wire import u32, whole

CANNOT_OPEN = "the sealed identifier cannot be opened"


def identifier_key(sk, record):
    return AESGCM(hashes.hkdf(sk, record, "phi-pre/1/sealed-identifier", [], 32))


def seal_identifier(sk, record, identifier):
    return identifier_key(sk, record).encrypt(bytes(12), identifier, b"")


def read_sealed_identifier(encoding):
    return whole(encoding, "sealed identifier", lambda reader: reader.raw("sealed identifier", 48))


def open_identifier(sk, record, sealed):
    try:
        return identifier_key(sk, record).decrypt(bytes(12), sealed, b"")
    except InvalidTag:
        raise Refused(CANNOT_OPEN) from None


def fault(who, how):
    return Refused(f"{who.hex()} is at fault: {how}")


BAD_SIGNATURE = "bad signature"
GRANT = "the grant lacks the note about this record"
RE_KEY = "the key for the cloud is not the key of its public value"
RECIPIENT_KEY = "the granted k'_e is not the key of Δ·Y"
DELIVERY = "the signed delivery lacks the note about this record"
PROOF = "the proof of re-encryption that was signed does not hold"
BODY = "the body is not the one that the note announces"
NOTE = "the signed note does not describe the envelope, or is not the only one"
RECORD = "the envelope does not hold the record on the ledger"


# The ledger


def commit(chain, encoding):
    block = whole(encoding, "block", ledger.Block)
    for code in chain.commit(block):
        if code:
            raise Refused(f"block {block.number}: {ledger.show(code)}")


def value(chain, key, read):
    return read(chain.state[key][1]) if key in chain.state else None


class Record(NamedTuple):
    id: bytes
    commitment: bytes
    hospital: bytes
    timestamp: bytes


def record(encoding):
    return Record(*records.VALUES["record"](encoding))


def record_of(chain, identifier):
    found = value(chain, f"record/{identifier.hex()}", record)
    if found is None:
        raise Refused(f"record {identifier.hex()} does not stand on the ledger")
    return found


def share_of(chain, request):
    share = value(chain, f"share/{request.hex()}", records.share)
    if share is None:
        raise Refused(f"share request {request.hex()} does not stand on the ledger")
    return share


def open_share(chain, request, now):
    share = share_of(chain, request)
    if share.status[0] == records.WITHDRAWN:
        raise Refused(f"request {request.hex()} is withdrawn")
    latest = value(chain, f"latest/{share.record.hex()}/{share.recipient.hex()}", records.request_identifier)
    if share.status[0] == records.COMPLETED or latest != request:
        raise Refused(f"request {request.hex()} is completed or was replaced")
    if records.has_ended(share.until, now):
        raise Refused(f"request {request.hex()} has ended")
    return share


def same_digests(share, grant):
    if (share.delta, share.grant) != (grant.delta(), grant.digest()):
        raise Refused("the grant is not the one that stands on the ledger")


def party(named, found):
    if not named:
        raise Refused(f"{found.hex()} is not the participant that the ledger names")


# The scheme


def public_values(grant):
    return whole(grant.public, "public values of a shared key", threshold.read_public)


def delta_of(grant):
    """Δ. None for 1."""
    t, n, v = public_values(grant)
    delta = tower.power(v[0], threshold.scale(t, n))
    return None if delta == tower.ONE else delta


def index_of(grant, cloud):
    for j, (other, _) in enumerate(grant.shares, 1):
        if other == cloud:
            return j
    party(False, cloud)


def delta_j(grant, j):
    _, n, v = public_values(grant)
    return threshold.of_share(n, v, j)


def opened(header, body, k_e):
    """Commitment and content of the record."""
    suite, com, z, c = scheme.header(header)
    salt, content = scheme.open_body(header + body, suite, com, z, scheme.decapsulate(k_e, z, c))
    return hashes.commitment(salt, content)[1], content


def with_capsule(header, z, c):
    return header[:44] + scheme.write_capsule(z, c)


# Figure 3


def first_keys(k_s, sk, a, record):
    """k_e and Y under which the hospital encrypts the record."""
    if a is None:
        _, k_d = scheme.derive(sk, k_s, "record", record)
        return scheme.k_e(k_d), groups.write_t6(scheme.public_key(k_d))
    k_e = groups.power_g(named.element(k_s, "record", record), named.secret(a))
    return k_e, groups.write_t6(pairing_g1(groups.write_g2(k_e)))


def check_alarm(k_s, sk, a, hospital, alarm, note, envelope):
    """The identifier, Y and the content of the record."""
    own = identity.Certificate(alarm["certificate"])
    note = messages.read_signed("upload", note)

    def name(certificate):
        return certificate.organisation, certificate.role, certificate.id, certificate.point

    identifier = alarm["record"]
    its_own = name(own) == name(note.certificate) == name(hospital)
    party(its_own and records.identifier_of(alarm["nonce"], own) == identifier, hospital.id)
    note.verify(hospital.key)
    scheme.header(envelope[:284])
    k_e, y = first_keys(k_s, sk, a, identifier)
    commitment, content = opened(envelope[:284], envelope[284:], k_e)
    if commitment != alarm["commitment"]:
        raise Refused("the record does not match its commitment")
    described = messages.Upload(identifier, u32(0), envelope[:284], hashes.sha256(envelope[284:]), y)
    if note.content != described:
        raise fault(hospital.id, NOTE)
    return identifier, y, content


def accept(chain, encoding, body, now):
    upload = messages.read_signed("upload", encoding)
    sender = chain.msp.validate_at(upload.certificate, now // 1000)
    upload.verify(sender.key)
    party(sender.role == "hospital", sender.id)
    noted = upload.content
    party(record_of(chain, noted.record).hospital == sender.id and noted.epoch == u32(0), sender.id)
    if hashes.sha256(body) != noted.body:
        raise Refused(f"upload announced as {noted.body.hex()} has digest {hashes.sha256(body).hex()}")
    return upload


# Figure 4


def unseal(key, info, request, encoding):
    sealed = whole(encoding, "sealed message", identity.read_sealed)
    return identity.open_sealed(scheme.clamped(key), info, request, sealed)[1]


def other_epoch(note, asked):
    stored, asked = (int.from_bytes(epoch, "big") for epoch in (note.epoch, asked))
    return Refused(f"the stored record has epoch {stored}, which does not fit epoch {asked}")


def author(note, record):
    return record.hospital if note.epoch == u32(0) else record.id


def written_by(msp, note, record):
    """Whether the author of a note has signed it."""
    by = author(note.content, record)
    try:
        signer = msp.validate(note.certificate)
        note.verify(signer.key)
    except Refused as refusal:
        if str(refusal) not in (BAD_SIGNATURE, identity.UNKNOWN_ISSUER):
            raise
        return False
    return signer.id == by


def check_granted_note(msp, share, record, grant):
    note = messages.read_signed("upload", grant.note)
    if not written_by(msp, note, record) or note.content.record != share.record:
        raise fault(record.id, GRANT)
    return note.content


def reencrypt(chain, grant, upload, cloud, now):
    share = open_share(chain, grant.request, now)
    same_digests(share, grant)
    record = record_of(chain, share.record)
    granted = check_granted_note(chain.msp, share, record, grant)
    j = index_of(grant, cloud["id"])
    delta = delta_j(grant, j)
    k_j = groups.read_g2(unseal(cloud["key"], b"phi-pre/1/grant/k_re", grant.request, grant.shares[j - 1][1]))
    if pairing_g1(groups.write_g2(k_j)) != delta:
        raise fault(record.id, RE_KEY)
    note, sender = upload.content, upload.certificate.id
    party(note.record == share.record and sender == author(note, record), sender)
    if note.epoch != granted.epoch:
        raise other_epoch(note, granted.epoch)
    if note != granted:
        raise fault(author(note, record), NOTE)
    _, _, z, c = scheme.header(note.header)
    d = pairing(groups.write_g1(z), groups.write_g2(k_j))
    return {
        "index": j,
        "k_j": groups.write_g2(k_j).hex(),
        "delta_j": groups.write_t6(delta).hex(),
        "C_prime_j": groups.write_t6(tower.mul(c, d)).hex(),
        "D_j": groups.write_t6(d).hex(),
        "delivered": hashes.sha256(cloud["delivery"], cloud["body"]).hex(),
    }


@lru_cache(maxsize=None)
def pairing(z, k):
    """Cases share keys and capsules, and a pairing takes most of the time."""
    return groups.pairing(groups.read_g1(z), groups.read_g2(k))


def pairing_g1(k):
    return pairing(groups.write_g1(groups.G1), k)


@lru_cache(maxsize=None)
def proof_holds(delta, capsule, c_prime, request, proof):
    delta = groups.read_t6(delta)
    statement = proofs.Statement(delta, [capsule], [capsule[:48] + c_prime], request)
    try:
        proofs.verify(statement, *whole(proof, "proof of re-encryption", proofs.read_proof))
    except Refused:
        return False
    return True


def check_delivery(msp, share, record, grant, delivery):
    signer = msp.validate(delivery.certificate)
    delivery.verify(signer.key)
    party(signer.role == "cloud", signer.id)
    j = index_of(grant, signer.id)
    content = delivery.content
    if content.request != grant.request:
        raise Refused(f"the record is not re-encrypted for request {grant.request.hex()} yet")
    upload = messages.read_signed("upload", content.upload)
    note, granted = upload.content, messages.read_signed("upload", grant.note).content
    if not written_by(msp, upload, record) or (note.record, note.epoch) != (share.record, granted.epoch):
        raise fault(signer.id, DELIVERY)
    if note != granted:
        raise fault(author(note, record), NOTE)
    delta = groups.write_t6(delta_j(grant, j))
    if not proof_holds(delta, note.header[44:], content.c_prime, grant.request, content.proof):
        raise fault(signer.id, PROOF)
    return j, note


def read_k_e_prime(reader):
    return groups.read_g2(reader.raw("k'_e", 96)), reader.text("record name", 4096)


def usable(name):
    """A relative path that stays below a folder, in Rust's `Path::components`."""
    parts = name.split("/")
    return name != "" and parts[0] not in ("", ".") and ".." not in parts


def debug(name):
    """Rust's debug form of a text without characters that it escapes."""
    if not re.fullmatch(r"[ !#-\[\]-~]*", name):
        raise Malformed("a name with characters that are escaped")
    return f'"{name}"'


def too_few(needed, delivered, refused):
    if len(refused) == 1 and needed == 1:
        return refused[0][1]
    reasons = "".join(f"; {cloud.hex()}: {why}" for cloud, why in refused)
    return Refused(f"{delivered} of {needed} clouds delivered the record{reasons}")


def receive(chain, grant, clouds, fetch, b_key, now):
    fetch = messages.read_signed("fetch", fetch)
    share, own = open_share(chain, grant.request, now), fetch.certificate.id
    party(share.recipient == own, own)
    same_digests(share, grant)
    record = record_of(chain, share.record)
    note = check_granted_note(chain.msp, share, record, grant)
    plain = unseal(b_key, b"phi-pre/1/grant/k'_e", grant.request, grant.k_e_prime)
    k_e_prime, name = whole(plain, "sealed k'_e", read_k_e_prime)
    if not usable(name):
        raise Refused(f"unusable record name {debug(name)}")

    def deliver(cloud):
        reader = chain.msp.validate_at(fetch.certificate, now // 1000)
        fetch.verify(reader.key)
        party(reader.role == "hospital", reader.id)
        (request,) = fetch.content
        party(open_share(chain, request, now).recipient == reader.id, reader.id)
        if cloud["message"].content.request != request:
            raise Refused(f"the record is not re-encrypted for request {request.hex()} yet")
        return check_delivery(chain.msp, share, record, grant, cloud["message"])

    t, n, _ = public_values(grant)
    found, refused, asked = {}, [], 0
    for cloud in clouds:
        if len(found) == t:
            break
        asked += 1
        try:
            found.setdefault(deliver(cloud)[0], cloud)
        except Refused as refusal:
            refused.append((cloud["id"], refusal))
    if len(found) != t:
        raise too_few(t, len(found), refused)
    if asked != len(clouds):
        raise Malformed("a cloud that hospital B does not ask")

    by = author(note, record)
    delta = delta_of(grant)
    y = whole(note.public_key, "public key", scheme.read_public_key)
    if delta is None or pairing_g1(groups.write_g2(k_e_prime)) != tower.mul(delta, y):
        raise fault(record.id, RECIPIENT_KEY)
    suite, com, z, c = scheme.header(note.header)
    partials = [
        (j, z, tower.mul(groups.read_t6(cloud["message"].content.c_prime), tower.conjugate(c)))
        for j, cloud in found.items()
    ]
    again = with_capsule(note.header, *threshold.combine(t, n, (z, c), partials))
    m = tower.mul(scheme.header(again)[3], tower.conjugate(pairing(groups.write_g1(z), groups.write_g2(k_e_prime))))
    if scheme.content(m, z, suite)[1] != com:
        raise fault(by, RECORD)
    content = None
    for cloud in found.values():
        try:
            salt, content = scheme.open_body(again + cloud["body"], suite, com, z, m)
            if hashes.commitment(salt, content)[1] == record.commitment:
                break
        except Refused:
            pass
        content = None
        if hashes.sha256(cloud["body"]) == note.body:
            raise fault(by, RECORD)
        refused.append((cloud["id"], fault(cloud["id"], BODY)))
    if content is None:
        raise too_few(t, len(found), refused)
    deliveries = [cloud["delivery"] for cloud in found.values()]
    return k_e_prime, name, partials, again, content, deliveries, refused


def deliveries_digest(encodings):
    return hashes.tagged("phi-pre/1/deliveries", *encodings)


def verify_deliveries(chain, grant, encodings):
    """The share request and the indices."""
    read = [messages.read_signed("re-encrypted record", encoding) for encoding in encodings]
    share = share_of(chain, grant.request)
    same_digests(share, grant)
    named = share.status[0] == records.COMPLETED and share.status[9:] == deliveries_digest(encodings)
    record = record_of(chain, share.record)
    check_granted_note(chain.msp, share, record, grant)
    indices = sorted({check_delivery(chain.msp, share, record, grant, delivery)[0] for delivery in read})
    if not named or len(indices) < public_values(grant)[0]:
        raise Refused("the deliveries are not the ones that stand on the ledger")
    return share, indices


def flow(sk_a, a, hospital, blocks, now, clouds, alarm, case):
    chain = ledger.Chain()
    for block in blocks[:-1]:
        commit(chain, block)

    record, y, checked = check_alarm(case["k_s"], sk_a, a, hospital, alarm, case["note"], case["envelope"])
    identifier = open_identifier(sk_a, record, read_sealed_identifier(case["sealed_identifier"]))
    if identifier != record_of(chain, record).id:
        raise Refused(CANNOT_OPEN)
    upload = accept(chain, case["upload"], case["envelope"][284:], now)

    grant = whole(case["grant"], "grant", messages.read_grant)
    for cloud in clouds:
        scheme.clamped(cloud["key"])
        cloud["message"] = messages.read_signed("re-encrypted record", cloud["delivery"])
    acted = [reencrypt(chain, grant, upload, cloud, now) for cloud in clouds]
    received = receive(chain, grant, clouds, case["fetch"], case["b_key"], now)
    k_e_prime, name, partials, again, content, deliveries, refused = received
    if content != checked:
        raise Malformed("two records")

    commit(chain, blocks[-1])
    share, _ = verify_deliveries(chain, grant, deliveries)
    return {
        "sk_a": sk_a.hex(),
        "record": record.hex(),
        "Y": y.hex(),
        "id": identifier.hex(),
        "request": grant.request.hex(),
        "delta": groups.write_t6(delta_of(grant)).hex(),
        "delta_digest": grant.delta().hex(),
        "grant_digest": grant.digest().hex(),
        "clouds": acted,
        "refused": [{"cloud": cloud.hex(), "why": str(why)} for cloud, why in refused],
        "k_e_prime": groups.write_g2(k_e_prime).hex(),
        "name": name,
        "partials": [(bytes([j]) + scheme.write_capsule(z, d)).hex() for j, z, d in partials],
        "again": again.hex(),
        "plaintext": content.hex(),
        "deliveries": deliveries_digest(deliveries).hex(),
        "share": b"".join(share).hex(),
        "commit_hash": chain.commit_hash.hex(),
    }


# The rotation of a key


def rotate(msp, now, case):
    kinds = {"stored": "upload", "rotation": "rotation", "answer": "rotated record", "new": "upload"}
    known = record(case["record"])
    stored, rotation, answer, new = (messages.read_signed(kind, case[name]) for name, kind in kinds.items())

    def verified(message, at=None):
        member = msp.validate(message.certificate) if at is None else msp.validate_at(message.certificate, at)
        message.verify(member.key)
        return member.id

    def follows(epoch):
        if int.from_bytes(note.epoch, "big") + 1 != int.from_bytes(epoch, "big"):
            raise other_epoch(note, epoch)

    note, asked = stored.content, rotation.content
    sender = verified(rotation, now)
    party(sender == known.id, sender)
    signer = verified(stored)
    party(note.record == asked.record and signer == author(note, known), signer)
    follows(asked.epoch)
    context = asked.record + asked.epoch
    u = groups.read_g2(unseal(case["cloud_key"], b"phi-pre/1/rotation/u", context, asked.update))
    delta = groups.read_t6(asked.delta)
    if pairing_g1(groups.write_g2(u)) != delta:
        raise fault(sender, RE_KEY)
    capsule = note.header[44:]
    _, c = scheme.reencrypt(u, *scheme.capsule(capsule))

    cloud, answered = verified(answer), answer.content
    party(cloud == case["cloud"], cloud)
    holds = proof_holds(asked.delta, capsule, answered.c, context, answered.proof)
    if not holds or (answered.record, answered.epoch) != (asked.record, asked.epoch):
        raise fault(cloud, PROOF)
    y = groups.write_t6(tower.mul(delta, groups.read_t6(note.public_key)))
    header = note.header[:92] + answered.c

    if new.content.record != asked.record:
        raise Malformed("a new note of another record")
    sender = verified(new, now)
    party(new.content.epoch != u32(0) and sender == known.id, sender)
    follows(new.content.epoch)
    if (new.content.header[:92], new.content.body) != (note.header[:92], note.body):
        raise Refused(f"cloud store: records/{new.content.record.hex()} exists already")
    return {
        "record": hashes.sha256(case["record"]).hex(),
        "context": context.hex(),
        "u": groups.write_g2(u).hex(),
        "C": groups.write_t6(c).hex(),
        "Y": y.hex(),
        "upload": b"".join((note.record, asked.epoch, header, note.body, y)).hex(),
    }
