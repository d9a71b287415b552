// The page's look, in light and dark, and its places to be filled.
#include "graph/page_parts.h"

namespace relatum::graph {

std::string_view page_style() {
  return R"css(
:root { color-scheme: light dark; --ink: #1c2126; --soft: #5b6670; --paper: #fff;
  --line: #ccd3da; --accent: #0b62c4; --light: 86%; --strong: 42%; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaee; --soft: #9aa5af; --paper: #15191d; --line: #39424b;
    --accent: #6cb2ff; --light: 26%; --strong: 68%; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1300px; padding: 1rem; color: var(--ink);
  background: var(--paper); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 .2rem; }
h2 { font-size: 1.1rem; margin: 1.2rem 0 .4rem; }
p { margin: .3rem 0; }
.soft { color: var(--soft); }
form { display: flex; flex-wrap: wrap; gap: .4rem 1.5rem; align-items: center; margin: .6rem 0; }
input[type=search] { font: inherit; padding: .2rem .5rem; width: 14rem; }
#legend { display: flex; flex-wrap: wrap; gap: .3rem .8rem; padding: 0; margin: .4rem 0;
  list-style: none; }
main { display: grid; grid-template-columns: minmax(0, 3fr) minmax(18rem, 2fr); gap: 1rem; }
@media (max-width: 850px) { main { grid-template-columns: minmax(0, 1fr); } }
svg { width: 100%; height: auto; border: 1px solid var(--line); border-radius: 6px; }
#evidence { border: 1px solid var(--line); border-radius: 6px; padding: .6rem .9rem;
  max-height: 36rem; overflow: auto; overflow-wrap: anywhere; }
mark, .type { color: inherit; border-radius: 3px; padding: 0 .15em;
  background: hsl(var(--hue) 65% var(--light)); }
mark { cursor: pointer; border-bottom: 2px solid hsl(var(--hue) 60% var(--strong)); }
mark.end { outline: 2px solid var(--accent); outline-offset: 1px; }
button { font: inherit; color: var(--accent); background: none; border: 0; padding: 0;
  cursor: pointer; text-align: start; text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
ul.proofs { padding-inline-start: 1.1rem; }
ul.proofs li { margin: .5rem 0; }
.table { overflow-x: auto; max-height: 30rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; padding: .25rem .6rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
td.number { text-align: end; font-variant-numeric: tabular-nums; }
tr[aria-current] td { background: hsl(210 60% var(--light)); }
details { border-bottom: 1px solid var(--line); padding: .3rem 0; overflow-wrap: anywhere; }
summary { cursor: pointer; }
.node { cursor: pointer; }
.node circle { fill: hsl(var(--hue) 65% var(--light)); stroke: hsl(var(--hue) 60% var(--strong));
  stroke-width: 2; }
.node text, .edge text { font-size: 12px; fill: var(--ink); text-anchor: middle;
  unicode-bidi: plaintext; paint-order: stroke; stroke: var(--paper); stroke-width: 4px;
  stroke-linejoin: round; }
.edge { cursor: pointer; }
.edge .line { fill: none; stroke: var(--soft); }
.edge .hit { fill: none; stroke: transparent; stroke-width: 14; }
.edge text { font-size: 10px; fill: var(--soft); }
.chosen .line { stroke: var(--accent); stroke-width: 3; }
.chosen circle { stroke: var(--accent); stroke-width: 4; }
.faded { opacity: .15; }
[hidden] { display: none; }
#arrow path { fill: var(--soft); }
)css";
}

std::string_view page_body() {
  return R"html(<h1>Graph</h1>
<p class="soft" id="counts"></p>
<form>
<label>Find <input type="search" id="find"></label>
<label>Relations of at least <input type="range" id="least" min="0" max="100" value="0">
<output id="least-shown">0 %</output></label>
</form>
<ul id="legend" aria-label="Types of entities"></ul>
<main>
<div><svg id="drawing" viewBox="0 0 900 620" role="group" aria-label="The graph, drawn"></svg>
<p class="soft" id="left-out"></p></div>
<section id="evidence" aria-live="polite" tabindex="0" aria-label="Evidence">
<p class="soft">Choose an entity or a relation to see the sentences that it was read from.</p>
</section>
</main>
<h2>Relations</h2>
<div class="table" tabindex="0" role="region" aria-label="Relations"><table>
<thead><tr><th>head</th><th>relation</th><th>tail</th><th>probability</th><th>support</th></tr>
</thead>
<tbody id="relations"></tbody></table></div>
<h2>Documents</h2>
<div id="documents"></div>
<noscript><p>This page draws its graph with a script of its own, which is switched off here.</p>
</noscript>
)html";
}

}  // namespace relatum::graph
