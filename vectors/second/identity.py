"""Signatures, certificates, revocations, sealed and signed messages: README.md, "Identity" and "Messages"."""

from datetime import datetime, timezone

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from . import errors, hashes
from .errors import Refused
from .wire import Reader, consumed, listed, u64, whole

N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ECDSA = ec.ECDSA(SHA256())


def read_key(encoding):
    try:
        if len(encoding) != 65 or encoding[0] != 4:
            raise ValueError
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), encoding)
    except ValueError:
        raise Refused("not a P-256 key") from None


def checked(r, s):
    if not (0 < r < N and 0 < s < N):
        raise Refused("bad signature")
    if s > N // 2:
        raise Refused("signature with high s")
    return r, s


def read_signature(raw):
    return checked(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))


def verify(key, message, signature):
    try:
        key.verify(utils.encode_dss_signature(*signature), message, ECDSA)
    except InvalidSignature:
        raise Refused("bad signature") from None


def sign(d, message):
    d = int.from_bytes(d, "big")
    if not 0 < d < N:
        raise Refused("not a P-256 key")
    key = ec.derive_private_key(d, ec.SECP256R1())
    der = key.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True))
    r, s = utils.decode_dss_signature(der)
    signature = r.to_bytes(32, "big") + min(s, N - s).to_bytes(32, "big")
    return point(key.public_key()), signature


def point(key):
    numbers = key.public_numbers()
    return b"\4" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


# DER (X.690): definite lengths in their shortest form, nothing left over.


class NotDer(Exception):
    pass


def element(data):
    """Tag, value, whole encoding, rest."""
    if len(data) < 2:
        raise NotDer
    tag, length, at = data[0], data[1], 2
    if length >= 0x80:
        n = length - 0x80
        if n == 0 or n > 2 or len(data) < 2 + n:
            raise NotDer
        length, at = int.from_bytes(data[2 : 2 + n], "big"), 2 + n
        if length < (0x80 if n == 1 else 0x100):
            raise NotDer
    if len(data) < at + length:
        raise NotDer
    return tag, data[at : at + length], data[: at + length], data[at + length :]


def children(data):
    found = []
    while data:
        tag, value, whole_, data = element(data)
        found.append((tag, value, whole_))
    return found


def exactly(data, *tags):
    found = children(data)
    if [tag for tag, _, _ in found] != list(tags):
        raise NotDer
    return [value for _, value, _ in found]


def integer(value):
    if not value or (len(value) > 1 and value[0] == 0 and value[1] < 0x80):
        raise NotDer
    return value


ECDSA_WITH_SHA256 = bytes.fromhex("06082a8648ce3d040302")
EC_PUBLIC_KEY = bytes.fromhex("06072a8648ce3d0201")
P256 = bytes.fromhex("06082a8648ce3d030107")
SEALING_KEY = bytes.fromhex("060c2b0601040181fd5981c72f01")
NAMES = (bytes.fromhex("55040a"), bytes.fromhex("55040b"), bytes.fromhex("550403"))
ROLES = ("authority", "user", "hospital", "cloud", "peer", "orderer", "admin")
GROUPS = {
    "users": ("user",),
    "hospitals": ("hospital",),
    "cloud": ("cloud",),
    "ledger": ("peer", "orderer", "admin"),
}


def group_of(organisation):
    """The group of a root that names this organisation."""
    return organisation if organisation in GROUPS else "ledger"


def bad(part):
    return Refused(f"malformed certificate: {part}")


def name(value):
    """Organisation, role, identifier."""
    texts = []
    for (tag, rdn, _), oid in zip(children(value), NAMES):
        pairs = children(rdn)
        if tag != 0x31 or len(pairs) != 1 or pairs[0][0] != 0x30:
            raise bad("name")
        (oid_tag, found, _), (text_tag, text, _) = children(pairs[0][1])
        if oid_tag != 6 or found != oid or text_tag != 0x0C:
            raise bad("name")
        texts.append(text.decode("utf-8"))
    if len(texts) != 3 or len(children(value)) != 3:
        raise bad("name")
    organisation, role, identifier = texts
    if role not in ROLES:
        raise bad("role")
    if len(identifier) != 64 or any(c not in "0123456789abcdef" for c in identifier):
        raise bad("name")
    size = len(organisation.encode())
    if not 1 <= size <= 64 or any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in organisation):
        raise bad("organisation")
    return organisation, role, bytes.fromhex(identifier)


