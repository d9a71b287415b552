// The drawing of a graph: its nodes and edges, a view that is zoomed and moved, and names that are
// shown where there is room for them. layout.js gives the places.
'use strict';
const kSpace = 'http://www.w3.org/2000/svg';
const kName = 12, kLabel = 10.5;      // sizes of names and of labels of relations, in pixels
const kSmallest = 11, kLargest = 16;  // of names on the screen, however far it is zoomed

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'on') element.addEventListener('click', value);
    else if (name.startsWith('--')) element.style.setProperty(name, value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}
const make = (name, attributes = {}, ...children) =>
  fill(document.createElement(name), attributes, children);
const draw = (name, attributes = {}, ...children) =>
  fill(document.createElementNS(kSpace, name), attributes, children);

// How wide a text is, in pixels of its size.
const widthOf = (() => {
  const context = document.createElement('canvas').getContext('2d');
  return (text, size) => {
    context.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
    return context.measureText(text).width;
  };
})();

// What is drawn for an entity: twelve colours, and after these other forms.
function shapeOf(form, radius) {
  if (form === 0) return draw('circle', {class: 'dot', r: radius});
  const half = form === 1 ? 0.9 * radius : 1.2 * radius;
  return draw('path', {class: 'dot', d: form === 1
    ? `M ${-half} ${-half} H ${half} V ${half} H ${-half} z`
    : `M 0 ${-half} L ${half} 0 L 0 ${half} L ${-half} 0 z`});
}

// Boxes {left, right, top, bottom} on the screen, of which none may lie on another.
class Room {
  constructor() { this.cells = new Map(); }
  static* cellsOf({left, right, top, bottom}) {
    for (let x = Math.floor(left / 64); x <= right / 64; ++x) {
      for (let y = Math.floor(top / 64); y <= bottom / 64; ++y) yield 8192 * x + y;
    }
  }
  add(box) {
    for (const cell of Room.cellsOf(box)) {
      if (!this.cells.has(cell)) this.cells.set(cell, []);
      this.cells.get(cell).push(box);
    }
  }
  isFree(box) {
    for (const cell of Room.cellsOf(box)) {
      for (const each of this.cells.get(cell) || []) {
        if (each.of !== box.of && each.left < box.right && box.left < each.right &&
            each.top < box.bottom && box.top < each.bottom) return false;
      }
    }
    return true;
  }
}

// nodes: [{name, radius, form, colour, label, on}], links: [{head, tail, label, p, symmetric, on,
// tip}] with numbers of nodes as ends. `label` of a node is what is read out.
class Drawing {
  constructor(svg, nodes, links) {
    Object.assign(this, {svg, nodes, links, chosen: new Set(), view: {k: 1, x: 0, y: 0}});
    this.isMoved = false;  // by the reader, so that it is not fitted again
    this.arrow = draw('marker', {id: 'arrow', viewBox: '0 0 8 8', refX: 7.5, refY: 4,
      orient: 'auto', markerUnits: 'userSpaceOnUse'}, draw('path', {d: 'M 0 0 L 8 4 L 0 8 z'}));
    this.world = draw('g', {});
    svg.append(draw('defs', {}, this.arrow), this.world);
    for (const node of nodes) {
      node.wide = widthOf(node.name, kName);
      node.half = Math.max(0.57 * node.wide + 2, node.radius);  // with room for larger letters
      node.up = node.radius + 1;
      node.down = node.radius + kName + 5;
      const {radius, half, up, down} = node;
      node.boxes = [[-radius, -up, radius, radius + 1], [-half, radius + 1, half, down]];
    }
    for (const link of links) {
      link.wide = widthOf(link.label, kLabel);
      link.isLabel = true;
      link.half = 0.55 * link.wide + 10;
      link.up = link.down = kLabel / 2 + 1;
      link.boxes = [[-link.half, -link.up, link.half, link.down]];
    }
    const {width, height} = this.size();
    layOut(nodes, links, width / height);
    for (const link of links) this.addEdge(link);
    for (const node of nodes) this.addNode(node);
    for (const link of links) this.keepBend(link);
    this.fit();
    new ResizeObserver(() => { if (this.isMoved) this.paint(); else this.fit(); }).observe(svg);
    this.listen();
  }

  size() {
    return {width: Math.max(200, this.svg.clientWidth), height: Math.max(200, this.svg.clientHeight)};
  }

  addEdge(link) {
    link.line = draw('path', {class: 'line', 'stroke-width': 0.8 + 1.8 * link.p});
    if (!link.symmetric) link.line.setAttribute('marker-end', 'url(#arrow)');
    link.hit = draw('path', {class: 'hit'});
    link.text = draw('text', {}, link.label);
    link.plate = draw('rect', {class: 'plate'});  // the line does not run through the label
    link.drawing = draw('g', {class: 'edge', 'aria-hidden': 'true', on: link.on},
                        draw('title', {}, link.tip), link.line, link.hit, link.plate, link.text);
    this.world.append(link.drawing);
  }

