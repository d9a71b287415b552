// A comparison for the terminal.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/counted.h"
#include "base/printable.h"
#include "task/compare.h"
#include "task/text_columns.h"

namespace relatum::task {
namespace {

std::string p_text(double p) { return p < 0.0001 ? "< 0.0001" : fmt::format("{:.4f}", p); }

std::string files_text(const char* name, const std::vector<std::string>& files) {
  std::string text = fmt::format("  {}: {}", name, printable_start(files[0]));
  if (files.size() > 1) text += fmt::format(" and {} more", files.size() - 1);
  return text + "\n";
}

void write_figures(const Comparison& comparison, std::string& out) {
  constexpr int64_t kName = 18;
  out += fmt::format("\n{}       A       B    B - A   95 % interval           p\n",
                     padded("figure", kName));
  for (const FigureComparison& figure : comparison.figures) {
    out += fmt::format("{}  {:6.2f}  {:6.2f}  {:+7.2f}", padded(figure.name, kName),
                       100 * figure.first_mean, 100 * figure.second_mean, 100 * figure.difference);
    if (figure.interval) {
      out += fmt::format("  {:+6.2f} to {:+6.2f}  {:>8}", 100 * figure.interval->low,
                         100 * figure.interval->high, p_text(*figure.p));
    }
    out += figure.official ? "  official\n" : "\n";
  }
  if (!comparison.figures[0].interval) {
    out += comparison.samples == 0
               ? "No intervals: --samples is 0.\n"
               : "No intervals: there is one text, of which each draw is the same.\n";
    return;
  }
  out += fmt::format(
      "F1 but for accuracy. Intervals and p: paired bootstrap, {} draws of {}, percentile,\n"
      "seed {}; the same texts for both sides{}.\n",
      comparison.samples, counted(comparison.units, "text"), comparison.seed,
      comparison.first_files.size() + comparison.second_files.size() > 2
          ? ", whose figures are the means of their files"
          : "");
}

void write_spread(const char* name, const std::optional<Spread>& spread,
                  const std::vector<double>& values, std::string& out) {
  if (!spread) {
    out += fmt::format("  {}: one file, {:.2f}\n", name, 100 * values[0]);
    return;
  }
  out += fmt::format(
      "  {}: {} files, mean {:.2f}, deviation {:.2f}, 95 % interval {:.2f} to {:.2f}\n", name,
      values.size(), 100 * spread->mean, 100 * spread->deviation, 100 * spread->low,
      100 * spread->high);
}

void write_seeds(const Comparison& comparison, std::string& out) {
  if (comparison.first_files.size() + comparison.second_files.size() <= 2) return;
  for (size_t f = 0; f < 2; ++f) {
    const FigureComparison& figure = comparison.figures[f];
    out += fmt::format("\n{} over the files (t distribution; the texts held fixed)\n",
                       figure.title);
    write_spread("A", figure.first_spread, figure.first, out);
    write_spread("B", figure.second_spread, figure.second, out);
    if (!figure.welch) continue;
    const Welch& test = *figure.welch;
    out += fmt::format(
        "  B - A: {:+.2f}, 95 % interval {:+.2f} to {:+.2f}; Welch's t = {:.3f} with {:.2f} "
        "degrees\n  of freedom, p {}\n",
        100 * test.difference, 100 * test.low, 100 * test.high, test.t, test.freedom,
        p_text(test.p));
  }
}

void write_pairs(const Comparison& comparison, std::string& out) {
  if (comparison.pairs.empty()) {
    out += "\nMcNemar's test pairs one file with one: the sides have other numbers of files.\n";
    return;
  }
  out +=
      "\nMcNemar    both right  only A  only B  both wrong  test                  statistic"
      "         p\n";
  for (size_t i = 0; i < comparison.pairs.size(); ++i) {
    const PairedTest& pair = comparison.pairs[i];
    out += fmt::format("{:<10} {:10}  {:6}  {:6}  {:10}  {:<20}  {:9.3f}  {:>8}\n",
                       comparison.pairs.size() > 1 ? fmt::format("pair {}", i + 1) : "",
                       pair.both_right, pair.test.only_first, pair.test.only_second,
                       pair.both_wrong, pair.test.exact ? "exact (binomial)" : "chi², continuity",
                       pair.test.statistic, p_text(pair.test.p));
  }
}

void write_labels(const Comparison& comparison, std::string& out) {
  constexpr int64_t kName = 36;
  std::vector<LabelComparison> labels = comparison.per_label;
  std::erase_if(labels, [](const LabelComparison& each) { return each.support == 0; });
  std::stable_sort(labels.begin(), labels.end(),
                   [](const LabelComparison& a, const LabelComparison& b) {
    return std::abs(a.second - a.first) > std::abs(b.second - b.first);
  });
  out += fmt::format("\n{}       A       B    B - A  support\n",
                     padded("F1 of labels, most changed first", kName));
  for (const LabelComparison& label : labels) {
    out += fmt::format("{}  {:6.2f}  {:6.2f}  {:+7.2f}  {:7}\n", padded(label.label, kName),
                       100 * label.first, 100 * label.second, 100 * (label.second - label.first),
                       label.support);
  }
}

}  // namespace

std::string to_text(const Comparison& comparison) {
  std::string out = fmt::format("{}: {}\n", comparison.data,
                                counted(comparison.examples, "example"));
  out += files_text("A", comparison.first_files);
  out += files_text("B", comparison.second_files);
  write_figures(comparison, out);
  write_seeds(comparison, out);
  write_pairs(comparison, out);
  write_labels(comparison, out);
  return out;
}

}  // namespace relatum::task
