/** The vectors of the scheme through the classes of the package. Runs in Node and in a browser. */

// Intermediate values that the package does not give.
const HIDDEN = new Set("okm pad factor H2 key salt chunks statement_I statement_R commitment digest".split(" "));
// What the package has no class for.
const OUTSIDE = new Set(["Fig. 5 record", "prove re-encryption", "split k_re"]);

export const FILES =
  "keys diffie-hellman capsules re-encryption equations named envelopes identifiers commitments proofs threshold".split(" ");

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const concat = (...arrays) => Uint8Array.from(arrays.flatMap((array) => [...array]));

function equal(found, expected, where) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${where}: ${a} is not ${b}`);
}

/** Checks all files; `load` gives the parsed file of a name. Returns how many cases held. */
export async function checkVectors(phi, hazmat, load) {
  const counts = { valid: 0, invalid: 0 };
  const run = operations(phi, hazmat);
  for (const name of FILES) {
    const file = await load(name);
    for (const group of file.testGroups) {
      if (OUTSIDE.has(group.type)) continue;
      for (const { tcId, input, result, error, output } of group.tests) {
        const where = `${name}.json, ${group.type}, ${tcId}`;
        let found, refusal;
        try {
          found = await run[group.type](input);
        } catch (thrown) {
          refusal = thrown;
        }
        if (result === "invalid") {
          if (!(refusal instanceof phi.PhiPreError) || !refusal.code) throw new Error(`${where}: no refusal but ${refusal}`);
          equal(refusal.message, error, where);
        } else {
          if (refusal) throw new Error(`${where}: ${refusal.stack ?? refusal}`);
          for (const [key, value] of Object.entries(output)) {
            if (key in found) equal(plain(found[key]), value, `${where}, ${key}`);
            else if (!HIDDEN.has(key)) throw new Error(`${where}: ${key} is not given`);
          }
        }
        counts[result] += 1;
      }
    }
  }
  return counts;
}

/** A value as the vectors write it. */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint8Array) return hex(value);
  return typeof value === "object" ? hex(value.toBytes()) : value;
}

function operations(phi, hazmat) {
  const zero = new phi.Params(new Uint8Array(32));
  const params = (input) => (input.k_s === undefined ? zero : new phi.Params(unhex(input.k_s)));
  const scope = ({ scope, name }) => (scope === "relationship" ? phi.Scope.relationship() : phi.Scope[scope](unhex(name)));
  const secret = (digits) => phi.DecryptionKey.fromBytes(unhex(digits));
  const keyOf = (digits) => secret(digits).encryptionKey(zero);
  const encryptionKey = (digits) => phi.EncryptionKey.fromBytes(unhex(digits));
  const rekey = (digits) => phi.ReKey.fromBytes(unhex(digits));
  const capsule = (digits) => phi.Capsule.fromBytes(unhex(digits));
  const list = (digits) => concat(...digits.map(unhex));
  const seal = (of, y, { t, r }) => hazmat.encapsulate(of, y, unhex(t), unhex(r));

  /** Equation 2 by each way that the package has. */
  const reencrypted = (key, capsule) => {
    const again = key.reencrypt(capsule);
    const bytes = capsule.toBytes();
    const batch = key.reencryptMany(concat(bytes, bytes, bytes));
    equal(hex(batch.capsules.subarray(480)), hex(again.toBytes()), "reencryptMany");
    equal(batch.errors.length, 0, "reencryptMany");
    return again;
  };
  /** Equation 3 by each way that the package has. */
  const decapsulated = (key, capsule) => {
    const [m, bytes] = [key.decapsulate(capsule), capsule.toBytes()];
    for (const each of key.decapsulateMany(concat(bytes, bytes))) equal(each.equals(m), true, "decapsulateMany");
    return m;
  };
  const record = ({ seed, bytes }) => {
    const blocks = [];
    for (let n = 0; n * 32 < bytes; n++) {
      const counter = new Uint8Array(8);
      new DataView(counter.buffer).setBigUint64(0, BigInt(n));
      blocks.push(phi.literalDigest(concat(unhex(seed), counter)));
    }
    const whole = new Uint8Array(blocks.length * 32);
    blocks.forEach((block, n) => whole.set(block, n * 32));
    return whole.slice(0, bytes);
  };
  const edited = (envelope, { edit, at, to, count, bytes }) => {
    const [fresh, before] = [unhex(bytes), envelope.slice(0, at)];
    switch (edit) {
      case "xor":
        return envelope.map((byte, i) => (i >= at && i < at + fresh.length ? byte ^ fresh[i - at] : byte));
      case "remove":
        return join(before, envelope.slice(at + count));
      case "insert":
        return join(before, fresh, envelope.slice(at));
      case "swap": {
        const again = envelope.slice();
        again.set(envelope.slice(to, to + count), at);
        again.set(envelope.slice(at, at + count), to);
        return again;
      }
      default:
        throw new Error(edit);
    }
  };
  const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

  return {
    "key derivation": (input) => {
      const k_d = params(input).derive(phi.SharedSecret.fromBytes(unhex(input.sk)), scope(input));
      return { k_d, k_e: k_d.encryptionKey(params(input)), Y: k_d.publicKey(params(input)) };
    },
    k_d: (input) => {
      const k_d = secret(input.encoding);
      return { k_e: k_d.encryptionKey(zero), Y: k_d.publicKey(zero) };
    },
    "public key": (input) => ({ Y: phi.PublicKey.fromBytes(unhex(input.encoding)) }),
    parameters: (input) => {
      const read = phi.Params.fromBytes(unhex(input.encoding));
      return { g1: read.g1, g2: read.g2, gT: read.gT, k_s: read.seed };
    },
    handshake: async (input) => {
      const [me, other] = input.side === "I" ? ["initiator", "responder"] : ["responder", "initiator"];
      const handshake = hazmat.handshake(me, unhex(input.secret));
      const session = new phi.Session(unhex(input.name_I), unhex(input.X_I), unhex(input.name_R), unhex(input.X_R));
      const algorithm = { name: "ECDSA", namedCurve: "P-256" };
      const key = await crypto.subtle.importKey("raw", unhex(input.verifying_key), algorithm, false, ["verify"]);
      const signature = unhex(input.signature);
      const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
      const low = BigInt(`0x${hex(signature.slice(32))}`) <= order / 2n; // signatures have the smaller s
      const statement = session.statement(other);
      const valid = await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, statement);
      return { sk: handshake.finish(session, (shown) => low && valid && hex(shown) === hex(statement)) };
    },
    capsule: (input) => {
      const { z, c } = capsule(input.encoding);
      return { Z: z, C: c };
    },
    encapsulate: (input) => {
      const [sealed, m] = seal(zero, phi.PublicKey.fromBytes(unhex(input.Y)), input);
      return { M: m, capsule: sealed };
    },
    k_re: (input) => {
      const key = new phi.ReKey(encryptionKey(input.k_e), encryptionKey(input.k_e_prime));
      return { k_re: key, inverse: key.inverse() };
    },
    compose: (input) => ({ k_re: rekey(input.first).compose(rekey(input.second)) }),
    "re-encrypt": (input) => {
      const [key, before] = [rekey(input.k_re), capsule(input.capsule)];
      return { capsule: reencrypted(key, before) };
    },
    equations: (input) => {
      const [key, keyPrime, y] = [keyOf(input.k_d), keyOf(input.k_d_prime), secret(input.k_d).publicKey(zero)];
      const k_re = new phi.ReKey(key, keyPrime);
      const sealed = input.t.map((t) => seal(zero, y, { t, r: input.r }));
      const again = sealed.map(([capsule]) => reencrypted(k_re, capsule));
      return {
        k_e: key,
        k_e_prime: keyPrime,
        Y: y,
        Z: sealed[0][0].z,
        M: sealed.map(([, m]) => m),
        C: sealed.map(([capsule]) => capsule.c),
        k_re,
        C_prime: again.map((capsule) => capsule.c),
        M_again: again.map((capsule) => decapsulated(keyPrime, capsule)),
      };
    },
    "re-encryption": (input) => {
      const of = params(input);
      const [k_d, k_d_prime] = [input.sk, input.sk_prime].map((sk) =>
        of.derive(phi.SharedSecret.fromBytes(unhex(sk)), scope(input)),
      );
      const [key, keyPrime] = [k_d.encryptionKey(of), k_d_prime.encryptionKey(of)];
      const [sealed, m] = seal(of, k_d.publicKey(of), input);
      const k_re = new phi.ReKey(key, keyPrime);
      const again = reencrypted(k_re, sealed);
      return {
        k_d,
        k_d_prime,
        k_e: key,
        k_e_prime: keyPrime,
        Y: k_d.publicKey(of),
        Z: sealed.z,
        M: m,
        C: sealed.c,
        k_re,
        inverse: k_re.inverse(),
        C_prime: again.c,
        M_again: decapsulated(keyPrime, again),
      };
    },
    decapsulate: (input) => {
      const key = encryptionKey(input.k_e);
      return { M: decapsulated(key, capsule(input.capsule)) };
    },
    hops: (input) => {
      const hops = input.k_d.map(keyOf);
      const rekeys = hops.slice(1).map((key, i) => new phi.ReKey(hops[i], key));
      const capsules = [seal(zero, secret(input.k_d[0]).publicKey(zero), input)[0]];
      for (const key of rekeys) capsules.push(reencrypted(key, capsules.at(-1)));
      const k_re = rekeys.slice(1).reduce((composed, key) => composed.compose(key), rekeys[0]);
      return { capsules, k_re, M: hops.at(-1).decapsulate(capsules.at(-1)) };
    },
    folder: (input) => {
      const [key, keyPrime] = [keyOf(input.k_d), keyOf(input.k_d_prime)];
      const [sealed] = seal(zero, secret(input.k_d).publicKey(zero), input);
      const again = reencrypted(new phi.ReKey(key, keyPrime), sealed);
      const m = keyPrime.decapsulate(again);
      return { capsule: sealed, again, M: m, keys: input.names.map((name) => m.recordKey(again, unhex(name))) };
    },
    "key by name": (input) => {
      const a = phi.NamedSecret.fromBytes(unhex(input.a));
      const of = a.public(params(input));
      return {
        A: of,
        k_e: a.encryptionKey(params(input), scope(input)),
        Y: of.publicKey(params(input), scope(input)),
      };
    },
    "public key by name": (input) => ({
      Y: phi.NamedPublic.fromBytes(unhex(input.A)).publicKey(params(input), scope(input)),
    }),
    "re-encryption by name": (input) => {
      const a = phi.NamedSecret.fromBytes(unhex(input.a));
      const [key, keyPrime] = [a.encryptionKey(params(input), scope(input)), encryptionKey(input.k_e_prime)];
      const y = a.public(params(input)).publicKey(params(input), scope(input));
      const k_re = new phi.ReKey(key, keyPrime);
      const [sealed, m] = seal(params(input), y, input);
      const again = reencrypted(k_re, sealed);
      return { k_e: key, M: m, capsule: sealed, k_re, again, M_again: decapsulated(keyPrime, again) };
    },
    envelope: async (input) => {
      const y = secret(input.k_d).publicKey(zero);
      const suite = { 1: "aes-256-gcm", 2: "chacha20-poly1305" }[input.suite];
      const data = record(input.record);
      let envelope = hazmat.encrypt(zero, y, data, suite, unhex(input.t), unhex(input.r));
      for (const rule of input.edits) envelope = edited(envelope, rule);
      const streamed = await through(envelope, phi.decryptStream(keyOf(input.opened_by))).catch((error) => error);
      let opened;
      try {
        opened = phi.decrypt(keyOf(input.opened_by), envelope);
      } catch (error) {
        equal(streamed.message, error.message, "decryptStream");
        throw error;
      }
      equal(streamed.length === opened.length && streamed.every((byte, i) => byte === opened[i]), true, "decryptStream");
      const body = envelope.slice(284);
      return {
        header: envelope.slice(0, 284),
        body_bytes: body.length,
        body_sha256: await sha256(body),
        body_first: body.slice(0, 32),
        body_last: body.slice(-32),
        record_sha256: await sha256(opened),
      };
    },
    header: (input) => {
      const header = phi.Header.fromBytes(unhex(input.encoding));
      const again = header.reencrypt(rekey(input.k_re));
      const suite = { "aes-256-gcm": 1, "chacha20-poly1305": 2 }[header.suite];
      return { suite, key_commitment: header.keyCommitment, capsule: header.capsule, again };
    },
    identifier: (input) => {
      const [uid, v] = [phi.UserId.fromBytes(unhex(input.uid)), phi.Vector.fromBytes(unhex(input.v))];
      return { id: new phi.Pseudonym(uid, v), literal: phi.Pseudonym.literal(uid, v) };
    },
    commitment: (input) => {
      const data = record(input.record);
      return { commitment: phi.Salt.fromBytes(unhex(input.salt)).commit(data), literal: phi.literalDigest(data) };
    },
    "prove range": (input) => {
      const [data, salt] = [record(input.record), phi.Salt.fromBytes(unhex(input.salt))];
      return { proof: salt.prove(data, input.first, input.end), commitment: salt.commit(data) };
    },
    "range proof": (input) => {
      const proof = phi.RangeProof.fromBytes(unhex(input.proof));
      proof.verify(unhex(input.commitment), record(input.record).slice(input.from, input.to));
      return { length: proof.length, first: proof.first, end: proof.end };
    },
    "public re-encryption key": (input) => {
      const [from, to] = [input.Y, input.Y_prime].map((y) => phi.PublicKey.fromBytes(unhex(y)));
      return { delta: new phi.PublicReKey(from, to) };
    },
    "check k_re": (input) => {
      phi.PublicReKey.fromBytes(unhex(input.delta)).check(zero, rekey(input.k_re));
      return { holds: true };
    },
    "verify re-encryption": (input) => {
      const [delta, proof] = [phi.PublicReKey.fromBytes(unhex(input.delta)), unhex(input.proof)];
      phi.ReencryptionProof.fromBytes(proof).verify(zero, delta, list(input.before), list(input.after), unhex(input.context));
      return { holds: true };
    },
    "shared key": (input) => {
      const [shared, delta] = [phi.SharePublic.fromBytes(unhex(input.public)), phi.PublicReKey.fromBytes(unhex(input.delta))];
      return { of_delta: shared.isOf(delta), delta_j: shared.ofShare(input.index) };
    },
    "partial re-encryption": (input) => {
      const share = new phi.KeyShare(input.index, unhex(input.share));
      return { partial: share.reencrypt(capsule(input.capsule)) };
    },
    combine: (input) => {
      const shared = phi.SharePublic.fromBytes(unhex(input.public));
      return { capsule: shared.combine(capsule(input.capsule), input.partials.map(unhex)) };
    },
  };
}

/** Sends bytes through a stream, in pieces of many sizes. */
export async function through(bytes, stream) {
  const sizes = [1, 283, 65536, 100000, 65552, 7];
  let [at, turn] = [0, 0];
  const source = new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      const end = at + sizes[turn++ % sizes.length];
      controller.enqueue(bytes.subarray(at, end));
      at = end;
    },
  });
  const parts = [];
  for (const reader = source.pipeThrough(stream).getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return join(...parts);
    parts.push(value);
  }
}

function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
