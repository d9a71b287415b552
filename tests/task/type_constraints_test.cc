// Which labels types allow: learnt, kept in a file, and what is not known forbids nothing.
#include "task/type_constraints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"

namespace relatum::task {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Scratch;

Example typed(const std::string& head, const std::string& tail, const std::string& label) {
  Example example = testing::example("1", "Ada runs Pell", "Ada", "Pell", label);
  example.head.type = head;
  example.tail.type = tail;
  return example;
}

const Labels kLabels({"runs", "met", "no_relation", "owns"});

TEST(TypeConstraints, AllowWhatTrainingRowsOfTheTypesHad) {
  const std::vector<Example> rows = {typed("PER", "ORG", "runs"), typed("PER", "ORG", "owns"),
                                     typed("PER", "PER", "met"), typed("", "ORG", "met")};
  const TypeConstraints types = learn_types(rows);
  EXPECT_EQ(types.size(), 2);
  const auto mask = [&](const char* head, const char* tail) {
    return types.mask(typed(head, tail, "runs"), kLabels, "no_relation");
  };
  EXPECT_THAT(mask("PER", "ORG"), ElementsAre(true, false, true, true));
  EXPECT_THAT(mask("PER", "PER"), ElementsAre(false, true, true, false));
  EXPECT_THAT(mask("ORG", "PER"), IsEmpty()) << "types that no row had";
  EXPECT_THAT(mask("", "ORG"), IsEmpty());
  EXPECT_THAT(types.mask(typed("PER", "PER", ""), Labels({"owns", "runs"}), std::nullopt),
              IsEmpty())
      << "none of these labels is allowed";
}

TEST(TypeConstraints, AFileGivesThemBack) {
  const Scratch scratch;
  const std::vector<Example> rows = {typed("PER", "ORG", "runs")};
  learn_types(rows).save(scratch.path("types.json"));
  const TypeConstraints types = TypeConstraints::load(scratch.path("types.json"));
  EXPECT_THAT(types.mask(typed("PER", "ORG", "x"), kLabels, "no_relation"),
              ElementsAre(true, false, true, false));
  for (
      const auto& [text, sentence] : std::vector<std::pair<std::string, std::string>>{
          {"[]", "pairs"},
          {R"({"pairs":[{"head":"","tail":"B","labels":[]}]})", "empty type"},
          {R"({"pairs":[{"head":"A","tail":"B","labels":[]},{"head":"A","tail":"B","labels":[]}]})",
           "stands there twice"}}) {
    const std::string path = scratch.file("bad.json", text);
    EXPECT_THAT(error_of([&] { TypeConstraints::load(path); }), HasSubstr(sentence));
  }
}

TEST(TypeConstraints, NameLabelsThatThereAre) {
  const std::vector<Example> rows = {typed("PER", "ORG", "runs")};
  const TypeConstraints types = learn_types(rows);
  EXPECT_NO_THROW(types.check_labels(kLabels, "types.json"));
  EXPECT_THAT(error_of([&] {
                types.check_labels(Labels({"run", "met"}), "types.json");
              }),
              ::testing::AllOf(HasSubstr("types.json: of PER and ORG"), HasSubstr("'runs'"),
                               HasSubstr("Did you mean 'run'")));
}

}  // namespace
}  // namespace relatum::task
