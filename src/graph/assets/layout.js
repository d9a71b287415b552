// Places for entities and for the labels of relations between them: each part of the graph that
// hangs together is laid out alone, labels and names are pushed off one another, and the parts are
// packed. The same graph is laid out alike each time; all sizes are in pixels.
'use strict';

// A small generator of numbers from 0 to 1, as Math.random() would draw each time anew.
function chance(seed) {
  return () => {
    seed = (seed * 1664525 + 1013904223) >>> 0;
    return seed / 4294967296;
  };
}

// The parts of a graph of `count` nodes that hang together, as lists of numbers.
function partsOf(count, links) {
  const root = Array.from({length: count}, (_, i) => i);
  const find = (i) => {
    while (root[i] !== i) i = root[i] = root[root[i]];
    return i;
  };
  for (const {head, tail} of links) root[find(head)] = find(tail);
  const parts = new Map();
  for (let i = 0; i < count; ++i) {
    if (!parts.has(find(i))) parts.set(find(i), []);
    parts.get(find(i)).push(i);
  }
  return [...parts.values()];
}

// How long a link should be: its label fits between its ends, and ends with many links get room.
function lengthOf(link, one, other, degree) {
  const crowd = Math.sqrt(Math.max(degree[link.head], degree[link.tail]));
  return one.up + other.up + 2 * link.half + 24 + 14 * (crowd - 1);
}

// How far nodes should be apart: the lengths of the links on a way of fewest links.
function distancesOf(part, links, nodes) {
  const at = new Map(part.map((number, i) => [number, i]));
  const degree = [];
  for (const {head, tail} of links) {
    degree[head] = (degree[head] || 0) + 1;
    degree[tail] = (degree[tail] || 0) + 1;
  }
  const near = part.map(() => []);
  for (const link of links) {
    const length = link.length = lengthOf(link, nodes[link.head], nodes[link.tail], degree);
    near[at.get(link.head)].push([at.get(link.tail), length]);
    near[at.get(link.tail)].push([at.get(link.head), length]);
  }
  return part.map((_, from) => {
    const far = new Float64Array(part.length).fill(-1);
    far[from] = 0;
    const queue = [from];
    for (let i = 0; i < queue.length; ++i) {
      for (const [to, length] of near[queue[i]]) {
        if (far[to] >= 0) continue;
        far[to] = far[queue[i]] + length;
        queue.push(to);
      }
    }
    return far;
  });
}

// Moves points until distances are as near as may be to those wanted: stochastic gradient descent
// on the stress, by Zheng, Pawar and Goodman (arXiv 1710.04626).
function spread(points, distances) {
  const random = chance(7);
  const pairs = [];
  let least = Infinity, most = 0;
  for (let i = 0; i < points.length; ++i) {
    for (let j = 0; j < i; ++j) {
      pairs.push([i, j]);
      least = Math.min(least, distances[i][j]);
      most = Math.max(most, distances[i][j]);
    }
  }
  const kSteps = 40;
  const first = most * most, last = 0.05 * least * least;
  for (let step = 0; step < kSteps; ++step) {
    const rate = first * Math.exp(Math.log(last / first) * step / (kSteps - 1));
    for (let i = pairs.length - 1; i > 0; --i) {
      const j = Math.floor(random() * (i + 1));
      [pairs[i], pairs[j]] = [pairs[j], pairs[i]];
    }
    for (const [i, j] of pairs) {
      const one = points[i], other = points[j], wanted = distances[i][j];
      const x = one.x - other.x, y = one.y - other.y;
      const size = Math.sqrt(x * x + y * y) || 1e-6;
      const pull = Math.min(1, rate / (wanted * wanted)) * (size - wanted) / 2 / size;
      one.x -= x * pull; one.y -= y * pull;
      other.x += x * pull; other.y += y * pull;
    }
  }
}

// Turns points so that they are wider than high, with more links to the right than to the left.
function turn(points, links, nodes) {
  const mean = (of) => points.reduce((sum, each) => sum + of(each), 0) / points.length;
  const x = mean((each) => each.x), y = mean((each) => each.y);
  const angle = Math.atan2(2 * mean((each) => (each.x - x) * (each.y - y)),
    mean((each) => (each.x - x) ** 2 - (each.y - y) ** 2)) / 2;
  const cos = Math.cos(angle), sin = Math.sin(angle);
  for (const each of points) {
    const dx = each.x - x, dy = each.y - y;
    each.x = dx * cos + dy * sin;
    each.y = dy * cos - dx * sin;
  }
  const right = links.reduce((sum, {head, tail}) =>
    sum + Math.sign(nodes[tail].x - nodes[head].x), 0);
  if (right < 0) for (const each of points) each.x = -each.x;
}

