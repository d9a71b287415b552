// The figure that the RAG4RE authors' script computes, kept for comparison with their paper.
#include <algorithm>
#include <string>

#include "task/metric.h"
#include "task/semeval_scorer.h"
#include "task/tacred_labels.h"

namespace relatum::task {
namespace {

std::string behind_last(const std::string& text, char mark) {
  const size_t at = text.rfind(mark);
  return at == text.npos ? text : text.substr(at + 1);
}

/// Gold and prediction are cut to the part behind the last ":" (gold first to its last word), the
/// label list is not: labels such as "per:title" can then neither be gold nor predicted. The list
/// is that of the gold and the inventory; a label that answers alone have is none of it.
std::optional<Scores> compute(const Confusion& confusion) {
  const Labels& labels = confusion.labels();
  // The index in the uncut list, or -1: counts nowhere.
  const auto listed = [&](const std::string& name) -> int64_t {
    const int64_t index = labels.find(name).value_or(-1);
    return index < confusion.scope().known ? index : -1;
  };
  std::vector<int64_t> gold(size_t(confusion.size())), predicted(gold.size());
  for (int32_t i = 0; i < confusion.size(); ++i) {
    const std::string& name = labels.name(i);
    gold[size_t(i)] = listed(behind_last(behind_last(name, ' '), ':'));
    predicted[size_t(i)] = listed(behind_last(name, ':'));
  }
  int64_t correct = 0, answers = 0, relations = 0;
  for (const auto& [cell, count] : confusion.entries()) {
    const int64_t g = cell.gold == Confusion::kNone ? -1 : gold[size_t(cell.gold)];
    const int64_t p = cell.predicted == Confusion::kNone ? -1 : predicted[size_t(cell.predicted)];
    if (g >= 0) relations += count;
    if (p >= 0) answers += count;
    if (g >= 0 && g == p) correct += count;
  }
  return scores_of(correct, answers, relations);
}

/// The data of the authors' paper: TACRED with its relabellings, and SemEval.
bool wanted(const Confusion& confusion) {
  const auto within = [&](const std::vector<std::string>& known) {
    for (int32_t i = 0; i < confusion.scope().inventory; ++i) {
      if (std::find(known.begin(), known.end(), confusion.labels().name(i)) == known.end()) {
        return false;
      }
    }
    return true;
  };
  return is_semeval(confusion) || within(tacred_labels()) || within(retacred_labels());
}

}  // namespace

const Metric& metric_rag4re() {
  static const Metric metric = {
      "rag4re", "as the RAG4RE authors' script counts", compute, wanted,
      "rag4re counts answers and gold labels cut to what stands behind their last ':', but only "
      "where that is a whole label: of TACRED's labels no_relation alone, of SemEval's all, Other "
      "among them."};
  return metric;
}

}  // namespace relatum::task
