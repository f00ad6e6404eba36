/**
 * Draws a transcript: the arrows of Figures 2 to 5, what each party holds, the ledger, the checks. The page runs a transcript
 * live; a report holds the transcript of a run of the command.
 */

/** A text in which characters that act on a terminal or turn the direction of reading are written as their numbers. */
const visible = (text) =>
  text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);

/** An element with attributes and children. Text is never read as markup. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== undefined && value !== false) element.setAttribute(key, value);
  }
  const shown = children.flat(Infinity).filter((child) => child !== undefined && child !== false);
  element.append(...shown.map((child) => (typeof child === "string" ? visible(child) : child)));
  return element;
}

export const PARTIES = [
  ["patient", "Patient"],
  ["hospital-a", "Hospital A"],
  ["cloud", "Cloud"],
  ["hospital-b", "Hospital B"],
  ["ledger", "Ledger"],
];
const place = (party) => PARTIES.findIndex(([id]) => id === party);
const nameOf = (party) => (PARTIES.find(([id]) => id === party) ?? [party, party])[1];

const grouped = new Intl.NumberFormat("en");
export const bytesText = (bytes) => `${grouped.format(bytes)} ${bytes === 1 ? "byte" : "bytes"}`;
const timeText = (ms) => `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`;

/** A value in hexadecimal digits: its beginning. A tooltip shows all of it. */
export function hexOf(text, most = 64) {
  const short = text.length > most ? `${text.slice(0, most)}…` : text;
  return h("code", { class: "hex", title: text.length > most ? text : undefined }, short);
}

/** Named values: long ones are cut, and texts of several lines are shown as they are. */
function pairs(values) {
  const shown = (value) => (value.includes("\n") ? h("pre", {}, value) : hexOf(value, 400));
  return h("dl", {}, values.map(([name, value]) => [h("dt", {}, name), h("dd", {}, shown(String(value)))]));
}

/** One arrow, with its real value, its size and its time. */
function stepItem(step) {
  const [from, to] = [place(step.from), place(step.to)];
  const [first, last] = [Math.min(from, to), Math.max(from, to)];
  const kind = from === to ? "self" : from < to ? "right" : "left";
  // From the middle of one lane to the middle of the other.
  const margin = first === last ? "" : `; margin: 0 calc(50% / ${last - first + 1})`;
  const columns = `grid-column: ${first + 1} / ${last + 2}${margin}`;
  const numbers = [
    step.figure && `Figure ${step.figure}`,
    step.bytes !== undefined && bytesText(step.bytes),
    step.milliseconds !== undefined && timeText(step.milliseconds),
    step.transaction && `block ${step.transaction.block}, code ${step.transaction.code}`,
  ].filter(Boolean);
  const text = [
    `${step.label || (from === to ? nameOf(step.from) : `${nameOf(step.from)} to ${nameOf(step.to)}`)}: `,
    h("strong", {}, step.what),
    " ",
    h("span", { class: "numbers" }, numbers.join(" · ")),
  ];
  const values = [...(step.values ?? []), ...(step.transaction ? [["txid", step.transaction.txid]] : [])];
  return h(
    "li",
    { class: "step" },
    first >= 0 && h("div", { class: "way", "aria-hidden": "true" }, h("div", { class: `arrow ${kind}`, style: columns })),
    values.length > 0 ? h("details", {}, h("summary", {}, text), pairs(values)) : h("div", {}, text),
    step.note !== undefined && h("div", { class: "quiet" }, step.note),
  );
}

/** The arrows of a transcript; `add` appends one and makes it the current one. */
export function arrows() {
  const list = h("ol", { class: "steps", "aria-label": "Steps" });
  const lanes = h(
    "div",
    { class: "lanes", "aria-hidden": "true" },
    PARTIES.map(([, name]) => h("span", {}, name)),
  );
  return {
    element: h("div", {}, lanes, list),
    add(step) {
      list.querySelector(".now")?.classList.remove("now");
      const item = stepItem(step);
      item.classList.add("now");
      list.append(item);
      return item;
    },
    clear: () => list.replaceChildren(),
  };
}

/** The parties' panels: what each holds and can compute. */
export function panels() {
  const lists = new Map(PARTIES.map(([id]) => [id, h("ul")]));
  const cards = new Map(
    PARTIES.map(([id, name]) => [id, h("section", { class: "card", "aria-label": name }, h("h3", {}, name), lists.get(id))]),
  );
  return {
    element: h("div", { class: "parties" }, ...cards.values()),
    hold(party, { name, secret, can }) {
      const mark = secret ? h("span", { class: "tag secret" }, "secret") : h("span", { class: "tag quiet" }, can ? "can" : "not secret");
      lists.get(party)?.append(h("li", {}, mark, " ", name));
    },
    show(step) {
      for (const [id, card] of cards) card.classList.toggle("active", step !== undefined && (id === step.from || id === step.to));
    },
    clear() {
      for (const list of lists.values()) list.replaceChildren();
      this.show(undefined);
    },
  };
}

