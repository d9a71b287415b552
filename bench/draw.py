#!/usr/bin/env python3
"""Draws the results files of bench/results as charts beside them (needs matplotlib)."""

import json
import pathlib

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "relatum", "svg.fonttype": "none", "font.size": 9,
                            "axes.spines.top": False, "axes.spines.right": False})
from matplotlib import pyplot  # noqa: E402  pylint: disable=wrong-import-position

import tables  # noqa: E402  pylint: disable=wrong-import-position

RESULTS = pathlib.Path(__file__).resolve().parent / "results"
OURS, WANTED = "#2a6f97", "#d1495b"


def read(name):
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def save(figure, name):
    figure.savefig(RESULTS / f"{name}.svg", metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(figure)


def peers():
    """Each ratio as a bar with its rounds' range, and what it should be as a mark."""
    lines = read("peers").get("lines", {})
    bars = [(f"{line['what']}\n{one['ours']} / {tables.programs(one['against'])}", one)
            for line in lines.values() for one in line["ratios"]]
    if not bars:
        return
    figure, axis = pyplot.subplots(figsize=(8, 0.55 * len(bars) + 1))
    for place, (_, one) in enumerate(bars):
        spread = [[one["median"] - one["smallest"]], [one["largest"] - one["median"]]]
        axis.barh(place, one["median"], color=OURS, height=0.6, xerr=spread,
                  error_kw={"ecolor": "#bbbbbb", "capsize": 2})
        axis.plot([one["target"]] * 2, [place - 0.4, place + 0.4], color=WANTED, linewidth=2)
        axis.annotate(f"{one['median']:.2f}", (0.52, place), color="white", va="center")
    axis.set_yticks(range(len(bars)), [name for name, _ in bars], fontsize=7)
    axis.set_ylim(len(bars) - 0.4, -0.6)
    axis.set_xscale("log")
    axis.set_xlim(0.5, 25)
    ticks = [0.5, 1, 2, 5, 10, 20]
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.minorticks_off()
    axis.axvline(1, color="#999999", linewidth=0.8)
    axis.set_xlabel("times the best of the others (red: wanted)")
    save(figure, "peers")


def panel(axes, points, across, label):
    """Rates, share of the peak and memory over one quantity."""
    x = [across(point) for point in points]
    numbers = not isinstance(x[0], str)
    for axis, (title, value) in zip(axes, (
            ("tokens/s", lambda p: p["training"]["tokens_per_s"]),
            ("share of peak, %", lambda p: 100 * p["training"]["share_of_peak"]),
            ("memory, GB", lambda p: p["peak_rss_bytes"] / 1e9))):
        values = [value(point) for point in points]
        axis.plot(x, values, "o-" if numbers else "o", color=OURS, label="training")
        if title == "tokens/s":
            prefill = [point["prefill"]["tokens_per_s"] for point in points]
            axis.plot(x, prefill, "s--" if numbers else "s", color="#888888", label="prefill")
            axis.legend(frameon=False, fontsize=7)
            values = values + prefill
        if numbers and len(x) > 2:
            axis.set_xscale("log", base=2)
        if numbers:
            axis.set_xticks(x, [f"{value:,}" for value in x], fontsize=7)
            axis.minorticks_off()
        axis.set_ylim(0, 1.1 * max(values))
        axis.set_xlabel(label)
        axis.set_ylabel(title)


def scaling():
    report = read("scaling")
    kinds = {"length": (lambda p: p["length"], "tokens of a row (4,096 at once)"),
             "rows": (lambda p: p["tokens"] // p["length"], "rows of 64 tokens at once"),
             "rank": (lambda p: p["rank"], "rank of the adapters"),
             "threads": (lambda p: p["threads"], "threads"),
             "sets": (lambda p: f"{p['isa']} {p['compute']}", "instruction set, products"),
             "shapes": (lambda p: p["name"], "shape, NF4, 512 tokens a step")}
    for name, (across, label) in kinds.items():
        if points := report.get(name, {}).get("points"):
            figure, axes = pyplot.subplots(1, 3, figsize=(10, 2.8), layout="constrained")
            panel(axes, points, across, label)
            save(figure, f"scaling-{name}")


if __name__ == "__main__":
    peers()
    scaling()
