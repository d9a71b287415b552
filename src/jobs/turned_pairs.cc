// Labels by their names, answers by their labels.
#include "jobs/turned_pairs.h"

#include <tuple>
#include <utility>

#include "jobs/graph_pairs.h"
#include "jobs/joint_pairs.h"
#include "task/error_kinds.h"

namespace relatum::jobs {

bool asks_in_order(const ExtractSetup& setup, const task::Labels& labels) {
  return asks_sentences(setup) && asked_once(labels);
}

bool tail_is_first(const task::Example& example) {
  const auto place = [](const task::Span& span) { return std::tuple(span.start, -span.end); };
  return place(example.tail) < place(example.head);
}

task::Example turned(task::Example example) {
  std::swap(example.head, example.tail);
  return example;
}

std::vector<task::Example> with_turned(std::span<const task::Example> examples,
                                       const std::vector<bool>& turns) {
  std::vector<task::Example> all;
  for (size_t i = 0; i < turns.size(); ++i) {
    all.push_back(turns[i] ? turned(examples[i]) : examples[i]);
  }
  return all;
}

std::string turned_in(const task::Labels& labels, const std::string& label) {
  const std::string other = task::turned_label(label);
  if (labels.find(other)) return other;
  const task::DirectedLabel split = task::split_direction(label);
  const std::string plain(split.relation);
  return split.reversed && labels.find(plain) ? plain : label;
}

void turn(const task::PromptRenderer& renderer, task::Prediction& prediction) {
  const task::Labels& labels = renderer.labels();
  if (prediction.label) {
    prediction.label = turned_in(labels, *prediction.label);
    prediction.answer = renderer.answers()[size_t(labels.index(*prediction.label, "answer"))];
  }
  if (prediction.labels) {
    for (std::string& label : *prediction.labels) label = turned_in(labels, label);
  }
  // Each label keeps its place; what it gets is what its turned form had.
  const auto given = prediction.scores;
  for (auto& [label, probability] : prediction.scores) {
    const std::string from = turned_in(labels, label);
    for (const auto& [name, value] : given) {
      if (name == from) probability = value;
    }
  }
}

}  // namespace relatum::jobs
