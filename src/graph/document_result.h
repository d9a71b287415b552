// What one document gave: its sentences, the mentions in it, and the edges that may hold between
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/code_points.h"
#include "task/document.h"

namespace relatum::graph {

/// A stretch of a document in code points, `end` exclusive.
using Stretch = task::Piece;

/// A stretch of the text that names an entity.
struct Mention {
  Stretch span;
  std::string type;
  double probability = 1;   ///< that it is a mention of this type
  std::string text;         ///< the span's own slice of the document
  std::string gazetteer{};  ///< the id that a gazetteer gives the name; "": none
};

/// A relation that may hold: one label asked of one ordered pair of mentions.
struct CandidateEdge {
  size_t head = 0, tail = 0;  ///< places in DocumentResult::mentions
  std::string label;
  double probability = 0;  ///< that the relation holds, against that it does not
  Stretch sentence;        ///< the sentence, or the window of sentences, that was read
};

struct DocumentResult {
  std::string id;      ///< one document of a graph has it
  std::string source;  ///< where it was read: a path, a row of a file
  std::string sha256;  ///< of its bytes as they were read
  std::string text;
  std::vector<Stretch> sentences;
  std::vector<Mention> mentions;
  std::vector<CandidateEdge> edges;
  std::string adapter{};  ///< the hash of the adapter that gave edges probabilities; "": none did
  /// A hash of whatever else decided the result (window, gazetteer, limits), so that a document is
  /// read again where one of them has changed.
  std::string settings{};
};

/// What is wrong with a result, as the rest of a sentence, or "": text that is not UTF-8 or holds
/// U+0000, stretches that are empty or blank or leave the text, mentions whose text is not the
/// span's, probabilities outside of 0 to 1, edges without a label or between no two mentions.
std::string problem_of(const DocumentResult& result);

}  // namespace relatum::graph
