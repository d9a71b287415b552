// A model that is ready to answer: base, adapter, prompts and retriever.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/worker.h"
#include "jobs/extract_prompts.h"
#include "jobs/extract_setup.h"
#include "jobs/retrieval.h"
#include "task/answer_prompts.h"
#include "train/adapter.h"

namespace relatum::jobs {

/// Rows of one call, answered from a place on.
struct AnswerPart {
  std::span<const task::Example> examples;
  size_t answered = 0;  ///< the first so many were answered by an earlier call that was stopped
};

/// Predictions of the next examples, in order. A row that is too long has no label.
using TakeAnswers = std::function<void(std::vector<task::Prediction>&& next)>;

class Answerer {
 public:
  /// Opens the model, and an adapter and an index where `setup` names them. Throws Error for what
  /// they were not trained or made with. `options`, `setup` and `host` outlive it.
  Answerer(const ExtractOptions& options, const ExtractSetup& setup, const task::Labels& labels,
           const Host& host);

  /// One prediction per example. Throws Error for an example that is too long, unless such rows are
  /// to be skipped. Fewer where the context stops.
  std::vector<task::Prediction> answer(std::span<const task::Example> examples);
  /// The same, batch after batch.
  void answer(const AnswerPart& part, const TakeAnswers& take, const Context& context);

  const engine::Session& session() const { return *session_; }
  const task::PromptRenderer& renderer() const { return renderer_; }
  /// Of the index; empty where none is used.
  std::string index_hash() const { return retrieval_ ? retrieval_->hash() : ""; }
  /// Stands before a line's number in messages.
  void set_file(std::string file) { limit_.file = std::move(file); }
  const LengthLimit& limit() const { return limit_; }

  struct Counts {
    int64_t too_long = 0, overlap = 0;
    std::string first_too_long;
  };
  /// Of all examples so far: rows too long, rows whose nearest neighbour has their own text.
  const Counts& counts() const { return counts_; }

 private:
  void load_adapter(const Host& host);
  void open_index(const Host& host);

  const ExtractOptions& options_;
  const ExtractSetup& setup_;
  task::PromptRenderer renderer_;
  std::unique_ptr<engine::Session> session_;
  std::unique_ptr<train::Adapter> adapter_;
  std::optional<engine::Worker> worker_;
  std::optional<Retrieval> retrieval_;
  LengthLimit limit_;
  Counts counts_;
  const Context& context_;
};

}  // namespace relatum::jobs
