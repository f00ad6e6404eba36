"""Refusals, in the words of README.md, "Errors"."""


class Refused(Exception):
    """The input is refused; the text is the vector's `error`."""


class Malformed(Exception):
    """The vector itself is not one: no verdict on the input."""


def length(what, expected, got):
    return Refused(f"{what}: {got} bytes where {expected} are needed")


def trailing(what, extra):
    return Refused(f"{what}: {extra} bytes after the end")


def magic(what):
    return Refused(f"{what}: does not start as one")


def unknown(what, got):
    return Refused(f"{what}: unknown value {got}")


def limit(what, limit_, got):
    return Refused(f"{what}: {got} is above the limit of {limit_}")


def text(what):
    return Refused(f"{what}: malformed text")


def flags(what):
    return Refused(f"{what}: invalid flag bits")


def non_canonical(what):
    return Refused(f"{what}: not the canonical encoding")


def not_on_curve(what):
    return Refused(f"{what}: not on the curve")


def not_in_subgroup(what):
    return Refused(f"{what}: not in the subgroup of order q")


def identity(what):
    return Refused(f"{what}: the identity is refused here")
