// Results of documents, written by hand: sentences in which mentions are marked.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/utf8.h"
#include "graph/document_result.h"

namespace relatum::testing {

/// "[Ann|PERSON] flies for [Kestrel|ORG|Q1]." becomes a sentence with two mentions, the second one
/// with a gazetteer id. Mentions are named by their order in the document, from 0.
inline graph::DocumentResult graph_result(const std::string& id,
                                          const std::vector<std::string>& sentences) {
  graph::DocumentResult result;
  result.id = id;
  result.source = id + ".txt";
  result.adapter = "adapter-1";
  int64_t length = 0;  // of the text, in code points: counting it anew would take a square of it
  const auto put = [&](std::string_view piece) {
    result.text += piece;
    length += utf8_length(piece);
  };
  for (const std::string& marked : sentences) {
    if (!result.text.empty()) put(" ");
    const int64_t start = length;
    for (size_t at = 0; at < marked.size();) {
      if (marked[at] != '[') {
        const size_t mark = std::min(marked.find('[', at), marked.size());
        put(std::string_view(marked).substr(at, mark - at));
        at = mark;
        continue;
      }
      const size_t end = marked.find(']', at);
      const std::string inside = marked.substr(at + 1, end - at - 1);
      const size_t type = inside.find('|'), gazetteer = inside.find('|', type + 1);
      graph::Mention mention;
      mention.text = inside.substr(0, type);
      mention.type = inside.substr(type + 1, gazetteer - type - 1);
      if (gazetteer != inside.npos) mention.gazetteer = inside.substr(gazetteer + 1);
      mention.span.start = length;
      mention.probability = 0.9;
      put(mention.text);
      mention.span.end = length;
      result.mentions.push_back(mention);
      at = end + 1;
    }
    result.sentences.push_back({start, length});
  }
  result.sha256 = sha256(std::as_bytes(std::span(result.text)));
  return result;
}

/// Adds an edge, read in the sentence of its head.
inline void add_edge(graph::DocumentResult& result, size_t head, size_t tail,
                     const std::string& label, double probability) {
  const int64_t place = result.mentions.at(head).span.start;
  for (const graph::Stretch& sentence : result.sentences) {
    if (place < sentence.start || place >= sentence.end) continue;
    result.edges.push_back({head, tail, label, probability, sentence});
  }
}

}  // namespace relatum::testing
