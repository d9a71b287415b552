// Results of documents, written by hand: sentences in which mentions are marked.
#pragma once

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
  for (const std::string& marked : sentences) {
    if (!result.text.empty()) result.text += ' ';
    const int64_t start = utf8_length(result.text);
    for (size_t at = 0; at < marked.size();) {
      if (marked[at] != '[') {
        result.text += marked[at++];
        continue;
      }
      const size_t end = marked.find(']', at);
      const std::string inside = marked.substr(at + 1, end - at - 1);
      const size_t type = inside.find('|'), gazetteer = inside.find('|', type + 1);
      graph::Mention mention;
      mention.text = inside.substr(0, type);
      mention.type = inside.substr(type + 1, gazetteer - type - 1);
      if (gazetteer != inside.npos) mention.gazetteer = inside.substr(gazetteer + 1);
      mention.span.start = utf8_length(result.text);
      mention.probability = 0.9;
      result.text += mention.text;
      mention.span.end = utf8_length(result.text);
      result.mentions.push_back(mention);
      at = end + 1;
    }
    result.sentences.push_back({start, utf8_length(result.text)});
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
