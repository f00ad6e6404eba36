/**
 * What goes wrong: each attack is computed on the values of a run. A result says on which form the attack was tried, whether it
 * succeeded, and what was seen.
 */

import * as phi from "phi-pre";

const text = (bytes) => `${bytes.length} bytes of plaintext, "${new TextDecoder().decode(bytes.slice(0, 24)).trim()}…"`;

/** Tries something that should be refused. */
function attempt(form, work) {
  try {
    return { form, succeeds: true, shown: work() };
  } catch (error) {
    return { form, succeeds: false, shown: `${error.code ?? error.name}, "${error.message}"` };
  }
}

/** A second record of the same patient at hospital A, under the key of `scope`. */
function second(run, scope) {
  const y = run.params.derive(run.skA, scope).publicKey(run.params);
  return phi.encrypt(run.params, y, new TextEncoder().encode("Another record, to which nobody consented."));
}

const keyOf = (run, sk, scope) => run.params.derive(sk, scope).encryptionKey(run.params);

/** k_e from k'_e and k_re: the product of k'_e and the inverse of k_re. Any element of G2 reads as a re-encryption key. */
function collude(keyPrime, rekey) {
  const product = phi.ReKey.fromBytes(keyPrime.toBytes()).compose(rekey.inverse());
  return phi.EncryptionKey.fromBytes(product.toBytes());
}

export const ATTACKS = [
  {
    id: "public-key",
    title: "encryption key in public",
    text: "The paper prints k_e as the key that encrypts, so whoever may write has k_e, which also decrypts. Y is an element of GT, and Equation 3 needs one of G2. That Y does not reveal k_e is an assumption, which nothing here shows.",
    compute: (run) => [
      attempt("printed form, k_e is public", () => text(phi.decrypt(phi.EncryptionKey.fromBytes(run.ke.toBytes()), run.envelope))),
      attempt("phi-pre, Y is public", () => text(phi.decrypt(phi.EncryptionKey.fromBytes(run.y.toBytes()), run.envelope))),
    ],
  },
  {
    id: "one-key",
    title: "one key for all records",
    text: "The cloud uses the k_re of one consent for another record, and hospital B opens the result.",
    compute(run) {
      const all = phi.Scope.relationship();
      const [ke, kePrime] = [keyOf(run, run.skA, all), keyOf(run, run.skB, all)];
      return [
        attempt("printed form, one key for the relationship", () =>
          text(phi.decrypt(kePrime, phi.reencrypt(new phi.ReKey(ke, kePrime), second(run, all)))),
        ),
        attempt("phi-pre, a key for each record", () =>
          text(phi.decrypt(run.kePrime, phi.reencrypt(run.kre, second(run, phi.Scope.record("another"))))),
        ),
      ];
    },
  },
  {
    id: "collusion",
    title: "collusion of cloud and hospital B",
    text: "The cloud and hospital B compute k_e = k'_e / k_re together, and open another record of the patient at hospital A.",
    compute(run) {
      const all = phi.Scope.relationship();
      const [ke, kePrime] = [keyOf(run, run.skA, all), keyOf(run, run.skB, all)];
      return [
        attempt("printed form, another record", () =>
          text(phi.decrypt(collude(kePrime, new phi.ReKey(ke, kePrime)), second(run, all))),
        ),
        attempt("phi-pre, the record of the consent, which B may read anyway", () =>
          text(phi.decrypt(collude(run.kePrime, run.kre), run.envelope)),
        ),
        attempt("phi-pre, another record", () =>
          text(phi.decrypt(collude(run.kePrime, run.kre), second(run, phi.Scope.record("another")))),
        ),
      ];
    },
  },
  {
    id: "flipped-byte",
    title: "a flipped byte",
    text: "The cloud changes what it stores. The capsule alone is malleable; the envelope is authenticated.",
    compute(run) {
      const other = run.y.encapsulate(run.params)[0];
      const swapped = phi.Capsule.fromBytes(Uint8Array.from([...run.header.capsule.z, ...other.c]));
      const flipped = run.again.slice();
      flipped[284] ^= 1; // the first byte of the body
      const m = run.ke.decapsulate(run.header.capsule);
      return [
        attempt("printed form, C alone", () => {
          const changed = run.ke.decapsulate(swapped);
          if (changed.equals(m)) throw new Error("the same M");
          return "another M, and no error";
        }),
        attempt("phi-pre, a byte of the envelope", () => text(phi.decrypt(run.kePrime, flipped))),
      ];
    },
  },
  {
    id: "wrong-rekey",
    title: "a wrong re-encryption key",
    text: "The cloud re-encrypts with a key of another record. The envelope does not show the wrong key; a proof of re-encryption does.",
    compute(run) {
      const scope = phi.Scope.record("another");
      const wrong = new phi.ReKey(keyOf(run, run.skA, scope), keyOf(run, run.skB, scope));
      const [before, after] = [run.header.capsule, wrong.reencrypt(run.header.capsule)];
      const spoilt = phi.reencrypt(wrong, run.envelope);
      const context = new Uint8Array();
      return [
        attempt("printed form, a check of C'", () => {
          phi.Capsule.fromBytes(after.toBytes());
          return "C' is accepted, since it is an element of GT";
        }),
        attempt("phi-pre, hospital B opens it", () => text(phi.decrypt(run.kePrime, spoilt))),
        attempt("phi-pre, the patient checks the cloud's proof", () => {
          const proof = phi.ReencryptionProof.prove(run.params, wrong, before.toBytes(), after.toBytes(), context);
          proof.verify(run.params, run.delta, before.toBytes(), after.toBytes(), context);
          return "the proof holds";
        }),
      ];
    },
  },
  {
    id: "withdrawn",
    title: "withdrawn consent",
    text: "The patient consents again and withdraws. The cloud and hospital B try to go on.",
    compute(run) {
      const zero = new Uint8Array(32);
      const request = (run.requests = (run.requests ?? 0) + 1);
      run.platform.share(0, zero, zero, Date.now());
      run.platform.withdraw(request, Date.now());
      return [
        attempt("either form, a cloud that kept k_re and asks nobody", () =>
          text(phi.decrypt(run.kePrime, phi.reencrypt(run.kre, run.envelope))),
        ),
        attempt("phi-pre, the cloud asks the ledger", () => {
          const status = run.platform.consent(request);
          if (status !== "open") throw new Error(`the consent is ${status}`);
          return "the consent is open";
        }),
        attempt("phi-pre, hospital B completes the request", () => run.platform.complete(request, zero, Date.now())),
      ];
    },
  },
  {
    id: "replay",
    title: "a transaction sent again",
    text: "Somebody who has seen a transaction gets it into a block again, past the orderer, which would refuse it. The peers mark the duplicate.",
    compute(run) {
      run.platform.replay();
      const last = JSON.parse(run.platform.blocks()).at(-1);
      const [{ code, meaning }] = last.transactions;
      return [{ form: "phi-pre", succeeds: code === 0, shown: `block ${last.number}, code ${code}, ${meaning}` }];
    },
  },
];
