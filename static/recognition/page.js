/** Ties the page together: tools, boxes, keys, and the way of a drawing to the reader and back. */

import { Api, Problem, isOver, randomKey } from "./api.js";
import { Box } from "./box.js";
import { Drawing, asBoxes, asState, sameInk, sameState } from "./ink.js";
import { ResultCard } from "./result.js";
import { load, save } from "./store.js";
import { suggestedChanges } from "./words.js";

/**
 * One drawing on its way: what was sent, and what came back. Saved, so that a reload finds it again.
 * @typedef {{idempotencyKey: string, sent: import("./ink.js").State, contribute: boolean,
 *            id?: string, key?: string, state?: string, job?: import("./api.js").Job, corrected?: string}} Submission
 */

/** A job that is still queued after this long gets a word of explanation. */
const PATIENCE_MS = 2500;

const find = (selector) => document.querySelector(selector);
const main = find("main");
const api = new Api(main.dataset.api);
const elements = [...document.querySelectorAll(".box")];
const recognise = find("#recognise");
const contribute = find("#contribute");
const notice = find("#notice");
const cancel = find("#cancel");

/** @type {Submission | null} */
let submission = null;
/** @type {AbortController | null} set while a submission is on its way */
let under_way = null;

// --- The drawing -----------------------------------------------------------------------------------

const drawing = new Drawing(elements.length, changed);

const boxes = elements.map(
  (element, index) =>
    new Box(
      element,
      {
        ink: () => drawing.ink(index),
        brush: () => drawing.state.brush,
        tool: () => find("input[name=tool]:checked").value,
        begin: () => drawing.begin(),
        add: (stroke) => drawing.add(index, stroke),
        erase: (from, to) => drawing.erase(index, from, to),
        end: () => drawing.end(),
      },
      { onClear: () => drawing.clear(index), onCorrect: corrected },
    ),
);

/** @type {import("./ink.js").State | undefined} as it was last painted and saved */
let shown;

function changed() {
  const { state } = drawing;
  find("#undo").disabled = !drawing.canUndo;
  find("#redo").disabled = !drawing.canRedo;
  find("#clear").disabled = drawing.empty;
  if (state === shown) return;
  boxes.forEach((box, index) => {
    if (shown && shown.boxes[index] === state.boxes[index] && shown.brush === state.brush) return;
    box.fault("");
    box.paint();
  });
  shown = state;
  save("drawing", state);
  const brush = find(`input[name=brush][value="${state.brush}"]`);
  if (brush) brush.checked = true;
  if (!drawing.empty && main.dataset.phase === "nothing") say("idle", "");
  age();
}

// --- Sending and following ---------------------------------------------------------------------------

/**
 * The page's phase, and the sentence that goes with it.
 * @param {"idle" | "nothing" | "waiting" | "done" | "error"} phase @param {string} text
 */
function say(phase, text) {
  main.dataset.phase = phase;
  const bad = phase === "error" || phase === "nothing";
  if (phase === "error") boxes.filter((box) => !box.reading).forEach((box) => box.show(null, false));
  notice.hidden = !text;
  notice.className = bad ? "notice bad" : "notice";
  notice.querySelector("p").textContent = text;
  // Spoken by screen readers: errors at once, the rest when they have time.
  speak("#alert", bad ? text : "");
  speak("#live", bad ? "" : text);
  cancel.hidden = true;
  button();
  if (bad) reveal(notice);
}

/** The same words again would be read out again. */
function speak(region, text) {
  if (find(region).textContent !== text) find(region).textContent = text;
}

function button() {
  const waiting = main.dataset.phase === "waiting";
  const same = waiting && sameState(submission.sent, drawing.state);
  recognise.classList.toggle("busy", same);
  recognise.setAttribute("aria-disabled", String(same));
  recognise.querySelector(".text").textContent = same ? "Reading…" : submission?.job && !sameState(submission.sent, drawing.state) ? "Recognise again" : "Recognise";
}

function submit() {
  if (drawing.empty) return say("nothing", "Nothing is drawn yet. Draw a digit in at least one box.");
  const again = submission && sameState(submission.sent, drawing.state) && submission.contribute === contribute.checked;
  if (again && main.dataset.phase === "waiting") return;
  // What never got an answer is asked with its old key: if it did arrive, it is not read twice.
  if (!again || submission.id) {
    submission = { idempotencyKey: randomKey(), sent: drawing.state, contribute: contribute.checked };
  }
  run();
}

