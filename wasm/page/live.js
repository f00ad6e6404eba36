/**
 * The page: Figures 2 to 5 as they happen in this browser. Every value is computed here, by the package and by the library's own
 * ledger; nothing is sent anywhere.
 */

import init, * as phi from "phi-pre";
import { Platform } from "phi-pre-page";
import module from "phi-pre-module";
import { arrows, bytesText, equations, h, ledgerTable, panels } from "../../cli/src/page/view.js";
import { ATTACKS } from "./attacks.js";

const SAMPLE = `Patient 2026-0417, ward 3
Blood count: haemoglobin 13.9 g/dl, leucocytes 6.1/nl, thrombocytes 231/nl
Finding: no sign of infection. This record is invented.
`;
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const utf8 = (text) => new TextEncoder().encode(text);
const digest = (bytes) => phi.literalDigest(bytes);

/** Runs `work` and measures it in milliseconds. */
function timed(work) {
  const begin = performance.now();
  const value = work();
  return [value, performance.now() - begin];
}

/** What one run has: the secrets of all parties, since all of them are in this page. */
export class Run {
  constructor(file) {
    this.name = file?.name ?? "record.txt";
    this.record = file?.bytes ?? utf8(SAMPLE);
  }

  /** What a step shows of a transaction on the ledger: its size, its block and its code. */
  written(txid) {
    const block = JSON.parse(this.platform.blocks()).find((it) => it.transactions.some((each) => each.txid === txid));
    const { code, bytes } = block.transactions.find((each) => each.txid === txid);
    return { bytes, transaction: { txid, block: block.number, code } };
  }

