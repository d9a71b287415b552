// The drawings of a report: each <figure data-chart="…"> gets its picture from the page's JSON, in
// its own width and again whenever that changes. Colours are the style sheet's, so they follow the
// reader's light or dark theme by themselves; the table below each picture says the same in words.
import { axisY, dot, gridX, gridY, lineY, line, plot, ruleX, ruleY } from "@observablehq/plot";

const element = document.getElementById("relatum-data");
const data = JSON.parse(element.textContent);

const percent = (fraction) => 100 * fraction;
const shown = (value) => value.toFixed(2);
const kLetter = 7; // pixels, about, of 12-pixel letters

function cut(name, most) {
  const letters = [...name];
  return letters.length <= most ? name : letters.slice(0, Math.max(1, most - 1)).join("") + "\u2026";
}

function base(width, title, options) {
  return {
    width,
    marginTop: 14,
    marginRight: 18,
    marginBottom: 40,
    ariaLabel: title,
    style: { background: "none", fontSize: "12px", overflow: "visible" },
    ...options,
  };
}

/** Rows of a value with an interval: name, value, low, high (fractions), text, and whether it is marked. */
function intervals(rows, { width, title, label, zero, color = "var(--accent)" }) {
  const longest = Math.max(...rows.map((row) => row.name.length));
  const margin = Math.min(0.42 * width, 14 + kLetter * longest);
  const letters = Math.floor((margin - 14) / kLetter);
  const ends = rows.flatMap((row) => [row.low ?? row.value, row.high ?? row.value, row.value]).map(percent);
  if (zero) ends.push(0);
  const low = Math.min(...ends), high = Math.max(...ends), room = Math.max(0.5, 0.06 * (high - low));
  const domain = zero ? [low - room, high + room] : [Math.max(0, low - room), Math.min(100, high + room)];
  const places = rows.map((row, i) => ({ ...row, i }));
  const strong = (row) => (row.marked === false ? "var(--soft)" : color);
  return plot(base(width, title, {
    height: 54 + 26 * rows.length,
    marginLeft: margin,
    x: { domain, label, labelAnchor: "center", labelArrow: "none", ticks: Math.max(3, Math.round(width / 110)) },
    y: { type: "point", domain: places.map((row) => row.i), label: null, padding: 0.6 },
    marks: [
      gridX({ stroke: "var(--grid)", strokeOpacity: 0.7, ticks: Math.max(3, Math.round(width / 110)) }),
      axisY({ tickSize: 0, tickFormat: (i) => cut(rows[i].name, letters), fill: "var(--ink)" }),
      zero ? ruleX([0], { stroke: "var(--soft)", strokeDasharray: "4 3" }) : null,
      ruleY(places.filter((row) => row.low != null), {
        y: "i", x1: (row) => percent(row.low), x2: (row) => percent(row.high), stroke: strong, strokeWidth: 2.5,
        strokeLinecap: "round",
      }),
      dot(places, {
        y: "i", x: (row) => percent(row.value), r: 4.5, fill: strong, stroke: "var(--card)", strokeWidth: 1.5,
        title: (row) => row.text, tip: true,
      }),
    ],
  }));
}

function figures({ width, title, argument }) {
  const { metrics, intervals: bounds, official } = data.evaluation;
  const rows = argument.split(" ").map((name) => {
    const f1 = metrics[name].f1, { low, high } = bounds[name] ?? {};
    return { name, value: f1, low, high, marked: name === official.name, text: `${name}: ${shown(percent(f1))}` };
  });
  return [intervals(rows, { width, title, label: "F1, %" })];
}

function differences({ width, title }) {
  const { figures: all, official } = data.comparison;
  const rows = Object.entries(all).map(([name, figure]) => ({
    name, value: figure.difference, low: figure.interval?.low, high: figure.interval?.high,
    marked: name === official, text: `${name}: ${shown(percent(figure.difference))}`,
  }));
  return [intervals(rows, { width, title, label: "B \u2212 A, points", zero: true })];
}

function groups({ width, title, argument }) {
  const rows = data.analysis.groupings[argument].groups.map((group) => ({
    name: group.name, value: group.error, low: group.low, high: group.high,
    text: `${group.name}: ${group.wrong} of ${group.examples} wrong, ${shown(percent(group.error))} %`,
  }));
  return [intervals(rows, { width, title, label: "wrong, %", color: "var(--wrong)" })];
}

function square(width, title, x, y, marks) {
  const side = Math.min(width, 420);
  const axis = (label) => ({ domain: [0, 100], label, labelArrow: "none", ticks: 5 });
  return plot(base(side, title, {
    height: 0.88 * side,
    marginTop: 30,
    marginLeft: 44,
    x: { ...axis(x), labelAnchor: "center" },
    y: { ...axis(y), labelAnchor: "top" },
    marks: [gridX({ stroke: "var(--grid)", ticks: 5 }), gridY({ stroke: "var(--grid)", ticks: 5 }), ...marks],
  }));
}

function reliability({ width, title }) {
  const bins = data.evaluation.calibration.bins;
  const mean = (bin) => percent(bin.mean_probability);
  return [square(width, title, "mean probability, %", "right, %", [
    line([[0, 0], [100, 100]], { stroke: "var(--soft)", strokeDasharray: "5 4" }),
    ruleX(bins, {
      x: mean, y1: (bin) => percent(bin.accuracy_low), y2: (bin) => percent(bin.accuracy_high),
      stroke: "var(--accent)", strokeWidth: 2, strokeOpacity: 0.55,
    }),
    line(bins, { x: mean, y: (bin) => percent(bin.accuracy), stroke: "var(--accent)", strokeWidth: 1.5 }),
    dot(bins, {
      x: mean, y: (bin) => percent(bin.accuracy), r: 4, fill: "var(--accent)", stroke: "var(--card)", tip: true,
      title: (bin) => `${bin.count} answers\nmean probability ${shown(mean(bin))} %\nright ${shown(percent(bin.accuracy))} %`,
    }),
  ])];
}

