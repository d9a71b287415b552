// Which rows an epoch has, and how much each counts: --negatives and --label-weights.
#pragma once

#include <map>
#include <string>

#include "jobs/finetune_data.h"
#include "jobs/finetune_rows.h"

namespace relatum::jobs {

/// The label that --negatives is about: --negative, or no_relation or Other, whichever the
/// inventory has. Throws Error that says how to name it where it has neither.
std::string thinned_label(const FinetuneOptions& options, const task::Labels& labels);

/// Whether what --label-weights was given is a file's path, not empty and not "balanced".
bool names_weights_file(const std::string& given);

/// The weights of a JSON file {label: weight}. Throws Error with the file for a label that the
/// inventory lacks and for a weight that is no number above 0.
std::map<std::string, double> read_label_weights(const std::string& file,
                                                 const task::Labels& labels);

/// n / (k n_c) for each of the k labels that occur, n_c times among n rows: what scikit-learn's
/// compute_class_weight("balanced") gives (King & Zeng 2001, "Logistic regression in rare events
/// data", for the idea).
std::map<std::string, double> balanced_weights(const std::map<std::string, int64_t>& counts);

/// How many rows of each label an epoch has; labels of which it has none are left out.
std::map<std::string, int64_t> epoch_counts(const FinetuneData& data, const FinetuneRows& rows);

/// Throws Error where the options cannot be honoured with these data.
void check_balance(const FinetuneOptions& options, const FinetuneData& data);

/// Sets `rows.thinned` and the training rows' weights, and says so in a line each. Balanced weights
/// are of the rows that an epoch has. rows.train[i] is of data.train.examples[i].
void balance_rows(const FinetuneOptions& options, const FinetuneData& data, FinetuneRows& rows,
                  const Context& context);

}  // namespace relatum::jobs
