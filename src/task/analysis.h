// Where a system fails: its mistakes by what can be told of the sentences.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "task/cue_words.h"
#include "task/evaluate.h"
#include "task/proportion.h"

namespace relatum::task {

/// The nearest retrieved example of a row.
struct NearestExample {
  std::string id;
  double similarity = 0;  ///< cosine
  std::optional<std::string> label;
  std::optional<Example> example{};  ///< nothing where only its id is known
};

struct AnalysisOptions {
  std::optional<std::string> negative;
  bool missing_is_wrong = false;
  size_t sentences = 3;  ///< of each group
};

/// A wrong answer to be shown. The most telling ones are the most confident.
struct TellingSentence {
  Example example;
  std::vector<std::string> gold, predicted;
  std::optional<double> probability;
  std::string kind;  ///< error_kind()
  std::optional<NearestExample> nearest;
};

struct AnalysisGroup {
  std::string name;
  int64_t examples = 0, wrong = 0;
  ProportionInterval error;  ///< exact 95 % interval of wrong / examples
  std::vector<TellingSentence> sentences;
};

/// One way to sort the examples.
struct Grouping {
  std::string key, title;
  std::string rule;                   ///< how a group is decided, one sentence
  std::vector<AnalysisGroup> groups;  ///< those with examples
};

struct Analysis {
  std::string data;
  int64_t examples = 0, wrong = 0;
  std::vector<Grouping> groupings;
  bool looked_up = false;  ///< nearest examples are not those of the predictions, which name none
  std::string cues_from;   ///< which sentences the cues were counted in
  std::map<std::string, std::vector<std::string>> cues;  ///< the most frequent of each relation
  std::vector<std::string> warnings;
};

/// Where cue words come from.
struct CueSource {
  std::span<const Example> examples;
  std::string name;
  bool own = false;  ///< they are the analysed examples themselves
};

/// `nearest`: per example, or empty where nothing was retrieved. Throws Error as evaluate() does.
Analysis analyse(const Dataset& data, std::span<const Prediction> predictions,
                 std::span<const std::optional<NearestExample>> nearest, const CueSource& cues,
                 const AnalysisOptions& options);

/// What `analyse --json` prints.
std::string to_json(const Analysis& analysis);
/// Tables and sentences, lines of at most 100 columns but for the sentences.
std::string to_text(const Analysis& analysis);

}  // namespace relatum::task
