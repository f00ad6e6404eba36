"""The contract: README.md, "Contract"."""

from typing import NamedTuple

from . import errors, hashes
from .errors import Refused
from .wire import u8, u64, whole

def raw(what):
    return lambda reader: reader.raw(what, 32)


def end(reader):
    """The bytes of the end of a consent."""
    tag = reader.u8("end")
    if tag > 1:
        raise errors.unknown("end", tag)
    return u8(tag) + (reader.raw("time of the end", 8) if tag else b"")


def has_ended(until, time):
    return until[0] == 1 and time > int.from_bytes(until[1:], "big")


RECORD, REQUEST = raw("record identifier"), raw("request identifier")
ID, COMMITMENT = raw("pseudonym"), raw("record commitment")
MEMBER, DIGEST = raw("member identifier"), raw("digest")


def nonce(reader):
    return reader.raw("nonce", 24)


ACTIONS = {
    0: ("medical-record", "hospital", (nonce, ID, COMMITMENT)),
    1: ("medical-record-confirmation", "user", (RECORD, ID, COMMITMENT, MEMBER)),
    2: ("share-request", "user", (nonce, RECORD, MEMBER, DIGEST, DIGEST, end)),
    3: ("share-complete", "hospital", (REQUEST, DIGEST)),
    4: ("share-withdrawal", "user", (REQUEST,)),
}


def identifier_of(nonce_, certificate):
    """The identifier of a record or request."""
    return hashes.sha256(nonce_, certificate.der)


def action(encoding):
    def read(reader):
        txtype = reader.integer("txtype", 2)
        if txtype not in ACTIONS:
            raise errors.unknown("txtype", txtype)
        return txtype, [argument(reader) for argument in ACTIONS[txtype][2]]

    return whole(encoding, "action", read)


def read_record(reader):
    return [ID(reader), COMMITMENT(reader), MEMBER(reader), reader.raw("timestamp", 8)]


def confirmed(what):
    return lambda encoding: whole(encoding, what, read_record)


OPEN, COMPLETED, WITHDRAWN = 0, 1, 2


def status(reader):
    """The bytes of the status of a request."""
    tag = reader.u8("status of the request")
    if tag == OPEN:
        return u8(tag)
    if tag == COMPLETED:
        return u8(tag) + reader.raw("time of the completion", 8) + DIGEST(reader)
    if tag == WITHDRAWN:
        return u8(tag) + reader.raw("time of the withdrawal", 8)
    raise errors.unknown("status of the request", tag)


class Share(NamedTuple):
    """Each field as its bytes."""

    record: bytes
    recipient: bytes
    delta: bytes
    grant: bytes
    requested: bytes
    until: bytes
    status: bytes


def read_share(reader):
    digests = [field(reader) for field in (RECORD, MEMBER, DIGEST, DIGEST)]
    return Share(*digests, reader.raw("time of the request", 8), end(reader), status(reader))


def share(encoding):
    return whole(encoding, "share", read_share)


def record_identifier(encoding):
    return whole(encoding, "record identifier", RECORD)


def request_identifier(encoding):
    return whole(encoding, "request identifier", REQUEST)


VALUES = {"record": confirmed("record"), "confirmation": confirmed("confirmation"), "share": share}


class State:
    """A state that records which keys are read."""

    def __init__(self, values):
        self.values, self.reads = values, set()

    def get(self, key, read):
        self.reads.add(key)
        if key not in self.values:
            return None
        try:
            return read(self.values[key])
        except Refused as refusal:
            raise Refused(f"state: {refusal}") from None


