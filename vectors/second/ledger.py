"""Formats of the ledger, chains and verdicts: README.md, "Ledger"."""

from . import errors, hashes, identity
from .errors import Refused
from .identity import Msp, read_certificate
from .wire import behind, listed, u8, u32, u64, whole

CODES = {
    0: "VALID",
    2: "BAD_PAYLOAD",
    4: "BAD_CREATOR_SIGNATURE",
    5: "INVALID_ENDORSER_TRANSACTION",
    8: "BAD_PROPOSAL_TXID",
    9: "DUPLICATE_TXID",
    10: "ENDORSEMENT_POLICY_FAILURE",
    11: "MVCC_READ_CONFLICT",
    14: "TARGET_CHAIN_NOT_FOUND",
    25: "INVALID_CHAINCODE",
}


def show(code):
    return f"{code} {CODES[code]}"


# Policies


def read_policy(reader, depth=1):
    """("organisation", name) or ("at least", n, branches)."""
    if depth > 4:
        raise errors.limit("depth of a policy", 4, depth)
    tag = reader.u8("policy")
    if tag == 0:
        return ("organisation", reader.text("organisation", 128))
    if tag != 1:
        raise errors.unknown("policy", tag)
    n = reader.u32("number of branches")
    count = reader.count("branches", 32)
    if not 1 <= n <= count:
        raise errors.limit("number of branches", count, n)
    return ("at least", n, [read_policy(reader, depth + 1) for _ in range(count)])


def policy_text(policy):
    if policy[0] == "organisation":
        return policy[1]
    return f"{policy[1]} of ({', '.join(policy_text(branch) for branch in policy[2])})"


def satisfied(policy, signers):
    """Whether signers, pairs of identifier and organisation, satisfy the policy."""
    left = []
    for signer in sorted(signers):
        if not left or left[-1][0] != signer[0]:
            left.append(signer)

    def take(node):
        nonlocal left
        if node[0] == "organisation":
            for signer in left:
                if signer[1] == node[1]:
                    left = [other for other in left if other is not signer]
                    return True
            return False
        before = left
        enough = sum(take(branch) for branch in node[2]) >= node[1]
        if not enough:
            left = before
        return enough

    return take(policy)


# Formats: each reader returns what was read with its encoding


class Proposal:
    def __init__(self, reader):
        self.channel, self.contract = reader.text("channel", 64), reader.text("contract", 64)
        self.nonce = reader.raw("nonce", 24)
        self.creator = read_certificate(reader)
        self.timestamp, self.txid = reader.u64("timestamp"), reader.raw("txid", 32)
        self.action = reader.bytes("action", 65536)

    @property
    def encoding(self):
        head = behind(self.channel.encode()) + behind(self.contract.encode()) + self.nonce
        return head + behind(self.creator.der) + u64(self.timestamp) + self.txid + behind(self.action)


def write_version(version):
    return u8(0) if version is None else u8(1) + u64(version[0]) + u32(version[1])


class ReadWriteSet:
    def __init__(self, reader):
        self.reads = reader.list("read-write set", 1024, self.read)
        self.writes = reader.list(
            "read-write set", 1024, lambda r: (r.text("key written", 256), r.bytes("value", 65536))
        )
        for pairs in (self.reads, self.writes):
            keys = [key.encode() for key, _ in pairs]
            if any(a >= b for a, b in zip(keys, keys[1:])):
                raise errors.non_canonical("read-write set")

    @staticmethod
    def read(reader):
        key, tag = reader.text("key read", 256), reader.u8("version")
        if tag > 1:
            raise errors.unknown("version", tag)
        return key, (reader.u64("version"), reader.u32("version")) if tag else None

    @property
    def encoding(self):
        reads = [behind(key.encode()) + write_version(version) for key, version in self.reads]
        return listed(reads) + listed([behind(key.encode()) + behind(value) for key, value in self.writes])


class Transaction:
    def __init__(self, reader):
        self.proposal = Proposal(reader)
        self.answers, self.response = reader.raw("digest", 32), reader.bytes("response", 65536)
        self.rwset = ReadWriteSet(reader)
        self.endorsements = reader.list(
            "endorsements", 64, lambda r: (read_certificate(r), r.raw("signature", 64))
        )

    @property
    def payload(self):
        return self.answers + behind(self.response) + self.rwset.encoding

    @property
    def encoding(self):
        return self.proposal.encoding + self.payload + listed([behind(c.der) + s for c, s in self.endorsements])


ENVELOPE_LIMIT = 1 << 24


class Envelope:
    def __init__(self, reader):
        self.transaction = reader.bytes("transaction", ENVELOPE_LIMIT)
        self.signature = reader.raw("signature", 64)

    @property
    def encoding(self):
        return behind(self.transaction) + self.signature


