/**
 * Cutting polylines, exactly. Pure: no DOM.
 *
 * The eraser is a disc that moves along a segment, so what it covers between two pointer events is a
 * capsule. A capsule is convex, hence each segment of a stroke has at most one stretch inside it, and the
 * ends of that stretch can be computed: strokes are cut where the eraser went, not at the nearest point
 * that happened to be sampled.
 *
 * @typedef {[x: number, y: number, t: number, pressure: number]} Point
 * @typedef {readonly Point[]} Stroke  at least one point
 * @typedef {[from: number, to: number]} Stretch  a part of a segment; 0 is its start, 1 its end
 */

/**
 * The point at `share` of the way from `p` to `q`, time and pressure included.
 * @param {Point} p @param {Point} q @param {number} share
 * @returns {Point}
 */
export function between(p, q, share) {
  const mix = (i, digits) => Number((p[i] + (q[i] - p[i]) * share).toFixed(digits));
  return [mix(0, 2), mix(1, 2), mix(2, 0), mix(3, 3)];
}

/** @param {Stroke} stroke */
export function lengthOf(stroke) {
  let sum = 0;
  for (let i = 1; i < stroke.length; i++) sum += Math.hypot(stroke[i][0] - stroke[i - 1][0], stroke[i][1] - stroke[i - 1][1]);
  return sum;
}

/**
 * Where `low <= start + share * step <= high`.
 * @returns {Stretch | null}
 */
function withinSlab(start, step, low, high) {
  if (Math.abs(step) < 1e-9) return start >= low && start <= high ? [-Infinity, Infinity] : null;
  const a = (low - start) / step;
  const b = (high - start) / step;
  return a < b ? [a, b] : [b, a];
}

/** @returns {Stretch | null} */
function withinDisc(p, q, centre, radius) {
  const [dx, dy] = [q[0] - p[0], q[1] - p[1]];
  const [fx, fy] = [p[0] - centre[0], p[1] - centre[1]];
  const a = dx * dx + dy * dy;
  const c = fx * fx + fy * fy - radius * radius;
  if (a < 1e-12) return c <= 0 ? [-Infinity, Infinity] : null;
  const half = fx * dx + fy * dy;
  const root = half * half - a * c;
  if (root < 0) return null;
  return [(-half - Math.sqrt(root)) / a, (-half + Math.sqrt(root)) / a];
}

/** @param {Stretch | null} a @param {Stretch | null} b @returns {Stretch | null} */
function both(a, b) {
  if (!a || !b) return null;
  const [from, to] = [Math.max(a[0], b[0]), Math.min(a[1], b[1])];
  return from <= to ? [from, to] : null;
}

/**
 * The part of segment p-q that a disc covers while it moves from `a` to `b`.
 * @param {Point} p @param {Point} q
 * @param {readonly number[]} a @param {readonly number[]} b @param {number} radius
 * @returns {Stretch | null}
 */
export function withinCapsule(p, q, a, b, radius) {
  const parts = [withinDisc(p, q, a, radius), withinDisc(p, q, b, radius)];
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  if (length > 1e-9) {
    const [ux, uy] = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
    const along = (x, y) => x * ux + y * uy;
    const across = (x, y) => y * ux - x * uy;
    const [px, py, dx, dy] = [p[0] - a[0], p[1] - a[1], q[0] - p[0], q[1] - p[1]];
    parts.push(both(withinSlab(along(px, py), along(dx, dy), 0, length), withinSlab(across(px, py), across(dx, dy), -radius, radius)));
  }
  // The capsule is the union of its parts and convex, so the union of the stretches is one stretch.
  const found = parts.filter((part) => part !== null);
  if (!found.length) return null;
  return both([Math.min(...found.map((s) => s[0])), Math.max(...found.map((s) => s[1]))], [0, 1]);
}

/**
 * What is left of a stroke when a disc of `radius` has moved over it from `a` to `b`.
 * Remains shorter than `crumb` go too: they would show as dots that nobody drew.
 * @param {Stroke} stroke
 * @param {readonly number[]} a @param {readonly number[]} b
 * @param {number} radius @param {number} crumb
 * @returns {readonly Stroke[]} `[stroke]` itself, the same object, when nothing was cut
 */
export function cut(stroke, a, b, radius, crumb) {
  if (stroke.length === 1) return withinCapsule(stroke[0], stroke[0], a, b, radius) ? [] : [stroke];
  /** @type {Point[][]} */
  const pieces = [];
  /** @type {Point[]} */
  let piece = [stroke[0]];
  let touched = false;
  for (let i = 1; i < stroke.length; i++) {
    const [p, q] = [stroke[i - 1], stroke[i]];
    const gone = withinCapsule(p, q, a, b, radius);
    if (!gone) {
      if (!piece.length) piece.push(p);
      piece.push(q);
      continue;
    }
    touched = true;
    if (gone[0] > 0) {
      if (!piece.length) piece.push(p);
      piece.push(between(p, q, gone[0]));
    }
    pieces.push(piece);
    piece = gone[1] < 1 ? [between(p, q, gone[1]), q] : [];
  }
  if (!touched) return [stroke];
  pieces.push(piece);
  return pieces.filter((part) => part.length > 1 && lengthOf(part) >= crumb);
}

/**
 * The parts of a stroke inside the square from 0 to `size`: nobody sees what is drawn beyond the box.
 * @param {Stroke} stroke @param {number} size
 * @returns {readonly Stroke[]}
 */
export function inside(stroke, size) {
  const seen = (p) => p[0] >= 0 && p[0] <= size && p[1] >= 0 && p[1] <= size;
  if (stroke.every(seen)) return [stroke];
  /** @type {Point[][]} */
  const pieces = [];
  /** @type {Point[]} */
  let piece = seen(stroke[0]) ? [stroke[0]] : [];
  for (let i = 1; i < stroke.length; i++) {
    const [p, q] = [stroke[i - 1], stroke[i]];
    const kept = both(both(withinSlab(p[0], q[0] - p[0], 0, size), withinSlab(p[1], q[1] - p[1], 0, size)), [0, 1]);
    if (!kept) continue;
    if (!piece.length) piece.push(kept[0] > 0 ? between(p, q, kept[0]) : p);
    piece.push(kept[1] < 1 ? between(p, q, kept[1]) : q);
    if (kept[1] < 1) {
      pieces.push(piece);
      piece = [];
    }
  }
  pieces.push(piece);
  return pieces.filter((part) => part.length > 0);
}
