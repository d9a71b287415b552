// A graph's page: sentences with their entities, the drawing, and what was chosen. Everything from
// documents enters as text, never as markup.
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const $ = (id) => document.getElementById(id);
const kMostDrawn = 120, kMostProofs = 100;
const kSpace = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'on') element.addEventListener('click', value);
    else if (name === 'hue') element.style.setProperty('--hue', value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}
const make = (name, attributes = {}, ...children) =>
  fill(document.createElement(name), attributes, children);
const draw = (name, attributes = {}, ...children) =>
  fill(document.createElementNS(kSpace, name), attributes, children);

const hueOf = (type) => Math.round(data.types.indexOf(type) * 137.5 + 210) % 360;
const percent = (p) => `${(100 * p).toFixed(1)} %`;
const counted = (count, one, many = `${one}s`) =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
const isolated = (text) => make('bdi', {}, text);
function shortened(text) {
  const points = Array.from(text);
  return points.length > 26 ? points.slice(0, 25).join('') + '…' : text;
}

// By document: stretches of all entities, in the order of the text.
const marksOf = data.documents.map(() => []);
data.entities.forEach((entity, number) => {
  for (const [document, start, end] of entity.mentions) {
    marksOf[document].push({start, end, entity: number});
  }
});
for (const marks of marksOf) marks.sort((a, b) => a.start - b.start || b.end - a.end);

// A sentence as text and marks; of overlapping mentions the first is marked.
function sentenceOf(document, [start, end, text], ends = []) {
  const points = Array.from(text);
  const line = make('span', {dir: 'auto'});
  let at = start;
  const plain = (to) => {
    if (to > at) line.append(points.slice(at - start, to - start).join(''));
    at = Math.max(at, to);
  };
  for (const mark of marksOf[document]) {
    if (mark.start < at || mark.end > end) continue;
    plain(mark.start);
    const entity = data.entities[mark.entity];
    const isEnd = ends.some(([from, to]) => from === mark.start && to === mark.end);
    line.append(make('mark', {
      hue: hueOf(entity.type), title: `${entity.name} (${entity.type})`,
      class: isEnd ? 'end' : '', on: () => chooseEntity(mark.entity),
    }, points.slice(mark.start - start, mark.end - start).join('')));
    at = mark.end;
  }
  plain(end);
  return line;
}

const within = (document, start, end) =>
  data.documents[document].sentences.filter((each) => each[0] < end && each[1] > start);

function proofOf(document, start, end, ends, note) {
  const item = make('li');
  for (const sentence of within(document, start, end)) {
    item.append(sentenceOf(document, sentence, ends), ' ');
  }
  item.append(make('div', {class: 'soft'}, isolated(data.documents[document].id), ` · ${note}`));
  return item;
}

const nodes = new Map();  // number of an entity to its drawing
const edges = new Map();  // number of a relation to {drawing, row}
let chosen = null;

const entityButton = (number) => make('button', {
  type: 'button', on: () => chooseEntity(number)}, isolated(shortened(data.entities[number].name)));
const relationButton = (number) => make('button', {
  type: 'button', on: () => chooseRelation(number)}, isolated(data.relations[number].label));
const typeOf = (entity) => make('span', {class: 'type', hue: hueOf(entity.type)},
                                isolated(entity.type || 'no type'));

function show(...parts) {
  $('evidence').replaceChildren(...parts);
  $('evidence').scrollTop = 0;
}

const shownOf = (mentions, what) => counted(mentions.length, what) +
  (mentions.length > kMostProofs ? `, of which the first ${kMostProofs} are shown` : '');

function chooseEntity(number) {
  const entity = data.entities[number];
  const own = data.relations.map((each, i) => i)
    .filter((i) => data.relations[i].head === number || data.relations[i].tail === number);
  const list = make('ul');
  for (const i of own) {
    const {head, tail, p} = data.relations[i];
    list.append(make('li', {}, entityButton(head), ' ', relationButton(i), ' ', entityButton(tail),
                     ` ${percent(p)}`));
  }
  const proofs = make('ul', {class: 'proofs'});
  for (const [document, start, end, p] of entity.mentions.slice(0, kMostProofs)) {
    proofs.append(proofOf(document, start, end, [[start, end]], percent(p)));
  }
  show(make('h2', {}, isolated(entity.name)), make('p', {}, typeOf(entity), ' ',
       make('span', {class: 'soft'}, isolated(entity.id))), list,
       make('p', {class: 'soft'}, shownOf(entity.mentions, 'mention')), proofs);
  highlight({entity: number}, new Set(own));
}