  /** The steps: each is computed when it is asked for. Yields the step, and what the parties hold after it. */
  *steps() {
    const now = () => Date.now();
    let ms;

    // Figure 2
    [this.platform, ms] = timed(() => new Platform(now()));
    const [code, enrolment] = this.platform.registration;
    yield [
      {
        figure: 2,
        from: "patient",
        to: "ledger",
        what: "code from the phone, sealed to the authority",
        bytes: code,
        note: "The authorities are drawn in the ledger's column. Hospitals, cloud, peers and the orderer enrol in the same way.",
      },
    ];
    yield [
      {
        figure: 2,
        from: "ledger",
        to: "patient",
        what: "uid, vectors, keys and certificates, sealed",
        bytes: enrolment,
        milliseconds: ms,
        values: [["ID_i", hex(this.platform.pseudonym)]],
      },
      ["patient", "signing keys of each ID_i", true],
      ["hospital-a", "its signing key", true],
      ["cloud", "its signing key", true],
      ["hospital-b", "its signing key", true],
      ["ledger", "certificates of the authorities"],
    ];

    [this.params, ms] = timed(() => phi.Params.random());
    yield [
      {
        figure: 3,
        from: "ledger",
        to: "ledger",
        what: "public parameters g1, g2, k_s",
        bytes: 176,
        milliseconds: ms,
        values: [["g1", hex(this.params.g1)], ["g2", hex(this.params.g2)], ["k_s", hex(this.params.seed)]],
      },
      ["ledger", "g1, g2, k_s"],
    ];

    // Figure 3
    for (const [which, party] of [[0, "hospital-a"], [1, "hospital-b"]]) {
      const [[mine, theirs, share, answer], time] = timed(() => this.platform.introduce(which));
      if (!mine.equals(theirs)) throw new Error("the handshake gave two secrets");
      this[which === 0 ? "skA" : "skB"] = mine;
      yield [
        {
          figure: 3,
          from: "patient",
          to: party,
          what: "Diffie-Hellman, both shares signed",
          bytes: share.length + answer.length,
          milliseconds: time,
          values: [["patient's share", hex(share)], ["hospital's share", hex(answer)]],
        },
        ["patient", `sk with hospital ${which === 0 ? "A" : "B"}`, true],
        [party, "sk with the patient", true],
      ];
    }

    const id = this.platform.draft();
    this.scope = phi.Scope.record(id);
    const [, keyTime] = timed(() => {
      this.kd = this.params.derive(this.skA, this.scope);
      this.ke = this.kd.encryptionKey(this.params);
      this.y = this.kd.publicKey(this.params);
    });
    yield [
      {
        figure: 3,
        from: "hospital-a",
        to: "hospital-a",
        what: "k_d = f(sk, k_s || record), k_e = g2^{k_d}, Y = e(g1, g2)^{k_d}",
        milliseconds: keyTime,
        values: [["record", hex(id)], ["Y", hex(this.y.toBytes())]],
        note: "These keys are for this record alone. k_e decrypts, so k_e is secret here; in the paper, k_e is the key that encrypts.",
      },
      ["hospital-a", "k_d, k_e of the record", true],
      ["patient", "k_d, k_e of the record", true],
      ["hospital-a", "decrypt what it wrote", false, true],
    ];

    const sealing = new phi.Encryption(this.params, this.y);
    const [envelope, sealTime] = timed(() => {
      const parts = [sealing.header, sealing.update(this.record)];
      const last = sealing.finish();
      this.commitment = last.sealed.commitment;
      return join(...parts, last.bytes);
    });
    this.envelope = envelope;
    this.header = phi.Header.fromBytes(envelope.slice(0, 284));
    yield [
      {
        figure: 3,
        from: "hospital-a",
        to: "patient",
        what: "alarm: a record is ready",
        bytes: envelope.length,
        milliseconds: sealTime,
        values: [
          ["Z", hex(this.header.capsule.z)],
          ["C", hex(this.header.capsule.c)],
          ["commitment", hex(this.commitment)],
          ["body", hex(envelope.slice(284, 284 + 96))],
        ],
      },
      ["hospital-a", `the record, ${bytesText(this.record.length)}`, true],
    ];

    const [seen, checkTime] = timed(() => open(this.ke, envelope));
    yield [
      {
        figure: 3,
        from: "patient",
        to: "patient",
        what: "decrypts and reads the record; its commitment is that of the alarm",
        bytes: seen.record.length,
        milliseconds: checkTime,
        note: compared(seen.commitment, this.commitment),
      },
    ];

    let txid;
    [txid, ms] = timed(() => this.platform.confirm(0, this.commitment, now()));
    yield [
      {
        figure: 3,
        from: "patient",
        to: "ledger",
        what: "medical-record-confirmation-transaction (0001)",
        milliseconds: ms,
        ...this.written(txid),
        values: [["ID_i", hex(this.platform.pseudonym)], ["commitment", hex(this.commitment)]],
      },
      ["ledger", "ID_i, a salted commitment"],
    ];
    [txid, ms] = timed(() => this.platform.record(0, this.commitment, now()));
    yield [
      {
        figure: 3,
        from: "hospital-a",
        to: "ledger",
        what: "medical-record-transaction (0000)",
        milliseconds: ms,
        ...this.written(txid),
        note: "Three peers endorse, the orderer cuts a block, and the block is validated. The contract requires the patient's confirmation (0001) first.",
      },
    ];
    yield [
      {
        figure: 3,
        from: "hospital-a",
        to: "cloud",
        what: "encrypted record",
        bytes: envelope.length,
        values: [["envelope", hex(envelope.slice(0, 300))]],
      },
      ["cloud", `the envelope, ${bytesText(envelope.length)}`],
      ["cloud", "store or withhold the envelope, but not read it", false, true],
    ];

    // Figure 4
    [this.kre, ms] = timed(() => {
      this.kdPrime = this.params.derive(this.skB, this.scope);
      this.kePrime = this.kdPrime.encryptionKey(this.params);
      return new phi.ReKey(this.ke, this.kePrime);
    });
    this.delta = new phi.PublicReKey(this.y, this.kdPrime.publicKey(this.params));
    yield [
      {
        figure: 4,
        from: "patient",
        to: "patient",
        what: "Equation 1: k_re = k'_e / k_e",
        bytes: 96,
        milliseconds: ms,
        values: [["Δ = e(g1, k_re), public", hex(this.delta.toBytes())]],
      },
      ["patient", "k'_e, k_re of the record", true],
    ];
    [txid, ms] = timed(() => this.platform.share(0, digest(this.delta.toBytes()), digest(this.kre.toBytes()), now()));
    yield [
      {
        figure: 4,
        from: "patient",
        to: "ledger",
        what: "share-request-transaction (0002): the consent",
        milliseconds: ms,
        ...this.written(txid),
      },
      ["ledger", "who consented to share which record with whom"],
    ];
    yield [
      { figure: 4, from: "patient", to: "cloud", what: "k_re", bytes: 96, note: "Secret, so its value is not shown. The flow of the library seals it by HPKE; this page does not." },
      ["cloud", "k_re of the record", true],
      ["cloud", "re-encrypt this record, and no other", false, true],
    ];
    yield [
      { figure: 4, from: "patient", to: "hospital-b", what: "k'_e of the record", bytes: 96, note: "Secret, so its value is not shown. The flow of the library seals it by HPKE; this page does not." },
      ["hospital-b", "k'_e of the record", true],
    ];
    [this.consent, ms] = timed(() => this.platform.consent(0));
    yield [{ figure: 4, from: "ledger", to: "cloud", what: `the consent is ${this.consent}`, milliseconds: ms }];
    [this.again, ms] = timed(() => phi.reencrypt(this.kre, envelope));
    this.headerAgain = phi.Header.fromBytes(this.again.slice(0, 284));
    yield [
      {
        figure: 4,
        from: "cloud",
        to: "cloud",
        what: "Equation 2: C' = C · e(Z, k_re)",
        bytes: 192,
        milliseconds: ms,
        values: [["C", hex(this.header.capsule.c)], ["C'", hex(this.headerAgain.capsule.c)]],
        note: "192 bytes of the header change; no byte of the record does.",
      },
    ];
    yield [
      {
        figure: 4,
        from: "cloud",
        to: "hospital-b",
        what: "re-encrypted record",
        bytes: this.again.length,
        values: [["envelope", hex(this.again.slice(0, 300))]],
      },
      ["hospital-b", "the envelope under k'_e"],
    ];
    const [opened, openTime] = timed(() => open(this.kePrime, this.again));
    this.received = opened.record;
    yield [
      {
        figure: 4,
        from: "hospital-b",
        to: "hospital-b",
        what: "Equation 3 and decryption",
        bytes: this.received.length,
        milliseconds: openTime,
        note: same(this.received, this.record) ? "The received bytes equal the record." : "The received bytes DIFFER from the record.",
      },
      ["hospital-b", `the record, ${bytesText(this.received.length)}`, true],
    ];
    [txid, ms] = timed(() => this.platform.complete(0, digest(this.again), now()));
    yield [
      {
        figure: 4,
        from: "hospital-b",
        to: "ledger",
        what: "share-complete-transaction (0003)",
        milliseconds: ms,
        ...this.written(txid),
      },
    ];
    const written = this.platform.commitment(0);
    yield [
      {
        figure: 5,
        from: "ledger",
        to: "hospital-b",
        what: "the commitment on the ledger, for the integrity of the record",
        bytes: written.length,
        values: [["on the ledger", hex(written)], ["of the received bytes", hex(opened.commitment)]],
        note: compared(opened.commitment, written),
      },
      ["hospital-b", "check the record against the commitment on the ledger", false, true],
    ];
  }

