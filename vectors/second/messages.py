"""Signed messages and the grant: README.md, "Messages"."""

from typing import NamedTuple

from . import groups, hashes, identity, named, proofs, records, scheme, threshold
from .wire import consumed, whole


class Upload(NamedTuple):
    record: bytes
    epoch: bytes
    header: bytes
    body: bytes
    public_key: bytes


class Delivery(NamedTuple):
    request: bytes
    upload: bytes
    c_prime: bytes
    proof: bytes


class Grant(NamedTuple):
    request: bytes
    note: bytes
    public: bytes
    shares: list
    k_e_prime: bytes

    @property
    def content(self):
        return [self.note, self.public + b"".join(map(b"".join, self.shares)), self.k_e_prime]

    def delta(self):
        return hashes.tagged("phi-pre/1/public-values", self.public)

    def digest(self):
        return hashes.tagged("phi-pre/2/grant", *self.content)

    def fields(self):
        """As the operation `signed message` gives them."""
        shares = [part for share in self.shares for part in share]
        return [self.request, self.note, self.public, *shares, self.k_e_prime, self.delta(), self.digest()]


class Rotation(NamedTuple):
    record: bytes
    epoch: bytes
    delta: bytes
    update: bytes


class Rotated(NamedTuple):
    record: bytes
    epoch: bytes
    c: bytes
    proof: bytes


def read_upload(reader):
    record, epoch, header = records.RECORD(reader), reader.raw("epoch", 4), reader.raw("envelope header", 284)
    scheme.header(header)
    return Upload(record, epoch, header, reader.raw("digest", 32), consumed(reader, scheme.read_public_key))


def read_fetch(reader):
    return [records.REQUEST(reader)]


def read_delivery(reader):
    request, upload, c_prime = records.REQUEST(reader), consumed(reader, reader_of("upload")), reader.raw("C'", 192)
    groups.read_t6(c_prime)
    return Delivery(request, upload, c_prime, consumed(reader, proofs.read_proof))


def read_grant(reader):
    request, note = records.REQUEST(reader), consumed(reader, reader_of("upload"))
    public = consumed(reader, threshold.read_public)
    shares = [(reader.raw("member identifier", 32), consumed(reader, identity.read_sealed)) for _ in range(public[1])]
    return Grant(request, note, public, shares, consumed(reader, identity.read_sealed))


def read_rotation(reader):
    record, epoch = records.RECORD(reader), reader.raw("epoch", 4)
    return Rotation(record, epoch, consumed(reader, proofs.read_public_rekey), consumed(reader, identity.read_sealed))


def read_rotated(reader):
    record, epoch, c = records.RECORD(reader), reader.raw("epoch", 4), reader.raw("C", 192)
    groups.read_t6(c)
    return Rotated(record, epoch, c, consumed(reader, proofs.read_proof))


def read_named_key(reader):
    return [reader.raw("member identifier", 32), consumed(reader, named.read_public)]


CONTENT = {
    "upload": read_upload,
    "fetch": read_fetch,
    "re-encrypted record": read_delivery,
    "grant": read_grant,
    "rotation": read_rotation,
    "rotated record": read_rotated,
    "key by name": read_named_key,
}


class Signed(NamedTuple):
    kind: str
    content: object
    encoding: bytes
    certificate: object
    signature: bytes

    def verify(self, key):
        parts = [self.kind.encode(), self.encoding, self.certificate.der]
        identity.verify(key, hashes.tagged("phi-pre/3/signed-message", *parts), self.signature)


def reader_of(kind):
    """Reads a signed message of this kind."""

    def read(reader):
        content = []
        encoding = consumed(reader, lambda reader: content.append(CONTENT[kind](reader)))
        certificate = identity.read_certificate(reader)
        return Signed(kind, content[0], encoding, certificate, identity.read_wire_signature(reader))

    return read


def read_signed(kind, encoding):
    return whole(encoding, kind, reader_of(kind))


def signed(kind, encoding, msp, now):
    message = read_signed(kind, encoding)
    member = msp().validate_at(message.certificate, now)
    message.verify(member.key)
    return message.content, member
