"""Writes train.jsonl, dev.jsonl and test.jsonl from source.tsv, and prints the table of counts."""

from collections import Counter

from rows import CORPUS, SPLITS, Row, read_labels, read_rows


def jsonl(rows: list[Row], split: str) -> str:
    return "".join(row.json_line() + "\n" for row in rows if row.split == split)


def counts_table(rows: list[Row], labels: list[str]) -> str:
    """The Markdown table of rows per label and split that README.md carries."""
    count = Counter((row.label, row.split) for row in rows)
    lines = ["| label | train | dev | test | all |", "| --- | ---: | ---: | ---: | ---: |"]
    for label in labels:
        cells = [count[label, split] for split in SPLITS]
        lines.append(f"| `{label}` | {' | '.join(map(str, cells))} | {sum(cells)} |")
    sums = [sum(row.split == split for row in rows) for split in SPLITS]
    lines.append(f"| all | {' | '.join(map(str, sums))} | {sum(sums)} |")
    return "\n".join(lines)


def main() -> None:
    rows = read_rows()
    for split in SPLITS:
        (CORPUS / f"{split}.jsonl").write_text(jsonl(rows, split), encoding="utf-8")
    print(counts_table(rows, read_labels()))


if __name__ == "__main__":
    main()
