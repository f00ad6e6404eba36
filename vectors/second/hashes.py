"""Hashes, identifiers, commitments and the record of Fig. 5: README.md, "Hashes", "Commitments", "Fig. 5"."""

import base64
import binascii
import re
from datetime import datetime, timedelta, timezone
from hashlib import sha256 as _sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from . import errors
from .wire import listed, u64

CHUNK = 65536


def sha256(*parts):
    return _sha256(b"".join(parts)).digest()


def frame(label, parts):
    return b"".join(len(part).to_bytes(8, "big") + part for part in [label.encode(), *parts])


def tagged(label, *parts):
    return sha256(frame(label, parts))


def hmac(key, label, message):
    mac = HMAC(key, SHA256())
    mac.update(label.encode() + message)
    return mac.finalize()


def hkdf(secret, salt, label, context, length):
    return HKDF(SHA256(), length, salt, frame(label, context)).derive(secret)


def identifier(uid, v):
    return hmac(v, "id", uid)


def shard_digest(name):
    return tagged("phi-pre/1/shard", name)


def shard(text):
    """(I, N) of the text I/N."""
    found = re.fullmatch(r"([0-9]+)/([0-9]+)", text)
    index, of = map(int, found.groups()) if found else (None, None)
    if found is None or max(index, of) >= 2**32:
        raise errors.Refused("a shard is I/N, for example 0/16")
    if not of:
        raise errors.Refused("there must be at least one shard")
    if index >= of:
        raise errors.Refused(f"there is no shard {index} of {of}: shards are counted from 0")
    return index, of


def record(rule):
    """The record that a rule makes."""
    seed, size = bytes.fromhex(rule["seed"]), rule["bytes"]
    if size > 1000 * CHUNK:
        raise errors.Malformed("a record of more than 1000 chunks")
    if seed and not size:
        raise errors.Malformed("a seed without effect")
    blocks = (_sha256(seed + n.to_bytes(8, "big")).digest() for n in range(-(-size // 32)))
    return b"".join(blocks)[:size]


def pieces(data):
    return [data[i : i + CHUNK] for i in range(0, len(data), CHUNK)] or [b""]


def chunk_salt(salt, i):
    return hmac(salt, "phi-pre/1/commitment/leaf", i.to_bytes(8, "big"))


def leaf(salt_i, chunk):
    return sha256(b"\0", salt_i, chunk)


def node(left, right):
    return sha256(b"\1", left, right)


def half(n):
    """The leaves of the left subtree of a tree of n > 1."""
    return 1 << (n - 1).bit_length() - 1


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    left = half(len(leaves))
    return node(root(leaves[:left]), root(leaves[left:]))


def to_root(length, top):
    return tagged("phi-pre/1/commitment/root", length.to_bytes(8, "big"), top)


def leaves_of(salt, data):
    return [leaf(chunk_salt(salt, i), chunk) for i, chunk in enumerate(pieces(data))]


def commitment(salt, data):
    leaves = leaves_of(salt, data)
    return len(leaves), to_root(len(data), root(leaves))


# Range proofs

RANGE_LIMIT = 1 << 20


def chunks_of(length):
    return max(1, -(-length // CHUNK))


def beside(start, end, first, last):
    """The largest subtrees of leaves start to end that hold none of first to last, from left to right."""
    if end <= first or last <= start:
        return [(start, end)]
    if first <= start and end <= last:
        return []
    middle = start + half(end - start)
    return beside(start, middle, first, last) + beside(middle, end, first, last)


def prove_range(salt, data, first, end):
    n = chunks_of(len(data))
    if not (first < end <= n and end - first <= RANGE_LIMIT):
        raise errors.Refused(f"chunks {first} to {end} of a record of {n}")
    leaves = leaves_of(salt, data)
    salts = [chunk_salt(salt, i) for i in range(first, end)]
    roots = [root(leaves[a:b]) for a, b in beside(0, n, first, end)]
    return u64(len(data)) + u64(first) + listed(salts) + b"".join(roots), to_root(len(data), root(leaves))


def read_range(reader):
    length, first = reader.u64("record length"), reader.u64("first chunk")
    salts = reader.list("chunks shown", RANGE_LIMIT, lambda r: r.raw("chunk salt", 32))
    n = chunks_of(length)
    if not salts:
        raise errors.length("chunks shown", 1, 0)
    if first + len(salts) > n:
        raise errors.limit("chunks shown", min(max(n - first, 0), RANGE_LIMIT), len(salts))
    roots = [reader.raw("digest", 32) for _ in beside(0, n, first, first + len(salts))]
    return length, first, salts, roots


def check_range(expected, proof, shown):
    length, first, salts, roots = proof
    n, end = chunks_of(length), first + len(salts)
    size = min(end * CHUNK, length) - first * CHUNK
    if len(shown) != size:
        raise errors.Refused(f"{len(shown)} bytes where the chunks have {size}")
    leaves, others = map(leaf, salts, pieces(shown)), iter(roots)

    def top(start, stop):
        if stop <= first or end <= start:
            return next(others)
        if stop - start == 1:
            return next(leaves)
        middle = start + half(stop - start)
        left = top(start, middle)
        return node(left, top(middle, stop))

    if to_root(length, top(0, n)) != expected:
        raise errors.Refused("the chunks are not those of the commitment")
    return {"length": length, "first": first, "end": end}


EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def fig5_text(txtype, timestamp, hash_, signature, uid):
    time = (EPOCH + timedelta(milliseconds=timestamp)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return (
        f"{{ txtype: '{txtype:04}',\n  timestamp: '{time}',\n  hash: '{hash_.hex()}',\n"
        f"  signature: '{base64.b64encode(signature).decode()}',\n  uid: '{uid.hex()}' }}"
    )


def fig5(text):
    if not (text.startswith("{ ") and text.endswith(" }")):
        raise errors.text("Fig. 5 record")
    lines = text[2:-2].split(",\n  ")

    def field(name):
        line = lines.pop(0) if lines else ""
        found = re.fullmatch(rf"{name}: '(.*)'", line, re.DOTALL)
        return found.group(1) if found else ""

    txtype = field("txtype")
    time = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", field("timestamp"))
    hash_, signature, uid = field("hash"), field("signature"), field("uid")
    if txtype not in ("0000", "0001", "0002", "0003", "0004"):
        raise errors.text("txtype")
    try:
        since = datetime.fromisoformat(time.group(1) + "+00:00") - EPOCH
    except (AttributeError, ValueError):
        raise errors.text("timestamp") from None
    timestamp = (since.days * 86400 + since.seconds) * 1000 + int((time.group(2) or "").ljust(9, "0")[:3])
    if not re.fullmatch("[0-9a-f]{64}", hash_):
        raise errors.text("hash")
    try:
        raw = base64.b64decode(signature, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != 18:
        raise errors.text("signature")
    if not re.fullmatch("[0-9a-f]{64}", uid):
        raise errors.text("uid")
    values = (int(txtype), timestamp, bytes.fromhex(hash_), raw, bytes.fromhex(uid))
    if fig5_text(*values) != text:
        raise errors.non_canonical("Fig. 5 record")
    return values
