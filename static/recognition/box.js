/** One box of the number: its pad, the button that clears it, and below it what was read. */

import { Pad } from "./pad.js";
import { alternatives, certainty, describeBox, percent } from "./words.js";

/** @typedef {import("./api.js").Box} Reading */

const KINDS = ["sure", "likely", "doubtful", "unreadable", "blank"];

export class Box {
  /** @type {Reading | null} */
  reading = null;
  /** What the visitor says the box says: a digit, `-` for none, or null for no word. @type {string | null} */
  correction = null;

  /**
   * @param {HTMLElement} element
   * @param {import("./pad.js").Model} model
   * @param {{onClear: () => void, onCorrect: () => void}} events
   */
  constructor(element, model, { onClear, onCorrect }) {
    const find = (selector) => element.querySelector(selector);
    this.element = element;
    this.model = model;
    this.onCorrect = onCorrect;
    this.position = Number(element.dataset.position);
    this.canvas = find("canvas");
    this.wipe = find(".wipe");
    this.told = find(`#told-${this.position}`);
    this.panel = find(".reading");
    this.input = find(".digit");
    this.percent = find(".percent");
    this.bar = find(".bar i");
    this.others = find(".others");
    this.pad = new Pad(this.canvas, model);
    this.wipe.addEventListener("click", () => {
      onClear();
      this.canvas.focus({ preventScroll: true });
    });
    this.input.addEventListener("focus", () => this.input.select());
    this.input.addEventListener("input", () => this.correct(this.input.value));
    this.input.addEventListener("blur", () => this.#write());
  }

  paint() {
    this.pad.paint();
    this.wipe.hidden = this.model.ink().length === 0;
    this.#tell();
  }

  /** Forgets the reading, since another one is on its way, but keeps its place. */
  expect() {
    const room = !this.panel.hidden;
    this.show(null, false);
    this.panel.hidden = !room;
    this.element.classList.toggle("pending", room);
  }

  /** @param {Reading | null} reading @param {boolean} outdated the ink has changed since it was sent */
  show(reading, outdated) {
    if (reading !== this.reading) this.correction = null;
    this.reading = reading;
    this.outdated = outdated;
    this.panel.hidden = !reading;
    this.element.classList.remove("pending");
    this.element.classList.toggle("outdated", outdated);
    const kind = reading && !outdated ? certainty(reading) : "";
    for (const name of KINDS) this.element.classList.toggle(name, name === kind);
    if (reading) {
      this.input.disabled = outdated;
      this.percent.textContent = { read: percent(reading.confidence), blank: "empty", unreadable: "" }[reading.state];
      this.percent.title = reading.state === "read" ? `${((reading.confidence ?? 0) * 100).toFixed(1)}% sure` : "";
      this.bar.style.width = `${(reading.state === "read" ? reading.confidence ?? 0 : 0) * 100}%`;
      this.#offer(kind);
    }
    this.#write();
    this.#tell();
  }

  /** @param {string | null} digit anything but a digit or `-` takes the correction back */
  correct(digit) {
    if (!this.reading || this.outdated) return;
    const said = digit !== null && /^[0-9-]$/.test(digit) ? digit : null;
    this.correction = said === (this.reading.digit ?? (this.reading.state === "blank" ? "-" : null)) ? null : said;
    if (document.activeElement !== this.input || said !== null) this.#write();
    this.#tell();
    this.onCorrect();
  }

  /** The character for this box in a correction; empty when there is none yet. */
  get character() {
    if (this.correction !== null) return this.correction;
    return this.reading?.state === "blank" ? "-" : this.reading?.digit ?? "";
  }

  /** @param {string} text of the error, or nothing */
  fault(text) {
    this.element.classList.toggle("fault", Boolean(text));
    this.canvas.setAttribute("aria-invalid", String(Boolean(text)));
    this.element.title = text;
    this.#faultText = text;
    this.#tell();
  }

  #faultText = "";

  #write() {
    this.input.value = this.correction ?? this.reading?.digit ?? "";
    this.input.placeholder = this.reading?.state === "unreadable" ? "?" : "–";
    this.element.classList.toggle("corrected", this.correction !== null);
    for (const chip of this.others.children) chip.setAttribute("aria-pressed", String(chip.dataset.digit === this.correction));
  }

  /** Buttons for the other digits it may be; also for a sure digit, where they stay small. */
  #offer(kind) {
    const doubt = kind === "likely" || kind === "doubtful" || kind === "unreadable";
    const offered = alternatives(this.reading, doubt ? 0.005 : 0.05).slice(0, 2);
    this.others.replaceChildren(
      ...offered.map(({ digit, confidence }) => {
        const chip = document.createElement("button");
        chip.type = "button";
        chip.className = "chip";
        chip.dataset.digit = digit;
        chip.disabled = this.outdated;
        chip.title = `Perhaps ${digit}: ${(confidence * 100).toFixed(1)}%`;
        chip.setAttribute("aria-label", `Digit ${this.position} is ${digit}`);
        chip.append(digit, Object.assign(document.createElement("small"), { textContent: percent(confidence) }));
        chip.addEventListener("click", () => this.correct(this.correction === digit ? null : digit));
        return chip;
      }),
    );
  }

  /** The box in words, for those who do not see it. */
  #tell() {
    const strokes = this.model.ink().length;
    const ink = strokes === 0 ? "empty" : strokes === 1 ? "1 stroke" : `${strokes} strokes`;
    const parts = [ink];
    if (this.reading && !this.outdated && this.reading.state !== "blank") parts.push(describeBox(this.reading));
    if (this.correction !== null) parts.push(this.correction === "-" ? "corrected to no digit" : `corrected to ${this.correction}`);
    if (this.#faultText) parts.push(this.#faultText);
    this.told.textContent = parts.join("; ");
  }
}
