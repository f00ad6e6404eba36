/** The page and the reports in headless Chromium: every control, console, network, accessibility, widths. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { missing, watched, withBrowser } from "./browser.js";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const PAGE = pathToFileURL(at("../page.html")).href;
const COMMAND = at("../../target/release/phi-pre");
const AXE = at("node_modules/axe-core/axe.min.js");
const STEPS = 21;
const skip = await missing();
const noCommand =
  skip ||
  (process.env.CI
    ? false
    : await access(COMMAND).then(
        () => false,
        () => "skipped: no target/release/phi-pre (cargo build --release)",
      ));

/** Opens a page from the disk, and fails if it asks for anything else or writes an error to the console. */
async function opened(context, url, work) {
  const { page, errors } = await watched(context);
  const requests = [];
  page.on("request", (request) => request.url() !== url && !request.url().startsWith("data:") && requests.push(request.url()));
  await page.goto(url);
  await work(page);
  assert.deepEqual([errors, requests], [[], []]);
  await page.close();
}

/** Roles, labels, contrast and the rest of axe-core's rules, and no part beyond the width. */
async function examined(page) {
  for (const width of [400, 1400]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.addScriptTag({ path: AXE });
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join("; ")}`);
      assert.deepEqual(told, [], `${width}, ${colorScheme}`);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `wider than ${width}`);
    }
  }
}

const button = (page, name) => page.getByRole("button", { name, exact: true });
const steps = (page) => page.locator("li.step").count();

async function stepAll(page) {
  for (let i = 0; i < 60 && (await button(page, "Step").isEnabled()); i++) await button(page, "Step").click();
}

test("the page steps through the figures, and every attack is computed", { skip, timeout: 120_000 }, () =>
  withBrowser((context) =>
    opened(context, PAGE, async (page) => {
      await button(page, "Step").waitFor();
      await button(page, "Step").click();
      assert.equal(await steps(page), 1);
      assert.match(await page.getByRole("status").textContent(), /^Step 1: code/);
      await stepAll(page);
      assert.equal(await steps(page), STEPS);
      assert.ok(await button(page, "Play").isDisabled());
      const text = await page.locator("main").textContent();
      assert.match(text, /The received bytes equal the record\./);
      assert.match(text, /M before and after re-encryption are equal/);
      assert.doesNotMatch(text, /DIFFER|object HTML|undefined|NaN/);
      assert.equal(await page.locator("td.good", { hasText: "0 VALID" }).count(), 4);

      const expected = {
        "encryption key in public": ["succeeds", "fails"],
        "one key for all records": ["succeeds", "fails"],
        "collusion of cloud and hospital B": ["succeeds", "succeeds", "fails"],
        "a flipped byte": ["succeeds", "fails"],
        "a wrong re-encryption key": ["succeeds", "fails", "fails"],
        "withdrawn consent": ["succeeds", "fails", "fails"],
        "a transaction sent again": ["fails"],
      };
      assert.equal(await page.getByRole("button", { name: /^Try/ }).count(), Object.keys(expected).length);
      for (const [title, outcomes] of Object.entries(expected)) {
        for (let times = 0; times < 2; times++) await button(page, `Try: ${title}`).click();
        const card = page.getByRole("region", { name: title, exact: true });
        assert.deepEqual(await card.locator("li strong").allTextContents(), outcomes, title);
      }
      assert.equal(await page.locator("td.bad", { hasText: "DUPLICATE_TXID" }).count(), 2);
      await page.locator("li.step summary").nth(3).click();
      assert.ok(await page.locator("li.step details[open] code.hex").first().isVisible());
      await examined(page);
      assert.ok((await page.pdf()).length > 50_000);
    }),
  ),
);

test("the page by keys, by itself, and with a file", { skip, timeout: 120_000 }, () =>
  withBrowser((context) =>
    opened(context, PAGE, async (page) => {
      await button(page, "Step").waitFor();
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowRight");
      assert.equal(await steps(page), 2);
      await page.keyboard.press("Space");
      await page.waitForFunction(() => document.querySelectorAll("li.step").length >= 4);
      assert.ok(await button(page, "Pause").isVisible());
      await page.keyboard.press("Space");
      assert.ok(await button(page, "Play").isVisible());
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement.textContent), "Step");
      await page.keyboard.press("Enter");

      const file = { name: "scan.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(200_000, 7) };
      await page.getByLabel("Choose a record").setInputFiles(file);
      await page.getByText("scan.bin, 200,000 bytes").waitFor();
      assert.equal(await steps(page), 0);
      await stepAll(page);
      assert.equal(await steps(page), STEPS);
      assert.match(await page.locator("main").textContent(), /the record, 200,000 bytes/);
      await button(page, "Restart").click();
      assert.equal(await steps(page), 0);
      assert.ok(await button(page, "Step").isEnabled());

      // A file that is dropped, and an empty one.
      await page.evaluate(() => {
        const data = new DataTransfer();
        data.items.add(new File([], "empty.txt"));
        document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
      });
      await page.getByText("empty.txt, 0 bytes").waitFor();
      await stepAll(page);
      assert.match(await page.locator("main").textContent(), /The received bytes equal the record\./);
    }),
  ),
);

test("the reports of the command, also with a thousand records", { skip: noCommand, timeout: 240_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "phi-pre-reports-"));
  const [flow, bench, long] = ["flow.html", "bench.html", "long.html"].map((name) => join(folder, name));
  const run = (...words) => execFileSync(COMMAND, words, { cwd: at("../.."), stdio: ["ignore", "ignore", "inherit"] });
  try {
    run("demo", "--report", flow);
    run("bench", "--rounds", "3", "--only", "a k_re for each record", "--report", bench);
    // A thousand records: those of the report, again and again.
    const text = await readFile(flow, "utf8");
    const [, json] = /id="transcript">(.*?)<\/script>/s.exec(text);
    const transcript = JSON.parse(json);
    const record = transcript.groups[1];
    transcript.groups = Array.from({ length: 1000 }, (_, i) => ({ ...record, title: `record-${i}` }));
    transcript.blocks = Array.from({ length: 4000 }, (_, i) => ({ ...transcript.blocks[0], number: i }));
    await writeFile(long, text.replace(json, () => JSON.stringify(transcript).replaceAll("<", "\\u003c")));

    await withBrowser(async (context) => {
      await opened(context, pathToFileURL(flow).href, async (page) => {
        const shown = await page.locator("main").textContent();
        assert.match(shown, /Every check holds\./);
        assert.match(shown, /medical-record-confirmation/);
        assert.doesNotMatch(shown, /object Object|undefined|NaN/);
        assert.equal(await page.locator("details.card").count(), 6);
        await examined(page);
      });
      await opened(context, pathToFileURL(bench).href, async (page) => {
        assert.match(await page.locator("main").textContent(), /microseconds for each/);
        assert.match(await page.locator("#about").textContent(), /cores · .* · phi-pre/);
        await examined(page);
      });
      await opened(context, pathToFileURL(long).href, async (page) => {
        // Nothing of a closed part is drawn.
        assert.equal(await page.locator("details.card").count(), 1001);
        assert.ok((await page.evaluate(() => document.querySelectorAll("*").length)) < 3000);
        await page.getByText("record-777 (").click();
        await page.locator("li.step").first().waitFor();
        assert.equal(await steps(page), record.steps.length);
        await page.getByText("Blocks and codes").click();
        await page.locator("tbody tr").first().waitFor();
        assert.equal(await page.locator("tbody tr").count(), 4000);
      });
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