  addNode(node) {
    node.text = draw('text', {}, node.name);
    node.plate = draw('rect', {class: 'plate'});  // lines behind the name hardly show
    node.drawing = draw('g', {class: 'node', tabindex: 0, role: 'button', 'aria-pressed': 'false',
      'aria-label': node.label, '--own': node.colour, '--radius': `${node.radius}px`, on: node.on},
      draw('title', {}, node.label), shapeOf(node.form, node.radius), node.plate, node.text);
    node.drawing.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      node.on();
    });
    node.drawing.addEventListener('focus', () => this.reveal(node));
    this.world.append(node.drawing);
  }

  // An edge's label keeps its place beside the middle when an end is moved.
  keepBend(link) {
    const one = this.nodes[link.head], other = this.nodes[link.tail];
    link.bend = {x: link.x - (one.x + other.x) / 2, y: link.y - (one.y + other.y) / 2};
  }

  // Shows all that is not hidden, as large as it fits.
  fit() {
    const isShown = (each) => !each.drawing.classList.contains('gone');
    const boxes = [...this.nodes, ...this.links].filter(isShown);
    const {width, height} = this.size();
    if (boxes.length) {
      const {left, top, right, bottom} = boundsOf(boxes);
      const fitting = (x, y) => Math.min((width - x) / (right - left), (height - y) / (bottom - top));
      // Where it is small, names are larger than their boxes, and need a margin.
      const k = Math.min(1.5, fitting(24, 24) > 0.75 ? fitting(24, 24) : fitting(70, 36));
      this.view = {k, x: width / 2 - k * (left + right) / 2, y: height / 2 - k * (top + bottom) / 2};
    }
    this.isMoved = false;
    this.paint();
  }

  zoom(factor, x = this.size().width / 2, y = this.size().height / 2) {
    const k = Math.min(6, Math.max(0.03, this.view.k * factor));
    const by = k / this.view.k;
    this.view = {k, x: x - by * (x - this.view.x), y: y - by * (y - this.view.y)};
    this.isMoved = true;
    this.paint();
  }

  move(x, y) {
    this.view.x += x;
    this.view.y += y;
    this.isMoved = true;
    this.paint(false);
  }

  isSeen(node) {
    const {k, x, y} = this.view, {width, height} = this.size();
    const left = k * node.x + x, top = k * node.y + y;
    return left > 0 && left < width && top > 0 && top < height;
  }

  reveal(node) {
    if (this.isSeen(node)) return this.paint();
    const {k} = this.view, {width, height} = this.size();
    this.view = {k, x: width / 2 - k * node.x, y: height / 2 - k * node.y};
    this.isMoved = true;
    this.paint();
  }

  // After what is shown has changed: brings it into view, unless the reader has chosen the view and
  // sees some of it.
  seek(isFitted) {
    const shown = this.nodes.filter((each) => !each.drawing.classList.contains('gone'));
    const isLost = shown.length > 0 && !shown.some((each) => this.isSeen(each));
    if (isLost || (isFitted && !this.isMoved)) this.fit();
    else this.paint();
  }

  // Soon, and once for all that happens before. When the view is only moved, names stay as they are.
  paint(isAll = true) {
    this.isStale ||= isAll;
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      const {k, x, y} = this.view;
      this.world.setAttribute('transform', `translate(${x} ${y}) scale(${k})`);
      if (this.isStale) this.paintAll(k);
      this.isStale = false;
    });
  }

  paintAll(k) {
    const name = Math.min(kLargest, Math.max(kSmallest, kName * k)) / k;
    const dot = Math.max(1, 0.6 / k);  // small circles stay to be seen, and to be hit
    Object.assign(this, {grown: name / kName, dot});
    this.svg.style.setProperty('--name', `${name}px`);
    this.svg.style.setProperty('--dot', dot);
    this.arrow.setAttribute('markerWidth', 7 * Math.max(1, 0.8 / k));
    this.arrow.setAttribute('markerHeight', 7 * Math.max(1, 0.8 / k));
    for (const link of this.links) this.paintEdge(link);
    for (const node of this.nodes) {
      const wide = this.grown * (node.wide + 2);
      node.drawing.setAttribute('transform', `translate(${node.x} ${node.y})`);
      fill(node.plate, {x: -wide / 2, y: node.radius * dot + name * 0.12, width: wide,
                        height: name * 1.1}, []);
    }
    this.showNames();
  }

  paintEdge(link) {
    const one = this.nodes[link.head], other = this.nodes[link.tail];
    link.x = (one.x + other.x) / 2 + link.bend.x;
    link.y = (one.y + other.y) / 2 + link.bend.y;
    // A curve through the label's place.
    const x = 2 * link.x - (one.x + other.x) / 2, y = 2 * link.y - (one.y + other.y) / 2;
    const dx = other.x - x, dy = other.y - y;
    const short = ((other.radius + 1.5) * this.dot) / (Math.sqrt(dx * dx + dy * dy) || 1);
    const path = `M ${one.x} ${one.y} Q ${x} ${y} ${other.x - dx * short} ${other.y - dy * short}`;
    link.line.setAttribute('d', path);
    link.hit.setAttribute('d', path);
    const wide = this.grown * (link.wide + 4), high = this.grown * kLabel * 1.2;
    fill(link.text, {x: link.x, y: link.y}, []);
    fill(link.plate, {x: link.x - wide / 2, y: link.y - high / 2, width: wide, height: high}, []);
  }

  // Of names and labels that would lie on one another one is shown: what is chosen or has the
  // focus, then entities with the most relations, then the surest relations.
  showNames() {
    const {k} = this.view, room = new Room();
    const isGone = ({drawing}) => drawing.classList.contains('gone');
    const isFirst = (each) => this.chosen.has(each) || each.drawing === document.activeElement;
    const box = (each, half, up, down) => ({of: each, left: k * each.x - half,
      right: k * each.x + half, top: k * each.y - up, bottom: k * each.y + down});
    const show = (each, place) => {
      const isFree = !isGone(each) && room.isFree(place);
      this.say(each, isFree);
      if (isFree) room.add(place);
    };
    const dots = (node) => k * this.dot * node.radius;
    for (const node of this.nodes) {
      if (!isGone(node)) room.add(box(node, dots(node) - 1, dots(node) - 1, dots(node) - 1));
    }
    const size = this.grown * k;  // how large a pixel of a name is on the screen
    const byChoice = (list) => [...list.filter(isFirst), ...list.filter((each) => !isFirst(each))];
    const nameOf = (node) => show(node, box(node, size * node.wide / 2 + 1, -dots(node),
                                            dots(node) + size * kName + 3));
    const order = byChoice(this.nodes);
    const first = order.filter(isFirst).length;
    order.slice(0, first).forEach(nameOf);
    const labelOf = (link) => {
      const one = this.nodes[link.head], other = this.nodes[link.tail];
      const far = k * Math.hypot(one.x - other.x, one.y - other.y);
      const isLong = far > size * kLabel || isFirst(link);
      if (!isLong) return this.say(link, false);
      return show(link, box(link, size * link.wide / 2 + 1, size * kLabel / 2 + 1,
                            size * kLabel / 2 + 1));
    };
    this.links.filter(isFirst).forEach(labelOf);
    order.slice(first).forEach(nameOf);
    this.links.filter((link) => !isFirst(link)).sort((a, b) => b.p - a.p).forEach(labelOf);
  }

  say(each, isSaid) {
    for (const part of [each.text, each.plate]) if (part) part.classList.toggle('quiet', !isSaid);
  }

  listen() {
    const svg = this.svg, fingers = new Map();
    let held = null, from = null, isDragged = false;
    const placeOf = (event) => {
      const {left, top} = svg.getBoundingClientRect();
      return {x: event.clientX - left, y: event.clientY - top};
    };
    svg.addEventListener('wheel', (event) => {
      event.preventDefault();
      const {x, y} = placeOf(event);
      this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), x, y);
    }, {passive: false});
    svg.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      fingers.set(event.pointerId, placeOf(event));
      from = placeOf(event);
      isDragged = false;
      held = this.nodes.find((node) => node.drawing.contains(event.target)) || null;
    });
    svg.addEventListener('pointermove', (event) => {
      const last = fingers.get(event.pointerId), now = placeOf(event);
      if (!last) return;
      // A click is no move; the pointer is caught with the first move, as clicks go astray then.
      if (!isDragged && Math.hypot(now.x - from.x, now.y - from.y) < 4) return;
      if (!isDragged) svg.setPointerCapture(event.pointerId);
      isDragged = true;
      fingers.set(event.pointerId, now);
      if (fingers.size === 2) {
        const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
        const far = (at) => Math.hypot(at.x - other.x, at.y - other.y) || 1;
        this.zoom(far(now) / far(last), other.x, other.y);
      } else if (held) {
        held.x += (now.x - last.x) / this.view.k;
        held.y += (now.y - last.y) / this.view.k;
        this.isMoved = true;
        this.paint();
      } else {
        this.move(now.x - last.x, now.y - last.y);
      }
    });
    const release = (event) => fingers.delete(event.pointerId);
    svg.addEventListener('pointerup', release);
    svg.addEventListener('pointercancel', release);
    svg.addEventListener('click', (event) => {
      if (isDragged) event.stopPropagation();
      isDragged = false;
    }, true);
    svg.addEventListener('keydown', (event) => {
      const steps = {ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60]};
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (steps[event.key]) this.move(...steps[event.key]);
      else if (event.key === '+' || event.key === '=') this.zoom(1.3);
      else if (event.key === '-') this.zoom(1 / 1.3);
      else if (event.key === '0') this.fit();
      else return;
      event.preventDefault();
    });
  }
}
