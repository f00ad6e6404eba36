/**
 * The package phi-pre: the classes of the WebAssembly module, the start of the module, and streams.
 *
 * `phi_pre.js` is what wasm-bindgen writes; it starts the module from a URL or from bytes.
 */

import start, { Decryption, Encryption, Header } from "./phi_pre.js";
import { PhiPreError } from "./error.js";

export * from "./classes.js";
export { PhiPreError };

/** Bytes of the header of an envelope. */
const HEADER = 284;
/** Bytes of a chunk with its tag, and of the tag. */
const [SLOT, TAG] = [65536 + 16, 16];

let started;

export default function init(source) {
  started ??= begin(source).catch((error) => {
    started = undefined; // a later call tries again
    throw error;
  });
  return started;
}

async function begin(source) {
  if (source === undefined) {
    const url = new URL("phi_pre_bg.wasm", import.meta.url);
    // Node's fetch reads no files.
    source = url.protocol === "file:" && globalThis.process?.versions?.node ? await file(url) : url;
  }
  await start({ module_or_path: source });
}

async function file(url) {
  const { readFile } = await import(/* webpackIgnore: true */ /* @vite-ignore */ "node:fs/promises");
  return readFile(url);
}

/**
 * A stream of bytes through `work`, which gets the next bytes and returns those to pass on. `lost` gets the error of a stream that
 * fails, and the reason of one that is cancelled, where the platform tells it.
 */
function transform(work, end, lost = () => {}) {
  const pass = (controller, bytes) => bytes.length > 0 && controller.enqueue(bytes);
  const guarded = (step) => {
    try {
      return step();
    } catch (error) {
      lost(error);
      throw error;
    }
  };
  return new TransformStream({
    transform: (chunk, controller) => pass(controller, guarded(() => work(bytesOf(chunk)))),
    flush: (controller) => pass(controller, guarded(end)),
    cancel: lost,
  });
}

function bytesOf(chunk) {
  if (chunk instanceof Uint8Array) return chunk;
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  throw new PhiPreError("a stream of bytes is needed: each chunk a Uint8Array", "bytes");
}

/** `sealed` of a stream: a promise that is kept at its end and broken by its failure. Nobody has to wait for it. */
function promise() {
  const kept = {};
  kept.promise = new Promise((resolve, reject) => Object.assign(kept, { resolve, reject }));
  kept.promise.catch(() => {});
  return kept;
}

export function encryptStream(params, to, suite) {
  const [encryption, sealed] = [new Encryption(params, to, suite), promise()];
  let header = encryption.header;
  const headed = (chunks) => {
    const bytes = header ? join(header, chunks) : chunks;
    header = undefined;
    return bytes;
  };
  const stream = transform(
    (record) => headed(encryption.update(record)),
    () => {
      const last = encryption.finish();
      const bytes = headed(last.bytes);
      sealed.resolve(last.sealed);
      last.free();
      encryption.free();
      return bytes;
    },
    (error) => {
      encryption.free();
      sealed.reject(error);
    },
  );
  return Object.assign(stream, { sealed: sealed.promise });
}

export function decryptStream(key) {
  const [head, sealed] = [new Head(), promise()];
  let decryption;
  const stream = transform(
    (bytes) => {
      const body = head.take(bytes);
      if (head.complete) decryption ??= new Decryption(key, head.bytes);
      return decryption ? decryption.update(body) : body;
    },
    () => {
      decryption ??= new Decryption(key, head.got()); // an error: the envelope ends in its header
      const last = decryption.finish();
      const { bytes } = last;
      sealed.resolve(last.sealed);
      last.free();
      decryption.free();
      return bytes;
    },
    (error) => {
      decryption?.free();
      sealed.reject(error);
    },
  );
  return Object.assign(stream, { sealed: sealed.promise });
}

export function reencryptStream(key) {
  const head = new Head();
  let [done, body] = [false, 0];
  return transform(
    (bytes) => {
      const rest = head.take(bytes);
      body += rest.length;
      if (done || !head.complete) return rest;
      done = true;
      return join(again(head.bytes, key), rest);
    },
    () => {
      if (!done) return again(head.got(), key); // an error: the envelope ends in its header
      const last = body % SLOT || (body && SLOT);
      if (last < TAG || (last === TAG && body > SLOT)) {
        throw new PhiPreError(`last chunk: ${last} bytes where ${TAG + 1} are needed`, "length");
      }
      return new Uint8Array();
    },
  );
}

function again(bytes, key) {
  const header = Header.fromBytes(bytes);
  const reencrypted = header.reencrypt(key);
  const encoded = reencrypted.toBytes();
  header.free();
  reencrypted.free();
  return encoded;
}

/** Collects the header of an envelope. */
class Head {
  bytes = new Uint8Array(HEADER);
  #length = 0;

  get complete() {
    return this.#length === HEADER;
  }

  /** What there is of the header. */
  got() {
    return this.bytes.subarray(0, this.#length);
  }

  /** Takes what belongs to the header, and returns the rest. */
  take(bytes) {
    const n = Math.min(HEADER - this.#length, bytes.length);
    this.bytes.set(bytes.subarray(0, n), this.#length);
    this.#length += n;
    return bytes.subarray(n);
  }
}

function join(a, b) {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