function chooseRelation(number) {
  const relation = data.relations[number];
  const proofs = make('ul', {class: 'proofs'});
  for (const [document, start, end, hs, he, ts, te, p] of relation.mentions.slice(0, kMostProofs)) {
    proofs.append(proofOf(document, start, end, [[hs, he], [ts, te]], percent(p)));
  }
  show(make('h2', {}, entityButton(relation.head), ' ', isolated(relation.label), ' ',
       entityButton(relation.tail)),
       make('p', {}, `probability ${percent(relation.p)}, support ${relation.support}`),
       make('p', {class: 'soft'}, shownOf(relation.mentions, 'place')), proofs);
  highlight({relation: number}, new Set([number]));
}

function highlight(choice, own) {
  chosen = choice;
  const near = new Set(choice.entity === undefined ? [] : [choice.entity]);
  for (const i of own) near.add(data.relations[i].head).add(data.relations[i].tail);
  for (const [number, node] of nodes) {
    node.classList.toggle('faded', !near.has(number));
    node.classList.toggle('chosen', number === choice.entity);
  }
  for (const [number, {drawing, row}] of edges) {
    const isChosen = number === choice.relation;
    if (drawing) drawing.classList.toggle('faded', !own.has(number));
    if (drawing) drawing.classList.toggle('chosen', isChosen);
    if (isChosen) row.setAttribute('aria-current', 'true');
    else row.removeAttribute('aria-current');
  }
}

function unchoose() {
  chosen = null;
  for (const element of document.querySelectorAll('.faded, .chosen')) {
    element.classList.remove('faded', 'chosen');
  }
  for (const each of document.querySelectorAll('[aria-current]')) {
    each.removeAttribute('aria-current');
  }
}

// Springs along edges, all nodes pushing one another away; the same graph is drawn alike each time.
function layOut(drawn, links) {
  const place = new Map();
  drawn.forEach((number, i) => {
    const angle = i * 2.399963, far = 30 * Math.sqrt(i + 1);
    place.set(number, {x: far * Math.cos(angle), y: far * Math.sin(angle), dx: 0, dy: 0});
  });
  const all = [...place.values()];
  const length = 70;
  for (let step = 0; step < 300; ++step) {
    for (const one of all) {
      one.dx = -0.06 * one.x;
      one.dy = -0.09 * one.y;
      for (const other of all) {
        const x = one.x - other.x, y = one.y - other.y;
        const square = x * x + y * y + 0.01;
        one.dx += x * length * length / square / 4;
        one.dy += y * length * length / square / 4;
      }
    }
    for (const {head, tail} of links) {
      const one = place.get(head), other = place.get(tail);
      const x = other.x - one.x, y = other.y - one.y;
      const pull = Math.sqrt(x * x + y * y) / length / 16;
      one.dx += x * pull; one.dy += y * pull;
      other.dx -= x * pull; other.dy -= y * pull;
    }
    const most = 30 * (1 - step / 300) + 0.5;
    for (const each of all) {
      const size = Math.sqrt(each.dx * each.dx + each.dy * each.dy) + 1e-9;
      each.x += each.dx / size * Math.min(size, most);
      each.y += each.dy / size * Math.min(size, most);
    }
  }
  fit(all);
  return place;
}

function fit(all) {
  for (const [axis, from, size] of [['x', 70, 760], ['y', 40, 530]]) {
    const values = all.map((each) => each[axis]);
    const low = Math.min(...values), high = Math.max(...values);
    for (const each of all) {
      each[axis] = high > low ? from + size * (each[axis] - low) / (high - low) : from + size / 2;
    }
  }
}

const radius = (number) => 6 + 3 * Math.min(5, Math.sqrt(data.entities[number].mentions.length));

function pathOf(one, other, bend, far) {
  const x = other.x - one.x, y = other.y - one.y;
  const size = Math.sqrt(x * x + y * y) || 1;
  const middle = {x: (one.x + other.x) / 2 - y / size * bend,
                  y: (one.y + other.y) / 2 + x / size * bend};
  const ex = other.x - middle.x, ey = other.y - middle.y;
  const short = far / (Math.sqrt(ex * ex + ey * ey) || 1);
  return {d: `M ${one.x} ${one.y} Q ${middle.x} ${middle.y} ` +
             `${other.x - ex * short} ${other.y - ey * short}`,
          x: (one.x + 2 * middle.x + other.x) / 4, y: (one.y + 2 * middle.y + other.y) / 4};
}

