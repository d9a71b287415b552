// What a graph is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/extract_options.h"

namespace relatum::jobs {

/// Compares names where no other embedder is named.
inline constexpr const char* kUsualEmbedder = "all-minilm-l6-v2";

/// The members are the options of `relatum graph`; their defaults are its defaults.
struct GraphOptions {
  /// How relations are asked. Of its `data`, the labels and skip_bad_rows count; its input, output,
  /// answer and format are settled here.
  ExtractOptions asking;
  std::vector<std::string> documents;  ///< files, folders, "-" (graph/documents/document_files.h)
  std::string text_column = "text", language = "en";
  std::string entities;                    ///< a run that finds entities; empty: none does
  std::string schema, gazetteer, aliases;  ///< files; empty: none
  std::string out, format, base_iri;       ///< no format: by the ending of `out`
  std::string into;                        ///< the store; empty: none is kept
  std::string threshold;                   ///< "": 0.5; "dev": the run's own; or a number
  std::string combine = "maximum";         ///< or "noisy-or"
  int64_t window = 1;                      ///< sentences
  std::optional<int64_t> most_distance{};  ///< code points between two entities
  int64_t most_pairs = 200;                ///< of one window, the nearest
  /// Names of one type whose cosine is at least this are one entity, by asking.embedder, else
  /// kUsualEmbedder; none: names are compared as they are written.
  std::optional<double> similar{};
  double floor = 0.01;    ///< candidate edges below it are not kept
  int64_t table = 0;      ///< strongest edges to be shown instead of a file
  int64_t columns = 100;  ///< of the terminal that they are shown in
  bool sync = false, fold_accents = false, any_case = false;
  bool no_types = false;  ///< do without the types that the run's training data had
  bool json = false;      ///< the output is the summary
};

}  // namespace relatum::jobs
