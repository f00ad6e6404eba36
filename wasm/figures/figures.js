/**
 * Prints the figures in Node and in Chromium, with the sizes of the modules.
 *
 *   wasm/build.sh && (cd wasm/tests && npm ci) && node wasm/figures/figures.js
 */

import { stat } from "node:fs/promises";
import { cpus } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const { build } = await import(pathToFileURL(at("../tests/node_modules/esbuild/lib/main.js")));
const { missing, serve, watched, withBrowser } = await import("../tests/browser.js");

const folder = await mkdtemp(join(tmpdir(), "phi-pre-figures-"));
await build({
  entryPoints: [at("measure.js")],
  outfile: join(folder, "measure.js"),
  bundle: true,
  format: "esm",
  target: "es2022",
  loader: { ".wasm": "binary" },
  external: ["node:*"],
  nodePaths: [at("../tests/node_modules")],
  logLevel: "error",
});

const kilobytes = async (path) => ((await stat(at(path))).size / 1000).toFixed(0);
console.log(`modules, KB: phi-pre ${await kilobytes("../dist/phi_pre_bg.wasm")}, umbral-pre ${await kilobytes(
  "../tests/node_modules/@nucypher/umbral-pre/pkg-bundler/umbral_pre_wasm_bg.wasm",
)}`);
console.log(cpus()[0].model);

const { measure } = await import(pathToFileURL(join(folder, "measure.js")));
show(`Node ${process.version}`, await measure());

const skipped = await missing();
if (skipped) console.log(skipped);
else
  await withBrowser(async (context) => {
    const server = await serve(folder);
    await writeFile(join(folder, "index.html"), '<!doctype html><link rel="icon" href="data:,">');
    const { page } = await watched(context);
    await page.goto(`${server.at}/index.html`);
    const rows = await page.evaluate(async () => (await import("/measure.js")).measure());
    server.end();
    show(`Chromium ${context.browser()?.version() ?? (await page.evaluate(() => navigator.userAgent.match(/Chrome\/([\d.]+)/)[1]))}`, rows);
  });
await rm(folder, { recursive: true });

function show(where, rows) {
  const [pairing] = rows.filter(([name]) => name === "noble-curves: pairing").map(([, ms]) => ms);
  console.log(`\n${where}: milliseconds, and the ratio to noble-curves' pairing`);
  for (const [name, ms] of rows) console.log(`${name.padEnd(62)} ${ms.toFixed(3).padStart(9)} ${(ms / pairing).toFixed(3).padStart(7)}`);
}
