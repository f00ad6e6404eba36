/** The package in headless Chromium: the vectors, and a large record in a worker. */

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import { missing, serve, watched, withBrowser } from "./browser.js";

const skip = await missing();

test("the vectors of the scheme, in Chromium", { skip }, () =>
  withBrowser(async (context) => {
    const server = await serve();
    const { page, errors } = await watched(context);
    await page.goto(`${server.at}/wasm/tests/blank.html`);
    const counts = await page.evaluate(async () => {
      const phi = await import("/wasm/dist/index.js");
      const hazmat = await import("/wasm/dist/hazmat.js");
      const { checkVectors } = await import("/wasm/tests/vectors.js");
      await phi.default();
      const load = async (name) => (await fetch(`/vectors/${name}.json`)).json();
      return { ...(await checkVectors(phi, hazmat, load)), engine: phi.engine() };
    });
    server.end();
    console.log(`${counts.valid} valid, ${counts.invalid} invalid by ${counts.engine}`);
    assert.ok(counts.valid > 200 && counts.invalid > 200);
    assert.deepEqual(errors, []);
  }),
);

/** Kilobytes of memory of each process of the browser, by its kind. */
async function memory(profile) {
  const found = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (!command.includes("--type=renderer") || !command.includes(profile)) continue;
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    found.push(Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0));
  }
  return Math.max(0, ...found);
}

const GIB = 1 << 30;

test("1 GiB streams through a worker within 200 MB", { skip, timeout: 600_000 }, () =>
  withBrowser(async (context) => {
    const server = await serve();
    const { page, errors } = await watched(context);
    await page.goto(`${server.at}/wasm/tests/blank.html`);
    const before = await memory("chromium");
    let most = 0;
    const timer = setInterval(async () => (most = Math.max(most, await memory("chromium"))), 200);
    const result = await page.evaluate(
      (bytes) =>
        new Promise((resolve, reject) => {
          const worker = new Worker("/wasm/tests/worker.js", { type: "module" });
          worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data));
          worker.onerror = (error) => reject(new Error(error.message));
          worker.postMessage(bytes);
        }),
      GIB,
    );
    clearInterval(timer);
    server.end();
    const [grown, seconds] = [(most - before) / 1000, result.milliseconds / 1000];
    console.log(`1 GiB in ${seconds.toFixed(1)} s; ${grown.toFixed(0)} MB more, of them ${result.module / 1e6} MB the module's`);
    assert.equal(result.bytes, GIB);
    assert.equal(result.same, true);
    assert.ok(most > before && grown < 200, `${before} ${most}`);
    assert.deepEqual(errors, []);
  }),
);
