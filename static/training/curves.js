// Lines over epochs, as SVG: few points, redrawn whole.

const SVG = "http://www.w3.org/2000/svg";
const LEFT = 52, RIGHT = 470, TOP = 12, BOTTOM = 192;

function element(name, attributes, text = "") {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.textContent = text;
  return node;
}

/**
 * Draw `lines` (name -> values, one an epoch) into `svg`; `last` is the epoch at the right border. `under` says
 * what stands below an epoch, `floor` the least value that is shown.
 */
export function curves(
  svg, epochs, lines, last, legend = null, label = (value) => value.toPrecision(3), { under = (epoch) => epoch, floor = null } = {},
) {
  const values = Object.values(lines).flat();
  svg.replaceChildren();
  if (!values.length) {
    svg.append(element("text", { x: 240, y: 110, "text-anchor": "middle", class: "empty" }, "no epoch has ended yet"));
    return;
  }
  let low = Math.min(...values), high = Math.max(...values);
  const room = Math.max((high - low) * 0.08, Math.abs(high) * 0.002, 1e-6);
  low = floor ?? low - room;
  if (floor !== null) high = floor + Math.ceil((high - floor) / 4) * 4; // counts: four steps of whole numbers
  high += room;
  const x = (epoch) => (last > 1 ? LEFT + ((epoch - 1) / (last - 1)) * (RIGHT - LEFT) : (LEFT + RIGHT) / 2);
  const y = (value) => BOTTOM - ((value - low) / (high - low)) * (BOTTOM - TOP);
  for (let step = 0; step <= 4; step++) {
    const value = low + (step / 4) * (high - low);
    svg.append(element("line", { x1: LEFT, x2: RIGHT, y1: y(value), y2: y(value), class: "grid" }));
    svg.append(element("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, label(value)));
  }
  for (const [epoch, anchor] of [[1, "start"], [last, "end"]]) {
    svg.append(element("text", { x: x(epoch), y: 212, "text-anchor": last > 1 ? anchor : "middle" }, under(epoch)));
    if (last <= 1) break;
  }
  Object.values(lines).forEach((line, number) => {
    const points = line.map((value, index) => `${x(epochs[index]).toFixed(1)},${y(value).toFixed(1)}`);
    svg.append(element("polyline", { points: points.join(" "), class: `line line-${number}` }));
    const end = points.at(-1).split(",");
    svg.append(element("circle", { cx: end[0], cy: end[1], r: 3, class: `dot line-${number}` }));
  });
  if (!legend) return;
  legend.replaceChildren(...Object.entries(lines).map(([name, line], number) => {
    const item = document.createElement("li");
    item.className = `line-${number}`;
    item.textContent = `${name}: ${label(line.at(-1))}`;
    return item;
  }));
}
