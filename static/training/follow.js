// Following a job: asks where it stands once a second, until it has ended.

/** Call `show` with each standing; `now` is the first, `words` tells when the site does not answer. */
export async function follow(address, now, show, words) {
  show(now);
  while (!now.ended) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      now = await answer.json();
      show(now);
    } catch (error) {
      words.textContent = `The site does not answer (${error.message}); trying again.`;
    }
  }
}