// A long chain is made less wide than it would be by itself, for a view of that width to height.
function fold(points, aspect) {
  const {left, top, right, bottom} = boundsOf(points);
  const wide = right - left, by = Math.sqrt(Math.max(100, bottom - top) * aspect / wide);
  if (wide < 500 || by >= 1) return;
  for (const each of points) {
    each.x *= Math.max(0.6, by);
    each.y /= Math.max(0.6, by);
  }
}

// Where the label of a link stands by itself: in the middle, aside where two ends have several.
function restOf(link, one, other) {
  const x = other.x - one.x, y = other.y - one.y;
  const size = Math.sqrt(x * x + y * y) || 1, sign = link.head < link.tail ? 1 : -1;
  return {x: (one.x + other.x) / 2 - y / size * link.aside * sign,
          y: (one.y + other.y) / 2 + x / size * link.aside * sign};
}

// Pushes two of which a rectangle each overlap off one another, the shorter way, by the two that
// overlap most. A label gives way to a node by the share `yielding`, the node by the rest.
function push(one, other, gap, yielding) {
  const x = other.x - one.x, y = other.y - one.y;
  let deepest = 0.1, dx = 0, dy = 0;
  for (const [left, top, right, bottom] of one.boxes) {
    for (const [otherLeft, otherTop, otherRight, otherBottom] of other.boxes) {
      const toRight = right - otherLeft + gap - x, toLeft = otherRight - left + gap + x;
      const down = bottom - otherTop + gap - y, up = otherBottom - top + gap + y;
      const depth = Math.min(toRight, toLeft, down, up);
      if (depth <= deepest) continue;
      deepest = depth;
      dx = depth === toRight ? toRight : depth === toLeft ? -toLeft : 0;
      dy = dx ? 0 : depth === down ? down : -up;
    }
  }
  if (!dx && !dy) return false;
  const share = one.isLabel === other.isLabel ? 0.5 : one.isLabel ? yielding : 1 - yielding;
  one.x -= share * dx; one.y -= share * dy;
  other.x += (1 - share) * dx; other.y += (1 - share) * dy;
  return true;
}

// Links that are longer than they need to be draw their ends together.
function shorten(links, nodes) {
  for (const {head, tail, length} of links) {
    const one = nodes[head], other = nodes[tail];
    const x = other.x - one.x, y = other.y - one.y;
    const size = Math.sqrt(x * x + y * y) || 1, pull = Math.max(0, size - 1.1 * length) / size / 8;
    one.x += x * pull; one.y += y * pull;
    other.x -= x * pull; other.y -= y * pull;
  }
}

// Pushes until nothing overlaps, or for so many steps. At first links shorten and labels are drawn
// to their middles, at last neither.
function pushApart(all, links, nodes, steps) {
  const order = [...all], kGap = 6;
  for (let step = 0; step < steps; ++step) {
    const isEarly = step < 0.5 * steps;
    const pull = isEarly ? 0.3 : step < 0.75 * steps ? 0.05 : 0;
    if (isEarly) shorten(links, nodes);
    for (const link of links) {
      const rest = restOf(link, nodes[link.head], nodes[link.tail]);
      link.x += (rest.x - link.x) * pull;
      link.y += (rest.y - link.y) * pull;
    }
    order.sort((a, b) => (a.x - a.half) - (b.x - b.half));
    let isMoved = false;
    for (let i = 0; i < order.length; ++i) {
      const one = order[i];
      for (let j = i + 1; j < order.length; ++j) {
        if (order[j].x - order[j].half > one.x + one.half + kGap + 40) break;
        if (push(one, order[j], kGap, isEarly ? 0.8 : 0.6)) isMoved = true;
      }
    }
    if (!isMoved && !isEarly) return;
  }
}

function boundsOf(boxes) {
  const bounds = {left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity};
  for (const {x, y, half, up, down} of boxes) {
    bounds.left = Math.min(bounds.left, x - half);
    bounds.right = Math.max(bounds.right, x + half);
    bounds.top = Math.min(bounds.top, y - up);
    bounds.bottom = Math.max(bounds.bottom, y + down);
  }
  return bounds;
}

