// What a page of the admin says to the site.

/** What went wrong, in words; `status` is 0 where there was no answer. */
export class Trouble extends Error {
  constructor(message, { status = 0, login = false } = {}) {
    super(message);
    Object.assign(this, { status, login });
  }
}

function csrf() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
}

/** Asks the site by POST, in JSON; `addresses` has one by name. Rejects with a Trouble. */
export const asker = (addresses) => async (name, fields = {}, keepalive = false) => {
  let answer;
  try {
    answer = await fetch(addresses[name], {
      method: "POST",
      keepalive,
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() },
      body: JSON.stringify(fields),
    });
  } catch {
    throw new Trouble("The site cannot be reached.");
  }
  const json = /json/.test(answer.headers.get("Content-Type") ?? "");
  const body = json ? await answer.json().catch(() => ({})) : {};
  if (answer.ok && json) return body;
  if (answer.status === 401) throw new Trouble("Your session has ended. Sign in, then try again.", { status: 401, login: true });
  if (answer.status === 403 && !json) throw new Trouble("The site does not know this page any more. Reload it.", { status: 403 });
  throw new Trouble(body.detail ?? `The site could not do that (${answer.status}).`, { status: answer.status });
};
