"""The scripts of bench/ and tools/ that need no package: comparing, ratios, checks, tables."""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tools")]

# pylint: disable=wrong-import-position
import calibration  # noqa: E402
import classifier  # noqa: E402
import compare_bench  # noqa: E402
import harness  # noqa: E402
import imbalance  # noqa: E402
import label_noise  # noqa: E402
import large  # noqa: E402
import memory  # noqa: E402
import neighbours  # noqa: E402
import profile_kinds  # noqa: E402
import quantised  # noqa: E402
import suggest  # noqa: E402
import tables  # noqa: E402
import training_lines  # noqa: E402


class Classifier(unittest.TestCase):
    OPTIONS = argparse.Namespace(least=0.7, apart=0.02)

    @staticmethod
    def rounds(ours, theirs):
        return [{"relatum": {"f1": one}, "PyTorch f32": {"f1": other}}
                for one, other in zip(ours, theirs)]

    def test_sides_that_learned_alike_pass(self):
        means = classifier.check(self.OPTIONS, self.rounds([0.80, 0.84], [0.81, 0.82]))
        self.assertEqual(means, {"relatum": 0.82, "PyTorch f32": 0.815})

    def test_a_side_that_learned_nothing_or_otherwise_ends_it(self):
        for ours, theirs in (([0.82], [0.6]), ([0.6], [0.6]), ([0.82], [0.85])):
            with self.assertRaises(SystemExit):
                classifier.check(self.OPTIONS, self.rounds(ours, theirs))


class Quantised(unittest.TestCase):
    def test_the_page_has_the_table_of_the_results(self):
        results = json.loads(quantised.RESULTS.read_text(encoding="utf-8"))
        page = quantised.MARKS.search(quantised.PAGE.read_text(encoding="utf-8"))
        self.assertEqual(page.group(2), quantised.table(results) + "\n")