// Puts rectangles beside and below one another, each as far up as it goes, no wider than `width`.
function packInto(rectangles, width) {
  let edge = [{x: 0, y: 0, width}];
  let high = 0, wide = 0;
  for (const each of rectangles) {
    let best = null;
    for (const {x} of edge) {
      if (x > 0 && x + each.width > width) break;
      const under = edge.filter((step) => step.x < x + each.width && step.x + step.width > x);
      const y = Math.max(...under.map((step) => step.y));
      if (!best || y < best.y) best = {x, y};
    }
    each.x = best.x; each.y = best.y;
    const end = best.x + each.width, next = [{x: best.x, y: best.y + each.height,
      width: each.width}];
    for (const step of edge) {
      const stop = step.x + step.width;
      if (step.x < best.x) next.push({...step, width: Math.min(stop, best.x) - step.x});
      if (stop > end) next.push({x: Math.max(step.x, end), y: step.y,
                                 width: stop - Math.max(step.x, end)});
    }
    edge = next.sort((a, b) => a.x - b.x);
    high = Math.max(high, best.y + each.height);
    wide = Math.max(wide, end);
  }
  return {wide, high};
}

// Packs rectangles so that a view of that width to height shows them as large as may be.
function pack(rectangles, aspect) {
  rectangles.sort((a, b) => b.height - a.height || b.width - a.width);
  const area = rectangles.reduce((sum, each) => sum + each.width * each.height, 0);
  const widest = Math.max(...rectangles.map((each) => each.width));
  let best = null;
  for (let factor = 0.8; factor < 2; factor += 0.05) {
    const width = Math.max(widest, factor * Math.sqrt(area * aspect));
    const {wide, high} = packInto(rectangles, width);
    const size = Math.max(wide / aspect, high);
    if (!best || size < best.size) best = {size, width};
  }
  packInto(rectangles, best.width);
}

// Draws places apart where the view has room, the one way or the other; nothing comes nearer.
function stretch(all, aspect) {
  const {left, top, right, bottom} = boundsOf(all), kMost = 1.7;
  const wide = right - left, high = bottom - top;
  const x = Math.min(kMost, Math.max(1, high * aspect / wide));
  const y = Math.min(kMost, Math.max(1, wide / aspect / high));
  for (const each of all) each.x *= x, each.y *= y;
}

// Gives places (x, y) to nodes and to the labels of links {head, tail} between them, for a view of
// that width to height. Both have their extents around the place, {half, up, down}, and the boxes
// within them that nothing may lie on, [left, top, right, bottom] from the place.
function layOut(nodes, links, aspect) {
  const between = new Map();
  for (const link of links) {
    const key = [Math.min(link.head, link.tail), Math.max(link.head, link.tail)].join(' ');
    if (!between.has(key)) between.set(key, []);
    between.get(key).push(link);
  }
  for (const several of between.values()) {
    several.forEach((link, i) => { link.aside = 30 * (i - (several.length - 1) / 2); });
  }
  const rectangles = partsOf(nodes.length, links).map((numbers) => {
    const members = new Set(numbers);
    const own = links.filter((link) => members.has(link.head));
    const points = numbers.map((number) => nodes[number]);
    points.forEach((point, i) => {
      const far = 60 * Math.sqrt(i);
      point.x = far * Math.cos(2.399963 * i);
      point.y = far * Math.sin(2.399963 * i);
    });
    if (points.length > 1) {
      spread(points, distancesOf(numbers, own, nodes));
      turn(points, own, nodes);
      fold(points, aspect);
    }
    for (const link of own) Object.assign(link, restOf(link, nodes[link.head], nodes[link.tail]));
    const all = [...points, ...own];
    pushApart(all, own, nodes, all.length > 600 ? 120 : 300);
    const {left, top, right, bottom} = boundsOf(all);
    const kMargin = 9;
    return {all, left: left - kMargin, top: top - kMargin,
            width: right - left + 2 * kMargin, height: bottom - top + 2 * kMargin};
  });
  if (!rectangles.length) return;
  pack(rectangles, aspect);
  for (const {all, left, top, x, y} of rectangles) {
    for (const each of all) each.x += x - left, each.y += y - top;
  }
  stretch([...nodes, ...links], aspect);
}
