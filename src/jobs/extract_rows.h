// The rows of an extraction: looked through before a model is opened, then handed out one by one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "jobs/extract_setup.h"
#include "jobs/gold_labels.h"
#include "task/load.h"

namespace relatum::jobs {

/// What is known of the rows before any is answered, and the rows themselves.
class ExtractRows {
 public:
  /// Looks through a file, keeping nothing of it, and settles the labels that can be answered:
  /// those that are given, else the run's, else the index's, else the data's own, but for adapters
  /// that rows name. Standard input is left alone where the labels are known without it, and else
  /// read and kept. Throws Error for what is wrong with a row, a name of no adapter's among it, and
  /// where there is no label to choose from.
  ExtractRows(const ExtractOptions& options, std::span<const NamedSetup> setups, const Host& host);

  /// Those that an adapter can answer, by its place among the setups.
  const task::Labels& labels(size_t adapter = 0) const { return labels_[adapter]; }
  const std::vector<task::Labels>& all_labels() const { return labels_; }
  /// "test.jsonl", "standard input": what stands before a line's number.
  const std::string& file() const { return file_; }
  /// Their number; nothing where they are answered as they come.
  std::optional<int64_t> count() const { return count_; }
  /// Hands out all rows in order (of a run that learned both the pairs of documents are those of
  /// their sentences), without gold labels that cannot be answered. Can be called again
  /// unless they are answered as they come; then what looks wrong in them is told at the end.
  void each(const task::TakeExample& take) const;

 private:
  task::LoadOptions load_options() const;
  /// Rows of one pair, and the pairs of documents as the adapter asks them.
  task::Dataset read(const task::Spec& spec, const task::TakeExample& take) const;
  bool of_sentences() const;
  void check_sentences(const task::Example& row) const;
  bool named() const { return !setups_[0].name.empty(); }
  bool known_before(const task::Spec& spec);
  void settle(task::Dataset data);
  void settle_named(size_t adapter);
  void tell(const std::vector<GoldLabels>& gold) const;

  const ExtractOptions& options_;
  std::span<const NamedSetup> setups_;
  const Host& host_;
  DataChoice choice_;
  std::vector<task::Labels> labels_;  // per setup
  std::string file_ = "standard input", who_ = "the inventory";
  std::optional<int64_t> count_;
  std::optional<std::vector<task::Example>> kept_;
};

}  // namespace relatum::jobs
