/**
 * How a reading is put into words. Pure: no DOM.
 *
 * @typedef {import("./api.js").Box} Box
 * @typedef {import("./api.js").Result} Result
 */

/** From this certainty on a digit needs no second look; below `LIKELY` it needs one. */
const SURE = 0.95;
const LIKELY = 0.8;

/**
 * @param {Box} box
 * @returns {"sure" | "likely" | "doubtful" | "unreadable" | "blank"}
 */
export function certainty(box) {
  if (box.state !== "read") return box.state;
  const confidence = box.confidence ?? 0;
  return confidence >= SURE ? "sure" : confidence >= LIKELY ? "likely" : "doubtful";
}

/** Whole percents, rounded down: 99.7 % is not 100 %. @param {number | null | undefined} share */
export function percent(share) {
  return `${Math.floor((share ?? 0) * 100 + 1e-9)}%`;
}

/** The other digits worth a thought, best first. @param {Box} box @param {number} [least] */
export function alternatives(box, least = 0) {
  return (box.alternatives ?? []).filter((other) => other.digit !== box.digit && other.confidence >= least);
}

/** @param {Box} box */
export function describeBox(box) {
  if (box.state === "blank") return "empty";
  const others = alternatives(box, 0.01).slice(0, 2).map((other) => other.digit).join(" or ");
  if (box.state === "unreadable") return `not readable${others ? `, perhaps ${others}` : ""}`;
  const kind = certainty(box);
  const doubt = kind === "sure" ? "" : `, ${kind}${others ? `, or ${others}` : ""}`;
  return `read as ${box.digit}, ${percent(box.confidence)} sure${doubt}`;
}

/** How sure the whole is. @param {Result} result */
export function sureness(result) {
  if (!result.digits) return "No digit was found in the boxes.";
  if (result.digits.includes("?")) return "Not the whole number";
  const where = result.valid && result.region ? ` · valid, ${regionName(result.region)}` : "";
  return `${percent(result.confidence)} sure of the whole number${where}`;
}

/** The number as people write it. @param {Result} result */
export function figure(result) {
  return result.formatted || result.digits || "–";
}

/** What is to be said about the whole, one sentence each. @param {Result} result @returns {string[]} */
export function remarks(result) {
  const kinds = result.boxes.map((box) => [box.position, certainty(box)]);
  const those = (...wanted) => kinds.filter(([, kind]) => wanted.includes(kind)).map(([position]) => position);
  const said = [];
  const unreadable = those("unreadable");
  if (unreadable.length) said.push(`${boxes(unreadable)} could not be read.`);
  const doubtful = those("doubtful", "likely");
  if (doubtful.length) said.push(`${boxes(doubtful)} ${doubtful.length === 1 ? "is" : "are"} in doubt.`);
  // Empty boxes at the end are a shorter number; empty ones before a drawn one were perhaps forgotten.
  const last = Math.max(0, ...kinds.filter(([, kind]) => kind !== "blank").map(([position]) => position));
  const gaps = those("blank").filter((position) => position < last);
  if (gaps.length) said.push(`${boxes(gaps)} ${gaps.length === 1 ? "is" : "are"} empty.`);
  if (result.valid === false && !result.suggestion && !unreadable.length) said.push("It is not a valid number in any numbering plan we know. That may be fine.");
  return said;
}

/** "Box 4", "Boxes 4 and 7", "Boxes 2, 4 and 7". @param {number[]} positions */
export function boxes(positions) {
  const start = positions.slice(0, -1).join(", ");
  return positions.length === 1 ? `Box ${positions[0]}` : `Boxes ${start} and ${positions[positions.length - 1]}`;
}

/** The changes a suggestion makes: `[[position, digit], ...]`. @param {Result} result @returns {[number, string][]} */
export function suggestedChanges({ boxes: read, suggestion }) {
  if (!suggestion) return [];
  // `digits` has nothing for a blank box.
  const inked = read.filter((box) => box.state !== "blank");
  return inked
    .map((box, index) => /** @type {[number, string]} */ ([box.position, suggestion.digits[index]]))
    .filter(([position, digit], index) => digit !== undefined && (suggestion.changed?.includes(position) || digit !== (inked[index].digit ?? "?")));
}

/** @param {Result} result */
export function describeSuggestion(result) {
  const changes = suggestedChanges(result).map(([position, digit]) => {
    const box = result.boxes.find((each) => each.position === position);
    return box?.digit ? `Box ${position} was read as ${box.digit}, perhaps it is ${digit}.` : `Box ${position} is perhaps ${digit}.`;
  });
  return [`Did you mean ${result.suggestion.formatted || result.suggestion.digits}?`, ...changes].join(" ");
}

/** @param {string | null} region an ISO 3166 code @returns {string} */
export function regionName(region) {
  if (!region) return "";
  try {
    return new Intl.DisplayNames(["en"], { type: "region" }).of(region) ?? region;
  } catch {
    return region;
  }
}

/** What a screen reader says when the result is there. @param {Result} result */
export function announcement(result) {
  if (!result.digits) return sureness(result);
  return [`Read as ${figure(result)}.`, `${sureness(result)}.`, ...remarks(result), result.suggestion ? describeSuggestion(result) : ""].filter(Boolean).join(" ");
}
