// The page that watches a transfer: asks where it stands once a second, and shows the report when it has ended.

const page = document.getElementById("transfer");
const $ = (id) => document.getElementById(id);

function show(now) {
  $("state").textContent = now.state;
  $("state").className = `state ${now.state}`;
  $("words").textContent = now.words || (now.state === "queued" ? "waits for the transfers worker" : `${Math.round(100 * now.progress)} %`);
  $("progress").value = now.progress;
}

async function watch(now) {
  if (now.ended) return;
  show(now);
  while (!now.ended) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    try {
      const answer = await fetch(page.dataset.live, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      now = await answer.json();
      show(now);
    } catch (error) {
      $("words").textContent = `The site does not answer (${error.message}); trying again.`;
    }
  }
  location.reload();
}

watch(JSON.parse($("now").textContent));
