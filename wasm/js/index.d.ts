import type { EncryptionKey, Params, PublicKey, ReKey, SealedRecord } from "./phi_pre.js";

export * from "./classes.js";
export { PhiPreError } from "./error.js";

/** The AEAD of an envelope. */
export type Suite = "aes-256-gcm" | "chacha20-poly1305";

/**
 * Starts the module, once; further calls wait for the first. Call it before anything else.
 *
 * @param source where the module is, for a bundler that does not move it: a URL, a response, its bytes or the compiled
 * module. Without it, `phi_pre_bg.wasm` beside the package's script is read.
 */
export default function init(source?: string | URL | Response | Promise<Response> | BufferSource | WebAssembly.Module): Promise<void>;

/**
 * A stream of bytes, and the commitment to the record. `sealed` is kept at the end of the stream and rejected if the stream fails;
 * where the platform does not tell a stream that it is cancelled (Node 20), `sealed` then stays pending.
 */
export type RecordStream = TransformStream<Uint8Array, Uint8Array> & { readonly sealed: Promise<SealedRecord> };

/**
 * Encrypts a record of any size to Y. The bytes that come out are an envelope: 284 bytes, the record, and 16 bytes for each chunk
 * of 64 KiB. Uses about 200 KB of memory besides the chunk that is written and what comes out for it. Codes: "suite", "random",
 * "bytes".
 *
 * @param suite "chacha20-poly1305" if none is given
 */
export function encryptStream(params: Params, to: PublicKey, suite?: Suite): RecordStream;

/**
 * Decrypts an envelope with k_e or k'_e. All bytes that come out are authenticated, but they are the whole record only once
 * the stream has ended without an error. Codes: "refused", "bytes", or the code of a malformed header.
 */
export function decryptStream(key: EncryptionKey): RecordStream;

/**
 * Equation 2 on an envelope: rewrites 192 bytes of the header and passes the body on. A wrong k_re cannot be noticed here.
 * Codes: "bytes", those of a malformed header, and "length" for a body that was cut off where its length shows this.
 */
export function reencryptStream(key: ReKey): TransformStream<Uint8Array, Uint8Array>;
