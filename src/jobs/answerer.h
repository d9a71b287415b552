// A model that is ready to answer: base, adapters, prompts and retrievers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/worker.h"
#include "jobs/extract_prompts.h"
#include "jobs/extract_setup.h"
#include "jobs/retrieval.h"
#include "task/answer_prompts.h"
#include "task/answer_scores.h"
#include "task/type_constraints.h"
#include "tensor/buffer.h"
#include "train/adapter.h"
#include "train/pair_numbers.h"

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
  /// they were not trained or made with. `options` and `host` outlive it.
  Answerer(const ExtractOptions& options, const ExtractSetup& setup, const task::Labels& labels,
           const Host& host);
  /// Opens one model, and beside it all adapters, each with the labels that it can answer. Examples
  /// name theirs (task::Example::adapter), and are answered in batches of any of them. `options`
  /// are those of the extraction; each adapter is held against the base by its record.
  Answerer(const ExtractOptions& options, std::vector<NamedSetup> setups,
           std::span<const task::Labels> labels, const Host& host);

  /// One prediction per example. Throws Error for an example that is too long, unless such rows are
  /// to be skipped. Fewer where the context stops.
  std::vector<task::Prediction> answer(std::span<const task::Example> examples);
  /// The same, batch after batch.
  void answer(const AnswerPart& part, const TakeAnswers& take, const Context& context);

  /// What calibration looks at, with the only adapter, or none: one per example, empty for one that
  /// is too long and skipped. The examples count as training data: their own text is never their
  /// neighbour. Fewer where the context stops.
  std::vector<task::AnswerScores> score(std::span<const task::Example> examples);

  /// What the only adapter's answers are read from, for RunStates: per example the state at the end
  /// of its prompt, or both that a classifier reads; zeros for one that is too long and skipped.
  /// Fewer rows where the context stops. Throws Error for one that is too long and not skipped.
  Matrix<float> states(std::span<const task::Example> examples, const Context& context);

  const engine::Session& session() const { return *session_; }
  /// What passes run with beside the session's weights; nullptr: nothing. Of one adapter.
  const nn::LoraSet* adapter() const { return worker_->adapter(); }
  std::span<const NamedSetup> setups() const { return setups_; }
  const task::PromptRenderer& renderer(size_t adapter = 0) const {
    return seats_[adapter]->renderer;
  }
  const task::AnswerRule& rule(size_t adapter = 0) const { return seats_[adapter]->rule; }
  /// Of the index; empty where none is used.
  std::string index_hash(size_t adapter = 0) const {
    const auto& retrieval = seats_[adapter]->retrieval;
    return retrieval ? retrieval->hash() : "";
  }
  /// Of the index; nullptr where none is used, or one of a run's states.
  retrieve::Embedder* embedder(size_t adapter = 0) const {
    const auto& retrieval = seats_[adapter]->retrieval;
    return retrieval ? retrieval->embedder() : nullptr;
  }
  /// Stands before a line's number in messages.
  void set_file(const std::string& file);
  /// Throws Error for a row that is too long and not to be skipped, as far as that can be told
  /// without its neighbours.
  void check_length(const task::Example& example) const;

  struct Counts {
    int64_t too_long = 0, overlap = 0;
    std::string first_too_long;
  };
  /// Of all examples so far: rows too long, rows whose first example has their own text.
  const Counts& counts() const { return counts_; }

 private:
  // What an adapter brings: how its rows are asked, and beside which examples.
  struct Seat {
    task::PromptRenderer renderer;
    std::unique_ptr<train::Adapter> adapter;
    std::unique_ptr<nn::Linear> classifier;  // nullptr: it answers in words, or by `pairs`
    std::unique_ptr<train::LoadedPairHead> pairs;
    nn::LoraSet classified;  // the adapter's, with that classifier
    std::shared_ptr<Retrieval> retrieval;
    LengthLimit limit;
    task::AnswerRule rule{};
  };
  // Indexes that are open, by folder and embedder.
  using Indexes = std::map<std::pair<std::string, std::string>, std::shared_ptr<Retrieval>>;

  void open_types();
  void open_adapters(const Host& host);
  void load_adapter(size_t place, const Host& host);
  const nn::LoraSet* with_classifier(Seat& seat, const nn::LoraSet* set) const;
  void open_index(size_t place, Indexes& open, const Host& host);
  Retrieved find(std::span<const task::Example> examples, std::span<const uint32_t> adapters,
                 QueryKind kind, const Context& context);
  void count_long(const ExtractPrompts& made);
  // Which of them are asked the other way round; empty: none is.
  std::vector<bool> turned_ones(std::span<const task::Example> examples,
                                std::span<const uint32_t> adapters) const;
  ExtractPrompts prompts_of(std::span<const task::Example> examples,
                            std::span<const uint32_t> adapters, const Retrieved& neighbours) const;

  const ExtractOptions& options_;
  std::vector<NamedSetup> setups_;
  std::vector<std::unique_ptr<Seat>> seats_;  // per setup
  // Per setup which labels the entities' types allow; empty: answers are not held to that.
  std::vector<task::TypeConstraints> types_;
  std::unique_ptr<engine::Session> session_;
  std::optional<engine::Worker> worker_;
  Counts counts_;
  const Context& context_;
};

/// Says of each adapter's answers that their probabilities are not the model's own, or held to a
/// threshold, where they are.
void tell_rules(const Answerer& answerer, const Context& context);

}  // namespace relatum::jobs
