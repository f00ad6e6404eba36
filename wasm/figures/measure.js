/** The figures: each operation of the package, beside rivals, in one run. Bundled by `figures.js`. */

import { bls12_381 } from "@noble/curves/bls12-381.js";
import * as umbral from "@nucypher/umbral-pre/pkg-bundler/umbral_pre_wasm_bg.js";
import umbralModule from "@nucypher/umbral-pre/pkg-bundler/umbral_pre_wasm_bg.wasm";
import init, * as phi from "../dist/index.js";
import module from "../dist/phi_pre_bg.wasm";

/** Milliseconds of one call: the median of rounds that take about a fifth of a second each. */
function time(work) {
  work();
  const rounds = Array.from({ length: 5 }, () => {
    const begin = performance.now();
    let n = 0;
    do {
      work();
      n += 1;
    } while (performance.now() - begin < 200);
    return (performance.now() - begin) / n;
  });
  return rounds.sort((a, b) => a - b)[2];
}

/** Rows of [what, milliseconds]. */
export async function measure() {
  await init(module);
  const { instance } = await WebAssembly.instantiate(umbralModule, { "./umbral_pre_wasm_bg.js": umbral });
  umbral.__wbg_set_wasm(instance.exports);

  const params = phi.Params.random();
  const [a, b] = [phi.DecryptionKey.random(), phi.DecryptionKey.random()];
  const [key, keyPrime, y] = [a.encryptionKey(params), b.encryptionKey(params), a.publicKey(params)];
  const k_re = new phi.ReKey(key, keyPrime);
  const [capsule] = y.encapsulate(params);
  const bytes = capsule.toBytes();
  const batch = new Uint8Array(64 * 240);
  for (let i = 0; i < 64; i++) batch.set(bytes, i * 240);
  const again = k_re.reencryptMany(batch).capsules;
  const delta = new phi.PublicReKey(y, b.publicKey(params));
  const proof = phi.ReencryptionProof.prove(params, k_re, batch, again, new Uint8Array());
  const record = new Uint8Array(1 << 22);
  const envelopes = ["aes-256-gcm", "chacha20-poly1305"].map((suite) => [suite, phi.encrypt(params, y, record, suite)]);

  const [g1, g2] = [bls12_381.G1.Point.BASE.multiply(0x1234567890abcdefn), bls12_381.G2.Point.BASE.multiply(0xfedcba0987654321n)];

  const [alice, bob] = [umbral.SecretKey.random(), umbral.SecretKey.random()];
  const [sealed, ciphertext] = umbral.encrypt(alice.publicKey(), new Uint8Array(32));
  const signer = new umbral.Signer(umbral.SecretKey.random());
  const fragments = umbral.generateKFrags(alice, bob.publicKey(), signer, 1, 1, true, true);
  const cfrag = umbral.reencrypt(sealed, fragments[0]);

  return [
    ["phi-pre: k_e", time(() => a.encryptionKey(params).free())],
    ["phi-pre: Y", time(() => a.publicKey(params).free())],
    ["phi-pre: encapsulate", time(() => y.encapsulate(params).forEach((made) => made.free()))],
    ["phi-pre: k_re, Equation 1", time(() => new phi.ReKey(key, keyPrime).free())],
    ["phi-pre: re-encrypt, Equation 2", time(() => k_re.reencrypt(capsule).free())],
    ["phi-pre: re-encrypt, a batch of 64 from bytes to bytes, each", time(() => k_re.reencryptMany(batch).free()) / 64],
    ["phi-pre: decapsulate, Equation 3", time(() => keyPrime.decapsulate(capsule).free())],
    ["phi-pre: read a capsule", time(() => phi.Capsule.fromBytes(bytes).free())],
    ["phi-pre: verify the proof of 64", time(() => proof.verify(params, delta, batch, again, new Uint8Array()))],
    ...envelopes.flatMap(([suite, envelope]) => [
      [`phi-pre: encrypt 4 MiB, ${suite}`, time(() => phi.encrypt(params, y, record, suite))],
      [`phi-pre: decrypt 4 MiB, ${suite}`, time(() => phi.decrypt(key, envelope))],
    ]),
    ["noble-curves: pairing", time(() => bls12_381.pairing(g1, g2))],
    ["umbral-pre: encrypt 32 bytes", time(() => umbral.encrypt(alice.publicKey(), new Uint8Array(32)))],
    ["umbral-pre: re-encrypt with its proof", time(() => umbral.reencrypt(sealed, fragments[0]))],
    ["umbral-pre: decrypt 32 bytes", time(() => umbral.decryptReencrypted(bob, alice.publicKey(), sealed, [cfrag], ciphertext))],
  ];
}
