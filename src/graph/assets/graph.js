// A graph's page: sentences with their entities, what was chosen, and what is shown. Everything from
// documents enters as text, never as markup.
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const $ = (id) => document.getElementById(id);
const kMostDrawn = 500, kMostProofs = 100;
const kColours = 12;  // of graph.css

const typeNumbers = new Map(data.types.map((type, i) => [type, i]));
const colourOf = (type) => `var(--type-${typeNumbers.get(type) % kColours})`;
const formOf = (type) => Math.floor(typeNumbers.get(type) / kColours) % 3;
const symmetric = new Set(data.symmetric);
const kSupport = 'How many different sentences, or windows of several, it was read from';
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
      '--own': colourOf(entity.type), title: `${entity.name} (${entity.type})`,
      class: `form-${formOf(entity.type)}${isEnd ? ' end' : ''}`, on: () => chooseEntity(mark.entity),
    }, points.slice(mark.start - start, mark.end - start).join('')));
    at = mark.end;
  }
  plain(end);
  return line;
}

const within = (document, start, end) =>
  data.documents[document].sentences.filter((each) => each[0] < end && each[1] > start);

// Places in the same sentences are one proof, with the ends of all of them: an entity that a
// sentence names twice, or a relation that was read from it in both directions.
function proofsOf(places) {
  const proofs = new Map();
  for (const {document, start, end, ends, p} of places) {
    const sentences = within(document, start, end);
    const key = [document, ...sentences.map((each) => each[0])].join(' ');
    if (!proofs.has(key)) proofs.set(key, {document, sentences, ends: [], notes: new Set()});
    proofs.get(key).ends.push(...ends);
    proofs.get(key).notes.add(percent(p));
  }
  return [...proofs.values()];
}

function proofList(proofs) {
  const list = make('ul', {class: 'proofs'});
  for (const {document, sentences, ends, notes} of proofs.slice(0, kMostProofs)) {
    const item = make('li');
    for (const sentence of sentences) item.append(sentenceOf(document, sentence, ends), ' ');
    item.append(make('div', {class: 'soft'}, isolated(data.documents[document].id),
                     ` · ${[...notes].join(', ')}`));
    list.append(item);
  }
  return list;
}

const shownOf = (proofs, what) =>
  what + (proofs.length > kMostProofs ? `, of which the first ${kMostProofs} are shown` : '');

const nodes = new Map();  // number of an entity to its node
const edges = new Map();  // number of a relation to {link, row}
let drawing = null;

const entityButton = (number) => make('button', {
  type: 'button', on: () => chooseEntity(number)}, isolated(shortened(data.entities[number].name)));
const relationButton = (number) => make('button', {
  type: 'button', on: () => chooseRelation(number)},
  isolated(shortened(data.relations[number].label)));
const typeOf = (entity) => make('span',
  {class: `type form-${formOf(entity.type)}`, '--own': colourOf(entity.type)},
  isolated(entity.type || 'no type'));

function show(...parts) {
  $('evidence').replaceChildren(...parts);
  $('evidence').scrollTop = 0;
}

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
  const proofs = proofsOf(entity.mentions.map(([document, start, end, p]) =>
    ({document, start, end, ends: [[start, end]], p})));
  const mentions = counted(entity.mentions.length, 'mention') +
    (proofs.length < entity.mentions.length ? ` in ${counted(proofs.length, 'sentence')}` : '');
  show(make('h2', {}, isolated(entity.name)), make('p', {}, typeOf(entity), ' ',
       make('span', {class: 'soft'}, isolated(entity.id))), list,
       make('p', {class: 'soft'}, shownOf(proofs, mentions)), proofList(proofs));
  highlight({entity: number}, new Set(own));
}

function chooseRelation(number) {
  const relation = data.relations[number];
  const proofs = proofsOf(relation.mentions.map(([document, start, end, hs, he, ts, te, p]) =>
    ({document, start, end, ends: [[hs, he], [ts, te]], p})));
  show(make('h2', {}, entityButton(relation.head), ' ', isolated(relation.label), ' ',
       entityButton(relation.tail)),
       make('p', {}, `probability ${percent(relation.p)}, `,
            make('abbr', {title: kSupport}, 'support'), ` ${relation.support}`),
       make('p', {class: 'soft'}, shownOf(proofs, counted(proofs.length, 'place'))),
       proofList(proofs));
  highlight({relation: number}, new Set([number]));
}

function highlight(choice, own) {
  const near = new Set(choice.entity === undefined ? [] : [choice.entity]);
  for (const i of own) near.add(data.relations[i].head).add(data.relations[i].tail);
  drawing.chosen.clear();
  for (const [number, node] of nodes) {
    const isChosen = number === choice.entity;
    node.drawing.classList.toggle('faded', !near.has(number));
    node.drawing.classList.toggle('chosen', isChosen);
    node.drawing.setAttribute('aria-pressed', String(isChosen));
    if (near.has(number)) drawing.chosen.add(node);
  }
  for (const [number, {link, row}] of edges) {
    const isChosen = number === choice.relation;
    if (link) link.drawing.classList.toggle('faded', !own.has(number));
    if (link) link.drawing.classList.toggle('chosen', isChosen);
    if (link && own.has(number)) drawing.chosen.add(link);
    if (isChosen) row.setAttribute('aria-current', 'true');
    else row.removeAttribute('aria-current');
  }
  const aim = nodes.get(choice.entity ?? data.relations[choice.relation].head);
  if (aim) drawing.reveal(aim);
}

