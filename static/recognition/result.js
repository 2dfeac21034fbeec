/** The card with the number that was read: how sure, what it may be instead, and what the visitor can do about it. */

import { alternatives, announcement, boxes, certainty, describeSuggestion, figure, remarks, sureness } from "./words.js";

/** @typedef {import("./api.js").Job} Job */

const CERTAINTY = { sure: "sure", likely: "likely", doubtful: "doubtful", unreadable: "not readable", blank: "empty" };

export class ResultCard {
  /**
   * @param {HTMLElement} element
   * @param {{onSuggestion: () => void, onCorrect: () => void, onUncorrect: () => void, onForget: () => void}} events
   */
  constructor(element, { onSuggestion, onCorrect, onUncorrect, onForget }) {
    const find = (selector) => element.querySelector(selector);
    this.element = element;
    this.note = find("#outdated");
    this.number = find("#number");
    this.copy = find("#copy");
    this.sureness = find("#sureness");
    this.remarks = find("#remarks");
    this.suggestion = find("#suggestion");
    this.correction = find("#correction");
    this.correct = find("#correct");
    this.thanks = find("#thanks");
    this.tip = find("#tip");
    this.rows = find("#details tbody");
    this.model = find("#model");
    this.json = find("#json");
    this.forget = find("#forget");
    this.copy.addEventListener("click", () => this.#copy());
    this.suggestion.querySelector("button").addEventListener("click", onSuggestion);
    this.correct.addEventListener("click", onCorrect);
    find("#uncorrect").addEventListener("click", onUncorrect);
    this.forget.addEventListener("click", onForget);
  }

  hide() {
    this.element.hidden = true;
  }

  /**
   * @param {Job} job that succeeded
   * @param {{url: string, mine: boolean, contributed: boolean}} context `mine`: this page holds the key that
   *   lets it change the job
   */
  show(job, { url, mine, contributed }) {
    const { result } = job;
    this.element.hidden = false;
    this.thank("");
    this.number.textContent = figure(result);
    this.number.classList.toggle("nothing", !result.digits);
    this.copy.hidden = !result.digits;
    this.sureness.textContent = sureness(result);
    this.remarks.replaceChildren(...remarks(result).map((text) => Object.assign(document.createElement("li"), { textContent: text })));
    this.suggestion.hidden = !result.suggestion;
    if (result.suggestion) this.suggestion.querySelector("p").textContent = describeSuggestion(result);
    this.rows.replaceChildren(...result.boxes.map(row));
    this.model.textContent = result.model ? `Read by model version ${result.model.version} (${result.model.architecture}).` : "";
    this.json.href = url;
    this.forget.hidden = !mine;
    this.mine = mine;
    this.contributed = contributed;
  }

  /** @param {boolean} outdated the drawing is another by now */
  age(outdated) {
    this.note.hidden = !outdated;
    this.element.classList.toggle("outdated", outdated);
  }

  /**
   * @param {string | null} digits as the visitor corrects them; null: nothing is corrected
   * @param {number[]} missing boxes that were not readable and still lack the visitor's word
   */
  propose(digits, missing = []) {
    this.correction.hidden = digits === null || !this.mine;
    this.tip.hidden = !this.mine || !this.correction.hidden || !this.thanks.hidden || !this.note.hidden;
    this.correct.disabled = missing.length > 0;
    if (digits === null) return;
    if (missing.length) {
      this.correction.querySelector("p").textContent = `What does ${boxes(missing).toLowerCase()} say? Type its digit, or - for none.`;
      return;
    }
    const use = this.contributed ? "A reviewer looks at it before the reader learns from it." : "It is stored with the drawing, and not trained on.";
    this.correction.querySelector("p").textContent = `You correct it to ${digits.replaceAll("-", "")}. ${use}`;
  }

  /** @param {string} text */
  thank(text) {
    this.thanks.textContent = text;
    this.thanks.hidden = !text;
  }

  /** @param {Job} job */
  announcement(job) {
    return announcement(job.result);
  }

  async #copy() {
    const text = this.number.textContent;
    const label = this.copy.querySelector("span");
    const done = await copied(text, this.number);
    label.textContent = done ? "Copied" : "Press Ctrl+C";
    this.copy.classList.toggle("copied", done);
    setTimeout(() => {
      label.textContent = "Copy";
      this.copy.classList.remove("copied");
    }, 2500);
  }
}

/** @param {import("./api.js").Box} box */
function row(box) {
  const cells = [
    String(box.position),
    box.digit ?? "–",
    box.state === "read" ? `${((box.confidence ?? 0) * 100).toFixed(1)}%, ${CERTAINTY[certainty(box)]}` : CERTAINTY[box.state],
    alternatives(box).map((other) => `${other.digit} (${(other.confidence * 100).toFixed(1)}%)`).join(", ") || "–",
  ];
  const line = document.createElement("tr");
  line.className = certainty(box);
  line.append(...cells.map((text, i) => Object.assign(document.createElement(i ? "td" : "th"), { textContent: text })));
  line.firstElementChild.setAttribute("scope", "row");
  return line;
}

/** Copies, or where the browser does not let a page do so, selects the text for the visitor to copy. */
async function copied(text, element) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection()?.selectAllChildren(element);
    return document.execCommand?.("copy") ?? false;
  }
}
