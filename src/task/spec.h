// SPEC, the name of some data on the command line: FORMAT:PATH?limit=100&sample=400&seed=1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::task {

/// Parsed SPEC. Rows with labels of `without` are none of it; of the others `limit` takes the
/// first, `sample` then draws from those, and of what it drew `few` leaves some.
struct Spec {
  std::string text;    ///< as the user wrote it
  std::string format;  ///< empty: to be told from the file
  std::string path;    ///< "-": JSON lines on standard input
  std::optional<int64_t> limit, sample;
  uint64_t seed = 1;
  std::optional<int64_t> window;  ///< of documents: code points of text around a pair
  std::string negative;           ///< of documents: the label of pairs without a relation
  std::string offsets;            ///< how a file's offsets count, where that does not show in it
  bool marked_entities = false;   ///< of rows: what they mark are all entities of their text
  int64_t few = 0;                ///< of these labels only so many rows each are taken
  std::vector<std::string> few_labels;
  std::vector<std::string> without;  ///< labels that are left out, with their rows
};

/// What may stand behind the "?".
struct SpecPart {
  std::string name, value, help;  ///< "limit", "N", and what it does
  bool of_pairs = false;          ///< it decides which pairs of documents are asked
};
const std::vector<SpecPart>& spec_parts();

/// Throws Error for an unknown part, a bad number or an empty path. What stands before the first
/// ":" is a format only where it is the name of one, and what stands behind the last "?" are parts
/// only where it has a "=" (so that paths may have both). A sample of more than there is takes all.
Spec parse_spec(std::string_view text);

}  // namespace relatum::task
