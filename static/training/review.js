// Reviewing with the keyboard. Items that were seen are a list that the arrows walk; two more are fetched ahead,
// so that a label shows the next digit at once. Labels go to the site one after the other, in order.

import { asker } from "./ask.js";

const AHEAD = 2, KEPT = 60, RENEW_MS = 120_000;
const ask = asker(JSON.parse(document.getElementById("addresses").textContent));
const $ = (id) => document.getElementById(id);

/** What has been seen and what was fetched ahead, oldest first; `here` is the one that is shown. */
let items = [], here = -1;
let progress = null, started = false, empty = false, filling = null;
/** What is still to be sent, in order; it waits while something is the matter. */
const pending = [];
let saves = 0, sending = false, stuck = false;

const held = () => items.filter((item, index) => index >= here && !item.label?.text).slice(0, AHEAD + 2).map((item) => item.box);

/** Fetch ahead until enough items follow the one that is shown; one request at a time. */
function fill() {
  filling ??= (async () => {
    while (items.length - 1 - here < AHEAD + (here < 0 ? 1 : 0)) {
      const [saved, quietly] = [saves, !pending.length];
      const { item, progress: now } = await ask("next", { hold: held(), start: !started });
      started = true;
      if (!progress || (quietly && saved === saves && !pending.length)) progress = now; // else a label's answer is newer
      empty = item === null;
      if (empty) break;
      const known = items.findIndex((other) => other.box === item.box); // passed over, minutes ago
      if (known === here && known >= 0) continue;
      if (known >= 0) items.splice(known, 1);
      if (known >= 0 && known < here) here -= 1;
      items.push(item);
      if (here < 0) here = 0;
      if (items.length - 1 === here) show();
    }
    while (items.length > KEPT && here > 0) {
      items.shift();
      here -= 1;
    }
    if (here < 0 || here >= items.length) move(1); // nothing came: to what was passed over, or to the end
    told();
  })().catch(trouble).finally(() => { filling = null; });
  return filling;
}

// --- Labels ---------------------------------------------------------------------------------------

function later(act) {
  pending.push(act);
  send();
}

async function send() {
  if (sending || stuck) return;
  sending = true;
  try {
    while (pending.length) {
      await pending[0]();
      pending.shift();
      saves += 1;
      told();
    }
  } catch (error) {
    trouble(error);
  } finally {
    sending = false;
  }
}

function give(text) {
  const item = items[here];
  if (!item || stuck) return;
  item.was ??= item.label?.id ?? null;
  item.label = { text, by: "you" };
  say(text === "-" ? "Not a digit." : `Labelled ${text}.`);
  later(() => save(item, text));
  move(1, (other) => !other.label?.text);
}

async function save(item, text) {
  try {
    const { label, progress: now } = await ask("label", { box: item.box, text, was: item.was });
    item.was = label.id;
    progress = now;
  } catch (error) {
    if (error.status !== 409 && error.status !== 410) throw error;
    drop(item);
    notice(`${error.message} It goes on with the next.`);
  }
}

function undo() {
  if (!stuck) later(takeBack);
}

async function takeBack() {
  const { item, text, progress: now } = await ask("undo");
  progress = now;
  if (item === null) return notice("There is nothing to undo.");
  const known = items.findIndex((other) => other.box === item.box);
  if (known >= 0) {
    items[known] = item;
    here = known;
  } else {
    here = Math.max(here, 0);
    items.splice(here, 0, item);
  }
  show();
  notice(`Taken back: ${text === "-" ? "not a digit" : text}.`);
}

/** The box is gone, or somebody else's: it is passed over. */
function drop(item) {
  const index = items.indexOf(item);
  if (index < 0) return;
  items.splice(index, 1);
  if (index < here) here -= 1;
  show();
  fill();
}

/** To the next item, or the one before, that `wanted` wants; at the end, back to one that was passed over. */
function move(step, wanted = () => true) {
  quiet();
  let to = here + step;
  while (items[to] && !wanted(items[to])) to += step;
  if (step > 0 && !items[to] && empty) {
    const passed = items.findIndex((item) => !item.label?.text);
    to = passed >= 0 ? passed : items.length;
  }
  if (to < 0) return;
  here = Math.min(to, items.length);
  show();
  fill();
}

// --- Showing --------------------------------------------------------------------------------------

const percent = (value) => `${value.toFixed(1)} %`;
const words = (reading) => reading?.digit || (reading ? reading.state : "not read");

