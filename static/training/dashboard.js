// The admin's first page: submissions and corrections by day.

import { curves } from "./curves.js";

const svg = document.getElementById("by-day");
if (svg) {
  const { days, ...lines } = JSON.parse(document.getElementById("days").textContent);
  const numbers = days.map((_day, index) => index + 1);
  curves(svg, numbers, lines, days.length, document.getElementById("by-day-legend"), (value) => Math.round(value), {
    under: (number) => days[number - 1],
    floor: 0,
  });
}
