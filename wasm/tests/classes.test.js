/** What the vectors do not show: streams, refusals, secrets. */

import assert from "node:assert/strict";
import { test } from "node:test";
import init, * as phi from "../dist/index.js";
import { through } from "./vectors.js";

await init();
const params = phi.Params.random();
const [a, b] = [phi.DecryptionKey.random(), phi.DecryptionKey.random()];
const [key, keyPrime, y] = [a.encryptionKey(params), b.encryptionKey(params), a.publicKey(params)];
const rekey = new phi.ReKey(key, keyPrime);

/** All bytes of the module's memory. */
const memory = () => Buffer.from(phi.moduleMemory().buffer.slice(0));

/** An error of this code. */
const refused = (code) => (error) => error instanceof phi.PhiPreError && error.code === code;

test("streams give what the functions give", async () => {
  for (const bytes of [0, 1, 65535, 65536, 65537, 300_000]) {
    for (const suite of [undefined, "aes-256-gcm", "chacha20-poly1305"]) {
      const record = crypto.getRandomValues(new Uint8Array(Math.min(bytes, 65536)));
      const whole = new Uint8Array(bytes).map((_, i) => record[i % record.length]);
      const sealing = phi.encryptStream(params, y, suite);
      const envelope = await through(whole, sealing);
      assert.equal(envelope.length, 284 + bytes + 16 * Math.max(1, Math.ceil(bytes / 65536)));
      assert.deepEqual(phi.decrypt(key, envelope), whole);
      const again = await through(envelope, phi.reencryptStream(rekey));
      assert.deepEqual(again, phi.reencrypt(rekey, envelope));
      const opening = phi.decryptStream(keyPrime);
      assert.deepEqual(await through(again, opening), whole);
      const [sealed, opened] = [await sealing.sealed, await opening.sealed];
      assert.deepEqual([sealed.commitment, sealed.bytes], [opened.commitment, opened.bytes]);
      assert.equal(sealed.bytes, bytes);
    }
  }
});

test("streams refuse what was cut off or changed", async () => {
  const envelope = phi.encrypt(params, y, new Uint8Array(100_000));
  for (const cut of [0, 1, 283, 284, 299, 300, 284 + 65552, envelope.length - 1]) {
    const short = envelope.slice(0, cut);
    await assert.rejects(through(short, phi.decryptStream(key)), phi.PhiPreError, `${cut}`);
    const opening = phi.decryptStream(key);
    await assert.rejects(through(short, opening), phi.PhiPreError);
    await assert.rejects(opening.sealed, phi.PhiPreError);
  }
  for (const cut of [0, 1, 283, 284, 299, 284 + 65552 + 16]) {
    const short = envelope.slice(0, cut);
    let code;
    assert.throws(
      () => phi.reencrypt(rekey, short),
      (error) => ((code = error.code), true),
    );
    await assert.rejects(through(short, phi.reencryptStream(rekey)), refused(code), `${cut}`);
  }
  for (const at of [12, 50, 100, 283, 284, envelope.length - 1]) {
    const changed = envelope.slice();
    changed[at] ^= 1;
    await assert.rejects(through(changed, phi.decryptStream(key)), phi.PhiPreError, `${at}`);
  }
  await assert.rejects(through(envelope, phi.decryptStream(keyPrime)), refused("refused"));
  const text = new ReadableStream({ start: (it) => (it.enqueue("a record"), it.close()) });
  const sealing = phi.encryptStream(params, y);
  await assert.rejects(text.pipeThrough(sealing).getReader().read(), refused("bytes"));
  await assert.rejects(sealing.sealed, refused("bytes"));
});

test("the salt of an envelope proves chunks of its record", () => {
  const record = new Uint8Array(200_000).map((_, i) => i ^ (i >>> 16));
  const envelope = phi.encrypt(params, y, record);
  const decryption = new phi.Decryption(key, envelope.slice(0, 284));
  decryption.update(envelope.slice(284));
  const proof = decryption.salt().prove(record, 1, 2);
  const { commitment } = decryption.finish().sealed;
  phi.RangeProof.fromBytes(proof.toBytes()).verify(commitment, record.slice(65536, 131072));
  assert.throws(() => proof.verify(commitment, record.slice(0, 65536)), refused("refused"));
  assert.throws(() => decryption.salt(), refused("spent"));
});

