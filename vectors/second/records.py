"""The contract: README.md, "Contract"."""

from . import errors
from .errors import Refused
from .wire import Reader, u8, u64, whole

ACTIONS = {
    0: ("medical-record", "hospital", ("pseudonym", "record commitment")),
    1: ("medical-record-confirmation", "user", ("txid", "pseudonym", "record commitment", "member identifier")),
    2: ("share-request", "user", ("txid", "member identifier", "digest")),
    3: ("share-complete", "hospital", ("txid",)),
}


def action(encoding):
    def read(reader):
        txtype = reader.integer("txtype", 2)
        if txtype not in ACTIONS:
            raise errors.unknown("txtype", txtype)
        return txtype, [reader.raw(what, 32) for what in ACTIONS[txtype][2]]

    return whole(encoding, "action", read)


def confirmed(what):
    def read(reader):
        fields = [reader.raw(name, 32) for name in ("pseudonym", "record commitment", "member identifier")]
        return [*fields, reader.raw("timestamp", 8)]

    return lambda encoding: whole(encoding, what, read)


def share(encoding):
    def read(reader):
        fields = [reader.raw(name, 32) for name in ("txid", "member identifier", "digest")]
        fields.append(reader.raw("time of the request", 8))
        completed = reader.u8("completed")
        if completed > 1:
            raise errors.unknown("completed", completed)
        return [*fields, reader.raw("time of the completion", 8)] if completed else fields

    return whole(encoding, "share", read)


def txid(encoding):
    return whole(encoding, "txid", lambda reader: reader.raw("txid", 32))


VALUES = {"record": confirmed("record"), "confirmation": confirmed("confirmation"), "share": share}


def invoke(state, role, creator, own, time, encoding):
    """Response, keys read, and the writes."""
    reads, writes = set(), {}

    def get(key, read):
        reads.add(key)
        if key not in state:
            return None
        try:
            return read(state[key])
        except Refused as refusal:
            raise Refused(f"state: {refusal}") from None

    def put(key, value):
        writes[key] = value
        return value

    def must(condition, otherwise):
        if not condition:
            raise Refused(otherwise)

    try:
        txtype, arguments = action(encoding)
    except Refused as refusal:
        raise Refused(f"action: {refusal}") from None
    name, allowed, _ = ACTIONS[txtype]
    must(role == allowed, f"{name} is not for a {role}")
    exists, holder = "it exists already", "the creator does not hold the identifier"
    if txtype == 0:
        identifier, commitment = arguments
        key = f"record/{own.hex()}"
        must(get(key, VALUES["record"]) is None, exists)
        found = get(f"confirmation/{own.hex()}/{identifier.hex()}", VALUES["confirmation"])
        must(found, "the record is not confirmed")
        must(found[:2] == [identifier, commitment], "record and confirmation do not match")
        must(found[2] == creator, "the confirmation is for another hospital")
        claim = f"commitment/{commitment.hex()}"
        must(get(claim, txid) is None, "the commitment stands for another record")
        put(claim, own)
        response = put(key, identifier + commitment + creator + u64(time))
    elif txtype == 1:
        record, identifier, commitment, hospital = arguments
        must(creator == identifier, holder)
        key = f"confirmation/{record.hex()}/{identifier.hex()}"
        must(get(key, VALUES["confirmation"]) is None, exists)
        response = put(key, identifier + commitment + hospital + u64(time))
    elif txtype == 2:
        record, recipient, grant = arguments
        found = get(f"record/{record.hex()}", VALUES["record"])
        must(found, "there is no such record")
        must(creator == found[0], holder)
        must(recipient != found[2], "the recipient is the record's own hospital")
        must(get(f"share/{own.hex()}", share) is None, exists)
        latest_key = f"latest/{record.hex()}/{recipient.hex()}"
        get(latest_key, txid)
        put(latest_key, own)
        response = put(f"share/{own.hex()}", record + recipient + grant + u64(time) + u8(0))
    else:
        (request,) = arguments
        key = f"share/{request.hex()}"
        found = get(key, share)
        must(found, "there is no such request")
        must(creator == found[1], "the creator is not the recipient")
        must(len(found) == 4, "the request is completed already")
        latest = get(f"latest/{found[0].hex()}/{found[1].hex()}", txid)
        must(latest == request, "a newer request for this record and recipient has taken its place")
        response = put(key, b"".join(found) + u8(1) + u64(time))
    return response, sorted(reads), writes
