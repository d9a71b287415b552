#!/usr/bin/env python3
"""Makes the table of docs/models.md from what the tests' reports say they have shown.

    tools/models_table.py                print it
    tools/models_table.py --write        put it between its marks in docs/models.md
    tools/models_table.py --check        fail where docs/models.md holds another

A test says by shows() (tests/support/shows.h) which cells its passing fills; CMake has each test
of the rooms concerned leave a report (`ctest --preset release`). A test that was skipped here, for
want of data or of a model, is believed where the page names it already.
"""

import argparse
import fnmatch
import os
import pathlib
import re
import sys
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "models.md"
REPORTS = ROOT / "build" / "release" / "tests" / "reports"

# In the table's order; a row that no test names is left out. Those of settings come last.
ROWS = ["Llama 2", "Llama 3", "Mistral", "SmolLM2", "Qwen 2, 2.5", "Qwen 3",
        "Gemma 3", "Phi-3", "T5 v1.0", "T5 v1.1, Flan-T5", "BERT",
        "MPNet", "RoBERTa", "XLM-RoBERTa", "DistilBERT",
        "with biases", "with another rope_theta or rms_norm_eps",
        "with linear, dynamic, yarn or longrope", "with 4 bits by bitsandbytes"]
COLUMNS = ["logits", "gradients", "cached", "tape", "tokenizer", "safetensors", "GGUF", "adapter"]
MARKS = re.compile(r"(<!-- models -->\n)(.*?)(<!-- end -->)", re.S)


def shown(reports):
    """(row, column, test, passed) of all tests that declare a cell; failed ones are left out."""
    found = []
    for path in sorted(reports.rglob("*.xml")):
        for case in xml.etree.ElementTree.parse(path).iter("testcase"):
            # The name of the instantiation says nothing.
            suite = case.get("classname").split("/")[-1]
            skipped = case.get("result") == "skipped" or case.find("skipped") is not None
            if case.find("failure") is not None or case.get("status") != "run":
                continue
            for one in case.iter("property"):
                if not one.get("name").startswith("shows: "):
                    continue
                row, column = one.get("name").removeprefix("shows: ").rsplit(": ", 1)
                test = f"{suite}.{case.get('name')}"
                if row not in ROWS or column not in COLUMNS:
                    sys.exit(f"models_table: {test} shows '{row}: {column}', but the table has no "
                             f"such row or column. Rows are {', '.join(ROWS)}; columns are "
                             f"{', '.join(COLUMNS)}.")
                found.append((row, column, test, not skipped))
    return found


def shortened(names):
    """Three and more names become what they have in common and a star; fewer stay."""
    return [os.path.commonprefix(names) + "*"] if len(names) > 2 else names


def compact(tests):
    """Names for tests: instances of one test shortened, then tests of a suite alike in them."""
    instances, suites = {}, {}
    for test in sorted(set(tests)):
        name, slash, parameter = test.partition("/")
        instances.setdefault(name + slash, []).append(parameter)
    for name, parameters in instances.items():
        for parameter in shortened(parameters):
            suite, test = name.rstrip("/").split(".")
            end = "/" + parameter if name.endswith("/") else ""
            suites.setdefault((suite, end), []).append(test)
    return [f"{suite}.{test}{end}" for (suite, end), found in suites.items()
            for test in shortened(found)]


def page_cells(text):
    """The names in each cell of a page's table, by row and column."""
    cells = {}
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    for line in lines[1:]:
        row, *columns = [cell.strip() for cell in line.strip("|").split("|")]
        for column, cell in zip(COLUMNS, columns):
            cells[row, column] = re.findall(r"`([^`]+)`", cell)
    return cells


def files_of(names):
    """The names' suites by the file that they are in."""
    files = {}
    for path in sorted((ROOT / "tests").rglob("*_test.cc")):
        for suite, test in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)",
                                      path.read_text(encoding="utf-8"), re.M):
            if any(fnmatch.fnmatchcase(f"{suite}.{test}", name.split("/")[0]) for name in names):
                files.setdefault(path.relative_to(ROOT).as_posix(), set()).add(suite)
    return files


def table(found, before):
    """The table and where its tests are; `before` has the cells of the page as it is."""
    tests = {}
    for row, column, test, passed in found:
        named = before.get((row, column), [])
        if passed or any(fnmatch.fnmatchcase(test, name) for name in named):
            tests.setdefault((row, column), []).append(test)
    cells = {key: compact(names) for key, names in tests.items()}
    lines = ["| | " + " | ".join(COLUMNS) + " |", "| --- |" + " --- |" * len(COLUMNS)]
    for row in ROWS:
        if not any((row, column) in cells for column in COLUMNS):
            continue
        texts = ["<br>".join(f"`{name}`" for name in cells.get((row, column), []))
                 for column in COLUMNS]
        lines.append("| " + " | ".join([row, *texts]) + " |")
    names = {name for cell in cells.values() for name in cell}
    lines += ["", "Where they are:", ""]
    for file, suites in files_of(names).items():
        listed = ", ".join(f"`{suite}`" for suite in sorted(suites))
        lines.append(f"- [{file}](../{file}): {listed}")
    return "\n".join(lines) + "\n"


def filled(text, reports):
    """The page with the table of the reports between its marks."""
    place = MARKS.search(text)
    if not place:
        sys.exit(f"models_table: {PAGE.name} has no place for the table between its marks")
    found = shown(reports)
    if not found:
        sys.exit(f"models_table: {reports} holds no report of a test that shows a cell; run the "
                 "tests first: ctest --preset release")
    return text[:place.start(2)] + table(found, page_cells(place[2])) + text[place.end(2):]


def differences(old, new):
    """One line for each cell that two pages do not have in common."""
    old, new = page_cells(MARKS.search(old)[2]), page_cells(MARKS.search(new)[2])
    return [f"  {row}, {column}: the page has {old.get((row, column)) or 'nothing'}, the tests say "
            f"{new.get((row, column)) or 'nothing'}" for row, column in sorted(old | new)
            if old.get((row, column), []) != new.get((row, column), [])]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--write", action="store_true", help="put it into the page")
    how.add_argument("--check", action="store_true", help="fail where the page holds another")
    parser.add_argument("--reports", type=pathlib.Path, default=REPORTS,
                        help="the folder of the tests' reports (%(default)s)")
    options = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8")
    new = filled(text, options.reports)
    if options.write:
        PAGE.write_text(new, encoding="utf-8")
    elif not options.check:
        print(MARKS.search(new)[2], end="")
    elif new != text:
        sys.exit("\n".join(["models_table: docs/models.md does not hold what the tests show; run "
                            "tools/models_table.py --write", *differences(text, new)]))


if __name__ == "__main__":
    main()
