#!/usr/bin/env python3
"""Checks the house rules: who may include whom, sizes, first lines, and what must not be there.

Prints file:line and the broken rule, one a line, and exits with 1 if there is any. `--self-test`
breaks each rule in a made-up tree and fails unless it is reported.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOMS = ["base", "tensor", "quant", "kernels", "io", "nn", "text", "arch", "engine", "train",
         "retrieve", "task", "graph", "jobs", "page", "app"]
# Rooms side by side that may not see each other; only app sees all.
STRANGERS = {("retrieve", "train"), ("task", "train"), ("engine", "graph"), ("graph", "train"),
             ("graph", "retrieve")}

MAX_FILE, MAX_LINE, MAX_FUNCTION, MAX_PARAMETERS = 400, 100, 60, 6
MAX_BYTES = 1_000_000

CODE = {".cc", ".h"}
SIZED = CODE | {".py", ".cmake", ".sh"}
SCRIPTS = {"scripts/quickstart", "scripts/test", "fuzz/run", ".ci/run"}
SKIPPED = ("build/", "runs/", "tests/fixtures/", "examples/corpus/")

STANDARD = set("""
algorithm any array atomic barrier bit bitset cassert cctype cerrno cfloat charconv chrono
cinttypes climits cmath compare complex concepts condition_variable csetjmp csignal cstdarg cstddef
cstdint cstdio cstdlib cstring ctime deque exception filesystem format forward_list fstream
functional future initializer_list iomanip ios iosfwd iostream istream iterator latch limits list
locale map memory mutex new numbers numeric optional ostream queue random ranges ratio regex
semaphore set shared_mutex source_location span sstream stack stdexcept stop_token streambuf string
string_view system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set
utility valarray variant vector version
""".split())
# Forward declarations of JSON, the thread runtime that everything is built on, and the compiler's
# own vector types.
ALLOWED_IN_HEADERS = STANDARD | {"nlohmann/json_fwd.hpp", "omp.h", "immintrin.h"}

# Spelt in pieces, so that this file does not break its own rule.
PROMISE = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]) + r")\b")
MACHINE_PATH = re.compile(r"(?:^|[^\w.~>}-])/(?:home|root|Users|mnt|work|workspace|farm)/\w")


def listed_files(root):
    """Files of the project: tracked or new, but not ignored."""
    command = ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode == 0:
        names = [name for name in result.stdout.split("\0") if name]
    else:
        names = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
    return sorted(name for name in names
                  if not name.startswith(SKIPPED) and (root / name).is_file())


def blank(match):
    """Replaces a comment or literal by spaces, so that lines and columns stay."""
    return re.sub(r"[^\n]", " ", match.group(0))


LITERALS = re.compile(
    r'R"(?P<mark>[^\s()\\]{0,16})\(.*?\)(?P=mark)"'  # raw string
    r'|//[^\n]*|/\*.*?\*/'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'", re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)


def bare_code(text):
    """C++ without comments, strings, characters and preprocessor lines."""
    return DIRECTIVE.sub(blank, LITERALS.sub(blank, text))


def without_template_heads(head):
    """A declaration without `template <...>`, whose parameters may say class."""
    while match := re.match(r"\s*template\s*<", head):
        depth, end = 1, match.end()
        while end < len(head) and depth:
            depth += {"<": 1, ">": -1}.get(head[end], 0)
            end += 1
        head = head[end:]
    return head


def opens_function(head):
    head = without_template_heads(head).strip()
    if re.match(r"(?:inline\s+)?(?:namespace|class|struct|union|enum|extern)\b", head):
        return False
    return "(" in head


def count_parameters(head):
    """Parameters of the first list of the declaration; lists inside it are not counted."""
    head = without_template_heads(head)
    start = head.find("(")
    if head[:start].rstrip().endswith("operator"):
        start = head.find("(", head.find(")", start))
    depth, commas, end = 1, 0, start + 1
    while end < len(head) and depth:
        depth += {"(": 1, "<": 1, "{": 1, "[": 1, ")": -1, ">": -1, "}": -1, "]": -1}.get(
            head[end], 0)
        commas += head[end] == "," and depth == 1
        end += 1
    return commas + 1 if head[start + 1:end - 1].strip() else 0


def functions(text):
    """(first line, lines, parameters) of each function; a heuristic on braces."""
    code = bare_code(text)
    found, stack = [], []
    boundary, round_depth = 0, 0
    start = None
    for i, c in enumerate(code):
        if c in "()":
            round_depth += 1 if c == "(" else -1
        elif c == "{":
            head = code[boundary:i]
            kind = "block"
            if start is None and opens_function(head) and round_depth == 0:
                kind = "function"
                first = boundary + len(head) - len(head.lstrip())
                start = (code.count("\n", 0, first) + 1, count_parameters(head))
            stack.append((kind, round_depth))
            round_depth = 0
            boundary = i + 1
        elif c == "}" and stack:
            kind, round_depth = stack.pop()
            if kind == "function":
                line, parameters = start
                found.append((line, code.count("\n", 0, i) + 2 - line, parameters))
                start = None
            boundary = i + 1
        elif c == ";" and round_depth == 0:
            boundary = i + 1
    return found


class Checker:
    def __init__(self, root):
        self.root = root
        self.found = []

    def report(self, name, line, sentence):
        self.found.append(f"{name}:{line}: {sentence}")

    def run(self):
        for name in listed_files(self.root):
            self.check(name)
        return self.found

    def check(self, name):
        path = self.root / name
        if path.stat().st_size > MAX_BYTES:
            self.report(name, 1, f"more than {MAX_BYTES} bytes; data lie beside the project")
            return
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return
        self.check_words(name, text)
        suffix = path.suffix
        if suffix in SIZED or name in SCRIPTS or path.name == "CMakeLists.txt":
            self.check_sizes(name, text)
            self.check_first_line(name, text)
        if suffix in CODE:
            self.check_functions(name, text)
            if suffix == ".h" and "#pragma once" not in text:
                self.report(name, 1, "a header without #pragma once")
        if suffix in CODE and name.startswith("src/"):
            self.check_includes(name, text)

    def check_words(self, name, text):
        for number, line in enumerate(text.splitlines(), 1):
            if PROMISE.search(line):
                self.report(name, number, "a note of work left to do")
            if MACHINE_PATH.search(line):
                self.report(name, number, "a path of one machine")

    def check_sizes(self, name, text):
        lines = text.split("\n")
        count = len(lines) - (lines[-1] == "")
        if count > MAX_FILE:
            self.report(name, count, f"{count} lines, at most {MAX_FILE}")
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_LINE:
                self.report(name, number, f"{len(line)} characters, at most {MAX_LINE}")

    def check_first_line(self, name, text):
        lines = text.split("\n")
        if lines[0].startswith("#!") and len(lines) > 1:
            lines = lines[1:]
        if not re.match(r'//+ \S|# ?\S|"""\S', lines[0]):
            self.report(name, 1, "the first line does not say what the file is")

    def check_functions(self, name, text):
        for line, length, parameters in functions(text):
            if length > MAX_FUNCTION:
                self.report(name, line, f"a function of {length} lines, at most {MAX_FUNCTION}")
            if parameters > MAX_PARAMETERS and not name.startswith("tests/"):
                self.report(name, line, f"{parameters} parameters, at most {MAX_PARAMETERS}")

    def check_includes(self, name, text):
        parts = name.split("/")
        room = parts[1]
        if room not in ROOMS:
            if len(parts) > 2:
                self.report(name, 1, f"'{room}' is no room")
            return
        for number, line in enumerate(text.splitlines(), 1):
            own = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            system = re.match(r"\s*#\s*include\s*<([^>]+)>", line)
            if own:
                self.check_room(name, number, room, own.group(1).split("/")[0])
            elif system and name.endswith(".h") and system.group(1) not in ALLOWED_IN_HEADERS:
                self.report(name, number, f"a header includes <{system.group(1)}>; third-party "
                                          "headers belong in .cc files")

    def check_room(self, name, number, room, other):
        if other not in ROOMS:
            self.report(name, number, f"include by room, as in \"base/error.h\", not '{other}'")
        elif ROOMS.index(other) > ROOMS.index(room):
            self.report(name, number, f"{room} may not include {other}, which is to its right")
        elif tuple(sorted((room, other))) in STRANGERS:
            self.report(name, number, f"{room} and {other} do not see each other")


