// Who runs a session's model: memory for passes of its own, and the adapters that it runs with.
#pragma once

#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/error.h"
#include "engine/session.h"
#include "nn/graph.h"

namespace relatum::engine {

/// One thread at a time uses a worker; a pass runs on all of that thread's OpenMP threads. Workers
/// of one session share nothing that changes, so they may run at once, each with adapters of its
/// own. Session and adapters outlive it.
class Worker {
 public:
  explicit Worker(const Session& session, const nn::LoraSet* adapter = nullptr)
      : Worker(session, std::vector<const nn::LoraSet*>{adapter}) {}
  /// With several adapters, for inference: prompts name theirs by its place here (engine/inputs.h).
  /// nullptr: the base alone. At least one.
  Worker(const Session& session, std::vector<const nn::LoraSet*> adapters)
      : session_(session), adapters_(std::move(adapters)) {
    RELATUM_CHECK(!adapters_.empty());
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  const Session& session() const { return session_; }
  const arch::Model& model() const { return session_.model(); }
  /// How many adapters it runs with, the base alone among them.
  size_t adapters() const { return adapters_.size(); }
  /// nullptr: the base alone.
  const nn::LoraSet* adapter(size_t place) const { return adapters_[place]; }
  /// Of a worker that has one.
  const nn::LoraSet* adapter() const {
    RELATUM_CHECK(adapters_.size() == 1);
    return adapters_[0];
  }
  /// The output head of its passes: the adapter's where it brings one, else the model's, if any.
  const nn::Linear* head(size_t place = 0) const {
    const nn::LoraSet* own = adapters_[place];
    return own && own->head ? own->head : model().head();
  }
  Arena& arena() { return arena_; }
  /// A graph in the emptied arena: earlier ones are lost. `trained`: see nn::Graph.
  nn::Graph graph(bool recording = false, const nn::WeightGradients* trained = nullptr) {
    arena_.reset();
    return nn::Graph(arena_, session_.compute(), recording, trained);
  }

 private:
  const Session& session_;
  std::vector<const nn::LoraSet*> adapters_;
  Arena arena_;
};

}  // namespace relatum::engine
