// The page that watches a training run: asks where it stands once a second, draws the curves.

import { curves } from "./curves.js";
import { follow } from "./follow.js";

const page = document.getElementById("run");
const $ = (id) => document.getElementById(id);

function time(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

function words(now) {
  if (now.state === "queued") return now.attempt ? "waits to go on" : "waits for the training worker";
  if (now.state === "failed") return now.error;
  if (now.state === "succeeded") return `version ${now.version}, after ${time(now.seconds)}`;
  if (now.state === "cancelled") return "";
  if (!now.live.epoch) return "gets its data ready";
  const { epoch, batch, batches, seconds_left: left } = now.live;
  return `epoch ${epoch} of ${now.epochs}, batch ${batch} of ${batches}, about ${time(left)} left`;
}

function show(now) {
  $("state").textContent = now.state;
  $("state").className = `state ${now.state}`;
  $("words").textContent = words(now);
  $("progress").value = now.progress;
  $("log").textContent = now.log;
  if ($("cancel")) $("cancel").hidden = now.ended;
  if (now.gate) {
    $("gate").hidden = false;
    $("gate").className = `gate ${now.gate.passed ? "passed" : "refused"}`;
    const link = document.createElement("a");
    link.href = `${page.dataset.models}${now.version}/change/`;
    link.textContent = `Version ${now.version}`;
    $("gate").replaceChildren(link, `. ${now.gate.sentence}`);
  }
  const epochs = now.curve.map((point) => point.epoch);
  curves($("loss"), epochs, { loss: now.curve.map((point) => point.loss) }, now.epochs);
  const names = Object.keys(now.curve[0]?.accuracy ?? {});
  const lines = Object.fromEntries(names.map((name) => [name, now.curve.map((point) => point.accuracy[name])]));
  curves($("accuracy"), epochs, lines, now.epochs, $("legend"), (value) => `${(100 * value).toFixed(1)} %`);
}

follow(page.dataset.live, JSON.parse($("now").textContent), show, $("words"));