  /** Equations 1 to 3 with the bytes of this run. */
  equations() {
    const m = this.ke.decapsulate(this.header.capsule);
    const mAgain = this.kePrime.decapsulate(this.headerAgain.capsule);
    const held = m.equals(mAgain) ? "M before and after re-encryption are equal" : "M DIFFERS after re-encryption";
    return [
      {
        name: "Equation 1",
        formula: "k_re = k'_e / k_e",
        values: [["k_re", "96 secret bytes"], ["Δ", hex(this.delta.toBytes())]],
      },
      {
        name: "Equation 2",
        formula: "C' = C · e(Z, k_re)",
        values: [["Z", hex(this.header.capsule.z)], ["C", hex(this.header.capsule.c)], ["C'", hex(this.headerAgain.capsule.c)]],
      },
      {
        name: "Equation 3",
        formula: "M = C' / e(Z, k'_e)",
        values: [["SHA-256(M)", hex(digest(mAgain.toBytes()))], ["check", held]],
      },
    ];
  }
}

function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** A record with its commitment. */
function open(key, envelope) {
  const decryption = new phi.Decryption(key, envelope.slice(0, 284));
  const first = decryption.update(envelope.subarray(284));
  const last = decryption.finish();
  return { record: join(first, last.bytes), commitment: last.sealed.commitment };
}

const compared = (found, expected) => (same(found, expected) ? "The commitments are equal." : "The commitments DIFFER.");

/** The largest file that the page takes: it stays in memory. */
const LARGEST = 64 << 20;

class Page {
  constructor() {
    this.drawn = { arrows: arrows(), panels: panels() };
    this.said = h("p", { role: "status", "aria-live": "polite", class: "quiet" });
    this.next = h("button", { class: "first", type: "button", onclick: () => this.step() }, "Step");
    this.play = h("button", { type: "button", onclick: () => this.toggle() }, "Play");
    this.restart = h("button", { type: "button", onclick: () => this.begin() }, "Restart");
    const input = h("input", { type: "file", onchange: () => this.take(input.files[0]) });
    this.results = h("section", { hidden: true });
    document.getElementById("main").append(
      h("div", { class: "controls" }, this.next, this.play, this.restart, h("label", { class: "file" }, "Choose a record", input)),
      this.said,
      h("h2", {}, "Parties"),
      this.drawn.panels.element,
      h("h2", {}, "Messages"),
      this.drawn.arrows.element,
      this.results,
      h("footer", { class: "quiet" }, "Research code, not audited. All secrets of all parties are in this page; use it to learn, and not for real records."),
    );
    document.body.addEventListener("dragover", (event) => {
      event.preventDefault();
      document.body.classList.add("drop");
    });
    document.body.addEventListener("dragleave", () => document.body.classList.remove("drop"));
    document.body.addEventListener("drop", (event) => {
      event.preventDefault();
      document.body.classList.remove("drop");
      this.take(event.dataTransfer?.files[0]);
    });
    addEventListener("keydown", (event) => {
      // Not while a control has the focus: the control answers then.
      if (event.target !== document.body) return;
      if (event.key === "ArrowRight") this.step();
      if (event.key === " ") {
        event.preventDefault();
        this.toggle();
      }
    });
  }

