// Marked entities to mentions, their pairs to rows.
#include "jobs/joint_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <system_error>
#include <utility>

#include "base/code_points.h"
#include "base/counted.h"
#include "graph/entity_finder.h"
#include "jobs/answer_rule.h"
#include "jobs/entity_data.h"
#include "jobs/entity_texts.h"

namespace relatum::jobs {

MarkedDocument marked_document(const task::Document& document,
                               const graph::SentenceSplitter& splitter) {
  const CodePoints points(document.text);
  graph::Mentions mentions;
  for (const task::Entity& each : document.entities) {
    const task::Piece span{each.span.start, each.span.end};
    mentions.push_back({span, type_of(each.span), each.probability.value_or(1),
                        std::string(points.slice(span.start, span.end))});
  }
  MarkedDocument marked;
  marked.entities.resize(mentions.size());
  std::iota(marked.entities.begin(), marked.entities.end(), size_t{0});
  std::ranges::stable_sort(marked.entities, [&](size_t a, size_t b) {
    return graph::in_order(mentions[a], mentions[b]);
  });
  std::vector<task::Piece> spans;
  for (const size_t each : marked.entities) {
    spans.push_back(mentions[each].span);
    marked.result.mentions.push_back(std::move(mentions[each]));
  }
  marked.result.id = document.id;
  marked.result.text = document.text;
  marked.result.sentences = joined_across(splitter.split(document.text), spans);
  return marked;
}

GraphPairRules joint_rules(const ExtractOptions& options, task::Labels labels,
                           const std::optional<std::string>& negative) {
  namespace fs = std::filesystem;
  GraphPairRules rules;
  rules.negative = negative_index(labels, negative);
  rules.labels = std::move(labels);
  const fs::path kept = fs::path(options.adapter) / "types.json";
  std::error_code ignored;
  if (!options.types.empty()) {
    rules.types = task::TypeConstraints::load(options.types);
  } else if (fs::exists(kept, ignored)) {
    rules.types = task::TypeConstraints::load(kept);
  }
  return rules;
}

void JointPairs::each(const task::Document& document,
                      const std::function<void(task::Example&&)>& take) {
  if (document.pair) {
    task::make_pairs(document, {}, [&](task::Example&& row) {
      for (task::Span* span : {&row.head, &row.tail}) span->type = type_of(*span);
      take(std::move(row));
    });
    return;
  }
  MarkedDocument marked = marked_document(document, splitter_);
  const OpenDocument open(std::move(marked.result));
  std::vector<AskedPair> asked;
  pairs_.add(open.result, 0, asked);
  for (const AskedPair& pair : asked) {
    task::Example example = pairs_.example(open, pair);
    example.id = fmt::format("{}:{}:{}", document.id,
                             document.entities[marked.entities[pair.head]].id,
                             document.entities[marked.entities[pair.tail]].id);
    example.document = document.id;
    example.line = document.line;
    example.row = document.row;
    example.file = document.file;
    example.adapter = document.adapter;
    take(std::move(example));
  }
}

void JointPairs::tell(const Context& context) const { tell_beyond(pairs_, context); }

void tell_beyond(const GraphPairs& pairs, const Context& context) {
  if (!pairs.counts().beyond) return;
  context.warn(
      fmt::format("{} left out: a sentence's nearest {} pairs are asked. Cut long sentences.",
                  counted(pairs.counts().beyond, "pair"), pairs.most_pairs()));
}

}  // namespace relatum::jobs
