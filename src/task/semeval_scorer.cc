// The three evaluations of SemEval-2010 Task 8's scorer, from counts.
#include "task/semeval_scorer.h"

#include <algorithm>

#include "base/error.h"

namespace relatum::task {
namespace {

constexpr std::string_view kOther = "Other";

std::string undirected(const std::string& label) { return label.substr(0, label.find('(')); }

/// A count per (gold, predicted) pair of the scorer's own label order. Labels that are not the
/// scorer's share a last row and column (a gold kNone, too); after it comes the column of skipped
/// pairs.
struct Counts {
  std::vector<std::string> names;  // sorted as printed, Other last
  std::vector<std::vector<int64_t>> pairs;
  std::vector<int64_t> wrong_direction;

  explicit Counts(std::vector<std::string> labels)
      : names(std::move(labels)), pairs(names.size() + 1, std::vector<int64_t>(names.size() + 2)),
        wrong_direction(names.size() + 1) {}
  /// names.size() for a label that is not the scorer's.
  size_t place(const std::string& name) const {
    return size_t(std::find(names.begin(), names.end(), name) - names.begin());
  }
  int64_t gold(size_t g) const {
    int64_t sum = wrong_direction[g];
    for (const int64_t count : pairs[g]) sum += count;
    return sum;
  }
  int64_t predicted(size_t p) const {
    int64_t sum = 0;
    for (const auto& row : pairs) sum += row[p];
    return sum;
  }
};

std::vector<std::string> undirected_labels() {
  std::vector<std::string> names;
  for (const std::string& label : semeval_labels()) {
    if (names.empty() || names.back() != undirected(label)) names.push_back(undirected(label));
  }
  return names;
}

Counts count(const Confusion& confusion, bool directed, bool official) {
  Counts counts(directed ? semeval_labels() : undirected_labels());
  const auto name = [&](int32_t label) {
    const std::string& full = confusion.labels().name(label);
    return directed ? full : undirected(full);
  };
  const size_t outside = counts.names.size();
  const auto place = [&](int32_t label) {
    return label == Confusion::kNone ? outside : counts.place(name(label));
  };
  for (const auto& [cell, number] : confusion.entries()) {
    const size_t gold = place(cell.gold), predicted = place(cell.predicted);
    if (cell.predicted == Confusion::kNone) {
      counts.pairs[gold].back() += number;
    } else if (official && gold == predicted && cell.gold != cell.predicted && gold < outside) {
      counts.wrong_direction[gold] += number;
    } else {
      counts.pairs[gold][predicted] += number;
    }
  }
  return counts;
}

/// The relations that the scorer shows: the key's, Other, then those of the proposal only.
std::vector<size_t> shown(const Counts& counts) {
  std::vector<size_t> order, extra;
  const size_t other = counts.names.size() - 1;
  for (size_t i = 0; i < other; ++i) {
    if (counts.gold(i) > 0) {
      order.push_back(i);
    } else if (counts.predicted(i) > 0) {
      extra.push_back(i);
    }
  }
  if (counts.gold(other) + counts.predicted(other) > 0) order.push_back(other);
  order.insert(order.end(), extra.begin(), extra.end());
  return order;
}

void fill_matrix(const Counts& counts, SemevalEvaluation& result) {
  const std::vector<size_t> order = shown(counts);
  for (const size_t g : order) {
    result.relations.push_back(counts.names[g]);
    result.wrong_direction.push_back(counts.wrong_direction[g]);
    result.skipped.push_back(counts.pairs[g].back());
    result.actual.push_back(counts.gold(g));
    result.matrix.emplace_back();
    for (const size_t p : order) result.matrix.back().push_back(counts.pairs[g][p]);
    result.total += counts.gold(g);
    result.answered += counts.gold(g) - counts.pairs[g].back();
    result.right += counts.pairs[g][g];
  }
  result.skipped_other = counts.pairs[counts.names.size() - 1].back();
}

SemevalRow score(const Counts& counts, size_t i) {
  SemevalRow row;
  row.relation = counts.names[i];
  row.correct = counts.pairs[i][i];
  row.predicted = counts.predicted(i);
  row.wrong_direction = counts.wrong_direction[i];
  row.gold = counts.gold(i);
  row.scores = scores_of(row.correct, row.predicted + row.wrong_direction, row.gold);
  return row;
}

SemevalEvaluation evaluate(const Counts& counts) {
  SemevalEvaluation result;
  fill_matrix(counts, result);
  result.micro.relation = "micro";
  int64_t relations = 0;
  for (size_t i = 0; i < counts.names.size(); ++i) {
    if (counts.gold(i) == 0) continue;
    const SemevalRow row = score(counts, i);
    result.rows.push_back(row);
    if (row.relation == kOther) continue;
    ++relations;
    result.micro.correct += row.correct;
    result.micro.predicted += row.predicted;
    result.micro.wrong_direction += row.wrong_direction;
    result.micro.gold += row.gold;
    result.macro.precision += row.scores.precision;
    result.macro.recall += row.scores.recall;
    result.macro.f1 += row.scores.f1;
  }
  const SemevalRow& micro = result.micro;
  result.micro.scores = scores_of(micro.correct, micro.predicted + micro.wrong_direction,
                                  micro.gold);
  if (relations > 0) {
    result.macro.precision /= double(relations);
    result.macro.recall /= double(relations);
    result.macro.f1 /= double(relations);
  }
  return result;
}

double share(int64_t part, int64_t whole) { return whole ? double(part) / double(whole) : 0.0; }

bool all_semeval(std::span<const std::string> labels) {
  const auto& known = semeval_labels();
  const auto has_direction = [](const std::string& label) { return label != kOther; };
  return std::any_of(labels.begin(), labels.end(), has_direction) &&
         std::all_of(labels.begin(), labels.end(), [&](const std::string& label) {
           return std::find(known.begin(), known.end(), label) != known.end();
         });
}

}  // namespace

double SemevalEvaluation::coverage() const { return share(answered, total); }
double SemevalEvaluation::accuracy() const { return share(right, answered); }
double SemevalEvaluation::accuracy_skipped_wrong() const { return share(right, total); }
double SemevalEvaluation::accuracy_skipped_other() const {
  return share(right + skipped_other, total);
}

const std::vector<std::string>& semeval_labels() {
  static const std::vector<std::string> labels = [] {
    std::vector<std::string> all;
    for (const char* relation : {"Cause-Effect", "Component-Whole", "Content-Container",
                                 "Entity-Destination", "Entity-Origin", "Instrument-Agency",
                                 "Member-Collection", "Message-Topic", "Product-Producer"}) {
      all.push_back(std::string(relation) + "(e1,e2)");
      all.push_back(std::string(relation) + "(e2,e1)");
    }
    all.emplace_back(kOther);
    return all;
  }();
  return labels;
}

bool is_semeval(const Confusion& confusion) {
  const std::span<const std::string> names = confusion.labels().names();
  return all_semeval(names.first(size_t(confusion.scope().inventory)));
}

SemevalScores score_semeval(const Confusion& confusion) {
  RELATUM_CHECK(is_semeval(confusion));
  return {evaluate(count(confusion, true, false)), evaluate(count(confusion, false, false)),
          evaluate(count(confusion, false, true))};
}

}  // namespace relatum::task