def der(tag, value):
    return bytes([tag, len(value)]) + value


class Block:
    def __init__(self, reader):
        self.number, tag = reader.u64("block number"), reader.u8("previous hash")
        if tag > 1:
            raise errors.unknown("previous hash", tag)
        self.previous = reader.raw("digest", 32) if tag else None
        self.data_hash = reader.raw("digest", 32)
        self.envelopes = [
            reader.bytes("envelope", ENVELOPE_LIMIT) for _ in range(reader.count("envelopes", 65536))
        ]
        self.orderer, self.signature = read_certificate(reader), reader.raw("seal", 64)

    @property
    def encoding(self):
        previous = u8(0) if self.previous is None else u8(1) + self.previous
        head = u64(self.number) + previous + self.data_hash
        return head + listed([behind(e) for e in self.envelopes]) + behind(self.orderer.der) + self.signature

    @property
    def header(self):
        number = self.number.to_bytes(self.number.bit_length() // 8 + 1, "big")
        return der(0x30, der(2, number) + der(4, self.previous or b"") + der(4, self.data_hash))

    def check(self, number, previous, msp, orderers):
        if self.number != number:
            raise Refused(f"block {self.number} where block {number} is next")
        if self.previous != previous:
            raise Refused(f"block {number} continues another chain")
        if self.data_hash != hashes.tagged("phi-pre/1/block-data", *self.envelopes):
            raise Refused(f"block {number}: the data does not have the hash in the header")
        for i, encoding in enumerate(self.envelopes if number > 0 else []):
            try:
                whole(encoding, "envelope", Envelope)
            except Refused as refusal:
                raise Refused(f"block {number}: transaction {i}: {refusal}") from None
        try:
            msp.validate(self.orderer)
            if self.orderer.role == "orderer" and self.orderer.organisation == orderers:
                message = self.header + self.orderer.der
                identity.verify(self.orderer.key, message, identity.read_signature(self.signature))
        except Refused as refusal:
            raise Refused(f"block {number}: seal: {refusal}") from None
        if self.orderer.role != "orderer":
            raise Refused(f"block {number}: sealed by a {self.orderer.role}")
        if self.orderer.organisation != orderers:
            raise Refused(
                f"block {number}: sealed by an orderer of the organisation {self.orderer.organisation}"
            )


class Metadata:
    def __init__(self, reader):
        self.codes = reader.list("validation codes", 65536, self.code)
        self.commit_hash = reader.raw("digest", 32)

    @staticmethod
    def code(reader):
        code = reader.u8("validation code")
        if code not in CODES:
            raise errors.unknown("validation code", code)
        return code

    @property
    def encoding(self):
        return listed([u8(code) for code in self.codes]) + self.commit_hash


class CutRules:
    LIMITS = (
        ("messages of a block", 65536),
        ("bytes of a block", 1 << 27),
        ("bytes of an envelope", ENVELOPE_LIMIT),
    )

    def __init__(self, reader):
        self.numbers = []
        for what, limit in self.LIMITS:
            self.numbers.append(reader.count(what, limit))
        self.timeout = reader.u64("timeout")

    @property
    def encoding(self):
        return b"".join(u32(n) for n in self.numbers) + u64(self.timeout)


def write_policy(policy):
    if policy[0] == "organisation":
        return u8(0) + behind(policy[1].encode())
    return u8(1) + u32(policy[1]) + listed([write_policy(branch) for branch in policy[2]])


GROUPS = tuple(identity.GROUPS)


class Organisation:
    def __init__(self, reader):
        self.mspid, group = reader.text("MSP identifier", 64), reader.u8("group")
        if group >= len(GROUPS):
            raise errors.unknown("group", group)
        self.group, self.root = GROUPS[group], read_certificate(reader)

    @property
    def encoding(self):
        return behind(self.mspid.encode()) + u8(GROUPS.index(self.group)) + behind(self.root.der)


class Config:
    FIRST_LINE = b"phi-pre channel 2\n"

    def __init__(self, reader):
        identity.first_line(reader, "channel configuration", self.FIRST_LINE)
        self.channel, self.contract = reader.text("channel", 64), reader.text("contract", 64)
        self.organisations = reader.list("organisations", 64, Organisation)
        self.policy = read_policy(reader)
        self.orderers = reader.text("organisation of the orderers", 64)
        self.cut = CutRules(reader)
        self.window = reader.u64("time window")

    @property
    def encoding(self):
        head = self.FIRST_LINE + behind(self.channel.encode()) + behind(self.contract.encode())
        organisations = listed([organisation.encoding for organisation in self.organisations])
        orderers = behind(self.orderers.encode())
        return head + organisations + write_policy(self.policy) + orderers + self.cut.encoding + u64(self.window)

    def msp(self):
        seen = set()
        for organisation in self.organisations:
            mspid = organisation.mspid
            if not mspid or any(c == "=" or ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in mspid):
                raise Refused(
                    f'"{mspid}" is no MSP identifier, which has 1 to 64 characters without = and without control characters'
                )
            if mspid in seen:
                raise Refused(f"the MSP identifier {mspid} is given twice")
            seen.add(mspid)
        msp = Msp()
        for organisation in self.organisations:
            msp.trust(organisation.root)
            name = organisation.root.organisation
            if identity.group_of(name) != organisation.group:
                raise Refused(f"the root of the organisation {name} is not one of the group {organisation.group}")
        return msp


FORMATS = {
    "proposal": ("proposal", Proposal),
    "read-write set": ("read-write set", ReadWriteSet),
    "transaction": ("transaction", Transaction),
    "envelope": ("envelope", Envelope),
    "block": ("block", Block),
    "block metadata": ("block metadata", Metadata),
    "cut rules": ("cut rules", CutRules),
    "configuration": ("channel configuration", Config),
}


# Chains


class Chain:
    def __init__(self):
        self.height, self.tip, self.commit_hash = 0, None, bytes(32)
        self.config = self.msp = None
        self.state, self.txids = {}, {}

    def commit(self, block):
        if self.config is None:
            self.configure(block)
        block.check(self.height, self.tip, self.msp, self.config.orderers)
        if self.height == 0:
            codes, updates = [0], {}
        else:
            codes, updates, txids = self.judge(block.number, block.envelopes)
            self.txids.update(txids)
        self.state.update(updates)
        entries = [
            behind(key.encode()) + behind(value) + u64(version[0]) + u32(version[1])
            for key, (version, value) in sorted(updates.items(), key=lambda item: item[0].encode())
        ]
        content = listed([u8(code) for code in codes]) + u64(len(entries)) + b"".join(entries)
        self.commit_hash = hashes.sha256(content, self.commit_hash)
        self.height, self.tip = self.height + 1, hashes.sha256(block.header)
        return codes

    def configure(self, block):
        try:
            if len(block.envelopes) != 1:
                raise errors.length("block 0", 1, len(block.envelopes))
            config = whole(block.envelopes[0], "channel configuration", Config)
            self.msp = config.msp()
            self.config = config
        except Refused as refusal:
            raise Refused(f"block 0: {refusal}") from None

    def judge(self, number, envelopes):
        codes, updates, txids, in_block = [], {}, {}, set()
        for tx, encoding in enumerate(envelopes):
            code, transaction, endorsed = self.alone(encoding)
            if code == 0:
                txid = transaction.proposal.txid
                if txid in self.txids:
                    code = 9
                elif not endorsed:
                    code = 10
                elif txid in in_block:
                    code = 9
                else:
                    in_block.add(txid)
                    code = 11 if self.stale(transaction.rwset, updates) else 0
                if code == 0:
                    for key, value in transaction.rwset.writes:
                        updates[key] = ((number, tx), value)
                if txid not in self.txids and (code == 0 or txid not in txids):
                    txids[txid] = ((number, tx), code)
            codes.append(code)
        return codes, updates, txids

    def stale(self, rwset, updates):
        for key, version in rwset.reads:
            current = self.state[key][0] if key in self.state else None
            if key in updates or current != version:
                return True
        return False

    def alone(self, encoding):
        """Code, transaction, and whether the policy is satisfied."""
        try:
            envelope = whole(encoding, "envelope", Envelope)
            transaction = whole(envelope.transaction, "transaction", Transaction)
        except Refused:
            return 2, None, False
        proposal = transaction.proposal
        try:
            creator = self.msp.validate(proposal.creator)
            identity.verify(creator.key, envelope.transaction, identity.read_signature(envelope.signature))
        except Refused:
            return 4, None, False
        if proposal.txid != hashes.sha256(proposal.nonce, creator.der):
            return 8, None, False
        if transaction.answers != hashes.sha256(proposal.encoding):
            return 5, None, False
        if proposal.channel != self.config.channel:
            return 14, None, False
        if proposal.contract != self.config.contract:
            return 25, None, False
        signers = []
        for endorser, signature in transaction.endorsements:
            try:
                self.msp.validate(endorser)
                message = transaction.payload + endorser.der
                identity.verify(endorser.key, message, identity.read_signature(signature))
            except Refused:
                continue
            if endorser.role == "peer":
                signers.append((endorser.id, endorser.organisation))
        return 0, transaction, satisfied(self.config.policy, signers)
