// Sentences to vectors by a run: the states that its answers are read from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "jobs/host.h"
#include "task/example.h"
#include "tensor/buffer.h"

namespace relatum::jobs {

/// Whether a folder holds a run of `finetune`, whose states may be vectors; never throws.
bool is_run(const std::filesystem::path& folder);

/// A retriever that knows the task: pairs lie near one another where the run is about to answer
/// alike. The vector of an example is the final state at the last token of its prompt, or of a
/// classifier both states that it reads, divided by its length. Not thread-safe.
class RunStates {
 public:
  struct Choice {
    std::string compute = "f32";  ///< "f32", "bf16" or "auto"
    std::string models{};         ///< where named models lie; empty: the usual places
    bool skip_long = false;       ///< see of()
  };
  /// Opens a run. Throws Error where the run's states are no such vectors: of prompts that need a
  /// retrieved example, of an encoder-decoder, and of runs that read all pairs of a sentence at
  /// once.
  RunStates(const std::filesystem::path& run, const Choice& choice, const Host& host);
  ~RunStates();
  RunStates(const RunStates&) = delete;
  RunStates& operator=(const RunStates&) = delete;

  /// N examples to N x D, of length 1; labels are not looked at. Fewer rows where the context
  /// stops. An example that is longer than the model's context is an Error that names it, or with
  /// `skip_long` a row of zeros.
  Matrix<float> of(std::span<const task::Example> examples, const Context& context);

  /// SHA-256 of what decides the vectors: base, adapter, and how prompts are made.
  const std::string& hash() const;
  /// "last state of prompts, normalised", or what a classifier reads.
  const std::string& described() const;
  int64_t too_long() const;     ///< examples so far that have no vector
  std::string compute() const;  ///< "f32" or "bf16"

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace relatum::jobs
