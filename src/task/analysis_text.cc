// An analysis for the terminal.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/counted.h"
#include "base/printable.h"
#include "task/analysis.h"
#include "task/text_columns.h"

namespace relatum::task {
namespace {

constexpr size_t kPairs = 10;  // pairs of labels that are shown

void write_sentence(const TellingSentence& sentence, bool looked_up, std::string& out) {
  constexpr size_t kText = 400;
  out += fmt::format("    {}: {}\n", printable_start(sentence.example.id),
                     printable_start(marked_text(sentence.example), kText));
  out += fmt::format("      gold {}, answered {}", fmt::join(sentence.gold, ", "),
                     sentence.predicted.empty()
                         ? "nothing"
                         : fmt::format("{}", fmt::join(sentence.predicted, ", ")));
  if (sentence.probability) out += fmt::format(" ({:.1f} %)", 100 * *sentence.probability);
  if (sentence.nearest) {
    out += fmt::format("; {} {} ({:.2f}): {}", looked_up ? "nearest in the index" : "retrieved",
                       printable_start(sentence.nearest->id), sentence.nearest->similarity,
                       printable_start(sentence.nearest->label.value_or("no label")));
  }
  out += "\n";
}

void write_grouping(const Grouping& grouping, bool looked_up, std::string& out) {
  constexpr int64_t kName = 48;
  out += fmt::format("\n{}  wrong       of   share  95 % interval\n",
                     padded(grouping.title, kName));
  const bool pairs = grouping.key == "label_pair";
  size_t shown = 0;
  for (const AnalysisGroup& group : grouping.groups) {
    if (pairs && shown++ == kPairs) {
      out += fmt::format("  and {} more; --json has all\n", grouping.groups.size() - kPairs);
      break;
    }
    out += fmt::format("{}  {:5}  {:7}  {:6.2f}  {:.2f} to {:.2f}\n", padded(group.name, kName),
                       group.wrong, group.examples,
                       100 * double(group.wrong) / double(group.examples), 100 * group.error.low,
                       100 * group.error.high);
    for (const TellingSentence& each : group.sentences) write_sentence(each, looked_up, out);
  }
  out += wrapped(fmt::format("({})", grouping.rule));
}

}  // namespace

std::string to_text(const Analysis& analysis) {
  std::string out = fmt::format("{}: {} of {} wrong\n", analysis.data, analysis.wrong,
                                counted(analysis.examples, "example"));
  if (analysis.looked_up) {
    out += wrapped(
        "The predictions name no retrieved examples: the index's nearest were looked up instead.");
  }
  for (const Grouping& grouping : analysis.groupings) {
    write_grouping(grouping, analysis.looked_up, out);
  }
  if (analysis.cues.empty()) return out;
  out += fmt::format("\ncue words, from {}\n", analysis.cues_from);
  for (const auto& [relation, words] : analysis.cues) {
    out += fmt::format("  {}  {}\n", padded(relation, 30),
                       printable_start(fmt::format("{}", fmt::join(words, ", ")), 64));
  }
  return out;
}

}  // namespace relatum::task
