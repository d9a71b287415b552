// Sentences to runs of words, entities to mentions.
#include "jobs/learned_entities.h"

#include <algorithm>
#include <utility>

#include "jobs/entity_model.h"

namespace relatum::jobs {
namespace {

class LearnedEntities final : public graph::EntityFinder {
 public:
  template <typename... Parts>
  explicit LearnedEntities(Parts&&... parts) : model_(std::forward<Parts>(parts)...) {}

  std::vector<graph::Mentions> find(std::span<const graph::DocumentView> documents,
                                    const Context& context) override {
    std::vector<TextRuns> texts;
    for (const graph::DocumentView& document : documents) {
      texts.push_back({document.text, word_runs(document.text, document.sentences)});
    }
    std::vector<graph::Mentions> all;
    for (const auto& found : model_.search().find(texts, context)) {
      const CodePoints places(documents[all.size()].text);
      graph::Mentions mentions;
      for (const FoundEntity& each : found) {
        mentions.push_back({each.span, model_.form().types[size_t(each.type)], each.probability,
                            std::string(places.slice(each.span.start, each.span.end))});
      }
      std::ranges::sort(mentions, graph::in_order);
      all.push_back(std::move(mentions));
    }
    return all;
  }

  std::string identity() const override { return model_.identity(); }

 private:
  EntityModel model_;
};

}  // namespace

std::unique_ptr<graph::EntityFinder> learned_entities(const ExtractOptions& options,
                                                      const Host& host) {
  check_entity_run(options.adapter);
  return std::make_unique<LearnedEntities>(options, settle_entities(options, host), host);
}

std::unique_ptr<graph::EntityFinder> learned_entities(const ExtractOptions& options,
                                                      const RunInfo& run,
                                                      const Answerer& answerer) {
  return std::make_unique<LearnedEntities>(options, run, answerer.session(), answerer.adapter());
}

}  // namespace relatum::jobs
