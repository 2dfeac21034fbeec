// The page that watches a transfer, and shows its report when it has ended.

import { follow } from "./follow.js";

const page = document.getElementById("transfer");
const $ = (id) => document.getElementById(id);

function show(now) {
  $("state").textContent = now.state;
  $("state").className = `state ${now.state}`;
  $("words").textContent = now.words || (now.state === "queued" ? "waits for the transfers worker" : `${Math.round(100 * now.progress)} %`);
  $("progress").value = now.progress;
}

const now = JSON.parse($("now").textContent);
if (!now.ended) {
  await follow(page.dataset.live, now, show, $("words"));
  location.reload();
}