function unchoose() {
  drawing.chosen.clear();
  for (const element of document.querySelectorAll('.faded, .chosen')) {
    element.classList.remove('faded', 'chosen');
  }
  for (const {drawing: node} of nodes.values()) node.setAttribute('aria-pressed', 'false');
  for (const each of document.querySelectorAll('[aria-current]')) {
    each.removeAttribute('aria-current');
  }
  drawing.paint();
}

function drawGraph() {
  const degree = data.entities.map(() => 0);
  for (const {head, tail} of data.relations) ++degree[head], ++degree[tail];
  const tied = data.entities.map((each, i) => i).filter((i) => degree[i] > 0);
  const order = [...tied].sort((a, b) => degree[b] - degree[a] || a - b).slice(0, kMostDrawn);
  const at = new Map(order.map((number, i) => [number, i]));
  for (const number of order) {
    const {name, type, mentions} = data.entities[number];
    nodes.set(number, {name: shortened(name), colour: colourOf(type), form: formOf(type),
      radius: 5 + 2 * Math.min(5, Math.sqrt(mentions.length)), on: () => chooseEntity(number),
      label: `${name}, ${type || 'no type'}, ${counted(degree[number], 'relation')}`});
  }
  data.relations.forEach(({head, tail, label, p}, i) => {
    if (!at.has(head) || !at.has(tail)) return;
    const [one, other] = [head, tail].map((number) => data.entities[number].name);
    edges.get(i).link = {head: at.get(head), tail: at.get(tail), label: shortened(label), p,
      symmetric: symmetric.has(label), on: () => chooseRelation(i),
      tip: `${one} ${label} ${other}, ${percent(p)}`};
  });
  drawing = new Drawing($('drawing'), [...nodes.values()],
                        [...edges.values()].map((each) => each.link).filter((each) => each));
  tellLeftOut(data.entities.map((each, i) => i).filter((i) => degree[i] === 0),
              tied.length - order.length);
}

// What the drawing leaves out: entities without a relation, and those with fewer than others.
function tellLeftOut(alone, fewer) {
  if (alone.length > 0) {
    const details = make('details', {}, make('summary', {class: 'soft'},
      `${counted(alone.length, 'entity', 'entities')} without relations ` +
      `${alone.length === 1 ? 'is' : 'are'} not drawn.`));
    details.addEventListener('toggle', () => {
      if (details.childElementCount === 1) details.append(listOf(alone));
    });
    $('left-out').append(details);
  }
  if (fewer > 0) {
    $('left-out').append(make('p', {class: 'soft'},
      `The ${kMostDrawn} entities with the most relations are drawn, ` +
      `${counted(fewer, 'other')} with relations ${fewer === 1 ? 'is' : 'are'} not.`));
  }
}

// Entities by their types, each to be chosen.
function listOf(numbers) {
  const list = make('dl');
  for (const type of data.types) {
    const own = numbers.filter((number) => data.entities[number].type === type);
    if (!own.length) continue;
    const names = make('dd');
    for (const number of own) names.append(entityButton(number), ' ');
    list.append(make('dt', {}, typeOf({type})), names);
  }
  return list;
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
    edges.set(i, {row, link: null});
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

function fillLegend() {
  for (const type of data.types) {
    const key = draw('svg', {class: 'key', viewBox: '-10 -10 20 20', 'aria-hidden': 'true'},
                     shapeOf(formOf(type), 8));
    $('legend').append(make('li', {'--own': colourOf(type)}, key, typeOf({type})));
  }
}

// The slider goes from the least probable relation to the surest.
function limitSlider() {
  const all = data.relations.map(({p}) => Math.floor(100 * p));
  const least = all.reduce((a, b) => Math.min(a, b), 100);
  const most = all.reduce((a, b) => Math.max(a, b), 0);
  const slider = $('least');
  slider.min = all.length ? least : 0;
  slider.max = all.length ? most : 0;
  slider.value = slider.min;
  slider.disabled = least >= most;
}

// Hides what is less probable, or has not the words that are looked for, and entities that have no
// relation left.
function sift(isFitted) {
  const least = Number($('least').value) / 100, words = $('find').value.trim().toLowerCase();
  $('least-shown').textContent = `${$('least').value} %`;
  const has = (number) => data.entities[number].name.toLowerCase().includes(words);
  const left = new Set();
  let shown = 0;
  for (const [i, {row, link}] of edges) {
    const {head, tail, label, p} = data.relations[i];
    const fits = !words || has(head) || has(tail) || label.toLowerCase().includes(words);
    row.hidden = p < least || !fits;
    if (link) link.drawing.classList.toggle('gone', row.hidden);
    if (!row.hidden) left.add(head).add(tail), ++shown;
  }
  for (const [number, {drawing: node}] of nodes) node.classList.toggle('gone', !left.has(number));
  $('sifted').textContent = shown < data.relations.length
    ? `${shown.toLocaleString('en')} of ${counted(data.relations.length, 'relation')}` : '';
  drawing.seek(isFitted);
}

$('counts').textContent = [counted(data.entities.length, 'entity', 'entities'),
  counted(data.relations.length, 'relation'), counted(data.documents.length, 'document')].join(', ')
  + (data.run ? `, read by ${data.run}` : '');
fillLegend();
fillTable();
drawGraph();
fillDocuments();
limitSlider();
sift(true);
$('least').addEventListener('input', () => sift(false));
$('find').addEventListener('input', () => sift(true));
$('closer').addEventListener('click', () => drawing.zoom(1.3));
$('farther').addEventListener('click', () => drawing.zoom(1 / 1.3));
$('whole').addEventListener('click', () => drawing.fit());
$('drawing').addEventListener('click', (event) => {
  if (event.target === $('drawing')) unchoose();
});
document.querySelector('form').addEventListener('submit', (event) => event.preventDefault());
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') unchoose(); });
