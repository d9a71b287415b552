// The figure that the RAG4RE authors' script computes, kept for comparison with their paper.
#include <string>

#include "task/metric.h"

namespace relatum::task {
namespace {

std::string behind_last(const std::string& text, char mark) {
  const size_t at = text.rfind(mark);
  return at == text.npos ? text : text.substr(at + 1);
}

/// Gold and prediction are cut to the part behind the last ":" (gold first to its last word), the
/// label list is not: labels such as "per:title" can then neither be gold nor predicted.
std::optional<Scores> compute(const Confusion& confusion) {
  const Labels& labels = confusion.labels();
  // The index in the uncut list, or -1: counts nowhere.
  std::vector<int64_t> gold(size_t(confusion.size())), predicted(gold.size());
  for (int32_t i = 0; i < confusion.size(); ++i) {
    const std::string& name = labels.name(i);
    gold[size_t(i)] = labels.find(behind_last(behind_last(name, ' '), ':')).value_or(-1);
    predicted[size_t(i)] = labels.find(behind_last(name, ':')).value_or(-1);
  }
  int64_t correct = 0, answers = 0, relations = 0;
  for (int32_t g = 0; g < confusion.size(); ++g) {
    if (gold[size_t(g)] >= 0) relations += confusion.gold_count(g);
    if (predicted[size_t(g)] >= 0) answers += confusion.predicted_count(g);
    for (int32_t p = 0; p < confusion.size(); ++p)
      if (gold[size_t(g)] >= 0 && gold[size_t(g)] == predicted[size_t(p)])
        correct += confusion.at(g, p);
  }
  return scores_of(correct, answers, relations);
}

}  // namespace

const Metric& metric_rag4re() {
  static const Metric metric = {"rag4re", "as the RAG4RE authors' script counts", compute};
  return metric;
}

}  // namespace relatum::task
