/**
 * What was drawn: the truth behind the pictures. Pure: no DOM.
 *
 * States are immutable. A box that did not change is the same object in the next state, which makes undo a
 * matter of going back to an older state, and "has this box changed since it was sent?" a comparison.
 *
 * @typedef {import("./geometry.js").Point} Point
 * @typedef {import("./geometry.js").Stroke} Stroke
 * @typedef {readonly Stroke[]} Ink  the strokes of one box
 * @typedef {{readonly boxes: readonly Ink[], readonly brush: number}} State
 */

import { cut, inside } from "./geometry.js";

/** The logical canvas of a box, whatever its size on the screen. */
export const SIZE = 280;
export const BRUSH = 16;
export const ERASER_RADIUS = 22;
const HISTORY = 500;

/** @type {Ink} */
const NOTHING = Object.freeze([]);

/** The drawing in all boxes, with undo and redo. One width of the brush holds for all of it, as for a real pen. */
export class Drawing {
  /** @type {State} */
  #state;
  /** @type {State[]} */
  #past = [];
  /** @type {State[]} */
  #future = [];
  /** @type {State | null} where the gesture in progress began */
  #before = null;

  /** @param {number} count of boxes @param {() => void} changed called after every change */
  constructor(count, changed) {
    this.#state = { boxes: Array(count).fill(NOTHING), brush: BRUSH };
    this.changed = changed;
  }

  get state() {
    return this.#state;
  }

  get empty() {
    return this.#state.boxes.every((ink) => ink.length === 0);
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** @param {number} index @returns {Ink} */
  ink(index) {
    return this.#state.boxes[index];
  }

  /**
   * A stroke that the hand drew. Only what lies in the box is kept.
   * @param {number} index @param {Stroke} stroke
   */
  add(index, stroke) {
    const parts = inside(stroke, SIZE);
    if (parts.length) this.#put(index, [...this.ink(index), ...parts]);
  }

  /**
   * The eraser moved from `a` to `b`. Cuts a little beyond its rim, by a quarter of the brush: the strokes
   * left end round, and would otherwise reach back under it.
   * @param {number} index @param {readonly number[]} a @param {readonly number[]} b
   */
  erase(index, a, b) {
    const { brush } = this.#state;
    const ink = this.ink(index);
    const left = ink.flatMap((stroke) => cut(stroke, a, b, ERASER_RADIUS + brush / 4, brush / 2));
    if (left.length !== ink.length || left.some((stroke, i) => stroke !== ink[i])) this.#put(index, left);
  }

  /** @param {number} index */
  clear(index) {
    if (this.ink(index).length) this.#put(index, NOTHING);
  }

  clearAll() {
    if (!this.empty) this.#go({ ...this.#state, boxes: this.#state.boxes.map(() => NOTHING) });
  }

  /** @param {number} brush the new width of all strokes */
  setBrush(brush) {
    if (brush === this.#state.brush) return;
    const next = { ...this.#state, brush };
    if (!this.empty) return this.#go(next);
    this.#state = next; // nothing drawn: nothing to undo
    this.changed();
  }

  /** Until `end`, all changes are one step of undo: an eraser's pass is many cuts. */
  begin() {
    this.#before ??= this.#state;
  }

  end() {
    const before = this.#before;
    this.#before = null;
    if (before && before !== this.#state) this.#remember(before);
    this.changed();
  }

  undo() {
    this.#step(this.#past, this.#future);
  }

  redo() {
    this.#step(this.#future, this.#past);
  }

  /**
   * Puts back what `state` was before a reload; whatever does not look like a drawing is left out.
   * @param {unknown} saved
   */
  restore(saved) {
    const state = asState(saved, this.#state.boxes.length);
    if (state) this.#state = state;
    this.changed();
  }

  #put(index, ink) {
    this.#go({ ...this.#state, boxes: this.#state.boxes.map((old, i) => (i === index ? ink : old)) });
  }

  #go(next) {
    if (!this.#before) this.#remember(this.#state);
    this.#state = next;
    this.changed();
  }

  #remember(state) {
    this.#past.push(state);
    if (this.#past.length > HISTORY) this.#past.shift();
    this.#future = [];
  }

  #step(from, to) {
    const state = from.pop();
    if (!state || this.#before) {
      if (state) from.push(state);
      return;
    }
    to.push(this.#state);
    this.#state = state;
    this.changed();
  }
}

/**
 * @param {unknown} saved @param {number} count
 * @returns {State | null}
 */
export function asState(saved, count) {
  const isPoint = (p) => Array.isArray(p) && p.length === 4 && p.every(Number.isFinite);
  const isStroke = (s) => Array.isArray(s) && s.length > 0 && s.every(isPoint);
  const { boxes, brush } = Object(saved);
  if (!Array.isArray(boxes) || boxes.length !== count || !(brush > 0 && brush <= SIZE)) return null;
  return { brush, boxes: boxes.map((ink) => (Array.isArray(ink) && ink.every(isStroke) ? ink : NOTHING)) };
}

/** Whether box `index` looks the same in both. @param {State} a @param {State} b @param {number} index */
export function sameInk(a, b, index) {
  const [x, y] = [a.boxes[index], b.boxes[index]];
  if (!x.length && !y.length) return true;
  // After a reload equal boxes are different objects.
  return a.brush === b.brush && (x === y || JSON.stringify(x) === JSON.stringify(y));
}

/** Whether the drawings look the same. @param {State} a @param {State} b */
export function sameState(a, b) {
  return a.boxes.every((_, index) => sameInk(a, b, index));
}

/**
 * The boxes as the API takes them: all of them in order, times counted from the first point of each box.
 * @param {State} state
 */
export function asBoxes({ boxes, brush }) {
  return boxes.map((ink) => {
    const start = ink.length ? Math.min(...ink.map((stroke) => stroke[0][2])) : 0;
    const strokes = ink.map((stroke) => stroke.map(([x, y, t, pressure]) => (pressure > 0 ? [x, y, t - start, pressure] : [x, y, t - start])));
    return { strokes, width: SIZE, height: SIZE, brush };
  });
}
