/**
 * One canvas to draw in: turns what a mouse, finger or pen does into strokes, and paints strokes.
 *
 * @typedef {import("./ink.js").Ink} Ink
 * @typedef {import("./geometry.js").Point} Point
 */

import { ERASER_RADIUS, SIZE } from "./ink.js";

/** Nearer points than this (of 280) add nothing that can be seen. */
const STEP = 0.8;
const MOST_PIXELS = 1200;
/** For so long after a pen was seen, touches are the hand that rests on the glass. */
const PALM_MS = 1500;

/**
 * The one pointer that draws, for all pads: a second finger or a palm must not leave marks, in this box or
 * another. A pen takes over from a touch, since the palm often lands first.
 */
class Hand {
  /** @type {{id: number, type: string, drop: () => void} | null} */
  #holder = null;
  #penSeen = -Infinity;

  /** @param {PointerEvent} event @param {() => void} drop undoes what the pointer has begun */
  take(event, drop) {
    const { pointerId: id, pointerType: type, timeStamp } = event;
    if (type === "pen") this.#penSeen = timeStamp;
    else if (type === "touch" && timeStamp - this.#penSeen < PALM_MS) return false;
    if (this.#holder) {
      // A primary pointer says that no other of its kind is down: then the holder's end was missed.
      const stale = this.#holder.type === type && event.isPrimary;
      const palm = this.#holder.type === "touch" && type === "pen";
      if (!stale && !palm) return false;
      this.#holder.drop();
    }
    this.#holder = { id, type, drop };
    return true;
  }

  /** @param {PointerEvent} event */
  release(event) {
    if (event.pointerType === "pen") this.#penSeen = event.timeStamp;
    if (this.#holder?.id === event.pointerId) this.#holder = null;
  }
}

const hand = new Hand();

/** @typedef {{
 *   ink: () => Ink,
 *   brush: () => number,
 *   tool: () => "brush" | "eraser",
 *   begin: () => void,
 *   add: (stroke: Point[]) => void,
 *   erase: (from: Point, to: Point) => void,
 *   end: () => void,
 * }} Model  what a pad draws on */

export class Pad {
  /** @type {{id: number, erasing: boolean, points: Point[]} | null} the pointer that is down */
  #gesture = null;
  /** @type {Point | null} where the eraser hovers */
  #hover = null;

  /** @param {HTMLCanvasElement} canvas @param {Model} model */
  constructor(canvas, model) {
    this.canvas = canvas;
    this.model = model;
    this.context = canvas.getContext("2d");
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#cancel(event));
    // A safety net: the capture also ends where no "up" comes. After an "up" there is no gesture any more.
    canvas.addEventListener("lostpointercapture", (event) => this.#up(event));
    canvas.addEventListener("pointerleave", () => this.#showEraser(null));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.#resize();
  }

  paint() {
    const { context, canvas } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(canvas.width / SIZE, 0, 0, canvas.height / SIZE, 0, 0);
    this.#pen();
    for (const stroke of this.model.ink()) this.#trace(stroke);
    if (this.#gesture && !this.#gesture.erasing) this.#trace(this.#gesture.points);
    if (this.#hover) {
      context.lineWidth = (2 * SIZE * devicePixelRatio) / canvas.width;
      context.setLineDash([12, 8]);
      context.beginPath();
      context.arc(this.#hover[0], this.#hover[1], ERASER_RADIUS, 0, 2 * Math.PI);
      context.stroke();
      context.setLineDash([]);
    }
  }

  #pen() {
    const { context } = this;
    const colour = getComputedStyle(this.canvas).color;
    Object.assign(context, { lineCap: "round", lineJoin: "round", lineWidth: this.model.brush(), strokeStyle: colour, fillStyle: colour });
  }

  /** Straight lines from point to point, as the reader draws them: what is seen is what is sent. */
  #trace(points) {
    const { context } = this;
    context.beginPath();
    if (points.length === 1) {
      // A tap. A line without length would show nothing.
      context.arc(points[0][0], points[0][1], context.lineWidth / 2, 0, 2 * Math.PI);
      return context.fill();
    }
    context.moveTo(points[0][0], points[0][1]);
    for (let i = 1; i < points.length; i++) context.lineTo(points[i][0], points[i][1]);
    context.stroke();
  }

  #resize() {
    const { width, height } = this.canvas.getBoundingClientRect();
    if (!width || !height) return;
    // The bound: without its style sheet a canvas is as large as its pixels, and would grow for ever.
    this.canvas.width = Math.min(Math.round(width * devicePixelRatio), MOST_PIXELS);
    this.canvas.height = Math.min(Math.round(height * devicePixelRatio), MOST_PIXELS);
    this.paint();
  }

  /** @param {PointerEvent} event @returns {Point} in the logical canvas; time as the clock shows it, so that it outlives a reload */
  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    const scaled = (value, extent) => Number(((value * SIZE) / extent).toFixed(2));
    // Without a sensor for pressure browsers say 0 or a constant half; 0 means "not known" here.
    const pressure = event.pointerType === "mouse" ? 0 : Number(event.pressure.toFixed(3));
    return [scaled(event.clientX - box.left, box.width), scaled(event.clientY - box.top, box.height), Math.round(performance.timeOrigin + event.timeStamp), pressure];
  }

  /** @param {PointerEvent} event */
  #down(event) {
    const penEraser = event.pointerType === "pen" && (event.button === 5 || (event.buttons & 32) !== 0);
    if (event.button !== 0 && !penEraser) return;
    if (!hand.take(event, () => this.#drop())) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    const point = this.#point(event);
    this.#gesture = { id: event.pointerId, erasing: penEraser || this.model.tool() === "eraser", points: [point] };
    this.model.begin();
    if (this.#gesture.erasing) {
      this.#hover = point;
      this.model.erase(point, point);
    }
    this.paint();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const gesture = this.#gesture;
    if (!gesture) {
      this.#showEraser(this.model.tool() === "eraser" && event.pointerType !== "touch" ? this.#point(event) : null);
      return;
    }
    if (gesture.id !== event.pointerId) return;
    const coalesced = event.getCoalescedEvents?.() ?? [];
    for (const sample of coalesced.length ? coalesced : [event]) {
      const point = this.#point(sample);
      const last = gesture.points[gesture.points.length - 1];
      if (Math.hypot(point[0] - last[0], point[1] - last[1]) < STEP) continue;
      gesture.points.push(point);
      if (gesture.erasing) this.model.erase(last, point);
      else this.#trace([last, point]);
    }
    if (gesture.erasing) {
      this.#hover = gesture.points[gesture.points.length - 1];
      this.paint();
    }
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const gesture = this.#gesture;
    if (gesture?.id !== event.pointerId) return;
    hand.release(event);
    this.#gesture = null;
    if (!gesture.erasing) this.model.add(gesture.points);
    if (event.pointerType === "touch") this.#hover = null;
    this.model.end();
    this.paint();
  }

  /** The system took the pointer away. A touch was most likely a palm; a pen or a mouse meant what it drew. */
  #cancel(event) {
    if (this.#gesture?.id !== event.pointerId) return;
    if (event.pointerType !== "touch") return this.#up(event);
    hand.release(event);
    this.#drop();
  }

  #drop() {
    this.#gesture = null;
    this.#hover = null;
    this.model.end();
    this.paint();
  }

  /** @param {Point | null} at */
  #showEraser(at) {
    if (!at && !this.#hover) return;
    this.#hover = at;
    this.paint();
  }
}
