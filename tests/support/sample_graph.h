// Documents made by chance, with names that files have trouble with, and a schema for them.
#pragma once

#include <fmt/format.h>

#include <random>
#include <string>
#include <vector>

#include "graph/store.h"
#include "support/graph_results.h"

namespace relatum::testing {

inline const std::vector<std::string>& hostile_names() {
  static const std::vector<std::string> names = {"Ann \"the Ax\" O'Neill",
                                                 "back\\slash \\u0041",
                                                 "comma, semi; colon:",
                                                 "<b>&amp;</script>",
                                                 "line\nbreak\ttab",
                                                 "אבג דהו",
                                                 "\u202eesrever\u202c",
                                                 "👩‍🚀 crew 🏳️‍🌈",
                                                 "e\u0301tude\u0302",
                                                 "'''''\"\"\"",
                                                 "`back` ``ticks``",
                                                 "@prefix : <x> .",
                                                 "$1 ${HOME} %41 {0}",
                                                 "-->]]>",
                                                 "=1+1",
                                                 "\u2028line separator",
                                                 std::string("bell\x07 esc\x1b"),
                                                 "ufffe\uFFFE",
                                                 "Ümlaut ß ﬁ",
                                                 ";",
                                                 "x' OR '1'='1",
                                                 std::string(3000, 'w')};
  return names;
}

inline const char* sample_schema() {
  return R"([entities]
PERSON = "A human being, \"named\"."
ORG = "A firm; <or> a club, & so on."
"PLACE/höhe `x`" = "Somewhere."

[relations.works_for]
description = "The head is employed by the tail."
head = "PERSON"
tail = "ORG"
inverse = "employs"
max_per_head = 2

[relations.employs]

[relations.married_to]
description = "Both are \"married\"."
types = [["PERSON", "PERSON"]]
symmetric = true
functional = true

[relations."lies in, or <near>"]
head = ["ORG", "PLACE/höhe `x`"]
tail = "PLACE/höhe `x`"
acyclic = true
)";
}

/// A label that mostly fits the types of the sample's schema, and sometimes not.
inline std::string sample_label(const graph::Mention& head, const graph::Mention& tail,
                                std::mt19937& random) {
  static const std::vector<std::string> labels = {"works_for", "employs", "married_to",
                                                  "lies in, or <near>", "bites"};
  const std::string types = head.type.substr(0, 2) + tail.type.substr(0, 2);
  if (random() % 4 == 0) return labels[random() % labels.size()];
  if (types == "PEOR") return "works_for";
  if (types == "ORPE") return "employs";
  if (types == "PEPE") return "married_to";
  return labels[3];
}

/// Document `number`; the same for the same number and seed.
inline graph::DocumentResult sample_document(int number, int sentences = 6, unsigned seed = 1) {
  static const std::vector<std::string> types = {"PERSON", "PERSON",         "ORG", "ORG",
                                                 "PERSON", "PLACE/höhe `x`", "DOG"};
  std::mt19937 random(seed * 1'000'003u + unsigned(number));
  const auto& names = hostile_names();
  std::vector<std::string> marked;
  for (int s = 0; s < sentences; ++s) {
    std::string sentence;
    const int count = int(random() % 5);
    for (int m = 0; m < count; ++m) {
      const bool plain = random() % 3 == 0;
      const std::string name = plain ? fmt::format("Name {}", random() % 40)
                                     : names[random() % names.size()];
      const std::string id = random() % 8 ? "" : fmt::format("|Q\"{}", random() % 10);
      sentence += fmt::format("[{}|{}{}] word ", name, types[random() % types.size()], id);
    }
    marked.push_back(sentence + "ends here.");
  }
  // A bracket would end a mark too early.
  for (std::string& sentence : marked) {
    for (size_t at; (at = sentence.find("]]>")) != sentence.npos;) sentence.replace(at, 3, "))>");
  }
  graph::DocumentResult result = graph_result(fmt::format("doc \"{}\"/ü.txt", number), marked);
  const auto probability = [&] { return double(random() % 999 + 1) / 1000; };
  for (graph::Mention& mention : result.mentions) mention.probability = probability();
  size_t next = 0;  // mentions stand in the order of the text
  for (const graph::Stretch& sentence : result.sentences) {
    const size_t first = next;
    while (next < result.mentions.size() && result.mentions[next].span.end <= sentence.end) ++next;
    for (size_t head = first; head < next; ++head) {
      for (size_t tail = first; tail < next; ++tail) {
        if (head == tail) continue;
        const auto& mentions = result.mentions;
        const std::string label = sample_label(mentions[head], mentions[tail], random);
        result.edges.push_back({head, tail, label, probability(), sentence});
      }
    }
  }
  return result;
}

inline graph::GraphRules sample_rules() {
  graph::GraphRules rules;
  rules.schema = graph::Schema::parse(sample_schema(), "sample.toml");
  return rules;
}

}  // namespace relatum::testing
