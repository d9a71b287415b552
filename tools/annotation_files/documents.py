"""Documents that are hard to count in, as rows of Relatum's JSON lines.

Emoji of several code points, right-to-left text, combining marks, line ends of Windows, entities
across lines, within one another, over one another, at one place twice, and with gaps.
"""

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"

# Name, text, entities (pieces by their strings, type), relations (by the entities' numbers from 0).
SOURCES = [
    ("emoji", f"Bo 😀 Nilsen {FAMILY} flies for Kestrel Airways in Łódź 🇵🇱.",
     [("Bo 😀 Nilsen", "PERSON"), (FAMILY, "GROUP"), ("Kestrel Airways", "ORG"),
      ("Łódź", "PLACE")],
     [(0, "works_for", 2), (0, "pilot_of", 2), (2, "works_for", 0), (2, "in", 3)]),
    ("right to left", "שלום לעולם של Pell ו־בית الخليج 😀 العربي.",
     [("לעולם", "PLACE"), ("Pell", "PERSON"), ("الخليج 😀 العربي", "PLACE")],
     [(1, "lives_in", 0), (1, "lives_in", 2)]),
    ("marks", "e\u0301lan met Ana\u0308\u0323 at Cafe\u0301 Z\u0351\u034b.",
     [("e\u0301lan", "PERSON"), ("Ana\u0308\u0323", "PERSON"), ("Cafe\u0301 Z\u0351\u034b", "ORG")],
     [(0, "met", 1), (1, "met", 0)]),
    ("nested", "The University of New South Wales Press in Sydney bought it.",
     [("University of New South Wales", "ORG"), ("University of New South Wales Press", "ORG"),
      ("New South Wales", "PLACE"), ("Wales Press in Sydney", "MISC"), ("Sydney", "PLACE"),
      ("Sydney", "CITY")],
     [(1, "part_of", 0), (0, "in", 2), (1, "in", 4), (5, "same", 4), (0, "loop", 0)]),
    ("blanks", "中文 句子  里 有 公司 。",
     [("句子  里", "WORDS"), ("公司", "ORG")], [(1, "in", 0)]),
    ("empty", "Nobody is named here 😀.", [], []),
    ("whole", "X", [("X", "ONE")], []),
]

LINES = [
    ("lines", "Rosa 😀\nDelgado founded\n\nFarwell & Sons.\n",
     [("Rosa 😀\nDelgado", "PERSON"), ("Farwell & Sons", "ORG")], [(0, "founded", 1)]),
    ("windows", "Rosa 😀\r\nDelgado\r\nfounded Farwell.\r\n",
     [("Rosa 😀", "PERSON"), ("Delgado", "PERSON"), ("Farwell", "ORG")],
     [(0, "founded", 2), (1, "founded", 2)]),
    ("tabs", "Ines\tHolm\u2028owns\u0085 \u00a0Pell\u00a0Mills.",
     [("Ines\tHolm", "PERSON"), ("Pell\u00a0Mills", "ORG")], [(0, "owns", 1)]),
]

GAPS = [
    ("gaps", "North 😀 and South Korea signed, Ana wrote.",
     [(["North", "Korea"], "PLACE"), ("South Korea", "PLACE"), (["signed", "wrote"], "EVENT")],
     [(0, "signs", 2), (1, "signs", 2), (0, "near", 1)]),
]


def document(name, text, entities, relations):
    row = {"id": name, "text": text, "entities": [], "relations": []}
    for number, (strings, kind) in enumerate(entities):
        strings = [strings] if isinstance(strings, str) else strings
        pieces = [[text.index(s), text.index(s) + len(s)] for s in strings]
        entity = {"id": f"T{number + 1}", "start": pieces[0][0], "end": pieces[-1][1], "type": kind}
        if len(pieces) > 1:
            entity["pieces"] = pieces
        row["entities"].append(entity)
    row["relations"] = [{"head": f"T{a + 1}", "tail": f"T{b + 1}", "label": label}
                        for a, label, b in relations]
    return row


def documents(*groups):
    return [document(*source) for group in groups for source in group]
