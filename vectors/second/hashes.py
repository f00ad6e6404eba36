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


def record(rule):
    """The record that a rule makes."""
    seed, size = bytes.fromhex(rule["seed"]), rule["bytes"]
    if size > 1000 * CHUNK:
        raise errors.Malformed("a record of more than 1000 chunks")
    blocks = (_sha256(seed + n.to_bytes(8, "big")).digest() for n in range(-(-size // 32)))
    return b"".join(blocks)[:size]


def commitment(salt, data):
    chunks = [data[i : i + CHUNK] for i in range(0, len(data), CHUNK)] or [b""]
    leaves = [
        sha256(b"\0", hmac(salt, "phi-pre/1/commitment/leaf", i.to_bytes(8, "big")), chunk)
        for i, chunk in enumerate(chunks)
    ]

    def root(nodes):
        if len(nodes) == 1:
            return nodes[0]
        left = 1 << (len(nodes) - 1).bit_length() - 1
        return sha256(b"\1", root(nodes[:left]), root(nodes[left:]))

    return len(chunks), tagged("phi-pre/1/commitment/root", len(data).to_bytes(8, "big"), root(leaves))


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
    if txtype not in ("0000", "0001", "0002", "0003"):
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