def invoke(state, certificate, time, encoding):
    """The response and the writes."""
    get, writes, role, creator = state.get, {}, certificate.role, certificate.id

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
    ended = "the consent has ended"
    if txtype == 0:
        nonce_, identifier, commitment = arguments
        own = identifier_of(nonce_, certificate)
        key = f"record/{own.hex()}"
        must(get(key, VALUES["record"]) is None, exists)
        found = get(f"confirmation/{own.hex()}/{identifier.hex()}", VALUES["confirmation"])
        must(found, "the record is not confirmed")
        must(found[:2] == [identifier, commitment], "record and confirmation do not match")
        must(found[2] == creator, "the confirmation is for another hospital")
        claim = f"commitment/{commitment.hex()}"
        must(get(claim, record_identifier) is None, "the commitment stands for another record")
        put(claim, own)
        response = put(key, identifier + commitment + creator + u64(time))
    elif txtype == 1:
        record, identifier, commitment, hospital = arguments
        must(creator == identifier, holder)
        key = f"confirmation/{record.hex()}/{identifier.hex()}"
        must(get(key, VALUES["confirmation"]) is None, exists)
        response = put(key, identifier + commitment + hospital + u64(time))
    elif txtype == 2:
        nonce_, record, recipient, delta, grant, until = arguments
        own = identifier_of(nonce_, certificate)
        found = get(f"record/{record.hex()}", VALUES["record"])
        must(found, "there is no such record")
        must(creator == found[0], holder)
        must(recipient != found[2], "the recipient is the record's own hospital")
        must(not has_ended(until, time), ended)
        must(get(f"share/{own.hex()}", share) is None, exists)
        latest_key = f"latest/{record.hex()}/{recipient.hex()}"
        get(latest_key, request_identifier)
        put(latest_key, own)
        new = Share(record, recipient, delta, grant, u64(time), until, u8(OPEN))
        response = put(f"share/{own.hex()}", b"".join(new))
    else:
        key = f"share/{arguments[0].hex()}"
        found = get(key, share)
        must(found, "there is no such request")
        if txtype == 3:
            must(creator == found.recipient, "the creator is not the recipient")
        else:
            shared = get(f"record/{found.record.hex()}", VALUES["record"])
            must(shared, "there is no such record")
            must(creator == shared[0], holder)
        must(found.status[0] != COMPLETED, "the request is completed already")
        must(found.status[0] != WITHDRAWN, "the consent is withdrawn")
        if txtype == 3:
            request, deliveries = arguments
            must(not has_ended(found.until, time), ended)
            latest = get(f"latest/{found.record.hex()}/{found.recipient.hex()}", request_identifier)
            must(latest == request, "a newer request for this record and recipient has taken its place")
            after = u8(COMPLETED) + u64(time) + deliveries
        else:
            after = u8(WITHDRAWN) + u64(time)
        response = put(key, b"".join(found._replace(status=after)))
    return response, writes


RECORD_TAG, SHARE_TAG = 0, 1


def question(encoding):
    """The tag and the identifier."""

    def read(reader):
        tag = reader.u8("query")
        if tag not in (RECORD_TAG, SHARE_TAG):
            raise errors.unknown("query", tag)
        return tag, (RECORD if tag == RECORD_TAG else REQUEST)(reader)

    return whole(encoding, "query", read)


def ask(state, encoding):
    """The answer to a question."""
    try:
        tag, identifier = question(encoding)
    except Refused as refusal:
        raise Refused(f"question: {refusal}") from None
    if tag == RECORD_TAG:
        found = state.get(f"record/{identifier.hex()}", VALUES["record"])
        return u8(0) if found is None else u8(1) + b"".join(found)
    found = state.get(f"share/{identifier.hex()}", share)
    if found is None:
        return u8(0)
    latest = state.get(f"latest/{found.record.hex()}/{found.recipient.hex()}", request_identifier)
    record = state.get(f"record/{found.record.hex()}", VALUES["record"])
    if record is None:
        raise Refused("there is no such record")
    return u8(1) + b"".join(found) + u8(latest == identifier) + b"".join(record)


def read_shared(reader):
    found, latest = read_share(reader), reader.u8("latest")
    if latest > 1:
        raise errors.unknown("latest", latest)
    return [*found, u8(latest), *read_record(reader)]


def answer(kind, encoding):
    """The fields of what was found, or None."""

    def read(reader):
        tag = reader.u8("answer")
        if tag > 1:
            raise errors.unknown("answer", tag)
        return {"record": read_record, "share": read_shared}[kind](reader) if tag else None

    return whole(encoding, "answer", read)