def seconds(tag, value):
    form = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}.get(tag)
    try:
        return int(datetime.strptime(value.decode(), form).replace(tzinfo=timezone.utc).timestamp())
    except (TypeError, ValueError):
        raise NotDer from None


def extensions(value, root):
    ca, usage, sealing, seen = False, None, None, set()
    for tag, extension, _ in children(value):
        parts = children(extension)
        critical = len(parts) == 3 and parts[1][:2] == (1, b"\xff")
        if len(parts) != 2 + critical or parts[0][0] != 6 or parts[-1][0] != 4:
            raise NotDer
        oid, content = parts[0][2], parts[-1][1]
        if oid in seen:
            raise bad("extensions")
        seen.add(oid)
        if oid == bytes.fromhex("0603551d13"):
            (constraints,) = exactly(content, 0x30)
            ca = bool(children(constraints)) and children(constraints)[0][:2] == (1, b"\xff")
        elif oid == bytes.fromhex("0603551d0f"):
            (bits,) = exactly(content, 3)
            usage = bits[1] if len(bits) > 1 else 0
        elif oid == SEALING_KEY:
            (sealing,) = exactly(content, 4)
            if len(sealing) != 32:
                raise bad("extensions")
        elif critical and oid != bytes.fromhex("0603551d0e"):
            raise bad("extensions")
    if ca != root or usage is None or not usage & (0x04 if root else 0x80):
        raise bad("extensions")
    return sealing


class Certificate:
    """One certificate of the profile; `Refused` for any other bytes."""

    def __init__(self, der):
        if len(der) > 4096:
            raise bad("length")
        self.der = der
        try:
            self.read(der)
        except (NotDer, UnicodeDecodeError):
            raise bad("DER") from None

    def read(self, der):
        (outer,) = exactly(der, 0x30)
        (tag, tbs, self.tbs), (_, _, algorithm), (bits_tag, bits, _) = children(outer)
        if tag != 0x30 or bits_tag != 3 or not bits or bits[0] != 0:
            raise NotDer
        fields = children(tbs)
        if fields[0][0] != 0xA0 or exactly(fields[0][1], 2) != [b"\2"]:
            raise bad("version")
        _, (_, serial, _), (_, _, inner), (_, issuer, _), (_, validity, _), (_, subject, _), (_, key, _) = fields[:7]
        if algorithm != inner:
            raise bad("signature algorithm")
        if inner != b"\x30\x0a" + ECDSA_WITH_SHA256:
            raise bad("signature algorithm")
        self.organisation, self.role, self.id = self.subject = name(subject)
        if len(integer(serial)) != 16:
            raise bad("serial number")
        self.serial = serial
        self.not_before, self.not_after = (seconds(tag, value) for tag, value, _ in children(validity))
        if self.not_before > self.not_after:
            raise bad("validity")
        self.issuer = name(issuer)
        (key_algorithm, point_) = exactly(key, 0x30, 3)
        if key_algorithm != EC_PUBLIC_KEY + P256:
            raise bad("public key algorithm")
        if len(point_) != 66 or point_[0] != 0:
            raise bad("public key")
        self.key, self.point = read_key(point_[1:]), point_[1:]
        if len(fields) != 8 or fields[7][0] != 0xA3:
            raise bad("extensions")
        (listed_,) = exactly(fields[7][1], 0x30)
        self.sealing_key = extensions(listed_, self.role == "authority")
        try:
            r, s = (integer(i) for i in exactly(exactly(bits[1:], 0x30)[0], 2, 2))
        except (NotDer, ValueError):
            raise bad("signature") from None
        r, s = int.from_bytes(r, "big", signed=True), int.from_bytes(s, "big", signed=True)
        if not (0 < r < N and 0 < s < N):
            raise bad("signature")
        self.signature = checked(r, s)

    def verify(self, issuer_key):
        verify(issuer_key, self.tbs, self.signature)

    @property
    def fingerprint(self):
        return hashes.sha256(self.der)


