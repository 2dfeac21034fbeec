/**
 * The site's API as the page uses it: submit a drawing, follow its job to the end, correct it, delete it.
 *
 * A connection that breaks is no error here: asking again is always safe, since a POST carries an idempotency
 * key and a GET changes nothing. So both are repeated, with growing pauses, and the page is only told.
 *
 * @typedef {{position: number, state: "read" | "blank" | "unreadable", digit: string | null, confidence?: number | null,
 *            alternatives?: {digit: string, confidence: number}[]}} Box
 * @typedef {{digits: string, e164: string, formatted: string, confidence: number, changed: number[]}} Suggestion
 * @typedef {{digits: string, e164: string | null, formatted: string | null, valid: boolean, region: string | null,
 *            confidence: number, suggestion: Suggestion | null, boxes: Box[],
 *            model: {version: number, architecture: string} | null}} Result
 * @typedef {{id: string, key?: string, state: "queued" | "running" | "succeeded" | "failed" | "cancelled",
 *            error: {kind: string, code: string, detail: string} | null, result: Result | null,
 *            links: {self: string}}} Job
 */

const TERMINAL = new Set(["succeeded", "failed", "cancelled"]);
/** Answers of something between the page and the site, or of a site that restarts: as good as no answer. */
const PASSING = new Set([502, 503, 504]);
const SUBMIT_ATTEMPTS = 6;
/** The answer to the POST is not held for long, so that the page soon knows whether the job waits or runs. */
const SUBMIT_WAIT = 3;
const POLL_WAIT = 10;
/** A connection that stays silent for longer than any answer may take counts as broken. */
const SILENCE_MS = 30_000;

/** @param {Job} job */
export const isOver = (job) => TERMINAL.has(job.state);

/** A refusal, in words for people. */
export class Problem extends Error {
  /** @param {number} status @param {string} detail @param {{box?: number, field?: string, detail?: string}[]} errors */
  constructor(status, detail, errors = []) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

/** Where the network let the request down. */
class Unreachable extends Error {}

const SENTENCES = {
  0: "The server cannot be reached.",
  401: "This site reads drawings for signed-in users only.",
  403: "This site does not accept drawings from you.",
  404: "The server does not know this drawing any more.",
  410: "This drawing has been deleted.",
  413: "The drawing is too large for the server.",
  429: "Too many drawings in a short time. Wait a moment and try again.",
  503: "The server is too busy to take the drawing. Try again in a moment.",
};

/** @param {Response} response @returns {Promise<Problem>} */
async function problem(response) {
  let body = {};
  if (/json/.test(response.headers.get("Content-Type") ?? "")) body = await response.json().catch(() => ({}));
  const detail = typeof body.detail === "string" && body.detail ? body.detail : SENTENCES[response.status] ?? `The server could not do that (${response.status}).`;
  return new Problem(response.status, detail, Array.isArray(body.errors) ? body.errors : []);
}

function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

/** A random text, also where the page is not served over HTTPS and `randomUUID` does not exist. */
export function randomKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Waits, but no longer than until the browser says that it is online again. */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal?.removeEventListener("abort", stop);
      resolve();
    };
    const stop = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      reject(signal.reason);
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
  });
}

export class Api {
  /** @param {string} root such as `/api/v1/` */
  constructor(root) {
    this.root = root;
  }

  /** The address of a job, for people to open. @param {string} id */
  jobUrl(id) {
    return `${this.root}jobs/${encodeURIComponent(id)}/`;
  }

