// Gives documents without entities those that a run finds, before their pairs are asked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/context.h"
#include "graph/entity_finder.h"
#include "graph/sentences.h"
#include "task/document.h"

namespace relatum::jobs {

class SuggestEntities {
 public:
  using Take = std::function<void(task::Document&&)>;
  /// `finder`: nullptr where nothing finds entities. `take` is given each document that was added,
  /// in their order.
  SuggestEntities(std::unique_ptr<graph::EntityFinder> finder, Take take, const Context& context);

  /// One without entities waits until there are enough to be looked at together. Throws Stopped
  /// where the context stops.
  void add(task::Document&& document);
  /// Hands on what waits.
  void finish();

  int64_t documents() const { return documents_; }  ///< in which entities were looked for
  int64_t entities() const { return entities_; }    ///< that were found

 private:
  std::unique_ptr<graph::EntityFinder> finder_;
  Take take_;
  const Context& context_;
  graph::SentenceSplitter splitter_{graph::SentenceRules{}};
  std::vector<task::Document> waiting_;
  size_t bytes_ = 0;
  int64_t documents_ = 0, entities_ = 0;
};

}  // namespace relatum::jobs
