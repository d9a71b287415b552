"""What the scripts of bench/ share: running commands, ratios, checks."""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

PEERS = pathlib.Path(__file__).resolve().parent / "peers"


def say(text):
    print(text, file=sys.stderr, flush=True)


def give_up(sentence):
    """Ends the script that was started."""
    sys.exit(f"{pathlib.Path(sys.argv[0]).stem}: {sentence}")


def command(words):
    """Runs a command to its end; returns its standard output."""
    words = [str(word) for word in words]
    say("$ " + " ".join(words))
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        give_up(f"{words[0]} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


def timed(words):
    """Seconds, peak bytes and standard output of a command."""
    words = [str(word) for word in words]
    say("$ " + " ".join(words))
    start = time.monotonic()
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        give_up(f"{words[1]} ended with {process.returncode}")
    return {"seconds": time.monotonic() - start, "peak_bytes": usage.ru_maxrss * 1024}, out


def peer(options, driver, *words):
    """One of bench/peers' drivers; its result line."""
    result = json.loads(command([options.python, PEERS / driver, *words,
                                 "--threads", options.threads]).splitlines()[-1])
    result.pop("versions", None)
    return result


def read_lines(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
                    encoding="utf-8")


def relatum(options, *words):
    """A command of Relatum's."""
    return command([options.relatum, *words])


def ours(options, *words):
    """The same, held to --isa where one is given."""
    return relatum(options, *words, *(["--isa", options.isa] if options.isa else []))


def precise(options):
    """The format in which both sides compute where integers are not meant."""
    return "f32" if options.isa == "avx2" else "bf16"


def target(options, best, avx2):
    """The ratio that is wanted: with all that the processor has, or with AVX2 alone."""
    return avx2 if options.isa == "avx2" else best


def prompts(options, folder, name, data, style, *more):
    """prompts.jsonl of a corpus in a style."""
    path = folder / f"{name}.jsonl"
    command([options.relatum, "prepare", "--data", data, "--prompt", style, *more, "--out", path])
    return path


def agreement(ours, theirs, least, what):
    """Share of equal answers; ends the benchmark where it is below `least`."""
    if len(ours) != len(theirs):
        give_up(f"{what}: {len(ours)} answers against {len(theirs)}")
    share = sum(a == b for a, b in zip(ours, theirs)) / len(ours)
    if share < least:
        give_up(f"{what}: only {share:.2%} of the answers agree, so the times are not of the "
                "same work")
    return share


def ratio(rounds, ours, against, unit, target, smaller=False):
    """Ours over the best of the others, round by round: median, smallest and largest."""
    best = min if smaller else max
    each = []
    for one in rounds:
        other = best(one[name][unit] for name in against if name in one)
        each.append(other / one[ours][unit] if smaller else one[ours][unit] / other)
    return {"ours": ours, "against": list(against), "unit": unit, "target": target,
            "median": round(statistics.median(each), 3), "smallest": round(min(each), 3),
            "largest": round(max(each), 3)}


def marks(name):
    """What stands between <!-- name --> and <!-- end --> of a page, as the second group."""
    return re.compile(rf"(<!-- {re.escape(name)} -->\n)(.*?)(<!-- end -->)", re.S)


def write_between(page, between, text):
    """Puts text between the marks of a page."""
    whole = page.read_text(encoding="utf-8")
    if not between.search(whole):
        give_up(f"{page.name} has no place for the table between its marks")
    page.write_text(between.sub(lambda m: m.group(1) + text + m.group(3), whole), encoding="utf-8")


def per_cent(shares):
    """Of several seeds' figures the mean and the sample's deviation."""
    mean = f"{100 * statistics.mean(shares):.1f}"
    return mean if len(shares) < 2 else f"{mean} ± {100 * statistics.stdev(shares):.1f}"


def of_seeds(count):
    """What per_cent() gives, in words."""
    return "one seed" if count == 1 else f"mean and deviation of {count} seeds"


def trained(options, run, *words):
    """The run of `relatum finetune` with these words, finished: as it is there, or gone on with."""
    record = run / "run.json"
    if not record.exists():
        relatum(options, "finetune", *words, *options.finetune, "--out", run)
    elif json.loads(record.read_text(encoding="utf-8"))["status"] != "done":
        relatum(options, "finetune", "--resume", "--out", run)
    return run


def table_options(parser, results):
    """Options of a script whose results file becomes a table on a page."""
    parser.add_argument("--out", default=results, type=pathlib.Path, help="results file")
    parser.add_argument("--write", action="store_true",
                        help="measure nothing: put the results file's table into the page")


def parse_with_finetune(parser):
    """The options, and as `finetune` what stands behind "--"."""
    parser.add_argument("finetune", nargs=argparse.REMAINDER,
                        help="behind --: further options of `relatum finetune`")
    options = parser.parse_args()
    options.finetune = [word for word in options.finetune if word != "--"]
    return options


def load_results(path):
    """A results file; None where nothing was measured yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def write_results(path, results):
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def measured_or_written(options, measure, table, place):
    """Ends such a script. `measure(options)` gives the results, which are kept and printed as
    `table(results)`; with --write their `section` goes between the `marks` of the `page`, all
    three of which `place` has in this order."""
    page, between, section = place
    if options.write:
        write_between(page, between, section(load_results(options.out)))
        return
    results = measure(options)
    write_results(options.out, results)
    print(table(results))
