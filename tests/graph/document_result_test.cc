// Results that contradict themselves are told by what is wrong.
#include "graph/document_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "support/graph_results.h"

namespace relatum::graph {
namespace {

using ::testing::HasSubstr;

DocumentResult sound_result() {
  DocumentResult result = testing::graph_result("d",
                                                {"[Zoë 👩‍🚀|PERSON] runs [Acme|ORG]."});
  testing::add_edge(result, 0, 1, "runs", 0.9);
  return result;
}

TEST(DocumentResult, OfATextWithWideCharactersIsSound) {
  EXPECT_EQ(problem_of(sound_result()), "");
  DocumentResult empty;
  empty.id = "empty";
  EXPECT_EQ(problem_of(empty), "");
}

TEST(DocumentResult, TellsWhatIsWrong) {
  const std::vector<std::pair<std::string, std::function<void(DocumentResult&)>>> faults =
      {
          {"its id is empty", [](auto& r) { r.id = ""; }},
          {"its text is not UTF-8", [](auto& r) { r.text += '\xff'; }},
          {"U+0000", [](auto& r) { r.text += '\0'; }},
          {"sentence 0 to 99", [](auto& r) { r.sentences[0].end = 99; }},
          {"mention 5 to 5 lies outside",
           [](auto& r) {
    r.mentions[0].span = {5, 5};
           }},
          {"but the text has 'oë",
           [](auto& r) {
    ++r.mentions[0].span.start;
           }},
                                                                                  {"is blank",
                                                                                   [](auto& r) {
    r.mentions[0].span = {3, 4}, r.mentions[0].text = " ";
                                                                                   }},
      {"has a probability of nan", [](auto& r) { r.mentions[0].probability = std::nan(""); }},
      {"a type or an id", [](auto& r) { r.mentions[0].type = "A\nB"; }},
      {"from mention 0 to mention 0", [](auto& r) { r.edges[0].tail = 0; }},
      {"from mention 7 to mention 1 of 2", [](auto& r) { r.edges[0].head = 7; }},
      {"without a label", [](auto& r) { r.edges[0].label = ""; }},
      {"a probability of 1.5", [](auto& r) { r.edges[0].probability = 1.5; }},
      {"whose sentence, -1 to 3",
       [](auto& r) {
    r.edges[0].sentence = {-1, 3};
       }},
      };
  for (const auto& [said, break_it] : faults) {
    DocumentResult result = sound_result();
    break_it(result);
    EXPECT_THAT(problem_of(result), HasSubstr(said));
  }
}

}  // namespace
}  // namespace relatum::graph
