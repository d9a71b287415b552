// Runs of all documents as one list of texts, batch by batch.
#include "jobs/entity_search.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace relatum::jobs {
namespace {

// A run, or a part of one that fits the context.
struct Part {
  size_t document;
  std::span<const WordPlace> words;
};

class Texts {
 public:
  explicit Texts(const engine::Session& session) : session_(session) {}

  void add(size_t document, std::string_view text, std::span<const WordPlace> words) {
    engine::SpanText made = span_text(session_, text, words);
    if (int64_t(made.tokens.size()) <= session_.model().info().context) {
      texts.push_back(std::move(made));
      parts.push_back({document, words});
    } else if (words.size() > 1) {
      add(document, text, words.first(words.size() / 2));
      add(document, text, words.subspan(words.size() / 2));
    }
  }

  std::vector<engine::SpanText> texts;
  std::vector<Part> parts;

 private:
  const engine::Session& session_;
};

bool overlap(const task::Piece& a, const task::Piece& b) {
  return a.start < b.end && b.start < a.end;
}

}  // namespace

std::vector<FoundEntity> without_overlaps(std::vector<FoundEntity> found) {
  std::ranges::sort(found, {}, [](const FoundEntity& each) {
    return std::tuple(-each.probability, each.span.start, -each.span.end);
  });
  std::vector<FoundEntity> kept;
  for (const FoundEntity& each : found) {
    const bool taken = std::ranges::any_of(
        kept, [&](const FoundEntity& other) { return overlap(each.span, other.span); });
    if (!taken) kept.push_back(each);
  }
  std::ranges::sort(kept, {}, [](const FoundEntity& each) { return each.span.start; });
  return kept;
}

std::vector<std::vector<FoundEntity>> EntitySearch::find(std::span<const TextRuns> documents,
                                                         const Context& context) const {
  Texts all(worker.session());
  for (size_t i = 0; i < documents.size(); ++i) {
    for (const WordRun& run : documents[i].runs) all.add(i, documents[i].text, run);
  }
  std::vector<std::vector<FoundEntity>> found(documents.size());
  size_t next = 0;
  engine::find_spans(
      worker, head, all.texts, spans,
      [&](std::vector<std::vector<engine::ClassedWords>>&& batch) {
    for (const auto& classed : batch) {
      const Part& part = all.parts[next++];
      std::vector<FoundEntity> own;
      for (const engine::ClassedWords& span : classed) {
        own.push_back({{part.words[size_t(span.first)].start, part.words[size_t(span.last)].end},
                       span.label - 1,
                       span.probability});
      }
      if (!this->overlap) own = without_overlaps(std::move(own));
      auto& of_document = found[part.document];
      of_document.insert(of_document.end(), own.begin(), own.end());
    }
      },
      context);
  // Of a document that was not looked at whole nothing is told.
  if (next < all.parts.size()) found.resize(all.parts[next].document);
  return found;
}

EntityScores score_entities(std::span<const EntityDocument> documents,
                            std::span<const std::vector<FoundEntity>> found) {
  EntityScores scores;
  for (size_t i = 0; i < documents.size(); ++i) {
    const std::vector<MarkedEntity>& marked = documents[i].marked;
    scores.marked += int64_t(marked.size());
    scores.found += int64_t(found[i].size());
    for (const FoundEntity& each : found[i]) {
      scores.right += std::ranges::binary_search(marked, MarkedEntity{each.span, each.type});
    }
  }
  return scores;
}

}  // namespace relatum::jobs