UNKNOWN_ISSUER = "the issuer of the certificate is not trusted"


class Msp:
    def __init__(self, *roots):
        self.roots, self.revoked, self.number = {}, {}, {}
        for root in roots:
            self.trust(root)

    def trust(self, root):
        if root.role != "authority" or root.issuer != root.subject:
            raise Refused("not the root certificate of an authority")
        root.verify(root.key)
        for organisation, other in sorted(self.roots.items(), key=lambda item: item[0].encode()):
            if organisation != root.organisation and other.id == root.id:
                raise Refused(
                    f"the organisations {organisation} and {root.organisation} have roots of one identifier"
                )
        if self.roots.setdefault(root.organisation, root).der != root.der:
            raise Refused(f"the organisation {root.organisation} has another root already")

    def revoke(self, revocations):
        authority, number, serials, signature = revocations
        found = [root for root in self.roots.values() if root.id == authority]
        if not found:
            raise Refused(UNKNOWN_ISSUER)
        message = hashes.tagged("phi-pre/1/revocations", authority + u64(number) + listed(serials))
        verify(found[0].key, message, signature)
        organisation = found[0].organisation
        known = self.number.get(organisation, 0)
        if number < known:
            raise Refused(f"revocation list {number} comes after list {known}")
        self.number[organisation], self.revoked[organisation] = number, set(serials)

    def validate(self, certificate):
        authority = certificate.issuer[0]
        root, group = self.roots.get(authority), group_of(authority)
        if root is None or root.subject != certificate.issuer:
            raise Refused(UNKNOWN_ISSUER)
        certificate.verify(root.key)
        if certificate.role not in GROUPS[group]:
            raise Refused(f"the authority of the group {group} may not issue the role {certificate.role}")
        if group == "ledger":
            own = certificate.organisation == authority
        else:
            own = certificate.organisation not in GROUPS or certificate.organisation == group
        if not own:
            raise Refused(
                f"the authority of {authority} may not issue for the organisation {certificate.organisation}"
            )
        if certificate.serial in self.revoked.get(authority, ()):
            raise Refused("the certificate is revoked")
        # A general X.509 library must come to the same.
        x509.load_der_x509_certificate(certificate.der).verify_directly_issued_by(
            x509.load_der_x509_certificate(root.der)
        )
        return certificate

    def validate_at(self, certificate, now):
        self.validate(certificate)
        if now < certificate.not_before:
            raise Refused("the certificate is not yet valid")
        if now > certificate.not_after:
            raise Refused("the certificate is expired")
        return certificate


def read_certificate(reader):
    der = reader.bytes("certificate", 4096)
    try:
        return Certificate(der)
    except Refused:
        raise errors.non_canonical("certificate") from None


def read_wire_signature(reader):
    raw = reader.raw("signature", 64)
    try:
        return read_signature(raw)
    except Refused:
        raise errors.non_canonical("signature") from None


def revocations(encoding):
    def read(reader):
        authority = reader.raw("member identifier", 32)
        number = reader.u64("revocation list")
        serials = reader.list("revocation list", 1 << 20, lambda r: r.raw("serial number", 16))
        if any(a >= b for a, b in zip(serials, serials[1:])):
            raise errors.non_canonical("revocation list")
        return authority, number, serials, read_wire_signature(reader)

    return whole(encoding, "revocation list", read)


# HPKE (RFC 9180), base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.

KEM = b"KEM" + bytes.fromhex("0020")
HPKE = b"HPKE" + bytes.fromhex("002000010003")


def extract(suite, salt, label, ikm):
    mac = HMAC(salt or bytes(32), SHA256())
    mac.update(b"HPKE-v1" + suite + label + ikm)
    return mac.finalize()


def expand(suite, prk, label, info, size):
    return HKDFExpand(SHA256(), size, size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info).derive(prk)


def read_sealed(reader):
    return reader.raw("sealed message", 32), reader.bytes("sealed message", 1 << 20)


