/** What outlives a reload in this tab. A browser may refuse storage; the page then just forgets. */

const PREFIX = "phonereader:";

/** @param {string} name @param {unknown} value */
export function save(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(PREFIX + name);
    else sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Full or forbidden: nothing that the visitor could do about it.
  }
}

/** @param {string} name @returns {any} */
export function load(name) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + name) ?? "null");
  } catch {
    return null;
  }
}