test("errors have codes", () => {
  const capsule = y.encapsulate(params)[0].toBytes();
  const unflagged = capsule.map((byte, i) => (i === 0 ? byte & 0x7f : byte));
  assert.throws(() => phi.Capsule.fromBytes(unflagged), refused("flags"));
  assert.throws(() => phi.Capsule.fromBytes(capsule.subarray(0, 239)), refused("length"));
  assert.throws(() => phi.Capsule.fromBytes(new Uint8Array(240)), phi.PhiPreError);
  assert.throws(() => phi.DecryptionKey.fromBytes(new Uint8Array(32)), refused("identity"));
  assert.throws(() => phi.DecryptionKey.fromBytes(new Uint8Array(32).fill(255)), refused("non-canonical"));
  assert.throws(() => phi.SharedSecret.fromBytes(new Uint8Array(31)), refused("length"));
  assert.throws(() => new phi.ReKey(key, key), refused("same-key"));
  assert.throws(() => rekey.compose(rekey.inverse()), refused("same-key"));
  assert.throws(() => phi.decrypt(keyPrime, phi.encrypt(params, y, new Uint8Array(3))), refused("refused"));
  assert.throws(() => phi.encrypt(params, y, new Uint8Array(3), "rot13"), refused("suite"));
  assert.throws(() => rekey.reencryptMany(new Uint8Array(241)), refused("length"));
  assert.throws(() => phi.Scope.record(7), refused("name"));
  assert.throws(() => new phi.Handshake("both"), refused("party"));
  assert.throws(() => rekey.split(params, 3, 2), refused("threshold"));
});

test("arguments of another type or size are refused, again and again, and nothing is lost", () => {
  const salt = phi.Salt.fromBytes(new Uint8Array(32).fill(7));
  const encryption = new phi.Encryption(params, y);
  const [capsule, m] = y.encapsulate(params);
  const others = [undefined, null, 5, "hello", {}, [1, 2], new ArrayBuffer(8), new Uint16Array(8), new DataView(new ArrayBuffer(8)), { length: -1 }];
  for (let times = 0; times < 100; times++) {
    for (const other of others) {
      for (const call of [
        () => phi.encrypt(params, y, other),
        () => phi.decrypt(key, other),
        () => phi.reencrypt(rekey, other),
        () => phi.literalDigest(other),
        () => salt.commit(other),
        () => salt.prove(other, 0, 1),
        () => encryption.update(other),
        () => m.recordKey(capsule, other),
        () => phi.Capsule.fromBytes(other),
        () => phi.DecryptionKey.fromBytes(other),
        () => rekey.reencryptMany(other),
        () => new phi.Params(other),
        () => new phi.Session(other, other, other, other),
        () => phi.ReencryptionProof.prove(params, rekey, capsule.toBytes(), capsule.toBytes(), other),
      ])
        assert.throws(call, refused("bytes"));
    }
  }
  for (const other of [5, {}, null, "both"]) {
    assert.throws(() => new phi.Handshake(other), refused("party"));
    assert.throws(() => phi.encrypt(params, y, new Uint8Array(1), other), refused("suite"));
  }
  for (const other of [undefined, null, "1", -1, 1.5, NaN, 256, 2 ** 32, 1n]) {
    assert.throws(() => new phi.KeyShare(other, rekey.toBytes()), refused("number"));
    assert.throws(() => rekey.split(params, other, 3), refused("number"));
    if (other !== 256) assert.throws(() => salt.prove(new Uint8Array(9), other, 1), refused("number"));
  }
  for (const name of ["\ud800", "a\udfff", 7, null]) assert.throws(() => phi.Scope.record(name), refused("name"));
  assert.throws(() => phi.literalDigest(new Uint8Array(2 ** 29 + 1)), refused("limit"));
  // All of them still work.
  encryption.update(new Uint8Array(3));
  const last = encryption.finish();
  assert.equal(last.sealed.bytes, 3);
  for (const object of [salt, encryption, last, m, capsule]) object.free();
});

test("the seed of a generator does not stay in memory", () => {
  const seeds = [];
  const real = crypto.getRandomValues;
  crypto.getRandomValues = (array) => {
    const filled = real.call(crypto, array);
    seeds.push(Buffer.from(array));
    return filled;
  };
  try {
    phi.DecryptionKey.random().free();
    y.encapsulate(params).forEach((made) => made.free());
    new phi.Encryption(params, y).free();
    phi.SharedSecret.random().free();
    rekey.split(params, 2, 3);
  } finally {
    crypto.getRandomValues = real;
  }
  assert.equal(seeds.length, 5);
  seeds.forEach((seed, i) => assert.ok(!memory().includes(seed), `seed ${i}`));
});

test("a batch names each capsule that it cannot read", () => {
  const capsules = new Uint8Array(5 * 240);
  const sealed = Array.from({ length: 5 }, () => y.encapsulate(params));
  sealed.forEach(([capsule], i) => capsules.set(capsule.toBytes(), i * 240));
  capsules[2 * 240] ^= 0xff;
  const batch = rekey.reencryptMany(capsules);
  assert.deepEqual(
    batch.errors.map(([i, error]) => [i, error instanceof phi.PhiPreError]),
    [[2, true]],
  );
  const again = batch.capsules;
  assert.ok(again.subarray(480, 720).every((byte) => byte === 0));
  keyPrime.decapsulateMany(again).forEach((m, i) => {
    assert.equal(i === 2 ? m : m.equals(sealed[i][1]), i === 2 ? undefined : true);
  });
});