/** Sends the submission, or takes it up where a reload left it. */
async function run() {
  under_way?.abort();
  const controller = new AbortController();
  const { signal } = controller;
  const mine = submission;
  under_way = controller;
  save("submission", mine);
  card.hide();
  boxes.forEach((box) => {
    box.expect();
    box.fault("");
  });

  let lost = false;
  let state = mine.state ?? "sent";
  const tell = () => {
    if (signal.aborted) return;
    const sentence = {
      sent: "Reading…",
      slow: "Reading… this takes longer than usual.",
      queued: "Waiting in the queue. Your drawing is recorded and will be read.",
      running: "Being read…",
    }[state];
    say("waiting", lost ? "Connection lost, trying again. Nothing of your drawing is lost." : sentence);
    cancel.hidden = !mine.id || !mine.key;
  };
  const slow = setTimeout(() => {
    if (state !== "sent") return;
    state = "slow";
    tell();
  }, PATIENCE_MS);
  const onTrouble = (trouble) => {
    lost = trouble;
    tell();
  };
  /** @param {import("./api.js").Job} job */
  const onChange = (job) => {
    mine.id = job.id;
    mine.key ??= job.key;
    mine.state = state = job.state;
    save("submission", mine);
    if (!isOver(job)) tell();
  };

  tell();
  try {
    if (!mine.id) {
      const body = { boxes: asBoxes(mine.sent), contribute: mine.contribute };
      const job = await api.submit(body, mine.idempotencyKey, { signal, onTrouble });
      onChange(job);
      mine.job = isOver(job) ? job : undefined;
    }
    mine.job ??= await api.follow(mine.id, { signal, onChange, onTrouble });
    if (!signal.aborted) finished();
  } catch (error) {
    if (!signal.aborted) refused(error);
  } finally {
    clearTimeout(slow);
    if (under_way === controller) under_way = null;
  }
}

/** @param {boolean} [restored] found again after a reload, when nobody needs to hear it once more */
function finished(restored = false) {
  const { job } = submission;
  if (job.state === "cancelled") return say("error", "Cancelled. The drawing was not read.");
  if (job.state === "failed" || !job.result) {
    const detail = job.error?.detail || "The reader gave no reason.";
    return say("error", job.error?.kind === "internal" ? `The drawing could not be read, and it is not your fault. ${detail}` : detail);
  }
  say("done", "");
  card.show(job, { url: api.jobUrl(job.id), mine: Boolean(submission.key), contributed: submission.contribute });
  boxes.forEach((box) => box.show(readingOf(box), false));
  if (submission.corrected) card.thank(`Corrected to ${submission.corrected}.`);
  age();
  if (restored) return;
  const old = sameState(submission.sent, drawing.state) ? "" : "The drawing has changed since. The earlier one: ";
  speak("#live", old + card.announcement(job));
  reveal(card.element);
}

/** @param {Box} box */
function readingOf(box) {
  return submission.job.result.boxes.find((reading) => reading.position === box.position) ?? null;
}

/** @param {unknown} error */
function refused(error) {
  if (!(error instanceof Problem)) {
    console.error(error);
    return say("error", "Something went wrong on this page. Reload it and try again; your drawing is kept.");
  }
  const named = error.errors.filter((each) => each.box);
  for (const { box, detail } of named) boxes[box - 1]?.fault(detail || error.message);
  const details = named.filter((each) => each.detail && !error.message.includes(each.detail)).map((each) => `Box ${each.box}: ${each.detail}`);
  const others = error.errors.filter((each) => !each.box && each.detail && !error.message.includes(each.detail)).map((each) => each.detail);
  say("error", [error.message, ...details, ...others].join(" "));
  // A reload must not send by itself what was refused. What may have arrived unheard keeps its key.
  save("submission", null);
  if (error.status !== 0) submission = null;
}

/** Marks what was read as old where the drawing is not what it was when it was sent. */
function age() {
  button();
  if (!submission?.job?.result) return;
  card.age(!sameState(submission.sent, drawing.state));
  boxes.forEach((box, index) => {
    const outdated = !sameInk(submission.sent, drawing.state, index);
    if (box.reading && box.outdated !== outdated) box.show(box.reading, outdated);
  });
  corrected();
}

function reveal(element) {
  const { top, bottom } = element.getBoundingClientRect();
  if (top >= 0 && bottom <= innerHeight) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "nearest" });
}

// --- Correcting ---------------------------------------------------------------------------------------

const card = new ResultCard(find("#result"), {
  onSuggestion: () => {
    for (const [position, digit] of suggestedChanges(submission.job.result)) boxes[position - 1]?.correct(digit);
  },
  onCorrect: sendCorrection,
  onUncorrect: () => boxes.forEach((box) => box.correct(null)),
  onForget: forget,
});

/** What the visitor makes of the number: one character a box, null when nothing is corrected. */
function correction() {
  const current = submission?.job?.result && sameState(submission.sent, drawing.state);
  if (!current || !boxes.some((box) => box.correction !== null)) return { digits: null, missing: [] };
  const read = boxes.filter((box) => box.reading);
  return {
    digits: read.map((box) => box.character).join(""),
    missing: read.filter((box) => !box.character).map((box) => box.position),
  };
}