class Calibration(unittest.TestCase):
    def test_the_mean_over_the_seeds_is_judged(self):
        def seed(error):
            side = {figure: error for figure in calibration.FIGURES}
            return {"ways": {way: {"with": side, "without": side | {"labels_brier": None}}
                             for way in calibration.WAYS}}
        summary = calibration.summary(calibration.WAYS, {"1": seed(0.02), "2": seed(0.05)})
        self.assertAlmostEqual(summary["scored"]["with"]["ece"]["mean"], 0.035)
        self.assertNotIn("labels_brier", summary["shares"]["without"])
        results = {"summary": summary, "most": 0.03}
        self.assertEqual(calibration.verdict(results), ["scored", "shares"])
        self.assertEqual(calibration.verdict(results | {"most": 0.04}), [])

    def test_a_temperature_is_taken_off_again(self):
        row = {"id": "1", "label": "a", "probability": 0.6, "scores": {"a": 0.6, "b": 0.4, "c": 0}}
        raised = calibration.raised(row, 2)
        self.assertAlmostEqual(raised["probability"], 0.36 / 0.52)
        self.assertAlmostEqual(raised["scores"]["b"], 0.16 / 0.52)
        self.assertEqual(raised["scores"]["c"], 0)

    def test_what_was_made_of_other_data_ends_it(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "run.json"
            path.write_text('{"train": "a.jsonl", "holdout": 800}', encoding="utf-8")
            wanted = {"train": "a.jsonl", "holdout": 800}
            self.assertEqual(calibration.check_record(path, wanted), wanted)
            with self.assertRaises(SystemExit):
                calibration.check_record(path, {"train": "b.jsonl"})


class LabelNoise(unittest.TestCase):
    def test_labels_are_flipped_to_others_and_counted(self):
        rows = [{"text": "t", "label": "abc"[place % 3]} for place in range(30)]
        changed, wrong = label_noise.flipped(rows, 0.2, 1)
        self.assertEqual(len(wrong), 6)
        for before, after in zip(rows, changed):
            self.assertEqual(before["label"] != after["label"], after["id"] in wrong)
        self.assertEqual(label_noise.flipped(rows, 0.2, 1), (changed, wrong))

    def test_rows_of_another_run_end_it(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "flipped.jsonl"
            rows = [{"id": "1", "label": "a"}]
            label_noise.keep_rows(path, rows)
            label_noise.keep_rows(path, rows)
            with self.assertRaises(SystemExit):
                label_noise.keep_rows(path, [{"id": "1", "label": "b"}])

    def test_precision_is_of_the_first(self):
        ranked, wrong = ["a", "b", "c", "d"], {"a", "c"}
        self.assertEqual(label_noise.precision_at(ranked, wrong, [1, 2, 4, 9]),
                         {"1": 1.0, "2": 0.5, "4": 0.5})
        self.assertAlmostEqual(label_noise.average_precision(ranked, wrong), (1 + 2 / 3) / 2)


class Imbalance(unittest.TestCase):
    SENTENCE = {"doc_key": "d", "sentence": ["Ann", "met", "Bo", "in", "New", "York"],
                "ner": [[0, 0, "x"], [2, 2, "x"], [4, 5, "y"]],
                "relations": [[2, 2, 4, 5, "physical", "", False], [2, 2, 4, 5, "role", "", False]]}

    def test_every_pair_of_a_sentence_is_a_row(self):
        rows = {row["id"]: row for row in imbalance.pairs_of(self.SENTENCE)}
        self.assertEqual({key: row["labels"] for key, row in rows.items()},
                         {"d:2-2:4-5": ["physical", "role"], "d:0-0:2-2": ["no_relation"],
                          "d:0-0:4-5": ["no_relation"]})
        row = rows["d:2-2:4-5"]
        self.assertEqual([row["text"][row[end]["start"]:row[end]["end"]]
                          for end in ("head", "tail")], ["Bo", "New York"])

    def test_a_table_has_a_line_for_each_way(self):
        one = {"precision": 0.5, "recall": 0.25, "f1": 0.333, "macro_f1": 0.2}
        other = {**one, "precision": 0.7}
        ways = {"as it is": {"options": [], "seeds": {"1": one}},
                "both": {"options": ["--negatives", "1"], "seeds": {"1": one, "2": other}}}
        results = {"domain": "ai", "sets": {"crossre": {"rows": 1672, "negatives": 1322,
                                                        "ways": ways}}}
        lines = imbalance.table(results).splitlines()
        self.assertEqual(len(lines), 4)
        self.assertIn("1,322 of 1,672 rows", lines[2])
        self.assertEqual(lines[2].split()[-8::2], ["50.0", "25.0", "33.3", "20.0"])
        self.assertIn("60.0 ± 14.1", lines[3])


class Suggest(unittest.TestCase):
    ROWS = [{"id": str(i), "text": f"text {i // 2}", "label": "x"} for i in range(12)]

    @staticmethod
    def options(**more):
        return argparse.Namespace(**{"add": 4, "candidates": 0, "embedder": "", "similar": None,
                                     **more})

    def test_a_table_has_a_line_for_each_round(self):
        one = [{"labelled": 100, "official": "semeval_macro", "official_f1": 0.5, "micro_f1": 0.6},
               {"labelled": 200, "official": "semeval_macro", "official_f1": 0.7, "micro_f1": 0.8}]
        other = [one[0], {**one[1], "official_f1": 0.8}]
        results = {"held_out": 1000, "ways": {"margin": {"1": one, "2": other},
                                              "random": {"1": one, "2": one}}}
        lines = suggest.table(results).splitlines()
        self.assertEqual(len(lines), 4)
        self.assertIn("official, `--by margin`", lines[0])
        self.assertIn("75.0 ± 7.1", lines[3])
        self.assertTrue(lines[3].startswith("| 200 "))
        self.assertIn("mean and deviation of 2 seeds", suggest.section(results))
        self.assertEqual(suggest.section(None), "")

    def test_what_was_chosen_is_added_text_by_text_the_first_ones_first(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            harness.write_lines(folder / "chosen-margin.jsonl",
                                [{"text": "text 4"}, {"text": "text 0"}, {"text": "text 2"}])
            rows = suggest.added(self.options(), folder, "margin", random.Random(1), self.ROWS)
        self.assertEqual([row["id"] for row in rows], ["8", "9", "0", "1"])

    def test_chance_depends_on_the_seed_alone(self):
        draws = [[row["id"] for row in suggest.added(self.options(), None, "random",
                                                     random.Random(seed), self.ROWS)]
                 for seed in (1, 1, 2)]
        self.assertEqual(draws[0], draws[1])
        self.assertNotEqual(draws[0], draws[2])
        self.assertEqual(len(set(draws[0])), 4)


class Trained(unittest.TestCase):
    def asked(self, record):
        """The words of the command that a run with this record is finished by."""
        with tempfile.TemporaryDirectory() as name, \
                unittest.mock.patch.object(harness, "relatum") as relatum:
            run = pathlib.Path(name)
            if record:
                (run / "run.json").write_text(json.dumps(record), encoding="utf-8")
            options = argparse.Namespace(finetune=["--epochs", "1"])
            self.assertEqual(harness.trained(options, run, "--seed", 7), run)
            return [call.args[1:-1] for call in relatum.call_args_list]

    def test_a_run_is_made_gone_on_with_or_left(self):
        self.assertEqual(self.asked(None),
                         [("finetune", "--seed", 7, "--epochs", "1", "--out")])
        self.assertEqual(self.asked({"status": "stopped"}), [("finetune", "--resume", "--out")])
        self.assertEqual(self.asked({"status": "done"}), [])

    def test_several_seeds_have_a_deviation(self):
        self.assertEqual(harness.per_cent([0.5]), "50.0")
        self.assertEqual(harness.per_cent([0.5, 0.75]), "62.5 ± 17.7")


class CompareBench(unittest.TestCase):
    BEFORE = {"lines": [{"tokens_per_s": 100.0, "seconds": 4.0, "date": "2026-01-01", "rows": 7,
                         "peak_rss_bytes": 1000, "agreement": 0.99}]}
    AFTER = {"lines": [{"tokens_per_s": 150.0, "seconds": 8.0, "date": "2026-01-02", "rows": 8,
                        "peak_rss_bytes": 500, "agreement": 0.99}]}

    def run_tool(self, *more):
        with tempfile.TemporaryDirectory() as name:
            files = [pathlib.Path(name) / "before.json", pathlib.Path(name) / "after.json"]
            for file, report in zip(files, (self.BEFORE, self.AFTER)):
                file.write_text(json.dumps(report), encoding="utf-8")
            return subprocess.run([sys.executable, ROOT / "tools" / "compare_bench.py", *files,
                                   *more], capture_output=True, text=True, check=False)

    def test_rates_times_and_sizes_have_their_own_direction(self):
        rows = {path: gain for path, _, _, gain in compare_bench.compare(self.BEFORE, self.AFTER)}
        self.assertEqual(rows["lines[0].tokens_per_s"], 1.5)
        self.assertEqual(rows["lines[0].seconds"], 0.5)
        self.assertEqual(rows["lines[0].peak_rss_bytes"], 2.0)
        self.assertEqual(rows["lines[0].agreement"], 1.0)
        self.assertIsNone(rows["lines[0].rows"])
        self.assertEqual(compare_bench.gain("a.tokens_per_s", 5.0, 0.0), 0.0)
        self.assertIsNone(compare_bench.gain("a.rounds[0].tokens_per_s", 5.0, 4.0))

    def test_the_gate_fails_where_something_became_worse(self):
        self.assertEqual(self.run_tool().returncode, 0)
        self.assertEqual(self.run_tool("--worst", "2.1").returncode, 0)
        self.assertEqual(self.run_tool("--worst", "1.9").returncode, 1)


class Harness(unittest.TestCase):
    ROUNDS = [{"ours": {"rate": 6.0, "size": 2.0}, "a": {"rate": 2.0, "size": 8.0},
               "b": {"rate": 3.0, "size": 6.0}},
              {"ours": {"rate": 8.0, "size": 2.0}, "a": {"rate": 4.0, "size": 4.0},
               "b": {"rate": 1.0, "size": 10.0}}]

    def test_the_best_of_the_others_counts(self):
        got = harness.ratio(self.ROUNDS, "ours", ["a", "b"], "rate", 1.5)
        self.assertEqual((got["smallest"], got["median"], got["largest"]), (2.0, 2.0, 2.0))
        got = harness.ratio(self.ROUNDS, "ours", ["a", "b"], "size", 5, smaller=True)
        self.assertEqual((got["smallest"], got["median"], got["largest"]), (2.0, 2.5, 3.0))

    def test_too_little_agreement_ends_the_benchmark(self):
        self.assertEqual(harness.agreement([1, 2, 3, 4], [1, 2, 3, 5], 0.75, "x"), 0.75)
        with self.assertRaises(SystemExit):
            harness.agreement([1, 2, 3, 4], [1, 2, 3, 5], 0.76, "x")
        with self.assertRaises(SystemExit):
            harness.agreement([1, 2], [1], 0.1, "x")

    def test_a_loss_that_does_not_fall_is_seen(self):
        self.assertTrue(training_lines.falls([3.0, 2.9, 2.0, 1.0, 0.9, 0.8]))
        self.assertFalse(training_lines.falls([3.0, 2.9, 2.0, 1.0, 3.1, 3.2]))
        self.assertFalse(training_lines.falls([3.0, 1.0]))


class Neighbours(unittest.TestCase):
    RIGHT = [("a", "a")] * 1000 + [("a", "b")] * 1717  # a: 1,000 of the gold, b: 1,717

    def test_the_record_is_that_of_the_median_run(self):
        records = [{"examples_per_s": rate, "peak_rss_bytes": rate} for rate in (3, 1, 2)]
        self.assertEqual(neighbours.median_record(records)["peak_rss_bytes"], 2)
        self.assertEqual(neighbours.median_record(records[:2])["peak_rss_bytes"], 1)

    def test_a_share_is_checked_before_anything_is_timed(self):
        with self.assertRaisesRegex(SystemExit, "most frequent label's 63.2%"):
            neighbours.checked_share("x", self.RIGHT, {})
        good = [("a", "a")] * 1000 + [("b", "b")] * 1717
        self.assertEqual(neighbours.checked_share("x", good, {}), 1.0)
        self.assertEqual(neighbours.checked_share("x", good, {"x": {"right_share": 0.9992}}), 1.0)
        with self.assertRaisesRegex(SystemExit, "99.00% in neighbours.json"):
            neighbours.checked_share("x", good, {"x": {"right_share": 0.99}})
        with self.assertRaisesRegex(SystemExit, "2716 prompts, expected 2717"):
            neighbours.checked_share("x", good[1:], {})


class Large(unittest.TestCase):
    SOUND = {"resumed_is_the_same": True, "losses": [9.0] * 9 + [1.0], "training_peak_gb": 7.5,
             "answers": 4}

    def test_what_must_not_be_is_named(self):
        self.assertEqual(large.faults(self.SOUND, 8.0), [])
        for key, value, word in (("resumed_is_the_same", False, "resumed"),
                                 ("losses", [9.0] * 10, "did not fall"),
                                 ("losses", [9.0, 1.0], "2 steps"),
                                 ("training_peak_gb", 8.5, "took 8.5 GB"),
                                 ("answers", 3, "3 answers")):
            found = large.faults({**self.SOUND, key: value}, 8.0)
            self.assertEqual(len(found), 1, key)
            self.assertIn(word, found[0])

    def test_a_state_tells_its_step(self):
        states = sorted((ROOT / "tests/fixtures/compatibility").glob("*/stopped/state/*"))
        self.assertTrue(states)
        for state in states:
            log = (state.parents[1] / "log.jsonl").read_text(encoding="utf-8").splitlines()
            self.assertEqual(large.saved_step(state), json.loads(log[-1])["step"])


class Memory(unittest.TestCase):
    def test_told_holds_from_taken_to_15_percent_more(self):
        self.assertEqual(memory.judge(1_000, 1_000), "")
        self.assertEqual(memory.judge(1_150, 1_000), "")
        self.assertIn("told", memory.judge(1_160, 1_000))
        self.assertIn("took", memory.judge(999, 1_000))

    def test_a_budget_is_kept_or_refused_before_the_first_step(self):
        def entry(refused, steps, peak=0):
            return {"refused": refused, "steps": steps, "peak_rss_bytes": peak}
        self.assertEqual(memory.judge_budget(1e9, entry(True, 0)), "")
        self.assertIn("refused", memory.judge_budget(1e9, entry(True, 1)))
        self.assertEqual(memory.judge_budget(1e9, entry(False, 3, 1e9)), "")
        self.assertIn("took", memory.judge_budget(1e9, entry(False, 3, 1.1e9)))

    def test_the_results_hold(self):
        path = ROOT / "bench" / "results" / "memory.json"
        if not path.exists():
            self.skipTest("memory has not been measured yet")
        for name, model in json.loads(path.read_text(encoding="utf-8")).items():
            for one in model["runs"]:
                fault = (memory.judge_budget(memory.bytes_of(one["budget"]), one)
                         if "budget" in one
                         else memory.judge(one["told_bytes"], one["peak_rss_bytes"]))
                self.assertEqual(fault, "", f"{name} {one['options']}")


class Profile(unittest.TestCase):
    def test_samples_are_counted_by_kind_of_work(self):
        lines = ["    40.00%  [unknown]  [.] 0x00007f0000000000",
                 "    10.00%  libdnnl.so.2.6  [.] dnnl::impl::brgemm_kernel",
                 "    20.00%  relatum  [.] relatum::kernels::avx512::lora_up",
                 "    10.00%  libgomp.so.1.0.0  [.] gomp_barrier_wait_end", "",
                 "    20.00%  relatum  [.] main"]
        self.assertEqual(profile_kinds.shares("\n".join(lines)),
                         {"frozen weights' products (oneDNN)": 0.5, "adapter's products": 0.2,
                          "the rest": 0.2, "waiting for the other thread": 0.1})

    def test_nothing_seen_is_an_error(self):
        with self.assertRaises(SystemExit):
            profile_kinds.shares("# no samples")


class Tables(unittest.TestCase):
    def test_the_page_has_the_tables_of_the_results(self):
        text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
        self.assertEqual(tables.filled(text), text, "run bench/tables.py --write")

    def test_each_table_has_its_place(self):
        text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
        for name in tables.TABLES:
            self.assertRegex(text, rf"(?s)<!-- {name} -->\n.*?<!-- end -->")

    def test_the_worst_agreement_is_told(self):
        one = {"ours": "int8", "against": ["a", "b"]}
        line = {"agreement": {"bf16": 1.0, "int8": 0.98, "a": 0.99, "b": 0.96, "c": 0.5}}
        self.assertEqual(tables.alike(line, one), "96 %")
        self.assertEqual(tables.alike({"agreement": 0.5}, one), "50 %")
        self.assertEqual(tables.alike({}, one), "")

    def test_a_page_without_their_place_is_refused(self):
        with self.assertRaises(SystemExit):
            tables.filled("no marks here")


if __name__ == "__main__":
    unittest.main()