test("a handshake gives both sides one sk, once", () => {
  const [user, hospital] = [new phi.Handshake("initiator"), new phi.Handshake("responder")];
  const name = (text) => new TextEncoder().encode(text);
  const session = new phi.Session(name("user"), user.share, name("hospital"), hospital.share);
  const statements = [];
  const sk = user.finish(session, (statement) => statements.push(statement) === 1);
  assert.ok(hospital.finish(session, () => true).equals(sk));
  assert.deepEqual(statements, [session.statement("responder")]);
  assert.throws(() => user.share, refused("spent"));
  assert.throws(() => user.finish(session, () => true), refused("spent"));
  const foreign = new phi.Handshake("initiator");
  assert.throws(() => foreign.finish(session, () => true), refused("foreign-share"));
  const thrown = new phi.Handshake("initiator");
  const own = new phi.Session(name("user"), thrown.share, name("hospital"), new phi.Handshake("responder").share);
  const mine = new Error("mine");
  assert.throws(
    () =>
      thrown.finish(own, () => {
        throw mine;
      }),
    (error) => error === mine,
  );
  const unsure = new phi.Handshake("initiator");
  const third = new phi.Session(name("user"), unsure.share, name("hospital"), new phi.Handshake("responder").share);
  assert.throws(() => unsure.finish(third, () => 1), refused("unauthenticated")); // only true is true
});

test("proofs and shares hold, and fail for another capsule", () => {
  const [before, other] = [y.encapsulate(params)[0], y.encapsulate(params)[0]];
  const delta = new phi.PublicReKey(y, b.publicKey(params));
  delta.check(params, rekey);
  assert.throws(() => delta.check(params, rekey.inverse()), refused("fault-rekey"));
  const after = rekey.reencrypt(before).toBytes();
  const proof = phi.ReencryptionProof.prove(params, rekey, before.toBytes(), after, new Uint8Array(3));
  const read = phi.ReencryptionProof.fromBytes(proof.toBytes());
  read.verify(params, delta, before.toBytes(), after, new Uint8Array(3));
  assert.throws(() => read.verify(params, delta, before.toBytes(), after, new Uint8Array(4)), refused("fault-proof"));
  assert.throws(() => read.verify(params, delta, other.toBytes(), after, new Uint8Array(3)), refused("other-z"));

  const [shares, shared] = rekey.split(params, 2, 3);
  assert.ok(shared.isOf(delta));
  const partials = shares.map((share) => share.reencrypt(before).toBytes());
  for (const [i, j] of [[0, 1], [2, 0], [1, 2]]) {
    assert.deepEqual(shared.combine(before, [partials[i], partials[j]]).toBytes(), after);
  }
  assert.throws(() => shared.combine(before, partials), refused("threshold"));
});

test("secrets are not enumerable, and free() overwrites them", () => {
  const record = crypto.getRandomValues(new Uint8Array(64));
  const secrets = {
    a: phi.DecryptionKey.random(),
    sk: phi.SharedSecret.random(),
    v: phi.Vector.random(),
  };
  secrets.key = secrets.a.encryptionKey(params);
  secrets.k_re = new phi.ReKey(secrets.key, keyPrime);
  secrets.m = secrets.key.decapsulate(secrets.a.publicKey(params).encapsulate(params)[0]);
  const bytes = Object.entries(secrets).map(([name, secret]) => [name, Buffer.from(secret.toBytes())]);
  for (const [name, shown] of bytes) {
    const told = [JSON.stringify(secrets[name]), Object.values(secrets[name]).join(), `${secrets[name]}`].join();
    assert.ok(!told.includes(shown.toString("hex")) && !told.includes(shown.join(",")), name);
    assert.deepEqual(Object.keys(secrets[name]).filter((key) => !key.startsWith("__wbg")), [], name);
  }
  assert.ok(bytes.some(([, shown]) => memory().includes(shown)), "a secret in use is in memory as its bytes");
  phi.decrypt(key, phi.encrypt(params, y, record));
  Object.values(secrets).forEach((secret) => secret.free());
  for (const [name, shown] of [...bytes, ["record", Buffer.from(record)]]) {
    assert.ok(!memory().includes(shown), `${name} is still in memory`);
  }
  assert.throws(() => secrets.a.toBytes(), /null pointer|attempt to use a moved value|undefined/);
});
