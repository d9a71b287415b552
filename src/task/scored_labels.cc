// Builds the list of labels: inventory, gold, then what answers alone have.
#include "task/scored_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/known_names.h"
#include "base/printable.h"
#include "task/forms.h"
#include "task/join.h"
#include "task/negative_names.h"

namespace relatum::task {
namespace {

constexpr size_t kNamed = 5;  // labels that a warning lists

std::vector<LabelCount> sorted(const std::map<std::string, int64_t>& counts) {
  std::vector<LabelCount> list;
  for (const auto& [label, count] : counts) list.push_back({label, count});
  std::stable_sort(list.begin(), list.end(),
                   [](const LabelCount& a, const LabelCount& b) { return a.count > b.count; });
  return list;
}

int64_t sum(const std::vector<LabelCount>& list) {
  int64_t total = 0;
  for (const LabelCount& each : list) total += each.count;
  return total;
}

std::string with_counts(const std::vector<LabelCount>& list) {
  std::string text;
  for (size_t i = 0; i < std::min(list.size(), kNamed); ++i) {
    text += fmt::format("{}'{}' ({})", i ? ", " : "", printable_start(list[i].label),
                        list[i].count);
  }
  if (list.size() > kNamed) {
    text += fmt::format(" and {} more {}", list.size() - kNamed,
                        list.size() == kNamed + 1 ? "label" : "labels");
  }
  return text;
}

void require_gold(const Dataset& data) {
  const auto bare = [](const Example& example) { return gold_labels(example).empty(); };
  const auto first = std::find_if(data.examples.begin(), data.examples.end(), bare);
  if (first == data.examples.end()) return;
  const auto count = std::count_if(data.examples.begin(), data.examples.end(), bare);
  fail("task.evaluate",
       fmt::format("{}: {} of {} examples {} no gold label to compare with; the first is '{}' "
                   "(line {}). Evaluate on labelled data.",
                   data.name, count, data.examples.size(), count == 1 ? "has" : "have",
                   printable_start(first->id), first->line));
}

/// Who lacks a label, for a sentence.
const char* nobody_has(const ScoredLabels& scored) {
  return scored.has_inventory ? "neither the gold nor the inventory has" : "the gold does not have";
}

std::string outside_warning(const ScoredLabels& scored) {
  const int64_t count = sum(scored.outside);
  if (count == 1) {
    return fmt::format("1 of {} answers is a label that {}: '{}'. It counts as wrong.",
                       scored.answers, nobody_has(scored),
                       printable_start(scored.outside[0].label));
  }
  return fmt::format("{} of {} answers are labels that {}: {}. They count as wrong.", count,
                     scored.answers, nobody_has(scored), with_counts(scored.outside));
}

std::string unknown_warning(const ScoredLabels& scored) {
  const int64_t count = sum(scored.unknown_gold);
  if (count == 1) {
    return fmt::format(
        "one gold label is not in the inventory: '{}'. An answer is right there "
        "only if it is this label.",
        printable_start(scored.unknown_gold[0].label));
  }
  return fmt::format(
      "{} gold labels are not in the inventory: {}. An answer is right there only "
      "if it is that label.",
      count, with_counts(scored.unknown_gold));
}

}  // namespace

std::vector<std::string> answers_of(const Prediction& prediction) {
  std::vector<std::string> answers;
  if (prediction.labels) {
    for (const std::string& label : *prediction.labels) {
      if (std::find(answers.begin(), answers.end(), label) == answers.end()) {
        answers.push_back(label);
      }
    }
  } else if (prediction.label) {
    answers.push_back(*prediction.label);
  }
  return answers;
}

ScoredLabels index_labels(const Dataset& data, std::span<const Prediction* const> joined) {
  require_gold(data);
  ScoredLabels scored;
  scored.labels = data.labels;
  scored.has_inventory = !data.open_labels;
  std::map<std::string, int64_t> unknown, outside;
  for (const Example& example : data.examples) {
    scored.gold.emplace_back();
    for (const std::string& label : gold_labels(example)) {
      if (!data.open_labels && !data.labels.find(label)) ++unknown[label];
      scored.gold.back().push_back(int32_t(scored.labels.add(label)));
    }
  }
  scored.scope.known = int32_t(scored.labels.size());
  scored.scope.inventory = data.open_labels ? scored.scope.known : int32_t(data.labels.size());
  scored.usual_negative = negative_label(scored.labels);
  std::map<std::string, int32_t> alike;  // labels by the form that people see
  for (int32_t i = 0; i < scored.scope.known; ++i) {
    alike.emplace(seen_form(scored.labels.name(i)), i);
  }
  for (const Prediction* prediction : joined) {
    scored.predicted.emplace_back();
    if (!prediction) continue;
    for (const std::string& label : answers_of(*prediction)) {
      const auto seen = alike.find(seen_form(label));
      const bool as_it_is = scored.labels.find(label) || seen == alike.end();
      const int32_t index = as_it_is ? int32_t(scored.labels.add(label)) : seen->second;
      if (index >= scored.scope.known) ++outside[label];
      auto& answers = scored.predicted.back();
      if (std::find(answers.begin(), answers.end(), index) != answers.end()) continue;
      answers.push_back(index);
      ++scored.answers;
    }
  }
  scored.unknown_gold = sorted(unknown);
  scored.outside = sorted(outside);
  return scored;
}

std::optional<int32_t> negative_index(const ScoredLabels& scored,
                                      const std::optional<std::string>& given) {
  if (!given) {
    if (!scored.usual_negative) return std::nullopt;
    return int32_t(*scored.labels.find(*scored.usual_negative));
  }
  const auto index = scored.labels.find(*given);
  if (index && *index < scored.scope.known) return int32_t(*index);
  const std::vector<std::string>& all = scored.labels.names();
  const std::vector<std::string> known(all.begin(), all.begin() + scored.scope.known);
  const std::string near = did_you_mean(*given, known);
  fail("task.evaluate",
       fmt::format("--negative '{}': {} this label.{}", printable_start(*given), nobody_has(scored),
                   near.empty() ? fmt::format(" The labels are {}.", listed(known)) : near));
}

std::vector<std::string> label_warnings(const ScoredLabels& scored,
                                        const std::optional<std::string>& given) {
  std::vector<std::string> warnings;
  if (!scored.outside.empty()) warnings.push_back(outside_warning(scored));
  if (!scored.unknown_gold.empty()) warnings.push_back(unknown_warning(scored));
  if (given) return warnings;
  for (int32_t i = 0; i < scored.scope.known; ++i) {
    const std::string& label = scored.labels.name(i);
    if (label == scored.usual_negative || !looks_negative(label)) continue;
    warnings.push_back(
        fmt::format("the label '{0}' is scored as a relation like any other. If it "
                    "means no relation, give --negative '{0}'.",
                    printable_start(label)));
  }
  return warnings;
}

}  // namespace relatum::task
