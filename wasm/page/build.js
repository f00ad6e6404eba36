/**
 * Makes the page: one HTML file with the module, the script and the style within.
 *
 *   node wasm/page/build.js TOOLS MODULE OUT      called by wasm/build.sh
 */

import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [tools, module, out] = process.argv.slice(2).map((path) => resolve(path));
const { build } = await import(pathToFileURL(`${tools}/node_modules/esbuild/lib/main.js`));
const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const { outputFiles } = await build({
  entryPoints: [at("live.js")],
  alias: { "phi-pre": `${module}/index.js`, "phi-pre-module": `${module}/phi_pre_bg.wasm`, "phi-pre-page": `${module}/phi_pre.js` },
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  loader: { ".wasm": "binary" },
  external: ["node:*"],
  write: false,
  logLevel: "error",
});
const report = (name) => readFile(at(`../../cli/src/page/${name}`), "utf8");
// A function as the replacement, since the script has dollar signs; and no end of a script within the script.
const script = outputFiles[0].text.replaceAll("</script", "<\\/script");
const page = (await report("page.html")).replace("/*STYLE*/", await report("page.css")).replace("/*SCRIPT*/", () => script);
await writeFile(out, page);
console.log(`${out.split("/").slice(-2).join("/")}: ${page.length} bytes`);