function drawGraph() {
  const degree = data.entities.map(() => 0);
  for (const {head, tail} of data.relations) ++degree[head], ++degree[tail];
  const order = data.entities.map((each, i) => i).filter((i) => degree[i] > 0)
    .sort((a, b) => degree[b] - degree[a] || a - b).slice(0, kMostDrawn);
  const drawn = new Set(order);
  const links = data.relations.filter((each) => drawn.has(each.head) && drawn.has(each.tail));
  const place = layOut(order, links);
  const svg = $('drawing');
  svg.append(draw('defs', {}, draw('marker', {id: 'arrow', viewBox: '0 0 8 8', refX: 7, refY: 4,
    markerWidth: 7, markerHeight: 7, orient: 'auto', markerUnits: 'userSpaceOnUse'},
    draw('path', {d: 'M 0 0 L 8 4 L 0 8 z'}))));
  const between = new Map();
  data.relations.forEach((relation, i) => {
    if (!drawn.has(relation.head) || !drawn.has(relation.tail)) return;
    const key = [relation.head, relation.tail].join(' ');
    const count = between.get(key) || 0;
    between.set(key, count + 1);
    const path = pathOf(place.get(relation.head), place.get(relation.tail), 14 + 26 * count,
                        radius(relation.tail) + 3);
    const edge = draw('g', {class: 'edge', on: () => chooseRelation(i)},
      draw('path', {class: 'line', d: path.d, 'stroke-width': 0.8 + 2 * relation.p,
                    'marker-end': 'url(#arrow)'}),
      draw('path', {class: 'hit', d: path.d}),
      draw('text', {x: path.x, y: path.y}, shortened(relation.label)));
    edges.get(i).drawing = edge;
    svg.append(edge);
  });
  for (const number of order) {
    const entity = data.entities[number], {x, y} = place.get(number);
    const node = draw('g', {class: 'node', tabindex: 0, role: 'button', hue: hueOf(entity.type),
      'aria-label': `${entity.name}, ${entity.type}`, on: () => chooseEntity(number)},
      draw('circle', {cx: x, cy: y, r: radius(number)}),
      draw('text', {x, y: y + radius(number) + 13}, shortened(entity.name)));
    node.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      chooseEntity(number);
    });
    nodes.set(number, node);
    svg.append(node);
  }
  const tied = degree.filter((each) => each > 0).length;
  $('left-out').textContent = leftOut(data.entities.length - tied, tied - order.length);
}

// What the drawing leaves out: entities without a relation, and those with fewer than others.
function leftOut(alone, fewer) {
  const sentences = [];
  if (alone > 0) {
    sentences.push(`${counted(alone, 'entity', 'entities')} without relations ` +
      `${alone === 1 ? 'is' : 'are'} not drawn.`);
  }
  if (fewer > 0) {
    sentences.push(`The ${kMostDrawn} entities with the most relations are drawn, ` +
      `${counted(fewer, 'other')} with relations ${fewer === 1 ? 'is' : 'are'} not.`);
  }
  return sentences.join(' ');
}

function fillTable() {
  const order = data.relations.map((each, i) => i)
    .sort((a, b) => data.relations[b].p - data.relations[a].p || a - b);
  for (const i of order) {
    const {head, tail, p, support} = data.relations[i];
    const row = make('tr', {}, make('td', {}, entityButton(head)),
      make('td', {}, relationButton(i)), make('td', {}, entityButton(tail)),
      make('td', {class: 'number'}, percent(p)),
      make('td', {class: 'number'}, String(support)));
    edges.set(i, {row, drawing: null});
    $('relations').append(row);
  }
}

function fillDocuments() {
  data.documents.forEach((document, number) => {
    const details = make('details', {}, make('summary', {}, isolated(document.id)));
    details.addEventListener('toggle', () => {
      if (details.childElementCount > 1) return;
      const text = make('p', {dir: 'auto'});
      for (const sentence of document.sentences) text.append(sentenceOf(number, sentence), ' ');
      details.append(text);
    });
    if (number === 0) details.open = true;
    $('documents').append(details);
  });
}

function filter() {
  const least = Number($('least').value) / 100, words = $('find').value.trim().toLowerCase();
  $('least-shown').textContent = `${$('least').value} %`;
  const has = (number) => data.entities[number].name.toLowerCase().includes(words);
  for (const [i, {row, drawing}] of edges) {
    const {head, tail, label, p} = data.relations[i];
    const fits = !words || has(head) || has(tail) || label.toLowerCase().includes(words);
    row.hidden = p < least || !fits;
    if (drawing) drawing.style.display = row.hidden ? 'none' : '';
  }
}

$('counts').textContent = [counted(data.entities.length, 'entity', 'entities'),
  counted(data.relations.length, 'relation'), counted(data.documents.length, 'document')].join(', ');
for (const type of data.types) {
  $('legend').append(make('li', {}, make('span', {class: 'type', hue: hueOf(type)},
                                         isolated(type || 'no type'))));
}
fillTable();
drawGraph();
fillDocuments();
$('least').addEventListener('input', filter);
$('find').addEventListener('input', filter);
document.querySelector('form').addEventListener('submit', (event) => event.preventDefault());
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') unchoose(); });
