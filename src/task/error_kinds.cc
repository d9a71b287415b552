// Cuts labels to relations and sorts what does not agree.
#include "task/error_kinds.h"

#include <algorithm>
#include <string>
#include <vector>

#include "task/metric.h"

namespace relatum::task {
namespace {

using Indices = std::vector<int32_t>;

bool has(const Indices& list, int32_t label) {
  return std::find(list.begin(), list.end(), label) != list.end();
}

Indices without(const Indices& list, const Indices& others) {
  Indices left;
  for (const int32_t label : list) {
    if (!has(others, label)) left.push_back(label);
  }
  return left;
}

/// Removes pairs of labels that differ in their direction alone; gives their number.
int64_t take_turned(const Labels& labels, Indices& missed, Indices& wrong) {
  int64_t count = 0;
  for (size_t m = 0; m < missed.size();) {
    const auto turned = std::find_if(wrong.begin(), wrong.end(), [&](int32_t label) {
      return same_relation_turned(labels.name(missed[m]), labels.name(label));
    });
    if (turned == wrong.end()) {
      ++m;
      continue;
    }
    wrong.erase(turned);
    missed.erase(missed.begin() + ptrdiff_t(m));
    ++count;
  }
  return count;
}

void count_pair(const ScoredLabels& scored, std::optional<int32_t> negative, size_t i,
                ErrorKinds& kinds) {
  Indices missed = without(scored.gold[i], scored.predicted[i]);
  Indices wrong = without(scored.predicted[i], scored.gold[i]);
  kinds.direction += take_turned(scored.labels, missed, wrong);
  for (size_t k = 0; k < std::max(missed.size(), wrong.size()); ++k) {
    if (k >= wrong.size()) {
      ++kinds.unanswered;
    } else if (k >= missed.size()) {
      ++kinds.extra;
    } else if (wrong[k] == negative) {
      ++kinds.missed;
    } else if (missed[k] == negative) {
      ++kinds.spurious;
    } else {
      ++kinds.relation;
    }
  }
}

/// The labels cut to their relations; indices of the cut ones by those of the full ones.
struct CutLabels {
  Labels labels;
  Indices of;

  explicit CutLabels(const Labels& full) {
    for (const std::string& name : full.names()) {
      of.push_back(int32_t(labels.add(std::string(split_direction(name).relation))));
    }
  }
  Indices cut(const Indices& full) const {
    Indices list;
    for (const int32_t label : full) {
      if (!has(list, of[size_t(label)])) list.push_back(of[size_t(label)]);
    }
    return list;
  }
};

}  // namespace

DirectedLabel split_direction(std::string_view label) {
  constexpr std::string_view kForward = "(e1,e2)", kReversed = "(e2,e1)";
  const bool reversed = label.ends_with(kReversed);
  if ((!reversed && !label.ends_with(kForward)) || label.size() == kForward.size()) {
    return {label, false, false};
  }
  return {label.substr(0, label.size() - kForward.size()), true, reversed};
}

std::string turned_label(std::string_view label) {
  const DirectedLabel split = split_direction(label);
  return std::string(split.relation) + (split.reversed ? "(e1,e2)" : "(e2,e1)");
}

bool same_relation_turned(std::string_view one, std::string_view other) {
  const DirectedLabel a = split_direction(one), b = split_direction(other);
  return a.directed && b.directed && a.reversed != b.reversed && a.relation == b.relation;
}

ErrorKinds count_errors(const ScoredLabels& scored, std::optional<int32_t> negative) {
  ErrorKinds kinds;
  for (size_t i = 0; i < scored.gold.size(); ++i) count_pair(scored, negative, i, kinds);
  return kinds;
}

std::string_view error_kind(const ScoredLabels& scored, std::optional<int32_t> negative,
                            size_t example) {
  ErrorKinds kinds;
  count_pair(scored, negative, example, kinds);
  if (kinds.direction) return "direction";
  if (kinds.relation) return "relation";
  if (kinds.missed) return "missed";
  if (kinds.spurious) return "spurious";
  if (kinds.unanswered) return "unanswered";
  return kinds.extra ? "extra" : "";
}

std::optional<Undirected> score_undirected(const ScoredLabels& scored,
                                           std::optional<int32_t> negative) {
  const auto& names = scored.labels.names();
  const bool any = std::any_of(
      names.begin(), names.begin() + scored.scope.known,
      [](const std::string& name) { return split_direction(name).directed; });
  if (!any) return std::nullopt;
  const CutLabels cut(scored.labels);
  Confusion confusion(cut.labels,
                      negative ? std::optional(cut.of[size_t(*negative)]) : std::nullopt);
  int64_t right = 0;
  for (size_t i = 0; i < scored.gold.size(); ++i) {
    const Indices gold = cut.cut(scored.gold[i]), answers = cut.cut(scored.predicted[i]);
    confusion.add(cells_of(gold, answers));
    right += !answers.empty() && without(answers, gold).empty();
  }
  Undirected result;
  result.accuracy = double(right) / double(scored.gold.size());
  result.micro_all = metric("micro_all").compute(confusion).value_or(Scores{});
  result.macro = metric("macro").compute(confusion).value_or(Scores{});
  result.micro_relations = metric("tacred_micro").compute(confusion);
  result.macro_relations = metric("macro_relations").compute(confusion);
  return result;
}

bool is_right(const ScoredLabels& scored, size_t example) {
  const Indices& answers = scored.predicted[example];
  return !answers.empty() && without(answers, scored.gold[example]).empty();
}

}  // namespace relatum::task
