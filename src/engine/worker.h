// Who runs a session's model: memory for passes of its own, and the adapter that it runs with.
#pragma once

#include "base/arena.h"
#include "engine/session.h"
#include "nn/graph.h"

namespace relatum::engine {

/// One thread at a time uses a worker; a pass runs on all of that thread's OpenMP threads. Workers
/// of one session share nothing that changes, so they may run at once, each with an adapter of its
/// own. Session and adapter outlive it.
class Worker {
 public:
  explicit Worker(const Session& session, const nn::LoraSet* adapter = nullptr)
      : session_(session), adapter_(adapter) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  const Session& session() const { return session_; }
  const arch::Model& model() const { return session_.model(); }
  /// nullptr: the base alone.
  const nn::LoraSet* adapter() const { return adapter_; }
  /// The output head of its passes: the adapter's where it brings one, else the model's, if any.
  const nn::Linear* head() const {
    return adapter_ && adapter_->head ? adapter_->head : model().head();
  }
  Arena& arena() { return arena_; }
  /// A graph in the emptied arena: earlier ones are lost. `trained`: see nn::Graph.
  nn::Graph graph(bool recording = false, const nn::WeightGradients* trained = nullptr) {
    arena_.reset();
    return nn::Graph(arena_, session_.compute(), recording, trained);
  }

 private:
  const Session& session_;
  const nn::LoraSet* adapter_;
  Arena arena_;
};

}  // namespace relatum::engine
