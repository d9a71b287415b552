// Two systems on the same examples: how much better one is, and how sure that is.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "task/evaluate.h"
#include "task/load.h"
#include "task/prediction.h"
#include "task/proportion.h"
#include "task/student.h"

namespace relatum::task {

/// Answers of one system: one file, or one for each seed.
struct Side {
  std::vector<std::string> files;
  std::vector<std::vector<Prediction>> runs;  ///< one per file
};

/// One figure of both sides; of several files, the mean of theirs.
struct FigureComparison {
  std::string name, title;  ///< a metric's, or "accuracy"
  bool official = false;
  std::vector<double> first, second;  ///< of each file: F1, or accuracy
  double first_mean = 0, second_mean = 0;
  /// Second minus first, with the percentile interval of the paired bootstrap: the same texts are
  /// drawn for all files, which are held fixed.
  double difference = 0;
  std::optional<Interval> interval;  ///< nothing for a single text
  /// Two-sided: twice the smaller share of draws in which the difference is not above, or not
  /// below, zero, the figure itself counted as one more draw; at most 1.
  std::optional<double> p;
  /// Over the files, with the texts held fixed; nothing for fewer than two.
  std::optional<Spread> first_spread, second_spread;
  std::optional<Welch> welch;
};

/// McNemar's test of one file of each side.
struct PairedTest {
  std::string first, second;  ///< the files
  int64_t both_right = 0, both_wrong = 0;
  McNemar test;
};

struct LabelComparison {
  std::string label;
  int64_t support = 0;
  double first = 0, second = 0;  ///< mean F1
};

struct Comparison {
  std::string data;
  int64_t examples = 0, units = 0, samples = 0;
  uint64_t seed = 1;
  std::vector<std::string> first_files, second_files;
  std::vector<FigureComparison> figures;  ///< the official one, accuracy, then the others
  std::vector<PairedTest> pairs;          ///< file by file; none where the sides differ in number
  std::vector<LabelComparison> per_label;
  std::vector<std::string> warnings;
};

/// `options.samples` are those of the bootstrap. Throws Error as evaluate() does; each side has a
/// file or more.
Comparison compare(const Dataset& data, const Side& first, const Side& second,
                   const EvaluateOptions& options);

/// What `compare --json` prints; fractions from 0 to 1.
std::string to_json(const Comparison& comparison);
/// Tables of at most 100 columns, in per cent.
std::string to_text(const Comparison& comparison);

}  // namespace relatum::task