function show() {
  const item = items[here];
  $("work").hidden = !item;
  $("done").hidden = Boolean(item) || !empty;
  if (!item) {
    const left = progress?.left ?? 0;
    $("done").textContent = left && !pending.length
      ? "The digits that are left are in other reviewers' hands at the moment. Try again in some minutes."
      : "All is reviewed. New drawings will appear here as they come in.";
    return;
  }
  $("big").innerHTML = item.picture;
  $("glyph").innerHTML = item.glyph;
  const { reading, claim, confirms, label } = item;
  $("digit").textContent = words(reading);
  $("digit").className = reading?.state ?? "";
  $("sure").textContent = reading?.percent == null ? "" : percent(reading.percent);
  $("others").textContent = item.others.map((other) => `${other.digit} (${percent(other.percent)})`).join(", ") || "—";
  $("claim").textContent = claim ? (claim === "-" ? "not a digit" : claim) : "—";
  $("claimant").textContent = claim ? "says the submitter" : "";
  const agrees = claim === (reading?.state === "read" ? reading.digit : "-");
  $("claim").className = claim ? `claimed${agrees ? "" : " disputes"}` : "";
  $("label").textContent = label?.text ? (label.text === "-" ? "not a digit" : label.text) : "—";
  $("by").textContent = label?.text && label.by ? `by ${label.by}` : "";
  const confirm = $("confirm");
  confirm.disabled = !confirms;
  const named = confirms?.text === "-" ? "not a digit" : confirms?.text;
  confirm.textContent = confirms ? `Confirm the ${confirms.what === "claim" ? "submitter's claim" : "reading"}: ${named} ` : "Nothing to confirm ";
  if (confirms) confirm.append(Object.assign(document.createElement("kbd"), { textContent: "Enter" }));
  for (const button of document.querySelectorAll("[data-label]")) button.classList.toggle("given", button.dataset.label === label?.text);
  $("back").disabled = here === 0;
  $("submission").href = item.submission;
  $("model").textContent = item.model ?? "—";
  $("number").replaceChildren(...item.number.map((box) => {
    const place = document.createElement("li");
    place.className = box.current ? "current" : "";
    if (box.current) place.setAttribute("aria-current", "true");
    place.innerHTML = box.picture;
    const mine = items.find((other) => other.box === box.box)?.label?.text ?? box.label; // newer than what was fetched
    const text = document.createElement("span");
    text.textContent = mine || (box.reading?.state === "read" ? box.reading.digit : box.reading?.state === "unreadable" ? "?" : "·");
    text.className = mine ? "labelled" : "";
    text.title = mine ? "label" : "reading";
    place.append(text);
    return place;
  }));
  $("number").querySelector(".current")?.scrollIntoView({ block: "nearest", inline: "center" });
  told();
}

function told() {
  if (!progress) return;
  const left = Math.max(0, progress.left - pending.length);
  let text = `${progress.more ? "more than " : ""}${left.toLocaleString("en")} left`;
  if (progress.seconds_each && left) {
    const minutes = Math.ceil((left * progress.seconds_each) / 60);
    text += minutes > 90 ? `, about ${Math.round(minutes / 60)} hours` : `, about ${minutes} minute${minutes === 1 ? "" : "s"}`;
  }
  $("left").textContent = text;
}

function say(text) {
  $("said").textContent = text;
}

/** Something that did not work: nothing is labelled before it is tried again, and nothing is lost. */
function trouble(error) {
  stuck = true;
  const kept = pending.length ? ` ${pending.length === 1 ? "One label is" : `${pending.length} labels are`} not saved yet.` : "";
  tell(error.message + kept, "trouble");
  $("login").hidden = !error.login;
  $("again").hidden = false;
}

/** A word that needs no answer. */
function notice(text) {
  if (stuck) return;
  tell(text, "trouble mild");
  $("login").hidden = $("again").hidden = true;
}

function tell(text, look) {
  $("what").textContent = text;
  $("trouble").className = look;
  $("trouble").hidden = false;
}

function quiet() {
  if (!stuck) $("trouble").hidden = true;
}

function tryAgain() {
  stuck = false;
  quiet();
  send();
  fill();
}

// --- Hands ----------------------------------------------------------------------------------------

function confirmIt() {
  const text = items[here]?.confirms?.text;
  if (text) give(text);
}

const KEYS = { enter: confirmIt, x: () => give("-"), u: undo, arrowright: () => move(1), arrowleft: () => move(-1) };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, select, textarea")) return;
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return; // it presses that
  const act = /^[0-9]$/.test(event.key) ? () => give(event.key) : KEYS[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  if (!event.repeat || event.key.startsWith("Arrow")) act();
});

document.getElementById("review").addEventListener("click", (event) => {
  const button = event.target.closest(".pad button, #again");
  if (!button) return;
  if (event.detail) button.blur(); // else Enter would press it once more
  if (button.dataset.label) give(button.dataset.label);
  else if (button.id === "confirm") confirmIt();
  else if (button.id === "undo") undo();
  else if (button.id === "back") move(-1);
  else if (button.id === "on") move(1);
  else tryAgain();
});

setInterval(() => {
  if (document.visibilityState !== "visible" || stuck) return;
  if (held().length) ask("hold", { hold: held() }).catch(() => {});
  else fill();
}, RENEW_MS);
addEventListener("pagehide", () => { if (held().length) ask("release", { hold: held() }, true).catch(() => {}); });
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

addEventListener("beforeunload", (event) => { if (pending.length) event.preventDefault(); });

fill();
