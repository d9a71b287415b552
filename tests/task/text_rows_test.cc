// Rows of JSON lines and tables that are a text alone, for what looks for entities.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datasets/support.h"

namespace relatum::task {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::Scratch;

/// What documents are read where rows may be texts alone, and the warnings.
std::pair<std::vector<std::string>, std::vector<std::string>> texts_of(const std::string& name,
                                                                       const std::string& text) {
  const Scratch scratch;
  LoadOptions options;
  options.texts = true;
  std::vector<std::string> out;
  const Dataset data = read_documents(
      parse_spec(scratch.file(name, text)), options,
      [&](Document&& document) { out.push_back(testing::told(document) + " " + document.text); });
  return {out, data.warnings};
}

TEST(TextRows, AreDocumentsWhereThatIsAskedFor) {
  const std::vector<std::string> two = {"7: (unlabelled) Ada runs Pell.",
                                        "2: (unlabelled) Bo, \"who\"\nsings."};
  const std::string lines =
      "{\"id\":7.0,\"text\":\"Ada runs Pell.\"}\n"
      "{\"text\":\"Bo, \\\"who\\\"\\nsings.\",\"head\":null}\n";
  EXPECT_EQ(texts_of("a.jsonl", lines), std::pair(two, std::vector<std::string>{}));
  EXPECT_THAT(testing::refusal_of("a.jsonl", lines),
              AllOf(HasSubstr("a.jsonl:1"), HasSubstr("'head' is missing")));
  // A line of prose may be a row by itself; a pair within quotes hardly is prose.
  const std::vector<std::string> table = {"7: (unlabelled) Ada runs Pell.",
                                          "8: (unlabelled) Bo\nin Rome, sings."};
  EXPECT_EQ(texts_of("a.csv", "id,text\n7,Ada runs Pell.\n8,\"Bo\nin Rome, sings.\"\n"),
            std::pair(table, std::vector<std::string>{}));
  EXPECT_EQ(texts_of("a.csv", "text,head,tail,label,id\nAda runs Pell.,,,,7\n").first,
            std::vector<std::string>{table[0]});
  EXPECT_THAT(texts_of("a.csv", "id,text\n7,\"Ada\n8,<e1>Bo</e1> <e2>a</e2>\n\"\n").second,
              ElementsAre(HasSubstr("a quote too many")));
  // What says where an entity is still has to be right; a label has nothing to be of.
  EXPECT_EQ(texts_of("a.jsonl", R"({"text":"<e1>a</e1> <e2>b</e2>"})").first,
            std::vector<std::string>{"1: T1=a: T2=b: (unlabelled) (pair) a b"});
  for (const char* bad : {R"({"text":"a b","head":"a"})", R"({"text":"a <e1>b</e1>"})",
                          R"({"text":"a b","tail_type":"X"})", R"({"text":" "})"}) {
    EXPECT_THAT(error_of([&] { texts_of("a.jsonl", bad); }), HasSubstr("a.jsonl:1")) << bad;
  }
  for (const auto& [name, row] :
       {std::pair("a.jsonl", R"({"text":"a b","label":"x"})"), {"a.csv", "text,label\na b,x\n"}}) {
    const auto [read, told] = texts_of(name, row);
    EXPECT_EQ(read.size(), 1u);
    EXPECT_THAT(told, ElementsAre(HasSubstr("a label of a row that marks no pair is not read")));
  }
}

}  // namespace
}  // namespace relatum::task