/** A line that explains colours, in HTML, so that it wraps. */
function key(entries) {
  const list = document.createElement("div");
  list.className = "key";
  for (const [name, color] of entries) {
    const entry = document.createElement("span"), sample = document.createElement("i");
    sample.style.background = color;
    entry.append(sample, name);
    list.append(entry);
  }
  return list;
}

const kScores = [["precision", "var(--accent)"], ["recall", "var(--wrong)"], ["F1", "var(--third)"]];

function threshold({ width, title }) {
  const { points, best } = data.evaluation.threshold_curve;
  const side = Math.min(width, 420);
  const rows = points.map((point) => ({ ...point, F1: point.f1 }));
  const about = (point) => `threshold ${point.threshold.toFixed(4)}\nprecision ${shown(percent(point.precision))} %\n` +
    `recall ${shown(percent(point.recall))} %\nF1 ${shown(percent(point.f1))} %\n${point.answered} answered`;
  const over = square(width, title, "threshold, %", "%", [
    ...kScores.map(([name, stroke]) => line(rows, {
      x: (point) => percent(point.threshold), y: (point) => percent(point[name]), stroke, strokeWidth: 2,
      curve: "step-before",
    })),
    ruleX([percent(best.threshold)], { stroke: "var(--soft)", strokeDasharray: "4 3" }),
  ]);
  const against = square(width, "Precision against recall", "recall, %", "precision, %", [
    line(rows, { x: (point) => percent(point.recall), y: (point) => percent(point.precision), stroke: "var(--accent)",
                 strokeWidth: 2 }),
    dot(rows, { x: (point) => percent(point.recall), y: (point) => percent(point.precision), r: 6, fill: "transparent",
                title: about, tip: true }),
    dot([best], { x: percent(best.recall), y: percent(best.precision), r: 5, fill: "var(--third)",
                  stroke: "var(--card)" }),
  ]);
  const first = document.createElement("div"), second = document.createElement("div");
  first.style.width = second.style.width = `${side}px`;
  first.append(over, key(kScores));
  second.append(against, key([["precision against recall", "var(--accent)"], ["best F1", "var(--third)"]]));
  return [first, second];
}

function training({ width, title }) {
  const { loss, dev } = data.training;
  const two = dev.length > 0 && width > 700;
  const own = two ? (width - 32) / 2 : width;
  const steps = { label: "step", labelAnchor: "center", labelArrow: "none", ticks: Math.max(3, Math.round(own / 90)),
                  domain: [0, loss.at(-1).last] };
  const middle = (each) => (each.first + each.last) / 2;
  // A loss that falls from 9 to 0.02 would be a line along zero.
  const losses = loss.map((each) => each.loss), lowest = Math.min(...losses), highest = Math.max(...losses);
  const wide = lowest > 0 && highest > 30 * lowest;
  const frame = { height: 270, marginTop: 30, marginLeft: 44 };
  const drawn = [plot(base(own, title, {
    ...frame,
    x: steps,
    y: { label: wide ? "loss (logarithmic)" : "loss", labelAnchor: "top", labelArrow: "none", ticks: 5, nice: true,
         tickFormat: (value) => String(Number(value.toPrecision(2))),
         ...(wide ? { type: "log", domain: [lowest, highest] } : { domain: [0, highest] }) },
    marks: [
      gridY({ stroke: "var(--grid)", ticks: 5 }),
      lineY(loss, {
        x: middle, y: "loss", stroke: "var(--accent)", strokeWidth: 1.75, tip: true,
        title: (each) => `steps ${each.first} to ${each.last}\nloss ${each.loss.toFixed(4)}`,
      }),
    ],
  }))];
  if (!dev.length) return drawn;
  const values = dev.map((each) => percent(each.f1));
  const low = Math.min(...values), high = Math.max(...values), room = Math.max(1, 0.1 * (high - low));
  drawn.push(plot(base(own, "F1 on the dev data", {
    ...frame,
    x: steps,
    y: { label: `dev F1, % (${dev.at(-1).metric})`, labelAnchor: "top", labelArrow: "none", ticks: 5,
         domain: [Math.max(0, low - room), Math.min(100, high + room)] },
    marks: [
      gridY({ stroke: "var(--grid)", ticks: 5 }),
      lineY(dev, { x: "step", y: (each) => percent(each.f1), stroke: "var(--third)", strokeWidth: 2 }),
      dot(dev, { x: "step", y: (each) => percent(each.f1), r: 4, fill: "var(--third)", stroke: "var(--card)", tip: true,
                 title: (each) => `step ${each.step}\nF1 ${shown(percent(each.f1))} %\naccuracy ${shown(percent(each.accuracy))} %` }),
    ],
  })));
  return drawn;
}

const drawings = { figures, differences, groups, reliability, threshold, training };

function draw(figure) {
  const width = Math.floor(figure.clientWidth);
  if (width < 40) return; // folded away
  const { chart, title, argument } = figure.dataset;
  const caption = document.createElement("figcaption");
  caption.textContent = title;
  const row = document.createElement("div");
  row.className = "drawings";
  row.append(...drawings[chart]({ width, title, argument }));
  for (const svg of row.querySelectorAll("svg")) svg.setAttribute("role", "img");
  figure.replaceChildren(caption, row);
}

const widths = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const width = Math.floor(target.clientWidth);
    if (Number(target.dataset.width) === width) continue;
    target.dataset.width = width;
    draw(target);
  }
});
for (const figure of document.querySelectorAll("figure[data-chart]")) widths.observe(figure);
