// Bundles charts.js with what it uses of Observable Plot: node build.mjs OUTPUT. The licences of all
// packages of which something is in the bundle stand at its beginning.
import { build } from "esbuild";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const output = process.argv[2];
const result = await build({
  absWorkingDir: here,
  entryPoints: ["charts.js"],
  bundle: true,
  minify: true,
  charset: "ascii",
  format: "iife",
  target: ["es2020"],
  legalComments: "none",
  metafile: true,
  write: false,
});

// node_modules/NAME/… or node_modules/@SCOPE/NAME/…
const used = new Set();
for (const [name, { bytesInOutput }] of Object.entries(Object.values(result.metafile.outputs)[0].inputs)) {
  const match = bytesInOutput > 0 && name.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//);
  if (match) used.add(match[1]);
}
const byText = new Map();
for (const name of [...used].sort()) {
  const folder = join(here, "node_modules", name);
  const file = ["LICENSE", "LICENSE.md", "LICENSE.txt"].map((each) => join(folder, each)).find(existsSync);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const text = file ? readFileSync(file, "utf8").trim() : `Licence: ${license}`;
  byText.set(text, [...(byText.get(text) ?? []), `${name} ${version}`]);
}
const notices = [...byText].map(([text, names]) => `${names.join(", ")}:\n\n${text}`).join("\n\n---\n\n");
const banner = `/*! This script contains parts of the following.\n\n${notices.replaceAll("*/", "* /")}\n*/\n`;
const script = result.outputFiles[0].text;
if (/<\/script|<!--/i.test(banner + script)) throw new Error("the bundle would end its own element");
writeFileSync(output, banner + script);
