#!/usr/bin/env python3
"""Keeps one look of the C++: .clang-format, braces around bodies of their own line, casts T(x).

    python3 tools/check_format.py [--fix | --self-test]

`--fix` lets clang-format rewrite the files; the other two rules are told, with file and line.
Needs clang-format 14 (Debian: clang-format); other versions format differently.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

from check_rooms import CODE, bare_code, listed_files, tell

VERSION = "14."
NUMBERS = (r"(?:std::)?(?:u?int\d*_t|size_t|ptrdiff_t|int|unsigned|char(?:8_t|16_t|32_t)?|float"
           r"|double|bool|bf16)")
# `T name(size_t(x));` would declare a function: there alone static_cast is needed.
NAMED_CAST = re.compile(r"(?P<declared>[\w>] (?<!return )\w+\()?static_cast<" + NUMBERS + r">")
C_CAST = re.compile(r"(?<![\w>\])])\(" + NUMBERS + r"(?:\s*\*)*\)\s*[\w(]")
CONTROL = re.compile(r"(?<![\w#])(?:(if(?: constexpr)?|for|while)\s*\(|(else)\b(?!\s+if\b))")


def closing(code, start):
    """The place of the parenthesis that closes the one at `start`."""
    depth = 0
    for place in range(start, len(code)):
        depth += {"(": 1, ")": -1}.get(code[place], 0)
        if depth == 0:
            return place
    return len(code) - 1


def bare_bodies(code):
    """Places of bodies without braces that begin on a line of their own."""
    for match in CONTROL.finditer(code):
        end = match.end() if match[2] else closing(code, match.end() - 1) + 1
        body = re.compile(r"\s*").match(code, end).end()
        if "\n" in code[end:body] and code[body:body + 1] not in "{;":
            yield match.start()


def faults(text):
    """(line, sentence) of what clang-format does not see."""
    code = bare_code(text)
    found = [(place, "a body on a line of its own has braces") for place in bare_bodies(code)]
    casts = [match.end() for match in NAMED_CAST.finditer(code) if not match["declared"]]
    casts += [match.start() for match in C_CAST.finditer(code)]
    found += [(place, "numbers are converted by T(x)") for place in casts]
    return [(code.count("\n", 0, place) + 1, sentence) for place, sentence in sorted(found)]


BROKEN = ["if (a)\n  b();\n", "for (int i : {1})\n  if (a) b();\n", "if (a) {\n} else\n  b();\n",
          "while (f(a,\n        b))\n  c();\n", "x = static_cast<int64_t>(y);\n",
          "x = (float)y;\n", "return f(static_cast<int>(y));\n", "f((uint8_t*) p);\n"]
KEPT = ["if (a) b();\n", "if (a &&\n    b) {\n  c();\n}\n", "else if (a) b();\n",
        "// if (a)\nb();\n", "do {\n} while (a);\n", "x = static_cast<float*>(y);\n",
        "std::vector<int> x(static_cast<size_t>(n));\n", "A x(static_cast<size_t>(n));\n",
        "int f(int) const;\n", "const char* s = \"if (a)\";\n", "g(sizeof(int) * n);\n",
        "#if defined(a)\nint b;\n#endif\n"]


def self_test():
    return ([f"not found: {text!r}" for text in BROKEN if len(faults(text)) != 1]
            + [f"wrongly found: {text!r}" for text in KEPT if faults(text)])


def clang_format(root, names, fix):
    """What clang-format would change, one line a place."""
    if not shutil.which("clang-format"):
        return [f"needs clang-format {VERSION}x (Debian: apt-get install clang-format)"]
    said = subprocess.run(["clang-format", "--version"], capture_output=True, text=True, check=True)
    if f"version {VERSION}" not in said.stdout:
        return [f"needs clang-format {VERSION}x, not '{said.stdout.strip()}'"]
    mode = ["-i"] if fix else ["--dry-run", "--Werror", "--ferror-limit=1"]
    out = subprocess.run(["clang-format", *mode, *names], cwd=root, capture_output=True, text=True,
                         check=False)
    places = re.findall(r"^(.*?:\d+):\d+: error: ", out.stderr, re.MULTILINE)
    if out.returncode != 0 and not places:
        return [out.stderr.strip()]
    return [f"{place}: not as .clang-format has it; run tools/check_format.py --fix"
            for place in places]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--fix", action="store_true", help="let clang-format rewrite the files")
    parser.add_argument("--self-test", action="store_true", help="check this checker")
    options = parser.parse_args()
    root = Path(__file__).resolve().parent.parent
    if options.self_test:
        found = self_test()
    else:
        names = [name for name in listed_files(root) if Path(name).suffix in CODE]
        found = clang_format(root, names, options.fix)
        for name in names:
            text = (root / name).read_text(encoding="utf-8")
            found += [f"{name}:{line}: {sentence}" for line, sentence in faults(text)]
    return tell(found, "self-test passed" if options.self_test
                else "format, braces and casts: all kept")


if __name__ == "__main__":
    sys.exit(main())