  async take(file) {
    if (!file) return;
    const turn = (this.turn = (this.turn ?? 0) + 1);
    if (file.size > LARGEST) return this.say(`${file.name} has ${bytesText(file.size)}; the page takes up to ${bytesText(LARGEST)}.`);
    const bytes = await file.arrayBuffer().catch(() => undefined);
    if (turn !== this.turn) return; // another file was chosen meanwhile
    if (!bytes) return this.say(`${file.name} cannot be read.`);
    this.begin({ name: file.name, bytes: new Uint8Array(bytes) });
  }

  say(text) {
    this.said.textContent = text;
  }

  begin(file) {
    if (file instanceof Event) file = undefined;
    this.stop();
    this.run = new Run(file ?? this.file);
    this.file = file ?? this.file;
    this.steps = this.run.steps();
    this.count = 0;
    this.drawn.arrows.clear();
    this.drawn.panels.clear();
    this.results.replaceChildren();
    this.results.hidden = true;
    this.next.disabled = this.play.disabled = false;
    this.say(`${this.run.name}, ${bytesText(this.run.record.length)}. Step through Figures 2 to 5, or play them. Right arrow: next step. Space: play or pause.`);
  }

  step() {
    if (this.next.disabled) return;
    const { done, value } = this.steps.next();
    if (done) return this.end();
    const [step, ...held] = value;
    this.count += 1;
    this.drawn.arrows.add(step).scrollIntoView({ block: "nearest" });
    for (const [party, name, secret, can] of held) this.drawn.panels.hold(party, { name, secret, can });
    this.drawn.panels.show(step);
    this.say(`Step ${this.count}: ${step.what}`);
  }

  toggle() {
    if (this.timer) return this.stop();
    if (this.next.disabled) return;
    this.play.textContent = "Pause";
    this.step();
    this.timer = setInterval(() => this.step(), 700);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
    this.play.textContent = "Play";
  }

  /** The run is over: equations, ledger and attacks. */
  end() {
    this.stop();
    this.next.disabled = this.play.disabled = true;
    this.drawn.panels.show(undefined);
    this.say("Figures 2 to 5 are done. Below: the equations with the bytes of this run, the ledger, and the attacks.");
    const ledger = h("div", {});
    const draw = () => ledger.replaceChildren(ledgerTable(JSON.parse(this.run.platform.blocks())));
    draw();
    this.results.hidden = false;
    this.results.append(
      h("h2", {}, "Equations 1 to 3"),
      h("div", { class: "parties" }, equations(this.run.equations())),
      h("h2", {}, "The ledger"),
      ledger,
      h("h2", {}, "Attacks"),
      h("p", { class: "quiet" }, "Press a button to run an attack on the values of this run: on the scheme as the paper prints it, and on the scheme of phi-pre."),
      h("div", { class: "attacks" }, ATTACKS.map((attack) => this.attack(attack, draw))),
    );
  }

  attack({ id, title, text, compute }, redraw) {
    const results = h("ul", { "aria-live": "polite" });
    const run = () => {
      const lines = compute(this.run).map(({ form, succeeds, shown }) =>
        h("li", {}, h("strong", { class: succeeds ? "bad" : "good" }, succeeds ? "succeeds" : "fails"), ` ${form}: ${shown}`),
      );
      results.replaceChildren(...lines);
      redraw();
    };
    const button = h("button", { type: "button", id: `attack-${id}`, onclick: run }, `Try: ${title}`);
    return h("section", { class: "card", "aria-label": title }, h("p", {}, text), button, results);
  }
}

await init(module);
document.title = "phi-pre: Figures 2 to 5 in the browser";
document.getElementById("title").textContent = "Proxy re-encryption of a health record, as it happens";
document.getElementById("about").textContent =
  `The scheme of Bong and Jang (2023, doi 10.13052/jmm1550-4646.1944), computed in this page by phi-pre ${phi.version()}, engine ${phi.engine()}. Nothing leaves the page.`;
const page = new Page();
page.begin();
