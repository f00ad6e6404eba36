/** The package and the command read each other's envelopes, in both directions. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import init, * as phi from "../dist/index.js";

const COMMAND = fileURLToPath(new URL("../../target/release/phi-pre", import.meta.url));
const skip = process.env.CI
  ? false
  : await access(COMMAND).then(
      () => false,
      () => "skipped: no target/release/phi-pre (cargo build --release)",
    );

test("envelopes of the command and of the package", { skip }, async () => {
  await init();
  const folder = await mkdtemp(join(tmpdir(), "phi-pre-npm-"));
  const at = (name) => join(folder, name);
  const command = (...words) => execFileSync(COMMAND, words, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  /** The bytes in a key file: its second line. */
  const key = async (name) => Uint8Array.from(Buffer.from((await readFile(at(name), "utf8")).split("\n")[1], "hex"));
  try {
    command("keygen", "a");
    command("keygen", "b");
    command("rekey", "--from", "a.secret", "--to", "b.secret", "ab.rekey");
    const params = new phi.Params(new Uint8Array(32)); // keys of the command need g1 and g2 alone
    const secret = async (name) => phi.DecryptionKey.fromBytes(await key(name)).encryptionKey(params);
    const [a, b] = [await secret("a.secret"), await secret("b.secret")];
    const y = phi.PublicKey.fromBytes(await key("a.public"));
    assert.deepEqual(new phi.ReKey(a, b).toBytes(), await key("ab.rekey"));

    for (const bytes of [0, 1, 65536, 200_001]) {
      const record = randomBytes(bytes);
      // From the command.
      await writeFile(at("record"), record);
      command("encrypt", "--to", "a.public", "record", "record.phi");
      let envelope = new Uint8Array(await readFile(at("record.phi")));
      assert.deepEqual(Buffer.from(phi.decrypt(a, envelope)), record);
      envelope = phi.reencrypt(new phi.ReKey(a, b), envelope);
      command("reencrypt", "--rekey", "ab.rekey", "record.phi");
      assert.deepEqual(Buffer.from(envelope), await readFile(at("record.phi")));
      assert.deepEqual(Buffer.from(phi.decrypt(b, envelope)), record);
      await rm(at("record.phi"));
      // To the command.
      for (const suite of ["aes-256-gcm", "chacha20-poly1305"]) {
        await writeFile(at("out.phi"), phi.encrypt(params, y, record, suite));
        command("reencrypt", "--rekey", "ab.rekey", "out.phi");
        command("decrypt", "--key", "b.secret", "out.phi", "again");
        assert.deepEqual(await readFile(at("again")), record);
        await rm(at("again"));
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
