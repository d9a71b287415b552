// Blocks of documents, looked through together.
#include "jobs/suggest_entities.h"

#include <fmt/format.h>

#include <utility>

#include "jobs/extract_blocks.h"

namespace relatum::jobs {
namespace {

constexpr size_t kMostDocuments = 64, kMostBytes = size_t{1} << 18;

}  // namespace

SuggestEntities::SuggestEntities(std::unique_ptr<graph::EntityFinder> finder, Take take,
                                 const Context& context)
    : finder_(std::move(finder)), take_(std::move(take)), context_(context) {}

void SuggestEntities::add(task::Document&& document) {
  bytes_ += document.text.size();
  waiting_.push_back(std::move(document));
  if (!finder_ || waiting_.size() >= kMostDocuments || bytes_ >= kMostBytes) finish();
}

void SuggestEntities::finish() {
  std::vector<size_t> looked_at;
  std::vector<std::vector<graph::Stretch>> sentences;
  for (size_t i = 0; finder_ && i < waiting_.size(); ++i) {
    if (!waiting_[i].entities.empty()) continue;
    looked_at.push_back(i);
    sentences.push_back(splitter_.split(waiting_[i].text));
  }
  std::vector<graph::DocumentView> views;
  for (size_t i = 0; i < looked_at.size(); ++i) {
    const task::Document& document = waiting_[looked_at[i]];
    views.push_back({document.id, document.text, sentences[i], {}});
  }
  if (!views.empty()) {
    const auto found = finder_->find(views, context_);
    if (found.size() < views.size()) throw Stopped{};
    for (size_t i = 0; i < found.size(); ++i) {
      task::Document& document = waiting_[looked_at[i]];
      for (const graph::Mention& each : found[i]) {
        task::Entity entity = task::entity_of(fmt::format("T{}", document.entities.size() + 1),
                                              each.type, {{each.span.start, each.span.end}});
        entity.probability = each.probability;
        document.entities.push_back(std::move(entity));
      }
      entities_ += int64_t(found[i].size());
    }
    documents_ += int64_t(views.size());
  }
  for (task::Document& each : waiting_) take_(std::move(each));
  waiting_.clear();
  bytes_ = 0;
}

}  // namespace relatum::jobs
