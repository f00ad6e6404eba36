// The README's example, with types.
import init, { DecryptionKey, Params, PhiPreError, ReKey, decrypt, decryptStream, encrypt, encryptStream, engine, reencrypt } from "phi-pre";

export async function example(source?: BufferSource): Promise<string> {
  await init(source);
  const params = Params.random(); // g1, g2, k_s
  const [a, b] = [DecryptionKey.random(), DecryptionKey.random()]; // k_d of hospital A and of hospital B
  const record: Uint8Array = new TextEncoder().encode("a record");

  const envelope: Uint8Array = encrypt(params, a.publicKey(params), record); // hospital A, with Y
  const key = new ReKey(a.encryptionKey(params), b.encryptionKey(params)); // the patient, Equation 1
  const again = reencrypt(key, envelope); // the cloud, Equation 2
  const text = new TextDecoder().decode(decrypt(b.encryptionKey(params), again)); // hospital B, Equation 3

  const sealing = encryptStream(params, a.publicKey(params), "aes-256-gcm");
  const opening = decryptStream(a.encryptionKey(params));
  const streamed = await new Response(new Blob([record as BlobPart]).stream().pipeThrough(sealing).pipeThrough(opening)).text();
  const bytes: number = (await sealing.sealed).bytes;

  let code = "";
  try {
    decrypt(a.encryptionKey(params), again);
  } catch (error) {
    if (error instanceof PhiPreError) code = error.code;
  }
  return [text, streamed, bytes, code, engine()].join(", ");
}