function table(label, heads, rows) {
  const head = heads.map(([name, kind]) => h("th", { class: kind, scope: "col" }, name));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows)));
}

/** The blocks with their transactions and codes. */
export function ledgerTable(blocks) {
  // A report has neither hashes nor sizes of blocks.
  const whole = blocks.every((block) => block.hash !== undefined);
  const row = (block, transaction) =>
    h(
      "tr",
      {},
      h("td", { class: "number" }, String(block.number)),
      whole && h("td", {}, hexOf(block.hash, 12)),
      h("td", {}, transaction ? transaction.type : "configuration"),
      h("td", {}, transaction ? hexOf(transaction.txid, whole ? 12 : 64) : ""),
      h("td", { class: transaction && transaction.code !== 0 ? "bad" : "good" }, transaction ? transaction.meaning : ""),
      whole && h("td", { class: "number" }, grouped.format(block.bytes)),
    );
  const rows = blocks.flatMap((block) => (block.transactions.length > 0 ? block.transactions.map((it) => row(block, it)) : [row(block)]));
  const heads = [["block", "number"], whole && ["hash"], ["type"], ["txid"], ["code"], whole && ["bytes", "number"]].filter(Boolean);
  return table("The ledger", heads, rows);
}

/** Equations with the bytes of a run. */
export const equations = (list) =>
  list.map(({ name, formula, values }) => h("section", { class: "card" }, h("h3", {}, name), h("p", {}, h("code", {}, formula)), pairs(values)));

const checkItem = ({ what, holds }) => h("li", {}, h("span", { class: holds ? "good" : "bad" }, holds ? "holds" : "FAILS"), ` ${what}`);

/** Bars of figures: each measurement with its value and unit. */
function figures(groups) {
  return groups.map(({ title, unit, rows }) => {
    const most = Math.max(...rows.map(([, value]) => value));
    const line = ([name, value, note]) =>
      h(
        "tr",
        {},
        h("td", {}, name),
        h("td", { class: "number" }, value >= 100 ? grouped.format(Math.round(value)) : value.toPrecision(3)),
        h("td", { style: "width: 45%" }, h("span", { class: "bar", style: `width: ${(100 * value) / most}%`, "aria-hidden": "true" })),
        h("td", { class: "quiet" }, note ?? ""),
      );
    return h("section", {}, h("h2", {}, title), table(title, [["what"], [unit, "number"], ["relative to the largest"], ["remark"]], rows.map(line)));
  });
}

/** Draws a whole transcript: the report of a run. */
export function report(main, transcript) {
  document.title = transcript.title;
  document.getElementById("title").textContent = transcript.title;
  document.getElementById("about").textContent = transcript.about;
  if (transcript.checks) {
    const failed = transcript.checks.filter(({ holds }) => !holds).length;
    const word = failed === 0 ? "Every check holds." : `${failed} of ${transcript.checks.length} checks fail.`;
    main.append(h("h2", {}, "Checks"), h("p", { class: failed === 0 ? "good" : "bad" }, word), h("ul", {}, transcript.checks.map(checkItem)));
  }
  if (transcript.figures) main.append(...figures(transcript.figures));
  if (transcript.groups) {
    main.append(h("h2", {}, "Messages"));
    for (const { title, steps } of transcript.groups) main.append(group(title, steps, transcript.groups.length <= 6));
  }
  if (transcript.blocks) main.append(h("h2", {}, "The ledger"), lazily("Blocks and codes", () => ledgerTable(transcript.blocks), transcript.blocks.length <= 60));
}

/** A part that is drawn when it is opened first, so that long lists stay fast. */
function lazily(title, draw, open) {
  const part = h("details", { class: "card" }, h("summary", {}, title));
  const fill = () => part.childElementCount === 1 && part.append(draw());
  part.addEventListener("toggle", () => part.open && fill());
  const show = () => {
    fill();
    part.open = true;
  };
  addEventListener("beforeprint", show); // what is printed is all of it
  if (open) show();
  return part;
}

function group(title, steps, open) {
  const draw = () => {
    const drawn = arrows();
    steps.forEach((step) => drawn.add(step).classList.remove("now"));
    return drawn.element;
  };
  return lazily(`${title} (${steps.length} ${steps.length === 1 ? "step" : "steps"})`, draw, open);
}

/** A report starts by itself; the page calls what it needs. */
export function start() {
  const transcript = JSON.parse(document.getElementById("transcript").textContent);
  if (transcript) report(document.getElementById("main"), transcript);
  return transcript !== null;
}
