/** The vectors in Node. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import init, * as phi from "../dist/index.js";
import * as hazmat from "../dist/hazmat.js";
import { FILES, checkVectors } from "./vectors.js";

const load = async (name) => JSON.parse(await readFile(new URL(`../../vectors/${name}.json`, import.meta.url), "utf8"));

test("the vectors of the scheme, in Node", async () => {
  await init();
  assert.equal(phi.engine(), "blst");
  const counts = await checkVectors(phi, hazmat, load);
  console.log(`${FILES.length} files: ${counts.valid} valid, ${counts.invalid} invalid`);
  assert.ok(counts.valid > 200 && counts.invalid > 200);
});
