"""The example documents pass tools/documents/check.py, and it finds each kind of fault."""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools" / "documents"))
import check  # noqa: E402
from source import parse_domain, read_documents, read_schema, read_sources  # noqa: E402

# What is changed in the source of one domain, and what has to be said of it.
FAULTS = [
    ("harbour", "[Quill|PERSON] heard", "Quill heard", "'Quill' is not annotated"),
    ("museum", "painted it at [Carrow Hall|FACILITY]", "painted it at Carrow Hall",
     "'Carrow Hall' is not annotated"),
    ("garden", "The damp spring", "Near Saltmere the damp spring",
     "'Saltmere' is not annotated"),
    ("harbour", "[Coal Quay|FACILITY]", "[Coal Quay|QUAY]", "type 'QUAY' is not in schema.toml"),
    ("harbour", "of [Coal Quay|FACILITY]", "[of Coal Quay |FACILITY]", "blank at an end"),
    ("harbour", "the [Gannet Light|FACILITY:l]", "[the Gannet Light|FACILITY:l]", "an article"),
    ("harbour", "aboard the [Marigold|VESSEL]", "aboard the [Marigold|PLACE]", "several types"),
    ("harbour", "[Coal Quay|FACILITY]", "[[Coal Quay|FACILITY]|FACILITY]", "have one span"),
    ("harbour", "[Coal Quay|FACILITY]", "[[Coal|PLACE] Quay|FACILITY]", "never stands alone"),
    ("harbour", "owns d m across", "owns m d across", "not between VESSEL and ORG"),
    ("harbour", "located_in l c\n", "lies_in l c\n", "not in schema.toml"),
    ("harbour", "works_for q b across", "works_for q b", "1 sentences apart"),
    ("harbour", "located_in l c\n", "located_in l c across\n", "0 sentences apart"),
    ("harbour", "located_in l c\n", "located_in l c\nlocated_in l c\n", "stands there twice"),
    ("harbour", "partners_with t f3", "partners_with t f3\npartners_with f3 t", "twice"),
    ("harbour", "owns d m across", "owns d m across\nworks_for q d across", "sentences apart"),
    ("harbour", "== harbour-02 train", "== harbour-02 dev", "expected 24"),
    ("harbour", "== harbour-02 train", "== harbour-01 train", "2 documents are called"),
    ("museum", "Dear [Beatrix|PERSON:b]", "Dear [Fidelia|PERSON:b]", "in test and in another"),
    ("harbour", "unmarked Sarn in Mary Sarn: named for his mother\n", "", "'Sarn' is not"),
]


def problems(domain=None, old="", new=""):
    sources = read_sources()
    if domain:
        sources[domain] = sources[domain].replace(old, new, 1)
    documents = [d for name, text in sources.items() for d in parse_domain(name, text)]
    return check.all_problems(documents, read_schema())


class Documents(unittest.TestCase):
    def test_they_pass(self):
        self.assertEqual(problems(), [])
        self.assertEqual(check.check_files(read_documents(), read_schema()), [])

    def test_faults_are_found(self):
        for domain, old, new, said in FAULTS:
            with self.subTest(new=new):
                found = problems(domain, old, new)
                self.assertTrue(any(said in each for each in found), found)

    def test_rules_of_the_schema(self):
        schema = read_schema()
        self.assertEqual(check.check_rules(schema, {("named_after", "a"): {"b"}}), [])
        self.assertIn("2 tails", check.check_rules(schema, {("named_after", "a"): {"b", "c"}})[0])
        circle = {("part_of", "a"): {"b"}, ("part_of", "b"): {"c"}, ("part_of", "c"): {"a"}}
        self.assertEqual(len(check.check_rules(schema, circle)), 3)

    def test_the_source_is_held_to_its_form(self):
        head = "== d-01 train md 90\n"
        for text, said in (("[Ann|PERSON\n", "expected |TYPE]"), ("a | b\n", "outside of a"),
                           ("[Ann\n", "without an end"), ("--\nruns a b\n", "is called 'a'"),
                           ("--\nruns a\n", "expected 'label head tail"),
                           ("[A|X:a] [B|X:a]\n", "two mentions called 'a'")):
            with self.subTest(text=text), self.assertRaises(ValueError) as caught:
                parse_domain("d", head + text)
            self.assertIn(said, str(caught.exception))


if __name__ == "__main__":
    unittest.main()