function corrected() {
  const { digits, missing } = correction();
  if (digits !== null) card.thank("");
  card.propose(digits, missing);
}

async function sendCorrection() {
  const { digits, missing } = correction();
  if (digits === null || missing.length) return;
  const mine = submission;
  card.correct.disabled = true;
  try {
    await api.correct(mine.id, mine.key, digits);
    mine.corrected = digits.replaceAll("-", "");
    save("submission", mine);
    if (mine !== submission) return;
    card.thank(`Thank you. Corrected to ${mine.corrected}.`);
    card.propose(null);
    speak("#live", card.thanks.textContent);
  } catch (error) {
    if (mine === submission) card.thank(`The correction was not taken. ${error instanceof Problem ? error.message : "Try again."}`);
  } finally {
    card.correct.disabled = false;
  }
}

async function forget() {
  const mine = submission;
  card.forget.disabled = true;
  try {
    await api.forget(mine.id, mine.key);
    if (mine !== submission) return;
    submission = null;
    save("submission", null);
    card.hide();
    boxes.forEach((box) => box.show(null, false));
    say("idle", "Deleted from the server: the drawing and what was read. The boxes here still show it, until you clear them.");
  } catch (error) {
    if (mine === submission) card.thank(`It was not deleted. ${error instanceof Problem ? error.message : "Try again."}`);
  } finally {
    card.forget.disabled = false;
  }
}

// --- Tools and keys -------------------------------------------------------------------------------------

const tool = (name) => (find(`input[name=tool][value=${name}]`).checked = true) && toolChanged();
const toolChanged = () => (main.dataset.tool = find("input[name=tool]:checked").value);

recognise.addEventListener("click", submit);
find("#undo").addEventListener("click", () => drawing.undo());
find("#redo").addEventListener("click", () => drawing.redo());
find("#clear").addEventListener("click", () => drawing.clearAll());
cancel.addEventListener("click", () => {
  cancel.disabled = true;
  api
    .cancel(submission.id, submission.key)
    .catch((error) => say("waiting", `It was not cancelled. ${error.message}`))
    .finally(() => (cancel.disabled = false));
});
contribute.addEventListener("change", () => save("contribute", contribute.checked));
for (const radio of document.querySelectorAll("input[name=tool]")) radio.addEventListener("change", toolChanged);
for (const radio of document.querySelectorAll("input[name=brush]")) radio.addEventListener("change", () => drawing.setBrush(Number(radio.value)));

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  if (event.target instanceof HTMLInputElement && event.target.type === "text") return;
  const key = event.key.toLowerCase();
  if (key === "z" && !event.shiftKey) drawing.undo();
  else if (key === "y" || key === "z") drawing.redo();
  else return;
  event.preventDefault();
});

boxes.forEach((box, index) => {
  box.canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const actions = {
      ArrowLeft: () => boxes[index - 1]?.canvas.focus(),
      ArrowRight: () => boxes[index + 1]?.canvas.focus(),
      ArrowUp: () => beside(index, -1)?.canvas.focus(),
      ArrowDown: () => beside(index, 1)?.canvas.focus(),
      Home: () => boxes[0].canvas.focus(),
      End: () => boxes[boxes.length - 1].canvas.focus(),
      Delete: () => drawing.clear(index),
      Backspace: () => drawing.clear(index),
      Enter: submit,
      b: () => tool("brush"),
      e: () => tool("eraser"),
    };
    const action = actions[event.key] ?? (/^[0-9-]$/.test(event.key) && box.reading ? () => box.correct(event.key) : null);
    if (!action) return;
    event.preventDefault();
    action();
  });
});

/** The nearest box in the row above or below, where the boxes are wrapped. @param {number} index @param {-1 | 1} way */
function beside(index, way) {
  const centre = (box) => {
    const { left, right, top, bottom } = box.canvas.getBoundingClientRect();
    return [(left + right) / 2, (top + bottom) / 2];
  };
  const [x, y] = centre(boxes[index]);
  const far = (box) => Math.hypot(centre(box)[0] - x, 4 * (centre(box)[1] - y));
  return boxes.filter((box) => way * (centre(box)[1] - y) > 10).sort((a, b) => far(a) - far(b))[0];
}

// The ink's colour comes from the style sheet.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => boxes.forEach((box) => box.paint()));

// --- Start: what a reload must not lose ---------------------------------------------------------------

contribute.checked = load("contribute") === true;
toolChanged();
drawing.restore(load("drawing"));
const saved = load("submission");
const sent = asState(saved?.sent, boxes.length);
if (saved?.idempotencyKey && sent) {
  submission = { ...saved, sent };
  if (submission.job) finished(true);
  else run();
}
main.dataset.ready = "true";
