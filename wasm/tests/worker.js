/** A worker: a record of many bytes goes through encryption, re-encryption and decryption at once. */

import init, * as phi from "../dist/index.js";

onmessage = async ({ data: bytes }) => {
  try {
    await init();
    const params = phi.Params.random();
    const [a, b] = [phi.DecryptionKey.random(), phi.DecryptionKey.random()];
    const [key, keyPrime] = [a.encryptionKey(params), b.encryptionKey(params)];
    const begin = performance.now();
    const sealing = phi.encryptStream(params, a.publicKey(params));
    const opening = phi.decryptStream(keyPrime);
    const out = record(bytes)
      .pipeThrough(sealing)
      .pipeThrough(phi.reencryptStream(new phi.ReKey(key, keyPrime)))
      .pipeThrough(opening);
    const [expected, found] = [pattern(), { bytes: 0, same: true }];
    for await (const chunk of out) {
      for (const byte of chunk.subarray(0, 4)) found.same &&= byte === expected(found.bytes++);
      found.bytes += chunk.length - Math.min(4, chunk.length);
    }
    const [sealed, opened] = await Promise.all([sealing.sealed, opening.sealed]);
    found.same &&= sealed.commitment.join() === opened.commitment.join() && sealed.bytes === opened.bytes;
    postMessage({ ...found, milliseconds: performance.now() - begin, module: phi.moduleMemory().buffer.byteLength });
  } catch (error) {
    postMessage({ error: String(error.stack ?? error) });
  }
};

/** The byte at a place of the record. */
function pattern() {
  return (at) => (at ^ (at >>> 16)) & 0xff;
}

/** The record, in pieces of 256 KiB. */
function record(bytes) {
  const [piece, at] = [1 << 18, pattern()];
  let done = 0;
  return new ReadableStream({
    pull(controller) {
      if (done >= bytes) return controller.close();
      const chunk = new Uint8Array(Math.min(piece, bytes - done));
      for (let i = 0; i < chunk.length; i++) chunk[i] = at(done + i);
      done += chunk.length;
      controller.enqueue(chunk);
    },
  });
}
