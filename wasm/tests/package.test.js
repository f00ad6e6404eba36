/** The packed package in an empty project: without a bundler, with one, with TypeScript. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { missing, serve, watched, withBrowser } from "./browser.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const EXPECTED = "a record, a record, 8, refused, blst";
const skip = await missing();
let project;

before(async () => {
  project = await mkdtemp(join(tmpdir(), "phi-pre-project-"));
  const run = (command, ...words) => execFileSync(command, words, { cwd: project, encoding: "utf8" });
  const [{ filename, files }] = JSON.parse(run("npm", "pack", "--json", join(HERE, "../dist")));
  const names = files.map(({ path }) => path).sort();
  assert.deepEqual(
    names.filter((name) => !/\.(js|d\.ts)$/.test(name)),
    ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json", "phi_pre_bg.wasm"],
  );
  await writeFile(join(project, "package.json"), '{ "type": "module" }');
  run("npm", "install", "--offline", "--no-fund", "--no-audit", `./${filename}`);
  await copyFile(join(HERE, "example.ts"), join(project, "example.ts"));
  const options = ["--strict", "--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext", "--skipLibCheck", "false"];
  execFileSync(join(HERE, "node_modules/.bin/tsc"), [...options, "--lib", "es2022,dom,dom.iterable,dom.asynciterable", "example.ts"], {
    cwd: project,
    stdio: ["ignore", "inherit", "inherit"],
  });
});

after(() => rm(project, { recursive: true, force: true }));

test("in Node, without a bundler", async () => {
  await writeFile(join(project, "main.js"), 'import { example } from "./example.js"; console.log(await example());');
  assert.equal(execFileSync("node", ["main.js"], { cwd: project, encoding: "utf8" }).trim(), EXPECTED);
});

/** Bundles an entry file for the browser. The module becomes a file beside the script, or bytes within. */
async function bundle(name, source, loader) {
  const folder = join(project, name);
  await mkdir(folder);
  await writeFile(join(project, `${name}.js`), source);
  await build({
    entryPoints: [join(project, `${name}.js`)],
    outfile: join(folder, "main.js"),
    bundle: true,
    format: "esm",
    target: "es2022",
    loader: { ".wasm": loader },
    external: ["node:*"],
    logLevel: "error",
  });
  await writeFile(join(folder, "index.html"), '<!doctype html><link rel="icon" href="data:,"><script type="module" src="main.js"></script>');
  return folder;
}

/** What a page of a folder shows. */
const shown = (folder, path) =>
  withBrowser(async (context) => {
    const server = await serve(folder);
    const { page, errors } = await watched(context);
    await page.goto(`${server.at}/${path}`);
    await page.waitForFunction(() => document.title !== "");
    server.end();
    assert.deepEqual(errors, []);
    return page.title();
  });

test("in Chromium, with a bundler, the module within the script", { skip }, async () => {
  const folder = await bundle(
    "within",
    'import { example } from "./example.js"; import module from "phi-pre/phi_pre_bg.wasm"; document.title = await example(module);',
    "binary",
  );
  assert.equal(await shown(folder, "index.html"), EXPECTED);
});

test("in Chromium, with a bundler, the module beside the script", { skip }, async () => {
  const folder = await bundle("beside", 'import { example } from "./example.js"; document.title = await example();', "file");
  await copyFile(join(project, "node_modules/phi-pre/phi_pre_bg.wasm"), join(folder, "phi_pre_bg.wasm"));
  assert.equal(await shown(folder, "index.html"), EXPECTED);
});

test("in Chromium, without a bundler", { skip }, async () => {
  const map = JSON.stringify({ imports: { "phi-pre": "./node_modules/phi-pre/index.js" } });
  const script = 'import { example } from "./example.js"; document.title = await example();';
  const page = `<!doctype html><link rel="icon" href="data:,"><script type="importmap">${map}</script><script type="module">${script}</script>`;
  await writeFile(join(project, "plain.html"), page);
  assert.equal(await shown(project, "plain.html"), EXPECTED);
});

test("the version is the crate's", async () => {
  const { version } = JSON.parse(await readFile(join(project, "node_modules/phi-pre/package.json"), "utf8"));
  const { version: own, default: init } = await import("../dist/index.js");
  await init();
  assert.equal(own(), version);
});