  /**
   * @param {object} body @param {string} idempotencyKey the same for each try of the same drawing
   * @param {{signal: AbortSignal, onTrouble: (trouble: boolean) => void}} options
   * @returns {Promise<Job>}
   */
  async submit(body, idempotencyKey, { signal, onTrouble }) {
    const headers = { "Idempotency-Key": idempotencyKey, Prefer: `wait=${SUBMIT_WAIT}` };
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await this.#send("POST", `${this.root}recognitions/`, { body, headers, signal });
        // A 503 with a date to come back is the site's own word that it takes no more.
        const passing = PASSING.has(response.status) && !(response.status === 503 && response.headers.has("Retry-After"));
        if (response.ok) {
          onTrouble(false);
          return await response.json();
        }
        if (!passing || attempt >= SUBMIT_ATTEMPTS) throw await problem(response);
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        if (attempt >= SUBMIT_ATTEMPTS) throw new Problem(0, SENTENCES[0]);
      }
      onTrouble(true);
      await pause(Math.min(500 * 2 ** (attempt - 1), 8000), signal);
    }
  }

  /**
   * Follows a job until it is over. Never gives up by itself: the job is recorded and will end.
   * @param {string} id
   * @param {{signal: AbortSignal, onChange: (job: Job) => void, onTrouble: (trouble: boolean) => void}} options
   * @returns {Promise<Job>}
   */
  async follow(id, { signal, onChange, onTrouble }) {
    for (let misses = 0; ; ) {
      let rest = 0;
      const asked = performance.now();
      try {
        const response = await this.#send("GET", `${this.jobUrl(id)}?wait=${POLL_WAIT}`, { signal });
        if (response.ok) {
          const job = await response.json();
          if (misses) onTrouble(false);
          misses = 0;
          onChange(job);
          if (isOver(job)) return job;
          // A server that does not hold the answer must not be asked in a tight loop.
          rest = performance.now() - asked < 500 ? 1000 : 0;
        } else if (PASSING.has(response.status) || response.status === 429) {
          misses++;
          rest = 1000 * Number(response.headers.get("Retry-After")) || 0;
        } else {
          throw await problem(response);
        }
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        misses++;
      }
      if (misses) {
        onTrouble(true);
        rest = Math.max(Math.min(rest, 60_000), Math.min(500 * 2 ** (misses - 1), 15_000));
      }
      if (rest) await pause(rest, signal);
    }
  }

  /** @param {string} id @param {string} key @param {string} digits one character a box, `-` for no digit */
  async correct(id, key, digits) {
    await this.#command("POST", `${this.root}recognitions/${encodeURIComponent(id)}/correction/`, key, { digits });
  }

  /** @param {string} id @param {string} key */
  async forget(id, key) {
    await this.#command("DELETE", `${this.root}recognitions/${encodeURIComponent(id)}/`, key);
  }

  /** @param {string} id @param {string} key */
  async cancel(id, key) {
    await this.#command("POST", `${this.jobUrl(id)}cancel/`, key);
  }

  async #command(method, url, key, body) {
    try {
      const response = await this.#send(method, url, { body, headers: key ? { "X-Job-Key": key } : {} });
      if (!response.ok) throw await problem(response);
    } catch (error) {
      throw error instanceof Unreachable ? new Problem(0, SENTENCES[0]) : error;
    }
  }

  async #send(method, url, { body, headers = {}, signal } = {}) {
    const silence = AbortSignal.timeout(SILENCE_MS);
    const sent = { Accept: "application/json", "X-Requested-With": "phonereader-page", ...headers };
    if (method !== "GET") sent["X-CSRFToken"] = cookie("csrftoken");
    if (body) sent["Content-Type"] = "application/json";
    try {
      return await fetch(url, {
        method,
        headers: sent,
        body: body && JSON.stringify(body),
        credentials: "same-origin",
        cache: "no-store",
        signal: signal ? either(signal, silence) : silence,
      });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw new Unreachable(String(error));
    }
  }
}

/** `AbortSignal.any`, also for browsers that lack it. */
function either(a, b) {
  if (AbortSignal.any) return AbortSignal.any([a, b]);
  const controller = new AbortController();
  for (const signal of [a, b]) signal.addEventListener("abort", () => controller.abort(signal.reason), { once: true });
  if (a.aborted) controller.abort(a.reason);
  return controller.signal;
}
