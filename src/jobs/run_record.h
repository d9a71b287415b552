// run.json: everything that decided a run, and what it cost.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace relatum::jobs {

/// What run.json's "format_version" says; records without one have this form, too.
inline constexpr int64_t kRunVersion = 1;

/// What "completion_blanks" says.
inline constexpr int64_t kCompletionBlanks = 1;

/// What "holdout_by" says where each label gives its share of the rows that are held out, and
/// documents stay whole. Earlier versions kept texts alone together, or drew from all rows alike.
inline constexpr const char* kHoldoutWhole = "label, documents whole";
inline constexpr const char* kHoldoutByLabel = "label";
inline constexpr const char* kHoldoutRegardless = "";

/// Of a run that finds entities: what its classifier of spans was made for.
struct RunEntities {
  std::vector<std::string> types;  ///< the classes behind that of no entity, in their order
  int64_t widest = 0, hidden = 0;  ///< words of the longest span, and the classifier's width
  int64_t lengths = 0;             ///< of spans, that have numbers of their own
  bool overlap = false;            ///< entities may overlap
  int64_t pair_hidden = 0;         ///< the width of the classifier of their pairs; 0: there is none
};

/// What a later command needs of a run's record.
struct RunInfo {
  std::string model, models, base, base_hash, compute, prompt, index, index_hash, status;
  std::string model_path, embedder;
  std::string method;                   ///< empty in records of versions that kept none
  std::string trained_hash;             ///< of the weights that method "full" wrote
  std::string head;                     ///< "classifier"; else empty
  std::vector<int64_t> marker_tokens;   ///< four, of a classifier's rows
  std::optional<RunEntities> entities;  ///< of a run that finds entities
  bool joint = false;                   ///< it answers pairs, too
  bool sentences = false;               ///< it learned the pairs of documents' sentences
  std::string prompt_hash;              ///< empty in records of versions that kept none
  std::string negative;                 ///< empty: none was named
  std::string holdout_by;               ///< kHoldoutWhole, or as an earlier version drew
  std::map<std::string, std::string> base_network;  ///< config.json's, as JSON text
  std::map<std::string, std::string> files;         ///< SHA-256 of what else the run wrote, by name
  std::string tokenizer_hash;                       ///< empty in records of versions that kept none
  std::string chat_hash;                            ///< of the chat template; empty without chat
  std::string train;                                ///< the SPEC of the training data
  std::string train_path;    ///< absolute; empty in records of versions before
  std::string index_path;    ///< absolute
  std::string index_beside;  ///< from the run's folder
  bool chat = false;
  int64_t neighbours = 1;
  std::string examples = "nearest";  ///< which stored examples prompts show, see example_choice()
  uint64_t seed = 1;
  int64_t micro_tokens = 0;  ///< 0: not recorded
  /// In front of a completion, where the tokenizer adds one itself; 0: of versions that had two.
  int64_t completion_blanks = 0;
  bool checkpoint = false;
};

/// Whether the run trained all weights: it has a model of its own then, and no adapter.
inline bool has_own_model(const RunInfo& run) { return run.method == "full"; }

/// Whether the run trained a classifier: it answers with labels alone, not in words.
inline bool is_classifier(const RunInfo& run) { return run.head == "classifier"; }

/// Whether it reads pairs from one pass over their sentence.
inline bool reads_pairs(const RunInfo& run) {
  return is_classifier(run) && run.entities && run.entities->pair_hidden > 0;
}

/// Whether all that the run does is to find entities: it answers no pairs.
inline bool finds_entities(const RunInfo& run) { return run.entities && !run.joint; }

/// Reads RUN/run.json. Throws Error naming file and key; or both versions, where its form is of
/// another one.
RunInfo read_run(const std::filesystem::path& run);
/// Writes RUN/run.json in one step.
void write_run(const std::filesystem::path& run, const nlohmann::json& record);

}  // namespace relatum::jobs
