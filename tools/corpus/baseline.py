"""Scores TF-IDF with logistic regression on the example corpus; needs scikit-learn."""

import re

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.pipeline import make_pipeline

from rows import Row, read_labels, read_rows

STRENGTHS = (1.0, 10.0, 100.0, 1000.0)
TOKEN = r"</?e[12]>|\w+|[^\w\s]"


def plain(row: Row) -> str:
    return row.text


def with_markers(row: Row) -> str:
    """The markers are words of their own, so that "<e2> by" and the like become features."""
    return re.sub(r"(</?e[12]>)", r" \1 ", row.marked)


def blanked(row: Row) -> str:
    """The entities' own words are gone; only their place is left."""
    return re.sub(r"<e([12])>.*?</e\1>", r" <e\1> ", row.marked)


def by_region(row: Row) -> str:
    """Each word tagged with its place (before, between, after, in e1, in e2) and the order."""
    order = "12" if row.head < row.tail else "21"
    parts = re.split(r"</?e[12]>", row.marked)
    names = ("before", f"e{order[0]}", "between", f"e{order[1]}", "after")
    words = re.compile(r"\w+|[^\w\s]")
    tagged = (f"{n}_{order}_{w}" for n, p in zip(names, parts) for w in words.findall(p))
    return " ".join(tagged)


def fit(rows: list[Row], view, strength: float):
    vectors = TfidfVectorizer(ngram_range=(1, 2), token_pattern=TOKEN, sublinear_tf=True)
    model = make_pipeline(vectors, LogisticRegression(C=strength, max_iter=2000))
    return model.fit([view(row) for row in rows], [row.label for row in rows])


def relation(label: str) -> str:
    return label.split("(")[0]


def score(view, splits: dict[str, list[Row]], positive: list[str]) -> str:
    """Strength chosen on dev, model fitted on train, one Markdown row of test figures."""
    def answers(strength, split):
        model = fit(splits["train"], view, strength)
        return model.predict([view(row) for row in splits[split]])

    gold = {split: [row.label for row in rows] for split, rows in splits.items()}
    best = max(STRENGTHS, key=lambda c: accuracy_score(gold["dev"], answers(c, "dev")))
    found = answers(best, "test")
    accuracy = accuracy_score(gold["test"], found)
    f1 = f1_score(gold["test"], found, labels=positive, average="micro")
    undirected = accuracy_score(list(map(relation, gold["test"])), list(map(relation, found)))
    return f"| {100 * accuracy:.1f} | {100 * f1:.1f} | {100 * undirected:.1f} | {best:g} |"


def main() -> None:
    rows = read_rows()
    splits = {s: [row for row in rows if row.split == s] for s in ("train", "dev", "test")}
    positive = [label for label in read_labels() if label != "no_relation"]
    share = sum(row.label == "no_relation" for row in splits["test"]) / len(splits["test"])
    print("| model | accuracy | micro-F1 | accuracy without direction | C |")
    print("| --- | ---: | ---: | ---: | ---: |")
    print(f"| always `no_relation` | {100 * share:.1f} | 0.0 | {100 * share:.1f} | |")
    views = (("the sentence", plain), ("with the entity markers as words", with_markers),
             ("entities blanked, markers kept", blanked), ("words tagged by region", by_region))
    for name, view in views:
        print(f"| {name} {score(view, splits, positive)}")


if __name__ == "__main__":
    main()
