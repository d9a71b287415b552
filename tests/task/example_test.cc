// Marking, normalising and checking examples.
#include "task/example.h"

#include <gtest/gtest.h>

#include "support.h"
#include "task/marked.h"

namespace relatum::task {
namespace {

using testing::cases;

TEST(Example, MarksEntitiesAsTheCasesSay) {
  for (const auto& row : cases("marked_text.tsv")) {
    Example example{"1",
                    row[0],
                    {std::stol(row[1]), std::stol(row[2]), ""},
                    {std::stol(row[3]), std::stol(row[4]), ""},
                    {},
                    0};
    EXPECT_EQ(example_problem(example), "");
    EXPECT_EQ(marked_text(example), row[5]);
    EXPECT_EQ(normalised_text(marked_text(example)), normalised_text(row[0]));
    std::string brackets = row[5];
    for (const auto& [tag, bracket] :
         {std::pair{"<e1>", "["}, {"</e1>", "]"}, {"<e2>", "{"}, {"</e2>", "}"}}) {
      for (size_t at; (at = brackets.find(tag)) != std::string::npos;) {
        brackets.replace(at, std::string_view(tag).size(), bracket);
      }
    }
    EXPECT_EQ(mark_entities(example, Markers::kBrackets).text, brackets);
  }
}

TEST(Example, CutsEntitiesByCodePoints) {
  const Example example{"1", "Łódź 🍯 ☃", {0, 4, ""}, {5, 6, ""}, {}, 0};
  EXPECT_EQ(head_text(example), "Łódź");
  EXPECT_EQ(tail_text(example), "🍯");
}

TEST(Example, NormalisedTextIgnoresMarkersCaseAndSpace) {
  EXPECT_EQ(normalised_text("The <e1>ÄPFEL</e1>\u00a0of\t<e2>Rome</e2>"), "theäpfelofrome");
  EXPECT_NE(normalised_text("a <e3>b</e3>"), "ab");
}

TEST(Example, NamesWhatIsWrong) {
  const auto problem = [](std::string id, std::string text, Span head, Span tail) {
    return example_problem({std::move(id), std::move(text), head, tail, {}, 1});
  };
  EXPECT_EQ(problem("1", "ab", {0, 1, ""}, {1, 2, ""}), "");
  EXPECT_NE(problem("", "ab", {0, 1, ""}, {1, 2, ""}), "");
  EXPECT_NE(problem("1", "", {0, 1, ""}, {0, 1, ""}), "");
  EXPECT_NE(problem("1", " \t", {0, 1, ""}, {0, 1, ""}), "");
  EXPECT_NE(problem("1", "a\xff", {0, 1, ""}, {0, 1, ""}), "");
  EXPECT_NE(problem("1", "a\xed\xa0\x80", {0, 1, ""}, {0, 1, ""}), "");  // a surrogate
  // The text has two code points in four bytes.
  EXPECT_NE(problem("1", "éé", {0, 3, ""}, {0, 1, ""}).find("head"), std::string::npos);
  EXPECT_NE(problem("1", "éé", {0, 1, ""}, {-1, 1, ""}).find("tail"), std::string::npos);
  EXPECT_NE(problem("1", "éé", {1, 1, ""}, {0, 1, ""}), "");
  EXPECT_NE(problem("1", "éé", {0, INT64_MAX, ""}, {0, 1, ""}), "");
  EXPECT_NE(problem("1", "a \u00a0b", {1, 3, ""}, {0, 1, ""}).find("head entity is nothing but"),
            std::string::npos);
  EXPECT_NE(problem("1", "a \tb", {0, 2, ""}, {1, 2, ""}).find("tail entity is nothing but"),
            std::string::npos);
}

TEST(GoldLabels, AreKeptOnceAndInOrder) {
  Example pair = testing::example("1", "a b", "a", "b");
  EXPECT_TRUE(gold_labels(pair).empty());
  for (const char* label : {"part-of", "named", "part-of", "named", "role"}) {
    add_gold_label(pair, label);
  }
  EXPECT_EQ(pair.label, "part-of");
  EXPECT_EQ(pair.more_labels, (std::vector<std::string>{"named", "role"}));
  EXPECT_EQ(gold_labels(pair), (std::vector<std::string>{"part-of", "named", "role"}));
  EXPECT_EQ(example_problem(pair), "");
  pair.more_labels[1] = "";
  EXPECT_NE(example_problem(pair), "");
}

}  // namespace
}  // namespace relatum::task
