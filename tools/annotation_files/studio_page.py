"""How Label Studio's page counts and quotes: its own script, run by node without a browser.

`pip download --no-deps label-studio` has the page in the wheel as web/dist/apps/labelstudio/*.js,
which is what --label-studio names. Its classes that hold a text and cut regions out of it are taken
from the script by the names of their methods, which its minifier leaves alone.
"""

import json
import re
import shutil
import subprocess

from . import shared

ASK = """
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map(({text, ranges, units}) => {
  const page = new PAGE();
  page.setDisplayedText(text);
  page.addTextElement({textContent: text, nodeType: 3}, "/text()[1]");
  const block = page.elements.find((each) => each.getGlobalOffsetByRelative);
  return {quoted: ranges.map(([start, end]) => page.getText(start, end)),
          offsets: units.map((at) => block.getGlobalOffsetByRelative(at))};
})));
"""


def end_of_block(script, start):
    depth, at = 0, script.index("{", start)
    while True:
        depth += (script[at] == "{") - (script[at] == "}")
        at += 1
        if depth == 0:
            return at


def classes(script):
    """The classes from a piece of text to the whole document, as a script, or None."""
    first = re.search(r"class \w+\{constructor\([^)]*\)\{this\.node=void 0,this\.start=void 0,"
                      r"this\.end=void 0,this\.content=void 0", script)
    last = re.search(r"class (\w+)\{constructor\(\)\{this\.elements=\[\]", script)
    if not first or not last or last.start() < first.start():
        return None
    block = script[first.start():end_of_block(script, last.start())]
    if "getGlobalOffsetByRelative" not in block or "addTextElement" not in block:
        return None
    helpers = sorted(set(re.findall(r"\(0,(\w+)\.isDefined\)", block)))
    known = "".join(f"const {name} = {{isDefined: (x) => x !== undefined && x !== null}};\n"
                    for name in helpers)
    return known + block + ASK.replace("PAGE", last.group(1))


class Page:
    def __init__(self, folder):
        self.node = shutil.which("node")
        if self.node is None:
            raise shared.Skipped("node is not installed")
        found = (classes(path.read_text(encoding="utf-8")) for path in folder.glob("*.js"))
        self.script = next((script for script in found if script), None)
        if self.script is None:
            raise shared.Skipped(f"{folder} has no script with the classes that are looked for")

    def ask(self, asked):
        """For each text: what the page shows at ranges, and its numbers for UTF-16 offsets."""
        done = subprocess.run([self.node, "-e", self.script], input=json.dumps(asked),
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise shared.Failure(f"Label Studio's page: {done.stderr.strip()}")
        return json.loads(done.stdout)
