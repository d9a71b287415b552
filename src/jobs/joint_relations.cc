// Pairs as a graph has them, answers as an extraction has them.
#include "jobs/joint_relations.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "jobs/answer_rule.h"
#include "jobs/extract_blocks.h"
#include "jobs/joint_pairs.h"

namespace relatum::jobs {
namespace {

// Of a pair that may have several labels all of them.
void add_relations(const AskedPair& pair, const task::Prediction& answer,
                   const std::optional<std::string>& negative, std::vector<FoundRelation>& to) {
  const auto add = [&](const std::string& label, std::optional<double> probability) {
    if (label != negative) to.push_back({pair.head, pair.tail, label, probability});
  };
  if (answer.labels) {
    for (size_t i = 0; i < answer.labels->size(); ++i) {
      const bool known = i < answer.label_probabilities.size();
      add((*answer.labels)[i], known ? std::optional(answer.label_probabilities[i]) : std::nullopt);
    }
  } else if (answer.label) {
    add(*answer.label, answer.probability);
  }
}

}  // namespace

JointRelations::JointRelations(const ExtractOptions& options, const ExtractSetup& setup,
                               Answerer& answerer)
    : answerer_(answerer),
      rules_(joint_rules(options, setup.labels.value(), named_negative(options, setup))),
      pairs_(rules_) {
  if (rules_.negative) negative_ = rules_.labels.name(*rules_.negative);
}

std::vector<std::vector<FoundRelation>> JointRelations::find(std::span<FoundDocument> documents,
                                                             const Context& context) {
  std::vector<std::unique_ptr<OpenDocument>> open;
  std::vector<AskedPair> asked;
  for (FoundDocument& each : documents) {
    graph::DocumentResult result;
    result.id = each.id;
    result.text = each.text;
    result.sentences = each.sentences;
    result.mentions = std::move(each.mentions);
    pairs_.add(result, open.size(), asked);
    open.push_back(std::make_unique<OpenDocument>(std::move(result)));
  }
  std::vector<std::vector<FoundRelation>> found(documents.size());
  for (size_t begin = 0; begin < asked.size(); begin += kExtractBlock) {
    const size_t end = std::min(asked.size(), begin + kExtractBlock);
    std::vector<task::Example> examples;
    for (size_t i = begin; i < end; ++i) {
      examples.push_back(pairs_.example(*open[asked[i].document], asked[i]));
    }
    size_t next = begin;
    answerer_.answer(
        {examples, 0},
        [&](std::vector<task::Prediction>&& answers) {
      for (const task::Prediction& answer : answers) {
        const AskedPair& pair = asked[next++];
        add_relations(pair, answer, negative_, found[pair.document]);
      }
        },
        context);
    if (next < end) throw Stopped{};
  }
  return found;
}

}  // namespace relatum::jobs