def open_sealed(secret, info, aad, sealed):
    enc, ciphertext = sealed
    public = secret.public_key().public_bytes_raw()
    try:
        shared = secret.exchange(X25519PublicKey.from_public_bytes(enc))
        prk = extract(KEM, b"", b"eae_prk", shared)
        shared = expand(KEM, prk, b"shared_secret", enc + public, 32)
        context = b"\0" + extract(HPKE, b"", b"psk_id_hash", b"") + extract(HPKE, b"", b"info_hash", info)
        prk = extract(HPKE, shared, b"secret", b"")
        key, nonce = (expand(HPKE, prk, b"key", context, 32), expand(HPKE, prk, b"base_nonce", context, 12))
        return public, ChaCha20Poly1305(key).decrypt(nonce, ciphertext, aad)
    except (InvalidTag, ValueError):
        raise Refused("cannot open the sealed message") from None


# Credentials


def read_secret(reader, what):
    d = reader.raw(what, 32)
    point_, _ = sign(d, b"")
    return d, point_


def first_line(reader, what, line):
    if reader.raw(what, len(line)) != line:
        raise errors.magic(what)


def credentials(encoding):
    reader = Reader(encoding)
    first_line(reader, "credentials", b"phi-pre credentials 1\n")
    uid, members = reader.raw("credentials", 32), []
    for _ in range(reader.count("credentials", 256)):
        v, certificate = reader.raw("credentials", 32), read_certificate(reader)
        members.append((v, certificate, *read_secret(reader, "credentials")))
    reader.end("credentials")
    if not members:
        raise Refused("a person has 1 to 256 pseudonyms, not 0")
    for v, certificate, _, point_ in members:
        if certificate.role != "user":
            raise Refused("inconsistent credentials: role")
        if certificate.id != hashes.identifier(uid, v):
            raise Refused("inconsistent credentials: pseudonym")
        if certificate.point != point_:
            raise Refused("inconsistent credentials: signing key")
    return uid, [certificate.id for _, certificate, _, _ in members]


def institution(encoding, public):
    reader = Reader(encoding)
    first_line(reader, "institution", b"phi-pre institution 1\n")
    certificate = read_certificate(reader)
    _, point_ = read_secret(reader, "institution")
    secret = reader.raw("institution", 32)
    reader.end("institution")
    if certificate.point != point_:
        raise Refused("inconsistent credentials: signing key")
    if certificate.sealing_key != public(secret):
        raise Refused("inconsistent credentials: sealing key")
    return certificate


# Enrolment


def context(root, ticket):
    return root.fingerprint + ticket


def open_code(secret, ticket, root, encoding):
    sealed = whole(encoding, "sealed code", read_sealed)
    _, content = open_sealed(secret, b"phi-pre/1/code", context(root, ticket), sealed)
    reader = Reader(content)
    recipient, code = reader.raw("sealing key", 32), reader.text("sealed code", 64)
    reader.end("sealed code")
    return recipient, code


def open_enrolment(kind, secret, raw, ticket, root, encoding):
    """The identifiers, and the credentials as their holder stores them."""
    def read(reader):
        return consumed(reader, read_sealed), read_wire_signature(reader)

    sealed, signature = whole(encoding, "sealed enrolment", read)
    label = {"person": "phi-pre/2/enrolment", "institution": "phi-pre/2/institution"}[kind].encode()
    msp = Msp(root)
    public = secret.public_key().public_bytes_raw()
    message = hashes.tagged("phi-pre/1/delivery", label, root.fingerprint, ticket, public, sealed)
    verify(root.key, message, signature)
    _, content = open_sealed(secret, label, context(root, ticket), read_sealed(Reader(sealed)))
    if kind == "person":
        _, ids = credentials(content)
        reader = Reader(content[54:])
        for _ in range(reader.count("credentials", 256)):
            reader.raw("credentials", 32)
            msp.validate(read_certificate(reader))
            reader.raw("credentials", 32)
        return ids, content
    reader = Reader(content)
    certificate = read_certificate(reader)
    read_secret(reader, "sealed institution")
    reader.end("sealed institution")
    msp.validate(certificate)
    stored = b"phi-pre institution 1\n" + content + raw
    institution(stored, lambda _: public)
    return [certificate.id], stored
