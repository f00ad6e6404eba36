"""Reading and writing bytes: README.md, "Framing"."""

from . import errors


class Reader:
    def __init__(self, data):
        self.data = bytes(data)

    def raw(self, what, n):
        if len(self.data) < n:
            raise errors.length(what, n, len(self.data))
        head, self.data = self.data[:n], self.data[n:]
        return head

    def integer(self, what, size):
        return int.from_bytes(self.raw(what, size), "big")

    def u8(self, what):
        return self.integer(what, 1)

    def u32(self, what):
        return self.integer(what, 4)

    def u64(self, what):
        return self.integer(what, 8)

    def count(self, what, limit):
        n = self.u32(what)
        if n > limit:
            raise errors.limit(what, limit, n)
        return n

    def bytes(self, what, limit):
        return self.raw(what, self.count(what, limit))

    def text(self, what, limit):
        try:
            return self.bytes(what, limit).decode("utf-8")
        except UnicodeDecodeError:
            raise errors.text(what) from None

    def list(self, what, limit, read):
        return [read(self) for _ in range(self.count(what, limit))]

    def end(self, what):
        if self.data:
            raise errors.trailing(what, len(self.data))


def whole(data, what, read):
    reader = Reader(data)
    value = read(reader)
    reader.end(what)
    return value


def consumed(reader, read):
    """The bytes that `read` takes."""
    before = reader.data
    read(reader)
    return before[: len(before) - len(reader.data)]


def u8(n):
    return n.to_bytes(1, "big")


def u32(n):
    return n.to_bytes(4, "big")


def u64(n):
    return n.to_bytes(8, "big")


def behind(data):
    """`data` behind its length."""
    return u32(len(data)) + data


def listed(items):
    return u32(len(items)) + b"".join(items)
