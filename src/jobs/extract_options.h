// What an extraction is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/choices.h"
#include "task/labels.h"
#include "task/prediction_table.h"

namespace relatum::jobs {

/// An adapter by the name that rows give it.
struct NamedAdapter {
  std::string name, folder;
};

/// The members are the options of `relatum extract`; their defaults are its defaults.
struct ExtractOptions {
  ModelChoice model;  ///< an empty name: the run's
  DataChoice data;
  std::string adapter;                 ///< of all rows; empty: none, or `adapters`
  std::vector<NamedAdapter> adapters;  ///< each row names one of them
  std::string prompt, index, embedder, input, out = "-", answer = "scored";
  std::string format;  ///< empty: by the ending of `out`
  std::string task;    ///< relations, entities or joint; empty: what the run learned
  /// Joint: the entities are those that documents list; none are looked for.
  bool given_entities = false;
  std::string entities;  ///< joint: a run that finds them; empty: the adapter's own
  std::optional<double> entity_threshold;  ///< engine::SpanSearch::from
  std::vector<std::string> entity_types;   ///< the only ones that are looked for; empty: all
  std::optional<std::string> negative;
  int64_t neighbours = 0;  ///< 0: as the run was trained, else 1
  std::string examples;    ///< "nearest" or "random"; empty: as the run was trained, else nearest
  std::optional<uint64_t> examples_seed;  ///< of random ones; none: the run's, else 1
  int64_t max_new_tokens = 32, batch_tokens = 2048;
  double negligible = 0, min_probability = 0;
  bool scores = false, chat = false, force = false, overwrite = false;
  bool resume = false;    ///< go on with the part of an output that is there
  bool no_index = false;  ///< do without the run's index
  /// Answer only with labels that the entities' types allow, as the adapter's training data had
  /// them; `types`: as this file says instead.
  bool constrain_types = false;
  std::string types;
  bool skip_negative = false;   ///< leave answers of the negative label out of the output
  std::string threshold;        ///< "": the likeliest label; "dev": the run's own; or a number
  bool multi_label = false;     ///< a pair gets all labels above the threshold
  bool no_calibration = false;  ///< do without the run's temperature and thresholds
  std::string calibration;      ///< a calibration.json to use; empty: the one beside the adapter
};

/// Settles what stands behind --adapter: one folder, or NAME=FOLDER for each of several, NAME of
/// letters, digits, '.', '_' and '-'. A folder that is there is one, whatever its name. Throws
/// Error for several without names, and for a name that is given twice.
void choose_adapters(const std::vector<std::string>& given, ExtractOptions& options);
/// Throws Error for a probability that is none: not a number.
void check_probabilities(const ExtractOptions& options);
/// The format that is asked for. Throws Error where other options exclude it.
task::PredictionFormat extract_format(const ExtractOptions& options);
/// The label that `skip_negative` leaves out: the one that is named, the run's, or the usual one.
/// Throws Error where `labels` lacks it, or there is none. Nothing without `skip_negative`.
std::optional<std::string> skipped_label(const ExtractOptions& options, const task::Labels& labels,
                                         const std::string& of_run);

}  // namespace relatum::jobs
