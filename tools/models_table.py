#!/usr/bin/env python3
"""Makes the tables of docs/models.md and docs/adapters.md from what the tests' reports have shown.

    tools/models_table.py                print them
    tools/models_table.py --write        put them between their marks in the pages
    tools/models_table.py --check        fail where a page holds another

A test says by shows() or shows_adapter() (tests/support/shows.h) which cells its passing fills;
CMake has each test of the rooms concerned leave a report (`ctest --preset release`). A test that
was skipped here, for want of data or of a model, is believed where the page names it already.
"""

import argparse
import dataclasses
import fnmatch
import os
import pathlib
import re
import sys
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "release" / "tests" / "reports"


@dataclasses.dataclass
class Kind:
    """A table: its page, the word before a cell in reports, its rows and columns in order. A row
    that no test names is left out."""

    page: pathlib.Path
    word: str
    rows: list
    columns: list

    @property
    def marks(self):
        """What stands around the table in its page."""
        return re.compile(rf"(<!-- {self.page.stem} -->\n)(.*?)(<!-- end -->)", re.S)


MODELS = Kind(ROOT / "docs" / "models.md", "shows", [
    "Llama 2", "Llama 3", "Mistral", "SmolLM2", "Qwen 2, 2.5", "Qwen 3", "Gemma 3", "Phi-3",
    "T5 v1.0", "T5 v1.1, Flan-T5", "BERT", "MPNet", "RoBERTa", "XLM-RoBERTa", "DistilBERT",
    # Settings come last.
    "with biases", "with another rope_theta or rms_norm_eps",
    "with linear, dynamic, yarn or longrope", "with 4 bits by bitsandbytes"],
    ["logits", "gradients", "cached", "tape", "tokenizer", "safetensors", "GGUF", "adapter"])
ADAPTERS = Kind(ROOT / "docs" / "adapters.md", "adapters", [
    "target_modules as suffixes", "target_modules as an expression", "target_modules all-linear",
    "exclude_modules", "layers_to_transform, layers_pattern", "rank_pattern, alpha_pattern",
    "use_rslora", "use_dora", "modules_to_save: lm_head", "modules_to_save: embed_tokens",
    "ensure_weight_tying", "trainable_token_indices", "init_lora_weights pissa, converted",
    "LoRA+", "init_lora_weights pissa, olora, corda, loftq, unconverted",
    "modules_to_save: other modules", "trainable_token_indices: other modules",
    "target_modules: lm_head, embed_tokens", "bias, lora_bias, fan_in_fan_out",
    "use_qalora, alora_invocation_tokens, layer_replication, target_parameters",
    "another peft_type", "options that are set and not known", "adapter_model.bin"],
    ["read", "merged", "written", "trained", "refused by name"])


def shown(reports, kind=MODELS):
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
                if not one.get("name").startswith(kind.word + ": "):
                    continue
                row, column = one.get("name").removeprefix(kind.word + ": ").rsplit(": ", 1)
                test = f"{suite}.{case.get('name')}"
                if row not in kind.rows or column not in kind.columns:
                    sys.exit(f"models_table: {test} shows '{row}: {column}', but the table has no "
                             f"such row or column. Rows are {', '.join(kind.rows)}; columns are "
                             f"{', '.join(kind.columns)}.")
                found.append((row, column, test, not skipped))
    return found


def shortened(names, others=()):
    """Three and more names become what they have in common and a star, unless that is another's
    name as well; fewer stay."""
    star = os.path.commonprefix(names) + "*"
    taken = any(fnmatch.fnmatchcase(other, star) for other in others)
    return [star] if len(names) > 2 and not taken else names


def compact(tests, others=()):
    """Names for tests: instances of one test shortened, then tests of a suite alike in them. No
    name is one of the `others`, which do not show the same."""
    instances, suites = {}, {}
    for test in sorted(set(tests)):
        name, slash, parameter = test.partition("/")
        instances.setdefault(name + slash, []).append(parameter)
    for name, parameters in instances.items():
        strangers = [other.removeprefix(name) for other in others if other.startswith(name)]
        for parameter in shortened(parameters, strangers):
            suite, test = name.rstrip("/").split(".")
            end = "/" + parameter if name.endswith("/") else ""
            suites.setdefault((suite, end), []).append(test)
    return [f"{suite}.{test}{end}" for (suite, end), found in suites.items()
            for test in shortened(found)]


def page_cells(text, kind=MODELS):
    """The names in each cell of a page's table, by row and column."""
    cells = {}
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    for line in lines[1:]:
        row, *columns = [cell.strip() for cell in line.strip("|").split("|")]
        for column, cell in zip(kind.columns, columns):
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


def table(found, before, kind=MODELS):
    """The table and where its tests are; `before` has the cells of the page as it is."""
    tests = {}
    for row, column, test, passed in found:
        named = before.get((row, column), [])
        if passed or any(fnmatch.fnmatchcase(test, name) for name in named):
            tests.setdefault((row, column), []).append(test)
    every = {test for _, _, test, _ in found}
    cells = {key: compact(names, every - set(names)) for key, names in tests.items()}
    lines = ["| | " + " | ".join(kind.columns) + " |", "| --- |" + " --- |" * len(kind.columns)]
    for row in kind.rows:
        if not any((row, column) in cells for column in kind.columns):
            continue
        texts = ["<br>".join(f"`{name}`" for name in cells.get((row, column), []))
                 for column in kind.columns]
        lines.append("| " + " | ".join([row, *texts]) + " |")
    names = {name for cell in cells.values() for name in cell}
    lines += ["", "Where they are:", ""]
    for file, suites in files_of(names).items():
        listed = ", ".join(f"`{suite}`" for suite in sorted(suites))
        lines.append(f"- [{file}](../{file}): {listed}")
    return "\n".join(lines) + "\n"


def filled(text, reports, kind=MODELS):
    """The page with the table of the reports between its marks."""
    place = kind.marks.search(text)
    if not place:
        sys.exit(f"models_table: {kind.page.name} has no place for the table between its marks")
    found = shown(reports, kind)
    if not found:
        sys.exit(f"models_table: {reports} holds no report of a test that shows a cell of "
                 f"{kind.page.name}; run the tests first: ctest --preset release")
    new = table(found, page_cells(place[2], kind), kind)
    return text[:place.start(2)] + new + text[place.end(2):]


def differences(old, new, kind=MODELS):
    """One line for each cell that two pages do not have in common."""
    old, new = (page_cells(kind.marks.search(text)[2], kind) for text in (old, new))
    return [f"  {row}, {column}: the page has {old.get((row, column)) or 'nothing'}, the tests say "
            f"{new.get((row, column)) or 'nothing'}" for row, column in sorted(old | new)
            if old.get((row, column), []) != new.get((row, column), [])]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--write", action="store_true", help="put them into the pages")
    how.add_argument("--check", action="store_true", help="fail where a page holds another")
    parser.add_argument("--reports", type=pathlib.Path, default=REPORTS,
                        help="the folder of the tests' reports (%(default)s)")
    options = parser.parse_args()
    wrong = []
    for kind in (MODELS, ADAPTERS):
        text = kind.page.read_text(encoding="utf-8")
        new = filled(text, options.reports, kind)
        if options.write:
            kind.page.write_text(new, encoding="utf-8")
        elif not options.check:
            print(kind.marks.search(new)[2])
        elif new != text:
            wrong += [f"models_table: docs/{kind.page.name} does not hold what the tests show; run "
                      "tools/models_table.py --write", *differences(text, new, kind)]
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