GOOD = "// A file that keeps every rule.\n#pragma once\n"
LONG_BODY = "  ++n;\n" * 60
BROKEN = {
    "src/nn/right.h": (GOOD + '#include "arch/model.h"\n', "to its right"),
    "src/task/stranger.h": (GOOD + '#include "train/trainer.h"\n', "do not see each other"),
    "src/nn/plain.h": (GOOD + '#include "graph.h"\n', "include by room"),
    "src/cellar/x.h": (GOOD, "is no room"),
    "src/io/third.h": (GOOD + "#include <fmt/format.h>\n", "third-party"),
    "src/io/twice.h": ("// No guard.\n", "#pragma once"),
    "src/io/mute.cc": ("int x;\n", "first line"),
    "src/io/mute.py": ("#!/usr/bin/env python3\nimport sys\n", "first line"),
    "src/io/long.cc": ("// Long.\n" + "int x;\n" * 400, "401 lines"),
    "src/io/wide.cc": ("// Wide.\n// " + "x" * 98 + "\n", "101 characters"),
    "src/io/body.cc": ("// Body.\nvoid f(int n) {\n" + LONG_BODY + "}\n", "of 62 lines"),
    "src/io/method.cc": ("// Method.\nstruct S {\n  template <class T>\n  S(T n) : a_{n}, b_(n) {\n"
                         + LONG_BODY + "  }\n};\n", "of 62 lines"),
    "src/io/many.cc": ("// Many.\nint f(int a, int b, int c, int d, int e, A<int, int> g, int h);\n"
                       "int f(int a, int b, int c, int d, int e, A<int, int> g, int h) {}\n",
                       "7 parameters"),
    "README.md": ("a\nTO" + "DO write\n", "left to do"),
    "src/io/here.cc": ("// Here.\nconst char* p = \"/ho" + "me/me/x\";\n", "of one machine"),
    "data/big.txt": ("x" * (MAX_BYTES + 1), "bytes"),
}
KEPT = {
    "src/retrieve/a.h": GOOD + '#include <vector>\n#include "engine/session.h"\n',
    "src/task/a.cc": '// A.\n#include <fmt/format.h>\n#include "retrieve/a.h"\n',
    "src/app/a.cc": '// A.\n#include "train/trainer.h"\n#include "task/a.h"\n',
    "src/io/braces.cc": '// Braces in texts and types are no functions.\nnamespace a {\n'
                        + "constexpr char s[] = \"{ ( \";  // {\nconst char* r = R\"({{)\";\n" * 70
                        + "}\n",
}


def self_test():
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, content in [(n, c) for n, (c, _) in BROKEN.items()] + list(KEPT.items()):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        found = Checker(root).run()
    for name, (_, sentence) in BROKEN.items():
        own = [line for line in found if line.startswith(name + ":")]
        if len(own) != 1 or sentence not in own[0]:
            failures.append(f"{name}: expected one line with '{sentence}', got {own}")
    for name in KEPT:
        failures += [f"wrongly reported: {line}" for line in found if line.startswith(name + ":")]
    return failures


def tell(found, well):
    """Prints what was found, or that all is well; the exit status."""
    print("\n".join(found) or well)
    return 1 if found else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--self-test", action="store_true", help="check this checker")
    options = parser.parse_args()
    if options.self_test:
        return tell(self_test(), "self-test passed")
    return tell(Checker(options.root).run(), "rooms and sizes: all rules kept")


if __name__ == "__main__":
    sys.exit(main())
