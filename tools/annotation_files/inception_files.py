"""INCEpTION's own files: WebAnno TSV that its writer made, beside the same annotations as XMI.

Its repository (inception/inception-io-webanno-tsv/src/test/resources/tsv3-suite) keeps both for
each of its writer's cases. XMI has absolute places, and one element for each annotation, so nothing
of TSV's rows, stacks and escapes is needed to read it. None of these files is ours to keep.
"""

import xml.etree.ElementTree as ElementTree

from . import shared

GRAMMAR = tuple(f"de.tudarmstadt.ukp.dkpro.core.api.{room}."
                for room in ("lexmorph", "segmentation", "syntax"))
XMI_ID = "{http://www.omg.org/XMI}id"


def layers(lines):
    """(kind, layer's name, features but those of links) of the header's lines."""
    for line in lines:
        if line[:6] in ("#T_SP=", "#T_RL="):
            name, *features = line[6:].split("|")
            links = [i for i, f in enumerate(features) if f.startswith("ROLE_")]
            # What follows a link's role is the type of what fills it.
            plain = [f for i, f in enumerate(features)
                     if i not in links and i - 1 not in links and not f.startswith("BT_")]
            yield line[3:5], name, plain


def type_name(tag):
    """webanno.custom.Span of {http:///webanno/custom.ecore}Span."""
    space, local = tag[1:].split("}")
    return space.removeprefix("http:///").removesuffix(".ecore").replace("/", ".") + "." + local


def label_of(element, name, features):
    naming = next((f for f in ("value", "label", "Value", "Label") if f in features),
                  features[0] if features else "")
    return element.get(naming, "") or name.rsplit(".", 1)[-1]


def expected(xmi, tsv):
    """The document that XMI tells, of the layers that the TSV file declares as entities.

    None where the XMI is older than the TSV, and has its spans as NamedEntity.
    """
    root = ElementTree.parse(xmi).getroot()
    text = next(e for e in root if e.tag.endswith("}Sofa")).get("sofaString")
    places = shared.code_points(text)
    elements = {}
    for element in root:
        elements.setdefault(type_name(element.tag), []).append(element)
    entities, relations = {}, []
    declared = list(layers(tsv.read_text(encoding="utf-8").splitlines()))
    for kind, name, features in declared:
        if name.startswith(GRAMMAR):
            continue
        for each in elements.get(name, []):
            label = label_of(each, name, features)
            if kind == "RL":
                relations.append((each.get("Governor"), label, each.get("Dependent")))
                continue
            start, end = places[int(each.get("begin"))], places[int(each.get("end"))]
            while start < end and text[end - 1].isspace():  # TSV has places of tokens alone
                end -= 1
            while start < end and text[start].isspace():
                start += 1
            if start < end:
                entities[each.get(XMI_ID)] = ([(start, end)], label)
    gone = [name for kind, name, _ in declared if kind == "SP" and name not in elements]
    if gone and any(name.endswith(".NamedEntity") for name in elements):
        return None
    tokens = {e.get(XMI_ID): e for e in root if e.tag.endswith("}Token")}
    for ends in relations:  # tokens are entities where relations stand on them
        for key in (ends[0], ends[2]):
            if key in tokens and key not in entities:
                entities[key] = ([tuple(places[int(tokens[key].get(k))] for k in
                                        ("begin", "end"))], "")
    return shared.tell(text, entities, relations)


def check(program, suite, folder):
    """Reads each case of the suite; texts between sentences are not in TSV and do not count."""
    if suite is None:
        raise shared.Skipped("needs --inception, the folder tsv3-suite of INCEpTION's repository")
    cases = [c for c in sorted(suite.iterdir()) if (c / "reference.xmi").is_file()]
    if not cases:
        raise shared.Skipped(f"{suite} has no folder with reference.tsv and reference.xmi")
    failures, entities, relations, older = [], 0, 0, 0
    for case in cases:
        try:
            want = expected(case / "reference.xmi", case / "reference.tsv")
            if want is None:
                older += 1
                continue
            rows, _ = shared.read_rows(program, f"webanno:{case / 'reference.tsv'}", folder)
            got = shared.told_row(rows[0])
            if got.text.split() != want.text.split():
                raise shared.Failure(f"{case.name}: the text is {got.text!r}, not {want.text!r}")
            shared.same(got._replace(text=want.text), want, case.name)
            entities, relations = entities + len(want.entities), relations + len(want.relations)
        except shared.Failure as failure:
            failures.append(str(failure))
    if failures:
        raise shared.Failure("\n  ".join(failures))
    return (f"{len(cases) - older} files ({older} have another XMI), {entities} entities and "
            f"{relations} relations")
