// The way of a row through an extraction: gathered to a block, answered, written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "jobs/answerer.h"
#include "jobs/extract_output.h"

namespace relatum::jobs {

/// Rows that share the beginnings of their prompts, and that are in memory at a time.
constexpr size_t kExtractBlock = 1000;

/// Thrown through a reader to end it, once the context stops.
struct Stopped {};

class ExtractBlocks {
 public:
  /// `rows`: their number, where it is known. Rows that `output` has already, from an earlier run,
  /// are passed over: blocks begin where that run's began. The others outlive it.
  ExtractBlocks(std::optional<int64_t> rows, Answerer& answerer, ExtractOutput& output,
                const Context& context);
  ExtractBlocks(const ExtractBlocks&) = delete;
  ExtractBlocks& operator=(const ExtractBlocks&) = delete;

  /// Takes the next row; answers the block that it fills. Throws Stopped.
  void add(task::Example&& example);
  /// Answers all rows that wait. Throws Stopped.
  void answer();
  /// The same where an Error came from reading, so that the rows before it are answered; nothing
  /// where it came from answering, or comes from it now.
  void answer_what_waits();

 private:
  void report(Progress progress) const;

  const std::optional<int64_t> rows_;
  Answerer& answerer_;
  ExtractOutput& output_;
  const Context& context_;
  Context inner_;                  // the same, its progress that of all rows
  const ExtractProgress before_;   // what an earlier run wrote
  int64_t place_ = 0, begun_ = 0;  // rows that were read; rows before the block
  bool answering_ = false;
  std::vector<task::Example> block_;
};

}  // namespace relatum::jobs
